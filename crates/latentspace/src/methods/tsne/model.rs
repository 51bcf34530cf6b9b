//! The space of a map: its rows, their places, and how a new row finds its own.
//!
//! A row that was fitted has its place. A new row is placed by itself, against the map as it stands: with weights pⱼ over its nearest fitted
//! rows it goes downhill on L(y) = Σ pⱼ ln(1 + |y - yⱼ|²) + ln φ(y), the divergence of its own distribution over the map from p, where φ is
//! the potential of the map.

use rayon::prelude::*;
use serde_json::{Value, json};

use super::affinities::conditional;
use super::repulsion::{Repulsion, exact_rows};
use crate::data::Prepared;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, MatrixView};
use crate::method::{Method, Model};
use crate::methods::pca::Pca;
use crate::neighbors::{Metric, query};
use crate::run::Run;
use crate::tensors::Tensors;

/// The perplexity of a new row: it follows few neighbors, so that it lands among them and not between groups.
const PERPLEXITY: f64 = 5.0;
/// Neighbors of a new row.
const NEIGHBORS: usize = 15;
/// Steps of a new row at most.
const STEPS: usize = 60;
/// A step shorter than this ends the way, in the map's units.
const SETTLED: f32 = 1e-3;
/// Rows that are placed between two questions whether to go on.
const BATCH: usize = 4096;
/// Coordinates beyond this are those of no map: no step is longer than 5, and no fit has a million.
const FARTHEST: f32 = 1e7;

/// A map of `D` dimensions and the rows that it was made from.
pub(super) struct TsneModel<const D: usize> {
    /// What the rows are reduced by before neighbors are sought.
    pca: Option<Box<dyn Model>>,
    /// The fitted rows, after that.
    rows: Matrix,
    /// `[n, D]`.
    map: Matrix,
    metric: Metric,
    points: Vec<[f32; D]>,
    repulsion: Repulsion<D>,
}

impl<const D: usize> TsneModel<D> {
    /// The space of this map.
    pub(super) fn new(pca: Option<Box<dyn Model>>, rows: Matrix, map: Matrix, metric: Metric) -> Self {
        let points: Vec<[f32; D]> = (0..map.rows()).map(|row| std::array::from_fn(|axis| map.row(row)[axis])).collect();
        let mut repulsion = Repulsion::new(points.len());
        repulsion.charge(&points);
        TsneModel { pca, rows, map, metric, points, repulsion }
    }

    /// The places that fitted rows are given when they come again.
    pub(super) fn place_fitted(&self, rows: &[u32], run: &Run) -> Result<Matrix> {
        self.place(self.rows.select(rows).view(), run)
    }

    /// The places that fitted rows would be given if they were new: each by its neighbors, without itself.
    pub(super) fn place_left_out(&self, rows: &[u32], run: &Run) -> Result<Matrix> {
        let k = NEIGHBORS.min(self.rows.rows() - 1);
        let found = query(self.rows.view(), self.rows.select(rows).view(), k + 1, self.metric, run)?;
        let mut places = vec![0.0; rows.len() * D];
        places.par_chunks_mut(D).zip(rows).enumerate().for_each(|(at, (out, &row))| {
            let (indices, distances) = found.row(at);
            // Where more rows than that are nearer, the last of them is left out instead.
            let itself = indices.iter().position(|&index| index == row).unwrap_or(k);
            let others = |at: &usize| *at != itself;
            let indices: Vec<u32> = (0..=k).filter(others).map(|at| indices[at]).collect();
            let distances: Vec<f32> = (0..=k).filter(others).map(|at| distances[at]).collect();
            out.copy_from_slice(&self.descend(&indices, &distances));
        });
        Matrix::new(rows.len(), D, places)
    }

    /// The places of rows that are reduced already.
    fn place(&self, rows: MatrixView<'_>, run: &Run) -> Result<Matrix> {
        let k = NEIGHBORS.min(self.rows.rows());
        let mut places = vec![0.0; rows.rows() * D];
        for from in (0..rows.rows()).step_by(BATCH) {
            run.check()?;
            let batch = rows.slice(from..(from + BATCH).min(rows.rows()));
            let found = query(self.rows.view(), batch, k, self.metric, run)?;
            places[from * D..][..batch.rows() * D].par_chunks_mut(D).enumerate().for_each(|(row, out)| {
                let (indices, distances) = found.row(row);
                let same = indices.iter().find(|&&index| self.rows.row(index as usize) == batch.row(row));
                out.copy_from_slice(&match same {
                    Some(&index) => self.points[index as usize],
                    None => self.descend(indices, distances),
                });
            });
        }
        Matrix::new(rows.rows(), D, places)
    }

    /// The place of one row with these neighbors.
    fn descend(&self, indices: &[u32], distances: &[f32]) -> [f32; D] {
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
        best.place
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

impl<const D: usize> Model for TsneModel<D> {
    fn n_components(&self) -> usize {
        D
    }

    fn columns(&self) -> usize {
        self.pca.as_ref().map_or(self.rows.cols(), |pca| pca.columns())
    }

    fn encode(&self, rows: &Prepared, run: &Run) -> Result<Matrix> {
        let reduced = match &self.pca {
            Some(pca) => pca.encode(rows, run)?,
            None => rows.table()?,
        };
        run.install(|| self.place(reduced.view(), run))
    }

    fn fitted_codes(&self) -> Option<&Matrix> {
        Some(&self.map)
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        let pca = self.pca.as_ref().map(|pca| pca.store(tensors)).transpose()?;
        tensors.put_matrix("rows", &self.rows)?;
        tensors.put_matrix("map", &self.map)?;
        Ok(json!({ "metric": self.metric, "pca": pca }))
    }
}

/// Opens what [`TsneModel::store`] wrote.
///
/// # Errors
/// [`Error::Input`] if a tensor is missing or does not fit the others.
pub(super) fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
    let rows = tensors.matrix("rows", None, None)?;
    let map = tensors.matrix("map", Some(rows.rows()), None)?;
    let wrong = |found: String| Error::input("space", found, "a file that `latent fit` wrote is needed");
    let pca = match &facts["pca"] {
        Value::Null => None,
        facts => Some(Pca::load(tensors, facts)?),
    };
    if pca.as_ref().is_some_and(|pca| pca.n_components() != rows.cols()) || rows.rows() == 0 || rows.cols() == 0 {
        return Err(wrong(format!("its rows are {} x {}", rows.rows(), rows.cols())));
    }
    if map.as_slice().iter().any(|value| value.abs() > FARTHEST) {
        return Err(wrong("its map reaches beyond what a map can".to_owned()));
    }
    let metric = serde_json::from_value(facts["metric"].clone()).map_err(|error| wrong(format!("its metric: {error}")))?;
    match map.cols() {
        1 if rows.rows() <= exact_rows(1) => Ok(Box::new(TsneModel::<1>::new(pca, rows, map, metric))),
        2 => Ok(Box::new(TsneModel::<2>::new(pca, rows, map, metric))),
        3 => Ok(Box::new(TsneModel::<3>::new(pca, rows, map, metric))),
        other => Err(wrong(format!("its map has {other} dimensions"))),
    }
}
