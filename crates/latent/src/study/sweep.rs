//! A sweep of the data: how many dimensions are enough, by training and held-out error.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use latentspace::data::{DataKind, Missing, Preparation};
use latentspace::learn::{self, Sweep, SweepCost, TrainingRows};
use latentspace::method::{Entry, Shape, Takes};
use latentspace::run::{Flag, Listener, Progress};
use latentspace::schemars::{self, JsonSchema};
use latentspace::{Error, Result, registry};
use serde::Serialize;
use serde_json::Map;

use super::{Data, Phase, Study, held, whole};
use crate::progress::seconds_left;

/// Maximum number of numbers of dimensions.
const MOST: usize = 16;
/// The stage by which a sweep reports its progress.
const STAGE: &str = "sweep";

/// What can be swept, and what was found last.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct SweepOffer {
    /// The methods that take these data and whose dimensions mean something.
    pub(crate) methods: Vec<SweptMethod>,
    /// Usual numbers of dimensions for these data.
    pub(crate) dims: Vec<u32>,
    /// The last sweep; null before the first.
    pub(crate) found: Option<Sweep>,
}

/// A method that can be swept.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct SweptMethod {
    pub(crate) name: String,
    pub(crate) title: String,
}

/// Progress of a sweep.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct SweepProgress {
    pub(crate) method: String,
    /// Number of fits done, and in total.
    pub(crate) at: u64,
    pub(crate) of: u64,
    pub(crate) seconds_left: Option<f64>,
}

impl Data {
    /// The preparation of the observations, if they were prepared to learn from.
    pub(super) fn swept_by(&self) -> Option<&Preparation> {
        let preparation = self.preparation.as_ref().or_else(|| self.rooms.iter().find_map(|room| room.preparation()));
        // A sweep hides cells itself: it takes rows that miss none.
        preparation.filter(|preparation| preparation.missing != Missing::Keep)
    }

    fn swept_shape(&self) -> Option<Shape> {
        let preparation = self.swept_by()?;
        let own = self.preparation.is_some().then(|| self.shape());
        Some(own.unwrap_or_else(|| Shape::new(self.observations.rows(), preparation.prepared_columns())))
    }
}

/// The methods that can be swept of observations of this kind.
fn methods(kind: DataKind) -> impl Iterator<Item = &'static Entry> {
    let takes = match kind {
        DataKind::Table | DataKind::Array => Takes::Table,
        DataKind::Images => Takes::Images,
        DataKind::Counts => Takes::Counts,
        DataKind::Text => Takes::Text,
    };
    let suits = move |entry: &&Entry| {
        learn::can_sweep(entry) && entry.info.can.axes.is_some() && entry.info.takes.contains(&takes) && !entry.info.wants_text()
    };
    registry::METHODS.iter().filter(suits)
}

/// Whether there is a method to sweep of these observations.
pub(super) fn can_sweep(kind: DataKind) -> bool {
    methods(kind).next().is_some()
}

fn nothing() -> Error {
    Error::input("data", "observations that were not prepared here", "a sweep learns from observations")
}

impl Study {
    /// What can be swept; none without observations.
    pub(crate) fn sweep_offer(&self, data: &Data) -> Option<SweepOffer> {
        let method = |entry: &Entry| SweptMethod { name: entry.info.name.to_owned(), title: entry.info.title.to_owned() };
        Some(SweepOffer {
            methods: methods(data.swept_by()?.kind).map(method).collect(),
            dims: learn::usual_dims(data.swept_shape()?),
            found: held(&self.swept).clone(),
        })
    }

    /// What a sweep costs.
    pub(crate) fn sweep_cost(&self, data: &Data, method: &str, dims: &[u32]) -> Result<SweepCost> {
        if dims.len() > MOST {
            return Err(Error::param("dims", format!("{} numbers", dims.len()), format!("at most {MOST} are tried")));
        }
        learn::sweep_cost(registry::find(method)?, &Map::new(), dims, data.swept_shape().ok_or_else(nothing)?, self.aside())
    }

    /// Starts a sweep; false while other work is running.
    pub(crate) fn start_sweep(self: &Arc<Self>, method: &str, dims: Vec<u32>) -> Result<bool> {
        let Some(data) = self.data() else { return Ok(false) };
        let cost = self.sweep_cost(&data, method, &dims)?;
        self.run.check_memory("the sweep", cost.peak_bytes, "fewer dimensions would fit")?;
        let entry = registry::find(method)?;
        let Some(before) = self.begins(Phase::Measuring) else { return Ok(false) };
        let progress = SweepProgress { method: method.to_owned(), at: 0, of: cost.fits as u64, seconds_left: None };
        self.desk.change(|state| state.sweep = Some(progress));
        let study = self.clone();
        std::thread::spawn(move || {
            let stop = held(&study.stop).clone().unwrap_or_default();
            let done = whole(|| study.swept_of(&data, entry, &dims, &stop));
            study.screen.clear();
            let failed = done.as_ref().err().filter(|error| !matches!(error, Error::Cancelled)).inspect(|error| study.screen.error(error));
            let failed = failed.map(|error| study.screen.failure(error));
            let known = done.map(|found| *held(&study.swept) = Some(found)).is_ok();
            let mut under_way = held(&study.stop);
            *under_way = None;
            study.desk.change(|state| {
                state.sweep = None;
                state.message = String::new();
                state.phase = if failed.is_some() { Phase::Failed } else { before };
                state.error = failed.or(state.error.take());
                state.sweep_version += u64::from(known);
            });
        });
        Ok(true)
    }

    fn swept_of(self: &Arc<Self>, data: &Data, entry: &'static Entry, dims: &[u32], stop: &Flag) -> Result<Sweep> {
        let listener = Arc::new(Fits { study: self.clone(), begun: Mutex::default() });
        let run = self.run.clone().with_switches(stop.clone(), stop.clone()).with_listener(listener);
        let preparation = data.swept_by().ok_or_else(nothing)?;
        // Rows of a space are shown by their codes: the observations are prepared anew.
        let prepared = if data.preparation.is_some() { None } else { Some(preparation.prepare(&data.observations, &run)?) };
        let rows = prepared.as_ref().unwrap_or(&data.prepared);
        let rows = TrainingRows { rows, names: preparation.names.as_deref(), metadata: &data.observations.metadata };
        learn::sweep_rows(entry, &Map::new(), dims, rows, &run)
    }
}

/// Tells the page how many fits are done.
struct Fits {
    study: Arc<Study>,
    begun: Mutex<Option<Instant>>,
}

impl Listener for Fits {
    fn progress(&self, progress: &Progress<'_>) {
        if progress.stage == STAGE {
            let begun = *held(&self.begun).get_or_insert_with(Instant::now);
            self.study.desk.change(|state| {
                if let Some(sweep) = &mut state.sweep {
                    (sweep.at, sweep.of) = (progress.done, progress.total);
                    sweep.seconds_left = seconds_left(begun, progress.done, progress.total);
                }
            });
        }
        self.study.screen.progress(progress);
    }
}
