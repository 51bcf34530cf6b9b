use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::*;
use crate::arrow::array::{ArrayRef, StringArray};
use crate::data::{Metadata, PrepareOptions};
use crate::linalg::{Matrix, OwnedRows};
use crate::random::Random;
use crate::{Observations, Preparation, Space, registry};

fn run() -> Run {
    Run::new(3, 2).unwrap()
}

/// Rows `from` and on of a made-up table of four columns.
fn waves(n: usize, from: usize) -> Matrix {
    Matrix::from_fn(n, 4, |i, j| {
        let (row, column) = ((i + from) as f64, j as f64);
        let step = if (i + from).is_multiple_of(3) { column } else { 0.0 };
        ((0.37 * row * (column + 1.0) + column).sin() * (1.0 + column) + step) as f32
    })
}

/// Labels by the product of the first two columns.
fn label(row: &[f32]) -> &'static str {
    match f64::from(row[0]) * f64::from(row[1]) {
        product if product < -0.3 => "a",
        product if product < 0.4 => "b",
        _ => "c",
    }
}

fn labels(rows: &Matrix, of: impl Fn(&[f32]) -> Option<&'static str>) -> Metadata {
    let cells = (0..rows.rows()).map(|row| of(rows.row(row))).collect::<StringArray>();
    Metadata::from_columns(vec![("kind".to_owned(), Arc::new(cells) as ArrayRef)], rows.rows()).unwrap()
}

fn fit(params: Value, rows: &Matrix, metadata: &Metadata, run: &Run) -> Result<Space> {
    let params: Map<String, Value> = params.as_object().unwrap().clone();
    let observations = Observations::from_matrix("rows", rows.clone());
    let preparation = Preparation::choose(&observations, &PrepareOptions::default(), run)?;
    let method = registry::find("svm")?.with(&params)?;
    Ok(Space::fit(&*method, preparation, &Rows::memory(&OwnedRows::Dense(rows.clone())), metadata, run)?.0)
}

fn encode(space: &Space, rows: &Matrix) -> Matrix {
    space.encode_prepared(&OwnedRows::Dense(rows.clone()), &run()).unwrap()
}

fn predicted(space: &Space, codes: &Matrix) -> String {
    let classifier = space.capabilities().classifier.unwrap();
    (0..codes.rows()).map(|row| classifier.labels()[classifier.predict(codes.row(row))].as_str()).collect()
}

/// Figures of scikit-learn 1.9.1: `SVC(decision_function_shape="ovo", tol=1e-6, **params).fit(A, y)`, its dual objective summed over the
/// pairs, `predict(B)`, and `decision_function` of the first three rows of B; A are the rows 0 to 149 of [`waves`] and B the rows 1000 to
/// 1059, and gamma of rbf is 1 / (4 A.var()).
#[test]
fn objective_decision_values_and_predictions_are_those_of_scikit_learn() {
    let golden: [(Value, f64, &str, [f64; 9]); 4] = [
        (
            json!({}),
            -105.85654509091985,
            "cbacccaaabbaaabccbbaacbaaacbaaaccccaacbbaaabbaaaccccbacccaaa",
            [0.588558, -0.972713, -1.045856, -0.713242, 0.336828, 1.052477, 0.064324, 1.210956, 1.656905],
        ),
        (
            json!({"c": 100}),
            -768.8759906990924,
            "cbbcccaaabbaaabccbbbccbaaacbaaaccccabccbaaabbaaaccccbbcccaaa",
            [-0.354904, -1.106167, -1.272337, -1.014018, 0.222105, 2.240825, -1.166543, 1.60402, 3.066021],
        ),
        (
            json!({"kernel": "linear", "c": 0.5}),
            -71.9942894297203,
            "cbbacbaaabccaabccbbaacbbaabccaaccccbaabbaaabbcabccccbbacbaaa",
            [1.209833, -0.965056, -1.092828, -0.326383, 0.417626, 1.019569, -0.44095, 2.119122, 1.52124],
        ),
        (
            json!({"kernel": "poly", "gamma": 0.2, "degree": 3, "coef0": 1, "c": 2}),
            -13.01936000721302,
            "cbbcccaaabbaaabccbbbccbaaacbaaaccccabccbaaabbaaaccccbbcccaab",
            [-1.337858, -1.020712, -1.161519, -0.999709, 0.519554, 3.367588, -1.382693, 4.195326, 13.967636],
        ),
    ];
    let (rows, new) = (waves(150, 0), waves(60, 1000));
    for (mut params, objective, wanted, values) in golden {
        params["target"] = json!("kind");
        // With the tolerance of both by default.
        let space = fit(params.clone(), &rows, &labels(&rows, |row| Some(label(row))), &run()).unwrap();
        let found = space.facts["objective"].as_f64().unwrap();
        assert!((found / objective - 1.0).abs() < 1e-3, "{params}: {found}, not {objective}");
        let codes = encode(&space, &new);
        let other = predicted(&space, &codes).chars().zip(wanted.chars()).filter(|(a, b)| a != b).count();
        assert!(other <= 1, "{params}: {other} of 60 predictions are others");
        params["tol"] = json!(1e-6);
        let space = fit(params.clone(), &rows, &labels(&rows, |row| Some(label(row))), &run()).unwrap();
        let codes = encode(&space, &new);
        assert_eq!(predicted(&space, &codes), wanted, "{params}");
        for (found, value) in codes.as_slice().iter().zip(values) {
            assert!((f64::from(*found) - value).abs() < 2e-4 * value.abs().max(1.0), "{params}: {found}, not {value}");
        }
    }
}

/// Figures of scikit-learn 1.9.1: `OneClassSVM(nu=0.1, tol=1e-6).fit(A).decision_function(B)`, A, B and gamma as above.
#[test]
fn without_labels_it_is_a_one_class_machine() {
    let rows = waves(150, 0);
    let space = fit(json!({"tol": 1e-6}), &rows, &Metadata::none(150), &run()).unwrap();
    let codes = encode(&space, &waves(60, 1000));
    assert_eq!(codes.cols(), 1);
    assert!(space.capabilities().classifier.is_none());
    for (found, wanted) in codes.as_slice().iter().zip([0.373752, 0.659951, -0.000207, 0.00402, 0.00894, -0.014398]) {
        assert!((found - wanted).abs() < 1e-4, "{found}, not {wanted}");
    }
    let outside = encode(&space, &rows).as_slice().iter().filter(|value| **value < -1e-4).count();
    assert!(outside <= 15, "{outside} of 150 rows lie outside");
    assert!(space.facts["support_vectors"].as_u64().unwrap() >= 15);
    // However many may lie outside.
    for nu in [0.001, 0.5, 1.0] {
        let codes = encode(&fit(json!({"nu": nu}), &rows, &Metadata::none(150), &run()).unwrap(), &rows);
        assert!(codes.as_slice().iter().filter(|value| **value < -1e-3).count() as f64 <= 150.0 * nu, "nu {nu}");
    }
}

#[test]
fn the_most_likely_label_is_the_predicted_one_and_probabilities_are_calibrated() {
    let (rows, new) = (waves(600, 0), waves(3000, 10_000));
    let params = json!({"target": "kind", "probability": true});
    let space = fit(params, &rows, &labels(&rows, |row| Some(label(row))), &run()).unwrap();
    let loaded = Space::from_bytes(&space.to_bytes().unwrap(), "test.latent".as_ref()).unwrap();
    let codes = encode(&space, &new);
    let (ours, theirs) = (space.capabilities().classifier.unwrap(), loaded.capabilities().classifier.unwrap());
    let (mut sums, mut right) = ([0.0; 3], [0.0; 3]);
    for row in 0..new.rows() {
        let (code, all) = (codes.row(row), ours.probabilities(codes.row(row)).unwrap());
        assert_eq!(theirs.probabilities(code).unwrap(), all);
        let chosen = ours.predict(code);
        assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-9 && all.iter().all(|p| (0.0..=all[chosen]).contains(p)), "{all:?}");
        // By thirds of how sure it is.
        let third = ((all[chosen] - 1.0 / 3.0) * 4.5) as usize;
        sums[third.min(2)] += 1.0;
        right[third.min(2)] += f64::from(ours.labels()[chosen] == label(new.row(row)));
    }
    let [unsure, .., sure] = [0, 1, 2].map(|third| right[third] / sums[third]);
    assert!(sure > 0.93 && (unsure < 0.75 || sums[0] < 30.0), "{right:?} of {sums:?}");
}

#[test]
fn a_polynomial_of_degree_one_is_the_linear_kernel_and_so_is_a_precomputed_one() {
    let (rows, new) = (waves(90, 0), waves(20, 500));
    let metadata = labels(&rows, |row| Some(label(row)));
    let space = |params: Value, rows: &Matrix| fit(params, rows, &metadata, &run()).unwrap();
    let linear = encode(&space(json!({"target": "kind", "kernel": "linear", "tol": 1e-7}), &rows), &new);
    let poly = json!({"target": "kind", "kernel": "poly", "degree": 1, "gamma": 1, "coef0": 0, "tol": 1e-7});
    let products = |new: &Matrix| {
        let product = |i: usize, j: usize| new.row(i).iter().zip(rows.row(j)).map(|(a, b)| a * b).sum::<f32>();
        Matrix::from_fn(new.rows(), 90, product)
    };
    let given = space(json!({"target": "kind", "kernel": "precomputed", "tol": 1e-7}), &products(&rows));
    for (what, found) in [("poly", encode(&space(poly, &rows), &new)), ("precomputed", encode(&given, &products(&new)))] {
        for (a, b) in found.as_slice().iter().zip(linear.as_slice()) {
            assert!((a - b).abs() < 2e-3, "{what}: {a} and {b}");
        }
    }
    let mut lopsided = products(&rows).as_slice().to_vec();
    lopsided[1] += 5.0;
    let error = fit(json!({"kernel": "precomputed"}), &Matrix::new(90, 90, lopsided).unwrap(), &Metadata::none(90), &run()).err().unwrap();
    assert!(error.to_string().contains("symmetric"), "{error}");
}

#[test]
fn rows_of_the_kernel_that_are_not_kept_give_the_same_machine() {
    let rows = waves(400, 0);
    let metadata = labels(&rows, |row| Some(label(row)));
    for kernel in ["rbf", "poly", "cosine", "linear"] {
        let params = json!({"target": "kind", "kernel": kernel, "tol": 1e-5});
        let whole = encode(&fit(params.clone(), &rows, &metadata, &run()).unwrap(), &rows);
        let few = Run::new(3, 2).unwrap().with_max_memory(Some(1_200_000));
        let method = Svm::default();
        assert!(method.keeps(400, &run()) && !method.keeps(400, &few));
        let parts = encode(&fit(params, &rows, &metadata, &few).unwrap(), &rows);
        for (a, b) in whole.as_slice().iter().zip(parts.as_slice()) {
            assert!((a - b).abs() < 1e-3 * b.abs().max(1.0), "{kernel}: {a} and {b}");
        }
    }
}

#[test]
fn shrinking_ends_where_the_optimality_conditions_hold() {
    // Noise, so that many rows are at their limit and come back.
    let random = Random::new(5, "noise");
    let rows = Matrix::from_fn(2500, 3, |i, j| random.normal(i as u64, j as u64) as f32);
    let metadata = labels(&rows, |row| Some(if f64::from(row[0]) + 0.8 * f64::from((row[1] * 977.0).sin()) > 0.0 { "a" } else { "b" }));
    let params = json!({"target": "kind", "c": 50, "gamma": 1, "tol": 1e-3});
    let space = fit(params, &rows, &metadata, &run()).unwrap();
    assert!(space.facts.get("gap").is_none() && space.facts["steps"].as_u64().unwrap() > 3000);
    // At the optimum: y f >= 1 without a coefficient, <= 1 at the limit, 1 in between; all to the tolerance.
    let codes = encode(&space, &rows);
    let mut tensors = Tensors::default();
    let facts = space.model.store(&mut tensors).unwrap();
    let (support, coefficients) = (tensors.matrix("support", None, None).unwrap(), tensors.matrix("coefficients", None, None).unwrap());
    assert_eq!(facts["counts"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), support.rows() as u64);
    let mut sum = 0.0;
    let key = |row: &[f32]| row.iter().map(|cell| cell.to_bits()).collect::<Vec<u32>>();
    let known: std::collections::HashMap<Vec<u32>, f32> =
        (0..support.rows()).map(|row| (key(support.row(row)), coefficients.row(row)[0])).collect();
    for row in 0..rows.rows() {
        let own = known.get(&key(rows.row(row))).copied().unwrap_or(0.0);
        let side = if metadata.text(0, row).unwrap() == "a" { 1.0 } else { -1.0 };
        let beyond = side * codes.row(row)[0] - 1.0;
        sum += f64::from(own);
        assert!((0.0..=50.0).contains(&(own * side)), "{own}");
        assert!(own.abs() >= 50.0 || beyond > -4e-3, "row {row}: {own}, {beyond}");
        assert!(own == 0.0 || beyond < 4e-3, "row {row}: {own}, {beyond}");
    }
    assert!(sum.abs() < 1e-2, "{sum}");
}

#[test]
fn rows_without_a_label_are_left_out_and_one_label_is_refused() {
    let rows = waves(200, 0);
    let some = |row: &[f32]| Some(label(row)).filter(|_| row[3] > 0.0);
    let known: Vec<u32> = (0..200).filter(|&row| rows.row(row as usize)[3] > 0.0).collect();
    let params = json!({"target": "kind", "gamma": 0.1});
    let part = rows.select(&known);
    let whole = encode(&fit(params.clone(), &rows, &labels(&rows, some), &run()).unwrap(), &rows);
    let alone = encode(&fit(params.clone(), &part, &labels(&part, some), &run()).unwrap(), &rows);
    for (a, b) in whole.as_slice().iter().zip(alone.as_slice()) {
        assert!((a - b).abs() < 5e-3, "{a} and {b}");
    }
    let refused =
        |of: fn(&[f32]) -> Option<&'static str>| fit(params.clone(), &rows, &labels(&rows, of), &run()).err().unwrap().to_string();
    assert_eq!(refused(|_| Some("x")), "labels: all labels in 'kind' are x; SVM separates at least 2 labels.");
    assert_eq!(refused(|_| None), "labels: no row has a label in 'kind'; SVM separates at least 2 labels.");
}

#[test]
fn points_that_a_plane_separates_have_the_widest_margin() {
    // Two points of each label decide; the margin is half their distance.
    let rows = Matrix::new(6, 2, vec![0.0, 1.0, -3.0, 4.0, 0.0, 9.0, 0.0, -1.0, 5.0, -7.0, -2.0, -3.0]).unwrap();
    let metadata = labels(&rows, |row| Some(if row[1] > 0.0 { "above" } else { "below" }));
    let space = fit(json!({"target": "kind", "kernel": "linear", "c": 1e6, "tol": 1e-7}), &rows, &metadata, &run()).unwrap();
    let codes = encode(&space, &Matrix::new(3, 2, vec![0.0, 1.0, 0.0, -1.0, 100.0, 0.0]).unwrap());
    for (found, wanted) in codes.as_slice().iter().zip([1.0, -1.0, 0.0]) {
        assert!((found - wanted).abs() < 1e-4, "{codes:?}");
    }
    assert!((space.facts["objective"].as_f64().unwrap() + 0.5).abs() < 1e-5, "half the squared length of the normal, negated");
}
