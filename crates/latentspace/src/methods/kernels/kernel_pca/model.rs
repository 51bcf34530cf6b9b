//! The model of kernel PCA: fitted rows with their codes, and the way from kernel values to codes and back.

use serde_json::{Value, json};

use super::decoder::Decoder;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, MatrixView, OwnedRows};
use crate::methods::kernels::lens::Lens;
use crate::methods::kernels::projection::Projection;
use crate::methods::kernels::{Kernel, KernelKind};
use crate::methods::map::placed::wrong;
use crate::model::{Capabilities, Kept, Model};
use crate::neighbors::FeatureSpace;
use crate::run::Run;
use crate::tensors::Tensors;

/// How the kernel sees rows. Centering in the feature space makes the Gaussian and the linear kernel independent of where 0 is: seen from
/// the mean, products keep the digits in which rows differ.
pub(super) fn lens(kernel: Kernel, means: &[f64], fitted: MatrixView<'_>) -> Result<Lens> {
    let center = matches!(kernel.kernel, KernelKind::Rbf | KernelKind::Linear).then(|| means.to_vec());
    let columns = (kernel.kernel == KernelKind::Precomputed).then(|| (0..fitted.cols() as u32).collect());
    Lens::new(kernel, center, columns, fitted)
}

/// A space of kernel PCA.
pub(super) struct KernelPcaModel {
    kernel: Kernel,
    /// The means of the columns, `[d]`.
    means: Vec<f64>,
    /// The fitted rows, unless the kernel was given.
    rows: Option<OwnedRows>,
    /// Their codes, `[n, k]`.
    map: Matrix,
    /// `[k]`.
    eigenvalues: Vec<f64>,
    /// `[k]`: what the codes of the origin of the feature space are, negated.
    offsets: Vec<f64>,
    projection: Projection,
    decoder: Option<Decoder>,
}

impl KernelPcaModel {
    /// Of fitted rows with these codes; `row_means` are those of the kernel matrix, `[n]`.
    pub(super) fn new(
        kernel: Kernel,
        means: Vec<f64>,
        rows: Option<Matrix>,
        map: Matrix,
        eigenvalues: Vec<f64>,
        row_means: &[f64],
        decoder: Option<Decoder>,
    ) -> Result<Self> {
        let weights = Weights::new(&map, &eigenvalues);
        let offset = |axis: usize| row_means.iter().enumerate().map(|(row, mean)| mean * weights.of(row, axis)).sum();
        let offsets = (0..map.cols()).map(offset).collect();
        Self::with(kernel, means, rows, map, eigenvalues, offsets, decoder)
    }

    fn with(
        kernel: Kernel,
        means: Vec<f64>,
        rows: Option<Matrix>,
        map: Matrix,
        eigenvalues: Vec<f64>,
        offsets: Vec<f64>,
        decoder: Option<Decoder>,
    ) -> Result<Self> {
        let none = Matrix::new(0, means.len(), Vec::new())?;
        let fitted = rows.as_ref().unwrap_or(&none).view();
        let lens = lens(kernel, &means, fitted)?;
        let (seen, weights) = (lens.see(fitted, 0), Weights::new(&map, &eigenvalues));
        let projection = Projection::new(lens, seen, map.rows(), offsets.clone(), |row, axis| weights.of(row, axis));
        Ok(KernelPcaModel { kernel, means, rows: rows.map(OwnedRows::Dense), map, eigenvalues, offsets, projection, decoder })
    }

    /// Codes of the fitted rows.
    pub(super) fn codes(&self) -> &Matrix {
        &self.map
    }

    /// Opens what [`Model::store`] wrote.
    pub(super) fn load(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let kernel = Kernel::load(facts)?;
        let map = tensors.matrix("map", None, None)?;
        let means = tensors.f64("means", None)?.to_vec();
        let rows = match kernel.kernel {
            KernelKind::Precomputed => None,
            _ => Some(tensors.matrix("rows", Some(map.rows()), Some(means.len()))?),
        };
        if map.rows() == 0 || map.cols() == 0 || means.is_empty() || (rows.is_none() && means.len() != map.rows()) {
            return Err(wrong(format!("its map of {} x {} rows of {} columns", map.rows(), map.cols(), means.len())));
        }
        let (eigenvalues, offsets) = (tensors.f64("eigenvalues", Some(map.cols()))?.to_vec(), tensors.f64("offsets", Some(map.cols()))?);
        let decoder = if rows.is_some() { Some(Decoder::load(tensors, facts, &means, &map)?) } else { None };
        Self::with(kernel, means, rows, map, eigenvalues, offsets.to_vec(), decoder)
    }
}

/// What the kernel values with fitted rows are multiplied by: eigenvectors over the roots of their eigenvalues, which sum to 0.
struct Weights<'a> {
    map: &'a Matrix,
    scales: Vec<f64>,
    means: Vec<f64>,
}

impl<'a> Weights<'a> {
    fn new(map: &'a Matrix, eigenvalues: &[f64]) -> Self {
        let n = map.rows().max(1) as f64;
        let mean = |axis: usize| (0..map.rows()).map(|row| f64::from(map.row(row)[axis])).sum::<f64>() / n;
        let scales = eigenvalues.iter().map(|&value| if value > 0.0 { 1.0 / value } else { 0.0 }).collect();
        Weights { map, scales, means: (0..map.cols()).map(mean).collect() }
    }

    fn of(&self, row: usize, axis: usize) -> f64 {
        (f64::from(self.map.row(row)[axis]) - self.means[axis]) * self.scales[axis]
    }
}

impl FeatureSpace for KernelPcaModel {
    fn distances(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        self.projection.distances(rows, run)
    }
}

impl Model for KernelPcaModel {
    fn n_components(&self) -> usize {
        self.map.cols()
    }

    fn columns(&self) -> usize {
        self.means.len()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        self.projection.encode(rows, run)
    }

    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        let Some(decoder) = &self.decoder else {
            let error = Error::input("space", "it was learned from a precomputed kernel", "decoding needs the rows, which it never saw");
            return Err(error.with_hint("fit the rows themselves with kernel=rbf, poly, cosine or linear"));
        };
        decoder.decode(codes, &self.means, run)
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities {
            kept: self.rows.as_ref().map(|rows| Kept::new(&self.map, rows)),
            feature_space: self.rows.is_some().then_some(self as &dyn FeatureSpace),
            ..Capabilities::default()
        }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        tensors.put_matrix("map", &self.map)?;
        tensors.put_f64("means", &self.means)?;
        tensors.put_f64("eigenvalues", &self.eigenvalues)?;
        tensors.put_f64("offsets", &self.offsets)?;
        if let Some(rows) = self.rows.as_ref().and_then(OwnedRows::dense) {
            tensors.put_matrix("rows", rows)?;
        }
        let mut facts = json!({ "kernel": self.kernel });
        if let Some(decoder) = &self.decoder {
            decoder.store(tensors, &mut facts)?;
        }
        Ok(facts)
    }
}
