//! Laplacian eigenmaps (spectral embedding): the smoothest eigenvectors of the neighbor graph's Laplacian.
//!
//! Rows that many short paths connect get similar coordinates. Use it for curved data and for groups joined by thin bridges. A long strip
//! becomes
//! a curve, since the second eigenvector along it is smoother than the first across it.
//!
//! Cost, n rows: the neighbor search, and the factorization of a sparse graph (`n log n` on surfaces, more where data fill many
//! dimensions); f64 throughout.
//! Source: Belkin and Niyogi 2003, doi:10.1162/089976603321780317.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::eigenvectors::GraphEigenvectors;
use super::graph::Graph;
use super::{BEGINS_ANEW, NEIGHBORS, PLANNED_ROUGHLY, check, check_neighbors, learned, load, places, places_of_all};
use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::data::Rows;
use crate::error::Result;
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::placed::Stored;
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP};
use crate::model::{Can, Model};
use crate::params::Role;
use crate::run::Run;
use crate::tensors::Tensors;

/// Weights of the neighbor graph's edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Affinity {
    /// 1 if each is a neighbor of the other, one half if only one is.
    #[default]
    Connectivity,
    /// The heat kernel exp(-d²/2s²), with s the median distance of neighbors.
    Heat,
}

/// Laplacian eigenmaps (spectral embedding): the smoothest eigenvectors of the neighbor graph's Laplacian.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Laplacian {
    /// Dimensions of the space.
    #[schemars(range(min = 1, max = 50), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// Number of neighbors per row: few follow sharp bends, many bridge sparse regions.
    #[schemars(range(min = 1), extend("role" = Role::Neighborhood))]
    pub n_neighbors: u32,
    /// Weights of the neighbor graph's edges: connectivity, 1 for mutual neighbors and 0.5 for others; heat, a Gaussian of the distance.
    pub affinity: Affinity,
}

impl Default for Laplacian {
    fn default() -> Self {
        Laplacian { n_components: 2, n_neighbors: NEIGHBORS, affinity: Affinity::Connectivity }
    }
}

impl Laplacian {
    /// Each pair of neighbors once, and what they weigh for each other.
    fn weights(&self, graph: &Graph) -> Vec<(u32, u32, f64)> {
        match self.affinity {
            Affinity::Connectivity => graph.pairs(|_, both| if both { 1.0 } else { 0.5 }),
            Affinity::Heat => {
                let scale = graph.median_distance();
                graph.pairs(|distance, _| heat(distance, scale))
            }
        }
    }
}

impl Method for Laplacian {
    const INFO: Info = Info {
        name: "laplacian",
        title: "Laplacian eigenmaps",
        class: "SpectralEmbedding",
        family: "manifold",
        summary: "smoothest eigenvectors of the neighbor graph",
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
        given: &[],
        limits: &[NEEDS_ALL_ROWS, PLACES_ON_THE_MAP, TAKEN_DENSE, BEGINS_ANEW, PLANNED_ROUGHLY],
        attributes: &[
            Attribute::CODES,
            Attribute::fact("eigenvalues_", "[k]", "eigenvalues", "The smallest eigenvalues of the normalized Laplacian that are not 0."),
            Attribute::made(
                "affinity_matrix_",
                "[n, n], sparse",
                "What neighbors weigh for each other; sought anew when it is first read.",
            ),
        ],
        peer: Some(Peer { class: "sklearn.manifold.SpectralEmbedding", lacks: &[("n_neighbors_", "It is the parameter n_neighbors.")] }),
        references: &[
            "Belkin and Niyogi 2003, Laplacian eigenmaps for dimensionality reduction and data representation, doi:10.1162/089976603321780317",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        check(Self::INFO.title, self.n_components, shape)?;
        check_neighbors(self.n_neighbors, NEIGHBORS, shape)
    }

    fn most(shape: Shape) -> Vec<(&'static str, usize)> {
        super::most(shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        super::plan(shape, self.n_neighbors, "eigenvectors by a factored graph", super::Factored::graph(self.n_neighbors), run)
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let table = rows.table()?;
        let mut facts = Map::new();
        let map = places_of_all(&table, self.n_neighbors, &mut facts, run, |rows, facts| {
            let graph = Graph::nearest(rows, self.n_neighbors, facts, run)?;
            let pairs = self.weights(&graph);
            drop(graph);
            let Some(found) = GraphEigenvectors::of(rows.rows(), &pairs, self.n_components as usize, run)? else { return Ok(None) };
            facts.insert("eigenvalues".to_owned(), json!(found.smallest.values));
            facts.insert("residuals".to_owned(), json!(found.smallest.residuals));
            places(&found.smallest.vectors, rows.rows(), |row, _| found.stretch[row]).map(Some)
        })?;
        learned(table, map, self.n_neighbors, facts, run)
    }

    fn attribute(&self, _name: &str, fit: &Fit<'_>, run: &Run) -> Result<Found> {
        let table = Stored::load(fit.tensors, fit.model)?.dense()?.rows.table()?;
        let graph = Graph::nearest(&table, self.n_neighbors, &mut Map::new(), run)?;
        let mut rows = vec![Vec::new(); table.rows()];
        for (a, b, weight) in self.weights(&graph) {
            rows[a as usize].push((b, weight as f32));
            rows[b as usize].push((a, weight as f32));
        }
        Ok(Found::sparse(table.rows(), rows))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        load(tensors, facts)
    }
}

/// What rows at a distance weigh for each other; far ones keep a little, so that the graph stays whole.
pub(super) fn heat(distance: f64, scale: f64) -> f64 {
    if scale > 0.0 { (-(distance / scale).powi(2) / 2.0).exp().max(1e-9) } else { 1.0 }
}
