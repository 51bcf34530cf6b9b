//! Requests about a selection of rows: what sets it apart, its mean, its rows as a file.

use std::path::Path;

use latentspace::data::{Metadata, Observations, Values, write};
use latentspace::explain::{ColumnOrigin, Columns, MetadataColumns, RowsExplanation};
use latentspace::schemars::{self, JsonSchema};
use latentspace::{Error, Result};
use serde::Serialize;

use super::{Data, Study};

/// What sets a selection apart.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct SelectionExplanation {
    /// The strongest findings of each origin; those in pixels and points of curves are left out, since the means show them.
    #[serde(flatten)]
    pub(crate) found: RowsExplanation,
    /// The number of all findings, and of those in observed columns.
    pub(crate) total: usize,
    pub(crate) observed: usize,
    /// Of pictures and curves: the means of all observed columns.
    pub(crate) means: Option<Means>,
}

/// Means of observed columns, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Means {
    pub(crate) inside: Vec<f32>,
    pub(crate) outside: Vec<f32>,
    /// Of curves, the standard deviation among the selected rows.
    pub(crate) deviation: Option<Vec<f32>>,
}

impl Study {
    /// What sets the rows apart from `against`, or from all others: `limit` findings of each origin.
    pub(crate) fn explain(&self, data: &Data, rows: &[u32], against: Option<&[u32]>, limit: usize) -> Result<SelectionExplanation> {
        let run = self.aside();
        let riding = match data.riding.get() {
            Some(riding) => riding,
            None => {
                let made = MetadataColumns::new(&data.observations.metadata, run)?;
                data.riding.get_or_init(|| made)
            }
        };
        let mut derived: Vec<(String, String, Vec<f64>)> = Vec::new();
        if let Some(trust) = self.trust() {
            derived.push(("derived:kept".to_owned(), "neighbors kept".to_owned(), trust.iter().map(|&share| f64::from(share)).collect()));
        }
        for room in &data.rooms {
            let named = room.columns().into_iter().enumerate();
            derived.extend(named.filter_map(|(at, name)| Some((format!("{}:{at}", room.can()), name, room.column(at)?))));
        }
        let mut columns = Columns::default();
        columns.metadata(riding);
        derived.iter().for_each(|(id, name, cells)| columns.derived(id.clone(), name.clone(), cells));
        match &data.observations.values {
            Values::Text(_) => {
                if let Some(counts) = data.prepared.sparse() {
                    columns.words(counts, data.preparation.as_ref().and_then(|preparation| preparation.names.as_deref()));
                }
            }
            _ if data.observed() > 0 => columns.observed(&data.observations),
            _ => {}
        }
        let mut found = columns.explain(rows, against, data.observations.rows(), run)?;
        let (total, is_observed) = (found.findings.len(), |origin: ColumnOrigin| origin == ColumnOrigin::Observed);
        let observed = found.findings.iter().filter(|finding| is_observed(finding.origin)).count();
        let means = data.means(rows, against);
        let mut shown = [0; 4];
        found.findings.retain(|finding| {
            let shown = &mut shown[finding.origin as usize];
            *shown += 1;
            *shown <= limit && !(means.is_some() && is_observed(finding.origin))
        });
        for finding in found.findings.iter_mut().filter(|finding| is_observed(finding.origin)) {
            // By the name that the list of columns gives it; words are not in the list.
            if let Some(name) = finding.id.split_once(':').and_then(|(_, at)| data.observed_column(at.parse().ok()?)) {
                finding.column = name;
            }
        }
        Ok(SelectionExplanation { found, total, observed, means })
    }

    /// The rows as a file of this ending, csv or parquet: observed columns, then labels and notes, then metadata.
    pub(crate) fn file_of(&self, data: &Data, rows: &[u32], ending: &str) -> Result<Vec<u8>> {
        let numbers: latentspace::arrow::array::UInt32Array = rows.to_vec().into();
        let selected = data.observations.select(rows)?;
        let row = Metadata::from_columns(vec![("row".to_owned(), std::sync::Arc::new(numbers))], rows.len())?;
        let selected = Observations { metadata: row.join(&self.annotations_of(rows)?)?.join(&selected.metadata)?, ..selected };
        file_bytes(ending, |path| write::observations(&selected, path))
    }
}

/// The bytes of a file of this ending that a function writes.
pub(super) fn file_bytes(ending: &str, write: impl FnOnce(&Path) -> Result<()>) -> Result<Vec<u8>> {
    let fail = |error| Error::io("a temporary folder", error);
    let folder = tempfile::tempdir().map_err(fail)?;
    let path = folder.path().join("rows").with_extension(ending);
    write(&path)?;
    std::fs::read(&path).map_err(fail)
}

impl Data {
    /// Of pictures and curves, the means of selected rows and of `against`, or of all others.
    fn means(&self, rows: &[u32], against: Option<&[u32]>) -> Option<Means> {
        let width = match &self.observations.values {
            Values::Images(images) => images.shape.len(),
            Values::Table(table) if self.curve.is_some() => table.numbers.cols(),
            _ => return None,
        };
        let n = self.observations.rows();
        let mut is_selected = vec![false; n];
        rows.iter().for_each(|&row| is_selected[row as usize] = true);
        let each = |row: usize, add: &mut dyn FnMut(usize, f64)| match &self.observations.values {
            Values::Images(images) => {
                let pixels = &images.pixels[row * width..(row + 1) * width];
                pixels.iter().enumerate().for_each(|(at, &cell)| add(at, f64::from(cell)));
            }
            Values::Table(table) => table.values(row).enumerate().for_each(|(at, cell)| add(at, cell)),
            _ => {}
        };
        // Of something of each cell.
        let mean = |rows: &mut dyn Iterator<Item = usize>, of: &dyn Fn(usize, f64) -> f64| {
            let (mut sums, mut count) = (vec![0.0; width], 0.0);
            for row in rows {
                each(row, &mut |at, cell| sums[at] += of(at, cell));
                count += 1.0;
            }
            sums.iter_mut().for_each(|sum| *sum /= count);
            sums
        };
        let single = |of: Vec<f64>| of.into_iter().map(|value| value as f32).collect::<Vec<f32>>();
        let cell = |_: usize, cell: f64| cell;
        let inside = mean(&mut (0..n).filter(|&row| is_selected[row]), &cell);
        let outside = match against {
            Some(rows) => mean(&mut rows.iter().map(|&row| row as usize), &cell),
            None => mean(&mut (0..n).filter(|&row| !is_selected[row]), &cell),
        };
        let deviation = self.curve.is_some().then(|| {
            let squared = mean(&mut (0..n).filter(|&row| is_selected[row]), &|at, cell| (cell - inside[at]).powi(2));
            squared.into_iter().map(|square| square.sqrt() as f32).collect()
        });
        Some(Means { inside: single(inside), outside: single(outside), deviation })
    }
}
