//! Spaces for Python, and how they are learned.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use latentspace::arrow::array::Array;
use latentspace::attributes::Found;
use latentspace::axes::WordOrder;
use latentspace::border;
use latentspace::data::{CellErrors, Metadata, Missing, Precomputed, Preparation, Rows, Start, Tie, Values, check_weights};
use latentspace::explain::explain;
use latentspace::learn::growing::Growing;
use latentspace::linalg::{Matrix, OwnedRows};
use latentspace::measure::Measure;
use latentspace::method::{AnyMethod, Entry, Shape};
use latentspace::neighbors::Neighbors;
use latentspace::params::Parameter;
use latentspace::tensors::Tensor;
use latentspace::{Error, Result, Run, registry};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString};
use serde_json::{Map, Number, Value, json};

use crate::analysis::{kept, limited};
use crate::calls::call;
use crate::data::Data;
use crate::errors::exception;
use crate::explorer::column;
use crate::rows;

/// A space, whose measures are computed when they are first requested.
#[pyclass(frozen, module = "latentspace._native")]
pub(crate) struct Space {
    /// The space, with the measures of its fit.
    pub(crate) inner: latentspace::Space,
    /// The rows to measure it on; none after measuring, and for opened spaces.
    fitted: Mutex<Option<Fitted>>,
    /// The measures computed since.
    measures: OnceLock<BTreeMap<String, Measure>>,
}

/// The fitted rows and their codes.
struct Fitted {
    rows: OwnedRows,
    codes: Matrix,
}

impl From<latentspace::Space> for Space {
    fn from(inner: latentspace::Space) -> Self {
        Space { inner, fitted: Mutex::default(), measures: OnceLock::new() }
    }
}

impl Space {
    fn fitted(&self) -> MutexGuard<'_, Option<Fitted>> {
        self.fitted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All measures, computed now if necessary. Concurrent requests wait.
    fn measured(&self, run: &Run) -> Result<BTreeMap<String, Measure>> {
        let mut fitted = self.fitted();
        if let Some(Fitted { rows, codes }) = &*fitted {
            let found = self.inner.measures_on(&Rows::memory(rows), Some(codes), run)?;
            // Discard the results of an interrupted run.
            run.check()?;
            self.measures.get_or_init(|| found);
            *fitted = None;
        }
        Ok(self.known())
    }

    /// The bytes of its file, with the known measures.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        self.inner.to_bytes_with(&self.known())
    }

    /// The known measures.
    fn known(&self) -> BTreeMap<String, Measure> {
        let mut all = self.inner.measures.clone();
        all.extend(self.measures.get().into_iter().flatten().map(|(name, measure)| (name.clone(), *measure)));
        all
    }
}

/// Numbers as a NumPy array.
fn array<'py>(py: Python<'py>, matrix: &Matrix) -> PyResult<Bound<'py, PyArray2<f32>>> {
    PyArray1::from_slice(py, matrix.as_slice()).reshape([matrix.rows(), matrix.cols()])
}

/// A JSON value as a Python object; a list of numbers as a NumPy array.
fn plain<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Bool(flag) => PyBool::new(py, *flag).to_owned().into_any(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into_pyobject(py)?.into_any(),
            None => number.as_f64().unwrap_or(f64::NAN).into_pyobject(py)?.into_any(),
        },
        Value::String(text) => text.into_pyobject(py)?.into_any(),
        Value::Array(list) if !list.is_empty() && list.iter().all(Value::is_string) => {
            PyList::new(py, list.iter().filter_map(Value::as_str))?.into_any()
        }
        Value::Array(list) => PyArray1::from_iter(py, list.iter().map(|number| number.as_f64().unwrap_or(f64::NAN))).into_any(),
        Value::Null | Value::Object(_) => py.None().into_bound(py),
    })
}

/// A tensor as a NumPy array.
fn numbers<'py>(py: Python<'py>, tensor: &Tensor) -> PyResult<Bound<'py, PyAny>> {
    Ok(match tensor {
        Tensor::F32(shape, matrix) => PyArray1::from_slice(py, matrix.as_slice()).reshape(shape.clone())?.into_any(),
        Tensor::F64(shape, values) => PyArray1::from_slice(py, values).reshape(shape.clone())?.into_any(),
        Tensor::U32(shape, values) => PyArray1::from_slice(py, values).reshape(shape.clone())?.into_any(),
        Tensor::U8(shape, values) => PyArray1::from_slice(py, values).reshape(shape.clone())?.into_any(),
    })
}

/// A copy of the numbers of a NumPy array.
pub(crate) fn matrix(array: &PyReadonlyArray2<'_, f32>) -> PyResult<Matrix> {
    let [rows, cols] = [array.shape()[0], array.shape()[1]];
    Matrix::new(rows, cols, array.as_slice()?.to_vec()).map_err(exception)
}

/// A parameter as JSON. Other types are refused by the parameter's own check.
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

/// Parameters as JSON.
pub(crate) fn parameters(params: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
    params.iter().map(|(name, parameter)| Ok((name.extract()?, value(&parameter)?))).collect()
}

/// The parameters that are not the default.
pub(crate) fn given(entry: &Entry, params: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
    let mut given = parameters(params)?;
    for Parameter { name, default, .. } in entry.parameters() {
        // 30 is the default 30.0, too.
        if given.get(&name).is_some_and(|value| *value == default || (value.is_number() && value.as_f64() == default.as_f64())) {
            given.remove(&name);
        }
    }
    Ok(given)
}

/// The method with this name and these parameters; errors show values in Python syntax. An estimator knows all of its parameters and not which
/// were given: those that are the default are taken for defaults.
pub(crate) fn method(name: &str, params: &Bound<'_, PyDict>) -> PyResult<Box<dyn AnyMethod>> {
    let entry = registry::find(name).map_err(exception)?;
    entry.with(&given(entry, params)?).map_err(|error| match error {
        Error::Param(mut param) => {
            if let Ok(Some(shown)) = params.get_item(&param.name).and_then(|given| given.map(|given| given.repr()).transpose()) {
                param.found = format!("{shown} was given");
            }
            exception(Error::Param(param))
        }
        other => exception(other),
    })
}

/// Checks parameters, and if given, against the numbers of rows and columns.
#[pyfunction]
#[pyo3(signature = (name, params, rows=None, cols=None))]
pub(crate) fn check(name: &str, params: &Bound<'_, PyDict>, rows: Option<usize>, cols: Option<usize>) -> PyResult<()> {
    let method = method(name, params)?;
    match rows.zip(cols) {
        Some((rows, cols)) => method.check(Shape::new(rows, cols)).map_err(exception),
        None => Ok(()),
    }
}

/// Neighbors as sparse rows: row i has those from `starts[i]` to `starts[i + 1]`.
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

/// Starting positions, and the strength of the pull toward them: 0 none, infinity fixed.
fn start(given: &(PyReadonlyArray2<'_, f32>, f64)) -> PyResult<Start> {
    let tie = match given.1 {
        0.0 => Tie::Free,
        f64::INFINITY => Tie::Hold,
        pull => Tie::Pull(pull),
    };
    Ok(Start { places: matrix(&given.0)?, tie })
}

/// Learns a space, as `latent fit` does, and encodes the rows: (space, codes). Labels are a name and one cell per row.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn fit<'py>(
    py: Python<'py>,
    name: &str,
    params: &Bound<'py, PyDict>,
    rows: &Bound<'py, rows::Rows>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'py, PyAny>>,
    labels: Option<(String, Bound<'py, PyAny>)>,
    near: Option<NearRows<'py>>,
    begin: Option<(PyReadonlyArray2<'py, f32>, f64)>,
    max_memory: Option<&str>,
    checkpoint: Option<PathBuf>,
    weights: Option<PyReadonlyArray1<'py, f32>>,
    errors: Option<PyReadonlyArray2<'py, f32>>,
) -> PyResult<(Space, Bound<'py, PyArray2<f32>>)> {
    let (method, rows) = (method(name, params)?, rows.get());
    let mut options = rows.options();
    if errors.is_some() {
        options.missing = Some(Missing::Keep);
    }
    let labels = labels.map(|(name, cells)| PyResult::Ok((column(&name, &cells)?, name))).transpose()?;
    let (near, begin) = (near.as_ref().map(neighbors).transpose()?, begin.as_ref().map(start).transpose()?);
    let weights: Option<Arc<[f32]>> = weights.map(|weights| weights.as_slice().map(Arc::from)).transpose()?;
    let errors = errors.as_ref().map(matrix).transpose()?;
    let mut beside = Precomputed { neighbors: near, start: begin, weights, ..Precomputed::default() };
    let (space, codes) = call(py, seed, threads, listener, |run| {
        let mut observations = rows.read(None, run)?;
        if let Some(weights) = &beside.weights {
            check_weights("weights", weights, observations.rows())?;
        }
        beside.errors = errors.map(|errors| CellErrors::new("errors", errors, None, observations.rows())).transpose()?;
        if let Some((cells, name)) = labels {
            if cells.len() != observations.rows() {
                let found = format!("{} labels", cells.len());
                return Err(Error::param("y", found, format!("there are {} rows", observations.rows())));
            }
            observations.metadata = Metadata::from_columns(vec![(name, cells)], observations.rows())?;
        }
        let (run, checkpoint) = kept(limited(run, max_memory)?, checkpoint.as_ref(), true)?;
        let learned = latentspace::learn::learn(method.as_ref(), observations, &options, &beside, &run)?;
        let codes = learned.codes(&run)?;
        run.check()?;
        if let Some(checkpoint) = checkpoint {
            checkpoint.remove();
        }
        let latentspace::learn::Learned { space, rows: prepared, .. } = learned;
        let fitted = Fitted { rows: own_rows(prepared, rows)?, codes: codes.clone() };
        let space = Space { fitted: Mutex::new(Some(fitted)), ..Space::from(own(space, rows)?) };
        Ok((space, codes))
    })?;
    Ok((space, array(py, &codes)?))
}

/// Incremental learning.
#[pyclass(frozen, module = "latentspace._native")]
pub(crate) struct Parts(Mutex<Growing>);

#[pymethods]
impl Parts {
    /// Starts with this method, for rows like these, which are not added yet.
    #[new]
    fn new(py: Python<'_>, name: &str, params: &Bound<'_, PyDict>, rows: &Bound<'_, rows::Rows>) -> PyResult<Self> {
        let (method, rows) = (method(name, params)?, rows.get());
        let growing = call(py, 0, 1, None, |run| {
            let preparation = Preparation::choose(&rows.read(None, run)?, &rows.options(), run)?;
            Growing::new(method, preparation)
        })?;
        Ok(Parts(Mutex::new(growing)))
    }

    /// Restores what [`Parts::to_bytes`] returned.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        py.detach(|| Growing::from_bytes(bytes)).map(|growing| Parts(Mutex::new(growing))).map_err(exception)
    }

    /// The state as bytes.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.0.lock().unwrap_or_else(PoisonError::into_inner).to_bytes()).map_err(exception)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Adds rows, and returns the space of all rows so far.
    fn push(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, rows::Rows>,
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
        .map(Space::from)
    }
}

/// The rows, copied if they share memory with an array that Python may change before the space is measured.
fn own_rows(prepared: OwnedRows, rows: &rows::Rows) -> Result<OwnedRows> {
    match prepared {
        OwnedRows::Dense(table) if rows.uses() > 0 => {
            Ok(OwnedRows::Dense(Matrix::new(table.rows(), table.cols(), table.as_slice().to_vec())?))
        }
        other => Ok(other),
    }
}

/// The space, copied if it shares memory with an array that Python may change.
fn own(space: latentspace::Space, rows: &rows::Rows) -> Result<latentspace::Space> {
    if rows.uses() == 0 { Ok(space) } else { latentspace::Space::from_bytes(&space.to_bytes()?, Path::new("space")) }
}

#[pymethods]
impl Space {
    /// Opens a file.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| latentspace::Space::open(&path)).map(Space::from).map_err(exception)
    }

    /// Opens the bytes of a file.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        py.detach(|| latentspace::Space::from_bytes(bytes, Path::new("space"))).map(Space::from).map_err(exception)
    }

    /// The bytes of the file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.bytes()).map_err(exception)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes the file atomically.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| border::save(&path, &self.bytes()?)).map_err(exception)
    }

    /// Whether measures are still to be computed.
    #[getter]
    fn unmeasured(&self) -> bool {
        // A running measurement holds the lock.
        self.fitted.try_lock().map_or(true, |fitted| fitted.is_some())
    }

    /// The measures, as JSON, computed now if necessary.
    fn measure(&self, py: Python<'_>, threads: usize, listener: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
        call(py, self.inner.seed, threads, listener, |run| Ok(json!(self.measured(run)?).to_string()))
    }

    /// The measures of other rows, `latent measure --against` these, as JSON.
    fn measure_on(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, rows::Rows>,
        threads: usize,
        listener: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let rows = rows.get();
        call(py, self.inner.seed, threads, listener, |run| {
            let observations = rows.read(Some(&self.inner.preparation), run)?;
            let prepared = self.inner.prepare(&observations, run)?;
            Ok(json!(self.inner.measures_on(&Rows::memory(&prepared), None, run)?).to_string())
        })
    }

    /// The description of the space, as JSON.
    fn describe(&self) -> String {
        let space = &self.inner;
        json!({
            "method": space.method.name,
            "params": space.params,
            "facts": space.facts,
            "seed": space.seed,
            "rows": space.rows,
            "columns": space.preparation.columns,
            "n_components": space.model.n_components(),
            "kind": space.preparation.kind,
            "image": space.preparation.image(),
            "names": space.preparation.names,
            "categories": space.preparation.categories().iter().map(|category| &category.name).collect::<Vec<_>>(),
            "missing": space.preparation.missing,
            "decodes": space.method.decodes,
            "can": space.method.can,
            "told": space.preparation.told,
        })
        .to_string()
    }

    /// An attribute: a number, a word, a list, an array, or sparse rows as (values, indices, starts, columns).
    fn attribute<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        threads: usize,
        listener: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match call(py, self.inner.seed, threads, listener, |run| self.inner.attribute(name, run))? {
            Found::Value(value) => plain(py, &value),
            Found::Tensor(tensor) => numbers(py, &tensor),
            Found::Sparse { cols, starts, indices, values } => {
                let starts: Vec<i64> = starts.into_iter().map(|start| start as i64).collect();
                let arrays = (PyArray1::from_vec(py, values), PyArray1::from_vec(py, indices), PyArray1::from_vec(py, starts), cols);
                Ok(arrays.into_pyobject(py)?.into_any())
            }
        }
    }

    /// The log-likelihood of each row, and the sum of all cells: for counts, the number of words.
    fn log_likelihoods<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, rows::Rows>,
        threads: usize,
        listener: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyArray1<f64>>, f64)> {
        let rows = rows.get();
        let (found, sum) = call(py, self.inner.seed, threads, listener, |run| {
            let prepared = self.inner.preparation.prepare(&rows.read(Some(&self.inner.preparation), run)?, run)?;
            let cells = prepared
                .sparse()
                .map_or_else(|| prepared.table().map(|table| table.as_slice().to_vec()), |counts| Ok(counts.values.clone()))?;
            let sum = cells.iter().map(|&cell| f64::from(cell)).sum();
            Ok((self.inner.log_likelihoods(&prepared, run)?, sum))
        })?;
        Ok((PyArray1::from_vec(py, found), sum))
    }

    /// The most probable words of each axis, by number, with their probabilities; none if the axes are no distributions over words.
    fn words(&self, count: usize) -> Option<Vec<Vec<(u32, f64)>>> {
        let axes = self.inner.distributions().ok()??;
        let top = |axis| axes.top(axis, WordOrder::Probability, count).iter().map(|found| (found.word, found.value)).collect();
        Some((0..axes.k()).map(top).collect())
    }

    /// What the dimensions mean, as JSON: one entry per dimension.
    fn explain(
        &self,
        py: Python<'_>,
        data: Option<&Bound<'_, Data>>,
        shown: usize,
        threads: usize,
        listener: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let data = data.map(Bound::get);
        call(py, self.inner.seed, threads, listener, |run| {
            let source = data.map(|data| data.source(Some(&self.inner.preparation), false, run)).transpose()?;
            let observations = source.map(|source| source.read(run)).transpose()?;
            Ok(json!(explain(&self.inner, observations.as_ref(), shown, run)?).to_string())
        })
    }

    /// The weights of the columns in each axis, `[k, columns]`, and the names of the columns; none if the space has no axes.
    #[allow(clippy::type_complexity, reason = "an array and names")]
    fn axes<'py>(&self, py: Python<'py>) -> PyResult<Option<(Bound<'py, PyArray2<f32>>, Vec<String>)>> {
        let Some(axes) = self.inner.capabilities().axes else { return Ok(None) };
        Ok(Some((array(py, &axes.table())?, self.inner.column_names())))
    }

    /// Generated codes, `[n, k]`; none if the space has no distribution of codes.
    fn sample<'py>(&self, py: Python<'py>, n: usize, seed: u64, threads: usize) -> PyResult<Option<Bound<'py, PyArray2<f32>>>> {
        let codes =
            call(py, seed, threads, None, |run| self.inner.capabilities().sampler.map(|sampler| sampler.sample(n, run)).transpose())?;
        codes.map(|codes| array(py, &codes)).transpose()
    }

    /// The codes of the fitted rows, if the space keeps them.
    fn codes<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray2<f32>>>> {
        self.inner.capabilities().kept.map(|kept| array(py, kept.codes)).transpose()
    }

    /// Encodes rows.
    fn encode<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, rows::Rows>,
        threads: usize,
        listener: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let rows = rows.get();
        let codes = call(py, self.inner.seed, threads, listener, |run| {
            let observations = rows.read(Some(&self.inner.preparation), run)?;
            self.inner.encode(&observations, run)
        })?;
        array(py, &codes.values)
    }

    /// Rows of codes, as they would have been observed: cells `[n, d]`, and the offsets and scales of the columns, which make values of them in 64 bits: cell × scale + offset.
    fn decode<'py>(
        &self,
        py: Python<'py>,
        codes: PyReadonlyArray2<'py, f32>,
        threads: usize,
        listener: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyArray2<f32>>, Vec<f64>, Vec<f64>)> {
        let codes = matrix(&codes)?;
        let observed =
            call(py, self.inner.seed, threads, listener, |run| self.inner.preparation.restore(&self.inner.decode(&codes, run)?))?;
        match observed.values {
            Values::Table(table) if table.categories.is_empty() => {
                let [offsets, scales] = [table.affine.offsets(), table.affine.scales()].map(<[f64]>::to_vec);
                Ok((array(py, &table.numbers)?, offsets, scales))
            }
            Values::Images(images) => {
                let pixels: Vec<f32> = images.pixels.iter().map(|&pixel| f32::from(pixel)).collect();
                let numbers = Matrix::new(codes.rows(), images.shape.len(), pixels).map_err(exception)?;
                Ok((array(py, &numbers)?, Vec::new(), Vec::new()))
            }
            other => {
                let error = Error::input("space", format!("its rows are {} with categories", other.kind()), "arrays hold numbers alone");
                Err(exception(error.with_hint("`latent decode` writes them as a table")))
            }
        }
    }
}
