//! Phrases (collocations): pairs of words that occur together more often than expected from their frequencies, counted as one word.
//!
//! Source: Mikolov et al. 2013, arXiv:1310.4546 (pairs as words); Bouma 2009, "Normalized (pointwise) mutual information in collocation
//! extraction" (their score).

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

use super::block::{GAP, Room, Rules, in_blocks};
use super::table::{Key, Table};
use crate::error::Result;
use crate::run::Run;

/// The association score of two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Score {
    /// Normalized pointwise mutual information (NPMI): 1 if neither word occurs without the other, 0 if they are independent.
    Npmi,
    /// Pointwise mutual information, in nats.
    Pmi,
}

impl Score {
    /// The minimum score of a phrase.
    pub(super) fn enough(self) -> f64 {
        match self {
            Score::Npmi => 0.5,
            Score::Pmi => 5.0,
        }
    }

    /// The score of a pair with count `pair` whose words have counts `first` and `second`, among `all` words.
    pub(super) fn of(self, pair: u64, first: u64, second: u64, all: u64) -> f64 {
        let share = |count: u64| count as f64 / all as f64;
        let pmi = (share(pair) / (share(first) * share(second))).ln();
        match self {
            Score::Pmi => pmi,
            Score::Npmi if pair >= all => 1.0,
            Score::Npmi => pmi / -share(pair).ln(),
        }
    }
}

/// Numbered phrases, and the single word of each.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairs {
    parts: Table,
    numbers: HashMap<(u32, u32), u32>,
    words: Vec<String>,
}

impl Pairs {
    pub(super) fn new(pairs: &[(String, String)]) -> Self {
        let parts = Table::of(pairs.iter().flat_map(|(first, second)| [first.as_str(), second]));
        let number = |word: &str| parts.find(Key::of(word.as_bytes()), word.as_bytes()).unwrap_or(GAP);
        let numbers = pairs.iter().enumerate().map(|(at, (first, second))| ((number(first), number(second)), at as u32)).collect();
        Pairs { numbers, words: pairs.iter().map(|(first, second)| one_word(first, second)).collect(), parts }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The number of a word among the parts of phrases; [`GAP`] if it is not one.
    pub(super) fn part(&self, key: Key, bytes: &[u8]) -> u32 {
        self.parts.find(key, bytes).unwrap_or(GAP)
    }

    /// The number of the phrase of these parts.
    pub(super) fn find(&self, first: u32, second: u32) -> Option<u32> {
        if first == GAP || second == GAP { None } else { self.numbers.get(&(first, second)).copied() }
    }

    /// The single word of a phrase.
    pub(super) fn word(&self, pair: u32) -> &str {
        &self.words[pair as usize]
    }
}

/// `new_york`.
pub(super) fn one_word(first: &str, second: &str) -> String {
    format!("{first}_{second}")
}

/// A multiplicative hash of a 64-bit key.
#[derive(Default)]
struct OneWord(u64);

impl Hasher for OneWord {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15_d1b5_4a32_d192_ed03;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

/// Counts of pairs of words: the first word in the upper half of the key.
type Times = HashMap<u64, u64, BuildHasherDefault<OneWord>>;

/// Counts adjacent pairs of words that are frequent enough.
#[derive(Default)]
pub(super) struct PairCounts(Times);

impl PairCounts {
    /// Adds the pairs of these texts; `numbers` has the words that may be parts of a phrase. Memory: the distinct pairs.
    pub(super) fn add(&mut self, texts: &[String], rules: &Rules, numbers: &Table, run: &Run) -> Result<()> {
        let pairs = |texts: &[String]| {
            let mut room = Room::default();
            let mut known: Vec<u32> = Vec::new();
            let mut pairs = Times::default();
            for text in texts {
                run.check()?;
                room.read(text, rules, false);
                for number in known.len()..room.table.len() {
                    let number = number as u32;
                    known.push(numbers.find(room.table.key(number), room.table.bytes(number)).unwrap_or(GAP));
                }
                let number = |word: u32| if word == GAP { GAP } else { known[word as usize] };
                for pair in room.sequence.windows(2) {
                    let (first, second) = (number(pair[0]), number(pair[1]));
                    if first != GAP && second != GAP {
                        *pairs.entry(u64::from(first) << 32 | u64::from(second)).or_insert(0) += 1;
                    }
                }
            }
            Ok(pairs)
        };
        in_blocks(
            texts,
            pairs,
            |pairs| {
                pairs.into_iter().for_each(|(pair, count)| *self.0.entry(pair).or_insert(0) += count);
                Ok(())
            },
            run,
        )
    }

    /// The pairs with a count of at least `least` and a sufficient score, in the order of their words; `counts` has the count of each word.
    pub(super) fn best(&self, score: Score, least: u64, numbers: &Table, counts: &[u64], all: u64) -> Vec<(String, String)> {
        let parts = |pair: u64| ((pair >> 32) as u32, pair as u32);
        let is_enough = |pair: u64, count: u64| {
            let (first, second) = parts(pair);
            count >= least && score.of(count, counts[first as usize], counts[second as usize], all) >= score.enough()
        };
        let words = |pair: u64| (numbers.word(parts(pair).0).to_owned(), numbers.word(parts(pair).1).to_owned());
        let mut best: Vec<_> = self.0.iter().filter(|(pair, count)| is_enough(**pair, **count)).map(|(pair, _)| words(*pair)).collect();
        best.sort();
        best
    }
}
