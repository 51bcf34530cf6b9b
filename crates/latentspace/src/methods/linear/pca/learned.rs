//! What the solvers find, and what decoding loses of it.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use serde_json::{Map, Value, json};

use super::model::PcaModel;
use super::svd::SvdModel;
use super::{Pca, Solver, Svd};
use crate::checkpoint::Parcel;
use crate::error::Result;
use crate::fold::Portable;
use crate::linalg::{Matrix, MatrixView, Points, SparseRows, complete, thin_svd};
use crate::method::{Fitted, Method};
use crate::methods::linear::frame::{Frame, Moments};
use crate::methods::linear::incomplete::Maximum;
use crate::methods::linear::measured::{Decodes, Loss, Lost, RESOLVED};
use crate::model::Model;
use crate::parallel::*;

/// What every solver is after.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    pub(super) k: usize,
    pub(super) whiten: bool,
    /// Whether directions are those from the mean (PCA), not those from 0 (truncated SVD).
    pub(super) centered: bool,
    pub(super) solver: Solver,
    /// Whether rows come by once.
    pub(super) once: bool,
}

impl Goal {
    /// The method's name, for progress.
    pub(super) fn title(self) -> &'static str {
        if self.centered { Pca::INFO.title } else { Svd::INFO.title }
    }
}

/// What the solvers find.
pub(super) struct Learned {
    pub(super) model: PcaModel,
    pub(super) loss: Loss,
    pub(super) solver: Solver,
    pub(super) rounds: usize,
    /// More facts.
    pub(super) facts: Map<String, Value>,
    /// The mean of the rows, if the model sees them from 0.
    pub(super) mean: Option<Vec<f64>>,
}

/// What a matrix of second moments says of stored components: the variance of each code, and the variance that decoding loses, both in f64 and of
/// the components as they are stored, which are no more than nearly orthonormal. `[k, d]` are the components and the covariance times them.
pub(super) fn decoded(components: &Matrix, images: &[f64], total: f64) -> (Vec<f64>, f64) {
    let (k, d) = (components.rows(), components.cols());
    let inner = |left: &[f32], right: &[f64]| left.iter().zip(right).map(|(&a, b)| f64::from(a) * b).sum::<f64>();
    let overlap = overlaps(components);
    let mut lost = total;
    let mut own = vec![0.0; k];
    for a in 0..k {
        for b in 0..=a {
            let shared = inner(components.row(b), &images[a * d..][..d]);
            // |x - W'Wx|² = |x|² - 2 |Wx|² + (Wx)' W W' Wx, summed up.
            if a == b {
                own[a] = shared.max(0.0);
                lost += (overlap[a * k + a] - 2.0) * shared;
            } else {
                lost += 2.0 * overlap[a * k + b] * shared;
            }
        }
    }
    (own, lost.max(0.0))
}

/// The inner products of components, `[k, k]`, in f64: k² d multiply-adds.
pub(super) fn overlaps(components: &Matrix) -> Vec<f64> {
    /// Columns that are widened at a time, and parts of all columns that are summed up side by side.
    const WIDE: usize = 4096;
    const PARTS: usize = 8;
    let (k, d) = (components.rows(), components.cols());
    let part = d.div_ceil(PARTS).max(WIDE);
    let starts: Vec<usize> = (0..d).step_by(part).collect();
    let sums = starts.par_iter().map(|&start| {
        let end = (start + part).min(d);
        let mut sums = Mat::<f64>::zeros(k, k);
        for from in (start..end).step_by(WIDE) {
            let wide = Mat::from_fn(WIDE.min(end - from), k, |column, axis| f64::from(components.row(axis)[from + column]));
            matmul(sums.as_mut(), Accum::Add, wide.transpose(), wide.as_ref(), 1.0, Par::Seq);
        }
        sums
    });
    let whole = sums.collect::<Vec<Mat<f64>>>().into_iter().reduce(|left, right| left + right).unwrap_or_else(|| Mat::zeros(k, k));
    (0..k * k).map(|at| whole[((at / k).max(at % k), (at / k).min(at % k))]).collect()
}

impl Learned {
    /// Of components found through sums of rows seen through a frame: their mean, their variance from the mean or from 0, and the images of the
    /// components under their covariance or second moments, `[k, d]`, all within the frame.
    pub(super) fn within(
        frame: &Frame,
        stats: &Moments,
        mean: &[f64],
        components: Matrix,
        images: &[f64],
        total: f64,
        goal: Goal,
    ) -> Learned {
        let (variances, lost) = decoded(&components, images, total);
        let told = RESOLVED * stats.squares / stats.count;
        let of_squares = |squares: f64| squares / (stats.count - 1.0).max(1.0);
        let spread = of_squares(stats.squares - stats.count * mean.iter().map(|mean| mean * mean).sum::<f64>());
        let loss = Loss::within(frame, stats, mean, if goal.centered { total } else { spread }, lost);
        // All axes together lose nothing but what rounding takes.
        let is_whole = components.rows() == components.cols() && Loss::within(frame, stats, mean, total, 1.001 * told).is_resolved;
        let is_told = !goal.whiten || variances.iter().all(|&variance| variance > told);
        let variances = variances.into_iter().map(|variance| frame.variance_outside(variance)).collect();
        let loss = Loss { is_resolved: (is_whole || loss.is_resolved) && is_told, ..loss };
        Learned::of(frame.mean_outside(mean), variances, components, frame.variance_outside(total), loss, goal)
    }

    /// Of loadings `[d, k]` of independent factors, by maximum likelihood: the components span them.
    pub(super) fn of_loadings(found: Maximum, goal: Goal) -> Result<Learned> {
        let (d, k) = (found.mean.len(), goal.k);
        let turned: Vec<f64> = (0..k * d).map(|at| found.loadings[at % d * k + at / d]).collect();
        let eigen = thin_svd(&turned, k, d)?;
        let mut axes = eigen.vectors[..k * d].to_vec();
        let noise = found.noise.iter().sum::<f64>() / d as f64;
        let variances: Vec<f64> = eigen.values.iter().map(|value| value * value + noise).collect();
        complete(&mut axes, d, |value| value);
        let total = eigen.values.iter().map(|value| value * value).sum::<f64>() + noise * d as f64;
        let components = Matrix::new(k, d, axes.into_iter().map(|value| value as f32).collect())?;
        let loss = Loss { rows: found.rows, total, lost: noise * (d - k) as f64, is_resolved: false };
        let mut facts = Map::new();
        facts.insert("solver".to_owned(), json!("em"));
        facts.insert("converged".to_owned(), json!(found.converged));
        facts.extend(found.chi_squared.map(|own| ("reduced_chi_squared".to_owned(), json!(own))));
        let learned = Learned::of(found.mean, variances, components, total, loss, goal);
        Ok(Learned { rounds: found.n_iter, facts, ..learned })
    }

    /// The same, learned from the nonzero cells of sparse rows.
    pub(super) fn by_cells(self) -> Learned {
        Learned { model: self.model.by_cells(), ..self }
    }

    /// Of the mean of the rows, and their variances from what the goal sees them from.
    pub(super) fn of(mean: Vec<f64>, variances: Vec<f64>, components: Matrix, total: f64, loss: Loss, goal: Goal) -> Learned {
        let origin = if goal.centered { mean.clone() } else { vec![0.0; mean.len()] };
        let model = PcaModel::new(origin, variances, components, total, goal.whiten);
        Learned { model, loss, solver: goal.solver, rounds: 0, facts: Map::new(), mean: (!goal.centered).then_some(mean) }
    }
}

impl Decodes for Learned {
    fn lose(&self, rows: Points<'_>, weights: Option<&[f32]>) -> Result<Lost> {
        lost_of(&self.model, rows, weights)
    }

    fn is_resolved(&self) -> bool {
        self.loss.is_resolved
    }

    fn with(mut self, lost: &Lost) -> Learned {
        let freedom = (lost.rows - 1.0).max(1.0);
        // Rounding leaves no more to an axis than to those before it.
        let mut least = f64::INFINITY;
        for (variance, squares) in self.model.variances.iter_mut().zip(&lost.codes) {
            least = least.min(squares / freedom);
            *variance = least;
        }
        self.model.total = lost.variance(lost.total);
        let loss = Loss::measured(lost);
        // What is explained is measured from the mean, also of a model that sees rows from 0.
        let total = if self.mean.is_some() { self.loss.total } else { loss.total };
        Learned { loss: Loss { total, ..loss }, ..self }
    }

    fn fitted(self) -> Fitted {
        let Learned { model, loss, solver, rounds, facts: more, mean } = self;
        let (k, d) = (model.components.rows(), model.components.cols());
        let mut facts = Map::new();
        facts.insert("solver".to_owned(), json!(solver));
        facts.insert("n_components".to_owned(), json!(k));
        if rounds > 0 {
            facts.insert("rounds".to_owned(), json!(rounds));
        }
        facts.extend(more);
        let model: Box<dyn Model> = match mean {
            None => Box::new(model),
            Some(mean) => Box::new(SvdModel { directions: model, mean, variance: loss.total }),
        };
        Fitted { model, codes: None, facts, measures: loss.measures(k, d) }
    }
}

impl Portable for Learned {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = self.loss.store()?;
        let facts = Model::store(&self.model, &mut parcel.tensors)?;
        if let Some(mean) = &self.mean {
            parcel.tensors.put_f64("mean_of_rows", mean)?;
        }
        parcel.facts = json!({ "measuring": true, "rounds": self.rounds, "solver": self.solver, "facts": self.facts, "model": facts });
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let rounds = parcel.facts["rounds"].as_u64().unwrap_or(0) as usize;
        let solver = serde_json::from_value(parcel.facts["solver"].clone()).unwrap_or_default();
        let model = PcaModel::load(&parcel.tensors, &parcel.facts["model"])?;
        let mean = parcel.tensors.f64("mean_of_rows", Some(model.mean.len())).ok().map(<[f64]>::to_vec);
        let facts = parcel.facts["facts"].as_object().cloned().unwrap_or_default();
        Ok(Learned { model, loss: Loss::load(parcel)?, solver, rounds, facts, mean })
    }
}

/// What sparse rows lose, none of which is decoded: with `overlap` the inner products of the components,
/// |x - W'c|² = |x|² - 2 c·Wx + c·WW'c, in f64.
pub(super) fn lost_of_sparse(model: &PcaModel, overlap: &[f64], rows: SparseRows<'_>) -> Lost {
    let k = model.components.rows();
    let mut lost = Lost::none(k);
    let squares: f64 = model.mean.iter().map(|mean| mean * mean).sum();
    for (row, exact) in model.encode_sparse(rows).chunks_exact(k).enumerate() {
        let codes: Vec<f32> = exact.iter().map(|&code| code as f32).collect();
        let (columns, values) = rows.row(row);
        let cells = columns.iter().zip(values).map(|(&column, &value)| (f64::from(value), model.mean[column as usize]));
        let whole = squares + cells.map(|(value, mean)| value * (value - 2.0 * mean)).sum::<f64>();
        let along: f64 = codes.iter().zip(exact).map(|(&code, exact)| f64::from(code) * exact).sum();
        let times = |a: usize| overlap[a * k..][..k].iter().zip(&codes).map(|(overlap, &code)| overlap * f64::from(code)).sum::<f64>();
        let decoded: f64 = codes.iter().enumerate().map(|(a, &code)| f64::from(code) * times(a)).sum();
        lost.total += whole.max(0.0);
        lost.lost += (whole - 2.0 * along + decoded).max(0.0);
        lost.count(&codes);
    }
    lost
}

/// What rows lose that a model encodes and decodes. Cost: 4 n d k; of sparse rows 2 k a cell.
pub(super) fn lost_of(model: &PcaModel, rows: Points<'_>, weights: Option<&[f32]>) -> Result<Lost> {
    let of =
        |rows: MatrixView<'_>| Lost::of(&model.mean, (&model.components, &model.components), rows, weights, |rows| model.predicted(rows));
    match rows {
        Points::Dense(rows) => of(rows),
        Points::Sparse(rows) if weights.is_some() => of(rows.to_matrix()?.view()),
        Points::Sparse(rows) => Ok(lost_of_sparse(model, &overlaps(&model.components), rows)),
    }
}
