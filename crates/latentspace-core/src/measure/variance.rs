//! What the variance of columns is made of: common factors, the columns of a group, and the rest.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::linalg::MatrixView;
use crate::neighbors::check_finite;
use crate::parallel::*;
use crate::run::Run;

/// The shares of a column's variance. They add up to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VarianceShares {
    /// `[k]`: of each factor, after those before it.
    pub factors: Vec<f64>,
    /// Of what the other columns of its group have in common, after the factors: their mean. 0 without a group.
    pub group: f64,
    /// The rest.
    pub rest: f64,
}

/// Decomposes the variance of each column of `[n, d]` by linear regression on factors `[n, k]`, one after another, then on the mean of what
/// is left of the other columns of its group; `groups` has a number per column (`u32::MAX`: none). A column is never part of its own group's
/// mean, so noise of its own is not taken for the group's. Cost: n d (k + 2) multiply-adds.
///
/// # Errors
/// [`Error::Input`] if rows or groups differ in number or a cell is not finite; [`Error::Cancelled`].
pub fn variance_shares(columns: MatrixView<'_>, factors: MatrixView<'_>, groups: &[u32], run: &Run) -> Result<Vec<VarianceShares>> {
    let (n, d) = (columns.rows(), columns.cols());
    run.install(|| check_finite("data", columns))?;
    run.install(|| check_finite("factors", factors))?;
    if factors.rows() != n || groups.len() != d || n < 2 {
        let found = format!("{} rows of factors and {} groups", factors.rows(), groups.len());
        return Err(Error::input("factors", found, format!("there are {n} rows and {d} columns, and at least 2 rows are needed")));
    }
    let centered = |table: MatrixView<'_>, column: usize| {
        let cells: Vec<f64> = (0..n).map(|row| f64::from(table.row(row)[column])).collect();
        let mean = cells.iter().sum::<f64>() / n as f64;
        cells.iter().map(|cell| cell - mean).collect::<Vec<f64>>()
    };
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(factors.cols());
    for factor in 0..factors.cols() {
        run.check()?;
        let mut own = centered(factors, factor);
        let whole = dot(&own, &own);
        basis.iter().for_each(|other| take(&mut own, other));
        let left = dot(&own, &own);
        // A factor that the others determine adds nothing.
        let scale = if left > 1e-9 * whole { 1.0 / left.sqrt() } else { 0.0 };
        own.iter_mut().for_each(|cell| *cell *= scale);
        basis.push(own);
    }
    let of_column = |column: usize| {
        run.check()?;
        let mut cells = centered(columns, column);
        let whole = dot(&cells, &cells).max(f64::MIN_POSITIVE);
        let factors: Vec<f64> = basis.iter().map(|factor| dot(&cells, factor).powi(2) / whole).collect();
        basis.iter().for_each(|factor| take(&mut cells, factor));
        Ok((cells, whole, factors))
    };
    let left: Vec<(Vec<f64>, f64, Vec<f64>)> = run.install(|| (0..d).into_par_iter().map(of_column).collect::<Result<_>>())?;
    let last = groups.iter().filter(|&&group| group != u32::MAX).max().map_or(0, |&last| last as usize + 1);
    let mut sums = vec![vec![0.0; n]; last];
    for ((cells, _, _), &group) in left.iter().zip(groups).filter(|(_, group)| **group != u32::MAX) {
        sums[group as usize].iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell);
    }
    let with_group = |column: usize| {
        let (cells, whole, factors) = &left[column];
        let others: Option<Vec<f64>> =
            sums.get(groups[column] as usize).map(|sums| sums.iter().zip(cells).map(|(sum, cell)| sum - cell).collect());
        let group = others.map_or(0.0, |others| {
            let square = dot(&others, &others);
            if square > 1e-9 * whole { dot(cells, &others).powi(2) / square / whole } else { 0.0 }
        });
        VarianceShares { factors: factors.clone(), group, rest: 1.0 - group - factors.iter().sum::<f64>() }
    };
    Ok(run.install(|| (0..d).into_par_iter().map(with_group).collect()))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Takes a direction of length 1 out of a vector.
fn take(from: &mut [f64], direction: &[f64]) {
    let along = dot(from, direction);
    from.iter_mut().zip(direction).for_each(|(cell, way)| *cell -= along * way);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    #[test]
    fn planted_shares_are_found() {
        let random = Random::new(4, "shares");
        let (n, d) = (4000, 40);
        let factor = |row: usize, at: u64| random.normal(at, row as u64);
        // Variances 1 of a factor, 0.5 of the group's, 0.5 of its own.
        let cell = |row: usize, column: usize| {
            let own = random.normal(100 + column as u64, row as u64);
            factor(row, 0) + 0.5_f64.sqrt() * (factor(row, 1 + column as u64 % 4) + own)
        };
        let columns = Matrix::from_fn(n, d, |row, column| cell(row, column) as f32);
        let factors = Matrix::from_fn(n, 2, |row, at| (factor(row, 0) * (at + 1) as f64) as f32);
        let groups: Vec<u32> = (0..d as u32).map(|column| column % 4).collect();
        let found = variance_shares(columns.view(), factors.view(), &groups, &Run::new(0, 2).unwrap()).unwrap();
        for found in &found {
            assert!((found.factors[0] - 0.5).abs() < 0.05 && found.factors[1] < 1e-6, "{found:?}");
            assert!((found.group - 0.25).abs() < 0.06 && (found.factors[0] + found.group + found.rest - 1.0).abs() < 1e-9, "{found:?}");
        }
        assert_eq!(found, variance_shares(columns.view(), factors.view(), &groups, &Run::new(0, 1).unwrap()).unwrap());
        let none = variance_shares(columns.view(), factors.view(), &vec![u32::MAX; d], &Run::new(0, 1).unwrap()).unwrap();
        assert!(none.iter().all(|found| found.group == 0.0));
        assert!(variance_shares(columns.view(), factors.view(), &[0], &Run::new(0, 1).unwrap()).is_err());
    }
}
