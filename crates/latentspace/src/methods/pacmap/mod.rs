//! PaCMAP: a map that fixes global structure first, then local structure.
//!
//! Pairwise controlled manifold approximation. Three kinds of pairs attract or repel: near pairs, mid-near pairs and far pairs. Mid-near
//! pairs set
//! the global layout and are then released, so that more global structure is kept than by t-SNE or UMAP, from nearly any initialization.
//! Use it to see
//! groups and their arrangement at once; distances between groups are still only roughly ordered.
//!
//! Cost, n rows: the neighbor search (50 more per row than asked for); a step is linear in n.
//! Source: Wang, Huang, Rudin and Shaposhnik 2021, JMLR 22(201), arXiv:2012.04456.

mod descent;
mod pairs;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attributes::{Attribute, Peer};
use crate::data::{Given, Rows};
use crate::error::{Error, Result, count};
use crate::linalg::{Matrix, OwnedRows};
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::placed::{self, Near, Placed, Placing, Stored, wrong};
use crate::methods::map::start::{preview, principal, reduced, reducing};
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP, check_distances};
use crate::methods::near::near;
use crate::model::{Can, Model};
use crate::neighbors::{self, Metric, Points};
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

use descent::{Descent, Pairs, descend, settle};
use pairs::{BEYOND, BothSides, Counts};

/// PaCMAP: a map that fixes global structure first, then local structure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pacmap {
    /// Dimensions of the map.
    #[schemars(range(min = 1, max = 10), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// Number of near pairs (neighbors) per row, at most half of the other rows. auto: 10 up to 10,000 rows, 15 more for each factor of ten beyond.
    #[schemars(extend("role" = Role::Neighborhood, "minimum" = 1))]
    pub n_neighbors: Auto<u32>,
    /// Mid-near pairs per near pair.
    #[schemars(title = "mid-near ratio", extend("minimum" = 0, "maximum" = 100))]
    pub mn_ratio: f64,
    /// Far pairs per near pair.
    #[schemars(title = "far pair ratio", extend("minimum" = 0, "maximum" = 100))]
    pub fp_ratio: f64,
    /// Distance between rows; inner_product is not a distance and is refused.
    #[schemars(extend("role" = Role::Metric))]
    pub metric: Metric,
    /// Reduce rows to this many principal components before the neighbor search. 0: no reduction; auto: 100 where there are more columns
    /// and the metric is Euclidean.
    #[schemars(title = "PCA components", extend("role" = Role::Reduction, "minimum" = 0))]
    pub pca_components: Auto<u32>,
    /// Step size of the optimizer (Adam).
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub learning_rate: f64,
    /// Number of iterations: the first two ninths fix the global layout, the next two release it, the rest fix local structure.
    #[schemars(title = "iterations", range(min = 1, max = 100_000))]
    pub n_iter: u32,
}

impl Default for Pacmap {
    fn default() -> Self {
        Pacmap {
            n_components: 2,
            n_neighbors: Auto::Auto,
            mn_ratio: 0.5,
            fp_ratio: 2.0,
            metric: Metric::Euclidean,
            pca_components: Auto::Auto,
            learning_rate: 1.0,
            n_iter: 450,
        }
    }
}

/// The layout, in progress and checkpoints.
const STAGE: &str = "PaCMAP";
/// Up to so many rows, the fewest neighbors do.
const FEW_ROWS: f64 = 10_000.0;
const FEWEST: f64 = 10.0;
const MORE: f64 = 15.0;
/// Columns beyond which rows are reduced first.
const WIDE: usize = 100;
/// The standard deviation of the first axis of the start.
const START: f64 = 1.0;

impl Pacmap {
    fn counts(&self, rows: usize) -> Counts {
        let auto = || (FEWEST + MORE * (rows as f64 / FEW_ROWS).log10().max(0.0)).round().min((rows - 1) as f64) as u32;
        // As many others stay to be far from: pairs that are near alone draw all rows to one place.
        let near = (self.n_neighbors.or_else(auto) as usize).min(((rows - 1) / 2).max(1));
        let of = |ratio: f64| (near as f64 * ratio).round() as usize;
        Counts { near, half_way: of(self.mn_ratio), far: of(self.fp_ratio).min(rows - 1) }
    }

    fn searched(&self, rows: usize) -> usize {
        (self.counts(rows).near + BEYOND).min(rows - 1)
    }

    /// Components that rows are reduced to first.
    fn reduced(&self, shape: Shape) -> Option<usize> {
        let auto = || if shape.cols > WIDE && self.metric == Metric::Euclidean { WIDE as u32 } else { 0 };
        let wanted = self.pca_components.or_else(auto) as usize;
        (wanted > 0).then_some(wanted.min(shape.cols).min(shape.rows - 1).max(1))
    }

    /// The map of rows that are reduced already.
    fn learn<const D: usize>(&self, given: &Rows<'_>, rows: Matrix, pca: Option<Box<dyn Model>>, run: &Run) -> Result<Fitted> {
        let (n, dimensions, counts) = (rows.rows(), self.n_components as usize, self.counts(rows.rows()));
        let mut facts = Map::new();
        preview(&OwnedRows::Dense(rows.clone()), dimensions, run)?;
        let found = near(given, Points::Dense(rows.view()), self.searched(n), self.metric, &mut facts, run)?;
        check_distances(&found)?;
        let mut fact = |name: &str, value: Value| facts.insert(name.to_owned(), value);
        fact("n_neighbors", json!(counts.near));
        if let Auto::Value(asked) = self.n_neighbors
            && asked as usize > counts.near
        {
            let (rows, near) = (count(n as u64), count(counts.near as u64));
            run.warn(format!(
                "each of {rows} rows has {near} near rows instead of {asked}: as many others stay far, or all would fall together"
            ));
        }
        run.progress("pairs", 0, 1);
        let near = pairs::near(&found, counts.near);
        drop(found);
        let half_way = pairs::half_way(&rows, counts.half_way, self.metric, Random::new(run.seed(), "pacmap half way"), run)?;
        let far = pairs::far(n, &near, counts, Random::new(run.seed(), "pacmap far"));
        let start = match pca {
            Some(_) => self.start::<D>(&rows, run),
            None => self.start::<D>(&principal(&rows, dimensions.min(rows.cols()), run)?, run),
        };
        let order = descent::order(&start);
        let mut rank = vec![0_u32; n];
        order.iter().enumerate().for_each(|(at, &row)| rank[row as usize] = at as u32);
        let both = |pairs: Vec<u32>, count: usize| BothSides::new(&pairs, count, &order, &rank);
        let pairs = Pairs { near: both(near, counts.near), half_way: both(half_way, counts.half_way), far: both(far, counts.far) };
        run.progress("pairs", 1, 1);

        let steps = self.n_iter as usize;
        let mut descent = Descent::new(pairs, order, &start, self.learning_rate);
        drop(start);
        let stopped_at = descend(&mut descent, STAGE, steps, dimensions, run)?;
        let map = Matrix::new(n, dimensions, descent.codes(dimensions))?;
        drop(descent);
        fact("n_iter_done", json!(stopped_at.unwrap_or(steps)));
        if let Some(step) = stopped_at {
            fact("stopped_at", json!(step));
        }
        if !placed::is_within_bounds(&map) {
            let error = Error::param("learning_rate", json!(self.learning_rate), "with it the map diverges");
            return Err(error.with_hint("learning_rate=1, the default, works"));
        }
        let stored = Stored { pca, rows: OwnedRows::Dense(rows), map: map.clone(), metric: self.metric };
        let model = Placed::new(stored, Settling { n_neighbors: counts.near });
        let [again, left_out] = model.drifts(Random::new(run.seed(), "pacmap drift"), run)?;
        fact("left_out_drift_of_radius", json!(left_out.of_radius()));
        let measures = vec![("encode_drift", again.median), ("left_out_drift", left_out.median)];
        Ok(Fitted { model: Box::new(model), codes: Some(map), facts, measures })
    }

    /// The first of these principal components, and a little noise, so that equal rows can part.
    fn start<const D: usize>(&self, codes: &Matrix, run: &Run) -> Vec<[f32; D]> {
        let (n, dimensions) = (codes.rows(), self.n_components as usize);
        let first = (0..n).map(|row| f64::from(codes.row(row)[0]).powi(2)).sum::<f64>() / n as f64;
        let scale = if first > 0.0 && first.is_finite() { START / first.sqrt() } else { 0.0 };
        let random = Random::new(run.seed(), "pacmap start");
        let place = |row: usize| {
            std::array::from_fn(|axis| {
                let known = codes.row(row).get(axis).map_or(0.0, |&value| scale * f64::from(value));
                if axis < dimensions { (known + 1e-3 * START * random.normal(axis as u64, row as u64)) as f32 } else { 0.0 }
            })
        };
        (0..n).map(place).collect()
    }
}

/// A new row lies where the near pairs with its neighbors draw it.
struct Settling {
    n_neighbors: usize,
}

impl Placing for Settling {
    fn neighbors(&self) -> usize {
        self.n_neighbors
    }

    fn place(&self, _row: &[f32], near: Near<'_>, out: &mut [f32]) {
        let places: Vec<&[f32]> = near.indices.iter().map(|&index| near.stored.map.row(index as usize)).collect();
        settle(&places, out);
    }

    fn store(&self, _tensors: &mut Tensors) -> Result<Map<String, Value>> {
        Ok(Map::from_iter([("n_neighbors".to_owned(), json!(self.n_neighbors))]))
    }
}

impl Method for Pacmap {
    const INFO: Info = Info {
        name: "pacmap",
        title: "PaCMAP",
        class: "PaCMAP",
        family: "map",
        summary: "a map that fixes global, then local structure",
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
        live: true,
        given: &[Given::Neighbors],
        limits: &[NEEDS_ALL_ROWS, PLACES_ON_THE_MAP, TAKEN_DENSE],
        attributes: &[
            Attribute::CODES,
            Attribute::fact("n_iter_", "", "n_iter_done", "Steps that were made."),
            Attribute::fact("n_neighbors_", "", "n_neighbors", "Near pairs of each row; what auto became."),
        ],
        peer: Some(Peer {
            class: "pacmap.PaCMAP",
            lacks: &[("pair_neighbors, pair_MN, pair_FP", "The pairs are not kept: they are drawn anew by the seed.")],
        }),
        references: &[
            "Wang, Huang, Rudin and Shaposhnik 2021, Understanding how dimension reduction tools work, JMLR 22(201), arXiv:2012.04456",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 3 || shape.cols == 0 {
            return Err(Error::input("data", shape.to_string(), "PaCMAP needs at least 3 rows of 1 column"));
        }
        let most = shape.rows - 1;
        if let Auto::Value(near) = self.n_neighbors
            && near as usize > most
        {
            let error = Error::too_large("n_neighbors", near, None, format!("{} rows", count(shape.rows as u64)), count(most as u64));
            return Err(error.with_hint("n_neighbors=auto works; fewer neighbors show finer structure"));
        }
        if !self.metric.is_distance() {
            return Err(Error::param("metric", "'inner_product'", "it must be a distance; inner_product is not one"));
        }
        let most = shape.cols.min(shape.rows);
        match self.pca_components {
            Auto::Value(components) if components as usize > most => Err(Error::too_large("pca_components", components, None, shape, most)),
            _ => Ok(()),
        }
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let cols = self.reduced(shape).unwrap_or(shape.cols);
        let (n, d, counts) = (shape.rows as f64, cols as f64, self.counts(shape.rows));
        let first = reducing(shape, self.reduced(shape), run);
        let search = neighbors::plan(shape.rows, cols, self.searched(shape.rows), self.metric, run);
        let coordinates = if self.n_components <= 2 {
            2.0
        } else if self.n_components == 3 {
            3.0
        } else {
            10.0
        };
        // Both sides, and the last of eight.
        let pairs = 2.0 * (counts.near + counts.half_way + counts.far) as f64 + 12.0;
        let a_pair = 3.4e-9 * (1.0 + 0.3 * (coordinates - 2.0));
        let choosing = n * (counts.half_way as f64 * 6.0 * (d * 0.4e-9 + 40e-9) + 9e-6 + 30e-9 * pairs);
        let seconds = f64::from(self.n_iter) * n * (pairs * a_pair + 10e-9 * coordinates) + choosing + n * d * 12e-9;
        let pair_bytes = n * pairs * 4.0 * 2.2;
        let layout_bytes = n * (pairs * 4.0 + 24.0 + 16.0 * coordinates);
        let place_bytes = (8 * shape.rows * cols) as f64;
        let search_bytes = (search.bytes as f64).max(12.0 * n * self.searched(shape.rows) as f64);
        let most = search_bytes.max(pair_bytes).max(layout_bytes).max(place_bytes);
        let rows_bytes = (4 * shape.rows * shape.cols) as u64;
        let kept_bytes = if first.is_some() { (4 * shape.rows * cols) as u64 } else { 0 };
        Plan {
            algorithm: format!("{} neighbors ({}), {} steps", counts.near, search.algorithm, self.n_iter),
            peak_bytes: first.as_ref().map_or(0, |plan| plan.peak_bytes).max(rows_bytes + kept_bytes + most as u64),
            seconds: first.map_or(0.0, |plan| plan.seconds) + search.seconds + seconds / run.threads() as f64,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let shape = rows.shape();
        let (pca, table) = reduced(rows.table()?, self.reduced(shape), run)?;
        match self.n_components {
            1 | 2 => self.learn::<2>(rows, table, pca, run),
            3 => self.learn::<3>(rows, table, pca, run),
            _ => self.learn::<10>(rows, table, pca, run),
        }
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        let n_neighbors = facts["n_neighbors"].as_u64().filter(|&n| n > 0).ok_or_else(|| wrong("its new rows have no neighbors"))? as usize;
        Ok(Box::new(Placed::new(Stored::load(tensors, facts)?.within_bounds()?, Settling { n_neighbors })))
    }
}
