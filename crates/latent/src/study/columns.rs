//! The list of all columns: the reader's own, metadata, derived, observed; searched by name, so that wide data need not be sent whole.

use latentspace::data::{Counts, Observations, Table, Values};
use latentspace::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

use super::fields::{MISSING, range};
use super::search::ranked;
use super::{Category, Data, Study};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub(crate) enum ColumnType {
    Number,
    Category,
    Date,
    Text,
    /// The ids of the rows.
    Id,
}

/// The origin of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(crate = "schemars")]
pub(crate) enum Origin {
    /// Labels and notes that the reader gave.
    Yours,
    Metadata,
    Derived,
    Observed,
}

/// A column in the list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Column {
    /// `yours:0`, `metadata:0`, `observed:12`, `derived:kept`, or a capability and a number: a column of its room.
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: ColumnType,
    pub(crate) origin: Origin,
}

/// The columns whose names match a text: those of the reader and metadata first, then derived and observed ones.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Columns {
    /// The number of columns that match.
    pub(crate) total: usize,
    /// The first of them.
    pub(crate) columns: Vec<Column>,
}

/// A column with what a legend needs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct ColumnInfo {
    #[serde(flatten)]
    pub(crate) column: Column,
    /// Range of a number; of a date, in days since 1970. 0 and 0 if no cell is known.
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Number of missing cells.
    pub(crate) missing: usize,
    /// Categories, in the order of their codes; empty for other types.
    pub(crate) categories: Vec<Category>,
}

/// The cells of a column.
pub(crate) enum Cells {
    /// NaN if missing.
    Numbers(Vec<f64>),
    /// Codes of categories; the largest number if missing.
    Codes(Vec<u32>, Vec<Category>),
}

impl Cells {
    /// f32 or u32, little-endian; numbers less `from`, so that times keep their seconds.
    pub(crate) fn bytes(&self, from: f64) -> Vec<u8> {
        match self {
            Cells::Numbers(values) => values.iter().flat_map(|&value| ((value - from) as f32).to_le_bytes()).collect(),
            Cells::Codes(codes, _) => codes.iter().flat_map(|code| code.to_le_bytes()).collect(),
        }
    }
}

impl Study {
    /// The columns whose names contain the text (all if it is empty), those that begin with it first within each origin.
    pub(crate) fn columns(&self, data: &Data, query: &str, limit: usize) -> Columns {
        let needle = query.trim().to_lowercase();
        let mut found: Vec<(Origin, u8, Column)> = Vec::new();
        let mut put = |id: String, name: &str, kind: ColumnType, origin: Origin| {
            if let Some(rank) = ranked(name, &needle) {
                found.push((origin, rank, Column { id, name: name.to_owned(), kind, origin }));
            }
        };
        for column in self.annotation_columns() {
            put(column.id, &column.name, column.kind, Origin::Yours);
        }
        for (index, (name, kind)) in data.fields.typed().enumerate() {
            put(format!("metadata:{index}"), name, kind, Origin::Metadata);
        }
        if self.trust().is_some() {
            put("derived:kept".to_owned(), "neighbors kept", ColumnType::Number, Origin::Derived);
        }
        for room in &data.rooms {
            for (index, name) in room.columns().iter().enumerate() {
                put(format!("{}:{index}", room.can()), name, ColumnType::Number, Origin::Derived);
            }
        }
        for index in 0..data.observed() {
            let (name, kind) = observed_name(&data.observations, index);
            put(format!("observed:{index}"), &name, kind, Origin::Observed);
        }
        found.sort_by_key(|&(origin, rank, _)| (origin, rank));
        Columns { total: found.len(), columns: found.into_iter().take(limit).map(|(_, _, column)| column).collect() }
    }

    /// A column of this id and its cells; none if there is none, or only text.
    pub(crate) fn column(&self, data: &Data, id: &str) -> Option<(ColumnInfo, Cells)> {
        let (of, index) = id.split_once(':')?;
        let number = index.parse::<usize>().ok();
        let (name, kind, origin, cells) = match of {
            "yours" => return self.annotation(number?),
            "metadata" => {
                let (name, kind) = data.fields.typed().nth(number?)?;
                (name.to_owned(), kind, Origin::Metadata, data.fields.cells_of(number?)?)
            }
            "derived" if index == "kept" => {
                let kept = self.trust()?.iter().map(|&share| f64::from(share)).collect();
                ("neighbors kept".to_owned(), ColumnType::Number, Origin::Derived, Cells::Numbers(kept))
            }
            "observed" => {
                let index = number.filter(|&index| index < data.observed())?;
                let (name, kind) = observed_name(&data.observations, index);
                (name, kind, Origin::Observed, observed(&data.observations.values, index)?)
            }
            _ => {
                let room = data.rooms.iter().find(|room| room.can() == of)?;
                let name = room.columns().get(number?)?.clone();
                (name, ColumnType::Number, Origin::Derived, Cells::Numbers(room.column(number?)?))
            }
        };
        let column = Column { id: id.to_owned(), name, kind, origin };
        Some((describe(column, &cells), cells))
    }
}

impl Data {
    /// The number of observed columns that can be shown; those of codes with a room of their own are listed by it.
    pub(super) fn observed(&self) -> usize {
        match &self.observations.values {
            Values::Table(table) if !self.rooms.iter().any(|room| room.lists_observed()) => table.numbers.cols() + table.categories.len(),
            Values::Images(images) => images.shape.len(),
            Values::Counts(counts) => counts.cols,
            Values::Text(_) => 1,
            _ => 0,
        }
    }

    /// Whether an observed column has this name.
    pub(super) fn observes(&self, name: &str) -> bool {
        (0..self.observed()).any(|index| observed_name(&self.observations, index).0 == name)
    }

    /// The name of an observed column in the list.
    pub(super) fn observed_column(&self, index: usize) -> Option<String> {
        (index < self.observed()).then(|| observed_name(&self.observations, index).0)
    }
}

pub(super) fn describe(column: Column, cells: &Cells) -> ColumnInfo {
    let (min, max, missing, categories) = match cells {
        Cells::Numbers(values) => {
            let (min, max, missing) = range(values);
            (min, max, missing, Vec::new())
        }
        Cells::Codes(codes, categories) => (0.0, 0.0, codes.iter().filter(|&&code| code == MISSING).count(), categories.clone()),
    };
    ColumnInfo { column, min, max, missing, categories }
}

pub(super) fn observed_name(observations: &Observations, index: usize) -> (String, ColumnType) {
    let plain = |names: &Option<Vec<String>>| {
        let name = names.as_ref().and_then(|names| names.get(index)).cloned();
        (name.unwrap_or_else(|| format!("column {index}")), ColumnType::Number)
    };
    match &observations.values {
        Values::Table(table) => match index.checked_sub(table.numbers.cols()).and_then(|at| table.categories.get(at)) {
            Some(category) => (category.name.clone(), ColumnType::Category),
            None => plain(&table.names),
        },
        Values::Counts(counts) => plain(&counts.names),
        Values::Images(images) => {
            let (pixel, channel) = (index / images.shape.channels, index % images.shape.channels);
            let name = format!("pixel {}, {}", pixel / images.shape.width, pixel % images.shape.width);
            (if images.shape.channels > 1 { format!("{name}, channel {channel}") } else { name }, ColumnType::Number)
        }
        Values::Text(_) => ("text".to_owned(), ColumnType::Text),
    }
}

/// The cells of an observed column, in their original units.
fn observed(values: &Values, index: usize) -> Option<Cells> {
    match values {
        Values::Table(table) => Some(of_table(table, index)),
        Values::Counts(counts) => Some(Cells::Numbers(of_counts(counts, index as u32))),
        Values::Images(images) => {
            Some(Cells::Numbers(images.pixels.chunks_exact(images.shape.len()).map(|row| f64::from(row[index])).collect()))
        }
        Values::Text(_) => None,
    }
}

fn of_table(table: &Table, index: usize) -> Cells {
    let rows = table.numbers.rows();
    if let Some(category) = index.checked_sub(table.numbers.cols()).and_then(|at| table.categories.get(at)) {
        let mut counts = vec![0; category.levels.len()];
        category.codes.iter().for_each(|&code| counts.get_mut(code as usize).map_or((), |count| *count += 1));
        let levels = category.levels.iter().zip(counts).map(|(label, count)| Category { label: label.clone(), count });
        return Cells::Codes(category.codes.clone(), levels.collect());
    }
    let at = |values: &[f64], otherwise: f64| values.get(index).copied().unwrap_or(otherwise);
    let (offset, scale) = (at(table.affine.offsets(), 0.0), at(table.affine.scales(), 1.0));
    Cells::Numbers((0..rows).map(|row| f64::from(table.numbers.row(row)[index]) * scale + offset).collect())
}

fn of_counts(counts: &Counts, index: u32) -> Vec<f64> {
    let cell = |row: usize| {
        let (columns, values) = counts.row(row);
        columns.binary_search(&index).map_or(0.0, |at| f64::from(values[at]))
    };
    (0..counts.rows()).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observed_cells_are_in_their_units() {
        let mut table = Observations::from_matrix("t", latentspace::linalg::Matrix::new(2, 2, vec![1.0, 2.0, 3.0, f32::NAN]).unwrap());
        if let Values::Table(table) = &mut table.values {
            table.affine = latentspace::data::Affine::new(vec![1e7, 0.0], Vec::new());
        }
        let Some(Cells::Numbers(first)) = observed(&table.values, 0) else { panic!("no numbers") };
        assert_eq!(first, [1e7 + 1.0, 1e7 + 3.0]);
        let cells = observed(&table.values, 1).unwrap();
        let (name, kind) = observed_name(&table, 1);
        let told = describe(Column { id: String::new(), name, kind, origin: Origin::Observed }, &cells);
        assert_eq!((told.column.name.as_str(), told.min, told.max, told.missing), ("column 1", 2.0, 2.0, 1));
    }
}
