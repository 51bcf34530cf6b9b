//! Rows as Python holds them: bytes of an array, the three arrays of sparse rows, or texts.

use std::ops::Deref;
use std::sync::Arc;

use latentspace::data::read::MemoryArray;
use latentspace::data::{Counts, Missing, Preparation, PrepareOptions, ReadOptions, Scale, Values};
use latentspace::error::nearest;
use latentspace::text::TextOptions;
use latentspace::{Error, Observations, Result, Run};
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::prelude::*;
use serde_json::{Map, Value};

/// Bytes of an array that Python holds, kept alive from here.
pub(crate) struct Borrowed {
    _array: Py<PyArray1<u8>>,
    start: *const u8,
    len: usize,
}

// SAFETY: the bytes are only read, and the array that is held keeps them where they are. NumPy itself reads and computes while the
// interpreter is free; who writes into an array meanwhile gets what such a race gives there.
unsafe impl Send for Borrowed {}
// SAFETY: as above.
unsafe impl Sync for Borrowed {}

impl Deref for Borrowed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: start and len are those of the array, which is held.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

enum Held {
    Dense(MemoryArray, Arc<Borrowed>),
    Sparse(Counts),
    Text(Arc<Vec<String>>, TextOptions),
}

/// Options of text as JSON has them.
///
/// # Errors
/// [`Error::Param`] for one that is unknown or of another type.
pub(crate) fn text_options(given: Option<&str>) -> Result<TextOptions> {
    let Some(given) = given else { return Ok(TextOptions::default()) };
    let given: Map<String, Value> = serde_json::from_str(given).map_err(|error| Error::param("text", given, error.to_string()))?;
    let known = serde_json::to_value(TextOptions::default()).unwrap_or_default();
    let mut all = known.as_object().cloned().unwrap_or_default();
    for (name, value) in given {
        if !all.contains_key(&name) {
            let names = all.keys().map(String::as_str);
            let error = Error::param("text", format!("'{name}'"), format!("there are {}", names.clone().collect::<Vec<_>>().join(", ")));
            return Err(match nearest(&name, names) {
                Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                None => error,
            });
        }
        let options = Map::from_iter([(name.clone(), value.clone())]);
        serde_json::from_value::<TextOptions>(Value::Object(options)).map_err(|error| Error::param(&name, &value, error.to_string()))?;
        all.insert(name, value);
    }
    serde_json::from_value(Value::Object(all)).map_err(|error| Error::param("text", "options", error.to_string()))
}

/// Options of reading as JSON has them.
///
/// # Errors
/// [`Error::Param`] for one that is unknown or of another type.
pub(crate) fn read_options(given: Option<&str>) -> Result<ReadOptions> {
    let Some(given) = given else { return Ok(ReadOptions::default()) };
    ReadOptions::given(serde_json::from_str(given).map_err(|error| Error::param("read", given, error.to_string()))?)
}

/// Rows, as Python holds them.
#[pyclass(frozen, module = "latentspace._native")]
pub(crate) struct Rows(Held);

#[pymethods]
impl Rows {
    /// An array without gaps, given as its bytes, NumPy's name of its type, its shape, whether its first axis runs fastest, and the names
    /// of its columns.
    #[staticmethod]
    fn dense(
        bytes: &Bound<'_, PyArray1<u8>>,
        descr: String,
        shape: Vec<usize>,
        fortran: bool,
        names: Option<Vec<String>>,
    ) -> PyResult<Self> {
        let view = bytes.readonly();
        let slice = view.as_slice()?;
        let held = Arc::new(Borrowed { _array: bytes.clone().unbind(), start: slice.as_ptr(), len: slice.len() });
        let array = MemoryArray { name: "X".to_owned(), bytes: held.clone(), descr, shape, fortran, names };
        Ok(Rows(Held::Dense(array, held)))
    }

    /// Sparse rows: where each starts, the columns (ascending in a row) that are not 0, and their values.
    #[staticmethod]
    fn sparse(
        starts: PyReadonlyArray1<'_, i64>,
        indices: PyReadonlyArray1<'_, i64>,
        values: PyReadonlyArray1<'_, f32>,
        cols: usize,
    ) -> PyResult<Self> {
        let (starts, indices, values) = (starts.as_slice()?, indices.as_slice()?, values.as_slice()?.to_vec());
        let whole = starts.first() == Some(&0)
            && starts.windows(2).all(|pair| pair[0] <= pair[1])
            && starts.last() == Some(&(indices.len() as i64))
            && indices.len() == values.len()
            && u32::try_from(cols).is_ok()
            && indices.iter().all(|&index| (0..cols as i64).contains(&index));
        if !whole {
            return Err(crate::errors::exception(Error::input(
                "X",
                "sparse rows that do not fit their shape",
                "canonical rows are needed",
            )));
        }
        let starts = starts.iter().map(|&start| start as usize).collect();
        let indices = indices.iter().map(|&index| index as u32).collect();
        Ok(Rows(Held::Sparse(Counts { cols, starts, indices, values, names: None })))
    }

    /// Documents; `options` say which of their words are counted, as JSON.
    #[staticmethod]
    fn text(texts: Vec<String>, options: Option<&str>) -> PyResult<Self> {
        Ok(Rows(Held::Text(Arc::new(texts), text_options(options).map_err(crate::errors::exception)?)))
    }
}

impl Rows {
    /// The rows as observations; `preparation` is that of a space that they are for.
    pub(crate) fn read(&self, preparation: Option<&Preparation>, run: &Run) -> Result<Observations> {
        match &self.0 {
            Held::Dense(array, _) => array.read(preparation, run),
            Held::Sparse(counts) => Ok(Observations::new("X", Values::Counts(counts.clone()))),
            Held::Text(texts, _) => Ok(Observations::new("X", Values::Text(Arc::clone(texts)))),
        }
    }

    /// How they are prepared: scaling and filling are steps of their own in scikit-learn, so that columns with names are taken as they are, like
    /// those without.
    pub(crate) fn options(&self) -> PrepareOptions {
        match &self.0 {
            Held::Dense(array, _) if array.names.is_some() => {
                PrepareOptions { scale: Scale::None, missing: Some(Missing::Error), ..PrepareOptions::default() }
            }
            Held::Text(_, text) => PrepareOptions { text: text.clone(), ..PrepareOptions::default() },
            _ => PrepareOptions::default(),
        }
    }

    /// How often the bytes that Python holds are used, besides here.
    pub(crate) fn uses(&self) -> usize {
        match &self.0 {
            // Once by the array itself, once to be counted.
            Held::Dense(_, held) => Arc::strong_count(held).saturating_sub(2),
            Held::Sparse(_) | Held::Text(..) => 0,
        }
    }
}
