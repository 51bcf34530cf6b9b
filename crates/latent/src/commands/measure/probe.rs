//! `latent measure CODES --probe LABELS`: how well codes tell labels apart.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Arg, ArgMatches};
use latentspace::data::ReadOptions;
use latentspace::measure::{Measure, Probe, ProbeOptions, Sample, probe};
use latentspace::{Codes, Error, Result, Run, Space};
use serde_json::{Value, json};

use crate::context::Context;
use crate::output::{self, count};

pub(super) fn arg() -> Arg {
    Arg::new("probe").long("probe").value_name("LABELS").help(
        "Probe the codes for labels: cross-validated accuracy of a plane (logistic regression) and of k neighbors, beside that of \
         permuted labels. A file of labels, row by row (FILE or FILE:COLUMN), or a column of the codes' metadata",
    )
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
    let named: BTreeMap<String, Measure> = found.named().into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect();
    if context.json {
        let mut all = json!(named);
        if let Value::Object(all) = &mut all {
            all.extend(
                [("rows", found.rows), ("classes", found.classes), ("k", found.k)].map(|(name, value)| (name.to_owned(), json!(value))),
            );
        }
        return context.print(&all);
    }
    output::text(&format!("{}\n{}", output::measures(&named), told(&found)))
}

/// The probe that the flags ask for, if any, of codes with their metadata.
pub(super) fn given(matches: &ArgMatches, codes: &Codes, run: &Run) -> Result<Option<Probe>> {
    let Some(given) = matches.get_one::<String>("probe") else { return Ok(None) };
    let labels = match codes.metadata.names().iter().any(|name| name == given) {
        true => codes.metadata.labels(given)?.codes,
        false => from_file(given, codes.values.rows(), run)?,
    };
    let usual = ProbeOptions::default();
    let rows = match matches.get_one::<Sample>("sample") {
        Some(Sample::All) => usize::MAX,
        Some(Sample::Rows(rows)) => *rows,
        _ => usual.rows,
    };
    let k = matches.get_one::<usize>("k").copied().unwrap_or(usual.k);
    probe(codes.values.view(), &labels, &ProbeOptions { k, rows, ..usual }, run).map(Some)
}

/// The labels of a file, or of one of its columns.
fn from_file(given: &str, rows: usize, run: &Run) -> Result<Vec<u32>> {
    let (path, column) =
        ReadOptions::default().with_labels(given).labels.ok_or_else(|| Error::param("--probe", "nothing", "it names labels"))?;
    let table = latentspace::data::read::metadata(&path, run)?;
    let names = table.names();
    let Some(column) = column.or_else(|| names.first().cloned()) else {
        return Err(Error::input(&path, "no columns", "labels are a column of text or numbers"));
    };
    let labels = table.labels(&column)?.codes;
    if labels.len() != rows {
        return Err(Error::input(
            &path,
            format!("{} rows", count(labels.len() as u64)),
            format!("there are codes of {}", count(rows as u64)),
        ));
    }
    Ok(labels)
}

/// What was probed, in sentences.
pub(super) fn told(found: &Probe) -> String {
    output::wrapped(
        "  ",
        &format!(
            "{} labels of {} rows, in {} parts, each held out once; equal rows are in the same part. accuracy: a plane between the \
             labels finds the label of a held-out row; accuracy neighbors: its {} nearest other rows do, by their majority. random: the \
             same for permuted labels.",
            count(found.classes as u64),
            count(found.rows as u64),
            found.folds,
            found.k
        ),
    )
}
