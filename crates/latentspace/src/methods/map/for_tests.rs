//! What the tests of maps share.

use crate::data::{Metadata, Observations, Preparation, PrepareOptions, Rows};
use crate::error::Result;
use crate::linalg::{Matrix, OwnedRows};
use crate::method::AnyMethod;
use crate::neighbors::{self, Metric};
use crate::random::Random;
use crate::run::Run;
use crate::space::Space;

/// `groups` clouds of equal size around corners that are `apart` from 0; row i belongs to cloud i % groups.
pub(in crate::methods) fn planted(n: usize, d: usize, groups: usize, apart: f32) -> Matrix {
    let random = Random::new(8, "rows");
    Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32 + if j == i % groups { apart } else { 0.0 })
}

pub(in crate::methods) fn fit(method: &dyn AnyMethod, rows: &Matrix, run: &Run) -> Result<Space> {
    fit_beside(method, rows, &Metadata::none(rows.rows()), run)
}

/// The same of rows with columns that ride along.
pub(in crate::methods) fn fit_beside(method: &dyn AnyMethod, rows: &Matrix, metadata: &Metadata, run: &Run) -> Result<Space> {
    let prepared = OwnedRows::Dense(rows.clone());
    let observations = Observations::from_matrix("rows", rows.clone());
    let preparation = Preparation::choose(&observations, &PrepareOptions::default(), run)?;
    Ok(Space::fit(method, preparation, &Rows::memory(&prepared), metadata, run)?.0)
}

pub(in crate::methods) fn map_of(space: &Space) -> Matrix {
    space.capabilities().kept.unwrap().codes.clone()
}

pub(in crate::methods) fn encode(space: &Space, rows: Matrix, run: &Run) -> Matrix {
    space.encode_prepared(&OwnedRows::Dense(rows), run).unwrap()
}

/// The share of the `k` nearest rows in the map that are of the same group.
pub(in crate::methods) fn purity(map: &Matrix, groups: usize, k: usize) -> f64 {
    let found = neighbors::neighbors(map.view(), k, Metric::Euclidean, &Run::new(0, 2).unwrap()).unwrap();
    let same = |row: usize| found.row(row).0.iter().filter(|&&other| other as usize % groups == row % groups).count();
    (0..map.rows()).map(same).sum::<usize>() as f64 / (map.rows() * k) as f64
}
