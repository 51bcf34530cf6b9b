//! t-SNE: a map that keeps each row's neighbors together.
//!
//! t-distributed stochastic neighbor embedding. Each row's affinities to its neighbors are a Gaussian of their distances; the points of
//! the map
//! move until Student-t similarities between them match these affinities (lowest Kullback-Leibler divergence). Use it to *see* clusters
//! and
//! neighborhoods; distances between clusters and their sizes carry little information. Do not use it to find the number of dimensions,
//! nor before
//! anything that needs distances: use PCA for that.
//!
//! Cost, n rows: 3 · perplexity neighbors per row (see [`crate::neighbors`]); an iteration is linear in n, bound by the attractive forces
//! along
//! about 1.45 times as many edges as neighbors, 4.5 bytes each.
//! Source: van der Maaten and Hinton 2008; interpolation after Linderman et al. 2019, doi:10.1038/s41592-018-0308-4.
//!
//! The parts, in order: [`affinities`] and [`attraction`] (attractive forces), [`start`] (initialization), [`descent`] (the optimizer),
//! which uses
//! [`repulsion`] (repulsive forces); then [`model`], which places new rows.

mod affinities;
mod attraction;
mod convolution;
mod descent;
mod fourier;
mod grid;
mod model;
mod repulsion;
mod start;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attributes::{Attribute, Peer};
use crate::data::{Given, Rows, Tie};
use crate::error::{Error, Result, count};
use crate::linalg::{Matrix, MatrixView, OwnedRows};
use crate::measure::Measure;
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::KEPT_SPARSE;
use crate::methods::map::edges::Edges;
use crate::methods::map::given::{self, Ties};
use crate::methods::map::placed::Stored;
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP, start as map_start};
use crate::methods::near::{near, search_plan};
use crate::model::{Can, Model};
use crate::neighbors::Metric;
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

use affinities::Affinities;
use descent::{Descent, Pace};
use grid::Grid;
use repulsion::{Repulsion, exact_rows};
use start::scaled;

pub use crate::methods::map::Init;

/// How the neighbors of a row are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Affinity {
    /// By a Gaussian of their distances, as wide as the perplexity asks for.
    #[default]
    Gaussian,
    /// All alike, as many as the perplexity.
    Uniform,
}

/// t-SNE: a map that keeps each row's neighbors together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tsne {
    /// Dimensions of the map: 2 or 3 to look at, 1 for an order.
    #[schemars(range(min = 1, max = 3), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// Effective number of neighbors per row. Small values show fine structure, large values (100) coarser structure. At most a third of
    /// the rows.
    #[schemars(extend("role" = Role::Neighborhood, "exclusiveMinimum" = 1))]
    pub perplexity: f64,
    /// A second perplexity, averaged with the first (multiscale t-SNE). A larger one also keeps coarse structure. 0: none.
    #[schemars(extend("minimum" = 0))]
    pub second_perplexity: f64,
    /// How the neighbors of a row are weighted: gaussian, by distance, as wide as the perplexity asks for; uniform, all alike, as many as
    /// the perplexity.
    pub affinity: Affinity,
    /// Factor on the attractive forces in the early iterations, so that clusters form.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub early_exaggeration: f64,
    /// Factor on the attractive forces after the early iterations. 1 is t-SNE; 2 to 4 pull clusters tighter, as UMAP does.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub exaggeration: f64,
    /// Number of early iterations (with early exaggeration).
    #[schemars(title = "early iterations", range(max = 100_000))]
    pub n_iter_early: u32,
    /// Number of iterations after the early ones.
    #[schemars(title = "iterations", range(max = 100_000))]
    pub n_iter: u32,
    /// Stop when 50 iterations after the early ones lower the KL divergence by less than this. 0: never.
    #[schemars(title = "least KL change", extend("minimum" = 0))]
    pub min_kl_change: f64,
    /// Step size of the gradient descent. auto: the number of rows divided by the exaggeration of the phase.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub learning_rate: Auto<f64>,
    /// Distance between rows.
    #[schemars(extend("role" = Role::Metric))]
    pub metric: Metric,
    /// Starting positions: pca, the first principal components, which keep the coarse order of the data; spectral, the smoothest
    /// eigenvectors of the neighbor graph's Laplacian, which unroll curved data; random.
    pub init: Init,
    /// Reduce rows to this many principal components before the neighbor search, which is faster and removes noise. 0: no reduction;
    /// auto: 50 where there are more columns.
    #[schemars(title = "PCA components", extend("role" = Role::Reduction, "minimum" = 0))]
    pub pca_components: Auto<u32>,
}

impl Default for Tsne {
    fn default() -> Self {
        Tsne {
            n_components: 2,
            perplexity: 30.0,
            second_perplexity: 0.0,
            affinity: Affinity::Gaussian,
            early_exaggeration: 12.0,
            exaggeration: 1.0,
            n_iter_early: 250,
            n_iter: 500,
            min_kl_change: 0.0,
            learning_rate: Auto::Auto,
            metric: Metric::Euclidean,
            init: Init::Pca,
            pca_components: Auto::Value(0),
        }
    }
}

/// The descent, in progress and checkpoints.
const STAGE: &str = "t-SNE";
/// The loss of all rows is computed every so many iterations; between, that of a few in turns.
const WHOLE_LOSS_EVERY: usize = 50;
/// Iterations before which rows are put in the order of the map, as long as it changes much.
const REORDERED_AT: [usize; 6] = [0, 50, 100, 200, 300, 500];

/// The largest perplexity for this shape: neighbors are three times as many.
fn most_perplexity(shape: Shape) -> usize {
    shape.rows.saturating_sub(1) / 3
}

impl Tsne {
    /// Neighbors a row.
    fn neighbors(&self) -> usize {
        match self.affinity {
            Affinity::Gaussian => (3.0 * self.largest()) as usize,
            Affinity::Uniform => self.largest() as usize,
        }
    }

    /// The larger perplexity.
    fn largest(&self) -> f64 {
        self.perplexity.max(self.second_perplexity)
    }

    /// What affinities are made of.
    fn perplexities(&self) -> Vec<f64> {
        [self.perplexity, self.second_perplexity].into_iter().filter(|perplexity| *perplexity > 0.0).collect()
    }

    /// Components that rows are reduced to first.
    fn reduced(&self, shape: Shape) -> Option<usize> {
        let most = shape.cols.min(shape.rows.saturating_sub(1));
        let wanted = self.pca_components.or_else(|| if shape.cols > 50 { 50 } else { 0 }) as usize;
        (wanted > 0).then_some(wanted.min(most).max(1))
    }

    /// The pace of an iteration.
    fn pace(&self, iteration: usize, rows: usize, is_tied: bool) -> Pace {
        // Exaggeration lets clusters find together, and would draw the map away from what it is tied to.
        let is_early = iteration < self.n_iter_early as usize && !is_tied;
        let exaggeration = if is_early { self.early_exaggeration } else { self.exaggeration };
        let rate = self.learning_rate.or_else(|| rows as f64 / exaggeration);
        Pace { exaggeration: exaggeration as f32, learning_rate: rate as f32 }
    }

    /// The map of rows that are reduced already.
    fn learn<const D: usize>(&self, given: &Rows<'_>, rows: OwnedRows, pca: Option<Box<dyn Model>>, run: &Run) -> Result<Fitted> {
        let n = rows.rows();
        let mut facts = Map::new();
        map_start::preview(&rows, D, run)?;
        let neighbors = near(given, rows.points(), self.neighbors(), self.metric, &mut facts, run)?;
        run.progress("affinities", 0, 1);
        let affinities = Affinities::new(&neighbors, self.metric, self.affinity, &self.perplexities())?;
        drop(neighbors);
        run.progress("affinities", 1, 1);
        let points = self.points::<D>(given, &rows, &affinities, &mut facts, run)?;
        let mut descent = Descent::new(affinities, points, Repulsion::new(n), given.start().and_then(Ties::of));
        let ended = self.descend(&mut descent, run)?;
        let kl = descent.loss();
        let map = Matrix::new(n, D, descent.codes())?;
        if !descent.is_finite() || !kl.is_finite() {
            let error = Error::param("learning_rate", json!(self.learning_rate), "with it the map diverges");
            return Err(error.with_hint("learning_rate=auto works"));
        }

        let mut fact = |name: &str, value: Value| facts.insert(name.to_owned(), value);
        fact("learning_rate", json!(self.learning_rate.or_else(|| n as f64 / self.exaggeration)));
        fact("n_iter_done", json!(ended.at));
        if let Some(how) = ended.how {
            fact(how, json!(ended.at));
        }
        match descent.repulsion() {
            Repulsion::Exact(_) => fact("repulsion", json!("all pairs")),
            Repulsion::Grid(grid) => {
                let (nodes, spacing) = grid.size();
                fact("grid_nodes", json!(nodes.as_slice()));
                fact("grid_spacing", json!(spacing));
                fact("repulsion", json!("grid"))
            }
        };
        drop(descent);
        let model = model::placed::<D>(Stored { pca, rows, map: map.clone(), metric: self.metric });
        let [again, left_out] = model.drifts(Random::new(run.seed(), "tsne drift"), run)?;
        fact("left_out_drift_of_radius", json!(left_out.of_radius()));
        let measures = vec![("kl", Measure::exact(kl, None)), ("encode_drift", again.median), ("left_out_drift", left_out.median)];
        Ok(Fitted { model: Box::new(model), codes: Some(map), facts, measures })
    }

    /// Where each row starts.
    fn points<const D: usize>(
        &self,
        given: &Rows<'_>,
        rows: &OwnedRows,
        affinities: &Affinities,
        facts: &mut Map<String, Value>,
        run: &Run,
    ) -> Result<Vec<[f32; D]>> {
        let n = rows.rows();
        let coarse = match given.start() {
            Some(start) => {
                let random = Random::new(run.seed(), "tsne given start");
                let places = given::places(start, D, |row, out| out.extend(affinities.edges.row(row)), random, facts, run)?;
                if start.tie != Tie::Free {
                    return Ok((0..n).map(|row| given::point(places.row(row))).collect());
                }
                Some(places)
            }
            None => {
                let random = Random::new(run.seed(), "tsne spectral start");
                map_start::coarse(self.init, D, rows, &affinities.edges, random, run)?
            }
        };
        Ok(scaled(coarse.as_ref(), n, run))
    }

    /// Goes downhill.
    fn descend<const D: usize>(&self, descent: &mut Descent<D>, run: &Run) -> Result<Ended> {
        let total = self.n_iter_early as usize + self.n_iter as usize;
        let n = descent.rows();
        let done = run.resumed(STAGE).map_or(Ok(0), |parcel| descent.resume(&parcel))?;
        for iteration in done..total {
            run.check()?;
            run.keep(STAGE, || descent.parcel(iteration))?;
            if run.stopped() {
                return Ok(Ended { at: iteration, how: Some("stopped_at") });
            }
            let reorder = REORDERED_AT.contains(&iteration);
            if reorder {
                descent.reorder();
            }
            let whole = reorder || (iteration + 1).is_multiple_of(WHOLE_LOSS_EVERY);
            descent.step(self.pace(iteration, n, descent.is_tied()), whole);
            let step = iteration as u64 + 1;
            run.progress_with_loss(STAGE, step, total as u64, "kl", descent.recent_loss());
            if run.wants_map() {
                run.map(MatrixView::new(n, D, &descent.codes())?, step);
            }
            let is_late = iteration >= self.n_iter_early as usize;
            let is_asked = self.min_kl_change > 0.0 && is_late && (iteration + 1).is_multiple_of(WHOLE_LOSS_EVERY);
            if is_asked && descent.fell_by_less(self.min_kl_change) {
                return Ok(Ended { at: iteration + 1, how: Some("settled_at") });
            }
        }
        Ok(Ended { at: total, how: None })
    }
}

/// The end of a descent.
struct Ended {
    /// Iterations made.
    at: usize,
    /// What ended it before the last: the name of the fact.
    how: Option<&'static str>,
}

impl Method for Tsne {
    const INFO: Info = Info {
        name: "tsne",
        title: "t-SNE",
        class: "TSNE",
        family: "map",
        summary: "a map that keeps each row's neighbors together",
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
        given: &[Given::Neighbors, Given::Start],
        limits: &[
            NEEDS_ALL_ROWS,
            PLACES_ON_THE_MAP,
            KEPT_SPARSE,
            "1 dimension takes at most 16,000 rows: the forces of all pairs are summed",
        ],
        attributes: &[
            Attribute::CODES,
            Attribute::measure("kl_divergence_", "kl", "The Kullback-Leibler divergence that is left."),
            Attribute::fact("n_iter_", "", "n_iter_done", "Iterations that were made, those with early exaggeration included."),
            Attribute::fact("learning_rate_", "", "learning_rate", "The learning rate; what auto became."),
        ],
        peer: Some(Peer { class: "sklearn.manifold.TSNE", lacks: &[] }),
        references: &[
            "van der Maaten and Hinton 2008, Visualizing data using t-SNE, JMLR 9(86):2579-2605",
            "Linderman and others 2019, Fast interpolation-based t-SNE, doi:10.1038/s41592-018-0308-4",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        const FEWEST: usize = 7;
        if shape.rows < FEWEST || shape.cols == 0 {
            return Err(Error::input("data", shape.to_string(), format!("t-SNE needs at least {FEWEST} rows of 1 column")));
        }
        let most = most_perplexity(shape);
        for (name, perplexity) in [("perplexity", self.perplexity), ("second_perplexity", self.second_perplexity)] {
            if perplexity > 0.0 && perplexity <= 1.0 {
                return Err(Error::param(name, json!(perplexity), "it must be 0 (none) or above 1")
                    .with_hint("second_perplexity=100 beside perplexity=30 keeps coarse structure, too"));
            }
            if perplexity <= most as f64 {
                continue;
            }
            let (default, rows) = (Self::default().perplexity, format!("{} rows", count(shape.rows as u64)));
            let error = Error::too_large(name, perplexity, Some(default), rows, most);
            return Err(error.with_hint(format!("{name}={most} is the largest that works; smaller values show finer structure")));
        }
        if self.n_components == 1 && shape.rows > exact_rows(1) {
            let wanted =
                format!("one dimension takes at most {} rows, and there are {}", count(exact_rows(1) as u64), count(shape.rows as u64));
            return Err(Error::param("n_components", 1, wanted).with_hint("n_components=2 has no such limit"));
        }
        match self.pca_components {
            Auto::Value(components) if components as usize > shape.cols.min(shape.rows) => {
                let most = shape.cols.min(shape.rows);
                Err(Error::too_large("pca_components", components, None, shape, most))
            }
            _ => Ok(()),
        }
    }

    fn most(shape: Shape) -> Vec<(&'static str, usize)> {
        vec![("perplexity", most_perplexity(shape))]
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, k) = (shape.rows as f64, self.neighbors() as f64);
        let cols = self.reduced(shape).unwrap_or(shape.cols);
        let sought = if self.reduced(shape).is_some() { Shape::new(shape.rows, cols) } else { shape };
        let search = search_plan(sought, self.neighbors(), self.metric, run);
        let first = map_start::reducing(shape, self.reduced(shape), run);
        let cost = cost(self, shape.rows, run.threads());
        // To be reduced, they are a table.
        let rows_bytes = if self.reduced(shape).is_some() { (4 * shape.rows * shape.cols) as u64 } else { shape.bytes() };
        let kept_bytes = if first.is_some() { (4 * shape.rows * cols) as u64 } else { 0 };
        let pca_bytes = first.as_ref().map_or(0, |plan| plan.peak_bytes);
        let search_bytes = search.bytes;
        let edges_bytes = Edges::bytes(EDGES_A_NEIGHBOR * n * k, shape.rows);
        // Neighbors, the conditional weights and their transpose; the joint rows, at the end in pieces and as a whole.
        let joint_bytes = (24.0 * n * k) as u64 + 2 * edges_bytes;
        // Two copies while rows are put in order; places and the grid.
        let descent_bytes = 2 * edges_bytes + 80 * shape.rows as u64 + cost.grid_bytes;
        // To place rows anew, all are searched: centred, and packed.
        let place_bytes = 2 * sought.bytes();
        let peak_bytes = pca_bytes.max(rows_bytes + kept_bytes + search_bytes.max(joint_bytes).max(descent_bytes).max(place_bytes));
        let way = if shape.rows <= exact_rows(self.n_components as usize) { "all pairs" } else { "a grid" };
        Plan {
            algorithm: format!("{} neighbors ({}), repulsion by {way}", self.neighbors(), search.algorithm),
            peak_bytes,
            seconds: first.map_or(0.0, |plan| plan.seconds) + search.seconds + cost.seconds,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let shape = rows.shape();
        let (pca, reduced) = match self.reduced(shape) {
            None => (None, rows.kept()?),
            components => {
                let (pca, reduced) = map_start::reduced(rows.table()?, components, run)?;
                (pca, OwnedRows::Dense(reduced))
            }
        };
        match self.n_components {
            1 => self.learn::<1>(rows, reduced, pca, run),
            2 => self.learn::<2>(rows, reduced, pca, run),
            3 => self.learn::<3>(rows, reduced, pca, run),
            other => Err(Error::param("n_components", other, "it must be 1, 2 or 3")),
        }
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        model::load(tensors, facts)
    }
}

/// Edges of the symmetric graph a neighbor (7.7 million for 60,000 x 90 on pictures).
const EDGES_A_NEIGHBOR: f64 = 1.45;

/// What the descent is expected to take.
struct Cost {
    seconds: f64,
    grid_bytes: u64,
}

/// The cost model: seconds of one core of a Zen 3, measured at 10,000 and 60,000 rows. An edge costs more where all of them do not fit the
/// cache, which is from a few ten thousand rows on; the nodes of a grid cost more in 3-D, where they do not fit it either.
fn cost(tsne: &Tsne, rows: usize, threads: usize) -> Cost {
    let n = rows as f64;
    let dimensions = tsne.n_components as usize;
    let exact = rows <= exact_rows(dimensions);
    // Finished maps in 2-D reach over 165 at 10,000 rows and 200 at 60,000; in 3-D over 80 and more, where the grid ends.
    let span = if dimensions == 2 { 200.0 * (n / 60_000.0).powf(0.11).max(n / 250_000.0) } else { 80.0 };
    let edges = EDGES_A_NEIGHBOR * n * tsne.neighbors() as f64;
    let (grid_bytes, a_byte) = match (exact, dimensions) {
        (true, _) => (0, 0.0),
        (false, 2) => (Grid::<2>::bytes(span as f32), 0.6e-9),
        (false, _) => (Grid::<3>::bytes(span as f32), 3e-9),
    };
    let repulsion = if exact { n * n * 0.6e-9 } else { n * 55e-9 + grid_bytes as f64 * a_byte };
    let an_edge = if edges > 2e6 { 2e-9 } else { 1.3e-9 };
    let iterations = f64::from(tsne.n_iter_early + tsne.n_iter);
    let seconds = (iterations * (edges * an_edge + repulsion) + edges * 200e-9) / threads as f64;
    Cost { seconds, grid_bytes }
}
