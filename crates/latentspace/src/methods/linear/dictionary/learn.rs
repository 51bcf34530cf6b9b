//! Passes over the rows in mini-batches: codes of each, then better atoms.

use serde_json::{Map, json};

use super::Dictionary;
use super::model::DictionaryModel;
use super::units::Units;
use super::update::Sums;
use crate::error::{Result, count};
use crate::interval::{Measure, number};
use crate::linalg::{Matrix, MatrixView, OwnedRows, Threads, product_transposed};
use crate::method::{Fitted, Method};
use crate::methods::linear::coding::{Coder, Coding, Room};
use crate::model::Model;
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Rows that a thread codes at a time.
const PIECE: usize = 16;
/// Codes of mini-batches are exact to this part of their largest entry.
const TOLERANCE: f64 = 1e-4;
/// Passes in a row that hardly lower the objective, before it ends.
const STALE: usize = 3;
/// Two atoms with a cosine of more are one.
const EQUAL: f64 = 0.99;
/// An atom of 1.2 times the noise of a cell stands out (Mairal and others 2010, section 6).
const USUAL_ALPHA: f64 = 1.2;

pub(super) fn learn(method: &Dictionary, k: usize, sparsity: usize, rows: &OwnedRows, run: &Run) -> Result<Fitted> {
    let title = Dictionary::INFO.title;
    let (n, d) = (rows.rows(), rows.cols());
    let passes = u64::from(method.n_iter);
    run.progress(title, 0, passes);
    let units = Units::of(rows, method.center, run)?;
    let alpha = method.alpha.or_else(|| USUAL_ALPHA * units.width);
    let batches = n.div_ceil(method.batch as usize).max(1);
    let mut learning = Learning {
        rows,
        units: &units,
        coding: method.fit_algorithm,
        alpha: alpha * units.scale,
        sparsity,
        atoms: start(rows, &units, k, run)?,
        sums: Sums::new(k, d),
        codes: Vec::new(),
        along: Vec::new(),
    };
    let random = Random::new(run.seed(), "dictionary order");
    let (mut best, mut stale, mut done, mut replaced, mut change) = (f64::INFINITY, 0, 0, 0, 1.0);
    while done < passes && stale < STALE {
        let order = random.permutation(done, n);
        let mut pass = Pass { errors: vec![0.0; n], used: vec![0; k], objective: 0.0 };
        for batch in 0..batches {
            run.check()?;
            // What is kept makes the sums those of about the last pass, and of all batches before the first has ended.
            let before = (done as usize * batches + batch).min(batches - 1) as f64;
            learning.batch(&order, batch * n / batches..(batch + 1) * n / batches, before / (before + 1.0), &mut pass, run)?;
        }
        done += 1;
        let objective = pass.objective / n.max(1) as f64 / units.scale / units.scale;
        change = if objective > 0.0 { (best - objective) / objective } else { 0.0 };
        stale = if change < method.tol { stale + 1 } else { 0 };
        best = best.min(objective);
        run.progress_with_loss(title, done, passes, "objective", objective);
        if stale == 0 && done + (STALE as u64) < passes {
            replaced += learning.replace(&order, &pass, random, done)?;
        }
    }
    let converged = stale == STALE;
    if !converged {
        run.note(format!(
            "{title}: not converged after {} passes: the last lowered the objective by {} of it; a larger n_iter or tol ends it",
            count(done),
            number(change)
        ));
    }
    let model = DictionaryModel::new(
        Matrix::from_fn(k, d, |atom, column| learning.atoms[atom * d + column] as f32),
        vec![0.0; k],
        units.mean.clone(),
        units.scale,
        (method.encode_algorithm, alpha, sparsity),
    )?;
    let coded = coded(&model, rows, run)?;
    let mut facts = Map::new();
    facts.insert("n_components".to_owned(), json!(k));
    facts.insert("alpha".to_owned(), json!(alpha));
    facts.insert("objective".to_owned(), json!((0.5 * coded.lost + alpha * coded.absolute) / n.max(1) as f64));
    facts.insert("n_nonzero".to_owned(), json!(coded.nonzero / n.max(1) as f64));
    facts.insert("replaced_atoms".to_owned(), json!(replaced));
    facts.insert("n_iter".to_owned(), json!(done));
    facts.insert("converged".to_owned(), json!(converged));
    let (cells, total) = ((n * d).max(1) as f64, units.total);
    let explained = if total > 0.0 { 1.0 - coded.lost / total } else { 1.0 };
    // Any s atoms explain s of d directions.
    let null = (coded.nonzero / cells).min(1.0);
    let measures = vec![
        ("explained_variance", Measure::exact(explained, Some(null))),
        ("reconstruction_error", Measure::exact(coded.lost / cells, Some(total / cells))),
    ];
    let model = model.ordered(&coded.energies)?;
    Ok(Fitted { model: Box::new(model), codes: None, facts, measures })
}

/// Rows as the first atoms, by the seed.
fn start(rows: &OwnedRows, units: &Units, k: usize, run: &Run) -> Result<Vec<f64>> {
    let (n, d) = (rows.rows(), rows.cols());
    let random = Random::new(run.seed(), "dictionary start");
    let first = units.select(rows, &random.sample(0, n, k))?;
    let mut atoms = vec![0.0_f64; k * d];
    for (at, atom) in atoms.chunks_exact_mut(d.max(1)).enumerate() {
        if at < first.rows() {
            direction(first.row(at), atom, random, at as u64);
        }
    }
    Ok(atoms)
}

/// The direction of a row; of a row of zeros a random one.
fn direction(row: &[f32], atom: &mut [f64], random: Random, step: u64) {
    atom.iter_mut().zip(row).for_each(|(cell, &value)| *cell = f64::from(value));
    let largest = atom.iter().fold(0.0_f64, |largest, cell| largest.max(cell.abs()));
    if largest <= 1e-20 {
        atom.iter_mut().enumerate().for_each(|(at, cell)| *cell = random.normal(step + 1, at as u64));
    } else {
        atom.iter_mut().for_each(|cell| *cell /= largest);
    }
    let length = atom.iter().map(|cell| cell * cell).sum::<f64>().sqrt();
    atom.iter_mut().for_each(|cell| *cell /= length);
}

/// What a pass over the rows knows.
struct Pass {
    /// `[n]`: half the squared error of each row, in the order of the pass.
    errors: Vec<f64>,
    /// `[k]`: rows that use each atom.
    used: Vec<u32>,
    /// The sum of what is minimized.
    objective: f64,
}

struct Learning<'a> {
    rows: &'a OwnedRows,
    units: &'a Units,
    coding: Coding,
    /// In the units.
    alpha: f64,
    sparsity: usize,
    /// `[k, d]`.
    atoms: Vec<f64>,
    sums: Sums,
    /// `[batch, k]` each: codes, and products of rows and atoms.
    codes: Vec<f32>,
    along: Vec<f32>,
}

impl Learning<'_> {
    fn coder(&self, atoms: MatrixView<'_>) -> Result<Coder> {
        let k = atoms.rows();
        let mut gram = vec![0.0_f32; k * k];
        product_transposed(atoms, atoms, &mut gram, Threads::Pool);
        Coder::new(gram.into_iter().map(f64::from).collect(), self.coding, self.alpha, self.sparsity, TOLERANCE)
    }

    /// Codes a mini-batch and improves the atoms. `keep` is the share of the earlier sums that is kept.
    fn batch(&mut self, order: &[u32], range: std::ops::Range<usize>, keep: f64, pass: &mut Pass, run: &Run) -> Result<()> {
        let rows = self.units.select(self.rows, &order[range.clone()])?;
        let (size, d) = (rows.rows(), rows.cols());
        let k = pass.used.len();
        let atoms: Vec<f32> = self.atoms.iter().map(|&cell| cell as f32).collect();
        let atoms = MatrixView::new(k, d, &atoms)?;
        let coder = self.coder(atoms)?;
        self.along.resize(size * k, 0.0);
        self.codes.resize(size * k, 0.0);
        product_transposed(rows.view(), atoms, &mut self.along, Threads::Pool);
        let pieces = self.codes.par_chunks_mut(PIECE * k).zip(self.along.par_chunks(PIECE * k));
        let pieces = pieces.zip(pass.errors[range.clone()].par_chunks_mut(PIECE)).enumerate();
        pieces.try_for_each_init(
            || Room::new(k),
            |room, (piece, ((codes, along), errors))| {
                run.check()?;
                for (at, error) in errors.iter_mut().enumerate() {
                    room.along.iter_mut().zip(&along[at * k..]).for_each(|(to, &from)| *to = f64::from(from));
                    coder.code(room);
                    codes[at * k..][..k].iter_mut().zip(&room.code).for_each(|(to, &from)| *to = from as f32);
                    *error = room.error(rows.row(piece * PIECE + at).iter().map(|&cell| f64::from(cell).powi(2)).sum());
                }
                Ok(())
            },
        )?;
        let penalty = if self.coding == Coding::Omp { 0.0 } else { self.alpha };
        for (codes, error) in self.codes.chunks_exact(k).zip(&pass.errors[range]) {
            let absolute: f64 = codes.iter().map(|&code| f64::from(code.abs())).sum();
            pass.used.iter_mut().zip(codes).for_each(|(used, &code)| *used += u32::from(code != 0.0));
            pass.objective += error + penalty * absolute;
        }
        self.sums.add(keep, &self.codes, rows.view())?;
        self.sums.improve(&mut self.atoms);
        Ok(())
    }

    /// Replaces atoms that no row of the pass uses, and those nearly equal to one that is used more, by the rows with the largest errors.
    fn replace(&mut self, order: &[u32], pass: &Pass, random: Random, done: u64) -> Result<usize> {
        let (k, d) = (pass.used.len(), self.rows.cols());
        let atoms: Vec<f32> = self.atoms.iter().map(|&cell| cell as f32).collect();
        let gram = self.coder(MatrixView::new(k, d, &atoms)?)?.gram;
        let is_more = |a: usize, b: usize| pass.used[a] > pass.used[b] || (pass.used[a] == pass.used[b] && a < b);
        let spare = |atom: usize| pass.used[atom] == 0 || (0..k).any(|other| gram[atom * k + other].abs() > EQUAL && is_more(other, atom));
        let spare: Vec<usize> = (0..k).filter(|&atom| spare(atom)).collect();
        let mut worst: Vec<u32> = (0..order.len() as u32).filter(|&at| pass.errors[at as usize] > 0.0).collect();
        worst.sort_by(|&a, &b| pass.errors[b as usize].total_cmp(&pass.errors[a as usize]).then(order[a as usize].cmp(&order[b as usize])));
        worst.truncate(spare.len());
        let worst: Vec<u32> = worst.into_iter().map(|at| order[at as usize]).collect();
        let rows = self.units.select(self.rows, &worst)?;
        for (at, &atom) in spare.iter().enumerate().take(rows.rows()) {
            direction(rows.row(at), &mut self.atoms[atom * d..][..d], random, done * k as u64 + at as u64);
            self.sums.forget(atom);
        }
        Ok(rows.rows())
    }
}

/// Sums over all rows, as the space encodes and decodes them.
struct Coded {
    /// Squared errors.
    lost: f64,
    /// Absolute codes.
    absolute: f64,
    /// Codes that are not 0.
    nonzero: f64,
    /// `[k]`: squared codes.
    energies: Vec<f64>,
}

fn coded(model: &DictionaryModel, rows: &OwnedRows, run: &Run) -> Result<Coded> {
    /// Rows at a time.
    const BLOCK: usize = 4096;
    let mut sums = Coded { lost: 0.0, absolute: 0.0, nonzero: 0.0, energies: vec![0.0; model.n_components()] };
    for from in (0..rows.rows()).step_by(BLOCK) {
        let block = rows.select(&(from as u32..(from + BLOCK).min(rows.rows()) as u32).collect::<Vec<u32>>());
        let codes = model.encode(&block, run)?;
        let back = model.decode(&codes, run)?;
        for row in 0..codes.rows() {
            for (energy, &code) in sums.energies.iter_mut().zip(codes.row(row)) {
                let code = f64::from(code.abs());
                sums.absolute += code;
                sums.nonzero += f64::from(u8::from(code != 0.0));
                *energy += code * code;
            }
        }
        let one = |row: usize, cells: &[f32]| -> f64 {
            cells.iter().zip(back.row(row)).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
        };
        sums.lost += block.points().as_table(|table| (0..table.rows()).map(|row| one(row, table.row(row))).sum::<f64>())?;
    }
    Ok(sums)
}
