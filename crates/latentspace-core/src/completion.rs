//! Completion: the hidden cells of rows, predicted from their visible cells by a fitted model. Sweeps score models by it (cross-validation
//! by entries: Wold 1978, doi:10.1080/00401706.1978.10489693; Owen and Perry 2009, doi:10.1214/08-AOAS227), and missing cells can be filled
//! by it.
//!
//! Two ways. [`iterate`] works for each model that encodes and decodes: hidden cells start from the means, are replaced by what the model
//! decodes, and so on until they settle. For PCA it converges to the least-squares projection on the visible cells. [`least_squares`] is
//! that projection in closed form, for models that are linear in the code, with a ridge: the conditional mean of a Gaussian.

use std::collections::BTreeMap;

use faer::linalg::matmul::matmul;
use faer::linalg::solvers::Solve;
use faer::{Accum, Mat, Par, Side};

use crate::error::{Error, Result};
use crate::linalg::{Matrix, MatrixView, OwnedRows, Pictures};
use crate::parallel::*;
use crate::run::Run;

/// Maximum number of cycles, of two rounds through the model each.
const CYCLES: usize = 12;
/// A row is settled if a round moves its hidden cells by less than this part of the spread of its visible ones.
const SETTLED: f64 = 1e-3;
/// Longest extrapolation, in rounds.
const FARTHEST: f64 = 16.0;
/// Rows that are solved together: each product has this shape, so that a row is the same alone and in any batch.
const TOGETHER: usize = 32;
/// Rows of one pattern of hidden cells that one thread solves.
const PART: usize = 16 * TOGETHER;

/// Fills the cells of rows `[n, d]` that are NaN by fixed-point iteration: `round_trip` encodes and decodes. `means`, `[d]`, are what
/// hidden cells start from; a row without visible cells keeps them. Steps are extrapolated for each row by itself (SQUAREM: Varadhan and
/// Roland 2008, doi:10.1111/j.1467-9469.2007.00585.x). Cost: at most 24 round trips, of fewer rows each time.
///
/// # Errors
/// Errors of `round_trip`; [`Error::Cancelled`].
pub fn iterate(rows: &OwnedRows, means: &[f64], run: &Run, round_trip: &dyn Fn(&OwnedRows) -> Result<Matrix>) -> Result<Matrix> {
    let table = rows.table()?;
    let (n, d) = (table.rows(), table.cols());
    let hidden: Vec<Vec<usize>> = (0..n).map(|row| (0..d).filter(|&column| table.row(row)[column].is_nan()).collect()).collect();
    let mut cells = table.as_slice().to_vec();
    let mut spreads = vec![0.0; n];
    for (row, cells) in cells.chunks_exact_mut(d.max(1)).enumerate() {
        for (cell, &mean) in cells.iter_mut().zip(means) {
            if cell.is_nan() { *cell = mean as f32 } else { spreads[row] += (f64::from(*cell) - mean).powi(2) }
        }
        spreads[row] /= (d - hidden[row].len()).max(1) as f64;
    }
    let mut lengths = vec![f64::INFINITY; n];
    let mut active: Vec<u32> = (0..n as u32).filter(|&row| (1..d).contains(&hidden[row as usize].len())).collect();
    for cycle in 0..CYCLES {
        if active.is_empty() {
            break;
        }
        run.check()?;
        let start = Matrix::new(n, d, cells)?;
        let first = round(&start.select(&active), &active, &hidden, rows, round_trip)?;
        let second = round(&first, &active, &hidden, rows, round_trip)?;
        cells = start.as_slice().to_vec();
        let mut unsettled = Vec::with_capacity(active.len());
        for (at, &row) in active.iter().enumerate() {
            let own = row as usize;
            let (from, once, twice) = (start.row(own), first.row(at), second.row(at));
            let (mut step, mut bend, mut last) = (0.0, 0.0, 0.0);
            for &column in &hidden[own] {
                let (a, b) = (f64::from(once[column]) - f64::from(from[column]), f64::from(twice[column]) - f64::from(once[column]));
                (step, bend, last) = (step + a * a, bend + (b - a).powi(2), last + b * b);
            }
            // A model that runs away decodes what is no number: the row stays where it was.
            if !last.is_finite() {
                continue;
            }
            let is_settled = last <= SETTLED * SETTLED * spreads[own] * hidden[own].len() as f64;
            // Where the last extrapolation made the step longer, this one is not extrapolated.
            let plain = is_settled || cycle + 1 == CYCLES || step > lengths[own] || bend == 0.0;
            let times = if plain { 1.0 } else { (step / bend).sqrt().clamp(1.0, FARTHEST) };
            for &column in &hidden[own] {
                let (from, once, twice) = (f64::from(from[column]), f64::from(once[column]), f64::from(twice[column]));
                let (a, bend) = (once - from, twice - 2.0 * once + from);
                let far = from + 2.0 * times * a + times * times * bend;
                // An extrapolated cell keeps its sign: some models take no negative cells.
                cells[own * d + column] = (if far * twice > 0.0 { far } else { twice }) as f32;
            }
            lengths[own] = step;
            if !is_settled {
                unsettled.push(row);
            }
        }
        active = unsettled;
    }
    Matrix::new(n, d, cells)
}

/// Rows whose hidden cells are replaced by what the model decodes of them.
fn round(
    filled: &Matrix,
    which: &[u32],
    hidden: &[Vec<usize>],
    kind: &OwnedRows,
    round_trip: &dyn Fn(&OwnedRows) -> Result<Matrix>,
) -> Result<Matrix> {
    let d = filled.cols();
    let back = round_trip(&match kind {
        OwnedRows::Pictures(Pictures { shape, .. }) => OwnedRows::Pictures(Pictures { shape: *shape, pixels: filled.clone() }),
        _ => OwnedRows::Dense(filled.clone()),
    })?;
    let mut cells = filled.as_slice().to_vec();
    for (at, &row) in which.iter().enumerate() {
        hidden[row as usize].iter().for_each(|&column| cells[at * d + column] = back.row(at)[column]);
    }
    Matrix::new(which.len(), d, cells)
}

/// Fills the cells of rows `[n, d]` that are NaN with mean + code · axes, of the code `[k]` that minimizes the squared error of the visible
/// cells plus `ridge` `[k]` times the squared code; `axes` are `[k, d]`. An axis with an infinite ridge is not used. With a ridge of noise
/// variance / variance of the code this is the conditional mean of probabilistic PCA.
///
/// Cost: d k² for each pattern of hidden cells and each 512 of its rows, and n k (d + k).
///
/// # Errors
/// [`Error::Input`] if the columns do not fit; [`Error::Internal`] if the ridge is not positive and visible cells do not determine the
/// code; [`Error::Cancelled`].
pub fn least_squares(rows: &OwnedRows, mean: &[f64], axes: &Matrix, ridge: &[f64], run: &Run) -> Result<Matrix> {
    let table = rows.table()?;
    run.install(|| fill(table.view(), mean, axes, ridge, &|| run.check()))
}

/// As [`least_squares`], on the pool of the calling thread; `check` is called between the parts.
///
/// # Errors
/// As there; errors of `check`.
pub fn fill(table: MatrixView<'_>, mean: &[f64], axes: &Matrix, ridge: &[f64], check: &(dyn Fn() -> Result<()> + Sync)) -> Result<Matrix> {
    let d = table.cols();
    if d != axes.cols() {
        return Err(Error::input("data", format!("{d} columns"), format!("the space has {}", axes.cols())));
    }
    let mut patterns: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    for row in 0..table.rows() {
        let mut bits = vec![0_u64; d.div_ceil(64)];
        table.row(row).iter().enumerate().filter(|(_, cell)| cell.is_nan()).for_each(|(column, _)| bits[column / 64] |= 1 << (column % 64));
        patterns.entry(bits).or_default().push(row);
    }
    let used: Vec<usize> = (0..ridge.len()).filter(|&axis| ridge[axis].is_finite()).collect();
    let parts: Vec<(&[u64], &[usize])> =
        patterns.iter().flat_map(|(bits, rows)| rows.chunks(PART).map(move |rows| (bits.as_slice(), rows))).collect();
    let solve = |&(bits, rows): &(&[u64], &[usize])| -> Result<Vec<f32>> {
        check()?;
        let is_hidden = |column: &usize| bits[column / 64] >> (column % 64) & 1 == 1;
        let (hidden, visible): (Vec<usize>, Vec<usize>) = (0..d).partition(is_hidden);
        if hidden.is_empty() {
            return Ok(Vec::new());
        }
        let some = |columns: &[usize]| Mat::from_fn(used.len(), columns.len(), |axis, at| f64::from(axes.row(used[axis])[columns[at]]));
        let (known, wanted) = (some(&visible), some(&hidden));
        let mut normal = Mat::from_fn(used.len(), used.len(), |a, b| if a == b { ridge[used[a]] } else { 0.0 });
        matmul(normal.as_mut(), Accum::Add, known.as_ref(), known.transpose(), 1.0, Par::Seq);
        let undetermined = |_| Error::internal("the visible cells do not determine a code");
        let factor = normal.llt(Side::Lower).map_err(undetermined)?;
        let mut out = Vec::with_capacity(rows.len() * hidden.len());
        for rows in rows.chunks(TOGETHER) {
            let apart = |at: usize, row: usize| f64::from(table.row(rows[row])[visible[at]]) - mean[visible[at]];
            let cells = Mat::from_fn(visible.len(), TOGETHER, |at, row| if row < rows.len() { apart(at, row) } else { 0.0 });
            let mut codes = Mat::<f64>::zeros(used.len(), TOGETHER);
            matmul(codes.as_mut(), Accum::Replace, known.as_ref(), cells.as_ref(), 1.0, Par::Seq);
            factor.solve_in_place(codes.as_mut());
            let mut back = Mat::<f64>::zeros(hidden.len(), TOGETHER);
            matmul(back.as_mut(), Accum::Replace, wanted.transpose(), codes.as_ref(), 1.0, Par::Seq);
            (0..rows.len())
                .for_each(|row| out.extend(hidden.iter().enumerate().map(|(at, &column)| (mean[column] + back[(at, row)]) as f32)));
        }
        Ok(out)
    };
    let solved: Vec<Vec<f32>> = parts.par_iter().map(solve).collect::<Result<_>>()?;
    let mut cells = table.as_slice().to_vec();
    for ((_, rows), solved) in parts.iter().zip(solved) {
        let mut solved = solved.into_iter();
        for &row in *rows {
            cells[row * d..][..d].iter_mut().filter(|cell| cell.is_nan()).zip(solved.by_ref()).for_each(|(cell, value)| *cell = value);
        }
    }
    Matrix::new(table.rows(), d, cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Two orthonormal axes of five columns, and rows near their plane, each with other hidden cells.
    fn plane() -> (Matrix, Vec<f64>, Matrix) {
        let root = 0.5_f32.sqrt();
        let axes = Matrix::new(2, 5, vec![root, root, 0.0, 0.0, 0.0, 0.0, 0.0, 0.6, 0.64, 0.48]).unwrap();
        let (random, mean) = (Random::new(1, "plane"), vec![1.0, -2.0, 3.0, 0.0, 5.0]);
        let row = |row: usize, column: usize| {
            let code = [random.normal(row as u64, 0), 2.0 * random.normal(row as u64, 1)];
            let noise = 0.1 * random.normal(row as u64, 2 + column as u64);
            (mean[column] + noise + (0..2).map(|axis| code[axis] * f64::from(axes.row(axis)[column])).sum::<f64>()) as f32
        };
        let hides = |row: usize, column: usize| [[0, 2], [1, 4], [3, 3], [0, 3]][row % 4].contains(&column);
        let rows = Matrix::from_fn(70, 5, |i, j| if hides(i, j) { f32::NAN } else { row(i, j) });
        (axes, mean, rows)
    }

    fn projection(axes: &Matrix, mean: &[f64], rows: &OwnedRows) -> Matrix {
        let rows = rows.table().unwrap();
        let code = |row: usize, axis: usize| {
            let apart = rows.row(row).iter().zip(mean).map(|(&cell, mean)| f64::from(cell) - mean);
            apart.zip(axes.row(axis)).map(|(x, &w)| x * f64::from(w)).sum::<f64>()
        };
        let cell = |i: usize, j: usize| mean[j] + (0..2).map(|axis| code(i, axis) * f64::from(axes.row(axis)[j])).sum::<f64>();
        Matrix::from_fn(rows.rows(), rows.cols(), |i, j| cell(i, j) as f32)
    }

    #[test]
    fn iteration_converges_to_the_projection_on_the_visible_cells() {
        let (axes, mean, rows) = plane();
        let (run, rows) = (Run::new(0, 2).unwrap(), OwnedRows::Dense(rows));
        let exact = least_squares(&rows, &mean, &axes, &[0.0, 0.0], &run).unwrap();
        let found = iterate(&rows, &mean, &run, &|rows| Ok(projection(&axes, &mean, rows))).unwrap();
        for (at, (&found, &exact)) in found.as_slice().iter().zip(exact.as_slice()).enumerate() {
            assert!((found - exact).abs() < 0.02, "{at}: {found} {exact}");
        }
        // Cells that are visible stay, and a row is the same alone.
        let given = rows.table().unwrap();
        assert!(given.as_slice().iter().zip(exact.as_slice()).all(|(given, out)| given.is_nan() || given == out));
        let alone = OwnedRows::Dense(given.select(&[9]));
        assert_eq!(least_squares(&alone, &mean, &axes, &[0.0, 0.0], &run).unwrap().as_slice(), exact.row(9));
        assert_eq!(iterate(&alone, &mean, &run, &|rows| Ok(projection(&axes, &mean, rows))).unwrap().as_slice(), found.row(9));
    }

    #[test]
    fn the_ridge_gives_the_conditional_mean_of_a_gaussian() {
        // Two columns of covariance [[2, 1], [1, 2]]: one axis of variance 3, noise 1. E[b | a] = a / 2.
        let (run, root) = (Run::new(0, 1).unwrap(), 0.5_f32.sqrt());
        let axes = Matrix::new(1, 2, vec![root, root]).unwrap();
        let rows = OwnedRows::Dense(Matrix::new(3, 2, vec![4.0, f32::NAN, f32::NAN, -1.0, f32::NAN, f32::NAN]).unwrap());
        let found = least_squares(&rows, &[1.0, 2.0], &axes, &[1.0 / (3.0 - 1.0)], &run).unwrap();
        let wanted = [4.0, 3.5, -0.5, -1.0, 1.0, 2.0];
        assert!(found.as_slice().iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-6), "{found:?}");
        // Without an axis the mean is left.
        let found = least_squares(&rows, &[1.0, 2.0], &axes, &[f64::INFINITY], &run).unwrap();
        assert_eq!(found.as_slice(), [4.0, 2.0, 1.0, -1.0, 1.0, 2.0]);
    }

    #[test]
    fn a_model_that_runs_away_leaves_the_row_where_it_was() {
        let rows = OwnedRows::Dense(Matrix::new(2, 2, vec![1.0, f32::NAN, f32::NAN, f32::NAN]).unwrap());
        let away = |rows: &OwnedRows| Ok(Matrix::from_fn(rows.rows(), 2, |_, _| f32::INFINITY));
        let found = iterate(&rows, &[5.0, 6.0], &Run::new(0, 1).unwrap(), &away).unwrap();
        assert_eq!(found.as_slice(), [1.0, 6.0, 5.0, 6.0]);
    }
}
