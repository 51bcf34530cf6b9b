//! Which shares a document has of topics.

use crate::error::Result;
use crate::linalg::{Matrix, SparseRows};
use crate::parallel::*;
use crate::run::Run;

/// How shares are found: the fixed point of `share ∝ prior + sum over words of count · phi · share / (sum over topics of phi · share)`, from equal
/// shares. Without a prior that is expectation maximization (Hofmann 1999, doi:10.1145/312624.312649); with one, the mean of what a Gibbs
/// sampler would find, to first order (Asuncion and others 2009, arXiv:1205.2662, "CVB0").
///
/// Cost: 4 flops a different word, topic and step; the rows of phi that a document needs stay in the nearest caches.
#[derive(Debug, Clone)]
pub(crate) struct Inference<'a> {
    /// `[words, topics]`, any positive scale a word.
    pub(crate) phi: &'a [f32],
    pub(crate) topics: usize,
    /// Of each topic; 0 where there is none.
    pub(crate) prior: &'a [f32],
    /// The power β that a topic's part of a word, phi · share, is raised to before parts are compared: 1, or less in tempered expectation
    /// maximization. `phi` is raised already.
    pub(crate) power: f32,
    /// Steps at most.
    pub(crate) steps: usize,
    /// It ends when all shares together change by less than this.
    pub(crate) settled: f32,
}

/// Rooms for one document after the other.
#[derive(Default)]
pub(crate) struct InferenceRoom {
    sums: Vec<f32>,
    raised: Vec<f32>,
}

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
        let (sums, raised) = (&mut room.sums[..k], &mut room.raised[..k]);
        for _ in 0..self.steps {
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
            for ((share, &raised), (&sum, &prior)) in out.iter_mut().zip(raised.iter()).zip(sums.iter().zip(self.prior)) {
                let new = (raised * sum + prior) * scale;
                changed += (new - *share).abs();
                *share = new;
            }
            if changed < self.settled {
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
}

impl Inference<'_> {
    /// Shares as they are compared.
    #[inline(always)]
    pub(crate) fn raise(&self, shares: &[f32], raised: &mut [f32]) {
        raised.copy_from_slice(shares);
        if self.power < 1.0 {
            raised.iter_mut().for_each(|share| *share = share.powf(self.power));
        }
    }
}

/// The sum of products, eight at a time in a fixed tree.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (whole_a, whole_b) = (a.chunks_exact(8), b.chunks_exact(8));
    let (rest_a, rest_b) = (whole_a.remainder(), whole_b.remainder());
    for (a, b) in whole_a.zip(whole_b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        sums[lane] += a * b;
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
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

    #[test]
    fn shares_of_known_mixtures_are_found_and_empty_documents_have_the_prior() {
        // Four words, two topics.
        let phi = [0.6, 0.0, 0.4, 0.1, 0.0, 0.4, 0.0, 0.5];
        let prior = [0.0, 0.0];
        let inference = Inference { phi: &phi, topics: 2, prior: &prior, power: 1.0, steps: 1000, settled: 1e-7 };
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
}
