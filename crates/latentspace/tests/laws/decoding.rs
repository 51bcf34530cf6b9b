//! Reconstruction errors and variances, recomputed from decoded rows.

use latentspace::data::{CHUNK, Metadata, PrepareOptions, Rows};
use latentspace::linalg::{Matrix, OwnedRows, thin_svd};
use latentspace::method::{AnyMethod, Entry, Law, Shape, Takes};
use latentspace::params::Kind;
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::tensors::Tensors;
use latentspace::{Observations, Preparation, Run, Space};
use serde_json::{Map, json};

use super::blocks::Blocks;

fn noise(seed: u64, rows: usize, cols: usize) -> Matrix {
    let random = Random::new(seed, "noise");
    Matrix::from_fn(rows, cols, |i, j| random.normal(i as u64, j as u64) as f32)
}

/// `a b`, rounded once.
fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let cell = |i: usize, j: usize| (0..b.rows()).map(|l| f64::from(a.row(i)[l]) * f64::from(b.row(l)[j])).sum::<f64>() as f32;
    Matrix::from_fn(a.rows(), b.cols(), cell)
}

fn each(table: &Matrix, cell: impl Fn(f64) -> f64) -> Matrix {
    Matrix::from_fn(table.rows(), table.cols(), |i, j| cell(f64::from(table.row(i)[j])) as f32)
}

/// Tables that ask much, each with a number of dimensions.
fn tables() -> Vec<(&'static str, Matrix, usize)> {
    let (wide, centers) = (noise(1, 40, 300), noise(2, 20, 15));
    let copied = Matrix::from_fn(40, 300, |i, j| wide.row(if i == 39 { 0 } else { i })[j]);
    let jitter = noise(3, 600, 15);
    let low = product(&noise(4, 100, 3), &noise(5, 3, 500));
    let (rows, kinds, widths, some) = (noise(8, 60, 8), noise(9, 6, 30), noise(11, 200, 6), noise(12, 50, 9));
    vec![
        ("a row twice", copied, 40),
        ("rank 3, wide", low.clone(), 10),
        ("rank 3, tall", product(&noise(6, 300, 3), &noise(7, 3, 20)), 8),
        ("every row five times", Matrix::from_fn(300, 8, |i, j| rows.row(i % 60)[j]), 3),
        ("six rows, many times", Matrix::from_fn(120, 30, |i, j| kinds.row(i % 6)[j]), 12),
        ("tight groups", Matrix::from_fn(600, 15, |i, j| centers.row(i % 6)[j] + 1e-4 * jitter.row(i)[j]), 5),
        ("far from 0", each(&noise(10, 200, 12), |cell| 1e7 + 8.0 * cell), 3),
        ("tiny", each(&low, |cell| 1e-30 * cell), 6),
        ("huge", each(&low, |cell| 1e30 * cell), 6),
        ("columns of very different width", Matrix::from_fn(200, 6, |i, j| widths.row(i)[j] * 10_f32.powi(2 * j as i32 - 6)), 4),
        ("all rows alike", Matrix::from_fn(30, 7, |_, j| j as f32), 4),
        ("columns without variance", Matrix::from_fn(50, 9, |i, j| if j < 5 { 3.0 } else { some.row(i)[j] }), 7),
        ("two rows", noise(13, 2, 5), 2),
        ("ordinary", noise(14, 500, 12), 4),
        ("more than a chunk", product(&noise(15, CHUNK + 200, 4), &noise(16, 4, 10)), 6),
    ]
}

/// Every linear method that decodes rows of a table with so many dimensions, by each way to them that it has.
fn methods(table: &Matrix, k: usize) -> Vec<(String, &'static Entry, Box<dyn AnyMethod>)> {
    let mut methods = Vec::new();
    for entry in METHODS.iter().filter(|entry| entry.info.decodes && entry.info.folds && entry.info.takes.contains(&Takes::Table)) {
        let solver = entry.parameters().into_iter().find(|parameter| parameter.name == "solver");
        let ways = match solver.map(|solver| solver.kind) {
            Some(Kind::Choice(ways)) => ways.iter().map(|way| Some(way.clone())).collect(),
            _ => vec![None],
        };
        for way in ways {
            let mut params = Map::from_iter([("n_components".to_owned(), json!(k))]);
            way.iter().for_each(|way| _ = params.insert("solver".to_owned(), json!(way)));
            let name = format!("{} {}", entry.info.name, way.unwrap_or_default());
            let method = entry.with(&params).unwrap();
            if method.check(Shape::new(table.rows(), table.cols())).is_ok() {
                methods.push((name, entry, method));
            }
        }
    }
    assert!(!methods.is_empty());
    methods
}

fn fit(method: &dyn AnyMethod, table: &Matrix, run: &Run) -> (Space, Matrix) {
    let observations = Observations::from_matrix("test", table.clone());
    let preparation = Preparation::choose(&observations, &PrepareOptions::default(), run).unwrap();
    let prepared = preparation.prepare(&observations, run).unwrap();
    let space = Space::fit(method, preparation, &Rows::memory(&prepared), &observations.metadata, run).unwrap().0;
    (space, prepared.table().unwrap())
}

/// Mean squares: of what decoding loses, of the rows around their mean, and of what f64 loses at least.
fn mean_squares(space: &Space, rows: &Matrix, k: usize, run: &Run) -> [f64; 3] {
    let (n, d) = (rows.rows(), rows.cols());
    let codes = space.encode_prepared(&OwnedRows::Dense(rows.clone()), run).unwrap();
    let back = space.decode(&codes, run).unwrap();
    let mean: Vec<f64> = (0..d).map(|j| (0..n).map(|i| f64::from(rows.row(i)[j])).sum::<f64>() / n as f64).collect();
    let centered: Vec<f64> = rows.as_slice().iter().enumerate().map(|(at, &cell)| f64::from(cell) - mean[at % d]).collect();
    let apart = |(&a, &b): (&f32, &f32)| (f64::from(a) - f64::from(b)).powi(2);
    let lost = rows.as_slice().iter().zip(back.as_slice()).map(apart).sum::<f64>();
    let whole = centered.iter().map(|cell| cell * cell).sum::<f64>();
    let largest = centered.iter().fold(f64::MIN_POSITIVE, |largest, cell| largest.max(cell.abs()));
    let unit: Vec<f64> = centered.iter().map(|cell| cell / largest).collect();
    let least = thin_svd(&unit, n, d).unwrap().values.iter().skip(k).map(|value| value * value).sum::<f64>() * largest * largest;
    [lost, whole, least].map(|sum| sum / (n * d) as f64)
}

/// All that does not hold, at once.
#[derive(Default)]
struct Broken(Vec<String>);

impl Broken {
    fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.0.push(what());
        }
    }

    fn none(&self) {
        assert!(self.0.is_empty(), "{}", self.0.join("\n"));
    }
}

#[test]
fn the_error_that_is_told_is_that_of_decoded_rows_and_hardly_more_than_the_least() {
    let (run, mut broken) = (Run::new(3, 2).unwrap(), Broken::default());
    for (what, table, k) in tables() {
        for (name, entry, method) in methods(&table, k) {
            let (space, rows) = fit(&*method, &table, &run);
            let [lost, whole, least] = mean_squares(&space, &rows, k, &run);
            let rounding = 1e-10 * whole;
            let Some(told) = space.measures.get("reconstruction_error") else { continue };
            let off = (told.value - lost).abs();
            broken.unless(off <= 2e-3 * lost + rounding, || format!("{name}, {what}: {} is told, {lost} is lost of {whole}", told.value));
            // Rows far from 0 are decoded to the digits that f32 has there.
            let digits: f64 =
                rows.as_slice().iter().map(|&cell| (f64::from(cell) * 6e-8).powi(2)).sum::<f64>() / rows.as_slice().len() as f64;
            let is_least = !entry.info.laws.contains(&Law::LeastSquares) || lost <= 1.01 * least + 1e-9 * whole + 4.0 * digits;
            broken.unless(is_least, || format!("{name}, {what}: {lost} is lost, {least} would do, of {whole}"));
            let explained = space.measures["explained_variance"].value;
            let wanted = if whole > 0.0 { 1.0 - lost / whole } else { 1.0 };
            broken
                .unless((explained - wanted).abs() < 1e-5, || format!("{name}, {what}: {explained} is told to be explained, not {wanted}"));
        }
    }
    broken.none();
}

#[test]
fn axes_are_orthonormal_and_codes_beyond_the_rank_are_0() {
    let (run, mut broken) = (Run::new(3, 2).unwrap(), Broken::default());
    for (what, table, k) in tables() {
        for (name, _, method) in methods(&table, k) {
            let (space, rows) = fit(&*method, &table, &run);
            let mut tensors = Tensors::default();
            space.model.store(&mut tensors).unwrap();
            let Ok(axes) = tensors.matrix("components", Some(k), Some(rows.cols())) else { continue };
            for a in 0..k {
                for b in 0..=a {
                    let inner: f64 = axes.row(a).iter().zip(axes.row(b)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                    let wanted = f64::from(u8::from(a == b));
                    broken.unless((inner - wanted).abs() < 1e-5, || {
                        format!("{name}, {what}: axes {a} and {b} have the inner product {inner}")
                    });
                }
            }
            let codes = space.encode_prepared(&OwnedRows::Dense(rows.clone()), &run).unwrap();
            let variance = |axis: usize| (0..rows.rows()).map(|row| f64::from(codes.row(row)[axis]).powi(2)).sum::<f64>();
            let [_, whole, _] = mean_squares(&space, &rows, k, &run);
            // Of directions from 0, mean squares.
            let told = tensors.f64("variances", Some(k)).or_else(|_| tensors.f64("mean_squares", Some(k))).unwrap();
            let all = (whole * (rows.rows() * rows.cols()) as f64).max(told.iter().sum::<f64>() * (rows.rows() as f64 - 1.0));
            for (axis, told) in told.iter().enumerate() {
                let found = variance(axis);
                let told = told * (rows.rows() as f64 - 1.0);
                broken.unless((found - told).abs() <= 1e-4 * found + 1e-5 * all, || {
                    format!("{name}, {what}: axis {axis} has {found}, {told} is told")
                });
            }
        }
    }
    broken.none();
}

#[test]
fn what_streams_by_has_the_bytes_and_the_error_of_what_is_in_memory() {
    let mut broken = Broken::default();
    for (what, table, k) in tables() {
        for (name, entry, method) in methods(&table, k) {
            let fit = |rows: &Rows<'_>, threads: usize| {
                let run = Run::new(3, threads).unwrap();
                let preparation =
                    Preparation::choose(&Observations::from_matrix("test", table.clone()), &PrepareOptions::default(), &run).unwrap();
                Space::fit(&*method, preparation, rows, &Metadata::none(0), &run).unwrap().0.to_bytes().unwrap()
            };
            let prepared = OwnedRows::Dense(table.clone());
            let same = fit(&Rows::memory(&prepared), 1) == fit(&Rows::stream(&Blocks(&table)), 3);
            broken.unless(same, || format!("{name}, {what}: other bytes ({})", entry.info.title));
        }
    }
    broken.none();
}
