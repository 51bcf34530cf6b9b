//! Distributions learned in rounds over documents, through the fold: from files larger than memory, and in shares.
//!
//! The first round counts words, those that follow learn ([`Learner`]), and the last gathers the documents that the topics are measured by.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::corpus::check_weights;
use super::model::{KEPT_BYTES, Learned, MeasuredDocuments, TopicModel, held_out};
use crate::axes::{Compare, Inference, dot};
use crate::checkpoint::Parcel;
use crate::error::{Error, Result};
use crate::fold::{Fold, Portable, Step};
use crate::linalg::{Matrix, Points, SparseMatrix, SparseRows};
use crate::method::{Fitted, Shape};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::{Tensor, Tensors};

/// How topics are learned from documents, round by round.
pub(super) trait Learner: Send + Sync {
    /// What is learned so far.
    type State: Portable + Sync;

    /// What to start from; `totals` is how often each word is in the documents that are learned from.
    ///
    /// # Errors
    /// What the method says of such words.
    fn begin(&self, totals: &[f64], run: &Run) -> Result<Self::State>;

    /// The chunks of documents, of so many, that the next round learns from.
    fn chunks(&self, _: &Self::State, all: usize) -> Range<usize> {
        0..all
    }

    /// What some documents, the first of this number, say: how much of each word goes to each topic, and sums.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    fn learn(&self, corpus: &Corpus, state: &Self::State, rows: SparseRows<'_>, first: usize) -> Result<(Vec<f32>, Vec<f64>)>;

    /// What follows from all documents of a round, and whether that was the last one.
    ///
    /// # Errors
    /// What the method says of such documents.
    fn improve(&self, totals: &[f64], state: Self::State, table: Vec<f32>, sums: &[f64], run: &Run) -> Result<(Self::State, bool)>;

    /// The topics, `[words, topics]`, the prior of each in a document, and facts of how it went.
    fn learned(&self, state: Self::State) -> (Matrix, Vec<f32>, Map<String, Value>);
}

/// The documents of a fit.
pub(super) struct Corpus {
    documents: usize,
    /// Those that are not learned from, ascending.
    pub(super) held: Vec<u32>,
    pub(super) run: Run,
}

impl Corpus {
    /// Where a document is among those held out, if it is.
    pub(super) fn held(&self, document: usize) -> Option<usize> {
        self.held.binary_search(&(document as u32)).ok()
    }
}

/// Rounds over all documents.
pub(super) struct Rounds<L> {
    pub(super) learner: L,
    pub(super) corpus: Corpus,
}

/// Which round it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Count,
    Learn,
    Tell,
}

/// What a round starts from.
pub(super) struct State<S> {
    stage: Stage,
    /// How often each word is in documents that are learned from, and in those held out: `[2 · words]`.
    totals: Vec<f64>,
    /// The share of documents that the topics are measured by.
    told: f64,
    /// None before words are counted.
    learned: Option<S>,
}

/// What is known of the documents seen in a round.
pub(super) struct Seen {
    /// When words are counted: `[2 · words]`.
    totals: Vec<f64>,
    /// When topics are learned: `[words, topics]`.
    table: Vec<f32>,
    /// Then what the learner sums up; when words are counted, the different words of documents.
    sums: Vec<f64>,
    /// At the end: documents that the topics are measured by.
    documents: SparseMatrix,
}

impl<S: Portable> Portable for State<S> {
    fn store(&self) -> Result<Parcel> {
        let mut own = Parcel { facts: json!({ "stage": self.stage }), ..Parcel::default() };
        own.tensors.put_f64("totals", &self.totals)?;
        own.tensors.put_f64("told", &[self.told])?;
        let learned = self.learned.as_ref().map(S::store).transpose()?;
        Parcel::pack([("own".to_owned(), own)].into_iter().chain(learned.map(|learned| ("learned".to_owned(), learned))))
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let wrong = || Error::input("state", "what it holds does not fit together", "a state of the same fit is needed");
        let mut parts: std::collections::BTreeMap<&str, Parcel> = parcel.unpack().collect();
        let own = parts.remove("own").ok_or_else(wrong)?;
        let stage: Stage = serde_json::from_value(own.facts["stage"].clone()).map_err(|_| wrong())?;
        let totals = own.tensors.f64("totals", None)?.to_vec();
        let learned = parts.remove("learned").map(|learned| S::load(&learned)).transpose()?;
        if (stage == Stage::Count) != learned.is_none() {
            return Err(wrong());
        }
        Ok(State { stage, totals, told: own.tensors.f64("told", Some(1))?[0], learned })
    }
}

impl Portable for Seen {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel { facts: json!({ "words": self.documents.cols }), ..Parcel::default() };
        let SparseMatrix { starts, indices, values, .. } = &self.documents;
        let starts: Vec<u32> = starts.iter().map(|&start| start as u32).collect();
        parcel.tensors.put_f64("totals", &self.totals)?;
        parcel.tensors.put_f64("sums", &self.sums)?;
        put_line(&mut parcel.tensors, "table", &self.table)?;
        parcel.tensors.put("starts", Tensor::U32(vec![starts.len()], starts))?;
        parcel.tensors.put("indices", Tensor::U32(vec![indices.len()], indices.clone()))?;
        put_line(&mut parcel.tensors, "values", values)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let cols = parcel.facts["words"].as_u64().unwrap_or(0) as usize;
        let line = |name: &str, len: Option<usize>| parcel.tensors.matrix(name, Some(1), len).map(|line| line.as_slice().to_vec());
        let starts: Vec<usize> = parcel.tensors.u32("starts", None)?.iter().map(|&start| start as usize).collect();
        let indices = parcel.tensors.u32("indices", None)?.to_vec();
        let values = line("values", Some(indices.len()))?;
        let is_whole = starts.is_sorted() && starts.first() == Some(&0) && starts.last() == Some(&indices.len());
        if !is_whole || indices.iter().any(|&word| word as usize >= cols) {
            return Err(Error::input("statistics", "what they hold does not fit together", "statistics of the same fit are needed"));
        }
        let documents = SparseMatrix { cols, starts, indices, values };
        let list = |name: &str| parcel.tensors.f64(name, None).map(<[f64]>::to_vec);
        Ok(Seen { totals: list("totals")?, table: line("table", None)?, sums: list("sums")?, documents })
    }
}

fn put_line(tensors: &mut Tensors, name: &str, line: &[f32]) -> Result<()> {
    tensors.put_matrix(name, &Matrix::new(1, line.len(), line.to_vec())?)
}

impl<L: Learner> Fold for Rounds<L> {
    type State = State<L::State>;
    type Stats = Seen;
    type Outcome = Fitted;

    fn start(&self, shape: Shape, _: Points<'_>) -> Result<Self::State> {
        Ok(State { stage: Stage::Count, totals: vec![0.0; 2 * shape.cols], told: 1.0, learned: None })
    }

    fn chunks(&self, state: &Self::State, all: usize) -> Range<usize> {
        match (state.stage, &state.learned) {
            (Stage::Learn, Some(learned)) => self.learner.chunks(learned, all),
            _ => 0..all,
        }
    }

    fn accumulate(&self, state: &Self::State, chunk: Points<'_>, first: usize) -> Result<Seen> {
        let whole;
        let rows = match chunk {
            Points::Sparse(rows) => rows,
            Points::Dense(table) => {
                whole = SparseMatrix::of(&table.to_matrix());
                whole.view()
            }
        };
        let mut seen = Seen { totals: Vec::new(), table: Vec::new(), sums: Vec::new(), documents: SparseMatrix::none(rows.cols) };
        match (state.stage, &state.learned) {
            (Stage::Learn, Some(learned)) => (seen.table, seen.sums) = self.learner.learn(&self.corpus, learned, rows, first)?,
            (Stage::Tell, _) => {
                let told = (0..rows.rows()).filter(|row| self.is_told(state, first + row));
                told.for_each(|row| seen.documents.append(rows.slice(row..row + 1)));
            }
            _ => {
                check_weights(rows, None, first)?;
                seen.totals = vec![0.0; 2 * rows.cols];
                for row in 0..rows.rows() {
                    let (words, weights) = rows.row(row);
                    let offset = if self.corpus.held(first + row).is_some() { rows.cols } else { 0 };
                    words.iter().zip(weights).for_each(|(&word, &weight)| seen.totals[offset + word as usize] += f64::from(weight));
                }
                seen.sums = vec![(rows.starts[rows.rows()] - rows.starts[0]) as f64];
            }
        }
        Ok(seen)
    }

    fn merge(&self, mut left: Seen, right: Seen) -> Seen {
        left.totals.iter_mut().zip(&right.totals).for_each(|(left, right)| *left += right);
        left.table.iter_mut().zip(&right.table).for_each(|(left, right)| *left += right);
        left.sums.iter_mut().zip(&right.sums).for_each(|(left, right)| *left += right);
        left.documents.append(right.documents.view());
        left
    }

    fn solve(&self, mut state: Self::State, seen: Seen, run: &Run) -> Result<Step<Self::State, Fitted>> {
        let Some(learned) = state.learned else {
            let words = seen.totals.len() / 2;
            if seen.totals[..words].iter().sum::<f64>() <= 0.0 {
                return Err(Error::input("data", "no document has a word", "topics are learned from the words of documents"));
            }
            let told = (KEPT_BYTES as f64 / (8.0 * seen.sums[0]).max(1.0)).min(1.0);
            let learned = Some(self.learner.begin(&seen.totals[..words], run)?);
            return Ok(Step::Again(State { stage: Stage::Learn, totals: seen.totals, told, learned }));
        };
        if state.stage == Stage::Tell {
            return self.finish(State { learned: None, ..state }, learned, seen, run).map(Step::Done);
        }
        let words = state.totals.len() / 2;
        let (learned, ends) = self.learner.improve(&state.totals[..words], learned, seen.table, &seen.sums, run)?;
        state.learned = Some(learned);
        state.stage = if ends { Stage::Tell } else { Stage::Learn };
        Ok(Step::Again(state))
    }
}

impl<L: Learner> Rounds<L> {
    /// Of documents of this shape, of which this share is held out.
    pub(super) fn new(learner: L, shape: Shape, held: f64, run: &Run) -> Self {
        let held = held_out(shape.rows, held, run.seed());
        Rounds { learner, corpus: Corpus { documents: shape.rows, held, run: run.clone() } }
    }

    /// Whether topics are measured by a document: all are, where they are not too many.
    fn is_told(&self, state: &State<L::State>, document: usize) -> bool {
        let drawn = || Random::new(self.corpus.run.seed(), "documents told").uniform(0, document as u64) < state.told;
        state.told >= 1.0 || self.corpus.held(document).is_some() || drawn()
    }

    fn finish(&self, state: State<L::State>, learned: L::State, seen: Seen, run: &Run) -> Result<Fitted> {
        let (of_learned, of_held) = state.totals.split_at(state.totals.len() / 2);
        let told = (0..self.corpus.documents).filter(|&document| self.is_told(&state, document));
        let is_held = |document: usize| self.corpus.held(document).is_some();
        let held = (0_u32..).zip(told).filter(|&(_, document)| is_held(document)).map(|(at, _)| at).collect();
        let totals = of_learned.iter().zip(of_held).map(|(learned, held)| learned + held).collect();
        let (phi, prior, more) = self.learner.learned(learned);
        let told = MeasuredDocuments::of(seen.documents, held, totals, self.corpus.documents, phi.cols(), run);
        let Learned { model, codes, measures, mut facts } = TopicModel::learned(phi, prior, told, run)?;
        facts.extend(more);
        let codes = (codes.rows() == self.corpus.documents).then_some(codes);
        Ok(Fitted { model: Box::new(model), codes, facts, measures })
    }
}

/// Bytes that rounds take beside the rows and what the learner keeps: documents that the topics are measured by, which are put together from
/// parts, and their shares; statistics `[words, topics]` of so many chunks at a time. The factors are measured.
pub(super) fn rounds_bytes(shape: Shape, topics: usize, tables: f64) -> f64 {
    let cells = shape.cells.unwrap_or(shape.rows * shape.cols) as f64;
    let told = (8.0 * cells).min(KEPT_BYTES as f64);
    let share = told / (8.0 * cells).max(1.0);
    3.5 * told + topics as f64 * (4.5 * share * shape.rows as f64 + 4.0 * tables * shape.cols as f64)
}

/// What documents say of words and topics by their shares.
pub(super) struct Split {
    /// `[words, topics]`: how much of each word went to the topic.
    pub(super) table: Vec<f32>,
    /// The logarithm of the likelihood of the words, and how many these are.
    pub(super) told: f64,
    pub(super) words: f64,
}

/// Words that a thread takes at a time.
const WORDS: usize = 64;

/// Splits each use of a word among the topics by what the topic and the document's share of it say together; documents held out are left out.
/// `plain` tells how likely a word is, where `inference` compares otherwise.
///
/// Cost: 4 flops a different word of a document and topic.
pub(super) fn split(
    inference: &Inference<'_>,
    plain: &Inference<'_>,
    rows: SparseRows<'_>,
    shares: &Matrix,
    is_held: impl Fn(usize) -> bool + Sync,
    run: &Run,
) -> Result<Split> {
    let k = inference.axes;
    let raised = match inference.compare {
        Compare::Plain => shares.clone(),
        _ => {
            let mut raised = vec![0.0; shares.as_slice().len()];
            raised.par_chunks_mut(k).enumerate().for_each(|(row, raised)| inference.raise(shares.row(row), raised));
            Matrix::new(shares.rows(), k, raised)?
        }
    };
    // The uses of each word: its documents, in their order.
    let mut starts = vec![0_usize; rows.cols + 1];
    let learned: Vec<usize> = (0..rows.rows()).filter(|&row| !is_held(row)).collect();
    learned.iter().for_each(|&document| rows.row(document).0.iter().for_each(|&word| starts[word as usize + 1] += 1));
    (0..rows.cols).for_each(|word| starts[word + 1] += starts[word]);
    let (mut next, mut uses) = (starts.clone(), vec![(0_u32, 0.0_f32); starts[rows.cols]]);
    for &document in &learned {
        let (words, counts) = rows.row(document);
        for (&word, &count) in words.iter().zip(counts) {
            let at = &mut next[word as usize];
            uses[*at] = (document as u32, count);
            *at += 1;
        }
    }
    let mut table = vec![0.0_f32; rows.cols * k];
    let work = |(at, table): (usize, &mut [f32])| -> Result<[f64; 2]> {
        run.check()?;
        let mut sums = [0.0_f64; 2];
        for (within, row) in table.chunks_exact_mut(k).enumerate() {
            let word = at * WORDS + within;
            let uses = &uses[starts[word]..starts[word + 1]];
            let told = inference.split(word, uses, &raised, row);
            sums[0] += if inference.compare == Compare::Plain { told } else { likelihood(plain, word, uses, shares) };
            sums[1] += uses.iter().map(|&(_, count)| f64::from(count)).sum::<f64>();
        }
        Ok(sums)
    };
    let sums: Vec<[f64; 2]> = table.par_chunks_mut(WORDS * k).enumerate().map(work).collect::<Result<_>>()?;
    let [told, words] = [0, 1].map(|at| sums.iter().map(|sums| sums[at]).sum());
    Ok(Split { table, told, words })
}

/// The logarithm of the likelihood of the uses of a word.
fn likelihood(plain: &Inference<'_>, word: usize, uses: &[(u32, f32)], shares: &Matrix) -> f64 {
    let phi = &plain.phi[word * plain.axes..][..plain.axes];
    let told =
        |&(document, count): &(u32, f32)| f64::from(count) * f64::from(dot(phi, shares.row(document as usize)).max(f32::MIN_POSITIVE)).ln();
    uses.iter().map(told).sum()
}
