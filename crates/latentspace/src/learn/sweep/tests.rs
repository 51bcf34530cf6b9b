//! The numbers of dimensions that are known: of noise, of planted directions, of a curve.

use super::*;
use crate::data::Observations;
use crate::linalg::Matrix;
use crate::method::Law;
use crate::random::Random;
use crate::registry::METHODS;

/// A method whose decoded rows are the nearest in the least-squares sense.
fn linear() -> &'static Entry {
    METHODS.iter().find(|entry| entry.info.laws.contains(&Law::LeastSquares)).unwrap()
}

/// A method without axes, whose hidden cells are found by iteration.
fn without_axes() -> &'static Entry {
    let suits = |entry: &&Entry| entry.info.encodes && entry.info.decodes && entry.info.can.axes.is_none() && !entry.info.live;
    METHODS.iter().find(suits).unwrap()
}

fn sweep(entry: &'static Entry, table: Matrix, dims: &[u32], seed: u64) -> Sweep {
    let (run, given) = (Run::new(seed, 2).unwrap(), Map::new());
    let whole = Dataset::new(Observations::from_matrix("table", table), &PrepareOptions::default(), entry.info.sees, &run).unwrap();
    sweep_rows(entry, &given, dims, whole.training(), &run).unwrap()
}

fn noise(rows: usize, columns: usize, seed: u64) -> Matrix {
    let random = Random::new(seed, "noise");
    Matrix::from_fn(rows, columns, |i, j| random.normal(i as u64, j as u64) as f32)
}

/// Orthonormal vectors `[count, length]`.
fn orthonormal(count: usize, length: usize, seed: u64) -> Vec<Vec<f64>> {
    let random = Random::new(seed, "orthonormal");
    let mut all: Vec<Vec<f64>> = Vec::new();
    for axis in 0..count {
        let mut new: Vec<f64> = (0..length).map(|at| random.normal(axis as u64, at as u64)).collect();
        for old in all.iter().chain(&all) {
            let along: f64 = old.iter().zip(&new).map(|(a, b)| a * b).sum();
            new.iter_mut().zip(old).for_each(|(new, old)| *new -= along * old);
        }
        let length = new.iter().map(|cell| cell * cell).sum::<f64>().sqrt();
        new.iter_mut().for_each(|cell| *cell /= length);
        all.push(new);
    }
    all
}

/// Noise, and `rank` directions with singular values from four times the Marchenko-Pastur edge of the noise down to `weakest` times.
fn planted(rows: usize, columns: usize, rank: usize, weakest: f64, seed: u64) -> Matrix {
    let noise = noise(rows, columns, seed);
    let (left, right) = (orthonormal(rank, rows, 2 * seed + 1), orthonormal(rank, columns, 2 * seed + 2));
    let edge = (rows as f64).sqrt() + (columns as f64).sqrt();
    let strength = |axis: usize| edge * (4.0 + (weakest - 4.0) * axis as f64 / (rank - 1) as f64);
    let signal = |i: usize, j: usize| (0..rank).map(|axis| strength(axis) * left[axis][i] * right[axis][j]).sum::<f64>();
    Matrix::from_fn(rows, columns, |i, j| (signal(i, j) + f64::from(noise.row(i)[j])) as f32)
}

#[test]
fn noise_has_0_dimensions_whatever_the_spreads_of_its_columns() {
    for (rows, columns) in [(1000, 40), (150, 20)] {
        let mut none = [0; 2];
        for seed in 0..10 {
            let plain = noise(rows, columns, seed);
            let spread = Matrix::from_fn(rows, columns, |i, j| plain.row(i)[j] * 10.0_f32.powf(j as f32 / (columns - 1) as f32));
            for (none, table) in none.iter_mut().zip([plain, spread]) {
                let found = sweep(linear(), table, &[1, 2, 4, 8, 16], seed);
                assert!(found.low == 0, "{found:?}");
                *none += usize::from(found.recommended == 0);
            }
        }
        assert!(none.iter().all(|&none| none >= 9), "{rows} x {columns}: {none:?} of 10");
    }
}

#[test]
fn planted_directions_are_recommended() {
    for (rows, columns, rank) in [(1000, 100, 5), (1000, 100, 12)] {
        let dims: Vec<u32> = (rank as u32 - 4..rank as u32 + 5).collect();
        let mut near = 0;
        for seed in 0..10 {
            let found = sweep(linear(), planted(rows, columns, rank, 2.0, seed), &dims, seed);
            near += usize::from(found.recommended.abs_diff(rank as u32) <= 1);
            assert!(found.low <= rank as u32 && found.high >= rank as u32, "{found:?}");
        }
        assert!(near >= 9, "{rank}: {near} of 10");
    }
}

#[test]
fn directions_at_half_the_edge_leave_the_interval_open_downwards() {
    let mut open = 0;
    for seed in 0..10 {
        let found = sweep(linear(), planted(1000, 100, 5, 0.5, seed), &[1, 2, 3, 4, 5, 6, 8], seed);
        open += usize::from(found.low < 5);
    }
    assert!(open >= 9, "{open} of 10");
}

#[test]
fn rank_3_in_20_columns_is_3_and_the_estimates_agree() {
    let found = sweep(linear(), planted(600, 20, 3, 2.0, 1), &(1..=20).collect::<Vec<u32>>(), 1);
    assert_eq!(found.recommended, 3, "{found:?}");
    let estimates = found.estimates.unwrap();
    assert_eq!([estimates.parallel_analysis, estimates.gavish_donoho, estimates.marchenko_pastur], [Some(3); 3]);
    assert!(estimates.intrinsic.is_some_and(|intrinsic| (2.0..4.0).contains(&intrinsic.value)), "{estimates:?}");
    assert!(found.verdict[0].starts_with("3 dimensions"), "{:?}", found.verdict);
    // Training error falls on, held-out error does not.
    let (best, last) = (&found.points[2], &found.points[19]);
    assert!(last.training.unwrap().value < best.training.unwrap().value && last.held_out.value > best.held_out.value, "{best:?} {last:?}");
}

#[test]
fn a_curve_takes_more_straight_directions_than_causes() {
    // One angle, of which twenty columns are waves.
    let random = Random::new(3, "curve");
    let cell = |i: usize, j: usize| {
        let angle = 1.7 * random.uniform(i as u64, 0);
        (angle * (1.0 + j as f64 / 2.0) + j as f64).sin() + 0.005 * random.normal(i as u64, j as u64)
    };
    let found = sweep(linear(), Matrix::from_fn(1000, 20, |i, j| cell(i, j) as f32), &(1..=20).collect::<Vec<u32>>(), 0);
    assert!(found.recommended >= 5, "{found:?}");
    let last = found.verdict.last().unwrap();
    assert!(last.contains("about 1 cause,"), "{last}");
    assert!(last.contains("straight directions: the data are curved"), "{last}");
}

#[test]
fn methods_without_a_closed_form_are_scored_by_iteration() {
    // Two directions; the third axis of a map of them has nothing to add.
    let found = sweep(without_axes(), planted(200, 10, 2, 6.0, 2), &[1, 2, 3], 0);
    assert!(found.points.iter().all(|point| point.held_out.value.is_finite()), "{found:?}");
    assert!(found.recommended >= 1, "{found:?}");
}

#[test]
fn usual_numbers_are_fewer_than_columns_and_training_rows() {
    assert_eq!(usual_dims(Shape::new(1000, 6)), [1, 2, 3, 4, 5]);
    assert_eq!(usual_dims(Shape::new(12, 500)), [1, 2, 3, 4, 6, 8]);
    assert_eq!(usual_dims(Shape::new(60_000, 784)).last(), Some(&64));
    assert_eq!(usual_dims(Shape::new(3, 1)), [1]);
}

#[test]
fn the_cost_is_known_before() {
    let run = Run::new(0, 1).unwrap();
    let cost = |rows: usize, dims: &[u32]| sweep_cost(linear(), &Map::new(), dims, Shape::new(rows, 20), &run);
    assert_eq!(cost(500, &[1, 2, 3]).unwrap().fits, 15);
    assert!(cost(500_000, &[1]).unwrap().seconds > 0.0 && cost(500, &[]).is_err());
}
