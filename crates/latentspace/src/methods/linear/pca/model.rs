//! The way through a space of principal components.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::attributes::Gaussian;
use crate::axes::{Axes, Weights};
use crate::completion;
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, OwnedRows, Points, SparseMatrix, SparseRows};
use crate::methods::linear::affine::{ENCODED, by_blocks, decode_block, encode_block};
use crate::model::{Capabilities, Model, Sampler};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// A mean and a few directions.
pub(super) struct PcaModel {
    pub(super) mean: Vec<f64>,
    /// Of the codes, by n - 1.
    pub(super) variances: Vec<f64>,
    /// `[k, d]`.
    pub(super) components: Matrix,
    /// The variance of the rows.
    pub(super) total: f64,
    pub(super) whiten: bool,
    /// Whether a code is a sum over the nonzero cells of its row, in f64: in spaces that were learned from these cells alone. A row's code is then the
    /// same bytes whether the row comes sparse or dense.
    by_cells: bool,
    /// Where the mean lies along the components.
    along: Vec<f64>,
}

/// Components that a sparse row is multiplied by side by side.
const TOGETHER: usize = 4;
/// An axis with less than this part of the largest variance has none: rounding leaves as much of rows of 32 bits.
const NO_VARIANCE: f64 = 1e-12;

impl PcaModel {
    pub(super) fn new(mean: Vec<f64>, variances: Vec<f64>, components: Matrix, total: f64, whiten: bool) -> Self {
        let inner = |row: usize| components.row(row).iter().zip(&mean).map(|(&a, b)| f64::from(a) * b).sum();
        let along = (0..components.rows()).map(inner).collect();
        PcaModel { mean, variances, components, total, whiten, by_cells: false, along }
    }

    /// The same model, learned from the nonzero cells of sparse rows.
    pub(super) fn by_cells(self) -> Self {
        PcaModel { by_cells: true, ..self }
    }

    /// Opens what [`Model::store`] wrote.
    pub(super) fn load(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let components = tensors.matrix("components", None, None)?;
        let mean = tensors.f64("mean", Some(components.cols()))?.to_vec();
        let variances = tensors.f64("variances", Some(components.rows()))?.to_vec();
        let total = tensors.f64("total_variance", Some(1))?[0];
        let fact = |name: &str| facts[name].as_bool().unwrap_or(false);
        let model = Self::new(mean, variances, components, total, fact("whiten"));
        Ok(PcaModel { by_cells: fact("by_cells"), ..model })
    }

    /// Rows whose missing cells are predicted by the others of their row, as [`Model::complete`] does.
    pub(super) fn predicted(&self, rows: MatrixView<'_>) -> Result<Matrix> {
        let gaussian = Gaussian::new(&self.mean, &self.variances, &self.components, self.total, usize::MAX);
        completion::fill(rows, &self.mean, &self.components, &gaussian.ridge(), &|| Ok(()))
    }

    pub(super) fn is_by_cells(&self) -> bool {
        self.by_cells
    }

    /// What a code is multiplied by: 1 over the standard deviation if whitened. Along an axis without variance codes are what rounding left of
    /// 0: they are divided by the largest standard deviation, so that they stay near 0.
    fn scales(&self) -> Vec<f32> {
        let largest = self.variances.iter().fold(0.0_f64, |largest, &variance| largest.max(variance));
        let variance = |own: f64| if own > NO_VARIANCE * largest { own } else { largest };
        let scale = |own: f64| if self.whiten && largest > 0.0 { (1.0 / variance(own).sqrt()) as f32 } else { 1.0 };
        self.variances.iter().map(|&own| scale(own)).collect()
    }

    /// Codes of at most [`ENCODED`] rows, not whitened, into `[ENCODED, k]`.
    pub(super) fn encode_dense(&self, rows: MatrixView<'_>, codes: &mut [f32]) -> Result<()> {
        encode_block(&self.mean, &self.components, rows, codes)
    }

    /// Codes of sparse rows, not whitened, `[rows, k]`: sums in f64 over the nonzero cells, of a few components side by side, since each sum
    /// waits for the one before.
    pub(super) fn encode_sparse(&self, rows: SparseRows<'_>) -> Vec<f64> {
        let k = self.components.rows();
        let mut codes = vec![0.0; rows.rows() * k];
        for from in (0..k).step_by(TOGETHER) {
            // The last ones are taken once more where they are fewer: their sums are the same.
            let axes: [usize; TOGETHER] = std::array::from_fn(|at| (from + at).min(k - 1));
            let components = axes.map(|axis| self.components.row(axis));
            for row in 0..rows.rows() {
                let (columns, values) = rows.row(row);
                let mut sums = [0.0; TOGETHER];
                for (&column, &value) in columns.iter().zip(values) {
                    let value = f64::from(value);
                    sums.iter_mut().zip(&components).for_each(|(sum, component)| *sum += value * f64::from(component[column as usize]));
                }
                axes.iter().zip(sums).for_each(|(&axis, sum)| codes[row * k + axis] = sum - self.along[axis]);
            }
        }
        codes
    }

    /// Rows of `[ENCODED, k]` codes that are not whitened, `[ENCODED, d]`.
    pub(super) fn decode_block(&self, codes: &[f32], rows: &mut [f32]) -> Result<()> {
        decode_block(&self.mean, &self.components, codes, rows)
    }
}

impl Model for PcaModel {
    fn n_components(&self) -> usize {
        self.components.rows()
    }

    fn columns(&self) -> usize {
        self.components.cols()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        let k = self.n_components();
        let scales = self.scales();
        by_blocks(rows.rows(), k, run, |range, out| {
            let mut codes = vec![0.0_f32; ENCODED * k];
            let rows = rows.points().slice(range);
            if self.by_cells {
                let exact = match rows {
                    Points::Dense(rows) => self.encode_sparse(SparseMatrix::of(&rows.to_matrix()).view()),
                    Points::Sparse(rows) => self.encode_sparse(rows),
                };
                codes.iter_mut().zip(exact).for_each(|(code, exact)| *code = exact as f32);
            } else {
                rows.as_table(|rows| self.encode_dense(rows, &mut codes))??;
            }
            for (out, code) in out.chunks_exact_mut(k).zip(codes.chunks_exact(k)) {
                out.iter_mut().zip(code).zip(&scales).for_each(|((out, &code), &scale)| *out = code * scale);
            }
            Ok(())
        })
    }

    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        let (d, k) = (self.columns(), self.n_components());
        let scales = self.scales();
        by_blocks(codes.rows(), d, run, |range, out| {
            let mut block = vec![0.0_f32; ENCODED * k];
            for (block, row) in block.chunks_exact_mut(k).zip(range) {
                for ((block, &code), &scale) in block.iter_mut().zip(codes.row(row)).zip(&scales) {
                    *block = code / scale;
                }
            }
            let mut rows = vec![0.0_f32; ENCODED * d];
            self.decode_block(&block, &mut rows)?;
            out.copy_from_slice(&rows[..out.len()]);
            Ok(())
        })
    }

    /// By the conditional mean of probabilistic PCA, whose noise is the mean of all variances left out.
    fn complete(&self, rows: &OwnedRows, _means: &[f64], run: &Run) -> Result<Matrix> {
        let gaussian = Gaussian::new(&self.mean, &self.variances, &self.components, self.total, usize::MAX);
        completion::least_squares(rows, &self.mean, &self.components, &gaussian.ridge(), run)
    }

    fn log_likelihoods(&self, rows: &OwnedRows, fitted: usize, run: &Run) -> Result<Option<Vec<f64>>> {
        let gaussian = Gaussian::new(&self.mean, &self.variances, &self.components, self.total, fitted);
        gaussian.log_likelihoods(rows, run).map(Some)
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let share = |variance: &f64| if self.total > 0.0 { variance / self.total } else { 0.0 };
        let shares = Cow::Owned(self.variances.iter().map(share).collect());
        let axes = Axes { weights: Weights::Loadings(&self.components), shares, prior: None };
        Capabilities { axes: Some(axes), sampler: Some(self), ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        tensors.put_matrix("components", &self.components)?;
        tensors.put_f64("mean", &self.mean)?;
        tensors.put_f64("variances", &self.variances)?;
        tensors.put_f64("total_variance", &[self.total])?;
        let mut facts = json!({ "whiten": self.whiten });
        if self.by_cells {
            facts["by_cells"] = json!(true);
        }
        Ok(facts)
    }
}

/// Codes of the Gaussian distribution with the variances of the components (probabilistic PCA, Tipping and Bishop 1999,
/// doi:10.1111/1467-9868.00196).
impl Sampler for PcaModel {
    fn sample(&self, n: usize, run: &Run) -> Result<Matrix> {
        run.check()?;
        let (random, scales) = (Random::new(run.seed(), "generated codes"), self.scales());
        let code =
            |row: usize, axis: usize| (random.normal(row as u64, axis as u64) * self.variances[axis].max(0.0).sqrt()) as f32 * scales[axis];
        Ok(Matrix::from_fn(n, self.n_components(), code))
    }
}
