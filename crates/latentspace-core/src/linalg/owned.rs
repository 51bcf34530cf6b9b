//! Rows that own their cells: prepared rows, chunks of a fold, samples of a stream.

use super::{Matrix, Points, SparseMatrix};
use crate::error::Result;

/// Rows that own their cells. Token sequences are sparse rows, too, by the counts of their words, and pictures are dense rows, by their pixels.
#[derive(Debug, Clone)]
pub enum OwnedRows {
    /// A dense table, `[n, d]`.
    Dense(Matrix),
    /// Sparse rows.
    Sparse(SparseMatrix),
    /// Sequences of words.
    Tokens(Tokens),
    /// Pictures of one size.
    Pictures(Pictures),
    /// A dense table in which cells may be missing (NaN), `[n, d]`: only for methods that leave these out.
    Incomplete(Matrix),
}

/// Sequences of words of a vocabulary, one per row.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokens {
    /// Sequence i is `words[starts[i]..starts[i + 1]]`; `[n + 1]`.
    starts: Vec<usize>,
    /// Numbers of words, below the size of the vocabulary.
    words: Vec<u32>,
    /// How often each word is in each sequence, `[n, vocabulary]`.
    counts: SparseMatrix,
}

/// The size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageShape {
    /// Pixels from top to bottom.
    pub height: usize,
    /// Pixels from left to right.
    pub width: usize,
    /// 1 grey, 3 red, green and blue, 4 with opacity.
    pub channels: usize,
}

/// Pictures of one size.
#[derive(Debug, Clone)]
pub struct Pictures {
    /// Their size.
    pub shape: ImageShape,
    /// `[n, height · width · channels]`.
    pub pixels: Matrix,
}

impl ImageShape {
    /// Numbers a picture.
    pub fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether a picture has no pixel.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Tokens {
    /// Sequences of words of a vocabulary of this size.
    pub fn new<'a>(vocabulary: usize, sequences: impl Iterator<Item = &'a [u32]>) -> Self {
        let (mut starts, mut words, mut counts) = (vec![0], Vec::new(), SparseMatrix::none(vocabulary));
        let mut sorted: Vec<u32> = Vec::new();
        for sequence in sequences {
            words.extend_from_slice(sequence);
            starts.push(words.len());
            sorted.clear();
            sorted.extend_from_slice(sequence);
            sorted.sort_unstable();
            for same in sorted.chunk_by(|a, b| a == b) {
                counts.indices.push(same[0]);
                counts.values.push(same.len() as f32);
            }
            counts.starts.push(counts.indices.len());
        }
        Tokens { starts, words, counts }
    }

    /// The words of a row, in order.
    pub fn sequence(&self, row: usize) -> &[u32] {
        &self.words[self.starts[row]..self.starts[row + 1]]
    }

    /// The counts of the words of each row.
    pub fn counts(&self) -> &SparseMatrix {
        &self.counts
    }

    fn select(&self, rows: impl Iterator<Item = usize>) -> Self {
        Self::new(self.counts.cols, rows.map(|row| self.sequence(row)))
    }
}

impl OwnedRows {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.points().rows()
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.points().cols()
    }

    /// The rows, borrowed, dense or sparse.
    pub fn points(&self) -> Points<'_> {
        match self {
            OwnedRows::Dense(matrix) | OwnedRows::Incomplete(matrix) | OwnedRows::Pictures(Pictures { pixels: matrix, .. }) => {
                Points::Dense(matrix.view())
            }
            OwnedRows::Sparse(sparse) | OwnedRows::Tokens(Tokens { counts: sparse, .. }) => Points::Sparse(sparse.view()),
        }
    }

    /// The rows, if they are sparse.
    pub fn sparse(&self) -> Option<&SparseMatrix> {
        match self {
            OwnedRows::Sparse(sparse) | OwnedRows::Tokens(Tokens { counts: sparse, .. }) => Some(sparse),
            OwnedRows::Dense(_) | OwnedRows::Incomplete(_) | OwnedRows::Pictures(_) => None,
        }
    }

    /// The rows, if they are dense.
    pub fn dense(&self) -> Option<&Matrix> {
        match self {
            OwnedRows::Dense(matrix) | OwnedRows::Incomplete(matrix) | OwnedRows::Pictures(Pictures { pixels: matrix, .. }) => Some(matrix),
            OwnedRows::Sparse(_) | OwnedRows::Tokens(_) => None,
        }
    }

    /// The rows with these numbers.
    #[must_use]
    pub fn select(&self, rows: &[u32]) -> Self {
        match self {
            OwnedRows::Dense(matrix) => OwnedRows::Dense(matrix.select(rows)),
            OwnedRows::Incomplete(matrix) => OwnedRows::Incomplete(matrix.select(rows)),
            OwnedRows::Sparse(sparse) => OwnedRows::Sparse(sparse.select(rows)),
            OwnedRows::Tokens(tokens) => OwnedRows::Tokens(tokens.select(rows.iter().map(|&row| row as usize))),
            OwnedRows::Pictures(Pictures { shape, pixels }) => OwnedRows::Pictures(Pictures { shape: *shape, pixels: pixels.select(rows) }),
        }
    }

    /// Without the first rows.
    #[must_use]
    pub fn without_first(self, count: usize) -> Self {
        match self {
            _ if count == 0 => self,
            OwnedRows::Dense(matrix) => OwnedRows::Dense(matrix.slice(count..matrix.rows()).to_matrix()),
            OwnedRows::Incomplete(matrix) => OwnedRows::Incomplete(matrix.slice(count..matrix.rows()).to_matrix()),
            OwnedRows::Sparse(sparse) => OwnedRows::Sparse(sparse.without_first(count)),
            OwnedRows::Tokens(tokens) => OwnedRows::Tokens(tokens.select(count..tokens.counts.rows())),
            OwnedRows::Pictures(Pictures { shape, pixels }) => {
                OwnedRows::Pictures(Pictures { shape, pixels: pixels.slice(count..pixels.rows()).to_matrix() })
            }
        }
    }

    /// The rows as a dense table.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if the sparse rows do not fit their own shape.
    pub fn table(&self) -> Result<Matrix> {
        match self.points() {
            Points::Sparse(sparse) => sparse.to_matrix(),
            Points::Dense(view) => Ok(self.dense().cloned().unwrap_or_else(|| view.to_matrix())),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_sequences_are_sparse_rows_by_their_counts() {
        let sequences: [&[u32]; 4] = [&[2, 0, 2], &[], &[1], &[3, 3, 3, 0]];
        let tokens = OwnedRows::Tokens(Tokens::new(4, sequences.into_iter()));
        assert_eq!((tokens.rows(), tokens.cols()), (4, 4));
        assert_eq!(tokens.sparse().unwrap().row(0), (&[0, 2][..], &[1.0, 2.0][..]));
        let OwnedRows::Tokens(some) = tokens.select(&[3, 0]) else { panic!() };
        assert_eq!((some.sequence(0), some.sequence(1), some.counts().row(0).1), (sequences[3], sequences[0], &[1.0, 3.0][..]));
        let OwnedRows::Tokens(rest) = tokens.without_first(2) else { panic!() };
        assert_eq!((rest.sequence(0), rest.sequence(1)), (sequences[2], sequences[3]));
    }

    #[test]
    fn pictures_are_dense_rows_with_their_shape() {
        let shape = ImageShape { height: 2, width: 3, channels: 1 };
        let pictures = OwnedRows::Pictures(Pictures { shape, pixels: Matrix::from_fn(5, 6, |row, pixel| (row * 6 + pixel) as f32) });
        let OwnedRows::Pictures(some) = pictures.select(&[4]) else { panic!() };
        assert_eq!((some.shape, some.pixels.row(0)[0], pictures.table().unwrap().rows()), (shape, 24.0, 5));
    }
}
