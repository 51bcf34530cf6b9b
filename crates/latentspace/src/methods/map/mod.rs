//! What maps for the eye have in common: where they start, the graph that they go along, the order in which rows are worked on, and how a
//! space of a map places rows.

pub(super) mod both_ways;
pub(super) mod edges;
pub(super) mod lanes;
pub(super) mod order;
pub(super) mod placed;
mod spectral;
pub(super) mod start;

pub use start::Init;

use crate::error::{Error, Result};
use crate::neighbors::Neighbors;

/// Checks that all rows have distances that can be counted with.
///
/// # Errors
/// [`Error::Input`] with the first row of which one is no finite number.
pub(super) fn check_distances(neighbors: &Neighbors) -> Result<()> {
    let Some(at) = neighbors.distances.iter().position(|distance| !distance.is_finite()) else { return Ok(()) };
    let error = Error::input("data", "rows so far apart that their distance is no number", "distances below 1e19 can be used");
    Err(error.at_row((at / neighbors.k.max(1)) as u64 + 1).with_hint("scale the columns, or take this row out"))
}

/// A number with commas between its thousands.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
