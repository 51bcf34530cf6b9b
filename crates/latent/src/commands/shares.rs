//! `latent fit --partial` and `latent merge`: the rounds of a fit on many machines, as files.

use std::path::Path;
use std::time::Instant;

use clap::{ArgAction, ArgMatches, Command};
use latentspace::border;
use latentspace::data::read;
use latentspace::fold::Step;
use latentspace::learn::shares::{Origin, Round, Statistics, combine, merge};
use latentspace::measure;
use latentspace::method::AnyMethod;
use latentspace::{Error, Result, registry};
use serde_json::{Value, json};

use super::encode::output_arg;
use super::fit;
use crate::args::Share;
use crate::context::Context;
use crate::output::{self, count};
use crate::{inputs, outputs};

/// Writes the statistics of one share.
pub(super) fn partial(method: &dyn AnyMethod, share: Share, matches: &ArgMatches, output: &Path, context: &Context) -> Result<()> {
    let run = &context.run;
    outputs::check_file("--output", output, "a share")?;
    let data = inputs::path(matches, "data")?;
    let wrong = || Error::input(&data, "a name that is not UTF-8", "shares carry the name of their data as text");
    let data = data.to_str().ok_or_else(wrong)?.to_owned();
    let (origin, prepare) = (Origin { data, read: inputs::options_for(matches, method.info())? }, inputs::prepare_options(matches)?);
    let (round, source) = match inputs::optional_path(matches, "state").as_deref() {
        Some(state) => {
            let round = Round::from_bytes(&border::load(state)?, state)?;
            let given = (method.info().name, method.params());
            let then = (registry::find(&round.fit.method)?.info.name, Value::Object(round.fit.params.clone()));
            if given != then {
                let found = format!("{} with {}", given.0, given.1);
                return Err(Error::input("--state", found, format!("the round is of {} with {}", then.0, then.1)));
            }
            let source = round.open(&origin)?;
            (round, source)
        }
        None => {
            let source = origin.open()?;
            source.tell(run);
            let begin = if matches.get_flag("describe") { Round::zero } else { Round::first };
            (begin(method, origin, &source, &prepare, run)?, source)
        }
    };
    let statistics = round.work(&source, share.at, share.of, run)?;
    run.check()?;
    border::save(output, &statistics.to_bytes()?)?;
    context.screen.clear();
    if context.json {
        return context.print(&json!({
            "method": round.fit.method, "rows": round.fit.rows, "columns": round.numbers.map(|numbers| numbers.preparation.prepared_columns()),
            "round": round.number, "share": share.at, "shares": share.of, "statistics": output.display().to_string(),
        }));
    }
    output::text(&format!("{}: the statistics of share {} of {}, round {}", output.display(), share.at, share.of, round.number))
}

pub(crate) fn command() -> Command {
    Command::new("merge")
        .about("Merge the statistics of all shares (see `latent fit METHOD --partial`) into a space, or into the state of the next round")
        .arg(
            inputs::file_arg("statistics")
                .value_name("STATS")
                .required(true)
                .action(ArgAction::Append)
                .num_args(1..)
                .help("Statistics of the shares, in any order, or a quoted pattern of names"),
        )
        .arg(fit::no_measures_arg())
        .arg(output_arg("OUT", "Space to write, *.latent; or the state, where another round is needed; or *.stats, to combine some shares"))
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let run = &context.run;
    let output = inputs::path(matches, "output")?;
    outputs::check_file("--output", &output, "a space")?;
    let mut statistics = Vec::new();
    for given in matches.get_many::<std::path::PathBuf>("statistics").into_iter().flatten() {
        for path in read::files(given)? {
            run.check()?;
            statistics.push((path.clone(), Statistics::from_bytes(&border::load(&path)?, &path)?));
        }
    }
    let shares = statistics.len();
    if output.extension().is_some_and(|ending| ending == "stats") {
        let combined = combine(&statistics, run)?;
        run.check()?;
        border::save(&output, &combined.to_bytes()?)?;
        context.screen.clear();
        if context.json {
            return context.print(
                &json!({"done": false, "round": combined.round.number, "shares": shares, "statistics": output.display().to_string()}),
            );
        }
        return output::text(&format!("{}: the statistics of {shares} files, round {}", output.display(), combined.round.number));
    }
    let round = statistics.first().map(|(_, first)| first.round.clone()).ok_or_else(nothing)?;
    let begun = Instant::now();
    let mut space = match merge(&statistics, run)? {
        Step::Done(space) => space,
        Step::Again(next) => {
            border::save(&output, &next.to_bytes()?)?;
            context.screen.clear();
            if context.json {
                return context
                    .print(&json!({"done": false, "round": next.number, "shares": shares, "state": output.display().to_string()}));
            }
            return output::text(&format!(
                "{}: the state of round {}; another round is needed: latent fit {} DATA --partial I/N --state {}",
                output.display(),
                next.number,
                next.fit.method,
                output.display()
            ));
        }
    };
    let merging = begun.elapsed().as_secs_f64();
    drop(statistics);
    // Measure as a fit does, on the rows of the shares, if they can be read here.
    let begun = Instant::now();
    let measured = !matches.get_flag("no-measures");
    match if measured { round.measure(&mut space, run) } else { Ok(()) } {
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        Err(error) => run.warn(format!("not measured: {error}; `latent measure` measures codes")),
        Ok(()) if measured => {}
        Ok(()) => fit::tell_unmeasured(&space, &output, None, run),
    }
    let measuring = begun.elapsed().as_secs_f64();
    run.check()?;
    space.save(&output)?;
    context.screen.clear();
    if context.json {
        return context.print(&json!({
            "done": true, "round": round.number, "shares": shares, "seconds": merging, "seconds_measures": measuring, "method": space.method.name, "params": space.params,
            "n_components": space.model.n_components(), "rows": space.rows, "columns": space.model.columns(),
            "seed": space.seed, "measures": space.measures,
            "not_measured": if measured { &[] } else { measure::NAMES.as_slice() }, "facts": space.facts, "space": output.display().to_string(),
        }));
    }
    output::text(&format!(
        "{}: {} of {} x {}, {} dimensions, from {shares} files\n\n{}",
        output.display(),
        space.method.title,
        count(space.rows as u64),
        count(space.model.columns() as u64),
        space.model.n_components(),
        output::measures(&space.measures),
    ))
}

fn nothing() -> Error {
    Error::input("statistics", "no files", "those of all shares are needed")
}
