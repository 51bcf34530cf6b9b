//! The native module of the Python package. It converts rows, learns and encodes on separate threads, and raises
//! errors as exceptions. The scikit-learn interface is Python code, generated from the descriptions of [`methods`].

mod analysis;
mod calls;
mod data;
mod errors;
mod explorer;
mod rows;
mod shares;
mod space;

use std::ffi::OsString;

use latentspace::data::PrepareOptions;
use latentspace::method::{Entry, Shape, Takes};
use latentspace::params::{Kind, Parameter};
use latentspace::registry;
use latentspace::text::TextOptions;
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

/// The descriptions of all methods with their parameters, as JSON.
#[pyfunction]
fn methods() -> String {
    let all = registry::METHODS.iter().map(|entry| {
        let info = entry.info;
        json!({
            "name": info.name,
            "class": info.class,
            "title": info.title,
            "family": info.family,
            "summary": info.summary,
            "takes": info.takes,
            "sparse": info.takes.contains(&Takes::Counts),
            "signs": info.signs,
            "oriented": info.oriented,
            "given": info.given,
            "can": info.can,
            "encodes": info.encodes,
            "decodes": info.decodes,
            "folds": info.folds,
            "parts": in_parts(entry),
            "likelihood": info.likelihood,
            "attributes": info.attributes,
            "peer": info.peer,
            "references": info.references,
            "limits": info.limits,
            "parameters": entry.parameters().iter().map(parameter).collect::<Vec<_>>(),
        })
    });
    Value::Array(all.collect()).to_string()
}

/// Whether the method supports incremental learning.
fn in_parts(entry: &Entry) -> bool {
    entry.with(&Map::new()).is_ok_and(|method| method.once(Shape::new(1 << 20, 16)).is_some())
}

fn parameter(parameter: &Parameter) -> Value {
    let (kind, choices, min, max) = match &parameter.kind {
        Kind::Integer { min, max } => ("int", None, min.map(|v| v as f64), max.map(|v| v as f64)),
        Kind::Number { min, max, .. } => ("float", None, *min, *max),
        Kind::Flag => ("bool", None, None, None),
        Kind::Choice(words) => ("choice", Some(words), None, None),
        Kind::Text => ("str", None, None, None),
        Kind::List => ("str | list[str]", None, None, None),
        Kind::CountOrShare { .. } => ("int | float", None, Some(0.0), None),
    };
    json!({
        "name": parameter.name,
        "doc": parameter.doc,
        "default": parameter.default,
        "unset": parameter.unset,
        "allowed": parameter.allowed(),
        "kind": kind,
        "choices": choices,
        "words": parameter.words,
        "min": min,
        "max": max,
        "role": parameter.role,
    })
}

/// The descriptions of the options of a preparation and of text, as JSON.
#[pyfunction]
fn options() -> String {
    let described = |options: Vec<Parameter>| options.iter().map(parameter).collect::<Vec<_>>();
    json!({ "preparation": described(PrepareOptions::parameters()), "text": described(TextOptions::parameters()) }).to_string()
}

/// Runs the command line, the program's name first, and returns its exit code.
#[pyfunction]
fn main(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| latent::main(args))
}

/// Whether the package was built with the explorer's page.
#[pyfunction]
fn has_page() -> bool {
    latent::has_page()
}

/// The native module of latentspace.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::analysis::{
        compare, contributions, describe, dimension, explain_rows, export, fit_data, loading_intervals, measure_axes, measure_codes,
        neighbors, plan, stability, sweep,
    };
    #[pymodule_export]
    use super::data::Data;
    #[pymodule_export]
    use super::errors::{InputError, ParamError};
    #[pymodule_export]
    use super::explorer::Explorer;
    #[pymodule_export]
    use super::rows::Rows;
    #[pymodule_export]
    use super::shares::{combine_shares, encode_file, merge_shares, round_zero, share_of_round};
    #[pymodule_export]
    use super::space::{Parts, Space, check, fit};
    #[pymodule_export]
    use super::{has_page, main, methods, options};
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
