use super::*;
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
