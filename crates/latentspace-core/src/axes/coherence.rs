//! Axis coherence: whether the top words of an axis occur together in texts.

use serde::Serialize;

use crate::error::Result;
use crate::linalg::SparseRows;
use crate::parallel::*;
use crate::run::Run;

/// The coherence measure, as in gensim's `CoherenceModel` (Roeder, Both and Hinneburg 2015, doi:10.1145/2684822.2685324).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Coherence {
    /// UMass: the mean log conditional probability that a document with one word contains a more probable word of the axis (Mimno and others
    /// 2011), over whole documents.
    UMass,
    /// NPMI: the mean normalized pointwise mutual information of pairs of words, -1 to 1 (Bouma 2009), over windows of 10 words.
    CNpmi,
    /// C_v: the cosine similarity of the words' vectors of NPMI with all words of the axis, 0 to 1, over windows of 110 words.
    CV,
}

/// The window of co-occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Windows {
    /// The whole document.
    Documents,
    /// A sliding window of this number of words; shorter documents are one window.
    Sliding(usize),
}

impl Coherence {
    /// The default window of a measure.
    pub fn usual(self) -> Windows {
        match self {
            Coherence::UMass => Windows::Documents,
            Coherence::CNpmi => Windows::Sliding(10),
            Coherence::CV => Windows::Sliding(110),
        }
    }
}

/// Texts as word numbers.
#[derive(Clone, Copy)]
pub enum Texts<'a> {
    /// Words in order; numbers beyond the vocabulary are words outside it.
    Words(&'a [Vec<u32>]),
    /// Counts only: each document is one window, whatever the setting.
    Counts(SparseRows<'a>),
}

/// The coherence of axes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coherences {
    /// Of each axis.
    pub axes: Vec<f64>,
    /// Their mean.
    pub mean: f64,
}

/// Smoothing constant, against logarithms of 0.
const LEAST: f64 = 1e-12;
/// Texts per task.
const TEXTS: usize = 64;

/// Numbers of windows that contain words and pairs of words of an axis.
struct Counted {
    windows: u64,
    /// For each counted word.
    words: Vec<u64>,
    /// For each axis `[words, words]`, the first word before the second.
    pairs: Vec<Vec<u64>>,
}

impl Counted {
    fn add(mut self, other: Counted) -> Counted {
        self.windows += other.windows;
        let sum = |into: &mut [u64], from: Vec<u64>| into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
        sum(&mut self.words, other.words);
        self.pairs.iter_mut().zip(other.pairs).for_each(|(into, from)| sum(into, from));
        self
    }
}

/// The counted words and their positions among the axes' top words.
struct TopWords<'a> {
    tops: &'a [Vec<u32>],
    /// Ascending.
    words: Vec<u32>,
    /// For each word, its axes and its rank in them.
    ranks: Vec<Vec<(u32, u32)>>,
}

impl<'a> TopWords<'a> {
    fn new(tops: &'a [Vec<u32>]) -> Self {
        let mut words: Vec<u32> = tops.iter().flatten().copied().collect();
        words.sort_unstable();
        words.dedup();
        let mut ranks = vec![Vec::new(); words.len()];
        for (axis, top) in tops.iter().enumerate() {
            for (rank, word) in top.iter().enumerate() {
                if let Ok(at) = words.binary_search(word) {
                    ranks[at].push((axis as u32, rank as u32));
                }
            }
        }
        TopWords { tops, words, ranks }
    }

    fn nothing(&self) -> Counted {
        let pairs = self.tops.iter().map(|top| vec![0; top.len() * top.len()]).collect();
        Counted { windows: 0, words: vec![0; self.words.len()], pairs }
    }

    /// Adds one text: for each counted word, the windows that contain it, as ascending ranges.
    fn add(&self, counted: &mut Counted, found: &[(usize, Vec<(u32, u32)>)], windows: u64, by_axis: &mut Vec<(u32, u32, u32)>) {
        counted.windows += windows;
        by_axis.clear();
        for (at, (word, ranges)) in found.iter().enumerate() {
            counted.words[*word] += ranges.iter().map(|(from, to)| u64::from(to - from)).sum::<u64>();
            by_axis.extend(self.ranks[*word].iter().map(|&(axis, rank)| (axis, rank, at as u32)));
        }
        by_axis.sort_unstable();
        for same in by_axis.chunk_by(|a, b| a.0 == b.0) {
            let (axis, length) = (same[0].0 as usize, self.tops[same[0].0 as usize].len());
            for (at, &(_, first, a)) in same.iter().enumerate() {
                for &(_, second, b) in &same[at + 1..] {
                    let both = overlap(&found[a as usize].1, &found[b as usize].1);
                    counted.pairs[axis][first as usize * length + second as usize] += both;
                }
            }
        }
    }
}

/// Size of the intersection of ascending ranges.
fn overlap(a: &[(u32, u32)], b: &[(u32, u32)]) -> u64 {
    let (mut i, mut j, mut sum) = (0, 0, 0);
    while let (Some(&(from, to)), Some(&(other_from, other_to))) = (a.get(i), b.get(j)) {
        sum += u64::from(to.min(other_to).saturating_sub(from.max(other_from)));
        if to < other_to { i += 1 } else { j += 1 }
    }
    sum
}

/// The windows that contain each word of a text, as gensim counts them: a word that occurs several times in a window is removed from the next ones
/// when its first occurrence leaves, until another one enters.
fn ranges(asked: &TopWords<'_>, text: &[u32], windows: Windows) -> (Vec<(usize, Vec<(u32, u32)>)>, u64) {
    let mut places: Vec<(usize, u32)> =
        text.iter().enumerate().filter_map(|(at, word)| Some((asked.words.binary_search(word).ok()?, at as u32))).collect();
    places.sort_unstable();
    let (size, count) = match windows {
        Windows::Documents => (u32::MAX, 1),
        Windows::Sliding(size) => (size.max(1) as u32, text.len().saturating_sub(size.max(1)) as u32 + 1),
    };
    let mut found: Vec<(usize, Vec<(u32, u32)>)> = Vec::new();
    for same in places.chunk_by(|a, b| a.0 == b.0) {
        let places = same.iter().map(|&(_, place)| place);
        let enters = |place: u32| (place + 1).saturating_sub(size).min(count - 1);
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut coming = places.clone().map(enters).peekable();
        // An occurrence that leaves removes the word, until the next one enters.
        for leaves in places.map(|place| (place + 1).min(count)) {
            while let Some(enters) = coming.next_if(|&enters| enters < leaves) {
                if ranges.last().is_none_or(|last| last.1 <= enters) {
                    ranges.push((enters, count));
                }
            }
            // An occurrence that enters at the same step counts.
            let stays = coming.peek() == Some(&leaves);
            if let Some(last) = ranges.last_mut().filter(|last| last.1 > leaves && !stays) {
                last.1 = leaves;
            }
        }
        found.push((same[0].0, ranges));
    }
    (found, u64::from(count))
}

/// The coherence of axes, given by the numbers of their top words, the most probable first.
///
/// Cost: one pass over the texts, and for each text the pairs of an axis's words in it.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub fn coherence(tops: &[Vec<u32>], texts: Texts<'_>, kind: Coherence, windows: Windows, run: &Run) -> Result<Coherences> {
    let asked = TopWords::new(tops);
    let rows = match texts {
        Texts::Words(texts) => texts.len(),
        Texts::Counts(counts) => counts.rows(),
    };
    let count = |room: &mut Vec<(u32, u32, u32)>, piece: usize| -> Result<Counted> {
        run.check()?;
        let mut counted = asked.nothing();
        for row in piece * TEXTS..((piece + 1) * TEXTS).min(rows) {
            let (found, count) = match texts {
                Texts::Words(texts) => ranges(&asked, &texts[row], windows),
                Texts::Counts(counts) => (ranges(&asked, counts.row(row).0, Windows::Documents).0, 1),
            };
            asked.add(&mut counted, &found, count, room);
        }
        Ok(counted)
    };
    // Integer sums do not depend on the order.
    let both = |left: Result<Counted>, right: Result<Counted>| Ok(left?.add(right?));
    let counted = run.install(|| (0..rows.div_ceil(TEXTS)).into_par_iter().map_init(Vec::new, count).reduce(both));
    let counted = counted.unwrap_or_else(|| Ok(asked.nothing()))?;
    let windows = counted.windows.max(1) as f64;
    let axis = |axis: usize| {
        let top = &tops[axis];
        let single = |rank: usize| asked.words.binary_search(&top[rank]).map_or(0.0, |at| counted.words[at] as f64 / windows);
        let pair = |a: usize, b: usize| {
            if a == b { single(a) } else { counted.pairs[axis][a.min(b) * top.len() + a.max(b)] as f64 / windows }
        };
        confirmed(top.len(), kind, &single, &pair)
    };
    let axes: Vec<f64> = (0..tops.len()).map(axis).collect();
    let mean = axes.iter().sum::<f64>() / axes.len().max(1) as f64;
    Ok(Coherences { axes, mean })
}

/// The coherence of an axis from the probabilities of its words and pairs.
fn confirmed(length: usize, kind: Coherence, single: &impl Fn(usize) -> f64, pair: &impl Fn(usize, usize) -> f64) -> f64 {
    let npmi = |a: usize, b: usize| {
        let (p, q, both) = (single(a), single(b), pair(a, b));
        if p == 0.0 || q == 0.0 { 0.0 } else { ((both + LEAST) / (p * q)).ln() / -(both + LEAST).ln() }
    };
    let mut values = Vec::new();
    match kind {
        Coherence::UMass => {
            for word in 1..length {
                for before in 0..word {
                    let p = single(before);
                    values.push(if p == 0.0 { 0.0 } else { ((pair(word, before) + LEAST) / p).ln() });
                }
            }
        }
        Coherence::CNpmi => {
            for a in 0..length {
                values.extend((0..length).filter(|&b| b != a).map(|b| npmi(a, b)));
            }
        }
        Coherence::CV => {
            let vectors: Vec<Vec<f64>> = (0..length).map(|a| (0..length).map(|b| npmi(a, b)).collect()).collect();
            let all: Vec<f64> = (0..length).map(|b| vectors.iter().map(|vector| vector[b]).sum()).collect();
            let norm = |vector: &[f64]| vector.iter().map(|x| x * x).sum::<f64>().sqrt();
            for vector in &vectors {
                let dot: f64 = vector.iter().zip(&all).map(|(a, b)| a * b).sum();
                let length = norm(vector) * norm(&all);
                values.push(if length > 0.0 { dot / length } else { 0.0 });
            }
        }
    }
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
#[path = "coherence_tests.rs"]
mod tests;
