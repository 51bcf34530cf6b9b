//! Locally linear embedding (LLE): coordinates that keep how each row is reconstructed from its neighbors.
//!
//! Each neighborhood constrains the coordinates of its rows (see [`super::local`]); the constraints form a sparse matrix, and the
//! coordinates are its
//! eigenvectors of smallest eigenvalue above 0. Use it for densely sampled surfaces. The standard variant folds and collapses where
//! neighborhoods are
//! flat (`ltsa` and `modified` do not); `hessian` needs the most neighbors.
//!
//! Cost, n rows and k neighbors: n k² to n k³ for the neighborhoods, and the factorization of a sparse graph with about n k² entries (`n
//! log n` on
//! surfaces, more where data fill many dimensions); f64 throughout.
//! Source: Roweis and Saul 2000, doi:10.1126/science.290.5500.2323, and those of the variants.

use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::parallel::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::graph::Graph;
use super::local::Neighborhood;
use super::{
    BEGINS_ANEW, Factored, NEIGHBORS, PLANNED_ROUGHLY, check, check_neighbors, learned, load, most_entries, places, places_of_all,
};
use crate::data::Rows;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, Sparse};
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::mixture::RIDGE;
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP};
use crate::model::{Can, Model};
use crate::params::Role;
use crate::run::Run;
use crate::tensors::Tensors;

/// The kind of locally linear embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// Each row is the same weighted sum of its neighbors.
    #[default]
    Standard,
    /// Several such weighted sums per row (MLLE).
    Modified,
    /// Coordinates with vanishing second derivatives (Hessian eigenmaps).
    Hessian,
    /// Neighbors keep their coordinates in the local tangent space (LTSA).
    Ltsa,
}

/// Locally linear embedding (LLE): coordinates that keep how each row is reconstructed from its neighbors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lle {
    /// Dimensions of the space.
    #[schemars(range(min = 1, max = 50), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// Number of neighbors per row: few follow sharp bends, many bridge sparse regions. hessian needs at least n_components (n_components
    /// + 3) / 2, the others more than n_components.
    #[schemars(range(min = 1), extend("role" = Role::Neighborhood))]
    pub n_neighbors: u32,
    /// Kind of embedding: standard; modified (MLLE, several weights per row); hessian (Hessian eigenmaps); ltsa (local tangent space
    /// alignment).
    pub variant: Variant,
    /// Regularization of the reconstruction weights, relative to the trace of the local Gram matrix; used by standard and modified.
    #[schemars(title = "regularization", extend("exclusiveMinimum" = 0, "maximum" = 1))]
    pub reg: f64,
}

impl Default for Lle {
    fn default() -> Self {
        Lle { n_components: 2, n_neighbors: NEIGHBORS, variant: Variant::Standard, reg: RIDGE }
    }
}

/// Neighborhoods that are worked on together.
const BLOCK: usize = 256;

impl Lle {
    /// What all neighborhoods ask for.
    fn asked(&self, rows: &Matrix, graph: &Graph, run: &Run) -> Result<Sparse> {
        let (n, c) = (rows.rows(), self.n_components as usize);
        let neighborhood = |row: usize| Neighborhood { rows, row, near: graph.row(row) };
        let flat = if self.variant == Variant::Modified {
            let beyond = |row: usize| neighborhood(row).spectrum().map(|spectrum| spectrum.beyond(c));
            let mut shares = (0..n).into_par_iter().map(beyond).collect::<Result<Vec<f64>>>()?;
            shares.sort_unstable_by(f64::total_cmp);
            (shares[(n - 1) / 2] + shares[n / 2]) / 2.0
        } else {
            0.0
        };
        let blocks = (0..n.div_ceil(BLOCK)).into_par_iter().map(|block| {
            run.check()?;
            let mut entries = Vec::new();
            for row in block * BLOCK..((block + 1) * BLOCK).min(n) {
                let wants = neighborhood(row).wants(self.variant, c, self.reg, flat)?;
                let all: Vec<u32> = std::iter::once(row as u32).chain(graph.row(row).iter().map(|near| near.0)).collect();
                for a in 0..all.len() {
                    for b in 0..=a {
                        entries.push((all[a], all[b], wants.iter().map(|want| want[a] * want[b]).sum()));
                    }
                }
            }
            Ok(entries)
        });
        Ok(Sparse::sum(n, &blocks.collect::<Result<Vec<Vec<(u32, u32, f64)>>>>()?.concat()))
    }

    /// None if what is asked for is too entangled to be factored.
    fn places(&self, rows: &Matrix, facts: &mut Map<String, Value>, run: &Run) -> Result<Option<Matrix>> {
        let n = rows.rows();
        let graph = Graph::nearest(rows, self.n_neighbors, facts, run)?;
        run.progress("neighborhoods", 0, 1);
        let asked = self.asked(rows, &graph, run)?;
        drop(graph);
        run.progress("neighborhoods", 1, 1);
        let known = vec![1.0 / (n as f64).sqrt(); n];
        run.progress("places", 0, 1);
        let found = asked.smallest_eigen(&known, self.n_components as usize, most_entries(run), run)?;
        drop(asked);
        run.progress("places", 1, 1);
        let Some(found) = found else { return Ok(None) };
        facts.insert("eigenvalues".to_owned(), json!(found.values));
        facts.insert("residuals".to_owned(), json!(found.residuals));
        // Each dimension has mean square 1.
        places(&found.vectors, n, |_, _| (n as f64).sqrt()).map(Some)
    }
}

impl Method for Lle {
    const INFO: Info = Info {
        name: "lle",
        title: "LLE",
        class: "LocallyLinearEmbedding",
        family: "manifold",
        summary: "coordinates that keep local reconstructions",
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
            Attribute::made(
                "reconstruction_error_",
                "",
                "The squared error of rows put together from their neighbors, on the map: the sum of the eigenvalues.",
            ),
            Attribute::fact("eigenvalues_", "[k]", "eigenvalues", "The smallest eigenvalues that are not 0."),
        ],
        peer: Some(Peer {
            class: "sklearn.manifold.LocallyLinearEmbedding",
            lacks: &[("nbrs_", "space_.encode finds the neighbors of new rows.")],
        }),
        references: &[
            "Roweis and Saul 2000, Nonlinear dimensionality reduction by locally linear embedding, doi:10.1126/science.290.5500.2323",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        check(Self::INFO.title, self.n_components, shape)?;
        check_neighbors(self.n_neighbors, NEIGHBORS, shape)?;
        let c = self.n_components;
        let least = match self.variant {
            Variant::Standard => 1,
            Variant::Modified | Variant::Ltsa => c + 1,
            // The row itself counts, too.
            Variant::Hessian => c * (c + 3) / 2,
        };
        if self.n_neighbors < least {
            let wanted = format!("this variant needs at least {least} for {c} dimensions");
            return Err(Error::param("n_neighbors", self.n_neighbors, wanted).with_hint("variant=standard needs fewer neighbors"));
        }
        Ok(())
    }

    fn most(shape: Shape) -> Vec<(&'static str, usize)> {
        super::most(shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (k, d) = (f64::from(self.n_neighbors), shape.cols as f64);
        let seconds = match self.variant {
            Variant::Standard => k * k * d * 0.4e-9 + k * k * k * 0.4e-9 + 1e-6,
            Variant::Modified => 2.0 * (k * k * d * 0.4e-9 + k * k * k * 12e-9 + 4e-6),
            Variant::Hessian | Variant::Ltsa => k * k * d * 0.4e-9 + k * k * k * 14e-9 + 4e-6,
        };
        super::plan(shape, self.n_neighbors, "places by a factored graph", Factored::neighborhoods(self.n_neighbors, seconds), run)
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let table = rows.table()?;
        let mut facts = Map::new();
        let map = places_of_all(&table, self.n_neighbors, &mut facts, run, |rows, facts| self.places(rows, facts, run))?;
        learned(table, map, self.n_neighbors, facts, run)
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, _run: &Run) -> Result<Found> {
        let values = fit.facts.get("eigenvalues").and_then(Value::as_array);
        let values = values.ok_or_else(|| Error::input(name, "it is not in this space", "its fit found eigenvalues"))?;
        Ok(Found::Value(json!(values.iter().filter_map(Value::as_f64).sum::<f64>())))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        load(tensors, facts)
    }
}
