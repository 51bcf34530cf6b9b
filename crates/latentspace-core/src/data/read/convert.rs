//! Conversion of Arrow columns to numbers, vectors, documents, and metadata (text, dates).

use std::sync::Arc;

use crate::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, Float64Array, GenericListArray, OffsetSizeTrait, StringArray,
    TimestampMicrosecondArray,
};
use crate::arrow::compute::cast;
use crate::arrow::datatypes::{DataType, Float32Type, Float64Type, TimeUnit, TimestampMicrosecondType};
use crate::arrow::display::{ArrayFormatter, FormatOptions};

use super::cells::vector;
use super::excerpt;
use crate::data::write::in_utc;
use crate::data::{Affine, dates};
use crate::error::{Error, Result};
use crate::text::of_words;

/// The cells of a numeric column.
pub(super) enum Source {
    F32(Float32Array, usize),
    F64(Float64Array, usize),
}

fn no_numbers(error: &crate::arrow::ArrowError) -> Error {
    Error::input("", format!("cells that are not numbers ({error})"), "numbers are needed")
}

fn unlike(row: usize, found: usize, width: usize) -> Error {
    Error::input("", format!("a vector of {found} numbers"), format!("each has {width}, as the first")).at_row(row as u64 + 1)
}

impl Source {
    /// The numbers of a column, `width` in each cell.
    ///
    /// # Errors
    /// [`Error::Input`] with the row, from 1, for a missing vector, or one of another length.
    pub(super) fn new(column: &ArrayRef, width: usize) -> Result<Self> {
        let flat: ArrayRef = match column.data_type() {
            DataType::FixedSizeList(..) => fixed(column.as_fixed_size_list(), width)?,
            DataType::List(_) => lists(column.as_list::<i32>(), width)?,
            DataType::LargeList(_) => lists(column.as_list::<i64>(), width)?,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..) if width > 0 && is_text(column) => {
                vectors(&text(column)?, width)?
            }
            _ => Arc::clone(column),
        };
        if flat.data_type() == &DataType::Float32 {
            return Ok(Source::F32(flat.as_primitive::<Float32Type>().clone(), width));
        }
        let wide = cast(&flat, &DataType::Float64).map_err(|error| no_numbers(&error))?;
        Ok(Source::F64(wide.as_primitive::<Float64Type>().clone(), width))
    }

    /// Extends the ranges of its columns; 32-bit numbers need none.
    pub(super) fn ranges(&self, ranges: &mut [(f64, f64)]) {
        let Source::F64(cells, width) = self else { return };
        for (at, value) in cells.iter().enumerate() {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                let range = &mut ranges[at % width];
                *range = (range.0.min(value), range.1.max(value));
            }
        }
    }

    /// Writes rows from `first` on into `out`, with rows of `cols` numbers, from column `place` on.
    pub(super) fn write(&self, first: usize, out: &mut [f32], cols: usize, place: usize, affine: &Affine) {
        let rows = out.len() / cols;
        match self {
            Source::F32(cells, width) => {
                for row in 0..rows {
                    for at in 0..*width {
                        let cell = (first + row) * width + at;
                        out[row * cols + place + at] = if cells.is_valid(cell) { cells.value(cell) } else { f32::NAN };
                    }
                }
            }
            Source::F64(cells, width) => {
                for at in 0..*width {
                    let line = affine.line(place + at);
                    for row in 0..rows {
                        let cell = (first + row) * width + at;
                        out[row * cols + place + at] = if cells.is_valid(cell) { line.cell(cells.value(cell)) } else { f32::NAN };
                    }
                }
            }
        }
    }
}

fn is_text(column: &ArrayRef) -> bool {
    match column.data_type() {
        DataType::Dictionary(_, values) => matches!(**values, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
        _ => true,
    }
}

/// The numbers of contiguous vectors of one length.
fn fixed(list: &FixedSizeListArray, width: usize) -> Result<ArrayRef> {
    let own = usize::try_from(list.value_length()).unwrap_or(0);
    if own != width {
        return Err(unlike(0, own, width));
    }
    if list.null_count() == 0 {
        return Ok(list.values().slice(list.offset() * width, list.len() * width));
    }
    spread(list.len(), width, |row| list.is_valid(row).then(|| list.value(row)))
}

/// The numbers of lists, which must have equal lengths.
fn lists<O: OffsetSizeTrait>(list: &GenericListArray<O>, width: usize) -> Result<ArrayRef> {
    if let Some(row) = (0..list.len()).find(|&row| list.is_valid(row) && list.value_length(row).as_usize() != width) {
        return Err(unlike(row, list.value_length(row).as_usize(), width));
    }
    let first = list.value_offsets().first().map_or(0, |first| first.as_usize());
    if list.null_count() == 0 {
        return Ok(list.values().slice(first, list.len() * width));
    }
    spread(list.len(), width, |row| list.is_valid(row).then(|| list.value(row)))
}

/// The numbers of cells some of which are missing.
fn spread(rows: usize, width: usize, cell: impl Fn(usize) -> Option<ArrayRef>) -> Result<ArrayRef> {
    let mut out: Vec<Option<f64>> = Vec::with_capacity(rows * width);
    for row in 0..rows {
        match cell(row) {
            Some(cells) => {
                out.extend(cast(&cells, &DataType::Float64).map_err(|error| no_numbers(&error))?.as_primitive::<Float64Type>().iter())
            }
            None => out.extend(std::iter::repeat_n(None, width)),
        }
    }
    Ok(Arc::new(Float64Array::from(out)))
}

/// The numbers of vectors in text.
fn vectors(cells: &StringArray, width: usize) -> Result<ArrayRef> {
    let mut out = Vec::with_capacity(cells.len() * width);
    for (row, cell) in cells.iter().enumerate() {
        match cell.filter(|cell| !super::cells::is_missing(cell)) {
            None => out.extend(std::iter::repeat_n(f64::NAN, width)),
            Some(cell) => match vector(cell, &mut out) {
                Some(found) if found == width => {}
                Some(found) => return Err(unlike(row, found, width)),
                None => {
                    let found = format!("'{}' is not a vector", excerpt(cell));
                    return Err(Error::input("", found, format!("each cell holds {width} numbers, as the first")).at_row(row as u64 + 1));
                }
            },
        }
    }
    Ok(Arc::new(Float64Array::from(out)))
}

/// A column as text; types such as lists as Arrow formats them.
pub(super) fn text(column: &ArrayRef) -> Result<StringArray> {
    let column = &in_utc(column);
    if let Ok(cells) = cast(column, &DataType::Utf8) {
        return Ok(cells.as_string::<i32>().clone());
    }
    let wrong =
        |error: crate::arrow::ArrowError| Error::input("", format!("cells that cannot be shown as text ({error})"), "text is needed");
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options).map_err(wrong)?;
    let cell = |row: usize| if column.is_null(row) { Ok(None) } else { formatter.value(row).try_to_string().map(Some) };
    (0..column.len()).map(cell).collect::<std::result::Result<StringArray, _>>().map_err(wrong)
}

/// Documents, one per cell; a list of words is a tokenized document.
pub(super) fn documents(column: &ArrayRef) -> Result<Vec<String>> {
    let lists = match column.data_type() {
        DataType::List(_) => Some(Arc::clone(column)),
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => cast(column, &DataType::List(Arc::clone(item))).ok(),
        _ => None,
    };
    let Some(lists) = lists else { return Ok(text(column)?.iter().map(|text| text.unwrap_or_default().to_owned()).collect()) };
    let cell = |words: Option<ArrayRef>| match words {
        Some(words) => Ok(of_words(text(&words)?.iter().flatten())),
        None => Ok(String::new()),
    };
    lists.as_list::<i32>().iter().map(cell).collect()
}

/// A metadata column in one of a few types: text, numbers, dates and booleans are kept, all others become text.
pub(super) fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Utf8 | DataType::Boolean | DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Ok(Arc::clone(column)),
        DataType::Null => Ok(Arc::new(StringArray::new_null(column.len()))),
        kind if kind.is_integer() || kind.is_floating() => Ok(Arc::clone(column)),
        kind if kind.is_numeric() => cast(column, &DataType::Float64)
            .map_err(|error| Error::input("", format!("cells that cannot be read ({error})"), "numbers are needed")),
        _ => Ok(Arc::new(text(column)?)),
    }
}

/// The format of the dates of a column, detected from its head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Dates {
    /// Text.
    Text(dates::Order),
    /// Numbers.
    Numbers(dates::Scale),
    /// A date type.
    Typed,
}

impl Dates {
    /// Detects the format of the dates of this column, or the reason why it has none.
    pub(super) fn of(column: &ArrayRef) -> Result<Self, String> {
        match column.data_type() {
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Ok(Dates::Typed),
            kind if kind.is_numeric() => {
                let cells = cast(column, &DataType::Float64).map_err(|error| error.to_string())?;
                let scale = dates::Scale::of(cells.as_primitive::<Float64Type>().iter(), true);
                // With --dates, numbers are seconds if no other format fits.
                Ok(Dates::Numbers(scale.unwrap_or(dates::Scale::Since(1e6))))
            }
            _ => {
                let cells = text(column).map_err(|error| error.to_string())?;
                dates::Order::of(cells.iter()).map(Dates::Text).or_else(|why| {
                    let numbers: ArrayRef = cast(&cells, &DataType::Float64).map_err(|error| error.to_string())?;
                    if numbers.null_count() == cells.null_count() { Dates::of(&numbers) } else { Err(why) }
                })
            }
        }
    }

    /// The column as instants; invalid and impossible dates are missing.
    pub(super) fn read(self, column: &ArrayRef) -> Result<ArrayRef> {
        let instants: TimestampMicrosecondArray = match self {
            Dates::Typed => {
                let kind = DataType::Timestamp(TimeUnit::Microsecond, None);
                cast(&in_utc(column), &kind).map_err(|error| no_numbers(&error))?.as_primitive::<TimestampMicrosecondType>().clone()
            }
            Dates::Numbers(scale) => {
                let cells = cast(column, &DataType::Float64).map_err(|error| no_numbers(&error))?;
                cells.as_primitive::<Float64Type>().iter().map(|cell| scale.instant(cell?)).collect()
            }
            Dates::Text(order) => text(column)?.iter().map(|cell| order.instant(cell?)).collect(),
        };
        Ok(Arc::new(instants.with_timezone("UTC")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrow::array::{Int64Array, ListArray};
    use crate::arrow::datatypes::Int32Type;

    fn cells(source: Source) -> Vec<f64> {
        match source {
            Source::F32(cells, _) => cells.iter().map(|cell| cell.map_or(f64::NAN, f64::from)).collect(),
            Source::F64(cells, _) => cells.iter().map(|cell| cell.unwrap_or(f64::NAN)).collect(),
        }
    }

    #[test]
    fn vectors_of_other_lengths_are_errors_with_their_rows_and_missing_ones_are_missing() {
        let list = |third: Vec<Option<i32>>| -> ArrayRef {
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), Some(2)]), None, Some(third)]))
        };
        let read = cells(Source::new(&list(vec![Some(3), None]), 2).unwrap());
        assert!(read[..2] == [1.0, 2.0] && read[2].is_nan() && read[3].is_nan() && read[4] == 3.0 && read[5].is_nan());
        let error = Source::new(&list(vec![Some(3)]), 2).err().unwrap().to_string();
        assert!(error.contains("row 3: a vector of 1 numbers"), "{error}");
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("[0.5, 1]"), None, Some("[2, 3]")]));
        assert_eq!(cells(Source::new(&texts, 2).unwrap())[..2], [0.5, 1.0]);
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["[0.5, 1]", "[0.5, 1, 7]"]));
        let error = Source::new(&texts, 2).err().unwrap().to_string();
        assert!(error.contains("row 2: a vector of 3 numbers"), "{error}");
    }

    #[test]
    fn dates_in_text_and_in_numbers_become_instants() {
        let shown = |column: ArrayRef| {
            let dates = Dates::of(&column).unwrap().read(&column).unwrap();
            text(&dates).unwrap().iter().map(|cell| cell.map(str::to_owned)).collect::<Vec<_>>()
        };
        let cells: ArrayRef = Arc::new(StringArray::from(vec!["2021-02-28", "2021-02-30"]));
        assert_eq!(shown(cells), [Some("2021-02-28T00:00:00Z".to_owned()), None]);
        let seconds: ArrayRef = Arc::new(Int64Array::from(vec![1_577_836_800]));
        assert_eq!(shown(seconds), [Some("2020-01-01T00:00:00Z".to_owned())]);
        let words: ArrayRef = Arc::new(StringArray::from(vec!["soon"]));
        assert!(Dates::of(&words).unwrap_err().contains("soon"));
    }
}
