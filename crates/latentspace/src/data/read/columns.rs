//! Columns: which are learned from, which ride along, and how many digits they need.

/// Above this ratio of magnitude to spread a column of 32 bits loses digits that matter: its cells would err by more than a 65536th of the
/// spread.
const OFFSET_FROM: f64 = 256.0;

/// What is to be subtracted from each column, given the least and the greatest value of each; empty where no column needs it.
pub(super) fn needs_offset(ranges: &[(f64, f64)]) -> Vec<f64> {
    let offset = |&(low, high): &(f64, f64)| {
        let magnitude = low.abs().max(high.abs());
        let exact = f64::from(low as f32) == low && f64::from(high as f32) == high && low == high;
        if low <= high && magnitude > OFFSET_FROM * (high - low) && !exact { low + (high - low) / 2.0 } else { 0.0 }
    };
    let offsets: Vec<f64> = ranges.iter().map(offset).collect();
    if offsets.iter().all(|&offset| offset == 0.0) { Vec::new() } else { offsets }
}
