//! Matrix Market: `.mtx`, sparse (one nonzero cell per line: row, column, value) or dense.
//!
//! Source: Boisvert, Pozo and Remington 1996, "The Matrix Market Exchange Formats", NISTIR 5935. Observations are rows.

use super::bytes::File;
use super::dense::Dense;
use super::sparse::{CountsReader, Narrowed, check_columns, check_rows, counts};
use super::{Ask, Reader, excerpt};
use crate::data::{Affine, Counts, Metadata};
use crate::error::Result;
use crate::linalg::Matrix;

/// The symmetry of a matrix of which only one triangle is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Symmetry {
    /// General: both triangles are written.
    General,
    /// Symmetric.
    Symmetric,
    /// Skew-symmetric.
    Skew,
}

impl Symmetry {
    /// The first row that is written in a column of an array.
    fn first(self, column: usize) -> usize {
        match self {
            Symmetry::General => 0,
            Symmetry::Symmetric => column,
            Symmetry::Skew => column + 1,
        }
    }

    /// The mirrored cell.
    fn mirrored(self, value: f32) -> f32 {
        if self == Symmetry::Skew { -value } else { value }
    }
}

/// Opens a Matrix Market file.
///
/// # Errors
/// [`crate::Error::Input`] with the line of the error.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    match parse(file, ask)? {
        Parsed::Sparse(counts) => {
            let metadata = Metadata::none(counts.rows());
            Ok(Box::new(CountsReader::new(file, ask, counts, metadata)?))
        }
        Parsed::Dense(table) => Ok(Box::new(Dense {
            name: ask.name.clone(),
            metadata: Metadata::none(table.rows()),
            table,
            names: None,
            affine: Affine::default(),
            notes: Vec::new(),
        })),
    }
}

/// The cells of a sparse Matrix Market file.
///
/// # Errors
/// As [`open`], and for a dense file.
pub(super) fn sparse(file: &File, ask: &Ask<'_>) -> Result<Counts> {
    match parse(file, ask)? {
        Parsed::Sparse(counts) => Ok(counts),
        Parsed::Dense(_) => Err(file.wrong("an array of all numbers", "the cells that are not 0 are needed (coordinate)")),
    }
}

/// The content of a Matrix Market file.
enum Parsed {
    Sparse(Counts),
    Dense(Matrix),
}

fn parse(file: &File, ask: &Ask<'_>) -> Result<Parsed> {
    let bytes = file.bytes()?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut lines = text.split(|&byte| byte == b'\n').enumerate().map(|(at, line)| (at as u64 + 1, line.trim_ascii()));
    let wanted = "a file that starts with %%MatrixMarket matrix coordinate real general (or array; integer, pattern; symmetric, skew-symmetric) \
                  is needed";
    let head = lines.next().map(|(_, line)| String::from_utf8_lossy(line).to_lowercase()).unwrap_or_default();
    let words: Vec<&str> = head.split_whitespace().collect();
    let (form, field, symmetry) = match words.as_slice() {
        [
            "%%matrixmarket",
            "matrix",
            form @ ("coordinate" | "array"),
            field @ ("real" | "double" | "integer" | "unsigned-integer" | "pattern"),
            symmetry @ ("general" | "symmetric" | "skew-symmetric"),
        ] => (*form, *field, *symmetry),
        ["%%matrixmarket", "matrix", _, "complex", ..] | ["%%matrixmarket", "matrix", .., "hermitian"] => {
            return Err(file
                .wrong(format!("complex numbers ('{}')", excerpt(&head)), "real, integer and pattern tables are taken")
                .with_hint("write the real and the imaginary parts as two tables"));
        }
        _ => return Err(file.wrong(format!("its first line is '{}'", excerpt(&head)), wanted)),
    };
    let symmetry = match symmetry {
        "symmetric" => Symmetry::Symmetric,
        "skew-symmetric" => Symmetry::Skew,
        _ => Symmetry::General,
    };
    let mut lines = lines
        .map(|(at, line)| (at, line.split(|&byte| byte == b'%').next().unwrap_or_default().trim_ascii()))
        .filter(|(_, line)| !line.is_empty());
    let sizes = lines.next();
    let numbers = |line: &[u8]| -> Option<Vec<u64>> {
        std::str::from_utf8(line).ok()?.split_ascii_whitespace().map(|word| word.parse().ok()).collect()
    };
    let sizes = sizes.and_then(|(_, line)| numbers(line));
    let sized = if form == "coordinate" { "rows, columns and cells" } else { "rows and columns" };
    let (rows, cols, cells) = match sizes.as_deref() {
        Some(&[rows, cols, cells]) if form == "coordinate" => (rows, cols, cells),
        // Symmetric files contain at least half of the cells.
        Some(&[rows, cols]) if form == "array" => {
            (rows, cols, rows.saturating_mul(cols) / if symmetry == Symmetry::General { 1 } else { 3 })
        }
        _ => return Err(file.wrong(format!("no line with the numbers of {sized}"), wanted)),
    };
    let rows = check_rows(file, "rows", rows, bytes.len())?;
    let cols = check_columns(file, ask, "columns", cols, bytes.len())?;
    if cells > bytes.len() as u64 {
        return Err(
            file.wrong(format!("it promises {cells} cells in {} bytes", bytes.len()), "the file is cut short or its header is wrong")
        );
    }
    if symmetry != Symmetry::General && rows != cols {
        return Err(file.wrong(format!("a symmetric table of {rows} x {cols}"), wanted));
    }
    if form == "array" {
        return dense(file, rows, cols, symmetry, lines).map(Parsed::Dense);
    }
    let mut out: Vec<(u32, u32, f32)> = Vec::with_capacity(cells as usize);
    let mut narrowed = Narrowed::default();
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
            (Some(word), _) => number::<f32>(word).map(|cell| narrowed.take(cell, || number(word))),
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
        if symmetry != Symmetry::General && row != column {
            out.push((column, row, symmetry.mirrored(value)));
        }
    }
    if seen < cells {
        return Err(file.wrong(format!("{seen} cells, and {cells} were promised"), "a whole file is needed"));
    }
    narrowed.check(file)?;
    Ok(Parsed::Sparse(counts(rows, cols, out)))
}

/// Parses an integer.
fn whole(word: &[u8]) -> Option<u64> {
    if word.is_empty() || word.len() > 18 {
        return None;
    }
    word.iter().try_fold(0_u64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0')))
}

/// Parses a number; Fortran writes D for the exponent in double precision.
fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    let word = std::str::from_utf8(word).ok()?;
    word.parse().ok().or_else(|| word.replace(['d', 'D'], "e").parse().ok())
}

/// A dense table, written column by column.
fn dense<'a>(file: &File, rows: usize, cols: usize, symmetry: Symmetry, lines: impl Iterator<Item = (u64, &'a [u8])>) -> Result<Matrix> {
    if rows == 0 || cols == 0 {
        return Err(file.wrong(format!("{rows} rows of {cols} columns"), "at least one row and one column are needed"));
    }
    let wanted: usize = (0..cols).map(|column| rows.saturating_sub(symmetry.first(column))).sum();
    let mut cells = vec![0.0_f32; rows * cols];
    let (mut seen, mut column, mut row) = (0, 0, symmetry.first(0));
    for (at, line) in lines {
        let (Some(value), true) = (number(line), seen < wanted) else {
            let found = format!("'{}'", excerpt(&String::from_utf8_lossy(line)));
            return Err(file.wrong(found, format!("{wanted} numbers are needed, one per line")).at_row(at));
        };
        while row >= rows {
            column += 1;
            row = symmetry.first(column);
        }
        cells[row * cols + column] = value;
        if symmetry != Symmetry::General && row != column {
            cells[column * cols + row] = symmetry.mirrored(value);
        }
        (seen, row) = (seen + 1, row + 1);
    }
    if seen < wanted {
        return Err(file.wrong(format!("{seen} numbers"), format!("{wanted} are needed")));
    }
    Matrix::new(rows, cols, cells)
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

    /// Checked with scipy 1.17: `scipy.io.mmread(file)`, of those that it reads.
    #[test]
    fn dialects_are_read() {
        let sparse: [(&[u8], [&[f32]; 2]); 6] = [
            (
                b"%%MATRIXMARKET MATRIX COORDINATE REAL GENERAL\r\n% c\r\n\r\n2 3 2\r\n%late\r\n1 1 -1.5e0\r\n\r\n2 3 2\r\n",
                [&[-1.5], &[2.0]],
            ),
            (b"%%MatrixMarket matrix coordinate pattern general\n2 2 3\n1 2\n1 1\n2 2\n", [&[1.0, 1.0], &[1.0]]),
            (b"%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n2 1 3\n", [&[-3.0], &[3.0]]),
            (b"%%MatrixMarket matrix coordinate double general\n2 2 2\n1 1 1.5D+01 % fifteen\n2 2 .5\n", [&[15.0], &[0.5]]),
            (b"%%MatrixMarket matrix coordinate unsigned-integer symmetric\n2 2 2\n1 1 4\n2 1 7", [&[4.0, 7.0], &[7.0]]),
            (b"\xef\xbb\xbf%%MatrixMarket matrix coordinate integer general\n  2\t2   2\n 1  1\t5\n2 2 0\n", [&[5.0], &[0.0]]),
        ];
        for (text, rows) in sparse {
            let observed = read("a.mtx", text).unwrap();
            let Values::Counts(counts) = &observed.values else { panic!() };
            assert_eq!([counts.row(0).1, counts.row(1).1], rows, "{}", String::from_utf8_lossy(text));
        }
        let symmetric = read("a.mtx", b"%%MatrixMarket matrix array integer symmetric\n3 3\n1\n2\n3\n4\n5\n6\n").unwrap();
        assert_eq!(numbers(&symmetric), [[1.0, 2.0, 3.0], [2.0, 4.0, 5.0], [3.0, 5.0, 6.0]]);
        let skew = read("a.mtx", b"%%MatrixMarket matrix array real skew-symmetric\n3 3\n2\n3\n5\n").unwrap();
        assert_eq!(numbers(&skew), [[0.0, -2.0, -3.0], [2.0, 0.0, -5.0], [3.0, 5.0, 0.0]]);
        for head in ["coordinate complex general", "coordinate complex hermitian", "array complex symmetric"] {
            let error = read("a.mtx", format!("%%MatrixMarket matrix {head}\n1 1 1\n1 1 1 1\n").as_bytes()).unwrap_err().to_string();
            assert!(error.contains("complex numbers") && error.contains("real, integer and pattern"), "{error}");
        }
    }

    #[test]
    fn columns_without_a_cell_cost_nothing() {
        let observed = read("a.mtx", b"%%MatrixMarket matrix coordinate real general\n1 1000000 2\n1 7 2\n1 999999 1\n").unwrap();
        assert_eq!((observed.rows(), observed.columns()), (1, 1_000_000));
        let error = read("a.mtx", b"%%MatrixMarket matrix coordinate real general\n1 1099511627776 1\n1 7 2\n").unwrap_err();
        assert!(error.to_string().contains("promises 1099511627776 columns"), "{error}");
    }

    #[test]
    fn sparse_cells_that_32_bits_take_for_0_are_refused_where_there_are_no_others() {
        let error = read("a.mtx", b"%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1e-50\n2 2 3e-50\n").unwrap_err();
        assert!(error.to_string().contains("cells no larger than 1e-50"), "{error}");
        let error = read("a.svmlight", b"1 1:1e-50 2:0\n0 2:2e-60\n").unwrap_err();
        assert!(error.to_string().contains("cells no larger than 1e-50"), "{error}");
        // Beside others they are 0.
        let observed = read("a.mtx", b"%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1e-50\n2 2 3\n").unwrap();
        assert_eq!(observed.rows(), 2);
    }
}
