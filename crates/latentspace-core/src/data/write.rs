//! Writing observations and codes for other tools: `.npy`, `.csv`, `.parquet`, and `.mtx` for counts. All or nothing: see [`crate::border`].

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use crate::arrow::array::{Array, ArrayRef, Float32Array, Float64Array, RecordBatch, StringArray, UInt8Array, UInt16Array, make_array};
use crate::arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::border;
use crate::data::{Counts, Metadata, Observations, Values};
use crate::error::{Error, Result};

/// Rows that are turned into columns at a time.
const BLOCK: usize = 1 << 14;

/// Writes observations: tables as `.npy`, `.csv` or `.parquet`, pictures too (as arrays of bytes in `.npy`), counts also as `.mtx`. In
/// `.csv` and `.parquet` the metadata follow behind the numbers.
///
/// # Errors
/// [`Error::Input`] for an ending that does not fit; [`Error::Io`].
pub fn observations(observations: &Observations, path: &Path) -> Result<()> {
    let lower = path.to_string_lossy().to_lowercase();
    match &observations.values {
        Values::Images(images) if lower.ends_with(".npy") => {
            let shape = images.shape;
            let mut axes = vec![observations.rows(), shape.height, shape.width];
            axes.extend((shape.channels > 1).then_some(shape.channels));
            match &images.lower {
                None => npy(path, "|u1", &axes, &images.pixels),
                Some(lower) => {
                    let both: Vec<u8> = lower.iter().zip(images.pixels.iter()).flat_map(|(&lower, &upper)| [lower, upper]).collect();
                    npy(path, "<u2", &axes, &both)
                }
            }
        }
        Values::Counts(counts) if lower.ends_with(".mtx") => mtx(counts, path),
        Values::Table(table) if lower.ends_with(".npy") && table.categories.is_empty() => {
            let axes = [table.numbers.rows(), table.numbers.cols()];
            if table.affine.is_identity() {
                return npy(path, "<f4", &axes, bytemuck::cast_slice(table.numbers.as_slice()));
            }
            let wide: Vec<f64> = (0..table.numbers.rows()).flat_map(|row| table.values(row)).collect();
            npy(path, "<f8", &axes, bytemuck::cast_slice(&wide))
        }
        _ if lower.ends_with(".npy") => Err(Error::input(
            path,
            format!("{} with text in them", observations.values.kind()),
            "an array holds numbers alone: .csv or .parquet holds this",
        )),
        _ => rows(path, observations.rows(), &Learned(&observations.values), &observations.metadata),
    }
}

/// Writes figures of rows, each a name and as many numbers as there are rows: `.npy` (the numbers alone, `[n]` if it is one figure, else
/// `[n, figures]`), `.csv` or `.parquet` (a column each, then the metadata).
///
/// # Errors
/// [`Error::Input`] for another ending; [`Error::Internal`] if a figure has another number of rows; [`Error::Io`].
pub fn figures(path: &Path, figures: &[(&str, &[f32])], metadata: &Metadata) -> Result<()> {
    let count = metadata.rows();
    if let Some((name, cells)) = figures.iter().find(|(_, cells)| cells.len() != count) {
        return Err(Error::internal(format!("{name} of {} rows, of {count}", cells.len())));
    }
    if path.to_string_lossy().to_lowercase().ends_with(".npy") {
        let cells: Vec<f32> = (0..count).flat_map(|row| figures.iter().map(move |(_, cells)| cells[row])).collect();
        let axes = [count, figures.len()];
        return npy(path, "<f4", if figures.len() == 1 { &axes[..1] } else { &axes }, bytemuck::cast_slice(&cells));
    }
    rows(path, count, &Figures(figures), metadata)
}

/// Figures as columns.
struct Figures<'a>(&'a [(&'a str, &'a [f32])]);

impl Columns for Figures<'_> {
    fn columns(&self, rows: std::ops::Range<usize>) -> Vec<(String, ArrayRef)> {
        let column = |(name, cells): &(&str, &[f32])| -> (String, ArrayRef) {
            ((*name).to_owned(), Arc::new(Float32Array::from_iter_values(cells[rows.clone()].iter().copied())))
        };
        self.0.iter().map(column).collect()
    }
}

/// Writes rows as `.csv` or `.parquet`: their numbers, then their metadata.
///
/// # Errors
/// [`Error::Input`] for another ending; [`Error::Io`].
pub(crate) fn rows(path: &Path, count: usize, learned: &dyn Columns, metadata: &Metadata) -> Result<()> {
    let lower = path.to_string_lossy().to_lowercase();
    let parquet = lower.ends_with(".parquet");
    let tabs = lower.ends_with(".tsv");
    if !parquet && !tabs && !lower.ends_with(".csv") {
        return Err(Error::input(path, "a name without a known ending", "it ends in .npy, .parquet, .csv or .tsv"));
    }
    let block = |at: usize| -> Result<RecordBatch> {
        let to = (at + BLOCK).min(count);
        let mut columns = learned.columns(at..to);
        let taken: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        for (name, column) in metadata.names().into_iter().zip(metadata.columns.columns()) {
            let free = (2..).map(|number| format!("{name}_{number}")).find(|name| !taken.contains(name));
            columns.push((if taken.contains(&name) { free.unwrap_or(name) } else { name }, column.slice(at, to - at)));
        }
        let fields: Vec<Field> = columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, column)| column).collect())
            .map_err(|error| Error::internal(error.to_string()))
    };
    let io = |error: std::io::Error| Error::io(path, error);
    border::write(path, |out| {
        if parquet {
            let failed = |error: parquet::errors::ParquetError| Error::io(path, std::io::Error::other(error));
            let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(failed)?)).build();
            let mut writer = ArrowWriter::try_new(out, block(0)?.schema(), Some(properties)).map_err(failed)?;
            for at in (0..count).step_by(BLOCK) {
                writer.write(&block(at)?).map_err(failed)?;
            }
            return writer.close().map(|_| ()).map_err(failed);
        }
        let mut writer = csv::WriterBuilder::new().delimiter(if tabs { b'\t' } else { b',' }).from_writer(out);
        let failed = |error: csv::Error| Error::io(path, std::io::Error::other(error));
        writer.write_record(block(0)?.schema().fields().iter().map(|field| field.name())).map_err(failed)?;
        let mut cell = String::new();
        for at in (0..count).step_by(BLOCK) {
            let batch = block(at)?;
            let columns: Vec<ArrayRef> = batch.columns().iter().map(in_utc).collect();
            for row in 0..batch.num_rows() {
                for column in &columns {
                    cell.clear();
                    text(column, row, &mut cell)?;
                    writer.write_field(&cell).map_err(failed)?;
                }
                writer.write_record(None::<&[u8]>).map_err(failed)?;
            }
        }
        writer.flush().map_err(io)
    })
}

/// A cell as text; the shortest that reads back as the same number, nothing where it is missing.
fn text(column: &ArrayRef, row: usize, out: &mut String) -> Result<()> {
    let done = if column.is_null(row) {
        Ok(())
    } else if let Some(cells) = column.as_any().downcast_ref::<Float32Array>() {
        if cells.value(row).is_nan() { Ok(()) } else { write!(out, "{}", cells.value(row)) }
    } else if let Some(cells) = column.as_any().downcast_ref::<Float64Array>() {
        match cells.value(row) {
            value if value.is_nan() => Ok(()),
            // A row of zeros says less than an exponent.
            value if value != 0.0 && !(1e-12..1e21).contains(&value.abs()) => write!(out, "{value:e}"),
            value => write!(out, "{value}"),
        }
    } else {
        let shown = crate::arrow::display::array_value_to_string(column, row).map_err(|error| Error::internal(error.to_string()))?;
        out.push_str(&shown);
        Ok(())
    };
    done.map_err(|error| Error::internal(error.to_string()))
}

/// A column that can be shown as text: instants of any time zone become those of UTC, which is written `2020-01-01T00:00:00Z`. Other columns
/// stay as they are. Arrow knows zones by their names only with a table of all zones, and an instant needs none.
pub fn in_utc(column: &ArrayRef) -> ArrayRef {
    let DataType::Timestamp(unit, Some(_)) = column.data_type() else { return Arc::clone(column) };
    let utc = column.to_data().into_builder().data_type(DataType::Timestamp(*unit, Some("+00:00".into())));
    // The zone is a name beside the instants: the data stay valid.
    utc.build().map_or_else(|_| Arc::clone(column), make_array)
}

/// Something whose rows can be turned into columns.
pub(crate) trait Columns {
    /// The columns of some rows, by name; the same names whatever the rows.
    fn columns(&self, rows: std::ops::Range<usize>) -> Vec<(String, ArrayRef)>;
}

/// Values as columns.
struct Learned<'a>(&'a Values);

impl Columns for Learned<'_> {
    fn columns(&self, rows: std::ops::Range<usize>) -> Vec<(String, ArrayRef)> {
        match self.0 {
            Values::Table(table) => {
                let name = |column: usize| match &table.names {
                    Some(names) => names[column].clone(),
                    None => format!("x{column}"),
                };
                let mut columns: Vec<(String, ArrayRef)> = (0..table.numbers.cols())
                    .map(|column| {
                        let cells = rows.clone().map(|row| table.numbers.row(row)[column]);
                        let line = table.affine.line(column);
                        let cells: ArrayRef = if line.is_identity() {
                            Arc::new(Float32Array::from_iter_values(cells))
                        } else {
                            Arc::new(Float64Array::from_iter_values(cells.map(|cell| line.value(cell))))
                        };
                        (name(column), cells)
                    })
                    .collect();
                for category in &table.categories {
                    columns.push((category.name.clone(), Arc::new(rows.clone().map(|row| category.level(row)).collect::<StringArray>())));
                }
                columns
            }
            Values::Images(images) => (0..images.shape.len())
                .map(|pixel| -> (String, ArrayRef) {
                    let places = rows.clone().map(|row| row * images.shape.len() + pixel);
                    let cells: ArrayRef = match &images.lower {
                        None => Arc::new(UInt8Array::from_iter_values(places.map(|at| images.pixels[at]))),
                        Some(lower) => {
                            Arc::new(UInt16Array::from_iter_values(places.map(|at| u16::from_be_bytes([images.pixels[at], lower[at]]))))
                        }
                    };
                    (format!("pixel{pixel}"), cells)
                })
                .collect(),
            Values::Counts(counts) => {
                let mut dense = vec![vec![0.0_f32; rows.len()]; counts.cols];
                for (at, row) in rows.clone().enumerate() {
                    let (columns, values) = counts.row(row);
                    columns.iter().zip(values).for_each(|(&column, &value)| dense[column as usize][at] = value);
                }
                let name = |column: usize| counts.names.as_ref().map_or_else(|| format!("x{column}"), |names| names[column].clone());
                dense
                    .into_iter()
                    .enumerate()
                    .map(|(column, cells)| (name(column), Arc::new(Float32Array::from(cells)) as ArrayRef))
                    .collect()
            }
            Values::Text(texts) => vec![(
                "text".to_owned(),
                Arc::new(StringArray::from_iter_values(texts[rows].iter().map(|text| text.replace(crate::text::BEFORE_WORD, " ")))),
            )],
        }
    }
}

/// Writes an array of numbers as `.npy`, version 1.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn npy(path: &Path, descr: &str, shape: &[usize], bytes: &[u8]) -> Result<()> {
    let mut axes: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
    axes.truncate(axes.trim_end().len());
    if shape.len() > 1 {
        axes.pop();
    }
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
    // The numbers start at a multiple of 64 bytes, behind a newline.
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    header.push_str(&" ".repeat(length - header.len() - 1));
    header.push('\n');
    border::write(path, |out| {
        let io = |error: std::io::Error| Error::io(path, error);
        out.write_all(b"\x93NUMPY\x01\x00").map_err(io)?;
        out.write_all(&(length as u16).to_le_bytes()).map_err(io)?;
        out.write_all(header.as_bytes()).map_err(io)?;
        out.write_all(bytes).map_err(io)
    })
}

/// Writes counts as Matrix Market.
fn mtx(counts: &Counts, path: &Path) -> Result<()> {
    let whole = counts.values.iter().all(|value| value.fract() == 0.0);
    border::write(path, |out| {
        let io = |error: std::io::Error| Error::io(path, error);
        writeln!(out, "%%MatrixMarket matrix coordinate {} general", if whole { "integer" } else { "real" }).map_err(io)?;
        writeln!(out, "{} {} {}", counts.rows(), counts.cols, counts.values.len()).map_err(io)?;
        for row in 0..counts.rows() {
            let (columns, values) = counts.row(row);
            for (column, value) in columns.iter().zip(values) {
                writeln!(out, "{} {} {value}", row + 1, column + 1).map_err(io)?;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Affine;
    use crate::data::read::{ReadOptions, open};
    use crate::data::{ImageShape, Images, Table};
    use crate::linalg::{Matrix, SparseMatrix};
    use crate::run::Run;

    fn round(observed: &Observations, name: &str) -> Observations {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        observations(observed, &path).unwrap();
        open(path.to_str().unwrap(), &ReadOptions::default()).unwrap().read(&Run::new(0, 2).unwrap()).unwrap()
    }

    #[test]
    fn a_table_comes_back_from_every_format_to_the_bit() {
        let numbers = Matrix::from_fn(40_000, 3, |i, j| (i as f32).sin() * 10_f32.powi(j as i32 * 9 - 9));
        let names = Some(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
        let metadata = Metadata::from_columns(
            vec![("label".to_owned(), Arc::new(StringArray::from_iter_values((0..40_000).map(|i| format!("x,\"{}\"", i % 7)))))],
            40_000,
        )
        .unwrap();
        let table = Table { numbers: numbers.clone(), affine: Affine::default(), names, categories: Vec::new() };
        let observed = Observations { name: "t".to_owned(), values: Values::Table(table), metadata };
        for name in ["t.csv", "t.tsv", "t.parquet", "t.npy"] {
            let back = round(&observed, name);
            let Values::Table(table) = &back.values else { panic!("{name}") };
            assert_eq!(table.numbers, numbers, "{name}");
            if name != "t.npy" {
                assert_eq!(table.names.as_deref().unwrap().join(""), "abc");
                assert_eq!(back.metadata.text(0, 39_999), observed.metadata.text(0, 39_999));
            }
        }
    }

    #[test]
    fn instants_of_any_time_zone_are_written() {
        let instants =
            || crate::arrow::array::TimestampMicrosecondArray::from(vec![Some(1_577_836_800_000_000), None, Some(1_577_836_800_250_000)]);
        let column = |name: &str, cells: crate::arrow::array::TimestampMicrosecondArray| (name.to_owned(), Arc::new(cells) as ArrayRef);
        let columns = vec![
            column("utc", instants().with_timezone("UTC")),
            column("berlin", instants().with_timezone("Europe/Berlin")),
            column("west", instants().with_timezone("-08:00")),
            column("local", instants()),
        ];
        let metadata = Metadata::from_columns(columns, 3).unwrap();
        let table =
            Table { numbers: Matrix::from_fn(3, 1, |i, _| i as f32), affine: Affine::default(), names: None, categories: Vec::new() };
        let observed = Observations { name: "t".to_owned(), values: Values::Table(table), metadata };
        let folder = tempfile::tempdir().unwrap();
        let (csv, parquet) = (folder.path().join("t.csv"), folder.path().join("t.parquet"));
        observations(&observed, &csv).unwrap();
        let wanted = "x0,utc,berlin,west,local\n\
            0,2020-01-01T00:00:00Z,2020-01-01T00:00:00Z,2020-01-01T00:00:00Z,2020-01-01T00:00:00\n\
            1,,,,\n\
            2,2020-01-01T00:00:00.250Z,2020-01-01T00:00:00.250Z,2020-01-01T00:00:00.250Z,2020-01-01T00:00:00.250\n";
        assert_eq!(std::fs::read_to_string(csv).unwrap(), wanted);
        assert_eq!(observed.metadata.text(1, 0).as_deref(), Some("2020-01-01T00:00:00Z"));
        observations(&observed, &parquet).unwrap();
        let back = open(parquet.to_str().unwrap(), &ReadOptions::default()).unwrap().read(&Run::new(0, 1).unwrap()).unwrap();
        assert_eq!(back.metadata.columns.column(1).data_type(), observed.metadata.columns.column(1).data_type(), "a zone stays");
    }

    #[test]
    fn pictures_and_counts_come_back() {
        let shape = ImageShape { height: 2, width: 3, channels: 3 };
        let pixels: Vec<u8> = (0..36).map(|i| i * 7).collect();
        let back = round(&Observations::new("p", Values::Images(Images { shape, pixels: Arc::new(pixels.clone()), lower: None })), "p.npy");
        let Values::Images(images) = &back.values else { panic!() };
        assert_eq!((images.shape, images.pixels.as_slice()), (shape, pixels.as_slice()));
        let counts = Counts::from(SparseMatrix { cols: 4, starts: vec![0, 2, 2, 3], indices: vec![0, 3, 1], values: vec![1.0, 2.0, 5.0] });
        let back = round(&Observations::new("c", Values::Counts(counts.clone())), "c.mtx");
        let Values::Counts(read) = &back.values else { panic!() };
        assert_eq!(*read, counts);
    }
}
