//! One document: the topic of each of its words drawn anew, one after the other.
//!
//! The weight of a topic is (its count in the document + alpha) · phi, both without the word itself. What the document's own topics weigh is
//! summed up over them, a dozen or so; what alpha weighs is drawn from tables that were made for the sweep. So a word costs the same whatever
//! the number of topics. The chain from one word's count to the next word's sum bounds it, some 120 cycles: the counts stay in registers.

use super::lanes::{LANES, ONE, Unit};
use super::tables::{Prior, Tables};

/// Vectors of topics that fit into registers.
pub(super) const MOST: usize = 4;

/// Words ahead whose probabilities are asked for, how many of these lie in a line of the cache, and how many are asked for at most.
const AHEAD: usize = 3;
const LINE: usize = 16;
const SHORT: usize = 256;

/// The topics of one document, and how often each is there. No two lanes hold the same topic; one of count 0 may be given to another. Lanes
/// that were never used hold a topic beyond the last, which no word has.
#[derive(Default)]
pub(super) struct Room {
    topics: Vec<[u32; LANES]>,
    counts: Vec<[f32; LANES]>,
    /// Products and their sums up to each lane; the sums before each vector.
    sums: Vec<[f32; LANES]>,
    ends: Vec<f32>,
    /// Of each topic its lane and one more; 0 where it is not there.
    lanes: Vec<u32>,
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

/// A document while its words are drawn.
pub(super) struct Document<'a> {
    pub(super) tables: &'a Tables,
    pub(super) words: &'a [u32],
    pub(super) z: &'a mut [u16],
    /// The place of its first word in the corpus.
    pub(super) first: u32,
    pub(super) chance: Chance,
    /// A topic that the document is known to be of, and as how many words that counts.
    pub(super) known: Option<(u16, f32)>,
}

/// A use of a word: its row of phi, its prior's part, its topic so far and its place.
#[derive(Clone, Copy)]
struct Use<'a> {
    row: &'a [f32],
    prior: Prior,
    old: u16,
    place: u32,
}

/// What was drawn by the prior.
enum Drawn {
    Topic(u16),
    /// The word itself is to be left out, and was what made this topic likely: once more.
    Again,
}

impl Document<'_> {
    /// Draws the topic of each word.
    #[inline(always)]
    pub(super) fn sample<U: Unit>(&mut self, unit: U, room: &mut Room) {
        let topics = self.enter(room);
        let mut at = 0;
        if topics < LANES {
            at = self.within::<U, 1>(unit, at, room);
        }
        if at < self.words.len() && topics < 2 * LANES {
            at = self.within::<U, 2>(unit, at, room);
        }
        if at < self.words.len() && topics < 3 * LANES {
            at = self.within::<U, 3>(unit, at, room);
        }
        if at < self.words.len() && topics < MOST * LANES {
            at = self.within::<U, MOST>(unit, at, room);
        }
        if at < self.words.len() {
            self.beyond(unit, at, room);
        }
    }

    /// Counts the topics of the document; gives how many there are.
    fn enter(&self, room: &mut Room) -> usize {
        let Room { topics, counts, lanes, .. } = room;
        let none = self.tables.topics as u32;
        lanes.resize(self.tables.topics + 1, 0);
        topics.clear();
        counts.clear();
        let mut found = 0;
        for (topic, count) in self.known.into_iter().chain(self.z.iter().map(|&topic| (topic, 1.0))) {
            let lane = &mut lanes[topic as usize];
            if *lane == 0 {
                if found % LANES == 0 {
                    topics.push([none; LANES]);
                    counts.push([0.0; LANES]);
                }
                topics[found / LANES][found % LANES] = u32::from(topic);
                found += 1;
                *lane = found as u32;
            }
            let lane = *lane as usize - 1;
            counts[lane / LANES][lane % LANES] += count;
        }
        topics.as_flattened().iter().take(found).for_each(|&topic| lanes[topic as usize] = 0);
        let least = MOST.max(topics.len());
        topics.resize(least, [none; LANES]);
        counts.resize(least, [0.0; LANES]);
        found
    }

    /// Asks for what the word at this place will read: its whole row, or of a long one what lies at the topics that the document has by now.
    #[inline(always)]
    fn ask<U: Unit>(&self, unit: U, at: usize, named: &[[u32; LANES]]) {
        let Some(&word) = self.words.get(at) else { return };
        let (word, k) = (word as usize, self.tables.topics);
        let row = &self.tables.phi[word * k..=(word + 1) * k];
        if k <= SHORT {
            row.iter().step_by(LINE).for_each(|phi| unit.prefetch(phi));
        } else {
            named.as_flattened().iter().for_each(|&topic| unit.prefetch(&row[topic as usize]));
        }
        unit.prefetch(self.tables.prior(word));
    }

    /// A topic by the prior: `weight` is how far into its part the draw fell.
    #[inline(always)]
    fn by_prior(&self, weight: f32, word: Use<'_>, turn: u32, chance: [u32; 2]) -> Drawn {
        let Use { row, prior, old, place } = word;
        let [more, most] = self.chance.words(!place, turn);
        let topic =
            if weight < prior.mass { self.tables.draw(prior, [chance[1], more]) } else { self.tables.draw_common([chance[1], more]) };
        if topic == old {
            let all = row[topic as usize];
            if uniform(most) * all >= all - self.tables.one[topic as usize] {
                return Drawn::Again;
            }
        }
        Drawn::Topic(topic)
    }

    /// From word `from` on, with the document's topics in registers; gives the word for which there was no room any more, or the end.
    #[inline(always)]
    fn within<U: Unit, const R: usize>(&mut self, unit: U, from: usize, room: &mut Room) -> usize {
        let k = self.tables.topics;
        let mut named: [[u32; LANES]; R] = std::array::from_fn(|r| room.topics[r]);
        let mut topics = [unit.load_topics(&room.topics[0]); R];
        let mut counts = [unit.load(&room.counts[0]); R];
        for r in 1..R {
            topics[r] = unit.load_topics(&room.topics[r]);
            counts[r] = unit.load(&room.counts[r]);
        }
        let mut at = from;
        'words: while at < self.words.len() {
            let word = self.words[at] as usize;
            let old = self.z[at];
            self.ask(unit, at + AHEAD, &named);
            let row = &self.tables.phi[word * k..=(word + 1) * k];
            let prior = *self.tables.prior(word);
            let one = self.tables.one[old as usize];
            let place = self.first + at as u32;
            let mut sums = counts;
            let mut ends = [0.0_f32; R];
            let mut own = 0.0;
            for r in 0..R {
                counts[r] = unit.less(counts[r], topics[r], u32::from(old), 1.0);
                // SAFETY: lanes hold topics of z and of tables, all below k, or k itself; the row has one number more.
                let phi = unsafe { unit.gather(row, &named[r]) };
                sums[r] = unit.scan(unit.mul(counts[r], unit.less(phi, topics[r], u32::from(old), one)));
                ends[r] = own;
                own += unit.last(sums[r]);
            }
            let total = own + prior.mass + self.tables.common_mass;
            let mut turn = 0;
            let lane = loop {
                let chance = self.chance.words(place, turn);
                turn += 1;
                let weight = uniform(chance[0]) * total;
                if weight < own {
                    let mut lane = 0;
                    for r in 0..R {
                        lane += unit.at_most(sums[r], weight - ends[r]);
                    }
                    // By rounding alone it may be beyond the last.
                    if (lane as usize) < R * LANES {
                        break lane as usize;
                    }
                    continue;
                }
                let Drawn::Topic(topic) = self.by_prior(weight - own, Use { row, prior, old, place }, turn, chance) else { continue };
                let (mut there, mut free) = (0, 0);
                for r in 0..R {
                    free |= unit.zeros(counts[r]) << (LANES * r);
                    there |= unit.equal(topics[r], u32::from(topic)) << (LANES * r);
                }
                if there != 0 {
                    break there.trailing_zeros() as usize;
                }
                if free == 0 {
                    // The word is given back, and drawn where there is more room.
                    for r in 0..R {
                        let all = unit.less(counts[r], topics[r], u32::from(old), -1.0);
                        unit.store(all, &mut room.counts[r]);
                        unit.store_topics(topics[r], &mut room.topics[r]);
                    }
                    break 'words;
                }
                let lane = free.trailing_zeros() as usize;
                named.as_flattened_mut()[lane] = u32::from(topic);
                for (r, topics) in topics.iter_mut().enumerate() {
                    *topics = unit.with(*topics, lane.wrapping_sub(LANES * r), u32::from(topic));
                }
                break lane;
            };
            for (r, counts) in counts.iter_mut().enumerate() {
                let within = lane.wrapping_sub(LANES * r).min(LANES);
                *counts = unit.add(*counts, unit.load(&ONE[within]));
            }
            self.z[at] = named.as_flattened()[lane] as u16;
            at += 1;
        }
        at
    }

    /// From word `from` on, with the document's topics in memory, however many.
    #[inline(always)]
    fn beyond<U: Unit>(&mut self, unit: U, from: usize, room: &mut Room) {
        let k = self.tables.topics;
        let Room { topics, counts, sums, ends, lanes } = room;
        for (lane, (&topic, &count)) in topics.as_flattened().iter().zip(counts.as_flattened()).enumerate() {
            if count > 0.0 {
                lanes[topic as usize] = lane as u32 + 1;
            }
        }
        for at in from..self.words.len() {
            let word = self.words[at] as usize;
            let old = self.z[at];
            let row = &self.tables.phi[word * k..=(word + 1) * k];
            let prior = *self.tables.prior(word);
            let place = self.first + at as u32;
            let left = lanes[old as usize] as usize - 1;
            counts[left / LANES][left % LANES] -= 1.0;
            sums.clear();
            ends.clear();
            let mut own = 0.0;
            for (r, (topics, counts)) in topics.iter().zip(counts.iter()).enumerate() {
                let vector = unit.load_topics(topics);
                // SAFETY: as above.
                let mut phi = unsafe { unit.gather(row, topics) };
                if r == left / LANES {
                    phi = unit.less(phi, vector, u32::from(old), self.tables.one[old as usize]);
                }
                let scan = unit.scan(unit.mul(unit.load(counts), phi));
                let mut stored = [0.0; LANES];
                unit.store(scan, &mut stored);
                sums.push(stored);
                ends.push(own);
                own += stored[LANES - 1];
            }
            let total = own + prior.mass + self.tables.common_mass;
            let mut turn = 0;
            let lane = loop {
                let chance = self.chance.words(place, turn);
                turn += 1;
                let weight = uniform(chance[0]) * total;
                if weight < own {
                    let r = ends.partition_point(|&end| end <= weight).max(1) - 1;
                    let within = unit.at_most(unit.load(&sums[r]), weight - ends[r]) as usize;
                    if within < LANES && counts[r][within] > 0.0 {
                        break LANES * r + within;
                    }
                    continue;
                }
                let Drawn::Topic(topic) = self.by_prior(weight - own, Use { row, prior, old, place }, turn, chance) else { continue };
                let there = lanes[topic as usize];
                if there > 0 {
                    break there as usize - 1;
                }
                let free = counts.as_flattened().iter().position(|&count| count == 0.0);
                let lane = free.unwrap_or_else(|| {
                    topics.push([k as u32; LANES]);
                    counts.push([0.0; LANES]);
                    LANES * (counts.len() - 1)
                });
                // The old topic may have been the last of its lane.
                if lane == left {
                    lanes[old as usize] = 0;
                }
                topics[lane / LANES][lane % LANES] = u32::from(topic);
                lanes[topic as usize] = lane as u32 + 1;
                break lane;
            };
            if counts[left / LANES][left % LANES] == 0.0 && lane != left {
                lanes[old as usize] = 0;
            }
            counts[lane / LANES][lane % LANES] += 1.0;
            self.z[at] = topics[lane / LANES][lane % LANES] as u16;
        }
        topics.as_flattened().iter().for_each(|&topic| lanes[topic as usize] = 0);
    }
}
