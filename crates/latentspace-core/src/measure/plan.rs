//! Memory estimates for measuring.

use super::structure::{FEW, SAMPLED};
use super::{MeasureOptions, stream};
use crate::neighbors::ranks_bytes;

/// Bytes that [`super::measure`] takes in addition to observations of `rows` x `cols` and their codes of `dims` dimensions, with
/// [`MeasureOptions::default`].
pub fn measure_bytes(rows: usize, cols: usize, dims: usize, threads: usize) -> u64 {
    let asked = if rows <= FEW { rows } else { SAMPLED } as u64;
    let (rows, threads) = (rows as u64, threads as u64);
    // Results of the sampled rows, or all distances of a row.
    let places = ranks_bytes(asked, rows, cols.max(dims) as u64, threads).max(24 * rows * threads);
    // In a map of few dimensions, the neighbors of all rows, and their search.
    let (known, search) = if dims <= 3 { (8 * MeasureOptions::default().k as u64 * rows, 28 * rows) } else { (0, 0) };
    known + places.max(search + known)
}

/// Bytes that [`super::measure_stream`] takes in addition to a block of the stream, for rows of this size in bytes, of which `width`
/// columns are compared at once (for sparse ones, only those of the codes).
pub fn measure_stream_bytes(rows: usize, row: usize, width: usize, dims: usize, threads: usize) -> u64 {
    // The sampled rows, and those of a third of the sampled pairs; or all rows if they are few.
    let held = if rows <= stream::FEW { rows } else { SAMPLED + 2 * super::pairs::SAMPLED.div_ceil(3) };
    (row + 4 * dims) as u64 * held as u64 + measure_bytes(rows.min(stream::FEW), width, dims, threads)
}
