//! Gavish and Donoho's optimal hard threshold for singular values at unknown noise: ω(β) times the median singular value. Singular values
//! above it are worth keeping if a matrix of low rank is to be recovered from white noise.
//! Source: Gavish and Donoho 2014, doi:10.1109/TIT.2014.2323359.

use super::marchenko_pastur::median;

/// The number of squared singular values (descending) of centered rows `[n, d]` above the threshold.
pub(super) fn count(squares: &[f64], n: usize, d: usize) -> usize {
    // Centering takes one direction from the rows.
    let (short, long) = ((n - 1).min(d), (n - 1).max(d));
    let squares = &squares[..short];
    let threshold = omega(short as f64 / long as f64).powi(2) * middle(squares);
    squares.iter().take_while(|&&square| square > threshold).count()
}

/// ω(β) = λ(β) / √μ(β): the optimal threshold for known noise over the root of the median of the Marchenko-Pastur law.
fn omega(beta: f64) -> f64 {
    let root = (beta * beta + 14.0 * beta + 1.0).sqrt();
    let lambda = (2.0 * (beta + 1.0) + 8.0 * beta / (beta + 1.0 + root)).sqrt();
    lambda / median(beta).sqrt()
}

/// The median of descending values.
pub(super) fn middle(values: &[f64]) -> f64 {
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[half],
        _ => (values[half - 1] + values[half]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_of_the_paper() {
        // numpy 2.4, scipy 1.17: quad of the Marchenko-Pastur density, brentq for its median.
        for (beta, wanted) in GOLDEN {
            assert!((omega(beta) - wanted).abs() < 1e-6, "{beta}: {} {wanted}", omega(beta));
        }
        // Of square tables, in the paper's abstract.
        assert!((omega(1.0) - 2.858).abs() < 1e-3);
        assert_eq!((middle(&[3.0, 2.0, 1.0]), middle(&[4.0, 2.0, 1.0, 0.0]), middle(&[])), (2.0, 1.5, 0.0));
    }

    const GOLDEN: [(f64, f64); 4] = [(0.1, 1.608_771_557), (0.25, 1.836_865_791), (0.5, 2.171_185_348), (1.0, 2.858_362_424)];
}
