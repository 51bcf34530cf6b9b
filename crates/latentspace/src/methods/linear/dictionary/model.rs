//! The model of a dictionary: a row's code is sparse, a decoded row a sum of atoms.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::units::within;
use crate::axes::{Axes, Weights};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, MatrixView, OwnedRows, Threads, product_transposed};
use crate::methods::linear::affine::{ENCODED, by_blocks, decode};
use crate::methods::linear::coding::{Coder, Coding, Room};
use crate::model::{Capabilities, Model};
use crate::run::Run;
use crate::tensors::Tensors;

/// Codes are exact to this part of their largest entry.
const TOLERANCE: f64 = 1e-7;

/// Atoms, and how rows are encoded.
pub(super) struct DictionaryModel {
    /// `[k, d]`, each of length 1.
    atoms: Matrix,
    /// `[k]`: share of the squared codes.
    shares: Vec<f64>,
    /// `[d]`.
    mean: Vec<f64>,
    /// A power of 2 that makes cells about 1.
    scale: f64,
    coding: Coding,
    alpha: f64,
    sparsity: usize,
    coder: Coder,
}

impl DictionaryModel {
    pub(super) fn new(
        atoms: Matrix,
        shares: Vec<f64>,
        mean: Vec<f64>,
        scale: f64,
        (coding, alpha, sparsity): (Coding, f64, usize),
    ) -> Result<Self> {
        let k = atoms.rows();
        let mut gram = vec![0.0_f64; k * k];
        for a in 0..k {
            for b in 0..=a {
                let inner: f64 = atoms.row(a).iter().zip(atoms.row(b)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                gram[a * k + b] = inner;
                gram[b * k + a] = inner;
            }
        }
        let coder = Coder::new(gram, coding, alpha * scale, sparsity, TOLERANCE)?;
        Ok(DictionaryModel { atoms, shares, mean, scale, coding, alpha, sparsity, coder })
    }

    /// The same with atoms by falling sums of squared codes, the largest entry of each positive.
    pub(super) fn ordered(self, energies: &[f64]) -> Result<Self> {
        let (k, d) = (self.atoms.rows(), self.atoms.cols());
        let mut order: Vec<usize> = (0..k).collect();
        order.sort_by(|&a, &b| energies[b].total_cmp(&energies[a]).then(a.cmp(&b)));
        let whole: f64 = energies.iter().sum();
        let shares = order.iter().map(|&atom| if whole > 0.0 { energies[atom] / whole } else { 0.0 }).collect();
        let sign = |atom: &[f32]| {
            let largest = atom.iter().fold(0.0_f32, |best, &cell| if cell.abs() > best.abs() { cell } else { best });
            if largest < 0.0 { -1.0 } else { 1.0 }
        };
        let signs: Vec<f32> = order.iter().map(|&atom| sign(self.atoms.row(atom))).collect();
        let atoms = Matrix::from_fn(k, d, |at, column| signs[at] * self.atoms.row(order[at])[column]);
        Self::new(atoms, shares, self.mean, self.scale, (self.coding, self.alpha, self.sparsity))
    }

    /// Opens what [`Model::store`] wrote.
    pub(super) fn load(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let atoms = tensors.matrix("atoms", None, None)?;
        let shares = tensors.f64("shares", Some(atoms.rows()))?.to_vec();
        let mean = tensors.f64("mean", Some(atoms.cols()))?.to_vec();
        let broken = |what: &str| Error::input("space", format!("no {what} of the dictionary"), "what `latent fit` wrote is needed");
        let number = |name: &str| facts[name].as_f64().filter(|number| number.is_finite() && *number >= 0.0).ok_or_else(|| broken(name));
        let coding = serde_json::from_value(facts["encode_algorithm"].clone()).map_err(|_| broken("encode_algorithm"))?;
        let sparsity = number("n_nonzero_coefs")? as usize;
        Self::new(atoms, shares, mean, number("scale")?.max(f64::MIN_POSITIVE), (coding, number("alpha")?, sparsity))
    }
}

impl Model for DictionaryModel {
    fn n_components(&self) -> usize {
        self.atoms.rows()
    }

    fn columns(&self) -> usize {
        self.atoms.cols()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        let (k, d) = (self.n_components(), self.columns());
        by_blocks(rows.rows(), k, run, |range, out| {
            let mut block = vec![0.0_f32; ENCODED * d];
            rows.points().slice(range).as_table(|rows| {
                let cells = block.chunks_exact_mut(d.max(1)).enumerate().take(rows.rows());
                cells.for_each(|(row, cells)| within(&self.mean, self.scale, rows.row(row), cells));
            })?;
            let mut along = vec![0.0_f32; ENCODED * k];
            product_transposed(MatrixView::new(ENCODED, d, &block)?, self.atoms.view(), &mut along, Threads::One);
            let mut room = Room::new(k);
            for (row, (out, along)) in out.chunks_exact_mut(k).zip(along.chunks_exact(k)).enumerate() {
                if row % 16 == 0 {
                    run.check()?;
                }
                room.along.iter_mut().zip(along).for_each(|(to, &from)| *to = f64::from(from));
                self.coder.code(&mut room);
                out.iter_mut().zip(&room.code).for_each(|(out, code)| *out = (code / self.scale) as f32);
            }
            Ok(())
        })
    }

    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        decode(&self.mean, &self.atoms, codes, run)
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let axes = Axes { weights: Weights::Loadings(&self.atoms), shares: Cow::Borrowed(&self.shares), prior: None };
        Capabilities { axes: Some(axes), ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        tensors.put_matrix("atoms", &self.atoms)?;
        tensors.put_f64("shares", &self.shares)?;
        tensors.put_f64("mean", &self.mean)?;
        Ok(json!({ "encode_algorithm": self.coding, "alpha": self.alpha, "n_nonzero_coefs": self.sparsity, "scale": self.scale }))
    }
}
