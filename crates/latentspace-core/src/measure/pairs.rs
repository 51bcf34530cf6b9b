//! Distance correlation: Spearman correlation of the distances in the data and in the map.

use crate::parallel::*;

use super::Measure;
use crate::error::Result;
use crate::linalg::MatrixView;
use crate::neighbors::{Metric, Points, distance};
use crate::random::Random;
use crate::run::Run;

/// Sample size of pairs.
pub(super) const SAMPLED: usize = 20_000;
/// Pairs between two checks for cancellation.
const BLOCK: usize = 1024;

/// Spearman correlation of the distances of all pairs of rows, or of a sample of pairs if there are many. Its interval is that of
/// Bonett and Wright 2000, doi:10.1007/BF02294183.
pub(super) fn distance_correlation(map: MatrixView<'_>, against: &Points<'_>, metric: Metric, run: &Run) -> Result<Measure> {
    let n = map.rows();
    let pairs: Vec<(u32, u32)> =
        if is_sampled(n) { sampled(n, run) } else { (0..n as u32).flat_map(|i| (0..i).map(move |j| (i, j))).collect() };
    let mut lengths = vec![(0.0_f64, 0.0_f64); pairs.len()];
    lengths.par_chunks_mut(BLOCK).zip(pairs.par_chunks(BLOCK)).try_for_each(|(lengths, pairs)| {
        run.check()?;
        for (length, &(i, j)) in lengths.iter_mut().zip(pairs) {
            let (i, j) = (i as usize, j as usize);
            *length = (against.distance(i, j, metric), distance(map.row(i), map.row(j), Metric::Euclidean));
        }
        Ok(())
    })?;
    Ok(correlated(lengths, is_sampled(n)))
}

/// Whether the pairs of `n` rows are sampled.
pub(super) fn is_sampled(n: usize) -> bool {
    n * (n - 1) / 2 > SAMPLED
}

/// Spearman rank correlation of two lists of equal length, from -1 to 1.
///
/// ```
/// let (a, b) = ([1.0, 2.0, 3.0], [1.0, 8.0, 27.0]);
/// assert!((latentspace_core::measure::rank_correlation(&a, &b) - 1.0).abs() < 1e-12);
/// ```
pub fn rank_correlation(a: &[f64], b: &[f64]) -> f64 {
    correlation(&ranks(a), &ranks(b))
}

/// The sampled pairs.
pub(super) fn sampled(n: usize, run: &Run) -> Vec<(u32, u32)> {
    let random = Random::new(run.seed(), "measure pairs");
    let draw = |pair: usize| {
        let pair = pair as u64;
        let first = random.below(0, pair, n as u64) as u32;
        let second = random.below(1, pair, n as u64 - 1) as u32;
        (first, second + u32::from(second >= first))
    };
    (0..SAMPLED).into_par_iter().map(draw).collect()
}

/// The correlation of the distances of pairs in the data and in the map.
pub(super) fn correlated(lengths: Vec<(f64, f64)>, is_sample: bool) -> Measure {
    let count = lengths.len();
    let (first, second): (Vec<f64>, Vec<f64>) = lengths.into_iter().unzip();
    let (first, second) = rayon::join(|| ranks(&first), || ranks(&second));
    let value = correlation(&first, &second);
    if !is_sample {
        return Measure::exact(value, Some(0.0));
    }
    let half = 1.96 * ((1.0 + value * value / 2.0) / (count as f64 - 3.0)).sqrt();
    let middle = value.clamp(-0.999_999, 0.999_999).atanh();
    Measure { value, low: (middle - half).tanh().min(value), high: (middle + half).tanh().max(value), null: Some(0.0) }
}

/// The rank of each value from 0; ties have the mean of their ranks.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]).then(a.cmp(&b)));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let value = values[order[start] as usize];
        let count = order[start..].iter().take_while(|&&at| values[at as usize] == value).count().max(1);
        let mean = start as f64 + (count - 1) as f64 / 2.0;
        order[start..start + count].iter().for_each(|&at| ranks[at as usize] = mean);
        start += count;
    }
    ranks
}

/// Pearson correlation; 0 if either side is constant.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        ab += (a - mean_a) * (b - mean_b);
        aa += (a - mean_a) * (a - mean_a);
        bb += (b - mean_b) * (b - mean_b);
    }
    if aa > 0.0 && bb > 0.0 { (ab / (aa * bb).sqrt()).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
    }

    #[test]
    fn the_correlation_of_a_known_table() {
        // The ranks of 1, 2, 3, 4 against 2, 1, 4, 3: 1 - 6 * 4 / (4 * 15).
        let value = correlation(&ranks(&[1.0, 2.0, 3.0, 4.0]), &ranks(&[2.0, 1.0, 4.0, 3.0]));
        assert!((value - 0.6).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[0.0, 1.0]), 0.0);
    }
}
