use super::*;
use crate::linalg::{Matrix, OwnedRows};
use crate::random::Random;

/// Rows of three independent sources (uniform, Laplacian, two-valued), mixed into five columns.
fn mixture(n: usize) -> (Matrix, [[f64; 3]; 5]) {
    let random = Random::new(8, "sources");
    let mixing = [[1.0, 0.5, -0.3], [0.2, -1.0, 0.7], [-0.6, 0.4, 0.9], [0.8, 0.8, 0.1], [0.3, -0.2, -1.1]];
    let source = |row: usize, which: usize| {
        let u = random.uniform(row as u64, which as u64);
        match which {
            0 => (u - 0.5) * 12_f64.sqrt(),
            1 => (u - 0.5).signum() * -(1.0 - 2.0 * (u - 0.5).abs()).max(1e-12).ln() / 2_f64.sqrt(),
            _ => {
                if u < 0.5 {
                    -1.0
                } else {
                    1.0
                }
            }
        }
    };
    let rows = Matrix::from_fn(n, 5, |row, column| (0..3).map(|which| mixing[column][which] * source(row, which)).sum::<f64>() as f32);
    (rows, mixing)
}

/// The Amari index of the product of an unmixing and a mixing matrix: 0 for a permutation with scales, at most 1.
fn amari(product: &[[f64; 3]; 3]) -> f64 {
    let ratio = |values: [f64; 3]| {
        let largest = values.iter().fold(0.0_f64, |best, value| best.max(value.abs()));
        values.iter().map(|value| value.abs()).sum::<f64>() / largest - 1.0
    };
    let rows: f64 = (0..3).map(|i| ratio(product[i])).sum();
    let columns: f64 = (0..3).map(|j| ratio([product[0][j], product[1][j], product[2][j]])).sum();
    (rows + columns) / 12.0
}

#[test]
fn planted_sources_are_found_by_each_contrast_function() {
    let (rows, mixing) = mixture(6000);
    let run = Run::new(1, 2).unwrap();
    for fun in [Contrast::Logcosh, Contrast::Exp, Contrast::Cube] {
        let method = Ica { n_components: Auto::Value(3), fun, ..Ica::default() };
        let rows = OwnedRows::Dense(rows.clone());
        let fitted = run.install(|| Method::fit(&method, &Rows::memory(&rows), &run)).unwrap();
        let mut tensors = Tensors::default();
        fitted.model.store(&mut tensors).unwrap();
        let unmixing = tensors.matrix("unmixing", Some(3), Some(5)).unwrap();
        let cell = |i: usize, j: usize| (0..5).map(|column| f64::from(unmixing.row(i)[column]) * mixing[column][j]).sum::<f64>();
        let index = amari(&std::array::from_fn(|i| std::array::from_fn(|j| cell(i, j))));
        assert!(index < 0.02, "{fun:?}: {index}");
        // Sources of unit variance, uncorrelated.
        let codes = fitted.model.encode(&rows, &run).unwrap();
        let mean =
            |a: usize, b: usize| (0..6000).map(|row| f64::from(codes.row(row)[a]) * f64::from(codes.row(row)[b])).sum::<f64>() / 6000.0;
        assert!((0..3).all(|a| (0..3).all(|b| (mean(a, b) - f64::from(u8::from(a == b))).abs() < 1e-4)), "{fun:?}");
        assert!(fitted.facts["converged"] == true, "{fun:?}");
        // Three sources make the rows.
        assert!(fitted.measures[1].1.value < 1e-9, "{:?}", fitted.measures);
    }
}

#[test]
fn sources_are_ordered_by_what_they_explain_with_a_positive_largest_entry() {
    let (rows, _) = mixture(2000);
    let run = Run::new(1, 2).unwrap();
    let method = Ica { n_components: Auto::Value(3), ..Ica::default() };
    let fitted = run.install(|| Method::fit(&method, &Rows::memory(&OwnedRows::Dense(rows)), &run)).unwrap();
    let axes = fitted.model.capabilities().axes.unwrap();
    assert!(axes.shares.windows(2).all(|pair| pair[0] >= pair[1]), "{:?}", axes.shares);
    let table = axes.table();
    for axis in 0..3 {
        let largest = table.row(axis).iter().fold(0.0_f32, |best, &cell| if cell.abs() > best.abs() { cell } else { best });
        assert!(largest > 0.0);
    }
}
