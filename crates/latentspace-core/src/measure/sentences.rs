//! Sentences that interpret measures.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Measure, Measures};
use crate::error::count;

/// Whether a sentence only informs, or warns of a wrong interpretation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It informs.
    Note,
    /// It warns.
    Warning,
}

/// A sentence that interprets measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Sentence {
    /// A note or a warning.
    pub kind: Kind,
    /// The sentence, with a capital first letter.
    pub text: String,
}

impl Sentence {
    /// A note.
    pub fn note(text: impl Into<String>) -> Self {
        Sentence { kind: Kind::Note, text: text.into() }
    }

    /// A warning.
    pub fn warning(text: impl Into<String>) -> Self {
        Sentence { kind: Kind::Warning, text: text.into() }
    }
}

/// As in a terminal: a warning follows the word `Warning: `.
impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Note => f.write_str(&self.text),
            Kind::Warning => {
                let mut letters = self.text.chars();
                let first = letters.next().map(|first| first.to_lowercase().collect::<String>());
                write!(f, "Warning: {}{}", first.unwrap_or_default(), letters.as_str())
            }
        }
    }
}

/// Interprets the measures of a map of `n` rows in `dims` dimensions in sentences, the most important first.
pub fn sentences(measures: &Measures, n: usize, dims: usize) -> Vec<String> {
    let mut named: BTreeMap<String, Measure> = measures.named().into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect();
    if let Some(recall) = named.get_mut("recall") {
        recall.null = recall.null.or(Some(measures.k as f64 / n.saturating_sub(1).max(1) as f64));
    }
    interpret(&named, dims).iter().map(Sentence::to_string).collect()
}

/// Interprets the measures of a map in `dims` dimensions, or of that many axes over words, by their names, the most important first; absent ones
/// are left out.
pub fn interpret(measures: &BTreeMap<String, Measure>, dims: usize) -> Vec<Sentence> {
    let value = |name: &str| measures.get(name).map(|measure| measure.value);
    let mut out = Vec::new();
    if let Some(recall) = measures.get("recall") {
        let noise = recall.null.map_or_else(String::new, |null| format!(" (random: {})", of_hundred(null)));
        out.push(Sentence::note(format!("Keeps {} of 100 neighbors{noise}.", of_hundred(recall.value))));
        if recall.value < 0.1 {
            out.push(Sentence::warning(format!(
                "Fewer than a tenth of the neighbors are kept: do not interpret neighborhoods in these {dims} dimensions."
            )));
        }
    }
    // The penalty of a neighbor with a random rank is the distance of the null from 1.
    if let Some(shown) = value("trustworthiness") {
        let told = format!("(trustworthiness {shown:.2}; random: 0.50).");
        out.push(match shown {
            0.95.. => Sentence::note(format!("Rows that are near on the map are near in the data, too {told}")),
            0.8.. => Sentence::note(format!("Rows that are near on the map mostly come from the same region of the data {told}")),
            _ => Sentence::warning(format!("Many rows that are near on the map are far apart in the data {told}")),
        });
    }
    if let Some(far) = value("distance_correlation") {
        let told = format!("(rank correlation {far:.2}).");
        out.push(Sentence::note(match far {
            0.8.. => format!("Distances on the map follow those in the data {told}"),
            0.5.. => format!("Distances on the map roughly follow those in the data {told}"),
            _ => format!("Distances on the map carry little information: do not compare gaps between groups {told}"),
        }));
    }
    out.extend(of_words(measures));
    out
}

/// Interprets the measures of axes over words.
fn of_words(measures: &BTreeMap<String, Measure>) -> Vec<Sentence> {
    let mut out = Vec::new();
    if let Some(likelihood) = measures.get("log_likelihood_per_word") {
        let perplexity = format!("perplexity {}", count((-likelihood.value).exp().round() as u64));
        out.push(match likelihood.null.map(|null| (likelihood.value - null).exp()) {
            Some(times) if times >= 1.0 => Sentence::note(format!(
                "Held-out words are {times:.2} times as probable as by word frequencies alone ({perplexity}: as uncertain as among that many \
                 equally likely words)."
            )),
            Some(_) => Sentence::warning(format!("Held-out words are predicted no better than by word frequencies alone ({perplexity}).")),
            None => Sentence::note(format!("Held-out words are as uncertain as among equally likely words of that number ({perplexity}).")),
        });
    }
    if let Some((npmi, null)) = measures.get("coherence_npmi").and_then(|npmi| Some((npmi, npmi.null?))) {
        out.push(if npmi.value > null && npmi.low > null {
            Sentence::note(format!("The top words of an axis occur together more often than by chance (NPMI {:.2}).", npmi.value))
        } else {
            Sentence::warning(format!(
                "The top words of an axis occur together no more often than by chance: do not interpret them (NPMI {:.2}).",
                npmi.value
            ))
        });
    }
    if let Some(diversity) = measures.get("diversity").filter(|diversity| diversity.value < 0.5) {
        let unique = of_hundred(diversity.value);
        out.push(Sentence::warning(format!("Only {unique} of 100 top words are different ones: try fewer dimensions.")));
    }
    out
}

/// A share as a number out of 100: `39`, `4.2`, `0.03`.
pub(super) fn of_hundred(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 9.95 || percent == 0.0 {
        format!("{percent:.0}")
    } else if percent >= 0.95 {
        format!("{percent:.1}")
    } else {
        format!("{percent:.2}")
    }
}
