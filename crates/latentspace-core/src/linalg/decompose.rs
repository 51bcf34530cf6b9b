//! Decompositions of small dense matrices, in f64.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd_scratch, tridiagonal_self_adjoint_evd};
use faer::linalg::householder::{
    apply_block_householder_sequence_on_the_left_in_place_scratch, apply_block_householder_sequence_on_the_left_in_place_with_conj,
};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::{Col, ColRef, Conj, Mat, MatMut, MatRef, Par, Side};

use super::double::multiplied;
use super::krylov::{BLOCK, largest_eigen, look_at};
use crate::error::{Error, Result};
use crate::parallel::*;

/// Eigenvalues and eigenvectors of a symmetric matrix, largest eigenvalue first.
#[derive(Debug, Clone)]
pub struct Eigen {
    /// `[count]`, descending.
    pub values: Vec<f64>,
    /// `[count, d]`, row-major: row i is the unit eigenvector of `values[i]`, its entry of largest magnitude positive.
    pub vectors: Vec<f64>,
}

/// The `count` largest eigenvalues and their vectors of a symmetric `[d, d]` matrix, row-major.
///
/// A few of many are computed by block Lanczos (Golub and Underwood 1977, doi:10.1016/B978-0-12-587260-7.50018-2), to residuals of 1e-9
/// of the largest eigenvalue; otherwise, and if the Krylov space grows too large, the whole matrix is decomposed: about 9 d³ flops. `check` is
/// called between the parts of a decomposition, the longest of which takes half of its time.
///
/// # Errors
/// [`Error::Internal`] if the matrix contains NaN or infinity; errors of `check`.
pub fn symmetric_eigen(matrix: &[f64], d: usize, count: usize, check: impl Fn() -> Result<()> + Sync) -> Result<Eigen> {
    let count = count.min(d);
    if is_few_of_many(d, count) {
        // The library is column-major; a symmetric matrix is the same either way.
        if let Some(eigen) = few_of_many(MatRef::from_column_major_slice(matrix, d, d), count)? {
            return Ok(eigen);
        }
    }
    let eigen = decompose(MatRef::from_column_major_slice(matrix, d, d), count, &check)?;
    let vectors = eigen.vectors();
    let descending = || (0..count).rev();
    Ok(Eigen::of(descending().map(|i| eigen.values[i]).collect(), descending().map(|i| vectors.col(i))))
}

/// All eigenvalues of a symmetric `[d, d]` matrix, descending, without vectors: 4/3 d³ flops, half of them memory-bound.
///
/// # Errors
/// [`Error::Internal`] if the matrix contains NaN or infinity.
pub fn symmetric_eigenvalues(matrix: &[f64], d: usize) -> Result<Vec<f64>> {
    if d == 0 {
        return Ok(Vec::new());
    }
    let values = MatRef::from_column_major_slice(matrix, d, d).self_adjoint_eigenvalues(Side::Lower);
    let mut values =
        values.map_err(|error| Error::internal(format!("the eigenvalues of a {d} x {d} matrix did not converge: {error:?}")))?;
    values.reverse();
    Ok(values)
}

/// Cost of [`symmetric_eigen`], without the matrix.
pub struct EigenCost {
    /// Peak memory in bytes.
    pub bytes: u64,
    /// Multiply-adds in f64.
    pub flops: f64,
}

/// Cost of the `count` largest eigenvalues of a `[d, d]` matrix.
pub fn eigen_cost(d: usize, count: usize) -> EigenCost {
    let (square, n) = (8 * (d * d) as u64, d as f64);
    if !is_few_of_many(d, count) {
        return EigenCost { bytes: 3 * square, flops: 4.5 * n.powi(3) };
    }
    // A basis of half the size, and the projected matrix.
    let size = (look_at(count) + BLOCK) as f64;
    EigenCost { bytes: square * 3 / 4, flops: n * n * size + 2.0 * n * size * size + 4.5 * size.powi(3) }
}

/// A symmetric `[d, d]` matrix from its lower half, row by row.
pub fn from_lower(lower: &[f64], d: usize) -> Vec<f64> {
    let mut matrix = vec![0.0; d * d];
    let mut rest = lower;
    for i in 0..d {
        let (row, below) = rest.split_at(i + 1);
        matrix[i * d..][..=i].copy_from_slice(row);
        rest = below;
    }
    // By square blocks, so that column reads stay in the cache.
    const SQUARE: usize = 32;
    for top in (0..d).step_by(SQUARE) {
        for left in (0..=top).step_by(SQUARE) {
            for i in top..(top + SQUARE).min(d) {
                for j in left..(left + SQUARE).min(i) {
                    matrix[j * d + i] = matrix[i * d + j];
                }
            }
        }
    }
    matrix
}

impl Eigen {
    pub(super) fn of<'a>(values: Vec<f64>, columns: impl Iterator<Item = ColRef<'a, f64>>) -> Eigen {
        let mut vectors = Vec::new();
        for column in columns {
            let start = vectors.len();
            vectors.extend(column.iter());
            fix_sign(&mut vectors[start..]);
        }
        Eigen { values, vectors }
    }
}

/// The largest eigenvalues of a `[d, d]` matrix, ascending, and their vectors.
pub(super) struct Ascending {
    pub(super) values: Vec<f64>,
    /// `[d, count]`, column by column.
    cells: Vec<f64>,
    d: usize,
}

impl Ascending {
    /// The vectors as columns.
    pub(super) fn vectors(&self) -> MatRef<'_, f64> {
        MatRef::from_column_major_slice(&self.cells, self.d, self.values.len())
    }
}

/// Columns that one thread transforms back at a time.
const TURNED: usize = 128;

/// The `count` largest eigenvalues of a symmetric matrix, of which the lower half is read, and their vectors: reduction to tridiagonal form
/// (4/3 d³ flops, half of them memory-bound), divide and conquer, and back-transformation of the vectors.
pub(super) fn decompose(lower: MatRef<'_, f64>, count: usize, check: &(dyn Fn() -> Result<()> + Sync)) -> Result<Ascending> {
    let d = lower.nrows();
    if d == 0 {
        return Ok(Ascending { values: Vec::new(), cells: Vec::new(), d });
    }
    let size = recommended_block_size::<f64>(d, d);
    let (mut tridiagonal, mut reflections) = (lower.to_owned(), Mat::zeros(size, d - 1));
    let mut room = MemBuffer::new(tridiag_in_place_scratch::<f64>(d, Par::Seq, Default::default()));
    tridiag_in_place(tridiagonal.as_mut(), reflections.as_mut(), Par::Seq, MemStack::new(&mut room), Default::default());
    check()?;

    let diagonal = Col::from_fn(d, |i| tridiagonal[(i, i)]);
    let below = Col::from_fn(d, |i| if i + 1 < d { tridiagonal[(i + 1, i)] } else { 0.0 });
    let (values, vectors) = match of_tridiagonal(&diagonal, &below) {
        Some(found) => found,
        // The library compares an entry beside the diagonal with its neighbors on it: where all are rounding, as for a matrix of numerical rank 1,
        // it does not end. With the norm added to the diagonal they are compared with the norm.
        None => {
            let norm = diagonal.norm_max().max(below.norm_max());
            let shifted = Col::from_fn(d, |i| diagonal[i] + norm);
            let (mut values, vectors) = of_tridiagonal(&shifted, &below)
                .ok_or_else(|| Error::internal(format!("the eigenvalues of a {d} x {d} matrix did not converge")))?;
            values.iter_mut().for_each(|value| *value -= norm);
            (values, vectors)
        }
    };
    check()?;

    let mut cells: Vec<f64> = vectors.subcols(d - count, count).col_iter().flat_map(|column| column.iter().copied()).collect();
    drop(vectors);
    let basis = tridiagonal.submatrix(1, 0, d - 1, d - 1);
    cells.par_chunks_mut(TURNED * d).try_for_each(|columns| {
        check()?;
        let width = columns.len() / d;
        let mut room = MemBuffer::new(apply_block_householder_sequence_on_the_left_in_place_scratch::<f64>(d - 1, size, width));
        apply_block_householder_sequence_on_the_left_in_place_with_conj(
            basis,
            reflections.as_ref(),
            Conj::No,
            MatMut::from_column_major_slice_mut(columns, d, width).subrows_mut(1, d - 1),
            Par::Seq,
            MemStack::new(&mut room),
        );
        Ok(())
    })?;
    Ok(Ascending { values: values.iter().skip(d - count).copied().collect(), cells, d })
}

/// Eigenvalues, ascending, and vectors of a symmetric matrix from its diagonal and what stands below it; none if divide and conquer did not
/// converge.
fn of_tridiagonal(diagonal: &Col<f64>, below: &Col<f64>) -> Option<(Col<f64>, Mat<f64>)> {
    let d = diagonal.nrows();
    let (mut values, mut vectors) = (Col::<f64>::zeros(d), Mat::zeros(d, d));
    let mut room = MemBuffer::new(self_adjoint_evd_scratch::<f64>(d, ComputeEigenvectors::Yes, Par::Seq, Default::default()));
    tridiagonal_self_adjoint_evd(
        diagonal.as_diagonal(),
        below.as_diagonal(),
        values.as_diagonal_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut room),
        Default::default(),
    )
    .ok()?;
    Some((values, vectors))
}

/// Minimum ratio of the matrix size to the number of eigenvalues for block Lanczos.
const FEW_OF_MANY: usize = 6;
/// Tolerance of residuals relative to the largest eigenvalue: far below 1e-7, the accuracy of sums of f32.
const RESIDUAL: f64 = 1e-9;

/// Whether block Lanczos computes `count` eigenvalues of a `[d, d]` matrix faster than a full decomposition.
pub fn is_few_of_many(d: usize, count: usize) -> bool {
    d >= FEW_OF_MANY * (count + BLOCK)
}

/// Block Lanczos; none if the Krylov space would exceed half of the dimension.
fn few_of_many(matrix: MatRef<'_, f64>, count: usize) -> Result<Option<Eigen>> {
    let d = matrix.nrows();
    let (eigen, is_within) = largest_eigen(d, count, BLOCK, d / 2 / BLOCK, RESIDUAL, |vectors| Ok(multiplied(matrix, vectors)))?;
    Ok(is_within.then_some(eigen))
}

/// The thin singular value decomposition of a small `[m, n]` matrix (row-major, f64): singular values descending and the right vectors
/// `[min(m, n), n]`.
///
/// # Errors
/// [`Error::Internal`] if it did not converge.
pub fn thin_svd(matrix: &[f64], m: usize, n: usize) -> Result<Eigen> {
    let view: Mat<f64> = MatRef::from_row_major_slice(matrix, m, n).to_owned();
    let svd = view.thin_svd().map_err(|error| Error::internal(format!("the singular values did not converge: {error:?}")))?;
    let values = svd.S().column_vector();
    let right = svd.V();
    let count = m.min(n);
    Ok(Eigen::of((0..count).map(|i| values[i]).collect(), (0..count).map(|i| right.col(i))))
}

/// Fixes the arbitrary sign of a vector: the entry of largest magnitude (the first of equal ones) is made positive.
fn fix_sign(vector: &mut [f64]) {
    let largest = vector.iter().fold(0.0_f64, |best, &value| if value.abs() > best.abs() { value } else { best });
    if largest < 0.0 {
        vector.iter_mut().for_each(|value| *value = -*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_eigenvectors_of_a_known_matrix() {
        // [[2, 1], [1, 2]] has 3 along (1, 1) and 1 along (1, -1).
        let eigen = symmetric_eigen(&from_lower(&[2.0, 1.0, 2.0], 2), 2, 2, || Ok(())).unwrap();
        assert!((eigen.values[0] - 3.0).abs() < 1e-12 && (eigen.values[1] - 1.0).abs() < 1e-12);
        assert!((eigen.vectors[0] - 0.5_f64.sqrt()).abs() < 1e-12);
        assert!((eigen.vectors[2].abs() - 0.5_f64.sqrt()).abs() < 1e-12);
        assert!((eigen.vectors[2] + eigen.vectors[3]).abs() < 1e-12);
    }

    #[test]
    fn one_direction_and_rounding() {
        // All ones, as the kernel of rows that lie close together beside its width; and ones whose last bits differ.
        let d = 1000;
        for noise in [0.0, 1e-16, 1e-8] {
            let random = Random::new(4, "rounding");
            let cell = |i: usize, j: usize| 1.0 + noise * random.normal(i.max(j) as u64, i.min(j) as u64);
            let rows: Vec<f64> = (0..d * d).map(|at| cell(at / d, at % d)).collect();
            for count in [2, 100, d] {
                let eigen = symmetric_eigen(&rows, d, count, || Ok(())).unwrap();
                assert!(
                    (eigen.values[0] - d as f64).abs() < 1e-5 && eigen.values[1].abs() < 1e-5,
                    "{noise} {count} {:?}",
                    &eigen.values[..2]
                );
            }
        }
    }

    #[test]
    fn few_of_many_are_those_of_the_whole() {
        // A known spectrum, turned by a random rotation: slow decay, equal eigenvalues, and a matrix of rank 3.
        let d = 300;
        let random = Random::new(3, "rotation");
        let turn = Mat::from_fn(d, d, |i, j| random.normal(i as u64, j as u64)).qr().compute_thin_Q();
        let spectra: [fn(usize) -> f64; 3] =
            [|i| 0.97_f64.powi(i as i32), |i| if i < 4 { 2.0 } else { 1.0 / (i as f64) }, |i| if i < 3 { 1.0 } else { 0.0 }];
        for spectrum in spectra {
            let values = Mat::from_fn(d, d, |i, j| if i == j { spectrum(i) } else { 0.0 });
            let matrix = &turn * values * turn.transpose();
            let rows: Vec<f64> = (0..d * d).map(|at| matrix[(at / d, at % d)]).collect();
            let eigen = symmetric_eigen(&rows, d, 10, || Ok(())).unwrap();
            for i in 0..10 {
                assert!((eigen.values[i] - spectrum(i)).abs() < 1e-9, "{i}: {} {}", eigen.values[i], spectrum(i));
                let vector = &eigen.vectors[i * d..][..d];
                let residual: f64 =
                    (0..d).map(|r| ((0..d).map(|c| rows[r * d + c] * vector[c]).sum::<f64>() - eigen.values[i] * vector[r]).powi(2)).sum();
                let norm: f64 = vector.iter().map(|v| v * v).sum();
                assert!(residual.sqrt() < 1e-9 * spectrum(0) && (norm - 1.0).abs() < 1e-9, "{i}: residual {residual}, norm {norm}");
            }
        }
    }
}
