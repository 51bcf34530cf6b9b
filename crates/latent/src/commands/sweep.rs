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
            "Recommends the smallest dimension within one standard error of the best held-out score (Breiman's rule); the error is\n\
             that of the difference, paired by rows. 0 is recommended if no number of dimensions is better than the mean alone.\n\n\
             Held out are entries: cells of held-out rows, in 8 random blocks of columns, each predicted from the other cells of\n\
             its row. The score is their mean squared error; for methods that hold out documents, the log-likelihood per word; for\n\
             methods that do not decode, that per row. Up to 2,000 rows are held out once each (5-fold cross-validation), and up to\n\
             10,000,000 cells if the method streams; else one row in 10, at most 5,000. Rows with dates are held out in blocks of\n\
             time.\n\n\
             Also estimated: the linear directions that stand out from noise (parallel analysis, Gavish-Donoho, Marchenko-Pastur)\n\
             and the intrinsic dimension, with what it means where they disagree.",
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

/// Length of the longest bar.
const BAR: f64 = 20.0;

fn told(sweep: &Sweep) -> String {
    let is_paired = sweep.points.iter().any(|point| point.behind.is_some());
    let values = || sweep.points.iter().flat_map(|point| [Some(point.held_out.value), point.held_out.null]).flatten();
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let bar = |value: f64| {
        let eighths = if most > least { (8.0 * BAR * (value - least) / (most - least)).round() as usize } else { 0 };
        let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
        format!("{}{part}", "█".repeat(eighths / 8))
    };
    let mark = |dims: u32| if dims == sweep.recommended { "◀ recommended".to_owned() } else { String::new() };
    let row = |point: &SweepPoint| {
        let Measure { value, low, high, .. } = point.held_out;
        let spread = match point.behind {
            Some(Measure { value: 0.0, .. }) => "best".to_owned(),
            Some(behind) => format!("{} ± {}", number(behind.value), number(behind.value - behind.low)),
            None => format!("{} to {}", number(low), number(high)),
        };
        let training = point.training.map_or_else(String::new, |training| number(training.value));
        vec![count(u64::from(point.dims)), training, number(value), spread, duration(point.seconds), bar(value), mark(point.dims)]
    };
    let mut rows: Vec<Vec<String>> = sweep.points.iter().map(row).collect();
    if let Some((first, null)) = sweep.points.first().and_then(|first| Some((first, first.held_out.null?))) {
        let training = first.training.and_then(|training| training.null).map(number).unwrap_or_default();
        let (blank, dims) = (String::new(), "0".to_owned());
        rows.insert(0, vec![dims, training, number(null), blank.clone(), blank, bar(null), mark(0)]);
    }
    let header = ["dimensions", "training", "held out", if is_paired { "worse by" } else { "95 % interval" }, "time", "", ""];
    let what = format!("{}, held out: {}", sweep.figure.replace('_', " "), sweep.held_out);
    let mut out =
        format!("{}\n{}\n{}", output::wrapped("  ", &what), output::table(&header, &rows), output::wrapped("  ", &sweep.sentence));
    sweep.verdict.iter().for_each(|sentence| out.push_str(&output::wrapped("  ", sentence)));
    out
}
