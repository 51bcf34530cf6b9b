//! Scaling: what is subtracted from each numeric column, what it is divided by, and what its missing cells become.

use crate::error::{Error, Result};

/// The scaling of numeric columns. Each list is empty or has an element per column.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Scaling {
    /// What is subtracted; empty where nothing is.
    pub(super) centers: Vec<f64>,
    /// What is divided by then; empty where nothing is.
    pub(super) spreads: Vec<f64>,
    /// What a missing cell becomes, in the column's own unit; empty where missing cells are refused.
    pub(super) fills: Vec<f64>,
}

impl Scaling {
    /// Whether it leaves numbers as they are.
    pub(super) fn is_identity(&self) -> bool {
        self.centers.is_empty() && self.spreads.is_empty()
    }

    pub(super) fn center(&self, column: usize) -> f64 {
        self.centers.get(column).copied().unwrap_or(0.0)
    }

    pub(super) fn spread(&self, column: usize) -> f64 {
        self.spreads.get(column).copied().unwrap_or(1.0)
    }

    /// Checks that it has values for so many columns.
    pub(super) fn check(&self, columns: usize) -> Result<()> {
        let fits = [&self.centers, &self.spreads, &self.fills].into_iter().all(|values| values.is_empty() || values.len() == columns)
            && self.spreads.iter().all(|&spread| spread > 0.0);
        if fits { Ok(()) } else { Err(misfit()) }
    }
}

/// The error of a preparation whose parts do not fit each other.
pub(super) fn misfit() -> Error {
    Error::input("preparation", "its lengths do not fit each other", "a whole space file is needed")
}
