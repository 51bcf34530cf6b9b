//! The covariance of the columns, in one round over the rows: many methods need nothing else.

use std::sync::Arc;

use super::frame::{Frame, Moments, Seen};
use crate::data::CHUNK;
use crate::error::Result;
use crate::fold::{Fold, Step};
use crate::linalg::{Gram, Points, eigen_cost, from_lower};
use crate::method::{Plan, Shape};
use crate::run::Run;

/// The covariance of the columns within a frame.
pub(in crate::methods::linear) struct Covariance {
    pub(in crate::methods::linear) frame: Frame,
    pub(in crate::methods::linear) moments: Moments,
    /// `[d]`: the mean.
    pub(in crate::methods::linear) mean: Vec<f64>,
    /// `[d, d]`: the covariance, divided by n - 1.
    pub(in crate::methods::linear) matrix: Vec<f64>,
}

/// A fold whose result is computed from the covariance of the columns. Bound: n·d² flops, the half product.
pub(in crate::methods::linear) struct FromCovariance<F> {
    /// Whether each row is seen only once, so that the frame cannot be corrected.
    pub(in crate::methods::linear) once: bool,
    /// How often each row counts; none: once.
    pub(in crate::methods::linear) weights: Option<Arc<[f32]>>,
    /// Computes the result.
    pub(in crate::methods::linear) finish: F,
}

impl<T, F: Fn(Covariance, &Run) -> Result<T> + Send + Sync> Fold for FromCovariance<F> {
    type State = Frame;
    type Stats = Moments;
    type Outcome = T;

    fn start(&self, _: Shape, first: Points<'_>) -> Result<Frame> {
        first.as_table(Frame::around)
    }

    fn accumulate(&self, frame: &Frame, chunk: Points<'_>, first: usize) -> Result<Moments> {
        chunk.as_table(|chunk| {
            let weights = self.weights.as_ref().map(|weights| &weights[first..first + chunk.rows()]);
            let (mut gram, mut seen) = (Gram::new(chunk.cols()), Seen::new(frame, weights));
            (0..chunk.rows()).for_each(|i| gram.add(|out| seen.row(chunk.row(i), out)));
            let lower = gram.lower();
            let squares = (1..=chunk.cols()).map(|row| lower[row * (row + 1) / 2 - 1]).sum();
            seen.moments(lower, squares)
        })
    }

    fn merge(&self, left: Moments, right: Moments) -> Moments {
        left.merge(right)
    }

    fn solve(&self, frame: Frame, moments: Moments, run: &Run) -> Result<Step<Frame, T>> {
        let fits = if self.once { frame.rescaled(moments.largest) } else { frame.fits(&moments) };
        let frame = match fits {
            Ok(frame) => frame,
            Err(other) => return Ok(Step::Again(other)),
        };
        run.check()?;
        (self.finish)(Covariance::new(frame, moments), run).map(Step::Done)
    }
}

impl Covariance {
    fn new(frame: Frame, moments: Moments) -> Self {
        let (n, d) = (moments.count, frame.shift.len());
        let mean: Vec<f64> = moments.sum.iter().map(|sum| sum / n).collect();
        let freedom = (n - 1.0).max(1.0);
        let mut lower = moments.product.clone();
        let mut rest = lower.as_mut_slice();
        for i in 0..d {
            let (row, below) = rest.split_at_mut(i + 1);
            row.iter_mut().zip(&mean).for_each(|(cell, other)| *cell = (*cell - n * mean[i] * other) / freedom);
            rest = below;
        }
        let matrix = from_lower(&lower, d);
        Covariance { frame, moments, mean, matrix }
    }

    /// Makes the covariance the second moments from 0, likewise divided by n - 1.
    pub(in crate::methods::linear) fn add_mean(&mut self) {
        let (n, d) = (self.moments.count, self.cols());
        let mean = self.frame.mean_from_zero(&self.mean);
        let part = n / (n - 1.0).max(1.0);
        for (row, own) in self.matrix.chunks_exact_mut(d).zip(&mean) {
            row.iter_mut().zip(&mean).for_each(|(cell, other)| *cell += part * own * other);
        }
    }

    /// Number of columns.
    pub(in crate::methods::linear) fn cols(&self) -> usize {
        self.mean.len()
    }

    /// The variance of a column, never negative.
    pub(in crate::methods::linear) fn variance(&self, column: usize) -> f64 {
        self.matrix[column * (self.cols() + 1)].max(0.0)
    }

    /// The sum of all variances.
    pub(in crate::methods::linear) fn total(&self) -> f64 {
        (0..self.cols()).map(|column| self.variance(column)).sum()
    }
}

/// Multiply-adds of a product in f32, a second and core.
const RATE: f64 = 36e9;
/// Seconds a number of a row, for seeing it through a frame and packing it.
const SEEN: f64 = 0.8e-9;

/// The cost of the covariance of the columns.
pub(in crate::methods::linear) fn plan(shape: Shape, run: &Run) -> Plan {
    let (n, d, threads) = (shape.rows as u64, shape.cols as u64, run.threads() as u64);
    let levels = n.div_ceil(CHUNK as u64).max(1).ilog2() as u64 + 1;
    // Half products in tiles and in f64, and packed rows; then the whole covariance. Of counts, each thread makes a chunk dense at a time.
    let work = (threads * (8 * d * d + 2400 * d) + levels * 4 * d * d).max(12 * d * d);
    let chunks = if shape.are_counts { threads * 4 * n.min(CHUNK as u64) * d } else { 0 };
    let (rows, cols) = (n as f64, d as f64);
    Plan {
        algorithm: "through the covariance of the columns".to_owned(),
        peak_bytes: shape.lying_bytes() + chunks + work,
        seconds: (rows * cols * cols / 2.0 / RATE + rows * cols * SEEN) / threads as f64,
        rounds: 1,
    }
}

/// The cost of the covariance of the columns, and of its `k` largest eigenvalues so many times.
pub(in crate::methods::linear) fn plan_with_eigen(shape: Shape, k: usize, times: f64, run: &Run) -> Plan {
    let (eigen, square) = (eigen_cost(shape.cols, k), 8 * (shape.cols * shape.cols) as u64);
    let covariance = plan(shape, run);
    Plan {
        peak_bytes: covariance.peak_bytes + 3 * square + eigen.bytes,
        seconds: covariance.seconds + times * eigen.flops / EIGEN_RATE / run.threads() as f64,
        ..covariance
    }
}

/// Multiply-adds of a decomposition in f64, a second and core.
const EIGEN_RATE: f64 = 5e9;
