//! The true neighbors of a few rows: what an approximate search is tuned on and judged by.
//!
//! The few rows are packed and all rows pass by once, so that nothing as large as the table is written.

use rayon::prelude::*;

use super::best::Best;
use super::exact::rank;
use super::table::{Frame, Table};
use super::{Metric, Neighbors};
use crate::error::Result;
use crate::linalg::{MatrixView, NOBODY, Panels, TILE_COLS, TILE_ROWS, Tile};
use crate::run::Run;

/// Rows of a task: so many that their candidates are few beside the work, and depending on nothing but n.
const BLOCK: usize = 4096;

/// Scores every row of `rows` with the few rows in `panels`, block by block: `block()` makes what a block gathers and
/// `take(gathered, row, place, score)` adds a score, the inner product alone; what blocks gathered comes back in order.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(crate) fn sweep<T: Send>(
    rows: MatrixView<'_>,
    panels: &Panels,
    run: &Run,
    block: impl Fn() -> T + Sync,
    take: impl Fn(&mut T, usize, usize, f32) + Sync,
) -> Result<Vec<T>> {
    let n = rows.rows();
    (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|at| {
            let (mut gathered, mut tile) = (block(), Tile::new());
            let end = n.min((at + 1) * BLOCK);
            for first in (at * BLOCK..end).step_by(TILE_ROWS) {
                run.check()?;
                let count = TILE_ROWS.min(end - first);
                let mut group = [rows.row(first); TILE_ROWS];
                let mut bounds = [f32::INFINITY; TILE_ROWS];
                for i in 0..count {
                    (group[i], bounds[i]) = (rows.row(first + i), f32::MIN);
                }
                for panel in 0..panels.count() {
                    if panels.score(&group, panel, &bounds, &mut tile) {
                        for i in 0..count {
                            for (column, score) in tile.hits(i) {
                                take(&mut gathered, first + i, panel * TILE_COLS + column, score);
                            }
                        }
                    }
                }
            }
            Ok(gathered)
        })
        .collect()
}

/// What is known of a sampled row.
pub(crate) struct Ranked {
    /// Its `k` nearest rows in truth, nearest first.
    pub(crate) nearest: Vec<u32>,
    /// For each row asked about: how many rows are nearer.
    pub(crate) nearer: Vec<u32>,
}

/// The true `k` nearest of the rows that `sample` names, and the places of the rows `wanted` of each (as many for each of them). Places come
/// from scores in single precision: rows that are equally far to 6 digits may change theirs.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(crate) fn ranked(
    rows: MatrixView<'_>,
    sample: &[u32],
    wanted: &[Vec<u32>],
    k: usize,
    metric: Metric,
    run: &Run,
) -> Result<Vec<Ranked>> {
    let table = Frame::of(rows, metric).table(rows)?;
    let nearest = truth(rows, &table, sample, k, metric, run)?;
    let nearer = places(table.rows.view(), &table, sample, wanted, run)?;
    Ok(nearest.into_iter().zip(nearer).map(|(nearest, nearer)| Ranked { nearest, nearer }).collect())
}

/// The true `k` nearest of the rows that `sample` names, in its order.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn truth(rows: MatrixView<'_>, table: &Table, sample: &[u32], k: usize, metric: Metric, run: &Run) -> Result<Vec<Vec<u32>>> {
    let panels = Panels::new(table.rows.view(), sample.to_vec(), |_| 0.0);
    let margin = |slot: usize, score: f32| table.margin(table.half[sample[slot] as usize], score);
    let begin = || {
        let mut best = Best::new(k);
        best.clear(sample.len());
        best
    };
    let mut blocks = sweep(table.rows.view(), &panels, run, begin, |best, row, slot, score| {
        if sample[slot] != row as u32 {
            best.offer(slot, score + table.offset(row), row as u32, margin);
        }
    })?;
    Ok(sample
        .iter()
        .enumerate()
        .map(|(slot, &row)| {
            let candidates: Vec<u32> = blocks.iter_mut().flat_map(|best| best.finish(slot, margin).collect::<Vec<_>>()).collect();
            let (mut indices, mut distances) = (vec![NOBODY; k], vec![0.0; k]);
            rank(rows, rows.row(row as usize), candidates.into_iter(), metric, &mut indices, &mut distances);
            indices
        })
        .collect())
}

/// For each row that `sample` names and each of the rows `wanted` of it: how many rows of `rows` score higher with it, itself aside.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn places(rows: MatrixView<'_>, table: &Table, sample: &[u32], wanted: &[Vec<u32>], run: &Run) -> Result<Vec<Vec<u32>>> {
    let panels = Panels::new(rows, sample.to_vec(), |_| 0.0);
    let k = wanted.first().map_or(0, Vec::len);
    // The same sums in the same order as in the sweep, so that a row does not score higher than itself.
    let mut bars: Vec<Vec<f32>> = vec![vec![f32::INFINITY; k]; sample.len()];
    let mut tile = Tile::new();
    for (slot, wanted) in wanted.iter().enumerate() {
        for (bar, &row) in bars[slot].iter_mut().zip(wanted) {
            let group = [rows.row(row as usize); TILE_ROWS];
            panels.score(&group, slot / TILE_COLS, &[f32::MIN; TILE_ROWS], &mut tile);
            *bar = tile.hits(0).find(|(column, _)| *column == slot % TILE_COLS).map_or(f32::INFINITY, |(_, score)| score);
            *bar += table.offset(row as usize);
        }
    }
    let lowest: Vec<f32> = bars.iter().map(|bars| bars.iter().copied().fold(f32::INFINITY, f32::min)).collect();
    let blocks = sweep(
        rows,
        &panels,
        run,
        || vec![0_u32; sample.len() * k],
        |counts, row, slot, score| {
            let score = score + table.offset(row);
            if score > lowest[slot] && sample[slot] != row as u32 {
                for (count, bar) in counts[slot * k..][..k].iter_mut().zip(&bars[slot]) {
                    *count += u32::from(score > *bar);
                }
            }
        },
    )?;
    let count = |slot: usize, at: usize| blocks.iter().map(|block| block[slot * k + at]).sum();
    Ok((0..sample.len()).map(|slot| (0..k).map(|at| count(slot, at)).collect()).collect())
}

/// The share of the true neighbors of the rows in `sample` that were found, a share a row.
pub(super) fn shares(found: &Neighbors, sample: &[u32], truth: &[Vec<u32>]) -> Vec<f64> {
    let share = |(&row, truth): (&u32, &Vec<u32>)| {
        let found = found.row(row as usize).0;
        truth.iter().filter(|name| found.contains(name)).count() as f64 / truth.len() as f64
    };
    sample.iter().zip(truth).map(share).collect()
}
