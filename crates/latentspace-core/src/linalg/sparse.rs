//! Sparse symmetric matrices, and their smallest eigenvalues.

use crate::parallel::*;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::perm::PermRef;
use faer::sparse::linalg::cholesky::supernodal::{SupernodalLltRef, SymbolicSupernodalCholesky};
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, LltRef, SymbolicCholesky, SymbolicCholeskyRaw, SymmetricOrdering, factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, MatMut, MatRef, Par, Side};

use super::decompose::{Eigen, symmetric_eigen};
use super::krylov::largest_eigen;
use crate::error::{Error, Result};
use crate::run::Run;

/// A symmetric matrix, stored by the columns of its lower triangle.
#[derive(Debug, Clone)]
pub struct Sparse {
    /// `[n + 1]`: column j has the entries `starts[j]..starts[j + 1]`.
    starts: Vec<usize>,
    /// Ascending in each column, from the diagonal on, which is always stored.
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

/// Columns per block of sorting; block borders depend only on the number of rows.
const BLOCK: usize = 1024;
/// Shift of the diagonal, relative to its largest entry, so that a singular matrix can be factored: as small as rounding allows,
/// since eigenvalues of 1e-13 are needed; increased tenfold after each failure.
const LEAST_SHIFT: f64 = 1e-16;
const MOST_SHIFT: f64 = 1e-8;
/// Tolerance of the residuals for the inverse, relative to its largest eigenvalue: the vectors have angles below 1e-7 to those of the dense solver.
const RESIDUAL: f64 = 1e-9;
/// Maximum number of steps of block Lanczos, in addition to one for every two eigenvalues.
const STEPS: usize = 6;
/// Matrices up to this size use the dense solver.
const SMALL: usize = 400;

impl Sparse {
    /// The matrix `[n, n]` from entries (row, column, value), given for both triangles or either; duplicates are added in the
    /// given order.
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

    /// Number of rows and columns.
    pub fn size(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of entries of the lower triangle, including the diagonal.
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

    /// The `count` smallest eigenvalues of a positive semidefinite matrix and their vectors, except `known`, a unit eigenvector of eigenvalue
    /// 0. By shift and invert: the matrix is factored once (approximate minimum degree, supernodal), then a few systems of a dozen vectors are
    /// solved; so eigenvalues near 0 are found. `most` is the maximum number of
    /// entries of the factor: none if it needs more.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; [`Error::Internal`] if it contains NaN or infinity.
    pub fn smallest_eigen(&self, known: &[f64], count: usize, most: usize, run: &Run) -> Result<Option<Smallest>> {
        let n = self.size();
        let count = count.min(n.saturating_sub(1));
        if n <= SMALL {
            return self.named(&self.whole(known, count)?).map(Some);
        }
        run.progress("factor", 0, 1);
        let Some(factor) = Factor::new(self, most)? else { return Ok(None) };
        run.progress("factor", 1, 1);
        run.progress("solve", 0, 1);
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
        // Small blocks need a smaller Krylov space; solving for four vectors takes the time of one.
        let block = if factor.has_supernodes() && count > 2 { LANES } else { (count + 2).clamp(FEW_LANES, LANES) };
        let steps = (STEPS + count / 2) * LANES / block;
        // For eigenvalues so small that solutions have few correct digits, the residual after all steps is rounding error.
        let (Eigen { values, vectors }, _) = largest_eigen(n, count, block, steps, RESIDUAL, &inverse)?;
        // One more inverse iteration, which removes rounding errors along large eigenvalues.
        let mut last = inverse(MatRef::from_column_major_slice(&vectors, n, count))?;
        last.col_iter_mut().for_each(|column| {
            let length = column.norm_l2().max(f64::MIN_POSITIVE);
            column.iter_mut().for_each(|value| *value /= length);
        });
        run.progress("solve", 1, 1);
        self.named(&Eigen::of(values, last.col_iter()).vectors).map(Some)
    }

    /// The eigenvectors of the `count` smallest eigenvalues except `known`, by the dense solver.
    fn whole(&self, known: &[f64], count: usize) -> Result<Vec<f64>> {
        let n = self.size();
        // Shift `known` to the other end of the spectrum; the smallest eigenvalues are the largest of the negative matrix.
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
        let all = symmetric_eigen(&negative, n, n, || Ok(()))?;
        Ok(all.vectors[..count * n].to_vec())
    }

    /// Eigenvectors with their eigenvalues and residuals.
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
    /// L Lᵀ of the matrix with a shifted diagonal; none if L has more than `most` entries.
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
        // One thread, so that sums have a fixed order.
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
                // A pivot of 0 with rounding error.
                Err(_) if shift < MOST_SHIFT => shift *= 10.0,
                Err(error) => return Err(failed(format!("{error:?}"))),
            }
        }
        Ok(Some(Factor { symbolic, values }))
    }

    /// Whether the factor is supernodal.
    fn has_supernodes(&self) -> bool {
        matches!(self.symbolic.raw(), SymbolicCholeskyRaw::Supernodal(_))
    }

    /// Solves for each column in place.
    fn solve(&self, mut vectors: MatMut<'_, f64>) {
        let (SymbolicCholeskyRaw::Supernodal(symbolic), Some(order)) = (self.symbolic.raw(), self.symbolic.perm()) else {
            let mut room = MemBuffer::new(self.symbolic.solve_in_place_scratch::<f64>(vectors.ncols(), Par::Seq));
            LltRef::new(&self.symbolic, &self.values).solve_in_place_with_conj(Conj::No, vectors, Par::Seq, MemStack::new(&mut room));
            return;
        };
        if vectors.ncols() <= FEW_LANES {
            self.solve_lanes::<FEW_LANES>(symbolic, order, vectors.as_mut());
        } else {
            self.solve_lanes::<LANES>(symbolic, order, vectors.as_mut());
        }
    }

    /// The same for as many columns at once as there are lanes.
    fn solve_lanes<const N: usize>(
        &self,
        symbolic: &SymbolicSupernodalCholesky<usize>,
        order: PermRef<'_, usize>,
        mut vectors: MatMut<'_, f64>,
    ) {
        let (order, place) = order.arrays();
        let mut lanes = vec![[0.0; N]; order.len()];
        for first in (0..vectors.ncols()).step_by(N) {
            let some = first..(first + N).min(vectors.ncols());
            for (lane, column) in some.clone().enumerate() {
                lanes.iter_mut().zip(order).for_each(|(lanes, &row)| lanes[lane] = vectors[(row, column)]);
            }
            self.substitute(symbolic, &mut lanes);
            for (lane, column) in some.enumerate() {
                place.iter().enumerate().for_each(|(row, &at)| vectors[(row, column)] = lanes[at][lane]);
            }
        }
    }

    /// Forward and backward substitution for as many columns at once as there are lanes. Limited by reading the factor twice; several rows of a
    /// supernode share the reads of the columns.
    fn substitute<const N: usize>(&self, symbolic: &SymbolicSupernodalCholesky<usize>, x: &mut [[f64; N]]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2. Without fused operations the results have the same bits as the portable ones.
            return unsafe { substitute_avx2(symbolic, &self.values, x) };
        }
        substitute(symbolic, &self.values, x);
    }
}

/// Number of columns that are solved together: the block size of Lanczos.
const LANES: usize = 12;
/// The same for few eigenvalues.
const FEW_LANES: usize = 4;
/// Rows or columns of a supernode that are processed together, with their sums in registers.
const TOGETHER: usize = 4;

#[inline(always)]
fn add<const L: usize>(sum: &mut [f64; L], l: f64, x: &[f64; L]) {
    for lane in 0..L {
        sum[lane] += l * x[lane];
    }
}

/// The products of some rows of a supernode, with columns of length `height`, with its own columns.
#[inline(always)]
fn rows<const N: usize, const L: usize>(l: &[f64], height: usize, from: usize, own: &[[f64; L]]) -> [[f64; L]; N] {
    let mut sums = [[0.0; L]; N];
    for (x, l) in own.iter().zip(l.chunks_exact(height)) {
        let l = &l[from..from + N];
        for i in 0..N {
            add(&mut sums[i], l[i], x);
        }
    }
    sums
}

/// The products of some columns of a supernode with the rows below it.
#[inline(always)]
fn columns<const N: usize, const L: usize>(l: &[f64], height: usize, from: usize, below: &[[f64; L]]) -> [[f64; L]; N] {
    let l: [&[f64]; N] = std::array::from_fn(|column| &l[column * height + from..][..below.len()]);
    let mut sums = [[0.0; L]; N];
    for (row, x) in below.iter().enumerate() {
        for i in 0..N {
            add(&mut sums[i], l[i][row], x);
        }
    }
    sums
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn substitute_avx2<const L: usize>(symbolic: &SymbolicSupernodalCholesky<usize>, values: &[f64], x: &mut [[f64; L]]) {
    substitute(symbolic, values, x);
}

#[inline(always)]
fn substitute<const L: usize>(symbolic: &SymbolicSupernodalCholesky<usize>, values: &[f64], x: &mut [[f64; L]]) {
    let factor = SupernodalLltRef::new(symbolic, values);
    let (begins, ends) = (symbolic.supernode_begin(), symbolic.supernode_end());
    let starts = symbolic.col_ptr_for_val();
    let block = |node: usize| &values[starts[node]..starts[node + 1]];
    for node in 0..symbolic.n_supernodes() {
        let below = factor.supernode(node).pattern();
        let (own, l) = (begins[node]..ends[node], block(node));
        let (size, height) = (own.len(), own.len() + below.len());
        for column in 0..size {
            let l = &l[column * height..][..height];
            let (done, rest) = x[own.start + column..own.end].split_at_mut(1);
            done[0].iter_mut().for_each(|value| *value /= l[column]);
            rest.iter_mut().zip(&l[column + 1..size]).for_each(|(rest, l)| add(rest, -l, &done[0]));
        }
        let whole = below.len() / TOGETHER * TOGETHER;
        for at in (0..whole).step_by(TOGETHER) {
            let sums = rows::<TOGETHER, L>(l, height, size + at, &x[own.clone()]);
            sums.iter().zip(&below[at..]).for_each(|(sums, &row)| add(&mut x[row], -1.0, sums));
        }
        for at in whole..below.len() {
            let [sums] = rows::<1, L>(l, height, size + at, &x[own.clone()]);
            add(&mut x[below[at]], -1.0, &sums);
        }
    }
    let mut under: Vec<[f64; L]> = Vec::new();
    for node in (0..symbolic.n_supernodes()).rev() {
        let below = factor.supernode(node).pattern();
        let (own, l) = (begins[node]..ends[node], block(node));
        let (size, height) = (own.len(), own.len() + below.len());
        under.clear();
        under.extend(below.iter().map(|&row| x[row]));
        let whole = size / TOGETHER * TOGETHER;
        for at in (0..whole).step_by(TOGETHER) {
            let sums = columns::<TOGETHER, L>(&l[at * height..], height, size, &under);
            x[own.start + at..].iter_mut().zip(&sums).for_each(|(value, sums)| add(value, -1.0, sums));
        }
        for at in whole..size {
            let [sums] = columns::<1, L>(&l[at * height..], height, size, &under);
            add(&mut x[own.start + at], -1.0, &sums);
        }
        for column in (0..size).rev() {
            let l = &l[column * height..][..size];
            let (left, done) = x[own.start + column..own.end].split_at_mut(1);
            done.iter().zip(&l[column + 1..]).for_each(|(done, l)| add(&mut left[0], -l, done));
            left[0].iter_mut().for_each(|value| *value /= l[column]);
        }
    }
}

#[cfg(test)]
mod tests {
    use faer::Mat;

    use super::*;

    #[test]
    fn the_eigenvectors_of_a_path_are_known() {
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
    fn what_is_solved_for_solves() {
        // A sheet of 50 x 50 with many long ties, so that the factor has supernodes; and a path, which has none.
        let n = 2500_u32;
        let mut sheet = Vec::new();
        let mut tie = |a: u32, b: u32| sheet.extend([(a, a, 1.0), (b, b, 1.0), (a, b, -1.0)]);
        for at in 0..n {
            if at % 50 < 49 {
                tie(at, at + 1);
            }
            if at + 50 < n {
                tie(at, at + 50);
            }
            for step in 1..4 {
                tie(at, (at * 7919 + step * 1013) % n);
            }
        }
        let path: Vec<(u32, u32, f64)> =
            (0..n - 1).flat_map(|at| [(at, at, 2.0), (at, at + 1, -1.0)]).chain([(n - 1, n - 1, 2.0)]).collect();
        for (entries, is_supernodal) in [(sheet, true), (path, false)] {
            let mut entries = entries;
            entries.extend((0..n).map(|at| (at, at, 0.5)));
            let matrix = Sparse::sum(n as usize, &entries);
            let factor = Factor::new(&matrix, usize::MAX).unwrap().unwrap();
            assert_eq!(matches!(factor.symbolic.raw(), SymbolicCholeskyRaw::Supernodal(_)), is_supernodal);
            for columns in [1, 12, 17] {
                let wanted = Mat::from_fn(n as usize, columns, |row, column| ((row * (column + 3)) as f64 * 0.37).sin());
                let mut found = wanted.clone();
                factor.solve(found.as_mut());
                for column in 0..columns {
                    let image = matrix.times(&found.col(column).iter().copied().collect::<Vec<f64>>());
                    let off = image.iter().zip(wanted.col(column).iter()).map(|(image, wanted)| (image - wanted).abs()).fold(0.0, f64::max);
                    assert!(off < 1e-12, "{columns} columns: off by {off}");
                }
            }
        }
    }

    #[test]
    fn entries_of_one_place_are_added_whichever_half_they_are_in() {
        let matrix = Sparse::sum(3, &[(0, 2, 1.0), (2, 0, 2.0), (1, 1, 5.0), (2, 1, -1.0)]);
        assert_eq!(matrix.times(&[1.0, 10.0, 100.0]), [300.0, 50.0 - 100.0, 3.0 - 10.0]);
    }
}
