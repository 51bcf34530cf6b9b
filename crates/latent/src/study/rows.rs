//! Requests about rows and about kept maps: neighbors, and the similarity of two maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use latentspace::linalg::OwnedRows;
use latentspace::measure::{self, CompareOptions, Comparison, Sample, Sentence};
use latentspace::neighbors::Metric;
use latentspace::schemars::{self, JsonSchema};
use latentspace::{Error, Result, Run};
use serde::Serialize;
use serde_json::{Map, Value};

use super::maps::Kept;
use super::{Data, Study, held};

/// Maximum number of neighbors that a request may ask for.
const MOST_NEIGHBORS: usize = 500;
/// The metrics of all rows, whatever their cells are.
const METRICS: [Metric; 3] = [Metric::Euclidean, Metric::Cosine, Metric::Manhattan];

/// A cell of a metadata column; null if missing.
#[derive(JsonSchema)]
#[schemars(crate = "schemars", untagged)]
#[expect(dead_code, reason = "it describes cells in the schema")]
enum Cell {
    Number(f64),
    Text(String),
    Missing(()),
}

/// A row, its neighbors, and which of them a map kept.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct RowInfo {
    pub(crate) row: usize,
    pub(crate) id: String,
    /// Its labels and notes, then its metadata, by name.
    #[schemars(with = "BTreeMap<String, Cell>")]
    pub(crate) fields: Map<String, Value>,
    /// The text that was learned from, if rows are texts.
    pub(crate) text: Option<String>,
    /// How its neighbors were searched.
    pub(crate) search: NeighborSearch,
    /// How many of its neighbors the map kept; null without a map.
    pub(crate) kept: Option<usize>,
    /// In the space, the nearest first.
    pub(crate) neighbors: Vec<Neighbor>,
    /// Near in the map, but not among the nearest in the space.
    pub(crate) invented: Vec<Invented>,
}

/// How the neighbors of a row were searched.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct NeighborSearch {
    /// Number of neighbors.
    pub(crate) k: usize,
    pub(crate) metric: Metric,
    /// Number of columns, after the preparation.
    pub(crate) columns: usize,
    /// The metrics that can be asked for.
    pub(crate) metrics: Vec<Metric>,
}

/// A neighbor in the space.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Neighbor {
    pub(crate) row: u32,
    pub(crate) id: String,
    pub(crate) distance: f32,
    /// Whether the map kept it; null without a map.
    pub(crate) kept: Option<bool>,
    /// Its value in the first category column.
    pub(crate) label: Option<String>,
}

/// A neighbor in the map only.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Invented {
    pub(crate) row: u32,
    pub(crate) id: String,
    pub(crate) distance: f32,
    pub(crate) label: Option<String>,
}

/// The similarity of two kept maps, and what it means.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars", rename = "Comparison")]
pub(crate) struct Compared {
    #[serde(flatten)]
    pub(crate) found: Comparison,
    pub(crate) rows: usize,
    pub(crate) sentences: Vec<Sentence>,
}

/// A part of the table of rows.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct TablePage {
    /// Number of rows in the table.
    pub(crate) total: usize,
    pub(crate) rows: Vec<TableRow>,
}

/// A row of the table.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct TableRow {
    pub(crate) row: u32,
    pub(crate) id: String,
    #[schemars(with = "BTreeMap<String, Cell>")]
    pub(crate) fields: Map<String, Value>,
}

impl Study {
    /// The answer to `/api/rows/{row}`: the row, its neighbors, and which of them a map (none: the newest) kept. Without `k` and
    /// `metric`, the neighbors are those of the measures.
    pub(crate) fn row(&self, data: &Data, row: usize, map: Option<&Kept>, k: Option<usize>, metric: Option<Metric>) -> Result<RowInfo> {
        let most = MOST_NEIGHBORS.min(data.points.rows().saturating_sub(1)).max(1);
        if let Some(k) = k.filter(|k| !(1..=most).contains(k)) {
            return Err(Error::param("k", k, format!("it must be between 1 and {most}")));
        }
        let k = k.unwrap_or_else(|| self.desk.look(|state| state.n_neighbors));
        let metric = metric.unwrap_or_else(|| map.map_or(*held(&self.metric), |map| map.metric));
        let known = held(&self.near).clone().filter(|(of, near)| *of == metric && near.k >= k);
        let near = match known {
            Some((_, near)) => {
                let (rows, distances) = near.row(row);
                rows.iter().copied().zip(distances.iter().copied()).take(k).collect()
            }
            None => self.nearest(&data.points, row, k, metric)?,
        };
        let frame = map.map_or_else(|| self.desk.frame(), |map| Some(map.frame.clone()));
        let frame = frame.filter(|frame| frame.rows == data.points.rows());
        let shown = frame.map(|frame| frame.nearest(row, k));
        let is_kept = |other: u32| shown.as_ref().map(|shown| shown.contains(&other));
        let fields = &data.fields;
        let label = |at: usize| fields.label(at).map(str::to_owned);
        let neighbor = |&(other, distance): &(u32, f32)| {
            let at = other as usize;
            Neighbor { row: other, id: fields.id(at), distance, kept: is_kept(other), label: label(at) }
        };
        let neighbors: Vec<Neighbor> = near.iter().map(neighbor).collect();
        let invented: Vec<u32> = shown.iter().flatten().copied().filter(|other| near.iter().all(|(known, _)| known != other)).collect();
        let mut far = Vec::new();
        if !invented.is_empty() {
            let own = data.points.points().slice(row..row + 1);
            let found = data.points.select(&invented).points().query(&own, invented.len(), metric, &self.aside)?;
            for (&at, &distance) in found.indices.iter().zip(&found.distances) {
                let other = invented[at as usize];
                far.push(Invented { row: other, id: fields.id(other as usize), distance, label: label(other as usize) });
            }
        }
        let kept = shown.is_some().then(|| near.iter().filter(|(other, _)| is_kept(*other) == Some(true)).count());
        let search = NeighborSearch { k, metric, columns: data.points.cols(), metrics: METRICS.to_vec() };
        let text = data.text(row).map(str::to_owned);
        Ok(RowInfo { row, id: fields.id(row), fields: self.cells(data, row), text, search, kept, neighbors, invented: far })
    }

    /// The answer to `/api/maps/{a}/compare/{b}`: the similarity of two kept maps, symmetric in them.
    pub(crate) fn compare(&self, a: &Kept, b: &Kept) -> Result<Arc<Compared>> {
        let (first, second) = if a.id <= b.id { (a, b) } else { (b, a) };
        let mut compared = held(&self.compared);
        if let Some(known) = compared.get(&(first.id, second.id)) {
            return Ok(known.clone());
        }
        let k = self.desk.look(|state| state.n_neighbors);
        let options = CompareOptions { k, sample: Sample::Auto, every_row: false };
        let found = measure::compare(first.frame.codes()?.view(), second.frame.codes()?.view(), &options, &self.aside)?;
        let told = Arc::new(Compared { rows: first.frame.rows, sentences: found.interpret(), found });
        compared.retain(|(a, b), _| [a, b].iter().all(|id| self.kept.get(**id).is_some()));
        compared.insert((first.id, second.id), told.clone());
        Ok(told)
    }

    /// A row's labels and notes, then its metadata, by name.
    pub(crate) fn cells(&self, data: &Data, row: usize) -> Map<String, Value> {
        let mut cells: Map<String, Value> =
            self.annotations_by_name(row).into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        cells.extend(data.fields.cells(row));
        cells
    }

    /// For requests of rooms, on threads that do not wait for the fit's.
    pub(crate) fn aside(&self) -> &Run {
        &self.aside
    }

    /// The exact nearest neighbors of a point.
    fn nearest(&self, points: &OwnedRows, row: usize, k: usize, metric: Metric) -> Result<Vec<(u32, f32)>> {
        let wanted = (k + 1).min(points.rows());
        let points = points.points();
        let found = points.query(&points.slice(row..row + 1), wanted, metric, &self.aside)?;
        let pairs = found.indices.iter().copied().zip(found.distances.iter().copied());
        Ok(pairs.filter(|&(other, _)| other as usize != row).take(k).collect())
    }
}
