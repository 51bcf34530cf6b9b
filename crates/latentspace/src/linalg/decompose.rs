//! Decompositions of small dense matrices, in f64.

use faer::linalg::matmul::matmul;
use faer::linalg::solvers::SelfAdjointEigen;
use faer::{Accum, ColRef, Mat, MatRef, Par, Side};

use crate::error::{Error, Result};
use crate::random::Random;

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
/// Few of many are found in a block Krylov space (Golub and Underwood 1977, doi:10.1016/B978-0-12-587260-7.50018-2), to residuals of 1e-9
/// of the largest eigenvalue; otherwise, and where that space grows too large, the whole matrix is decomposed: about 9 d³ flops.
///
/// # Errors
/// [`Error::Internal`] if the matrix holds what is no number.
pub fn symmetric_eigen(matrix: &[f64], d: usize, count: usize) -> Result<Eigen> {
    let count = count.min(d);
    if is_few_of_many(d, count) {
        // By columns, as the library has it; a symmetric matrix is the same either way.
        if let Some(eigen) = few_of_many(MatRef::from_column_major_slice(matrix, d, d), count)? {
            return Ok(eigen);
        }
    }
    let eigen = decompose(MatRef::from_column_major_slice(matrix, d, d))?;
    let (values, vectors) = (eigen.S().column_vector(), eigen.U());
    // faer sorts ascending.
    let columns: Vec<usize> = (0..count).map(|i| d - 1 - i).collect();
    Ok(Eigen::of(columns.iter().map(|&i| values[i]).collect(), columns.iter().map(|&i| vectors.col(i))))
}

/// What [`symmetric_eigen`] takes beside the matrix.
pub struct EigenCost {
    /// Bytes at the peak.
    pub bytes: u64,
    /// Multiply-adds in f64.
    pub flops: f64,
}

/// What the `count` largest eigenvalues of a `[d, d]` matrix will take.
pub fn eigen_cost(d: usize, count: usize) -> EigenCost {
    let (square, n) = (8 * (d * d) as u64, d as f64);
    if !is_few_of_many(d, count) {
        return EigenCost { bytes: 3 * square, flops: 4.5 * n.powi(3) };
    }
    // A basis of half the size, and the matrix within it.
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
    // Square by square, so that what is read down a column stays in the cache.
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

fn decompose(lower: MatRef<'_, f64>) -> Result<SelfAdjointEigen<f64>> {
    let d = lower.nrows();
    let failed = |error| Error::internal(format!("the eigenvalues of a {d} x {d} matrix did not converge: {error:?}"));
    lower.self_adjoint_eigen(Side::Lower).map_err(failed)
}

/// Directions that the Krylov space grows by.
pub(crate) const BLOCK: usize = 12;
/// Directions up to which the space is looked at whenever it has grown.
const SMALL: usize = 6 * BLOCK;
/// A matrix this many times larger than what is asked of it is worth a Krylov space.
const FEW_OF_MANY: usize = 6;
/// Residuals at which an eigenvector is taken, in parts of the largest eigenvalue: far below the 1e-7 to which sums of f32 are known.
const RESIDUAL: f64 = 1e-9;

fn is_few_of_many(d: usize, count: usize) -> bool {
    d >= FEW_OF_MANY * (count + BLOCK)
}

/// The size at which most spaces hold what is sought, so that they are looked at once: looking costs as much as five steps.
fn look_at(count: usize) -> usize {
    4 * count + BLOCK
}

/// None if the Krylov space would grow beyond half of the whole.
fn few_of_many(matrix: MatRef<'_, f64>, count: usize) -> Result<Option<Eigen>> {
    let d = matrix.nrows();
    let (eigen, residual) = largest_eigen(d, count, BLOCK, d / 2 / BLOCK, RESIDUAL, |vectors| Ok(matrix * vectors))?;
    Ok((residual <= RESIDUAL).then_some(eigen))
}

/// The `count` largest eigenvalues and their vectors of a symmetric operator on vectors of `d` numbers, given by what it does to a block
/// `[d, block]` of them: block Lanczos with full orthogonalisation (Golub and Underwood 1977). It ends when no residual is more than `residual`
/// times the largest eigenvalue, or after `steps` blocks; what it was then is told beside them. Eigenvalues that are
/// equal are found as often as there are, up to `block` times.
///
/// # Errors
/// What `apply` says, or [`Error::Internal`] if it gives what is no number.
pub(crate) fn largest_eigen(
    d: usize,
    count: usize,
    block: usize,
    steps: usize,
    residual: f64,
    mut apply: impl FnMut(MatRef<'_, f64>) -> Result<Mat<f64>>,
) -> Result<(Eigen, f64)> {
    let most = steps.max(1) * block;
    let random = Random::new(0, "krylov start");
    let start = Mat::from_fn(d, block, |i, j| random.normal(j as u64, i as u64));
    let mut basis = Mat::<f64>::zeros(d, most + block);
    let start = orthonormal(&start, basis.subcols(0, 0))?;
    basis.subcols_mut(0, block).copy_from(&start);
    // The operator within the basis.
    let mut inner = Mat::<f64>::zeros(most, most);
    let mut size = 0;
    let mut look_at = look_at(count).min(most);
    loop {
        let mut image = apply(basis.subcols(size, block))?;
        size += block;
        let known = basis.subcols(0, size);
        let within = product(known.transpose(), image.as_ref());
        inner.submatrix_mut(0, size - block, size, block).copy_from(&within);
        subtract(&mut image, known, within.as_ref());
        // Once more: what rounding left along the basis.
        let left = product(known.transpose(), image.as_ref());
        subtract(&mut image, known, left.as_ref());
        let next = orthonormal(&image, known)?;
        let rest = product(next.transpose(), image.as_ref());
        if size >= look_at {
            let small = Mat::from_fn(size, size, |i, j| inner[(i.min(j), i.max(j))]);
            let eigen = decompose(small.as_ref())?;
            let (values, vectors) = (eigen.S().column_vector(), eigen.U());
            let wanted = vectors.subcols(size - count, count);
            let residuals = &rest * wanted.subrows(size - block, block);
            let largest = values[size - 1].abs().max(f64::MIN_POSITIVE);
            let worst = (0..count).map(|i| residuals.col(i).norm_l2() / largest).fold(0.0, f64::max);
            if worst <= residual || size == most {
                let full = product(known, wanted);
                let values = (0..count).map(|i| values[size - 1 - i]).collect();
                return Ok((Eigen::of(values, (0..count).rev().map(|i| full.col(i))), worst));
            }
            // A small space is looked at in no time.
            look_at = (size + if size < SMALL { block } else { 3 * block }).min(most);
        }
        basis.subcols_mut(size, block).copy_from(&next);
    }
}

// Tall and thin products, on one thread: they are short, and so their sums have one order.

fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    matmul(out.as_mut(), Accum::Replace, a, b, 1.0, Par::Seq);
    out
}

/// Takes `a b` from `from`.
fn subtract(from: &mut Mat<f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    matmul(from.as_mut(), Accum::Add, a, b, -1.0, Par::Seq);
}

/// Orthonormal columns that span those of `vectors` beside `known`, which are orthonormal; 0 where there are not as many.
fn orthonormal(vectors: &Mat<f64>, known: MatRef<'_, f64>) -> Result<Mat<f64>> {
    /// Squared lengths below this, in parts of the largest, are what rounding left.
    const NOTHING: f64 = 1e-15;
    let mut out = vectors.clone();
    // The first time brings all to one length, which shows what is left along each other and along what is known.
    for _ in 0..3 {
        // Columns of one length first: their squares may be far apart.
        for column in out.col_iter_mut() {
            let length = column.norm_l2();
            let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
            column.iter_mut().for_each(|value| *value *= scale);
        }
        let eigen = decompose(product(out.transpose(), out.as_ref()).as_ref())?;
        let (values, turn) = (eigen.S().column_vector(), eigen.U());
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(*value));
        let scale = |value: f64| if value > NOTHING * largest { 1.0 / value.sqrt() } else { 0.0 };
        let turn = Mat::from_fn(turn.nrows(), turn.ncols(), |i, j| turn[(i, j)] * scale(values[j]));
        out = product(out.as_ref(), turn.as_ref());
        let along = product(known.transpose(), out.as_ref());
        subtract(&mut out, known, along.as_ref());
    }
    Ok(out)
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

/// A vector and its negative are equally good: the entry of largest magnitude (the first of equal ones) is made positive.
fn fix_sign(vector: &mut [f64]) {
    let largest = vector.iter().fold(0.0_f64, |best, &value| if value.abs() > best.abs() { value } else { best });
    if largest < 0.0 {
        vector.iter_mut().for_each(|value| *value = -*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eigenvectors_of_a_known_matrix() {
        // [[2, 1], [1, 2]] has 3 along (1, 1) and 1 along (1, -1).
        let eigen = symmetric_eigen(&from_lower(&[2.0, 1.0, 2.0], 2), 2, 2).unwrap();
        assert!((eigen.values[0] - 3.0).abs() < 1e-12 && (eigen.values[1] - 1.0).abs() < 1e-12);
        assert!((eigen.vectors[0] - 0.5_f64.sqrt()).abs() < 1e-12);
        assert!((eigen.vectors[2].abs() - 0.5_f64.sqrt()).abs() < 1e-12);
        assert!((eigen.vectors[2] + eigen.vectors[3]).abs() < 1e-12);
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
            let eigen = symmetric_eigen(&rows, d, 10).unwrap();
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
