//! Through the covariance of the columns: the eigenvectors of a small matrix.

use faer::{Accum, MatMut, MatRef};

use super::learned::{Goal, Learned};
use crate::error::Result;
use crate::linalg::{Matrix, multiply, symmetric_eigen};
use crate::methods::linear::covariance::Covariance;
use crate::run::Run;

/// The components of largest variance, from the mean or from 0.
pub(super) fn components(mut covariance: Covariance, goal: Goal, run: &Run) -> Result<Learned> {
    if !goal.centered {
        covariance.add_mean();
    }
    let (d, k, total) = (covariance.cols(), goal.k, covariance.total());
    let eigen = symmetric_eigen(&covariance.matrix, d, k, || run.check())?;
    let components = Matrix::new(k, d, eigen.vectors.iter().map(|&v| v as f32).collect())?;
    let stored: Vec<f64> = components.as_slice().iter().map(|&value| f64::from(value)).collect();
    let mut images = vec![0.0; k * d];
    let (stored, matrix) = (MatRef::from_row_major_slice(&stored, k, d), MatRef::from_row_major_slice(&covariance.matrix, d, d));
    multiply(MatMut::from_row_major_slice_mut(&mut images, k, d), Accum::Replace, stored, matrix, 1.0);
    Ok(Learned::within(&covariance.frame, &covariance.moments, &covariance.mean, components, &images, total, goal))
}
