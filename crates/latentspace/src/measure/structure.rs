//! Trustworthiness, continuity and recall: whether what is near in the map is near in the data, and the other way round.

use crate::parallel::*;

use super::{Measure, MeasureOptions, Measures, PerRow, Sample, pairs, summary};
use crate::error::Result;
use crate::linalg::MatrixView;
use crate::neighbors::{self, Far, Metric, Neighbors, Points, Ranked, Ranks, nearer_first};
use crate::random::Random;
use crate::run::Run;

/// Rows up to which all are asked about.
pub(super) const FEW: usize = 2000;
/// Rows asked about where there are more.
pub(super) const SAMPLED: usize = 1000;
/// Distances up to which all are taken in f64: as many as there are where all of a few rows are asked about.
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
    // The neighbors of all rows in the map take less time than those of a sample one by one, if the map has few dimensions.
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

/// What was found out about some rows of `n`.
pub(super) struct Found {
    pub(super) n: usize,
    pub(super) k: usize,
    pub(super) rows: Vec<u32>,
    pub(super) near_in_map: Vec<Vec<u32>>,
    pub(super) near_in_data: Vec<Vec<u32>>,
    /// How many rows are nearer in the data than each that is near in the map; and the other way round.
    pub(super) in_data: Vec<Vec<u32>>,
    pub(super) in_map: Vec<Vec<u32>>,
}

impl Found {
    /// What they come to.
    pub(super) fn measures(self, distance_correlation: Measure) -> Measures {
        let Found { n, k, rows, near_in_map, near_in_data, in_data, in_map } = self;
        // The largest penalty that there can be gives 0: all neighbors are the farthest rows.
        let scale = 2.0 / (k as f64 * (2.0 * n as f64 - 3.0 * k as f64 - 1.0));
        // A row with `nearer` rows before it has rank nearer + 1; within k there is no penalty.
        let kept = |nearer: &Vec<u32>| {
            let penalty: u64 = nearer.iter().map(|&nearer| u64::from((nearer + 1).saturating_sub(k as u32))).sum();
            1.0 - scale * penalty as f64
        };
        let trustworthiness: Vec<f64> = in_data.iter().map(kept).collect();
        let continuity: Vec<f64> = in_map.iter().map(kept).collect();
        let recall: Vec<f64> = near_in_data.iter().zip(&near_in_map).map(|(data, map)| shared(data, map)).collect();
        // Noise: each of the k neighbors has any rank from 1 to n - 1.
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

/// The rows that are asked about.
pub(super) fn asked(n: usize, sample: Sample, run: &Run) -> Vec<u32> {
    let count = match sample {
        Sample::Auto if n <= FEW => n,
        Sample::Auto => SAMPLED,
        Sample::All => n,
        Sample::Rows(count) => count.clamp(1, n),
    };
    Random::new(run.seed(), "measure rows").sample(0, n, count)
}

/// The names of rows.
pub(super) fn names(rows: &[Far]) -> Vec<u32> {
    rows.iter().map(|row| row.1).collect()
}

/// How many rows are nearer than those asked about.
pub(super) fn nearer(ranked: Vec<Ranked>) -> Vec<Vec<u32>> {
    ranked.into_iter().map(|row| row.nearer).collect()
}

/// The share of the first that the second has, too.
pub(super) fn shared(a: &[u32], b: &[u32]) -> f64 {
    a.iter().filter(|row| b.contains(row)).count() as f64 / a.len() as f64
}

/// The `k` nearest of each of a few rows, and for each of the rows `wanted` of it (none: of none): how many rows are nearer. By distances in
/// f64, equal ones by index.
pub(super) fn places(space: &Points<'_>, rows: &[u32], wanted: &[Vec<u32>], k: usize, metric: Metric, run: &Run) -> Result<Vec<Ranked>> {
    /// Rows that are compared with all at a time.
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

/// The same by all distances.
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
            // Room for all rows is not kept for a few.
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
