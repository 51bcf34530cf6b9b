//! Multidimensional scaling (MDS): coordinates that preserve distances.
//!
//! `metric` minimizes the stress, the squared differences between the distances of the rows and those of their points (SMACOF);
//! `classical`
//! preserves inner products, which with Euclidean distances is PCA. Both weigh all pairs alike, so long distances dominate: use it where
//! gaps between
//! groups matter more than neighborhoods. With landmarks, a sample of rows is scaled, and each other row is placed by its distances to
//! them.
//!
//! Cost, l landmarks (all rows up to 10,000, else 1,000): 4 l² bytes, l² flops per column once and l² per step; n l for the other rows.
//! Source: classical Torgerson 1952, doi:10.1007/BF02288916; metric by majorization de Leeuw 1977 and Borg and Groenen 2005,
//! doi:10.1007/0-387-28981-X; landmarks de Silva and Tenenbaum 2003, NIPS 15.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::scaling::{Slope, Steps, classical, distances, fill, in_units, mean_squares, settle, smacof};
use super::{BEGINS_ANEW, NEIGHBORS, PLANNED_ROUGHLY, landmarks, mixed, placed, places};
use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::data::{Given, Rows};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, OwnedRows};
use crate::measure::Measure;
use crate::method::{Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use crate::methods::TAKEN_DENSE;
use crate::methods::map::placed::{Near, Placed, Placing, Stored, wrong};
use crate::methods::map::{NEEDS_ALL_ROWS, PLACES_ON_THE_MAP};
use crate::model::{Can, Model};
use crate::neighbors::{Metric, Points};
use crate::params::{Auto, Role};
use crate::random::Random;
use crate::run::Run;
use crate::tensors::{Tensor, Tensors};

/// What multidimensional scaling preserves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// Distances, as well as the dimensions allow (lowest stress).
    #[default]
    Metric,
    /// Inner products: the leading eigenvectors of the centered squared distances.
    Classical,
}

/// Multidimensional scaling (MDS): coordinates that preserve distances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mds {
    /// Dimensions of the space.
    #[schemars(range(min = 1, max = 50), extend("role" = Role::Dimensions))]
    pub n_components: u32,
    /// What to preserve: metric, distances (SMACOF); classical, inner products (eigenvectors).
    pub scaling: Scaling,
    /// Distance between rows; inner_product is not a distance and is refused.
    #[schemars(extend("role" = Role::Metric))]
    pub metric: Metric,
    /// Number of landmarks, the rows that are scaled; the others are placed by their distances to them. auto: all rows up to 10,000, else
    /// 1,000.
    #[schemars(extend("minimum" = 3))]
    pub n_landmarks: Auto<u32>,
    /// Maximum number of iterations, for metric.
    #[schemars(title = "iterations", range(min = 1))]
    pub n_iter: u32,
    /// Stop when two iterations lower the stress by less than this fraction of the squared distances, for metric.
    #[schemars(title = "tolerance", extend("minimum" = 0, "maximum" = 1))]
    pub eps: f64,
}

impl Default for Mds {
    fn default() -> Self {
        Mds { n_components: 2, scaling: Scaling::Metric, metric: Metric::Euclidean, n_landmarks: Auto::Auto, n_iter: 300, eps: 1e-6 }
    }
}

/// Steps of a new row.
const SETTLE: Steps = Steps { most: 100, least: 1e-8 };

impl Mds {
    fn landmarks(&self, rows: usize) -> usize {
        landmarks(self.n_landmarks, rows)
    }
}

impl Method for Mds {
    const INFO: Info = Info {
        name: "mds",
        title: "MDS",
        class: "MDS",
        family: "manifold",
        summary: "coordinates that preserve distances",
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
        given: &[Given::Distances],
        limits: &[NEEDS_ALL_ROWS, PLACES_ON_THE_MAP, TAKEN_DENSE, BEGINS_ANEW, PLANNED_ROUGHLY],
        attributes: &[
            Attribute::CODES,
            Attribute::measure(
                "stress_",
                "stress",
                "Kruskal's stress 1 of the places of the landmarks, by metric scaling: scikit-learn's with normalized_stress.",
            ),
            Attribute::fact("n_iter_", "", "n_iter", "Steps that brought the stress down, by metric scaling."),
            Attribute::fact("eigenvalues_", "[k]", "eigenvalues", "Of the centered distances, by classical scaling."),
            Attribute::made("dissimilarity_matrix_", "[n, n]", "The distances of all rows; found anew when it is first read."),
        ],
        peer: Some(Peer { class: "sklearn.manifold.MDS", lacks: &[] }),
        references: &[
            "Torgerson 1952, Multidimensional scaling: I. Theory and method, doi:10.1007/BF02288916",
            "Borg and Groenen 2005, Modern multidimensional scaling, doi:10.1007/0-387-28981-X",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        super::check(Self::INFO.title, self.n_components, shape)?;
        if !self.metric.is_distance() {
            return Err(Error::param("metric", "'inner_product'", "it must be a distance; inner_product is not one"));
        }
        super::check_landmarks(self.n_landmarks, self.n_components, shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (n, d, l, threads) = (shape.rows as f64, shape.cols as f64, self.landmarks(shape.rows) as f64, run.threads() as f64);
        let k = f64::from(self.n_components);
        let steps = if self.scaling == Scaling::Metric { f64::from(self.n_iter) } else { 0.0 };
        let others = if l < n { n * l * (d * 0.45e-9 + if steps > 0.0 { 20.0 * k * 2.7e-9 } else { k * 1.5e-9 }) } else { 0.0 };
        let seconds = l * l * (d * 0.18e-9 + 45e-9 + steps.min(100.0) * (1.0 + k) * 0.75e-9) + others + n * d * 12e-9;
        let held = 4.0 * l * l + 8.0 * l * 12.0 * (super::scaling::STEPS + 1) as f64;
        let all = if l < n { "" } else { " (all)" };
        Plan {
            algorithm: format!("{} scaling of {l} landmarks{all}", if steps > 0.0 { "metric" } else { "classical" }),
            peak_bytes: (4 * shape.rows * shape.cols) as u64 + (held.max((8 * shape.rows * shape.cols) as f64) + 48.0 * n) as u64,
            seconds: seconds / threads,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let table = rows.table()?;
        let n = table.rows();
        let mut facts = Map::new();
        if rows.distances().is_some() && self.landmarks(n) < n {
            let found = format!("{} of {n} rows", self.landmarks(n));
            return Err(Error::param("n_landmarks", found, "with the distances of all pairs all rows are laid out"));
        }
        let landmarks = Random::new(run.seed(), "mds landmarks").sample(0, n, self.landmarks(n));
        let few = table.select(&landmarks);
        run.progress("distances", 0, 1);
        let (distances, unit) = match rows.distances() {
            Some(all) => {
                facts.insert("distances".to_owned(), json!("given"));
                in_units(
                    landmarks.iter().flat_map(|&row| landmarks.iter().map(move |&other| all.row(row as usize)[other as usize])).collect(),
                    landmarks.len(),
                )
            }
            None => distances(few.view(), self.metric, run)?,
        };
        if !unit.is_finite() {
            return Err(Error::input("data", "rows so far apart that their distance overflows", "distances must stay below 1e38"));
        }
        run.progress("distances", 1, 1);
        let l = landmarks.len();
        let eigen = classical(&distances, l, self.n_components as usize, run)?;
        let start = places(&eigen.vectors, l, |_, axis| eigen.values[axis].max(0.0).sqrt())?;
        let mut measures = Vec::new();
        facts.insert("n_landmarks".to_owned(), json!(l));
        let (laid, means) = match self.scaling {
            Scaling::Classical => {
                facts.insert("eigenvalues".to_owned(), json!(eigen.values));
                (start, mean_squares(&distances, l))
            }
            Scaling::Metric => {
                let found = smacof(&distances, &start, Steps { most: self.n_iter, least: self.eps }, run)?;
                facts.insert("n_iter".to_owned(), json!(found.n_iter));
                measures.push(("stress", Measure::exact(found.stress, None)));
                (found.places, Vec::new())
            }
        };
        drop(distances);
        let laid = Matrix::new(l, laid.cols(), laid.as_slice().iter().map(|value| value * unit).collect())?;
        let stored = |rows: Matrix, map: Matrix| Stored { pca: None, rows: OwnedRows::Dense(rows), map, metric: self.metric };
        let all: Vec<u32> = (0..l as u32).collect();
        let map = if l == n {
            laid
        } else {
            let among = stored(few, laid);
            let placing = Among::new(&among, all, unit, means.clone())?;
            Placed::new(among, placing).place(&Points::Dense(table.view()), run)?
        };
        let stored = stored(table, map);
        let placing = Among::new(&stored, landmarks, unit, means)?;
        let mut fitted = placed(stored, placing, facts, run)?;
        fitted.measures.extend(measures);
        Ok(fitted)
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, run: &Run) -> Result<Found> {
        fit.check_found(name)?;
        let table = Stored::load(fit.tensors, fit.model)?.dense()?.rows.table()?;
        let n = table.rows();
        run.check_memory(name, (12 * n * n) as u64, "fewer rows would fit")?;
        let (lengths, unit) = distances(table.view(), self.metric, run)?;
        Ok(Found::table(n, n, lengths.iter().map(|&length| f64::from(length) * f64::from(unit)).collect()))
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        let stored = Stored::load(tensors, facts)?.dense()?;
        let landmarks = tensors.u32("landmarks", None)?.to_vec();
        let unit = facts["unit"].as_f64().map_or(f32::NAN, |unit| unit as f32);
        if landmarks.is_empty() || landmarks.iter().any(|&row| row as usize >= stored.map.rows()) || !(unit > 0.0 && unit.is_finite()) {
            return Err(wrong(format!("its {} landmarks are not among its rows, or the unit is {}", landmarks.len(), facts["unit"])));
        }
        let means = if tensors.contains("means") { tensors.f64("means", Some(landmarks.len()))?.to_vec() } else { Vec::new() };
        let placing = Among::new(&stored, landmarks, unit, means)?;
        Ok(Box::new(Placed::new(stored, placing)))
    }
}

/// A new row lies where its distances from the landmarks say.
struct Among {
    /// Rows that are landmarks.
    landmarks: Vec<u32>,
    /// Themselves, and where they lie, in parts of the unit.
    rows: Matrix,
    places: Matrix,
    /// What distances are in parts of.
    unit: f32,
    /// For classical scaling.
    slope: Option<Slope>,
    metric: Metric,
}

impl Among {
    /// These landmarks; those of classical scaling have mean squared distances.
    ///
    /// # Errors
    /// [`Error::Internal`] if the rows are no table.
    fn new(stored: &Stored, landmarks: Vec<u32>, unit: f32, means: Vec<f64>) -> Result<Self> {
        let table = stored.table().ok_or_else(|| Error::internal("landmarks that are sparse"))?;
        let (rows, places) = (table.select(&landmarks), stored.map.select(&landmarks));
        let places = Matrix::from_fn(places.rows(), places.cols(), |row, axis| places.row(row)[axis] / unit);
        let slope = (!means.is_empty()).then(|| Slope::new(&places, means));
        Ok(Among { landmarks, rows, places, unit, slope, metric: stored.metric })
    }
}

impl Placing for Among {
    fn neighbors(&self) -> usize {
        NEIGHBORS as usize
    }

    fn place(&self, row: &[f32], near: Near<'_>, out: &mut [f32]) {
        let mut distances = vec![0.0; self.rows.rows()];
        fill(row, self.rows.view(), self.metric, &mut distances);
        distances.iter_mut().for_each(|distance| *distance /= self.unit);
        match &self.slope {
            Some(slope) => {
                let mut place = vec![0.0; out.len()];
                distances.iter().enumerate().for_each(|(at, &distance)| slope.add(at, f64::from(distance), &mut place));
                out.iter_mut().zip(place).for_each(|(out, value)| *out = value as f32);
            }
            None => {
                mixed(row, near, out);
                out.iter_mut().for_each(|value| *value /= self.unit);
                settle(&distances, &self.places, SETTLE, out);
            }
        }
        out.iter_mut().for_each(|value| *value *= self.unit);
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Map<String, Value>> {
        tensors.put("landmarks", Tensor::U32(vec![self.landmarks.len()], self.landmarks.clone()))?;
        if let Some(slope) = &self.slope {
            tensors.put_f64("means", &slope.means)?;
        }
        Ok(Map::from_iter([("unit".to_owned(), json!(self.unit))]))
    }
}
