//! Rooms: what only some data have. The page shows each in a room of its own; the server passes its questions on.

use std::collections::HashMap;

use latentspace::data::Preparation;
use latentspace::{Error, Result, Run};
use serde::Serialize;
use serde_json::Value;

/// What a page asks of a room.
pub(crate) struct Asked<'a> {
    /// The parts of the path below `/api/`.
    pub(crate) path: Vec<&'a str>,
    pub(crate) query: &'a HashMap<String, String>,
}

impl Asked<'_> {
    /// A text of the query; empty if it is not given.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// The limit of the query.
    pub(crate) fn limit(&self) -> usize {
        self.query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(50).min(1000)
    }
}

/// A part of the data with answers of its own.
pub(crate) trait Room: Send + Sync {
    /// The word in the state's `can` by which the page knows what it has.
    fn can(&self) -> &'static str;

    /// Whether the observed columns of a table are its own, which it lists.
    fn lists_observed(&self) -> bool {
        false
    }

    /// The preparation of its rows, if these are known.
    fn preparation(&self) -> Option<&Preparation> {
        None
    }

    /// The names of its derived columns, which have a number for each row.
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }

    /// The cells of such a column.
    fn column(&self, _index: usize) -> Option<Vec<f64>> {
        None
    }

    /// The answer to a question; none if there is nothing of this name.
    ///
    /// # Errors
    /// Those of the computation.
    fn answer(&self, asked: &Asked<'_>, run: &Run) -> Result<Option<Value>>;
}

/// An answer as JSON.
pub(super) fn json_of(answer: Option<impl Serialize>) -> Result<Option<Value>> {
    answer.map(|answer| serde_json::to_value(answer).map_err(|error| Error::internal(error.to_string()))).transpose()
}
