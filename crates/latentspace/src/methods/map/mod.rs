//! What maps for the eye have in common: where they start, the graph that they go along, the order in which rows are worked on, and how a
//! space of a map places rows.

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

/// What no map can do, as methods tell it.
pub(super) const NEEDS_ALL_ROWS: &str = "needs all rows in memory: every row is a neighbor of others";
/// The same of new rows.
pub(super) const PLACES_ON_THE_MAP: &str = "new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest; `left_out_drift` tells how far fitted rows would land from their places if they were new";

/// Checks that all rows have distances that can be counted with.
///
/// # Errors
/// [`Error::Input`] with the first row of which one is no finite number.
pub(super) fn check_distances(neighbors: &Neighbors) -> Result<()> {
    let Some(at) = neighbors.distances.iter().position(|distance| !distance.is_finite()) else { return Ok(()) };
    let error = Error::input("data", "rows so far apart that their distance is no number", "distances below 1e19 can be used");
    Err(error.at_row((at / neighbors.k.max(1)) as u64 + 1).with_hint("scale the columns, or take this row out"))
}
