//! Ground truth for a sample of rows: their exact nearest neighbors, and the number of rows that score higher than given ones. An
//! approximate search is tuned on it, and its recall is measured on it.
//!
//! The sampled rows are packed and compared with all rows in one pass, so that no copy of the table is written.

use crate::parallel::*;

use super::best::Best;
use super::exact::rank;
use super::table::Table;
use super::{Metric, Neighbors};
use crate::error::Result;
use crate::linalg::{MatrixView, NOBODY, Panels, TILE_COLS, TILE_ROWS, Tile};
use crate::run::Run;

/// Rows per task: large enough that candidates cost little, and a function of n alone.
const BLOCK: usize = 4096;

/// The exact `k` nearest neighbors of the sampled rows.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn truth(rows: MatrixView<'_>, table: &Table, sample: &[u32], k: usize, metric: Metric, run: &Run) -> Result<Vec<Vec<u32>>> {
    let packed = Panels::new(table.rows.view(), sample.to_vec(), table.agreement(), |row| table.size(row));
    let margin = |slot: usize, score: f32| table.margin(table.half[sample[slot] as usize], score);
    let begin = || begin(sample.len(), k);
    let mut blocks = sweep(table.rows.view(), table, &packed, run, begin, |best, row, first, scores| {
        if reached(scores, &best.bounds()[first..]) {
            best.offer(first, scores, row as u32, sample, margin);
        }
    })?;
    Ok(merge(rows, sample, k, metric, &mut blocks, |best| best, margin))
}

/// For each sampled row and each of its `wanted` rows: the number of rows that score higher, by the `scored` rows.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn places(scored: MatrixView<'_>, table: &Table, sample: &[u32], wanted: &[Vec<u32>], run: &Run) -> Result<Vec<Vec<u32>>> {
    let packed = Panels::new(scored, sample.to_vec(), table.agreement(), |row| table.size(row));
    let bars = Bars::new(scored, table, &packed, wanted);
    let begin = || vec![0_u32; bars.bars.len()];
    let blocks = sweep(scored, table, &packed, run, begin, |counts, row, first, scores| bars.count(counts, row, first, scores, sample))?;
    Ok(bars.sum(blocks.iter()))
}

/// Scores every row against the packed ones, block by block: `begin()` creates the accumulator of a block, and `take(gathered, row, first, scores)`
/// adds the scores of a row with the packed ones from `first` on. Returns the accumulators of the blocks in order.
fn sweep<T: Send>(
    scored: MatrixView<'_>,
    table: &Table,
    packed: &Panels,
    run: &Run,
    begin: impl Fn() -> T + Sync,
    take: impl Fn(&mut T, usize, usize, &[f32; TILE_COLS]) + Sync,
) -> Result<Vec<T>> {
    let n = scored.rows();
    let block = |at: usize| {
        let (mut gathered, mut tile) = (begin(), Tile::new());
        let end = n.min((at + 1) * BLOCK);
        for first in (at * BLOCK..end).step_by(TILE_ROWS) {
            run.check()?;
            let count = TILE_ROWS.min(end - first);
            let group = std::array::from_fn(|i| scored.row(first + i.min(count - 1)));
            for panel in 0..packed.count() {
                packed.score(&group, count, panel, &[f32::MIN; TILE_ROWS], &mut tile);
                for i in 0..count {
                    let offset = table.offset(first + i);
                    let mut scores = [0.0; TILE_COLS];
                    scores.iter_mut().zip(tile.scores(i)).for_each(|(to, from)| *to = from + offset);
                    take(&mut gathered, first + i, panel * TILE_COLS, &scores);
                }
            }
        }
        Ok(gathered)
    };
    (0..n.div_ceil(BLOCK)).into_par_iter().map(block).collect()
}

/// Whether any score reaches its bound.
#[inline]
fn reached(scores: &[f32; TILE_COLS], bounds: &[f32]) -> bool {
    match bounds.first_chunk::<TILE_COLS>() {
        Some(bounds) => scores.iter().zip(bounds).fold(false, |any, (score, bound)| any | (score >= bound)),
        None => true,
    }
}

fn begin(rows: usize, k: usize) -> Best {
    let mut best = Best::new(k);
    best.clear(rows);
    best
}

/// The nearest by distance among the candidates of the blocks.
fn merge<T>(
    rows: MatrixView<'_>,
    sample: &[u32],
    k: usize,
    metric: Metric,
    blocks: &mut [T],
    best: impl Fn(&mut T) -> &mut Best,
    margin: impl Fn(usize, f32) -> f32 + Copy,
) -> Vec<Vec<u32>> {
    let candidates: Vec<Vec<u32>> = (0..sample.len())
        .map(|slot| blocks.iter_mut().flat_map(|block| best(block).finish(slot, margin).collect::<Vec<_>>()).collect())
        .collect();
    let nearest = |(candidates, &row): (&Vec<u32>, &u32)| {
        let (mut indices, mut distances) = (vec![NOBODY; k], vec![0.0; k]);
        rank(rows, rows.row(row as usize), candidates.iter().copied(), metric, &mut indices, &mut distances);
        indices
    };
    candidates.par_iter().zip(sample.par_iter()).map(nearest).collect()
}

/// Thresholds: the scores of each sampled row with its wanted rows.
struct Bars {
    rows: usize,
    k: usize,
    bars: Vec<f32>,
    /// The lowest threshold of each row; infinity for padding at the end.
    lowest: Vec<f32>,
}

impl Bars {
    fn new(scored: MatrixView<'_>, table: &Table, packed: &Panels, wanted: &[Vec<u32>]) -> Self {
        let k = wanted.first().map_or(0, Vec::len);
        let mut bars = Vec::with_capacity(wanted.len() * k);
        let mut tile = Tile::new();
        // The same order of summation as in the pass over all rows, so that a row does not score higher than itself.
        for (slot, wanted) in wanted.iter().enumerate() {
            for &row in wanted {
                let group = [scored.row(row as usize); TILE_ROWS];
                packed.score(&group, 1, slot / TILE_COLS, &[f32::MIN; TILE_ROWS], &mut tile);
                bars.push(tile.scores(0)[slot % TILE_COLS] + table.offset(row as usize));
            }
        }
        let mut lowest: Vec<f32> = bars.chunks(k.max(1)).map(|bars| bars.iter().copied().fold(f32::INFINITY, f32::min)).collect();
        lowest.resize(packed.count() * TILE_COLS, f32::INFINITY);
        Bars { rows: wanted.len(), k, bars, lowest }
    }

    /// Counts the thresholds that a row's scores exceed.
    #[inline]
    fn count(&self, counts: &mut [u32], row: usize, first: usize, scores: &[f32; TILE_COLS], sample: &[u32]) {
        let lowest = &self.lowest[first..first + TILE_COLS];
        if !scores.iter().zip(lowest).fold(false, |any, (score, lowest)| any | (score > lowest)) {
            return;
        }
        for (at, (score, lowest)) in scores.iter().zip(lowest).enumerate() {
            let slot = first + at;
            if score > lowest && sample[slot] != row as u32 {
                let range = slot * self.k..(slot + 1) * self.k;
                for (count, bar) in counts[range.clone()].iter_mut().zip(&self.bars[range]) {
                    *count += u32::from(score > bar);
                }
            }
        }
    }

    /// The counts of all blocks, by row.
    fn sum<'a>(&self, blocks: impl Iterator<Item = &'a Vec<u32>>) -> Vec<Vec<u32>> {
        let mut sums = vec![0_u32; self.bars.len()];
        for block in blocks {
            sums.iter_mut().zip(block).for_each(|(sum, count)| *sum += count);
        }
        (0..self.rows).map(|slot| sums[slot * self.k..][..self.k].to_vec()).collect()
    }
}

/// The recall of each sampled row: the share of its true neighbors that were found.
pub(super) fn shares(found: &Neighbors, sample: &[u32], truth: &[Vec<u32>]) -> Vec<f64> {
    let share = |(&row, truth): (&u32, &Vec<u32>)| {
        let found = found.row(row as usize).0;
        truth.iter().filter(|name| found.contains(name)).count() as f64 / truth.len() as f64
    };
    sample.iter().zip(truth).map(share).collect()
}
