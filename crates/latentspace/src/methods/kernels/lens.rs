//! Rows as a kernel compares them, and tiles of kernel values between them.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::lanes::{exp_all, gaussian};
use super::{Kernel, KernelKind};
use crate::error::{Error, Result, count};
use crate::linalg::{MatrixView, Threads, product_transposed};

/// How a kernel sees rows: shifted and scaled so that its values follow from inner products.
#[derive(Debug, Clone)]
pub(super) struct Lens {
    pub(super) kernel: Kernel,
    /// `[d]`: subtracted from rows, where the kernel does not depend on it.
    center: Option<Vec<f64>>,
    /// For a precomputed kernel: the columns of the rows that are compared with.
    columns: Option<Vec<u32>>,
    /// Whether inner products are computed in 64 bits.
    double: bool,
    /// The unit of kernel values, in which none between fitted rows is above 1.
    pub(super) unit: f64,
}

/// Rows as a kernel sees them.
pub(super) struct Seen {
    d: usize,
    cells: Cells,
}

enum Cells {
    /// `[n, d]`, and the squared lengths.
    Single(Vec<f32>, Vec<f32>),
    /// The same in 64 bits.
    Double(Vec<f64>, Vec<f64>),
}

impl Seen {
    /// A copy of some rows.
    pub(super) fn select(&self, rows: &[u32]) -> Seen {
        fn of<T: Copy>(cells: &[T], d: usize, rows: &[u32]) -> Vec<T> {
            rows.iter().filter_map(|&row| cells.get(row as usize * d..(row as usize + 1) * d)).flatten().copied().collect()
        }
        let cells = match &self.cells {
            Cells::Single(cells, squares) => Cells::Single(of(cells, self.d, rows), of(squares, 1, rows)),
            Cells::Double(cells, squares) => Cells::Double(of(cells, self.d, rows), of(squares, 1, rows)),
        };
        Seen { d: self.d, cells }
    }
}

/// Squared lengths, in units of the kernel's width, above which the rounding of 32-bit products would show in kernel values.
const LONG: f64 = 64.0;

impl Lens {
    /// The lens for these fitted rows. `center`, if the kernel may be shifted, is subtracted.
    ///
    /// # Errors
    /// [`Error::Input`] if kernel values overflow.
    pub(super) fn new(kernel: Kernel, center: Option<Vec<f64>>, columns: Option<Vec<u32>>, fitted: MatrixView<'_>) -> Result<Self> {
        let mut lens = Lens { kernel, center, columns, double: false, unit: 1.0 };
        if matches!(kernel.kernel, KernelKind::Precomputed | KernelKind::Cosine) {
            return Ok(lens);
        }
        let longest = (0..fitted.rows()).map(|row| lens.squared(fitted.row(row))).fold(0.0, f64::max);
        let largest = match kernel.kernel {
            KernelKind::Rbf => 1.0,
            KernelKind::Poly => (longest + kernel.coef0.abs()).powf(kernel.degree),
            _ => longest,
        };
        if !largest.is_finite() {
            let error = Error::input("data", "kernel values beyond 1e308", "the kernel of two rows must be a number");
            return Err(error.with_hint("scale the columns, or choose a smaller gamma or degree"));
        }
        lens.double = kernel.kernel == KernelKind::Rbf && longest > LONG;
        lens.unit = if largest > 0.0 { largest } else { 1.0 };
        Ok(lens)
    }

    /// The number that cells are multiplied by before their products are taken.
    fn scale(&self) -> f64 {
        match self.kernel.kernel {
            KernelKind::Rbf | KernelKind::Poly => self.kernel.gamma.sqrt(),
            KernelKind::Linear => 1.0 / self.unit.sqrt(),
            KernelKind::Cosine | KernelKind::Precomputed => 1.0,
        }
    }

    /// The squared length of a row, seen through the lens.
    fn squared(&self, row: &[f32]) -> f64 {
        let scale = self.scale();
        let cell = |(at, &cell): (usize, &f32)| (f64::from(cell) - self.center.as_ref().map_or(0.0, |center| center[at])) * scale;
        row.iter().enumerate().map(|cell_at| cell(cell_at).powi(2)).sum()
    }

    /// Rows as the kernel sees them, with rows of zeros up to `least` rows.
    pub(super) fn see(&self, rows: MatrixView<'_>, least: usize) -> Seen {
        let n = rows.rows().max(least);
        if let Some(columns) = &self.columns {
            let d = columns.len();
            let mut cells = vec![0.0; n * d];
            for (row, out) in cells.chunks_exact_mut(d.max(1)).enumerate().take(rows.rows()) {
                out.iter_mut().zip(columns).for_each(|(out, &column)| *out = rows.row(row)[column as usize]);
            }
            return Seen { d, cells: Cells::Single(cells, Vec::new()) };
        }
        let d = rows.cols();
        let (mut single, mut double) = (Vec::new(), Vec::new());
        if self.double {
            double.resize(n * d, 0.0)
        } else {
            single.resize(n * d, 0.0_f32)
        }
        let (mut squares, mut own) = (vec![0.0; n], vec![0.0; d]);
        for row in 0..rows.rows() {
            own.iter_mut().zip(rows.row(row)).for_each(|(own, &cell)| *own = f64::from(cell));
            if let Some(center) = &self.center {
                own.iter_mut().zip(center).for_each(|(own, center)| *own -= center);
            }
            let scale = match self.kernel.kernel {
                KernelKind::Cosine => {
                    let length = own.iter().map(|cell| cell * cell).sum::<f64>().sqrt();
                    if length > 0.0 { 1.0 / length } else { 0.0 }
                }
                _ => self.scale(),
            };
            own.iter_mut().for_each(|own| *own *= scale);
            squares[row] = own.iter().map(|own| own * own).sum();
            if self.double {
                double[row * d..][..d].copy_from_slice(&own);
            } else {
                single[row * d..][..d].iter_mut().zip(&own).for_each(|(out, &own)| *out = own as f32);
            }
        }
        let cells = match self.double {
            true => Cells::Double(double, squares),
            false => Cells::Single(single, squares.iter().map(|&square| square as f32).collect()),
        };
        Seen { d, cells }
    }

    /// Kernel values of some rows with some fitted ones, in the lens's unit: `[rows, others]`. `wide` is scratch space. Cost: a product of
    /// `rows`, `others` and the columns, and a power of e or some products per value.
    ///
    /// # Errors
    /// [`Error::Input`] if the polynomial kernel is not defined for some pair.
    pub(super) fn tile(
        &self,
        seen: &Seen,
        rows: Range<usize>,
        fitted: &Seen,
        others: Range<usize>,
        wide: &mut Vec<f64>,
        out: &mut [f32],
    ) -> Result<()> {
        let (m, n, d) = (rows.len(), others.len(), seen.d);
        match (&seen.cells, &fitted.cells) {
            (Cells::Single(cells, _), _) if self.kernel.kernel == KernelKind::Precomputed => {
                for (out, row) in out.chunks_exact_mut(n).zip(rows) {
                    out.copy_from_slice(&cells[row * d..][others.clone()]);
                }
                Ok(())
            }
            (Cells::Single(cells, squares), Cells::Single(fitted, lengths)) => {
                let own = MatrixView::new(m, d, &cells[rows.start * d..rows.end * d])?;
                let other = MatrixView::new(n, d, &fitted[others.start * d..others.end * d])?;
                product_transposed(own, other, out, Threads::One);
                match self.kernel.kernel {
                    KernelKind::Rbf => {
                        let lengths = &lengths[others];
                        out.chunks_exact_mut(n).zip(&squares[rows]).for_each(|(out, &own)| gaussian(out, own, lengths));
                        Ok(())
                    }
                    KernelKind::Poly => self.powers(out),
                    KernelKind::Cosine | KernelKind::Linear | KernelKind::Precomputed => Ok(()),
                }
            }
            (Cells::Double(cells, squares), Cells::Double(fitted, lengths)) => {
                wide.resize(m * n, 0.0);
                let own = MatRef::from_row_major_slice(&cells[rows.start * d..rows.end * d], m, d);
                let other = MatRef::from_row_major_slice(&fitted[others.start * d..others.end * d], n, d);
                let products = MatMut::from_row_major_slice_mut(wide, m, n);
                matmul(products, Accum::Replace, own, other.transpose(), 1.0, Par::Seq);
                for ((out, products), own) in out.chunks_exact_mut(n).zip(wide.chunks_exact(n)).zip(&squares[rows]) {
                    for ((out, product), other) in out.iter_mut().zip(products).zip(&lengths[others.clone()]) {
                        *out = (2.0 * product - own - other).min(0.0) as f32;
                    }
                    exp_all(out);
                }
                Ok(())
            }
            _ => Err(Error::internal("rows seen through two lenses")),
        }
    }

    /// The kernel of each row with itself, in the lens's unit.
    ///
    /// # Errors
    /// [`Error::Input`] if the polynomial kernel is not defined for some row.
    pub(super) fn lengths(&self, seen: &Seen) -> Result<Vec<f64>> {
        let mut squares: Vec<f32> = match &seen.cells {
            Cells::Single(_, squares) => squares.clone(),
            Cells::Double(_, squares) => squares.iter().map(|&square| square as f32).collect(),
        };
        match self.kernel.kernel {
            KernelKind::Rbf => squares.fill(1.0),
            KernelKind::Poly => self.powers(&mut squares)?,
            KernelKind::Cosine | KernelKind::Linear | KernelKind::Precomputed => {}
        }
        Ok(squares.into_iter().map(f64::from).collect())
    }

    /// Turns products into polynomial kernels.
    fn powers(&self, values: &mut [f32]) -> Result<()> {
        /// Values in flight.
        const TOGETHER: usize = 64;
        let Kernel { degree, coef0, .. } = self.kernel;
        let whole = degree.fract() == 0.0;
        for values in values.chunks_mut(TOGETHER) {
            let mut bases = [0.0; TOGETHER];
            bases.iter_mut().zip(&*values).for_each(|(base, &value)| *base = f64::from(value) + coef0);
            if whole {
                let (mut results, mut left) = ([1.0 / self.unit; TOGETHER], degree as u32);
                while left > 0 {
                    if left & 1 == 1 {
                        results.iter_mut().zip(&bases).for_each(|(result, base)| *result *= base);
                    }
                    bases.iter_mut().for_each(|base| *base *= *base);
                    left >>= 1;
                }
                values.iter_mut().zip(results).for_each(|(value, result)| *value = result as f32);
                continue;
            }
            if let Some(base) = bases.iter().take(values.len()).find(|&&base| base < 0.0) {
                let found = format!("gamma x·y + coef0 is {base:.3} for two rows, and the degree {degree} is not whole");
                let error = Error::input("data", found, "a negative number has no such power");
                return Err(error.with_hint("choose a whole degree, or a larger coef0"));
            }
            values.iter_mut().zip(bases).for_each(|(value, base)| *value = (base.powf(degree) / self.unit) as f32);
        }
        Ok(())
    }

    /// Checks a row's codes.
    ///
    /// # Errors
    /// [`Error::Input`] if one is not a number of 32 bits.
    pub(super) fn check_codes(codes: &[f32], row: usize) -> Result<()> {
        if codes.iter().all(|code| code.is_finite()) {
            return Ok(());
        }
        let found = format!("row {}: its kernel with the fitted rows is beyond 32 bits", count(row as u64 + 1));
        Err(Error::input("data", found, "codes are numbers up to 3e38").with_hint("scale the rows as the fitted ones were"))
    }
}
