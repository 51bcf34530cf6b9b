//! A table as a stream, for tests of what rows in memory and streamed rows have in common.

use latentspace::Result;
use latentspace::data::Stream;
use latentspace::linalg::{Matrix, OwnedRows};

/// A table as a stream of blocks that do not fit the chunks.
pub(crate) struct Blocks<'a>(pub(crate) &'a Matrix);

impl Stream for Blocks<'_> {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn cols(&self) -> usize {
        self.0.cols()
    }

    fn blocks_from(&self, first: usize) -> Result<Box<dyn Iterator<Item = Result<OwnedRows>> + Send + '_>> {
        let block = |at: usize| Ok(OwnedRows::Dense(self.0.slice(at..(at + 1500).min(self.0.rows())).to_matrix()));
        Ok(Box::new((first..self.0.rows()).step_by(1500).map(block)))
    }
}
