//! By subspace iteration from a random start, without ever forming the covariance: where rows and columns are many.
//! Source: Halko, Martinsson and Tropp 2011, doi:10.1137/090771806.

use std::sync::Arc;

use serde_json::json;

use super::learned::{Goal, Learned};
use super::{MOST_ROUNDS, OVERSAMPLED};
use crate::checkpoint::Parcel;
use crate::error::Result;
use crate::fold::{Fold, Portable, Step};
use crate::linalg::{Matrix, MatrixView, Points, Threads, from_lower, product, symmetric_eigen};
use crate::method::Shape;
use crate::methods::linear::frame::{BLOCK, Frame, Moments, Seen};
use crate::random::Random;
use crate::run::Run;

/// Subspace iteration ends when no variance asked for changed by more than this part of itself, or what rounding leaves of the largest.
const SETTLED: f64 = 1e-5;
const ROUNDING: f64 = 1e-7;

/// Many rounds: each multiplies a basis of `width` directions by the covariance, without ever forming it, and makes it orthogonal again.
pub(super) struct Subspace {
    pub(super) goal: Goal,
    pub(super) seed: u64,
    /// How often each row counts; none: once.
    pub(super) weights: Option<Arc<[f32]>>,
}

pub(super) struct SubspaceState {
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
    type Outcome = Learned;

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

    fn accumulate(&self, state: &SubspaceState, chunk: Points<'_>, first: usize) -> Result<Moments> {
        let weights = self.weights.as_ref().map(|weights| &weights[first..first + chunk.rows()]);
        chunk.as_table(|chunk| image(state, chunk, weights))
    }

    fn merge(&self, left: Moments, right: Moments) -> Moments {
        left.merge(right)
    }

    fn solve(&self, mut state: SubspaceState, stats: Moments, run: &Run) -> Result<Step<SubspaceState, Learned>> {
        state.frame = match state.frame.fits(&stats) {
            Ok(frame) => frame,
            Err(frame) => return Ok(Step::Again(SubspaceState { frame, ..state })),
        };
        let (n, d, width) = (stats.count, state.basis.rows(), state.basis.cols());
        let freedom = (n - 1.0).max(1.0);
        let mean: Vec<f64> = stats.sum.iter().map(|sum| sum / n).collect();
        let basis: Vec<f64> = state.basis.as_slice().iter().map(|&v| f64::from(v)).collect();
        // Take the mean out: image = (sum of x xᵀ - n mean meanᵀ) basis / (n - 1). Directions from 0 add that from 0.
        let from_zero = if self.goal.centered { vec![0.0; d] } else { state.frame.mean_from_zero(&mean) };
        let mut image = stats.product.clone();
        let along = |mean: &[f64]| -> Vec<f64> { (0..width).map(|j| (0..d).map(|i| mean[i] * basis[i * width + j]).sum()).collect() };
        let (along, along_zero) = (along(&mean), along(&from_zero));
        for i in 0..d {
            for j in 0..width {
                image[i * width + j] = (image[i * width + j] - n * mean[i] * along[j] + n * from_zero[i] * along_zero[j]) / freedom;
            }
        }
        // Rayleigh and Ritz: the covariance within the basis.
        let mut small = Vec::with_capacity(width * (width + 1) / 2);
        for a in 0..width {
            small.extend((0..=a).map(|b| (0..d).map(|i| basis[i * width + a] * image[i * width + b]).sum::<f64>()));
        }
        let eigen = symmetric_eigen(&from_lower(&small, width), width, self.goal.k, || Ok(()))?;
        let least = ROUNDING * eigen.values.first().copied().unwrap_or(0.0).max(0.0);
        let settled = eigen.values.iter().zip(&state.variances).all(|(new, old)| (new - old).abs() <= (SETTLED * new.abs()).max(least));
        let round = state.round + 1;
        run.progress(self.goal.title(), round as u64, MOST_ROUNDS as u64);
        if !settled && round < MOST_ROUNDS {
            let basis = orthonormal(&image, d, width)?;
            return Ok(Step::Again(SubspaceState { frame: state.frame, basis, variances: eigen.values, round }));
        }
        let squares = |mean: &[f64]| n * mean.iter().map(|m| m * m).sum::<f64>();
        let total = (stats.squares - squares(&mean) + squares(&from_zero)) / freedom;
        let k = self.goal.k;
        let (mut components, mut images) = (vec![0.0_f32; k * d], vec![0.0; k * d]);
        for (c, vector) in eigen.vectors.chunks_exact(width).enumerate() {
            let (row, images) = (&mut components[c * d..][..d], &mut images[c * d..][..d]);
            for (i, (row, image_of)) in row.iter_mut().zip(images.iter_mut()).enumerate() {
                *row = vector.iter().zip(&basis[i * width..]).map(|(part, along)| part * along).sum::<f64>() as f32;
                *image_of = vector.iter().zip(&image[i * width..]).map(|(part, along)| part * along).sum();
            }
            let largest = row.iter().fold(0.0_f32, |best, &v| if v.abs() > best.abs() { v } else { best });
            if largest < 0.0 {
                row.iter_mut().for_each(|v| *v = -*v);
                images.iter_mut().for_each(|v| *v = -*v);
            }
        }
        let components = Matrix::new(k, d, components)?;
        let learned = Learned::within(&state.frame, &stats, &mean, components, &images, total, self.goal);
        Ok(Step::Done(Learned { rounds: round, ..learned }))
    }
}

/// Rows multiplied by the basis, and that by the rows again.
fn image(state: &SubspaceState, chunk: MatrixView<'_>, weights: Option<&[f32]>) -> Moments {
    let (d, width) = (chunk.cols(), state.basis.cols());
    let mut seen = Seen::new(&state.frame, weights);
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
pub(super) fn orthonormal(columns: &[f64], d: usize, width: usize) -> Result<Matrix> {
    let qr = faer::MatRef::from_row_major_slice(columns, d, width).qr();
    let q = qr.compute_thin_Q();
    let basis = (0..d * width).map(|at| q[(at / width, at % width)] as f32).collect();
    Matrix::new(d, width, basis)
}
