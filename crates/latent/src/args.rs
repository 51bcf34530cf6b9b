//! The command line: global flags, flags of methods generated from their descriptions, and clap's errors in the library's form.

use std::ffi::OsString;

use clap::builder::{StringValueParser, TypedValueParser, ValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};
use latentspace::error::{Error, Result, nearest};
use latentspace::method::Entry as Method;
use latentspace::params::{Kind, Parameter, Role};
use latentspace::registry;
use latentspace::run::memory_size;
use serde_json::{Map, Value};

use crate::commands::{self, COMMANDS};
use crate::hints::Flags;

/// The reasons to end before a command runs.
pub(crate) enum Ended {
    /// Help or the version was requested.
    Help(String),
    /// The call is invalid.
    Wrong(Error),
}

pub(crate) const TEMPLATE: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}";
const EVERYWHERE: &str = "Global options";
/// Help is wrapped at the width of the terminal, and here at most: longer lines are hard to read.
const WIDTH: usize = 120;

/// The whole command line.
pub(crate) fn program() -> Command {
    Command::new("latent")
        .version(env!("CARGO_PKG_VERSION"))
        .about(env!("CARGO_PKG_DESCRIPTION"))
        .help_template(TEMPLATE)
        .max_term_width(WIDTH)
        .after_help("Start with:  latent demo                       a map of handwritten digits\n             latent explore DATA               your own data\n             latent fit pca DATA -o s.latent   a space to work with")
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommand_value_name("COMMAND")
        .subcommand_help_heading("Commands")
        .args(global())
        .subcommands(COMMANDS.iter().map(|entry| (entry.command)().help_template(TEMPLATE)))
}

fn global() -> [Arg; 5] {
    [
        Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print one JSON document on standard output, nothing else"),
        Arg::new("seed")
            .long("seed")
            .value_name("N")
            .value_parser(whole::<u64>(0))
            .help("Random seed: the same seed gives the same bytes [default: 0]"),
        Arg::new("threads").long("threads").value_name("N").value_parser(whole::<usize>(1)).help("Number of threads [default: all]"),
        Arg::new("max-memory").long("max-memory").value_name("SIZE").value_parser(size()).help("Memory limit: 800M, 4G"),
        Arg::new("quiet").long("quiet").short('q').action(ArgAction::SetTrue).help("Print no progress and no notes"),
    ]
    .map(|arg| arg.global(true).help_heading(EVERYWHERE).allow_negative_numbers(true))
}

/// A call of a command.
pub(crate) struct Call {
    pub(crate) entry: &'static commands::Entry,
    pub(crate) matches: ArgMatches,
    /// Its known arguments.
    pub(crate) flags: Flags,
}

/// Parses the command line.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Call, Ended> {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.len() <= 1 {
        return Err(Ended::Help(program().render_help().to_string()));
    }
    let program = program();
    let matches = program.clone().try_get_matches_from(&args).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ended::Help(styled(&error)),
        _ => Ended::Wrong(wrong(&error, &args)),
    })?;
    let (name, inner) = matches.subcommand().ok_or_else(|| Ended::Wrong(Error::internal("no command")))?;
    let entry = commands::find(name).ok_or_else(|| Ended::Wrong(Error::internal("a command without an entry")))?;
    let flags = Flags::of(innermost(&program, &matches));
    Ok(Call { entry, matches: inner.clone(), flags })
}

/// The command that was called: of `latent fit pca`, that of PCA.
fn innermost<'a>(command: &'a Command, matches: &ArgMatches) -> &'a Command {
    match matches.subcommand().and_then(|(name, inner)| Some((command.find_subcommand(name)?, inner))) {
        Some((command, inner)) => innermost(command, inner),
        None => command,
    }
}

fn styled(error: &clap::Error) -> String {
    let plain =
        std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || !std::io::IsTerminal::is_terminal(&std::io::stdout());
    let text = error.render();
    if plain { text.to_string() } else { text.ansi().to_string() }
}

/// Converts an error of clap to the library's form.
fn wrong(error: &clap::Error, args: &[OsString]) -> Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let words: Vec<&str> = args.iter().skip(1).filter_map(|arg| arg.to_str()).collect();
    let called = called(&words);
    let help = format!("`{called} --help` lists its flags");
    let name = text(ContextKind::InvalidArg).unwrap_or_default();
    let flag = name.split_whitespace().next().unwrap_or_default().trim_end_matches('=').to_owned();
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let given = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            if called == "latent fit" {
                return registry::find(&given).err().unwrap_or_else(|| Error::internal("a method without flags"));
            }
            let of =
                words.first().and_then(|word| COMMANDS.iter().map(|entry| (entry.command)()).find(|command| command.get_name() == *word));
            let (what, within) = of.map_or_else(|| ("command", program()), |command| ("method", command));
            let names = within.get_subcommands().map(|command| command.get_name().to_owned()).collect::<Vec<_>>();
            let error = Error::param(what, format!("'{given}'"), format!("there are {}", names.join(", ")));
            hinted(error, nearest(&given, names.iter().map(String::as_str)), &help)
        }
        ErrorKind::UnknownArgument => {
            if !name.starts_with('-') {
                let before = words.iter().position(|word| *word == name).and_then(|at| words.get(at.checked_sub(1)?));
                let switch = before.filter(|before| before.starts_with("--") && ["true", "false"].contains(&name.as_str()));
                // A pattern without quotes, which the shell expanded.
                let several =
                    std::path::Path::new(&name).exists().then(|| "several files are one pattern in quotes: 'data/*.csv'".to_owned());
                let switch = switch.map(|switch| format!("a switch takes its value after '=': {switch}={name}"));
                let hint = switch.or(several).unwrap_or(help);
                return Error::param(called, format!("'{name}'"), "no more arguments are allowed").with_hint(hint);
            }
            let flags = flags(&words);
            let error = Error::Input(latentspace::error::Input {
                file: flag.clone().into(),
                found: "there is no such flag".into(),
                wanted: format!("{called} takes {}", flags.join(", ")),
                ..Default::default()
            });
            hinted(error, nearest(&flag, flags.iter().map(String::as_str)), &help)
        }
        ErrorKind::MissingRequiredArgument => {
            let (missing, wanted) = missing(&name);
            Error::input(called, missing, wanted).with_hint(help)
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if called == "latent fit" => {
            let names: Vec<&str> = registry::METHODS.iter().map(|entry| entry.info.name).collect();
            Error::input(called, "METHOD is missing", format!("there are {}", names.join(", ")))
                .with_hint("`latent methods` lists what each learns")
        }
        ErrorKind::InvalidValue if value.is_empty() => Error::input(flag, "a value is missing", "a value must follow it").with_hint(help),
        ErrorKind::InvalidValue => {
            let allowed = text(ContextKind::ValidValue).unwrap_or_default();
            let near = nearest(&value, allowed.split(", ")).map(str::to_owned);
            hinted(Error::param(flag, format!("'{value}'"), format!("it must be one of {allowed}")), near.as_deref(), &help)
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            Error::param(flag, format!("'{value}'"), why)
        }
        ErrorKind::ArgumentConflict => {
            let other = text(ContextKind::PriorArg).unwrap_or_default();
            if other.is_empty() || other == name {
                Error::input(flag, "it was given more than once", "it may be given once")
            } else {
                Error::input(
                    flag,
                    format!("it cannot be combined with {}", other.split(' ').next().unwrap_or_default()),
                    "give only one of them",
                )
                .with_hint(help)
            }
        }
        _ => Error::input(called, error.kind().as_str().unwrap_or("the call is wrong"), "").with_hint(help),
    }
}

/// `--row N or --id NAME is missing`, and what is allowed.
fn missing(names: &str) -> (String, &'static str) {
    let clean = |name: &str| name.trim_matches(['<', '>']).replace(['<', '>'], "").replace('|', " or ").replace("...", "");
    let names: Vec<String> = names.split(", ").map(clean).collect();
    match names.as_slice() {
        [one] => (format!("{one} is missing"), "it must be given"),
        many => (format!("{} are missing", many.join(" and ")), "they must be given"),
    }
}

fn hinted(error: Error, near: Option<&str>, otherwise: &str) -> Error {
    match near {
        Some(name) => error.with_hint(format!("did you mean '{name}'?")),
        None => error.with_hint(otherwise),
    }
}

/// `latent fit tsne`: the command that was called.
fn called(words: &[&str]) -> String {
    let mut command = program();
    let mut called = "latent".to_owned();
    for word in words {
        let Some(inner) = command.find_subcommand(word).cloned() else { continue };
        called = format!("{called} {word}");
        command = inner;
    }
    called
}

/// The flags of the called command.
fn flags(words: &[&str]) -> Vec<String> {
    let mut command = program();
    for word in words {
        if let Some(inner) = command.find_subcommand(word).cloned() {
            command = inner;
        }
    }
    let own = command.get_arguments().filter(|arg| !arg.is_hide_set()).filter_map(|arg| arg.get_long().map(|long| format!("--{long}")));
    let everywhere = global().into_iter().filter_map(|arg| arg.get_long().map(|long| format!("--{long}")));
    own.chain(everywhere).collect()
}

/// An integer of at least `min`.
pub(crate) fn whole<T>(min: u64) -> ValueParser
where
    T: TryFrom<u64> + Clone + Send + Sync + 'static,
{
    let parse = move |text: String| {
        let number = text.parse::<u64>().ok().filter(|&number| number >= min).and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| format!("it must be a whole number, at least {min}"))
    };
    ValueParser::new(StringValueParser::new().try_map(parse))
}

/// A share, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    pub(crate) at: usize,
    pub(crate) of: usize,
}

/// `-k`: number of neighbors per row, with this minimum.
pub(crate) fn neighbors(least: u64, help: &'static str) -> Arg {
    Arg::new("k").short('k').long("neighbors").value_name("N").value_parser(whole::<usize>(least)).help(help)
}

/// `I/N`: I counts from 0; N/N is 0/N, so that shares may be counted from 1, too.
pub(crate) fn share() -> ValueParser {
    let parse = |text: &str| {
        let (at, of) = text.split_once('/')?;
        let (at, of) = (at.trim().parse::<usize>().ok()?, of.trim().parse::<usize>().ok()?);
        (of > 0 && at <= of).then_some(Share { at: at % of, of })
    };
    let parse = move |text: String| parse(&text).ok_or_else(|| "it must be I/N, a share from 0/N to N-1/N, such as 0/4".to_owned());
    ValueParser::new(StringValueParser::new().try_map(parse))
}

/// A time in seconds; fractions are allowed.
pub(crate) fn seconds() -> ValueParser {
    let parse = |text: String| {
        let number = text.parse::<f64>().ok().filter(|number| (0.0..1e6).contains(number));
        number.ok_or_else(|| "it must be a number of seconds, at least 0".to_owned())
    };
    ValueParser::new(StringValueParser::new().try_map(parse))
}

/// A number above 0.
pub(crate) fn positive() -> ValueParser {
    let parse = |text: String| {
        let number = text.parse::<f64>().ok().filter(|number| *number > 0.0 && number.is_finite());
        number.ok_or_else(|| "it must be a number above 0".to_owned())
    };
    ValueParser::new(StringValueParser::new().try_map(parse))
}

/// A size in bytes: `800M`, `4G`, `1.5GiB`, `2000000`.
fn size() -> ValueParser {
    ValueParser::new(
        StringValueParser::new()
            .try_map(|text: String| memory_size(&text).ok_or_else(|| "it must be a size such as 800M, 4G or 1.5GiB".to_owned())),
    )
}

/// The flags of a method's parameters.
pub(crate) fn parameters(method: &Method) -> Vec<Arg> {
    let heading = format!("Parameters of {}", method.info.title);
    method.parameters().iter().map(|parameter| flag(parameter).help_heading(heading.clone())).collect()
}

fn flag(parameter: &Parameter) -> Arg {
    let long = parameter.name.replace('_', "-");
    let mut arg = Arg::new(parameter.name.clone()).long(long.clone()).help(help(parameter)).allow_hyphen_values(true);
    if long != parameter.name {
        arg = arg.alias(parameter.name.clone());
    }
    if parameter.role == Some(Role::Dimensions) {
        arg = arg.visible_alias("dims");
    }
    match &parameter.kind {
        Kind::Flag => arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_name("true|false"),
        Kind::Integer { .. } => arg.value_name("N"),
        Kind::Number { .. } => arg.value_name("X"),
        Kind::Choice(_) => arg.value_name("WORD"),
        Kind::Text => arg.value_name("TEXT"),
        Kind::List => arg.value_name("A,B"),
        Kind::CountOrShare { .. } => arg.value_name("N"),
    }
}

/// The parameter's doc, its range and its default.
pub(crate) fn help(parameter: &Parameter) -> String {
    let allowed = parameter.allowed();
    let allowed = allowed.trim_start_matches("it must be ");
    let default = match &parameter.default {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    match parameter.kind {
        Kind::Flag => format!("{} [default: {default}]", parameter.doc),
        _ => format!("{} [{allowed}; default: {default}]", parameter.doc),
    }
}

/// The given parameters, parsed by the method's description.
pub(crate) fn given(method: &Method, matches: &ArgMatches) -> Result<Map<String, Value>> {
    given_but(method, matches, "")
}

/// The same, without a parameter that has no flag.
pub(crate) fn given_but(method: &Method, matches: &ArgMatches, without: &str) -> Result<Map<String, Value>> {
    let mut given = Map::new();
    for parameter in method.parameters().into_iter().filter(|parameter| parameter.name != without) {
        if let Some(text) = matches.get_one::<String>(&parameter.name) {
            given.insert(parameter.name.clone(), parameter.parse(text)?);
        }
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        program().debug_assert();
    }
}
