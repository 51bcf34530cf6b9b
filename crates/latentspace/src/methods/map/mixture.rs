//! A row as a mixture of others: the weights, summing to 1, that bring their mean nearest to it.
//!
//! Source: Roweis and Saul 2000, doi:10.1126/science.290.5500.2323.

/// What is added to the diagonal, in parts of its sum, so that more neighbors than dimensions have one best mixture: the most even one.
pub(in crate::methods) const RIDGE: f64 = 1e-3;

/// The weights of `others` in the mixture that lies nearest to `row`; `ridge` in parts of the sum of their squared distances.
pub(in crate::methods) fn mixture<'a>(row: &[f32], others: impl Iterator<Item = &'a [f32]>, ridge: f64) -> Vec<f64> {
    let apart: Vec<f64> = others.flat_map(|other| other.iter().zip(row).map(|(other, own)| f64::from(*other) - f64::from(*own))).collect();
    let k = apart.len() / row.len().max(1);
    let mut gram = vec![0.0; k * k];
    for (a, first) in apart.chunks_exact(row.len().max(1)).enumerate() {
        for (b, second) in apart.chunks_exact(row.len().max(1)).take(a + 1).enumerate() {
            gram[a * k + b] = first.iter().zip(second).map(|(first, second)| first * second).sum();
        }
    }
    // Only the ratios count: so distances of any scale are safe from what is too small or too large to be squared.
    let trace: f64 = (0..k).map(|at| gram[at * k + at]).sum();
    let scale = if trace > 0.0 && trace.is_finite() { 1.0 / trace } else { 0.0 };
    gram.iter_mut().for_each(|cell| *cell *= scale);
    (0..k).for_each(|at| gram[at * k + at] += if scale > 0.0 { ridge } else { 1.0 });
    let mut weights = solve(&mut gram, vec![1.0; k]);
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight = if sum > 0.0 { *weight / sum } else { 1.0 / k as f64 });
    weights
}

/// Solves G x = b for a positive definite G, by its lower half, which is overwritten (Cholesky).
fn solve(gram: &mut [f64], mut b: Vec<f64>) -> Vec<f64> {
    let k = b.len();
    for j in 0..k {
        for i in j..k {
            let inner: f64 = (0..j).map(|at| gram[i * k + at] * gram[j * k + at]).sum();
            gram[i * k + j] -= inner;
        }
        let pivot = gram[j * k + j].max(f64::MIN_POSITIVE).sqrt();
        (j..k).for_each(|i| gram[i * k + j] /= pivot);
    }
    for i in 0..k {
        let inner: f64 = (0..i).map(|at| gram[i * k + at] * b[at]).sum();
        b[i] = (b[i] - inner) / gram[i * k + i];
    }
    for i in (0..k).rev() {
        let inner: f64 = (i + 1..k).map(|at| gram[at * k + i] * b[at]).sum();
        b[i] = (b[i] - inner) / gram[i * k + i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_within_a_simplex_has_its_barycentric_coordinates() {
        let corners: [[f32; 2]; 3] = [[0.0, 0.0], [4.0, 0.0], [0.0, 2.0]];
        let weights = mixture(&[1.0, 0.5], corners.iter().map(<[f32; 2]>::as_slice), 1e-12);
        for (found, wanted) in weights.iter().zip([0.5, 0.25, 0.25]) {
            assert!((found - wanted).abs() < 1e-9, "{weights:?}");
        }
    }

    #[test]
    fn equal_far_and_huge_rows_have_weights_that_sum_to_1() {
        for (row, others) in [(1.0, [1.0; 4]), (0.0, [1e18, 1e18, -1e18, 2e18]), (0.0, [1e-20, 2e-20, 0.0, 0.0]), (3.0, [1e18; 4])] {
            let weights = mixture(&[row, 0.0], others.map(|other| [other, 0.0]).iter().map(<[f32; 2]>::as_slice), RIDGE);
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-9 && weights.iter().all(|weight| weight.is_finite()), "{weights:?}");
        }
    }
}
