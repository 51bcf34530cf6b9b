//! UMAP: a map of the fuzzy graph of neighbors, in 2 to 50 dimensions.
//!
//! Uniform manifold approximation and projection. The neighbors of each row become a fuzzy graph, weighted by how near they are; the
//! points of the
//! map move until their own graph matches it (lowest cross-entropy, by negative sampling). Use it to *see* clusters, or as a few
//! dimensions to
//! cluster in. Distances between clusters, their sizes and densities carry little information (densities do with `densmap`).
//!
//! Cost, n rows: mostly the neighbor search (see [`crate::neighbors`]); an epoch is linear in n.
//! Source: McInnes, Healy and Melville 2018, arXiv:1802.03426, doi:10.21105/joss.00861; densities after Narayan, Berger and Cho 2021,
//! doi:10.1038/s41587-020-00801-7.
//!
//! The parts, in order: [`fuzzy`] (the graph's weights), [`curve`] (weights on the map), [`start`] (initialization), [`layout`] (the
//! optimizer),
//! which uses [`forces`] and [`density`]; then [`model`], which places new rows.

mod curve;
mod density;
mod forces;
mod fuzzy;
mod layout;
mod model;
mod start;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::data::{Category, Given, Rows, Tie};
use crate::error::{Error, Result, count};
use crate::linalg::{Matrix, MatrixView, OwnedRows};
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::KEPT_SPARSE;
use crate::methods::map::edges::Edges;
use crate::methods::map::given::{self, Ties};
use crate::methods::map::placed::{self, Stored};
use crate::methods::map::start::{coarse, preview};
use crate::methods::map::{Init, NEEDS_ALL_ROWS, PLACES_ON_THE_MAP};
use crate::methods::near::{near, search_plan};
use crate::model::{Can, Model};
use crate::neighbors::Metric;
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

use curve::Curve;
use density::{Density, Emphasis};
use forces::{DRAWS, PARTS};
use fuzzy::Graph;
use layout::{Layout, Strength};
use model::Forces;
use start::stretched;

/// UMAP: a map of the fuzzy graph of neighbors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Umap {
    /// Dimensions of the map: 2 or 3 to look at, 5 to 50 to cluster in.
    #[schemars(range(min = 1, max = 50), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// Number of neighbors per row, the row itself included. Small values show fine structure, large values (50) coarse structure. At
    /// most the number of rows.
    #[schemars(range(min = 2), extend("role" = Role::Neighborhood))]
    pub n_neighbors: u32,
    /// Minimum distance between points of the map: small values pack groups tightly, large values spread them evenly. At most the spread.
    #[schemars(extend("minimum" = 0))]
    pub min_dist: f64,
    /// Scale of the map: the distance between points that are hardly connected.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub spread: f64,
    /// Number of epochs of the optimization. auto: 500 up to 10,000 rows, else 200; 200 more with densmap.
    #[schemars(extend("minimum" = 1, "maximum" = 100_000))]
    pub n_epochs: Auto<u32>,
    /// Step size in the first epoch; it falls to 0.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub learning_rate: f64,
    /// Distance between rows.
    #[schemars(extend("role" = Role::Metric))]
    pub metric: Metric,
    /// Starting positions: pca, the first principal components, which keep the coarse order of the data; spectral, the smoothest
    /// eigenvectors of the neighbor graph's Laplacian, which unroll curved data; random.
    pub init: Init,
    /// Negative samples per positive sample.
    #[schemars(range(max = 1000))]
    pub negative_sample_rate: u32,
    /// How the directed neighbor graphs are combined: 1 = fuzzy union, 0 = fuzzy intersection.
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub set_op_mix_ratio: f64,
    /// Number of nearest neighbors that are fully connected to a row, however far they are.
    #[schemars(extend("minimum" = 0))]
    pub local_connectivity: f64,
    /// Weight of the repulsive forces (negative samples).
    #[schemars(extend("minimum" = 0))]
    pub repulsion_strength: f64,
    /// Column of labels to learn from (supervised UMAP): rows with different labels are connected less. auto: the y given to fit in
    /// Python, else none.
    #[schemars(extend("role" = Role::Labels, "anyOf" = [{ "const": AUTO }, { "const": NONE }, { "type": "string" }]))]
    pub target: String,
    /// Weight of the labels against the rows: at 1, rows with different labels are not connected.
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub target_weight: f64,
    /// Also preserve local density (densMAP): where rows are dense, so are their points.
    #[schemars(title = "densMAP")]
    pub densmap: bool,
    /// Weight of the density term against the neighbors.
    #[schemars(title = "density weight", extend("minimum" = 0))]
    pub dens_lambda: f64,
    /// Fraction of the epochs, the last ones, that use the density term.
    #[schemars(title = "density share", extend("minimum" = 0, "maximum" = 1))]
    pub dens_frac: f64,
    /// Added to the variance of the map's log radii, which regularizes the correlation of densities.
    #[schemars(title = "density shift", extend("exclusiveMinimum" = 0))]
    pub dens_var_shift: f64,
}

/// What [`Umap::target`] is where no column is named.
const AUTO: &str = "auto";
const NONE: &str = "none";

impl Default for Umap {
    fn default() -> Self {
        Umap {
            n_components: 2,
            n_neighbors: 15,
            min_dist: 0.1,
            spread: 1.0,
            n_epochs: Auto::Auto,
            learning_rate: 1.0,
            metric: Metric::Euclidean,
            init: Init::Spectral,
            negative_sample_rate: 5,
            set_op_mix_ratio: 1.0,
            local_connectivity: 1.0,
            repulsion_strength: 1.0,
            target: AUTO.to_owned(),
            target_weight: 0.5,
            densmap: false,
            dens_lambda: 2.0,
            dens_frac: 0.3,
            dens_var_shift: 0.1,
        }
    }
}

/// The layout, in progress and checkpoints.
const STAGE: &str = "UMAP";
/// Up to so many rows, and epochs then and beyond.
const FEW_ROWS: usize = 10_000;
const EPOCHS: [u32; 2] = [500, 200];
/// More of them where density counts.
const MORE_EPOCHS: u32 = 200;

impl Umap {
    /// Neighbors a row that are sought: the row itself is one, too.
    fn others(&self) -> usize {
        self.n_neighbors as usize - 1
    }

    /// Epochs for this many rows.
    fn epochs(&self, rows: usize) -> usize {
        let more = if self.densmap { MORE_EPOCHS } else { 0 };
        self.n_epochs.or_else(|| EPOCHS[usize::from(rows > FEW_ROWS)] + more) as usize
    }

    /// What pushes weigh beside pulls.
    fn push(&self) -> f64 {
        f64::from(self.negative_sample_rate) * self.repulsion_strength
    }

    /// The map, its points having `D` coordinates, of which those beyond its dimensions are 0.
    fn learn<const D: usize>(&self, given: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let (rows, labels) = (given.kept()?, given.labels());
        let (n, dimensions) = (rows.rows(), self.n_components as usize);
        let mut facts = Map::new();
        preview(&rows, dimensions, run)?;
        let neighbors = near(given, rows.points(), self.others(), self.metric, &mut facts, run)?;
        run.progress("graph", 0, 1);
        let whole = Graph::new(&neighbors, self.metric, self.local_connectivity, self.set_op_mix_ratio)?;
        drop(neighbors);
        let epochs = self.epochs(n);
        // An edge that would not pull once in all epochs is none.
        let least = 1.0 / epochs as f64;
        let graph = whole.pruned(least);
        let whole = labels.map(|labels| (whole, labels));
        run.progress("graph", 1, 1);
        let points = self.points::<D>(given, &rows, &graph, &mut facts, run)?;
        let mut fact = |name: &str, value: Value| facts.insert(name.to_owned(), value);
        // Labels move rows from where the map would start without them. Measured on 10,000 pictures of which a tenth has labels: the share of
        // neighbors kept is .280, and .274 where the start knows them, too.
        let graph = match whole {
            Some((whole, labels)) => {
                drop(graph);
                fact("labels", json!(labels.levels.len()));
                fact("labels_missing", json!(labels.codes.iter().filter(|&&code| code == Category::MISSING).count()));
                whole.labeled(labels, self.target_weight).pruned(least)
            }
            None => graph,
        };
        let curve = Curve::fit(self.min_dist, self.spread);
        fact("a", json!(curve.a));
        fact("b", json!(curve.b));
        let strength = Strength { curve, epochs, learning_rate: self.learning_rate, push: self.push() };
        let emphasis = Emphasis { lambda: self.dens_lambda, frac: self.dens_frac, var_shift: self.dens_var_shift };
        let density = self.densmap.then(|| Density::new(&graph, &rows.points(), self.metric, emphasis));
        let ties = given.start().and_then(Ties::of);
        let mut layout = Layout::new(graph, points, strength, density, ties, Random::new(run.seed(), "umap draws"));
        let stopped_at = self.lay_out(&mut layout, epochs, run)?;
        let map = Matrix::new(n, dimensions, layout.codes(dimensions))?;
        if let Some(correlation) = layout.density_correlation() {
            fact("density_correlation", json!(correlation));
        }
        drop(layout);
        fact("n_epochs_done", json!(stopped_at.unwrap_or(epochs)));
        if let Some(epoch) = stopped_at {
            fact("stopped_at", json!(epoch));
        }
        if !placed::is_within_bounds(&map) {
            let error = Error::param("learning_rate", json!(self.learning_rate), "with it the map diverges");
            return Err(error.with_hint("learning_rate=1, the default, works"));
        }

        let forces = Forces {
            curve,
            n_neighbors: self.n_neighbors as usize,
            local_connectivity: self.local_connectivity,
            learning_rate: self.learning_rate,
            push: self.push(),
        };
        let model = model::placed::<D>(Stored { pca: None, rows, map: map.clone(), metric: self.metric }, forces);
        let [again, left_out] = model.drifts(Random::new(run.seed(), "umap drift"), run)?;
        fact("left_out_drift_of_radius", json!(left_out.of_radius()));
        let measures = vec![("encode_drift", again.median), ("left_out_drift", left_out.median)];
        Ok(Fitted { model: Box::new(model), codes: Some(map), facts, measures })
    }

    /// Where each row starts; where that is, is told in `facts`.
    fn points<const D: usize>(
        &self,
        given: &Rows<'_>,
        rows: &OwnedRows,
        graph: &Graph,
        facts: &mut Map<String, Value>,
        run: &Run,
    ) -> Result<Vec<[f32; D]>> {
        let (n, dimensions, random) = (rows.rows(), self.n_components as usize, Random::new(run.seed(), "umap start"));
        if let Some(start) = given.start() {
            let places = given::places(start, dimensions, |row, out| out.extend_from_slice(graph.row(row)), random, facts, run)?;
            return Ok(match start.tie {
                Tie::Free => stretched(Some(&places), n, dimensions, random),
                Tie::Pull(_) | Tie::Hold => (0..n).map(|row| given::point(places.row(row))).collect(),
            });
        }
        let init = self.start(graph, run);
        facts.insert("init".to_owned(), json!(init));
        let edges = Edges::build(if init == Init::Spectral { n } else { 0 }, |row, out| out.extend_from_slice(graph.row(row)));
        let coarse = coarse(init, dimensions, rows, &edges, Random::new(run.seed(), "umap spectral start"), run)?;
        Ok(stretched(coarse.as_ref(), n, dimensions, random))
    }

    /// Where the map starts: where it was asked to, if the graph allows.
    fn start(&self, graph: &Graph, run: &Run) -> Init {
        if self.init != Init::Spectral {
            return self.init;
        }
        let parts = graph.parts();
        if parts.len() == 1 {
            return self.init;
        }
        let largest: Vec<String> = parts.iter().take(3).map(|&rows| count(rows as u64)).collect();
        run.warn(format!(
            "the neighbor graph has {} connected components (of {}{} rows): the map starts at the principal components instead of a spectral \
             initialization, and the arrangement of the components comes from there. More neighbors may connect them.",
            count(parts.len() as u64),
            largest.join(", "),
            if parts.len() > largest.len() { ", …" } else { "" }
        ));
        Init::Pca
    }

    /// Moves the points. Gives the epoch at which it was stopped, if it was.
    fn lay_out<const D: usize>(&self, layout: &mut Layout<D>, epochs: usize, run: &Run) -> Result<Option<usize>> {
        let dimensions = self.n_components as usize;
        let done = run.resumed(STAGE).map_or(Ok(0), |parcel| layout.resume(&parcel))?;
        for epoch in done..epochs {
            run.check()?;
            run.keep(STAGE, || layout.parcel(epoch))?;
            if run.stopped() {
                return Ok(Some(epoch));
            }
            layout.epoch(epoch, run)?;
            let step = epoch as u64 + 1;
            run.progress(STAGE, step, epochs as u64);
            if run.wants_map() {
                let codes = layout.codes(dimensions);
                run.map(MatrixView::new(codes.len() / dimensions, dimensions, &codes)?, step);
            }
        }
        Ok(None)
    }
}

impl Method for Umap {
    const INFO: Info = Info {
        name: "umap",
        title: "UMAP",
        class: "UMAP",
        family: "map",
        summary: "a map of the fuzzy graph of neighbors",
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
            "densmap does not apply to new rows: they are placed as without it",
            "with a target, classes separate on the map even where the rows do not: the labels are part of the graph",
            "where the neighbor graph is disconnected, the relative positions of its components come from PCA: no neighbors connect them",
        ],
        attributes: &[
            Attribute::CODES,
            Attribute::made(
                "graph_",
                "[n, n], sparse",
                "How far rows belong together, without what labels say; sought anew when it is first read.",
            ),
            Attribute::fact("a_", "", "a", "Of the curve 1 / (1 + a x^(2b)) over distances on the map."),
            Attribute::fact("b_", "", "b", "Of the same curve."),
            Attribute::fact("n_epochs_", "", "n_epochs_done", "Epochs that were made."),
        ],
        peer: Some(Peer {
            class: "umap.UMAP",
            lacks: &[("_a, _b", "They are a_ and b_."), ("rad_orig_, rad_emb_", "The radii of densmap are not kept.")],
        }),
        references: &[
            "McInnes, Healy and Melville 2018, UMAP: uniform manifold approximation and projection, doi:10.21105/joss.00861",
            "Narayan, Berger and Cho 2021, Assessing single-cell transcriptomic variability through density-preserving data visualization, doi:10.1038/s41587-020-00801-7",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if shape.rows < 3 || shape.cols == 0 {
            return Err(Error::input("data", shape.to_string(), "UMAP needs at least 3 rows of 1 column"));
        }
        // The row itself counts.
        let most = shape.rows;
        if self.n_neighbors as usize > most {
            let (default, rows) = (Self::default().n_neighbors, format!("{} rows", count(shape.rows as u64)));
            let error = Error::too_large("n_neighbors", self.n_neighbors, Some(default), rows, count(most as u64));
            return Err(error.with_hint(format!("n_neighbors={most} is the largest that works; fewer neighbors show finer structure")));
        }
        if self.densmap && self.metric == Metric::InnerProduct {
            let error = Error::param("densmap", true, "with the metric inner_product it must be false");
            return Err(error.with_hint("densities are measured by distances: metric=euclidean or metric=cosine works"));
        }
        if self.min_dist > self.spread {
            let wanted = format!("it is at most the spread, {}", self.spread);
            return Err(Error::param("min_dist", self.min_dist, wanted).with_hint("min_dist=0.1 with spread=1 is the default"));
        }
        Ok(())
    }

    fn most(shape: Shape) -> Vec<(&'static str, usize)> {
        // The row itself counts.
        vec![("n_neighbors", shape.rows)]
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, k) = (shape.rows as f64, self.others() as f64);
        let search = search_plan(shape, self.others(), self.metric, run);
        let cost = Cost::of(self, shape);
        let rows_bytes = shape.bytes();
        // Neighbors, what rows think of them, and its transpose; the graph, at the end in pieces and as a whole.
        let graph_bytes = (24.0 * n * k + 16.0 * cost.edges + 24.0 * n) as u64;
        let start_bytes = (8.0 * cost.edges) as u64 + Edges::bytes(cost.edges, shape.rows) + cost.start_bytes;
        // With density, the radii of rows and points, and what presses.
        let dense = if self.densmap { 40.0 * n } else { 0.0 };
        let layout_bytes = (8.0 * cost.edges + 8.0 * n * cost.coordinates + dense) as u64 + 2 * Edges::bytes(cost.edges, shape.rows);
        // To place rows anew, all are searched: centred, and packed.
        let place_bytes = 2 * shape.bytes();
        // With labels, the graph without them is there until the layout begins.
        let labeled = if Method::target(self).is_some() { (8.0 * cost.edges + 16.0 * n) as u64 } else { 0 };
        let most = search.bytes.max(graph_bytes).max(start_bytes).max(layout_bytes).max(place_bytes);
        Plan {
            algorithm: format!("{} neighbors ({}), {} epochs", self.n_neighbors, search.algorithm, self.epochs(shape.rows)),
            peak_bytes: rows_bytes + most + labeled,
            seconds: search.seconds + cost.seconds / run.threads() as f64,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        match self.n_components {
            1 | 2 => self.learn::<2>(rows, run),
            3 => self.learn::<3>(rows, run),
            4..=8 => self.learn::<8>(rows, run),
            9..=16 => self.learn::<16>(rows, run),
            17..=50 => self.learn::<50>(rows, run),
            other => Err(Error::param("n_components", other, "it must be 1 to 50")),
        }
    }

    fn target(&self) -> Option<&str> {
        Some(self.target.as_str()).filter(|name| ![AUTO, NONE].contains(name))
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, run: &Run) -> Result<Found> {
        fit.check_found(name)?;
        let rows = Stored::load(fit.tensors, fit.model)?.rows;
        let neighbors = near(&Rows::memory(&rows), rows.points(), self.others(), self.metric, &mut Map::new(), run)?;
        let graph = Graph::new(&neighbors, self.metric, self.local_connectivity, self.set_op_mix_ratio)?;
        Ok(Found::sparse(rows.rows(), (0..rows.rows()).map(|row| graph.row(row).to_vec())))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        model::load(tensors, facts)
    }
}

/// What all but the search for neighbors is expected to take.
struct Cost {
    /// Edges of the graph, each counted from both sides.
    edges: f64,
    /// Coordinates that a point is worked on with.
    coordinates: f64,
    /// Processor seconds.
    seconds: f64,
    /// What the start takes.
    start_bytes: u64,
}

impl Cost {
    /// The cost model: seconds of one core of a Zen 3, measured at 10,000 and 60,000 rows.
    fn of(umap: &Umap, shape: Shape) -> Self {
        /// Edges a neighbor (1.36 million for 60,000 x 14 on pictures).
        const EDGES_A_NEIGHBOR: f64 = 1.65;
        let (n, epochs) = (shape.rows as f64, umap.epochs(shape.rows) as f64);
        // To tell how far fitted rows drift, some are sought among all.
        let drift = n * shape.cols as f64 * 12e-9;
        let coordinates = match umap.n_components {
            1 | 2 => 2.0,
            3 => 3.0,
            4..=8 => 8.0,
            9..=16 => 16.0,
            _ => 50.0,
        };
        let edges = EDGES_A_NEIGHBOR * n * umap.others() as f64;
        // Pairs cost more the more coordinates there are to be gathered.
        let a_pair = 3.5e-9 * (1.0 + 0.25 * (coordinates - 2.0));
        let pairs = edges + n * (PARTS * DRAWS) as f64;
        let width = f64::from(umap.n_components + 2).max(8.0).log2().ceil().exp2();
        // Radii, and what presses; how dense the rows lie.
        let dense = if umap.densmap { epochs * umap.dens_frac * edges * 2.0 * a_pair + edges * shape.cols as f64 * 1e-9 } else { 0.0 };
        let start = if umap.init == Init::Spectral { edges * width * 70e-9 } else { 0.0 };
        Cost {
            edges,
            coordinates,
            seconds: epochs * pairs * a_pair + edges * 250e-9 + start + drift + dense,
            start_bytes: (24.0 * n * width) as u64,
        }
    }
}
