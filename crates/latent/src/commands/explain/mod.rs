//! `latent explain`: what the dimensions of a space mean, and what sets rows apart.

mod rows;

use std::path::Path;

use clap::{Arg, ArgMatches, Command};
use latentspace::data::read;
use latentspace::explain::{self, Association, DimensionExplanation, Explanation, Weight};
use latentspace::{Error, Result, Space};
use serde::Serialize;

use crate::context::Context;
use crate::output::{self, count, number};
use crate::{args, inputs, outputs};

/// Columns of metadata that a line names.
const ASSOCIATIONS: usize = 3;
/// A p value above this is explained by chance.
const CHANCE: f64 = 0.05;

pub(crate) fn command() -> Command {
    Command::new("explain")
        .about("Explain the dimensions of a space: loadings or words, correlated columns, rows at both ends; or what sets rows apart from others")
        .arg(
            inputs::file_arg("space")
                .value_name("DATA_OR_SPACE")
                .required(true)
                .help("A space; with --rows also a file or folder of data, or a quoted pattern of names"),
        )
        .args(rows::args())
        .arg(
            inputs::file_arg("against")
                .long("against")
                .value_name("DATA")
                .help("Rows with the columns of the space, by which it is explained [default: the rows that it keeps]"),
        )
        .arg(
            Arg::new("words")
                .long("words")
                .value_name("N")
                .value_parser(args::whole::<usize>(1))
                .help("Number of words or columns per dimension, or of findings of each origin [default: 10]"),
        )
        .arg(inputs::file_arg("contributions").long("contributions").value_name("FILE").requires("against").help(
            "Write contributions and squared cosines of the rows of --against and of the columns to FILE, *.csv, *.tsv or *.parquet",
        ))
        .arg(inputs::file_arg("output").short('o').long("output").value_name("FILE").help("Write the explanation to FILE, *.json"))
        .args(inputs::reading_args())
        .after_help(
            "Loadings are the weights of the columns in a component. Metadata columns are compared with each dimension by correlation (numbers) or\n\
             correlation ratio (categories); p is the probability of such a value in any dimension and column if the rows were in random order.\n\
             \n\
             A contribution is the share of a row or column in the sum of squares of a dimension; a squared cosine (cos2) is the share of its own sum of\n\
             squares that the dimension shows. Rows that the space was not learned from are supplementary.\n\
             \n\
             With --rows, numbers are compared by their ranks (Mann-Whitney), categories and missing cells by Fisher's exact test. effect is Cliff's\n\
             delta: how much more often a selected row has more than another than less; of shares, their difference. p is the probability that a\n\
             random selection of as many rows has any finding as extreme (Bonferroni, without comparisons that no such selection could pass).",
        )
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let run = &context.run;
    let path = inputs::path(matches, "space")?;
    let file = inputs::optional_path(matches, "output");
    if let Some(file) = &file {
        outputs::check("--output", file, &["json"], context)?;
    }
    let shown = matches.get_one::<usize>("words").copied().unwrap_or(explain::SHOWN);
    if let Some(selected) = inputs::optional_path(matches, rows::ROWS) {
        let found = rows::explain(matches, &path, &selected, run)?;
        context.screen.clear();
        if is_written(file.as_deref(), &found)? {
            return Ok(());
        }
        return if context.json { context.print(&found) } else { output::text(&rows::table(&path, &found, shown)) };
    }
    let space = inputs::space(&path)?;
    let data = match inputs::optional_path(matches, "against") {
        None => None,
        Some(data) => {
            let mut options = inputs::read_options(matches)?;
            options.preparation = Some(space.preparation.clone());
            let data = read::open(data, &options)?;
            data.tell(run);
            Some(data.read(run)?)
        }
    };
    if let (Some(path), Some(data)) = (inputs::optional_path(matches, "contributions"), &data) {
        outputs::check("--contributions", &path, &["csv", "tsv", "parquet"], context)?;
        explain::contributions(&space, data, run)?.save(&path)?;
    }
    let found = explain::explain(&space, data.as_ref(), shown, run)?;
    context.screen.clear();
    if is_written(file.as_deref(), &found)? {
        return Ok(());
    }
    if context.json { context.print(&found) } else { output::text(&told(&space, &found, &path)) }
}

/// Writes an explanation to the file, if there is one; whether that is standard output.
fn is_written(file: Option<&Path>, found: &impl Serialize) -> Result<bool> {
    let Some(file) = file else { return Ok(false) };
    let text = serde_json::to_string_pretty(found).map_err(|error| Error::internal(error.to_string()))?;
    outputs::lines(file, |out| writeln!(out, "{text}"))?;
    Ok(outputs::is_standard(file))
}

fn told(space: &Space, found: &Explanation, path: &Path) -> String {
    let (noun, k) = (found.noun, found.dimensions.len());
    let rows = if found.dimensions.iter().any(|dimension| dimension.words.is_some()) { "documents" } else { "rows" };
    let mut out = format!("{}: {} of {} {rows}, {k} {noun}s\n\n", path.display(), space.method.title, count(space.rows as u64));
    out.push_str(&if rows == "documents" { of_words(found) } else { of_columns(found) });
    found.warnings.iter().for_each(|warning| out.push_str(&output::wrapped("  ", warning)));
    out
}

/// One line per axis, the largest first.
fn of_words(found: &Explanation) -> String {
    let mut order: Vec<(usize, &DimensionExplanation)> = found.dimensions.iter().enumerate().collect();
    order.sort_by(|a, b| b.1.share.unwrap_or(0.0).total_cmp(&a.1.share.unwrap_or(0.0)));
    let row = |(axis, dimension): (usize, &DimensionExplanation)| {
        let words = dimension.words.as_ref();
        let relevant = words.map(|words| words.relevant().collect::<Vec<_>>().join(" ")).unwrap_or_default();
        let coherence = words.and_then(|words| words.coherence).map_or_else(String::new, number);
        vec![axis.to_string(), share(dimension), coherence, relevant]
    };
    let rows: Vec<Vec<String>> = order.into_iter().map(row).collect();
    let noun = found.noun;
    let note = format!("words by relevance (lambda 0.6); a {noun}'s number is that of its dimension, z0 the first");
    format!("{}\n  {note}\n", output::table(&[noun, "share", "coherence", "words"], &rows))
}

/// A paragraph per dimension.
fn of_columns(found: &Explanation) -> String {
    let mut out = String::new();
    let is_variance = found.dimensions.iter().any(|dimension| !dimension.loadings.is_empty());
    // Of a space that keeps no rows there may be nothing to say.
    let says = |dimension: &DimensionExplanation| {
        !(dimension.loadings.is_empty() && dimension.columns.is_empty() && dimension.low.is_empty() && dimension.labels.is_none())
    };
    for (at, dimension) in found.dimensions.iter().enumerate().filter(|(_, dimension)| says(dimension)) {
        let part = match &dimension.labels {
            Some([above, below]) => format!(": '{above}' above 0, '{below}' below"),
            None if is_variance => format!(": {} of the variance", share(dimension)),
            None => String::new(),
        };
        out.push_str(&format!("  {} z{at}{part}\n", found.noun));
        let mut line = |heading: &str, text: String| {
            if !text.is_empty() {
                out.push_str(&output::wrapped(&format!("    {heading:9} "), &text));
            }
        };
        line("loadings", weights(&dimension.loadings));
        line("columns", weights(&dimension.columns));
        let [clear, rest]: [Vec<&Association>; 2] = {
            let (clear, rest) = dimension.metadata.iter().partition(|found| found.p < CHANCE);
            [clear, rest]
        };
        line("metadata", associations(&clear));
        if clear.is_empty() && !rest.is_empty() {
            line("metadata", format!("none beyond chance (p < {CHANCE})"));
        }
        let ends = |rows: &[explain::RowAtEnd]| {
            rows.iter().map(|row| format!("{} ({})", row.id, number(row.value))).collect::<Vec<_>>().join(", ")
        };
        line("low", ends(&dimension.low));
        line("high", ends(&dimension.high));
        out.push('\n');
    }
    out
}

fn share(dimension: &DimensionExplanation) -> String {
    dimension.share.map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share))
}

fn weights(weights: &[Weight]) -> String {
    weights.iter().map(|weight| format!("{} {:+.2}", weight.column, weight.value)).collect::<Vec<_>>().join(", ")
}

fn associations(found: &[&Association]) -> String {
    let one = |found: &&Association| {
        let symbol = if found.measure == "correlation" { "r" } else { "eta" };
        format!("{} ({symbol} {:.2}, p {:.3})", found.column, found.value, found.p)
    };
    found.iter().take(ASSOCIATIONS).map(one).collect::<Vec<_>>().join(", ")
}
