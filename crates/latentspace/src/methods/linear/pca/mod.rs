//! Principal component analysis (PCA): the orthogonal directions of largest variance.
//!
//! Learns the mean and the `n_components` orthogonal directions of largest variance (the loadings). Use it first: to see how many
//! dimensions are
//! enough, to remove noise, and to make other methods faster. Do not use it for curved data: a spiral stays a spiral.
//!
//! Cost, n rows by d columns: through the covariance n·d² + 9·d³ flops and 8·d² bytes per level of the fold's tree; through the Gram
//! matrix
//! n²·d + 9·n³; by randomized subspace iteration 4·n·d·(k + 10) per round. The cheapest is chosen and reported. Of counts with more than
//! 1,024 columns only the nonzero cells are multiplied. The reconstruction error is that of the components as stored; where the
//! statistics do not give it to three digits, it takes one more pass over the rows.
//! Source: Pearson 1901, doi:10.1080/14786440109462720; Halko, Martinsson and Tropp 2011, doi:10.1137/090771806;
//! its likelihood: Tipping and Bishop 1999, doi:10.1111/1467-9868.00196.

mod attributes;
mod covariance;
mod gram;
mod learned;
mod model;
mod sparse;
mod subspace;
mod svd;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::gram::InnerProducts;
use self::learned::{Goal, Learned};
use self::model::PcaModel;
use self::sparse::{Directions, Gathered};
use self::subspace::Subspace;
pub use self::svd::Svd;
use super::covariance::{Covariance, FromCovariance};
use super::frame::BLOCK;
use super::incomplete::{self, Beside, Count, Incomplete, Noise};
use super::measured::Measured;
use crate::attributes::{Fit, Found};
use crate::data::{CHUNK, Given, Rows};
use crate::error::{Error, Result};
use crate::fold::{AnyFold, Fold};
use crate::linalg::{self, eigen_cost, is_few_of_many};
use crate::method::{Fitted, Info, Law, Likelihood, Method, Plan, Sees, Shape, Signs, Takes};
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Principal component analysis (PCA): the orthogonal directions of largest variance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pca {
    /// Number of components (dimensions of the space). auto: 50, or as many as the data allow.
    #[schemars(extend("role" = Role::Dimensions, "minimum" = 1))]
    pub n_components: Auto<u32>,
    /// How to compute the components: covariance and gram are exact, randomized is faster for many rows and columns. auto: the cheapest.
    pub solver: Solver,
    /// Divide each component by its standard deviation (whitening); one without variance by the largest, so that its codes stay near 0.
    pub whiten: bool,
}

/// How to compute the components.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// The cheapest.
    #[default]
    Auto,
    /// Eigenvectors of the covariance of the columns.
    Covariance,
    /// Eigenvectors of the inner products of the rows.
    Gram,
    /// Subspace iteration from a random start.
    Randomized,
}

/// Directions beyond those asked for that subspace iteration carries along.
const OVERSAMPLED: usize = 10;
/// Rounds of subspace iteration at most.
const MOST_ROUNDS: usize = 30;

impl Pca {
    fn components(&self, shape: Shape) -> usize {
        let most = shape.cols.min(shape.rows.saturating_sub(1)).max(1);
        self.n_components.or_else(|| most.min(50) as u32) as usize
    }

    /// The solver, by flops. It depends on the shape alone, so that the rows give the same space in memory, streamed and in shares; so inner
    /// products of rows, which take all rows at once, are chosen only where these are a single chunk.
    fn solver(&self, shape: Shape) -> Solver {
        if self.solver != Solver::Auto {
            return self.solver;
        }
        if shape.are_counts && shape.cols > DENSE_COLUMNS {
            return match shape.rows <= shape.cols {
                true => Solver::Gram,
                false if is_few_of_many(shape.cols, self.components(shape)) => Solver::Randomized,
                false => Solver::Covariance,
            };
        }
        let cost = |solver| self.flops(solver, shape);
        let mut best = Solver::Covariance;
        for solver in [Solver::Gram, Solver::Randomized] {
            if (solver != Solver::Gram || shape.rows <= CHUNK) && cost(solver) < cost(best) {
                best = solver;
            }
        }
        best
    }

    /// Whether this solver multiplies only the cells of counts that are not 0.
    fn is_sparse(&self, solver: Solver, shape: Shape) -> bool {
        let sparse = match solver {
            Solver::Gram => true,
            Solver::Randomized => is_few_of_many(shape.cols, self.components(shape)),
            Solver::Covariance | Solver::Auto => false,
        };
        shape.are_counts && sparse
    }

    /// What a solver that multiplies cells alone takes: bytes beside the rows, and seconds on one core.
    fn sparse_cost(&self, solver: Solver, shape: Shape, threads: usize) -> (u64, f64) {
        let (n, d, k) = (shape.rows, shape.cols, self.components(shape));
        // Of text whose words are not counted yet nothing else is known.
        let cells = shape.cells.unwrap_or(n * 100);
        let side = if solver == Solver::Gram { n } else { d };
        let directions = 4 * k + 8 * linalg::BLOCK;
        let is_krylov = is_few_of_many(side, k);
        let eigen = if is_krylov { 8 * side * directions + 16 * directions * directions } else { 32 * side * side };
        let lanes = 8 * linalg::BLOCK;
        let levels = n.div_ceil(CHUNK).max(1).ilog2() as usize + 1;
        let work = match solver {
            // The cells again, and by columns.
            Solver::Gram => 20 * cells + 8 * d + lanes * (2 * n + cells.min(d)),
            _ => lanes * d * (threads + levels + 2),
        };
        let (basis, size) = (side as f64 * directions as f64, side as f64);
        let decomposed = if is_krylov { 5.0 * basis * directions as f64 } else { 4.5 * size.powi(3) };
        // Directions of more columns than the cache holds are fetched from memory, cell by cell.
        let cell = if lanes * cells.min(d) > CACHE { CELL_FAR } else { CELL };
        let seconds = (2 * cells * (directions + k)) as f64 * cell + decomposed / RATES[1] + (k * d) as f64 * WRITTEN;
        ((work + eigen + 8 * k * d) as u64, seconds)
    }

    /// Seconds expected on one core.
    fn seconds(&self, solver: Solver, shape: Shape) -> f64 {
        let (n, d, k) = (shape.rows as f64, shape.cols as f64, self.components(shape));
        let width = ((k + OVERSAMPLED) as f64).min(d);
        match solver {
            Solver::Gram => n * d * (n + k as f64) / RATES[0] + eigen_seconds(shape.rows, k),
            Solver::Randomized => {
                f64::from(USUAL_ROUNDS) * (2.0 * n * d * width / RATES[0] + 3.0 * n * d * SEEN + 4.0 * d * width * width / RATES[1])
            }
            Solver::Covariance | Solver::Auto => n * d * d / 2.0 / RATES[0] + n * d * SEEN + eigen_seconds(shape.cols, k),
        }
    }

    /// The fold of the cheapest solver, for directions from the mean or from 0.
    fn fold(&self, shape: Shape, centered: bool, seed: u64, beside: Beside) -> Box<dyn AnyFold> {
        let solver = self.solver(shape);
        let goal = Goal { k: self.components(shape), whiten: self.whiten, centered, solver, once: false };
        if beside.is_uneven(shape) {
            return Box::new(through_cells(goal, seed, beside));
        }
        let weights = beside.weights;
        if self.is_sparse(solver, shape) && weights.is_none() {
            return match solver {
                Solver::Gram => Box::new(Measured { solver: Gathered { goal }, once: goal.once, weights }),
                _ => Box::new(Measured { solver: Directions { goal }, once: goal.once, weights }),
            };
        }
        match solver {
            Solver::Gram => Box::new(Measured { solver: InnerProducts { goal, weights: weights.clone() }, once: goal.once, weights }),
            Solver::Randomized => {
                Box::new(Measured { solver: Subspace { goal, seed, weights: weights.clone() }, once: goal.once, weights })
            }
            Solver::Covariance | Solver::Auto => {
                Box::new(Measured { solver: through_covariance(goal, weights.clone()), once: goal.once, weights })
            }
        }
    }

    /// The fold through the covariance, which sees each row once.
    fn fold_once(&self, shape: Shape, centered: bool) -> Box<dyn AnyFold> {
        let goal = Goal { k: self.components(shape), whiten: self.whiten, centered, solver: Solver::Covariance, once: true };
        Box::new(Measured { solver: through_covariance(goal, None), once: goal.once, weights: None })
    }

    fn flops(&self, solver: Solver, shape: Shape) -> f64 {
        let (n, d) = (shape.rows as f64, shape.cols as f64);
        let width = (self.components(shape) + OVERSAMPLED).min(shape.cols) as f64;
        match solver {
            Solver::Gram => n * n * d + 4.0 * n * n * n * EIGEN_PENALTY + 2.0 * n * d * width,
            Solver::Randomized => f64::from(USUAL_ROUNDS) * 4.0 * n * d * width * 1.5,
            Solver::Covariance | Solver::Auto => n * d * d + 4.0 * d * d * d * EIGEN_PENALTY,
        }
    }
}

/// Rounds that subspace iteration usually takes.
const USUAL_ROUNDS: u32 = 12;
/// Multiply-adds of a product in f32, and of one in f64, a second and core.
const RATES: [f64; 2] = [36e9, 5e9];
/// Seconds a cell of sparse rows and direction, from the cache and from memory, and the bytes of a cache.
const CELL: f64 = 1e-9;
const CELL_FAR: f64 = 12e-9;
const CACHE: usize = 8 << 20;
/// Seconds a number of components that is computed of sparse rows, checked and written.
const WRITTEN: f64 = 8e-9;
/// Counts of so many columns, or fewer, are worked on as dense rows.
const DENSE_COLUMNS: usize = 1024;
/// Seconds a number of a row, for seeing it through a frame and packing it.
const SEEN: f64 = 0.8e-9;

/// Seconds that eigenvectors take on one core.
fn eigen_seconds(d: usize, k: usize) -> f64 {
    eigen_cost(d, k).flops / RATES[1]
}

/// A flop of the eigenvalue routine (f64, half of it bound by memory) costs as much as this many of a product.
const EIGEN_PENALTY: f64 = 6.0;

/// What becomes of counts.
const DENSE_COUNTS: &str =
    "sparse counts of at most 1,024 columns are made dense in chunks of 4,096 rows: so few columns are multiplied faster dense";

impl Method for Pca {
    const INFO: Info = Info {
        name: "pca",
        title: "PCA",
        class: "PCA",
        family: "linear",
        summary: "orthogonal directions of largest variance",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: true,
        folds: true,
        likelihood: Some(Likelihood::Rows),
        can: Can { kept: false, axes: Some("component"), sampler: true },
        laws: &[Law::Rotation, Law::LeastSquares, Law::Reconstruction],
        oriented: true,
        live: false,
        given: &[Given::Weights, Given::Errors],
        limits: &[DENSE_COUNTS],
        attributes: attributes::ATTRIBUTES,
        peer: Some(attributes::PEER),
        references: &[
            "Pearson 1901, On lines and planes of closest fit to systems of points in space, doi:10.1080/14786440109462720",
            "Halko, Martinsson and Tropp 2011, Finding structure with randomness, doi:10.1137/090771806",
            "Tipping and Bishop 1999, Probabilistic principal component analysis, doi:10.1111/1467-9868.00196",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 2 {
            return Err(Error::input("data", format!("{} row", shape.rows), "PCA needs at least 2"));
        }
        let most = shape.cols.min(shape.rows);
        match self.n_components {
            Auto::Value(k) if k as usize > most => Err(Error::too_large("n_components", k, None, shape, most)),
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        if shape.incomplete {
            return incomplete::plan(shape, self.components(shape), run);
        }
        let solver = self.solver(shape);
        let (n, d) = (shape.rows as u64, shape.cols as u64);
        if self.is_sparse(solver, shape) {
            let (work, seconds) = self.sparse_cost(solver, shape, run.threads());
            let rounds = if solver == Solver::Gram { 1 } else { self.components(shape) as u32 / 3 + 8 };
            let algorithm = format!("{}, of the cells that are not 0", solver.describe(true));
            return Plan { algorithm, peak_bytes: shape.lying_bytes() + work, seconds: seconds / run.threads() as f64, rounds };
        }
        let (k, threads) = (self.components(shape), run.threads() as u64);
        let width = (k + OVERSAMPLED) as u64;
        let levels = n.div_ceil(CHUNK as u64).max(1).ilog2() as u64 + 1;
        let work = match solver {
            // The rows again, and centred in f64; inner products, twice at a time, then what their eigenvectors take.
            Solver::Gram => 12 * n * d + 12 * k as u64 * d + (16 * n * n).max(8 * n * n + eigen_cost(shape.rows, k).bytes),
            Solver::Randomized => threads * (8 * BLOCK as u64 * (d + width) + 12 * d * width) + (levels + 3) * 8 * d * width,
            // Half products in tiles and in f64, and packed rows; then the whole covariance.
            Solver::Covariance | Solver::Auto => {
                (threads * (8 * d * d + 2400 * d) + levels * 4 * d * d).max(12 * d * d + eigen_cost(shape.cols, k).bytes)
            }
        };
        // Of counts, each thread makes a chunk dense at a time.
        let chunks = if shape.are_counts { threads * 4 * n.min(CHUNK as u64) * d } else { 0 };
        Plan {
            algorithm: solver.describe(false).to_owned(),
            peak_bytes: shape.lying_bytes() + chunks + work,
            seconds: self.seconds(solver, shape) / run.threads() as f64,
            rounds: if solver == Solver::Randomized { USUAL_ROUNDS } else { 1 },
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let shape = rows.shape();
        run.note(format!("PCA: {}", self.plan(shape, run).algorithm));
        run.progress("PCA", 0, 1);
        let fitted = self.fold(shape, true, run.seed(), Beside::of(rows)).fit(rows, "PCA", run)?;
        run.progress("PCA", 1, 1);
        Ok(fitted)
    }

    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>> {
        Ok(self.fold(shape, true, run.seed(), Beside::default()))
    }

    fn once(&self, shape: Shape) -> Option<Box<dyn AnyFold>> {
        let takes_once = matches!(self.solver, Solver::Auto | Solver::Covariance) && !shape.incomplete;
        takes_once.then(|| self.fold_once(shape, true))
    }

    fn unlike_once(&self, shape: Shape) -> Option<&'static str> {
        let settles = self.solver(shape) == Solver::Randomized;
        settles.then_some(
            "by subspace iteration, which finds directions of nearly equal variance less exactly; with solver 'covariance' both agree",
        )
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, _run: &Run) -> Result<Found> {
        attributes::made(name, fit)
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(PcaModel::load(tensors, facts)?))
    }
}

/// The solver through the covariance.
fn through_covariance(goal: Goal, weights: Option<Arc<[f32]>>) -> impl Fold<Outcome = Learned> {
    FromCovariance { once: goal.once, weights, finish: move |found: Covariance, run: &Run| covariance::components(found, goal, run) }
}

/// The solver of rows that miss cells, or whose cells have errors.
fn through_cells(goal: Goal, seed: u64, beside: Beside) -> impl AnyFold {
    let weights = beside.weights.clone();
    let solver = Incomplete::new(Count::Known(goal.k), Noise::Common, beside, goal.title(), seed, move |found, _: &Run| {
        Learned::of_loadings(found, goal)
    });
    Measured { solver, once: false, weights }
}

impl Solver {
    fn describe(self, is_sparse: bool) -> &'static str {
        match self {
            Solver::Gram => "exact, through the Gram matrix of the rows",
            Solver::Randomized if is_sparse => "in a block Krylov space",
            Solver::Randomized => "randomized, by subspace iteration",
            Solver::Covariance | Solver::Auto => "exact, through the covariance of the columns",
        }
    }
}

#[cfg(test)]
mod tests;
