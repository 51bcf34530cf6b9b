//! How well codes predict numbers, such as temperatures: the cross-validated R² of a linear regression, and of the nearest neighbors.

use faer::MatMut;
use serde::Serialize;

use super::ProbeOptions;
use super::plane::{PENALTY, standards};
use super::probe::parts;
use crate::error::{Error, Result, count};
use crate::interval::Measure;
use crate::linalg::{MatrixView, multiply_half, solve_positive};
use crate::neighbors::{Metric, check_finite, query};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Rows for which the null is estimated at most.
const NULL_ROWS: usize = 5000;

/// How well codes predict numbers. R², the coefficient of determination, is 1 minus the squared error of held-out rows in parts of that of the
/// mean: 1 where every number is predicted exactly, 0 where the mean does as well, negative where it does better. The null is the R² for
/// permuted numbers.
#[derive(Debug, Clone, Serialize)]
pub struct NumberProbe {
    /// R² of held-out rows by linear regression on columns that are standardized by the other rows.
    pub r2: Measure,
    /// R² of held-out rows by the mean of their nearest neighbors among the other rows; none if no neighbors were asked for.
    pub r2_neighbors: Option<Measure>,
    /// Number of rows with a number that were used.
    pub rows: usize,
    /// Neighbors whose mean predicts.
    pub k: usize,
    /// Parts of the rows.
    pub folds: usize,
}

impl NumberProbe {
    /// The measures by name.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, Measure)> + use<> {
        [Some(("r2", self.r2)), self.r2_neighbors.map(|measure| ("r2_neighbors", measure))].into_iter().flatten()
    }
}

/// Probes codes `[n, k]` for numbers `[n]` (NaN: none), by cross-validation. Equal rows are in the same part, so that no held-out row was
/// learned from. Rows without a number are left out. The regression has a ridge penalty of 1 on the coefficients of standardized columns. With
/// `options.k` 0, neighbors are not searched. Cost per part: n k² multiply-adds, and the search.
///
/// ```
/// use latentspace_core::measure::{ProbeOptions, probe_numbers};
/// # let run = latentspace_core::Run::new(0, 1)?;
/// let codes = latentspace_core::linalg::Matrix::from_fn(100, 1, |row, _| row as f32);
/// let numbers: Vec<f64> = (0..100).map(|row| 2.0 * f64::from(row) + 7.0).collect();
/// assert!(probe_numbers(codes.view(), &numbers, &ProbeOptions::default(), &run)?.r2.value > 0.99);
/// # Ok::<(), latentspace_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Input`] if all numbers are equal or one is infinite, for too few rows, other numbers of rows and codes, or a cell that is not
/// finite; [`Error::Cancelled`].
pub fn probe_numbers(codes: MatrixView<'_>, values: &[f64], options: &ProbeOptions, run: &Run) -> Result<NumberProbe> {
    run.install(|| check_finite("codes", codes))?;
    if codes.rows() != values.len() {
        return Err(Error::input("numbers", format!("{} numbers", values.len()), format!("there are codes of {} rows", codes.rows())));
    }
    if let Some(row) = values.iter().position(|value| value.is_infinite()) {
        return Err(Error::input("numbers", format!("row {} is infinite", row + 1), "numbers are finite, or missing"));
    }
    let known: Vec<u32> = (0..codes.rows() as u32).filter(|&row| !values[row as usize].is_nan()).collect();
    let random = Random::new(run.seed(), "probe of numbers");
    let rows: Vec<u32> = random.sample(0, known.len(), options.rows).iter().map(|&at| known[at as usize]).collect();
    let (table, wanted) = (codes.select(&rows), rows.iter().map(|&row| values[row as usize]).collect::<Vec<f64>>());
    if rows.len() < 2 * options.folds.max(2) || wanted.iter().all(|&value| value == wanted[0]) {
        let found = if rows.len() < 2 * options.folds.max(2) { "" } else { ", all equal" };
        let found = format!("{} numbers{found}", count(rows.len() as u64));
        return Err(Error::input("numbers", found, format!("a probe needs at least {} that differ", 2 * options.folds.max(2))));
    }
    run.install(|| {
        let folds = parts(table.view(), &vec![0; rows.len()], options.folds.max(2), random);
        let [line, near] = Data { rows: table.view(), values: &wanted, options, run }.cross_validated(&folds, "probe")?;
        let few = random.sample(1, rows.len(), NULL_ROWS);
        let (some, folds) = (table.select(&few), few.iter().map(|&row| folds[row as usize]).collect::<Vec<usize>>());
        let permuted: Vec<f64> = random.permutation(2, few.len()).iter().map(|&at| wanted[few[at as usize] as usize]).collect();
        let [null, near_null] = Data { rows: some.view(), values: &permuted, options, run }.cross_validated(&folds, "null")?;
        Ok(NumberProbe {
            r2: r2(&line, Some(r2(&null, None).value)),
            r2_neighbors: (options.k > 0).then(|| r2(&near, Some(r2(&near_null, None).value))),
            rows: rows.len(),
            k: options.k,
            folds: options.folds.max(2),
        })
    })
}

/// The squared errors of a held-out row's prediction, and of the mean of the rows that were learned from.
type Errors = [f64; 2];

/// R² with its 95 % interval, by the delta method for a ratio of means.
fn r2(errors: &[Errors], null: Option<f64>) -> Measure {
    let sum = |at: usize| errors.iter().map(|errors| errors[at]).sum::<f64>();
    let ratio = sum(0) / sum(1).max(f64::MIN_POSITIVE);
    let square: f64 = errors.iter().map(|[own, mean]| (own - ratio * mean).powi(2)).sum();
    let half = 1.96 * square.sqrt() / sum(1).max(f64::MIN_POSITIVE);
    let value = 1.0 - ratio;
    Measure { value, low: value - half, high: (value + half).min(1.0), null }
}

/// Rows with numbers.
struct Data<'a> {
    rows: MatrixView<'a>,
    values: &'a [f64],
    options: &'a ProbeOptions,
    run: &'a Run,
}

impl Data<'_> {
    /// The errors of each row, when it was held out: by the regression, and by neighbors.
    fn cross_validated(&self, folds: &[usize], stage: &str) -> Result<[Vec<Errors>; 2]> {
        let parts = self.options.folds.max(2);
        let mut errors = [vec![[0.0; 2]; folds.len()], Vec::new()];
        errors[1] = errors[0].clone();
        for fold in 0..parts {
            self.run.check()?;
            self.run.progress(stage, fold as u64, parts as u64);
            let (held, learned): (Vec<u32>, Vec<u32>) = (0..folds.len() as u32).partition(|&row| folds[row as usize] == fold);
            if held.is_empty() || learned.is_empty() {
                continue;
            }
            let (ours, theirs) = (self.rows.select(&held), self.rows.select(&learned));
            let known: Vec<f64> = learned.iter().map(|&row| self.values[row as usize]).collect();
            let line = Line::fit(theirs.view(), &known, self.run)?;
            let near = match self.options.k {
                0 => None,
                k => Some(query(theirs.view(), ours.view(), k.min(theirs.rows()), Metric::Euclidean, self.run)?),
            };
            for (at, &row) in held.iter().enumerate() {
                let (row, value) = (row as usize, self.values[row as usize]);
                let of_mean = (value - line.mean).powi(2);
                errors[0][row] = [(value - line.at(ours.row(at))).powi(2), of_mean];
                if let Some(near) = &near {
                    let near = near.row(at).0;
                    let mean = near.iter().map(|&row| known[row as usize]).sum::<f64>() / near.len() as f64;
                    errors[1][row] = [(value - mean).powi(2), of_mean];
                }
            }
        }
        Ok(errors)
    }
}

/// A number as a linear function of codes.
struct Line {
    /// The mean of the numbers.
    mean: f64,
    means: Vec<f64>,
    /// Coefficients in the units of the codes.
    slopes: Vec<f64>,
}

impl Line {
    /// Ridge regression on standardized columns. Cost: n k² / 2 + k³ / 3 multiply-adds.
    fn fit(rows: MatrixView<'_>, values: &[f64], run: &Run) -> Result<Self> {
        let (n, k) = (rows.rows(), rows.cols());
        let mean = values.iter().sum::<f64>() / n as f64;
        let [means, scales] = standards(rows);
        // One row after another in memory: `[k, n]` by columns.
        let mut table = vec![0.0; n * k];
        if k > 0 {
            table.par_chunks_mut(k).enumerate().for_each(|(row, out)| {
                let cells = rows.row(row).iter().zip(means.iter().zip(&scales));
                out.iter_mut().zip(cells).for_each(|(out, (&cell, (mean, scale)))| *out = (f64::from(cell) - mean) * scale);
            });
        }
        let mut normal = vec![0.0; k * k];
        let view = MatMut::from_column_major_slice_mut(&mut table, k, n);
        multiply_half(MatMut::from_column_major_slice_mut(&mut normal, k, k), view.as_ref());
        (0..k).for_each(|at| normal[at * k + at] += PENALTY);
        let mut slopes = vec![0.0; k];
        for (cells, value) in table.chunks_exact(k.max(1)).zip(values) {
            slopes.iter_mut().zip(cells).for_each(|(slope, cell)| *slope += cell * (value - mean));
        }
        solve_positive(&mut normal, k, &mut slopes, || run.check())?;
        slopes.iter_mut().zip(&scales).for_each(|(slope, scale)| *slope *= scale);
        Ok(Line { mean, means, slopes })
    }

    fn at(&self, row: &[f32]) -> f64 {
        let parts = row.iter().zip(self.means.iter().zip(&self.slopes));
        self.mean + parts.map(|(&cell, (mean, slope))| (f64::from(cell) - mean) * slope).sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;

    fn run() -> Run {
        Run::new(1, 2).unwrap()
    }

    fn normal(n: usize, k: usize) -> Matrix {
        let random = Random::new(2, "rows");
        Matrix::from_fn(n, k, |i, j| random.normal(i as u64, j as u64) as f32)
    }

    #[test]
    fn a_linear_function_is_predicted_up_to_its_noise() {
        let (rows, noise) = (normal(4000, 5), Random::new(3, "noise"));
        // Variance 1 + 4 of the codes, 1.25 of noise: R² 0.8.
        let value = |i: usize| f64::from(rows.row(i)[0]) - 2.0 * f64::from(rows.row(i)[3]) + 1.25_f64.sqrt() * noise.normal(0, i as u64);
        let values: Vec<f64> = (0..4000).map(value).collect();
        let found = probe_numbers(rows.view(), &values, &ProbeOptions::default(), &run()).unwrap();
        assert!((found.r2.value - 0.8).abs() < 0.03 && found.r2.high - found.r2.low < 0.06, "{found:?}");
        assert!(found.r2.null.unwrap().abs() < 0.05 && found.r2_neighbors.unwrap().value > 0.5, "{found:?}");
        // Other units and an offset change nothing but rounding.
        let other: Vec<f64> = values.iter().map(|value| 1e6 + 300.0 * value).collect();
        let again = probe_numbers(rows.view(), &other, &ProbeOptions::default(), &run()).unwrap();
        assert!((again.r2.value - found.r2.value).abs() < 1e-9, "{again:?}");
    }

    /// 100 samples of a population whose R² is 0.8: the 95 % interval holds it in 88 to 100 of them (99.9 % of such counts).
    #[test]
    fn the_interval_holds_the_population_in_19_of_20_samples() {
        let options = ProbeOptions { k: 0, ..ProbeOptions::default() };
        let holds = |sample: &u64| {
            let random = Random::new(100 + sample, "sample");
            let rows = Matrix::from_fn(800, 5, |i, j| random.normal(i as u64, j as u64) as f32);
            let noise = |i: usize| 1.25_f64.sqrt() * random.normal(i as u64, 5);
            let values: Vec<f64> = (0..800).map(|i| f64::from(rows.row(i)[0]) - 2.0 * f64::from(rows.row(i)[3]) + noise(i)).collect();
            let found = probe_numbers(rows.view(), &values, &options, &run()).unwrap().r2;
            found.low < 0.8 && found.high > 0.8
        };
        let held = (0..100).filter(holds).count();
        assert!(held >= 88, "{held} of 100");
    }

    #[test]
    fn a_curve_is_predicted_by_neighbors_and_not_by_a_line() {
        let rows = normal(600, 1);
        let values: Vec<f64> = (0..600).map(|i| f64::from(rows.row(i)[0]).abs()).collect();
        let found = probe_numbers(rows.view(), &values, &ProbeOptions::default(), &run()).unwrap();
        assert!(found.r2.value < 0.1 && found.r2_neighbors.unwrap().value > 0.9, "{found:?}");
    }

    #[test]
    fn missing_numbers_are_left_out_and_useless_ones_refused() {
        let rows = normal(60, 2);
        let values: Vec<f64> = (0..60).map(|i| if i < 20 { f64::NAN } else { f64::from(rows.row(i)[1]) }).collect();
        let options = ProbeOptions { k: 0, ..ProbeOptions::default() };
        let found = probe_numbers(rows.view(), &values, &options, &run()).unwrap();
        assert!(found.rows == 40 && found.r2.value > 0.99 && found.r2_neighbors.is_none(), "{found:?}");
        for values in [vec![1.0; 60], vec![f64::INFINITY; 60], vec![f64::NAN; 60], vec![1.0, 2.0]] {
            assert!(probe_numbers(rows.view(), &values, &options, &run()).is_err());
        }
    }

    #[test]
    fn copies_of_a_row_are_never_on_both_sides() {
        let rows = normal(40, 30);
        let rows = Matrix::from_fn(400, 30, |i, j| rows.row(i / 10)[j]);
        let noise = Random::new(5, "noise");
        let values: Vec<f64> = (0..400).map(|i| noise.normal(0, i / 10)).collect();
        let found = probe_numbers(rows.view(), &values, &ProbeOptions { k: 1, ..ProbeOptions::default() }, &run()).unwrap();
        assert!(found.r2.value < 0.2 && found.r2_neighbors.unwrap().value < 0.2, "{found:?}");
    }
}
