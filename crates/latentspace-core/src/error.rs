//! The error type: one struct per kind, with the place, what was found, what is allowed, and a hint.

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of every fallible function of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error. Its kind determines the exit code and the Python exception.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A parameter out of its range, of the wrong type, or unknown.
    #[error("{0}")]
    Param(Param),
    /// Invalid input data.
    #[error("{0}")]
    Input(Input),
    /// An error of the operating system.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The run was cancelled.
    #[error("cancelled; no result was written")]
    Cancelled,
    /// The memory limit of the run would be exceeded.
    #[error("{what} needs {} and only {} is allowed", Bytes(*needed), Bytes(*allowed))]
    Memory {
        /// The operation that needs the memory.
        what: String,
        /// Bytes needed at the peak.
        needed: u64,
        /// Bytes allowed.
        allowed: u64,
        /// What would fit.
        hint: String,
    },
    /// A bug in this program.
    #[error("internal fault: {0}")]
    Internal(String),
}

/// An invalid parameter.
#[derive(Debug, Clone)]
pub struct Param {
    /// The parameter's name, as in the method's description.
    pub name: String,
    /// What was found, as a clause: "12 was given", "the default 30 is too large for 40 rows".
    pub found: String,
    /// What is allowed, as the end of a sentence: "it must be at least 1".
    pub wanted: String,
    /// A command or value that works.
    pub hint: Option<String>,
}

/// Invalid data, with the place in the file.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The file, or a name for data that do not come from a file.
    pub file: PathBuf,
    /// The row, counted from 1 as an editor does (the header of a table is not a row).
    pub row: Option<u64>,
    /// The column: its name, or its number counted from 1.
    pub column: Option<String>,
    /// What was found.
    pub found: String,
    /// What is allowed.
    pub wanted: String,
    /// A command or value that works.
    pub hint: Option<String>,
}

impl Error {
    /// An error for parameter `name`: the given value and the allowed ones.
    pub fn param(name: impl Into<String>, given: impl fmt::Display, wanted: impl Into<String>) -> Self {
        Error::Param(Param { name: name.into(), found: format!("{given} was given"), wanted: wanted.into(), hint: None })
    }

    /// An error for a parameter whose `value` is larger than `most`, the maximum for `data` (such as "40 rows"). If it is the `default`, the
    /// message says so.
    pub fn too_large<T: fmt::Display + PartialEq>(
        name: &str,
        value: T,
        default: Option<T>,
        data: impl fmt::Display,
        most: impl fmt::Display,
    ) -> Self {
        let whose = if default.is_some_and(|default| default == value) { "the default " } else { "" };
        let (found, wanted) = (format!("{whose}{value} is too large for {data}"), format!("it is at most {most}"));
        Error::Param(Param { name: name.to_owned(), found, wanted, hint: None })
    }

    /// An error for a whole file.
    pub fn input(file: impl AsRef<Path>, found: impl Into<String>, wanted: impl Into<String>) -> Self {
        Error::Input(Input { file: file.as_ref().to_path_buf(), found: found.into(), wanted: wanted.into(), ..Input::default() })
    }

    /// An operating system's error at `path`.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Error::Io { path: path.as_ref().to_path_buf(), source }
    }

    /// A bug in this program.
    pub fn internal(what: impl Into<String>) -> Self {
        Error::Internal(what.into())
    }

    /// The same error with the row (counted from 1) where it happened.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Self {
        if let Error::Input(input) = &mut self {
            input.row = Some(row);
        }
        self
    }

    /// The same error with the column (its name, or its number counted from 1) where it happened.
    #[must_use]
    pub fn at_column(mut self, column: impl Into<String>) -> Self {
        if let Error::Input(input) = &mut self {
            input.column = Some(column.into());
        }
        self
    }

    /// The same error with a context: "…, the different ones in a resample of 20".
    #[must_use]
    pub fn with_context(mut self, text: impl fmt::Display) -> Self {
        match &mut self {
            Error::Param(Param { found, .. }) | Error::Input(Input { found, .. }) => *found = format!("{found}, {text}"),
            _ => {}
        }
        self
    }

    /// The same error with a hint: a command or value that works.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<String>) -> Self {
        match &mut self {
            Error::Param(param) => param.hint = Some(text.into()),
            Error::Input(input) => input.hint = Some(text.into()),
            Error::Memory { hint, .. } => *hint = text.into(),
            _ => {}
        }
        self
    }

    /// The hint, if there is one.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Param(param) => param.hint.as_deref(),
            Error::Input(input) => input.hint.as_deref(),
            Error::Memory { hint, .. } => Some(hint).filter(|hint| !hint.is_empty()).map(String::as_str),
            _ => None,
        }
    }

    /// The exit code of the command line: 2 for an invalid call or input, 130 for an interrupt, 1 for a bug.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Param(_) | Error::Input(_) | Error::Io { .. } | Error::Memory { .. } => 2,
            Error::Cancelled => 130,
            Error::Internal(_) => 1,
        }
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}.", self.name, self.found, self.wanted)
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.found)?;
        if !self.wanted.is_empty() {
            write!(f, "; {}", self.wanted)?;
        }
        f.write_str(".")
    }
}

/// A number of bytes in a readable unit: `12.0 MiB`.
#[derive(Debug, Clone, Copy)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
        if self.0 < 1024 {
            return write!(f, "{} bytes", self.0);
        }
        let mut value = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while value >= 1024.0 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        write!(f, "{value:.1} {}", UNITS[unit])
    }
}

/// A number with thousands separators: `60,000`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The name among `known` with the smallest edit distance to `given`, if it is small enough for a typo.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &str| edit_distance(&given.to_lowercase().replace('_', "-"), &name.to_lowercase().replace('_', "-"));
    known
        .into_iter()
        .map(|name| (distance(name), name))
        .filter(|(distance, name)| *distance <= 1 + name.len().min(given.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein's distance, by characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_error_names_the_place_then_what_is_allowed() {
        let error = Error::input("a.csv", "'x' is no number", "each cell of a numeric column is one").at_row(3).at_column("price");
        assert_eq!(error.to_string(), "a.csv, row 3, column price: 'x' is no number; each cell of a numeric column is one.");
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn a_default_that_is_too_large_was_given_by_nobody() {
        let error = |value: f64| Error::too_large("perplexity", value, Some(30.0), "40 rows", 13).to_string();
        assert_eq!(error(30.0), "perplexity: the default 30 is too large for 40 rows; it is at most 13.");
        assert_eq!(error(20.0), "perplexity: 20 is too large for 40 rows; it is at most 13.");
    }

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        assert_eq!(nearest("perplexty", ["perplexity", "metric"]), Some("perplexity"));
        assert_eq!(nearest("tnse", ["pca", "tsne"]), Some("tsne"));
        assert_eq!(nearest("zzz", ["pca", "tsne"]), None);
    }

    #[test]
    fn bytes_read_well() {
        assert_eq!(Bytes(17).to_string(), "17 bytes");
        assert_eq!(Bytes(12 << 20).to_string(), "12.0 MiB");
    }
}
