//! A block of documents: the topic of each of its words drawn anew, one after the other.
//!
//! The weight of a topic is (its count in the document + alpha) · (the word's count in it + eta) · what one count is of the topic, counts without
//! the word itself. What the document's own topics weigh is summed up over them, a dozen or so; what alpha weighs is drawn from tables that were
//! made for the sweep. So a word costs the same whatever the number of topics.
//!
//! Words come by the vocabulary, not by the document: what is read of a word lies near for all of its documents, and a processor draws some words
//! at a time, since they are mostly of different documents. So it is bound by what is to be done, not by waiting: of the time with 100 topics a
//! sixth counts the topics of documents, a fifth asks for what comes, a third weighs topics and a third draws.

use super::lanes::{Drawing, ONE};
use super::tables::{Row, Tables, Word};
use crate::axes::lanes::LANES;
use crate::methods::topics::corpus::{Block, Corpus};

/// Words ahead that are asked for, and bytes in a line of the cache.
const AHEAD: usize = 8;
const LINE: usize = 64;
/// Lines of a row that are asked for as a whole.
const LINES: usize = 32;

/// Some topics of a document: how often each is there, and what one count is of it. No two lanes of a document hold the same topic; one of
/// count 0 may be given to another. Lanes that were never used hold a topic beyond the last, which no word has.
#[derive(Clone, Copy)]
struct Lanes {
    topics: [u32; LANES],
    counts: [f32; LANES],
    ones: [f32; LANES],
}

/// Where the topics of a document lie.
#[derive(Clone, Copy)]
struct DocumentTopics {
    first: u32,
    vectors: u32,
}

/// The topics of a block's documents, and room for one word.
#[derive(Default)]
pub(super) struct Room {
    documents: Vec<DocumentTopics>,
    lanes: Vec<Lanes>,
    /// What each lane of the document weighs.
    weights: Vec<[f32; LANES]>,
}

/// Where chance comes from: a sweep, and the place of a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance {
    pub(super) key: [u32; 2],
}

impl Chance {
    /// Numbers for a place and a turn (Wellons' "lowbias32" under two keys).
    #[inline(always)]
    fn words(self, place: u32, turn: u32) -> [u32; 2] {
        let first = mix(place.wrapping_mul(0x9E37_79B9).wrapping_add(self.key[0]).wrapping_add(turn.wrapping_mul(0x85EB_CA6B)));
        [first, mix(first ^ self.key[1])]
    }
}

#[inline(always)]
fn mix(mut hash: u32) -> u32 {
    hash = (hash ^ hash >> 16).wrapping_mul(0x21f0_aaad);
    hash = (hash ^ hash >> 15).wrapping_mul(0x735a_2d97);
    hash ^ hash >> 15
}

/// A number from 0 to below 1, of 24 bits.
#[inline(always)]
fn uniform(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// The topic of each document that is known to be of one, and as how many words that counts.
pub(super) type Known<'a> = Option<(&'a [Option<u16>], f32)>;

impl Room {
    /// Counts the topics of a block's documents, from the topic of each of its words. `one` is what one count is of each topic, and of the topic
    /// beyond the last.
    #[inline(always)]
    pub(super) fn enter<U: Drawing>(&mut self, unit: U, corpus: &Corpus, block: &Block, z: &[u16], one: &[f32], known: Known<'_>) {
        let topics = one.len() - 1;
        let empty = Lanes { topics: [topics as u32; LANES], counts: [0.0; LANES], ones: [0.0; LANES] };
        self.documents.clear();
        let mut first = 0;
        for document in block.documents.clone() {
            self.documents.push(DocumentTopics { first: first as u32, vectors: 0 });
            // A word of each, and the topic that is known.
            first += (corpus.lengths[document] as usize + 1).min(topics).div_ceil(LANES);
        }
        self.lanes.clear();
        self.lanes.resize(first, empty);
        if let Some((known, counts)) = known {
            for (document, known) in known[block.documents.clone()].iter().enumerate() {
                if let Some(topic) = *known {
                    self.count(unit, document, topic, counts, one);
                }
            }
        }
        for (&document, &topic) in corpus.documents[block.places.clone()].iter().zip(z) {
            self.count(unit, document as usize, topic, 1.0, one);
        }
    }

    /// Counts a topic once more in a document.
    #[inline(always)]
    fn count<U: Drawing>(&mut self, unit: U, document: usize, topic: u16, more: f32, one: &[f32]) {
        let held = &mut self.documents[document];
        let (first, end) = (held.first as usize, (held.first + held.vectors) as usize);
        let lane = match find(unit, &self.lanes[first..end], topic) {
            Some(lane) => lane,
            None => place(unit, held, &mut self.lanes[first..], topic, one),
        };
        self.lanes[first + lane / LANES].counts[lane % LANES] += more;
    }

    /// The topics of each document, and how often each is there.
    pub(super) fn counts(&self) -> impl Iterator<Item = impl Iterator<Item = (usize, u32)>> {
        self.documents.iter().map(|held| {
            let lanes = self.lanes[held.first as usize..(held.first + held.vectors) as usize].iter();
            let counts = lanes.flat_map(|lanes| lanes.topics.iter().zip(&lanes.counts));
            counts.filter(|(_, count)| **count > 0.0).map(|(&topic, &count)| (topic as usize, count as u32))
        })
    }
}

// Loops in place of closures below: what a closure calls is not compiled for the unit.

/// The lane of a topic in a document's lanes.
#[inline(always)]
fn find<U: Drawing>(unit: U, lanes: &[Lanes], topic: u16) -> Option<usize> {
    for (at, lanes) in lanes.iter().enumerate() {
        let there = unit.equal(unit.load_topics(&lanes.topics), u32::from(topic));
        if there != 0 {
            return Some(LANES * at + there.trailing_zeros() as usize);
        }
    }
    None
}

/// Gives a topic that is in none of them a lane that is free.
#[inline(always)]
fn place<U: Drawing>(unit: U, held: &mut DocumentTopics, lanes: &mut [Lanes], topic: u16, one: &[f32]) -> usize {
    let used = held.vectors as usize;
    let mut lane = LANES * used;
    for (at, lanes) in lanes[..used].iter().enumerate() {
        let free = unit.zeros(unit.load(&lanes.counts));
        if free != 0 {
            lane = LANES * at + free.trailing_zeros() as usize;
            break;
        }
    }
    held.vectors = held.vectors.max((lane / LANES) as u32 + 1);
    let Lanes { topics, ones, .. } = &mut lanes[lane / LANES];
    topics[lane % LANES] = u32::from(topic);
    ones[lane % LANES] = one[topic as usize];
    lane
}

/// Documents while their words are drawn.
pub(super) struct Draws<'a> {
    pub(super) tables: &'a Tables,
    pub(super) corpus: &'a Corpus,
    pub(super) chance: Chance,
    pub(super) known: Known<'a>,
}

/// A use of a word: what is known of it, its counts, its topic so far and its place.
#[derive(Clone, Copy)]
struct Use<'a> {
    word: &'a Word,
    row: Row<'a>,
    old: u16,
    place: u32,
}

impl Draws<'_> {
    /// Draws the topic of each word of a block.
    #[inline(always)]
    pub(super) fn sample<U: Drawing>(&self, unit: U, block: &Block, z: &mut [u16], room: &mut Room) {
        let (tables, corpus) = (self.tables, self.corpus);
        room.enter(unit, corpus, block, z, &tables.one, self.known);
        let Room { documents, lanes, weights } = room;
        let (words, of) = (&corpus.words[block.places.clone()], &corpus.documents[block.places.clone()]);
        let eta = unit.load(&[tables.eta; LANES]);
        for at in 0..words.len() {
            self.ask(unit, words, at, block.places.start);
            let held = &mut documents[of[at] as usize];
            let lanes = &mut lanes[held.first as usize..];
            let used = held.vectors as usize;
            if weights.len() < used {
                weights.resize(used, [0.0; LANES]);
            }
            let word = tables.word(words[at]);
            let (row, old, place_of) = (tables.row(word), z[at], (block.places.start + at) as u32);
            let mut sums = unit.load(&[0.0; LANES]);
            for (lanes, weights) in lanes[..used].iter_mut().zip(&mut *weights) {
                let topics = unit.load_topics(&lanes.topics);
                let counts = unit.less(unit.load(&lanes.counts), topics, u32::from(old), 1.0);
                unit.store(counts, &mut lanes.counts);
                // SAFETY: lanes hold topics of z and of tables, all of the row, or the one beyond; the row has one count more.
                let uses = unit.less(unsafe { unit.gather(row, &lanes.topics) }, topics, u32::from(old), 1.0);
                let weight = unit.mul(counts, unit.mul(unit.add(uses, eta), unit.load(&lanes.ones)));
                unit.store(weight, weights);
                sums = unit.add(sums, weight);
            }
            let sums = unit.scan(sums);
            let mut ends = [0.0; LANES];
            unit.store(sums, &mut ends);
            let own = ends[LANES - 1];
            let total = own + word.mass + tables.common_mass;
            let mut turn = 0;
            let lane = loop {
                let chance = self.chance.words(place_of, turn);
                turn += 1;
                let weight = uniform(chance[0]) * total;
                if weight < own {
                    let lane = (unit.at_most(sums, weight) as usize).min(LANES - 1);
                    let mut left = if lane == 0 { weight } else { weight - ends[lane - 1] };
                    let vector = weights[..used].iter().position(|weights| {
                        left -= weights[lane];
                        left < 0.0
                    });
                    // By rounding alone it may be beyond the last.
                    match vector {
                        Some(vector) => break LANES * vector + lane,
                        None => continue,
                    }
                }
                let Some(topic) = self.by_prior(weight - own, Use { word, row, old, place: place_of }, turn, chance) else { continue };
                match find(unit, &lanes[..used], topic) {
                    Some(lane) => break lane,
                    None => break place(unit, held, lanes, topic, &tables.one),
                }
            };
            let Lanes { topics, counts, .. } = &mut lanes[lane / LANES];
            // All eight are written, since all eight are read soon.
            unit.store(unit.add(unit.load(counts), unit.load(&ONE[lane % LANES])), counts);
            z[at] = topics[lane % LANES] as u16;
        }
    }

    /// Asks for what is to be read of words that come soon: the row where it is another one's, and what is drawn if the prior is.
    #[inline(always)]
    fn ask<U: Drawing>(&self, unit: U, words: &[u32], at: usize, first: usize) {
        let at = at + AHEAD;
        let Some(&word) = words.get(at) else { return };
        let of = self.tables.word(word);
        if word != words[at - 1] {
            for count in self.tables.row(of).bytes.iter().step_by(LINE).take(LINES) {
                unit.prefetch(count);
            }
        }
        if let Some(slot) = self.tables.slot(of, self.chance.words((first + at) as u32, 0)[1]) {
            unit.prefetch(slot);
        }
    }

    /// A topic by the prior: `weight` is how far into its part the draw fell. None where the word itself, which is to be left out, was what made
    /// the topic likely: once more.
    #[inline(always)]
    fn by_prior(&self, weight: f32, of: Use<'_>, turn: u32, chance: [u32; 2]) -> Option<u16> {
        let Use { word, row, old, place } = of;
        let [more, most] = self.chance.words(!place, turn);
        let topic = if weight < word.mass { self.tables.draw(word, [chance[1], more]) } else { self.tables.draw_common([chance[1], more]) };
        let all = row.at(topic as usize) + self.tables.eta;
        (topic != old || uniform(most) * all < all - 1.0).then_some(topic)
    }
}
