//! Sparse symmetric matrices, and their smallest eigenvalues.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::linalg::cholesky::{CholeskySymbolicParams, LltRef, SymbolicCholesky, SymmetricOrdering, factorize_symbolic_cholesky};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, MatMut, MatRef, Par, Side};
use rayon::prelude::*;

use super::decompose::{Eigen, largest_eigen, symmetric_eigen};
use crate::error::{Error, Result};
use crate::run::Run;

/// A symmetric matrix, by the columns of its lower half.
#[derive(Debug, Clone)]
pub struct Sparse {
    /// `[n + 1]`: column j has the entries `starts[j]..starts[j + 1]`.
    starts: Vec<usize>,
    /// Ascending in each column, from the diagonal on, which is always there.
    rows: Vec<usize>,
    values: Vec<f64>,
}

/// The smallest eigenvalues of a sparse matrix.
#[derive(Debug, Clone)]
pub struct Smallest {
    /// `[count]`, ascending.
    pub values: Vec<f64>,
    /// `[count, n]`, row-major: row i is the unit eigenvector of `values[i]`, its entry of largest magnitude positive.
    pub vectors: Vec<f64>,
    /// |Mx - λx| of each.
    pub residuals: Vec<f64>,
}

/// Columns that are put in order together: borders depend on nothing but the number of rows.
const BLOCK: usize = 1024;
/// What is added to the diagonal, in parts of its largest entry, so that a matrix of eigenvalue 0 can be solved with: as little as rounding allows,
/// since eigenvalues of 1e-13 are sought; ten times as much where that does not do, and so on.
const LEAST_SHIFT: f64 = 1e-16;
const MOST_SHIFT: f64 = 1e-8;
/// Residuals of eigenvectors of the inverse, in parts of its largest eigenvalue.
const RESIDUAL: f64 = 1e-10;
/// Blocks of the Krylov space at most, beside one for every two eigenvalues.
const STEPS: usize = 6;
/// Matrices up to this size are decomposed as a whole.
const SMALL: usize = 400;

impl Sparse {
    /// The matrix `[n, n]` that sums up these entries (row, column, value), given for both halves or either; equal places are added in the
    /// order in which they are given.
    pub fn sum(n: usize, entries: &[(u32, u32, f64)]) -> Self {
        let place = |&(row, column, _): &(u32, u32, f64)| (row.max(column), row.min(column) as usize);
        let mut ends = vec![0; n + 1];
        (0..n).for_each(|column| ends[column + 1] = 1);
        entries.iter().for_each(|entry| ends[place(entry).1 + 1] += 1);
        (0..n).for_each(|column| ends[column + 1] += ends[column]);
        // The diagonal first, as 0.
        let mut sorted = vec![(0_u32, 0.0); entries.len() + n];
        let mut next = ends[..n].to_vec();
        (0..n).for_each(|column| sorted[next[column]] = (column as u32, 0.0));
        next.iter_mut().for_each(|next| *next += 1);
        for entry in entries {
            let (row, column) = place(entry);
            sorted[next[column]] = (row, entry.2);
            next[column] += 1;
        }
        let columns = |block: usize| {
            let (mut lengths, mut rows, mut values) = (Vec::with_capacity(BLOCK), Vec::new(), Vec::new());
            let mut own: Vec<(u32, f64)> = Vec::new();
            for column in block * BLOCK..((block + 1) * BLOCK).min(n) {
                own.clear();
                own.extend_from_slice(&sorted[ends[column]..ends[column + 1]]);
                own.sort_by_key(|entry| entry.0);
                let before = rows.len();
                for &(row, value) in &own {
                    if rows.len() > before && rows.last() == Some(&(row as usize)) {
                        if let Some(last) = values.last_mut() {
                            *last += value;
                        }
                    } else {
                        rows.push(row as usize);
                        values.push(value);
                    }
                }
                lengths.push(rows.len() - before);
            }
            (lengths, rows, values)
        };
        let blocks: Vec<_> = (0..n.div_ceil(BLOCK)).into_par_iter().map(columns).collect();
        let mut matrix = Sparse { starts: vec![0], rows: Vec::new(), values: Vec::new() };
        for (lengths, rows, values) in blocks {
            for length in lengths {
                let start = matrix.starts[matrix.starts.len() - 1];
                matrix.starts.push(start + length);
            }
            matrix.rows.extend(rows);
            matrix.values.extend(values);
        }
        matrix
    }

    /// Rows, and columns.
    pub fn size(&self) -> usize {
        self.starts.len() - 1
    }

    /// Entries of the lower half, the diagonal included.
    pub fn entries(&self) -> usize {
        self.values.len()
    }

    /// The matrix times a vector.
    pub fn times(&self, vector: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; vector.len()];
        for column in 0..self.size() {
            let mut sum = 0.0;
            for at in self.starts[column]..self.starts[column + 1] {
                let (row, value) = (self.rows[at], self.values[at]);
                sum += value * vector[row];
                if row != column {
                    out[row] += value * vector[column];
                }
            }
            out[column] += sum;
        }
        out
    }

    /// The `count` smallest eigenvalues of a matrix without negative ones, and their vectors, beside `known`: a unit eigenvector of eigenvalue
    /// 0, which is left out. By the inverse: the matrix is factored once (approximate minimum degree, by supernodes), then solved with some
    /// ten times for a dozen vectors; so residuals are those of rounding, however close to 0 the eigenvalues lie. `most` is the number of
    /// entries that its factor may have: none if there are more.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; [`Error::Internal`] if it holds what is no number.
    pub fn smallest_eigen(&self, known: &[f64], count: usize, most: usize, run: &Run) -> Result<Option<Smallest>> {
        let n = self.size();
        let count = count.min(n.saturating_sub(1));
        if n <= SMALL {
            return self.named(&self.whole(known, count)?).map(Some);
        }
        run.progress("factor", 0, 1);
        let Some(factor) = Factor::new(self, most)? else { return Ok(None) };
        run.progress("factor", 1, 1);
        run.check()?;
        let project = |mut vectors: MatMut<'_, f64>| {
            for column in 0..vectors.ncols() {
                let along: f64 = known.iter().enumerate().map(|(row, known)| known * vectors[(row, column)]).sum();
                known.iter().enumerate().for_each(|(row, known)| vectors[(row, column)] -= along * known);
            }
        };
        let inverse = |vectors: MatRef<'_, f64>| {
            run.check()?;
            let mut image = vectors.to_owned();
            project(image.as_mut());
            factor.solve(image.as_mut());
            project(image.as_mut());
            Ok(image)
        };
        // Where eigenvalues are so small that solving is known to few digits, what is left after all steps is what rounding leaves.
        let (Eigen { vectors, .. }, _) = largest_eigen(n, count, STEPS + count / 2, RESIDUAL, inverse)?;
        self.named(&vectors).map(Some)
    }

    /// The eigenvectors of the `count` smallest eigenvalues beside `known`, by the whole matrix.
    fn whole(&self, known: &[f64], count: usize) -> Result<Vec<f64>> {
        let n = self.size();
        // What is known goes to the other end; then the smallest are the largest of the negative.
        let far = 2.0 * (0..n).map(|column| self.values[self.starts[column]]).sum::<f64>() + 1.0;
        let mut negative: Vec<f64> = (0..n * n).map(|at| -far * known[at / n] * known[at % n]).collect();
        for column in 0..n {
            for at in self.starts[column]..self.starts[column + 1] {
                let (row, value) = (self.rows[at], self.values[at]);
                negative[row * n + column] -= value;
                if row != column {
                    negative[column * n + row] -= value;
                }
            }
        }
        let all = symmetric_eigen(&negative, n, n)?;
        Ok(all.vectors[..count * n].to_vec())
    }

    /// These eigenvectors with their eigenvalues and residuals.
    fn named(&self, vectors: &[f64]) -> Result<Smallest> {
        let (mut values, mut residuals) = (Vec::new(), Vec::new());
        for vector in vectors.chunks_exact(self.size().max(1)) {
            let image = self.times(vector);
            let value: f64 = image.iter().zip(vector).map(|(image, own)| image * own).sum();
            let residual: f64 = image.iter().zip(vector).map(|(image, own)| (image - value * own).powi(2)).sum();
            values.push(value);
            residuals.push(residual.sqrt());
        }
        Ok(Smallest { values, vectors: vectors.to_vec(), residuals })
    }
}

/// A factored matrix.
struct Factor {
    symbolic: SymbolicCholesky<usize>,
    values: Vec<f64>,
}

impl Factor {
    /// L Lᵀ of the matrix, its diagonal raised; none if L has more than `most` entries.
    fn new(matrix: &Sparse, most: usize) -> Result<Option<Self>> {
        let n = matrix.size();
        let failed = |error: String| Error::internal(format!("a sparse {n} x {n} matrix was not factored: {error}"));
        let pattern = SymbolicSparseColMatRef::new_checked(n, n, &matrix.starts, None, &matrix.rows);
        let symbolic = factorize_symbolic_cholesky(pattern, Side::Lower, SymmetricOrdering::Amd, CholeskySymbolicParams::default())
            .map_err(|error| failed(format!("{error:?}")))?;
        if symbolic.len_val() > most {
            return Ok(None);
        }
        let largest = (0..n).map(|column| matrix.values[matrix.starts[column]]).fold(f64::MIN_POSITIVE, f64::max);
        let mut values = vec![0.0; symbolic.len_val()];
        // One thread: sums have one order.
        let mut room = MemBuffer::new(symbolic.factorize_numeric_llt_scratch::<f64>(Par::Seq, Default::default()));
        let mut shift = LEAST_SHIFT;
        loop {
            let mut raised = matrix.values.clone();
            (0..n).for_each(|column| raised[matrix.starts[column]] += shift * largest);
            let done = symbolic.factorize_numeric_llt::<f64>(
                &mut values,
                SparseColMatRef::new(pattern, &raised),
                Side::Lower,
                Default::default(),
                Par::Seq,
                MemStack::new(&mut room),
                Default::default(),
            );
            match done {
                Ok(_) => break,
                // What rounding made of an eigenvalue of 0.
                Err(_) if shift < MOST_SHIFT => shift *= 10.0,
                Err(error) => return Err(failed(format!("{error:?}"))),
            }
        }
        Ok(Some(Factor { symbolic, values }))
    }

    /// Solves for each column, in place: one half of them beside the other, on however many threads.
    fn solve(&self, vectors: MatMut<'_, f64>) {
        let half = vectors.ncols() / 2;
        let solve = |vectors: MatMut<'_, f64>| {
            let mut room = MemBuffer::new(self.symbolic.solve_in_place_scratch::<f64>(vectors.ncols(), Par::Seq));
            LltRef::new(&self.symbolic, &self.values).solve_in_place_with_conj(Conj::No, vectors, Par::Seq, MemStack::new(&mut room));
        };
        let (first, second) = vectors.split_at_col_mut(half);
        rayon::join(|| solve(first), || solve(second));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vibrations_of_a_path_are_known() {
        // The Laplacian of a path of n has the eigenvalues 2 - 2 cos(πk/n).
        let n = 3000;
        let mut entries = Vec::new();
        for i in 0..n - 1 {
            entries.extend([(i, i, 1.0), (i + 1, i + 1, 1.0), (i, i + 1, -0.5), (i + 1, i, -0.5)]);
        }
        let matrix = Sparse::sum(n as usize, &entries);
        assert_eq!(matrix.entries(), 2 * n as usize - 1);
        let known = vec![1.0 / f64::from(n).sqrt(); n as usize];
        let run = Run::new(0, 2).unwrap();
        let found = matrix.smallest_eigen(&known, 5, usize::MAX, &run).unwrap().unwrap();
        for k in 1..=5 {
            let wanted = 2.0 - 2.0 * (std::f64::consts::PI * f64::from(k as u32) / f64::from(n)).cos();
            assert!((found.values[k - 1] / wanted - 1.0).abs() < 1e-6, "{k}: {} {wanted}", found.values[k - 1]);
            assert!(found.residuals[k - 1] < 1e-9, "{k}: {}", found.residuals[k - 1]);
            let vector = &found.vectors[(k - 1) * n as usize..][..n as usize];
            let wave = |i: usize| (std::f64::consts::PI * k as f64 * (i as f64 + 0.5) / f64::from(n)).cos() * (2.0 / f64::from(n)).sqrt();
            let cosine: f64 = vector.iter().enumerate().map(|(i, value)| value * wave(i)).sum();
            assert!(cosine.abs() > 1.0 - 1e-9, "{k}: {cosine}");
        }
        assert!(matrix.smallest_eigen(&known, 2, 100, &run).unwrap().is_none());
    }

    #[test]
    fn entries_of_one_place_are_added_whichever_half_they_are_in() {
        let matrix = Sparse::sum(3, &[(0, 2, 1.0), (2, 0, 2.0), (1, 1, 5.0), (2, 1, -1.0)]);
        assert_eq!(matrix.times(&[1.0, 10.0, 100.0]), [300.0, 50.0 - 100.0, 3.0 - 10.0]);
    }
}
