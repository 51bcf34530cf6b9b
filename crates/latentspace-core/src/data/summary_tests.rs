//! Tests of the summary: figures by their definition, whatever the blocks and threads.

use super::*;
use crate::data::{Affine, Table};
use crate::linalg::Matrix;
use crate::random::Random;

fn table(numbers: Matrix) -> Observations {
    let names = (0..numbers.cols()).map(|column| format!("c{column}")).collect();
    Observations::new("t", Values::Table(Table { numbers, affine: Affine::default(), names: Some(names), categories: Vec::new() }))
}

#[test]
fn figures_are_those_of_the_definition_whatever_the_blocks_and_threads() {
    let random = Random::new(1, "test");
    let numbers = Matrix::from_fn(3 * CHUNK + 77, 3, |i, j| match (i % 1000, j) {
        (7, 1) => f32::NAN,
        (_, 2) => 4.0,
        _ => (1000.0 + random.normal(i as u64, j as u64)) as f32,
    });
    let run = Run::new(0, 2).unwrap();
    let whole = Summary::of(&table(numbers.clone()), &PrepareOptions::default(), &run).unwrap();
    for column in 0..2 {
        let cells: Vec<f64> = (0..numbers.rows()).map(|row| f64::from(numbers.row(row)[column])).filter(|value| !value.is_nan()).collect();
        let mean = cells.iter().sum::<f64>() / cells.len() as f64;
        let sd = (cells.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (cells.len() - 1) as f64).sqrt();
        let summary = &whole.learned[column];
        assert!((summary.mean.unwrap() - mean).abs() < 1e-9 && (summary.sd.unwrap() - sd).abs() < 1e-9);
        assert_eq!(summary.missing as usize, numbers.rows() - cells.len());
        assert_eq!(summary.max, cells.iter().copied().reduce(f64::max));
    }
    assert!(whole.learned[2].constant && whole.learned[2].distinct == Some(1) && whole.learned[0].distinct.is_none());
    assert_eq!(whole.first_missing, Some((8, "c1".to_owned())));
    for (block, threads) in [(1, 1), (1000, 1), (CHUNK, 2), (5000, 3)] {
        let run = Run::new(0, threads).unwrap();
        let mut summarizer = Summarizer::new(true, false);
        for at in (0..numbers.rows()).step_by(block) {
            summarizer.push(&table(numbers.slice(at..(at + block).min(numbers.rows())).to_matrix()), &run).unwrap();
        }
        let mut summary = summarizer.finish().unwrap();
        summary.preparation.clone_from(&whole.preparation);
        assert_eq!(summary, whole, "blocks of {block}");
    }
}

#[test]
fn quartiles_are_exact_while_all_rows_fit() {
    let numbers = Matrix::from_fn(1001, 1, |i, _| ((i * 37) % 1001) as f32);
    let options = PrepareOptions { scale: crate::data::Scale::Robust, missing: None, ..PrepareOptions::default() };
    let summary = Summary::of(&table(numbers), &options, &Run::new(0, 1).unwrap()).unwrap();
    assert_eq!(summary.learned[0].quartiles, Some([250.0, 500.0, 750.0]));
}

#[test]
fn shares_sum_up_to_the_bits_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let random = Random::new(3, "test");
    let mut text = "a,b,kind\n".to_owned();
    for row in 0..3 * CHUNK + 500 {
        let a = if row % 50 == 9 { String::new() } else { format!("{}", 1e3 + random.normal(0, row as u64)) };
        text += &format!("{a},{},{}\n", 40.0 * random.normal(1, row as u64), ["x", "y", ""][row % 3]);
    }
    std::fs::write(&path, text).unwrap();
    let columns = Some(["a", "b", "kind"].map(str::to_owned).to_vec());
    let source = crate::data::read::open(path.to_str().unwrap(), &crate::data::ReadOptions { columns, ..Default::default() }).unwrap();
    let options = PrepareOptions { scale: crate::data::Scale::Robust, missing: None, ..PrepareOptions::default() };
    let run = Run::new(0, 2).unwrap();
    let whole = Summarizer::new(false, true).over(&source, 0..usize::MAX, &run).unwrap().finish().unwrap();
    assert!(
        whole.learned[0].quartiles.is_some() && whole.learned[2].levels.len() == 2 && whole.first_missing == Some((3, "kind".to_owned()))
    );
    let (rows, chunks) = (3 * CHUNK + 500, 4);
    for shares in [1, 2, 3, 4] {
        let share = |at: usize| Summarizer::share(&source, at * chunks / shares..(at + 1) * chunks / shares, rows, &options, &run).unwrap();
        let parts: Vec<Part<Parcel>> = (0..shares).rev().flat_map(share).collect();
        assert_eq!(Summary::of_parts(&parts, chunks).unwrap().0, whole, "{shares} shares");
        assert!(shares == 1 || Summary::of_parts(&parts[1..], chunks).is_err());
        let gathered = Summary::gather(&parts).unwrap();
        assert_eq!(Summary::of_parts(&gathered, chunks).unwrap().0, whole, "{shares} shares, gathered");
    }
    // What came from outside and does not fit is refused.
    let mut broken = Summarizer::share(&source, 0..4, rows, &options, &run).unwrap();
    broken[0].stats.facts["first_missing"] = serde_json::json!([0, 99]);
    assert!(Summary::of_parts(&broken, chunks).is_err());
}
