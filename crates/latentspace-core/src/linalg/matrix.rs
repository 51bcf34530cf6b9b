//! Dense row-major matrices of f32 with shared ownership.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::error::{Error, Result};

/// A dense matrix of f32, `[rows, cols]`, row-major. A clone shares the numbers; they may be in a memory-mapped file.
#[derive(Clone)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    data: Arc<dyn Deref<Target = [f32]> + Send + Sync>,
}

/// A borrowed matrix, `[rows, cols]`, row-major.
#[derive(Clone, Copy)]
pub struct MatrixView<'a> {
    rows: usize,
    cols: usize,
    data: &'a [f32],
}

impl Matrix {
    /// A matrix of `rows` x `cols` from `data`.
    ///
    /// # Errors
    /// [`Error::Internal`] if `data` has another length.
    pub fn new(rows: usize, cols: usize, data: Vec<f32>) -> Result<Self> {
        Self::shared(rows, cols, Arc::new(data))
    }

    /// A matrix over memory with another owner, such as a mapped file.
    ///
    /// # Errors
    /// [`Error::Internal`] if `data` has another length.
    pub fn shared(rows: usize, cols: usize, data: Arc<dyn Deref<Target = [f32]> + Send + Sync>) -> Result<Self> {
        if rows.checked_mul(cols) != Some(data.len()) {
            return Err(Error::internal(format!("{} numbers for a table of {rows} x {cols}", data.len())));
        }
        Ok(Matrix { rows, cols, data })
    }

    /// A matrix with cell (i, j) = `cell(i, j)`.
    pub fn from_fn(rows: usize, cols: usize, cell: impl Fn(usize, usize) -> f32) -> Self {
        let data: Vec<f32> = (0..rows * cols).map(|at| cell(at / cols, at % cols)).collect();
        Matrix { rows, cols, data: Arc::new(data) }
    }

    /// Tables of the same columns, one below the other.
    ///
    /// # Errors
    /// [`Error::Internal`] if their numbers of columns differ.
    pub fn stacked(tables: &[Matrix]) -> Result<Self> {
        let cells: Vec<f32> = tables.iter().flat_map(Matrix::as_slice).copied().collect();
        Matrix::new(tables.iter().map(Matrix::rows).sum(), tables.first().map_or(0, Matrix::cols), cells)
    }

    /// A copy of some rows, in the given order.
    pub fn select(&self, rows: &[u32]) -> Self {
        self.view().select(rows)
    }

    /// Number of rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[inline]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// One row.
    #[inline]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.data[row * self.cols..][..self.cols]
    }

    /// All numbers, row by row.
    #[inline]
    pub fn as_slice(&self) -> &[f32] {
        &self.data
    }

    /// The whole as a view.
    #[inline]
    pub fn view(&self) -> MatrixView<'_> {
        MatrixView { rows: self.rows, cols: self.cols, data: &self.data }
    }

    /// Some consecutive rows as a view.
    #[inline]
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
    /// A copy of some rows, in the given order.
    pub fn select(&self, rows: &[u32]) -> Matrix {
        let mut data = Vec::with_capacity(rows.len() * self.cols);
        for &row in rows {
            data.extend_from_slice(self.row(row as usize));
        }
        Matrix { rows: rows.len(), cols: self.cols, data: Arc::new(data) }
    }

    /// A matrix of `rows` x `cols` from `data`.
    ///
    /// # Errors
    /// [`Error::Internal`] if `data` has another length.
    pub fn new(rows: usize, cols: usize, data: &'a [f32]) -> Result<Self> {
        if rows.checked_mul(cols) != Some(data.len()) {
            return Err(Error::internal(format!("{} numbers for a table of {rows} x {cols}", data.len())));
        }
        Ok(MatrixView { rows, cols, data })
    }

    /// Number of rows.
    #[inline]
    pub fn rows(self) -> usize {
        self.rows
    }

    /// Number of columns.
    #[inline]
    pub fn cols(self) -> usize {
        self.cols
    }

    /// One row.
    #[inline]
    pub fn row(self, row: usize) -> &'a [f32] {
        &self.data[row * self.cols..][..self.cols]
    }

    /// All numbers, row by row.
    #[inline]
    pub fn as_slice(self) -> &'a [f32] {
        self.data
    }

    /// Some consecutive rows.
    #[inline]
    pub fn slice(self, rows: Range<usize>) -> MatrixView<'a> {
        MatrixView { rows: rows.len(), cols: self.cols, data: &self.data[rows.start * self.cols..rows.end * self.cols] }
    }

    /// A copy that owns its numbers.
    pub fn to_matrix(self) -> Matrix {
        Matrix { rows: self.rows, cols: self.cols, data: Arc::new(self.data.to_vec()) }
    }
}
