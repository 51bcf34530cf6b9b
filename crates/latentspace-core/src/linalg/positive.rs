//! Linear systems with a positive definite matrix, by Cholesky's decomposition, in f64.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{MatMut, MatRef, Par};

use crate::error::{Error, Result};
use crate::parallel::*;

/// Right sides that one thread solves for at a time.
const COLUMNS: usize = 32;

/// Solves A x = b for the right sides `[count, n]`, row by row, each of which is replaced by its solution. A is `[n, n]`; its factor takes
/// its place. Cost: n³/3 flops on one thread, then 2 n² per right side on all. `check` is called between the parts.
///
/// # Errors
/// [`Error::Internal`] if A is not positive definite; errors of `check`.
pub fn solve_positive(matrix: &mut [f64], n: usize, right: &mut [f64], check: impl Fn() -> Result<()> + Sync) -> Result<()> {
    if n == 0 {
        return Ok(());
    }
    let factor = MatMut::from_column_major_slice_mut(&mut *matrix, n, n);
    let mut room = MemBuffer::new(cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default()));
    cholesky_in_place(factor, Default::default(), Par::Seq, MemStack::new(&mut room), Default::default())
        .map_err(|error| Error::internal(format!("a {n} x {n} matrix is not positive definite: {error:?}")))?;
    let factor = MatRef::from_column_major_slice(&*matrix, n, n);
    right.par_chunks_mut(COLUMNS * n).try_for_each(|sides| {
        check()?;
        let width = sides.len() / n;
        let mut sides = MatMut::from_column_major_slice_mut(sides, n, width);
        solve_lower_triangular_in_place(factor, sides.as_mut(), Par::Seq);
        solve_upper_triangular_in_place(factor.transpose(), sides, Par::Seq);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_solve_their_systems() {
        let n = 70;
        let cell = |i: usize, j: usize| (-((i as f64 - j as f64) / 9.0).powi(2)).exp() + if i == j { 0.1 } else { 0.0 };
        let matrix: Vec<f64> = (0..n * n).map(|at| cell(at / n, at % n)).collect();
        let right: Vec<f64> = (0..50 * n).map(|at| (at as f64 * 0.37).sin()).collect();
        let mut found = right.clone();
        solve_positive(&mut matrix.clone(), n, &mut found, || Ok(())).unwrap();
        for (x, b) in found.chunks_exact(n).zip(right.chunks_exact(n)) {
            for (row, b) in matrix.chunks_exact(n).zip(b) {
                assert!((row.iter().zip(x).map(|(a, x)| a * x).sum::<f64>() - b).abs() < 1e-9);
            }
        }
        assert!(solve_positive(&mut [-1.0], 1, &mut [1.0], || Ok(())).is_err());
    }
}
