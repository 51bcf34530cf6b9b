//! Wide rows made narrow, for scores only: the inner products of centred rows come mostly from a few directions, and their lengths are known
//! in full, so scores in these directions rank rows well enough to choose candidates; true distances choose among them.

use crate::parallel::*;

use super::table::Table;
use crate::error::Result;
use crate::linalg::{Gram, Matrix, MatrixView, Threads, from_lower, product_transposed, symmetric_eigen};
use crate::random::Random;
use crate::run::Run;

/// Narrower rows are scored as they are.
pub(super) const WIDE: usize = 112;
/// Directions that real data, of any width, usually come to.
pub(super) const USUAL: f64 = 192.0;
/// Directions are a multiple of this.
const STEP: usize = 16;
/// The standard deviation that the products of what is left out may have, as a part of the mean squared length.
const LEFT_OUT: f64 = 0.0026;
/// Rows that the directions are learned from, for rows up to so many numbers wide; half as many where they are wider.
const LEARNED_FROM: usize = 4096;
/// Up to so many columns the directions come from products of columns, beyond from products of as many rows.
const COLUMNS: usize = 1024;

/// The rows in few directions, `[n, m]` with m at most half of d; none if that would leave too much out.
pub(super) fn reduce(table: &Table, run: &Run) -> Result<Option<Matrix>> {
    let d = table.rows.cols();
    if d < WIDE {
        return Ok(None);
    }
    let directions = Directions::learn(table, run)?;
    // Two rows' products of what is left out have the variance that is the sum of the squared variances of the directions.
    let total: f64 = directions.variances.iter().sum();
    let mut rest: f64 = directions.variances.iter().map(|variance| variance * variance).sum();
    let mut m = 0;
    while m < directions.variances.len() && rest.sqrt() > LEFT_OUT * total {
        rest -= directions.variances[m] * directions.variances[m];
        m += 1;
    }
    let m = m.next_multiple_of(STEP).min(directions.variances.len());
    if m == 0 || 2 * m > d {
        return Ok(None);
    }
    directions.project(table, m, run).map(Some)
}

/// Directions in which rows lie spread most.
pub(super) struct Directions {
    /// How far, most first.
    pub(super) variances: Vec<f64>,
    /// Each of length 1, `[variances, d]`.
    vectors: Vec<f32>,
}

impl Directions {
    /// The principal directions of a sample of rows.
    pub(super) fn learn(table: &Table, run: &Run) -> Result<Self> {
        let (n, d) = (table.rows.rows(), table.rows.cols());
        let count = if d <= COLUMNS { LEARNED_FROM } else { COLUMNS };
        let sample = Random::new(run.seed(), "neighbors directions").sample(0, n, count);
        let rows = table.rows.select(&sample);
        let directions = if d <= COLUMNS { Directions::by_columns(rows.view())? } else { Directions::by_rows(rows.view())? };
        run.check()?;
        Ok(directions)
    }

    /// The first `m` directions, `[m, d]`.
    ///
    /// # Errors
    /// None in truth.
    pub(super) fn first(&self, m: usize) -> Result<Matrix> {
        let d = self.vectors.len() / self.variances.len().max(1);
        Matrix::new(m, d, self.vectors[..m * d].to_vec())
    }

    /// The rows in the first `m` directions, `[n, m]`.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub(super) fn project(&self, table: &Table, m: usize, run: &Run) -> Result<Matrix> {
        let (n, directions) = (table.rows.rows(), self.first(m)?);
        let mut out = vec![0.0_f32; n * m];
        out.par_chunks_mut((BLOCK * m).max(1)).enumerate().try_for_each(|(block, out)| {
            run.check()?;
            let rows = table.rows.slice(block * BLOCK..block * BLOCK + out.len() / m);
            product_transposed(rows, directions.view(), out, Threads::One);
            Ok(())
        })?;
        Matrix::new(n, m, out)
    }

    /// From the products of columns.
    fn by_columns(rows: MatrixView<'_>) -> Result<Self> {
        let (n, d) = (rows.rows(), rows.cols());
        let mut gram = Gram::new(d);
        (0..n).for_each(|row| gram.add(|out| out.copy_from_slice(rows.row(row))));
        let gram: Vec<f64> = gram.lower().into_iter().map(|cell| cell / n as f64).collect();
        let eigen = symmetric_eigen(&from_lower(&gram, d), d, d, || Ok(()))?;
        let variances = eigen.values.into_iter().map(|value| value.max(0.0)).collect();
        Ok(Directions { variances, vectors: eigen.vectors.into_iter().map(|cell| cell as f32).collect() })
    }

    /// From the products of rows.
    fn by_rows(rows: MatrixView<'_>) -> Result<Self> {
        let (n, d) = (rows.rows(), rows.cols());
        let mut gram = vec![0.0_f32; n * n];
        product_transposed(rows, rows, &mut gram, Threads::Pool);
        let gram: Vec<f64> = gram.into_iter().map(|cell| f64::from(cell) / n as f64).collect();
        let eigen = symmetric_eigen(&gram, n, n, || Ok(()))?;
        let largest = eigen.values.first().copied().unwrap_or(0.0);
        let count = eigen.values.iter().take_while(|value| **value > 1e-6 * largest).count();
        let variances = eigen.values[..count].to_vec();
        let mut vectors = vec![0.0_f32; count * d];
        vectors.par_chunks_mut(d).enumerate().for_each(|(at, direction)| {
            let scale = 1.0 / (variances[at] * n as f64).sqrt();
            for (row, weight) in eigen.vectors[at * n..][..n].iter().enumerate() {
                let weight = (weight * scale) as f32;
                direction.iter_mut().zip(rows.row(row)).for_each(|(sum, cell)| *sum += weight * cell);
            }
        });
        Ok(Directions { variances, vectors })
    }
}

/// Rows multiplied at once.
const BLOCK: usize = 1024;
