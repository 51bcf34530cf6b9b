//! What decoding loses: from the sums of a fold, or where these do not resolve it, in one more round over the rows.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::affine::{Affine, ENCODED, decode_block, encode_block};
use super::covariance::Covariance;
use super::frame::{Frame, Moments};
use crate::checkpoint::Parcel;
use crate::error::{Error, Result};
use crate::fold::{Fold, Portable, Step};
use crate::interval::Measure;
use crate::linalg::{Matrix, MatrixView, Points};
use crate::method::{Fitted, Shape};
use crate::model::Model;
use crate::run::Run;
use crate::tensors::Tensors;

/// Sums in f32 resolve variances to this part of the whole, with three digits.
pub(in crate::methods::linear) const RESOLVED: f64 = 1e-4;

/// What rows lose when they are encoded and decoded: sums of squares.
pub(in crate::methods::linear) struct Lost {
    pub(in crate::methods::linear) rows: f64,
    /// Known cells, in rows of all columns.
    pub(in crate::methods::linear) known: f64,
    /// Of the centered rows.
    pub(in crate::methods::linear) total: f64,
    /// Of the differences between rows and decoded rows.
    pub(in crate::methods::linear) lost: f64,
    /// Of each axis.
    pub(in crate::methods::linear) codes: Vec<f64>,
}

impl Lost {
    /// Of no rows.
    pub(in crate::methods::linear) fn none(k: usize) -> Lost {
        Lost { rows: 0.0, known: 0.0, total: 0.0, lost: 0.0, codes: vec![0.0; k] }
    }

    /// Of rows that are encoded by one matrix and decoded by another, `[k, d]`, each row as often as it counts. `complete` predicts missing cells, which
    /// lose nothing. Cost: 4·n·d·k flops.
    pub(in crate::methods::linear) fn of(
        mean: &[f64],
        (encoder, decoder): (&Matrix, &Matrix),
        rows: MatrixView<'_>,
        weights: Option<&[f32]>,
        complete: impl Fn(MatrixView<'_>) -> Result<Matrix>,
    ) -> Result<Lost> {
        let (k, d) = (decoder.rows(), decoder.cols());
        let is_complete = !rows.as_slice().iter().any(|cell| cell.is_nan());
        if is_complete && weights.is_none() {
            return Lost::of_complete(mean, encoder, decoder, rows);
        }
        let mut lost = Lost::none(k);
        let (mut codes, mut back) = (vec![0.0_f32; ENCODED * k], vec![0.0_f32; ENCODED * d]);
        for from in (0..rows.rows()).step_by(ENCODED) {
            let block = rows.slice(from..(from + ENCODED).min(rows.rows()));
            let completed = if is_complete { block.to_matrix() } else { complete(block)? };
            encode_block(mean, encoder, completed.view(), &mut codes)?;
            decode_block(mean, decoder, &codes, &mut back)?;
            for row in 0..block.rows() {
                let weight = weights.map_or(1.0, |weights| f64::from(weights[from + row]));
                for ((&cell, &back), mean) in block.row(row).iter().zip(&back[row * d..]).zip(mean).filter(|((cell, _), _)| !cell.is_nan())
                {
                    lost.known += weight / d as f64;
                    lost.total += weight * (f64::from(cell) - mean).powi(2);
                    lost.lost += weight * (f64::from(cell) - f64::from(back)).powi(2);
                }
                lost.rows += weight;
                lost.codes.iter_mut().zip(&codes[row * k..]).for_each(|(sum, &code)| *sum += weight * f64::from(code).powi(2));
            }
        }
        Ok(lost)
    }

    fn of_complete(mean: &[f64], encoder: &Matrix, decoder: &Matrix, rows: MatrixView<'_>) -> Result<Lost> {
        let (k, d) = (decoder.rows(), decoder.cols());
        let mut lost = Lost::none(k);
        let (mut codes, mut back) = (vec![0.0_f32; ENCODED * k], vec![0.0_f32; ENCODED * d]);
        for from in (0..rows.rows()).step_by(ENCODED) {
            let block = rows.slice(from..(from + ENCODED).min(rows.rows()));
            encode_block(mean, encoder, block, &mut codes)?;
            decode_block(mean, decoder, &codes, &mut back)?;
            for (row, (codes, back)) in (0..block.rows()).map(|row| block.row(row)).zip(codes.chunks_exact(k).zip(back.chunks_exact(d))) {
                for ((&cell, &back), mean) in row.iter().zip(back).zip(mean) {
                    lost.total += (f64::from(cell) - mean).powi(2);
                    lost.lost += (f64::from(cell) - f64::from(back)).powi(2);
                }
                lost.count(codes);
            }
        }
        Ok(lost)
    }

    /// Counts a row without missing cells, with these codes.
    pub(in crate::methods::linear) fn count(&mut self, codes: &[f32]) {
        self.rows += 1.0;
        self.known += 1.0;
        self.codes.iter_mut().zip(codes).for_each(|(sum, &code)| *sum += f64::from(code).powi(2));
    }

    /// A sum of squares as a variance of rows without missing cells.
    pub(in crate::methods::linear) fn variance(&self, squares: f64) -> f64 {
        if self.known > 0.0 { squares * self.rows / self.known / (self.rows - 1.0).max(1.0) } else { 0.0 }
    }

    /// Of these and other rows.
    pub(in crate::methods::linear) fn merge(mut self, other: Lost) -> Lost {
        self.rows += other.rows;
        self.known += other.known;
        self.total += other.total;
        self.lost += other.lost;
        self.codes.iter_mut().zip(&other.codes).for_each(|(a, b)| *a += b);
        self
    }
}

impl Portable for Lost {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel { facts: json!({ "measuring": true }), ..Parcel::default() };
        parcel.tensors.put_f64("rows_total_lost_known", &[self.rows, self.total, self.lost, self.known])?;
        parcel.tensors.put_f64("codes", &self.codes)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let scalars = parcel.tensors.f64("rows_total_lost_known", Some(4))?;
        Ok(Lost {
            rows: scalars[0],
            total: scalars[1],
            lost: scalars[2],
            known: scalars[3],
            codes: parcel.tensors.f64("codes", None)?.to_vec(),
        })
    }
}

/// The result of a fold whose decoding loss can be measured.
pub(in crate::methods::linear) trait Decodes: Portable + Send + Sync {
    /// What some rows lose, each as often as it counts.
    ///
    /// # Errors
    /// [`Error::Input`] if the columns do not fit.
    fn lose(&self, rows: Points<'_>, weights: Option<&[f32]>) -> Result<Lost>;
    /// Whether the loss is known to three digits.
    fn is_resolved(&self) -> bool;
    /// The same with what all rows lose.
    fn with(self, lost: &Lost) -> Self;
    /// The model with its measures.
    fn fitted(self) -> Fitted;
}

/// A solver, and one more round over the rows if its sums do not resolve what decoding loses.
pub(in crate::methods::linear) struct Measured<F> {
    pub(in crate::methods::linear) solver: F,
    /// Whether each row is seen only once.
    pub(in crate::methods::linear) once: bool,
    /// How often each row counts; none: once.
    pub(in crate::methods::linear) weights: Option<Arc<[f32]>>,
}

/// The rounds of a solver, or the one after them.
pub(in crate::methods::linear) enum Stage<L, M> {
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

impl<F: Fold<Outcome: Decodes>> Fold for Measured<F> {
    type State = Stage<F::State, F::Outcome>;
    type Stats = Stage<F::Stats, Lost>;
    type Outcome = Fitted;

    fn start(&self, shape: Shape, first: Points<'_>) -> Result<Self::State> {
        self.solver.start(shape, first).map(Stage::Learning)
    }

    fn accumulate(&self, state: &Self::State, chunk: Points<'_>, first: usize) -> Result<Self::Stats> {
        match state {
            Stage::Learning(state) => self.solver.accumulate(state, chunk, first).map(Stage::Learning),
            Stage::Measuring(learned) => {
                let weights = self.weights.as_ref().map(|weights| &weights[first..first + chunk.rows()]);
                learned.lose(chunk, weights).map(Stage::Measuring)
            }
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
            (Stage::Measuring(learned), Stage::Measuring(lost)) => return Ok(Step::Done(learned.with(&lost).fitted())),
            _ => return Err(Error::input("statistics", "those of another round", "shares of one round are needed")),
        };
        if learned.is_resolved() || self.once {
            return Ok(Step::Done(learned.fitted()));
        }
        Ok(Step::Again(Stage::Measuring(learned)))
    }
}

/// A linear model that a fold learns.
pub(in crate::methods::linear) trait LinearModel: Model + Sized + 'static {
    /// Its codes and decoded rows.
    fn affine(&self) -> &Affine;

    /// Rows whose missing cells are predicted from the others of their row.
    ///
    /// # Errors
    /// [`Error::Internal`] if the model does not predict cells.
    fn predicted(&self, _rows: MatrixView<'_>) -> Result<Matrix> {
        Err(Error::internal("a model of complete rows"))
    }

    /// Opens what [`Model::store`] wrote.
    ///
    /// # Errors
    /// [`Error::Input`] if a tensor is missing or has a wrong shape.
    fn load(tensors: &Tensors) -> Result<Self>;
}

/// A linear model with its facts and what decoding loses.
pub(in crate::methods::linear) struct Learned<M> {
    pub(in crate::methods::linear) model: M,
    pub(in crate::methods::linear) facts: Map<String, Value>,
    pub(in crate::methods::linear) loss: Loss,
}

impl<M: LinearModel> Decodes for Learned<M> {
    fn lose(&self, rows: Points<'_>, weights: Option<&[f32]>) -> Result<Lost> {
        let Affine { mean, encoder, decoder } = self.model.affine();
        rows.as_table(|rows| Lost::of(mean, (encoder, decoder), rows, weights, |rows| self.model.predicted(rows)))?
    }

    fn is_resolved(&self) -> bool {
        self.loss.is_resolved
    }

    fn with(self, lost: &Lost) -> Self {
        Learned { loss: Loss::measured(lost), ..self }
    }

    fn fitted(self) -> Fitted {
        let (k, d) = (self.model.n_components(), self.model.columns());
        Fitted { model: Box::new(self.model), codes: None, facts: self.facts, measures: self.loss.measures(k, d) }
    }
}

impl<M: LinearModel> Portable for Learned<M> {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = self.loss.store()?;
        self.model.store(&mut parcel.tensors)?;
        parcel.facts = json!({ "measuring": true, "facts": self.facts });
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let facts = parcel.facts["facts"].as_object().cloned().unwrap_or_default();
        Ok(Learned { model: M::load(&parcel.tensors)?, facts, loss: Loss::load(parcel)? })
    }
}

/// The loss that sums over rows tell, as variances.
#[derive(Clone, Copy)]
pub(in crate::methods::linear) struct Loss {
    /// Number of rows.
    pub(in crate::methods::linear) rows: f64,
    /// The variance of the rows, divided by n - 1.
    pub(in crate::methods::linear) total: f64,
    /// The variance that decoding loses, likewise.
    pub(in crate::methods::linear) lost: f64,
    /// Whether it is known to three digits.
    pub(in crate::methods::linear) is_resolved: bool,
}

impl Loss {
    /// A loss by sums of rows seen through a frame, with their mean, their variance and what is lost of it, all within the frame.
    pub(in crate::methods::linear) fn within(frame: &Frame, moments: &Moments, mean: &[f64], total: f64, lost: f64) -> Loss {
        let told = RESOLVED * moments.squares / moments.count;
        // Decoded rows are rounded to 32 bits at the magnitude of the rows.
        let outside = frame.mean_outside(mean);
        let rounding: f64 = outside.iter().map(|mean| (mean * f64::from(f32::EPSILON)).powi(2)).sum();
        let is_resolved = lost > told && rounding < RESOLVED * frame.variance_outside(lost);
        Loss { rows: moments.count, total: frame.variance_outside(total), lost: frame.variance_outside(lost), is_resolved }
    }

    /// The same by a covariance.
    pub(in crate::methods::linear) fn by(covariance: &Covariance, lost: f64) -> Loss {
        Loss::within(&covariance.frame, &covariance.moments, &covariance.mean, covariance.total(), lost)
    }

    /// The loss of all rows.
    pub(in crate::methods::linear) fn measured(lost: &Lost) -> Loss {
        Loss { rows: lost.rows, total: lost.variance(lost.total), lost: lost.variance(lost.lost), is_resolved: true }
    }

    /// The explained variance and the reconstruction error of `k` dimensions of `d` columns, each with its null.
    pub(in crate::methods::linear) fn measures(self, k: usize, d: usize) -> Vec<(&'static str, Measure)> {
        // Errors are means over the rows, as anyone has them who decodes and compares.
        let mean_square = |variance: f64| variance * (self.rows - 1.0).max(1.0) / self.rows.max(1.0) / d as f64;
        let share = if self.total > 0.0 { (1.0 - self.lost / self.total).min(1.0) } else { 1.0 };
        vec![
            ("explained_variance", Measure::exact(share, Some(k as f64 / d as f64))),
            ("reconstruction_error", Measure::exact(mean_square(self.lost), Some(mean_square(self.total)))),
        ]
    }
}

impl Portable for Loss {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        parcel.tensors.put_f64("rows_total_lost", &[self.rows, self.total, self.lost])?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let scalars = parcel.tensors.f64("rows_total_lost", Some(3))?;
        Ok(Loss { rows: scalars[0], total: scalars[1], lost: scalars[2], is_resolved: false })
    }
}
