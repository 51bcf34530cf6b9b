use serde_json::{Map, Value, json};

use super::fourier_features::FourierFeatures;
use super::kernel_pca::KernelPca;
use super::nystroem::Nystroem;
use super::*;
use crate::attributes::{Fit, Found};
use crate::data::Rows;
use crate::linalg::{Matrix, OwnedRows, symmetric_eigen};
use crate::method::{AnyMethod, Fitted, Method};
use crate::methods::linear::pca::Pca;
use crate::random::Random;
use crate::registry;
use crate::run::Run;
use crate::tensors::{Tensor, Tensors};

fn run() -> Run {
    Run::new(3, 2).unwrap()
}

fn fit(method: &dyn AnyMethod, rows: &Matrix) -> Result<Fitted> {
    method.fit(&Rows::memory(&OwnedRows::Dense(rows.clone())), &run())
}

fn kernel_pca(k: u32, params: Value) -> Box<dyn AnyMethod> {
    let mut params: Map<String, Value> = params.as_object().unwrap().clone();
    params.insert("n_components".to_owned(), json!(k));
    registry::find("kernel-pca").unwrap().with(&params).unwrap()
}

fn encode(fitted: &Fitted, rows: &Matrix) -> Matrix {
    fitted.model.encode(&OwnedRows::Dense(rows.clone()), &run()).unwrap()
}

fn tensors(fitted: &Fitted) -> Tensors {
    let mut tensors = Tensors::default();
    fitted.model.store(&mut tensors).unwrap();
    tensors
}

/// Rows `from` and on of a made-up table of four columns.
fn waves(n: usize, from: usize) -> Matrix {
    Matrix::from_fn(n, 4, |i, j| {
        let (row, column) = ((i + from) as f64, j as f64);
        let step = if (i + from).is_multiple_of(3) { column } else { 0.0 };
        ((0.37 * row * (column + 1.0) + column).sin() * (1.0 + column) + step) as f32
    })
}

fn noise(n: usize, d: usize, seed: u64) -> Matrix {
    let random = Random::new(seed, "noise");
    Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32)
}

/// exp(-gamma |a - b|²)
fn gaussian(a: &[f32], b: &[f32], gamma: f64) -> f64 {
    (-gamma * a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>()).exp()
}

/// Figures of scikit-learn 1.9.1: `KernelPCA(3, eigen_solver="dense", **params).fit(A)`, its `eigenvalues_` and `abs(transform(B))` in 64
/// bits, where A are the rows 0 to 59 of [`waves`] and B the rows 100 to 102, and gamma of rbf is 1 / (4 A.var()).
#[test]
fn eigenvalues_and_codes_of_new_rows_are_those_of_scikit_learn() {
    let golden: [(Value, [f64; 3], [f64; 9]); 5] = [
        (
            json!({}),
            [9.304097662572273, 7.414085810543023, 4.863743183617698],
            [0.0532209553, 0.2770398457, 0.4658220651, 0.4946284481, 0.4083658624, 0.1533823166, 0.1558117415, 0.5487928928, 0.2188313415],
        ),
        (
            json!({"kernel": "poly", "gamma": 0.2, "degree": 3, "coef0": 1}),
            [7807.655181283707, 2731.503412124056, 894.344963737547],
            [
                5.1034646971,
                0.4722534459,
                0.1280157972,
                7.1534992744,
                2.2209426746,
                1.1845473251,
                10.7290890600,
                13.0184760976,
                10.6291705120,
            ],
        ),
        (
            json!({"kernel": "cosine"}),
            [26.481015304254285, 17.92531865144355, 9.90562028070677],
            [0.3862344760, 0.4739708202, 0.6050853137, 0.6838863710, 0.3535305712, 0.0626549494, 0.3530866610, 0.6565826174, 0.3337039413],
        ),
        (
            json!({"kernel": "linear"}),
            [622.9009531720603, 323.8321968050474, 128.52160716185523],
            [0.5056402158, 0.9191858859, 1.0195218257, 3.3085609638, 1.2222991283, 0.0207265175, 2.8935830024, 3.4997468596, 2.0157550922],
        ),
        (
            json!({"kernel": "poly", "gamma": 0.05, "degree": 2.5, "coef0": 3}),
            [461.17640896018537, 231.40989855272488, 90.00827877730248],
            [0.7687816700, 0.7757010692, 0.7648782074, 2.8881830126, 0.9657258689, 0.0146143279, 2.7590097109, 3.2820543706, 1.7461477505],
        ),
    ];
    for (params, values, codes) in golden {
        let fitted = fit(&*kernel_pca(3, params.clone()), &waves(60, 0)).unwrap();
        for (found, wanted) in tensors(&fitted).f64("eigenvalues", Some(3)).unwrap().iter().zip(values) {
            assert!((found / wanted - 1.0).abs() < 1e-6, "{params}: {found} {wanted}");
        }
        for (found, wanted) in encode(&fitted, &waves(3, 100)).as_slice().iter().zip(codes) {
            assert!((f64::from(found.abs()) - wanted).abs() < 2e-5 * wanted.max(1.0), "{params}: {found} {wanted}");
        }
    }
}

#[test]
fn few_components_of_many_rows_are_those_of_the_whole_matrix() {
    // 1,100 rows have tiles of three sizes, and an odd number of rows in the last.
    let (n, k, gamma) = (1101, 6, 0.05);
    let rows = noise(n, 7, 1);
    let kernel: Vec<f64> = (0..n * n).map(|at| gaussian(rows.row(at / n), rows.row(at % n), gamma)).collect();
    let means: Vec<f64> = kernel.chunks_exact(n).map(|row| row.iter().sum::<f64>() / n as f64).collect();
    let mean = means.iter().sum::<f64>() / n as f64;
    let centered: Vec<f64> = kernel.iter().enumerate().map(|(at, value)| value - means[at / n] - means[at % n] + mean).collect();
    let truth = symmetric_eigen(&centered, n, k, || Ok(())).unwrap();
    let fitted = fit(&*kernel_pca(k as u32, json!({"gamma": gamma})), &rows).unwrap();
    for (found, wanted) in tensors(&fitted).f64("eigenvalues", Some(k)).unwrap().iter().zip(&truth.values) {
        assert!((found / wanted - 1.0).abs() < 1e-6, "{found} {wanted}");
    }
    let codes = fitted.codes.as_ref().unwrap();
    for axis in 0..k {
        for row in 0..n {
            let wanted = truth.vectors[axis * n + row] * truth.values[axis].sqrt();
            assert!((f64::from(codes.row(row)[axis]) - wanted).abs() < 1e-4, "{row}, {axis}: {} {wanted}", codes.row(row)[axis]);
        }
    }
    let again = encode(&fitted, &rows);
    assert!(again.as_slice().iter().zip(codes.as_slice()).all(|(a, b)| (a - b).abs() < 2e-5));
    let trace = n as f64 * (1.0 - mean);
    let explained = fitted.measures.iter().find(|(name, _)| *name == "explained_variance").unwrap().1.value;
    assert!((explained - truth.values.iter().sum::<f64>() / trace).abs() < 1e-6, "{explained}");
}

#[test]
fn tiles_that_memory_does_not_hold_give_the_same_bytes() {
    let rows = noise(1500, 3, 2);
    let method = KernelPca { n_components: crate::params::Auto::Value(3), ..KernelPca::default() };
    let bytes = |limit: Option<u64>| {
        let run = Run::new(3, 2).unwrap().with_max_memory(limit);
        let plan = Method::plan(&method, Shape::new(1500, 3), &run);
        let fitted = AnyMethod::fit(&method, &Rows::memory(&OwnedRows::Dense(rows.clone())), &run).unwrap();
        (plan.algorithm, fitted.codes.unwrap().as_slice().to_vec())
    };
    let (whole, anew) = (bytes(None), bytes(Some(12 << 20)));
    assert!(!whole.0.contains("anew") && anew.0.contains("anew"), "{} {}", whole.0, anew.0);
    assert!(whole.1 == anew.1);
}

#[test]
fn the_linear_kernel_is_pca_even_far_from_0() {
    let rows = Matrix::from_fn(200, 5, |i, j| 1e5 + waves(200, 0).row(i)[j % 4] * (1 + j) as f32);
    let ours = fit(&*kernel_pca(3, json!({"kernel": "linear"})), &rows).unwrap();
    let pca = fit(&Pca { n_components: crate::params::Auto::Value(3), ..Pca::default() }, &rows).unwrap();
    let (ours, theirs) = (encode(&ours, &rows), encode(&pca, &rows));
    for axis in 0..3 {
        let product: f32 = (0..200).map(|row| ours.row(row)[axis] * theirs.row(row)[axis]).sum();
        for row in 0..200 {
            let (found, wanted) = (ours.row(row)[axis] * product.signum(), theirs.row(row)[axis]);
            assert!((found - wanted).abs() < 2e-3, "{row}, {axis}: {found} {wanted}");
        }
    }
}

#[test]
fn a_precomputed_kernel_gives_the_space_of_its_rows() {
    for n in [90, 700] {
        let (rows, new, gamma) = (noise(n, 4, 5), noise(40, 4, 6), 0.1);
        let kernel = |rows: &Matrix, others: &Matrix| {
            Matrix::from_fn(rows.rows(), others.rows(), |i, j| gaussian(rows.row(i), others.row(j), gamma) as f32)
        };
        let own = fit(&*kernel_pca(4, json!({"gamma": gamma})), &rows).unwrap();
        let given = fit(&*kernel_pca(4, json!({"kernel": "precomputed"})), &kernel(&rows, &rows)).unwrap();
        let (wanted, found) = (encode(&own, &new), encode(&given, &kernel(&new, &rows)));
        assert!(found.as_slice().iter().zip(wanted.as_slice()).all(|(a, b)| (a - b).abs() < 1e-4));
        assert!(given.model.decode(&wanted, &run()).is_err() && given.model.capabilities().kept.is_none());
        let close = Nystroem { n_components: Auto::Value(60), kernel: KernelKind::Precomputed, ..Nystroem::default() };
        let close = fit(&close, &kernel(&rows, &rows)).unwrap();
        let codes = encode(&close, &kernel(&rows, &rows));
        let inner: f32 = codes.row(3).iter().zip(codes.row(5)).map(|(a, b)| a * b).sum();
        assert!((f64::from(inner) - gaussian(rows.row(3), rows.row(5), gamma)).abs() < 0.05, "{inner}");
    }
}

/// The eigenvalues of this matrix: `numpy.linalg.eigvalsh(J @ K @ J)`, numpy 2, in 64 bits.
#[test]
fn negative_eigenvalues_are_told_with_their_share() {
    let rows = waves(60, 0);
    let kernel = Matrix::from_fn(60, 60, |i, j| rows.row(i)[0].min(rows.row(j)[1]) + rows.row(j)[0].min(rows.row(i)[1]));
    let fitted = fit(&*kernel_pca(3, json!({"kernel": "precomputed"})), &kernel).unwrap();
    let share = fitted.facts["negative_eigenvalues_share"].as_f64().unwrap();
    assert!((share - 0.5212596).abs() < 1e-5, "{share}");
    for (found, wanted) in tensors(&fitted).f64("eigenvalues", Some(3)).unwrap().iter().zip([18.07917268, 1.83229098, 0.77310893]) {
        assert!((found - wanted).abs() < 1e-4, "{found} {wanted}");
    }
    // Of many rows, the largest few: a rank of three, one of them negative.
    let rows = noise(1600, 3, 8);
    let kernel = Matrix::from_fn(1600, 1600, |i, j| {
        let (a, b) = (rows.row(i), rows.row(j));
        a[0] * b[0] + 2.0 * a[1] * b[1] - 0.5 * a[2] * b[2]
    });
    let fitted = fit(&*kernel_pca(2, json!({"kernel": "precomputed"})), &kernel).unwrap();
    let share = fitted.facts["negative_eigenvalues_share"].as_f64().unwrap();
    assert!((share - 0.5 / 3.5).abs() < 0.02, "{share}");
}

#[test]
fn bad_input_is_refused_in_a_sentence() {
    let error = |params: Value, rows: Matrix| fit(&*kernel_pca(2, params), &rows).map(|_| ()).unwrap_err().to_string();
    let given = || json!({"kernel": "precomputed"});
    assert!(error(given(), noise(5, 4, 1)).contains("a precomputed kernel is square"));
    assert!(error(given(), noise(5, 5, 1)).contains("a kernel matrix is symmetric"));
    let broken = Matrix::from_fn(5, 5, |i, j| if i + j == 3 { f32::NAN } else { 1.0 });
    assert!(error(given(), broken).contains("kernel values are finite numbers"));
    assert!(error(json!({}), Matrix::from_fn(9, 2, |_, _| 4.0)).contains("needs cells that differ"));
    assert!(error(json!({"kernel": "poly", "degree": 1.5, "coef0": -1}), noise(9, 2, 1)).contains("the degree 1.5 is not whole"));
    assert!(error(json!({"kernel": "poly", "degree": 40, "gamma": 1e30}), noise(9, 2, 1)).contains("must be a number"));
    let few = fit(&*kernel_pca(10, json!({})), &noise(9, 2, 1)).map(|_| ()).unwrap_err().to_string();
    assert_eq!(few, "n_components: 10 is too large for 9 rows; it is at most 9.");
}

#[test]
fn components_beyond_the_rank_are_0() {
    // A plane in four columns, twenty different rows: the linear kernel has rank 2, the Gaussian one 19.
    let plane = noise(20, 2, 3);
    let rows = Matrix::from_fn(400, 4, |i, j| plane.row(i % 20)[0] * j as f32 + plane.row(i % 20)[1] * (1.0 - j as f32).powi(2));
    for (params, k, rank) in [(json!({"kernel": "linear"}), 5, 2), (json!({}), 25, 19), (json!({"kernel": "linear"}), 60, 2)] {
        let fitted = fit(&*kernel_pca(k, params.clone()), &rows).unwrap();
        let codes = encode(&fitted, &rows);
        let spread = |axis: usize| (0..400).map(|row| codes.row(row)[axis].abs()).fold(0.0, f32::max);
        assert!(spread(1) > 1e-3 && (rank..k as usize).all(|axis| spread(axis) == 0.0), "{params}");
        let back = fitted.model.decode(&codes, &run()).unwrap();
        assert!(back.as_slice().iter().all(|cell| cell.is_finite()), "{params}");
    }
}

#[test]
fn decoding_keeps_the_mean_and_brings_back_curved_rows() {
    // A ring far from 0.
    let random = Random::new(4, "ring");
    let ring = |row: u64| {
        let angle = std::f64::consts::TAU * random.uniform(0, row);
        [100.0 + 3.0 * angle.cos(), -50.0 + 3.0 * angle.sin()]
    };
    let table = |from: u64, n: usize| Matrix::from_fn(n, 2, |i, j| ring(from + i as u64)[j] as f32);
    let (rows, new) = (table(0, 600), table(600, 200));
    let fitted = fit(&*kernel_pca(3, json!({})), &rows).unwrap();
    let back = fitted.model.decode(&encode(&fitted, &new), &run()).unwrap();
    let off = back.as_slice().iter().zip(new.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 0.05, "{off}");
    let middle = fitted.model.decode(&Matrix::from_fn(1, 3, |_, _| 0.0), &run()).unwrap();
    assert!((middle.row(0)[0] - 100.0).abs() < 1.0 && (middle.row(0)[1] + 50.0).abs() < 1.0, "{:?}", middle.row(0));
}

#[test]
fn narrow_kernels_far_from_0_keep_their_digits() {
    // Pairs a hundredth apart, a thousand times as far from each other.
    let rows = Matrix::from_fn(60, 2, |i, j| (i / 2) as f32 * 8.0 + if j == 0 { (i % 2) as f32 * 0.0078125 } else { 0.0 });
    let fitted = fit(&*kernel_pca(40, json!({"gamma": 8192.0})), &rows).unwrap();
    // Two rows with the kernel exp(-1/2) and nothing else: sums of pairs have 1 + exp(-1/2), but for the mean.
    let wanted = 1.0 + (-0.5_f64).exp();
    for value in &tensors(&fitted).f64("eigenvalues", Some(40)).unwrap()[..29] {
        assert!((value - wanted).abs() < 1e-6, "{value} {wanted}");
    }
}

#[test]
fn landmarks_approximate_the_kernel_and_all_rows_give_it() {
    let (rows, gamma) = (noise(400, 5, 1), 0.06);
    let error = |method: &dyn AnyMethod| {
        let codes = encode(&fit(method, &rows).unwrap(), &rows);
        let inner = |i: usize, j: usize| codes.row(i).iter().zip(codes.row(j)).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let squares: f64 =
            (0..160_000).map(|at| (inner(at / 400, at % 400) - gaussian(rows.row(at / 400), rows.row(at % 400), gamma)).powi(2)).sum();
        (squares / 160_000.0).sqrt()
    };
    let nystroem = |k: u32, landmarks: u32| Nystroem {
        n_components: Auto::Value(k),
        gamma: Auto::Value(gamma),
        n_landmarks: Auto::Value(landmarks),
        ..Nystroem::default()
    };
    let errors = [(20, 20), (20, 400), (100, 100), (400, 400)].map(|(k, landmarks)| error(&nystroem(k, landmarks)));
    assert!(errors[1] < errors[0] && errors[2] < errors[1] && errors[3] < 1e-4, "{errors:?}");
    let fourier = |k: u32, orthogonal: bool| FourierFeatures { n_components: k, gamma: Auto::Value(gamma), orthogonal };
    let errors = [(50, false), (50, true), (2000, false), (2000, true)].map(|(k, orthogonal)| error(&fourier(k, orthogonal)));
    assert!(errors[1] < errors[0] && errors[2].max(errors[3]) < 0.3 * errors[1], "{errors:?}");
}

#[test]
fn the_order_of_rows_does_not_choose_landmarks() {
    let rows = noise(9000, 3, 4);
    let shuffled = rows.select(&Random::new(1, "order").permutation(0, 9000));
    let method = Nystroem { n_components: Auto::Value(30), gamma: Auto::Value(0.2), n_landmarks: Auto::Value(50), ..Nystroem::default() };
    let landmarks = |rows: &Matrix| tensors(&fit(&method, rows).unwrap()).matrix("landmarks", Some(50), Some(3)).unwrap();
    assert!(landmarks(&rows) == landmarks(&shuffled));
    // Equal rows are one landmark.
    let twice = rows.select(&(0..9000).map(|row| row % 40).collect::<Vec<u32>>());
    let few = tensors(&fit(&method, &twice).unwrap()).matrix("landmarks", None, None).unwrap();
    assert_eq!(few.rows(), 40);
}

#[test]
fn fourier_attributes_are_those_of_scikit_learns_formula() {
    let rows = Matrix::from_fn(50, 3, |i, j| 40.0 + waves(50, 0).row(i)[j]);
    let method = FourierFeatures { n_components: 7, ..FourierFeatures::default() };
    let fitted = fit(&method, &rows).unwrap();
    let mut stored = Tensors::default();
    let model = fitted.model.store(&mut stored).unwrap();
    let parts = Fit { tensors: &stored, model: &model, facts: &fitted.facts, rows: 50 };
    let [weights, offsets] =
        ["random_weights_", "random_offset_"].map(|name| match Method::attribute(&method, name, &parts, &run()).unwrap() {
            Found::Tensor(Tensor::F64(_, values)) => values,
            other => panic!("{other:?}"),
        });
    let codes = encode(&fitted, &rows);
    for row in 0..50 {
        for axis in 0..7 {
            let along: f64 = (0..3).map(|column| f64::from(rows.row(row)[column]) * weights[column * 7 + axis]).sum();
            let wanted = (2.0_f64 / 7.0).sqrt() * (along + offsets[axis]).cos();
            assert!((f64::from(codes.row(row)[axis]) - wanted).abs() < 2e-6, "{row}, {axis}");
        }
    }
}

/// Distances in the feature space by the kernel alone are those of coordinates, where these can be made: of the polynomial kernel of degree 2,
/// whose feature space has a dimension for each pair of columns.
#[test]
fn the_feature_space_is_searched_without_its_coordinates() {
    let (rows, new) = (noise(300, 3, 1), noise(20, 3, 2));
    let fitted = fit(&*kernel_pca(2, json!({"kernel": "poly", "degree": 2, "gamma": 1.0, "coef0": 0.0})), &rows).unwrap();
    let capabilities = fitted.model.capabilities();
    let space = capabilities.feature_space.unwrap();
    let coordinates = |row: &[f32]| -> Vec<f64> { (0..9).map(|at| f64::from(row[at / 3]) * f64::from(row[at % 3])).collect() };
    let found = crate::neighbors::in_feature_space(space, &OwnedRows::Dense(new.clone()), 5, false, &run()).unwrap();
    for row in 0..20 {
        let own = coordinates(new.row(row));
        let apart = |other: usize| own.iter().zip(coordinates(rows.row(other))).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let mut order: Vec<usize> = (0..300).collect();
        order.sort_by(|&a, &b| apart(a).total_cmp(&apart(b)));
        let (indices, distances) = found.row(row);
        assert!(distances.iter().zip(&order).all(|(&found, &other)| (f64::from(found) - apart(other)).abs() < 1e-3), "{distances:?}");
        assert_eq!(indices[0] as usize, order[0]);
    }
    // A fitted row is not its own neighbor, and the Gaussian kernel orders rows as their distances do.
    let fitted = fit(&*kernel_pca(2, json!({})), &rows).unwrap();
    let capabilities = fitted.model.capabilities();
    let found =
        crate::neighbors::in_feature_space(capabilities.feature_space.unwrap(), &OwnedRows::Dense(rows.clone()), 1, true, &run()).unwrap();
    let near = crate::neighbors::exact(rows.view(), 1, crate::neighbors::Metric::Euclidean, &run()).unwrap();
    assert_eq!(found.indices, near.indices);
    assert!(crate::neighbors::in_feature_space(capabilities.feature_space.unwrap(), &OwnedRows::Dense(rows), 300, true, &run()).is_err());
    // A precomputed kernel never saw its rows.
    let fitted =
        fit(&*kernel_pca(2, json!({"kernel": "precomputed"})), &Matrix::from_fn(9, 9, |i, j| f32::from(u8::from(i == j)))).unwrap();
    assert!(fitted.model.capabilities().feature_space.is_none());
}
