//! The model of independent sources: an unmixing and a mixing matrix.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::attributes::Found;
use crate::axes::{Axes, Weights};
use crate::error::Result;
use crate::linalg::{Matrix, OwnedRows};
use crate::methods::linear::affine::Affine;
use crate::methods::linear::measured::LinearModel;
use crate::model::{Capabilities, Model};
use crate::run::Run;
use crate::tensors::Tensors;

/// A source is the product of a row of the encoder and the centered row; the decoder's rows are the columns of the mixing matrix.
pub(super) struct IcaModel {
    pub(super) affine: Affine,
    /// `[k]`: the share of the rows' variance that each source explains.
    pub(super) shares: Vec<f64>,
    /// `[axes, d]`: what whitens centered rows; k axes, or as many as columns where there are more sources than those.
    pub(super) whitening: Matrix,
}

impl IcaModel {
    /// Attributes that are not stored as they are handed out.
    pub(super) fn made(&self, name: &str) -> Result<Found> {
        let (d, k) = (self.affine.columns(), self.affine.n_components());
        let table = |rows: usize, cols: usize, cell: &dyn Fn(usize, usize) -> f32| {
            Found::table(rows, cols, (0..rows * cols).map(|at| f64::from(cell(at / cols, at % cols))).collect())
        };
        Ok(match name {
            "mixing_" => table(d, k, &|column, source| self.affine.decoder.row(source)[column]),
            _ => table(self.whitening.rows(), d, &|axis, column| self.whitening.row(axis)[column]),
        })
    }
}

impl LinearModel for IcaModel {
    fn affine(&self) -> &Affine {
        &self.affine
    }

    fn load(tensors: &Tensors) -> Result<Self> {
        let affine = Affine::load(tensors, "unmixing", "mixing")?;
        let (k, d) = (affine.n_components(), affine.columns());
        let shares = tensors.f64("shares", Some(k))?.to_vec();
        let whitening = tensors.matrix("whitening", None, Some(d))?;
        Ok(IcaModel { affine, shares, whitening })
    }
}

impl Model for IcaModel {
    fn n_components(&self) -> usize {
        self.affine.n_components()
    }

    fn columns(&self) -> usize {
        self.affine.columns()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        self.affine.encode(rows, run)
    }

    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        self.affine.decode(codes, run)
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let axes = Axes { weights: Weights::Loadings(&self.affine.decoder), shares: Cow::Borrowed(&self.shares), prior: None };
        Capabilities { axes: Some(axes), ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        self.affine.store(tensors, "unmixing", "mixing")?;
        tensors.put_f64("shares", &self.shares)?;
        tensors.put_matrix("whitening", &self.whitening)?;
        Ok(json!({}))
    }
}
