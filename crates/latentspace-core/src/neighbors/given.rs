//! Checks of precomputed neighbors and distances.

use super::Neighbors;
use crate::error::{Error, Result};
use crate::interval::Measure;
use crate::linalg::MatrixView;

/// Maximum number of neighbors per row that are kept of precomputed distances.
const MOST_OF_ALL: usize = 1024;
/// Relative tolerance for symmetric distances, for rounding in 32 bits.
const SAME: f32 = 1e-5;

/// The algorithm's name for precomputed neighbors.
pub(crate) const GIVEN: &str = "given";

impl Neighbors {
    /// Precomputed neighbors: for each row its neighbors with their distances, in any order. A row's own entry is removed,
    /// and all rows are cut to the smallest number of neighbors of a row. `from` names them in errors.
    ///
    /// # Errors
    /// [`Error::Input`] for a row without neighbors, a neighbor that is not a row or is named twice, and a distance that is negative or not
    /// finite.
    pub fn given(from: &str, mut rows: Vec<Vec<(u32, f32)>>) -> Result<Self> {
        let n = rows.len();
        for (row, near) in rows.iter_mut().enumerate() {
            let wrong = |found: String, wanted: String| Err(Error::input(from, found, wanted).at_row(row as u64 + 1));
            near.retain(|(other, _)| *other as usize != row);
            if let Some((other, _)) = near.iter().find(|(other, _)| *other as usize >= n) {
                return wrong(format!("the neighbor {other}"), format!("there are {n} rows, counted from 0"));
            }
            if let Some((other, distance)) = near.iter().find(|(_, distance)| !distance.is_finite() || *distance < 0.0) {
                return wrong(format!("{distance} as the distance of row {other}"), "distances must be finite and not negative".to_owned());
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

    /// The nearest neighbors from the distances of all pairs, `[n, n]`: all others, or the nearest 1,024. `from` names them in errors.
    ///
    /// # Errors
    /// [`Error::Input`] with the row for a matrix that is not square or symmetric, has negative or non-finite cells, or a diagonal that is
    /// not 0.
    pub fn of_distances(from: &str, distances: MatrixView<'_>) -> Result<Self> {
        check_distances(from, distances)?;
        let n = distances.rows();
        let mut rows = Vec::with_capacity(n);
        for row in 0..n {
            let own = distances.row(row);
            let mut near: Vec<(u32, f32)> = (0..n).filter(|&other| other != row).map(|other| (other as u32, own[other])).collect();
            if near.len() > MOST_OF_ALL {
                near.select_nth_unstable_by(MOST_OF_ALL - 1, |a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                near.truncate(MOST_OF_ALL);
            }
            rows.push(near);
        }
        Self::given(from, rows)
    }

    /// Whether they are precomputed; then their recall is unknown.
    pub fn are_given(&self) -> bool {
        self.algorithm == GIVEN
    }
}

/// Refuses an invalid matrix of distances.
///
/// # Errors
/// [`Error::Input`] with the row; see [`Neighbors::of_distances`].
pub(crate) fn check_distances(from: &str, distances: MatrixView<'_>) -> Result<()> {
    let n = distances.rows();
    let wrong = |row: usize, found: String, wanted: &str| Err(Error::input(from, found, wanted).at_row(row as u64 + 1));
    if n != distances.cols() {
        let found = format!("{n} rows of {} columns", distances.cols());
        return Err(Error::input(from, found, "distances of all pairs have as many columns as rows"));
    }
    let most = (0..n).flat_map(|row| distances.row(row)).fold(0.0_f32, |most, &distance| most.max(distance));
    for row in 0..n {
        let own = distances.row(row);
        if let Some(other) = (0..n).find(|&other| !own[other].is_finite() || own[other] < 0.0) {
            return wrong(row, format!("{} as the distance of row {}", own[other], other + 1), "distances must be finite and not negative");
        }
        if own[row] > SAME * most {
            return wrong(row, format!("{} from the row to itself", own[row]), "that distance must be 0");
        }
        let back = |other: usize| distances.row(other)[row];
        let different = |&other: &usize| (own[other] - back(other)).abs() > SAME * own[other].max(back(other));
        if let Some(other) = (0..row).find(different) {
            let found = format!("{} to row {}, and {} from there", own[other], other + 1, back(other));
            return wrong(row, found, "distances must be symmetric");
        }
    }
    Ok(())
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
    fn the_distances_of_all_pairs_tell_the_nearest() {
        let of = |cells: [f32; 9]| Neighbors::of_distances("d.npy", MatrixView::new(3, 3, &cells).unwrap());
        let near = of([0.0, 2.0, 1.0, 2.0, 0.0, 3.0, 1.0, 3.0, 0.0]).unwrap();
        assert_eq!((near.k, near.indices, near.distances), (2, vec![2, 1, 0, 2, 0, 1], vec![1.0, 2.0, 2.0, 3.0, 1.0, 3.0]));
        let error = |cells| of(cells).unwrap_err().to_string();
        let ways = error([0.0, 2.0, 1.0, 2.5, 0.0, 3.0, 1.0, 3.0, 0.0]);
        assert_eq!(ways, "d.npy, row 2: 2.5 to row 1, and 2 from there; distances must be symmetric.");
        assert!(error([0.0, 2.0, 1.0, 2.0, 1.0, 3.0, 1.0, 3.0, 0.0]).contains("row 2: 1 from the row to itself"));
        assert!(error([0.0, -2.0, 1.0, -2.0, 0.0, 3.0, 1.0, 3.0, 0.0]).contains("not negative"));
        assert!(Neighbors::of_distances("d.npy", MatrixView::new(1, 3, &[0.0; 3]).unwrap()).is_err());
    }

    #[test]
    fn what_cannot_be_is_told_with_its_row() {
        let error = |rows| Neighbors::given("near.mtx", rows).unwrap_err().to_string();
        assert_eq!(error(vec![vec![(1, 1.0)], vec![(2, 1.0)]]), "near.mtx, row 2: the neighbor 2; there are 2 rows, counted from 0.");
        assert_eq!(error(vec![vec![(0, 1.0)], vec![(0, 1.0)]]), "near.mtx, row 1: no neighbors; each row needs at least one.");
        let negative = error(vec![vec![(1, -1.0)], vec![(0, 1.0)]]);
        assert_eq!(negative, "near.mtx, row 1: -1 as the distance of row 1; distances must be finite and not negative.");
        assert!(error(vec![vec![(1, f32::NAN)], vec![(0, 1.0)]]).contains("NaN"));
        let twice = error(vec![vec![(1, 1.0), (1, 2.0)], vec![(0, 1.0)]]);
        assert_eq!(twice, "near.mtx, row 1: the neighbor 1 twice; each is named once.");
    }
}
