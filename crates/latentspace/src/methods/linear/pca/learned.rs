//! What the solvers find, and what decoding loses of it.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use serde_json::{Map, json};

use super::Solver;
use super::frame::{Frame, Moments};
use super::model::{ENCODED, PcaModel};
use crate::checkpoint::Parcel;
use crate::error::{Error, Result};
use crate::fold::{Fold, Portable, Step};
use crate::linalg::{Matrix, MatrixView, Points, SparseRows};
use crate::measure::Measure;
use crate::method::{Fitted, Shape};
use crate::model::Model;
use crate::parallel::*;
use crate::run::Run;

/// What every solver is after.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    pub(super) k: usize,
    pub(super) whiten: bool,
    pub(super) solver: Solver,
    /// Whether rows come by once.
    pub(super) once: bool,
}

/// What the solvers find.
pub(super) struct Learned {
    pub(super) model: PcaModel,
    /// How many there were.
    pub(super) rows: f64,
    /// The variance that decoding loses.
    pub(super) lost: f64,
    /// Whether that is known to three digits.
    pub(super) is_resolved: bool,
    pub(super) rounds: usize,
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
    /// Of components found through sums of rows seen through a frame: their mean and variance, and the images of the components under their
    /// covariance, `[k, d]`, all within the frame.
    pub(super) fn within(
        frame: &Frame,
        stats: &Moments,
        mean: &[f64],
        components: Matrix,
        images: &[f64],
        total: f64,
        goal: Goal,
    ) -> Learned {
        /// Sums in f32 tell variances to this part of the whole, with three digits.
        const TOLD: f64 = 1e-4;
        let (variances, lost) = decoded(&components, images, total);
        let told = TOLD * stats.squares / stats.count;
        // All axes together lose nothing but what rounding takes.
        let is_whole = components.rows() == components.cols();
        let is_told = !goal.whiten || variances.iter().all(|&variance| variance > told);
        // Decoded rows are rounded to 32 bits at the magnitude of the rows.
        let outside = frame.mean_outside(mean);
        let rounding: f64 = outside.iter().map(|mean| (mean * f64::from(f32::EPSILON)).powi(2)).sum();
        let variances = variances.into_iter().map(|variance| frame.variance_outside(variance)).collect();
        let model = PcaModel::new(outside, variances, components, frame.variance_outside(total), goal.whiten);
        let is_resolved = (is_whole || lost > told) && is_told && rounding < TOLD * frame.variance_outside(lost.max(told));
        Learned { model, rows: stats.count, lost: frame.variance_outside(lost), is_resolved, rounds: 0 }
    }

    /// The same with what the rows themselves say.
    pub(super) fn with(mut self, lost: &Lost) -> Learned {
        let freedom = (lost.rows - 1.0).max(1.0);
        // Rounding leaves no more to an axis than to those before it.
        let mut least = f64::INFINITY;
        for (variance, squares) in self.model.variances.iter_mut().zip(&lost.codes) {
            least = least.min(squares / freedom);
            *variance = least;
        }
        self.model.total = lost.total / freedom;
        Learned { lost: lost.lost / freedom, is_resolved: true, ..self }
    }

    /// As a space.
    fn fitted(self, goal: Goal) -> Fitted {
        let Learned { model, rows, lost, rounds, .. } = self;
        let cols = model.mean.len() as f64;
        // Errors are means over the rows, as anyone has them who decodes and compares.
        let mean_square = |variance: f64| variance * (rows - 1.0).max(1.0) / rows.max(1.0) / cols;
        let share = if model.total > 0.0 { (1.0 - lost / model.total).clamp(0.0, 1.0) } else { 1.0 };
        let mut facts = Map::new();
        facts.insert("solver".to_owned(), json!(goal.solver));
        facts.insert("n_components".to_owned(), json!(goal.k));
        if rounds > 0 {
            facts.insert("rounds".to_owned(), json!(rounds));
        }
        let measures = vec![
            ("explained_variance", Measure::exact(share, Some(goal.k as f64 / cols))),
            ("reconstruction_error", Measure::exact(mean_square(lost), Some(mean_square(model.total)))),
        ];
        Fitted { model: Box::new(model), codes: None, facts, measures }
    }
}

impl Portable for Learned {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        let facts = Model::store(&self.model, &mut parcel.tensors)?;
        parcel.facts = json!({ "measuring": true, "rounds": self.rounds, "model": facts });
        parcel.tensors.put_f64("rows_lost", &[self.rows, self.lost])?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let scalars = parcel.tensors.f64("rows_lost", Some(2))?;
        let rounds = parcel.facts["rounds"].as_u64().unwrap_or(0) as usize;
        let model = PcaModel::load(&parcel.tensors, &parcel.facts["model"])?;
        Ok(Learned { model, rows: scalars[0], lost: scalars[1], is_resolved: false, rounds })
    }
}

/// What some rows lose when they are encoded and decoded: sums of squares.
pub(super) struct Lost {
    rows: f64,
    total: f64,
    lost: f64,
    /// Of each axis.
    codes: Vec<f64>,
}

impl Lost {
    fn none(model: &PcaModel) -> Lost {
        Lost { rows: 0.0, total: 0.0, lost: 0.0, codes: vec![0.0; model.components.rows()] }
    }

    /// Of rows that a model encodes and decodes. Cost: 4 n d k; of sparse rows 2 k a cell.
    pub(super) fn of(model: &PcaModel, rows: Points<'_>) -> Result<Lost> {
        match rows {
            Points::Dense(rows) => Lost::of_dense(model, rows),
            Points::Sparse(rows) => Ok(Lost::of_sparse(model, &overlaps(&model.components), rows)),
        }
    }

    fn of_dense(model: &PcaModel, rows: MatrixView<'_>) -> Result<Lost> {
        let (k, d) = (model.components.rows(), model.components.cols());
        let mut lost = Lost::none(model);
        let (mut codes, mut back) = (vec![0.0_f32; ENCODED * k], vec![0.0_f32; ENCODED * d]);
        for from in (0..rows.rows()).step_by(ENCODED) {
            let block = rows.slice(from..(from + ENCODED).min(rows.rows()));
            model.encode_dense(block, &mut codes)?;
            model.decode_block(&codes, &mut back)?;
            for (row, (codes, back)) in (0..block.rows()).map(|row| block.row(row)).zip(codes.chunks_exact(k).zip(back.chunks_exact(d))) {
                for ((&cell, &back), mean) in row.iter().zip(back).zip(&model.mean) {
                    lost.total += (f64::from(cell) - mean).powi(2);
                    lost.lost += (f64::from(cell) - f64::from(back)).powi(2);
                }
                lost.count(codes);
            }
        }
        Ok(lost)
    }

    /// Of sparse rows, none of which is decoded: with `overlap` the inner products of the components,
    /// |x - W'c|² = |x|² - 2 c·Wx + c·WW'c, in f64.
    pub(super) fn of_sparse(model: &PcaModel, overlap: &[f64], rows: SparseRows<'_>) -> Lost {
        let k = model.components.rows();
        let mut lost = Lost::none(model);
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

    fn count(&mut self, codes: &[f32]) {
        self.rows += 1.0;
        self.codes.iter_mut().zip(codes).for_each(|(sum, &code)| *sum += f64::from(code).powi(2));
    }

    pub(super) fn merge(mut self, other: Lost) -> Lost {
        self.rows += other.rows;
        self.total += other.total;
        self.lost += other.lost;
        self.codes.iter_mut().zip(&other.codes).for_each(|(a, b)| *a += b);
        self
    }
}

impl Portable for Lost {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel { facts: json!({ "measuring": true }), ..Parcel::default() };
        parcel.tensors.put_f64("rows_total_lost", &[self.rows, self.total, self.lost])?;
        parcel.tensors.put_f64("codes", &self.codes)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let scalars = parcel.tensors.f64("rows_total_lost", Some(3))?;
        Ok(Lost { rows: scalars[0], total: scalars[1], lost: scalars[2], codes: parcel.tensors.f64("codes", None)?.to_vec() })
    }
}

/// A solver, and one more round over the rows where its sums do not tell what decoding loses.
pub(super) struct Measured<F> {
    pub(super) solver: F,
    pub(super) goal: Goal,
}

/// The rounds of a solver, or the one after them.
pub(super) enum Stage<L, M> {
    Learning(L),
    Measuring(M),
}

impl<L: Portable, M: Portable> Portable for Stage<L, M> {
    fn store(&self) -> Result<Parcel> {
        match self {
            Stage::Learning(learning) => learning.store(),
            Stage::Measuring(measuring) => measuring.store(),
        }
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        if parcel.facts["measuring"] == true { M::load(parcel).map(Stage::Measuring) } else { L::load(parcel).map(Stage::Learning) }
    }
}

impl<F: Fold<Outcome = Learned>> Fold for Measured<F> {
    type State = Stage<F::State, Learned>;
    type Stats = Stage<F::Stats, Lost>;
    type Outcome = Fitted;

    fn start(&self, shape: Shape, first: Points<'_>) -> Result<Self::State> {
        self.solver.start(shape, first).map(Stage::Learning)
    }

    fn accumulate(&self, state: &Self::State, chunk: Points<'_>, first: usize) -> Result<Self::Stats> {
        match state {
            Stage::Learning(state) => self.solver.accumulate(state, chunk, first).map(Stage::Learning),
            Stage::Measuring(learned) => Lost::of(&learned.model, chunk).map(Stage::Measuring),
        }
    }

    fn merge(&self, left: Self::Stats, right: Self::Stats) -> Self::Stats {
        match (left, right) {
            (Stage::Learning(left), Stage::Learning(right)) => Stage::Learning(self.solver.merge(left, right)),
            (Stage::Measuring(left), Stage::Measuring(right)) => Stage::Measuring(left.merge(right)),
            // Statistics of two rounds never meet: those of the later one stay, and the counts tell.
            (Stage::Measuring(measured), _) | (_, Stage::Measuring(measured)) => Stage::Measuring(measured),
        }
    }

    fn solve(&self, state: Self::State, stats: Self::Stats, run: &Run) -> Result<Step<Self::State, Fitted>> {
        let learned = match (state, stats) {
            (Stage::Learning(state), Stage::Learning(stats)) => match self.solver.solve(state, stats, run)? {
                Step::Again(state) => return Ok(Step::Again(Stage::Learning(state))),
                Step::Done(learned) => learned,
            },
            (Stage::Measuring(learned), Stage::Measuring(lost)) => learned.with(&lost),
            _ => return Err(Error::input("statistics", "those of another round", "shares of one round are needed")),
        };
        if learned.is_resolved || self.goal.once {
            return Ok(Step::Done(learned.fitted(self.goal)));
        }
        Ok(Step::Again(Stage::Measuring(learned)))
    }
}
