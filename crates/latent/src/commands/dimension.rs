//! `latent dimension`: the intrinsic dimension of rows.

use clap::{ArgMatches, Command};
use latentspace::Result;
use latentspace::data::{Preparation, read};
use latentspace::dimension::{self, Dimension, DimensionOptions, Estimate};

use crate::context::Context;
use crate::output::{self, count, number};
use crate::{args, inputs, outputs};

pub(crate) fn command() -> Command {
    Command::new("dimension")
        .about("Estimate the intrinsic dimension of data (TwoNN, MLE, correlation, PCA participation), with intervals")
        .arg(inputs::data_arg())
        .arg(args::neighbors(2, "Number of neighbors per row [default: 10]"))
        .arg(
            inputs::file_arg("per-row")
                .long("per-row")
                .value_name("FILE")
                .help("Write the local dimension around each row to FILE: .npy, .parquet or .csv"),
        )
        .args(inputs::reading_args())
        .after_help(
            "two_nn, mle and correlation measure how fast the number of neighbors grows with distance; participation, over how many linear\n\
             directions the variance spreads. The first three correct for edges, where neighborhoods are cut off. Each 95 % interval covers\n\
             sampling error and the uncertainty of that correction: from none of it to one and a half times its size.",
        )
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let run = &context.run;
    let per_row = inputs::optional_path(matches, "per-row");
    if let Some(file) = &per_row {
        outputs::check("--per-row", file, outputs::FIGURES, context)?;
    }
    let data = read::open(inputs::path(matches, "data")?, &inputs::read_options(matches)?)?;
    data.tell(run);
    let observations = data.read(run)?;
    let (preparation, prepared) = Preparation::choose_and_prepare(&observations, &inputs::prepare_options(matches)?, run)?;
    preparation.told.iter().for_each(|sentence| run.note(sentence));
    let rows = prepared.table()?;
    let options = DimensionOptions { n_neighbors: matches.get_one::<usize>("k").copied() };
    let found = dimension::dimension(rows.view(), &options, run)?;
    context.screen.clear();
    if let Some(file) = &per_row {
        outputs::figures(file, &[("dimension", &found.per_row)], &observations.metadata)?;
    }
    match (context.json, &per_row) {
        (true, _) => context.print(&found),
        // The rows themselves were requested.
        (false, Some(file)) if outputs::is_standard(file) => Ok(()),
        (false, _) => output::text(&table(&found)),
    }
}

fn table(found: &Dimension) -> String {
    let line = |name: &str, estimate: Estimate| {
        let Estimate { value, low, high, counted } = estimate;
        let counted = if counted == value { String::new() } else { rounded(counted) };
        vec![name.to_owned(), rounded(value), format!("{} to {}", rounded(low), rounded(high)), counted]
    };
    let lines = [
        line("TwoNN", found.two_nn),
        line("maximum likelihood", found.mle),
        line("correlation", found.correlation),
        line("participation", found.participation),
    ];
    let mut out = output::table(&["estimator", "dimension", "interval", "as counted"], &lines);
    out.push_str(&format!(
        "\n  {} rows of {} columns, {} neighbors a row\n",
        count(found.rows as u64),
        count(found.columns as u64),
        found.n_neighbors
    ));
    for sentence in dimension::sentences(found) {
        out.push_str(&output::wrapped("  ", &sentence));
    }
    out
}

/// A dimension with its significant digits.
fn rounded(dimension: f64) -> String {
    if dimension < 100.0 { format!("{dimension:.2}") } else { number(dimension.round()) }
}
