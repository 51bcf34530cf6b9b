//! Layout of axes: a plane in which axes with common words are near, and a hierarchical clustering.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::Distributions;
use crate::error::Result;
use crate::linalg::symmetric_eigen;
use crate::parallel::*;
use crate::run::Run;

/// Coordinates of axes in a plane.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layout {
    /// `[axes]`: the coordinates.
    pub places: Vec<[f64; 2]>,
    /// The share of the squared distances that each axis explains.
    pub explained: [f64; 2],
}

/// A merge of two nodes: 0 to k - 1 are axes, k + i is the result of merge i.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Merge {
    /// The node with the smaller number.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// Their distance: the mean over pairs of their axes (average linkage).
    pub height: f64,
}

/// Above this number of axes, words of low lift are pooled.
const MANY: usize = 150;
/// A word is kept for an axis if its probability is at least this many times the mean.
const MATTERS: f32 = 0.2;
/// Axes whose probabilities are read together: as many as a cache line holds.
const TOGETHER: usize = 16;

/// The Jensen-Shannon divergence of each pair of axes (natural logarithm), `[k, k]`. The words of an axis that share its smallest probability,
/// which are most words of a sampled topic, are counted rather than listed. With more than 150 axes, only the more probable words of each
/// are used individually, and the others as if they were equally probable.
///
/// Cost: one logarithm per listed word of each pair, which bounds it: k² / 2 · listed words.
pub(super) fn divergences(axes: &Distributions, run: &Run) -> Result<Vec<f64>> {
    let k = axes.k();
    let lists: Vec<Vec<Likely>> = (0..k.div_ceil(TOGETHER)).into_par_iter().map(|group| Likely::of(axes, group * TOGETHER)).collect();
    let lists: Vec<Likely> = lists.into_iter().flatten().collect();
    let (done, pairs) = (AtomicU64::new(0), (k * k.saturating_sub(1) / 2) as u64);
    let rows: Vec<Vec<f64>> = (0..k)
        .into_par_iter()
        .map(|a| {
            run.check()?;
            let row = (0..a).map(|b| divergence(&lists[a], &lists[b])).collect();
            run.progress("comparing axes", done.fetch_add(a as u64, Ordering::Relaxed) + a as u64, pairs);
            Ok(row)
        })
        .collect::<Result<_>>()?;
    let mut all = vec![0.0; k * k];
    for (a, row) in rows.iter().enumerate() {
        for (b, &value) in row.iter().enumerate() {
            all[a * k + b] = value;
            all[b * k + a] = value;
        }
    }
    Ok(all)
}

/// p ln p.
fn plogp(p: f64) -> f64 {
    if p > 0.0 { p * p.ln() } else { 0.0 }
}

/// An axis's more probable words, ascending, and the probability of each of the others.
struct Likely {
    words: Vec<(u32, f64)>,
    other: f64,
    others: usize,
    /// Σ p ln p over all words.
    negentropy: f64,
}

impl Likely {
    /// Those of the axes from `first` on that are read together.
    fn of(axes: &Distributions, first: usize) -> Vec<Self> {
        let (k, words) = (axes.k(), axes.words());
        let group = first..(first + TOGETHER).min(k);
        let rows = || (0..words).map(|word| &axes.by_word.row(word)[group.clone()]);
        let mut least = vec![f32::INFINITY; group.len()];
        rows().for_each(|row| least.iter_mut().zip(row).for_each(|(least, &p)| *least = least.min(p)));
        let pooled = if k > MANY { MATTERS / words as f32 } else { 0.0 };
        let mut listed = vec![Vec::new(); group.len()];
        for (word, row) in rows().enumerate() {
            for ((list, &least), &p) in listed.iter_mut().zip(&least).zip(row) {
                if p > least.max(pooled) {
                    list.push((word as u32, f64::from(p)));
                }
            }
        }
        let likely = |(list, least): (Vec<(u32, f64)>, f32)| {
            let others = words - list.len();
            let other = if least >= pooled {
                f64::from(least)
            } else {
                (1.0 - list.iter().map(|(_, p)| p).sum::<f64>()).max(0.0) / others.max(1) as f64
            };
            let negentropy = list.iter().map(|&(_, p)| plogp(p)).sum::<f64>() + others as f64 * plogp(other);
            Likely { words: list, other, others, negentropy }
        };
        listed.into_iter().zip(least).map(likely).collect()
    }
}

fn divergence(a: &Likely, b: &Likely) -> f64 {
    // Σ m ln m, where m is the mean of both.
    let (mut i, mut j, mut sum, mut shared) = (0, 0, 0.0, 0);
    loop {
        let (first, second) = (a.words.get(i), b.words.get(j));
        match (first, second) {
            (Some(&(word, p)), Some(&(other, q))) if word == other => {
                sum += plogp(0.5 * (p + q));
                (i, j, shared) = (i + 1, j + 1, shared + 1);
            }
            (Some(&(word, p)), other) if other.is_none_or(|&(other, _)| word < other) => {
                sum += plogp(0.5 * (p + b.other));
                i += 1;
            }
            (_, Some(&(_, q))) => {
                sum += plogp(0.5 * (a.other + q));
                j += 1;
            }
            _ => break,
        }
    }
    let neither = (a.others + shared).saturating_sub(b.words.len());
    sum += neither as f64 * plogp(0.5 * (a.other + b.other));
    (0.5 * (a.negentropy + b.negentropy) - sum).max(0.0)
}

/// The layout of axes and their hierarchical clustering, from the Jensen-Shannon divergences of all pairs.
///
/// Layout: principal coordinates (Gower 1966, doi:10.1093/biomet/53.3-4.325), each axis with the sign that makes its largest coordinate positive.
/// Clustering: average linkage, by chains of nearest neighbors, which give the same tree as repeated merging of the nearest nodes (Murtagh
/// 1983, doi:10.1093/comjnl/26.4.354).
///
/// Cost: the divergences, k² / 2 · words logarithms at most; k² for the rest.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub fn arrange(axes: &Distributions, run: &Run) -> Result<(Layout, Vec<Merge>)> {
    run.install(|| {
        let divergences = divergences(axes, run)?;
        Ok((places(&divergences, axes.k())?, merges(divergences, axes.k())))
    })
}

fn places(divergences: &[f64], k: usize) -> Result<Layout> {
    let mut centered: Vec<f64> = divergences.iter().map(|distance| -0.5 * distance * distance).collect();
    let means: Vec<f64> = centered.chunks_exact(k).map(|row| row.iter().sum::<f64>() / k as f64).collect();
    let mean = means.iter().sum::<f64>() / k as f64;
    for (a, row) in centered.chunks_exact_mut(k).enumerate() {
        row.iter_mut().zip(&means).for_each(|(cell, other)| *cell += mean - means[a] - other);
    }
    let all: f64 = (0..k).map(|at| centered[at * k + at]).sum();
    let axes = if k > 1 && all > 0.0 { Some(symmetric_eigen(&centered, k, 2.min(k), || Ok(()))?) } else { None };
    let mut layout = Layout { places: vec![[0.0; 2]; k], explained: [0.0; 2] };
    for axis in 0..2 {
        let Some(eigen) = &axes else { break };
        let Some(&value) = eigen.values.get(axis).filter(|&&value| value > 1e-12 * all) else { break };
        let vector = &eigen.vectors[axis * k..(axis + 1) * k];
        let largest = vector.iter().fold(0.0_f64, |largest, &x| if x.abs() > largest.abs() + 1e-9 { x } else { largest });
        let scale = value.sqrt() * largest.signum();
        layout.places.iter_mut().zip(vector).for_each(|(place, x)| place[axis] = x * scale);
        layout.explained[axis] = (value / all).min(1.0);
    }
    Ok(layout)
}

fn merges(mut distances: Vec<f64>, k: usize) -> Vec<Merge> {
    let mut size = vec![1.0_f64; k];
    let mut is_there = vec![true; k];
    let mut found: Vec<(usize, usize, f64)> = Vec::with_capacity(k.saturating_sub(1));
    let mut chain: Vec<usize> = Vec::new();
    while found.len() + 1 < k {
        if chain.is_empty() {
            chain.extend(is_there.iter().position(|&is| is));
        }
        let Some(&last) = chain.last() else { break };
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        // The previous node wins ties, so that the chain ends.
        let mut near = before.map(|node| (distances[last * k + node], node));
        for node in (0..k).filter(|&node| is_there[node] && node != last) {
            if near.is_none_or(|(distance, _)| distances[last * k + node] < distance) {
                near = Some((distances[last * k + node], node));
            }
        }
        let Some((height, next)) = near else { break };
        if Some(next) != before {
            chain.push(next);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (keep, gone) = (last.min(next), last.max(next));
        let (a, b) = (size[keep], size[gone]);
        for node in (0..k).filter(|&node| is_there[node] && node != keep && node != gone) {
            let mean = (a * distances[keep * k + node] + b * distances[gone * k + node]) / (a + b);
            distances[keep * k + node] = mean;
            distances[node * k + keep] = mean;
        }
        size[keep] += size[gone];
        is_there[gone] = false;
        found.push((keep, gone, height));
    }
    found.sort_by(|a, b| a.2.total_cmp(&b.2).then((a.0, a.1).cmp(&(b.0, b.1))));
    // The current node of each axis.
    let mut node: Vec<u32> = (0..k as u32).collect();
    let merge = |(at, (keep, gone, height)): (usize, (usize, usize, f64))| {
        let (a, b) = (node[keep].min(node[gone]), node[keep].max(node[gone]));
        node[keep] = (k + at) as u32;
        Merge { a, b, height }
    };
    found.into_iter().enumerate().map(merge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    fn planted(k: usize, words: usize) -> Distributions {
        let random = Random::new(6, "axes");
        let by_word = Matrix::from_fn(words, k, |word, axis| (random.uniform(word as u64, axis as u64).powi(6) + 1e-6) as f32);
        Distributions::new(by_word, vec![1.0; k], vec![1.0; words], 1).unwrap()
    }

    #[test]
    fn divergences_are_those_of_mathematics_and_few_words_tell_nearly_all() {
        let run = Run::new(0, 2).unwrap();
        let axes = planted(5, 300);
        let found = divergences(&axes, &run).unwrap();
        let p = |axis: usize| (0..300).map(move |word| (word, axis));
        let part = |p: f64, q: f64| 0.5 * (p * (2.0 * p / (p + q)).ln() + q * (2.0 * q / (p + q)).ln());
        let wanted: f64 = p(1).map(|(word, axis)| part(axes.probability(word, axis), axes.probability(word, 3))).sum();
        assert!((found[5 + 3] - wanted).abs() < 1e-9 && found[5 + 3] == found[3 * 5 + 1]);
        let many = planted(MANY + 10, 300);
        let found = divergences(&many, &run).unwrap();
        let wanted: f64 = p(1).map(|(word, axis)| part(many.probability(word, axis), many.probability(word, 3))).sum();
        assert!((found[(MANY + 10) + 3] / wanted - 1.0).abs() < 0.05, "{} {wanted}", found[MANY + 13]);
    }

    #[test]
    fn words_of_the_smallest_probability_are_counted_and_change_nothing() {
        let run = Run::new(0, 2).unwrap();
        // As of a sampled topic: most words were never seen in it.
        let random = Random::new(7, "axes");
        let by_word = Matrix::from_fn(4000, 20, |word, axis| {
            let seen = random.uniform(word as u64, axis as u64);
            if seen > 0.95 { 40.01 * seen as f32 } else { 0.01 }
        });
        let axes = Distributions::new(by_word, vec![1.0; 20], vec![1.0; 4000], 1).unwrap();
        let found = divergences(&axes, &run).unwrap();
        let part = |p: f64, q: f64| 0.5 * (p * (2.0 * p / (p + q)).ln() + q * (2.0 * q / (p + q)).ln());
        for (a, b) in [(0, 1), (3, 19), (17, 2)] {
            let wanted: f64 = (0..4000).map(|word| part(axes.probability(word, a), axes.probability(word, b))).sum();
            assert!((found[a * 20 + b] - wanted).abs() < 1e-12, "{} {wanted}", found[a * 20 + b]);
        }
    }

    #[test]
    fn one_two_and_three_axes_have_places() {
        let run = Run::new(0, 1).unwrap();
        assert_eq!(arrange(&planted(1, 20), &run).unwrap(), (Layout { places: vec![[0.0; 2]], explained: [0.0; 2] }, Vec::new()));
        let (two, _) = arrange(&planted(2, 20), &run).unwrap();
        let distance = divergences(&planted(2, 20), &run).unwrap()[1];
        assert!((two.places[0][0] - two.places[1][0]).abs() - distance < 1e-12 && two.places.iter().all(|place| place[1] == 0.0));
        assert!((two.explained[0] - 1.0).abs() < 1e-12);
        let (three, _) = arrange(&planted(3, 20), &run).unwrap();
        let far = |a: usize, b: usize| (three.places[a][0] - three.places[b][0]).hypot(three.places[a][1] - three.places[b][1]);
        let distances = divergences(&planted(3, 20), &run).unwrap();
        assert!((far(0, 1) - distances[1]).abs() < 1e-9 && (far(1, 2) - distances[5]).abs() < 1e-9);
    }

    #[test]
    fn the_tree_merges_the_nearest_first() {
        // On a line: 0, 1, 10, 11, 100.
        let at = [0.0_f64, 1.0, 10.0, 11.5, 100.0];
        let distances = at.iter().flat_map(|a| at.iter().map(move |b| (a - b).abs())).collect();
        let merges = merges(distances, 5);
        let pairs: Vec<(u32, u32)> = merges.iter().map(|merge| (merge.a, merge.b)).collect();
        assert_eq!(pairs, [(0, 1), (2, 3), (5, 6), (4, 7)]);
        assert!((merges[2].height - 10.25).abs() < 1e-12);
    }
}
