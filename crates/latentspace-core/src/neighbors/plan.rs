//! Cost model of the neighbor search. The constants are CPU seconds on an AMD EPYC (Zen 3, 2.45 GHz, AVX2), measured with 60,000
//! rows of 50 numbers (exact 5.8 s, approximate 1.0 s) and of 784 (approximate 4.2 s); on another machine the ratio of the two algorithms
//! //! is more accurate than the seconds.

use super::{APPROXIMATE, EXACT, Metric, lists, reduce, tree};
use crate::linalg::Agreement;
use crate::run::Run;

/// The estimated cost of a neighbor search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// The algorithm that [`super::neighbors`] chooses, in words.
    pub algorithm: &'static str,
    /// Estimated seconds on the run's threads.
    pub seconds: f64,
    /// Peak memory in bytes, without the rows themselves.
    pub bytes: u64,
}

/// Multiply-adds per second and thread, in tiles: a constant for the choice of the algorithm, which so is the same on each machine, and the
/// basis of the seconds. Threads that share a core (two virtual processors of a Xeon) have 20e9 each.
const RATE: f64 = 36e9;
const TOLD: f64 = 26e9;
/// Relative time per cell of metrics without products: all pairs of 10,000 rows of 784 columns took 2.13 s, with Manhattan distances 4.09, with
/// Jaccard distances 4.80 (medians of three).
const DIFFERENCE: f64 = 2.0;
/// Seconds per insertion into a row's list of candidates.
const CHANGE: f64 = 80e-9;
/// Seconds per cell for work that is done once: centering, hashing, packing.
const TOUCH: f64 = 6e-9;
/// Seconds per cell to compute the distance of a candidate that was scored in few directions, and candidates per neighbor.
const AGAIN: f64 = 0.6e-9;
const CANDIDATES: f64 = 2.5;
/// Number of lists searched per row; it is measured for each data set, 10 to 50 is usual.
const VISITS: f64 = 27.0;

/// Estimated cost of [`super::neighbors`] for the `k` nearest of `n` rows of `d` columns.
pub fn plan(n: usize, d: usize, k: usize, metric: Metric, run: &Run) -> Plan {
    let is_product = metric.agreement() == Agreement::Product;
    let harder = if is_product { 1.0 } else { DIFFERENCE };
    let threads = run.threads() as f64;
    let (rows, cols, near) = (n as f64, d as f64, k as f64);
    let out = 8.0 * rows * near;
    // The j-th row is among the k best so far with probability k / j.
    let changes = |seen: f64| near * (1.0 + (seen / near).max(1.0).ln());
    if d <= tree::WIDEST && metric == Metric::Euclidean {
        let seconds = rows * (2e-6 + 60e-9 * near) / threads;
        return Plan { algorithm: EXACT, seconds, bytes: (2.0 * out + 28.0 * rows) as u64 };
    }
    let all = |rate: f64| rows * (rows * cols * harder / rate + cols * TOUCH + CHANGE * changes(rows)) / threads;
    let exact = Plan { algorithm: EXACT, seconds: all(TOLD), bytes: (8.0 * rows * cols + out) as u64 };
    // Rows with the largest inner products are long, not near: lists do not help.
    if n < lists::FEW.max(8 * k) || !metric.is_distance() {
        return exact;
    }
    let width = if d < reduce::WIDE || !is_product { cols } else { (cols / 2.0).min(reduce::USUAL) };
    let count = lists::LISTS * rows.sqrt();
    let seen = VISITS * rows / count * 1.2;
    let sample = lists::sample_rows(n, d) as f64;
    let scores = rows * width * (seen + 1.3 * count) + rows * cols * sample;
    let narrowing = if width < cols { rows * cols * width + 9.0 * cols.min(1024.0).powi(3) } else { 0.0 };
    let again = if width < cols { rows * cols * CANDIDATES * near * AGAIN } else { 0.0 };
    let some =
        |rate: f64| ((scores + narrowing) * harder / rate + rows * (cols * TOUCH + CHANGE * (changes(seen) + VISITS)) + again) / threads;
    if some(RATE) < all(RATE) {
        let bytes = (4.0 * rows * (cols + 2.0 * width + VISITS) + 2.0 * out) as u64;
        Plan { algorithm: APPROXIMATE, seconds: some(TOLD), bytes }
    } else {
        exact
    }
}

/// Seconds per common column of two sparse rows, and per row compared.
const SHARED: f64 = 1.5e-9;
const LOOKED_AT: f64 = 6e-9;
/// How much more often two documents share a word than if all words were equally frequent.
const UNEVEN: f64 = 12.0;

/// Estimated cost of the `k` nearest of `n` sparse rows of `d` columns with `cells` nonzero cells. How often two rows share a column depends on
/// the data, so the seconds are rough.
pub fn plan_sparse(n: usize, d: usize, cells: usize, k: usize, run: &Run) -> Plan {
    let (rows, cells, threads) = (n as f64, cells as f64, run.threads() as f64);
    let shared = (cells * cells / d.max(1) as f64 * UNEVEN).min(rows * cells);
    let seconds = (shared * SHARED + rows * rows * LOOKED_AT) / threads;
    let bytes = (12.0 * cells + 8.0 * (d as f64 + rows) + 24.0 * rows * threads + 8.0 * rows * k as f64) as u64;
    Plan { algorithm: EXACT, seconds, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_and_maps_are_searched_exactly_and_many_are_not() {
        let run = Run::new(0, 2).unwrap();
        assert_eq!(plan(2000, 50, 15, Metric::Euclidean, &run).algorithm, EXACT);
        assert_eq!(plan(1_000_000, 2, 15, Metric::Euclidean, &run).algorithm, EXACT);
        let many = plan(60_000, 50, 15, Metric::Euclidean, &run);
        assert_eq!(many.algorithm, APPROXIMATE);
        assert!(plan(120_000, 50, 15, Metric::Euclidean, &run).seconds > 2.0 * many.seconds);
    }
}
