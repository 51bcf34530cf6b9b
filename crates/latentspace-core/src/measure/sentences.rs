//! Sentences that interpret measures.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Measure, Measures};
use crate::error::count;

/// Whether a sentence sums up, only informs, or warns of a wrong interpretation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It sums up the others: what the map can be used for.
    Verdict,
    /// It informs.
    Note,
    /// It warns.
    Warning,
}

/// A sentence that interprets measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Sentence {
    /// The verdict, a note or a warning.
    pub kind: Kind,
    /// The sentence, with a capital first letter.
    pub text: String,
}

impl Sentence {
    /// The verdict.
    pub fn verdict(text: impl Into<String>) -> Self {
        Sentence { kind: Kind::Verdict, text: text.into() }
    }

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
            Kind::Verdict | Kind::Note => f.write_str(&self.text),
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

/// From this trustworthiness on, rows that are near on the map are near in the data; from the second on, they mostly come from one region.
const TRUSTED: [f64; 2] = [0.95, 0.8];
/// The same for the share of kept neighbors above chance.
const KEPT: [f64; 2] = [0.25, 0.1];
/// The same for the rank correlation of distances.
const FAR: [f64; 2] = [0.8, 0.5];

/// How well a map keeps something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Weak,
    Fair,
    Good,
}

impl Grade {
    fn of(value: f64, [good, fair]: [f64; 2]) -> Self {
        if value >= good {
            Grade::Good
        } else if value >= fair {
            Grade::Fair
        } else {
            Grade::Weak
        }
    }

    fn word(self) -> &'static str {
        match self {
            Grade::Weak => "weak",
            Grade::Fair => "fair",
            Grade::Good => "good",
        }
    }
}

/// The verdict on a map in one sentence, such as `Good for neighborhoods, weak for far distances.`; none without measures of a map.
/// Neighborhoods are as good as the worst of three: the neighbors kept above chance, trustworthiness and continuity.
pub fn verdict(measures: &BTreeMap<String, Measure>) -> Option<Sentence> {
    let value = |name: &str| measures.get(name).map(|measure| measure.value);
    let kept = measures.get("recall").map(|recall| Grade::of(above_chance(recall), KEPT));
    let trusted = ["trustworthiness", "continuity"].map(|name| value(name).map(|value| Grade::of(value, TRUSTED)));
    let near = kept.into_iter().chain(trusted.into_iter().flatten()).min();
    let far = value("distance_correlation").map(|value| Grade::of(value, FAR));
    let text = match (near?, far) {
        (Grade::Weak, Some(Grade::Weak)) => "Weak for neighborhoods and for far distances: do not interpret this map.".to_owned(),
        (near, Some(far)) if near == far => format!("{} for neighborhoods and for far distances.", capitalized(near.word())),
        (near, Some(far)) => format!("{} for neighborhoods, {} for far distances.", capitalized(near.word()), far.word()),
        (near, None) => format!("{} for neighborhoods.", capitalized(near.word())),
    };
    Some(Sentence::verdict(text))
}

/// The share corrected for chance, (value - null) / (1 - null): 0 at the null, at most 1.
fn above_chance(share: &Measure) -> f64 {
    let null = share.null.unwrap_or(0.0);
    (share.value - null) / (1.0 - null).max(f64::EPSILON)
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Interprets the measures of a map in `dims` dimensions, or of that many axes over words, by their names: first the verdict on a map, then
/// the most important; absent ones are left out.
pub fn interpret(measures: &BTreeMap<String, Measure>, dims: usize) -> Vec<Sentence> {
    let value = |name: &str| measures.get(name).map(|measure| measure.value);
    let mut out: Vec<Sentence> = verdict(measures).into_iter().collect();
    let mut keeps_few = false;
    if let Some(recall) = measures.get("recall") {
        let random = recall.null.map_or_else(String::new, |null| format!(" (random: {})", of_hundred(null)));
        out.push(Sentence::note(format!("Keeps {} of 100 neighbors{random}.", of_hundred(recall.value))));
        keeps_few = above_chance(recall) < KEPT[1];
        if recall.value < 0.1 {
            out.push(Sentence::warning(format!(
                "Fewer than a tenth of the neighbors are kept: do not interpret neighborhoods in these {dims} dimensions."
            )));
        } else if keeps_few {
            out.push(Sentence::warning(format!(
                "Hardly more neighbors are kept than by chance: do not interpret neighborhoods in these {dims} dimensions."
            )));
        }
    }
    // The penalty of a neighbor with a random rank is the distance of the null from 1.
    if let Some(measure) = measures.get("trustworthiness") {
        let random = measure.null.map_or_else(String::new, |null| format!("; random: {null:.2}"));
        let figure = format!("(trustworthiness {:.2}{random})", measure.value);
        out.push(match Grade::of(measure.value, TRUSTED) {
            // Near by rank among many rows is not a neighbor.
            Grade::Good if keeps_few => Sentence::note(format!(
                "Rows that are near on the map come from the same region of the data {figure}, but are rarely neighbors."
            )),
            Grade::Good => Sentence::note(format!("Rows that are near on the map are near in the data, too {figure}.")),
            Grade::Fair => Sentence::note(format!("Rows that are near on the map mostly come from the same region of the data {figure}.")),
            Grade::Weak => Sentence::warning(format!("Many rows that are near on the map are far apart in the data {figure}.")),
        });
    }
    if let Some(far) = value("distance_correlation") {
        let figure = format!("(rank correlation {far:.2})");
        out.push(Sentence::note(match Grade::of(far, FAR) {
            Grade::Good => format!("Distances on the map follow those in the data {figure}."),
            Grade::Fair => format!("Distances on the map roughly follow those in the data {figure}."),
            Grade::Weak => format!("Distances on the map carry little information: do not compare gaps between groups {figure}."),
        }));
    }
    out.extend(of_words(measures));
    out
}

/// Whether the distances on a map are said to follow those in the data: then nothing may be said against them.
pub(super) fn follows_distances(measures: &BTreeMap<String, Measure>) -> bool {
    measures.get("distance_correlation").is_some_and(|far| Grade::of(far.value, FAR) > Grade::Weak)
}

/// Interprets the measures of axes over words.
fn of_words(measures: &BTreeMap<String, Measure>) -> Vec<Sentence> {
    let mut out = Vec::new();
    if let Some(likelihood) = measures.get("log_likelihood_per_word") {
        let perplexity = format!("perplexity {}", count((-likelihood.value).exp().round() as u64));
        out.push(match likelihood.null.map(|null| (likelihood.value - null).exp()) {
            Some(times) if times >= 1.0 => {
                Sentence::note(format!("Held-out words are {times:.2} times as probable as by word frequencies alone ({perplexity})."))
            }
            Some(_) => Sentence::warning(format!("Held-out words are predicted no better than by word frequencies alone ({perplexity}).")),
            None => Sentence::note(format!("Held-out words have {perplexity}.")),
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
