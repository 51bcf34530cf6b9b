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
    let (n, d) = (table.rows.rows(), table.rows.cols());
    if d < WIDE {
        return Ok(None);
    }
    let count = if d <= COLUMNS { LEARNED_FROM } else { COLUMNS };
    let sample = Random::new(run.seed(), "neighbors directions").sample(0, n, count);
    let rows = table.rows.select(&sample);
    let (values, directions) = if d <= COLUMNS { by_columns(rows.view())? } else { by_rows(rows.view())? };
    // Two rows' products of what is left out have the variance that is the sum of the squared variances of the directions.
    let total: f64 = values.iter().sum();
    let mut rest: f64 = values.iter().map(|value| value * value).sum();
    let mut m = 0;
    while m < values.len() && rest.sqrt() > LEFT_OUT * total {
        rest -= values[m] * values[m];
        m += 1;
    }
    let m = m.next_multiple_of(STEP).min(values.len());
    run.check()?;
    if m == 0 || 2 * m > d {
        return Ok(None);
    }
    let directions = Matrix::new(m, d, directions[..m * d].to_vec())?;
    let mut out = vec![0.0_f32; n * m];
    out.par_chunks_mut(BLOCK * m).enumerate().try_for_each(|(block, out)| {
        run.check()?;
        let rows = table.rows.slice(block * BLOCK..block * BLOCK + out.len() / m);
        product_transposed(rows, directions.view(), out, Threads::One);
        Ok(())
    })?;
    Matrix::new(n, m, out).map(Some)
}

/// Rows multiplied at once.
const BLOCK: usize = 1024;

/// Variances, largest first, and unit directions, row by row, from the products of columns.
fn by_columns(rows: MatrixView<'_>) -> Result<(Vec<f64>, Vec<f32>)> {
    let (n, d) = (rows.rows(), rows.cols());
    let mut gram = Gram::new(d);
    (0..n).for_each(|row| gram.add(|out| out.copy_from_slice(rows.row(row))));
    let gram: Vec<f64> = gram.lower().into_iter().map(|cell| cell / n as f64).collect();
    let eigen = symmetric_eigen(&from_lower(&gram, d), d, d)?;
    let values = eigen.values.into_iter().map(|value| value.max(0.0)).collect();
    Ok((values, eigen.vectors.into_iter().map(|cell| cell as f32).collect()))
}

/// The same from the products of rows.
fn by_rows(rows: MatrixView<'_>) -> Result<(Vec<f64>, Vec<f32>)> {
    let (n, d) = (rows.rows(), rows.cols());
    let mut gram = vec![0.0_f32; n * n];
    product_transposed(rows, rows, &mut gram, Threads::Pool);
    let gram: Vec<f64> = gram.into_iter().map(|cell| f64::from(cell) / n as f64).collect();
    let eigen = symmetric_eigen(&gram, n, n)?;
    let largest = eigen.values.first().copied().unwrap_or(0.0);
    let count = eigen.values.iter().take_while(|value| **value > 1e-6 * largest).count();
    let values = eigen.values[..count].to_vec();
    let mut directions = vec![0.0_f32; count * d];
    directions.par_chunks_mut(d).enumerate().for_each(|(at, direction)| {
        let scale = 1.0 / (values[at] * n as f64).sqrt();
        for (row, weight) in eigen.vectors[at * n..][..n].iter().enumerate() {
            let weight = (weight * scale) as f32;
            direction.iter_mut().zip(rows.row(row)).for_each(|(sum, cell)| *sum += weight * cell);
        }
    });
    Ok((values, directions))
}
