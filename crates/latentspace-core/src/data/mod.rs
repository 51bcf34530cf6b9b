//! Observations, their preparation, and the readers of files.

mod affine;
mod constant;
pub mod dates;
mod exact;
mod moments;
mod observations;
mod precomputed;
mod preparation;
mod prepare_options;
mod prepared;
pub mod read;
mod selected;
mod series;
mod summary;
mod velocity;
pub mod write;

pub use crate::linalg::ImageShape;
pub use affine::Affine;
pub use observations::{Category, Counts, DataKind, Images, Metadata, Observations, Table, Values};
pub use precomputed::{
    CellErrors, Given, Precomputed, Start, Tie, check_weights, read_distances, read_errors, read_neighbors, read_weights, write_neighbors,
};
pub use preparation::{Levels, Preparation, Sees};
pub use prepare_options::{Missing, PrepareOptions, Scale};
pub use prepared::{PreparedStream, RowSource, Rows, Shape, Stream};
pub use read::{ReadOptions, Source};
pub use selected::{read_rows, rows_of};
pub use series::{by_month, delay_lag, delays, log_returns, wide};
pub use summary::{ColumnSummary, Level, Summarizer, Summary};
pub use velocity::{RadialVelocity, at_rest, radial_velocities};

/// Number of rows in a chunk, the unit of folds and summaries: fixed, so that their bytes depend only on the rows.
pub const CHUNK: usize = 4096;
