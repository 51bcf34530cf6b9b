//! What PCA hands out by scikit-learn's names, and probabilistic PCA: rows are Gaussian, their variance that of the components along these
//! and the same noise in all other directions, which is the mean of the variances left out. Source: Tipping and Bishop 1999,
//! doi:10.1111/1467-9868.00196.

use serde_json::json;

use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, OwnedRows};
use crate::parallel::*;
use crate::run::Run;

pub(super) const ATTRIBUTES: &[Attribute] = &[
    Attribute::tensor(
        "components_",
        "[k, d]",
        "components",
        "Unit vectors, by falling variance; the entry of largest magnitude is positive.",
    ),
    Attribute::tensor("mean_", "[d]", "mean", "The mean of the rows."),
    Attribute::tensor("explained_variance_", "[k]", "variances", "The variance along each component, divided by n - 1."),
    Attribute::made("explained_variance_ratio_", "[k]", "The share of all variance along each component."),
    Attribute::made("singular_values_", "[k]", "The singular values of the centered rows: the root of (n - 1) times the variance."),
    Attribute::made("noise_variance_", "", "The mean of the variances left out: the noise of probabilistic PCA."),
    Attribute::fact("n_components_", "", "n_components", "Dimensions of the space."),
    Attribute::made("n_samples_", "", "Rows it was learned from."),
    Attribute::made("get_covariance()", "[d, d]", "The covariance of the columns by probabilistic PCA."),
    Attribute::made("get_precision()", "[d, d]", "The inverse of that covariance."),
];

pub(super) const PEER: Peer = Peer { class: "sklearn.decomposition.PCA", lacks: &[] };

pub(super) fn made(name: &str, fit: &Fit<'_>) -> Result<Found> {
    let components = fit.tensors.matrix("components", None, None)?;
    let variances = fit.tensors.f64("variances", None)?;
    let total = fit.tensors.f64("total_variance", Some(1))?[0];
    let gaussian = Gaussian::new(fit.tensors.f64("mean", None)?, variances, &components, total, fit.rows);
    let freedom = fit.rows.saturating_sub(1).max(1) as f64;
    let d = components.cols();
    Ok(match name {
        "explained_variance_ratio_" => {
            Found::list(variances.iter().map(|variance| if total > 0.0 { variance / total } else { 0.0 }).collect())
        }
        "singular_values_" => Found::list(variances.iter().map(|variance| (variance * freedom).sqrt()).collect()),
        "noise_variance_" => Found::Value(json!(gaussian.noise)),
        "get_covariance()" => Found::table(d, d, gaussian.quadratic(gaussian.noise, |variance| variance)),
        "get_precision()" => {
            gaussian.check()?;
            Found::table(d, d, gaussian.quadratic(if gaussian.noise > 0.0 { 1.0 / gaussian.noise } else { 0.0 }, |variance| 1.0 / variance))
        }
        _ => Found::Value(json!(fit.rows)),
    })
}

/// Probabilistic PCA: a Gaussian with these variances along the components, and the noise in all other directions.
pub(super) struct Gaussian<'a> {
    mean: &'a [f64],
    components: &'a Matrix,
    /// Along each component, the noise at least.
    variances: Vec<f64>,
    noise: f64,
}

/// Rows whose likelihood is found at a time.
const BLOCK: usize = 512;

impl<'a> Gaussian<'a> {
    pub(super) fn new(mean: &'a [f64], variances: &[f64], components: &'a Matrix, total: f64, rows: usize) -> Self {
        let (k, most) = (components.rows(), components.cols().min(rows));
        let left = total - variances.iter().sum::<f64>();
        // What rounding leaves is no noise.
        let noise = if k < most && left > 1e-13 * total { left / (most - k) as f64 } else { 0.0 };
        Gaussian { mean, components, variances: variances.iter().map(|variance| variance.max(noise)).collect(), noise }
    }

    /// `[k]`: the noise over the variance that each component has beyond it; infinite where it has none. It is that of completed rows
    /// ([`crate::completion::least_squares`]). Noise of 0 would leave codes undetermined: some is assumed.
    pub(super) fn ridge(&self) -> Vec<f64> {
        /// Least noise, as a part of the mean variance of the columns.
        const LEAST: f64 = 1e-9;
        let (k, d) = (self.components.rows(), self.components.cols());
        let mean = (self.variances.iter().sum::<f64>() + (d - k) as f64 * self.noise) / d as f64;
        let noise = self.noise.max(LEAST * mean);
        let of = |&variance: &f64| if variance > noise { noise / (variance - noise) } else { f64::INFINITY };
        self.variances.iter().map(of).collect()
    }

    /// `[d, d]`: the sum over components of what `weight` makes of each variance, and `rest` in all other directions.
    fn quadratic(&self, rest: f64, weight: impl Fn(f64) -> f64 + Sync) -> Vec<f64> {
        let d = self.components.cols();
        let mut out = vec![0.0; d * d];
        out.par_chunks_mut(d).enumerate().for_each(|(i, row)| {
            row[i] = rest;
            for (axis, &variance) in self.variances.iter().enumerate() {
                let component = self.components.row(axis);
                let own = f64::from(component[i]) * (weight(variance) - rest);
                row.iter_mut().zip(component).for_each(|(cell, &other)| *cell += own * f64::from(other));
            }
        });
        out
    }

    /// Checks that rows have a density.
    ///
    /// # Errors
    /// [`Error::Input`] if they have no variance in some direction.
    fn check(&self) -> Result<()> {
        let has_rest = self.components.rows() < self.components.cols();
        if self.variances.iter().any(|&variance| variance <= 0.0) || (has_rest && self.noise <= 0.0) {
            let error = Error::input("space", "its rows have no variance in some direction", "a density needs some in each");
            return Err(error.with_hint("fewer dimensions than the rows have leave some noise"));
        }
        Ok(())
    }

    /// The logarithm of each row's density, in nats.
    ///
    /// # Errors
    /// As [`Gaussian::check`]; [`Error::Cancelled`].
    pub(super) fn log_likelihoods(&self, rows: &OwnedRows, run: &Run) -> Result<Vec<f64>> {
        self.check()?;
        let (d, k) = (self.components.cols(), self.components.rows());
        let rest = if d > k { (d - k) as f64 * self.noise.ln() } else { 0.0 };
        let determinant = self.variances.iter().map(|variance| variance.ln()).sum::<f64>() + rest;
        let constant = determinant + d as f64 * (2.0 * std::f64::consts::PI).ln();
        let points = rows.points();
        let blocks: Vec<usize> = (0..rows.rows()).step_by(BLOCK).collect();
        let found: Vec<Vec<f64>> = blocks
            .par_iter()
            .map(|&from| {
                run.check()?;
                points.slice(from..(from + BLOCK).min(rows.rows())).as_table(|block| {
                    let mut apart = vec![0.0; d];
                    let likelihood = |row: usize| {
                        apart.iter_mut().zip(block.row(row)).zip(self.mean).for_each(|((out, &x), mean)| *out = f64::from(x) - mean);
                        let mut distance = 0.0;
                        for (axis, variance) in self.variances.iter().enumerate() {
                            let component = self.components.row(axis);
                            let along: f64 = apart.iter().zip(component).map(|(x, &c)| x * f64::from(c)).sum();
                            apart.iter_mut().zip(component).for_each(|(x, &c)| *x -= along * f64::from(c));
                            distance += along * along / variance;
                        }
                        if d > k {
                            distance += apart.iter().map(|x| x * x).sum::<f64>() / self.noise;
                        }
                        -0.5 * (distance + constant)
                    };
                    (0..block.rows()).map(likelihood).collect::<Vec<f64>>()
                })
            })
            .collect::<Result<_>>()?;
        Ok(found.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two independent columns of variances 4 and 1 about (1, 2).
    fn gaussian(components: &Matrix) -> Gaussian<'_> {
        Gaussian::new(&[1.0, 2.0], &[4.0], components, 5.0, 100)
    }

    #[test]
    fn a_density_of_two_independent_columns_is_the_product_of_theirs() {
        let components = Matrix::new(1, 2, vec![1.0, 0.0]).unwrap();
        let rows = OwnedRows::Dense(Matrix::new(2, 2, vec![1.0, 2.0, 3.0, 1.0]).unwrap());
        let found = gaussian(&components).log_likelihoods(&rows, &Run::new(0, 1).unwrap()).unwrap();
        let normal = |x: f64, variance: f64| -0.5 * (x * x / variance + (2.0 * std::f64::consts::PI * variance).ln());
        let wanted = [normal(0.0, 4.0) + normal(0.0, 1.0), normal(2.0, 4.0) + normal(-1.0, 1.0)];
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} {wanted:?}");
    }

    #[test]
    fn the_precision_is_the_inverse_of_the_covariance() {
        let components = Matrix::new(1, 2, vec![0.6, 0.8]).unwrap();
        let gaussian = gaussian(&components);
        let (a, b) = (gaussian.quadratic(gaussian.noise, |v| v), gaussian.quadratic(1.0 / gaussian.noise, |v| 1.0 / v));
        for (at, wanted) in [1.0, 0.0, 0.0, 1.0].into_iter().enumerate() {
            let (i, j) = (at / 2, at % 2);
            let cell = a[2 * i] * b[j] + a[2 * i + 1] * b[2 + j];
            assert!((cell - wanted).abs() < 1e-6, "{cell} {wanted}");
        }
    }

    #[test]
    fn rows_without_variance_in_a_direction_have_no_density() {
        let components = Matrix::new(1, 2, vec![1.0, 0.0]).unwrap();
        let flat = Gaussian::new(&[0.0, 0.0], &[4.0], &components, 4.0, 100);
        assert!(flat.log_likelihoods(&OwnedRows::Dense(components.clone()), &Run::new(0, 1).unwrap()).is_err());
    }
}
