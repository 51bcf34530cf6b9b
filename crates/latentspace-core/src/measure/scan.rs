//! Where rows depart from what a space reproduces: a scan of their residuals, in units of their noise, with windows of a few columns.
//!
//! A line that no other spectrum has changes five of thousands of columns. In the sum over all columns it drowns in their noise; in a window of
//! its own width it does not. The largest window is the scan statistic (Naus 1965, doi:10.1080/01621459.1965.10480810), of sums that are the
//! matched filter of a flat line (Turin 1960, doi:10.1109/TIT.1960.1057571).

use serde::Serialize;

use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::{Matrix, MatrixView};
use crate::parallel::*;
use crate::run::Run;

/// The window in which a row departs most from what a space reproduces.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Departure {
    /// The sum of the residuals over their noise in the window, divided by the square root of their number: standard normal for one window of a
    /// row that departs nowhere. Negative: the row lies below what the space reproduces, as in an absorption line.
    pub deviation: f64,
    /// The first column of the window.
    pub column: usize,
    /// Its number of columns; 0 if the row has no known column.
    pub width: usize,
}

impl Departure {
    /// How far the row departs, whatever the sign. The largest of d windows of noise alone is about √(2 log d).
    pub fn score(&self) -> f64 {
        self.deviation.abs()
    }
}

/// The window of each row in which its residuals `[n, d]` (observed minus reproduced) depart most from their noise `[n, d]` (one standard
/// deviation each). Windows have each of the `widths`. Columns are left out where the noise is unknown (0, NaN or infinite: masked) or the
/// residual is NaN. Cost: n d for each width.
///
/// ```
/// use latentspace_core::{linalg::Matrix, measure::scan};
/// # let run = latentspace_core::Run::new(0, 1)?;
/// let residuals = Matrix::from_fn(1, 100, |_, column| if (40..45).contains(&column) { -3.0 } else { 0.5 });
/// let found = scan(residuals.view(), Matrix::from_fn(1, 100, |_, _| 1.0).view(), &[5], &run)?;
/// assert_eq!((found[0].column, found[0].deviation.round()), (40, -7.0));
/// # Ok::<(), latentspace_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Param`] if a width is not 1 to d; [`Error::Input`] if residuals and noise differ in shape; [`Error::Cancelled`].
pub fn scan(residuals: MatrixView<'_>, noise: MatrixView<'_>, widths: &[usize], run: &Run) -> Result<Vec<Departure>> {
    let (n, d) = (residuals.rows(), residuals.cols());
    if (noise.rows(), noise.cols()) != (n, d) {
        let found = format!("{} x {} cells", noise.rows(), noise.cols());
        return Err(Error::input("noise", found, format!("there are residuals of {n} x {d}")));
    }
    if let Some(width) = widths.iter().find(|&&width| width == 0 || width > d) {
        return Err(Error::param("widths", width, format!("with {d} columns it is 1 to {d}")));
    }
    if widths.is_empty() {
        return Err(Error::param("widths", "none", "at least one width is needed"));
    }
    let of_row = |row: usize| {
        run.check()?;
        Ok(widest(residuals.row(row), noise.row(row), widths))
    };
    run.install(|| (0..n).into_par_iter().map(of_row).collect())
}

/// The largest window of one row; the first of equal ones.
fn widest(residuals: &[f32], noise: &[f32], widths: &[usize]) -> Departure {
    // Sums over the columns before each, and how many of these are known.
    let (mut sums, mut known) = (vec![0.0; residuals.len() + 1], vec![0_u32; residuals.len() + 1]);
    for (at, (&residual, &noise)) in residuals.iter().zip(noise).enumerate() {
        let cell = normalized(residual, noise);
        sums[at + 1] = sums[at] + cell.unwrap_or(0.0);
        known[at + 1] = known[at] + u32::from(cell.is_some());
    }
    let mut best = Departure { deviation: 0.0, column: 0, width: 0 };
    for &width in widths {
        for column in 0..=residuals.len() - width {
            let within = known[column + width] - known[column];
            let deviation = (sums[column + width] - sums[column]) / f64::from(within.max(1)).sqrt();
            if within > 0 && (best.width == 0 || deviation.abs() > best.score()) {
                best = Departure { deviation, column, width };
            }
        }
    }
    best
}

/// Noise `[n, d]`, enlarged in each column where the residuals `[n, d]` spread more than it, to what they have: what a space does not reproduce
/// of many rows is no departure of one. Columns whose noise is unknown in a row stay unknown there.
///
/// # Errors
/// [`Error::Input`] if residuals and noise differ in shape; [`Error::Cancelled`].
pub fn with_misfit(residuals: MatrixView<'_>, noise: MatrixView<'_>, run: &Run) -> Result<Matrix> {
    let (n, d) = (residuals.rows(), residuals.cols());
    if (noise.rows(), noise.cols()) != (n, d) {
        let found = format!("{} x {} cells", noise.rows(), noise.cols());
        return Err(Error::input("noise", found, format!("there are residuals of {n} x {d}")));
    }
    let (mut squares, mut known) = (vec![0.0; d], vec![0.0; d]);
    for row in 0..n {
        run.check()?;
        for (at, (&residual, &noise)) in residuals.row(row).iter().zip(noise.row(row)).enumerate() {
            if let Some(cell) = normalized(residual, noise) {
                squares[at] += cell * cell;
                known[at] += 1.0;
            }
        }
    }
    let factors: Vec<f64> = squares.iter().zip(&known).map(|(square, known)| (square / f64::max(*known, 1.0)).sqrt().max(1.0)).collect();
    Ok(Matrix::from_fn(n, d, |row, at| (f64::from(noise.row(row)[at]) * factors[at]) as f32))
}

/// A residual in units of its noise; none if that is unknown.
fn normalized(residual: f32, noise: f32) -> Option<f64> {
    let cell = f64::from(residual) / f64::from(noise);
    (noise > 0.0 && noise.is_finite() && cell.is_finite()).then_some(cell)
}

/// The area under the ROC curve: the probability that a positive row has a higher score than another, ties counting half, with its 95 %
/// interval; 0.5 for random scores. Cost: n log n. Source: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.
///
/// # Errors
/// [`Error::Input`] if the lists differ in length, a score is NaN, or not both kinds of rows are there.
pub fn auc(scores: &[f64], positive: &[bool]) -> Result<Measure> {
    let (n, yes) = (scores.len(), positive.iter().filter(|&&positive| positive).count());
    let wanted = "an area under the ROC curve needs a score for each row, and rows of both kinds";
    if positive.len() != n || yes == 0 || yes == n || scores.iter().any(|score| score.is_nan()) {
        return Err(Error::input("scores", format!("{n} scores of {} rows, {yes} of them positive", positive.len()), wanted));
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    // Rows with equal scores share their mean rank.
    let (mut rank_sum, mut from) = (0.0, 0);
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let rank = from as f64 + (tied.len() + 1) as f64 / 2.0;
        rank_sum += rank * tied.iter().filter(|&&row| positive[row]).count() as f64;
        from += tied.len();
    }
    let (yes, no) = (yes as f64, (n - yes) as f64);
    let area = (rank_sum - yes * (yes + 1.0) / 2.0) / (yes * no);
    let (one, two) = (area / (2.0 - area), 2.0 * area * area / (1.0 + area));
    let square = area * (1.0 - area) + (yes - 1.0) * (one - area * area) + (no - 1.0) * (two - area * area);
    let half = 1.96 * (square.max(0.0) / (yes * no)).sqrt();
    Ok(Measure { value: area, low: (area - half).max(0.0), high: (area + half).min(1.0), null: Some(0.5) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn a_line_of_five_columns_and_three_sigma_is_found_by_windows_and_not_by_the_sum() {
        let (n, d) = (400, 3600);
        let random = Random::new(1, "noise");
        let sigma = Matrix::from_fn(n, d, |_, j| 0.5 + (j % 7) as f32);
        let is_odd = |i: usize| i.is_multiple_of(10);
        let line = |i: usize| 7 * i % (d - 5);
        let cells = Matrix::from_fn(n, d, |i, j| {
            let deep = if is_odd(i) && (line(i)..line(i) + 5).contains(&j) { -3.0 } else { 0.0 };
            (random.normal(i as u64, j as u64) as f32 + deep) * sigma.row(i)[j]
        });
        let odd: Vec<bool> = (0..n).map(is_odd).collect();
        let found = |threads| scan(cells.view(), sigma.view(), &[3, 5, 9], &Run::new(0, threads).unwrap()).unwrap();
        let windows = found(2);
        assert_eq!(windows, found(1));
        let by_window = auc(&windows.iter().map(Departure::score).collect::<Vec<f64>>(), &odd).unwrap();
        let sum = |i: usize| cells.row(i).iter().zip(sigma.row(i)).map(|(cell, sigma)| f64::from(cell / sigma).powi(2)).sum();
        let by_sum = auc(&(0..n).map(sum).collect::<Vec<f64>>(), &odd).unwrap();
        assert!(by_window.value > 0.95 && by_sum.value < 0.8, "{by_window:?} {by_sum:?}");
        let right = |i: &usize| windows[*i].deviation < 0.0 && windows[*i].column.abs_diff(line(*i)) < 9;
        assert!((0..n).filter(|&i| is_odd(i)).filter(right).count() >= 36);
    }

    #[test]
    fn masked_columns_are_left_out() {
        let noise = [0.0, 1.0, f32::NAN, 1.0, f32::INFINITY, 1.0];
        let found = widest(&[9.0, 1.0, 9.0, 2.0, 9.0, f32::NAN], &noise, &[1, 3]);
        assert_eq!((found.column, found.width, found.deviation), (1, 3, 3.0 / 2.0_f64.sqrt()));
        assert_eq!(widest(&[1.0, 2.0], &[0.0, f32::NAN], &[2]).width, 0);
        let (some, other) = (Matrix::from_fn(2, 3, |_, _| 1.0), Matrix::from_fn(2, 4, |_, _| 1.0));
        let run = Run::new(0, 1).unwrap();
        assert!(scan(some.view(), other.view(), &[1], &run).is_err() && scan(some.view(), some.view(), &[4], &run).is_err());
        assert!(scan(some.view(), some.view(), &[], &run).is_err());
    }

    #[test]
    fn a_column_that_is_not_reproduced_is_no_departure_of_one_row() {
        let random = Random::new(2, "noise");
        let cells = Matrix::from_fn(500, 50, |i, j| random.normal(i as u64, j as u64) as f32 * if j == 7 { 6.0 } else { 1.0 });
        let noise = Matrix::from_fn(500, 50, |i, _| if i == 3 { 0.0 } else { 1.0 });
        let run = Run::new(0, 2).unwrap();
        let larger = with_misfit(cells.view(), noise.view(), &run).unwrap();
        assert!((larger.row(0)[7] - 6.0).abs() < 0.6 && (larger.row(0)[8] - 1.0).abs() < 0.1 && larger.row(3)[7] == 0.0);
        let worst = |noise: &Matrix| {
            let found = scan(cells.view(), noise.view(), &[1], &run).unwrap();
            found.iter().filter(|found| found.column == 7).count()
        };
        assert!(worst(&noise) > 250 && worst(&larger) < 50, "{} {}", worst(&noise), worst(&larger));
    }

    #[test]
    fn the_area_under_the_curve_is_the_share_of_pairs_in_order() {
        // scikit-learn 1.9: roc_auc_score([0, 1, 0, 1, 1], [.1, .4, .4, .35, .8]) = 0.75.
        let found = auc(&[0.1, 0.4, 0.4, 0.35, 0.8], &[false, true, false, true, true]).unwrap();
        assert!((found.value - 0.75).abs() < 1e-12 && found.low < 0.75 && found.high <= 1.0, "{found:?}");
        assert_eq!(auc(&[1.0, 1.0, 1.0], &[true, false, true]).unwrap().value, 0.5);
        assert!(auc(&[1.0], &[true]).is_err() && auc(&[1.0, f64::NAN], &[true, false]).is_err());
    }
}
