//! From text to word counts: tokenization, removal of stop words and rare words, and a sparse row per document.
//!
//! Cost: one pass over the text, about 100 MB per second and thread for ASCII; 80 bytes of memory per distinct word, and 8
//! bytes per distinct word of each document. Results do not depend on the number of threads or the order of a hash table: words are sorted by their
//! bytes.

mod block;
mod contractions;
mod counts;
mod learn;
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
use phrases::Pairs;
use stop_words::Stops;
use tokens::Tokenizer;

pub use counts::WordCounts;
pub use learn::{Common, Facts, Learned, learn};
pub use phrases::Score;
pub use stop_words::languages;
pub use tokens::{Tokens, normal_word};
pub use vocabulary::Vocabulary;

/// Words in a run that is counted, at most.
pub const MOST_NGRAMS: usize = 3;
/// Words that are counted at most, where nobody says how many.
const MOST_WORDS: usize = 100_000;
/// Letters of a word at least, where nobody says how many.
const LEAST_LETTERS: usize = 2;

/// What stands before each word of a document that is separated already: the unit separator of ASCII, which no text holds.
pub const BEFORE_WORD: char = '\u{1f}';

/// The document that these words are: they are counted as they are, whatever signs they hold, in lower case unless case is kept.
pub fn of_words<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().fold(String::new(), |mut document, word| {
        document.push(BEFORE_WORD);
        document.extend(word.chars().map(|c| if c == BEFORE_WORD { ' ' } else { c }));
        document
    })
}

/// What the caller decides of the words that are counted; the rest follows from the text.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TextOptions {
    /// How words are told apart.
    pub tokens: Tokens,
    /// Whether words are told apart by the case of their letters.
    pub keep_case: bool,
    /// Whether numbers alone are counted.
    pub keep_numbers: bool,
    /// Words that are left out.
    pub stop_words: StopWords,
    /// Words that are left out beside these.
    pub extra_stop_words: Vec<String>,
    /// Letters of a word at least (none: 2; in scripts whose words may be of one sign, 1).
    pub min_letters: Option<usize>,
    /// Documents that a word is in at least (none: 5 of 1,000 documents and more, 2 of 50 and more, else 1).
    pub min_df: Option<Limit>,
    /// Documents that a word is in at most (none: half of them, where there are 20 and more).
    pub max_df: Option<Limit>,
    /// The most frequent words that are counted (none: 100,000).
    pub max_words: Option<usize>,
    /// Runs of up to so many words are counted, too (none: 1, words alone).
    pub ngrams: Option<usize>,
    /// By what score pairs of words that belong together are found, which are counted as one word (none: there are no such).
    pub phrases: Option<Score>,
}

/// Words that are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopWords {
    /// Those of the language whose list fits the commonest words; none if none does.
    #[default]
    Auto,
    /// None are.
    None,
    /// Those of these languages ([`languages`]).
    Languages(Vec<String>),
    /// These.
    Words(Vec<String>),
}

/// A number of documents.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Limit {
    /// So many.
    Count(u64),
    /// A share of all, 0 to 1.
    Share(f64),
}

/// How texts become counts, as it was decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// How words are told apart.
    pub tokens: Tokens,
    /// Whether words are told apart by the case of their letters.
    pub keep_case: bool,
    /// Whether numbers alone are counted.
    pub keep_numbers: bool,
    /// Whether texts are brought to their normal form (composed, one apostrophe, nothing unseen); spaces of before that was done lack it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub normal: bool,
    /// Words that are split off before an apostrophe, as the language elides them: the `l` of `l'eau`; in lower case, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elided: Vec<String>,
    /// Whether words of scripts without spaces (Chinese, Japanese, Thai, Lao, Burmese, Khmer) are cut by a dictionary; in spaces of before that was
    /// done each of their signs is a word.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dictionary: bool,
    /// Letters of a word at least.
    pub min_letters: usize,
    /// Documents that a word was in at least: said, not needed.
    pub min_df: u64,
    /// Documents that a word was in at most: said, not needed.
    pub max_df: u64,
    /// Words that are counted at most: said, not needed.
    pub max_words: usize,
    /// Words in a run that is counted, at most.
    pub ngrams: usize,
    /// The languages of the stop words: said, not needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Words that are left out before pairs and runs of words are formed, in lower case, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_words: Vec<String>,
    /// Pairs of words that are one, `new_york`, wherever they stand next to each other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<(String, String)>,
}

/// Documents that can be gone through again and again.
pub trait Documents {
    /// Shows all, in order, in batches of any size.
    ///
    /// # Errors
    /// What `show` says, and what the reader says.
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

impl TextOptions {
    /// Checks what types cannot.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that is out of range.
    fn check(&self) -> Result<()> {
        for (name, limit) in [("min_df", self.min_df), ("max_df", self.max_df)] {
            if let Some(Limit::Share(share)) = limit
                && !(0.0..=1.0).contains(&share)
            {
                return Err(Error::param(name, share, "it must be a number of documents or a share of them, 0.0 to 1.0"));
            }
        }
        match (self.ngrams, self.max_words) {
            (Some(ngrams), _) if !(1..=MOST_NGRAMS).contains(&ngrams) => {
                Err(Error::param("ngrams", ngrams, format!("it must be 1 to {MOST_NGRAMS}")))
            }
            (_, Some(0)) => Err(Error::param("max_words", 0, "it must be at least 1")),
            _ => Ok(()),
        }
    }

    /// The least and the greatest number of documents that a word is in, of so many.
    fn limits(&self, documents: u64) -> (u64, u64) {
        let share = |share: f64| share * documents as f64;
        let least = match self.min_df {
            Some(Limit::Count(count)) => count,
            Some(Limit::Share(of_all)) => share(of_all).ceil() as u64,
            None if documents >= 1000 => 5,
            None if documents >= 50 => 2,
            None => 1,
        };
        let most = match self.max_df {
            Some(Limit::Count(count)) => count,
            Some(Limit::Share(of_all)) => share(of_all).floor() as u64,
            None if documents >= 20 => documents / 2,
            None => documents,
        };
        (least, most)
    }
}

impl Kept {
    /// What the options decide by themselves.
    fn of(options: &TextOptions) -> Self {
        Kept {
            tokens: options.tokens,
            keep_case: options.keep_case,
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

    /// Checks what was read from a file.
    ///
    /// # Errors
    /// [`Error::Input`] if it cannot be.
    pub fn check(&self) -> Result<()> {
        let whole =
            (1..=MOST_NGRAMS).contains(&self.ngrams) && self.phrases.iter().all(|(first, second)| !first.is_empty() && !second.is_empty());
        if whole { Ok(()) } else { Err(Error::input("preparation", "invalid rules of text", "a whole space file is needed")) }
    }

    /// The rules, ready to be used. Stop words matter only before something is formed of several words: alone they are in no vocabulary.
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
