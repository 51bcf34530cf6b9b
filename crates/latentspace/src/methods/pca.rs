//! Principal components: the directions along which the rows differ most.
//!
//! Learns the mean and the `n_components` orthogonal directions of largest variance. Use it first: to see how many dimensions are enough, to
//! take noise away, and to make other methods fast. Do not use it for curved data: a spiral stays a spiral.
//!
//! Cost, n rows by d columns: through the covariance n·d² + 9·d³ flops and 8·d² bytes a level of the fold's tree; through the Gram matrix
//! n²·d + 9·n³; by subspace iteration 4·n·d·(k + 10) a round. The cheapest is taken, and said.
//! Source: Pearson 1901, doi:10.1080/14786440109462720; Halko, Martinsson and Tropp 2011, doi:10.1137/090771806.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::data::{CHUNK, Prepared, Rows};
use crate::error::{Error, Result};
use crate::fold::{Fold, Growing, Step, fold};
use crate::linalg::{Gram, Matrix, MatrixView, Threads, product, product_transposed, symmetric_eigen};
use crate::measure::Measure;
use crate::method::{Fitted, Info, Method, Model, Partial, Plan, Shape, Takes};
use crate::params::Auto;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// Principal components: the directions along which the rows differ most.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pca {
    /// Dimensions of the space. auto: 50, or as many as the data have.
    #[schemars(extend("minimum" = 1))]
    pub n_components: Auto<u32>,
    /// The way to the components: covariance and gram are exact, randomized is faster where rows and columns are many. auto: the cheapest.
    pub solver: Solver,
    /// Whether each component is divided by its standard deviation.
    pub whiten: bool,
}

/// The way to the components.
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

    /// The solver, by flops; a product of the skinny kind runs at two thirds of the speed of a square one.
    fn solver(&self, shape: Shape, streamed: bool) -> Solver {
        if self.solver != Solver::Auto {
            return self.solver;
        }
        let cost = |solver| self.flops(solver, shape);
        let mut best = Solver::Covariance;
        for solver in [Solver::Gram, Solver::Randomized] {
            if (solver != Solver::Gram || !streamed) && cost(solver) < cost(best) {
                best = solver;
            }
        }
        best
    }

    fn flops(&self, solver: Solver, shape: Shape) -> f64 {
        let (n, d) = (shape.rows as f64, shape.cols as f64);
        let width = (self.components(shape) + OVERSAMPLED).min(shape.cols) as f64;
        match solver {
            Solver::Gram => n * n * d + 4.0 * n * n * n * EIGEN_PENALTY + 2.0 * n * d * width,
            Solver::Randomized => 12.0 * 4.0 * n * d * width * 1.5,
            Solver::Covariance | Solver::Auto => n * d * d + 4.0 * d * d * d * EIGEN_PENALTY,
        }
    }

    /// What was learned, as a space.
    fn fitted(&self, learned: Learned, solver: Solver, shape: Shape) -> Fitted {
        let Learned { mean, variances, components, total, rounds } = learned;
        let kept: f64 = variances.iter().sum();
        let share = if total > 0.0 { (kept / total).min(1.0) } else { 1.0 };
        let mut facts = Map::new();
        facts.insert("solver".to_owned(), json!(solver));
        facts.insert("n_components".to_owned(), json!(variances.len()));
        if rounds > 0 {
            facts.insert("rounds".to_owned(), json!(rounds));
        }
        let measures = vec![
            ("explained_variance", Measure::exact(share, Some(variances.len() as f64 / shape.cols as f64))),
            ("reconstruction_error", Measure::exact((total - kept).max(0.0) / shape.cols as f64, Some(total / shape.cols as f64))),
        ];
        let model = PcaModel { mean, variances, components, total, whiten: self.whiten };
        Fitted { model: Box::new(model), codes: None, facts, measures }
    }
}

/// A flop of the eigenvalue routine (f64, half of it bound by memory) costs as much as this many of a product.
const EIGEN_PENALTY: f64 = 6.0;

impl Method for Pca {
    const INFO: Info = Info {
        name: "pca",
        title: "PCA",
        class: "PCA",
        family: "linear",
        summary: "the directions along which the rows differ most",
        takes: &[Takes::Table, Takes::Counts, Takes::Images],
        encodes: true,
        decodes: true,
        folds: true,
        live: false,
        limits: &["counts are taken as a dense table: 4 bytes a cell, zeros included"],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 2 {
            return Err(Error::input("data", format!("{} row", shape.rows), "PCA needs at least 2"));
        }
        let most = shape.cols.min(shape.rows);
        match self.n_components {
            Auto::Value(k) if k as usize > most => {
                Err(Error::param("n_components", k, format!("for {} rows of {} columns it is at most {most}", shape.rows, shape.cols)))
            }
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let solver = self.solver(shape, false);
        let (n, d) = (shape.rows as u64, shape.cols as u64);
        let width = (self.components(shape) + OVERSAMPLED) as u64;
        let threads = run.threads() as u64;
        let levels = n.div_ceil(CHUNK as u64).max(1).ilog2() as u64 + 1;
        let work = match solver {
            Solver::Gram => 4 * n * d + 4 * n * n + 3 * 8 * n * n,
            Solver::Randomized => threads * 8 * (d + CHUNK as u64) * width + 24 * d * width,
            Solver::Covariance | Solver::Auto => (levels + 2 * threads) * 8 * d * d + 3 * 8 * d * d,
        };
        let rate = 75e9 * threads as f64;
        Plan { algorithm: solver.describe().to_owned(), peak_bytes: 4 * n * d + work, seconds: self.flops(solver, shape) / rate }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let shape = Shape { rows: rows.rows(), cols: rows.cols() };
        let solver = self.solver(shape, matches!(rows, Rows::Stream(_)));
        let k = self.components(shape);
        run.note(format!("PCA: {}", solver.describe()));
        run.progress("PCA", 0, 1);
        let learned = match solver {
            Solver::Gram => gram(&rows.table()?, k)?,
            Solver::Randomized => fold(&Subspace { k, seed: run.seed() }, rows, "PCA", run)?,
            Solver::Covariance | Solver::Auto => fold(&Covariance { k }, rows, "PCA", run)?,
        };
        run.progress("PCA", 1, 1);
        Ok(self.fitted(learned, solver, shape))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        let components = tensors.matrix("components", None, None)?;
        let mean = tensors.f64("mean", Some(components.cols()))?.to_vec();
        let variances = tensors.f64("variances", Some(components.rows()))?.to_vec();
        let total = tensors.f64("total_variance", Some(1))?[0];
        let whiten = facts["whiten"].as_bool().unwrap_or(false);
        Ok(Box::new(PcaModel { mean, variances, components, total, whiten }))
    }

    fn partial(&self, cols: usize) -> Option<Box<dyn Partial>> {
        Some(Box::new(Parts { pca: self.clone(), moments: Growing::new(cols) }))
    }
}

/// The covariance of rows that come by part after part: the one way that sees each row once.
struct Parts {
    pca: Pca,
    moments: Growing<Covariance>,
}

impl Partial for Parts {
    fn shape(&self) -> Shape {
        self.moments.shape()
    }

    fn push(&mut self, rows: &Prepared, run: &Run) -> Result<()> {
        let wanted = self.moments.shape().cols;
        if rows.cols() != wanted {
            return Err(Error::input("data", format!("{} columns", rows.cols()), format!("the rows before have {wanted}")));
        }
        let table = rows.table()?;
        run.install(|| self.moments.push(&Covariance { k: 0 }, table.view(), run))
    }

    fn fit(&self, run: &Run) -> Result<Fitted> {
        let shape = self.moments.shape();
        Method::check(&self.pca, shape)?;
        if !matches!(self.pca.solver, Solver::Auto | Solver::Covariance) {
            return Err(Error::param("solver", json!(self.pca.solver), "part after part it is 'covariance', or 'auto'"));
        }
        let learned = run.install(|| self.moments.outcome(&Covariance { k: self.pca.components(shape) }, run))?;
        Ok(self.pca.fitted(learned, Solver::Covariance, shape))
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
#[derive(Clone)]
struct Moments {
    count: f64,
    /// The largest magnitude.
    largest: f32,
    sum: Vec<f64>,
    /// The lower half of `[d, d]`, row by row, for the covariance, `[d, width]` for the subspace.
    product: Vec<f64>,
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

/// Rows that are shifted and multiplied at a time: 512 rows of 784 columns are 1.6 MB, which stay in the cache between the two.
const BLOCK: usize = 512;

/// Calls `each` with blocks of the chunk as seen through the frame, and gives their moments, the product left empty.
fn framed_blocks(chunk: MatrixView<'_>, frame: &Frame, mut each: impl FnMut(MatrixView<'_>)) -> Moments {
    let d = chunk.cols();
    let (mut sum, mut squares) = (vec![0.0_f64; d], 0.0_f64);
    let mut block = vec![0.0_f32; BLOCK.min(chunk.rows()) * d];
    // A column each, so that the loop over columns adds nothing up and runs in lanes.
    let (mut block_sum, mut block_squares, mut block_largest) = (vec![0.0_f32; d], vec![0.0_f32; d], vec![0.0_f32; d]);
    for from in (0..chunk.rows()).step_by(BLOCK) {
        let rows = chunk.slice(from..(from + BLOCK).min(chunk.rows()));
        block_sum.fill(0.0);
        block_squares.fill(0.0);
        for i in 0..rows.rows() {
            let (row, out) = (&rows.row(i)[..d], &mut block[i * d..][..d]);
            let (shift, sum) = (&frame.shift[..d], &mut block_sum[..d]);
            let (squares, largest) = (&mut block_squares[..d], &mut block_largest[..d]);
            for j in 0..d {
                let value = (row[j] - shift[j]) * frame.scale;
                out[j] = value;
                sum[j] += value;
                squares[j] += value * value;
                largest[j] = if value.abs() > largest[j] { value.abs() } else { largest[j] };
            }
        }
        sum.iter_mut().zip(&block_sum).for_each(|(sum, &part)| *sum += f64::from(part));
        squares += block_squares.iter().map(|&part| f64::from(part)).sum::<f64>();
        if let Ok(view) = MatrixView::new(rows.rows(), d, &block[..rows.rows() * d]) {
            each(view);
        }
    }
    let largest = block_largest.into_iter().fold(0.0, f32::max);
    Moments { count: chunk.rows() as f64, largest, sum, product: Vec::new(), squares }
}

/// One round: the covariance. Bound: n·d² flops, the half product.
struct Covariance {
    k: usize,
}

impl Fold for Covariance {
    type State = Frame;
    type Stats = Moments;
    type Outcome = Learned;

    fn start(&self, _: Shape, first: MatrixView<'_>) -> Result<Frame> {
        Ok(Frame::around(first))
    }

    fn accumulate(&self, frame: &Frame, chunk: MatrixView<'_>) -> Moments {
        let mut gram = Gram::new(chunk.cols());
        let moments = framed_blocks(chunk, frame, |block| gram.add(block));
        let lower = gram.lower().chunks_exact(chunk.cols()).enumerate().flat_map(|(i, row)| &row[..=i]);
        Moments { product: lower.map(|&value| f64::from(value)).collect(), ..moments }
    }

    fn merge(&self, left: Moments, right: Moments) -> Moments {
        left.merge(right)
    }

    fn solve(&self, frame: Frame, stats: Moments, run: &Run) -> Result<Step<Frame, Learned>> {
        let frame = match frame.rescaled(stats.largest) {
            Ok(frame) => frame,
            Err(other) => return Ok(Step::Again(other)),
        };
        let (n, d) = (stats.count, frame.shift.len());
        let mean: Vec<f64> = stats.sum.iter().map(|sum| sum / n).collect();
        let freedom = (n - 1.0).max(1.0);
        let mut covariance = vec![0.0; d * d];
        let mut lower = stats.product.into_iter();
        for i in 0..d {
            for (j, cell) in covariance[i * d..=i * d + i].iter_mut().enumerate() {
                *cell = (lower.next().unwrap_or_default() - n * mean[i] * mean[j]) / freedom;
            }
        }
        run.check()?;
        let total = (0..d).map(|i| covariance[i * d + i].max(0.0)).sum();
        let eigen = symmetric_eigen(&covariance, d, self.k)?;
        let components = Matrix::new(self.k, d, eigen.vectors.iter().map(|&v| v as f32).collect())?;
        Ok(Step::Done(Learned::unframed(&frame, &mean, &eigen.values, components, total, 0)))
    }
}

/// Many rounds: each multiplies a basis of `width` directions by the covariance, without ever forming it, and makes it orthogonal again.
struct Subspace {
    k: usize,
    seed: u64,
}

struct SubspaceState {
    frame: Frame,
    /// `[d, width]`, orthonormal columns.
    basis: Matrix,
    variances: Vec<f64>,
    round: usize,
}

impl Fold for Subspace {
    type State = SubspaceState;
    type Stats = Moments;
    type Outcome = Learned;

    fn start(&self, shape: Shape, first: MatrixView<'_>) -> Result<SubspaceState> {
        let width = (self.k + OVERSAMPLED).min(shape.cols);
        let random = Random::new(self.seed, "pca subspace");
        let start: Vec<f64> = (0..shape.cols * width).map(|at| random.normal(0, at as u64)).collect();
        Ok(SubspaceState {
            frame: Frame::around(first),
            basis: orthonormal(&start, shape.cols, width)?,
            variances: vec![0.0; self.k],
            round: 0,
        })
    }

    fn accumulate(&self, state: &SubspaceState, chunk: MatrixView<'_>) -> Moments {
        let (d, width) = (chunk.cols(), state.basis.cols());
        let mut codes = vec![0.0_f32; BLOCK * width];
        let mut part = vec![0.0_f32; d * width];
        let mut transposed = vec![0.0_f32; d * BLOCK];
        let mut sums = vec![0.0_f64; d * width];
        let moments = framed_blocks(chunk, &state.frame, |block| {
            let rows = block.rows();
            let codes = &mut codes[..rows * width];
            product(block, state.basis.view(), codes, Threads::One);
            for i in 0..rows {
                block.row(i).iter().enumerate().for_each(|(j, &value)| transposed[j * rows + i] = value);
            }
            let views = (MatrixView::new(d, rows, &transposed[..d * rows]), MatrixView::new(rows, width, codes));
            if let (Ok(rows), Ok(codes)) = views {
                product(rows, codes, &mut part, Threads::One);
                sums.iter_mut().zip(&part).for_each(|(sum, &part)| *sum += f64::from(part));
            }
        });
        Moments { product: sums, ..moments }
    }

    fn merge(&self, left: Moments, right: Moments) -> Moments {
        left.merge(right)
    }

    fn solve(&self, mut state: SubspaceState, stats: Moments, run: &Run) -> Result<Step<SubspaceState, Learned>> {
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
        let mut small = vec![0.0; width * width];
        for i in 0..d {
            for a in 0..width {
                for b in 0..=a {
                    small[a * width + b] += basis[i * width + a] * image[i * width + b];
                }
            }
        }
        let eigen = symmetric_eigen(&small, width, self.k)?;
        let settled = eigen.values.iter().zip(&state.variances).all(|(new, old)| (new - old).abs() <= SETTLED * new.abs());
        let round = state.round + 1;
        run.progress("PCA", round as u64, MOST_ROUNDS as u64);
        if !settled && round < MOST_ROUNDS {
            let basis = orthonormal(&image, d, width)?;
            return Ok(Step::Again(SubspaceState { frame: state.frame, basis, variances: eigen.values, round }));
        }
        let total = (stats.squares - n * mean.iter().map(|m| m * m).sum::<f64>()) / freedom;
        let mut components = vec![0.0_f32; self.k * d];
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
        let components = Matrix::new(self.k, d, components)?;
        Ok(Step::Done(Learned::unframed(&state.frame, &mean, &eigen.values, components, total, round)))
    }
}

/// An orthonormal basis of the columns of `[d, width]`.
fn orthonormal(columns: &[f64], d: usize, width: usize) -> Result<Matrix> {
    let qr = faer::MatRef::from_row_major_slice(columns, d, width).qr();
    let q = qr.compute_thin_Q();
    let basis = (0..d * width).map(|at| q[(at / width, at % width)] as f32).collect();
    Matrix::new(d, width, basis)
}

/// Through the inner products of the centred rows: for fewer rows than columns.
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
    use rayon::prelude::*;
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

    fn fit(solver: Solver, table: &Matrix, k: u32) -> Learned {
        let method = Pca { n_components: Auto::Value(k), solver, whiten: false };
        let run = Run::new(1, 2).unwrap();
        let prepared = Prepared::Table(table.clone());
        let rows = Rows::Memory(&prepared);
        run.install(|| match solver {
            Solver::Gram => gram(table, k as usize),
            Solver::Randomized => fold(&Subspace { k: k as usize, seed: 1 }, &rows, "", &run),
            _ => fold(&Covariance { k: method.components(Shape { rows: table.rows(), cols: table.cols() }) }, &rows, "", &run),
        })
        .unwrap()
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
        let error = Method::check(&method, Shape { rows: 60, cols: 10 }).unwrap_err();
        assert_eq!(error.to_string(), "n_components: 11 was given; for 60 rows of 10 columns it is at most 10.");
    }
}
