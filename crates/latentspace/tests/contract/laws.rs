//! The laws that methods declare, each checked on every method that declares it.

use std::collections::BTreeMap;

use latentspace::data::Rows;
use latentspace::linalg::{Matrix, OwnedRows, thin_svd};
use latentspace::measure::Measure;
use latentspace::method::{Entry, Law, Signs};
use latentspace::params::Role;
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::{Error, Run, Space};
use serde_json::json;

use super::{allowed, fit, groups, method, name_of, quick, rows_for, takes_tables};

/// The methods whose spaces obey a law.
fn obeying(law: Law) -> impl Iterator<Item = &'static Entry> {
    METHODS.iter().filter(move |entry| entry.info.laws.contains(&law))
}

/// How far to trust a space, what its fit knows and what is measured.
fn measures(space: &mut Space, table: &Matrix) -> BTreeMap<String, Measure> {
    let (run, prepared) = (Run::new(0, 2).unwrap(), OwnedRows::Dense(table.clone()));
    let codes = space.encode_prepared(&prepared, &run).unwrap();
    space.measure(&Rows::memory(&prepared), Some(&codes), &run).unwrap();
    space.measures.clone()
}

/// An orthogonal matrix, row by row.
fn rotation(d: usize) -> Vec<f64> {
    let random = Random::new(8, "rotation");
    thin_svd(&(0..d * d).map(|at| random.normal(0, at as u64)).collect::<Vec<f64>>(), d, d).unwrap().vectors
}

#[test]
fn what_decodes_brings_back_what_it_kept() {
    let run = Run::new(0, 2).unwrap();
    for entry in obeying(Law::Reconstruction) {
        let table = allowed(entry, groups(300));
        let mut space = fit(&*method(entry), &table, 2).unwrap();
        // Three groups apart from each other are two directions from their mean, but three from 0.
        let origin = space.decode(&Matrix::from_fn(1, 2, |_, _| 0.0), &run).unwrap();
        if origin.as_slice().iter().all(|&cell| cell == 0.0) {
            let mut params = quick(entry);
            params.insert(name_of(entry, Role::Dimensions), json!(3));
            space = fit(&*entry.with(&params).unwrap(), &table, 2).unwrap();
        }
        let codes = space.encode_prepared(&OwnedRows::Dense(table.clone()), &run).unwrap();
        let back = space.decode(&codes, &run).unwrap();
        assert_eq!((back.rows(), back.cols()), (table.rows(), table.cols()));
        let error: f32 = back.as_slice().iter().zip(table.as_slice()).map(|(a, b)| (a - b).powi(2)).sum();
        let mean = (0..10).map(|j| table.as_slice().iter().skip(j).step_by(10).sum::<f32>() / 300.0).collect::<Vec<_>>();
        let spread: f32 = table.as_slice().iter().enumerate().map(|(at, v)| (v - mean[at % 10]).powi(2)).sum();
        assert!(error < 0.5 * spread, "{}: {error} of {spread} is lost", entry.info.name);
    }
    for entry in takes_tables().filter(|entry| !entry.info.decodes) {
        let space = fit(&*method(entry), &groups(300), 2).unwrap();
        assert!(matches!(space.decode(&Matrix::from_fn(1, 2, |_, _| 0.0), &run), Err(Error::Input(_))));
    }
}

#[test]
fn codes_and_decoded_rows_are_not_negative_and_proportions_sum_to_one() {
    let run = Run::new(0, 2).unwrap();
    let negative = |table: &Matrix| table.as_slice().iter().any(|&cell| cell < 0.0);
    for entry in obeying(Law::NonNegativity) {
        let (name, table) = (entry.info.name, rows_for(entry, 300));
        let space = fit(&*method(entry), &table, 2).unwrap();
        let codes = space.encode_prepared(&OwnedRows::Dense(rows_for(entry, 320)), &run).unwrap();
        assert!(!negative(&codes) && !negative(&space.decode(&codes, &run).unwrap()), "{name}");
        let wrong = Matrix::from_fn(300, 10, |i, j| if (i, j) == (7, 3) { -1.0 } else { table.row(i)[j] });
        let Err(Error::Input(error)) = fit(&*method(entry), &wrong, 2) else { panic!("{name} takes a cell below 0") };
        assert_eq!(error.row, Some(8), "{name}: {error}");
    }
    for entry in obeying(Law::Proportions) {
        let space = fit(&*method(entry), &rows_for(entry, 300), 2).unwrap();
        let codes = space.encode_prepared(&OwnedRows::Dense(rows_for(entry, 320)), &run).unwrap();
        assert!((0..320).all(|row| (codes.row(row).iter().sum::<f32>() - 1.0).abs() < 1e-4), "{}", entry.info.name);
    }
    assert!(METHODS.iter().all(|entry| entry.info.signs == Signs::Any || entry.info.laws.contains(&Law::NonNegativity)));
    assert!(METHODS.iter().all(|entry| entry.info.decodes || !entry.info.laws.contains(&Law::Reconstruction)));
}

/// Measures of equally good spaces, for data that a method should see alike: of linear ones to rounding, of maps within a margin.
fn alike(entry: &Entry, what: &str, one: &BTreeMap<String, Measure>, other: &BTreeMap<String, Measure>) {
    let names: &[(&str, f64)] = if entry.info.laws.contains(&Law::LeastSquares) {
        &[("explained_variance", 1e-5), ("trustworthiness", 2e-3), ("continuity", 2e-3), ("recall", 5e-3)]
    } else {
        &[("trustworthiness", 0.03), ("continuity", 0.03), ("recall", 0.1)]
    };
    for (name, margin) in names {
        let (Some(one), Some(other)) = (one.get(*name), other.get(*name)) else { continue };
        let apart = (one.value - other.value).abs();
        assert!(apart <= *margin, "{}, {what}: {name} is {} and was {}", entry.info.name, other.value, one.value);
    }
}

#[test]
fn rows_in_another_order_give_as_good_a_space_and_the_same_subspace() {
    let run = Run::new(0, 2).unwrap();
    for entry in takes_tables() {
        let table = allowed(entry, groups(600));
        let shuffled = table.select(&Random::new(5, "order").permutation(0, table.rows()));
        let mut one = fit(&*method(entry), &table, 2).unwrap();
        let mut other = fit(&*method(entry), &shuffled, 2).unwrap();
        if entry.info.laws.contains(&Law::LeastSquares) {
            let back = |space: &Space| {
                let codes = space.encode_prepared(&OwnedRows::Dense(table.clone()), &run).unwrap();
                space.decode(&codes, &run).unwrap()
            };
            for (a, b) in back(&one).as_slice().iter().zip(back(&other).as_slice()) {
                assert!((a - b).abs() < 1e-3, "{}: {a} and {b}", entry.info.name);
            }
        }
        if entry.info.encodes {
            alike(entry, "rows in another order", &measures(&mut one, &table), &measures(&mut other, &shuffled));
        }
    }
}

#[test]
fn rows_rotated_and_shifted_give_as_good_a_space() {
    let (table, turn) = (groups(600), rotation(10));
    let turned = Matrix::from_fn(600, 10, |i, j| (0..10).map(|a| f64::from(table.row(i)[a]) * turn[a * 10 + j]).sum::<f64>() as f32);
    let shifted = Matrix::from_fn(600, 10, |i, j| turned.row(i)[j] + 30.0 * (j as f32 - 4.0));
    for entry in obeying(Law::Rotation) {
        let first = measures(&mut fit(&*method(entry), &table, 2).unwrap(), &table);
        for (what, table) in [("rotated", &turned), ("shifted", &shifted)] {
            alike(entry, what, &first, &measures(&mut fit(&*method(entry), table, 2).unwrap(), table));
        }
    }
}

#[test]
fn linear_methods_come_to_what_f64_comes_to() {
    let (table, run) = (groups(700), Run::new(0, 2).unwrap());
    let (n, d, k) = (table.rows(), table.cols(), 2);
    let mean: Vec<f64> = (0..d).map(|j| (0..n).map(|i| f64::from(table.row(i)[j])).sum::<f64>() / n as f64).collect();
    let centered: Vec<f64> = table.as_slice().iter().enumerate().map(|(at, &value)| f64::from(value) - mean[at % d]).collect();
    let svd = thin_svd(&centered, n, d).unwrap();
    let (kept, all): (f64, f64) = (svd.values[..k].iter().map(|v| v * v).sum(), svd.values.iter().map(|v| v * v).sum());
    for entry in obeying(Law::LeastSquares) {
        let name = entry.info.name;
        let space = fit(&*method(entry), &table, 2).unwrap();
        let codes = space.encode_prepared(&OwnedRows::Dense(table.clone()), &run).unwrap();
        let back = space.decode(&codes, &run).unwrap();
        for (i, row) in centered.chunks_exact(d).enumerate() {
            for (j, mean) in mean.iter().enumerate() {
                let along = |a: usize| (0..d).map(|c| row[c] * svd.vectors[a * d + c]).sum::<f64>();
                let wanted = mean + (0..k).map(|a| along(a) * svd.vectors[a * d + j]).sum::<f64>();
                let found = f64::from(back.row(i)[j]);
                assert!((found - wanted).abs() < 1e-4, "{name}: row {i}, column {j} comes back as {found}, not {wanted}");
            }
        }
        let explained = space.measures["explained_variance"].value;
        assert!((explained - kept / all).abs() < 1e-5, "{name}: {explained}, not {}", kept / all);
    }
}
