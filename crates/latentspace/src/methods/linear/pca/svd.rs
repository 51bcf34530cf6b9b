//! Truncated singular value decomposition (SVD): the orthogonal directions along which rows are farthest from 0.
//!
//! Learns the right singular vectors of the rows as they are, without subtracting the mean: of tf-idf this is latent semantic analysis (LSA).
//! Use it for sparse tables and text, where 0 means "not there", and where inner products of codes should be those of rows. Do not use it for
//! columns far from 0: the first direction is then little else than their mean, and PCA is what you want.
//!
//! Cost and solvers: those of PCA.
//! Source: Eckart and Young 1936, doi:10.1007/BF02288367; latent semantic analysis: Deerwester and others 1990,
//! doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9; Halko, Martinsson and Tropp 2011, doi:10.1137/090771806.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::model::PcaModel;
use super::{DENSE_COUNTS, Pca, Solver};
use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::axes::{Axes, Weights};
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::fold::AnyFold;
use crate::linalg::{Matrix, OwnedRows};
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::linear::incomplete::Beside;
use crate::model::{Can, Capabilities, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Truncated SVD: the orthogonal directions along which rows are farthest from 0; of text, latent semantic analysis (LSA).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Svd {
    /// Number of singular vectors (dimensions of the space). auto: 50, or as many as the data allow.
    #[schemars(extend("role" = Role::Dimensions, "minimum" = 1))]
    pub n_components: Auto<u32>,
}

impl Svd {
    /// What PCA with the same solvers is asked for.
    fn pca(&self, shape: Shape) -> Pca {
        let most = shape.cols.min(shape.rows).max(1) as u32;
        Pca { n_components: Auto::Value(self.n_components.or_else(|| most.min(50))), solver: Solver::Auto, whiten: false }
    }
}

impl Method for Svd {
    const INFO: Info = Info {
        name: "svd",
        title: "truncated SVD",
        class: "TruncatedSVD",
        family: "linear",
        summary: "orthogonal directions from 0; of text, LSA",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: true,
        folds: true,
        likelihood: None,
        can: Can { kept: false, axes: Some("component"), sampler: false },
        laws: &[Law::Reconstruction],
        oriented: true,
        live: false,
        given: &[],
        limits: &[DENSE_COUNTS],
        attributes: &[
            Attribute::tensor(
                "components_",
                "[k, d]",
                "components",
                "Right singular vectors, by falling singular value; the entry of largest magnitude is positive.",
            ),
            Attribute::made("singular_values_", "[k]", "The singular values of the rows: the root of the sum of squared codes."),
            Attribute::made("explained_variance_", "[k]", "The variance of the codes along each component, divided by n."),
            Attribute::made("explained_variance_ratio_", "[k]", "The share of the variance of the rows."),
            Attribute::fact("n_components_", "", "n_components", "Dimensions of the space."),
        ],
        peer: Some(Peer { class: "sklearn.decomposition.TruncatedSVD", lacks: &[] }),
        references: &[
            "Eckart and Young 1936, The approximation of one matrix by another of lower rank, doi:10.1007/BF02288367",
            "Deerwester and others 1990, Indexing by latent semantic analysis, doi:10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9",
            "Halko, Martinsson and Tropp 2011, Finding structure with randomness, doi:10.1137/090771806",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows == 0 {
            return Err(Error::input("data", "no rows", "truncated SVD needs at least 1"));
        }
        let most = shape.cols.min(shape.rows);
        match self.n_components {
            Auto::Value(k) if k as usize > most => Err(Error::too_large("n_components", k, None, shape, most)),
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        self.pca(shape).plan(shape, run)
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let (shape, title) = (rows.shape(), Self::INFO.title);
        run.note(format!("{title}: {}", self.plan(shape, run).algorithm));
        run.progress(title, 0, 1);
        let fitted = self.folding(shape, run)?.fit(rows, title, run)?;
        run.progress(title, 1, 1);
        Ok(fitted)
    }

    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>> {
        Ok(self.pca(shape).fold(shape, false, run.seed(), Beside::default()))
    }

    fn once(&self, shape: Shape) -> Option<Box<dyn AnyFold>> {
        Some(self.pca(shape).fold_once(shape, false))
    }

    fn unlike_once(&self, shape: Shape) -> Option<&'static str> {
        let settles = self.pca(shape).solver(shape) == Solver::Randomized;
        settles.then_some("by subspace iteration, which finds directions of nearly equal singular value less exactly")
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, _: &Run) -> Result<Found> {
        let model = SvdModel::load(fit.tensors, fit.model)?;
        let n = fit.rows.max(1) as f64;
        let freedom = (n - 1.0).max(1.0);
        let squares = || model.directions.variances.iter().map(|squares| squares * freedom);
        if name == "singular_values_" {
            return Ok(Found::list(squares().map(f64::sqrt).collect()));
        }
        let components = &model.directions.components;
        let along = |axis: usize| components.row(axis).iter().zip(&model.mean).map(|(&a, mean)| f64::from(a) * mean).sum::<f64>();
        let variances = squares().enumerate().map(|(axis, squares)| (squares / n - along(axis).powi(2)).max(0.0));
        let total = model.variance * freedom / n;
        Ok(match name {
            "explained_variance_" => Found::list(variances.collect()),
            _ => Found::list(variances.map(|variance| if total > 0.0 { variance / total } else { 0.0 }).collect()),
        })
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(SvdModel::load(tensors, facts)?))
    }
}

/// Directions from 0.
pub(super) struct SvdModel {
    /// Components with a mean of 0, whose variances are mean squares of codes (by n - 1).
    pub(super) directions: PcaModel,
    /// The mean of the rows, and their variance from it, which what is explained is measured by.
    pub(super) mean: Vec<f64>,
    pub(super) variance: f64,
}

impl SvdModel {
    fn load(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let components = tensors.matrix("components", None, None)?;
        let (k, d) = (components.rows(), components.cols());
        let squares = tensors.f64("mean_squares", Some(k))?.to_vec();
        let totals = tensors.f64("total_square_variance", Some(2))?;
        let directions = PcaModel::new(vec![0.0; d], squares, components, totals[0], false);
        let directions = if facts["by_cells"] == true { directions.by_cells() } else { directions };
        Ok(SvdModel { directions, mean: tensors.f64("mean", Some(d))?.to_vec(), variance: totals[1] })
    }
}

impl Model for SvdModel {
    fn n_components(&self) -> usize {
        self.directions.n_components()
    }

    fn columns(&self) -> usize {
        self.directions.columns()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        self.directions.encode(rows, run)
    }

    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        self.directions.decode(codes, run)
    }

    fn complete(&self, rows: &OwnedRows, means: &[f64], run: &Run) -> Result<Matrix> {
        self.directions.complete(rows, means, run)
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let PcaModel { components, variances, total, .. } = &self.directions;
        let share = |squares: &f64| if *total > 0.0 { squares / total } else { 0.0 };
        let shares = Cow::Owned(variances.iter().map(share).collect());
        let axes = Axes { weights: Weights::Loadings(components), shares, prior: None };
        Capabilities { axes: Some(axes), ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        let PcaModel { components, variances, total, .. } = &self.directions;
        tensors.put_matrix("components", components)?;
        tensors.put_f64("mean", &self.mean)?;
        tensors.put_f64("mean_squares", variances)?;
        tensors.put_f64("total_square_variance", &[*total, self.variance])?;
        Ok(if self.directions.is_by_cells() { json!({ "by_cells": true }) } else { json!({}) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{SparseMatrix, thin_svd};
    use crate::random::Random;

    /// Counts, most of them 0.
    fn counts(n: usize, d: usize) -> Matrix {
        let random = Random::new(5, "counts");
        Matrix::from_fn(n, d, |i, j| {
            let word = random.uniform(i as u64, j as u64) * (1.0 + 3.0 * f64::from(u8::from(j % 5 == i % 5)));
            if word > 2.0 { (word * 2.0).floor() as f32 } else { 0.0 }
        })
    }

    fn fitted(rows: &OwnedRows, k: u32) -> Tensors {
        let run = Run::new(1, 2).unwrap();
        let method = Svd { n_components: Auto::Value(k) };
        let fitted = method.fit(&Rows::memory(rows), &run).unwrap();
        let mut tensors = Tensors::default();
        fitted.model.store(&mut tensors).unwrap();
        tensors
    }

    /// Dense and sparse, more rows than columns and fewer, wide enough that no cell of 0 is multiplied: always the singular value decomposition.
    #[test]
    fn singular_values_and_vectors_are_those_of_the_rows() {
        for (n, d) in [(300, 40), (40, 300), (300, 1100), (1300, 1100), (5000, 1100)] {
            let table = counts(n, d);
            let wide: Vec<f64> = table.as_slice().iter().map(|&cell| f64::from(cell)).collect();
            let wanted = thin_svd(&wide, n, d).unwrap();
            for rows in [OwnedRows::Dense(table.clone()), OwnedRows::Sparse(SparseMatrix::of(&table))] {
                let tensors = fitted(&rows, 3);
                let (components, squares) =
                    (tensors.matrix("components", Some(3), Some(d)).unwrap(), tensors.f64("mean_squares", Some(3)).unwrap());
                for axis in 0..3 {
                    let value = (squares[axis] * (n as f64 - 1.0)).sqrt();
                    assert!((value / wanted.values[axis] - 1.0).abs() < 1e-4, "{n} x {d}: {value} {}", wanted.values[axis]);
                }
                let along: f64 = components.row(0).iter().zip(&wanted.vectors[..d]).map(|(&a, b)| f64::from(a) * b).sum();
                assert!((along.abs() - 1.0).abs() < 1e-4, "{n} x {d}: {along}");
            }
        }
    }
}
