//! What a method declares is what its models have.

use latentspace::data::{Metadata, PrepareOptions, Rows, Values};
use latentspace::linalg::{Matrix, OwnedRows, SparseMatrix};
use latentspace::method::{Entry, Takes};
use latentspace::model::Capabilities;
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::{Observations, Preparation, Run, Space};

/// Whole numbers from 0 in three groups of rows, of use to methods that take counts alone.
fn counts(rows: usize) -> Matrix {
    let random = Random::new(21, "counts");
    Matrix::from_fn(rows, 12, |i, j| (random.uniform(i as u64, j as u64) * if j % 3 == i % 3 { 60.0 } else { 1.3 }).floor() as f32)
}

fn space(entry: &Entry, table: &Matrix, run: &Run) -> (Space, OwnedRows) {
    let values = match entry.info.takes.contains(&Takes::Table) {
        true => Observations::from_matrix("rows", table.clone()),
        false => Observations::new("rows", Values::Counts(SparseMatrix::of(table).into())),
    };
    let (preparation, rows) = Preparation::choose_and_prepare(&values, &PrepareOptions::default(), run).unwrap();
    let method = entry.with(&serde_json::Map::new()).unwrap();
    let space = Space::fit(&*method, preparation, &Rows::memory(&rows), &Metadata::none(rows.rows()), run).unwrap().0;
    (space, rows)
}

#[test]
fn a_space_has_the_capabilities_that_its_method_declares() {
    let (table, run) = (counts(90), Run::new(3, 2).unwrap());
    for entry in METHODS {
        let name = entry.info.name;
        let (space, rows) = space(entry, &table, &run);
        let loaded = Space::from_bytes(&space.to_bytes().unwrap(), "test.latent".as_ref()).unwrap();
        for space in [&space, &loaded] {
            let (can, k) = (entry.info.can, space.model.n_components());
            let Capabilities { kept, axes, sampler, .. } = space.capabilities();
            assert_eq!((kept.is_some(), axes.is_some(), sampler.is_some()), (can.kept, can.axes.is_some(), can.sampler), "{name}");
            if let Some(kept) = kept {
                assert_eq!((kept.codes.rows(), kept.codes.cols(), kept.metadata().rows()), (90, k, 90), "{name}");
                assert!(kept.are(&rows, &run).unwrap(), "{name}: its rows are not known again");
                assert!(kept.are(&OwnedRows::Sparse(SparseMatrix::of(&rows.table().unwrap())), &run).unwrap(), "{name}: nor sparse");
                let others = rows.select(&(0..90).map(|row| (row + 1) % 90).collect::<Vec<u32>>());
                assert!(!kept.are(&others, &run).unwrap(), "{name}: others are taken for its rows");
            }
            if let Some(axes) = axes {
                assert_eq!((axes.k(), axes.columns(), axes.shares.len()), (k, space.model.columns(), k), "{name}");
                let (sum, weights) = (axes.shares.iter().sum::<f64>(), axes.table());
                assert!(axes.shares.iter().all(|&share| share >= 0.0) && sum <= 1.0 + 1e-6, "{name}: shares {:?}", axes.shares);
                assert_eq!((weights.rows(), weights.cols(), f64::from(weights.row(k - 1)[3])), (k, 12, axes.weight(k - 1, 3)), "{name}");
                if let Some(found) = axes.distributions().unwrap() {
                    let sum = |axis: usize| (0..found.words()).map(|word| found.probability(word, axis)).sum::<f64>();
                    assert!((0..k).all(|axis| (sum(axis) - 1.0).abs() < 1e-4), "{name}: axes are no distributions");
                }
            }
            if let Some(sampler) = sampler {
                let (few, many) = (sampler.sample(3, &run).unwrap(), sampler.sample(2000, &run).unwrap());
                assert!((0..3).all(|row| few.row(row) == many.row(row)), "{name}: a generated code depends on their number");
                let fitted = space.encode_prepared(&rows, &run).unwrap();
                let mean = |codes: &Matrix, axis: usize| {
                    (0..codes.rows()).map(|row| f64::from(codes.row(row)[axis])).sum::<f64>() / codes.rows() as f64
                };
                let spread = |codes: &Matrix, axis: usize| {
                    let middle = mean(codes, axis);
                    ((0..codes.rows()).map(|row| (f64::from(codes.row(row)[axis]) - middle).powi(2)).sum::<f64>() / codes.rows() as f64)
                        .sqrt()
                };
                for axis in 0..k {
                    let (ours, theirs) = (mean(&many, axis), mean(&fitted, axis));
                    let (own, wanted) = (spread(&many, axis), spread(&fitted, axis));
                    assert!(
                        (ours - theirs).abs() < 0.3 * wanted.max(own) + 1e-5,
                        "{name}: dimension {axis} is {ours} on average, not {theirs}"
                    );
                    assert!(
                        own < 3.0 * wanted + 1e-5 && wanted < 3.0 * own + 1e-5,
                        "{name}: dimension {axis} has spread {own}, not {wanted}"
                    );
                }
            }
        }
    }
}
