//! Prepared rows: numbers as methods see them, in memory or as a stream that can be read repeatedly.

use std::sync::Arc;

use crate::data::read::{Source, stream_rows};
use crate::data::{Category, Precomputed, Preparation, Start};
use crate::error::{Error, Result, count};
use crate::linalg::{Matrix, OwnedRows, Points};
use crate::neighbors::Neighbors;
use crate::run::Run;

/// The shape of prepared rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// For counts: the number of nonzero cells, if known.
    pub cells: Option<usize>,
    /// Whether the rows are counts, which are sparse.
    pub are_counts: bool,
    /// Whether cells may be missing (NaN).
    pub incomplete: bool,
}

impl Shape {
    /// The shape of a dense table.
    pub fn new(rows: usize, cols: usize) -> Self {
        Shape { rows, cols, cells: None, are_counts: false, incomplete: false }
    }

    /// The shape of counts, with the number of nonzero cells, if known.
    pub fn of_counts(rows: usize, cols: usize, cells: Option<usize>) -> Self {
        Shape { rows, cols, cells, are_counts: true, incomplete: false }
    }

    /// The shape of a subset of the rows.
    #[must_use]
    pub fn part(self, rows: usize) -> Self {
        let cells = self.cells.map(|cells| (cells as f64 * rows as f64 / self.rows.max(1) as f64) as usize);
        Shape { rows, cells, ..self }
    }

    /// Whether rows of this shape are kept sparse, for methods that can.
    pub fn is_sparse(self) -> bool {
        self.cells.is_some_and(|cells| SPARSE * cells <= self.rows * self.cols)
    }

    /// Bytes of the rows in memory.
    pub fn lying_bytes(self) -> u64 {
        match self.cells {
            Some(cells) => 8 * (cells + self.rows) as u64,
            None => self.bytes(),
        }
    }

    /// Bytes of the rows of [`OwnedRows::kept`].
    pub fn bytes(self) -> u64 {
        match self.cells.filter(|_| self.is_sparse()) {
            Some(cells) => 8 * (cells + self.rows) as u64,
            None => 4 * self.rows as u64 * self.cols as u64,
        }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows of {} columns", count(self.rows as u64), count(self.cols as u64))
    }
}

/// Counts are kept sparse if at most one cell in this many is nonzero: then distances from the common nonzero columns are faster than from all
/// cells.
const SPARSE: usize = 20;

/// Prepared rows that are not in memory. Each pass gives the same blocks.
pub trait Stream: Send + Sync {
    /// Total number of rows.
    fn rows(&self) -> usize;
    /// Number of columns.
    fn cols(&self) -> usize;
    /// The names of columns, such as words, if known.
    fn names(&self) -> Option<&[String]> {
        None
    }
    /// Whether the rows are counts, which are sparse.
    fn are_counts(&self) -> bool {
        false
    }
    /// Whether cells may be missing (NaN).
    fn is_incomplete(&self) -> bool {
        false
    }
    /// A new pass over the rows from `first` on, in order, in blocks of any size.
    ///
    /// # Errors
    /// Errors of the reader.
    fn blocks_from(&self, first: usize) -> Result<Box<dyn Iterator<Item = Result<OwnedRows>> + Send + '_>>;

    /// A new pass over all rows.
    ///
    /// # Errors
    /// Errors of the reader.
    fn blocks(&self) -> Result<Box<dyn Iterator<Item = Result<OwnedRows>> + Send + '_>> {
        self.blocks_from(0)
    }
}

/// A source and a preparation: prepared rows of files that may be larger than memory.
pub struct PreparedStream<'a> {
    source: &'a Source,
    preparation: &'a Preparation,
    rows: usize,
    run: Run,
}

impl<'a> PreparedStream<'a> {
    /// The rows of `source`, prepared. Counts the rows in one pass if the headers of the files do not contain their number.
    ///
    /// # Errors
    /// Errors of the reader during counting.
    pub fn new(source: &'a Source, preparation: &'a Preparation, run: &Run) -> Result<Self> {
        Ok(Self::counted(source, preparation, source.count(run)?, run))
    }

    /// The same for a known number of rows, which is checked while they are streamed.
    pub fn counted(source: &'a Source, preparation: &'a Preparation, rows: usize, run: &Run) -> Self {
        PreparedStream { source, preparation, rows, run: run.clone() }
    }
}

impl Stream for PreparedStream<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn cols(&self) -> usize {
        self.preparation.prepared_columns()
    }

    fn names(&self) -> Option<&[String]> {
        self.preparation.names.as_deref()
    }

    fn are_counts(&self) -> bool {
        self.preparation.makes_counts()
    }

    fn is_incomplete(&self) -> bool {
        self.preparation.keeps_missing()
    }

    fn blocks_from(&self, first: usize) -> Result<Box<dyn Iterator<Item = Result<OwnedRows>> + Send + '_>> {
        let (mut at, blocks) = self.source.blocks_around(first, &self.run)?;
        Ok(Box::new(
            blocks
                .filter_map(move |block| {
                    let block = match block {
                        Ok(block) => block,
                        Err(error) => return Some(Err(error)),
                    };
                    let begins = at;
                    at += block.rows();
                    if at > self.rows {
                        let wanted = format!("there were {} when they were counted", self.rows);
                        return Some(Err(Error::input(self.source.name(), "more rows than before", wanted)));
                    }
                    if at <= first && block.rows() > 0 {
                        return None;
                    }
                    let prepared = self.preparation.prepare_from(&block, begins, &self.run);
                    Some(prepared.map(|prepared| prepared.without_first(first.saturating_sub(begins))))
                })
                .flat_map(|block| match block {
                    Ok(prepared) => prepared.in_parts().map(Ok).collect(),
                    Err(error) => vec![Err(error)],
                }),
        ))
    }
}

/// The rows that a method learns from, with what is given beside them.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The rows.
    pub source: RowSource<'a>,
    /// The names of their columns, such as words, if known.
    names: Option<&'a [String]>,
    given: Option<&'a Precomputed>,
}

/// Where rows are.
#[derive(Clone, Copy)]
pub enum RowSource<'a> {
    /// In memory.
    Memory(&'a OwnedRows),
    /// In files: read block by block in each pass.
    Stream(&'a dyn Stream),
}

impl OwnedRows {
    /// Numbers of rows, columns and nonzero cells.
    pub fn shape(&self) -> Shape {
        match self.sparse() {
            None => Shape { incomplete: matches!(self, OwnedRows::Incomplete(_)), ..Shape::new(self.rows(), self.cols()) },
            Some(sparse) => Shape::of_counts(sparse.rows(), sparse.cols, Some(sparse.values.len())),
        }
    }

    /// The rows for methods that can use sparse ones: dense, unless few cells are nonzero.
    ///
    /// # Errors
    /// As [`OwnedRows::table`].
    pub fn kept(&self) -> Result<Self> {
        match self.sparse() {
            Some(sparse) if self.shape().is_sparse() => Ok(OwnedRows::Sparse(sparse.clone())),
            _ if matches!(self, OwnedRows::Incomplete(_)) => Ok(self.clone()),
            _ => self.table().map(OwnedRows::Dense),
        }
    }

    /// The same rows in parts that are small enough to be made dense: a block of text holds many documents, each with all words as columns.
    fn in_parts(self) -> impl Iterator<Item = Self> {
        let most = stream_rows(self.cols());
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let whole = rest.take()?;
            if whole.dense().is_some() || whole.rows() <= most {
                return Some(whole);
            }
            let part = whole.select(&(0..most as u32).collect::<Vec<u32>>());
            rest = Some(whole.without_first(most));
            Some(part)
        })
    }

    /// A hash of the rows; of token sequences, of their words in order.
    fn digest(&self) -> u64 {
        match self {
            OwnedRows::Tokens(tokens) => {
                let sequence = |row: usize| tokens.sequence(row).iter().copied().chain([u32::MAX]);
                digest((0..self.rows()).flat_map(sequence))
            }
            _ => match self.points() {
                Points::Dense(matrix) => digest(matrix.as_slice().iter().map(|value| value.to_bits())),
                Points::Sparse(sparse) => {
                    let cells = (0..sparse.rows()).flat_map(|at| sparse.row(at).0.iter().zip(sparse.row(at).1));
                    digest(cells.flat_map(|(&column, value)| [column, value.to_bits()]))
                }
            },
        }
    }
}

impl<'a> Rows<'a> {
    /// Rows in memory.
    pub fn memory(rows: &'a OwnedRows) -> Self {
        Rows { source: RowSource::Memory(rows), names: None, given: None }
    }

    /// Streamed rows.
    pub fn stream(stream: &'a dyn Stream) -> Self {
        Rows { source: RowSource::Stream(stream), names: stream.names(), given: None }
    }

    /// The same rows, with names of their columns.
    #[must_use]
    pub fn named(self, names: Option<&'a [String]>) -> Self {
        Rows { names: names.or(self.names), ..self }
    }

    /// The same rows, with precomputed inputs.
    ///
    /// # Errors
    /// [`Error::Input`] if these have another number of rows; [`Error::Param`] if the rows are streamed.
    pub fn with(self, given: &'a Precomputed) -> Result<Self> {
        if given.is_empty() {
            return Ok(self);
        }
        given.check(self.rows())?;
        match self.source {
            RowSource::Memory(_) => Ok(Rows { given: Some(given), ..self }),
            RowSource::Stream(_) => {
                Err(Error::param("data", "a stream", "labels, weights, errors, neighbors and starting positions need rows in memory"))
            }
        }
    }

    /// The precomputed inputs, if any.
    pub fn given(&self) -> Option<&'a Precomputed> {
        self.given
    }

    /// The label of each row, if they are learned from.
    pub fn labels(&self) -> Option<&'a Category> {
        self.given?.labels.as_ref()
    }

    /// Precomputed nearest neighbors, if given.
    pub fn neighbors(&self) -> Option<&'a Neighbors> {
        self.given?.neighbors.as_ref()
    }

    /// Precomputed distances of all pairs, if given.
    pub fn distances(&self) -> Option<&'a Matrix> {
        self.given?.distances.as_ref()
    }

    /// How often each row counts, if given.
    pub fn weights(&self) -> Option<&'a Arc<[f32]>> {
        self.given?.weights.as_ref()
    }

    /// The standard error of each cell, `[n, d]`, if given: in the unit of the rows.
    pub fn errors(&self) -> Option<&'a Arc<Matrix>> {
        self.given?.errors.as_ref().map(|errors| &errors.deviations)
    }

    /// Starting positions, if given.
    pub fn start(&self) -> Option<&'a Start> {
        self.given?.start.as_ref()
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        match self.source {
            RowSource::Memory(rows) => rows.rows(),
            RowSource::Stream(stream) => stream.rows(),
        }
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        match self.source {
            RowSource::Memory(rows) => rows.cols(),
            RowSource::Stream(stream) => stream.cols(),
        }
    }

    /// The names of columns, such as words, if known.
    pub fn names(&self) -> Option<&'a [String]> {
        self.names
    }

    /// Numbers of rows, columns and nonzero cells.
    pub fn shape(&self) -> Shape {
        match self.source {
            RowSource::Memory(rows) => rows.shape(),
            RowSource::Stream(stream) => {
                Shape { are_counts: stream.are_counts(), incomplete: stream.is_incomplete(), ..Shape::new(stream.rows(), stream.cols()) }
            }
        }
    }

    /// A hash of all rows in memory, or of the first block of a stream. Costs a pass over them.
    ///
    /// # Errors
    /// Errors of the stream's reader.
    pub fn digest(&self) -> Result<u64> {
        let given = self.given.map_or(0, |given| digest(given.words()).rotate_left(1));
        match self.source {
            RowSource::Memory(rows) => Ok(rows.digest() ^ given),
            RowSource::Stream(stream) => stream.blocks()?.next().map_or(Ok(0), |block| Ok(block?.digest())),
        }
    }

    /// All rows in memory.
    ///
    /// # Errors
    /// [`Error::Param`] if the rows are streamed.
    pub fn prepared(&self) -> Result<&'a OwnedRows> {
        match self.source {
            RowSource::Memory(rows) => Ok(rows),
            RowSource::Stream(_) => Err(Error::param("data", "a stream", "this method needs all rows in memory")),
        }
    }

    /// All rows as [`OwnedRows::kept`], for methods that need them at once.
    ///
    /// # Errors
    /// [`Error::Param`] if the rows are streamed.
    pub fn kept(&self) -> Result<OwnedRows> {
        self.prepared()?.kept()
    }

    /// All rows as one dense table, for methods that need them at once.
    ///
    /// # Errors
    /// [`Error::Param`] if the rows are streamed.
    pub fn table(&self) -> Result<Matrix> {
        self.prepared()?.table()
    }
}

/// FNV-1a hash of words instead of bytes, in four lanes, so that it is limited by memory bandwidth.
fn digest(words: impl Iterator<Item = u32>) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let mut lanes = [0xcbf2_9ce4_8422_2325_u64, 1, 2, 3];
    words.enumerate().for_each(|(at, word)| lanes[at % 4] = (lanes[at % 4] ^ u64::from(word)).wrapping_mul(PRIME));
    lanes.into_iter().fold(0, |all, lane| (all ^ lane).wrapping_mul(PRIME).rotate_left(23))
}
