//! Fitted attributes, named as in scikit-learn: each method lists its attributes, and one function returns them.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::tensors::{Tensor, Tensors};

/// A fitted attribute of a method's Python class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Attribute {
    /// Its name: `components_`; with `()` at the end, a function without arguments: `get_covariance()`.
    pub name: &'static str,
    /// Its shape in n rows, d columns, k dimensions: `[k, d]`; empty for a single value.
    pub shape: &'static str,
    /// Its description.
    pub doc: &'static str,
    /// Its source.
    #[serde(skip)]
    pub origin: Origin,
}

/// The source of an attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Origin {
    /// A tensor of the space.
    Tensor(&'static str),
    /// A fact of the fit.
    Fact(&'static str),
    /// The value of a measure of the fit.
    Measure(&'static str),
    /// Codes of the fitted rows.
    Codes,
    /// Computed by the method when it is first requested.
    Made,
}

impl Attribute {
    /// A tensor of the space, by name.
    pub const fn tensor(name: &'static str, shape: &'static str, tensor: &'static str, doc: &'static str) -> Self {
        Attribute { name, shape, doc, origin: Origin::Tensor(tensor) }
    }

    /// A fact of the fit, by name.
    pub const fn fact(name: &'static str, shape: &'static str, fact: &'static str, doc: &'static str) -> Self {
        Attribute { name, shape, doc, origin: Origin::Fact(fact) }
    }

    /// The value of a measure, by name.
    pub const fn measure(name: &'static str, measure: &'static str, doc: &'static str) -> Self {
        Attribute { name, shape: "", doc, origin: Origin::Measure(measure) }
    }

    /// An attribute that the method computes.
    pub const fn made(name: &'static str, shape: &'static str, doc: &'static str) -> Self {
        Attribute { name, shape, doc, origin: Origin::Made }
    }

    /// Codes of the fitted rows, for methods whose spaces keep them.
    pub const CODES: Attribute =
        Attribute { name: "embedding_", shape: "[n, k]", doc: "Coordinates of the fitted rows (the embedding).", origin: Origin::Codes };
}

/// The comparable class of another library, and its attributes that are not available here.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Peer {
    /// The class: `sklearn.decomposition.PCA`.
    pub class: &'static str,
    /// Documented attributes of that class that are not available, each with the reason.
    pub lacks: &'static [(&'static str, &'static str)],
}

/// The parts of a space from which attributes are computed.
pub struct Fit<'a> {
    /// The tensors of the model.
    pub tensors: &'a Tensors,
    /// Small values that the model stored.
    pub model: &'a Value,
    /// Facts about the fit.
    pub facts: &'a Map<String, Value>,
    /// Number of rows that it was learned from.
    pub rows: usize,
}

impl Fit<'_> {
    /// Checks that neighbors and distances were computed from the rows, which the space keeps.
    ///
    /// # Errors
    /// [`Error::Input`] if they were precomputed, as these are not kept.
    pub fn check_found(&self, name: &str) -> Result<()> {
        for what in ["neighbors", "distances"] {
            if self.facts.get(what).and_then(Value::as_str) == Some("given") {
                return Err(Error::input(name, format!("the {what} were given"), "they are not kept in the space, from which it is made"));
            }
        }
        Ok(())
    }
}

/// An attribute's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A JSON value: a number, a word, a list of numbers.
    Value(Value),
    /// Numbers.
    Tensor(Tensor),
    /// Sparse rows in CSR format: row i has the columns and values from `starts[i]` to `starts[i + 1]`.
    Sparse {
        /// Columns.
        cols: usize,
        /// `[rows + 1]`.
        starts: Vec<usize>,
        /// Ascending in each row.
        indices: Vec<u32>,
        /// A value for each index.
        values: Vec<f32>,
    },
}

impl Found {
    /// A list of numbers.
    pub fn list(values: Vec<f64>) -> Self {
        Found::Tensor(Tensor::F64(vec![values.len()], values))
    }

    /// A table of numbers, row by row.
    pub fn table(rows: usize, cols: usize, values: Vec<f64>) -> Self {
        Found::Tensor(Tensor::F64(vec![rows, cols], values))
    }

    /// Sparse rows, sorted by column.
    pub fn sparse(cols: usize, rows: impl IntoIterator<Item = Vec<(u32, f32)>>) -> Self {
        let (mut starts, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for mut row in rows {
            row.sort_unstable_by_key(|entry| entry.0);
            indices.extend(row.iter().map(|entry| entry.0));
            values.extend(row.iter().map(|entry| entry.1));
            starts.push(indices.len());
        }
        Found::Sparse { cols, starts, indices, values }
    }
}
