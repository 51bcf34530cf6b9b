//! A few factors and independent noise: what factor analysis and probabilistic PCA share.
//!
//! A row is the mean, the loadings times its factors, and noise: x = μ + Λz + ε, where z has the correlations Φ and ε the independent variances Ψ. The
//! code of a row is the mean of its factors given the row (regression scores): (Φ⁻¹ + Λ'Ψ⁻¹Λ)⁻¹ Λ'Ψ⁻¹ (x - μ).

pub(super) mod adequacy;
pub(super) mod likelihood;
mod model;

use faer::{Mat, MatRef};
use serde_json::{Map, Value, json};

pub(super) use self::model::FactorModel;
use super::affine::Affine;
use super::covariance::Covariance;
use super::frame::Frame;
use super::incomplete::Maximum;
use super::measured::{Learned, LinearModel, Loss};
use crate::attributes::{Attribute, Fit, Found};
use crate::axes::{Rotation, rotate};
use crate::error::Result;
use crate::linalg::{Matrix, multiplied, symmetric_eigen};

/// Loadings of independent factors, in the order of their information, within the frame of a covariance.
pub(super) struct Factors {
    /// `[d, k]`, row by row.
    pub(super) loadings: Vec<f64>,
    /// `[d]`: the variance of the noise.
    pub(super) noise: Vec<f64>,
    /// `[k, d]`, row by row: what a centered row is multiplied by.
    pub(super) encoder: Vec<f64>,
    /// `[d]`: what loadings are divided by while they are rotated.
    pub(super) units: Vec<f64>,
}

/// A model of these factors, rotated, with Kaiser normalization or without. `facts` are those of the method.
pub(super) fn rotated(
    factors: Factors,
    k: usize,
    covariance: &Covariance,
    rotation: (Rotation, bool),
    facts: Map<String, Value>,
) -> Result<Learned<FactorModel>> {
    let loss = |decoder: &Matrix, encoder: &Matrix| Loss::by(covariance, lost(decoder, encoder, covariance));
    turned(factors, k, (&covariance.frame, &covariance.mean, covariance.total()), loss, rotation, facts)
}

/// A model of the factors that make rows with missing cells or errors most likely, rotated.
pub(super) fn most_likely(found: Maximum, rotation: (Rotation, bool), mut facts: Map<String, Value>) -> Result<Learned<FactorModel>> {
    let d = found.mean.len();
    let k = found.loadings.len() / d.max(1);
    facts.insert("n_iter".to_owned(), json!(found.n_iter));
    facts.insert("converged".to_owned(), json!(found.converged));
    facts.insert("training_log_likelihood_per_row".to_owned(), json!(found.log_likelihood));
    facts.extend(found.chi_squared.map(|own| ("reduced_chi_squared".to_owned(), json!(own))));
    // Factors in the order of their information: the eigenvectors of Λ'Ψ⁻¹Λ.
    let inverse = |column: usize| if found.noise[column] > 0.0 { 1.0 / found.noise[column] } else { 0.0 };
    let own = |column: usize, axis: usize| found.loadings[column * k + axis];
    let information: Vec<f64> =
        (0..k * k).map(|at| (0..d).map(|column| own(column, at / k) * own(column, at % k) * inverse(column)).sum::<f64>()).collect();
    let eigen = symmetric_eigen(&information, k, k, || Ok(()))?;
    let mut factors = Factors { loadings: vec![0.0; d * k], noise: found.noise.clone(), encoder: vec![0.0; k * d], units: vec![1.0; d] };
    for (axis, (vector, value)) in eigen.vectors.chunks_exact(k).zip(&eigen.values).enumerate() {
        for column in 0..d {
            let loading = vector.iter().enumerate().map(|(at, part)| part * own(column, at)).sum::<f64>();
            factors.loadings[column * k + axis] = loading;
            factors.encoder[axis * d + column] = loading * inverse(column) / (1.0 + value.max(0.0));
        }
    }
    let explained = |column: usize| factors.loadings[column * k..][..k].iter().map(|loading| loading * loading).sum::<f64>();
    let variances: Vec<f64> = (0..d).map(|column| explained(column) + found.noise[column]).collect();
    factors.units = variances.iter().map(|variance| if *variance > 0.0 { variance.sqrt() } else { 1.0 }).collect();
    let (frame, total) = (Frame { shift: vec![0.0; d], scale: 1.0 }, variances.iter().sum());
    // A round over the rows measures what decoding loses.
    let loss = |_: &Matrix, _: &Matrix| Loss { rows: found.rows, total, lost: 0.0, is_resolved: false };
    turned(factors, k, (&frame, &found.mean, total), loss, rotation, facts)
}

/// A model of these factors, rotated: of rows seen through a frame, with their mean and variance in it.
fn turned(
    factors: Factors,
    k: usize,
    (frame, mean, total): (&Frame, &[f64], f64),
    loss: impl Fn(&Matrix, &Matrix) -> Loss,
    (rotation, normalize): (Rotation, bool),
    mut facts: Map<String, Value>,
) -> Result<Learned<FactorModel>> {
    let d = mean.len();
    let Factors { mut loadings, noise, mut encoder, units } = factors;
    // Factors without loadings stay as they are, behind the others.
    let used = (0..k).filter(|&axis| (0..d).any(|column| loadings[column * k + axis] != 0.0)).count();
    let mut correlations = Mat::<f64>::identity(k, k);
    if rotation == Rotation::None || used < 2 {
        for axis in 0..used {
            let largest =
                (0..d).map(|column| loadings[column * k + axis]).fold(0.0_f64, |best, own| if own.abs() > best.abs() { own } else { best });
            if largest < 0.0 {
                (0..d).for_each(|column| loadings[column * k + axis] *= -1.0);
                encoder[axis * d..][..d].iter_mut().for_each(|cell| *cell *= -1.0);
            }
        }
    } else {
        let part: Vec<f64> = (0..d * used).map(|at| loadings[at / used * k + at % used] / units[at / used]).collect();
        let rotated = rotate(&part, used, rotation, normalize)?;
        (0..d * used).for_each(|at| loadings[at / used * k + at % used] = rotated.loadings[at] * units[at / used]);
        (0..used * used).for_each(|at| correlations[(at / used, at % used)] = rotated.correlations[at]);
        // Λz = ΛT T⁻¹z, and T⁻¹ = ΦT' for Φ = (T'T)⁻¹.
        let transform = MatRef::from_row_major_slice(&rotated.transform, used, used);
        let inverse = multiplied(MatRef::from_row_major_slice(&rotated.correlations, used, used), transform.transpose());
        let turned = multiplied(inverse.as_ref(), MatRef::from_row_major_slice(&encoder[..used * d], used, d));
        (0..used * d).for_each(|at| encoder[at] = turned[(at / d, at % d)]);
        facts.insert("rotation_converged".to_owned(), json!(rotated.converged));
    }
    let unit = f64::from(frame.scale);
    let decoder = Matrix::from_fn(k, d, |axis, column| (loadings[column * k + axis] / unit) as f32);
    let encoder = Matrix::new(k, d, encoder.iter().map(|cell| (cell * unit) as f32).collect())?;
    let loss = loss(&decoder, &encoder);
    let affine = Affine { mean: frame.mean_outside(mean), encoder, decoder };
    facts.insert("n_components".to_owned(), json!(k));
    let noise = noise.iter().map(|&noise| frame.variance_outside(noise)).collect();
    let model = FactorModel::new(affine, noise, correlations, frame.variance_outside(total));
    Ok(Learned { model, facts, loss })
}

/// The variance that decoding the codes of rows with this covariance loses, within its frame, by the matrices as they are stored: the trace of (1 - D)
/// S (1 - D)' for D = decoder' encoder.
fn lost(decoder: &Matrix, encoder: &Matrix, covariance: &Covariance) -> f64 {
    let (k, d) = (decoder.rows(), decoder.cols());
    let wide = |matrix: &Matrix| Mat::from_fn(k, d, |axis, column| f64::from(matrix.row(axis)[column]));
    let (decoder, encoder) = (wide(decoder), wide(encoder));
    let images = multiplied(encoder.as_ref(), MatRef::from_row_major_slice(&covariance.matrix, d, d));
    let codes = multiplied(images.as_ref(), encoder.transpose());
    let overlap = multiplied(decoder.as_ref(), decoder.transpose());
    let inner =
        |a: &Mat<f64>, b: &Mat<f64>| (0..a.ncols()).flat_map(|j| (0..a.nrows()).map(move |i| (i, j))).map(|at| a[at] * b[at]).sum::<f64>();
    (covariance.total() - 2.0 * inner(&decoder, &images) + inner(&codes, &overlap)).max(0.0)
}

/// What both methods hand out by scikit-learn's names.
pub(super) const ATTRIBUTES: [Attribute; 10] = [
    Attribute::tensor("components_", "[k, d]", "loadings", "Loadings: what a unit of each factor adds to each column."),
    Attribute::tensor(
        "noise_variance_",
        "[d]",
        "noise",
        "The variance of each column's own noise (uniqueness), in squared units of the column.",
    ),
    Attribute::tensor("mean_", "[d]", "mean", "The mean of the rows."),
    Attribute::tensor(
        "score_coefficients_",
        "[k, d]",
        "scores",
        "A row's code is the product of these and the centered row (regression scores).",
    ),
    Attribute::made("factor_correlations_", "[k, k]", "Correlations of the factors; the identity without an oblique rotation."),
    Attribute::made("communalities_", "[d]", "The part of each column's variance that the factors explain; 0 for constant columns."),
    Attribute::made("uniquenesses_", "[d]", "The part of each column's variance that is its own noise; 1 less the communality."),
    Attribute::made(
        "get_covariance()",
        "[d, d]",
        "The covariance of the columns by the model: loadings, times correlations, times loadings, plus noise.",
    ),
    Attribute::made("get_precision()", "[d, d]", "The inverse of that covariance."),
    Attribute::fact("n_components_", "", "n_components", "Dimensions of the space."),
];

/// Attributes that are not stored.
pub(super) fn made(name: &str, fit: &Fit<'_>) -> Result<Found> {
    FactorModel::load(fit.tensors)?.made(name)
}
