//! Stability of a method: what survives another seed, or a resample of the rows.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use super::{Dataset, TrainingRows, plan};
use crate::axes::{Distributions, Recurrence, recurrence};
use crate::data::read::Source;
use crate::data::{Metadata, Precomputed, PrepareOptions, Rows};
use crate::error::{Error, Result, count};
use crate::linalg::Matrix;
use crate::measure::{self, Drawn, Measure, Stability};
use crate::method::{self, AnyMethod};
use crate::neighbors::Metric;
use crate::random::Random;
use crate::run::Run;

/// The default number of seeds, and of resamples.
pub const RUNS: usize = 4;
/// The default number of neighbors per row.
const NEIGHBORS: usize = 15;
/// Minimum share of its top words for an axis to count as stable.
const LOST: f64 = 0.5;

/// The stability test of a method.
pub struct StabilityTest<'a> {
    /// The method.
    pub method: &'a dyn AnyMethod,
    /// The rows.
    pub training: TrainingRows<'a>,
    /// Number of seeds, and of resamples.
    pub runs: usize,
    /// Number of neighbors per row.
    pub k: usize,
}

/// The stability of a map, and of its axes if they are distributions.
#[derive(Debug, Clone)]
pub struct StabilityReport {
    /// The share of neighbors that stay the same, as a whole and per row.
    pub stability: Stability,
    /// The same of axes.
    pub axes: Option<AxesStability>,
    /// Number of rows.
    pub rows: usize,
    /// Number of seeds, and of resamples.
    pub runs: usize,
    /// Number of neighbors per row.
    pub k: usize,
}

/// The stability of axes that are distributions over the columns.
#[derive(Debug, Clone)]
pub struct AxesStability {
    /// What one is called: `topic`.
    pub noun: &'static str,
    /// The name of each, from its most relevant words.
    pub names: Vec<String>,
    /// Across seeds.
    pub seeds: Recurrence,
    /// Across resamples.
    pub bootstrap: Recurrence,
}

/// Measures the stability of a method on files: each of `runs` seeds and of as many resamples is a fit. `k` is the number of neighbors per row: 15 by
/// default, or a third of the rows if that is less. Also returns the metadata of the rows.
///
/// # Errors
/// [`Error::Memory`] if a fit exceeds the run's limit; errors of the reader and the method.
pub fn stability(
    method: &dyn AnyMethod,
    data: &Source,
    options: &PrepareOptions,
    runs: usize,
    k: Option<usize>,
    run: &Run,
) -> Result<(StabilityReport, Metadata)> {
    options.without_missing("a test of stability")?;
    plan::check_fits(method, data, options, run)?;
    let whole = Dataset::new(data.read(run)?, options, method.info().sees, run)?;
    let n = whole.rows.rows();
    let k = k.unwrap_or_else(|| NEIGHBORS.min(n / 3).max(1));
    // Both the rows and their resamples are learned with what the smallest resample allows.
    let smallest = whole.rows.shape().part(fewest(n, runs, run.seed()));
    let adapted = method::adapted(method, smallest, Some(&Rows::memory(&whole.rows)), run);
    let test = StabilityTest { method: adapted.as_deref().unwrap_or(method), training: whole.training(), runs, k };
    let report = test.measure(None, run, |_| {})?;
    Ok((report, whole.metadata))
}

impl StabilityTest<'_> {
    /// Checks the parameters against the number of distinct rows of a resample, before any fit.
    ///
    /// # Errors
    /// Those of the method for this number of rows; [`Error::Param`] if they have fewer than `k` neighbors, or for fewer than two runs.
    pub fn check(&self, seed: u64) -> Result<()> {
        if self.runs < 2 {
            return Err(Error::param("runs", self.runs, "at least 2 are compared"));
        }
        let n = self.training.rows.rows();
        let fewest = fewest(n, self.runs, seed);
        let context = |error: Error| error.with_context(format!("the different ones in a resample of {}", count(n as u64)));
        self.method.check(self.training.shape().part(fewest)).map_err(context)?;
        if self.k >= fewest {
            let (rows, most) = (format!("{} rows", count(fewest as u64)), count(fewest.saturating_sub(1) as u64));
            return Err(context(Error::too_large("k", self.k, None, rows, most)));
        }
        Ok(())
    }

    /// Runs the test. `first` is the map of the run's own seed, if it exists; `tell` is called with the number of maps made, out of
    /// twice the runs.
    ///
    /// # Errors
    /// As [`StabilityTest::check`]; errors of the method; [`Error::Cancelled`].
    pub fn measure(&self, first: Option<Matrix>, run: &Run, tell: impl Fn(usize)) -> Result<StabilityReport> {
        self.check(run.seed())?;
        let (runs, training) = (self.runs as u64, self.training);
        let (mut maps, mut axes, mut metric) = (Vec::from_iter(first), Vec::new(), Metric::default());
        for at in maps.len() as u64..runs {
            tell(maps.len());
            let seeded = run.clone().with_seed(run.seed().wrapping_add(at));
            let made = self.make(training, &seeded)?;
            metric = made.metric;
            maps.push(made.map);
            axes.extend(made.axes);
        }
        let (mut drawn, mut axes_drawn) = (Vec::new(), Vec::new());
        for at in 0..runs {
            tell(maps.len() + drawn.len());
            let rows = draw(training.rows.rows(), run.seed(), at);
            let (some, metadata) = (training.rows.select(&rows), training.metadata.select(&rows)?);
            let made = self.make(TrainingRows { rows: &some, metadata: &metadata, ..training }, run)?;
            drawn.push(Drawn { map: made.map, rows });
            axes_drawn.extend(made.axes);
        }
        tell(maps.len() + drawn.len());
        let stability = measure::stability(&maps, &drawn, self.k, metric, run)?;
        let axes = match axes.split_first() {
            Some((first, others)) if !others.is_empty() => Some(AxesStability {
                noun: self.method.info().can.axes.unwrap_or("axis"),
                names: first.names(training.names),
                seeds: recurrence(first, others, run)?,
                bootstrap: recurrence(first, &axes_drawn, run)?,
            }),
            _ => None,
        };
        Ok(StabilityReport { stability, axes, rows: training.rows.rows(), runs: self.runs, k: self.k })
    }

    fn make(&self, rows: TrainingRows<'_>, run: &Run) -> Result<Made> {
        let fitted = rows.fit(self.method, &Precomputed::default(), run)?;
        let axes = fitted.model.capabilities().axes.map_or(Ok(None), |axes| axes.distributions())?.map(Cow::into_owned);
        let metric = fitted.model.metric();
        Ok(Made { map: fitted.codes.map_or_else(|| fitted.model.encode(rows.rows, run), Ok)?, metric, axes })
    }
}

/// The codes, and the axes if they are distributions.
struct Made {
    map: Matrix,
    metric: Metric,
    axes: Option<Distributions>,
}

impl StabilityReport {
    /// All measures by name.
    pub fn named(&self) -> Vec<(String, Measure)> {
        let mut all: Vec<(String, Measure)> = self.stability.named().map(|(name, measure)| (name.to_owned(), measure)).to_vec();
        if let Some(axes) = &self.axes {
            all.extend(
                [("seeds", axes.seeds.shared), ("bootstrap", axes.bootstrap.shared)]
                    .map(|(of, measure)| (format!("{}s_{of}", axes.noun), measure)),
            );
        }
        all
    }

    /// What the numbers mean.
    pub fn sentences(&self) -> Vec<String> {
        self.stability.sentences().into_iter().chain(self.axes.iter().flat_map(AxesStability::sentences)).collect()
    }
}

/// The measures of the map, and under the plural of what an axis is called those of the axes.
impl Serialize for StabilityReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_map(None)?;
        if let Value::Object(stability) = json!(self.stability) {
            stability.iter().try_for_each(|(name, value)| all.serialize_entry(name, value))?;
        }
        if let Some(axes) = &self.axes {
            all.serialize_entry(&format!("{}s", axes.noun), &axes.json())?;
        }
        all.end()
    }
}

impl AxesStability {
    fn json(&self) -> Value {
        let of =
            |again: &Recurrence, axis: usize| json!({"shared": again.shared_by_axis[axis], "divergence": again.divergence_by_axis[axis]});
        let each = |(axis, name): (usize, &String)| json!({self.noun: axis, "name": name, "seeds": of(&self.seeds, axis), "bootstrap": of(&self.bootstrap, axis)});
        let whole = |again: &Recurrence| json!({"shared": again.shared, "divergence": again.divergence});
        let each: Vec<Value> = self.names.iter().enumerate().map(each).collect();
        json!({"seeds": whole(&self.seeds), "bootstrap": whole(&self.bootstrap), "each": each})
    }

    fn sentences(&self) -> Vec<String> {
        let (noun, of_ten) = (self.noun, |measure: Measure| format!("{:.1}", 10.0 * measure.value));
        let mut out = vec![format!(
            "Of the 10 top words of a {noun}, {} stay the same with another seed, {} on resampled rows ({:.1} expected by chance).",
            of_ten(self.seeds.shared),
            of_ten(self.bootstrap.shared),
            10.0 * self.seeds.shared.null.unwrap_or(0.0)
        )];
        let lost = self.seeds.shared_by_axis.iter().filter(|&&shared| shared < LOST).count();
        if lost > 0 {
            let all = self.names.len();
            out.push(format!("{lost} of {all} {noun}s keep less than half of their top words with another seed: they depend on the seed."));
        }
        out
    }
}

/// The number of distinct rows of the smallest resample.
fn fewest(n: usize, runs: usize, seed: u64) -> usize {
    (0..runs as u64).map(|at| draw(n, seed, at).len()).min().unwrap_or(n)
}

/// A bootstrap resample without duplicates.
fn draw(n: usize, seed: u64, at: u64) -> Vec<u32> {
    let random = Random::new(seed, "bootstrap");
    let mut is_drawn = vec![false; n];
    (0..n as u64).for_each(|item| is_drawn[random.below(at, item, n as u64) as usize] = true);
    (0..n as u32).filter(|&row| is_drawn[row as usize]).collect()
}
