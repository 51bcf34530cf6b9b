use super::*;
use crate::linalg::Matrix;

fn uniform(n: usize, d: usize) -> Matrix {
    let random = Random::new(3, "cube");
    Matrix::from_fn(n, d, |i, j| random.uniform(i as u64, j as u64) as f32)
}

/// The surface of a ball: of `d` dimensions, in one more.
fn sphere(n: usize, d: usize) -> Matrix {
    let random = Random::new(4, "sphere");
    let row = |i: usize| (0..=d).map(|j| random.normal(i as u64, j as u64)).collect::<Vec<f64>>();
    let cells = (0..n).map(row).flat_map(|row| {
        let length = row.iter().map(|cell| cell * cell).sum::<f64>().sqrt();
        row.into_iter().map(move |cell| (cell / length) as f32)
    });
    Matrix::new(n, d + 1, cells.collect()).unwrap()
}

fn swiss_roll(n: usize, noise: f64) -> Matrix {
    let random = Random::new(5, "roll");
    let cell = |i: usize, j: usize| {
        let turn = 1.5 * std::f64::consts::PI * (1.0 + 2.0 * random.uniform(i as u64, 0));
        let exact = [turn * turn.cos(), 21.0 * random.uniform(i as u64, 1), turn * turn.sin()];
        (exact[j] + noise * random.normal(i as u64, 2 + j as u64)) as f32
    };
    Matrix::from_fn(n, 3, cell)
}

fn spiral(n: usize) -> Matrix {
    let random = Random::new(6, "spiral");
    let cell = |i: usize, j: usize| {
        let p = random.uniform(i as u64, 0);
        [p * (25.0 * p).sin(), p.exp() * (25.0 * p).cos(), p.sqrt()][j] as f32
    };
    Matrix::from_fn(n, 3, cell)
}

/// The same rows in more columns, turned.
fn among(rows: &Matrix, columns: usize) -> Matrix {
    let random = Random::new(7, "axes");
    let mut axes: Vec<Vec<f64>> = Vec::new();
    for axis in 0..rows.cols() {
        let mut new: Vec<f64> = (0..columns).map(|j| random.normal(axis as u64, j as u64)).collect();
        for old in &axes {
            let along: f64 = old.iter().zip(&new).map(|(a, b)| a * b).sum();
            new.iter_mut().zip(old).for_each(|(new, old)| *new -= along * old);
        }
        let length = new.iter().map(|cell| cell * cell).sum::<f64>().sqrt();
        axes.push(new.iter().map(|cell| cell / length).collect());
    }
    let cell = |i: usize, j: usize| rows.row(i).iter().zip(&axes).map(|(&cell, axis)| f64::from(cell) * axis[j]).sum::<f64>() as f32;
    Matrix::from_fn(rows.rows(), columns, cell)
}

fn found(rows: &Matrix) -> Dimension {
    dimension(rows.view(), &DimensionOptions::default(), &Run::new(0, 2).unwrap()).unwrap()
}

/// Each estimator of neighborhoods is within 10 % of the truth, and its interval holds it.
#[track_caller]
fn assert_near(rows: &Matrix, truth: usize) -> Dimension {
    let found = found(rows);
    let truth = truth as f64;
    for (name, estimate) in [("two_nn", found.two_nn), ("mle", found.mle), ("correlation", found.correlation)] {
        let Estimate { value, low, high, .. } = estimate;
        assert!((value / truth - 1.0).abs() < 0.1, "{name} of {truth} in {}: {estimate:?}", rows.cols());
        assert!(low <= value && value <= high, "{name}: {estimate:?}");
        assert!(low < 1.02 * truth && truth < 1.02 * high, "{name} of {truth}: {estimate:?}");
    }
    found
}

#[test]
fn cubes_and_spheres_of_1_to_10_dimensions_have_as_many() {
    for d in 1..=10 {
        // Within their own columns, and among 50.
        let cube = assert_near(&uniform(2000, d), d);
        assert!((cube.participation.value / d as f64 - 1.0).abs() < 0.1, "{d}: {:?}", cube.participation);
        assert_near(&among(&uniform(2000, d), 50), d);
        assert_near(&among(&sphere(2000, d), 50), d);
    }
}

#[test]
fn a_swiss_roll_has_two_dimensions_and_a_spiral_one() {
    let roll = assert_near(&swiss_roll(2000, 0.0), 2);
    assert!(roll.participation.value > 2.5);
    assert_near(&among(&swiss_roll(1000, 0.0), 20), 2);
    for n in [1000, 5000] {
        assert_near(&spiral(n), 1);
    }
}

#[test]
fn noise_shows_at_small_neighborhoods() {
    let noisy = found(&among(&swiss_roll(5000, 0.3), 3));
    let (first, last) = (noisy.scales[0].value, noisy.scales.last().unwrap().value);
    assert!(first > 2.5 && last < 2.3, "{:?}", noisy.scales);
}

#[test]
fn rows_of_two_dimensions_differ_from_those_of_six() {
    let random = Random::new(8, "parts");
    let rows = Matrix::from_fn(3000, 6, |i, j| if i < 1500 && j > 1 { 9.0 } else { random.uniform(i as u64, j as u64) as f32 });
    let found = found(&rows);
    let mean = |rows: std::ops::Range<usize>| found.per_row[rows.clone()].iter().sum::<f32>() / rows.len() as f32;
    assert!(mean(0..1500) < 2.5 && mean(1500..3000) > 4.5, "{} {}", mean(0..1500), mean(1500..3000));
    assert!(found.local.low < 2.5 && found.local.high > 4.5, "{:?}", found.local);
}

#[test]
fn equal_rows_count_once() {
    let once = uniform(1000, 4);
    let names: Vec<u32> = (0..1600).map(|row| if row < 1000 { row } else { row % 3 }).collect();
    let (alone, repeated) = (found(&once), found(&once.select(&names)));
    assert_eq!((alone.two_nn, alone.mle, alone.correlation), (repeated.two_nn, repeated.mle, repeated.correlation));
    assert_eq!((repeated.rows, repeated.distinct_rows, repeated.per_row.len()), (1600, 1000, 1600));
    assert_eq!(repeated.per_row[1000], alone.per_row[1]);
}

#[test]
fn few_and_strange_rows_have_sound_dimensions_or_a_sentence() {
    let run = Run::new(0, 2).unwrap();
    let default = DimensionOptions::default();
    let refused = |rows: &Matrix, options: &DimensionOptions| dimension(rows.view(), options, &run).unwrap_err().to_string();
    let constant = Matrix::from_fn(500, 3, |_, _| 7.0);
    assert_eq!(refused(&constant, &default), "data: 1 different row; a dimension takes at least 3, so that each has 2 neighbors.");
    assert!(refused(&uniform(2, 3), &default).starts_with("data: 2 different rows; "));
    let many = DimensionOptions { n_neighbors: Some(50) };
    assert_eq!(refused(&uniform(50, 3), &many), "n_neighbors: 50 was given; for 50 different rows it is 2 to 49.");
    let bad = Matrix::from_fn(50, 2, |i, j| if (i, j) == (3, 1) { f32::INFINITY } else { i as f32 });
    assert!(refused(&bad, &default).starts_with("data, row 4, column 2: "));

    let grid = Matrix::from_fn(900, 2, |i, j| [i % 30, i / 30][j] as f32);
    let line = Matrix::from_fn(500, 1, |i, _| i as f32);
    let one_hot = Matrix::from_fn(40, 40, |i, j| f32::from(u8::from(i == j)));
    let tiny = Matrix::from_fn(300, 2, |i, j| uniform(300, 2).row(i)[j] * 1e-38);
    let huge = Matrix::from_fn(300, 2, |i, j| (uniform(300, 2).row(i)[j] - 0.5) * 3e38);
    for rows in [&uniform(3, 5), &uniform(4, 1), &uniform(12, 2), &grid, &line, &one_hot, &tiny, &huge] {
        let found = found(rows);
        for estimate in [found.two_nn, found.mle, found.correlation, found.participation] {
            let Estimate { value, low, high, counted } = estimate;
            let sound = 0.0 < low && low <= value && value <= high && high <= rows.cols() as f64 * 1.0001 && counted.is_finite();
            assert!(sound, "{} x {}: {found:?}", rows.rows(), rows.cols());
        }
        assert!(found.per_row.iter().all(|value| value.is_finite()) && !sentences(&found).is_empty());
    }
    run.cancel_flag().set();
    assert!(matches!(dimension(uniform(500, 3).view(), &default, &run), Err(Error::Cancelled)));
}

#[test]
fn the_bytes_do_not_depend_on_threads() {
    let rows = uniform(6000, 12);
    let one = dimension(rows.view(), &DimensionOptions::default(), &Run::new(5, 1).unwrap()).unwrap();
    for threads in [2, 3] {
        let again = dimension(rows.view(), &DimensionOptions::default(), &Run::new(5, threads).unwrap()).unwrap();
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&again).unwrap());
        assert_eq!(one.per_row, again.per_row);
    }
}
