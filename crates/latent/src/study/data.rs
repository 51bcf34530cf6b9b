//! The observations of a study, and what the page asks of them.

use std::sync::OnceLock;

use latentspace::data::{ImageShape, Observations, Preparation, Values};
use latentspace::explain::MetadataColumns;
use latentspace::learn::TrainingRows;
use latentspace::linalg::OwnedRows;
use latentspace::method::Shape;
use latentspace::schemars::{self, JsonSchema};
use serde::Serialize;

use super::columns::observed_name;
use super::curve::CurveAxis;
use super::search::Searched;
use super::{EncodeText, Fields, Room, Study};

/// Maximum number of characters of a row's name.
const LONGEST_NAME: usize = 120;

/// The observations, and the prepared points of the map.
pub(crate) struct Data {
    pub(crate) observations: Observations,
    pub(crate) fields: Fields,
    pub(super) prepared: OwnedRows,
    /// The preparation of `prepared`; none if they were not prepared here.
    pub(super) preparation: Option<Preparation>,
    pub(super) points: OwnedRows,
    pub(crate) rooms: Vec<Box<dyn Room>>,
    /// Encodes a text as a point, where rows are texts.
    pub(super) encode_text: Option<Box<EncodeText>>,
    /// The x axis, if rows are curves.
    pub(crate) curve: Option<CurveAxis>,
    /// The metadata as columns that can be compared, once they were.
    pub(super) riding: OnceLock<MetadataColumns>,
}

impl Data {
    /// What a map is learned from.
    pub(super) fn training(&self) -> TrainingRows<'_> {
        TrainingRows {
            rows: &self.prepared,
            names: self.preparation.as_ref().and_then(|preparation| preparation.names.as_deref()),
            metadata: &self.observations.metadata,
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.prepared.shape()
    }

    /// The row's pixels, if rows are images.
    pub(crate) fn picture(&self, row: usize) -> Option<(ImageShape, &[u8])> {
        match &self.observations.values {
            Values::Images(images) => {
                let length = images.shape.len();
                Some((images.shape, images.pixels.get(row * length..(row + 1) * length)?))
            }
            _ => None,
        }
    }

    /// The row's text, if rows are texts.
    pub(crate) fn text(&self, row: usize) -> Option<&str> {
        match &self.observations.values {
            Values::Text(texts) => texts.get(row).map(String::as_str),
            _ => None,
        }
    }

    /// The text of a cell by the id of its column; none of other columns than metadata and `observed:0` of texts, or where it is missing.
    fn cell_text(&self, by: &str, row: usize) -> Option<String> {
        match by.split_once(':') {
            Some(("metadata", index)) => self.observations.metadata.text(index.parse().ok().filter(|&at| self.fields.has(at))?, row),
            Some(("observed", "0")) => Some(self.text(row)?.chars().take(4 * LONGEST_NAME).collect()),
            _ => None,
        }
    }

    /// The columns that are searched for rows: metadata, then the texts that were learned from.
    pub(super) fn searched(&self) -> impl Iterator<Item = Searched<'_>> {
        let texts = match &self.observations.values {
            Values::Text(texts) => Some(Searched::Plain(texts)),
            _ => None,
        };
        self.fields.searched().map(|(_, column)| column).chain(texts)
    }

    /// The name of such a column and its cell; for a column behind them, its number there.
    pub(super) fn searched_cell(&self, column: usize, row: usize) -> Result<(String, String), usize> {
        let fields: Vec<usize> = self.fields.searched().map(|(index, _)| index).collect();
        match (fields.get(column), self.text(row)) {
            (Some(&index), _) => Ok(self.fields.named_cell(index, row)),
            (None, Some(text)) if column == fields.len() => Ok(("text".to_owned(), text.to_owned())),
            (None, text) => Err(column - fields.len() - usize::from(text.is_some())),
        }
    }

    /// The row's observed numbers, if rows are numeric.
    pub(crate) fn values(&self, row: usize) -> Option<Vec<f32>> {
        match &self.observations.values {
            Values::Table(table) => Some(table.values(row).map(|value| value as f32).collect()),
            Values::Images(_) => self.picture(row).map(|(_, pixels)| pixels.iter().map(|&pixel| f32::from(pixel)).collect()),
            Values::Counts(counts) => {
                let mut dense = vec![0.0; counts.cols];
                let (columns, values) = counts.row(row);
                columns.iter().zip(values).for_each(|(&column, &value)| dense[column as usize] = value);
                Some(dense)
            }
            Values::Text(_) => None,
        }
    }

    /// The largest values of a row by magnitude, with the names of their columns; none if rows are not numeric.
    pub(crate) fn largest(&self, row: usize, limit: usize) -> Option<LargestValues> {
        let values = self.values(row)?;
        let mut columns: Vec<usize> = (0..values.len()).filter(|&at| values[at] != 0.0 && !values[at].is_nan()).collect();
        let nonzero = columns.len();
        columns.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()).then(a.cmp(&b)));
        let named = |at: usize| NamedValue { name: observed_name(&self.observations, at).0, value: values[at] };
        Some(LargestValues { nonzero, values: columns.into_iter().take(limit).map(named).collect() })
    }
}

impl Study {
    /// What a row is called by a column: the text of its cell in a line, shortened; none where it is missing or the column has no text.
    pub(crate) fn name(&self, data: &Data, by: &str, row: usize) -> Option<String> {
        let note = by.strip_prefix("yours:").and_then(|index| self.annotation_of(index.parse().ok()?, row));
        let text = note.or_else(|| data.cell_text(by, row))?;
        let mut name = String::new();
        for word in text.split_whitespace() {
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(word);
            if name.chars().count() > LONGEST_NAME {
                return Some(name.chars().take(LONGEST_NAME - 1).chain(['…']).collect());
            }
        }
        (!name.is_empty()).then_some(name)
    }
}

/// The largest values of a row.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct LargestValues {
    /// Number of values that are neither 0 nor missing.
    pub(crate) nonzero: usize,
    /// By decreasing magnitude.
    pub(crate) values: Vec<NamedValue>,
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct NamedValue {
    /// The name of its column.
    pub(crate) name: String,
    pub(crate) value: f32,
}
