//! Neighbors of rows, dense or sparse.

use super::sparse::Index;
use super::{Metric, Neighbors, check_cells, distance, lengths, neighbors, query, sparse};
use crate::error::{Error, Result};
use crate::linalg::{MatrixView, Points, SparseRows};
use crate::run::Run;

/// See [`Points::lengths`].
pub(crate) enum Lengths<'a> {
    Dense(MatrixView<'a>, Metric),
    Sparse(SparseRows<'a>, Index),
}

impl Lengths<'_> {
    /// Values that order all rows by their distance from a row.
    pub(crate) fn of(&self, row: usize) -> Vec<f64> {
        match self {
            Lengths::Dense(rows, metric) => lengths(rows.row(row), *rows, *metric),
            Lengths::Sparse(rows, index) => index.keys(rows.row(row)),
        }
    }
}

impl<'a> Points<'a> {
    /// The `k` nearest neighbors of each row: see [`neighbors`]. Those of sparse rows are exact.
    ///
    /// # Errors
    /// See [`neighbors`].
    pub fn neighbors(&self, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
        match self {
            Points::Dense(rows) => neighbors(*rows, k, metric, run),
            Points::Sparse(rows) => {
                run.note(format!("neighbors: exact, the {k} nearest of each of {} sparse rows", rows.rows()));
                run.install(|| sparse::search(*rows, *rows, true, k, metric, run))
            }
        }
    }

    /// The `k` nearest of these rows for each query: see [`query`].
    ///
    /// # Errors
    /// See [`query`]; [`Error::Internal`] if one is dense and the other sparse.
    pub fn query(&self, queries: &Points<'_>, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
        match (self, queries) {
            (Points::Dense(rows), Points::Dense(queries)) => query(*rows, *queries, k, metric, run),
            (Points::Sparse(rows), Points::Sparse(queries)) => run.install(|| sparse::search(*rows, *queries, false, k, metric, run)),
            _ => Err(Error::internal("dense rows were asked about sparse ones")),
        }
    }

    /// The cells of a dense row; empty for a sparse one.
    pub fn cells(&self, row: usize) -> &[f32] {
        match self {
            Points::Dense(rows) => rows.row(row),
            Points::Sparse(_) => &[],
        }
    }

    /// Whether a row equals a row of other points.
    pub fn is_same(&self, row: usize, others: &Points<'_>, other: usize) -> bool {
        match (self, others) {
            (Points::Dense(rows), Points::Dense(others)) => rows.row(row) == others.row(other),
            (Points::Sparse(rows), Points::Sparse(others)) => rows.row(row) == others.row(other),
            (Points::Sparse(rows), Points::Dense(others)) => is_filled(rows.row(row), others.row(other)),
            (Points::Dense(rows), Points::Sparse(others)) => is_filled(others.row(other), rows.row(row)),
        }
    }

    /// Prepares the rows for computing all distances of one of them.
    pub(crate) fn lengths(&self, metric: Metric) -> Lengths<'a> {
        match self {
            Points::Dense(rows) => Lengths::Dense(*rows, metric),
            Points::Sparse(rows) => Lengths::Sparse(*rows, Index::new(*rows, metric)),
        }
    }

    /// Refuses cells for which the metric is undefined.
    ///
    /// # Errors
    /// [`Error::Input`] with the row and column.
    pub(crate) fn check(&self, metric: Metric) -> Result<()> {
        match self {
            Points::Dense(rows) => check_cells("data", *rows, metric),
            Points::Sparse(rows) => sparse::check(*rows, metric),
        }
    }

    /// The distance between two of the rows.
    pub fn distance(&self, a: usize, b: usize, metric: Metric) -> f64 {
        match self {
            Points::Dense(rows) => distance(rows.row(a), rows.row(b), metric),
            Points::Sparse(rows) => sparse::distance(rows.row(a), rows.row(b), rows.cols, metric),
        }
    }
}

/// Whether a sparse row has the cells of a dense one.
fn is_filled((columns, values): (&[u32], &[f32]), cells: &[f32]) -> bool {
    let sparse = columns.iter().map(|&column| column as usize).zip(values.iter().copied()).filter(|(_, value)| *value != 0.0);
    sparse.eq(cells.iter().copied().enumerate().filter(|(_, cell)| *cell != 0.0))
}
