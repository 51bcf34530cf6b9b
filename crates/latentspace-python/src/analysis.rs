//! Analyses of rows and codes without a fit: intrinsic dimension, comparison, stability, neighbors.

use std::collections::BTreeMap;

use latentspace::data::{Metadata, Preparation};
use latentspace::dimension::{DimensionOptions, dimension as estimate};
use latentspace::measure::{self, CompareOptions, Sample};
use latentspace::neighbors::{Metric, query};
use latentspace::{Error, Result};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::json;

use crate::calls::call;
use crate::errors::exception;
use crate::rows::Rows;
use crate::space::{matrix, method};

/// The intrinsic dimension of rows, as JSON.
#[pyfunction]
pub(crate) fn dimension(
    py: Python<'_>,
    rows: &Bound<'_, Rows>,
    n_neighbors: Option<usize>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let rows = rows.get();
    call(py, seed, threads, listener, |run| {
        let (_, prepared) = Preparation::choose_and_prepare(&rows.read(None, run)?, &rows.options(), run)?;
        let found = estimate(prepared.table()?.view(), &DimensionOptions { n_neighbors }, run)?;
        Ok(json!(found).to_string())
    })
}

/// The similarity of two sets of codes of the same rows, as JSON.
#[pyfunction]
pub(crate) fn compare(
    py: Python<'_>,
    first: PyReadonlyArray2<'_, f32>,
    second: PyReadonlyArray2<'_, f32>,
    k: usize,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (first, second) = (matrix(&first)?, matrix(&second)?);
    call(py, seed, threads, listener, |run| {
        let options = CompareOptions { k, sample: Sample::Auto, every_row: false };
        let found = measure::compare(first.view(), second.view(), &options, run)?;
        Ok(named(found.named()))
    })
}

/// The stability of a map across seeds and resamples, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn stability(
    py: Python<'_>,
    name: &str,
    params: &Bound<'_, PyDict>,
    rows: &Bound<'_, Rows>,
    runs: usize,
    k: usize,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (method, rows) = (method(name, params)?, rows.get());
    call(py, seed, threads, listener, |run| {
        let observations = rows.read(None, run)?;
        let (_, prepared) = Preparation::choose_and_prepare(&observations, &rows.options(), run)?;
        let metadata = Metadata::none(prepared.rows());
        Ok(named(latent::stability(method.as_ref(), &prepared, &metadata, runs, k, run)?.named().to_vec()))
    })
}

/// Measures by name, as JSON.
fn named(figures: Vec<(&'static str, measure::Measure)>) -> String {
    json!(figures.into_iter().collect::<BTreeMap<_, _>>()).to_string()
}

/// The nearest rows of each query, and their distances: `[m, k]` each.
#[pyfunction]
#[allow(clippy::type_complexity, reason = "two arrays")]
pub(crate) fn neighbors<'py>(
    py: Python<'py>,
    codes: PyReadonlyArray2<'py, f32>,
    queries: PyReadonlyArray2<'py, f32>,
    k: usize,
    metric: &str,
    threads: usize,
    listener: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyArray2<i64>>, Bound<'py, PyArray2<f32>>)> {
    let metric = metric_of(metric).map_err(exception)?;
    let (codes, queries) = (matrix(&codes)?, matrix(&queries)?);
    let found = call(py, 0, threads, listener, |run| query(codes.view(), queries.view(), k, metric, run))?;
    let shape = [queries.rows(), found.k];
    let indices = PyArray1::from_iter(py, found.indices.into_iter().map(i64::from)).reshape(shape)?;
    Ok((indices, PyArray1::from_vec(py, found.distances).reshape(shape)?))
}

fn metric_of(name: &str) -> Result<Metric> {
    serde_json::from_value(json!(name)).map_err(|error| Error::param("metric", format!("'{name}'"), error.to_string()))
}
