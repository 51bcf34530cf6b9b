//! Where the map starts: small, so that the first steps decide little that later ones cannot change.

use crate::linalg::Matrix;
use crate::random::Random;
use crate::run::Run;

/// The standard deviation of the first axis at the start.
const SPREAD: f64 = 1e-4;
/// Noise on top of the principal components, in parts of [`SPREAD`], so that equal rows can part.
const JITTER: f64 = 0.01;

/// A place for each of `n` rows: by what is coarsely known of where they lie (by the first axis brought to the start's spread), or anywhere.
pub(super) fn scaled<const D: usize>(coarse: Option<&Matrix>, n: usize, run: &Run) -> Vec<[f32; D]> {
    let random = Random::new(run.seed(), "tsne start");
    let noise = |row: usize, axis: usize| SPREAD * random.normal(axis as u64, row as u64);
    let deviation = coarse.map_or(0.0, |codes| deviation((0..n).map(|row| codes.row(row)[0])));
    let place = |row: usize| -> [f32; D] {
        std::array::from_fn(|axis| match coarse {
            Some(codes) if deviation > 0.0 => {
                let code = codes.row(row).get(axis).copied().map_or(0.0, f64::from);
                (SPREAD * code / deviation + JITTER * noise(row, axis)) as f32
            }
            _ => noise(row, axis) as f32,
        })
    };
    (0..n).map(place).collect()
}

/// The standard deviation; 0 where it is no finite number.
fn deviation(values: impl Iterator<Item = f32> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / count;
    let variance = values.map(|value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    if variance.is_finite() { variance.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::map::start::principal;

    fn spread(points: &[[f32; 2]], axis: usize) -> f64 {
        deviation(points.iter().map(|point| point[axis]))
    }

    #[test]
    fn the_start_is_small_and_follows_the_components() {
        let random = Random::new(5, "rows");
        let rows = Matrix::from_fn(500, 4, |i, j| (random.normal(i as u64, j as u64) * [9.0, 1.0, 3.0, 0.5][j]) as f32);
        let run = Run::new(0, 2).unwrap();
        let points: Vec<[f32; 2]> = scaled(Some(&principal(&rows, 2, &run).unwrap()), 500, &run);
        assert!((spread(&points, 0) / SPREAD - 1.0).abs() < 0.01);
        assert!((spread(&points, 1) / SPREAD - 1.0 / 3.0).abs() < 0.05, "axes keep their ratio");
        let same = (0..500).filter(|&i| (points[i][0] > 0.0) == (rows.row(i)[0] > 0.0)).count();
        assert!(!(50..=450).contains(&same), "the first axis is the widest column, up to its sign: {same}");
        let points: Vec<[f32; 2]> = scaled(None, 500, &run);
        assert!((spread(&points, 1) / SPREAD - 1.0).abs() < 0.1);
    }

    #[test]
    fn rows_without_spread_start_at_random() {
        let run = Run::new(0, 1).unwrap();
        for cols in [1, 3] {
            let rows = Matrix::from_fn(100, cols, |_, _| 4.0);
            let points: Vec<[f32; 2]> = scaled(Some(&principal(&rows, cols.min(2), &run).unwrap()), 100, &run);
            assert!(points.iter().flatten().all(|value| value.is_finite()));
            assert!(spread(&points, 0) > 0.5 * SPREAD && spread(&points, 1) > 0.5 * SPREAD);
        }
    }
}
