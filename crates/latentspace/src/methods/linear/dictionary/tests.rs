use super::*;
use crate::linalg::{Matrix, OwnedRows, SparseMatrix};
use crate::random::Random;

fn fit(method: &Dictionary, rows: &OwnedRows, seed: u64) -> Fitted {
    let run = Run::new(seed, 2).unwrap();
    run.install(|| Method::fit(method, &Rows::memory(rows), &run)).unwrap()
}

/// `k` planted atoms of length 1 in `d` dimensions, and rows that are sums of three of them with noise.
fn planted(n: usize, k: usize, d: usize, noise: f64) -> (Matrix, Matrix) {
    let random = Random::new(9, "planted");
    let length = |atom: usize| (0..d).map(|j| random.normal(atom as u64, j as u64).powi(2)).sum::<f64>().sqrt();
    let lengths: Vec<f64> = (0..k).map(length).collect();
    let atoms = Matrix::from_fn(k, d, |atom, j| (random.normal(atom as u64, j as u64) / lengths[atom]) as f32);
    let (chosen, strength, jitter) = (Random::new(10, "chosen"), Random::new(11, "strength"), Random::new(12, "noise"));
    let mut rows = vec![0.0_f32; n * d];
    for (row, cells) in rows.chunks_exact_mut(d).enumerate() {
        for atom in chosen.sample(row as u64, k, 3) {
            let sign = if strength.uniform(row as u64, 1000 + u64::from(atom)) < 0.5 { -1.0 } else { 1.0 };
            let weight = sign * (1.0 + strength.uniform(row as u64, u64::from(atom)));
            cells.iter_mut().zip(atoms.row(atom as usize)).for_each(|(cell, &value)| *cell += (weight * f64::from(value)) as f32);
        }
        cells.iter_mut().enumerate().for_each(|(j, cell)| *cell += (noise * jitter.normal(row as u64, j as u64)) as f32);
    }
    (atoms, Matrix::new(n, d, rows).unwrap())
}

fn atoms(fitted: &Fitted) -> Matrix {
    fitted.model.capabilities().axes.unwrap().table()
}

#[test]
fn a_planted_dictionary_of_twice_the_dimensions_is_recovered() {
    let (wanted, rows) = planted(4000, 40, 20, 0.02);
    let rows = OwnedRows::Dense(rows);
    for seed in [1, 2] {
        let found =
            atoms(&fit(&Dictionary { n_components: Auto::Value(40), alpha: Auto::Value(0.1), ..Dictionary::default() }, &rows, seed));
        let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>().abs();
        let near = |atom: usize| (0..40).map(|other| cosine(wanted.row(atom), found.row(other))).fold(0.0, f32::max);
        let recovered = (0..40).filter(|&atom| near(atom) >= 0.9).count();
        assert!(recovered >= 36, "seed {seed}: {recovered} of 40");
    }
}

#[test]
fn atoms_have_length_one_fall_in_share_and_their_largest_entry_is_positive() {
    let rows = OwnedRows::Dense(planted(500, 30, 15, 0.05).1);
    let fitted = fit(&Dictionary::default(), &rows, 1);
    let found = atoms(&fitted);
    assert_eq!((found.rows(), found.cols()), (30, 15));
    for atom in 0..30 {
        let largest = found.row(atom).iter().fold(0.0_f32, |best, &cell| if cell.abs() > best.abs() { cell } else { best });
        let length = found.row(atom).iter().map(|&cell| f64::from(cell).powi(2)).sum::<f64>();
        assert!(largest > 0.0 && (length - 1.0).abs() < 1e-5, "{largest} {length}");
    }
    let shares = fitted.model.capabilities().axes.unwrap().shares.into_owned();
    assert!(shares.windows(2).all(|pair| pair[0] >= pair[1]) && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
}

#[test]
fn every_algorithm_learns_as_good_a_dictionary() {
    let rows = OwnedRows::Dense(planted(1000, 24, 12, 0.02).1);
    let objective = |fit_algorithm: Coding| {
        let method = Dictionary { n_components: Auto::Value(24), alpha: Auto::Value(0.2), fit_algorithm, ..Dictionary::default() };
        fit(&method, &rows, 1).facts["objective"].as_f64().unwrap()
    };
    let usual = objective(Coding::Cd);
    for coding in [Coding::Lars, Coding::Fista] {
        assert!((objective(coding) - usual).abs() < 0.02 * usual, "{coding:?}: {} and {usual}", objective(coding));
    }
    let method = Dictionary {
        n_components: Auto::Value(24),
        fit_algorithm: Coding::Omp,
        encode_algorithm: Coding::Omp,
        n_nonzero_coefs: Auto::Value(3),
        ..Dictionary::default()
    };
    let fitted = fit(&method, &rows, 1);
    assert!(fitted.facts["n_nonzero"].as_f64().unwrap() <= 3.0 && fitted.measures[0].1.value > 0.85, "{:?}", fitted.measures);
}

#[test]
fn rows_in_other_units_have_the_same_atoms_and_codes_in_those_units() {
    let table = planted(400, 20, 10, 0.02).1;
    let method = Dictionary { n_components: Auto::Value(20), ..Dictionary::default() };
    let one = fit(&method, &OwnedRows::Dense(table.clone()), 1);
    let run = Run::new(0, 2).unwrap();
    for scale in [2.0_f32.powi(40), 2.0_f32.powi(-90)] {
        let scaled = OwnedRows::Dense(Matrix::from_fn(400, 10, |i, j| scale * table.row(i)[j]));
        let other = fit(&method, &scaled, 1);
        assert!(atoms(&one) == atoms(&other), "{scale}");
        let codes = [one.model.encode(&OwnedRows::Dense(table.clone()), &run).unwrap(), other.model.encode(&scaled, &run).unwrap()];
        assert!(codes[0].as_slice().iter().zip(codes[1].as_slice()).all(|(a, b)| a * scale == *b), "{scale}");
    }
}

#[test]
fn sparse_rows_have_the_dictionary_of_dense_ones() {
    let table = planted(300, 12, 8, 0.0).1;
    let wide = Matrix::from_fn(300, 200, |i, j| if j < 8 { table.row(i)[j] } else { 0.0 });
    let method = Dictionary { n_components: Auto::Value(12), ..Dictionary::default() };
    let (sparse, dense) = (fit(&method, &OwnedRows::Sparse(SparseMatrix::of(&wide)), 1), fit(&method, &OwnedRows::Dense(wide), 1));
    assert!(atoms(&sparse) == atoms(&dense));
}

/// scikit-learn 1.9.1: `DictionaryLearning(16, alpha=0.5, max_iter=1000, tol=1e-8, fit_algorithm="cd", random_state=seed).fit(X - X.mean(0))`, atoms scaled to
/// length 1 and rows coded by `sparse_encode(..., algorithm="lasso_lars", alpha=0.5)`: mean objectives 1.2547, 1.2590, 1.2564 for the seeds 0, 1, 2;
/// `MiniBatchDictionaryLearning(16, alpha=0.5, max_iter=200, batch_size=50)`: 1.2771, 1.2745, 1.2695.
#[test]
fn the_objective_is_no_worse_than_scikit_learns() {
    let cell = |i: usize, j: usize| {
        let (x, y) = (i as f64, j as f64);
        ((1.3 * x + 0.7 * x * y + y * y).sin() + 0.5 * (0.9 * x * (j % 3) as f64).cos()) as f32
    };
    let rows = OwnedRows::Dense(Matrix::from_fn(200, 8, cell));
    let objective = |seed: u64| {
        let method = Dictionary {
            n_components: Auto::Value(16),
            alpha: Auto::Value(0.5),
            batch: 50,
            n_iter: 1000,
            tol: 1e-5,
            ..Dictionary::default()
        };
        fit(&method, &rows, seed).facts["objective"].as_f64().unwrap()
    };
    let all: Vec<f64> = (0..3).map(objective).collect();
    assert!(all.iter().all(|&objective| objective < 1.2695) && all.iter().sum::<f64>() / 3.0 < 1.2567 * 1.005, "{all:?}");
}
