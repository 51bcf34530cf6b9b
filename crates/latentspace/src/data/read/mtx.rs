//! Matrix Market: `.mtx`, a table of which only the cells that are not 0 are written, a line each: row, column, value.
//!
//! Source: Boisvert, Pozo and Remington 1996, "The Matrix Market Exchange Formats", NISTIR 5935. Observations are rows.

use super::bytes::File;
use super::dense::Dense;
use super::sparse::{CountsReader, check_axis, counts};
use super::{Ask, Reader, excerpt};
use crate::data::Metadata;
use crate::error::Result;
use crate::linalg::Matrix;

/// Opens a Matrix Market file.
///
/// # Errors
/// [`crate::Error::Input`] with the line of the file for what is wrong in it.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    let mut lines = bytes.split(|&byte| byte == b'\n').enumerate().map(|(at, line)| (at as u64 + 1, line.trim_ascii()));
    let wanted = "a file that starts with %%MatrixMarket matrix coordinate real general (or integer, pattern, symmetric, array) is needed";
    let head = lines.next().map(|(_, line)| String::from_utf8_lossy(line).to_lowercase()).unwrap_or_default();
    let words: Vec<&str> = head.split_whitespace().collect();
    let (form, field, symmetry) = match words.as_slice() {
        [
            "%%matrixmarket",
            "matrix",
            form @ ("coordinate" | "array"),
            field @ ("real" | "integer" | "pattern"),
            symmetry @ ("general" | "symmetric"),
        ] => (*form, *field, *symmetry),
        _ => return Err(file.wrong(format!("its first line is '{}'", excerpt(&head)), wanted)),
    };
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"%"));
    let sizes = lines.next();
    let numbers = |line: &[u8]| -> Option<Vec<u64>> {
        std::str::from_utf8(line).ok()?.split_ascii_whitespace().map(|word| word.parse().ok()).collect()
    };
    let sizes = sizes.and_then(|(_, line)| numbers(line));
    let sized = if form == "coordinate" { "rows, columns and cells" } else { "rows and columns" };
    let (rows, cols, cells) = match sizes.as_deref() {
        Some(&[rows, cols, cells]) if form == "coordinate" => (rows, cols, cells),
        Some(&[rows, cols]) if form == "array" => (rows, cols, rows.saturating_mul(cols)),
        _ => return Err(file.wrong(format!("no line with the numbers of {sized}"), wanted)),
    };
    let (rows, cols) = (check_axis(file, "rows", rows, bytes.len())?, check_axis(file, "columns", cols, bytes.len())?);
    if cells > bytes.len() as u64 {
        return Err(
            file.wrong(format!("it promises {cells} cells in {} bytes", bytes.len()), "the file is cut short or its header is wrong")
        );
    }
    if symmetry == "symmetric" && rows != cols {
        return Err(file.wrong(format!("a symmetric table of {rows} x {cols}"), wanted));
    }
    if form == "array" {
        return dense(file, ask, rows, cols, lines);
    }
    let mut out: Vec<(u32, u32, f32)> = Vec::with_capacity(cells as usize);
    let mut seen = 0_u64;
    for (at, line) in lines {
        seen += 1;
        let wrong = |found: String, wanted: String| file.wrong(found, wanted).at_row(at).with_hint("rows are lines of the file here");
        let text = || excerpt(&String::from_utf8_lossy(line));
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (Some(row), Some(column)) = (words.next().and_then(whole), words.next().and_then(whole)) else {
            return Err(wrong(format!("'{}'", text()), "a row, a column and a value are needed".to_owned()));
        };
        let value = match (words.next(), field) {
            (None, "pattern") => Some(1.0),
            (Some(word), _) => std::str::from_utf8(word).ok().and_then(|word| word.parse::<f32>().ok()),
            (None, _) => None,
        };
        let Some(value) = value.filter(|_| words.next().is_none()) else {
            return Err(wrong(format!("'{}'", text()), "a row, a column and a value are needed".to_owned()));
        };
        if row == 0 || column == 0 || row > rows as u64 || column > cols as u64 {
            return Err(wrong(format!("the cell {row}, {column}"), format!("rows are 1 to {rows}, columns 1 to {cols}")));
        }
        if seen > cells {
            return Err(wrong("one cell more than promised".to_owned(), format!("there are {cells}")));
        }
        let (row, column) = (row as u32 - 1, column as u32 - 1);
        out.push((row, column, value));
        if symmetry == "symmetric" && row != column {
            out.push((column, row, value));
        }
    }
    if seen < cells {
        return Err(file.wrong(format!("{seen} cells, and {cells} were promised"), "a whole file is needed"));
    }
    let counts = counts(rows, cols, out);
    let metadata = Metadata::none(rows);
    Ok(Box::new(CountsReader::new(file, ask, counts, metadata)?))
}

/// A whole number.
fn whole(word: &[u8]) -> Option<u64> {
    if word.is_empty() || word.len() > 18 {
        return None;
    }
    word.iter().try_fold(0_u64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

/// A dense table, written column by column.
fn dense<'a>(
    file: &File,
    ask: &Ask<'_>,
    rows: usize,
    cols: usize,
    lines: impl Iterator<Item = (u64, &'a [u8])>,
) -> Result<Box<dyn Reader>> {
    if rows == 0 || cols == 0 {
        return Err(file.wrong(format!("{rows} rows of {cols} columns"), "at least one row and one column are needed"));
    }
    let mut cells = vec![0.0_f32; rows * cols];
    let mut seen = 0;
    for (at, line) in lines {
        let value = std::str::from_utf8(line).ok().and_then(|word| word.parse().ok());
        let (Some(value), true) = (value, seen < cells.len()) else {
            let found = format!("'{}'", excerpt(&String::from_utf8_lossy(line)));
            return Err(file.wrong(found, format!("{} numbers are needed, one a line", cells.len())).at_row(at));
        };
        cells[seen % rows * cols + seen / rows] = value;
        seen += 1;
    }
    if seen < cells.len() {
        return Err(file.wrong(format!("{seen} numbers"), format!("{} are needed", cells.len())));
    }
    Ok(Box::new(Dense {
        name: ask.name.clone(),
        table: Matrix::new(rows, cols, cells)?,
        metadata: Metadata::none(rows),
        notes: Vec::new(),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{numbers, read};
    use crate::data::Values;

    #[test]
    fn coordinates_are_counts_and_arrays_are_tables() {
        let observed = read("a.mtx", b"%%MatrixMarket matrix coordinate integer general\n% c\n3 4 3\n1 1 5\n3 4 2\n3 2 1\n").unwrap();
        let Values::Counts(counts) = &observed.values else { panic!() };
        assert_eq!((counts.rows(), counts.cols), (3, 4));
        assert_eq!(counts.row(2), (&[1, 3][..], &[1.0, 2.0][..]));
        let observed = read("s.mtx", b"%%MatrixMarket matrix coordinate pattern symmetric\n2 2 2\n1 1\n2 1\n").unwrap();
        let Values::Counts(counts) = &observed.values else { panic!() };
        assert_eq!(counts.row(0), (&[0, 1][..], &[1.0, 1.0][..]));
        let dense = read("d.mtx", b"%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n").unwrap();
        assert_eq!(numbers(&dense), [[1.0, 3.0], [2.0, 4.0]]);
    }
}
