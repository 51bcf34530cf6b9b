//! Writes a folder of Parquet files of a given size, for tests with data larger than memory:
//! `cargo run --release --example make_parquet -- FOLDER MEGABYTES [COLUMNS [MEGABYTES A FILE]]`, then `latent fit pca 'FOLDER/*.parquet' --max-memory 300M …`.

use std::error::Error;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use latentspace::arrow::array::{ArrayRef, Float32Array, RecordBatch};
use latentspace::random::Random;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

/// Rows per batch.
const BATCH: usize = 1 << 14;
/// Number of principal directions.
const WAYS: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, megabytes, rest @ ..] = args.as_slice() else { return Err("FOLDER MEGABYTES [COLUMNS] are needed".into()) };
    let (folder, megabytes): (PathBuf, usize) = (folder.into(), megabytes.parse()?);
    let cols: usize = rest.first().map_or(Ok(100), |cols| cols.parse())?;
    let size: usize = rest.get(1).map_or(Ok(100), |size| size.parse())?;
    std::fs::create_dir_all(&folder)?;
    let random = Random::new(1, "made rows");
    let ways: Vec<f32> = (0..WAYS * cols).map(|at| random.normal(0, at as u64) as f32).collect();
    for part in 0..megabytes.div_ceil(size) {
        let rows = size.min(megabytes - part * size) * 1_000_000 / (4 * cols);
        let mut writer: Option<ArrowWriter<File>> = None;
        for first in (0..rows).step_by(BATCH) {
            let columns = columns(&random, &ways, cols, part * 1_000_000_000 + first..part * 1_000_000_000 + rows.min(first + BATCH));
            let batch = RecordBatch::try_from_iter(columns.into_iter().enumerate().map(|(at, column)| (format!("c{at}"), column)))?;
            let writer = match &mut writer {
                Some(writer) => writer,
                None => {
                    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(4 * BATCH)).set_dictionary_enabled(false);
                    let file = File::create(folder.join(format!("part-{part:04}.parquet")))?;
                    writer.insert(ArrowWriter::try_new(file, batch.schema(), Some(properties.build()))?)
                }
            };
            writer.write(&batch)?;
        }
        if let Some(writer) = writer {
            writer.close()?;
        }
    }
    Ok(())
}

/// The columns of some rows: a few directions of decreasing variance, and noise.
fn columns(random: &Random, ways: &[f32], cols: usize, rows: std::ops::Range<usize>) -> Vec<ArrayRef> {
    let mut columns = vec![Vec::with_capacity(rows.len()); cols];
    for row in rows {
        let weights: [f32; WAYS] = std::array::from_fn(|way| random.normal(1 + row as u64, way as u64) as f32 / (1 + way) as f32);
        for (at, column) in columns.iter_mut().enumerate() {
            let noise = ((row * 31 + at * 17 + row * at) % 101) as f32 / 1010.0;
            column.push(noise + weights.iter().enumerate().map(|(way, weight)| weight * ways[way * cols + at]).sum::<f32>());
        }
    }
    columns.into_iter().map(|column| Arc::new(Float32Array::from(column)) as ArrayRef).collect()
}
