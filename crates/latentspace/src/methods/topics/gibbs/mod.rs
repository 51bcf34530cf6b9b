//! Gibbs sampling of topics, one sweep after the other.
//!
//! Within a sweep the words' counts in topics stay as the sweep before left them, so that documents do not wait for each other and any number
//! of threads gives the same topics; what a word itself added to them is taken out of its own draw. Each sweep costs some 230 cycles a
//! word with 100 topics and 450 with 1,000 (a Xeon of 2.5 GHz, tables included), and words x topics bytes for the tables.
//! Source: Griffiths and Steyvers 2004, doi:10.1073/pnas.0307752101; alias tables as in Li and others 2014, doi:10.1145/2623330.2623756; delayed
//! counts as in Chen and others 2016 (WarpLDA), doi:10.14778/2977797.2977801.

mod block;
mod lanes;
mod tables;

use std::time::Instant;

use serde_json::json;

use super::corpus::{Block, Corpus};
use super::dirichlet::{Histogram, learn_prior};
use crate::axes::lanes::Plain;
#[cfg(target_arch = "x86_64")]
use crate::axes::lanes::avx2::Avx2;
use crate::checkpoint::Parcel;
use crate::error::{Error, Result};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::{Tensor, Tensors};
use block::{Chance, Draws, Known, Room};
use tables::{ByWord, Seed, Tables};

/// Different topics that a document begins with: so its words agree with each other before they agree with the corpus.
const FIRST: u64 = 8;
/// Sweeps between two fits of the prior, and its steps.
const PRIOR_EVERY: usize = 10;
const PRIOR_STEPS: usize = 5;
/// Sweeps whose probabilities are averaged: every so many of the last ones, so many times.
const AVERAGE_EVERY: usize = 5;
const AVERAGED: usize = 10;
/// What is kept in a checkpoint.
const STAGE: &str = "LDA, sweeps";

/// What is asked of the sampler.
pub(super) struct SamplerOptions<'a> {
    pub(super) topics: usize,
    pub(super) sweeps: usize,
    /// The prior of each topic in a document at the start; whether it is learned.
    pub(super) alpha: f64,
    pub(super) learn_alpha: bool,
    /// The prior of each word in a topic.
    pub(super) eta: f64,
    /// Words that are to be in a topic, by word and topic, each as so many counts.
    pub(super) seeds: Vec<(u32, u16)>,
    pub(super) seed_counts: u32,
    /// The topic that each document is known to be of, if any are, and as how many words that counts.
    pub(super) known: Known<'a>,
}

/// What sampling found.
pub(super) struct Found {
    /// `[words, topics]`: the probability of the word in the topic.
    pub(super) phi: Vec<f32>,
    /// The prior of each topic in a document.
    pub(super) alpha: Vec<f64>,
    /// Sweeps made.
    pub(super) sweeps: usize,
    /// Whether it was stopped before the last.
    pub(super) stopped: bool,
}

struct Sampler<'a> {
    asked: &'a SamplerOptions<'a>,
    corpus: &'a Corpus,
    by_word: ByWord,
    seeds: Vec<Seed>,
    /// The topic of each word.
    z: Vec<u16>,
    totals: Vec<f64>,
    alpha: Vec<f64>,
    tables: Tables,
    /// The sum of probabilities, and of how many sweeps; empty before the first.
    sum: Vec<f32>,
    summed: usize,
}

/// Samples until all sweeps are made, or the run is stopped. To be called on the run's threads.
///
/// # Errors
/// [`Error::Cancelled`]; [`Error::Input`] if a checkpoint does not fit.
pub(super) fn sample(asked: &SamplerOptions<'_>, corpus: &Corpus, run: &Run) -> Result<Found> {
    let begin = Random::new(run.seed(), "topics of words");
    let mut sampler = Sampler::new(asked, corpus, begin);
    let mut made = match run.resumed(STAGE) {
        Some(parcel) => sampler.load(&parcel)?,
        None => 0,
    };
    let sweeps = Random::new(run.seed(), "sweeps over documents");
    let (begun, before) = (Instant::now(), made);
    let averaged = AVERAGED.min(asked.sweeps.div_ceil(2 * AVERAGE_EVERY));
    let mut stopped = false;
    while made < asked.sweeps {
        run.check()?;
        run.progress(STAGE, made as u64, asked.sweeps as u64);
        sampler.rebuild();
        let [first, second, ..] = sweeps.words(made as u64, 0);
        sampler.sweep(Chance { key: [first, second] }, run)?;
        made += 1;
        let left = asked.sweeps - made;
        // Where averages are taken, the prior stays.
        if asked.learn_alpha && made % PRIOR_EVERY == 0 && left >= averaged * AVERAGE_EVERY {
            sampler.learn_prior();
        }
        if left < averaged * AVERAGE_EVERY && left.is_multiple_of(AVERAGE_EVERY) {
            sampler.rebuild();
            sampler.average();
        }
        if run.stopped() {
            stopped = true;
            break;
        }
        run.keep(STAGE, || sampler.store(made))?;
    }
    run.progress(STAGE, made as u64, asked.sweeps as u64);
    if made > before {
        run.tell_speed("words_per_second", (corpus.words.len() * (made - before)) as f64 / begun.elapsed().as_secs_f64());
    }
    Ok(sampler.found(made, stopped))
}

impl<'a> Sampler<'a> {
    fn new(asked: &'a SamplerOptions<'a>, corpus: &'a Corpus, begin: Random) -> Self {
        let topics = asked.topics as u64;
        let some = FIRST.min(topics);
        let mut z = vec![0_u16; corpus.words.len()];
        for (block, z) in corpus.blocks.iter().zip(of_blocks(&corpus.blocks, &mut z)) {
            for (place, z) in block.places.clone().zip(z) {
                let document = block.documents.start + corpus.documents[place] as usize;
                let known = asked.known.and_then(|(known, _)| known[document]);
                let [chance, other, ..] = begin.words(0, place as u64);
                let slot = (u64::from(chance) * some) >> 32;
                *z = match known {
                    Some(topic) if slot == 0 || other < u32::MAX / 2 => topic,
                    _ => begin.below(1, document as u64 * FIRST + slot, topics) as u16,
                };
            }
        }
        let mut seeds: Vec<Seed> = asked.seeds.iter().map(|&(word, topic)| Seed { word, topic, counts: asked.seed_counts }).collect();
        seeds.sort_by_key(|seed| (seed.word, seed.topic));
        let by_word = ByWord::new(&corpus.words, corpus.vocabulary);
        for same in seeds.chunk_by(|a, b| a.word == b.word) {
            // Where a word has several topics, its places go to them by turns.
            by_word.of(same[0].word as usize).iter().enumerate().for_each(|(at, &place)| z[place as usize] = same[at % same.len()].topic);
        }
        let mut totals = vec![0.0; asked.topics];
        z.iter().for_each(|&topic| totals[topic as usize] += 1.0);
        let alpha = vec![asked.alpha; asked.topics];
        let tables = Tables::new(&by_word, &seeds, asked.topics, asked.eta);
        Sampler { asked, corpus, by_word, seeds, z, totals, alpha, tables, sum: Vec::new(), summed: 0 }
    }

    fn rebuild(&mut self) {
        let mut totals = self.totals.clone();
        self.seeds.iter().for_each(|seed| totals[seed.topic as usize] += f64::from(seed.counts));
        self.tables.rebuild(&self.by_word, &self.z, &totals, &self.alpha, &self.seeds);
    }

    /// Draws the topic of each word of each document.
    fn sweep(&mut self, chance: Chance, run: &Run) -> Result<()> {
        let (corpus, asked) = (self.corpus, self.asked);
        let draws = Draws { tables: &self.tables, corpus, chance, known: asked.known };
        let work = |room: &mut Room, (block, z): (&Block, &mut &mut [u16])| -> Result<Vec<u32>> {
            run.check()?;
            draw(&draws, block, z, room);
            let mut counts = vec![0_u32; asked.topics];
            z.iter().for_each(|&topic| counts[topic as usize] += 1);
            Ok(counts)
        };
        // Sums of whole numbers are the same in any order.
        let both = |left: Result<Vec<u32>>, right: Result<Vec<u32>>| {
            let (mut left, right) = (left?, right?);
            left.iter_mut().zip(right).for_each(|(left, right)| *left += right);
            Ok(left)
        };
        let mut parts = of_blocks(&corpus.blocks, &mut self.z);
        let counts = corpus.blocks.par_iter().zip(parts.par_iter_mut()).map_init(Room::default, work).reduce(both);
        let counts = counts.unwrap_or_else(|| Ok(vec![0; asked.topics]))?;
        self.totals = counts.into_iter().map(f64::from).collect();
        Ok(())
    }

    fn learn_prior(&mut self) {
        let (corpus, topics) = (self.corpus, self.asked.topics);
        let one = vec![0.0; topics + 1];
        let of_block = |room: &mut Room, block: &Block| {
            room.enter(Plain, corpus, block, &self.z[block.places.clone()], &one, None);
            let mut histogram = Histogram::new(topics);
            room.counts().for_each(|counts| histogram.add(counts));
            histogram
        };
        let histogram = corpus.blocks.par_iter().map_init(Room::default, of_block).reduce(Histogram::merge);
        if let Some(histogram) = histogram {
            learn_prior(&mut self.alpha, &histogram, PRIOR_STEPS);
        }
    }

    fn average(&mut self) {
        self.sum.resize(self.corpus.vocabulary * self.asked.topics, 0.0);
        self.tables.add_probabilities(&mut self.sum);
        self.summed += 1;
    }

    fn found(mut self, sweeps: usize, stopped: bool) -> Found {
        if self.summed == 0 {
            self.rebuild();
            self.average();
        }
        let share = 1.0 / self.summed as f32;
        self.sum.iter_mut().for_each(|sum| *sum *= share);
        Found { phi: self.sum, alpha: self.alpha, sweeps, stopped }
    }

    fn store(&self, made: usize) -> Result<Parcel> {
        let mut tensors = Tensors::default();
        let bytes: Vec<u8> = self.z.iter().flat_map(|topic| topic.to_le_bytes()).collect();
        tensors.put("z", Tensor::U8(vec![self.z.len(), 2], bytes))?;
        tensors.put_f64("alpha", &self.alpha)?;
        if self.summed > 0 {
            let sum = crate::linalg::Matrix::new(self.corpus.vocabulary, self.asked.topics, self.sum.clone())?;
            tensors.put_matrix("sum", &sum)?;
        }
        Ok(Parcel { tensors, facts: json!({ "made": made, "summed": self.summed }) })
    }

    /// Takes up where a checkpoint stood; gives the sweeps made.
    fn load(&mut self, parcel: &Parcel) -> Result<usize> {
        let wrong = || Error::input("checkpoint", "what it holds does not fit together", "a checkpoint of the same fit is needed");
        let bytes = parcel.tensors.u8("z").filter(|bytes| bytes.len() == 2 * self.z.len()).ok_or_else(wrong)?;
        self.z = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        if self.z.iter().any(|&topic| topic as usize >= self.asked.topics) {
            return Err(wrong());
        }
        self.totals.fill(0.0);
        self.z.iter().for_each(|&topic| self.totals[topic as usize] += 1.0);
        self.alpha = parcel.tensors.f64("alpha", Some(self.asked.topics))?.to_vec();
        let number = |name: &str| parcel.facts[name].as_u64().map(|number| number as usize).ok_or_else(wrong);
        self.summed = number("summed")?;
        if self.summed > 0 {
            self.sum = parcel.tensors.matrix("sum", Some(self.corpus.vocabulary), Some(self.asked.topics))?.as_slice().to_vec();
        }
        number("made").map(|made| made.min(self.asked.sweeps))
    }
}

/// The topics of each block's words.
fn of_blocks<'z>(blocks: &[Block], mut z: &'z mut [u16]) -> Vec<&'z mut [u16]> {
    blocks.iter().map(|block| z.split_off_mut(..block.places.len()).unwrap_or_default()).collect()
}

/// Draws the topics of a block's words on the best unit that this processor has.
fn draw(draws: &Draws<'_>, block: &Block, z: &mut [u16], room: &mut Room) {
    #[cfg(target_arch = "x86_64")]
    if let Some(unit) = Avx2::find() {
        #[target_feature(enable = "avx2,popcnt,bmi1")]
        fn fast(draws: &Draws<'_>, unit: Avx2, block: &Block, z: &mut [u16], room: &mut Room) {
            draws.sample(unit, block, z, room);
        }
        // SAFETY: the unit is there, and it is only found where these features are.
        return unsafe { fast(draws, unit, block, z, room) };
    }
    draws.sample(Plain, block, z, room);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{Matrix, SparseMatrix};

    #[test]
    fn any_processor_draws_the_same_topics() {
        // Words of one byte a count, of two and of four; documents of a few topics and of more than lie in some vectors.
        let count = |row: usize, word: usize| match word {
            0 if row == 1 => 70_000.0,
            1 => 20.0,
            _ if row.is_multiple_of(3) => (word % 4) as f32,
            _ => f32::from((word * row) % 11 == 1),
        };
        let documents: Vec<u32> = (0..60).collect();
        let corpus = Corpus::of(&SparseMatrix::of(&Matrix::from_fn(60, 90, count)), None, &documents).unwrap();
        let known: Vec<Option<u16>> = (0..60).map(|document| (document % 5 == 0).then_some(document % 3)).collect();
        for topics in [3, 300] {
            let asked = SamplerOptions {
                topics,
                sweeps: 3,
                alpha: 0.3,
                learn_alpha: true,
                eta: 0.01,
                seeds: vec![(4, 2), (4, 1), (9, 0)],
                seed_counts: 300,
                known: Some((&known, 2.5)),
            };
            let mut sampler = Sampler::new(&asked, &corpus, Random::new(1, "begin"));
            sampler.rebuild();
            let draws = Draws { tables: &sampler.tables, corpus: &corpus, chance: Chance { key: [5, 6] }, known: asked.known };
            for block in &corpus.blocks {
                let mut drawn = [0, 1].map(|_| sampler.z[block.places.clone()].to_vec());
                draw(&draws, block, &mut drawn[0], &mut Room::default());
                draws.sample(Plain, block, &mut drawn[1], &mut Room::default());
                assert_eq!(drawn[0], drawn[1]);
                assert!(drawn[0].iter().all(|&topic| usize::from(topic) < topics));
                assert_ne!(drawn[0], sampler.z[block.places.clone()]);
            }
        }
    }
}
