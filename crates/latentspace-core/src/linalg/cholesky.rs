//! The Cholesky decomposition of a symmetric matrix, in f64 on one thread.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::cholesky::llt::inverse::{inverse, inverse_scratch};
use faer::{Mat, MatRef, Par};

/// A lower triangle L with L L' the matrix.
#[derive(Debug, Clone)]
pub struct Cholesky {
    lower: Mat<f64>,
}

impl Cholesky {
    /// Of a symmetric matrix `[n, n]`, of which the lower half is read; none if it is not positive definite. Cost: n³/3 flops.
    pub fn of(matrix: MatRef<'_, f64>) -> Option<Self> {
        let n = matrix.nrows();
        let mut lower = matrix.to_owned();
        let mut room = MemBuffer::new(cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default()));
        cholesky_in_place(lower.as_mut(), Default::default(), Par::Seq, MemStack::new(&mut room), Default::default()).ok()?;
        // The library leaves what it worked with above the diagonal.
        let lower = Mat::from_fn(n, n, |i, j| if i >= j { lower[(i, j)] } else { 0.0 });
        (0..n).all(|at| lower[(at, at)].is_finite()).then_some(Cholesky { lower })
    }

    /// L, `[n, n]`.
    pub fn lower(&self) -> MatRef<'_, f64> {
        self.lower.as_ref()
    }

    /// The logarithm of the determinant.
    pub fn log_determinant(&self) -> f64 {
        2.0 * (0..self.lower.nrows()).map(|at| self.lower[(at, at)].ln()).sum::<f64>()
    }

    /// The inverse of the matrix, `[n, n]`. Cost: 2/3 n³ flops.
    pub fn inverse(&self) -> Mat<f64> {
        let n = self.lower.nrows();
        let mut out = Mat::zeros(n, n);
        let mut room = MemBuffer::new(inverse_scratch::<f64>(n, Par::Seq));
        inverse(out.as_mut(), self.lower.as_ref(), Par::Seq, MemStack::new(&mut room));
        for j in 0..n {
            for i in 0..j {
                out[(i, j)] = out[(j, i)];
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_times_the_matrix_is_the_identity() {
        for n in [1, 3, 70] {
            let any = Mat::from_fn(n, n, |i, j| ((i * n + j) as f64 * 0.7).sin());
            let matrix = &any * any.transpose() + Mat::<f64>::identity(n, n);
            let found = Cholesky::of(matrix.as_ref()).unwrap();
            let whole = found.inverse() * &matrix;
            assert!((whole - Mat::<f64>::identity(n, n)).norm_max() < 1e-9, "{n}");
            assert!((found.lower() * found.lower().transpose() - &matrix).norm_max() < 1e-9, "{n}");
        }
    }

    #[test]
    fn a_determinant_of_two_rows() {
        let matrix = Mat::from_fn(2, 2, |i, j| if i == j { 2.0 } else { 1.0 });
        assert!((Cholesky::of(matrix.as_ref()).unwrap().log_determinant() - 3.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn an_indefinite_matrix_has_none() {
        assert!(Cholesky::of(Mat::from_fn(2, 2, |i, j| if i == j { 1.0 } else { 2.0 }).as_ref()).is_none());
        assert!(Cholesky::of(Mat::from_fn(2, 2, |_, _| f64::NAN).as_ref()).is_none());
    }
}
