//! Distributions by online variational Bayes: a round learns from one chunk of documents, and moves what is known of all by a step that gets smaller.
//!
//! How much of each word goes to each topic is what a sampler would find in expectation, to first order ("collapsed": no digammas), and the prior
//! of topics in documents is learned beside it. Rounds go over the chunks in their order, one pass after the other; what is known counts as if
//! all documents were like those of the last rounds.
//! Cost: a document's shares, some 20 steps of which most are made with a dozen topics; 20 · words · topics bytes a round.
//! Source: Hoffman, Blei and Bach 2010, "Online learning for latent Dirichlet allocation"; collapsed: Foulds and others 2013,
//! doi:10.1145/2487575.2487697; the prior: Minka 2000, "Estimating a Dirichlet distribution", equation 55.

use std::ops::Range;

use serde_json::{Map, Value, json};

use super::dirichlet::{LEAST, digamma};
use super::rounds::{Corpus, Learner, split};
use crate::axes::{Compare, Inference, infer_all};
use crate::checkpoint::Parcel;
use crate::data::CHUNK;
use crate::error::{Error, Result};
use crate::fold::Portable;
use crate::linalg::{Matrix, SparseRows};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Steps for a document's shares at most, and the change of all of them at which they are settled.
const STEPS: usize = 40;
const SETTLED: f32 = 1e-3;
/// The step of round t, from 0, is (1 + t)^-FORGETS.
const FORGETS: f64 = 0.8;
/// Numbers of words that are told apart for the prior: four an octave (the exponent of a number and two bits), from 1/16 on.
const BIN_BITS: u32 = 21;
const FIRST_BIN: u32 = (127 - 4) << 2;
const BINS: u32 = 4 * 28;
/// Rounds before which the prior stays: topics are not there yet.
const PRIOR_FROM: u32 = 5;
/// Distributions that a document of the first round begins with, and the part of it that is of all topics alike. Fewer make topics that hold each rare word
/// for themselves, and never let go of it.
const FIRST: u64 = 30;
const BLUR: f32 = 0.3;

/// What is asked.
pub(super) struct Online {
    pub(super) topics: usize,
    pub(super) documents: usize,
    /// Passes over all documents.
    pub(super) passes: u32,
    /// As of [`super::gibbs::Asked`].
    pub(super) alpha: f64,
    pub(super) learn_alpha: bool,
    pub(super) eta: f64,
    pub(super) seeds: Vec<(u32, u16)>,
    pub(super) seed_counts: u32,
}

/// What is learned so far.
pub(super) struct State {
    /// `[words, topics]`: how much of each word is of the topic, in all documents.
    table: Matrix,
    /// The same as probabilities of words, with their prior.
    phi: Matrix,
    alpha: Vec<f64>,
    /// Rounds made.
    rounds: u32,
    /// The logarithm of the likelihood of a word in each.
    history: Vec<f64>,
}

impl Portable for State {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel { facts: json!({ "rounds": self.rounds }), ..Parcel::default() };
        parcel.tensors.put_matrix("table", &self.table)?;
        parcel.tensors.put_matrix("phi", &self.phi)?;
        parcel.tensors.put_f64("alpha", &self.alpha)?;
        parcel.tensors.put_f64("history", &self.history)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let wrong = || Error::input("state", "what it holds does not fit together", "a state of the same fit is needed");
        let table = parcel.tensors.matrix("table", None, None)?;
        Ok(State {
            phi: parcel.tensors.matrix("phi", Some(table.rows()), Some(table.cols()))?,
            alpha: parcel.tensors.f64("alpha", Some(table.cols()))?.to_vec(),
            rounds: parcel.facts["rounds"].as_u64().and_then(|rounds| u32::try_from(rounds).ok()).ok_or_else(wrong)?,
            history: parcel.tensors.f64("history", None)?.to_vec(),
            table,
        })
    }
}

/// Words that a thread takes at a time.
const WORDS: usize = 256;

impl Online {
    fn chunks_of_all(&self) -> usize {
        self.documents.div_ceil(CHUNK).max(1)
    }

    /// The chunk that a round learns from.
    fn chunk(&self, round: u32) -> usize {
        round as usize % self.chunks_of_all()
    }

    /// What is learned, with the probabilities of words that follow from it, their prior and the seed words.
    fn state(&self, table: Matrix, alpha: Vec<f64>, rounds: u32, history: Vec<f64>) -> Result<State> {
        let (words, k) = (table.rows(), self.topics);
        let mut sums = vec![self.eta * words as f64; k];
        self.seeds.iter().for_each(|&(_, topic)| sums[topic as usize] += f64::from(self.seed_counts));
        let parts: Vec<Vec<f64>> = table
            .as_slice()
            .par_chunks(WORDS * k)
            .map(|rows| {
                let mut sums = vec![0.0_f64; k];
                rows.chunks_exact(k).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value)));
                sums
            })
            .collect();
        parts.iter().for_each(|part| sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part));
        let scales: Vec<f32> = sums.iter().map(|&sum| (1.0 / sum) as f32).collect();
        let eta = self.eta as f32;
        let mut phi = vec![0.0_f32; words * k];
        phi.par_chunks_mut(WORDS * k).zip(table.as_slice().par_chunks(WORDS * k)).for_each(|(phi, rows)| {
            for (phi, row) in phi.chunks_exact_mut(k).zip(rows.chunks_exact(k)) {
                phi.iter_mut().zip(row).zip(&scales).for_each(|((phi, &value), &scale)| *phi = (value + eta) * scale);
            }
        });
        for &(word, topic) in &self.seeds {
            phi[word as usize * k + topic as usize] += self.seed_counts as f32 * scales[topic as usize];
        }
        Ok(State { phi: Matrix::new(words, k, phi)?, table, alpha, rounds, history })
    }

    /// What some documents say of the prior, but those held out: of each topic the sum of digamma(alpha + words) - digamma(alpha) in expectation,
    /// then the same of all topics.
    fn prior_told(&self, state: &State, rows: SparseRows<'_>, shares: &Matrix, is_held: impl Fn(usize) -> bool) -> Vec<f64> {
        let (k, sum) = (self.topics, state.alpha.iter().sum::<f64>());
        let of_bin = |alpha: &f64| {
            (0..BINS)
                .map(|bin| f32::from_bits((bin + FIRST_BIN) << BIN_BITS | 1 << (BIN_BITS - 1)))
                .map(|words| risen(*alpha, f64::from(words)))
                .collect()
        };
        let of_bins: Vec<Vec<f64>> = state.alpha.iter().map(of_bin).collect();
        let (of_sum, mut told) = (digamma(sum), vec![0.0_f64; k + 1]);
        for row in (0..rows.rows()).filter(|&row| !is_held(row)) {
            let length: f64 = rows.row(row).1.iter().map(|&count| f64::from(count)).sum();
            let all = (length + sum) as f32;
            for (topic, (&share, &alpha)) in shares.row(row).iter().zip(&state.alpha).enumerate() {
                let words = share * all - alpha as f32;
                let bin = (words.max(0.0).to_bits() >> BIN_BITS).min(FIRST_BIN + BINS - 1);
                told[topic] += match bin.checked_sub(FIRST_BIN) {
                    Some(bin) => of_bins[topic][bin as usize],
                    None => f64::from(words.max(0.0)) / alpha,
                };
            }
            told[k] += digamma(sum + length) - of_sum;
        }
        told
    }
}

/// digamma(alpha + n) - digamma(alpha) in expectation, where n is a number of words of which only the mean is known: of the Poisson distribution.
/// The mean itself in place of n would say far more: a hundredth of a word in each topic is one word in few.
fn risen(alpha: f64, mean: f64) -> f64 {
    if mean > 40.0 {
        return digamma(alpha + mean) - digamma(alpha);
    }
    // The sum over j of the chance of more than j, by alpha + j.
    let (mut chance, mut told) = ((-mean).exp(), 0.0);
    let mut more = 1.0 - chance;
    for j in 0..200 {
        told += more / (alpha + f64::from(j));
        chance *= mean / f64::from(j + 1);
        more -= chance;
        if more < 1e-9 {
            break;
        }
    }
    told
}

impl Online {
    /// Some topics for each document, drawn: so the words of a document agree with each other before they agree with the corpus.
    fn first_shares(&self, rows: SparseRows<'_>, first: usize, run: &Run) -> Result<Matrix> {
        let (random, k) = (Random::new(run.seed(), "topics of documents"), self.topics);
        let mut shares = vec![BLUR / k as f32; rows.rows() * k];
        for (row, shares) in shares.chunks_exact_mut(k).enumerate() {
            for item in 0..FIRST {
                shares[random.below((first + row) as u64, item, k as u64) as usize] += (1.0 - BLUR) / FIRST as f32;
            }
        }
        Matrix::new(rows.rows(), k, shares)
    }
}

impl Learner for Online {
    type State = State;

    /// Each word in each topic as frequent as in the corpus: the first round draws topics for documents.
    fn begin(&self, totals: &[f64], _: &Run) -> Result<State> {
        let k = self.topics;
        let table: Vec<f32> = (0..totals.len() * k).map(|at| (totals[at / k] / k as f64) as f32).collect();
        self.state(Matrix::new(totals.len(), k, table)?, vec![self.alpha; k], 0, Vec::new())
    }

    fn chunks(&self, state: &State, _: usize) -> Range<usize> {
        let chunk = self.chunk(state.rounds);
        chunk..chunk + 1
    }

    /// Sums: the logarithm of the likelihood of all words, how many words, how many documents; then what is told of the prior.
    fn learn(&self, corpus: &Corpus, state: &State, rows: SparseRows<'_>, first: usize) -> Result<(Vec<f32>, Vec<f64>)> {
        let prior: Vec<f32> = state.alpha.iter().map(|&alpha| alpha as f32).collect();
        let inference = Inference {
            phi: state.phi.as_slice(),
            axes: self.topics,
            prior: &prior,
            compare: Compare::Plain,
            steps: STEPS,
            settled: SETTLED,
        };
        let is_held = |row: usize| corpus.held(first + row).is_some();
        let shares =
            if state.rounds == 0 { self.first_shares(rows, first, &corpus.run)? } else { infer_all(&inference, rows, &corpus.run)? };
        let split = split(&inference, &inference, rows, &shares, is_held, &corpus.run)?;
        let documents = (0..rows.rows()).filter(|&row| !is_held(row)).count();
        let mut sums = vec![split.told, split.words, documents as f64];
        if self.learn_alpha && state.rounds >= PRIOR_FROM {
            sums.extend(self.prior_told(state, rows, &shares, is_held));
        }
        Ok((split.table, sums))
    }

    fn improve(&self, _: &[f64], state: State, table: Vec<f32>, sums: &[f64], run: &Run) -> Result<(State, bool)> {
        let State { table: known, mut alpha, rounds, mut history, .. } = state;
        let all = u64::from(self.passes) * self.chunks_of_all() as u64;
        let step = (1.0 + f64::from(rounds)).powf(-FORGETS);
        let mut known = known.as_slice().to_vec();
        if sums[2] > 0.0 {
            // As if all documents were like these.
            let (keeps, takes) = ((1.0 - step) as f32, (step * self.documents as f64 / sums[2]) as f32);
            known.par_chunks_mut(WORDS * self.topics).zip(table.par_chunks(WORDS * self.topics)).for_each(|(known, new)| {
                known.iter_mut().zip(new).for_each(|(known, new)| *known = keeps * *known + takes * new);
            });
            history.push(if sums[1] > 0.0 { sums[0] / sums[1] } else { 0.0 });
        }
        if let Some((&below, above)) = sums[3..].split_last().filter(|(below, _)| **below > 0.0) {
            for (alpha, above) in alpha.iter_mut().zip(above) {
                *alpha = (*alpha * above / below).max(LEAST);
            }
        }
        let rounds = rounds + 1;
        run.progress("LDA", u64::from(rounds), all);
        let ends = u64::from(rounds) >= all || run.stopped();
        let table = Matrix::new(known.len() / self.topics, self.topics, known)?;
        Ok((self.state(table, alpha, rounds, history)?, ends))
    }

    fn learned(&self, state: State) -> (Matrix, Vec<f32>, Map<String, Value>) {
        let prior = state.alpha.iter().map(|&alpha| alpha as f32).collect();
        let facts = Map::from_iter([
            ("n_iter_done".to_owned(), json!(f64::from(state.rounds) / self.chunks_of_all() as f64)),
            ("alpha".to_owned(), json!(state.alpha.iter().sum::<f64>() / self.topics as f64)),
            ("fitted_log_likelihood_per_word".to_owned(), json!(state.history)),
        ]);
        (state.phi, prior, facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_few_words_say_of_a_prior_is_what_draws_of_them_say() {
        let random = Random::new(7, "words of a topic");
        for (alpha, mean) in [(0.05, 0.02_f64), (0.05, 0.7), (0.3, 4.0), (1.5, 35.0), (0.2, 60.0)] {
            let draws = 200_000;
            // Of the Poisson distribution, by the product of uniform numbers (Knuth).
            let one = |draw: u64| {
                let (mut left, mut n) = (1.0, 0_u64);
                loop {
                    left *= random.uniform(draw, n);
                    if left < (-mean).exp() {
                        break n;
                    }
                    n += 1;
                }
            };
            let told: f64 = (0..draws).map(|draw| digamma(alpha + one(draw) as f64) - digamma(alpha)).sum::<f64>() / draws as f64;
            let found = risen(alpha, mean);
            assert!((found / told - 1.0).abs() < 0.03, "{alpha} {mean}: {found}, {told} drawn");
        }
    }
}
