//! Neighbors that were found elsewhere, checked.

use super::Neighbors;
use crate::error::{Error, Result};
use crate::interval::Measure;

/// The name of the algorithm that is told of them.
pub(crate) const GIVEN: &str = "given";

impl Neighbors {
    /// Neighbors that were found elsewhere: for each row the rows near it with their distances, in any order. A row's own entry is left out,
    /// and all rows are cut to as many neighbors as the one has that has least. `from` names them in errors.
    ///
    /// # Errors
    /// [`Error::Input`] for a row without neighbors, a neighbor that is no row or is named twice, and a distance that is negative or no finite
    /// number.
    pub fn given(from: &str, mut rows: Vec<Vec<(u32, f32)>>) -> Result<Self> {
        let n = rows.len();
        for (row, near) in rows.iter_mut().enumerate() {
            let wrong = |found: String, wanted: String| Err(Error::input(from, found, wanted).at_row(row as u64 + 1));
            near.retain(|(other, _)| *other as usize != row);
            if let Some((other, _)) = near.iter().find(|(other, _)| *other as usize >= n) {
                return wrong(format!("the neighbor {other}"), format!("there are {n} rows, counted from 0"));
            }
            if let Some((other, distance)) = near.iter().find(|(_, distance)| !distance.is_finite() || *distance < 0.0) {
                return wrong(format!("{distance} as the distance of row {other}"), "distances are finite and not negative".to_owned());
            }
            near.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            let mut named: Vec<u32> = near.iter().map(|(other, _)| *other).collect();
            named.sort_unstable();
            if let Some(twice) = named.windows(2).find(|two| two[0] == two[1]) {
                return wrong(format!("the neighbor {} twice", twice[0]), "each is named once".to_owned());
            }
            if near.is_empty() {
                return wrong("no neighbors".to_owned(), "each row needs at least one".to_owned());
            }
        }
        let k = rows.iter().map(Vec::len).min().unwrap_or(0);
        let cut = || rows.iter().flat_map(|near| &near[..k]);
        let (indices, distances) = (cut().map(|near| near.0).collect(), cut().map(|near| near.1).collect());
        Ok(Neighbors { k, indices, distances, algorithm: GIVEN, recall: Measure::exact(1.0, None) })
    }

    /// Whether they were found elsewhere: what share of them is true is not known then.
    pub fn are_given(&self) -> bool {
        self.algorithm == GIVEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_sorted_without_the_row_itself_and_as_many_for_each() {
        let near = Neighbors::given("near", vec![vec![(2, 0.5), (0, 0.0), (1, 0.25)], vec![(0, 0.25), (2, 0.25)], vec![(0, 0.5)]]).unwrap();
        assert_eq!((near.k, near.indices, near.distances), (1, vec![1, 0, 0], vec![0.25, 0.25, 0.5]));
    }

    #[test]
    fn what_cannot_be_is_told_with_its_row() {
        let error = |rows| Neighbors::given("near.mtx", rows).unwrap_err().to_string();
        assert_eq!(error(vec![vec![(1, 1.0)], vec![(2, 1.0)]]), "near.mtx, row 2: the neighbor 2; there are 2 rows, counted from 0.");
        assert_eq!(error(vec![vec![(0, 1.0)], vec![(0, 1.0)]]), "near.mtx, row 1: no neighbors; each row needs at least one.");
        let negative = error(vec![vec![(1, -1.0)], vec![(0, 1.0)]]);
        assert_eq!(negative, "near.mtx, row 1: -1 as the distance of row 1; distances are finite and not negative.");
        assert!(error(vec![vec![(1, f32::NAN)], vec![(0, 1.0)]]).contains("NaN"));
        let twice = error(vec![vec![(1, 1.0), (1, 2.0)], vec![(0, 1.0)]]);
        assert_eq!(twice, "near.mtx, row 1: the neighbor 1 twice; each is named once.");
    }
}
