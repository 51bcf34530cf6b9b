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

    /// Keeps a map and gives its id: a new one, or that of the same map learned before, whose place it takes. If there are too many, the
    /// oldest go.
    pub(crate) fn keep(&self, mut map: Kept) -> u64 {
        let (newest, maps) = &mut *self.held();
        let again = maps.iter().position(|other| map.phase == Phase::Done && other.is_as(&map.method, &map.params));
        map.id = again.map_or(*newest + 1, |at| maps.remove(at).id);
        *newest = map.id.max(*newest);
        let id = map.id;
        maps.push(Arc::new(map));
        let bytes = |maps: &[Arc<Kept>]| maps.iter().map(|map| map.bytes()).sum::<usize>();
        while maps.len() > MOST || (maps.len() > 2 && bytes(maps) > MOST_BYTES) {
            maps.remove(0);
        }
        id
    }

    /// The map that a method with these parameters, all of them, would make, if it is kept.
    pub(crate) fn find(&self, method: &str, params: &Map<String, Value>) -> Option<Arc<Kept>> {
        self.held().1.iter().find(|map| map.is_as(method, params)).cloned()
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

    fn map(perplexity: u32, phase: Phase) -> Kept {
        Kept {
            id: 0,
            dims: 2,
            method: "a method".to_owned(),
            title: String::new(),
            params: Map::from_iter([("perplexity".to_owned(), json!(perplexity))]),
            seed: 0,
            seconds: 0.0,
            phase,
            measures: None,
            warnings: Vec::new(),
            frame: Arc::new(Frame::new(MatrixView::new(2, 2, &[0.0, 1.0, 2.0, 3.0]).unwrap(), &[], 1, 0)),
            trust: None,
            metric: Metric::Euclidean,
        }
    }

    #[test]
    fn the_newest_maps_are_kept_and_each_once() {
        let shelf = Shelf::default();
        for perplexity in 0..20 {
            shelf.keep(map(perplexity, Phase::Done));
        }
        let ids = |shelf: &Shelf| shelf.all().iter().map(|map| map.id).collect::<Vec<u64>>();
        assert_eq!(ids(&shelf), (5..=20).collect::<Vec<u64>>());
        assert!(shelf.get(4).is_none() && shelf.get(5).is_some());
        // Learned again it is the same map; stopped, it is another.
        assert_eq!((shelf.keep(map(10, Phase::Done)), shelf.all().len()), (11, 16));
        assert_eq!(shelf.keep(map(10, Phase::Stopped)), 21);
        assert!(shelf.get(11).is_some() && shelf.get(5).is_none());
        assert_eq!(shelf.find("a method", &map(10, Phase::Done).params).map(|map| map.id), Some(11));
        assert!(shelf.find("another", &map(10, Phase::Done).params).is_none());
    }
}
