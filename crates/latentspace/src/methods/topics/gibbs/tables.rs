//! What documents read during a sweep: how often each word is in each topic, as the last sweep left it, and alias tables for what does not
//! depend on the document.
//!
//! Counts lie in as few bytes as the word's uses need, mostly one: at 1,000 topics the rows of 20,000 words take 23 MB in place of the 80 of
//! probabilities, which no cache holds.

use crate::parallel::*;

/// An alias table draws from any weights with one look (Walker 1974; Vose 1991, doi:10.1109/32.92917).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Slot {
    topic: u16,
    other: u16,
    /// Of 2^32 draws so many stay with `topic`.
    stay: u32,
}

/// Bytes of a count.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Width {
    #[default]
    One = 1,
    Two = 2,
    Four = 4,
}

/// A word's counts by topic, and one count more, which is never of use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) width: Width,
}

impl Row<'_> {
    /// The count of a topic.
    #[inline(always)]
    pub(super) fn at(self, topic: usize) -> f32 {
        let of = |byte: usize| u32::from(self.bytes[byte]);
        match self.width {
            Width::One => of(topic) as f32,
            Width::Two => (of(2 * topic) | of(2 * topic + 1) << 8) as f32,
            Width::Four => (0..4).map(|byte| of(4 * topic + byte) << (8 * byte)).sum::<u32>() as f32,
        }
    }
}

/// What is known of a word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Word {
    /// Where its row begins.
    start: usize,
    pub(super) width: Width,
    /// The sum over topics of alpha times what was counted of the word, per count of the topic.
    pub(super) mass: f32,
    /// Where the alias table of these lies, and how long it is.
    slots: u32,
    len: u32,
}

/// Where words stand: of word w the places `places[starts[w]..starts[w + 1]]` of the corpus.
pub(super) struct ByWord {
    pub(super) starts: Vec<u32>,
    pub(super) places: Vec<u32>,
}

impl ByWord {
    /// The places of the words of a vocabulary.
    pub(super) fn new(words: &[u32], vocabulary: usize) -> Self {
        let mut starts = vec![0_u32; vocabulary + 1];
        words.iter().for_each(|&word| starts[word as usize + 1] += 1);
        (0..vocabulary).for_each(|word| starts[word + 1] += starts[word]);
        let (mut next, mut places) = (starts.clone(), vec![0; words.len()]);
        for (place, &word) in words.iter().enumerate() {
            let at = &mut next[word as usize];
            places[*at as usize] = place as u32;
            *at += 1;
        }
        ByWord { starts, places }
    }

    /// The places of one word.
    pub(super) fn of(&self, word: usize) -> &[u32] {
        &self.places[self.starts[word] as usize..self.starts[word + 1] as usize]
    }
}

/// A word that is to be in a topic: so many counts are added to those that are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seed {
    pub(super) word: u32,
    pub(super) topic: u16,
    pub(super) counts: u32,
}

/// What documents read during a sweep.
pub(super) struct Tables {
    /// Distributions.
    pub(super) topics: usize,
    /// The prior of each word in a topic.
    pub(super) eta: f32,
    /// What one count is of each topic; of the topic beyond the last, nothing.
    pub(super) one: Vec<f32>,
    words: Vec<Word>,
    rows: Vec<u8>,
    slots: Vec<Slot>,
    /// The part of the words' prior, which is the same for each word.
    common: Vec<Slot>,
    pub(super) common_mass: f32,
}

/// What a thread needs for one word after the other.
#[derive(Default)]
struct Work {
    /// By topic; all 0 between words.
    counts: Vec<u32>,
    /// Distributions that are not 0.
    found: Vec<u16>,
    weights: Vec<(u16, f32)>,
    alias: Alias,
}

#[derive(Default)]
struct Alias {
    scaled: Vec<f32>,
    small: Vec<u32>,
    large: Vec<u32>,
}

impl Alias {
    /// The table of these weights; gives their sum.
    fn build(&mut self, weights: &[(u16, f32)], out: &mut [Slot]) -> f32 {
        let total: f32 = weights.iter().map(|(_, weight)| weight).sum();
        let scale = weights.len() as f32 / total;
        let Alias { scaled, small, large } = self;
        scaled.clear();
        small.clear();
        large.clear();
        for (at, &(topic, weight)) in weights.iter().enumerate() {
            scaled.push(weight * scale);
            out[at] = Slot { topic, other: topic, stay: u32::MAX };
            if weight * scale < 1.0 { small.push(at as u32) } else { large.push(at as u32) }
        }
        while let (Some(&less), Some(&more)) = (small.last(), large.last()) {
            small.pop();
            let (less, more) = (less as usize, more as usize);
            out[less].stay = (scaled[less] * 4_294_967_040.0) as u32;
            out[less].other = weights[more].0;
            scaled[more] -= 1.0 - scaled[less];
            if scaled[more] < 1.0 {
                large.pop();
                small.push(more as u32);
            }
        }
        total
    }
}

/// Words that a thread takes at a time.
const WORDS: usize = 64;

impl Tables {
    /// With room for these words, seeds (by word) and topics; nothing is counted yet.
    pub(super) fn new(by_word: &ByWord, seeds: &[Seed], topics: usize, eta: f64) -> Self {
        let (mut bytes, mut slots) = (0, 0);
        let place = |word: usize| {
            let uses = by_word.of(word).len() as u64 + of_word(seeds, word).iter().map(|seed| u64::from(seed.counts)).sum::<u64>();
            let width = match uses {
                0..0x100 => Width::One,
                0x100..0x1_0000 => Width::Two,
                _ => Width::Four,
            };
            let placed = Word { start: bytes, width, slots: slots as u32, ..Word::default() };
            bytes += topics * width as usize;
            slots += (by_word.of(word).len() + of_word(seeds, word).len()).min(topics);
            placed
        };
        let words: Vec<Word> = (0..by_word.starts.len() - 1).map(place).collect();
        Tables {
            topics,
            eta: eta as f32,
            one: vec![0.0; topics + 1],
            words,
            rows: vec![0; bytes + Width::Four as usize],
            slots: vec![Slot::default(); slots],
            common: vec![Slot::default(); topics],
            common_mass: 0.0,
        }
    }

    /// Made anew from the topic of each word. `totals` are the counts of the topics, `alpha` the prior of topics in documents; `seeds` go by
    /// word.
    ///
    /// Cost: reads each word's topic once, out of order, and writes words x topics bytes; bound by those.
    pub(super) fn rebuild(&mut self, by_word: &ByWord, z: &[u16], totals: &[f64], alpha: &[f64], seeds: &[Seed]) {
        let (topics, vocabulary) = (self.topics, self.words.len());
        let eta = f64::from(self.eta);
        for (one, total) in self.one.iter_mut().zip(totals) {
            *one = (1.0 / (total + vocabulary as f64 * eta)) as f32;
        }
        let by_alpha: Vec<f32> = self.one.iter().zip(alpha).map(|(&one, &alpha)| (f64::from(one) * alpha) as f32).collect();
        let common: Vec<(u16, f32)> = by_alpha.iter().enumerate().map(|(topic, &weight)| (topic as u16, self.eta * weight)).collect();
        self.common_mass = Alias::default().build(&common, &mut self.common);

        let borders: Vec<(usize, usize)> = (self.words.chunks(WORDS).map(|words| (words[0].start, words[0].slots as usize)))
            .chain([(self.rows.len(), self.slots.len())])
            .collect();
        let (mut rows, mut slots) = (&mut self.rows[..], &mut self.slots[..]);
        let mut tables: Vec<(&mut [Word], &mut [u8], &mut [Slot])> = Vec::with_capacity(borders.len());
        for (words, borders) in self.words.chunks_mut(WORDS).zip(borders.windows(2)) {
            let (my_rows, other_rows) = std::mem::take(&mut rows).split_at_mut(borders[1].0 - borders[0].0);
            let (my_slots, other_slots) = std::mem::take(&mut slots).split_at_mut(borders[1].1 - borders[0].1);
            tables.push((words, my_rows, my_slots));
            (rows, slots) = (other_rows, other_slots);
        }
        let fill = |work: &mut Work, (at, (words, rows, slots)): (usize, &mut (&mut [Word], &mut [u8], &mut [Slot]))| {
            let Work { counts, found, weights, alias } = work;
            counts.resize(topics, 0);
            rows.fill(0);
            let (first_row, first_slot) = (words[0].start, words[0].slots);
            for (within, word) in words.iter_mut().enumerate() {
                let number = at * WORDS + within;
                found.clear();
                let mut add = |topic: u16, more: u32| {
                    let count = &mut counts[topic as usize];
                    if *count == 0 {
                        found.push(topic);
                    }
                    *count += more;
                };
                by_word.of(number).iter().for_each(|&place| add(z[place as usize], 1));
                of_word(seeds, number).iter().for_each(|seed| add(seed.topic, seed.counts));
                let width = word.width as usize;
                weights.clear();
                for &topic in &*found {
                    let count = std::mem::take(&mut counts[topic as usize]);
                    let cell = word.start - first_row + topic as usize * width;
                    rows[cell..cell + width].copy_from_slice(&count.to_le_bytes()[..width]);
                    weights.push((topic, count as f32 * by_alpha[topic as usize]));
                }
                word.len = weights.len() as u32;
                let start = (word.slots - first_slot) as usize;
                word.mass = if weights.is_empty() { 0.0 } else { alias.build(weights, &mut slots[start..start + weights.len()]) };
            }
        };
        tables.par_iter_mut().enumerate().for_each_init(Work::default, fill);
    }

    /// Adds the probability of each word in each topic, `[words, topics]`.
    pub(super) fn add_probabilities(&self, sum: &mut [f32]) {
        sum.par_chunks_mut(self.topics).enumerate().for_each(|(word, sum)| {
            let row = self.row(self.word(word as u32));
            sum.iter_mut().enumerate().for_each(|(topic, sum)| *sum += (row.at(topic) + self.eta) * self.one[topic]);
        });
    }

    #[inline(always)]
    pub(super) fn word(&self, word: u32) -> &Word {
        &self.words[word as usize]
    }

    /// The counts of a word.
    #[inline(always)]
    pub(super) fn row(&self, word: &Word) -> Row<'_> {
        Row { bytes: &self.rows[word.start..word.start + (self.topics + 1) * word.width as usize], width: word.width }
    }

    /// What a word of chance says to look at, in the prior's part of a word; none for a word that is nowhere.
    #[inline(always)]
    pub(super) fn slot(&self, word: &Word, chance: u32) -> Option<&Slot> {
        self.slots.get(word.slots as usize + place(chance, word.len as usize))
    }

    /// A topic from the prior's part of a word, by two words of chance.
    #[inline(always)]
    pub(super) fn draw(&self, word: &Word, chance: [u32; 2]) -> u16 {
        draw(&self.slots[word.slots as usize..][..word.len as usize], chance)
    }

    /// A topic from the part that is the same for each word.
    #[inline(always)]
    pub(super) fn draw_common(&self, chance: [u32; 2]) -> u16 {
        draw(&self.common, chance)
    }
}

/// The seeds of a word.
fn of_word(seeds: &[Seed], word: usize) -> &[Seed] {
    &seeds[seeds.partition_point(|seed| (seed.word as usize) < word)..seeds.partition_point(|seed| seed.word as usize <= word)]
}

/// One of so many, by a word of chance.
#[inline(always)]
fn place(chance: u32, of: usize) -> usize {
    ((u64::from(chance) * of as u64) >> 32) as usize
}

#[inline(always)]
fn draw(slots: &[Slot], chance: [u32; 2]) -> u16 {
    let slot = slots[place(chance[0], slots.len())];
    if chance[1] < slot.stay { slot.topic } else { slot.other }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn an_alias_table_draws_as_its_weights_say() {
        let weights: Vec<(u16, f32)> = (0..13).map(|topic| (topic * 3, (topic as f32 - 4.0).powi(2) + 0.01)).collect();
        let mut slots = vec![Slot::default(); weights.len()];
        let total = Alias::default().build(&weights, &mut slots);
        let (random, draws) = (Random::new(1, "alias"), 200_000);
        let mut found = [0.0; 40];
        for item in 0..draws {
            let [a, b, ..] = random.words(0, item);
            found[draw(&slots, [a, b]) as usize] += 1.0 / draws as f32;
        }
        for &(topic, weight) in &weights {
            assert!((found[topic as usize] - weight / total).abs() < 0.005, "{topic}: {} of {}", found[topic as usize], weight / total);
        }
    }
}
