//! Components and scores in turn, from the covariance of the columns.

use faer::MatRef;
use serde_json::{Map, json};

use super::{SparsePca, SparsePcaModel};
use crate::error::{Result, count};
use crate::interval::number;
use crate::linalg::{Matrix, multiplied, solve_positive, symmetric_eigen};
use crate::method::Method;
use crate::methods::linear::affine::Affine;
use crate::methods::linear::coding::{Coder, Coding, Room};
use crate::methods::linear::covariance::Covariance;
use crate::methods::linear::measured::{Learned, Loss};
use crate::parallel::*;
use crate::run::Run;

/// The usual penalty, as a part of a column's length.
const USUAL_ALPHA: f64 = 0.1;
/// Entries of components are exact to this part of the largest of their column.
const TOLERANCE: f64 = 1e-7;
/// Less than this part of the variance is what rounding leaves.
const NOTHING: f64 = 1e-12;
/// Columns that a thread codes at a time.
const PIECE: usize = 16;
/// What keeps the regression of a row solvable where components depend on each other.
const LEAST_RIDGE: f64 = 1e-9;

pub(super) fn learn(method: &SparsePca, covariance: &Covariance, k: usize, run: &Run) -> Result<Learned<SparsePcaModel>> {
    let (d, freedom, total) = (covariance.cols(), (covariance.moments.count - 1.0).max(1.0), covariance.total());
    let scale = f64::from(covariance.frame.scale);
    let alpha = method.alpha.or_else(|| USUAL_ALPHA * (freedom * total / d as f64).sqrt() / scale);
    // Scores have variance 1 here, where in the objective that people know their length is 1.
    let penalty = alpha * scale / freedom.sqrt();
    let eigen = symmetric_eigen(&covariance.matrix, d, k, || run.check())?;
    let mut scores = Scores { weights: vec![0.0; k * d], images: vec![0.0; k * d] };
    for (axis, (vector, &value)) in eigen.vectors.chunks_exact(d).zip(&eigen.values).enumerate() {
        if value > NOTHING * total {
            let length = value.sqrt();
            let range = axis * d..(axis + 1) * d;
            scores.weights[range.clone()].iter_mut().zip(vector).for_each(|(to, cell)| *to = cell / length);
            scores.images[range].iter_mut().zip(vector).for_each(|(to, cell)| *to = cell * length);
        }
    }
    let (mut objective, mut change, mut steps, mut converged) = (f64::INFINITY, 1.0, 0, false);
    let mut components = vec![0.0; k * d];
    while steps < method.n_iter && !converged {
        run.check()?;
        let next = scores.lasso(covariance, penalty, &mut components, run)?;
        change = if next > 0.0 { (objective - next) / next } else { 0.0 };
        objective = next;
        steps += 1;
        converged = change < method.tol;
        run.progress(SparsePca::INFO.title, u64::from(steps), u64::from(method.n_iter));
        if !converged {
            scores.improve(covariance, &components);
        }
    }
    if !converged {
        run.note(format!(
            "{}: not converged after {} iterations: the last lowered the objective by {} of it; a larger n_iter or tol ends it",
            SparsePca::INFO.title,
            count(u64::from(steps)),
            number(change)
        ));
    }
    let mut facts = Map::new();
    facts.insert("n_components".to_owned(), json!(k));
    facts.insert("alpha".to_owned(), json!(alpha));
    facts.insert("objective".to_owned(), json!(freedom * covariance.frame.variance_outside(objective)));
    facts.insert("n_nonzero".to_owned(), json!(components.iter().filter(|cell| **cell != 0.0).count()));
    facts.insert("n_iter".to_owned(), json!(steps));
    facts.insert("converged".to_owned(), json!(converged));
    finished(method, covariance, &components, facts)
}

/// Scores of variance 1, linear in the rows.
struct Scores {
    /// `[k, d]`: a score is the product of this and the centered row.
    weights: Vec<f64>,
    /// `[k, d]`: the same times the covariance: how each score and column vary together.
    images: Vec<f64>,
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn row(table: &[f64], at: usize, d: usize) -> &[f64] {
    &table[at * d..][..d]
}

/// `[rows, d]` times the covariance.
fn image(rows: &[f64], covariance: &Covariance) -> Vec<f64> {
    let d = covariance.cols();
    let rows = MatRef::from_column_major_slice(rows, d, rows.len() / d.max(1));
    // The library is column-major; a symmetric matrix is the same either way.
    let found = multiplied(MatRef::from_column_major_slice(&covariance.matrix, d, d), rows);
    found.col_iter().flat_map(|column| column.iter().copied().collect::<Vec<f64>>()).collect()
}

impl Scores {
    /// The best components `[k, d]` for the scores, and the objective: for each column a lasso over k scores.
    fn lasso(&self, covariance: &Covariance, penalty: f64, components: &mut [f64], run: &Run) -> Result<f64> {
        let d = covariance.cols();
        let k = components.len() / d;
        let gram: Vec<f64> = (0..k * k)
            .map(|at| {
                // The upper half equals the lower one to the bit.
                let (a, b) = (at / k.max(1), at % k.max(1));
                inner(row(&self.weights, a.max(b), d), row(&self.images, a.min(b), d))
            })
            .collect();
        let coder = Coder::new(gram, Coding::Cd, penalty, 0, TOLERANCE)?;
        let mut by_column = vec![0.0_f64; d * k];
        let pieces = by_column.par_chunks_mut(PIECE * k).enumerate().map_init(
            || Room::new(k),
            |room, (piece, entries)| {
                run.check()?;
                let mut sum = 0.0;
                for (at, entries) in entries.chunks_exact_mut(k).enumerate() {
                    let column = piece * PIECE + at;
                    room.along.iter_mut().zip(self.images.iter().skip(column).step_by(d)).for_each(|(to, from)| *to = *from);
                    coder.code(room);
                    entries.copy_from_slice(&room.code);
                    sum += room.error(covariance.variance(column)) + penalty * room.code.iter().map(|entry| entry.abs()).sum::<f64>();
                }
                Ok(sum)
            },
        );
        let sums: Vec<f64> = pieces.collect::<Result<_>>()?;
        components.iter_mut().enumerate().for_each(|(at, cell)| *cell = by_column[at % d * k + at / d]);
        Ok(sums.iter().sum())
    }

    /// The best scores for the components `[k, d]`, each in turn for the others: what the others leave of the rows, along the component.
    fn improve(&mut self, covariance: &Covariance, components: &[f64]) {
        let d = covariance.cols();
        let k = components.len() / d;
        let images = image(components, covariance);
        let total = covariance.total();
        for axis in 0..k {
            let own = &components[axis * d..][..d];
            let mut weights = own.to_vec();
            let mut along = images[axis * d..][..d].to_vec();
            for other in (0..k).filter(|&other| other != axis) {
                let shared = inner(own, &components[other * d..][..d]);
                if shared != 0.0 {
                    weights.iter_mut().zip(&self.weights[other * d..]).for_each(|(to, from)| *to -= shared * from);
                    along.iter_mut().zip(&self.images[other * d..]).for_each(|(to, from)| *to -= shared * from);
                }
            }
            let variance = inner(&weights, &along);
            // A component of zeros leaves its score as it is.
            if variance > NOTHING * total * inner(own, own) && variance > 0.0 {
                let length = variance.sqrt();
                self.weights[axis * d..][..d].iter_mut().zip(&weights).for_each(|(to, from)| *to = from / length);
                self.images[axis * d..][..d].iter_mut().zip(&along).for_each(|(to, from)| *to = from / length);
            }
        }
    }
}

/// The model of components `[k, d]`: scaled to length 1, in order, with the regression that encodes rows.
fn finished(
    method: &SparsePca,
    covariance: &Covariance,
    components: &[f64],
    facts: Map<String, serde_json::Value>,
) -> Result<Learned<SparsePcaModel>> {
    let (d, total) = (covariance.cols(), covariance.total());
    let k = components.len() / d;
    let mut units = components.to_vec();
    for unit in units.chunks_exact_mut(d) {
        let largest = unit.iter().fold(0.0_f64, |best, &cell| if cell.abs() > best.abs() { cell } else { best });
        if largest != 0.0 {
            unit.iter_mut().for_each(|cell| *cell /= largest);
            let length = inner(unit, unit).sqrt();
            unit.iter_mut().for_each(|cell| *cell /= length);
        }
    }
    let (order, shares) = ordered(&units, &image(&units, covariance), d, total);
    let units: Vec<f64> = order.iter().flat_map(|&axis| units[axis * d..][..d].to_vec()).collect();
    // Ridge regression of a row onto the components: a system of k equations, the same for all columns.
    let mut system: Vec<f64> = (0..k * k).map(|at| inner(&units[at / k * d..][..d], &units[at % k * d..][..d])).collect();
    let products = system.clone();
    (0..k).for_each(|axis| system[axis * (k + 1)] += method.ridge_alpha + LEAST_RIDGE);
    let mut by_column: Vec<f64> = (0..d * k).map(|at| units[at % k * d + at / k]).collect();
    solve_positive(&mut system, k, &mut by_column, || Ok(()))?;
    let encoder: Vec<f64> = (0..k * d).map(|at| by_column[at % d * k + at / d]).collect();
    // What decoding loses: S - 2 V'ES + V'ESE'V, the trace.
    let images = image(&encoder, covariance);
    let crossed = inner(&units, &images);
    let kept: f64 = (0..k * k).map(|at| products[at] * inner(&images[at / k * d..][..d], &encoder[at % k * d..][..d])).sum();
    let lost = (total - 2.0 * crossed + kept).max(0.0);
    let table = |cells: &[f64]| Matrix::new(k, d, cells.iter().map(|&cell| cell as f32).collect());
    let affine = Affine { mean: covariance.frame.mean_outside(&covariance.mean), encoder: table(&encoder)?, decoder: table(&units)? };
    Ok(Learned { model: SparsePcaModel { affine, shares }, facts, loss: Loss::by(covariance, lost) })
}

/// The order of components `[k, d]`, and of each the share of the variance that it explains beyond those before it: each is the one that explains most, of
/// what is orthogonal to those before. `images` are the components times the covariance.
fn ordered(units: &[f64], images: &[f64], d: usize, total: f64) -> (Vec<usize>, Vec<f64>) {
    let k = units.len() / d;
    let (mut beyond, mut images) = (units.to_vec(), images.to_vec());
    let (mut order, mut shares, mut free) = (Vec::new(), Vec::new(), (0..k).collect::<Vec<usize>>());
    while !free.is_empty() {
        let explains = |axis: usize| {
            let length = inner(row(&beyond, axis, d), row(&beyond, axis, d));
            if length > NOTHING { inner(row(&beyond, axis, d), row(&images, axis, d)).max(0.0) / length } else { 0.0 }
        };
        let gains: Vec<f64> = free.iter().map(|&axis| explains(axis)).collect();
        let best = (0..free.len()).fold(0, |best, at| if gains[at] > gains[best] { at } else { best });
        shares.push(if total > 0.0 { gains[best] / total } else { 0.0 });
        let axis = free.remove(best);
        order.push(axis);
        let (direction, image) = (row(&beyond, axis, d).to_vec(), row(&images, axis, d).to_vec());
        let length = inner(&direction, &direction);
        if length <= NOTHING {
            continue;
        }
        for &other in &free {
            let along = inner(row(&beyond, other, d), &direction) / length;
            beyond[other * d..][..d].iter_mut().zip(&direction).for_each(|(to, from)| *to -= along * from);
            images[other * d..][..d].iter_mut().zip(&image).for_each(|(to, from)| *to -= along * from);
        }
    }
    (order, shares)
}
