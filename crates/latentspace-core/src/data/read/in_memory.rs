//! Observations in memory as a source, so that what takes files takes them, too.

use super::{Blocks, Reader, stream_rows};
use crate::data::{Affine, DataKind, Observations, Values};
use crate::error::Result;
use crate::linalg::SparseMatrix;
use crate::run::Run;

/// Observations that were read or made.
pub(super) struct InMemory(pub(super) Observations);

/// Numbers per second of a pass: a copy.
const RATE: f64 = 1e9;

impl Reader for InMemory {
    fn kind(&self) -> DataKind {
        self.0.values.kind()
    }

    fn rows(&self) -> Option<usize> {
        Some(self.0.rows())
    }

    fn columns(&self) -> usize {
        self.0.columns()
    }

    fn cells(&self) -> Option<usize> {
        match &self.0.values {
            Values::Counts(counts) => Some(counts.values.len()),
            _ => None,
        }
    }

    fn names(&self) -> Option<Vec<String>> {
        match &self.0.values {
            Values::Table(table) => {
                let names = table.names.clone()?;
                Some(names.into_iter().chain(table.categories.iter().map(|category| category.name.clone())).collect())
            }
            Values::Counts(counts) => counts.names.clone(),
            Values::Images(_) | Values::Text(_) => None,
        }
    }

    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    fn rate(&self) -> f64 {
        RATE
    }

    fn read(&self, _run: &Run) -> Result<Observations> {
        Ok(self.0.clone())
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let rows = self.0.rows();
        let block = stream_rows(self.0.columns().max(1));
        let first = first / block * block;
        let run = run.clone();
        let blocks = (first..rows).step_by(block).map(move |at| {
            run.check()?;
            self.0.slice(at..(at + block).min(rows))
        });
        Ok((first, Box::new(blocks)))
    }

    fn affine(&self) -> Option<Affine> {
        match &self.0.values {
            Values::Table(table) => Some(table.affine.clone()),
            _ => None,
        }
    }
}

impl Observations {
    /// Some consecutive rows.
    ///
    /// # Errors
    /// None in truth.
    fn slice(&self, rows: std::ops::Range<usize>) -> Result<Self> {
        let values = match &self.values {
            Values::Table(table) => {
                let mut part = table.clone();
                part.numbers = table.numbers.slice(rows.clone()).to_matrix();
                part.categories.iter_mut().for_each(|category| category.codes = category.codes[rows.clone()].to_vec());
                Values::Table(part)
            }
            Values::Images(images) => {
                let cells = rows.start * images.shape.len()..rows.end * images.shape.len();
                let mut part = images.clone();
                part.pixels = images.pixels[cells.clone()].to_vec().into();
                part.lower = images.lower.as_ref().map(|lower| lower[cells].to_vec().into());
                Values::Images(part)
            }
            Values::Counts(counts) => {
                let mut matrix = SparseMatrix::none(counts.cols);
                matrix.append(counts.view().slice(rows.clone()));
                Values::Counts(crate::data::Counts { matrix, names: counts.names.clone(), base: counts.base })
            }
            Values::Text(texts) => Values::Text(texts[rows.clone()].to_vec().into()),
        };
        Ok(Observations { name: self.name.clone(), values, metadata: self.metadata.slice(rows) })
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{DataKind, Observations, PrepareOptions, Source, Summary};
    use crate::linalg::Matrix;
    use crate::run::Run;

    #[test]
    fn observations_in_memory_are_a_source_like_a_file() {
        let run = Run::new(0, 1).unwrap();
        let observed = Observations::from_matrix("x", Matrix::from_fn(5000, 7, |row, column| (row * 7 + column) as f32));
        let source = Source::of(observed.clone());
        assert_eq!((source.rows(), source.columns(), source.kind()), (Some(5000), 7, DataKind::Array));
        let rows: usize = source.blocks(&run).unwrap().map(|block| block.unwrap().rows()).sum();
        assert_eq!(rows, 5000);
        let options = PrepareOptions::default();
        assert_eq!(Summary::of_source(&source, &options, &run).unwrap().learned, Summary::of(&observed, &options, &run).unwrap().learned);
    }
}
