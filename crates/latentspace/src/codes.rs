//! Codes: coordinates in a space, with the metadata of their rows; read and written as `.npy`, `.parquet` and `.csv`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array};

use crate::data::write::{self, Columns};
use crate::data::{Metadata, ReadOptions, Values, read};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::run::Run;

/// Coordinates of rows in a space.
#[derive(Debug, Clone)]
pub struct Codes {
    /// `[n, k]`.
    pub values: Matrix,
    /// What rides along.
    pub metadata: Metadata,
}

impl Codes {
    /// Reads codes: an array `[n, k]` from `.npy` and other files of arrays, or the columns `z0`, `z1`, … of a table, whose other columns
    /// ride along. `options.labels` are joined.
    ///
    /// # Errors
    /// [`Error::Input`] if the file holds no such columns, or a code is missing or infinite; and what the reader says.
    pub fn open(path: &Path, options: &ReadOptions, run: &Run) -> Result<Self> {
        let observed = read::open_codes(path, options)?.read(run)?;
        let wrong = |found: String| Error::input(path, found, "codes are an array, or a table with the columns z0, z1, …");
        let Values::Table(table) = observed.values else { return Err(wrong(observed.values.kind().to_owned())) };
        if !table.categories.is_empty() || table.numbers.cols() == 0 {
            return Err(wrong("no columns of numbers".to_owned()));
        }
        let cols = table.numbers.cols();
        if let Some(at) = table.numbers.as_slice().iter().position(|value| !value.is_finite()) {
            let found = "a code that is missing or infinite";
            return Err(Error::input(path, found, "each is a number")
                .at_row((at / cols) as u64 + 1)
                .at_column(table.column_name(at % cols)));
        }
        let values = if table.offsets.is_empty() {
            table.numbers
        } else {
            let cells = table.numbers.as_slice().iter().enumerate().map(|(at, &value)| (f64::from(value) + table.offset(at % cols)) as f32);
            Matrix::new(table.numbers.rows(), cols, cells.collect())?
        };
        Ok(Codes { values, metadata: observed.metadata })
    }

    /// Writes codes, all or nothing: `.npy` (numbers alone), `.parquet` or `.csv` (columns `z0`, `z1`, …, then the metadata).
    ///
    /// # Errors
    /// [`Error::Input`] for another ending; [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        if path.to_string_lossy().to_lowercase().ends_with(".npy") {
            let axes = [self.values.rows(), self.values.cols()];
            return write::npy(path, "<f4", &axes, bytemuck::cast_slice(self.values.as_slice()));
        }
        write::rows(path, self.values.rows(), self, &self.metadata)
    }
}

impl Columns for Codes {
    fn columns(&self, rows: Range<usize>) -> Vec<(String, ArrayRef)> {
        let column = |column: usize| -> (String, ArrayRef) {
            let cells = rows.clone().map(|row| self.values.row(row)[column]);
            (format!("z{column}"), Arc::new(Float32Array::from_iter_values(cells)))
        };
        (0..self.values.cols()).map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int64Array, StringArray};

    #[test]
    fn codes_come_back_from_every_format_with_their_metadata() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::new(0, 1).unwrap();
        let values = Matrix::from_fn(1000, 12, |i, j| (i * j) as f32 / 7.0);
        let metadata = Metadata::from_columns(
            vec![
                ("id".to_owned(), Arc::new(StringArray::from_iter_values((0..1000).map(|i| format!("row {i}")))) as ArrayRef),
                ("size".to_owned(), Arc::new(Int64Array::from_iter_values(0..1000))),
            ],
            1000,
        )
        .unwrap();
        let codes = Codes { values: values.clone(), metadata };
        for name in ["z.npy", "z.csv", "z.parquet"] {
            let path = folder.path().join(name);
            codes.save(&path).unwrap();
            let back = Codes::open(&path, &ReadOptions::default(), &run).unwrap();
            assert_eq!(back.values, values, "{name}");
            if name != "z.npy" {
                assert_eq!(back.metadata.names(), ["id", "size"]);
                assert_eq!(back.metadata.id(17), "row 17");
                assert_eq!(back.metadata.text(1, 999).as_deref(), Some("999"));
            }
        }
        assert!(codes.save(&folder.path().join("z.xyz")).unwrap_err().to_string().contains(".parquet"));
    }
}
