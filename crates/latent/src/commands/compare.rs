//! `latent compare`: similarity of two spaces of the same rows, and of their axes.

use std::path::Path;

use clap::{Arg, ArgMatches, Command};
use latentspace::compare::{self, AxesComparison, AxisComparison, ComparisonOptions, Embedding};
use latentspace::data::ReadOptions;
use latentspace::measure::Sample;
use latentspace::{Codes, Result, Space};

use crate::commands::measure::sample;
use crate::context::Context;
use crate::output::{self, count, number};
use crate::{args, inputs, outputs};

pub(crate) fn command() -> Command {
    let space = |name: &'static str, help: &'static str| inputs::file_arg(name).value_name(name).required(true).help(help);
    Command::new("compare")
        .about("Compare two spaces of the same rows: similarity (CKA, CCA, Procrustes), shared neighbors, rows that moved")
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
            "cka (1: equal up to rotation and scale), cca (mean canonical correlation; 1: equal up to any invertible linear map) and\n\
             procrustes (0: equal; residual after aligning B to A) compare global structure, neighbors_shared local structure,\n\
             distance_correlation long distances. Displacements of rows are in units of A's radius, the root mean squared distance from its\n\
             mean.\n\
             Axes that are distributions over words, even of different documents, are compared, too: each of A with its match in B.",
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
    let of = |path: &Path, space: &Option<Space>| match space {
        Some(space) => inputs::codes(space, path),
        None => Codes::open(path, &ReadOptions::default(), run),
    };
    let a = Embedding { name: name_a, codes: of(&path_a, &space_a), space: space_a.as_ref() };
    let b = Embedding { name: name_b, codes: of(&path_b, &space_b), space: space_b.as_ref() };
    let options = ComparisonOptions {
        k: matches.get_one::<usize>("k").copied(),
        sample: matches.get_one::<Sample>("sample").copied().unwrap_or_default(),
        every_row: moved.is_some(),
    };
    let found = compare::compare(a, b, &options, run)?;
    if let (Some(file), Some(rows)) = (&moved, &found.rows) {
        outputs::figures(file, &[("moved", &rows.found.moved), ("neighbors_kept", &rows.found.kept)], &rows.metadata)?;
    }
    context.screen.clear();
    if context.json {
        return context.print(&found);
    }
    if moved.as_deref().is_some_and(outputs::is_standard) {
        // The rows themselves were requested.
        return Ok(());
    }
    let mut out = String::new();
    if let Some(rows) = &found.rows {
        let n = rows.metadata.rows();
        let asked = if rows.found.rows_asked == n { "all".to_owned() } else { count(rows.found.rows_asked as u64) };
        out.push_str(&output::measures(&found.named()));
        let (k, all) = (rows.found.k, count(n as u64));
        out.push_str(&format!("\n  {k} neighbors per row, {asked} of {all} rows, matched by their {}\n", rows.by));
        rows.found.sentences().iter().for_each(|sentence| out.push_str(&output::wrapped("  ", sentence)));
    }
    if let Some(axes) = &found.axes {
        let gap = if out.is_empty() { "" } else { "\n" };
        out.push_str(&format!("{gap}{}\n{}", table(axes), output::wrapped("  ", &axes.sentence())));
    }
    output::text(&out)
}

/// One line per axis, the most similar first.
fn table(axes: &AxesComparison) -> String {
    let mut order: Vec<&AxisComparison> = axes.each.iter().collect();
    order.sort_by(|a, b| a.divergence.total_cmp(&b.divergence));
    let row = |one: &&AxisComparison| {
        let partner = one.partner.map_or_else(String::new, |partner| partner.to_string());
        let name = one.partner_name.clone().unwrap_or_else(|| "no partner".to_owned());
        vec![one.axis.to_string(), one.name.clone(), partner, name, number(one.shared), number(one.divergence)]
    };
    output::table(&["A", "words", "B", "words", "shared", "divergence"], &order.iter().map(row).collect::<Vec<_>>())
}
