//! A graph of rows, packed for being gone along in each step of a map.
//!
//! Steps are bound by memory: all edges pass by in each. So eight edges of a row share a base, from which they count in 16 bits, and their
//! weights are kept in 16 bits (each rounded by 0.1 % at most): 4.5 bytes an edge instead of 8.

use crate::parallel::*;

use super::lanes::LANES;

/// Rows of a block: what one task works on.
pub(in crate::methods) const BLOCK: usize = 256;

/// The bit of a weight that is the lowest kept.
pub(in crate::methods) const WEIGHT_SHIFT: i32 = 14;

/// Eight edges of a row. Where there are fewer, the rest lead to the base with weight 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in crate::methods) struct Group {
    pub(in crate::methods) base: u32,
    pub(in crate::methods) offsets: [u16; LANES],
    /// See [`round`].
    pub(in crate::methods) weights: [u16; LANES],
}

/// What `n` rows hold, row after row, and where each begins, `[n + 1]`. `add` gets room to work in, the row, and what holds those before it.
pub(in crate::methods) fn row_by_row<R: Default, T: Copy + Send>(
    n: usize,
    add: impl Fn(&mut R, usize, &mut Vec<T>) + Sync,
) -> (Vec<usize>, Vec<T>) {
    let blocks: Vec<(Vec<usize>, Vec<T>)> = (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map_init(R::default, |room, block| {
            let rows = block * BLOCK..((block + 1) * BLOCK).min(n);
            let (mut ends, mut items) = (Vec::with_capacity(rows.len()), Vec::new());
            for row in rows {
                add(room, row, &mut items);
                ends.push(items.len());
            }
            (ends, items)
        })
        .collect();
    let mut starts = Vec::with_capacity(n + 1);
    starts.push(0);
    let mut items = Vec::with_capacity(blocks.iter().map(|(_, items)| items.len()).sum());
    for (ends, block) in blocks {
        starts.extend(ends.iter().map(|end| items.len() + end));
        items.extend_from_slice(&block);
    }
    (starts, items)
}

/// Sparse rows of weights.
pub(in crate::methods) struct Edges {
    /// `[n + 1]`: row i has the groups `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    groups: Vec<Group>,
}

impl Edges {
    /// `n` rows, each filled by `fill` with columns and weights; columns below `n`, none twice, weights from 0 to 1.
    /// Weights that are 0 once rounded are left out.
    pub(in crate::methods) fn build(n: usize, fill: impl Fn(usize, &mut Vec<(u32, f32)>) + Sync) -> Self {
        let (starts, groups) = row_by_row(n, |row: &mut Vec<(u32, f32)>, i, groups| {
            row.clear();
            fill(i, row);
            pack(row, groups);
        });
        Edges { starts, groups }
    }

    /// The columns of a row and their weights.
    pub(in crate::methods) fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32)> {
        self.groups(row).iter().flat_map(|group| {
            let edges = group.offsets.iter().zip(&group.weights).filter(|(_, weight)| **weight != 0);
            edges.map(|(&offset, &weight)| (group.base + u32::from(offset), widen(weight)))
        })
    }

    /// The packed edges of a row.
    #[inline(always)]
    pub(in crate::methods) fn groups(&self, row: usize) -> &[Group] {
        &self.groups[self.starts[row]..self.starts[row + 1]]
    }

    /// Bytes that `edges` edges of `rows` rows take.
    pub(in crate::methods) fn bytes(edges: f64, rows: usize) -> u64 {
        // Half a group a row is empty in the mean.
        ((edges / LANES as f64 + 0.5 * rows as f64) * size_of::<Group>() as f64) as u64 + 8 * rows as u64
    }
}

/// A weight from 0 to 1 in 16 bits: of an f32, the first two bits, which are 0 below 2, and the last 14 are left out; rounded to the nearest,
/// halves to even.
fn round(weight: f32) -> u16 {
    let bits = weight.to_bits();
    (bits.wrapping_add((1 << (WEIGHT_SHIFT - 1)) - 1 + (bits >> WEIGHT_SHIFT & 1)) >> WEIGHT_SHIFT) as u16
}

/// The weight that was rounded.
pub(in crate::methods) fn widen(weight: u16) -> f32 {
    f32::from_bits(u32::from(weight) << WEIGHT_SHIFT)
}

/// Adds a row's edges to `groups`, as few as possible.
fn pack(row: &mut Vec<(u32, f32)>, groups: &mut Vec<Group>) {
    const REACH: u32 = u16::MAX as u32;
    row.retain(|edge| round(edge.1) != 0);
    let (low, high) = row.iter().fold((u32::MAX, 0), |(low, high), edge| (low.min(edge.0), high.max(edge.0)));
    let near = low <= high && high - low <= REACH;
    if !near {
        row.sort_unstable_by_key(|edge| edge.0);
    }
    let mut at = 0;
    while at < row.len() {
        let base = if near { low } else { row[at].0 };
        let some = row[at..].iter().take(LANES).take_while(|edge| edge.0 - base <= REACH).count();
        let mut group = Group { base, ..Group::default() };
        for (lane, edge) in row[at..at + some].iter().enumerate() {
            group.offsets[lane] = (edge.0 - base) as u16;
            group.weights[lane] = round(edge.1);
        }
        groups.push(group);
        at += some;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_rows_hold_what_was_put_in_however_far_apart() {
        let n = 200_000;
        let wanted = |row: usize| -> Vec<(u32, f32)> {
            let count = row % 23;
            (0..count).map(|i| (((row * 7919 + i * [1, 900, 61_003][row % 3]) % n) as u32, (i % 5) as f32 * 0.25)).collect()
        };
        let edges = Edges::build(n, |row, out| out.extend(wanted(row)));
        for row in (0..n).step_by(17) {
            let mut wanted: Vec<_> = wanted(row).into_iter().filter(|edge| edge.1 > 0.0).collect();
            let mut got: Vec<_> = edges.row(row).collect();
            wanted.sort_by_key(|edge| edge.0);
            got.sort_by_key(|edge| edge.0);
            assert_eq!(got, wanted, "row {row}");
        }
    }

    #[test]
    fn weights_are_rounded_to_the_nearest() {
        for i in 1..10_000 {
            let weight = (1.0 + i as f32 * 0.37).powi(-3);
            let got = widen(round(weight));
            assert!((got / weight - 1.0).abs() <= 1.0 / 1024.0, "{weight} {got}");
        }
        assert_eq!((round(0.0), widen(round(1.0))), (0, 1.0));
    }
}
