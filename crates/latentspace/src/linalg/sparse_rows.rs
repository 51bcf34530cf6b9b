//! Sparse rows in CSR format.

use std::ops::Range;

use super::Matrix;
use crate::error::Result;

/// Sparse rows, `[n, cols]`: the columns `indices[starts[i]..starts[i + 1]]` (ascending) of row i have the corresponding `values`, all others are 0.
#[derive(Debug, Clone, Copy)]
pub struct SparseRows<'a> {
    /// Number of columns.
    pub cols: usize,
    /// `[n + 1]`.
    pub starts: &'a [usize],
    /// Columns of the nonzero cells.
    pub indices: &'a [u32],
    /// Their values.
    pub values: &'a [f32],
}

impl<'a> SparseRows<'a> {
    /// Number of rows.
    pub fn rows(self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The nonzero columns of a row, and their values.
    pub fn row(self, row: usize) -> (&'a [u32], &'a [f32]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Some consecutive rows.
    #[must_use]
    pub fn slice(self, rows: Range<usize>) -> Self {
        SparseRows { starts: &self.starts[rows.start..=rows.end], ..self }
    }

    /// The rows as a dense table.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if the rows do not fit their own shape.
    pub fn to_matrix(self) -> Result<Matrix> {
        let mut dense = vec![0.0; self.rows() * self.cols];
        for row in 0..self.rows() {
            let (columns, values) = self.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                dense[row * self.cols + column as usize] = value;
            }
        }
        Matrix::new(self.rows(), self.cols, dense)
    }
}
