//! Rows that are curves (signals, spectra, series), and the positions of their columns along the x axis.

use latentspace::data::{Observations, Values, dates};
use latentspace::schemars::{self, JsonSchema};
use serde::Serialize;

/// Minimum number of columns for drawing rows as curves.
const CURVE_FROM: usize = 24;
/// Minimum median correlation of adjacent columns.
const SMOOTH_FROM: f64 = 0.8;

/// The x axis of curves.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct CurveAxis {
    /// The position of each column, ascending or descending: the number in its name, the days since 1970 of its date, or its index.
    pub(crate) positions: Vec<f64>,
    /// Whether positions are dates.
    pub(crate) dates: bool,
    /// What stands before the number in each name, as `wavelength_`, and after it, as ` nm`.
    pub(crate) before: String,
    pub(crate) after: String,
}

/// The x axis, if rows are curves: at least 24 columns without names or with positions as names; adjacent columns correlate (median
/// lag-1 autocorrelation above 0.8) unless they are dates.
pub(super) fn axis(observations: &Observations) -> Option<CurveAxis> {
    let Values::Table(table) = &observations.values else { return None };
    let (rows, columns) = (table.numbers.rows(), table.numbers.cols());
    if columns < CURVE_FROM || rows == 0 || !table.categories.is_empty() {
        return None;
    }
    let axis = match &table.names {
        None => {
            CurveAxis { positions: (0..columns).map(|at| at as f64).collect(), dates: false, before: String::new(), after: String::new() }
        }
        Some(names) => of_dates(names).or_else(|| of_numbers(names))?,
    };
    let step = rows.div_ceil(101);
    let mut correlations: Vec<f64> = (0..rows).step_by(step).map(|row| neighbor_correlation(table.numbers.row(row))).collect();
    correlations.sort_by(f64::total_cmp);
    (axis.dates || correlations[correlations.len() / 2] > SMOOTH_FROM).then_some(axis)
}

/// Names that are all dates; digits alone are numbers.
fn of_dates(names: &[String]) -> Option<CurveAxis> {
    if names.iter().any(|name| name.parse::<f64>().is_ok()) {
        return None;
    }
    let instants = dates::instants(names.iter().map(|name| Some(name.as_str()))).ok()?;
    let positions = instants.into_iter().map(|at| Some(at? as f64 / dates::DAY as f64)).collect::<Option<Vec<f64>>>()?;
    is_monotonic(&positions).then_some(CurveAxis { positions, dates: true, before: String::new(), after: String::new() })
}

/// Names that are numbers, or contain one number each and the same text around it: the first number, or else the last.
fn of_numbers(names: &[String]) -> Option<CurveAxis> {
    let split: [fn(&str) -> Option<(&str, f64, &str)>; 2] = [first_number, last_number];
    split.into_iter().find_map(|split| {
        let (before, _, after) = split(names.first()?)?;
        let position = |name: &String| split(name).filter(|(b, _, a)| (*b, *a) == (before, after)).map(|(_, number, _)| number);
        let positions = names.iter().map(position).collect::<Option<Vec<f64>>>()?;
        is_monotonic(&positions).then(|| CurveAxis { positions, dates: false, before: before.to_owned(), after: after.to_owned() })
    })
}

fn first_number(name: &str) -> Option<(&str, f64, &str)> {
    let name = name.trim();
    if let Ok(number) = name.parse::<f64>() {
        return number.is_finite().then_some(("", number, ""));
    }
    let digit = name.find(|c: char| c.is_ascii_digit())?;
    // A sign belongs to the number only at the beginning of the name: `B-4` is B and 4.
    let start = if digit == 1 && name.starts_with('-') { 0 } else { digit };
    let end = name[digit..].find(|c: char| !(c.is_ascii_digit() || c == '.')).map_or(name.len(), |at| digit + at);
    Some((&name[..start], name[start..end].parse().ok()?, &name[end..]))
}

fn last_number(name: &str) -> Option<(&str, f64, &str)> {
    let name = name.trim();
    let end = name.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = name[..end]
        .rfind(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
    Some((&name[..start], name[start..end].parse().ok()?, &name[end..]))
}

fn is_monotonic(positions: &[f64]) -> bool {
    positions.windows(2).all(|pair| pair[0] < pair[1]) || positions.windows(2).all(|pair| pair[0] > pair[1])
}

/// The lag-1 autocorrelation of numbers.
fn neighbor_correlation(row: &[f32]) -> f64 {
    let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / row.len() as f64;
    let variance: f64 = row.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
    let together: f64 = row.windows(2).map(|pair| (f64::from(pair[0]) - mean) * (f64::from(pair[1]) - mean)).sum();
    if variance > 0.0 { together / variance } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latentspace::linalg::Matrix;

    fn waves(names: Option<Vec<String>>) -> Option<CurveAxis> {
        let cells = (0..10 * 40).map(|at| ((at % 40) as f32 / 9.0 + (at / 40) as f32).sin()).collect();
        let mut observations = Observations::from_matrix("t", Matrix::new(10, 40, cells).unwrap());
        if let Values::Table(table) = &mut observations.values {
            table.names = names;
        }
        axis(&observations)
    }

    fn named(name: impl Fn(usize) -> String) -> Option<CurveAxis> {
        waves(Some((0..40).map(name).collect()))
    }

    #[test]
    fn positions_are_read_from_names() {
        assert_eq!(waves(None).unwrap().positions[39], 39.0);
        let told = |axis: Option<CurveAxis>| axis.map(|axis| (axis.before, axis.positions[1], axis.after, axis.dates));
        let plain = |before: &str, position: f64, after: &str| Some((before.to_owned(), position, after.to_owned(), false));
        assert_eq!(told(named(|at| format!("{}", 400.5 + at as f64))), plain("", 401.5, ""));
        assert_eq!(told(named(|at| format!("{} nm", 700 - at))), plain("", 699.0, " nm"));
        assert_eq!(told(named(|at| format!("wavelength_nm_{at}"))), plain("wavelength_nm_", 1.0, ""));
        assert_eq!(told(named(|at| format!("cm-1 {}", 900 + at))), plain("cm-1 ", 901.0, ""));
        assert_eq!(told(named(|at| format!("µ{}", 900 + at))), plain("µ", 901.0, ""));
        assert_eq!(told(named(|at| format!("-{}s", 50 - at))), plain("", -49.0, "s"));
        let days = named(|at| format!("2024-0{}-{:02}", 1 + at / 28, 1 + at % 28)).unwrap();
        assert!(days.dates && days.positions[1] - days.positions[0] == 1.0, "{days:?}");
        assert_eq!(named(|at| format!("gene {}", at % 7)), None);
        assert_eq!(named(|at| if at == 3 { "age".to_owned() } else { at.to_string() }), None);
        assert_eq!(named(|at| format!("µ{}", "é".repeat(at))), None);
    }

    #[test]
    fn rough_rows_are_curves_only_along_dates() {
        let cells = (0..10 * 40).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 8) as f32).collect();
        let mut observations = Observations::from_matrix("t", Matrix::new(10, 40, cells).unwrap());
        assert_eq!(axis(&observations), None);
        if let Values::Table(table) = &mut observations.values {
            table.names = Some((0..40).map(|at| format!("{}-01-01", 1980 + at)).collect());
        }
        assert!(axis(&observations).unwrap().dates);
    }
}
