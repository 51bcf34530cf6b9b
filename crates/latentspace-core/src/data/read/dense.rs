//! Dense tables that are parsed into memory.

use super::{Blocks, Reader, stream_rows};
use crate::data::{Affine, DataKind, Metadata, Observations, Values};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::run::Run;

/// A table with its metadata.
pub(super) struct Dense {
    pub(super) name: String,
    pub(super) table: Matrix,
    /// Names of its columns, if they have names.
    pub(super) names: Option<Vec<String>>,
    /// The affine maps of its columns.
    pub(super) affine: Affine,
    pub(super) metadata: Metadata,
    pub(super) notes: Vec<String>,
}

impl Dense {
    fn part(&self, table: Matrix, metadata: Metadata) -> Observations {
        let mut part = Observations::from_matrix(self.name.clone(), table);
        if let Values::Table(table) = &mut part.values {
            (table.names, table.affine) = (self.names.clone(), self.affine.clone());
        }
        part.metadata = metadata;
        part
    }
}

impl Reader for Dense {
    fn kind(&self) -> DataKind {
        if self.names.is_some() { DataKind::Table } else { DataKind::Array }
    }

    fn rows(&self) -> Option<usize> {
        Some(self.table.rows())
    }

    fn columns(&self) -> usize {
        self.table.cols()
    }

    fn names(&self) -> Option<Vec<String>> {
        self.names.clone()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn read(&self, _run: &Run) -> Result<Observations> {
        Ok(self.part(self.table.clone(), self.metadata.clone()))
    }

    fn blocks_near<'a>(&'a self, first: usize, _run: &Run) -> Result<(usize, Blocks<'a>)> {
        let rows = self.table.rows();
        let block = stream_rows(self.table.cols());
        let first = first / block * block;
        let blocks = (first..rows).step_by(block).map(move |at| {
            let to = (at + block).min(rows);
            Ok::<_, Error>(self.part(self.table.slice(at..to).to_matrix(), self.metadata.slice(at..to)))
        });
        Ok((first, Box::new(blocks)))
    }
}
