//! `latent neighbors`: nearest neighbors of a row, and vector arithmetic with rows.

use std::path::Path;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use latentspace::data::write_neighbors;
use latentspace::linalg::{Matrix, OwnedRows};
use latentspace::neighbors::{self, FeatureSpace, Metric, Neighbors};
use latentspace::{Codes, Error, Result, Space};
use serde_json::{Value, json};

use crate::commands::measure::{metric, metric_arg};
use crate::context::Context;
use crate::output::{self, count, number};
use crate::{args, inputs, outputs};

pub(crate) fn command() -> Command {
    Command::new("neighbors")
        .about("Find nearest neighbors of a row, or of a sum of rows (vector arithmetic): king - man + woman")
        .arg(inputs::file_arg("input").value_name("SPACE_OR_CODES").required(true).help("Codes, or a space that keeps those of its rows"))
        .arg(Arg::new("row").long("row").value_name("N").value_parser(args::whole::<usize>(0)).help("The row, counted from 0"))
        .arg(Arg::new("id").long("id").value_name("NAME").help("The row's id"))
        .arg(Arg::new("plus").long("plus").value_name("A,B").value_delimiter(',').help("Ids of rows to add"))
        .arg(Arg::new("minus").long("minus").value_name("C").value_delimiter(',').requires("plus").help("Ids of rows to subtract"))
        .arg(
            Arg::new("all")
                .long("all")
                .action(ArgAction::SetTrue)
                .requires("output")
                .help("Find the neighbors of every row, for `latent fit … --neighbors`"),
        )
        .group(ArgGroup::new("which").args(["row", "id", "plus", "all"]).required(true))
        .arg(
            Arg::new("k").short('k').long("neighbors").value_name("N").value_parser(args::whole::<usize>(1)).help("How many [default: 10]"),
        )
        .arg(metric_arg(
            "euclidean, cosine, manhattan, hellinger, hamming or jaccard [default: euclidean; of proportions hellinger; with --plus cosine]",
        ))
        .arg(
            Arg::new("kernel")
                .long("kernel")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["metric", "plus"])
                .help("Compare rows in the feature space of the space's kernel, by inner products alone"),
        )
        .arg(
            inputs::file_arg("output")
                .short('o')
                .long("output")
                .value_name("FILE")
                .requires("all")
                .help("Table of row, neighbor and distance to write: .parquet, .csv or .tsv"),
        )
        .args(inputs::file_args(inputs::OF_CODES))
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let run = &context.run;
    let path = inputs::path(matches, "input")?;
    let name = path.display();
    let options = inputs::file_options(matches, inputs::OF_CODES)?;
    let space = if inputs::is_space(&path) { Some(inputs::space(&path)?) } else { None };
    let (codes, usual) = match &space {
        Some(space) => (inputs::codes(space, &path)?, space.model.metric()),
        None => (Codes::open(&path, &options, run)?, Metric::default()),
    };
    let kernel = matches.get_flag("kernel").then(|| FittedRows::of(space.as_ref())).transpose()?;
    let rows = codes.values.rows();
    let summed = matches.get_many::<String>("plus").is_some();
    let metric = metric(matches).unwrap_or(if summed { Metric::Cosine } else { usual });
    // Offsets cancel only in differences of coordinates.
    let differs = matches!(metric, Metric::Euclidean | Metric::Manhattan | Metric::Hamming) && !summed;
    let values = if differs { codes.values.clone() } else { codes.absolute()? };
    let k = matches.get_one::<usize>("k").copied().unwrap_or(10);
    if matches.get_flag("all") {
        let output = inputs::path(matches, "output")?;
        outputs::check("--output", &output, &["parquet", "csv", "tsv"], context)?;
        let found = match &kernel {
            Some(fitted) => neighbors::in_feature_space(fitted.space, fitted.rows, k, true, run)?,
            None => neighbors::neighbors(values.view(), k, metric, run)?,
        };
        return write_all(&found, &output, context);
    }
    let find = |id: &String| {
        let found = codes.metadata.find(id).map_err(|error| known(error, id, &codes));
        let all = codes.metadata.find_all(id);
        if let [first, .., last] = all.as_slice() {
            let all = count(all.len() as u64);
            run.warn(format!("{all} rows have the id '{id}', rows {first} to {last}: the first is taken; --row N takes another"));
        }
        found
    };
    let (query, without) = if let Some(&row) = matches.get_one::<usize>("row") {
        if row >= rows {
            return Err(Error::param("--row", row, format!("{name} has {} rows, counted from 0", count(rows as u64))));
        }
        (values.select(&[row as u32]), vec![row])
    } else if let Some(id) = matches.get_one::<String>("id") {
        let row = find(id)?;
        (values.select(&[row as u32]), vec![row])
    } else {
        let ids = |name| matches.get_many::<String>(name).into_iter().flatten().map(find).collect::<Result<Vec<usize>>>();
        let (plus, minus) = (ids("plus")?, ids("minus")?);
        (sum(&values, &plus, &minus)?, [plus, minus].concat())
    };
    let wanted = (k + without.len()).min(rows);
    let found = match &kernel {
        Some(fitted) => neighbors::in_feature_space(fitted.space, &fitted.rows.select(&[without[0] as u32]), wanted, false, run)?,
        None => neighbors::query(values.view(), query.view(), wanted, metric, run)?,
    };
    let near = found.indices.iter().zip(&found.distances).filter(|(row, _)| !without.contains(&(**row as usize))).take(k);
    let near: Vec<(usize, String, f32)> = near.map(|(&row, &distance)| (row as usize, codes.metadata.id(row as usize), distance)).collect();
    context.screen.clear();
    if context.json {
        let list = near.iter().map(|(row, id, distance)| json!({"row": row, "id": id, "distance": distance})).collect();
        return context.print(&Value::Array(list));
    }
    let rows: Vec<Vec<String>> =
        near.iter().map(|(row, id, distance)| vec![row.to_string(), id.clone(), number(f64::from(*distance))]).collect();
    output::text(&output::table(&["row", "id", "distance"], &rows))
}

/// The fitted rows of a kernel's space.
struct FittedRows<'a> {
    space: &'a dyn FeatureSpace,
    rows: &'a OwnedRows,
}

impl<'a> FittedRows<'a> {
    fn of(space: Option<&'a Space>) -> Result<Self> {
        let found = space.map_or_else(|| "codes, which have coordinates".to_owned(), |space| format!("a space of {}", space.method.title));
        let capabilities = space.map(Space::capabilities).unwrap_or_default();
        let rows = capabilities.kept.and_then(|kept| kept.rows());
        match (capabilities.feature_space, rows) {
            (Some(space), Some(rows)) => Ok(FittedRows { space, rows }),
            _ => Err(Error::param("--kernel", found, "it needs a space that has a kernel and keeps its rows")
                .with_hint("`latent methods` lists those with a kernel; a precomputed one never saw the rows")),
        }
    }
}

/// Writes the neighbors of every row.
fn write_all(found: &Neighbors, path: &Path, context: &Context) -> Result<()> {
    context.screen.clear();
    outputs::write_or_print(path, |path| write_neighbors(path, found))?;
    if outputs::is_standard(path) {
        return Ok(());
    }
    let (rows, k) = (found.rows(), found.k);
    if context.json {
        return context.print(
            &json!({"rows": rows, "k": k, "algorithm": found.algorithm, "recall": found.recall, "neighbors": path.display().to_string()}),
        );
    }
    output::text(&format!("{}: the {k} nearest of each of {} rows, {}\n", path.display(), count(rows as u64), found.algorithm))
}

/// The sum of unit vectors, so that each row counts the same.
fn sum(codes: &Matrix, plus: &[usize], minus: &[usize]) -> Result<Matrix> {
    let mut sum = vec![0.0_f64; codes.cols()];
    for (rows, sign) in [(plus, 1.0), (minus, -1.0)] {
        for &row in rows {
            let row = codes.row(row);
            let length = row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
            let scale = if length > 0.0 { sign / length } else { 0.0 };
            sum.iter_mut().zip(row).for_each(|(sum, &v)| *sum += scale * f64::from(v));
        }
    }
    Matrix::new(1, codes.cols(), sum.into_iter().map(|v| v as f32).collect())
}

/// The error for an unknown id, with the nearest known one.
fn known(error: Error, wanted: &str, codes: &Codes) -> Error {
    if !matches!(error, Error::Param(_)) {
        return error;
    }
    let ids: Vec<String> = (0..codes.values.rows().min(1_000_000)).map(|row| codes.metadata.id(row)).collect();
    match latentspace::error::nearest(wanted, ids.iter().map(String::as_str)) {
        Some(near) => error.with_hint(format!("did you mean '{near}'?")),
        None if codes.metadata.id.is_none() => error.with_hint("these codes have no ids; use row numbers, counted from 0"),
        None => error,
    }
}
