//! What the room answers: the bodies of its paths, from which the page's types are generated. docs/http-api.md describes each.

use std::collections::BTreeMap;

use latentspace::axes::Merge;
use latentspace::measure::{Measure, Sentence};
use latentspace::schemars::{self, JsonSchema};
use serde::Serialize;

/// A topic.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Topic {
    /// Its number; the same in codes (z0).
    pub(crate) topic: usize,
    pub(crate) name: String,
    /// Of all tokens.
    pub(crate) share: f64,
    /// Number of documents of which it is the largest topic.
    pub(crate) documents: u64,
    pub(crate) coherence: Option<f64>,
    pub(crate) exclusivity: Option<f64>,
}

/// A metadata column with dates.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct TimeField {
    pub(crate) field: usize,
    pub(crate) name: String,
}

/// The topics.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Topics {
    pub(crate) title: String,
    pub(crate) documents: usize,
    pub(crate) tokens: f64,
    pub(crate) words: usize,
    pub(crate) topics: Vec<Topic>,
    pub(crate) times: Vec<TimeField>,
    pub(crate) measures: BTreeMap<String, Measure>,
    /// What the measures mean, the most important first.
    pub(crate) sentences: Vec<Sentence>,
}

/// The topics compared with each other: a map of them, and the tree that merges them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct TopicLayout {
    /// Where each topic is, by its number.
    pub(crate) places: Vec<[f64; 2]>,
    /// Share of the squared distances along the two axes.
    pub(crate) explained: [f64; 2],
    pub(crate) tree: Vec<Merge>,
}

/// How much of the comparison is done.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct LayoutProgress {
    pub(crate) share: f64,
}

/// A word and its count in all documents.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Word {
    pub(crate) word: usize,
    pub(crate) text: String,
    pub(crate) total: f64,
}

/// A word and how much it tells of the topics.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct SalientWord {
    #[serde(flatten)]
    pub(crate) word: Word,
    pub(crate) saliency: f64,
}

/// The most salient words of all topics.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct SalientWords {
    pub(crate) words: Vec<SalientWord>,
}

/// A word and its probability in a topic.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct TopicWord {
    #[serde(flatten)]
    pub(crate) word: Word,
    pub(crate) p: f64,
}

/// The words of a topic.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct TopicWords {
    pub(crate) topic: usize,
    pub(crate) words: Vec<TopicWord>,
}

/// A word and the topics of its tokens, the largest share first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct WordTopics {
    #[serde(flatten)]
    pub(crate) word: Word,
    pub(crate) topics: Vec<(usize, f64)>,
}

/// A document of a topic.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct TopicDocument {
    pub(crate) row: usize,
    pub(crate) id: String,
    pub(crate) share: f32,
    /// Its beginning, or its words.
    pub(crate) text: Option<String>,
}

/// A piece of a document: a word with its most probable topic, or what is between words.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Piece {
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) word: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<usize>,
    /// Where only counts are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<f32>,
}

/// The topics and words of a document.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct RowWords {
    pub(crate) row: usize,
    pub(crate) topics: Vec<(usize, f64)>,
    pub(crate) pieces: Vec<Piece>,
}

/// A time bin.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Bin {
    pub(crate) label: String,
    pub(crate) documents: u64,
}

/// The shares of topics over time.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Times {
    pub(crate) bins: Vec<Bin>,
    /// For each bin the share of each topic, by its number.
    pub(crate) shares: Vec<Vec<f64>>,
}

/// The shares of topics over the time of one column.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct TimesOf {
    #[serde(flatten)]
    pub(crate) times: Times,
    pub(crate) field: usize,
}

/// All that a page in one file holds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Whole {
    pub(crate) topics: Topics,
    pub(crate) layout: TopicLayout,
    pub(crate) all: SalientWords,
    /// The words of each topic.
    pub(crate) topic: Vec<TopicWords>,
    pub(crate) words: Vec<WordTopics>,
    /// The first documents of each topic.
    pub(crate) documents: Vec<Vec<TopicDocument>>,
    pub(crate) times: Vec<TimesOf>,
}
