//! Diffusion maps: coordinates that preserve diffusion distances on the neighbor graph.
//!
//! Two rows are near if random walks of `n_steps` steps that start at them end with similar distributions. `alpha` normalizes the
//! sampling density:
//! at 1 the map shows the geometry alone, at 0 also where many rows are. The kernel is cut off beyond the neighbors.
//!
//! Cost, n rows: that of Laplacian eigenmaps.
//! Source: Coifman and Lafon 2006, doi:10.1016/j.acha.2006.04.006.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::eigenvectors::GraphEigenvectors;
use super::graph::Graph;
use super::laplacian::heat;
use super::{BEGINS_ANEW, NEIGHBORS, PLANNED_ROUGHLY, check, check_neighbors, learned, load, places, places_of_all};
use crate::attributes::Attribute;
use crate::data::Rows;
use crate::error::Result;
use crate::linalg::Matrix;
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP};
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// Diffusion maps: coordinates that preserve diffusion distances on the neighbor graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Diffusion {
    /// Dimensions of the space.
    #[schemars(range(min = 1, max = 50), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// Number of neighbors per row, to which a random walk can step.
    #[schemars(range(min = 1), extend("role" = Role::Neighborhood))]
    pub n_neighbors: u32,
    /// Normalization of the sampling density: 0 none, 1 full.
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub alpha: f64,
    /// Number of steps of the random walk: more steps smooth fine structure and keep coarse structure.
    #[schemars(range(min = 0, max = 100_000))]
    pub n_steps: u32,
    /// Width s of the kernel exp(-d²/2s²). auto: the median distance of neighbors.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub bandwidth: Auto<f64>,
}

impl Default for Diffusion {
    fn default() -> Self {
        Diffusion { n_components: 2, n_neighbors: NEIGHBORS, alpha: 1.0, n_steps: 1, bandwidth: Auto::Auto }
    }
}

impl Diffusion {
    /// None if the graph is too entangled to be factored.
    fn places(&self, rows: &Matrix, facts: &mut Map<String, Value>, run: &Run) -> Result<Option<Matrix>> {
        let n = rows.rows();
        let graph = Graph::nearest(rows, self.n_neighbors, facts, run)?;
        let scale = self.bandwidth.or_else(|| graph.median_distance());
        facts.insert("bandwidth".to_owned(), json!(scale));
        let mut pairs = graph.pairs(|distance, _| heat(distance, scale));
        drop(graph);
        // A walker may stay where it is.
        pairs.extend((0..n as u32).map(|row| (row, row, 1.0)));
        let mut density = vec![0.0; n];
        for &(a, b, weight) in &pairs {
            density[a as usize] += weight;
            if a != b {
                density[b as usize] += weight;
            }
        }
        let thinned: Vec<f64> = density.iter().map(|density: &f64| density.powf(-self.alpha)).collect();
        pairs.iter_mut().for_each(|(a, b, weight)| *weight *= thinned[*a as usize] * thinned[*b as usize]);
        let Some(found) = GraphEigenvectors::of(n, &pairs, self.n_components as usize, run)? else { return Ok(None) };
        // Eigenvalue of each dimension: what remains of it after one diffusion step.
        let kept: Vec<f64> = found.smallest.values.iter().map(|value| 1.0 - value).collect();
        facts.insert("eigenvalues".to_owned(), json!(kept));
        facts.insert("residuals".to_owned(), json!(found.smallest.residuals));
        places(&found.smallest.vectors, n, |row, axis| found.stretch[row] * kept[axis].powi(self.n_steps as i32)).map(Some)
    }
}

impl Method for Diffusion {
    const INFO: Info = Info {
        name: "diffusion",
        title: "Diffusion maps",
        class: "DiffusionMap",
        family: "manifold",
        summary: "coordinates that preserve diffusion distances",
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
            Attribute::fact(
                "eigenvalues_",
                "[k]",
                "eigenvalues",
                "Eigenvalue of each dimension: what remains of it after one diffusion step.",
            ),
            Attribute::fact("bandwidth_", "", "bandwidth", "The distance at which neighbors weigh less; what auto became."),
        ],
        peer: None,
        references: &["Coifman and Lafon 2006, Diffusion maps, doi:10.1016/j.acha.2006.04.006"],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        check(Self::INFO.title, self.n_components, shape)?;
        check_neighbors(self.n_neighbors, NEIGHBORS, shape)
    }

    fn most(shape: Shape) -> Vec<(&'static str, usize)> {
        super::most(shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        super::plan(shape, self.n_neighbors, "walks on a factored graph", super::Factored::graph(self.n_neighbors), run)
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let table = rows.table()?;
        let mut facts = Map::new();
        let map = places_of_all(&table, self.n_neighbors, &mut facts, run, |rows, facts| self.places(rows, facts, run))?;
        learned(table, map, self.n_neighbors, facts, run)
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        load(tensors, facts)
    }
}
