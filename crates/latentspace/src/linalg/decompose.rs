//! Decompositions of small dense matrices, in f64.

use faer::{Mat, MatRef, Side};

use crate::error::{Error, Result};

/// Eigenvalues and eigenvectors of a symmetric matrix, largest eigenvalue first.
#[derive(Debug, Clone)]
pub struct Eigen {
    /// `[count]`, descending.
    pub values: Vec<f64>,
    /// `[count, d]`, row-major: row i is the unit eigenvector of `values[i]`, its entry of largest magnitude positive.
    pub vectors: Vec<f64>,
}

/// The `count` largest eigenvalues and their vectors of a symmetric `[d, d]` matrix, given by its lower half (row-major).
///
/// Cost: about 9 d³ flops.
///
/// # Errors
/// [`Error::Internal`] if the matrix holds what is no number.
pub fn symmetric_eigen(matrix: &[f64], d: usize, count: usize) -> Result<Eigen> {
    let view = MatRef::from_row_major_slice(matrix, d, d);
    let eigen = view
        .self_adjoint_eigen(Side::Lower)
        .map_err(|error| Error::internal(format!("the eigenvalues of a {d} x {d} matrix did not converge: {error:?}")))?;
    let values = eigen.S().column_vector();
    let vectors = eigen.U();
    let count = count.min(d);
    // faer sorts ascending.
    let picked = |i: usize| d - 1 - i;
    let mut out = Eigen { values: Vec::with_capacity(count), vectors: Vec::with_capacity(count * d) };
    for i in 0..count {
        out.values.push(values[picked(i)]);
        let column = vectors.col(picked(i));
        let start = out.vectors.len();
        out.vectors.extend((0..d).map(|j| column[j]));
        fix_sign(&mut out.vectors[start..]);
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
    let mut out = Eigen { values: Vec::with_capacity(count), vectors: Vec::with_capacity(count * n) };
    for i in 0..count {
        out.values.push(values[i]);
        let start = out.vectors.len();
        out.vectors.extend((0..n).map(|j| right[(j, i)]));
        fix_sign(&mut out.vectors[start..]);
    }
    Ok(out)
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
        let eigen = symmetric_eigen(&[2.0, f64::NAN, 1.0, 2.0], 2, 2).unwrap();
        assert!((eigen.values[0] - 3.0).abs() < 1e-12 && (eigen.values[1] - 1.0).abs() < 1e-12);
        assert!((eigen.vectors[0] - 0.5_f64.sqrt()).abs() < 1e-12);
        assert!((eigen.vectors[2].abs() - 0.5_f64.sqrt()).abs() < 1e-12);
        assert!((eigen.vectors[2] + eigen.vectors[3]).abs() < 1e-12);
    }
}
