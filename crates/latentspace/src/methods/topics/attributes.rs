//! What topics hand out by scikit-learn's names.

use serde_json::{Value, json};

use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::axes::Distributions;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, SparseMatrix};
use crate::parallel::*;

const COMPONENTS: Attribute =
    Attribute::made("components_", "[k, d]", "How likely each word is in each topic: a row a topic, which adds up to 1.");
const ROUNDS: Attribute = Attribute::fact("n_iter_", "", "n_iter_done", "Sweeps, passes or rounds that were made.");
const TOPICS: Attribute = Attribute::fact("n_components_", "", "n_components", "Distributions.");
const BOUND: Attribute = Attribute::made(
    "bound_",
    "",
    "The perplexity of the documents learned from: of the words of one half of each, shares told by the other.",
);
const LACKS: [(&str, &str); 3] = [
    ("exp_dirichlet_component_", "The space keeps the topics' words, not the parameters of a Dirichlet distribution over them."),
    ("n_batch_iter_", "n_iter_ says what was made."),
    ("random_state_", "The seed is random_state itself."),
];
/// The class of scikit-learn that learns topics.
const CLASS: &str = "sklearn.decomposition.LatentDirichletAllocation";

/// Those of topics with a prior.
pub(super) const WITH_PRIOR: &[Attribute] = &[
    COMPONENTS,
    TOPICS,
    ROUNDS,
    BOUND,
    Attribute::made("doc_topic_prior_", "[k]", "What each topic weighs in a document before any word is seen, in words."),
    Attribute::made("topic_word_prior_", "", "What each word weighs in a topic before any document is seen, in words."),
    Attribute::CODES,
];

/// Those of topics without.
pub(super) const WITHOUT_PRIOR: &[Attribute] = &[COMPONENTS, TOPICS, ROUNDS, BOUND, Attribute::CODES];

/// Beside topics with a prior.
pub(super) const PEER_WITH_PRIOR: Peer = Peer { class: CLASS, lacks: &LACKS };

/// Beside topics without.
pub(super) const PEER_WITHOUT_PRIOR: Peer =
    Peer { class: CLASS, lacks: &[LACKS[0], LACKS[1], LACKS[2], ("doc_topic_prior_, topic_word_prior_", "There is no prior.")] };

pub(super) fn made(name: &str, eta: f64, fit: &Fit<'_>) -> Result<Found> {
    match name {
        "components_" => {
            let by_word = fit.tensors.matrix("topics", None, None)?;
            let (words, k) = (by_word.rows(), by_word.cols());
            let cells = (0..k * words).map(|at| f64::from(by_word.row(at % words)[at / words])).collect();
            Ok(Found::table(k, words, cells))
        }
        "bound_" => {
            let told = fit.facts.get("training_log_likelihood_per_word").map(|told| &told["value"]);
            let told = told.and_then(Value::as_f64).ok_or_else(|| {
                Error::input(name, "no documents were held out", "with held_out above 0 as many that were learned from are scored, too")
            })?;
            Ok(Found::Value(json!((-told).exp())))
        }
        "doc_topic_prior_" => {
            let prior = fit.tensors.matrix("prior", Some(1), None)?;
            Ok(Found::list(prior.as_slice().iter().map(|&prior| f64::from(prior)).collect()))
        }
        _ => Ok(Found::Value(json!(eta))),
    }
}

/// What a word weighs that no topic has: a score must stay a number.
const LEAST: f64 = 1e-12;

/// The logarithm of how likely each document's words are, given its shares: the sum over its words of count · ln Σ share · p(word | topic).
pub(super) fn log_likelihoods(topics: &Distributions, shares: &Matrix, counts: &SparseMatrix) -> Vec<f64> {
    (0..counts.rows())
        .into_par_iter()
        .map(|document| {
            let (words, times) = counts.row(document);
            let told = |(&word, &times): (&u32, &f32)| {
                let phi = topics.by_word.row(word as usize);
                let likely: f64 = phi.iter().zip(shares.row(document)).map(|(&phi, &share)| f64::from(phi) * f64::from(share)).sum();
                f64::from(times) * likely.max(LEAST).ln()
            };
            words.iter().zip(times).map(told).sum()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_as_likely_as_its_words_together() {
        let phi = Matrix::new(2, 2, vec![0.9, 0.2, 0.1, 0.8]).unwrap();
        let topics = Distributions::new(phi, vec![1.0; 2], vec![1.0; 2], 1).unwrap();
        let counts = SparseMatrix { cols: 2, starts: vec![0, 2], indices: vec![0, 1], values: vec![3.0, 1.0] };
        let found = log_likelihoods(&topics, &Matrix::new(1, 2, vec![0.5, 0.5]).unwrap(), &counts);
        let wanted = 3.0 * 0.55_f64.ln() + 0.45_f64.ln();
        assert!((found[0] - wanted).abs() < 1e-6, "{found:?} {wanted}");
    }
}
