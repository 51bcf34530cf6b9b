//! Hidden cells are predicted by every method that encodes and decodes; the visible cells stay.

use latentspace::data::{Metadata, Rows};
use latentspace::linalg::{Matrix, OwnedRows};
use latentspace::method::{Law, Signs, Takes};
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::{Observations, Preparation, Run, Space};
use serde_json::{Map, json};

/// Two causes of eight columns, with noise.
fn table(signs: Signs) -> Matrix {
    let random = Random::new(2, "two causes");
    Matrix::from_fn(240, 8, |i, j| {
        let cause = |axis: u64| random.normal(i as u64, axis) * random.normal(1000 + axis, j as u64);
        let cell = 6.0 + cause(0) + cause(1) + 0.1 * random.normal(2000 + i as u64, j as u64);
        if signs == Signs::NonNegative { cell.round().max(0.0) as f32 } else { cell as f32 }
    })
}

#[test]
fn hidden_cells_are_predicted_and_a_row_is_the_same_alone() {
    let run = Run::new(0, 2).unwrap();
    for entry in METHODS.iter().filter(|entry| entry.info.encodes && entry.info.decodes && entry.info.takes.contains(&Takes::Table)) {
        let (name, table) = (entry.info.name, table(entry.info.signs));
        let observations = Observations::from_matrix("test", table.clone());
        let preparation = Preparation::choose(&observations, &Default::default(), &run).unwrap();
        let prepared = preparation.prepare(&observations, &run).unwrap();
        let mut params = Map::new();
        for parameter in entry.parameters() {
            let value = match parameter.name.as_str() {
                "n_components" => 2,
                "n_iter" | "n_iter_early" | "n_epochs" => 50,
                _ => continue,
            };
            params.insert(parameter.name, json!(value));
        }
        let method = entry.with(&params).unwrap();
        let space = Space::fit(&*method, preparation, &Rows::memory(&prepared), &Metadata::none(240), &run).unwrap().0;
        let (rows, means) = (prepared.table().unwrap(), vec![6.0; 8]);
        let hides = |row: usize, column: usize| (row + 3 * column).is_multiple_of(4);
        let hidden = Matrix::from_fn(40, 8, |i, j| if hides(i, j) { f32::NAN } else { rows.row(i)[j] });
        let found = space.model.complete(&OwnedRows::Dense(hidden.clone()), &means, &run).unwrap();
        let (mut lost, mut null) = (0.0, 0.0);
        for (i, j) in (0..40).flat_map(|i| (0..8).map(move |j| (i, j))) {
            if hides(i, j) {
                lost += f64::from(found.row(i)[j] - rows.row(i)[j]).powi(2);
                null += (f64::from(rows.row(i)[j]) - means[j]).powi(2);
            } else {
                assert_eq!(found.row(i)[j], rows.row(i)[j], "{name}: a visible cell has changed");
            }
        }
        assert!(lost.is_finite(), "{name}: a hidden cell is no number");
        if entry.info.laws.contains(&Law::LeastSquares) {
            assert!(lost < 0.2 * null, "{name}: {lost} of {null}");
        }
        for row in [0, 7, 39] {
            let alone = space.model.complete(&OwnedRows::Dense(hidden.select(&[row])), &means, &run).unwrap();
            assert_eq!(alone.row(0), found.row(row as usize), "{name}: row {row} alone");
        }
    }
}
