//! The iterations: a pass over the rows, then better parts.

use serde_json::{Map, json};

use super::model::NmfModel;
use super::start::start;
use super::update::{Parts, Penalty, pass, sweep};
use super::{Loss, Nmf};
use crate::error::{Error, Result, count};
use crate::interval::{Measure, number};
use crate::linalg::{Matrix, OwnedRows, Points};
use crate::method::Fitted;
use crate::model::Model;
use crate::parallel::*;
use crate::run::Run;

/// Iterations between two looks at the loss.
const EVERY: usize = 10;
/// Columns of the parts that are updated at a time.
const COLUMNS: usize = 128;
/// What a divisor is at least.
const LEAST: f64 = 1e-12;

/// The sums of rows that the loss and its measures need.
struct Moments {
    mean: f64,
    squares: f64,
    /// Squared deviations from the mean of each column.
    centered: f64,
    /// The loss of a cell without parts: Σ x log x - x.
    entropy: f64,
}

/// # Errors
/// [`Error::Input`] for a negative cell, with its place.
fn moments(rows: &OwnedRows) -> Result<Moments> {
    let (n, d) = (rows.rows(), rows.cols());
    let (mut sums, mut squares, mut entropy) = (vec![0.0_f64; d], 0.0, 0.0);
    let mut negative = None;
    let mut count_cell = |row: usize, column: usize, value: f32| {
        if value < 0.0 && negative.is_none() {
            negative = Some((row, column, value));
        }
        let value = f64::from(value);
        sums[column] += value;
        squares += value * value;
        entropy += if value > 0.0 { value * value.ln() - value } else { 0.0 };
    };
    match rows.points() {
        Points::Dense(table) => {
            (0..n).for_each(|row| table.row(row).iter().enumerate().for_each(|(column, &value)| count_cell(row, column, value)))
        }
        Points::Sparse(sparse) => (0..n).for_each(|row| {
            let (columns, values) = sparse.row(row);
            columns.iter().zip(values).for_each(|(&column, &value)| count_cell(row, column as usize, value));
        }),
    }
    if let Some((row, column, value)) = negative {
        let error = Error::input("data", format!("{value}"), "NMF takes cells of 0 or more");
        return Err(error
            .at_row(row as u64 + 1)
            .at_column((column + 1).to_string())
            .with_hint("leave the rows unscaled (--scale none), or use pca"));
    }
    let means: f64 = sums.iter().map(|sum| sum * sum).sum::<f64>() / n.max(1) as f64;
    Ok(Moments { mean: sums.iter().sum::<f64>() / (n * d).max(1) as f64, squares, centered: (squares - means).max(0.0), entropy })
}

pub(super) fn learn(method: &Nmf, k: usize, rows: &OwnedRows, run: &Run) -> Result<Fitted> {
    let (n, d) = (rows.rows(), rows.cols());
    let moments = moments(rows)?;
    let penalty = |size: usize| Penalty {
        l1: (method.alpha * method.l1_ratio * size as f64) as f32,
        l2: (method.alpha * (1.0 - method.l1_ratio) * size as f64) as f32,
    };
    // As in scikit-learn, so that the same alpha suits data of any size.
    let (of_weights, of_parts) = (penalty(d), penalty(n));
    let is_divergence = method.loss == Loss::KullbackLeibler;
    run.progress("NMF", 0, u64::from(method.n_iter));
    let (mut weights, mut parts) = start(rows, k, method.init, moments.mean, is_divergence, run)?;
    let is_sparse = matches!(rows.points(), Points::Sparse(_));
    let constant = if is_divergence { moments.entropy } else { 0.5 * moments.squares };
    let (mut first, mut last, mut steps, mut converged) = (None, f64::INFINITY, 0, false);
    let mut loss = f64::INFINITY;
    while steps < method.n_iter as usize {
        run.check()?;
        let known = Parts::new(&parts, is_sparse);
        let sums = pass(rows, &known, &mut weights, method.loss, of_weights, run)?;
        loss = (constant + sums.loss).max(0.0) + sums.penalty + penalized(&parts, of_parts);
        let first = *first.get_or_insert(loss.max(f64::MIN_POSITIVE));
        parts = match method.loss {
            Loss::Frobenius => squares(&parts, &sums.weights, &sums.images, of_parts)?,
            Loss::KullbackLeibler => divergence(&parts, &sums.images, &sums.totals, of_parts)?,
        };
        steps += 1;
        run.progress("NMF", steps as u64, u64::from(method.n_iter));
        if steps % EVERY == 0 {
            if (last - loss) / first < method.tol {
                converged = true;
                break;
            }
            last = loss;
        }
    }
    if !converged {
        let change = if last.is_finite() { (last - loss) / first.unwrap_or(1.0) } else { 1.0 };
        run.note(format!(
            "NMF: not converged after {} iterations: the last ten lowered the loss by {} of that at the start; a larger n_iter or tol ends it",
            count(steps as u64),
            number(change)
        ));
    }
    let known = Parts::new(&parts, is_sparse);
    let sums = pass(rows, &known, &mut weights, method.loss, of_weights, run)?;
    let loss = (constant + sums.loss).max(0.0);
    // Parts by what they add to the rows.
    let added: Vec<f64> = (0..k).map(|part| sums.totals[part] * parts.row(part).iter().map(|&cell| f64::from(cell)).sum::<f64>()).collect();
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&a, &b| added[b].total_cmp(&added[a]).then(a.cmp(&b)));
    let whole: f64 = added.iter().sum();
    let shares = order.iter().map(|&part| if whole > 0.0 { added[part] / whole } else { 0.0 }).collect();
    let parts = Matrix::from_fn(k, d, |at, column| parts.row(order[at])[column]);
    let model = NmfModel::new(parts, shares, method.loss, of_weights);
    let lost = lost(&model, rows, run)?;
    let cells = (n * d).max(1) as f64;
    let explained = if moments.centered > 0.0 { 1.0 - lost / moments.centered } else { 1.0 };
    let measures = vec![
        ("explained_variance", Measure::exact(explained, Some(k as f64 / d as f64))),
        ("reconstruction_error", Measure::exact(lost / cells, Some(moments.centered / cells))),
    ];
    let mut facts = Map::new();
    facts.insert("n_components".to_owned(), json!(k));
    facts.insert("n_iter".to_owned(), json!(steps));
    facts.insert("converged".to_owned(), json!(converged));
    facts.insert("reconstruction_err".to_owned(), json!((2.0 * loss).sqrt()));
    Ok(Fitted { model: Box::new(model), codes: None, facts, measures })
}

fn penalized(parts: &Matrix, penalty: Penalty) -> f64 {
    if penalty.l1 == 0.0 && penalty.l2 == 0.0 {
        return 0.0;
    }
    parts.as_slice().iter().map(|&cell| f64::from(penalty.l1 * cell + 0.5 * penalty.l2 * cell * cell)).sum()
}

/// Parts for the squared error: each column by itself, given the products of weights `[k, k]` and of weights and rows `[k, d]`.
fn squares(parts: &Matrix, products: &[f64], images: &[f64], penalty: Penalty) -> Result<Matrix> {
    let (k, d) = (parts.rows(), parts.cols());
    let products: Vec<f32> = products.iter().map(|&cell| cell as f32).collect();
    let blocks: Vec<usize> = (0..d).step_by(COLUMNS).collect();
    let new: Vec<Vec<f32>> = blocks
        .par_iter()
        .map(|&from| {
            let width = COLUMNS.min(d - from);
            let mut block: Vec<f32> = (0..k).flat_map(|part| parts.row(part)[from..from + width].to_vec()).collect();
            let along: Vec<f32> =
                (0..k).flat_map(|part| images[part * d + from..][..width].iter().map(|&cell| cell as f32).collect::<Vec<f32>>()).collect();
            sweep(&mut block, &along, &products, width, penalty);
            block
        })
        .collect();
    let mut whole = vec![0.0_f32; k * d];
    for (from, block) in blocks.into_iter().zip(new) {
        let width = COLUMNS.min(d - from);
        block.chunks_exact(width).enumerate().for_each(|(part, cells)| whole[part * d + from..][..width].copy_from_slice(cells));
    }
    Matrix::new(k, d, whole)
}

/// Parts for the divergence: the multiplicative update.
fn divergence(parts: &Matrix, images: &[f64], totals: &[f64], penalty: Penalty) -> Result<Matrix> {
    let d = parts.cols();
    let cell = |at: usize| {
        let own = f64::from(parts.as_slice()[at]);
        let divisor = totals[at / d] + f64::from(penalty.l1) + f64::from(penalty.l2) * own;
        (own * images[at] / divisor.max(LEAST)) as f32
    };
    Matrix::new(parts.rows(), d, (0..parts.rows() * d).map(cell).collect())
}

/// The squared error of decoded rows.
fn lost(model: &NmfModel, rows: &OwnedRows, run: &Run) -> Result<f64> {
    /// Rows at a time.
    const BLOCK: usize = 4096;
    let mut lost = 0.0;
    for from in (0..rows.rows()).step_by(BLOCK) {
        let block = rows.select(&(from as u32..(from + BLOCK).min(rows.rows()) as u32).collect::<Vec<u32>>());
        let back = model.decode(&model.encode(&block, run)?, run)?;
        let one = |row: usize, cells: &[f32]| -> f64 {
            cells.iter().zip(back.row(row)).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
        };
        lost += block.points().as_table(|table| (0..table.rows()).map(|row| one(row, table.row(row))).sum::<f64>())?;
    }
    Ok(lost)
}
