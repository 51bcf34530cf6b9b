//! Laplacian eigenmaps: the slowest vibrations of the graph of neighbors as coordinates.
//!
//! Rows that are joined by many short ways lie together. Use it for curved data and for groups that are joined by thin bridges; a long strip
//! comes out as a curve, since its second vibration along is slower than the first across.
//!
//! Cost, n rows: the neighbors, and the factor of a sparse graph (`n log n` on surfaces, more where data fill many dimensions); f64 throughout.
//! Source: Belkin and Niyogi 2003, doi:10.1162/089976603321780317.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::graph::Graph;
use super::vibrations::Vibrations;
use super::{BEGINS_ANEW, NEIGHBORS, PLANNED_ROUGHLY, check, learned, load, places, places_of_all};
use crate::data::Rows;
use crate::error::Result;
use crate::method::{Fitted, Info, Method, Model, Plan, Shape, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP};
use crate::run::Run;
use crate::tensors::Tensors;

/// What two neighbors weigh for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Affinity {
    /// 1 if both are near each other, one half if only one is.
    #[default]
    Connectivity,
    /// exp(-d²/2s²), s being the median distance of neighbors.
    Heat,
}

/// Laplacian eigenmaps: the slowest vibrations of the graph of neighbors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Laplacian {
    /// Dimensions of the space.
    #[schemars(range(min = 1, max = 50))]
    pub n_components: u32,
    /// Neighbors of a row: few follow sharp bends, many join what is sparse.
    #[schemars(range(min = 1))]
    pub n_neighbors: u32,
    /// What two neighbors weigh for each other.
    pub affinity: Affinity,
}

impl Default for Laplacian {
    fn default() -> Self {
        Laplacian { n_components: 2, n_neighbors: NEIGHBORS, affinity: Affinity::Connectivity }
    }
}

impl Method for Laplacian {
    const INFO: Info = Info {
        name: "laplacian",
        title: "Laplacian eigenmaps",
        class: "SpectralEmbedding",
        family: "manifold",
        summary: "slowest vibrations of the graph of neighbors",
        takes: Takes::ROWS,
        encodes: true,
        decodes: true,
        folds: false,
        live: false,
        given: &[],
        limits: &[NEEDS_ALL_ROWS, PLACES_ON_THE_MAP, TAKEN_DENSE, BEGINS_ANEW, PLANNED_ROUGHLY],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        check(Self::INFO.title, self.n_neighbors, self.n_components, shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        super::plan(shape, self.n_neighbors, "vibrations by a factored graph", super::Factored::graph(self.n_neighbors), run)
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let table = rows.table()?;
        let mut facts = Map::new();
        let map = places_of_all(&table, self.n_neighbors, &mut facts, run, |rows, facts| {
            let graph = Graph::nearest(rows, self.n_neighbors, facts, run)?;
            let pairs = match self.affinity {
                Affinity::Connectivity => graph.pairs(|_, both| if both { 1.0 } else { 0.5 }),
                Affinity::Heat => {
                    let scale = graph.median_distance();
                    graph.pairs(|distance, _| heat(distance, scale))
                }
            };
            drop(graph);
            let Some(found) = Vibrations::of(rows.rows(), &pairs, self.n_components as usize, run)? else { return Ok(None) };
            facts.insert("eigenvalues".to_owned(), json!(found.smallest.values));
            facts.insert("residuals".to_owned(), json!(found.smallest.residuals));
            places(&found.smallest.vectors, rows.rows(), |row, _| found.stretch[row]).map(Some)
        })?;
        learned(table, map, self.n_neighbors, facts, run)
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        load(tensors, facts)
    }
}

/// What rows at a distance weigh for each other; far ones keep a little, so that the graph stays whole.
pub(super) fn heat(distance: f64, scale: f64) -> f64 {
    if scale > 0.0 { (-(distance / scale).powi(2) / 2.0).exp().max(1e-9) } else { 1.0 }
}
