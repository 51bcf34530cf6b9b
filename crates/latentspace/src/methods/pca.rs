//! Principal component analysis (PCA): the orthogonal directions of largest variance.
//!
//! Learns the mean and the `n_components` orthogonal directions of largest variance (the loadings). Use it first: to see how many
//! dimensions are
//! enough, to remove noise, and to make other methods faster. Do not use it for curved data: a spiral stays a spiral.
//!
//! Cost, n rows by d columns: through the covariance n·d² + 9·d³ flops and 8·d² bytes per level of the fold's tree; through the Gram
//! matrix
//! n²·d + 9·n³; by randomized subspace iteration 4·n·d·(k + 10) per round. The cheapest is chosen and reported.
//! Source: Pearson 1901, doi:10.1080/14786440109462720; Halko, Martinsson and Tropp 2011, doi:10.1137/090771806;
//! its likelihood: Tipping and Bishop 1999, doi:10.1111/1467-9868.00196.

mod attributes;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attributes::{Fit, Found};
use crate::checkpoint::Parcel;
use crate::data::{CHUNK, Prepared, Rows};
use crate::error::{Error, Result};
use crate::fold::{AnyFold, Fold, Portable, Step};
use crate::linalg::{Gram, Matrix, MatrixView, Points, Threads, eigen_cost, from_lower, product, product_transposed, symmetric_eigen};
use crate::measure::Measure;
use crate::method::{Fitted, Info, Likelihood, Method, Model, Plan, Shape, Takes};
use crate::methods::DENSE_BY_CHUNKS;
use crate::params::Auto;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// Principal component analysis (PCA): the orthogonal directions of largest variance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pca {
    /// Number of components (dimensions of the space). auto: 50, or as many as the data allow.
    #[schemars(extend("minimum" = 1))]
    pub n_components: Auto<u32>,
    /// How to compute the components: covariance and gram are exact, randomized is faster for many rows and columns. auto: the cheapest.
    pub solver: Solver,
    /// Divide each component by its standard deviation (whitening).
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
/// Subspace iteration ends when no variance asked for changed by more than this part of itself.
const SETTLED: f64 = 1e-5;

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
        let cost = |solver| self.flops(solver, shape);
        let mut best = Solver::Covariance;
        for solver in [Solver::Gram, Solver::Randomized] {
            if (solver != Solver::Gram || shape.rows <= CHUNK) && cost(solver) < cost(best) {
                best = solver;
            }
        }
        best
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
/// Seconds a number of a row, for seeing it through a frame and packing it.
const SEEN: f64 = 0.8e-9;

/// Seconds that eigenvectors take on one core.
fn eigen_seconds(d: usize, k: usize) -> f64 {
    eigen_cost(d, k).flops / RATES[1]
}

/// A flop of the eigenvalue routine (f64, half of it bound by memory) costs as much as this many of a product.
const EIGEN_PENALTY: f64 = 6.0;

impl Method for Pca {
    const INFO: Info = Info {
        name: "pca",
        title: "PCA",
        class: "PCA",
        family: "linear",
        summary: "orthogonal directions of largest variance",
        takes: Takes::ROWS,
        encodes: true,
        decodes: true,
        folds: true,
        likelihood: Some(Likelihood::Rows),
        live: false,
        given: &[],
        limits: &[DENSE_BY_CHUNKS],
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
        let solver = self.solver(shape);
        let (n, d) = (shape.rows as u64, shape.cols as u64);
        let (k, threads) = (self.components(shape), run.threads() as u64);
        let width = (k + OVERSAMPLED) as u64;
        let levels = n.div_ceil(CHUNK as u64).max(1).ilog2() as u64 + 1;
        let work = match solver {
            // The rows again, and centred; inner products in f32 and f64, then the latter and what their eigenvectors take.
            Solver::Gram => 2 * 4 * n * d + (12 * n * n).max(8 * n * n + eigen_cost(shape.rows, k).bytes),
            Solver::Randomized => threads * (8 * BLOCK as u64 * (d + width) + 12 * d * width) + (levels + 3) * 8 * d * width,
            // Half products in tiles and in f64, and packed rows; then the whole covariance.
            Solver::Covariance | Solver::Auto => {
                (threads * (8 * d * d + 2400 * d) + levels * 4 * d * d).max(12 * d * d + eigen_cost(shape.cols, k).bytes)
            }
        };
        // Of counts, each thread makes a chunk dense at a time.
        let chunks = if shape.cells.is_some() { threads * 4 * n.min(CHUNK as u64) * d } else { 0 };
        Plan {
            algorithm: solver.describe().to_owned(),
            peak_bytes: shape.lying_bytes() + chunks + work,
            seconds: self.seconds(solver, shape) / run.threads() as f64,
            rounds: if solver == Solver::Randomized { USUAL_ROUNDS } else { 1 },
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let shape = rows.shape();
        run.note(format!("PCA: {}", self.solver(shape).describe()));
        run.progress("PCA", 0, 1);
        let fitted = self.folding(shape, run)?.fit(rows, "PCA", run)?;
        run.progress("PCA", 1, 1);
        Ok(fitted)
    }

    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>> {
        let solver = self.solver(shape);
        let goal = Goal { k: self.components(shape), whiten: self.whiten, solver };
        Ok(match solver {
            Solver::Gram => Box::new(InnerProducts { goal }),
            Solver::Randomized => Box::new(Subspace { goal, seed: run.seed() }),
            Solver::Covariance | Solver::Auto => Box::new(Covariance { goal }),
        })
    }

    fn once(&self, shape: Shape) -> Option<Box<dyn AnyFold>> {
        let goal = Goal { k: self.components(shape), whiten: self.whiten, solver: Solver::Covariance };
        matches!(self.solver, Solver::Auto | Solver::Covariance).then(|| Box::new(Covariance { goal }) as Box<dyn AnyFold>)
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
        let components = tensors.matrix("components", None, None)?;
        let mean = tensors.f64("mean", Some(components.cols()))?.to_vec();
        let variances = tensors.f64("variances", Some(components.rows()))?.to_vec();
        let total = tensors.f64("total_variance", Some(1))?[0];
        let whiten = facts["whiten"].as_bool().unwrap_or(false);
        Ok(Box::new(PcaModel { mean, variances, components, total, whiten }))
    }
}

impl Solver {
    fn describe(self) -> &'static str {
        match self {
            Solver::Gram => "exact, through the Gram matrix of the rows",
            Solver::Randomized => "randomized, by subspace iteration",
            Solver::Covariance | Solver::Auto => "exact, through the covariance of the columns",
        }
    }
}

/// What every solver is after.
#[derive(Clone, Copy)]
struct Goal {
    k: usize,
    whiten: bool,
    solver: Solver,
}

impl Goal {
    /// What was learned, as a space.
    fn fitted(self, learned: Learned) -> Fitted {
        let Learned { mean, variances, components, total, rounds } = learned;
        let (kept, cols): (f64, f64) = (variances.iter().sum(), mean.len() as f64);
        let share = if total > 0.0 { (kept / total).min(1.0) } else { 1.0 };
        let mut facts = Map::new();
        facts.insert("solver".to_owned(), json!(self.solver));
        facts.insert("n_components".to_owned(), json!(self.k));
        if rounds > 0 {
            facts.insert("rounds".to_owned(), json!(rounds));
        }
        let measures = vec![
            ("explained_variance", Measure::exact(share, Some(self.k as f64 / cols))),
            ("reconstruction_error", Measure::exact((total - kept).max(0.0) / cols, Some(total / cols))),
        ];
        let model = PcaModel { mean, variances, components, total, whiten: self.whiten };
        Fitted { model: Box::new(model), codes: None, facts, measures }
    }
}

/// What the solvers find.
struct Learned {
    mean: Vec<f64>,
    variances: Vec<f64>,
    components: Matrix,
    total: f64,
    rounds: usize,
}

impl Learned {
    /// What was found in a frame, as it is outside.
    fn unframed(frame: &Frame, mean: &[f64], variances: &[f64], components: Matrix, total: f64, rounds: usize) -> Learned {
        let scale = f64::from(frame.scale);
        let mean = mean.iter().zip(&frame.shift).map(|(mean, &shift)| mean / scale + f64::from(shift)).collect();
        let variances = variances.iter().map(|value| value.max(0.0) / scale / scale).collect();
        Learned { mean, variances, components, total: total.max(0.0) / scale / scale, rounds }
    }
}

/// What rows are seen through, so that columns far from 0 lose no digits and squares neither overflow nor vanish.
#[derive(Clone)]
struct Frame {
    /// The mean of the first chunk.
    shift: Vec<f32>,
    /// A power of two; 1 for data of ordinary size.
    scale: f32,
}

impl Frame {
    fn around(first: MatrixView<'_>) -> Frame {
        // A few hundred rows tell where the columns lie and how wide they are.
        let first = first.slice(0..first.rows().min(BLOCK));
        let shift: Vec<f32> = column_means(first).into_iter().map(|mean| mean as f32).collect();
        let largest = (0..first.rows())
            .flat_map(|i| first.row(i).iter().zip(&shift).map(|(value, shift)| (value - shift).abs()))
            .fold(0.0_f32, f32::max);
        Frame { shift, scale: 1.0 }.rescaled(largest).unwrap_or_else(|frame| frame)
    }

    /// The frame in which numbers that are at most `largest` in this one have squares that f32 can add up; `Ok` if it is this one.
    fn rescaled(self, largest: f32) -> Result<Frame, Frame> {
        if largest == 0.0 || (1e-12..1e14).contains(&largest) {
            return Ok(self);
        }
        let scale = self.scale * 2.0_f32.powi(-largest.log2().ceil().clamp(-100.0, 120.0) as i32);
        Err(Frame { shift: self.shift, scale })
    }
}

/// Sums of rows as seen through a frame.
struct Moments {
    count: f64,
    /// The largest magnitude.
    largest: f32,
    sum: Vec<f64>,
    /// The lower half of `[d, d]`, row by row, for the covariance; `[d, width]` for the subspace.
    product: Vec<f64>,
    /// The sum of all squares, for the subspace.
    squares: f64,
}

impl Moments {
    fn merge(mut self, other: Moments) -> Moments {
        let add = |into: &mut [f64], from: &[f64]| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        self.count += other.count;
        self.largest = self.largest.max(other.largest);
        self.squares += other.squares;
        add(&mut self.sum, &other.sum);
        add(&mut self.product, &other.product);
        self
    }
}

/// The mean of each column.
fn column_means(rows: MatrixView<'_>) -> Vec<f64> {
    let mut sums = vec![0.0; rows.cols()];
    for i in 0..rows.rows() {
        sums.iter_mut().zip(rows.row(i)).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sums.iter_mut().for_each(|sum| *sum /= rows.rows() as f64);
    sums
}

/// Rows whose sums are kept in f32 before they go into f64.
const BLOCK: usize = 512;

/// Rows as seen through a frame, and what they come to.
struct Seen<'a> {
    frame: &'a Frame,
    rows: usize,
    sum: Vec<f64>,
    /// Sums of the last rows, and the largest magnitudes of all: a column each, so that the loop over columns adds nothing up and runs in lanes.
    recent: Vec<f32>,
    largest: Vec<f32>,
}

impl<'a> Seen<'a> {
    fn new(frame: &'a Frame) -> Self {
        let d = frame.shift.len();
        Seen { frame, rows: 0, sum: vec![0.0; d], recent: vec![0.0; d], largest: vec![0.0; d] }
    }

    /// Writes a row as seen through the frame to `out`.
    #[inline]
    fn row(&mut self, row: &[f32], out: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            unsafe { see_avx2(self.frame, row, out, &mut self.recent, &mut self.largest) };
        } else {
            see(self.frame, row, out, &mut self.recent, &mut self.largest);
        }
        #[cfg(not(target_arch = "x86_64"))]
        see(self.frame, row, out, &mut self.recent, &mut self.largest);
        self.rows += 1;
        if self.rows.is_multiple_of(BLOCK) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.sum.iter_mut().zip(&mut self.recent).for_each(|(sum, recent)| *sum += f64::from(std::mem::take(recent)));
    }

    fn moments(mut self, product: Vec<f64>, squares: f64) -> Moments {
        self.settle();
        let largest = self.largest.into_iter().fold(0.0, f32::max);
        Moments { count: self.rows as f64, largest, sum: self.sum, product, squares }
    }
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn see_avx2(frame: &Frame, row: &[f32], out: &mut [f32], sum: &mut [f32], largest: &mut [f32]) {
    see(frame, row, out, sum, largest);
}

#[inline(always)]
fn see(frame: &Frame, row: &[f32], out: &mut [f32], sum: &mut [f32], largest: &mut [f32]) {
    let d = row.len();
    let (shift, out, sum, largest) = (&frame.shift[..d], &mut out[..d], &mut sum[..d], &mut largest[..d]);
    for j in 0..d {
        let value = (row[j] - shift[j]) * frame.scale;
        out[j] = value;
        sum[j] += value;
        largest[j] = if value.abs() > largest[j] { value.abs() } else { largest[j] };
    }
}

impl Portable for Frame {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel { facts: json!({ "scale": self.scale }), ..Parcel::default() };
        parcel.tensors.put_matrix("shift", &Matrix::new(1, self.shift.len(), self.shift.clone())?)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let shift = parcel.tensors.matrix("shift", Some(1), None)?.as_slice().to_vec();
        let scale = parcel.facts["scale"].as_f64().unwrap_or(1.0) as f32;
        Ok(Frame { shift, scale })
    }
}

impl Portable for Moments {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        parcel.tensors.put_f64("sum", &self.sum)?;
        parcel.tensors.put_f64("product", &self.product)?;
        parcel.tensors.put_f64("count_squares_largest", &[self.count, self.squares, f64::from(self.largest)])?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let list = |name, len| parcel.tensors.f64(name, len).map(<[f64]>::to_vec);
        let scalars = list("count_squares_largest", Some(3))?;
        let (count, squares, largest) = (scalars[0], scalars[1], scalars[2] as f32);
        Ok(Moments { count, largest, sum: list("sum", None)?, product: list("product", None)?, squares })
    }
}

/// One round: the covariance. Bound: n·d² flops, the half product.
struct Covariance {
    goal: Goal,
}

impl Fold for Covariance {
    type State = Frame;
    type Stats = Moments;
    type Outcome = Fitted;

    fn start(&self, _: Shape, first: Points<'_>) -> Result<Frame> {
        first.as_table(Frame::around)
    }

    fn accumulate(&self, frame: &Frame, chunk: Points<'_>, _: usize) -> Result<Moments> {
        chunk.as_table(|chunk| {
            let (mut gram, mut seen) = (Gram::new(chunk.cols()), Seen::new(frame));
            (0..chunk.rows()).for_each(|i| gram.add(|out| seen.row(chunk.row(i), out)));
            seen.moments(gram.lower(), 0.0)
        })
    }

    fn merge(&self, left: Moments, right: Moments) -> Moments {
        left.merge(right)
    }

    fn solve(&self, frame: Frame, stats: Moments, run: &Run) -> Result<Step<Frame, Fitted>> {
        let frame = match frame.rescaled(stats.largest) {
            Ok(frame) => frame,
            Err(other) => return Ok(Step::Again(other)),
        };
        let (n, d) = (stats.count, frame.shift.len());
        let mean: Vec<f64> = stats.sum.iter().map(|sum| sum / n).collect();
        let freedom = (n - 1.0).max(1.0);
        let mut lower = stats.product;
        let mut rest = lower.as_mut_slice();
        for i in 0..d {
            let (row, below) = rest.split_at_mut(i + 1);
            row.iter_mut().zip(&mean).for_each(|(cell, other)| *cell = (*cell - n * mean[i] * other) / freedom);
            rest = below;
        }
        run.check()?;
        let covariance = from_lower(&lower, d);
        let total = (0..d).map(|i| covariance[i * d + i].max(0.0)).sum();
        let eigen = symmetric_eigen(&covariance, d, self.goal.k)?;
        let components = Matrix::new(self.goal.k, d, eigen.vectors.iter().map(|&v| v as f32).collect())?;
        Ok(Step::Done(self.goal.fitted(Learned::unframed(&frame, &mean, &eigen.values, components, total, 0))))
    }
}

/// Many rounds: each multiplies a basis of `width` directions by the covariance, without ever forming it, and makes it orthogonal again.
struct Subspace {
    goal: Goal,
    seed: u64,
}

struct SubspaceState {
    frame: Frame,
    /// `[d, width]`, orthonormal columns.
    basis: Matrix,
    variances: Vec<f64>,
    round: usize,
}

impl Portable for SubspaceState {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = self.frame.store()?;
        parcel.tensors.put_matrix("basis", &self.basis)?;
        parcel.tensors.put_f64("variances", &self.variances)?;
        parcel.facts["round"] = json!(self.round);
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let frame = Frame::load(parcel)?;
        let basis = parcel.tensors.matrix("basis", Some(frame.shift.len()), None)?;
        let variances = parcel.tensors.f64("variances", None)?.to_vec();
        let round = parcel.facts["round"].as_u64().unwrap_or(0) as usize;
        Ok(SubspaceState { frame, basis, variances, round })
    }
}

impl Fold for Subspace {
    type State = SubspaceState;
    type Stats = Moments;
    type Outcome = Fitted;

    fn start(&self, shape: Shape, first: Points<'_>) -> Result<SubspaceState> {
        let width = (self.goal.k + OVERSAMPLED).min(shape.cols);
        let random = Random::new(self.seed, "pca subspace");
        let start: Vec<f64> = (0..shape.cols * width).map(|at| random.normal(0, at as u64)).collect();
        Ok(SubspaceState {
            frame: first.as_table(Frame::around)?,
            basis: orthonormal(&start, shape.cols, width)?,
            variances: vec![0.0; self.goal.k],
            round: 0,
        })
    }

    fn accumulate(&self, state: &SubspaceState, chunk: Points<'_>, _: usize) -> Result<Moments> {
        chunk.as_table(|chunk| image(state, chunk))
    }

    fn merge(&self, left: Moments, right: Moments) -> Moments {
        left.merge(right)
    }

    fn solve(&self, mut state: SubspaceState, stats: Moments, run: &Run) -> Result<Step<SubspaceState, Fitted>> {
        state.frame = match state.frame.rescaled(stats.largest) {
            Ok(frame) => frame,
            Err(frame) => return Ok(Step::Again(SubspaceState { frame, ..state })),
        };
        let (n, d, width) = (stats.count, state.basis.rows(), state.basis.cols());
        let freedom = (n - 1.0).max(1.0);
        let mean: Vec<f64> = stats.sum.iter().map(|sum| sum / n).collect();
        let basis: Vec<f64> = state.basis.as_slice().iter().map(|&v| f64::from(v)).collect();
        // Take the mean out: image = (sum of x xᵀ - n mean meanᵀ) basis / (n - 1).
        let mut image = stats.product;
        let along: Vec<f64> = (0..width).map(|j| (0..d).map(|i| mean[i] * basis[i * width + j]).sum()).collect();
        for i in 0..d {
            for j in 0..width {
                image[i * width + j] = (image[i * width + j] - n * mean[i] * along[j]) / freedom;
            }
        }
        // Rayleigh and Ritz: the covariance within the basis.
        let mut small = Vec::with_capacity(width * (width + 1) / 2);
        for a in 0..width {
            small.extend((0..=a).map(|b| (0..d).map(|i| basis[i * width + a] * image[i * width + b]).sum::<f64>()));
        }
        let eigen = symmetric_eigen(&from_lower(&small, width), width, self.goal.k)?;
        let settled = eigen.values.iter().zip(&state.variances).all(|(new, old)| (new - old).abs() <= SETTLED * new.abs());
        let round = state.round + 1;
        run.progress("PCA", round as u64, MOST_ROUNDS as u64);
        if !settled && round < MOST_ROUNDS {
            let basis = orthonormal(&image, d, width)?;
            return Ok(Step::Again(SubspaceState { frame: state.frame, basis, variances: eigen.values, round }));
        }
        let total = (stats.squares - n * mean.iter().map(|m| m * m).sum::<f64>()) / freedom;
        let mut components = vec![0.0_f32; self.goal.k * d];
        for (c, vector) in eigen.vectors.chunks_exact(width).enumerate() {
            for i in 0..d {
                components[c * d + i] = (0..width).map(|a| vector[a] * basis[i * width + a]).sum::<f64>() as f32;
            }
            let row = &mut components[c * d..][..d];
            let largest = row.iter().fold(0.0_f32, |best, &v| if v.abs() > best.abs() { v } else { best });
            if largest < 0.0 {
                row.iter_mut().for_each(|v| *v = -*v);
            }
        }
        let components = Matrix::new(self.goal.k, d, components)?;
        Ok(Step::Done(self.goal.fitted(Learned::unframed(&state.frame, &mean, &eigen.values, components, total, round))))
    }
}

/// Rows multiplied by the basis, and that by the rows again.
fn image(state: &SubspaceState, chunk: MatrixView<'_>) -> Moments {
    let (d, width) = (chunk.cols(), state.basis.cols());
    let mut seen = Seen::new(&state.frame);
    let mut block = vec![0.0_f32; BLOCK * d];
    let mut codes = vec![0.0_f32; BLOCK * width];
    let mut part = vec![0.0_f32; d * width];
    let mut transposed = vec![0.0_f32; d * BLOCK];
    let (mut sums, mut squares) = (vec![0.0_f64; d * width], 0.0);
    for from in (0..chunk.rows()).step_by(BLOCK) {
        let rows = BLOCK.min(chunk.rows() - from);
        for (i, out) in block.chunks_exact_mut(d).enumerate().take(rows) {
            seen.row(chunk.row(from + i), out);
            squares += f64::from(out.iter().map(|value| value * value).sum::<f32>());
            out.iter().enumerate().for_each(|(j, &value)| transposed[j * rows + i] = value);
        }
        let codes = &mut codes[..rows * width];
        if let (Ok(framed), Ok(columns)) = (MatrixView::new(rows, d, &block[..rows * d]), MatrixView::new(d, rows, &transposed[..d * rows]))
        {
            product(framed, state.basis.view(), codes, Threads::One);
            if let Ok(codes) = MatrixView::new(rows, width, codes) {
                product(columns, codes, &mut part, Threads::One);
            }
            sums.iter_mut().zip(&part).for_each(|(sum, &part)| *sum += f64::from(part));
        }
    }
    seen.moments(sums, squares)
}

/// An orthonormal basis of the columns of `[d, width]`.
fn orthonormal(columns: &[f64], d: usize, width: usize) -> Result<Matrix> {
    let qr = faer::MatRef::from_row_major_slice(columns, d, width).qr();
    let q = qr.compute_thin_Q();
    let basis = (0..d * width).map(|at| q[(at / width, at % width)] as f32).collect();
    Matrix::new(d, width, basis)
}

/// One round that gathers all rows: for fewer rows than columns.
struct InnerProducts {
    goal: Goal,
}

impl Portable for Vec<Matrix> {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        parcel.tensors.put_matrix("rows", &stacked(self)?)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        Ok(vec![parcel.tensors.matrix("rows", None, None)?])
    }
}

impl Fold for InnerProducts {
    type State = ();
    type Stats = Vec<Matrix>;
    type Outcome = Fitted;

    fn start(&self, _: Shape, _: Points<'_>) -> Result<()> {
        Ok(())
    }

    fn accumulate(&self, (): &(), chunk: Points<'_>, _: usize) -> Result<Vec<Matrix>> {
        chunk.as_table(|chunk| vec![chunk.to_matrix()])
    }

    fn merge(&self, mut left: Vec<Matrix>, right: Vec<Matrix>) -> Vec<Matrix> {
        left.extend(right);
        left
    }

    fn solve(&self, (): (), mut stats: Vec<Matrix>, _: &Run) -> Result<Step<(), Fitted>> {
        let rows = if stats.len() == 1 { stats.remove(0) } else { stacked(&stats)? };
        Ok(Step::Done(self.goal.fitted(gram(&rows, self.goal.k)?)))
    }
}

/// Tables one below the other.
fn stacked(tables: &[Matrix]) -> Result<Matrix> {
    let cells: Vec<f32> = tables.iter().flat_map(Matrix::as_slice).copied().collect();
    Matrix::new(tables.iter().map(Matrix::rows).sum(), tables.first().map_or(0, Matrix::cols), cells)
}

/// Through the inner products of the centred rows.
fn gram(rows: &Matrix, k: usize) -> Result<Learned> {
    let (n, d) = (rows.rows(), rows.cols());
    let frame = Frame::around(rows.view());
    let seen = |(at, &value): (usize, &f32)| (value - frame.shift[at % d]).abs() * frame.scale;
    let largest = rows.as_slice().iter().enumerate().map(seen).fold(0.0, f32::max);
    let frame = frame.rescaled(largest).unwrap_or_else(|other| other);
    let mean: Vec<f64> = column_means(rows.view());
    let scale = f64::from(frame.scale);
    let centred: Vec<f32> =
        rows.as_slice().iter().enumerate().map(|(at, &value)| ((f64::from(value) - mean[at % d]) * scale) as f32).collect();
    let centred = MatrixView::new(n, d, &centred)?;
    let mut inner = vec![0.0_f32; n * n];
    product_transposed(centred, centred, &mut inner, Threads::Pool);
    let freedom = (n as f64 - 1.0).max(1.0);
    let inner: Vec<f64> = inner.into_iter().map(|v| f64::from(v) / freedom).collect();
    let total = (0..n).map(|i| inner[i * n + i]).sum();
    let eigen = symmetric_eigen(&inner, n, k)?;
    let vectors: Vec<f32> = eigen.vectors.iter().map(|&v| v as f32).collect();
    let mut components = vec![0.0_f32; k * d];
    product(MatrixView::new(k, n, &vectors)?, centred, &mut components, Threads::Pool);
    for row in components.chunks_exact_mut(d) {
        let norm = row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        let largest = row.iter().fold(0.0_f32, |best, &v| if v.abs() > best.abs() { v } else { best });
        let scale = if norm > 0.0 { (f64::from(largest.signum()) / norm) as f32 } else { 0.0 };
        row.iter_mut().for_each(|v| *v *= scale);
    }
    let about_shift: Vec<f64> = mean.iter().zip(&frame.shift).map(|(mean, &shift)| (mean - f64::from(shift)) * scale).collect();
    Ok(Learned::unframed(&frame, &about_shift, &eigen.values, Matrix::new(k, d, components)?, total, 0))
}

/// A mean and a few directions.
struct PcaModel {
    mean: Vec<f64>,
    variances: Vec<f64>,
    /// `[k, d]`.
    components: Matrix,
    total: f64,
    whiten: bool,
}

/// Rows that are encoded or decoded at a time. Each product has this shape, so that a row's code is the same alone and in any batch.
const ENCODED: usize = 128;

impl PcaModel {
    /// What a code is multiplied by: 1 over the standard deviation if whitened.
    fn scales(&self) -> Vec<f32> {
        self.variances.iter().map(|&v| if self.whiten && v > 0.0 { (1.0 / v.sqrt()) as f32 } else { 1.0 }).collect()
    }
}

/// Fills `out`, `[rows, width]`, by blocks of [`ENCODED`] rows, on the pool.
fn by_blocks(rows: usize, width: usize, run: &Run, fill: impl Fn(std::ops::Range<usize>, &mut [f32]) + Sync) -> Result<Matrix> {
    use crate::parallel::*;
    let mut out = vec![0.0_f32; rows * width];
    run.install(|| {
        out.par_chunks_mut((ENCODED * width).max(1)).enumerate().try_for_each(|(block, out)| {
            run.check()?;
            let from = block * ENCODED;
            fill(from..(from + ENCODED).min(rows), out);
            Ok(())
        })
    })?;
    Matrix::new(rows, width, out)
}

impl Model for PcaModel {
    fn n_components(&self) -> usize {
        self.components.rows()
    }

    fn columns(&self) -> usize {
        self.components.cols()
    }

    fn encode(&self, rows: &Prepared, run: &Run) -> Result<Matrix> {
        let (table, d, k) = (rows.table()?, self.columns(), self.n_components());
        let scales = self.scales();
        by_blocks(table.rows(), k, run, |range, out| {
            let mut block = vec![0.0_f32; ENCODED * d];
            for (i, row) in range.clone().enumerate() {
                for ((out, &value), &mean) in block[i * d..][..d].iter_mut().zip(table.row(row)).zip(&self.mean) {
                    *out = (f64::from(value) - mean) as f32;
                }
            }
            let mut codes = vec![0.0_f32; ENCODED * k];
            if let Ok(block) = MatrixView::new(ENCODED, d, &block) {
                product_transposed(block, self.components.view(), &mut codes, Threads::One);
            }
            for (out, code) in out.chunks_exact_mut(k).zip(codes.chunks_exact(k)) {
                out.iter_mut().zip(code).zip(&scales).for_each(|((out, &code), &scale)| *out = code * scale);
            }
        })
    }

    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        let (d, k) = (self.columns(), self.n_components());
        let scales = self.scales();
        by_blocks(codes.rows(), d, run, |range, out| {
            let mut block = vec![0.0_f32; ENCODED * k];
            for (i, row) in range.clone().enumerate() {
                for ((out, &code), &scale) in block[i * k..][..k].iter_mut().zip(codes.row(row)).zip(&scales) {
                    *out = code / scale;
                }
            }
            let mut rows = vec![0.0_f32; ENCODED * d];
            if let Ok(block) = MatrixView::new(ENCODED, k, &block) {
                product(block, self.components.view(), &mut rows, Threads::One);
            }
            for (out, row) in out.chunks_exact_mut(d).zip(rows.chunks_exact(d)) {
                for ((out, &value), &mean) in out.iter_mut().zip(row).zip(&self.mean) {
                    *out = (f64::from(value) + mean) as f32;
                }
            }
        })
    }

    fn log_likelihoods(&self, rows: &Prepared, fitted: usize, run: &Run) -> Result<Option<Vec<f64>>> {
        let gaussian = attributes::Gaussian::new(&self.mean, &self.variances, &self.components, self.total, fitted);
        gaussian.log_likelihoods(rows, run).map(Some)
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        tensors.put_matrix("components", &self.components)?;
        tensors.put_f64("mean", &self.mean)?;
        tensors.put_f64("variances", &self.variances)?;
        tensors.put_f64("total_variance", &[self.total])?;
        Ok(json!({ "whiten": self.whiten }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::thin_svd;

    /// An ellipsoid in 6 dimensions, turned by a fixed rotation, far from the origin.
    fn ellipsoid(n: usize) -> Matrix {
        let random = Random::new(2, "ellipsoid");
        let axes = [9.0, 5.0, 3.0, 1.0, 0.5, 0.1];
        let start: Vec<f64> = (0..36).map(|at| random.normal(1, at)).collect();
        let rotation = orthonormal(&start, 6, 6).unwrap();
        let rows: Vec<[f64; 6]> = (0..n).map(|i| std::array::from_fn(|j| random.normal(2 + i as u64, j as u64) * axes[j])).collect();
        Matrix::from_fn(n, 6, |i, j| (1000.0 + (0..6).map(|a| rows[i][a] * f64::from(rotation.row(j)[a])).sum::<f64>()) as f32)
    }

    fn fit(solver: Solver, table: &Matrix, k: u32) -> PcaModel {
        let method = Pca { n_components: Auto::Value(k), solver, whiten: false };
        let prepared = Prepared::Table(table.clone());
        let fitted = crate::method::AnyMethod::fit(&method, &Rows::Memory(&prepared), &Run::new(1, 2).unwrap()).unwrap();
        let mut tensors = Tensors::default();
        fitted.model.store(&mut tensors).unwrap();
        let list = |name| tensors.f64(name, None).unwrap().to_vec();
        let components = tensors.matrix("components", None, None).unwrap();
        PcaModel { mean: list("mean"), variances: list("variances"), components, total: list("total_variance")[0], whiten: false }
    }

    #[test]
    fn every_solver_finds_the_axes_of_an_ellipsoid() {
        let table = ellipsoid(CHUNK + 700);
        let mean = column_means(table.view());
        let centred: Vec<f64> = table.as_slice().iter().enumerate().map(|(at, &v)| f64::from(v) - mean[at % 6]).collect();
        let truth = thin_svd(&centred, table.rows(), 6).unwrap();
        for solver in [Solver::Covariance, Solver::Randomized, Solver::Gram] {
            let small = if solver == Solver::Gram { table.slice(0..600).to_matrix() } else { table.clone() };
            let learned = fit(solver, &small, 3);
            for c in 0..3 {
                if solver != Solver::Gram {
                    let variance = truth.values[c].powi(2) / (table.rows() as f64 - 1.0);
                    assert!((learned.variances[c] / variance - 1.0).abs() < 1e-5, "{solver:?}: {} {variance}", learned.variances[c]);
                }
                let cosine: f64 = (0..6).map(|j| f64::from(learned.components.row(c)[j]) * truth.vectors[c * 6 + j]).sum();
                assert!(cosine.abs() > if solver == Solver::Gram { 0.99 } else { 0.999_999 }, "{solver:?}: axis {c} at cosine {cosine}");
            }
            assert!(learned.mean.iter().zip(&mean).all(|(a, b)| (a - b).abs() < 1.0));
        }
    }

    #[test]
    fn all_components_decode_to_the_rows() {
        let table = ellipsoid(200);
        let run = Run::new(0, 2).unwrap();
        for whiten in [false, true] {
            let method = Pca { n_components: Auto::Value(6), whiten, ..Pca::default() };
            let prepared = Prepared::Table(table.clone());
            let fitted = crate::method::AnyMethod::fit(&method, &Rows::Memory(&prepared), &run).unwrap();
            let codes = fitted.model.encode(&prepared, &run).unwrap();
            let back = fitted.model.decode(&codes, &run).unwrap();
            assert!(back.as_slice().iter().zip(table.as_slice()).all(|(a, b)| (a - b).abs() < 1e-2));
            let share = fitted.measures[0].1.value;
            assert!((share - 1.0).abs() < 1e-9, "{share}");
            if whiten {
                let variance: f32 = codes.as_slice().iter().skip(5).step_by(6).map(|v| v * v).sum::<f32>() / 199.0;
                assert!((variance - 1.0).abs() < 1e-2, "{variance}");
            }
        }
    }

    #[test]
    fn more_components_than_the_data_have_are_refused() {
        let method = Pca { n_components: Auto::Value(11), ..Pca::default() };
        let error = Method::check(&method, Shape::new(60, 10)).unwrap_err();
        assert_eq!(error.to_string(), "n_components: 11 is too large for 60 rows of 10 columns; it is at most 10.");
    }
}
