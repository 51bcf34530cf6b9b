//! What methods for curved data share: the neighbor graph, connected where it falls apart, and spaces that place new rows among their
//! neighbors.

pub mod diffusion;
mod eigenvectors;
mod geodesics;
mod graph;
pub mod isomap;
pub mod laplacian;
pub mod lle;
mod local;
pub mod mds;
pub mod phate;
mod scaling;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::error::{Error, Result, count};
use crate::interval::Measure;
use crate::linalg::{Matrix, OwnedRows};
use crate::method::{Fitted, Plan, Shape};
use crate::methods::map::mixture::{RIDGE, mixture};
use crate::methods::map::placed::{Near, Placed, Placing, Stored, wrong};
use crate::model::Model;
use crate::neighbors::{self, Metric, Points};
use crate::params::Auto;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// The default number of neighbors.
const NEIGHBORS: u32 = 12;
/// A limit of these methods: no checkpoints.
const BEGINS_ANEW: &str = "a killed fit starts over: there are no checkpoints";
/// A limit of these methods: rough plans.
const PLANNED_ROUGHLY: &str = "a plan is accurate to a factor of 3: fill-in of the factored graph depends on the data";
/// Entries of a factored graph at most: 256 MiB, which take some ten seconds.
const MOST_ENTRIES: usize = 1 << 25;

/// Checks dimensions against the shape of the data.
fn check(title: &str, n_components: u32, shape: Shape) -> Result<()> {
    if shape.rows < 3 || shape.cols == 0 {
        return Err(Error::input("data", shape.to_string(), format!("{title} needs at least 3 rows of 1 column")));
    }
    at_most_the_others("n_components", n_components, 2, shape)
        .map_err(|error| error.with_hint("`latent dimension DATA` estimates how many dimensions the rows have"))
}

/// Checks neighbors, by default so many, against the shape of the data.
fn check_neighbors(n_neighbors: u32, default: u32, shape: Shape) -> Result<()> {
    at_most_the_others("n_neighbors", n_neighbors, default, shape).map_err(|error| {
        error.with_hint(format!("n_neighbors={} is the largest that works; fewer neighbors show finer structure", shape.rows - 1))
    })
}

/// The largest numbers of neighbors for this shape.
fn most(shape: Shape) -> Vec<(&'static str, usize)> {
    vec![("n_neighbors", shape.rows.saturating_sub(1))]
}

/// Refuses a number larger than that of the rows beside one.
fn at_most_the_others(name: &str, value: u32, default: u32, shape: Shape) -> Result<()> {
    let most = shape.rows.saturating_sub(1);
    if value as usize <= most {
        return Ok(());
    }
    Err(Error::too_large(name, value, Some(default), format!("{} rows", count(shape.rows as u64)), count(most as u64)))
}

/// The space of rows that lie at these places, new ones at the mixture of their neighbors.
fn learned(rows: Matrix, map: Matrix, n_neighbors: u32, facts: Map<String, Value>, run: &Run) -> Result<Fitted> {
    placed(
        Stored { pca: None, rows: OwnedRows::Dense(rows), map, metric: Metric::Euclidean },
        Mixed { n_neighbors: n_neighbors as usize },
        facts,
        run,
    )
}

/// The space of rows with their places, and what a new row goes by.
fn placed(stored: Stored, placing: impl Placing + 'static, mut facts: Map<String, Value>, run: &Run) -> Result<Fitted> {
    let map = stored.map.clone();
    if map.as_slice().iter().any(|value| !value.is_finite()) {
        return Err(Error::internal("a place that is no number"));
    }
    let model = Placed::new(stored, placing);
    let [again, left_out] = model.drifts(Random::new(run.seed(), "manifold drift"), run)?;
    facts.insert("left_out_drift_of_radius".to_owned(), json!(left_out.of_radius()));
    let measures: Vec<(&'static str, Measure)> = vec![("encode_drift", again.median), ("left_out_drift", left_out.median)];
    Ok(Fitted { model: Box::new(model), codes: Some(map), facts, measures })
}

/// Opens what [`learned`] stored.
fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
    let n_neighbors = facts["n_neighbors"].as_u64().filter(|&n| n > 0).ok_or_else(|| wrong("its new rows have no neighbors"))? as usize;
    let stored = Stored::load(tensors, facts)?.dense()?;
    if stored.map.as_slice().iter().any(|value| !value.is_finite()) {
        return Err(wrong("a coordinate of its map is not a number"));
    }
    Ok(Box::new(Placed::new(stored, Mixed { n_neighbors })))
}

/// Up to so many rows, all are landmarks where nobody says how many; then so many are.
const ALL: usize = 10_000;
const LANDMARKS: u32 = 1000;

/// How many of the rows are landmarks.
fn landmarks(n_landmarks: Auto<u32>, rows: usize) -> usize {
    let auto = || if rows <= ALL { rows as u32 } else { LANDMARKS };
    (n_landmarks.or_else(auto) as usize).min(rows)
}

/// Checks landmarks against dimensions and rows.
fn check_landmarks(n_landmarks: Auto<u32>, n_components: u32, shape: Shape) -> Result<()> {
    let Auto::Value(landmarks) = n_landmarks else { return Ok(()) };
    let wanted = if landmarks as usize > shape.rows {
        format!("for {} rows it is at most that", count(shape.rows as u64))
    } else if landmarks <= n_components {
        format!("for {n_components} dimensions it is at least {}", n_components + 1)
    } else {
        return Ok(());
    };
    Err(Error::param("n_landmarks", landmarks, wanted))
}

/// Puts into `out` where the mixture of the rows near a row lies that is nearest to it.
fn mixed(row: &[f32], near: Near<'_>, out: &mut [f32]) {
    let (Some(rows), map) = (near.stored.table(), &near.stored.map) else { return };
    let weights = mixture(row, near.indices.iter().map(|&index| rows.row(index as usize)), RIDGE);
    for (axis, out) in out.iter_mut().enumerate() {
        let parts = near.indices.iter().zip(&weights).map(|(&index, weight)| weight * f64::from(map.row(index as usize)[axis]));
        *out = parts.sum::<f64>() as f32;
    }
}

/// A new row lies where the mixture of its neighbors that is nearest to it lies.
struct Mixed {
    n_neighbors: usize,
}

impl Placing for Mixed {
    fn neighbors(&self) -> usize {
        self.n_neighbors
    }

    fn place(&self, row: &[f32], near: Near<'_>, out: &mut [f32]) {
        mixed(row, near, out);
    }

    fn store(&self, _tensors: &mut Tensors) -> Result<Map<String, Value>> {
        Ok(Map::from_iter([("n_neighbors".to_owned(), json!(self.n_neighbors))]))
    }
}

/// Places from unit vectors `[k, n]` over the rows, each stretched by `stretch`: `[n, k]`.
fn places(vectors: &[f64], n: usize, stretch: impl Fn(usize, usize) -> f64) -> Result<Matrix> {
    let k = vectors.len() / n.max(1);
    let cells = (0..n * k).map(|at| (vectors[at % k * n + at / k] * stretch(at / k, at % k)) as f32).collect();
    Matrix::new(n, k, cells)
}

/// The entries that a factored graph may have in this run, so that it keeps to its memory.
fn most_entries(run: &Run) -> usize {
    run.max_memory().map_or(MOST_ENTRIES, |limit| MOST_ENTRIES.min((limit / 4 / 8) as usize))
}

/// What a graph's matrix and its factor are expected to have.
struct Factored {
    /// Pairs a row that are summed up.
    pairs: f64,
    /// Entries of the factor, in parts of n^1.5: 7 for neighborhoods of 12, 4 for 12 single pairs, where rows fill a dozen dimensions (pictures);
    /// surfaces have a tenth.
    factor: f64,
    /// Processor seconds a row to find the pairs.
    seconds: f64,
}

impl Factored {
    /// A graph of single pairs.
    fn graph(n_neighbors: u32) -> Self {
        let k = f64::from(n_neighbors);
        Factored { pairs: k, factor: k / 3.0, seconds: 0.3e-6 * k }
    }

    /// A sum over the neighborhoods of all rows, each of which ties all of its rows together.
    fn neighborhoods(n_neighbors: u32, seconds: f64) -> Self {
        let k = f64::from(n_neighbors);
        Factored { pairs: (k + 1.0) * (k + 2.0) / 2.0, factor: 7.0 / 12.0 * k, seconds }
    }
}

/// The plan of a method that factors a graph.
fn plan(shape: Shape, n_neighbors: u32, algorithm: &str, factored: Factored, run: &Run) -> Plan {
    let n = shape.rows as f64;
    let search = neighbors::plan(shape.rows, shape.cols, n_neighbors as usize, Metric::Euclidean, run);
    let graph_bytes = n * (24.0 * f64::from(n_neighbors) + 48.0 * factored.pairs);
    let place_bytes = (8 * shape.rows * shape.cols) as f64;
    let entries = (factored.factor * n.powf(1.5)).min(most_entries(run) as f64);
    let most = (search.bytes as f64).max(graph_bytes).max(place_bytes) + 10.0 * entries + 1000.0 * n;
    let drift = n * shape.cols as f64 * 12e-9;
    let threads = run.threads() as f64;
    // The factor is made and solved with on one thread.
    let seconds = (n * factored.seconds + drift) / threads + n * factored.pairs * 60e-9 + entries * 120e-9;
    Plan {
        algorithm: format!("{n_neighbors} neighbors ({}), {algorithm}", search.algorithm),
        peak_bytes: (4 * shape.rows * shape.cols) as u64 + most as u64,
        seconds: search.seconds + seconds,
        rounds: 1,
    }
}

/// The places of all rows, `[n, k]`, as `place` has them. Where it has none, since the graph of that many rows is too entangled to be factored,
/// half of the rows are learned from, or a quarter, and so on; the others are placed among these. That is told.
///
/// # Errors
/// What `place` says, [`Error::Cancelled`].
fn places_of_all(
    rows: &Matrix,
    n_neighbors: u32,
    facts: &mut Map<String, Value>,
    run: &Run,
    mut place: impl FnMut(&Matrix, &mut Map<String, Value>) -> Result<Option<Matrix>>,
) -> Result<Matrix> {
    let n = rows.rows();
    let mut learned = n;
    let (few, map) = loop {
        if learned == n {
            match place(rows, facts)? {
                Some(map) => return Ok(map),
                None => learned /= 2,
            }
        }
        let few = rows.select(&Random::new(run.seed(), "manifold rows").sample(0, n, learned));
        match place(&few, facts)? {
            Some(map) => break (few, map),
            None => learned /= 2,
        }
    };
    facts.insert("learned_rows".to_owned(), json!(learned));
    run.warn(format!(
        "the neighbor graph of {} rows is too dense to factorize within {}: {} of them were embedded, and the others placed among these. \
         Fewer neighbors, or PCA to fewer columns first, allow more rows.",
        count(n as u64),
        count((most_entries(run) * 8) as u64 >> 20) + " MiB",
        count(learned as u64)
    ));
    let stored = Stored { pca: None, rows: OwnedRows::Dense(few), map, metric: Metric::Euclidean };
    Placed::new(stored, Mixed { n_neighbors: n_neighbors as usize }).place(&Points::Dense(rows.view()), run)
}
