//! The maps that an explorer session keeps in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use latentspace::Space;
use latentspace::measure::{Finding, Groups, Measure, Sentence, Stability};
use latentspace::neighbors::Metric;
use latentspace::schemars::{self, JsonSchema};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Frame, Phase, Room};

/// Maximum number of kept maps.
const MOST: usize = 16;
/// Maximum total size in bytes; the newest two are always kept, so that they can be compared.
const MOST_BYTES: usize = 512 << 20;
/// Columns of rows that are reduced before a space keeps them.
const REDUCED: usize = 50;

/// The stability of a map, and its interpretation in sentences.
#[derive(Serialize, JsonSchema)]
#[schemars(crate = "schemars", rename = "Stability")]
pub(crate) struct MadeAgain {
    #[serde(flatten)]
    pub(crate) found: Stability,
    pub(crate) sentences: Vec<Sentence>,
}

/// The groups of a map, and what the map did to them.
#[derive(Serialize, JsonSchema)]
#[schemars(crate = "schemars", rename = "Groups")]
pub(crate) struct MapGroups {
    #[serde(flatten)]
    pub(crate) found: Groups,
    /// How many groups there are, and whether the data have them.
    pub(crate) summary: String,
    pub(crate) findings: Vec<Finding>,
}

impl MapGroups {
    pub(crate) fn new(found: Groups) -> Self {
        MapGroups { summary: found.summary(), findings: found.interpret(), found }
    }
}

/// A kept map: its entry in `/api/maps`, and its data.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars", rename = "KeptMap")]
pub(crate) struct Kept {
    pub(crate) id: u64,
    pub(crate) dims: usize,
    pub(crate) method: String,
    pub(crate) title: String,
    pub(crate) params: Map<String, Value>,
    /// Names of its dimensions; empty if they mean nothing.
    pub(crate) axes: Vec<String>,
    pub(crate) seed: u64,
    pub(crate) seconds: f64,
    pub(crate) phase: Phase,
    pub(crate) measures: Option<BTreeMap<String, Measure>>,
    /// From what measures were estimated, by name; absent if from all rows.
    pub(crate) estimated: BTreeMap<String, String>,
    pub(crate) sentences: Vec<Sentence>,
    pub(crate) warnings: Vec<String>,
    /// Whether it was learned in this session.
    pub(crate) learned: bool,
    /// Groups that stand apart in the map; null if not measured.
    #[serde(serialize_with = "shared")]
    #[schemars(with = "Option<MapGroups>")]
    pub(crate) groups: Option<Arc<MapGroups>>,
    /// Null until tested.
    #[serde(serialize_with = "shared")]
    #[schemars(with = "Option<MadeAgain>")]
    pub(crate) stability: Option<Arc<MadeAgain>>,
    /// Whether its space can be fetched: it was learned here from observations.
    #[serde(serialize_with = "is_there")]
    #[schemars(with = "bool")]
    pub(crate) space: Option<Arc<Space>>,
    /// What its space has, in rooms of its own: see `can` of the state.
    #[serde(rename = "can", serialize_with = "capabilities")]
    #[schemars(with = "Vec<String>")]
    pub(crate) rooms: Vec<Arc<dyn Room>>,
    #[serde(skip)]
    pub(crate) frame: Arc<Frame>,
    #[serde(skip)]
    pub(crate) trust: Option<Arc<Vec<f32>>>,
    /// The metric of the observations for this map.
    #[serde(skip)]
    pub(crate) metric: Metric,
}

/// Serializes a shared value like the value itself.
fn shared<T: Serialize, S: Serializer>(value: &Option<Arc<T>>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_deref().serialize(serializer)
}

/// Serializes whether there is a value.
fn is_there<T, S: Serializer>(value: &Option<Arc<T>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bool(value.is_some())
}

/// Serializes what the rooms have.
fn capabilities<S: Serializer>(rooms: &[Arc<dyn Room>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(rooms.iter().map(|room| room.can()))
}

impl Kept {
    /// Whether both are the same map: finished, with the same method and parameters.
    fn is_as(&self, method: &str, params: &Map<String, Value>) -> bool {
        self.phase == Phase::Done && self.method == method && self.params == *params
    }

    fn bytes(&self) -> usize {
        let figures = [
            self.trust.as_ref().map_or(0, |trust| trust.len()),
            self.groups.as_ref().map_or(0, |groups| groups.found.of_row.len()),
            self.stability.as_ref().map_or(0, |again| 2 * again.found.by_seeds.len()),
        ];
        // The rows that a space keeps are shared with the data, or reduced.
        let space = self.space.as_ref().map_or(0, |space| 4 * space.rows * space.model.columns().min(REDUCED));
        let codes = 4 * self.rooms.len() * self.frame.rows * self.dims;
        self.frame.bytes.len() + space + codes + 4 * figures.iter().sum::<usize>()
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

    /// Keeps a map and returns its id: a new one, or that of an equal map, which it replaces. If there are too many, the
    /// oldest are dropped.
    pub(crate) fn keep(&self, mut map: Kept) -> u64 {
        let (newest, maps) = &mut *self.held();
        let again = maps.iter().position(|other| map.phase == Phase::Done && other.is_as(&map.method, &map.params));
        match again.map(|at| maps.remove(at)) {
            Some(same) => (map.id, map.stability) = (same.id, same.stability.clone()),
            None => map.id = *newest + 1,
        }
        *newest = map.id.max(*newest);
        let id = map.id;
        maps.push(Arc::new(map));
        let bytes = |maps: &[Arc<Kept>]| maps.iter().map(|map| map.bytes()).sum::<usize>();
        while maps.len() > MOST || (maps.len() > 2 && bytes(maps) > MOST_BYTES) {
            maps.remove(0);
        }
        id
    }

    /// The kept map of a method with these parameters, all of them, if there is one.
    pub(crate) fn find(&self, method: &str, params: &Map<String, Value>) -> Option<Arc<Kept>> {
        self.held().1.iter().find(|map| map.is_as(method, params)).cloned()
    }

    /// Updates a map.
    pub(crate) fn add(&self, id: u64, stability: MadeAgain) {
        if let Some(map) = self.held().1.iter_mut().find(|map| map.id == id) {
            *map = Arc::new(Kept { stability: Some(Arc::new(stability)), ..Kept::clone(map) });
        }
    }

    /// All maps.
    pub(crate) fn all(&self) -> Vec<Arc<Kept>> {
        self.held().1.clone()
    }

    /// The map with this id, if it is still kept.
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
            axes: Vec::new(),
            seed: 0,
            seconds: 0.0,
            phase,
            measures: None,
            estimated: BTreeMap::new(),
            sentences: Vec::new(),
            warnings: Vec::new(),
            learned: true,
            groups: None,
            stability: None,
            frame: Arc::new(Frame::new(MatrixView::new(2, 2, &[0.0, 1.0, 2.0, 3.0]).unwrap(), &latentspace::data::Affine::default(), 1, 0)),
            trust: None,
            space: None,
            rooms: Vec::new(),
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
