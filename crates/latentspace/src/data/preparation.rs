//! Preparation: how observations become numbers, chosen once, told, stored in the space, and applied to new rows the same way.

use serde::{Deserialize, Serialize};

use crate::data::{ImageShape, Observations, Prepared, Values};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::run::Run;

/// How columns are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Tables with named columns whose spreads differ more than tenfold: standard; everything else: none.
    #[default]
    Auto,
    /// As they are.
    None,
    /// Mean 0, standard deviation 1.
    Standard,
    /// Median 0, distance between the quartiles 1.
    Robust,
    /// From 0 to 1.
    Unit,
}

/// What becomes of missing cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// They are refused, with their place.
    #[default]
    Error,
    /// The column's mean.
    Mean,
    /// The column's median.
    Median,
}

/// How observations of one kind become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preparation {
    /// `table`, `array`, `images`, `counts`.
    pub kind: String,
    /// Numbers a row before preparation.
    pub columns: usize,
    /// The size of pictures.
    pub image: Option<ImageShape>,
}

impl Preparation {
    /// The preparation that fits these observations.
    ///
    /// # Errors
    /// [`Error::Input`] with row and column for cells that no preparation mends.
    pub fn choose(observations: &Observations, _run: &Run) -> Result<Self> {
        let image = if let Values::Images(images) = &observations.values { Some(images.shape) } else { None };
        Ok(Preparation { kind: observations.values.kind().to_owned(), columns: observations.columns(), image })
    }

    /// The observations as numbers.
    ///
    /// # Errors
    /// [`Error::Input`] if the observations are of another kind or have other columns, or with row and column for a cell that cannot be used.
    pub fn prepare(&self, observations: &Observations, _run: &Run) -> Result<Prepared> {
        match &observations.values {
            Values::Table(table) => Ok(Prepared::Table(table.numbers.clone())),
            Values::Images(images) => {
                let pixels = images.pixels.iter().map(|&value| f32::from(value) / 255.0).collect();
                Ok(Prepared::Table(Matrix::new(observations.rows(), images.shape.len(), pixels)?))
            }
            Values::Counts(counts) => Ok(Prepared::Counts(counts.clone())),
            Values::Text(_) => Err(Error::input(&observations.name, "running text", "no method that takes text is here yet")),
        }
    }
}
