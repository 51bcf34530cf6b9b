//! Bootstrap intervals of loadings: how far they would move if other rows had been drawn.
//!
//! Each resample draws as many rows as there are, with replacement. Its dimensions come in another order and with other signs: each is matched with the
//! dimension of all rows whose loadings it is most alike, by their cosine, before loadings are compared.
//!
//! Source: Efron and Tibshirani 1993, "An introduction to the bootstrap"; alignment: Timmerman, Kiers and Smilde 2007, doi:10.1348/000711006X109636.

use std::path::Path;
use std::sync::Arc;

use latentspace_core::arrow::array::{ArrayRef, Float64Array, StringArray, UInt32Array};
use serde::Serialize;

use super::{Dataset, Quiet, TrainingRows, plan};
use crate::data::read::Source;
use crate::data::{Given, Metadata, Precomputed, PrepareOptions, Rows, write};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::method::{self, AnyMethod};
use crate::random::Random;
use crate::run::Run;

/// The default number of resamples.
pub const RESAMPLES: usize = 200;
/// What lies outside of an interval on each side.
const TAIL: f64 = 0.025;

/// A loading with its 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Loading {
    /// The dimension, from 0.
    pub dimension: u32,
    /// The column's name.
    pub column: String,
    /// The loading of all rows.
    pub value: f64,
    /// The percentile 2.5 of the resamples.
    pub low: f64,
    /// The percentile 97.5.
    pub high: f64,
}

/// Loadings of all dimensions and columns, with 95 % intervals by the bootstrap: as many fits as `resamples`.
///
/// # Errors
/// [`Error::Input`] if the method's spaces have no loadings; [`Error::Param`] for fewer than 20 resamples; errors of the reader and the method.
pub fn loading_intervals(
    method: &dyn AnyMethod,
    data: &Source,
    options: &PrepareOptions,
    resamples: usize,
    run: &Run,
) -> Result<Vec<Loading>> {
    options.without_missing("a test of loadings")?;
    if resamples < 20 {
        return Err(Error::param("resamples", resamples, "an interval takes at least 20"));
    }
    plan::check_fits(method, data, options, run)?;
    let whole = Dataset::new(data.read(run)?, options, method.info().sees, run)?;
    let adapted = method::adapted(method, whole.rows.shape(), Some(&Rows::memory(&whole.rows)), run);
    of_rows(adapted.as_deref().unwrap_or(method), whole.training(), resamples, run)
}

fn of_rows(method: &dyn AnyMethod, training: TrainingRows<'_>, resamples: usize, run: &Run) -> Result<Vec<Loading>> {
    let first = table(method, training, &Precomputed::default(), run)?;
    let (k, d, n) = (first.rows(), first.cols(), training.rows.rows());
    let random = Random::new(run.seed(), "bootstrap of loadings");
    let quiet = run.clone().with_listener(Arc::new(Quiet));
    let mut found: Vec<Vec<f32>> = vec![Vec::with_capacity(resamples); k * d];
    for at in 0..resamples as u64 {
        run.progress("resamples", at, resamples as u64);
        let mut times = vec![0_u32; n];
        (0..n as u64).for_each(|item| times[random.below(at, item, n as u64) as usize] += 1);
        let again = if method.info().given.contains(&Given::Weights) {
            let weights: Vec<f32> = times.iter().map(|&times| times as f32).collect();
            table(method, training, &Precomputed { weights: Some(weights.into()), ..Precomputed::default() }, &quiet)?
        } else {
            let drawn: Vec<u32> = (0..n).flat_map(|row| std::iter::repeat_n(row as u32, times[row] as usize)).collect();
            let (rows, metadata) = (training.rows.select(&drawn), training.metadata.select(&drawn)?);
            table(method, TrainingRows { rows: &rows, metadata: &metadata, ..training }, &Precomputed::default(), &quiet)?
        };
        // Fewer dimensions than before have no match: the method chooses their number.
        for (axis, (other, sign)) in matches(&first, &again).into_iter().enumerate().filter_map(|(axis, own)| own.map(|own| (axis, own))) {
            found[axis * d..][..d].iter_mut().zip(again.row(other)).for_each(|(list, &cell)| list.push(sign * cell));
        }
    }
    let names = |column: usize| training.names.and_then(|names| names.get(column).cloned()).unwrap_or_else(|| (column + 1).to_string());
    let one = |(at, list): (usize, &mut Vec<f32>)| {
        list.sort_by(f32::total_cmp);
        let value = f64::from(first.row(at / d)[at % d]);
        let quantile =
            |part: f64| list.get((part * (list.len().max(1) - 1) as f64).round() as usize).map_or(value, |&cell| f64::from(cell));
        Loading { dimension: (at / d) as u32, column: names(at % d), value, low: quantile(TAIL), high: quantile(1.0 - TAIL) }
    };
    Ok(found.iter_mut().enumerate().map(one).collect())
}

/// The loadings of a fit, `[k, d]`.
fn table(method: &dyn AnyMethod, rows: TrainingRows<'_>, given: &Precomputed, run: &Run) -> Result<Matrix> {
    let fitted = rows.fit(method, given, run)?;
    match fitted.model.capabilities().axes {
        Some(axes) if axes.distributions()?.is_none() => Ok(axes.table()),
        _ => {
            let found = format!("spaces of {}", method.info().title);
            let error = Error::input("method", found, "only loadings have intervals");
            Err(error.with_hint("`latent methods` lists the methods whose spaces have loadings: pca"))
        }
    }
}

/// For each dimension, the one of the other fit that is most alike and not more alike another, and the sign that makes it so.
fn matches(first: &Matrix, again: &Matrix) -> Vec<Option<(usize, f32)>> {
    let norm = |row: &[f32]| row.iter().map(|&cell| f64::from(cell).powi(2)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() / norm(a) / norm(b);
    let mut pairs: Vec<(f64, usize, usize)> = (0..first.rows())
        .flat_map(|axis| (0..again.rows()).map(move |other| (axis, other)))
        .map(|(axis, other)| (cosine(first.row(axis), again.row(other)), axis, other))
        .collect();
    pairs.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut out, mut taken) = (vec![None; first.rows()], vec![false; again.rows()]);
    for (cosine, axis, other) in pairs {
        if out[axis].is_none() && !taken[other] {
            out[axis] = Some((other, if cosine < 0.0 { -1.0 } else { 1.0 }));
            taken[other] = true;
        }
    }
    out
}

/// Writes loadings with their intervals, a line each, atomically: `.csv`, `.tsv` or `.parquet`.
///
/// # Errors
/// [`Error::Input`] for another ending; [`Error::Io`].
pub fn save_loadings(path: &Path, all: &[Loading]) -> Result<()> {
    let numbers = |pick: fn(&Loading) -> f64| -> ArrayRef { Arc::new(Float64Array::from_iter_values(all.iter().map(pick))) };
    let dimensions: ArrayRef = Arc::new(UInt32Array::from_iter_values(all.iter().map(|own| own.dimension)));
    let columns: ArrayRef = Arc::new(StringArray::from_iter_values(all.iter().map(|own| own.column.as_str())));
    let named = [
        ("dimension", dimensions),
        ("column", columns),
        ("loading", numbers(|own| own.value)),
        ("low", numbers(|own| own.low)),
        ("high", numbers(|own| own.high)),
    ];
    let table = Metadata::from_columns(named.into_iter().map(|(name, cells)| (name.to_owned(), cells)).collect(), all.len())?;
    write::figures(path, &[], &table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::OwnedRows;
    use crate::registry;

    #[test]
    fn intervals_hold_the_planted_loading_and_shrink_with_more_rows() {
        let run = Run::new(0, 2).unwrap();
        let random = Random::new(1, "rows");
        let width = |n: usize, name: &str| {
            let cell = |row: usize, column: usize| {
                let factor = |axis: u64| random.normal(row as u64, axis);
                let own = [3.0 * factor(0), 3.0 * factor(0), 1.5 * factor(1), -1.5 * factor(1), 0.0][column];
                (own + 0.5 * random.normal(row as u64, 10 + column as u64)) as f32
            };
            let rows = OwnedRows::Dense(Matrix::from_fn(n, 5, cell));
            let params = [("n_components".to_owned(), serde_json::json!(2))].into_iter().collect();
            let method = registry::find(name).unwrap().with(&params).unwrap();
            let training = TrainingRows { rows: &rows, names: None, metadata: &Metadata::none(n) };
            let found = of_rows(method.as_ref(), training, 60, &run).unwrap();
            assert_eq!(found.len(), 10);
            assert!(found.iter().all(|own| own.low <= own.value && own.value <= own.high), "{name}: {found:?}");
            let is_clear = |own: &&Loading| own.value.abs() > 0.5 && own.low * own.high > 0.0;
            assert!(name != "pca" || found.iter().filter(is_clear).count() == 4, "{found:?}");
            found.iter().map(|own| own.high - own.low).sum::<f64>()
        };
        // SVD takes no weights: its resamples are drawn rows.
        for name in ["pca", "svd"] {
            let (few, many) = (width(200, name), width(1800, name));
            assert!(many < 0.6 * few, "{name}: {few} {many}");
        }
    }
}
