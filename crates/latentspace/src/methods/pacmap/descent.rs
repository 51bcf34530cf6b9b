//! Down the loss by Adam, all rows at once.
//!
//! A step reads the map as it stands and writes each row's own place, so the bytes do not depend on threads. A row goes along its pairs from
//! both sides, eight at a time, about 15 operations for a pair in 2-D; bound by reading the points in the second-level cache, and beyond
//! 60,000 rows in the third.
//! Source: Kingma and Ba 2015, arXiv:1412.6980, for the step.

use crate::parallel::*;
use serde_json::json;

use super::pairs::BothSides;
use crate::checkpoint::Parcel;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::methods::map::lanes::{Kernel, Unit, dispatch};
use crate::methods::map::order::along_curve;
use crate::run::Run;

/// Rows of a block: what one task works on.
const BLOCK: usize = 256;
/// How fast the mean of slopes and that of their squares forget.
const MEAN: f64 = 0.9;
const SQUARE: f64 = 0.999;
/// What keeps a step finite where there has been no slope.
const LEAST: f32 = 1e-7;

/// What the kinds of pairs weigh in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weights {
    pub(super) near: f64,
    pub(super) half_way: f64,
    pub(super) far: f64,
}

impl Weights {
    /// Of a step of so many: at first half-way pairs set the whole, then they let go, then near and far pairs alone set the detail.
    pub(super) fn at(step: usize, steps: usize) -> Self {
        let [first, second] = [2 * steps / 9, 4 * steps / 9];
        if step < first {
            let part = step as f64 / first as f64;
            Weights { near: 2.0, half_way: 1000.0 * (1.0 - part) + 3.0 * part, far: 1.0 }
        } else if step < second {
            Weights { near: 3.0, half_way: 3.0, far: 1.0 }
        } else {
            Weights { near: 1.0, half_way: 0.0, far: 1.0 }
        }
    }
}

/// The pairs of a map in the order of its points.
pub(super) struct Pairs {
    pub(super) near: BothSides,
    pub(super) half_way: BothSides,
    pub(super) far: BothSides,
}

/// A map on its way.
pub(super) struct Descent<const D: usize> {
    pairs: Pairs,
    /// The row that each point stands for.
    order: Vec<u32>,
    points: Vec<[f32; D]>,
    next: Vec<[f32; D]>,
    /// Means of slopes, and of their squares.
    means: Vec<[f32; D]>,
    squares: Vec<[f32; D]>,
    learning_rate: f64,
}

/// The order in which points are worked on, so that near ones lie together: that of the start.
pub(super) fn order<const D: usize>(start: &[[f32; D]]) -> Vec<u32> {
    if D <= 3 { along_curve(start) } else { (0..start.len() as u32).collect() }
}

impl<const D: usize> Descent<D> {
    /// A map that starts at `start`, a point a row; pairs are named by their place in `order`.
    pub(super) fn new(pairs: Pairs, order: Vec<u32>, start: &[[f32; D]], learning_rate: f64) -> Self {
        let points: Vec<[f32; D]> = order.iter().map(|&row| start[row as usize]).collect();
        let none = vec![[0.0; D]; points.len()];
        Descent { pairs, order, next: points.clone(), points, means: none.clone(), squares: none, learning_rate }
    }

    /// One step, the `step`-th from 0 of `steps`.
    pub(super) fn step(&mut self, step: usize, steps: usize) {
        let turn = step as i32 + 1;
        let rate = self.learning_rate * (1.0 - SQUARE.powi(turn)).sqrt() / (1.0 - MEAN.powi(turn));
        let weights = Weights::at(step, steps);
        let Descent { pairs, points, next, means, squares, .. } = self;
        let blocks = next.par_chunks_mut(BLOCK).zip(means.par_chunks_mut(BLOCK)).zip(squares.par_chunks_mut(BLOCK)).enumerate();
        blocks.for_each(|(block, ((next, means), squares))| {
            dispatch(Slope { pairs, points, weights, first: block * BLOCK, slopes: next });
            for (at, next) in next.iter_mut().enumerate() {
                for axis in 0..D {
                    let (slope, mean, square) = (next[axis], &mut means[at][axis], &mut squares[at][axis]);
                    *mean += (1.0 - MEAN) as f32 * (slope - *mean);
                    *square += (1.0 - SQUARE) as f32 * (slope * slope - *square);
                    next[axis] = points[block * BLOCK + at][axis] - rate as f32 * *mean / (square.sqrt() + LEAST);
                }
            }
        });
        std::mem::swap(&mut self.points, &mut self.next);
    }

    /// Where it stands after `steps`.
    ///
    /// # Errors
    /// None that a map can cause.
    pub(super) fn parcel(&self, steps: usize) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        for (name, values) in [("points", &self.points), ("means", &self.means), ("squares", &self.squares)] {
            parcel.tensors.put_matrix(name, &Matrix::new(values.len(), D, values.as_flattened().to_vec())?)?;
        }
        parcel.facts = json!({ "steps": steps });
        Ok(parcel)
    }

    /// Goes on from where [`Self::parcel`] stood; gives the steps made there. To be called on a new map of the same rows.
    ///
    /// # Errors
    /// [`Error::Input`] if the parcel is of other rows.
    pub(super) fn resume(&mut self, parcel: &Parcel) -> Result<usize> {
        let wrong = || Error::input("checkpoint", "what it holds does not fit together", "a checkpoint of the same fit is needed");
        for (name, values) in [("points", &mut self.points), ("means", &mut self.means), ("squares", &mut self.squares)] {
            let kept = parcel.tensors.matrix(name, Some(values.len()), Some(D))?;
            values.as_flattened_mut().copy_from_slice(kept.as_slice());
        }
        Ok(parcel.facts["steps"].as_u64().ok_or_else(wrong)? as usize)
    }

    /// The first `dimensions` coordinates of the map, row by row as the rows were given.
    pub(super) fn codes(&self, dimensions: usize) -> Vec<f32> {
        let mut codes = vec![0.0; self.points.len() * dimensions];
        for (&row, point) in self.order.iter().zip(&self.points) {
            codes[row as usize * dimensions..][..dimensions].copy_from_slice(&point[..dimensions]);
        }
        codes
    }
}

/// Writes the slopes of the loss at the rows from `first` on.
struct Slope<'a, const D: usize> {
    pairs: &'a Pairs,
    points: &'a [[f32; D]],
    weights: Weights,
    first: usize,
    slopes: &'a mut [[f32; D]],
}

impl<const D: usize> Kernel for Slope<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) {
        let Slope { pairs, points, weights, first, slopes } = self;
        // With x one more than the squared distance: x/(10 + x), x/(10,000 + x), 1/(1 + x), each by its slope over the squared distance.
        let kinds = [
            (&pairs.near, 20.0 * weights.near, 11.0),
            (&pairs.half_way, 20_000.0 * weights.half_way, 10_001.0),
            (&pairs.far, -2.0 * weights.far, 2.0),
        ];
        let zero = unit.splat(0.0);
        for (at, slope) in slopes.iter_mut().enumerate() {
            let row = first + at;
            let place: [U::V; D] = std::array::from_fn(|axis| unit.splat(points[row][axis]));
            let mut sum = [zero; D];
            for (both, strength, soft) in kinds {
                if strength == 0.0 {
                    continue;
                }
                let (strength, soft) = (unit.splat(strength as f32), unit.splat(soft));
                for group in both.row(row) {
                    let others = unit.gather_far(points, unit.indices(group));
                    let apart: [U::V; D] = std::array::from_fn(|axis| unit.sub(place[axis], others[axis]));
                    let mut below = soft;
                    for apart in apart {
                        below = unit.madd(apart, apart, below);
                    }
                    let force = unit.div(strength, unit.mul(below, below));
                    for axis in 0..D {
                        sum[axis] = unit.madd(force, apart[axis], sum[axis]);
                    }
                }
            }
            *slope = std::array::from_fn(|axis| unit.sum(sum[axis]));
        }
    }
}

/// Where one more row lies among the places of its neighbors: where x/(10 + x), x being one more than the squared distance, is least in sum. From
/// the best of their places and their mean on, each step goes to the mean of the places weighed by their pulls.
pub(super) fn settle(near: &[&[f32]], out: &mut [f32]) {
    const STEPS: usize = 60;
    let square = |place: &[f64], other: &[f32]| -> f64 { place.iter().zip(other).map(|(a, &b)| (a - f64::from(b)).powi(2)).sum() };
    let loss = |place: &[f64]| near.iter().map(|other| 1.0 - 10.0 / (11.0 + square(place, other))).sum::<f64>();
    let mean: Vec<f64> =
        (0..out.len()).map(|axis| near.iter().map(|other| f64::from(other[axis])).sum::<f64>() / near.len() as f64).collect();
    let mut best = (loss(&mean), mean);
    for other in near {
        let place: Vec<f64> = other.iter().map(|&value| f64::from(value)).collect();
        let loss = loss(&place);
        if loss < best.0 {
            best = (loss, place);
        }
    }
    let mut place = best.1;
    for _ in 0..STEPS {
        let weights: Vec<f64> = near.iter().map(|other| (11.0 + square(&place, other)).powi(-2)).collect();
        let all: f64 = weights.iter().sum();
        for (axis, value) in place.iter_mut().enumerate() {
            *value = near.iter().zip(&weights).map(|(other, weight)| weight / all * f64::from(other[axis])).sum();
        }
    }
    out.iter_mut().zip(place).for_each(|(out, value)| *out = value as f32);
}

/// Makes steps until all are made, or it is stopped: then gives how many were.
///
/// # Errors
/// [`Error::Cancelled`], or what keeping it says.
pub(super) fn descend<const D: usize>(
    descent: &mut Descent<D>,
    stage: &str,
    steps: usize,
    dimensions: usize,
    run: &Run,
) -> Result<Option<usize>> {
    let done = run.resumed(stage).map_or(Ok(0), |parcel| descent.resume(&parcel))?;
    for step in done..steps {
        run.check()?;
        run.keep(stage, || descent.parcel(step))?;
        if run.stopped() {
            return Ok(Some(step));
        }
        descent.step(step, steps);
        run.progress(stage, step as u64 + 1, steps as u64);
        if run.wants_map() {
            let codes = descent.codes(dimensions);
            run.map(crate::linalg::MatrixView::new(codes.len() / dimensions, dimensions, &codes)?, step as u64 + 1);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_loss() {
        let n = 40_usize;
        let points: Vec<[f32; 2]> = (0..n).map(|i| [(i as f32).sin() * 9.0, (i as f32 * 1.7).cos() * 5.0]).collect();
        let same: Vec<u32> = (0..n as u32).collect();
        let pairs = |step: usize, count: usize| -> Vec<u32> {
            (0..n * count).map(|at| ((at / count + step * (at % count + 1)) % n) as u32).collect()
        };
        let (near, half_way, far) = (pairs(1, 3), pairs(7, 2), pairs(11, 3));
        let weights = Weights { near: 2.0, half_way: 500.0, far: 1.5 };
        let loss = |points: &[[f64; 2]]| -> f64 {
            let sum = |pairs: &[u32], count: usize, term: &dyn Fn(f64) -> f64| -> f64 {
                let x = |at: usize| {
                    let (a, b) = (points[at / count], points[pairs[at] as usize]);
                    1.0 + (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
                };
                (0..pairs.len()).map(|at| term(x(at))).sum()
            };
            2.0 * sum(&near, 3, &|x| x / (10.0 + x))
                + 500.0 * sum(&half_way, 2, &|x| x / (10_000.0 + x))
                + 1.5 * sum(&far, 3, &|x| 1.0 / (1.0 + x))
        };
        let both = |pairs: &[u32], count| BothSides::new(pairs, count, &same, &same);
        let all = Pairs { near: both(&near, 3), half_way: both(&half_way, 2), far: both(&far, 3) };
        let mut slopes = vec![[0.0; 2]; n];
        dispatch(Slope { pairs: &all, points: &points, weights, first: 0, slopes: &mut slopes });
        let exact: Vec<[f64; 2]> = points.iter().map(|point| point.map(f64::from)).collect();
        for row in [0, 13, 39] {
            for axis in 0..2 {
                let moved = |by: f64| {
                    let mut points = exact.clone();
                    points[row][axis] += by;
                    loss(&points)
                };
                let wanted = (moved(1e-4) - moved(-1e-4)) / 2e-4;
                assert!((f64::from(slopes[row][axis]) - wanted).abs() < 1e-3 * (1.0 + wanted.abs()), "{row} {axis}: {slopes:?} {wanted}");
            }
        }
    }

    #[test]
    fn a_row_settles_among_most_of_its_neighbors() {
        let near: [&[f32]; 5] = [&[0.0, 0.0], &[1.0, 0.0], &[0.0, 1.0], &[1.0, 1.0], &[100.0, 100.0]];
        let mut out = [0.0; 2];
        settle(&near, &mut out);
        assert!((out[0] - 0.5).abs() < 0.05 && (out[1] - 0.5).abs() < 0.05, "{out:?}");
        settle(&near[4..], &mut out);
        assert_eq!(out, [100.0, 100.0]);
    }

    #[test]
    fn weights_go_from_the_whole_to_the_detail() {
        assert_eq!(Weights::at(0, 450), Weights { near: 2.0, half_way: 1000.0, far: 1.0 });
        assert_eq!(Weights::at(100, 450), Weights { near: 3.0, half_way: 3.0, far: 1.0 });
        assert_eq!(Weights::at(200, 450), Weights { near: 1.0, half_way: 0.0, far: 1.0 });
        assert_eq!(Weights::at(0, 1), Weights { near: 1.0, half_way: 0.0, far: 1.0 });
    }
}
