//! Where the layout starts: what is coarsely known of where rows lie, each axis stretched to the same length.

use crate::linalg::Matrix;
use crate::random::Random;

/// The length of each axis.
const LENGTH: f64 = 10.0;
/// Noise on top of what is coarsely known, so that equal rows can part.
const JITTER: f64 = 1e-4;
/// The standard deviation along an axis of which nothing is known, while of others something is.
const THIN: f64 = 0.1;

/// A place for each of `n` rows, by the first `dimensions` axes; beyond, all is 0.
pub(super) fn stretched<const D: usize>(coarse: Option<&Matrix>, n: usize, dimensions: usize, random: Random) -> Vec<[f32; D]> {
    let mut points = vec![[0.0; D]; n];
    for axis in 0..dimensions.min(D) {
        let known = coarse.filter(|codes| axis < codes.cols());
        let (low, high) = known.map_or((0.0, 0.0), |codes| {
            let values = (0..n).map(|row| f64::from(codes.row(row)[axis]));
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        });
        let span = high - low;
        for (row, point) in points.iter_mut().enumerate() {
            let (step, item) = (axis as u64, row as u64);
            point[axis] = match known {
                Some(codes) if span > 0.0 && span.is_finite() => {
                    (LENGTH * (f64::from(codes.row(row)[axis]) - low) / span + JITTER * random.normal(step, item)) as f32
                }
                Some(_) => (LENGTH / 2.0 + THIN * random.normal(step, item)) as f32,
                None if coarse.is_some() => (LENGTH / 2.0 + THIN * random.normal(step, item)) as f32,
                None => (LENGTH * random.uniform(step, item)) as f32,
            };
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_axis_has_its_length_and_unknown_ones_are_thin() {
        let codes = Matrix::from_fn(300, 2, |i, j| [i as f32 * 1e-3, 7.0][j]);
        let random = Random::new(1, "start");
        let points: Vec<[f32; 4]> = stretched(Some(&codes), 300, 3, random);
        let range =
            |axis: usize| points.iter().fold((f32::MAX, f32::MIN), |(low, high), point| (low.min(point[axis]), high.max(point[axis])));
        let (low, high) = range(0);
        assert!((high - low - 10.0).abs() < 0.01 && low.abs() < 0.01);
        for axis in [1, 2] {
            let (low, high) = range(axis);
            assert!(0.1 < high - low && high - low < 1.0);
        }
        assert_eq!(range(3), (0.0, 0.0));
        let points: Vec<[f32; 2]> = stretched(None, 300, 2, random);
        assert!(points.iter().flatten().all(|value| (0.0..=10.0).contains(value)));
    }
}
