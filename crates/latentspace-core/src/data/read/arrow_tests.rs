//! Arrow files whose buffers are packed, by other tools and by Arrow itself; and those that promise more than they hold.

use super::super::testing::{numbers, read};
use super::super::{ReadOptions, open};
use crate::arrow::array::{Array, ArrayRef, Float64Array, RecordBatch, StringArray};
use crate::arrow::ipc::CompressionType;
use crate::arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use std::sync::Arc;

/// Written by pyarrow 26.0.1, `packing` being lz4 or zstd:
///
/// ```python
/// rows = range(40)
/// table = pa.table({"id": [f"r{i}" for i in rows], "x": [i / 4 for i in rows], "kind": pa.array(["a", "b"] * 20).dictionary_encode(),
///                   "n": pa.array([None if i == 7 else i * i for i in rows], pa.int32())})
/// pyarrow.feather.write_feather(table, f"{packing}.feather", compression=packing)
/// ```
#[test]
fn packed_files_of_pyarrow_are_read() {
    for packing in ["lz4", "zstd"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/feather").join(format!("{packing}.feather"));
        let bytes = std::fs::read(path).unwrap();
        let observed = read("t.feather", &bytes).unwrap();
        for (row, cells) in numbers(&observed).iter().enumerate() {
            let square = (row * row) as f64;
            assert!(
                cells[0] == row as f64 / 4.0 && (cells[1] == square || row == 7 && cells[1].is_nan()),
                "{packing}, row {row}: {cells:?}"
            );
        }
        assert_eq!(
            (observed.rows(), observed.metadata.names(), observed.metadata.id(39)),
            (40, ["id", "kind"].map(str::to_owned).to_vec(), "r39".into())
        );
        assert_eq!(observed.metadata.text(1, 3).unwrap(), "b");
    }
}

fn batch(rows: usize, number: impl Fn(usize) -> f64) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values((0..rows).map(number)));
    let words: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("r{row}"))));
    RecordBatch::try_from_iter([("x", numbers), ("kind", words)]).unwrap()
}

/// A file, and a stream, of two such batches.
fn packed(batch: &RecordBatch, packing: CompressionType) -> [Vec<u8>; 2] {
    let options = || IpcWriteOptions::default().try_with_compression(Some(packing)).unwrap();
    let mut file = FileWriter::try_new_with_options(Vec::new(), &batch.schema(), options()).unwrap();
    let mut stream = StreamWriter::try_new_with_options(Vec::new(), &batch.schema(), options()).unwrap();
    for _ in 0..2 {
        file.write(batch).unwrap();
        stream.write(batch).unwrap();
    }
    [file.into_inner().unwrap(), stream.into_inner().unwrap()]
}

#[test]
fn packed_files_and_streams_hold_what_unpacked_ones_do() {
    let batch = batch(5000, |row| ((row * row) % 1013) as f64);
    for packing in [CompressionType::LZ4_FRAME, CompressionType::ZSTD] {
        for bytes in packed(&batch, packing) {
            let observed = read("t.arrow", &bytes).unwrap();
            assert_eq!(observed.rows(), 10_000);
            assert!(numbers(&observed).iter().enumerate().all(|(row, cells)| cells[0] == ((row % 5000 * (row % 5000)) % 1013) as f64));
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("t.arrow");
            std::fs::write(&path, &bytes).unwrap();
            let source = open(path.to_str().unwrap(), &ReadOptions::default()).unwrap();
            assert!(source.working_bytes() >= batch.column(0).to_data().buffers()[0].len() as u64, "{}", source.working_bytes());
        }
    }
}

#[test]
fn a_packed_buffer_holds_what_it_promises() {
    // One column alone, of equal numbers, so that its length is found in the bytes.
    let zeros = batch(300_000, |_| 0.0).project(&[0]).unwrap();
    for bytes in packed(&zeros, CompressionType::LZ4_FRAME) {
        assert_eq!(read("t.arrow", &bytes).unwrap().rows(), 600_000);
        let length = 2_400_000_i64.to_le_bytes();
        let place = bytes.windows(8).rposition(|window| window == length).unwrap();
        for (promised, words) in [
            (9_000_000_i64, "promises 9000000 bytes and holds 2400000"),
            (1_400_000, "promises 1400000 bytes and holds 1400001 or more"),
            (1 << 50, "may grow up to 1000 times"),
            (i64::MAX, "may grow up to 1000 times"),
            (i64::MIN, "not a whole Arrow file"),
        ] {
            let mut bytes = bytes.clone();
            bytes[place..place + 8].copy_from_slice(&promised.to_le_bytes());
            let error = read("t.arrow", &bytes).unwrap_err().to_string();
            assert!(error.contains("t.arrow") && error.contains(words), "{promised}: {error}");
        }
    }
}
