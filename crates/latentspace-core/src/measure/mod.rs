//! Measures of a space or map: trustworthiness, continuity, recall, distance correlation; probes for labels and numbers; departures of
//! rows from what a space reproduces; comparison and stability.

mod canonical;
mod compare;
mod groups;
mod pairs;
mod plan;
mod plane;
mod probe;
mod regression;
mod scan;
mod sentences;
mod stability;
mod stream;
mod structure;
mod variance;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::interval::Measure;
pub use compare::{CompareOptions, Comparison, compare};
pub use groups::{Fault, Finding, Group, Groups, NO_GROUP, Split, groups};
pub use pairs::rank_correlation;
pub use plan::{measure_bytes, measure_stream_bytes};
pub use plane::{Planes, share};
pub use probe::{Probe, ProbeOptions, probe};
pub use regression::{NumberProbe, probe_numbers};
pub use scan::{Departure, auc, scan, with_misfit};
pub use sentences::{Kind, Sentence, interpret, sentences, verdict};
pub use stability::{Drawn, Stability, stability};
pub use stream::{Passes, measure_stream};
pub use variance::{VarianceShares, variance_shares};

use crate::error::{Error, Result, count};
use crate::linalg::MatrixView;
use crate::neighbors::{Metric, Neighbors, Points, check_finite};
use crate::run::Run;

/// The rows whose neighborhoods are measured. Their neighbors are always searched among all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sample {
    /// All rows up to a limit, else a sample.
    #[default]
    Auto,
    /// All rows.
    All,
    /// A sample of this size, chosen by the run's seed; all if there are no more.
    Rows(usize),
}

/// Options of measuring a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasureOptions {
    /// Number of neighbors per row, k. It must be less than half of the rows.
    pub k: usize,
    /// The sampled rows.
    pub sample: Sample,
    /// The metric of the observations. In the map it is always the Euclidean distance.
    pub metric: Metric,
}

impl Default for MeasureOptions {
    fn default() -> Self {
        MeasureOptions { k: 15, sample: Sample::Auto, metric: Metric::Euclidean }
    }
}

/// The measures of a map against its data.
#[derive(Debug, Clone, Serialize)]
pub struct Measures {
    /// Trustworthiness: whether neighbors in the map are near in the data; 1 minus a penalty for false neighbors by their rank in the data.
    /// Source: Venna and Kaski 2001, doi:10.1007/3-540-44668-0_68.
    pub trustworthiness: Measure,
    /// Continuity: whether neighbors in the data are near in the map; the same with map and data exchanged.
    pub continuity: Measure,
    /// Recall: the share of the k nearest neighbors in the data that are among the k nearest in the map.
    pub recall: Measure,
    /// Spearman's rank correlation of the distances of pairs of rows.
    pub distance_correlation: Measure,
    /// Number of neighbors per row.
    #[serde(skip)]
    pub k: usize,
    /// The same for each sampled row.
    #[serde(skip)]
    pub per_row: PerRow,
    /// The recall of every row, `[n]`; empty if the neighbors of all rows in the data were not given.
    #[serde(skip)]
    pub row_recall: Vec<f32>,
}

/// The names of the measures of a map.
pub const NAMES: [&str; 4] = ["trustworthiness", "continuity", "recall", "distance_correlation"];

impl Measures {
    /// All measures by name.
    pub fn named(&self) -> Vec<(&'static str, Measure)> {
        let values = [self.trustworthiness, self.continuity, self.recall, self.distance_correlation];
        NAMES.into_iter().zip(values).collect()
    }

    /// From what the measures of a map of `n` rows were estimated, by name: `1,000 rows`, or `20,000 pairs`. Those that were computed
    /// from all rows are absent: they are exact.
    pub fn estimated(&self, n: usize) -> BTreeMap<String, String> {
        let asked = self.per_row.rows.len();
        let of = |name: &&str| match *name {
            "distance_correlation" => pairs::is_sampled(n).then(|| format!("{} pairs", count(pairs::SAMPLED as u64))),
            _ => (asked < n).then(|| format!("{} rows", count(asked as u64))),
        };
        NAMES.iter().filter_map(|name| Some(((*name).to_owned(), of(name)?))).collect()
    }
}

/// The measures of single rows; their means are the measures of the map.
#[derive(Debug, Clone, Default)]
pub struct PerRow {
    /// The sampled rows, ascending.
    pub rows: Vec<u32>,
    /// The trustworthiness of each of these.
    pub trustworthiness: Vec<f32>,
    /// The continuity of each of these.
    pub continuity: Vec<f32>,
    /// The recall of each of these.
    pub recall: Vec<f32>,
}

/// Measures a map, `[n, k]`, against its observations, `[n, d]`.
///
/// # Errors
/// [`Error::Input`] if the rows differ in number or a cell is not finite; [`Error::Param`] if k is not less than half of the rows;
/// [`Error::Cancelled`].
pub fn measure(map: MatrixView<'_>, against: MatrixView<'_>, options: &MeasureOptions, run: &Run) -> Result<Measures> {
    measure_points(map, &Points::Dense(against), options, run)
}

/// As [`measure`], for observations that may be sparse.
///
/// # Errors
/// As [`measure`].
pub fn measure_points(map: MatrixView<'_>, against: &Points<'_>, options: &MeasureOptions, run: &Run) -> Result<Measures> {
    run.install(|| check(map, against, options))?;
    run.install(|| structure::measure(map, against, None, options, run))
}

/// As [`measure`], with known neighbors of all rows in the data (at least k per row). Also gives the recall of every
/// row.
///
/// # Errors
/// As [`measure`]; [`Error::Param`] if there are fewer than k neighbors.
pub fn measure_with(
    map: MatrixView<'_>,
    against: &Points<'_>,
    neighbors: &Neighbors,
    options: &MeasureOptions,
    run: &Run,
) -> Result<Measures> {
    run.install(|| check(map, against, options))?;
    if neighbors.k < options.k || neighbors.rows() != map.rows() {
        let wanted = format!("{} neighbors of each of {} rows are known", neighbors.k, neighbors.rows());
        return Err(Error::param("k", options.k, wanted));
    }
    run.install(|| structure::measure(map, against, Some(neighbors), options, run))
}

/// The mean over sampled rows of `n` with its 95 % confidence interval (normal, with finite population correction).
fn summary(values: &[f64], n: usize, null: f64) -> Measure {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() >= n || values.len() < 2 {
        return Measure::exact(mean, Some(null));
    }
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = 1.96 * (variance / count * (1.0 - count / n as f64)).sqrt();
    Measure { value: mean, low: (mean - half).max(0.0), high: (mean + half).min(1.0), null: Some(null) }
}

fn check(map: MatrixView<'_>, against: &Points<'_>, options: &MeasureOptions) -> Result<()> {
    check_finite("codes", map)?;
    against.check(options.metric)?;
    if map.rows() != against.rows() {
        let wanted = format!("the observations have {}", against.rows());
        return Err(Error::input("codes", format!("{} rows", map.rows()), wanted));
    }
    // From half of the rows on, the largest penalty of the measure is not 1.
    let most = map.rows().saturating_sub(1) / 2;
    if options.k == 0 || options.k > most {
        let wanted = format!("for {} rows it is 1 to {most}: neighbors must be fewer than half of the rows", map.rows());
        return Err(Error::param("k", options.k, wanted));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
