//! Word counts in the order of a vocabulary.

use crate::linalg::SparseMatrix;
use crate::parallel::*;

/// Documents that are sorted at a time.
const ROWS: usize = 1024;

impl SparseMatrix {
    /// Renumbers the words in place, ascending in each document; words with the number `u32::MAX` are removed.
    pub(crate) fn renumbered(mut self, numbers: &[u32], cols: usize) -> Self {
        struct Part<'a> {
            starts: &'a [usize],
            indices: &'a mut [u32],
            values: &'a mut [f32],
            lengths: Vec<usize>,
        }
        let mut parts: Vec<Part<'_>> = Vec::new();
        let (mut indices, mut values) = (self.indices.as_mut_slice(), self.values.as_mut_slice());
        let rows = self.starts.len() - 1;
        for first in (0..rows).step_by(ROWS) {
            let starts = &self.starts[first..=(first + ROWS).min(rows)];
            let cells = starts[starts.len() - 1] - starts[0];
            let (some, rest) = std::mem::take(&mut indices).split_at_mut(cells);
            let (their, others) = std::mem::take(&mut values).split_at_mut(cells);
            (indices, values) = (rest, others);
            parts.push(Part { starts, indices: some, values: their, lengths: Vec::with_capacity(starts.len()) });
        }
        parts.par_iter_mut().for_each(|part| {
            let mut cells: Vec<(u32, f32)> = Vec::new();
            for row in part.starts.windows(2) {
                let range = row[0] - part.starts[0]..row[1] - part.starts[0];
                cells.clear();
                let all = part.indices[range.clone()].iter().zip(&part.values[range.clone()]);
                cells.extend(all.map(|(&word, &value)| (numbers[word as usize], value)).filter(|(word, _)| *word != u32::MAX));
                cells.sort_unstable_by_key(|(word, _)| *word);
                for (at, &(word, value)) in range.zip(&cells) {
                    (part.indices[at], part.values[at]) = (word, value);
                }
                part.lengths.push(cells.len());
            }
        });
        let lengths: Vec<usize> = parts.into_iter().flat_map(|part| part.lengths).collect();
        let mut to = 0;
        for (row, length) in lengths.into_iter().enumerate() {
            let from = self.starts[row];
            self.indices.copy_within(from..from + length, to);
            self.values.copy_within(from..from + length, to);
            self.starts[row] = to;
            to += length;
        }
        self.starts[rows] = to;
        self.indices.truncate(to);
        self.values.truncate(to);
        self.indices.shrink_to_fit();
        self.values.shrink_to_fit();
        self.cols = cols;
        self
    }
}
