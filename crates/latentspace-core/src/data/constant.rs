//! Constant columns, and lists of columns in sentences.

use crate::data::{Counts, Observations, Values};
use crate::error::Result;
use crate::run::Run;

/// Maximum number of names in a list.
const TOLD_NAMES: usize = 5;

/// Number of constant columns, and the first of them by name or number. Cheap if few are constant: a column is read until its value
/// changes.
pub(super) fn constant_columns(observations: &Observations, run: &Run) -> Result<(usize, Vec<String>)> {
    if let Values::Counts(counts) = &observations.values {
        return Ok(constant_counts(counts));
    }
    let mut open: Vec<usize> = (0..observations.columns()).collect();
    match &observations.values {
        Values::Table(table) => {
            let first = table.numbers.row(0);
            for row in 1..table.numbers.rows() {
                if row % 4096 == 0 {
                    run.check()?;
                }
                if open.is_empty() {
                    break;
                }
                let cells = table.numbers.row(row);
                open.retain(|&column| cells[column] == first[column]);
            }
        }
        Values::Images(images) => {
            for (row, pixels) in images.pixels.chunks_exact(images.shape.len().max(1)).enumerate() {
                if row % 4096 == 0 {
                    run.check()?;
                }
                let lower = images.lower.as_ref().map(|lower| (&lower[row * pixels.len()..], lower));
                open.retain(|&column| {
                    pixels[column] == images.pixels[column] && lower.is_none_or(|(own, first)| own[column] == first[column])
                });
                if open.is_empty() {
                    break;
                }
            }
        }
        Values::Counts(_) | Values::Text(_) => {}
    }
    if observations.rows() < 2 {
        return Ok((0, Vec::new()));
    }
    Ok((open.len(), open.iter().take(TOLD_NAMES).map(|column| (column + 1).to_string()).collect()))
}

/// The same for sparse rows, with memory proportional to their cells, not their columns.
fn constant_counts(counts: &Counts) -> (usize, Vec<String>) {
    let dense = counts.cols <= counts.indices.len();
    let met: Vec<u32> = if dense {
        (0..counts.cols as u32).collect()
    } else {
        let mut met = counts.indices.clone();
        met.sort_unstable();
        met.dedup();
        met
    };
    let place = |column: u32| if dense { Ok(column as usize) } else { met.binary_search(&column) };
    let mut seen: Vec<(u32, f32, f32)> = vec![(0, f32::INFINITY, f32::NEG_INFINITY); met.len()];
    for (&column, &value) in counts.indices.iter().zip(&counts.values) {
        if let Ok(place) = place(column) {
            let (count, low, high) = &mut seen[place];
            (*count, *low, *high) = (*count + 1, low.min(value), high.max(value));
        }
    }
    let rows = counts.rows() as u32;
    let is_constant = |&(count, low, high): &(u32, f32, f32)| count == 0 || (count == rows && low == high);
    let constant = counts.cols - met.len() + seen.iter().filter(|cells| is_constant(cells)).count();
    let is_open = |column: &u32| place(*column).map_or(true, |place| is_constant(&seen[place]));
    let name = |column: u32| counts.names.as_ref().map_or_else(|| (column + 1).to_string(), |names| names[column as usize].clone());
    (constant, (0..counts.cols as u32).filter(is_open).take(TOLD_NAMES.min(constant)).map(name).collect())
}

/// `column a`, `columns a, b and c`, `12 columns (a, b, c …)`.
pub(super) fn some(what: &str, names: &[String]) -> String {
    some_of(what, names.len(), names)
}

/// The same for `count` columns, of which the first have these names.
pub(super) fn some_of(what: &str, count: usize, names: &[String]) -> String {
    match names {
        [one] if count == 1 => format!("{what} {one}"),
        [most @ .., last] if count <= TOLD_NAMES && count == names.len() => format!("{what}s {} and {last}", most.join(", ")),
        _ => format!("{count} {what}s ({} …)", names[..3.min(names.len())].join(", ")),
    }
}
