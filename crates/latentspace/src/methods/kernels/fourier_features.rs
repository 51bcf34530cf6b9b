//! Random Fourier features: coordinates whose inner products approximate the Gaussian kernel, without any row to compare with.
//!
//! A feature is the cosine of a random direction's product with the row, at a random phase. Use it for the Gaussian kernel of any number of
//! rows: the space takes k d numbers, and a row k d multiply-adds. Nyström coordinates follow the data and need fewer dimensions for the
//! same error; these depend on the data by the width of the kernel alone. Orthogonal directions have a lower variance than independent
//! ones.
//!
//! Cost: one pass over the rows where gamma is chosen, and k² d flops for orthogonal directions.
//! Source: Rahimi and Recht 2007, NIPS 20; orthogonal: Yu, Suresh, Choromanski, Holtmann-Rice and Kumar 2016,
//! doi:10.48550/arXiv.1610.09072.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::lanes::cosines;
use super::spread::Spread;
use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::fold::{AnyFold, Fold, Step};
use crate::linalg::{Matrix, MatrixView, OwnedRows, Points, Threads, product_transposed};
use crate::method::{Fitted, Info, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::map::placed::wrong;
use crate::model::{Can, Model};
use crate::parallel::*;
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// Random Fourier features: cosines of random directions, whose inner products approximate the Gaussian kernel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FourierFeatures {
    /// Dimensions of the space: the error of the kernel falls with their root.
    #[schemars(range(min = 1), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// Inverse squared width of the Gaussian kernel. auto: 1 / (columns · variance of all cells).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub gamma: Auto<f64>,
    /// Use orthogonal directions, which approximate the kernel better; otherwise independent ones.
    pub orthogonal: bool,
}

impl Default for FourierFeatures {
    fn default() -> Self {
        FourierFeatures { n_components: 100, gamma: Auto::Auto, orthogonal: true }
    }
}

/// Rows that are encoded at a time. Each product has this shape, so that a row's code is the same alone and in any batch.
const ENCODED: usize = 128;

impl Method for FourierFeatures {
    const INFO: Info = Info {
        name: "fourier-features",
        title: "Random Fourier features",
        class: "RBFSampler",
        family: "kernel",
        summary: "random cosines, for a Gaussian kernel",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: false,
        folds: true,
        likelihood: None,
        can: Can::NOTHING,
        laws: &[],
        oriented: false,
        live: false,
        given: &[],
        limits: &[
            "does not decode: a cosine has many angles; kernel PCA decodes",
            "sparse counts are made dense in chunks of 4,096 rows: a random direction has all columns",
        ],
        attributes: &[
            Attribute::made("random_weights_", "[d, k]", "Random directions: a feature is √(2/k) cos(row · direction + offset)."),
            Attribute::made("random_offset_", "[k]", "Random phases, from 0 to 2π."),
            Attribute::fact("gamma_", "", "gamma", "The gamma that was used."),
        ],
        peer: Some(Peer { class: "sklearn.kernel_approximation.RBFSampler", lacks: &[] }),
        references: &[
            "Rahimi and Recht 2007, Random features for large-scale kernel machines, Advances in Neural Information Processing Systems 20",
            "Yu and others 2016, Orthogonal random features, doi:10.48550/arXiv.1610.09072",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 2 || shape.cols == 0 {
            let wanted = format!("{} need at least 2 rows of 1 column", Self::INFO.title);
            return Err(Error::input("data", shape.to_string(), wanted));
        }
        Ok(())
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, d, k, threads) = (shape.rows as u64, shape.cols as u64, u64::from(self.n_components), run.threads() as u64);
        let chunks = if shape.are_counts { threads * 4 * n.min(crate::data::CHUNK as u64) * d } else { 0 };
        let turned = if self.orthogonal { (k * k.min(d) * d) as f64 * 2e-9 } else { 0.0 };
        Plan {
            algorithm: format!("{} random directions", if self.orthogonal { "orthogonal" } else { "independent" }),
            peak_bytes: shape.lying_bytes() + chunks + 16 * k * d + 8 * d * (threads + 20),
            seconds: (n * d) as f64 * 1.5e-9 / threads as f64 + (k * d) as f64 * 60e-9 + turned,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        run.note(format!("Random Fourier features: {}", self.plan(rows.shape(), run).algorithm));
        run.progress("spread", 0, 1);
        let fitted = AnyFold::fit(&Width { method: self.clone() }, rows, "spread", run)?;
        run.progress("spread", 1, 1);
        Ok(fitted)
    }

    fn folding(&self, _: Shape, _: &Run) -> Result<Box<dyn AnyFold>> {
        Ok(Box::new(Width { method: self.clone() }))
    }

    fn once(&self, _: Shape) -> Option<Box<dyn AnyFold>> {
        Some(Box::new(Width { method: self.clone() }))
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, _: &Run) -> Result<Found> {
        let model = FourierModel::open(fit.tensors, fit.model)?;
        let (k, d) = (model.directions.rows(), model.means.len());
        let weight =
            |column: usize, axis: usize| f64::from(model.directions.row(axis)[column]) * model.gamma.sqrt() * std::f64::consts::TAU;
        if name == "random_weights_" {
            return Ok(Found::table(d, k, (0..d * k).map(|at| weight(at / k, at % k)).collect()));
        }
        // Phases are those of rows seen from their mean.
        let offset = |axis: usize| {
            let along: f64 = model.means.iter().enumerate().map(|(column, mean)| mean * weight(column, axis)).sum();
            (f64::from(model.offsets[axis]) * std::f64::consts::TAU - along).rem_euclid(std::f64::consts::TAU)
        };
        Ok(Found::list((0..k).map(offset).collect()))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(FourierModel::open(tensors, facts)?))
    }
}

/// The fold that sums up how widely cells are spread, which sets the kernel's width.
struct Width {
    method: FourierFeatures,
}

impl Fold for Width {
    type State = ();
    type Stats = Spread;
    type Outcome = Fitted;

    fn start(&self, _: Shape, _: Points<'_>) -> Result<()> {
        Ok(())
    }

    fn accumulate(&self, (): &(), chunk: Points<'_>, _: usize) -> Result<Spread> {
        chunk.as_table(Spread::of)
    }

    fn merge(&self, left: Spread, right: Spread) -> Spread {
        left.merge(right)
    }

    fn solve(&self, (): (), spread: Spread, run: &Run) -> Result<Step<(), Fitted>> {
        let FourierFeatures { n_components, gamma, orthogonal } = self.method;
        let gamma = match gamma {
            Auto::Value(gamma) => gamma,
            Auto::Auto => spread.gamma()?,
        };
        let (k, d) = (n_components as usize, spread.means.len());
        let random = Random::new(run.seed(), "fourier features");
        let directions = directions(k, d, orthogonal, random, run)?;
        let offsets = (0..k).map(|axis| random.uniform(OFFSETS, axis as u64) as f32).collect();
        let facts = Map::from_iter([("gamma".to_owned(), json!(gamma))]);
        let model = FourierModel { gamma, means: spread.means, directions, offsets };
        Ok(Step::Done(Fitted { model: Box::new(model), codes: None, facts, measures: Vec::new() }))
    }
}

/// Steps of the random numbers: normal ones of a direction, those of its length, and phases.
const LENGTHS: u64 = 1 << 40;
const OFFSETS: u64 = 1 << 41;

/// Random directions `[k, d]` in turns, for a kernel of gamma 1: normal numbers of variance 2 over 2π. Orthogonal ones are orthonormalized,
/// as many at a time as there are columns, and have the lengths of independent ones.
fn directions(k: usize, d: usize, orthogonal: bool, random: Random, run: &Run) -> Result<Matrix> {
    let normal = |step: u64, at: usize| random.normal(step, at as u64);
    let mut all: Vec<f64> = (0..k * d).into_par_iter().map(|at| normal((at / d) as u64, at % d)).collect();
    if orthogonal {
        for block in all.chunks_mut(d * d) {
            orthonormalize(block, d, run)?;
        }
        let length = |axis: usize| (0..d).map(|at| normal(LENGTHS + axis as u64, at).powi(2)).sum::<f64>().sqrt();
        all.par_chunks_mut(d).enumerate().for_each(|(axis, own)| {
            let length = length(axis);
            own.iter_mut().for_each(|cell| *cell *= length);
        });
    }
    let unit = 2.0_f64.sqrt() / std::f64::consts::TAU;
    Matrix::new(k, d, all.iter().map(|cell| (cell * unit) as f32).collect())
}

/// Orthonormalizes rows of `d` numbers one after another (Gram and Schmidt, twice, which leaves them orthogonal to rounding).
fn orthonormalize(rows: &mut [f64], d: usize, run: &Run) -> Result<()> {
    for at in 0..rows.len() / d {
        run.check()?;
        let (before, rest) = rows.split_at_mut(at * d);
        let own = &mut rest[..d];
        for _ in 0..2 {
            for other in before.chunks_exact(d) {
                let along = dot(own, other);
                own.iter_mut().zip(other).for_each(|(own, other)| *own -= along * other);
            }
            let length = dot(own, own).sqrt();
            own.iter_mut().for_each(|own| *own /= length);
        }
    }
    Ok(())
}

/// An inner product in eight lanes.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (whole, rest) = (a.len() / 8 * 8, a.len() % 8);
    for (a, b) in a[..whole].chunks_exact(8).zip(b.chunks_exact(8)) {
        lanes.iter_mut().zip(a).zip(b).for_each(|((lane, a), b)| *lane += a * b);
    }
    lanes.iter().sum::<f64>() + (whole..whole + rest).map(|at| a[at] * b[at]).sum::<f64>()
}

/// A space of random Fourier features.
struct FourierModel {
    gamma: f64,
    /// The means of the columns, from which rows are seen, so that rows far from 0 lose no digits.
    means: Vec<f64>,
    /// `[k, d]`, in turns, for a kernel of gamma 1.
    directions: Matrix,
    /// `[k]`, in turns.
    offsets: Vec<f32>,
}

impl FourierModel {
    fn open(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let directions = tensors.matrix("directions", None, None)?;
        let means = tensors.f64("means", Some(directions.cols()))?.to_vec();
        let offsets = tensors.matrix("offsets", Some(1), Some(directions.rows()))?.as_slice().to_vec();
        let gamma = facts["gamma"].as_f64().unwrap_or(f64::NAN);
        if !(gamma > 0.0 && gamma.is_finite()) || directions.rows() == 0 || directions.cols() == 0 {
            return Err(wrong(format!("{} directions of {} columns, gamma {gamma}", directions.rows(), directions.cols())));
        }
        Ok(FourierModel { gamma, means, directions, offsets })
    }

    /// Features of at most [`ENCODED`] rows into `[rows, k]`; `seen`, `[ENCODED, d]`, and `turns`, `[ENCODED, k]`, are scratch space.
    fn block(&self, rows: MatrixView<'_>, seen: &mut [f32], turns: &mut [f32], out: &mut [f32]) -> Result<()> {
        let (d, k, scale) = (self.means.len(), self.directions.rows(), self.gamma.sqrt());
        for (row, seen) in seen.chunks_exact_mut(d).enumerate() {
            match row < rows.rows() {
                true => seen.iter_mut().zip(rows.row(row)).zip(&self.means).for_each(|((seen, &cell), mean)| {
                    *seen = ((f64::from(cell) - mean) * scale) as f32;
                }),
                false => seen.fill(0.0),
            }
        }
        product_transposed(MatrixView::new(ENCODED, d, seen)?, self.directions.view(), turns, Threads::One);
        let height = (2.0 / k as f64).sqrt() as f32;
        for (out, turns) in out.chunks_exact_mut(k).zip(turns.chunks_exact_mut(k)) {
            cosines(turns, &self.offsets, height);
            out.copy_from_slice(turns);
        }
        Ok(())
    }
}

impl Model for FourierModel {
    fn n_components(&self) -> usize {
        self.directions.rows()
    }

    fn columns(&self) -> usize {
        self.means.len()
    }

    /// Cost per row: k d multiply-adds and k cosines.
    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        let (n, d, k) = (rows.rows(), self.means.len(), self.directions.rows());
        let mut codes = vec![0.0_f32; n * k];
        run.install(|| {
            codes.par_chunks_mut(ENCODED * k).enumerate().try_for_each_init(
                || (vec![0.0; ENCODED * d], vec![0.0; ENCODED * k]),
                |(seen, turns), (block, out)| {
                    run.check()?;
                    let from = block * ENCODED;
                    rows.points().slice(from..(from + ENCODED).min(n)).as_table(|rows| self.block(rows, seen, turns, out))??;
                    if out.iter().all(|feature| feature.is_finite()) {
                        return Ok(());
                    }
                    let error = Error::input("data", "rows so far from the fitted ones that their angles overflow", "angles have 32 bits");
                    Err(error.with_hint("scale the rows as the fitted ones were"))
                },
            )
        })?;
        Matrix::new(n, k, codes)
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        tensors.put_f64("means", &self.means)?;
        tensors.put_matrix("directions", &self.directions)?;
        tensors.put_matrix("offsets", &Matrix::new(1, self.offsets.len(), self.offsets.clone())?)?;
        Ok(json!({ "gamma": self.gamma }))
    }
}
