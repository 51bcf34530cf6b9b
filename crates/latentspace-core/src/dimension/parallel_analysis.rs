//! Parallel analysis: principal components of the data that have more variance than the components of the same columns, each permuted by
//! itself, which keeps their distributions and destroys their dependence. It counts components up to the first that does not exceed those
//! of every permutation; with 19 of them that is the 5 % level. Source: Horn 1965, doi:10.1007/BF02289447; with permutations: Buja and
//! Eyuboglu 1992, doi:10.1207/s15327906mbr2704_2.

use super::directions::singular_squares;
use crate::error::Result;
use crate::linalg::Matrix;
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Number of permutations.
const PERMUTED: usize = 19;

/// The number of components of standardized rows, with these squared singular values. Cost: 19 spectra.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn count(rows: &Matrix, squares: &[f64], run: &Run) -> Result<usize> {
    let random = Random::new(run.seed(), "parallel analysis");
    let (n, d) = (rows.rows(), rows.cols());
    let spectrum = |permutation: usize| {
        run.check()?;
        let mut cells = vec![0.0; n * d];
        for column in 0..d {
            let order = random.permutation((permutation * d + column) as u64, n);
            order.iter().enumerate().for_each(|(row, &from)| cells[row * d + column] = rows.row(from as usize)[column]);
        }
        run.check()?;
        singular_squares(&Matrix::new(n, d, cells)?)
    };
    let noise: Vec<Vec<f64>> = run.install(|| (0..PERMUTED).into_par_iter().map(spectrum).collect::<Result<_>>())?;
    let exceeds = |at: usize| noise.iter().all(|noise| squares[at] > noise[at]);
    Ok((0..squares.len()).take_while(|&at| exceeds(at)).count())
}
