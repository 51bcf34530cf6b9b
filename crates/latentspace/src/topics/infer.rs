//! Which shares a document has of topics.

use crate::error::Result;
use crate::linalg::{Matrix, SparseRows};
use crate::parallel::*;
use crate::run::Run;

/// How shares are found: the fixed point of `share ∝ prior + sum over words of count · phi · share / (sum over topics of phi · share)`, from equal
/// shares. Without a prior that is expectation maximization (Hofmann 1999, doi:10.1145/312624.312649); with one, the mean of what a Gibbs
/// sampler would find, to first order (Asuncion and others 2009, arXiv:1205.2662, "CVB0").
///
/// Most topics have next to nothing of a document, and what they have shrinks: after a few steps with all topics, these are put where they come
/// to rest, and the steps that follow, which go farther than asked for, are made with the others alone. At the end one more is made with all.
/// Of documents of 72 words over 100 topics, 30 steps with 16 topics take the place of 44 with all, and a third of the time; the shares differ by
/// .009 in all from those that more steps with all topics would come to (these themselves by .001 where settled at 1e-4), the likelihood by 5e-6.
///
/// Cost: 4 flops a different word, topic still in play and step; a document's rows of phi stay in the nearest caches.
#[derive(Debug, Clone)]
pub(crate) struct Inference<'a> {
    /// `[words, topics]`, any positive scale a word.
    pub(crate) phi: &'a [f32],
    pub(crate) topics: usize,
    /// Of each topic; 0 where there is none.
    pub(crate) prior: &'a [f32],
    /// How shares are compared.
    pub(crate) compare: Compare,
    /// Steps at most.
    pub(crate) steps: usize,
    /// It ends when all shares together change by less than this. 0: all steps are made, with all topics.
    pub(crate) settled: f32,
}

/// How a topic's part of a word, phi · share, is compared with those of other topics. `phi` is what it is compared by already.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Compare {
    /// As it is.
    Plain,
    /// To a power β below 1: tempered expectation maximization.
    Tempered(f32),
}

/// Numbers that go together.
const LANES: usize = 8;
type Lanes = [f32; LANES];

/// Rooms for one document after the other.
#[derive(Default)]
pub(crate) struct InferenceRoom {
    /// Of each topic: its share as it is compared, and what words say of it.
    raised: Vec<f32>,
    sums: Vec<f32>,
    /// Topics that are still in play, and their shares.
    topics: Vec<u32>,
    shares: Vec<f32>,
    /// Of each of these the words' probabilities: `[topics][words / 8]`; what a word is told by the other topics; how often it is there.
    columns: Vec<Lanes>,
    rest: Vec<Lanes>,
    counts: Vec<Lanes>,
    weights: Vec<Lanes>,
}

/// Steps with all topics, after which those with next to nothing are put to rest, and again after as many more.
const LOOK: usize = 4;
/// Words that are next to nothing, and the factor of each step below which a share is sure to shrink.
const NOTHING: f32 = 1.0;
const SHRINKS: f32 = 0.8;
/// By how much more than a step says shares move where few topics are left, and what part of what a step says is left at least. Steps of
/// expectation maximization may be lengthened up to twofold (Peters and Walker 1978, doi:10.1137/0135032).
const FARTHER: f32 = 1.6;
const LEFT: f32 = 0.25;

/// A share that is as good as none. Without a prior shares shrink for ever, and numbers too small to be normal take a hundred times as long:
/// the score of 1,900 documents by 1,000 topics took 40 s in place of 7.
const LOST: f32 = 1e-20;

impl Inference<'_> {
    /// The shares of one document, which add up to 1. One of no word has those of the prior.
    pub(crate) fn infer(&self, words: &[u32], counts: &[f32], out: &mut [f32], room: &mut InferenceRoom) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2. Nothing is fused, so the bits are those of the portable loop.
            unsafe { self.infer_avx2(words, counts, out, room) };
            return;
        }
        self.infer_lanes(words, counts, out, room);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn infer_avx2(&self, words: &[u32], counts: &[f32], out: &mut [f32], room: &mut InferenceRoom) {
        self.infer_lanes(words, counts, out, room);
    }

    #[inline(always)]
    fn infer_lanes(&self, words: &[u32], counts: &[f32], out: &mut [f32], room: &mut InferenceRoom) {
        let k = self.topics;
        let prior: f32 = self.prior.iter().sum();
        let length: f32 = counts.iter().sum();
        if length + prior <= 0.0 {
            out.fill(1.0 / k as f32);
            return;
        }
        let scale = 1.0 / (length + prior);
        if words.is_empty() {
            out.iter_mut().zip(self.prior).for_each(|(share, prior)| *share = prior * scale);
            return;
        }
        out.fill(1.0 / k as f32);
        room.sums.resize(k, 0.0);
        room.raised.resize(k, 0.0);
        for made in 1..=self.steps {
            let changed = self.step(words, counts, scale, out, room);
            if changed < self.settled {
                break;
            }
            if self.settled > 0.0 && made == LOOK && made < self.steps {
                self.choose(scale, out, room);
                self.gather(words, counts, out, room);
                self.steps_of_few(made, scale, out, room);
                self.step(words, counts, scale, out, room);
                break;
            }
        }
        // Rounding, and words that no topic has.
        let all: f32 = out.iter().sum();
        if all > 0.0 {
            out.iter_mut().for_each(|share| *share /= all);
        } else {
            out.fill(1.0 / k as f32);
        }
    }

    /// A step with all topics; gives by how much the shares changed.
    #[inline(always)]
    fn step(&self, words: &[u32], counts: &[f32], scale: f32, out: &mut [f32], room: &mut InferenceRoom) -> f32 {
        let k = self.topics;
        let (sums, raised) = (&mut room.sums[..k], &mut room.raised[..k]);
        sums.fill(0.0);
        self.raise(out, raised);
        for (&word, &count) in words.iter().zip(counts) {
            let row = &self.phi[word as usize * k..][..k];
            let weight = count / dot(row, raised).max(f32::MIN_POSITIVE);
            for (sum, &phi) in sums.iter_mut().zip(row) {
                *sum += weight * phi;
            }
        }
        let mut changed = 0.0;
        for ((share, &raised), (sum, &prior)) in out.iter_mut().zip(raised.iter()).zip(sums.iter_mut().zip(self.prior)) {
            *sum *= scale;
            let new = raised * *sum + prior * scale;
            let new = if new < LOST { 0.0 } else { new };
            changed += (new - *share).abs();
            *share = new;
        }
        changed
    }

    /// Which topics stay in play: those of which the document has something, or more with each step.
    #[inline(always)]
    fn choose(&self, scale: f32, out: &mut [f32], room: &mut InferenceRoom) {
        room.topics.clear();
        for (topic, (share, &prior)) in out.iter_mut().zip(self.prior).enumerate() {
            // The last step left there what words say.
            match self.rests(*share, room.sums[topic], prior * scale, scale) {
                Some(rested) => *share = rested,
                None => room.topics.push(topic as u32),
            }
        }
    }

    /// Where a topic's share comes to rest, if it is next to nothing and shrinks: what words say times the share, and the prior, give the share.
    #[inline(always)]
    fn rests(&self, share: f32, said: f32, prior: f32, scale: f32) -> Option<f32> {
        let is_little = share - prior < NOTHING * scale;
        // Tempered, no topic comes to nothing.
        (self.compare == Compare::Plain && is_little && said < SHRINKS).then(|| prior / (1.0 - said))
    }

    /// Lays out what the words say of the topics in play, and of all others together.
    #[inline(always)]
    fn gather(&self, words: &[u32], counts: &[f32], out: &[f32], room: &mut InferenceRoom) {
        let (k, vectors) = (self.topics, words.len().div_ceil(LANES));
        self.raise(out, &mut room.raised[..k]);
        let InferenceRoom { topics, columns, rest, counts: of_words, raised, weights, .. } = room;
        for lanes in [&mut *columns, &mut *rest, &mut *of_words, &mut *weights] {
            lanes.clear();
        }
        columns.resize(topics.len() * vectors, [0.0; LANES]);
        [&mut *rest, &mut *of_words, &mut *weights].into_iter().for_each(|lanes| lanes.resize(vectors, [0.0; LANES]));
        let mut others = raised.clone();
        topics.iter().for_each(|&topic| others[topic as usize] = 0.0);
        for (at, (&word, &count)) in words.iter().zip(counts).enumerate() {
            let row = &self.phi[word as usize * k..][..k];
            let (vector, lane) = (at / LANES, at % LANES);
            for (column, &topic) in columns.chunks_exact_mut(vectors).zip(topics.iter()) {
                column[vector][lane] = row[topic as usize];
            }
            rest[vector][lane] = dot(row, &others);
            of_words[vector][lane] = count;
        }
    }

    /// Steps with the topics in play, after so many with all, until the shares are settled or all steps but one are made.
    #[inline(always)]
    fn steps_of_few(&self, made: usize, scale: f32, out: &mut [f32], room: &mut InferenceRoom) {
        let InferenceRoom { topics, columns, rest, counts, raised, weights, shares, .. } = room;
        let vectors = rest.len();
        for step in made..self.steps - 1 {
            shares.clear();
            shares.extend(topics.iter().map(|&topic| out[topic as usize]));
            self.raise(shares, &mut raised[..topics.len()]);
            weights.copy_from_slice(rest);
            for (column, &raised) in columns.chunks_exact(vectors).zip(raised.iter()) {
                add(weights, column, raised);
            }
            for (weight, count) in weights.as_flattened_mut().iter_mut().zip(counts.as_flattened()) {
                *weight = count / weight.max(f32::MIN_POSITIVE);
            }
            let looks = step.is_multiple_of(LOOK);
            let (mut changed, mut kept) = (0.0, 0);
            for at in 0..topics.len() {
                let column = &columns[at * vectors..][..vectors];
                let topic = topics[at] as usize;
                let (share, prior) = (&mut out[topic], self.prior[topic]);
                let said = dot(column.as_flattened(), weights.as_flattened()) * scale;
                let new = raised[at] * said + prior * scale;
                let more = new - *share;
                changed += more.abs();
                *share = (*share + FARTHER * more).max(LEFT * new);
                if looks {
                    if let Some(rested) = self.rests(new, said, prior * scale, scale) {
                        *share = rested;
                        let mut raised = [0.0];
                        self.raise(&[rested], &mut raised);
                        add(rest, column, raised[0]);
                    } else {
                        topics[kept] = topic as u32;
                        columns.copy_within(at * vectors..(at + 1) * vectors, kept * vectors);
                        kept += 1;
                    }
                }
            }
            if looks {
                topics.truncate(kept);
                columns.truncate(kept * vectors);
            }
            if changed < self.settled {
                break;
            }
        }
    }

    /// How much of a word goes to each topic, onto `sums`: of its uses by the number of the document and how often, whose shares, as they are
    /// compared, are in `raised`. Gives the sum of the logarithms of what it was told by.
    pub(crate) fn split(&self, word: usize, uses: &[(u32, f32)], raised: &Matrix, sums: &mut [f32]) -> f64 {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            #[target_feature(enable = "avx2")]
            fn fast(inference: &Inference<'_>, word: usize, uses: &[(u32, f32)], raised: &Matrix, sums: &mut [f32]) -> f64 {
                inference.split_lanes(word, uses, raised, sums)
            }
            // SAFETY: the processor has AVX2. Nothing is fused, so the bits are those of the portable loop.
            return unsafe { fast(self, word, uses, raised, sums) };
        }
        self.split_lanes(word, uses, raised, sums)
    }

    #[inline(always)]
    fn split_lanes(&self, word: usize, uses: &[(u32, f32)], raised: &Matrix, sums: &mut [f32]) -> f64 {
        let k = self.topics;
        let (phi, sums) = (&self.phi[word * k..][..k], &mut sums[..k]);
        let mut told = 0.0;
        for &(document, count) in uses {
            let raised = &raised.row(document as usize)[..k];
            let all = dot(phi, raised).max(f32::MIN_POSITIVE);
            let weight = count / all;
            sums.iter_mut().zip(raised).for_each(|(sum, raised)| *sum += weight * raised);
            told += f64::from(count) * f64::from(all).ln();
        }
        sums.iter_mut().zip(phi).for_each(|(sum, phi)| *sum *= phi);
        told
    }

    /// Shares as they are compared.
    #[inline(always)]
    pub(crate) fn raise(&self, shares: &[f32], raised: &mut [f32]) {
        match self.compare {
            Compare::Plain => raised.copy_from_slice(shares),
            Compare::Tempered(power) => raised.iter_mut().zip(shares).for_each(|(raised, share)| *raised = share.powf(power)),
        }
    }
}

/// `to` and so many times `from`.
#[inline(always)]
fn add(to: &mut [Lanes], from: &[Lanes], times: f32) {
    to.as_flattened_mut().iter_mut().zip(from.as_flattened()).for_each(|(to, from)| *to += from * times);
}

/// The sum of eight numbers in a fixed tree.
#[inline(always)]
fn total(sums: Lanes) -> f32 {
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

/// The sum of products, eight at a time in a fixed tree.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (whole_a, whole_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let (rest_a, rest_b) = (whole_a.remainder(), whole_b.remainder());
    for (a, b) in whole_a.zip(whole_b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        sums[lane] += a * b;
    }
    total(sums)
}

/// Documents that a thread takes at a time.
const DOCUMENTS: usize = 64;

/// The shares of documents, `[n, topics]`, each for itself.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(crate) fn infer_all(inference: &Inference<'_>, documents: SparseRows<'_>, run: &Run) -> Result<Matrix> {
    let (n, k) = (documents.rows(), inference.topics);
    let mut shares = vec![0.0_f32; n * k];
    shares.par_chunks_mut(DOCUMENTS * k).enumerate().try_for_each_init(InferenceRoom::default, |room, (at, shares)| {
        run.check()?;
        for (within, out) in shares.chunks_exact_mut(k).enumerate() {
            let (words, counts) = documents.row(at * DOCUMENTS + within);
            inference.infer(words, counts, out, room);
        }
        Ok(())
    })?;
    Matrix::new(n, k, shares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn shares_of_known_mixtures_are_found_and_empty_documents_have_the_prior() {
        // Four words, two topics.
        let phi = [0.6, 0.0, 0.4, 0.1, 0.0, 0.4, 0.0, 0.5];
        let prior = [0.0, 0.0];
        let inference = Inference { phi: &phi, topics: 2, prior: &prior, compare: Compare::Plain, steps: 1000, settled: 1e-7 };
        let (mut out, mut room) = ([0.0; 2], InferenceRoom::default());
        // 0.3 of the first topic, 0.7 of the second, in expectation.
        let expected: Vec<f32> = (0..4).map(|word| 1000.0 * (0.3 * phi[2 * word] + 0.7 * phi[2 * word + 1])).collect();
        inference.infer(&[0, 1, 2, 3], &expected, &mut out, &mut room);
        assert!((out[0] - 0.3).abs() < 1e-3, "{out:?}");
        let with = Inference { prior: &[3.0, 1.0], ..inference };
        with.infer(&[], &[], &mut out, &mut room);
        assert_eq!(out, [0.75, 0.25]);
        let without = Inference { prior: &[0.0, 0.0], ..with };
        without.infer(&[], &[], &mut out, &mut room);
        assert_eq!(out, [0.5, 0.5]);
    }

    /// Topics that each prefer some of 400 words, and a document of three of them.
    fn document(topics: usize, document: u64) -> (Vec<f32>, Vec<u32>, Vec<f32>) {
        let random = Random::new(5, "shares");
        let phi = |at: usize| (0.02 - (random.uniform(0, at as u64)).ln()).powi(4) as f32;
        let phi: Vec<f32> = (0..400 * topics).map(phi).collect();
        let of = |place: u64| random.below(1 + document, place % 3, topics as u64) as usize;
        let likely = |place: u64| (0..20).map(move |turn| Random::new(6, "words").below(1 + document, 20 * place + turn, 400) as usize);
        let best = |place: u64| likely(place).max_by(|&a, &b| phi[a * topics + of(place)].total_cmp(&phi[b * topics + of(place)]));
        let mut words: Vec<u32> = (0..60).map(|place| best(place).unwrap() as u32).collect();
        words.sort_unstable();
        let counts: Vec<f32> = words.chunk_by(|a, b| a == b).map(|same| same.len() as f32).collect();
        words.dedup();
        (phi, words, counts)
    }

    #[test]
    fn few_topics_come_to_what_all_come_to_on_any_unit() {
        for topics in [3, 20, 100, 133] {
            for at in 0..6 {
                let (phi, words, counts) = document(topics, at);
                let prior = vec![if at % 2 == 0 { 0.1 } else { 0.0 }; topics];
                let compare = if at < 4 { Compare::Plain } else { Compare::Tempered(0.8) };
                let inference = Inference { phi: &phi, topics, prior: &prior, compare, steps: 400, settled: 1e-5 };
                let all = Inference { steps: 4000, settled: 0.0, ..inference.clone() };
                let (mut few, mut plain, mut whole) = (vec![0.0; topics], vec![0.0; topics], vec![0.0; topics]);
                let mut room = InferenceRoom::default();
                inference.infer(&words, &counts, &mut few, &mut room);
                inference.infer_lanes(&words, &counts, &mut plain, &mut room);
                assert!(few.iter().zip(&plain).all(|(a, b)| a.to_bits() == b.to_bits()));
                all.infer(&words, &counts, &mut whole, &mut room);
                let apart: f32 = few.iter().zip(&whole).map(|(a, b)| (a - b).abs()).sum();
                assert!(apart < 0.02, "{topics} topics, {at}: {apart} apart");
            }
        }
    }
}
