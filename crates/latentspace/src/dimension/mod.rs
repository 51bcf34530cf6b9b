//! How many dimensions rows have among their neighbors: so many numbers tell where a row lies on what all of them lie on, however many
//! columns they were written in.
//!
//! Three estimators look at how fast neighborhoods fill (TwoNN, maximum likelihood, correlation), one at the variances of the whole
//! (participation). The first three find too few dimensions where many rows are near an edge or the surface bends within a neighborhood,
//! which in ten dimensions is everywhere. So each is compared with what it would find in a solid ball of as many rows and in the surface of
//! one ([`bodies`]), and takes the dimension at which it would find what it found. Which of the two, the rows tell: on a closed surface all
//! neighborhoods are as wide, near edges they are not. Measured: `bench/dimension.py`.
//!
//! Equal rows count once among neighbors: a distance of 0 tells nothing of a dimension.

mod bodies;
mod correlation;
mod mle;
mod participation;
mod sentences;
mod two_nn;

use std::collections::BTreeMap;

use crate::parallel::*;
use serde::Serialize;

pub use sentences::sentences;

use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::MatrixView;
use crate::neighbors::{self, Groups, Metric, Neighbors, check_finite};
use crate::random::Random;
use crate::run::Run;
use bodies::{Body, Ranks};

/// How to find dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DimensionOptions {
    /// Neighbors a row, at least 2; none: 10, or as many as there are. With 10 of 1,000 rows the turns of a spiral are still apart, with 15
    /// they no longer are; fewer are less steady.
    pub n_neighbors: Option<usize>,
}

/// How many dimensions rows have.
#[derive(Debug, Clone, Serialize)]
pub struct Dimension {
    /// By the two nearest neighbors.
    pub two_nn: Estimate,
    /// By the largest likelihood of the distances to the nearest neighbors.
    pub mle: Estimate,
    /// By the number of pairs within small distances, which is most where rows are dense.
    pub correlation: Estimate,
    /// By the variances along the principal axes: of the flat that the rows lie in, not of what they lie on in it.
    pub participation: Estimate,
    /// By the likelihood at growing neighborhoods.
    pub scales: Vec<AtScale>,
    /// The dimensions of single rows: what 5, 50 and 95 of 100 are at most.
    pub local: Local,
    /// The dimension of each row and its neighbors by their likelihoods together, `[rows]`. A row alone is off by a third.
    #[serde(skip)]
    pub per_row: Vec<f32>,
    /// Rows.
    pub rows: usize,
    /// Rows that are different from all before them.
    pub distinct_rows: usize,
    /// Columns.
    pub columns: usize,
    /// Neighbors a row.
    pub n_neighbors: usize,
    /// Rows whose pairs with all others the correlation and the scales are taken from.
    pub sampled_rows: usize,
    /// How neighbors were found, in words.
    pub algorithm: &'static str,
    /// The share of true neighbors that were found.
    pub recall: Measure,
}

/// A dimension with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The dimension; no more than the columns that vary.
    pub value: f64,
    /// What it is at least: as counted, less what chance may do (95 %).
    pub low: f64,
    /// What it is at most: with half as much again as edges are taken to hide, and what chance may do (95 %).
    pub high: f64,
    /// As the estimator counts, before edges are allowed for.
    pub counted: f64,
}

/// The dimension at one size of neighborhoods.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AtScale {
    /// Neighbors a row.
    pub n_neighbors: usize,
    /// The dimension.
    pub value: f64,
}

/// How much the dimensions of rows differ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Local {
    /// What 5 of 100 rows have at most.
    pub low: f64,
    /// What half of the rows have at most.
    pub median: f64,
    /// What 95 of 100 rows have at most.
    pub high: f64,
}

/// Neighbors a row.
const USUAL: usize = 10;
/// Rows up to which the nearest pairs of all are taken; fewest and most where there are more, by the multiply-adds that may be spent on them.
const FEW: usize = 2000;
const SAMPLED: [usize; 2] = [300, 1000];
const SAMPLE_WORK: usize = 20_000_000_000;
/// Neighbors of each of these.
const FAR: usize = 100;
/// Sizes of neighborhoods beyond the usual one, where the rows are this many times as many.
const SCALES: [usize; 3] = [20, 50, 100];
const TIMES: usize = 5;
/// By how much rows that share neighbors are less telling than as many that share none: 1.1 to 1.45 was measured for deviations, in 1 to 10
/// dimensions.
const OVERLAP: f64 = 1.35;
/// How far edges may hide more than they are taken to: those of a cube do by a fifth to a third, in 5 to 10 dimensions.
const MORE_HIDDEN: f64 = 0.5;

/// The dimension of rows, `[n, d]`, by Euclidean distances. Cost: that of their neighbors, and n·d² / 2 multiply-adds.
///
/// # Errors
/// [`Error::Input`] for a cell that is no finite number or fewer than 3 different rows; [`Error::Param`] if there are not more of these than
/// neighbors; [`Error::Memory`]; [`Error::Cancelled`].
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
    // Of n rows the ratio is too small by about its n-th part: the interval holds what it would be of ever more rows.
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

/// A distance as a logarithm; what is too small or too large for single precision, as the smallest or largest number.
fn log(distance: f32) -> f64 {
    f64::from(distance.clamp(f32::MIN_POSITIVE, f32::MAX)).ln()
}

/// What the logarithms of each row's distances come to.
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

/// Columns that are not the same in all rows.
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

/// The dimension of each row with its neighbors.
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

/// Bodies of whole dimensions: a ball and a surface of each, made when first asked for.
struct Known {
    bodies: BTreeMap<usize, [Body; 2]>,
    /// The most dimensions that there can be.
    most: usize,
}

const SURFACE: usize = 0;
const BALL: usize = 1;

impl Known {
    fn of(&mut self, d: usize, which: usize, of: &impl Fn(&Body) -> f64) -> f64 {
        of(&self.bodies.entry(d).or_insert_with(|| [Body::surface(d), Body::ball(d)])[which])
    }

    /// The same at a dimension that is not whole.
    fn between(&mut self, d: f64, which: usize, of: &impl Fn(&Body) -> f64) -> f64 {
        let below = d.clamp(1.0, (bodies::MOST - 1) as f64).floor();
        let (from, to) = (self.of(below as usize, which, of), self.of(below as usize + 1, which, of));
        from + (to - from) * (d - below)
    }

    /// The dimension at which an estimator finds `inverse` (1 over a dimension) in a body, by what it finds in those of whole dimensions.
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
        // Not far above what was counted; from there by halving.
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

    /// To which part the rows are a solid with edges, from 0, a closed surface, to 1: by how much the widths of neighborhoods differ, which
    /// on a surface do by chance alone.
    fn edges(&mut self, inverse: f64, spread: f64, ranks: &Ranks) -> f64 {
        let expected = |body: &Body| mle::inverse(&body.log_distances(ranks));
        let mut of_body = |which| {
            let d = self.explain(inverse, which, &expected);
            self.between(d, which, &|body: &Body| body.spread(ranks))
        };
        let (surface, ball) = (of_body(SURFACE), of_body(BALL));
        if ball > surface { ((spread - surface) / (ball - surface)).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// The dimension from what each of some rows says of its inverse.
    fn estimate(&mut self, inverses: &[f64], edges: f64, expected: impl Fn(&Body) -> f64) -> Estimate {
        let mean = mean(inverses);
        let error = if mean > 0.0 { OVERLAP * (variance(inverses) / inverses.len() as f64).sqrt() / mean } else { 0.0 };
        self.estimated(mean, error, edges, expected)
    }

    /// The dimension from its inverse and the standard deviation of this, in parts of it.
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
