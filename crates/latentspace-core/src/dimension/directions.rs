//! Linear directions that stand out from noise: how many principal components have more variance than independent noise in all columns
//! would give them. Three estimators of one spectrum: parallel analysis, Gavish and Donoho's threshold, the Marchenko-Pastur edge.
//!
//! Parallel analysis uses standardized columns. The other two assume equal noise in all columns: each column is divided by the standard
//! deviation of its residual, after removing the directions that parallel analysis found. Constant columns are left out.

use serde::Serialize;

use super::{gavish_donoho, marchenko_pastur, parallel_analysis};
use crate::error::{Error, Result};
use crate::linalg::{Gram, Matrix, MatrixView, from_lower, symmetric_eigen, symmetric_eigenvalues};
use crate::neighbors::check_finite;
use crate::random::Random;
use crate::run::Run;

/// The number of linear directions that stand out from noise, by three estimators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Directions {
    /// Parallel analysis: components that exceed those of columns that were permuted independently (Horn 1965).
    pub parallel_analysis: usize,
    /// Singular values above the optimal hard threshold for unknown noise (Gavish and Donoho 2014).
    pub gavish_donoho: usize,
    /// Components above the Marchenko-Pastur edge, at a noise estimated from the bulk of the spectrum.
    pub marchenko_pastur: usize,
    /// Number of rows: a sample where there are many.
    pub rows: usize,
    /// Number of columns that vary.
    pub columns: usize,
}

/// Multiply-adds of one spectrum, by which rows are sampled.
const WORK: usize = 1_500_000_000;
/// Fewest rows of a sample.
const FEWEST: usize = 100;

/// Counts the linear directions of rows `[n, d]` that stand out from noise. Of many rows a sample is used, so that a spectrum takes about
/// 1.5e9 multiply-adds: 37,500 rows of 200 columns, 2,440 of 784, 645 of 3,600. Cost: 22 spectra.
///
/// # Errors
/// [`Error::Input`] for a cell that is not finite, fewer than 3 rows or no column that varies; [`Error::Cancelled`].
pub fn directions(rows: MatrixView<'_>, run: &Run) -> Result<Directions> {
    check_finite("data", rows)?;
    let most = most_rows(rows.cols());
    let sample = Random::new(run.seed(), "directions rows").sample(0, rows.rows(), most);
    let table = run.install(|| standardized(rows, &sample))?;
    let (n, d) = (table.rows(), table.cols());
    if n < 3 || d == 0 {
        return Err(Error::input("data", format!("{n} rows, {d} columns that vary"), "directions take at least 3 rows and a column"));
    }
    let parallel_analysis = parallel_analysis::count(&table, &singular_squares(&table)?, run)?;
    run.check()?;
    let squares = singular_squares(&of_equal_noise(&table, parallel_analysis)?)?;
    Ok(Directions {
        parallel_analysis,
        gavish_donoho: gavish_donoho::count(&squares, n, d),
        marchenko_pastur: marchenko_pastur::count(&squares, n, d),
        rows: n,
        columns: d,
    })
}

/// Rows of `d` columns whose spectrum takes [`WORK`].
fn most_rows(d: usize) -> usize {
    let (d, tall) = (d.max(1), WORK / (d * d).max(1));
    if tall >= d { tall } else { ((WORK / d) as f64).sqrt() as usize }.max(FEWEST)
}

/// Some rows, their columns with mean 0 and variance 1; constant columns are left out.
fn standardized(rows: MatrixView<'_>, sample: &[u32]) -> Result<Matrix> {
    let n = sample.len();
    let mut sums = vec![0.0_f64; rows.cols()];
    let add = |sums: &mut Vec<f64>, of: &dyn Fn(usize, f64) -> f64| {
        for &row in sample {
            sums.iter_mut().zip(rows.row(row as usize)).enumerate().for_each(|(at, (sum, &cell))| *sum += of(at, f64::from(cell)));
        }
    };
    add(&mut sums, &|_, cell| cell);
    let means: Vec<f64> = sums.iter().map(|sum| sum / n.max(1) as f64).collect();
    let mut squares = vec![0.0; rows.cols()];
    add(&mut squares, &|at, cell| (cell - means[at]).powi(2));
    // A column that is constant but for rounding has no variance.
    let varies = |at: &usize| squares[*at] > n as f64 * (means[*at].abs() * f64::from(f32::EPSILON)).powi(2) && squares[*at] > 0.0;
    let kept: Vec<usize> = (0..rows.cols()).filter(varies).collect();
    let scales: Vec<f64> = squares.iter().map(|squares| ((n.max(2) - 1) as f64 / squares).sqrt()).collect();
    let cell = |row: usize, at: usize| ((f64::from(rows.row(sample[row] as usize)[kept[at]]) - means[kept[at]]) * scales[kept[at]]) as f32;
    Ok(Matrix::from_fn(n, kept.len(), cell))
}

/// The product of standardized rows with themselves, over rows or over columns, whichever is smaller: `[size, size]`, and whether it is
/// over columns.
fn product(rows: &Matrix) -> (Vec<f64>, usize, bool) {
    let (n, d) = (rows.rows(), rows.cols());
    let size = n.min(d);
    let mut gram = Gram::new(size);
    if d <= n {
        (0..n).for_each(|row| gram.add(|out| out.copy_from_slice(rows.row(row))));
    } else {
        (0..d).for_each(|column| gram.add(|out| out.iter_mut().enumerate().for_each(|(row, out)| *out = rows.row(row)[column])));
    }
    (from_lower(&gram.lower(), size), size, d > n)
}

/// The squared singular values of rows, descending, `min(n, d)` of them. Cost: n d min(n, d) / 2 multiply-adds, and the eigenvalues of the
/// smaller product.
pub(super) fn singular_squares(rows: &Matrix) -> Result<Vec<f64>> {
    let (product, size, _) = product(rows);
    symmetric_eigenvalues(&product, size)
}

/// Standardized rows whose columns are scaled so that they have the same variance outside of the first `count` directions.
fn of_equal_noise(rows: &Matrix, count: usize) -> Result<Matrix> {
    /// The least share of a column's variance that is noise.
    const LEAST: f64 = 1e-6;
    if count == 0 {
        return Ok(rows.clone());
    }
    let (product, size, is_over_columns) = product(rows);
    let eigen = symmetric_eigen(&product, size, count, || Ok(()))?;
    let (n, d) = (rows.rows(), rows.cols());
    let mut kept = vec![0.0; d];
    for (&value, vector) in eigen.values.iter().zip(eigen.vectors.chunks_exact(size)) {
        // Along a direction the columns have the squares value · v², or (Zᵀu)².
        if is_over_columns {
            let mut along = vec![0.0; d];
            for (row, &weight) in vector.iter().enumerate() {
                along.iter_mut().zip(rows.row(row)).for_each(|(sum, &cell)| *sum += weight * f64::from(cell));
            }
            kept.iter_mut().zip(along).for_each(|(kept, along)| *kept += along * along);
        } else {
            kept.iter_mut().zip(vector).for_each(|(kept, weight)| *kept += value * weight * weight);
        }
    }
    let all = (n.max(2) - 1) as f64;
    let scales: Vec<f64> = kept.iter().map(|kept| (all / (all - kept).max(LEAST * all)).sqrt()).collect();
    Ok(Matrix::from_fn(n, d, |row, column| (f64::from(rows.row(row)[column]) * scales[column]) as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `rank` random directions, the weakest with a singular value of `weakest` times the largest of the noise.
    fn planted(rows: usize, columns: usize, rank: usize, weakest: f64, seed: u64) -> Matrix {
        let random = Random::new(seed, "planted");
        let normal = |step: usize, item: usize| random.normal(step as u64, item as u64);
        let edge = (rows as f64).sqrt() + (columns as f64).sqrt();
        let strength = |axis: usize| {
            let part = if rank > 1 { axis as f64 / (rank - 1) as f64 } else { 0.0 };
            (weakest + part) * edge / (rows as f64 * columns as f64).sqrt()
        };
        let cell = |row: usize, column: usize| {
            let signal: f64 = (0..rank).map(|axis| strength(axis) * normal(2 * axis, row) * normal(2 * axis + 1, column)).sum();
            signal + random.normal(1_000_000 + column as u64, row as u64)
        };
        Matrix::from_fn(rows, columns, |row, column| cell(row, column) as f32)
    }

    #[test]
    fn noise_has_no_direction_whatever_the_spreads_of_the_columns() {
        let run = Run::new(0, 2).unwrap();
        for (rows, columns) in [(600, 60), (60, 150)] {
            let mut none = [0; 6];
            for seed in 0..10 {
                let noise = planted(rows, columns, 0, 0.0, seed);
                let spread = Matrix::from_fn(rows, columns, |i, j| noise.row(i)[j] * 10.0_f32.powf(j as f32 / columns as f32) + 50.0);
                for (at, table) in [&noise, &spread].into_iter().enumerate() {
                    let found = directions(table.view(), &run).unwrap();
                    let all = [found.parallel_analysis, found.gavish_donoho, found.marchenko_pastur];
                    none[3 * at..][..3].iter_mut().zip(all).for_each(|(none, found)| *none += usize::from(found == 0));
                }
            }
            assert!(none.iter().all(|&none| none >= 9), "{rows} x {columns}: {none:?} of 10");
        }
    }

    #[test]
    fn planted_directions_are_counted() {
        let run = Run::new(0, 2).unwrap();
        for (rank, seed) in [(1, 0), (4, 1), (8, 2)] {
            let found = directions(planted(800, 80, rank, 2.0, seed).view(), &run).unwrap();
            assert_eq!((found.parallel_analysis, found.gavish_donoho, found.marchenko_pastur), (rank, rank, rank), "{found:?}");
        }
        // Constant columns are left out; more columns than rows.
        let wide = planted(80, 300, 2, 2.0, 3);
        let wide = Matrix::from_fn(80, 310, |i, j| if j < 300 { wide.row(i)[j] } else { 7.0 });
        let found = directions(wide.view(), &run).unwrap();
        assert_eq!((found.parallel_analysis, found.gavish_donoho, found.marchenko_pastur, found.columns), (2, 2, 2, 300), "{found:?}");
    }

    #[test]
    fn what_has_no_spectrum_is_refused() {
        let run = Run::new(0, 1).unwrap();
        let constant = Matrix::from_fn(10, 3, |_, _| 0.3);
        assert!(directions(constant.view(), &run).unwrap_err().to_string().contains("10 rows, 0 columns"));
        assert_eq!([most_rows(200), most_rows(784), most_rows(3600)], [37_500, 2440, 645]);
    }
}
