//! Linear methods: a code is a linear function of the row, or a row a linear function of its code.

mod affine;
mod coding;
mod covariance;

pub mod dictionary;
pub mod factor_analysis;
mod factors;
mod frame;
pub mod ica;
mod incomplete;
mod measured;
pub mod nmf;
pub mod pca;
pub mod ppca;
pub mod sparse_pca;

/// Limits of methods that learn from the covariance.
const DENSE: &str = "sparse counts are made dense in chunks of 4,096 rows: the covariance of the columns has few zeros";
const SQUARE: &str = "memory grows with the square of the number of columns: their covariance is computed";
