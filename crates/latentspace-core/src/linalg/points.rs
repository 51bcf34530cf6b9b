//! Rows, dense or sparse.

use std::ops::Range;

use super::{MatrixView, SparseRows};
use crate::error::Result;

/// Rows, dense or sparse.
#[derive(Clone, Copy)]
pub enum Points<'a> {
    /// Dense rows.
    Dense(MatrixView<'a>),
    /// Sparse rows.
    Sparse(SparseRows<'a>),
}

impl<'a> Points<'a> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Points::Dense(rows) => rows.rows(),
            Points::Sparse(rows) => rows.rows(),
        }
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        match self {
            Points::Dense(rows) => rows.cols(),
            Points::Sparse(rows) => rows.cols,
        }
    }

    /// Some consecutive rows.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Self {
        match self {
            Points::Dense(all) => Points::Dense(all.slice(rows)),
            Points::Sparse(all) => Points::Sparse(all.slice(rows)),
        }
    }

    /// Calls a function with the rows as a dense table; sparse ones are made dense.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if the sparse rows do not fit their own shape.
    pub fn as_table<T>(self, tell: impl FnOnce(MatrixView<'_>) -> T) -> Result<T> {
        match self {
            Points::Dense(rows) => Ok(tell(rows)),
            Points::Sparse(rows) => Ok(tell(rows.to_matrix()?.view())),
        }
    }
}
