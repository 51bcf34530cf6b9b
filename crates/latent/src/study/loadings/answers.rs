//! What the room answers: the bodies of its paths, from which the page's types are generated. docs/http-api.md describes each.

use latentspace::schemars::{self, JsonSchema};
use serde::Serialize;

use super::super::curve::CurveAxis;
use super::super::state::Picture;

/// The dimensions of a space, and the form of the rows that it decodes to.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct SpaceAxes {
    /// As of a map: method, rows and columns.
    pub(crate) title: String,
    /// What one dimension is called: `component`.
    pub(crate) noun: String,
    /// Number of columns, each of which has a weight in each dimension.
    pub(crate) columns: usize,
    /// Whether codes can be decoded.
    pub(crate) decodes: bool,
    /// Whether no weight is negative: rows are sums of parts.
    pub(crate) parts: bool,
    pub(crate) dimensions: Vec<Dimension>,
    /// Size of the rows, where weights and decoded rows are pictures.
    pub(crate) picture: Option<Picture>,
    /// The x axis, where they are curves.
    pub(crate) curve: Option<CurveAxis>,
}

/// A dimension and its codes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Dimension {
    /// Its number, from 0.
    pub(crate) dimension: usize,
    /// The share of the rows' variance.
    pub(crate) share: Option<f64>,
    /// Mean and standard deviation of the codes.
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
    /// Their 1st and 99th percentile.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// The weights of a dimension, and the rows at its ends.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct DimensionWeights {
    pub(crate) dimension: usize,
    /// Number of weights that are not 0.
    pub(crate) nonzero: usize,
    /// By decreasing magnitude.
    pub(crate) largest: Vec<ColumnWeight>,
    /// Of pictures and curves: all, in the order of the columns.
    pub(crate) values: Option<Vec<f64>>,
    /// Rows with the lowest codes, the lowest first, and with the highest, the highest first.
    pub(crate) lowest: Vec<usize>,
    pub(crate) highest: Vec<usize>,
}

/// The weight of a column.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct ColumnWeight {
    pub(crate) column: usize,
    pub(crate) name: String,
    pub(crate) weight: f64,
}

/// The columns that weigh most in two dimensions, as arrows of a biplot.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Biplot {
    /// The longest first.
    pub(crate) arrows: Vec<ColumnArrow>,
}

/// An arrow of a biplot: weight times standard deviation of the codes, in each of the two dimensions.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct ColumnArrow {
    pub(crate) column: usize,
    pub(crate) name: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// The codes of a row.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct RowCodes {
    pub(crate) row: usize,
    pub(crate) codes: Vec<f64>,
}

/// What codes decode to, one after another.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct DecodedRows {
    pub(crate) rows: Vec<DecodedRow>,
}

/// A decoded row, in the original units.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct DecodedRow {
    /// Of pictures and curves: all, in the order of the columns.
    pub(crate) values: Option<Vec<f64>>,
    /// Otherwise its cells, in their order; of many columns, the largest by magnitude.
    pub(crate) cells: Vec<DecodedCell>,
}

/// A cell of a decoded row.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct DecodedCell {
    pub(crate) name: String,
    /// The number; null of a category.
    pub(crate) value: Option<f64>,
    /// The category; null of a number.
    pub(crate) text: Option<String>,
}
