//! Maximum likelihood factor analysis of a correlation matrix.
//!
//! For given noise variances ψ, the best loadings follow from the k largest eigenvalues θ and eigenvectors u of Ψ^-½ R Ψ^-½ (Lawley 1940): they are
//! Ψ^½ u √(θ - 1). What remains is a function of log ψ alone, with the gradient 1 + Σ u² (θ - 1) - 1/ψ (Jöreskog 1967), which a limited-memory
//! quasi-Newton method minimizes within bounds (Liu and Nocedal 1989); where it cannot go on, a step of the EM algorithm does.
//!
//! Source: Jöreskog 1967, doi:10.1007/BF02289658; Liu and Nocedal 1989, doi:10.1007/BF01589116; Rubin and Thayer 1982, doi:10.1007/BF02293851.

use std::collections::VecDeque;

use crate::error::Result;
use crate::linalg::symmetric_eigen;
use crate::parallel::*;
use crate::run::Run;

/// The least noise of a column, as a part of its variance. The likelihood of some data grows without bound as the noise of a column vanishes
/// (a Heywood case), and sums in single precision carry about so many digits.
pub(in crate::methods::linear) const LEAST_NOISE: f64 = 1e-6;
/// Steps whose curvature is remembered.
const REMEMBERED: usize = 12;
/// Times that a step is halved before it is given up.
const HALVINGS: usize = 20;
/// The largest change of a logarithm in a step.
const LONGEST: f64 = 2.0;
/// The part of the expected decrease that a step must reach (Armijo).
const DECREASE: f64 = 1e-4;

/// Loadings and noise of columns of variance 1.
pub(in crate::methods::linear) struct Solution {
    /// `[m]`: the noise variance of each column.
    pub(in crate::methods::linear) noise: Vec<f64>,
    /// `[m, k]`, row by row: loadings of independent factors, the most informative first.
    pub(in crate::methods::linear) loadings: Vec<f64>,
    /// `[k]`: eigenvalues, 1 for a factor without loadings.
    pub(in crate::methods::linear) eigenvalues: Vec<f64>,
    /// -2 log-likelihood a row, without the constant of the columns' variances and of 2π.
    pub(in crate::methods::linear) deviance: f64,
    /// Steps taken.
    pub(in crate::methods::linear) n_iter: usize,
    /// Whether the last steps raised the log-likelihood a row by less than the tolerance.
    pub(in crate::methods::linear) converged: bool,
}

/// A point: log ψ, the function there and its derivatives.
struct Point {
    logs: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    /// The diagonal of Jöreskog's approximation of the second derivatives.
    curvature: Vec<f64>,
    /// `[k]`.
    eigenvalues: Vec<f64>,
    /// `[k, m]`.
    vectors: Vec<f64>,
}

/// What is minimized.
struct Objective<'a> {
    /// `[m, m]`.
    correlation: &'a [f64],
    m: usize,
    k: usize,
    run: &'a Run,
}

impl Objective<'_> {
    /// Bound: the k largest eigenvalues of `[m, m]`.
    fn at(&self, logs: Vec<f64>) -> Result<Point> {
        let (m, k) = (self.m, self.k);
        let roots: Vec<f64> = logs.iter().map(|log| (-0.5 * log).exp()).collect();
        let mut scaled = vec![0.0; m * m];
        scaled.par_chunks_mut(m).enumerate().for_each(|(at, row)| {
            let (from, root) = (&self.correlation[at * m..][..m], roots[at]);
            row.iter_mut().zip(from).zip(&roots).for_each(|((cell, from), other)| *cell = from * root * other);
        });
        let eigen = symmetric_eigen(&scaled, m, k, || self.run.check())?;
        // A factor whose eigenvalue is below 1 has no loadings.
        let eigenvalues: Vec<f64> = eigen.values.iter().map(|value| value.max(1.0)).collect();
        let mut value = logs.iter().sum::<f64>() + roots.iter().map(|root| root * root).sum::<f64>();
        value += eigenvalues.iter().filter(|value| **value > 1.0).map(|value| value.ln() + 1.0 - value).sum::<f64>();
        let (mut informed, mut shared) = (vec![0.0; m], vec![0.0; m]);
        for (vector, value) in eigen.vectors.chunks_exact(m).zip(&eigenvalues).filter(|(_, value)| **value > 1.0) {
            for ((informed, shared), u) in informed.iter_mut().zip(&mut shared).zip(vector) {
                *informed += u * u * (value - 1.0);
                *shared += u * u;
            }
        }
        let gradient = informed.iter().zip(&roots).map(|(informed, root)| 1.0 + informed - root * root).collect();
        let curvature = shared.iter().map(|shared| (1.0 - shared).powi(2).max(1e-3)).collect();
        Ok(Point { logs, value, gradient, curvature, eigenvalues, vectors: eigen.vectors })
    }
}

impl Point {
    /// Loadings `[m, k]`, row by row.
    fn loadings(&self) -> Vec<f64> {
        let (m, k) = (self.logs.len(), self.eigenvalues.len());
        let cell =
            |at: usize| (0.5 * self.logs[at / k]).exp() * self.vectors[at % k * m + at / k] * (self.eigenvalues[at % k] - 1.0).sqrt();
        (0..m * k).map(cell).collect()
    }

    /// The logarithms after a step of the EM algorithm, which never raises the function.
    fn expected(&self, least: f64) -> Vec<f64> {
        let k = self.eigenvalues.len();
        let left = |row: &[f64]| 1.0 - row.iter().map(|loading| loading * loading).sum::<f64>();
        self.loadings().chunks_exact(k).map(|row| left(row).max(LEAST_NOISE).ln().clamp(least, 0.0)).collect()
    }

    /// Whether a coordinate may move: it is not at a bound that the gradient pushes it against.
    fn is_free(&self, at: usize, least: f64) -> bool {
        let (log, slope) = (self.logs[at], self.gradient[at]);
        !(log <= least && slope > 0.0 || log >= 0.0 && slope < 0.0)
    }
}

/// Curvature along a step: the step, the change of the gradient, and 1 over their inner product.
struct Curvature {
    step: Vec<f64>,
    change: Vec<f64>,
    inverse: f64,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The quasi-Newton direction among the free coordinates (two-loop recursion).
fn direction(point: &Point, past: &VecDeque<Curvature>, free: &[bool]) -> Vec<f64> {
    let mut way: Vec<f64> = point.gradient.iter().zip(free).map(|(slope, free)| if *free { -slope } else { 0.0 }).collect();
    let mut parts = Vec::with_capacity(past.len());
    for one in past.iter().rev() {
        let part = one.inverse * dot(&one.step, &way);
        way.iter_mut().zip(&one.change).for_each(|(way, change)| *way -= part * change);
        parts.push(part);
    }
    way.iter_mut().zip(&point.curvature).for_each(|(way, curvature)| *way /= curvature);
    for (one, part) in past.iter().zip(parts.into_iter().rev()) {
        let rest = part - one.inverse * dot(&one.change, &way);
        way.iter_mut().zip(&one.step).for_each(|(way, step)| *way += rest * step);
    }
    for (at, way) in way.iter_mut().enumerate() {
        *way = if free[at] { way.clamp(-LONGEST, LONGEST) } else { 0.0 };
    }
    if dot(&way, &point.gradient) < 0.0 {
        return way;
    }
    let steepest = |at: usize| if free[at] { (-point.gradient[at] / point.curvature[at]).clamp(-LONGEST, LONGEST) } else { 0.0 };
    (0..free.len()).map(steepest).collect()
}

/// The maximum of the likelihood of `k` factors, from noise variances `start` on. `correlation` is `[m, m]`. `tol` is the rise of the log-likelihood
/// a row below which it ends, `n_iter` the number of steps at most.
///
/// Cost: per step, the k largest eigenvalues of `[m, m]`.
pub(in crate::methods::linear) fn maximize(
    correlation: &[f64],
    start: &[f64],
    k: usize,
    tol: f64,
    n_iter: usize,
    run: &Run,
) -> Result<Solution> {
    if start.is_empty() || k == 0 {
        return Ok(Solution {
            noise: Vec::new(),
            loadings: Vec::new(),
            eigenvalues: Vec::new(),
            deviance: 0.0,
            n_iter: 0,
            converged: true,
        });
    }
    let objective = Objective { correlation, m: start.len(), k, run };
    let least = LEAST_NOISE.ln();
    let mut point = objective.at(start.iter().map(|noise| noise.max(LEAST_NOISE).ln().min(0.0)).collect())?;
    let (mut past, mut steps, mut small): (VecDeque<Curvature>, usize, usize) = (VecDeque::new(), 0, 0);
    while steps < n_iter && small < 2 {
        run.check()?;
        run.progress("factor analysis", steps as u64, n_iter as u64);
        let free: Vec<bool> = (0..start.len()).map(|at| point.is_free(at, least)).collect();
        let way = direction(&point, &past, &free);
        let mut length = 1.0;
        let mut next = None;
        for _ in 0..HALVINGS {
            let logs: Vec<f64> = point.logs.iter().zip(&way).map(|(log, way)| (log + length * way).clamp(least, 0.0)).collect();
            let expected: f64 = logs.iter().zip(&point.logs).zip(&point.gradient).map(|((new, old), slope)| (new - old) * slope).sum();
            let tried = objective.at(logs)?;
            if tried.value <= point.value + DECREASE * expected.min(0.0) && tried.value.is_finite() {
                next = Some(tried);
                break;
            }
            length *= 0.5;
            if expected.abs() < 1e-15 * point.value.abs() {
                break;
            }
        }
        let next = match next {
            Some(next) => next,
            None => {
                past.clear();
                objective.at(point.expected(least))?
            }
        };
        steps += 1;
        let rise = 0.5 * (point.value - next.value);
        small = if rise < tol { small + 1 } else { 0 };
        if rise < 0.0 {
            continue;
        }
        let step: Vec<f64> = next.logs.iter().zip(&point.logs).map(|(new, old)| new - old).collect();
        let change: Vec<f64> = next.gradient.iter().zip(&point.gradient).map(|(new, old)| new - old).collect();
        let along = dot(&step, &change);
        if along > 1e-10 * dot(&step, &step).sqrt() * dot(&change, &change).sqrt() {
            if past.len() == REMEMBERED {
                past.pop_front();
            }
            past.push_back(Curvature { step, change, inverse: 1.0 / along });
        }
        point = next;
    }
    let noise = point.logs.iter().map(|log| log.exp()).collect();
    let loadings = point.loadings();
    Ok(Solution { noise, loadings, eigenvalues: point.eigenvalues, deviance: point.value, n_iter: steps, converged: small >= 2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Covariances of six tests of ability (Smith and Stanley 1983; R 4, `ability.cov`): general, picture, blocks, maze, reading, vocab.
    const ABILITY: [[f64; 6]; 6] = [
        [24.641, 5.991, 33.520, 6.023, 20.755, 29.701],
        [5.991, 6.700, 18.137, 1.782, 4.936, 7.204],
        [33.520, 18.137, 149.831, 19.424, 31.430, 50.753],
        [6.023, 1.782, 19.424, 12.711, 4.757, 9.075],
        [20.755, 4.936, 31.430, 4.757, 52.604, 66.762],
        [29.701, 7.204, 50.753, 9.075, 66.762, 135.292],
    ];

    fn ability(k: usize) -> Solution {
        let cell = |at: usize| ABILITY[at / 6][at % 6] / (ABILITY[at / 6][at / 6] * ABILITY[at % 6][at % 6]).sqrt();
        let correlation: Vec<f64> = (0..36).map(cell).collect();
        let run = Run::new(0, 1).unwrap();
        run.install(|| maximize(&correlation, &[0.5; 6], k, 1e-12, 1000, &run)).unwrap()
    }

    /// R 4, `factanal(factors = k, covmat = ability.cov)$uniquenesses`, to its three digits.
    #[test]
    fn the_noise_of_tests_of_ability_is_that_of_the_textbook() {
        for (k, wanted) in [(1, [0.535, 0.853, 0.748, 0.910, 0.232, 0.280]), (2, [0.455, 0.589, 0.218, 0.769, 0.052, 0.334])] {
            let found = ability(k);
            assert!(found.converged && found.n_iter < 60, "{k}: {} steps", found.n_iter);
            let off = found.noise.iter().zip(wanted).map(|(found, wanted)| (found - wanted).abs()).fold(0.0, f64::max);
            assert!(off < 6e-4, "{k} factors: {:?}", found.noise);
        }
    }

    #[test]
    fn the_solution_is_a_fixed_point_of_em_where_loadings_and_noise_make_up_each_variance() {
        let found = ability(2);
        for (noise, row) in found.noise.iter().zip(found.loadings.chunks_exact(2)) {
            let variance = noise + row.iter().map(|loading| loading * loading).sum::<f64>();
            assert!((variance - 1.0).abs() < 1e-5, "{variance}");
        }
    }

    #[test]
    fn three_factors_of_six_columns_end_at_a_heywood_case_or_inside() {
        assert!(ability(3).noise.iter().all(|&noise| (LEAST_NOISE..=1.0).contains(&noise)));
    }
}
