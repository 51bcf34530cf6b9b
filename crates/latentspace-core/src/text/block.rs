//! Tokenization and counting of a block of documents, with its own word table, so that blocks run in parallel.

use std::collections::HashMap;
use std::ops::Range;

use super::phrases::Pairs;
use super::stop_words::Stops;
use super::table::{Key, Table};
use super::tokens::{Take, Tokenizer};
use crate::error::Result;
use crate::parallel::*;
use crate::run::Run;

/// Bytes of text per block.
const BLOCK: usize = 1 << 20;

/// The rules from text to counted words.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) tokenizer: Tokenizer,
    /// Stop words, removed before phrases and n-grams are formed.
    pub(super) stops: Stops,
    /// Phrases: pairs of words that are joined.
    pub(super) pairs: Pairs,
    /// Maximum length of counted n-grams.
    pub(super) ngrams: usize,
}

/// A gap: the position of a removed word.
pub(super) const GAP: u32 = u32::MAX;

/// The word counts of a block of documents.
#[derive(Default)]
pub(super) struct Block {
    /// Words in order of their first occurrence.
    pub(super) table: Table,
    /// The start of the cells of each document.
    pub(super) starts: Vec<usize>,
    /// The distinct words of each document, and their counts.
    pub(super) words: Vec<u32>,
    pub(super) counts: Vec<u32>,
    /// Document frequency and total count of each word.
    pub(super) documents: Vec<u32>,
    pub(super) times: Vec<u64>,
    /// Total number of words, without removed ones.
    pub(super) tokens: u64,
    /// Number of removed numbers and short words.
    pub(super) left_out: u64,
}

/// A sequence of words, in reused scratch space.
#[derive(Default)]
pub(super) struct Room {
    pub(super) table: Table,
    /// For each word: whether it is a stop word, and its number among the parts of phrases.
    known: Vec<(bool, u32)>,
    /// The word number of each phrase.
    pairs: HashMap<u32, u32>,
    /// The words of a document, and their positions.
    pub(super) sequence: Vec<u32>,
    pub(super) places: Vec<Range<usize>>,
    left_out: u64,
    scratch: Vec<u8>,
}

/// Collects words into scratch space.
struct Filling<'a> {
    room: &'a mut Room,
    keeps_places: bool,
}

impl Take for Filling<'_> {
    #[inline]
    fn word(&mut self, key: Key, long: &[u8], place: Range<usize>) {
        let number = self.room.table.number(key, long);
        self.room.sequence.push(number);
        if self.keeps_places {
            self.room.places.push(place);
        }
    }

    #[inline]
    fn left_out(&mut self, place: Range<usize>) {
        self.room.left_out += 1;
        self.room.sequence.push(GAP);
        if self.keeps_places {
            self.room.places.push(place);
        }
    }
}

impl Room {
    /// Tokenizes a text: stop words become gaps, phrases become single words.
    pub(super) fn read(&mut self, text: &str, rules: &Rules, keeps_places: bool) {
        self.sequence.clear();
        self.places.clear();
        rules.tokenizer.each(text, &mut Filling { room: self, keeps_places });
        if rules.stops.is_empty() && rules.pairs.is_empty() {
            return;
        }
        for number in self.known.len()..self.table.len() {
            let (key, bytes) = (self.table.key(number as u32), self.table.bytes(number as u32));
            self.known.push((rules.stops.holds(self.table.word(number as u32)), rules.pairs.part(key, bytes)));
        }
        if !rules.stops.is_empty() {
            self.sequence.iter_mut().filter(|word| **word != GAP && self.known[**word as usize].0).for_each(|word| *word = GAP);
        }
        if !rules.pairs.is_empty() {
            self.join(rules);
        }
    }

    /// Replaces phrases by their single words, from the left.
    fn join(&mut self, rules: &Rules) {
        let part = |room: &Room, at: usize| match room.sequence.get(at) {
            Some(&word) if word != GAP => room.known.get(word as usize).map_or(GAP, |known| known.1),
            _ => GAP,
        };
        let (mut from, mut to) = (0, 0);
        while from < self.sequence.len() {
            let pair = rules.pairs.find(part(self, from), part(self, from + 1));
            let word = match pair {
                Some(pair) => match self.pairs.get(&pair) {
                    Some(&word) => word,
                    None => {
                        let word = rules.pairs.word(pair);
                        let word = self.table.number(Key::of(word.as_bytes()), word.as_bytes());
                        self.pairs.insert(pair, word);
                        word
                    }
                },
                None => self.sequence[from],
            };
            let taken = 1 + usize::from(pair.is_some());
            self.sequence[to] = word;
            if !self.places.is_empty() {
                self.places[to] = self.places[from].start..self.places[from + taken - 1].end;
            }
            (from, to) = (from + taken, to + 1);
        }
        self.sequence.truncate(to);
        self.places.truncate(to);
    }

    /// The word number of an n-gram, whose words are joined by spaces.
    fn run_of(&mut self, words: &[u32]) -> u32 {
        self.scratch.clear();
        for (at, &word) in words.iter().enumerate() {
            if at > 0 {
                self.scratch.push(b' ');
            }
            self.scratch.extend_from_slice(self.table.bytes(word));
        }
        self.table.number(Key::of(&self.scratch), &self.scratch)
    }

    /// Appends the n-grams of two and more words; removed words between them are ignored.
    fn add_runs(&mut self, ngrams: usize) {
        self.sequence.retain(|&word| word != GAP);
        let words = std::mem::take(&mut self.sequence);
        let mut all = words.clone();
        for length in 2..=ngrams {
            for run in words.windows(length) {
                all.push(self.run_of(run));
            }
        }
        self.sequence = all;
    }
}

impl Block {
    /// The words of some documents.
    pub(super) fn of(texts: &[String], rules: &Rules, run: &Run) -> Result<Self> {
        let mut room = Room::default();
        let mut block = Block { starts: vec![0], ..Block::default() };
        let mut counts: Vec<u32> = Vec::new();
        for text in texts {
            run.check()?;
            room.read(text, rules, false);
            if rules.ngrams > 1 {
                room.add_runs(rules.ngrams);
            }
            counts.resize(room.table.len(), 0);
            let first = block.words.len();
            for &word in room.sequence.iter().filter(|word| **word != GAP) {
                let count = &mut counts[word as usize];
                if *count == 0 {
                    block.words.push(word);
                }
                *count += 1;
                block.tokens += 1;
            }
            block.counts.extend(block.words[first..].iter().map(|&word| std::mem::take(&mut counts[word as usize])));
            block.starts.push(block.words.len());
        }
        block.documents.resize(room.table.len(), 0);
        block.times.resize(room.table.len(), 0);
        for (&word, &count) in block.words.iter().zip(&block.counts) {
            block.documents[word as usize] += 1;
            block.times[word as usize] += u64::from(count);
        }
        block.left_out = room.left_out;
        block.table = room.table;
        Ok(block)
    }
}

/// Processes documents in blocks, on all threads, and calls `show` with the result of `each` for each block, in order.
///
/// # Errors
/// [`crate::Error::Cancelled`], and errors of `show`.
pub(super) fn in_blocks<T: Send>(
    texts: &[String],
    each: impl Fn(&[String]) -> Result<T> + Sync,
    mut show: impl FnMut(T) -> Result<()>,
    run: &Run,
) -> Result<()> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let (mut first, mut bytes) = (0, 0);
    for (at, text) in texts.iter().enumerate() {
        bytes += text.len() + 1;
        if bytes >= BLOCK || at + 1 == texts.len() {
            ranges.push(first..at + 1);
            (first, bytes) = (at + 1, 0);
        }
    }
    for some in ranges.chunks(2 * run.threads()) {
        run.check()?;
        let made: Vec<T> = run.install(|| some.par_iter().map(|range| each(&texts[range.clone()])).collect::<Result<Vec<T>>>())?;
        made.into_iter().try_for_each(&mut show)?;
    }
    Ok(())
}
