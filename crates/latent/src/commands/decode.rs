//! `latent decode`: codes to observations, in the original units.

use clap::{ArgMatches, Command};
use latentspace::{Codes, Error, Result};
use serde_json::json;

use crate::commands::encode::output_arg;
use crate::context::Context;
use crate::output::{self, count};
use crate::{inputs, outputs};

pub(crate) fn command() -> Command {
    Command::new("decode")
        .about("Decode coordinates into data, in the original units")
        .arg(
            inputs::file_arg("space")
                .value_name("SPACE")
                .required(true)
                .help("A space that decodes (`latent methods` lists which methods do)"),
        )
        .arg(inputs::file_arg("input").value_name("CODES").required(true).help("Coordinates: .npy, .parquet or .csv; - is standard input"))
        .arg(output_arg("DATA", "Data to write: .npy, .parquet, .csv, or - for csv on standard output"))
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let output = &inputs::path(matches, "output")?;
    outputs::check("--output", output, outputs::OBSERVATIONS, context)?;
    let space = inputs::space(&inputs::path(matches, "space")?)?;
    if !space.method.decodes {
        let found = format!("{} does not decode", space.method.title);
        return Err(Error::input(inputs::path(matches, "space")?, found, "`latent methods` lists which methods do"));
    }
    let codes = Codes::open(&inputs::path(matches, "input")?, &Default::default(), &context.run)?;
    let rows = space.decode(&codes.absolute()?, &context.run)?;
    let mut observations = space.preparation.restore(&rows)?;
    observations.metadata = codes.metadata;
    context.run.check()?;
    context.screen.clear();
    outputs::observations(output, &observations)?;
    if context.json {
        return context
            .print(&json!({"rows": observations.rows(), "columns": observations.columns(), "data": output.display().to_string()}));
    }
    if !outputs::is_standard(output) {
        output::text(&format!(
            "{}: {} rows, {} columns",
            output.display(),
            count(observations.rows() as u64),
            count(observations.columns() as u64)
        ))?;
    }
    Ok(())
}
