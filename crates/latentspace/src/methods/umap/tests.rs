use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use latentspace_core::arrow::array::{ArrayRef, StringArray};

use super::*;
use crate::data::Metadata;
use crate::linalg::OwnedRows;
use crate::methods::map::for_tests::{encode, fit, fit_beside, map_of, planted, purity};
use crate::neighbors;
use crate::neighbors::Points;
use crate::run::{Flag, Listener, Progress};
use crate::space::Space;

fn umap(n_neighbors: u32, n_epochs: u32) -> Umap {
    Umap { n_neighbors, n_epochs: Auto::Value(n_epochs), ..Umap::default() }
}

/// Tells whether something noted holds a word, and how often a map came by; stops or cancels at an epoch.
#[derive(Default)]
struct Watcher {
    word: &'static str,
    noted: AtomicU64,
    at: u64,
    flag: Flag,
    maps: AtomicU64,
}

impl Listener for Watcher {
    fn progress(&self, progress: &Progress<'_>) {
        if progress.stage == STAGE && self.at > 0 && progress.done >= self.at {
            self.flag.set();
        }
    }
    fn note(&self, text: &str) {
        self.noted.fetch_add(u64::from(!self.word.is_empty() && text.contains(self.word)), Ordering::Relaxed);
    }
    fn wants_map(&self) -> bool {
        true
    }
    fn map(&self, codes: MatrixView<'_>, _step: u64) {
        assert_eq!(codes.cols(), 2);
        self.maps.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn planted_clusters_separate_from_any_start_in_1_to_12_dimensions() {
    let run = Run::new(0, 2).unwrap();
    for (n, n_components, init) in
        [(600, 1, Init::Spectral), (600, 2, Init::Random), (1500, 2, Init::Spectral), (600, 3, Init::Pca), (400, 12, Init::Spectral)]
    {
        let method = Umap { n_components, init, ..umap(15, 200) };
        let map = map_of(&fit(&method, &planted(n, 10, 6, 8.0), &run).unwrap());
        assert_eq!((map.rows(), map.cols()), (n, n_components as usize));
        let purity = purity(&map, 6, 10);
        assert!(purity > 0.98, "{n} rows, {n_components} dimensions, {init:?}: {purity}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes_and_another_seed_another_map() {
    for (n, n_components, metric) in [(300, 1, Metric::Cosine), (2600, 2, Metric::Euclidean), (1100, 5, Metric::InnerProduct)] {
        let rows = planted(n, 8, 5, 4.0);
        let method = Umap { n_components, metric, densmap: n == 2600, ..umap(10, 40) };
        let bytes = |seed: u64, threads: usize| fit(&method, &rows, &Run::new(seed, threads).unwrap()).unwrap().to_bytes().unwrap();
        let one = bytes(0, 1);
        for threads in [2, 3, 8] {
            assert!(bytes(0, threads) == one, "{n} rows, {threads} threads");
        }
        assert!(bytes(1, 2) != one);
    }
}

#[test]
fn a_row_is_placed_the_same_alone_in_any_batch_and_after_it_was_saved() {
    let run = Run::new(0, 2).unwrap();
    for (n, n_components) in [(500, 2), (1200, 3), (300, 5)] {
        let space = fit(&Umap { n_components, ..umap(15, 100) }, &planted(n, 30, 5, 8.0), &run).unwrap();
        let new = planted(n + 130, 30, 5, 8.0).slice(n..n + 130).to_matrix();
        let all = encode(&space, new.clone(), &run);
        for row in [0, 1, 77, 129] {
            let alone = encode(&space, new.select(&[row]), &Run::new(3, 1).unwrap());
            assert_eq!(alone.row(0), all.row(row as usize));
        }
        let opened = Space::from_bytes(&space.to_bytes().unwrap(), std::path::Path::new("map.latent")).unwrap();
        assert_eq!(encode(&opened, new.clone(), &run), all);
        assert!(map_of(&opened) == map_of(&space));
        // New rows land in the cloud that they come from.
        let near = neighbors::query(map_of(&space).view(), all.view(), 5, Metric::Euclidean, &run).unwrap();
        let same = (0..130).filter(|&i| near.row(i).0.iter().all(|&j| j as usize % 5 == (n + i) % 5)).count();
        assert!(same >= 127, "{same} of 130 at {n}");
    }
}

#[test]
fn fitted_rows_have_their_places_and_it_is_told_where_they_would_land_if_they_were_new() {
    let run = Run::new(0, 2).unwrap();
    let rows = planted(1500, 10, 6, 5.0);
    let space = fit(&umap(15, 300), &rows, &run).unwrap();
    assert!(encode(&space, rows, &run) == map_of(&space));
    assert_eq!(space.measures["encode_drift"].high, 0.0);
    let drift = space.measures["left_out_drift"];
    assert!(0.0 < drift.low && drift.low <= drift.value && drift.value <= drift.high && drift.low < drift.high, "{drift:?}");
    let of_radius = space.facts["left_out_drift_of_radius"].as_f64().unwrap();
    assert!(of_radius < 0.1, "{of_radius} of the radius");
}

#[test]
fn rows_that_are_equal_constant_or_far_away_give_a_finite_map() {
    let run = Run::new(0, 2).unwrap();
    let pairs = planted(600, 6, 3, 6.0);
    let doubled = Matrix::from_fn(1200, 6, |i, j| pairs.row(i / 2)[j]);
    let far = Matrix::from_fn(600, 6, |i, j| if i == 400 { 1e12 } else { pairs.row(i)[j] });
    let heap = Matrix::from_fn(3000, 6, |i, j| if i < 2400 { 1.0 } else { pairs.row(i - 2400)[j] });
    let constant = Matrix::from_fn(600, 3, |_, _| 7.5);
    let column = Matrix::from_fn(600, 1, |i, _| pairs.row(i)[0]);
    let few = pairs.slice(0..4).to_matrix();
    for (name, n_neighbors, rows) in [
        ("doubled", 10, doubled),
        ("far", 10, far),
        ("heap", 10, heap),
        ("constant", 10, constant),
        ("one column", 10, column),
        ("few", 4, few),
    ] {
        for (init, densmap) in [(Init::Spectral, false), (Init::Pca, true), (Init::Random, false), (Init::Random, true)] {
            let space =
                fit(&Umap { init, densmap, ..umap(n_neighbors, 60) }, &rows, &run).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(placed::is_within_bounds(&map_of(&space)), "{name}");
            assert!(space.measures.values().all(|measure| measure.value.is_finite()), "{name}");
            space.to_bytes().unwrap();
        }
    }
    let beyond = Matrix::from_fn(100, 2, |i, _| if i == 3 { 3e38 } else { i as f32 });
    assert!(matches!(fit(&umap(5, 10), &beyond, &run), Err(Error::Input(_))));
}

#[test]
fn a_graph_in_parts_is_told_and_starts_at_the_principal_components() {
    let apart = Matrix::from_fn(300, 4, |i, j| if i % 3 == 0 { 1e5 } else { 0.0 } + ((i * (j + 7)) as f32).sin());
    let watcher = Arc::new(Watcher { word: "has 2 connected components (of 200, 100 rows)", ..Watcher::default() });
    let run = Run::new(0, 2).unwrap().with_listener(watcher.clone());
    let space = fit(&umap(10, 100), &apart, &run).unwrap();
    assert_eq!((watcher.noted.load(Ordering::Relaxed), &space.facts["init"]), (1, &json!("pca")));
    let first = |row: usize| row.is_multiple_of(3);
    let same = |row: usize, near: &[u32]| near.iter().filter(|&&other| first(other as usize) == first(row)).count();
    let found = neighbors::neighbors(map_of(&space).view(), 5, Metric::Euclidean, &Run::new(0, 2).unwrap()).unwrap();
    assert!((0..300).map(|row| same(row, found.row(row).0)).sum::<usize>() > 1480);
}

#[test]
fn no_learning_rate_breaks_out() {
    let run = Run::new(0, 2).unwrap();
    let rows = planted(800, 5, 3, 2.0);
    for learning_rate in [1e-6, 100.0, 1e9, 1e300] {
        match fit(&Umap { learning_rate, ..umap(10, 40) }, &rows, &run) {
            Ok(space) => assert!(encode(&space, planted(900, 5, 3, 2.0), &run).as_slice().iter().all(|value| value.is_finite())),
            Err(error) => assert!(error.hint().is_some(), "{error}"),
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_with_a_hint() {
    let error = Method::check(&umap(2000, 10), Shape::new(1200, 5)).unwrap_err();
    assert_eq!(error.to_string(), "n_neighbors: 2000 is too large for 1,200 rows; it is at most 1,200.");
    assert!(error.hint().is_some());
    assert!(Method::check(&umap(3, 10), Shape::new(2, 5)).is_err());
    let error = Method::check(&Umap { min_dist: 2.0, ..Umap::default() }, Shape::new(90, 5)).unwrap_err();
    assert_eq!(error.to_string(), "min_dist: 2 was given; it is at most the spread, 1.");
    let error = Method::check(&Umap { densmap: true, metric: Metric::InnerProduct, ..Umap::default() }, Shape::new(90, 5)).unwrap_err();
    assert_eq!(error.to_string(), "densmap: true was given; with the metric inner_product it must be false.");
    for (name, value) in [
        ("n_components", json!(51)),
        ("n_neighbors", json!(1)),
        ("set_op_mix_ratio", json!(1.5)),
        ("spread", json!(0)),
        ("init", json!("x")),
    ] {
        let given = Map::from_iter([(name.to_owned(), value)]);
        assert!(crate::registry::find("umap").unwrap().with(&given).is_err(), "{name}");
    }
}

#[test]
fn a_stopped_run_keeps_its_map_and_a_cancelled_one_ends() {
    let rows = planted(300, 5, 3, 2.0);
    let watched = |at: u64, cancel: bool| {
        let watcher = Arc::new(Watcher { at, ..Watcher::default() });
        let (cancel, stop) = if cancel { (watcher.flag.clone(), Flag::default()) } else { (Flag::default(), watcher.flag.clone()) };
        let run = Run::new(0, 2).unwrap().with_listener(watcher.clone()).with_switches(cancel, stop);
        (fit(&umap(10, 100), &rows, &run), watcher.maps.load(Ordering::Relaxed))
    };
    // The principal components come first, then the map of each step.
    let (space, maps) = watched(20, false);
    assert_eq!((space.unwrap().facts["stopped_at"].as_u64(), maps), (Some(20), 1 + 20));
    let (cancelled, maps) = watched(5, true);
    assert!(matches!(cancelled, Err(Error::Cancelled)) && maps == 1 + 5);
    let (whole, maps) = watched(1000, false);
    assert!(whole.unwrap().facts.get("stopped_at").is_none() && maps == 1 + 100);
}

#[test]
fn labels_pull_rows_of_a_kind_together_and_those_that_lack_theirs_follow() {
    let run = Run::new(0, 2).unwrap();
    // Clouds that overlap: of their own, rows are among those of other kinds.
    let rows = planted(900, 10, 3, 1.2);
    let spaces = [None, Some(1), Some(2)].map(|known: Option<usize>| {
        let label = |row: usize| known.filter(|known| row.is_multiple_of(*known)).map(|_| format!("kind {}", row % 3));
        let cells: ArrayRef = Arc::new((0..900).map(label).collect::<StringArray>());
        let metadata = Metadata::from_columns(vec![("kind".to_owned(), cells)], 900).unwrap();
        let target = if known.is_some() { "kind" } else { AUTO }.to_owned();
        fit_beside(&Umap { target, ..umap(15, 200) }, &rows, &metadata, &run).unwrap()
    });
    let [none, all, half] = spaces.each_ref().map(|space| purity(&map_of(space), 3, 10));
    assert!(
        none < 0.9 && all > 0.97 && none + 0.02 < half && half < all,
        "{none} without labels, {half} with half of them, {all} with all"
    );
    assert_eq!((&spaces[2].facts["labels"], &spaces[2].facts["labels_missing"]), (&json!(3), &json!(450)));
    assert!(encode(&spaces[1], rows.slice(0..9).to_matrix(), &run).as_slice().iter().all(|value| value.is_finite()));
}

/// The correlation of the log radii of rows on the map with those in the data, each by its own graph of 15 neighbors.
fn density_kept(map: &Matrix, rows: &Matrix) -> f64 {
    let radii = [map, rows].map(|table| {
        let near = neighbors::exact(table.view(), 14, Metric::Euclidean, &Run::new(0, 2).unwrap()).unwrap();
        let graph = Graph::new(&near, Metric::Euclidean, 1.0, 1.0).unwrap();
        density::log_radii(&graph, &Points::Dense(table.view()), Metric::Euclidean)
    });
    let [of_map, of_rows] = radii.each_ref().map(|radii| {
        let mean = radii.iter().sum::<f64>() / radii.len() as f64;
        radii.iter().map(|radius| radius - mean).collect::<Vec<f64>>()
    });
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    product(&of_map, &of_rows) / (product(&of_map, &of_map) * product(&of_rows, &of_rows)).sqrt()
}

#[test]
fn maps_keep_as_much_as_those_of_another_tool() {
    // umap-learn 0.5.12, on fuzzy's formula(1000): umap.UMAP(random_state=seed, densmap=densmap).fit_transform(x), the means of seeds 0, 1, 2:
    // trustworthiness and the share of the 15 nearest kept (exact, of all rows), and the correlation of the log radii as above, from
    // umap.umap_.fuzzy_simplicial_set(x, 15, ..., return_dists=True) of rows and of the map.
    let run = Run::new(0, 2).unwrap();
    let rows = fuzzy::tests::formula(1000);
    let there = [(false, 0.9943, 0.6759, 0.2760, 0.01), (true, 0.9881, 0.6177, 0.8563, 0.02)];
    for (densmap, trustworthiness, recall, density, less) in there {
        let mut space = fit(&Umap { densmap, ..Umap::default() }, &rows, &run).unwrap();
        let map = map_of(&space);
        space.measure(&Rows::memory(&OwnedRows::Dense(rows.clone())), Some(&map), &run).unwrap();
        let [found, kept, dense] = [space.measures["trustworthiness"].value, space.measures["recall"].value, density_kept(&map, &rows)];
        assert!(found > trustworthiness - less, "densmap {densmap}: trustworthiness {found}, and {trustworthiness} there");
        assert!(kept > recall - less, "densmap {densmap}: recall {kept}, and {recall} there");
        assert!(!densmap || dense > density - less, "the radii's correlation is {dense}, and {density} there");
        assert_eq!(space.facts.get("density_correlation").is_some_and(|told| told.as_f64() > Some(0.8)), densmap);
    }
}
