//! `latent sweep METHOD`: choose the number of dimensions by training and held-out error.

mod picture;

use std::collections::BTreeSet;
use std::time::Instant;

use clap::{Arg, ArgMatches, Command};
use latentspace::border;
use latentspace::data::{Metadata, Precomputed, Preparation, Prepared, Rows};
use latentspace::measure::Measure;
use latentspace::method::{self, Entry, Fitted, Model};
use latentspace::params::Role;
use latentspace::random::Random;
use latentspace::{Error, Result, Run, registry};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::commands::fit;
use crate::context::Context;
use crate::output::{self, count, duration, number};
use crate::{args, inputs, memory, outputs};

/// The held-out measure of methods that hold out documents themselves, and the fact with the training score of as many documents.
const LIKELIHOOD: &str = "log_likelihood_per_word";
const TRAINING: &str = "training_log_likelihood_per_word";
/// The measure of other methods.
const ERROR: &str = "reconstruction_error";
/// For other methods, one row in this many is held out, up to a maximum number.
const ONE_IN: usize = 10;
const MOST_HELD: usize = 10_000;
/// Standard errors in half of a 95 % interval.
const ERRORS: f64 = 1.96;

pub(crate) fn command() -> Command {
    Command::new("sweep")
        .about("Choose the number of dimensions by training and held-out error")
        .subcommand_required(true)
        .subcommand_value_name("METHOD")
        .subcommand_help_heading("Methods")
        .disable_help_subcommand(true)
        .subcommands(registry::METHODS.iter().filter(|entry| can(entry)).map(method_command))
}

/// Whether a method can be scored on held-out rows: by its own held-out measure, or by decoding their codes.
fn can(entry: &Entry) -> bool {
    let has = |role| entry.parameter_of(role).is_some();
    has(Role::Dimensions) && (has(Role::HeldOut) || entry.info.encodes && entry.info.decodes)
}

/// The name of the parameter of the number of dimensions.
fn dimensions(entry: &Entry) -> Result<String> {
    let parameter = entry.parameter_of(Role::Dimensions);
    parameter.map(|parameter| parameter.name).ok_or_else(|| Error::internal("a sweep of a method without dimensions"))
}

fn method_command(entry: &Entry) -> Command {
    let dimensions = dimensions(entry).unwrap_or_default();
    Command::new(entry.info.name)
        .about(format!("{}: {}", entry.info.title, entry.info.summary))
        .help_template(args::TEMPLATE)
        .arg(inputs::data_arg())
        .arg(
            Arg::new("dims")
                .long("dims")
                .alias(dimensions.replace('_', "-"))
                .value_name("K,K,…")
                .required(true)
                .value_delimiter(',')
                .value_parser(args::whole::<u32>(1))
                .help("Numbers of dimensions to try, such as 1,2,4,8"),
        )
        .arg(inputs::file_arg("output").short('o').long("output").value_name("FILE").help("Write a picture of both curves to FILE, *.svg"))
        .args(args::parameters(entry).into_iter().filter(|arg| arg.get_id().as_str() != dimensions))
        .args(inputs::reading_args())
        .after_help(
            "Recommends the smallest dimension within one standard error of the best held-out score (Breiman's rule). The score of topic models\n\
             is the log-likelihood per word of held-out documents (document completion); of other methods, the mean squared error per cell of\n\
             a tenth of the rows, held out.",
        )
}

/// The scores of a number of dimensions.
#[derive(Debug, Clone, Serialize)]
struct Point {
    n_components: u32,
    training: Option<Measure>,
    held_out: Measure,
    seconds: f64,
}

/// The numbers of dimensions with their scores, and the recommended one.
struct Sweep {
    figure: &'static str,
    points: Vec<Point>,
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let (name, matches) = matches.subcommand().ok_or_else(|| Error::internal("a sweep without a method"))?;
    let (entry, run) = (registry::find(name)?, &context.run);
    let picture = inputs::optional_path(matches, "output");
    if let Some(file) = &picture {
        outputs::check("--output", file, &["svg"], context)?;
    }
    let dimensions = dimensions(entry)?;
    let given: Map<String, Value> = args::given_but(entry, matches, &dimensions)?;
    let dims: BTreeSet<u32> = matches.get_many::<u32>("dims").into_iter().flatten().copied().collect();
    let with = |dims: u32| {
        let mut params = given.clone();
        params.insert(dimensions.clone(), json!(dims));
        entry.with(&params)
    };
    let most = with(dims.last().copied().unwrap_or(1))?;
    let data = inputs::open(matches, entry.info)?;
    data.tell(run);
    let options = inputs::prepare_options(matches)?;
    memory::check(most.as_ref(), &data, &fit::needs(most.as_ref(), &data, &options, true, true, run)?, run)?;
    let observations = data.read(run)?;
    let (preparation, prepared) = Preparation::choose_and_prepare(&observations, &options, run)?;
    preparation.told.iter().for_each(|sentence| run.note(sentence));
    let metadata = observations.metadata.clone();
    drop(observations);
    let rows = HeldOut::of(entry, &prepared, &metadata, run)?;
    let (shape, learned) = (rows.learned().shape(), Rows::Memory(rows.learned()));
    let adapted = method::adapted(most.as_ref(), shape, Some(&learned), run);
    adapted.as_deref().unwrap_or(most.as_ref()).check(shape)?;

    let mut points = Vec::new();
    for &dims in &dims {
        let method = with(dims)?;
        let method = method.adapted(shape, Some(&learned)).map_or(method, |(adapted, _)| adapted);
        let begun = Instant::now();
        let nothing = Precomputed::default();
        let beside = method::beside(method.as_ref(), rows.metadata(), &nothing)?;
        let fitted = method.fit(&learned.with(&beside)?, run)?;
        let seconds = begun.elapsed().as_secs_f64();
        let (training, held_out) = rows.tell(&fitted, run)?;
        run.note(format!("{dims} dimensions: {} held out", number(held_out.value)));
        points.push(Point { n_components: dims, training, held_out, seconds });
    }
    let sweep = Sweep { figure: rows.figure(), points };
    if let Some(file) = &picture {
        let svg = picture::draw(&sweep, entry.info.title);
        if outputs::is_standard(file) { output::text(&svg)? } else { border::save(file, svg.as_bytes())? }
    }
    context.screen.clear();
    let (recommended, sentence) = sweep.recommended()?;
    if context.json {
        return context.print(&json!({
            "method": entry.info.name, "rows": prepared.rows(), "figure": sweep.figure, "sweep": sweep.points,
            "recommended": recommended.n_components, "sentence": sentence,
        }));
    }
    // The picture itself was requested.
    if picture.as_deref().is_some_and(outputs::is_standard) { Ok(()) } else { output::text(&sweep.told(&sentence)) }
}

/// Training and held-out rows.
#[allow(clippy::large_enum_variant, reason = "there is one of them")]
enum HeldOut<'a> {
    /// The method holds out rows itself.
    Itself(&'a Prepared, &'a Metadata),
    /// Training rows with metadata; a sample of them as large as the held-out rows; held-out rows.
    Apart { learned: Prepared, metadata: Metadata, known: Prepared, new: Prepared },
}

impl<'a> HeldOut<'a> {
    fn of(entry: &Entry, rows: &'a Prepared, metadata: &'a Metadata, run: &Run) -> Result<Self> {
        if entry.parameter_of(Role::HeldOut).is_some() {
            return Ok(HeldOut::Itself(rows, metadata));
        }
        let n = rows.rows();
        if n < 2 {
            return Err(Error::input("data", format!("{n} rows"), "at least one training row and one held-out row are needed"));
        }
        let random = Random::new(run.seed(), "rows held out");
        let mut new = random.sample(0, n, (n / ONE_IN).clamp(1, MOST_HELD));
        new.sort_unstable();
        let learned: Vec<u32> = (0..n as u32).filter(|row| new.binary_search(row).is_err()).collect();
        let known: Vec<u32> = random.sample(1, learned.len(), new.len()).iter().map(|&at| learned[at as usize]).collect();
        Ok(HeldOut::Apart {
            learned: rows.select(&learned),
            metadata: metadata.select(&learned)?,
            known: rows.select(&known),
            new: rows.select(&new),
        })
    }

    fn learned(&self) -> &Prepared {
        match self {
            HeldOut::Itself(rows, _) => rows,
            HeldOut::Apart { learned, .. } => learned,
        }
    }

    fn metadata(&self) -> &Metadata {
        match self {
            HeldOut::Itself(_, metadata) => metadata,
            HeldOut::Apart { metadata, .. } => metadata,
        }
    }

    fn figure(&self) -> &'static str {
        match self {
            HeldOut::Itself(..) => LIKELIHOOD,
            HeldOut::Apart { .. } => ERROR,
        }
    }

    /// The training and the held-out score of a space.
    fn tell(&self, fitted: &Fitted, run: &Run) -> Result<(Option<Measure>, Measure)> {
        match self {
            HeldOut::Itself(..) => {
                let told = fitted.measures.iter().find(|(name, _)| *name == LIKELIHOOD).map(|(_, measure)| *measure);
                let wanted = "what they tell is every second word of them";
                let told = told.ok_or_else(|| {
                    Error::input("data", "no document of two words was held out", wanted).with_hint("a larger --held-out holds out more")
                })?;
                Ok((fitted.facts.get(TRAINING).and_then(|fact| serde_json::from_value(fact.clone()).ok()), told))
            }
            HeldOut::Apart { learned, known, new, .. } => {
                let mean = mean(learned)?;
                let lost = |rows| lost(fitted.model.as_ref(), rows, &mean, run);
                Ok((Some(lost(known)?), lost(new)?))
            }
        }
    }
}

/// The mean of each column.
fn mean(rows: &Prepared) -> Result<Vec<f64>> {
    let table = rows.table()?;
    let mut sums = vec![0.0_f64; table.cols()];
    (0..table.rows()).for_each(|row| sums.iter_mut().zip(table.row(row)).for_each(|(sum, &cell)| *sum += f64::from(cell)));
    sums.iter_mut().for_each(|sum| *sum /= table.rows().max(1) as f64);
    Ok(sums)
}

/// The mean squared reconstruction error per cell; the null is that of the mean row.
fn lost(model: &dyn Model, rows: &Prepared, mean: &[f64], run: &Run) -> Result<Measure> {
    let back = model.decode(&model.encode(rows, run)?, run)?;
    let table = rows.table()?;
    let (n, cells) = (table.rows() as f64, table.cols().max(1) as f64);
    let squares = |row: usize| table.row(row).iter().zip(back.row(row)).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>();
    let lost: Vec<f64> = (0..table.rows()).map(|row| squares(row) / cells).collect();
    let value = lost.iter().sum::<f64>() / n;
    let spread: f64 = lost.iter().map(|lost| (lost - value).powi(2)).sum();
    let half = if n > 1.0 { ERRORS * (spread / (n - 1.0) / n).sqrt() } else { 0.0 };
    let apart = |row: usize| table.row(row).iter().zip(mean).map(|(&cell, mean)| (f64::from(cell) - mean).powi(2)).sum::<f64>();
    let null = (0..table.rows()).map(apart).sum::<f64>() / n / cells;
    Ok(Measure { value, low: value - half, high: value + half, null: Some(null) })
}

impl Sweep {
    /// The score with a sign so that larger is better.
    fn goodness(&self, point: &Point) -> f64 {
        if self.figure == ERROR { -point.held_out.value } else { point.held_out.value }
    }

    /// The smallest dimension within one standard error of the best (one-standard-error rule), and a sentence with the reason.
    fn recommended(&self) -> Result<(&Point, String)> {
        let best = self.points.iter().reduce(|best, point| if self.goodness(point) > self.goodness(best) { point } else { best });
        let best = best.ok_or_else(|| Error::internal("a sweep of nothing"))?;
        let error = (best.held_out.high - best.held_out.low) / 2.0 / ERRORS;
        let near = |point: &&Point| self.goodness(point) >= self.goodness(best) - error;
        let chosen = self.points.iter().find(near).unwrap_or(best);
        let told = |point: &Point| {
            let Measure { value, low, high, .. } = point.held_out;
            format!("{} ({} to {})", number(value), number(low), number(high))
        };
        let mut sentence = if chosen.n_components == best.n_components {
            format!("{} dimensions have the best held-out score: {}", chosen.n_components, told(chosen))
        } else {
            format!(
                "{} dimensions are the smallest number within one standard error, {}, of the best, {}: {} against {}",
                chosen.n_components,
                number(error),
                best.n_components,
                told(chosen),
                told(best)
            )
        };
        match self.points.as_slice() {
            [.., last] if last.n_components == chosen.n_components && self.points.len() > 1 => {
                sentence.push_str("; this is the largest number tried, so more may be better");
            }
            _ => {}
        }
        Ok((chosen, sentence + "."))
    }

    fn told(&self, sentence: &str) -> String {
        let row = |point: &Point| {
            let Measure { value, low, high, null } = point.held_out;
            vec![
                count(u64::from(point.n_components)),
                point.training.map_or_else(String::new, |training| number(training.value)),
                number(value),
                format!("{} to {}", number(low), number(high)),
                null.map(number).unwrap_or_default(),
                duration(point.seconds),
            ]
        };
        let header = ["dimensions", "training", "held out", "95 % interval", "random", "time"];
        let table = output::table(&header, &self.points.iter().map(row).collect::<Vec<_>>());
        format!("  {}\n\n{table}\n{}", self.figure.replace('_', " "), output::wrapped("  ", sentence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(figure: &'static str, values: &[f64]) -> Sweep {
        let point = |(at, &value): (usize, &f64)| Point {
            n_components: 1 << at,
            training: None,
            held_out: Measure { value, low: value - 0.196, high: value + 0.196, null: None },
            seconds: 1.0,
        };
        Sweep { figure, points: values.iter().enumerate().map(point).collect() }
    }

    #[test]
    fn the_fewest_dimensions_within_one_standard_error_of_the_best_are_recommended() {
        let of =
            |figure, values: &[f64]| sweep(figure, values).recommended().map(|(point, sentence)| (point.n_components, sentence)).unwrap();
        let (chosen, sentence) = of(LIKELIHOOD, &[-9.0, -7.05, -7.0, -7.5]);
        assert_eq!(chosen, 2);
        assert!(
            sentence.starts_with("2 dimensions are the smallest number within one standard error, 0.1000, of the best, 4: "),
            "{sentence}"
        );
        assert_eq!(of(LIKELIHOOD, &[-9.0, -7.2, -7.0, -7.5]).0, 4);
        assert_eq!(of(ERROR, &[3.0, 2.0, 1.05, 1.0]).0, 4);
        let (chosen, sentence) = of(ERROR, &[3.0, 2.0, 1.0]);
        assert!(chosen == 4 && sentence.ends_with("so more may be better."), "{sentence}");
    }
}
