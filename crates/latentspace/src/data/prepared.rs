//! Prepared rows: numbers, as a method sees them; in memory, or as a stream that can be read again and again.

use crate::data::read::Source;
use crate::data::{Counts, Preparation};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::run::Run;

/// Numbers, as a method sees them.
#[derive(Debug, Clone)]
pub enum Prepared {
    /// A dense table, `[n, d]`, without NaN or infinity.
    Table(Matrix),
    /// Sparse rows.
    Counts(Counts),
}

/// Prepared rows that do not lie in memory. Each pass gives the same blocks.
pub trait Stream: Send + Sync {
    /// Rows in all.
    fn rows(&self) -> usize;
    /// Columns.
    fn cols(&self) -> usize;
    /// A new pass over the rows, in order, in blocks of any size.
    ///
    /// # Errors
    /// What the reader says.
    fn blocks(&self) -> Result<Box<dyn Iterator<Item = Result<Prepared>> + Send + '_>>;
}

/// A source and a preparation: prepared rows of files that may be larger than memory.
pub struct PreparedStream<'a> {
    source: &'a Source,
    preparation: &'a Preparation,
    rows: usize,
    run: Run,
}

impl<'a> PreparedStream<'a> {
    /// The rows of `source` as `preparation` makes them. Rows are counted in one pass where the head of the files does not tell.
    ///
    /// # Errors
    /// What the reader says while it counts.
    pub fn new(source: &'a Source, preparation: &'a Preparation, run: &Run) -> Result<Self> {
        let rows = match source.rows() {
            Some(rows) => rows,
            None => source.blocks(run)?.try_fold(0, |rows, block| Ok::<_, Error>(rows + block?.rows()))?,
        };
        Ok(PreparedStream { source, preparation, rows, run: run.clone() })
    }
}

impl Stream for PreparedStream<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn cols(&self) -> usize {
        self.preparation.prepared_columns()
    }

    fn blocks(&self) -> Result<Box<dyn Iterator<Item = Result<Prepared>> + Send + '_>> {
        let blocks = self.source.blocks(&self.run)?;
        let mut first = 0;
        Ok(Box::new(blocks.map(move |block| {
            let block = block?;
            let prepared = self.preparation.prepare_from(&block, first, &self.run);
            first += block.rows();
            prepared
        })))
    }
}

/// What a method learns from.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    /// All rows, in memory.
    Memory(&'a Prepared),
    /// Rows that come by in blocks.
    Stream(&'a dyn Stream),
}

impl Prepared {
    /// Rows.
    pub fn rows(&self) -> usize {
        match self {
            Prepared::Table(matrix) => matrix.rows(),
            Prepared::Counts(counts) => counts.rows(),
        }
    }

    /// Columns.
    pub fn cols(&self) -> usize {
        match self {
            Prepared::Table(matrix) => matrix.cols(),
            Prepared::Counts(counts) => counts.cols,
        }
    }

    /// The rows as a dense table; sparse rows are filled with their zeros.
    ///
    /// # Errors
    /// [`Error::Internal`] if the sparse rows do not fit their own shape.
    pub fn table(&self) -> Result<Matrix> {
        match self {
            Prepared::Table(matrix) => Ok(matrix.clone()),
            Prepared::Counts(counts) => {
                let mut dense = vec![0.0; counts.rows() * counts.cols];
                for row in 0..counts.rows() {
                    let (columns, values) = counts.row(row);
                    for (&column, &value) in columns.iter().zip(values) {
                        dense[row * counts.cols + column as usize] = value;
                    }
                }
                Matrix::new(counts.rows(), counts.cols, dense)
            }
        }
    }
}

impl Rows<'_> {
    /// Rows.
    pub fn rows(&self) -> usize {
        match self {
            Rows::Memory(prepared) => prepared.rows(),
            Rows::Stream(stream) => stream.rows(),
        }
    }

    /// Columns.
    pub fn cols(&self) -> usize {
        match self {
            Rows::Memory(prepared) => prepared.cols(),
            Rows::Stream(stream) => stream.cols(),
        }
    }

    /// All rows as one dense table, for methods that need them at once.
    ///
    /// # Errors
    /// [`Error::Param`] if the rows come as a stream.
    pub fn table(&self) -> Result<Matrix> {
        match self {
            Rows::Memory(prepared) => prepared.table(),
            Rows::Stream(_) => Err(Error::param("data", "a stream", "this method needs all rows in memory")),
        }
    }
}
