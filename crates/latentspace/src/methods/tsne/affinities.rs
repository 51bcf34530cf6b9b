//! How strongly rows attract each other: each row is a normal distribution over its neighbors, as wide as the perplexity asks for, and two
//! rows share the mean of what each thinks of the other.

use crate::parallel::*;

use super::Affinity;
use crate::error::Result;
use crate::methods::map::both_ways::BothWays;
use crate::methods::map::check_distances;
use crate::methods::map::edges::{BLOCK, Edges};
use crate::neighbors::{Metric, Neighbors};

/// The joint distribution P over pairs of rows, sparse and symmetric.
pub(super) struct Affinities {
    /// n · pᵢⱼ: all together they sum to n, so that none is tiny.
    pub(super) edges: Edges,
    /// Σ p ln p, the part of the divergence that no map changes.
    pub(super) entropy: f64,
    /// Σ p: 1 but for rounding.
    pub(super) mass: f64,
}

impl Affinities {
    /// P of rows with these neighbors; of several perplexities their mean. Each is at most the number of neighbors.
    ///
    /// # Errors
    /// [`Error::Input`] if a distance is no finite number.
    pub(super) fn new(neighbors: &Neighbors, metric: Metric, affinity: Affinity, perplexities: &[f64]) -> Result<Self> {
        let k = neighbors.k;
        check_distances(neighbors)?;
        let mut own: Vec<(u32, f32)> = vec![(0, 0.0); neighbors.indices.len()];
        own.par_chunks_mut(k).enumerate().for_each_init(
            || [vec![0.0; k], vec![0.0; k]],
            |[weights, part], (row, own)| {
                let (indices, distances) = neighbors.row(row);
                weights.fill(0.0);
                for &perplexity in perplexities {
                    match affinity {
                        Affinity::Gaussian => conditional(distances, metric, perplexity, part),
                        Affinity::Uniform => uniform(perplexity, part),
                    }
                    weights.iter_mut().zip(&*part).for_each(|(weight, part)| *weight += part / perplexities.len() as f64);
                }
                own.iter_mut().zip(indices).zip(weights.iter()).for_each(|((own, &index), &weight)| *own = (index, weight as f32));
                own.sort_unstable_by_key(|entry| entry.0);
            },
        );
        Ok(symmetric(&own, k))
    }

    /// The same P for rows in another order: row i is what was row `order[i]`.
    pub(super) fn reordered(&self, order: &[u32]) -> Self {
        let mut rank = vec![0_u32; order.len()];
        order.iter().enumerate().for_each(|(new, &old)| rank[old as usize] = new as u32);
        let edges = Edges::build(order.len(), |row, out| {
            out.extend(self.edges.row(order[row] as usize).map(|(column, weight)| (rank[column as usize], weight)));
        });
        Affinities { edges, ..*self }
    }
}

/// The same weight for as many of the nearest as the perplexity says, none for the others.
fn uniform(perplexity: f64, weights: &mut [f64]) {
    let near = (perplexity as usize).clamp(1, weights.len().max(1));
    weights.iter_mut().enumerate().for_each(|(at, weight)| *weight = if at < near { 1.0 / near as f64 } else { 0.0 });
}

/// The weights of a row's neighbors: exp(-β x), summing to 1, with β such that their entropy is the logarithm of the perplexity. x is the
/// squared distance; where the distance is minus an inner product, x is the distance itself.
///
/// Where no β reaches the perplexity, as with more equal neighbors than that, the nearest that can be reached is taken.
pub(super) fn conditional(distances: &[f32], metric: Metric, perplexity: f64, weights: &mut [f64]) {
    const MOST_STEPS: usize = 64;
    let exponent = |distance: f32| match metric {
        _ if metric.is_distance() => f64::from(distance).powi(2),
        _ => f64::from(distance),
    };
    let least = distances.iter().copied().map(exponent).fold(f64::INFINITY, f64::min);
    let x = |distance: f32| exponent(distance) - least;
    let mean = distances.iter().copied().map(x).sum::<f64>() / distances.len().max(1) as f64;
    let target = perplexity.ln();
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut beta = if mean > 0.0 { 1.0 / mean } else { 1.0 };
    for step in 0..MOST_STEPS {
        // Sums of w, w x and w x²: the entropy is ln Σw + β <x>, and its derivative by ln β is -β² var(x).
        let mut sums = [0.0; 3];
        for (weight, &distance) in weights.iter_mut().zip(distances) {
            let x = x(distance);
            *weight = (-beta * x).exp();
            sums[0] += *weight;
            sums[1] += *weight * x;
            sums[2] += *weight * x * x;
        }
        let expected = sums[1] / sums[0];
        let excess = sums[0].ln() + beta * expected - target;
        if excess.abs() < 1e-8 || mean <= 0.0 || step + 1 == MOST_STEPS {
            weights.iter_mut().for_each(|weight| *weight /= sums[0]);
            return;
        }
        if excess > 0.0 {
            low = beta
        } else {
            high = beta
        }
        let slope = -beta * beta * (sums[2] / sums[0] - expected * expected);
        let newton = beta * (-excess / slope).clamp(-3.0, 3.0).exp();
        beta = if slope < 0.0 && newton > low && newton < high {
            newton
        } else if high.is_finite() {
            0.5 * (low + high)
        } else {
            4.0 * beta
        };
    }
}

/// The mean of P and its transpose, as sparse rows. `own` has `k` entries a row, sorted by column.
fn symmetric(own: &[(u32, f32)], k: usize) -> Affinities {
    let n = own.len() / k.max(1);
    let both = BothWays::new(own, k);
    let edges = Edges::build(n, |row, out| {
        // Denormal numbers would be slow in every step.
        out.extend(both.row(row).map(|(column, own, others)| (column, 0.5 * (own + others))).filter(|edge| edge.1 > 1e-30));
    });
    let sums: Vec<(f64, f64)> = (0..n.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let rows = block * BLOCK..((block + 1) * BLOCK).min(n);
            let weights = rows.flat_map(|row| edges.row(row)).map(|(_, weight)| f64::from(weight) / n as f64);
            weights.fold((0.0, 0.0), |(entropy, mass), p| (entropy + p * p.ln(), mass + p))
        })
        .collect();
    let (entropy, mass) = sums.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
    Affinities { edges, entropy, mass }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::measure::Measure;
    use crate::random::Random;

    /// Neighbors by sorting all distances.
    pub(super) fn all_neighbors(rows: &Matrix, k: usize) -> Neighbors {
        let n = rows.rows();
        let (mut indices, mut distances) = (Vec::new(), Vec::new());
        for i in 0..n {
            let distance = |j: usize| rows.row(i).iter().zip(rows.row(j)).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
            let mut all: Vec<(f32, u32)> = (0..n).filter(|&j| j != i).map(|j| (distance(j), j as u32)).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            indices.extend(all[..k].iter().map(|x| x.1));
            distances.extend(all[..k].iter().map(|x| x.0));
        }
        Neighbors { k, indices, distances, algorithm: "exact", recall: Measure::exact(1.0, None) }
    }

    fn noise(n: usize, d: usize) -> Matrix {
        let random = Random::new(3, "noise");
        Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32)
    }

    #[test]
    fn each_row_reaches_the_perplexity() {
        let neighbors = all_neighbors(&noise(400, 6), 90);
        for (metric, perplexity) in [(Metric::Euclidean, 30.0), (Metric::Euclidean, 2.5), (Metric::InnerProduct, 30.0)] {
            for row in 0..400 {
                let mut weights = vec![0.0; 90];
                conditional(neighbors.row(row).1, metric, perplexity, &mut weights);
                let entropy: f64 = weights.iter().filter(|&&w| w > 0.0).map(|w| -w * w.ln()).sum();
                assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert!((entropy.exp() - perplexity).abs() < 1e-5, "{metric:?} {perplexity} {}", entropy.exp());
            }
        }
    }

    #[test]
    fn equal_and_far_neighbors_give_finite_weights() {
        for distances in
            [[0.0; 9].as_slice(), &[5.0; 9], &[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0], &[1e18, 1.1e18, 3e18], &[0.0, 1e-20, 1e18]]
        {
            let mut weights = vec![0.0; distances.len()];
            conditional(distances, Metric::Euclidean, 2.0, &mut weights);
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{distances:?} {weights:?}");
            assert!(weights.windows(2).all(|pair| pair[0] >= pair[1]), "nearer ones weigh no less: {weights:?}");
        }
    }

    #[test]
    fn the_joint_distribution_is_symmetric_and_sums_to_1_in_any_order() {
        let n = 700;
        let neighbors = all_neighbors(&noise(n, 3), 30);
        let affinities = Affinities::new(&neighbors, Metric::Euclidean, Affinity::Gaussian, &[10.0]).unwrap();
        let dense = |affinities: &Affinities| {
            let mut dense = vec![0.0; n * n];
            for i in 0..n {
                affinities.edges.row(i).for_each(|(column, weight)| dense[i * n + column as usize] += weight);
            }
            dense
        };
        let p = dense(&affinities);
        assert!((p.iter().map(|&p| f64::from(p)).sum::<f64>() / n as f64 - 1.0).abs() < 1e-4);
        for i in 0..n {
            assert_eq!(p[i * n + i], 0.0);
            for j in 0..i {
                assert_eq!(p[i * n + j], p[j * n + i]);
            }
        }
        let entropy: f64 = p.iter().map(|&p| f64::from(p) / n as f64).filter(|&p| p > 0.0).map(|p| p * p.ln()).sum();
        assert!((entropy - affinities.entropy).abs() < 1e-9);
        let order = Random::new(1, "order").permutation(0, n);
        let other = dense(&affinities.reordered(&order));
        for i in 0..n {
            for j in 0..n {
                assert_eq!(other[i * n + j], p[order[i] as usize * n + order[j] as usize]);
            }
        }
    }

    #[test]
    fn affinities_of_two_perplexities_are_their_mean_and_uniform_ones_all_alike() {
        let neighbors = all_neighbors(&noise(60, 3), 20);
        let of = |affinity, perplexities: &[f64]| {
            let found = Affinities::new(&neighbors, Metric::Euclidean, affinity, perplexities).unwrap();
            (0..60).flat_map(|row| found.edges.row(row).map(move |(column, weight)| ((row, column), weight)).collect::<Vec<_>>()).collect()
        };
        let pairs = |affinity, perplexities: &[f64]| -> std::collections::BTreeMap<(usize, u32), f32> { of(affinity, perplexities) };
        let [fine, coarse, both] = [&[3.0][..], &[15.0], &[3.0, 15.0]].map(|perplexities| pairs(Affinity::Gaussian, perplexities));
        for (pair, weight) in &both {
            let mean = 0.5 * (fine.get(pair).unwrap_or(&0.0) + coarse[pair]);
            assert!((weight - mean).abs() < 2e-3 * weight + 1e-6, "{pair:?}: {weight}, not {mean}");
        }
        let uniform = pairs(Affinity::Uniform, &[5.0]);
        assert!(uniform.values().all(|weight| (weight - 0.1).abs() < 1e-3 || (weight - 0.2).abs() < 1e-3), "{uniform:?}");
    }

    #[test]
    fn a_distance_that_is_no_number_is_refused_with_its_row() {
        let mut neighbors = all_neighbors(&noise(20, 2), 6);
        neighbors.distances[6 * 4 + 5] = f32::INFINITY;
        let error = Affinities::new(&neighbors, Metric::Euclidean, Affinity::Gaussian, &[2.0]).err().unwrap();
        assert!(error.to_string().contains("row 5"), "{error}");
    }
}
