//! Codes as an affine function of rows, and decoded rows as one of codes: products in blocks of fixed shape.

use std::ops::Range;

use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, OwnedRows, Threads, product, product_transposed};
use crate::parallel::*;
use crate::run::Run;
use crate::tensors::Tensors;

/// Rows that are encoded or decoded at a time. Each product has this shape, so that a row's code is the same alone and in any batch.
pub(in crate::methods::linear) const ENCODED: usize = 128;

/// Codes of centered rows by one matrix, decoded rows by another.
pub(in crate::methods::linear) struct Affine {
    /// `[d]`.
    pub(in crate::methods::linear) mean: Vec<f64>,
    /// `[k, d]`: a code is the product of this and the centered row.
    pub(in crate::methods::linear) encoder: Matrix,
    /// `[k, d]`: a decoded row is the mean and the sum of these rows, weighted by the code.
    pub(in crate::methods::linear) decoder: Matrix,
}

impl Affine {
    /// Opens what [`Affine::store`] wrote.
    pub(in crate::methods::linear) fn load(tensors: &Tensors, encoder: &str, decoder: &str) -> Result<Self> {
        let decoder = tensors.matrix(decoder, None, None)?;
        let encoder = tensors.matrix(encoder, Some(decoder.rows()), Some(decoder.cols()))?;
        let mean = tensors.f64("mean", Some(decoder.cols()))?.to_vec();
        Ok(Affine { mean, encoder, decoder })
    }

    pub(in crate::methods::linear) fn store(&self, tensors: &mut Tensors, encoder: &str, decoder: &str) -> Result<()> {
        tensors.put_f64("mean", &self.mean)?;
        tensors.put_matrix(encoder, &self.encoder)?;
        tensors.put_matrix(decoder, &self.decoder)
    }

    pub(in crate::methods::linear) fn n_components(&self) -> usize {
        self.decoder.rows()
    }

    pub(in crate::methods::linear) fn columns(&self) -> usize {
        self.decoder.cols()
    }

    /// Codes `[n, k]` of rows `[n, d]`: 2·d·k flops a row.
    pub(in crate::methods::linear) fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        by_blocks(rows.rows(), self.n_components(), run, |range, out| {
            let mut codes = vec![0.0_f32; ENCODED * self.n_components()];
            rows.points().slice(range).as_table(|rows| encode_block(&self.mean, &self.encoder, rows, &mut codes))??;
            out.copy_from_slice(&codes[..out.len()]);
            Ok(())
        })
    }

    /// Rows `[n, d]` of codes `[n, k]`: 2·d·k flops a row.
    pub(in crate::methods::linear) fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        decode(&self.mean, &self.decoder, codes, run)
    }
}

/// Rows `[n, d]` of codes `[n, k]` by a decoder `[k, d]`: 2·d·k flops a row.
pub(in crate::methods::linear) fn decode(mean: &[f64], decoder: &Matrix, codes: &Matrix, run: &Run) -> Result<Matrix> {
    let (d, k) = (decoder.cols(), decoder.rows());
    by_blocks(codes.rows(), d, run, |range, out| {
        let mut block = vec![0.0_f32; ENCODED * k];
        block[..range.len() * k].copy_from_slice(codes.view().slice(range).as_slice());
        let mut rows = vec![0.0_f32; ENCODED * d];
        decode_block(mean, decoder, &block, &mut rows)?;
        out.copy_from_slice(&rows[..out.len()]);
        Ok(())
    })
}

/// Codes of at most [`ENCODED`] rows by an encoder `[k, d]`, into `[ENCODED, k]`.
pub(in crate::methods::linear) fn encode_block(mean: &[f64], encoder: &Matrix, rows: MatrixView<'_>, codes: &mut [f32]) -> Result<()> {
    let d = encoder.cols();
    let mut block = vec![0.0_f32; ENCODED * d];
    for (i, out) in block.chunks_exact_mut(d).enumerate().take(rows.rows()) {
        for ((out, &value), &mean) in out.iter_mut().zip(rows.row(i)).zip(mean) {
            *out = (f64::from(value) - mean) as f32;
        }
    }
    product_transposed(MatrixView::new(ENCODED, d, &block)?, encoder.view(), codes, Threads::One);
    Ok(())
}

/// Rows `[ENCODED, d]` of codes `[ENCODED, k]` by a decoder `[k, d]`.
pub(in crate::methods::linear) fn decode_block(mean: &[f64], decoder: &Matrix, codes: &[f32], rows: &mut [f32]) -> Result<()> {
    let (d, k) = (decoder.cols(), decoder.rows());
    product(MatrixView::new(ENCODED, k, codes)?, decoder.view(), rows, Threads::One);
    for row in rows.chunks_exact_mut(d) {
        row.iter_mut().zip(mean).for_each(|(value, &mean)| *value = (f64::from(*value) + mean) as f32);
    }
    Ok(())
}

/// Fills `[rows, width]` by blocks of [`ENCODED`] rows, on the run's threads.
pub(in crate::methods::linear) fn by_blocks(
    rows: usize,
    width: usize,
    run: &Run,
    fill: impl Fn(Range<usize>, &mut [f32]) -> Result<()> + Sync,
) -> Result<Matrix> {
    let mut out = vec![0.0_f32; rows * width];
    run.install(|| {
        out.par_chunks_mut((ENCODED * width).max(1)).enumerate().try_for_each(|(block, out)| {
            run.check()?;
            let from = block * ENCODED;
            fill(from..(from + ENCODED).min(rows), out)
        })
    })?;
    Matrix::new(rows, width, out)
}
