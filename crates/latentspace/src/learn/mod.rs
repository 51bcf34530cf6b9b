//! Everything that runs methods: fits of files and observations, their plans, shares, incremental learning, stability, sweeps.

pub mod growing;
pub mod loadings;
mod memory;
pub mod plan;
pub mod shares;
pub mod speed;
pub mod stability;
pub mod sweep;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::codes::Codes;
use crate::data::read::Source;
use crate::data::{Metadata, Missing, Observations, Precomputed, Preparation, PrepareOptions, PreparedStream, Rows, Sees, Shape};
use crate::error::Result;
use crate::linalg::{Matrix, OwnedRows};
use crate::measure::{self, Measure};
use crate::method::{self, AnyMethod, Fitted};
use crate::run::{Listener, Run};
use crate::space::Space;
pub use plan::{FitPlan, plan};
pub use stability::{AxesStability, StabilityReport, StabilityTest, stability};
pub use sweep::{Sweep, SweepCost, SweepPoint, can_sweep, sweep, sweep_cost, sweep_rows, usual_dims};

/// Hears nothing: for fits that say what the first one did.
struct Quiet;
impl Listener for Quiet {}

/// Prepared rows with their preparation and metadata.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The preparation that they went through.
    pub preparation: Preparation,
    /// The prepared rows.
    pub rows: OwnedRows,
    /// Their metadata.
    pub metadata: Metadata,
}

/// The same, borrowed: what a method learns from.
#[derive(Clone, Copy)]
pub struct TrainingRows<'a> {
    /// The prepared rows.
    pub rows: &'a OwnedRows,
    /// The names of their columns, such as words, if known.
    pub names: Option<&'a [String]>,
    /// Their metadata, among them the labels that a method may learn from.
    pub metadata: &'a Metadata,
}

/// The result of learning: the space, and the rows that it was learned from.
pub struct Learned {
    /// The space.
    pub space: Space,
    /// The prepared rows; missing cells are those that the space predicts.
    pub rows: OwnedRows,
    /// Their codes, `[n, k]`, if the fit computed them; else [`Space::encode_prepared`] does.
    pub placed: Option<Matrix>,
}

impl Dataset {
    /// Chooses the preparation of observations for a method that sees rows in this form, reports it, and prepares them.
    ///
    /// # Errors
    /// As [`Preparation::choose_and_prepare`] and [`Preparation::seen_as`].
    pub fn new(observations: Observations, options: &PrepareOptions, sees: Sees, run: &Run) -> Result<Self> {
        let (preparation, rows) = if sees == Sees::Rows && options.missing != Some(Missing::Keep) {
            Preparation::choose_and_prepare(&observations, options, run)?
        } else {
            let preparation = Preparation::choose(&observations, options, run)?.seen_as(sees)?;
            let rows = preparation.prepare(&observations, run)?;
            (preparation, rows)
        };
        preparation.told.iter().for_each(|sentence| run.note(sentence));
        // The originals of the prepared values are not needed any more.
        Ok(Dataset { preparation, rows, metadata: observations.metadata })
    }

    /// The rows, borrowed.
    pub fn training(&self) -> TrainingRows<'_> {
        TrainingRows { rows: &self.rows, names: self.preparation.names.as_deref(), metadata: &self.metadata }
    }

    /// Learns a space.
    ///
    /// # Errors
    /// As [`Space::fit`].
    pub fn learn(self, method: &dyn AnyMethod, given: &Precomputed, run: &Run) -> Result<Learned> {
        let Dataset { preparation, rows, metadata } = self;
        let given = match &given.errors {
            Some(errors) => Cow::Owned(Precomputed { errors: Some(preparation.prepare_errors(errors)?), ..given.clone() }),
            None => Cow::Borrowed(given),
        };
        let (space, placed) = Space::fit(method, preparation, &Rows::memory(&rows).with(&given)?, &metadata, run)?;
        let rows = space.completed(rows, run)?;
        Ok(Learned { space, rows, placed })
    }
}

impl TrainingRows<'_> {
    /// Learns from the rows, and from the labels that the method's parameters name.
    ///
    /// # Errors
    /// Errors of the method; [`crate::Error::Param`] if there are no such labels.
    pub fn fit(self, method: &dyn AnyMethod, given: &Precomputed, run: &Run) -> Result<Fitted> {
        let given = method::beside(method, self.metadata, given)?;
        method.fit(&Rows::memory(self.rows).named(self.names).with(&given)?, run)
    }

    /// Numbers of rows, columns and nonzero cells.
    pub fn shape(self) -> Shape {
        self.rows.shape()
    }
}

/// Learns a space from observations: prepares them, and learns. The space then has the measures of the fit; [`Learned::measured`] adds the others.
///
/// # Errors
/// Errors of the preparation and the method; [`crate::Error::Cancelled`].
pub fn learn(
    method: &dyn AnyMethod,
    observations: Observations,
    options: &PrepareOptions,
    given: &Precomputed,
    run: &Run,
) -> Result<Learned> {
    let mut options = options.clone();
    if given.errors.is_some() {
        // The error of a missing cell is infinite.
        options.missing = options.missing.or(Some(Missing::Keep));
    }
    Dataset::new(observations, &options, method.info().sees, run)?.learn(method, given, run)
}

impl Learned {
    /// The codes of the rows, `[n, k]`.
    ///
    /// # Errors
    /// As [`Space::encode_prepared`].
    pub fn codes(&self, run: &Run) -> Result<Matrix> {
        match &self.placed {
            Some(codes) => Ok(codes.clone()),
            None => self.space.encode_prepared(&self.rows, run),
        }
    }

    /// The space with its measures ([`Space::measure`]), and the codes of the rows, `[n, k]`.
    ///
    /// # Errors
    /// As [`Space::measure`] and [`Space::encode_prepared`].
    pub fn measured(self, run: &Run) -> Result<(Space, Matrix)> {
        let codes = self.codes(run)?;
        let Learned { mut space, rows, .. } = self;
        space.measure(&Rows::memory(&rows), Some(&codes), run)?;
        Ok((space, codes))
    }
}

/// What is asked of a fit of files, in addition to its method.
pub struct FitOptions<'a> {
    /// How the observations are prepared.
    pub prepare: PrepareOptions,
    /// Gives the precomputed inputs of the rows, once their metadata are read; they keep the rows in memory.
    pub given: &'a dyn Fn(&Metadata) -> Result<Precomputed>,
    /// Whether the space is measured.
    pub measures: bool,
    /// Whether the codes of all rows are wanted.
    pub codes: bool,
}

/// The result of a fit of files.
pub struct FitResult {
    /// The space.
    pub space: Space,
    /// The codes of all rows, if they were wanted.
    pub codes: Option<Codes>,
    /// How long it took.
    pub seconds: Seconds,
}

/// Durations of the stages of a fit, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Seconds {
    /// Reading the files; of streamed rows, the first pass.
    pub reading: f64,
    /// Preparing and learning.
    pub learning: f64,
    /// Measuring; none if nothing was measured.
    pub measuring: Option<f64>,
}

/// Learns a space from files: in memory, or streamed if the rows would take more memory than the run allows. Refuses a fit that would not fit. With a
/// checkpoint of the run, it continues from there.
///
/// # Errors
/// [`crate::Error::Memory`] with what would fit; errors of the reader, the preparation and the method; [`crate::Error::Cancelled`].
pub fn fit(method: &dyn AnyMethod, data: &Source, options: &FitOptions<'_>, run: &Run) -> Result<FitResult> {
    let needs = plan::needs(method, data, &options.prepare, false, options.measures, run)?;
    plan::check(method, data, &needs, run)?;
    match needs.streams {
        Some(why) => {
            run.note(why);
            streamed(method, data, options, run)
        }
        None => in_memory(method, data, options, run),
    }
}

/// Calls `work` and returns its result with its seconds. Freed memory goes back to the system afterwards, so that the next stage starts from what is held.
fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let begun = Instant::now();
    let done = work()?;
    let seconds = begun.elapsed().as_secs_f64();
    memory::give_back();
    Ok((done, seconds))
}

fn in_memory(method: &dyn AnyMethod, data: &Source, options: &FitOptions<'_>, run: &Run) -> Result<FitResult> {
    let begun = Instant::now();
    let observations = data.read(run)?;
    let metadata = observations.metadata.clone();
    let given = (options.given)(&metadata)?;
    let reading = begun.elapsed().as_secs_f64();
    let (learned, learning) = timed(|| learn(method, observations, &options.prepare, &given, run))?;
    if !options.measures {
        let codes = if options.codes { Some(Codes::new(learned.codes(run)?, metadata)) } else { None };
        return Ok(FitResult { space: learned.space, codes, seconds: Seconds { reading, learning, measuring: None } });
    }
    let ((space, codes), measuring) = timed(|| learned.measured(run))?;
    let codes = options.codes.then(|| Codes::new(codes, metadata));
    Ok(FitResult { space, codes, seconds: Seconds { reading, learning, measuring: Some(measuring) } })
}

fn streamed(method: &dyn AnyMethod, data: &Source, options: &FitOptions<'_>, run: &Run) -> Result<FitResult> {
    let begun = Instant::now();
    let preparation = Preparation::of_source(data, &options.prepare, run)?.seen_as(method.info().sees)?;
    preparation.told.iter().for_each(|sentence| run.note(sentence));
    let reading = begun.elapsed().as_secs_f64();
    let stream = PreparedStream::new(data, &preparation, run)?;
    let rows = Rows::stream(&stream);
    let ((mut space, _), learning) = timed(|| Space::fit(method, preparation.clone(), &rows, &Metadata::none(0), run))?;
    let measuring = if options.measures { Some(timed(|| space.measure(&rows, None, run))?.1) } else { None };
    let codes = if options.codes { Some(space.encode_source(data, run)?) } else { None };
    Ok(FitResult { space, codes, seconds: Seconds { reading, learning, measuring } })
}

/// What is reported of a fit.
#[derive(Debug, Clone, Serialize)]
pub struct FitReport {
    /// The method's registry name.
    pub method: &'static str,
    /// All parameters by name, as given.
    pub params: Value,
    /// Number of dimensions.
    pub n_components: usize,
    /// Number of rows.
    pub rows: usize,
    /// Number of prepared columns.
    pub columns: usize,
    /// Seconds of preparing and learning.
    pub seconds: f64,
    /// Seconds of reading.
    pub seconds_read: f64,
    /// Seconds of measuring.
    pub seconds_measures: f64,
    /// The random seed.
    pub seed: u64,
    /// Measures by name.
    pub measures: BTreeMap<String, Measure>,
    /// The names of measures that were skipped.
    pub not_measured: &'static [&'static str],
    /// Facts about the fit.
    pub facts: Map<String, Value>,
}

impl FitResult {
    /// What is reported of the fit, with the speed that the run measured.
    pub fn report(&self, run: &Run) -> FitReport {
        let Space { method, params, facts, seed, rows, .. } = &self.space;
        let mut measures = self.space.measures.clone();
        measures.extend(run.speed().map(|(name, speed)| (name.to_owned(), Measure::exact(speed.round(), None))));
        FitReport {
            method: method.name,
            params: params.clone(),
            n_components: self.space.model.n_components(),
            rows: *rows,
            columns: self.space.model.columns(),
            seconds: self.seconds.learning,
            seconds_read: self.seconds.reading,
            seconds_measures: self.seconds.measuring.unwrap_or(0.0),
            seed: *seed,
            measures,
            not_measured: if self.seconds.measuring.is_some() { &[] } else { &measure::NAMES },
            facts: facts.clone(),
        }
    }
}
