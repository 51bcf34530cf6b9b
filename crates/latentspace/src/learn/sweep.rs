//! Sweeps: training and held-out scores for several numbers of dimensions, and the number that they recommend.

use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Dataset, TrainingRows, plan};
use crate::data::read::Source;
use crate::data::{Metadata, Precomputed, PrepareOptions, Rows};
use crate::error::{Error, Result};
use crate::interval::number;
use crate::linalg::OwnedRows;
use crate::measure::Measure;
use crate::method::{self, Entry, Fitted};
use crate::model::Model;
use crate::params::Role;
use crate::random::Random;
use crate::run::Run;

/// The held-out measure of methods that hold out documents themselves, and the fact with the training score of as many documents.
const LIKELIHOOD: &str = "log_likelihood_per_word";
const TRAINING: &str = "training_log_likelihood_per_word";
/// The measure of other methods.
const ERROR: &str = "reconstruction_error";
/// For other methods, one row in this many is held out, up to a maximum number.
const ONE_IN: usize = 10;
const MOST_HELD: usize = 10_000;
/// Standard errors in half of a 95 % interval.
const ERRORS: f64 = 1.96;

/// Whether a method can be scored on held-out rows: by its own held-out measure, or by decoding their codes.
pub fn can_sweep(entry: &Entry) -> bool {
    let has = |role| entry.parameter_of(role).is_some();
    has(Role::Dimensions) && (has(Role::HeldOut) || entry.info.encodes && entry.info.decodes)
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
#[derive(Debug, Clone, Serialize)]
pub struct SweepPoint {
    /// The number of dimensions.
    pub dims: u32,
    /// The score of as many training rows, if the method gives one.
    pub training: Option<Measure>,
    /// The score of held-out rows.
    pub held_out: Measure,
    /// Seconds of the fit.
    pub seconds: f64,
}

/// The numbers of dimensions with their scores, and the recommended one.
#[derive(Debug, Clone, Serialize)]
pub struct Sweep {
    /// The method's registry name.
    pub method: &'static str,
    /// Number of rows.
    pub rows: usize,
    /// The score: `reconstruction_error`, of which less is better, or `log_likelihood_per_word`.
    pub figure: &'static str,
    /// Each number of dimensions, ascending.
    #[serde(rename = "dims")]
    pub points: Vec<SweepPoint>,
    /// The smallest number of dimensions within one standard error of the best (Breiman and others 1984, "Classification and regression trees");
    /// 0 if the null, the mean alone, is within it, too.
    pub recommended: u32,
    /// The smallest and the largest number whose scores cannot be told from the best with 95 % confidence.
    pub low: u32,
    /// See `low`.
    pub high: u32,
    /// Why, in a sentence.
    pub sentence: String,
}

/// Learns with each number of dimensions and scores training and held-out rows: by the method's own held-out likelihood, or by the reconstruction error
/// of a tenth of the rows. `given` are the method's other parameters. Each score is also a note.
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
    let mut dims = dims.to_vec();
    dims.sort_unstable();
    dims.dedup();
    let dimensions = dimensions(entry)?;
    let with = |dims: u32| {
        let mut params = given.clone();
        params.insert(dimensions.clone(), json!(dims));
        entry.with(&params)
    };
    let most = with(*dims.last().ok_or_else(|| Error::param("dims", "none", "at least one number of dimensions is needed"))?)?;
    plan::check_fits(most.as_ref(), data, options, run)?;
    let whole = Dataset::new(data.read(run)?, options, entry.info.sees, run)?;
    let split = HeldOut::new(entry, &whole, run)?;
    let training = split.training();
    let (shape, learned) = (training.shape(), Rows::memory(training.rows));
    let adapted = method::adapted(most.as_ref(), shape, Some(&learned), run);
    adapted.as_deref().unwrap_or(most.as_ref()).check(shape)?;
    let mut points = Vec::new();
    for &dims in &dims {
        let method = with(dims)?;
        let method = method.adapted(shape, Some(&learned)).map_or(method, |(adapted, _)| adapted);
        let begun = Instant::now();
        let fitted = training.fit(method.as_ref(), &Precomputed::default(), run)?;
        let seconds = begun.elapsed().as_secs_f64();
        let (training, held_out) = split.score(&fitted, run)?;
        run.note(format!("{dims} dimensions: {} held out", number(held_out.value)));
        points.push(SweepPoint { dims, training, held_out, seconds });
    }
    Sweep::new(entry.info.name, whole.rows.rows(), split.figure(), points)
}

/// Training and held-out rows.
#[allow(clippy::large_enum_variant, reason = "there is one of them")]
enum HeldOut<'a> {
    /// The method holds out rows itself.
    Itself(TrainingRows<'a>),
    /// Training rows with metadata; a sample of them as large as the held-out rows; held-out rows.
    Apart { learned: OwnedRows, names: Option<&'a [String]>, metadata: Metadata, known: OwnedRows, new: OwnedRows },
}

impl<'a> HeldOut<'a> {
    fn new(entry: &Entry, whole: &'a Dataset, run: &Run) -> Result<Self> {
        if entry.parameter_of(Role::HeldOut).is_some() {
            return Ok(HeldOut::Itself(whole.training()));
        }
        let (rows, n) = (&whole.rows, whole.rows.rows());
        if n < 2 {
            return Err(Error::input("data", format!("{n} rows"), "at least one training row and one held-out row are needed"));
        }
        let random = Random::new(run.seed(), "rows held out");
        let mut new = random.sample(0, n, (n / ONE_IN).clamp(1, MOST_HELD));
        new.sort_unstable();
        let learned: Vec<u32> = (0..n as u32).filter(|row| new.binary_search(row).is_err()).collect();
        let known: Vec<u32> = random.sample(1, learned.len(), new.len()).iter().map(|&at| learned[at as usize]).collect();
        Ok(HeldOut::Apart {
            learned: rows.select(&learned),
            names: whole.preparation.names.as_deref(),
            metadata: whole.metadata.select(&learned)?,
            known: rows.select(&known),
            new: rows.select(&new),
        })
    }

    fn training(&self) -> TrainingRows<'_> {
        match self {
            HeldOut::Itself(rows) => *rows,
            HeldOut::Apart { learned, names, metadata, .. } => TrainingRows { rows: learned, names: *names, metadata },
        }
    }

    fn figure(&self) -> &'static str {
        match self {
            HeldOut::Itself(..) => LIKELIHOOD,
            HeldOut::Apart { .. } => ERROR,
        }
    }

    /// The training and the held-out score of a space.
    fn score(&self, fitted: &Fitted, run: &Run) -> Result<(Option<Measure>, Measure)> {
        match self {
            HeldOut::Itself(..) => {
                let told = fitted.measures.iter().find(|(name, _)| *name == LIKELIHOOD).map(|(_, measure)| *measure);
                let wanted = "what they tell is every second word of them";
                let told = told.ok_or_else(|| {
                    Error::input("data", "no document of two words was held out", wanted).with_hint("a larger --held-out holds out more")
                })?;
                Ok((fitted.facts.get(TRAINING).and_then(|fact| serde_json::from_value(fact.clone()).ok()), told))
            }
            HeldOut::Apart { learned, known, new, .. } => {
                let mean = mean(learned)?;
                let lost = |rows| lost(fitted.model.as_ref(), rows, &mean, run);
                Ok((Some(lost(known)?), lost(new)?))
            }
        }
    }
}

/// The mean of each column.
fn mean(rows: &OwnedRows) -> Result<Vec<f64>> {
    let table = rows.table()?;
    let mut sums = vec![0.0_f64; table.cols()];
    (0..table.rows()).for_each(|row| sums.iter_mut().zip(table.row(row)).for_each(|(sum, &cell)| *sum += f64::from(cell)));
    sums.iter_mut().for_each(|sum| *sum /= table.rows().max(1) as f64);
    Ok(sums)
}

/// The mean squared reconstruction error per cell; the null is that of the mean row.
fn lost(model: &dyn Model, rows: &OwnedRows, mean: &[f64], run: &Run) -> Result<Measure> {
    let back = model.decode(&model.encode(rows, run)?, run)?;
    let table = rows.table()?;
    let (n, cells) = (table.rows() as f64, table.cols().max(1) as f64);
    let squares = |row: usize| table.row(row).iter().zip(back.row(row)).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>();
    let lost: Vec<f64> = (0..table.rows()).map(|row| squares(row) / cells).collect();
    let value = lost.iter().sum::<f64>() / n;
    let spread: f64 = lost.iter().map(|lost| (lost - value).powi(2)).sum();
    let half = if n > 1.0 { ERRORS * (spread / (n - 1.0) / n).sqrt() } else { 0.0 };
    let apart = |row: usize| table.row(row).iter().zip(mean).map(|(&cell, mean)| (f64::from(cell) - mean).powi(2)).sum::<f64>();
    let null = (0..table.rows()).map(apart).sum::<f64>() / n / cells;
    Ok(Measure { value, low: value - half, high: value + half, null: Some(null) })
}

impl Sweep {
    fn new(method: &'static str, rows: usize, figure: &'static str, points: Vec<SweepPoint>) -> Result<Self> {
        // With a sign so that larger is better.
        let good = |score: f64| if figure == ERROR { -score } else { score };
        let goodness = |point: &SweepPoint| good(point.held_out.value);
        let best = points.iter().reduce(|best, point| if goodness(point) > goodness(best) { point } else { best });
        let best = best.ok_or_else(|| Error::internal("a sweep of nothing"))?;
        let error = (best.held_out.high - best.held_out.low) / 2.0 / ERRORS;
        let within = |score: f64, errors: f64| score >= goodness(best) - errors * error;
        let null = best.held_out.null.filter(|&null| within(good(null), 1.0));
        let chosen = points.iter().find(|point| within(goodness(point), 1.0)).unwrap_or(best);
        let alike: Vec<u32> = points.iter().filter(|point| within(goodness(point), ERRORS)).map(|point| point.dims).collect();
        let recommended = if null.is_some() { 0 } else { chosen.dims };
        let told = |point: &SweepPoint| {
            let Measure { value, low, high, .. } = point.held_out;
            format!("{} ({} to {})", number(value), number(low), number(high))
        };
        let mut sentence = match null {
            Some(null) => format!(
                "No number of dimensions is better than the mean alone by more than one standard error, {}: {} against {}",
                number(error),
                told(best),
                number(null)
            ),
            None if chosen.dims == best.dims => format!("{} dimensions have the best held-out score: {}", chosen.dims, told(chosen)),
            None => format!(
                "{} dimensions are the smallest number within one standard error, {}, of the best, {}: {} against {}",
                chosen.dims,
                number(error),
                best.dims,
                told(chosen),
                told(best)
            ),
        };
        if recommended > 0 && points.len() > 1 && points.last().is_some_and(|last| last.dims == recommended) {
            sentence.push_str("; this is the largest number tried, so more may be better");
        }
        sentence.push('.');
        let low = if recommended == 0 { 0 } else { alike.first().copied().unwrap_or(recommended) };
        let high = alike.last().copied().unwrap_or(recommended);
        Ok(Sweep { method, rows, figure, points, recommended, low, high, sentence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(figure: &'static str, values: &[f64]) -> Sweep {
        let point = |(at, &value): (usize, &f64)| SweepPoint {
            dims: 1 << at,
            training: None,
            held_out: Measure { value, low: value - 0.196, high: value + 0.196, null: Some(if figure == ERROR { 4.0 } else { -11.0 }) },
            seconds: 1.0,
        };
        Sweep::new("method", 9, figure, values.iter().enumerate().map(point).collect()).unwrap()
    }

    #[test]
    fn the_fewest_dimensions_within_one_standard_error_of_the_best_are_recommended() {
        let found = sweep(LIKELIHOOD, &[-9.0, -7.05, -7.0, -7.5]);
        assert_eq!((found.recommended, found.low, found.high), (2, 2, 4));
        let start = "2 dimensions are the smallest number within one standard error, 0.1000, of the best, 4: ";
        assert!(found.sentence.starts_with(start), "{}", found.sentence);
        assert_eq!(sweep(LIKELIHOOD, &[-9.0, -7.2, -7.0, -7.5]).recommended, 4);
        assert_eq!(sweep(ERROR, &[3.0, 2.0, 1.05, 1.0]).recommended, 4);
        let found = sweep(ERROR, &[3.0, 2.0, 1.0]);
        assert!(found.recommended == 4 && found.sentence.ends_with("so more may be better."), "{}", found.sentence);
        let found = sweep(ERROR, &[3.95, 3.97, 4.2]);
        assert_eq!((found.recommended, found.low, found.high), (0, 0, 2));
        assert!(found.sentence.starts_with("No number of dimensions is better than the mean alone"), "{}", found.sentence);
    }
}
