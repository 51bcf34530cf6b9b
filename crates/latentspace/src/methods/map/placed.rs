//! The space of a map: its rows, their places, and how a new row finds its own.
//!
//! A row that was fitted has its place. A new row is placed by itself, against the map as it stands, by its nearest fitted rows; how, is the
//! method's.

use crate::parallel::*;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result, count};
use crate::linalg::{Matrix, OwnedRows, SparseMatrix};
use crate::measure::Measure;
use crate::method::Method;
use crate::methods::linear::pca::Pca;
use crate::methods::map::mixture::{RIDGE, mixture};
use crate::model::{Capabilities, Kept, Model};
use crate::neighbors::{Metric, Neighbors, Points, query};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::{Tensor, Tensors};

/// Rows that are placed between two questions whether to go on.
const BATCH: usize = 4096;
/// Coordinates beyond this are those of no map.
const FARTHEST: f32 = 1e7;
/// Fitted rows that are placed anew, and as if they were new, to tell how far from their places they land: the fewest and the most, and the
/// multiply-adds that may be spent on their neighbors.
const DRIFT_ROWS: [usize; 2] = [200, 500];
const DRIFT_WORK: usize = 8_000_000_000;

/// See [`Placed::warn_outside`].
const OUTSIDE: f32 = 3.0;

/// How a method places a new row on a map.
pub(in crate::methods) trait Placing: Send + Sync {
    /// Neighbors that a new row is placed by.
    fn neighbors(&self) -> usize;

    /// Puts the place of a row among the rows near it into `out`; the same for the same row and neighbors, to the bit.
    fn place(&self, row: &[f32], near: Near<'_>, out: &mut [f32]);

    /// What it must know of the fit, for the space file: numbers into `tensors`, small facts into what is returned.
    ///
    /// # Errors
    /// [`Error::Internal`] if a name is used twice.
    fn store(&self, tensors: &mut Tensors) -> Result<Map<String, Value>>;
}

/// The fitted rows nearest to a new one, nearest first.
#[derive(Clone, Copy)]
pub(in crate::methods) struct Near<'a> {
    pub(in crate::methods) indices: &'a [u32],
    pub(in crate::methods) distances: &'a [f32],
    /// All of them, and their places.
    pub(in crate::methods) stored: &'a Stored,
}

/// The rows of a map and their places, as they are stored.
pub(in crate::methods) struct Stored {
    /// What the rows are reduced by before neighbors are sought.
    pub(in crate::methods) pca: Option<Box<dyn Model>>,
    /// The fitted rows, after that.
    pub(in crate::methods) rows: OwnedRows,
    /// `[n, k]`.
    pub(in crate::methods) map: Matrix,
    pub(in crate::methods) metric: Metric,
}

impl Stored {
    /// What [`Placed`] stored.
    ///
    /// # Errors
    /// [`Error::Input`] if a tensor is missing or does not fit the others.
    pub(in crate::methods) fn load(tensors: &Tensors, facts: &Value) -> Result<Self> {
        let rows = match tensors.contains("row_lengths") {
            true => OwnedRows::Sparse(sparse_rows(tensors, facts)?),
            false => OwnedRows::Dense(tensors.matrix("rows", None, None)?),
        };
        let map = tensors.matrix("map", Some(rows.rows()), None)?;
        let pca = match &facts["pca"] {
            Value::Null => None,
            facts => Some(Pca::load(tensors, facts)?),
        };
        if pca.as_ref().is_some_and(|pca| pca.n_components() != rows.cols()) || rows.rows() == 0 || rows.cols() == 0 {
            return Err(wrong(format!("its rows are {} x {}", rows.rows(), rows.cols())));
        }
        let metric = serde_json::from_value(facts["metric"].clone()).map_err(|error| wrong(format!("its metric: {error}")))?;
        Ok(Stored { pca, rows, map, metric })
    }

    /// The fitted rows as a table, where they are one.
    pub(in crate::methods) fn table(&self) -> Option<&Matrix> {
        self.rows.dense()
    }

    /// The same, of a method that keeps a table.
    ///
    /// # Errors
    /// [`Error::Input`] if its rows are sparse.
    pub(in crate::methods) fn dense(self) -> Result<Self> {
        if self.table().is_some() { Ok(self) } else { Err(wrong("its rows are sparse, which those of its method never are")) }
    }

    /// The same, of a map that was laid out step by step.
    ///
    /// # Errors
    /// [`Error::Input`] if a place lies where no step leads.
    pub(in crate::methods) fn within_bounds(self) -> Result<Self> {
        if is_within_bounds(&self.map) { Ok(self) } else { Err(wrong("its map reaches beyond what a map can")) }
    }

    /// The points of the map, coordinates beyond its own being 0.
    pub(in crate::methods) fn points<const D: usize>(&self) -> Vec<[f32; D]> {
        let map = &self.map;
        (0..map.rows()).map(|row| std::array::from_fn(|axis| map.row(row).get(axis).copied().unwrap_or(0.0))).collect()
    }
}

/// Sparse rows as [`Placed`] stored them.
fn sparse_rows(tensors: &Tensors, facts: &Value) -> Result<SparseMatrix> {
    let (lengths, indices) = (tensors.u32("row_lengths", None)?, tensors.u32("row_columns", None)?);
    let values = tensors.matrix("row_values", Some(1), Some(indices.len()))?;
    let cols = facts["columns"].as_u64().map_or(0, |cols| cols as usize);
    let mut starts = vec![0];
    for &length in lengths {
        starts.push(starts[starts.len() - 1] + length as usize);
    }
    let ascend = |row: &[usize]| indices.get(row[0]..row[1]).is_some_and(|row| row.windows(2).all(|two| two[0] < two[1]));
    if starts[starts.len() - 1] != indices.len() || !starts.windows(2).all(ascend) || indices.iter().any(|&index| index as usize >= cols) {
        return Err(wrong(format!("its sparse rows of {cols} columns do not fit together")));
    }
    Ok(SparseMatrix { cols, starts, indices: indices.to_vec(), values: values.as_slice().to_vec() })
}

/// Whether each coordinate is that of a map: a number, and not beyond what a map can reach.
pub(in crate::methods) fn is_within_bounds(map: &Matrix) -> bool {
    map.as_slice().iter().all(|value| value.abs() <= FARTHEST)
}

/// The error of a space file that does not hold what it should.
pub(in crate::methods) fn wrong(found: impl Into<String>) -> Error {
    Error::input("space", found, "a file that `latent fit` wrote is needed")
}

/// A map and the rows that it was made from.
pub(in crate::methods) struct Placed<P> {
    stored: Stored,
    placing: P,
}

impl<P: Placing> Placed<P> {
    /// The space of this map.
    pub(in crate::methods) fn new(stored: Stored, placing: P) -> Self {
        Placed { stored, placing }
    }

    /// How far from their places some fitted rows land when they come again, and when they come as if they were new: each by its neighbors,
    /// without itself.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(in crate::methods) fn drifts(&self, random: Random, run: &Run) -> Result<[Drift; 2]> {
        let Stored { rows: fitted, map, metric, .. } = &self.stored;
        let (n, dimensions) = (fitted.rows(), self.n_components());
        let some = (DRIFT_WORK / (n * fitted.cols()).max(1)).clamp(DRIFT_ROWS[0], DRIFT_ROWS[1]);
        let sample = random.sample(0, n, some);
        let (k, others) = (self.placing.neighbors().min(n), self.placing.neighbors().min(n - 1));
        let asked = fitted.select(&sample);
        let (fitted, asked) = (fitted.points(), asked.points());
        let found = fitted.query(&asked, others + 1, *metric, run)?;
        let mut places = [(); 2].map(|()| vec![0.0; sample.len() * dimensions]);
        let [again, left_out] = &mut places;
        let both = again.par_chunks_mut(dimensions).zip(left_out.par_chunks_mut(dimensions));
        both.zip(sample.par_iter()).enumerate().for_each(|(at, ((again, left_out), &row))| {
            let (indices, distances) = found.row(at);
            self.place_row(&asked, at, &indices[..k], &distances[..k], again);
            // Where more rows than that are nearer, the last of them is left out instead.
            let itself = indices.iter().position(|&index| index == row).unwrap_or(others);
            let kept = |at: &usize| *at != itself;
            let indices: Vec<u32> = (0..=others).filter(kept).map(|at| indices[at]).collect();
            let distances: Vec<f32> = (0..=others).filter(kept).map(|at| distances[at]).collect();
            let near = Near { indices: &indices, distances: &distances, stored: &self.stored };
            self.placing.place(asked.cells(at), near, left_out);
        });
        let [again, left_out] = places.map(|places| Matrix::new(sample.len(), dimensions, places));
        Ok([Drift::new(&again?, &sample, map), Drift::new(&left_out?, &sample, map)])
    }

    /// Rows as the fitted ones are stored: reduced, and as sparse or dense, however they come.
    fn reduced(&self, rows: &OwnedRows, run: &Run) -> Result<OwnedRows> {
        Ok(match &self.stored.pca {
            Some(pca) => OwnedRows::Dense(pca.encode(rows, run)?),
            None if self.stored.rows.dense().is_some() => OwnedRows::Dense(rows.table()?),
            None => match rows.dense() {
                Some(table) => OwnedRows::Sparse(SparseMatrix::of(table)),
                None => rows.clone(),
            },
        })
    }

    /// The place of a row with these nearest fitted rows: that of one of them, where it is the same.
    fn place_row(&self, rows: &Points<'_>, row: usize, indices: &[u32], distances: &[f32], out: &mut [f32]) {
        let fitted = self.stored.rows.points();
        match indices.iter().find(|&&index| rows.is_same(row, &fitted, index as usize)) {
            Some(&index) => out.copy_from_slice(self.stored.map.row(index as usize)),
            None => self.placing.place(rows.cells(row), Near { indices, distances, stored: &self.stored }, out),
        }
    }

    /// The places of rows that are reduced already.
    ///
    /// # Errors
    /// [`Error::Cancelled`], or [`Error::Input`] for a cell that is no finite number.
    pub(in crate::methods) fn place(&self, rows: &Points<'_>, run: &Run) -> Result<Matrix> {
        let Stored { rows: fitted, metric, .. } = &self.stored;
        let (k, dimensions) = (self.placing.neighbors().min(fitted.rows()), self.n_components());
        let mut places = vec![0.0; rows.rows() * dimensions];
        for from in (0..rows.rows()).step_by(BATCH) {
            run.check()?;
            let batch = rows.slice(from..(from + BATCH).min(rows.rows()));
            let found = fitted.points().query(&batch, k, *metric, run)?;
            let out = &mut places[from * dimensions..][..batch.rows() * dimensions];
            out.par_chunks_mut(dimensions).enumerate().for_each(|(row, out)| {
                let (indices, distances) = found.row(row);
                self.place_row(&batch, row, indices, distances, out);
            });
        }
        Matrix::new(rows.rows(), dimensions, places)
    }

    /// Tells of codes where nothing was fitted: farther from the nearest fitted place than [`OUTSIDE`] times as far as that is from the last of
    /// its neighbors.
    fn warn_outside(&self, codes: &Matrix, found: &Neighbors, run: &Run) -> Result<()> {
        let map = &self.stored.map;
        let nearest: Vec<u32> = (0..codes.rows()).map(|at| found.row(at).0[0]).collect();
        let around = query(map.view(), map.select(&nearest).view(), found.k, Metric::Euclidean, run)?;
        let is_outside = |at: &usize| found.row(*at).1[0] > OUTSIDE * around.row(*at).1[found.k - 1];
        let outside: Vec<usize> = (0..codes.rows()).filter(is_outside).collect();
        if let Some(first) = outside.first() {
            run.warn(format!(
                "{} of {} codes lie outside the map, far from all fitted rows (the first is row {}): their decoded values are extrapolated",
                count(outside.len() as u64),
                count(codes.rows() as u64),
                first + 1
            ));
        }
        Ok(())
    }
}

impl<P: Placing> Model for Placed<P> {
    fn n_components(&self) -> usize {
        self.stored.map.cols()
    }

    fn columns(&self) -> usize {
        self.stored.pca.as_ref().map_or(self.stored.rows.cols(), |pca| pca.columns())
    }

    fn encode(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        let reduced = self.reduced(rows, run)?;
        run.install(|| self.place(&reduced.points(), run))
    }

    /// Each code as the mixture of the fitted places around it, made of their rows.
    fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        let Stored { rows, map, pca, .. } = &self.stored;
        let k = self.placing.neighbors().min(rows.rows());
        let found = query(map.view(), codes.view(), k, Metric::Euclidean, run)?;
        let mut out = vec![0.0; codes.rows() * rows.cols()];
        run.install(|| {
            out.par_chunks_mut(rows.cols()).enumerate().for_each(|(at, out)| {
                let indices = found.row(at).0;
                let weights = mixture(codes.row(at), indices.iter().map(|&index| map.row(index as usize)), RIDGE);
                let mut sums = vec![0.0; out.len()];
                for (&index, weight) in indices.iter().zip(weights) {
                    match rows.points() {
                        Points::Dense(rows) => {
                            sums.iter_mut().zip(rows.row(index as usize)).for_each(|(sum, &value)| *sum += weight * f64::from(value));
                        }
                        Points::Sparse(rows) => {
                            let (columns, values) = rows.row(index as usize);
                            columns.iter().zip(values).for_each(|(&column, &value)| sums[column as usize] += weight * f64::from(value));
                        }
                    }
                }
                out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum as f32);
            });
        });
        self.warn_outside(codes, &found, run)?;
        let out = Matrix::new(codes.rows(), rows.cols(), out)?;
        match pca {
            Some(pca) => pca.decode(&out, run),
            None => Ok(out),
        }
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let Stored { rows, map, pca, .. } = &self.stored;
        Capabilities { kept: Some(Kept::new(map, rows).reduced_by(pca.as_deref())), ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        let pca = self.stored.pca.as_ref().map(|pca| pca.store(tensors)).transpose()?;
        tensors.put_matrix("map", &self.stored.map)?;
        let mut facts = self.placing.store(tensors)?;
        match self.stored.rows.sparse() {
            None => tensors.put_matrix("rows", &self.stored.rows.table()?)?,
            Some(rows) => {
                let lengths: Vec<u32> = rows.starts.windows(2).map(|row| (row[1] - row[0]) as u32).collect();
                tensors.put("row_lengths", Tensor::U32(vec![lengths.len()], lengths))?;
                tensors.put("row_columns", Tensor::U32(vec![rows.indices.len()], rows.indices.clone()))?;
                tensors.put_matrix("row_values", &Matrix::new(1, rows.values.len(), rows.values.clone())?)?;
                facts.insert("columns".to_owned(), json!(rows.cols));
            }
        }
        facts.insert("metric".to_owned(), json!(self.stored.metric));
        facts.insert("pca".to_owned(), json!(pca));
        Ok(Value::Object(facts))
    }
}

/// How far some places of fitted rows lie from those on the map.
pub(in crate::methods) struct Drift {
    /// The median distance, in the map's units.
    pub(in crate::methods) median: Measure,
    /// The map's radius, the root mean square distance from its middle.
    radius: f64,
}

impl Drift {
    pub(in crate::methods) fn new(places: &Matrix, sample: &[u32], map: &Matrix) -> Self {
        let (n, dimensions) = (map.rows(), map.cols());
        let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt();
        let mut distances: Vec<f64> = sample.iter().enumerate().map(|(i, &row)| apart(places.row(i), map.row(row as usize))).collect();
        distances.sort_by(f64::total_cmp);
        // Order statistics that hold the median with 95 %: the middle and 0.98 roots of the count to each side.
        let rank = |at: f64| distances[at.clamp(0.0, (distances.len() - 1) as f64) as usize];
        let (middle, half) = (0.5 * (distances.len() - 1) as f64, 0.98 * (distances.len() as f64).sqrt());
        let median = if sample.len() == n {
            Measure::exact(rank(middle), None)
        } else {
            Measure { value: rank(middle), low: rank(middle - half), high: rank(middle + half), null: None }
        };
        let centre: Vec<f32> =
            (0..dimensions).map(|axis| ((0..n).map(|row| f64::from(map.row(row)[axis])).sum::<f64>() / n as f64) as f32).collect();
        let radius = ((0..n).map(|row| apart(map.row(row), &centre).powi(2)).sum::<f64>() / n as f64).sqrt();
        Drift { median, radius }
    }

    /// The median distance in parts of the map's radius.
    pub(in crate::methods) fn of_radius(&self) -> f64 {
        if self.radius > 0.0 { self.median.value / self.radius } else { 0.0 }
    }
}
