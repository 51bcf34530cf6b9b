//! svmlight's sparse rows: `LABEL COLUMN:VALUE COLUMN:VALUE … # comment`, a line each. The label rides along.
//!
//! Columns count from 1; from 0 where a column 0 is named.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};

use super::bytes::File;
use super::sparse::{CountsReader, check_axis, counts};
use super::{Ask, Reader, excerpt};
use crate::data::Metadata;
use crate::error::Result;

/// Opens a file of sparse rows.
///
/// # Errors
/// [`crate::Error::Input`] with the row for what is wrong in it.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    let mut cells: Vec<(u32, u32, f32)> = Vec::new();
    let mut labels: Vec<f64> = Vec::new();
    let (mut least, mut most) = (u64::MAX, 0_u64);
    for line in bytes.split(|&byte| byte == b'\n') {
        let row = labels.len() as u64;
        let wrong = |found: String| file.wrong(found, "rows are LABEL COLUMN:VALUE COLUMN:VALUE …").at_row(row + 1);
        let line = std::str::from_utf8(line).map_err(|_| wrong("bytes that are no UTF-8".to_owned()))?;
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let mut words = line.split_ascii_whitespace();
        let label = words.next().unwrap_or_default();
        labels.push(
            label.parse().ok().filter(|label: &f64| label.is_finite()).ok_or_else(|| wrong(format!("the label '{}'", excerpt(label))))?,
        );
        for word in words {
            let Some((column, value)) = word.split_once(':') else { return Err(wrong(format!("'{}'", excerpt(word)))) };
            if column == "qid" {
                continue;
            }
            let column: u64 = column.parse().map_err(|_| wrong(format!("the column '{}'", excerpt(column))))?;
            let value: f32 = value.parse().map_err(|_| wrong(format!("the value '{}'", excerpt(value))))?;
            let column = check_axis(file, "columns", column, bytes.len()).map_err(|error| error.at_row(row + 1))? as u64;
            least = least.min(column);
            most = most.max(column);
            cells.push((row as u32, column as u32, value));
        }
    }
    if cells.is_empty() {
        return Err(file.wrong("no cell", "rows are LABEL COLUMN:VALUE COLUMN:VALUE …"));
    }
    if least > 0 {
        cells.iter_mut().for_each(|(_, column, _)| *column -= 1);
        most -= 1;
    }
    let rows = labels.len();
    let label: ArrayRef = if labels.iter().all(|label| label.fract() == 0.0 && label.abs() < 1e15) {
        Arc::new(Int64Array::from_iter_values(labels.iter().map(|&label| label as i64)))
    } else {
        Arc::new(Float64Array::from(labels))
    };
    let metadata = Metadata::from_columns(vec![("label".to_owned(), label)], rows)?;
    Ok(Box::new(CountsReader::new(file, ask, counts(rows, most as usize + 1, cells), metadata)?))
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use crate::data::Values;

    #[test]
    fn labels_ride_along_and_columns_count_from_one_unless_a_zero_is_named() {
        for (text, cols) in [("1 1:0.5 3:2 # c\n-1 2:1\n", 3), ("1 0:0.5 2:2\n-1 1:1\n", 3)] {
            let observed = read("a.svmlight", text.as_bytes()).unwrap();
            let Values::Counts(counts) = &observed.values else { panic!() };
            assert_eq!(counts.cols, cols);
            assert_eq!(counts.row(0), (&[0, 2][..], &[0.5, 2.0][..]));
            assert_eq!(observed.metadata.text(0, 1).unwrap(), "-1");
        }
    }
}
