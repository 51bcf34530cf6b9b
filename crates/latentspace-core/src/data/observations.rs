//! Observations: what was observed, a row each, with the columns that ride along.

use std::ops::Range;
use std::sync::Arc;

use crate::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UInt32Array};
use crate::arrow::datatypes::{DataType, Field, Float64Type, Schema};
use serde::{Deserialize, Serialize};

use crate::data::Affine;
use crate::data::affine::Line;
use crate::error::{Error, Result, nearest};
use crate::linalg::{ImageShape, Matrix, SparseMatrix};

/// What was observed: values to learn from, and metadata for each row.
#[derive(Debug, Clone)]
pub struct Observations {
    /// A name for titles: that of the file.
    pub name: String,
    /// What methods learn from, after preparation.
    pub values: Values,
    /// What rides along.
    pub metadata: Metadata,
}

/// What methods learn from.
#[derive(Debug, Clone)]
pub enum Values {
    /// Numbers (and chosen categories), a row an observation.
    Table(Table),
    /// Pictures of one size.
    Images(Images),
    /// Counts, most of them 0.
    Counts(Counts),
    /// Documents.
    Text(Arc<Vec<String>>),
}

/// A kind of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataKind {
    /// Numbers with named columns, and categories.
    Table,
    /// Numbers without names.
    Array,
    /// Pictures of one size.
    Images,
    /// Counts, most of them 0.
    Counts,
    /// Documents.
    Text,
}

impl DataKind {
    /// Its name: `table`, `array`, `images`, `counts`, `text`.
    pub fn name(self) -> &'static str {
        match self {
            DataKind::Table => "table",
            DataKind::Array => "array",
            DataKind::Images => "images",
            DataKind::Counts => "counts",
            DataKind::Text => "text",
        }
    }
}

impl std::fmt::Display for DataKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Numbers, `[n, d]`, with or without names of their columns.
#[derive(Debug, Clone)]
pub struct Table {
    /// The numeric columns, `[n, d]`; a missing cell is NaN.
    pub numbers: Matrix,
    /// The affine map from cells to 64-bit values, so that values around 1e7 or 1e-50 keep their precision.
    pub affine: Affine,
    /// Names of the numeric columns; none where the file has none (an array).
    pub names: Option<Vec<String>>,
    /// Columns of categories that were chosen to learn from.
    pub categories: Vec<Category>,
}

/// A column of categories.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// The column's name.
    pub name: String,
    /// The level of each row, an index into `levels`; `u32::MAX` where it is missing.
    pub codes: Vec<u32>,
    /// The levels, sorted.
    pub levels: Vec<String>,
}

/// Pictures of one size.
#[derive(Debug, Clone)]
pub struct Images {
    /// Their size.
    pub shape: ImageShape,
    /// `[n, height, width, channels]`, 0 to 255; of pixels of 16 bits the upper 8.
    pub pixels: Arc<Vec<u8>>,
    /// Of pixels of 16 bits the lower 8, laid out like `pixels`; none where all have 8.
    pub lower: Option<Arc<Vec<u8>>>,
}

/// Counts, most of them 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// The rows.
    pub matrix: SparseMatrix,
    /// Names of the columns: words, genes.
    pub names: Option<Vec<String>>,
    /// The number that the file gives to the first column, 0 or 1, where its format leaves that open (svmlight).
    pub base: Option<u32>,
}

/// What rides along with each row: labels, names, dates, as Arrow columns.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// The columns, each with as many rows as there are observations.
    pub columns: RecordBatch,
    /// Which column holds the ids, if one does.
    pub id: Option<usize>,
}

impl Images {
    /// The value of a pixel, 0 to 255; of one of 16 bits with a fraction.
    pub fn value(&self, at: usize) -> f64 {
        match &self.lower {
            None => f64::from(self.pixels[at]),
            Some(lower) => f64::from(u16::from_be_bytes([self.pixels[at], lower[at]])) / 257.0,
        }
    }

    /// Pictures of the same size, one below the other.
    fn append(&mut self, other: Self) {
        if self.lower.is_some() || other.lower.is_some() {
            // Written with 16 bits, a pixel of 8 has them twice.
            let lower = |images: &Self| images.lower.clone().unwrap_or_else(|| Arc::clone(&images.pixels));
            let mut all = Arc::unwrap_or_clone(lower(self));
            all.extend_from_slice(&lower(&other));
            self.lower = Some(Arc::new(all));
        }
        Arc::make_mut(&mut self.pixels).extend_from_slice(&other.pixels);
    }
}

impl From<SparseMatrix> for Counts {
    fn from(matrix: SparseMatrix) -> Self {
        Counts { matrix, names: None, base: None }
    }
}

impl std::ops::Deref for Counts {
    type Target = SparseMatrix;

    fn deref(&self) -> &SparseMatrix {
        &self.matrix
    }
}

impl Table {
    /// Whether the columns are the same.
    fn is_like(&self, other: &Self) -> bool {
        self.numbers.cols() == other.numbers.cols()
            && self.names == other.names
            && self.categories.iter().map(|c| &c.name).eq(other.categories.iter().map(|c| &c.name))
    }

    /// The values of a row's numbers, in f64.
    pub fn values(&self, row: usize) -> impl Iterator<Item = f64> {
        self.numbers.row(row).iter().enumerate().map(|(column, &cell)| self.affine.value(column, cell))
    }

    /// The table with one scale for all columns, the largest: cells of different columns can be compared then.
    ///
    /// # Errors
    /// None in truth.
    pub(crate) fn in_one_unit(self) -> Result<Self> {
        let cols = self.numbers.cols();
        if self.affine.has_one_scale(cols) {
            return Ok(self);
        }
        let unit = self.affine.unit();
        let affine = Affine::new(self.affine.offsets().to_vec(), vec![unit; cols]);
        Ok(Table { numbers: moved(&self, &affine)?, affine, ..self })
    }

    /// The name of a numeric column, or its number, counted from 1.
    pub fn column_name(&self, column: usize) -> String {
        self.names.as_ref().and_then(|names| names.get(column)).cloned().unwrap_or_else(|| (column + 1).to_string())
    }

    /// Tables with the same columns, one below the other; all are brought to offsets and scales of the first.
    fn concat(tables: Vec<Self>, total: usize) -> Result<Self> {
        let cols = tables[0].numbers.cols();
        let (affine, names) = (tables[0].affine.clone(), tables[0].names.clone());
        let mut numbers = Vec::with_capacity(total * cols);
        let mut categories: Vec<Category> = tables[0].categories.iter().map(Category::without_rows).collect();
        // Each part is given back as soon as it is copied.
        for table in tables {
            if table.affine == affine || cols == 0 {
                numbers.extend_from_slice(table.numbers.as_slice());
            } else {
                numbers.extend_from_slice(moved(&table, &affine)?.as_slice());
            }
            for (whole, part) in categories.iter_mut().zip(&table.categories) {
                whole.append(part);
            }
        }
        Ok(Table { numbers: Matrix::new(total, cols, numbers)?, affine, names, categories })
    }
}

/// The numbers of a table as cells of other offsets and scales.
fn moved(table: &Table, to: &Affine) -> Result<Matrix> {
    let (rows, cols) = (table.numbers.rows(), table.numbers.cols());
    let lines: Vec<_> = (0..cols).map(|column| (table.affine.line(column), to.line(column))).collect();
    let cell = |(&cell, (from, to)): (&f32, &(Line, Line))| {
        // The difference of offsets first: it may be small where they are large.
        let (shift, ratio) = ((from.offset - to.offset) / to.scale, from.scale / to.scale);
        (f64::from(cell) * ratio + shift) as f32
    };
    let cells = (0..rows).flat_map(|row| table.numbers.row(row).iter().zip(&lines).map(cell));
    Matrix::new(rows, cols, cells.collect())
}

impl Category {
    /// The cell that is missing.
    pub const MISSING: u32 = u32::MAX;

    /// The column of these cells; a missing one is none.
    pub fn new<'a>(name: impl Into<String>, cells: impl Iterator<Item = Option<&'a str>> + Clone) -> Self {
        let levels: std::collections::BTreeSet<&str> = cells.clone().flatten().collect();
        let levels: Vec<&str> = levels.into_iter().collect();
        let code = |cell: &str| levels.binary_search(&cell).map_or(Self::MISSING, |at| at as u32);
        let codes = cells.map(|cell| cell.map_or(Self::MISSING, code)).collect();
        Category { name: name.into(), codes, levels: levels.into_iter().map(str::to_owned).collect() }
    }

    fn without_rows(&self) -> Self {
        Category { name: self.name.clone(), codes: Vec::new(), levels: self.levels.clone() }
    }

    /// The level of a row; none where it is missing.
    pub fn level(&self, row: usize) -> Option<&str> {
        self.levels.get(self.codes[row] as usize).map(String::as_str)
    }

    /// Adds the rows of `other`, whose levels may be others.
    fn append(&mut self, other: &Self) {
        if self.levels != other.levels {
            let union: std::collections::BTreeSet<&String> = self.levels.iter().chain(&other.levels).collect();
            let union: Vec<String> = union.into_iter().cloned().collect();
            let moved: Vec<u32> =
                self.levels.iter().map(|level| union.binary_search(level).map_or(Self::MISSING, |at| at as u32)).collect();
            self.codes.iter_mut().for_each(|code| *code = moved.get(*code as usize).copied().unwrap_or(Self::MISSING));
            self.levels = union;
        }
        let moved: Vec<u32> =
            other.levels.iter().map(|level| self.levels.binary_search(level).map_or(Self::MISSING, |at| at as u32)).collect();
        self.codes.extend(other.codes.iter().map(|code| moved.get(*code as usize).copied().unwrap_or(Self::MISSING)));
    }
}

/// The type that holds the cells of all these.
fn common_type<'a>(mut kinds: impl Iterator<Item = &'a DataType>) -> DataType {
    let Some(first) = kinds.next() else { return DataType::Utf8 };
    kinds.fold(first.clone(), |all, kind| match kind {
        kind if *kind == all => all,
        kind if kind.is_numeric() && all.is_numeric() => DataType::Float64,
        _ => DataType::Utf8,
    })
}

impl Metadata {
    /// No columns, for `rows` observations.
    pub fn none(rows: usize) -> Self {
        let options = crate::arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::new(crate::arrow::datatypes::Schema::empty());
        // An empty schema with a row count cannot be refused.
        let columns =
            RecordBatch::try_new_with_options(schema.clone(), Vec::new(), &options).unwrap_or_else(|_| RecordBatch::new_empty(schema));
        Metadata { columns, id: None }
    }

    /// These columns by name, of `rows` observations; a column named id is the ids'.
    ///
    /// # Errors
    /// [`Error::Internal`] if a column has another number of rows.
    pub fn from_columns(columns: Vec<(String, ArrayRef)>, rows: usize) -> Result<Self> {
        if columns.is_empty() {
            return Ok(Self::none(rows));
        }
        if let Some((name, column)) = columns.iter().find(|(_, column)| column.len() != rows) {
            return Err(Error::internal(format!("the column '{name}' has {} rows of {rows}", column.len())));
        }
        let fields: Vec<Field> = columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
        let id = columns.iter().position(|(name, _)| name.eq_ignore_ascii_case("id"));
        let columns = columns.into_iter().map(|(_, column)| column).collect();
        let columns = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Metadata { columns, id })
    }

    /// Some consecutive rows; the cells are shared, not copied.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Self {
        Metadata { columns: self.columns.slice(rows.start, rows.len()), id: self.id }
    }

    /// Some rows, in the order named.
    ///
    /// # Errors
    /// [`Error::Internal`] if a row is not there.
    pub fn select(&self, rows: &[u32]) -> Result<Self> {
        if self.columns.num_columns() == 0 {
            return Ok(Self::none(rows.len()));
        }
        let indices = UInt32Array::from(rows.to_vec());
        let columns =
            crate::arrow::compute::take_record_batch(&self.columns, &indices).map_err(|error| Error::internal(error.to_string()))?;
        Ok(Metadata { columns, id: self.id })
    }

    /// The columns of both; those of `other` whose names are taken get a number behind them.
    ///
    /// # Errors
    /// [`Error::Internal`] if `other` has another number of rows.
    pub fn join(&self, other: &Self) -> Result<Self> {
        let mut columns: Vec<(String, ArrayRef)> = self.names().into_iter().zip(self.columns.columns().iter().cloned()).collect();
        for (name, column) in other.names().into_iter().zip(other.columns.columns()) {
            let taken = |name: &str| columns.iter().any(|(known, _)| known == name);
            let free = (2..).map(|number| format!("{name}_{number}")).find(|name| !taken(name)).filter(|_| taken(&name)).unwrap_or(name);
            columns.push((free, Arc::clone(column)));
        }
        let id = self.id.or_else(|| other.id.map(|id| id + self.columns.num_columns()));
        let mut joined = Self::from_columns(columns, self.rows())?;
        joined.id = id;
        Ok(joined)
    }

    /// Parts, one below the other. A column of whole numbers here and of others there holds numbers; one of other types that differ, text.
    ///
    /// # Errors
    /// [`Error::Input`] if they have other columns than the first.
    pub fn concat(parts: &[Self]) -> Result<Self> {
        let Some(first) = parts.first() else { return Ok(Self::none(0)) };
        if parts.len() == 1 {
            return Ok(first.clone());
        }
        if first.columns.num_columns() == 0 && parts.iter().all(|part| part.columns.num_columns() == 0) {
            return Ok(Self::none(parts.iter().map(Self::rows).sum()));
        }
        let unlike = |error: crate::arrow::ArrowError| {
            Error::input("data", format!("parts that do not fit ({error})"), "each part has columns of the same types")
        };
        let schema = first.columns.schema();
        let names = first.names();
        if let Some(other) = parts.iter().find(|part| part.names() != names) {
            return Err(Error::input(
                "data",
                format!("a part with the columns {}", other.names().join(", ")),
                format!("each part has the columns of the first: {}", names.join(", ")),
            ));
        }
        if parts.iter().all(|part| part.columns.schema().fields() == schema.fields()) {
            let columns = crate::arrow::compute::concat_batches(&schema, parts.iter().map(|part| &part.columns)).map_err(unlike)?;
            return Ok(Metadata { columns, id: first.id });
        }
        let column = |at: usize| -> Result<(String, ArrayRef)> {
            let cells: Vec<&ArrayRef> = parts.iter().map(|part| part.columns.column(at)).collect();
            let kind = common_type(cells.iter().map(|cells| cells.data_type()));
            let cells: Vec<ArrayRef> = cells
                .into_iter()
                .map(|cells| crate::arrow::compute::cast(&super::write::in_utc(cells), &kind).map_err(unlike))
                .collect::<Result<_>>()?;
            let cells: Vec<&dyn Array> = cells.iter().map(AsRef::as_ref).collect();
            Ok((names[at].clone(), crate::arrow::compute::concat(&cells).map_err(unlike)?))
        };
        let mut whole = Self::from_columns((0..names.len()).map(column).collect::<Result<_>>()?, parts.iter().map(Self::rows).sum())?;
        whole.id = first.id;
        Ok(whole)
    }

    /// Observations.
    pub fn rows(&self) -> usize {
        self.columns.num_rows()
    }

    /// The columns as the bytes of an Arrow stream; which one holds the ids is written beside it.
    ///
    /// # Errors
    /// [`Error::Internal`] if Arrow cannot write a type.
    pub fn to_ipc(&self) -> Result<Vec<u8>> {
        let fail = |error: crate::arrow::ArrowError| Error::internal(format!("metadata could not be written: {error}"));
        let mut settings = std::collections::HashMap::new();
        if let Some(id) = self.id {
            settings.insert("id".to_owned(), id.to_string());
        }
        let schema = Arc::new(self.columns.schema().as_ref().clone().with_metadata(settings));
        let columns = self.columns.clone().with_schema(schema.clone()).map_err(fail)?;
        let mut writer = crate::arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &schema).map_err(fail)?;
        writer.write(&columns).map_err(fail)?;
        writer.into_inner().map_err(fail)
    }

    /// What [`Metadata::to_ipc`] wrote, for `rows` observations.
    ///
    /// # Errors
    /// [`Error::Input`] if the bytes are no Arrow stream or have another number of rows.
    pub fn from_ipc(bytes: &[u8], rows: usize) -> Result<Self> {
        let wrong = |found: String| Error::input("metadata", found, format!("an Arrow stream of {rows} rows is needed"));
        let mut reader = crate::arrow::ipc::reader::StreamReader::try_new(bytes, None).map_err(|error| wrong(error.to_string()))?;
        let columns = reader.next().ok_or_else(|| wrong("no rows".to_owned()))?.map_err(|error| wrong(error.to_string()))?;
        if columns.num_rows() != rows || reader.next().is_some() {
            return Err(wrong(format!("{} rows", columns.num_rows())));
        }
        let id = columns.schema().metadata().get("id").and_then(|id| id.parse().ok()).filter(|&id: &usize| id < columns.num_columns());
        Ok(Metadata { columns, id })
    }

    /// The id of a row: its cell in the id column, or its number, counted from 0.
    pub fn id(&self, row: usize) -> String {
        match self.id {
            Some(column) => self.text(column, row).unwrap_or_else(|| row.to_string()),
            None => row.to_string(),
        }
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        self.columns.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// A cell as text; none where it is missing.
    pub fn text(&self, column: usize, row: usize) -> Option<String> {
        let array = self.columns.column(column);
        if array.is_null(row) {
            return None;
        }
        crate::arrow::display::array_value_to_string(&super::write::in_utc(array), row).ok()
    }

    /// The labels in the column of this name. A cell that is empty is missing; among numbers, NaN and -1 are, too.
    ///
    /// # Errors
    /// [`Error::Param`] if there is no such column, or it holds no text and no numbers.
    pub fn labels(&self, name: &str) -> Result<Category> {
        let names = self.names();
        let wrong = |wanted: String| Error::param("target", format!("'{name}'"), wanted);
        let Some(column) = names.iter().position(|known| known == name) else {
            if names.is_empty() {
                return Err(wrong("the rows have no labels".to_owned())
                    .with_hint("`--labels FILE:COLUMN` joins them; in Python, fit takes them as y"));
            }
            let error = wrong(format!("there are the labels {}", names.join(", ")));
            return Err(match nearest(name, names.iter().map(String::as_str)) {
                Some(name) => error.with_hint(format!("did you mean '{name}'?")),
                None => error.with_hint("`--labels FILE:COLUMN` joins more"),
            });
        };
        let array = self.columns.column(column);
        let cells = crate::arrow::compute::cast(&super::write::in_utc(array), &DataType::LargeUtf8)
            .map_err(|_| wrong("a label is a text or a number".to_owned()))?;
        let (cells, numeric) = (cells.as_string::<i64>(), array.data_type().is_numeric());
        let missing = |cell: &str| cell.is_empty() || numeric && cell.parse().is_ok_and(|number: f64| number.is_nan() || number == -1.0);
        Ok(Category::new(name, cells.iter().map(|cell| cell.filter(|cell| !missing(cell)))))
    }

    /// The numbers of a column, NaN where one is missing; none if there is no such column or it holds no numbers.
    pub fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        let column = self.names().iter().position(|known| known == name)?;
        let array = self.columns.column(column);
        if !array.data_type().is_numeric() {
            return None;
        }
        let cells = crate::arrow::compute::cast(array, &DataType::Float64).ok()?;
        Some(cells.as_primitive::<Float64Type>().iter().map(|cell| cell.unwrap_or(f64::NAN)).collect())
    }

    /// The first row of this id. The number of a row, counted from 0, is its id where there is no id column.
    ///
    /// # Errors
    /// [`Error::Param`] if no row has it.
    pub fn find(&self, id: &str) -> Result<usize> {
        let found = self.find_all(id).first().copied();
        found.ok_or_else(|| Error::param("id", format!("'{id}'"), "it must be the id of a row"))
    }

    /// All rows of this id.
    pub fn find_all(&self, id: &str) -> Vec<usize> {
        match self.id {
            Some(_) => (0..self.rows()).filter(|&row| self.id(row) == id).collect(),
            None => id.parse().ok().filter(|&row| row < self.rows()).into_iter().collect(),
        }
    }
}

impl Observations {
    /// Observations that ride alone.
    pub fn new(name: impl Into<String>, values: Values) -> Self {
        let rows = values.rows();
        Observations { name: name.into(), values, metadata: Metadata::none(rows) }
    }

    /// An array without names, `[n, d]`.
    pub fn from_matrix(name: impl Into<String>, numbers: Matrix) -> Self {
        Self::new(name, Values::Table(Table { numbers, affine: Affine::default(), names: None, categories: Vec::new() }))
    }

    /// Parts, one below the other. A single part is given back as it is.
    ///
    /// # Errors
    /// [`Error::Input`] if there is no row, or parts are of other kinds, columns or picture sizes than the first.
    pub fn concat(parts: Vec<Self>) -> Result<Self> {
        let mut parts = parts;
        if parts.len() > 1 {
            parts.retain(|part| part.rows() > 0);
        }
        if parts.len() <= 1 {
            return parts.pop().ok_or_else(|| Error::input("data", "no rows", "at least one is needed"));
        }
        let name = parts[0].name.clone();
        let metadata: Vec<Metadata> = parts.iter().map(|part| part.metadata.clone()).collect();
        let metadata = Metadata::concat(&metadata)?;
        let values = Values::concat(parts.into_iter().map(|part| part.values).collect())?;
        Ok(Observations { name, values, metadata })
    }

    /// Some rows, in the order named.
    ///
    /// # Errors
    /// [`Error::Internal`] if a row is not there.
    pub fn select(&self, rows: &[u32]) -> Result<Self> {
        let n = self.rows();
        if let Some(row) = rows.iter().find(|&&row| row as usize >= n) {
            return Err(Error::internal(format!("row {row} of {n}")));
        }
        Ok(Observations { name: self.name.clone(), values: self.values.select(rows), metadata: self.metadata.select(rows)? })
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.values.rows()
    }

    /// Columns: numbers an observation before preparation (a category counts as one; 0 for text).
    pub fn columns(&self) -> usize {
        match &self.values {
            Values::Table(table) => table.numbers.cols() + table.categories.len(),
            Values::Images(images) => images.shape.len(),
            Values::Counts(counts) => counts.cols,
            Values::Text(_) => 0,
        }
    }
}

impl Values {
    /// Parts of one kind, one below the other.
    fn concat(parts: Vec<Self>) -> Result<Self> {
        let unlike = |part: &Values, first: DataKind| {
            Error::input(
                "data",
                format!("a part of another kind or size ({})", part.kind()),
                format!("each part is like the first ({first})"),
            )
        };
        let total = parts.iter().map(Values::rows).sum::<usize>();
        let mut parts = parts.into_iter();
        let Some(first) = parts.next() else { return Err(Error::input("data", "no rows", "at least one is needed")) };
        let kind = first.kind();
        match first {
            Values::Table(first) => {
                let mut tables = vec![first];
                for part in parts {
                    match part {
                        Values::Table(table) if tables[0].is_like(&table) => tables.push(table),
                        other => return Err(unlike(&other, kind)),
                    }
                }
                Table::concat(tables, total).map(Values::Table)
            }
            Values::Images(mut whole) => {
                if let Some(pixels) = Arc::get_mut(&mut whole.pixels) {
                    pixels.reserve_exact((total * whole.shape.len()).saturating_sub(pixels.len()));
                }
                for part in parts {
                    match part {
                        Values::Images(images) if images.shape == whole.shape => whole.append(images),
                        other => return Err(unlike(&other, kind)),
                    }
                }
                Ok(Values::Images(whole))
            }
            Values::Counts(mut whole) => {
                for part in parts {
                    match part {
                        Values::Counts(counts) if counts.cols == whole.cols => whole.matrix.append(counts.view()),
                        other => return Err(unlike(&other, kind)),
                    }
                }
                Ok(Values::Counts(whole))
            }
            Values::Text(first) => {
                let mut texts = Arc::unwrap_or_clone(first);
                for part in parts {
                    match part {
                        Values::Text(more) => texts.extend(Arc::unwrap_or_clone(more)),
                        other => return Err(unlike(&other, kind)),
                    }
                }
                Ok(Values::Text(Arc::new(texts)))
            }
        }
    }

    /// Some rows, which exist.
    fn select(&self, rows: &[u32]) -> Self {
        match self {
            Values::Table(table) => {
                let category = |category: &Category| Category {
                    codes: rows.iter().map(|&row| category.codes[row as usize]).collect(),
                    ..Category::without_rows(category)
                };
                let categories = table.categories.iter().map(category).collect();
                Values::Table(Table {
                    numbers: table.numbers.select(rows),
                    categories,
                    affine: table.affine.clone(),
                    names: table.names.clone(),
                })
            }
            Values::Images(images) => {
                let width = images.shape.len();
                let of = |cells: &Arc<Vec<u8>>| {
                    Arc::new(rows.iter().flat_map(|&row| &cells[row as usize * width..(row as usize + 1) * width]).copied().collect())
                };
                Values::Images(Images { shape: images.shape, pixels: of(&images.pixels), lower: images.lower.as_ref().map(of) })
            }
            Values::Counts(counts) => {
                Values::Counts(Counts { matrix: counts.matrix.select(rows), names: counts.names.clone(), base: counts.base })
            }
            Values::Text(texts) => Values::Text(Arc::new(rows.iter().map(|&row| texts[row as usize].clone()).collect())),
        }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        match self {
            Values::Table(table) => table.numbers.rows(),
            Values::Images(images) => images.pixels.len().checked_div(images.shape.len()).unwrap_or(0),
            Values::Counts(counts) => counts.rows(),
            Values::Text(texts) => texts.len(),
        }
    }

    /// The kind of the data.
    pub fn kind(&self) -> DataKind {
        match self {
            Values::Table(table) if table.names.is_none() => DataKind::Array,
            Values::Table(_) => DataKind::Table,
            Values::Images(_) => DataKind::Images,
            Values::Counts(_) => DataKind::Counts,
            Values::Text(_) => DataKind::Text,
        }
    }
}
