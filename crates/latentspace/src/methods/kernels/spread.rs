//! How widely the cells of rows are spread, which sets the width of a kernel: sums that chunks of rows merge.

use serde_json::json;

use crate::checkpoint::Parcel;
use crate::data::CHUNK;
use crate::error::{Error, Result};
use crate::fold::Portable;
use crate::linalg::MatrixView;

/// The means of the columns, and the mean and the squared deviations of all cells.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    pub(super) rows: f64,
    /// `[d]`.
    pub(super) means: Vec<f64>,
    mean: f64,
    /// The sum of squared deviations of all cells from their mean.
    squares: f64,
}

impl Spread {
    /// Of these rows.
    pub(super) fn of(rows: MatrixView<'_>) -> Self {
        let (n, d) = (rows.rows(), rows.cols());
        let mut means = vec![0.0; d];
        for row in 0..n {
            means.iter_mut().zip(rows.row(row)).for_each(|(mean, &cell)| *mean += f64::from(cell));
        }
        means.iter_mut().for_each(|mean| *mean /= n.max(1) as f64);
        let mean = means.iter().sum::<f64>() / d.max(1) as f64;
        // In lanes, so that sums do not wait for each other.
        let mut lanes = [0.0; 8];
        let cells = rows.as_slice().chunks_exact(8);
        let rest: f64 = cells.remainder().iter().map(|&cell| (f64::from(cell) - mean).powi(2)).sum();
        cells.for_each(|cells| lanes.iter_mut().zip(cells).for_each(|(lane, &cell)| *lane += (f64::from(cell) - mean).powi(2)));
        Spread { rows: n as f64, means, mean, squares: lanes.iter().sum::<f64>() + rest }
    }

    /// Of all rows of a table, chunk by chunk.
    pub(super) fn of_all(rows: MatrixView<'_>) -> Self {
        use crate::parallel::*;
        let chunks = rows.rows().div_ceil(CHUNK);
        let of = |chunk: usize| Spread::of(rows.slice(chunk * CHUNK..((chunk + 1) * CHUNK).min(rows.rows())));
        let all: Vec<Spread> = (0..chunks).into_par_iter().map(of).collect();
        all.into_iter().reduce(Spread::merge).unwrap_or_else(|| Spread::of(rows))
    }

    /// Of the rows of both. Source: Chan, Golub and LeVeque 1983, doi:10.1080/00031305.1983.10483115.
    pub(super) fn merge(mut self, other: Spread) -> Spread {
        let rows = self.rows + other.rows;
        let (share, apart, cells) = (other.rows / rows, other.mean - self.mean, self.means.len() as f64);
        self.squares += other.squares + apart * apart * self.rows * share * cells;
        self.mean += apart * share;
        self.means.iter_mut().zip(&other.means).for_each(|(mean, other)| *mean += (other - *mean) * share);
        self.rows = rows;
        self
    }

    /// 1 / (columns · variance of all cells).
    ///
    /// # Errors
    /// [`Error::Input`] if all cells are equal.
    pub(super) fn gamma(&self) -> Result<f64> {
        let gamma = self.rows / self.squares;
        if gamma.is_finite() && gamma > 0.0 {
            return Ok(gamma);
        }
        let error = Error::input("data", "all cells are equal", "gamma auto = 1 / (columns · variance) needs cells that differ");
        Err(error.with_hint("gamma=1 gives a width"))
    }
}

impl Portable for Spread {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel { facts: json!({}), ..Parcel::default() };
        parcel.tensors.put_f64("means", &self.means)?;
        parcel.tensors.put_f64("rows_mean_squares", &[self.rows, self.mean, self.squares])?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let [rows, mean, squares] = parcel.tensors.f64("rows_mean_squares", Some(3))?.try_into().unwrap_or_default();
        Ok(Spread { rows, means: parcel.tensors.f64("means", None)?.to_vec(), mean, squares })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;

    #[test]
    fn parts_have_the_spread_of_the_whole() {
        let rows = Matrix::from_fn(1000, 7, |i, j| 1e4 + ((i * 7 + j) as f32).sin() * (j + 1) as f32);
        let whole = Spread::of(rows.view());
        let parts = [0..3, 3..400, 400..1000].map(|part| Spread::of(rows.slice(part)));
        let merged = parts.into_iter().reduce(Spread::merge).unwrap();
        let cells: Vec<f64> = rows.as_slice().iter().map(|&cell| f64::from(cell)).collect();
        let mean = cells.iter().sum::<f64>() / 7000.0;
        let variance = cells.iter().map(|cell| (cell - mean).powi(2)).sum::<f64>() / 7000.0;
        for spread in [&whole, &merged] {
            assert!((spread.gamma().unwrap() * 7.0 * variance - 1.0).abs() < 1e-9);
            assert!((0..7).all(|j| (spread.means[j] - whole.means[j]).abs() < 1e-9));
        }
        assert!(Spread::of(Matrix::from_fn(5, 2, |_, _| 3.0).view()).gamma().is_err());
    }
}
