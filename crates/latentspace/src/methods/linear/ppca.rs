//! Probabilistic PCA: principal components with a density: a few factors, and the same noise in every column.
//!
//! Maximum likelihood in closed form: the factors span the principal components, and the noise is the mean of the variances left out. Use it to compare
//! numbers of dimensions by likelihood, to generate rows, and where rows miss cells. Unlike factor analysis it takes the noise of all columns to be the
//! same, so their scale matters.
//!
//! Cost, n rows by d columns: n·d² flops for the covariance and the `n_components` largest eigenvalues of `[d, d]`; 8·d² bytes a level of the
//! fold's tree.
//!
//! Source: Tipping and Bishop 1999, doi:10.1111/1467-9868.00196.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::covariance::{Covariance, FromCovariance};
use super::factors::{self, FactorModel, Factors};
use super::incomplete::{self, Beside, Count, Incomplete, Maximum, Noise};
use super::measured::{Learned, LinearModel, Measured};
use crate::attributes::{Attribute, Fit, Found};
use crate::axes::Rotation;
use crate::data::{Given, Rows};
use crate::error::{Error, Result};
use crate::fold::AnyFold;
use crate::linalg::symmetric_eigen;
use crate::method::{Fitted, Info, Law, Likelihood, Method, Plan, Sees, Shape, Signs, Takes};
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Probabilistic PCA: principal components with a density: a few factors, and the same noise in every column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ppca {
    /// Number of factors (dimensions of the space). auto: 50, or as many as leave some noise.
    #[schemars(extend("role" = Role::Dimensions, "minimum" = 1))]
    pub n_components: Auto<u32>,
    /// Rotation of the loadings to simple structure. After promax and oblimin factors may correlate.
    pub rotation: Rotation,
    /// Kaiser normalization: while they are rotated, the loadings of each column have length 1, so that columns of little communality count as much.
    pub normalize: bool,
    /// Tolerance, where cells are missing or have errors: stop when a step raises the log-likelihood per row by less than this.
    #[schemars(range(min = 0.0))]
    pub tol: f64,
    /// Maximum number of steps, where cells are missing or have errors; else the maximum has a closed form.
    #[schemars(range(min = 1))]
    pub n_iter: u32,
}

impl Default for Ppca {
    fn default() -> Self {
        Ppca { n_components: Auto::Auto, rotation: Rotation::None, normalize: true, tol: 1e-8, n_iter: 1000 }
    }
}

/// Less than this part of the variance is what rounding leaves.
const NOTHING: f64 = 1e-12;

impl Ppca {
    fn most(shape: Shape) -> usize {
        shape.cols.min(shape.rows.saturating_sub(1)).max(1)
    }

    fn components(&self, shape: Shape) -> usize {
        let noisy = shape.cols.saturating_sub(1).min(shape.rows.saturating_sub(2)).max(1);
        self.n_components.or_else(|| noisy.min(50) as u32) as usize
    }

    fn fold(&self, shape: Shape, once: bool, beside: Beside, seed: u64) -> Box<dyn AnyFold> {
        let (k, rotation) = (self.components(shape), (self.rotation, self.normalize));
        let weights = beside.weights.clone();
        if beside.is_uneven(shape) {
            let finish = move |found: Maximum, _: &Run| {
                let noise = found.noise.iter().sum::<f64>() / found.noise.len() as f64;
                factors::most_likely(found, rotation, Map::from_iter([("noise_variance".to_owned(), json!(noise))]))
            };
            let solver = Incomplete::new(Count::Known(k), Noise::Common, beside, Self::INFO.title, seed, finish);
            let solver = solver.until(self.tol, self.n_iter as usize);
            return Box::new(Measured { solver, once: false, weights });
        }
        let solver = FromCovariance {
            once,
            weights: weights.clone(),
            finish: move |covariance: Covariance, run: &Run| learn(&covariance, k, rotation, run),
        };
        Box::new(Measured { solver, once, weights })
    }
}

/// The maximum of the likelihood, which has a closed form.
fn learn(covariance: &Covariance, k: usize, rotation: (Rotation, bool), run: &Run) -> Result<Learned<FactorModel>> {
    let (n, d, total) = (covariance.moments.count, covariance.cols(), covariance.total());
    let eigen = symmetric_eigen(&covariance.matrix, d, k, || run.check())?;
    // By n, as the likelihood has it.
    let shrunk = (n - 1.0).max(1.0) / n;
    let left = total - eigen.values.iter().sum::<f64>();
    // Fewer rows than columns leave variance in fewer directions; the noise is that of all columns.
    let noise = if k < d && left > NOTHING * total { left * shrunk / (d - k) as f64 } else { 0.0 };
    let mut factors = Factors { loadings: vec![0.0; d * k], noise: vec![noise; d], encoder: vec![0.0; k * d], units: vec![1.0; d] };
    for (axis, (vector, value)) in eigen.vectors.chunks_exact(d).zip(&eigen.values).enumerate() {
        let (variance, least) = (value * shrunk, noise.max(NOTHING * total));
        if variance <= least {
            continue;
        }
        let length = (variance - noise).sqrt();
        for (column, u) in vector.iter().enumerate() {
            factors.loadings[column * k + axis] = length * u;
            factors.encoder[axis * d + column] = length / variance * u;
        }
    }
    let mut facts = Map::new();
    if noise > 0.0 {
        let outside = |variance: f64| covariance.frame.variance_outside(variance);
        let kept: f64 = eigen.values.iter().map(|value| outside((value * shrunk).max(noise)).ln()).sum();
        let cols = d as f64;
        let deviance = cols * (2.0 * std::f64::consts::PI).ln() + kept + (cols - k as f64) * outside(noise).ln() + cols;
        facts.insert("training_log_likelihood_per_row".to_owned(), json!(-0.5 * deviance));
    }
    facts.insert("noise_variance".to_owned(), json!(covariance.frame.variance_outside(noise)));
    factors::rotated(factors, k, covariance, rotation, facts)
}

/// Fitted attributes.
const ATTRIBUTES: &[Attribute] = &{
    let mut all = [factors::ATTRIBUTES[0]; 11];
    let mut at = 0;
    while at < factors::ATTRIBUTES.len() {
        all[at] = factors::ATTRIBUTES[at];
        at += 1;
    }
    all[1] =
        Attribute::fact("noise_variance_", "", "noise_variance", "The variance of the noise in every column: the mean of those left out.");
    all[10] = Attribute::fact("loglike_", "", "training_log_likelihood_per_row", "The log-likelihood of the fitted rows, in nats per row.");
    all
};

impl Method for Ppca {
    const INFO: Info = Info {
        name: "ppca",
        title: "probabilistic PCA",
        class: "PPCA",
        family: "linear",
        summary: "factors and the same noise in every column",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: true,
        folds: true,
        likelihood: Some(Likelihood::Rows),
        can: Can { kept: false, axes: Some("factor"), sampler: true },
        laws: &[Law::Rotation, Law::Reconstruction],
        oriented: true,
        live: false,
        given: &[Given::Weights, Given::Errors],
        limits: &[super::DENSE, super::SQUARE],
        attributes: ATTRIBUTES,
        peer: None,
        references: &["Tipping and Bishop 1999, Probabilistic principal component analysis, doi:10.1111/1467-9868.00196"],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 2 {
            return Err(Error::input("data", format!("{} row", shape.rows), "probabilistic PCA needs at least 2"));
        }
        let most = Self::most(shape);
        match self.n_components {
            Auto::Value(k) if k as usize > most => Err(Error::too_large("n_components", k, None, shape, most)),
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        if shape.incomplete {
            return incomplete::plan(shape, self.components(shape), run);
        }
        super::covariance::plan_with_eigen(shape, self.components(shape), 1.0, run)
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        run.progress(Self::INFO.title, 0, 1);
        self.fold(rows.shape(), false, Beside::of(rows), run.seed()).fit(rows, Self::INFO.title, run)
    }

    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>> {
        Ok(self.fold(shape, false, Beside::default(), run.seed()))
    }

    fn once(&self, shape: Shape) -> Option<Box<dyn AnyFold>> {
        (!shape.incomplete).then(|| self.fold(shape, true, Beside::default(), 0))
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, _: &Run) -> Result<Found> {
        factors::made(name, fit)
    }

    fn load(tensors: &Tensors, _: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(FactorModel::load(tensors)?))
    }
}
