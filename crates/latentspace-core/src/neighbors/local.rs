//! Exact search for rows in tight groups: list by list, each relative to its own center.
//!
//! The score of two rows is an inner product in f32. Its error grows with the distance of the rows from the origin. If groups are small compared
//! with the distances between them, this error exceeds the distances within a group: with the mean of all rows as the origin, the rows of a
//! group cannot be ordered. Relative to the center of a list of near rows, the scores of its rows have small errors, and those of distant rows
//! have errors that are small compared with their distance from the list. The error of each score is bounded; pairs within the bound are compared
//! by distances in f64, so the answers are those of all pairs to the bit. The triangle inequality excludes most lists of other groups.
//!
//! Cost: all pairs within each group, and n^1.5 steps; 8·n·d bytes.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::best::{Best, Scoring, Seeker};
use super::distance::{distance, lengths, squared_norm};
use super::duplicates::by_group;
use super::exact::rank;
use super::lists::Centers;
use super::table::{Frame, Table};
use super::{EXACT, Metric, Neighbors};
use crate::error::Result;
use crate::interval::Measure;
use crate::linalg::{Agreement, Matrix, MatrixView, NOBODY, Panels, TILE_COLS};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Maximum number of rows in a list: this multiple of the root of the number of rows, but at least the second number.
const ROWS: f64 = 0.75;
const FEWEST: usize = 64;
/// Number of parts per split and maximum depth: each part is split relative to its own center, so that nested groups are found at any
/// scale.
const PARTS: usize = 16;
const DEPTH: usize = 12;
/// Queries per task.
const BLOCK: usize = 192;
/// Sample size for counting rows that cannot be distinguished from neighbors, and the threshold: a constant and a number per neighbor.
const ASKED: usize = 24;
const MANY: [usize; 2] = [64, 2];
/// Fewer rows are not tested.
const FEW: usize = 512;
/// Relative error of f64 distances in f32, and the underflow threshold.
const ROUNDING: f32 = 4.0 * f32::EPSILON;
const NOTHING: f32 = 1e-36;

/// Whether scores relative to the mean of all rows leave so many rows undecided that lists with their own centers take less time; estimated on
/// a sample.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn are_better(rows: MatrixView<'_>, frame: &Frame, table: &Table, k: usize, metric: Metric, run: &Run) -> Result<bool> {
    let n = rows.rows();
    if n < FEW || k + 1 >= n || table.agreement() != Agreement::Product || !metric.is_distance() {
        return Ok(false);
    }
    let asked = Random::new(run.seed(), "neighbors in doubt").sample(0, n, ASKED);
    let in_doubt = |&row: &u32| {
        run.check()?;
        let mut lengths = lengths(rows.row(row as usize), rows, metric);
        lengths[row as usize] = f64::INFINITY;
        let last = *lengths.select_nth_unstable_by(k - 1, f64::total_cmp).1;
        let half = table.half[row as usize];
        let score = frame.score(half, last);
        let bound = f64::from(score) - f64::from(table.margin(half, score));
        // Every search must compare ties.
        Ok(lengths[k..].iter().filter(|&&length| length > last && f64::from(frame.score(half, length)) >= bound).count())
    };
    let counts: Vec<usize> = asked.par_iter().map(in_doubt).collect::<Result<_>>()?;
    Ok(counts.iter().sum::<usize>() > asked.len() * (MANY[0] + MANY[1] * k))
}

/// The `k` nearest rows of each query; if the queries are the rows, without the row itself. The table and its frame are those of the
/// rows.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn search(
    (rows, queries, same): (MatrixView<'_>, MatrixView<'_>, bool),
    frame: &Frame,
    table: Table,
    k: usize,
    metric: Metric,
    run: &Run,
) -> Result<Neighbors> {
    drop(table);
    let (centers, own) = parted(rows, frame, run)?;
    run.note(format!("neighbors: rows are in tight groups: {} lists, each compared from its own center", centers.rows()));
    let lists = Lists::new(rows, frame, &centers, &own, run)?;
    // The first list determines the time, not the result.
    let asked = match same {
        true => None,
        false => Some(Centers::new(centers.clone(), Agreement::Product).nearest_of_all(frame.table(queries)?.rows.view(), run)?),
    };
    lists.search(queries, same, asked.as_ref().unwrap_or(&own), k, metric, run)
}

/// Partition of the rows into lists of near rows: the center of each list, `[lists, d]`, and the list of each row.
fn parted(rows: MatrixView<'_>, frame: &Frame, run: &Run) -> Result<(Matrix, Vec<u32>)> {
    let (n, d) = (rows.rows(), rows.cols());
    let most = FEWEST.max((ROWS * (n as f64).sqrt()) as usize);
    let mut open = vec![Part { center: vec![0.0; d], members: (0..n as u32).collect() }];
    let mut whole = Vec::new();
    for depth in 0..DEPTH {
        let last = depth + 1 == DEPTH;
        let parts: Vec<Vec<Part>> =
            open.par_iter().map(|part| part.split(rows, frame, if last { n } else { most }, run)).collect::<Result<_>>()?;
        open.clear();
        for parts in parts {
            match parts.len() {
                1 => whole.extend(parts),
                _ => open.extend(parts),
            }
        }
        if open.is_empty() {
            break;
        }
    }
    let mut own = vec![0_u32; n];
    for (list, part) in (0..).zip(&whole) {
        part.members.iter().for_each(|&row| own[row as usize] = list);
    }
    let centers = Matrix::new(whole.len(), d, whole.into_iter().flat_map(|part| part.center).collect())?;
    Ok((centers, own))
}

/// A group of near rows, and a point near them, within the frame.
struct Part {
    center: Vec<f32>,
    members: Vec<u32>,
}

impl Part {
    /// The group with its mean as the center if it has at most `most` rows or cannot be split; else its parts.
    fn split(&self, rows: MatrixView<'_>, frame: &Frame, most: usize, run: &Run) -> Result<Vec<Part>> {
        run.check()?;
        let mean = self.seen(rows, frame, &self.center)?;
        let mut sum = vec![0.0_f64; rows.cols()];
        (0..mean.rows()).for_each(|row| sum.iter_mut().zip(mean.row(row)).for_each(|(sum, &cell)| *sum += f64::from(cell)));
        let count = self.members.len() as f64;
        let center: Vec<f32> = self.center.iter().zip(sum).map(|(&center, sum)| (f64::from(center) + sum / count) as f32).collect();
        let whole = |center| Ok(vec![Part { center, members: self.members.clone() }]);
        let parts = self.members.len().div_ceil(most).min(PARTS);
        if parts == 1 {
            return whole(center);
        }
        let seen = self.seen(rows, frame, &center)?;
        let own = Centers::learn(seen.view(), parts, Agreement::Product, run)?.nearest_of_all(seen.view(), run)?;
        let (starts, places) = by_group(&own, parts);
        let members = |range: &[u32]| places[range[0] as usize..range[1] as usize].iter().map(|&at| self.members[at as usize]).collect();
        let filled = starts.windows(2).filter(|range| range[0] < range[1]);
        let found: Vec<Part> = filled.map(|range| Part { center: center.clone(), members: members(range) }).collect();
        if found.len() == 1 { whole(center) } else { Ok(found) }
    }

    /// These rows relative to a point.
    fn seen(&self, rows: MatrixView<'_>, frame: &Frame, from: &[f32]) -> Result<Matrix> {
        let d = rows.cols();
        let mut cells = vec![0.0_f32; self.members.len() * d];
        cells.par_chunks_mut(BLOCK * d).zip(self.members.par_chunks(BLOCK)).for_each(|(cells, members)| {
            for (cells, &row) in cells.chunks_exact_mut(d).zip(members) {
                let row = rows.row(row as usize);
                frame.write(row, frame.scale_of(row), Some(from), cells);
            }
        });
        Matrix::new(self.members.len(), d, cells)
    }
}

/// Lists of rows, each relative to its own center.
struct Lists<'a> {
    rows: MatrixView<'a>,
    frame: &'a Frame,
    /// `[lists, d]`.
    centers: &'a Matrix,
    /// The radius of each list: the distance of its farthest row from the center.
    radii: Vec<f32>,
    /// The rows of each list, packed; list l begins at panel `begins[l]`.
    panels: Panels,
    begins: Vec<usize>,
    /// Error bound of a score, relative to the square of the sum of two norms.
    unit: f32,
}

/// Queries that search a list, relative to its center.
struct Looks<'a, F> {
    /// Half of the squared norm of each, by slot, and the error bound of scores.
    half: &'a [f32],
    error: &'a [f32],
    /// The score of a query and a row, from their distance in f64.
    exact: F,
}

impl<F: Fn(&Seeker<'_>, u32) -> f32 + Sync> Scoring for Looks<'_, F> {
    fn reach(&self, seeker: &Seeker<'_>, bound: f32) -> f32 {
        let half = self.half[seeker.slot];
        let lost = self.error[seeker.slot] + ROUNDING * (bound.abs() + half) + NOTHING;
        // Padding has a score of minus infinity.
        (bound + half - lost).max(f32::MIN)
    }

    fn score(&self, seeker: &Seeker<'_>, name: u32, _score: f32, _reach: f32) -> f32 {
        (self.exact)(seeker, name)
    }
}

impl<'a> Lists<'a> {
    fn new(rows: MatrixView<'a>, frame: &'a Frame, centers: &'a Matrix, own: &[u32], run: &Run) -> Result<Self> {
        let (n, d) = (rows.rows(), rows.cols());
        let (mut cells, mut half) = (vec![0.0_f32; n * d], vec![0.0_f32; n]);
        cells.par_chunks_mut(BLOCK * d).zip(half.par_chunks_mut(BLOCK)).enumerate().try_for_each(|(block, (cells, half))| {
            run.check()?;
            for ((at, cells), half) in cells.chunks_exact_mut(d).enumerate().zip(half) {
                let row = block * BLOCK + at;
                frame.write(rows.row(row), frame.scale_of(rows.row(row)), Some(centers.row(own[row] as usize)), cells);
                *half = (squared_norm(cells) / 2.0) as f32;
            }
            Ok(())
        })?;
        let seen = Matrix::new(n, d, cells)?;
        let (starts, members) = by_group(own, centers.rows());
        let (mut names, mut begins, mut radii) = (Vec::with_capacity(n + centers.rows() * TILE_COLS), vec![0], Vec::new());
        for list in starts.windows(2) {
            let members = &members[list[0] as usize..list[1] as usize];
            names.extend_from_slice(members);
            names.resize(names.len().next_multiple_of(TILE_COLS), NOBODY);
            begins.push(names.len() / TILE_COLS);
            let farthest = members.iter().map(|&row| half[row as usize]).fold(0.0, f32::max);
            radii.push((2.0 * farthest).sqrt() * (1.0 + ROUNDING));
        }
        let panels = Panels::new(seen.view(), names, Agreement::Product, |row| -half[row]);
        Ok(Lists { rows, frame, centers, radii, panels, begins, unit: 1.25 * (d + 8) as f32 * (f32::EPSILON / 2.0) })
    }

    /// Queries; `asked` is the nearest list of each.
    fn search(&self, queries: MatrixView<'_>, same: bool, asked: &[u32], k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
        let n = queries.rows();
        let (starts, members) = by_group(asked, self.centers.rows());
        let tasks: Vec<(usize, &[u32])> = starts
            .windows(2)
            .enumerate()
            .flat_map(|(list, range)| members[range[0] as usize..range[1] as usize].chunks(BLOCK).map(move |members| (list, members)))
            .collect();
        let done = AtomicUsize::new(0);
        let task = |best: &mut Best, &(list, members): &(usize, &[u32])| {
            self.meet(queries, same, (list, members), best, metric, run)?;
            let (mut indices, mut distances) = (vec![NOBODY; members.len() * k], vec![0.0_f32; members.len() * k]);
            let out = indices.chunks_exact_mut(k).zip(distances.chunks_exact_mut(k));
            for (slot, (&query, (indices, distances))) in members.iter().zip(out).enumerate() {
                rank(self.rows, queries.row(query as usize), best.finish(slot, |_, score| margin(score)), metric, indices, distances);
            }
            let done = done.fetch_add(members.len(), Ordering::Relaxed) + members.len();
            run.progress("neighbors", done as u64, n as u64);
            Ok((indices, distances))
        };
        let found: Vec<(Vec<u32>, Vec<f32>)> = tasks.par_iter().map_init(|| Best::new(k), task).collect::<Result<_>>()?;
        let (mut indices, mut distances) = (vec![0_u32; n * k], vec![0.0_f32; n * k]);
        for ((_, members), (near, far)) in tasks.iter().zip(found) {
            for ((&query, near), far) in members.iter().zip(near.chunks_exact(k)).zip(far.chunks_exact(k)) {
                indices[query as usize * k..][..k].copy_from_slice(near);
                distances[query as usize * k..][..k].copy_from_slice(far);
            }
        }
        Ok(Neighbors { k, indices, distances, algorithm: EXACT, recall: Measure::exact(1.0, None) })
    }

    /// Searches all lists that may contain a neighbor of some queries of one list, the nearest lists first.
    fn meet(
        &self,
        queries: MatrixView<'_>,
        same: bool,
        (own, members): (usize, &[u32]),
        best: &mut Best,
        metric: Metric,
        run: &Run,
    ) -> Result<()> {
        let d = self.rows.cols();
        best.clear(members.len());
        let scales: Vec<f64> = members.iter().map(|&query| self.frame.scale_of(queries.row(query as usize))).collect();
        let (mut cells, mut half, mut error) =
            (vec![0.0_f32; members.len() * d], vec![0.0_f32; members.len()], vec![0.0_f32; members.len()]);
        let mut order: Vec<(f32, usize)> = (0..self.centers.rows())
            .filter(|&list| self.begins[list] < self.begins[list + 1])
            .map(|list| (distance(self.centers.row(own), self.centers.row(list), Metric::Euclidean) as f32, list))
            .collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut from_own = vec![0.0_f32; members.len()];
        let see = |slot: usize, list: usize, cells: &mut [f32]| {
            self.frame.write(queries.row(members[slot] as usize), scales[slot], Some(self.centers.row(list)), cells);
            (squared_norm(cells) / 2.0) as f32
        };
        for (slot, cells) in cells.chunks_exact_mut(d).enumerate() {
            from_own[slot] = (2.0 * see(slot, own, cells)).sqrt();
        }
        let exact = |seeker: &Seeker<'_>, name: u32| {
            let query = queries.row(members[seeker.slot] as usize);
            self.frame.apart(distance(query, self.rows.row(name as usize), metric))
        };
        let mut looking = Vec::with_capacity(members.len());
        for (apart, list) in order {
            run.check()?;
            looking.clear();
            let radius = self.radii[list];
            for (slot, cells) in cells.chunks_exact_mut(d).enumerate() {
                // Within the bound of a query, with a margin for rounding.
                let near = (-2.0 * best.bounds()[slot]).max(0.0).sqrt() * (1.0 + ROUNDING) + radius;
                let lost = ROUNDING * (apart + from_own[slot]) + NOTHING.sqrt();
                if apart - from_own[slot] > near + lost {
                    continue;
                }
                half[slot] = see(slot, list, cells);
                let length = (2.0 * half[slot]).sqrt();
                if length > near + ROUNDING * length + NOTHING.sqrt() {
                    continue;
                }
                error[slot] = self.unit * (length + radius).powi(2);
                looking.push(slot);
            }
            let seekers: Vec<Seeker<'_>> = looking
                .iter()
                .map(|&slot| Seeker { row: &cells[slot * d..][..d], name: if same { members[slot] } else { NOBODY }, slot })
                .collect();
            let looks = Looks { half: &half, error: &error, exact };
            best.meet(&seekers, &self.panels, self.begins[list]..self.begins[list + 1], &looks, |_, score| margin(score));
        }
        Ok(())
    }
}

/// Error margin: by how much a score may be lower and still belong to a nearer row.
fn margin(score: f32) -> f32 {
    ROUNDING * score.abs() + NOTHING
}
