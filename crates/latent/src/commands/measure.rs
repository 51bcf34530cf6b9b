//! `latent measure`: trustworthiness and other measures of codes.

mod probe;

use std::collections::BTreeMap;
use std::path::Path;

use clap::builder::{StringValueParser, TypedValueParser, ValueParser};
use clap::{Arg, ArgMatches, Command};
use latentspace::data::{Preparation, read};
use latentspace::measure::{self, MeasureOptions, Measures, Sample};
use latentspace::neighbors::Metric;
use latentspace::scores::WordAxes;
use latentspace::{Codes, Result, Run};
use serde_json::{Value, json};

use crate::context::Context;
use crate::output::{self, count, number};
use crate::{args, inputs, outputs};

pub(crate) fn command() -> Command {
    Command::new("measure")
        .about("Measure how far to trust codes, a map or axes over words: kept neighbors, trustworthiness, held-out likelihood, coherence")
        .arg(inputs::file_arg("input").value_name("CODES").required(true).help(
            "Codes; a space, which gives the codes of DATA; or axes over words: a space of them, or a table with a column 'word' and one column per axis",
        ))
        .arg(inputs::file_arg("against").long("against").value_name("DATA").required_unless_present("probe").help("What the codes were made from, row by row; of axes over words, documents"))
        .arg(probe::arg())
        .arg(args::neighbors(1, "Number of neighbors per row [default: 15]"))
        .arg(
            Arg::new("sample")
                .long("sample")
                .value_name("N|all")
                .value_parser(sample())
                .help("Rows to measure: a number or 'all' [default: all, or a sample of many]"),
        )
        .arg(metric_arg(
            "Distance between rows of DATA: euclidean, cosine, manhattan, hellinger, hamming or jaccard [default: euclidean]",
        ))
        .arg(inputs::file_arg("per-row").long("per-row").value_name("FILE").help("Write the measures of each sampled row to this file: .csv"))
        .arg(
            Arg::new("left-to-right")
                .long("left-to-right")
                .value_name("PARTICLES")
                .value_parser(args::whole::<usize>(1))
                .help("For axes over words, also estimate the likelihood of documents by left-to-right sampling with this many particles (20 is typical); slow"),
        )
        .args(inputs::reading_args())
}

/// The names of metrics.
const METRICS: [(&str, Metric); 6] = [
    ("euclidean", Metric::Euclidean),
    ("cosine", Metric::Cosine),
    ("manhattan", Metric::Manhattan),
    ("hellinger", Metric::Hellinger),
    ("hamming", Metric::Hamming),
    ("jaccard", Metric::Jaccard),
];

/// `--metric`.
pub(crate) fn metric_arg(help: &'static str) -> Arg {
    Arg::new("metric").long("metric").value_name("WORD").hide_possible_values(true).value_parser(METRICS.map(|metric| metric.0)).help(help)
}

/// The given metric.
pub(crate) fn metric(matches: &ArgMatches) -> Option<Metric> {
    let word = matches.get_one::<String>("metric")?;
    METRICS.iter().find(|metric| metric.0 == word).map(|metric| metric.1)
}

pub(crate) fn sample() -> ValueParser {
    ValueParser::new(StringValueParser::new().try_map(|text: String| match text.as_str() {
        "all" => Ok(Sample::All),
        number => match number.parse() {
            Ok(rows) if rows > 0 => Ok(Sample::Rows(rows)),
            _ => Err("it must be a whole number, at least 1, or 'all'".to_owned()),
        },
    }))
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let run = &context.run;
    let name = &inputs::path(matches, "input")?;
    let per_row = inputs::optional_path(matches, "per-row");
    if let Some(path) = &per_row {
        outputs::check("--per-row", path, &["csv"], context)?;
    }
    if let Some(axes) = word_axes(name, run)? {
        return measure_axes(&axes, matches, context);
    }
    let space = if inputs::is_space(name) { Some(inputs::space(name)?) } else { None };
    if !matches.contains_id("against") {
        return probe::run(matches, name, space.as_ref(), context);
    }
    let mut options = inputs::read_options(matches)?;
    // A space prepares its observations.
    options.preparation = space.as_ref().map(|space| space.preparation.clone());
    let against = read::open(inputs::path(matches, "against")?, &options)?;
    against.tell(run);
    let observations = against.read(run)?;
    let preparation = match &space {
        Some(space) => space.preparation.clone(),
        None => {
            let options = inputs::prepare_options(matches)?;
            options.without_missing("a measure")?;
            Preparation::choose(&observations, &options, run)?
        }
    };
    for sentence in &preparation.told {
        run.note(sentence);
    }
    let rows = match &space {
        Some(space) => space.prepare(&observations, run)?,
        None => preparation.prepare(&observations, run)?,
    };
    let codes = match &space {
        Some(space) => Codes::new(space.codes_of(&rows, run)?, observations.metadata.clone()),
        None => Codes::open(name, &Default::default(), run)?,
    };
    let rows = rows.table()?;
    let given = matches.get_one::<usize>("k").copied();
    let k = given.unwrap_or_else(|| 15.min(codes.values.rows().saturating_sub(1) / 2));
    let sample = matches.get_one::<Sample>("sample").copied().unwrap_or_default();
    let options = MeasureOptions { k, sample, metric: metric(matches).unwrap_or_default() };
    let measures = measure::measure(codes.values.view(), rows.view(), &options, run)?;
    if let Some(path) = &per_row {
        write_rows(path, &measures, &codes)?;
    }
    context.screen.clear();
    let asked = measures.per_row.rows.len();
    let mut named: BTreeMap<String, _> = measures.named().into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect();
    let probed = probe::given(matches, &codes, run)?;
    named.extend(probed.iter().flat_map(probe::Found::named));
    if context.json {
        let mut all = json!(named);
        if let Value::Object(all) = &mut all {
            all.insert("k".into(), json!(k));
            all.insert("rows".into(), json!(codes.values.rows()));
            all.insert("rows_asked".into(), json!(asked));
        }
        return context.print(&all);
    }
    if per_row.as_deref().is_some_and(outputs::is_standard) {
        // The rows themselves were requested.
        return Ok(());
    }
    let rows = count(codes.values.rows() as u64);
    let whence =
        if asked == codes.values.rows() { "exact, from all".to_owned() } else { format!("estimated from {} of", count(asked as u64)) };
    let mut out = output::measures(&named);
    out.push_str(&format!("\n  {k} neighbors per row; {whence} {rows} rows\n"));
    for sentence in measure::sentences(&measures, codes.values.rows(), codes.values.cols()) {
        out.push_str(&format!("  {sentence}\n"));
    }
    probed.iter().for_each(|probed| out.push_str(&probe::told(probed)));
    output::text(&out)
}

/// Extensions of tables that may hold axes over words.
const TABLES: [&str; 4] = [".csv", ".tsv", ".parquet", ".jsonl"];

/// The axes over words of a space or a table, if there are any.
fn word_axes(path: &Path, run: &Run) -> Result<Option<WordAxes>> {
    if inputs::is_space(path) {
        return WordAxes::of_space(inputs::space(path)?);
    }
    let name = &*path.to_string_lossy();
    // Codes are tables, too, but without words.
    if !TABLES.iter().any(|ending| name.ends_with(ending)) {
        return Ok(None);
    }
    WordAxes::of_table(name, &read::open(name, &Default::default())?.read(run)?)
}

/// Measures axes over words against documents.
fn measure_axes(axes: &WordAxes, matches: &ArgMatches, context: &Context) -> Result<()> {
    let run = &context.run;
    let mut options = inputs::read_options(matches)?;
    options.preparation = axes.preparation().cloned();
    let documents = read::open(inputs::path(matches, "against")?, &options)?.read(run)?;
    let particles = matches.get_one::<usize>("left-to-right").copied();
    let found = axes.score(&documents, inputs::prepare_options(matches)?.text.tokens, particles, run)?;
    context.screen.clear();
    if context.json {
        return context.print(&found);
    }
    let row = |axis: usize| {
        let figures = [found.u_mass[axis], found.npmi[axis], found.c_v[axis], found.exclusivity[axis]];
        std::iter::once(axis.to_string()).chain(figures.map(number)).chain([found.names[axis].clone()]).collect()
    };
    let rows: Vec<Vec<String>> = (0..found.names.len()).map(row).collect();
    let windows = if found.in_windows { "windows of 10 words (npmi) and 110 (c_v)" } else { "whole documents, since counts have no order" };
    let mut out = format!(
        "{}\n{}\n  {} {}s against {} documents; words stand together in {windows}\n",
        output::measures(&found.measures),
        output::table(&[found.noun, "u_mass", "npmi", "c_v", "exclusivity", "words"], &rows),
        found.names.len(),
        found.noun,
        count(found.documents as u64)
    );
    for sentence in measure::interpret(&found.measures, found.names.len()) {
        out.push_str(&output::wrapped("  ", &sentence.to_string()));
    }
    output::text(&out)
}

/// One line per sampled row.
fn write_rows(path: &Path, measures: &Measures, codes: &Codes) -> Result<()> {
    let rows = &measures.per_row;
    outputs::lines(path, |out| {
        writeln!(out, "row,id,trustworthiness,continuity,recall")?;
        for (at, &row) in rows.rows.iter().enumerate() {
            let id = outputs::quoted(&codes.metadata.id(row as usize));
            writeln!(out, "{row},{id},{},{},{}", rows.trustworthiness[at], rows.continuity[at], rows.recall[at])?;
        }
        Ok(())
    })
}
