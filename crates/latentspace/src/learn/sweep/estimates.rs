//! Other estimates of the number of dimensions, computed next to the held-out scores of a sweep.

use schemars::JsonSchema;
use serde::Serialize;

use crate::dimension::{self, Dimension, DimensionOptions, Directions};
use crate::error::{Error, Result};
use crate::linalg::OwnedRows;
use crate::measure::Measure;
use crate::model::Model;
use crate::random::Random;
use crate::run::Run;

/// Other estimates of the number of dimensions. None where one cannot be computed: linear directions of sparse counts, whose rare columns
/// have no variance to scale by; the intrinsic dimension of 0 dimensions, or of fewer than three distinct rows.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct Estimates {
    /// Linear directions by parallel analysis (Horn 1965, doi:10.1007/BF02289447).
    pub parallel_analysis: Option<usize>,
    /// Linear directions by the hard threshold of Gavish and Donoho (2014, doi:10.1109/TIT.2014.2323359).
    pub gavish_donoho: Option<usize>,
    /// Linear directions above the Marchenko-Pastur edge.
    pub marchenko_pastur: Option<usize>,
    /// Number of rows from which the directions were estimated.
    pub directions_rows: Option<usize>,
    /// The intrinsic dimension of the rows as the recommended number of dimensions reproduces them, without their noise.
    pub intrinsic: Option<Measure>,
}

/// Rows whose intrinsic dimension is estimated.
const ROWS: usize = 4000;

impl Estimates {
    /// Of prepared rows, and of a model of the recommended number of dimensions.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; errors of the model.
    pub(super) fn of(rows: &OwnedRows, recommended: Option<&dyn Model>, run: &Run) -> Result<Self> {
        let directions: Option<Directions> = rows.dense().map(|rows| known(dimension::directions(rows.view(), run))).transpose()?.flatten();
        let intrinsic = recommended.map(|model| intrinsic(rows, model, run)).transpose()?.flatten();
        Ok(Estimates {
            parallel_analysis: directions.map(|found| found.parallel_analysis),
            gavish_donoho: directions.map(|found| found.gavish_donoho),
            marchenko_pastur: directions.map(|found| found.marchenko_pastur),
            directions_rows: directions.map(|found| found.rows),
            intrinsic,
        })
    }

    /// The median of the numbers of linear directions.
    pub(super) fn directions(&self) -> Option<usize> {
        let mut all = [self.parallel_analysis?, self.gavish_donoho?, self.marchenko_pastur?];
        all.sort_unstable();
        Some(all[1])
    }
}

fn intrinsic(rows: &OwnedRows, model: &dyn Model, run: &Run) -> Result<Option<Measure>> {
    let some = rows.select(&Random::new(run.seed(), "intrinsic rows").sample(0, rows.rows(), ROWS));
    let back = model.decode(&model.encode(&some, run)?, run)?;
    let found: Option<Dimension> = known(dimension::dimension(back.view(), &DimensionOptions::default(), run))?;
    Ok(found.map(|found| Measure { value: found.mle.value, low: found.mle.low, high: found.mle.high, null: None }))
}

/// What can be estimated; none of rows that have no such estimate, since all are constant or too few differ.
fn known<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::Input(_) | Error::Param(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
