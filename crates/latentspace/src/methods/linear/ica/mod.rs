//! Independent component analysis (ICA): sources that are as independent as a linear mixture allows.
//!
//! Rows are taken to be mixtures of independent sources that are not normally distributed. After whitening (PCA, unit variance), a rotation is sought
//! along which values are farthest from normal (FastICA, all sources at once). Use it to separate signals that were mixed: recordings, spectra, artefacts.
//! Do not use it for normally distributed data, in which every rotation is as good, nor to find how many sources there are.
//!
//! Sources have unit variance. They are in the order of the rows' variance that they explain, the largest first; the sign makes the largest entry of a
//! source's mixing column positive.
//!
//! More sources than columns (overcomplete ICA) cannot be uncorrelated along whitened rows: their directions are kept a tight frame instead, as far apart
//! as so many can be. The mixing columns are estimates of the true ones that are the better the fewer they are; a row has many
//! combinations of sources that make it, of which its code is the one with the least sum of squares. Of sources that are active in every row (Laplacian)
//! more are found than by dictionary learning, which finds more of those that are 0 in most rows, and encodes with few a row.
//!
//! Cost, n rows by d columns: n·d² flops for the covariance, then 4·n·k·min(k, d) flops a step on whitened rows, 4·n·min(k, d) bytes.
//!
//! Source: Hyvärinen 1999, doi:10.1109/72.761722; Hyvärinen and Oja 2000, doi:10.1016/S0893-6080(00)00026-5; of more sources than columns: Hyvärinen,
//! Cristescu and Oja 1999, IJCNN, pages 894 to 899.

mod contrast;
mod fold;
mod model;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::contrast::Contrast;
use self::fold::Unmixing;
use self::model::IcaModel;
use super::measured::{LinearModel, Measured};
use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::data::{CHUNK, RowSource, Rows};
use crate::error::{Error, Result};
use crate::fold::AnyFold;
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Independent component analysis (ICA): sources that are as independent as a linear mixture allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ica {
    /// Number of sources (dimensions of the space), at most 4 times as many as columns. auto: 50, or as many as columns and rows allow.
    #[schemars(extend("role" = Role::Dimensions, "minimum" = 1))]
    pub n_components: Auto<u32>,
    /// Contrast function: logcosh for most data, exp for sources with long tails, cube (kurtosis) for sources with short ones.
    pub fun: Contrast,
    /// Whiten the rows first. false: they are white already (uncorrelated columns of mean 0 and variance 1), one per source.
    pub whiten: bool,
    /// Maximum number of steps.
    #[schemars(range(min = 1))]
    pub n_iter: u32,
    /// Tolerance: stop when no source turns by more than this in a step, as 1 less the cosine.
    #[schemars(range(min = 0.0))]
    pub tol: f64,
}

impl Default for Ica {
    fn default() -> Self {
        Ica { n_components: Auto::Auto, fun: Contrast::Logcosh, whiten: true, n_iter: 200, tol: 1e-4 }
    }
}

impl Ica {
    /// The number of axes of whitened rows at most.
    fn most(shape: Shape) -> usize {
        shape.cols.min(shape.rows.saturating_sub(1)).max(1)
    }

    fn components(&self, shape: Shape) -> usize {
        let usual = if self.whiten { Self::most(shape).min(50) } else { shape.cols };
        self.n_components.or_else(|| usual as u32) as usize
    }

    /// The number of axes that rows are whitened along, for so many sources.
    fn axes(&self, shape: Shape, k: usize) -> usize {
        if self.whiten { k.min(Self::most(shape)) } else { shape.cols }
    }

    /// `chunks`: the number of chunks whose whitened rows are kept between rounds.
    fn fold(&self, shape: Shape, chunks: usize, seed: u64) -> Measured<Unmixing> {
        let k = self.components(shape);
        Measured { solver: Unmixing::new(self.clone(), k, self.axes(shape, k), chunks, seed), once: false, weights: None }
    }
}

/// So many times as many sources as the rows have dimensions at most: beyond, their directions lie closer than any data tell apart.
const MOST_TIMES: usize = 4;
/// Steps that it usually takes.
const USUAL_STEPS: f64 = 60.0;
/// Multiply-adds of a product in f32, a second and core.
const RATE: f64 = 30e9;
/// Seconds a value of the contrast function.
const CONTRAST: f64 = 15e-9;

impl Method for Ica {
    const INFO: Info = Info {
        name: "ica",
        title: "ICA",
        class: "FastICA",
        family: "linear",
        summary: "independent sources that are mixed in the rows",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: true,
        folds: true,
        likelihood: None,
        can: Can { kept: false, axes: Some("source"), sampler: false },
        laws: &[Law::Reconstruction],
        oriented: true,
        live: false,
        given: &[],
        limits: &[
            super::DENSE,
            super::SQUARE,
            "more sources than columns are found in part: of Laplacian ones mixed at random 56 to 89 % of the directions, to a cosine of 0.9",
            "a plan is accurate to a factor of 3: how many steps it takes depends on the data",
        ],
        attributes: &[
            Attribute::tensor(
                "components_",
                "[k, d]",
                "unmixing",
                "The unmixing matrix: a source is the product of a row of it and the centered row.",
            ),
            Attribute::made("mixing_", "[d, k]", "The mixing matrix: a row is the mean and the product of this and its sources."),
            Attribute::tensor("mean_", "[d]", "mean", "The mean of the rows."),
            Attribute::made("whitening_", "[k, d]", "What whitens centered rows, before the rotation."),
            Attribute::fact("n_iter_", "", "n_iter", "Steps taken."),
        ],
        peer: Some(Peer { class: "sklearn.decomposition.FastICA", lacks: &[] }),
        references: &[
            "Hyvärinen 1999, Fast and robust fixed-point algorithms for independent component analysis, doi:10.1109/72.761722",
            "Hyvärinen and Oja 2000, Independent component analysis: algorithms and applications, doi:10.1016/S0893-6080(00)00026-5",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 2 {
            return Err(Error::input("data", format!("{} row", shape.rows), "ICA needs at least 2"));
        }
        let most = MOST_TIMES * Self::most(shape);
        match self.n_components {
            Auto::Value(k) if !self.whiten && k as usize != shape.cols => {
                let error =
                    Error::param("n_components", k.to_string(), format!("without whitening there is one source a column: {}", shape.cols));
                Err(error.with_hint("leave it out, or whiten"))
            }
            Auto::Value(k) if self.whiten && k as usize > most => Err(Error::too_large("n_components", k, None, shape, most)),
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let k = self.components(shape);
        let axes = self.axes(shape, k);
        let covariance = super::covariance::plan_with_eigen(shape, axes, 1.0, run);
        let whitened = 4 * shape.rows as u64 * axes as u64;
        let (n, k, axes) = (shape.rows as f64, k as f64, axes as f64);
        let steps = USUAL_STEPS.min(f64::from(self.n_iter));
        let step = n * k * (2.0 * axes / RATE + CONTRAST);
        Plan {
            algorithm: "FastICA, all sources at once, on whitened rows".to_owned(),
            peak_bytes: covariance.peak_bytes + whitened,
            seconds: covariance.seconds + (steps * step + n * shape.cols as f64 * axes / RATE) / run.threads() as f64,
            rounds: steps as u32 + 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let shape = rows.shape();
        run.progress(Self::INFO.title, 0, u64::from(self.n_iter));
        // Whitened rows of a stream are computed anew in each round: they might not fit in memory.
        let chunks = match rows.source {
            RowSource::Memory(_) => shape.rows.div_ceil(CHUNK),
            RowSource::Stream(_) => 0,
        };
        self.fold(shape, chunks, run.seed()).fit(rows, Self::INFO.title, run)
    }

    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>> {
        Ok(Box::new(self.fold(shape, 0, run.seed())))
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, _: &Run) -> Result<Found> {
        IcaModel::load(fit.tensors)?.made(name)
    }

    fn load(tensors: &Tensors, _: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(IcaModel::load(tensors)?))
    }
}

#[cfg(test)]
mod tests;
