//! What documents read during a sweep: the probability of each word in each topic as the last sweep left it, and alias tables for what does
//! not depend on the document.

use crate::parallel::*;

/// An alias table draws from any weights with one look (Walker 1974; Vose 1991, doi:10.1109/32.92917).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Slot {
    topic: u16,
    other: u16,
    /// Of 2^32 draws so many stay with `topic`.
    stay: u32,
}

/// What is drawn from the prior's part of a word.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Prior {
    /// The sum over topics of alpha times what was counted of the word, per count of the topic.
    pub(super) mass: f32,
    /// Where its table lies, and how long it is.
    start: u32,
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
    pub(super) counts: f32,
}

/// What documents read during a sweep.
#[derive(Default)]
pub(super) struct Tables {
    /// Topics.
    pub(super) topics: usize,
    /// `[words, topics]`: the word's count in the topic, and the prior's, by all of the topic. One number more, which is never of use, so that
    /// each row may be read one beyond its end.
    pub(super) phi: Vec<f32>,
    /// What one count is of each topic.
    pub(super) one: Vec<f32>,
    priors: Vec<Prior>,
    slots: Vec<Slot>,
    /// The part of the words' prior, which is the same for each word.
    common: Vec<Slot>,
    pub(super) common_mass: f32,
}

/// What a thread needs for one word after the other.
#[derive(Default)]
struct Work {
    counts: Vec<f32>,
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
    /// Made anew from the topic of each word. `totals` are the counts of the topics, `alpha` and `eta` the priors of topics in documents and of
    /// words in topics; `seeds` go by word.
    ///
    /// Cost: reads each word's topic once, out of order, and writes words x topics numbers; bound by those.
    pub(super) fn rebuild(&mut self, by_word: &ByWord, z: &[u16], totals: &[f64], alpha: &[f64], eta: f64, seeds: &[Seed]) {
        let (topics, vocabulary) = (totals.len(), by_word.starts.len() - 1);
        self.topics = topics;
        let ones: Vec<f64> = totals.iter().map(|total| 1.0 / (total + vocabulary as f64 * eta)).collect();
        self.one = ones.iter().map(|&one| one as f32).collect();
        let base: Vec<f32> = ones.iter().map(|one| (eta * one) as f32).collect();
        let by_alpha: Vec<f32> = ones.iter().zip(alpha).map(|(one, alpha)| (one * alpha) as f32).collect();
        let common: Vec<(u16, f32)> =
            by_alpha.iter().enumerate().map(|(topic, &weight)| (topic as u16, (eta * f64::from(weight)) as f32)).collect();
        self.common.resize(topics, Slot::default());
        self.common_mass = Alias::default().build(&common, &mut self.common);

        self.phi.resize(vocabulary * topics + 1, 0.0);
        self.priors.resize(vocabulary, Prior::default());
        let mut room = 0_usize;
        let seeded = |word: usize| {
            seeds.partition_point(|seed| (seed.word as usize) < word)..seeds.partition_point(|seed| seed.word as usize <= word)
        };
        let rooms: Vec<usize> = (0..vocabulary)
            .map(|word| {
                let start = room;
                room += (by_word.of(word).len() + seeded(word).len()).min(topics);
                start
            })
            .collect();
        self.slots.resize(room, Slot::default());
        let mut tables: Vec<(&mut [f32], &mut [Prior], &mut [Slot])> = Vec::new();
        let mut slots = &mut self.slots[..];
        for (at, (phi, priors)) in self.phi[..vocabulary * topics].chunks_mut(WORDS * topics).zip(self.priors.chunks_mut(WORDS)).enumerate()
        {
            let end = if (at + 1) * WORDS >= vocabulary { room } else { rooms[(at + 1) * WORDS] };
            let (mine, others) = std::mem::take(&mut slots).split_at_mut(end - rooms[at * WORDS]);
            slots = others;
            tables.push((phi, priors, mine));
        }
        let one = &self.one;
        let fill = |work: &mut Work, (at, (phi, priors, slots)): (usize, &mut (&mut [f32], &mut [Prior], &mut [Slot]))| {
            let Work { counts, weights, alias } = work;
            for (within, (row, prior)) in phi.chunks_exact_mut(topics).zip(priors.iter_mut()).enumerate() {
                let word = at * WORDS + within;
                counts.clear();
                counts.resize(topics, 0.0);
                by_word.of(word).iter().for_each(|&place| counts[z[place as usize] as usize] += 1.0);
                seeds[seeded(word)].iter().for_each(|seed| counts[seed.topic as usize] += seed.counts);
                for ((phi, &count), (&base, &one)) in row.iter_mut().zip(&*counts).zip(base.iter().zip(one)) {
                    *phi = base + count * one;
                }
                weights.clear();
                weights.extend(
                    counts
                        .iter()
                        .enumerate()
                        .filter(|(_, count)| **count > 0.0)
                        .map(|(topic, &count)| (topic as u16, count * by_alpha[topic])),
                );
                let start = rooms[word] - rooms[at * WORDS];
                let mass = if weights.is_empty() { 0.0 } else { alias.build(weights, &mut slots[start..start + weights.len()]) };
                *prior = Prior { mass, start: rooms[word] as u32, len: weights.len() as u32 };
            }
        };
        tables.par_iter_mut().enumerate().for_each_init(Work::default, fill);
    }

    /// The prior's part of a word.
    #[inline(always)]
    pub(super) fn prior(&self, word: usize) -> &Prior {
        &self.priors[word]
    }

    /// A topic from the prior's part of a word, by two words of chance.
    pub(super) fn draw(&self, prior: Prior, chance: [u32; 2]) -> u16 {
        draw(&self.slots[prior.start as usize..][..prior.len as usize], chance)
    }

    /// A topic from the part that is the same for each word.
    pub(super) fn draw_common(&self, chance: [u32; 2]) -> u16 {
        draw(&self.common, chance)
    }
}

fn draw(slots: &[Slot], chance: [u32; 2]) -> u16 {
    let slot = slots[((u64::from(chance[0]) * slots.len() as u64) >> 32) as usize];
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
