//! How far to trust a space or a map.

mod compare;
mod groups;
mod pairs;
mod plan;
mod sentences;
mod stability;
mod stream;
mod structure;

use serde::{Deserialize, Serialize};

pub use crate::interval::Measure;
pub use compare::{CompareOptions, Comparison, compare};
pub use groups::{Group, Groups, NO_GROUP, Torn, groups};
pub use pairs::rank_correlation;
pub use plan::{measure_bytes, measure_stream_bytes};
pub use sentences::sentences;
pub use stability::{Drawn, Stability, stability};
pub use stream::{Passes, measure_stream};

use crate::error::{Error, Result};
use crate::linalg::MatrixView;
use crate::neighbors::{Metric, Neighbors, Points, check_finite};
use crate::run::Run;

/// Which rows are asked about. Their neighbors are always sought among all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sample {
    /// All rows where there are few, a sample where there are many.
    #[default]
    Auto,
    /// All rows.
    All,
    /// So many rows, chosen by the run's seed; all if there are no more.
    Rows(usize),
}

/// How to measure a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasureOptions {
    /// Neighbors a row. It must be less than half of the rows.
    pub k: usize,
    /// Which rows are asked about.
    pub sample: Sample,
    /// How far two observations lie apart. In the map it is always the Euclidean distance.
    pub metric: Metric,
}

impl Default for MeasureOptions {
    fn default() -> Self {
        MeasureOptions { k: 15, sample: Sample::Auto, metric: Metric::Euclidean }
    }
}

/// How well a map keeps what is near near, and what is far far.
#[derive(Debug, Clone, Serialize)]
pub struct Measures {
    /// Whether neighbors in the map are near in the data: 1 minus a penalty for intruders by how far they come from.
    /// Source: Venna and Kaski 2001, doi:10.1007/3-540-44668-0_68.
    pub trustworthiness: Measure,
    /// Whether neighbors in the data are near in the map: the same with map and data exchanged.
    pub continuity: Measure,
    /// The share of the k nearest in the data that are among the k nearest in the map.
    pub recall: Measure,
    /// Spearman's rank correlation of the distances of pairs of rows.
    pub distance_correlation: Measure,
    /// Neighbors a row.
    #[serde(skip)]
    pub k: usize,
    /// The same for each row that was asked about.
    #[serde(skip)]
    pub per_row: PerRow,
    /// The recall of every row, `[n]`; empty if the data's neighbors of all rows were not known.
    #[serde(skip)]
    pub row_recall: Vec<f32>,
}

/// The names of the measures of a map.
pub const NAMES: [&str; 4] = ["trustworthiness", "continuity", "recall", "distance_correlation"];

impl Measures {
    /// All of them by name.
    pub fn named(&self) -> Vec<(&'static str, Measure)> {
        let values = [self.trustworthiness, self.continuity, self.recall, self.distance_correlation];
        NAMES.into_iter().zip(values).collect()
    }
}

/// The measures of single rows; each mean is the measure of the whole.
#[derive(Debug, Clone, Default)]
pub struct PerRow {
    /// The rows that were asked about, ascending.
    pub rows: Vec<u32>,
    /// The trustworthiness of each of these.
    pub trustworthiness: Vec<f32>,
    /// The continuity of each of these.
    pub continuity: Vec<f32>,
    /// The recall of each of these.
    pub recall: Vec<f32>,
}

/// Measures a map, `[n, k]`, against the observations that it was made from, `[n, d]`.
///
/// # Errors
/// [`Error::Input`] if the rows differ in number or a cell is no finite number; [`Error::Param`] if k is not less than half of the rows;
/// [`Error::Cancelled`].
pub fn measure(map: MatrixView<'_>, against: MatrixView<'_>, options: &MeasureOptions, run: &Run) -> Result<Measures> {
    measure_points(map, &Points::Dense(against), options, run)
}

/// As [`measure`], of observations that may be sparse.
///
/// # Errors
/// As [`measure`].
pub fn measure_points(map: MatrixView<'_>, against: &Points<'_>, options: &MeasureOptions, run: &Run) -> Result<Measures> {
    run.install(|| check(map, against, options))?;
    run.install(|| structure::measure(map, against, None, options, run))
}

/// As [`measure`], with neighbors of all rows among the observations that are known already (at least k a row). Tells the recall of every
/// row, too.
///
/// # Errors
/// As [`measure`]; [`Error::Param`] if there are fewer neighbors than asked about.
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

/// The mean over sampled rows of `n` with its 95 % interval (normal; drawn without replacement).
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
    // At half of the rows and above, the measure's largest penalty is no longer 1.
    let most = map.rows().saturating_sub(1) / 2;
    if options.k == 0 || options.k > most {
        let wanted = format!("for {} rows it is 1 to {most}: neighbors must be fewer than half of the rows", map.rows());
        return Err(Error::param("k", options.k, wanted));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
