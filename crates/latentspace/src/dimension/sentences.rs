//! Dimensions in plain words.

use super::{AtScale, Dimension, Estimate};
use crate::error::count;

/// Dimensions that differ by this factor are told to differ.
const FAR_APART: f64 = 1.5;

/// What the dimensions of rows say, in plain words, the most important first.
pub fn sentences(found: &Dimension) -> Vec<String> {
    let Estimate { value, low, high, .. } = found.mle;
    let mut out = vec![format!(
        "About {} numbers tell where a row lies among its neighbors ({} to {}), of the {} that it was written in.",
        figure(value),
        figure(low),
        figure(high),
        count(found.columns as u64)
    )];
    out.extend(by_scale(&found.scales));
    let flat = found.participation.value;
    if flat > FAR_APART * value {
        out.push(format!(
            "What the rows lie on is curved: it takes part in {} directions. Straight axes need more dimensions than it has; maps and networks may not.",
            figure(flat)
        ));
    } else if value > FAR_APART * flat {
        out.push(format!("It is long in few directions, as if in {}, and short in the others.", figure(flat)));
    }
    let Estimate { value, low, high, .. } = found.two_nn;
    if high > 2.0 * low {
        out.push(format!("Warning: {} rows are few for so many dimensions; more would tell better.", count(found.distinct_rows as u64)));
    } else if found.local.high > 2.0 * value && found.local.low < value / FAR_APART {
        out.push(format!(
            "Not all rows are alike: one of 20 has at most {} dimensions around it, one of 20 at least {}.",
            figure(found.local.low),
            figure(found.local.high)
        ));
    }
    if found.distinct_rows < found.rows {
        let equal = found.rows - found.distinct_rows;
        let which = if equal == 1 { "row equals".to_owned() } else { format!("{} rows equal", count(equal as u64)) };
        out.push(format!("{} an earlier one and counted once among neighbors.", if equal == 1 { format!("1 {which}") } else { which }));
    }
    out
}

/// What growing neighborhoods say.
fn by_scale(scales: &[AtScale]) -> Option<String> {
    let (first, last) = (scales.first()?, scales.last()?);
    let seen = format!("{} by 2 neighbors, {} by {}", figure(first.value), figure(last.value), last.n_neighbors);
    if first.value > FAR_APART * last.value {
        Some(format!(
            "The closer one looks, the more dimensions there are ({seen}): noise has dimensions of its own. Trust the larger neighborhoods."
        ))
    } else if last.value > FAR_APART * first.value {
        Some(format!(
            "Larger neighborhoods have more dimensions ({seen}): they reach what lies near without belonging together. Trust the small ones."
        ))
    } else {
        None
    }
}

/// `2.0`, `14`.
fn figure(value: f64) -> String {
    if value < 9.95 { format!("{value:.1}") } else { count(value.round() as u64) }
}
