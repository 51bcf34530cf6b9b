//! Cells that cannot be used.

use crate::error::Error;

pub(super) fn infinite(file: &str, row: u64, column: &str) -> Error {
    Error::input(file, "infinity", "each cell is a finite number up to 3.4e38").at_row(row).at_column(column)
}

pub(super) fn lacking(file: &str, row: u64, column: &str) -> Error {
    Error::input(file, "the cell is missing (NaN)", "each cell must be a number")
        .at_row(row)
        .at_column(column)
        .with_hint("--missing mean fills in the column's mean; a space fitted with missing=mean fills in new rows, too")
}

/// Whether each number is finite: nothing but infinity and NaN, times 0, is not 0.
pub(in crate::data) fn is_finite(values: &[f32]) -> bool {
    let mut sums = [0.0_f32; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder().iter().map(|value| value * 0.0).sum::<f32>();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value * 0.0);
    }
    sums.iter().sum::<f32>() + rest == 0.0
}
