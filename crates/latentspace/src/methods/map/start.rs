//! What is coarsely known of where rows lie: where a map may start.

use serde::{Deserialize, Serialize};

use super::edges::Edges;
use super::spectral::spectral;
use crate::data::{Prepared, Rows};
use crate::error::Result;
use crate::linalg::Matrix;
use crate::method::{Method, Model, Plan, Shape};
use crate::methods::pca::Pca;
use crate::params::Auto;
use crate::random::Random;
use crate::run::Run;

/// Where the map starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// At the first principal components: the coarse order of the data is kept.
    #[default]
    Pca,
    /// At the slowest vibrations of the graph of neighbors (Laplacian eigenmaps): curved data are rolled out.
    Spectral,
    /// Anywhere near the middle.
    Random,
}

/// A place for each row as `init` has it, `[n, at most dimensions]`; none if it may be any. `random` is where a spectral start begins.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(in crate::methods) fn coarse(
    init: Init,
    dimensions: usize,
    rows: &Matrix,
    edges: &Edges,
    random: Random,
    run: &Run,
) -> Result<Option<Matrix>> {
    match init {
        Init::Pca => principal(rows, dimensions.min(rows.cols()), run).map(Some),
        Init::Spectral => spectral(edges, rows.rows(), dimensions, random, run).map(Some),
        Init::Random => Ok(None),
    }
}

/// Rows reduced to that many principal components, and what reduces new ones; as they are if to none.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(in crate::methods) fn reduced(rows: Matrix, components: Option<usize>, run: &Run) -> Result<(Option<Box<dyn Model>>, Matrix)> {
    let Some(components) = components else { return Ok((None, rows)) };
    let pca = Pca { n_components: Auto::Value(components as u32), ..Pca::default() };
    let prepared = Prepared::Table(rows);
    let model = Method::fit(&pca, &Rows::Memory(&prepared), run)?.model;
    let reduced = model.encode(&prepared, run)?;
    Ok((Some(model), reduced))
}

/// What [`reduced`] will take.
pub(in crate::methods) fn reducing(shape: Shape, components: Option<usize>, run: &Run) -> Option<Plan> {
    let pca = Pca { n_components: Auto::Value(components? as u32), ..Pca::default() };
    Some(Method::plan(&pca, shape, run))
}

/// The first principal components of the rows.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(in crate::methods) fn principal(rows: &Matrix, components: usize, run: &Run) -> Result<Matrix> {
    reduced(rows.clone(), Some(components), run).map(|(_, places)| places)
}
