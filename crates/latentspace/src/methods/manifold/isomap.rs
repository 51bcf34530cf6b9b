//! Isomap: coordinates that preserve geodesic distances.
//!
//! Geodesic distances are lengths of shortest paths through the neighbor graph; classical multidimensional scaling turns them into
//! coordinates. Use it
//! where the data are one sheet without holes: it unrolls a roll true to scale. A single short circuit between parts that should be apart
//! bends the
//! whole map: use fewer neighbors.
//!
//! Cost, n rows: without landmarks n² k steps of sixteen rows at once and 4 n² bytes; with l landmarks n l k steps and at most 64 n bytes
//! per
//! thread.
//! Source: Tenenbaum, de Silva and Langford 2000, doi:10.1126/science.290.5500.2319; landmarks: de Silva and Tenenbaum 2003, NIPS 15.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::parallel::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::geodesics::{LANES, OrderedGraph};
use super::graph::Graph;
use super::scaling::{STEPS, Slope, classical, mean_squares};
use super::{BEGINS_ANEW, NEIGHBORS, PLANNED_ROUGHLY, check, check_landmarks, check_neighbors, landmarks, learned, load, places};
use crate::data::{Given, Rows};
use crate::error::{Error, Result};
use crate::linalg::{Eigen, Matrix};
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::placed::Stored;
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP};
use crate::methods::near::near;
use crate::model::{Can, Model};
use crate::neighbors::{self, Metric, Points};
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// Isomap: coordinates that preserve geodesic distances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Isomap {
    /// Dimensions of the space.
    #[schemars(range(min = 1, max = 50), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// Number of neighbors per row: few follow the data, many create short circuits.
    #[schemars(range(min = 1), extend("role" = Role::Neighborhood))]
    pub n_neighbors: u32,
    /// Number of landmarks, the rows from which geodesic distances are computed; the others are placed by their distances to them. auto:
    /// all rows up to 10,000, else 1,000.
    #[schemars(extend("minimum" = 3))]
    pub n_landmarks: Auto<u32>,
}

impl Default for Isomap {
    fn default() -> Self {
        Isomap { n_components: 2, n_neighbors: NEIGHBORS, n_landmarks: Auto::Auto }
    }
}

/// Groups of sixteen landmarks that are worked on between two sums.
const TOGETHER: usize = 16;
/// Rows of a block: borders depend on nothing but the number of rows.
const BLOCK: usize = 512;

impl Isomap {
    fn landmarks(&self, rows: usize) -> usize {
        landmarks(self.n_landmarks, rows)
    }

    /// The places of all rows by all ways, in the order of the ways and in their unit.
    fn all(&self, ways: &OrderedGraph, facts: &mut Map<String, Value>, run: &Run) -> Result<Matrix> {
        let n = ways.order().len();
        let distances = lengths(ways, run)?;
        let eigen = classical(&distances, n, self.n_components as usize, run)?;
        tell(&eigen, facts);
        places(&eigen.vectors, n, |_, axis| eigen.values[axis].max(0.0).sqrt())
    }

    /// The places of all rows by the ways from some, in the order of the ways and in their unit.
    fn some(&self, ways: &OrderedGraph, count: usize, facts: &mut Map<String, Value>, run: &Run) -> Result<Matrix> {
        let (n, k) = (ways.order().len(), self.n_components as usize);
        // Sorted, so that those of one group lie near each other.
        let mut landmarks = Random::new(run.seed(), "isomap landmarks").sample(0, n, count);
        landmarks.sort_unstable();
        let groups: Vec<&[u32]> = landmarks.chunks(LANES).collect();
        let mut apart = vec![0.0_f32; count * count];
        apart.par_chunks_mut(LANES * count).zip(groups.par_iter()).try_for_each_init(
            || ways.room(),
            |room, (out, group)| {
                run.check()?;
                ways.from(group, room);
                for (lane, out) in out.chunks_exact_mut(count).enumerate() {
                    out.iter_mut().zip(&landmarks).for_each(|(out, &place)| *out = room.distances[place as usize][lane]);
                }
                Ok(())
            },
        )?;
        let eigen = classical(&apart, count, k, run)?;
        let means = mean_squares(&apart, count);
        drop(apart);
        tell(&eigen, facts);
        let slope = Slope::new(&places(&eigen.vectors, count, |_, axis| eigen.values[axis].max(0.0).sqrt())?, means);
        let mut sums = vec![0.0_f64; n * k];
        for (batch, groups) in groups.chunks(TOGETHER).enumerate() {
            run.check()?;
            run.progress("ways", (batch * TOGETHER) as u64, landmarks.len().div_ceil(LANES) as u64);
            let from = |group: &&[u32]| {
                let mut room = ways.room();
                ways.from(group, &mut room);
                room.distances
            };
            let found: Vec<Vec<[f32; LANES]>> = groups.par_iter().map(from).collect();
            sums.par_chunks_mut(BLOCK * k).enumerate().for_each(|(block, sums)| {
                for (at, sums) in sums.chunks_exact_mut(k).enumerate() {
                    for (group, distances) in found.iter().enumerate() {
                        let first = (batch * TOGETHER + group) * LANES;
                        for lane in 0..LANES.min(count - first) {
                            slope.add(first + lane, f64::from(distances[block * BLOCK + at][lane]), sums);
                        }
                    }
                }
            });
        }
        Matrix::new(n, k, sums.iter().map(|&sum| sum as f32).collect())
    }
}

/// The lengths of the shortest ways between all places, row by row, in the order of the ways and in their unit.
fn lengths(ways: &OrderedGraph, run: &Run) -> Result<Vec<f32>> {
    let n = ways.order().len();
    let mut distances = vec![0.0_f32; n * n];
    let done = AtomicU64::new(0);
    distances.par_chunks_mut(LANES * n).enumerate().try_for_each_init(
        || ways.room(),
        |room, (group, out)| {
            run.check()?;
            let from: Vec<u32> = (group * LANES..((group + 1) * LANES).min(n)).map(|place| place as u32).collect();
            ways.from(&from, room);
            for (lane, out) in out.chunks_exact_mut(n).enumerate() {
                out.iter_mut().zip(&room.distances).for_each(|(out, lanes)| *out = lanes[lane]);
            }
            run.progress("ways", (LANES as u64 * done.fetch_add(1, Ordering::Relaxed)).min(n as u64), n as u64);
            Ok(())
        },
    )?;
    Ok(distances)
}

fn tell(eigen: &Eigen, facts: &mut Map<String, Value>) {
    facts.insert("eigenvalues".to_owned(), json!(eigen.values));
}

impl Method for Isomap {
    const INFO: Info = Info {
        name: "isomap",
        title: "Isomap",
        class: "Isomap",
        family: "manifold",
        summary: "coordinates that preserve geodesic distances",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: true,
        folds: false,
        likelihood: None,
        can: Can { kept: true, axes: None, sampler: false },
        laws: &[Law::Rotation, Law::Reconstruction],
        oriented: true,
        live: false,
        given: &[Given::Neighbors],
        limits: &[NEEDS_ALL_ROWS, PLACES_ON_THE_MAP, TAKEN_DENSE, BEGINS_ANEW, PLANNED_ROUGHLY],
        attributes: &[
            Attribute::CODES,
            Attribute::fact("eigenvalues_", "[k]", "eigenvalues", "Of the centered ways, in parts of the unit squared."),
            Attribute::made(
                "dist_matrix_",
                "[n, n]",
                "The length of the shortest way between each two rows; found anew when it is first read.",
            ),
            Attribute::made(
                "reconstruction_error()",
                "",
                "The root of the squared error of the centered ways, over n, as scikit-learn has it.",
            ),
        ],
        peer: Some(Peer {
            class: "sklearn.manifold.Isomap",
            lacks: &[
                ("kernel_pca_", "The places are classical scaling itself; new rows are placed by their neighbors."),
                ("nbrs_", "space_.encode finds the neighbors of new rows."),
            ],
        }),
        references: &[
            "Tenenbaum, de Silva and Langford 2000, A global geometric framework for nonlinear dimensionality reduction, doi:10.1126/science.290.5500.2319",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        check(Self::INFO.title, self.n_components, shape)?;
        check_neighbors(self.n_neighbors, NEIGHBORS, shape)?;
        check_landmarks(self.n_landmarks, self.n_components, shape)
    }

    fn most(shape: Shape) -> Vec<(&'static str, usize)> {
        super::most(shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, landmarks, threads) = (shape.rows as f64, self.landmarks(shape.rows) as f64, run.threads() as f64);
        let k = f64::from(self.n_neighbors);
        let search = neighbors::plan(shape.rows, shape.cols, self.n_neighbors as usize, Metric::Euclidean, run);
        let all = landmarks >= n;
        // Landmarks of a group lie far from each other, and rows are looked at again: ten times as much, and twice.
        let ways = landmarks / LANES as f64 * n * k * if all { 35e-9 } else { 2.0 * 180e-9 };
        let sums = n * landmarks * if all { 20e-9 } else { 2e-9 * f64::from(self.n_components) };
        let held =
            if all { 4.0 * n * n + n * 8.0 * 12.0 * (STEPS + 1) as f64 } else { 4.0 * landmarks * landmarks + n * 64.0 * TOGETHER as f64 };
        let graph_bytes = n * k * 60.0;
        let place_bytes = (8 * shape.rows * shape.cols) as f64;
        let most = (search.bytes as f64).max(graph_bytes).max(place_bytes).max(held + n * k * 16.0) + if all { 0.0 } else { held };
        Plan {
            algorithm: format!("{k} neighbors ({}), ways from {landmarks} rows", search.algorithm),
            peak_bytes: (4 * shape.rows * shape.cols) as u64 + most as u64,
            seconds: search.seconds + (ways + sums + n * shape.cols as f64 * 12e-9) / threads,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let table = rows.table()?;
        let n = table.rows();
        let mut facts = Map::new();
        let found = near(rows, Points::Dense(table.view()), self.n_neighbors as usize, Metric::Euclidean, &mut facts, run)?;
        let ways = OrderedGraph::new(&Graph::joined(found, &table, &mut facts, run)?.both_ways());
        let landmarks = self.landmarks(n);
        facts.insert("n_landmarks".to_owned(), json!(landmarks));
        let ordered = if landmarks == n { self.all(&ways, &mut facts, run)? } else { self.some(&ways, landmarks, &mut facts, run)? };
        facts.insert("unit".to_owned(), json!(ways.unit()));
        let mut place = vec![0_u32; n];
        ways.order().iter().enumerate().for_each(|(at, &row)| place[row as usize] = at as u32);
        let map = ordered.select(&place);
        let map = Matrix::new(n, map.cols(), map.as_slice().iter().map(|value| value * ways.unit()).collect())?;
        learned(table, map, self.n_neighbors, facts, run)
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, run: &Run) -> Result<Found> {
        fit.check_found(name)?;
        let table = Stored::load(fit.tensors, fit.model)?.dense()?.rows.table()?;
        let n = table.rows();
        run.check_memory(name, (16 * n * n) as u64, "fewer rows would fit")?;
        let ways = OrderedGraph::new(&Graph::nearest(&table, self.n_neighbors, &mut Map::new(), run)?.both_ways());
        let (lengths, unit) = (lengths(&ways, run)?, f64::from(ways.unit()));
        if name == "dist_matrix_" {
            let mut out = vec![0.0; n * n];
            for (at, &row) in ways.order().iter().enumerate() {
                for (length, &other) in lengths[at * n..][..n].iter().zip(ways.order()) {
                    out[row as usize * n + other as usize] = f64::from(*length) * unit;
                }
            }
            return Ok(Found::table(n, n, out));
        }
        if self.landmarks(n) < n {
            return Err(Error::input(name, "geodesic distances were computed from landmarks only", "n_landmarks of all rows is needed"));
        }
        // The norm of -½ J D² J, J taking out the mean, and what the eigenvalues have of it.
        let means = mean_squares(&lengths, n);
        let mean = means.iter().sum::<f64>() / n as f64;
        let cell = |i: usize, j: usize| -0.5 * (f64::from(lengths[i * n + j]).powi(2) - means[i] - means[j] + mean);
        let whole: f64 = (0..n).map(|i| (0..n).map(|j| cell(i, j).powi(2)).sum::<f64>()).sum();
        let values = fit.facts.get("eigenvalues").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64);
        let told: f64 = values.map(|value| value.powi(2)).sum();
        Ok(Found::Value(json!((whole - told).max(0.0).sqrt() * unit * unit / n as f64)))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        load(tensors, facts)
    }
}
