//! What rows think of their neighbors beside what these think of them.

/// Weights from each row to its neighbors, and the other way round.
pub(in crate::methods) struct BothWays<'a> {
    /// `[n, k]`, each row sorted by column.
    own: &'a [(u32, f32)],
    k: usize,
    /// The transpose: row i has the entries `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    others: Vec<(u32, f32)>,
}

impl<'a> BothWays<'a> {
    /// `own` has `k` entries a row, sorted by column.
    pub(in crate::methods) fn new(own: &'a [(u32, f32)], k: usize) -> Self {
        let n = own.len() / k.max(1);
        // The transpose, by counting: rows are gone through in order, so each of its rows is sorted, too.
        let mut counts = vec![0_usize; n];
        own.iter().for_each(|&(column, _)| counts[column as usize] += 1);
        let starts = running_sum(counts.into_iter());
        let mut next = starts.clone();
        let mut others: Vec<(u32, f32)> = vec![(0, 0.0); own.len()];
        for (at, &(column, weight)) in own.iter().enumerate() {
            let place = &mut next[column as usize];
            others[*place] = ((at / k) as u32, weight);
            *place += 1;
        }
        BothWays { own, k, starts, others }
    }

    /// By column: what this row thinks of the other, and the other of it; 0 where it is no neighbor.
    pub(in crate::methods) fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32, f32)> {
        Merged { own: &self.own[row * self.k..][..self.k], others: &self.others[self.starts[row]..self.starts[row + 1]] }
    }
}

/// Two lists sorted by column as one.
struct Merged<'a> {
    own: &'a [(u32, f32)],
    others: &'a [(u32, f32)],
}

impl Iterator for Merged<'_> {
    type Item = (u32, f32, f32);

    fn next(&mut self) -> Option<(u32, f32, f32)> {
        let column = match (self.own.first(), self.others.first()) {
            (Some(own), Some(other)) => own.0.min(other.0),
            (Some(one), None) | (None, Some(one)) => one.0,
            (None, None) => return None,
        };
        let take = |list: &mut &[(u32, f32)]| match list.split_first() {
            Some((&(first, weight), rest)) if first == column => {
                *list = rest;
                weight
            }
            _ => 0.0,
        };
        Some((column, take(&mut self.own), take(&mut self.others)))
    }
}

/// 0, then the sum of the first number, of the first two, and so on.
fn running_sum(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut sum = 0;
    std::iter::once(0)
        .chain(lengths.map(|length| {
            sum += length;
            sum
        }))
        .collect()
}
