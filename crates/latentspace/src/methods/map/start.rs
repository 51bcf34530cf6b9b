//! What is coarsely known of where rows lie: where a map may start.

use serde::{Deserialize, Serialize};

use super::edges::Edges;
use super::spectral::spectral;
use crate::data::Rows;
use crate::error::Result;
use crate::linalg::{Matrix, OwnedRows, SparseMatrix};
use crate::method::{Method, Plan, Shape};
use crate::methods::linear::pca::Pca;
use crate::model::Model;
use crate::parallel::*;
use crate::params::Auto;
use crate::random::Random;
use crate::run::Run;

/// Starting positions of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// The first principal components, which keep the coarse order of the data.
    #[default]
    Pca,
    /// The smoothest eigenvectors of the neighbor graph's Laplacian (Laplacian eigenmaps), which unroll curved data.
    Spectral,
    /// Random positions near the origin.
    Random,
}

/// A place for each row as `init` has it, `[n, at most dimensions]`; none if it may be any. `random` is where a spectral start begins.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(in crate::methods) fn coarse(
    init: Init,
    dimensions: usize,
    rows: &OwnedRows,
    edges: &Edges,
    random: Random,
    run: &Run,
) -> Result<Option<Matrix>> {
    match init {
        Init::Pca => components(rows, dimensions, run).map(Some),
        Init::Spectral => spectral(edges, rows.rows(), dimensions, random, run).map(Some),
        Init::Random => Ok(None),
    }
}

/// The first principal components of rows, `[n, at most dimensions]`; of sparse ones those of a sketch.
fn components(rows: &OwnedRows, dimensions: usize, run: &Run) -> Result<Matrix> {
    let dimensions = dimensions.min(rows.cols());
    match rows.sparse() {
        Some(counts) => principal(&sketch(counts, run)?, dimensions, run),
        None => principal(&rows.table()?, dimensions, run),
    }
}

/// Shows the first principal components until the map itself begins, if the listener draws maps: the search for neighbors may take minutes.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(in crate::methods) fn preview(rows: &OwnedRows, dimensions: usize, run: &Run) -> Result<()> {
    if run.wants_map() {
        run.map(components(rows, dimensions, run)?.view(), 0);
    }
    Ok(())
}

/// Rows reduced to that many principal components, and what reduces new ones; as they are if to none.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(in crate::methods) fn reduced(rows: Matrix, components: Option<usize>, run: &Run) -> Result<(Option<Box<dyn Model>>, Matrix)> {
    let Some(components) = components else { return Ok((None, rows)) };
    let pca = Pca { n_components: Auto::Value(components as u32), ..Pca::default() };
    let prepared = OwnedRows::Dense(rows);
    let model = Method::fit(&pca, &Rows::memory(&prepared), run)?.model;
    let reduced = model.encode(&prepared, run)?;
    Ok((Some(model), reduced))
}

/// What [`reduced`] will take.
pub(in crate::methods) fn reducing(shape: Shape, components: Option<usize>, run: &Run) -> Option<Plan> {
    let pca = Pca { n_components: Auto::Value(components? as u32), ..Pca::default() };
    Some(Method::plan(&pca, shape, run))
}

/// Columns of a sketch.
const SKETCHED: usize = 64;

/// Sparse rows in a few random directions, which keep how far rows lie apart roughly (Johnson and Lindenstrauss 1984): where a map starts need not
/// be known better.
fn sketch(counts: &SparseMatrix, run: &Run) -> Result<Matrix> {
    let random = Random::new(run.seed(), "sketch");
    let width = SKETCHED.min(counts.cols);
    let mut cells = vec![0.0_f32; counts.rows() * width];
    cells.par_chunks_mut(width.max(1)).enumerate().for_each(|(row, cells)| {
        let (columns, values) = counts.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            let signs = random.words(0, u64::from(column));
            let sign = |at: usize| if signs[at / 32] >> (at % 32) & 1 == 0 { value } else { -value };
            cells.iter_mut().enumerate().for_each(|(at, cell)| *cell += sign(at));
        }
    });
    Matrix::new(counts.rows(), width, cells)
}

/// The first principal components of the rows.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(in crate::methods) fn principal(rows: &Matrix, components: usize, run: &Run) -> Result<Matrix> {
    reduced(rows.clone(), Some(components), run).map(|(_, places)| places)
}
