//! Starts that are given, and what ties rows to them.

use serde_json::{Map, Value, json};

use crate::data::{Start, Tie};
use crate::error::{Error, Result, count};
use crate::linalg::Matrix;
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Rounds in which rows of which no place is known are put amid their neighbors.
const ROUNDS: usize = 20;
/// Noise on their places, in parts of the standard deviation of an axis, so that equal rows can part.
const JITTER: f64 = 0.01;

/// A place for each row, `[n, dimensions]`: the given ones, and for others the weighted mean of those of their neighbors, which
/// `edges(row, out)` tells with their weights; where no way along neighbors leads to a known place, the middle. What it found is told, and
/// written into `facts`.
///
/// # Errors
/// [`Error::Input`] if places have another number of dimensions, or none is known.
pub(in crate::methods) fn places(
    start: &Start,
    dimensions: usize,
    edges: impl Fn(usize, &mut Vec<(u32, f32)>) + Sync,
    random: Random,
    facts: &mut Map<String, Value>,
    run: &Run,
) -> Result<Matrix> {
    facts.insert("init".to_owned(), json!("given"));
    run.note(told(start));
    let (n, given) = (start.places.rows(), start.places.cols());
    if given != dimensions {
        let wanted = format!("the map has {dimensions}");
        return Err(Error::input("start", format!("places of {given} dimensions"), wanted));
    }
    let mut known: Vec<bool> = (0..n).map(|row| start.is_known(row)).collect();
    let first: Vec<usize> = (0..n).filter(|&row| known[row]).collect();
    if first.is_empty() {
        return Err(Error::input("start", "no row with a place", "at least one is needed"));
    }
    facts.insert("start_known".to_owned(), json!(first.len()));
    let tie = match start.tie {
        Tie::Free => "none".to_owned(),
        Tie::Pull(pull) => format!("pull {pull}"),
        Tie::Hold => "hold".to_owned(),
    };
    facts.insert("start_tie".to_owned(), json!(tie));
    let axes = (0..dimensions).map(|axis| middle(first.iter().map(|&row| f64::from(start.places.row(row)[axis]))));
    let (middles, deviations): (Vec<f64>, Vec<f64>) = axes.unzip();
    let mut places =
        Matrix::from_fn(n, dimensions, |row, axis| if known[row] { start.places.row(row)[axis] } else { middles[axis] as f32 });
    for round in 0..ROUNDS {
        let found: Vec<Option<Vec<f32>>> = (0..n)
            .into_par_iter()
            .map_init(Vec::new, |near, row| {
                if known[row] {
                    return None;
                }
                near.clear();
                edges(row, near);
                near.retain(|(other, _)| known[*other as usize]);
                let weight: f64 = near.iter().map(|(_, weight)| f64::from(*weight)).sum();
                let mean = |axis: usize| {
                    let sum: f64 =
                        near.iter().map(|&(other, weight)| f64::from(weight) * f64::from(places.row(other as usize)[axis])).sum();
                    let noise = JITTER * deviations[axis] * random.normal((round * dimensions + axis) as u64, row as u64);
                    (sum / weight + noise) as f32
                };
                (weight > 0.0).then(|| (0..dimensions).map(mean).collect())
            })
            .collect();
        let mut cells = places.as_slice().to_vec();
        let mut is_over = true;
        for (row, place) in found.into_iter().enumerate() {
            if let Some(place) = place {
                cells[row * dimensions..][..dimensions].copy_from_slice(&place);
                (known[row], is_over) = (true, false);
            }
        }
        places = Matrix::new(n, dimensions, cells)?;
        if is_over {
            break;
        }
    }
    Ok(places)
}

/// The mean and the standard deviation.
fn middle(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    (mean, (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
}

/// What is told of a start that was given.
fn told(start: &Start) -> String {
    let known = (0..start.places.rows()).filter(|&row| start.is_known(row)).count();
    let rest = start.places.rows() - known;
    let tied = match start.tie {
        Tie::Free => "start",
        Tie::Pull(_) => "start where they are given, are drawn back there",
        Tie::Hold => "stay in place",
    };
    let amid = if rest > 0 { format!(", {} start amid their neighbors", count(rest as u64)) } else { String::new() };
    let given = if start.tie == Tie::Free { " where they are given" } else { "" };
    format!("the map: {} rows {tied}{given}{amid}", count(known as u64))
}

/// Rows as points that are tied to where they start.
pub(in crate::methods) struct Ties<const D: usize> {
    anchors: Vec<[f32; D]>,
    is_tied: Vec<bool>,
    /// How much of a step leads back; infinity holds.
    pull: f32,
}

impl<const D: usize> Ties<D> {
    /// The ties of a start, if it has any.
    pub(in crate::methods) fn of(start: &Start) -> Option<Self> {
        let pull = match start.tie {
            Tie::Free => return None,
            Tie::Pull(pull) => pull as f32,
            Tie::Hold => f32::INFINITY,
        };
        let rows = 0..start.places.rows();
        Some(Ties {
            anchors: rows.clone().map(|row| point(start.places.row(row))).collect(),
            is_tied: rows.map(|row| start.is_known(row)).collect(),
            pull,
        })
    }

    /// Whether a row is tied.
    #[inline]
    pub(in crate::methods) fn binds(&self, row: u32) -> bool {
        self.is_tied[row as usize]
    }

    /// Leads the next place of a row back, `rate` being what forces are multiplied by: where it arrives, not where it started, says how far,
    /// so that no pull is too strong.
    #[inline]
    pub(in crate::methods) fn lead(&self, row: u32, rate: f32, next: &mut [f32; D]) {
        if !self.binds(row) {
            return;
        }
        let anchor = &self.anchors[row as usize];
        if self.pull == f32::INFINITY {
            *next = *anchor;
            return;
        }
        let back = self.pull * rate;
        for (next, anchor) in next.iter_mut().zip(anchor) {
            *next = (*next + back * anchor) / (1.0 + back);
        }
    }
}

/// A row of places as a point; coordinates beyond are 0.
pub(in crate::methods) fn point<const D: usize>(place: &[f32]) -> [f32; D] {
    let mut point = [0.0; D];
    point.iter_mut().zip(place).for_each(|(to, from)| *to = *from);
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_a_place_start_amid_their_neighbors() {
        // A chain of six rows of which the ends are known; a seventh has no neighbors.
        let places = Matrix::from_fn(7, 1, |row, _| [0.0, f32::NAN, f32::NAN, f32::NAN, f32::NAN, 10.0, f32::NAN][row]);
        let start = Start { places, tie: Tie::Hold };
        let edges = |row: usize, out: &mut Vec<(u32, f32)>| {
            let near = [row.wrapping_sub(1), row + 1];
            out.extend(near.iter().filter(|other| row < 6 && **other < 6).map(|&other| (other as u32, 1.0)));
        };
        let mut facts = Map::new();
        let found = places_of(&start, edges, &mut facts);
        assert_eq!((facts["start_known"].clone(), facts["start_tie"].clone()), (json!(2), json!("hold")));
        let near = |row: usize, place: f32| (found.row(row)[0] - place).abs() < 0.5;
        assert!(near(1, 0.0) && near(2, 0.0) && near(3, 10.0) && near(4, 10.0) && near(6, 5.0), "{found:?}");
        assert_eq!((found.row(0)[0], found.row(5)[0]), (0.0, 10.0));
    }

    fn places_of(start: &Start, edges: impl Fn(usize, &mut Vec<(u32, f32)>) + Sync, facts: &mut Map<String, Value>) -> Matrix {
        places(start, 1, edges, Random::new(1, "given"), facts, &Run::new(0, 1).unwrap()).unwrap()
    }

    #[test]
    fn a_pull_leads_back_and_a_hold_holds() {
        let places = Matrix::from_fn(2, 2, |row, _| if row == 0 { 1.0 } else { f32::NAN });
        let ties = |tie| Ties::<2>::of(&Start { places: places.clone(), tie });
        assert!(ties(Tie::Free).is_none());
        for (tie, place) in [(Tie::Hold, 1.0), (Tie::Pull(1.0), 2.0), (Tie::Pull(1e9), 1.0)] {
            let ties = ties(tie).unwrap();
            let mut next = [3.0, 3.0];
            ties.lead(0, 1.0, &mut next);
            assert!((next[0] - place).abs() < 1e-6);
            ties.lead(1, 1.0, &mut next);
            assert!((next[1] - place).abs() < 1e-6 && !ties.binds(1));
        }
    }
}
