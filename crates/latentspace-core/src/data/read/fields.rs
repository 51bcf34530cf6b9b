//! The columns of a table, from its first rows: name, type, and a sample cell.

use std::collections::BTreeSet;

use crate::arrow::array::{Array, ArrayRef, AsArray};
use crate::arrow::compute::cast;
use crate::arrow::datatypes::{DataType, Float64Type};

use super::cells::{Decimal, is_missing_text, number, vector_width};
use super::convert::text;
use super::excerpt;

/// Minimum mean number of characters and words in a cell of running text.
const LONG_TEXT: f64 = 20.0;
const MANY_WORDS: f64 = 3.0;
/// Share of numbers from which a column of text was probably meant to be numeric.
const MEANT_NUMBERS: f64 = 0.5;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers.
    Number,
    /// This number of numbers in each cell.
    Vector(usize),
    /// Text, or types that are shown as text.
    Text,
    /// A list of words: a tokenized document.
    Words,
    /// Booleans.
    Bool,
    /// Dates or times.
    Date,
    /// An unsupported type.
    Other,
}

/// A column of a file.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Mean number of characters and words of a cell in the head; 0 for other types.
    length: f64,
    words: f64,
    /// Whether its values may be classes: few distinct integers.
    pub(super) classes: bool,
    /// A cell, shortened for display.
    pub(super) example: Option<String>,
    /// For a column of text that was probably meant to be numeric: why it is not.
    pub(super) lost: Option<String>,
}

impl Field {
    /// A column of this kind.
    pub(super) fn new(name: impl Into<String>, kind: Kind) -> Self {
        Field { name: name.into(), kind, length: 0.0, words: 0.0, classes: false, example: None, lost: None }
    }

    /// A column of text with these cells, without missing ones, each with its row, from 1. If all cells are vectors, it is a
    /// column of vectors.
    pub(super) fn of_text<'a>(name: impl Into<String>, cells: impl Iterator<Item = (u64, &'a str)> + Clone) -> Self {
        let mut field = Field::new(name, Kind::Text);
        if let Some(width) = vector_width(cells.clone().map(|(_, cell)| cell)) {
            field.kind = Kind::Vector(width);
            return field;
        }
        let (mut all, mut numbers, mut other) = (0_u64, 0_u64, None);
        for (row, cell) in cells.clone() {
            all += 1;
            field.length += cell.chars().count() as f64;
            field.words += cell.split_whitespace().map(words_of).sum::<f64>();
            if is_number(cell) {
                numbers += 1;
            } else {
                other = other.or(Some((row, cell)));
            }
        }
        let count = all.max(1) as f64;
        (field.length, field.words) = (field.length / count, field.words / count);
        field.example = cells.clone().next().map(|(_, cell)| excerpt(cell));
        field.lost = match other {
            Some((row, cell)) if numbers as f64 >= MEANT_NUMBERS * count => Some(format!("row {row} holds '{}'", excerpt(cell))),
            Some((_, cell)) if has_unit(cells.map(|(_, cell)| cell)) => {
                Some(format!("its cells are not plain numbers: '{}'", excerpt(cell)))
            }
            _ => None,
        };
        field
    }

    /// The same column, with a sample cell and whether these numbers may be classes.
    pub(super) fn with_numbers(mut self, cells: impl Iterator<Item = f64>) -> Self {
        let (mut count, mut whole, mut different) = (0_usize, true, BTreeSet::new());
        for value in cells.filter(|value| value.is_finite()) {
            count += 1;
            whole &= value.fract() == 0.0;
            if different.len() <= 100 {
                different.insert(value.to_bits());
            }
            self.example.get_or_insert_with(|| value.to_string());
        }
        self.classes = count > 0 && whole && different.len() <= (count / 5).clamp(10, 100);
        self
    }

    /// The same column with a sample cell.
    pub(super) fn with_example(mut self, cell: Option<&str>) -> Self {
        self.example = cell.map(excerpt);
        self
    }

    /// Whether it is running text.
    pub(super) fn is_running(&self) -> bool {
        self.kind == Kind::Text && self.length >= LONG_TEXT && self.words >= MANY_WORDS
    }

    /// Whether its text is long, for any number of words.
    pub(super) fn is_long(&self) -> bool {
        self.kind == Kind::Text && self.length >= LONG_TEXT
    }

    /// Mean number of characters per cell.
    pub(super) fn length(&self) -> f64 {
        self.length
    }

    /// Whether it is text to learn from, by its name and its cells; `alone`: there is nothing else to
    /// learn from.
    pub(super) fn is_document(&self, alone: bool) -> bool {
        let words = match self.name.trim().to_lowercase().as_str() {
            "text" | "texts" | "document" | "documents" => 1.0,
            "body" | "abstract" | "content" | "sentence" | "review" => MANY_WORDS - 1.0,
            _ => return false,
        };
        self.kind == Kind::Text && (alone || self.words > words || self.length == 0.0)
    }

    /// Its type in a word, with a sample cell.
    pub(super) fn shown(&self) -> String {
        let what = match self.kind {
            Kind::Number => "numbers",
            Kind::Vector(_) => "vectors",
            Kind::Text if self.is_running() => "running text",
            Kind::Text => "text",
            Kind::Words => "lists of words",
            Kind::Bool => "true and false",
            Kind::Date => "dates",
            Kind::Other => "neither numbers nor text",
        };
        match &self.example {
            Some(cell) => format!("{what}, '{cell}'"),
            None => what.to_owned(),
        }
    }
}

/// Estimated number of words between spaces, for scripts without spaces.
fn words_of(run: &str) -> f64 {
    let wide = run.chars().filter(|&sign| sign as u32 >= 0x0e00 && sign.is_alphabetic()).count();
    (wide as f64 / 3.0).max(1.0)
}

fn is_number(cell: &str) -> bool {
    number(cell, Decimal::Point).is_some() || number(cell, Decimal::Comma).is_some()
}

/// Whether each cell is a number with the same prefix or unit: `5 %`, `$3`, `12 kg`.
fn has_unit<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let split = |cell: &'a str| -> Option<(&'a str, &'a str)> {
        let cell = cell.trim();
        let start = cell.find(|sign: char| sign.is_ascii_digit())?;
        let end = cell.rfind(|sign: char| sign.is_ascii_digit())? + 1;
        let (before, after) = (cell[..start].trim_end_matches(['-', '.']).trim(), cell[end..].trim());
        let fits = is_number(&cell[start..end])
            && !before.contains(char::is_alphabetic)
            && before.chars().count() <= 2
            && after.chars().count() <= 4;
        (fits && !(before.is_empty() && after.is_empty())).then_some((before, after))
    };
    let (mut first, mut count) = (None, 0);
    for cell in cells {
        let found = split(cell);
        if found.is_none() || *first.get_or_insert(found) != found {
            return false;
        }
        count += 1;
    }
    count > 0
}

/// Makes column names distinct: the second `x` becomes `x_2`.
pub(super) fn tell_apart<'a>(names: impl Iterator<Item = &'a mut String>) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for name in names {
        if !taken.insert(name.clone()) {
            let free = (2..).map(|number| format!("{name}_{number}")).find(|free| !taken.contains(free));
            *name = free.unwrap_or_default();
            taken.insert(name.clone());
        }
    }
}

/// Whether a column with this name contains ids.
pub(super) fn is_id(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    matches!(
        name.as_str(),
        "id" | "ids"
            | "uuid"
            | "guid"
            | "key"
            | "index"
            | ""
            | "unnamed: 0"
            | "__index_level_0__"
            | "name"
            | "title"
            | "file"
            | "word"
            | "token"
    ) || name.ends_with("_id")
        || name.ends_with("_name")
}

/// Whether a column with this name may contain labels.
pub(super) fn is_label(name: &str) -> bool {
    matches!(
        name.trim().to_lowercase().as_str(),
        "label" | "labels" | "class" | "classes" | "target" | "targets" | "cluster" | "clusters" | "category" | "y"
    )
}

/// The type of an Arrow column.
pub(super) fn kind_of(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Kind::Text,
        DataType::Dictionary(_, values) => kind_of(values),
        DataType::Boolean => Kind::Bool,
        DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(..)
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Duration(_) => Kind::Date,
        DataType::FixedSizeList(item, width) if item.data_type().is_numeric() => Kind::Vector(usize::try_from(*width).unwrap_or(0)),
        DataType::List(item) | DataType::LargeList(item) if item.data_type().is_numeric() => Kind::Vector(0),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) if kind_of(item.data_type()) == Kind::Text => {
            Kind::Words
        }
        kind if kind.is_numeric() => Kind::Number,
        _ => Kind::Other,
    }
}

/// The columns of a file with Arrow types, from its first rows, with distinct names.
pub(super) fn fields_of(schema: &crate::arrow::datatypes::Schema, head: &crate::arrow::array::RecordBatch) -> Vec<Field> {
    let mut fields: Vec<Field> = schema.fields().iter().zip(head.columns()).map(|(field, column)| field_of(field.name(), column)).collect();
    tell_apart(fields.iter_mut().map(|field| &mut field.name));
    fields
}

/// The length of the first list that is not missing.
fn first_length(column: &ArrayRef) -> Option<usize> {
    let length = match column.as_list_opt::<i32>() {
        Some(lists) => lists.iter().flatten().next()?.len(),
        None => column.as_list_opt::<i64>()?.iter().flatten().next()?.len(),
    };
    Some(length)
}

fn field_of(name: &str, column: &ArrayRef) -> Field {
    match kind_of(column.data_type()) {
        Kind::Vector(0) => {
            let width = first_length(column);
            match width {
                Some(width) if width >= 1 => Field::new(name, Kind::Vector(width)),
                _ => Field::new(name, Kind::Other),
            }
        }
        Kind::Text => match text(column) {
            Ok(cells) => {
                let row = |(row, cell): (usize, Option<&'_ str>)| cell.filter(|cell| !is_missing_text(cell)).map(|_| row);
                let rows: Vec<usize> = cells.iter().enumerate().filter_map(row).collect();
                Field::of_text(name, rows.iter().map(|&row| (row as u64 + 1, cells.value(row))))
            }
            Err(_) => Field::new(name, Kind::Other),
        },
        Kind::Number => match cast(column, &DataType::Float64) {
            Ok(cells) => Field::new(name, Kind::Number).with_numbers(cells.as_primitive::<Float64Type>().iter().flatten()),
            Err(_) => Field::new(name, Kind::Number),
        },
        kind => {
            let cells = text(column).ok();
            let cell = cells.as_ref().and_then(|cells| cells.iter().flatten().next());
            Field::new(name, kind).with_example(cell)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, cells: &[&str]) -> Field {
        Field::of_text(name, cells.iter().enumerate().map(|(row, cell)| (row as u64 + 1, *cell)))
    }

    #[test]
    fn running_text_is_told_from_words_by_its_cells() {
        assert!(of("comment", &["I liked it a lot, really.", "Not so good as I had hoped."]).is_running());
        assert!(!of("kind", &["setosa", "virginica"]).is_running());
        assert!(of("评论", &["这部电影真的非常好看我很喜欢推荐大家去看看吧"]).is_running());
        assert!(!of("url", &["https://example.org/a/long/path/to/a/file"]).is_running());
        assert!(!of("body", &["sedan", "coupe"]).is_document(false) && of("body", &["sedan"]).is_document(true));
        assert!(!of("body", &["left arm", "right leg"]).is_document(false));
        assert!(of("text", &["one two", "three"]).is_document(false) && !of("text", &["one", "two"]).is_document(false));
    }

    #[test]
    fn a_column_that_was_meant_to_hold_numbers_says_why_it_does_not() {
        assert_eq!(of("x", &["1", "2", "tall", "4"]).lost.as_deref(), Some("row 3 holds 'tall'"));
        assert_eq!(of("x", &["5 %", "7 %"]).lost.as_deref(), Some("its cells are not plain numbers: '5 %'"));
        assert!(of("x", &["$3", "$1,200"]).lost.is_some() && of("x", &["r1", "r2"]).lost.is_none());
        assert!(of("x", &["2020-01-01", "2020-01-02"]).lost.is_none() && of("x", &["1st", "2nd"]).lost.is_none());
    }

    #[test]
    fn classes_are_few_whole_numbers() {
        let classes = |cells: &[f64]| Field::new("y", Kind::Number).with_numbers(cells.iter().copied()).classes;
        assert!(classes(&[0.0, 1.0, 1.0, 0.0]) && !classes(&[0.5, 1.5]) && !classes(&[]));
        assert!(!classes(&(0..400).map(|row| f64::from(row % 150)).collect::<Vec<_>>()));
    }

    #[test]
    fn columns_of_one_name_are_told_apart() {
        let mut names: Vec<String> = ["x", "x", "x_2", "x"].map(str::to_owned).to_vec();
        tell_apart(names.iter_mut());
        assert_eq!(names, ["x", "x_2", "x_2_2", "x_3"]);
    }
}
