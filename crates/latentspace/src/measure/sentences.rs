//! Sentences that interpret measures.

use super::Measures;

/// Interprets the measures of a map of `n` rows in `dims` dimensions in sentences, the most important first.
pub fn sentences(measures: &Measures, n: usize, dims: usize) -> Vec<String> {
    let (kept, shown, far) = (measures.recall.value, measures.trustworthiness.value, measures.distance_correlation.value);
    let noise = measures.recall.null.unwrap_or(measures.k as f64 / n.saturating_sub(1).max(1) as f64);
    let mut out = vec![format!("Keeps {} of 100 neighbors (random: {}).", of_hundred(kept), of_hundred(noise))];
    if kept < 0.1 {
        out.push(format!(
            "Warning: fewer than a tenth of the neighbors are kept: do not interpret neighborhoods in these {dims} dimensions."
        ));
    }
    // The penalty of a neighbor with a random rank is the distance of the null from 1.
    out.push(match shown {
        0.95.. => format!("Rows that are near on the map are near in the data, too (trustworthiness {shown:.2}; random: 0.50)."),
        0.8.. => format!(
            "Rows that are near on the map mostly come from the same region of the data (trustworthiness {shown:.2}; random: 0.50)."
        ),
        _ => format!("Warning: many rows that are near on the map are far apart in the data (trustworthiness {shown:.2}; random: 0.50)."),
    });
    out.push(match far {
        0.8.. => format!("Distances on the map follow those in the data (rank correlation {far:.2})."),
        0.5.. => format!("Distances on the map roughly follow those in the data (rank correlation {far:.2})."),
        _ => format!("Distances on the map carry little information: do not compare gaps between groups (rank correlation {far:.2})."),
    });
    out
}

/// A share as a number out of 100: `39`, `4.2`, `0.03`.
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
