//! Measures in plain words.

use super::Measures;

/// What the measures of a map of `n` rows in `dims` dimensions say, in plain words, the most important first.
pub fn sentences(measures: &Measures, n: usize, dims: usize) -> Vec<String> {
    let recall = measures.recall;
    let null = measures.k as f64 / n.saturating_sub(1).max(1) as f64;
    let mut out =
        vec![format!("Keeps {} of 100 neighbors; noise would keep {}.", of_hundred(recall.value), of_hundred(recall.null.unwrap_or(null)))];
    if recall.value < 0.1 {
        out.push(format!("Warning: fewer than a tenth of the neighbors are kept: do not read neighborhoods off these {dims} dimensions."));
    }
    out
}

/// Parts of 100: `39`, `4.2`, `0.03`.
fn of_hundred(share: f64) -> String {
    let percent = 100.0 * share;
    if percent >= 9.95 || percent == 0.0 {
        format!("{percent:.0}")
    } else if percent >= 0.95 {
        format!("{percent:.1}")
    } else {
        format!("{percent:.2}")
    }
}
