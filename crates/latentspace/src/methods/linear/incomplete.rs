//! Loadings and noise of rows that miss cells, or whose cells have errors: maximum likelihood by the EM algorithm, as a fold.
//!
//! A cell is x = μ + λ·z + ε, where z are the row's independent factors of variance 1, and ε has the variance ψ / w: ψ is the noise of the column, or of
//! all columns, w the cell's weight, 0 for a missing one. A round needs the moments of each row's factors given its known cells, and each column's
//! products of factors, weighted by its cells: both are matrix products, of weights with products of loadings, and of weights with moments. After each round the factors
//! are made independent of variance 1 again (parameter expansion), which takes some ten rounds where plain EM takes hundreds.
//!
//! Cost: 4·n·d·q flops a round for q = (k + 1)(k + 2) / 2 products of k factors; 8·d·q bytes a level of the fold's tree.
//!
//! Source: Rubin and Thayer 1982, doi:10.1007/BF02293851; Liu, Rubin and Wu 1998, doi:10.1093/biomet/85.4.755; weights of cells: Bailey 2012,
//! doi:10.1086/668105.

use std::sync::Arc;

use faer::{Accum, Mat, MatMut, MatRef};
use serde_json::json;

use crate::checkpoint::Parcel;
use crate::data::{CHUNK, Rows};
use crate::error::{Error, Result, count};
use crate::fold::{Fold, Portable, Step};
use crate::linalg::{Cholesky, Matrix, MatrixView, Points, multiply, solve_positive, symmetric_eigen};
use crate::method::{Plan, Shape};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Rows that are worked on at a time, of a thread and of all: their weights and moments stay in the cache.
const ROWS: usize = 64;
const BLOCK: usize = 512;
/// Columns of a thread.
const COLUMNS: usize = 128;
/// Directions beyond those asked for, and rounds, of the start.
const OVERSAMPLED: usize = 8;
const STARTED: usize = 6;
/// The least noise, as a part of the mean variance, and of a column's own.
const LEAST: [f64; 2] = [1e-12, 1e-6];
/// When it ends, unless told otherwise.
const TOL: f64 = 1e-8;
const MOST_ROUNDS: usize = 1000;
/// Rounds that it usually takes, and multiply-adds a second and core.
const USUAL_ROUNDS: f64 = 20.0;
const RATE: f64 = 8e9;

/// What is given beside the rows.
#[derive(Clone, Default)]
pub(in crate::methods::linear) struct Beside {
    /// How often each row counts, `[n]`.
    pub(in crate::methods::linear) weights: Option<Arc<[f32]>>,
    /// The standard error of each cell, `[n, d]`.
    pub(in crate::methods::linear) errors: Option<Arc<Matrix>>,
}

impl Beside {
    pub(in crate::methods::linear) fn of(rows: &Rows<'_>) -> Self {
        Beside { weights: rows.weights().cloned(), errors: rows.errors().cloned() }
    }

    /// Whether cells of rows of this shape count differently.
    pub(in crate::methods::linear) fn is_uneven(&self, shape: Shape) -> bool {
        shape.incomplete || self.errors.is_some()
    }
}

/// Whether columns share the variance of their noise.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::methods::linear) enum Noise {
    /// All have the same.
    Common,
    /// Each has its own.
    Own,
}

/// How many factors there are.
#[derive(Clone, Copy)]
pub(in crate::methods::linear) enum Count {
    Known(usize),
    /// Chosen from the correlations `[m, m]` of the columns that vary, of so many rows.
    Chosen(fn(&[f64], usize, f64) -> Result<usize>),
}

/// What the likelihood is largest for.
pub(in crate::methods::linear) struct Maximum {
    /// `[d]`.
    pub(in crate::methods::linear) mean: Vec<f64>,
    /// `[d, k]`, row by row: loadings of independent factors.
    pub(in crate::methods::linear) loadings: Vec<f64>,
    /// `[d]`: of a cell of the mean error.
    pub(in crate::methods::linear) noise: Vec<f64>,
    /// Rows, each as often as it counts.
    pub(in crate::methods::linear) rows: f64,
    /// In nats a row.
    pub(in crate::methods::linear) log_likelihood: f64,
    /// The noise as a part of the errors, where these are given: squared deviations from the model beside those that the errors let expect.
    pub(in crate::methods::linear) chi_squared: Option<f64>,
    pub(in crate::methods::linear) n_iter: usize,
    pub(in crate::methods::linear) converged: bool,
}

/// The fold.
pub(in crate::methods::linear) struct Incomplete<F> {
    model: NoisyCells,
    /// The rise of the log-likelihood a row below which it ends.
    tol: f64,
    /// Rounds at most.
    n_iter: usize,
    /// The method's name, for progress.
    title: &'static str,
    /// Makes the result.
    finish: F,
}

/// What is assumed of the cells.
struct NoisyCells {
    count: Count,
    noise: Noise,
    beside: Beside,
    /// The mean of the squared errors of known cells, if there are errors.
    square_error: f64,
    seed: u64,
}

/// Mean, loadings and noise of a round.
pub(in crate::methods::linear) struct State {
    mean: Vec<f64>,
    loadings: Vec<f64>,
    noise: Vec<f64>,
    round: usize,
    log_likelihood: f64,
}

/// Sums over rows.
pub(in crate::methods::linear) struct Sums {
    /// `[d, q]`: weights times moments of the factors and 1.
    products: Vec<f64>,
    /// `[d, k + 1]`: weights times deviations times factors and 1.
    images: Vec<f64>,
    /// `[d]`: weights times squared deviations.
    squares: Vec<f64>,
    /// `[d]`: known cells.
    known: Vec<f64>,
    /// `[q]`: moments of the factors and 1.
    moments: Vec<f64>,
    log_likelihood: f64,
}

/// Pairs a <= b of k things.
fn pairs(k: usize) -> usize {
    k * (k + 1) / 2
}

/// The mean square of the errors of cells that have any; 1 without errors.
pub(in crate::methods::linear) fn mean_square_error(errors: Option<&Matrix>) -> f64 {
    let Some(errors) = errors else { return 1.0 };
    let known = errors.as_slice().iter().filter(|error| error.is_finite()).map(|&error| f64::from(error).powi(2));
    let (sum, number) = known.fold((0.0, 0.0), |(sum, number), square| (sum + square, number + 1.0));
    if number > 0.0 { sum / number } else { 1.0 }
}

impl Sums {
    fn none(d: usize, k: usize) -> Self {
        let q = pairs(k + 1);
        Sums {
            products: vec![0.0; d * q],
            images: vec![0.0; d * (k + 1)],
            squares: vec![0.0; d],
            known: vec![0.0; d],
            moments: vec![0.0; q],
            log_likelihood: 0.0,
        }
    }

    fn merge(mut self, other: &Sums) -> Self {
        let add = |into: &mut [f64], from: &[f64]| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        add(&mut self.products, &other.products);
        add(&mut self.images, &other.images);
        add(&mut self.squares, &other.squares);
        add(&mut self.known, &other.known);
        add(&mut self.moments, &other.moments);
        self.log_likelihood += other.log_likelihood;
        self
    }
}

/// A block of rows: what their cells weigh, how far they are from the mean, and the moments of their factors.
struct Block {
    /// `[rows, d]`: 0 for missing cells.
    weights: Vec<f64>,
    /// `[rows, d]`: weights times deviations from the mean.
    apart: Vec<f64>,
    /// `[rows, k + 1]`: means of the factors, and 1.
    factors: Vec<f64>,
    /// `[rows, q]`: second moments of the factors and 1.
    moments: Vec<f64>,
}

impl<F> Incomplete<F> {
    /// The fold.
    pub(in crate::methods::linear) fn new(count: Count, noise: Noise, beside: Beside, title: &'static str, seed: u64, finish: F) -> Self {
        let square_error = mean_square_error(beside.errors.as_deref());
        let model = NoisyCells { count, noise, beside, square_error, seed };
        Incomplete { model, tol: TOL, n_iter: MOST_ROUNDS, title, finish }
    }

    /// The same with another tolerance, of the log-likelihood a row, and number of rounds at most.
    pub(in crate::methods::linear) fn until(self, tol: f64, n_iter: usize) -> Self {
        Incomplete { tol, n_iter, ..self }
    }
}

impl NoisyCells {
    /// The weight of a cell: 0 if it is missing or its error unknown, 1 at the mean error.
    fn weight(&self, cell: f32, row: usize, column: usize) -> f64 {
        if cell.is_nan() {
            return 0.0;
        }
        match &self.beside.errors {
            None => 1.0,
            Some(errors) => {
                let error = f64::from(errors.row(row)[column]);
                if error.is_finite() { self.square_error / (error * error) } else { 0.0 }
            }
        }
    }

    fn row_weight(&self, row: usize) -> f64 {
        self.beside.weights.as_ref().map_or(1.0, |weights| f64::from(weights[row]))
    }

    /// Adds rows to the sums. Bound: 4·q flops a cell.
    fn add(&self, state: &State, rows: MatrixView<'_>, first: usize, sums: &mut Sums) {
        let (d, k) = (rows.cols(), state.loadings.len() / rows.cols());
        let (width, q) = (k + 1, pairs(k + 1));
        // Products of loadings, by noise: `[d, pairs]`.
        let mut products = vec![0.0; d * pairs(k)];
        products.par_chunks_mut(COLUMNS * pairs(k).max(1)).enumerate().for_each(|(part, out)| {
            for (at, out) in out.chunks_exact_mut(pairs(k).max(1)).enumerate() {
                let column = part * COLUMNS + at;
                let loadings = &state.loadings[column * k..][..k];
                let pairs = (0..k).flat_map(|a| (a..k).map(move |b| (a, b)));
                out.iter_mut().zip(pairs).for_each(|(out, (a, b))| *out = loadings[a] * loadings[b] / state.noise[column]);
            }
        });
        let scaled: Vec<f64> = (0..d * k).map(|at| state.loadings[at] / state.noise[at / k]).collect();
        let logs: Vec<f64> = state.noise.iter().map(|noise| (2.0 * std::f64::consts::PI * noise).ln()).collect();
        for from in (0..rows.rows()).step_by(BLOCK) {
            let many = BLOCK.min(rows.rows() - from);
            let starts: Vec<usize> = (0..many).step_by(ROWS).collect();
            let blocks: Vec<(Block, f64)> = starts
                .par_iter()
                .map(|&start| {
                    let some = rows.slice(from + start..from + (start + ROWS).min(many));
                    self.expect(state, some, first + from + start, &products, &scaled, &logs)
                })
                .collect();
            let tiles = sums.products.par_chunks_mut(COLUMNS * q).zip(sums.images.par_chunks_mut(COLUMNS * width)).enumerate();
            tiles.for_each(|(tile, (products, images))| {
                let (start, columns) = (tile * COLUMNS, images.len() / width);
                for (block, _) in &blocks {
                    let many = block.factors.len() / width;
                    let view = |cells| MatRef::from_row_major_slice(cells, many, d).subcols(start, columns).transpose();
                    let (factors, moments) = (&block.factors, &block.moments);
                    let products = MatMut::from_row_major_slice_mut(products, columns, q);
                    multiply(products, Accum::Add, view(&block.weights), MatRef::from_row_major_slice(moments, many, q), 1.0);
                    let images = MatMut::from_row_major_slice_mut(images, columns, width);
                    multiply(images, Accum::Add, view(&block.apart), MatRef::from_row_major_slice(factors, many, width), 1.0);
                }
            });
            for (at, (block, log_likelihood)) in blocks.iter().enumerate() {
                sums.log_likelihood += log_likelihood;
                for (row, moments) in block.moments.chunks_exact(q).enumerate() {
                    let weight = self.row_weight(first + from + starts[at] + row);
                    sums.moments.iter_mut().zip(moments).for_each(|(sum, own)| *sum += weight * own);
                    let cells = block.weights[row * d..][..d].iter().zip(&block.apart[row * d..][..d]);
                    for ((square, known), (&own, &apart)) in sums.squares.iter_mut().zip(&mut sums.known).zip(cells) {
                        if own > 0.0 {
                            *square += apart * apart / own;
                            *known += weight;
                        }
                    }
                }
            }
        }
    }

    /// The moments of the factors of some rows given their known cells.
    fn expect(&self, state: &State, rows: MatrixView<'_>, first: usize, products: &[f64], scaled: &[f64], logs: &[f64]) -> (Block, f64) {
        let (n, d, k) = (rows.rows(), rows.cols(), state.loadings.len() / rows.cols());
        let (mut weights, mut apart) = (vec![0.0; n * d], vec![0.0; n * d]);
        let mut sums = vec![0.0; n];
        for row in 0..n {
            let (weights, apart) = (&mut weights[row * d..][..d], &mut apart[row * d..][..d]);
            for (column, &cell) in rows.row(row).iter().enumerate() {
                let weight = self.weight(cell, first + row, column);
                if weight > 0.0 {
                    let own = f64::from(cell) - state.mean[column];
                    weights[column] = weight;
                    apart[column] = weight * own;
                    sums[row] += logs[column] - weight.ln() + weight * own * own / state.noise[column];
                }
            }
        }
        let view = MatRef::from_row_major_slice(&weights, n, d);
        let mut normal = Mat::<f64>::zeros(n, pairs(k));
        multiply(normal.as_mut(), Accum::Replace, view, MatRef::from_row_major_slice(products, d, pairs(k)), 1.0);
        let mut along = Mat::<f64>::zeros(n, k);
        multiply(
            along.as_mut(),
            Accum::Replace,
            MatRef::from_row_major_slice(&apart, n, d),
            MatRef::from_row_major_slice(scaled, d, k),
            1.0,
        );
        let (mut factors, mut moments) = (Vec::with_capacity(n * (k + 1)), Vec::with_capacity(n * pairs(k + 1)));
        let mut log_likelihood = 0.0;
        for row in 0..n {
            let at = |a: usize, b: usize| a * k - pairs(a) + b;
            let cell = |a: usize, b: usize| normal[(row, at(a.min(b), a.max(b)))] + if a == b { 1.0 } else { 0.0 };
            let precision = Mat::from_fn(k, k, cell);
            // 1 and a sum of squares: positive definite, but for numbers beyond all range, which tell of themselves in the likelihood.
            let (inverse, log) = match Cholesky::of(precision.as_ref()) {
                Some(factor) => (factor.inverse(), factor.log_determinant()),
                None => (Mat::identity(k, k), f64::NAN),
            };
            let mean = |a: usize| (0..k).map(|b| inverse[(a, b)] * along[(row, b)]).sum::<f64>();
            let start = factors.len();
            factors.extend((0..k).map(mean));
            factors.push(1.0);
            let own = &factors[start..];
            let explained: f64 = own[..k].iter().enumerate().map(|(a, z)| z * along[(row, a)]).sum();
            let weight = self.row_weight(first + row);
            log_likelihood -= 0.5 * weight * (sums[row] + log - explained);
            for a in 0..=k {
                moments.extend((a..=k).map(|b| own[a] * own[b] + if b < k { inverse[(a, b)] } else { 0.0 }));
            }
            weights[row * d..][..d].iter_mut().chain(&mut apart[row * d..][..d]).for_each(|cell| *cell *= weight);
        }
        (Block { weights, apart, factors, moments }, log_likelihood)
    }

    /// Mean, loadings and noise from the first rows, whose missing cells are taken for the mean of their column: principal directions by subspace
    /// iteration.
    fn begin(&self, rows: MatrixView<'_>) -> Result<State> {
        let (n, d) = (rows.rows(), rows.cols());
        let (mut mean, mut known) = (vec![0.0_f64; d], vec![0.0_f64; d]);
        let is_known = |row: usize, column: usize| self.weight(rows.row(row)[column], row, column) > 0.0;
        for row in 0..n {
            for column in (0..d).filter(|&column| is_known(row, column)) {
                mean[column] += f64::from(rows.row(row)[column]);
                known[column] += 1.0;
            }
        }
        mean.iter_mut().zip(&known).for_each(|(mean, known)| *mean /= known.max(1.0));
        let mut cells = vec![0.0; n * d];
        cells.par_chunks_mut(d).enumerate().for_each(|(row, out)| {
            for (column, out) in out.iter_mut().enumerate().filter(|(column, _)| is_known(row, *column)) {
                *out = f64::from(rows.row(row)[column]) - mean[column];
            }
        });
        let mut variances = vec![0.0_f64; d];
        for row in cells.chunks_exact(d) {
            variances.iter_mut().zip(row).for_each(|(variance, cell)| *variance += cell * cell);
        }
        variances.iter_mut().zip(&known).for_each(|(variance, known)| *variance /= known.max(1.0));
        let total = variances.iter().sum::<f64>();
        // Where each column has noise of its own, their scales do not matter.
        let units: Vec<f64> = match self.noise {
            Noise::Common => vec![1.0; d],
            Noise::Own => variances.iter().map(|variance| if *variance > 0.0 { variance.sqrt() } else { 1.0 }).collect(),
        };
        cells.chunks_exact_mut(d).for_each(|row| row.iter_mut().zip(&units).for_each(|(cell, unit)| *cell /= unit));
        let view = MatRef::from_row_major_slice(&cells, n, d);
        let k = match self.count {
            Count::Known(k) => k,
            Count::Chosen(choose) => {
                let vary: Vec<usize> = (0..d).filter(|&column| variances[column] > 0.0).collect();
                let m = vary.len();
                let mut square = Mat::<f64>::zeros(d, d);
                multiply(square.as_mut(), Accum::Replace, view.transpose(), view, 1.0);
                let width = |column: usize| square[(column, column)].sqrt();
                let cell = |a: usize, b: usize| if a == b { 1.0 } else { square[(a, b)] / (width(a) * width(b)) };
                let correlations: Vec<f64> = (0..m * m).map(|at| cell(vary[at / m], vary[at % m])).collect();
                choose(&correlations, m, n as f64)?.min(d).min(n.saturating_sub(1)).max(1)
            }
        };
        let width = (k + OVERSAMPLED).min(d);
        let random = Random::new(self.seed, "start of incomplete rows");
        let mut basis = Mat::from_fn(d, width, |column, axis| random.normal(column as u64, axis as u64));
        let mut image = Mat::<f64>::zeros(n, width);
        for _ in 0..STARTED {
            basis = basis.qr().compute_thin_Q();
            multiply(image.as_mut(), Accum::Replace, view, basis.as_ref(), 1.0);
            multiply(basis.as_mut(), Accum::Replace, view.transpose(), image.as_ref(), 1.0);
        }
        basis = basis.qr().compute_thin_Q();
        multiply(image.as_mut(), Accum::Replace, view, basis.as_ref(), 1.0);
        let mut square = Mat::<f64>::zeros(width, width);
        multiply(square.as_mut(), Accum::Replace, image.transpose(), image.as_ref(), 1.0);
        let square: Vec<f64> = (0..width * width).map(|at| square[(at / width, at % width)] / n as f64).collect();
        let eigen = symmetric_eigen(&square, width, k, || Ok(()))?;
        let spread = units.iter().zip(&variances).map(|(unit, variance)| variance / unit / unit).sum::<f64>();
        let rest = (spread - eigen.values.iter().sum::<f64>()).max(0.0) / (d - k).max(1) as f64;
        let least = (LEAST[0] * spread / d as f64).max(f64::MIN_POSITIVE);
        let rest = rest.max(least);
        let mut loadings = vec![0.0; d * k];
        for (axis, (vector, value)) in eigen.vectors.chunks_exact(width).zip(&eigen.values).enumerate() {
            let length = (value - rest).max(1e-3 * rest).sqrt();
            for column in 0..d {
                let along: f64 = vector.iter().enumerate().map(|(at, part)| part * basis[(column, at)]).sum();
                loadings[column * k + axis] = length * along * units[column];
            }
        }
        let common = rest.max(LEAST[0] * total / d as f64);
        let noise = match self.noise {
            Noise::Common => vec![common; d],
            Noise::Own => (0..d)
                .map(|column| {
                    let explained: f64 = loadings[column * k..][..k].iter().map(|loading| loading * loading).sum();
                    (variances[column] - explained).max(0.05 * variances[column]).max(least * units[column] * units[column])
                })
                .collect(),
        };
        Ok(State { mean, loadings, noise, round: 0, log_likelihood: f64::NEG_INFINITY })
    }
}

impl<T, F: Fn(Maximum, &Run) -> Result<T> + Send + Sync> Fold for Incomplete<F> {
    type State = State;
    type Stats = Sums;
    type Outcome = T;

    fn start(&self, _: Shape, first: Points<'_>) -> Result<State> {
        first.as_table(|rows| self.model.begin(rows))?
    }

    fn accumulate(&self, state: &State, chunk: Points<'_>, first: usize) -> Result<Sums> {
        let d = state.mean.len();
        let mut sums = Sums::none(d, state.loadings.len() / d.max(1));
        chunk.as_table(|rows| self.model.add(state, rows, first, &mut sums))?;
        Ok(sums)
    }

    fn merge(&self, left: Sums, right: Sums) -> Sums {
        left.merge(&right)
    }

    fn solve(&self, state: State, sums: Sums, run: &Run) -> Result<Step<State, T>> {
        let d = state.mean.len();
        let k = state.loadings.len() / d.max(1);
        let (width, q) = (k + 1, pairs(k + 1));
        if let Some(column) = sums.known.iter().position(|&known| known <= 0.0) {
            let error = Error::input("data", "no known cell", "each column needs some").at_column((column + 1).to_string());
            return Err(error.with_hint("leave the column out with --columns"));
        }
        if !sums.log_likelihood.is_finite() {
            return Err(Error::input(
                "data",
                "cells or errors whose squares leave the range of numbers",
                "rescale them (--scale standard)",
            ));
        }
        let square = |pairs: &[f64]| -> Vec<f64> {
            let at = |a: usize, b: usize| a * width - a * (a + 1) / 2 + b;
            (0..width * width).map(|cell| (cell / width, cell % width)).map(|(a, b)| pairs[at(a.min(b), a.max(b))]).collect()
        };
        let (mut mean, mut loadings, mut left) = (state.mean.clone(), vec![0.0; d * k], vec![0.0; d]);
        let solved = |column: usize| -> Result<(Vec<f64>, f64)> {
            run.check()?;
            let mut matrix = square(&sums.products[column * q..][..q]);
            let image = &sums.images[column * width..][..width];
            let mut found = image.to_vec();
            // Rounding may take from a cell that is known once what keeps it apart from 0.
            let most = (0..width).map(|at| matrix[at * (width + 1)]).fold(0.0, f64::max);
            (0..width).for_each(|at| matrix[at * (width + 1)] += 1e-14 * most);
            solve_positive(&mut matrix, width, &mut found, || Ok(()))?;
            let explained: f64 = found.iter().zip(image).map(|(a, b)| a * b).sum();
            Ok((found, (sums.squares[column] - explained).max(0.0)))
        };
        let columns: Vec<usize> = (0..d).collect();
        let all: Vec<(Vec<f64>, f64)> = columns.par_iter().map(|&column| solved(column)).collect::<Result<_>>()?;
        for (column, (found, rest)) in all.into_iter().enumerate() {
            loadings[column * k..][..k].copy_from_slice(&found[..k]);
            mean[column] += found[k];
            left[column] = rest;
        }
        let rows = sums.moments[q - 1];
        let variance = |column: usize| sums.squares[column] / sums.known[column];
        let spread = (0..d).map(variance).sum::<f64>() / d as f64;
        let least = (LEAST[0] * spread).max(f64::MIN_POSITIVE);
        let noise: Vec<f64> = match self.model.noise {
            Noise::Common => vec![(left.iter().sum::<f64>() / sums.known.iter().sum::<f64>()).max(least); d],
            Noise::Own => (0..d).map(|column| (left[column] / sums.known[column]).max(LEAST[1] * variance(column)).max(least)).collect(),
        };
        // Factors of mean 0 and variance 1 again.
        let second = square(&sums.moments);
        let middle: Vec<f64> = (0..k).map(|a| second[a * width + k] / rows).collect();
        let covariance = Mat::from_fn(k, k, |a, b| second[a * width + b] / rows - middle[a] * middle[b]);
        if let Some(factor) = Cholesky::of(covariance.as_ref()) {
            let lower = factor.lower();
            for (own, mean) in loadings.chunks_exact_mut(k).zip(&mut mean) {
                *mean += own.iter().zip(&middle).map(|(loading, middle)| loading * middle).sum::<f64>();
                let turned: Vec<f64> = (0..k).map(|b| (b..k).map(|a| own[a] * lower[(a, b)]).sum()).collect();
                own.copy_from_slice(&turned);
            }
        }
        let (round, log_likelihood) = (state.round + 1, sums.log_likelihood / rows);
        run.progress(self.title, round as u64, self.n_iter as u64);
        let converged = log_likelihood - state.log_likelihood < self.tol;
        if !converged && round < self.n_iter {
            return Ok(Step::Again(State { mean, loadings, noise, round, log_likelihood }));
        }
        if !converged {
            let steps = count(round as u64);
            let rise = log_likelihood - state.log_likelihood;
            run.note(format!(
                "{}: not converged after {steps} steps: the last one raised the log-likelihood a row by {rise:.1e}",
                self.title
            ));
        }
        let chi_squared = self.model.beside.errors.is_some().then(|| noise.iter().sum::<f64>() / d as f64 / self.model.square_error);
        // A column that does not vary has no noise.
        let noise = (0..d).map(|column| if variance(column) > 0.0 { noise[column] } else { 0.0 }).collect();
        (self.finish)(Maximum { mean, loadings, noise, rows, log_likelihood, chi_squared, n_iter: round, converged }, run).map(Step::Done)
    }
}

impl Portable for State {
    fn store(&self) -> Result<Parcel> {
        let log_likelihood = self.log_likelihood.is_finite().then_some(self.log_likelihood);
        let mut parcel = Parcel { facts: json!({ "round": self.round, "log_likelihood": log_likelihood }), ..Parcel::default() };
        parcel.tensors.put_f64("mean", &self.mean)?;
        parcel.tensors.put_f64("loadings", &self.loadings)?;
        parcel.tensors.put_f64("noise", &self.noise)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let list = |name| parcel.tensors.f64(name, None).map(<[f64]>::to_vec);
        let (mean, loadings, noise) = (list("mean")?, list("loadings")?, list("noise")?);
        if noise.len() != mean.len() || mean.is_empty() || loadings.len() % mean.len() != 0 {
            return Err(Error::input("state", "its lengths do not fit each other", "a whole file is needed"));
        }
        let round = parcel.facts["round"].as_u64().unwrap_or(0) as usize;
        let log_likelihood = parcel.facts["log_likelihood"].as_f64().unwrap_or(f64::NEG_INFINITY);
        Ok(State { mean, loadings, noise, round, log_likelihood })
    }
}

impl Portable for Sums {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        let lists = [("products", &self.products), ("images", &self.images), ("squares", &self.squares), ("known", &self.known)];
        lists.into_iter().try_for_each(|(name, list)| parcel.tensors.put_f64(name, list))?;
        parcel.tensors.put_f64("moments", &self.moments)?;
        parcel.tensors.put_f64("log_likelihood", &[self.log_likelihood])?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let list = |name| parcel.tensors.f64(name, None).map(<[f64]>::to_vec);
        let log_likelihood = parcel.tensors.f64("log_likelihood", Some(1))?[0];
        Ok(Sums {
            products: list("products")?,
            images: list("images")?,
            squares: list("squares")?,
            known: list("known")?,
            moments: list("moments")?,
            log_likelihood,
        })
    }
}

/// The cost of the fold for `k` factors.
pub(in crate::methods::linear) fn plan(shape: Shape, k: usize, run: &Run) -> Plan {
    let (n, d, threads) = (shape.rows as u64, shape.cols as u64, run.threads() as u64);
    let (q, width) = (pairs(k + 1) as u64, (k + 1) as u64);
    let levels = n.div_ceil(CHUNK as u64).max(1).ilog2() as u64 + 1;
    let sums = 8 * d * (q + width + 2);
    // Of each thread the products of loadings and a block of rows; at the start the first rows in f64.
    let block = 8 * BLOCK as u64 * (2 * d + width + q);
    let work = (levels + threads) * sums + threads * (8 * d * (q + width) + block);
    let begun = 8 * n.min(CHUNK as u64) * (d + width) + 24 * d * width;
    let flops = 2.0 * n as f64 * d as f64 * q as f64;
    Plan {
        algorithm: "maximum likelihood of the known cells, by the EM algorithm".to_owned(),
        peak_bytes: shape.lying_bytes() + work.max(begun),
        seconds: USUAL_ROUNDS * flops / RATE / threads as f64,
        rounds: USUAL_ROUNDS as u32,
    }
}

#[cfg(test)]
mod tests;
