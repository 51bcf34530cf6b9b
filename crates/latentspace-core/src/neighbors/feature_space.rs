//! Nearest rows in the feature space of a kernel, by inner products alone.

use super::{EXACT, Neighbors};
use crate::error::{Error, Result, count};
use crate::interval::Measure;
use crate::linalg::{Matrix, OwnedRows};
use crate::run::Run;

/// Rows whose distances are in memory at a time.
const BLOCK: usize = 128;

/// The feature space of a kernel. Rows have no coordinates there that could be computed, but inner products, which are values of the kernel.
pub trait FeatureSpace: Send + Sync {
    /// Distances in the feature space of prepared rows from the fitted ones, `[rows, fitted]`: the root of k(x, x) - 2 k(x, y) + k(y, y).
    ///
    /// # Errors
    /// [`Error::Input`] if the columns do not fit; [`Error::Cancelled`].
    fn distances(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix>;
}

/// The `k` fitted rows nearest to each of some prepared rows in the feature space of a kernel, nearest first, equal distances by index. With
/// `as_fitted` the rows are the fitted ones, in order, and none is its own neighbor. Cost: the kernel of all pairs; memory for 128 rows of it.
///
/// # Errors
/// [`Error::Param`] if there are fewer than `k` other rows; [`Error::Input`] if the columns do not fit; [`Error::Cancelled`].
pub fn in_feature_space(space: &dyn FeatureSpace, rows: &OwnedRows, k: usize, as_fitted: bool, run: &Run) -> Result<Neighbors> {
    let (mut indices, mut distances) = (Vec::new(), Vec::new());
    for from in (0..rows.rows()).step_by(BLOCK) {
        let some: Vec<u32> = (from..(from + BLOCK).min(rows.rows())).map(|row| row as u32).collect();
        let block = space.distances(&rows.select(&some), run)?;
        let most = block.cols() - usize::from(as_fitted).min(block.cols());
        if k == 0 || k > most {
            return Err(Error::param("k", k, format!("it must be 1 to {}", count(most as u64))));
        }
        for (at, &row) in some.iter().enumerate() {
            let own = block.row(at);
            let mut order: Vec<u32> = (0..own.len() as u32).filter(|&other| !(as_fitted && other == row)).collect();
            let nearer = |a: &u32, b: &u32| own[*a as usize].total_cmp(&own[*b as usize]).then(a.cmp(b));
            if k < order.len() {
                order.select_nth_unstable_by(k - 1, nearer);
                order.truncate(k);
            }
            order.sort_unstable_by(nearer);
            distances.extend(order.iter().map(|&other| own[other as usize]));
            indices.extend(order);
        }
    }
    Ok(Neighbors { k, indices, distances, algorithm: EXACT, recall: Measure::exact(1.0, None) })
}
