use super::*;
use crate::linalg::{Matrix, SparseMatrix};
use crate::random::Random;

const METRICS: [Metric; 7] =
    [Metric::Euclidean, Metric::Cosine, Metric::InnerProduct, Metric::Manhattan, Metric::Hellinger, Metric::Hamming, Metric::Jaccard];

/// Rows of the kind that the metric is for: not negative, or of few values.
fn suited(rows: &Matrix, metric: Metric) -> Matrix {
    Matrix::from_fn(rows.rows(), rows.cols(), |i, j| match metric {
        Metric::Hellinger => (rows.row(i)[j] - 0.5).max(0.0),
        Metric::Hamming => rows.row(i)[j].round(),
        Metric::Jaccard => (rows.row(i)[j] - 0.5).max(0.0),
        _ => rows.row(i)[j],
    })
}

fn normal(n: usize, d: usize, seed: u64) -> Matrix {
    let random = Random::new(seed, "rows");
    Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32)
}

fn uniform(n: usize, d: usize, seed: u64) -> Matrix {
    let random = Random::new(seed, "rows");
    Matrix::from_fn(n, d, |i, j| random.uniform(i as u64, j as u64) as f32)
}

/// The truth: all distances in f64, straight from their definition.
fn brute(rows: MatrixView<'_>, query: &[f32], own: Option<usize>, k: usize, metric: Metric) -> Vec<(f64, u32)> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let mut all: Vec<(f64, u32)> = (0..rows.rows())
        .filter(|&j| Some(j) != own)
        .map(|j| {
            let row = rows.row(j);
            let distance = match metric {
                Metric::Euclidean => query.iter().zip(row).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>().sqrt(),
                Metric::Cosine => {
                    let lengths = (dot(query, query) * dot(row, row)).sqrt();
                    if lengths > 0.0 { 1.0 - dot(query, row) / lengths } else { 1.0 }
                }
                Metric::InnerProduct => -dot(query, row),
                Metric::Manhattan => query.iter().zip(row).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).sum(),
                Metric::Hellinger => {
                    let total = |row: &[f32]| row.iter().map(|&cell| f64::from(cell)).sum::<f64>();
                    let overlap: f64 = query.iter().zip(row).map(|(a, b)| (f64::from(*a) * f64::from(*b)).sqrt()).sum();
                    let totals = (total(query) * total(row)).sqrt();
                    if totals > 0.0 { (1.0 - overlap / totals).max(0.0).sqrt() } else { 1.0 }
                }
                Metric::Jaccard => {
                    let count = |of: fn(bool, bool) -> bool| query.iter().zip(row).filter(|(a, b)| of(**a != 0.0, **b != 0.0)).count();
                    let (both, either) = (count(|a, b| a && b), count(|a, b| a || b));
                    if both == 0 { 1.0 } else { 1.0 - both as f64 / either as f64 }
                }
                Metric::Hamming => query.iter().zip(row).filter(|(a, b)| a != b).count() as f64 / row.len() as f64,
            };
            (distance, j as u32)
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all.truncate(k);
    all
}

/// Each row found is as near as the true one; the same rows but for ties.
fn assert_true(rows: MatrixView<'_>, found: &Neighbors, metric: Metric) {
    for i in 0..rows.rows() {
        let truth = brute(rows, rows.row(i), Some(i), found.k, metric);
        assert_row(&truth, found.row(i), i);
    }
}

fn assert_row(truth: &[(f64, u32)], (indices, distances): (&[u32], &[f32]), i: usize) {
    assert_eq!(indices.len(), truth.len());
    for (slot, &(distance, index)) in truth.iter().enumerate() {
        let near = (f64::from(distances[slot]) - distance).abs() <= 1e-5 * distance.abs().max(1e-2);
        assert!(near, "row {i}, slot {slot}: {} and in truth {distance}", distances[slot]);
        let tie = truth.iter().any(|other| other.1 != index && (other.0 - distance).abs() <= 1e-9 * distance.abs().max(1.0));
        assert!(indices[slot] == index || tie || slot + 1 == truth.len(), "row {i}, slot {slot}: {} for {index}", indices[slot]);
    }
    let mut different = indices.to_vec();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() == indices.len() && !different.contains(&(i as u32)));
}

#[test]
fn exact_neighbors_are_those_of_brute_force() {
    let run = Run::new(0, 2).unwrap();
    for metric in METRICS {
        for (n, d, k) in [(2, 1, 1), (20, 3, 19), (21, 50, 5), (97, 7, 15), (500, 20, 15), (1000, 131, 3), (3000, 2, 15), (700, 3, 90)] {
            let rows = suited(&normal(n, d, n as u64), metric);
            assert_true(rows.view(), &exact(rows.view(), k, metric, &run).unwrap(), metric);
        }
    }
}

#[test]
fn no_digits_are_lost_far_from_the_origin() {
    let run = Run::new(0, 2).unwrap();
    let near = normal(300, 5, 1);
    // Steps of 1/16 around 500,000 and around 1e-30, and values whose squares overflow.
    let far = Matrix::from_fn(300, 5, |i, j| 500_000.0 + (near.row(i)[j] * 64.0).round() / 16.0);
    let tiny = Matrix::from_fn(300, 5, |i, j| near.row(i)[j] * 1e-30);
    let huge = Matrix::from_fn(300, 5, |i, j| near.row(i)[j] * 1e30);
    for rows in [far, tiny, huge] {
        let found = exact(rows.view(), 10, Metric::Euclidean, &run).unwrap();
        for i in 0..300 {
            let truth = brute(rows.view(), rows.row(i), Some(i), 10, Metric::Euclidean);
            for ((distance, _), found) in truth.iter().zip(found.row(i).1) {
                assert!((f64::from(*found) / distance - 1.0).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn duplicates_and_constant_data_break_ties_by_index() {
    let run = Run::new(0, 2).unwrap();
    let constant = Matrix::from_fn(3000, 4, |_, _| 7.0);
    for search in [exact, approximate] {
        let found = search(constant.view(), 3, Metric::Euclidean, &run).unwrap();
        assert_eq!(found.row(0).0, [1, 2, 3]);
        assert_eq!(found.row(2).0, [0, 1, 3]);
        assert_eq!(found.row(2999), (&[0, 1, 2][..], &[0.0; 3][..]));
    }
    // Every second row is the same one.
    let base = normal(12_000, 6, 2);
    let half = Matrix::from_fn(12_000, 6, |i, j| if i % 2 == 0 { 0.25 } else { base.row(i)[j] });
    for search in [exact, approximate] {
        let found = search(half.view(), 4, Metric::Euclidean, &run).unwrap();
        assert_eq!(found.row(8), (&[0, 2, 4, 6][..], &[0.0; 4][..]));
        for i in [1, 777, 11_999] {
            assert_row(&brute(half.view(), half.row(i), Some(i), 4, Metric::Euclidean), found.row(i), i);
        }
    }
}

#[test]
fn zero_rows_are_at_cosine_distance_1() {
    let run = Run::new(0, 1).unwrap();
    let base = normal(60, 3, 3);
    let rows = Matrix::from_fn(60, 3, |i, j| if i % 10 == 0 { 0.0 } else { base.row(i)[j] });
    let found = exact(rows.view(), 4, Metric::Cosine, &run).unwrap();
    assert_true(rows.view(), &found, Metric::Cosine);
    assert_eq!(found.row(0), (&[1, 2, 3, 4][..], &[1.0; 4][..]));
}

#[test]
fn too_few_rows_and_numbers_that_are_none_are_refused() {
    let run = Run::new(0, 1).unwrap();
    let rows = normal(5, 2, 0);
    let error = exact(rows.view(), 5, Metric::Euclidean, &run).unwrap_err();
    assert_eq!(error.to_string(), "n_neighbors: 5 was given; for 5 rows it is 1 to 4.");
    let bad = Matrix::from_fn(5, 2, |i, j| if (i, j) == (3, 1) { f32::NAN } else { 0.0 });
    let error = neighbors(bad.view(), 1, Metric::Euclidean, &run).unwrap_err();
    assert_eq!(error.to_string(), "data, row 4, column 2: NaN was found; distances need finite numbers.");
    let bad = Matrix::from_fn(5, 2, |i, j| if (i, j) == (3, 1) { -2.5 } else { 1.0 });
    let error = query(bad.view(), bad.view(), 1, Metric::Hellinger, &run).unwrap_err();
    let wanted = "data, row 4, column 2: -2.5 was found; Hellinger distances are of counts or shares, which are not negative.";
    assert_eq!(error.to_string(), wanted);
    run.cancel_flag().set();
    assert!(matches!(exact(rows.view(), 1, Metric::Euclidean, &run), Err(Error::Cancelled)));
}

#[test]
fn the_bytes_do_not_depend_on_threads() {
    let rows = normal(5000, 20, 4);
    for search in [exact, approximate, neighbors] {
        let first = search(rows.view(), 10, Metric::Euclidean, &Run::new(5, 1).unwrap()).unwrap();
        for threads in [2, 3, 8] {
            let again = search(rows.view(), 10, Metric::Euclidean, &Run::new(5, threads).unwrap()).unwrap();
            assert_eq!(first.indices, again.indices);
            assert!(first.distances.iter().zip(&again.distances).all(|(a, b)| a.to_bits() == b.to_bits()));
            assert_eq!(first.recall, again.recall);
        }
    }
}

#[test]
fn a_query_is_answered_the_same_alone_and_in_any_batch() {
    let run = Run::new(0, 2).unwrap();
    for metric in METRICS {
        let (rows, queries) = (suited(&normal(1000, 17, 5), metric), suited(&normal(200, 17, 6), metric));
        let together = query(rows.view(), queries.view(), 12, metric, &run).unwrap();
        for i in [0, 1, 100, 199] {
            let alone = query(rows.view(), queries.slice(i..i + 1), 12, metric, &run).unwrap();
            assert_eq!(alone.row(0).0, together.row(i).0);
            assert!(alone.row(0).1.iter().zip(together.row(i).1).all(|(a, b)| a.to_bits() == b.to_bits()));
            assert_row(&brute(rows.view(), queries.row(i), None, 12, metric), together.row(i), usize::MAX);
        }
    }
}

#[test]
fn most_approximate_neighbors_are_true_in_uniform_clustered_sorted_and_wide_data() {
    let run = Run::new(0, 2).unwrap();
    // 200 numbers a row that mostly follow from 12: scored in few directions.
    let (causes, mixing, rest) = (normal(8000, 12, 10), normal(200, 12, 11), normal(8000, 200, 12));
    let wide =
        Matrix::from_fn(8000, 200, |i, j| causes.row(i).iter().zip(mixing.row(j)).map(|(a, b)| a * b).sum::<f32>() + 0.1 * rest.row(i)[j]);
    let centers = normal(40, 12, 8);
    let noise = normal(20_000, 12, 9);
    let clustered = Matrix::from_fn(20_000, 12, |i, j| 4.0 * centers.row(i % 40)[j] + noise.row(i)[j]);
    let sorted = Matrix::from_fn(20_000, 12, |i, j| 4.0 * centers.row(i / 500)[j] + noise.row(i)[j]);
    for rows in [uniform(20_000, 10, 7), clustered, sorted, wide] {
        let truth = exact(rows.view(), 15, Metric::Euclidean, &run).unwrap();
        let found = approximate(rows.view(), 15, Metric::Euclidean, &run).unwrap();
        let kept: usize = (0..rows.rows()).map(|i| truth.row(i).0.iter().filter(|j| found.row(i).0.contains(j)).count()).sum();
        let recall = kept as f64 / truth.indices.len() as f64;
        assert!(recall >= if rows.cols() == 200 { 0.99 } else { 0.996 }, "{recall}");
        assert!(found.recall.low <= recall && recall <= found.recall.high, "{recall} {:?}", found.recall);
    }
}

#[test]
fn approximate_neighbors_are_as_true_by_other_distances() {
    let run = Run::new(0, 2).unwrap();
    let (centers, noise) = (normal(40, 12, 8), normal(9000, 12, 9));
    let clustered = Matrix::from_fn(9000, 12, |i, j| 3.0 * centers.row(i % 40)[j] + noise.row(i)[j]);
    for metric in [Metric::Manhattan, Metric::Hellinger, Metric::Hamming, Metric::Jaccard] {
        let rows = suited(&clustered, metric);
        let (truth, found) = (exact(rows.view(), 15, metric, &run).unwrap(), approximate(rows.view(), 15, metric, &run).unwrap());
        // Where many are equally far, one is as good as another.
        let as_near = |i: usize| found.row(i).1.iter().filter(|distance| **distance <= truth.row(i).1[14]).count();
        let recall = (0..9000).map(as_near).sum::<usize>() as f64 / (9000.0 * 15.0);
        assert!(recall >= 0.99, "{metric:?} {recall}");
        // The share that is told counts names.
        assert!(found.recall.value < recall + 0.002, "{metric:?} {recall} {:?}", found.recall);
    }
}

/// Keeps what it is told.
#[derive(Default)]
struct Notes(std::sync::Mutex<Vec<String>>);
impl crate::run::Listener for Notes {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

#[test]
fn few_directions_rule_out_no_true_neighbor() {
    let wide = |n: usize, d: usize, causes: usize| {
        let (causes, mixing, rest) = (normal(n, causes, 20), normal(d, causes, 21), normal(n, d, 22));
        let mixed = |i: usize, j: usize| causes.row(i).iter().zip(mixing.row(j)).map(|(a, b)| a * b).sum::<f32>();
        Matrix::from_fn(n, d, |i, j| mixed(i, j) + 0.1 * rest.row(i)[j])
    };
    let rows = wide(3000, 200, 9);
    // Far from the origin, and of lengths from 1e-3 to 1e3; half of them in twos that hardly differ.
    let far = Matrix::from_fn(3000, 200, |i, j| 1000.0 + rows.row(i)[j]);
    let uneven = Matrix::from_fn(3000, 200, |i, j| rows.row(i)[j] * 10.0_f32.powi((i % 7) as i32 - 3));
    let twos = Matrix::from_fn(3000, 200, |i, j| rows.row(i / 2 * 2)[j] + if j == i % 2 { 1e-5 } else { 0.0 });
    let all = [
        (&rows, Metric::Euclidean),
        (&far, Metric::Euclidean),
        (&twos, Metric::Euclidean),
        (&wide(3000, 1100, 9), Metric::Euclidean),
        (&uneven, Metric::Cosine),
        (&twos, Metric::Cosine),
        (&suited(&wide(3000, 200, 3), Metric::Hellinger), Metric::Hellinger),
    ];
    for (rows, metric) in all {
        let notes = std::sync::Arc::new(Notes::default());
        let run = Run::new(0, 2).unwrap().with_listener(notes.clone());
        let truth = run.install(|| super::exact::search(rows.view(), rows.view(), true, 7, metric, &run)).unwrap();
        // As an approximate search would find some farther ones.
        let known: Vec<f32> = truth.distances.iter().enumerate().map(|(at, distance)| distance * (1.0 + (at % 5) as f32 / 50.0)).collect();
        let found = run.install(|| super::bounded::nearest(rows.view(), &known, 7, metric, &run)).unwrap();
        assert!(found.indices == truth.indices && found.distances == truth.distances, "{metric:?}");
        let notes = notes.0.lock().unwrap();
        assert!(notes.iter().any(|note| note.contains("principal directions exclude")), "{metric:?}, {} columns: {notes:?}", rows.cols());
    }
}

/// Rows of which one cell in thirty is not 0, some without any, some twice there.
fn sparse_rows(n: usize, cols: usize) -> Matrix {
    let random = Random::new(30, "sparse rows");
    Matrix::from_fn(n, cols, |i, j| {
        let (row, column) = ((i / 2 * 2) as u64, j as u64);
        let is_there = i % 50 != 7 && random.uniform(row, column) < 0.03;
        if is_there { (random.below(row, 1000 + column, 4) + 1) as f32 * 0.5 } else { 0.0 }
    })
}

#[test]
fn sparse_rows_have_the_neighbors_of_dense_ones() {
    let run = Run::new(0, 2).unwrap();
    let (rows, queries) = (sparse_rows(300, 200), sparse_rows(40, 200));
    let (counts, asked) = (SparseMatrix::of(&rows), SparseMatrix::of(&queries));
    for metric in METRICS {
        let found = Points::Sparse(counts.view()).neighbors(9, metric, &run).unwrap();
        let truth = Points::Dense(rows.view()).neighbors(9, metric, &run).unwrap();
        let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs().max(1.0));
        assert!(near(&found.distances, &truth.distances), "{metric:?}");
        for row in 0..300 {
            let brute = brute(rows.view(), rows.row(row), Some(row), 9, metric);
            assert_row(&brute, found.row(row), row);
        }
        let together = Points::Sparse(counts.view()).query(&Points::Sparse(asked.view()), 5, metric, &run).unwrap();
        for row in 0..40 {
            let alone = Points::Sparse(counts.view()).query(&Points::Sparse(asked.view()).slice(row..row + 1), 5, metric, &run).unwrap();
            assert!(alone.row(0) == together.row(row), "{metric:?}");
        }
        let alone = Points::Sparse(counts.view()).neighbors(9, metric, &Run::new(0, 1).unwrap()).unwrap();
        assert!(alone.indices == found.indices && alone.distances == found.distances, "{metric:?}");
    }
    let few = Points::Sparse(counts.view()).neighbors(300, Metric::Euclidean, &run).unwrap_err();
    assert_eq!(few.to_string(), "n_neighbors: 300 was given; for 300 rows it is 1 to 299.");
    let bad = Matrix::from_fn(3, 60, |i, j| if (i, j) == (1, 4) { -1.0 } else { f32::from(j == i) });
    let counts = SparseMatrix::of(&bad);
    let error = Points::Sparse(counts.view()).neighbors(1, Metric::Hellinger, &run).unwrap_err();
    assert_eq!(error.to_string(), "data, row 2, column 5: -1 was found; Hellinger distances are of counts or shares.");
}

/// Rows in groups: centers at a distance of about 6, and this noise around them.
fn tight(n: usize, d: usize, groups: usize, noise: f32) -> Matrix {
    let (centers, around) = (normal(groups, d, 40), normal(n, d, 41));
    let random = Random::new(42, "groups");
    Matrix::from_fn(n, d, |i, j| centers.row(random.below(0, i as u64, groups as u64) as usize)[j] + noise * around.row(i)[j])
}

/// The neighbors of some rows, by name, are those of f64; where several are as near, those of the smallest index.
fn assert_all(rows: &Matrix, found: &Neighbors, metric: Metric, what: &str) {
    for i in (0..rows.rows()).step_by(rows.rows() / 40) {
        // Cosines are told by what is subtracted before it is squared: the product of two rows loses what lies between near ones.
        let mut all: Vec<(f64, u32)> = (0..rows.rows() as u32)
            .filter(|&j| j as usize != i)
            .map(|j| (super::distance(rows.row(i), rows.row(j as usize), metric), j))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let truth: Vec<u32> = all[..found.k].iter().map(|far| far.1).collect();
        assert_eq!(found.row(i).0, truth, "{what}, {metric:?}, row {i}");
    }
}

#[test]
fn rows_in_tight_groups_have_their_true_neighbors() {
    let run = Run::new(0, 2).unwrap();
    let noises = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7];
    for (at, noise) in noises.into_iter().enumerate() {
        let rows = tight(6000, [20, 6][at % 2], 12, noise);
        for metric in [Metric::Euclidean, Metric::Cosine] {
            let what = format!("noise {noise}");
            let found = approximate(rows.view(), 15, metric, &run).unwrap();
            assert!(found.recall.value > 0.99, "{what}: {:?}", found.recall);
            if found.algorithm == EXACT {
                assert_all(&rows, &found, metric, &what);
            }
            let found = exact(rows.view(), 15, metric, &run).unwrap();
            assert_all(&rows, &found, metric, &what);
        }
    }
}

#[test]
fn groups_of_any_size_and_place_are_searched_right() {
    let run = Run::new(0, 2).unwrap();
    let base = tight(6000, 8, 30, 1e-5);
    let outlier = Matrix::from_fn(6000, 8, |i, j| if i == 17 { 1e6 } else { base.row(i)[j] });
    let copies = Matrix::from_fn(6000, 8, |i, j| base.row(if i % 3 == 0 { 0 } else { i })[j]);
    let far = Matrix::from_fn(6000, 8, |i, j| 1000.0 + base.row(i)[j]);
    let broad = normal(6000, 8, 44);
    let half = Matrix::from_fn(6000, 8, |i, j| if i % 2 == 0 { broad.row(i)[j] } else { 0.5 + 1e-5 * broad.row(i)[j] });
    let single = Matrix::from_fn(6000, 8, |i, j| if i == 0 { 1e4 } else { broad.row(i)[j] });
    let zero = Matrix::from_fn(6000, 8, |i, j| if i == 5 { 0.0 } else { base.row(i)[j] });
    let roots = Matrix::from_fn(6000, 8, |i, j| base.row(i)[j].abs());
    let all = [
        ("two groups", tight(6000, 8, 2, 1e-4), Metric::Euclidean),
        ("an outlier", outlier, Metric::Euclidean),
        ("copies", copies, Metric::Euclidean),
        ("far away", far, Metric::Euclidean),
        ("half of them in one group", half, Metric::Euclidean),
        ("one group and one row", single, Metric::Euclidean),
        ("a zero row", zero, Metric::Cosine),
        ("shares", roots, Metric::Hellinger),
    ];
    for (what, rows, metric) in all {
        let searched = exact(rows.view(), 7, metric, &run).unwrap();
        assert_all(&rows, &searched, metric, what);
        let alike = approximate(rows.view(), 7, metric, &Run::new(0, 1).unwrap()).unwrap();
        let same = searched.indices.iter().zip(&alike.indices).filter(|(a, b)| a == b).count();
        assert!(same as f64 > 0.9 * searched.indices.len() as f64, "{what}: {same}");
        // Queries are answered alike, by whichever way.
        let queries = rows.slice(0..2500);
        let asked = query(rows.view(), queries, 7, metric, &run).unwrap();
        for i in [0, 5, 17, 2499] {
            assert_eq!(asked.row(i).0, query(rows.view(), rows.slice(i..i + 1), 7, metric, &run).unwrap().row(0).0, "{what}, row {i}");
        }
    }
}

#[test]
fn tight_groups_are_noticed_and_others_are_not() {
    let seen = |rows: &Matrix, metric| {
        let notes = std::sync::Arc::new(Notes::default());
        let run = Run::new(0, 2).unwrap().with_listener(notes.clone());
        approximate(rows.view(), 15, metric, &run).unwrap();
        let notes = notes.0.lock().unwrap();
        notes.iter().any(|note| note.contains("tight groups"))
    };
    assert!(seen(&tight(6000, 20, 12, 1e-4), Metric::Euclidean) && seen(&tight(6000, 20, 12, 1e-4), Metric::Cosine));
    assert!(!seen(&normal(6000, 20, 3), Metric::Euclidean) && !seen(&tight(6000, 20, 12, 0.3), Metric::Cosine));
    // Equal distances are not what single precision cannot tell apart.
    let whole = Matrix::from_fn(6000, 20, |i, j| (normal(1, 1, (i * 20 + j) as u64).row(0)[0] > 0.0) as u8 as f32);
    assert!(!seen(&whole, Metric::Euclidean));
}

#[test]
fn a_search_that_found_too_little_is_no_result() {
    // Rows of yes and no: most are equally far from each other, and an index decides, which lists of near rows do not know.
    let random = Random::new(50, "yes and no");
    let rows = Matrix::from_fn(6000, 24, |i, j| f32::from(random.uniform(i as u64, j as u64) < 0.5));
    let run = Run::new(0, 2).unwrap();
    for metric in [Metric::Hamming, Metric::Jaccard, Metric::Manhattan, Metric::Euclidean] {
        let found = neighbors(rows.view(), 10, metric, &run).unwrap();
        assert!(found.recall.value >= lists::FLOOR, "{metric:?} {:?}", found.recall);
        let truth = exact(rows.view(), 10, metric, &run).unwrap();
        let same = |i: usize| truth.row(i).0.iter().filter(|j| found.row(i).0.contains(j)).count();
        let share = (0..6000).map(same).sum::<usize>() as f64 / 60_000.0;
        assert!(share >= lists::FLOOR && (share - found.recall.value).abs() < 0.05, "{metric:?} {share} {:?}", found.recall);
    }
}
