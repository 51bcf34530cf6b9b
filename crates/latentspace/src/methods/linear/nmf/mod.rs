//! Non-negative matrix factorization (NMF): rows as sums of parts, nothing taken away.
//!
//! A row is approximated by a sum of `n_components` parts with weights, all of them 0 or more. Use it for data that add up: pixels, spectra, counts,
//! words; parts are often easier to name than principal components. Do not use it where cells may be negative, nor to find how many parts there are.
//!
//! The squared error is minimized by hierarchical alternating least squares, the Kullback-Leibler divergence by multiplicative updates; the weights of a
//! block of rows are computed several times while the block is in the cache, so that an iteration reads the rows once.
//!
//! Cost, n rows by d columns (of sparse rows their cells instead of n·d): 4·n·d·k flops an iteration; 4·n·k bytes.
//!
//! Source: Lee and Seung 1999, doi:10.1038/44565; Cichocki and Phan 2009, doi:10.1587/transfun.E92.A.708; Gillis and Glineur 2012,
//! doi:10.1162/NECO_a_00256; start: Boutsidis and Gallopoulos 2008, doi:10.1016/j.patcog.2007.09.010.

mod cells;
mod learn;
mod model;
mod start;
mod update;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::model::NmfModel;
use super::incomplete::Beside;
use crate::attributes::{Attribute, Peer};
use crate::data::{Given, Rows};
use crate::error::{Error, Result};
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Non-negative matrix factorization (NMF): rows as sums of parts, nothing taken away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nmf {
    /// Number of parts (dimensions of the space). auto: 10, or as many as the data allow.
    #[schemars(extend("role" = Role::Dimensions, "minimum" = 1))]
    pub n_components: Auto<u32>,
    /// What is minimized: frobenius, half the sum of squared errors; kullback-leibler, for counts.
    pub loss: Loss,
    /// Start: nndsvd from the singular vectors; random by the seed.
    pub init: Init,
    /// Strength of the penalty on weights and parts, per cell. 0: none.
    #[schemars(range(min = 0.0))]
    pub alpha: f64,
    /// Share of the penalty on absolute values (sparse parts); the rest is on squares.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub l1_ratio: f64,
    /// Maximum number of iterations.
    #[schemars(range(min = 1))]
    pub n_iter: u32,
    /// Tolerance: stop when ten iterations lower the loss by less than this part of the loss at the start.
    #[schemars(range(min = 0.0))]
    pub tol: f64,
}

/// What is minimized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Half the sum of squared errors.
    #[default]
    Frobenius,
    /// The generalized Kullback-Leibler divergence: the likelihood of counts with Poisson noise.
    KullbackLeibler,
}

/// Start of the iterations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// Positive or negative parts of the singular vectors, whichever are larger.
    #[default]
    Nndsvd,
    /// Absolute values of normal numbers, by the seed.
    Random,
}

impl Default for Nmf {
    fn default() -> Self {
        Nmf { n_components: Auto::Auto, loss: Loss::Frobenius, init: Init::Nndsvd, alpha: 0.0, l1_ratio: 0.0, n_iter: 200, tol: 1e-4 }
    }
}

impl Nmf {
    fn most(shape: Shape) -> usize {
        shape.cols.min(shape.rows).max(1)
    }

    fn components(&self, shape: Shape) -> usize {
        self.n_components.or_else(|| Self::most(shape).min(10) as u32) as usize
    }
}

/// Multiply-adds of a product in f32, and of sparse cells, a second and core.
const RATES: [f64; 2] = [8e9, 2e9];
/// Iterations that it usually takes, and passes of the start.
const USUAL_STEPS: f64 = 100.0;
/// Iterations that the start takes as long as.
const STARTED: f64 = 15.0;
/// Seconds for the weights of a row.
const ENCODED: f64 = 24e-6;

impl Method for Nmf {
    const INFO: Info = Info {
        name: "nmf",
        title: "NMF",
        class: "NMF",
        family: "linear",
        summary: "non-negative parts that add up to the rows",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::NonNegative,
        encodes: true,
        decodes: true,
        folds: false,
        likelihood: None,
        can: Can { kept: false, axes: Some("part"), sampler: false },
        laws: &[Law::Reconstruction, Law::NonNegativity],
        oriented: true,
        live: false,
        given: &[Given::Weights, Given::Errors],
        limits: &[
            "rows must fit in memory: the weights of all rows are kept between iterations",
            "a killed fit starts over: the weights of all rows would have to be written",
        ],
        attributes: &[
            Attribute::tensor("components_", "[k, d]", "parts", "The parts, by falling share; none is negative."),
            Attribute::fact("n_components_", "", "n_components", "Dimensions of the space."),
            Attribute::fact(
                "reconstruction_err_",
                "",
                "reconstruction_err",
                "The root of twice the loss, between the rows and the sums of parts.",
            ),
            Attribute::fact("n_iter_", "", "n_iter", "Iterations done."),
        ],
        peer: Some(Peer { class: "sklearn.decomposition.NMF", lacks: &[] }),
        references: &[
            "Lee and Seung 1999, Learning the parts of objects by non-negative matrix factorization, doi:10.1038/44565",
            "Cichocki and Phan 2009, Fast local algorithms for large scale nonnegative matrix and tensor factorizations, doi:10.1587/transfun.E92.A.708",
            "Gillis and Glineur 2012, Accelerated multiplicative updates and hierarchical ALS algorithms for NMF, doi:10.1162/NECO_a_00256",
            "Boutsidis and Gallopoulos 2008, SVD based initialization: a head start for NMF, doi:10.1016/j.patcog.2007.09.010",
        ],
    };

    fn auto_dimensions(&self, shape: Shape) -> usize {
        self.components(shape)
    }

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 1 {
            return Err(Error::input("data", "no rows", "NMF needs at least 1"));
        }
        let most = Self::most(shape);
        match self.n_components {
            Auto::Value(k) if k as usize > most => Err(Error::too_large("n_components", k, None, shape, most)),
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, d, k) = (shape.rows as f64, shape.cols as f64, self.components(shape) as f64);
        let sparse = shape.cells.filter(|_| shape.is_sparse());
        let (cells, rate) = sparse.map_or((n * d, RATES[0]), |cells| (cells as f64, RATES[1]));
        let products = if self.loss == Loss::KullbackLeibler { 3.0 } else { 2.0 };
        let threads = run.threads() as f64;
        // Where cells count differently, products of pairs.
        let uneven = if shape.incomplete { (k + 1.0) / 2.0 } else { 1.0 };
        let algorithm = match self.loss {
            Loss::Frobenius => "hierarchical alternating least squares",
            Loss::KullbackLeibler => "multiplicative updates",
        };
        // Weights in f32; per thread products of a chunk in f64 and blocks of rows.
        let work =
            4.0 * n * k + threads * (12.0 * d * k + 1024.0 * (d + 3.0 * k)) + 8.0 * d * (k + 10.0) * (n / 4096.0).ceil().min(threads + 1.0);
        let gaps = if shape.incomplete { 8.0 * n * d + 8.0 * d * k * (k + 1.0) * (threads + (n / 4096.0).ceil()) } else { 0.0 };
        Plan {
            algorithm: format!("{algorithm}{}", if sparse.is_some() { ", of the cells that are not 0" } else { "" }),
            peak_bytes: shape.lying_bytes() + if shape.are_counts && sparse.is_none() { shape.bytes() } else { 0 } + (work + gaps) as u64,
            seconds: ((USUAL_STEPS.min(f64::from(self.n_iter)) + STARTED) * (uneven * products * cells * k / rate + n * k * k / RATES[1])
                + n * ENCODED)
                / threads,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        learn::learn(self, self.components(rows.shape()), &rows.kept()?, Beside::of(rows), run)
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(NmfModel::load(tensors, facts)?))
    }
}

#[cfg(test)]
mod tests;
