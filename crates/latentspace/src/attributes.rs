//! What a fit found, by the names that scikit-learn and its kin give it: each method lists its attributes, and one call hands them out.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::tensors::{Tensor, Tensors};

/// One thing that a fit found: an attribute of the method's class in Python.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Attribute {
    /// Its name: `components_`. One that ends in `()` is a function without arguments: `get_covariance()`.
    pub name: &'static str,
    /// Its shape in n rows, d columns, k dimensions: `[k, d]`; empty for a single value.
    pub shape: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// Where it comes from.
    #[serde(skip)]
    pub origin: Origin,
}

/// Where an attribute comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Origin {
    /// A tensor of the space.
    Tensor(&'static str),
    /// A fact of the fit.
    Fact(&'static str),
    /// The value of a measure that the fit made.
    Measure(&'static str),
    /// Where the fitted rows lie.
    Codes,
    /// The method makes it of the others, when it is first asked for.
    Made,
}

impl Attribute {
    /// A tensor of the space, by its name there.
    pub const fn tensor(name: &'static str, shape: &'static str, tensor: &'static str, doc: &'static str) -> Self {
        Attribute { name, shape, doc, origin: Origin::Tensor(tensor) }
    }

    /// A fact of the fit, by its name there.
    pub const fn fact(name: &'static str, shape: &'static str, fact: &'static str, doc: &'static str) -> Self {
        Attribute { name, shape, doc, origin: Origin::Fact(fact) }
    }

    /// The value of a measure, by its name.
    pub const fn measure(name: &'static str, measure: &'static str, doc: &'static str) -> Self {
        Attribute { name, shape: "", doc, origin: Origin::Measure(measure) }
    }

    /// What the method makes.
    pub const fn made(name: &'static str, shape: &'static str, doc: &'static str) -> Self {
        Attribute { name, shape, doc, origin: Origin::Made }
    }

    /// Where the fitted rows lie, for methods whose spaces keep that.
    pub const CODES: Attribute =
        Attribute { name: "embedding_", shape: "[n, k]", doc: "Where the fitted rows lie.", origin: Origin::Codes };
}

/// The tool that a method is compared with, and what that has and this has not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Peer {
    /// Its class: `sklearn.decomposition.PCA`.
    pub class: &'static str,
    /// Attributes that its documentation names and that are not there, each with the reason.
    pub lacks: &'static [(&'static str, &'static str)],
}

/// What is left of a fit in its space: what attributes are made of.
pub struct Fit<'a> {
    /// The tensors of the model.
    pub tensors: &'a Tensors,
    /// What the model stored beside them.
    pub model: &'a Value,
    /// What the fit found out about itself.
    pub facts: &'a Map<String, Value>,
    /// Rows it was learned from.
    pub rows: usize,
}

impl Fit<'_> {
    /// Checks that neighbors and distances were those of the rows, which the space keeps.
    ///
    /// # Errors
    /// [`Error::Input`] if they were given, as these are not kept.
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
    /// A value as JSON has it: a number, a word, a list of numbers.
    Value(Value),
    /// Numbers.
    Tensor(Tensor),
    /// Sparse rows: row i has the columns and values from `starts[i]` to `starts[i + 1]`.
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
