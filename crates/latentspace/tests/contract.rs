//! What every method keeps, whichever it is: driven by the registry and by what a method declares, never by its name.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use latentspace::data::{Preparation, PrepareOptions, Prepared, Rows};
use latentspace::growing::Growing;
use latentspace::linalg::Matrix;
use latentspace::method::{AnyMethod, Entry, Takes};
use latentspace::params::{Kind, Parameter};
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::{Error, Observations, Result, Run, Space};
use serde_json::{Map, Value, json};

/// Three groups in 10 dimensions, of different spread.
fn groups(n: usize) -> Matrix {
    let random = Random::new(11, "groups");
    Matrix::from_fn(n, 10, |i, j| {
        let group = i % 3;
        let center = if j == group { 6.0 } else { 0.0 };
        (center + random.normal(i as u64, j as u64) * (0.3 + j as f64 * 0.05)) as f32
    })
}

/// Every parameter that makes a fit long is small here, whatever it is called.
fn quick(entry: &Entry) -> Map<String, Value> {
    let mut params = Map::new();
    for parameter in entry.parameters() {
        let value = match parameter.name.as_str() {
            "n_components" => 2,
            "n_iter" | "n_iter_early" => 25,
            "perplexity" => 5,
            _ => continue,
        };
        params.insert(parameter.name, json!(value));
    }
    params
}

fn method(entry: &Entry) -> Box<dyn AnyMethod> {
    entry.with(&quick(entry)).unwrap()
}

fn fit(method: &dyn AnyMethod, table: &Matrix, threads: usize) -> Result<Space> {
    let run = Run::new(3, threads)?;
    let observations = Observations::from_matrix("test", table.clone());
    let preparation = Preparation::choose(&observations, &PrepareOptions::default(), &run)?;
    let prepared = preparation.prepare(&observations, &run)?;
    Ok(Space::fit(method, preparation, &Rows::Memory(&prepared), &observations.metadata, &run)?.0)
}

fn takes_tables() -> impl Iterator<Item = &'static Entry> {
    METHODS.iter().filter(|entry| entry.info.takes.contains(&Takes::Table))
}

#[test]
fn the_registry_has_a_method_and_no_name_twice() {
    assert!(takes_tables().count() >= 1);
    for (i, entry) in METHODS.iter().enumerate() {
        assert!(METHODS[..i].iter().all(|other| other.info.name != entry.info.name));
    }
}

#[test]
fn every_parameter_is_described_and_its_default_is_allowed() {
    for entry in METHODS {
        assert!(!entry.parameters().is_empty(), "{}", entry.info.name);
        for parameter in entry.parameters() {
            let place = format!("{}.{}", entry.info.name, parameter.name);
            assert!(parameter.doc.len() > 10, "{place} has no doc");
            assert!(parameter.check(&parameter.default).is_ok(), "{place}: its default {} is refused", parameter.default);
        }
    }
}

/// Values that a parameter must refuse.
fn bad_values(parameter: &Parameter) -> Vec<Value> {
    let mut bad = vec![json!([1]), json!({"a": 1})];
    match &parameter.kind {
        Kind::Integer { min, max } => {
            bad.extend([json!("many"), json!(1.5), json!(true)]);
            bad.extend(min.map(|min| json!(min - 1)));
            bad.extend(max.map(|max| json!(max + 1)));
        }
        Kind::Number { min, above_min, max } => {
            bad.extend([json!("much"), json!(true)]);
            bad.extend(min.map(|min| if *above_min { json!(min) } else { json!(min - 1.0) }));
            bad.extend(max.map(|max| json!(max + 1.0)));
        }
        Kind::Flag => bad.extend([json!("maybe"), json!(2)]),
        Kind::Choice(_) => bad.extend([json!("no such choice"), json!(1)]),
        Kind::Text => bad.push(json!(1)),
    }
    bad
}

#[test]
fn every_parameter_out_of_its_range_or_of_the_wrong_type_is_refused_in_one_sentence() {
    for entry in METHODS {
        for parameter in entry.parameters() {
            for value in bad_values(&parameter) {
                let given = Map::from_iter([(parameter.name.clone(), value.clone())]);
                let Err(Error::Param(error)) = entry.with(&given).map(|_| ()) else {
                    panic!("{}.{} takes {value}", entry.info.name, parameter.name)
                };
                assert_eq!(error.name, parameter.name);
                assert!(error.to_string().contains("it must be"), "{error}");
            }
        }
        let unknown = Map::from_iter([("no_such_parameter".to_owned(), json!(1))]);
        assert!(matches!(entry.with(&unknown), Err(Error::Param(_))));
    }
}

#[test]
fn same_seed_same_bytes_for_any_number_of_threads_and_between_runs() {
    // More rows than two chunks of the fold.
    let table = groups(2 * latentspace::data::CHUNK + 100);
    for entry in takes_tables() {
        let table = if entry.info.folds { &table } else { &groups(700) };
        let first = fit(&*method(entry), table, 1).unwrap().to_bytes().unwrap();
        for threads in [1, 2, 3, 8] {
            let again = fit(&*method(entry), table, threads).unwrap().to_bytes().unwrap();
            assert!(first == again, "{}: other bytes on {threads} threads", entry.info.name);
        }
    }
}

#[test]
fn a_row_has_the_same_code_alone_in_any_batch_in_any_order_and_after_loading() {
    let table = groups(300);
    let new = groups(333);
    let run = Run::new(0, 2).unwrap();
    for entry in takes_tables().filter(|entry| entry.info.encodes) {
        let space = fit(&*method(entry), &table, 2).unwrap();
        let loaded = Space::from_bytes(&space.to_bytes().unwrap(), "test.latent".as_ref()).unwrap();
        assert!(space.to_bytes().unwrap() == loaded.to_bytes().unwrap(), "{}: other bytes after loading", entry.info.name);
        let codes = space.encode_prepared(&Prepared::Table(new.clone()), &run).unwrap();
        assert_eq!((codes.rows(), codes.cols()), (333, space.model.n_components()));
        let from_loaded = loaded.encode_prepared(&Prepared::Table(new.clone()), &run).unwrap();
        assert!(codes == from_loaded, "{}: other codes after loading", entry.info.name);
        let order = Random::new(5, "order").permutation(0, new.rows());
        let shuffled = space.encode_prepared(&Prepared::Table(new.select(&order)), &run).unwrap();
        for (at, &row) in order.iter().enumerate() {
            assert_eq!(shuffled.row(at), codes.row(row as usize), "{}: row {row} in another order", entry.info.name);
        }
        for row in [0, 1, 17, 128, 332] {
            let alone = space.encode_prepared(&Prepared::Table(new.select(&[row])), &run).unwrap();
            assert_eq!(alone.row(0), codes.row(row as usize), "{}: row {row} alone", entry.info.name);
        }
    }
}

#[test]
fn what_decodes_brings_back_what_it_kept() {
    let table = groups(300);
    let run = Run::new(0, 2).unwrap();
    for entry in takes_tables().filter(|entry| entry.info.decodes) {
        let space = fit(&*method(entry), &table, 2).unwrap();
        let codes = space.encode_prepared(&Prepared::Table(table.clone()), &run).unwrap();
        let back = space.decode(&codes, &run).unwrap();
        assert_eq!((back.rows(), back.cols()), (table.rows(), table.cols()));
        let error: f32 = back.as_slice().iter().zip(table.as_slice()).map(|(a, b)| (a - b).powi(2)).sum();
        let mean = (0..10).map(|j| table.as_slice().iter().skip(j).step_by(10).sum::<f32>() / 300.0).collect::<Vec<_>>();
        let spread: f32 = table.as_slice().iter().enumerate().map(|(at, v)| (v - mean[at % 10]).powi(2)).sum();
        assert!(error < 0.5 * spread, "{}: {error} of {spread} is lost", entry.info.name);
    }
    for entry in takes_tables().filter(|entry| !entry.info.decodes) {
        let space = fit(&*method(entry), &table, 2).unwrap();
        assert!(matches!(space.decode(&Matrix::from_fn(1, 2, |_, _| 0.0), &run), Err(Error::Input(_))));
    }
}

/// Data at the edges: each gives a space whose numbers are finite, or a clear error; never a panic.
#[test]
fn strange_data_give_a_space_or_a_clear_error() {
    let base = groups(60);
    let cases: Vec<(&str, Matrix)> = vec![
        ("no rows", groups(0)),
        ("one row", groups(1)),
        ("two rows", groups(2)),
        ("three rows", groups(3)),
        ("a constant column", Matrix::from_fn(60, 10, |i, j| if j == 4 { 7.0 } else { base.row(i)[j] })),
        ("equal rows", Matrix::from_fn(300, 10, |_, j| j as f32)),
        ("equal rows by the hundred", Matrix::from_fn(300, 10, |i, j| ((i % 2) * (j + 1)) as f32)),
        ("one far outlier", Matrix::from_fn(60, 10, |i, j| if i == 59 { 1e6 } else { base.row(i)[j] })),
        ("columns of 1e-20", Matrix::from_fn(60, 10, |i, j| base.row(i)[j] * 1e-20)),
        ("columns of 1e20", Matrix::from_fn(60, 10, |i, j| if j < 2 { base.row(i)[j] * 1e20 } else { base.row(i)[j] })),
        ("all 0", Matrix::from_fn(60, 10, |_, _| 0.0)),
        ("one column", Matrix::from_fn(60, 1, |i, _| i as f32)),
    ];
    let run = Run::new(0, 2).unwrap();
    for entry in takes_tables() {
        for (name, table) in &cases {
            match fit(&*method(entry), table, 2) {
                Ok(space) => {
                    assert!(space.to_bytes().is_ok(), "{} on {name}: a number is no number", entry.info.name);
                    let codes = space.encode_prepared(&Prepared::Table(table.clone()), &run).unwrap();
                    assert!(codes.as_slice().iter().all(|v| v.is_finite()), "{} on {name}", entry.info.name);
                }
                Err(error @ (Error::Param(_) | Error::Input(_))) => assert!(error.to_string().len() > 20, "{name}: {error}"),
                Err(error) => panic!("{} on {name}: {error}", entry.info.name),
            }
        }
    }
}

#[test]
fn a_cancelled_fit_ends_within_a_second() {
    let table = groups(6000);
    for entry in takes_tables() {
        let run = Run::new(0, 2).unwrap();
        let flag = run.cancel_flag();
        let prepared = Prepared::Table(table.clone());
        let full = entry.with(&Map::new()).unwrap();
        let started = Instant::now();
        let ended = std::thread::scope(|scope| {
            let fit = scope.spawn(|| full.fit(&Rows::Memory(&prepared), &run).map(|_| started.elapsed()));
            std::thread::sleep(Duration::from_millis(50));
            flag.set();
            let cancelled = Instant::now();
            let result = fit.join().unwrap();
            (result, cancelled.elapsed())
        });
        match ended {
            (Ok(took), _) => assert!(took < Duration::from_millis(1050), "{}: was not cancelled", entry.info.name),
            (Err(Error::Cancelled), after) => assert!(after < Duration::from_secs(1), "{}: {after:?}", entry.info.name),
            (Err(error), _) => panic!("{}: {error}", entry.info.name),
        }
    }
}

#[test]
fn a_plan_tells_rows_and_memory_and_a_limit_below_it_is_refused() {
    for entry in takes_tables() {
        let method = method(entry);
        let run = Run::new(0, 2).unwrap();
        let shape = latentspace::method::Shape { rows: 60_000, cols: 50 };
        let plan = method.plan(shape, &run);
        assert!(plan.peak_bytes >= 60_000 * 50 * 4 && plan.seconds > 0.0 && !plan.algorithm.is_empty(), "{}: {plan:?}", entry.info.name);
        let limited = Run::new(0, 1).unwrap().with_max_memory(Some(1000));
        let prepared = Prepared::Table(groups(200));
        let observations = Observations::from_matrix("test", groups(200));
        let preparation = Preparation::choose(&observations, &PrepareOptions::default(), &run).unwrap();
        let refused = Space::fit(&*method, preparation, &Rows::Memory(&prepared), &observations.metadata, &limited);
        assert!(matches!(refused, Err(Error::Memory { .. })), "{}", entry.info.name);
    }
}

#[test]
fn part_after_part_a_fold_learns_the_same() {
    for entry in takes_tables().filter(|entry| entry.info.folds) {
        let (method, table, run) = (method(entry), groups(9000), Run::new(3, 2).unwrap());
        let observations = Observations::from_matrix("test", table.clone());
        let preparation = Preparation::choose(&observations, &PrepareOptions::default(), &run).unwrap();
        let expected = fit(method.as_ref(), &table, 1).unwrap().to_bytes().unwrap();
        let mut growing = Growing::new(method, preparation).unwrap();
        for part in [0..100, 100..5000, 5000..9000] {
            growing.push(&Prepared::Table(table.slice(part).to_matrix()), &run).unwrap();
            growing = Growing::from_bytes(&growing.to_bytes().unwrap()).unwrap();
            assert_eq!(growing.space(&run).unwrap().rows, growing.shape().rows);
        }
        assert!(growing.space(&run).unwrap().to_bytes().unwrap() == expected, "{}", entry.info.name);
        assert!(growing.push(&Prepared::Table(Matrix::from_fn(2, 3, |_, _| 0.0)), &run).is_err(), "{}", entry.info.name);
    }
}
