//! The start: from the singular vectors, or random.

use super::Init;
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, OwnedRows, Points, SparseRows, Threads, product, product_transposed, symmetric_eigen};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Directions beyond those asked for, and rounds of subspace iteration: the start need not be exact.
const OVERSAMPLED: usize = 10;
const ROUNDS: usize = 4;
/// Rows of a task.
const TASK: usize = 4096;
/// Rows multiplied at a time.
const BLOCK: usize = 128;

/// Weights `[n, k]` and parts `[k, d]`, none negative. `fill` replaces zeros, which multiplicative updates would keep.
pub(super) fn start(rows: &OwnedRows, k: usize, init: Init, mean: f64, fill: bool, run: &Run) -> Result<(Vec<f32>, Matrix)> {
    let (n, d) = (rows.rows(), rows.cols());
    let random = Random::new(run.seed(), "nmf start");
    let size = (mean / k as f64).sqrt();
    if init == Init::Random {
        let cell = |step: u64, at: usize| (size * random.normal(step, at as u64).abs()) as f32;
        let mut weights = vec![0.0_f32; n * k];
        weights.par_chunks_mut(TASK * k).enumerate().for_each(|(task, part)| {
            part.iter_mut().enumerate().for_each(|(at, weight)| *weight = cell(0, task * TASK * k + at));
        });
        return Ok((weights, Matrix::from_fn(k, d, |part, column| cell(1, part * d + column))));
    }
    let (values, vectors) = singular(rows, k, run)?;
    let (images, _) = images(rows, &vectors, false, run)?;
    let mut parts = vec![0.0_f32; k * d];
    let mut weights = vec![0.0_f32; n * k];
    for axis in 0..k {
        // What of the left and right singular vectors has the same sign, where that is more (Boutsidis and Gallopoulos 2008).
        let squares = |values: &mut dyn Iterator<Item = f32>| {
            values.fold([0.0_f64; 2], |mut sums, value| {
                sums[usize::from(value < 0.0)] += f64::from(value).powi(2);
                sums
            })
        };
        let own = values[axis];
        if own <= 0.0 {
            continue;
        }
        let right = squares(&mut vectors.row(axis).iter().copied()).map(f64::sqrt);
        let left = squares(&mut images.iter().skip(axis).step_by(k).copied()).map(|sum| sum.sqrt() / own);
        let sign = usize::from(right[1] * left[1] > right[0] * left[0]);
        let (side, common) = (if sign == 1 { -1.0 } else { 1.0 }, left[sign] * right[sign]);
        if common <= 0.0 {
            continue;
        }
        let scale = (own * common).sqrt();
        let (of_part, of_weight) = ((side * scale / right[sign]) as f32, (side * scale / left[sign] / own) as f32);
        parts[axis * d..][..d].iter_mut().zip(vectors.row(axis)).for_each(|(part, &cell)| *part = (of_part * cell).max(0.0));
        weights.iter_mut().skip(axis).step_by(k).zip(images.iter().skip(axis).step_by(k)).for_each(|(weight, &cell)| {
            *weight = (of_weight * cell).max(0.0);
        });
    }
    if fill {
        let least = (mean / 100.0) as f32;
        let filled = |at: usize, step: u64| least * random.uniform(step, at as u64) as f32 + f32::MIN_POSITIVE;
        weights.iter_mut().enumerate().filter(|(_, weight)| **weight == 0.0).for_each(|(at, weight)| *weight = filled(at, 2));
        parts.iter_mut().enumerate().filter(|(_, part)| **part == 0.0).for_each(|(at, part)| *part = filled(at, 3));
    }
    Ok((weights, Matrix::new(k, d, parts)?))
}

/// The largest singular values `[k]` and right singular vectors `[k, d]`, by subspace iteration.
fn singular(rows: &OwnedRows, k: usize, run: &Run) -> Result<(Vec<f64>, Matrix)> {
    let d = rows.cols();
    let width = (k + OVERSAMPLED).min(d);
    let random = Random::new(run.seed(), "nmf singular vectors");
    let mut basis = orthonormal((0..width * d).map(|at| random.normal(0, at as u64)).collect(), width, d)?;
    for _ in 0..ROUNDS {
        basis = orthonormal(images(rows, &basis, true, run)?.1, width, d)?;
    }
    let (_, image) = images(rows, &basis, true, run)?;
    // Rayleigh and Ritz: X'X within the basis.
    let inner = |a: usize, b: usize| basis.row(a).iter().zip(&image[b * d..]).map(|(&cell, image)| f64::from(cell) * image).sum::<f64>();
    let mut square = vec![0.0; width * width];
    for a in 0..width {
        for b in 0..=a {
            square[a * width + b] = 0.5 * (inner(a, b) + inner(b, a));
            square[b * width + a] = square[a * width + b];
        }
    }
    let eigen = symmetric_eigen(&square, width, k, || run.check())?;
    let turn: Vec<f32> = eigen.vectors.iter().map(|&cell| cell as f32).collect();
    let mut vectors = vec![0.0_f32; k * d];
    product(MatrixView::new(k, width, &turn)?, basis.view(), &mut vectors, Threads::Pool);
    Ok((eigen.values.iter().map(|value| value.max(0.0).sqrt()).collect(), Matrix::new(k, d, vectors)?))
}

/// Orthonormal rows that span those of `[width, d]`.
fn orthonormal(rows: Vec<f64>, width: usize, d: usize) -> Result<Matrix> {
    let qr = faer::MatRef::from_row_major_slice(&rows, width, d).transpose().qr();
    let q = qr.compute_thin_Q();
    Matrix::new(width, d, (0..width * d).map(|at| q[(at % d, at / d)] as f32).collect())
}

/// Rows times directions `[k, d]`, `[n, k]`, and that times the rows, `[k, d]`, if wanted.
fn images(rows: &OwnedRows, directions: &Matrix, back: bool, run: &Run) -> Result<(Vec<f32>, Vec<f64>)> {
    let (n, d, k) = (rows.rows(), rows.cols(), directions.rows());
    let points = rows.points();
    let by_column = match points {
        Points::Sparse(_) => Some(Matrix::from_fn(d, k, |column, axis| directions.row(axis)[column])),
        Points::Dense(_) => None,
    };
    let mut along = vec![0.0_f32; n * k];
    let sums = along.par_chunks_mut(TASK * k).enumerate().map(|(task, along)| {
        run.check()?;
        let (mut sums, mut part, mut turned) = (vec![0.0; if back { k * d } else { 0 }], vec![0.0_f32; k * d], vec![0.0_f32; k * BLOCK]);
        for (block, along) in along.chunks_mut(BLOCK * k).enumerate() {
            let from = task * TASK + block * BLOCK;
            match (points.slice(from..(from + BLOCK).min(n)), &by_column) {
                (Points::Sparse(rows), Some(by_column)) => sparse(rows, by_column, along, &mut sums, d),
                (Points::Dense(rows), _) => {
                    product_transposed(rows, directions.view(), along, Threads::One);
                    if back {
                        let turned = &mut turned[..k * rows.rows()];
                        for (row, cells) in along.chunks_exact(k).enumerate() {
                            cells.iter().enumerate().for_each(|(axis, &cell)| turned[axis * rows.rows() + row] = cell);
                        }
                        product(MatrixView::new(k, rows.rows(), turned)?, rows, &mut part, Threads::One);
                        sums.iter_mut().zip(&part).for_each(|(sum, &part)| *sum += f64::from(part));
                    }
                }
                (Points::Sparse(_), None) => {}
            }
        }
        Ok(sums)
    });
    let all: Vec<Vec<f64>> = sums.collect::<Result<_>>()?;
    let mut whole = vec![0.0; if back { k * d } else { 0 }];
    all.iter().for_each(|one| whole.iter_mut().zip(one).for_each(|(sum, part)| *sum += part));
    Ok((along, whole))
}

fn sparse(rows: SparseRows<'_>, by_column: &Matrix, along: &mut [f32], sums: &mut [f64], d: usize) {
    let k = by_column.cols();
    for (row, along) in along.chunks_exact_mut(k).enumerate() {
        along.fill(0.0);
        let (columns, values) = rows.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            along.iter_mut().zip(by_column.row(column as usize)).for_each(|(sum, &cell)| *sum += value * cell);
        }
        if !sums.is_empty() {
            for (axis, &own) in along.iter().enumerate() {
                let sums = &mut sums[axis * d..][..d];
                columns.iter().zip(values).for_each(|(&column, &value)| sums[column as usize] += f64::from(own * value));
            }
        }
    }
}
