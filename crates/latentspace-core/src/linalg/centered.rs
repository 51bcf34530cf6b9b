//! Centered rows, scaled so that squares neither overflow nor underflow.

use crate::parallel::*;

use super::{Matrix, MatrixView};
use crate::error::Result;
use crate::run::Run;

/// Rows per block of the sums, which depend on nothing else.
const BLOCK: usize = 4096;
/// Blocks in flight.
const BLOCKS: usize = 8;

/// Centered rows, scaled so that the largest deviation from the mean is 1 or -1.
pub struct Centered<'a> {
    rows: MatrixView<'a>,
    mean: Vec<f64>,
    scale: f64,
}

impl<'a> Centered<'a> {
    /// Centers these rows. Call it on the run's threads. Cost: two passes.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub(crate) fn of(rows: MatrixView<'a>, run: &Run) -> Result<Self> {
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
            run.check()?;
            let cells = (from..n.min(from + BLOCK)).flat_map(|row| rows.row(row).iter().zip(&mean));
            Ok(cells.map(|(&cell, mean)| (f64::from(cell) - mean).abs()).fold(0.0, f64::max))
        };
        let farthest = starts.par_iter().map(farthest).collect::<Result<Vec<f64>>>()?.into_iter().fold(0.0, f64::max);
        Ok(Centered { rows, mean, scale: if farthest > 0.0 { 1.0 / farthest } else { 1.0 } })
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows.rows()
    }

    /// Number of columns.
    pub(crate) fn cols(&self) -> usize {
        self.rows.cols()
    }

    /// Writes one row.
    pub(crate) fn write(&self, row: usize, out: &mut [f32]) {
        for ((out, &cell), mean) in out.iter_mut().zip(self.rows.row(row)).zip(&self.mean) {
            *out = ((f64::from(cell) - mean) * self.scale) as f32;
        }
    }

    /// Writes one row without rounding it to f32.
    pub(crate) fn write_f64(&self, row: usize, out: &mut [f64]) {
        for ((out, &cell), mean) in out.iter_mut().zip(self.rows.row(row)).zip(&self.mean) {
            *out = (f64::from(cell) - mean) * self.scale;
        }
    }

    /// The mean of a column, in the unit of the rows written.
    pub(crate) fn mean(&self, column: usize) -> f64 {
        self.mean[column] * self.scale
    }

    /// A copy of some rows, in the order named.
    ///
    /// # Errors
    /// None occur.
    pub(crate) fn select(&self, chosen: &[u32]) -> Result<Matrix> {
        let mut cells = vec![0.0; chosen.len() * self.cols()];
        for (out, &row) in cells.chunks_exact_mut(self.cols().max(1)).zip(chosen) {
            self.write(row as usize, out);
        }
        Matrix::new(chosen.len(), self.cols(), cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_becomes_0_and_the_farthest_1() {
        let run = Run::new(0, 2).unwrap();
        let rows = Matrix::from_fn(5000, 2, |i, j| 1e30 * (if j == 0 { 7.0 } else { (i % 5) as f32 }));
        let seen = Centered::of(rows.view(), &run).unwrap().select(&[0, 2, 4]).unwrap();
        let close = |(a, b): (&f32, f32)| (a - b).abs() < 1e-6;
        assert!(seen.as_slice().iter().zip([0.0, -1.0, 0.0, 0.0, 0.0, 1.0]).all(close), "{:?}", seen.as_slice());
    }
}
