//! The model of non-negative parts: a row's code are the weights of the parts that are nearest to it.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::Loss;
use super::update::Penalty;
use crate::axes::{Axes, Weights};
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, OwnedRows, Points, Threads, product_transposed, solve_positive};
use crate::methods::linear::affine::{ENCODED, by_blocks, decode};
use crate::model::{Capabilities, Model};
use crate::run::Run;
use crate::tensors::Tensors;

/// Sweeps over the weights of a row that find out which are not 0; and multiplicative updates at most.
const SWEEPS: [usize; 2] = [20, 2000];
/// The sweeps end where no weight changes by more than this part of the largest.
const SETTLED: f32 = 1e-6;
/// A gradient of this part of the largest product is 0: products have 32 bits.
const FLAT: f64 = 1e-6;
/// What a divisor is at least.
const LEAST: f32 = 1e-12;

/// Non-negative parts.
pub(super) struct NmfModel {
    /// `[k, d]`.
    parts: Matrix,
    /// `[k]`: what each part adds to the rows, as a share.
    shares: Vec<f64>,
    loss: Loss,
    penalty: Penalty,
    /// `[k, k]`: products of parts.
    products: Vec<f32>,
    /// `[k]`: sums of parts.
    totals: Vec<f32>,
    /// `[d]`: zeros, for products without a mean.
    origin: Vec<f64>,
}

impl NmfModel {
    pub(super) fn new(parts: Matrix, shares: Vec<f64>, loss: Loss, penalty: Penalty) -> Self {
        let (k, d) = (parts.rows(), parts.cols());
        let mut products = vec![0.0_f32; k * k];
        product_transposed(parts.view(), parts.view(), &mut products, Threads::One);
        let totals = (0..k).map(|part| parts.row(part).iter().map(|&cell| f64::from(cell)).sum::<f64>() as f32).collect();
        NmfModel { parts, shares, loss, penalty, products, totals, origin: vec![0.0; d] }
    }

    /// Opens what [`Model::store`] wrote.
    pub(super) fn load(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let parts = tensors.matrix("parts", None, None)?;
        let shares = tensors.f64("shares", Some(parts.rows()))?.to_vec();
        let loss = serde_json::from_value(facts["loss"].clone()).unwrap_or_default();
        let number = |name: &str| facts[name].as_f64().unwrap_or(0.0) as f32;
        Ok(Self::new(parts, shares, loss, Penalty { l1: number("l1"), l2: number("l2") }))
    }

    /// Weights of a row from its products with the parts: each in turn is the best for the others; where that is slow, those that are not 0 are
    /// solved for.
    fn descend(&self, products: &[f32], along: &[f32], weights: &mut [f32]) {
        let k = along.len();
        weights.fill(0.0);
        for _ in 0..SWEEPS[0] {
            let (mut change, mut largest) = (0.0_f32, 0.0_f32);
            for part in 0..k {
                let products = &products[part * k..][..k];
                let own = products[part] + self.penalty.l2;
                if own <= LEAST {
                    continue;
                }
                let shared: f32 = products.iter().zip(weights.iter()).map(|(product, weight)| product * weight).sum();
                let next = (weights[part] + (along[part] - shared - self.penalty.l1 - self.penalty.l2 * weights[part]) / own).max(0.0);
                change = change.max((next - weights[part]).abs());
                largest = largest.max(next);
                weights[part] = next;
            }
            if change <= SETTLED * largest {
                return;
            }
        }
        self.solve(products, along, weights);
    }

    /// Moves weights to the exact minimum by the active-set method (Lawson and Hanson 1995, doi:10.1137/1.9781611971217): about k³/3 flops for each
    /// change of those that are not 0.
    fn solve(&self, products: &[f32], along: &[f32], weights: &mut [f32]) {
        let k = along.len();
        let product = |a: usize, b: usize| f64::from(products[a * k + b]) + if a == b { f64::from(self.penalty.l2) } else { 0.0 };
        let wanted = |part: usize| f64::from(along[part] - self.penalty.l1);
        let mut found: Vec<f64> = weights.iter().map(|&weight| f64::from(weight)).collect();
        let mut free: Vec<usize> = (0..k).filter(|&part| found[part] > 0.0).collect();
        for _ in 0..3 * k {
            // Step towards the minimum over those that are free, until one becomes 0.
            while !free.is_empty() {
                let mut inner: Vec<f64> = free.iter().flat_map(|&a| free.iter().map(move |&b| product(a, b))).collect();
                let mut best: Vec<f64> = free.iter().map(|&part| wanted(part)).collect();
                // Parts that are sums of others leave the weights as the sweeps found them.
                if solve_positive(&mut inner, free.len(), &mut best, || Ok(())).is_err() {
                    return;
                }
                // How far the way leads, and which weight ends it by becoming 0.
                let ends = free.iter().zip(&best).filter(|(_, best)| **best < 0.0);
                let ends = ends.map(|(&part, best)| (found[part] / (found[part] - best), part));
                let first = ends.reduce(|first, next| if next.0 < first.0 { next } else { first });
                let step = first.map_or(1.0, |(step, _)| step);
                free.iter().zip(&best).for_each(|(&part, best)| found[part] = (found[part] + step * (best - found[part])).max(0.0));
                let Some((_, part)) = first else { break };
                found[part] = 0.0;
                free.retain(|&other| other != part);
            }
            weights.iter_mut().zip(&found).for_each(|(weight, &found)| *weight = found as f32);
            // Free the one along which the error falls most.
            let slope = |part: usize| wanted(part) - (0..k).map(|other| product(part, other) * found[other]).sum::<f64>();
            let steepest = (0..k).filter(|part| !free.contains(part)).map(|part| (slope(part), part));
            let largest = (0..k).map(|part| wanted(part).abs()).fold(0.0, f64::max);
            match steepest.reduce(|best, next| if next.0 > best.0 { next } else { best }) {
                Some((slope, part)) if slope > FLAT * largest => free.push(part),
                _ => return,
            }
        }
    }

    /// Weights of a row by multiplicative updates, from its cells that are not 0.
    fn multiply(&self, totals: &[f32], cells: &[(usize, f32)], weights: &mut [f32]) {
        let k = weights.len();
        let whole: f32 = cells.iter().map(|cell| cell.1).sum();
        let all: f32 = totals.iter().sum();
        weights.fill(if all > 0.0 { whole / all } else { 0.0 });
        let mut along = vec![0.0_f32; k];
        for _ in 0..SWEEPS[1] {
            along.fill(0.0);
            for &(column, value) in cells {
                let sum: f32 = weights.iter().enumerate().map(|(part, weight)| weight * self.parts.row(part)[column]).sum();
                let ratio = value / sum.max(LEAST);
                along.iter_mut().enumerate().for_each(|(part, along)| *along += ratio * self.parts.row(part)[column]);
            }
            let (mut change, mut largest) = (0.0_f32, 0.0_f32);
            for ((weight, along), total) in weights.iter_mut().zip(&along).zip(totals) {
                let next = *weight * along / (total + self.penalty.l1 + self.penalty.l2 * *weight).max(LEAST);
                change = change.max((next - *weight).abs());
                largest = largest.max(next);
                *weight = next;
            }
            if change <= 10.0 * SETTLED * largest {
                break;
            }
        }
    }
}

impl Model for NmfModel {
    fn n_components(&self) -> usize {
        self.parts.rows()
    }

    fn columns(&self) -> usize {
        self.parts.cols()
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        let k = self.n_components();
        by_blocks(rows.rows(), k, run, |range, out| {
            let rows = rows.points().slice(range);
            if self.loss == Loss::KullbackLeibler {
                let encode = |row: usize, out: &mut [f32]| match rows {
                    Points::Sparse(rows) => {
                        let (columns, values) = rows.row(row);
                        self.multiply(
                            &self.totals,
                            &columns.iter().zip(values).map(|(&column, &value)| (column as usize, value)).collect::<Vec<_>>(),
                            out,
                        );
                    }
                    Points::Dense(rows) => {
                        let cells = rows.row(row).iter().copied().enumerate().filter(|cell| cell.1 > 0.0);
                        self.multiply(&self.totals, &cells.collect::<Vec<_>>(), out);
                    }
                };
                out.chunks_exact_mut(k).enumerate().for_each(|(row, out)| encode(row, out));
                return Ok(());
            }
            let mut along = vec![0.0_f32; ENCODED * k];
            rows.as_table(|rows| {
                let mut block = vec![0.0_f32; ENCODED * self.columns()];
                block[..rows.as_slice().len()].copy_from_slice(rows.as_slice());
                product_transposed(MatrixView::new(ENCODED, self.columns(), &block)?, self.parts.view(), &mut along, Threads::One);
                Ok::<(), crate::error::Error>(())
            })??;
            out.chunks_exact_mut(k).zip(along.chunks_exact(k)).for_each(|(out, along)| self.descend(&self.products, along, out));
            Ok(())
        })
    }

    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        decode(&self.origin, &self.parts, codes, run)
    }

    /// By the weights that fit the visible cells best.
    fn complete(&self, rows: &OwnedRows, _: &[f64], run: &Run) -> Result<Matrix> {
        let table = rows.table()?;
        let (k, d) = (self.n_components(), self.columns());
        let one = |row: &[f32], out: &mut [f32]| {
            out.copy_from_slice(row);
            let visible: Vec<usize> = (0..d).filter(|&column| !row[column].is_nan()).collect();
            if visible.len() == d {
                return;
            }
            let sum = |a: usize, other: &dyn Fn(usize) -> f32| -> f32 {
                visible.iter().map(|&column| f64::from(self.parts.row(a)[column]) * f64::from(other(column))).sum::<f64>() as f32
            };
            let mut weights = vec![0.0_f32; k];
            if self.loss == Loss::KullbackLeibler {
                let totals: Vec<f32> = (0..k).map(|a| sum(a, &|_| 1.0)).collect();
                let cells: Vec<(usize, f32)> = visible.iter().map(|&column| (column, row[column])).filter(|cell| cell.1 > 0.0).collect();
                self.multiply(&totals, &cells, &mut weights);
            } else {
                let products: Vec<f32> = (0..k * k).map(|at| sum(at / k, &|column| self.parts.row(at % k)[column])).collect();
                let along: Vec<f32> = (0..k).map(|a| sum(a, &|column| row[column])).collect();
                self.descend(&products, &along, &mut weights);
            }
            for (column, out) in out.iter_mut().enumerate().filter(|(_, out)| out.is_nan()) {
                *out = weights.iter().enumerate().map(|(part, weight)| weight * self.parts.row(part)[column]).sum();
            }
        };
        by_blocks(table.rows(), d, run, |range, out| {
            out.chunks_exact_mut(d).zip(range).for_each(|(out, row)| one(table.row(row), out));
            Ok(())
        })
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let axes = Axes { weights: Weights::Parts(&self.parts), shares: Cow::Borrowed(&self.shares), prior: None };
        Capabilities { axes: Some(axes), ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        tensors.put_matrix("parts", &self.parts)?;
        tensors.put_f64("shares", &self.shares)?;
        Ok(json!({ "loss": self.loss, "l1": self.penalty.l1, "l2": self.penalty.l2 }))
    }
}
