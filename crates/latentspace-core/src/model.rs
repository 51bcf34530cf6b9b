//! The trait of fitted models, and what their spaces can do beyond encoding: their capabilities.

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::Value;

use crate::axes::Axes;
use crate::completion;
use crate::data::Metadata;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, OwnedRows};
use crate::neighbors::{FeatureSpace, Metric};
use crate::run::Run;
use crate::tensors::Tensors;

/// A fitted model: encodes rows to codes and, for most methods, decodes codes to rows.
pub trait Model: Send + Sync {
    /// Number of dimensions of the space.
    fn n_components(&self) -> usize;

    /// Number of columns of its rows.
    fn columns(&self) -> usize;

    /// Encodes prepared rows `[n, d]` to codes `[n, k]`. A row has the same code alone, in any batch and in any order, to the bit.
    ///
    /// # Errors
    /// [`Error::Cancelled`], or [`Error::Input`] if the columns do not fit.
    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix>;

    /// Decodes codes `[n, k]` to prepared rows `[n, d]`.
    ///
    /// # Errors
    /// [`Error::Input`] if the model cannot decode.
    fn decode(&self, _codes: &Matrix, _run: &Run) -> Result<Matrix> {
        Err(Error::input("space", "this space does not decode", "`latent methods` lists which do"))
    }

    /// Predicts the cells of prepared rows `[n, d]` that are NaN from the other cells of their row; these stay. `means`, `[d]`, are those
    /// of the columns, where an iteration starts. A row is completed the same alone, in any batch and in any order.
    ///
    /// By default a fixed-point iteration ([`completion::iterate`]); a model with a closed form overrides it.
    ///
    /// # Errors
    /// [`Error::Cancelled`], or [`Error::Input`] if the columns do not fit or the model does not decode.
    fn complete(&self, rows: &OwnedRows, means: &[f64], run: &Run) -> Result<Matrix> {
        completion::iterate(rows, means, run, &|filled| self.decode(&self.encode(filled, run)?, run))
    }

    /// Log-likelihood of each row in nats, `[n]`: the logarithm of its density or, for counts, of the probability of its words; none if the
    /// model has no likelihood. `fitted` are the rows that it was learned from.
    ///
    /// # Errors
    /// [`Error::Input`] if the likelihood is unbounded; [`Error::Cancelled`].
    fn log_likelihoods(&self, _rows: &OwnedRows, _fitted: usize, _run: &Run) -> Result<Option<Vec<f64>>> {
        Ok(None)
    }

    /// The metric between codes.
    fn metric(&self) -> Metric {
        Metric::default()
    }

    /// What the space can do beyond encoding and decoding.
    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::default()
    }

    /// Stores arrays in `tensors` and small values in the returned JSON. [`Method::load`] reads both.
    ///
    /// # Errors
    /// [`Error::Internal`] if a name is used twice.
    fn store(&self, tensors: &mut Tensors) -> Result<Value>;
}

/// What a space can do beyond encoding. Commands, the Python package and the page ask for these parts, never for a method or family.
#[derive(Default)]
pub struct Capabilities<'a> {
    /// The fitted rows that it keeps, with their codes.
    pub kept: Option<Kept<'a>>,
    /// What each dimension is made of.
    pub axes: Option<Axes<'a>>,
    /// A distribution of codes to generate from.
    pub sampler: Option<&'a dyn Sampler>,
    /// The labels that it learned to tell apart.
    pub classifier: Option<&'a dyn Classifier>,
    /// The space of a kernel, where rows have no coordinates.
    pub feature_space: Option<&'a dyn FeatureSpace>,
}

/// The capabilities that the spaces of a method have, as declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Can {
    /// They keep the fitted rows with their codes; a space may lack them if they take too much memory.
    pub kept: bool,
    /// They have axes; what one of them is called: `component`, `topic`.
    pub axes: Option<&'static str>,
    /// They have a distribution of codes to generate from.
    pub sampler: bool,
}

impl Can {
    /// None of them.
    pub const NOTHING: Can = Can { kept: false, axes: None, sampler: false };

    /// The names of the capabilities.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [("kept", self.kept), ("axes", self.axes.is_some()), ("sampler", self.sampler)];
        all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name)
    }
}

impl Serialize for Can {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut names = serializer.serialize_seq(None)?;
        self.names().try_for_each(|name| names.serialize_element(name))?;
        names.end()
    }
}

/// Fitted rows with their codes.
pub struct Kept<'a> {
    /// Their codes, `[n, k]`.
    pub codes: &'a Matrix,
    /// The rows, as the model keeps them.
    rows: &'a OwnedRows,
    /// What the model reduces prepared rows by before it keeps them.
    reduction: Option<&'a dyn Model>,
    metadata: Option<&'a Metadata>,
}

impl<'a> Kept<'a> {
    /// Rows as they were prepared, with their codes `[n, k]`.
    pub fn new(codes: &'a Matrix, rows: &'a OwnedRows) -> Self {
        Kept { codes, rows, reduction: None, metadata: None }
    }

    /// The same for rows that were reduced by a model.
    #[must_use]
    pub fn reduced_by(self, reduction: Option<&'a dyn Model>) -> Self {
        Kept { reduction, ..self }
    }

    /// The same with metadata.
    #[must_use]
    pub fn with_metadata(self, metadata: Option<&'a Metadata>) -> Self {
        Kept { metadata, ..self }
    }

    /// Their metadata; without columns if the space has none.
    pub fn metadata(&self) -> Metadata {
        self.metadata.cloned().unwrap_or_else(|| Metadata::none(self.codes.rows()))
    }

    /// The prepared rows, if they are kept unreduced.
    pub fn rows(&self) -> Option<&'a OwnedRows> {
        self.reduction.is_none().then_some(self.rows)
    }

    /// Whether prepared rows are the fitted ones, cell by cell.
    ///
    /// # Errors
    /// [`Error::Cancelled`], or [`Error::Input`] if the columns do not fit.
    pub fn are(&self, rows: &OwnedRows, run: &Run) -> Result<bool> {
        if rows.rows() != self.rows.rows() {
            return Ok(false);
        }
        let reduced = self.reduction.map(|model| model.encode(rows, run).map(OwnedRows::Dense)).transpose()?;
        let (rows, kept) = (reduced.as_ref().unwrap_or(rows).points(), self.rows.points());
        Ok((0..rows.rows()).all(|row| rows.is_same(row, &kept, row)))
    }
}

/// A distribution of codes to generate from.
pub trait Sampler: Send + Sync {
    /// Draws codes `[n, k]` by the run's seed. Code i is the same for any `n` greater than i.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    fn sample(&self, n: usize, run: &Run) -> Result<Matrix>;
}

/// Tells the label of a row from its code.
pub trait Classifier: Send + Sync {
    /// The labels.
    fn labels(&self) -> &[String];

    /// The label of a code, a place in [`Classifier::labels`].
    fn predict(&self, code: &[f32]) -> usize;

    /// The labels that a code above 0 and one below 0 speak for along a dimension; none where it does not decide between two.
    fn sides(&self, _axis: usize) -> Option<[&str; 2]> {
        None
    }

    /// The probability of each label, if the space has learned them. That of the predicted label is the largest.
    fn probabilities(&self, code: &[f32]) -> Option<Vec<f64>>;
}
