//! What measuring will take, told before it runs.

use super::structure::{FEW, SAMPLED};
use super::{MeasureOptions, stream};
use crate::neighbors::ranks_bytes;

/// Bytes that [`super::measure`] takes beside observations of `rows` rows by `cols` columns and their codes of `dims` dimensions, with
/// [`MeasureOptions::default`].
pub fn measure_bytes(rows: usize, cols: usize, dims: usize, threads: usize) -> u64 {
    let asked = if rows <= FEW { rows } else { SAMPLED } as u64;
    let (rows, threads) = (rows as u64, threads as u64);
    // What is found of the rows asked about, or all distances of a row.
    let places = ranks_bytes(asked, rows, cols.max(dims) as u64, threads).max(24 * rows * threads);
    // In a map of few dimensions the neighbors of all rows, and what seeking them takes.
    let (known, search) = if dims <= 3 { (8 * MeasureOptions::default().k as u64 * rows, 28 * rows) } else { (0, 0) };
    known + places.max(search + known)
}

/// Bytes that [`super::measure_stream`] takes beside a block of the stream: of rows of so many bytes each, as they are held, of which `width`
/// columns are compared at once (of sparse ones, those of the codes alone).
pub fn measure_stream_bytes(rows: usize, row: usize, width: usize, dims: usize, threads: usize) -> u64 {
    // The rows asked about, and those of a third of the pairs that are compared; or all rows where they are few.
    let held = if rows <= stream::FEW { rows } else { SAMPLED + 2 * super::pairs::SAMPLED.div_ceil(3) };
    (row + 4 * dims) as u64 * held as u64 + measure_bytes(rows.min(stream::FEW), width, dims, threads)
}
