//! The participation ratio of the PCA eigenvalues, (Σλ)² / Σλ²: the equivalent number of directions with equal variance.
//! It is linear: a curve that extends in d directions counts all of them. Neither sum needs the eigenvalues: Σλ is the trace of the covariance,
//! Σλ² the sum of its squared cells, so the cost is n·d² / 2 multiply-adds, and for many columns m²·d with a sample of m rows.
//! Source: Gao and others 2017, doi:10.1101/214262.

use crate::parallel::*;

use crate::error::Result;
use crate::linalg::{Centered, Gram, Matrix, MatrixView, Threads, from_lower, product, product_transposed};
use crate::random::Random;
use crate::run::Run;

/// Rows per block of the sums, which depend on nothing else.
const BLOCK: usize = 4096;
/// Blocks in flight.
const BLOCKS: usize = 8;
/// Up to this number of columns the covariance is used; with more, the Gram matrix of as many rows.
const WIDE: usize = 2048;
/// Number of rows for the interval.
const SAMPLED: usize = 1000;

/// The ratio, and its relative standard deviation.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn ratio(rows: MatrixView<'_>, run: &Run) -> Result<(f64, f64)> {
    let (n, d) = (rows.rows(), rows.cols());
    let seen = Centered::of(rows, run)?;
    let random = Random::new(run.seed(), "participation rows");
    if d > WIDE {
        return by_rows(&seen, &random.sample(0, n, WIDE));
    }
    by_columns(&seen, &random.sample(0, n, SAMPLED), run)
}

/// From the covariance of the columns.
fn by_columns(seen: &Centered<'_>, chosen: &[u32], run: &Run) -> Result<(f64, f64)> {
    let (n, d) = (seen.rows(), seen.cols());
    let block = |&from: &usize| {
        let mut gram = Gram::new(d);
        for row in from..n.min(from + BLOCK) {
            if row % 64 == 0 {
                run.check()?;
            }
            gram.add(|out| seen.write(row, out));
        }
        Ok(gram.lower())
    };
    let mut lower = vec![0.0; d * (d + 1) / 2];
    for starts in (0..n).step_by(BLOCK).collect::<Vec<_>>().chunks(BLOCKS) {
        let blocks: Vec<Vec<f64>> = starts.par_iter().map(block).collect::<Result<_>>()?;
        blocks.iter().for_each(|block| lower.iter_mut().zip(block).for_each(|(sum, cell)| *sum += cell / n as f64));
    }
    let covariance = from_lower(&lower, d);
    let trace: f64 = covariance.iter().step_by(d + 1).sum();
    let squares: f64 = covariance.iter().map(|cell| cell * cell).sum();
    let covariance = Matrix::new(d, d, covariance.into_iter().map(|cell| cell as f32).collect())?;
    let some = seen.select(chosen)?;
    let mut image = vec![0.0; some.rows() * d];
    product(some.view(), covariance.view(), &mut image, Threads::Pool);
    let inner = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let parts = (0..some.rows()).map(|row| (inner(some.row(row), some.row(row)), inner(some.row(row), &image[row * d..][..d])));
    Ok(told(trace, squares, parts.collect(), n))
}

/// From the Gram matrix of some rows. For a sample, the diagonal is excluded, as it would bias the sum.
fn by_rows(seen: &Centered<'_>, chosen: &[u32]) -> Result<(f64, f64)> {
    let (some, m) = (seen.select(chosen)?, chosen.len());
    let mut inner = vec![0.0; m * m];
    product_transposed(some.view(), some.view(), &mut inner, Threads::Pool);
    let all = m == seen.rows();
    let pairs = if all { (m * m) as f64 } else { (m * (m - 1)) as f64 };
    let parts: Vec<(f64, f64)> = (0..m)
        .map(|row| {
            let cells = inner[row * m..][..m].iter().enumerate().filter(|&(other, _)| all || other != row);
            let squares = cells.map(|(_, &cell)| f64::from(cell).powi(2)).sum::<f64>();
            (f64::from(inner[row * m + row]), squares * m as f64 / pairs)
        })
        .collect();
    let mean = |part: fn(&(f64, f64)) -> f64| parts.iter().map(part).sum::<f64>() / m as f64;
    let (trace, squares) = (mean(|part| part.0), mean(|part| part.1));
    Ok(told(trace, squares, parts, m))
}

/// The ratio from both sums, and its standard deviation from the contributions of some rows (delta method): d(t²/s) = 2t·dt/s - t²·ds/s².
fn told(trace: f64, squares: f64, parts: Vec<(f64, f64)>, n: usize) -> (f64, f64) {
    let moves: Vec<f64> = parts.iter().map(|(length, image)| 2.0 * (length / trace - 1.0) - 2.0 * (image / squares - 1.0)).collect();
    let mean = moves.iter().sum::<f64>() / moves.len() as f64;
    let variance = moves.iter().map(|part| (part - mean).powi(2)).sum::<f64>() / moves.len() as f64;
    (trace * trace / squares, (variance / n as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_variances_count_and_both_ways_agree() {
        let run = Run::new(0, 2).unwrap();
        let random = Random::new(1, "rows");
        // Variances 4, 1 and 1, far from the origin: 36 / 18.
        let scale = [2.0, 1.0, 1.0];
        let rows = Matrix::from_fn(20_000, 3, |i, j| (100.0 + scale[j] * random.normal(i as u64, j as u64)) as f32);
        let (value, error) = ratio(rows.view(), &run).unwrap();
        assert!((value - 2.0).abs() < 3.0 * error * value && error < 0.02, "{value} {error}");
        let few = rows.slice(0..500);
        let seen = Centered::of(few, &run).unwrap();
        let all: Vec<u32> = (0..500).collect();
        let (columns, lines) = (by_columns(&seen, &all, &run).unwrap(), by_rows(&seen, &all).unwrap());
        assert!((columns.0 - lines.0).abs() < 1e-4 && (columns.1 - lines.1).abs() < 1e-4, "{columns:?} {lines:?}");
    }
}
