//! `latent export`: codes and axes for other tools.

use std::path::Path;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use latentspace::{Codes, Error, Result};
use serde_json::json;

use crate::commands::encode::output_arg;
use crate::context::Context;
use crate::server::standing_alone;
use crate::study::axes::AxesRoom;
use crate::{inputs, output, outputs};

const FORMATS: [&str; 9] = ["parquet", "npy", "csv", "word2vec", "glove", "projector", "pyldavis", "html", "onnx"];

/// The parts of a space that are exported.
const CODES: &str = "codes";
const AXES: &str = "axes";

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
                .value_parser(PossibleValuesParser::new(FORMATS))
                .help(
                    "Format: parquet, npy, csv, word2vec or glove (text), projector (a folder: vectors.tsv, metadata.tsv); for axes over words, pyldavis \
                     (input of its prepare, .json) or html (the explorer's page of them in one file)",
                ),
        )
        .arg(
            Arg::new("part")
                .long("part")
                .value_name("PART")
                .hide_possible_values(true)
                .value_parser(PossibleValuesParser::new([CODES, AXES]))
                .help("codes, the coordinates of the rows, or axes, the weights of the columns in each dimension: dimensions by columns [default: codes]"),
        )
        .arg(output_arg("PATH", "File or folder to write"))
        .args(inputs::file_args(inputs::OF_CODES))
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let to = inputs::text(matches, "to")?;
    let path = inputs::path(matches, "output")?;
    if context.json {
        outputs::check_file("--output", &path, "with --json the result")?;
    }
    match to {
        "pyldavis" | "html" => return word_axes(to, &path, matches, context),
        "onnx" => return Err(Error::param("--to", "'onnx'", "ONNX export needs a neural model")),
        "npy" | "parquet" | "projector" => outputs::check_file("--output", &path, to)?,
        _ => {}
    }
    if ["npy", "parquet", "csv"].contains(&to) {
        outputs::check("--output", &path, &[to], context)?;
    }
    if matches.get_one::<String>("part").is_some_and(|part| part == AXES) {
        return axes(to, &path, matches, context);
    }
    let codes = inputs::space_or_codes(&inputs::path(matches, "input")?, &inputs::file_options(matches, inputs::OF_CODES)?, &context.run)?;
    context.screen.clear();
    let mut written = vec![path.clone()];
    match to {
        "npy" | "parquet" | "csv" => outputs::codes(&path, &codes)?,
        "word2vec" => vectors(&path, &codes, true)?,
        "glove" => vectors(&path, &codes, false)?,
        _ => written = projector(&path, &codes)?,
    }
    if outputs::is_standard(&path) {
        return Ok(());
    }
    let names: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    if context.json {
        return context.print(&json!({"to": to, "rows": codes.values.rows(), "n_components": codes.values.cols(), "files": names}));
    }
    output::text(&names.join("\n"))
}

/// The weights of the columns in each axis, `[k, columns]`, the columns' names as the header.
fn axes(to: &str, path: &Path, matches: &ArgMatches, context: &Context) -> Result<()> {
    if !["npy", "parquet", "csv"].contains(&to) {
        return Err(Error::param("--to", format!("'{to}'"), "axes are written as npy, parquet or csv"));
    }
    let name = inputs::path(matches, "input")?;
    if !inputs::is_space(&name) {
        return Err(Error::param("--part", "'axes'", format!("{} holds codes; a space has axes", name.display())));
    }
    let table = inputs::space(&name)?.axes_table()?;
    context.screen.clear();
    outputs::observations(path, &table)?;
    if outputs::is_standard(path) {
        return Ok(());
    }
    if context.json {
        return context.print(
            &json!({"to": to, "part": AXES, "rows": table.rows(), "columns": table.columns(), "files": [path.display().to_string()]}),
        );
    }
    output::text(&path.display().to_string())
}

/// Axes over words, for pyLDAvis or as the page in one file.
fn word_axes(to: &str, path: &Path, matches: &ArgMatches, context: &Context) -> Result<()> {
    let ending = if to == "html" { "html" } else { "json" };
    if !outputs::is_standard(path) && path.extension().is_none_or(|found| found != ending) {
        return Err(Error::param("--output", format!("'{}'", path.display()), format!("its name ends in .{ending}")));
    }
    let name = inputs::path(matches, "input")?;
    let only = |found: String| Error::param("--to", format!("'{to}'"), format!("it needs axes over words, and {found}"));
    if !inputs::is_space(&name) {
        return Err(only(format!("{} is none", name.display())));
    }
    let space = inputs::space(&name)?;
    if space.distributions()?.is_none() {
        return Err(only(format!("this is one of {}", space.method.title)));
    }
    let room = AxesRoom::of_space(space)?;
    let text = match to {
        "html" => standing_alone(&room.whole(&context.run)?).ok_or_else(|| {
            Error::input(&name, "this program was built without its page", "`make page` builds it, then `cargo build` again")
        })?,
        _ => {
            let kept = room
                .for_pyldavis()
                .ok_or_else(|| Error::input(&name, "this space keeps no documents", "pyLDAvis needs their proportions"))?;
            kept.to_string()
        }
    };
    context.screen.clear();
    outputs::lines(path, |out| out.write_all(text.as_bytes()))?;
    if outputs::is_standard(path) {
        return Ok(());
    }
    if context.json {
        return context.print(&json!({"to": to, room.plural(): room.k(), "files": [path.display().to_string()]}));
    }
    output::text(&path.display().to_string())
}

/// One row per line: its id, then its numbers; word2vec's text format begins with a line of the numbers of rows and dimensions.
fn vectors(path: &Path, codes: &Codes, header: bool) -> Result<()> {
    outputs::lines(path, |out| {
        if header {
            writeln!(out, "{} {}", codes.values.rows(), codes.values.cols())?;
        }
        let mut line = String::new();
        for row in 0..codes.values.rows() {
            line.clear();
            // In these formats, spaces separate words from numbers.
            line.push_str(&codes.metadata.id(row).split_whitespace().collect::<Vec<_>>().join("_"));
            for value in shown(codes, row) {
                line.push(' ');
                line.push_str(&value);
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    })
}

/// The numbers of a row: with all digits of 64 bits where they have more than 32 hold.
fn shown(codes: &Codes, row: usize) -> impl Iterator<Item = String> {
    let is_wide = !codes.affine.is_identity();
    codes.row(row).map(move |value| if is_wide { value.to_string() } else { (value as f32).to_string() })
}

/// Files for the Embedding Projector: vectors, and metadata, without a header for a single column.
fn projector(folder: &Path, codes: &Codes) -> Result<Vec<std::path::PathBuf>> {
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
    let [vectors, metadata] = outputs::PROJECTOR.map(|file| folder.join(file));
    outputs::lines(&vectors, |out| {
        for row in 0..codes.values.rows() {
            let line: Vec<String> = shown(codes, row).collect();
            writeln!(out, "{}", line.join("\t"))?;
        }
        Ok(())
    })?;
    let names = codes.metadata.names();
    let clean = |text: String| text.replace(['\t', '\n', '\r'], " ");
    outputs::lines(&metadata, |out| {
        if names.len() > 1 {
            writeln!(out, "{}", names.iter().cloned().map(clean).collect::<Vec<_>>().join("\t"))?;
        }
        for row in 0..codes.values.rows() {
            let cells: Vec<String> = match names.len() {
                0 => vec![codes.metadata.id(row)],
                many => (0..many).map(|column| clean(codes.metadata.text(column, row).unwrap_or_default())).collect(),
            };
            writeln!(out, "{}", cells.join("\t"))?;
        }
        Ok(())
    })?;
    Ok(vec![vectors, metadata])
}
