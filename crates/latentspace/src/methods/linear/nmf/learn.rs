//! The iterations: a pass over the rows, then better parts.

use serde_json::{Map, json};

use super::cells::Cells;
use super::model::NmfModel;
use super::start::start;
use super::update::{Parts, Penalty, pass, sweep};
use super::{Loss, Nmf};
use crate::error::{Error, Result, count};
use crate::interval::{Measure, number};
use crate::linalg::{Matrix, OwnedRows, Points};
use crate::method::Fitted;
use crate::methods::linear::incomplete::Beside;
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
    Ok(Moments { mean: sums.iter().sum::<f64>() / (n * d).max(1) as f64, squares, entropy })
}

pub(super) fn learn(method: &Nmf, k: usize, given: &OwnedRows, beside: Beside, run: &Run) -> Result<Fitted> {
    let (n, d) = (given.rows(), given.cols());
    check(method, given, &beside)?;
    let weights_of_rows = beside.weights.clone();
    let cells = if beside.is_uneven(given.shape()) { Some(Cells::new(&given.table()?, beside)) } else { None };
    // A row that counts w times has w times its loss: of the squared error that of the row times the root of w, of the divergence that of w times
    // the row.
    let changed = match (&cells, &weights_of_rows) {
        (Some(cells), _) => Some(OwnedRows::Dense(cells.filled())),
        (None, Some(weights)) => Some(scaled(given, weights, method.loss)?),
        (None, None) => None,
    };
    let rows = changed.as_ref().unwrap_or(given);
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
    let constant = match &cells {
        Some(cells) => cells.constant(),
        None if is_divergence => moments.entropy,
        None => 0.5 * moments.squares,
    };
    let step = |parts: &Matrix, weights: &mut [f32]| match &cells {
        Some(cells) => cells.pass(parts, weights, of_weights, run),
        None => pass(rows, &Parts::new(parts, is_sparse), weights, method.loss, of_weights, run),
    };
    let (mut first, mut last, mut steps, mut converged) = (None, f64::INFINITY, 0, false);
    let mut loss = f64::INFINITY;
    while steps < method.n_iter as usize {
        run.check()?;
        let sums = step(&parts, &mut weights)?;
        loss = (constant + sums.loss).max(0.0) + sums.penalty + penalized(&parts, of_parts);
        let first = *first.get_or_insert(loss.max(f64::MIN_POSITIVE));
        parts = match (&cells, method.loss) {
            (Some(cells), _) => cells.improve(&parts, &sums, of_parts),
            (None, Loss::Frobenius) => squares(&parts, &sums.weights, &sums.images, of_parts)?,
            (None, Loss::KullbackLeibler) => divergence(&parts, &sums.images, &sums.totals, of_parts)?,
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
    let sums = step(&parts, &mut weights)?;
    let loss = (constant + sums.loss).max(0.0);
    // Parts by what they add to the rows.
    let added: Vec<f64> = (0..k).map(|part| sums.totals[part] * parts.row(part).iter().map(|&cell| f64::from(cell)).sum::<f64>()).collect();
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&a, &b| added[b].total_cmp(&added[a]).then(a.cmp(&b)));
    let whole: f64 = added.iter().sum();
    let shares = order.iter().map(|&part| if whole > 0.0 { added[part] / whole } else { 0.0 }).collect();
    let parts = Matrix::from_fn(k, d, |at, column| parts.row(order[at])[column]);
    let model = NmfModel::new(parts, shares, method.loss, of_weights);
    let Lost { known, centered, lost } = lost(&model, given, weights_of_rows.as_deref(), run)?;
    let known = known.max(1.0);
    let explained = if centered > 0.0 { 1.0 - lost / centered } else { 1.0 };
    let measures = vec![
        ("explained_variance", Measure::exact(explained, Some(k as f64 / d as f64))),
        ("reconstruction_error", Measure::exact(lost / known, Some(centered / known))),
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

/// What decoded rows lose: sums over known cells, each row as often as it counts.
struct Lost {
    known: f64,
    /// Squared deviations from the mean of each column.
    centered: f64,
    /// Squared errors.
    lost: f64,
}

fn lost(model: &NmfModel, rows: &OwnedRows, weights: Option<&[f32]>, run: &Run) -> Result<Lost> {
    /// Rows at a time.
    const BLOCK: usize = 4096;
    let d = rows.cols();
    let (mut sums, mut squares, mut known, mut lost) = (vec![0.0_f64; d], vec![0.0_f64; d], vec![0.0_f64; d], 0.0);
    for from in (0..rows.rows()).step_by(BLOCK) {
        let block = rows.select(&(from as u32..(from + BLOCK).min(rows.rows()) as u32).collect::<Vec<u32>>());
        let completed = match &block {
            OwnedRows::Incomplete(table) => OwnedRows::Dense(model.complete(&OwnedRows::Dense(table.clone()), &[], run)?),
            _ => block.clone(),
        };
        let back = model.decode(&model.encode(&completed, run)?, run)?;
        block.points().as_table(|table| {
            for row in 0..table.rows() {
                let weight = weights.map_or(1.0, |weights| f64::from(weights[from + row]));
                for (column, (&cell, &back)) in table.row(row).iter().zip(back.row(row)).enumerate().filter(|(_, (cell, _))| !cell.is_nan())
                {
                    let cell = f64::from(cell);
                    known[column] += weight;
                    sums[column] += weight * cell;
                    squares[column] += weight * cell * cell;
                    lost += weight * (cell - f64::from(back)).powi(2);
                }
            }
        })?;
    }
    let centered = (0..d).map(|column| squares[column] - sums[column] * sums[column] / known[column].max(f64::MIN_POSITIVE)).sum::<f64>();
    Ok(Lost { known: known.iter().sum(), centered: centered.max(0.0), lost })
}

/// Rows times what makes their loss that of so many.
fn scaled(rows: &OwnedRows, weights: &[f32], loss: Loss) -> Result<OwnedRows> {
    let factor = |row: usize| if loss == Loss::Frobenius { weights[row].sqrt() } else { weights[row] };
    match rows.sparse() {
        Some(sparse) => {
            let mut sparse = sparse.clone();
            for row in 0..sparse.rows() {
                let range = sparse.starts[row]..sparse.starts[row + 1];
                sparse.values[range].iter_mut().for_each(|value| *value *= factor(row));
            }
            Ok(OwnedRows::Sparse(sparse))
        }
        None => {
            let table = rows.table()?;
            Ok(OwnedRows::Dense(Matrix::from_fn(table.rows(), table.cols(), |row, column| factor(row) * table.row(row)[column])))
        }
    }
}

/// What no update is there for.
fn check(method: &Nmf, rows: &OwnedRows, beside: &Beside) -> Result<()> {
    let is_uneven = beside.is_uneven(rows.shape());
    if is_uneven && method.loss == Loss::KullbackLeibler {
        let wanted = "with missing cells or errors the loss is frobenius: errors are those of squares";
        return Err(Error::param("loss", "kullback-leibler", wanted));
    }
    if beside.weights.is_some() && !is_uneven && method.loss == Loss::Frobenius && method.alpha * method.l1_ratio > 0.0 {
        let wanted = "with weights of rows, the squared error has no L1 penalty: 0, or the loss kullback-leibler";
        return Err(Error::param("l1_ratio", method.l1_ratio, wanted));
    }
    Ok(())
}
