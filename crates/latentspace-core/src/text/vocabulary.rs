//! A vocabulary: the counted words, in a fixed order, with the rules from text to counts.

use crate::linalg::SparseMatrix;
use std::ops::Range;

use super::Kept;
use super::block::{Block, GAP, Room, Rules, in_blocks};
use super::table::{Key, Table};
use super::tokens::normal_word;
use crate::error::{Error, Result};
use crate::run::Run;

/// Words in a fixed order, with the rules from text to counts.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    kept: Kept,
    rules: Rules,
    words: Table,
}

impl Vocabulary {
    /// The vocabulary of these words, which must be sorted by their bytes.
    ///
    /// # Errors
    /// [`Error::Input`] if they are not sorted, or the rules are invalid.
    pub fn new(kept: Kept, words: &[String]) -> Result<Self> {
        kept.check()?;
        let ordered = !words.is_empty() && words.windows(2).all(|pair| pair[0] < pair[1]) && words.len() < GAP as usize;
        if !ordered {
            return Err(Error::input("preparation", "words that are not sorted", "a whole space file is needed"));
        }
        Ok(Vocabulary { rules: kept.rules(), words: Table::of(words.iter().map(String::as_str)), kept })
    }

    /// The settings.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The word of a number.
    pub fn word(&self, number: u32) -> &str {
        self.words.word(number)
    }

    /// The number of a word, if it is in the vocabulary, in any form and case.
    pub fn number(&self, word: &str) -> Option<u32> {
        let find = |word: &str| self.words.find(Key::of(word.as_bytes()), word.as_bytes());
        find(word).or_else(|| find(&normal_word(word)))
    }

    /// Counts of texts, `[n, words]`: those of a text are the same alone and in any batch. Words that are not in the vocabulary are ignored.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn count(&self, texts: &[String], run: &Run) -> Result<SparseMatrix> {
        let mut all = SparseMatrix::none(self.len());
        let part = |texts: &[String]| {
            let block = Block::of(texts, &self.rules, run)?;
            let numbers: Vec<u32> = (0..block.table.len() as u32)
                .map(|word| self.words.find(block.table.key(word), block.table.bytes(word)).unwrap_or(GAP))
                .collect();
            let cells = SparseMatrix {
                cols: 0,
                starts: block.starts,
                indices: block.words,
                values: block.counts.into_iter().map(|count| count as f32).collect(),
            };
            Ok(cells.renumbered(&numbers, self.len()))
        };
        in_blocks(
            texts,
            part,
            |part| {
                all.append(part.view());
                Ok(())
            },
            run,
        )?;
        Ok(all)
    }

    /// The positions of words in a text, in order, each with its number; none for words outside the vocabulary. Of the n-grams that start at a
    /// position and are in the vocabulary, the longest is chosen.
    pub fn pieces(&self, text: &str) -> Vec<(Range<usize>, Option<u32>)> {
        let mut room = Room::default();
        room.read(text, &self.rules, true);
        let (words, places) = (&room.sequence, &room.places);
        let mut pieces = Vec::with_capacity(words.len());
        let mut run: Vec<u8> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let mut found = (at, None);
            if words[at] != GAP {
                run.clear();
                let following = (at..words.len()).filter(|&place| words[place] != GAP).take(self.rules.ngrams);
                for (length, place) in following.enumerate() {
                    if length > 0 {
                        run.push(b' ');
                    }
                    run.extend_from_slice(room.table.bytes(words[place]));
                    if let Some(number) = self.words.find(Key::of(&run), &run) {
                        found = (place, Some(number));
                    }
                }
            }
            pieces.push((places[at].start..places[found.0].end, found.1));
            at = found.0 + 1;
        }
        pieces
    }

    /// The numbers of the words of a text, in order; words outside the vocabulary are ignored.
    pub fn sequence(&self, text: &str) -> Vec<u32> {
        self.pieces(text).into_iter().filter_map(|(_, number)| number).collect()
    }
}
