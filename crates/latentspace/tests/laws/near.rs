//! What is told of neighbors and of neighborhoods is what f64 finds when it is computed again, plainly.

use latentspace::data::{Preparation, PrepareOptions, Rows};
use latentspace::linalg::{Matrix, OwnedRows};
use latentspace::measure::{self, CompareOptions, MeasureOptions, Sample};
use latentspace::method::{Entry, Takes};
use latentspace::neighbors::{self, Metric};
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::{Observations, Result, Run, Space};
use serde_json::{Map, json};

fn noise(seed: u64, n: usize, d: usize) -> Matrix {
    let random = Random::new(seed, "noise");
    Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32)
}

/// Tables whose neighbors are hard to tell: of low rank, with copies, in tight groups, far from 0.
fn tables(n: usize) -> Vec<(String, Matrix)> {
    let (centers, around, causes, mixing) = (noise(1, 12, 8), noise(2, n, 8), noise(3, n, 2), noise(4, 2, 8));
    let tight = |scale: f32| Matrix::from_fn(n, 8, |i, j| centers.row(i * 7 % 12)[j] + scale * around.row(i)[j]);
    let low = Matrix::from_fn(n, 8, |i, j| (0..2).map(|l| causes.row(i)[l] * mixing.row(l)[j]).sum());
    let mut tables = vec![
        ("rank 2".to_owned(), low),
        ("copies".to_owned(), Matrix::from_fn(n, 8, |i, j| around.row(if i % 4 == 0 { i / 40 } else { i })[j])),
        ("copies in tight groups".to_owned(), Matrix::from_fn(n, 8, |i, j| tight(1e-4).row(if i % 3 == 0 { i / 30 } else { i })[j])),
        ("far from 0".to_owned(), Matrix::from_fn(n, 8, |i, j| 1e4 + around.row(i)[j])),
        ("tight groups far from 0".to_owned(), Matrix::from_fn(n, 8, |i, j| 100.0 + tight(1e-3).row(i)[j])),
    ];
    tables.extend([1e-2, 1e-4, 1e-6].map(|scale| (format!("groups of {scale}"), tight(scale))));
    tables
}

/// All other rows of a row, the nearest first, equal ones by index: by Euclidean distances.
fn order(rows: &Matrix, row: usize) -> Vec<u32> {
    let squared =
        |other: usize| rows.row(row).iter().zip(rows.row(other)).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>();
    let mut all: Vec<(f64, u32)> = (0..rows.rows()).filter(|&other| other != row).map(|other| (squared(other), other as u32)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all.into_iter().map(|(_, other)| other).collect()
}

/// Trustworthiness, continuity and recall of a map, from their definitions.
fn plainly(map: &Matrix, data: &Matrix, k: usize) -> [f64; 3] {
    let n = map.rows();
    let mut sums = [0.0; 3];
    for row in 0..n {
        let (seen, known) = (order(map, row), order(data, row));
        let penalty = |near: &[u32], all: &[u32]| -> f64 {
            let rank = |other: &u32| all.iter().position(|found| found == other).unwrap() + 1;
            near[..k].iter().map(|other| rank(other).saturating_sub(k) as f64).sum()
        };
        sums[0] += penalty(&seen, &known);
        sums[1] += penalty(&known, &seen);
        sums[2] += known[..k].iter().filter(|other| seen[..k].contains(other)).count() as f64 / k as f64;
    }
    let scale = 2.0 / (n as f64 * k as f64 * (2.0 * n as f64 - 3.0 * k as f64 - 1.0));
    [1.0 - scale * sums[0], 1.0 - scale * sums[1], sums[2] / n as f64]
}

/// Every parameter that makes a fit long is small here, whatever it is called.
fn quick(entry: &Entry) -> Map<String, serde_json::Value> {
    let small = |name: &str| match name {
        "n_components" => Some(2),
        "n_iter" | "n_iter_early" | "n_epochs" => Some(20),
        "perplexity" => Some(5),
        _ => None,
    };
    let known = entry.parameters().into_iter().map(|parameter| parameter.name);
    known.filter_map(|name| small(&name).map(|value| (name, json!(value)))).collect()
}

fn learned(entry: &Entry, observations: &Observations, run: &Run) -> Result<(Space, Matrix, Matrix)> {
    let preparation = Preparation::choose(observations, &PrepareOptions::default(), run)?;
    let prepared = preparation.prepare(observations, run)?;
    let method = entry.with(&quick(entry))?;
    let (mut space, placed) = Space::fit(&*method, preparation, &Rows::memory(&prepared), &observations.metadata, run)?;
    let codes = match placed {
        Some(codes) => codes,
        None => space.encode_prepared(&prepared, run)?,
    };
    space.measure(&Rows::memory(&prepared), Some(&codes), run)?;
    let OwnedRows::Dense(rows) = prepared else { panic!("a table") };
    Ok((space, codes, rows))
}

#[test]
fn a_space_is_measured_as_its_codes_are() {
    let run = Run::new(3, 2).unwrap();
    let mut fits = 0;
    for (name, table) in tables(240) {
        let observations = Observations::from_matrix("test", table);
        for entry in METHODS.iter().filter(|entry| entry.info.takes.contains(&Takes::Table)) {
            // What cannot be learned from such a table is refused in a sentence, and nothing is measured.
            let Ok((space, codes, rows)) = learned(entry, &observations, &run) else { continue };
            fits += 1;
            let plain = plainly(&codes, &rows, 15);
            for (what, plain) in ["trustworthiness", "continuity", "recall"].into_iter().zip(plain) {
                let told = space.measures[what].value;
                assert!((told - plain).abs() < 1e-9, "{name}, {}: {what} is {told}, plainly {plain}", entry.info.name);
            }
        }
    }
    assert!(fits > 40, "{fits}");
}

#[test]
fn every_search_finds_what_it_tells() {
    let run = Run::new(0, 2).unwrap();
    for (name, table) in tables(5000) {
        let asked: Vec<usize> = (0..5000).step_by(97).collect();
        let truth: Vec<Vec<u32>> = asked.iter().map(|&row| order(&table, row)[..12].to_vec()).collect();
        for search in [neighbors::neighbors, neighbors::exact, neighbors::approximate] {
            let found = search(table.view(), 12, Metric::Euclidean, &run).unwrap();
            let kept = |(&row, truth): (&usize, &Vec<u32>)| truth.iter().filter(|other| found.row(row).0.contains(other)).count();
            let share = asked.iter().zip(&truth).map(kept).sum::<usize>() as f64 / (12.0 * asked.len() as f64);
            // No search ends with less than the floor, and what it tells is so.
            assert!(found.recall.value >= 0.9 && (found.recall.value - share).abs() < 0.02, "{name}: {share} {:?}", found.recall);
            if found.algorithm == "exact" {
                assert!((share - 1.0).abs() < 1e-12, "{name}: {share}");
            }
        }
    }
}

#[test]
fn many_rows_are_measured_as_few_are() {
    // So many that scores of single precision choose.
    let run = Run::new(0, 2).unwrap();
    for (name, table) in tables(3000) {
        let map = Matrix::from_fn(3000, 2, |i, j| table.row(i)[j]);
        let options = MeasureOptions { k: 10, sample: Sample::All, ..MeasureOptions::default() };
        let found = measure::measure(map.view(), table.view(), &options, &run).unwrap();
        let some = [0, 17, 1403, 2999];
        for row in some {
            let (seen, known) = (order(&map, row), order(&table, row));
            let recall = known[..10].iter().filter(|other| seen[..10].contains(other)).count() as f64 / 10.0;
            assert!((f64::from(found.per_row.recall[row]) - recall).abs() < 1e-6, "{name}, row {row}");
            let ranks = seen[..10].iter().map(|other| known.iter().position(|found| found == other).unwrap() + 1);
            let penalty: f64 = ranks.map(|rank| rank.saturating_sub(10) as f64).sum();
            let trust = 1.0 - 2.0 * penalty / (10.0 * (6000.0 - 30.0 - 1.0));
            assert!((f64::from(found.per_row.trustworthiness[row]) - trust).abs() < 1e-6, "{name}, row {row}");
        }
    }
}

#[test]
fn a_space_that_was_only_moved_is_the_same() {
    let run = Run::new(0, 2).unwrap();
    let options = CompareOptions { k: 15, sample: Sample::Auto, every_row: true };
    for (name, table) in tables(300) {
        // By a power of two, so that no digit is lost.
        let moved = Matrix::from_fn(300, 8, |i, j| table.row(i)[j] * 4.0);
        let found = measure::compare(table.view(), moved.view(), &options, &run).unwrap();
        assert!(found.cka.value > 1.0 - 1e-6 && found.procrustes.value < 1e-6, "{name}: {found:?}");
        assert!(found.neighbors_shared.value > 1.0 - 1e-12 && found.distance_correlation.value > 1.0 - 1e-9, "{name}: {found:?}");
    }
}
