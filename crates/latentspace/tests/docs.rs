//! docs/methods.md is made from what the methods say of themselves; `UPDATE=1` writes it anew.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use latentspace::data::Given;
use latentspace::method::Entry;
use latentspace::params::Parameter;
use latentspace::registry::METHODS;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The file of a method, from the root.
fn file(entry: &Entry) -> String {
    let module = entry.info.name.replace('-', "_");
    let methods = "crates/latentspace/src/methods";
    // In a folder with its kin, or with the method whose solvers it shares.
    let folders = |place: &str| -> Vec<String> {
        let names = std::fs::read_dir(root().join(place)).unwrap().map(|found| found.unwrap().file_name().into_string().unwrap());
        let mut all: Vec<String> = names.filter(|name| !name.contains('.')).map(|name| format!("{place}/{name}")).collect();
        all.sort();
        all
    };
    let (kin, mut places) = (folders(methods), vec![methods.to_owned()]);
    places.extend(kin.iter().cloned());
    places.extend(kin.iter().flat_map(|place| folders(place)));
    let mut found = places.iter().flat_map(|place| [format!("{place}/{module}.rs"), format!("{place}/{module}/mod.rs")]);
    found.find(|file| root().join(file).exists()).unwrap_or_else(|| panic!("{} has no file of its name", entry.info.name))
}

/// The paragraphs of a module's own doc, behind its title, up to the one that names the source.
fn told(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let paragraphs: Vec<String> = lines.split(|line| line.is_empty()).map(|lines| lines.join("\n")).collect();
    let source = paragraphs.iter().position(|paragraph| paragraph.contains("Source: "));
    let source = source.unwrap_or_else(|| panic!("the doc of {file} names no source: a line `//! Source: …` with a DOI is needed"));
    // Links into the code lead nowhere here: their text is left.
    paragraphs[1..=source].iter().map(|paragraph| paragraph.replace("[`crate::", "`").replace("`]", "`").replace("[`", "`")).collect()
}

/// A cell of a table: in one line, its bars kept from being borders.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn default(parameter: &Parameter) -> String {
    match &parameter.default {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.as_f64().is_some_and(|value| value.fract() == 0.0) => format!("{}", number.as_f64().unwrap()),
        other => other.to_string(),
    }
}

fn section(entry: &Entry) -> String {
    let info = entry.info;
    let takes: Vec<String> = info.takes.iter().map(|takes| serde_json::to_value(takes).unwrap().as_str().unwrap().to_owned()).collect();
    let can = info.abilities();
    let file = file(entry);
    let mut out = format!("## {} (`{}`)\n\nLearns {}. Family: {}.\n\n", info.title, info.name, info.summary, info.family);
    out.push_str(&told(&file).join("\n\n").replace("\nSource: ", "\n\nSource: "));
    let can = if can.is_empty() { "neither encodes nor decodes".to_owned() } else { can.join(", ") };
    out.push_str(&format!("\n\nTakes {}; {can}. Code: [{file}](../{file}).\n\n", takes.join(", ")));
    let given = info.given.iter().map(|given| match given {
        Given::Neighbors => "the neighbors of each row, found elsewhere (`--neighbors FILE`)",
        Given::Distances => "the distances of all pairs, computed elsewhere (`--distances FILE`)",
        Given::Weights => "a weight a row (`--weights FILE`)",
        Given::Errors => "the standard error of each cell (`--errors FILE`; missing cells by `--missing keep`)",
        Given::Start => "a map to start at, to hold or to keep alike (`--start SPACE_OR_CODES`, with `--hold` or `--pull X`)",
    });
    let given: Vec<&str> = given.collect();
    if !given.is_empty() {
        out.push_str(&format!("May be given {}.\n\n", given.join(", and ")));
    }
    out.push_str("| parameter | default | allowed | what |\n|---|---|---|---|\n");
    for parameter in entry.parameters() {
        let allowed = parameter.allowed().trim_start_matches("it must be ").replace('\'', "`");
        let cells = [format!("`{}`", parameter.name), default(&parameter), allowed, parameter.doc.clone()];
        out.push_str(&format!("| {} |\n", cells.map(|text| cell(&text)).join(" | ")));
    }
    if !info.limits.is_empty() {
        out.push_str("\nLimits:\n\n");
        info.limits.iter().for_each(|limit| out.push_str(&format!("- {limit}\n")));
    }
    out
}

#[test]
fn the_page_of_methods_is_fresh() {
    let mut page = String::from(
        "# The methods\n\nMade from the methods' own descriptions by `UPDATE=1 cargo test --release -p latentspace --test docs`. \
         `latent methods NAME` tells\nthe same, `latent fit NAME --help` the flags: `n_components` is `--n-components`, or `--dims`.\n\n\
         | method | family | learns | encodes | decodes | streams |\n|---|---|---|---|---|---|\n",
    );
    let yes = |can: bool| if can { "yes" } else { "" };
    for Entry { info, .. } in METHODS {
        let anchor: String = format!("{} ({})", info.title, info.name).to_lowercase().replace(' ', "-").replace(['(', ')'], "");
        let can = [info.encodes, info.decodes, info.folds].map(yes).join(" | ");
        page.push_str(&format!("| [{}](#{anchor}) | {} | {} | {can} |\n", info.name, info.family, cell(info.summary)));
    }
    METHODS.iter().for_each(|entry| page.push_str(&format!("\n{}", section(entry))));
    let path = root().join("docs/methods.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    let first = there.lines().zip(page.lines()).find(|(there, wanted)| there != wanted);
    assert!(
        there == page,
        "docs/methods.md is not what the methods say ({first:?}): `UPDATE=1 cargo test --release -p latentspace --test docs` writes it anew"
    );
}

#[test]
fn references_name_what_the_module_names() {
    for entry in METHODS {
        let (info, told) = (entry.info, told(&file(entry)).join(" "));
        assert!(!info.references.is_empty(), "{} has no reference", info.name);
        for doi in told.split("doi:").skip(1).filter_map(|rest| rest.split_whitespace().next()) {
            let doi = doi.trim_end_matches([',', ';', '.', ':']);
            assert!(
                info.references.iter().any(|reference| reference.ends_with(doi)),
                "{}: {doi} is in its module and not in its Info",
                info.name
            );
        }
    }
}
