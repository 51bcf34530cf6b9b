//! Approximate search by an inverted file index: rows are assigned to lists by the nearest of some centers, and a row searches only the lists with
//! the nearest centers. The number of lists is chosen on a sample of rows with known true neighbors. The same sample gives the
//! recall; choosing one number as a quantile of thousands of values biases it by at most one of these.
//!
//! All rows of a list search together, as matrix products in tiles. Cost: about n^1.5 · d. Each list is one task and owns the results of
//! its rows, so the bytes do not depend on the threads.
//! Source: Jégou, Douze and Schmid 2011, doi:10.1109/TPAMI.2010.57, for lists by nearest centers.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::parallel::*;

use super::best::{Best, ExactScores, Seeker};
use super::duplicates::by_group;
use super::exact::{self, rank};
use super::reduce::reduce;
use super::sample::{places, shares, truth};
use super::table::{Frame, Table};
use super::{APPROXIMATE, Metric, Neighbors, distance, local};
use crate::error::Result;
use crate::interval::Measure;
use crate::linalg::{Agreement, Matrix, MatrixView, NOBODY, Panels, TILE_COLS};
use crate::random::Random;
use crate::run::Run;

/// Fewer rows are searched exactly, which takes no longer.
pub(super) const FEW: usize = 4096;
/// The share of true neighbors whose lists are searched.
const REACHED: f64 = 0.998;
/// The share of true neighbors that scores in few directions must keep as candidates.
const SCORED: f64 = 0.995;
/// Maximum number of candidates per neighbor for scores in few directions; above it, all columns are used.
const MOST_CANDIDATES: usize = 6;
/// Additional candidates, as f32 may exchange near ties.
const SPARE: usize = 2;
/// Minimum recall: below it, all pairs are compared.
pub(super) const FLOOR: f64 = 0.9;
/// Iterations of k-means.
const ROUNDS: usize = 4;
/// Sampled rows per center.
const LEARNED_FROM: usize = 16;
/// Number of lists, relative to the root of the number of rows.
pub(super) const LISTS: f64 = 2.0;
/// Budget of multiply-adds for the true neighbors of sampled rows, and the smallest and largest sample.
const SAMPLE_WORK: usize = 8_000_000_000;
const SAMPLE_ROWS: [usize; 2] = [128, 512];

pub(super) fn search(rows: MatrixView<'_>, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    let (n, d) = (rows.rows(), rows.cols());
    if n < FEW.max(8 * k) || !metric.is_distance() {
        return exact::search(rows, rows, true, k, metric, run);
    }
    run.progress("neighbors", 0, n as u64);
    let frame = Frame::of(rows, metric);
    let table = frame.table(rows)?;
    if local::are_better(rows, &frame, &table, k, metric, run)? {
        return local::search((rows, rows, true), &frame, table, k, metric, run);
    }
    let sample = Random::new(run.seed(), "neighbors sample").sample(0, n, sample_rows(n, d));
    let known = truth(rows, &table, &sample, k, metric, run)?;
    let mut keep = k + SPARE;
    let mut narrow = if table.agreement() == Agreement::Product { reduce(&table, run)? } else { None };
    if let Some(rows) = &narrow {
        let candidates = 1 + reaching(places(rows.view(), &table, &sample, &known, run)?.into_iter().flatten().collect(), SCORED);
        if candidates <= MOST_CANDIDATES * k { keep = keep.max(candidates) } else { narrow = None }
    }
    let found = among_lists((rows, &table), narrow.as_ref(), (&sample, &known), k, keep, metric, run)?;
    drop((narrow, table));
    match found {
        Some(found) if found.recall.value >= FLOOR => return Ok(found),
        Some(found) => run.note(format!(
            "neighbors: the approximate search found {:.4} of the {k} nearest, less than {FLOOR}: all pairs are compared",
            found.recall.value
        )),
        None => {}
    }
    exact::search(rows, rows, true, k, metric, run)
}

/// The neighbors found in lists, with the recall of the `known` neighbors of the rows in `sample`; none if searching the necessary number of
/// lists would take longer than all pairs.
fn among_lists(
    (rows, table): (MatrixView<'_>, &Table),
    narrow: Option<&Matrix>,
    (sample, known): (&[u32], &[Vec<u32>]),
    k: usize,
    keep: usize,
    metric: Metric,
    run: &Run,
) -> Result<Option<Neighbors>> {
    let (n, d) = (rows.rows(), rows.cols());
    let scored = narrow.unwrap_or(&table.rows).view();
    let centers = Centers::learn(scored, (LISTS * (n as f64).sqrt()) as usize, table.agreement(), run)?;
    let visits = 1 + reaching(centers.places(scored, sample, known, run)?, REACHED);
    let looked_at = n * visits / centers.count() + centers.count();
    if looked_at * scored.cols() * 3 / 2 > n * d {
        return Ok(None);
    }
    run.note(format!(
        "neighbors: {} lists, {visits} searched per row, {keep} candidates by {} of {d} principal directions",
        centers.count(),
        scored.cols()
    ));
    // Scores in few directions have larger errors than rounding.
    let margin = |row: u32, score: f32| if narrow.is_some() { 0.0 } else { table.margin(table.half[row as usize], score) };
    let mut found = Lists::new(table, scored, &centers, visits, run)?.search(rows, k, keep, metric, &margin, run)?;
    found.recall = mean_share(&shares(&found, sample, known), k);
    Ok(Some(found))
}

/// Number of rows whose true neighbors are computed.
pub(super) fn sample_rows(n: usize, d: usize) -> usize {
    (SAMPLE_WORK / (n * d).max(1)).clamp(SAMPLE_ROWS[0], SAMPLE_ROWS[1])
}

/// The quantile of `values` at this share.
fn reaching(mut values: Vec<u32>, share: f64) -> usize {
    values.sort_unstable();
    let at = (share * values.len() as f64).ceil() as usize;
    values.get(at.max(1) - 1).map_or(0, |&value| value as usize)
}

/// The mean recall of sampled rows with its 95 % confidence interval, which is at least as wide as for a sample without a miss
/// (rule of three).
fn mean_share(shares: &[f64], k: usize) -> Measure {
    let count = shares.len() as f64;
    let value = shares.iter().sum::<f64>() / count;
    let variance = shares.iter().map(|share| (share - value).powi(2)).sum::<f64>() / (count - 1.0);
    let half = (1.96 * (variance / count).sqrt()).max(3.0 / (count * k as f64));
    Measure { value, low: (value - half).max(0.0), high: (value + half).min(1.0), null: None }
}

/// The centers of lists.
pub(super) struct Centers {
    panels: Panels,
    count: usize,
}

impl Centers {
    /// `count` centers by some rounds of k-means (Lloyd 1982, doi:10.1109/TIT.1982.1056489) on a sample, from rows chosen at random.
    pub(super) fn learn(rows: MatrixView<'_>, count: usize, agreement: Agreement, run: &Run) -> Result<Self> {
        let (n, d) = (rows.rows(), rows.cols());
        let random = Random::new(run.seed(), "neighbors centers");
        let sample = random.sample(0, n, count * LEARNED_FROM);
        let count = count.min(sample.len());
        let mut cells: Vec<f32> =
            random.sample(1, sample.len(), count).iter().flat_map(|&at| rows.row(sample[at as usize] as usize).iter().copied()).collect();
        for _ in 0..ROUNDS {
            let nearest = Centers::new(Matrix::new(count, d, cells.clone())?, agreement).nearest(rows, &sample, 1, run)?;
            let (starts, places) = by_group(&nearest, count);
            cells.par_chunks_mut(d).enumerate().for_each(|(center, cells)| {
                let members = &places[starts[center] as usize..starts[center + 1] as usize];
                if members.is_empty() {
                    return;
                }
                let mut sum = vec![0.0_f64; d];
                for &place in members {
                    let row = rows.row(sample[place as usize] as usize);
                    sum.iter_mut().zip(row).for_each(|(sum, &cell)| *sum += f64::from(cell));
                }
                cells.iter_mut().zip(sum).for_each(|(cell, sum)| *cell = (sum / members.len() as f64) as f32);
            });
        }
        Ok(Centers::new(Matrix::new(count, d, cells)?, agreement))
    }

    /// Centers are means, so counting equal cells is useless: absolute differences are used instead.
    pub(super) fn new(centers: Matrix, agreement: Agreement) -> Self {
        let half = |center: usize| centers.row(center).iter().map(|cell| cell * cell).sum::<f32>() / 2.0;
        let panels = match agreement {
            Agreement::Product | Agreement::Overlap => Panels::all(centers.view(), Agreement::Product, |center| -half(center)),
            Agreement::Difference | Agreement::Unequal => Panels::all(centers.view(), Agreement::Difference, |_| 0.0),
        };
        Centers { panels, count: centers.rows() }
    }

    fn count(&self) -> usize {
        self.count
    }

    /// The center nearest to each row.
    pub(super) fn nearest_of_all(&self, rows: MatrixView<'_>, run: &Run) -> Result<Vec<u32>> {
        self.nearest(rows, &(0..rows.rows() as u32).collect::<Vec<_>>(), 1, run)
    }

    /// The `keep` centers nearest to each of the rows that `chosen` names, nearest first: `[chosen, keep]`.
    fn nearest(&self, rows: MatrixView<'_>, chosen: &[u32], keep: usize, run: &Run) -> Result<Vec<u32>> {
        const BLOCK: usize = 96;
        let mut nearest = vec![0_u32; chosen.len() * keep];
        nearest.par_chunks_mut(BLOCK * keep).zip(chosen.par_chunks(BLOCK)).try_for_each_init(
            || Best::new(keep),
            |best, (nearest, chosen)| {
                run.check()?;
                let seekers: Vec<Seeker<'_>> =
                    chosen.iter().enumerate().map(|(slot, &row)| Seeker { row: rows.row(row as usize), name: NOBODY, slot }).collect();
                best.clear(seekers.len());
                best.meet(&seekers, &self.panels, 0..self.panels.count(), &ExactScores, |_, _| 0.0);
                for (slot, nearest) in nearest.chunks_exact_mut(keep).enumerate() {
                    nearest.iter_mut().zip(best.finish(slot, |_, _| 0.0)).for_each(|(out, center)| *out = center);
                }
                Ok(())
            },
        )?;
        Ok(nearest)
    }

    /// For each sampled row and each of its `known` neighbors: the number of lists that are nearer to the row than the neighbor's
    /// list.
    fn places(&self, rows: MatrixView<'_>, sample: &[u32], known: &[Vec<u32>], run: &Run) -> Result<Vec<u32>> {
        let order = self.nearest(rows, sample, self.count, run)?;
        let neighbors: Vec<u32> = known.iter().flatten().copied().collect();
        let lists = self.nearest(rows, &neighbors, 1, run)?;
        let k = neighbors.len() / sample.len().max(1);
        let place = |(at, list): (usize, &u32)| {
            let order = &order[(at / k) * self.count..][..self.count];
            order.iter().position(|other| other == list).unwrap_or(self.count) as u32
        };
        Ok(lists.iter().enumerate().map(place).collect())
    }
}

/// The inverted file index.
struct Lists<'a> {
    table: &'a Table,
    scored: MatrixView<'a>,
    /// The lists that each row searches, its own first: `[n, visits]`.
    visited: Vec<u32>,
    visits: usize,
    /// The rows of list l: `members[starts[l]..starts[l + 1]]`.
    starts: Vec<u32>,
    members: Vec<u32>,
    /// The same rows packed; each list begins a panel, list l at `begins[l]`.
    panels: Panels,
    begins: Vec<usize>,
}

impl<'a> Lists<'a> {
    fn new(table: &'a Table, scored: MatrixView<'a>, centers: &Centers, visits: usize, run: &Run) -> Result<Self> {
        let n = scored.rows();
        let all: Vec<u32> = (0..n as u32).collect();
        let visits = visits.min(centers.count());
        let visited = centers.nearest(scored, &all, visits, run)?;
        let own: Vec<u32> = visited.iter().copied().step_by(visits).collect();
        let (starts, members) = by_group(&own, centers.count());

        let mut names = Vec::with_capacity(n + centers.count() * TILE_COLS);
        let mut begins = vec![0];
        for list in starts.windows(2) {
            names.extend_from_slice(&members[list[0] as usize..list[1] as usize]);
            names.resize(names.len().next_multiple_of(TILE_COLS), NOBODY);
            begins.push(names.len() / TILE_COLS);
        }
        let panels = Panels::new(scored, names, table.agreement(), |row| table.offset(row) + table.size(row));
        Ok(Lists { table, scored, visited, visits, starts, members, panels, begins })
    }

    /// The `k` nearest of each row by distance, among the `keep` candidates with the best scores in the searched lists and those within the
    /// margin.
    fn search(
        &self,
        rows: MatrixView<'_>,
        k: usize,
        keep: usize,
        metric: Metric,
        margin: &(impl Fn(u32, f32) -> f32 + Sync),
        run: &Run,
    ) -> Result<Neighbors> {
        let n = rows.rows();
        let done = AtomicUsize::new(0);
        let of_lists: Vec<(Vec<u32>, Vec<f32>)> = (0..self.starts.len() - 1)
            .into_par_iter()
            .map_init(
                || (Best::new(keep), Vec::new()),
                |(best, rough), list| {
                    let members = &self.members[self.starts[list] as usize..self.starts[list + 1] as usize];
                    let margin = |slot: usize, score: f32| margin(members[slot], score);
                    self.meet(members, best, margin, run)?;
                    let (mut indices, mut distances) = (vec![NOBODY; members.len() * k], vec![0.0_f32; members.len() * k]);
                    let out = indices.chunks_exact_mut(k).zip(distances.chunks_exact_mut(k));
                    for (slot, (&row, (indices, distances))) in members.iter().zip(out).enumerate() {
                        let candidates = best.finish(slot, margin);
                        let query = rows.row(row as usize);
                        if keep > k + SPARE && candidates.len() > k + SPARE {
                            // Chosen by scores in few directions: choose again by all columns in f32, then by f64.
                            let near = if metric == Metric::Euclidean { rows } else { self.table.rows.view() };
                            rough.clear();
                            rough
                                .extend(candidates.map(|other| (distance::rough(near.row(row as usize), near.row(other as usize)), other)));
                            rough.select_nth_unstable_by(k + SPARE - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                            rank(rows, query, rough[..k + SPARE].iter().map(|candidate| candidate.1), metric, indices, distances);
                        } else if candidates.len() >= k {
                            rank(rows, query, candidates, metric, indices, distances);
                        } else {
                            // Too few rows in these lists: search all rows.
                            rank(rows, query, (0..n as u32).filter(|&other| other != row), metric, indices, distances);
                        }
                    }
                    let done = done.fetch_add(members.len(), Ordering::Relaxed) + members.len();
                    run.progress("neighbors", done as u64, n as u64);
                    Ok((indices, distances))
                },
            )
            .collect::<Result<_>>()?;
        let (mut indices, mut distances) = (vec![0_u32; n * k], vec![0.0_f32; n * k]);
        let mut members = self.members.iter();
        for (list_indices, list_distances) in of_lists {
            for (from, to) in list_indices.chunks_exact(k).zip(list_distances.chunks_exact(k)) {
                if let Some(&row) = members.next() {
                    indices[row as usize * k..][..k].copy_from_slice(from);
                    distances[row as usize * k..][..k].copy_from_slice(to);
                }
            }
        }
        Ok(Neighbors { k, indices, distances, algorithm: APPROXIMATE, recall: Measure::exact(1.0, None) })
    }

    /// Searches all lists of the rows of one list, in decreasing order of the number of rows that search them, so that the nearest come first.
    fn meet(&self, members: &[u32], best: &mut Best, margin: impl Fn(usize, f32) -> f32 + Copy, run: &Run) -> Result<()> {
        best.clear(members.len());
        let mut looks: Vec<(u32, u32)> = Vec::with_capacity(members.len() * self.visits);
        for (slot, &row) in members.iter().enumerate() {
            let lists = &self.visited[row as usize * self.visits..][..self.visits];
            looks.extend(lists.iter().map(|&list| (list, slot as u32)));
        }
        looks.sort_unstable();
        let mut together: Vec<&[(u32, u32)]> = looks.chunk_by(|a, b| a.0 == b.0).collect();
        together.sort_by_key(|looks| std::cmp::Reverse(looks.len()));
        let mut seekers = Vec::with_capacity(members.len());
        for looks in together {
            run.check()?;
            seekers.clear();
            seekers.extend(looks.iter().map(|&(_, slot)| {
                let name = members[slot as usize];
                Seeker { row: self.scored.row(name as usize), name, slot: slot as usize }
            }));
            let list = looks[0].0 as usize;
            best.meet(&seekers, &self.panels, self.begins[list]..self.begins[list + 1], &ExactScores, margin);
        }
        Ok(())
    }
}
