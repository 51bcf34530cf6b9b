//! The maps that a study made, kept so that each is one click away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use latentspace::measure::Measure;
use latentspace::neighbors::Metric;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::server::{Frame, Phase};

/// Maps that are kept at most.
const MOST: usize = 16;
/// Bytes that they take together at most; the newest two are kept whatever they take, since two can be compared.
const MOST_BYTES: usize = 512 << 20;

/// A map that was made: what `/api/maps` tells of it, and what it holds.
#[derive(Serialize)]
pub(crate) struct Kept {
    pub(crate) id: u64,
    pub(crate) dims: usize,
    pub(crate) method: String,
    pub(crate) title: String,
    pub(crate) params: Map<String, Value>,
    pub(crate) seed: u64,
    pub(crate) seconds: f64,
    pub(crate) phase: Phase,
    pub(crate) measures: Option<BTreeMap<String, Measure>>,
    pub(crate) warnings: Vec<String>,
    #[serde(skip)]
    pub(crate) frame: Arc<Frame>,
    #[serde(skip)]
    pub(crate) trust: Option<Arc<Vec<f32>>>,
    /// How far apart two observations lie to this map.
    #[serde(skip)]
    pub(crate) metric: Metric,
}

impl Kept {
    /// Whether both are the same map: learned to the end by one method with one set of parameters.
    fn is_as(&self, method: &str, params: &Map<String, Value>) -> bool {
        self.phase == Phase::Done && self.method == method && self.params == *params
    }

    fn bytes(&self) -> usize {
        self.frame.bytes.len() + 4 * self.trust.as_ref().map_or(0, |trust| trust.len())
    }
}

/// The kept maps, the oldest first.
#[derive(Default)]
pub(crate) struct Shelf {
    held: Mutex<(u64, Vec<Arc<Kept>>)>,
}

impl Shelf {
    fn held(&self) -> MutexGuard<'_, (u64, Vec<Arc<Kept>>)> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a map, whose id `make` is given; the same map learned before, and the oldest if there are too many, go. Gives the id.
    pub(crate) fn keep(&self, make: impl FnOnce(u64) -> Kept) -> u64 {
        let (newest, maps) = &mut *self.held();
        *newest += 1;
        let map = make(*newest);
        if map.phase == Phase::Done {
            maps.retain(|other| !other.is_as(&map.method, &map.params));
        }
        maps.push(Arc::new(map));
        let bytes = |maps: &[Arc<Kept>]| maps.iter().map(|map| map.bytes()).sum::<usize>();
        while maps.len() > MOST || (maps.len() > 2 && bytes(maps) > MOST_BYTES) {
            maps.remove(0);
        }
        *newest
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<Kept>> {
        self.held().1.clone()
    }

    /// The map of an id, if it is still kept.
    pub(crate) fn get(&self, id: u64) -> Option<Arc<Kept>> {
        self.held().1.iter().find(|map| map.id == id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use latentspace::linalg::MatrixView;
    use serde_json::json;

    use super::*;

    fn map(id: u64, perplexity: u32, phase: Phase) -> Kept {
        Kept {
            id,
            dims: 2,
            method: "a method".to_owned(),
            title: String::new(),
            params: Map::from_iter([("perplexity".to_owned(), json!(perplexity))]),
            seed: 0,
            seconds: 0.0,
            phase,
            measures: None,
            warnings: Vec::new(),
            frame: Arc::new(Frame::new(MatrixView::new(2, 2, &[0.0, 1.0, 2.0, 3.0]).unwrap(), &[], id, 0)),
            trust: None,
            metric: Metric::Euclidean,
        }
    }

    #[test]
    fn the_newest_maps_are_kept_and_each_once() {
        let shelf = Shelf::default();
        for perplexity in 0..20 {
            shelf.keep(|id| map(id, perplexity, Phase::Done));
        }
        let ids = |shelf: &Shelf| shelf.all().iter().map(|map| map.id).collect::<Vec<u64>>();
        assert_eq!(ids(&shelf), (5..=20).collect::<Vec<u64>>());
        assert!(shelf.get(4).is_none() && shelf.get(5).is_some());
        // Learned again it is the same map; stopped, it is another.
        assert_eq!(shelf.keep(|id| map(id, 10, Phase::Done)), 21);
        assert!(shelf.get(11).is_none() && shelf.all().len() == 16);
        shelf.keep(|id| map(id, 11, Phase::Stopped));
        assert!(shelf.get(12).is_some());
    }
}
