//! Rounds of a distributed fit, exchanged as the bytes of the files of `latent fit --partial` and `latent merge`.

use std::path::PathBuf;

use latentspace::data::{DataKind, ReadOptions, read};
use latentspace::fold::Step;
use latentspace::learn::shares::{self, Origin, Round, Statistics};
use latentspace::{Error, border};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::calls::call;
use crate::errors::exception;
use crate::rows::{prepare_options, read_options};
use crate::space::{Space, method};

/// Round 0 of a fit on files, as bytes.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "as many as the command line takes")]
pub(crate) fn round_zero<'py>(
    py: Python<'py>,
    name: &str,
    params: &Bound<'py, PyDict>,
    data: String,
    read: Option<&str>,
    prepare: Option<&str>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let method = method(name, params)?;
    let options = prepare_options(prepare).map_err(exception)?;
    let origin = Origin { data, read: read_options(read).map_err(exception)? };
    let bytes = call(py, seed, threads, listener, |run| {
        let source = origin.open()?;
        // The vocabulary of text is learned from all documents, before the shares.
        let begin = if source.kind() == DataKind::Text { Round::first } else { Round::zero };
        begin(method.as_ref(), origin, &source, &options, run)?.to_bytes()
    })?;
    Ok(PyBytes::new(py, &bytes))
}

/// The statistics of share `share` of `shares`, from 0, as bytes.
#[pyfunction]
pub(crate) fn share_of_round<'py>(
    py: Python<'py>,
    round: &[u8],
    share: usize,
    shares: usize,
    threads: usize,
    listener: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let round = Round::from_bytes(round, "round".as_ref()).map_err(exception)?;
    if share >= shares {
        return Err(exception(Error::param("share", share, format!("of {shares} shares it is at most {}", shares.saturating_sub(1)))));
    }
    let bytes = call(py, 0, threads, listener, |run| round.work(&round.open(&round.fit.origin)?, share, shares, run)?.to_bytes())?;
    Ok(PyBytes::new(py, &bytes))
}

/// Merges the statistics of some shares into those of one, as bytes.
#[pyfunction]
pub(crate) fn combine_shares<'py>(
    py: Python<'py>,
    statistics: Vec<Vec<u8>>,
    threads: usize,
    listener: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = call(py, 0, threads, listener, |run| shares::combine(&named(&statistics)?, run)?.to_bytes())?;
    Ok(PyBytes::new(py, &bytes))
}

/// Statistics, each with its name in errors.
fn named(statistics: &[Vec<u8>]) -> latentspace::Result<Vec<(PathBuf, Statistics)>> {
    let each = statistics.iter().enumerate().map(|(at, bytes)| {
        let name = PathBuf::from(format!("statistics {at}"));
        Statistics::from_bytes(bytes, &name).map(|statistics| (name, statistics))
    });
    each.collect()
}

/// Merges the statistics of all shares into the measured space or the next round.
#[pyfunction]
pub(crate) fn merge_shares<'py>(
    py: Python<'py>,
    statistics: Vec<Vec<u8>>,
    threads: usize,
    listener: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Option<Space>, Option<Bound<'py, PyBytes>>)> {
    let step = call(py, 0, threads, listener, |run| {
        let statistics = named(&statistics)?;
        Ok(match shares::merge(&statistics, run)? {
            Step::Again(round) => Err(round.to_bytes()?),
            Step::Done(mut space) => {
                if let Some((_, first)) = statistics.first() {
                    first.round.measure(&mut space, run)?;
                }
                Ok(space)
            }
        })
    })?;
    Ok(match step {
        Ok(space) => (Some(Space::from(space)), None),
        Err(round) => (None, Some(PyBytes::new(py, &round))),
    })
}

/// Encodes a file, block by block, into a file of codes; returns the number of its rows.
#[pyfunction]
pub(crate) fn encode_file(
    py: Python<'_>,
    space: &Bound<'_, Space>,
    data: String,
    out: PathBuf,
    read: Option<&str>,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
) -> PyResult<usize> {
    let space = &space.get().inner;
    let given = read_options(read).map_err(exception)?;
    call(py, 0, threads, listener, |run| {
        let options = ReadOptions { preparation: Some(space.preparation.clone()), ..given };
        border::check_output(&out)?;
        if read::files(&data)?.iter().any(|file| border::same_file(file, &out)) {
            return Err(Error::input(&out, "it names a file that is read", "inputs are never overwritten"));
        }
        let codes = space.encode_source(&read::open(&data, &options)?, run)?;
        codes.save(&out)?;
        Ok(codes.values.rows())
    })
}
