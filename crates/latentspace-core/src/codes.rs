//! Codes: coordinates in a space, with the metadata of their rows; read and written as `.npy`, `.parquet` and `.csv`.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::arrow::array::{ArrayRef, Float32Array, Float64Array};

use crate::data::write::{self, Columns};
use crate::data::{Affine, Metadata, ReadOptions, Values, read};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::run::Run;

/// Coordinates of rows in a space.
#[derive(Debug, Clone)]
pub struct Codes {
    /// `[n, k]`: the coordinates, or what stands for them.
    pub values: Matrix,
    /// What `values` stand for: codes of 64 bits far from zero are stored less an offset, tiny or huge ones in parts of a scale, so that
    /// differences keep their digits. All dimensions have the same scale.
    pub affine: Affine,
    /// What rides along.
    pub metadata: Metadata,
}

impl Codes {
    /// Codes `[n, k]` with the metadata of their rows.
    pub fn new(values: Matrix, metadata: Metadata) -> Self {
        Codes { values, affine: Affine::default(), metadata }
    }

    /// The coordinates themselves, `[n, k]`: as decoders and distances from the origin (cosine) need them.
    ///
    /// # Errors
    /// None in truth.
    pub fn absolute(&self) -> Result<Matrix> {
        if self.affine.is_identity() {
            return Ok(self.values.clone());
        }
        let (rows, cols) = (self.values.rows(), self.values.cols());
        let cells = (0..rows).flat_map(|row| self.row(row).map(|cell| cell as f32));
        Matrix::new(rows, cols, cells.collect())
    }

    /// The coordinates of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = f64> {
        self.values.row(row).iter().enumerate().map(|(column, &cell)| self.affine.value(column, cell))
    }

    /// Reads codes: an array `[n, k]` from `.npy` and other files of arrays, or the columns `z0`, `z1`, … of a table. Where a table has no
    /// such columns, maps of other tools are known by their names (`x` and `y`, `UMAP_1` and `UMAP_2`, `PC1` …), else all numbers are taken that
    /// are no ids and no labels. Its other columns ride along; `options.labels` are joined.
    ///
    /// # Errors
    /// [`Error::Input`] if the file holds no such columns, or a code is missing or infinite; and what the reader says.
    pub fn open(path: &Path, options: &ReadOptions, run: &Run) -> Result<Self> {
        let source = read::open_codes(path, options)?;
        source.notes().iter().for_each(|note| run.note(note));
        let observed = source.read(run)?;
        let wrong = |found: String| Error::input(path, found, "codes are an array, or a table with the columns z0, z1, …");
        let Values::Table(table) = observed.values else { return Err(wrong(observed.values.kind().to_string())) };
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
        let table = table.in_one_unit()?;
        Ok(Codes { values: table.numbers, affine: table.affine, metadata: observed.metadata })
    }

    /// Writes codes, all or nothing: `.npy` (numbers alone), `.parquet` or `.csv` (columns `z0`, `z1`, …, then the metadata). Numbers have 32
    /// bits, or 64 where they were read so and are far from zero, tiny or huge.
    ///
    /// # Errors
    /// [`Error::Input`] for another ending; [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        if path.to_string_lossy().to_lowercase().ends_with(".npy") {
            let axes = [self.values.rows(), self.values.cols()];
            if !self.affine.is_identity() {
                let wide: Vec<f64> = (0..axes[0]).flat_map(|row| self.row(row)).collect();
                return write::npy(path, "<f8", &axes, bytemuck::cast_slice(&wide));
            }
            return write::npy(path, "<f4", &axes, bytemuck::cast_slice(self.values.as_slice()));
        }
        write::rows(path, self.values.rows(), self, &self.metadata)
    }
}

impl Columns for Codes {
    fn columns(&self, rows: Range<usize>) -> Vec<(String, ArrayRef)> {
        let column = |column: usize| -> (String, ArrayRef) {
            let cells = rows.clone().map(|row| self.values.row(row)[column]);
            let line = self.affine.line(column);
            let array: ArrayRef = if self.affine.is_identity() {
                Arc::new(Float32Array::from_iter_values(cells))
            } else {
                Arc::new(Float64Array::from_iter_values(cells.map(|cell| line.value(cell))))
            };
            (format!("z{column}"), array)
        };
        (0..self.values.cols()).map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrow::array::{Int64Array, StringArray};

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
        let codes = Codes::new(values.clone(), metadata);
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

    #[test]
    fn codes_far_from_zero_keep_their_differences_and_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::new(0, 1).unwrap();
        // Columns at 1e7, at -3e9 and at 0, with steps of 1/64.
        let offsets = [1e7, -3e9, 0.0];
        let cell = |i: usize, j: usize| ((i * 37 + j * 11) % 97) as f64 / 64.0 + offsets[j];
        let wide: Vec<f64> = (0..300).map(|at| cell(at / 3, at % 3)).collect();
        let npy = folder.path().join("far.npy");
        write::npy(&npy, "<f8", &[100, 3], bytemuck::cast_slice(&wide)).unwrap();
        let csv = folder.path().join("far.csv");
        let lines = (0..100).map(|i| format!("{},{},{}\n", cell(i, 0), cell(i, 1), cell(i, 2)));
        std::fs::write(&csv, format!("z0,z1,z2\n{}", lines.collect::<String>())).unwrap();
        let parquet = folder.path().join("far.parquet");
        Codes::open(&npy, &ReadOptions::default(), &run).unwrap().save(&parquet).unwrap();
        for path in [npy, csv, parquet] {
            let codes = Codes::open(&path, &ReadOptions::default(), &run).unwrap();
            for i in 0..100 {
                assert!(codes.row(i).eq((0..3).map(|j| cell(i, j))), "{} {i}", path.display());
                for j in 0..3 {
                    let step = codes.values.row(i)[j] - codes.values.row(0)[j];
                    assert!((f64::from(step) - (cell(i, j) - cell(0, j))).abs() < 1e-6, "{} {i} {j}", path.display());
                }
            }
            assert_eq!(codes.absolute().unwrap().row(7)[1], cell(7, 1) as f32);
            for name in ["back.npy", "back.csv", "back.parquet"] {
                let back = folder.path().join(name);
                codes.save(&back).unwrap();
                let back = Codes::open(&back, &ReadOptions::default(), &run).unwrap();
                assert!((0..100).all(|i| back.row(i).eq(codes.row(i))), "{name}");
            }
        }
    }

    #[test]
    fn maps_of_other_tools_are_known_by_their_columns() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::new(0, 1).unwrap();
        let path = folder.path().join("map.csv");
        let taken = |header: &str| {
            let cells =
                |row: usize| header.split(',').enumerate().map(|(at, _)| format!("{}", at * 100 + row)).collect::<Vec<_>>().join(",");
            std::fs::write(&path, format!("{header}\n{}\n{}\n{}\n", cells(0), cells(1), cells(2))).unwrap();
            let codes = Codes::open(&path, &ReadOptions::default(), &run).map_err(|error| error.to_string())?;
            Ok::<Vec<f64>, String>(codes.row(0).map(|cell| (cell / 100.0).round()).collect())
        };
        assert_eq!(taken("x,y").unwrap(), [0.0, 1.0]);
        assert_eq!(taken("id,x,y,weight").unwrap(), [1.0, 2.0]);
        assert_eq!(taken("label,UMAP_1,UMAP_2").unwrap(), [1.0, 2.0]);
        assert_eq!(taken("id,tSNE2,tSNE1,age").unwrap(), [2.0, 1.0]);
        assert_eq!(taken("PC1,PC2,PC3,PC4,cells").unwrap(), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(taken("x,z1,z0").unwrap(), [2.0, 1.0]);
        assert_eq!(taken("cluster,width,height,id").unwrap(), [1.0, 2.0]);
        assert!(taken("id,label").unwrap_err().contains("no coordinates"));
    }
}
