//! Radial velocities of spectra, and spectra at rest.
//!
//! A source that moves along the line of sight has all of its lines shifted by the same share of their wavelength (Doppler effect). A linear
//! method needs directions of its own for the shift: as many as it takes to move every line. So spectra are brought to rest first.

use std::ops::Range;

use crate::error::{Error, Result, count};
use crate::linalg::{Matrix, MatrixView};
use crate::parallel::*;
use crate::run::Run;

/// The speed of light, in km/s.
const LIGHT: f64 = 299_792.458;
/// The continuum is the mean of so many parts of the spectrum.
const PARTS: usize = 40;
/// Fewest wavelengths from which a shift is told.
const FEWEST: usize = 64;
/// Times that the mean spectrum is learned, from spectra at rest by the velocities before.
const ROUNDS: usize = 3;
/// Spectra per block of sums.
const BLOCK: usize = 256;

/// The radial velocity of a spectrum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RadialVelocity {
    /// In km/s, receding positive, relative to the mean of all spectra.
    pub velocity: f64,
    /// Correlation of the spectrum at rest with the mean spectrum, both without their continuum: low where there are no lines to see.
    pub correlation: f64,
}

/// Radial velocities of spectra `[n, d]` at ascending wavelengths `[d]`, whatever their unit, by cross-correlation with the mean spectrum on a
/// grid of ln λ, on which a velocity is the same shift everywhere (Tonry and Davis 1979, doi:10.1086/112569). Shifts up to `fastest` km/s are
/// sought; the mean spectrum is learned anew from spectra at rest. The continuum, the running mean over a fortieth of the spectrum, is divided
/// out first. Cells that are NaN count as continuum. Cost: n d for each step of the grid within ±`fastest`, three times.
///
/// # Errors
/// [`Error::Input`] if wavelengths are not positive and ascending, one a column, or fewer than 64; [`Error::Param`] if `fastest` is not positive
/// or shifts lines by a tenth of the spectrum or more; [`Error::Cancelled`].
pub fn radial_velocities(spectra: MatrixView<'_>, wavelengths: &[f64], fastest: f64, run: &Run) -> Result<Vec<RadialVelocity>> {
    check(spectra, wavelengths)?;
    let (n, d) = (spectra.rows(), spectra.cols());
    if d < FEWEST {
        return Err(Error::input("spectra", format!("{d} wavelengths"), format!("a shift is told from at least {FEWEST}")));
    }
    let (first, last) = (wavelengths[0].ln(), wavelengths[d - 1].ln());
    let step = (last - first) / (d - 1) as f64;
    let farthest = fastest / LIGHT / step;
    if !(fastest > 0.0 && farthest < d as f64 / 10.0) {
        let wanted = format!("above 0, and below the {:.0} km/s of a tenth of the spectrum", LIGHT * step * d as f64 / 10.0);
        return Err(Error::param("fastest", fastest, wanted));
    }
    // One step more at both ends, for the parabola through the largest.
    let reach = farthest.ceil() as usize + 1;
    let mut lines = vec![0.0_f32; n * d];
    let grid: Vec<f64> = (0..d).map(|at| (first + step * at as f64).exp()).collect();
    let without_continuum = |(row, out): (usize, &mut [f32])| {
        run.check()?;
        resample(spectra.row(row), wavelengths, &grid, out);
        remove_continuum(out);
        Ok(())
    };
    run.install(|| lines.par_chunks_mut(d).enumerate().try_for_each(without_continuum))?;
    let lines = Matrix::new(n, d, lines)?;
    let mut found = vec![RadialVelocity { velocity: 0.0, correlation: 0.0 }; n];
    for _ in 0..ROUNDS {
        let template = mean_at_rest(&lines, &found, step, run)?;
        let seek = |row: usize| {
            run.check()?;
            Ok(shift(lines.row(row), &template, reach))
        };
        let shifts: Vec<[f64; 2]> = run.install(|| (0..n).into_par_iter().map(seek).collect::<Result<_>>())?;
        let mean = shifts.iter().map(|[shift, _]| shift).sum::<f64>() / n.max(1) as f64;
        found = shifts
            .iter()
            .map(|&[shift, correlation]| RadialVelocity { velocity: LIGHT * ((shift - mean) * step).exp_m1(), correlation })
            .collect();
    }
    Ok(found)
}

/// Spectra `[n, d]` at these wavelengths, as they are without their radial velocities, in km/s: what was observed at λ (1 + v / c) is told at λ,
/// by the cubic through the four wavelengths around it. Wavelengths that would come from outside of the spectrum are NaN: the spectrum does
/// not say what was there. Cost: n d.
///
/// ```
/// use latentspace_core::{data::at_rest, linalg::Matrix};
/// # let run = latentspace_core::Run::new(0, 1)?;
/// let wavelengths: Vec<f64> = (0..200).map(|at| 5000.0 + at as f64).collect();
/// let line = |center: f64| move |_: usize, at: usize| (1.0 - (-((5000.0 + at as f64 - center) / 3.0).powi(2)).exp()) as f32;
/// let moving = Matrix::from_fn(1, 200, line(5101.0));
/// let rest = at_rest(moving.view(), &wavelengths, &[299_792.458 / 5100.0], &run)?;
/// let wanted = Matrix::from_fn(1, 200, line(5100.0));
/// assert!((10..190).all(|at| (rest.row(0)[at] - wanted.row(0)[at]).abs() < 0.01));
/// # Ok::<(), latentspace_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Input`] if wavelengths are not positive and ascending, one a column, or velocities not one a row, slower than light;
/// [`Error::Cancelled`].
pub fn at_rest(spectra: MatrixView<'_>, wavelengths: &[f64], velocities: &[f64], run: &Run) -> Result<Matrix> {
    check(spectra, wavelengths)?;
    let (n, d) = (spectra.rows(), spectra.cols());
    if velocities.len() != n {
        return Err(Error::input("velocities", count(velocities.len() as u64), format!("there are {} spectra", count(n as u64))));
    }
    if let Some(row) = velocities.iter().position(|velocity| velocity.is_nan() || velocity.abs() >= LIGHT) {
        let error = Error::input("velocities", format!("{} km/s", velocities[row]), "they are slower than light");
        return Err(error.at_row(row as u64 + 1));
    }
    let mut out = vec![0.0_f32; n * d];
    let move_back = |(row, out): (usize, &mut [f32])| {
        run.check()?;
        let factor = 1.0 + velocities[row] / LIGHT;
        let places: Vec<f64> = wavelengths.iter().map(|length| length * factor).collect();
        resample(spectra.row(row), wavelengths, &places, out);
        Ok(())
    };
    run.install(|| out.par_chunks_mut(d.max(1)).enumerate().try_for_each(move_back))?;
    Matrix::new(n, d, out)
}

/// Checks that there is a wavelength for each column, and that they ascend.
fn check(spectra: MatrixView<'_>, wavelengths: &[f64]) -> Result<()> {
    let d = spectra.cols();
    if wavelengths.len() != d {
        let found = format!("{} wavelengths", count(wavelengths.len() as u64));
        return Err(Error::input("spectra", found, format!("there are {} columns", count(d as u64))));
    }
    let is_wrong =
        |at: &usize| !(wavelengths[*at] > 0.0 && wavelengths[*at].is_finite()) || *at > 0 && wavelengths[*at] <= wavelengths[at - 1];
    match (0..d).find(is_wrong) {
        Some(at) => Err(Error::input("spectra", format!("wavelength {} is {}", at + 1, wavelengths[at]), "they are positive and ascend")),
        None => Ok(()),
    }
}

/// The values of a row at ascending `places` between its wavelengths: the cubic through four of them (Lagrange), a line where fewer are in reach.
/// NaN outside.
fn resample(row: &[f32], wavelengths: &[f64], places: &[f64], out: &mut [f32]) {
    let d = row.len();
    let mut left = 0;
    for (out, &place) in out.iter_mut().zip(places) {
        if place < wavelengths[0] * (1.0 - 1e-12) || place > wavelengths[d - 1] * (1.0 + 1e-12) {
            *out = f32::NAN;
            continue;
        }
        while left + 2 < d && wavelengths[left + 1] <= place {
            left += 1;
        }
        let points: Range<usize> = if left > 0 && left + 2 < d { left - 1..left + 3 } else { left..(left + 2).min(d) };
        let mut sum = 0.0;
        for i in points.clone() {
            let weight: f64 =
                points.clone().filter(|&j| j != i).map(|j| (place - wavelengths[j]) / (wavelengths[i] - wavelengths[j])).product();
            sum += weight * f64::from(row[i]);
        }
        *out = sum as f32;
    }
}

/// Divides a spectrum by its continuum, the running mean, and subtracts 1.
fn remove_continuum(cells: &mut [f32]) {
    let (d, half) = (cells.len(), (cells.len() / PARTS / 2).max(5));
    let mut sums = vec![(0.0_f64, 0_u32); d + 1];
    for (at, &cell) in cells.iter().enumerate() {
        let (sum, seen) = sums[at];
        sums[at + 1] = if cell.is_finite() { (sum + f64::from(cell), seen + 1) } else { (sum, seen) };
    }
    for (at, cell) in cells.iter_mut().enumerate() {
        let (from, to) = (sums[at.saturating_sub(half)], sums[(at + half + 1).min(d)]);
        let mean = (to.0 - from.0) / f64::from(to.1 - from.1).max(1.0);
        let contrast = f64::from(*cell) / mean - 1.0;
        *cell = if contrast.is_finite() { contrast as f32 } else { 0.0 };
    }
}

/// The mean of spectra on the grid, moved to rest by the velocities known so far.
fn mean_at_rest(lines: &Matrix, known: &[RadialVelocity], step: f64, run: &Run) -> Result<Vec<f64>> {
    let (n, d) = (lines.rows(), lines.cols());
    let block = |block: usize| {
        run.check()?;
        let mut sum = vec![0.0_f64; d];
        for row in block * BLOCK..((block + 1) * BLOCK).min(n) {
            let shift = (known[row].velocity / LIGHT).ln_1p() / step;
            let (whole, part) = (shift.floor() as isize, shift - shift.floor());
            let cell = |at: isize| usize::try_from(at).ok().and_then(|at| lines.row(row).get(at)).map_or(0.0, |&cell| f64::from(cell));
            for (at, sum) in sum.iter_mut().enumerate() {
                let from = at as isize + whole;
                *sum += (1.0 - part) * cell(from) + part * cell(from + 1);
            }
        }
        Ok(sum)
    };
    let blocks: Vec<Vec<f64>> = run.install(|| (0..n.div_ceil(BLOCK)).into_par_iter().map(block).collect::<Result<_>>())?;
    let mut mean = vec![0.0; d];
    blocks.iter().for_each(|sums| mean.iter_mut().zip(sums).for_each(|(mean, sum)| *mean += sum / n as f64));
    Ok(mean)
}

/// How far a spectrum's lines are shifted from those of the template, in steps of the grid, and their correlation there. At most `reach - 1`.
fn shift(own: &[f32], template: &[f64], reach: usize) -> [f64; 2] {
    let d = own.len();
    let middle = reach..d - reach;
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let length = norm(&mut template[middle.clone()].iter().copied());
    let correlations: Vec<f64> = (0..=2 * reach)
        .map(|lag| {
            let moved = &own[lag..lag + d - 2 * reach];
            let product: f64 = moved.iter().zip(&template[middle.clone()]).map(|(&own, &mean)| f64::from(own) * mean).sum();
            let both = (length * norm(&mut moved.iter().map(|&own| f64::from(own)))).sqrt();
            if both > 0.0 { product / both } else { 0.0 }
        })
        .collect();
    let best = (1..2 * reach).fold(reach, |best, lag| if correlations[lag] > correlations[best] { lag } else { best });
    let [before, at, after] = [correlations[best - 1], correlations[best], correlations[best + 1]];
    let bend = before - 2.0 * at + after;
    let within = if bend < 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 };
    [best as f64 - reach as f64 + within, at - 0.25 * (before - after) * within]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Spectra of 40 lines of random depth on a sloping continuum, moving at known velocities, with noise of 1 %.
    fn moving(n: usize, wavelengths: &[f64], velocities: &[f64]) -> Matrix {
        let random = Random::new(5, "lines");
        let lines: Vec<f64> = (0..40).map(|line| 4000.0 + 4000.0 * random.uniform(0, line)).collect();
        Matrix::from_fn(n, wavelengths.len(), |row, at| {
            let place = wavelengths[at] / (1.0 + velocities[row] / LIGHT);
            let absorbed = |(line, center): (usize, &f64)| {
                let depth = 0.6 * random.uniform(1 + row as u64, line as u64);
                1.0 - depth * (-0.5 * ((place - center) / 1.8).powi(2)).exp()
            };
            let left: f64 = lines.iter().enumerate().map(absorbed).product();
            let slope = 1.0 + (random.uniform(77, row as u64) - 0.5) * (wavelengths[at] - 6000.0) / 3000.0;
            (slope * left + 0.01 * random.normal(1000 + row as u64, at as u64)) as f32
        })
    }

    #[test]
    fn velocities_are_found_and_spectra_come_to_rest() {
        let run = Run::new(0, 2).unwrap();
        let n = 60;
        // Equal steps of the wavelength, not of its logarithm.
        let wavelengths: Vec<f64> = (0..3000).map(|at| 3900.0 + 1.4 * at as f64).collect();
        let planted: Vec<f64> = (0..n).map(|row| 120.0 * Random::new(6, "speed").normal(0, row as u64)).collect();
        let mean = planted.iter().sum::<f64>() / n as f64;
        let spectra = moving(n, &wavelengths, &planted);
        let found = radial_velocities(spectra.view(), &wavelengths, 600.0, &run).unwrap();
        let off = found.iter().zip(&planted).map(|(found, planted)| (found.velocity - (planted - mean)).powi(2)).sum::<f64>() / n as f64;
        assert!(off.sqrt() < 5.0 && found.iter().all(|found| found.correlation > 0.7), "{} km/s", off.sqrt());
        let velocities: Vec<f64> = found.iter().map(|found| found.velocity).collect();
        let rest = at_rest(spectra.view(), &wavelengths, &velocities, &run).unwrap();
        let again = radial_velocities(rest.view(), &wavelengths, 600.0, &run).unwrap();
        let left = (again.iter().map(|found| found.velocity.powi(2)).sum::<f64>() / n as f64).sqrt();
        assert!(left < 3.0, "{left} km/s");
    }

    #[test]
    fn what_a_spectrum_does_not_cover_is_missing_and_no_motion_changes_nothing() {
        let run = Run::new(0, 1).unwrap();
        let wavelengths: Vec<f64> = (0..100).map(|at| 5000.0 + at as f64).collect();
        let spectra = Matrix::from_fn(2, 100, |row, at| (row * 100 + at) as f32);
        let rest = at_rest(spectra.view(), &wavelengths, &[0.0, 600.0], &run).unwrap();
        assert_eq!(rest.row(0), spectra.row(0));
        assert!(rest.row(1)[..89].iter().all(|cell| cell.is_finite()) && rest.row(1)[95..].iter().all(|cell| cell.is_nan()));
        let wrong = |found: Result<Matrix>| assert!(found.is_err());
        wrong(at_rest(spectra.view(), &wavelengths[..99], &[0.0, 0.0], &run));
        wrong(at_rest(spectra.view(), &wavelengths, &[0.0, f64::NAN], &run));
        wrong(at_rest(spectra.view(), &vec![1.0; 100], &[0.0, 0.0], &run));
        assert!(radial_velocities(spectra.view(), &wavelengths, 1e5, &run).is_err());
        assert!(radial_velocities(spectra.view(), &wavelengths, f64::NAN, &run).is_err());
    }
}
