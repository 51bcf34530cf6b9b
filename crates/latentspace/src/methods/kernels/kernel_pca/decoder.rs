//! From codes back to rows: least squares, then kernel ridge regression of what that leaves, both around the mean of the rows.
//!
//! A linear map of the codes is the best line through curved data, and it extrapolates; the Gaussian kernel of the codes adds the curves
//! where there are examples, and nothing far from them. On held-out rows (`bench/kernels.py`) this loses less than scikit-learn's kernel
//! ridge regression without a mean, which shrinks toward 0. Source: Bakır, Weston and Schölkopf 2004, NIPS 16.

use serde_json::{Value, json};

use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, Threads, product, solve_positive};
use crate::methods::kernels::lens::{Lens, Seen};
use crate::methods::kernels::matrix::KernelMatrix;
use crate::methods::kernels::{Kernel, KernelKind};
use crate::methods::map::placed::wrong;
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::{Tensor, Tensors};

/// Examples of the regression at most.
const EXAMPLES: usize = 1000;
/// Its ridge, in units of the kernel's diagonal.
const RIDGE: f64 = 0.03;
/// Rows that are decoded at a time.
const DECODED: usize = 128;
/// Rows whose products are added up at a time.
const BLOCK: usize = 1024;

/// The way from codes to rows.
pub(super) struct Decoder {
    /// `[k, d]`: what a row differs from the mean by, for each unit of a code.
    linear: Matrix,
    /// Fitted rows that are examples.
    examples: Vec<u32>,
    /// `[examples, d]`: the coefficients of their kernels.
    coefficients: Matrix,
    gamma: f64,
    lens: Lens,
    seen: Seen,
}

/// Examples that the regression of so many rows has.
pub(super) fn most_examples(rows: usize) -> usize {
    rows.min(EXAMPLES)
}

impl Decoder {
    /// Learns the way back from codes `[n, k]`, which are uncorrelated with the sums of squares `eigenvalues`, to rows `[n, d]` with these
    /// means. Cost: n d k multiply-adds, and for e examples e³ / 3 + 2 e² d.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub(super) fn new(rows: MatrixView<'_>, means: &[f64], codes: &Matrix, eigenvalues: &[f64], run: &Run) -> Result<Self> {
        run.progress("decoder", 0, 1);
        let (n, d, k) = (rows.rows(), rows.cols(), codes.cols());
        let linear = least_squares(rows, means, codes, eigenvalues, run)?;
        let spread: f64 = eigenvalues.iter().sum::<f64>() / n as f64;
        let examples = Random::new(run.seed(), "kernel examples").sample(0, n, EXAMPLES);
        let m = examples.len();
        let gamma = if spread > 0.0 { 1.0 / spread } else { 1.0 };
        let centers = codes.select(&examples);
        let (lens, seen) = view(gamma, &centers)?;
        let mut kernel = KernelMatrix::new(&lens, &seen, m, true, run)?.whole(run)?;
        (0..m).for_each(|at| kernel[at * (m + 1)] += RIDGE);
        // What least squares leaves, column by column.
        let mut left = vec![0.0; m * d];
        left.par_chunks_mut(m).enumerate().for_each(|(column, left)| {
            for (at, left) in left.iter_mut().enumerate() {
                let along: f64 = (0..k).map(|axis| f64::from(centers.row(at)[axis]) * f64::from(linear.row(axis)[column])).sum();
                *left = f64::from(rows.row(examples[at] as usize)[column]) - means[column] - along;
            }
        });
        solve_positive(&mut kernel, m, &mut left, || run.check())?;
        let coefficients = Matrix::new(m, d, (0..m * d).map(|at| left[at % d * m + at / d] as f32).collect())?;
        run.progress("decoder", 1, 1);
        Ok(Decoder { linear, examples, coefficients, gamma, lens, seen })
    }

    /// Opens what [`Decoder::store`] wrote.
    pub(super) fn load(tensors: &Tensors, facts: &Value, means: &[f64], map: &Matrix) -> Result<Self> {
        let linear = tensors.matrix("linear", Some(map.cols()), Some(means.len()))?;
        let examples = tensors.u32("examples", None)?.to_vec();
        let coefficients = tensors.matrix("coefficients", Some(examples.len()), Some(means.len()))?;
        let gamma = facts["decoder_gamma"].as_f64().unwrap_or(f64::NAN);
        if !(gamma > 0.0 && gamma.is_finite()) || examples.iter().any(|&row| row as usize >= map.rows()) {
            return Err(wrong(format!("its {} examples of decoding, of gamma {gamma}", examples.len())));
        }
        let (lens, seen) = view(gamma, &map.select(&examples))?;
        Ok(Decoder { linear, examples, coefficients, gamma, lens, seen })
    }

    pub(super) fn store(&self, tensors: &mut Tensors, facts: &mut Value) -> Result<()> {
        tensors.put_matrix("linear", &self.linear)?;
        tensors.put("examples", Tensor::U32(vec![self.examples.len()], self.examples.clone()))?;
        tensors.put_matrix("coefficients", &self.coefficients)?;
        facts["decoder_gamma"] = json!(self.gamma);
        Ok(())
    }

    /// Rows of codes `[m, k]`, `[m, d]`. Cost per row: (k + examples) d multiply-adds.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub(super) fn decode(&self, codes: &Matrix, means: &[f64], run: &Run) -> Result<Matrix> {
        let (n, d, k, m) = (codes.rows(), means.len(), codes.cols(), self.examples.len());
        let mut rows = vec![0.0_f32; n * d];
        run.install(|| {
            rows.par_chunks_mut(DECODED * d).enumerate().try_for_each(|(block, out)| {
                run.check()?;
                let count = out.len() / d;
                let own = codes.slice(block * DECODED..block * DECODED + count);
                let mut padded = own.as_slice().to_vec();
                padded.resize(DECODED * k, 0.0);
                let (mut along, mut curved, mut kernel) = (vec![0.0; DECODED * d], vec![0.0; DECODED * d], vec![0.0; DECODED * m]);
                product(MatrixView::new(DECODED, k, &padded)?, self.linear.view(), &mut along, Threads::One);
                let seen = self.lens.see(own, DECODED);
                self.lens.tile(&seen, 0..DECODED, &self.seen, 0..m, &mut Vec::new(), &mut kernel)?;
                product(MatrixView::new(DECODED, m, &kernel)?, self.coefficients.view(), &mut curved, Threads::One);
                for (at, out) in out.iter_mut().enumerate() {
                    *out = (means[at % d] + f64::from(along[at]) + f64::from(curved[at])) as f32;
                }
                Ok(())
            })
        })?;
        Matrix::new(n, d, rows)
    }
}

/// How the regression sees codes.
fn view(gamma: f64, centers: &Matrix) -> Result<(Lens, Seen)> {
    let kernel = Kernel { kernel: KernelKind::Rbf, gamma, degree: 1.0, coef0: 0.0 };
    let lens = Lens::new(kernel, None, None, centers.view())?;
    let seen = lens.see(centers.view(), 0);
    Ok((lens, seen))
}

/// What centered rows are, for each unit of a code: sums of code times row over the codes' sums of squares, `[k, d]`.
fn least_squares(rows: MatrixView<'_>, means: &[f64], codes: &Matrix, eigenvalues: &[f64], run: &Run) -> Result<Matrix> {
    let (n, d, k) = (rows.rows(), rows.cols(), codes.cols());
    let block = |block: usize| {
        run.check()?;
        let range = block * BLOCK..((block + 1) * BLOCK).min(n);
        let mut sums = vec![0.0; k * d];
        let mut own = vec![0.0; d];
        for row in range {
            own.iter_mut().zip(rows.row(row)).zip(means).for_each(|((own, &cell), mean)| *own = f64::from(cell) - mean);
            for (sums, &code) in sums.chunks_exact_mut(d).zip(codes.row(row)) {
                sums.iter_mut().zip(&own).for_each(|(sum, own)| *sum += f64::from(code) * own);
            }
        }
        Ok(sums)
    };
    let blocks: Vec<usize> = (0..n.div_ceil(BLOCK)).collect();
    let mut sums = vec![0.0; k * d];
    // A few blocks in flight, added up in order.
    for blocks in blocks.chunks(16) {
        for found in blocks.par_iter().map(|&at| block(at)).collect::<Result<Vec<Vec<f64>>>>()? {
            sums.iter_mut().zip(found).for_each(|(sum, found)| *sum += found);
        }
    }
    let scale = |axis: usize| if eigenvalues[axis] > 0.0 { 1.0 / eigenvalues[axis] } else { 0.0 };
    Matrix::new(k, d, sums.iter().enumerate().map(|(at, sum)| (sum * scale(at / d)) as f32).collect())
}
