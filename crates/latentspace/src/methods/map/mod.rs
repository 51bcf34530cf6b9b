//! What maps share: initialization, the neighbor graph and its order in memory, and how a map places new rows.

pub(super) mod both_ways;
pub(super) mod edges;
#[cfg(test)]
pub(super) mod for_tests;
pub(super) mod given;
pub(super) mod lanes;
pub(super) mod mixture;
pub(super) mod order;
pub(super) mod placed;
mod spectral;
pub(super) mod start;

pub use start::Init;

use crate::error::{Error, Result};
use crate::neighbors::Neighbors;

/// A limit of every map: all rows in memory.
pub(super) const NEEDS_ALL_ROWS: &str = "needs all rows in memory: any row may be a neighbor of any other";
/// A limit of every map: new rows among fitted ones.
pub(super) const PLACES_ON_THE_MAP: &str = "new rows are placed among their nearest fitted rows, even where nothing similar was fitted: a map has no coordinates for what it has not seen; `left_out_drift` is how far fitted rows land from their positions when placed as new ones";

/// Checks that all rows have distances that can be counted with.
///
/// # Errors
/// [`Error::Input`] with the first row of which one is no finite number.
pub(super) fn check_distances(neighbors: &Neighbors) -> Result<()> {
    let Some(at) = neighbors.distances.iter().position(|distance| !distance.is_finite()) else { return Ok(()) };
    let error = Error::input("data", "rows so far apart that their distance overflows", "distances must stay below 1e19");
    Err(error.at_row((at / neighbors.k.max(1)) as u64 + 1).with_hint("scale the columns, or remove this row"))
}
