//! Intrinsic dimension: the number of coordinates that describe a row among its neighbors, whatever the number of columns.
//!
//! Three estimators use distances to neighbors (TwoNN, maximum likelihood, correlation), one the variances of the principal components
//! (participation). The first three are biased downwards where many rows are near an edge or the manifold bends within a neighborhood,
//! which in ten dimensions is everywhere. The edge correction compares each with its expected value for as many rows in a solid ball and on a
//! sphere ([`bodies`]), and takes the dimension with the observed value. The spread of the neighborhoods' widths decides between the
//! two: on a closed surface they are equal, near edges they are not. Measured: `bench/dimension.py`.
//!
//! [`directions`] counts something else: the linear directions that stand out from noise.
//!
//! Duplicate rows count once among neighbors: a distance of 0 carries no information about the dimension.

mod bodies;
mod correlation;
mod directions;
mod gavish_donoho;
mod marchenko_pastur;
mod mle;
mod parallel_analysis;
mod participation;
mod sentences;
mod two_nn;

use std::collections::BTreeMap;

use crate::parallel::*;
use serde::Serialize;

pub use directions::{Directions, directions};
pub use sentences::sentences;

use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::MatrixView;
use crate::neighbors::{self, Groups, Metric, Neighbors, check_finite};
use crate::random::Random;
use crate::run::Run;
use bodies::{Body, Ranks};

/// Parameters of the estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DimensionOptions {
    /// Number of neighbors per row, at least 2; none: 10, or as many as there are. With 10 of 1,000 rows the turns of a spiral are still separate,
    /// with 15 they are not; fewer have a larger variance.
    pub n_neighbors: Option<usize>,
}

/// The estimates of the intrinsic dimension.
#[derive(Debug, Clone, Serialize)]
pub struct Dimension {
    /// TwoNN: from the two nearest neighbors.
    pub two_nn: Estimate,
    /// Maximum likelihood of the distances to the nearest neighbors.
    pub mle: Estimate,
    /// Correlation dimension: from the number of pairs within small distances, dominated by dense regions.
    pub correlation: Estimate,
    /// Participation ratio of the PCA eigenvalues: the dimension of the linear subspace, not of the manifold in it.
    pub participation: Estimate,
    /// Maximum likelihood for growing neighborhoods.
    pub scales: Vec<AtScale>,
    /// The 5 %, 50 % and 95 % quantiles of the local dimensions.
    pub local: Local,
    /// The local dimension of each row, by the joint likelihood of the row and its neighbors, `[rows]`. A row alone has an error of a third.
    #[serde(skip)]
    pub per_row: Vec<f32>,
    /// Number of rows.
    pub rows: usize,
    /// Number of distinct rows.
    pub distinct_rows: usize,
    /// Number of columns.
    pub columns: usize,
    /// Number of neighbors per row.
    pub n_neighbors: usize,
    /// Number of rows whose pairs with all others the correlation and the scales use.
    pub sampled_rows: usize,
    /// The algorithm of the neighbor search, in words.
    pub algorithm: &'static str,
    /// The recall of the neighbor search.
    pub recall: Measure,
}

/// A dimension with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The corrected estimate; at most the number of columns that vary.
    pub value: f64,
    /// Lower end: the uncorrected estimate minus the sampling error (95 %).
    pub low: f64,
    /// Upper end: the estimate plus half of the correction and the sampling error (95 %).
    pub high: f64,
    /// The estimate without edge correction.
    pub counted: f64,
}

/// The dimension for one neighborhood size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AtScale {
    /// Number of neighbors per row.
    pub n_neighbors: usize,
    /// The dimension.
    pub value: f64,
}

/// Quantiles of the local dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Local {
    /// The 5 % quantile.
    pub low: f64,
    /// The median.
    pub median: f64,
    /// The 95 % quantile.
    pub high: f64,
}

/// Number of neighbors per row.
const USUAL: usize = 10;
/// Up to this number of rows the nearest pairs of all rows are used; smallest and largest sample for more, by the budget of multiply-adds.
const FEW: usize = 2000;
const SAMPLED: [usize; 2] = [300, 1000];
const SAMPLE_WORK: usize = 20_000_000_000;
/// Number of neighbors of each of these.
const FAR: usize = 100;
/// Larger neighborhood sizes, used if there are this many times as many rows.
const SCALES: [usize; 3] = [20, 50, 100];
const TIMES: usize = 5;
/// Factor on the standard deviation for rows that share neighbors, compared with independent ones: 1.1 to 1.45 was measured in 1 to 10
/// dimensions.
const OVERLAP: f64 = 1.35;
/// Uncertainty of the edge correction: for a cube it is a fifth to a third too small, in 5 to 10 dimensions.
const MORE_HIDDEN: f64 = 0.5;

/// Estimates the intrinsic dimension of rows, `[n, d]`, by Euclidean distances. Cost: the neighbor search, and n·d² / 2 multiply-adds.
///
/// # Errors
/// [`Error::Input`] for a cell that is not finite or fewer than 3 distinct rows; [`Error::Param`] if there are not more of these than
/// /// neighbors; [`Error::Memory`]; [`Error::Cancelled`].
pub fn dimension(rows: MatrixView<'_>, options: &DimensionOptions, run: &Run) -> Result<Dimension> {
    run.install(|| measure(rows, options, run))
}

fn measure(rows: MatrixView<'_>, options: &DimensionOptions, run: &Run) -> Result<Dimension> {
    check_finite("data", rows)?;
    let groups = Groups::of(rows);
    let once = groups.as_ref().map(|groups| groups.distinct(rows)).transpose()?;
    let distinct = once.as_ref().map_or(rows, |once| once.view());
    let n = distinct.rows();
    if n < 3 || rows.cols() == 0 {
        let found = format!("{n} different {}", if n == 1 { "row" } else { "rows" });
        return Err(Error::input("data", found, "a dimension takes at least 3, so that each has 2 neighbors"));
    }
    let k = options.n_neighbors.unwrap_or(USUAL.min(n - 1));
    if k < 2 || k >= n {
        return Err(Error::param("n_neighbors", k, format!("for {n} different rows it is 2 to {}", n - 1)));
    }
    let most = varying(distinct);
    let near = neighbors::neighbors(distinct, k.max(USUAL).min(n - 1), Metric::Euclidean, run)?;
    run.progress("dimension", 0, 3);

    let weights = two_nn::weights(near.k);
    let by_two: Vec<f64> = each(&near, |logs| two_nn::inverse(logs, &weights));
    let inverses: Vec<f64> = each(&near, |logs| mle::inverse(&logs[..k]));
    let widths = each(&near, |logs| logs[k - 1]);
    let mut known = Known { bodies: BTreeMap::new(), most };
    let edges = known.edges(mean(&inverses), variance(&widths), &Ranks::new(n, k));
    let at_near = Ranks::new(n, near.k);
    let two_nn = known.estimate(&by_two, edges, |body| two_nn::inverse(&body.log_distances(&at_near), &weights));
    let at_k = Ranks::new(n, k);
    let mle = known.estimate(&inverses, edges, |body| mle::inverse(&body.log_distances(&at_k)));
    run.progress("dimension", 1, 3);

    let asked = if n <= FEW { n } else { (SAMPLE_WORK / (n * rows.cols())).clamp(SAMPLED[0], SAMPLED[1]) };
    let sample = Random::new(run.seed(), "dimension rows").sample(0, n, asked);
    let far = pairs(distinct, &sample, FAR.min(n - 1), run)?;
    let pairs = correlation::pairs(&far, n);
    let correlation = known.estimated(pairs.inverse, OVERLAP * pairs.error, edges, |body| 1.0 / body.correlation(pairs.log_share));
    let mut scales = vec![AtScale { n_neighbors: 2, value: two_nn.value }, AtScale { n_neighbors: k, value: mle.value }];
    for n_neighbors in SCALES.into_iter().filter(|&larger| larger > k && TIMES * larger <= n) {
        let inverses: Vec<f64> = far.iter().map(|logs| mle::inverse(&logs[..n_neighbors])).collect();
        let ranks = Ranks::new(n, n_neighbors);
        let value = known.estimate(&inverses, edges, |body| mle::inverse(&body.log_distances(&ranks))).value;
        scales.push(AtScale { n_neighbors, value });
    }
    run.progress("dimension", 2, 3);

    let (ratio, error) = participation::ratio(rows, run)?;
    // With n rows the ratio is biased by about 1/n: the interval includes its limit for large n.
    let more = 1.0 / (1.0 - (ratio / rows.rows() as f64).min(0.5));
    let chance = (1.96 * error).exp();
    let (low, high) = ((ratio / chance).max(1.0).min(ratio), (ratio * more * chance).min(most as f64).max(ratio));
    let participation = Estimate { value: ratio, low, high, counted: ratio };
    let allowed = if mle.counted > 0.0 { mle.value / mle.counted } else { 1.0 };
    let mut per_row = around(&near, &inverses, k, allowed, most);
    if let Some(groups) = &groups {
        per_row = (0..rows.rows()).map(|row| per_row[groups.group(row)]).collect();
    }
    run.progress("dimension", 3, 3);
    Ok(Dimension {
        two_nn,
        mle,
        correlation,
        participation,
        scales,
        local: local(&per_row),
        per_row,
        rows: rows.rows(),
        distinct_rows: n,
        columns: rows.cols(),
        n_neighbors: k,
        sampled_rows: sample.len(),
        algorithm: near.algorithm,
        recall: near.recall,
    })
}

/// The logarithm of a distance, clipped to the range of f32.
fn log(distance: f32) -> f64 {
    f64::from(distance.clamp(f32::MIN_POSITIVE, f32::MAX)).ln()
}

/// Statistics of the logarithms of each row's distances.
fn each(near: &Neighbors, of: impl Fn(&[f64]) -> f64 + Sync) -> Vec<f64> {
    let row = |logs: &mut Vec<f64>, row: usize| {
        logs.clear();
        logs.extend(near.row(row).1.iter().map(|&distance| log(distance)));
        of(logs)
    };
    (0..near.rows()).into_par_iter().map_init(Vec::new, row).collect()
}

/// The logarithms of the distances of some rows to the nearest of all others.
fn pairs(rows: MatrixView<'_>, sample: &[u32], k: usize, run: &Run) -> Result<Vec<Vec<f64>>> {
    let some = rows.select(sample);
    let found = neighbors::Ranks::new(some.view(), sample, Metric::Euclidean)?.among(rows, k, None, run)?;
    // Lengths are squared distances.
    let logs = |row: &neighbors::Ranked| row.nearest.iter().map(|&(length, _)| length.max(f64::MIN_POSITIVE).ln() / 2.0).collect();
    Ok(found.iter().map(logs).collect())
}

/// Number of columns that are not constant.
fn varying(rows: MatrixView<'_>) -> usize {
    let mut varies = vec![false; rows.cols()];
    let mut left = rows.cols();
    for row in 1..rows.rows() {
        if left == 0 {
            break;
        }
        for ((varies, first), cell) in varies.iter_mut().zip(rows.row(0)).zip(rows.row(row)) {
            if !*varies && first != cell {
                *varies = true;
                left -= 1;
            }
        }
    }
    rows.cols() - left
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
}

/// The local dimension of each row with its neighbors.
fn around(near: &Neighbors, inverses: &[f64], k: usize, allowed: f64, most: usize) -> Vec<f32> {
    let one = |row: usize| {
        let others: f64 = near.row(row).0[..k].iter().map(|&other| inverses[other as usize]).sum();
        let inverse = (inverses[row] + others) / (k + 1) as f64;
        (allowed / inverse).min(most as f64) as f32
    };
    (0..near.rows()).into_par_iter().map(one).collect()
}

fn local(per_row: &[f32]) -> Local {
    let mut sorted = per_row.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let at = |share: f64| f64::from(sorted[((sorted.len() - 1) as f64 * share).round() as usize]);
    Local { low: at(0.05), median: at(0.5), high: at(0.95) }
}

/// Reference bodies of integer dimensions: a ball and a sphere of each, computed when first used.
struct Known {
    bodies: BTreeMap<usize, [Body; 2]>,
    /// The largest possible dimension.
    most: usize,
}

const SURFACE: usize = 0;
const BALL: usize = 1;

impl Known {
    fn of(&mut self, d: usize, which: usize, of: &impl Fn(&Body) -> f64) -> f64 {
        of(&self.bodies.entry(d).or_insert_with(|| [Body::surface(d), Body::ball(d)])[which])
    }

    /// The same at a fractional dimension, by interpolation.
    fn between(&mut self, d: f64, which: usize, of: &impl Fn(&Body) -> f64) -> f64 {
        let below = d.clamp(1.0, (bodies::MOST - 1) as f64).floor();
        let (from, to) = (self.of(below as usize, which, of), self.of(below as usize + 1, which, of));
        from + (to - from) * (d - below)
    }

    /// The dimension of a body for which an estimator gives `inverse` (1 / dimension), from its values for integer dimensions.
    fn explain(&mut self, inverse: f64, which: usize, expected: &impl Fn(&Body) -> f64) -> f64 {
        let most = self.most.min(bodies::MOST);
        let (mut low, mut high) = (1, most);
        let at_low = self.of(1, which, expected);
        if inverse >= at_low {
            return at_low / inverse;
        }
        let at_high = self.of(high, which, expected);
        if inverse <= at_high {
            return (high as f64 * at_high / inverse).min(self.most as f64);
        }
        // Bracket the dimension from the uncorrected estimate upwards, then bisect.
        let mut step = 1.0 / inverse;
        while (step as usize) < high && self.of((step as usize).max(1), which, expected) > inverse {
            low = (step as usize).max(1);
            step = 1.25 * step + 1.0;
        }
        high = high.min(step as usize);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.of(middle, which, expected) > inverse { low = middle } else { high = middle }
        }
        let (above, below) = (1.0 / self.of(high, which, expected), 1.0 / self.of(low, which, expected));
        low as f64 + (1.0 / inverse - below) / (above - below)
    }

    /// How much the rows resemble a solid with edges (1) or a closed surface (0): from the spread of the neighborhoods' widths, which
    /// on a closed surface is due to chance alone.
    fn edges(&mut self, inverse: f64, spread: f64, ranks: &Ranks) -> f64 {
        let expected = |body: &Body| mle::inverse(&body.log_distances(ranks));
        let mut of_body = |which| {
            let d = self.explain(inverse, which, &expected);
            self.between(d, which, &|body: &Body| body.spread(ranks))
        };
        let (surface, ball) = (of_body(SURFACE), of_body(BALL));
        if ball > surface { ((spread - surface) / (ball - surface)).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// The dimension from estimates of its inverse at some rows.
    fn estimate(&mut self, inverses: &[f64], edges: f64, expected: impl Fn(&Body) -> f64) -> Estimate {
        let mean = mean(inverses);
        let error = if mean > 0.0 { OVERLAP * (variance(inverses) / inverses.len() as f64).sqrt() / mean } else { 0.0 };
        self.estimated(mean, error, edges, expected)
    }

    /// The dimension from its inverse and the relative standard deviation of the inverse.
    fn estimated(&mut self, inverse: f64, error: f64, edges: f64, expected: impl Fn(&Body) -> f64) -> Estimate {
        let most = self.most as f64;
        let counted = (1.0 / inverse).min(most);
        if counted == most {
            return Estimate { value: most, low: (counted * (-1.96 * error).exp()).min(most), high: most, counted };
        }
        let (surface, ball) = (self.explain(inverse, SURFACE, &expected), self.explain(inverse, BALL, &expected));
        let value = (surface + edges * (ball - surface)).min(most);
        let hidden = (value - counted).max(0.0);
        let chance = (1.96 * error).exp();
        let (low, high) = (value.min(counted) / chance, (value + MORE_HIDDEN * hidden) * chance);
        Estimate { value, low, high: high.min(most), counted }
    }
}

#[cfg(test)]
mod tests;
