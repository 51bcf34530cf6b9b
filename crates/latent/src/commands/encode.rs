//! `latent encode`: observations to codes.

use clap::{Arg, ArgMatches, Command};
use latentspace::Result;
use latentspace::data::read;
use serde_json::json;

use crate::context::Context;
use crate::output::{self, count};
use crate::{inputs, outputs};

pub(crate) fn command() -> Command {
    Command::new("encode")
        .about("Encode rows: compute their coordinates in a space")
        .arg(inputs::file_arg("space").value_name("SPACE").required(true).help("A space that `latent fit` wrote"))
        .arg(inputs::data_arg())
        .arg(output_arg("CODES", "Codes to write: .npy, .parquet, .csv, or - for csv on standard output"))
        .args(inputs::file_args(&[]))
}

/// `-o`.
pub(crate) fn output_arg(name: &'static str, help: &'static str) -> Arg {
    inputs::file_arg("output").short('o').long("output").value_name(name).required(true).help(help)
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let output = &inputs::path(matches, "output")?;
    outputs::check("--output", output, outputs::CODES, context)?;
    let space = inputs::space(&inputs::path(matches, "space")?)?;
    let mut options = inputs::read_options(matches)?;
    options.preparation = Some(space.preparation.clone());
    let data = read::open(inputs::path(matches, "data")?, &options)?;
    data.tell(&context.run);
    let codes = space.encode_source(&data, &context.run)?;
    context.run.check()?;
    context.screen.clear();
    outputs::codes(output, &codes)?;
    if context.json {
        return context
            .print(&json!({"rows": codes.values.rows(), "n_components": codes.values.cols(), "codes": output.display().to_string()}));
    }
    if !outputs::is_standard(output) {
        output::text(&format!("{}: {} rows, {} dimensions", output.display(), count(codes.values.rows() as u64), codes.values.cols()))?;
    }
    Ok(())
}
