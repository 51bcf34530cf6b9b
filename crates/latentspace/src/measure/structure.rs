//! Trustworthiness, continuity, recall and the correlation of distances.

use rayon::prelude::*;

use super::{Measure, MeasureOptions, Measures, PerRow, Sample, pairs};
use crate::error::Result;
use crate::linalg::MatrixView;
use crate::neighbors::{self, Metric, Neighbors};
use crate::random::Random;
use crate::run::Run;

/// Rows up to which all are asked about.
const FEW: usize = 2000;
/// Rows asked about where there are more.
const SAMPLED: usize = 1000;

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
    let rows = Random::new(run.seed(), "measure rows").sample(0, n, count);
    let found: Vec<[f64; 3]> = rows
        .par_iter()
        .map(|&row| {
            run.check()?;
            let data = order(against, row as usize, options.metric);
            let seen = order(map, row as usize, Metric::Euclidean);
            let scale = 2.0 / (k as f64 * (2.0 * n as f64 - 3.0 * k as f64 - 1.0));
            let penalty = |near: &[u32], ranks: &[u32]| {
                near[..k].iter().map(|&j| (ranks[j as usize] as usize).saturating_sub(k)).sum::<usize>() as f64
            };
            let (data_ranks, seen_ranks) = (ranks(&data, n), ranks(&seen, n));
            let kept = data[..k].iter().filter(|&&j| seen_ranks[j as usize] as usize <= k).count();
            Ok([1.0 - scale * penalty(&seen, &data_ranks), 1.0 - scale * penalty(&data, &seen_ranks), kept as f64 / k as f64])
        })
        .collect::<Result<_>>()?;
    let mean = |which: usize, null: f64| {
        let values: Vec<f64> = found.iter().map(|row| row[which]).collect();
        summary(&values, n, null)
    };
    let row_recall = match known {
        None => Vec::new(),
        Some(known) => {
            let seen = neighbors::exact(map, k, Metric::Euclidean, run)?;
            (0..n).map(|i| known.row(i).0[..k].iter().filter(|j| seen.row(i).0.contains(j)).count() as f32 / k as f32).collect()
        }
    };
    Ok(Measures {
        trustworthiness: mean(0, 0.5),
        continuity: mean(1, 0.5),
        recall: mean(2, k as f64 / (n - 1) as f64),
        distance_correlation: pairs::distance_correlation(map, against, options.metric, run)?,
        k,
        per_row: PerRow {
            rows,
            trustworthiness: found.iter().map(|row| row[0] as f32).collect(),
            continuity: found.iter().map(|row| row[1] as f32).collect(),
            recall: found.iter().map(|row| row[2] as f32).collect(),
        },
        row_recall,
    })
}

/// The mean of a sample of `n` rows with its 95 % interval.
fn summary(values: &[f64], n: usize, null: f64) -> Measure {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() >= n || values.len() < 2 {
        return Measure::exact(mean, Some(null));
    }
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let half = 1.96 * (variance / count * (1.0 - count / n as f64)).sqrt();
    Measure { value: mean, low: (mean - half).max(0.0), high: (mean + half).min(1.0), null: Some(null) }
}

/// The other rows, nearest first.
fn order(rows: MatrixView<'_>, row: usize, metric: Metric) -> Vec<u32> {
    let mut all: Vec<(f64, u32)> =
        (0..rows.rows()).filter(|&j| j != row).map(|j| (neighbors::distance(rows.row(row), rows.row(j), metric), j as u32)).collect();
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all.into_iter().map(|(_, j)| j).collect()
}

/// The rank of each row, from 1; 0 for the row itself.
fn ranks(order: &[u32], n: usize) -> Vec<u32> {
    let mut ranks = vec![0; n];
    for (rank, &j) in order.iter().enumerate() {
        ranks[j as usize] = rank as u32 + 1;
    }
    ranks
}
