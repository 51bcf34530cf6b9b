//! What a map must be, on rows of which that is known.

use super::*;
use crate::methods::map::for_tests::{encode, fit, map_of, planted, purity};
use crate::space::Space;

fn pacmap(n_neighbors: u32, n_iter: u32) -> Pacmap {
    Pacmap { n_neighbors: Auto::Value(n_neighbors), n_iter, ..Pacmap::default() }
}

#[test]
fn planted_groups_stay_together_and_lie_as_they_did() {
    let run = Run::new(0, 2).unwrap();
    for n_components in [1, 2, 3, 5] {
        let map = map_of(&fit(&Pacmap { n_components, ..pacmap(10, 450) }, &planted(900, 20, 6, 8.0), &run).unwrap());
        let purity = purity(&map, 6, 10);
        assert!(purity > 0.97, "{n_components} dimensions: {purity}");
    }
    // Groups along a line keep their order.
    let random = Random::new(2, "rows");
    let line =
        Matrix::from_fn(1000, 10, |i, j| random.normal(i as u64, j as u64) as f32 + if j == 0 { 12.0 * (i % 5) as f32 } else { 0.0 });
    let map = map_of(&fit(&pacmap(10, 450), &line, &run).unwrap());
    let centre =
        |group: usize| -> [f32; 2] { std::array::from_fn(|axis| (0..200).map(|i| map.row(5 * i + group)[axis]).sum::<f32>() / 200.0) };
    let apart = |a: usize, b: usize| (centre(a)[0] - centre(b)[0]).hypot(centre(a)[1] - centre(b)[1]);
    // The line may bend, as the authors' does, but its ends stay apart.
    assert!((1..4).all(|a| apart(0, a) < apart(0, 4)) && apart(0, 4) > 1.5 * apart(0, 1));
}

#[test]
fn any_number_of_threads_gives_the_same_bytes_and_another_seed_another_map() {
    for (n, n_components, metric) in [(300, 1, Metric::Cosine), (2600, 2, Metric::Euclidean), (600, 5, Metric::Euclidean)] {
        let rows = planted(n, 8, 5, 4.0);
        let method = Pacmap { n_components, metric, ..pacmap(10, 40) };
        let bytes = |seed: u64, threads: usize| fit(&method, &rows, &Run::new(seed, threads).unwrap()).unwrap().to_bytes().unwrap();
        let one = bytes(0, 1);
        assert!([2, 3, 8].iter().all(|&threads| bytes(0, threads) == one), "{n} rows");
        assert!(bytes(1, 2) != one);
    }
}

#[test]
fn new_rows_land_where_they_belong_alone_as_in_a_batch_and_after_saving() {
    let run = Run::new(0, 2).unwrap();
    let space = fit(&pacmap(10, 450), &planted(600, 30, 5, 8.0), &run).unwrap();
    let new = planted(730, 30, 5, 8.0).slice(600..730).to_matrix();
    let all = encode(&space, new.clone(), &run);
    assert_eq!(encode(&space, new.select(&[77]), &Run::new(3, 1).unwrap()).row(0), all.row(77));
    let opened = Space::from_bytes(&space.to_bytes().unwrap(), std::path::Path::new("map.latent")).unwrap();
    assert_eq!(encode(&opened, new, &run), all);
    let near = neighbors::query(map_of(&space).view(), all.view(), 5, Metric::Euclidean, &run).unwrap();
    let same = (0..130).filter(|&i| near.row(i).0.iter().all(|&j| j as usize % 5 == i % 5)).count();
    assert!(same >= 127, "{same} of 130");
    assert!(space.facts["left_out_drift_of_radius"].as_f64().unwrap() < 0.1, "{:?}", space.facts);
}

#[test]
fn rows_that_are_equal_constant_or_far_away_give_a_finite_map() {
    let run = Run::new(0, 2).unwrap();
    let pairs = planted(600, 6, 3, 6.0);
    let heap = Matrix::from_fn(3000, 6, |i, j| if i < 2400 { 1.0 } else { pairs.row(i - 2400)[j] });
    for (name, n_neighbors, rows) in [
        ("doubled", 10, Matrix::from_fn(1200, 6, |i, j| pairs.row(i / 2)[j])),
        ("far", 10, Matrix::from_fn(600, 6, |i, j| if i == 400 { 1e12 } else { pairs.row(i)[j] })),
        ("heap", 10, heap),
        ("constant", 10, Matrix::from_fn(600, 3, |_, _| 7.5)),
        ("one column", 10, Matrix::from_fn(600, 1, |i, _| pairs.row(i)[0])),
        ("few", 2, pairs.slice(0..3).to_matrix()),
        ("all others", 19, pairs.slice(0..20).to_matrix()),
    ] {
        let space = fit(&pacmap(n_neighbors, 60), &rows, &run).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(placed::is_within_bounds(&map_of(&space)), "{name}");
        assert!(space.measures.values().all(|measure| measure.value.is_finite()), "{name}");
    }
    let beyond = Matrix::from_fn(100, 2, |i, _| if i == 3 { 3e38 } else { i as f32 });
    assert!(matches!(fit(&pacmap(5, 10), &beyond, &run), Err(Error::Input(_))));
    let error = Method::check(&pacmap(2000, 10), Shape::new(1200, 5)).unwrap_err();
    assert_eq!(error.to_string(), "n_neighbors: 2000 is too large for 1,200 rows; it is at most 1,199.");
}

#[test]
fn few_rows_lie_apart() {
    let run = Run::new(0, 2).unwrap();
    let map = |n_neighbors: Auto<u32>, n: usize| {
        map_of(&fit(&Pacmap { n_neighbors, ..Pacmap::default() }, &planted(n, 4, 1, 0.0), &run).unwrap())
    };
    for n in 3..13 {
        let nearest = neighbors::neighbors(map(Auto::Auto, n).view(), 1, Metric::Euclidean, &run).unwrap().distances;
        assert!(nearest.iter().all(|&apart| apart > 1e-2), "{n} rows: {nearest:?}");
        // As many neighbors as there are others would leave none to be far from.
        let map = map(Auto::Value(n as u32 - 1), n);
        let apart = (0..n).map(|row| (map.row(row)[0] - map.row(0)[0]).hypot(map.row(row)[1] - map.row(0)[1])).fold(0.0, f32::max);
        assert!(apart > 0.1, "{n} rows fall together: {apart}");
    }
}
