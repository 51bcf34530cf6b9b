//! Inputs of the commands: data, spaces and codes, by name or from standard input.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use latentspace::border;
use latentspace::data::{Affine, Observations, PrepareOptions, ReadOptions, Source, Values, read};
use latentspace::linalg::Matrix;
use latentspace::method::Info;
use latentspace::params::{self, Kind, Parameter};
use latentspace::text::TextOptions;
use latentspace::{Codes, Error, Result, Run, Space};
use serde_json::{Map, Value};

const HEADING: &str = "Data options";
const TEXT_HEADING: &str = "Text options";

/// DATA, and the flags of reading and preparation.
pub(crate) fn data_args() -> Vec<Arg> {
    let mut args = vec![data_arg()];
    args.extend(reading_args());
    args
}

/// The argument DATA.
pub(crate) fn data_arg() -> Arg {
    file_arg("data")
        .value_name("DATA")
        .required(true)
        .help("A file, a folder of images or texts, or a quoted pattern of names; - is standard input")
}

/// Flags of reading a file, from the library's description: the options `names`, or all.
pub(crate) fn file_args(names: &[&str]) -> Vec<Arg> {
    let hyphens = |option: &Parameter| option.kind != Kind::Flag;
    file_parameters(names).iter().map(|option| flag(option, HEADING).allow_hyphen_values(hyphens(option))).collect()
}

fn file_parameters(names: &[&str]) -> Vec<Parameter> {
    let all = params::describe(&ReadOptions::schema());
    all.into_iter().filter(|option| names.is_empty() || names.contains(&option.name.as_str())).collect()
}

/// The flag of an option, from its description.
fn flag(option: &Parameter, heading: &'static str) -> Arg {
    let name = flag_name(option);
    let arg = Arg::new(name.clone()).long(name).help(help(option)).help_heading(heading);
    let arg = match &option.kind {
        Kind::Flag if is_off(option) => return arg.action(ArgAction::SetTrue),
        Kind::Flag => arg.value_name("true|false").hide_possible_values(true).value_parser(["true", "false"]),
        Kind::Choice(words) => {
            let words = words.iter().chain(&option.words).map(|word| word.clone().leak() as &str);
            arg.value_name("WORD").hide_possible_values(true).value_parser(PossibleValuesParser::new(words))
        }
        Kind::Integer { .. } | Kind::Number { .. } | Kind::CountOrShare { .. } => {
            let option = option.clone();
            let check = move |text: &str| option.parse(text).map(|_| text.to_owned()).map_err(|_| option.allowed());
            arg.value_name("N").allow_negative_numbers(true).value_parser(check)
        }
        Kind::Text | Kind::List => arg.value_name("VALUE"),
    };
    let arg = option.value.iter().fold(arg, |arg, value| arg.value_name(value.clone()));
    option.bare.iter().fold(arg, |arg, bare| arg.num_args(0..=1).require_equals(true).default_missing_value(bare.clone()))
}

/// Whether an option is false if it is not given: its flag takes no value.
fn is_off(option: &Parameter) -> bool {
    option.default == false
}

fn flag_name(option: &Parameter) -> String {
    option.name.replace('_', "-")
}

/// The option's doc and its default.
fn help(option: &Parameter) -> String {
    let default = match (&option.unset, &option.default) {
        (Some(unset), _) => Some(unset.clone()),
        (None, Value::String(word)) => Some(word.clone()),
        (None, Value::Bool(true)) => Some("true".to_owned()),
        _ => None,
    };
    let default = default.map(|default| format!("default: {default}"));
    let bare = option.bare.as_ref().map(|bare| format!("without a value: {bare}"));
    let notes: Vec<String> = default.into_iter().chain(bare).collect();
    if notes.is_empty() { option.doc.clone() } else { format!("{} [{}]", option.doc, notes.join("; ")) }
}

/// The given values of options, by the options' names.
fn given(matches: &ArgMatches, options: &[Parameter]) -> Result<Map<String, Value>> {
    let mut given = Map::new();
    for option in options {
        let name = flag_name(option);
        let value = match option.kind {
            Kind::Flag if is_off(option) => matches.get_flag(&name).then(|| Value::from(true)),
            _ => matches.get_one::<String>(&name).map(|text| option.parse(text)).transpose()?,
        };
        given.extend(value.map(|value| (option.name.clone(), value)));
    }
    Ok(given)
}

/// Options for a file of codes.
pub(crate) const OF_CODES: &[&str] = &["labels", "format", "delimiter", "decimal", "header"];

/// Flags of reading and preparation.
pub(crate) fn reading_args() -> Vec<Arg> {
    let prepare = PrepareOptions::parameters().into_iter().map(|option| flag(&option, HEADING));
    let text = TextOptions::parameters().into_iter().map(|option| flag(&option, TEXT_HEADING));
    file_args(&[]).into_iter().chain(prepare).chain(text).collect()
}

/// Parses --stop-words: auto, none, languages, or a file; and files that are added with a plus.
fn stop_words(given: &str) -> Result<(Value, Vec<String>)> {
    let is_file =
        |name: &str| Path::new(name).is_file() || Path::new(name).extension().is_some() || Path::new(name).components().count() > 1;
    if !given.starts_with('+') && Path::new(given).is_file() {
        return Ok((Value::from(words_of(given)?), Vec::new()));
    }
    let (mut names, mut extra) = (Vec::new(), Vec::new());
    for part in given.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.strip_prefix('+') {
            Some(file) => extra.extend(words_of(file)?),
            None => names.push(part),
        }
    }
    let words = match names.as_slice() {
        [file] if is_file(file) => Value::from(words_of(file)?),
        names => {
            if let Some(file) = names.iter().find(|name| is_file(name)) {
                let others: Vec<&str> = names.iter().copied().filter(|name| name != file).collect();
                return Err(Error::param("--stop-words", format!("the file '{file}' among languages"), "a plus adds the words of a file")
                    .with_hint(format!("--stop-words {},+{file}", others.join(","))));
            }
            Value::from(names.join(","))
        }
    };
    Ok((words, extra))
}

/// The words of a file.
fn words_of(file: &str) -> Result<Vec<String>> {
    let path = Path::new(file);
    if !path.is_file() {
        return Err(Error::input(path, "there is no such file", "--stop-words must be auto, none, languages or a file of words"));
    }
    let bytes = border::load(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Error::input(path, "bytes that are not UTF-8", "the file must hold words in UTF-8, one per line")
            .with_hint("iconv -f LATIN1 -t UTF-8 converts the usual other kind")
    })?;
    Ok(text.trim_start_matches('\u{feff}').split_whitespace().map(str::to_owned).collect())
}

/// The given options of preparation.
pub(crate) fn prepare_options(matches: &ArgMatches) -> Result<PrepareOptions> {
    let mut text = given(matches, &TextOptions::parameters())?;
    let mut files = Vec::new();
    if let Some(words) = text.get_mut("stop_words") {
        let (read, extra) = stop_words(words.as_str().unwrap_or_default())?;
        (*words, files) = (read, extra);
    }
    let text = TextOptions::given(text)?;
    let extra_stop_words = [text.extra_stop_words, files].concat();
    let text = TextOptions { extra_stop_words, ..text };
    Ok(PrepareOptions { text, ..PrepareOptions::given(given(matches, &PrepareOptions::parameters())?)? })
}

/// The given options of reading.
pub(crate) fn read_options(matches: &ArgMatches) -> Result<ReadOptions> {
    file_options(matches, &[])
}

/// The same for a method, which may read text from a table.
pub(crate) fn options_for(matches: &ArgMatches, method: &Info) -> Result<ReadOptions> {
    Ok(ReadOptions { wants_text: method.wants_text(), ..read_options(matches)? })
}

/// Opens DATA for a method.
pub(crate) fn open(matches: &ArgMatches, method: &Info) -> Result<Source> {
    read::open(path(matches, "data")?, &options_for(matches, method)?)
}

/// The given options of reading among these flags, or all.
pub(crate) fn file_options(matches: &ArgMatches, names: &[&str]) -> Result<ReadOptions> {
    let given = given(matches, &file_parameters(names))?;
    let max_memory = matches.try_get_one::<u64>("max-memory").ok().flatten().copied();
    Ok(ReadOptions { max_memory, ..ReadOptions::given(given)? })
}

/// A text argument.
pub(crate) fn text<'a>(matches: &'a ArgMatches, name: &str) -> Result<&'a str> {
    matches.get_one::<String>(name).map(String::as_str).ok_or_else(|| Error::internal(format!("{name} is required")))
}

/// An argument that names a file, in any bytes that the system allows.
pub(crate) fn path(matches: &ArgMatches, name: &str) -> Result<PathBuf> {
    optional_path(matches, name).ok_or_else(|| Error::internal(format!("{name} is required")))
}

/// An optional argument that names a file.
pub(crate) fn optional_path(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    matches.try_get_raw(name).ok().flatten()?.next().map(PathBuf::from)
}

/// An argument whose value names a file.
pub(crate) fn file_arg(name: &'static str) -> Arg {
    Arg::new(name).value_parser(value_parser!(PathBuf))
}

/// Whether a name is the name of a space.
pub(crate) fn is_space(name: impl AsRef<Path>) -> bool {
    name.as_ref().extension().is_some_and(|ending| ending == "latent")
}

/// Opens a space; if there is no such file, the error suggests the name with `.latent`.
pub(crate) fn space(path: &Path) -> Result<Space> {
    Space::open(path).map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            let missing = Error::input(path, "there is no such file", "SPACE must be a file that `latent fit` wrote");
            let longer = path.with_extension("latent");
            if longer != path && longer.exists() { missing.with_hint(format!("did you mean '{}'?", longer.display())) } else { missing }
        }
        other => other,
    })
}

/// The numbers of a table as coordinates, with what they stand for.
pub(crate) fn coordinates(observations: &Observations) -> Result<(&Matrix, &Affine)> {
    match &observations.values {
        Values::Table(table) if table.categories.is_empty() => Ok((&table.numbers, &table.affine)),
        other => {
            Err(Error::input(&observations.name, format!("{} are not codes", other.kind()), "a table of numbers is needed, a row each"))
        }
    }
}

/// Reads codes from a file of codes, or from a space that keeps those of its rows.
pub(crate) fn space_or_codes(path: &Path, options: &ReadOptions, run: &Run) -> Result<Codes> {
    if !is_space(path) {
        return Codes::open(path, options, run);
    }
    codes(&space(path)?, path)
}

/// The codes of the fitted rows of a space.
pub(crate) fn codes(space: &Space, path: &Path) -> Result<Codes> {
    let Some(kept) = space.capabilities().kept else {
        return Err(Error::input(path, "this space keeps no rows", "codes are needed")
            .with_hint(format!("`latent encode {} DATA -o codes.npy` makes them", path.display())));
    };
    Ok(Codes::new(kept.codes.clone(), kept.metadata()))
}

#[cfg(test)]
mod tests {
    use clap::Command;
    use latentspace::data::{Missing, Scale};
    use latentspace::text::{Limit, Score, StopWords};

    use super::*;

    fn given(flags: &str) -> Result<PrepareOptions> {
        let command = Command::new("fit").no_binary_name(true).args(reading_args());
        let matches = command.try_get_matches_from(flags.split_whitespace()).map_err(|error| Error::internal(error.to_string()))?;
        prepare_options(&matches)
    }

    #[test]
    fn each_option_has_a_flag_with_its_doc() {
        let args = reading_args();
        let options = [params::describe(&ReadOptions::schema()), PrepareOptions::parameters(), TextOptions::parameters()].concat();
        assert_eq!(args.len(), options.len());
        for option in options {
            let arg = args.iter().find(|arg| arg.get_long() == Some(&flag_name(&option)));
            let help = arg.and_then(|arg| arg.get_help().map(ToString::to_string));
            assert!(help.is_some_and(|help| help.starts_with(&option.doc)), "{} has no flag with its doc", option.name);
        }
        assert!(args.iter().any(|arg| arg.get_long() == Some("min-letters")));
    }

    #[test]
    fn flags_become_options() -> Result<()> {
        assert_eq!(given("")?, PrepareOptions::default());
        let text = TextOptions {
            lowercase: false,
            stop_words: StopWords::Languages(vec!["german".to_owned(), "english".to_owned()]),
            extra_stop_words: vec!["kinase".to_owned(), "protein".to_owned()],
            min_letters: Some(3),
            min_df: Some(Limit::Count(1)),
            max_df: Some(Limit::Share(1.0)),
            phrases: Some(Score::Npmi),
            ..TextOptions::default()
        };
        let all = "--scale unit --missing median --lowercase false --stop-words german,english --extra-stop-words kinase,protein --min-letters 3 \
                   --min-df 1 --max-df 1.0 --phrases";
        assert_eq!(given(all)?, PrepareOptions { scale: Scale::Unit, missing: Some(Missing::Median), text });
        assert_eq!(given("--stop-words none --phrases=pmi")?.text.phrases, Some(Score::Pmi));
        for wrong in ["--min-letters 0", "--min-df nan", "--max-df 1.5", "--ngrams x", "--phrases=x", "--scale big"] {
            assert!(given(wrong).is_err(), "{wrong}");
        }
        Ok(())
    }
}
