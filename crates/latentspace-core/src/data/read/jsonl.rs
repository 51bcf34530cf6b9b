//! JSON Lines: an object a line, its keys the columns; or a list of numbers a line.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, NullArray, StringArray};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::bytes::File;
use super::cells::vector;
use super::columns::{Affines, Role, Roles};
use super::csv::vectors;
use super::fields::{Field, Kind};
use super::lines::{Pieces, parallel};
use super::table::{Block, InBlocks, Late, Pass, telling};
use super::{Ask, Reader, excerpt};
use crate::data::Affine;
use crate::error::{Error, Result, count};
use crate::run::Run;
use crate::text::of_words;

/// Pieces of the file, of 1 MiB each, that are looked through for keys that the head does not show.
const LOOKED_THROUGH: usize = if cfg!(test) { 4 } else { 256 };
/// Columns of a file; more keys than this are no table.
const MOST_KEYS: usize = 10_000;
/// The name of the only column of a file of lists.
const LIST: &str = "";

struct JsonReader {
    name: String,
    file: File,
    roles: Roles,
    affines: Affines,
    late: Late,
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
    let mut known = BTreeSet::new();
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
    let shown = keys.iter().copied().filter(|key| rows.iter().any(|row| is_there(row, key))).map(str::to_owned).collect();
    // Lists have no keys.
    let mut beyond = if keys == [LIST] { Vec::new() } else { beyond(file, shown, rows.len() as u64)? };
    let mut fields = Vec::new();
    let mut ranges = Vec::new();
    for key in keys {
        let found = match beyond.iter().position(|found| found.field.name == key) {
            Some(found) => beyond.remove(found),
            None => Found::new(key, rows.iter().enumerate().map(|(row, object)| (row as u64 + 1, object))),
        };
        fields.push(found.field);
        ranges.push(found.range);
    }
    let late = late_note(&ask.name, &beyond);
    for found in beyond {
        fields.push(found.field);
        ranges.push(found.range);
    }
    let named = !(fields.len() == 1 && fields[0].name == LIST);
    let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    let mut roles = Roles::choose(file, fields, named, ask)?;
    roles.notes.extend(late);
    roles.find_dates(file, ask, |column| {
        let Some(name) = names.get(column) else { return Err(Error::internal("a column without a name")) };
        Ok(ids(&rows, name, &head))
    })?;
    let mut learned = vec![(f64::INFINITY, f64::NEG_INFINITY); roles.numbers];
    for ((role, range), field) in roles.roles.iter().zip(ranges).zip(&roles.fields) {
        if let (Role::Number(place), Kind::Number) = (*role, field.kind) {
            learned[place] = range;
        }
    }
    let affines = Affines::new(ask.affine(), &learned);
    Ok(Box::new(JsonReader { name: ask.name.clone(), file: file.clone(), roles, affines, late: Late::default() }))
}

/// Whether a row has a value of this key.
fn is_there(row: &Map<String, Value>, key: &str) -> bool {
    row.get(key).is_some_and(|value| !value.is_null())
}

/// A key as some rows show it.
struct Found {
    field: Field,
    /// The first row that has a value of it, from 1.
    row: u64,
    /// The least and the greatest number.
    range: (f64, f64),
}

impl Found {
    /// A key, as its values in these rows show it, each with its number.
    fn new<'a>(key: &str, rows: impl Iterator<Item = (u64, &'a Map<String, Value>)> + Clone) -> Self {
        let values = rows.filter_map(|(row, object)| Some((row, object.get(key).filter(|value| !value.is_null())?)));
        let numbers = values.clone().filter_map(|(_, value)| value.as_f64());
        let range = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |range, value| (range.0.min(value), range.1.max(value)));
        Found { row: values.clone().next().map_or(0, |(row, _)| row), field: field(key, values), range }
    }
}

/// Keys of which the head, of so many rows, shows no value, as the piece shows them that has the first one. `order`: the keys
/// that it shows.
fn beyond(file: &File, mut order: Vec<String>, mut above: u64) -> Result<Vec<Found>> {
    let mut shown: BTreeSet<String> = order.iter().cloned().collect();
    let mut found = Vec::new();
    for piece in Pieces::new(file, None)?.skip(1).take(LOOKED_THROUGH) {
        let piece = piece?;
        if let Some(objects) = objects_of(&piece, &order) {
            above += objects;
            continue;
        }
        let mut is_new = false;
        let mut rows = 0;
        for line in piece.split(|&byte| byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace)) {
            rows += 1;
            let look = NewKeys { shown: &shown, above: "", is_new: &mut is_new };
            // A broken line is an error once it is read.
            if look.deserialize(&mut serde_json::Deserializer::from_slice(line)).is_err() {
                return Ok(found);
            }
        }
        if is_new {
            let Ok(objects) = lines(&piece) else { break };
            let numbered = || objects.iter().enumerate().map(|(row, object)| (above + row as u64 + 1, object));
            for (key, _) in objects.iter().flatten().filter(|(key, value)| !value.is_null() && *key != LIST) {
                if shown.len() == MOST_KEYS {
                    return Ok(found);
                }
                if shown.insert(key.clone()) {
                    order.push(key.clone());
                    found.push(Found::new(key, numbered()));
                }
            }
        }
        above += rows;
    }
    Ok(found)
}

/// What is told of keys that the head has not.
fn late_note(name: &str, late: &[Found]) -> Option<String> {
    let first = late.first()?;
    let keys: Vec<String> = late.iter().take(5).map(|found| format!("'{}'", found.field.name)).collect();
    let more = if late.len() > keys.len() { ", …" } else { "" };
    Some(match late.len() {
        1 => format!("{name}: {} appears first in row {}; its cells are missing in the rows before", keys[0], count(first.row)),
        all => format!(
            "{name}: {} keys appear first after row {} ({}{more}); their cells are missing in the rows before",
            count(all as u64),
            count(first.row - 1),
            keys.join(", ")
        ),
    })
}

/// Counts the objects of lines that are flat and have only these keys, given in the order in which most objects have them. Looks only at quotes and
/// braces: None means that the lines have to be parsed, and Some does not mean that they are valid.
fn objects_of(lines: &[u8], keys: &[String]) -> Option<u64> {
    let mut objects = 0;
    let mut expected = 0;
    let mut at = 0;
    while let Some(next) = memchr::memchr2(b'"', b'{', &lines[at..]) {
        at += next;
        if lines[at] == b'{' {
            let before = lines[..at].iter().rev().find(|&&byte| !matches!(byte, b' ' | b'\t' | b'\r'));
            if !matches!(before, None | Some(b'\n')) {
                return None;
            }
            (at, expected, objects) = (at + 1, 0, objects + 1);
            continue;
        }
        let inside = &lines[at + 1..];
        if let Some(key) = keys.get(expected)
            && let Some(after) = inside.strip_prefix(key.as_bytes())
            && after.starts_with(b"\":")
        {
            (at, expected) = (at + 1 + key.len() + 2, expected + 1);
            continue;
        }
        let mut end = 0;
        loop {
            match memchr::memchr2(b'"', b'\\', &inside[end..]) {
                Some(next) if inside[end + next] == b'"' => {
                    end += next;
                    break;
                }
                // What is escaped is passed over.
                Some(next) if end + next + 2 <= inside.len() => end += next + 2,
                _ => return None,
            }
        }
        if inside[end + 1..].trim_ascii_start().first() == Some(&b':') {
            let known = keys.iter().position(|key| key.as_bytes() == &inside[..end])?;
            expected = known + 1;
        }
        at += 1 + end + 1;
    }
    Some(objects)
}

/// Goes through a line without keeping it, and looks for a key with a value that is not among those shown.
struct NewKeys<'a> {
    shown: &'a BTreeSet<String>,
    /// The key of the value that is gone through; empty for the line.
    above: &'a str,
    is_new: &'a mut bool,
}

impl NewKeys<'_> {
    /// A value that is no object.
    fn value<E>(self) -> std::result::Result<(), E> {
        *self.is_new |= !self.above.is_empty() && !self.shown.contains(self.above);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for NewKeys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NewKeys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let whole = if self.above.is_empty() { key } else { Cow::Owned(format!("{}.{key}", self.above)) };
            map.next_value_seed(NewKeys { shown: self.shown, above: &whole, is_new: self.is_new })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        self.value()
    }

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<(), E> {
        self.value()
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<(), E> {
        self.value()
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<(), E> {
        self.value()
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<(), E> {
        self.value()
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<(), E> {
        self.value()
    }
}

/// The column of a key with these values, each with its row, from 1.
fn field<'a>(key: &str, values: impl Iterator<Item = (u64, &'a Value)> + Clone) -> Field {
    let all = |test: &dyn Fn(&Value) -> bool| values.clone().all(|(_, value)| test(value));
    if all(&Value::is_number) {
        return Field::new(key, Kind::Number).with_numbers(values.filter_map(|(_, value)| value.as_f64()));
    }
    if all(&Value::is_boolean) {
        return Field::new(key, Kind::Bool).with_example(values.clone().next().map(|(_, value)| value.to_string()).as_deref());
    }
    let width = |value: &Value| value.as_array().filter(|cells| cells.iter().all(Value::is_number)).map(Vec::len);
    if let Some(first) = values.clone().next().and_then(|(_, value)| width(value))
        && first > 0
        && all(&|value| width(value).is_some())
    {
        return Field::new(key, Kind::Vector(first));
    }
    if all(&|value| value.as_array().is_some_and(|words| words.iter().all(Value::is_string))) {
        return Field::new(key, Kind::Words);
    }
    let cells: Vec<(u64, Cow<'_, str>)> = values.map(|(row, value)| (row, shown(value))).collect();
    Field::of_text(key, cells.iter().map(|(row, cell)| (*row, cell.as_ref())))
}

/// A value as text.
fn shown(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
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
            Ok(Value::Object(object)) => rows.push(flat(object)),
            Ok(list @ Value::Array(_)) => rows.push(Map::from_iter([(LIST.to_owned(), list)])),
            Ok(other) => return Err(wrong(format!("the line holds {}", excerpt(&other.to_string())))),
            Err(_) if std::str::from_utf8(line).is_err() => return Err(wrong("bytes that are not UTF-8".to_owned())),
            Err(error) => return Err(wrong(format!("the line is no JSON ({error})"))),
        }
    }
    Ok(rows)
}

/// An object whose objects lie in it: the key `b` of `a` is `a.b`.
fn flat(object: Map<String, Value>) -> Map<String, Value> {
    if !object.values().any(Value::is_object) {
        return object;
    }
    let mut out = Map::new();
    for (key, value) in object {
        match value {
            Value::Object(inner) => flat(inner).into_iter().for_each(|(name, value)| {
                out.entry(format!("{key}.{name}")).or_insert(value);
            }),
            other => {
                out.insert(key, other);
            }
        }
    }
    out
}

impl JsonReader {
    fn parse(&self, piece: &[u8], affine: &Affine) -> Result<Block> {
        let rows = lines(piece)?;
        self.find_late_keys(&rows);
        let id = self.roles.id();
        let columns = self
            .roles
            .fields
            .iter()
            .zip(&self.roles.roles)
            .enumerate()
            .map(|(index, (field, role))| match role {
                Role::Nothing => Ok(Arc::new(NullArray::new(rows.len())) as ArrayRef),
                Role::Document => Ok(documents(&rows, &field.name)),
                Role::Category(_) => Ok(text(&rows, &field.name)),
                Role::Metadata if id == Some(index) => Ok(ids(&rows, &field.name, piece)),
                Role::Metadata => Ok(self.riding(&rows, field)),
                Role::Number(_) => column(&rows, field).map_err(|error| self.explained(error, index)),
            })
            .collect::<Result<Vec<ArrayRef>>>()?;
        Block::new(&self.name, &self.roles, &columns, rows.len(), affine)
    }

    /// An error in a column to learn from, and what would leave it out.
    fn explained(&self, error: Error, index: usize) -> Error {
        let name = &self.roles.fields[index].name;
        let hint = self.roles.without(index).map(|others| format!("--columns {others} leaves '{name}' out"));
        let error = error.at_column(name);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// A column that rides along: where a cell is not of the kind that the head showed, all of them as text.
    fn riding(&self, rows: &[Map<String, Value>], field: &Field) -> ArrayRef {
        let name = &field.name;
        let cells = || rows.iter().map(|row| row.get(name).filter(|value| !value.is_null()));
        let strange = |test: fn(&Value) -> bool| cells().flatten().find(|value| !test(value));
        let found = match field.kind {
            Kind::Number => match strange(Value::is_number) {
                // Whole numbers keep all their digits.
                None if cells().flatten().all(Value::is_i64) => {
                    return Arc::new(cells().map(|cell| cell.and_then(Value::as_i64)).collect::<Int64Array>());
                }
                None => return Arc::new(cells().map(|cell| cell.and_then(Value::as_f64)).collect::<Float64Array>()),
                found => found,
            },
            Kind::Bool => match strange(Value::is_boolean) {
                None => return Arc::new(cells().map(|cell| cell.and_then(Value::as_bool)).collect::<BooleanArray>()),
                found => found,
            },
            _ => None,
        };
        if let Some(found) = found {
            let sentence = || format!("{}: '{name}' rides along as text, since it also holds '{}'", self.name, excerpt(&shown(found)));
            self.late.see(name, sentence);
        }
        text(rows, name)
    }

    /// Looks for keys that the head did not have.
    fn find_late_keys(&self, rows: &[Map<String, Value>]) {
        let fields = &self.roles.fields;
        for row in rows {
            // Keys mostly come in one and the same order.
            let mut next = 0;
            for (key, value) in row {
                if fields.get(next).is_some_and(|field| field.name == *key) {
                    next += 1;
                } else if let Some(at) = fields.iter().position(|field| field.name == *key) {
                    next = at + 1;
                } else {
                    let sentence = || format!("{}: '{key}' is met late (first as '{}') and left out", self.name, excerpt(&shown(value)));
                    self.late.see(key, sentence);
                }
            }
        }
    }
}

/// The ids of rows: whole numbers, or the digits that the file has.
fn ids(rows: &[Map<String, Value>], key: &str, piece: &[u8]) -> ArrayRef {
    let cells = || rows.iter().map(|row| row.get(key).filter(|value| !value.is_null()));
    if cells().flatten().all(Value::is_i64) {
        return Arc::new(cells().map(|cell| cell.and_then(Value::as_i64)).collect::<Int64Array>());
    }
    if !cells().flatten().any(|value| value.is_f64()) {
        return text(rows, key);
    }
    let lines = piece.split(|&byte| byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace));
    let cell = |(value, line): (Option<&Value>, &[u8])| match value {
        Some(value) if value.is_f64() => Some(written(line, key).unwrap_or_else(|| value.to_string())),
        value => value.map(|value| shown(value).into_owned()),
    };
    Arc::new(cells().zip(lines).map(cell).collect::<StringArray>())
}

/// A number as it is written in a line: the value of this key of the outermost object.
fn written(line: &[u8], key: &str) -> Option<String> {
    let quoted = serde_json::to_string(key).ok()?;
    let (mut depth, mut at) = (0_usize, 0);
    while at < line.len() {
        match line[at] {
            b'"' => {
                let start = at;
                at += 1;
                while at < line.len() && line[at] != b'"' {
                    at += 1 + usize::from(line[at] == b'\\');
                }
                let rest = line.get(at + 1..)?.trim_ascii_start();
                if depth == 1 && line.get(start..=at)? == quoted.as_bytes() && rest.first() == Some(&b':') {
                    let value = rest[1..].trim_ascii_start();
                    let end = value.iter().position(|byte| matches!(byte, b',' | b'}') || byte.is_ascii_whitespace())?;
                    return String::from_utf8(value[..end].to_vec()).ok();
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The cells of a key to learn from, of the kind that the head showed.
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
                let before = out.len();
                match cell {
                    None => out.extend(std::iter::repeat_n(f64::NAN, width)),
                    Some(Value::String(cell)) if vector(cell, &mut out) == Some(width) => {}
                    Some(value) => {
                        out.truncate(before);
                        let cells = value.as_array().filter(|cells| cells.len() == width);
                        let numbers = cells.and_then(|cells| cells.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>());
                        out.extend(numbers.ok_or_else(|| wrong(row, value, &format!("list of {width} numbers")))?);
                    }
                }
            }
            vectors(out, width)
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
        let pieces = Pieces::new(&self.file, None)?;
        let blocks = parallel(&self.file, pieces, move |piece, _| self.parse(piece, &affine), run);
        Ok((0, telling(blocks, &self.late, run)))
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
        assert_eq!(table.names.as_ref().unwrap(), &["x", "v0", "v1", "ok"]);
        assert_eq!(table.numbers.row(0), [1.0, 1.0, 2.0, 1.0]);
        assert!(table.numbers.row(1)[0].is_nan() && table.numbers.row(1)[3].is_nan());
        assert_eq!((rows.metadata.names(), rows.metadata.id(1)), (vec!["id".to_owned()], "b".to_owned()));
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
            let Values::Text(texts) = &rows.values else { panic!("{}", rows.values.kind().name()) };
            let words = |text: &str| text.split(crate::text::BEFORE_WORD).skip(1).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(texts.iter().map(|text| words(text)).collect::<Vec<_>>(), [vec!["c++", "new york"], vec![], vec!["go"]]);
        }
    }

    #[test]
    fn ids_keep_the_digits_of_the_file() {
        let text = b"{\"id\":1234567890123456705,\"x\":1}\n{\"id\":1234567890123456706,\"x\":2}\n";
        let rows = read("t.jsonl", text).unwrap();
        assert_eq!((rows.metadata.find("1234567890123456705").unwrap(), rows.metadata.id(1)), (0, "1234567890123456706".to_owned()));
        let text = b"{\"a\":{\"id\":7},\"id\": 1.10 ,\"x\":1}\n\n{\"id\":1.1,\"x\":2}\n{\"x\":3,\"id\":123456789012345678901234}\n";
        let rows = read("t.jsonl", text).unwrap();
        assert_eq!((0..3).map(|row| rows.metadata.id(row)).collect::<Vec<_>>(), ["1.10", "1.1", "123456789012345678901234"]);
    }

    #[test]
    fn objects_within_are_columns_with_dots() {
        let rows = read("t.jsonl", b"{\"a\":{\"b\":1,\"c\":{\"d\":2}},\"e\":3}\n{\"a\":{\"b\":4},\"e\":6}\n").unwrap();
        let Values::Table(table) = &rows.values else { panic!() };
        assert_eq!(table.names.as_ref().unwrap(), &["a.b", "a.c.d", "e"]);
        assert_eq!(table.numbers.row(0), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn what_the_head_does_not_show_is_found_or_told() {
        let long = "word ".repeat(200);
        let row = |row: usize| match row {
            ..1500 => format!("{{\"x\":{row},\"text\":null,\"kind\":1,\"more\":\"{long}\"}}\n"),
            1500..7000 => {
                format!(
                    "{{\"x\":{row},\"text\":\"late words here\",\"kind\":\"CASE-7A\",\"more\":\"{long}\",\"new\":5,\"in\":{{\"word\":\"w{row}\"}}}}\n"
                )
            }
            _ => format!("{{\"x\":{row},\"last\":7,\"more\":\"{long}\"}}\n"),
        };
        let text: String = (0..7100).map(row).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        std::fs::write(&path, &text).unwrap();
        let options = crate::data::ReadOptions { columns: Some(vec!["x".to_owned()]), ..Default::default() };
        let source = crate::data::read::open(path.to_str().unwrap(), &options).unwrap();
        let rows = source.read(&crate::Run::new(0, 2).unwrap()).unwrap();
        let cell = |name: &str, row: usize| rows.metadata.text(rows.metadata.names().iter().position(|known| known == name).unwrap(), row);
        assert_eq!((cell("kind", 0).as_deref(), cell("kind", 1999).as_deref()), (Some("1"), Some("CASE-7A")));
        assert_eq!((cell("new", 1499), cell("new", 1500).as_deref(), cell("new", 7000)), (None, Some("5"), None));
        assert_eq!((cell("in.word", 1499), cell("in.word", 1500).as_deref()), (None, Some("w1500")));
        let notes = source.notes().join("\n");
        assert!(
            notes.contains("t.jsonl: 2 keys appear first after row 1,500 ('new', 'in.word'); their cells are missing in the rows before"),
            "{notes}"
        );
        let warnings = source.warnings().join("\n");
        assert!(warnings.contains("'kind' rides along as text, since it also holds 'CASE-7A'"), "{warnings}");
        assert!(warnings.contains("'last' is met late (first as '7') and left out"), "{warnings}");
        let texts = read("t.jsonl", text.as_bytes()).unwrap();
        assert_eq!(texts.values.kind().name(), "text");
    }

    #[test]
    fn lines_of_known_keys_are_known_by_their_quotes() {
        let keys = ["a", "b.c", "text"].map(str::to_owned);
        for line in [r#"{"a": 1, "text" : "x\\\"{\"a\":", "b.c":[1,2]}"#, "{}", " {\"a\":null}\n{\"a\":1,\"b.c\":2}\r\n  {\"text\":\"\"}"] {
            assert_eq!(super::objects_of(line.as_bytes(), &keys), Some(line.lines().count() as u64), "{line}");
        }
        for line in
            [r#"{"b": 1}"#, r#"{"a": {"a": 1}}"#, r#"{"a":1,"x":1}"#, r#"{"a": [{"b": 1}]}"#, r#"{"\u0061": 1}"#, r#"{"a"#, r#"{"a\"#]
        {
            assert_eq!(super::objects_of(line.as_bytes(), &keys), None, "{line}");
        }
    }

    #[test]
    fn keys_that_appear_late_are_columns_with_missing_cells_before() {
        let long = "w".repeat(1000);
        let row = |row: usize| match row {
            ..1500 => format!("{{\"x\":{row},\"more\":\"{long}\",\"y\":null}}\n"),
            _ => format!("{{\"x\":{row},\"more\":\"{long}\",\"y\":2,\"z\":{}}}\n", row * 2),
        };
        let text: String = (0..2000).map(row).collect();
        // Read whole, in blocks and from any row on.
        let rows = read("t.jsonl", text.as_bytes()).unwrap();
        let Values::Table(table) = &rows.values else { panic!() };
        assert_eq!(table.names.as_ref().unwrap(), &["x", "y", "z"]);
        let cells = numbers(&rows);
        assert!(cells[..1500].iter().all(|cells| cells[1].is_nan() && cells[2].is_nan()));
        assert!(cells[1500..].iter().enumerate().all(|(row, cells)| cells[1..] == [2.0, (2 * row + 3000) as f64]));
    }

    #[test]
    fn lists_of_another_length_are_errors_with_their_rows() {
        let error = read("t.jsonl", b"{\"v\":[1,2]}\n{\"v\":[3]}\n").unwrap_err().to_string();
        assert!(error.contains("row 2, column v: [3] is no list of 2 numbers"), "{error}");
    }

    #[test]
    fn a_line_that_is_no_object_is_named() {
        let error = read("t.jsonl", b"{\"a\":1}\n{\"a\":2\n").unwrap_err().to_string();
        assert!(error.contains("row 2: the line is no JSON"), "{error}");
    }
}
