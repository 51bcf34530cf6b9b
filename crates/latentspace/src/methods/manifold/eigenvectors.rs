//! The smoothest eigenvectors of a graph: the eigenvectors of its normalised Laplacian next to the trivial one.

use super::most_entries;
use crate::error::Result;
use crate::linalg::{Smallest, Sparse};
use crate::run::Run;

/// The eigenvectors of a graph.
pub(super) struct GraphEigenvectors {
    /// Of I - D^-½ W D^-½, smallest first; unit vectors.
    pub(super) smallest: Smallest,
    /// What a unit vector is stretched by at each row, so that it is a function over the rows of mean square 1 (weighted by D).
    pub(super) stretch: Vec<f64>,
}

impl GraphEigenvectors {
    /// The `count` slowest of the graph with these weights, each pair given once; none if it is too entangled to be factored.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub(super) fn of(n: usize, pairs: &[(u32, u32, f64)], count: usize, run: &Run) -> Result<Option<Self>> {
        let mut degrees = vec![0.0; n];
        for &(a, b, weight) in pairs {
            degrees[a as usize] += weight;
            if a != b {
                degrees[b as usize] += weight;
            }
        }
        let all: f64 = degrees.iter().sum();
        let roots: Vec<f64> = degrees.iter().map(|degree: &f64| degree.max(f64::MIN_POSITIVE).sqrt()).collect();
        let mut entries: Vec<(u32, u32, f64)> = (0..n as u32).map(|row| (row, row, 1.0)).collect();
        entries.extend(pairs.iter().map(|&(a, b, weight)| (a, b, -weight / (roots[a as usize] * roots[b as usize]))));
        let known: Vec<f64> = roots.iter().map(|root| root / all.sqrt()).collect();
        run.progress("eigenvectors", 0, 1);
        let found = Sparse::sum(n, &entries).smallest_eigen(&known, count, most_entries(run), run)?;
        run.progress("eigenvectors", 1, 1);
        let stretch = roots.iter().map(|root| all.sqrt() / root).collect();
        Ok(found.map(|smallest| GraphEigenvectors { smallest, stretch }))
    }
}
