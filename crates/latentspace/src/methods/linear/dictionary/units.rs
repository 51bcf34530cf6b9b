//! Rows in units in which products neither lose digits nor overflow: centered, and scaled by a power of 2 so that a cell is about 1.

use crate::data::CHUNK;
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, OwnedRows};
use crate::parallel::*;
use crate::run::Run;

/// Where rows lie, and how wide they are.
pub(super) struct Units {
    /// `[d]`: what is subtracted: the mean, or 0.
    pub(super) mean: Vec<f64>,
    /// What differences from it are multiplied by.
    pub(super) scale: f64,
    /// The root mean square of the differences.
    pub(super) width: f64,
    /// The sum of squared deviations from the mean, whether it is subtracted or not.
    pub(super) total: f64,
}

impl Units {
    /// Of these rows. Two passes: columns far from 0 keep their digits.
    pub(super) fn of(rows: &OwnedRows, center: bool, run: &Run) -> Result<Units> {
        let (n, d) = (rows.rows(), rows.cols());
        let sums = sums(rows, run, |row, sums| sums.iter_mut().zip(row).for_each(|(sum, &cell)| *sum += f64::from(cell)))?;
        let mean: Vec<f64> = sums.iter().map(|sum| sum / n.max(1) as f64).collect();
        let squares = self::sums(rows, run, |row, sums| {
            sums.iter_mut().zip(row.iter().zip(&mean)).for_each(|(sum, (&cell, mean))| *sum += (f64::from(cell) - mean).powi(2));
        })?;
        let total: f64 = squares.iter().sum();
        let mean = if center { mean } else { vec![0.0; d] };
        let outside: f64 = if center { 0.0 } else { sums.iter().map(|sum| sum * sum / n.max(1) as f64).sum() };
        let width = ((total + outside) / (n * d).max(1) as f64).sqrt();
        let scale = if width > 0.0 { 2.0_f64.powi(-width.log2().round().clamp(-140.0, 140.0) as i32) } else { 1.0 };
        Ok(Units { mean, scale, width, total })
    }

    /// Some rows in these units, `[rows, d]`.
    pub(super) fn of_rows(&self, rows: MatrixView<'_>, out: &mut [f32]) {
        for (row, out) in out.chunks_exact_mut(rows.cols().max(1)).enumerate().take(rows.rows()) {
            within(&self.mean, self.scale, rows.row(row), out);
        }
    }

    /// The rows with these numbers.
    pub(super) fn select(&self, rows: &OwnedRows, which: &[u32]) -> Result<Matrix> {
        let mut out = vec![0.0_f32; which.len() * rows.cols()];
        rows.select(which).points().as_table(|table| self.of_rows(table, &mut out))?;
        Matrix::new(which.len(), rows.cols(), out)
    }
}

/// A row, centered and scaled.
pub(super) fn within(mean: &[f64], scale: f64, row: &[f32], out: &mut [f32]) {
    out.iter_mut().zip(row.iter().zip(mean)).for_each(|(out, (&cell, mean))| *out = ((f64::from(cell) - mean) * scale) as f32);
}

/// Sums over rows, `[d]`, in chunks that depend on n alone.
fn sums(rows: &OwnedRows, run: &Run, add: impl Fn(&[f32], &mut [f64]) + Sync) -> Result<Vec<f64>> {
    let (n, d, points) = (rows.rows(), rows.cols(), rows.points());
    let one = |chunk: usize| {
        run.check()?;
        let mut sums = vec![0.0_f64; d];
        let range = chunk * CHUNK..((chunk + 1) * CHUNK).min(n);
        points.slice(range).as_table(|table| (0..table.rows()).for_each(|row| add(table.row(row), &mut sums)))?;
        Ok(sums)
    };
    let all: Vec<Vec<f64>> = (0..n.div_ceil(CHUNK)).into_par_iter().map(one).collect::<Result<_>>()?;
    let mut whole = vec![0.0_f64; d];
    all.iter().for_each(|sums| whole.iter_mut().zip(sums).for_each(|(whole, sum)| *whole += sum));
    Ok(whole)
}
