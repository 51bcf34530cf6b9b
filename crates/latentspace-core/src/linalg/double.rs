//! Matrix products in f64, in blocks on the pool of the calling thread. The blocks, and so the bits, depend only on the shapes.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Maximum number of rows and columns of a block.
const PIECE: usize = 512;

/// `to = factor · a · b`, or that added to it.
pub fn multiply(to: MatMut<'_, f64>, accum: Accum, a: MatRef<'_, f64>, b: MatRef<'_, f64>, factor: f64) {
    let (rows, cols) = (to.nrows(), to.ncols());
    if rows.max(cols) <= PIECE {
        matmul(to, accum, a, b, factor, Par::Seq);
    } else if rows >= cols {
        let half = middle(rows);
        let (to, a) = (to.split_at_row_mut(half), a.split_at_row(half));
        rayon::join(|| multiply(to.0, accum, a.0, b, factor), || multiply(to.1, accum, a.1, b, factor));
    } else {
        let half = middle(cols);
        let (to, b) = (to.split_at_col_mut(half), b.split_at_col(half));
        rayon::join(|| multiply(to.0, accum, a, b.0, factor), || multiply(to.1, accum, a, b.1, factor));
    }
}

/// `a · b`.
pub fn multiplied(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut to = Mat::zeros(a.nrows(), b.ncols());
    multiply(to.as_mut(), Accum::Replace, a, b, 1.0);
    to
}

/// `to = a · aᵀ`; only the lower triangle is valid.
pub fn multiply_half(to: MatMut<'_, f64>, a: MatRef<'_, f64>) {
    let rows = to.nrows();
    if rows <= PIECE {
        return matmul(to, Accum::Replace, a, a.transpose(), 1.0, Par::Seq);
    }
    let half = middle(rows);
    let ((top, _, corner, bottom), (above, below)) = (to.split_at_mut(half, half), a.split_at_row(half));
    let ends = || rayon::join(|| multiply_half(top, above), || multiply_half(bottom, below));
    rayon::join(ends, || multiply(corner, Accum::Replace, below, above.transpose(), 1.0));
}

fn middle(size: usize) -> usize {
    size.div_ceil(PIECE).next_power_of_two() / 2 * PIECE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_whole() {
        let a = Mat::from_fn(1300, 7, |i, j| ((i * 7 + j) as f64 * 0.7).sin());
        let b = Mat::from_fn(7, 700, |i, j| ((i * 700 + j) as f64 * 0.3).cos());
        let wanted = &a * &b;
        let mut found = wanted.clone();
        multiply(found.as_mut(), Accum::Add, a.as_ref(), b.as_ref(), 1.0);
        assert!((&found - &wanted * 2.0).norm_max() < 1e-12);
        let (mut half, whole) = (Mat::zeros(1300, 1300), &a * a.transpose());
        multiply_half(half.as_mut(), a.as_ref());
        assert!((0..1300).all(|i| (0..=i).all(|j| (half[(i, j)] - whole[(i, j)]).abs() < 1e-12)));
    }
}
