//! Completion of orthonormal directions.

/// Makes the rows of `vectors`, `[k, d]` with k at most d, orthonormal. A row that is not a unit vector is replaced by its component orthogonal to
/// all others, or by a free direction if that component vanishes. `rounded` rounds a number to its stored precision. Cost: 4 d k per row.
pub fn complete<T: Copy + Into<f64>>(vectors: &mut [T], d: usize, rounded: impl Fn(f64) -> T) {
    /// Range of squared norms of unit vectors, with rounding.
    const UNIT: f64 = 1e-3;
    /// Minimum relative squared norm of an orthogonal component.
    const ITS_OWN: f64 = 1e-2;
    let k = vectors.len() / d.max(1);
    let of = |vectors: &[T], row: usize| -> Vec<f64> { vectors[row * d..][..d].iter().map(|&value| value.into()).collect() };
    let squared = |row: &[f64]| row.iter().map(|value| value * value).sum::<f64>();
    let mut is_whole: Vec<bool> = (0..k).map(|row| (squared(&of(vectors, row)) - 1.0).abs() < UNIT).collect();
    if is_whole.iter().all(|&whole| whole) {
        return;
    }
    // The squared norm of each coordinate vector's projection on the existing directions.
    let mut covered = vec![0.0; d];
    let cover = |covered: &mut [f64], row: &[f64]| covered.iter_mut().zip(row).for_each(|(covered, value)| *covered += value * value);
    (0..k).filter(|&row| is_whole[row]).for_each(|row| cover(&mut covered, &of(vectors, row)));
    for row in 0..k {
        if is_whole[row] {
            continue;
        }
        let beside = |direction: &mut [f64]| {
            // Orthogonalize twice, because of rounding.
            for _ in 0..2 {
                for other in (0..k).filter(|&other| is_whole[other]) {
                    let other = &vectors[other * d..][..d];
                    let along: f64 = direction.iter().zip(other).map(|(a, &b)| a * b.into()).sum();
                    direction.iter_mut().zip(other).for_each(|(a, &b)| *a -= along * b.into());
                }
            }
            squared(direction)
        };
        let mut direction = of(vectors, row);
        let before = squared(&direction);
        let scale = if before > ITS_OWN { 1.0 / before.sqrt() } else { 0.0 };
        direction.iter_mut().for_each(|value| *value *= scale);
        let mut left = beside(&mut direction);
        if left < ITS_OWN {
            let freest = (1..d).fold(0, |best, at| if covered[at] < covered[best] { at } else { best });
            direction.fill(0.0);
            direction[freest] = 1.0;
            left = beside(&mut direction);
        }
        let largest = direction.iter().fold(0.0_f64, |best, &value| if value.abs() > best.abs() { value } else { best });
        let scale = largest.signum() / left.sqrt();
        direction.iter_mut().for_each(|value| *value *= scale);
        cover(&mut covered, &direction);
        vectors[row * d..][..d].iter_mut().zip(&direction).for_each(|(out, &value)| *out = rounded(value));
        is_whole[row] = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_and_what_lacks_is_added() {
        let half = 0.5_f64.sqrt();
        let mut rows = [0.0, 0.0, 0.0, half, half, 0.0, 0.2, -0.2, 0.0];
        complete(&mut rows, 3, |value| value);
        let wanted = [0.0, 0.0, 1.0, half, half, 0.0, half, -half, 0.0];
        assert!(rows.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-12), "{rows:?}");
        let mut none = [0.0_f32; 4];
        complete(&mut none, 2, |value| value as f32);
        assert_eq!(none, [1.0, 0.0, 0.0, 1.0]);
    }
}
