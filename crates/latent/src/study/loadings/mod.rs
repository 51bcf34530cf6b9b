//! The room of axes that are loadings, parts or atoms: what each dimension of a space is made of, a biplot of two of them, and what codes decode to.

mod answers;

use std::sync::{Arc, OnceLock};

use latentspace::axes::{Axes, Weights};
use latentspace::data::{Category, Observations, Preparation, Values};
use latentspace::linalg::Matrix;
use latentspace::schemars::SchemaGenerator;
use latentspace::{Error, Result, Run, Space};
use serde_json::Value;

use super::columns::observed_name;
use super::curve::{self, CurveAxis};
use super::state::Picture;
use super::wire::add;
use super::{Asked, Room, json_of};
use crate::output::count;
use answers::{Biplot, ColumnArrow, ColumnWeight, DecodedCell, DecodedRow, DecodedRows, Dimension, DimensionWeights, RowCodes, SpaceAxes};

/// Number of arrows of a biplot.
const ARROWS: usize = 16;
/// Rows at each end of a dimension.
const ENDS: usize = 5;
/// Of more columns, a decoded row has its largest values alone.
const ALL_CELLS: usize = 40;
const LARGEST_CELLS: usize = 12;
/// Maximum number of codes that are decoded at once.
const DECODED_MOST: usize = 100;
/// Share of the codes beyond each end of a dimension's range.
const TAIL: f64 = 0.01;

/// A space whose axes have weights of columns, and rows with their codes.
pub(crate) struct LoadingsRoom {
    space: Arc<Space>,
    /// `[n, k]`.
    codes: Matrix,
    /// The names of the prepared columns.
    names: Vec<String>,
    curve: Option<CurveAxis>,
    /// Whether only codes are known of the rows: they are listed as this room's columns.
    codes_alone: bool,
    /// Computed when the page first asks.
    dimensions: OnceLock<Vec<Dimension>>,
}

impl LoadingsRoom {
    /// Whether a space has such axes: not those that are distributions, nor sums of parts over words, which have a room of their own.
    pub(crate) fn suits(space: &Space) -> bool {
        space.capabilities().axes.is_some_and(|axes| match axes.weights {
            Weights::Loadings(_) => true,
            Weights::Parts(_) => !space.preparation.makes_counts(),
            Weights::Distributions(_) => false,
        })
    }

    /// The room of a space, where it suits, and of rows with these codes `[n, k]`; `observed` are the same rows, if they are known.
    pub(crate) fn of(space: &Arc<Space>, codes: &Matrix, observed: Option<&Observations>) -> Option<Self> {
        if !Self::suits(space) {
            return None;
        }
        let columns = space.model.columns();
        let named = |column: usize| observed.map_or_else(|| format!("column {column}"), |observed| observed_name(observed, column).0);
        let names = space.preparation.prepared_names().unwrap_or_else(|| (0..columns).map(named).collect());
        let curve = observed.and_then(curve::axis).filter(|axis| axis.positions.len() == columns);
        let (space, codes) = (space.clone(), codes.clone());
        Some(LoadingsRoom { space, codes, names, curve, codes_alone: observed.is_none(), dimensions: OnceLock::new() })
    }

    fn axes(&self) -> Result<Axes<'_>> {
        self.space.capabilities().axes.ok_or_else(|| Error::internal("a space without axes"))
    }

    fn k(&self) -> usize {
        self.codes.cols()
    }

    fn noun(&self) -> &'static str {
        self.space.method.can.axes.unwrap_or("dimension")
    }

    /// Whether weights and decoded rows are drawn as a whole.
    fn is_drawn(&self) -> bool {
        self.space.preparation.image().is_some() || self.curve.is_some()
    }

    /// The codes of a dimension, `[n]`.
    fn codes_of(&self, dimension: usize) -> Vec<f64> {
        (0..self.codes.rows()).map(|row| f64::from(self.codes.row(row)[dimension])).collect()
    }

    fn dimensions(&self) -> Result<&[Dimension]> {
        if let Some(known) = self.dimensions.get() {
            return Ok(known);
        }
        let shares = self.axes()?.shares;
        let dimension = |dimension: usize| {
            let mut codes = self.codes_of(dimension);
            let n = codes.len().max(1) as f64;
            let mean = codes.iter().sum::<f64>() / n;
            let deviation = (codes.iter().map(|code| (code - mean).powi(2)).sum::<f64>() / n).sqrt();
            codes.sort_by(f64::total_cmp);
            let quantile = |share: f64| codes.get((share * (codes.len().max(1) - 1) as f64).round() as usize).copied().unwrap_or(0.0);
            let share = shares.get(dimension).copied().filter(|share| share.is_finite());
            Dimension { dimension, share, mean, deviation, low: quantile(TAIL), high: quantile(1.0 - TAIL) }
        };
        Ok(self.dimensions.get_or_init(|| (0..self.k()).map(dimension).collect()))
    }

    /// The answer to `/api/axes`.
    fn overview(&self) -> Result<SpaceAxes> {
        let (rows, columns) = (count(self.space.rows as u64), count(self.space.model.columns() as u64));
        Ok(SpaceAxes {
            title: format!("{} of {rows} x {columns}, {} {}s", self.space.method.title, count(self.k() as u64), self.noun()),
            noun: self.noun().to_owned(),
            columns: self.space.model.columns(),
            decodes: self.space.method.decodes,
            parts: matches!(self.axes()?.weights, Weights::Parts(_)),
            dimensions: self.dimensions()?.to_vec(),
            picture: self.space.preparation.image().map(Picture::of),
            curve: self.curve.clone(),
        })
    }

    /// The answer to `/api/axes/{dimension}`: its `limit` largest weights.
    fn weights(&self, dimension: usize, limit: usize) -> Result<Option<DimensionWeights>> {
        if dimension >= self.k() {
            return Ok(None);
        }
        let axes = self.axes()?;
        let weights: Vec<f64> = (0..axes.columns()).map(|column| axes.weight(dimension, column)).collect();
        let mut order: Vec<usize> = (0..weights.len()).filter(|&column| weights[column] != 0.0).collect();
        order.sort_by(|&a, &b| weights[b].abs().total_cmp(&weights[a].abs()).then(a.cmp(&b)));
        let weight = |&column: &usize| ColumnWeight { column, name: self.name(column), weight: weights[column] };
        let codes = self.codes_of(dimension);
        let mut rows: Vec<usize> = (0..codes.len()).collect();
        rows.sort_by(|&a, &b| codes[a].total_cmp(&codes[b]).then(a.cmp(&b)));
        Ok(Some(DimensionWeights {
            dimension,
            nonzero: order.len(),
            largest: order.iter().take(limit).map(weight).collect(),
            values: self.is_drawn().then(|| weights.clone()),
            lowest: rows.iter().take(ENDS).copied().collect(),
            highest: rows.iter().rev().take(ENDS).copied().collect(),
        }))
    }

    fn name(&self, column: usize) -> String {
        self.names.get(column).cloned().unwrap_or_default()
    }

    /// The answer to `/api/axes/biplot?x=0&y=1`; none without these dimensions. A pixel or a point of a curve has no arrow: there are too many.
    fn biplot(&self, x: usize, y: usize) -> Result<Option<Biplot>> {
        let (axes, dimensions) = (self.axes()?, self.dimensions()?);
        let (Some(across), Some(up)) = (dimensions.get(x), dimensions.get(y)) else { return Ok(None) };
        let end = |column: usize| (axes.weight(x, column) * across.deviation, axes.weight(y, column) * up.deviation);
        let arrow = |column: usize| ColumnArrow { column, name: self.name(column), x: end(column).0, y: end(column).1 };
        let length = |column: usize| end(column).0.hypot(end(column).1);
        let mut order: Vec<usize> = if self.is_drawn() { Vec::new() } else { (0..axes.columns()).collect() };
        order.retain(|&column| length(column) > 0.0);
        order.sort_by(|&a, &b| length(b).total_cmp(&length(a)).then(a.cmp(&b)));
        Ok(Some(Biplot { arrows: order.into_iter().take(ARROWS).map(arrow).collect() }))
    }

    /// The answer to `/api/axes/rows/{row}`.
    fn codes_of_row(&self, row: usize) -> Option<RowCodes> {
        (row < self.codes.rows()).then(|| RowCodes { row, codes: self.codes.row(row).iter().copied().map(shortest).collect() })
    }

    /// The answer to `/api/axes/decode?codes=0.5,-1;0,2`: codes of rows are separated by semicolons.
    ///
    /// # Errors
    /// [`Error::Param`] for codes that are no numbers, too few or too many.
    fn decode(&self, text: &str, run: &Run) -> Result<DecodedRows> {
        let k = self.k();
        let refuse = |found: String| Error::param("codes", found, format!("each row has {k} numbers, separated by commas"));
        let mut cells = Vec::new();
        let rows: Vec<&str> = text.split(';').collect();
        if rows.len() > DECODED_MOST {
            return Err(Error::param("codes", format!("{} rows", rows.len()), format!("at most {DECODED_MOST} are decoded at once")));
        }
        for row in &rows {
            let before = cells.len();
            for number in row.split(',') {
                let code = number.trim().parse::<f32>().ok().filter(|code| code.is_finite());
                cells.push(code.ok_or_else(|| refuse(format!("'{number}'")))?);
            }
            if cells.len() - before != k {
                return Err(refuse(format!("{} numbers", cells.len() - before)));
            }
        }
        let decoded = self.space.decode(&Matrix::new(rows.len(), k, cells)?, run)?;
        let observed = self.space.preparation.restore(&decoded)?;
        Ok(DecodedRows { rows: (0..rows.len()).map(|row| self.decoded(&observed, row)).collect() })
    }

    fn decoded(&self, observed: &Observations, row: usize) -> DecodedRow {
        match &observed.values {
            Values::Images(images) => {
                let length = images.shape.len();
                let pixels = images.pixels.iter().skip(row * length).take(length);
                DecodedRow { values: Some(pixels.map(|&pixel| f64::from(pixel)).collect()), cells: Vec::new() }
            }
            Values::Table(table) if self.curve.is_some() => DecodedRow { values: Some(table.values(row).collect()), cells: Vec::new() },
            Values::Table(table) => {
                let numbers: Vec<f64> = table.values(row).collect();
                let mut order: Vec<usize> = (0..numbers.len()).collect();
                if numbers.len() > ALL_CELLS {
                    order.sort_by(|&a, &b| numbers[b].abs().total_cmp(&numbers[a].abs()).then(a.cmp(&b)));
                    order.truncate(LARGEST_CELLS);
                }
                let number = |column: usize| DecodedCell { name: self.name(column), value: Some(numbers[column]), text: None };
                let category = |category: &Category| DecodedCell {
                    name: category.name.clone(),
                    value: None,
                    text: category.levels.get(category.codes[row] as usize).cloned(),
                };
                DecodedRow { values: None, cells: order.into_iter().map(number).chain(table.categories.iter().map(category)).collect() }
            }
            Values::Counts(_) | Values::Text(_) => DecodedRow { values: None, cells: Vec::new() },
        }
    }
}

/// The number of fewest digits that is this one in single precision.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// The folder of the page's room, below its sources.
pub(super) const PAGE: &str = "rooms/axes";

/// The types of the answers.
pub(super) fn wire(types: &mut SchemaGenerator) {
    add::<SpaceAxes>(types);
    add::<DimensionWeights>(types);
    add::<Biplot>(types);
    add::<RowCodes>(types);
    add::<DecodedRows>(types);
}

impl Room for LoadingsRoom {
    fn can(&self) -> &'static str {
        "axes"
    }

    fn lists_observed(&self) -> bool {
        self.codes_alone
    }

    fn preparation(&self) -> Option<&Preparation> {
        (!self.codes_alone).then_some(&self.space.preparation)
    }

    fn columns(&self) -> Vec<String> {
        (1..=self.k()).map(|dimension| format!("{} {dimension}", self.noun())).collect()
    }

    fn column(&self, dimension: usize) -> Option<Vec<f64>> {
        (dimension < self.k()).then(|| self.codes_of(dimension))
    }

    fn answer(&self, asked: &Asked<'_>, run: &Run) -> Result<Option<Value>> {
        let number = |text: &str| text.parse::<usize>().ok();
        match asked.path.as_slice() {
            ["axes"] => json_of(Some(self.overview()?)),
            ["axes", "biplot"] => match (number(asked.text("x")), number(asked.text("y"))) {
                (Some(x), Some(y)) => json_of(self.biplot(x, y)?),
                _ => Ok(None),
            },
            ["axes", "decode"] => json_of(Some(self.decode(asked.text("codes"), run)?)),
            ["axes", "rows", row] => json_of(number(row).and_then(|row| self.codes_of_row(row))),
            ["axes", dimension] => match number(dimension) {
                Some(dimension) => json_of(self.weights(dimension, asked.limit())?),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }
}
