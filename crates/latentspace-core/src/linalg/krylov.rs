//! Block Lanczos with full orthogonalization: the largest eigenvalues of a symmetric operator that is given by its products with a few vectors
//! at a time (Golub and Underwood 1977, doi:10.1016/B978-0-12-587260-7.50018-2).

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::decompose::{Eigen, decompose};
use super::double::multiply;
use super::orthonormal::complete;
use crate::error::Result;
use crate::random::Random;

/// Block size: number of directions that each step adds to the Krylov space.
pub const BLOCK: usize = 12;
/// Up to this size, convergence is checked after each step.
const SMALL: usize = 6 * BLOCK;
/// Rows per partial sum; partial sums are added along a tree.
const ROWS: usize = 8192;

/// The size at which most spaces have converged and are checked once: a check costs as much as five steps.
pub(super) fn look_at(count: usize) -> usize {
    4 * count + BLOCK
}

/// Tolerance of the residual |Mx - λx|.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// Relative to the largest eigenvalue.
    OfLargest(f64),
    /// Relative to the eigenvalue itself, or 1e-12 of the largest.
    OfEach(f64),
}

/// The state of block Lanczos.
pub struct Krylov {
    d: usize,
    count: usize,
    block: usize,
    /// Maximum size.
    most: usize,
    /// `[d, size + block]`, column by column: the orthonormal basis; the operator was not applied to its last block yet.
    basis: Vec<f64>,
    /// The projected operator: for each block of columns its rows down to the end of the block, column by column.
    inner: Vec<f64>,
    size: usize,
    look_at: usize,
}

/// Eigenpairs, and whether all are within the tolerance.
pub(crate) type Found = (Eigen, bool);

impl Krylov {
    /// Starts with a random block, for the `count` largest eigenvalues of an operator on vectors of length `d`, in at most `steps` blocks.
    ///
    /// # Errors
    /// None occur.
    pub fn new(d: usize, count: usize, block: usize, steps: usize) -> Result<Self> {
        let random = Random::new(0, "krylov start");
        Krylov::from(&Mat::from_fn(d, block, |i, j| random.normal(j as u64, i as u64)), count, steps)
    }

    /// The same from a start `[d, block]`: the nearer it is to the wanted vectors, the fewer steps they take.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if the start contains NaN or infinity.
    pub fn from(start: &Mat<f64>, count: usize, steps: usize) -> Result<Self> {
        let (d, block) = (start.nrows(), start.ncols());
        let most = steps.max(1) * block;
        let start = orthonormal(start, MatRef::from_column_major_slice(&[], d, 0))?;
        let mut krylov = Krylov { d, count, block, most, basis: Vec::new(), inner: Vec::new(), size: 0, look_at: look_at(count).min(most) };
        krylov.grow(&start);
        Ok(krylov)
    }

    /// The directions to apply the operator to, `[d, block]`.
    pub fn next(&self) -> MatRef<'_, f64> {
        MatRef::from_column_major_slice(&self.basis[self.size * self.d..], self.d, self.block)
    }

    /// The state as numbers: the basis, the projected operator, and the length of a vector, the number of eigenvalues and the size at the next
    /// check.
    pub fn numbers(&self) -> (&[f64], &[f64], [usize; 3]) {
        (&self.basis, &self.inner, [self.d, self.count, self.look_at])
    }

    /// Restores the state from [`Krylov::numbers`]; none if they are inconsistent.
    pub fn of_numbers(basis: Vec<f64>, inner: Vec<f64>, sizes: [usize; 3], block: usize, steps: usize) -> Option<Self> {
        let [d, count, look_at] = sizes;
        let blocks = (basis.len() / (d * block).max(1)).checked_sub(1)?;
        let size = blocks * block;
        let fits = basis.len() == (size + block) * d && inner.len() == block * block * blocks * (blocks + 1) / 2;
        fits.then(|| Krylov { d, count, block, most: steps.max(1) * block, basis, inner, size, look_at })
    }

    /// Number of directions that the operator was applied to.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Adds the image of [`Krylov::next`] under the operator; returns the eigenpairs when they are within `tolerance`, or the space has its maximum
    /// size. Multiple eigenvalues are found up to the block size.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if the image contains NaN or infinity.
    pub fn advance(&mut self, mut image: Mat<f64>, tolerance: Tolerance) -> Result<Option<Found>> {
        let Krylov { d, count, block, .. } = *self;
        self.size += block;
        let size = self.size;
        let known = MatRef::from_column_major_slice(&self.basis, d, size);
        let within = across(known, image.as_ref());
        self.inner.extend(within.col_iter().flat_map(|column| column.iter()));
        subtract(image.as_mut(), known, within.as_ref());
        let next = orthonormal(&image, known)?;
        if size >= self.look_at {
            let rest = across(next.as_ref(), image.as_ref());
            let small = Mat::from_fn(size, size, |i, j| self.within(i.min(j), i.max(j)));
            let eigen = decompose(small.as_ref(), count, &|| Ok(()))?;
            let (values, wanted) = (&eigen.values, eigen.vectors());
            let residuals = &rest * wanted.subrows(size - block, block);
            let largest = values[count - 1].abs().max(f64::MIN_POSITIVE);
            let residual = |i: usize| residuals.col(i).norm_l2();
            let is_within = |i: usize| match tolerance {
                Tolerance::OfLargest(part) => residual(i) <= part * largest,
                Tolerance::OfEach(part) => residual(i) <= (part * values[i].abs()).max(1e-12 * largest),
            };
            let are_within = (0..count).all(is_within);
            if size == self.most || are_within {
                let full = times(known, wanted);
                let values = values.iter().rev().copied().collect();
                let mut eigen = Eigen::of(values, (0..count).rev().map(|i| full.col(i)));
                // If the operator has no more nonzero eigenvalues, the space ends early.
                complete(&mut eigen.vectors, d, |value| value);
                return Ok(Some((eigen, are_within)));
            }
            // Checking a small space is cheap.
            self.look_at = (size + if size < SMALL { block } else { 3 * block }).min(self.most);
        }
        self.grow(&next);
        Ok(None)
    }

    fn grow(&mut self, next: &Mat<f64>) {
        self.basis.extend(next.col_iter().flat_map(|column| column.iter()));
    }

    /// An entry of the projected operator, the first direction before the second.
    fn within(&self, i: usize, j: usize) -> f64 {
        let (blocks, block) = (j / self.block, self.block);
        let before = block * block * blocks * (blocks + 1) / 2;
        self.inner[before + (j % block) * (blocks + 1) * block + i]
    }
}

/// The `count` largest eigenvalues and their vectors of a symmetric operator on vectors of length `d`, given by its product with a block
/// `[d, block]`. It ends when all residuals are at most `residual` times the largest eigenvalue, or after `steps` blocks, and returns
/// whether it converged. Multiple eigenvalues are found up to `block` times.
///
/// # Errors
/// Errors of `apply`, or [`crate::Error::Internal`] if it gives NaN or infinity.
pub fn largest_eigen(
    d: usize,
    count: usize,
    block: usize,
    steps: usize,
    residual: f64,
    mut apply: impl FnMut(MatRef<'_, f64>) -> Result<Mat<f64>>,
) -> Result<Found> {
    let mut krylov = Krylov::new(d, count, block, steps)?;
    loop {
        let image = apply(krylov.next())?;
        if let Some(found) = krylov.advance(image, Tolerance::OfLargest(residual))? {
            return Ok(found);
        }
    }
}

// Products of tall, thin matrices. The order of the sums depends only on the number of rows.

/// `aᵀ b`.
fn across(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let rows = a.nrows();
    if rows > ROWS {
        let half = rows.div_ceil(ROWS).next_power_of_two() / 2 * ROWS;
        let (a, b) = (a.split_at_row(half), b.split_at_row(half));
        let (mut top, bottom) = rayon::join(|| across(a.0, b.0), || across(a.1, b.1));
        top += bottom;
        return top;
    }
    let mut out = Mat::zeros(a.ncols(), b.ncols());
    across_into(out.as_mut(), a, b);
    out
}

/// Columns of `a` that one thread multiplies by at a time.
const COLUMNS: usize = 64;

/// `aᵀ b` of few rows.
fn across_into(out: MatMut<'_, f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    if a.ncols() <= COLUMNS {
        return matmul(out, Accum::Replace, a.transpose(), b, 1.0, Par::Seq);
    }
    let half = a.ncols().div_ceil(COLUMNS).next_power_of_two() / 2 * COLUMNS;
    let (out, a) = (out.split_at_row_mut(half), a.split_at_col(half));
    rayon::join(|| across_into(out.0, a.0, b), || across_into(out.1, a.1, b));
}

/// `a b`.
fn times(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    multiply(out.as_mut(), Accum::Replace, a, b, 1.0);
    out
}

/// Subtracts `a b` from `from`.
fn subtract(from: MatMut<'_, f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    multiply(from, Accum::Add, a, b, -1.0);
}

/// Orthonormalizes the columns of `vectors` against each other and against the orthonormal `known`; dependent columns become 0.
fn orthonormal(vectors: &Mat<f64>, known: MatRef<'_, f64>) -> Result<Mat<f64>> {
    /// Squared norms below this, relative to the largest, are rounding errors.
    const NOTHING: f64 = 1e-15;
    /// Vectors whose squared lengths differ by no more than this have become orthonormal to 1e-12 at once.
    const ALIKE: f64 = 1e-3;
    /// What is taken out along `known` leaves this part of itself squared.
    const LITTLE: f64 = 1e-8;
    let mut out = vectors.clone();
    // The first pass normalizes, which shows the remaining components along each other and along `known`.
    for _ in 0..3 {
        // Scale the columns first: their squared norms may differ by orders of magnitude.
        for column in out.col_iter_mut() {
            let length = column.norm_l2();
            let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
            column.iter_mut().for_each(|value| *value *= scale);
        }
        let eigen = decompose(across(out.as_ref(), out.as_ref()).as_ref(), out.ncols(), &|| Ok(()))?;
        let (values, turn) = (&eigen.values, eigen.vectors());
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(*value));
        let scale = |value: f64| if value > NOTHING * largest { 1.0 / value.sqrt() } else { 0.0 };
        let turn = Mat::from_fn(turn.nrows(), turn.ncols(), |i, j| turn[(i, j)] * scale(values[j]));
        out = times(out.as_ref(), turn.as_ref());
        let along = across(known, out.as_ref());
        subtract(out.as_mut(), known, along.as_ref());
        if values[0] > ALIKE * largest && along.norm_max() < LITTLE {
            break;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_orthonormal_beyond_the_rank() {
        // Rank 2 in 200 dimensions, 5 asked for: three of them have the eigenvalue 0.
        let d = 200;
        let random = Random::new(1, "directions");
        let factor = Mat::from_fn(d, 2, |i, j| random.normal(i as u64, j as u64));
        let apply = |vectors: MatRef<'_, f64>| Ok(&factor * (factor.transpose() * vectors));
        let (eigen, is_within) = largest_eigen(d, 5, BLOCK, 8, 1e-9, apply).unwrap();
        assert!(is_within && eigen.values[1] > 1.0 && eigen.values[2].abs() < 1e-9 * eigen.values[0], "{:?}", eigen.values);
        for (a, left) in eigen.vectors.chunks_exact(d).enumerate() {
            for (b, right) in eigen.vectors.chunks_exact(d).enumerate() {
                let inner: f64 = left.iter().zip(right).map(|(a, b)| a * b).sum();
                assert!((inner - f64::from(u8::from(a == b))).abs() < 1e-9, "{a} {b}: {inner}");
            }
        }
    }

    #[test]
    fn eigenvalues_far_apart_are_each_found_to_their_own_digits() {
        let d = 20_000;
        let apply = |vectors: MatRef<'_, f64>| Mat::from_fn(d, vectors.ncols(), |i, j| vectors[(i, j)] * 0.5_f64.powi(i.min(60) as i32));
        let mut krylov = Krylov::new(d, 20, BLOCK, 100).unwrap();
        let eigen = loop {
            if let Some((eigen, _)) = krylov.advance(apply(krylov.next()), Tolerance::OfEach(1e-3)).unwrap() {
                break eigen;
            }
        };
        for (i, value) in eigen.values.iter().enumerate() {
            assert!((value / 0.5_f64.powi(i as i32) - 1.0).abs() < 1e-5, "{i}: {value}");
        }
    }
}
