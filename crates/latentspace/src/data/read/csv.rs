//! Tables as text: `.csv` and `.tsv`.
//!
//! The first row is the header where it holds text above numbers. What a column holds is told by the head of the file: numbers, dates, truth
//! or text. Empty cells and the usual words for nothing are missing.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, Float64Array, Float64Builder, Int64Builder, StringBuilder};
use csv::StringRecord;

use super::bytes::File;
use super::columns::{Field, Kind, Offsets, Role, Roles, is_id};
use super::lines::{Pieces, parallel};
use super::table::{Block, InBlocks, Pass};
use super::{Ask, Reader, excerpt};
use crate::error::{Error, Result};
use crate::run::Run;

/// Words that stand for nothing.
const NOTHING: &[&str] = &["", "na", "n/a", "nan", "null", "none", "?", ".", "-", "--"];
/// A column of numbers may hold this share of words in its head, each an error with its place; more make it text.
const STRAY_WORDS: usize = 20;
/// Rows of the head.
const MOST_HEAD: usize = 10_000;

/// What a column of text cells holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cells {
    Number,
    Whole,
    Bool,
    Text,
}

struct CsvReader {
    name: String,
    file: File,
    delimiter: u8,
    header: bool,
    cells: Vec<Cells>,
    roles: Roles,
    offsets: Offsets,
}

/// Opens a table of text.
///
/// # Errors
/// [`Error::Input`] for what the head shows.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let name = file.path.to_string_lossy().to_lowercase();
    let tabs = name.trim_end_matches(".gz").trim_end_matches(".zst").ends_with(".tsv");
    let first = Pieces::new(file, Some(if tabs { b'\t' } else { b',' }))?.next().transpose()?.unwrap_or_default();
    let delimiter = if tabs { b'\t' } else { delimiter(&first) };
    let mut pieces = Pieces::new(file, Some(delimiter))?;
    let mut head = pieces.next().transpose()?.unwrap_or_default();
    let mut rows = records(&head, delimiter).map_err(|error| error.of(file))?;
    // Behind a header the first row may be a long one.
    while rows.len() < 2
        && let Some(piece) = pieces.next().transpose()?
    {
        head.extend(piece);
        rows = records(&head, delimiter).map_err(|error| error.of(file))?;
    }
    let Some(top) = rows.first() else {
        return Err(file.wrong("no rows", "a table with at least one row is needed"));
    };
    let header = is_header(top, rows.get(1));
    let body = &rows[usize::from(header)..];
    if body.is_empty() {
        return Err(file.wrong("a header and no rows", "at least one row is needed"));
    }
    let width = top.len();
    let mut names: Vec<String> = Vec::with_capacity(width);
    for (column, cell) in top.iter().enumerate() {
        let plain = if header { cell.trim().to_owned() } else { (column + 1).to_string() };
        let free = (2..).map(|number| format!("{plain}_{number}")).find(|name| !names.contains(name));
        names.push(if names.contains(&plain) { free.unwrap_or(plain) } else { plain });
    }
    let mut cells = Vec::with_capacity(width);
    let mut fields = Vec::with_capacity(width);
    let mut ranges = Vec::with_capacity(width);
    for (column, name) in names.into_iter().enumerate() {
        let values = || body.iter().filter_map(|row| row.get(column)).filter(|cell| !is_nothing(cell));
        let count = values().count();
        let numbers: Vec<f64> = values().filter_map(number).collect();
        let truths = values().filter(|cell| truth(cell).is_some()).count();
        let kind = if count > 0 && truths == count && numbers.is_empty() {
            Cells::Bool
        } else if count == 0 || (numbers.len() < count && (count - numbers.len()) * STRAY_WORDS > count) {
            if count == 0 { Cells::Number } else { Cells::Text }
        } else if values().all(|cell| cell.trim().parse::<i64>().is_ok()) {
            if header && is_id(&name) { Cells::Text } else { Cells::Whole }
        } else {
            Cells::Number
        };
        let length =
            if kind == Cells::Text { values().map(|cell| cell.chars().count()).sum::<usize>() as f64 / count.max(1) as f64 } else { 0.0 };
        cells.push(kind);
        ranges.push(numbers.iter().filter(|v| v.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), |r, &v| (r.0.min(v), r.1.max(v))));
        let kind = match kind {
            Cells::Number | Cells::Whole => Kind::Number,
            Cells::Bool => Kind::Bool,
            Cells::Text => Kind::Text,
        };
        fields.push(Field { name, kind, length });
    }
    let roles = Roles::choose(file, fields, header, ask)?;
    let mut learned = vec![(f64::INFINITY, f64::NEG_INFINITY); roles.numbers];
    for (role, range) in roles.roles.iter().zip(ranges) {
        if let Role::Number(place) = *role {
            learned[place] = range;
        }
    }
    let offsets = Offsets::new(ask.offsets(), &learned);
    Ok(Box::new(CsvReader { name: ask.name.clone(), file: file.clone(), delimiter, header, cells, roles, offsets }))
}

/// The byte between fields: the one of comma, semicolon and tab that the first line has most of.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    // The last of equals is taken, so the comma stands last.
    [b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

/// Whether the first row names the columns: text stands in it where the second row has numbers, or no number is in either.
fn is_header(top: &StringRecord, second: Option<&StringRecord>) -> bool {
    let word = |cell: &str| number(cell).is_none() && !is_nothing(cell);
    let Some(second) = second else { return top.iter().all(word) };
    let above_number = top.iter().zip(second).any(|(a, b)| word(a) && (number(b).is_some() || is_nothing(b)));
    above_number || (top.iter().all(word) && second.iter().all(|cell| number(cell).is_none()))
}

fn number(cell: impl AsRef<str>) -> Option<f64> {
    let cell = cell.as_ref().trim();
    if cell.eq_ignore_ascii_case("nan") { None } else { cell.parse().ok() }
}

fn truth(cell: impl AsRef<str>) -> Option<bool> {
    match cell.as_ref().trim() {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn is_nothing(cell: impl AsRef<str>) -> bool {
    let cell = cell.as_ref().trim();
    cell.len() <= 4 && NOTHING.iter().any(|nothing| cell.eq_ignore_ascii_case(nothing))
}

/// A place in a piece, and what is wrong there.
struct Wrong {
    row: u64,
    column: Option<usize>,
    found: String,
    wanted: &'static str,
}

impl Wrong {
    fn of(self, file: &File) -> Error {
        file.wrong(self.found, self.wanted).at_row(self.row)
    }
}

/// The rows of the head.
fn records(text: &[u8], delimiter: u8) -> Result<Vec<StringRecord>, Wrong> {
    let mut rows = Vec::new();
    for record in reader(text, delimiter).into_records().take(MOST_HEAD) {
        rows.push(record.map_err(|error| broken(&error, rows.len() as u64))?);
    }
    Ok(rows)
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text)
}

fn broken(error: &csv::Error, row: u64) -> Wrong {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => Wrong {
            row,
            column: None,
            found: "bytes that are no UTF-8".to_owned(),
            wanted: "text in UTF-8 is needed (iconv -f LATIN1 -t UTF-8 converts the usual other kind)",
        },
        _ => Wrong { row, column: None, found: error.to_string(), wanted: "rows of fields between commas are needed" },
    }
}

/// A column on its way.
enum Builder {
    /// Numbers to learn from; a missing one is NaN.
    Learned(Vec<f64>),
    Number(Float64Builder),
    Whole(Int64Builder),
    Bool(BooleanBuilder),
    Text(StringBuilder),
    Nothing,
}

impl CsvReader {
    /// The block of a piece.
    fn parse(&self, piece: &[u8], first: bool, offsets: &[f64]) -> Result<Block> {
        let (columns, rows) = self.columns(piece, first).map_err(|wrong| {
            let column = wrong.column.map(|column| self.roles.fields[column].name.clone());
            let error = wrong.of(&self.file);
            match column {
                Some(column) => error.at_column(column).with_hint("a missing cell is left empty; --columns chooses other columns"),
                None => error,
            }
        })?;
        Block::new(&self.name, &self.roles, &columns, rows, offsets)
    }

    fn columns(&self, piece: &[u8], first: bool) -> Result<(Vec<ArrayRef>, usize), Wrong> {
        let mut builders: Vec<Builder> = self
            .cells
            .iter()
            .zip(&self.roles.roles)
            .map(|(cells, role)| match (cells, role) {
                (_, Role::Nothing) => Builder::Nothing,
                (_, Role::Category(_) | Role::Document) => Builder::Text(StringBuilder::new()),
                (_, Role::Number(_)) => Builder::Learned(Vec::new()),
                (Cells::Number, _) => Builder::Number(Float64Builder::new()),
                (Cells::Whole, _) => Builder::Whole(Int64Builder::new()),
                (Cells::Bool, _) => Builder::Bool(BooleanBuilder::new()),
                (Cells::Text, _) => Builder::Text(StringBuilder::new()),
            })
            .collect();
        let mut reader = reader(piece, self.delimiter);
        let mut record = StringRecord::new();
        let mut rows = 0;
        if first && self.header {
            reader.read_record(&mut record).map_err(|error| broken(&error, 0))?;
        }
        while reader.read_record(&mut record).map_err(|error| broken(&error, rows as u64 + 1))? {
            rows += 1;
            if record.len() != builders.len() {
                return Err(Wrong {
                    row: rows as u64,
                    column: None,
                    found: format!("{} fields, and {} in the first row", record.len(), builders.len()),
                    wanted: "each row has as many fields as the first",
                });
            }
            for (column, (cell, builder)) in record.iter().zip(&mut builders).enumerate() {
                let no = |wanted| Wrong {
                    row: rows as u64,
                    column: Some(column),
                    found: format!("'{}' is no {wanted}", excerpt(cell)),
                    wanted: "",
                };
                match builder {
                    Builder::Learned(cells) => match cell.trim().parse::<f64>() {
                        Ok(value) => cells.push(value),
                        _ if is_nothing(cell) => cells.push(f64::NAN),
                        _ => return Err(Wrong { wanted: "each cell of a numeric column is a number", ..no("number") }),
                    },
                    Builder::Number(cells) => match cell.trim().parse::<f64>() {
                        Ok(value) if !value.is_nan() => cells.append_value(value),
                        _ if is_nothing(cell) => cells.append_null(),
                        _ => return Err(Wrong { wanted: "each cell of a numeric column is a number", ..no("number") }),
                    },
                    Builder::Whole(cells) => match cell.trim().parse::<i64>() {
                        Ok(value) => cells.append_value(value),
                        _ if is_nothing(cell) => cells.append_null(),
                        _ => return Err(Wrong { wanted: "each cell of a column of whole numbers is one", ..no("whole number") }),
                    },
                    Builder::Bool(cells) => match truth(cell) {
                        Some(value) => cells.append_value(value),
                        _ if is_nothing(cell) => cells.append_null(),
                        _ => return Err(Wrong { wanted: "each cell of this column is true or false", ..no("true or false") }),
                    },
                    Builder::Text(cells) => match cell {
                        "" => cells.append_null(),
                        cell => cells.append_value(cell),
                    },
                    Builder::Nothing => {}
                }
            }
        }
        let columns = builders
            .into_iter()
            .map(|builder| -> ArrayRef {
                match builder {
                    Builder::Learned(cells) => Arc::new(Float64Array::from(cells)),
                    Builder::Number(mut cells) => Arc::new(cells.finish()),
                    Builder::Whole(mut cells) => Arc::new(cells.finish()),
                    Builder::Bool(mut cells) => Arc::new(cells.finish()),
                    Builder::Text(mut cells) => Arc::new(cells.finish()),
                    Builder::Nothing => Arc::new(arrow::array::NullArray::new(rows)),
                }
            })
            .collect();
        Ok((columns, rows))
    }
}

impl InBlocks for CsvReader {
    fn roles(&self) -> &Roles {
        &self.roles
    }

    fn offsets(&self) -> &Offsets {
        &self.offsets
    }

    fn rows(&self) -> Option<usize> {
        None
    }

    fn pass_near<'a>(&'a self, _first: usize, run: &Run) -> Result<(usize, Pass<'a>)> {
        let offsets = self.offsets.get();
        let pieces = Pieces::new(&self.file, Some(self.delimiter))?;
        Ok((0, parallel(&self.file, pieces, move |piece, first| self.parse(piece, first, &offsets), run)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ReadOptions;
    use super::super::testing::{gzip, numbers, read, read_with};
    use crate::data::Values;

    #[test]
    fn numbers_are_learned_from_and_the_rest_rides_along() {
        let text = b"id,height,name,weight,born\n007,1.5,\"Ann, A\",50,\n008,NA,Bob,60,1980\n009,1.7,\"C \"\"c\"\"\",70,1990\n";
        for bytes in [text.to_vec(), gzip(text)] {
            let name = if bytes == text { "people.csv" } else { "people.csv.gz" };
            let people = read(name, &bytes).unwrap();
            let Values::Table(table) = &people.values else { panic!() };
            assert_eq!(table.names.as_ref().unwrap(), &["height", "weight", "born"]);
            assert!(table.numbers.row(1)[0].is_nan() && table.numbers.row(0)[2].is_nan());
            assert_eq!(people.metadata.names(), ["id", "name"]);
            assert_eq!(people.metadata.id(0), "007", "ids keep their zeros");
            assert_eq!(people.metadata.text(1, 2).unwrap(), "C \"c\"");
        }
    }

    #[test]
    fn without_a_header_the_columns_have_numbers() {
        let iris = read("iris.csv", b"5.1,3.5,setosa\n4.9,3.0,setosa\n").unwrap();
        assert_eq!(numbers(&iris), [[5.1_f32, 3.5], [4.9, 3.0]].map(|row| row.map(f64::from).to_vec()));
        assert_eq!((iris.values.kind(), iris.metadata.names()), ("array", vec!["3".to_owned()]));
    }

    #[test]
    fn tabs_and_semicolons_part_fields_too() {
        for text in ["a\tb\n1\t2\n", "a;b\n1;2\n"] {
            assert_eq!(numbers(&read("t.csv", text.as_bytes()).unwrap()), [[1.0, 2.0]]);
        }
        assert_eq!(numbers(&read("t.tsv", b"a\tb\n1\t2\n").unwrap()), [[1.0, 2.0]]);
    }

    #[test]
    fn far_columns_keep_their_digits() {
        let rows: String = (0..100).map(|i| format!("{},{i}\n", 12_345_678.0 + f64::from(i) / 1000.0)).collect();
        let far = read("far.csv", format!("time,x\n{rows}").as_bytes()).unwrap();
        for (i, row) in numbers(&far).iter().enumerate() {
            assert!((row[0] - (12_345_678.0 + i as f64 / 1000.0)).abs() < 1e-8);
        }
    }

    #[test]
    fn chosen_columns_come_in_their_order_and_text_becomes_categories() {
        let options = ReadOptions { columns: Some(vec!["c".to_owned(), "a".to_owned()]), ..ReadOptions::default() };
        let table = read_with("t.csv", b"a,b,c\n1,2,x\n3,4,y\n5,6,x\n", &options).unwrap();
        let Values::Table(table) = &table.values else { panic!() };
        assert_eq!(table.names.as_ref().unwrap(), &["a"]);
        assert_eq!((&table.categories[0].codes, &table.categories[0].levels), (&vec![0, 1, 0], &vec!["x".to_owned(), "y".to_owned()]));
        let options = ReadOptions { columns: Some(vec!["hight".to_owned()]), ..ReadOptions::default() };
        let error = read_with("t.csv", b"height,b\n1,2\n", &options).unwrap_err();
        assert_eq!(error.hint(), Some("did you mean 'height'?"));
    }

    #[test]
    fn errors_tell_row_and_column_wherever_they_are() {
        let mut text = "a,b\n".to_owned();
        (0..400_000).for_each(|i| text.push_str(&format!("{i},{i}\n")));
        text.push_str("5,x\n");
        let error = read("big.csv", text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("row 400001, column b: 'x' is no number"), "{error}");
        let error = read("ragged.csv", b"a,b\n1,2\n3\n").unwrap_err().to_string();
        assert!(error.contains("row 2: 1 fields, and 2 in the first row"), "{error}");
    }
}
