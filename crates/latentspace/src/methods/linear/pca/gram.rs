//! Through the inner products of the rows: for fewer rows than columns.

use std::sync::Arc;

use faer::{Accum, Mat, MatMut, MatRef};

use super::learned::{Goal, Learned, lost_of};
use crate::error::Result;
use crate::fold::{Fold, Step};
use crate::linalg::{Matrix, Points, complete, multiply, multiply_half, symmetric_eigen};
use crate::method::Shape;
use crate::methods::linear::frame::column_means;
use crate::methods::linear::measured::{Decodes, Loss};
use crate::parallel::*;
use crate::run::Run;

/// Axes of less than this part of the largest variance are sought anew, among what the axes before them leave: the eigenvectors of inner products
/// tell a direction only as far as its variance stands above the rounding of the largest.
const TRUSTED: f64 = 1e-6;
/// Less than this part of the variance is what rows of 32 bits cannot hold.
const NOTHING: f64 = 1e-16;

/// One round that gathers all rows: for fewer rows than columns.
pub(super) struct InnerProducts {
    pub(super) goal: Goal,
    /// How often each row counts; none: once.
    pub(super) weights: Option<Arc<[f32]>>,
}

impl Fold for InnerProducts {
    type State = ();
    type Stats = Vec<Matrix>;
    type Outcome = Learned;

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

    fn solve(&self, (): (), mut stats: Vec<Matrix>, run: &Run) -> Result<Step<(), Learned>> {
        let rows = if stats.len() == 1 { stats.remove(0) } else { Matrix::stacked(&stats)? };
        Ok(Step::Done(axes(&rows, self.goal, self.weights.as_deref(), run)?))
    }
}

/// Through the inner products of the centred rows, in f64.
fn axes(rows: &Matrix, goal: Goal, weights: Option<&[f32]>, run: &Run) -> Result<Learned> {
    let (n, d, k) = (rows.rows(), rows.cols(), goal.k);
    let weight = |row: usize| weights.map_or(1.0, |weights| f64::from(weights[row]));
    let counted = weights.map_or(n as f64, |_| (0..n).map(weight).sum());
    let mean = column_means(rows.view(), weights);
    let origin = if goal.centered { mean.clone() } else { vec![0.0; d] };
    let mut left = vec![0.0; n * d];
    left.par_chunks_mut(d).enumerate().for_each(|(row, out)| {
        let root = weight(row).sqrt();
        out.iter_mut().zip(rows.row(row)).zip(&origin).for_each(|((out, &cell), mean)| *out = root * (f64::from(cell) - mean));
    });
    let freedom = (counted - 1.0).max(1.0);
    let total = left.iter().map(|value| value * value).sum::<f64>() / freedom;
    let (mut found, mut variances, mut axes) = (0, vec![0.0; k], vec![0.0; k * d]);
    while found < k {
        run.check()?;
        let mut inner = Mat::<f64>::zeros(n, n);
        let view = MatRef::from_row_major_slice(&left, n, d);
        multiply_half(inner.as_mut(), view);
        let symmetric: Vec<f64> = (0..n * n).map(|at| inner[((at / n).max(at % n), (at / n).min(at % n))] / freedom).collect();
        drop(inner);
        let eigen = symmetric_eigen(&symmetric, n, k - found, || run.check())?;
        let largest = eigen.values.first().copied().unwrap_or(0.0);
        let new = eigen.values.iter().take_while(|&&value| value > TRUSTED * largest && value > NOTHING * total).count();
        if new == 0 {
            break;
        }
        let fresh = &mut axes[found * d..(found + new) * d];
        let vectors = MatRef::from_row_major_slice(&eigen.vectors[..new * n], new, n);
        multiply(MatMut::from_row_major_slice_mut(fresh, new, d), Accum::Replace, vectors, view, 1.0);
        fresh.chunks_exact_mut(d).for_each(to_unit);
        variances[found..found + new].copy_from_slice(&eigen.values[..new]);
        found += new;
        if found < k {
            let fresh = MatRef::from_row_major_slice(&axes[(found - new) * d..found * d], new, d);
            let mut along = Mat::zeros(n, new);
            multiply(along.as_mut(), Accum::Replace, view, fresh.transpose(), 1.0);
            multiply(MatMut::from_row_major_slice_mut(&mut left, n, d), Accum::Add, along.as_ref(), fresh, -1.0);
        }
    }
    complete(&mut axes, d, |value| value);
    let components = Matrix::new(k, d, axes.into_iter().map(|value| value as f32).collect())?;
    let apart = |row: usize| rows.row(row).iter().zip(&mean).map(|(&cell, mean)| (f64::from(cell) - mean).powi(2)).sum::<f64>();
    let spread = (0..n).map(|row| weight(row) * apart(row)).sum::<f64>() / freedom;
    // All rows are here, and say what decoding loses.
    let loss = Loss { rows: counted, total: spread, lost: 0.0, is_resolved: false };
    let learned = Learned::of(mean, variances, components, total, loss, goal);
    let lost = lost_of(&learned.model, Points::Dense(rows.view()), weights)?;
    Ok(learned.with(&lost))
}

/// Gives a row the length 1, and makes its entry of largest magnitude positive.
fn to_unit(row: &mut [f64]) {
    let largest = row.iter().fold(0.0_f64, |best, &value| if value.abs() > best.abs() { value } else { best });
    let norm = row.iter().map(|value| value * value).sum::<f64>().sqrt();
    row.iter_mut().for_each(|value| *value *= largest.signum() / norm);
}
