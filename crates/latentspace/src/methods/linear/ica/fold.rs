//! FastICA as a fold: a round for the covariance, then one per step.

use std::sync::OnceLock;

use faer::{Mat, MatRef};
use serde_json::{Map, json};

use super::Ica;
use super::model::IcaModel;
use crate::checkpoint::Parcel;
use crate::data::CHUNK;
use crate::error::{Error, Result, count};
use crate::fold::{Fold, Portable, Step};
use crate::interval::number;
use crate::linalg::{Matrix, MatrixView, Points, Threads, multiplied, product, product_transposed, solve_positive, symmetric_eigen};
use crate::method::Shape;
use crate::methods::linear::affine::{Affine, ENCODED, encode_block};
use crate::methods::linear::covariance::{Covariance, FromCovariance};
use crate::methods::linear::frame::{Frame, Moments};
use crate::methods::linear::measured::{Learned, Loss};
use crate::random::Random;
use crate::run::Run;

/// Whitened rows whose sources are computed at a time: they stay in the L2 cache.
const BLOCK: usize = 512;
/// An axis with less than this part of the largest variance has none: sums in f32 leave as much.
const NOTHING: f64 = 1e-9;

/// FastICA, all sources at once.
pub(super) struct Unmixing {
    method: Ica,
    /// Number of sources.
    k: usize,
    /// Number of axes that rows are whitened along: as many as sources, or as columns where there are more sources than those.
    axes: usize,
    seed: u64,
    /// Whitened rows of each chunk, kept between rounds; of none if rows are not in memory.
    whitened: Vec<OnceLock<Vec<Matrix>>>,
}

/// What whitens rows: z = W (x - mean).
pub(super) struct Whitening {
    mean: Vec<f64>,
    /// `[k, d]` unit vectors; the last ones are 0 where the rows have fewer dimensions.
    directions: Vec<f64>,
    /// `[k]`: the standard deviations along them, by n; 0 beyond the rank.
    widths: Vec<f64>,
    /// `[k, d]`: each direction divided by its standard deviation.
    encoder: Matrix,
    loss: Loss,
}

/// Where a fit stands.
pub(super) enum State {
    Whitening(Frame),
    Rotating {
        whitening: Box<Whitening>,
        /// `[k, axes]`, row by row: unit vectors of the sources in whitened coordinates, orthonormal or a tight frame.
        rotation: Vec<f64>,
        steps: usize,
    },
}

/// Sums over rows.
pub(super) enum Sums {
    Moments(Moments),
    /// The number of rows, the sums of g(y)·z', `[k, axes]`, and of g'(y), `[k]`, for sources y.
    Derivatives {
        rows: f64,
        products: Vec<f64>,
        second: Vec<f64>,
    },
}

impl Unmixing {
    pub(super) fn new(method: Ica, k: usize, axes: usize, chunks: usize, seed: u64) -> Self {
        Unmixing { method, k, axes, seed, whitened: (0..chunks).map(|_| OnceLock::new()).collect() }
    }

    /// Whether there are more sources than axes.
    fn is_overcomplete(&self) -> bool {
        self.k > self.axes
    }

    /// The number of sources along the first `rank` axes: as many as these, or all.
    fn sources(&self, rank: usize) -> usize {
        if self.is_overcomplete() { self.k } else { rank }
    }

    /// Random sources along the first `rank` axes.
    fn start(&self, rank: usize) -> Result<Vec<f64>> {
        let (k, axes, sources, random) = (self.k, self.axes, self.sources(rank), Random::new(self.seed, "ica start"));
        let any = Mat::from_fn(sources, rank, |i, j| random.normal(i as u64, j as u64));
        let any = self.apart(&any)?;
        let besides = |i: usize, j: usize| if self.is_overcomplete() { 0.0 } else { f64::from(u8::from(i == j)) };
        let cell = |i: usize, j: usize| if i < sources && j < rank { any[(i, j)] } else { besides(i, j) };
        Ok((0..k * axes).map(|at| cell(at / axes, at % axes)).collect())
    }

    /// The sources nearest to these that are uncorrelated; of more sources than axes those that are as little correlated as can be.
    fn apart(&self, sources: &Mat<f64>) -> Result<Mat<f64>> {
        if self.is_overcomplete() { tight(sources) } else { decorrelated(sources) }
    }

    fn whitening(&self, covariance: &Covariance, run: &Run) -> Result<Whitening> {
        let (d, k, n) = (covariance.cols(), self.axes, covariance.moments.count);
        let eigen = symmetric_eigen(&covariance.matrix, d, k, || run.check())?;
        let largest = eigen.values.first().copied().unwrap_or(0.0);
        let rank = eigen.values.iter().take_while(|&&value| value > NOTHING * largest).count();
        if rank < k {
            let (k, rank) = (count(k as u64), count(rank as u64));
            run.note(match self.is_overcomplete() {
                true => format!("ICA: the rows have {rank} dimensions of {k}, in which all sources are sought"),
                false => format!("ICA: the rows have {rank} dimensions; the other sources of {k} are 0"),
            });
        }
        let shrunk = (n - 1.0).max(1.0) / n;
        let mut directions = eigen.vectors;
        directions[rank * d..].fill(0.0);
        let lost = (covariance.total() - eigen.values[..rank].iter().sum::<f64>()).max(0.0);
        let loss = Loss::by(covariance, lost);
        let variance = |axis: usize| if axis < rank { covariance.frame.variance_outside(eigen.values[axis]) * shrunk } else { 0.0 };
        let widths = (0..k).map(|axis| variance(axis).sqrt()).collect();
        Ok(Whitening::new(covariance.frame.mean_outside(&covariance.mean), directions, widths, loss))
    }

    /// Whitened rows of a chunk, by blocks, each transposed: `[axes, rows]`.
    fn whiten(&self, whitening: &Whitening, chunk: MatrixView<'_>) -> Result<Vec<Matrix>> {
        let k = self.axes;
        let mut codes = vec![0.0_f32; ENCODED * k];
        let mut block = |from: usize| {
            let rows = chunk.slice(from..(from + BLOCK).min(chunk.rows()));
            let width = rows.rows();
            let mut block = vec![0.0_f32; k * width];
            for first in (0..rows.rows()).step_by(ENCODED) {
                let part = rows.slice(first..(first + ENCODED).min(rows.rows()));
                encode_block(&whitening.mean, &whitening.encoder, part, &mut codes)?;
                for (row, code) in codes.chunks_exact(k).take(part.rows()).enumerate() {
                    code.iter().enumerate().for_each(|(axis, &value)| block[axis * width + first + row] = value);
                }
            }
            Matrix::new(k, width, block)
        };
        (0..chunk.rows()).step_by(BLOCK).map(&mut block).collect()
    }

    /// Bound: 4·k·axes flops a row, and the contrast function of k values.
    fn derivatives(&self, rotation: &[f64], blocks: &[Matrix]) -> Result<Sums> {
        let (k, axes) = (self.k, self.axes);
        let rotation: Vec<f32> = rotation.iter().map(|&cell| cell as f32).collect();
        let rotation = MatrixView::new(k, axes, &rotation)?;
        let (mut rows, mut products, mut second, mut part) = (0.0, vec![0.0; k * axes], vec![0.0; k], vec![0.0_f32; k * axes]);
        let mut sources = vec![0.0_f32; k * BLOCK];
        for block in blocks {
            let width = block.cols();
            let sources = &mut sources[..k * width];
            product(rotation, block.view(), sources, Threads::One);
            for (source, second) in sources.chunks_exact_mut(width).zip(&mut second) {
                *second += self.method.fun.apply(source);
            }
            product_transposed(MatrixView::new(k, width, sources)?, block.view(), &mut part, Threads::One);
            products.iter_mut().zip(&part).for_each(|(sum, &part)| *sum += f64::from(part));
            rows += width as f64;
        }
        Ok(Sums::Derivatives { rows, products, second })
    }
}

/// The rotation nearest to a matrix: (A A')^-½ A.
fn decorrelated(matrix: &Mat<f64>) -> Result<Mat<f64>> {
    let k = matrix.nrows();
    let square = multiplied(matrix.as_ref(), matrix.transpose());
    let symmetric: Vec<f64> = (0..k * k).map(|at| 0.5 * (square[(at / k, at % k)] + square[(at % k, at / k)])).collect();
    let eigen = symmetric_eigen(&symmetric, k, k, || Ok(()))?;
    // Vectors by the fourth root of their value, twice.
    let scaled = Mat::from_fn(k, k, |axis, cell| eigen.vectors[axis * k + cell] / eigen.values[axis].max(f64::MIN_POSITIVE).powf(0.25));
    let root = multiplied(scaled.transpose(), scaled.as_ref());
    Ok(multiplied(root.as_ref(), matrix.as_ref()))
}

/// Unit vectors near to the rows of `[k, rank]`, k above the rank, whose squared products with any unit vector sum to the same (a tight frame):
/// then the rows are spread as evenly as they can be, and the least-squares sources of a row are its products with them. Rows are
/// made a tight frame and of length 1 in turn, which ends at both.
///
/// Source: Hyvärinen, Cristescu and Oja 1999, IJCNN, pages 894 to 899.
fn tight(matrix: &Mat<f64>) -> Result<Mat<f64>> {
    const TURNS: usize = 20;
    let mut frame = matrix.clone();
    for _ in 0..TURNS {
        let columns = Mat::from_fn(frame.ncols(), frame.nrows(), |i, j| frame[(j, i)]);
        let even = decorrelated(&columns)?;
        let length = |row: usize| (0..even.nrows()).map(|axis| even[(axis, row)].powi(2)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        let lengths: Vec<f64> = (0..even.ncols()).map(length).collect();
        frame = Mat::from_fn(even.ncols(), even.nrows(), |row, axis| even[(axis, row)] / lengths[row]);
    }
    Ok(frame)
}

impl Whitening {
    fn new(mean: Vec<f64>, directions: Vec<f64>, widths: Vec<f64>, loss: Loss) -> Self {
        let (d, k) = (mean.len(), widths.len());
        let cell =
            |axis: usize, column: usize| if widths[axis] > 0.0 { (directions[axis * d + column] / widths[axis]) as f32 } else { 0.0 };
        let encoder = Matrix::from_fn(k, d, cell);
        Whitening { mean, directions, widths, encoder, loss }
    }

    /// Of rows that are white already.
    fn none(d: usize) -> Self {
        let directions = (0..d * d).map(|at| f64::from(u8::from(at / d == at % d))).collect();
        Whitening::new(vec![0.0; d], directions, vec![1.0; d], Loss { rows: 0.0, total: 0.0, lost: 0.0, is_resolved: false })
    }

    /// Number of dimensions that the rows have.
    fn rank(&self) -> usize {
        self.widths.iter().take_while(|width| **width > 0.0).count()
    }

    /// The model of sources with this rotation, in their order and with their signs.
    fn model(self, rotation: &[f64]) -> Result<IcaModel> {
        let (d, axes, rank) = (self.mean.len(), self.widths.len(), self.rank());
        let k = rotation.len() / axes.max(1);
        let back = if k > axes { least_squares(rotation, k, axes, rank)? } else { rotation.to_vec() };
        let (rotation, back) = (MatRef::from_row_major_slice(rotation, k, axes), MatRef::from_row_major_slice(&back, k, axes));
        let directions = MatRef::from_row_major_slice(&self.directions, axes, d);
        let wide = Mat::from_fn(k, axes, |source, axis| back[(source, axis)] * self.widths[axis]);
        let narrow =
            Mat::from_fn(k, axes, |source, axis| if self.widths[axis] > 0.0 { rotation[(source, axis)] / self.widths[axis] } else { 0.0 });
        let (mixing, unmixing) = (multiplied(wide.as_ref(), directions), multiplied(narrow.as_ref(), directions));
        let squares: Vec<f64> = (0..k).map(|source| (0..d).map(|column| mixing[(source, column)].powi(2)).sum()).collect();
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|&a, &b| squares[b].total_cmp(&squares[a]).then(a.cmp(&b)));
        let largest = |source: usize| {
            (0..d).map(|column| mixing[(source, column)]).fold(0.0_f64, |best, own| if own.abs() > best.abs() { own } else { best })
        };
        let signs: Vec<f64> = (0..k).map(|source| if largest(source) < 0.0 { -1.0 } else { 1.0 }).collect();
        let ordered = |matrix: &Mat<f64>| Matrix::from_fn(k, d, |at, column| (signs[order[at]] * matrix[(order[at], column)]) as f32);
        let (encoder, decoder) = (ordered(&unmixing), ordered(&mixing));
        // Rows that were white before have their variance by their number of columns.
        // What more sources than axes explain together is all; each has a share of it.
        let total = if self.loss.total > 0.0 && k <= axes { self.loss.total } else { squares.iter().sum() };
        let share = |&source: &usize| if total > 0.0 { (squares[source] / total).min(1.0) } else { 0.0 };
        Ok(IcaModel {
            affine: Affine { mean: self.mean, encoder, decoder },
            shares: order.iter().map(share).collect(),
            whitening: self.encoder,
        })
    }
}

/// Gives each row the length 1.
fn to_unit(rows: &mut Mat<f64>) {
    for i in 0..rows.nrows() {
        let length = (0..rows.ncols()).map(|j| rows[(i, j)].powi(2)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        (0..rows.ncols()).for_each(|j| rows[(i, j)] /= length);
    }
}

/// What a unit of each source adds to a whitened row, `[k, axes]`: the columns of the pseudoinverse of the sources' vectors.
fn least_squares(rotation: &[f64], k: usize, axes: usize, rank: usize) -> Result<Vec<f64>> {
    let columns = Mat::from_fn(rank, k, |axis, source| rotation[source * axes + axis]);
    let square = multiplied(columns.as_ref(), columns.transpose());
    let mut square: Vec<f64> = (0..rank * rank).map(|at| square[(at / rank, at % rank)]).collect();
    // Right sides one after another: the vector of each source.
    let mut sides: Vec<f64> = (0..k * rank).map(|at| rotation[at / rank * axes + at % rank]).collect();
    solve_positive(&mut square, rank, &mut sides, || Ok(()))?;
    Ok((0..k * axes).map(|at| if at % axes < rank { sides[at / axes * rank + at % axes] } else { 0.0 }).collect())
}

impl Fold for Unmixing {
    type State = State;
    type Stats = Sums;
    type Outcome = Learned<IcaModel>;

    fn start(&self, shape: Shape, first: Points<'_>) -> Result<State> {
        if !self.method.whiten {
            return Ok(State::Rotating { whitening: Box::new(Whitening::none(shape.cols)), rotation: self.start(shape.cols)?, steps: 0 });
        }
        first.as_table(Frame::around).map(State::Whitening)
    }

    fn accumulate(&self, state: &State, chunk: Points<'_>, first: usize) -> Result<Sums> {
        match state {
            State::Whitening(frame) => moments().accumulate(frame, chunk, first).map(Sums::Moments),
            State::Rotating { whitening, rotation, .. } => {
                let whiten = || chunk.as_table(|chunk| self.whiten(whitening, chunk))?;
                match self.whitened.get(first / CHUNK) {
                    None => self.derivatives(rotation, &whiten()?),
                    Some(kept) => match kept.get() {
                        Some(blocks) => self.derivatives(rotation, blocks),
                        None => {
                            let blocks = whiten()?;
                            self.derivatives(rotation, kept.get_or_init(|| blocks))
                        }
                    },
                }
            }
        }
    }

    fn merge(&self, left: Sums, right: Sums) -> Sums {
        match (left, right) {
            (Sums::Moments(left), Sums::Moments(right)) => Sums::Moments(left.merge(right)),
            (Sums::Derivatives { rows, mut products, mut second }, Sums::Derivatives { rows: more, products: others, second: seconds }) => {
                products.iter_mut().zip(&others).for_each(|(a, b)| *a += b);
                second.iter_mut().zip(&seconds).for_each(|(a, b)| *a += b);
                Sums::Derivatives { rows: rows + more, products, second }
            }
            // Statistics of two rounds never meet: those of the later one stay, and the counts tell.
            (later @ Sums::Derivatives { .. }, _) | (_, later) => later,
        }
    }

    fn solve(&self, state: State, sums: Sums, run: &Run) -> Result<Step<State, Learned<IcaModel>>> {
        let axes = self.axes;
        let (whitening, rotation, steps, rows, products, second) = match (state, sums) {
            (State::Whitening(frame), Sums::Moments(moments_found)) => {
                let covariance = match moments().solve(frame, moments_found, run)? {
                    Step::Again(frame) => return Ok(Step::Again(State::Whitening(frame))),
                    Step::Done(covariance) => covariance,
                };
                let whitening = Box::new(self.whitening(&covariance, run)?);
                let rotation = self.start(whitening.rank())?;
                return Ok(Step::Again(State::Rotating { whitening, rotation, steps: 0 }));
            }
            (State::Rotating { whitening, rotation, steps }, Sums::Derivatives { rows, products, second }) => {
                (whitening, rotation, steps, rows, products, second)
            }
            _ => return Err(Error::input("statistics", "those of another round", "shares of one round are needed")),
        };
        // Newton's step for each source, then all are made uncorrelated again.
        let (rank, sources) = (whitening.rank(), self.sources(whitening.rank()));
        let cell = |i: usize, j: usize| (products[i * axes + j] - second[i] * rotation[i * axes + j]) / rows.max(1.0);
        let mut step = Mat::from_fn(sources, rank, cell);
        if self.is_overcomplete() {
            to_unit(&mut step);
        }
        let next = self.apart(&step)?;
        let turned = |i: usize| 1.0 - (0..rank).map(|j| next[(i, j)] * rotation[i * axes + j]).sum::<f64>().abs();
        let change = (0..sources).map(turned).fold(0.0, f64::max);
        let mut rotation = rotation;
        for i in 0..sources {
            for j in 0..rank {
                rotation[i * axes + j] = next[(i, j)];
            }
        }
        let steps = steps + 1;
        run.progress("ICA", steps as u64, u64::from(self.method.n_iter));
        let converged = change < self.method.tol || rank == 0;
        if !converged && steps < self.method.n_iter as usize {
            return Ok(Step::Again(State::Rotating { whitening, rotation, steps }));
        }
        if !converged {
            let steps = count(steps as u64);
            let change = number(change);
            run.note(format!("ICA: not converged after {steps} steps: a source still turned by {change} (1 less the cosine) in the last one; a larger n_iter or tol, or fewer components, may help"));
        }
        let mut facts = Map::new();
        facts.insert("n_components".to_owned(), json!(self.k));
        facts.insert("n_iter".to_owned(), json!(steps));
        facts.insert("converged".to_owned(), json!(converged));
        facts.insert("change".to_owned(), json!(change));
        let loss = whitening.loss;
        Ok(Step::Done(Learned { model: whitening.model(&rotation)?, facts, loss }))
    }
}

/// The fold of the covariance.
fn moments() -> impl Fold<State = Frame, Stats = Moments, Outcome = Covariance> {
    FromCovariance { once: false, weights: None, finish: |covariance: Covariance, _: &Run| Ok(covariance) }
}

impl Portable for State {
    fn store(&self) -> Result<Parcel> {
        let (whitening, rotation, steps) = match self {
            State::Whitening(frame) => return frame.store(),
            State::Rotating { whitening, rotation, steps } => (whitening, rotation, steps),
        };
        let mut parcel = whitening.loss.store()?;
        parcel.facts = json!({ "steps": steps, "is_resolved": whitening.loss.is_resolved });
        for (name, values) in
            [("mean", &whitening.mean), ("directions", &whitening.directions), ("widths", &whitening.widths), ("rotation", rotation)]
        {
            parcel.tensors.put_f64(name, values)?;
        }
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let Some(steps) = parcel.facts["steps"].as_u64() else {
            return Frame::load(parcel).map(State::Whitening);
        };
        let list = |name: &str, len: Option<usize>| parcel.tensors.f64(name, len).map(<[f64]>::to_vec);
        let (mean, widths) = (list("mean", None)?, list("widths", None)?);
        let (k, d) = (widths.len(), mean.len());
        let loss = Loss { is_resolved: parcel.facts["is_resolved"] == true, ..Loss::load(parcel)? };
        let whitening = Box::new(Whitening::new(mean, list("directions", Some(k * d))?, widths, loss));
        Ok(State::Rotating { whitening, rotation: list("rotation", None)?, steps: steps as usize })
    }
}

impl Portable for Sums {
    fn store(&self) -> Result<Parcel> {
        match self {
            Sums::Moments(moments) => moments.store(),
            Sums::Derivatives { rows, products, second } => {
                let mut parcel = Parcel { facts: json!({ "rows": rows }), ..Parcel::default() };
                parcel.tensors.put_f64("products", products)?;
                parcel.tensors.put_f64("second", second)?;
                Ok(parcel)
            }
        }
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let Some(rows) = parcel.facts["rows"].as_f64() else {
            return Moments::load(parcel).map(Sums::Moments);
        };
        let second = parcel.tensors.f64("second", None)?.to_vec();
        let products = parcel.tensors.f64("products", None)?.to_vec();
        Ok(Sums::Derivatives { rows, products, second })
    }
}
