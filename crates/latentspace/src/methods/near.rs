//! The neighbors that a method learns from: sought, or as they are given.

use serde_json::{Map, Value, json};

use crate::data::{Rows, Shape};
use crate::error::{Error, Result};
use crate::neighbors::{self, Metric, Neighbors, Points};
use crate::run::Run;

/// What seeking the `k` nearest of rows of this shape will take.
pub(super) fn search_plan(shape: Shape, k: usize, metric: Metric, run: &Run) -> neighbors::Plan {
    match shape.cells.filter(|_| shape.is_sparse()) {
        Some(cells) => neighbors::plan_sparse(shape.rows, shape.cols, cells, k, run),
        None => neighbors::plan(shape.rows, shape.cols, k, metric, run),
    }
}

/// The `k` nearest rows of each of `rows`, which are `points` by their numbers; how they were found is written into `facts`.
///
/// # Errors
/// See [`crate::neighbors::neighbors`]; [`Error::Param`] if fewer are given.
pub(super) fn near(
    rows: &Rows<'_>,
    points: Points<'_>,
    k: usize,
    metric: Metric,
    facts: &mut Map<String, Value>,
    run: &Run,
) -> Result<Neighbors> {
    run.progress("neighbors", 0, 1);
    let found = match rows.neighbors() {
        Some(given) if given.k < k => {
            let error = Error::param("neighbors", format!("{} of each row", given.k), format!("{k} are needed"));
            return Err(error.with_hint("a smaller perplexity or n_neighbors needs fewer"));
        }
        Some(given) => given.nearest(k),
        None => points.neighbors(k, metric, run)?,
    };
    run.progress("neighbors", 1, 1);
    run.check()?;
    facts.insert("neighbors".to_owned(), json!(found.algorithm));
    if !found.are_given() {
        facts.insert("neighbors_recall".to_owned(), json!(found.recall.value));
    }
    Ok(found)
}
