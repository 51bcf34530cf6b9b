//! Affine maps between 64-bit values and 32-bit cells: an offset for columns far from zero, a scale for tiny or huge ones.

use serde::{Deserialize, Serialize};

use super::exact;
use crate::error::{Error, Input, Result};

/// Above this ratio of magnitude to range a column of 32 bits loses digits that matter: its cells would err by more than a 65536th of the
/// range.
const OFFSET_FROM: f64 = 256.0;
/// Ranges and magnitudes beyond which squares leave what 64 bits hold.
const LEAST: f64 = 1e-150;
const MOST: f64 = 1e150;

/// The affine map from the 32-bit cells of numeric columns to their 64-bit values: value = cell × scale + offset. Scales are powers of two, so
/// that they cost no precision. Most columns have the identity.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Affine {
    /// Empty where all are 0.
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    offsets: Vec<f64>,
    /// Empty where all are 1.
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    scales: Vec<f64>,
}

/// The map of one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    pub(crate) offset: f64,
    pub(crate) scale: f64,
    inverse: f64,
}

impl Line {
    fn new(offset: f64, scale: f64) -> Self {
        Line { offset, scale, inverse: 1.0 / scale }
    }

    /// Whether cells are values.
    pub(crate) fn is_identity(self) -> bool {
        self.offset == 0.0 && self.scale == 1.0
    }

    /// The cell of a value.
    #[inline]
    pub(crate) fn cell(self, value: f64) -> f32 {
        ((value - self.offset) * self.inverse) as f32
    }

    /// The value of a cell.
    #[inline]
    pub(crate) fn value(self, cell: f32) -> f64 {
        f64::from(cell) * self.scale + self.offset
    }

    /// The map that keeps the precision of a column from `low` to `high`.
    fn of_range((low, high): (f64, f64)) -> Self {
        let (range, largest) = (high - low, low.abs().max(high.abs()));
        if low == high {
            // A constant: nothing is lost but by what 32 bits take for 0 or infinity.
            let fits = low == 0.0 || holds(low.abs(), low.abs());
            return Line::new(if fits { 0.0 } else { low }, 1.0);
        }
        if low > high {
            return Line::new(0.0, 1.0);
        }
        let offset = if largest > OFFSET_FROM * range { low + range / 2.0 } else { 0.0 };
        let reach = if offset == 0.0 { largest } else { range };
        Line::new(offset, if holds(range, reach) { 1.0 } else { reach.log2().floor().exp2() })
    }

    /// Whether it keeps the precision of a column from `low` to `high`.
    fn suits(self, (low, high): (f64, f64)) -> bool {
        let (range, reach) = (high - low, (low - self.offset).abs().max((high - self.offset).abs()));
        let cells = |value: f64| value * self.inverse;
        if low == high {
            return reach == 0.0 || holds(cells(reach), cells(reach));
        }
        low > high || (reach <= OFFSET_FROM * range && holds(cells(range), cells(reach)))
    }
}

/// Whether 32-bit numbers can hold cells of this range, the largest of which is `reach`.
fn holds(range: f64, reach: f64) -> bool {
    range >= f64::from(f32::MIN_POSITIVE) && reach <= f64::from(f32::MAX)
}

impl Affine {
    /// Offsets and scales; each list is empty or has an element per column.
    pub fn new(offsets: Vec<f64>, scales: Vec<f64>) -> Self {
        let offsets = if offsets.iter().all(|&offset| offset == 0.0) { Vec::new() } else { offsets };
        let scales = if scales.iter().all(|&scale| scale == 1.0) { Vec::new() } else { scales };
        Affine { offsets, scales }
    }

    /// The maps that keep the precision of columns with these least and greatest values.
    pub(crate) fn of_ranges(ranges: &[(f64, f64)]) -> Self {
        let (offsets, scales) = ranges.iter().map(|&range| Line::of_range(range)).map(|line| (line.offset, line.scale)).unzip();
        Affine::new(offsets, scales)
    }

    /// Whether they keep the precision of columns with these least and greatest values.
    pub(crate) fn suits(&self, ranges: &[(f64, f64)]) -> bool {
        ranges.iter().enumerate().all(|(column, &range)| self.line(column).suits(range))
    }

    /// Whether cells are values.
    pub fn is_identity(&self) -> bool {
        self.offsets.is_empty() && self.scales.is_empty()
    }

    /// The offset of each column; empty if all are 0.
    pub fn offsets(&self) -> &[f64] {
        &self.offsets
    }

    /// The scale of each column; empty if all are 1.
    pub fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// Whether all of so many columns have the same scale, so that cells of different columns can be compared.
    pub fn has_one_scale(&self, columns: usize) -> bool {
        (0..columns).all(|column| self.line(column).scale == self.line(0).scale)
    }

    /// The value of a cell.
    pub fn value(&self, column: usize, cell: f32) -> f64 {
        self.line(column).value(cell)
    }

    /// The map of a column.
    pub(crate) fn line(&self, column: usize) -> Line {
        let at = |list: &[f64], otherwise| list.get(column).copied().unwrap_or(otherwise);
        Line::new(at(&self.offsets, 0.0), at(&self.scales, 1.0))
    }

    /// The maps of some columns.
    pub(crate) fn select(&self, columns: &[usize]) -> Self {
        let (offsets, scales) = columns.iter().map(|&column| self.line(column)).map(|line| (line.offset, line.scale)).unzip();
        Affine::new(offsets, scales)
    }

    /// The largest scale of any column: a common unit in which all of them fit into 32 bits.
    pub(crate) fn unit(&self) -> f64 {
        self.scales.iter().copied().reduce(f64::max).unwrap_or(1.0)
    }

    /// Whether it fits this number of columns.
    pub(crate) fn fits(&self, columns: usize) -> bool {
        let is_one_each = |list: &[f64]| list.is_empty() || list.len() == columns;
        is_one_each(&self.offsets) && is_one_each(&self.scales) && self.scales.iter().all(|&scale| scale > 0.0)
    }
}

/// Checks that columns of these ranges can be learned from.
///
/// # Errors
/// [`Error::Input`] with the column, which `name` names, for one whose squares would be 0 or infinite in 64 bits.
pub(crate) fn check_ranges(ranges: &[(f64, f64)], name: impl Fn(usize) -> String) -> Result<()> {
    for (column, &(low, high)) in ranges.iter().enumerate().filter(|(_, (low, high))| low <= high) {
        let wrong = |hint: &str| {
            Err(Error::Input(Input {
                column: Some(name(column)),
                found: format!("numbers from {low:e} to {high:e}"),
                wanted: "a column to learn from has a range between 1e-150 and 1e150".to_owned(),
                hint: Some(hint.to_owned()),
                ..Input::default()
            }))
        };
        if low < high && high - low < LEAST {
            return wrong("multiply the column by a power of 10 first, or take its logarithms");
        }
        if low.abs().max(high.abs()) > MOST {
            return wrong("divide the column by a power of 10 first, or take its logarithms");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(values: &[f64]) {
        let range = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
        let affine = Affine::of_ranges(&[(0.0, 1.0), range]);
        assert!(affine.suits(&[(0.0, 1.0), range]), "{range:?}");
        for &value in values {
            let cell = affine.line(1).cell(value);
            let error = (affine.value(1, cell) - value).abs();
            let most = if range.0 < range.1 { 1.6e-5 * (range.1 - range.0) } else { 6e-8 * value.abs() };
            assert!(error <= most, "{value:e} of {range:?} became {:e}", affine.value(1, cell));
        }
    }

    #[test]
    fn columns_of_any_magnitude_keep_their_digits() {
        for scale in [1e-140, 1e-50, 1e-30, 1.0, 1e30, 1e50, 1e140] {
            for offset in [0.0, 1.0, 1e4, -1e7] {
                digits(&(0..37).map(|at| scale * (offset + f64::from(at) * 0.37)).collect::<Vec<_>>());
            }
            digits(&[scale]);
            digits(&[-scale, -scale]);
        }
        digits(&[0.0, 1e-50]);
    }

    #[test]
    fn ordinary_columns_are_stored_as_they_are() {
        let ranges = [(0.0, 1.0), (-5.0, 5.0), (0.0, 1e-37), (7.1, 7.1), (-3e38, 3e38), (f64::INFINITY, f64::NEG_INFINITY)];
        assert!(Affine::of_ranges(&ranges).is_identity());
        assert!(!Affine::of_ranges(&[(0.0, 1.0), (0.0, 1e-50)]).has_one_scale(2));
        let far = Affine::of_ranges(&[(0.0, 1.0), (1e7, 1e7 + 2.0)]);
        assert!(far.has_one_scale(2));
        assert_eq!((far.offsets(), far.scales()), (&[0.0, 1e7 + 1.0][..], &[][..]));
    }

    #[test]
    fn columns_whose_squares_64_bits_cannot_hold_are_refused() {
        let check = |low: f64, high: f64| check_ranges(&[(0.0, 1.0), (low, high)], |column| column.to_string());
        for fine in [(0.0, 1e-100), (1e-200, 1e-200), (-3e138, 3e138), (f64::INFINITY, f64::NEG_INFINITY)] {
            assert!(check(fine.0, fine.1).is_ok(), "{fine:?}");
        }
        let error = check(1e-202, 3.7e-200).unwrap_err();
        let wanted = ", column 1: numbers from 1e-202 to 3.7e-200; a column to learn from has a range between 1e-150 and 1e150.";
        assert_eq!(error.to_string(), wanted);
        assert!(check(0.0, 1e160).is_err() && error.hint().is_some());
    }
}
