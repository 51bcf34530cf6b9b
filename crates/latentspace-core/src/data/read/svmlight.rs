//! svmlight's sparse rows: `LABEL COLUMN:VALUE COLUMN:VALUE … # comment`, one per line. The label is metadata.
//!
//! Columns count from 1, or from 0 if a column 0 occurs. For a space they count as in the file that it was learned from, and absent columns
//! are 0.

use std::sync::Arc;

use crate::arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};

use super::bytes::File;
use super::sparse::{CountsReader, Narrowed, Numbering, check_columns, counts};
use super::{Ask, Reader, excerpt};
use crate::data::{Counts, DataKind, Metadata};
use crate::error::Result;

/// Opens a file of sparse rows.
///
/// # Errors
/// [`crate::Error::Input`] with the row of the error.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    let mut cells: Vec<(u32, u32, f32)> = Vec::new();
    let mut narrowed = Narrowed::default();
    let (mut labels, mut queries): (Vec<&str>, Vec<Option<i64>>) = (Vec::new(), Vec::new());
    let mut numbering: Option<Numbering> = None;
    for line in bytes.split(|&byte| byte == b'\n') {
        let row = labels.len() as u64;
        let wrong = |found: String| file.wrong(found, "rows are LABEL COLUMN:VALUE COLUMN:VALUE …").at_row(row + 1);
        let line = std::str::from_utf8(line).map_err(|_| wrong("bytes that are not UTF-8".to_owned()))?;
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let mut words = line.split_ascii_whitespace();
        let label = words.next().unwrap_or_default();
        if !label.split(',').all(|label| label.parse().is_ok_and(|label: f64| label.is_finite())) {
            return Err(wrong(format!("the label '{}'", excerpt(label))));
        }
        labels.push(label);
        let mut query = None;
        for word in words {
            let Some((column, value)) = word.split_once(':') else { return Err(wrong(format!("'{}'", excerpt(word)))) };
            if column == "qid" {
                query = Some(value.parse().map_err(|_| wrong(format!("the query '{}'", excerpt(word))))?);
                continue;
            }
            let column: u64 = column.parse().map_err(|_| wrong(format!("the column '{}'", excerpt(column))))?;
            let cell = value.parse().map_err(|_| wrong(format!("the value '{}'", excerpt(value))))?;
            let value = narrowed.take(cell, || value.parse().ok());
            let column = check_columns(file, ask, "columns", column, bytes.len()).map_err(|error| error.at_row(row + 1))? as u32;
            let shows = Numbering { has_zero: column == 0, most: column };
            numbering = Some(numbering.map_or(shows, |known| known.join(shows)));
            cells.push((row as u32, column, value));
        }
        queries.push(query);
    }
    narrowed.check(file)?;
    let rows = labels.len();
    let metadata = metadata(&labels, queries)?;
    // A space defines the first column number, and the number of columns.
    let fitted = ask.options.preparation.as_ref().filter(|preparation| preparation.kind == DataKind::Counts);
    let Some(numbering) = numbering.or(fitted.map(|_| Numbering { has_zero: false, most: 1 })) else {
        return Err(file.wrong("no cell", "rows are LABEL COLUMN:VALUE COLUMN:VALUE …"));
    };
    let base = fitted.and_then(|fitted| fitted.base()).unwrap_or(numbering.base());
    let columns = fitted.map_or((numbering.most + 1 - base) as usize, |fitted| fitted.columns);
    let is_inside = |column: u32| column.checked_sub(base).is_some_and(|column| (column as usize) < columns);
    if let Some(&(row, column, _)) = cells.iter().find(|(_, column, _)| !is_inside(*column)) {
        let wanted = format!("this space takes columns {base} to {}", u64::from(base) + columns as u64 - 1);
        return Err(file
            .wrong(format!("a cell in column {column}"), wanted)
            .at_row(u64::from(row) + 1)
            .with_hint("remove such cells from the file: the space was learned without them"));
    }
    cells.iter_mut().for_each(|(_, column, _)| *column -= base);
    let counts = Counts { base: Some(base), ..counts(rows, columns, cells) };
    let mut reader = CountsReader::new(file, ask, counts, metadata)?;
    match fitted {
        None => reader.numbering = Some(numbering),
        Some(fitted) if fitted.base().is_none() => reader.note(numbering.told(&ask.name)),
        Some(_) => {}
    }
    Ok(Box::new(reader))
}

/// Metadata: the labels, as text if a row has several; and the query ids, if there are any.
fn metadata(labels: &[&str], queries: Vec<Option<i64>>) -> Result<Metadata> {
    let numbers: Option<Vec<f64>> = labels.iter().map(|label| label.parse().ok()).collect();
    let label: ArrayRef = match numbers {
        None => Arc::new(StringArray::from_iter_values(labels)),
        Some(numbers) if numbers.iter().all(|label| label.fract() == 0.0 && label.abs() < 1e15) => {
            Arc::new(Int64Array::from_iter_values(numbers.iter().map(|&label| label as i64)))
        }
        Some(numbers) => Arc::new(Float64Array::from(numbers)),
    };
    let mut columns = vec![("label".to_owned(), label)];
    if queries.iter().any(Option::is_some) {
        columns.push(("qid".to_owned(), Arc::new(Int64Array::from(queries))));
    }
    Metadata::from_columns(columns, labels.len())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{read, read_with};
    use super::super::{ReadOptions, open};
    use crate::data::{Observations, Preparation, PrepareOptions, Values};
    use crate::run::Run;

    fn counts(observed: &Observations) -> &crate::data::Counts {
        let Values::Counts(counts) = &observed.values else { panic!("{}", observed.values.kind()) };
        counts
    }

    /// The options to read rows for a space that was learned from these.
    fn fitted(text: &str) -> ReadOptions {
        let observed = read("a.svmlight", text.as_bytes()).unwrap();
        let preparation = Preparation::choose(&observed, &PrepareOptions::default(), &Run::new(0, 1).unwrap()).unwrap();
        ReadOptions { preparation: Some(preparation), ..ReadOptions::default() }
    }

    #[test]
    fn labels_ride_along_and_columns_count_from_one_unless_a_zero_is_named() {
        for (text, cols, base) in [("1 1:0.5 3:2 # c\n-1 2:1\n", 3, 1), ("1 0:0.5 2:2\n-1 1:1\n", 3, 0)] {
            let observed = read("a.svmlight", text.as_bytes()).unwrap();
            let counts = counts(&observed);
            assert_eq!((counts.cols, counts.base), (cols, Some(base)));
            assert_eq!(counts.row(0), (&[0, 2][..], &[0.5, 2.0][..]));
            assert_eq!(observed.metadata.text(0, 1).unwrap(), "-1");
        }
        let observed = read("a.svmlight", b"1,3 qid:7 1:1\n2 qid:8 2:1\n").unwrap();
        assert_eq!(observed.metadata.names(), ["label", "qid"]);
        assert_eq!((observed.metadata.text(0, 0).unwrap(), observed.metadata.text(1, 1).unwrap()), ("1,3".into(), "8".into()));
    }

    #[test]
    fn a_space_says_from_where_columns_count_and_how_many_there_are() {
        for (train, rows) in [("1 0:1 5:1\n0 1:1\n", "1 3:1 4:2\n"), ("1 1:1 6:1\n0 2:1\n", "1 4:1 5:2\n0\n")] {
            let observed = read_with("b.svmlight", rows.as_bytes(), &fitted(train)).unwrap();
            let counts = counts(&observed);
            assert_eq!((counts.cols, counts.row(0)), (6, (&[3, 4][..], &[1.0, 2.0][..])), "{train}");
        }
        let error = |train, rows: &str| read_with("b.svmlight", rows.as_bytes(), &fitted(train)).unwrap_err().to_string();
        assert!(error("1 0:1 2:1\n", "1 1:1\n1 3:1\n").contains("row 2: a cell in column 3; this space takes columns 0 to 2"));
        assert!(error("1 1:1 2:1\n", "1 0:1\n").contains("row 1: a cell in column 0; this space takes columns 1 to 2"));
    }

    #[test]
    fn files_of_one_pattern_are_numbered_alike() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("1.svmlight", "1 1:1 2:1\n"), ("2.svmlight", "1 0:1 4:1\n")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let source = open(folder.path().join("*.svmlight").to_str().unwrap(), &ReadOptions::default()).unwrap();
        let observed = source.read(&Run::new(0, 1).unwrap()).unwrap();
        let counts = counts(&observed);
        assert_eq!((counts.cols, counts.base), (5, Some(0)));
        assert_eq!((counts.row(0).0, counts.row(1).0), (&[1, 2][..], &[0, 4][..]));
        assert!(source.notes().join(" ").contains("columns count from 0"), "{:?}", source.notes());
    }
}
