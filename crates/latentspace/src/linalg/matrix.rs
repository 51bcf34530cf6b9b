//! The dense table: rows by columns of f32, row by row in memory; shared, not copied.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::error::{Error, Result};

/// A dense table of f32, `[rows, cols]`, row-major. A clone shares the numbers; they may also lie in a mapped file.
#[derive(Clone)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    data: Arc<dyn Deref<Target = [f32]> + Send + Sync>,
}

/// A table that somebody else owns, `[rows, cols]`, row-major.
#[derive(Clone, Copy)]
pub struct MatrixView<'a> {
    rows: usize,
    cols: usize,
    data: &'a [f32],
}

impl Matrix {
    /// A table of `rows` x `cols` over `data`.
    ///
    /// # Errors
    /// [`Error::Internal`] if `data` has another length.
    pub fn new(rows: usize, cols: usize, data: Vec<f32>) -> Result<Self> {
        Self::shared(rows, cols, Arc::new(data))
    }

    /// A table over numbers that lie elsewhere, in a mapped file for one.
    ///
    /// # Errors
    /// [`Error::Internal`] if `data` has another length.
    pub fn shared(rows: usize, cols: usize, data: Arc<dyn Deref<Target = [f32]> + Send + Sync>) -> Result<Self> {
        if rows.checked_mul(cols) != Some(data.len()) {
            return Err(Error::internal(format!("{} numbers for a table of {rows} x {cols}", data.len())));
        }
        Ok(Matrix { rows, cols, data })
    }

    /// A table whose cell in row i, column j is `cell(i, j)`.
    pub fn from_fn(rows: usize, cols: usize, cell: impl Fn(usize, usize) -> f32) -> Self {
        let data: Vec<f32> = (0..rows * cols).map(|at| cell(at / cols, at % cols)).collect();
        Matrix { rows, cols, data: Arc::new(data) }
    }

    /// A copy of some rows, in the order named.
    pub fn select(&self, rows: &[u32]) -> Self {
        self.view().select(rows)
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.data[row * self.cols..][..self.cols]
    }

    /// All numbers, row by row.
    pub fn as_slice(&self) -> &[f32] {
        &self.data
    }

    /// The whole as a view.
    pub fn view(&self) -> MatrixView<'_> {
        MatrixView { rows: self.rows, cols: self.cols, data: &self.data }
    }

    /// Some consecutive rows as a view.
    pub fn slice(&self, rows: Range<usize>) -> MatrixView<'_> {
        self.view().slice(rows)
    }
}

impl fmt::Debug for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matrix {} x {}", self.rows, self.cols)
    }
}

impl PartialEq for Matrix {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && self.cols == other.cols && self.as_slice() == other.as_slice()
    }
}

impl<'a> MatrixView<'a> {
    /// A copy of some rows, in the order named.
    pub fn select(&self, rows: &[u32]) -> Matrix {
        let mut data = Vec::with_capacity(rows.len() * self.cols);
        for &row in rows {
            data.extend_from_slice(self.row(row as usize));
        }
        Matrix { rows: rows.len(), cols: self.cols, data: Arc::new(data) }
    }

    /// A table of `rows` x `cols` over `data`.
    ///
    /// # Errors
    /// [`Error::Internal`] if `data` has another length.
    pub fn new(rows: usize, cols: usize, data: &'a [f32]) -> Result<Self> {
        if rows.checked_mul(cols) != Some(data.len()) {
            return Err(Error::internal(format!("{} numbers for a table of {rows} x {cols}", data.len())));
        }
        Ok(MatrixView { rows, cols, data })
    }

    /// Rows.
    pub fn rows(self) -> usize {
        self.rows
    }

    /// Columns.
    pub fn cols(self) -> usize {
        self.cols
    }

    /// One row.
    pub fn row(self, row: usize) -> &'a [f32] {
        &self.data[row * self.cols..][..self.cols]
    }

    /// All numbers, row by row.
    pub fn as_slice(self) -> &'a [f32] {
        self.data
    }

    /// Some consecutive rows.
    pub fn slice(self, rows: Range<usize>) -> MatrixView<'a> {
        MatrixView { rows: rows.len(), cols: self.cols, data: &self.data[rows.start * self.cols..rows.end * self.cols] }
    }

    /// A copy that owns its numbers.
    pub fn to_matrix(self) -> Matrix {
        Matrix { rows: self.rows, cols: self.cols, data: Arc::new(self.data.to_vec()) }
    }
}
