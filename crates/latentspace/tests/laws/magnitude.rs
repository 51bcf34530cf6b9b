//! Numbers of any magnitude that 64 bits hold, from whatever file.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use latentspace::data::{Preparation, PrepareOptions, ReadOptions, Rows, Summary, Table, Values, read, write};
use latentspace::linalg::{Matrix, OwnedRows};
use latentspace::measure::{MeasureOptions, measure};
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::{Codes, Run, Space};
use serde_json::{Map, json};

const NAMES: [&str; 4] = ["p", "q", "x", "y"];

/// Column `column` of a row: 37 different numbers, and others; of scale 1.
fn value(row: usize, column: usize) -> f64 {
    let noise = Random::new(7, "cells").normal(row as u64, column as u64);
    match column {
        0 => ((row * 11) % 37) as f64,
        1 => noise,
        2 => 1e5 + 3.0 * noise,
        _ => 2.0 * value(row, 1) + 0.1 * noise,
    }
}

/// The same numbers times `scale`, as a file of each kind.
fn files(folder: &Path, rows: usize, scale: f64, run: &Run) -> Vec<PathBuf> {
    let cell = |row: usize, column: usize| value(row, column) * scale;
    let mut csv = NAMES.join(",") + "\n";
    let mut jsonl = String::new();
    for row in 0..rows {
        let cells: Vec<String> = (0..4).map(|column| format!("{:e}", cell(row, column))).collect();
        writeln!(csv, "{}", cells.join(",")).unwrap();
        let keys: Vec<String> = NAMES.iter().zip(&cells).map(|(name, cell)| format!("\"{name}\": {cell}")).collect();
        writeln!(jsonl, "{{{}}}", keys.join(", ")).unwrap();
    }
    let paths: Vec<PathBuf> = ["t.csv", "t.jsonl", "t.parquet", "t.npy", "again.csv"].map(|name| folder.join(name)).into();
    std::fs::write(&paths[0], csv).unwrap();
    std::fs::write(&paths[1], jsonl).unwrap();
    // What was read is written with its digits.
    let observed = read::open(&paths[0], &ReadOptions::default()).unwrap().read(run).unwrap();
    paths[2..].iter().for_each(|path| write::observations(&observed, path).unwrap());
    paths
}

fn table(path: &Path, run: &Run) -> Table {
    match read::open(path, &ReadOptions::default()).unwrap().read(run).unwrap().values {
        Values::Table(table) => table,
        other => panic!("{}: {}", path.display(), other.kind()),
    }
}

/// Whether numbers are those of [`value`] times `scale`, to a part of their column's spread.
fn assert_values(found: &Table, scale: f64, part: f64, what: &str) {
    for row in 0..found.numbers.rows() {
        for (column, found) in found.values(row).enumerate() {
            let (wanted, spread) = (value(row, column) * scale, scale * if column == 0 { 37.0 } else { 3.0 });
            assert!((found - wanted).abs() <= part * spread, "{what}: row {row}, column {column}: {found:e}, not {wanted:e}");
        }
    }
}

#[test]
fn numbers_of_any_magnitude_keep_their_digits() {
    let run = Run::new(0, 2).unwrap();
    let rows = 5000;
    for scale in [1e-120, 2_f64.powi(-166), 1e-50, 1e-30, 1.0, 1e50, 1e120] {
        let folder = tempfile::tempdir().unwrap();
        for path in files(folder.path(), rows, scale, &run) {
            let what = format!("{scale:e}, {}", path.display());
            let source = read::open(&path, &ReadOptions::default()).unwrap();
            let described = Summary::of_source(&source, &PrepareOptions::default(), &run).unwrap();
            assert_eq!(described.learned[0].distinct, Some(37), "{what}");
            assert!((described.learned[0].max.unwrap() / (36.0 * scale) - 1.0).abs() < 1e-6, "{what}");
            assert!(described.learned.iter().all(|column| !column.constant), "{what}");
            let whole = read::open(&path, &ReadOptions::default()).unwrap().read(&run).unwrap();
            assert_values(&table(&path, &run), scale, 1e-6, &what);

            // Standardized, or as they are: the rows as prepared, and their axes, are those of ordinary numbers.
            for scaling in ["standard", "none"] {
                let options = PrepareOptions { scale: serde_json::from_value(json!(scaling)).unwrap(), ..PrepareOptions::default() };
                let (preparation, prepared) = Preparation::choose_and_prepare(&whole, &options, &run).unwrap();
                let streamed = Preparation::of_source(&source, &options, &run).unwrap();
                assert_eq!(serde_json::to_value(&preparation).unwrap(), serde_json::to_value(&streamed).unwrap(), "{what}");
                let read_back: Preparation = serde_json::from_value(serde_json::to_value(&preparation).unwrap()).unwrap();
                assert_eq!(read_back, preparation, "{what}");
                let pca = METHODS.iter().find(|entry| entry.info.name == "pca").unwrap();
                let method = pca.with(&Map::from_iter([("n_components".to_owned(), json!(3))])).unwrap();
                let (space, _) = Space::fit(method.as_ref(), preparation.clone(), &Rows::memory(&prepared), &whole.metadata, &run).unwrap();
                let codes = space.encode_prepared(&prepared, &run).unwrap();
                let decoded = preparation.restore(&space.decode(&codes, &run).unwrap()).unwrap();
                let Values::Table(decoded) = decoded.values else { panic!("{what}") };
                assert_values(&decoded, scale, 0.1, &what);
                let OwnedRows::Dense(prepared) = prepared else { panic!("{what}") };
                assert_values(
                    match &preparation.restore(&prepared).unwrap().values {
                        Values::Table(restored) => restored,
                        _ => panic!("{what}"),
                    },
                    scale,
                    1e-5,
                    &what,
                );
            }
        }
    }
}

#[test]
fn a_tiny_column_beside_an_ordinary_one_is_standardized_by_default() {
    let run = Run::new(0, 2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let lines: String = (0..200).map(|row| format!("{:e},{}\n", value(row, 1) * 1e-60, value(row, 0))).collect();
    std::fs::write(&path, format!("p,size\n{lines}")).unwrap();
    let observed = read::open(&path, &ReadOptions::default()).unwrap().read(&run).unwrap();
    let (preparation, prepared) = Preparation::choose_and_prepare(&observed, &PrepareOptions::default(), &run).unwrap();
    let prepared = prepared.table().unwrap();
    for column in 0..2 {
        let squares: f64 = (0..200).map(|row| f64::from(prepared.row(row)[column]).powi(2)).sum();
        assert!((squares / 199.0 - 1.0).abs() < 1e-5, "{:?}", preparation.told);
    }
    assert!(preparation.told[0].contains("differ") && preparation.told[0].len() < 140, "{:?}", preparation.told);
    // As they are, what is tiny beside what is not is 0, to 32 bits.
    let options = PrepareOptions { scale: serde_json::from_value(json!("none")).unwrap(), ..PrepareOptions::default() };
    let (_, plain) = Preparation::choose_and_prepare(&observed, &options, &run).unwrap();
    let plain = plain.table().unwrap();
    assert!((0..200).all(|row| plain.row(row)[0].abs() < 1e-30 && plain.row(row)[1] == value(row, 0) as f32));
}

#[test]
fn codes_of_any_magnitude_are_measured_as_what_they_are() {
    let run = Run::new(0, 2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let rows = Matrix::from_fn(300, 4, |row, column| value(row, column) as f32);
    let mut found = Vec::new();
    for scale in [1.0, 1e-50, 1e50] {
        let path = folder.path().join("map.csv");
        // One dimension is a hundred times as wide as the other.
        let line = |row: usize| format!("{:e},{:e}\n", value(row, 1) * scale, value(row, 2) * 0.01 * scale);
        std::fs::write(&path, format!("z0,z1\n{}", (0..300).map(line).collect::<String>())).unwrap();
        let codes = Codes::open(&path, &ReadOptions::default(), &run).unwrap();
        let measures = measure(codes.values.view(), rows.view(), &MeasureOptions::default(), &run).unwrap();
        found.push((measures.trustworthiness.value, measures.continuity.value));
        let again = folder.path().join("again.npy");
        codes.save(&again).unwrap();
        let back = Codes::open(&again, &ReadOptions::default(), &run).unwrap();
        assert!((0..300).all(|row| codes.row(row).zip(back.row(row)).all(|(a, b)| (a - b).abs() <= 1e-6 * scale)), "{scale:e}");
    }
    let far = |other: &(f64, f64)| (other.0 - found[0].0).abs().max((other.1 - found[0].1).abs());
    assert!(found.iter().all(|other| far(other) < 1e-3), "{found:?}");
}
