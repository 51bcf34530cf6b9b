//! Whether columns share enough for factors: the Kaiser-Meyer-Olkin measure and Bartlett's test of sphericity.
//!
//! Source: Kaiser 1974, doi:10.1007/BF02291575; Bartlett 1951, doi:10.1093/biomet/38.3-4.337.

use faer::MatRef;

use crate::linalg::Cholesky;

/// More columns than these take too long to invert: the measures are then not computed.
const MOST_COLUMNS: usize = 3000;
/// A column of which others explain all but this part has no partial correlations that rounding leaves.
const ALONE: f64 = 1e-6;

/// What correlations show before any factor is learned.
pub(in crate::methods::linear) struct Adequacy {
    /// `[m]`: the part of each column's variance that the others do not explain linearly.
    pub(in crate::methods::linear) unexplained: Vec<f64>,
    /// `[m]`: the Kaiser-Meyer-Olkin measure of each column.
    pub(in crate::methods::linear) of_columns: Vec<f64>,
    /// The Kaiser-Meyer-Olkin measure: squared correlations as a part of these and squared partial correlations.
    pub(in crate::methods::linear) overall: f64,
    /// Bartlett's statistic, which is chi-squared where columns are independent.
    pub(in crate::methods::linear) statistic: f64,
    /// Its degrees of freedom.
    pub(in crate::methods::linear) freedom: f64,
    /// The probability of a statistic as large among independent columns.
    pub(in crate::methods::linear) p_value: f64,
}

impl Adequacy {
    /// From correlations `[m, m]` of `n` rows; none if a column is a sum of others, or there are too many. Cost: m³ flops.
    pub(in crate::methods::linear) fn of(correlation: &[f64], m: usize, n: f64) -> Option<Self> {
        if !(2..=MOST_COLUMNS).contains(&m) || n <= m as f64 {
            return None;
        }
        let factor = Cholesky::of(MatRef::from_column_major_slice(correlation, m, m))?;
        let inverse = factor.inverse();
        let unexplained: Vec<f64> = (0..m).map(|at| 1.0 / inverse[(at, at)]).collect();
        if unexplained.iter().any(|&part| part <= ALONE || part.is_nan()) {
            return None;
        }
        let (mut whole, mut partial) = (vec![0.0; m], vec![0.0; m]);
        for i in 0..m {
            for j in (0..m).filter(|&j| j != i) {
                whole[i] += correlation[i * m + j].powi(2);
                partial[i] += inverse[(i, j)].powi(2) / (inverse[(i, i)] * inverse[(j, j)]);
            }
        }
        let share = |whole: f64, partial: f64| if whole + partial > 0.0 { whole / (whole + partial) } else { 0.0 };
        let statistic = -(n - 1.0 - (2 * m + 5) as f64 / 6.0) * factor.log_determinant();
        let freedom = (m * (m - 1) / 2) as f64;
        Some(Adequacy {
            of_columns: whole.iter().zip(&partial).map(|(whole, partial)| share(*whole, *partial)).collect(),
            overall: share(whole.iter().sum(), partial.iter().sum()),
            unexplained,
            statistic,
            freedom,
            p_value: chi_squared_above(statistic, freedom),
        })
    }
}

/// The probability that a chi-squared variable exceeds `x`: the regularized upper incomplete gamma function of half the degrees of freedom and half of
/// x, by its series or its continued fraction.
fn chi_squared_above(x: f64, freedom: f64) -> f64 {
    const TERMS: usize = 100_000;
    let (a, x) = (0.5 * freedom, 0.5 * x);
    if x <= 0.0 {
        return 1.0;
    }
    let factor = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for step in 1..TERMS {
            term *= x / (a + step as f64);
            sum += term;
            if term < 1e-16 * sum {
                break;
            }
        }
        return (1.0 - factor * sum).clamp(0.0, 1.0);
    }
    // Lentz's method.
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (f64::MAX, 1.0 / b);
    let mut fraction = d;
    for step in 1..TERMS {
        let top = -(step as f64) * (step as f64 - a);
        b += 2.0;
        d = 1.0 / (top * d + b);
        c = b + top / c;
        let ratio = c * d;
        fraction *= ratio;
        if (ratio - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (factor * fraction).clamp(0.0, 1.0)
}

/// The logarithm of the gamma function of a positive number: Stirling's series above 10, recursion below.
fn ln_gamma(x: f64) -> f64 {
    if x < 10.0 {
        return ln_gamma(x + 1.0) - x.ln();
    }
    let inverse = 1.0 / (x * x);
    let series = (1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0))) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scipy 1.17.1: `scipy.stats.chi2.sf(x, df)`.
    #[test]
    fn the_tail_of_chi_squared_is_that_of_tables() {
        let cases =
            [(3.841, 1.0, 0.05001368), (1.0, 3.0, 0.80125196), (300.0, 300.0, 0.48914177), (50.0, 20.0, 0.00022148), (900.0, 300.0, 0.0)];
        for (x, freedom, wanted) in cases {
            let found = chi_squared_above(x, freedom);
            assert!((found - wanted).abs() < 2e-7, "{x} {freedom}: {found} {wanted}");
        }
    }

    #[test]
    fn two_columns_share_their_squared_correlation() {
        let found = Adequacy::of(&[1.0, 0.6, 0.6, 1.0], 2, 100.0).unwrap();
        assert!((found.overall - 0.5).abs() < 1e-12 && (found.unexplained[0] - 0.64).abs() < 1e-12, "{}", found.overall);
        assert!((found.statistic + (99.0 - 1.5) * 0.64_f64.ln()).abs() < 1e-9 && found.freedom == 1.0);
    }

    #[test]
    fn a_column_that_others_determine_has_none() {
        assert!(Adequacy::of(&[1.0, 1.0, 1.0, 1.0], 2, 100.0).is_none());
    }
}
