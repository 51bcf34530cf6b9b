//! Codes of rows: weighted sums of their kernel values with the fitted rows.

use super::lanes::{Lane, PANEL, four_times};
use super::lens::{Lens, Seen};
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, OwnedRows};
use crate::parallel::*;
use crate::run::Run;

/// Rows that are encoded at a time. Each product has this shape, so that a row's code is the same alone and in any batch.
const ENCODED: usize = 128;

/// Fitted rows that they are compared with at a time.
const COMPARED: usize = 256;

/// The fitted rows that new ones are compared with, and the weights of the comparisons.
pub(super) struct Projection {
    lens: Lens,
    fitted: Seen,
    n: usize,
    k: usize,
    /// For each panel of dimensions, the weights of the fitted rows.
    panels: Vec<Vec<Lane>>,
    /// `[k]`: subtracted from the sums.
    offsets: Vec<f64>,
}

impl Projection {
    /// `weights(i, axis)` of fitted row i, in the kernel's own unit, and `offsets` `[k]`.
    pub(super) fn new(lens: Lens, fitted: Seen, n: usize, offsets: Vec<f64>, weight: impl Fn(usize, usize) -> f64) -> Self {
        let (k, unit) = (offsets.len(), lens.unit);
        let lane =
            |from: usize, row: usize| -> Lane { std::array::from_fn(|at| if from + at < k { weight(row, from + at) * unit } else { 0.0 }) };
        let panels = (0..k).step_by(PANEL).map(|from| (0..n).map(|row| lane(from, row)).collect()).collect();
        Projection { lens, fitted, n, k, panels, offsets }
    }

    /// Dimensions of the codes.
    pub(super) fn k(&self) -> usize {
        self.k
    }

    /// Codes of prepared rows, `[rows, k]`. Cost per row: n d multiply-adds of 32 bits and n k of 64.
    ///
    /// # Errors
    /// [`crate::Error::Input`] if a code is beyond 32 bits; [`crate::Error::Cancelled`].
    pub(super) fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        let (count, k) = (rows.rows(), self.k);
        let mut codes = vec![0.0_f32; count * k];
        run.install(|| {
            codes.par_chunks_mut(ENCODED * k).enumerate().try_for_each_init(
                || (Vec::new(), vec![0.0; ENCODED * COMPARED]),
                |(wide, tile), (block, codes)| {
                    let from = block * ENCODED;
                    let rows = rows.points().slice(from..(from + ENCODED).min(count));
                    rows.as_table(|rows| self.block(rows, wide, tile, codes, run))??;
                    codes.chunks_exact(k).enumerate().try_for_each(|(row, codes)| Lens::check_codes(codes, from + row))
                },
            )
        })?;
        Matrix::new(count, k, codes)
    }

    /// Distances of prepared rows from the fitted ones in the feature space, `[rows, n]`, without coordinates: the root of k(x, x) - 2 k(x, y) +
    /// k(y, y), 0 where rounding makes that negative. Cost per row: n d multiply-adds.
    ///
    /// # Errors
    /// [`crate::Error::Input`] if the polynomial kernel is not defined for some pair; [`crate::Error::Cancelled`].
    pub(super) fn distances(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        let (n, count) = (self.n, rows.rows());
        let unit = self.lens.unit;
        let lengths = self.lens.lengths(&self.fitted)?;
        let mut out = vec![0.0_f32; count * n];
        run.install(|| {
            out.par_chunks_mut(ENCODED * n).enumerate().try_for_each(|(block, out)| {
                let from = block * ENCODED;
                let rows = rows.points().slice(from..(from + ENCODED).min(count));
                let seen = rows.as_table(|rows| self.lens.see(rows, ENCODED))?;
                let (own, mut wide, mut tile) = (self.lens.lengths(&seen)?, Vec::new(), vec![0.0; ENCODED * COMPARED]);
                for first in (0..n).step_by(COMPARED) {
                    run.check()?;
                    let others = first..(first + COMPARED).min(n);
                    let tile = &mut tile[..ENCODED * others.len()];
                    self.lens.tile(&seen, 0..ENCODED, &self.fitted, others.clone(), &mut wide, tile)?;
                    for ((out, products), own) in out.chunks_exact_mut(n).zip(tile.chunks_exact(others.len())).zip(&own) {
                        for ((out, &product), length) in out[others.clone()].iter_mut().zip(products).zip(&lengths[others.clone()]) {
                            *out = ((own + length - 2.0 * f64::from(product)).max(0.0) * unit).sqrt() as f32;
                        }
                    }
                }
                Ok(())
            })
        })?;
        Matrix::new(count, n, out)
    }

    fn block(&self, rows: MatrixView<'_>, wide: &mut Vec<f64>, tile: &mut [f32], codes: &mut [f32], run: &Run) -> Result<()> {
        let seen = self.lens.see(rows, ENCODED);
        let mut sums = vec![[[0.0; PANEL]; 4]; ENCODED / 4 * self.panels.len()];
        for from in (0..self.n).step_by(COMPARED) {
            run.check()?;
            let others = from..(from + COMPARED).min(self.n);
            let tile = &mut tile[..ENCODED * others.len()];
            self.lens.tile(&seen, 0..ENCODED, &self.fitted, others.clone(), wide, tile)?;
            for (panel, sums) in self.panels.iter().zip(sums.chunks_exact_mut(ENCODED / 4)) {
                for (four, sums) in tile.chunks_exact(4 * others.len()).zip(sums).take(rows.rows().div_ceil(4)) {
                    four_times(std::array::from_fn(|at| &four[at * others.len()..][..others.len()]), &panel[others.clone()], sums);
                }
            }
        }
        for (row, codes) in codes.chunks_exact_mut(self.k).enumerate() {
            for (axis, (code, offset)) in codes.iter_mut().zip(&self.offsets).enumerate() {
                *code = (sums[axis / PANEL * (ENCODED / 4) + row / 4][row % 4][axis % PANEL] - offset) as f32;
            }
        }
        Ok(())
    }
}
