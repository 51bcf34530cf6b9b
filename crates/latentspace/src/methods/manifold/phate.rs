//! PHATE: a map of branches and transitions, by potential distances of random walks.
//!
//! Potential of heat diffusion for affinity-based transition embedding. From each row, random walks on the neighbor graph run for `t`
//! steps; the
//! logarithms of their probabilities are the row's potential, and metric scaling preserves distances between potentials. Use it for
//! branches and
//! transitions (cells that develop, states that follow each other): it keeps them as lines where t-SNE and UMAP break them up. Distances
//! on the map
//! are potential distances, not those of the rows.
//!
//! Cost, n rows and m landmarks (all rows up to 2,000, else 2,000): the neighbor search; m³ for the walks; m² per step of the scaling; 48
//! m² bytes.
//! Source: Moon and others 2019, doi:10.1038/s41587-019-0336-3. Landmarks are a sample of rows, each with the rows nearest to it.

use crate::attributes::{Attribute, Peer};
use crate::parallel::*;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::graph::{Graph, Parts, tell};
use super::scaling::{Steps, classical, distances, smacof};
use super::{BEGINS_ANEW, PLANNED_ROUGHLY, check, check_landmarks, check_neighbors, learned, load, places};
use crate::data::Rows;
use crate::error::{Result, count};
use crate::linalg::{Eigen, Matrix, symmetric_eigen};
use crate::measure::Measure;
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP};
use crate::model::{Can, Model};
use crate::neighbors::{self, Groups, Metric};
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// PHATE: a map of branches and transitions, by potential distances of random walks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Phate {
    /// Dimensions of the map.
    #[schemars(range(min = 1, max = 50), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// Number of neighbors that sets the kernel's bandwidth: the distance to that neighbor.
    #[schemars(range(min = 1), extend("role" = Role::Neighborhood))]
    pub n_neighbors: u32,
    /// Decay rate of the kernel's tail: 2 is Gaussian, 40 nearly a cutoff at the bandwidth.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1000))]
    pub decay: f64,
    /// Number of steps of the random walk: more remove noise, then branches. auto: the knee of the von Neumann entropy.
    #[schemars(extend("minimum" = 1, "maximum" = 1000))]
    pub t: Auto<u32>,
    /// Informational distance of the potential: 1 logarithm, 0 square root, -1 the probabilities themselves.
    #[schemars(range(min = -1.0, max = 1.0))]
    pub gamma: f64,
    /// Number of landmarks that random walks are summarized by. auto: all rows up to 2,000, else 2,000.
    #[schemars(extend("minimum" = 3))]
    pub n_landmarks: Auto<u32>,
}

impl Default for Phate {
    fn default() -> Self {
        Phate { n_components: 2, n_neighbors: 5, decay: 40.0, t: Auto::Auto, gamma: 1.0, n_landmarks: Auto::Auto }
    }
}

const LANDMARKS: u32 = 2000;
/// Weights below this are none.
const LEAST: f64 = 1e-4;
/// Walks up to this long are looked at for where the entropy stops to fall.
const LONGEST: u32 = 100;
/// What is added to chances before their logarithm is taken.
const CHANCE: f64 = 1e-7;
/// Parts of a walk below this are gone.
const GONE: f64 = 1e-12;
/// How the views are laid out.
const LAYOUT: Steps = Steps { most: 300, least: 1e-7 };
/// Rows of a block.
const BLOCK: usize = 64;

/// A walker among landmarks.
struct Walker {
    /// How often it is at each landmark in the long run, up to a factor.
    weights: Vec<f64>,
    /// Its steps, made symmetric by the roots of the weights.
    eigen: Eigen,
}

/// A sparse row: columns and their weights.
type Weights = Vec<(u32, f64)>;

impl Phate {
    fn landmarks(&self, rows: usize) -> usize {
        (self.n_landmarks.or_else(|| LANDMARKS) as usize).min(rows)
    }

    /// What rows weigh for each other, from both sides and themselves included, summed up over the landmark `owner` of each. That the
    /// graph falls into so many parts is `told` already.
    fn weights(&self, graph: &Graph, owner: &[u32], told: usize, run: &Run) -> Vec<Weights> {
        let n = graph.rows();
        let reach = |row: usize| graph.row(row)[(self.n_neighbors as usize).min(graph.row(row).len()) - 1].1;
        let mut all: Vec<(u32, u32, f64)> = (0..n as u32).map(|row| (row, owner[row as usize], 1.0)).collect();
        let mut add = |row: u32, other: u32, weight: f64| {
            all.push((row, owner[other as usize], 0.5 * weight));
            all.push((other, owner[row as usize], 0.5 * weight));
        };
        let mut parts = Parts::new(n);
        let mut beyond: Vec<(f32, u32, u32)> = Vec::new();
        for row in 0..n as u32 {
            let reach = f64::from(reach(row as usize));
            for &(other, distance) in graph.row(row as usize) {
                let far = f64::from(distance) / reach;
                // Nothing is beyond the reach of rows that have all of it at their own place, but themselves.
                let weight = if distance == 0.0 { 1.0 } else { (-far.powf(self.decay)).exp() };
                if weight >= LEAST {
                    add(row, other, weight);
                    parts.join(row, other);
                } else {
                    beyond.push((distance, row, other));
                }
            }
        }
        // Between parts that no step reaches the shortest ways are gone now and then.
        let sizes = parts.sizes();
        if sizes.len() > 1 {
            if sizes.len() > told {
                tell(&sizes, run);
            }
            beyond.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
            for (_, row, other) in beyond {
                if parts.root(row) != parts.root(other) {
                    parts.join(row, other);
                    add(row, other, 2.0 * LEAST);
                }
            }
        }
        all.par_sort_by_key(|entry| (entry.0, entry.1));
        let mut out = vec![Vec::new(); n];
        for same in all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            out[same[0].0 as usize].push((same[0].1, same.iter().map(|entry| entry.2).sum::<f64>()));
        }
        out
    }

    /// The steps among `m` landmarks: from a landmark to the rows that it stands for, and on to theirs. If all rows are landmarks, one step.
    fn walker(weights: &[Weights], m: usize, run: &Run) -> Result<Walker> {
        let n = weights.len();
        let mut steps = vec![0.0_f64; m * m];
        for (row, own) in weights.iter().enumerate() {
            if n == m {
                own.iter().for_each(|&(to, weight)| steps[row * m + to as usize] = weight);
                continue;
            }
            let sum: f64 = own.iter().map(|entry| entry.1).sum();
            for &(from, weight) in own {
                own.iter().for_each(|&(to, other)| steps[from as usize * m + to as usize] += weight * other / sum);
            }
        }
        let weights: Vec<f64> = steps.chunks_exact(m).map(|row| row.iter().sum::<f64>().max(f64::MIN_POSITIVE)).collect();
        for (from, row) in steps.chunks_exact_mut(m).enumerate() {
            row.iter_mut().zip(&weights).for_each(|(step, to)| *step /= (weights[from] * to).sqrt());
        }
        let symmetric = |at: usize| (steps[at] + steps[at % m * m + at / m]) / 2.0;
        let eigen = symmetric_eigen(&(0..m * m).map(symmetric).collect::<Vec<f64>>(), m, m, || run.check())?;
        Ok(Walker { weights, eigen })
    }

    /// What is seen from each landmark after `t` steps, `[m, m]`.
    fn views(&self, walker: &Walker, t: u32, run: &Run) -> Result<Matrix> {
        let m = walker.weights.len();
        let powers: Vec<f64> = walker.eigen.values.iter().map(|value| value.powi(t as i32)).collect();
        let kept = powers.iter().rposition(|power| power.abs() > GONE).map_or(1, |last| last + 1);
        // Rows of vectors are the columns of what is multiplied.
        let vectors = MatRef::from_row_major_slice(&walker.eigen.vectors[..kept * m], kept, m);
        let roots: Vec<f64> = walker.weights.iter().map(|weight| weight.sqrt()).collect();
        let mut views = vec![0.0_f32; m * m];
        views.par_chunks_mut(BLOCK * m).enumerate().try_for_each(|(block, views)| {
            run.check()?;
            let (first, rows) = (block * BLOCK, views.len() / m);
            let stretched: Vec<f64> =
                (0..rows * kept).map(|at| walker.eigen.vectors[at % kept * m + first + at / kept] * powers[at % kept]).collect();
            let mut chances = vec![0.0; rows * m];
            let left = MatRef::from_row_major_slice(&stretched, rows, kept);
            matmul(MatMut::from_row_major_slice_mut(&mut chances, rows, m), Accum::Replace, left, vectors, 1.0, Par::Seq);
            for (at, view) in views.iter_mut().enumerate() {
                let chance = (chances[at] * roots[at % m] / roots[first + at / m]).max(0.0);
                *view = self.view(chance) as f32;
            }
            Ok::<(), crate::Error>(())
        })?;
        Matrix::new(m, m, views)
    }

    fn view(&self, chance: f64) -> f64 {
        if self.gamma == 1.0 {
            -(chance + CHANCE).ln()
        } else if self.gamma == -1.0 {
            chance
        } else {
            let half = (1.0 - self.gamma) / 2.0;
            chance.powf(half) / half
        }
    }
}

/// The entropy of walks of 1 to [`LONGEST`] steps: how many directions are left.
fn entropies(values: &[f64]) -> Vec<f64> {
    let mut powers: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    let mut out = Vec::new();
    for _ in 0..LONGEST {
        let sum: f64 = powers.iter().sum();
        let parts = powers.iter().map(|power| power / sum).filter(|part| *part > 0.0);
        out.push(-parts.map(|part| part * part.ln()).sum::<f64>());
        powers.iter_mut().zip(values).for_each(|(power, value)| *power *= value.abs());
    }
    out
}

/// Where a falling curve bends: the point at which two straight lines, one up to it and one from it on, miss the curve by the least.
fn knee(curve: &[f64]) -> usize {
    let missed = |part: &[f64]| {
        let n = part.len() as f64;
        let (middle, mean) = ((n - 1.0) / 2.0, part.iter().sum::<f64>() / n);
        let spread: f64 = (0..part.len()).map(|x| (x as f64 - middle).powi(2)).sum();
        let slope = part.iter().enumerate().map(|(x, y)| (x as f64 - middle) * (y - mean)).sum::<f64>() / spread;
        part.iter().enumerate().map(|(x, y)| (y - mean - slope * (x as f64 - middle)).abs()).sum::<f64>()
    };
    let missed = |at: &usize| missed(&curve[..=*at]) + missed(&curve[*at..]);
    (1..curve.len().saturating_sub(1)).min_by(|a, b| missed(a).total_cmp(&missed(b))).unwrap_or(0)
}

impl Method for Phate {
    const INFO: Info = Info {
        name: "phate",
        title: "PHATE",
        class: "PHATE",
        family: "manifold",
        summary: "a map of branches, by random walks",
        takes: Takes::ROWS,
        sees: Sees::Rows,
        signs: Signs::Any,
        encodes: true,
        decodes: true,
        folds: false,
        likelihood: None,
        can: Can { kept: true, axes: None, sampler: false },
        laws: &[Law::Rotation, Law::Reconstruction],
        oriented: false,
        live: false,
        given: &[],
        limits: &[NEEDS_ALL_ROWS, PLACES_ON_THE_MAP, TAKEN_DENSE, BEGINS_ANEW, PLANNED_ROUGHLY],
        attributes: &[
            Attribute::CODES,
            Attribute::fact("t_", "", "t", "Steps of the walkers; what auto became."),
            Attribute::measure("stress_", "stress", "Kruskal's stress 1 of the places of the landmarks."),
            Attribute::fact("n_iter_", "", "n_iter", "Steps that brought the stress down."),
            Attribute::fact("n_landmarks_", "", "n_landmarks", "Landmarks; what auto became."),
        ],
        peer: Some(Peer {
            class: "phate.PHATE",
            lacks: &[
                ("X", "The space keeps the rows; explore shows them."),
                ("embedding", "It is embedding_."),
                ("diff_op, diff_potential, graph", "They are as large as rows times landmarks and are not kept."),
                ("optimal_t", "It is t_."),
            ],
        }),
        references: &[
            "Moon and others 2019, Visualizing structure and transitions in high-dimensional biological data, doi:10.1038/s41587-019-0336-3",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        check(Self::INFO.title, self.n_components, shape)?;
        check_neighbors(self.n_neighbors, Self::default().n_neighbors, shape)?;
        check_landmarks(self.n_landmarks, self.n_components, shape)
    }

    fn most(shape: Shape) -> Vec<(&'static str, usize)> {
        super::most(shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, d, m, threads) = (shape.rows as f64, shape.cols as f64, self.landmarks(shape.rows) as f64, run.threads() as f64);
        let k = 2.0 * f64::from(self.n_neighbors);
        let search = neighbors::plan(shape.rows, shape.cols, self.searched(shape.rows), Metric::Euclidean, run);
        let owners = if m < n { n * m * d / 30e9 } else { 0.0 };
        let walks = m.powi(3) * 0.6e-9;
        let layout = m.powi(3) * 0.4e-9 + m * m * 300.0 * 1.5e-9;
        let held = 48.0 * m * m + n * k * 80.0;
        let place_bytes = (8 * shape.rows * shape.cols) as f64;
        Plan {
            algorithm: format!("{} neighbors ({}), walks among {m} landmarks", self.searched(shape.rows), search.algorithm),
            peak_bytes: (4 * shape.rows * shape.cols) as u64 + (search.bytes as f64).max(held).max(place_bytes) as u64,
            seconds: search.seconds + walks + (owners + layout + n * k * 0.3e-6 + n * d * 12e-9) / threads,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let table = rows.table()?;
        let mut facts = Map::new();
        let (map, stress) = match self.copies(&table) {
            Some(groups) => {
                let distinct = groups.distinct(table.view())?;
                run.note(format!(
                    "{} of {} rows are copies, too many to have others near them: walks are those of the {} rows that differ",
                    count((table.rows() - distinct.rows()) as u64),
                    count(table.rows() as u64),
                    count(distinct.rows() as u64)
                ));
                facts.insert("distinct_rows".to_owned(), json!(distinct.rows()));
                let (map, stress) = self.layout(&distinct, &mut facts, run)?;
                let places: Vec<u32> = (0..table.rows()).map(|row| groups.group(row) as u32).collect();
                (map.select(&places), stress)
            }
            None => self.layout(&table, &mut facts, run)?,
        };
        let mut fitted = learned(table, map, self.n_neighbors, facts, run)?;
        fitted.measures.push(("stress", Measure::exact(stress, None)));
        Ok(fitted)
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        load(tensors, facts)
    }
}

impl Phate {
    /// Equal rows, where some are there so often that a walker at them sees no others: those within its reach are all at its own place.
    fn copies(&self, rows: &Matrix) -> Option<Groups> {
        let groups = Groups::of(rows.view())?;
        let mut sizes = vec![0; rows.rows()];
        (0..rows.rows()).for_each(|row| sizes[groups.group(row)] += 1);
        let distinct = sizes.iter().filter(|&&size| size > 0).count();
        let are_many = sizes.iter().any(|&size| size > self.n_neighbors as usize);
        // Fewer would have too few neighbors or too few axes.
        let are_enough = distinct > 2 && distinct > self.n_neighbors.max(self.n_components) as usize;
        (are_many && are_enough).then_some(groups)
    }

    /// The map of the rows, and its stress.
    fn layout(&self, table: &Matrix, facts: &mut Map<String, Value>, run: &Run) -> Result<(Matrix, f64)> {
        let (n, m) = (table.rows(), self.landmarks(table.rows()));
        let graph = Graph::nearest(table, self.searched(n) as u32, facts, run)?;
        let owner: Vec<u32> = if m == n {
            (0..n as u32).collect()
        } else {
            let landmarks = table.select(&Random::new(run.seed(), "phate landmarks").sample(0, n, m));
            neighbors::query(landmarks.view(), table.view(), 1, Metric::Euclidean, run)?.indices
        };
        let told = facts["graph_parts"].as_u64().unwrap_or(1) as usize;
        let weights = self.weights(&graph, &owner, told, run);
        drop((graph, owner));
        run.progress("walks", 0, 1);
        let walker = Phate::walker(&weights, m, run)?;
        run.check()?;
        let t = self.t.or_else(|| knee(&entropies(&walker.eigen.values)) as u32 + 1);
        facts.insert("t".to_owned(), json!(t));
        facts.insert("n_landmarks".to_owned(), json!(m));
        let views = self.views(&walker, t, run)?;
        drop(walker);
        run.progress("walks", 1, 1);
        let (apart, _) = distances(views.view(), Metric::Euclidean, run)?;
        drop(views);
        let eigen = classical(&apart, m, self.n_components as usize, run)?;
        let start = places(&eigen.vectors, m, |_, axis| eigen.values[axis].max(0.0).sqrt())?;
        let laid = smacof(&apart, &start, LAYOUT, run)?;
        drop(apart);
        facts.insert("n_iter".to_owned(), json!(laid.n_iter));
        let map = if m == n { laid.places } else { seen_from(&weights, &laid.places)? };
        Ok((map, laid.stress))
    }

    /// Neighbors that are looked at: weights may reach a little beyond the last that sets the reach.
    fn searched(&self, rows: usize) -> usize {
        (2 * self.n_neighbors as usize).min(rows - 1)
    }
}

/// Each row at the mean of the landmarks that a step leads to.
fn seen_from(weights: &[Weights], places: &Matrix) -> Result<Matrix> {
    let k = places.cols();
    let mut cells = Vec::with_capacity(weights.len() * k);
    for own in weights {
        let sum: f64 = own.iter().map(|entry| entry.1).sum();
        let along = |axis: usize| own.iter().map(|&(to, weight)| weight * f64::from(places.row(to as usize)[axis])).sum::<f64>() / sum;
        cells.extend((0..k).map(|axis| along(axis) as f32));
    }
    Matrix::new(weights.len(), k, cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::OwnedRows;

    #[test]
    fn a_bend_is_where_two_lines_meet() {
        let curve: Vec<f64> = (0..50).map(|x| if x < 12 { 10.0 - 0.7 * f64::from(x) } else { 1.6 - 0.01 * f64::from(x - 12) }).collect();
        assert_eq!(knee(&curve), 12);
        assert_eq!((knee(&[1.0]), knee(&[])), (0, 0));
    }

    #[test]
    fn entropy_falls_from_the_logarithm_of_equal_directions_to_nothing() {
        let found = entropies(&[1.0, 1.0, 1.0, 0.5]);
        assert!(found[0] > 3.0_f64.ln() && found[0] < 4.0_f64.ln() && (found[99] - 3.0_f64.ln()).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn chances_of_a_walk_are_those_of_its_steps_one_by_one() {
        // Six rows in a ring, each of which weighs 1 for itself and 1/2 for the two beside it.
        let ring = |row: u32| vec![(row, 1.0), ((row + 1) % 6, 0.5), ((row + 5) % 6, 0.5)];
        let weights: Vec<Weights> = (0..6).map(ring).collect();
        let run = Run::new(0, 1).unwrap();
        let walker = Phate::walker(&weights, 6, &run).unwrap();
        let phate = Phate { gamma: -1.0, ..Phate::default() };
        let views = phate.views(&walker, 2, &run).unwrap();
        for (found, wanted) in views.row(0).iter().zip([6.0, 4.0, 1.0, 0.0, 1.0, 4.0]) {
            assert!((f64::from(*found) - wanted / 16.0).abs() < 1e-6, "{:?}", views.row(0));
        }
    }

    #[test]
    fn copies_and_tight_groups_lie_along_the_curve_of_their_rows() {
        let run = Run::new(0, 2).unwrap();
        let random = Random::new(3, "jitter");
        for jitter in [0.0, 1e-5] {
            let cell = |row: usize, axis: usize| {
                let angle = 4.0 * (row / 6) as f64 / 79.0;
                let on = [angle.cos(), angle.sin(), angle / 4.0][axis];
                (on + jitter * random.normal(row as u64, axis as u64)) as f32
            };
            let rows = OwnedRows::Dense(Matrix::from_fn(480, 3, cell));
            let fitted = crate::method::AnyMethod::fit(&Phate::default(), &Rows::memory(&rows), &run).unwrap();
            let map = fitted.codes.unwrap();
            let options = crate::measure::MeasureOptions::default();
            let found = crate::measure::measure(map.view(), rows.table().unwrap().view(), &options, &run).unwrap();
            assert!(found.trustworthiness.value > 0.95, "jitter {jitter}: {}", found.trustworthiness.value);
        }
    }
}
