//! A space as Python holds it, and how it is learned.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arrow::array::Array;
use latentspace::data::{Beside, Metadata, Preparation, Start, Tie, Values};
use latentspace::growing::Growing;
use latentspace::linalg::Matrix;
use latentspace::method::{AnyMethod, Shape};
use latentspace::neighbors::Neighbors;
use latentspace::{Error, Result, registry};
use numpy::{PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyString};
use serde_json::{Map, Number, Value, json};

use crate::calls::call;
use crate::errors::exception;
use crate::explorer::column;
use crate::rows::Rows;

/// A space.
#[pyclass(frozen, module = "latentspace._native")]
pub(crate) struct Space(pub(crate) latentspace::Space);

/// Numbers as NumPy holds them.
fn array<'py>(py: Python<'py>, matrix: &Matrix) -> PyResult<Bound<'py, PyArray2<f32>>> {
    numpy::PyArray1::from_slice(py, matrix.as_slice()).reshape([matrix.rows(), matrix.cols()])
}

/// The numbers of a NumPy array, copied: they are few, or about to be worked on.
pub(crate) fn matrix(array: &PyReadonlyArray2<'_, f32>) -> PyResult<Matrix> {
    let [rows, cols] = [array.shape()[0], array.shape()[1]];
    Matrix::new(rows, cols, array.as_slice()?.to_vec()).map_err(exception)
}

/// A parameter as JSON has it. What JSON has not is refused by the parameter's own check.
fn value(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    if given.is_none() {
        return Ok(Value::Null);
    }
    if given.is_instance_of::<PyBool>() {
        return Ok(Value::Bool(given.extract()?));
    }
    if given.is_instance_of::<PyInt>() {
        return Ok(given.extract::<i64>().map_or_else(|_| json!([given.to_string()]), Value::from));
    }
    if given.is_instance_of::<PyFloat>() {
        return Ok(Number::from_f64(given.extract()?).map_or_else(|| json!([given.to_string()]), Value::Number));
    }
    if given.is_instance_of::<PyString>() {
        return Ok(Value::String(given.extract()?));
    }
    Ok(json!([given.repr()?.to_string()]))
}

/// Parameters as JSON has them.
pub(crate) fn parameters(params: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
    params.iter().map(|(name, parameter)| Ok((name.extract()?, value(&parameter)?))).collect()
}

/// The method of this name with these parameters; an error shows the value as Python writes it.
pub(crate) fn method(name: &str, params: &Bound<'_, PyDict>) -> PyResult<Box<dyn AnyMethod>> {
    let entry = registry::find(name).map_err(exception)?;
    entry.with(&parameters(params)?).map_err(|error| match error {
        Error::Param(mut param) => {
            if let Ok(Some(shown)) = params.get_item(&param.name).and_then(|given| given.map(|given| given.repr()).transpose()) {
                param.found = format!("{shown} was given");
            }
            exception(Error::Param(param))
        }
        other => exception(other),
    })
}

/// Checks parameters, by themselves and, where rows and columns are given, against these.
#[pyfunction]
#[pyo3(signature = (name, params, rows=None, cols=None))]
pub(crate) fn check(name: &str, params: &Bound<'_, PyDict>, rows: Option<usize>, cols: Option<usize>) -> PyResult<()> {
    let method = method(name, params)?;
    match rows.zip(cols) {
        Some((rows, cols)) => method.check(Shape::new(rows, cols)).map_err(exception),
        None => Ok(()),
    }
}

/// Neighbors as sparse rows: the row i has those from `starts[i]` to `starts[i + 1]`.
type NearRows<'py> = (PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, f32>);

/// The neighbors of each row, checked.
fn neighbors(near: &NearRows<'_>) -> PyResult<Neighbors> {
    let (starts, indices, distances) = (near.0.as_slice()?, near.1.as_slice()?, near.2.as_slice()?);
    let row = |ends: &[i64]| {
        let range = ends[0] as usize..ends[1] as usize;
        let indices = indices[range.clone()].iter().map(|&index| u32::try_from(index).unwrap_or(u32::MAX));
        indices.zip(distances[range].iter().copied()).collect()
    };
    Neighbors::given("neighbors", starts.windows(2).map(row).collect()).map_err(exception)
}

/// Places that are given, and what ties rows to them: nothing (0), a pull, or all (infinity).
fn start(given: &(PyReadonlyArray2<'_, f32>, f64)) -> PyResult<Start> {
    let tie = match given.1 {
        0.0 => Tie::Free,
        f64::INFINITY => Tie::Hold,
        pull => Tie::Pull(pull),
    };
    Ok(Start { places: matrix(&given.0)?, tie })
}

/// Learns a space and measures it, as `latent fit` does, and places the rows: (space, codes). Labels are a name and a cell a row.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn fit<'py>(
    py: Python<'py>,
    name: &str,
    params: &Bound<'py, PyDict>,
    rows: &Bound<'py, Rows>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'py, PyAny>>,
    labels: Option<(String, Bound<'py, PyAny>)>,
    near: Option<NearRows<'py>>,
    begin: Option<(PyReadonlyArray2<'py, f32>, f64)>,
) -> PyResult<(Space, Bound<'py, PyArray2<f32>>)> {
    let (method, rows) = (method(name, params)?, rows.get());
    let options = rows.options();
    let labels = labels.map(|(name, cells)| PyResult::Ok((column(&name, &cells)?, name))).transpose()?;
    let (near, begin) = (near.as_ref().map(neighbors).transpose()?, begin.as_ref().map(start).transpose()?);
    let beside = Beside { labels: None, neighbors: near, start: begin, distances: None };
    let (space, codes) = call(py, seed, threads, listener, |run| {
        let mut observations = rows.read(None, run)?;
        if let Some((cells, name)) = labels {
            if cells.len() != observations.rows() {
                let found = format!("{} labels", cells.len());
                return Err(Error::param("y", found, format!("there are {} rows", observations.rows())));
            }
            observations.metadata = Metadata::from_columns(vec![(name, cells)], observations.rows())?;
        }
        let (space, codes) = latentspace::Space::learn(method.as_ref(), observations, &options, &beside, run)?.measured(run)?;
        run.check()?;
        Ok((own(space, rows)?, codes))
    })?;
    Ok((Space(space), array(py, &codes)?))
}

/// Learning from rows that come by part after part.
#[pyclass(frozen, module = "latentspace._native")]
pub(crate) struct Parts(Mutex<Growing>);

#[pymethods]
impl Parts {
    /// Of this method, for rows like these, which are not taken yet.
    #[new]
    fn new(py: Python<'_>, name: &str, params: &Bound<'_, PyDict>, rows: &Bound<'_, Rows>) -> PyResult<Self> {
        let (method, rows) = (method(name, params)?, rows.get());
        let growing = call(py, 0, 1, None, |run| {
            let preparation = Preparation::choose(&rows.read(None, run)?, &rows.options(), run)?;
            Growing::new(method, preparation)
        })?;
        Ok(Parts(Mutex::new(growing)))
    }

    /// What [`Parts::to_bytes`] gave.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        py.detach(|| Growing::from_bytes(bytes)).map(|growing| Parts(Mutex::new(growing))).map_err(exception)
    }

    /// As bytes, to go on elsewhere.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).to_bytes()).map_err(exception)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Takes more rows, and gives the space of all so far.
    fn push(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, Rows>,
        seed: u64,
        threads: usize,
        listener: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Space> {
        let rows = rows.get();
        call(py, seed, threads, listener, |run| {
            let mut growing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let observations = rows.read(Some(growing.preparation()), run)?;
            let prepared = growing.preparation().prepare(&observations, run)?;
            growing.push(&prepared, run)?;
            growing.space(run)
        })
        .map(Space)
    }
}

/// The space, without a share in the numbers of an array that Python may change.
fn own(space: latentspace::Space, rows: &Rows) -> Result<latentspace::Space> {
    if rows.uses() == 0 { Ok(space) } else { latentspace::Space::from_bytes(&space.to_bytes()?, Path::new("space")) }
}

#[pymethods]
impl Space {
    /// Opens a file.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| latentspace::Space::open(&path)).map(Space).map_err(exception)
    }

    /// Opens the bytes of a file.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        py.detach(|| latentspace::Space::from_bytes(bytes, Path::new("space"))).map(Space).map_err(exception)
    }

    /// The bytes of the file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.0.to_bytes()).map_err(exception)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes the file, all or nothing.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.0.save(&path)).map_err(exception)
    }

    /// What is known of the space, as JSON.
    fn describe(&self) -> String {
        let space = &self.0;
        json!({
            "method": space.method.name,
            "params": space.params,
            "facts": space.facts,
            "seed": space.seed,
            "rows": space.rows,
            "columns": space.preparation.columns,
            "n_components": space.model.n_components(),
            "kind": space.preparation.kind,
            "image": space.preparation.image,
            "names": space.preparation.names,
            "categories": space.preparation.categories.iter().map(|category| &category.name).collect::<Vec<_>>(),
            "missing": space.preparation.missing,
            "decodes": space.method.decodes,
            "told": space.preparation.told,
            "measures": space.measures,
        })
        .to_string()
    }

    /// Where the fitted rows lie, if the space keeps them.
    fn codes<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray2<f32>>>> {
        self.0.model.fitted_codes().map(|codes| array(py, codes)).transpose()
    }

    /// The codes of rows.
    fn encode<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, Rows>,
        threads: usize,
        listener: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let rows = rows.get();
        let codes = call(py, self.0.seed, threads, listener, |run| {
            let observations = rows.read(Some(&self.0.preparation), run)?;
            self.0.encode(&observations, run)
        })?;
        array(py, &codes.values)
    }

    /// Rows of codes, as they would have been observed: numbers `[n, d]`, and what is to be added to each column in 64 bits.
    fn decode<'py>(
        &self,
        py: Python<'py>,
        codes: PyReadonlyArray2<'py, f32>,
        threads: usize,
        listener: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyArray2<f32>>, Vec<f64>)> {
        let codes = matrix(&codes)?;
        let observed = call(py, self.0.seed, threads, listener, |run| self.0.preparation.restore(&self.0.decode(&codes, run)?))?;
        match observed.values {
            Values::Table(table) if table.categories.is_empty() => Ok((array(py, &table.numbers)?, table.offsets)),
            Values::Images(images) => {
                let pixels: Vec<f32> = images.pixels.iter().map(|&pixel| f32::from(pixel)).collect();
                let numbers = Matrix::new(codes.rows(), images.shape.len(), pixels).map_err(exception)?;
                Ok((array(py, &numbers)?, Vec::new()))
            }
            other => {
                let error = Error::input("space", format!("its rows are {} with categories", other.kind()), "arrays hold numbers alone");
                Err(exception(error.with_hint("`latent decode` writes them as a table")))
            }
        }
    }
}
