//! Options of text: which words are counted.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::MOST_NGRAMS;
use super::phrases::Score;
use super::tokens::Tokens;
use crate::error::Result;
use crate::params::{self, Kind, Parameter};

/// Default maximum size of the vocabulary.
pub(super) const MOST_WORDS: usize = 100_000;
/// Default minimum number of letters of a word.
pub(super) const LEAST_LETTERS: usize = 2;

/// Options of the vocabulary; what is not given is determined from the text. Flags, help, checks and Python's arguments are generated from this
/// description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TextOptions {
    /// Tokens to count: words (Unicode word boundaries and dictionaries), runs (of letters, digits and underscores) or spaces (text that was
    /// separated into words before).
    pub tokens: Tokens,
    /// Convert words to lower case.
    pub lowercase: bool,
    /// Count numbers, too.
    pub keep_numbers: bool,
    /// Stop words to remove: auto, none, languages (english,german), or a file of words (in Python a list); english,+FILE adds those of a file.
    #[serde(deserialize_with = "stop_words")]
    #[schemars(extend("value" = "WORDS", "unset" = "auto: the language is detected"))]
    pub stop_words: StopWords,
    /// Additional stop words to remove, such as kinase,protein.
    #[serde(deserialize_with = "list")]
    #[schemars(extend("value" = "A,B"))]
    pub extra_stop_words: Vec<String>,
    /// Minimum letters of a word.
    #[schemars(extend("minimum" = 1, "maximum" = 1000, "unset" = format!("{LEAST_LETTERS}; 1 in scripts with one-letter words")))]
    pub min_letters: Option<usize>,
    /// Minimum number of documents that contain a word, or their share (0.01).
    #[schemars(extend("unset" = "5 of 1,000 and more, 2 of 50 and more, else 1"))]
    pub min_df: Option<Limit>,
    /// Maximum number of documents that contain a word, or their share (0.9).
    #[schemars(extend("unset" = "0.5 of 20 and more"))]
    pub max_df: Option<Limit>,
    /// Maximum size of the vocabulary: the most frequent words are kept.
    #[schemars(extend("minimum" = 1, "maximum" = u32::MAX - 1, "unset" = MOST_WORDS.to_string()))]
    pub max_words: Option<usize>,
    /// Also count n-grams of up to this many words: 1 to 3.
    #[schemars(extend("minimum" = 1, "maximum" = MOST_NGRAMS, "unset" = "1"))]
    pub ngrams: Option<usize>,
    /// Join word pairs that occur together (new_york), by npmi or pmi.
    #[schemars(extend("value" = "SCORE", "bare" = "npmi", "unset" = "no phrases"))]
    pub phrases: Option<Score>,
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions {
            tokens: Tokens::default(),
            lowercase: true,
            keep_numbers: false,
            stop_words: StopWords::default(),
            extra_stop_words: Vec::new(),
            min_letters: None,
            min_df: None,
            max_df: None,
            max_words: None,
            ngrams: None,
            phrases: None,
        }
    }
}

/// Stop words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopWords {
    /// Those of the language detected from the most frequent words, if any.
    #[default]
    Auto,
    /// No stop words.
    None,
    /// Those of these languages ([`languages`]).
    Languages(Vec<String>),
    /// These words.
    Words(Vec<String>),
}

/// A document frequency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    /// A number of documents.
    Count(u64),
    /// A share of all documents, 0 to 1.
    Share(f64),
}

impl JsonSchema for StopWords {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "StopWords".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// As they are given: a word, languages between commas, or a list of words.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words = json_schema!({ "type": "array", "items": { "type": "string" } });
        json_schema!({ "anyOf": [{ "const": "auto" }, { "const": "none" }, { "type": "string" }, words] })
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "share_of": "documents",
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "number", "minimum": 0, "maximum": 1 }],
        })
    }
}

/// The words between commas.
fn between_commas(given: &str) -> impl Iterator<Item = String> {
    given.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned)
}

/// Stop words as they are stored, or as they are given: a word, languages between commas, or a list of words.
fn stop_words<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<StopWords, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Stored(StopWords),
        Names(String),
        Words(Vec<String>),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::Stored(words) => words,
        Given::Words(words) => StopWords::Words(words),
        Given::Names(names) => {
            let names: Vec<String> = between_commas(&names).collect();
            match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                [] | ["auto"] => StopWords::Auto,
                ["none"] => StopWords::None,
                _ => StopWords::Languages(names),
            }
        }
    })
}

/// A list of words, or words between commas.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Words(Vec<String>),
        Names(String),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::Words(words) => words,
        Given::Names(names) => between_commas(&names).collect(),
    })
}

impl TextOptions {
    /// The options, in the order of the struct.
    pub fn parameters() -> Vec<Parameter> {
        params::describe(&schemars::schema_for!(TextOptions).to_value())
    }

    /// Options by their names, as flags or Python give them.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that is unknown or not allowed.
    pub fn given(options: Map<String, Value>) -> Result<Self> {
        params::options("text", &Self::parameters(), options)
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that is out of range.
    pub(super) fn check(&self) -> Result<()> {
        let options = serde_json::to_value(self).unwrap_or_default();
        // A list of words has no range.
        let in_range = Self::parameters().into_iter().filter(|parameter| parameter.kind != Kind::List);
        in_range.map(|parameter| parameter.check(&options[&parameter.name])).try_for_each(|checked| checked.map(drop))
    }

    /// The minimum and maximum document frequency for this number of documents.
    pub(super) fn limits(&self, documents: u64) -> (u64, u64) {
        let share = |share: f64| share * documents as f64;
        let least = match self.min_df {
            Some(Limit::Count(count)) => count,
            Some(Limit::Share(of_all)) => share(of_all).ceil() as u64,
            None if documents >= 1000 => 5,
            None if documents >= 50 => 2,
            None => 1,
        };
        let most = match self.max_df {
            Some(Limit::Count(count)) => count,
            Some(Limit::Share(of_all)) => share(of_all).floor() as u64,
            None if documents >= 20 => documents / 2,
            None => documents,
        };
        (least, most)
    }
}
