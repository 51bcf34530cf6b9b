//! JSON Lines: an object a line, its keys the columns; or a list of numbers a line.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, FixedSizeListArray, Float64Array, NullArray, StringArray};
use serde_json::{Map, Value};

use super::bytes::File;
use super::columns::{Field, Kind, Offsets, Role, Roles};
use super::lines::{Pieces, parallel};
use super::table::{Block, InBlocks, Pass};
use super::{Ask, Reader, excerpt};
use crate::error::{Error, Result};
use crate::run::Run;
use crate::text::of_words;

/// Columns of a file; more keys than this are no table.
const MOST_KEYS: usize = 10_000;
/// The name of the only column of a file of lists.
const LIST: &str = "";

struct JsonReader {
    name: String,
    file: File,
    roles: Roles,
    offsets: Offsets,
}

/// Opens a file of JSON Lines.
///
/// # Errors
/// [`Error::Input`] for what the head shows.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let head = Pieces::new(file, None)?.next().transpose()?.unwrap_or_default();
    let rows = lines(&head).map_err(|error| file.own(error))?;
    if rows.is_empty() {
        return Err(file.wrong("no rows", "an object a line is needed"));
    }
    let mut keys: Vec<&str> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for row in &rows {
        for key in row.keys() {
            if known.insert(key.as_str()) {
                keys.push(key);
            }
        }
    }
    if keys.len() > MOST_KEYS {
        return Err(file.wrong(format!("{} different keys", keys.len()), "the keys of the objects are the columns of a table"));
    }
    let mut fields = Vec::new();
    let mut ranges = Vec::new();
    for key in keys {
        let values = || rows.iter().filter_map(|row| row.get(key)).filter(|value| !value.is_null());
        let kind = kind(values());
        let length = if kind == Kind::Text {
            values().map(|value| value.as_str().map_or(0, |text| text.chars().count())).sum::<usize>() as f64 / rows.len() as f64
        } else {
            0.0
        };
        let numbers = values().filter_map(Value::as_f64);
        ranges.push(numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |range, value| (range.0.min(value), range.1.max(value))));
        fields.push(Field { name: key.to_owned(), kind, length });
    }
    let named = !(fields.len() == 1 && fields[0].name == LIST);
    let roles = Roles::choose(file, fields, named, ask)?;
    let mut learned = vec![(f64::INFINITY, f64::NEG_INFINITY); roles.numbers];
    for ((role, range), field) in roles.roles.iter().zip(ranges).zip(&roles.fields) {
        if let (Role::Number(place), Kind::Number) = (*role, field.kind) {
            learned[place] = range;
        }
    }
    let offsets = Offsets::new(ask.offsets(), &learned);
    Ok(Box::new(JsonReader { name: ask.name.clone(), file: file.clone(), roles, offsets }))
}

/// What the values of a key are.
fn kind<'a>(values: impl Iterator<Item = &'a Value> + Clone) -> Kind {
    let all = |test: fn(&Value) -> bool| values.clone().all(test);
    if all(Value::is_number) {
        return Kind::Number;
    }
    if all(Value::is_boolean) {
        return Kind::Bool;
    }
    let width = |value: &Value| value.as_array().filter(|cells| cells.iter().all(Value::is_number)).map(Vec::len);
    if let Some(first) = values.clone().next().and_then(width)
        && first > 0
        && values.clone().all(|value| width(value) == Some(first))
    {
        return Kind::Vector(first);
    }
    let is_words = |value: &Value| value.as_array().is_some_and(|words| words.iter().all(Value::is_string));
    if values.clone().next().is_some() && values.clone().all(is_words) {
        return Kind::Words;
    }
    Kind::Text
}

/// The objects of a piece; blank lines are no rows.
fn lines(piece: &[u8]) -> Result<Vec<Map<String, Value>>> {
    let mut rows = Vec::new();
    for line in piece.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let wrong = |found: String| {
            Error::input("", found, "each line is one JSON object, such as {\"a\": 1.5, \"label\": \"x\"}").at_row(rows.len() as u64 + 1)
        };
        match serde_json::from_slice(line) {
            Ok(Value::Object(object)) => rows.push(object),
            Ok(list @ Value::Array(_)) => rows.push(Map::from_iter([(LIST.to_owned(), list)])),
            Ok(other) => return Err(wrong(format!("the line holds {}", excerpt(&other.to_string())))),
            Err(_) if std::str::from_utf8(line).is_err() => return Err(wrong("bytes that are no UTF-8".to_owned())),
            Err(error) => return Err(wrong(format!("the line is no JSON ({error})"))),
        }
    }
    Ok(rows)
}

impl JsonReader {
    fn parse(&self, piece: &[u8], offsets: &[f64]) -> Result<Block> {
        let rows = lines(piece)?;
        let columns = self
            .roles
            .fields
            .iter()
            .zip(&self.roles.roles)
            .map(|(field, role)| match role {
                Role::Nothing => Ok(Arc::new(NullArray::new(rows.len())) as ArrayRef),
                Role::Document => Ok(documents(&rows, &field.name)),
                Role::Category(_) => Ok(text(&rows, &field.name)),
                _ => column(&rows, field).map_err(|error| error.at_column(&field.name)),
            })
            .collect::<Result<Vec<ArrayRef>>>()?;
        Block::new(&self.name, &self.roles, &columns, rows.len(), offsets)
    }
}

/// The cells of a key, of the kind that the head showed.
fn column(rows: &[Map<String, Value>], field: &Field) -> Result<ArrayRef> {
    let cells = || rows.iter().map(|row| row.get(&field.name).filter(|value| !value.is_null()));
    let wrong = |row: usize, value: &Value, wanted: &str| {
        Error::input("", format!("{} is no {wanted}", excerpt(&value.to_string())), format!("each '{}' is one", field.name))
            .at_row(row as u64 + 1)
    };
    match field.kind {
        Kind::Number => {
            let mut out = Vec::with_capacity(rows.len());
            for (row, cell) in cells().enumerate() {
                out.push(match cell {
                    None => None,
                    Some(value) => Some(value.as_f64().ok_or_else(|| wrong(row, value, "number"))?),
                });
            }
            Ok(Arc::new(Float64Array::from(out)))
        }
        Kind::Bool => {
            let mut out = Vec::with_capacity(rows.len());
            for (row, cell) in cells().enumerate() {
                out.push(match cell {
                    None => None,
                    Some(value) => Some(value.as_bool().ok_or_else(|| wrong(row, value, "true or false"))?),
                });
            }
            Ok(Arc::new(BooleanArray::from(out)))
        }
        Kind::Vector(width) => {
            let mut out: Vec<f64> = Vec::with_capacity(rows.len() * width);
            for (row, cell) in cells().enumerate() {
                match cell {
                    None => out.extend(std::iter::repeat_n(f64::NAN, width)),
                    Some(value) => {
                        let cells = value.as_array().filter(|cells| cells.len() == width);
                        let numbers = cells.and_then(|cells| cells.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>());
                        out.extend(numbers.ok_or_else(|| wrong(row, value, &format!("list of {width} numbers")))?);
                    }
                }
            }
            let item = Arc::new(arrow::datatypes::Field::new("item", arrow::datatypes::DataType::Float64, true));
            let list = FixedSizeListArray::try_new(item, width as i32, Arc::new(Float64Array::from(out)), None);
            Ok(Arc::new(list.map_err(|error| Error::internal(error.to_string()))?))
        }
        Kind::Text | Kind::Words | Kind::Date | Kind::Other => Ok(text(rows, &field.name)),
    }
}

/// The cells of a key as text; what is no text is shown as JSON.
fn text(rows: &[Map<String, Value>], key: &str) -> ArrayRef {
    let cell = |row: &Map<String, Value>| match row.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    Arc::new(rows.iter().map(cell).collect::<StringArray>())
}

/// Documents, a cell each; a list of words is one that is separated already.
fn documents(rows: &[Map<String, Value>], key: &str) -> ArrayRef {
    let cell = |row: &Map<String, Value>| match row.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(words)) if words.iter().all(Value::is_string) => Some(of_words(words.iter().filter_map(Value::as_str))),
        Some(other) => Some(other.to_string()),
    };
    Arc::new(rows.iter().map(cell).collect::<StringArray>())
}

impl InBlocks for JsonReader {
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
        let pieces = Pieces::new(&self.file, None)?;
        Ok((0, parallel(&self.file, pieces, move |piece, _| self.parse(piece, &offsets), run)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{numbers, read};
    use crate::data::Values;

    #[test]
    fn keys_are_columns_and_lists_are_several() {
        let text = b"{\"id\":\"a\",\"x\":1,\"v\":[1,2],\"ok\":true}\n\n{\"id\":\"b\",\"v\":[3,4.5],\"x\":null}\r\n";
        let rows = read("r.jsonl", text).unwrap();
        let Values::Table(table) = &rows.values else { panic!() };
        assert_eq!(table.names.as_ref().unwrap(), &["x", "v0", "v1"]);
        assert_eq!(table.numbers.row(0), [1.0, 1.0, 2.0]);
        assert!(table.numbers.row(1)[0].is_nan());
        assert_eq!((rows.metadata.names(), rows.metadata.id(1)), (vec!["id".to_owned(), "ok".to_owned()], "b".to_owned()));
        assert_eq!(numbers(&read("l.jsonl", b"[1,2]\n[3,4]\n").unwrap()), [[1.0, 2.0], [3.0, 4.0]]);
    }

    #[test]
    fn a_text_is_a_corpus() {
        let rows = read("t.jsonl", b"{\"text\":\"one two\",\"n\":1}\n{\"text\":\"three\",\"n\":2}\n").unwrap();
        let Values::Text(texts) = &rows.values else { panic!() };
        assert_eq!(texts.as_slice(), ["one two", "three"]);
        assert_eq!(rows.metadata.names(), ["n"]);
    }

    #[test]
    fn a_list_of_words_is_a_document() {
        let lists = "[\"c++\",\"new york\"]\n[]\n[\"go\"]\n";
        let keyed = "{\"n\":1,\"tokens\":[\"c++\",\"new york\"]}\n{\"n\":2,\"tokens\":null}\n{\"n\":3,\"tokens\":[\"go\"]}\n";
        for text in [lists, keyed] {
            let rows = read("t.jsonl", text.as_bytes()).unwrap();
            let Values::Text(texts) = &rows.values else { panic!("{}", rows.values.kind()) };
            let words = |text: &str| text.split(crate::text::BEFORE_WORD).skip(1).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(texts.iter().map(|text| words(text)).collect::<Vec<_>>(), [vec!["c++", "new york"], vec![], vec!["go"]]);
        }
    }

    #[test]
    fn a_line_that_is_no_object_is_named() {
        let error = read("t.jsonl", b"{\"a\":1}\n{\"a\":2\n").unwrap_err().to_string();
        assert!(error.contains("row 2: the line is no JSON"), "{error}");
    }
}
