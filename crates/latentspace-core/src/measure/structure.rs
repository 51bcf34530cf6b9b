//! Trustworthiness, continuity and recall: whether neighbors in the map are near in the data, and vice versa.

use crate::parallel::*;

use super::{Measure, MeasureOptions, Measures, PerRow, Sample, pairs, summary};
use crate::error::Result;
use crate::linalg::MatrixView;
use crate::neighbors::{self, Far, Metric, Neighbors, Points, Ranked, Ranks, nearer_first};
use crate::random::Random;
use crate::run::Run;

/// Up to this number of rows, all are measured.
pub(super) const FEW: usize = 2000;
/// Sample size for more rows.
pub(super) const SAMPLED: usize = 1000;
/// Up to this number of distances, all are computed in f64.
const DIRECT: usize = FEW * FEW;

pub(super) fn measure(
    map: MatrixView<'_>,
    against: &Points<'_>,
    known: Option<&Neighbors>,
    options: &MeasureOptions,
    run: &Run,
) -> Result<Measures> {
    let (n, k, drawn) = (map.rows(), options.k, Points::Dense(map));
    run.progress("measures", 0, 3);
    let rows = asked(n, options.sample, run);
    // In a map of few dimensions, the neighbors of all rows take less time than those of a sample one by one.
    let seen = if known.is_some() || map.cols() <= 3 { Some(neighbors::neighbors(map, k, Metric::Euclidean, run)?) } else { None };
    let near_in_map: Vec<Vec<u32>> = match &seen {
        Some(seen) if map.cols() <= 3 => rows.iter().map(|&row| seen.row(row as usize).0.to_vec()).collect(),
        _ => {
            let ranked = places(&drawn, &rows, &[], k, Metric::Euclidean, run)?;
            ranked.into_iter().map(|row| names(&row.nearest)).collect()
        }
    };
    let in_data = places(against, &rows, &near_in_map, k, options.metric, run)?;
    run.progress("measures", 1, 3);
    let near_in_data: Vec<Vec<u32>> = in_data.iter().map(|row| names(&row.nearest)).collect();
    let in_map = places(&drawn, &rows, &near_in_data, 0, Metric::Euclidean, run)?;
    run.progress("measures", 2, 3);
    let distance_correlation = pairs::distance_correlation(map, against, options.metric, run)?;
    let recall_of = |(known, seen): (&Neighbors, &Neighbors)| {
        (0..n).into_par_iter().map(|row| shared(&known.row(row).0[..k], seen.row(row).0) as f32).collect()
    };
    let row_recall = known.zip(seen.as_ref()).map(recall_of).unwrap_or_default();
    run.progress("measures", 3, 3);
    let found = Found { n, k, rows, near_in_map, near_in_data, in_data: nearer(in_data), in_map: nearer(in_map) };
    Ok(Measures { row_recall, ..found.measures(distance_correlation) })
}

/// Neighbors and ranks of sampled rows of `n`.
pub(super) struct Found {
    pub(super) n: usize,
    pub(super) k: usize,
    pub(super) rows: Vec<u32>,
    pub(super) near_in_map: Vec<Vec<u32>>,
    pub(super) near_in_data: Vec<Vec<u32>>,
    /// Ranks in the data of the neighbors in the map, and vice versa.
    pub(super) in_data: Vec<Vec<u32>>,
    pub(super) in_map: Vec<Vec<u32>>,
}

impl Found {
    /// The measures.
    pub(super) fn measures(self, distance_correlation: Measure) -> Measures {
        let Found { n, k, rows, near_in_map, near_in_data, in_data, in_map } = self;
        // The largest possible penalty, with the farthest rows as neighbors, gives 0.
        let scale = 2.0 / (k as f64 * (2.0 * n as f64 - 3.0 * k as f64 - 1.0));
        // A row with `nearer` nearer rows has rank nearer + 1; ranks up to k have no penalty.
        let kept = |nearer: &Vec<u32>| {
            let penalty: u64 = nearer.iter().map(|&nearer| u64::from((nearer + 1).saturating_sub(k as u32))).sum();
            1.0 - scale * penalty as f64
        };
        let trustworthiness: Vec<f64> = in_data.iter().map(kept).collect();
        let continuity: Vec<f64> = in_map.iter().map(kept).collect();
        let recall: Vec<f64> = near_in_data.iter().zip(&near_in_map).map(|(data, map)| shared(data, map)).collect();
        // Null: each of the k neighbors has a random rank from 1 to n - 1.
        let (rows_more, near) = ((n - 1) as f64, k as f64);
        let noise = 1.0 - scale * near * (rows_more - near) * (rows_more - near + 1.0) / (2.0 * rows_more);
        let single = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
        Measures {
            trustworthiness: summary(&trustworthiness, n, noise),
            continuity: summary(&continuity, n, noise),
            recall: summary(&recall, n, near / rows_more),
            distance_correlation,
            k,
            per_row: PerRow { rows, trustworthiness: single(&trustworthiness), continuity: single(&continuity), recall: single(&recall) },
            row_recall: Vec::new(),
        }
    }
}

/// The sampled rows.
pub(super) fn asked(n: usize, sample: Sample, run: &Run) -> Vec<u32> {
    let count = match sample {
        Sample::Auto if n <= FEW => n,
        Sample::Auto => SAMPLED,
        Sample::All => n,
        Sample::Rows(count) => count.clamp(1, n),
    };
    Random::new(run.seed(), "measure rows").sample(0, n, count)
}

/// Row numbers.
pub(super) fn names(rows: &[Far]) -> Vec<u32> {
    rows.iter().map(|row| row.1).collect()
}

/// Ranks of the wanted rows.
pub(super) fn nearer(ranked: Vec<Ranked>) -> Vec<Vec<u32>> {
    ranked.into_iter().map(|row| row.nearer).collect()
}

/// The share of the first list that is in the second.
pub(super) fn shared(a: &[u32], b: &[u32]) -> f64 {
    a.iter().filter(|row| b.contains(row)).count() as f64 / a.len() as f64
}

/// The `k` nearest of each of a few rows, and the rank of each of its `wanted` rows (none: no ranks). By distances in
/// f64, ties by index.
pub(super) fn places(space: &Points<'_>, rows: &[u32], wanted: &[Vec<u32>], k: usize, metric: Metric, run: &Run) -> Result<Vec<Ranked>> {
    /// Rows that are compared with all others at a time.
    const FEW: usize = 4096;
    let space = match space {
        Points::Dense(space) if rows.len() * space.rows() > DIRECT => *space,
        few => return direct(few, rows, wanted, k, metric, run),
    };
    let mut found = Vec::with_capacity(rows.len());
    for (at, rows) in rows.chunks(FEW).enumerate() {
        let few = space.select(rows);
        let ranks = Ranks::new(few.view(), rows, metric)?;
        let wanted = wanted.get(at * FEW..at * FEW + rows.len()).unwrap_or_default();
        let far = |(slot, wanted): (usize, &Vec<u32>)| -> Vec<Far> {
            wanted.iter().map(|&row| (ranks.length(slot, space.row(row as usize)), row)).collect()
        };
        let wanted: Vec<Vec<Far>> = wanted.par_iter().enumerate().map(far).collect();
        let wanted = (!wanted.is_empty()).then(|| ranks.wanted(&wanted));
        found.extend(ranks.among(space, k, wanted.as_ref(), run)?);
    }
    Ok(found)
}

/// The same by computing all distances.
fn direct(space: &Points<'_>, rows: &[u32], wanted: &[Vec<u32>], k: usize, metric: Metric, run: &Run) -> Result<Vec<Ranked>> {
    let all = space.lengths(metric);
    let one = |(slot, &row): (usize, &u32)| {
        run.check()?;
        let mut lengths = all.of(row as usize);
        lengths[row as usize] = f64::INFINITY;
        let mut nearest: Vec<Far> = Vec::new();
        if k > 0 {
            nearest.extend(lengths.iter().copied().zip(0..));
            nearest.select_nth_unstable_by(k - 1, nearer_first);
            // Do not keep a large buffer for a few rows.
            nearest = nearest[..k].to_vec();
            nearest.sort_unstable_by(nearer_first);
        }
        let nearer = |&other: &u32| {
            let bar = lengths[other as usize];
            let before = lengths[..other as usize].iter().filter(|length| **length <= bar).count();
            (before + lengths[other as usize + 1..].iter().filter(|length| **length < bar).count()) as u32
        };
        Ok(Ranked { nearest, nearer: wanted.get(slot).map_or_else(Vec::new, |wanted| wanted.iter().map(nearer).collect()) })
    };
    rows.par_iter().enumerate().map(one).collect()
}
