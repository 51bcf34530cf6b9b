use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::methods::map::for_tests::{encode, fit, map_of, planted, purity};
use crate::neighbors;
use crate::run::{Flag, Listener, Progress};
use crate::space::Space;

fn noise(seed: u64, n: usize, d: usize) -> Matrix {
    let random = Random::new(seed, "rows");
    Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32)
}

fn tsne(perplexity: f64, n_iter_early: u32, n_iter: u32) -> Tsne {
    Tsne { perplexity, n_iter_early, n_iter, ..Tsne::default() }
}

fn affinities(rows: &Matrix, perplexity: f64) -> Affinities {
    let run = Run::new(0, 2).unwrap();
    Affinities::new(
        &neighbors::neighbors(rows.view(), (3.0 * perplexity) as usize, Metric::Euclidean, &run).unwrap(),
        Metric::Euclidean,
        Affinity::Gaussian,
        &[perplexity],
    )
    .unwrap()
}

/// The divergence as its definition says, in f64.
fn divergence<const D: usize>(p: &Affinities, points: &[[f64; D]]) -> f64 {
    let n = points.len();
    let square = |i: usize, j: usize| (0..D).map(|axis| (points[i][axis] - points[j][axis]).powi(2)).sum::<f64>();
    let z: f64 = (0..n).map(|i| (0..n).filter(|&j| j != i).map(|j| 1.0 / (1.0 + square(i, j))).sum::<f64>()).sum();
    let mut sum = 0.0;
    for i in 0..n {
        for (j, weight) in p.edges.row(i) {
            let weight = f64::from(weight) / n as f64;
            sum += weight * (weight * z * (1.0 + square(i, j as usize))).ln();
        }
    }
    sum
}

fn gradient_is_the_slope_of_the_divergence<const D: usize>(repulsion: Repulsion<D>, spread: f64, allowed: f64) {
    let n = 200;
    let p = affinities(&noise(2, n, 5), 10.0);
    let random = Random::new(1, "places");
    let points: Vec<[f32; D]> =
        (0..n).map(|i| std::array::from_fn(|axis| (spread * random.normal(i as u64, axis as u64)) as f32)).collect();
    let mut descent = Descent::new(p.reordered(&(0..n as u32).collect::<Vec<_>>()), points.clone(), repulsion, None);
    descent.reorder();
    let got = descent.gradient();
    assert!((descent.loss() - divergence(&p, &points.iter().map(|p| p.map(f64::from)).collect::<Vec<_>>())).abs() < allowed);
    let (mut error, mut size) = (0.0, 0.0);
    for i in 0..n {
        for axis in 0..D {
            let moved = |by: f64| {
                let mut points: Vec<[f64; D]> = points.iter().map(|point| point.map(f64::from)).collect();
                points[i][axis] += by;
                divergence(&p, &points)
            };
            let wanted = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            error += (4.0 * got[i][axis] - wanted).powi(2);
            size += wanted.powi(2);
        }
    }
    let relative = (error / size).sqrt();
    assert!(relative < allowed, "{relative} in {D} dimensions");
}

#[test]
fn by_all_pairs_the_gradient_is_the_slope_of_the_divergence() {
    gradient_is_the_slope_of_the_divergence::<1>(Repulsion::new(200), 3.0, 1e-5);
    gradient_is_the_slope_of_the_divergence::<2>(Repulsion::new(200), 3.0, 1e-5);
    gradient_is_the_slope_of_the_divergence::<3>(Repulsion::new(200), 3.0, 1e-5);
}

#[test]
fn on_the_grid_the_gradient_is_the_slope_of_the_divergence_to_5_percent() {
    // So few points smooth nothing: their gradients are hardest on the grid.
    gradient_is_the_slope_of_the_divergence::<2>(Repulsion::Grid(Box::new(Grid::new())), 3.0, 0.01);
    gradient_is_the_slope_of_the_divergence::<3>(Repulsion::Grid(Box::new(Grid::new())), 3.0, 0.05);
}

/// The root mean square error of the grid's repulsion in parts of the repulsion itself, and that of the normaliser.
fn grid_error<const D: usize>(n: usize, span: f32) -> (f64, f64) {
    let random = Random::new(9, "places");
    // Forty clusters, as a map has.
    let points: Vec<[f32; D]> = (0..n)
        .map(|i| {
            std::array::from_fn(|axis| {
                let middle = random.uniform(1, (i % 40 * D + axis) as u64) as f32 - 0.5;
                span * (0.9 * middle + 0.03 * random.normal(2, (i * D + axis) as u64) as f32)
            })
        })
        .collect();
    let mut forces = [(); 2].map(|()| vec![[0.0; D]; n]);
    let mut sums = [0.0; 2];
    let ways = [Repulsion::new(1), Repulsion::Grid(Box::new(Grid::new()))];
    for ((mut way, forces), sum) in ways.into_iter().zip(&mut forces).zip(&mut sums) {
        way.charge(&points);
        *sum = way.gradients(&points, forces) - n as f64;
    }
    let square = |a: &[f32; D], b: &[f32; D]| (0..D).map(|axis| f64::from(a[axis] - b[axis]).powi(2)).sum::<f64>();
    let error: f64 = forces[0].iter().zip(&forces[1]).map(|(a, b)| square(a, b)).sum();
    let size: f64 = forces[0].iter().map(|a| square(a, &[0.0; D])).sum();
    ((error / size).sqrt(), (sums[1] / sums[0] - 1.0).abs())
}

#[test]
fn the_grid_repels_as_all_pairs_do_to_3_percent() {
    for (n, span) in [(3000, 3.0), (3000, 20.0), (3000, 80.0), (12_000, 130.0)] {
        let (force, normaliser) = grid_error::<2>(n, span);
        assert!(force < 0.015 && normaliser < 5e-4, "{n} {span}: {force} {normaliser}");
    }
    for (n, span) in [(3000, 3.0), (3000, 15.0), (8000, 40.0)] {
        let (force, normaliser) = grid_error::<3>(n, span);
        assert!(force < 0.03 && normaliser < 2e-3, "{n} {span}: {force} {normaliser}");
    }
}

#[test]
fn planted_clusters_separate_in_2_and_3_dimensions() {
    let run = Run::new(0, 2).unwrap();
    for (n, n_components) in [(600, 2), (1500, 2), (1200, 3)] {
        let space = fit(&Tsne { n_components, ..tsne(20.0, 150, 150) }, &planted(n, 10, 6, 8.0), &run).unwrap();
        let map = map_of(&space);
        assert_eq!((map.rows(), map.cols()), (n, n_components as usize));
        let purity = purity(&map, 6, 10);
        assert!(purity > 0.995, "{n} rows, {n_components} dimensions: {purity}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for (n, n_components) in [(300, 1), (400, 2), (2600, 2), (1100, 3)] {
        let rows = planted(n, 8, 5, 4.0);
        let method = Tsne { n_components, ..tsne(15.0, 60, 60) };
        let bytes = |threads: usize| fit(&method, &rows, &Run::new(0, threads).unwrap()).unwrap().to_bytes().unwrap();
        let one = bytes(1);
        for threads in [2, 3, 8] {
            assert!(bytes(threads) == one, "{n} rows, {threads} threads");
        }
    }
}

#[test]
fn another_seed_gives_another_map_from_a_random_start() {
    let rows = noise(1, 200, 4);
    let map = |seed: u64| map_of(&fit(&Tsne { init: Init::Random, ..tsne(10.0, 30, 30) }, &rows, &Run::new(seed, 2).unwrap()).unwrap());
    assert!(map(0) == map(0) && map(0) != map(1));
}

#[test]
fn a_row_is_placed_the_same_alone_in_any_batch_and_after_it_was_saved() {
    let run = Run::new(0, 2).unwrap();
    for (n, pca_components, n_components) in [(500, Auto::Value(0), 2), (1500, Auto::Value(6), 2), (1200, Auto::Auto, 3)] {
        let method = Tsne { pca_components, n_components, ..tsne(15.0, 100, 100) };
        let space = fit(&method, &planted(n, 60, 5, 8.0), &run).unwrap();
        let new = planted(n + 130, 60, 5, 8.0).slice(n..n + 130).to_matrix();
        let all = encode(&space, new.clone(), &run);
        for row in [0, 1, 77, 129] {
            let alone = encode(&space, new.select(&[row]), &Run::new(3, 1).unwrap());
            assert_eq!(alone.row(0), all.row(row as usize));
        }
        let mixed = encode(&space, new.select(&[9, 128, 4]), &run);
        assert_eq!((mixed.row(0), mixed.row(1), mixed.row(2)), (all.row(9), all.row(128), all.row(4)));
        let opened = Space::from_bytes(&space.to_bytes().unwrap(), std::path::Path::new("map.latent")).unwrap();
        assert_eq!(encode(&opened, new.clone(), &run), all);
        assert!(map_of(&opened) == map_of(&space));
        // New rows land in the cloud that they come from.
        let map = map_of(&space);
        let near = neighbors::query(map.view(), all.view(), 5, Metric::Euclidean, &run).unwrap();
        let same = (0..130).filter(|&i| near.row(i).0.iter().all(|&j| j as usize % 5 == (n + i) % 5)).count();
        assert!(same >= 127, "{same} of 130 at {n}");
    }
}

#[test]
fn fitted_rows_have_their_places_and_it_is_told_where_they_would_land_if_they_were_new() {
    let run = Run::new(0, 2).unwrap();
    let rows = planted(1500, 10, 6, 5.0);
    let space = fit(&tsne(20.0, 200, 300), &rows, &run).unwrap();
    assert!(encode(&space, rows, &run) == map_of(&space));
    assert_eq!(space.measures["encode_drift"].high, 0.0);
    let drift = space.measures["left_out_drift"];
    assert!(0.0 < drift.low && drift.low <= drift.value && drift.value <= drift.high && drift.low < drift.high, "{drift:?}");
    let of_radius = space.facts["left_out_drift_of_radius"].as_f64().unwrap();
    assert!(of_radius < 0.02, "{of_radius} of the radius");
}

#[test]
fn rows_that_are_equal_constant_or_far_away_give_a_finite_map() {
    let run = Run::new(0, 2).unwrap();
    let pairs = planted(600, 6, 3, 6.0);
    let doubled = Matrix::from_fn(1200, 6, |i, j| pairs.row(i / 2)[j]);
    let mut far = noise(4, 1200, 6).as_slice().to_vec();
    far[6 * 700..6 * 701].fill(1e12);
    let far = Matrix::new(1200, 6, far).unwrap();
    let heap = Matrix::from_fn(1200, 6, |i, j| if i < 800 { 1.0 } else { pairs.row(i - 800)[j] });
    let constant = Matrix::from_fn(1200, 3, |_, _| 7.5);
    for (name, rows) in [("doubled", doubled), ("far", far), ("heap", heap), ("constant", constant), ("one column", noise(5, 1200, 1))] {
        let space = fit(&tsne(10.0, 100, 100), &rows, &run).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(map_of(&space).as_slice().iter().all(|value| value.is_finite()), "{name}");
        assert!(space.measures.values().all(|measure| measure.value.is_finite()), "{name}");
        space.to_bytes().unwrap();
    }
    let beyond = Matrix::from_fn(100, 2, |i, _| if i == 3 { 3e38 } else { i as f32 });
    let error = fit(&tsne(5.0, 10, 10), &beyond, &run).err().unwrap();
    assert!(matches!(error, Error::Input(_)), "{error}");
}

#[test]
fn no_learning_rate_breaks_out() {
    let run = Run::new(0, 2).unwrap();
    let rows = noise(6, 1100, 5);
    for rate in [1e-6, 1e9, 1e300] {
        match fit(&Tsne { learning_rate: Auto::Value(rate), ..tsne(10.0, 40, 40) }, &rows, &run) {
            Ok(space) => assert!(map_of(&space).as_slice().iter().all(|value| value.is_finite())),
            Err(error) => assert!(error.hint().is_some(), "{error}"),
        }
    }
}

#[test]
fn a_default_perplexity_is_lowered_for_few_rows_and_a_given_one_is_not() {
    use crate::method::AnyMethod as _;

    let entry = crate::registry::find("tsne").unwrap();
    let few = Shape::new(40, 5);
    let (method, told) = entry.with(&Map::new()).unwrap().adapted(few, None).unwrap();
    assert_eq!(told, ["perplexity: 30 is the default; 13 is used, since there are 40 rows"]);
    assert_eq!(method.params(), serde_json::to_value(Tsne { perplexity: 13.0, ..Tsne::default() }).unwrap());
    assert!(method.check(few).is_ok() && method.adapted(few, None).is_none());
    assert_eq!(Tsne::default().adapted(few, None).unwrap().1, told);
    let given = entry.with(&Map::from_iter([("perplexity".to_owned(), json!(30))])).unwrap();
    assert!(given.adapted(few, None).is_none() && given.check(few).is_err());
    // Where all fits, and where nothing does.
    assert!(entry.with(&Map::new()).unwrap().adapted(Shape::new(91, 5), None).is_none());
    assert!(entry.with(&Map::new()).unwrap().adapted(Shape::new(6, 5), None).is_none());
}

#[test]
fn what_does_not_fit_is_refused_with_a_hint() {
    let shape = Shape::new(1200, 5);
    let error = Method::check(&Tsne { perplexity: 2000.0, ..Tsne::default() }, shape).unwrap_err();
    assert_eq!(error.to_string(), "perplexity: 2000 is too large for 1,200 rows; it is at most 399.");
    assert_eq!(error.hint(), Some("perplexity=399 is the largest that works; smaller values show finer structure"));
    let error = Method::check(&Tsne::default(), Shape::new(60, 5)).unwrap_err();
    assert_eq!(error.to_string(), "perplexity: the default 30 is too large for 60 rows; it is at most 19.");
    assert!(Method::check(&Tsne::default(), Shape::new(91, 5)).is_ok());
    assert!(Method::check(&Tsne::default(), Shape::new(3, 5)).is_err());
    let error = Method::check(&Tsne { pca_components: Auto::Value(9), ..Tsne::default() }, shape).unwrap_err();
    assert_eq!(error.to_string(), "pca_components: 9 is too large for 1,200 rows of 5 columns; it is at most 5.");
    for (name, value) in [("n_components", json!(4)), ("perplexity", json!(1)), ("learning_rate", json!(0)), ("init", json!("somewhere"))] {
        let given = Map::from_iter([(name.to_owned(), value)]);
        assert!(crate::registry::find("tsne").unwrap().with(&given).is_err(), "{name}");
    }
}

/// Stops or cancels at a step, and counts maps.
struct Watcher {
    at: u64,
    flag: Flag,
    maps: AtomicU64,
    rows: usize,
}

impl Listener for Watcher {
    fn progress(&self, progress: &Progress<'_>) {
        if progress.stage == "t-SNE" {
            assert!(progress.loss.is_some_and(|(name, loss)| name == "kl" && loss.is_finite()), "{progress:?}");
            if progress.done >= self.at {
                self.flag.set();
            }
        }
    }
    fn wants_map(&self) -> bool {
        true
    }
    fn map(&self, codes: MatrixView<'_>, _step: u64) {
        assert_eq!((codes.rows(), codes.cols()), (self.rows, 2));
        self.maps.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_stopped_run_keeps_its_map_and_a_cancelled_one_ends() {
    let rows = noise(7, 300, 5);
    let watched = |at: u64, cancel: bool| {
        let flag = Flag::default();
        let watcher = Arc::new(Watcher { at, flag: flag.clone(), maps: AtomicU64::new(0), rows: 300 });
        let (cancel, stop) = if cancel { (flag, Flag::default()) } else { (Flag::default(), flag) };
        let run = Run::new(0, 2).unwrap().with_listener(watcher.clone()).with_switches(cancel, stop);
        (fit(&tsne(10.0, 50, 50), &rows, &run), watcher.maps.load(Ordering::Relaxed))
    };
    // The principal components come first, then the map of each step.
    let (space, maps) = watched(20, false);
    let space = space.unwrap();
    assert_eq!((space.facts["stopped_at"].as_u64(), maps), (Some(20), 1 + 20));
    assert!(space.measures["kl"].value.is_finite());
    let (cancelled, maps) = watched(5, true);
    assert!(matches!(cancelled, Err(Error::Cancelled)) && maps == 1 + 5);
    let (whole, maps) = watched(1000, false);
    assert!(whole.unwrap().facts.get("stopped_at").is_none() && maps == 1 + 100);
}

#[test]
fn it_ends_where_the_loss_no_longer_falls_and_a_second_perplexity_keeps_what_is_coarse() {
    let run = Run::new(0, 2).unwrap();
    let rows = planted(900, 10, 6, 5.0);
    let space = fit(&Tsne { min_kl_change: 0.02, ..tsne(20.0, 100, 900) }, &rows, &run).unwrap();
    let settled = space.facts["settled_at"].as_u64().unwrap();
    assert!((200..900).contains(&settled) && settled.is_multiple_of(50) && space.facts["n_iter_done"] == settled, "{:?}", space.facts);
    let whole = fit(&tsne(20.0, 100, 900), &rows, &run).unwrap();
    assert!(whole.facts.get("settled_at").is_none());
    assert!(space.measures["kl"].value - whole.measures["kl"].value < 0.1);
    for method in [
        Tsne { second_perplexity: 100.0, ..tsne(10.0, 100, 200) },
        Tsne { affinity: Affinity::Uniform, ..tsne(20.0, 100, 200) },
        Tsne { affinity: Affinity::Uniform, second_perplexity: 80.0, ..tsne(10.0, 100, 200) },
    ] {
        let bytes = [1, 3].map(|threads| fit(&method, &rows, &Run::new(0, threads).unwrap()).unwrap().to_bytes().unwrap());
        assert!(bytes[0] == bytes[1]);
        assert!(purity(&map_of(&fit(&method, &rows, &run).unwrap()), 6, 10) > 0.95, "{method:?}");
    }
    let refused = |second_perplexity| Method::check(&Tsne { second_perplexity, ..Tsne::default() }, Shape::new(900, 10));
    assert!(refused(0.0).is_ok() && refused(299.0).is_ok());
    assert_eq!(refused(0.5).unwrap_err().to_string(), "second_perplexity: 0.5 was given; it must be 0 (none) or above 1.");
    assert!(refused(300.0).unwrap_err().to_string().contains("it is at most 299"));
}

#[test]
fn the_loss_told_is_the_loss() {
    // Between the steps at which all rows count, it lags by a few steps and no more.
    struct Losses(std::sync::Mutex<Vec<f64>>);
    impl Listener for Losses {
        fn progress(&self, progress: &Progress<'_>) {
            self.0.lock().unwrap().extend(progress.loss.map(|(_, loss)| loss));
        }
    }
    let losses = Arc::new(Losses(std::sync::Mutex::default()));
    let run = Run::new(0, 2).unwrap().with_listener(losses.clone());
    let space = fit(&tsne(20.0, 100, 149), &planted(1500, 10, 6, 5.0), &run).unwrap();
    let told = losses.0.lock().unwrap();
    assert_eq!(told.len(), 249);
    assert!((told[248] / space.measures["kl"].value - 1.0).abs() < 0.005, "{} {:?}", told[248], space.measures["kl"]);
    let rows = planted(1500, 10, 6, 5.0);
    let map = map_of(&space);
    let points: Vec<[f64; 2]> = (0..1500).map(|i| [f64::from(map.row(i)[0]), f64::from(map.row(i)[1])]).collect();
    let exact = divergence(&affinities(&rows, 20.0), &points);
    assert!((space.measures["kl"].value / exact - 1.0).abs() < 1e-3, "{exact} {:?}", space.measures["kl"]);
}

/// Rows of a curved sheet and two loops, by formula, so that other tools can be given the same.
fn formula(n: usize) -> Matrix {
    Matrix::from_fn(n, 8, |i, j| {
        let (t, u) = (i as f64 / n as f64 * 18.0, (i * 37 % 101) as f64 / 101.0);
        ((t * (j % 3 + 1) as f64 / 3.0 + j as f64).sin() * (1.0 + u) + 0.3 * (u * 5.0 + (i % 2 * j) as f64).cos()) as f32
    })
}

#[test]
fn the_map_is_as_good_as_that_of_another_tool() {
    // openTSNE 1.0.4 on the same rows: affinity.PerplexityBasedNN(x, perplexity=30, method="exact"), initialization.pca(x, random_state=0),
    // TSNE(negative_gradient_method="fft", random_state=0).fit(...); entropy is the sum of p ln p of its P, the divergence that of its map
    // from this P with the normaliser by all pairs.
    const ENTROPY: f64 = -10.535_732_022_855;
    const DIVERGENCE: f64 = 0.583_582_379_026;
    let rows = formula(1200);
    let p = affinities(&rows, 30.0);
    assert!((p.entropy - ENTROPY).abs() < 1e-3, "{}", p.entropy);
    let space = fit(&Tsne::default(), &rows, &Run::new(0, 2).unwrap()).unwrap();
    let map = map_of(&space);
    let points: Vec<[f64; 2]> = (0..1200).map(|i| [f64::from(map.row(i)[0]), f64::from(map.row(i)[1])]).collect();
    let found = divergence(&p, &points);
    assert!(found < 1.02 * DIVERGENCE, "{found}");
}
