//! `latent dimension`: how many dimensions rows have.

use clap::{ArgMatches, Command};
use latentspace::Result;
use latentspace::data::{Preparation, read};
use latentspace::dimension::{self, Dimension, DimensionOptions, Estimate};

use crate::context::Context;
use crate::output::{self, count, number};
use crate::{args, inputs, outputs};

pub(crate) fn command() -> Command {
    Command::new("dimension")
        .about("Find out how many dimensions data really have: how many numbers tell where a row lies among its neighbors")
        .arg(inputs::data_arg())
        .arg(args::neighbors(2, "Neighbors a row [default: 10]"))
        .arg(
            inputs::file_arg("per-row")
                .long("per-row")
                .value_name("FILE")
                .help("Where to write the dimension around each row: .npy, .parquet or .csv"),
        )
        .args(inputs::reading_args())
        .after_help(
            "two_nn, mle and correlation ask how fast neighborhoods fill; participation, in how many straight directions all rows spread.\n\
             The first three allow for edges, near which neighborhoods are cut off. An interval reaches from what was counted to half as\n\
             much again as edges are taken to hide, and holds what chance may do (95 %).",
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
        // The rows themselves were asked for.
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

/// A dimension with the digits that mean something.
fn rounded(dimension: f64) -> String {
    if dimension < 100.0 { format!("{dimension:.2}") } else { number(dimension.round()) }
}
