//! Through the covariance of the columns: one round, and the eigenvectors of a small matrix.

use faer::{Accum, MatMut, MatRef};

use super::frame::{Frame, Moments, Seen};
use super::learned::{Goal, Learned};
use crate::error::Result;
use crate::fold::{Fold, Step};
use crate::linalg::{Gram, Matrix, Points, from_lower, multiply, symmetric_eigen};
use crate::method::Shape;
use crate::run::Run;

/// One round: the covariance. Bound: n·d² flops, the half product.
pub(super) struct Covariance {
    pub(super) goal: Goal,
}

impl Fold for Covariance {
    type State = Frame;
    type Stats = Moments;
    type Outcome = Learned;

    fn start(&self, _: Shape, first: Points<'_>) -> Result<Frame> {
        first.as_table(Frame::around)
    }

    fn accumulate(&self, frame: &Frame, chunk: Points<'_>, _: usize) -> Result<Moments> {
        chunk.as_table(|chunk| {
            let (mut gram, mut seen) = (Gram::new(chunk.cols()), Seen::new(frame));
            (0..chunk.rows()).for_each(|i| gram.add(|out| seen.row(chunk.row(i), out)));
            let lower = gram.lower();
            let squares = (1..=chunk.cols()).map(|row| lower[row * (row + 1) / 2 - 1]).sum();
            seen.moments(lower, squares)
        })
    }

    fn merge(&self, left: Moments, right: Moments) -> Moments {
        left.merge(right)
    }

    fn solve(&self, frame: Frame, stats: Moments, run: &Run) -> Result<Step<Frame, Learned>> {
        let fits = if self.goal.once { frame.rescaled(stats.largest) } else { frame.fits(&stats) };
        let frame = match fits {
            Ok(frame) => frame,
            Err(other) => return Ok(Step::Again(other)),
        };
        let (n, d, k) = (stats.count, frame.shift.len(), self.goal.k);
        let mean: Vec<f64> = stats.sum.iter().map(|sum| sum / n).collect();
        let freedom = (n - 1.0).max(1.0);
        let mut lower = stats.product.clone();
        let mut rest = lower.as_mut_slice();
        for i in 0..d {
            let (row, below) = rest.split_at_mut(i + 1);
            row.iter_mut().zip(&mean).for_each(|(cell, other)| *cell = (*cell - n * mean[i] * other) / freedom);
            rest = below;
        }
        run.check()?;
        let covariance = from_lower(&lower, d);
        let total = (0..d).map(|i| covariance[i * d + i].max(0.0)).sum();
        let eigen = symmetric_eigen(&covariance, d, k, || run.check())?;
        let components = Matrix::new(k, d, eigen.vectors.iter().map(|&v| v as f32).collect())?;
        let stored: Vec<f64> = components.as_slice().iter().map(|&value| f64::from(value)).collect();
        let mut images = vec![0.0; k * d];
        let (stored, covariance) = (MatRef::from_row_major_slice(&stored, k, d), MatRef::from_row_major_slice(&covariance, d, d));
        multiply(MatMut::from_row_major_slice_mut(&mut images, k, d), Accum::Replace, stored, covariance, 1.0);
        Ok(Step::Done(Learned::within(&frame, &stats, &mean, components, &images, total, self.goal)))
    }
}
