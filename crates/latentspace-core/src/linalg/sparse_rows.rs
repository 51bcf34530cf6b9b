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
    #[inline]
    pub fn rows(self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The nonzero columns of a row, and their values.
    #[inline]
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

/// Sparse rows that own their cells, `[n, cols]`; see [`SparseRows`].
#[derive(Debug, Clone, PartialEq)]
pub struct SparseMatrix {
    /// Number of columns.
    pub cols: usize,
    /// `[n + 1]`.
    pub starts: Vec<usize>,
    /// Columns of the nonzero cells, ascending in each row.
    pub indices: Vec<u32>,
    /// Their values.
    pub values: Vec<f32>,
}

impl SparseMatrix {
    /// No rows.
    pub fn none(cols: usize) -> Self {
        SparseMatrix { cols, starts: vec![0], indices: Vec::new(), values: Vec::new() }
    }

    /// The nonzero cells of a dense table.
    pub fn of(table: &Matrix) -> Self {
        let mut out = SparseMatrix::none(table.cols());
        for row in 0..table.rows() {
            let cells = table.row(row).iter().enumerate().filter(|(_, cell)| **cell != 0.0);
            cells.for_each(|(column, &cell)| {
                out.indices.push(column as u32);
                out.values.push(cell);
            });
            out.starts.push(out.indices.len());
        }
        out
    }

    /// Number of rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The nonzero columns of a row, and their values.
    #[inline]
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        self.view().row(row)
    }

    /// The rows, borrowed.
    pub fn view(&self) -> SparseRows<'_> {
        SparseRows { cols: self.cols, starts: &self.starts, indices: &self.indices, values: &self.values }
    }

    /// Appends rows of the same columns.
    pub fn append(&mut self, rows: SparseRows<'_>) {
        let Some((&first, &last)) = rows.starts.first().zip(rows.starts.last()) else { return };
        let base = self.indices.len();
        self.starts.extend(rows.starts[1..].iter().map(|start| base + start - first));
        self.indices.extend_from_slice(&rows.indices[first..last]);
        self.values.extend_from_slice(&rows.values[first..last]);
    }

    /// The rows with these numbers.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        let mut out = SparseMatrix::none(self.cols);
        for &row in rows {
            let (indices, values) = self.row(row as usize);
            out.indices.extend_from_slice(indices);
            out.values.extend_from_slice(values);
            out.starts.push(out.indices.len());
        }
        out
    }

    /// Without the first rows.
    #[must_use]
    pub fn without_first(self, count: usize) -> Self {
        let cut = self.starts[count];
        SparseMatrix {
            cols: self.cols,
            starts: self.starts[count..].iter().map(|start| start - cut).collect(),
            indices: self.indices[cut..].to_vec(),
            values: self.values[cut..].to_vec(),
        }
    }
}
