//! Rows that own their cells, dense or sparse: prepared rows, chunks of a fold, samples of a stream.

use super::{Matrix, Points, SparseMatrix};
use crate::error::Result;

/// Rows that own their cells.
#[derive(Debug, Clone)]
pub enum OwnedRows {
    /// A dense table, `[n, d]`.
    Dense(Matrix),
    /// Sparse rows.
    Sparse(SparseMatrix),
}

impl OwnedRows {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            OwnedRows::Dense(matrix) => matrix.rows(),
            OwnedRows::Sparse(sparse) => sparse.rows(),
        }
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        match self {
            OwnedRows::Dense(matrix) => matrix.cols(),
            OwnedRows::Sparse(sparse) => sparse.cols,
        }
    }

    /// The rows, borrowed, as stored.
    pub fn points(&self) -> Points<'_> {
        match self {
            OwnedRows::Dense(matrix) => Points::Dense(matrix.view()),
            OwnedRows::Sparse(sparse) => Points::Sparse(sparse.view()),
        }
    }

    /// The rows with these numbers.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        match self {
            OwnedRows::Dense(matrix) => OwnedRows::Dense(matrix.select(rows)),
            OwnedRows::Sparse(sparse) => OwnedRows::Sparse(sparse.select(rows)),
        }
    }

    /// Without the first rows.
    #[must_use]
    pub fn without_first(self, count: usize) -> Self {
        match self {
            _ if count == 0 => self,
            OwnedRows::Dense(matrix) => OwnedRows::Dense(matrix.slice(count..matrix.rows()).to_matrix()),
            OwnedRows::Sparse(sparse) => OwnedRows::Sparse(sparse.without_first(count)),
        }
    }

    /// The rows as a dense table.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if the sparse rows do not fit their own shape.
    pub fn table(&self) -> Result<Matrix> {
        match self {
            OwnedRows::Dense(matrix) => Ok(matrix.clone()),
            OwnedRows::Sparse(sparse) => sparse.view().to_matrix(),
        }
    }
}

/// Rows that are collected: dense or sparse, like the first ones.
pub(crate) struct Collected {
    rows: usize,
    cols: usize,
    cells: Cells,
}

enum Cells {
    Dense(Vec<f32>),
    Sparse(SparseMatrix),
}

impl Collected {
    /// No rows yet, in the form of these; there is room for `room` dense ones.
    pub(crate) fn like(rows: &Points<'_>, room: usize) -> Self {
        let cols = rows.cols();
        let cells = match rows {
            Points::Dense(_) => Cells::Dense(Vec::with_capacity(room * cols)),
            Points::Sparse(_) => Cells::Sparse(SparseMatrix::none(cols)),
        };
        Collected { rows: 0, cols, cells }
    }

    /// Adds rows at the end.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if sparse rows do not fit their own shape.
    pub(crate) fn push(&mut self, rows: Points<'_>) -> Result<()> {
        self.rows += rows.rows();
        match (&mut self.cells, rows) {
            (Cells::Dense(cells), rows) => rows.as_table(|table| cells.extend_from_slice(table.as_slice()))?,
            (Cells::Sparse(sparse), Points::Sparse(rows)) => sparse.append(rows),
            (Cells::Sparse(sparse), Points::Dense(rows)) => sparse.append(SparseMatrix::of(&rows.to_matrix()).view()),
        }
        Ok(())
    }

    /// All rows.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if rows had different numbers of columns.
    pub(crate) fn rows(self) -> Result<OwnedRows> {
        Ok(match self.cells {
            Cells::Dense(cells) => OwnedRows::Dense(Matrix::new(self.rows, self.cols, cells)?),
            Cells::Sparse(sparse) => OwnedRows::Sparse(sparse),
        })
    }
}
