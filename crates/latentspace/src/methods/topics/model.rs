//! A space of topics, whichever way they were learned: a document's code is which shares it has of them.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::axes::{Axes, Coherence, Compare, Distributions, Inference, Texts, Weights, coherence, completion, halves, infer_all};
use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::{Matrix, OwnedRows, SparseMatrix};
use crate::method::Shape;
use crate::model::{Capabilities, Kept, Model, Sampler};
use crate::neighbors::Metric;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::{Tensor, Tensors};

/// Steps for a document's shares at most, and the change of all of them at which they are settled.
const STEPS: usize = 200;
const SETTLED: f32 = 1e-4;
/// Documents and their shares are kept in the space where they take no more.
pub(super) const KEPT_BYTES: usize = 256 << 20;
/// Top words of a topic whose coherence is told.
const TOP: usize = 10;

/// Bytes while a space of topics is written: what it keeps, three times and what is lost between, and the shares of documents once more. The
/// factor is measured.
pub(super) fn writing_bytes(shape: Shape, topics: usize) -> f64 {
    let cells = shape.cells.unwrap_or(shape.rows * shape.cols);
    let shares = 4 * shape.rows * topics;
    let kept = if shares + 8 * cells <= KEPT_BYTES { shares + 8 * cells } else { 0 };
    3.3 * (kept + 4 * shape.cols * topics) as f64 + shares as f64
}

/// A space of topics.
pub(super) struct TopicModel {
    topics: Distributions,
    /// The prior of each topic in a document.
    prior: Vec<f32>,
    /// The shares of the documents it was learned from, and their words; none where they take too much.
    documents: Option<(Matrix, OwnedRows)>,
}

/// Documents that are not learned from, but told: the share asked for, 2,000 at most; drawn by the seed, ascending.
pub(super) fn held_out(documents: usize, share: f64, seed: u64) -> Vec<u32> {
    let wanted = ((documents as f64 * share).round() as usize).min(2_000).min(documents.saturating_sub(1));
    let mut held = Random::new(seed, "documents held out").sample(0, documents, wanted);
    held.sort_unstable();
    held
}

/// All documents but those held out.
pub(super) fn others(documents: usize, held: &[u32]) -> Vec<u32> {
    (0..documents as u32).filter(|document| held.binary_search(document).is_err()).collect()
}

/// Documents that topics are measured by.
pub(super) struct MeasuredDocuments {
    /// Their words.
    pub(super) counts: SparseMatrix,
    /// Which of them were not learned from, ascending.
    pub(super) held: Vec<u32>,
    /// How often each word is in the corpus, and how many documents it has.
    pub(super) totals: Vec<f64>,
    pub(super) documents: usize,
    /// Whether the space keeps them.
    are_kept: bool,
}

impl MeasuredDocuments {
    /// The whole corpus.
    pub(super) fn all(counts: SparseMatrix, held: Vec<u32>, topics: usize, run: &Run) -> Self {
        let mut totals = vec![0.0_f64; counts.cols];
        counts.indices.iter().zip(&counts.values).for_each(|(&word, &count)| totals[word as usize] += f64::from(count));
        let documents = counts.rows();
        Self::of(counts, held, totals, documents, topics, run)
    }

    /// Some of so many documents, or all: these the space keeps, unless they take too much.
    pub(super) fn of(counts: SparseMatrix, held: Vec<u32>, totals: Vec<f64>, documents: usize, topics: usize, run: &Run) -> Self {
        let are_kept = counts.rows() == documents && counts.rows() * topics * 4 + counts.values.len() * 8 <= KEPT_BYTES;
        if !are_kept {
            run.note("the space does not store the documents: they take more than 256 MiB");
        }
        MeasuredDocuments { counts, held, totals, documents, are_kept }
    }

    /// As many documents that were learned from as were not, drawn by the seed.
    fn learned(&self, run: &Run) -> SparseMatrix {
        let learned = others(self.counts.rows(), &self.held);
        let drawn = Random::new(run.seed(), "documents learned from").sample(0, learned.len(), self.held.len());
        self.counts.select(&drawn.iter().map(|&at| learned[at as usize]).collect::<Vec<_>>())
    }
}

/// What a fit of topics gives: the space, and how good it is.
pub(super) struct Learned {
    pub(super) model: TopicModel,
    pub(super) codes: Matrix,
    pub(super) measures: Vec<(&'static str, Measure)>,
    pub(super) facts: Map<String, Value>,
}

impl TopicModel {
    /// The space of these topics, `phi` `[words, topics]`, with the shares of documents, and its measures. What documents tell that were not
    /// learned from is a measure; what as many tell that were, by the same yardstick, is a fact.
    pub(super) fn learned(phi: Matrix, prior: Vec<f32>, told: MeasuredDocuments, run: &Run) -> Result<Learned> {
        let k = phi.cols();
        let topics = Distributions::new(phi, vec![1.0; k], told.totals.clone(), told.documents)?;
        let (counts, held) = (&told.counts, &told.held);
        run.progress("shares of documents", 0, 1);
        let codes = infer_all(&inference(&topics, &prior), counts.view(), run)?;
        let topics = topics.with_shares(shares(&codes, counts));
        let (mut measures, mut training) = (Vec::new(), None);
        let tops = topics.tops(TOP);
        if !held.is_empty() {
            run.progress("words of documents held out", 0, 1);
            let has_words = |told: &[[Vec<u32>; 2]]| told.iter().any(|[_, odd]| !odd.is_empty());
            let new = halves(&counts.select(held), run.seed());
            if has_words(&new) {
                measures.push(("log_likelihood_per_word", completion(&topics, &new, run)?));
            }
            let known = halves(&told.learned(run), run.seed());
            if has_words(&known) {
                training = Some(completion(&topics, &known, run)?);
            }
        }
        let together = coherence(&tops, Texts::Counts(counts.view()), Coherence::CNpmi, Coherence::CNpmi.usual(), run)?;
        measures.push(("coherence_npmi", Measure::exact(together.mean, Some(chance(&topics, counts, run)?))));
        let exclusivity = topics.exclusivity();
        measures.push(("exclusivity", Measure::exact(exclusivity.iter().sum::<f64>() / k as f64, Some(1.0 / k as f64))));
        measures.push(("diversity", Measure::exact(topics.diversity(), None)));
        let mut facts = Map::from_iter([
            ("n_components".to_owned(), json!(k)),
            ("words".to_owned(), json!(topics.words())),
            ("tokens".to_owned(), json!(topics.tokens())),
            ("held_out".to_owned(), json!(held.len())),
            ("topic_coherence_npmi".to_owned(), json!(together.axes)),
            ("topic_exclusivity".to_owned(), json!(exclusivity)),
        ]);
        if let Some(training) = training {
            facts.insert("training_log_likelihood_per_word".to_owned(), json!(training));
        }
        let documents = told.are_kept.then(|| (codes.clone(), OwnedRows::Sparse(told.counts)));
        Ok(Learned { model: TopicModel { topics, prior, documents }, codes, measures, facts })
    }

    /// Opens what [`Model::store`] wrote.
    pub(super) fn load(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let by_word = tensors.matrix("topics", None, None)?;
        let (words, k) = (by_word.rows(), by_word.cols());
        let shares = tensors.f64("shares", Some(k))?.to_vec();
        let totals = tensors.f64("totals", Some(words))?.to_vec();
        let prior = tensors.matrix("prior", Some(1), Some(k))?.as_slice().to_vec();
        let wrong = |found: &str| Error::input("space", found, "a whole space of topics is needed");
        if !prior.iter().all(|&prior| prior >= 0.0 && prior.is_finite()) {
            return Err(wrong("a prior below 0"));
        }
        let learned_from = facts["documents"].as_u64().ok_or_else(|| wrong("it does not state its number of documents"))? as usize;
        let documents = match tensors.u32("document_starts", None) {
            Err(_) => None,
            Ok(starts) => {
                let codes = tensors.matrix("codes", Some(learned_from), Some(k))?;
                let starts: Vec<usize> = starts.iter().map(|&start| start as usize).collect();
                let indices = tensors.u32("document_words", None)?.to_vec();
                let values = tensors.matrix("document_counts", Some(1), Some(indices.len()))?.as_slice().to_vec();
                let ordered =
                    |row: &[usize]| row[0] <= row[1] && row[1] <= indices.len() && indices[row[0]..row[1]].is_sorted_by(|a, b| a < b);
                let is_whole = starts.len() == learned_from + 1 && starts.first() == Some(&0) && starts.last() == Some(&indices.len());
                if !is_whole || !starts.windows(2).all(ordered) || indices.iter().any(|&word| word as usize >= words) {
                    return Err(wrong("its documents do not fit its words"));
                }
                let counts = SparseMatrix { cols: words, starts, indices, values };
                Some((codes, OwnedRows::Sparse(counts)))
            }
        };
        Ok(TopicModel { topics: Distributions::new(by_word, shares, totals, learned_from)?, prior, documents })
    }
}

/// What top words drawn by chance would have: the words of each topic in another topic's place each.
fn chance(topics: &Distributions, counts: &SparseMatrix, run: &Run) -> Result<f64> {
    let random = Random::new(run.seed(), "words of no topic");
    // Of the words that are some topic's, so that they are as frequent.
    let mut words: Vec<u32> = topics.tops(TOP).into_iter().flatten().collect();
    words.sort_unstable();
    words.dedup();
    let top = |topic: u64| random.sample(topic, words.len(), TOP.min(words.len())).into_iter().map(|at| words[at as usize]).collect();
    let drawn: Vec<Vec<u32>> = (0..topics.k().max(20) as u64).map(top).collect();
    Ok(coherence(&drawn, Texts::Counts(counts.view()), Coherence::CNpmi, Coherence::CNpmi.usual(), run)?.mean)
}

/// How much of all words is of each topic.
fn shares(codes: &Matrix, counts: &SparseMatrix) -> Vec<f64> {
    let mut shares = vec![0.0_f64; codes.cols()];
    for document in 0..codes.rows() {
        let length: f64 = counts.row(document).1.iter().map(|&count| f64::from(count)).sum();
        shares.iter_mut().zip(codes.row(document)).for_each(|(sum, &share)| *sum += length * f64::from(share));
    }
    let all: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share = if all > 0.0 { *share / all } else { 1.0 / codes.cols() as f64 });
    shares
}

fn inference<'a>(topics: &'a Distributions, prior: &'a [f32]) -> Inference<'a> {
    Inference { phi: topics.by_word.as_slice(), axes: topics.k(), prior, compare: Compare::Plain, steps: STEPS, settled: SETTLED }
}

impl Model for TopicModel {
    fn n_components(&self) -> usize {
        self.topics.k()
    }

    fn columns(&self) -> usize {
        self.topics.words()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        let counts = super::corpus::counts(rows, None)?;
        run.install(|| infer_all(&inference(&self.topics, &self.prior), counts.view(), run))
    }

    /// The probability of each word in a document of these shares.
    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        run.check()?;
        let (k, words) = (self.topics.k(), self.topics.words());
        let mut out = Vec::with_capacity(codes.rows() * words);
        for row in 0..codes.rows() {
            let shares = codes.row(row);
            out.extend(self.topics.by_word.as_slice().chunks_exact(k).map(|phi| phi.iter().zip(shares).map(|(a, b)| a * b).sum::<f32>()));
        }
        Matrix::new(codes.rows(), words, out)
    }

    fn log_likelihoods(&self, rows: &OwnedRows, _fitted: usize, run: &Run) -> Result<Option<Vec<f64>>> {
        let shares = self.encode(rows, run)?;
        let counts = super::corpus::counts(rows, None)?;
        Ok(Some(super::attributes::log_likelihoods(&self.topics, &shares, &counts)))
    }

    fn metric(&self) -> Metric {
        Metric::Hellinger
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let axes =
            Axes { weights: Weights::Distributions(&self.topics), shares: Cow::Borrowed(self.topics.shares()), prior: Some(&self.prior) };
        Capabilities {
            kept: self.documents.as_ref().map(|(codes, counts)| Kept::new(codes, counts)),
            axes: Some(axes),
            sampler: self.prior.iter().all(|&prior| prior > 0.0).then_some(self as &dyn Sampler),
            ..Capabilities::default()
        }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        tensors.put_matrix("topics", &self.topics.by_word)?;
        tensors.put_f64("shares", self.topics.shares())?;
        tensors.put_f64("totals", &self.topics.totals)?;
        tensors.put_matrix("prior", &Matrix::new(1, self.prior.len(), self.prior.clone())?)?;
        if let Some((codes, documents)) = &self.documents
            && let Some(counts) = documents.sparse()
        {
            tensors.put_matrix("codes", codes)?;
            let starts: Vec<u32> = counts.starts.iter().map(|&start| start as u32).collect();
            tensors.put("document_starts", Tensor::U32(vec![starts.len()], starts))?;
            tensors.put("document_words", Tensor::U32(vec![counts.indices.len()], counts.indices.clone()))?;
            tensors.put_matrix("document_counts", &Matrix::new(1, counts.values.len(), counts.values.clone())?)?;
        }
        Ok(json!({ "documents": self.topics.documents }))
    }
}

/// Proportions drawn from the Dirichlet prior: gamma variates (Marsaglia and Tsang 2000, doi:10.1145/358407.358414), divided by their sum.
impl Sampler for TopicModel {
    fn sample(&self, n: usize, run: &Run) -> Result<Matrix> {
        let random = Random::new(run.seed(), "generated codes");
        let mut out = Vec::with_capacity(n * self.prior.len());
        for row in 0..n {
            run.check()?;
            // Logarithms, since variates of a small shape are below the smallest number.
            let logs: Vec<f64> =
                self.prior.iter().enumerate().map(|(topic, &prior)| log_gamma_variate(&random, row, topic, prior.into())).collect();
            let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = logs.iter().map(|log| (log - largest).exp()).collect();
            let sum: f64 = weights.iter().sum();
            out.extend(weights.iter().map(|weight| (weight / sum) as f32));
        }
        Matrix::new(n, self.prior.len(), out)
    }
}

/// Attempts per gamma variate; each is accepted with a probability of 95 % at least.
const ATTEMPTS: u64 = 64;

/// The logarithm of a gamma variate of this shape and scale 1.
fn log_gamma_variate(random: &Random, row: usize, topic: usize, shape: f64) -> f64 {
    let item = |at: u64| topic as u64 * 2 * (ATTEMPTS + 1) + at;
    let draw = |at: u64| 1.0 - random.uniform(row as u64, item(at));
    // A variate of a shape below 1 is one of the shape above, times a power of a uniform one.
    let (boosted, below) = if shape < 1.0 { (shape + 1.0, draw(0).ln() / shape) } else { (shape, 0.0) };
    let d = boosted - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let accepted = (1..=ATTEMPTS).find_map(|attempt| {
        let x = random.normal(row as u64, item(2 * attempt));
        let v = (1.0 + c * x).powi(3);
        (v > 0.0 && draw(2 * attempt + 1).ln() < 0.5 * x * x + d - d * v + d * v.ln()).then_some(d * v)
    });
    accepted.unwrap_or(d).ln() + below
}
