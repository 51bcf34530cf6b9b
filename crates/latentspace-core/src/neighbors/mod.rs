//! Nearest neighbors of each row and of query points, exact or approximate.

mod best;
mod bounded;
mod distance;
mod duplicates;
mod exact;
mod feature_space;
mod given;
mod lists;
mod local;
mod plan;
mod points;
mod ranks;
mod reduce;
mod sample;
mod sparse;
mod table;
mod tree;

pub use crate::linalg::Points;
pub use distance::{distance, lengths};
pub use duplicates::Groups;
pub use feature_space::{FeatureSpace, in_feature_space};
pub(crate) use given::check_distances;
pub use plan::{Plan, plan, plan_sparse};
pub(crate) use ranks::{Far, Ranked, Ranks, Wanted, nearer_first, ranks_bytes};
pub(crate) use sparse::SparseRanks;
pub(crate) use table::{check_cells, check_finite};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::{Agreement, MatrixView};
use crate::run::Run;

/// The distance between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Euclidean distance: the root of the sum of squared differences.
    #[default]
    Euclidean,
    /// Cosine distance: 1 minus the cosine of the angle; 1 if a row is zero.
    Cosine,
    /// Minus the inner product.
    #[serde(rename = "inner_product")]
    InnerProduct,
    /// Manhattan distance: the sum of absolute differences.
    Manhattan,
    /// Hellinger distance of counts or shares: the root of 1 minus the cosine of the angle between the square roots of their cells; 1 if a row is
    /// zero.
    Hellinger,
    /// Hamming distance: the share of unequal cells, for categories or booleans.
    Hamming,
    /// Jaccard distance of the sets of nonzero columns: the share of the union that is not in the intersection; 1 if a set is empty.
    Jaccard,
}

impl Metric {
    /// Whether distances are 0 for equal rows and never negative.
    pub fn is_distance(self) -> bool {
        self != Metric::InnerProduct
    }

    /// The operation that scores sum over columns.
    fn agreement(self) -> Agreement {
        match self {
            Metric::Euclidean | Metric::Cosine | Metric::InnerProduct | Metric::Hellinger => Agreement::Product,
            Metric::Manhattan => Agreement::Difference,
            Metric::Hamming => Agreement::Unequal,
            Metric::Jaccard => Agreement::Overlap,
        }
    }
}

/// The `k` nearest other rows of each of `n` rows, nearest first; equal distances by index.
#[derive(Debug, Clone)]
pub struct Neighbors {
    /// Number of neighbors per row.
    pub k: usize,
    /// `[n, k]`.
    pub indices: Vec<u32>,
    /// `[n, k]`, ascending in each row.
    pub distances: Vec<f32>,
    /// The algorithm, in words.
    pub algorithm: &'static str,
    /// Recall: the share of true neighbors found, measured on a sample; exactly 1 for the exact algorithm.
    pub recall: Measure,
}

impl Neighbors {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.indices.len() / self.k.max(1)
    }

    /// The neighbors of a row and their distances.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = row * self.k..(row + 1) * self.k;
        (&self.indices[range.clone()], &self.distances[range])
    }

    /// The `k` nearest neighbors of each row (all if there are no more).
    #[must_use]
    pub fn nearest(&self, k: usize) -> Self {
        let k = k.min(self.k);
        let indices = (0..self.rows()).flat_map(|row| self.row(row).0[..k].iter().copied()).collect();
        let distances = (0..self.rows()).flat_map(|row| self.row(row).1[..k].iter().copied()).collect();
        Neighbors { k, indices, distances, ..*self }
    }
}

/// The names of the algorithms.
const EXACT: &str = "exact";
const APPROXIMATE: &str = "approximate";

/// The `k` nearest neighbors of each row, by the algorithm with the smaller estimated time; a note reports which.
///
/// # Errors
/// [`Error::Param`] if there are not more than `k` rows; [`Error::Input`] for a cell that is not finite, or negative for the Hellinger
/// /// metric; [`Error::Memory`] if the memory limit is too small; [`Error::Cancelled`].
pub fn neighbors(rows: MatrixView<'_>, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    let plan = plan(rows.rows(), rows.cols(), k, metric, run);
    run.check_memory("finding neighbors", plan.bytes, "fewer rows, or fewer columns: PCA first")?;
    if plan.algorithm == EXACT {
        run.note(format!("neighbors: exact, the {k} nearest of each of {} rows", rows.rows()));
        run.install(|| check(rows, k, rows.rows().saturating_sub(1), metric))?;
        // The search with bounds starts with an approximate search, whose estimated time exceeds that of all pairs.
        return run.install(|| among_distinct(rows, k, metric, |rows, k| exact::search(rows, rows, true, k, metric, run)));
    }
    let found = approximate(rows, k, metric, run)?;
    let Measure { value, low, high, .. } = found.recall;
    run.note(match found.algorithm {
        EXACT => format!("neighbors: exact, the {k} nearest of each of {} rows", rows.rows()),
        other => format!("neighbors: {other}, {value:.4} of the {k} nearest of each row found ({low:.4} to {high:.4}, from a sample)"),
    });
    Ok(found)
}

/// The exact `k` nearest neighbors of each row.
///
/// # Errors
/// See [`neighbors`].
pub fn exact(rows: MatrixView<'_>, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    run.install(|| check(rows, k, rows.rows().saturating_sub(1), metric))?;
    run.install(|| among_distinct(rows, k, metric, |rows, k| bounded::search(rows, k, metric, run)))
}

/// The approximate `k` nearest neighbors of each row, with the recall measured on a sample of rows. If the recall is below 0.9, all pairs are
/// compared instead. Rows in groups so tight that single precision cannot order their distances are compared exactly, each list of near rows
/// from its own center.
///
/// # Errors
/// See [`neighbors`].
pub fn approximate(rows: MatrixView<'_>, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    run.install(|| check(rows, k, rows.rows().saturating_sub(1), metric))?;
    run.install(|| among_distinct(rows, k, metric, |rows, k| lists::search(rows, k, metric, run)))
}

/// The exact `k` nearest rows of each query. The answer for a query is the same alone and in any batch, to the bit.
///
/// # Errors
/// [`Error::Param`] if there are fewer than `k` rows; [`Error::Input`] for a cell that is not finite, or negative for the Hellinger
/// /// metric, or if the columns differ; [`Error::Cancelled`].
pub fn query(rows: MatrixView<'_>, queries: MatrixView<'_>, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    if rows.cols() != queries.cols() {
        return Err(Error::input("data", format!("{} columns", queries.cols()), format!("the rows searched have {}", rows.cols())));
    }
    run.install(|| check(rows, k, rows.rows(), metric))?;
    run.install(|| check_cells("data", queries, metric))?;
    run.install(|| exact::search(rows, queries, false, k, metric, run))
}

/// Searches among the distinct rows, and expands the result to all rows.
fn among_distinct(
    rows: MatrixView<'_>,
    k: usize,
    metric: Metric,
    search: impl FnOnce(MatrixView<'_>, usize) -> Result<Neighbors>,
) -> Result<Neighbors> {
    let Some(groups) = duplicates::Groups::of(rows) else { return search(rows, k) };
    let distinct = groups.distinct(rows)?;
    let found = match k.min(distinct.rows() - 1) {
        0 => Neighbors { k: 0, indices: Vec::new(), distances: Vec::new(), algorithm: EXACT, recall: Measure::exact(1.0, None) },
        k => search(distinct.view(), k)?,
    };
    Ok(groups.spread(rows, &found, k, metric))
}

/// Checks `k` against its maximum, and the cells.
fn check(rows: MatrixView<'_>, k: usize, most: usize, metric: Metric) -> Result<()> {
    if rows.cols() == 0 {
        return Err(Error::input("data", "no columns", "neighbors need at least one"));
    }
    if k == 0 || k > most {
        return Err(Error::param("n_neighbors", k, format!("for {} rows it is 1 to {most}", rows.rows())));
    }
    check_cells("data", rows, metric)
}

#[cfg(test)]
mod tests;
