//! `latent sweep METHOD`: choose the number of dimensions by training and held-out error.

mod picture;

use clap::{Arg, ArgMatches, Command};
use latentspace::border;
use latentspace::learn::sweep::dimensions;
use latentspace::learn::{self, Sweep, SweepPoint};
use latentspace::measure::Measure;
use latentspace::method::Entry;
use latentspace::{Error, Result, registry};

use crate::context::Context;
use crate::output::{self, count, duration, number};
use crate::{args, inputs, outputs};

pub(crate) fn command() -> Command {
    Command::new("sweep")
        .about("Choose the number of dimensions by training and held-out error")
        .subcommand_required(true)
        .subcommand_value_name("METHOD")
        .subcommand_help_heading("Methods")
        .disable_help_subcommand(true)
        .subcommands(registry::METHODS.iter().filter(|entry| learn::can_sweep(entry)).map(method_command))
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
            "Recommends the smallest dimension within one standard error of the best held-out score (Breiman's rule). The score is\n\
             the log-likelihood per word of held-out documents, for methods that hold out documents, else the mean squared error per cell of a\n\
             tenth of the rows, held out. 0 is recommended if no number of dimensions is better than the mean alone.",
        )
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> Result<()> {
    let (name, matches) = matches.subcommand().ok_or_else(|| Error::internal("a sweep without a method"))?;
    let (entry, run) = (registry::find(name)?, &context.run);
    let picture = inputs::optional_path(matches, "output");
    if let Some(file) = &picture {
        outputs::check("--output", file, &["svg"], context)?;
    }
    let given = args::given_but(entry, matches, &dimensions(entry)?)?;
    let dims: Vec<u32> = matches.get_many::<u32>("dims").into_iter().flatten().copied().collect();
    let data = inputs::open(matches, entry.info)?;
    data.tell(run);
    let sweep = learn::sweep(entry, &given, &dims, &data, &inputs::prepare_options(matches)?, run)?;
    if let Some(file) = &picture {
        let svg = picture::draw(&sweep, entry.info.title);
        if outputs::is_standard(file) { output::text(&svg)? } else { border::save(file, svg.as_bytes())? }
    }
    context.screen.clear();
    if context.json {
        return context.print(&sweep);
    }
    // The picture itself was requested.
    if picture.as_deref().is_some_and(outputs::is_standard) { Ok(()) } else { output::text(&told(&sweep)) }
}

fn told(sweep: &Sweep) -> String {
    let row = |point: &SweepPoint| {
        let Measure { value, low, high, null } = point.held_out;
        vec![
            count(u64::from(point.dims)),
            point.training.map_or_else(String::new, |training| number(training.value)),
            number(value),
            format!("{} to {}", number(low), number(high)),
            null.map(number).unwrap_or_default(),
            duration(point.seconds),
        ]
    };
    let header = ["dimensions", "training", "held out", "95 % interval", "random", "time"];
    let table = output::table(&header, &sweep.points.iter().map(row).collect::<Vec<_>>());
    format!("  {}\n\n{table}\n{}", sweep.figure.replace('_', " "), output::wrapped("  ", &sweep.sentence))
}
