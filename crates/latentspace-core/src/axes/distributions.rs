//! Non-negative axes as distributions over the columns: words, layout, matching and scores are computed from them.

use crate::error::{Error, Result};
use crate::linalg::Matrix;

/// Axes as distributions: the probability of each column in each axis, and the share of each axis in the whole. The columns are called words, as
/// those of text are.
#[derive(Debug, Clone, PartialEq)]
pub struct Distributions {
    /// `[words, axes]`: the probability of the word in the axis; each column sums to 1.
    pub by_word: Matrix,
    /// `[axes]`: the share of each axis in all words; they sum to 1.
    shares: Vec<f64>,
    /// `[words]`: the probability of each word, given the axes and their shares.
    frequencies: Vec<f64>,
    /// `[words]`: the count of the word in the corpus.
    pub totals: Vec<f64>,
    /// Number of documents that they were learned from; 0 if unknown.
    pub documents: usize,
}

impl Distributions {
    /// Checks and normalizes axes.
    ///
    /// # Errors
    /// [`Error::Input`] if lengths do not fit, a number is negative or NaN, or an axis has no word.
    pub fn new(mut by_word: Matrix, shares: Vec<f64>, totals: Vec<f64>, documents: usize) -> Result<Self> {
        let wrong = |found: String, wanted: &str| Err(Error::input("axes", found, wanted));
        let k = by_word.cols();
        if k == 0 || by_word.rows() == 0 || shares.len() != k || totals.len() != by_word.rows() {
            let found = format!("{} words by {k} axes, {} shares and {} totals", by_word.rows(), shares.len(), totals.len());
            return wrong(found, "a share for each axis and a total for each word are needed, and at least one of each");
        }
        let is_weight = |value: f64| value >= 0.0 && value.is_finite();
        if !by_word.as_slice().iter().all(|&value| is_weight(f64::from(value)))
            || !shares.iter().chain(&totals).all(|&value| is_weight(value))
        {
            return wrong("a negative or missing number".to_owned(), "weights of words are 0 or more");
        }
        let mut sums = vec![0.0_f64; k];
        by_word.as_slice().chunks_exact(k).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value)));
        if let Some(axis) = sums.iter().position(|&sum| sum <= 0.0) {
            return wrong(format!("axis {axis} has no word"), "each axis has a word at least");
        }
        // Normalized columns are not changed, so that stored axes are restored to the bit.
        if sums.iter().any(|sum| (sum - 1.0).abs() > 1e-5) {
            let scales: Vec<f64> = sums.iter().map(|sum| 1.0 / sum).collect();
            let scaled = |(value, scale): (&f32, &f64)| (f64::from(*value) * scale) as f32;
            let cells = by_word.as_slice().chunks_exact(k).flat_map(|row| row.iter().zip(&scales).map(scaled)).collect();
            by_word = Matrix::new(by_word.rows(), k, cells)?;
        }
        Ok(Distributions { by_word, shares: Vec::new(), frequencies: Vec::new(), totals, documents }.with_shares(shares))
    }

    /// The same axes with other shares, normalized to sum 1; equal ones if all are 0.
    #[must_use]
    pub fn with_shares(mut self, shares: Vec<f64>) -> Self {
        let all: f64 = shares.iter().sum();
        self.shares = if all <= 0.0 {
            vec![1.0 / self.k() as f64; self.k()]
        } else if (all - 1.0).abs() > 1e-9 {
            shares.iter().map(|share| share / all).collect()
        } else {
            shares
        };
        let frequency = |row: &[f32]| row.iter().zip(&self.shares).map(|(&p, share)| f64::from(p) * share).sum();
        self.frequencies = self.by_word.as_slice().chunks_exact(self.k()).map(frequency).collect();
        self
    }

    /// `[axes]`: the share of each axis in all words; they sum to 1.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Number of axes.
    pub fn k(&self) -> usize {
        self.by_word.cols()
    }

    /// Number of words in the vocabulary.
    pub fn words(&self) -> usize {
        self.by_word.rows()
    }

    /// The probability of a word in an axis.
    pub fn probability(&self, word: usize, axis: usize) -> f64 {
        f64::from(self.by_word.row(word)[axis])
    }

    /// The probability of the word in the corpus, given the axes and their shares.
    pub fn frequency(&self, word: usize) -> f64 {
        self.frequencies[word]
    }

    /// Number of words in the corpus.
    pub fn tokens(&self) -> f64 {
        self.totals.iter().sum()
    }
}
