//! `latent explain --rows`: what sets rows apart from others.

use std::path::Path;

use clap::{Arg, ArgMatches};
use latentspace::data::{self, dates, read};
use latentspace::explain::{self, ColumnOrigin, ComparedAs, RowFinding, RowsExplanation, Side};
use latentspace::{Error, Result, Run};

use crate::inputs;
use crate::output::{self, count, number};

pub(super) const ROWS: &str = "rows";
const OTHERS: &str = "other-rows";
/// The origins of findings, in this order.
const ORIGINS: [(ColumnOrigin, &str); 4] = [
    (ColumnOrigin::Metadata, "metadata"),
    (ColumnOrigin::Observed, "observed"),
    (ColumnOrigin::Dimension, "dimensions"),
    (ColumnOrigin::Derived, "derived"),
];

pub(super) fn args() -> [Arg; 2] {
    [
        inputs::file_arg(ROWS).long(ROWS).value_name("FILE").help(
            "Explain what sets these rows apart: numbers (from 0) or ids, one per line, as JSON, or in a column 'row' or 'id'; or a mask; - is standard input",
        ),
        inputs::file_arg(OTHERS)
            .long(OTHERS)
            .value_name("FILE")
            .requires(ROWS)
            .help("Compare them with these rows [default: with all others]"),
    ]
}

/// What sets the rows of the file `selected` apart.
pub(super) fn explain(matches: &ArgMatches, path: &Path, selected: &Path, run: &Run) -> Result<RowsExplanation> {
    let others = inputs::optional_path(matches, OTHERS);
    let sets = |metadata: &data::Metadata| -> Result<(Vec<u32>, Option<Vec<u32>>)> {
        let others = others.as_deref().map(|file| data::read_rows(file, metadata, run)).transpose()?;
        Ok((data::read_rows(selected, metadata, run)?, others))
    };
    let observed = |of: &Path, preparation| {
        let options = data::ReadOptions { preparation, ..inputs::read_options(matches)? };
        let source = read::open(of, &options)?;
        source.tell(run);
        source.read(run)
    };
    let against = inputs::optional_path(matches, "against");
    if !inputs::is_space(path) {
        if let Some(against) = against {
            let error =
                Error::param("--against", format!("'{}' beside data", against.display()), "only a space is explained by other data");
            return Err(error.with_hint(format!("latent explain {} --rows {}", against.display(), selected.display())));
        }
        let data = observed(path, None)?;
        let (rows, others) = sets(&data.metadata)?;
        return explain::explain_rows(&data, &rows, others.as_deref(), run);
    }
    let space = inputs::space(path)?;
    let data = against.map(|data| observed(&data, Some(space.preparation.clone()))).transpose()?;
    let metadata = match &data {
        Some(data) => data.metadata.clone(),
        None => explain::kept_rows(&space).map(|kept| kept.metadata()).map_err(|_| {
            Error::input(path, "this space keeps no rows", "rows to compare are needed").with_hint(format!(
                "latent explain {} --against DATA --rows {}, with the data that it was learned from",
                path.display(),
                selected.display()
            ))
        })?,
    };
    let (rows, others) = sets(&metadata)?;
    explain::explain_rows_of(&space, data.as_ref(), &rows, others.as_deref(), run)
}

/// The findings as tables, one for each origin.
pub(super) fn table(path: &Path, found: &RowsExplanation, shown: usize) -> String {
    let others = if found.shared > 0 {
        format!("{} others ({} are in both sets)", count(found.against as u64), count(found.shared as u64))
    } else {
        format!("{} others", count(found.against as u64))
    };
    let mut out = format!(
        "{}: {} rows compared with {others}, {} comparisons\n",
        path.display(),
        count(found.rows as u64),
        count(found.comparisons as u64)
    );
    if found.findings.is_empty() {
        out.push_str(&format!("\n  Nothing sets them apart beyond chance (p < {}).\n", latentspace::contrast::LEVEL));
    }
    for (origin, title) in ORIGINS {
        let all: Vec<&RowFinding> = found.findings.iter().filter(|finding| finding.origin == origin).collect();
        if all.is_empty() {
            continue;
        }
        let rows: Vec<Vec<String>> = all.iter().take(shown).map(|finding| row(finding)).collect();
        out.push_str(&format!("\n{}", output::table(&[title, "selected", "others", "effect", "p"], &rows)));
        if all.len() > shown {
            out.push_str(&format!("  and {} more: --words N shows more\n", count((all.len() - shown) as u64)));
        }
    }
    if !found.findings.is_empty() {
        out.push('\n');
        out.push_str("  numbers: median (quartiles); counts: mean (share of rows that have any); effect: Cliff's delta\n");
        out.push_str(&output::wrapped("  ", explain::BY_CONSTRUCTION));
    }
    found.warnings.iter().for_each(|warning| out.push_str(&output::wrapped("  ", warning)));
    out
}

fn row(finding: &RowFinding) -> Vec<String> {
    let name = match (&finding.level, finding.compared) {
        (Some(level), ComparedAs::Category) => format!("{} = {level}", finding.column),
        (Some(word), _) => format!("{}: {word}", finding.column),
        (None, ComparedAs::Missing) => format!("{} missing", finding.column),
        (None, _) => finding.column.clone(),
    };
    let p = if finding.p < 1e-15 {
        "<1e-15".to_owned()
    } else if finding.p < 1e-3 {
        format!("{:.0e}", finding.p)
    } else {
        format!("{:.3}", finding.p)
    };
    vec![name, side(&finding.inside, finding.compared), side(&finding.outside, finding.compared), format!("{:+.2}", finding.effect), p]
}

fn side(side: &Side, compared: ComparedAs) -> String {
    let share = || side.share.map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share));
    let cell = |value: f64| if compared == ComparedAs::Date { day(value) } else { number(value) };
    match (compared, side.mean, side.quartiles) {
        (ComparedAs::Count, Some(mean), _) => format!("{} ({})", number(mean), share()),
        (_, _, Some([low, median, high])) => format!("{} ({} to {})", cell(median), cell(low), cell(high)),
        _ => share(),
    }
}

/// A day since 1970 as `2021-03-31`.
fn day(value: f64) -> String {
    let (year, month, day) = dates::civil(value.floor() as i64);
    format!("{year:04}-{month:02}-{day:02}")
}
