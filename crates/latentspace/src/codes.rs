//! Codes: coordinates in a space, with the metadata of their rows.

use crate::data::Metadata;
use crate::linalg::Matrix;

/// Coordinates of rows in a space.
#[derive(Debug, Clone)]
pub struct Codes {
    /// `[n, k]`.
    pub values: Matrix,
    /// What rides along.
    pub metadata: Metadata,
}
