//! How a new row finds its place: with weights pⱼ over its nearest fitted rows it goes downhill on L(y) = Σ pⱼ ln(1 + |y - yⱼ|²) + ln φ(y),
//! the divergence of its own distribution over the map from p, where φ is the potential of the map.

use serde_json::{Map, Value};

use super::affinities::conditional;
use super::repulsion::{Repulsion, exact_rows};
use crate::error::Result;
use crate::methods::map::placed::{Near, Placed, Placing, Stored, wrong};
use crate::model::Model;
use crate::neighbors::Metric;
use crate::tensors::Tensors;

/// The perplexity of a new row: it follows few neighbors, so that it lands among them and not between groups.
const PERPLEXITY: f64 = 5.0;
/// Neighbors of a new row.
const NEIGHBORS: usize = 15;
/// Steps of a new row at most.
const STEPS: usize = 60;
/// A step shorter than this ends the way, in the map's units.
const SETTLED: f32 = 1e-3;

/// The potential that new rows meet.
pub(super) struct Downhill<const D: usize> {
    metric: Metric,
    points: Vec<[f32; D]>,
    repulsion: Repulsion<D>,
}

/// The space of this map.
pub(super) fn placed<const D: usize>(stored: Stored) -> Placed<Downhill<D>> {
    let points = stored.points();
    let mut repulsion = Repulsion::new(points.len());
    repulsion.charge(&points);
    let metric = stored.metric;
    Placed::new(stored, Downhill { metric, points, repulsion })
}

impl<const D: usize> Placing for Downhill<D> {
    fn neighbors(&self) -> usize {
        NEIGHBORS
    }

    fn place(&self, _row: &[f32], near: Near<'_>, out: &mut [f32]) {
        let Near { indices, distances, .. } = near;
        let mut weights = vec![0.0; indices.len()];
        conditional(distances, self.metric, PERPLEXITY.min(0.75 * indices.len() as f64), &mut weights);
        let near: Vec<(f32, [f32; D])> =
            weights.iter().zip(indices).map(|(&weight, &index)| (weight as f32, self.points[index as usize])).collect();
        let at = |place: [f32; D]| Slope::new(&near, &self.repulsion, place);

        // The start: the best of the neighbors' places and their mean.
        let mut mean = [0.0; D];
        near.iter().for_each(|(weight, point)| (0..D).for_each(|axis| mean[axis] += weight * point[axis]));
        let mut best = at(mean);
        for &(_, point) in &near {
            let other = at(point);
            if other.loss < best.loss {
                best = other;
            }
        }
        let mut boldness = 1.0;
        for _ in 0..STEPS {
            let next = at(std::array::from_fn(|axis| best.place[axis] + boldness * best.step[axis]));
            let length = boldness * best.step.iter().map(|step| step * step).sum::<f32>().sqrt();
            if next.loss < best.loss {
                best = next;
                boldness = f32::min(1.0, boldness * 2.0);
            } else {
                boldness *= 0.5;
            }
            if length < SETTLED {
                break;
            }
        }
        out.copy_from_slice(&best.place[..out.len()]);
    }

    fn store(&self, _tensors: &mut Tensors) -> Result<Map<String, Value>> {
        Ok(Map::new())
    }
}

/// The loss at a place, and the step that it suggests.
struct Slope<const D: usize> {
    place: [f32; D],
    loss: f32,
    /// To where the neighbors' pulls and the push of the map, as they are here, would balance.
    step: [f32; D],
}

impl<const D: usize> Slope<D> {
    fn new(near: &[(f32, [f32; D])], repulsion: &Repulsion<D>, place: [f32; D]) -> Self {
        let (potential, gradient) = repulsion.at(place);
        let potential = potential.max(f32::MIN_POSITIVE);
        let (mut loss, mut stiffness) = (potential.ln(), 0.0);
        let mut force: [f32; D] = gradient.map(|gradient| -0.5 * gradient / potential);
        for (weight, point) in near {
            let apart: [f32; D] = std::array::from_fn(|axis| point[axis] - place[axis]);
            let square = 1.0 + apart.iter().map(|value| value * value).sum::<f32>();
            let pull = weight / square;
            loss += weight * square.ln();
            stiffness += pull;
            (0..D).for_each(|axis| force[axis] += pull * apart[axis]);
        }
        Slope { place, loss, step: force.map(|force| force / stiffness.max(f32::MIN_POSITIVE)) }
    }
}

/// Opens what [`placed`] stored.
///
/// # Errors
/// [`crate::Error::Input`] if a tensor is missing or does not fit the others.
pub(super) fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
    let stored = Stored::load(tensors, facts)?.within_bounds()?;
    match stored.map.cols() {
        1 if stored.map.rows() <= exact_rows(1) => Ok(Box::new(placed::<1>(stored))),
        2 => Ok(Box::new(placed::<2>(stored))),
        3 => Ok(Box::new(placed::<3>(stored))),
        other => Err(wrong(format!("its map has {other} dimensions"))),
    }
}
