//! Rows prepared for search: the nearest have the highest score, and the error of a score is bounded.

use crate::parallel::*;

use super::Metric;
use super::distance::squared_norm;
use crate::error::{Error, Result};
use crate::linalg::{Agreement, Matrix, MatrixView};

/// Prepared rows. The score of a row y for a row x is x·y - |y|²/2 for Euclidean distances (rows are centered, so that no precision is lost
/// far from the origin), x·y for cosines (rows of length 1; for Hellinger distances the roots of the cells) and for inner products; minus the
/// distance for Manhattan and Jaccard (cells 0 and 1), minus the number of unequal cells for Hamming.
pub(super) struct Table {
    pub(super) rows: Matrix,
    /// Half of the squared length of each row.
    pub(super) half: Vec<f32>,
    metric: Metric,
    longest: f32,
}

/// The shift and scale of rows.
pub(super) struct Frame {
    mean: Vec<f64>,
    scale: f64,
    metric: Metric,
}

impl Frame {
    /// The frame of these rows: their mean, and a power of two so that squares neither overflow nor vanish.
    pub(super) fn of(rows: MatrixView<'_>, metric: Metric) -> Self {
        let (n, d) = (rows.rows(), rows.cols());
        let mut mean = vec![0.0; d];
        if metric == Metric::Euclidean {
            // Sums of fixed blocks, added in order.
            let sums: Vec<Vec<f64>> = blocks(rows)
                .map(|block| {
                    let mut sum = vec![0.0; d];
                    for row in block.chunks_exact(d.max(1)) {
                        sum.iter_mut().zip(row).for_each(|(sum, &cell)| *sum += f64::from(cell));
                    }
                    sum
                })
                .collect();
            for sum in sums {
                mean.iter_mut().zip(sum).for_each(|(mean, sum)| *mean += sum / n as f64);
            }
        }
        let largest = blocks(rows)
            .map(|block| {
                block
                    .chunks_exact(d.max(1))
                    .flat_map(|row| row.iter().zip(&mean).map(|(&cell, mean)| (f64::from(cell) - mean).abs()))
                    .fold(0.0, f64::max)
            })
            .reduce(f64::max)
            .unwrap_or(0.0);
        let scale = if largest > 0.0 { (-largest.log2().ceil()).exp2() } else { 1.0 };
        Frame { mean, scale, metric }
    }

    /// The score of a row at this distance (squared, for Euclidean) from a row whose squared norm is twice `half`.
    pub(super) fn score(&self, half: f32, length: f64) -> f32 {
        (match self.metric {
            Metric::Euclidean => f64::from(half) - self.scale * self.scale * length / 2.0,
            Metric::Cosine => 1.0 - length,
            Metric::Hellinger => 1.0 - length * length,
            Metric::InnerProduct => -length * self.scale * self.scale,
            Metric::Manhattan => -length * self.scale,
            Metric::Hamming => -length * self.mean.len() as f64,
            Metric::Jaccard => -length,
        }) as f32
    }

    /// The factor of the cells of a row.
    pub(super) fn scale_of(&self, row: &[f32]) -> f64 {
        let inverse = |length: f64| if length > 0.0 { 1.0 / length } else { 0.0 };
        match self.metric {
            Metric::Hamming | Metric::Jaccard => 1.0,
            Metric::Hellinger => inverse(row.iter().map(|&cell| f64::from(cell)).sum()),
            Metric::Cosine => inverse(squared_norm(row).sqrt()),
            _ => self.scale,
        }
    }

    /// Writes a row relative to a point within this frame, or to its origin. It is rounded once, after the subtraction,
    /// so that rows near that point keep their precision.
    pub(super) fn write(&self, row: &[f32], scale: f64, from: Option<&[f32]>, out: &mut [f32]) {
        match (self.metric, from) {
            (Metric::Hamming, _) => out.copy_from_slice(row),
            (Metric::Jaccard, _) => out.iter_mut().zip(row).for_each(|(out, &cell)| *out = f32::from(cell != 0.0)),
            (Metric::Hellinger, None) => out.iter_mut().zip(row).for_each(|(out, &cell)| *out = (f64::from(cell) * scale).sqrt() as f32),
            (Metric::Hellinger, Some(from)) => out
                .iter_mut()
                .zip(row)
                .zip(from)
                .for_each(|((out, &cell), &from)| *out = ((f64::from(cell) * scale).sqrt() - f64::from(from)) as f32),
            (_, None) => {
                out.iter_mut().zip(row).zip(&self.mean).for_each(|((out, &cell), mean)| *out = ((f64::from(cell) - mean) * scale) as f32);
            }
            (_, Some(from)) => out
                .iter_mut()
                .zip(row)
                .zip(self.mean.iter().zip(from))
                .for_each(|((out, &cell), (mean, &from))| *out = ((f64::from(cell) - mean) * scale - f64::from(from)) as f32),
        }
    }

    /// The score of two rows at this distance relative to the same point: minus half of the squared distance.
    pub(super) fn apart(&self, distance: f64) -> f32 {
        let squared = match self.metric {
            Metric::Cosine => distance,
            Metric::Hellinger => distance * distance,
            _ => (distance * self.scale).powi(2) / 2.0,
        };
        -squared as f32
    }

    /// Rows within this frame.
    ///
    /// # Errors
    /// None occur.
    pub(super) fn table(&self, rows: MatrixView<'_>) -> Result<Table> {
        let (n, d) = (rows.rows(), rows.cols());
        let mut cells = vec![0.0_f32; n * d];
        let mut half = vec![0.0_f32; n];
        cells.par_chunks_mut((BLOCK * d).max(1)).zip(half.par_chunks_mut(BLOCK)).enumerate().for_each(|(block, (cells, half))| {
            for ((at, cells), half) in cells.chunks_exact_mut(d).enumerate().zip(half) {
                let row = rows.row(block * BLOCK + at);
                self.write(row, self.scale_of(row), None, cells);
                *half = (squared_norm(cells) / 2.0) as f32;
            }
        });
        let longest = half.iter().fold(0.0_f32, |longest, &half| longest.max(half));
        Ok(Table { rows: Matrix::new(n, d, cells)?, half, metric: self.metric, longest: (2.0 * longest).sqrt() })
    }
}

impl Table {
    /// The operation that scores sum over columns.
    pub(super) fn agreement(&self) -> Agreement {
        self.metric.agreement()
    }

    /// The size of a row that is a set, which panels need; 0 for others.
    pub(super) fn size(&self, row: usize) -> f32 {
        if self.metric == Metric::Jaccard { 2.0 * self.half[row] } else { 0.0 }
    }

    /// The constant added to each score of a row.
    pub(super) fn offset(&self, row: usize) -> f32 {
        if self.metric == Metric::Euclidean { -self.half[row] } else { 0.0 }
    }

    /// Error margin: by how much a row may score below `score`, that of the k-th best row of this table for a query, and still be nearer.
    /// `half` is half the squared norm of the query.
    ///
    /// The error of a sum of d products in f32 is at most d units in the last place of the sum of their magnitudes (Higham 2002,
    /// doi:10.1137/1.9780898718027, section 3.1); a few units more come from centering. A row no farther than r from the query has at most
    /// half a squared length of 2·half + r².
    pub(super) fn margin(&self, half: f32, score: f32) -> f32 {
        match self.metric {
            // Whole numbers.
            Metric::Hamming => 0.0,
            // A quotient of whole numbers, and one taken from it.
            Metric::Jaccard => 4.0 * f32::EPSILON,
            _ => 2.5 * self.unit() * self.magnitude(half, score),
        }
    }

    /// Error bound of a sum over the cells of a row in f32, relative to the sum of magnitudes.
    pub(super) fn unit(&self) -> f32 {
        (self.rows.cols() + 8) as f32 * (f32::EPSILON / 2.0)
    }

    /// Upper bound of the magnitude of the summands for a row that scores `score` or better; for products, that of the two rows'
    /// norms.
    pub(super) fn magnitude(&self, half: f32, score: f32) -> f32 {
        match self.metric {
            Metric::Euclidean => 5.0 * half + 4.0 * (half - score).max(0.0),
            Metric::Cosine | Metric::Hellinger => 1.0,
            Metric::InnerProduct => (2.0 * half).sqrt() * self.longest,
            Metric::Manhattan => -score,
            Metric::Hamming | Metric::Jaccard => self.rows.cols() as f32,
        }
    }
}

/// Number of rows processed at once.
const BLOCK: usize = 256;

fn blocks<'a>(rows: MatrixView<'a>) -> impl Pieces<Item = &'a [f32]> {
    rows.as_slice().par_chunks((BLOCK * rows.cols()).max(1))
}

/// Refuses cells that are not finite, in data called `name`, and negative ones if the metric does not allow them.
///
/// # Errors
/// [`Error::Input`] with the row and column.
pub(crate) fn check_cells(name: &str, rows: MatrixView<'_>, metric: Metric) -> Result<()> {
    check_finite(name, rows)?;
    if metric != Metric::Hellinger {
        return Ok(());
    }
    let checked = blocks(rows).enumerate().try_for_each(|(block, cells)| {
        let bad = cells.iter().position(|cell| *cell < 0.0);
        bad.map_or(Ok(()), |at| Err((block * BLOCK + at / rows.cols(), at % rows.cols(), cells[at])))
    });
    checked.map_err(|(row, column, found)| {
        let error = Error::input(name, format!("{found} was found"), "Hellinger distances are of counts or shares, which are not negative");
        let error = error.at_row(row as u64 + 1).at_column((column + 1).to_string());
        error.with_hint("--scale none leaves columns as they are, not standardized; the other metrics take any numbers")
    })
}

/// Refuses cells that are not finite, in data called `name`.
///
/// # Errors
/// [`Error::Input`] with the row and column.
pub(crate) fn check_finite(name: &str, rows: MatrixView<'_>) -> Result<()> {
    // Zero times a non-finite number is NaN.
    let checked = blocks(rows).enumerate().try_for_each(|(block, cells)| {
        let mut lanes = [0.0_f32; 8];
        for eight in cells.chunks(8) {
            lanes.iter_mut().zip(eight).for_each(|(lane, cell)| *lane += cell * 0.0);
        }
        if lanes.iter().all(|lane| *lane == 0.0) {
            return Ok(());
        }
        let bad = cells.iter().position(|cell| !cell.is_finite());
        bad.map_or(Ok(()), |at| Err((block * BLOCK + at / rows.cols(), at % rows.cols(), cells[at])))
    });
    checked.map_err(|(row, column, found)| {
        let error = Error::input(name, format!("{found} was found"), "distances need finite numbers");
        error.at_row(row as u64 + 1).at_column((column + 1).to_string())
    })
}
