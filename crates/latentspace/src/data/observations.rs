//! Observations: what was observed, a row each, with the columns that ride along.

use std::sync::Arc;

use arrow::array::RecordBatch;

use crate::error::{Error, Result};
use crate::linalg::Matrix;

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

/// Numbers, `[n, d]`, with or without names of their columns.
#[derive(Debug, Clone)]
pub struct Table {
    /// The numeric columns, `[n, d]`; a missing cell is NaN.
    pub numbers: Matrix,
    /// What was subtracted from each numeric column in f64 before it became f32, so that values around 1e7 and more keep their digits;
    /// empty where nothing was.
    pub offsets: Vec<f64>,
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

/// The size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageShape {
    /// Pixels from top to bottom.
    pub height: usize,
    /// Pixels from left to right.
    pub width: usize,
    /// 1 grey, 3 red, green and blue, 4 with opacity.
    pub channels: usize,
}

/// Pictures of one size.
#[derive(Debug, Clone)]
pub struct Images {
    /// Their size.
    pub shape: ImageShape,
    /// `[n, height, width, channels]`, 0 to 255.
    pub pixels: Arc<Vec<u8>>,
}

/// Sparse rows of counts: of row i the columns `indices[starts[i]..starts[i + 1]]` (ascending) have the `values` beside them, all others 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Columns.
    pub cols: usize,
    /// `[n + 1]`.
    pub starts: Vec<usize>,
    /// Columns that are not 0.
    pub indices: Vec<u32>,
    /// Their values.
    pub values: Vec<f32>,
    /// Names of the columns: words, genes.
    pub names: Option<Vec<String>>,
}

/// What rides along with each row: labels, names, dates, as Arrow columns.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// The columns, each with as many rows as there are observations.
    pub columns: RecordBatch,
    /// Which column holds the ids, if one does.
    pub id: Option<usize>,
}

impl ImageShape {
    /// Numbers a picture.
    pub fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Whether a picture has no pixel.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Counts {
    /// Observations.
    pub fn rows(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The columns that are not 0 in a row, and their values.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.indices[range.clone()], &self.values[range])
    }
}

impl Metadata {
    /// No columns, for `rows` observations.
    pub fn none(rows: usize) -> Self {
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::new(arrow::datatypes::Schema::empty());
        // An empty schema with a row count cannot be refused.
        let columns =
            RecordBatch::try_new_with_options(schema.clone(), Vec::new(), &options).unwrap_or_else(|_| RecordBatch::new_empty(schema));
        Metadata { columns, id: None }
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
        let fail = |error: arrow::error::ArrowError| Error::internal(format!("metadata could not be written: {error}"));
        let mut settings = std::collections::HashMap::new();
        if let Some(id) = self.id {
            settings.insert("id".to_owned(), id.to_string());
        }
        let schema = Arc::new(self.columns.schema().as_ref().clone().with_metadata(settings));
        let columns = self.columns.clone().with_schema(schema.clone()).map_err(fail)?;
        let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &schema).map_err(fail)?;
        writer.write(&columns).map_err(fail)?;
        writer.into_inner().map_err(fail)
    }

    /// What [`Metadata::to_ipc`] wrote, for `rows` observations.
    ///
    /// # Errors
    /// [`Error::Input`] if the bytes are no Arrow stream or have another number of rows.
    pub fn from_ipc(bytes: &[u8], rows: usize) -> Result<Self> {
        let wrong = |found: String| Error::input("metadata", found, format!("an Arrow stream of {rows} rows is needed"));
        let mut reader = arrow::ipc::reader::StreamReader::try_new(bytes, None).map_err(|error| wrong(error.to_string()))?;
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
        arrow::util::display::array_value_to_string(array, row).ok()
    }

    /// The rows of this id. The number of a row, counted from 0, is its id where there is no id column.
    ///
    /// # Errors
    /// [`Error::Input`] if no row has it.
    pub fn find(&self, id: &str) -> Result<usize> {
        let found = match self.id {
            Some(_) => (0..self.rows()).find(|&row| self.id(row) == id),
            None => id.parse().ok().filter(|&row| row < self.rows()),
        };
        found.ok_or_else(|| Error::param("id", format!("'{id}'"), "it must be the id of a row"))
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
        Self::new(name, Values::Table(Table { numbers, offsets: Vec::new(), names: None, categories: Vec::new() }))
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
    /// Rows.
    pub fn rows(&self) -> usize {
        match self {
            Values::Table(table) => table.numbers.rows(),
            Values::Images(images) => images.pixels.len().checked_div(images.shape.len()).unwrap_or(0),
            Values::Counts(counts) => counts.rows(),
            Values::Text(texts) => texts.len(),
        }
    }

    /// `table`, `array` (a table without names), `images`, `counts` or `text`.
    pub fn kind(&self) -> &'static str {
        match self {
            Values::Table(table) if table.names.is_none() => "array",
            Values::Table(_) => "table",
            Values::Images(_) => "images",
            Values::Counts(_) => "counts",
            Values::Text(_) => "text",
        }
    }
}
