//! How a new row finds its place: by how far it belongs to its nearest fitted rows it starts at the mean of their places, then moves alone
//! along the same forces, against the map as it stands.

use serde_json::{Map, Value, json};

use super::curve::Curve;
use super::forces::{AHEAD, LEAST, LONGEST, SOFT};
use super::fuzzy::Ruler;
use crate::error::Result;
use crate::methods::map::placed::{Near, Placed, Placing, Stored, wrong};
use crate::model::Model;
use crate::neighbors::Metric;
use crate::random::Random;
use crate::tensors::Tensors;

/// Steps of a new row.
const STEPS: usize = 60;
/// Points that push a new row in a step.
const DRAWS: usize = 16;
/// What the forces are multiplied by in the first step, in parts of the fit's learning rate: the row starts where it is nearly right.
const RATE: f32 = 0.25;

/// What new rows go by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forces {
    pub(super) curve: Curve,
    pub(super) n_neighbors: usize,
    pub(super) local_connectivity: f64,
    pub(super) learning_rate: f64,
    /// Pushes for each pull along an edge, times what a push weighs.
    pub(super) push: f64,
}

/// The forces, and the points of the map that push in each step: the same for every row.
pub(super) struct Drawn<const D: usize> {
    forces: Forces,
    metric: Metric,
    points: Vec<[f32; D]>,
    strangers: Vec<[f32; D]>,
}

/// The space of this map.
pub(super) fn placed<const D: usize>(stored: Stored, forces: Forces) -> Placed<Drawn<D>> {
    let points = stored.points();
    let random = Random::new(0, "umap placing");
    let strangers = (0..(STEPS * DRAWS) as u64).map(|item| points[random.below(0, item, points.len() as u64) as usize]).collect();
    let metric = stored.metric;
    Placed::new(stored, Drawn { forces, metric, points, strangers })
}

impl<const D: usize> Placing for Drawn<D> {
    fn neighbors(&self) -> usize {
        self.forces.n_neighbors
    }

    fn place(&self, _row: &[f32], near: Near<'_>, out: &mut [f32]) {
        let Near { indices, distances, .. } = near;
        let Forces { curve, local_connectivity, learning_rate, push, .. } = self.forces;
        // The row itself is no neighbor here: what it is sure of is one less, and the nearest fitted row stands for it.
        let counted = distances.get(1..).unwrap_or_default();
        let ruler = Ruler::new(distances, counted, self.metric, (local_connectivity - 1.0).max(0.0), 0.0);
        let weights: Vec<f32> = distances.iter().map(|&distance| ruler.membership(distance) as f32).collect();
        let (sum, largest) = weights.iter().fold((0.0, 0.0_f32), |(sum, largest), &weight| (sum + weight, largest.max(weight)));
        let near: Vec<(f32, [f32; D])> = if largest > 0.0 {
            weights.iter().zip(indices).map(|(&weight, &index)| (weight / largest, self.points[index as usize])).collect()
        } else {
            // So far from all that none counts: the nearest does.
            vec![(1.0, self.points[indices[0] as usize])]
        };
        let all: f32 = if largest > 0.0 { sum / largest } else { 1.0 };
        let mut place = [0.0; D];
        near.iter().for_each(|(weight, point)| (0..D).for_each(|axis| place[axis] += weight / all * point[axis]));

        let (a, b) = (curve.a as f32, curve.b as f32);
        let push = push as f32 * all / DRAWS as f32;
        for (step, strangers) in self.strangers.chunks_exact(DRAWS).enumerate() {
            let rate = RATE * learning_rate as f32 * (1.0 - step as f32 / STEPS as f32);
            let apart = |point: &[f32; D]| -> ([f32; D], f32, f32) {
                let apart: [f32; D] = std::array::from_fn(|axis| point[axis] - place[axis]);
                let square = apart.iter().map(|value| value * value).sum::<f32>() + LEAST;
                (apart, square, square.powf(b))
            };
            let (mut force, mut stiffness) = ([0.0; D], 0.0);
            for (weight, point) in &near {
                let (apart, square, power) = apart(point);
                let pull = weight * 2.0 * a * b * power / (square * (1.0 + a * power));
                stiffness += pull;
                (0..D).for_each(|axis| force[axis] += pull * apart[axis]);
            }
            for point in strangers {
                let (apart, square, power) = apart(point);
                let away = -2.0 * b / ((SOFT + square) * (1.0 + a * power));
                (0..D).for_each(|axis| force[axis] += push * (away * apart[axis]).clamp(-LONGEST, LONGEST));
            }
            let step = rate / (1.0 + AHEAD * rate * stiffness);
            (0..D).for_each(|axis| place[axis] += step * force[axis]);
        }
        out.copy_from_slice(&place[..out.len()]);
    }

    fn store(&self, _tensors: &mut Tensors) -> Result<Map<String, Value>> {
        let Forces { curve, n_neighbors, local_connectivity, learning_rate, push } = self.forces;
        let facts = [
            ("a", json!(curve.a)),
            ("b", json!(curve.b)),
            ("n_neighbors", json!(n_neighbors)),
            ("local_connectivity", json!(local_connectivity)),
            ("learning_rate", json!(learning_rate)),
            ("push", json!(push)),
        ];
        Ok(facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

/// Opens what [`placed`] stored.
///
/// # Errors
/// [`crate::Error::Input`] if a tensor is missing or does not fit the others.
pub(super) fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
    let stored = Stored::load(tensors, facts)?.within_bounds()?;
    let number = |name: &str| {
        let value = facts[name].as_f64().filter(|value| value.is_finite() && *value >= 0.0);
        value.ok_or_else(|| wrong(format!("its {name} is {}", facts[name])))
    };
    let n_neighbors = number("n_neighbors")? as usize;
    if n_neighbors == 0 {
        return Err(wrong("its new rows have no neighbors"));
    }
    let forces = Forces {
        curve: Curve { a: number("a")?, b: number("b")? },
        n_neighbors,
        local_connectivity: number("local_connectivity")?,
        learning_rate: number("learning_rate")?,
        push: number("push")?,
    };
    match stored.map.cols() {
        1 | 2 => Ok(Box::new(placed::<2>(stored, forces))),
        3 => Ok(Box::new(placed::<3>(stored, forces))),
        4..=8 => Ok(Box::new(placed::<8>(stored, forces))),
        9..=16 => Ok(Box::new(placed::<16>(stored, forces))),
        17..=50 => Ok(Box::new(placed::<50>(stored, forces))),
        other => Err(wrong(format!("its map has {other} dimensions"))),
    }
}
