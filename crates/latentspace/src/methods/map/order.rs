//! The order in which rows of a map are worked on: rows that are near in the map lie near in memory.

use crate::parallel::*;

/// The smallest and the largest coordinate along each axis.
pub(in crate::methods) fn bounds<const D: usize>(points: &[[f32; D]]) -> [[f32; D]; 2] {
    let mut bounds = [[f32::INFINITY; D], [f32::NEG_INFINITY; D]];
    for point in points {
        for axis in 0..D {
            bounds[0][axis] = bounds[0][axis].min(point[axis]);
            bounds[1][axis] = bounds[1][axis].max(point[axis]);
        }
    }
    bounds
}

/// The points in the order of Morton's curve through their bounding box, equal places by index.
pub(in crate::methods) fn along_curve<const D: usize>(points: &[[f32; D]]) -> Vec<u32> {
    const CELLS: f32 = 1023.0;
    let [low, high] = bounds(points);
    let span = (0..D).map(|axis| high[axis] - low[axis]).fold(f32::MIN_POSITIVE, f32::max);
    let mut keys: Vec<(u32, u32)> = points
        .par_iter()
        .enumerate()
        .map(|(row, point)| {
            let mut key = 0;
            for axis in 0..D {
                let cell = ((point[axis] - low[axis]) / span * CELLS) as u32;
                for bit in 0..10 {
                    key |= (cell >> bit & 1) << (bit * D + axis);
                }
            }
            (key, row as u32)
        })
        .collect();
    keys.par_sort_unstable();
    keys.into_iter().map(|key| key.1).collect()
}
