//! Scores of rows by a fitted model: the error of hidden cells, or the likelihood; their means, and the differences of two numbers of
//! dimensions.

use std::ops::Range;

use super::{ERROR, ROW_LIKELIHOOD};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, OwnedRows, Pictures};
use crate::measure::Measure;
use crate::model::Model;
use crate::run::Run;

/// Standard errors in half of a 95 % interval.
pub(super) const ERRORS: f64 = 1.96;
/// Cells that are completed at a time.
const CELLS: usize = 1 << 23;

/// What is scored of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    /// The mean squared error of hidden cells.
    Entries,
    /// The log-likelihood of the row.
    Likelihood,
}

impl Figure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Figure::Entries => ERROR,
            Figure::Likelihood => ROW_LIKELIHOOD,
        }
    }

    /// The score of a loss.
    fn sign(self) -> f64 {
        if self == Figure::Entries { 1.0 } else { -1.0 }
    }
}

/// Means and variances of the columns of training rows: what 0 dimensions predict.
pub(super) struct Columns {
    pub(super) means: Vec<f64>,
    variances: Vec<f64>,
    rows: usize,
}

impl Columns {
    pub(super) fn of(rows: &OwnedRows) -> Result<Self> {
        let (n, d) = (rows.rows(), rows.cols());
        let (mut means, mut variances) = (vec![0.0_f64; d], vec![0.0_f64; d]);
        let each = |work: &mut dyn FnMut(&[f32])| -> Result<()> {
            parts(rows)
                .into_iter()
                .try_for_each(|part| rows.points().slice(part).as_table(|table| (0..table.rows()).for_each(|row| work(table.row(row)))))
        };
        each(&mut |row| means.iter_mut().zip(row).for_each(|(sum, &cell)| *sum += f64::from(cell)))?;
        means.iter_mut().for_each(|sum| *sum /= n.max(1) as f64);
        each(&mut |row| {
            variances.iter_mut().zip(row).zip(&means).for_each(|((sum, &cell), mean)| *sum += (f64::from(cell) - mean).powi(2));
        })?;
        variances.iter_mut().for_each(|sum| *sum /= n.max(1) as f64);
        Ok(Columns { means, variances, rows: n })
    }

    /// The loss of each row: of the mean row, or of independent normal columns.
    ///
    /// # Errors
    /// None in truth.
    pub(super) fn losses(&self, figure: Figure, rows: &OwnedRows) -> Result<Vec<f64>> {
        let d = rows.cols().max(1) as f64;
        let normal = |(square, &variance): (f64, &f64)| match variance {
            variance if variance > 0.0 => (square / variance + (std::f64::consts::TAU * variance).ln()) / 2.0,
            // A constant column has no density.
            _ => 0.0,
        };
        let of = |row: &[f32]| -> f64 {
            let squares = row.iter().zip(&self.means).map(|(&cell, mean)| (f64::from(cell) - mean).powi(2));
            match figure {
                Figure::Entries => squares.sum::<f64>() / d,
                Figure::Likelihood => squares.zip(&self.variances).map(normal).sum(),
            }
        };
        let mut losses = Vec::with_capacity(rows.rows());
        for part in parts(rows) {
            rows.points().slice(part).as_table(|table| losses.extend((0..table.rows()).map(|row| of(table.row(row)))))?;
        }
        Ok(losses)
    }

    /// The loss of each row by a model. For [`Figure::Entries`] each block of columns is hidden once and predicted from the others.
    ///
    /// # Errors
    /// Errors of the model.
    pub(super) fn losses_by(
        &self,
        model: &dyn Model,
        figure: Figure,
        rows: &OwnedRows,
        blocks: &[Vec<usize>],
        run: &Run,
    ) -> Result<Vec<f64>> {
        if figure == Figure::Likelihood {
            let none = || Error::internal("a method with a likelihood has a model without");
            let likely = model.log_likelihoods(rows, self.rows, run)?.ok_or_else(none)?;
            return Ok(likely.into_iter().map(|likely| -likely).collect());
        }
        let d = rows.cols();
        let mut losses = Vec::with_capacity(rows.rows());
        for range in parts(rows) {
            let part = rows.select(&range.map(|row| row as u32).collect::<Vec<u32>>()).table()?;
            let mut lost = vec![0.0; part.rows()];
            for block in blocks {
                run.check()?;
                let mut cells = part.as_slice().to_vec();
                cells.chunks_exact_mut(d).for_each(|row| block.iter().for_each(|&column| row[column] = f32::NAN));
                let hidden = Matrix::new(part.rows(), d, cells)?;
                let hidden = match rows {
                    OwnedRows::Pictures(Pictures { shape, .. }) => OwnedRows::Pictures(Pictures { shape: *shape, pixels: hidden }),
                    _ => OwnedRows::Dense(hidden),
                };
                let found = model.complete(&hidden, &self.means, run)?;
                for (row, lost) in lost.iter_mut().enumerate() {
                    let (true_row, found) = (part.row(row), found.row(row));
                    let square = |&column: &usize| (f64::from(true_row[column]) - f64::from(found[column])).powi(2);
                    *lost += block.iter().map(square).sum::<f64>();
                }
            }
            losses.extend(lost.into_iter().map(|lost| lost / d.max(1) as f64));
        }
        Ok(losses)
    }
}

/// The rows in parts of about [`CELLS`] cells.
fn parts(rows: &OwnedRows) -> Vec<Range<usize>> {
    let step = (CELLS / rows.cols().max(1)).max(1);
    (0..rows.rows()).step_by(step).map(|from| from..(from + step).min(rows.rows())).collect()
}

/// Losses by unit: a row, or a block of time.
#[derive(Debug, Clone)]
pub(super) struct Losses {
    sums: Vec<f64>,
    counts: Vec<f64>,
}

impl Losses {
    pub(super) fn none(units: usize) -> Self {
        Losses { sums: vec![0.0; units], counts: vec![0.0; units] }
    }

    pub(super) fn add(&mut self, rows: &[u32], units: &[u32], losses: &[f64]) {
        for (&row, loss) in rows.iter().zip(losses) {
            let unit = units[row as usize] as usize;
            self.sums[unit] += loss;
            self.counts[unit] += 1.0;
        }
    }

    fn means(&self) -> Vec<f64> {
        self.sums.iter().zip(&self.counts).filter(|(_, count)| **count > 0.0).map(|(sum, count)| sum / count).collect()
    }

    pub(super) fn mean(&self) -> f64 {
        mean(&self.means()).0
    }

    /// The score with its 95 % interval.
    pub(super) fn measure(&self, figure: Figure, null: f64) -> Measure {
        let (value, error) = mean(&self.means());
        let (value, half) = (figure.sign() * value, ERRORS * error);
        Measure { value, low: value - half, high: value + half, null: Some(figure.sign() * null) }
    }

    /// By how much the loss is larger than another, unit by unit: the mean, and its standard error.
    pub(super) fn behind(&self, best: &Losses) -> (f64, f64) {
        let apart: Vec<f64> = self.means().iter().zip(best.means()).map(|(own, best)| own - best).collect();
        mean(&apart)
    }
}

/// The mean, and its standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, if n > 1.0 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_paired() {
        let (mut one, mut other) = (Losses::none(4), Losses::none(4));
        // Two rows in each of three units; the fourth was not held out.
        let (rows, units) = ([0, 1, 2, 3, 4, 5], [0, 0, 1, 1, 2, 2]);
        one.add(&rows, &units, &[1.0, 3.0, 10.0, 10.0, 30.0, 30.0]);
        other.add(&rows, &units, &[1.0, 1.0, 9.0, 9.0, 29.0, 29.0]);
        assert_eq!((one.mean(), one.behind(&other), other.behind(&one)), (14.0, (1.0, 0.0), (-1.0, 0.0)));
        let measure = one.measure(Figure::Likelihood, 20.0);
        assert!(measure.value == -14.0 && measure.low < -14.0 && measure.null == Some(-20.0), "{measure:?}");
        // No error is known of one unit.
        assert_eq!(mean(&[5.0]), (5.0, 0.0));
    }

    #[test]
    fn without_dimensions_columns_have_their_mean_and_variance() {
        let rows = Matrix::new(2, 2, vec![1.0, 4.0, 3.0, 4.0]).unwrap();
        let rows = OwnedRows::Dense(rows);
        let columns = Columns::of(&rows).unwrap();
        assert_eq!((columns.means.as_slice(), columns.losses(Figure::Entries, &rows).unwrap()), ([2.0, 4.0].as_slice(), vec![0.5, 0.5]));
        let normal = 0.5 * (1.0 + std::f64::consts::TAU.ln());
        assert!(columns.losses(Figure::Likelihood, &rows).unwrap().iter().all(|loss| (loss - normal).abs() < 1e-12));
    }
}
