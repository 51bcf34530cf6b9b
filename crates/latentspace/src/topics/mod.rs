//! Topics of any method or tool: topic proportions of documents, scores, characteristic words, and layout.

mod coherence;
mod completion;
mod infer;
pub(crate) mod lanes;
mod layout;
mod matched;
mod quality;
mod words;

pub use coherence::{Coherence, Coherences, Texts, Windows, coherence};
pub(crate) use completion::{COMPLETION_STEPS, halve, tell};
pub use completion::{completion, halves, left_to_right};
pub(crate) use infer::{Compare, Inference, InferenceRoom, dot, infer_all};
pub use layout::{Layout, Merge, layout, tree};
pub use matched::{Matched, Recurrence, matched, recurrence};
pub use words::{Weighted, Word, WordOrder};

use crate::error::{Error, Result};
use crate::linalg::Matrix;

/// Topics: the probability of each word in each topic, and the share of each topic in the corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct Topics {
    /// `[words, topics]`: the probability of the word in the topic; each column sums to 1.
    pub by_word: Matrix,
    /// `[topics]`: the share of each topic in all words; they sum to 1.
    shares: Vec<f64>,
    /// `[words]`: the probability of each word, given the topics and their shares.
    frequencies: Vec<f64>,
    /// `[words]`: the count of the word in the corpus.
    pub totals: Vec<f64>,
    /// Number of documents that they were learned from; 0 if unknown.
    pub documents: usize,
}

impl Topics {
    /// Checks and normalizes topics.
    ///
    /// # Errors
    /// [`Error::Input`] if lengths do not fit, a number is negative or NaN, or a topic has no word.
    pub fn new(mut by_word: Matrix, shares: Vec<f64>, totals: Vec<f64>, documents: usize) -> Result<Self> {
        let wrong = |found: String, wanted: &str| Err(Error::input("topics", found, wanted));
        let k = by_word.cols();
        if k == 0 || by_word.rows() == 0 || shares.len() != k || totals.len() != by_word.rows() {
            let found = format!("{} words by {k} topics, {} shares and {} totals", by_word.rows(), shares.len(), totals.len());
            return wrong(found, "a share for each topic and a total for each word are needed, and at least one of each");
        }
        let is_weight = |value: f64| value >= 0.0 && value.is_finite();
        if !by_word.as_slice().iter().all(|&value| is_weight(f64::from(value)))
            || !shares.iter().chain(&totals).all(|&value| is_weight(value))
        {
            return wrong("a negative or missing number".to_owned(), "weights of words are 0 or more");
        }
        let mut sums = vec![0.0_f64; k];
        by_word.as_slice().chunks_exact(k).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value)));
        if let Some(topic) = sums.iter().position(|&sum| sum <= 0.0) {
            return wrong(format!("topic {topic} has no word"), "each topic has a word at least");
        }
        // Normalized columns are not changed, so that stored topics are restored to the bit.
        if sums.iter().any(|sum| (sum - 1.0).abs() > 1e-5) {
            let scales: Vec<f64> = sums.iter().map(|sum| 1.0 / sum).collect();
            let scaled = |(value, scale): (&f32, &f64)| (f64::from(*value) * scale) as f32;
            let cells = by_word.as_slice().chunks_exact(k).flat_map(|row| row.iter().zip(&scales).map(scaled)).collect();
            by_word = Matrix::new(by_word.rows(), k, cells)?;
        }
        Ok(Topics { by_word, shares: Vec::new(), frequencies: Vec::new(), totals, documents }.with_shares(shares))
    }

    /// The same topics with other shares, normalized to sum 1; equal ones if all are 0.
    #[must_use]
    pub(crate) fn with_shares(mut self, shares: Vec<f64>) -> Self {
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

    /// `[topics]`: the share of each topic in all words; they sum to 1.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Number of topics.
    pub fn k(&self) -> usize {
        self.by_word.cols()
    }

    /// Number of words in the vocabulary.
    pub fn words(&self) -> usize {
        self.by_word.rows()
    }

    /// The probability of a word in a topic.
    pub fn probability(&self, word: usize, topic: usize) -> f64 {
        f64::from(self.by_word.row(word)[topic])
    }

    /// The probability of the word in the corpus, given the topics and their shares.
    pub fn frequency(&self, word: usize) -> f64 {
        self.frequencies[word]
    }

    /// Number of words in the corpus.
    pub fn tokens(&self) -> f64 {
        self.totals.iter().sum()
    }
}
