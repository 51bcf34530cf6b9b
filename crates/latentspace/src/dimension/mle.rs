//! Maximum likelihood: how much nearer than the k-th neighbor the others are.
//! Source: Levina and Bickel 2004 (NIPS 17); rows are averaged by the inverses of their estimates, as MacKay and Ghahramani 2005 showed
//! (comments on that paper, inference.org.uk/mackay/dimension).

/// 1 over the dimension at one row: the mean logarithm by which its neighbors are nearer than the last of them.
pub(super) fn inverse(logs: &[f64]) -> f64 {
    let Some((last, nearer)) = logs.split_last() else { return 0.0 };
    nearer.iter().map(|log| last - log).sum::<f64>() / nearer.len().max(1) as f64
}
