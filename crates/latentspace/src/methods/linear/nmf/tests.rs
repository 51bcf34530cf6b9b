use super::*;
use crate::data::{CellErrors, Precomputed};
use crate::linalg::{Matrix, OwnedRows, SparseMatrix};
use crate::random::Random;

/// Sums of three parts, each on its own columns and some of the next part's.
fn sums(n: usize) -> Matrix {
    let random = Random::new(5, "weights");
    let part = |which: usize, column: usize| {
        if column / 4 == which {
            1.0
        } else if column / 4 == (which + 1) % 3 {
            0.2
        } else {
            0.0
        }
    };
    Matrix::from_fn(n, 12, |row, column| {
        (0..3).map(|which| random.uniform(row as u64, which as u64).powi(3) * part(which, column)).sum::<f64>() as f32
    })
}

fn fit(method: &Nmf, rows: &OwnedRows) -> Fitted {
    let run = Run::new(1, 2).unwrap();
    run.install(|| Method::fit(method, &Rows::memory(rows), &run)).unwrap()
}

#[test]
fn rows_that_are_sums_of_parts_are_decoded_by_both_losses_from_both_starts() {
    let rows = OwnedRows::Dense(sums(400));
    for loss in [Loss::Frobenius, Loss::KullbackLeibler] {
        for init in [Init::Nndsvd, Init::Random] {
            let fitted = fit(&Nmf { n_components: Auto::Value(3), loss, init, n_iter: 2000, tol: 1e-7, ..Nmf::default() }, &rows);
            let error = fitted.measures[1].1;
            assert!(error.value < 2e-4 * error.null.unwrap(), "{loss:?} {init:?}: {error:?}");
            let shares = fitted.model.capabilities().axes.unwrap().shares.into_owned();
            assert!(shares.windows(2).all(|pair| pair[0] >= pair[1]) && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{shares:?}");
        }
    }
}

#[test]
fn sparse_rows_have_the_parts_of_dense_ones() {
    let table = sums(300);
    let sparse = Matrix::from_fn(300, 400, |row, column| if column < 12 { table.row(row)[column] } else { 0.0 });
    for loss in [Loss::Frobenius, Loss::KullbackLeibler] {
        let method = Nmf { n_components: Auto::Value(3), loss, ..Nmf::default() };
        let (a, b) = (fit(&method, &OwnedRows::Sparse(SparseMatrix::of(&sparse))), fit(&method, &OwnedRows::Dense(sparse.clone())));
        let (left, right) = (a.model.capabilities().axes.unwrap().table(), b.model.capabilities().axes.unwrap().table());
        let largest = left.as_slice().iter().fold(0.0_f32, |best, cell| best.max(*cell));
        assert!(left.as_slice().iter().zip(right.as_slice()).all(|(a, b)| (a - b).abs() < 1e-2 * largest), "{loss:?}");
        assert!((a.measures[1].1.value - b.measures[1].1.value).abs() < 1e-3 * b.measures[1].1.null.unwrap(), "{loss:?}");
    }
}

#[test]
fn a_penalty_on_absolute_values_gives_more_zeros() {
    let rows = OwnedRows::Dense(sums(400));
    let zeros = |alpha: f64| {
        let fitted = fit(&Nmf { n_components: Auto::Value(5), alpha, l1_ratio: 1.0, ..Nmf::default() }, &rows);
        fitted.model.capabilities().axes.unwrap().table().as_slice().iter().filter(|cell| **cell == 0.0).count()
    };
    assert!(zeros(0.01) > zeros(0.0), "{} {}", zeros(0.01), zeros(0.0));
}

#[test]
fn a_negative_cell_is_refused_with_its_place() {
    let rows = OwnedRows::Dense(Matrix::from_fn(5, 4, |row, column| if (row, column) == (3, 2) { -0.5 } else { 1.0 }));
    let run = Run::new(1, 2).unwrap();
    let error = Method::fit(&Nmf::default(), &Rows::memory(&rows), &run).err().unwrap().to_string();
    assert!(error.contains("row 4") && error.contains("column 3") && error.contains("-0.5"), "{error}");
}

/// Rows of `k` parts with a little noise.
fn sums_of_parts(n: usize, d: usize, k: usize) -> Matrix {
    let random = Random::new(11, "parts");
    let cell = |row: usize, column: usize| {
        let one = |part: usize| random.uniform(row as u64, part as u64) * random.uniform(1_000_000 + part as u64, column as u64);
        (0..k).map(one).sum::<f64>() as f32 + 0.01 * random.uniform(row as u64, (k + column) as u64) as f32
    };
    Matrix::from_fn(n, d, cell)
}

fn fitted(method: &Nmf, rows: &OwnedRows, beside: &Precomputed) -> Fitted {
    let run = Run::new(0, 2).unwrap();
    run.install(|| method.fit(&Rows::memory(rows).with(beside).unwrap(), &run)).unwrap()
}

#[test]
fn a_row_of_weight_3_counts_as_the_row_three_times() {
    let rows = OwnedRows::Dense(sums_of_parts(80, 9, 2));
    let times = |row: usize| [1.0_f32, 3.0, 0.0, 1.0][row % 4];
    let repeated: Vec<u32> = (0..80).flat_map(|row| vec![row as u32; times(row) as usize]).collect();
    let beside = Precomputed { weights: Some((0..80).map(times).collect::<Vec<_>>().into()), ..Precomputed::default() };
    let both = |method: &Nmf| (fitted(method, &rows, &beside), fitted(method, &rows.select(&repeated), &Precomputed::default()));
    let (weighted, twice) = both(&Nmf { n_components: Auto::Value(2), tol: 0.0, n_iter: 30, ..Nmf::default() });
    let parts = |fitted: &Fitted| fitted.model.capabilities().axes.unwrap().table();
    for (a, b) in parts(&weighted).as_slice().iter().zip(parts(&twice).as_slice()) {
        // Many sums of parts are nearly as good: rounding moves along them.
        assert!((a - b).abs() < 1e-4 * (1.0 + b), "{a} {b}");
    }
    for ((name, a), (_, b)) in weighted.measures.iter().zip(&twice.measures) {
        assert!((a.value - b.value).abs() < 1e-6, "{name} {} {}", a.value, b.value);
    }
    // The divergence starts elsewhere, and ends at the same loss.
    let (weighted, twice) =
        both(&Nmf { n_components: Auto::Value(2), loss: Loss::KullbackLeibler, tol: 0.0, n_iter: 3000, ..Nmf::default() });
    let loss = |fitted: &Fitted| fitted.facts["reconstruction_err"].as_f64().unwrap();
    assert!((loss(&weighted) / loss(&twice) - 1.0).abs() < 1e-3, "{} {}", loss(&weighted), loss(&twice));
}

#[test]
fn missing_cells_are_left_out_and_predicted() {
    let rows = sums_of_parts(300, 20, 3);
    let random = Random::new(3, "gaps");
    let is_gap = |row: usize, column: usize| random.uniform(row as u64, column as u64) < 0.3;
    let gaps = Matrix::from_fn(300, 20, |row, column| if is_gap(row, column) { f32::NAN } else { rows.row(row)[column] });
    let method = Nmf { n_components: Auto::Value(3), n_iter: 1000, tol: 1e-6, ..Nmf::default() };
    let whole = fitted(&method, &OwnedRows::Dense(rows.clone()), &Precomputed::default());
    let found = fitted(&method, &OwnedRows::Incomplete(gaps.clone()), &Precomputed::default());
    let error = |fitted: &Fitted| fitted.measures[1].1.value;
    assert!(error(&found) < 1.1 * error(&whole), "{} {}", error(&found), error(&whole));
    let run = Run::new(0, 2).unwrap();
    let filled = found.model.complete(&OwnedRows::Dense(gaps), &[], &run).unwrap();
    let lost = filled.as_slice().iter().zip(rows.as_slice()).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / (0.3 * 6000.0);
    assert!(lost < 3.0 * error(&whole), "{lost} {}", error(&whole));
}

/// Half of the cells are ten times as noisy: who knows it loses less of the true rows.
#[test]
fn errors_tell_which_cells_to_trust() {
    let rows = sums_of_parts(300, 20, 3);
    let (random, run) = (Random::new(4, "errors"), Run::new(0, 2).unwrap());
    let error = |row: usize, column: usize| if (row + column).is_multiple_of(2) { 0.03 } else { 0.3_f32 };
    let cell =
        |row: usize, column: usize| (rows.row(row)[column] + error(row, column) * random.normal(row as u64, column as u64) as f32).max(0.0);
    let noisy = OwnedRows::Dense(Matrix::from_fn(300, 20, cell));
    let errors = CellErrors::new("errors", Matrix::from_fn(300, 20, error), None, 300).unwrap();
    let beside = Precomputed { errors: Some(errors), ..Precomputed::default() };
    let method = Nmf { n_components: Auto::Value(3), n_iter: 1000, ..Nmf::default() };
    let truth = OwnedRows::Dense(rows.clone());
    let apart = |fitted: &Fitted| {
        let back = fitted.model.decode(&fitted.model.encode(&truth, &run).unwrap(), &run).unwrap();
        back.as_slice().iter().zip(rows.as_slice()).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
    };
    let (blind, seeing) = (apart(&fitted(&method, &noisy, &Precomputed::default())), apart(&fitted(&method, &noisy, &beside)));
    assert!(seeing < 0.5 * blind, "{seeing} {blind}");
}

#[test]
fn what_has_no_update_is_refused() {
    let rows = OwnedRows::Incomplete(sums_of_parts(20, 5, 2));
    let run = Run::new(0, 1).unwrap();
    let method = Nmf { loss: Loss::KullbackLeibler, ..Nmf::default() };
    let error = run.install(|| method.fit(&Rows::memory(&rows), &run)).err().unwrap();
    assert!(error.to_string().contains("frobenius"), "{error}");
}
