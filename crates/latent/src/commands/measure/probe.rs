//! `latent measure CODES --probe LABELS`: how well codes tell labels apart, or predict numbers.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Arg, ArgMatches};
use latentspace::data::{Metadata, ReadOptions};
use latentspace::measure::{Measure, NumberProbe, Probe, ProbeOptions, Sample, probe, probe_numbers};
use latentspace::{Codes, Error, Result, Run, Space};
use serde_json::{Value, json};

use crate::context::Context;
use crate::output::{self, count};

pub(super) fn arg() -> Arg {
    Arg::new("probe").long("probe").value_name("LABELS").help(
        "Probe the codes for labels: cross-validated accuracy of a plane (logistic regression) and of k neighbors, beside that of \
         permuted labels; for numbers, R² of a linear regression and of k neighbors. A file of labels, row by row (FILE or \
         FILE:COLUMN), or a column of the codes' metadata",
    )
}

/// Whole numbers with at most this many values are labels, too.
const FEW_VALUES: usize = 50;

/// What was probed: labels, numbers, or both where labels are numbers.
pub(super) struct Found {
    labels: Option<Probe>,
    numbers: Option<NumberProbe>,
}

impl Found {
    /// The measures by name.
    pub(super) fn named(&self) -> BTreeMap<String, Measure> {
        let labels = self.labels.iter().flat_map(Probe::named);
        let numbers = self.numbers.iter().flat_map(NumberProbe::named);
        labels.chain(numbers).map(|(name, measure)| (name.to_owned(), measure)).collect()
    }
}

/// Probes codes without the data that they were made from.
pub(super) fn run(matches: &ArgMatches, name: &Path, space: Option<&Space>, context: &Context) -> Result<()> {
    let codes = match space {
        Some(space) => {
            let kept = space.capabilities().kept.ok_or_else(|| {
                Error::input(name, "this space keeps no codes", "a probe needs the codes of rows")
                    .with_hint("--against DATA encodes the rows of DATA")
            })?;
            Codes::new(kept.codes.clone(), kept.metadata())
        }
        None => Codes::open(name, &ReadOptions::default(), &context.run)?,
    };
    let Some(found) = given(matches, &codes, &context.run)? else {
        return Err(Error::param("--probe", "nothing", "it names labels"));
    };
    context.screen.clear();
    let named = found.named();
    if context.json {
        let mut all = json!(named);
        if let Value::Object(all) = &mut all {
            let labels = found.labels.iter().flat_map(|found| [("rows", found.rows), ("classes", found.classes), ("k", found.k)]);
            let numbers = found.numbers.iter().flat_map(|found| [("rows", found.rows), ("k", found.k)]);
            all.extend(numbers.chain(labels).map(|(name, value)| (name.to_owned(), json!(value))));
        }
        return context.print(&all);
    }
    output::text(&format!("{}\n{}", output::measures(&named), told(&found)))
}

/// The probe that the flags ask for, if any, of codes with their metadata.
pub(super) fn given(matches: &ArgMatches, codes: &Codes, run: &Run) -> Result<Option<Found>> {
    let Some(given) = matches.get_one::<String>("probe") else { return Ok(None) };
    let (table, column) = match codes.metadata.names().iter().any(|name| name == given) {
        true => (codes.metadata.clone(), given.clone()),
        false => from_file(given, codes.values.rows(), run)?,
    };
    let usual = ProbeOptions::default();
    let rows = match matches.get_one::<Sample>("sample") {
        Some(Sample::All) => usize::MAX,
        Some(Sample::Rows(rows)) => *rows,
        _ => usual.rows,
    };
    let options = ProbeOptions { k: matches.get_one::<usize>("k").copied().unwrap_or(usual.k), rows, ..usual };
    let labels = table.labels(&column)?;
    let numbers = table.numbers(&column).filter(|numbers| !are_labels(numbers) || labels.levels.len() > 2);
    let is_labels = numbers.as_ref().is_none_or(|numbers| are_labels(numbers) && 2 * labels.levels.len() <= numbers.len());
    Ok(Some(Found {
        labels: is_labels.then(|| probe(codes.values.view(), &labels.codes, &options, run)).transpose()?,
        numbers: numbers.map(|numbers| probe_numbers(codes.values.view(), &numbers, &options, run)).transpose()?,
    }))
}

/// Whether numbers may be labels: whole, with few values.
fn are_labels(numbers: &[f64]) -> bool {
    let mut values: Vec<f64> = numbers.iter().copied().filter(|value| !value.is_nan()).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values.len() <= FEW_VALUES && values.iter().all(|value| value.fract() == 0.0)
}

/// The labels of a file, and the name of their column.
fn from_file(given: &str, rows: usize, run: &Run) -> Result<(Metadata, String)> {
    let (path, column) =
        ReadOptions::default().with_labels(given).labels.ok_or_else(|| Error::param("--probe", "nothing", "it names labels"))?;
    let table = latentspace::data::read::metadata(&path, run)?;
    let names = table.names();
    let Some(column) = column.or_else(|| names.first().cloned()) else {
        return Err(Error::input(&path, "no columns", "labels are a column of text or numbers"));
    };
    if table.rows() != rows {
        return Err(Error::input(
            &path,
            format!("{} rows", count(table.rows() as u64)),
            format!("there are codes of {}", count(rows as u64)),
        ));
    }
    Ok((table, column))
}

/// What was probed, in sentences.
pub(super) fn told(found: &Found) -> String {
    let mut out = String::new();
    if let Some(found) = &found.labels {
        out.push_str(&output::wrapped(
            "  ",
            &format!(
                "{} labels of {} rows, in {} parts, each held out once; equal rows are in the same part. accuracy: a plane between the \
                 labels finds the label of a held-out row; accuracy neighbors: its {} nearest other rows do, by their majority. random: \
                 the same for permuted labels.",
                count(found.classes as u64),
                count(found.rows as u64),
                found.folds,
                found.k
            ),
        ));
    }
    if let Some(found) = &found.numbers {
        out.push_str(&output::wrapped(
            "  ",
            &format!(
                "{} numbers, in {} parts, each held out once; equal rows are in the same part. r2: the share of the variance of held-out \
                 numbers that a linear regression predicts (1: all, 0: no better than the mean); r2 neighbors: the mean of the {} nearest \
                 other rows. random: the same for permuted numbers.",
                count(found.rows as u64),
                found.folds,
                found.k
            ),
        ));
    }
    out
}
