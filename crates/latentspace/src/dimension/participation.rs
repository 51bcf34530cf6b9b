//! The participation ratio of the variances along the principal axes, (Σλ)² / Σλ²: how many directions of equal variance there would be.
//! It is linear: rows on a curve in d directions take part in all of these. Neither sum needs the axes: Σλ is the trace of the covariance,
//! Σλ² the sum of its squared cells, so the cost is n·d² / 2 multiply-adds, and for many columns m²·d with m rows of a sample.
//! Source: Gao and others 2017, doi:10.1101/214262.

use rayon::prelude::*;

use crate::error::Result;
use crate::linalg::{Gram, Matrix, MatrixView, Threads, from_lower, product, product_transposed};
use crate::random::Random;
use crate::run::Run;

/// Rows that are summed up at a time; on nothing else depend the borders of the sums.
const BLOCK: usize = 4096;
/// Blocks that are on their way at a time.
const BLOCKS: usize = 8;
/// Columns up to which all their covariances are taken; with more, inner products of as many rows.
const WIDE: usize = 2048;
/// Rows by which the interval is told.
const SAMPLED: usize = 1000;

/// The ratio, and its standard deviation in parts of it.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn ratio(rows: MatrixView<'_>, run: &Run) -> Result<(f64, f64)> {
    let (n, d) = (rows.rows(), rows.cols());
    let frame = Frame::of(rows, run)?;
    let random = Random::new(run.seed(), "participation rows");
    if d > WIDE {
        return by_rows(&frame, rows, &random.sample(0, n, WIDE));
    }
    by_columns(&frame, rows, &random.sample(0, n, SAMPLED), run)
}

/// What is taken from rows, and by what they are multiplied then, so that no square is too large or too small.
struct Frame {
    mean: Vec<f64>,
    scale: f64,
}

impl Frame {
    fn of(rows: MatrixView<'_>, run: &Run) -> Result<Self> {
        let (n, d) = (rows.rows(), rows.cols());
        let starts: Vec<usize> = (0..n).step_by(BLOCK).collect();
        let block = |&from: &usize| {
            run.check()?;
            let mut sum = vec![0.0_f64; d];
            for row in from..n.min(from + BLOCK) {
                sum.iter_mut().zip(rows.row(row)).for_each(|(sum, &cell)| *sum += f64::from(cell));
            }
            Ok(sum)
        };
        let mut mean = vec![0.0; d];
        for starts in starts.chunks(BLOCKS) {
            let sums: Vec<Vec<f64>> = starts.par_iter().map(block).collect::<Result<_>>()?;
            sums.iter().for_each(|sums| mean.iter_mut().zip(sums).for_each(|(mean, sum)| *mean += sum / n as f64));
        }
        let farthest = |&from: &usize| {
            let cells = (from..n.min(from + BLOCK)).flat_map(|row| rows.row(row).iter().zip(&mean));
            cells.map(|(&cell, mean)| (f64::from(cell) - mean).abs()).fold(0.0, f64::max)
        };
        let farthest = starts.par_iter().map(farthest).reduce(|| 0.0, f64::max);
        Ok(Frame { mean, scale: if farthest > 0.0 { 1.0 / farthest } else { 1.0 } })
    }

    fn write(&self, row: &[f32], out: &mut [f32]) {
        for ((out, &cell), mean) in out.iter_mut().zip(row).zip(&self.mean) {
            *out = ((f64::from(cell) - mean) * self.scale) as f32;
        }
    }

    /// Some rows within this frame.
    fn select(&self, rows: MatrixView<'_>, chosen: &[u32]) -> Result<Matrix> {
        let mut cells = vec![0.0; chosen.len() * rows.cols()];
        for (out, &row) in cells.chunks_exact_mut(rows.cols()).zip(chosen) {
            self.write(rows.row(row as usize), out);
        }
        Matrix::new(chosen.len(), rows.cols(), cells)
    }
}

/// By the covariance of the columns.
fn by_columns(frame: &Frame, rows: MatrixView<'_>, chosen: &[u32], run: &Run) -> Result<(f64, f64)> {
    let (n, d) = (rows.rows(), rows.cols());
    let block = |&from: &usize| {
        let mut gram = Gram::new(d);
        for row in from..n.min(from + BLOCK) {
            if row % 64 == 0 {
                run.check()?;
            }
            gram.add(|out| frame.write(rows.row(row), out));
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
    let some = frame.select(rows, chosen)?;
    let mut image = vec![0.0; some.rows() * d];
    product(some.view(), covariance.view(), &mut image, Threads::Pool);
    let inner = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let parts = (0..some.rows()).map(|row| (inner(some.row(row), some.row(row)), inner(some.row(row), &image[row * d..][..d])));
    Ok(told(trace, squares, parts.collect(), n))
}

/// By the inner products of some rows. A row's product with itself is left out where they are a sample: it would count as if it were another.
fn by_rows(frame: &Frame, rows: MatrixView<'_>, chosen: &[u32]) -> Result<(f64, f64)> {
    let (some, m) = (frame.select(rows, chosen)?, chosen.len());
    let mut inner = vec![0.0; m * m];
    product_transposed(some.view(), some.view(), &mut inner, Threads::Pool);
    let all = m == rows.rows();
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

/// The ratio from both sums, and its deviation from what some rows add to each: to first order, d(t²/s) = 2t·dt/s - t²·ds/s².
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
        let frame = Frame::of(few, &run).unwrap();
        let all: Vec<u32> = (0..500).collect();
        let (columns, lines) = (by_columns(&frame, few, &all, &run).unwrap(), by_rows(&frame, few, &all).unwrap());
        assert!((columns.0 - lines.0).abs() < 1e-4 && (columns.1 - lines.1).abs() < 1e-4, "{columns:?} {lines:?}");
    }
}
