//! What every method keeps, whichever it is: driven by the registry and by what a method declares, never by its name.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "common/blocks.rs"]
mod blocks;
#[path = "contract/laws.rs"]
mod laws;
#[path = "contract/roles.rs"]
mod roles;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use latentspace::arrow::array::{Array, ArrayRef, Float64Array, StringArray};
use latentspace::checkpoint::Checkpoint;
use latentspace::data::{
    CHUNK, CellErrors, Given, Metadata, Precomputed, Preparation, PrepareOptions, PreparedStream, Rows, Start, Tie, Values, read, write,
};
use latentspace::fold::Step;
use latentspace::learn::growing::Growing;
use latentspace::learn::learn;
use latentspace::learn::shares::{Origin, Round, Statistics, merge};
use latentspace::linalg::{Matrix, OwnedRows, SparseMatrix};
use latentspace::method::{AnyMethod, Entry, Shape, Signs, Takes};
use latentspace::neighbors::{self, Metric, Neighbors};
use latentspace::params::{Kind, Parameter, Role};
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::run::{Flag, Listener, Progress};
use latentspace::{Error, Observations, Result, Run, Space};
use serde_json::{Map, Value, json};

use blocks::Blocks;

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
        let value = match (parameter.role, parameter.name.as_str()) {
            (Some(Role::Dimensions), _) => 2,
            (Some(Role::Neighborhood), _) if !counts_neighbors(&parameter) => 5,
            (_, "n_iter" | "n_iter_early") => 25,
            _ => continue,
        };
        params.insert(parameter.name, json!(value));
    }
    params
}

/// Whether a neighborhood is a number of neighbors, not a perplexity.
fn counts_neighbors(parameter: &Parameter) -> bool {
    matches!(parameter.kind, Kind::Integer { .. })
}

/// The name of the parameter with a role.
fn name_of(entry: &Entry, role: Role) -> String {
    entry.parameter_of(role).unwrap_or_else(|| panic!("{} has no parameter of the role {role:?}", entry.info.name)).name
}

fn method(entry: &Entry) -> Box<dyn AnyMethod> {
    entry.with(&quick(entry)).unwrap()
}

fn fit(method: &dyn AnyMethod, table: &Matrix, threads: usize) -> Result<Space> {
    let run = Run::new(3, threads)?;
    let observations = match method.info().takes.contains(&Takes::Table) {
        true => Observations::from_matrix("test", table.clone()),
        false => Observations::new("test", Values::Counts(SparseMatrix::of(table).into())),
    };
    let preparation = Preparation::choose(&observations, &PrepareOptions::default(), &run)?;
    let prepared = preparation.prepare(&observations, &run)?;
    Ok(Space::fit(method, preparation, &Rows::memory(&prepared), &observations.metadata, &run)?.0)
}

/// Prepared as an array is: not at all.
fn untouched(table: &Matrix, run: &Run) -> Preparation {
    Preparation::choose(&Observations::from_matrix("test", table.clone()), &PrepareOptions::default(), run).unwrap()
}

/// What methods that fold may see as a stream, and the others in memory.
fn fit_rows(entry: &Entry, table: &Matrix, run: &Run) -> Result<Space> {
    let prepared = OwnedRows::Dense(table.clone());
    let blocks = Blocks(table);
    let rows = if entry.info.folds { Rows::stream(&blocks) } else { Rows::memory(&prepared) };
    let metadata = Metadata::none(if entry.info.folds { 0 } else { table.rows() });
    Ok(Space::fit(&*method(entry), untouched(table, run), &rows, &metadata, run)?.0)
}

/// The same, with the signs that the method allows: whole numbers from 0 for those that allow no others.
fn rows_for(entry: &Entry, n: usize) -> Matrix {
    let groups = groups(n);
    match entry.info.signs {
        Signs::Any => groups,
        Signs::NonNegative => Matrix::from_fn(n, 10, |i, j| (4.0 * groups.row(i)[j].max(0.0)).round()),
    }
}

/// A table with the signs that the method allows: of those that allow no others, magnitudes.
fn allowed(entry: &Entry, table: Matrix) -> Matrix {
    match entry.info.signs {
        Signs::Any => table,
        Signs::NonNegative => Matrix::from_fn(table.rows(), table.cols(), |i, j| table.row(i)[j].abs()),
    }
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
        Kind::List => bad.extend([json!(1), json!(["word", 2])]),
        Kind::CountOrShare { .. } => bad.extend([json!("many"), json!(-1), json!(1.5), json!(true)]),
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

/// Listens to warnings.
#[derive(Default)]
struct Warned(Mutex<Vec<String>>);

impl Listener for Warned {
    fn warn(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

#[test]
fn defaults_fit_few_rows_or_are_lowered_and_a_given_value_as_large_is_refused() {
    for entry in METHODS {
        for rows in [2, 3, 5, 8, 12, 40] {
            let counts = Matrix::from_fn(rows, 3, |i, j| ((i * 5 + j * j * 3 + i * j) % 7) as f32);
            let place = format!("{} of {rows} rows", entry.info.name);
            let warned = Arc::new(Warned::default());
            let run = Run::new(3, 1).unwrap().with_listener(warned.clone());
            let prepared = OwnedRows::Dense(counts.clone());
            let learn = |params: Map<String, Value>| {
                let method = entry.with(&params).unwrap();
                Space::fit(&*method, untouched(&counts, &run), &Rows::memory(&prepared), &Metadata::none(rows), &run)
            };
            let space = match learn(Map::new()) {
                Ok((space, _)) => space,
                Err(error) => {
                    assert!(rows < 7 && error.to_string().contains("at least"), "{place}: {error}");
                    continue;
                }
            };
            let lowered: Vec<Parameter> = entry.parameters().into_iter().filter(|p| space.params[&p.name] != p.default).collect();
            let said = std::mem::take(&mut *warned.0.lock().unwrap());
            for Parameter { name, default, .. } in lowered {
                let used = &space.params[&name];
                assert!(used.as_f64() < default.as_f64(), "{place}: {name} is {used}");
                let told = |text: &String| {
                    text.starts_with(&format!("{name}: {default}")) || text.starts_with(&format!("{name}: {}", default.as_f64().unwrap()))
                };
                assert!(said.iter().any(told), "{place}: {said:?}");
                // The default itself, if it is given, and anything above what was used.
                for large in [default.clone(), json!(used.as_f64().unwrap() + 1.0)] {
                    let error = learn(Map::from_iter([(name.clone(), large)])).err().expect(&place).to_string();
                    assert!(error.contains(&format!("it is at most {}", used.as_f64().unwrap())), "{place}: {error}");
                }
                learn(Map::from_iter([(name.clone(), used.clone())])).expect(&place);
            }
        }
    }
}

#[test]
fn same_seed_same_bytes_for_any_number_of_threads_and_between_runs() {
    for entry in METHODS {
        // More rows than two chunks of a fold.
        let table = &rows_for(entry, if entry.info.folds { 2 * latentspace::data::CHUNK + 100 } else { 700 });
        let first = fit(&*method(entry), table, 1).unwrap().to_bytes().unwrap();
        for threads in [1, 2, 3, 8] {
            let again = fit(&*method(entry), table, threads).unwrap().to_bytes().unwrap();
            assert!(first == again, "{}: other bytes on {threads} threads", entry.info.name);
        }
    }
}

#[test]
fn a_row_has_the_same_code_alone_in_any_batch_in_any_order_and_after_loading() {
    let run = Run::new(0, 2).unwrap();
    for entry in METHODS.iter().filter(|entry| entry.info.encodes) {
        let (table, new) = (rows_for(entry, 300), rows_for(entry, 333));
        let space = fit(&*method(entry), &table, 2).unwrap();
        let loaded = Space::from_bytes(&space.to_bytes().unwrap(), "test.latent".as_ref()).unwrap();
        assert!(space.to_bytes().unwrap() == loaded.to_bytes().unwrap(), "{}: other bytes after loading", entry.info.name);
        let codes = space.encode_prepared(&OwnedRows::Dense(new.clone()), &run).unwrap();
        assert_eq!((codes.rows(), codes.cols()), (333, space.model.n_components()));
        let from_loaded = loaded.encode_prepared(&OwnedRows::Dense(new.clone()), &run).unwrap();
        assert!(codes == from_loaded, "{}: other codes after loading", entry.info.name);
        let order = Random::new(5, "order").permutation(0, new.rows());
        let shuffled = space.encode_prepared(&OwnedRows::Dense(new.select(&order)), &run).unwrap();
        for (at, &row) in order.iter().enumerate() {
            assert_eq!(shuffled.row(at), codes.row(row as usize), "{}: row {row} in another order", entry.info.name);
        }
        for row in [0, 1, 17, 128, 332] {
            let alone = space.encode_prepared(&OwnedRows::Dense(new.select(&[row])), &run).unwrap();
            assert_eq!(alone.row(0), codes.row(row as usize), "{}: row {row} alone", entry.info.name);
        }
    }
}

/// Decompositions of large matrices are work for several threads, each of which may add in an order of its own.
#[test]
fn many_dimensions_of_wide_rows_have_the_same_bytes_on_any_number_of_threads() {
    let random = Random::new(12, "wide");
    for entry in takes_tables() {
        let table = allowed(entry, Matrix::from_fn(700, 300, |i, j| random.normal(i as u64, j as u64) as f32 * (1.0 + (j % 7) as f32)));
        let mut params = quick(entry);
        let Some(dimensions) = entry.parameter_of(Role::Dimensions) else { continue };
        params.insert(dimensions.name, json!(40));
        // Some give two or three at most.
        let Ok(method) = entry.with(&params) else { continue };
        let bytes = |threads: usize| fit(&*method, &table, threads).unwrap().to_bytes().unwrap();
        let one = bytes(1);
        assert!([2, 3].into_iter().all(|threads| bytes(threads) == one), "{}", entry.info.name);
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
                    let codes = space.encode_prepared(&OwnedRows::Dense(table.clone()), &run).unwrap();
                    assert!(codes.as_slice().iter().all(|v| v.is_finite()), "{} on {name}", entry.info.name);
                }
                Err(error @ (Error::Param(_) | Error::Input(_))) => assert!(error.to_string().len() > 20, "{name}: {error}"),
                Err(error) => panic!("{} on {name}: {error}", entry.info.name),
            }
        }
    }
}

#[test]
fn few_rows_of_very_many_columns_are_learned_from_or_refused_before_memory_runs_out() {
    let random = Random::new(8, "wide");
    let table = Matrix::from_fn(10, 100_000, |row, column| random.uniform(row as u64, column as u64) as f32);
    // What this machine has would be a limit that differs from one to the other.
    let run = Run::new(0, 2).unwrap().with_max_memory(Some(2 << 30));
    for entry in takes_tables() {
        let prepared = OwnedRows::Dense(table.clone());
        let fitted = Space::fit(&*method(entry), untouched(&table, &run), &Rows::memory(&prepared), &Metadata::none(10), &run);
        let what = fitted.as_ref().err().map(ToString::to_string);
        assert!(matches!(fitted, Ok(_) | Err(Error::Memory { .. } | Error::Param(_) | Error::Input(_))), "{}: {what:?}", entry.info.name);
    }
}

/// What is given beside rows is learned from, the same on any number of threads, or refused.
#[test]
fn what_is_given_is_learned_from_or_refused() {
    let rows = groups(300);
    let run = Run::new(3, 2).unwrap();
    let near = neighbors::exact(rows.view(), 120, Metric::Euclidean, &run).unwrap();
    let apart = |i: usize, j: usize| rows.row(i).iter().zip(rows.row(j)).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>();
    let distances = Matrix::from_fn(300, 300, |i, j| apart(i, j).sqrt() as f32);
    for entry in takes_tables() {
        let rows = allowed(entry, rows.clone());
        let (name, prepared) = (entry.info.name, OwnedRows::Dense(rows.clone()));
        let fit = |beside: &Precomputed, threads: usize| {
            let run = Run::new(3, threads)?;
            let known = Rows::memory(&prepared).with(beside)?;
            Space::fit(&*method(entry), untouched(&rows, &run), &known, &Metadata::none(300), &run).map(|(space, _)| space)
        };
        let plain = fit(&Precomputed::default(), 2).unwrap();
        let codes = |space: &Space| space.capabilities().kept.unwrap().codes.clone();
        // The fitted rows are recognized; as many others are new, and so are they in another order.
        let run = Run::new(3, 2).unwrap();
        let turned = OwnedRows::Dense(Matrix::from_fn(300, rows.cols(), |i, j| rows.row(299 - i)[j]));
        if plain.capabilities().kept.is_some() {
            assert!(plain.codes_of(&prepared, &run).unwrap() == codes(&plain), "{name}: the fitted rows are not recognized");
        }
        assert!(plain.codes_of(&turned, &run).unwrap() == plain.encode_prepared(&turned, &run).unwrap(), "{name}");
        let given = Precomputed { neighbors: Some(near.clone()), ..Precomputed::default() };
        match fit(&given, 2) {
            Ok(space) => {
                assert!(entry.info.given.contains(&Given::Neighbors), "{name}");
                assert!(codes(&space) == codes(&plain), "{name}: the same neighbors make another map");
            }
            Err(error) => assert!(!entry.info.given.contains(&Given::Neighbors) && matches!(error, Error::Input(_)), "{name}: {error}"),
        }
        let apart = Precomputed { distances: Some(distances.clone()), ..Precomputed::default() };
        match fit(&apart, 2) {
            Ok(space) => {
                assert!(entry.info.given.contains(&Given::Distances), "{name}");
                let same =
                    codes(&space).as_slice().iter().zip(codes(&plain).as_slice()).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + b.abs()));
                assert!(same, "{name}: the same distances make another map");
            }
            Err(error) => assert!(!entry.info.given.contains(&Given::Distances) && matches!(error, Error::Input(_)), "{name}: {error}"),
        }
        let dimensions = plain.model.n_components();
        let random = Random::new(1, "places");
        let places =
            Matrix::from_fn(300, dimensions, |i, j| if i < 200 { (10.0 * random.uniform(j as u64, i as u64)) as f32 } else { f32::NAN });
        for tie in [Tie::Free, Tie::Pull(0.1), Tie::Hold] {
            let start = Precomputed { start: Some(Start { places: places.clone(), tie }), ..Precomputed::default() };
            if !entry.info.given.contains(&Given::Start) {
                assert!(matches!(fit(&start, 2), Err(Error::Input(_))), "{name}");
                continue;
            }
            let space = fit(&start, 1).unwrap();
            assert!(fit(&start, 3).unwrap().to_bytes().unwrap() == space.to_bytes().unwrap(), "{name}");
            let found = codes(&space);
            let is_held = (0..200).all(|row| found.row(row) == places.row(row));
            assert!(is_held == (tie == Tie::Hold) && found.as_slice().iter().all(|place| place.is_finite()), "{name} {tie:?}");
        }
        let short = Precomputed {
            neighbors: Some(Neighbors::given("near", vec![vec![(1, 1.0)], vec![(0, 1.0)]]).unwrap()),
            ..Precomputed::default()
        };
        assert!(matches!(fit(&short, 2), Err(Error::Input(_))), "{name}: neighbors of other rows");
    }
}

/// Counts of which hardly any cell is not 0, in three groups of words: learned from, placed, decoded and measured as dense ones are.
#[test]
fn sparse_counts_are_learned_from() {
    let random = Random::new(12, "words");
    let cell = |i: usize, j: usize| {
        let likely = if j / 80 == i % 3 { 0.1 } else { 0.002 };
        if random.uniform(i as u64, j as u64) < likely { random.below(i as u64, 1000 + j as u64, 3) as f32 + 1.0 } else { 0.0 }
    };
    let counts = |from: usize, to: usize| OwnedRows::Sparse(SparseMatrix::of(&Matrix::from_fn(to - from, 240, |i, j| cell(from + i, j))));
    let (fitted, new) = (counts(0, 300), counts(300, 340));
    assert!(fitted.shape().is_sparse());
    let table = fitted.table().unwrap();
    for entry in METHODS.iter().filter(|entry| entry.info.takes.contains(&Takes::Counts)) {
        let name = entry.info.name;
        // Features that are a hundred by default say little by twos.
        let dimensions = entry.parameter_of(Role::Dimensions);
        let are_features = dimensions.as_ref().is_some_and(|dims| dims.default.as_u64().is_some_and(|dims| dims >= 100));
        let mut params = if are_features { Map::new() } else { quick(entry) };
        if let Some(dimensions) = dimensions.as_ref().filter(|_| !are_features) {
            // As many as there are groups.
            params.insert(dimensions.name.clone(), json!(3));
        }
        let fit = |threads: usize| {
            let run = Run::new(3, threads).unwrap();
            let (mut space, codes) =
                Space::fit(&*entry.with(&params).unwrap(), untouched(&table, &run), &Rows::memory(&fitted), &Metadata::none(300), &run)
                    .unwrap();
            space.measure(&Rows::memory(&fitted), codes.as_ref(), &run).unwrap();
            space
        };
        let (space, run) = (fit(1), Run::new(0, 2).unwrap());
        let bytes = space.to_bytes().unwrap();
        assert!(fit(3).to_bytes().unwrap() == bytes, "{name}");
        // Dimensions that follow from labels say little without them.
        let trust = &space.measures["trustworthiness"];
        assert!(trust.value > 0.6 || dimensions.is_none(), "{name}: {trust:?}");
        let again = Space::from_bytes(&bytes, Path::new("again.latent")).unwrap();
        let together = again.encode_prepared(&new, &run).unwrap();
        assert!(space.encode_prepared(&new, &run).unwrap() == together, "{name}");
        for row in [0, 7, 39] {
            let alone = again.encode_prepared(&new.select(&[row]), &run).unwrap();
            let dense = again.encode_prepared(&OwnedRows::Dense(new.select(&[row]).table().unwrap()), &run).unwrap();
            assert!(alone.row(0) == together.row(row as usize) && dense == alone, "{name}, row {row}");
        }
        if entry.info.decodes {
            let decoded = again.decode(&together, &run).unwrap();
            assert!((decoded.rows(), decoded.cols()) == (40, 240) && decoded.as_slice().iter().all(|cell| cell.is_finite()), "{name}");
        }
    }
}

/// Documents of three topics.
fn documents(range: std::ops::Range<u64>) -> Observations {
    let topics = [
        ["river", "stone", "water", "bank", "fish", "boat", "shore", "wave"],
        ["star", "planet", "orbit", "moon", "light", "comet", "galaxy", "dust"],
        ["bread", "butter", "oven", "flour", "salt", "dough", "crust", "yeast"],
    ];
    let random = Random::new(14, "documents");
    let text = |row: u64| -> String {
        let word = |step: u64| match random.below(row, 2 * step, 5) {
            0 => "the".to_owned(),
            1 => format!("odd{}", random.below(row, 2 * step + 1, 500)),
            _ => topics[row as usize % 3][random.below(row, 2 * step + 1, 8) as usize].to_owned(),
        };
        (0..40).map(word).collect::<Vec<String>>().join(" ")
    };
    Observations::new("documents", latentspace::data::Values::Text(Arc::new(range.map(text).collect())))
}

/// Running text is learned from as the counts of its words, and a new document is counted and placed alike alone and among others.
#[test]
fn text_is_learned_from() {
    let (fitted, new) = (documents(0..300), documents(300..330));
    for entry in METHODS.iter().filter(|entry| entry.info.takes.contains(&Takes::Text)) {
        let name = entry.info.name;
        let fit = |threads: usize| {
            let run = Run::new(3, threads).unwrap();
            learn(&*method(entry), fitted.clone(), &PrepareOptions::default(), &Precomputed::default(), &run).unwrap().space
        };
        let (space, run) = (fit(1), Run::new(0, 2).unwrap());
        let bytes = space.to_bytes().unwrap();
        assert!(fit(3).to_bytes().unwrap() == bytes, "{name}");
        assert!(space.preparation.names.as_ref().unwrap().contains(&"river".to_owned()), "{name}");
        let again = Space::from_bytes(&bytes, Path::new("again.latent")).unwrap();
        if !entry.info.encodes {
            continue;
        }
        let together = again.encode(&new, &run).unwrap().values;
        for row in [0, 29] {
            let alone = again.encode(&documents(300 + row..301 + row), &run).unwrap().values;
            assert!(alone.row(0) == together.row(row as usize), "{name}, row {row}");
        }
    }
}

/// Rows of [`groups`] with a column of labels.
fn fit_labeled(entry: &Entry, target: &str, name: &str, labels: ArrayRef, threads: usize) -> Result<Space> {
    let mut params = quick(entry);
    params.insert(name_of(entry, Role::Labels), json!(target));
    let (run, prepared) = (Run::new(3, threads)?, OwnedRows::Dense(groups(300)));
    let metadata = Metadata::from_columns(vec![(name.to_owned(), labels.clone())], labels.len())?;
    Ok(Space::fit(&*entry.with(&params)?, untouched(&groups(300), &run), &Rows::memory(&prepared), &metadata, &run)?.0)
}

/// Methods with a target learn from labels, however many there are of them, and only where they are told to. Labels that a method cannot learn
/// from are refused in a sentence.
#[test]
fn labels_are_learned_from_where_a_column_is_named() {
    let takes = |entry: &&Entry| entry.parameter_of(Role::Labels).is_some();
    let words = |word: fn(i32) -> Option<String>| Arc::new((0..300).map(word).collect::<StringArray>()) as ArrayRef;
    let cases: [(&str, ArrayRef); 6] = [
        ("three", words(|row| Some(format!("kind {}", row % 3)))),
        ("some", words(|row| Some(format!("kind {}", row % 3)).filter(|_| row % 2 == 0))),
        ("all one", words(|_| Some("one".to_owned()))),
        ("all missing", words(|_| None)),
        ("as many as rows", words(|row| Some(row.to_string()))),
        ("numbers", Arc::new((0..300).map(|row| f64::from(row % 4 - 1)).collect::<Float64Array>())),
    ];
    let run = Run::new(0, 2).unwrap();
    for entry in takes_tables().filter(takes) {
        let name = entry.info.name;
        let plain = fit(&*method(entry), &groups(300), 2).unwrap();
        let codes = |space: &Space| space.codes_of(&OwnedRows::Dense(groups(300)), &run).unwrap();
        for (case, labels) in &cases {
            let ignored = fit_labeled(entry, "auto", "kind", labels.clone(), 2).unwrap();
            assert!(codes(&ignored) == codes(&plain), "{name} learned from {case}, which nobody asked for");
            let space = match fit_labeled(entry, "kind", "kind", labels.clone(), 1) {
                Err(Error::Input(error)) if !["three", "some", "numbers"].contains(case) => {
                    assert!(error.to_string().contains("'kind'"), "{name} on {case}: {error}");
                    continue;
                }
                learned => learned.unwrap_or_else(|error| panic!("{name} on {case}: {error}")),
            };
            let bytes = space.to_bytes().unwrap();
            assert!(fit_labeled(entry, "kind", "kind", labels.clone(), 3).unwrap().to_bytes().unwrap() == bytes, "{name} on {case}");
            let new = space.encode_prepared(&OwnedRows::Dense(groups(310)), &run).unwrap();
            assert!(new.as_slice().iter().chain(codes(&space).as_slice()).all(|v| v.is_finite()), "{name} on {case}");
        }
        let three = || cases[0].1.clone();
        assert!(codes(&fit_labeled(entry, "kind", "kind", three(), 2).unwrap()) != codes(&plain), "{name} learned nothing from labels");
        let Err(error @ Error::Param(_)) = fit_labeled(entry, "kid", "kind", three(), 2) else { panic!("{name} takes any name") };
        assert_eq!(error.to_string(), "target: 'kid' was given; there are the labels kind.");
        assert_eq!(error.hint(), Some("did you mean 'kind'?"));
        assert!(matches!(fit_labeled(entry, "kind", "kind", three().slice(0, 299), 2), Err(Error::Input(_))), "{name}: a label is lacking");
    }
}

#[test]
fn a_plan_tells_rows_and_memory_and_a_limit_below_it_is_refused() {
    for entry in takes_tables() {
        let method = method(entry);
        let run = Run::new(0, 2).unwrap();
        let shape = latentspace::method::Shape::new(60_000, 50);
        let plan = method.plan(shape, &run);
        assert!(plan.peak_bytes >= 60_000 * 50 * 4 && plan.seconds > 0.0 && !plan.algorithm.is_empty(), "{}: {plan:?}", entry.info.name);
        let limited = Run::new(0, 1).unwrap().with_max_memory(Some(1000));
        let prepared = OwnedRows::Dense(groups(200));
        let observations = Observations::from_matrix("test", groups(200));
        let preparation = Preparation::choose(&observations, &PrepareOptions::default(), &run).unwrap();
        let refused = Space::fit(&*method, preparation, &Rows::memory(&prepared), &observations.metadata, &limited);
        assert!(matches!(refused, Err(Error::Memory { .. })), "{}", entry.info.name);
    }
}

#[test]
fn part_after_part_a_fold_learns_the_same() {
    let in_one_round = |entry: &&Entry| method(entry).once(Shape::new(9000, 10)).is_some();
    assert!(takes_tables().any(|entry| in_one_round(&entry)));
    for entry in takes_tables().filter(in_one_round) {
        let (method, table, run) = (method(entry), groups(9000), Run::new(3, 2).unwrap());
        let observations = Observations::from_matrix("test", table.clone());
        let preparation = Preparation::choose(&observations, &PrepareOptions::default(), &run).unwrap();
        let expected = fit(method.as_ref(), &table, 1).unwrap().to_bytes().unwrap();
        let mut growing = Growing::new(method, preparation).unwrap();
        for part in [0..100, 100..5000, 5000..9000] {
            growing.push(&OwnedRows::Dense(table.slice(part).to_matrix()), &run).unwrap();
            growing = Growing::from_bytes(&growing.to_bytes().unwrap()).unwrap();
            assert_eq!(growing.space(&run).unwrap().rows, growing.shape().rows);
        }
        assert!(growing.space(&run).unwrap().to_bytes().unwrap() == expected, "{}", entry.info.name);
        assert!(growing.push(&OwnedRows::Dense(Matrix::from_fn(2, 3, |_, _| 0.0)), &run).is_err(), "{}", entry.info.name);
    }
}

/// How many neighbors a value of a parameter asks for, if it is one that counts them.
fn neighbors_of(parameter: &Parameter, value: u64) -> Option<usize> {
    let per_unit = if counts_neighbors(parameter) { 1 } else { 3 };
    (parameter.role == Some(Role::Neighborhood)).then_some(per_unit * value as usize)
}

#[test]
fn fewer_rows_than_neighbors_are_too_few_and_one_more_is_enough() {
    for entry in takes_tables() {
        for parameter in entry.parameters() {
            for value in [3, 5, 8] {
                let Some(k) = neighbors_of(&parameter, value) else { continue };
                let mut params = quick(entry);
                params.insert(parameter.name.clone(), json!(value));
                let method = entry.with(&params).unwrap();
                let place = format!("{}, {} {value}", entry.info.name, parameter.name);
                match fit(&*method, &groups(k), 2) {
                    Err(Error::Param(error)) => assert_eq!(error.name, parameter.name, "{place}: {error}"),
                    Err(error) => panic!("{place}, {k} rows: {error}"),
                    // A row may count as its own neighbor: then one row less is too few.
                    Ok(_) => match fit(&*method, &groups(k - 1), 2) {
                        Err(Error::Param(error)) => assert_eq!(error.name, parameter.name, "{place}: {error}"),
                        Err(Error::Input(_)) => {}
                        _ => panic!("{place}: {} rows have no {k} neighbors", k - 1),
                    },
                }
                for rows in [k + 1, k + 2] {
                    let space = fit(&*method, &groups(rows), 2).unwrap_or_else(|error| panic!("{place}, {rows} rows: {error}"));
                    assert!(space.to_bytes().is_ok(), "{place}, {rows} rows");
                }
            }
        }
    }
}

/// Weights of rows and errors of cells are learned from, or refused; so are rows whose cells may be missing.
#[test]
fn weights_errors_and_missing_cells_are_learned_from_or_refused() {
    let rows = groups(300);
    let weights: Vec<f32> = (0..300).map(|row| (row % 3) as f32).collect();
    let random = Random::new(2, "gaps");
    let gap = |i: usize, j: usize| random.uniform(i as u64, j as u64) < 0.1;
    for entry in takes_tables() {
        let (name, rows) = (entry.info.name, allowed(entry, rows.clone()));
        let fit = |prepared: &OwnedRows, beside: &Precomputed, threads: usize| {
            let run = Run::new(3, threads)?;
            let known = Rows::memory(prepared).with(beside)?;
            Space::fit(&*method(entry), untouched(&rows, &run), &known, &Metadata::none(300), &run).map(|(space, _)| space)
        };
        let gaps = Matrix::from_fn(300, rows.cols(), |i, j| if gap(i, j) { f32::NAN } else { rows.row(i)[j] });
        let deviations = Matrix::from_fn(300, rows.cols(), |i, j| 1.0 + ((i + j) % 3) as f32);
        let errors = CellErrors::new("errors", deviations, None, 300).unwrap();
        let cases = [
            (
                Given::Weights,
                OwnedRows::Dense(rows.clone()),
                Precomputed { weights: Some(weights.clone().into()), ..Precomputed::default() },
            ),
            (Given::Errors, OwnedRows::Dense(rows.clone()), Precomputed { errors: Some(errors), ..Precomputed::default() }),
            (Given::Errors, OwnedRows::Incomplete(gaps.clone()), Precomputed::default()),
        ];
        for (given, prepared, beside) in cases {
            if !entry.info.given.contains(&given) {
                assert!(matches!(fit(&prepared, &beside, 2), Err(Error::Input(_))), "{name}: {given:?}");
                continue;
            }
            let space = fit(&prepared, &beside, 1).unwrap();
            assert!(fit(&prepared, &beside, 3).unwrap().to_bytes().unwrap() == space.to_bytes().unwrap(), "{name}: {given:?}");
            let run = Run::new(0, 2).unwrap();
            let codes = space.encode_prepared(&OwnedRows::Incomplete(gaps.clone()), &run).unwrap();
            assert!(codes.as_slice().iter().all(|code| code.is_finite()), "{name}: {given:?}");
            let alone = space.encode_prepared(&OwnedRows::Incomplete(gaps.select(&[7])), &run).unwrap();
            assert_eq!(alone.row(0), codes.row(7), "{name}: {given:?}");
        }
    }
}

#[test]
fn cells_that_are_no_finite_numbers_are_refused_with_their_place() {
    let (base, run) = (groups(60), Run::new(0, 2).unwrap());
    let folder = tempfile::tempdir().unwrap();
    for (bad, word) in [(f32::NAN, ""), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let table = Matrix::from_fn(60, 10, |i, j| if (i, j) == (17, 4) { bad } else { base.row(i)[j] });
        let mut csv = "a,b,c,d,e,f,g,h,i,j".to_owned();
        for row in table.as_slice().chunks(10) {
            let cells: Vec<String> = row.iter().map(|cell| if cell.is_finite() { cell.to_string() } else { word.to_owned() }).collect();
            csv += &format!("\n{}", cells.join(","));
        }
        let path = folder.path().join("t.csv");
        std::fs::write(&path, csv).unwrap();
        let from_file = || -> Result<(Preparation, OwnedRows)> {
            let options = PrepareOptions { missing: Some(latentspace::data::Missing::Error), ..PrepareOptions::default() };
            let observations = read::open(path.to_str().unwrap(), &read::ReadOptions::default())?.read(&run)?;
            let preparation = Preparation::choose(&observations, &options, &run)?;
            let prepared = preparation.prepare(&observations, &run)?;
            Ok((preparation, prepared))
        };
        for entry in takes_tables() {
            let from_memory = fit(&*method(entry), &table, 2).map(|_| ());
            let learned = from_file().and_then(|(preparation, prepared)| {
                Space::fit(&*method(entry), preparation, &Rows::memory(&prepared), &Metadata::none(60), &run).map(|_| ())
            });
            for (result, column) in [(from_memory, "5"), (learned, "e")] {
                let Err(Error::Input(error)) = result else { panic!("{}: {bad} was taken", entry.info.name) };
                assert_eq!((error.row, error.column.as_deref()), (Some(18), Some(column)), "{}: {error}", entry.info.name);
            }
        }
    }
}

#[test]
fn what_it_would_mean_to_encode_the_fitted_rows_is_measured_where_they_have_places() {
    for entry in takes_tables().filter(|entry| entry.info.encodes) {
        let table = allowed(entry, groups(300));
        let run = Run::new(3, 2).unwrap();
        let (prepared, preparation) = (OwnedRows::Dense(table.clone()), untouched(&table, &run));
        let rows = Rows::memory(&prepared);
        let (space, places) = Space::fit(&*method(entry), preparation, &rows, &Metadata::none(300), &run).unwrap();
        if places.is_some() {
            let drift = space.measures.get("encode_drift").unwrap_or_else(|| panic!("{}: no encode_drift", entry.info.name));
            assert!(drift.low <= drift.value && drift.value <= drift.high && drift.low >= 0.0, "{}: {drift:?}", entry.info.name);
        }
    }
}

/// Rounds of shares, until there is a space.
fn in_shares(method: &dyn AnyMethod, origin: &Origin, shares: usize, round_zero: bool, run: &Run) -> Space {
    let (source, prepare) = (origin.open().unwrap(), PrepareOptions::default());
    let begin = if round_zero { Round::zero } else { Round::first };
    let mut round = begin(method, origin.clone(), &source, &prepare, run).unwrap();
    loop {
        let work = |share| {
            let source = round.open(origin).unwrap();
            let statistics = round.work(&source, share, shares, run).unwrap().to_bytes().unwrap();
            let name = PathBuf::from(format!("{share}"));
            (name.clone(), Statistics::from_bytes(&statistics, &name).unwrap())
        };
        match merge(&(0..shares).rev().map(work).collect::<Vec<_>>(), run).unwrap() {
            Step::Again(next) => round = Round::from_bytes(&next.to_bytes().unwrap(), Path::new("state")).unwrap(),
            Step::Done(space) => return space,
        }
    }
}

#[test]
fn counts_in_memory_a_stream_and_shares_give_the_same_bytes_on_any_threads() {
    let random = Random::new(13, "words");
    let rows = 2 * CHUNK + 100;
    let cell = |i: usize, j: usize| {
        let likely = if j / 20 == i % 3 { 0.3 } else { 0.01 };
        if random.uniform(i as u64, j as u64) < likely { random.below(i as u64, 1000 + j as u64, 3) as f32 + 1.0 } else { 0.0 }
    };
    let counts = SparseMatrix::of(&Matrix::from_fn(rows, 60, cell));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("counts.mtx");
    write::observations(&Observations::new("counts", Values::Counts(counts.into())), &file).unwrap();
    let origin = Origin { data: file.to_string_lossy().into_owned(), ..Origin::default() };
    for entry in METHODS.iter().filter(|entry| entry.info.folds && entry.info.takes.contains(&Takes::Counts)) {
        let (name, method) = (entry.info.name, method(entry));
        let fit = |streams: bool, threads: usize, checkpoint: Option<Arc<Checkpoint>>| {
            let run = Run::new(3, threads).unwrap();
            let run = match checkpoint {
                Some(checkpoint) => {
                    let watch = Watch { file: checkpoint.path().to_path_buf(), cancel: run.cancel_flag() };
                    let run = if checkpoint.found() { run } else { run.with_listener(Arc::new(watch)) };
                    run.with_checkpoint(checkpoint)
                }
                None => run,
            };
            let source = origin.open().unwrap();
            let observations = source.read(&run).unwrap();
            let preparation = Preparation::choose(&observations, &PrepareOptions::default(), &run).unwrap();
            let prepared = preparation.prepare(&observations, &run).unwrap();
            assert!(matches!(prepared, OwnedRows::Sparse(_)));
            let again = preparation.clone();
            let stream = PreparedStream::new(&source, &again, &run).unwrap();
            let rows = if streams { Rows::stream(&stream) } else { Rows::memory(&prepared) };
            Space::fit(&*method, preparation, &rows, &Metadata::none(prepared.rows()), &run).map(|(space, _)| space.to_bytes().unwrap())
        };
        let whole = fit(false, 1, None).unwrap();
        for (streams, threads) in [(false, 2), (false, 3), (true, 1), (true, 3)] {
            assert!(fit(streams, threads, None).unwrap() == whole, "{name}: streams {streams}, {threads} threads");
        }
        let run = Run::new(3, 2).unwrap();
        for (shares, round_zero) in [(2, false), (3, true)] {
            let space = in_shares(&*method, &origin, shares, round_zero, &run);
            assert!(space.to_bytes().unwrap() == whole, "{name}: other bytes from {shares} shares");
        }
        let kept = |resume| Arc::new(Checkpoint::beside(&folder.path().join(format!("{name}.latent")), Duration::ZERO, resume).unwrap());
        assert!(matches!(fit(true, 1, Some(kept(false))), Err(Error::Cancelled)), "{name} keeps no checkpoint");
        assert!(fit(true, 1, Some(kept(true))).unwrap() == whole, "{name}: other bytes after a checkpoint");
    }
}

#[test]
fn memory_a_stream_and_shares_give_the_same_bytes() {
    let table = groups(3 * CHUNK + 100);
    let run = Run::new(3, 2).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.npy");
    latentspace::Codes::new(table.clone(), Metadata::none(table.rows())).save(&file).unwrap();
    let origin = Origin { data: file.to_string_lossy().into_owned(), ..Origin::default() };
    for entry in takes_tables().filter(|entry| entry.info.folds) {
        let (name, method) = (entry.info.name, method(entry));
        let whole = fit(&*method, &table, 2).unwrap().to_bytes().unwrap();
        assert!(fit_rows(entry, &table, &run).unwrap().to_bytes().unwrap() == whole, "{name}: other bytes from a stream");
        for (shares, round_zero) in [(1, true), (2, false), (3, true)] {
            let space = in_shares(&*method, &origin, shares, round_zero, &run);
            assert!(space.to_bytes().unwrap() == whole, "{name}: other bytes from {shares} shares");
        }
    }
    for entry in takes_tables().filter(|entry| !entry.info.folds) {
        let refused = Round::zero(&*method(entry), origin.clone(), &origin.open().unwrap(), &PrepareOptions::default(), &run);
        assert!(matches!(refused, Err(Error::Param(_))), "{} cannot be learned in shares", entry.info.name);
    }
}

/// Cancels a run as soon as there is a file.
struct Watch {
    file: PathBuf,
    cancel: Flag,
}

impl Listener for Watch {
    fn progress(&self, _: &Progress<'_>) {
        if self.file.exists() {
            self.cancel.set();
        }
    }
}

#[test]
fn a_fit_that_goes_on_from_a_checkpoint_ends_in_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    // What goes step by step; the others say that they begin anew.
    for entry in takes_tables().filter(|entry| entry.info.folds || entry.info.live) {
        let (name, table) = (entry.info.name, if entry.info.folds { groups(6 * CHUNK + 100) } else { groups(500) });
        let kept = |path: &Path, resume: bool| Arc::new(Checkpoint::beside(path, Duration::ZERO, resume).unwrap());
        let run = || Run::new(3, 1).unwrap();
        let whole = fit_rows(entry, &table, &run()).unwrap().to_bytes().unwrap();
        let path = folder.path().join(format!("{name}.latent"));
        let checkpoint = kept(&path, false);
        let interrupted = run();
        let watch = Watch { file: checkpoint.path().to_path_buf(), cancel: interrupted.cancel_flag() };
        let interrupted = interrupted.with_listener(Arc::new(watch)).with_checkpoint(checkpoint);
        assert!(matches!(fit_rows(entry, &table, &interrupted), Err(Error::Cancelled)), "{name} keeps no checkpoint");
        let checkpoint = kept(&path, true);
        assert!(checkpoint.found(), "{name}");
        let resumed = fit_rows(entry, &table, &run().with_checkpoint(checkpoint)).unwrap();
        assert!(resumed.to_bytes().unwrap() == whole, "{name}: other bytes after a checkpoint");
    }
}

#[test]
fn what_keeps_no_checkpoint_says_so_and_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    for entry in takes_tables().filter(|entry| !entry.info.folds && !entry.info.live) {
        let (name, table) = (entry.info.name, allowed(entry, groups(300)));
        assert!(entry.info.limits.iter().any(|limit| limit.starts_with("a killed fit starts over: ")), "{name}");
        let whole = fit_rows(entry, &table, &Run::new(3, 1).unwrap()).unwrap().to_bytes().unwrap();
        let checkpoint = Arc::new(Checkpoint::beside(&folder.path().join(format!("{name}.latent")), Duration::ZERO, true).unwrap());
        let run = Run::new(3, 1).unwrap().with_checkpoint(checkpoint.clone());
        assert!(fit_rows(entry, &table, &run).unwrap().to_bytes().unwrap() == whole, "{name}");
        assert!(!checkpoint.path().exists(), "{name}");
    }
}

#[test]
fn known_limits_have_a_reason() {
    for entry in METHODS {
        for limit in entry.info.limits {
            let reason = limit.split_once(": ").map_or("", |(_, reason)| reason);
            assert!(reason.len() > 10, "{}: '{limit}' tells no reason (limit: reason)", entry.info.name);
        }
    }
}
