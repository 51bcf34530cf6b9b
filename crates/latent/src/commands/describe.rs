//! `latent describe`: summary of the rows, columns and preparation of data.

use clap::{ArgMatches, Command};
use latentspace::Result;
use latentspace::data::{ColumnSummary, Summary, read};
use latentspace::text::Facts;

use crate::context::Context;
use crate::inputs;
use crate::output::{self, count, number};

pub(crate) fn command() -> Command {
    Command::new("describe")
        .about("Describe data before a fit: rows, columns, types, missing cells, and the preparation that would be chosen")
        .args(inputs::data_args())
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let data = read::open(inputs::path(matches, "data")?, &inputs::read_options(matches)?)?;
    data.warnings().iter().for_each(|warning| context.run.warn(warning));
    let summary = Summary::of_source(&data, &inputs::prepare_options(matches)?, &context.run)?;
    context.screen.clear();
    if context.json { context.print(&summary) } else { output::text(&table(&summary)) }
}

/// Maximum number of columns that are listed.
const SHOWN: usize = 40;

fn table(summary: &Summary) -> String {
    let mut out = format!("{}: {} of {} rows", summary.name, summary.kind, count(summary.rows));
    match (&summary.image, summary.columns) {
        (Some(image), _) => {
            let colors =
                ["grey", "grey and opacity", "color", "color and opacity"].get(image.channels.wrapping_sub(1)).unwrap_or(&"many channels");
            out.push_str(&format!(", {} x {} pixels, {colors}", image.width, image.height));
        }
        (None, 0) => {}
        (None, columns) => out.push_str(&format!(", {} columns", count(columns as u64))),
    }
    out.push('\n');
    if summary.named && summary.learned.len() <= SHOWN {
        out.push_str("\nlearned from\n");
        out.push_str(&columns(&summary.learned));
    } else if let Some(all) = overall(&summary.learned) {
        out.push_str(&all);
    }
    if let Some(facts) = &summary.text {
        out.push_str(&words(facts));
    }
    if !summary.metadata.is_empty() {
        out.push_str("\nmetadata\n");
        out.push_str(&columns(&summary.metadata));
    }
    let mut facts = Vec::new();
    match summary.duplicate_rows {
        Some(0) => facts.push("no duplicate rows".to_owned()),
        Some(1) => facts.push("1 row equals an earlier one".to_owned()),
        Some(rows) => facts.push(format!("{} rows equal an earlier one", count(rows))),
        None => {}
    }
    if let Some(ids) = summary.duplicate_ids.filter(|&ids| ids > 0) {
        facts.push(format!("{} ids equal an earlier one", count(ids)));
    }
    for (what, place) in [("missing", &summary.first_missing), ("infinite", &summary.first_infinite)] {
        if let Some((row, column)) = place {
            facts.push(format!("the first {what} cell is in row {}, column {column}", count(*row)));
        }
    }
    let sections = [("", &facts), ("reading", &summary.notes), ("preparation", &summary.preparation)];
    for (heading, lines) in sections.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        out.push_str(&format!("\n{heading}{}", if heading.is_empty() { "" } else { "\n" }));
        lines.iter().for_each(|line| out.push_str(&format!("  {line}\n")));
    }
    out
}

fn columns(columns: &[ColumnSummary]) -> String {
    let some = |value: Option<f64>| value.map(number).unwrap_or_default();
    let many = |value: u64| if value == 0 { String::new() } else { count(value) };
    let rows: Vec<Vec<String>> = columns
        .iter()
        .take(SHOWN)
        .map(|column| {
            let levels: Vec<&str> = column.levels.iter().take(3).map(|level| level.name.as_str()).collect();
            let more = if column.constant { "constant".to_owned() } else { levels.join(", ") };
            let distinct = column.distinct.map(count).unwrap_or_default();
            vec![
                column.name.clone(),
                column.kind.clone(),
                many(column.missing),
                distinct,
                some(column.min),
                some(column.mean),
                some(column.max),
                some(column.sd),
                more,
            ]
        })
        .collect();
    let mut out = output::table(&["column", "type", "missing", "distinct", "min", "mean", "max", "sd", ""], &rows);
    if columns.len() > SHOWN {
        out.push_str(&format!("  and {} more\n", count((columns.len() - SHOWN) as u64)));
    }
    out
}

/// Statistics of the words of text.
fn words(facts: &Facts) -> String {
    let language = facts.language.as_ref().map_or("not detected".to_owned(), |(name, share)| {
        format!("{name} ({:.0} % of the most frequent words are its stop words)", 100.0 * share)
    });
    let mut out = String::from("\nwords\n");
    out.push_str(&output::table(
        &["", ""],
        &[
            vec!["documents".to_owned(), count(facts.documents)],
            vec!["empty documents".to_owned(), count(facts.empty)],
            vec!["words".to_owned(), count(facts.tokens)],
            vec!["distinct words".to_owned(), count(facts.met)],
            vec!["counted words".to_owned(), count(facts.words)],
            vec!["language".to_owned(), language],
        ],
    ));
    let rows: Vec<Vec<String>> =
        facts.commonest.iter().take(10).map(|word| vec![word.word.clone(), count(word.times), count(word.documents)]).collect();
    out.push('\n');
    out.push_str(&output::table(&["most frequent", "count", "documents"], &rows));
    out
}

/// Summary of many columns in one line.
fn overall(columns: &[ColumnSummary]) -> Option<String> {
    let least = columns.iter().filter_map(|column| column.min).reduce(f64::min)?;
    let most = columns.iter().filter_map(|column| column.max).reduce(f64::max)?;
    let missing: u64 = columns.iter().map(|column| column.missing).sum();
    let constant = columns.iter().filter(|column| column.constant).count();
    let mut out = format!("  from {} to {}", number(least), number(most));
    if missing > 0 {
        out.push_str(&format!("; {} cells missing", count(missing)));
    }
    if constant > 0 {
        out.push_str(&format!("; {} columns constant", count(constant as u64)));
    }
    out.push('\n');
    Some(out)
}
