//! Diffusion maps: how far apart rows are for a walker among neighbors.
//!
//! Two rows are near if walkers that start at them are at the same places after `n_steps` steps. `alpha` takes out how densely the rows were
//! sampled: at 1 the map shows the shape alone, at 0 groups where many rows lie together. A graph of neighbors stands for all pairs: heat
//! beyond them is left out.
//!
//! Cost, n rows: that of Laplacian eigenmaps.
//! Source: Coifman and Lafon 2006, doi:10.1016/j.acha.2006.04.006.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::graph::Graph;
use super::laplacian::heat;
use super::vibrations::Vibrations;
use super::{BEGINS_ANEW, NEIGHBORS, PLANNED_ROUGHLY, check, learned, load, places, places_of_all};
use crate::data::Rows;
use crate::error::Result;
use crate::linalg::Matrix;
use crate::method::{Fitted, Info, Method, Model, Plan, Shape, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP};
use crate::params::Auto;
use crate::run::Run;
use crate::tensors::Tensors;

/// Diffusion maps: how far apart rows are for a walker among neighbors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Diffusion {
    /// Dimensions of the space.
    #[schemars(range(min = 1, max = 50))]
    pub n_components: u32,
    /// Rows that a walker may step to.
    #[schemars(range(min = 1))]
    pub n_neighbors: u32,
    /// How much of the density of rows is taken out: 0 nothing, 1 all.
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub alpha: f64,
    /// Steps that walkers make: more wash out what is near and leave what is far.
    #[schemars(range(min = 0, max = 100_000))]
    pub n_steps: u32,
    /// The distance at which a step is half as likely as at none, times 0.85. auto: the median distance of neighbors.
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
        let Some(found) = Vibrations::of(n, &pairs, self.n_components as usize, run)? else { return Ok(None) };
        // What is left of each vibration after a step.
        let kept: Vec<f64> = found.smallest.values.iter().map(|value| 1.0 - value).collect();
        facts.insert("eigenvalues".to_owned(), json!(kept));
        facts.insert("residuals".to_owned(), json!(found.smallest.residuals));
        places(&found.smallest.vectors, n, |row, axis| found.stretch[row] * kept[axis].powi(self.n_steps as i32)).map(Some)
    }
}

impl Method for Diffusion {
    const INFO: Info = Info {
        name: "diffusion",
        title: "diffusion maps",
        class: "DiffusionMap",
        family: "manifold",
        summary: "how far rows are for a walker among neighbors",
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
