//! Distances of two rows, in f64.

use super::Metric;
use crate::linalg::MatrixView;

/// The distance of two rows.
///
/// Sums run in 8 lanes, each in order, so that the result depends only on the two rows. Differences are squared, not expanded, so that
/// near rows far from the origin lose no precision.
pub fn distance(a: &[f32], b: &[f32], metric: Metric) -> f64 {
    match metric {
        Metric::Euclidean => squared_distance(a, b, 1.0, 1.0).sqrt(),
        Metric::Cosine => {
            let (a_length, b_length) = (squared_norm(a).sqrt(), squared_norm(b).sqrt());
            if a_length == 0.0 || b_length == 0.0 { 1.0 } else { squared_distance(a, b, 1.0 / a_length, 1.0 / b_length) / 2.0 }
        }
        Metric::InnerProduct => -inner(a, b),
        Metric::Manhattan => sum(a, b, |a, b| (a - b).abs()),
        Metric::Hellinger => {
            let total = |row: &[f32]| sum(row, row, |cell, _| cell);
            let (a_total, b_total) = (total(a), total(b));
            if a_total <= 0.0 || b_total <= 0.0 {
                return 1.0;
            }
            let (a_scale, b_scale) = (1.0 / a_total, 1.0 / b_total);
            let apart = sum(a, b, |a, b| {
                let difference = (a * a_scale).sqrt() - (b * b_scale).sqrt();
                difference * difference
            });
            (apart / 2.0).sqrt()
        }
        Metric::Jaccard => {
            let both = sum(a, b, |a, b| if a != 0.0 && b != 0.0 { 1.0 } else { 0.0 });
            let either = sum(a, b, |a, b| if a != 0.0 || b != 0.0 { 1.0 } else { 0.0 });
            if both == 0.0 { 1.0 } else { 1.0 - both / either }
        }
        Metric::Hamming => sum(a, b, |a, b| if a == b { 0.0 } else { 1.0 }) / a.len().max(1) as f64,
    }
}

/// The distance of two rows in f64; a Euclidean one squared, which keeps the order. The same bits as in [`lengths`].
pub(super) fn length(a: &[f32], b: &[f32], metric: Metric) -> f64 {
    match (metric, a.len()) {
        (Metric::Euclidean, 2 | 3) => a.iter().zip(b).map(|(&a, &b)| (f64::from(b) - f64::from(a)).powi(2)).sum(),
        (Metric::Euclidean, _) => squared_distance(a, b, 1.0, 1.0),
        _ => distance(a, b, metric),
    }
}

/// Bounds of the length of two rows, computed in f32: several times as fast. None if they would be too coarse.
pub(super) fn length_within(a: &[f32], b: &[f32], metric: Metric) -> Option<(f64, f64)> {
    // Squares of smaller numbers may underflow, those of larger ones overflow.
    const SURE: std::ops::Range<f32> = 1e-28..1e30;
    if metric != Metric::Euclidean || a.len() < 8 {
        return None;
    }
    let about = rough(a, b);
    // Rounding error: at most two units for a difference and two for its square, and one unit per step of the sums in 32 lanes and of their reduction.
    let off = (a.len() / 32 + 16) as f64 * f64::from(f32::EPSILON);
    SURE.contains(&about).then(|| (f64::from(about) * (1.0 - off), f64::from(about) * (1.0 + off)))
}

/// The distances of a query from all rows, in f64; Euclidean ones squared, which keeps the order.
pub fn lengths(query: &[f32], rows: MatrixView<'_>, metric: Metric) -> Vec<f64> {
    match (metric, rows.cols()) {
        (Metric::Euclidean, 2) => lengths_short::<2>(query, rows),
        (Metric::Euclidean, 3) => lengths_short::<3>(query, rows),
        (Metric::Euclidean, _) => (0..rows.rows()).map(|row| squared_distance(query, rows.row(row), 1.0, 1.0)).collect(),
        _ => (0..rows.rows()).map(|row| distance(query, rows.row(row), metric)).collect(),
    }
}

fn lengths_short<const D: usize>(query: &[f32], rows: MatrixView<'_>) -> Vec<f64> {
    let from: [f64; D] = std::array::from_fn(|axis| f64::from(query[axis]));
    let squared = |row: &[f32]| (0..D).map(|axis| (f64::from(row[axis]) - from[axis]).powi(2)).sum();
    rows.as_slice().chunks_exact(D).map(squared).collect()
}

/// The squared Euclidean distance in f32, to choose candidates: several times as fast as [`distance`].
pub(super) fn rough(a: &[f32], b: &[f32]) -> f32 {
    sum_rough(a, b, |a, b| (a - b) * (a - b))
}

/// The inner product in f32.
pub(super) fn rough_product(a: &[f32], b: &[f32]) -> f32 {
    sum_rough(a, b, |a, b| a * b)
}

/// The sum of `term` over the cells of two rows, in f32.
#[inline(always)]
fn sum_rough(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { rough_avx2(a, b, term) };
    }
    rough_lanes(a, b, term)
}

#[inline(always)]
fn rough_lanes(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    const LANES: usize = 32;
    let mut sums = [0.0_f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    for ((&a, &b), sum) in a_chunks.remainder().iter().zip(b_chunks.remainder()).zip(&mut sums) {
        *sum = term(a, b);
    }
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((&a, &b), sum) in a.iter().zip(b).zip(&mut sums) {
            *sum += term(a, b);
        }
    }
    // Pairwise reduction of the lanes: a sequential one would dominate the time for short rows.
    let mut half = LANES / 2;
    while half > 0 {
        let (low, high) = sums.split_at_mut(half);
        low.iter_mut().zip(high).for_each(|(low, high)| *low += *high);
        half /= 2;
    }
    sums[0]
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn rough_avx2(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    rough_lanes(a, b, term)
}

/// The squared length of a row.
pub(super) fn squared_norm(a: &[f32]) -> f64 {
    inner(a, a)
}

fn inner(a: &[f32], b: &[f32]) -> f64 {
    sum(a, b, |a, b| a * b)
}

fn squared_distance(a: &[f32], b: &[f32], a_scale: f64, b_scale: f64) -> f64 {
    sum(a, b, |a, b| {
        let difference = a * a_scale - b * b_scale;
        difference * difference
    })
}

/// The sum of `term` over the cells of two rows.
#[inline(always)]
fn lanes(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0_f64; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    for ((&a, &b), sum) in a_chunks.remainder().iter().zip(b_chunks.remainder()).zip(&mut sums) {
        *sum = term(f64::from(a), f64::from(b));
    }
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((&a, &b), sum) in a.iter().zip(b).zip(&mut sums) {
            *sum += term(f64::from(a), f64::from(b));
        }
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

#[inline(always)]
fn sum(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2. Without fused operations the sum has the same bits as the portable one.
        return unsafe { lanes_avx2(a, b, term) };
    }
    lanes(a, b, term)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn lanes_avx2(a: &[f32], b: &[f32], term: impl Fn(f64, f64) -> f64) -> f64 {
    lanes(a, b, term)
}
