//! `latent stability METHOD`: which neighborhoods or topics survive another seed or a resample.

use std::borrow::Cow;
use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Command};
use latentspace::axes::{Distributions, Recurrence, recurrence};
use latentspace::data::{Metadata, Precomputed, Preparation, Prepared, Rows};
use latentspace::linalg::Matrix;
use latentspace::measure::{self, Drawn, Stability};
use latentspace::method::{self, AnyMethod, Entry};
use latentspace::neighbors::Metric;
use latentspace::random::Random;
use latentspace::{Error, Result, Run, registry};
use serde_json::{Value, json};

use crate::commands::fit;
use crate::context::Context;
use crate::output::{self, count, number};
use crate::{args, inputs, memory, outputs};

pub(crate) fn command() -> Command {
    Command::new("stability")
        .about("Measure stability: which neighborhoods and topics survive another seed or a resample")
        .subcommand_required(true)
        .subcommand_value_name("METHOD")
        .subcommand_help_heading("Methods")
        .disable_help_subcommand(true)
        .subcommands(registry::METHODS.iter().map(method_command))
}

fn method_command(entry: &Entry) -> Command {
    Command::new(entry.info.name)
        .about(format!("{}: {}", entry.info.title, entry.info.summary))
        .help_template(args::TEMPLATE)
        .arg(inputs::data_arg())
        .arg(
            Arg::new("runs")
                .long("runs")
                .value_name("N")
                .value_parser(args::whole::<usize>(2))
                .help("Number of seeds, and of resamples (bootstrap) [default: 4]"),
        )
        .arg(args::neighbors(1, "Number of neighbors per row [default: 15]"))
        .arg(
            inputs::file_arg("per-row")
                .long("per-row")
                .value_name("FILE")
                .help("Write each row's share of kept neighbors to FILE: .npy, .parquet or .csv"),
        )
        .args(args::parameters(entry))
        .args(inputs::reading_args())
        .after_help(
            "A resample (bootstrap) draws as many rows as there are, with replacement; each counts once: about 63 % of the rows. Seeds count up\n\
             from --seed. It takes 2 x --runs fits. For topic models, it also reports how many of each topic's top words stay the same.",
        )
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let (name, matches) = matches.subcommand().ok_or_else(|| Error::internal("stability without a method"))?;
    let entry = registry::find(name)?;
    let method = entry.with(&args::given(entry, matches)?)?;
    let per_row = inputs::optional_path(matches, "per-row");
    if let Some(file) = &per_row {
        outputs::check("--per-row", file, outputs::FIGURES, context)?;
    }
    let run = &context.run;
    let data = inputs::open(matches, entry.info)?;
    data.tell(run);
    let options = inputs::prepare_options(matches)?;
    memory::check(method.as_ref(), &data, &fit::needs(method.as_ref(), &data, &options, true, true, run)?, run)?;
    let observations = data.read(run)?;
    let (preparation, prepared) = Preparation::choose_and_prepare(&observations, &options, run)?;
    preparation.told.iter().for_each(|sentence| run.note(sentence));
    let metadata = observations.metadata.clone();
    drop(observations);

    let n = prepared.rows();
    let runs = matches.get_one::<usize>("runs").copied().unwrap_or(4);
    let k = matches.get_one::<usize>("k").copied().unwrap_or_else(|| 15.min(n / 3).max(1));
    // Both the rows and their resamples are learned with what the smallest resample allows.
    let adapted = method::adapted(method.as_ref(), prepared.shape().part(fewest(n, runs, run.seed())), Some(&Rows::Memory(&prepared)), run);
    let again = StabilityTest { method: adapted.as_deref().unwrap_or(method.as_ref()), prepared: &prepared, metadata: &metadata, runs, k };
    let StabilityResult { stability: found, topics } = again.measure(None, run, |_| {})?;
    if let Some(file) = &per_row {
        outputs::figures(file, &[("kept_by_seeds", &found.by_seeds), ("kept_by_bootstrap", &found.by_bootstrap)], &metadata)?;
    }
    let words = preparation.names.clone().unwrap_or_else(|| (1..=prepared.cols()).map(|column| column.to_string()).collect());
    context.screen.clear();
    match (context.json, &per_row) {
        (true, _) => {
            let mut all = json!(found);
            if let Some(topics) = &topics {
                all["topics"] = topics.json(&words);
            }
            context.print(&all)
        }
        // The rows themselves were requested.
        (false, Some(file)) if outputs::is_standard(file) => Ok(()),
        (false, _) => {
            let mut named: BTreeMap<String, _> = found.named().into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect();
            let of_topics =
                topics.iter().flat_map(|topics| [("topics_seeds", topics.seeds.shared), ("topics_bootstrap", topics.drawn.shared)]);
            named.extend(of_topics.map(|(name, measure)| (name.to_owned(), measure)));
            let mut out = output::measures(&named);
            if let Some(topics) = &topics {
                out.push_str(&format!("\n{}", topics.table(&words)));
            }
            out.push_str(&format!("\n  {k} neighbors of {} rows, {runs} seeds, {runs} resamples\n", count(n as u64)));
            let sentences = found.sentences().into_iter().chain(topics.iter().flat_map(TopicStability::sentences));
            sentences.for_each(|sentence| out.push_str(&output::wrapped("  ", &sentence)));
            output::text(&out)
        }
    }
}

/// The stability test of a method.
pub(crate) struct StabilityTest<'a> {
    pub(crate) method: &'a dyn AnyMethod,
    pub(crate) prepared: &'a Prepared,
    pub(crate) metadata: &'a Metadata,
    /// Number of seeds, and of resamples.
    pub(crate) runs: usize,
    pub(crate) k: usize,
}

/// The stability of a map, and of topics if the method learns topics.
pub(crate) struct StabilityResult {
    pub(crate) stability: Stability,
    topics: Option<TopicStability>,
}

/// The stability of topics.
struct TopicStability {
    first: Distributions,
    seeds: Recurrence,
    drawn: Recurrence,
}

/// Minimum share of its top words for a topic to count as stable.
const LOST: f64 = 0.5;

impl TopicStability {
    fn json(&self, words: &[String]) -> Value {
        let of = |again: &Recurrence, topic: usize| json!({"shared": again.shared_by_axis[topic], "divergence": again.divergence_by_axis[topic]});
        let each = |topic: usize| {
            let (seeds, bootstrap) = (of(&self.seeds, topic), of(&self.drawn, topic));
            json!({"topic": topic, "name": self.first.name(topic, words), "seeds": seeds, "bootstrap": bootstrap})
        };
        let whole = |again: &Recurrence| json!({"shared": again.shared, "divergence": again.divergence});
        json!({"seeds": whole(&self.seeds), "bootstrap": whole(&self.drawn), "each": (0..self.first.k()).map(each).collect::<Vec<_>>()})
    }

    /// One line per topic, the most stable first.
    fn table(&self, words: &[String]) -> String {
        let (seeds, drawn) = (&self.seeds.shared_by_axis, &self.drawn.shared_by_axis);
        let mut order: Vec<usize> = (0..self.first.k()).collect();
        order.sort_by(|&a, &b| (seeds[b] + drawn[b]).total_cmp(&(seeds[a] + drawn[a])));
        let row = |&topic: &usize| vec![topic.to_string(), number(seeds[topic]), number(drawn[topic]), self.first.name(topic, words)];
        output::table(&["topic", "seeds", "bootstrap", "words"], &order.iter().map(row).collect::<Vec<_>>())
    }

    fn sentences(&self) -> Vec<String> {
        let of_ten = |measure: measure::Measure| format!("{:.1}", 10.0 * measure.value);
        let mut out = vec![format!(
            "Of the 10 top words of a topic, {} stay the same with another seed, {} with a resample ({:.1} expected by chance).",
            of_ten(self.seeds.shared),
            of_ten(self.drawn.shared),
            10.0 * self.seeds.shared.null.unwrap_or(0.0)
        )];
        let lost = self.seeds.shared_by_axis.iter().filter(|&&shared| shared < LOST).count();
        if lost > 0 {
            let all = self.first.k();
            out.push(format!("{lost} of {all} topics keep less than half of their top words with another seed: they depend on the seed."));
        }
        out
    }
}

impl StabilityTest<'_> {
    /// Checks the parameters against the number of distinct rows of a resample, before any fit.
    ///
    /// # Errors
    /// Those of the method for this number of rows; [`Error::Param`] if they have fewer than `k` neighbors.
    pub(crate) fn check(&self, seed: u64) -> Result<()> {
        let n = self.prepared.rows();
        let fewest = fewest(n, self.runs, seed);
        let context = |error: Error| error.with_context(format!("the different ones in a resample of {}", count(n as u64)));
        self.method.check(self.prepared.shape().part(fewest)).map_err(context)?;
        if self.k >= fewest {
            let (rows, most) = (format!("{} rows", count(fewest as u64)), count(fewest.saturating_sub(1) as u64));
            return Err(context(Error::too_large("k", self.k, None, rows, most)));
        }
        Ok(())
    }

    /// Runs the test. `first` is the map of the run's own seed, if it exists; `tell` is called with the number of maps made, out of
    /// twice the runs.
    pub(crate) fn measure(&self, first: Option<Matrix>, run: &Run, tell: impl Fn(usize)) -> Result<StabilityResult> {
        self.check(run.seed())?;
        let (runs, method) = (self.runs as u64, self.method);
        let (mut maps, mut topics) = (Vec::from_iter(first), Vec::new());
        for at in maps.len() as u64..runs {
            tell(maps.len());
            let made = make(method, self.prepared, self.metadata, &seeded(run, at))?;
            maps.push(made.map);
            topics.extend(made.topics);
        }
        let (mut drawn, mut topics_drawn) = (Vec::new(), Vec::new());
        for at in 0..runs {
            tell(maps.len() + drawn.len());
            let rows = draw(self.prepared.rows(), run.seed(), at);
            let some = self.prepared.select(&rows);
            let made = make(method, &some, &self.metadata.select(&rows)?, run)?;
            drawn.push(Drawn { map: made.map, rows });
            topics_drawn.extend(made.topics);
        }
        tell(maps.len() + drawn.len());
        // Topic proportions are compared by the Hellinger metric.
        let metric = if topics.is_empty() { Metric::Euclidean } else { Metric::Hellinger };
        let stability = measure::stability(&maps, &drawn, self.k, metric, run)?;
        let topics = match topics.split_first() {
            Some((first, others)) if !others.is_empty() => Some(TopicStability {
                seeds: recurrence(first, others, run)?,
                drawn: recurrence(first, &topics_drawn, run)?,
                first: first.clone(),
            }),
            _ => None,
        };
        Ok(StabilityResult { stability, topics })
    }
}

fn seeded(run: &Run, at: u64) -> Run {
    run.clone().with_seed(run.seed().wrapping_add(at))
}

/// The codes, and the topics if the method learns topics.
struct Made {
    map: Matrix,
    topics: Option<Distributions>,
}

fn make(method: &dyn AnyMethod, rows: &Prepared, metadata: &Metadata, run: &Run) -> Result<Made> {
    let nothing = Precomputed::default();
    let beside = method::beside(method, metadata, &nothing)?;
    let fitted = method.fit(&Rows::Memory(rows).with(&beside)?, run)?;
    let topics = fitted.model.capabilities().axes.map_or(Ok(None), |axes| axes.distributions())?.map(Cow::into_owned);
    Ok(Made { map: fitted.codes.map_or_else(|| fitted.model.encode(rows, run), Ok)?, topics })
}

/// The number of distinct rows of the smallest resample.
fn fewest(n: usize, runs: usize, seed: u64) -> usize {
    (0..runs as u64).map(|at| draw(n, seed, at).len()).min().unwrap_or(n)
}

/// A bootstrap resample without duplicates.
fn draw(n: usize, seed: u64, at: u64) -> Vec<u32> {
    let random = Random::new(seed, "bootstrap");
    let mut is_drawn = vec![false; n];
    (0..n as u64).for_each(|item| is_drawn[random.below(at, item, n as u64) as usize] = true);
    (0..n as u32).filter(|&row| is_drawn[row as usize]).collect()
}
