//! From text to word counts: tokenization, removal of stop words and rare words, and a sparse row per document.
//!
//! Cost: one pass over the text, about 100 MB per second and thread for ASCII; 80 bytes of memory per distinct word, and 8
//! bytes per distinct word of each document. Results do not depend on the number of threads or the order of a hash table: words are sorted by their
//! bytes.

mod block;
mod contractions;
mod counts;
mod learn;
mod options;
mod phrases;
mod stop_words;
mod table;
#[cfg(test)]
mod tests;
mod tokens;
mod vocabulary;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use block::Rules;
use options::{LEAST_LETTERS, MOST_WORDS};
use phrases::Pairs;
use stop_words::Stops;
use tokens::Tokenizer;

pub use learn::{Common, Facts, Learned, learn};
pub use options::{Limit, StopWords, TextOptions};
pub use phrases::Score;
pub use stop_words::languages;
pub use tokens::{Tokens, normal_word};
pub use vocabulary::Vocabulary;

/// Maximum length of n-grams.
pub const MOST_NGRAMS: usize = 3;
/// The character before each word of a tokenized document: the unit separator of ASCII, which does not occur in texts.
pub const BEFORE_WORD: char = '\u{1f}';

/// A tokenized document of these words: they are not split further, and counted in lower case unless case is kept.
pub fn of_words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().fold(String::new(), |mut document, word| {
        document.push(BEFORE_WORD);
        document.extend(word.chars().map(|c| if c == BEFORE_WORD { ' ' } else { c }));
        document
    })
}

/// The rules from text to counts, as stored in a space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The tokenizer.
    pub tokens: Tokens,
    /// Whether case is kept, so that words that differ in case are distinct.
    pub keep_case: bool,
    /// Whether numbers are counted as words.
    pub keep_numbers: bool,
    /// Whether texts are normalized (NFC, one apostrophe, no invisible characters); false in spaces from before normalization existed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub normal: bool,
    /// Elided words that are split off before an apostrophe: the `l` of `l'eau`; in lower case, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elided: Vec<String>,
    /// Whether scripts without spaces (Chinese, Japanese, Thai, Lao, Burmese, Khmer) are segmented by a dictionary; if not, each character is a
    /// word, as in older spaces.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dictionary: bool,
    /// Minimum number of letters of a word.
    pub min_letters: usize,
    /// Minimum document frequency: for information only.
    pub min_df: u64,
    /// Maximum document frequency: for information only.
    pub max_df: u64,
    /// Maximum size of the vocabulary: for information only.
    pub max_words: usize,
    /// Maximum length of n-grams.
    pub ngrams: usize,
    /// The languages of the stop words: for information only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Stop words, removed before phrases and n-grams are formed, in lower case, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_words: Vec<String>,
    /// Phrases: pairs of adjacent words that are counted as one, `new_york`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<(String, String)>,
}

/// Documents that can be read in several passes.
pub trait Documents {
    /// Calls `show` with all documents, in order, in batches of any size.
    ///
    /// # Errors
    /// Errors of `show` and of the reader.
    fn pass(&self, show: &mut dyn FnMut(&[String]) -> Result<()>) -> Result<()>;
}

impl Documents for [String] {
    fn pass(&self, show: &mut dyn FnMut(&[String]) -> Result<()>) -> Result<()> {
        show(self)
    }
}

impl Documents for Vec<String> {
    fn pass(&self, show: &mut dyn FnMut(&[String]) -> Result<()>) -> Result<()> {
        show(self)
    }
}

impl Kept {
    /// The rules that follow from the options alone.
    fn of(options: &TextOptions) -> Self {
        Kept {
            tokens: options.tokens,
            keep_case: !options.lowercase,
            keep_numbers: options.keep_numbers,
            normal: true,
            elided: Vec::new(),
            dictionary: options.tokens == Tokens::Words,
            min_letters: options.min_letters.unwrap_or(LEAST_LETTERS),
            min_df: 0,
            max_df: 0,
            max_words: options.max_words.unwrap_or(MOST_WORDS),
            ngrams: options.ngrams.unwrap_or(1),
            languages: Vec::new(),
            stop_words: Vec::new(),
            phrases: Vec::new(),
        }
    }

    /// Checks rules from a file.
    ///
    /// # Errors
    /// [`Error::Input`] if they are invalid.
    pub fn check(&self) -> Result<()> {
        let whole =
            (1..=MOST_NGRAMS).contains(&self.ngrams) && self.phrases.iter().all(|(first, second)| !first.is_empty() && !second.is_empty());
        if whole { Ok(()) } else { Err(Error::input("preparation", "invalid rules of text", "a whole space file is needed")) }
    }

    /// The rules in executable form. Stop words are only needed for phrases and n-grams: otherwise they are simply absent from the vocabulary.
    fn rules(&self) -> Rules {
        let forms = self.ngrams > 1 || !self.phrases.is_empty();
        Rules {
            tokenizer: Tokenizer::new(self),
            stops: if forms { Stops::kept(&self.stop_words) } else { Stops::default() },
            pairs: Pairs::new(&self.phrases),
            ngrams: self.ngrams,
        }
    }
}
