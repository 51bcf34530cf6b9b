//! The optimizer: gradient descent with momentum, and a gain for each coordinate that grows while the gradient keeps its direction.
//!
//! Each step reads the map of the step before and writes its own rows of the next, and sums are added in an order that depends on the number
//! of rows alone, so the bytes do not depend on threads. Rows are worked on in the order of a curve through the map, renewed now and then, so
//! that what attracts each other lies together in memory.
//!
//! Source: Jacobs 1988, doi:10.1016/0893-6080(88)90003-2, for the gains; Belkina et al. 2019, doi:10.1038/s41467-019-13055-y, for the rate.

use crate::parallel::*;
use serde_json::json;

use super::affinities::Affinities;
use super::attraction::pulls;
use super::repulsion::Repulsion;
use crate::checkpoint::Parcel;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::methods::map::edges::BLOCK;
use crate::methods::map::given::Ties;
use crate::methods::map::order::along_curve;
use crate::tensors::Tensor;

/// The part of the last step that is made again.
const MOMENTUM: f32 = 0.8;
/// What a gain grows by when the gradient keeps its direction, and is multiplied by when it turns.
const GAIN: (f32, f32) = (0.2, 0.8);
/// The least gain.
const LEAST_GAIN: f32 = 0.01;
/// What a pull to where a row starts is multiplied by. Measured on two tables that share 4,000 of 6,000 rows: pulls of .1 and 1 leave .26 and
/// .22 of the neighbors of all rows (.34 without), and maps that correlate by .9988 and .9993 (.88 without).
const PULL: f32 = 0.01;
/// The longest step of a row, in the map's units.
const LONGEST_STEP: f32 = 5.0;
/// Blocks at least whose loss is computed in a step between those in which all are; that of the others is taken to change in step with it.
const LOSS_BLOCKS: usize = 16;

/// How strongly a step goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// What the attraction is multiplied by.
    pub(super) exaggeration: f32,
    /// What the gradient is multiplied by.
    pub(super) learning_rate: f32,
}

/// A map on its way.
pub(super) struct Descent<const D: usize> {
    affinities: Affinities,
    repulsion: Repulsion<D>,
    /// What holds rows where they start.
    ties: Option<Ties<D>>,
    /// The row that each point stands for.
    order: Vec<u32>,
    /// How rows were put in order so far, each relative to the one before: what rows attract lies in the order that these left it in.
    orders: Vec<Vec<u32>>,
    points: Vec<[f32; D]>,
    momenta: Vec<[f32; D]>,
    gains: Vec<[f32; D]>,
    /// ∇φ at each point.
    gradients: Vec<[f32; D]>,
    next: Vec<[f32; D]>,
    /// Σ n p ln(1 + d²) of each block, as of the last time that it was computed.
    losses: Vec<f64>,
    /// The same as of the last time that all were computed.
    whole_losses: Vec<f64>,
    /// The divergence when it was last asked how far it fell.
    before: Option<f64>,
    normaliser: f64,
}

impl<const D: usize> Descent<D> {
    /// A map that starts at `points`, one a row of `affinities`.
    pub(super) fn new(affinities: Affinities, points: Vec<[f32; D]>, repulsion: Repulsion<D>, ties: Option<Ties<D>>) -> Self {
        let n = points.len();
        Descent {
            affinities,
            repulsion,
            ties,
            order: (0..n as u32).collect(),
            orders: Vec::new(),
            points,
            momenta: vec![[0.0; D]; n],
            gains: vec![[1.0; D]; n],
            gradients: vec![[0.0; D]; n],
            next: vec![[0.0; D]; n],
            losses: vec![0.0; n.div_ceil(BLOCK)],
            whole_losses: vec![0.0; n.div_ceil(BLOCK)],
            before: None,
            normaliser: 1.0,
        }
    }

    /// Rows.
    pub(super) fn rows(&self) -> usize {
        self.points.len()
    }

    /// Whether rows are tied to where they start.
    pub(super) fn is_tied(&self) -> bool {
        self.ties.is_some()
    }

    /// Puts rows that are near in the map near in memory.
    pub(super) fn reorder(&mut self) {
        let order = along_curve(&self.points);
        self.put_in(order);
    }

    fn put_in(&mut self, order: Vec<u32>) {
        self.affinities = self.affinities.reordered(&order);
        let pick = |points: &[[f32; D]]| -> Vec<[f32; D]> { order.iter().map(|&row| points[row as usize]).collect() };
        self.points = pick(&self.points);
        self.momenta = pick(&self.momenta);
        self.gains = pick(&self.gains);
        self.order = order.iter().map(|&row| self.order[row as usize]).collect();
        self.orders.push(order);
    }

    /// Where the descent stands after `iterations`.
    ///
    /// # Errors
    /// None that a descent can cause.
    pub(super) fn parcel(&self, iterations: usize) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        let n = self.points.len();
        let mut put = |name: &str, values: &[[f32; D]]| -> Result<()> {
            parcel.tensors.put_matrix(name, &Matrix::new(n, D, values.as_flattened().to_vec())?)
        };
        put("points", &self.points)?;
        put("momenta", &self.momenta)?;
        put("gains", &self.gains)?;
        parcel.tensors.put("orders", Tensor::U32(vec![self.orders.len(), n], self.orders.concat()))?;
        parcel.tensors.put_f64("losses", &self.losses)?;
        parcel.tensors.put_f64("whole_losses", &self.whole_losses)?;
        parcel.facts = json!({ "iterations": iterations, "repulsion": self.repulsion.memory(), "before": self.before });
        Ok(parcel)
    }

    /// Goes on from where [`Self::parcel`] stood; gives the iterations made there. To be called on a new descent of the same rows.
    ///
    /// # Errors
    /// [`Error::Input`] if the parcel is of other rows.
    pub(super) fn resume(&mut self, parcel: &Parcel) -> Result<usize> {
        let n = self.points.len();
        let wrong = || Error::input("checkpoint", "what it holds does not fit together", "a checkpoint of the same fit is needed");
        let iterations = parcel.facts["iterations"].as_u64().ok_or_else(wrong)? as usize;
        let orders = parcel.tensors.u32("orders", None)?;
        if !orders.len().is_multiple_of(n) {
            return Err(wrong());
        }
        for order in orders.chunks_exact(n) {
            let mut seen = vec![false; n];
            if order.iter().any(|&row| seen.get_mut(row as usize).is_none_or(|seen| std::mem::replace(seen, true))) {
                return Err(wrong());
            }
            self.put_in(order.to_vec());
        }
        let take = |name: &str, into: &mut [[f32; D]]| -> Result<()> {
            into.as_flattened_mut().copy_from_slice(parcel.tensors.matrix(name, Some(n), Some(D))?.as_slice());
            Ok(())
        };
        take("points", &mut self.points)?;
        take("momenta", &mut self.momenta)?;
        take("gains", &mut self.gains)?;
        let blocks = self.losses.len();
        self.losses.copy_from_slice(parcel.tensors.f64("losses", Some(blocks))?);
        self.whole_losses.copy_from_slice(parcel.tensors.f64("whole_losses", Some(blocks))?);
        self.before = parcel.facts["before"].as_f64();
        self.repulsion.remember(&parcel.facts["repulsion"]).ok_or_else(wrong)?;
        Ok(iterations)
    }

    /// One step. The loss of all rows is computed if `whole`, as it must be after [`Self::reorder`]; else that of a few.
    pub(super) fn step(&mut self, pace: Pace, whole: bool) {
        self.repel();
        let stride = self.loss_stride();
        let Descent { affinities, points, gradients, normaliser, ties, order, .. } = self;
        let repulsion = (0.5 * affinities.mass / *normaliser) as f32;
        let attraction = pace.exaggeration / points.len() as f32;
        let state = self.momenta.par_chunks_mut(BLOCK).zip(self.gains.par_chunks_mut(BLOCK)).zip(self.next.par_chunks_mut(BLOCK));
        let sums: Vec<[f64; D]> = state
            .zip(self.losses.par_iter_mut())
            .enumerate()
            .map(|(block, (((momenta, gains), next), loss))| {
                let rows = block * BLOCK..block * BLOCK + next.len();
                let with_loss = whole || block.is_multiple_of(stride);
                let mut pulled = [[0.0; D]; BLOCK];
                let found = pulls(&affinities.edges, points, rows.start, with_loss, &mut pulled[..next.len()]);
                if with_loss {
                    *loss = found;
                }
                let mut sum = [0.0; D];
                for (i, row) in rows.enumerate() {
                    let gradient: [f32; D] = std::array::from_fn(|axis| attraction * pulled[i][axis] + repulsion * gradients[row][axis]);
                    advance(&gradient, pace.learning_rate, &mut momenta[i], &mut gains[i]);
                    for axis in 0..D {
                        next[i][axis] = points[row][axis] + momenta[i][axis];
                    }
                    if let Some(ties) = ties.as_ref().filter(|ties| ties.binds(order[row])) {
                        ties.lead(order[row], PULL, &mut next[i]);
                        (0..D).for_each(|axis| momenta[i][axis] = next[i][axis] - points[row][axis]);
                    }
                    (0..D).for_each(|axis| sum[axis] += f64::from(next[i][axis]));
                }
                sum
            })
            .collect();
        if whole {
            self.whole_losses.copy_from_slice(&self.losses);
        }
        if self.is_tied() {
            // Where the middle of the map lies is told by what it is tied to.
            std::mem::swap(&mut self.points, &mut self.next);
            return;
        }
        let n = self.points.len() as f64;
        let mean: [f32; D] = std::array::from_fn(|axis| (sums.iter().map(|sum| sum[axis]).sum::<f64>() / n) as f32);
        self.next.par_chunks_mut(BLOCK * 16).for_each(|chunk| {
            chunk.iter_mut().for_each(|point| (0..D).for_each(|axis| point[axis] -= mean[axis]));
        });
        std::mem::swap(&mut self.points, &mut self.next);
    }

    /// The potential of the map, and the sum that normalises it.
    fn repel(&mut self) {
        self.repulsion.charge(&self.points);
        let potentials = self.repulsion.gradients(&self.points, &mut self.gradients);
        // Each point meets its own potential, 1; a sum that interpolation made smaller than one pair of far points is none.
        self.normaliser = (potentials - self.points.len() as f64).max(f64::from(f32::EPSILON));
    }

    /// One block of this many has its loss computed in every step.
    fn loss_stride(&self) -> usize {
        (self.losses.len() / LOSS_BLOCKS).max(1)
    }

    /// The divergence of the map from P before the last step, estimated from a few rows unless that step took the loss of all.
    pub(super) fn recent_loss(&self) -> f64 {
        let few = |losses: &[f64]| losses.iter().step_by(self.loss_stride()).sum::<f64>();
        let (now, then) = (few(&self.losses), few(&self.whole_losses));
        let change = if then > 0.0 { now / then } else { 1.0 };
        self.divergence(self.whole_losses.iter().sum::<f64>() * change)
    }

    /// Whether the divergence fell by less than that since this was last asked. To be asked after a step that took the loss of all.
    pub(super) fn fell_by_less(&mut self, least: f64) -> bool {
        let now = self.recent_loss();
        let before = self.before.replace(now);
        before.is_some_and(|before| before - now < least)
    }

    /// The divergence, given Σ n p ln(1 + d²).
    fn divergence(&self, pull: f64) -> f64 {
        self.affinities.entropy + pull / self.points.len() as f64 + self.affinities.mass * self.normaliser.ln()
    }

    /// The divergence of the map from P as it is.
    pub(super) fn loss(&mut self) -> f64 {
        self.repel();
        let Descent { affinities, points, .. } = self;
        self.losses.par_iter_mut().enumerate().for_each(|(block, loss)| {
            let first = block * BLOCK;
            let mut pulled = [[0.0; D]; BLOCK];
            let out = &mut pulled[..BLOCK.min(points.len() - first)];
            *loss = pulls(&affinities.edges, points, first, true, out);
        });
        self.divergence(self.losses.iter().sum())
    }

    /// The gradient of the divergence by each row's place, over 4, in the order of rows. For tests.
    #[cfg(test)]
    pub(super) fn gradient(&mut self) -> Vec<[f64; D]> {
        self.repel();
        let n = self.points.len();
        let mut out = vec![[0.0; D]; n];
        for first in (0..n).step_by(BLOCK) {
            let mut pulled = [[0.0; D]; BLOCK];
            let pulled = &mut pulled[..BLOCK.min(n - first)];
            pulls(&self.affinities.edges, &self.points, first, false, pulled);
            for (i, pull) in pulled.iter().enumerate() {
                let repulsion = self.gradients[first + i];
                out[self.order[first + i] as usize] = std::array::from_fn(|axis| {
                    f64::from(pull[axis]) / n as f64 + 0.5 * self.affinities.mass * f64::from(repulsion[axis]) / self.normaliser
                });
            }
        }
        out
    }

    /// The map, row by row as the rows were given: `[n, D]`.
    pub(super) fn codes(&self) -> Vec<f32> {
        let mut codes = vec![0.0; self.points.len() * D];
        for (&row, point) in self.order.iter().zip(&self.points) {
            codes[row as usize * D..][..D].copy_from_slice(point);
        }
        codes
    }

    /// Whether every coordinate is a number.
    pub(super) fn is_finite(&self) -> bool {
        let finite = |points: &[[f32; D]]| points.iter().flatten().all(|value| value.is_finite());
        self.points.par_chunks(BLOCK * 16).map(finite).reduce(|a, b| a & b).unwrap_or(true)
    }

    /// The way that the repulsion is computed.
    pub(super) fn repulsion(&self) -> &Repulsion<D> {
        &self.repulsion
    }
}

/// Moves one row's momentum along its gradient, and its gains with it.
#[inline]
fn advance<const D: usize>(gradient: &[f32; D], rate: f32, momentum: &mut [f32; D], gains: &mut [f32; D]) {
    let mut square = 0.0;
    for axis in 0..D {
        // The momentum goes downhill: it keeps its direction where its sign differs from the gradient's.
        let onward = (momentum[axis] > 0.0) != (gradient[axis] > 0.0);
        gains[axis] = if onward { gains[axis] + GAIN.0 } else { (gains[axis] * GAIN.1).max(LEAST_GAIN) };
        momentum[axis] = MOMENTUM * momentum[axis] - rate * gains[axis] * gradient[axis];
        square += momentum[axis] * momentum[axis];
    }
    if square > LONGEST_STEP * LONGEST_STEP {
        let shorter = LONGEST_STEP / square.sqrt();
        momentum.iter_mut().for_each(|value| *value *= shorter);
    }
}
