//! Exact neighbors of sparse rows by an inverted index from columns to rows.
//!
//! The inner product (or overlap) of two rows is summed over their common columns, for all rows at once, in f64; together with a sum per row it
//! determines every metric. Rows within the rounding error of the k-th nearest are ordered by distances from the cells, ties by
//! index. Cost: a multiply-add and a scattered write per pair of rows and common column, and n steps per row; memory: 12 bytes per cell.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::exact::fill;
use super::ranks::{Far, Ranked, nearer_first};
use super::{EXACT, Metric, Neighbors};
use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::SparseRows;
use crate::parallel::*;
use crate::run::Run;

/// Queries per task.
const BLOCK: usize = 32;
/// Error bound of a sum, relative to the magnitudes: sums of some million cells have a smaller error.
const ROUNDING: f64 = 1e-11;

/// The `k` nearest rows of each query; if the queries are the rows, without the row itself. The answer for a query is the same alone
/// and in any batch, to the bit.
///
/// # Errors
/// [`Error::Param`] if there are fewer rows; [`Error::Input`] for a cell that is not finite, or negative for the Hellinger metric;
/// [`Error::Cancelled`].
pub(super) fn search(rows: SparseRows<'_>, queries: SparseRows<'_>, same: bool, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    let most = rows.rows() - usize::from(same && rows.rows() > 0);
    if k == 0 || k > most {
        return Err(Error::param("n_neighbors", k, format!("for {} rows it is 1 to {most}", rows.rows())));
    }
    check(rows, metric)?;
    check(queries, metric)?;
    let (index, n) = (Index::new(rows, metric), queries.rows());
    let (mut indices, mut distances) = (vec![0_u32; n * k], vec![0.0_f32; n * k]);
    let done = AtomicUsize::new(0);
    let blocks = indices.par_chunks_mut(BLOCK * k).zip(distances.par_chunks_mut(BLOCK * k)).enumerate();
    blocks.try_for_each_init(
        || (vec![0.0; rows.rows()], Vec::with_capacity(rows.rows())),
        |(agreements, keys), (block, (indices, distances))| {
            for (at, (indices, distances)) in indices.chunks_exact_mut(k).zip(distances.chunks_exact_mut(k)).enumerate() {
                run.check()?;
                let at = block * BLOCK + at;
                let query = queries.row(at);
                let own = Scaled::of(query, metric);
                index.agree(query, own, agreements);
                let key = |other: usize| (index.key(own, other, agreements[other]), other as u32);
                keys.clear();
                keys.extend((0..rows.rows()).filter(|&other| !same || other != at).map(key));
                let (_, &mut (last, _), _) = keys.select_nth_unstable_by(k - 1, |a, b| a.0.total_cmp(&b.0));
                let reach = last + ROUNDING * index.magnitude(own);
                let near = keys.iter().filter(|key| key.0 <= reach);
                let near = near.map(|&(_, other)| (distance(query, rows.row(other as usize), rows.cols, metric), other));
                fill(near.collect(), indices, distances);
            }
            let done = done.fetch_add(indices.len() / k, Ordering::Relaxed) + indices.len() / k;
            run.progress("neighbors", done as u64, n as u64);
            Ok(())
        },
    )?;
    Ok(Neighbors { k, indices, distances, algorithm: EXACT, recall: Measure::exact(1.0, None) })
}

/// Refuses cells for which the metric is undefined.
///
/// # Errors
/// [`Error::Input`] with the row and column.
pub(super) fn check(rows: SparseRows<'_>, metric: Metric) -> Result<()> {
    let bad = |value: &f32| !value.is_finite() || (metric == Metric::Hellinger && *value < 0.0);
    let Some(at) = rows.values.iter().position(bad) else { return Ok(()) };
    let wanted = if metric == Metric::Hellinger { "Hellinger distances are of counts or shares" } else { "distances need finite numbers" };
    let row = rows.starts.partition_point(|&start| start <= at);
    let error = Error::input("data", format!("{} was found", rows.values[at]), wanted);
    Err(error.at_row(row as u64).at_column((rows.indices[at] + 1).to_string()))
}

/// The factor of a row's cells, and its sum.
#[derive(Clone, Copy)]
struct Scaled {
    scale: f64,
    sum: f64,
}

impl Scaled {
    fn of((_, values): (&[u32], &[f32]), metric: Metric) -> Self {
        let inverse = |length: f64| if length > 0.0 { 1.0 / length } else { 0.0 };
        let squared = || values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
        let total = || values.iter().map(|&value| f64::from(value).abs()).sum::<f64>();
        let count = || values.iter().filter(|value| **value != 0.0).count() as f64;
        match metric {
            Metric::Euclidean | Metric::InnerProduct => Scaled { scale: 1.0, sum: squared() },
            Metric::Cosine => Scaled { scale: inverse(squared().sqrt()), sum: if squared() > 0.0 { 1.0 } else { 0.0 } },
            Metric::Hellinger => Scaled { scale: inverse(total()), sum: if total() > 0.0 { 1.0 } else { 0.0 } },
            Metric::Manhattan => Scaled { scale: 1.0, sum: total() },
            Metric::Hamming | Metric::Jaccard => Scaled { scale: 1.0, sum: count() },
        }
    }

    fn cell(self, value: f32, metric: Metric) -> f64 {
        match metric {
            Metric::Hellinger => (f64::from(value) * self.scale).sqrt(),
            Metric::Jaccard => f64::from(value != 0.0),
            _ => f64::from(value) * self.scale,
        }
    }
}

/// The inverted index: for each column, the rows that have it.
pub(crate) struct Index {
    metric: Metric,
    cols: usize,
    /// `[cols + 1]`.
    starts: Vec<usize>,
    rows: Vec<u32>,
    cells: Vec<f64>,
    sums: Vec<f64>,
    largest: f64,
}

impl Index {
    pub(super) fn new(rows: SparseRows<'_>, metric: Metric) -> Self {
        let scaled: Vec<Scaled> = (0..rows.rows()).into_par_iter().map(|row| Scaled::of(rows.row(row), metric)).collect();
        let mut starts = vec![0; rows.cols + 1];
        rows.indices.iter().for_each(|&column| starts[column as usize + 1] += 1);
        (0..rows.cols).for_each(|column| starts[column + 1] += starts[column]);
        let mut next = starts.clone();
        let (mut names, mut cells) = (vec![0; rows.indices.len()], vec![0.0; rows.indices.len()]);
        for (row, scaled) in scaled.iter().enumerate() {
            let (columns, values) = rows.row(row);
            for (&column, &value) in columns.iter().zip(values) {
                let place = &mut next[column as usize];
                (names[*place], cells[*place]) = (row as u32, scaled.cell(value, metric));
                *place += 1;
            }
        }
        let sums: Vec<f64> = scaled.iter().map(|scaled| scaled.sum).collect();
        let largest = sums.iter().copied().fold(0.0, f64::max);
        Index { metric, cols: rows.cols, starts, rows: names, cells, sums, largest }
    }

    /// Keys that order all rows by their distance from this one.
    pub(super) fn keys(&self, row: (&[u32], &[f32])) -> Vec<f64> {
        let (own, mut keys) = (Scaled::of(row, self.metric), vec![0.0; self.sums.len()]);
        self.agree(row, own, &mut keys);
        keys.iter_mut().enumerate().for_each(|(other, key)| *key = self.key(own, other, *key));
        keys
    }

    /// The inner product (or overlap) of a row with every row.
    fn agree(&self, (columns, values): (&[u32], &[f32]), own: Scaled, agreements: &mut [f64]) {
        agreements.fill(0.0);
        for (&column, &value) in columns.iter().zip(values).filter(|(column, _)| (**column as usize) < self.cols) {
            let range = self.starts[column as usize]..self.starts[column as usize + 1];
            let (value, others) = (own.cell(value, self.metric), self.rows[range.clone()].iter().zip(&self.cells[range]));
            match self.metric {
                Metric::Manhattan => others.for_each(|(&row, &other)| agreements[row as usize] += agree(Metric::Manhattan, value, other)),
                Metric::Hamming => others.for_each(|(&row, &other)| agreements[row as usize] += agree(Metric::Hamming, value, other)),
                _ => others.for_each(|(&row, &other)| agreements[row as usize] += agree(Metric::Euclidean, value, other)),
            }
        }
    }

    /// Keys that order rows by distance, from these sums.
    fn key(&self, own: Scaled, other: usize, agreement: f64) -> f64 {
        key(self.metric, own.sum, self.sums[other], agreement)
    }

    /// The magnitude of the summands of a key.
    fn magnitude(&self, own: Scaled) -> f64 {
        match self.metric {
            Metric::InnerProduct => (own.sum * self.largest).sqrt(),
            _ => own.sum + self.largest,
        }
    }
}

/// The summand of two cells of a common column.
#[inline(always)]
fn agree(metric: Metric, value: f64, other: f64) -> f64 {
    match metric {
        Metric::Manhattan => value.abs() + other.abs() - (value - other).abs(),
        // Columns where both cells are 0 are not counted.
        Metric::Hamming => f64::from(value != 0.0) + f64::from(other != 0.0) - f64::from(value != other),
        _ => value * other,
    }
}

/// The key of two rows, from their sums and their inner product (or overlap).
#[inline(always)]
fn key(metric: Metric, own: f64, other: f64, agreement: f64) -> f64 {
    match metric {
        Metric::Euclidean => own + other - 2.0 * agreement,
        Metric::Cosine | Metric::Hellinger | Metric::InnerProduct => -agreement,
        Metric::Manhattan | Metric::Hamming => own + other - agreement,
        Metric::Jaccard => -agreement / (own + other - agreement).max(1.0),
    }
}

/// A few sparse rows, prepared for comparison with blocks of other rows, like [`super::Ranks`], by keys in f64. The key of two rows is
/// the same in any block, to the bit.
pub(crate) struct SparseRanks<'a> {
    rows: SparseRows<'a>,
    names: &'a [u32],
    metric: Metric,
}

impl<'a> SparseRanks<'a> {
    /// The few rows, and the number of each among the many.
    pub(crate) fn new(rows: SparseRows<'a>, names: &'a [u32], metric: Metric) -> Self {
        SparseRanks { rows, names, metric }
    }

    /// Number of the few rows.
    pub(crate) fn count(&self) -> usize {
        self.rows.rows()
    }

    /// Keys that order other rows by their distance from the row at `slot`.
    pub(crate) fn length(&self, slot: usize, other: (&[u32], &[f32])) -> f64 {
        let row = self.rows.row(slot);
        let (own, others) = (Scaled::of(row, self.metric), Scaled::of(other, self.metric));
        let (mut agreement, mut at) = (0.0, 0);
        for (&column, &value) in row.0.iter().zip(row.1) {
            at += other.0[at..].partition_point(|&other| other < column);
            if other.0.get(at) == Some(&column) {
                agreement += agree(self.metric, own.cell(value, self.metric), others.cell(other.1[at], self.metric));
            }
        }
        key(self.metric, own.sum, others.sum, agreement)
    }

    /// Adds a block of the many, which begins with row `first`: updates the `k` nearest of each of the few, and the ranks of its wanted
    /// rows.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn pass(
        &self,
        ranked: &mut [Ranked],
        many: SparseRows<'_>,
        first: usize,
        k: usize,
        wanted: Option<&[Vec<Far>]>,
        run: &Run,
    ) -> Result<()> {
        let index = Index::new(many, self.metric);
        ranked.par_iter_mut().enumerate().try_for_each(|(slot, ranked)| {
            run.check()?;
            let own = self.names[slot] as usize;
            let named = index.keys(self.rows.row(slot)).into_iter().zip(first as u32..).filter(|far| far.1 as usize != own);
            let wanted = wanted.map_or(&[][..], |wanted| &wanted[slot]);
            let farthest = wanted.iter().copied().max_by(nearer_first);
            for far in named {
                if farthest.is_some_and(|farthest| nearer_first(&far, &farthest).is_lt()) {
                    let counts = ranked.nearer.iter_mut().zip(wanted);
                    counts.for_each(|(nearer, wanted)| *nearer += u32::from(nearer_first(&far, wanted).is_lt()));
                }
                // The current nearest are sorted.
                let is_near = ranked.nearest.len() < k || ranked.nearest.last().is_some_and(|last| nearer_first(&far, last).is_lt());
                if k > 0 && is_near {
                    let at = ranked.nearest.partition_point(|other| nearer_first(other, &far).is_lt());
                    ranked.nearest.insert(at, far);
                    ranked.nearest.truncate(k);
                }
            }
            Ok(())
        })
    }
}

/// The distance of two sparse rows, as [`super::distance`] computes it for dense ones.
pub(crate) fn distance(a: (&[u32], &[f32]), b: (&[u32], &[f32]), cols: usize, metric: Metric) -> f64 {
    let (one, other) = (Scaled::of(a, metric), Scaled::of(b, metric));
    let mut sums = [0.0; 2];
    let mut both = |x: f32, y: f32| {
        let (x, y) = (one.cell(x, metric), other.cell(y, metric));
        match metric {
            Metric::Euclidean | Metric::Cosine | Metric::Hellinger => sums[0] += (x - y) * (x - y),
            Metric::InnerProduct => sums[0] += x * y,
            Metric::Manhattan => sums[0] += (x - y).abs(),
            Metric::Hamming => sums[0] += f64::from(x != y),
            Metric::Jaccard => {
                sums[0] += x * y;
                sums[1] += x.max(y);
            }
        }
    };
    let (mut i, mut j) = (0, 0);
    while i < a.0.len() || j < b.0.len() {
        let (left, right) = (a.0.get(i).copied().unwrap_or(u32::MAX), b.0.get(j).copied().unwrap_or(u32::MAX));
        both(if left <= right { a.1[i] } else { 0.0 }, if right <= left { b.1[j] } else { 0.0 });
        i += usize::from(left <= right);
        j += usize::from(right <= left);
    }
    match metric {
        Metric::Euclidean => sums[0].sqrt(),
        Metric::Cosine | Metric::Hellinger if one.sum == 0.0 || other.sum == 0.0 => 1.0,
        Metric::Cosine => sums[0] / 2.0,
        Metric::Hellinger => (sums[0] / 2.0).sqrt(),
        Metric::InnerProduct => -sums[0],
        Metric::Manhattan => sums[0],
        Metric::Hamming => sums[0] / cols.max(1) as f64,
        Metric::Jaccard => {
            if sums[0] == 0.0 {
                1.0
            } else {
                1.0 - sums[0] / sums[1]
            }
        }
    }
}
