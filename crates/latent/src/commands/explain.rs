//! `latent explain`: the most relevant words of each topic.

use std::path::Path;

use clap::{Arg, ArgMatches, Command};
use latentspace::{Error, Result};
use serde_json::Value;

use crate::context::Context;
use crate::output::{self, number};
use crate::study::topics::Topical;
use crate::{args, inputs};

/// Default number of words per topic.
const WORDS: usize = 10;

pub(crate) fn command() -> Command {
    Command::new("explain")
        .about("Explain the dimensions of a space: for topics, their most relevant words and documents")
        .arg(inputs::file_arg("space").value_name("SPACE").required(true).help("A space of topics"))
        .arg(
            Arg::new("words")
                .long("words")
                .value_name("N")
                .value_parser(args::whole::<usize>(1))
                .help("Number of words per topic and ranking [default: 10]"),
        )
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let path = inputs::path(matches, "space")?;
    let space = inputs::space(&path)?;
    if space.model.topics().is_none() {
        let found = format!("a space of {}", space.method.title);
        return Err(Error::input(&path, found, "`latent explain` needs a topic model").with_hint("`latent explore SPACE` shows any space"));
    }
    let wanted = matches.get_one::<usize>("words").copied().unwrap_or(WORDS);
    let topics = Topical::of_space(space)?;
    let told = topics.explained(wanted, &context.run)?;
    context.screen.clear();
    if context.json {
        return context.print(&told);
    }
    output::text(&table(&topics, &told, &path))
}

/// One line per topic, the largest first.
fn table(topics: &Topical, told: &Value, path: &Path) -> String {
    let mut all: Vec<&Value> = told.as_array().into_iter().flatten().collect();
    all.sort_by(|a, b| b["share"].as_f64().unwrap_or(0.0).total_cmp(&a["share"].as_f64().unwrap_or(0.0)));
    let words = |topic: &Value| {
        let words = topic["relevance"].as_array().into_iter().flatten().filter_map(|word| word["word"].as_str());
        words.collect::<Vec<_>>().join(" ")
    };
    let row = |topic: &Value| {
        vec![
            topic["topic"].to_string(),
            format!("{:.1} %", 100.0 * topic["share"].as_f64().unwrap_or(0.0)),
            topic["coherence_npmi"].as_f64().map_or_else(String::new, number),
            words(topic),
        ]
    };
    let rows: Vec<Vec<String>> = all.into_iter().map(row).collect();
    format!(
        "{}: {}\n\n{}\n  words by relevance (lambda 0.6); a topic's number is that of its dimension, z0 the first\n",
        path.display(),
        topics.title(),
        output::table(&["topic", "share", "coherence", "words"], &rows)
    )
}
