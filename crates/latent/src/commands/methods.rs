//! `latent methods`: the methods and their parameters.

use clap::{Arg, ArgMatches, Command};
use latentspace::data::{Given, Sees};
use latentspace::method::{Entry, Signs, Takes};
use latentspace::model::Can;
use latentspace::schemars::{self, JsonSchema};
use latentspace::{Result, registry};
use serde::Serialize;
use serde_json::{Value, json};

use crate::context::Context;
use crate::{args, output};

pub(crate) fn command() -> Command {
    Command::new("methods")
        .about("List methods; with a name, its parameters and limits")
        .arg(Arg::new("name").value_name("METHOD").help("One method, in full"))
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let name = matches.get_one::<String>("name");
    let chosen: Vec<&Entry> = match name {
        Some(name) => vec![registry::find(name)?],
        None => registry::METHODS.iter().collect(),
    };
    if context.json {
        return output::json(&chosen.into_iter().map(MethodInfo::of).collect::<Vec<_>>());
    }
    match name {
        Some(_) => chosen.into_iter().try_for_each(|entry| output::text(&details(entry))),
        None => output::text(&list(&chosen)),
    }
}

/// The description of a method, also used for the page's forms.
#[derive(Serialize, JsonSchema)]
#[schemars(crate = "schemars", rename = "Method")]
pub(crate) struct MethodInfo {
    name: &'static str,
    /// Its name in sentences.
    title: &'static str,
    family: &'static str,
    summary: &'static str,
    #[schemars(with = "Vec<String>")]
    takes: &'static [Takes],
    #[schemars(with = "Vec<String>")]
    given: &'static [Given],
    #[schemars(with = "String")]
    sees: Sees,
    #[schemars(with = "String")]
    signs: Signs,
    #[schemars(with = "Value")]
    can: Can,
    /// What an axis is called, where axes have names of their own.
    axis: Option<&'static str>,
    encodes: bool,
    decodes: bool,
    folds: bool,
    live: bool,
    /// The JSON Schema of the parameters.
    parameters: Value,
    limits: &'static [&'static str],
}

impl MethodInfo {
    pub(crate) fn of(entry: &Entry) -> Self {
        let info = entry.info;
        let mut parameters = entry.schema();
        for parameter in entry.parameters() {
            parameters["properties"][parameter.name]["title"] = json!(parameter.title);
        }
        MethodInfo {
            name: info.name,
            title: info.title,
            family: info.family,
            summary: info.summary,
            takes: info.takes,
            given: info.given,
            sees: info.sees,
            signs: info.signs,
            can: info.can,
            axis: info.can.axes,
            encodes: info.encodes,
            decodes: info.decodes,
            folds: info.folds,
            live: info.live,
            parameters,
            limits: info.limits,
        }
    }
}

fn takes(entry: &Entry) -> String {
    let words = entry.info.takes.iter().map(|takes| match takes {
        Takes::Table => "tables",
        Takes::Counts => "counts",
        Takes::Text => "text",
        Takes::Images => "images",
    });
    words.collect::<Vec<_>>().join(", ")
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "" }.to_owned()
}

fn list(entries: &[&Entry]) -> String {
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            let info = entry.info;
            let takes = if info.takes == Takes::ROWS { "all".to_owned() } else { takes(entry) };
            vec![info.name.into(), info.summary.into(), takes, yes(info.encodes), yes(info.decodes), yes(info.folds)]
        })
        .collect();
    let table = output::table(&["method", "learns", "takes", "encodes", "decodes", "streams"], &rows);
    let width = entries.iter().map(|entry| entry.info.name.len()).max().unwrap_or(0);
    let mut out = format!("{table}\n  limits\n");
    for entry in entries {
        for (at, limit) in entry.info.limits.iter().enumerate() {
            let name = if at == 0 { entry.info.name } else { "" };
            out.push_str(&output::wrapped(&format!("  {name:width$}  "), limit));
        }
    }
    out + "\n`latent methods NAME` lists the parameters, `latent fit NAME --help` the flags.\n"
}

fn details(entry: &Entry) -> String {
    let info = entry.info;
    let mut out = format!("{} ({}, {}): {}\n\n", info.title, info.name, info.family, info.summary);
    let can = info.abilities();
    out.push_str(&format!(
        "  takes {}; {}\n\n",
        takes(entry),
        if can.is_empty() { "neither encodes nor decodes".to_owned() } else { can.join(", ") }
    ));
    for parameter in entry.parameters() {
        out.push_str(&format!("  {}\n{}", parameter.name, output::wrapped("      ", &args::help(&parameter))));
    }
    if !info.limits.is_empty() {
        out.push_str("\n  limits\n");
        for limit in info.limits {
            out.push_str(&output::wrapped("      ", limit));
        }
    }
    out
}
