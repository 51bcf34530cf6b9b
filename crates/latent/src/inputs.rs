//! What the commands read: data, spaces and codes, by their names or from standard input.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches};
use latentspace::data::ReadOptions;
use latentspace::data::{Missing, Observations, PrepareOptions, Scale, Values};
use latentspace::linalg::Matrix;
use latentspace::{Codes, Error, Result, Run, Space};
use serde::de::DeserializeOwned;
use serde_json::Value;

const HEADING: &str = "Options of the data";

/// DATA, and how it is read and prepared.
pub(crate) fn data_args() -> Vec<Arg> {
    let mut args = vec![data_arg()];
    args.extend(reading_args());
    args
}

/// DATA itself.
pub(crate) fn data_arg() -> Arg {
    Arg::new("data").value_name("DATA").required(true).help("A file, a folder of images, or a quoted pattern of names; - is standard input")
}

/// How data is read and prepared.
pub(crate) fn reading_args() -> Vec<Arg> {
    let args = [
        Arg::new("labels").long("labels").value_name("FILE[:COLUMN]").help("Labels and other metadata to join, row by row"),
        Arg::new("columns").long("columns").value_name("A,B").value_delimiter(',').help("The columns to learn from"),
        Arg::new("scale")
            .long("scale")
            .value_name("WORD")
            .hide_possible_values(true)
            .value_parser(PossibleValuesParser::new(["auto", "none", "standard", "robust", "unit"]))
            .help("How columns are scaled: none, standard, robust or unit [default: auto: standard where spreads differ tenfold]"),
        Arg::new("missing")
            .long("missing")
            .value_name("WORD")
            .hide_possible_values(true)
            .value_parser(PossibleValuesParser::new(["error", "mean", "median"]))
            .help("What becomes of missing cells: error, mean or median [default: mean in tables, else error]"),
    ];
    args.into_iter().map(|arg| arg.help_heading(HEADING)).collect()
}

fn word<T: DeserializeOwned>(matches: &ArgMatches, name: &str) -> Result<Option<T>> {
    let read = |word: &String| serde_json::from_value(Value::from(word.as_str())).map_err(|error| Error::internal(error.to_string()));
    matches.get_one::<String>(name).map(read).transpose()
}

/// The preparation that was asked for.
pub(crate) fn prepare_options(matches: &ArgMatches) -> Result<PrepareOptions> {
    Ok(PrepareOptions {
        scale: word::<Scale>(matches, "scale")?.unwrap_or_default(),
        missing: word::<Missing>(matches, "missing")?,
        ..PrepareOptions::default()
    })
}

/// The reading that was asked for.
pub(crate) fn read_options(matches: &ArgMatches) -> ReadOptions {
    ReadOptions { columns: matches.get_many::<String>("columns").map(|names| names.cloned().collect()), ..labels(matches) }
}

/// A text argument.
pub(crate) fn text<'a>(matches: &'a ArgMatches, name: &str) -> Result<&'a str> {
    matches.get_one::<String>(name).map(String::as_str).ok_or_else(|| Error::internal(format!("{name} is required")))
}

/// An argument that names a file.
pub(crate) fn path(matches: &ArgMatches, name: &str) -> Result<PathBuf> {
    text(matches, name).map(PathBuf::from)
}

/// Whether a name is that of a space.
pub(crate) fn is_space(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "latent")
}

/// Opens a space; a name without `.latent` that is not there may lack it.
pub(crate) fn space(path: &Path) -> Result<Space> {
    Space::open(path).map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            let missing = Error::input(path, "there is no such file", "SPACE is a file that `latent fit` wrote");
            let longer = path.with_extension("latent");
            if longer != path && longer.exists() { missing.with_hint(format!("did you mean '{}'?", longer.display())) } else { missing }
        }
        other => other,
    })
}

/// The numbers of a table as coordinates, with what was subtracted from each dimension.
pub(crate) fn coordinates(observations: &Observations) -> Result<(&Matrix, &[f64])> {
    match &observations.values {
        Values::Table(table) if table.categories.is_empty() => Ok((&table.numbers, &table.offsets)),
        other => {
            Err(Error::input(&observations.name, format!("{} are no codes", other.kind()), "a table of numbers is needed, a row each"))
        }
    }
}

/// Reads codes, from a file of codes or of a space that keeps those of its rows.
pub(crate) fn space_or_codes(name: &str, options: &ReadOptions, run: &Run) -> Result<Codes> {
    if !is_space(name) {
        return Codes::open(Path::new(name), options, run);
    }
    let space = space(Path::new(name))?;
    let Some(values) = space.model.fitted_codes() else {
        return Err(Error::input(name, "this space keeps no rows", "codes are needed")
            .with_hint(format!("`latent encode {name} DATA -o codes.npy` makes them")));
    };
    let metadata = space.metadata.clone().unwrap_or_else(|| latentspace::data::Metadata::none(values.rows()));
    Ok(Codes { values: values.clone(), metadata })
}

/// Only the labels of the reading that was asked for.
pub(crate) fn labels(matches: &ArgMatches) -> ReadOptions {
    let options = ReadOptions::default();
    match matches.get_one::<String>("labels") {
        Some(given) => options.with_labels(given),
        None => options,
    }
}
