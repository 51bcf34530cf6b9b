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

/// Twelve long-tailed sources in eight columns: most mixing columns are found, and a row is what its sources make.
#[test]
fn more_sources_than_columns_are_found_in_their_mixing_columns() {
    let (n, d, k) = (20_000, 8, 12);
    let random = Random::new(11, "sources");
    let mixing = Matrix::from_fn(d, k, |column, source| random.normal(column as u64, 1000 + source as u64) as f32);
    let source = |row: usize, which: usize| {
        let u = random.uniform(row as u64, which as u64) - 0.5;
        -u.signum() * (1.0 - 2.0 * u.abs()).max(1e-12).ln()
    };
    let cell =
        |row: usize, column: usize| (0..k).map(|which| f64::from(mixing.row(column)[which]) * source(row, which)).sum::<f64>() as f32;
    let rows = OwnedRows::Dense(Matrix::from_fn(n, d, cell));
    let fit = |threads: usize| {
        let run = Run::new(1, threads).unwrap();
        let method = Ica { n_components: Auto::Value(k as u32), ..Ica::default() };
        run.install(|| Method::fit(&method, &Rows::memory(&rows), &run)).unwrap()
    };
    let (fitted, run) = (fit(2), Run::new(1, 2).unwrap());
    let axes = fitted.model.capabilities().axes.unwrap();
    let (found, length) = (axes.table(), |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt());
    let own = |source: usize| (0..d).map(|column| f64::from(mixing.row(column)[source])).collect::<Vec<f64>>();
    let cosine = |source: usize, axis: usize| {
        let (a, b) = (own(source), found.row(axis).iter().map(|&cell| f64::from(cell)).collect::<Vec<f64>>());
        (a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>() / length(&a) / length(&b)).abs()
    };
    let near = (0..k).filter(|&source| (0..k).any(|axis| cosine(source, axis) > 0.9)).count();
    assert!(near >= 8, "{near} of 12");
    assert!(
        (axes.shares.iter().sum::<f64>() - 1.0).abs() < 1e-6 && axes.shares.windows(2).all(|pair| pair[0] >= pair[1]),
        "{:?}",
        axes.shares
    );
    let codes = fitted.model.encode(&rows, &run).unwrap();
    let back = fitted.model.decode(&codes, &run).unwrap();
    let table = rows.table().unwrap();
    assert!(back.as_slice().iter().zip(table.as_slice()).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + b.abs())));
    let variance = |axis: usize| (0..n).map(|row| f64::from(codes.row(row)[axis]).powi(2)).sum::<f64>() / n as f64;
    assert!((0..k).all(|axis| (variance(axis) - 1.0).abs() < 1e-3), "{:?}", (0..k).map(variance).collect::<Vec<f64>>());
    assert_eq!(fit(1).model.encode(&rows, &run).unwrap().as_slice(), codes.as_slice());
    // No more than four times as many as columns.
    let method = Ica { n_components: Auto::Value(33), ..Ica::default() };
    assert!(method.check(Shape::new(n, d)).unwrap_err().to_string().contains("it is at most 32"));
}

/// Five columns of rank three: more sources than columns are sought in three dimensions.
#[test]
fn more_sources_than_columns_take_rows_of_fewer_dimensions() {
    let (rows, _) = mixture(3000);
    let (rows, run) = (OwnedRows::Dense(rows), Run::new(1, 2).unwrap());
    let method = Ica { n_components: Auto::Value(8), ..Ica::default() };
    let fitted = run.install(|| Method::fit(&method, &Rows::memory(&rows), &run)).unwrap();
    let back = fitted.model.decode(&fitted.model.encode(&rows, &run).unwrap(), &run).unwrap();
    assert!(back.as_slice().iter().zip(rows.table().unwrap().as_slice()).all(|(a, b)| (a - b).abs() < 1e-3));
}
