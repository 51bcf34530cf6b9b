//! Dimension reduction for scores: the inner products of centered rows come mostly from a few principal directions, and their lengths are known
//! exactly, so scores in these directions are accurate enough to choose candidates, among which distances choose.

use crate::parallel::*;

use super::table::Table;
use crate::error::Result;
use crate::linalg::{Gram, Matrix, MatrixView, Threads, from_lower, product_transposed, symmetric_eigen};
use crate::random::Random;
use crate::run::Run;

/// Narrower rows are not reduced.
pub(super) const WIDE: usize = 112;
/// Typical number of directions for real data of any width.
pub(super) const USUAL: f64 = 192.0;
/// The number of directions is a multiple of this.
const STEP: usize = 16;
/// Maximum standard deviation of the residual products, relative to the mean squared length.
const LEFT_OUT: f64 = 0.0026;
/// Sample size from which the directions are computed, for rows up to this width; half as many for wider rows.
const LEARNED_FROM: usize = 4096;
/// Up to this number of columns the directions come from the covariance, beyond from the Gram matrix of as many rows.
const COLUMNS: usize = 1024;

/// The rows projected on few directions, `[n, m]` with m at most half of d; none if the residual would be too large.
pub(super) fn reduce(table: &Table, run: &Run) -> Result<Option<Matrix>> {
    let d = table.rows.cols();
    if d < WIDE {
        return Ok(None);
    }
    let directions = Directions::learn(table, run)?;
    // The variance of the residual product of two rows is the sum of the squared variances of the omitted directions.
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

/// Principal directions of rows.
pub(super) struct Directions {
    /// Their variances, in decreasing order.
    pub(super) variances: Vec<f64>,
    /// Unit vectors, `[variances, d]`.
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
    /// None occur.
    pub(super) fn first(&self, m: usize) -> Result<Matrix> {
        let d = self.vectors.len() / self.variances.len().max(1);
        Matrix::new(m, d, self.vectors[..m * d].to_vec())
    }

    /// The rows projected on the first `m` directions, `[n, m]`.
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

    /// From the covariance of the columns.
    fn by_columns(rows: MatrixView<'_>) -> Result<Self> {
        let (n, d) = (rows.rows(), rows.cols());
        let mut gram = Gram::new(d);
        (0..n).for_each(|row| gram.add(|out| out.copy_from_slice(rows.row(row))));
        let gram: Vec<f64> = gram.lower().into_iter().map(|cell| cell / n as f64).collect();
        let eigen = symmetric_eigen(&from_lower(&gram, d), d, d, || Ok(()))?;
        let variances = eigen.values.into_iter().map(|value| value.max(0.0)).collect();
        Ok(Directions { variances, vectors: eigen.vectors.into_iter().map(|cell| cell as f32).collect() })
    }

    /// From the Gram matrix of the rows.
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

/// Number of rows multiplied at once.
const BLOCK: usize = 1024;
