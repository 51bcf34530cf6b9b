//! Rows from Python: bytes of an array, the three arrays of sparse rows, or texts.

use std::ops::Deref;
use std::sync::Arc;

use latentspace::data::read::{self, MemoryArray};
use latentspace::data::{Category, Counts, Missing, Preparation, PrepareOptions, ReadOptions, Scale, Values};
use latentspace::linalg::SparseMatrix;
use latentspace::text::{TextOptions, of_words};
use latentspace::{Error, Observations, Result, Run};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

use crate::calls::call;
use crate::errors::exception;
use crate::space::Space;

/// Bytes of a Python array, kept alive by a reference.
pub(crate) struct Borrowed {
    _array: Py<PyArray1<u8>>,
    start: *const u8,
    len: usize,
}

// SAFETY: the bytes are only read, and the referenced array keeps them in place. As in NumPy itself, which also computes without the
// GIL, writing into the array during the call is a race of the caller.
unsafe impl Send for Borrowed {}
// SAFETY: as above.
unsafe impl Sync for Borrowed {}

impl Deref for Borrowed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: start and len are those of the referenced array.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

enum Form {
    /// Numbers as bytes, and categorical columns.
    Dense(MemoryArray, Arc<Borrowed>, Vec<Category>),
    Sparse(Counts),
    Text(Arc<Vec<String>>, TextOptions),
    /// What was read from a file.
    File(Box<Observations>, PrepareOptions),
}

/// A document, or the words of a tokenized one.
#[derive(FromPyObject)]
enum Document {
    Text(String),
    Words(Vec<String>),
}

/// Options by their names, from JSON; none without it.
///
/// # Errors
/// [`Error::Param`] if it is no object.
fn named(place: &str, given: Option<&str>) -> Result<Map<String, Value>> {
    given.map_or(Ok(Map::new()), |given| serde_json::from_str(given).map_err(|error| Error::param(place, given, error.to_string())))
}

/// Text options from JSON.
///
/// # Errors
/// [`Error::Param`] for one that is unknown or not allowed.
pub(crate) fn text_options(given: Option<&str>) -> Result<TextOptions> {
    TextOptions::given(named("text", given)?)
}

/// Options of the preparation from JSON; those of text under `text`.
///
/// # Errors
/// [`Error::Param`] for one that is unknown or not allowed.
pub(crate) fn prepare_options(given: Option<&str>) -> Result<PrepareOptions> {
    PrepareOptions::given(named("preparation", given)?)
}

/// Reading options from JSON.
///
/// # Errors
/// [`Error::Param`] for one that is unknown or of another type.
pub(crate) fn read_options(given: Option<&str>) -> Result<ReadOptions> {
    ReadOptions::given(named("read", given)?)
}

/// Rows from Python.
#[pyclass(frozen, module = "latentspace._native")]
pub(crate) struct Rows(Form);

#[pymethods]
impl Rows {
    /// A contiguous array, given as its bytes, NumPy's name of its type, its shape, whether it is in Fortran order, the names of its
    /// columns, and categorical columns with their names (None: missing).
    #[staticmethod]
    fn dense(
        bytes: &Bound<'_, PyArray1<u8>>,
        descr: String,
        shape: Vec<usize>,
        fortran: bool,
        names: Option<Vec<String>>,
        categories: Vec<(String, Vec<Option<String>>)>,
    ) -> PyResult<Self> {
        let view = bytes.readonly();
        let slice = view.as_slice()?;
        let held = Arc::new(Borrowed { _array: bytes.clone().unbind(), start: slice.as_ptr(), len: slice.len() });
        let array = MemoryArray { name: "X".to_owned(), bytes: held.clone(), descr, shape, fortran, names };
        let categories = categories.iter().map(|(name, cells)| Category::new(name, cells.iter().map(Option::as_deref)));
        Ok(Rows(Form::Dense(array, held, categories.collect())))
    }

    /// Sparse rows in CSR format: starts, columns (ascending in a row), values, and the names of all columns.
    #[staticmethod]
    fn sparse(
        starts: PyReadonlyArray1<'_, i64>,
        indices: PyReadonlyArray1<'_, i64>,
        values: PyReadonlyArray1<'_, f32>,
        cols: usize,
        names: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let (starts, indices, values) = (starts.as_slice()?, indices.as_slice()?, values.as_slice()?.to_vec());
        let whole = starts.first() == Some(&0)
            && starts.windows(2).all(|pair| pair[0] <= pair[1])
            && starts.last() == Some(&(indices.len() as i64))
            && indices.len() == values.len()
            && u32::try_from(cols).is_ok()
            && indices.iter().all(|&index| (0..cols as i64).contains(&index));
        if !whole {
            return Err(exception(Error::input("X", "sparse rows that do not fit their shape", "canonical rows are needed")));
        }
        let starts = starts.iter().map(|&start| start as usize).collect();
        let indices = indices.iter().map(|&index| index as u32).collect();
        let names = names.filter(|names| names.len() == cols);
        Ok(Rows(Form::Sparse(Counts { matrix: SparseMatrix { cols, starts, indices, values }, names, base: None })))
    }

    /// Reads a file, a folder or a pattern, and returns the notes of its reader; options of reading and of the preparation as JSON.
    #[staticmethod]
    fn open<'py>(
        py: Python<'py>,
        data: String,
        read: Option<&str>,
        prepare: Option<&str>,
        space: Option<&Bound<'py, Space>>,
        threads: usize,
        listener: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Self, Vec<String>)> {
        let options = prepare_options(prepare).map_err(exception)?;
        let mut read = read_options(read).map_err(exception)?;
        read.preparation = space.map(|space| space.get().inner.preparation.clone());
        let (observations, notes) = call(py, 0, threads, listener, |run| {
            let source = read::open(&data, &read)?;
            Ok((source.read(run)?, source.notes()))
        })?;
        Ok((Rows(Form::File(Box::new(observations), options)), notes))
    }

    /// Their description, as JSON.
    fn describe(&self, py: Python<'_>) -> PyResult<String> {
        let observations = call(py, 0, 1, None, |run| self.read(None, run))?;
        let names = match &observations.values {
            Values::Table(table) => table.names.clone(),
            Values::Counts(counts) => counts.names.clone(),
            Values::Images(_) | Values::Text(_) => None,
        };
        Ok(json!({
            "name": observations.name,
            "kind": observations.values.kind(),
            "rows": observations.rows(),
            "columns": observations.columns(),
            "names": names,
            "metadata": observations.metadata.names(),
        })
        .to_string())
    }

    /// Documents, or lists of words; `options` are text options as JSON.
    #[staticmethod]
    fn text(documents: Vec<Document>, options: Option<&str>) -> PyResult<Self> {
        let text = |document| match document {
            Document::Text(text) => text,
            Document::Words(words) => of_words(words.iter().map(String::as_str)),
        };
        let texts: Vec<String> = documents.into_iter().map(text).collect();
        Ok(Rows(Form::Text(Arc::new(texts), text_options(options).map_err(exception)?)))
    }
}

impl Rows {
    /// The rows as observations; `preparation` is that of the space that they are for.
    pub(crate) fn read(&self, preparation: Option<&Preparation>, run: &Run) -> Result<Observations> {
        match &self.0 {
            Form::Dense(array, _, categories) => {
                let mut observations = array.read(preparation, run)?;
                if let Values::Table(table) = &mut observations.values {
                    table.categories.clone_from(categories);
                }
                Ok(observations)
            }
            Form::Sparse(counts) => Ok(Observations::new("X", Values::Counts(counts.clone()))),
            Form::Text(texts, _) => Ok(Observations::new("X", Values::Text(Arc::clone(texts)))),
            Form::File(observations, _) => Ok((**observations).clone()),
        }
    }

    /// Their preparation: none, since scaling and imputation are separate steps in
    /// scikit-learn.
    pub(crate) fn options(&self) -> PrepareOptions {
        match &self.0 {
            Form::Dense(array, ..) if array.names.is_some() => {
                PrepareOptions { scale: Scale::None, missing: Some(Missing::Error), ..PrepareOptions::default() }
            }
            Form::Text(_, text) => PrepareOptions { text: text.clone(), ..PrepareOptions::default() },
            Form::File(_, options) => options.clone(),
            _ => PrepareOptions::default(),
        }
    }

    /// Their preparation for the explorer: that of a fit, with this scaling if given; missing cells of tables are imputed.
    pub(crate) fn options_to_explore(&self, scale: Option<&str>) -> Result<PrepareOptions> {
        let mut options = self.options();
        if matches!(&self.0, Form::Dense(array, ..) if array.names.is_some()) {
            options.missing = None;
        }
        if scale.is_some() {
            options.scale = PrepareOptions::given(Map::from_iter([("scale".to_owned(), json!(scale))]))?.scale;
        }
        Ok(options)
    }

    /// The number of other references to the bytes of the Python array.
    pub(crate) fn uses(&self) -> usize {
        match &self.0 {
            // One reference of the array itself, one of this count.
            Form::Dense(_, held, _) => Arc::strong_count(held).saturating_sub(2),
            Form::Sparse(_) | Form::Text(..) | Form::File(..) => 0,
        }
    }
}
