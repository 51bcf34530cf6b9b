//! A study, the session behind a page: data, their maps and measures, computed on a separate thread.

mod stability;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use latentspace::data::{Affine, DataKind, ImageShape, Observations, Precomputed, Values};
use latentspace::learn::TrainingRows;
use latentspace::linalg::{Matrix, MatrixView, OwnedRows};
use latentspace::measure::{self, CompareOptions, Groups, Measure, MeasureOptions, Sample};
use latentspace::method::{AnyMethod, Entry, Shape};
use latentspace::neighbors::{Metric, Neighbors};
use latentspace::params::Role;
use latentspace::run::{Flag, Listener, Progress};
use latentspace::{Error, Result, Run, registry};
use serde_json::{Map, Value, json};

use crate::kept::{Kept, Shelf};
use crate::output::{count, number};
use crate::progress::{Screen, seconds_left};
use crate::server::{Desk, Fields, Frame, Grid, Phase, State, TopicsState};
use crate::topics::Topical;

/// Number of neighbors per row, in lists and measures, if there are enough rows.
const NEIGHBORS: usize = 15;
/// Minimum time between two maps.
const MAP_EVERY: Duration = Duration::from_millis(100);
/// Minimum number of columns for drawing rows as curves, if adjacent columns correlate.
const CURVE_FROM: usize = 24;

/// Maximum number of maps in a grid.
const GRID_MOST: usize = 9;
/// Smaller neighborhoods show groups in noise, too (Wattenberg et al. 2016, doi:10.23915/distill.00002).
const FEW_NEIGHBORS: f64 = 5.0;

/// Maximum number of column names sent to the page.
const NAMED_COLUMNS: usize = 1000;

/// The observations, and the prepared points of the map.
pub(crate) struct Data {
    pub(crate) observations: Observations,
    pub(crate) fields: Fields,
    prepared: OwnedRows,
    points: OwnedRows,
    pub(crate) topics: Option<Topical>,
}

/// The start of a study.
pub(crate) enum Start {
    /// Points that need a map.
    Fit { method: &'static Entry, params: Map<String, Value> },
    /// An existing map, `[n, 2 or 3]`, with the offsets of its dimensions, its method, and its measures if known.
    Map {
        codes: Matrix,
        affine: Affine,
        title: String,
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
    pub(crate) start: Start,
    pub(crate) warnings: Vec<String>,
    /// The topics of the documents, if the data are documents.
    pub(crate) topics: Option<Topical>,
}

/// A study.
pub(crate) struct Study {
    pub(crate) desk: Desk,
    run: Run,
    /// For requests about single rows, which must not wait for the fit's threads.
    aside: Run,
    screen: Arc<Screen>,
    data: OnceLock<Arc<Data>>,
    /// The neighbors of all points in this metric, once computed.
    near: Mutex<Option<(Metric, Arc<Neighbors>)>>,
    trust: Mutex<Option<Arc<Vec<f32>>>>,
    groups: Mutex<Option<Arc<Groups>>>,
    metric: Mutex<Metric>,
    /// Steps done and total steps of the fit, if it has a loss.
    steps: Mutex<(u64, u64)>,
    /// The flag that stops the running fit.
    stop: Mutex<Option<Flag>>,
    warnings: Mutex<Vec<String>>,
    pub(crate) kept: Shelf,
    /// Cached comparisons of pairs of kept maps, computed one at a time.
    compared: Mutex<BTreeMap<(u64, u64), Value>>,
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
            map_id: None,
            maps_version: 0,
            grid: None,
            again: None,
            fields: Arc::default(),
            column_names: Arc::default(),
            picture: None,
            curve: false,
            n_neighbors: NEIGHBORS,
            measures: None,
            trust_version: 0,
            warnings: Vec::new(),
            topics: None,
            error: None,
        };
        Ok(Arc::new(Study {
            desk: Desk::new(state),
            aside: Run::new(run.seed(), 1)?,
            run,
            screen,
            data: OnceLock::new(),
            near: Mutex::default(),
            trust: Mutex::default(),
            groups: Mutex::default(),
            metric: Mutex::default(),
            steps: Mutex::default(),
            stop: Mutex::default(),
            warnings: Mutex::default(),
            kept: Shelf::default(),
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
        let watcher = Watcher {
            study: self.clone(),
            begun: Instant::now(),
            stage: Mutex::new((String::new(), 0, Instant::now())),
            drawn: AtomicU64::new(0),
        };
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
        let Subject { observations, prepared, start, warnings, topics } = subject;
        let points = prepared.kept()?;
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
        let curve = is_curve(&observations);
        // Report the preparation of tables, which changes the meaning of the map.
        *held(&self.warnings) = if observations.values.kind() == DataKind::Table {
            warnings.iter().map(|told| capitalized(told)).collect()
        } else {
            Vec::new()
        };
        self.desk.change(|state| {
            state.name.clone_from(&observations.name);
            state.rows = observations.rows();
            state.columns = observations.columns();
            state.kind = observations.values.kind().to_string();
            state.fields = described;
            state.column_names = Arc::new(names);
            state.picture = picture.map(|shape| crate::server::Picture {
                width: shape.width,
                height: shape.height,
                pixelated: shape.width.max(shape.height) <= 48,
            });
            state.curve = curve;
            state.topics = topics.as_ref().map(|topics| TopicsState { version: 1, k: topics.k() });
            state.n_neighbors = NEIGHBORS.min(points.rows().saturating_sub(1) / 2).max(1);
        });
        let data = Data { observations, fields, prepared, points, topics };
        self.data.set(Arc::new(data)).map_err(|_| Error::internal("a study was begun twice"))?;
        Ok(start)
    }

    /// Learns and measures the first map, or shows an existing one.
    fn work(self: &Arc<Self>, start: Start) {
        let stop = held(&self.stop).clone().unwrap_or_default();
        match self.made(start, &stop) {
            true => self.rest(&stop),
            false => *held(&self.stop) = None,
        }
    }

    /// Ends the work, after which other work may start.
    fn rest(&self, stop: &Flag) {
        let mut under_way = held(&self.stop);
        *under_way = None;
        self.desk.change(|state| {
            state.phase = if stop.is_set() { Phase::Stopped } else { Phase::Done };
            state.message = String::new();
            state.seconds_left = None;
        });
    }

    /// Learns, measures and keeps a map; false after an error, which is reported.
    fn made(self: &Arc<Self>, start: Start, stop: &Flag) -> bool {
        let learned = matches!(start, Start::Fit { .. });
        let done = whole(|| match start {
            Start::Fit { method, params } => self.fit(method, params, stop),
            Start::Map { codes, affine, title, method, params, measure, measures } => {
                self.desk.show(|version| Frame::new(codes.view(), &affine, version, 0));
                let known = (!measures.is_empty()).then_some(measures);
                self.desk.change(|state| {
                    state.title = title;
                    state.method = method;
                    state.params = params;
                    state.measures = known;
                });
                if measure { self.measure(&codes) } else { Ok(()) }
            }
        });
        self.screen.clear();
        if let Err(error) = &done {
            self.fail(error);
            if !matches!(error, Error::Cancelled) {
                self.screen.error(error);
            }
            return false;
        }
        let warnings = held(&self.warnings).clone();
        self.desk.change(|state| {
            let mut all = warnings;
            all.append(&mut state.warnings);
            state.warnings = all;
        });
        self.keep(if stop.is_set() { Phase::Stopped } else { Phase::Done }, learned);
        true
    }

    /// Keeps the current map with its state.
    fn keep(&self, phase: Phase, learned: bool) {
        let (Some(frame), state) = (self.desk.frame(), self.desk.state()) else { return };
        let (trust, metric) = (self.trust(), *held(&self.metric));
        let id = self.kept.keep(Kept {
            id: 0, // the shelf gives it
            dims: frame.dims,
            method: state.method,
            title: state.title,
            params: state.params,
            seed: state.seed,
            seconds: state.seconds,
            phase,
            measures: state.measures,
            warnings: state.warnings,
            learned,
            groups: held(&self.groups).clone(),
            stability: None,
            frame,
            trust,
            metric,
        });
        self.desk.change(|state| {
            state.map_id = Some(id);
            state.maps_version += 1;
        });
    }

    /// Learns again with other parameters; false while a fit is running.
    pub(crate) fn fit_again(self: &Arc<Self>, method: &str, params: Map<String, Value>) -> Result<bool> {
        let entry = registry::find(method)?;
        let Some(data) = self.data() else { return Ok(false) };
        let params = with_map_defaults(entry, params, data.shape());
        checked(entry, &params, data.shape())?;
        if self.begins(Phase::Fitting).is_none() {
            return Ok(false);
        }
        held(&self.warnings).clear();
        let study = self.clone();
        std::thread::spawn(move || study.work(Start::Fit { method: entry, params }));
        Ok(true)
    }

    /// Starts this phase if nothing is running, and returns the previous phase.
    fn begins(&self, phase: Phase) -> Option<Phase> {
        let mut stop = held(&self.stop);
        stop.is_none().then(|| {
            *stop = Some(Flag::default());
            // Change the state before the answer, so that the next request does not take the last map for this one.
            self.desk.change(|state| std::mem::replace(&mut state.phase, phase))
        })
    }

    /// Learns a map for each value of one parameter, one after another, except kept ones; false while a fit is running.
    pub(crate) fn fit_grid(self: &Arc<Self>, method: &str, params: &Map<String, Value>, vary: &str, values: Vec<Value>) -> Result<bool> {
        let entry = registry::find(method)?;
        let Some(data) = self.data() else { return Ok(false) };
        if values.is_empty() || values.len() > GRID_MOST {
            return Err(Error::param("values", values.len(), format!("a grid has 1 to {GRID_MOST}")));
        }
        let with = |value: &Value| {
            let mut params = params.clone();
            params.insert(vary.to_owned(), value.clone());
            let params = with_map_defaults(entry, params, data.shape());
            Ok(checked(entry, &params, data.shape())?.0.params().as_object().cloned().unwrap_or_default())
        };
        let each = values.iter().map(with).collect::<Result<Vec<Map<String, Value>>>>()?;
        if self.begins(Phase::Fitting).is_none() {
            return Ok(false);
        }
        let grid = Grid { method: entry.info.name.to_owned(), vary: vary.to_owned(), ids: vec![None; values.len()], values, at: Some(0) };
        self.desk.change(|state| state.grid = Some(grid));
        let study = self.clone();
        std::thread::spawn(move || study.work_grid(entry, each));
        Ok(true)
    }

    fn work_grid(self: &Arc<Self>, method: &'static Entry, each: Vec<Map<String, Value>>) {
        let stop = held(&self.stop).clone().unwrap_or_default();
        let tell = |change: &dyn Fn(&mut Grid)| self.desk.change(|state| state.grid.as_mut().map(change));
        let mut well = true;
        for (at, params) in each.into_iter().enumerate() {
            let known = self.kept.find(method.info.name, &params).map(|map| map.id);
            if known.is_none() {
                tell(&|grid| grid.at = Some(at));
                held(&self.warnings).clear();
                well = self.made(Start::Fit { method, params }, &stop);
            }
            let id = if known.is_some() { known } else { self.desk.look(|state| state.map_id) };
            tell(&|grid| grid.ids[at] = id);
            if !well || stop.is_set() {
                break;
            }
        }
        tell(&|grid| grid.at = None);
        match well {
            true => self.rest(&stop),
            false => *held(&self.stop) = None,
        }
    }

    /// Stops the running fit and keeps its map.
    pub(crate) fn stop(&self) {
        if let Some(stop) = &*held(&self.stop) {
            stop.set();
        }
    }

    fn fit(self: &Arc<Self>, entry: &'static Entry, params: Map<String, Value>, stop: &Flag) -> Result<()> {
        let data = self.data().ok_or_else(|| Error::internal("no data"))?;
        let params = with_map_defaults(entry, params, data.shape());
        let (method, lowered) = checked(entry, &params, data.shape())?;
        let run = self.watched(stop.clone());
        let all = method.params().as_object().cloned().unwrap_or_default();
        let title = title(entry, &all, data.shape());
        if let Some(warning) = unfit(entry, &all, data.shape()).filter(|_| lowered.is_empty()) {
            held(&self.warnings).push(warning);
        }
        for sentence in lowered {
            self.screen.note(&sentence);
            held(&self.warnings).push(sentence);
        }
        *held(&self.metric) = metric(entry, &all);
        *held(&self.trust) = None;
        *held(&self.groups) = None;
        *held(&self.steps) = (0, 0);
        self.desk.change(|state| {
            state.method = entry.info.name.to_owned();
            state.title = title;
            state.params = all;
            state.seconds = 0.0;
            (state.loss, state.loss_name, state.measures, state.error) = (None, None, None, None);
            state.warnings.clear();
            state.trust_version = 0;
            state.map_id = None;
        });
        self.phase(Phase::Fitting, format!("{} begins", entry.info.title));
        let plan = method.plan(data.shape(), &run);
        run.check_memory(entry.info.title, plan.peak_bytes, "a sample of the rows, or fewer columns, would fit")?;
        let begun = Instant::now();
        let fitted = data.training().fit(method.as_ref(), &Precomputed::default(), &run)?;
        let codes = match fitted.codes {
            Some(codes) => codes,
            None => fitted.model.encode(&data.prepared, &run)?,
        };
        let seconds = begun.elapsed().as_secs_f64();
        let (step, n_steps) = *held(&self.steps);
        self.desk.show(|version| Frame::new(codes.view(), &Affine::default(), version, step));
        self.desk.change(|state| state.seconds = seconds);
        self.measure(&codes)?;
        self.desk.change(|state| (state.step, state.n_steps) = (step, n_steps));
        Ok(())
    }

    /// Computes the neighbors of all points, and measures the map.
    fn measure(self: &Arc<Self>, codes: &Matrix) -> Result<()> {
        let data = self.data().ok_or_else(|| Error::internal("no data"))?;
        let k = self.desk.look(|state| state.n_neighbors);
        if data.points.rows() < 2 * k + 1 {
            return Ok(());
        }
        self.phase(Phase::Measuring, "neighbors of all rows");
        // Stopping ends the fit; its map is still measured.
        let run = self.watched(Flag::default());
        let metric = *held(&self.metric);
        // Reuse the neighbors of the last map if it had the same metric.
        let known = held(&self.near).clone().filter(|(of, _)| *of == metric);
        let near = match known {
            Some((_, near)) => near,
            None => Arc::new(data.points.points().neighbors(k, metric, &run)?),
        };
        *held(&self.near) = Some((metric, near.clone()));
        self.phase(Phase::Measuring, "how far to trust the map");
        let options = MeasureOptions { k, sample: Sample::Auto, metric };
        let measures = measure::measure_with(codes.view(), &data.points.points(), &near, &options, &run)?;
        *held(&self.trust) = Some(Arc::new(measures.row_recall.clone()));
        let sentences = measure::sentences(&measures, codes.rows(), codes.cols());
        let groups = measure::groups(codes.view(), &near, &run)?;
        let parts = groups.parts_told();
        *held(&self.groups) = Some(Arc::new(groups));
        let named = measures.named().into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect();
        self.desk.change(|state| {
            state.measures = Some(named);
            state.trust_version += 1;
            // The page has its own sentences for the measures, and shows the warnings.
            state.warnings.extend(sentences.iter().filter_map(|sentence| sentence.strip_prefix("Warning: ")).map(capitalized));
            // A map of a disconnected neighbor graph carries no information about the arrangement of its components.
            if registry::find(&state.method).is_ok_and(|entry| entry.parameter_of(Role::Neighborhood).is_some()) {
                state.warnings.extend(parts);
            }
        });
        Ok(())
    }

    /// The answer to `/api/rows/{row}`: the row, its neighbors, and which of them a map (none: the newest) kept.
    pub(crate) fn row(&self, data: &Data, row: usize, map: Option<&Kept>) -> Result<Value> {
        let k = self.desk.look(|state| state.n_neighbors);
        let metric = map.map_or(*held(&self.metric), |map| map.metric);
        let known = held(&self.near).clone().filter(|(of, _)| *of == metric);
        let near = match known {
            Some((_, near)) => {
                let (rows, distances) = near.row(row);
                rows.iter().copied().zip(distances.iter().copied()).collect()
            }
            None => self.nearest(&data.points, row, k, metric)?,
        };
        let frame = map.map_or_else(|| self.desk.frame(), |map| Some(map.frame.clone()));
        let frame = frame.filter(|frame| frame.rows == data.points.rows());
        let shown = frame.map(|frame| frame.nearest(row, k));
        let is_kept = |other: u32| shown.as_ref().map(|shown| shown.contains(&other));
        let fields = &data.fields;
        let neighbors: Vec<Value> = near
            .iter()
            .map(|&(other, distance)| {
                let at = other as usize;
                json!({"row": other, "id": fields.id(at), "distance": distance, "kept": is_kept(other), "label": fields.label(at)})
            })
            .collect();
        let invented: Vec<u32> = shown.iter().flatten().copied().filter(|other| near.iter().all(|(known, _)| known != other)).collect();
        let mut far = Vec::new();
        if !invented.is_empty() {
            let own = data.points.points().slice(row..row + 1);
            let found = data.points.select(&invented).points().query(&own, invented.len(), metric, &self.aside)?;
            for (&at, &distance) in found.indices.iter().zip(&found.distances) {
                let other = invented[at as usize];
                far.push(
                    json!({"row": other, "id": fields.id(other as usize), "distance": distance, "label": fields.label(other as usize)}),
                );
            }
        }
        let kept = shown.is_some().then(|| near.iter().filter(|(other, _)| is_kept(*other) == Some(true)).count());
        Ok(json!({
            "row": row, "id": fields.id(row), "fields": fields.cells(row),
            "kept": kept, "neighbors": neighbors, "invented": far,
        }))
    }

    /// The answer to `/api/maps/{a}/compare/{b}`: the similarity of two kept maps, symmetric in them.
    pub(crate) fn compare(&self, a: &Kept, b: &Kept) -> Result<Value> {
        let (first, second) = if a.id <= b.id { (a, b) } else { (b, a) };
        let mut compared = held(&self.compared);
        if let Some(known) = compared.get(&(first.id, second.id)) {
            return Ok(known.clone());
        }
        let k = self.desk.look(|state| state.n_neighbors);
        let options = CompareOptions { k, sample: Sample::Auto, every_row: false };
        let found = measure::compare(first.frame.codes()?.view(), second.frame.codes()?.view(), &options, &self.aside)?;
        let mut told = json!(found);
        told["rows"] = json!(first.frame.rows);
        told["sentences"] = json!(found.sentences());
        compared.retain(|(a, b), _| [a, b].iter().all(|id| self.kept.get(**id).is_some()));
        compared.insert((first.id, second.id), told.clone());
        Ok(told)
    }

    /// For requests about topics, on threads that do not wait for the fit's.
    pub(crate) fn aside(&self) -> &Run {
        &self.aside
    }

    /// The exact nearest neighbors of a point.
    fn nearest(&self, points: &OwnedRows, row: usize, k: usize, metric: Metric) -> Result<Vec<(u32, f32)>> {
        let wanted = (k + 1).min(points.rows());
        let points = points.points();
        let found = points.query(&points.slice(row..row + 1), wanted, metric, &self.aside)?;
        let pairs = found.indices.iter().copied().zip(found.distances.iter().copied());
        Ok(pairs.filter(|&(other, _)| other as usize != row).take(k).collect())
    }
}

impl Data {
    /// What a map is learned from.
    fn training(&self) -> TrainingRows<'_> {
        TrainingRows { rows: &self.prepared, names: None, metadata: &self.observations.metadata }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.prepared.shape()
    }

    /// The row's pixels, if rows are images.
    pub(crate) fn picture(&self, row: usize) -> Option<(ImageShape, &[u8])> {
        match &self.observations.values {
            Values::Images(images) => {
                let length = images.shape.len();
                Some((images.shape, images.pixels.get(row * length..(row + 1) * length)?))
            }
            _ => None,
        }
    }

    /// The row's observed numbers, if rows are numeric.
    pub(crate) fn values(&self, row: usize) -> Option<Vec<f32>> {
        match &self.observations.values {
            Values::Table(table) => Some(table.values(row).map(|value| value as f32).collect()),
            Values::Images(_) => self.picture(row).map(|(_, pixels)| pixels.iter().map(|&pixel| f32::from(pixel)).collect()),
            Values::Counts(counts) => {
                let mut dense = vec![0.0; counts.cols];
                let (columns, values) = counts.row(row);
                columns.iter().zip(values).for_each(|(&column, &value)| dense[column as usize] = value);
                Some(dense)
            }
            Values::Text(_) => None,
        }
    }
}

/// The method with its parameters, if the page can show its maps, and a sentence on each default that was lowered for this shape.
fn checked(entry: &Entry, params: &Map<String, Value>, shape: Shape) -> Result<(Box<dyn AnyMethod>, Vec<String>)> {
    let method = entry.with(params)?;
    let (method, lowered) = method.adapted(shape, None).unwrap_or((method, Vec::new()));
    method.check(shape)?;
    let dimensions = entry.parameter_of(Role::Dimensions);
    match (dimensions, method.param_of(Role::Dimensions).and_then(|dims| dims.as_u64())) {
        (Some(parameter), Some(dims)) if !(2..=3).contains(&dims) => {
            Err(Error::param(parameter.name, dims, "the page shows 2 or 3 dimensions"))
        }
        _ => Ok((method, lowered)),
    }
}

/// The parameters with defaults for a map on the page.
pub(crate) fn with_map_defaults(entry: &Entry, mut params: Map<String, Value>, shape: Shape) -> Map<String, Value> {
    if let Some(dimensions) = entry.parameter_of(Role::Dimensions)
        && params.get(&dimensions.name).is_none_or(|dims| dims == "auto")
    {
        params.insert(dimensions.name, json!(2));
    }
    // Sparse rows are not reduced, as PCA would make them dense. Nor are rows with another metric, such as Hellinger for topic proportions:
    // principal components preserve Euclidean distances.
    let is_euclidean = metric(entry, &params) == Metric::Euclidean;
    if let Some(reduction) = entry.parameter_of(Role::Reduction)
        && !params.contains_key(&reduction.name)
        && (shape.cols > 100 && shape.rows > 50 && !shape.is_sparse() && is_euclidean)
    {
        params.insert(reduction.name, json!(50));
    }
    params
}

/// A warning if neighborhoods are too small or too large for the number of rows, though valid for the method.
fn unfit(entry: &Entry, params: &Map<String, Value>, shape: Shape) -> Option<String> {
    let parameter = entry.parameter_of(Role::Neighborhood)?;
    let value = params.get(&parameter.name)?.as_f64()?;
    let told = format!("{} {}", capitalized(&parameter.title), number(value));
    if value < FEW_NEIGHBORS {
        return Some(format!("{told}: neighborhoods this small show groups even in random data; use 10 or more."));
    }
    let rows = count(shape.rows as u64);
    (4.0 * value > shape.rows as f64)
        .then(|| format!("{told}: more than a quarter of the {rows} rows; smaller neighborhoods show more structure."))
}

/// The metric that a method learns with.
fn metric(entry: &Entry, params: &Map<String, Value>) -> Metric {
    let given = entry.parameter_of(Role::Metric).and_then(|metric| params.get(&metric.name));
    given.and_then(|word| serde_json::from_value(word.clone()).ok()).unwrap_or_default()
}

/// `t-SNE of 60,000 x 784, perplexity 30`: the method, the data, and its first numeric parameter.
fn title(entry: &Entry, params: &Map<String, Value>, shape: Shape) -> String {
    let parameters = entry.parameters();
    let own = parameters.iter().filter(|parameter| parameter.role != Some(Role::Dimensions));
    let mut numbers = own.filter_map(|parameter| Some((parameter, params.get(&parameter.name).filter(|value| value.is_number())?)));
    let first = numbers.next();
    let first = first.map(|(parameter, value)| format!(", {} {}", parameter.title, number(value.as_f64().unwrap_or(0.0))));
    format!("{} of {} x {}{}", entry.info.title, count(shape.rows as u64), count(shape.cols as u64), first.unwrap_or_default())
}

/// Whether rows are curves: many unnamed columns with high correlation of adjacent ones (median above 0.8).
fn is_curve(observations: &Observations) -> bool {
    let Values::Table(table) = &observations.values else { return false };
    if table.numbers.cols() < CURVE_FROM || table.names.is_some() || table.numbers.rows() == 0 {
        return false;
    }
    let step = table.numbers.rows().div_ceil(101);
    let mut correlations: Vec<f64> =
        (0..table.numbers.rows()).step_by(step).map(|row| neighbor_correlation(table.numbers.row(row))).collect();
    correlations.sort_by(f64::total_cmp);
    correlations[correlations.len() / 2] > 0.8
}

/// The lag-1 autocorrelation of numbers.
fn neighbor_correlation(row: &[f32]) -> f64 {
    let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / row.len() as f64;
    let variance: f64 = row.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
    let together: f64 = row.windows(2).map(|pair| (f64::from(pair[0]) - mean) * (f64::from(pair[1]) - mean)).sum();
    if variance > 0.0 { together / variance } else { 0.0 }
}

/// A listener that forwards a fit's progress to the page and the terminal.
struct Watcher {
    study: Arc<Study>,
    begun: Instant,
    /// The stage, its steps so far, and its start time.
    stage: Mutex<(String, u64, Instant)>,
    /// Milliseconds after `begun` until which no newer map is wanted.
    drawn: AtomicU64,
}

impl Listener for Watcher {
    fn progress(&self, progress: &Progress<'_>) {
        let begun = {
            let mut stage = held(&self.stage);
            if stage.0 != progress.stage || progress.done < stage.1 {
                *stage = (progress.stage.to_owned(), 0, Instant::now());
            }
            stage.1 = progress.done;
            stage.2
        };
        self.study.desk.change(|state| {
            if state.message != progress.stage {
                state.message = progress.stage.to_owned();
            }
            (state.step, state.n_steps) = (progress.done, progress.total);
            state.seconds_left = seconds_left(begun, progress.done, progress.total);
            if let Some((name, loss)) = progress.loss {
                *held(&self.study.steps) = (progress.done, progress.total);
                state.loss = loss.is_finite().then_some(loss);
                state.loss_name = Some(name.to_owned());
            }
            if state.phase == Phase::Fitting {
                state.seconds = self.begun.elapsed().as_secs_f64();
            }
        });
        self.study.screen.progress(progress);
    }

    fn note(&self, text: &str) {
        self.study.desk.change(|state| text.clone_into(&mut state.message));
        self.study.screen.note(text);
    }

    fn warn(&self, text: &str) {
        self.study.desk.change(|state| state.warnings.push(capitalized(text)));
        self.note(text);
    }

    fn wants_map(&self) -> bool {
        self.begun.elapsed().as_millis() as u64 >= self.drawn.load(Ordering::Relaxed)
    }

    fn map(&self, codes: MatrixView<'_>, step: u64) {
        if !(2..=3).contains(&codes.cols()) {
            return;
        }
        let begun = Instant::now();
        self.study.desk.show(|version| Frame::new(codes, &Affine::default(), version, step));
        // Showing takes at most a twentieth of the time.
        let pause = MAP_EVERY.max(begun.elapsed() * 20);
        self.drawn.store((self.begun.elapsed() + pause).as_millis() as u64, Ordering::Relaxed);
    }
}

/// The sentence with a capital first letter.
fn capitalized(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_reduced_for_the_eye_where_components_keep_their_distances() -> Result<()> {
        let tsne = registry::find("tsne")?;
        let reduced = |params: Value, cols: usize| {
            let params = params.as_object().cloned().unwrap_or_default();
            with_map_defaults(tsne, params, Shape::new(1000, cols)).get("pca_components").cloned()
        };
        assert_eq!(reduced(json!({}), 784), Some(json!(50)));
        assert_eq!(reduced(json!({}), 40), None);
        // Shares of 784 topics.
        assert_eq!(reduced(json!({"metric": "hellinger"}), 784), None);
        assert_eq!(reduced(json!({"pca_components": 20}), 784), Some(json!(20)));
        Ok(())
    }
}
