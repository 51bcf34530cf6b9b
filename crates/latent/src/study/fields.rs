//! Metadata columns for the page: categories, numbers, dates, texts.

use std::collections::HashMap;

use latentspace::arrow::array::{Array, ArrayRef, AsArray, LargeStringArray};
use latentspace::arrow::compute::cast;
use latentspace::arrow::datatypes::{DataType, Date32Type, Float64Type, TimeUnit, TimestampMicrosecondType};
use latentspace::data::{Metadata, dates, write};
use latentspace::schemars::{self, JsonSchema};
use serde::Serialize;
use serde_json::{Map, Value};

use super::bundle::BundleText;
use super::columns::{Cells, ColumnType};
use super::search::Searched;

/// Maximum number of categories of a column.
const MOST_CATEGORIES: usize = 1000;
/// Maximum number of distinct values of an integer column that is shown as categories.
const FEW_INTEGERS: usize = 20;
/// The code of a missing category.
pub(super) const MISSING: u32 = u32::MAX;

/// A metadata column, as the state describes it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Field {
    /// Codes of categories, in this order.
    Category { index: usize, name: String, categories: Vec<Category>, missing: usize },
    /// Numbers; `integer` if all are whole.
    Number { index: usize, name: String, min: f64, max: f64, missing: usize, integer: bool },
    /// Dates and times, in days since 1970.
    Date { index: usize, name: String, min: f64, max: f64, missing: usize },
    /// Texts, read row by row.
    Text { index: usize, name: String },
    /// The ids of the rows.
    Id { index: usize, name: String },
}

/// All columns.
pub(crate) struct Fields {
    metadata: Metadata,
    columns: Vec<Column>,
}

/// One column.
struct Column {
    name: String,
    values: Values,
}

impl Column {
    fn new(array: &ArrayRef, name: String) -> Self {
        Column { name, values: values(array) }
    }
}

/// The days since 1970 of a column of dates, times or texts that are dates; none if it holds anything else, or no date at all.
fn days(array: &ArrayRef, texts: &LargeStringArray) -> Option<Vec<f64>> {
    let days: Vec<f64> = match array.data_type() {
        DataType::Date32 | DataType::Date64 => {
            let days = cast(array, &DataType::Date32).ok()?;
            days.as_primitive::<Date32Type>().iter().map(|day| day.map_or(f64::NAN, f64::from)).collect()
        }
        DataType::Timestamp(..) => {
            let at = cast(&write::in_utc(array), &DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))).ok()?;
            at.as_primitive::<TimestampMicrosecondType>().iter().map(|at| at.map_or(f64::NAN, in_days)).collect()
        }
        // Digits alone are more likely years or ids.
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(..)
            if texts.iter().flatten().any(|text| !text.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            let instants = dates::instants(texts.iter()).ok()?;
            instants.into_iter().map(|at| at.map_or(f64::NAN, in_days)).collect()
        }
        _ => return None,
    };
    days.iter().any(|day| day.is_finite()).then_some(days)
}

/// Days of microseconds.
fn in_days(instant: i64) -> f64 {
    instant as f64 / dates::DAY as f64
}

enum Values {
    Category { codes: Vec<u32>, categories: Vec<Category>, missing: usize },
    Number { values: Vec<f64>, integer: bool },
    Date { texts: LargeStringArray, days: Vec<f64> },
    Text(LargeStringArray),
}

/// A category and the number of its rows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Category {
    pub(crate) label: String,
    pub(crate) count: usize,
}

impl Fields {
    /// Reads the columns.
    pub(crate) fn new(metadata: &Metadata) -> Self {
        let names = metadata.names();
        let columns = metadata.columns.columns().iter().zip(names).map(|(array, name)| Column::new(array, name)).collect();
        Fields { metadata: metadata.clone(), columns }
    }

    /// Their description in `/api/state`.
    pub(crate) fn describe(&self) -> Vec<Field> {
        let describe = |(index, column): (usize, &Column)| {
            let name = column.name.clone();
            if self.metadata.id == Some(index) {
                return Field::Id { index, name };
            }
            match &column.values {
                Values::Category { categories, missing, .. } => {
                    Field::Category { index, name, categories: categories.clone(), missing: *missing }
                }
                Values::Number { values, integer } => {
                    let (min, max, missing) = range(values);
                    Field::Number { index, name, min, max, missing, integer: *integer }
                }
                Values::Date { days, .. } => {
                    let (min, max, missing) = range(days);
                    Field::Date { index, name, min, max, missing }
                }
                Values::Text(_) => Field::Text { index, name },
            }
        };
        self.columns.iter().enumerate().map(describe).collect()
    }

    /// The cells of a column for all rows; of dates, days since 1970. None for texts and unknown columns.
    pub(crate) fn cells_of(&self, index: usize) -> Option<Cells> {
        match &self.columns.get(index)?.values {
            Values::Category { codes, categories, .. } => Some(Cells::Codes(codes.clone(), categories.clone())),
            Values::Number { values, .. } => Some(Cells::Numbers(values.clone())),
            Values::Date { days, .. } => Some(Cells::Numbers(days.clone())),
            Values::Text(_) => None,
        }
    }

    /// The name and type of each column.
    pub(crate) fn typed(&self) -> impl Iterator<Item = (&str, ColumnType)> {
        self.columns.iter().enumerate().map(|(index, column)| {
            let kind = match &column.values {
                _ if self.metadata.id == Some(index) => ColumnType::Id,
                Values::Category { .. } => ColumnType::Category,
                Values::Number { .. } => ColumnType::Number,
                Values::Date { .. } => ColumnType::Date,
                Values::Text(_) => ColumnType::Text,
            };
            (column.name.as_str(), kind)
        })
    }

    /// The columns of texts that are no dates, with at most so many bytes in all: longer texts are cut.
    pub(crate) fn texts(&self, most: usize) -> Vec<BundleText> {
        let texts = self.columns.iter().enumerate().filter_map(|(index, column)| match &column.values {
            Values::Text(texts) if self.metadata.id != Some(index) => Some((index, &column.name, texts)),
            _ => None,
        });
        let texts: Vec<(usize, &String, &LargeStringArray)> = texts.collect();
        let bytes: usize = texts.iter().map(|(_, _, texts)| texts.value_data().len()).sum();
        let cells: usize = texts.iter().map(|(_, _, texts)| texts.len()).sum();
        let longest = if bytes > most { most / cells.max(1) } else { usize::MAX };
        let cut = |text: &str| match text.char_indices().nth(longest) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        };
        let text = |(index, name, texts): (usize, &String, &LargeStringArray)| BundleText {
            index,
            name: name.clone(),
            cells: texts.iter().map(|text| text.map(cut)).collect(),
        };
        texts.into_iter().map(text).collect()
    }

    /// The ids of all rows; none if they have no id but their number.
    pub(crate) fn ids(&self) -> Option<Vec<String>> {
        self.metadata.id.map(|_| (0..self.metadata.rows()).map(|row| self.id(row)).collect())
    }

    /// Whether there is a column of this index.
    pub(crate) fn has(&self, index: usize) -> bool {
        index < self.columns.len()
    }

    /// The row's id, if rows have ids other than their number.
    pub(super) fn own_id(&self, row: usize) -> Option<String> {
        self.metadata.id.map(|_| self.id(row))
    }

    /// The name of the column of ids; `row` without one.
    pub(super) fn id_name(&self) -> &str {
        self.metadata.id.and_then(|index| self.columns.get(index)).map_or("row", |column| &column.name)
    }

    /// The columns that can be searched, by their index.
    pub(super) fn searched(&self) -> impl Iterator<Item = (usize, Searched<'_>)> {
        self.columns.iter().enumerate().filter(|(index, _)| self.metadata.id != Some(*index)).filter_map(|(index, column)| {
            let searched = match &column.values {
                Values::Category { codes, categories, .. } => {
                    Searched::Coded(codes, categories.iter().map(|category| category.label.as_str()).collect())
                }
                Values::Text(texts) | Values::Date { texts, .. } => Searched::Texts(texts),
                Values::Number { .. } => return None,
            };
            Some((index, searched))
        })
    }

    /// The name of a column, and its cell as text.
    pub(super) fn named_cell(&self, index: usize, row: usize) -> (String, String) {
        let text = match self.cell(index, row) {
            Value::String(text) => text,
            other => other.to_string(),
        };
        (self.columns[index].name.clone(), text)
    }

    /// The row's id.
    pub(crate) fn id(&self, row: usize) -> String {
        self.metadata.id(row)
    }

    /// The row's value in the first category column.
    pub(crate) fn label(&self, row: usize) -> Option<&str> {
        let columns = self.columns.iter().enumerate().filter(|(index, _)| self.metadata.id != Some(*index));
        columns.map(|(_, column)| &column.values).find_map(|values| match values {
            Values::Category { codes, categories, .. } => Some(category(codes, categories, row)),
            _ => None,
        })?
    }

    /// The row's cells by name.
    pub(crate) fn cells(&self, row: usize) -> Map<String, Value> {
        self.columns.iter().enumerate().map(|(index, column)| (column.name.clone(), self.cell(index, row))).collect()
    }

    fn cell(&self, index: usize, row: usize) -> Value {
        match &self.columns[index].values {
            // The text itself, even if its category is `(other)`.
            Values::Category { codes, .. } if codes[row] == MISSING => Value::Null,
            Values::Category { .. } => self.metadata.text(index, row).map_or(Value::Null, Value::from),
            Values::Number { values, integer: true } if values[row].abs() < 9e15 => Value::from(values[row] as i64),
            Values::Number { values, .. } => Value::from(values[row]),
            Values::Text(texts) | Values::Date { texts, .. } if texts.is_null(row) => Value::Null,
            Values::Text(texts) | Values::Date { texts, .. } => Value::from(texts.value(row)),
        }
    }

    /// The rows (all if none are given) sorted by a column; missing cells last; ties by row.
    pub(crate) fn sorted(&self, mut rows: Vec<u32>, sort: Option<usize>, descending: bool) -> Vec<u32> {
        let directed = |order: std::cmp::Ordering| if descending { order.reverse() } else { order };
        match sort.and_then(|index| self.columns.get(index)).map(|column| &column.values) {
            // Ties are in row order in both directions.
            None => {}
            Some(Values::Number { values, .. } | Values::Date { days: values, .. }) => {
                let key = |row: u32| values[row as usize];
                rows.sort_by(|&a, &b| {
                    let (x, y) = (key(a), key(b));
                    x.is_nan().cmp(&y.is_nan()).then_with(|| directed(x.total_cmp(&y))).then(a.cmp(&b))
                });
            }
            Some(Values::Text(texts)) => {
                let key = |row: u32| texts.is_valid(row as usize).then(|| texts.value(row as usize));
                rows.sort_by(|&a, &b| {
                    let (x, y) = (key(a), key(b));
                    x.is_none().cmp(&y.is_none()).then_with(|| directed(x.cmp(&y))).then(a.cmp(&b))
                });
            }
            Some(Values::Category { codes, categories, .. }) => {
                let mut order: Vec<usize> = (0..categories.len()).collect();
                order.sort_by(|&a, &b| natural(&categories[a].label, &categories[b].label));
                let mut ranks = vec![0; categories.len()];
                order.into_iter().enumerate().for_each(|(rank, code)| ranks[code] = rank);
                let key = |row: u32| ranks.get(codes[row as usize] as usize);
                rows.sort_by(|&a, &b| {
                    let (x, y) = (key(a), key(b));
                    x.is_none().cmp(&y.is_none()).then_with(|| directed(x.cmp(&y))).then(a.cmp(&b))
                });
            }
        }
        rows
    }

    /// The rank of each row by a column, 0 first; equal cells have the same, missing ones `MISSING`. None for an unknown column.
    pub(crate) fn ranks(&self, index: usize) -> Option<Vec<u32>> {
        self.columns.get(index)?;
        let mut ranks = vec![MISSING; self.metadata.rows()];
        let (mut rank, mut before) = (0, Value::Null);
        for row in self.sorted((0..ranks.len() as u32).collect(), Some(index), false) {
            let cell = self.cell(index, row as usize);
            if cell.is_null() {
                break; // missing cells are last
            }
            rank += u32::from(!before.is_null() && cell != before);
            ranks[row as usize] = rank;
            before = cell;
        }
        Some(ranks)
    }
}

fn category<'a>(codes: &[u32], categories: &'a [Category], row: usize) -> Option<&'a str> {
    categories.get(codes[row] as usize).map(|category| category.label.as_str())
}

/// Numbers by value, texts alphabetically.
fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y),
        _ => a.cmp(b),
    }
}

fn values(array: &ArrayRef) -> Values {
    let numeric = array.data_type().is_numeric();
    if numeric && let Ok(cast) = cast(array, &DataType::Float64) {
        let numbers = cast.as_primitive::<Float64Type>();
        let values: Vec<f64> = (0..numbers.len()).map(|row| if numbers.is_null(row) { f64::NAN } else { numbers.value(row) }).collect();
        let integer = array.data_type().is_integer();
        if !(integer && few(&values)) {
            return Values::Number { values, integer };
        }
    }
    let texts = match cast(&write::in_utc(array), &DataType::LargeUtf8) {
        Ok(cast) => cast.as_string::<i64>().clone(),
        // A type that Arrow cannot write as text is shown as empty.
        Err(_) => LargeStringArray::new_null(array.len()),
    };
    if !numeric && let Some(days) = days(array, &texts) {
        return Values::Date { texts, days };
    }
    categories(&texts, numeric || *array.data_type() == DataType::Boolean).unwrap_or(Values::Text(texts))
}

/// The smallest and largest number (0 and 0 if there is none), and the number of missing cells.
pub(super) fn range(values: &[f64]) -> (f64, f64, usize) {
    let known = values.iter().filter(|value| value.is_finite());
    let (min, max) = known.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &value| (min.min(value), max.max(value)));
    let (min, max) = if min <= max { (min, max) } else { (0.0, 0.0) };
    (min, max, values.len() - known.count())
}

/// Whether there are few distinct values.
fn few(values: &[f64]) -> bool {
    let mut seen: Vec<f64> = Vec::new();
    for &value in values.iter().filter(|value| !value.is_nan()) {
        if !seen.contains(&value) {
            seen.push(value);
            if seen.len() > FEW_INTEGERS {
                return false;
            }
        }
    }
    true
}

/// The texts as categories, if they repeat themselves enough: at least ten rows a category, or twice as many rows as a few categories.
fn categories(texts: &LargeStringArray, surely: bool) -> Option<Values> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut missing = 0;
    for text in texts {
        match text {
            Some(text) if !text.trim().is_empty() => *counts.entry(text).or_default() += 1,
            _ => missing += 1,
        }
    }
    let (known, different) = (texts.len() - missing, counts.len());
    let repeated = different * 10 <= known || (different <= MOST_CATEGORIES && different * 2 <= known);
    if !(surely || repeated) {
        return None;
    }
    let mut all: Vec<(&str, usize)> = counts.into_iter().collect();
    // Keep the most frequent categories; sort them numerically if all are numbers.
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| natural(a.0, b.0)).then(a.0.cmp(b.0)));
    if all.len() <= MOST_CATEGORIES && all.iter().all(|(label, _)| label.parse::<f64>().is_ok()) {
        all.sort_by(|a, b| natural(a.0, b.0));
    }
    let named = if all.len() > MOST_CATEGORIES { MOST_CATEGORIES - 1 } else { all.len() };
    let code: HashMap<&str, u32> = all.iter().enumerate().map(|(at, (text, _))| (*text, at.min(named) as u32)).collect();
    let mut categories: Vec<Category> = all[..named].iter().map(|&(label, count)| Category { label: label.to_owned(), count }).collect();
    if named < all.len() {
        categories.push(Category { label: "(other)".to_owned(), count: all[named..].iter().map(|(_, count)| count).sum() });
    }
    let codes = texts.iter().map(|text| text.and_then(|text| code.get(text).copied()).unwrap_or(MISSING)).collect();
    Some(Values::Category { codes, categories, missing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_a_time_zone_are_shown() {
        let instants = latentspace::arrow::array::TimestampMicrosecondArray::from_iter_values(
            (0..3).map(|day| 1_577_836_800_000_000 + day * 86_400_000_000),
        );
        let array: ArrayRef = std::sync::Arc::new(instants.with_timezone("Europe/Berlin"));
        let column = Column::new(&array, "at".to_owned());
        let Values::Date { texts, days } = &column.values else { panic!("no dates") };
        assert_eq!(texts.value(1), "2020-01-02T00:00:00Z");
        assert_eq!(*days, [18262.0, 18263.0, 18264.0]);
        // Texts, too, however often they repeat; not those of digits alone.
        let read = |cells: &[Option<&str>]| {
            Column::new(&(std::sync::Arc::new(latentspace::arrow::array::StringArray::from(cells.to_vec())) as ArrayRef), "at".to_owned())
        };
        let often = [Some("2020-01-01"), None, Some("2020-01-03 12:00")].repeat(100);
        let Values::Date { days, .. } = read(&often).values else { panic!("no dates") };
        assert!(days[0] == 18262.0 && days[1].is_nan() && days[2] == 18264.5, "{days:?}");
        assert!(matches!(read(&[Some("2020-01-01"), Some("yesterday")]).values, Values::Text(_)));
        assert!(matches!(read(&[Some("20200101"), Some("20200102")]).values, Values::Text(_)));
    }

    #[test]
    fn the_ids_are_a_column_of_their_own_type() {
        let column = |cells: [&str; 4]| std::sync::Arc::new(latentspace::arrow::array::StringArray::from(cells.to_vec())) as ArrayRef;
        let table = latentspace::arrow::array::RecordBatch::try_from_iter([
            ("id", column(["a", "a", "b", "b"])),
            ("kind", column(["x", "x", "y", "y"])),
        ]);
        let fields = Fields::new(&Metadata { columns: table.unwrap(), id: Some(0) });
        assert_eq!(fields.typed().collect::<Vec<_>>(), [("id", ColumnType::Id), ("kind", ColumnType::Category)]);
        assert!(matches!(fields.describe()[0], Field::Id { index: 0, .. }));
        assert_eq!(fields.label(2), Some("y"));
    }
}
