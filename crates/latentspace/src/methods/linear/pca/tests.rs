use super::subspace::orthonormal;
use super::*;
use crate::data::Stream;
use crate::fold::Step;
use crate::linalg::{Matrix, OwnedRows, SparseMatrix, thin_svd};
use crate::methods::linear::frame::column_means;
use crate::random::Random;

/// An ellipsoid in 6 dimensions, turned by a fixed rotation, far from the origin.
fn ellipsoid(n: usize) -> Matrix {
    let random = Random::new(2, "ellipsoid");
    let axes = [9.0, 5.0, 3.0, 1.0, 0.5, 0.1];
    let start: Vec<f64> = (0..36).map(|at| random.normal(1, at)).collect();
    let rotation = orthonormal(&start, 6, 6).unwrap();
    let rows: Vec<[f64; 6]> = (0..n).map(|i| std::array::from_fn(|j| random.normal(2 + i as u64, j as u64) * axes[j])).collect();
    Matrix::from_fn(n, 6, |i, j| (1000.0 + (0..6).map(|a| rows[i][a] * f64::from(rotation.row(j)[a])).sum::<f64>()) as f32)
}

fn fit(solver: Solver, table: &Matrix, k: u32) -> PcaModel {
    let method = Pca { n_components: Auto::Value(k), solver, whiten: false };
    let prepared = OwnedRows::Dense(table.clone());
    let fitted = crate::method::AnyMethod::fit(&method, &Rows::memory(&prepared), &Run::new(1, 2).unwrap()).unwrap();
    let mut tensors = Tensors::default();
    fitted.model.store(&mut tensors).unwrap();
    PcaModel::load(&tensors, &serde_json::json!({})).unwrap()
}

#[test]
fn every_solver_finds_the_axes_of_an_ellipsoid() {
    let table = ellipsoid(CHUNK + 700);
    let mean = column_means(table.view(), None);
    let centred: Vec<f64> = table.as_slice().iter().enumerate().map(|(at, &v)| f64::from(v) - mean[at % 6]).collect();
    let truth = thin_svd(&centred, table.rows(), 6).unwrap();
    for solver in [Solver::Covariance, Solver::Randomized, Solver::Gram] {
        let small = if solver == Solver::Gram { table.slice(0..600).to_matrix() } else { table.clone() };
        let learned = fit(solver, &small, 3);
        for c in 0..3 {
            if solver != Solver::Gram {
                let variance = truth.values[c].powi(2) / (table.rows() as f64 - 1.0);
                assert!((learned.variances[c] / variance - 1.0).abs() < 1e-5, "{solver:?}: {} {variance}", learned.variances[c]);
            }
            let cosine: f64 = (0..6).map(|j| f64::from(learned.components.row(c)[j]) * truth.vectors[c * 6 + j]).sum();
            assert!(cosine.abs() > if solver == Solver::Gram { 0.99 } else { 0.999_999 }, "{solver:?}: axis {c} at cosine {cosine}");
        }
        assert!(learned.mean.iter().zip(&mean).all(|(a, b)| (a - b).abs() < 1.0));
    }
}

#[test]
fn all_components_decode_to_the_rows() {
    let table = ellipsoid(200);
    let run = Run::new(0, 2).unwrap();
    for whiten in [false, true] {
        let method = Pca { n_components: Auto::Value(6), whiten, ..Pca::default() };
        let prepared = OwnedRows::Dense(table.clone());
        let fitted = crate::method::AnyMethod::fit(&method, &Rows::memory(&prepared), &run).unwrap();
        let codes = fitted.model.encode(&prepared, &run).unwrap();
        let back = fitted.model.decode(&codes, &run).unwrap();
        assert!(back.as_slice().iter().zip(table.as_slice()).all(|(a, b)| (a - b).abs() < 1e-2));
        let share = fitted.measures[0].1.value;
        assert!((share - 1.0).abs() < 1e-9, "{share}");
        if whiten {
            let variance: f32 = codes.as_slice().iter().skip(5).step_by(6).map(|v| v * v).sum::<f32>() / 199.0;
            assert!((variance - 1.0).abs() < 1e-2, "{variance}");
        }
    }
}

#[test]
fn more_components_than_the_data_have_are_refused() {
    let method = Pca { n_components: Auto::Value(11), ..Pca::default() };
    let error = Method::check(&method, Shape::new(60, 10)).unwrap_err();
    assert_eq!(error.to_string(), "n_components: 11 is too large for 60 rows of 10 columns; it is at most 10.");
}

#[test]
fn axes_and_variances_beyond_the_rank_are_those_of_f64() {
    let random = Random::new(6, "rank");
    let factors = |row: u64| -> [f64; 3] { std::array::from_fn(|a| random.normal(row, a as u64) * [30.0, 1.0, 1e-3][a]) };
    // The third direction has 1e-9 of the variance of the first: sums of f32 do not see it.
    let mix: Vec<[f64; 3]> = (0..200).map(|column| std::array::from_fn(|a| random.normal(1000 + column, a as u64))).collect();
    let table = Matrix::from_fn(60, 200, |i, j| factors(i as u64).iter().zip(&mix[j]).map(|(a, b)| a * b).sum::<f64>() as f32);
    let mean = column_means(table.view(), None);
    let centred: Vec<f64> = table.as_slice().iter().enumerate().map(|(at, &v)| f64::from(v) - mean[at % 200]).collect();
    let truth = thin_svd(&centred, 60, 200).unwrap();
    let learned = fit(Solver::Gram, &table, 8);
    for (c, variance) in learned.variances.iter().enumerate() {
        let wanted = truth.values[c].powi(2) / 59.0;
        let least = 1e-13 * learned.variances[0];
        assert!((variance - wanted).abs() < 1e-3 * wanted + least, "{c}: {variance} {wanted}");
    }
    let cosine: f64 = (0..200).map(|j| f64::from(learned.components.row(2)[j]) * truth.vectors[2 * 200 + j]).sum();
    assert!(cosine.abs() > 0.999, "{cosine}");
}

#[test]
fn whitened_codes_have_variance_1_or_none() {
    let random = Random::new(7, "rank");
    // Rank 2 in 30 columns.
    let table = Matrix::from_fn(400, 30, |i, j| {
        (0..2).map(|a| random.normal(i as u64, a) * random.normal(1000 + j as u64, a) * 1e4).sum::<f64>() as f32
    });
    let (run, prepared) = (Run::new(0, 2).unwrap(), OwnedRows::Dense(table));
    for solver in [Solver::Covariance, Solver::Gram, Solver::Randomized] {
        let method = Pca { n_components: Auto::Value(5), whiten: true, solver };
        let fitted = crate::method::AnyMethod::fit(&method, &Rows::memory(&prepared), &run).unwrap();
        let codes = fitted.model.encode(&prepared, &run).unwrap();
        for axis in 0..5 {
            let variance = codes.as_slice().iter().skip(axis).step_by(5).map(|v| f64::from(*v).powi(2)).sum::<f64>() / 399.0;
            let fits = if axis < 2 { (variance - 1.0).abs() < 1e-3 } else { variance < 1e-6 };
            assert!(fits, "{solver:?}: axis {axis} has the variance {variance}");
        }
    }
}

/// Documents of a few subjects: counts, of which a few in a hundred are not 0.
fn documents(rows: usize, cols: usize) -> SparseMatrix {
    let random = Random::new(12, "documents");
    let cell = |row: usize, column: usize| {
        let share = if column % 7 == row % 7 { 0.06 } else { 0.01 };
        if random.uniform(row as u64, column as u64) < share { 1.0 + (column % 3) as f32 } else { 0.0 }
    };
    SparseMatrix::of(&Matrix::from_fn(rows, cols, cell))
}

#[test]
fn sparse_rows_have_the_axes_of_dense_ones() {
    let run = Run::new(1, 2).unwrap();
    // Rows gathered and decomposed whole, gathered in a Krylov space, and columns by rounds.
    for (n, d, k) in [(150, 1300, 6), (500, 1300, 12), (1500, 1100, 12)] {
        let counts = documents(n, d);
        let dense = counts.view().to_matrix().unwrap();
        let sparse = OwnedRows::Sparse(counts);
        let method = Pca { n_components: Auto::Value(k as u32), ..Pca::default() };
        assert!(method.is_sparse(method.solver(sparse.shape()), sparse.shape()));
        let fitted = crate::method::AnyMethod::fit(&method, &Rows::memory(&sparse), &run).unwrap();
        let mut tensors = Tensors::default();
        fitted.model.store(&mut tensors).unwrap();
        let exact = crate::method::AnyMethod::fit(&Pca { solver: Solver::Covariance, ..method }, &Rows::memory(&sparse), &run).unwrap();
        let mut wanted = Tensors::default();
        exact.model.store(&mut wanted).unwrap();
        for (found, wanted) in tensors.f64("variances", Some(k)).unwrap().iter().zip(wanted.f64("variances", Some(k)).unwrap()) {
            assert!((found / wanted - 1.0).abs() < 1e-4, "{n} x {d}: {found} {wanted}");
        }
        for (place, (found, wanted)) in fitted.measures.iter().zip(&exact.measures).enumerate() {
            assert!((found.1.value / wanted.1.value - 1.0).abs() < 1e-4, "{place}: {} {}", found.1.value, wanted.1.value);
        }
        // What is told to be lost is what decoding loses, and codes are those of the same rows as a table.
        let codes = fitted.model.encode(&sparse, &run).unwrap();
        let back = fitted.model.decode(&codes, &run).unwrap();
        let lost: f64 = back.as_slice().iter().zip(dense.as_slice()).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>() / (n * d) as f64;
        assert!((fitted.measures[1].1.value / lost - 1.0).abs() < 1e-5, "{} {lost}", fitted.measures[1].1.value);
        let as_table = fitted.model.encode(&OwnedRows::Dense(dense), &run).unwrap();
        assert!(codes.as_slice().iter().zip(as_table.as_slice()).all(|(a, b)| (a - b).abs() < 1e-4));
    }
}

#[test]
fn sparse_rows_of_low_rank_have_orthonormal_axes() {
    let kinds = documents(4, 2000);
    let counts = kinds.select(&(0..40).map(|row| row % 4).collect::<Vec<u32>>());
    let (run, sparse) = (Run::new(1, 2).unwrap(), OwnedRows::Sparse(counts));
    let fitted =
        crate::method::AnyMethod::fit(&Pca { n_components: Auto::Value(8), ..Pca::default() }, &Rows::memory(&sparse), &run).unwrap();
    let mut tensors = Tensors::default();
    fitted.model.store(&mut tensors).unwrap();
    let axes = tensors.matrix("components", Some(8), Some(2000)).unwrap();
    for a in 0..8 {
        for b in 0..=a {
            let inner: f64 = axes.row(a).iter().zip(axes.row(b)).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            assert!((inner - f64::from(u8::from(a == b))).abs() < 1e-6, "{a} {b}: {inner}");
        }
    }
    assert!(fitted.measures[1].1.value < 1e-12, "{}", fitted.measures[1].1.value);
}

/// Counts as a stream of blocks that do not fit the chunks.
struct Blocks(OwnedRows);

impl Stream for Blocks {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn cols(&self) -> usize {
        self.0.cols()
    }

    fn are_counts(&self) -> bool {
        true
    }

    fn blocks_from(&self, first: usize) -> crate::Result<Box<dyn Iterator<Item = crate::Result<OwnedRows>> + Send + '_>> {
        let rows = |at: usize| (at as u32..(at + 999).min(self.rows()) as u32).collect::<Vec<u32>>();
        Ok(Box::new((first..self.rows()).step_by(999).map(move |at| Ok(self.0.select(&rows(at))))))
    }
}

#[test]
fn sparse_rows_that_stream_by_and_in_shares_give_the_bytes_of_those_in_memory() {
    for (n, d) in [(300, 1200), (CHUNK + 900, 1100)] {
        let sparse = OwnedRows::Sparse(documents(n, d));
        let method = Pca { n_components: Auto::Value(4), ..Pca::default() };
        let bytes = |fitted: &Fitted| {
            let mut tensors = Tensors::default();
            fitted.model.store(&mut tensors).unwrap();
            let measures: Vec<u64> = fitted.measures.iter().map(|(_, measure)| measure.value.to_bits()).collect();
            (
                tensors.matrix("components", None, None).unwrap().as_slice().to_vec(),
                tensors.f64("variances", None).unwrap().to_vec(),
                measures,
            )
        };
        let fit =
            |rows: &Rows<'_>, threads: usize| bytes(&crate::method::AnyMethod::fit(&method, rows, &Run::new(1, threads).unwrap()).unwrap());
        let stream = Blocks(sparse.clone());
        let memory = fit(&Rows::memory(&sparse), 1);
        assert!(memory == fit(&Rows::stream(&stream), 3), "{n} x {d}: other numbers");
        let run = Run::new(1, 2).unwrap();
        let fold = Method::folding(&method, sparse.shape(), &run).unwrap();
        let rows = Rows::stream(&stream);
        let chunks = n.div_ceil(CHUNK);
        let mut state = fold.start(&rows).unwrap();
        let shared = run.install(|| {
            loop {
                let parts: Vec<_> =
                    (0..chunks).rev().flat_map(|chunk| fold.share(&state, &rows, chunk..chunk + 1, &run).unwrap()).collect();
                match fold.solve(&state, &parts, chunks, &run).unwrap() {
                    Step::Again(next) => state = next,
                    Step::Done(fitted) => break fitted,
                }
            }
        });
        assert!(memory == bytes(&shared), "{n} x {d}: other numbers in shares");
    }
}
