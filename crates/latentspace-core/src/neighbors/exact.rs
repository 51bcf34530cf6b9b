//! Exact search over all pairs: scores by matrix products in tiles, then distances of the best candidates.
//!
//! Scores in f32 choose candidates with a margin for their error, so that no true neighbor is missed; distances in f64
//! choose among them. Cost: 2·n·m·d flops for m queries; memory: the rows three times.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::parallel::*;

use super::best::{Best, ExactScores, Scoring, Seeker};
use super::distance::distance;
use super::table::{Frame, Table};
use super::{EXACT, Metric, Neighbors, local, tree};
use crate::error::Result;
use crate::interval::Measure;
use crate::linalg::{MatrixView, NOBODY, Panels};
use crate::run::Run;

/// Queries per task: a multiple of a tile's rows, large enough to reuse the panels of the table.
const BLOCK: usize = 96;
/// Up to this number, queries are answered one by one.
const ALONE: usize = 16;
/// From this number of queries on, the rows are preprocessed.
const MANY: usize = 2048;
/// Bytes of the table per block, compared with all queries of a task before the next block: a quarter of a small L2 cache.
const PART: usize = 128 << 10;

/// The `k` nearest rows of each query; if the queries are the rows, without the row itself.
pub(super) fn search(rows: MatrixView<'_>, queries: MatrixView<'_>, same: bool, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    if same && metric == Metric::Euclidean && rows.cols() <= tree::WIDEST {
        return tree::search(rows, k, run);
    }
    if !same && queries.rows() <= ALONE {
        return few(rows, queries, k, metric, run);
    }
    let frame = Frame::of(rows, metric);
    let table = frame.table(rows)?;
    if (same || queries.rows() >= MANY) && local::are_better(rows, &frame, &table, k, metric, run)? {
        return local::search((rows, queries, same), &frame, table, k, metric, run);
    }
    let asked = if same { None } else { Some(frame.table(queries)?) };
    let asked = asked.as_ref().unwrap_or(&table);
    let pairs = Pairs { rows, queries, same, table: &table, asked, metric };
    pairs.nearest(k, BLOCK, asked.rows.view(), table.rows.view(), &ExactScores, |_| f32::MIN, run)
}

/// The queries and the rows.
pub(super) struct Pairs<'a> {
    pub(super) rows: MatrixView<'a>,
    pub(super) queries: MatrixView<'a>,
    /// Whether the queries are the rows.
    pub(super) same: bool,
    /// The rows prepared for search, and the queries.
    pub(super) table: &'a Table,
    pub(super) asked: &'a Table,
    pub(super) metric: Metric,
}

impl Pairs<'_> {
    /// The `k` nearest rows of each query, with `block` queries per task. Tiles multiply `seekers` with `scored`; `scoring` converts products to
    /// scores, and `expected(query)` is a lower bound of the k-th best score.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn nearest(
        &self,
        k: usize,
        block: usize,
        seekers: MatrixView<'_>,
        scored: MatrixView<'_>,
        scoring: &impl Scoring,
        expected: impl Fn(usize) -> f32 + Sync,
        run: &Run,
    ) -> Result<Neighbors> {
        let table = self.table;
        let panels = Panels::all(scored, table.agreement(), |row| table.offset(row) + table.size(row));
        let part = (PART / panels.panel_bytes().max(1)).max(1);
        let n = self.queries.rows();
        let (mut indices, mut distances) = (vec![0_u32; n * k], vec![0.0_f32; n * k]);
        let done = AtomicUsize::new(0);
        let blocks = indices.par_chunks_mut(block * k).zip(distances.par_chunks_mut(block * k)).enumerate();
        blocks.try_for_each_init(
            || Best::new(k),
            |best, (at, (indices, distances))| {
                let first = at * block;
                let count = indices.len() / k;
                let seekers: Vec<Seeker<'_>> = (first..first + count)
                    .map(|row| Seeker { row: seekers.row(row), name: if self.same { row as u32 } else { NOBODY }, slot: row - first })
                    .collect();
                let margin = |slot: usize, score: f32| table.margin(self.asked.half[first + slot], score);
                best.clear(count);
                best.expect((first..first + count).map(&expected));
                for start in (0..panels.count()).step_by(part) {
                    run.check()?;
                    best.meet(&seekers, &panels, start..(start + part).min(panels.count()), scoring, margin);
                }
                for (slot, (indices, distances)) in indices.chunks_exact_mut(k).zip(distances.chunks_exact_mut(k)).enumerate() {
                    rank(self.rows, self.queries.row(first + slot), best.finish(slot, margin), self.metric, indices, distances);
                }
                let done = done.fetch_add(count, Ordering::Relaxed) + count;
                run.progress("neighbors", done as u64, n as u64);
                Ok(())
            },
        )?;
        Ok(Neighbors { k, indices, distances, algorithm: EXACT, recall: Measure::exact(1.0, None) })
    }
}

/// The same for few queries, for which packing the rows would take longer: distances to all rows. They are the distances that rank
/// the candidates above, so the answers are the same to the bit.
fn few(rows: MatrixView<'_>, queries: MatrixView<'_>, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    let (mut indices, mut distances) = (vec![0_u32; queries.rows() * k], vec![0.0_f32; queries.rows() * k]);
    for (query, (indices, distances)) in indices.chunks_exact_mut(k).zip(distances.chunks_exact_mut(k)).enumerate() {
        run.check()?;
        let query = queries.row(query);
        let length = |row: usize| (distance(query, rows.row(row), metric), row as u32);
        let mut all: Vec<(f64, u32)> = (0..rows.rows()).into_par_iter().map(length).collect();
        all.select_nth_unstable_by(k - 1, nearer_first);
        all.truncate(k);
        fill(all, indices, distances);
    }
    Ok(Neighbors { k, indices, distances, algorithm: EXACT, recall: Measure::exact(1.0, None) })
}

/// Writes the nearest of `candidates` by distance; ties by index.
pub(super) fn rank(
    rows: MatrixView<'_>,
    query: &[f32],
    candidates: impl Iterator<Item = u32>,
    metric: Metric,
    indices: &mut [u32],
    distances: &mut [f32],
) {
    let found = candidates.map(|name| (distance(query, rows.row(name as usize), metric), name)).collect();
    fill(found, indices, distances);
}

fn nearer_first(a: &(f64, u32), b: &(f64, u32)) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// The nearest of the candidates, in order.
pub(super) fn fill(mut found: Vec<(f64, u32)>, indices: &mut [u32], distances: &mut [f32]) {
    found.sort_unstable_by(nearer_first);
    for ((index, length), (distance, name)) in indices.iter_mut().zip(distances).zip(found) {
        *index = name;
        *length = distance as f32;
    }
}
