//! Canonical correlation analysis (CCA) of two spaces of the same rows: the correlations of their best matching directions, largest first. They
//! are invariant to all invertible linear maps of either space, where CKA and Procrustes are invariant to rotation only.
//! Source: Hotelling 1936, doi:10.1093/biomet/28.3-4.321.
//!
//! Two passes over the rows, both sums in f64. The covariances of the first give directions of unit variance (whitening). In the second the rows are
//! seen along these, which removes the error of the first, that grows with the square of the condition number: Cholesky QR twice, Yamamoto,
//! Nakatsukasa, Yanagisawa and Fukaya 2015. Cost: 2·n·(a + b)² multiply-adds in f64, and 9·a³ + 9·b³.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::Measure;
use crate::error::Result;
use crate::linalg::{Centered, multiply_half, symmetric_eigen, thin_svd};
use crate::parallel::*;
use crate::run::Run;

/// Rows per block of the sums, which depend on nothing else.
const BLOCK: usize = 1024;
/// Blocks in flight.
const BLOCKS: usize = 8;
/// Directions whose standard deviation is below this part of the largest have no digits left: codes are f32.
const COLLINEAR: f64 = 1e-6;

/// The canonical correlations of two spaces.
pub(super) struct Canonical {
    /// One for each dimension of the space that has fewer, without collinear ones; largest first.
    pub(super) correlations: Vec<f64>,
    /// Directions of unit variance of each space, `[a, rank of a]` and `[b, rank of b]`.
    of_first: Mat<f64>,
    of_second: Mat<f64>,
    rows: usize,
}

impl Canonical {
    /// Of two spaces of the same rows.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub(super) fn of(first: &Centered<'_>, second: &Centered<'_>, run: &Run) -> Result<Self> {
        let (a, b) = (first.cols(), second.cols());
        let sums = cross_products(first, second, None, run)?;
        let of_first = whitening(sums.as_ref().submatrix(0, 0, a, a), |column| first.mean(column), first.rows(), run)?;
        let of_second = whitening(sums.as_ref().submatrix(a, a, b, b), |column| second.mean(column), first.rows(), run)?;
        // The same again along these directions: nearly orthonormal, so that nothing is lost any more.
        let sums = cross_products(first, second, Some((&of_first, &of_second)), run)?;
        let (a, b) = (of_first.ncols(), of_second.ncols());
        let rest_of_first = whitening(sums.as_ref().submatrix(0, 0, a, a), |_| 0.0, first.rows(), run)?;
        let rest_of_second = whitening(sums.as_ref().submatrix(a, a, b, b), |_| 0.0, first.rows(), run)?;
        let both = sums.as_ref().submatrix(a, 0, b, a);
        let correlations = singular_values((rest_of_second.transpose() * both * &rest_of_first).as_ref())?;
        let (of_first, of_second) = (of_first * rest_of_first, of_second * rest_of_second);
        Ok(Canonical { correlations, of_first, of_second, rows: first.rows() })
    }

    /// The correlations for rows in another order, from the cross-product matrix of the columns, `[a, b]`.
    ///
    /// # Errors
    /// None occur.
    pub(super) fn reordered(&self, cross: &[f64]) -> Result<Vec<f64>> {
        let cross = MatRef::from_row_major_slice(cross, self.of_first.nrows(), self.of_second.nrows());
        singular_values((self.of_first.transpose() * cross * &self.of_second).as_ref())
    }

    /// Degrees of freedom; below 1, the spaces have as many dimensions as the rows, and any two correlate perfectly.
    fn freedom(&self) -> f64 {
        self.rows as f64 - 1.0 - (self.of_first.ncols() + self.of_second.ncols()) as f64
    }

    /// The mean correlation and each of them. Their intervals take the rows as a sample: Fisher's transformation, with the degrees
    /// of freedom left by the dimensions, and for the mean the sum of the asymptotic variances (1 - r²)²/n (Anderson 2003, An introduction
    /// to multivariate statistical analysis, section 13.4). Estimates from few rows are too large: the nulls, means over orders of the
    /// rows, show by how much.
    pub(super) fn measures(&self, nulls: &[Vec<f64>]) -> (Measure, Vec<Measure>) {
        if self.correlations.is_empty() {
            // All that varies is rounding error.
            return (Measure { value: 0.0, low: 0.0, high: 1.0, null: Some(0.0) }, Vec::new());
        }
        let null = |at: usize| nulls.iter().map(|null| null[at]).sum::<f64>() / nulls.len() as f64;
        let freedom = self.freedom();
        let each = |(at, &value): (usize, &f64)| {
            // For 1 the transformed value is infinite, and both ends are 1.
            let (middle, half) = (value.atanh(), 1.96 / freedom.sqrt());
            let ends = if freedom < 1.0 { (0.0, 1.0) } else { ((middle - half).tanh().max(0.0), (middle + half).tanh()) };
            Measure { value, low: ends.0.min(value), high: ends.1.max(value), null: Some(null(at)) }
        };
        let each: Vec<Measure> = self.correlations.iter().enumerate().map(each).collect();
        let k = each.len() as f64;
        let mean = |of: &dyn Fn(&Measure) -> f64| each.iter().map(of).sum::<f64>() / k;
        let value = mean(&|measure| measure.value);
        let half = 1.96 * (mean(&|measure| (1.0 - measure.value * measure.value).powi(2)) / k / freedom).sqrt();
        let ends = if freedom < 1.0 { (0.0, 1.0) } else { ((value - half).max(0.0), (value + half).min(1.0)) };
        (Measure { value, low: ends.0, high: ends.1, null: Some(mean(&|measure| measure.null.unwrap_or(0.0))) }, each)
    }
}

/// The sums of products of all columns of both spaces, or of both seen along some directions: the lower triangle of `[a + b, a + b]`.
fn cross_products(first: &Centered<'_>, second: &Centered<'_>, along: Option<(&Mat<f64>, &Mat<f64>)>, run: &Run) -> Result<Mat<f64>> {
    let (n, a, b) = (first.rows(), first.cols(), second.cols());
    let size = along.map_or(a + b, |(first, second)| first.ncols() + second.ncols());
    let block = |&from: &usize| {
        run.check()?;
        let rows = from..n.min(from + BLOCK);
        // Row by row in memory: columns of these matrices are rows.
        let (mut of_first, mut of_second) = (Mat::<f64>::zeros(a, rows.len()), Mat::<f64>::zeros(b, rows.len()));
        for (at, row) in rows.clone().enumerate() {
            first.write_f64(row, of_first.col_as_slice_mut(at));
            second.write_f64(row, of_second.col_as_slice_mut(at));
        }
        let mut seen = Mat::<f64>::zeros(size, rows.len());
        let (top, bottom) = seen.as_mut().split_at_row_mut(along.map_or(a, |(first, _)| first.ncols()));
        for (mut part, of, along) in [(top, of_first, along.map(|both| both.0)), (bottom, of_second, along.map(|both| both.1))] {
            match along {
                Some(along) => matmul(part, Accum::Replace, along.transpose(), of.as_ref(), 1.0, Par::Seq),
                None => part.copy_from(&of),
            }
        }
        let mut out = Mat::<f64>::zeros(size, size);
        multiply_half(out.as_mut(), seen.as_ref());
        Ok(out)
    };
    let mut sums = Mat::<f64>::zeros(size, size);
    for starts in (0..n).step_by(BLOCK).collect::<Vec<_>>().chunks(BLOCKS) {
        let blocks: Vec<Mat<f64>> = starts.par_iter().map(block).collect::<Result<_>>()?;
        blocks.iter().for_each(|block| sums += block);
    }
    Ok(sums)
}

/// Directions, `[d, rank]`, along which these sums of products over `n` rows (of which the lower triangle is read) become the identity, without
/// collinear ones: those whose standard deviation is rounding error of f32 cells with these means. Columns are scaled to unit variance
/// first, so that their units do not decide.
fn whitening(sums: MatRef<'_, f64>, mean: impl Fn(usize) -> f64, n: usize, run: &Run) -> Result<Mat<f64>> {
    let d = sums.nrows();
    let rounding: Vec<f64> = (0..d).map(|j| f64::from(f32::EPSILON) * mean(j).abs() / (sums[(j, j)] / n as f64).sqrt()).collect();
    // NaN for 0 / 0: a column of zeros.
    let scale = |j: usize| if sums[(j, j)] > 0.0 && rounding[j] < 1.0 { 1.0 / sums[(j, j)].sqrt() } else { 0.0 };
    let scales: Vec<f64> = (0..d).map(scale).collect();
    let cell = |i: usize, j: usize| sums[(i.max(j), i.min(j))] * scales[i] * scales[j];
    let correlations: Vec<f64> = (0..d * d).map(|at| cell(at / d, at % d)).collect();
    let eigen = symmetric_eigen(&correlations, d, d, || run.check())?;
    let least = rounding.iter().filter(|&&part| part < 1.0).fold(COLLINEAR, |least, &part| least.max(part));
    let bound = least * least * eigen.values.first().copied().unwrap_or(0.0);
    let rank = eigen.values.iter().take_while(|&&value| value > bound).count();
    Ok(Mat::from_fn(d, rank, |i, j| scales[i] * eigen.vectors[j * d + i] / eigen.values[j].sqrt()))
}

/// The singular values, at most 1, largest first.
fn singular_values(cross: MatRef<'_, f64>) -> Result<Vec<f64>> {
    let (m, n) = (cross.nrows(), cross.ncols());
    if m * n == 0 {
        return Ok(Vec::new());
    }
    let cells: Vec<f64> = (0..m * n).map(|at| cross[(at / n, at % n)]).collect();
    Ok(thin_svd(&cells, m, n)?.values.into_iter().map(|value| value.clamp(0.0, 1.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    fn found(a: &Matrix, b: &Matrix) -> Canonical {
        let run = Run::new(0, 2).unwrap();
        let (a, b) = (Centered::of(a.view(), &run).unwrap(), Centered::of(b.view(), &run).unwrap());
        Canonical::of(&a, &b, &run).unwrap()
    }

    fn apart(a: &[f64], b: &[f64]) -> f64 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }

    /// Rows that are the same in other languages: remainders.
    fn whole(n: usize, d: usize, by: usize) -> Matrix {
        Matrix::from_fn(n, d, |i, j| ((i * i * (j + by) + 7 * i * (j * j + 1) + 3 * j) % 101) as f32 - 50.0)
    }

    /// Three columns of the first and noise.
    fn related(n: usize, a: &Matrix) -> Matrix {
        let noise = whole(n, 4, 11);
        Matrix::from_fn(n, 4, |i, j| a.row(i)[j % 3] * [3.0, -1.0, 0.5, 0.0][j] + noise.row(i)[j])
    }

    // numpy 2.4.6: QR of the centered columns in f64, singular values of Q'Q; scikit-learn 1.9.1, CCA(n_components=4, tol=1e-14,
    // max_iter=100000), agrees to 1e-8. The rows are those of `whole(500, 5, 2)` and `related`.
    const CORRELATIONS: [f64; 4] = [0.962785675164, 0.712955096862, 0.488643410168, 0.027964192822];

    #[test]
    fn correlations_are_those_of_a_qr_decomposition() {
        let a = whole(500, 5, 2);
        let found = found(&a, &related(500, &a));
        assert!(apart(&found.correlations, &CORRELATIONS) < 1e-9, "{:?}", found.correlations);
    }

    #[test]
    fn invertible_linear_maps_and_collinear_columns_change_nothing() {
        let (n, random) = (3000, Random::new(5, "map"));
        let a = whole(n, 5, 2);
        let b = related(n, &a);
        let wanted = found(&a, &b).correlations;
        // A general linear map, an offset, units a million apart, a column twice, a sum of two, and a constant one.
        let map = Matrix::from_fn(5, 5, |i, j| random.normal(i as u64, j as u64) as f32);
        let mapped = Matrix::from_fn(n, 9, |i, j| {
            let at = |to: usize| (0..5).map(|from| a.row(i)[from] * map.row(from)[to]).sum::<f32>();
            match j {
                0 => at(0) * 1e-3,
                1 => at(1) * 1e3,
                2..5 => at(j),
                5 => 2.0 * at(2),
                6 => 1e3 * at(1) + at(2),
                7 => 700.1,
                _ => at(3) + 300.0,
            }
        });
        let same = found(&mapped, &b);
        assert!(same.of_first.ncols() == 5 && apart(&same.correlations, &wanted) < 1e-5, "{:?} {wanted:?}", same.correlations);
        assert!(found(&a, &mapped).correlations.iter().all(|&value| value > 1.0 - 1e-8));
        let exchanged = found(&b, &a).correlations;
        assert!(apart(&exchanged, &wanted) < 1e-12, "{exchanged:?} {wanted:?}");
    }

    #[test]
    fn intervals_hold_the_planted_correlation_and_nulls_are_those_of_unrelated_rows() {
        let (n, random, noise) = (4000, Random::new(6, "rows"), Random::new(7, "rows"));
        let a = Matrix::from_fn(n, 3, |i, j| random.normal(i as u64, j as u64) as f32);
        let planted = [0.9_f64, 0.5, 0.0];
        let b = Matrix::from_fn(n, 3, |i, j| {
            (planted[j] * f64::from(a.row(i)[j]) + (1.0 - planted[j].powi(2)).sqrt() * noise.normal(i as u64, j as u64)) as f32
        });
        let found = found(&a, &b);
        let (mean, each) = found.measures(&[vec![0.03, 0.02, 0.01]]);
        assert!(each[..2].iter().zip(planted).all(|(measure, r)| measure.low < r && r < measure.high), "{each:?}");
        assert!((mean.null.unwrap() - 0.02).abs() < 1e-12 && mean.low < mean.value && mean.value < mean.high, "{mean:?}");
        assert!((mean.value - 1.4 / 3.0).abs() < 0.03 && found.freedom() > 1.0);
        // The sum of products of independent columns is near 0, so no direction correlates.
        assert!(found.reordered(&[0.0; 9]).unwrap().iter().all(|&value| value == 0.0));
    }

    #[test]
    fn of_constant_columns_there_is_no_correlation() {
        let flat = Matrix::from_fn(300, 2, |i, _| if i == 7 { 1000.0_f32.next_up() } else { 1000.0 });
        let found = found(&flat, &whole(300, 3, 2));
        let (mean, each) = found.measures(&[found.reordered(&[0.0; 6]).unwrap()]);
        assert!(each.is_empty() && (mean.value, mean.high) == (0.0, 1.0), "{mean:?}");
    }

    #[test]
    fn with_as_many_dimensions_as_rows_any_spaces_correlate() {
        let random = Random::new(8, "rows");
        let rows = |d: usize, from: u64| Matrix::from_fn(6, d, |i, j| random.normal(from + i as u64, j as u64) as f32);
        let found = found(&rows(3, 0), &rows(5, 10));
        assert!(found.freedom() < 1.0 && found.correlations.iter().all(|&value| value > 1.0 - 1e-9), "{:?}", found.correlations);
        let (mean, each) = found.measures(&[vec![1.0; 3]]);
        assert!(each.iter().chain([&mean]).all(|measure| (measure.low, measure.high) == (0.0, 1.0)));
    }
}
