//! Sparse principal component analysis: components in which most columns have no part.
//!
//! The centered rows are approximated by scores of length 1 times components; half the squared error plus `alpha` times the sum of absolute entries of the
//! components is minimized over both. Use it where principal components mix all columns and cannot be named. Do not use it to explain the most variance:
//! PCA explains more with as many dimensions.
//!
//! Scores are linear in the rows, so the covariance of the columns is all that the alternation needs: given the scores, each column's entries are a lasso
//! over the components, by coordinate descent; given the components, each score in turn is the best for the others. Codes are those of ridge regression
//! onto the components, so they are linear in the row and need no iteration.
//!
//! Components have length 1 and may not be orthogonal. They are in the order of the variance that each explains beyond those before it, the largest
//! first; the sign makes the largest entry positive. A component that the penalty leaves empty is 0.
//!
//! Cost, n rows by d columns: n·d² flops for the covariance, then 2·d²·k flops an iteration.
//!
//! Source: Zou, Hastie and Tibshirani 2006, doi:10.1198/106186006X113430; the function minimized: Mairal, Bach, Ponce and Sapiro 2010, JMLR 11.

mod alternate;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::affine::Affine;
use super::covariance::{Covariance, FromCovariance};
use super::measured::{LinearModel, Measured};
use crate::attributes::{Attribute, Peer};
use crate::axes::{Axes, Weights};
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::fold::AnyFold;
use crate::linalg::{Matrix, OwnedRows};
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::model::{Can, Capabilities, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Sparse principal component analysis: components in which most columns have no part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SparsePca {
    /// Number of components (dimensions of the space). auto: 50, or as many as the data allow.
    #[schemars(extend("role" = Role::Dimensions, "minimum" = 1))]
    pub n_components: Auto<u32>,
    /// Penalty on absolute entries of the components, in units of a column's length: larger values give sparser components. auto: a tenth of the root
    /// mean square length of the centered columns.
    #[schemars(extend("minimum" = 0))]
    pub alpha: Auto<f64>,
    /// Ridge penalty of the regression that encodes a row, for components of length 1.
    #[schemars(range(min = 0.0))]
    pub ridge_alpha: f64,
    /// Maximum number of iterations.
    #[schemars(range(min = 1))]
    pub n_iter: u32,
    /// Tolerance: stop when an iteration lowers the objective by less than this part of it.
    #[schemars(range(min = 0.0))]
    pub tol: f64,
}

impl Default for SparsePca {
    fn default() -> Self {
        SparsePca { n_components: Auto::Auto, alpha: Auto::Auto, ridge_alpha: 0.01, n_iter: 1000, tol: 1e-6 }
    }
}

impl SparsePca {
    fn most(shape: Shape) -> usize {
        shape.cols.min(shape.rows.saturating_sub(1)).max(1)
    }

    fn components(&self, shape: Shape) -> usize {
        self.n_components.or_else(|| Self::most(shape).min(50) as u32) as usize
    }

    fn fold(&self, shape: Shape, once: bool) -> impl AnyFold + use<> {
        let (k, method) = (self.components(shape), self.clone());
        let solver = FromCovariance {
            once,
            weights: None,
            finish: move |covariance: Covariance, run: &Run| alternate::learn(&method, &covariance, k, run),
        };
        Measured { solver, once, weights: None }
    }
}

/// Iterations that it usually takes.
const USUAL_STEPS: f64 = 50.0;
/// Multiply-adds in f64 a second.
const RATE: f64 = 2e9;

impl Method for SparsePca {
    const INFO: Info = Info {
        name: "sparse-pca",
        title: "sparse PCA",
        class: "SparsePCA",
        family: "linear",
        summary: "components of few columns each",
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
        limits: &[super::DENSE, super::SQUARE],
        attributes: &[
            Attribute::tensor(
                "components_",
                "[k, d]",
                "directions",
                "The components, by falling share of the variance; each has length 1 or is 0.",
            ),
            Attribute::tensor("mean_", "[d]", "mean", "The mean of the rows."),
            Attribute::fact("n_components_", "", "n_components", "Dimensions of the space."),
            Attribute::fact("alpha_", "", "alpha", "The penalty on absolute entries that was used."),
            Attribute::fact(
                "objective_",
                "",
                "objective",
                "Half the squared error plus alpha times the absolute entries, before they are scaled.",
            ),
            Attribute::fact("n_nonzero_", "", "n_nonzero", "Number of entries of the components that are not 0."),
            Attribute::fact("n_iter_", "", "n_iter", "Iterations done."),
        ],
        peer: Some(Peer { class: "sklearn.decomposition.SparsePCA", lacks: &[("error_", "Only the last objective is kept: objective_.")] }),
        references: &[
            "Zou, Hastie and Tibshirani 2006, Sparse principal component analysis, doi:10.1198/106186006X113430",
            "Mairal, Bach, Ponce and Sapiro 2010, Online learning for matrix factorization and sparse coding, JMLR 11",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 2 {
            return Err(Error::input("data", format!("{} row", shape.rows), "sparse PCA needs at least 2"));
        }
        let most = Self::most(shape);
        match self.n_components {
            Auto::Value(k) if k as usize > most => Err(Error::too_large("n_components", k, None, shape, most)),
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let k = self.components(shape);
        let start = super::covariance::plan_with_eigen(shape, k, 1.0, run);
        let (d, k) = (shape.cols as f64, k as f64);
        Plan {
            algorithm: "alternating lasso and scores, through the covariance of the columns".to_owned(),
            peak_bytes: start.peak_bytes + (8.0 * (6.0 * d * k + 3.0 * k * k)) as u64,
            seconds: start.seconds + USUAL_STEPS * d * k * (d + 2.0 * k) / RATE / run.threads() as f64,
            ..start
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        run.progress(Self::INFO.title, 0, u64::from(self.n_iter));
        self.fold(rows.shape(), false).fit(rows, Self::INFO.title, run)
    }

    fn folding(&self, shape: Shape, _: &Run) -> Result<Box<dyn AnyFold>> {
        Ok(Box::new(self.fold(shape, false)))
    }

    fn once(&self, shape: Shape) -> Option<Box<dyn AnyFold>> {
        Some(Box::new(self.fold(shape, true)))
    }

    fn load(tensors: &Tensors, _: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(SparsePcaModel::load(tensors)?))
    }
}

/// Sparse components; a code is linear in the row.
pub(super) struct SparsePcaModel {
    affine: Affine,
    /// `[k]`: the share of the rows' variance that each component explains beyond those before it.
    shares: Vec<f64>,
}

impl LinearModel for SparsePcaModel {
    fn affine(&self) -> &Affine {
        &self.affine
    }

    fn load(tensors: &Tensors) -> Result<Self> {
        let affine = Affine::load(tensors, "encoder", "directions")?;
        let shares = tensors.f64("shares", Some(affine.n_components()))?.to_vec();
        Ok(SparsePcaModel { affine, shares })
    }
}

impl Model for SparsePcaModel {
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

    fn capabilities(&self) -> Capabilities<'_> {
        let axes = Axes { weights: Weights::Loadings(&self.affine.decoder), shares: Cow::Borrowed(&self.shares), prior: None };
        Capabilities { axes: Some(axes), ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        self.affine.store(tensors, "encoder", "directions")?;
        tensors.put_f64("shares", &self.shares)?;
        Ok(json!({}))
    }
}

#[cfg(test)]
mod tests;
