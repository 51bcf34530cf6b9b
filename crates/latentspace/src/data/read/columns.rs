//! Columns with names: which are learned from, which ride along, how many digits they need, and how they become observations.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use crate::parallel::*;
use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::bytes::File;
use super::{Ask, Purpose};
use crate::data::{Category, Metadata, Observations, Table, Values};
use crate::error::{Error, Result, nearest};
use crate::linalg::Matrix;
use crate::text::of_words;

/// Above this ratio of magnitude to spread a column of 32 bits loses digits that matter: its cells would err by more than a 65536th of the
/// spread.
const OFFSET_FROM: f64 = 256.0;
/// A column of text whose cells have this many characters in the mean is running text.
const LONG_TEXT: f64 = 20.0;

/// What is to be subtracted from each column, given the least and the greatest value of each; empty where no column needs it.
pub(super) fn needs_offset(ranges: &[(f64, f64)]) -> Vec<f64> {
    let offset = |&(low, high): &(f64, f64)| {
        let far = low < high && low.abs().max(high.abs()) > OFFSET_FROM * (high - low);
        if far { low + (high - low) / 2.0 } else { 0.0 }
    };
    let offsets: Vec<f64> = ranges.iter().map(offset).collect();
    if offsets.iter().all(|&offset| offset == 0.0) { Vec::new() } else { offsets }
}

/// The offsets of a source: those of a space that its rows are for, or a guess from its head that a whole pass puts right.
pub(super) struct Offsets {
    /// Whether they stay, whatever the rows ask for.
    fixed: AtomicBool,
    /// Whether they are those that all rows ask for.
    settled: AtomicBool,
    now: RwLock<Vec<f64>>,
}

impl Offsets {
    /// Offsets from the ranges of the head, or those that were given.
    pub(super) fn new(given: Option<Vec<f64>>, head: &[(f64, f64)]) -> Self {
        let fixed = given.is_some();
        let now = RwLock::new(given.unwrap_or_else(|| needs_offset(head)));
        Offsets { fixed: fixed.into(), settled: fixed.into(), now }
    }

    /// These hold from now on.
    pub(super) fn hold(&self, offsets: &[f64]) {
        self.fixed.store(true, Ordering::Relaxed);
        self.settled.store(true, Ordering::Relaxed);
        if let Ok(mut now) = self.now.write() {
            offsets.clone_into(&mut now);
        }
    }

    /// Whether a pass over all rows would change nothing.
    pub(super) fn settled(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
    }

    /// What holds now.
    pub(super) fn get(&self) -> Vec<f64> {
        self.now.read().map(|now| now.clone()).unwrap_or_default()
    }

    /// Whether those that hold lose digits of columns whose whole ranges are these; then better ones hold from now on.
    pub(super) fn refine(&self, ranges: &[(f64, f64)]) -> bool {
        self.settled.store(true, Ordering::Relaxed);
        let now = self.get();
        let loses = |(column, &(low, high)): (usize, &(f64, f64))| {
            let offset = now.get(column).copied().unwrap_or(0.0);
            low < high && (low - offset).abs().max((high - offset).abs()) > OFFSET_FROM * (high - low)
        };
        if self.fixed.load(Ordering::Relaxed) || !ranges.iter().enumerate().any(loses) {
            return false;
        }
        if let Ok(mut now) = self.now.write() {
            *now = needs_offset(ranges);
        }
        true
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers.
    Number,
    /// So many numbers in each cell.
    Vector(usize),
    /// Text, or what is best shown as text.
    Text,
    /// A list of words: a document that is separated already.
    Words,
    /// True or false.
    Bool,
    /// Dates or times.
    Date,
    /// Something that cannot be used.
    Other,
}

/// A column, as its file describes it.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Characters of a cell in the head, in the mean; 0 for what is no text.
    pub(super) length: f64,
}

/// What becomes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Numbers to learn from, from this column of the table on.
    Number(usize),
    /// Categories to learn from.
    Category(usize),
    /// Running text to learn from.
    Document,
    /// It rides along.
    Metadata,
    /// It cannot be used.
    Nothing,
}

/// What becomes of each column of a file.
#[derive(Debug, Clone)]
pub(super) struct Roles {
    pub(super) fields: Vec<Field>,
    pub(super) roles: Vec<Role>,
    /// Names of the numbers to learn from; none where the file has none.
    pub(super) names: Option<Vec<String>>,
    pub(super) numbers: usize,
    pub(super) categories: usize,
    pub(super) notes: Vec<String>,
}

/// Whether a column of this name is an id or a name of its row.
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

/// Whether a column of this name is a label.
fn is_label(name: &str) -> bool {
    matches!(
        name.trim().to_lowercase().as_str(),
        "label" | "labels" | "class" | "classes" | "target" | "targets" | "cluster" | "clusters" | "category" | "y"
    )
}

/// Whether a column of this name is running text.
fn is_document(name: &str) -> bool {
    matches!(name.trim().to_lowercase().as_str(), "text" | "texts" | "document" | "body" | "abstract" | "content" | "sentence" | "review")
}

/// A few names, or the first of many.
fn list(names: &[String]) -> String {
    match names {
        names if names.len() <= 8 => names.join(", "),
        names => format!("{} … ({} columns)", names[..6].join(", "), names.len()),
    }
}

/// A name that ends in a number: what is before it, in lower case without `_`, `-`, `.` and spaces at its end, and the number.
fn numbered(name: &str) -> Option<(String, usize)> {
    let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = name[stem.len()..].parse().ok()?;
    Some((stem.trim_end_matches(['_', '-', '.', ' ']).to_lowercase(), number))
}

/// How maps of other tools name their columns, before the numbers.
const MAPS: [&str; 20] = [
    "umap",
    "tsne",
    "t-sne",
    "pc",
    "pca",
    "phate",
    "pacmap",
    "trimap",
    "mds",
    "isomap",
    "dim",
    "dimension",
    "component",
    "comp",
    "axis",
    "factor",
    "latent",
    "coord",
    "x",
    "svd",
];

/// The columns of a table that are coordinates, in their order: `z0`, `z1`, …; else those of a map of another tool (`UMAP_1` and `UMAP_2`), by
/// their numbers from 0 or 1 on; else `x`, `y` and `z`; else the one row of numbered columns, or of vectors, that there is; else all numbers
/// but ids and labels.
fn coordinates(fields: &[Field]) -> Vec<usize> {
    let usable = || (0..fields.len()).filter(|&index| matches!(fields[index].kind, Kind::Number | Kind::Vector(_)));
    let mut series: Vec<(String, Vec<(usize, usize)>)> = Vec::new();
    for index in usable() {
        let Some((stem, number)) = numbered(&fields[index].name) else { continue };
        match series.iter_mut().find(|(known, _)| *known == stem) {
            Some((_, places)) => places.push((number, index)),
            None => series.push((stem, vec![(number, index)])),
        }
    }
    series.iter_mut().for_each(|(_, places)| places.sort_unstable());
    let of = |places: &[(usize, usize)]| places.iter().map(|&(_, index)| index).collect::<Vec<usize>>();
    if let Some((_, places)) =
        series.iter().find(|(stem, places)| stem == "z" && places.iter().all(|&(_, at)| fields[at].name.starts_with('z')))
    {
        return of(places);
    }
    // Numbers that follow each other.
    series.retain(|(_, places)| places.len() > 1 && places[0].0 <= 1 && places.windows(2).all(|two| two[0].0 + 1 == two[1].0));
    if let Some((_, places)) = series.iter().find(|(stem, _)| MAPS.contains(&stem.as_str())) {
        return of(places);
    }
    let axis = |name: &str| usable().find(|&index| fields[index].name.trim().eq_ignore_ascii_case(name));
    if let (Some(x), Some(y)) = (axis("x"), axis("y")) {
        return [x, y].into_iter().chain(axis("z")).collect();
    }
    let vectors: Vec<usize> = usable().filter(|&index| matches!(fields[index].kind, Kind::Vector(_))).collect();
    match (vectors.as_slice(), series.as_slice()) {
        ([vector], []) => vec![*vector],
        ([], [(_, places)]) => of(places),
        _ => usable().filter(|&index| !is_id(&fields[index].name) && !is_label(&fields[index].name)).collect(),
    }
}

impl Roles {
    /// What becomes of these columns. `named`: the file gives them their names.
    ///
    /// # Errors
    /// [`Error::Input`] if no column can be learned from, or one that was asked for is not there or cannot be used.
    pub(super) fn choose(file: &File, fields: Vec<Field>, named: bool, ask: &Ask<'_>) -> Result<Self> {
        let mut roles = Roles {
            roles: fields.iter().map(|field| if field.kind == Kind::Other { Role::Nothing } else { Role::Metadata }).collect(),
            fields,
            names: named.then(Vec::new),
            numbers: 0,
            categories: 0,
            notes: Vec::new(),
        };
        if ask.purpose == Purpose::Labels {
            return Ok(roles);
        }
        if ask.purpose == Purpose::Codes && named {
            for index in coordinates(&roles.fields) {
                roles.take_number(index);
            }
            if roles.numbers == 0 {
                return Err(file
                    .wrong("no coordinates", "codes are an array, or a table with the columns z0, z1, …, x and y, or other numbers")
                    .with_hint("`latent encode SPACE DATA -o CODES` writes them"));
            }
            if roles.names.iter().flatten().any(|name| name.strip_prefix('z').is_none_or(|number| number.parse::<usize>().is_err())) {
                let names = roles.names.iter().flatten().map(|name| format!("'{name}'")).collect::<Vec<_>>();
                roles.notes = vec![format!("{}: {} are taken as coordinates", ask.name, list(&names))];
            }
            return Ok(roles);
        }
        let fitted = ask.fitted_columns().filter(|names| names.iter().all(|name| roles.fields.iter().any(|field| field.name == *name)));
        if let Some(chosen) = ask.options.columns.clone().or(fitted) {
            roles.take_chosen(file, &chosen)?;
        } else if let Some(document) = roles.document() {
            roles.roles[document] = Role::Document;
        } else {
            for index in 0..roles.fields.len() {
                let field = &roles.fields[index];
                if !(named && (is_id(&field.name) || is_label(&field.name))) {
                    roles.take_number(index);
                }
            }
        }
        let learns = roles.roles.iter().any(|role| !matches!(role, Role::Metadata | Role::Nothing));
        if !learns {
            let longest = (0..roles.fields.len())
                .filter(|&index| roles.fields[index].kind == Kind::Text && roles.fields[index].length >= LONG_TEXT)
                .max_by(|&a, &b| roles.fields[a].length.total_cmp(&roles.fields[b].length));
            let Some(longest) = longest else {
                let names: Vec<&str> = roles.fields.iter().map(|field| field.name.as_str()).collect();
                return Err(file
                    .wrong(
                        format!("no column to learn from among {}", super::excerpt(&names.join(", "))),
                        "a column of numbers that is no id and no label, or one of running text, is needed",
                    )
                    .with_hint("--columns A,B chooses others"));
            };
            roles.roles[longest] = Role::Document;
        }
        roles.tell(&ask.name);
        Ok(roles)
    }

    /// The column of documents, where one is: lists of words, or text by its name.
    fn document(&self) -> Option<usize> {
        let words = self.position(|field| field.kind == Kind::Words);
        words.or_else(|| self.position(|field| field.kind == Kind::Text && is_document(&field.name)))
    }

    fn position(&self, test: impl Fn(&Field) -> bool) -> Option<usize> {
        self.fields.iter().position(test)
    }

    fn take_number(&mut self, index: usize) {
        let field = &self.fields[index];
        let width = match field.kind {
            Kind::Number => 1,
            Kind::Vector(width) => width,
            _ => return,
        };
        if let Some(names) = &mut self.names {
            match field.kind {
                Kind::Vector(width) => names.extend((0..width).map(|at| format!("{}{at}", field.name))),
                _ => names.push(field.name.clone()),
            }
        }
        self.roles[index] = Role::Number(self.numbers);
        self.numbers += width;
    }

    fn take_chosen(&mut self, file: &File, chosen: &[String]) -> Result<()> {
        for name in chosen {
            let Some(index) = self.position(|field| field.name == *name) else {
                let known: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
                let error = file.wrong(format!("no column '{name}'"), format!("there are {}", super::excerpt(&known.join(", "))));
                return Err(match nearest(name, known.iter().copied()) {
                    Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                    None => error.with_hint("`latent describe DATA` lists them"),
                });
            };
            if !matches!(self.roles[index], Role::Metadata | Role::Nothing) {
                return Err(Error::param("columns", format!("'{name}' twice"), "each column is named once"));
            }
            match self.fields[index].kind {
                Kind::Number | Kind::Vector(_) => self.take_number(index),
                Kind::Text if chosen.len() == 1 && (is_document(name) || self.fields[index].length >= LONG_TEXT) => {
                    self.roles[index] = Role::Document;
                }
                Kind::Words if chosen.len() == 1 => self.roles[index] = Role::Document,
                Kind::Text | Kind::Words | Kind::Bool | Kind::Date => {
                    self.roles[index] = Role::Category(self.categories);
                    self.categories += 1;
                }
                Kind::Other => {
                    return Err(file
                        .wrong("cells that are neither numbers nor text", "such a column cannot be learned from")
                        .at_column(name));
                }
            }
        }
        if self.names.as_ref().is_some_and(Vec::is_empty) && self.categories == 0 && self.numbers > 0 {
            self.names = None;
        }
        Ok(())
    }

    /// Says what rides along, and what is text.
    fn tell(&mut self, name: &str) {
        let named = |role: Role| -> Vec<String> {
            self.fields.iter().zip(&self.roles).filter(|(_, r)| **r == role).map(|(field, _)| format!("'{}'", field.name)).collect()
        };
        let mut notes = Vec::new();
        let documents = named(Role::Document);
        if !documents.is_empty() {
            notes.push(format!("{name}: the text is that of column {}", list(&documents)));
        }
        let riding = named(Role::Metadata);
        if !riding.is_empty() {
            notes.push(format!("{name}: {} ride{} along, not learned from", list(&riding), if riding.len() == 1 { "s" } else { "" }));
        }
        let nothing = named(Role::Nothing);
        if !nothing.is_empty() {
            notes.push(format!("{name}: {} left out: neither numbers nor text", list(&nothing)));
        }
        self.notes = notes;
    }

    /// `table`, `array` or `text`.
    pub(super) fn kind(&self) -> &'static str {
        match () {
            () if self.roles.contains(&Role::Document) => "text",
            () if self.names.is_some() => "table",
            () => "array",
        }
    }

    /// Columns to learn from.
    pub(super) fn columns(&self) -> usize {
        self.numbers + self.categories
    }

    /// The first column that holds ids, as it rides along.
    fn id(&self) -> Option<String> {
        let riding = || self.fields.iter().zip(&self.roles).filter(|(_, role)| **role == Role::Metadata).map(|(field, _)| field);
        let exact = riding().find(|field| field.name.eq_ignore_ascii_case("id"));
        exact.or_else(|| riding().find(|field| is_id(&field.name))).map(|field| field.name.clone())
    }

    /// The numbers of a block, row by row, and the range of each column before its offset was subtracted.
    ///
    /// # Errors
    /// [`Error::Input`] for cells with another number of numbers than the first.
    pub(super) fn numbers(&self, columns: &[ArrayRef], rows: usize, offsets: &[f64]) -> Result<(Vec<f32>, Vec<(f64, f64)>)> {
        let mut out = vec![0.0_f32; rows * self.numbers];
        let ranges = self.fill(columns, &mut out, offsets, &|_| true)?;
        Ok((out, ranges))
    }

    /// As [`Roles::numbers`], of the fields that `wanted` names, into `out`.
    ///
    /// # Errors
    /// As there.
    pub(super) fn fill(
        &self,
        columns: &[ArrayRef],
        out: &mut [f32],
        offsets: &[f64],
        wanted: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<(f64, f64)>> {
        let mut sources: Vec<(usize, Source)> = Vec::new();
        for (index, ((column, role), field)) in columns.iter().zip(&self.roles).zip(&self.fields).enumerate() {
            if let (Role::Number(place), true) = (*role, wanted(index)) {
                let width = if let Kind::Vector(width) = field.kind { width } else { 1 };
                sources.push((place, Source::new(column, width).map_err(|error| error.at_column(&field.name))?));
            }
        }
        let cols = self.numbers;
        let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); cols];
        for (place, source) in &sources {
            source.ranges(&mut ranges[*place..]);
        }
        if cols > 0 && !sources.is_empty() {
            // Blocks that stay in the cache while every column is written into them.
            let block = ((1 << 15) / cols).clamp(16, 4096);
            out.par_chunks_mut(block * cols).enumerate().for_each(|(index, out)| {
                for (place, source) in &sources {
                    source.write(index * block, out, cols, *place, offsets);
                }
            });
        }
        Ok(ranges)
    }

    /// Observations of a block: its numbers, and the arrays of all columns (those of numbers are not looked at).
    ///
    /// # Errors
    /// [`Error::Input`] for what cannot be shown as text.
    pub(super) fn observations(
        &self,
        name: &str,
        numbers: Matrix,
        columns: &[ArrayRef],
        rows: usize,
        offsets: &[f64],
    ) -> Result<Observations> {
        let mut riding: Vec<(String, ArrayRef)> = Vec::new();
        let mut categories: Vec<Option<Category>> = vec![None; self.categories];
        let mut texts = None;
        for ((column, role), field) in columns.iter().zip(&self.roles).zip(&self.fields) {
            match *role {
                Role::Metadata => riding.push((field.name.clone(), plain(column)?)),
                Role::Category(place) => {
                    let text = text(column)?;
                    categories[place] = Some(Category::new(&field.name, (0..rows).map(|row| text.is_valid(row).then(|| text.value(row)))));
                }
                Role::Document => {
                    texts = Some(documents(column)?);
                }
                Role::Number(_) | Role::Nothing => {}
            }
        }
        let mut metadata = Metadata::from_columns(riding, rows)?;
        metadata.id = self.id().and_then(|id| metadata.names().iter().position(|name| *name == id));
        let values = match texts {
            Some(texts) => Values::Text(Arc::new(texts)),
            None => Values::Table(Table {
                numbers,
                offsets: offsets.to_vec(),
                names: self.names.clone(),
                categories: categories.into_iter().flatten().collect(),
            }),
        };
        Ok(Observations { name: name.to_owned(), values, metadata })
    }
}

/// The cells of one column of numbers.
enum Source {
    F32(Float32Array, usize),
    F64(Float64Array, usize),
}

impl Source {
    fn new(column: &ArrayRef, width: usize) -> Result<Self> {
        let fail = |error: arrow::error::ArrowError| Error::input("", format!("cells that are no numbers ({error})"), "numbers are needed");
        let flat: ArrayRef = match column.data_type() {
            DataType::FixedSizeList(..) | DataType::List(_) | DataType::LargeList(_) => {
                let field = Arc::new(arrow::datatypes::Field::new("item", DataType::Float64, true));
                let list = cast(column, &DataType::FixedSizeList(field, width as i32)).map_err(fail)?;
                let list = list.as_any().downcast_ref::<FixedSizeListArray>().ok_or_else(|| Error::internal("a cast gave another type"))?;
                list.values().slice(list.offset() * width, list.len() * width)
            }
            _ => Arc::clone(column),
        };
        if flat.data_type() == &DataType::Float32 {
            return Ok(Source::F32(flat.as_primitive::<Float32Type>().clone(), width));
        }
        let wide = cast(&flat, &DataType::Float64).map_err(fail)?;
        Ok(Source::F64(wide.as_primitive::<Float64Type>().clone(), width))
    }

    /// Widens the ranges of its columns; those of 32 bits need none.
    fn ranges(&self, ranges: &mut [(f64, f64)]) {
        let Source::F64(cells, width) = self else { return };
        for (at, value) in cells.iter().enumerate() {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                let range = &mut ranges[at % width];
                *range = (range.0.min(value), range.1.max(value));
            }
        }
    }

    /// Writes rows from `first` on into `out`, whose rows have `cols` numbers, from column `place` on.
    fn write(&self, first: usize, out: &mut [f32], cols: usize, place: usize, offsets: &[f64]) {
        let rows = out.len() / cols;
        match self {
            Source::F32(cells, width) => {
                for row in 0..rows {
                    for at in 0..*width {
                        let cell = (first + row) * width + at;
                        out[row * cols + place + at] = if cells.is_valid(cell) { cells.value(cell) } else { f32::NAN };
                    }
                }
            }
            Source::F64(cells, width) => {
                for row in 0..rows {
                    for at in 0..*width {
                        let cell = (first + row) * width + at;
                        let offset = offsets.get(place + at).copied().unwrap_or(0.0);
                        out[row * cols + place + at] = if cells.is_valid(cell) { (cells.value(cell) - offset) as f32 } else { f32::NAN };
                    }
                }
            }
        }
    }
}

/// A column as text; what has no text of its own, such as a list, as Arrow shows it.
fn text(column: &ArrayRef) -> Result<StringArray> {
    let column = &crate::data::write::in_utc(column);
    if let Ok(cells) = cast(column, &DataType::Utf8) {
        return Ok(cells.as_string::<i32>().clone());
    }
    let wrong =
        |error: arrow::error::ArrowError| Error::input("", format!("cells that cannot be shown as text ({error})"), "text is needed");
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options).map_err(wrong)?;
    let cell = |row: usize| if column.is_null(row) { Ok(None) } else { formatter.value(row).try_to_string().map(Some) };
    (0..column.len()).map(cell).collect::<std::result::Result<StringArray, _>>().map_err(wrong)
}

/// Documents, a cell each; a list of words is one that is separated already.
fn documents(column: &ArrayRef) -> Result<Vec<String>> {
    let lists = match column.data_type() {
        DataType::List(_) => Some(Arc::clone(column)),
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => cast(column, &DataType::List(Arc::clone(item))).ok(),
        _ => None,
    };
    let Some(lists) = lists else { return Ok(text(column)?.iter().map(|text| text.unwrap_or_default().to_owned()).collect()) };
    let cell = |words: Option<ArrayRef>| match words {
        Some(words) => Ok(of_words(text(&words)?.iter().flatten())),
        None => Ok(String::new()),
    };
    lists.as_list::<i32>().iter().map(cell).collect()
}

/// A column that rides along, in one of few types: text, numbers, dates and truth as they are, all else as text.
fn plain(column: &ArrayRef) -> Result<ArrayRef> {
    match column.data_type() {
        DataType::Utf8 | DataType::Boolean | DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Ok(Arc::clone(column)),
        DataType::Null => Ok(Arc::new(StringArray::new_null(column.len()))),
        kind if kind.is_integer() || kind.is_floating() => Ok(Arc::clone(column)),
        kind if kind.is_numeric() => cast(column, &DataType::Float64)
            .map_err(|error| Error::input("", format!("cells that cannot be read ({error})"), "numbers are needed")),
        _ => Ok(Arc::new(text(column)?)),
    }
}

/// What an Arrow type holds, for us.
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

/// The columns of a file of Arrow types, as its first rows show them: the width of cells that hold several numbers, the length of texts.
pub(super) fn fields_of(schema: &arrow::datatypes::Schema, head: &arrow::array::RecordBatch) -> Vec<Field> {
    schema
        .fields()
        .iter()
        .zip(head.columns())
        .map(|(field, column)| {
            let kind = match kind_of(field.data_type()) {
                Kind::Vector(0) => {
                    let lengths = arrow::compute::kernels::length::length(column).ok();
                    let width = lengths.and_then(|lengths| cast(&lengths, &DataType::Float64).ok());
                    let width = width.and_then(|width| width.as_primitive::<Float64Type>().iter().flatten().next());
                    match width {
                        Some(width) if width >= 1.0 => Kind::Vector(width as usize),
                        _ => Kind::Other,
                    }
                }
                kind => kind,
            };
            let length = if kind == Kind::Text {
                text(column).map_or(0.0, |text| text.value_data().len() as f64 / text.len().max(1) as f64)
            } else {
                0.0
            };
            Field { name: field.name().clone(), kind, length }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_columns_far_from_zero_for_their_spread_are_moved() {
        assert_eq!(needs_offset(&[(0.0, 1.0), (-5.0, 5.0)]), Vec::<f64>::new());
        assert_eq!(needs_offset(&[(0.0, 1.0), (1e7, 1e7 + 2.0)]), vec![0.0, 1e7 + 1.0]);
        assert_eq!(needs_offset(&[(7.1, 7.1)]), Vec::<f64>::new(), "a constant loses nothing that could be learned");
    }

    #[test]
    fn a_wrong_guess_from_the_head_is_put_right_once() {
        let offsets = Offsets::new(None, &[(1e7, 1e7 + 1.0)]);
        assert!(!offsets.refine(&[(1e7 - 3.0, 1e7 + 1.0)]));
        assert!(offsets.refine(&[(1e7, 1e9)]) || offsets.get() == vec![1e7 + 0.5]);
        let moved = Offsets::new(None, &[(0.0, 1.0)]);
        assert!(!moved.refine(&[(0.0, 1e9)]));
        assert!(!Offsets::new(Some(Vec::new()), &[]).refine(&[(1e7, 1e7 + 1.0)]), "those of a space stay");
    }
}
