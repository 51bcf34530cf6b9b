//! Sparse rows, as the formats of sparse tables give them: sorted, checked, read from memory.

use std::sync::Arc;

use super::bytes::File;
use super::{Ask, Blocks, Reader};
use crate::data::{Counts, Metadata, Observations, Values};
use crate::error::Result;
use crate::run::Run;

/// Rows or columns that a file may promise whatever its size; beyond, it must have as many bytes.
pub(super) const ALWAYS_ALLOWED: u64 = 1 << 16;

/// Refuses rows or columns that the bytes of the file cannot speak of.
///
/// # Errors
/// [`crate::Error::Input`].
pub(super) fn check_axis(file: &File, what: &str, length: u64, bytes: usize) -> Result<usize> {
    if length > ALWAYS_ALLOWED.max(bytes as u64) || length > u64::from(u32::MAX) {
        return Err(file.wrong(format!("it promises {length} {what} in {bytes} bytes"), "the file is cut short or its header is wrong"));
    }
    Ok(length as usize)
}

/// Rows of `(column, value)` from cells in any order; cells that are named twice are added.
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
    let mut out = Counts { cols, starts: Vec::with_capacity(rows + 1), indices: Vec::new(), values: Vec::new(), names: None };
    out.starts.push(0);
    for row in 0..rows {
        let cells = &mut sorted[starts[row]..starts[row + 1]];
        if !cells.is_sorted_by_key(|(column, _)| *column) {
            cells.sort_by_key(|(column, _)| *column);
        }
        let first = out.indices.len();
        for &(column, value) in cells.iter() {
            match out.values.last_mut() {
                Some(last) if out.indices.len() > first && out.indices.last() == Some(&column) => *last += value,
                _ => {
                    out.indices.push(column);
                    out.values.push(value);
                }
            }
        }
        out.starts.push(out.indices.len());
    }
    out
}

/// Sparse rows in memory.
pub(super) struct CountsReader {
    name: String,
    counts: Arc<Counts>,
    metadata: Metadata,
    notes: Vec<String>,
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
        Ok(CountsReader { name: ask.name.clone(), counts: Arc::new(counts), metadata, notes: Vec::new() })
    }

    /// Something that the user should know.
    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }
}

impl Reader for CountsReader {
    fn kind(&self) -> &'static str {
        "counts"
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
        self.notes.clone()
    }

    fn read(&self, _run: &Run) -> Result<Observations> {
        let values = Values::Counts(self.counts.as_ref().clone());
        Ok(Observations { name: self.name.clone(), values, metadata: self.metadata.clone() })
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let rows = self.counts.rows();
        // Rows that are made dense later are what takes room.
        let block = super::stream_rows(self.counts.cols);
        let first = first / block * block;
        let run = run.clone();
        let blocks = (first..rows).step_by(block).map(move |at| {
            run.check()?;
            let to = (at + block).min(rows);
            let (from, until) = (self.counts.starts[at], self.counts.starts[to]);
            let counts = Counts {
                cols: self.counts.cols,
                starts: self.counts.starts[at..=to].iter().map(|start| start - from).collect(),
                indices: self.counts.indices[from..until].to_vec(),
                values: self.counts.values[from..until].to_vec(),
                names: self.counts.names.clone(),
            };
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
