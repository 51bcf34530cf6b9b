//! Dense tables that lie in memory once their file is parsed.

use super::{Blocks, Reader, stream_rows};
use crate::data::{Metadata, Observations};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::run::Run;

/// An array without names of its columns, and what rides along with it.
pub(super) struct Dense {
    pub(super) name: String,
    pub(super) table: Matrix,
    pub(super) metadata: Metadata,
    pub(super) notes: Vec<String>,
}

impl Reader for Dense {
    fn kind(&self) -> &'static str {
        "array"
    }

    fn rows(&self) -> Option<usize> {
        Some(self.table.rows())
    }

    fn columns(&self) -> usize {
        self.table.cols()
    }

    fn names(&self) -> Option<Vec<String>> {
        None
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn read(&self, _run: &Run) -> Result<Observations> {
        let mut whole = Observations::from_matrix(self.name.clone(), self.table.clone());
        whole.metadata = self.metadata.clone();
        Ok(whole)
    }

    fn blocks_near<'a>(&'a self, first: usize, _run: &Run) -> Result<(usize, Blocks<'a>)> {
        let rows = self.table.rows();
        let block = stream_rows(self.table.cols());
        let first = first / block * block;
        let blocks = (first..rows).step_by(block).map(move |at| {
            let to = (at + block).min(rows);
            let mut part = Observations::from_matrix(self.name.clone(), self.table.slice(at..to).to_matrix());
            part.metadata = self.metadata.slice(at..to);
            Ok::<_, Error>(part)
        });
        Ok((first, Box::new(blocks)))
    }
}
