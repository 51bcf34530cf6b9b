//! Maximum likelihood estimate of the dimension from the distances to neighbors, relative to the k-th.
//! Source: Levina and Bickel 2004 (NIPS 17); the inverses of the estimates are averaged over rows, after MacKay and Ghahramani 2005
//! (comments on that paper, inference.org.uk/mackay/dimension).

/// 1 / dimension at one row: the mean logarithm of the last neighbor's distance over those of the others.
pub(super) fn inverse(logs: &[f64]) -> f64 {
    let Some((last, nearer)) = logs.split_last() else { return 0.0 };
    nearer.iter().map(|log| last - log).sum::<f64>() / nearer.len().max(1) as f64
}
