//! The explorer for Python.

use std::sync::Arc;

use latent::{Show, Subject};
use latentspace::arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
use latentspace::data::Metadata;
use latentspace::{Error, Run};
use numpy::{PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors::exception;
use crate::rows::Rows;
use crate::space::{Space, matrix, parameters};

/// A page, served until it is closed.
#[pyclass(frozen, module = "latentspace._native")]
pub(crate) struct Explorer(latent::Explorer);

/// A metadata column: integers, numbers (NaN: missing), or texts (None: missing).
pub(crate) fn column(name: &str, cells: &Bound<'_, PyAny>) -> PyResult<ArrayRef> {
    if let Ok(cells) = cells.extract::<PyReadonlyArray1<'_, i64>>() {
        return Ok(Arc::new(Int64Array::from_iter_values(cells.as_slice()?.iter().copied())));
    }
    if let Ok(cells) = cells.extract::<PyReadonlyArray1<'_, f64>>() {
        let cells = cells.as_slice()?.iter().map(|&cell| Some(cell).filter(|cell| !cell.is_nan()));
        return Ok(Arc::new(cells.collect::<Float64Array>()));
    }
    let wrong = |_| exception(Error::param("labels", name, "a column must hold numbers or texts"));
    let cells: Vec<Option<String>> = cells.extract().map_err(wrong)?;
    Ok(Arc::new(cells.into_iter().collect::<StringArray>()))
}

/// Metadata columns of so many rows.
pub(crate) fn columns(labels: Vec<(String, Bound<'_, PyAny>)>, rows: usize) -> PyResult<Metadata> {
    let mut all = Vec::with_capacity(labels.len());
    for (name, cells) in labels {
        let cells = column(&name, &cells)?;
        if cells.len() != rows {
            return Err(exception(Error::param("labels", format!("{} cells of '{name}'", cells.len()), format!("there are {rows} rows"))));
        }
        all.push((name, cells));
    }
    Metadata::from_columns(all, rows).map_err(exception)
}

#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
fn start(
    py: Python<'_>,
    subject: Subject,
    method: Option<String>,
    params: &Bound<'_, PyDict>,
    port: u16,
    seed: u64,
    threads: usize,
) -> PyResult<Explorer> {
    let show = Show { subject, method, params: parameters(params)?, port };
    py.detach(|| latent::Explorer::start(show, seed, threads)).map(Explorer).map_err(exception)
}

#[pymethods]
impl Explorer {
    /// Serves the page of these rows, with metadata columns and, if given, their codes.
    #[new]
    #[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
    fn new(
        py: Python<'_>,
        rows: &Bound<'_, Rows>,
        labels: Vec<(String, Bound<'_, PyAny>)>,
        scale: Option<&str>,
        codes: Option<PyReadonlyArray2<'_, f32>>,
        method: Option<String>,
        params: &Bound<'_, PyDict>,
        port: u16,
        seed: u64,
        threads: usize,
    ) -> PyResult<Self> {
        let mut observations = rows.get().read(None, &Run::new(seed, threads).map_err(exception)?).map_err(exception)?;
        if !labels.is_empty() {
            let given = columns(labels, observations.rows())?;
            observations.metadata = observations.metadata.join(&given).map_err(exception)?;
        }
        let codes = codes.map(|codes| matrix(&codes)).transpose()?;
        let prepare = rows.get().options_to_explore(scale).map_err(exception)?;
        start(py, Subject::Observations(Box::new(observations), codes, prepare), method, params, port, seed, threads)
    }

    /// Serves the page of the fitted rows of a space.
    #[staticmethod]
    #[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
    fn of_space(
        py: Python<'_>,
        space: &Bound<'_, Space>,
        method: Option<String>,
        params: &Bound<'_, PyDict>,
        port: u16,
        seed: u64,
        threads: usize,
    ) -> PyResult<Self> {
        let bytes = space.get().bytes().map_err(exception)?;
        let space = latentspace::Space::from_bytes(&bytes, "space".as_ref()).map_err(exception)?;
        start(py, Subject::Space(Box::new(space)), method, params, port, seed, threads)
    }

    /// Serves the page of a file of data or a space.
    #[staticmethod]
    #[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
    fn of_file(
        py: Python<'_>,
        name: String,
        method: Option<String>,
        params: &Bound<'_, PyDict>,
        port: u16,
        seed: u64,
        threads: usize,
    ) -> PyResult<Self> {
        start(py, Subject::File(name), method, params, port, seed, threads)
    }

    /// The URL of the page.
    #[getter]
    fn url(&self) -> &str {
        self.0.url()
    }

    /// The state of the page, as JSON.
    fn state(&self) -> String {
        self.0.state().to_string()
    }

    /// The selected rows.
    fn selection<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        PyArray1::from_iter(py, self.0.selection().0.into_iter().map(i64::from))
    }

    /// The version of the selection, which increases with each change.
    fn version(&self) -> u64 {
        self.0.selection().1
    }

    /// Selects rows, on all pages.
    fn select(&self, rows: Vec<u32>) -> PyResult<()> {
        self.0.select(rows).map_err(exception)
    }

    /// What the page shows, as JSON.
    fn view(&self) -> String {
        self.0.view().to_string()
    }

    /// The version of the view, which increases with each change.
    fn view_version(&self) -> u64 {
        self.0.view_version()
    }

    /// Shows another address or other sets.
    fn set_view(&self, place: Option<String>, sets: Option<std::collections::BTreeMap<String, Vec<u32>>>) -> PyResult<()> {
        self.0.set_view(place, sets).map_err(exception)
    }

    /// The map as PNG.
    fn picture<'py>(&self, py: Python<'py>) -> Option<Bound<'py, pyo3::types::PyBytes>> {
        Some(pyo3::types::PyBytes::new(py, &self.0.picture()?))
    }

    /// Whether the page is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Stops the server.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }
}
