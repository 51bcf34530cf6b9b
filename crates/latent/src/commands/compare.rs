//! `latent compare`: similarity of two spaces of the same rows, or of two topic models.

mod topics;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use clap::{Arg, ArgMatches, Command};
use latentspace::data::{Metadata, ReadOptions};
use latentspace::linalg::Matrix;
use latentspace::measure::{self, CompareOptions, Sample};
use latentspace::{Codes, Error, Result, Space};
use serde_json::{Value, json};

use crate::commands::measure::sample;
use crate::context::Context;
use crate::output::{self, count};
use crate::{args, inputs, outputs};

pub(crate) fn command() -> Command {
    let space = |name: &'static str, help: &'static str| inputs::file_arg(name).value_name(name).required(true).help(help);
    Command::new("compare")
        .about("Compare two spaces of the same rows, or two topic models: similarity (CKA, Procrustes), shared neighbors, rows that moved")
        .arg(space("A", "Codes, or a space that keeps those of its rows"))
        .arg(space("B", "The same rows in another space, matched by id where both have ids, else by order"))
        .arg(args::neighbors(1, "Number of neighbors per row [default: 15]"))
        .arg(
            Arg::new("sample")
                .long("sample")
                .value_name("N|all")
                .value_parser(sample())
                .conflicts_with("moved")
                .help("Rows whose neighbors are compared: a number or 'all' [default: all, or a sample of many]"),
        )
        .arg(
            inputs::file_arg("moved")
                .long("moved")
                .value_name("FILE")
                .help("Write each row's displacement and its share of kept neighbors to FILE: .npy, .parquet or .csv"),
        )
        .after_help(
            "cka (1: equal up to rotation and scale) and procrustes (0: equal; residual after aligning B to A) compare global structure,\n\
             neighbors_shared local structure, distance_correlation long distances. Displacements of rows are in units of A's radius, the\n\
             root mean squared distance from its mean.\n\
             Topic models, even of different documents, are compared topic by topic: each topic of A with its one-to-one match in B.",
        )
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let run = &context.run;
    let moved = inputs::optional_path(matches, "moved");
    if let Some(file) = &moved {
        outputs::check("--moved", file, outputs::FIGURES, context)?;
    }
    let (path_a, path_b) = (inputs::path(matches, "A")?, inputs::path(matches, "B")?);
    let (name_a, name_b) = (&*path_a.to_string_lossy(), &*path_b.to_string_lossy());
    let open = |path: &Path| inputs::is_space(path).then(|| inputs::space(path)).transpose();
    let (space_a, space_b) = (open(&path_a)?, open(&path_b)?);
    let of_topics = match (&space_a, &space_b) {
        (Some(a), Some(b)) => topics::compared((name_a, a), (name_b, b), run)?,
        _ => None,
    };
    let of = |path: &Path, space: &Option<Space>| match space {
        Some(space) => inputs::codes(space, path),
        None => Codes::open(path, &ReadOptions::default(), run),
    };
    let both = || Matched::of((name_a, of(&path_a, &space_a)?), (name_b, of(&path_b, &space_b)?));
    let both = match (both(), of_topics.is_some() && moved.is_none()) {
        // Topics can be compared without rows.
        (Err(error @ Error::Input(_)), true) => {
            run.warn(format!("documents are not compared: {error}"));
            None
        }
        (both, _) => Some(both?),
    };
    let Some(both) = both else {
        let Some(found) = of_topics else { return Err(Error::internal("neither rows nor topics")) };
        context.screen.clear();
        return if context.json { context.print(&json!({ "topics": found })) } else { output::text(&found.told()) };
    };
    both.notes().iter().for_each(|note| run.note(note));
    let n = both.metadata.rows();
    let options = CompareOptions {
        k: matches.get_one::<usize>("k").copied().unwrap_or_else(|| 15.min(n.saturating_sub(1)).max(1)),
        sample: matches.get_one::<Sample>("sample").copied().unwrap_or_default(),
        every_row: moved.is_some(),
    };
    let found = measure::compare(both.a.view(), both.b.view(), &options, run)?;
    if let Some(file) = &moved {
        outputs::figures(file, &[("moved", &found.moved), ("neighbors_kept", &found.kept)], &both.metadata)?;
    }
    context.screen.clear();
    let named: BTreeMap<String, _> = found.named().into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect();
    if context.json {
        let mut all = json!(found);
        if let Value::Object(all) = &mut all {
            all.insert("rows".into(), json!(n));
            all.insert("matched_by".into(), json!(both.by));
            all.insert("only_in_a".into(), json!(both.only_a));
            all.insert("only_in_b".into(), json!(both.only_b));
            if let Some(found) = &of_topics {
                all.insert("topics".into(), json!(found));
            }
        }
        return context.print(&all);
    }
    if moved.as_deref().is_some_and(outputs::is_standard) {
        // The rows themselves were requested.
        return Ok(());
    }
    let asked = if found.rows_asked == n { "all".to_owned() } else { count(found.rows_asked as u64) };
    let mut out = output::measures(&named);
    out.push_str(&format!("\n  {} neighbors per row, {asked} of {} rows, matched by their {}\n", found.k, count(n as u64), both.by));
    found.sentences().iter().for_each(|sentence| out.push_str(&output::wrapped("  ", sentence)));
    if let Some(found) = &of_topics {
        out.push_str(&format!("\n{}", found.told()));
    }
    output::text(&out)
}

/// Rows that are in both spaces, in the order of the first.
struct Matched {
    a: Matrix,
    b: Matrix,
    /// Metadata of the first.
    metadata: Metadata,
    /// How they were matched.
    by: &'static str,
    only_a: usize,
    only_b: usize,
}

impl Matched {
    fn of((name_a, a): (&str, Codes), (name_b, b): (&str, Codes)) -> Result<Self> {
        let (rows_a, rows_b) = (a.values.rows(), b.values.rows());
        let by_order = |by| Matched { a: a.values.clone(), b: b.values.clone(), metadata: a.metadata.clone(), by, only_a: 0, only_b: 0 };
        if a.metadata.id.is_none() || b.metadata.id.is_none() {
            if rows_a != rows_b {
                let found = format!("{} rows", count(rows_b as u64));
                return Err(Error::input(name_b, found, format!("{name_a} has {}", count(rows_a as u64)))
                    .with_hint("rows are matched by their order, or, where both files have a column named id, by that"));
            }
            return Ok(by_order("order"));
        }
        let ids = |codes: &Codes| (0..codes.values.rows()).map(|row| codes.metadata.id(row)).collect::<Vec<String>>();
        let (ids_a, ids_b) = (ids(&a), ids(&b));
        if ids_a == ids_b {
            return Ok(by_order("ids"));
        }
        let places_b = places(name_b, &ids_b)?;
        places(name_a, &ids_a)?;
        let (chosen_a, chosen_b): (Vec<u32>, Vec<u32>) =
            ids_a.iter().zip(0..).filter_map(|(id, row)| Some((row, *places_b.get(id.as_str())?))).unzip();
        if chosen_a.is_empty() {
            let found = format!("none of its ids ('{}', …) is an id of {name_a}", ids_b.first().map_or("", String::as_str));
            return Err(Error::input(name_b, found, "rows are matched by their ids where both files have them"));
        }
        Ok(Matched {
            a: a.values.select(&chosen_a),
            b: b.values.select(&chosen_b),
            metadata: a.metadata.select(&chosen_a)?,
            by: "ids",
            only_a: rows_a - chosen_a.len(),
            only_b: rows_b - chosen_b.len(),
        })
    }

    fn notes(&self) -> Vec<String> {
        let left_out = [(self.only_a, "first"), (self.only_b, "second")];
        let note = |(rows, which)| format!("{} rows are in the {which} space alone and left out", count(rows as u64));
        left_out.into_iter().filter(|(rows, _)| *rows > 0).map(|(rows, which)| note((rows, which))).collect()
    }
}

/// The row of each id.
fn places<'a>(name: &str, ids: &'a [String]) -> Result<HashMap<&'a str, u32>> {
    let mut places = HashMap::new();
    for (row, id) in ids.iter().enumerate() {
        if let Some(first) = places.insert(id.as_str(), row as u32) {
            let found = format!("the id '{id}', which row {} has, too", first + 1);
            return Err(Error::input(name, found, "rows are matched by their ids, so each has its own").at_row(row as u64 + 1));
        }
    }
    Ok(places)
}
