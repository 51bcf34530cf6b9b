//! `latent fit METHOD`: learns a space. The flags of each method are generated from its description.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use latentspace::checkpoint::Checkpoint;
use latentspace::data::read::Source;
use latentspace::data::{
    Given, Metadata, Precomputed, PrepareOptions, ReadOptions, Start, Tie, read_distances, read_errors, read_neighbors, read_weights,
};
use latentspace::interval::Measure;
use latentspace::learn::{self, FitOptions, FitResult};
use latentspace::measure;
use latentspace::method::{AnyMethod, Entry};
use latentspace::{Error, Result, Run, Space, registry};
use serde_json::json;

use crate::commands::shares;
use crate::context::Context;
use crate::inputs;
use crate::output::{self, count, duration, number};
use crate::{args, outputs};

/// Minimum time between two checkpoints.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);

pub(crate) fn command() -> Command {
    Command::new("fit")
        .about("Learn a space from data")
        .subcommand_required(true)
        .subcommand_value_name("METHOD")
        .subcommand_help_heading("Methods")
        .disable_help_subcommand(true)
        .subcommands(registry::METHODS.iter().map(method_command))
}

fn method_command(entry: &Entry) -> Command {
    let info = entry.info;
    let limits: Vec<String> = info.limits.iter().map(|limit| format!("  {limit}")).collect();
    let command = Command::new(info.name)
        .about(format!("{}: {}", info.title, info.summary))
        .help_template(args::TEMPLATE)
        .arg(inputs::data_arg())
        .arg(
            inputs::file_arg("output")
                .short('o')
                .long("output")
                .value_name("SPACE")
                .required_unless_present("plan")
                .help("Space to write, *.latent"),
        )
        .arg(inputs::file_arg("codes").long("codes").value_name("FILE").help("Write the codes of the rows to FILE: .npy, .parquet or .csv"))
        .arg(Arg::new("plan").long("plan").action(ArgAction::SetTrue).help("Print the memory and time that the fit would take, and stop"))
        .arg(no_measures_arg())
        .arg(Arg::new("resume").long("resume").action(ArgAction::SetTrue).help("Continue an interrupted fit from its checkpoint"))
        .arg(
            Arg::new("checkpoint-every")
                .long("checkpoint-every")
                .value_name("SECS")
                .value_parser(args::seconds())
                .help("Minimum seconds between checkpoints (SPACE.checkpoint) [default: 2]"),
        )
        .args(args::parameters(entry))
        .args(inputs::reading_args());
    let command = if info.folds { command.args(partial_args()) } else { command };
    let command = command.args(info.given.iter().flat_map(|given| given_args(*given)));
    if limits.is_empty() { command } else { command.after_help(format!("Limits:\n{}", limits.join("\n"))) }
}

/// Flags of commands that measure the space they learn.
pub(super) fn no_measures_arg() -> Arg {
    Arg::new("no-measures")
        .long("no-measures")
        .action(ArgAction::SetTrue)
        .help("Skip the measures, which may take longer than learning; `latent measure` computes them")
}

/// Prints the measures that `--no-measures` skipped, and the command that computes them: from the space if it keeps its rows, else from codes.
pub(super) fn tell_unmeasured(space: &Space, path: &Path, codes: Option<&Path>, run: &Run) {
    let (names, path) = (measure::NAMES.join(", ").replace('_', " "), path.display());
    let measures = |of: &dyn std::fmt::Display| format!("`latent measure {of} --against DATA` measures them");
    run.note(match (space.capabilities().kept, codes) {
        (Some(_), _) => format!("{names} were not measured; {}", measures(&path)),
        (None, Some(codes)) => format!("{names} were not measured; {}", measures(&codes.display())),
        (None, None) => {
            format!("{names} were not measured; `latent encode {path} DATA -o codes.npy` gives codes, of which {}", measures(&"codes.npy"))
        }
    });
}

/// Flags of what is given beside the rows.
fn given_args(given: Given) -> Vec<Arg> {
    let args =
        match given {
            Given::Neighbors => vec![Arg::new("neighbors").long("neighbors").value_name("FILE").help(
                "Precomputed neighbors: a square array or sparse matrix of distances (.npy, .npz, .mtx), the arrays indices and distances (.npz), or a table of row, neighbor and distance",
            )],
            Given::Distances => vec![
                Arg::new("distances")
                    .long("distances")
                    .value_name("FILE")
                    .help("Precomputed distances of all pairs of rows: a square array or table (.npy, .npz, .csv, …)"),
            ],
            Given::Weights => vec![Arg::new("weights").long("weights").value_name("FILE[:COLUMN]").help(
                "How often each row counts: one column of numbers, 0 or more; 3 counts as the row three times",
            )],
            Given::Errors => vec![Arg::new("errors").long("errors").value_name("FILE").help(
                "Standard error of each cell: a file like DATA, with the same columns; cells count by 1 / error², and an infinite or empty one leaves its cell out. Missing cells of DATA are left out, too",
            )],
            Given::Start => {
                vec![
                    inputs::file_arg("start").long("start").value_name("SPACE_OR_CODES").help(
                        "Starting positions: rows are matched by id where both have ids, else by order; other rows start among their neighbors",
                    ),
                    Arg::new("hold")
                        .long("hold")
                        .action(ArgAction::SetTrue)
                        .requires("start")
                        .conflicts_with("pull")
                        .help("Keep rows of --start in place and move only the others"),
                    Arg::new("pull").long("pull").value_name("X").requires("start").value_parser(args::positive()).help(
                        "Pull rows toward their starting positions with this strength, which aligns maps of related tables (0.1 is typical)",
                    ),
                ]
            }
        };
    let heading = match given {
        Given::Weights | Given::Errors => "Weights and errors",
        _ => "Precomputed inputs",
    };
    args.into_iter().map(|arg| arg.help_heading(heading)).collect()
}

/// What is given beside the rows.
fn known(matches: &ArgMatches, metadata: &Metadata, run: &Run) -> Result<Precomputed> {
    let text = |name| matches.try_get_one::<String>(name).ok().flatten();
    let mut beside = Precomputed::default();
    if let Some(path) = text("neighbors") {
        beside.neighbors = Some(read_neighbors(path, metadata.rows(), run)?);
    }
    if let Some(path) = text("distances") {
        beside.distances = Some(read_distances(path, metadata.rows(), run)?);
    }
    if let Some(path) = text("weights") {
        beside.weights = Some(read_weights(path, metadata.rows(), run)?);
    }
    if let Some(path) = text("errors") {
        beside.errors = Some(read_errors(path, &inputs::read_options(matches)?, metadata.rows(), run)?);
    }
    if let Some(path) = inputs::optional_path(matches, "start") {
        let pull = matches.get_one::<f64>("pull").map(|pull| Tie::Pull(*pull));
        let tie = if matches.get_flag("hold") { Tie::Hold } else { pull.unwrap_or(Tie::Free) };
        let codes = inputs::space_or_codes(&path, &ReadOptions::default(), run)?;
        beside.start = Some(Start::matched(&codes, &path.to_string_lossy(), metadata, tie)?);
    }
    Ok(beside)
}

/// Flags of distributed fits, for methods that fold.
fn partial_args() -> [Arg; 3] {
    [
        Arg::new("partial")
            .long("partial")
            .value_name("I/N")
            .value_parser(args::share())
            .conflicts_with_all(["plan", "resume", "checkpoint-every", "codes", "no-measures"])
            .help("Compute only the statistics of share I of N and write them to the file of -o; `latent merge` combines all shares"),
        Arg::new("describe")
            .long("describe")
            .action(ArgAction::SetTrue)
            .requires("partial")
            .conflicts_with("state")
            .help("Round 0: describe only this share's rows for the preparation; without it, each share reads all rows for that"),
        inputs::file_arg("state")
            .long("state")
            .value_name("FILE")
            .requires("partial")
            .help("State to continue from, written by `latent merge`"),
    ]
    .map(|arg| arg.help_heading("Shares on several machines"))
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let (name, matches) = matches.subcommand().ok_or_else(|| Error::internal("a fit without a method"))?;
    let entry = registry::find(name)?;
    let method = entry.with(&args::given(entry, matches)?)?;
    let measured = !matches.get_flag("no-measures");
    let given = inputs::optional_path(matches, "output");
    let output = given.as_deref();
    if let (Ok(Some(share)), Some(output)) = (matches.try_get_one::<args::Share>("partial"), output) {
        return shares::partial(method.as_ref(), *share, matches, output, context);
    }
    if let Some(path) = output.filter(|path| path.extension().is_none_or(|ending| ending != "latent")) {
        return Err(Error::param("--output", format!("'{}'", path.display()), "the name of a space ends in .latent"));
    }
    let codes_file = inputs::optional_path(matches, "codes");
    if let Some(file) = &codes_file {
        outputs::check("--codes", file, outputs::CODES, context)?;
    }
    let data = inputs::open(matches, method.info())?;
    if matches.get_flag("plan") {
        return plan(method.as_ref(), &data, &inputs::prepare_options(matches)?, measured, context);
    }
    let output = output.ok_or_else(|| Error::internal("no output"))?;
    data.tell(&context.run);
    let every = matches.get_one::<f64>("checkpoint-every").copied().map_or(CHECKPOINT_EVERY, Duration::from_secs_f64);
    let checkpoint = Arc::new(Checkpoint::beside(output, every, matches.get_flag("resume"))?);
    if matches.get_flag("resume") {
        context.run.note(match checkpoint.found() {
            true => format!("continues from {}", checkpoint.path().display()),
            false => format!("starts from the beginning: there is no {}", checkpoint.path().display()),
        });
    }
    let run = context.run.clone().with_checkpoint(checkpoint.clone());
    let given = |metadata: &Metadata| known(matches, metadata, &run);
    let asked = FitOptions { prepare: inputs::prepare_options(matches)?, given: &given, measures: measured, codes: codes_file.is_some() };
    let learned = learn::fit(method.as_ref(), &data, &asked, &run);
    if matches!(learned, Err(Error::Cancelled)) && checkpoint.path().exists() {
        run.note(format!("the checkpoint is {}; --resume continues from it", checkpoint.path().display()));
    }
    let learned = learned?;
    if !measured {
        tell_unmeasured(&learned.space, output, codes_file.as_deref(), &run);
    }
    context.run.check()?;
    learned.space.save(output)?;
    checkpoint.remove();
    if let (Some(file), Some(codes)) = (&codes_file, &learned.codes) {
        outputs::codes(file, codes)?;
    }
    context.screen.clear();
    let peak = output::peak_mib();
    let report = learned.report(&run);
    if context.json {
        let mut all = json!(report);
        all["peak_mib"] = json!(peak);
        all["space"] = json!(output.display().to_string());
        return context.print(&all);
    }
    output::text(&told(&learned, &report.measures, output, peak))
}

fn told(learned: &FitResult, measures: &BTreeMap<String, Measure>, output: &Path, peak: Option<f64>) -> String {
    let (space, seconds) = (&learned.space, learned.seconds);
    let measured = seconds.measuring.map_or("not measured".to_owned(), |seconds| format!("measured in {}", duration(seconds)));
    let memory = peak.map(|peak| format!("; at most {} MiB", number(peak.round()))).unwrap_or_default();
    format!(
        "{}: {} of {} x {}, {} dimensions\n  learned in {}, {measured}{memory}\n\n{}",
        output.display(),
        space.method.title,
        count(space.rows as u64),
        count(space.model.columns() as u64),
        space.model.n_components(),
        duration(seconds.learning),
        output::measures(measures),
    )
}

/// Prints the estimated cost of a fit, from the headers of the files.
fn plan(method: &dyn AnyMethod, data: &Source, options: &PrepareOptions, measured: bool, context: &Context) -> Result<()> {
    let planned = learn::plan(method, data, options, measured, &context.run)?;
    context.screen.clear();
    if context.json {
        return context.print(&planned);
    }
    let table = [
        vec!["rows".to_owned(), count(planned.rows as u64)],
        vec!["columns".to_owned(), count(planned.columns as u64)],
        vec!["algorithm".to_owned(), planned.algorithm],
        vec!["memory".to_owned(), latentspace::error::Bytes(planned.peak_bytes).to_string()],
        vec![
            "time".to_owned(),
            format!("{} of learning{}", duration(planned.seconds), if measured { "" } else { "; nothing is measured" }),
        ],
    ];
    output::text(&output::table(&["", ""], &table))
}
