//! Some documents: their words told apart and counted, in a table of their own, so that many can be worked on at the same time.

use std::collections::HashMap;
use std::ops::Range;

use super::phrases::Pairs;
use super::stop_words::Stops;
use super::table::{Key, Table};
use super::tokens::{Take, Tokenizer};
use crate::error::Result;
use crate::parallel::*;
use crate::run::Run;

/// Bytes of text that are worked on at a time.
const BLOCK: usize = 1 << 20;

/// How a text becomes words that are counted.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) tokenizer: Tokenizer,
    /// Words that are left out before pairs and runs of words are formed.
    pub(super) stops: Stops,
    /// Pairs of words that are one.
    pub(super) pairs: Pairs,
    /// Words in a run that is counted, too, at most.
    pub(super) ngrams: usize,
}

/// Of no word: one that was left out stands there.
pub(super) const GAP: u32 = u32::MAX;

/// What some documents hold.
#[derive(Default)]
pub(super) struct Block {
    /// Words that were met, numbered as they came.
    pub(super) table: Table,
    /// Where the cells of each document start.
    pub(super) starts: Vec<usize>,
    /// Words of the documents, each once a document, and how often they are in it.
    pub(super) words: Vec<u32>,
    pub(super) counts: Vec<u32>,
    /// In how many documents each word is, and how often.
    pub(super) documents: Vec<u32>,
    pub(super) times: Vec<u64>,
    /// Words in all, of those that the rules do not leave out.
    pub(super) tokens: u64,
    /// Numbers and words that are too short.
    pub(super) left_out: u64,
}

/// A sequence of words, in the room of a block.
#[derive(Default)]
pub(super) struct Room {
    pub(super) table: Table,
    /// Of each word: whether it is a stop word, and its number among the parts of phrases.
    known: Vec<(bool, u32)>,
    /// The numbers of each pair's own word.
    pairs: HashMap<u32, u32>,
    /// The words of a document, and where they stand.
    pub(super) sequence: Vec<u32>,
    pub(super) places: Vec<Range<usize>>,
    left_out: u64,
    scratch: Vec<u8>,
}

/// Takes words into a room.
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
    /// Reads a text: stop words become gaps, pairs that are one become one.
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

    /// Puts the one word of each pair in its place, from the left.
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

    /// The number of a run of words, a space between each two.
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

    /// Adds the runs of two words and more behind the words; what was left out between them does not count.
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

/// Goes through documents in blocks, on all threads, and shows what `each` makes of a block, in order.
///
/// # Errors
/// [`crate::Error::Cancelled`], and what `show` says.
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
