//! Probabilistic latent semantic analysis (PLSA): documents as mixtures of topics, topics as distributions over words, without a prior.
//!
//! Learns by expectation maximization what [LDA](super::lda) learns by sampling; it takes weights that are not counts (tf-idf), files
//! larger than
//! memory, and shares on many machines. Use it there, or where no prior is wanted. Do not use it for few or short documents: without a
//! prior it
//! overfits, and tempering only delays that.
//!
//! A round estimates each document's topic proportions by a few steps from uniform ones, then the topics. Where the held-out likelihood
//! falls,
//! the posterior over topics is tempered by a power β below 1, and learning continues from the best round.
//! Cost: about 20 steps per round, each 4 flops per distinct word of a document and topic; 4 · words · topics bytes per chunk of the
//! fold.
//! Source: Hofmann 1999, doi:10.1145/312624.312649; tempering: Hofmann 2001, doi:10.1023/A:1007617005950.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::attributes;
use super::corpus::{check_shape, usual_topics};
use super::model::{TopicModel, writing_bytes};
use super::rounds::{Corpus, Learner, Rounds, rounds_bytes, split};
use crate::attributes::{Fit, Found};
use crate::axes::{COMPLETION_STEPS, Compare, Inference, InferenceRoom, halve, infer_all, tell};
use crate::checkpoint::Parcel;
use crate::data::{CHUNK, Rows};
use crate::error::{Error, Result};
use crate::fold::{AnyFold, Portable};
use crate::linalg::{Matrix, SparseRows};
use crate::method::{Fitted, Info, Law, Likelihood, Method, Plan, Sees, Shape, Signs, Takes};
use crate::model::{Can, Model};
use crate::parallel::*;
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// Probabilistic latent semantic analysis (PLSA): documents as mixtures of topics, topics as distributions over words, without a prior.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Plsa {
    /// Number of topics. auto: 10 below 500 documents, 20 below 5,000, 50 below 20,000, else 100.
    #[schemars(title = "topics", extend("role" = Role::Dimensions, "minimum" = 1, "maximum" = 10_000))]
    pub n_components: Auto<u32>,
    /// Maximum number of rounds over all documents. Learning stops earlier when the likelihood settles or the held-out likelihood no
    /// longer rises.
    #[schemars(title = "iterations", range(min = 1, max = 100_000))]
    pub n_iter: u32,
    /// Factor on the power β of tempered EM, 1 at first, whenever the held-out likelihood falls. 1: stop learning then instead.
    #[schemars(title = "tempering", extend("exclusiveMinimum" = 0, "maximum" = 1))]
    pub temper: f64,
    /// Pseudo-counts of the corpus's word distribution added to each topic, so that no word has probability 0.
    #[schemars(extend("minimum" = 0, "maximum" = 1e6))]
    pub smoothing: f64,
    /// Fraction of the documents held out to measure the likelihood of new documents and to decide when to temper and to stop, at most
    /// 2,000 of them.
    #[schemars(extend("role" = Role::HeldOut, "minimum" = 0, "maximum" = 0.5))]
    pub held_out: f64,
}

impl Default for Plsa {
    fn default() -> Self {
        Plsa { n_components: Auto::Auto, n_iter: 200, temper: 0.9, smoothing: 10.0, held_out: 0.05 }
    }
}

/// Steps for a document's shares: some in the first round, one more in each that follows, so many at most; and the change of all shares at which
/// they are settled.
const STEPS: [usize; 2] = [4, 20];
const SETTLED: f32 = 1e-3;
/// Learning ends when the likelihood of a word rises by less in a round, as a logarithm.
const RISES: f64 = 1e-4;
/// Rounds without a better likelihood of documents held out after which it is tempered, or ended.
const PATIENCE: f64 = 3.0;
/// Rounds usually made.
const USUAL_ROUNDS: u32 = 60;
/// Seconds of one core: a different word of a document, topic and step; a different word of a document and round.
const SECONDS: [f64; 2] = [0.9e-9, 150e-9];
/// The same of telling all documents in the end: a different word of a document and topic.
const TOLD: f64 = 10e-9;

impl Plsa {
    fn topics(&self, documents: usize) -> usize {
        self.n_components.or_else(|| usual_topics(documents)) as usize
    }
}

impl Method for Plsa {
    const INFO: Info = Info {
        name: "plsa",
        title: "PLSA",
        class: "PLSA",
        family: "topics",
        summary: "topics over words, without a prior",
        takes: &[Takes::Counts, Takes::Text],
        sees: Sees::Rows,
        signs: Signs::NonNegative,
        encodes: true,
        decodes: true,
        folds: true,
        likelihood: Some(Likelihood::Words),
        can: Can { kept: true, axes: Some("topic"), sampler: false },
        laws: &[Law::NonNegativity, Law::Proportions],
        oriented: true,
        live: false,
        given: &[],
        limits: &[
            "the space stores no titles of documents: documents in memory, streamed and in shares must give the same space",
            "negative weights are refused: they are word counts",
        ],
        attributes: attributes::WITHOUT_PRIOR,
        peer: Some(attributes::PEER_WITHOUT_PRIOR),
        references: &[
            "Hofmann 1999, Probabilistic latent semantic indexing, doi:10.1145/312624.312649",
            "Hofmann 2001, Unsupervised learning by probabilistic latent semantic analysis, doi:10.1023/A:1007617005950",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        let asked = match self.n_components {
            Auto::Value(topics) => Some(topics),
            Auto::Auto => None,
        };
        check_shape("PLSA", shape, asked)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (topics, threads) = (self.topics(shape.rows) as f64, run.threads() as f64);
        let cells = shape.cells.unwrap_or(shape.rows * shape.cols) as f64;
        let levels = f64::from(shape.rows.div_ceil(CHUNK).max(1).ilog2()) + 1.0;
        let rounds = self.n_iter.min(USUAL_ROUNDS);
        let steps: usize = (0..rounds as usize).map(|round| (STEPS[0] + round).min(STEPS[1])).sum();
        let bytes = rounds_bytes(shape, self.topics(shape.rows), 1.5 + threads + levels / 2.0) + threads * 8.0 * CHUNK as f64 * topics;
        Plan {
            algorithm: format!("expectation maximization, {topics} topics, {} rounds at most", self.n_iter),
            peak_bytes: shape.lying_bytes() + bytes.max(writing_bytes(shape, self.topics(shape.rows))) as u64,
            seconds: cells * (steps as f64 * topics * SECONDS[0] + f64::from(rounds) * SECONDS[1] + topics * TOLD) / threads,
            rounds: rounds + 2,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        self.folding(rows.shape(), run)?.fit(rows, "PLSA", run)
    }

    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>> {
        let learner = Maximization { params: self.clone(), topics: self.topics(shape.rows) };
        Ok(Box::new(Rounds::new(learner, shape, self.held_out, run)))
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, _run: &Run) -> Result<Found> {
        attributes::made(name, 0.0, fit)
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(TopicModel::load(tensors, facts)?))
    }
}

/// Expectation maximization.
struct Maximization {
    params: Plsa,
    topics: usize,
}

/// What a round starts from.
struct State {
    /// `[words, topics]`: the probability of the word in the topic.
    phi: Matrix,
    /// The same to the power β, where that is not 1.
    raised: Option<Matrix>,
    /// β.
    power: f64,
    /// The best topics for documents held out, what a word of these was told by, whether that was better than with a higher β, and rounds since.
    best: Option<Best>,
    /// The logarithm of the likelihood of a word in each round: learned, held out (0 if none is).
    history: Vec<f64>,
}

#[derive(Clone)]
struct Best {
    phi: Matrix,
    held: f64,
    is_better: bool,
    rounds: f64,
}

impl State {
    fn with_power(mut self, power: f64) -> Result<Self> {
        self.power = power;
        let raise = |phi: &f32| phi.powf(power as f32);
        let raised = || Matrix::new(self.phi.rows(), self.phi.cols(), self.phi.as_slice().iter().map(raise).collect());
        self.raised = (power < 1.0).then(raised).transpose()?;
        Ok(self)
    }

    fn rounds(&self) -> usize {
        self.history.len() / 2
    }
}

impl Portable for State {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel { facts: json!({ "has_best": self.best.is_some() }), ..Parcel::default() };
        parcel.tensors.put_matrix("phi", &self.phi)?;
        parcel.tensors.put_f64("history", &self.history)?;
        parcel.tensors.put_f64("power", &[self.power])?;
        if let Some(best) = &self.best {
            parcel.tensors.put_matrix("best", &best.phi)?;
            parcel.tensors.put_f64("best_held_better_rounds", &[best.held, f64::from(u8::from(best.is_better)), best.rounds])?;
        }
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let wrong = || Error::input("state", "what it holds does not fit together", "a state of the same fit is needed");
        let list = |name, len| parcel.tensors.f64(name, len).map(<[f64]>::to_vec);
        let (phi, history) = (parcel.tensors.matrix("phi", None, None)?, list("history", None)?);
        if history.len() % 2 != 0 {
            return Err(wrong());
        }
        let best = match parcel.facts["has_best"].as_bool() {
            Some(true) => {
                let numbers = list("best_held_better_rounds", Some(3))?;
                let table = parcel.tensors.matrix("best", Some(phi.rows()), Some(phi.cols()))?;
                Some(Best { phi: table, held: numbers[0], is_better: numbers[1] > 0.0, rounds: numbers[2] })
            }
            _ => None,
        };
        State { phi, raised: None, power: 1.0, best, history }.with_power(list("power", Some(1))?[0])
    }
}

impl Maximization {
    /// Probabilities of words in topics, from how much of each word went to each.
    fn normalized(&self, table: &[f32], totals: &[f64]) -> Result<Matrix> {
        let (k, words) = (self.topics, totals.len());
        let mut sums = vec![0.0_f64; k];
        table.chunks_exact(k).for_each(|row| sums.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value)));
        let all: f64 = totals.iter().sum::<f64>() + words as f64;
        // A topic that nothing went to is the corpus at large.
        let smoothing = sums.iter().map(|&sum| if sum > 0.0 { self.params.smoothing } else { 1.0 }).collect::<Vec<f64>>();
        let cells = table.chunks_exact(k).zip(totals).flat_map(|(row, total)| {
            let frequency = (total + 1.0) / all;
            let parts = row.iter().zip(&sums).zip(&smoothing);
            parts.map(move |((&value, sum), smoothing)| ((f64::from(value) + smoothing * frequency) / (sum + smoothing)) as f32)
        });
        Matrix::new(words, k, cells.collect())
    }
}

impl Learner for Maximization {
    type State = State;

    /// Each word in each topic as frequent as in the corpus, times a number drawn for both.
    fn begin(&self, totals: &[f64], run: &Run) -> Result<State> {
        let (random, k) = (Random::new(run.seed(), "words of topics"), self.topics);
        let draw = |topic: usize, word: usize| 0.1 - (1.0 - random.uniform(topic as u64, word as u64)).ln();
        let table: Vec<f32> = (0..totals.len() * k).map(|at| (totals[at / k] * draw(at % k, at / k)) as f32).collect();
        Ok(State { phi: self.normalized(&table, totals)?, raised: None, power: 1.0, best: None, history: Vec::new() })
    }

    /// The shares of documents, and from these how much of each word goes to each topic; the sums are those of [`Learner::improve`].
    fn learn(&self, corpus: &Corpus, state: &State, rows: SparseRows<'_>, first: usize) -> Result<(Vec<f32>, Vec<f64>)> {
        let (k, prior) = (self.topics, vec![0.0; self.topics]);
        let steps = (STEPS[0] + state.rounds()).min(STEPS[1]);
        let plain = Inference { phi: state.phi.as_slice(), axes: k, prior: &prior, compare: Compare::Plain, steps, settled: SETTLED };
        let blurred = match &state.raised {
            Some(raised) => Inference { phi: raised.as_slice(), compare: Compare::Tempered(state.power as f32), ..plain.clone() },
            None => plain.clone(),
        };
        let is_held = |row: usize| corpus.held(first + row).is_some();
        let shares = infer_all(&blurred, rows, &corpus.run)?;
        let split = split(&blurred, &plain, rows, &shares, is_held, &corpus.run)?;
        // Documents held out are told as they will be in the end.
        let told = Inference { steps: COMPLETION_STEPS, settled: 0.0, ..plain.clone() };
        let held: Vec<usize> = (0..rows.rows()).filter(|&row| is_held(row)).collect();
        let room = || (InferenceRoom::default(), Vec::new());
        let tell = |(room, shares): &mut (InferenceRoom, Vec<f32>), &row: &usize| {
            let [even, odd] = halve(rows.row(row), corpus.held(first + row).unwrap_or_default(), corpus.run.seed());
            [tell(&told, [&even, &odd], shares, room), odd.len() as f64]
        };
        let of_held: Vec<[f64; 2]> = held.par_iter().map_init(room, tell).collect();
        let [held, held_words] = [0, 1].map(|at| of_held.iter().map(|told| told[at]).sum());
        Ok((split.table, vec![split.told, split.words, held, held_words]))
    }

    fn improve(&self, totals: &[f64], mut state: State, table: Vec<f32>, sums: &[f64], run: &Run) -> Result<(State, bool)> {
        let per_word = |told: f64, words: f64| if words > 0.0 { told / words } else { 0.0 };
        let (learned, held) = (per_word(sums[0], sums[1]), per_word(sums[2], sums[3]));
        let settled = state.history.iter().nth_back(1).is_some_and(|before| (learned - before).abs() < RISES);
        state.history.extend([learned, held]);
        let round = state.rounds();
        run.progress("PLSA", round as u64, u64::from(self.params.n_iter));
        let mut next = self.normalized(&table, totals)?;
        let is_last = round >= self.params.n_iter as usize || run.stopped();
        let (mut power, mut ends) = (state.power, settled || is_last);
        if sums[3] > 0.0 {
            let mut best = match state.best.take() {
                Some(best) if held <= best.held => Best { rounds: best.rounds + 1.0, ..best },
                _ => Best { phi: state.phi.clone(), held, is_better: true, rounds: 0.0 },
            };
            let is_worse = best.rounds >= PATIENCE;
            let tempers = is_worse && best.is_better && self.params.temper < 1.0 && !is_last;
            ends = !tempers && (ends || is_worse);
            if tempers {
                power *= self.params.temper;
                (best.is_better, best.rounds) = (false, 0.0);
            }
            if tempers || ends {
                next = best.phi.clone();
            }
            state.best = Some(best);
        }
        state.phi = next;
        if ends {
            run.progress("PLSA", u64::from(self.params.n_iter), u64::from(self.params.n_iter));
            return Ok((State { raised: None, best: None, ..state }, true));
        }
        Ok((state.with_power(power)?, false))
    }

    fn learned(&self, state: State) -> (Matrix, Vec<f32>, Map<String, Value>) {
        let each = |from: usize| state.history.iter().skip(from).step_by(2).copied().collect::<Vec<f64>>();
        let mut facts = Map::from_iter([
            ("n_iter_done".to_owned(), json!(state.rounds())),
            ("temper_power".to_owned(), json!(state.power)),
            ("fitted_log_likelihood_per_word".to_owned(), json!(each(0))),
        ]);
        if state.history.iter().skip(1).step_by(2).any(|&held| held != 0.0) {
            facts.insert("held_out_log_likelihood_per_word".to_owned(), json!(each(1)));
        }
        (state.phi, vec![0.0; self.topics], facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{OwnedRows, SparseMatrix};
    use crate::method::AnyMethod;

    /// Documents over 30 words, each mostly of one of three topics of ten words.
    fn planted(documents: usize) -> Matrix {
        let random = Random::new(4, "planted topics");
        let topic = |document: usize, place: usize| match random.uniform(document as u64, 1000 + place as u64) < 0.8 {
            true => document % 3,
            false => (document + 1) % 3,
        };
        let word = |document: usize, place: usize| 10 * topic(document, place) + random.below(document as u64, place as u64, 10) as usize;
        let mut cells = vec![0.0; documents * 30];
        (0..documents).for_each(|document| (0..60).for_each(|place| cells[document * 30 + word(document, place)] += 1.0));
        Matrix::new(documents, 30, cells).unwrap()
    }

    fn fit(params: &Plsa, rows: &OwnedRows, threads: usize) -> Result<Fitted> {
        AnyMethod::fit(params, &Rows::memory(rows), &Run::new(2, threads).unwrap())
    }

    fn three() -> Plsa {
        Plsa { n_components: Auto::Value(3), ..Plsa::default() }
    }

    #[test]
    fn planted_topics_come_back_from_counts_and_from_fractions() {
        let table = planted(300);
        let tenths = Matrix::new(300, 30, table.as_slice().iter().map(|cell| cell * 3.7).collect()).unwrap();
        for rows in [OwnedRows::Sparse(SparseMatrix::of(&table)), OwnedRows::Dense(table), OwnedRows::Sparse(SparseMatrix::of(&tenths))] {
            let fitted = fit(&three(), &rows, 2).unwrap();
            let topics = fitted.model.capabilities().axes.unwrap().distributions().unwrap().unwrap();
            let mut owned: Vec<usize> = (0..3)
                .map(|topic| {
                    let of = |group: usize| (10 * group..10 * (group + 1)).map(|word| topics.probability(word, topic)).sum::<f64>();
                    (0..3).find(|&group| of(group) > 0.95).unwrap_or(9)
                })
                .collect();
            owned.sort_unstable();
            assert_eq!(owned, [0, 1, 2]);
            let told = fitted.measures.iter().find(|(name, _)| *name == "log_likelihood_per_word").unwrap().1;
            assert!(told.value > told.null.unwrap() + 0.3, "{told:?}");
        }
    }

    #[test]
    fn the_likelihood_never_falls() {
        let params = Plsa { held_out: 0.0, smoothing: 0.0, n_iter: 80, ..three() };
        let fitted = fit(&params, &OwnedRows::Sparse(SparseMatrix::of(&planted(200))), 2).unwrap();
        let history: Vec<f64> = serde_json::from_value(fitted.facts["fitted_log_likelihood_per_word"].clone()).unwrap();
        assert!(history.len() > 5, "{history:?}");
        assert!(history.windows(2).all(|pair| pair[1] >= pair[0] - 1e-6), "{history:?}");
    }

    /// Expectation maximization of PLSA minimizes what multiplicative updates of a factorization minimize (Gaussier and Goutte 2005,
    /// doi:10.1145/1076034.1076148): both come to the same likelihood. Updates: Lee and Seung 2000.
    #[test]
    fn factorization_by_divergence_comes_to_the_same_likelihood() {
        let table = planted(150);
        let (n, d, k) = (150, 30, 3);
        let params = Plsa { held_out: 0.0, smoothing: 0.0, n_iter: 400, ..three() };
        let rows = OwnedRows::Sparse(SparseMatrix::of(&table));
        let fitted = fit(&params, &rows, 1).unwrap();
        let history: Vec<f64> = serde_json::from_value(fitted.facts["fitted_log_likelihood_per_word"].clone()).unwrap();
        // The same start.
        let run = Run::new(2, 1).unwrap();
        let totals: Vec<f64> = (0..d).map(|word| (0..n).map(|document| f64::from(table.row(document)[word])).sum()).collect();
        let begun = Maximization { params, topics: k }.begin(&totals, &run).unwrap();
        let mut h: Vec<f64> = (0..k * d).map(|at| f64::from(begun.phi.row(at % d)[at / d])).collect();
        let mut w = vec![60.0 / 3.0; n * k];
        let made = |w: &[f64], h: &[f64], i: usize, j: usize| (0..k).map(|a| w[i * k + a] * h[a * d + j]).sum::<f64>();
        for _ in 0..2000 {
            let ratio: Vec<f64> = (0..n * d).map(|at| f64::from(table.as_slice()[at]) / made(&w, &h, at / d, at % d).max(1e-300)).collect();
            for a in 0..k {
                let sum: f64 = h[a * d..][..d].iter().sum();
                for i in 0..n {
                    w[i * k + a] *= (0..d).map(|j| h[a * d + j] * ratio[i * d + j]).sum::<f64>() / sum;
                }
            }
            let ratio: Vec<f64> = (0..n * d).map(|at| f64::from(table.as_slice()[at]) / made(&w, &h, at / d, at % d).max(1e-300)).collect();
            for a in 0..k {
                let sum: f64 = (0..n).map(|i| w[i * k + a]).sum();
                for j in 0..d {
                    h[a * d + j] *= (0..n).map(|i| w[i * k + a] * ratio[i * d + j]).sum::<f64>() / sum;
                }
            }
        }
        let told: f64 = (0..n * d)
            .filter(|&at| table.as_slice()[at] > 0.0)
            .map(|at| {
                let all: f64 = (0..d).map(|j| made(&w, &h, at / d, j)).sum();
                f64::from(table.as_slice()[at]) * (made(&w, &h, at / d, at % d) / all).ln()
            })
            .sum();
        let (told, found) = (told / (60.0 * n as f64), history[history.len() - 1]);
        assert!((told - found).abs() < 2e-3, "{told} by factors, {found} by topics");
    }

    #[test]
    fn what_is_learned_by_heart_is_tempered_and_ended() {
        // Few short documents of no topic at all.
        let random = Random::new(9, "noise");
        let table = Matrix::from_fn(120, 200, |i, j| f32::from(random.uniform(i as u64, j as u64) < 0.08));
        let params = Plsa { n_components: Auto::Value(20), held_out: 0.3, ..Plsa::default() };
        let fitted = fit(&params, &OwnedRows::Sparse(SparseMatrix::of(&table)), 2).unwrap();
        assert!(fitted.facts["n_iter_done"].as_u64().unwrap() < 100, "{:?}", fitted.facts);
        let told: Vec<f64> = serde_json::from_value(fitted.facts["held_out_log_likelihood_per_word"].clone()).unwrap();
        let best = told.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let measured = fitted.measures.iter().find(|(name, _)| *name == "log_likelihood_per_word").unwrap().1.value;
        assert!((measured - best).abs() < 1e-3, "{measured} measured, {best} of {told:?}");
    }

    #[test]
    fn a_weight_below_0_is_refused_with_its_place() {
        let table = Matrix::from_fn(50, 30, |i, j| if (i, j) == (17, 4) { -1.0 } else { 1.0 });
        let Err(Error::Input(error)) = fit(&three(), &OwnedRows::Dense(table), 2) else { panic!("-1 was taken") };
        assert_eq!((error.row, error.column.as_deref()), (Some(18), Some("5")));
    }
}
