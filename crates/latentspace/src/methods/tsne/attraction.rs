//! What pulls a map together: the joint distribution P as packed edges, and the pulls along them.
//!
//! The pulls are bound by memory: all edges pass by in each step. So eight edges of a row share a base, from which they count in 16 bits, and
//! their weights are kept in 16 bits (each rounded by 0.1 % at most): 4.5 bytes an edge instead of 8.

use rayon::prelude::*;

use super::lanes::{Kernel, LANES, Unit, dispatch};

/// Rows of a block: what one task works on.
pub(super) const BLOCK: usize = 256;

/// Eight edges of a row. Where there are fewer, the rest lead to the base with weight 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Group {
    base: u32,
    offsets: [u16; LANES],
    /// See [`round`].
    weights: [u16; LANES],
}

/// Sparse rows of weights.
pub(super) struct Edges {
    /// `[n + 1]`: row i has the groups `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    groups: Vec<Group>,
}

impl Edges {
    /// `n` rows, each filled by `fill` with columns and weights; columns below `n`, none twice, weights from 0 to 1.
    /// Weights that are 0 once rounded are left out.
    pub(super) fn build(n: usize, fill: impl Fn(usize, &mut Vec<(u32, f32)>) + Sync) -> Self {
        let blocks: Vec<(Vec<usize>, Vec<Group>)> = (0..n.div_ceil(BLOCK))
            .into_par_iter()
            .map_init(Vec::new, |row, block| {
                let rows = block * BLOCK..((block + 1) * BLOCK).min(n);
                let (mut ends, mut groups) = (Vec::with_capacity(rows.len()), Vec::new());
                for i in rows {
                    row.clear();
                    fill(i, row);
                    pack(row, &mut groups);
                    ends.push(groups.len());
                }
                (ends, groups)
            })
            .collect();
        let mut starts = Vec::with_capacity(n + 1);
        starts.push(0);
        let mut groups = Vec::with_capacity(blocks.iter().map(|(_, groups)| groups.len()).sum());
        for (ends, block) in blocks {
            starts.extend(ends.iter().map(|end| groups.len() + end));
            groups.extend_from_slice(&block);
        }
        Edges { starts, groups }
    }

    /// The columns of a row and their weights.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (u32, f32)> {
        self.groups[self.starts[row]..self.starts[row + 1]].iter().flat_map(|group| {
            let edges = group.offsets.iter().zip(&group.weights).filter(|(_, weight)| **weight != 0);
            edges.map(|(&offset, &weight)| (group.base + u32::from(offset), widen(weight)))
        })
    }

    /// The pulls Σ w (yᵢ - yⱼ) / (1 + d²) on rows from `first` on, and the sum of w ln(1 + d²) over them if it is asked for, else 0.
    pub(super) fn pulls<const D: usize>(&self, points: &[[f32; D]], first: usize, with_loss: bool, out: &mut [[f32; D]]) -> f64 {
        dispatch(Attract { edges: self, points, first, with_loss, out })
    }

    /// Bytes that `edges` edges of `rows` rows take.
    pub(super) fn bytes(edges: f64, rows: usize) -> u64 {
        // Half a group a row is empty in the mean.
        ((edges / LANES as f64 + 0.5 * rows as f64) * size_of::<Group>() as f64) as u64 + 8 * rows as u64
    }
}

/// A weight from 0 to 1 in 16 bits: of an f32, the first two bits, which are 0 below 2, and the last 14 are left out; rounded to the nearest,
/// halves to even.
fn round(weight: f32) -> u16 {
    let bits = weight.to_bits();
    (bits.wrapping_add((1 << 13) - 1 + (bits >> 14 & 1)) >> 14) as u16
}

/// The weight that was rounded.
fn widen(weight: u16) -> f32 {
    f32::from_bits(u32::from(weight) << 14)
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

struct Attract<'a, const D: usize> {
    edges: &'a Edges,
    points: &'a [[f32; D]],
    first: usize,
    with_loss: bool,
    out: &'a mut [[f32; D]],
}

impl<const D: usize> Kernel for Attract<'_, D> {
    type Output = f64;

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) -> f64 {
        if self.with_loss { attract::<U, D, true>(self, unit) } else { attract::<U, D, false>(self, unit) }
    }
}

#[inline(always)]
fn attract<U: Unit, const D: usize, const LOSS: bool>(kernel: Attract<'_, D>, unit: U) -> f64 {
    let Attract { edges: Edges { starts, groups }, points, first, out, .. } = kernel;
    let (zero, one) = (unit.splat(0.0), unit.splat(1.0));
    let mut total = 0.0;
    for (i, out) in out.iter_mut().enumerate() {
        let row = first + i;
        let place: [U::V; D] = std::array::from_fn(|axis| unit.splat(points[row][axis]));
        let (mut pull, mut loss) = ([zero; D], zero);
        for group in &groups[starts[row]..starts[row + 1]] {
            let others = unit.gather(&points[group.base as usize..], &group.offsets);
            let weight = unit.load_shifted::<14>(&group.weights);
            let apart: [U::V; D] = std::array::from_fn(|axis| unit.sub(place[axis], others[axis]));
            let mut square = one;
            for axis in 0..D {
                square = unit.madd(apart[axis], apart[axis], square);
            }
            let force = unit.div(weight, square);
            for axis in 0..D {
                pull[axis] = unit.madd(force, apart[axis], pull[axis]);
            }
            if LOSS {
                loss = unit.madd(weight, unit.ln(square), loss);
            }
        }
        *out = std::array::from_fn(|axis| unit.sum(pull[axis]));
        if LOSS {
            total += f64::from(unit.sum(loss));
        }
    }
    total
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

    #[test]
    fn pulls_are_the_sums_that_define_them() {
        let n = 300;
        let points: Vec<[f32; 3]> = (0..n).map(|i| std::array::from_fn(|axis| ((i * (axis + 3)) as f32 * 0.7).sin() * 9.0)).collect();
        let edges = Edges::build(n, |row, out| out.extend((0..row % 21).map(|i| (((row + i * i + 1) % n) as u32, 0.5 + i as f32 / 64.0))));
        let mut out = vec![[0.0; 3]; 40];
        let loss = edges.pulls(&points, 256, true, &mut out);
        let mut wanted_loss = 0.0;
        for (i, out) in out.iter().enumerate() {
            let mut wanted = [0.0_f64; 3];
            for (column, weight) in edges.row(256 + i) {
                let apart: [f64; 3] =
                    std::array::from_fn(|axis| f64::from(points[256 + i][axis]) - f64::from(points[column as usize][axis]));
                let square = 1.0 + apart.iter().map(|a| a * a).sum::<f64>();
                (0..3).for_each(|axis| wanted[axis] += f64::from(weight) * apart[axis] / square);
                wanted_loss += f64::from(weight) * square.ln();
            }
            assert!((0..3).all(|axis| (f64::from(out[axis]) - wanted[axis]).abs() < 1e-4), "{out:?} {wanted:?}");
        }
        assert!((loss / wanted_loss - 1.0).abs() < 1e-6);
        assert_eq!(edges.pulls(&points, 256, false, &mut out), 0.0);
    }
}
