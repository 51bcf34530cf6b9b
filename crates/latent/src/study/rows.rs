//! Requests about rows and about kept maps: neighbors, and the similarity of two maps.

use latentspace::data::Prepared;
use latentspace::measure::{self, CompareOptions, Sample};
use latentspace::neighbors::Metric;
use latentspace::{Result, Run};
use serde_json::{Value, json};

use super::maps::Kept;
use super::{Data, Study, held};

impl Study {
    /// The answer to `/api/rows/{row}`: the row, its neighbors, and which of them a map (none: the newest) kept.
    pub(crate) fn row(&self, data: &Data, row: usize, map: Option<&Kept>) -> Result<Value> {
        let k = self.desk.look(|state| state.n_neighbors);
        let metric = map.map_or(*held(&self.metric), |map| map.metric);
        let known = held(&self.near).clone().filter(|(of, _)| *of == metric);
        let near = match known {
            Some((_, near)) => {
                let (rows, distances) = near.row(row);
                rows.iter().copied().zip(distances.iter().copied()).collect()
            }
            None => self.nearest(&data.points, row, k, metric)?,
        };
        let frame = map.map_or_else(|| self.desk.frame(), |map| Some(map.frame.clone()));
        let frame = frame.filter(|frame| frame.rows == data.points.rows());
        let shown = frame.map(|frame| frame.nearest(row, k));
        let is_kept = |other: u32| shown.as_ref().map(|shown| shown.contains(&other));
        let fields = &data.fields;
        let neighbors: Vec<Value> = near
            .iter()
            .map(|&(other, distance)| {
                let at = other as usize;
                json!({"row": other, "id": fields.id(at), "distance": distance, "kept": is_kept(other), "label": fields.label(at)})
            })
            .collect();
        let invented: Vec<u32> = shown.iter().flatten().copied().filter(|other| near.iter().all(|(known, _)| known != other)).collect();
        let mut far = Vec::new();
        if !invented.is_empty() {
            let own = data.points.points().slice(row..row + 1);
            let found = data.points.select(&invented).points().query(&own, invented.len(), metric, &self.aside)?;
            for (&at, &distance) in found.indices.iter().zip(&found.distances) {
                let other = invented[at as usize];
                far.push(
                    json!({"row": other, "id": fields.id(other as usize), "distance": distance, "label": fields.label(other as usize)}),
                );
            }
        }
        let kept = shown.is_some().then(|| near.iter().filter(|(other, _)| is_kept(*other) == Some(true)).count());
        Ok(json!({
            "row": row, "id": fields.id(row), "fields": fields.cells(row),
            "kept": kept, "neighbors": neighbors, "invented": far,
        }))
    }

    /// The answer to `/api/maps/{a}/compare/{b}`: the similarity of two kept maps, symmetric in them.
    pub(crate) fn compare(&self, a: &Kept, b: &Kept) -> Result<Value> {
        let (first, second) = if a.id <= b.id { (a, b) } else { (b, a) };
        let mut compared = held(&self.compared);
        if let Some(known) = compared.get(&(first.id, second.id)) {
            return Ok(known.clone());
        }
        let k = self.desk.look(|state| state.n_neighbors);
        let options = CompareOptions { k, sample: Sample::Auto, every_row: false };
        let found = measure::compare(first.frame.codes()?.view(), second.frame.codes()?.view(), &options, &self.aside)?;
        let mut told = json!(found);
        told["rows"] = json!(first.frame.rows);
        told["sentences"] = json!(found.sentences());
        compared.retain(|(a, b), _| [a, b].iter().all(|id| self.kept.get(**id).is_some()));
        compared.insert((first.id, second.id), told.clone());
        Ok(told)
    }

    /// For requests about topics, on threads that do not wait for the fit's.
    pub(crate) fn aside(&self) -> &Run {
        &self.aside
    }

    /// The exact nearest neighbors of a point.
    fn nearest(&self, points: &Prepared, row: usize, k: usize, metric: Metric) -> Result<Vec<(u32, f32)>> {
        let wanted = (k + 1).min(points.rows());
        let points = points.points();
        let found = points.query(&points.slice(row..row + 1), wanted, metric, &self.aside)?;
        let pairs = found.indices.iter().copied().zip(found.distances.iter().copied());
        Ok(pairs.filter(|&(other, _)| other as usize != row).take(k).collect())
    }
}
