//! Analyses of rows and codes, and fits of files: one function for each command.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use latent::{Export, Exportable, Part};
use latentspace::checkpoint::Checkpoint;
use latentspace::compare::{ComparisonOptions, Embedding, compare as compare_embeddings};
use latentspace::data::{self, Metadata, Precomputed, Preparation, Summary};
use latentspace::dimension::{DimensionOptions, dimension as estimate};
use latentspace::explain;
use latentspace::learn::{self, FitOptions};
use latentspace::linalg::Matrix;
use latentspace::measure::{self, MeasureOptions, Sample};
use latentspace::neighbors::{Metric, query};
use latentspace::run::memory_size;
use latentspace::scores::WordAxes;
use latentspace::{Codes, Error, Result, Run, registry};
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::json;

use crate::calls::call;
use crate::data::Data;
use crate::errors::exception;
use crate::explorer::columns;
use crate::space::{Space, given, matrix, method};

/// Minimum time between two checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

/// The run with a memory limit: a size such as `4G`.
///
/// # Errors
/// [`Error::Param`] if it is no size.
pub(crate) fn limited(run: &Run, max_memory: Option<&str>) -> Result<Run> {
    let bytes = max_memory.map(|text| {
        memory_size(text).ok_or_else(|| Error::param("max_memory", format!("'{text}'"), "it is bytes, or a size such as '800M' or '4G'"))
    });
    Ok(run.clone().with_max_memory(bytes.transpose()?))
}

/// The run with a checkpoint next to a space file, from which it continues if `resume` is set.
///
/// # Errors
/// [`Error::Input`] if the file is no checkpoint.
pub(crate) fn kept(run: Run, space: Option<&PathBuf>, resume: bool) -> Result<(Run, Option<Arc<Checkpoint>>)> {
    let Some(space) = space else { return Ok((run, None)) };
    let checkpoint = Arc::new(Checkpoint::beside(space, CHECKPOINT_EVERY, resume)?);
    Ok((run.with_checkpoint(checkpoint.clone()), Some(checkpoint)))
}

/// The summary of data, as JSON.
#[pyfunction]
pub(crate) fn describe(py: Python<'_>, data: &Bound<'_, Data>, threads: usize, listener: Option<&Bound<'_, PyAny>>) -> PyResult<String> {
    let data = data.get();
    call(py, 0, threads, listener, |run| {
        let summary = Summary::of_source(&data.source(None, false, run)?, data.options(), run)?;
        Ok(json!(summary).to_string())
    })
}

/// A selection of rows: a file, or entries that are numbers or ids.
#[derive(FromPyObject)]
pub(crate) enum Selected {
    #[pyo3(transparent)]
    File(PathBuf),
    #[pyo3(transparent)]
    Entries((Vec<String>, bool)),
}

impl Selected {
    fn rows(&self, name: &str, metadata: &Metadata, run: &Run) -> Result<Vec<u32>> {
        match self {
            Selected::File(path) => data::read_rows(path, metadata, run),
            Selected::Entries((entries, are_numbers)) => data::rows_of(Path::new(name), entries, *are_numbers, metadata),
        }
    }
}

/// What sets rows apart, as JSON: rows of data, of those of a space, or of those that it keeps.
#[pyfunction]
pub(crate) fn explain_rows(
    py: Python<'_>,
    space: Option<&Bound<'_, Space>>,
    data: Option<&Bound<'_, Data>>,
    rows: Selected,
    other_rows: Option<Selected>,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (space, data) = (space.map(Bound::get), data.map(Bound::get));
    call(py, 0, threads, listener, |run| {
        let preparation = space.map(|space| &space.inner.preparation);
        let source = data.map(|data| data.source(preparation, false, run)).transpose()?;
        let observations = source.map(|source| source.read(run)).transpose()?;
        let metadata = match (&observations, space) {
            (Some(observations), _) => observations.metadata.clone(),
            (None, Some(space)) => explain::kept_rows(&space.inner)?.metadata(),
            (None, None) => return Err(Error::internal("rows of nothing")),
        };
        let selected = rows.rows("rows", &metadata, run)?;
        let others = other_rows.as_ref().map(|others| others.rows("other_rows", &metadata, run)).transpose()?;
        let found = match (space, &observations) {
            (Some(space), _) => explain::explain_rows_of(&space.inner, observations.as_ref(), &selected, others.as_deref(), run)?,
            (None, Some(observations)) => explain::explain_rows(observations, &selected, others.as_deref(), run)?,
            (None, None) => return Err(Error::internal("rows of nothing")),
        };
        Ok(json!(found).to_string())
    })
}

/// The plan of a fit, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn plan(
    py: Python<'_>,
    name: &str,
    params: &Bound<'_, PyDict>,
    data: &Bound<'_, Data>,
    measures: bool,
    max_memory: Option<&str>,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (method, data) = (method(name, params)?, data.get());
    call(py, 0, threads, listener, |run| {
        let run = &limited(run, max_memory)?;
        let source = data.source(None, method.info().wants_text(), run)?;
        Ok(json!(learn::plan(method.as_ref(), &source, data.options(), measures, run)?).to_string())
    })
}

/// Learns a space from data, in memory or streamed, and writes it if `output` is given, with a checkpoint beside it: the space, and the report as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn fit_data(
    py: Python<'_>,
    name: &str,
    params: &Bound<'_, PyDict>,
    data: &Bound<'_, Data>,
    output: Option<PathBuf>,
    resume: bool,
    measures: bool,
    max_memory: Option<&str>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Space, String)> {
    let (method, data) = (method(name, params)?, data.get());
    call(py, seed, threads, listener, |run| {
        let (run, checkpoint) = kept(limited(run, max_memory)?, output.as_ref(), resume)?;
        let source = data.source(None, method.info().wants_text(), &run)?;
        let none = |_: &Metadata| Ok(Precomputed::default());
        let options = FitOptions { prepare: data.options().clone(), given: &none, measures, codes: false };
        let learned = learn::fit(method.as_ref(), &source, &options, &run)?;
        run.check()?;
        if let Some(output) = &output {
            learned.space.save(output)?;
        }
        if let Some(checkpoint) = checkpoint {
            checkpoint.remove();
        }
        let report = json!(learned.report(&run)).to_string();
        Ok((Space::from(learned.space), report))
    })
}

/// Training and held-out scores for several numbers of dimensions, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn sweep(
    py: Python<'_>,
    name: &str,
    params: &Bound<'_, PyDict>,
    dims: Vec<u32>,
    data: &Bound<'_, Data>,
    max_memory: Option<&str>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let entry = registry::find(name).map_err(exception)?;
    let (given, data) = (given(entry, params)?, data.get());
    call(py, seed, threads, listener, |run| {
        let run = &limited(run, max_memory)?;
        let source = data.source(None, entry.info.wants_text(), run)?;
        Ok(json!(learn::sweep(entry, &given, &dims, &source, data.options(), run)?).to_string())
    })
}

/// The stability of a method across seeds and resamples, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn stability(
    py: Python<'_>,
    name: &str,
    params: &Bound<'_, PyDict>,
    data: &Bound<'_, Data>,
    runs: usize,
    k: Option<usize>,
    max_memory: Option<&str>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (method, data) = (method(name, params)?, data.get());
    call(py, seed, threads, listener, |run| {
        let run = &limited(run, max_memory)?;
        let source = data.source(None, method.info().wants_text(), run)?;
        let (found, _) = learn::stability(method.as_ref(), &source, data.options(), runs, k, run)?;
        let mut all = json!(found);
        all["sentences"] = json!(found.sentences());
        Ok(all.to_string())
    })
}

/// Loadings with bootstrap intervals, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn loading_intervals(
    py: Python<'_>,
    name: &str,
    params: &Bound<'_, PyDict>,
    data: &Bound<'_, Data>,
    resamples: usize,
    max_memory: Option<&str>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (method, data) = (method(name, params)?, data.get());
    call(py, seed, threads, listener, |run| {
        let run = &limited(run, max_memory)?;
        let source = data.source(None, method.info().wants_text(), run)?;
        Ok(json!(learn::loadings::loading_intervals(method.as_ref(), &source, data.options(), resamples, run)?).to_string())
    })
}

/// Contributions and squared cosines of rows, and of columns by these rows: `[n, k]` and `[d, k]` each, row by row.
#[pyfunction]
pub(crate) fn contributions<'py>(
    py: Python<'py>,
    space: &Bound<'py, Space>,
    data: &Bound<'py, Data>,
    threads: usize,
    listener: Option<&Bound<'py, PyAny>>,
) -> PyResult<[Bound<'py, PyArray1<f64>>; 4]> {
    let (space, data) = (space.get(), data.get());
    let found = call(py, space.inner.seed, threads, listener, |run| {
        let observations = data.source(Some(&space.inner.preparation), false, run)?.read(run)?;
        explain::contributions(&space.inner, &observations, run)
    })?;
    let (rows, columns) = (found.rows, found.columns);
    Ok([rows.contributions, rows.cos2, columns.contributions, columns.cos2].map(|cells| PyArray1::from_vec(py, cells)))
}

/// The intrinsic dimension of rows, as JSON.
#[pyfunction]
pub(crate) fn dimension(
    py: Python<'_>,
    data: &Bound<'_, Data>,
    n_neighbors: Option<usize>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let data = data.get();
    call(py, seed, threads, listener, |run| {
        let observations = data.source(None, false, run)?.read(run)?;
        let (_, prepared) = Preparation::choose_and_prepare(&observations, data.options(), run)?;
        let found = estimate(prepared.table()?.view(), &DimensionOptions { n_neighbors }, run)?;
        let mut all = json!(found);
        all["sentences"] = json!(latentspace::dimension::sentences(&found));
        Ok(all.to_string())
    })
}

/// One side of a comparison: codes, or a space.
fn embedding<'a>(name: &'a str, codes: Option<Matrix>, space: Option<&'a latentspace::Space>) -> Embedding<'a> {
    let codes = match (codes, space.and_then(|space| space.capabilities().kept)) {
        (Some(codes), _) => Ok(Codes::new(codes.clone(), Metadata::none(codes.rows()))),
        (None, Some(kept)) => Ok(Codes::new(kept.codes.clone(), kept.metadata())),
        (None, None) => Err(Error::input(name, "this space keeps no rows", "codes are needed")
            .with_hint("transform(X) or encode(X) computes the codes of rows")),
    };
    Embedding { name, codes, space }
}

/// The similarity of two sets of codes of the same rows, or of two spaces, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn compare(
    py: Python<'_>,
    first: (Option<PyReadonlyArray2<'_, f32>>, Option<Bound<'_, Space>>),
    second: (Option<PyReadonlyArray2<'_, f32>>, Option<Bound<'_, Space>>),
    k: Option<usize>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let codes = |given: &Option<PyReadonlyArray2<'_, f32>>| given.as_ref().map(matrix).transpose();
    let (a, b) = (codes(&first.0)?, codes(&second.0)?);
    let (space_a, space_b) = (first.1.as_ref().map(Bound::get), second.1.as_ref().map(Bound::get));
    call(py, seed, threads, listener, |run| {
        let options = ComparisonOptions { k, ..ComparisonOptions::default() };
        let (a, b) = (embedding("first", a, space_a.map(|space| &space.inner)), embedding("second", b, space_b.map(|space| &space.inner)));
        let found = compare_embeddings(a, b, &options, run)?;
        let mut all = json!(found);
        all["sentences"] = json!(found.sentences());
        Ok(all.to_string())
    })
}

/// The measures of codes against the rows that they were made from, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn measure_codes(
    py: Python<'_>,
    codes: PyReadonlyArray2<'_, f32>,
    data: &Bound<'_, Data>,
    k: Option<usize>,
    sample: Option<usize>,
    metric: &str,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (codes, data, metric) = (matrix(&codes)?, data.get(), metric_of(metric).map_err(exception)?);
    call(py, seed, threads, listener, |run| {
        let observations = data.source(None, false, run)?.read(run)?;
        let (_, prepared) = Preparation::choose_and_prepare(&observations, data.options(), run)?;
        let k = k.unwrap_or_else(|| MeasureOptions::default().k.min(codes.rows().saturating_sub(1) / 2));
        let sample = match sample {
            None => Sample::Auto,
            Some(0) => Sample::All,
            Some(rows) => Sample::Rows(rows),
        };
        let found = measure::measure(codes.view(), prepared.table()?.view(), &MeasureOptions { k, sample, metric }, run)?;
        let mut all = json!(found);
        all["sentences"] = json!(measure::sentences(&found, codes.rows(), codes.cols()));
        Ok(all.to_string())
    })
}

/// The scores of a space's axes over words against documents, as JSON.
#[pyfunction]
pub(crate) fn measure_axes(
    py: Python<'_>,
    space: &Bound<'_, Space>,
    data: &Bound<'_, Data>,
    particles: Option<usize>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let (space, data) = (space.get(), data.get());
    call(py, seed, threads, listener, |run| {
        let copy = latentspace::Space::from_bytes(&space.bytes()?, "space".as_ref())?;
        let axes = WordAxes::of_space(copy)?;
        let axes =
            axes.ok_or_else(|| Error::input("space", "it has no axes over words", "`latent methods` lists the methods whose spaces have"))?;
        let documents = data.source(axes.preparation(), true, run)?.read(run)?;
        Ok(json!(axes.score(&documents, data.options().text.tokens, particles, run)?).to_string())
    })
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

/// Writes codes, with metadata columns, or a part of a space, for other tools: what was written, as JSON.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "each has its name in Python")]
pub(crate) fn export(
    py: Python<'_>,
    codes: Option<PyReadonlyArray2<'_, f32>>,
    labels: Vec<(String, Bound<'_, PyAny>)>,
    space: Option<&Bound<'_, Space>>,
    path: PathBuf,
    to: &str,
    part: &str,
    threads: usize,
) -> PyResult<String> {
    let codes = codes.as_ref().map(matrix).transpose()?;
    let labels = codes.as_ref().map(|codes| columns(labels, codes.rows())).transpose()?;
    let space = space.map(Bound::get);
    call(py, 0, threads, None, |run| {
        let export = Export { to, part: Part::of_name(part)?, path: &path };
        let (from, name) = match (codes, space) {
            (Some(codes), _) => {
                let metadata = labels.unwrap_or_else(|| Metadata::none(codes.rows()));
                (Exportable::Codes(Codes::new(codes, metadata)), "the array")
            }
            (None, Some(space)) => {
                let copy = latentspace::Space::from_bytes(&space.bytes()?, Path::new("space"))?;
                (Exportable::Space(Box::new(copy)), "space")
            }
            (None, None) => return Err(Error::internal("neither codes nor a space")),
        };
        Ok(json!(export.write(from, Path::new(name), run)?).to_string())
    })
}

fn metric_of(name: &str) -> Result<Metric> {
    serde_json::from_value(json!(name)).map_err(|error| Error::param("metric", format!("'{name}'"), error.to_string()))
}
