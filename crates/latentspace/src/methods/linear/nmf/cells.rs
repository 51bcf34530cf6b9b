//! Rows that miss cells, or whose cells have errors: each row, and each column of the parts, has least squares of its own, whose products are sums over
//! its cells by their weights, 1 / error². As matrix products, of weights with pairs of parts and of weights with pairs of coefficients, these take k / 2
//! times as long as those of rows whose cells all count alike.

use super::update::{BLOCK, Penalty, Sums};
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, Threads, product, product_transposed};
use crate::methods::linear::incomplete::{Beside, mean_square_error};
use crate::parallel::*;
use crate::run::Run;

/// Rows whose sums are merged in order.
const TASK: usize = 32 * BLOCK;
/// Sweeps over the coefficients of a row or column a pass.
const SWEEPS: usize = 3;
/// What a divisor is at least.
const LEAST: f32 = 1e-12;

/// Cells with their weights.
pub(super) struct Cells {
    /// `[n, d]`: 0 where a cell is missing.
    rows: Matrix,
    /// `[n, d]`: 0 where a cell is missing, 1 at the mean error.
    weights: Matrix,
    beside: Beside,
}

fn pairs(k: usize) -> usize {
    k * (k + 1) / 2
}

/// Products of pairs a <= b of coefficients.
fn pair(values: &[f32], out: &mut [f32]) {
    let all = values.iter().enumerate().flat_map(|(a, &left)| values[a..].iter().map(move |&right| left * right));
    out.iter_mut().zip(all).for_each(|(out, product)| *out = product);
}

/// Coefficients of least squares: each in turn is the best for the others. `products` are those of pairs.
fn sweep(own: &mut [f32], along: &[f32], products: &[f32], penalty: Penalty) {
    let k = own.len();
    let at = |a: usize, b: usize| a * k + b - a * (a + 1) / 2;
    for _ in 0..SWEEPS {
        for part in 0..k {
            let before: f32 = (0..part).map(|other| products[at(other, part)] * own[other]).sum();
            let after: f32 = (part + 1..k).map(|other| products[at(part, other)] * own[other]).sum();
            let divisor = products[at(part, part)] + penalty.l2;
            own[part] = if divisor > LEAST { ((along[part] - before - after - penalty.l1) / divisor).max(0.0) } else { 0.0 };
        }
    }
}

impl Cells {
    /// Cells that are NaN are missing, and those whose error is infinite or NaN.
    pub(super) fn new(rows: &Matrix, beside: Beside) -> Self {
        let unit = mean_square_error(beside.errors.as_deref());
        let weight = |row: usize, column: usize| match &beside.errors {
            _ if rows.row(row)[column].is_nan() => 0.0,
            None => 1.0,
            Some(errors) if errors.row(row)[column].is_finite() => (unit / f64::from(errors.row(row)[column]).powi(2)) as f32,
            Some(_) => 0.0,
        };
        let weights = Matrix::from_fn(rows.rows(), rows.cols(), weight);
        let known = |row: usize, column: usize| if weights.row(row)[column] > 0.0 { rows.row(row)[column] } else { 0.0 };
        let rows = Matrix::from_fn(rows.rows(), rows.cols(), known);
        Cells { rows, weights, beside }
    }

    fn row_weight(&self, row: usize) -> f32 {
        self.beside.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// The rows, their missing cells filled with the mean of the column's known ones, from which the iterations start.
    pub(super) fn filled(&self) -> Matrix {
        let (n, d) = (self.rows.rows(), self.rows.cols());
        let (mut sums, mut known) = (vec![0.0_f64; d], vec![0.0_f64; d]);
        for row in 0..n {
            for column in (0..d).filter(|&column| self.weights.row(row)[column] > 0.0) {
                sums[column] += f64::from(self.rows.row(row)[column]);
                known[column] += 1.0;
            }
        }
        let mean = |column: usize| (sums[column] / known[column].max(1.0)) as f32;
        Matrix::from_fn(n, d, |row, column| if self.weights.row(row)[column] > 0.0 { self.rows.row(row)[column] } else { mean(column) })
    }

    /// Half the sum of squares of the cells, by their weights: the loss without parts.
    pub(super) fn constant(&self) -> f64 {
        let one = |row: usize| {
            let cells = self.rows.row(row).iter().zip(self.weights.row(row));
            f64::from(self.row_weight(row)) * cells.map(|(&cell, &weight)| f64::from(weight) * f64::from(cell).powi(2)).sum::<f64>()
        };
        0.5 * (0..self.rows.rows()).map(one).sum::<f64>()
    }

    /// Updates all coefficients, `[n, k]`, and returns the sums for the parts.
    pub(super) fn pass(&self, parts: &Matrix, coefficients: &mut [f32], penalty: Penalty, run: &Run) -> Result<Sums> {
        let (k, d, n) = (parts.rows(), parts.cols(), self.rows.rows());
        let q = pairs(k);
        // `[pairs, d]`: products of parts, cell by cell.
        let mut products = vec![0.0_f32; q * d];
        let places: Vec<(usize, usize)> = (0..k).flat_map(|a| (a..k).map(move |b| (a, b))).collect();
        products.par_chunks_mut(d.max(1)).enumerate().for_each(|(at, out)| {
            let (left, right) = (parts.row(places[at].0), parts.row(places[at].1));
            out.iter_mut().zip(left).zip(right).for_each(|((out, a), b)| *out = a * b);
        });
        let products = MatrixView::new(q, d, &products)?;
        let tasks = coefficients.par_chunks_mut(TASK * k).enumerate().map(|(task, coefficients)| {
            run.check()?;
            let mut sums = Sums { weights: vec![0.0; d * q], ..Sums::none(k, d) };
            for (block, own) in coefficients.chunks_mut(BLOCK * k).enumerate() {
                let from = task * TASK + block * BLOCK;
                self.block(from..(from + BLOCK).min(n), parts, products, own, penalty, &mut sums)?;
            }
            Ok(sums)
        });
        let all: Vec<Sums> = tasks.collect::<Result<_>>()?;
        let none = Sums { weights: vec![0.0; d * q], ..Sums::none(k, d) };
        Ok(all.iter().fold(none, |sums, one| sums.merge(one)))
    }

    fn block(
        &self,
        range: std::ops::Range<usize>,
        parts: &Matrix,
        products: MatrixView<'_>,
        own: &mut [f32],
        penalty: Penalty,
        sums: &mut Sums,
    ) -> Result<()> {
        let (k, d, many) = (parts.rows(), parts.cols(), range.len());
        let (q, first) = (pairs(k), range.start);
        let weights = self.weights.view().slice(range.clone());
        let mut normal = vec![0.0_f32; many * q];
        product_transposed(weights, products, &mut normal, Threads::One);
        let weighted: Vec<f32> = weights.as_slice().iter().zip(self.rows.view().slice(range).as_slice()).map(|(w, x)| w * x).collect();
        let mut along = vec![0.0_f32; many * k];
        product_transposed(MatrixView::new(many, d, &weighted)?, parts.view(), &mut along, Threads::One);
        let mut paired = vec![0.0_f32; many * q];
        let mut counted = vec![0.0_f32; many * k];
        for row in 0..many {
            let (own, along, normal) = (&mut own[row * k..][..k], &along[row * k..][..k], &normal[row * q..][..q]);
            sweep(own, along, normal, penalty);
            let weight = self.row_weight(first + row);
            let (paired, counted) = (&mut paired[row * q..][..q], &mut counted[row * k..][..k]);
            pair(own, paired);
            // Pairs of different parts stand for two.
            let mut at = 0;
            let mut shared = 0.0;
            for a in 0..k {
                for b in a..k {
                    shared += if a == b { 1.0 } else { 2.0 } * f64::from(paired[at]) * f64::from(normal[at]);
                    at += 1;
                }
            }
            let crossed: f64 = own.iter().zip(along).map(|(&own, &along)| f64::from(own) * f64::from(along)).sum();
            sums.loss += f64::from(weight) * (0.5 * shared - crossed);
            sums.penalty +=
                f64::from(weight) * own.iter().map(|&own| f64::from(penalty.l1 * own + 0.5 * penalty.l2 * own * own)).sum::<f64>();
            paired.iter_mut().for_each(|cell| *cell *= weight);
            counted.iter_mut().zip(own.iter()).for_each(|(counted, &own)| *counted = weight * own);
            sums.totals.iter_mut().zip(counted.iter()).for_each(|(sum, &counted)| *sum += f64::from(counted));
        }
        let turned =
            |cells: &[f32], width: usize| -> Vec<f32> { (0..width * many).map(|at| cells[at % many * width + at / many]).collect() };
        let (columns, counted) = (turned(weights.as_slice(), d), turned(&counted, k));
        let mut part = vec![0.0_f32; d * q];
        product(MatrixView::new(d, many, &columns)?, MatrixView::new(many, q, &paired)?, &mut part, Threads::One);
        sums.weights.iter_mut().zip(&part).for_each(|(sum, &part)| *sum += f64::from(part));
        let mut image = vec![0.0_f32; k * d];
        product(MatrixView::new(k, many, &counted)?, MatrixView::new(many, d, &weighted)?, &mut image, Threads::One);
        sums.images.iter_mut().zip(&image).for_each(|(sum, &part)| *sum += f64::from(part));
        Ok(())
    }

    /// Better parts: each column by itself.
    pub(super) fn improve(&self, parts: &Matrix, sums: &Sums, penalty: Penalty) -> Matrix {
        let (k, d) = (parts.rows(), parts.cols());
        let q = pairs(k);
        let columns: Vec<usize> = (0..d).collect();
        let new: Vec<Vec<f32>> = columns
            .par_iter()
            .map(|&column| {
                let mut own: Vec<f32> = (0..k).map(|part| parts.row(part)[column]).collect();
                let along: Vec<f32> = (0..k).map(|part| sums.images[part * d + column] as f32).collect();
                let products: Vec<f32> = sums.weights[column * q..][..q].iter().map(|&cell| cell as f32).collect();
                sweep(&mut own, &along, &products, penalty);
                own
            })
            .collect();
        Matrix::from_fn(k, d, |part, column| new[column][part])
    }
}
