//! Sparse rows in memory, sorted and checked, for all sparse formats.

use std::sync::Arc;

use super::bytes::File;
use super::{Ask, Blocks, Reader};
use crate::data::{Counts, DataKind, Metadata, Observations, Values};
use crate::error::Result;
use crate::linalg::SparseMatrix;
use crate::run::Run;

/// Number of rows that is allowed for any file, 8 bytes each; more need as many bytes in the file.
const ALWAYS_ROWS: u64 = 1 << 18;
/// Number of columns that is allowed for any file: those without cells cost nothing here, and methods with memory per column check it
/// before they start. Feature hashing commonly uses 2^20.
const ALWAYS_COLUMNS: u64 = 1 << 20;

/// Refuses more rows than the file can contain.
///
/// # Errors
/// [`crate::Error::Input`].
pub(super) fn check_rows(file: &File, what: &str, length: u64, bytes: usize) -> Result<usize> {
    check_axis(file, what, length, bytes, ALWAYS_ROWS)
}

/// Refuses more columns than the file or the space can have.
///
/// # Errors
/// [`crate::Error::Input`].
pub(super) fn check_columns(file: &File, ask: &Ask<'_>, what: &str, length: u64, bytes: usize) -> Result<usize> {
    let known = ask.options.preparation.as_ref().map_or(0, |preparation| preparation.columns as u64);
    check_axis(file, what, length, bytes, ALWAYS_COLUMNS.max(known))
}

fn check_axis(file: &File, what: &str, length: u64, bytes: usize, always: u64) -> Result<usize> {
    if length > always.max(bytes as u64) || length > u64::from(u32::MAX) {
        return Err(file.wrong(format!("it promises {length} {what} in {bytes} bytes"), "the file is cut short or its header is wrong"));
    }
    Ok(length as usize)
}

/// Rows of `(column, value)` from cells in any order; duplicate cells are added. An explicit 0 is kept, as it may be a
/// distance.
pub(super) fn counts(rows: usize, cols: usize, cells: Vec<(u32, u32, f32)>) -> Counts {
    let mut starts = vec![0_usize; rows + 1];
    for &(row, _, _) in &cells {
        starts[row as usize + 1] += 1;
    }
    for row in 0..rows {
        starts[row + 1] += starts[row];
    }
    let mut places = starts.clone();
    let mut sorted = vec![(0_u32, 0.0_f32); cells.len()];
    for (row, column, value) in cells {
        let place = &mut places[row as usize];
        sorted[*place] = (column, value);
        *place += 1;
    }
    drop(places);
    let mut out = SparseMatrix { cols, starts: Vec::with_capacity(rows + 1), indices: Vec::new(), values: Vec::new() };
    out.starts.push(0);
    for row in 0..rows {
        let cells = &mut sorted[starts[row]..starts[row + 1]];
        if !cells.is_sorted_by_key(|(column, _)| *column) {
            cells.sort_by_key(|(column, _)| *column);
        }
        for same in cells.chunk_by(|one, next| one.0 == next.0) {
            out.indices.push(same[0].0);
            out.values.push(same[1..].iter().fold(same[0].1, |sum, cell| sum + cell.1));
        }
        out.starts.push(out.indices.len());
    }
    out.into()
}

/// The transpose, without names.
pub(super) fn transposed(counts: &Counts) -> Counts {
    let mut starts = vec![0_usize; counts.cols + 1];
    counts.indices.iter().for_each(|&column| starts[column as usize + 1] += 1);
    for column in 0..counts.cols {
        starts[column + 1] += starts[column];
    }
    let mut places = starts.clone();
    let (mut indices, mut values) = (vec![0_u32; counts.indices.len()], vec![0.0_f32; counts.values.len()]);
    for row in 0..counts.rows() {
        let cells = counts.row(row);
        for (&column, &value) in cells.0.iter().zip(cells.1) {
            let place = &mut places[column as usize];
            (indices[*place], values[*place]) = (row as u32, value);
            *place += 1;
        }
    }
    SparseMatrix { cols: counts.rows(), starts, indices, values }.into()
}

/// The range of column numbers in files that do not define the first column number and the number of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) struct Numbering {
    /// Whether there is a cell in column 0.
    pub(super) has_zero: bool,
    /// The largest column number.
    pub(super) most: u32,
}

impl Numbering {
    /// The common numbering of several files.
    pub(super) fn join(self, other: Self) -> Self {
        Numbering { has_zero: self.has_zero || other.has_zero, most: self.most.max(other.most) }
    }

    /// The number of the first column: 1, unless there is a column 0.
    pub(super) fn base(self) -> u32 {
        u32::from(!self.has_zero)
    }

    /// The conclusion, in a sentence.
    pub(super) fn told(self, name: &str) -> String {
        match self.base() {
            0 => format!("{name}: columns count from 0: there is a column 0"),
            _ => format!("{name}: columns count from 1: there is no column 0"),
        }
    }
}

/// Cells on their way to 32 bits: whether all of them became 0.
#[derive(Default)]
pub(super) struct Narrowed {
    /// Whether some cell is still there.
    has_cells: bool,
    /// A cell that is none any more.
    lost: Option<f64>,
}

impl Narrowed {
    /// Takes a cell, and the number that it was.
    pub(super) fn take(&mut self, cell: f32, number: impl FnOnce() -> Option<f64>) -> f32 {
        if cell != 0.0 {
            self.has_cells = true;
        } else if self.lost.is_none() && !self.has_cells {
            self.lost = number().filter(|&number| number != 0.0);
        }
        cell
    }

    /// Checks that what is lost is nothing beside what is kept.
    ///
    /// # Errors
    /// [`crate::Error::Input`] if all cells became 0.
    pub(super) fn check(&self, file: &File) -> Result<()> {
        match self.lost {
            Some(lost) if !self.has_cells => Err(file
                .wrong(format!("cells no larger than {lost:e}"), "sparse rows hold numbers of 32 bits: 0, and 1e-45 to 3.4e38")
                .with_hint("multiply all cells by a power of 10 first, or save the rows as a dense array, which is scaled as it is read")),
            _ => Ok(()),
        }
    }
}

/// Sparse rows in memory.
pub(super) struct CountsReader {
    name: String,
    counts: Arc<Counts>,
    metadata: Metadata,
    notes: Vec<String>,
    /// The numbering of columns, if the format does not define it.
    pub(super) numbering: Option<Numbering>,
}

impl CountsReader {
    /// The reader of these rows.
    ///
    /// # Errors
    /// [`crate::Error::Input`] if there are none.
    pub(super) fn new(file: &File, ask: &Ask<'_>, counts: Counts, metadata: Metadata) -> Result<Self> {
        if counts.rows() == 0 || counts.cols == 0 {
            return Err(
                file.wrong(format!("{} rows of {} columns", counts.rows(), counts.cols), "at least one row and one column are needed")
            );
        }
        Ok(CountsReader { name: ask.name.clone(), counts: Arc::new(counts), metadata, notes: Vec::new(), numbering: None })
    }

    /// Adds a note.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

impl Reader for CountsReader {
    fn kind(&self) -> DataKind {
        DataKind::Counts
    }

    fn rows(&self) -> Option<usize> {
        Some(self.counts.rows())
    }

    fn columns(&self) -> usize {
        self.counts.cols
    }

    fn cells(&self) -> Option<usize> {
        Some(self.counts.values.len())
    }

    fn names(&self) -> Option<Vec<String>> {
        self.counts.names.clone()
    }

    fn notes(&self) -> Vec<String> {
        let found = self.numbering.map(|numbering| numbering.told(&self.name));
        self.notes.iter().cloned().chain(found).collect()
    }

    fn numbering(&self) -> Option<Numbering> {
        self.numbering
    }

    fn number(&mut self, all: Numbering) {
        if self.numbering.is_none_or(|own| own == all) {
            return;
        }
        let counts = Arc::make_mut(&mut self.counts);
        let shift = counts.base.unwrap_or(0) - all.base();
        counts.matrix.indices.iter_mut().for_each(|column| *column += shift);
        (counts.matrix.cols, counts.base) = ((all.most - all.base()) as usize + 1, Some(all.base()));
        self.numbering = Some(all);
    }

    fn read(&self, _run: &Run) -> Result<Observations> {
        let values = Values::Counts(self.counts.as_ref().clone());
        Ok(Observations { name: self.name.clone(), values, metadata: self.metadata.clone() })
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let rows = self.counts.rows();
        // Rows that are made dense later determine the memory.
        let block = super::stream_rows(self.counts.cols);
        let first = first / block * block;
        let run = run.clone();
        let blocks = (first..rows).step_by(block).map(move |at| {
            run.check()?;
            let to = (at + block).min(rows);
            let mut matrix = SparseMatrix::none(self.counts.cols);
            matrix.append(self.counts.view().slice(at..to));
            let counts = Counts { matrix, names: self.counts.names.clone(), base: self.counts.base };
            Ok(Observations { name: self.name.clone(), values: Values::Counts(counts), metadata: self.metadata.slice(at..to) })
        });
        Ok((first, Box::new(blocks)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_in_any_order_become_sorted_rows_and_repeated_ones_are_added() {
        let counts = counts(3, 4, vec![(2, 3, 1.0), (0, 2, 5.0), (0, 1, 2.0), (2, 3, 4.0)]);
        assert_eq!(counts.row(0), (&[1, 2][..], &[2.0, 5.0][..]));
        assert_eq!(counts.row(1), (&[][..], &[][..]));
        assert_eq!(counts.row(2), (&[3][..], &[5.0][..]));
    }
}
