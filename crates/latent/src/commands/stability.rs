//! `latent stability METHOD`: which neighborhoods and axes survive another seed or a resample.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Command};
use latentspace::learn::loadings::{Loading, RESAMPLES, loading_intervals, save_loadings};
use latentspace::learn::stability::RUNS;
use latentspace::learn::{self, AxesStability};
use latentspace::method::Entry;
use latentspace::{Error, Result, registry};
use serde_json::json;

use crate::context::Context;
use crate::output::{self, count, number};
use crate::{args, inputs, outputs};

pub(crate) fn command() -> Command {
    Command::new("stability")
        .about("Measure stability: which neighborhoods and axes survive another seed or a resample")
        .subcommand_required(true)
        .subcommand_value_name("METHOD")
        .subcommand_help_heading("Methods")
        .disable_help_subcommand(true)
        .subcommands(registry::METHODS.iter().map(method_command))
}

fn method_command(entry: &Entry) -> Command {
    Command::new(entry.info.name)
        .about(format!("{}: {}", entry.info.title, entry.info.summary))
        .help_template(args::TEMPLATE)
        .arg(inputs::data_arg())
        .arg(
            Arg::new("runs")
                .long("runs")
                .value_name("N")
                .value_parser(args::whole::<usize>(2))
                .help("Number of seeds, and of resamples (bootstrap) [default: 4]"),
        )
        .arg(args::neighbors(1, "Number of neighbors per row [default: 15]"))
        .arg(
            inputs::file_arg("per-row")
                .long("per-row")
                .value_name("FILE")
                .help("Write each row's share of kept neighbors to FILE: .npy, .parquet or .csv"),
        )
        .arg(
            inputs::file_arg("loadings")
                .long("loadings")
                .value_name("FILE")
                .help("Write each loading with its 95 % bootstrap interval to FILE: .csv, .tsv or .parquet; instead of other measures"),
        )
        .arg(
            Arg::new("resamples")
                .long("resamples")
                .value_name("N")
                .value_parser(args::whole::<usize>(20))
                .requires("loadings")
                .help("Number of resamples for --loadings, a fit each [default: 200]"),
        )
        .args(args::parameters(entry))
        .args(inputs::reading_args())
        .after_help(
            "A resample (bootstrap) draws as many rows as there are, with replacement; each counts once: about 63 % of the rows. Seeds count up\n\
             from --seed. It takes 2 x --runs fits. Of axes that are distributions over words, it also reports how many top words stay the same.",
        )
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let (name, matches) = matches.subcommand().ok_or_else(|| Error::internal("stability without a method"))?;
    let entry = registry::find(name)?;
    let method = entry.with(&args::given(entry, matches)?)?;
    let per_row = inputs::optional_path(matches, "per-row");
    if let Some(file) = &per_row {
        outputs::check("--per-row", file, outputs::FIGURES, context)?;
    }
    let run = &context.run;
    let data = inputs::open(matches, entry.info)?;
    data.tell(run);
    if let Some(file) = inputs::optional_path(matches, "loadings") {
        outputs::check("--loadings", &file, &["csv", "tsv", "parquet"], context)?;
        let resamples = matches.get_one::<usize>("resamples").copied().unwrap_or(RESAMPLES);
        let found = loading_intervals(method.as_ref(), &data, &inputs::prepare_options(matches)?, resamples, run)?;
        save_loadings(&file, &found)?;
        context.screen.clear();
        if outputs::is_standard(&file) {
            return Ok(());
        }
        return if context.json { context.print(&json!({ "loadings": found })) } else { output::text(&loadings(&found, resamples)) };
    }
    let runs = matches.get_one::<usize>("runs").copied().unwrap_or(RUNS);
    let k = matches.get_one::<usize>("k").copied();
    let (found, metadata) = learn::stability(method.as_ref(), &data, &inputs::prepare_options(matches)?, runs, k, run)?;
    if let Some(file) = &per_row {
        let by_row = &found.stability;
        outputs::figures(file, &[("kept_by_seeds", &by_row.by_seeds), ("kept_by_bootstrap", &by_row.by_bootstrap)], &metadata)?;
    }
    context.screen.clear();
    match (context.json, &per_row) {
        (true, _) => context.print(&found),
        // The rows themselves were requested.
        (false, Some(file)) if outputs::is_standard(file) => Ok(()),
        (false, _) => {
            let named: BTreeMap<String, _> = found.named().into_iter().collect();
            let mut out = output::measures(&named);
            if let Some(axes) = &found.axes {
                out.push_str(&format!("\n{}", table(axes)));
            }
            let rows = count(found.rows as u64);
            out.push_str(&format!("\n  {} neighbors of {rows} rows, {runs} seeds, {runs} resamples\n", found.k));
            found.sentences().iter().for_each(|sentence| out.push_str(&output::wrapped("  ", sentence)));
            output::text(&out)
        }
    }
}

/// Loadings of each dimension, the largest first, with their intervals.
fn loadings(found: &[Loading], resamples: usize) -> String {
    /// Columns of a dimension that are shown.
    const SHOWN: usize = 10;
    let mut out = String::new();
    for own in found.chunk_by(|a, b| a.dimension == b.dimension) {
        let mut order: Vec<&Loading> = own.iter().collect();
        order.sort_by(|a, b| b.value.abs().total_cmp(&a.value.abs()));
        let row = |own: &&Loading| {
            let clear = if own.low * own.high > 0.0 { "" } else { "may be 0" };
            vec![own.column.clone(), number(own.value), format!("{} to {}", number(own.low), number(own.high)), clear.to_owned()]
        };
        let rows: Vec<Vec<String>> = order.iter().take(SHOWN).map(row).collect();
        out.push_str(&format!("  z{}\n{}\n", own[0].dimension, output::table(&["column", "loading", "95 % interval", ""], &rows)));
    }
    out.push_str(&format!("  bootstrap of {} resamples, each dimension aligned with that of all rows\n", count(resamples as u64)));
    out
}

/// One line per axis, the most stable first.
fn table(axes: &AxesStability) -> String {
    let (seeds, drawn) = (&axes.seeds.shared_by_axis, &axes.bootstrap.shared_by_axis);
    let mut order: Vec<usize> = (0..axes.names.len()).collect();
    order.sort_by(|&a, &b| (seeds[b] + drawn[b]).total_cmp(&(seeds[a] + drawn[a])));
    let row = |&axis: &usize| vec![axis.to_string(), number(seeds[axis]), number(drawn[axis]), axes.names[axis].clone()];
    output::table(&[axes.noun, "seeds", "bootstrap", "words"], &order.iter().map(row).collect::<Vec<_>>())
}
