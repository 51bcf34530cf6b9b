//! The optimizer: each epoch moves every row along the forces on it, ever less far.
//!
//! Each part of an epoch reads the map that the part before left and writes its own rows of the next, so the bytes do not depend on threads;
//! usual optimizers move one edge at a time and draw as many negatives for it. Here all edges of a row pull by their weights, which is what
//! they do on average there, and the pushes of [`forces::DRAWS`] drawn points stand for those of all the negatives of its edges. A pull
//! grows weaker on the way, so the step is damped by how stiff the pulls are. Rows are worked on in the order of a curve through the map,
//! renewed now and then, so that what attracts each other lies together in memory.
//! Source: McInnes, Healy and Melville 2018, arXiv:1802.03426, for the forces; Damrich and Hamprecht 2021, arXiv:2103.14608, for what they
//! come to on average.

use crate::parallel::*;
use serde_json::json;

use super::curve::Curve;
use super::density::Density;
use super::forces::{DRAWS, PARTS, Pace, advance};
use super::fuzzy::Graph;
use crate::checkpoint::Parcel;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::methods::map::edges::{BLOCK, Edges};
use crate::methods::map::given::Ties;
use crate::methods::map::order::along_curve;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensor;

/// Epochs before which rows are put in the order of the map, in parts of all.
const REORDERED_AT: [f64; 4] = [0.0, 0.05, 0.15, 0.5];

/// How strongly rows move.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strength {
    pub(super) curve: Curve,
    /// Epochs in all.
    pub(super) epochs: usize,
    /// What forces are multiplied by in the first epoch; it falls to 0 in a line.
    pub(super) learning_rate: f64,
    /// Pushes for each pull along an edge, times what a push weighs.
    pub(super) push: f64,
}

/// A map on its way.
pub(super) struct Layout<const D: usize> {
    /// As the rows were given.
    graph: Graph,
    strength: Strength,
    /// How dense the rows lie, where the map is to show it.
    density: Option<Density>,
    /// What holds rows where they start.
    ties: Option<Ties<D>>,
    random: Random,
    /// The row that each point stands for.
    order: Vec<u32>,
    points: Vec<[f32; D]>,
    next: Vec<[f32; D]>,
    /// The graph in the order of points, and the sum of each row's weights.
    edges: Edges,
    weights: Vec<f32>,
}

impl<const D: usize> Layout<D> {
    /// A map that starts at `points`, one a row of `graph`.
    pub(super) fn new(
        graph: Graph,
        points: Vec<[f32; D]>,
        strength: Strength,
        density: Option<Density>,
        ties: Option<Ties<D>>,
        random: Random,
    ) -> Self {
        let order: Vec<u32> = (0..points.len() as u32).collect();
        let edges = Edges::build(0, |_, _| {});
        let mut layout = Layout {
            graph,
            strength,
            density,
            ties,
            random,
            order: order.clone(),
            next: points.clone(),
            points,
            edges,
            weights: Vec::new(),
        };
        layout.put_in(&order);
        layout
    }

    /// Puts points in this order, which is relative to that in which they are.
    fn put_in(&mut self, order: &[u32]) {
        self.points = order.par_iter().map(|&row| self.points[row as usize]).collect();
        self.order = order.iter().map(|&row| self.order[row as usize]).collect();
        let mut rank = vec![0_u32; order.len()];
        self.order.iter().enumerate().for_each(|(at, &row)| rank[row as usize] = at as u32);
        self.edges = Edges::build(order.len(), |at, out| {
            out.extend(self.graph.row(self.order[at] as usize).iter().map(|&(column, weight)| (rank[column as usize], weight)));
            out.sort_unstable_by_key(|edge| edge.0);
        });
        self.weights = (0..order.len()).into_par_iter().map(|at| self.edges.row(at).map(|edge| edge.1).sum()).collect();
    }

    /// One epoch.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(super) fn epoch(&mut self, epoch: usize, run: &Run) -> Result<()> {
        let Strength { curve, epochs, learning_rate, push } = self.strength;
        if REORDERED_AT.iter().any(|part| (part * epochs as f64) as usize == epoch) {
            let order = along_curve(&self.points);
            self.put_in(&order);
        }
        let counts = self.density.as_ref().filter(|density| density.counts(epoch, epochs));
        let pressure = counts.map(|density| density.pressure(&self.edges, &self.points, &self.order, curve));
        for part in 0..PARTS {
            run.check()?;
            let turn = epoch * PARTS + part;
            let [first, second, ..] = self.random.words(turn as u64, 0);
            let pace = Pace {
                curve,
                rate: (learning_rate * (1.0 - epoch as f64 / epochs as f64)) as f32,
                push: (push / (PARTS * DRAWS) as f64) as f32,
                turn,
                key: [first, second],
                pressure: pressure.as_ref(),
            };
            let Layout { edges, weights, points, next, order, ties, .. } = self;
            let ties = ties.as_ref();
            next.par_chunks_mut(BLOCK).enumerate().for_each(|(block, next)| {
                let first = block * BLOCK;
                advance(edges, weights, points, &pace, first, next);
                if let Some(ties) = ties {
                    order[first..].iter().zip(next).for_each(|(&row, next)| ties.lead(row, pace.rate, next));
                }
            });
            std::mem::swap(points, next);
        }
        Ok(())
    }

    /// The correlation of how dense points lie with how dense rows do (log radii), where that counts.
    pub(super) fn density_correlation(&self) -> Option<f64> {
        self.density.as_ref().map(|density| density.correlation(&self.edges, &self.points, &self.order, self.strength.curve))
    }

    /// Where the layout stands after `epochs`.
    ///
    /// # Errors
    /// None that a layout can cause.
    pub(super) fn parcel(&self, epochs: usize) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        let n = self.points.len();
        parcel.tensors.put_matrix("points", &Matrix::new(n, D, self.points.as_flattened().to_vec())?)?;
        parcel.tensors.put("order", Tensor::U32(vec![n], self.order.clone()))?;
        parcel.facts = json!({ "epochs": epochs });
        Ok(parcel)
    }

    /// Goes on from where [`Self::parcel`] stood; gives the epochs made there. To be called on a new layout of the same rows.
    ///
    /// # Errors
    /// [`Error::Input`] if the parcel is of other rows.
    pub(super) fn resume(&mut self, parcel: &Parcel) -> Result<usize> {
        let n = self.points.len();
        let wrong = || Error::input("checkpoint", "what it holds does not fit together", "a checkpoint of the same fit is needed");
        let epochs = parcel.facts["epochs"].as_u64().ok_or_else(wrong)? as usize;
        let order = parcel.tensors.u32("order", Some(n))?;
        let mut seen = vec![false; n];
        if order.iter().any(|&row| seen.get_mut(row as usize).is_none_or(|seen| std::mem::replace(seen, true))) {
            return Err(wrong());
        }
        self.put_in(order);
        self.points.as_flattened_mut().copy_from_slice(parcel.tensors.matrix("points", Some(n), Some(D))?.as_slice());
        Ok(epochs)
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
