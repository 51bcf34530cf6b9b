//! Held-out likelihood of axes: document completion and left-to-right estimation.

use super::Distributions;
use super::infer::{Compare, Inference, InferenceRoom};
use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::SparseMatrix;
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Iterations of expectation maximization for the axis proportions of half a document.
pub const COMPLETION_STEPS: usize = 100;
/// Probability of a word that no axis has, so that scores are finite.
const LEAST: f64 = 1e-12;

/// Splits the words of each document: the even ones, from which axis proportions are estimated, and the odd ones, which are predicted. Counts have
/// no order, so their words are shuffled.
pub fn halves(documents: &SparseMatrix, seed: u64) -> Vec<[Vec<u32>; 2]> {
    (0..documents.rows()).map(|document| halve(documents.row(document), document, seed)).collect()
}

/// The halves of the document with this number among the held-out ones.
pub fn halve((words, counts): (&[u32], &[f32]), document: usize, seed: u64) -> [Vec<u32>; 2] {
    let random = Random::new(seed, "words in an order");
    let all = words.iter().zip(counts).flat_map(|(&word, &count)| std::iter::repeat_n(word, count.max(0.0).round() as usize));
    let mut all: Vec<u32> = all.collect();
    for at in (1..all.len()).rev() {
        all.swap(at, random.below(document as u64, at as u64, at as u64 + 1) as usize);
    }
    [all.iter().step_by(2).copied().collect(), all.iter().skip(1).step_by(2).copied().collect()]
}

/// Document completion: the mean log-probability (natural logarithm) of the odd words of documents. Axis proportions are estimated from the even words
/// by 100 iterations of expectation maximization without a prior, so that axes of any method and tool are scored alike. The interval is that of a
/// ratio of sums over documents (95 %); the null is the score of the word frequencies.
/// Source: Wallach and others 2009, doi:10.1145/1553374.1553515, "document completion".
///
/// # Errors
/// [`Error::Input`] if no document has two words; [`Error::Cancelled`].
pub fn completion(axes: &Distributions, documents: &[[Vec<u32>; 2]], run: &Run) -> Result<Measure> {
    let k = axes.k();
    let prior = vec![0.0; k];
    let phi = axes.by_word.as_slice();
    let inference = Inference { phi, axes: k, prior: &prior, compare: Compare::Plain, steps: COMPLETION_STEPS, settled: 0.0 };
    let all: f64 = axes.tokens() + axes.words() as f64;
    let score = |(room, shares): &mut (InferenceRoom, Vec<f32>), [even, odd]: &[Vec<u32>; 2]| -> Result<[f64; 3]> {
        run.check()?;
        let told = tell(&inference, [even, odd], shares, room);
        let null = |&word: &u32| ((axes.totals[word as usize] + 1.0) / all).ln();
        Ok([told, odd.len() as f64, odd.iter().map(null).sum()])
    };
    let room = || (InferenceRoom::default(), Vec::new());
    let scores: Vec<[f64; 3]> = run.install(|| documents.par_iter().map_init(room, score).collect::<Result<_>>())?;
    ratio(&scores)
}

/// The log-probability of all odd words of a document, given the axis proportions of its even words.
pub fn tell(inference: &Inference<'_>, [even, odd]: [&[u32]; 2], shares: &mut Vec<f32>, room: &mut InferenceRoom) -> f64 {
    let k = inference.axes;
    shares.resize(k, 0.0);
    inference.infer(even, &vec![1.0; even.len()], shares, room);
    let told = |&word: &u32| {
        let row = &inference.phi[word as usize * k..][..k];
        row.iter().zip(shares.iter()).map(|(&phi, &share)| f64::from(phi) * f64::from(share)).sum::<f64>().max(LEAST).ln()
    };
    odd.iter().map(told).sum()
}

/// The ratio of two sums over documents, with its confidence interval.
fn ratio(scores: &[[f64; 3]]) -> Result<Measure> {
    let sum = |at: usize| scores.iter().map(|score| score[at]).sum::<f64>();
    let (told, words, null) = (sum(0), sum(1), sum(2));
    if words == 0.0 {
        return Err(Error::input("documents", "none of two words or more", "document completion predicts every second word of a document"));
    }
    let value = told / words;
    let n = scores.len() as f64;
    let spread: f64 = scores.iter().map(|[told, words, _]| (told - value * words).powi(2)).sum();
    let half = if n > 1.0 { 1.96 * (spread * n / (n - 1.0)).sqrt() / words } else { 0.0 };
    Ok(Measure { value, low: value - half, high: value + half, null: Some(null / words) })
}

/// Maximum number of words per document for [`left_to_right`], whose cost is quadratic in it.
const MOST_WORDS: usize = 200;

/// Left-to-right estimation: the mean log-probability of each word of documents, given the words before it. The axis proportions are
/// integrated out by particles that sample the axes of the previous words: an unbiased estimate of the likelihood of a whole document.
/// `prior` is the Dirichlet prior over a document's axes; of long documents the first 200 words are used.
/// Source: Wallach and others 2009, doi:10.1145/1553374.1553515, algorithm 3, as corrected by Buntine 2009, doi:10.1007/978-3-642-05224-8_6.
///
/// Cost: particles · words² · axes per document.
///
/// # Errors
/// [`Error::Param`] if the prior does not fit; [`Error::Input`] if no document has a word; [`Error::Cancelled`].
pub fn left_to_right(axes: &Distributions, prior: &[f64], documents: &[Vec<u32>], particles: usize, run: &Run) -> Result<Measure> {
    let k = axes.k();
    if prior.len() != k || particles == 0 || !prior.iter().all(|&alpha| alpha > 0.0 && alpha.is_finite()) {
        return Err(Error::param(
            "prior",
            format!("{} numbers, {particles} particles", prior.len()),
            format!("{k} numbers above 0, and a particle"),
        ));
    }
    let random = Random::new(run.seed(), "left to right");
    let sum: f64 = prior.iter().sum();
    let phi = axes.by_word.as_slice();
    let all: f64 = axes.tokens() + axes.words() as f64;
    let score = |(document, words): (usize, &Vec<u32>)| -> Result<[f64; 3]> {
        let words = &words[..words.len().min(MOST_WORDS)];
        let mut told = vec![0.0_f64; words.len()];
        for particle in 0..particles {
            run.check()?;
            let (mut z, mut counts) = (Vec::<usize>::with_capacity(words.len()), vec![0.0_f64; k]);
            let mut weights = vec![0.0_f64; k];
            let draw = |counts: &[f64], weights: &mut [f64], word: u32, item: u64| {
                let row = &phi[word as usize * k..][..k];
                weights.iter_mut().zip(row).zip(counts.iter().zip(prior)).for_each(|((weight, &phi), (count, alpha))| {
                    *weight = f64::from(phi) * (count + alpha);
                });
                let total: f64 = weights.iter().sum();
                let mut left = random.uniform(document as u64 * particles as u64 + particle as u64, item) * total;
                let axis = weights.iter().position(|weight| {
                    left -= weight;
                    left < 0.0
                });
                (axis.unwrap_or(k - 1), total)
            };
            for (at, &word) in words.iter().enumerate() {
                for before in 0..at {
                    counts[z[before]] -= 1.0;
                    z[before] = draw(&counts, &mut weights, words[before], (at * MOST_WORDS + before) as u64).0;
                    counts[z[before]] += 1.0;
                }
                let (axis, total) = draw(&counts, &mut weights, word, (at * MOST_WORDS + at) as u64);
                told[at] += total / (at as f64 + sum);
                z.push(axis);
                counts[axis] += 1.0;
            }
        }
        let told = told.iter().map(|sum| (sum / particles as f64).max(LEAST).ln()).sum();
        let null = words.iter().map(|&word| ((axes.totals[word as usize] + 1.0) / all).ln()).sum();
        Ok([told, words.len() as f64, null])
    };
    let scores: Vec<[f64; 3]> = run.install(|| documents.par_iter().enumerate().map(score).collect::<Result<_>>())?;
    ratio(&scores)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{Matrix, SparseMatrix};

    /// Two axes over six words that share none.
    fn planted() -> Distributions {
        let by_word = Matrix::from_fn(6, 2, |word, axis| if word / 3 == axis { 1.0 / 3.0 } else { 0.0 });
        Distributions::new(by_word, vec![0.5, 0.5], vec![10.0; 6], 20).unwrap()
    }

    #[test]
    fn what_axes_tell_is_what_mathematics_says() {
        let run = Run::new(0, 2).unwrap();
        // Each document is of one axis: its odd words have probability 1/3, by their frequency alone 1/6.
        let documents: Vec<[Vec<u32>; 2]> = (0..20).map(|at| [vec![3 * (at % 2), 3 * (at % 2) + 1], vec![3 * (at % 2) + 2; 3]]).collect();
        let found = completion(&planted(), &documents, &run).unwrap();
        assert!((found.value - (1.0_f64 / 3.0).ln()).abs() < 1e-6, "{found:?}");
        assert!((found.null.unwrap() - (1.0_f64 / 6.0).ln()).abs() < 1e-6);
        assert!(completion(&planted(), &[[vec![1], vec![]]], &run).is_err());
    }

    #[test]
    fn left_to_right_is_the_sum_over_all_axes_of_words() {
        let axes =
            Distributions::new(Matrix::new(3, 2, vec![0.7, 0.1, 0.2, 0.3, 0.1, 0.6]).unwrap(), vec![0.5, 0.5], vec![1.0; 3], 1).unwrap();
        let (prior, words) = ([0.4, 0.9], [0_u32, 2, 1, 2]);
        // The exact probability: over all 2^4 axes of the words.
        let mut exact = 0.0;
        for z in 0..16_usize {
            let (mut p, mut counts) = (1.0, [0.0; 2]);
            for (at, &word) in words.iter().enumerate() {
                let axis = z >> at & 1;
                p *= (counts[axis] + prior[axis]) / (at as f64 + 1.3) * axes.probability(word as usize, axis);
                counts[axis] += 1.0;
            }
            exact += p;
        }
        let run = Run::new(1, 2).unwrap();
        let found = left_to_right(&axes, &prior, &[words.to_vec()], 20_000, &run).unwrap();
        assert!((found.value - exact.ln() / 4.0).abs() < 2e-3, "{} {}", found.value, exact.ln() / 4.0);
    }

    #[test]
    fn halves_hold_all_words() {
        let counts = SparseMatrix::of(&Matrix::from_fn(3, 5, |i, j| ((i * j) % 4) as f32));
        for (document, [even, odd]) in halves(&counts, 7).into_iter().enumerate() {
            let mut all: Vec<u32> = even.iter().chain(&odd).copied().collect();
            all.sort_unstable();
            let (words, values) = counts.row(document);
            let wanted: Vec<u32> = words.iter().zip(values).flat_map(|(&word, &count)| std::iter::repeat_n(word, count as usize)).collect();
            assert_eq!(all, wanted);
            assert!(even.len() - odd.len() <= 1);
        }
    }
}
