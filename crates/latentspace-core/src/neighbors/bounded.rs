//! Exact search over all pairs of wide rows, most of which are excluded by bounds in few dimensions.
//!
//! The inner product of two rows is that of their projections on a few directions plus that of their residuals; the latter is at most the
//! product of the residual norms (Cauchy-Schwarz). So projected rows, with one more cell for the residual norm, give upper bounds of the
//! scores, by the same tiles with a fraction of the multiply-adds. An approximate search gives a lower bound of the score of each row's k-th
//! nearest neighbor. Pairs that the few directions do not exclude are scored in more directions, and only the remaining ones in full.
//! The rounding error of each number is bounded, so no true neighbor is missed, and the answers are those of all pairs to the bit.
//!
//! Cost: 2·n²·m flops for m directions, and 1 in 100 of the pairs (Fashion-MNIST, m = 64) by more; m is chosen by a sample of pairs.
//! For searches by partial distances see Cheng, Gersho, Ramamurthi and Shoham 1984,
//! doi:10.1109/ICASSP.1984.1172716.

use super::best::{Scoring, Seeker};
use super::distance::{rough_product, squared_norm};
use super::exact::{self, Pairs};
use super::reduce::{Directions, WIDE};
use super::table::{Frame, Table};
use super::{EXACT, Metric, Neighbors, lists};
use crate::error::Result;
use crate::linalg::{Agreement, Matrix, MatrixView};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Queries per task: large enough that a row which several of them score in full is read once.
const BLOCK: usize = 384;
/// The number of directions is a multiple of this, and at most the second number: with the norm, a multiple of the tile's depth.
const STEP: usize = 32;
const MOST: usize = 256 - 1;
/// Sample sizes for estimating the share of pairs that are not excluded.
const SAMPLE: [usize; 2] = [256, 2048];
/// Cost of scoring one pair in more cells, in multiply-adds of tiles: a constant and a cost per cell; rows are read from main memory.
const ALONE: [f64; 2] = [1000.0, 7.0];

/// The exact `k` nearest neighbors of each row.
pub(super) fn search(rows: MatrixView<'_>, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    if metric.agreement() != Agreement::Product || !metric.is_distance() || rows.cols() < WIDE || rows.rows() < lists::FEW {
        return exact::search(rows, rows, true, k, metric, run);
    }
    let near = lists::search(rows, k, metric, run)?;
    if near.algorithm == EXACT { Ok(near) } else { nearest(rows, &near.distances, k, metric, run) }
}

/// The same, with upper bounds of the neighbors' distances in `known`, `[n, k]`.
pub(super) fn nearest(rows: MatrixView<'_>, known: &[f32], k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    let frame = Frame::of(rows, metric);
    let table = frame.table(rows)?;
    // The distance of the k-th neighbor found, rounded up to f32.
    let expected = |row: usize| {
        let farthest = f64::from(known[(row + 1) * k - 1]) * (1.0 + f64::from(f32::EPSILON));
        let half = table.half[row];
        let score = frame.score(half, if metric == Metric::Euclidean { farthest * farthest } else { farthest });
        score - table.margin(half, score)
    };
    let expected: Vec<f32> = (0..rows.rows()).map(expected).collect();
    let pairs = Pairs { rows, queries: rows, same: true, table: &table, asked: &table, metric };
    match Narrow::learn(&table, &expected, run)? {
        Some(narrow) => pairs.nearest(k, BLOCK, narrow.few.view(), narrow.few.view(), &narrow, |row| expected[row], run),
        None => exact::search(rows, rows, true, k, metric, run),
    }
}

/// Projected rows, with one more cell: the residual norm.
struct Narrow<'a> {
    table: &'a Table,
    /// `[n, m + 1]`.
    few: Matrix,
    /// The same for the following directions, `[n, MOST - m + 1]`.
    more: Matrix,
    /// Error bound of scores, relative to the magnitudes.
    unit: f32,
}

impl Scoring for Narrow<'_> {
    fn reach(&self, seeker: &Seeker<'_>, bound: f32) -> f32 {
        bound - self.unit * self.table.magnitude(self.table.half[seeker.name as usize], bound)
    }

    fn score(&self, seeker: &Seeker<'_>, name: u32, score: f32, reach: f32) -> f32 {
        let (own, other) = (seeker.name as usize, name as usize);
        let lengths = seeker.row[seeker.row.len() - 1] * self.few.row(other)[seeker.row.len() - 1];
        let score = score - lengths + rough_product(self.more.row(own), self.more.row(other));
        if score < reach {
            return score;
        }
        rough_product(self.table.rows.row(own), self.table.rows.row(other)) + self.table.offset(other)
    }
}

impl<'a> Narrow<'a> {
    /// The rows in the number of directions with the smallest estimated time; none if whole rows take less. `expected` is a lower bound of the score
    /// of each row's k-th nearest neighbor.
    fn learn(table: &'a Table, expected: &[f32], run: &Run) -> Result<Option<Self>> {
        let d = table.rows.cols();
        let directions = Directions::learn(table, run)?;
        let most = (MOST.min(d / 2).min(directions.variances.len()) + 1) / STEP * STEP;
        if most < 2 * STEP {
            return Ok(None);
        }
        let most = most - 1;
        let error = error(&directions.first(most)?, table.unit());
        let unit = 2.5 * table.unit() + error;
        let parts = Parts { table, cells: directions.project(table, most, run)?, error };
        let shares = parts.shares_left(expected, unit, run)?;
        let full = shares[shares.len() - 1] * (ALONE[0] + ALONE[1] * d as f64);
        let taking = |at: usize| {
            let m = ((at + 1) * STEP).min(most);
            (m + 1) as f64 + shares[at] * (ALONE[0] + ALONE[1] * (most - m) as f64) + full
        };
        let at = (0..shares.len() - 1).min_by(|&a, &b| taking(a).total_cmp(&taking(b)).then(a.cmp(&b)));
        let Some(at) = at.filter(|&at| taking(at) < 0.8 * d as f64) else { return Ok(None) };
        let m = (at + 1) * STEP;
        let left = 100.0 * shares[at];
        run.note(format!("neighbors: exact, bounds in {m} of {d} principal directions exclude all but {left:.2} % of the pairs"));
        let (few, more) = parts.split(m)?;
        Ok(Some(Narrow { table, few, more, unit }))
    }
}

/// Rows projected on their principal directions.
struct Parts<'a> {
    table: &'a Table,
    /// `[n, m]`.
    cells: Matrix,
    /// Error bound of their products, relative to the product of norms.
    error: f32,
}

impl Parts<'_> {
    /// The first m cells of each row with the residual norm, and the following cells with their residual norm.
    ///
    /// # Errors
    /// None occur.
    fn split(&self, m: usize) -> Result<(Matrix, Matrix)> {
        let (n, most) = (self.cells.rows(), self.cells.cols());
        let (mut few, mut more) = (vec![0.0_f32; n * (m + 1)], vec![0.0_f32; n * (most - m + 1)]);
        few.par_chunks_mut(m + 1).zip(more.par_chunks_mut(most - m + 1)).enumerate().for_each(|(row, (few, more))| {
            let (first, rest) = self.cells.row(row).split_at(m);
            few[..m].copy_from_slice(first);
            more[..most - m].copy_from_slice(rest);
            few[m] = self.left(row, squared_norm(first));
            more[most - m] = self.left(row, squared_norm(first) + squared_norm(rest));
        });
        Ok((Matrix::new(n, m + 1, few)?, Matrix::new(n, most - m + 1, more)?))
    }

    /// Upper bound of the residual norm of a row, after a squared norm `within` is subtracted.
    fn left(&self, row: usize, within: f64) -> f32 {
        let whole = 2.0 * f64::from(self.table.half[row]);
        ((whole - within).max(0.0) + f64::from(self.error) * whole).sqrt() as f32 * (1.0 + f32::EPSILON)
    }

    /// For the first 32, 64, ... cells: the share of a sample of pairs that they do not exclude.
    fn shares_left(&self, expected: &[f32], unit: f32, run: &Run) -> Result<Vec<f64>> {
        let (n, steps) = (self.cells.rows(), self.cells.cols().div_ceil(STEP));
        let random = Random::new(run.seed(), "neighbors pairs");
        let [asked, met] = [0, 1].map(|at| random.sample(at as u64, n, SAMPLE[at]));
        let lengths = |row: u32| {
            let mut within = 0.0;
            let lengths = self.cells.row(row as usize).chunks(STEP).map(|cells| {
                within += squared_norm(cells);
                self.left(row as usize, within)
            });
            lengths.collect::<Vec<f32>>()
        };
        let met_lengths: Vec<Vec<f32>> = met.iter().map(|&row| lengths(row)).collect();
        let counts = asked.par_iter().map(|&row| {
            let (cells, bound) = (self.cells.row(row as usize), expected[row as usize]);
            let reach = bound - unit * self.table.magnitude(self.table.half[row as usize], bound);
            let mut counts = vec![0_u32; steps];
            let own_lengths = lengths(row);
            for (&other, other_lengths) in met.iter().zip(&met_lengths).filter(|(other, _)| **other != row) {
                let mut score = self.table.offset(other as usize);
                let others = self.cells.row(other as usize).chunks(STEP);
                for (at, (cells, others)) in cells.chunks(STEP).zip(others).enumerate() {
                    score += rough_product(cells, others);
                    counts[at] += u32::from(score + own_lengths[at] * other_lengths[at] >= reach);
                }
            }
            counts
        });
        let counts: Vec<Vec<u32>> = counts.collect();
        run.check()?;
        let share = |at: usize| counts.iter().map(|counts| f64::from(counts[at])).sum::<f64>() / (asked.len() * met.len()) as f64;
        Ok((0..steps).map(share).collect())
    }
}

/// Error bounds: of the product of two rows computed from projections and residuals, relative to the product of their norms; and of the squared
/// residual norm computed as a difference of squared norms.
///
/// Let c be the products P·x with m directions, computed in f32 with error e: each cell by at most a unit of |x|, so |e| by √m
/// units. With r = x - Pᵀ·c, x·y = c·c' + r·r' - e·c' - c·(e' + E·c') where E = P·Pᵀ - 1, and |r|² = |x|² - |c|² + 2·e·c + c·E·c.
fn error(directions: &Matrix, unit: f32) -> f32 {
    let m = directions.rows();
    let mut skew = 0.0;
    for i in 0..m {
        for j in 0..=i {
            let product: f64 = directions.row(i).iter().zip(directions.row(j)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            skew += if i == j { (product - 1.0).powi(2) } else { 2.0 * product.powi(2) };
        }
    }
    // A margin for products of small numbers.
    1.1 * (2.0 * unit * (m as f32).sqrt() + skew.sqrt() as f32)
}
