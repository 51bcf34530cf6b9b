//! Learning maps: one, again, or for each value of a parameter; measured and kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use latentspace::data::{Affine, Precomputed};
use latentspace::linalg::Matrix;
use latentspace::measure::{self, Measure, MeasureOptions, Sample};
use latentspace::method::Entry;
use latentspace::params::Role;
use latentspace::run::{Flag, Listener as _};
use latentspace::{Error, Result, Space, registry};
use serde_json::{Map, Value};

use super::loadings::LoadingsRoom;
use super::maps::{Kept, MapGroups};
use super::params::{checked, metric, title, unfit, with_map_defaults};
use super::watch::Watcher;
use super::{Frame, Grid, Phase, Room, Start, Study, held, whole};

/// How the making of a map ended.
enum Outcome {
    /// The map is there, and measured if there are enough rows.
    Measured,
    /// The map is there; measuring was stopped.
    Unmeasured,
    Failed,
}

/// Maximum number of maps in a grid.
const GRID_MOST: usize = 9;

impl Study {
    /// Learns and measures the first map, or shows an existing one.
    pub(super) fn work(self: &Arc<Self>, start: Start) {
        let stop = held(&self.stop).clone().unwrap_or_default();
        match self.made(start, &stop) {
            Outcome::Failed => *held(&self.stop) = None,
            Outcome::Measured | Outcome::Unmeasured => self.rest(&stop),
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

    /// Learns, measures and keeps a map. An error is reported.
    fn made(self: &Arc<Self>, start: Start, stop: &Flag) -> Outcome {
        let learned = matches!(start, Start::Fit { .. });
        let done = whole(|| match start {
            Start::Fit { method, params } => self.fit(method, params, stop),
            Start::Map { codes, affine, title, axes, method, params, measure, measures } => {
                self.desk.show(|version| Frame::new(codes.view(), &affine, version, 0));
                let sentences = measure::interpret(&measures, codes.cols());
                let known = (!measures.is_empty()).then_some(measures);
                self.desk.change(|state| {
                    state.title = title;
                    state.axes = axes;
                    state.method = method;
                    state.params = params;
                    state.measures = known;
                    state.sentences = sentences;
                });
                if measure { self.measure(&codes) } else { Ok(Outcome::Measured) }
            }
        });
        self.screen.clear();
        let outcome = match done {
            Ok(outcome) => outcome,
            Err(error) => {
                self.fail(&error);
                if !matches!(error, Error::Cancelled) {
                    self.screen.error(&error);
                }
                return Outcome::Failed;
            }
        };
        let warnings = held(&self.warnings).clone();
        self.desk.change(|state| {
            let mut all = warnings;
            all.append(&mut state.warnings);
            state.warnings = all;
        });
        self.keep(if stop.is_set() { Phase::Stopped } else { Phase::Done }, learned);
        outcome
    }

    /// Keeps the current map with its state.
    fn keep(&self, phase: Phase, learned: bool) {
        let (Some(frame), state) = (self.desk.frame(), self.desk.state()) else { return };
        let (trust, metric) = (self.trust(), *held(&self.metric));
        let space = held(&self.space).take().map(|mut space| {
            space.measures.extend(state.measures.clone().unwrap_or_default());
            Arc::new(space)
        });
        let observed = self.data();
        let room = |space: &Arc<Space>| {
            let observed = observed.as_ref().map(|data| &data.observations);
            Some(Arc::new(LoadingsRoom::of(space, &frame.placed_codes().ok()?, observed)?) as Arc<dyn Room>)
        };
        let rooms = space.as_ref().and_then(room).into_iter().collect();
        let id = self.kept.keep(Kept {
            id: 0, // the shelf gives it
            dims: frame.dims,
            method: state.method,
            title: state.title,
            params: state.params,
            axes: state.axes,
            seed: state.seed,
            seconds: state.seconds,
            phase,
            measures: state.measures,
            estimated: state.estimated,
            sentences: state.sentences,
            warnings: state.warnings,
            learned,
            groups: held(&self.groups).clone(),
            stability: None,
            frame,
            trust,
            space,
            rooms,
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
    pub(super) fn begins(&self, phase: Phase) -> Option<Phase> {
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
        let mut outcome = Outcome::Measured;
        for (at, params) in each.into_iter().enumerate() {
            let known = self.kept.find(method.info.name, &params).map(|map| map.id);
            if known.is_none() {
                tell(&|grid| grid.at = Some(at));
                held(&self.warnings).clear();
                outcome = self.made(Start::Fit { method, params }, &stop);
            }
            let id = if known.is_some() { known } else { self.desk.look(|state| state.map_id) };
            tell(&|grid| grid.ids[at] = id);
            if !matches!(outcome, Outcome::Measured) || stop.is_set() {
                break;
            }
        }
        tell(&|grid| grid.at = None);
        match outcome {
            Outcome::Failed => *held(&self.stop) = None,
            Outcome::Measured | Outcome::Unmeasured => self.rest(&stop),
        }
    }

    fn fit(self: &Arc<Self>, entry: &'static Entry, params: Map<String, Value>, stop: &Flag) -> Result<Outcome> {
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
        *held(&self.space) = None;
        *held(&self.groups) = None;
        *held(&self.steps) = (0, 0);
        self.desk.change(|state| {
            state.method = entry.info.name.to_owned();
            state.title = title;
            state.params = all;
            state.seconds = 0.0;
            (state.loss, state.loss_name, state.measures, state.error) = (None, None, None, None);
            state.warnings.clear();
            state.sentences.clear();
            state.estimated.clear();
            state.axes.clear();
            state.trust_version = 0;
            state.map_id = None;
        });
        self.phase(Phase::Fitting, format!("{} begins", entry.info.title));
        let plan = method.plan(data.shape(), &run);
        run.check_memory(entry.info.title, plan.peak_bytes, "a sample of the rows, or fewer columns, would fit")?;
        let begun = Instant::now();
        let fitted = data.training().fit(method.as_ref(), &Precomputed::default(), &run)?;
        let codes = match &fitted.codes {
            Some(codes) => codes.clone(),
            None => fitted.model.encode(&data.prepared, &run)?,
        };
        *held(&self.space) = data
            .preparation
            .clone()
            .map(|preparation| Space::of(method.as_ref(), preparation, data.shape().rows, fitted, &data.observations.metadata, &run).0);
        let seconds = begun.elapsed().as_secs_f64();
        let (step, n_steps) = *held(&self.steps);
        self.desk.show(|version| Frame::new(codes.view(), &Affine::default(), version, step));
        self.desk.change(|state| state.seconds = seconds);
        let outcome = self.measure(&codes)?;
        self.desk.change(|state| (state.step, state.n_steps) = (step, n_steps));
        Ok(outcome)
    }

    /// Measures the map, which can be stopped by itself: the map stays, without measures.
    fn measure(self: &Arc<Self>, codes: &Matrix) -> Result<Outcome> {
        let stop = Flag::default();
        *held(&self.stop) = Some(stop.clone());
        match self.measured(codes, &stop) {
            Err(Error::Cancelled) if stop.is_set() => {
                self.desk.change(|state| state.warnings.push("Measuring was stopped: how far to trust this map is not known.".to_owned()));
                Ok(Outcome::Unmeasured)
            }
            measured => measured.map(|()| Outcome::Measured),
        }
    }

    /// Computes the neighbors of all points, and measures the map.
    fn measured(self: &Arc<Self>, codes: &Matrix, stop: &Flag) -> Result<()> {
        let data = self.data().ok_or_else(|| Error::internal("no data"))?;
        let k = self.desk.look(|state| state.n_neighbors);
        if data.points.rows() < 2 * k + 1 {
            return Ok(());
        }
        self.phase(Phase::Measuring, "neighbors of all rows");
        let watcher = Watcher::new(self.clone());
        let run = self.run.clone().with_switches(stop.clone(), Flag::default()).with_listener(Arc::new(watcher));
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
        let groups = measure::groups(codes.view(), &near, &run)?;
        let named: BTreeMap<String, Measure> = measures.named().into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect();
        let parts = groups.parts_told(&named);
        *held(&self.groups) = Some(Arc::new(MapGroups::new(groups)));
        let estimated = measures.estimated(codes.rows());
        let sentences = measure::interpret(&named, codes.cols());
        self.desk.change(|state| {
            state.measures = Some(named);
            state.estimated = estimated;
            state.sentences = sentences;
            state.trust_version += 1;
            // A map of a disconnected neighbor graph carries no information about the arrangement of its components.
            if registry::find(&state.method).is_ok_and(|entry| entry.parameter_of(Role::Neighborhood).is_some()) {
                state.warnings.extend(parts);
            }
        });
        Ok(())
    }
}
