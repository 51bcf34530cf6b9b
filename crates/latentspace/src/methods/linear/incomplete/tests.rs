use super::*;
use crate::data::{CellErrors, Precomputed};
use crate::fold::fold;
use crate::linalg::OwnedRows;
use crate::method::{Fitted, Method};
use crate::methods::linear::factor_analysis::FactorAnalysis;
use crate::methods::linear::pca::{Pca, Solver};
use crate::methods::linear::ppca::Ppca;
use crate::params::Auto;

/// Rows of `k` factors with noise, and the loadings `[d, k]`.
fn planted(n: usize, d: usize, k: usize, noise: f64, seed: u64) -> (Matrix, Vec<f64>) {
    let (random, far) = (Random::new(seed, "planted"), 3.0);
    let loadings: Vec<f64> = (0..d * k).map(|at| random.normal(0, at as u64)).collect();
    let cell = |row: usize, column: usize| {
        let factors = (0..k).map(|axis| random.normal(1 + row as u64, axis as u64) * loadings[column * k + axis]);
        (far + factors.sum::<f64>() + noise * random.normal(1 + row as u64, (k + column) as u64)) as f32
    };
    (Matrix::from_fn(n, d, cell), loadings)
}

/// The same rows, of which this share of the cells is missing.
fn with_gaps(rows: &Matrix, share: f64) -> Matrix {
    let random = Random::new(7, "gaps");
    let is_gap = |row: usize, column: usize| random.uniform(row as u64, column as u64) < share;
    Matrix::from_fn(rows.rows(), rows.cols(), |row, column| if is_gap(row, column) { f32::NAN } else { rows.row(row)[column] })
}

/// The largest angle between the spans of loadings `[d, k]` and of axes `[k, d]`, in radians.
fn angle(loadings: &[f64], axes: &Matrix) -> f64 {
    let (k, d) = (axes.rows(), axes.cols());
    let left = Mat::from_fn(d, k, |column, axis| loadings[column * k + axis]).qr().compute_thin_Q();
    let right = Mat::from_fn(d, k, |column, axis| f64::from(axes.row(axis)[column])).qr().compute_thin_Q();
    let cosines = (left.transpose() * &right).singular_values().unwrap();
    cosines[k - 1].min(1.0).acos()
}

fn fit(method: &impl Method, rows: &OwnedRows, beside: &Precomputed) -> Fitted {
    let run = Run::new(0, 2).unwrap();
    run.install(|| method.fit(&Rows::memory(rows).with(beside).unwrap(), &run)).unwrap()
}

fn axes(fitted: &Fitted) -> Matrix {
    fitted.model.capabilities().axes.unwrap().table()
}

fn pca(k: u32) -> Pca {
    Pca { n_components: Auto::Value(k), ..Pca::default() }
}

#[test]
fn rows_without_gaps_have_their_principal_components() {
    let (rows, _) = planted(700, 12, 3, 0.5, 1);
    let known = fit(&pca(3), &OwnedRows::Dense(rows.clone()), &Precomputed::default());
    let found = fit(&pca(3), &OwnedRows::Incomplete(rows), &Precomputed::default());
    for (a, b) in axes(&known).as_slice().iter().zip(axes(&found).as_slice()) {
        assert!((a - b).abs() < 2e-4, "{a} {b}");
    }
    let measure = |fitted: &Fitted| fitted.measures[0].1.value;
    assert!((measure(&known) - measure(&found)).abs() < 1e-6, "{} {}", measure(&known), measure(&found));
}

#[test]
fn a_row_of_weight_3_counts_as_the_row_three_times() {
    let (rows, _) = planted(90, 8, 2, 0.7, 2);
    let times = |row: usize| [1.0_f32, 3.0, 0.0, 1.0][row % 4];
    let weights: Vec<f32> = (0..90).map(times).collect();
    let repeated: Vec<u32> = (0..90).flat_map(|row| vec![row as u32; times(row) as usize]).collect();
    let beside = Precomputed { weights: Some(weights.into()), ..Precomputed::default() };
    let same = |name: &str, method: &dyn Fn(&OwnedRows, &Precomputed) -> Fitted| {
        for gaps in [false, true] {
            let rows = if gaps { OwnedRows::Incomplete(with_gaps(&rows, 0.1)) } else { OwnedRows::Dense(rows.clone()) };
            let (weighted, twice) = (method(&rows, &beside), method(&rows.select(&repeated), &Precomputed::default()));
            // Sums in 32 bits differ in their last digits; where a maximum is searched for, these move it a little more.
            let tolerance = if gaps {
                1e-4
            } else if name == "factor analysis" {
                3e-6
            } else {
                1e-6
            };
            for (a, b) in axes(&weighted).as_slice().iter().zip(axes(&twice).as_slice()) {
                assert!((a - b).abs() < tolerance * (1.0 + b.abs()), "{name}, gaps {gaps}: {a} {b}");
            }
            for ((what, a), (_, b)) in weighted.measures.iter().zip(&twice.measures) {
                assert!((a.value - b.value).abs() < f64::from(tolerance), "{name}, gaps {gaps}: {what} {} {}", a.value, b.value);
            }
        }
    };
    for solver in [Solver::Covariance, Solver::Gram, Solver::Randomized] {
        same("pca", &|rows, beside| fit(&Pca { solver, ..pca(2) }, rows, beside));
    }
    same("ppca", &|rows, beside| fit(&Ppca { n_components: Auto::Value(2), ..Ppca::default() }, rows, beside));
    same("factor analysis", &|rows, beside| {
        fit(&FactorAnalysis { n_components: Auto::Value(2), tol: 1e-12, ..FactorAnalysis::default() }, rows, beside)
    });
}

/// A third of the cells is missing: the likelihood is at its maximum, where one more step changes nothing, and the directions are those of the planted
/// factors nearly as well as if no cell were missing.
#[test]
fn directions_are_found_though_cells_are_missing() {
    let (rows, loadings) = planted(500, 60, 5, 0.5, 3);
    let gaps = OwnedRows::Incomplete(with_gaps(&rows, 0.3));
    let (whole, found) = (fit(&pca(5), &OwnedRows::Dense(rows), &Precomputed::default()), fit(&pca(5), &gaps, &Precomputed::default()));
    let (whole, missing) = (angle(&loadings, &axes(&whole)), angle(&loadings, &axes(&found)));
    assert!(missing < 1.35 * whole, "{missing} {whole}");
    assert!(found.facts["converged"] == true && found.facts["solver"] == "em");
    let run = Run::new(0, 1).unwrap();
    let maximum = |n_iter: usize| {
        let beside = Beside::default();
        let solver = Incomplete::new(Count::Known(5), Noise::Common, beside, "", 0, |found: Maximum, _: &Run| Ok(found)).until(0.0, n_iter);
        run.install(|| fold(&solver, &Rows::memory(&gaps), "", &run)).unwrap()
    };
    let (soon, late) = (maximum(found.facts["rounds"].as_u64().unwrap() as usize), maximum(400));
    assert!(late.log_likelihood - soon.log_likelihood < 1e-6, "{} {}", soon.log_likelihood, late.log_likelihood);
    let late = Matrix::from_fn(5, 60, |axis, column| late.loadings[column * 5 + axis] as f32);
    assert!(missing < 1.001 * angle(&loadings, &late));
}

/// Half of the columns are ten times as noisy in half of the rows: who knows it finds the directions better.
#[test]
fn errors_tell_which_cells_to_trust() {
    let (rows, loadings) = planted(400, 30, 3, 0.0, 4);
    let random = Random::new(5, "errors");
    let error = |row: usize, column: usize| if (row + column).is_multiple_of(2) { 0.3 } else { 3.0_f32 };
    let noisy = Matrix::from_fn(400, 30, |row, column| {
        rows.row(row)[column] + error(row, column) * random.normal(row as u64, column as u64) as f32
    });
    let errors = CellErrors::new("errors", Matrix::from_fn(400, 30, error), None, 400).unwrap();
    let beside = Precomputed { errors: Some(errors), ..Precomputed::default() };
    let noisy = OwnedRows::Dense(noisy);
    let (blind, seeing) = (fit(&pca(3), &noisy, &Precomputed::default()), fit(&pca(3), &noisy, &beside));
    let chi = seeing.facts["reduced_chi_squared"].as_f64().unwrap();
    assert!((chi - 1.0).abs() < 0.05, "{chi}");
    let (blind, seeing) = (angle(&loadings, &axes(&blind)), angle(&loadings, &axes(&seeing)));
    assert!(seeing < 0.5 * blind, "{seeing} {blind}");
    // An infinite error is a missing cell.
    let hidden = |row: usize, column: usize| if (row + 3 * column).is_multiple_of(7) { f32::INFINITY } else { 1.0 };
    let errors = CellErrors::new("errors", Matrix::from_fn(400, 30, hidden), None, 400).unwrap();
    let beside = Precomputed { errors: Some(errors), ..Precomputed::default() };
    let gaps = Matrix::from_fn(400, 30, |row, column| if hidden(row, column) > 1.0 { f32::NAN } else { rows.row(row)[column] });
    let as_errors = fit(&Ppca { n_components: Auto::Value(3), ..Ppca::default() }, &OwnedRows::Dense(rows), &beside);
    let as_gaps = fit(&Ppca { n_components: Auto::Value(3), ..Ppca::default() }, &OwnedRows::Incomplete(gaps), &Precomputed::default());
    for (a, b) in axes(&as_errors).as_slice().iter().zip(axes(&as_gaps).as_slice()) {
        assert!((a - b).abs() < 1e-4 * (1.0 + b.abs()), "{a} {b}");
    }
}

#[test]
fn factors_and_their_number_are_found_though_cells_are_missing() {
    let (rows, _) = planted(3000, 10, 2, 0.8, 6);
    let method = FactorAnalysis { n_components: Auto::Value(2), ..FactorAnalysis::default() };
    let whole = fit(&method, &OwnedRows::Dense(rows.clone()), &Precomputed::default());
    let same = fit(&method, &OwnedRows::Incomplete(rows.clone()), &Precomputed::default());
    for (a, b) in axes(&whole).as_slice().iter().zip(axes(&same).as_slice()) {
        assert!((a - b).abs() < 2e-3, "{a} {b}");
    }
    let likelihood = |fitted: &Fitted| fitted.facts["training_log_likelihood_per_row"].as_f64().unwrap();
    assert!((likelihood(&whole) - likelihood(&same)).abs() < 1e-5, "{} {}", likelihood(&whole), likelihood(&same));
    let chosen = fit(&FactorAnalysis::default(), &OwnedRows::Incomplete(with_gaps(&rows, 0.2)), &Precomputed::default());
    assert_eq!(chosen.model.n_components(), 2);
    // Missing cells are predicted from the others better than by the mean.
    let gaps = with_gaps(&rows, 0.2);
    let run = Run::new(0, 2).unwrap();
    let filled = chosen.model.complete(&OwnedRows::Dense(gaps.clone()), &[0.0; 10], &run).unwrap();
    let (mut error, mut spread) = (0.0, 0.0);
    for ((gap, &filled), &cell) in gaps.as_slice().iter().zip(filled.as_slice()).zip(rows.as_slice()) {
        if gap.is_nan() {
            error += f64::from(filled - cell).powi(2);
            spread += f64::from(cell - 3.0).powi(2);
        } else {
            assert_eq!(*gap, filled);
        }
    }
    assert!(error < 0.7 * spread, "{error} {spread}");
}

#[test]
fn a_column_without_any_value_is_refused_and_a_row_without_any_is_not() {
    let (rows, _) = planted(50, 5, 1, 0.5, 8);
    let empty = Matrix::from_fn(50, 5, |row, column| if column == 3 { f32::NAN } else { rows.row(row)[column] });
    let run = Run::new(0, 1).unwrap();
    let error = run.install(|| pca(1).fit(&Rows::memory(&OwnedRows::Incomplete(empty)), &run)).err().unwrap();
    assert!(error.to_string().contains("column 4") && error.to_string().contains("no known cell"), "{error}");
    let gone = Matrix::from_fn(50, 5, |row, column| if row == 3 { f32::NAN } else { rows.row(row)[column] });
    let found = fit(&pca(1), &OwnedRows::Incomplete(gone.clone()), &Precomputed::default());
    let filled = found.model.complete(&OwnedRows::Dense(gone), &[0.0; 5], &run).unwrap();
    let code = found.model.encode(&OwnedRows::Dense(filled), &run).unwrap();
    assert!(code.row(3)[0].abs() < 1e-4, "{}", code.row(3)[0]);
}
