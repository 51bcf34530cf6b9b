//! Trustworthiness, continuity and recall: whether what is near in the map is near in the data, and the other way round.

use rayon::prelude::*;

use super::{MeasureOptions, Measures, PerRow, Sample, pairs, summary};
use crate::error::Result;
use crate::linalg::MatrixView;
use crate::neighbors::{self, Metric, Neighbors, Ranked, lengths, ranked};
use crate::random::Random;
use crate::run::Run;

/// Rows up to which all are asked about.
const FEW: usize = 2000;
/// Rows asked about where there are more.
const SAMPLED: usize = 1000;
/// Multiply-adds up to which distances are all taken in f64.
const DIRECT: usize = 2_000_000_000;

pub(super) fn measure(
    map: MatrixView<'_>,
    against: MatrixView<'_>,
    known: Option<&Neighbors>,
    options: &MeasureOptions,
    run: &Run,
) -> Result<Measures> {
    let (n, k) = (map.rows(), options.k);
    let count = match options.sample {
        Sample::Auto if n <= FEW => n,
        Sample::Auto => SAMPLED,
        Sample::All => n,
        Sample::Rows(count) => count.clamp(1, n),
    };
    run.progress("measures", 0, 3);
    let rows = Random::new(run.seed(), "measure rows").sample(0, n, count);
    // The neighbors of all rows in the map take less time than those of a sample one by one, if the map has few dimensions.
    let seen = if known.is_some() || map.cols() <= 3 { Some(neighbors::neighbors(map, k, Metric::Euclidean, run)?) } else { None };
    let near_in_map: Vec<Vec<u32>> = match &seen {
        Some(seen) if map.cols() <= 3 => rows.iter().map(|&row| seen.row(row as usize).0.to_vec()).collect(),
        _ => places(map, &rows, &vec![Vec::new(); count], k, Metric::Euclidean, run)?.into_iter().map(|row| row.nearest).collect(),
    };
    let in_data = places(against, &rows, &near_in_map, k, options.metric, run)?;
    run.progress("measures", 1, 3);
    let near_in_data: Vec<Vec<u32>> = in_data.iter().map(|row| row.nearest.clone()).collect();
    let in_map = places(map, &rows, &near_in_data, 0, Metric::Euclidean, run)?;

    // The largest penalty that there can be gives 0: all neighbors are the farthest rows.
    let scale = 2.0 / (k as f64 * (2.0 * n as f64 - 3.0 * k as f64 - 1.0));
    // A row with `nearer` rows before it has rank nearer + 1; within k there is no penalty.
    let kept = |nearer: &[u32]| {
        let penalty: u64 = nearer.iter().map(|&nearer| u64::from((nearer + 1).saturating_sub(k as u32))).sum();
        1.0 - scale * penalty as f64
    };
    let trustworthiness: Vec<f64> = in_data.iter().map(|row| kept(&row.nearer)).collect();
    let continuity: Vec<f64> = in_map.iter().map(|row| kept(&row.nearer)).collect();
    let recall: Vec<f64> = near_in_data.iter().zip(&near_in_map).map(|(data, map)| shared(data, map)).collect();
    run.progress("measures", 2, 3);
    let distance_correlation = pairs::distance_correlation(map, against, options.metric, run)?;
    let recall_of = |(known, seen): (&Neighbors, &Neighbors)| {
        (0..n).into_par_iter().map(|row| shared(&known.row(row).0[..k], seen.row(row).0) as f32).collect()
    };
    let row_recall = known.zip(seen.as_ref()).map(recall_of).unwrap_or_default();
    run.progress("measures", 3, 3);
    // Noise: each of the k neighbors has any rank from 1 to n - 1.
    let (rows_more, near) = ((n - 1) as f64, k as f64);
    let noise = 1.0 - scale * near * (rows_more - near) * (rows_more - near + 1.0) / (2.0 * rows_more);
    let single = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
    Ok(Measures {
        trustworthiness: summary(&trustworthiness, n, noise),
        continuity: summary(&continuity, n, noise),
        recall: summary(&recall, n, near / rows_more),
        distance_correlation,
        k,
        per_row: PerRow { rows, trustworthiness: single(&trustworthiness), continuity: single(&continuity), recall: single(&recall) },
        row_recall,
    })
}

/// The share of the first that the second has, too.
fn shared(a: &[u32], b: &[u32]) -> f64 {
    a.iter().filter(|row| b.contains(row)).count() as f64 / a.len() as f64
}

/// The `k` nearest of each of `rows`, and for each of the rows `wanted` of it: how many rows are nearer.
fn places(space: MatrixView<'_>, rows: &[u32], wanted: &[Vec<u32>], k: usize, metric: Metric, run: &Run) -> Result<Vec<Ranked>> {
    let way = if rows.len() * space.rows() * space.cols() <= DIRECT { direct } else { ranked };
    way(space, rows, wanted, k, metric, run)
}

/// As [`places`]: distances in f64, equal ones by index.
fn direct(space: MatrixView<'_>, rows: &[u32], wanted: &[Vec<u32>], k: usize, metric: Metric, run: &Run) -> Result<Vec<Ranked>> {
    let one = |(&row, wanted): (&u32, &Vec<u32>)| {
        run.check()?;
        let mut lengths = lengths(space.row(row as usize), space, metric);
        lengths[row as usize] = f64::INFINITY;
        let mut nearest: Vec<(f64, u32)> = Vec::new();
        if k > 0 {
            let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
            nearest.extend(lengths.iter().copied().zip(0..));
            nearest.select_nth_unstable_by(k - 1, order);
            nearest.truncate(k);
            nearest.sort_unstable_by(order);
        }
        let nearest = nearest.into_iter().map(|(_, row)| row).collect();
        let nearer = |&other: &u32| {
            let bar = lengths[other as usize];
            let before = lengths[..other as usize].iter().filter(|length| **length <= bar).count();
            (before + lengths[other as usize + 1..].iter().filter(|length| **length < bar).count()) as u32
        };
        Ok(Ranked { nearest, nearer: wanted.iter().map(nearer).collect() })
    };
    rows.par_iter().zip(wanted).map(one).collect()
}
