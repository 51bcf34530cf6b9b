//! The Marchenko-Pastur edge: the largest variance along a principal component that white noise gives. The noise is estimated from the
//! bulk, by the median of the squared singular values. The edge is that of finite tables: the 95 % quantile by the Tracy-Widom law.
//!
//! Source: Marchenko and Pastur 1967, doi:10.1070/SM1967v001n04ABEH001994; Johnstone 2001, doi:10.1214/aos/1009210544.

use super::gavish_donoho::middle;

/// The 95 % quantile of the Tracy-Widom law of real matrices.
const TRACY_WIDOM: f64 = 0.979_316;
/// Intervals of the integral of the density.
const STEPS: usize = 512;

/// The number of squared singular values (descending) of centered rows `[n, d]` above the edge.
pub(super) fn count(squares: &[f64], n: usize, d: usize) -> usize {
    let (short, long) = ((n - 1).min(d), (n - 1).max(d));
    let (a, b) = (short as f64, long as f64);
    let noise = middle(&squares[..short]) / (b * median(a / b));
    let edge = noise * largest(a, b);
    squares[..short].iter().take_while(|&&square| square > edge).count()
}

/// The 95 % quantile of the largest squared singular value of a table of standard normal numbers.
fn largest(short: f64, long: f64) -> f64 {
    let (a, b) = ((long - 1.0).max(1.0).sqrt(), short.sqrt());
    (a + b).powi(2) + TRACY_WIDOM * (a + b) * (1.0 / a + 1.0 / b).cbrt()
}

/// The median of the Marchenko-Pastur law with ratio `beta`, 0 to 1: of the eigenvalues of the covariance of white noise.
pub(super) fn median(beta: f64) -> f64 {
    // With t = center + half · cos(angle) the density √((high - t)(t - low)) / (2π β t) dt is smooth: half² sin² / (2π β t).
    let (center, half) = (1.0 + beta, 2.0 * beta.sqrt());
    let density = |angle: f64| {
        let t = center + half * angle.cos();
        // At β = 1 the law reaches 0, where half² sin² / t has the limit 2 half.
        let squared = if t > 1e-12 { (half * angle.sin()).powi(2) / t } else { 2.0 * half };
        squared / (std::f64::consts::TAU * beta)
    };
    // The share above t is the integral from 0 to its angle, by Simpson's rule.
    let above = |angle: f64| {
        let width = angle / STEPS as f64;
        let weight = |at: usize| if at == 0 || at == STEPS { 1.0 } else { [2.0, 4.0][at % 2] };
        (0..=STEPS).map(|at| weight(at) * density(at as f64 * width)).sum::<f64>() * width / 3.0
    };
    let (mut low, mut high) = (0.0, std::f64::consts::PI);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if above(middle) < 0.5 { low = middle } else { high = middle }
    }
    center + half * low.cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_those_of_the_law() {
        // numpy 2.4, scipy 1.17: quad of the density, brentq for its median.
        for (beta, wanted) in GOLDEN {
            assert!((median(beta) - wanted).abs() < 1e-7, "{beta}: {} {wanted}", median(beta));
        }
    }

    #[test]
    fn the_edge_is_the_quantile_of_the_largest_of_noise() {
        // numpy 2.4: the 95 % quantile of the largest squared singular value of 20,000 tables of 200 x 40 standard normal numbers.
        let wanted = LARGEST;
        assert!((largest(40.0, 200.0) / wanted - 1.0).abs() < 0.01, "{} {wanted}", largest(40.0, 200.0));
    }

    const GOLDEN: [(f64, f64); 4] = [(0.1, 0.966_565_147), (0.25, 0.916_004_071), (0.5, 0.830_465_882), (1.0, 0.652_775_942)];
    const LARGEST: f64 = 428.65;
}
