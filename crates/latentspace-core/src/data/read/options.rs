//! How files are read, where they do not say it themselves: the one description of the reading options, from which the flags are made.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::data::Preparation;
use crate::error::{Error, Result, nearest};

/// How data is read, and what is joined to it. What is not given is found out from the file and reported (`docs/reading.md`); an option that
/// the format cannot use is refused.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReadOptions {
    /// Labels and other metadata to join, row by row.
    #[serde(deserialize_with = "labels")]
    #[schemars(extend("value" = "FILE[:COLUMN]"))]
    pub labels: Option<(PathBuf, Option<String>)>,
    /// Columns to learn from.
    #[serde(deserialize_with = "list")]
    #[schemars(extend("value" = "A,B", "unset" = "all columns of numbers except ids and labels"))]
    pub columns: Option<Vec<String>>,
    /// Format of DATA, where its ending is missing or wrong: csv, tsv, jsonl, txt, npy, mtx, …
    #[schemars(extend("value" = "FORMAT"))]
    pub format: Option<String>,
    /// Character between the fields of a csv: ',', ';', 'tab' or another.
    #[serde(deserialize_with = "character")]
    #[schemars(extend("value" = "CHAR", "unset" = "the one that splits all rows into equally many fields"))]
    pub delimiter: Option<char>,
    /// Decimal mark of the numbers in a csv: '.' or ','.
    #[serde(deserialize_with = "character")]
    #[schemars(extend("value" = "CHAR", "unset" = "the one that fits the cells"))]
    pub decimal: Option<char>,
    /// Whether the first row of a csv names the columns: auto, yes or no.
    #[schemars(extend("value" = "yes|no"))]
    pub header: Header,
    /// Column of ids: kept as they are written, not learned from.
    #[schemars(extend("value" = "COLUMN", "unset" = "a column named id or the like"))]
    pub id: Option<String>,
    /// Column of running text to learn from; several are joined, row by row.
    #[serde(deserialize_with = "list")]
    #[schemars(extend("value" = "COLUMN[,COLUMN]"))]
    pub text: Option<Vec<String>>,
    /// Column of dates: ISO 8601, other usual forms, or seconds since 1970.
    #[schemars(extend("value" = "COLUMN"))]
    pub dates: Option<String>,
    /// File with the names of the columns of an array or of counts, one per line.
    #[schemars(extend("value" = "FILE"))]
    pub names: Option<PathBuf>,
    /// Swap the rows and the columns of an array or of counts.
    pub transpose: bool,
    /// What to do with a picture or text of a folder that cannot be read: error or skip.
    #[schemars(extend("value" = "error|skip"))]
    pub bad: Bad,
    /// The preparation of the space that the rows are for: its columns, offsets and image size are used.
    #[serde(skip)]
    pub preparation: Option<Preparation>,
    /// Whether to learn from a column of running text if a table has both text and numbers: the method takes text.
    #[schemars(skip)]
    pub wants_text: bool,
    /// Maximum decompressed size of a file in bytes (none: 16 GiB).
    #[serde(skip)]
    pub max_unpacked: Option<u64>,
    /// The memory limit: decompressed data and images may use a quarter of it, whatever their compressed size.
    #[serde(skip)]
    pub max_memory: Option<u64>,
}

/// Whether the first row names the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Header {
    /// It is found out.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It does not.
    No,
}

/// What to do with a file of a folder that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bad {
    /// Stop with an error that names it.
    #[default]
    Error,
    /// Leave it out, and say so.
    Skip,
}

impl ReadOptions {
    /// The JSON Schema of the options: their names, what each does, what it may be.
    pub fn schema() -> Value {
        schemars::schema_for!(ReadOptions).to_value()
    }

    /// Options by their names, as flags or Python give them: words, or what JSON has.
    ///
    /// # Errors
    /// [`Error::Param`] for one that is unknown or not allowed.
    pub fn given(options: Map<String, Value>) -> Result<Self> {
        let mut all = Self::default().named();
        for (name, value) in options {
            if !all.contains_key(&name) {
                let names: Vec<&str> = all.keys().map(String::as_str).collect();
                let error = Error::param("read", format!("'{name}'"), format!("there are {}", names.join(", ")));
                return Err(match nearest(&name, names.iter().copied()) {
                    Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                    None => error,
                });
            }
            serde_json::from_value::<Self>(Value::Object(Map::from_iter([(name.clone(), value.clone())])))
                .map_err(|error| Error::param(&name, &value, error.to_string()))?;
            all.insert(name, value);
        }
        serde_json::from_value(Value::Object(all)).map_err(|error| Error::param("read", "options", error.to_string()))
    }

    /// The same options with labels as a command names them: `FILE` or `FILE:COLUMN`.
    #[must_use]
    pub fn with_labels(mut self, given: &str) -> Self {
        self.labels = Some(split_labels(given));
        self
    }

    fn named(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(named)) => named,
            _ => Map::new(),
        }
    }

    /// The names of the options that were given.
    pub(super) fn names_given(&self) -> Vec<String> {
        let usual = Self::default().named();
        self.named()
            .into_iter()
            .filter(|(name, value)| name != "wants_text" && usual.get(name) != Some(value))
            .map(|(name, _)| name)
            .collect()
    }
}

fn split_labels(given: &str) -> (PathBuf, Option<String>) {
    match given.rsplit_once(':') {
        Some((file, column)) if !Path::new(given).exists() && !file.is_empty() => (file.into(), Some(column.to_owned())),
        _ => (given.into(), None),
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Either<T> {
    Word(String),
    Value(Option<T>),
}

fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(PathBuf, Option<String>)>, D::Error> {
    Ok(match Either::deserialize(deserializer)? {
        Either::Word(given) => Some(split_labels(&given)),
        Either::Value(value) => value,
    })
}

/// A list of names, or names between commas.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(match Either::deserialize(deserializer)? {
        Either::Word(names) => Some(names.split(',').map(|name| name.trim().to_owned()).collect()),
        Either::Value(names) => names,
    })
}

/// One character; a tab and a space have names.
fn character<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<char>, D::Error> {
    let Some(word) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    match word.as_str() {
        "tab" | "\\t" => return Ok(Some('\t')),
        "space" => return Ok(Some(' ')),
        "comma" => return Ok(Some(',')),
        "semicolon" => return Ok(Some(';')),
        "point" => return Ok(Some('.')),
        _ => {}
    }
    let mut signs = word.chars();
    match (signs.next().filter(char::is_ascii), signs.next()) {
        (Some(sign), None) => Ok(Some(sign)),
        _ => Err(serde::de::Error::custom("it must be one ASCII character, or 'tab'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given(options: Value) -> Result<ReadOptions> {
        ReadOptions::given(options.as_object().unwrap().clone())
    }

    #[test]
    fn options_are_given_as_words_or_as_values() {
        let words =
            given(json!({"columns": "a, b", "delimiter": "tab", "header": "no", "labels": "l.csv:kind", "transpose": true})).unwrap();
        let values =
            given(json!({"columns": ["a", "b"], "delimiter": "\t", "header": "no", "labels": ["l.csv", "kind"], "transpose": true}));
        assert_eq!(words, values.unwrap());
        assert_eq!(words.names_given(), ["labels", "columns", "delimiter", "header", "transpose"]);
        assert!(ReadOptions::default().names_given().is_empty());
        let error = given(json!({"delimiter": ";;"})).unwrap_err().to_string();
        assert!(error.contains("delimiter") && error.contains("one ASCII character"), "{error}");
        assert_eq!(given(json!({"delimeter": ";"})).unwrap_err().hint(), Some("did you mean 'delimiter'?"));
    }
}
