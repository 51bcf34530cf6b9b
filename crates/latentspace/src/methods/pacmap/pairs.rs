//! The pairs of rows that a map goes by: near ones, ones half way, and ones far from each other.

use crate::parallel::*;

use crate::error::Result;
use crate::linalg::Matrix;
use crate::methods::map::lanes::LANES;
use crate::neighbors::{Metric, Neighbors, distance};
use crate::random::Random;
use crate::run::Run;

/// Neighbors beyond those asked for, among which the ones nearest by the scales of both rows are chosen.
pub(super) const BEYOND: usize = 50;
/// Which neighbors' mean distance is the scale of a row: the fourth to the sixth.
const SCALE: std::ops::Range<usize> = 3..6;
const LEAST_SCALE: f64 = 1e-10;
/// Rows of which the second nearest is taken as half way.
const SEEN: usize = 6;
/// Draws for a far row before there may be none.
const DRAWS: u64 = 1000;
/// Rows that are worked on together.
const BLOCK: usize = 256;

/// How many pairs of each kind a row has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) near: usize,
    pub(super) half_way: usize,
    pub(super) far: usize,
}

/// The `k` neighbors of each row that are nearest by the scales of both rows, `[n, k]`.
pub(super) fn near(found: &Neighbors, k: usize) -> Vec<u32> {
    let n = found.rows();
    let scale = |row: usize| {
        let distances = found.row(row).1;
        let some = &distances[SCALE.start.min(distances.len() - 1)..SCALE.end.min(distances.len())];
        (some.iter().map(|&distance| f64::from(distance)).sum::<f64>() / some.len() as f64).max(LEAST_SCALE)
    };
    let scales: Vec<f64> = (0..n).into_par_iter().map(scale).collect();
    let mut near = vec![0; n * k];
    near.par_chunks_mut(k).enumerate().for_each(|(row, near)| {
        let (indices, distances) = found.row(row);
        let scaled = |(&other, &apart): (&u32, &f32)| (f64::from(apart).powi(2) / scales[row] / scales[other as usize], other);
        let mut all: Vec<(f64, u32)> = indices.iter().zip(distances).map(scaled).collect();
        all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        near.iter_mut().zip(all).for_each(|(near, (_, other))| *near = other);
    });
    near
}

/// `count` rows half way from each, `[n, count]`: each the second nearest of six drawn ones.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn half_way(rows: &Matrix, count: usize, metric: Metric, random: Random, run: &Run) -> Result<Vec<u32>> {
    let n = rows.rows();
    let mut half_way = vec![0; n * count];
    half_way.par_chunks_mut((BLOCK * count).max(1)).enumerate().try_for_each(|(block, out)| {
        run.check()?;
        for (at, out) in out.chunks_exact_mut(count).enumerate() {
            let row = block * BLOCK + at;
            let mut draws = (0..).map(|draw| random.below(row as u64, draw, n as u64) as u32);
            for pair in 0..count {
                let mut seen: Vec<(f64, u32)> = Vec::with_capacity(SEEN);
                // Where there are too few others, as many as there are.
                let most = SEEN.min(n - 1);
                while seen.len() < most {
                    let Some(other) = draws.next() else { break };
                    let is_new = other as usize != row && seen.iter().all(|known| known.1 != other);
                    if is_new {
                        seen.push((distance(rows.row(row), rows.row(other as usize), metric), other));
                    }
                }
                seen.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let second = seen.get(1).or(seen.first()).map_or(row as u32, |seen| seen.1);
                out[pair] = second;
            }
        }
        Ok::<(), crate::Error>(())
    })?;
    Ok(half_way)
}

/// Up to `count` rows for each that are none of its near ones, `[n, count]`; the row itself where there are no more.
pub(super) fn far(n: usize, near: &[u32], counts: Counts, random: Random) -> Vec<u32> {
    let count = counts.far;
    let mut far = vec![0; n * count];
    far.par_chunks_mut(count.max(1)).enumerate().for_each(|(row, out)| {
        let near = &near[row * counts.near..][..counts.near];
        let mut draw = 0;
        for at in 0..count {
            out[at] = row as u32;
            while draw < DRAWS {
                let other = random.below(row as u64, draw, n as u64) as u32;
                draw += 1;
                if other as usize != row && !near.contains(&other) && !out[..at].contains(&other) {
                    out[at] = other;
                    break;
                }
            }
        }
    });
    far
}

/// The rows that each row is in a pair with, whichever of the two named the other, eight by eight; the last are filled up with the row itself,
/// to which it has no distance.
pub(super) struct BothSides {
    /// `[n + 1]`: row i has the groups `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    groups: Vec<[u32; LANES]>,
}

impl BothSides {
    /// `pairs` are `count` others a row; rows are named by their `rank`, and stand in its order.
    pub(super) fn new(pairs: &[u32], count: usize, order: &[u32], rank: &[u32]) -> Self {
        let n = order.len();
        let mut ends = vec![0_usize; n + 1];
        if count > 0 {
            ends.iter_mut().skip(1).for_each(|end| *end = count);
            pairs.iter().for_each(|&other| ends[rank[other as usize] as usize + 1] += 1);
        }
        (0..n).for_each(|at| ends[at + 1] += ends[at]);
        let mut next = ends[..n].to_vec();
        let mut others = vec![0_u32; ends[n]];
        for (at, &row) in order.iter().enumerate() {
            for &other in &pairs[row as usize * count..][..count] {
                let other = rank[other as usize];
                for (from, to) in [(at as u32, other), (other, at as u32)] {
                    others[next[from as usize]] = to;
                    next[from as usize] += 1;
                }
            }
        }
        let mut both = BothSides { starts: vec![0], groups: Vec::with_capacity(others.len() / LANES + n) };
        for at in 0..n {
            let own = &mut others[ends[at]..ends[at + 1]];
            own.sort_unstable();
            for own in own.chunks(LANES) {
                both.groups.push(std::array::from_fn(|lane| own.get(lane).copied().unwrap_or(at as u32)));
            }
            both.starts.push(both.groups.len());
        }
        both
    }

    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &[[u32; LANES]] {
        &self.groups[self.starts[row]..self.starts[row + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbors::neighbors;

    fn rows(n: usize) -> Matrix {
        let random = Random::new(4, "rows");
        Matrix::from_fn(n, 5, |i, j| random.normal(i as u64, j as u64) as f32)
    }

    #[test]
    fn near_pairs_are_chosen_by_the_scales_of_both() {
        let run = Run::new(0, 2).unwrap();
        let found = neighbors(rows(500).view(), 60, Metric::Euclidean, &run).unwrap();
        let chosen = near(&found, 10);
        for row in [0, 77, 499] {
            let own = &chosen[row * 10..][..10];
            assert!(own.iter().all(|other| found.row(row).0.contains(other)));
            // Most are those that are nearest without any scale.
            assert!(own.iter().filter(|other| found.row(row).0[..10].contains(other)).count() > 4);
        }
    }

    #[test]
    fn half_way_and_far_rows_are_others_and_as_far_as_they_should_be() {
        let (rows, run) = (rows(400), Run::new(0, 2).unwrap());
        let found = neighbors(rows.view(), 10, Metric::Euclidean, &run).unwrap();
        let mean = |others: &[u32], count: usize| {
            let apart = |at: usize| distance(rows.row(at / count), rows.row(others[at] as usize), Metric::Euclidean);
            (0..others.len()).map(apart).sum::<f64>() / others.len() as f64
        };
        let middle = half_way(&rows, 5, Metric::Euclidean, Random::new(1, "half way"), &run).unwrap();
        let counts = Counts { near: 10, half_way: 5, far: 20 };
        let distant = far(400, &found.indices, counts, Random::new(1, "far"));
        let [near, middle, distant] = [mean(&found.indices, 10), mean(&middle, 5), mean(&distant, 20)];
        assert!(near < 0.7 * middle && middle < 0.9 * distant, "{near} {middle} {distant}");
        // Three rows have no others than their neighbors.
        assert_eq!(far(3, &[1, 2, 0, 2, 0, 1], Counts { near: 2, half_way: 0, far: 2 }, Random::new(1, "far")), [0, 0, 1, 1, 2, 2]);
        let few = half_way(&rows.slice(0..2).to_matrix(), 3, Metric::Euclidean, Random::new(1, "half way"), &run).unwrap();
        assert_eq!(few, [1, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn each_pair_stands_with_both_of_its_rows() {
        let pairs = [1, 2, 3, 2, 0, 3, 0, 1];
        let (order, rank) = ([2, 0, 3, 1], [1, 3, 0, 2]);
        let both = BothSides::new(&pairs, 2, &order, &rank);
        let mut found: Vec<(u32, u32)> = Vec::new();
        for at in 0..4 {
            let groups = both.row(at).iter().flatten();
            found.extend(groups.filter(|&&other| other as usize != at).map(|&other| (order[at], order[other as usize])));
        }
        let mut wanted: Vec<(u32, u32)> = pairs.iter().enumerate().flat_map(|(at, &b)| [(at as u32 / 2, b), (b, at as u32 / 2)]).collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted);
    }
}
