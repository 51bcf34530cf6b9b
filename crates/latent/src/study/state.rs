//! The state of the page, and the notification of changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use latentspace::data::ImageShape;
use latentspace::measure::{Measure, Sentence};
use latentspace::schemars::{self, JsonSchema};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::annotations::Described;
use super::sweep::SweepProgress;
use super::view::View;
use super::{Field, Frame};
use crate::hints::Flags;

/// The phase of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// Waiting for a file, which the page sends.
    Empty,
    Reading,
    Preparing,
    Fitting,
    Measuring,
    Done,
    Stopped,
    Failed,
}

/// An error and its hint.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Failure {
    pub(crate) error: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(error: &latentspace::Error, flags: &Flags) -> Self {
        Failure { error: error.to_string(), hint: flags.hint(error) }
    }
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct MapState {
    pub(crate) version: u64,
    pub(crate) dims: usize,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixelated: bool,
}

impl Picture {
    pub(super) fn of(shape: ImageShape) -> Self {
        Picture { width: shape.width, height: shape.height, pixelated: shape.width.max(shape.height) <= 48 }
    }
}

/// Maps for several values of one parameter, learned one after another.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Grid {
    pub(crate) method: String,
    pub(crate) vary: String,
    pub(crate) values: Vec<Value>,
    /// The id of the kept map of each value; none until it is learned.
    pub(crate) ids: Vec<Option<u64>>,
    /// The index of the value that is being learned; none when all are done.
    pub(crate) at: Option<usize>,
}

/// Progress of the stability test of a kept map.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct StabilityProgress {
    pub(crate) map: u64,
    /// Number of maps made, and in total.
    pub(crate) at: usize,
    pub(crate) of: usize,
    pub(crate) seconds_left: Option<f64>,
}

/// The selection, and whether pages must be notified: a page that selected knows it already.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Selection {
    /// Increases with each change.
    pub(crate) version: u64,
    /// Row numbers, ascending.
    pub(crate) rows: Vec<u32>,
}

/// The object of `/api/state`; docs/http-api.md describes each field.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct State {
    pub(crate) name: String,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) kind: String,
    pub(crate) phase: Phase,
    pub(crate) message: String,
    pub(crate) step: u64,
    pub(crate) n_steps: u64,
    pub(crate) loss: Option<f64>,
    pub(crate) loss_name: Option<String>,
    pub(crate) seconds_left: Option<f64>,
    pub(crate) seconds: f64,
    pub(crate) method: String,
    pub(crate) title: String,
    pub(crate) params: Map<String, Value>,
    pub(crate) seed: u64,
    pub(crate) map: Option<MapState>,
    /// Names of the map's dimensions; empty if they mean nothing.
    pub(crate) axes: Vec<String>,
    pub(crate) map_id: Option<u64>,
    pub(crate) maps_version: u64,
    pub(crate) grid: Option<Grid>,
    pub(crate) again: Option<StabilityProgress>,
    /// Progress of a sweep; null if none is under way.
    pub(crate) sweep: Option<SweepProgress>,
    /// Increases when a sweep is done.
    pub(crate) sweep_version: u64,
    #[serde(serialize_with = "shared")]
    #[schemars(with = "Vec<Field>")]
    pub(crate) fields: Arc<Vec<Field>>,
    /// Names of the observed columns, at most the first 1,000; null if they have none.
    #[serde(serialize_with = "shared")]
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) column_names: Arc<Option<Vec<String>>>,
    pub(crate) picture: Option<Picture>,
    pub(crate) curve: bool,
    pub(crate) n_neighbors: usize,
    pub(crate) measures: Option<BTreeMap<String, Measure>>,
    /// From what measures were estimated, by name, as `1,000 rows`; absent if from all rows.
    pub(crate) estimated: BTreeMap<String, String>,
    /// What the measures mean, the most important first.
    pub(crate) sentences: Vec<Sentence>,
    pub(crate) trust_version: u64,
    pub(crate) warnings: Vec<String>,
    /// What the preparation did to the data, in sentences.
    pub(crate) preparation: Vec<String>,
    /// What these data have beyond rows and maps; the page offers the rooms that need it.
    pub(crate) can: Vec<&'static str>,
    /// Whether rows can be searched by the meaning of a text.
    pub(crate) search_by_meaning: bool,
    /// Labels and notes that the reader gave.
    #[serde(serialize_with = "shared")]
    #[schemars(with = "Described")]
    pub(crate) annotations: Arc<Described>,
    pub(crate) error: Option<Failure>,
}

/// Serializes a shared value like the value itself.
fn shared<T: Serialize, S: Serializer>(value: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
    value.serialize(serializer)
}

/// The state and the newest map, for one writer and many readers that are notified of changes.
pub(crate) struct Desk {
    state: Mutex<State>,
    frame: Mutex<Option<Arc<Frame>>>,
    state_changes: watch::Sender<u64>,
    map_changes: watch::Sender<u64>,
    selection: Mutex<Selection>,
    selection_changes: watch::Sender<u64>,
    view: Mutex<View>,
    view_changes: watch::Sender<u64>,
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    pub(crate) fn new(state: State) -> Self {
        Desk {
            state: Mutex::new(state),
            frame: Mutex::new(None),
            state_changes: watch::Sender::new(0),
            map_changes: watch::Sender::new(0),
            selection: Mutex::default(),
            selection_changes: watch::Sender::new(0),
            view: Mutex::default(),
            view_changes: watch::Sender::new(0),
        }
    }

    /// The current state.
    pub(crate) fn state(&self) -> State {
        held(&self.state).clone()
    }

    /// Changes the state and notifies readers.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut held(&self.state));
        self.state_changes.send_modify(|version| *version += 1);
        changed
    }

    /// Reads the state.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&held(&self.state))
    }

    /// The newest map.
    pub(crate) fn frame(&self) -> Option<Arc<Frame>> {
        held(&self.frame).clone()
    }

    /// Sets a newer map; `make` gets its version.
    pub(crate) fn show(&self, make: impl FnOnce(u64) -> Frame) {
        let version = held(&self.frame).as_ref().map_or(0, |frame| frame.version) + 1;
        let frame = make(version);
        let map = MapState { version, dims: frame.dims };
        *held(&self.frame) = Some(Arc::new(frame));
        self.change(|state| state.map = Some(map));
        self.map_changes.send_replace(version);
    }

    /// Version of the state; increases with each change.
    pub(crate) fn state_changes(&self) -> watch::Receiver<u64> {
        self.state_changes.subscribe()
    }

    /// The version of the newest map.
    pub(crate) fn map_changes(&self) -> watch::Receiver<u64> {
        self.map_changes.subscribe()
    }

    /// The selection.
    pub(crate) fn selection(&self) -> Selection {
        held(&self.selection).clone()
    }

    /// Selects rows. Notifies pages if `tell`, that is if no page made the selection.
    pub(crate) fn select(&self, rows: impl IntoIterator<Item = u32>, tell: bool) -> u64 {
        let mut rows: Vec<u32> = rows.into_iter().collect();
        rows.sort_unstable();
        rows.dedup();
        let version = {
            let mut selection = held(&self.selection);
            *selection = Selection { version: selection.version + 1, rows };
            selection.version
        };
        if tell {
            self.selection_changes.send_replace(version);
        }
        version
    }

    /// The view.
    pub(crate) fn view(&self) -> View {
        held(&self.view).clone()
    }

    /// Reads the view without a copy of its sets.
    pub(crate) fn look_view<T>(&self, look: impl FnOnce(&View) -> T) -> T {
        look(&held(&self.view))
    }

    /// Changes the view: its version afterwards.
    pub(super) fn update_view(&self, tell: bool, change: impl FnOnce(&mut View)) -> u64 {
        let version = {
            let mut view = held(&self.view);
            change(&mut view);
            view.version += 1;
            view.version
        };
        if tell {
            self.view_changes.send_replace(version);
        }
        version
    }

    /// The version of the newest view of which pages must be notified.
    pub(crate) fn view_changes(&self) -> watch::Receiver<u64> {
        self.view_changes.subscribe()
    }

    /// The version of the newest selection of which pages must be notified.
    pub(crate) fn selection_changes(&self) -> watch::Receiver<u64> {
        self.selection_changes.subscribe()
    }
}
