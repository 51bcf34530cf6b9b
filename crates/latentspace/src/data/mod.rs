//! What was observed, how it becomes numbers, and how it is read.

mod observations;
mod preparation;
mod prepared;
pub mod read;

pub use observations::{Category, Counts, ImageShape, Images, Metadata, Observations, Table, Values};
pub use preparation::{Missing, Preparation, Scale};
pub use prepared::{Prepared, Rows, Stream};
