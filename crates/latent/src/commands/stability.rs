//! `latent stability METHOD`: how much of a map is there again with another seed, and with other rows drawn.

use clap::{Arg, ArgMatches, Command};
use latentspace::data::{Beside, Metadata, Preparation, Prepared, Rows, read};
use latentspace::linalg::Matrix;
use latentspace::measure::{self, Drawn, Stability};
use latentspace::method::{self, AnyMethod, Entry};
use latentspace::random::Random;
use latentspace::{Error, Result, Run, registry};

use crate::commands::fit;
use crate::context::Context;
use crate::output::{self, count};
use crate::{args, inputs, memory, outputs};

pub(crate) fn command() -> Command {
    Command::new("stability")
        .about("Make a map again and again: which neighborhoods are the data's, and which the seed's or the sample's")
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
                .help("Maps with a seed of their own each, and as many of rows drawn anew [default: 4]"),
        )
        .arg(args::neighbors(1, "Neighbors a row [default: 15]"))
        .arg(
            Arg::new("per-row")
                .long("per-row")
                .value_name("FILE")
                .help("Where to write the share of neighbors that each row keeps: .npy, .parquet or .csv"),
        )
        .args(args::parameters(entry))
        .args(inputs::reading_args())
        .after_help(
            "Rows are drawn with replacement, as many as there are, and each counts once: some 63 % of them. Seeds follow on --seed.\n\
             It takes twice --runs times what one fit takes.",
        )
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let (name, matches) = matches.subcommand().ok_or_else(|| Error::internal("stability without a method"))?;
    let entry = registry::find(name)?;
    let method = entry.with(&args::given(entry, matches)?)?;
    let per_row = matches.get_one::<String>("per-row").map(String::as_str);
    if let Some(file) = per_row {
        outputs::check("--per-row", file, outputs::FIGURES, context)?;
    }
    let run = &context.run;
    let data = read::open(inputs::text(matches, "data")?, &inputs::read_options(matches))?;
    let options = inputs::prepare_options(matches)?;
    memory::check(method.as_ref(), &data, &fit::needs(method.as_ref(), &data, &options, true, run)?, run)?;
    let observations = data.read(run)?;
    let (preparation, prepared) = Preparation::choose_and_prepare(&observations, &options, run)?;
    preparation.told.iter().for_each(|sentence| run.note(sentence));
    let metadata = observations.metadata.clone();
    drop(observations);

    let n = prepared.rows();
    let runs = matches.get_one::<usize>("runs").copied().unwrap_or(4);
    let k = matches.get_one::<usize>("k").copied().unwrap_or_else(|| 15.min(n / 3).max(1));
    let again = Again { method: method.as_ref(), prepared: &prepared, metadata: &metadata, runs, k };
    let found = again.measure(None, run, |_| {})?;
    if let Some(file) = per_row {
        outputs::figures(file, &[("kept_by_seeds", &found.by_seeds), ("kept_by_bootstrap", &found.by_bootstrap)], &metadata)?;
    }
    context.screen.clear();
    match (context.json, per_row) {
        (true, _) => output::json(&found),
        // The rows themselves were asked for.
        (false, Some("-")) => Ok(()),
        (false, _) => {
            let named = found.named().into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect();
            let mut out = output::measures(&named);
            out.push_str(&format!("\n  {k} neighbors of {} rows, {runs} seeds, {runs} draws\n", count(n as u64)));
            found.sentences().iter().for_each(|sentence| out.push_str(&output::wrapped("  ", sentence)));
            output::text(&out)
        }
    }
}

/// A map that is made again.
pub(crate) struct Again<'a> {
    pub(crate) method: &'a dyn AnyMethod,
    pub(crate) prepared: &'a Prepared,
    pub(crate) metadata: &'a Metadata,
    /// With so many seeds, and so many times of rows drawn.
    pub(crate) runs: usize,
    pub(crate) k: usize,
}

impl Again<'_> {
    /// How much of it is there again. `first` is the map of the run's own seed, if it was made before; `tell` hears how many were made, of
    /// twice the runs.
    pub(crate) fn measure(&self, first: Option<Matrix>, run: &Run, tell: impl Fn(usize)) -> Result<Stability> {
        let (runs, method) = (self.runs as u64, self.method);
        let mut maps = Vec::from_iter(first);
        for at in maps.len() as u64..runs {
            tell(maps.len());
            maps.push(map(method, self.prepared, self.metadata, &seeded(run, at))?);
        }
        let mut drawn = Vec::new();
        for at in 0..runs {
            tell(maps.len() + drawn.len());
            let rows = draw(self.prepared.rows(), run.seed(), at);
            let some = self.prepared.select(&rows);
            drawn.push(Drawn { map: map(method, &some, &self.metadata.select(&rows)?, run)?, rows });
        }
        tell(maps.len() + drawn.len());
        measure::stability(&maps, &drawn, self.k, run)
    }
}

fn seeded(run: &Run, at: u64) -> Run {
    run.clone().with_seed(run.seed().wrapping_add(at))
}

/// Where the rows lie.
fn map(method: &dyn AnyMethod, rows: &Prepared, metadata: &Metadata, run: &Run) -> Result<Matrix> {
    let nothing = Beside::default();
    let beside = method::beside(method, metadata, &nothing)?;
    let fitted = method.fit(&Rows::Memory(rows).with(&beside)?, run)?;
    fitted.codes.map_or_else(|| fitted.model.encode(rows, run), Ok)
}

/// As many rows as there are, drawn with replacement, each once.
fn draw(n: usize, seed: u64, at: u64) -> Vec<u32> {
    let random = Random::new(seed, "bootstrap");
    let mut is_drawn = vec![false; n];
    (0..n as u64).for_each(|item| is_drawn[random.below(at, item, n as u64) as usize] = true);
    (0..n as u32).filter(|&row| is_drawn[row as usize]).collect()
}
