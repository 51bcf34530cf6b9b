//! What the dimensions of a space are made of: loadings or distributions over the columns; rotation of loadings; characteristic words, layout, matching
//! and scores of non-negative axes.

mod coherence;
mod completion;
mod distributions;
mod infer;
pub mod lanes;
mod layout;
mod matched;
mod quality;
mod rotation;
mod words;

use std::borrow::Cow;

pub use coherence::{Coherence, Coherences, Texts, Windows, coherence};
pub use completion::{COMPLETION_STEPS, halve, tell};
pub use completion::{completion, halves, left_to_right};
pub use distributions::Distributions;
pub use infer::{Compare, Inference, InferenceRoom, dot, infer_all};
pub use layout::{Layout, Merge, arrange};
pub use matched::{Matched, Recurrence, matched, recurrence};
pub use rotation::{Rotated, Rotation, rotate};
pub use words::USUAL_LAMBDA;
pub use words::{Weighted, Word, WordOrder};

use crate::error::Result;
use crate::linalg::Matrix;

/// The axes of a space: what each dimension is made of.
#[derive(Debug, Clone)]
pub struct Axes<'a> {
    /// The weight of each column in each axis.
    pub weights: Weights<'a>,
    /// `[k]`: the share of each axis: of the variance of the rows, or of all words.
    pub shares: Cow<'a, [f64]>,
    /// `[k]`: the Dirichlet prior over a row's axes, in pseudo-counts: 0 without a prior; none if codes are not proportions.
    pub prior: Option<&'a [f32]>,
}

/// The weights of columns in axes.
#[derive(Debug, Clone, Copy)]
pub enum Weights<'a> {
    /// `[k, columns]`: a code is the inner product of an axis with the centered row.
    Loadings(&'a Matrix),
    /// `[k, columns]`, never negative: a row is approximated by a sum of axes, weighted by its code.
    Parts(&'a Matrix),
    /// Each axis is a distribution over the columns, a code the proportions of a row.
    Distributions(&'a Distributions),
}

impl<'a> Axes<'a> {
    /// Number of axes.
    pub fn k(&self) -> usize {
        match self.weights {
            Weights::Loadings(weights) | Weights::Parts(weights) => weights.rows(),
            Weights::Distributions(distributions) => distributions.k(),
        }
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        match self.weights {
            Weights::Loadings(weights) | Weights::Parts(weights) => weights.cols(),
            Weights::Distributions(distributions) => distributions.words(),
        }
    }

    /// The weight of a column in an axis.
    pub fn weight(&self, axis: usize, column: usize) -> f64 {
        match self.weights {
            Weights::Loadings(weights) | Weights::Parts(weights) => f64::from(weights.row(axis)[column]),
            Weights::Distributions(distributions) => distributions.probability(column, axis),
        }
    }

    /// All weights, `[k, columns]`.
    pub fn table(&self) -> Matrix {
        match self.weights {
            Weights::Loadings(weights) | Weights::Parts(weights) => weights.clone(),
            Weights::Distributions(_) => Matrix::from_fn(self.k(), self.columns(), |axis, column| self.weight(axis, column) as f32),
        }
    }

    /// The axes as distributions over the columns, unless weights may be negative; each is normalized to sum 1.
    ///
    /// # Errors
    /// [`crate::Error::Input`] if an axis has no column: see [`Distributions::new`].
    pub fn distributions(&self) -> Result<Option<Cow<'a, Distributions>>> {
        match self.weights {
            Weights::Distributions(distributions) => Ok(Some(Cow::Borrowed(distributions))),
            Weights::Loadings(_) => Ok(None),
            Weights::Parts(parts) => {
                let by_column = Matrix::from_fn(parts.cols(), parts.rows(), |column, axis| parts.row(axis)[column]);
                Ok(Some(Cow::Owned(Distributions::new(by_column, self.shares.to_vec(), vec![0.0; parts.cols()], 0)?)))
            }
        }
    }
}
