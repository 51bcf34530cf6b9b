//! Sentences that interpret the estimated dimensions.

use super::{AtScale, Dimension, Estimate};
use crate::error::count;

/// Dimensions that differ by this factor are reported as different.
const FAR_APART: f64 = 1.5;

/// Interprets the estimates in sentences, the most important first.
pub fn sentences(found: &Dimension) -> Vec<String> {
    let Estimate { value, low, high, .. } = found.mle;
    let mut out = vec![format!(
        "Intrinsic dimension about {} (95 % interval {} to {}), in {} columns.",
        figure(value),
        figure(low),
        figure(high),
        count(found.columns as u64)
    )];
    out.extend(by_scale(&found.scales));
    let flat = found.participation.value;
    if flat > FAR_APART * value {
        out.push(format!(
            "The data are curved: linear directions take {} dimensions (PCA participation). Methods for curved data need fewer.",
            figure(flat)
        ));
    } else if value > FAR_APART * flat {
        out.push(format!("Most variance is in few directions (PCA participation {}).", figure(flat)));
    }
    let Estimate { value, low, high, .. } = found.two_nn;
    if high > 2.0 * low {
        out.push(format!(
            "Warning: {} rows are few for so many dimensions; more rows narrow the interval.",
            count(found.distinct_rows as u64)
        ));
    } else if found.local.high > 2.0 * value && found.local.low < value / FAR_APART {
        out.push(format!(
            "The dimension varies between rows: 5 % of the rows have at most {}, 5 % at least {}.",
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

/// Interprets the estimates for growing neighborhoods.
fn by_scale(scales: &[AtScale]) -> Option<String> {
    let (first, last) = (scales.first()?, scales.last()?);
    let seen = format!("{} with 2 neighbors, {} with {}", figure(first.value), figure(last.value), last.n_neighbors);
    if first.value > FAR_APART * last.value {
        Some(format!("Small neighborhoods have more dimensions ({seen}), as noise has: trust the larger ones."))
    } else if last.value > FAR_APART * first.value {
        Some(format!(
            "Large neighborhoods have more dimensions ({seen}), since they join separate parts of the data: trust the smaller ones."
        ))
    } else {
        None
    }
}

/// `2.0`, `14`.
fn figure(value: f64) -> String {
    if value < 9.95 { format!("{value:.1}") } else { count(value.round() as u64) }
}
