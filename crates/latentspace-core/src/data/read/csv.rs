//! Tables as text: `.csv` and `.tsv`.
//!
//! The dialect ([`super::dialect`]) and the column types (numbers, booleans, vectors or
//! text, [`super::cells`]) are detected from the head of the file, or given. A metadata column whose later cells have another type becomes text there.

use std::sync::Arc;

use crate::arrow::array::{
    ArrayRef, BooleanBuilder, FixedSizeListArray, Float64Array, Float64Builder, Int64Builder, StringArray, StringBuilder,
};
use csv::StringRecord;

use super::bytes::File;
use super::cells::{Decimal, Marks, is_missing, is_missing_text, number, truth, vector};
use super::columns::{Affines, Role, Roles};
use super::dialect::{Dialect, DialectOptions, Found, is_blank};
use super::fields::{Field, Kind, is_id, tell_apart};
use super::lines::{MOST_LINE, PIECE, Pieces, Records, parallel};
use super::table::{Block, InBlocks, Late, Pass, telling};
use super::{Ask, Reader, excerpt};
use crate::data::Affine;
use crate::error::{Bytes, Error, Result};
use crate::run::Run;

/// Maximum share of words in the head of a numeric column, each an error with its place; with more, the column is text.
const STRAY_WORDS: usize = 20;
/// Number of rows for detecting the decimal mark of a column.
const MARKED: usize = 256;
/// Number of pieces of the file that are searched for a cell of a column that is empty in the head.
const LOOKED_THROUGH: usize = 64;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cells {
    Number(Decimal),
    Whole,
    Bool,
    Vector(usize),
    Text,
    /// Empty: after a trailing delimiter in each row.
    Nothing,
}

struct CsvReader {
    name: String,
    file: File,
    dialect: Dialect,
    cells: Vec<Cells>,
    roles: Roles,
    affines: Affines,
    late: Late,
}

/// Opens a csv file.
///
/// # Errors
/// [`Error::Input`] for errors in the head.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let (dialect, rows, whole) = look(file, ask)?;
    let named = dialect.names.is_some();
    let names = names(&dialect);
    let values = |column: usize| rows.iter().filter_map(move |row| row.get(column)).filter(|cell| !is_missing(cell));
    let marks: Vec<Marks> = (0..dialect.width)
        .map(|column| {
            let mut marks = Marks::default();
            values(column).take(MARKED).for_each(|cell| marks.see(cell));
            marks
        })
        .collect();
    let mut all = Marks::default();
    marks.iter().for_each(|marks| all.merge(marks));
    let asked = decimal(ask)?;
    let mut warnings = Vec::new();
    let (mut cells, mut fields, mut ranges) = (Vec::new(), Vec::new(), Vec::new());
    for (column, name) in names.into_iter().enumerate() {
        let (decimal, open) = asked.map_or_else(|| marks[column].decimal(&all, dialect.delimiter), |decimal| (decimal, false));
        // Ids and dates are kept as written.
        let asked_for = |option: &Option<String>| option.as_ref() == Some(&name);
        let as_written = asked_for(&ask.options.id) || asked_for(&ask.options.dates) || (named && is_id(&name));
        let kind = if dialect.trailing && column + 1 == dialect.width {
            Cells::Nothing
        } else if values(column).next().is_none() && !whole {
            beyond(file, &dialect, column)?.unwrap_or(Cells::Number(decimal))
        } else {
            kind(values(column), decimal, as_written)
        };
        let numbers = || values(column).filter_map(|cell| number(cell, decimal));
        let field = match kind {
            Cells::Number(_) | Cells::Whole => Field::new(name, Kind::Number).with_numbers(numbers()),
            Cells::Bool => Field::new(name, Kind::Bool).with_example(values(column).next()),
            Cells::Vector(width) => Field::new(name, Kind::Vector(width)),
            Cells::Text => {
                let all = rows.iter().enumerate().filter_map(|(row, record)| Some((row as u64 + 1, record.get(column)?)));
                let mut field = Field::of_text(name, all.filter(|(_, cell)| !is_missing(cell)));
                field.kind = Kind::Text;
                field
            }
            Cells::Nothing => Field::new(name, Kind::Other),
        };
        if open && matches!(kind, Cells::Number(_)) {
            warnings.extend(either(&ask.name, &field.name, &marks[column], decimal));
        }
        let range = match kind {
            Cells::Number(_) | Cells::Whole => {
                numbers().filter(|value| value.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), |r, v| (r.0.min(v), r.1.max(v)))
            }
            _ => (f64::INFINITY, f64::NEG_INFINITY),
        };
        cells.push(kind);
        fields.push(field);
        ranges.push(range);
    }
    let note = told(&ask.name, &dialect, &cells, asked);
    let mut roles = Roles::choose(file, fields, named, ask)?;
    roles.notes.insert(0, note);
    roles.warnings.splice(0..0, warnings);
    roles.find_dates(file, ask, |column| {
        let cells = rows.iter().map(|row| row.get(column).filter(|cell| !is_missing(cell)));
        Ok(Arc::new(cells.collect::<StringArray>()))
    })?;
    let mut learned = vec![(f64::INFINITY, f64::NEG_INFINITY); roles.numbers];
    for (role, range) in roles.roles.iter().zip(ranges) {
        if let Role::Number(place) = *role {
            learned[place] = range;
        }
    }
    let affines = Affines::new(ask.affine(), &learned);
    Ok(Box::new(CsvReader { name: ask.name.clone(), file: file.clone(), dialect, cells, roles, affines, late: Late::default() }))
}

/// The dialect of the file, its first rows, and whether these are all.
fn look(file: &File, ask: &Ask<'_>) -> Result<(Dialect, Vec<StringRecord>, bool)> {
    let name = file.path.to_string_lossy().to_lowercase();
    let ends = |ending: &str| ask.options.format.as_ref().map_or_else(|| false, |format| format.eq_ignore_ascii_case(&ending[1..]));
    let tabs = ends(".tsv") || (ask.options.format.is_none() && name.trim_end_matches(".gz").trim_end_matches(".zst").ends_with(".tsv"));
    let delimiter = ask.options.delimiter.map(|sign| sign as u8);
    let asked = DialectOptions { delimiter, header: ask.options.header, tabs };
    let mut pieces = Pieces::new(file, None)?;
    let mut wanted = PIECE;
    loop {
        let (head, whole) = pieces.head(wanted)?;
        let length = head.len();
        match Dialect::find(head, whole, asked) {
            Found::Rows(dialect, rows) => {
                let whole = whole && rows.len() < super::dialect::MOST_HEAD;
                return Ok((dialect, rows, whole));
            }
            Found::Nothing(found) => {
                let mut records = Records::new(delimiter.unwrap_or(if tabs { b'\t' } else { b',' }));
                records.look(head);
                return Err(if records.is_open() {
                    pieces.never_closed()
                } else {
                    file.wrong(found, "a table with at least one row is needed")
                });
            }
            Found::NoText(row) => return Err(no_text(row.max(1)).of(file)),
            Found::More if length > MOST_LINE => {
                let mut records = Records::new(delimiter.unwrap_or(b','));
                records.look(head);
                return Err(if records.is_open() {
                    pieces.never_closed()
                } else {
                    file.wrong(format!("a line of more than {}", Bytes(MOST_LINE as u64)), "lines are shorter")
                });
            }
            Found::More => wanted = (2 * length.max(PIECE / 2)).min(MOST_LINE + PIECE),
        }
    }
}

/// The given decimal mark.
fn decimal(ask: &Ask<'_>) -> Result<Option<Decimal>> {
    match ask.options.decimal {
        None => Ok(None),
        Some('.') => Ok(Some(Decimal::Point)),
        Some(',') => Ok(Some(Decimal::Comma)),
        Some(other) => Err(Error::param("decimal", format!("'{other}'"), "it must be '.' or ','")),
    }
}

/// The distinct names of the columns; their numbers, from 1, if the file has none.
fn names(dialect: &Dialect) -> Vec<String> {
    let name = |column: usize| {
        let given = dialect.names.as_ref().map_or("", |names| names[column].as_str());
        match given {
            "" if dialect.trailing && column + 1 == dialect.width => String::new(),
            "" if dialect.index && column == 0 => "index".to_owned(),
            "" => (column + 1).to_string(),
            given => given.to_owned(),
        }
    };
    let mut names: Vec<String> = (0..dialect.width).map(name).collect();
    tell_apart(names.iter_mut());
    names
}

/// The type of these cells, without missing ones.
fn kind<'a>(values: impl Iterator<Item = &'a str> + Clone, decimal: Decimal, as_written: bool) -> Cells {
    let count = values.clone().count();
    if as_written {
        return Cells::Text;
    }
    if count > 0 && values.clone().all(|cell| truth(cell).is_some()) {
        return Cells::Bool;
    }
    let numbers = values.clone().filter(|cell| number(cell, decimal).is_some()).count();
    if numbers < count && (count - numbers) * STRAY_WORDS > count {
        return super::cells::vector_width(values).map_or(Cells::Text, Cells::Vector);
    }
    // Integers in canonical form.
    let whole = |cell: &str| {
        let cell = cell.trim();
        cell.parse::<i64>().is_ok() && !cell.starts_with('+') && (cell.len() == 1 || !cell.trim_start_matches('-').starts_with('0'))
    };
    if values.clone().all(whole) { Cells::Whole } else { Cells::Number(decimal) }
}

/// The type of a column that is empty in the head, from its first later cell.
fn beyond(file: &File, dialect: &Dialect, column: usize) -> Result<Option<Cells>> {
    for piece in Pieces::new(file, Some(dialect.delimiter))?.after(dialect.body)?.take(LOOKED_THROUGH) {
        let piece = piece?;
        for record in reader(&piece, dialect.delimiter).into_byte_records().map_while(std::result::Result::ok) {
            let cell = record.get(column).and_then(|cell| std::str::from_utf8(cell).ok()).filter(|cell| !is_missing(cell));
            if let Some(cell) = cell {
                let decimal = if number(cell, Decimal::Point).is_some() { Decimal::Point } else { Decimal::Comma };
                return Ok(Some(kind([cell].into_iter(), decimal, false)));
            }
        }
    }
    Ok(None)
}

/// The detected dialect, in one line.
fn told(name: &str, dialect: &Dialect, cells: &[Cells], asked: Option<Decimal>) -> String {
    let comma = asked == Some(Decimal::Comma) || cells.contains(&Cells::Number(Decimal::Comma));
    let delimiter = match dialect.delimiter {
        b'\t' => "tab".to_owned(),
        b' ' => "space".to_owned(),
        byte => format!("'{}'", char::from(byte)),
    };
    let delimiter = if dialect.width > 1 { format!("delimiter {delimiter}") } else { "one column".to_owned() };
    let header = if dialect.names.is_some() { "the first row is the header" } else { "no header" };
    format!("{name}: {delimiter}, decimal '{}', {header}", if comma { ',' } else { '.' })
}

/// The warning about ambiguous cells such as `1,011`.
fn either(name: &str, column: &str, marks: &Marks, decimal: Decimal) -> Option<String> {
    let cell = marks.example.as_deref()?;
    let (other, flag) = if decimal == Decimal::Point { (Decimal::Comma, ',') } else { (Decimal::Point, '.') };
    let (read, meant) = (number(cell, decimal)?, number(cell, other)?);
    Some(format!("{name}: '{cell}' in '{column}' is read as {read}; with --decimal {flag} it is {meant}"))
}

/// An error with its place in a piece.
struct Wrong {
    row: u64,
    column: Option<usize>,
    found: String,
    wanted: String,
}

impl Wrong {
    fn of(self, file: &File) -> Error {
        file.wrong(self.found, self.wanted).at_row(self.row)
    }
}

/// Why the parsing of a piece stopped.
enum Stop {
    Wrong(Wrong),
    /// A metadata column has another type from this cell on.
    Late(usize, String),
}

impl From<Wrong> for Stop {
    fn from(wrong: Wrong) -> Self {
        Stop::Wrong(wrong)
    }
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text)
}

fn no_text(row: u64) -> Wrong {
    Wrong {
        row,
        column: None,
        found: "bytes that are not UTF-8".to_owned(),
        wanted: "text in UTF-8 is needed (iconv -f LATIN1 -t UTF-8 converts the usual other kind)".to_owned(),
    }
}

fn broken(error: &csv::Error, row: u64) -> Wrong {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => no_text(row),
        _ => Wrong { row, column: None, found: error.to_string(), wanted: "rows of fields between commas are needed".to_owned() },
    }
}

/// A column under construction.
enum Builder {
    /// Numbers to learn from; a missing one is NaN.
    Learned(Vec<f64>, Decimal),
    /// Booleans to learn from.
    Truth(Vec<f64>),
    /// This number of numbers in each cell.
    Vector(Vec<f64>, usize),
    Number(Float64Builder, Decimal),
    Whole(Int64Builder),
    Bool(BooleanBuilder),
    Text(StringBuilder),
    Nothing,
}

impl Builder {
    fn new(cells: Cells, role: Role, as_text: bool) -> Self {
        match (cells, role) {
            (_, Role::Nothing) => Builder::Nothing,
            (_, Role::Category(_) | Role::Document) => Builder::Text(StringBuilder::new()),
            (Cells::Number(decimal), Role::Number(_)) => Builder::Learned(Vec::new(), decimal),
            (Cells::Bool, Role::Number(_)) => Builder::Truth(Vec::new()),
            (Cells::Vector(width), Role::Number(_)) => Builder::Vector(Vec::new(), width),
            (_, Role::Number(_)) => Builder::Learned(Vec::new(), Decimal::Point),
            _ if as_text => Builder::Text(StringBuilder::new()),
            (Cells::Number(decimal), _) => Builder::Number(Float64Builder::new(), decimal),
            (Cells::Whole, _) => Builder::Whole(Int64Builder::new()),
            (Cells::Bool, _) => Builder::Bool(BooleanBuilder::new()),
            (Cells::Vector(_) | Cells::Text | Cells::Nothing, _) => Builder::Text(StringBuilder::new()),
        }
    }

    /// Adds a cell; an error names the expected type, or none if the column may become text.
    fn push(&mut self, cell: &str) -> Result<(), Option<String>> {
        match self {
            Builder::Learned(cells, decimal) => {
                if *decimal == Decimal::Point
                    && let Ok(value) = cell.trim().parse::<f64>()
                {
                    cells.push(value);
                } else if is_missing(cell) {
                    cells.push(f64::NAN);
                } else {
                    cells.push(number(cell, *decimal).ok_or_else(|| Some("number".to_owned()))?);
                }
            }
            Builder::Truth(cells) => match truth(cell) {
                Some(value) => cells.push(f64::from(u8::from(value))),
                None if is_missing(cell) => cells.push(f64::NAN),
                None => return Err(Some("true or false".to_owned())),
            },
            Builder::Vector(cells, width) => {
                let before = cells.len();
                if is_missing(cell) {
                    cells.extend(std::iter::repeat_n(f64::NAN, *width));
                } else if vector(cell, cells) != Some(*width) {
                    cells.truncate(before);
                    return Err(Some(format!("vector of {width} numbers, as the first is")));
                }
            }
            Builder::Number(cells, decimal) => match number(cell, *decimal) {
                Some(value) => cells.append_value(value),
                None if is_missing(cell) => cells.append_null(),
                None => return Err(None),
            },
            Builder::Whole(cells) => match cell.trim().parse::<i64>() {
                Ok(value) => cells.append_value(value),
                _ if is_missing(cell) => cells.append_null(),
                _ => return Err(None),
            },
            Builder::Bool(cells) => match truth(cell) {
                Some(value) => cells.append_value(value),
                None if is_missing(cell) => cells.append_null(),
                None => return Err(None),
            },
            Builder::Text(cells) => {
                if is_missing_text(cell) {
                    cells.append_null();
                } else {
                    cells.append_value(cell);
                }
            }
            Builder::Nothing => {}
        }
        Ok(())
    }

    fn finish(self, rows: usize) -> Result<ArrayRef> {
        Ok(match self {
            Builder::Learned(cells, _) | Builder::Truth(cells) => Arc::new(Float64Array::from(cells)),
            Builder::Vector(cells, width) => vectors(cells, width)?,
            Builder::Number(mut cells, _) => Arc::new(cells.finish()),
            Builder::Whole(mut cells) => Arc::new(cells.finish()),
            Builder::Bool(mut cells) => Arc::new(cells.finish()),
            Builder::Text(mut cells) => Arc::new(cells.finish()),
            Builder::Nothing => Arc::new(crate::arrow::array::NullArray::new(rows)),
        })
    }
}

/// Contiguous vectors of this length.
pub(super) fn vectors(cells: Vec<f64>, width: usize) -> Result<ArrayRef> {
    let item = Arc::new(crate::arrow::datatypes::Field::new("item", crate::arrow::datatypes::DataType::Float64, true));
    let list = FixedSizeListArray::try_new(item, width as i32, Arc::new(Float64Array::from(cells)), None);
    Ok(Arc::new(list.map_err(|error| Error::internal(error.to_string()))?))
}

impl CsvReader {
    /// The block of a piece.
    fn parse(&self, piece: &[u8], affine: &Affine) -> Result<Block> {
        let mut as_text = vec![false; self.cells.len()];
        loop {
            match self.columns(piece, &as_text) {
                Ok((builders, rows)) => {
                    let columns = builders.into_iter().map(|builder| builder.finish(rows)).collect::<Result<Vec<ArrayRef>>>()?;
                    return Block::new(&self.name, &self.roles, &columns, rows, affine);
                }
                Err(Stop::Late(column, cell)) => {
                    let name = &self.roles.fields[column].name;
                    self.late.see(name, || format!("{}: '{name}' rides along as text, since it also holds '{cell}'", self.name));
                    as_text[column] = true;
                }
                Err(Stop::Wrong(wrong)) => {
                    let column = wrong.column;
                    let error = wrong.of(&self.file);
                    let Some(column) = column else {
                        let lines = self.dialect.delimiter == b',' && !self.roles.fields.iter().any(|field| field.kind == Kind::Number);
                        return Err(if lines { error.with_hint("--format txt reads each line as a document") } else { error });
                    };
                    let name = &self.roles.fields[column].name;
                    let hint = match self.roles.without(column) {
                        Some(others) => format!("a missing cell is left empty; --columns {others} leaves '{name}' out"),
                        None => "a missing cell is left empty".to_owned(),
                    };
                    return Err(error.at_column(name).with_hint(hint));
                }
            }
        }
    }

    fn columns(&self, piece: &[u8], as_text: &[bool]) -> Result<(Vec<Builder>, usize), Stop> {
        let mut builders: Vec<Builder> = self
            .cells
            .iter()
            .zip(&self.roles.roles)
            .zip(as_text)
            .map(|((cells, role), as_text)| Builder::new(*cells, *role, *as_text))
            .collect();
        let mut reader = reader(piece, self.dialect.delimiter);
        let mut record = StringRecord::new();
        let mut rows = 0;
        while reader.read_record(&mut record).map_err(|error| broken(&error, rows as u64 + 1))? {
            if record.len() != builders.len() {
                if is_blank(&record) {
                    continue;
                }
                return Err(Wrong {
                    row: rows as u64 + 1,
                    column: None,
                    found: format!("{} fields, and {} in the first row", record.len(), builders.len()),
                    wanted: "each row has as many fields as the first".to_owned(),
                }
                .into());
            }
            rows += 1;
            for (column, (cell, builder)) in record.iter().zip(&mut builders).enumerate() {
                match builder.push(cell) {
                    Ok(()) => {}
                    Err(None) => return Err(Stop::Late(column, excerpt(cell))),
                    Err(Some(wanted)) => {
                        let found = format!("'{}' is no {wanted}", excerpt(cell));
                        let wanted = format!("each cell of this column is a {wanted}");
                        return Err(Wrong { row: rows as u64, column: Some(column), found, wanted }.into());
                    }
                }
            }
        }
        Ok((builders, rows))
    }
}

impl InBlocks for CsvReader {
    fn roles(&self) -> &Roles {
        &self.roles
    }

    fn affines(&self) -> &Affines {
        &self.affines
    }

    fn rows(&self) -> Option<usize> {
        None
    }

    fn late(&self) -> Option<&Late> {
        Some(&self.late)
    }

    fn pass_near<'a>(&'a self, _first: usize, run: &Run) -> Result<(usize, Pass<'a>)> {
        let affine = self.affines.get();
        let pieces = Pieces::new(&self.file, Some(self.dialect.delimiter))?.after(self.dialect.body)?;
        let blocks = parallel(&self.file, pieces, move |piece, _| self.parse(piece, &affine), run);
        Ok((0, telling(blocks, &self.late, run)))
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
        assert_eq!((iris.values.kind().name(), iris.metadata.names()), ("array", vec!["3".to_owned()]));
    }

    #[test]
    fn tabs_and_semicolons_part_fields_too() {
        for text in ["a\tb\n1\t2\n", "a;b\n1;2\n"] {
            assert_eq!(numbers(&read("t.csv", text.as_bytes()).unwrap()), [[1.0, 2.0]]);
        }
        assert_eq!(numbers(&read("t.tsv", b"a\tb\n1\t2\n").unwrap()), [[1.0, 2.0]]);
    }

    /// Names and numbers of a table.
    fn table(name: &str, text: &str, options: &ReadOptions) -> (Vec<String>, Vec<Vec<f32>>) {
        let observed = read_with(name, text.as_bytes(), options).unwrap();
        let Values::Table(table) = &observed.values else { panic!("{text}: {}", observed.values.kind().name()) };
        let cells = numbers(&observed).iter().map(|row| row.iter().map(|&cell| cell as f32).collect()).collect();
        (table.names.clone().unwrap_or_default(), cells)
    }

    #[test]
    fn tables_from_everywhere_are_numbers() {
        let auto = ReadOptions::default();
        for (text, names, wanted) in [
            ("10,5;3,2;8,0\n11,5;3,1;7,0\n", "", [10.5, 3.2, 8.0, 11.5, 3.1, 7.0].as_slice()),
            ("Höhe;Breite\n10,5;3,2\n1.011,5;8\n", "Höhe Breite", &[10.5, 3.2, 1011.5, 8.0]),
            ("a\tb\n1,5\t2,25\n3,5\t4,5\n", "a b", &[1.5, 2.25, 3.5, 4.5]),
            ("a,b\n\"1,011\",2.5\n999,3.5\n", "a b", &[1011.0, 2.5, 999.0, 3.5]),
            ("a,b\n1 011,2\n1'022,3\n", "a b", &[1011.0, 2.0, 1022.0, 3.0]),
            ("country,2019,2020\nGermany,1.5,2.5\nFrance,3,4\n", "2019 2020", &[1.5, 2.5, 3.0, 4.0]),
            (",0,1\n0,0.5,1.5\n1,2.5,3.5\n", "0 1", &[0.5, 1.5, 2.5, 3.5]),
            ("0,1,2\n0.5,1.5,2.25\n0.1,0.2,0.7\n", "0 1 2", &[0.5, 1.5, 2.25, 0.1, 0.2, 0.7]),
            ("\"x\" \"y\"\n\"r1\" 0.5 2\n\"r2\" 0.7 3\n", "x y", &[0.5, 2.0, 0.7, 3.0]),
            ("\"a;b\",\"c;d\"\n1,2\n3,4\n", "a;b c;d", &[1.0, 2.0, 3.0, 4.0]),
            ("\u{feff}a,b\r\n1,2\r\n\r\n3,4\r\n", "a b", &[1.0, 2.0, 3.0, 4.0]),
            ("sep=;\na;b\n1;2\n3;4\n", "a b", &[1.0, 2.0, 3.0, 4.0]),
            ("# from a spectrograph\na,b,\n1,2,\n3,4,\n", "a b", &[1.0, 2.0, 3.0, 4.0]),
            ("a,b\nTrue,False\nFALSE,true\n", "a b", &[1.0, 0.0, 0.0, 1.0]),
            ("x,y,z\n1,1,5\n2,1,6\n", "x y z", &[1.0, 1.0, 5.0, 2.0, 1.0, 6.0]),
            ("v\n\"[1, 2.5]\"\n\"[3, 4]\"\n", "v0 v1", &[1.0, 2.5, 3.0, 4.0]),
            ("n,v\n7,0.1 0.2 0.5\n8,1 2 3.5\n", "n v0 v1 v2", &[7.0, 0.1, 0.2, 0.5, 8.0, 1.0, 2.0, 3.5]),
            ("body,w\nsedan,1\ncoupe,2\n", "w", &[1.0, 2.0]),
        ] {
            let (found, cells) = table("t.csv", text, &auto);
            assert_eq!((found.join(" ").as_str(), cells.concat()), (names, wanted.to_vec()), "{text}");
        }
        let (_, cells) = table("t.csv", "a,b\n#N/A,1\n<NA>,2\n#DIV/0!,3\n5,4\n", &auto);
        assert!(cells[..3].iter().all(|row| row[0].is_nan()) && cells[3] == [5.0, 4.0]);
    }

    #[test]
    fn what_is_said_settles_a_doubt() {
        let with = |options: serde_json::Value| ReadOptions::given(options.as_object().unwrap().clone()).unwrap();
        let (_, cells) = table("t.csv", "a;b\n1,011;2,022\n", &with(serde_json::json!({"decimal": "."})));
        assert_eq!(cells, [[1011.0, 2022.0]]);
        let (names, cells) = table("t.csv", "1;2\n3;4\n", &with(serde_json::json!({"header": "yes"})));
        assert_eq!((names.join(" "), cells), ("1 2".to_owned(), vec![vec![3.0, 4.0]]));
        let (names, cells) = table("t.csv", "country,2019\nFrance,3\n", &with(serde_json::json!({"header": "no", "columns": "2"})));
        assert_eq!((names.len(), cells), (0, vec![vec![2019.0], vec![3.0]]));
        let (_, cells) = table("t.data", "1|2\n3|4\n", &with(serde_json::json!({"format": "csv", "delimiter": "|"})));
        assert_eq!(cells.concat(), [1.0, 2.0, 3.0, 4.0]);
        let ids = read_with("t.csv", b"a,b,code\n1,2,1.10\n3,4,1.1\n", &with(serde_json::json!({"id": "code"}))).unwrap();
        assert_eq!((ids.metadata.id(0), ids.metadata.id(1), ids.columns()), ("1.10".to_owned(), "1.1".to_owned(), 2));
        let two = with(serde_json::json!({"text": "title,body"}));
        let texts = read_with("t.csv", b"title,n,body\nOne,1,two\nThree,2,\n", &two).unwrap();
        let Values::Text(texts) = &texts.values else { panic!() };
        assert_eq!(texts.as_slice(), ["One\ntwo", "Three"]);
        let dated = with(serde_json::json!({"dates": "day"}));
        let dated = read_with("t.csv", b"x,day\n1,10.01.2010\n2,31.02.2010\n", &dated).unwrap();
        assert_eq!((dated.metadata.text(0, 0).as_deref(), dated.metadata.text(0, 1)), (Some("2010-01-10T00:00:00Z"), None));
        for (options, place) in [
            (serde_json::json!({"id": "cod"}), "no column 'cod'"),
            (serde_json::json!({"decimal": ";"}), "decimal"),
            (serde_json::json!({"names": "n.txt"}), "names"),
            (serde_json::json!({"dates": "code"}), "column code"),
        ] {
            let error = read_with("t.csv", b"a,b,code\n1,2,x\n3,4,y\n", &with(options)).unwrap_err().to_string();
            assert!(error.contains(place), "{error}");
        }
    }

    /// What is said of a file.
    fn said(text: &str, options: &ReadOptions) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        let source = super::super::open(path.to_str().unwrap(), options).unwrap();
        source.read(&crate::Run::new(0, 2).unwrap()).unwrap();
        (source.notes().join("\n"), source.warnings().join("\n"))
    }

    #[test]
    fn the_guess_is_reported_and_what_is_lost_is_a_warning_with_a_cell() {
        let auto = ReadOptions::default();
        for (text, note, warning) in [
            ("a;b\n1,5;2\n", "t.csv: delimiter ';', decimal ',', the first row is the header", ""),
            ("1\t2\n", "delimiter tab, decimal '.', no header", ""),
            ("name,x\nAnn,1\n", "'name' names the rows", ""),
            ("x,kind\n1,a\n2,b\n", "'kind' (text, 'a') kept as metadata", ""),
            ("x,w\n1,5\n2,7\n3,tall\n4,8\n", "", "'w' is taken for text and not learned from, since row 3 holds 'tall'"),
            ("x,share\n1,5%\n2,7%\n", "", "'5%'"),
            ("x,class\n1,0\n2,1\n", "", "'class' is taken for a label by its name (numbers, '0')"),
            ("a;b\n1,011;2\n2,022;5000\n", "", "'1,011' in 'a' is read as 1.011; with --decimal . it is 1011"),
            ("stars,comment\n5,I liked it a lot really\n1,It is not what I had hoped for\n", "", "--text comment learns from it"),
        ] {
            let (notes, warnings) = said(text, &auto);
            assert!(notes.contains(note) && warnings.contains(warning), "{text}\n{notes}\n{warnings}");
            assert_eq!(warnings.is_empty(), warning.is_empty(), "{text}\n{warnings}");
        }
        let wanted = ReadOptions { wants_text: true, ..ReadOptions::default() };
        let text = "stars,comment\n5,I liked it a lot really\n1,It is not what I had hoped for\n";
        assert!(said(text, &wanted).0.contains("the text is that of column 'comment'"));
    }

    #[test]
    fn no_column_to_learn_from_says_for_each_why() {
        let error = read("t.csv", b"id,kind,class,w\n1,a,0,1\n2,b,1,x\n3,c,1,y\n").unwrap_err();
        let text = error.to_string();
        for why in ["'id' names the rows", "'kind' holds text, 'a'", "'class' is taken for a label", "'w' holds text, '1'"] {
            assert!(text.contains(why), "{text}");
        }
        assert_eq!(error.hint(), Some("--columns class learns from it all the same"));
    }

    #[test]
    fn a_column_whose_kind_changes_late_becomes_text_or_is_an_error_with_a_hint_that_works() {
        let text = |late: &str| {
            let rows = (1..=200_000).map(|row| format!("{row},{},{row}.5\n", if row == 150_001 { late } else { "12345" }));
            format!("n,zip,x\n{}", rows.collect::<String>())
        };
        let options = ReadOptions { columns: Some(vec!["x".to_owned()]), ..ReadOptions::default() };
        let observed = read_with("t.csv", text("K1A0B1").as_bytes(), &options).unwrap();
        let zip = observed.metadata.names().iter().position(|name| name == "zip").unwrap();
        assert_eq!(
            (observed.metadata.text(zip, 150_000).as_deref(), observed.metadata.text(zip, 0).as_deref()),
            (Some("K1A0B1"), Some("12345"))
        );
        assert_eq!(observed.metadata.columns.column(zip).data_type(), &crate::arrow::datatypes::DataType::Utf8);
        assert!(said(&text("K1A0B1"), &options).1.contains("'zip' rides along as text, since it also holds 'K1A0B1'"));
        let error = read("t.csv", text("K1A0B1").as_bytes()).unwrap_err();
        assert!(error.to_string().contains("row 150001, column zip: 'K1A0B1' is no number"), "{error}");
        assert!(error.hint().unwrap().contains("--columns n,x leaves 'zip' out"), "{:?}", error.hint());
        // Empty in the head: further down it is known.
        let rows = (1..=200_000).map(|row| format!("{row}.5,{}\n", if row > 190_000 { "late words" } else { "" }));
        let observed = read("t.csv", format!("x,remark\n{}", rows.collect::<String>()).as_bytes()).unwrap();
        assert_eq!((observed.columns(), observed.metadata.text(0, 199_999).as_deref()), (1, Some("late words")));
    }

    #[test]
    fn ids_keep_their_digits() {
        let ids = read("t.csv", b"id,x\n18446744073709551617,1\n9223372036854775809,2\n007,3\n").unwrap();
        assert_eq!((0..3).map(|row| ids.metadata.id(row)).collect::<Vec<_>>(), ["18446744073709551617", "9223372036854775809", "007"]);
        assert_eq!(ids.metadata.find("9223372036854775809").unwrap(), 1);
    }

    #[test]
    fn a_quote_that_is_never_closed_is_refused_with_its_row() {
        let mut text = "id,text,n\n".to_owned();
        (0..120).for_each(|row| text.push_str(&if row == 20 { "20,\"text,1\n".to_owned() } else { format!("{row},words here,{row}\n") }));
        let error = read("t.csv", text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("row 21: a quote that is never closed"), "{error}");
        let error = read("v.csv", b"v\n\"[1, 2]\"\n\"[1]\"\n").unwrap_err().to_string();
        assert!(error.contains("row 2, column v: '[1]' is no vector of 2 numbers"), "{error}");
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
