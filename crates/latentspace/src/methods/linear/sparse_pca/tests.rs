use super::*;
use crate::random::Random;

fn fit(method: &SparsePca, rows: &Matrix) -> Fitted {
    let run = Run::new(1, 2).unwrap();
    let rows = OwnedRows::Dense(rows.clone());
    run.install(|| Method::fit(method, &Rows::memory(&rows), &run)).unwrap()
}

fn cell(i: usize, j: usize) -> f32 {
    let (x, y) = (i as f64, j as f64);
    ((1.3 * x + 0.7 * x * y + y * y).sin() + 0.5 * (0.9 * x * (j % 3) as f64).cos()) as f32
}

/// scikit-learn 1.9.1: `SparsePCA(3, alpha=2.0, max_iter=5000, tol=1e-12, method="cd", ridge_alpha=0.01, random_state=0).fit(X)`: `error_[-1]` 330.72395, five
/// entries of `components_` that are not 0, and `transform(X[:2])`.
#[test]
fn components_and_codes_equal_those_of_scikit_learn() {
    let rows = Matrix::from_fn(200, 8, cell);
    let fitted = fit(&SparsePca { n_components: Auto::Value(3), alpha: Auto::Value(2.0), tol: 1e-12, ..SparsePca::default() }, &rows);
    let objective = fitted.facts["objective"].as_f64().unwrap();
    assert!(objective < 330.72395 * (1.0 + 1e-6), "{objective}");
    let wanted: [(&[(usize, f32)], [f32; 2]); 3] = [
        (&[(1, 0.70346), (4, 0.71073)], [1.07988, 1.19767]),
        (&[(2, 0.71312), (5, 0.70104)], [0.07086, -0.56962]),
        (&[(7, 1.0)], [-0.46168, -0.67046]),
    ];
    let found = fitted.model.capabilities().axes.unwrap().table();
    let codes = fitted.model.encode(&OwnedRows::Dense(rows), &Run::new(0, 1).unwrap()).unwrap();
    for (entries, two) in wanted {
        let is_this = |axis: &usize| entries.iter().all(|&(column, entry)| (found.row(*axis)[column].abs() - entry).abs() < 1e-3);
        let axis = (0..3).find(is_this).unwrap_or_else(|| panic!("{entries:?} in {:?}", found.as_slice()));
        assert_eq!(found.row(axis).iter().filter(|cell| **cell != 0.0).count(), entries.len());
        let sign = found.row(axis)[entries[0].0].signum();
        (0..2).for_each(|row| assert!((sign * codes.row(row)[axis] - two[row]).abs() < 2e-3, "{}", codes.row(row)[axis]));
    }
}

#[test]
fn without_a_penalty_the_components_span_the_principal_ones() {
    let rows = Matrix::from_fn(300, 8, cell);
    let sparse = fit(&SparsePca { n_components: Auto::Value(3), alpha: Auto::Value(0.0), ridge_alpha: 0.0, ..SparsePca::default() }, &rows);
    let run = Run::new(1, 2).unwrap();
    let owned = OwnedRows::Dense(rows);
    let pca = crate::methods::linear::pca::Pca { n_components: Auto::Value(3), ..Default::default() };
    let pca = run.install(|| Method::fit(&pca, &Rows::memory(&owned), &run)).unwrap();
    assert!((sparse.measures[0].1.value - pca.measures[0].1.value).abs() < 1e-5, "{:?} {:?}", sparse.measures, pca.measures);
}

#[test]
fn planted_components_of_few_columns_are_found() {
    let (random, noise) = (Random::new(4, "scores"), Random::new(5, "noise"));
    // Component c has the columns 5c to 5c + 4; the last five have noise alone.
    let rows = Matrix::from_fn(500, 20, |i, j| {
        let score = if j < 15 { (3.0 - (j / 5) as f64) * random.normal(i as u64, (j / 5) as u64) } else { 0.0 };
        (score + 0.3 * noise.normal(i as u64, j as u64)) as f32
    });
    let fitted = fit(&SparsePca { n_components: Auto::Value(3), ..SparsePca::default() }, &rows);
    let axes = fitted.model.capabilities().axes.unwrap();
    for axis in 0..3 {
        let nonzero: Vec<usize> = (0..20).filter(|&column| axes.weight(axis, column) != 0.0).collect();
        assert_eq!(nonzero, (5 * axis..5 * axis + 5).collect::<Vec<usize>>());
    }
    assert!(axes.shares.windows(2).all(|pair| pair[0] > pair[1]), "{:?}", axes.shares);
}

#[test]
fn a_large_penalty_leaves_nothing_and_decodes_the_mean() {
    let rows = Matrix::from_fn(50, 8, cell);
    let fitted = fit(&SparsePca { n_components: Auto::Value(3), alpha: Auto::Value(1e3), ..SparsePca::default() }, &rows);
    assert_eq!(fitted.facts["n_nonzero"], 0);
    assert!(fitted.measures[0].1.value.abs() < 1e-6, "{:?}", fitted.measures);
}
