//! `latent export`: codes and axes for other tools.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use latentspace::{Codes, Error, Result};

use crate::commands::encode::output_arg;
use crate::context::Context;
use crate::export::{EXPORT_FORMATS, Export, Exportable, Part};
use crate::{inputs, output, outputs};

pub(crate) fn command() -> Command {
    Command::new("export")
        .about("Export codes or axes for other tools")
        .arg(inputs::file_arg("input").value_name("SPACE_OR_CODES").required(true).help("Codes, or a space that keeps those of its rows"))
        .arg(
            Arg::new("to")
                .long("to")
                .value_name("FORMAT")
                .required(true)
                .hide_possible_values(true)
                .value_parser(PossibleValuesParser::new(EXPORT_FORMATS))
                .help(
                    "Format: parquet, npy, csv, svmlight (libsvm), word2vec or glove (text), projector (a folder: vectors.tsv, metadata.tsv); for axes over words, pyldavis \
                     (input of its prepare, .json) or html (the explorer's page in one file: of axes over words, or of a map)",
                ),
        )
        .arg(
            Arg::new("part")
                .long("part")
                .value_name("PART")
                .hide_possible_values(true)
                .value_parser(PossibleValuesParser::new(Part::NAMES))
                .help("codes, the coordinates of the rows, or axes, the weights of the columns in each dimension: dimensions by columns [default: codes]"),
        )
        .arg(output_arg("PATH", "File or folder to write"))
        .args(inputs::file_args(inputs::OF_CODES))
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let path = inputs::path(matches, "output")?;
    if context.json {
        outputs::check_file("--output", &path, "with --json the result")?;
    }
    let part = matches.get_one::<String>("part").map_or(Ok(Part::Codes), |part| Part::of_name(part))?;
    let export = Export { to: inputs::text(matches, "to")?, part, path: &path };
    export.check().map_err(with_flag)?;
    let name = inputs::path(matches, "input")?;
    let from = match inputs::is_space(&name) {
        true => Exportable::Space(Box::new(inputs::space(&name)?)),
        false => Exportable::Codes(Codes::open(&name, &inputs::file_options(matches, inputs::OF_CODES)?, &context.run)?),
    };
    context.screen.clear();
    let written = export.write(from, &name, &context.run).map_err(with_flag)?;
    if outputs::is_standard(&path) {
        return Ok(());
    }
    if context.json {
        return context.print(&written);
    }
    output::text(&written.files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("\n"))
}

/// An error about a parameter, which here has a flag.
fn with_flag(error: Error) -> Error {
    match error {
        Error::Param(mut param) if !param.name.starts_with('-') => {
            param.name = if param.name == "path" { "--output".to_owned() } else { format!("--{}", param.name) };
            Error::Param(param)
        }
        other => other,
    }
}
