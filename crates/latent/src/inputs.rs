//! Inputs of the commands: data, spaces and codes, by name or from standard input.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use latentspace::border;
use latentspace::data::{Affine, Missing, Observations, PrepareOptions, ReadOptions, Scale, Source, Values, read};
use latentspace::linalg::Matrix;
use latentspace::method::Info;
use latentspace::text::{Limit, StopWords, TextOptions};
use latentspace::{Codes, Error, Result, Run, Space, params};
use serde::de::DeserializeOwned;
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
    let schema = ReadOptions::schema();
    let described = params::describe(&schema).into_iter().filter(|option| names.is_empty() || names.contains(&option.name.as_str()));
    let flag = |option: params::Parameter| {
        let arg = Arg::new(option.name.clone()).long(option.name.clone()).help(option.doc).help_heading(HEADING);
        match &option.kind {
            params::Kind::Flag => arg.action(ArgAction::SetTrue),
            kind => {
                let value = schema["properties"][&option.name]["value"].as_str().unwrap_or("VALUE").to_owned();
                let arg = arg.value_name(value).allow_hyphen_values(true);
                match kind {
                    params::Kind::Choice(words) => arg
                        .hide_possible_values(true)
                        .value_parser(PossibleValuesParser::new(words.iter().map(|word| word.clone().leak() as &str))),
                    _ => arg,
                }
            }
        }
    };
    described.map(flag).collect()
}

/// Options for a file of codes.
pub(crate) const OF_CODES: &[&str] = &["labels", "format", "delimiter", "decimal", "header"];

/// Flags of reading and preparation.
pub(crate) fn reading_args() -> Vec<Arg> {
    let args = [
        Arg::new("scale")
            .long("scale")
            .value_name("WORD")
            .hide_possible_values(true)
            .value_parser(PossibleValuesParser::new(["auto", "none", "standard", "robust", "unit"]))
            .help("Scale columns: none, standard (z-scores), robust (median and quartiles) or unit (0 to 1) [default: auto: standard where standard deviations differ tenfold]"),
        Arg::new("missing")
            .long("missing")
            .value_name("WORD")
            .hide_possible_values(true)
            .value_parser(PossibleValuesParser::new(["error", "mean", "median"]))
            .help("Fill missing cells: mean, median, or error to refuse them [default: mean in tables, else error]"),
    ];
    file_args(&[]).into_iter().chain(args.into_iter().map(|arg| arg.help_heading(HEADING))).chain(text_args()).collect()
}

/// Flags of text: which words are counted.
fn text_args() -> impl Iterator<Item = Arg> {
    let limit = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("N").value_parser(documents).allow_negative_numbers(true).help(help)
    };
    let whole = |name: &'static str, range: std::ops::RangeInclusive<u64>, help: &'static str| {
        Arg::new(name).long(name).value_name("N").value_parser(clap::value_parser!(u64).range(range)).help(help)
    };
    let words = |name: &'static str, words: &'static [&'static str]| {
        Arg::new(name).long(name).hide_possible_values(true).value_parser(PossibleValuesParser::new(words))
    };
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let args = [
        words("tokens", &["words", "runs", "spaces"]).value_name("WORD").help(
            "Tokens to count: words (Unicode word boundaries and dictionaries), runs (of letters, digits and underscores) or spaces \
             (text that was separated into words before) [default: words]",
        ),
        Arg::new("stop-words").long("stop-words").value_name("WORDS").help(
            "Stop words to remove: auto, none, languages (english,german), or a file of words; english,+FILE adds those of a file \
             [default: auto: the language is detected]",
        ),
        whole("min-letters", 1..=1000, "Minimum letters of a word [default: 2; 1 in scripts with one-letter words]"),
        limit(
            "min-df",
            "Minimum number of documents that contain a word, or their share (0.01) [default: 5 of 1,000 and more, 2 of 50 and more, else 1]",
        ),
        limit("max-df", "Maximum number of documents that contain a word, or their share (0.9) [default: 0.5 of 20 and more]"),
        whole(
            "max-words",
            1..=u64::from(u32::MAX) - 1,
            "Maximum size of the vocabulary: the most frequent words are kept [default: 100000]",
        ),
        whole("ngrams", 1..=3, "Also count n-grams of up to this many words: 1 to 3 [default: 1]"),
        words("phrases", &["npmi", "pmi"])
            .value_name("SCORE")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("npmi")
            .help("Join word pairs that occur together (new_york), by npmi or pmi [default if the flag has no value: npmi]"),
        flag("keep-case", "Keep upper and lower case apart"),
        flag("keep-numbers", "Count numbers, too"),
    ];
    args.into_iter().map(|arg| arg.help_heading(TEXT_HEADING))
}

/// A number of documents, or a share of them.
fn documents(text: &str) -> std::result::Result<Limit, String> {
    let wrong = || "it is a number of documents (5) or a share of them (0.5)".to_owned();
    match text.parse() {
        Ok(count) => Ok(Limit::Count(count)),
        Err(_) => text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).map(Limit::Share).ok_or_else(wrong),
    }
}

/// Parses --stop-words: auto, none, languages, or a file; and files that are added with a plus.
fn stop_words(given: &str) -> Result<(StopWords, Vec<String>)> {
    let is_file =
        |name: &str| Path::new(name).is_file() || Path::new(name).extension().is_some() || Path::new(name).components().count() > 1;
    if !given.starts_with('+') && Path::new(given).is_file() {
        return Ok((StopWords::Words(words_of(given)?), Vec::new()));
    }
    let (mut names, mut extra) = (Vec::new(), Vec::new());
    for part in given.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.strip_prefix('+') {
            Some(file) => extra.extend(words_of(file)?),
            None => names.push(part),
        }
    }
    let words = match names.as_slice() {
        [] | ["auto"] => StopWords::Auto,
        ["none"] => StopWords::None,
        [file] if is_file(file) => StopWords::Words(words_of(file)?),
        names => {
            if let Some(file) = names.iter().find(|name| is_file(name)) {
                let others: Vec<&str> = names.iter().copied().filter(|name| name != file).collect();
                return Err(Error::param("--stop-words", format!("the file '{file}' among languages"), "a plus adds the words of a file")
                    .with_hint(format!("--stop-words {},+{file}", others.join(","))));
            }
            StopWords::Languages(names.iter().map(|name| (*name).to_owned()).collect())
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

/// The given text options.
fn text_options(matches: &ArgMatches) -> Result<TextOptions> {
    let number = |name: &str| matches.get_one::<u64>(name).map(|&number| number as usize);
    let (stop_words, extra_stop_words) =
        matches.get_one::<String>("stop-words").map(|given| stop_words(given)).transpose()?.unwrap_or_default();
    Ok(TextOptions {
        tokens: word(matches, "tokens")?.unwrap_or_default(),
        keep_case: matches.get_flag("keep-case"),
        keep_numbers: matches.get_flag("keep-numbers"),
        stop_words,
        extra_stop_words,
        min_letters: number("min-letters"),
        min_df: matches.get_one("min-df").copied(),
        max_df: matches.get_one("max-df").copied(),
        max_words: number("max-words"),
        ngrams: number("ngrams"),
        phrases: word(matches, "phrases")?,
    })
}

fn word<T: DeserializeOwned>(matches: &ArgMatches, name: &str) -> Result<Option<T>> {
    let read = |word: &String| serde_json::from_value(Value::from(word.as_str())).map_err(|error| Error::internal(error.to_string()));
    matches.get_one::<String>(name).map(read).transpose()
}

/// The given options of preparation.
pub(crate) fn prepare_options(matches: &ArgMatches) -> Result<PrepareOptions> {
    Ok(PrepareOptions {
        scale: word::<Scale>(matches, "scale")?.unwrap_or_default(),
        missing: word::<Missing>(matches, "missing")?,
        text: text_options(matches)?,
    })
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
    let mut given = Map::new();
    for arg in file_args(names) {
        let name = arg.get_id().as_str();
        let value = match arg.get_action() {
            ArgAction::SetTrue => matches.get_flag(name).then(|| Value::from(true)),
            _ => matches.get_one::<String>(name).map(|word| Value::from(word.as_str())),
        };
        given.extend(value.map(|value| (name.to_owned(), value)));
    }
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
