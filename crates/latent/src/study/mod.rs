//! A study, the session behind a page: data, their maps and measures, computed on a separate thread. It knows no HTTP.

mod annotations;
pub(crate) mod axes;
mod bundle;
mod columns;
mod curve;
mod data;
mod fields;
mod frame;
mod learn;
pub(crate) mod loadings;
mod maps;
mod params;
mod room;
mod rows;
mod search;
mod selected;
mod stability;
mod state;
mod sweep;
mod view;
mod watch;
mod wire;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use latentspace::data::{Affine, Observations, Preparation, Values};
use latentspace::learn::Sweep;
use latentspace::linalg::Matrix;
use latentspace::linalg::OwnedRows;
use latentspace::measure::Measure;
use latentspace::method::Entry;
use latentspace::neighbors::{Metric, Neighbors};
use latentspace::run::Flag;
use latentspace::{Error, Result, Run, Space};
use serde_json::{Map, Value};

pub(crate) use annotations::Change;
pub(crate) use bundle::MAP_FOLDER;
pub(crate) use columns::{Cells, ColumnInfo};
pub(crate) use data::Data;
pub(crate) use fields::{Category, Field, Fields};
pub(crate) use frame::Frame;
pub(crate) use maps::Kept;
use room::json_of;
pub(crate) use room::{Asked, Room};
pub(crate) use rows::{TablePage, TableRow};
pub(crate) use search::SearchBy;
pub(crate) use state::{Desk, Failure, Grid, Phase, StabilityProgress, State};
pub(crate) use wire::schema as wire_schema;

pub(crate) use view::ViewChange;

use crate::progress::Screen;
use annotations::Annotations;
use maps::{MapGroups, Shelf};
use watch::Watcher;

/// Number of neighbors per row, in lists and measures, if there are enough rows.
const NEIGHBORS: usize = 15;
/// Maximum number of column names sent to the page.
const NAMED_COLUMNS: usize = 1000;

/// The start of a study.
pub(crate) enum Start {
    /// Points that need a map.
    Fit { method: &'static Entry, params: Map<String, Value> },
    /// An existing map, `[n, 2 or 3]`, with the offsets of its dimensions, its method, and its measures if known.
    Map {
        codes: Matrix,
        affine: Affine,
        title: String,
        /// Names of its dimensions, if they mean something.
        axes: Vec<String>,
        method: String,
        params: Map<String, Value>,
        measure: bool,
        measures: BTreeMap<String, Measure>,
    },
}

/// The subject of a study, read on its own thread, since reading may take long.
pub(crate) struct Subject {
    pub(crate) observations: Observations,
    pub(crate) prepared: OwnedRows,
    /// The preparation of these rows; none if they were not prepared here, such as codes of a space.
    pub(crate) preparation: Option<Preparation>,
    pub(crate) start: Start,
    /// What the preparation did to the data, in sentences.
    pub(crate) notes: Vec<String>,
    /// What only some data have; the page has a room for each.
    pub(crate) rooms: Vec<Box<dyn Room>>,
    /// Encodes a text as a row of `prepared`, where rows are texts.
    pub(crate) encode_text: Option<Box<EncodeText>>,
}

/// Encodes a text as one of the points.
pub(crate) type EncodeText = dyn Fn(&str, &Run) -> Result<OwnedRows> + Send + Sync;

/// Reads a file that the page sent.
type ReadFile = dyn Fn(&Study, &Run, &Path) -> Result<Subject> + Send + Sync;

/// A study.
pub(crate) struct Study {
    pub(crate) desk: Desk,
    run: Run,
    /// For requests about single rows, which must not wait for the fit's threads.
    aside: Run,
    screen: Arc<Screen>,
    data: OnceLock<Arc<Data>>,
    /// Reads the file that the page sends; none if the data were named.
    read_file: OnceLock<Box<ReadFile>>,
    /// The neighbors of all points in this metric, once computed.
    near: Mutex<Option<(Metric, Arc<Neighbors>)>>,
    trust: Mutex<Option<Arc<Vec<f32>>>>,
    /// The space of the newest map, until the map is kept.
    space: Mutex<Option<Space>>,
    groups: Mutex<Option<Arc<MapGroups>>>,
    metric: Mutex<Metric>,
    /// Steps done and total steps of the fit, if it has a loss.
    steps: Mutex<(u64, u64)>,
    /// The flag that stops the running fit.
    stop: Mutex<Option<Flag>>,
    warnings: Mutex<Vec<String>>,
    pub(crate) kept: Shelf,
    annotations: Mutex<Annotations>,
    /// The last sweep.
    swept: Mutex<Option<Sweep>>,
    /// Cached comparisons of pairs of kept maps, computed one at a time.
    compared: Mutex<BTreeMap<(u64, u64), Arc<rows::Compared>>>,
    over: AtomicBool,
    ended: Mutex<Option<Error>>,
}

/// Runs the work; a panic becomes an error, so that the page reports it.
fn whole<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(Error::internal(text.unwrap_or("a panic").to_owned()))
    })
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Study {
    /// Creates a study that has not started.
    pub(crate) fn new(name: &str, run: Run, screen: Arc<Screen>) -> Result<Arc<Self>> {
        let state = State {
            name: name.to_owned(),
            rows: 0,
            columns: 0,
            kind: "table".to_owned(),
            phase: Phase::Reading,
            message: format!("reading {name}"),
            step: 0,
            n_steps: 0,
            loss: None,
            loss_name: None,
            seconds_left: None,
            seconds: 0.0,
            method: String::new(),
            title: name.to_owned(),
            params: Map::new(),
            seed: run.seed(),
            map: None,
            axes: Vec::new(),
            map_id: None,
            maps_version: 0,
            grid: None,
            again: None,
            sweep: None,
            sweep_version: 0,
            fields: Arc::default(),
            column_names: Arc::default(),
            picture: None,
            curve: false,
            n_neighbors: NEIGHBORS,
            measures: None,
            estimated: BTreeMap::new(),
            sentences: Vec::new(),
            trust_version: 0,
            warnings: Vec::new(),
            preparation: Vec::new(),
            can: Vec::new(),
            annotations: Arc::default(),
            search_by_meaning: false,
            error: None,
        };
        Ok(Arc::new(Study {
            desk: Desk::new(state),
            aside: Run::new(run.seed(), 1)?,
            run,
            screen,
            data: OnceLock::new(),
            read_file: OnceLock::new(),
            near: Mutex::default(),
            trust: Mutex::default(),
            space: Mutex::default(),
            groups: Mutex::default(),
            metric: Mutex::default(),
            steps: Mutex::default(),
            stop: Mutex::default(),
            warnings: Mutex::default(),
            kept: Shelf::default(),
            annotations: Mutex::default(),
            swept: Mutex::default(),
            compared: Mutex::default(),
            over: AtomicBool::new(false),
            ended: Mutex::default(),
        }))
    }

    /// Starts the work; `find` reads the subject.
    pub(crate) fn begin(self: &Arc<Self>, find: impl FnOnce(&Study, &Run) -> Result<Subject> + Send + 'static) {
        let study = self.clone();
        *held(&self.stop) = Some(Flag::default());
        std::thread::spawn(move || {
            let run = study.watched(Flag::default());
            let read = whole(|| find(&study, &run).and_then(|subject| study.take(subject)));
            match read {
                Ok(start) => study.work(start),
                Err(error) => {
                    // The command ends with this error and prints it.
                    study.fail(&error);
                    if !matches!(error, Error::Cancelled) {
                        // Give the page time to show the error; without data the study is over.
                        std::thread::sleep(Duration::from_secs(1));
                    }
                    *held(&study.ended) = Some(error);
                    study.over.store(true, Ordering::Release);
                }
            }
        });
    }

    /// Waits for a file from the page, which `read` reads.
    pub(crate) fn wait(&self, read: impl Fn(&Study, &Run, &Path) -> Result<Subject> + Send + Sync + 'static) {
        self.read_file.get_or_init(|| Box::new(read));
        self.phase(Phase::Empty, "");
    }

    /// Reads a file that the page sent: these bytes under this name. False unless one is waited for.
    ///
    /// The bytes lie in a folder of their own, which only this user can enter, until they are read.
    pub(crate) fn open(self: &Arc<Self>, name: &str, bytes: &[u8]) -> Result<bool> {
        let file = plain(name).ok_or_else(|| Error::param("name", format!("'{name}'"), "it must be the name of a file"))?;
        if self.read_file.get().is_none() || self.data.get().is_some() || self.begins(Phase::Reading).is_none() {
            return Ok(false);
        }
        self.desk.change(|state| {
            state.message = format!("reading {file}");
            state.error = None;
        });
        let kept = tempfile::tempdir().and_then(|folder| {
            let path = folder.path().join(&file);
            std::fs::write(&path, bytes).map(|()| (folder, path))
        });
        let (folder, path) = match kept {
            Ok(kept) => kept,
            Err(error) => {
                let error = Error::io(&file, error);
                self.wait_again(&error, "");
                return Err(error);
            }
        };
        let study = self.clone();
        std::thread::spawn(move || {
            let run = study.watched(Flag::default());
            let read = whole(|| {
                let read = study.read_file.get().ok_or_else(|| Error::internal("no file is waited for"))?;
                study.take(read(&study, &run, &path)?)
            });
            match read {
                Ok(start) => {
                    drop(folder);
                    study.work(start);
                }
                Err(error) => study.wait_again(&error, &format!("{}{}", folder.path().display(), std::path::MAIN_SEPARATOR)),
            }
        });
        Ok(true)
    }

    /// Waits for another file, after one that could not be read from this folder, which is nobody's concern.
    fn wait_again(&self, error: &Error, folder: &str) {
        self.fail(error);
        self.screen.error(error);
        self.desk.change(|state| {
            state.phase = Phase::Empty;
            if let Some(failure) = state.error.as_mut().filter(|_| !folder.is_empty()) {
                failure.error = failure.error.replace(folder, "");
            }
        });
        *held(&self.stop) = None;
    }

    /// Whether the study is over, since the data could not be read.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// The error that ended it.
    pub(crate) fn end(&self) -> Option<Error> {
        held(&self.ended).take()
    }

    /// The data, once they are read.
    pub(crate) fn data(&self) -> Option<Arc<Data>> {
        self.data.get().cloned()
    }

    /// The share of each row's neighbors that the map kept, once measured.
    pub(crate) fn trust(&self) -> Option<Arc<Vec<f32>>> {
        held(&self.trust).clone()
    }

    /// Sets the phase and its message.
    pub(crate) fn phase(&self, phase: Phase, message: impl Into<String>) {
        let message = message.into();
        self.desk.change(|state| {
            state.phase = phase;
            state.message = message;
            (state.step, state.n_steps, state.seconds_left) = (0, 0, None);
        });
    }

    /// The run, with the page and the terminal as listeners.
    fn watched(self: &Arc<Self>, stop: Flag) -> Run {
        let watcher = Watcher::new(self.clone());
        self.run.clone().with_switches(self.run.cancel_flag(), stop).with_listener(Arc::new(watcher))
    }

    fn fail(&self, error: &Error) {
        self.screen.clear();
        let failure = self.screen.failure(error);
        self.desk.change(|state| {
            state.phase = Phase::Failed;
            state.message = String::new();
            state.error = Some(failure);
        });
    }

    /// Sets the data and the state of the page.
    fn take(&self, subject: Subject) -> Result<Start> {
        let Subject { observations, prepared, preparation, start, notes, rooms, encode_text } = subject;
        let points = prepared.kept()?;
        self.read_annotations(&observations.metadata)?;
        let fields = Fields::new(&observations.metadata);
        let described = Arc::new(fields.describe());
        let names = match &observations.values {
            Values::Table(table) => table.names.as_ref(),
            Values::Counts(counts) => counts.names.as_ref(),
            _ => None,
        };
        let names = names.map(|names| names.iter().take(NAMED_COLUMNS).cloned().collect::<Vec<String>>());
        let picture = match &observations.values {
            Values::Images(images) => Some(images.shape),
            _ => None,
        };
        let curve = curve::axis(&observations);
        self.desk.change(|state| {
            state.name.clone_from(&observations.name);
            state.rows = observations.rows();
            state.columns = observations.columns();
            state.kind = observations.values.kind().to_string();
            state.fields = described;
            state.column_names = Arc::new(names);
            state.picture = picture.map(state::Picture::of);
            state.curve = curve.is_some();
            state.preparation = notes.iter().map(|note| capitalized(note)).collect();
            state.search_by_meaning = encode_text.is_some();
            state.can = rooms.iter().map(|room| room.can()).collect();
            state.n_neighbors = NEIGHBORS.min(points.rows().saturating_sub(1) / 2).max(1);
        });
        let data = Data { observations, fields, prepared, preparation, points, rooms, encode_text, curve, riding: OnceLock::new() };
        if data.swept_by().is_some_and(|preparation| sweep::can_sweep(preparation.kind)) {
            self.desk.change(|state| state.can.push("sweep"));
        }
        self.data.set(Arc::new(data)).map_err(|_| Error::internal("a study was begun twice"))?;
        Ok(start)
    }

    /// Stops the running fit and keeps its map.
    pub(crate) fn stop(&self) {
        if let Some(stop) = &*held(&self.stop) {
            stop.set();
        }
    }
}

/// Longest name of a file from the page, in bytes.
const LONGEST_NAME: usize = 200;

/// The name of a file from the page, without folders and without characters that mean something in patterns; none if nothing is left of it.
fn plain(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let means_something = |letter: char| letter.is_control() || ['*', '?', '[', ']', ':', '"', '<', '>', '|'].contains(&letter);
    let plain: String = last.chars().map(|letter| if means_something(letter) { '_' } else { letter }).collect();
    (!plain.is_empty() && !plain.starts_with('.') && plain.len() <= LONGEST_NAME).then_some(plain)
}

/// The sentence with a capital first letter.
fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_file_from_the_page_has_a_name_and_no_place() {
        let known = |name: &str| plain(name);
        assert_eq!(known("t.csv").as_deref(), Some("t.csv"));
        assert_eq!(known("../../etc/t.csv").as_deref(), Some("t.csv"));
        assert_eq!(known("C:\\data\\a [1]*.csv").as_deref(), Some("a _1__.csv"));
        for bad in ["", "..", "a/", ".bashrc", "\n".repeat(300).as_str()] {
            assert_eq!(known(bad), None, "{bad}");
        }
    }
}
