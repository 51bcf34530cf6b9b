//! Sweeps: training and held-out scores for several numbers of dimensions, and the number that they recommend.
//!
//! Held out are *entries*: cells of held-out rows, each predicted from the other cells of its row ([`Model::complete`]). A row encoded from
//! all of its own cells would be reproduced better with each more dimension, be it noise. Rows are split first, columns within held-out
//! rows then (cross-validation by entries: Wold 1978, doi:10.1080/00401706.1978.10489693; Owen and Perry 2009, doi:10.1214/08-AOAS227). A
//! method that decodes is scored so; a method that has only a likelihood by that of held-out rows; a method that holds out documents itself
//! by document completion.

mod estimates;
mod held_out;
mod scores;
mod verdict;

use std::sync::Arc;
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

pub use self::estimates::Estimates;
use self::held_out::HeldOut;
use self::scores::{Columns, Figure, Losses};
use self::verdict::{Candidate, Choice};
use super::{Dataset, Quiet, TrainingRows, plan};
use crate::data::read::Source;
use crate::data::{Precomputed, PrepareOptions, Rows};
use crate::error::{Error, Result};
use crate::interval::number;
use crate::measure::Measure;
use crate::method::{self, AnyMethod, Entry, Fitted, Likelihood, Shape};
use crate::params::Role;
use crate::random::Random;
use crate::run::Run;

/// The held-out measure of methods that hold out documents themselves, and the fact with the training score of as many documents.
const WORD_LIKELIHOOD: &str = "log_likelihood_per_word";
const TRAINING: &str = "training_log_likelihood_per_word";
/// The measures of other methods: of those that decode, and of those that have a likelihood only.
const ERROR: &str = "reconstruction_error";
const ROW_LIKELIHOOD: &str = "log_likelihood_per_row";

/// Whether a method can be scored on held-out data: by its own held-out measure, by predicting hidden cells, or by the likelihood of rows.
pub fn can_sweep(entry: &Entry) -> bool {
    let has = |role| entry.parameter_of(role).is_some();
    has(Role::Dimensions) && (has(Role::HeldOut) || figure(entry).is_some())
}

/// What is scored of held-out rows, unless the method holds out documents itself.
fn figure(entry: &Entry) -> Option<Figure> {
    match entry.info.likelihood {
        _ if entry.info.encodes && entry.info.decodes => Some(Figure::Entries),
        Some(Likelihood::Rows) => Some(Figure::Likelihood),
        _ => None,
    }
}

/// The name of the parameter of the number of dimensions.
///
/// # Errors
/// [`Error::Param`] if the method has none.
pub fn dimensions(entry: &Entry) -> Result<String> {
    let parameter = entry.parameter_of(Role::Dimensions);
    parameter
        .map(|parameter| parameter.name)
        .ok_or_else(|| Error::param("method", entry.info.name, "it has no number of dimensions to choose"))
}

/// The scores of a number of dimensions.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SweepPoint {
    /// The number of dimensions.
    pub dims: u32,
    /// The score of as many training rows, if the method gives one.
    pub training: Option<Measure>,
    /// The score of held-out rows.
    pub held_out: Measure,
    /// By how much the held-out score is worse than the best one, with the 95 % interval of that difference, paired by rows; none where the
    /// method holds out documents itself.
    pub behind: Option<Measure>,
    /// Seconds of the fits.
    pub seconds: f64,
}

/// The numbers of dimensions with their scores, and the recommended one.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Sweep {
    /// The method's registry name.
    pub method: &'static str,
    /// Number of rows.
    pub rows: usize,
    /// The score: `reconstruction_error` of hidden cells, of which less is better, `log_likelihood_per_row` or `log_likelihood_per_word`.
    pub figure: &'static str,
    /// What was held out, in words.
    pub held_out: String,
    /// Each number of dimensions, ascending.
    #[serde(rename = "dims")]
    pub points: Vec<SweepPoint>,
    /// The smallest number of dimensions within one standard error of the best (Breiman and others 1984, "Classification and regression
    /// trees"); 0 if the null, the mean alone, is within it, too. The standard error is that of the difference, paired by rows.
    pub recommended: u32,
    /// The smallest and the largest number whose scores cannot be told from the best with 95 % confidence.
    pub low: u32,
    /// See `low`.
    pub high: u32,
    /// Other estimates of the number of dimensions; none for documents.
    pub estimates: Option<Estimates>,
    /// Why this number is recommended, in a sentence.
    pub sentence: String,
    /// The number with its interval, and what it means where the estimates disagree, in sentences.
    pub verdict: Vec<String>,
}

/// Learns with each number of dimensions and scores training and held-out rows. `given` are the method's other parameters.
///
/// Up to 2,000 rows, and up to 10,000,000 cells for methods that learn by a fold, are held out once each, in 5-fold cross-validation. Of
/// others one row in ten is held out, at most 5,000. Rows with dates are held out in blocks of time. In held-out rows the columns are
/// hidden in 8 random blocks, one after another. Cost: a fit for each number and fold, and 16 completions of as many rows as are held out.
///
/// # Errors
/// [`Error::Memory`] if the largest fit exceeds the run's limit; errors of the reader and the method.
pub fn sweep(
    entry: &'static Entry,
    given: &Map<String, Value>,
    dims: &[u32],
    data: &Source,
    options: &PrepareOptions,
    run: &Run,
) -> Result<Sweep> {
    options.without_missing("a sweep")?;
    let learner = Learner { entry, given, parameter: dimensions(entry)? };
    plan::check_fits(learner.with(most(dims)?)?.as_ref(), data, options, run)?;
    let whole = Dataset::new(data.read(run)?, options, entry.info.sees, run)?;
    sweep_rows(entry, given, dims, whole.training(), run)
}

/// The largest number of dimensions.
fn most(dims: &[u32]) -> Result<u32> {
    dims.iter().copied().max().ok_or_else(|| Error::param("dims", "none", "at least one number of dimensions is needed"))
}

/// What a sweep costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct SweepCost {
    /// Number of fits: one for each number of dimensions and fold.
    pub fits: usize,
    /// Seconds that they take, on the machine on which the cost model was calibrated; scoring held-out rows comes on top.
    pub seconds: f64,
    /// Peak memory of the largest in bytes.
    pub peak_bytes: u64,
}

/// What a sweep of rows of this shape costs.
///
/// # Errors
/// [`Error::Param`] for a parameter or number of dimensions that the method does not allow, or if there is none.
pub fn sweep_cost(entry: &'static Entry, given: &Map<String, Value>, dims: &[u32], shape: Shape, run: &Run) -> Result<SweepCost> {
    let learner = Learner { entry, given, parameter: dimensions(entry)? };
    most(dims)?;
    let folds = held_out::folds(shape.rows, shape.cols, entry.info.folds);
    let mut cost = SweepCost { fits: folds * dims.len(), seconds: 0.0, peak_bytes: 0 };
    for &dims in dims {
        let plan = learner.with(dims)?.plan(shape, run);
        cost.seconds += folds as f64 * plan.seconds;
        cost.peak_bytes = cost.peak_bytes.max(plan.peak_bytes);
    }
    Ok(cost)
}

/// Numbers of dimensions to try for rows of this shape: up to 64, in steps that grow, and fewer than columns and training rows.
pub fn usual_dims(shape: Shape) -> Vec<u32> {
    let most = (shape.cols.saturating_sub(1)).min((4 * shape.rows / 5).saturating_sub(1)).max(1) as u32;
    let mut dims: Vec<u32> = USUAL.into_iter().filter(|&dims| dims <= most).collect();
    // The last one before a limit that is near.
    if most <= USUAL[USUAL.len() - 1] && dims.last().is_some_and(|&last| last < most) {
        dims.push(most);
    }
    dims
}

/// See [`usual_dims`].
const USUAL: [u32; 12] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/// As [`fn@sweep`], of rows in memory that are prepared.
///
/// # Errors
/// Errors of the method; [`Error::Param`] without a number of dimensions; [`Error::Cancelled`].
pub fn sweep_rows(entry: &'static Entry, given: &Map<String, Value>, dims: &[u32], whole: TrainingRows<'_>, run: &Run) -> Result<Sweep> {
    most(dims)?;
    let learner = &Learner { entry, given, parameter: dimensions(entry)? };
    let mut dims = dims.to_vec();
    dims.sort_unstable();
    dims.dedup();
    let dims = dims.as_slice();
    let swept = match figure(entry) {
        Some(figure) if entry.parameter_of(Role::HeldOut).is_none() => by_rows(learner, dims, whole, figure, run)?,
        _ => by_documents(learner, dims, whole, run)?,
    };
    let Scored { figure, held_out, points, candidates } = swept;
    let choice = verdict::choose(&candidates);
    let sentence = verdict::sentence(&points, figure, &candidates, choice);
    let estimates = (figure != WORD_LIKELIHOOD).then(|| learner.estimates(choice, whole, run)).transpose()?;
    let tried = dims.last().copied().unwrap_or(0);
    let verdict = estimates.map(|estimates| verdict::comparison(choice, tried, &estimates)).unwrap_or_default();
    let Choice { recommended, low, high } = choice;
    let (method, rows) = (entry.info.name, whole.rows.rows());
    Ok(Sweep { method, rows, figure, held_out, points, recommended, low, high, estimates, sentence, verdict })
}

/// A method whose number of dimensions is chosen.
struct Learner<'a> {
    entry: &'static Entry,
    given: &'a Map<String, Value>,
    /// The name of the parameter.
    parameter: String,
}

impl Learner<'_> {
    fn with(&self, dims: u32) -> Result<Box<dyn AnyMethod>> {
        let mut params = self.given.clone();
        params.insert(self.parameter.clone(), json!(dims));
        self.entry.with(&params)
    }

    /// Checks that the most dimensions can be learned; defaults that are too large for so few rows are lowered, with a warning.
    fn check(&self, most: u32, rows: TrainingRows<'_>, run: &Run) -> Result<()> {
        let method = self.with(most)?;
        let adapted = method::adapted(method.as_ref(), rows.shape(), Some(&Rows::memory(rows.rows)), run);
        adapted.as_deref().unwrap_or(method.as_ref()).check(rows.shape())
    }

    /// A fit, and its seconds.
    fn fit(&self, dims: u32, rows: TrainingRows<'_>, run: &Run) -> Result<(Fitted, f64)> {
        let method = self.with(dims)?;
        let method = method.adapted(rows.shape(), Some(&Rows::memory(rows.rows))).map_or(method, |(adapted, _)| adapted);
        let begun = Instant::now();
        let fitted = rows.fit(method.as_ref(), &Precomputed::default(), run)?;
        Ok((fitted, begun.elapsed().as_secs_f64()))
    }

    fn estimates(&self, choice: Choice, whole: TrainingRows<'_>, run: &Run) -> Result<Estimates> {
        let decodes = self.entry.info.encodes && self.entry.info.decodes && choice.recommended > 0;
        let fitted = decodes.then(|| self.fit(choice.recommended, whole, run)).transpose()?;
        Estimates::of(whole.rows, fitted.as_ref().map(|(fitted, _)| fitted.model.as_ref()), run)
    }
}

/// The scores of all numbers of dimensions.
struct Scored {
    figure: &'static str,
    held_out: String,
    points: Vec<SweepPoint>,
    candidates: Vec<Candidate>,
}

/// Scores by documents that the method holds out itself.
fn by_documents(learner: &Learner<'_>, dims: &[u32], whole: TrainingRows<'_>, run: &Run) -> Result<Scored> {
    learner.check(dims.last().copied().unwrap_or(1), whole, run)?;
    let mut points = Vec::new();
    for &dims in dims {
        let (fitted, seconds) = learner.fit(dims, whole, run)?;
        let told = fitted.measures.iter().find(|(name, _)| *name == WORD_LIKELIHOOD).map(|(_, measure)| *measure);
        let wanted = "what they tell is every second word of them";
        let held_out = told.ok_or_else(|| {
            Error::input("data", "no document of two words was held out", wanted).with_hint("a larger --held-out holds out more")
        })?;
        let training = fitted.facts.get(TRAINING).and_then(|fact| serde_json::from_value(fact.clone()).ok());
        run.note(format!("{dims} dimensions: {} held out", number(held_out.value)));
        points.push(SweepPoint { dims, training, held_out, behind: None, seconds });
    }
    let candidates = verdict::unpaired(&points, WORD_LIKELIHOOD);
    Ok(Scored { figure: WORD_LIKELIHOOD, held_out: "every second word of held-out documents".to_owned(), points, candidates })
}

/// The losses of one number of dimensions, 0 for the null.
struct Track {
    dims: u32,
    held_out: Losses,
    training: Losses,
    seconds: f64,
}

/// Scores by held-out rows.
fn by_rows(learner: &Learner<'_>, dims: &[u32], whole: TrainingRows<'_>, figure: Figure, run: &Run) -> Result<Scored> {
    let rows = whole.rows;
    let split = HeldOut::new(rows.rows(), rows.cols(), whole.metadata, learner.entry.info.folds, run)?;
    run.note(format!("held out: {}", split.sentence));
    let units = rows.rows();
    let track = |dims: u32| Track { dims, held_out: Losses::none(units), training: Losses::none(units), seconds: 0.0 };
    let mut tracks: Vec<Track> = std::iter::once(0).chain(dims.iter().copied()).map(track).collect();
    // Fits of later folds say what those of the first did.
    let quiet = run.clone().with_listener(Arc::new(Quiet));
    for fold in 0..split.folds {
        let told = if fold == 0 { run } else { &quiet };
        let (held, learned) = split.rows(fold);
        let random = Random::new(run.seed(), "training rows scored");
        let known: Vec<u32> = random.sample(fold as u64, learned.len(), held.len()).iter().map(|&at| learned[at as usize]).collect();
        let (training, metadata) = (rows.select(&learned), whole.metadata.select(&learned)?);
        let training = TrainingRows { rows: &training, names: whole.names, metadata: &metadata };
        if fold == 0 {
            learner.check(dims.last().copied().unwrap_or(1), training, run)?;
        }
        let columns = Columns::of(training.rows)?;
        let (new, old) = (rows.select(&held), rows.select(&known));
        for (at, track) in tracks.iter_mut().enumerate() {
            run.progress("sweep", (fold * (dims.len() + 1) + at) as u64, (split.folds * (dims.len() + 1)) as u64);
            let [new, old] = if track.dims == 0 {
                [columns.losses(figure, &new)?, columns.losses(figure, &old)?]
            } else {
                let (fitted, seconds) = learner.fit(track.dims, training, told)?;
                track.seconds += seconds;
                let losses = |rows| columns.losses_by(fitted.model.as_ref(), figure, rows, &split.blocks, run);
                [losses(&new)?, losses(&old)?]
            };
            track.held_out.add(&held, &split.units, &new);
            track.training.add(&known, &split.units, &old);
        }
    }
    let mut best = &tracks[0];
    for track in &tracks {
        if track.held_out.mean() < best.held_out.mean() {
            best = track;
        }
    }
    let candidate = |track: &Track| Candidate { dims: track.dims, behind: track.held_out.behind(&best.held_out) };
    let candidates: Vec<Candidate> = tracks.iter().map(candidate).collect();
    let null = (tracks[0].held_out.mean(), tracks[0].training.mean());
    let point = |(track, candidate): (&Track, &Candidate)| {
        let (value, half) = (candidate.behind.0, scores::ERRORS * candidate.behind.1);
        SweepPoint {
            dims: track.dims,
            training: Some(track.training.measure(figure, null.1)),
            held_out: track.held_out.measure(figure, null.0),
            behind: Some(Measure { value, low: value - half, high: value + half, null: None }),
            seconds: track.seconds,
        }
    };
    let points: Vec<SweepPoint> = tracks.iter().zip(&candidates).skip(1).map(point).collect();
    Ok(Scored { figure: figure.name(), held_out: split.sentence.clone(), points, candidates })
}

#[cfg(test)]
mod tests;
