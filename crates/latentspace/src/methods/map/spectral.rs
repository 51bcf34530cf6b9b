//! Where a map may start: at the smoothest eigenvectors of the graph of what attracts (Laplacian eigenmaps).
//!
//! With P the weights and s = 1/√Σp, the eigenvectors of s P s next to the trivial one are found by a few rounds of subspace
//! iteration, each through a Chebyshev polynomial that damps all others. A start needs no more than a few digits: the eigenvectors
//! of very long and thin data may stay mixed with the next ones.
//! Source: Belkin and Niyogi 2003, doi:10.1162/089976603321780317; Zhou et al. 2006, doi:10.1016/j.jcp.2006.03.017, for the filter.

use crate::parallel::*;

use super::edges::{Edges, Group, widen};
use crate::error::Result;
use crate::linalg::{Matrix, from_lower, symmetric_eigen};
use crate::random::Random;
use crate::run::Run;

/// Vectors carried along beyond those that are asked for, at least: the more, the fewer rounds.
const MORE: usize = 2;
/// Degree of the polynomial.
const DEGREE: usize = 16;
/// Rounds at most.
const ROUNDS: usize = 12;
/// Residuals at which an eigenvector is taken; eigenvalues reach to 1.
const RESIDUAL: f64 = 1e-3;
/// Rows that are summed up together: borders depend on nothing but the number of rows.
const BLOCK: usize = 4096;

/// The first coordinates of each row, `[n, dimensions]`, largest eigenvalue first; 62 at most.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(in crate::methods) fn spectral(edges: &Edges, n: usize, dimensions: usize, random: Random, run: &Run) -> Result<Matrix> {
    match dimensions + MORE {
        ..=8 => eigenvectors::<8>(edges, n, dimensions, random, run),
        9..=16 => eigenvectors::<16>(edges, n, dimensions, random, run),
        17..=32 => eigenvectors::<32>(edges, n, dimensions, random, run),
        _ => eigenvectors::<64>(edges, n, dimensions.min(64 - MORE), random, run),
    }
}

fn eigenvectors<const WIDTH: usize>(edges: &Edges, n: usize, dimensions: usize, random: Random, run: &Run) -> Result<Matrix> {
    let mut weights: Vec<f32> = vec![0.0; n];
    weights.par_iter_mut().enumerate().for_each(|(row, sum)| *sum = edges.row(row).map(|edge| edge.1).sum());
    let scales: Vec<f32> = weights.iter().map(|&weight| if weight > 0.0 { 1.0 / weight.sqrt() } else { 0.0 }).collect();
    let graph = Graph { edges, scales: &scales };
    // The trivial eigenvector, of eigenvalue 1.
    let length = weights.iter().map(|&weight| f64::from(weight)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    let trivial: Vec<f32> = weights.iter().map(|&weight| (f64::from(weight.sqrt()) / length) as f32).collect();

    let mut vectors: Vec<[f32; WIDTH]> = (0..n).map(|row| std::array::from_fn(|at| random.normal(at as u64, row as u64) as f32)).collect();
    orthonormal(&mut vectors, &trivial);
    let mut damped = 0.5;
    for round in 0..ROUNDS {
        run.check()?;
        run.progress("spectral start", round as u64, ROUNDS as u64);
        vectors = graph.filtered(vectors, damped, run)?;
        orthonormal(&mut vectors, &trivial);
        let images = graph.apply(&vectors);
        let inner = inner_products(&vectors, &images);
        let lower: Vec<f64> =
            (0..WIDTH).flat_map(|a| (0..=a).map(move |b| (a, b))).map(|(a, b)| (inner[a][b] + inner[b][a]) / 2.0).collect();
        let eigen = symmetric_eigen(&from_lower(&lower, WIDTH), WIDTH, WIDTH, || Ok(()))?;
        let turn = |row: &[f32; WIDTH]| -> [f32; WIDTH] {
            std::array::from_fn(|at| (0..WIDTH).map(|from| eigen.vectors[at * WIDTH + from] * f64::from(row[from])).sum::<f64>() as f32)
        };
        let turned: Vec<[f32; WIDTH]> = vectors.par_iter().map(turn).collect();
        let images: Vec<[f32; WIDTH]> = images.par_iter().map(turn).collect();
        let left: Vec<[f32; WIDTH]> = images
            .par_iter()
            .zip(turned.par_iter())
            .map(|(image, row)| std::array::from_fn(|at| image[at] - eigen.values[at] as f32 * row[at]))
            .collect();
        vectors = turned;
        let residuals = inner_products(&left, &left);
        if (0..dimensions).all(|at| residuals[at][at].sqrt() < RESIDUAL) {
            break;
        }
        damped = eigen.values[WIDTH - 1].clamp(-0.9, 0.999) as f32;
    }
    Matrix::new(
        n,
        dimensions,
        vectors.iter().zip(&scales).flat_map(|(row, &scale)| row[..dimensions].iter().map(move |value| value * scale)).collect(),
    )
}

struct Graph<'a> {
    edges: &'a Edges,
    scales: &'a [f32],
}

impl Graph<'_> {
    /// s P s times each vector.
    fn apply<const WIDTH: usize>(&self, vectors: &[[f32; WIDTH]]) -> Vec<[f32; WIDTH]> {
        let image = |row: usize| {
            let mut sum = [0.0; WIDTH];
            for Group { base, offsets, weights } in self.edges.groups(row) {
                let (scales, vectors) = (&self.scales[*base as usize..], &vectors[*base as usize..]);
                for (&offset, &weight) in offsets.iter().zip(weights) {
                    let weight = widen(weight) * scales[offset as usize];
                    let other = &vectors[offset as usize];
                    (0..WIDTH).for_each(|at| sum[at] += weight * other[at]);
                }
            }
            sum.map(|value| value * self.scales[row])
        };
        (0..vectors.len()).into_par_iter().map(image).collect()
    }

    /// The Chebyshev polynomial that stays below 1 for eigenvalues from -1 to `damped` and grows fast beyond, of s P s, times each vector.
    fn filtered<const WIDTH: usize>(&self, vectors: Vec<[f32; WIDTH]>, damped: f32, run: &Run) -> Result<Vec<[f32; WIDTH]>> {
        let (half, middle) = ((damped + 1.0) / 2.0, (damped - 1.0) / 2.0);
        let step = |now: &[[f32; WIDTH]], factor: f32| -> Vec<[f32; WIDTH]> {
            let images = self.apply(now);
            images
                .par_iter()
                .zip(now.par_iter())
                .map(|(image, row)| std::array::from_fn(|at| factor / half * (image[at] - middle * row[at])))
                .collect()
        };
        let (mut before, mut now) = (vectors.clone(), step(&vectors, 1.0));
        for _ in 1..DEGREE {
            run.check()?;
            let mut next = step(&now, 2.0);
            next.par_iter_mut().zip(before.par_iter()).for_each(|(next, before)| (0..WIDTH).for_each(|at| next[at] -= before[at]));
            (before, now) = (now, next);
        }
        Ok(now)
    }
}

/// Σ aᵢ bⱼ over all rows.
fn inner_products<const WIDTH: usize>(a: &[[f32; WIDTH]], b: &[[f32; WIDTH]]) -> [[f64; WIDTH]; WIDTH] {
    let block = |(a, b): (&[[f32; WIDTH]], &[[f32; WIDTH]])| {
        let mut sums = [[0.0; WIDTH]; WIDTH];
        for (a, b) in a.iter().zip(b) {
            for (sums, &a) in sums.iter_mut().zip(a) {
                sums.iter_mut().zip(b).for_each(|(sum, &b)| *sum += f64::from(a) * f64::from(b));
            }
        }
        sums
    };
    let blocks: Vec<_> = a.par_chunks(BLOCK).zip(b.par_chunks(BLOCK)).map(block).collect();
    let mut sums = [[0.0; WIDTH]; WIDTH];
    for block in blocks {
        sums.iter_mut().flatten().zip(block.iter().flatten()).for_each(|(sum, part)| *sum += part);
    }
    sums
}

/// Makes the vectors orthogonal to the trivial one and to each other, and of length 1.
fn orthonormal<const WIDTH: usize>(vectors: &mut [[f32; WIDTH]], trivial: &[f32]) {
    // Twice: what rounding left of a vector that was nearly along the others.
    for _ in 0..2 {
        let along = {
            let wide: Vec<[f32; WIDTH]> = trivial.par_iter().map(|&value| [value; WIDTH]).collect();
            inner_products(&wide, vectors)[0]
        };
        vectors
            .par_iter_mut()
            .zip(trivial.par_iter())
            .for_each(|(row, &value)| (0..WIDTH).for_each(|at| row[at] -= along[at] as f32 * value));
        for at in 0..WIDTH {
            let inner = inner_products(vectors, vectors);
            let along: Vec<f32> = (0..at)
                .map(|other| if inner[other][other] > 1e-12 { (inner[at][other] / inner[other][other]) as f32 } else { 0.0 })
                .collect();
            vectors.par_iter_mut().for_each(|row| {
                let taken: f32 = along.iter().zip(row.iter()).map(|(along, other)| along * other).sum();
                row[at] -= taken;
            });
        }
        let inner = inner_products(vectors, vectors);
        // Of fewer rows than vectors, some are nothing but what rounding left.
        let scales: [f32; WIDTH] = std::array::from_fn(|at| if inner[at][at] > 1e-12 { (1.0 / inner[at][at].sqrt()) as f32 } else { 0.0 });
        vectors.par_iter_mut().for_each(|row| (0..WIDTH).for_each(|at| row[at] *= scales[at]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::map::both_ways::BothWays;
    use crate::neighbors::{self, Metric};

    /// Each row and its 15 nearest, with weights that fall from 1.
    fn graph(rows: &Matrix, run: &Run) -> Edges {
        let found = neighbors::exact(rows.view(), 15, Metric::Euclidean, run).unwrap();
        let mut own: Vec<(u32, f32)> = (0..rows.rows() * 15).map(|at| (found.indices[at], 1.0 / (1 + at % 15) as f32)).collect();
        own.chunks_mut(15).for_each(|row| row.sort_unstable_by_key(|entry| entry.0));
        let both = BothWays::new(&own, 15);
        Edges::build(rows.rows(), |row, out| out.extend(both.row(row).map(|(column, own, other)| (column, 0.5 * (own + other)))))
    }

    fn places(rows: &Matrix, dimensions: usize, run: &Run) -> Matrix {
        run.install(|| spectral(&graph(rows, run), rows.rows(), dimensions, Random::new(0, "start"), run)).unwrap()
    }

    #[test]
    fn a_ring_becomes_a_circle() {
        let run = Run::new(0, 2).unwrap();
        // A ring bent up and down in 3-D: its smoothest eigenvectors are sine and cosine of the way along it.
        let angle = |i: usize| std::f64::consts::TAU * i as f64 / 300.0;
        let rows = Matrix::from_fn(300, 3, |i, j| [angle(i).cos(), angle(i).sin(), 0.2 * (5.0 * angle(i)).sin()][j] as f32);
        let found = places(&rows, 2, &run);
        // Once round, never back.
        let angle_at = |i: usize| f64::from(found.row(i % 300)[1]).atan2(f64::from(found.row(i % 300)[0]));
        let half = std::f64::consts::PI;
        let step = |i: usize| (angle_at(3 * i + 3) - angle_at(3 * i) + 9.0 * half).rem_euclid(2.0 * half) - half;
        let steps: Vec<f64> = (0..100).map(step).collect();
        assert!(steps.iter().all(|step| step.signum() == steps[0].signum()), "{steps:?}");
        assert!((steps.iter().sum::<f64>().abs() / (2.0 * half) - 1.0).abs() < 1e-6);
        for threads in [1, 3] {
            let run = Run::new(0, threads).unwrap();
            assert!(places(&rows, 2, &run) == found);
        }
    }

    #[test]
    fn few_rows_and_rows_apart_give_finite_places() {
        let run = Run::new(0, 2).unwrap();
        let apart = Matrix::from_fn(64, 2, |i, _| if i < 32 { i as f32 } else { 1e6 + i as f32 });
        for rows in [Matrix::from_fn(17, 1, |i, _| i as f32), apart] {
            for dimensions in [3, 9, 40] {
                let found = places(&rows, dimensions, &run);
                assert!(found.cols() == dimensions && found.as_slice().iter().all(|value| value.is_finite()));
            }
        }
    }
}
