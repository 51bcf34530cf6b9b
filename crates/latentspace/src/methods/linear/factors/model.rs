//! The model of factors and noise: encodes by the factors' mean given the row, decodes by loadings, has a density.

use std::borrow::Cow;

use faer::Mat;
use serde_json::{Value, json};

use crate::attributes::Found;
use crate::axes::{Axes, Weights};
use crate::completion;
use crate::error::{Error, Result};
use crate::linalg::{Cholesky, Matrix, MatrixView, OwnedRows, multiplied};
use crate::methods::linear::affine::{Affine, ENCODED};
use crate::methods::linear::measured::LinearModel;
use crate::model::{Capabilities, Model, Sampler};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// Loadings, scores and noise.
pub(in crate::methods::linear) struct FactorModel {
    affine: Affine,
    /// `[d]`: 0 for a constant column.
    noise: Vec<f64>,
    /// `[k, k]`.
    correlations: Mat<f64>,
    /// The variance of all columns together.
    total: f64,
    /// `[k]`: the share of each factor in it.
    shares: Vec<f64>,
    /// `[k, k]`: factors of the Cholesky decomposition of the correlations, without the rows of factors that have no loadings.
    spread: Mat<f64>,
}

impl FactorModel {
    pub(in crate::methods::linear) fn new(affine: Affine, noise: Vec<f64>, correlations: Mat<f64>, total: f64) -> Self {
        let (d, k) = (affine.columns(), affine.n_components());
        let loading = |axis: usize, column: usize| f64::from(affine.decoder.row(axis)[column]);
        let share = |axis: usize| {
            let with = |column: usize| (0..k).map(|other| loading(other, column) * correlations[(other, axis)]).sum::<f64>();
            let own: f64 = (0..d).map(|column| loading(axis, column) * with(column)).sum();
            if total > 0.0 { (own / total).clamp(0.0, 1.0) } else { 0.0 }
        };
        let shares = (0..k).map(share).collect();
        let mut spread = Cholesky::of(correlations.as_ref()).map_or_else(|| Mat::identity(k, k), |factor| factor.lower().to_owned());
        for axis in (0..k).filter(|&axis| affine.decoder.row(axis).iter().all(|&cell| cell == 0.0)) {
            (0..k).for_each(|other| spread[(axis, other)] = 0.0);
        }
        FactorModel { affine, noise, correlations, total, shares, spread }
    }

    /// Rows whose missing cells are predicted: in units of the noise, by least squares with the prior of independent factors.
    fn filled(&self, rows: MatrixView<'_>, check: &(dyn Fn() -> Result<()> + Sync)) -> Result<Matrix> {
        let (d, k) = (self.affine.columns(), self.affine.n_components());
        let units: Vec<f64> = self.noise.iter().map(|noise| if *noise > 0.0 { noise.sqrt() } else { 1.0 }).collect();
        // Of a column without noise nothing is learned.
        let loading = |axis: usize, column: usize| {
            let own: f64 = (axis..k).map(|other| self.spread[(other, axis)] * self.loading(other, column)).sum();
            if self.noise[column] > 0.0 { (own / units[column]) as f32 } else { 0.0 }
        };
        let axes = Matrix::from_fn(k, d, loading);
        let scaled = Matrix::from_fn(rows.rows(), d, |row, column| {
            ((f64::from(rows.row(row)[column]) - self.affine.mean[column]) / units[column]) as f32
        });
        let filled = completion::fill(scaled.view(), &vec![0.0; d], &axes, &vec![1.0; k], check)?;
        Ok(Matrix::from_fn(rows.rows(), d, |row, column| {
            let given = rows.row(row)[column];
            if given.is_nan() { (self.affine.mean[column] + f64::from(filled.row(row)[column]) * units[column]) as f32 } else { given }
        }))
    }

    fn loading(&self, axis: usize, column: usize) -> f64 {
        f64::from(self.affine.decoder.row(axis)[column])
    }

    /// What factors explain of each column's variance, `[d]`: the diagonal of loadings, times correlations, times loadings.
    fn explained(&self) -> Vec<f64> {
        let k = self.affine.n_components();
        let pair = |column: usize, a: usize, b: usize| self.loading(a, column) * self.correlations[(a, b)] * self.loading(b, column);
        let explained = |column: usize| (0..k).flat_map(|a| (0..k).map(move |b| (a, b))).map(|(a, b)| pair(column, a, b)).sum::<f64>();
        (0..self.affine.columns()).map(explained).collect()
    }

    /// Attributes that are not stored.
    pub(super) fn made(&self, name: &str) -> Result<Found> {
        let (d, k) = (self.affine.columns(), self.affine.n_components());
        let explained = self.explained();
        let part = |own: f64, other: f64| if own + other > 0.0 { own / (own + other) } else { 0.0 };
        Ok(match name {
            "communalities_" => Found::list(explained.iter().zip(&self.noise).map(|(&own, &noise)| part(own, noise)).collect()),
            "uniquenesses_" => Found::list(explained.iter().zip(&self.noise).map(|(&own, &noise)| part(noise, own)).collect()),
            "factor_correlations_" => Found::table(k, k, (0..k * k).map(|at| self.correlations[(at / k, at % k)]).collect()),
            "get_covariance()" => {
                let loadings = Mat::from_fn(d, k, |column, axis| self.loading(axis, column));
                let weighted = multiplied(loadings.as_ref(), self.correlations.as_ref());
                let mut whole = multiplied(weighted.as_ref(), loadings.transpose());
                (0..d).for_each(|column| whole[(column, column)] += self.noise[column]);
                Found::table(d, d, (0..d * d).map(|at| whole[(at / d, at % d)]).collect())
            }
            _ => {
                if let Some(column) = self.noise.iter().position(|&noise| noise <= 0.0) {
                    let error = Error::input(name, format!("column {column} has no noise"), "only columns with noise have a precision");
                    return Err(error.with_hint("drop constant columns"));
                }
                let density = Density::new(self)?;
                // Ψ⁻¹ - Ψ⁻¹ Λ M⁻¹ Λ'Ψ⁻¹.
                let weighted = Mat::from_fn(d, k, |column, axis| self.loading(axis, column) / self.noise[column]);
                let half = multiplied(weighted.as_ref(), density.inverse.as_ref());
                let taken = multiplied(half.as_ref(), weighted.transpose());
                let cell = |i: usize, j: usize| if i == j { 1.0 / self.noise[i] } else { 0.0 } - taken[(i, j)];
                Found::table(d, d, (0..d * d).map(|at| cell(at / d, at % d)).collect())
            }
        })
    }
}

/// The density of rows: a Gaussian of the columns that vary.
struct Density {
    /// `[m]`.
    columns: Vec<usize>,
    /// `[k, k]`: (Φ⁻¹ + Λ'Ψ⁻¹Λ)⁻¹.
    inverse: Mat<f64>,
    /// m log 2π + log of the determinant.
    constant: f64,
}

impl Density {
    fn new(model: &FactorModel) -> Result<Self> {
        let columns: Vec<usize> = (0..model.noise.len()).filter(|&column| model.noise[column] > 0.0).collect();
        let k = model.affine.n_components();
        let singular = || {
            let error = Error::input("space", "its factors determine each other", "a density needs factors that are not sums of others");
            error.with_hint("learn fewer dimensions, or use another rotation")
        };
        let prior = Cholesky::of(model.correlations.as_ref()).ok_or_else(singular)?;
        let mut middle = prior.inverse();
        for a in 0..k {
            for b in 0..k {
                let own = columns.iter().map(|&column| model.loading(a, column) * model.loading(b, column) / model.noise[column]);
                middle[(a, b)] += own.sum::<f64>();
            }
        }
        let whole = Cholesky::of(middle.as_ref()).ok_or_else(singular)?;
        let noise: f64 = columns.iter().map(|&column| model.noise[column].ln()).sum();
        let constant = columns.len() as f64 * (2.0 * std::f64::consts::PI).ln() + noise + prior.log_determinant() + whole.log_determinant();
        Ok(Density { columns, inverse: whole.inverse(), constant })
    }

    /// The logarithm of the density of each row, in nats. Cost: 2·m·k flops a row.
    fn of(&self, model: &FactorModel, rows: MatrixView<'_>) -> Vec<f64> {
        let k = model.affine.n_components();
        let one = |row: usize| {
            let (mut distance, mut along) = (0.0, vec![0.0; k]);
            for &column in &self.columns {
                let apart = f64::from(rows.row(row)[column]) - model.affine.mean[column];
                distance += apart * apart / model.noise[column];
                let weight = apart / model.noise[column];
                along.iter_mut().enumerate().for_each(|(axis, along)| *along += model.loading(axis, column) * weight);
            }
            let taken: f64 = (0..k).map(|a| along[a] * (0..k).map(|b| self.inverse[(a, b)] * along[b]).sum::<f64>()).sum();
            -0.5 * (distance - taken + self.constant)
        };
        (0..rows.rows()).map(one).collect()
    }
}

impl LinearModel for FactorModel {
    fn affine(&self) -> &Affine {
        &self.affine
    }

    fn predicted(&self, rows: MatrixView<'_>) -> Result<Matrix> {
        self.filled(rows, &|| Ok(()))
    }

    fn load(tensors: &Tensors) -> Result<Self> {
        let affine = Affine::load(tensors, "scores", "loadings")?;
        let k = affine.n_components();
        let noise = tensors.f64("noise", Some(affine.columns()))?.to_vec();
        let correlations = tensors.f64("correlations", Some(k * k))?;
        let correlations = Mat::from_fn(k, k, |i, j| correlations[i * k + j]);
        let total = tensors.f64("total_variance", Some(1))?[0];
        Ok(Self::new(affine, noise, correlations, total))
    }
}

impl Model for FactorModel {
    fn n_components(&self) -> usize {
        self.affine.n_components()
    }

    fn columns(&self) -> usize {
        self.affine.columns()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        self.affine.encode(rows, run)
    }

    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        self.affine.decode(codes, run)
    }

    /// By the mean of the hidden cells given the visible ones.
    fn complete(&self, rows: &OwnedRows, _: &[f64], run: &Run) -> Result<Matrix> {
        let table = rows.table()?;
        run.install(|| self.filled(table.view(), &|| run.check()))
    }

    /// Constant columns are left out.
    fn log_likelihoods(&self, rows: &OwnedRows, _: usize, run: &Run) -> Result<Option<Vec<f64>>> {
        let density = Density::new(self)?;
        let (points, n) = (rows.points(), rows.rows());
        let starts: Vec<usize> = (0..n).step_by(ENCODED).collect();
        let blocks = starts.par_iter().map(|&from| {
            run.check()?;
            points.slice(from..(from + ENCODED).min(n)).as_table(|block| density.of(self, block))
        });
        Ok(Some(blocks.collect::<Result<Vec<Vec<f64>>>>()?.concat()))
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let axes = Axes { weights: Weights::Loadings(&self.affine.decoder), shares: Cow::Borrowed(&self.shares), prior: None };
        Capabilities { axes: Some(axes), sampler: Some(self), ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        self.affine.store(tensors, "scores", "loadings")?;
        tensors.put_f64("noise", &self.noise)?;
        let k = self.n_components();
        tensors.put_f64("correlations", &(0..k * k).map(|at| self.correlations[(at / k, at % k)]).collect::<Vec<f64>>())?;
        tensors.put_f64("total_variance", &[self.total])?;
        Ok(json!({}))
    }
}

/// Factors of the normal distribution with their correlations.
impl Sampler for FactorModel {
    fn sample(&self, n: usize, run: &Run) -> Result<Matrix> {
        run.check()?;
        let (random, k) = (Random::new(run.seed(), "generated codes"), self.n_components());
        let code = |row: usize, axis: usize| {
            (0..=axis).map(|part| self.spread[(axis, part)] * random.normal(row as u64, part as u64)).sum::<f64>() as f32
        };
        Ok(Matrix::from_fn(n, k, code))
    }
}
