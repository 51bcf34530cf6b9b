//! Parquet files of every type, whole, in blocks and in any row groups; and those that are no whole ones.

use super::super::ReadOptions;
use super::super::testing::{numbers, read, read_with};
use super::*;
use crate::arrow::array::*;
use crate::arrow::datatypes::{Float32Type, Int32Type};
use parquet::file::properties::WriterProperties;

const ROWS: usize = 10_000;

/// A cell of column a, every seventh of which is missing.
fn a(row: usize) -> Option<f32> {
    (row % 7 != 3).then_some(row as f32 / 8.0)
}

fn batch() -> RecordBatch {
    let rows = || 0..ROWS;
    let vector = |row: usize| Some(vec![Some(row as f32), Some(-1.0), Some(0.5)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(StringArray::from_iter_values(rows().map(|row| format!("r{row}"))))),
        ("a", Arc::new(rows().map(a).collect::<Float32Array>())),
        ("far", Arc::new(Float64Array::from_iter_values(rows().map(|row| 5e8 + row as f64 / 1024.0)))),
        ("small", Arc::new(rows().map(|row| (row % 3 != 0).then_some(row as u8)).collect::<UInt8Array>())),
        ("wide", Arc::new(UInt64Array::from_iter_values(rows().map(|row| row as u64 + (1 << 63))))),
        ("v", Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows().map(vector), 3))),
        ("list", Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(rows().map(vector)))),
        ("half", Arc::new(Float16Array::from_iter_values(rows().map(|row| half::f16::from_f32((row % 9) as f32))))),
        ("kind", Arc::new(rows().map(|row| ["x", "y", "z"][row % 3]).collect::<DictionaryArray<Int32Type>>())),
        ("day", Arc::new(Date32Array::from_iter_values(rows().map(|row| row as i32)))),
        ("ok", Arc::new(BooleanArray::from_iter(rows().map(|row| Some(row % 2 == 0))))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn file(batch: &RecordBatch, group: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    out
}

#[test]
fn every_type_is_read_whole_in_blocks_and_in_any_row_groups() {
    let batch = batch();
    let mut seen = Vec::new();
    for group in [1 << 20, 3333] {
        let observed = read("t.parquet", &file(&batch, group)).unwrap();
        let crate::data::Values::Table(table) = &observed.values else { panic!() };
        let names = "a far small wide v0 v1 v2 list0 list1 list2 half ok";
        assert_eq!(table.names.as_ref().unwrap().join(" "), names);
        assert_eq!(observed.metadata.names(), ["id", "kind", "day"]);
        assert_eq!(observed.metadata.text(2, 1).unwrap(), "1970-01-02");
        for (row, cells) in numbers(&observed).iter().enumerate() {
            assert_eq!(Some(cells[0] as f32).filter(|cell| !cell.is_nan()), a(row));
            assert!((cells[1] - (5e8 + row as f64 / 1024.0)).abs() < 1e-7);
            assert_eq!(Some(cells[2]).filter(|cell| !cell.is_nan()), (row % 3 != 0).then_some(f64::from(row as u8)));
            assert!((cells[3] - (row as f64 + (1_u64 << 63) as f64)).abs() <= 4096.0);
            let ok = f64::from(u8::from(row % 2 == 0));
            assert_eq!(cells[4..], [row as f64, -1.0, 0.5, row as f64, -1.0, 0.5, (row % 9) as f64, ok]);
        }
        seen.push(format!("{:?}", table.numbers.as_slice()));
    }
    assert!(seen[0] == seen[1], "row groups change the numbers");
}

#[test]
fn a_vector_of_another_length_is_an_error_with_its_row() {
    let list = |row: usize| Some(vec![Some(row as f32); if row == 7_000 { 2 } else { 3 }]);
    let vectors: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>((0..ROWS).map(list)));
    let batch = RecordBatch::try_from_iter([("v", vectors)]).unwrap();
    let error = read("t.parquet", &file(&batch, 3000)).unwrap_err().to_string();
    assert!(error.contains("row 7001, column v: a vector of 2 numbers"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    std::fs::write(&path, file(&batch, 3000)).unwrap();
    let source = super::super::open(path.to_str().unwrap(), &ReadOptions::default()).unwrap();
    let streamed = source.blocks(&Run::new(0, 1).unwrap()).unwrap().collect::<Result<Vec<_>>>().unwrap_err().to_string();
    assert_eq!(error.split_once(": ").unwrap().1, streamed.split_once(": ").unwrap().1);
}

#[test]
fn vectors_as_text_labels_by_their_values_and_columns_of_one_name_are_read() {
    let column = |scale: f32| -> ArrayRef { Arc::new(Float32Array::from_iter_values((0..100).map(|row| row as f32 * scale))) };
    let fields = ["x", "x", "target", "class", "v"].map(|name| {
        let kind = if name == "v" {
            DataType::Utf8
        } else if name == "class" {
            DataType::Int64
        } else {
            DataType::Float32
        };
        crate::arrow::datatypes::Field::new(name, kind, false)
    });
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..100).map(|row| format!("[{row}, 0.5]"))));
    let classes: ArrayRef = Arc::new(Int64Array::from_iter_values((0..100).map(|row| row % 3)));
    let columns = vec![column(1.0), column(2.0), column(0.3), classes, texts];
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), columns).unwrap();
    let observed = read("t.parquet", &file(&batch, 4096)).unwrap();
    let crate::data::Values::Table(table) = &observed.values else { panic!() };
    assert_eq!(table.names.as_ref().unwrap().join(" "), "x x_2 target v0 v1");
    assert_eq!(numbers(&observed)[3], [3.0, 6.0, f64::from(3.0_f32 * 0.3), 3.0, 0.5]);
    assert_eq!(observed.metadata.names(), ["class"]);
}

#[test]
fn very_many_equal_cells_in_few_bits_are_read() {
    let columns: Vec<(String, ArrayRef)> = (0..100)
        .map(|column| {
            let cells = (0..500_000).map(|row| i32::from(row / 5000 == column)).collect::<Int32Array>();
            (format!("c{column}"), Arc::new(cells) as ArrayRef)
        })
        .collect();
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let bytes = file(&batch, 500_000);
    assert!(bytes.len() * 300 < 500_000 * 400, "{}", bytes.len());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    std::fs::write(&path, bytes).unwrap();
    let source = super::super::open(path.to_str().unwrap(), &ReadOptions::default()).unwrap();
    let observed = source.read(&Run::new(0, 2).unwrap()).unwrap();
    let crate::data::Values::Table(table) = &observed.values else { panic!() };
    assert_eq!((table.numbers.row(7_000)[1], table.numbers.as_slice().iter().sum::<f32>()), (1.0, 500_000.0));
    let small = Run::new(0, 2).unwrap().with_max_memory(Some(50 << 20));
    assert!(matches!(source.read(&small), Err(Error::Memory { .. })));
}

#[test]
fn a_pass_begins_in_the_middle_of_a_row_group() {
    // More rows than a block has; pages end elsewhere.
    let rows = stream_rows(1) + 9_000;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("a", Arc::new((0..rows).map(|row| (row % 5 != 2).then_some(row as f32)).collect::<Float32Array>())),
        ("name", Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("r{row}"))))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    for group in [rows, 70_000, 20_000] {
        read("t.parquet", &file(&batch, group)).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    std::fs::write(&path, file(&batch, rows)).unwrap();
    let source = super::super::open(path.to_str().unwrap(), &ReadOptions::default()).unwrap();
    let (before, mut blocks) = source.blocks_around(rows - 1, &Run::new(0, 1).unwrap()).unwrap();
    let last = blocks.next().unwrap().unwrap();
    assert_eq!((before, last.rows()), (stream_rows(1), 9_000));
    assert_eq!(last.metadata.text(0, 0).unwrap(), format!("r{before}"));
}

#[test]
fn chosen_columns_alone_are_decoded() {
    let options = ReadOptions { columns: Some(vec!["small".to_owned(), "kind".to_owned()]), ..ReadOptions::default() };
    let observed = read_with("t.parquet", &file(&batch(), 4096), &options).unwrap();
    let crate::data::Values::Table(table) = &observed.values else { panic!() };
    assert_eq!((table.numbers.cols(), table.categories[0].levels.join("")), (1, "xyz".to_owned()));
    assert_eq!(observed.metadata.columns.num_columns(), 9);
}

#[test]
fn arrow_files_and_streams_give_what_parquet_gives() {
    let batch = batch();
    let mut file_writer = crate::arrow::ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    let mut stream_writer = crate::arrow::ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    for at in [0, 6000] {
        let part = batch.slice(at, (ROWS - at).min(6000));
        file_writer.write(&part).unwrap();
        stream_writer.write(&part).unwrap();
    }
    let wanted = read("t.parquet", &file(&batch, 4096)).unwrap();
    for bytes in [file_writer.into_inner().unwrap(), stream_writer.into_inner().unwrap()] {
        let observed = read("t.arrow", &bytes).unwrap();
        assert_eq!(observed.metadata.text(1, 17), wanted.metadata.text(1, 17));
        let equal = numbers(&observed)
            .concat()
            .iter()
            .zip(&numbers(&wanted).concat())
            .all(|(a, b)| (a - b).abs() <= 1e-15 * a.abs() + 1e-7 || a.is_nan() && b.is_nan());
        assert!(equal);
    }
}
