use std::collections::BTreeMap;

use super::*;
use crate::linalg::{Matrix, SparseRows};
use crate::random::Random;

fn normal(n: usize, d: usize, seed: u64) -> Matrix {
    let random = Random::new(seed, "rows");
    Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32)
}

/// Numbers that any language makes alike: roots of whole numbers.
fn formula(n: usize, d: usize) -> Matrix {
    Matrix::from_fn(n, d, |i, j| (((i * 131 + j * 389 + i * j * 7 + i * i * (j + 1)) % 1009) as f64).sqrt() as f32)
}

/// For 5 and 15 neighbors, scikit-learn 1.9.1, numpy 2.4.6:
/// `x = np.sqrt([[(i*131 + j*389 + i*j*7 + i*i*(j+1)) % 1009 for j in range(8)] for i in range(300)]).astype(np.float32).astype(float)`;
/// `trustworthiness(x, x[:, :2], n_neighbors=k), trustworthiness(x[:, :2], x, n_neighbors=k)`.
const GOLDEN: [(usize, f64, f64); 2] = [(5, 0.727365296803653, 0.8987146118721461), (15, 0.7010958684316084, 0.8163016446048937)];

#[test]
fn trustworthiness_is_that_of_scikit_learn() {
    let run = Run::new(0, 2).unwrap();
    let data = formula(300, 8);
    let map = Matrix::from_fn(300, 2, |i, j| data.row(i)[j]);
    for (k, trustworthiness, continuity) in GOLDEN {
        let options = MeasureOptions { k, ..MeasureOptions::default() };
        let found = measure(map.view(), data.view(), &options, &run).unwrap();
        assert!((found.trustworthiness.value - trustworthiness).abs() < 1e-6, "{k}: {}", found.trustworthiness.value);
        assert!((found.continuity.value - continuity).abs() < 1e-6, "{k}: {}", found.continuity.value);
        assert_eq!(found.trustworthiness.low, found.trustworthiness.high);
    }
}

#[test]
fn the_map_that_changes_nothing_scores_1() {
    let run = Run::new(0, 2).unwrap();
    for n in [40, 5000] {
        let data = normal(n, 3, 1);
        let known = crate::neighbors::exact(data.view(), 15, Metric::Euclidean, &run).unwrap();
        let found = measure_with(data.view(), &Points::Dense(data.view()), &known, &MeasureOptions::default(), &run).unwrap();
        for (name, measure) in found.named() {
            assert!((measure.value - 1.0).abs() < 1e-12, "{name} {measure:?}");
        }
        assert!(found.row_recall.len() == n && found.row_recall.iter().all(|&recall| recall == 1.0));
    }
}

#[test]
fn noise_scores_its_null() {
    let run = Run::new(3, 2).unwrap();
    let (data, noise) = (normal(6000, 20, 1), normal(6000, 2, 2));
    let found = measure(noise.view(), data.view(), &MeasureOptions::default(), &run).unwrap();
    for (name, measure) in found.named() {
        let null = measure.null.unwrap();
        // The interval is one of 95 %: twice as wide it holds the null but for one seed in ten thousand.
        let half = measure.high - measure.low;
        assert!((measure.value - null).abs() <= half, "{name} {measure:?}");
        assert!(half > 0.0);
    }
}

#[test]
fn a_map_of_other_rows_scores_the_null_and_a_projection_more() {
    let run = Run::new(0, 2).unwrap();
    let data = normal(1500, 5, 1);
    let order = Random::new(1, "order").permutation(0, 1500);
    let map = Matrix::from_fn(1500, 2, |i, j| data.row(i)[j]);
    let permuted = map.select(&order);
    let right = measure(map.view(), data.view(), &MeasureOptions::default(), &run).unwrap();
    let wrong = measure(permuted.view(), data.view(), &MeasureOptions::default(), &run).unwrap();
    for ((name, right), (_, wrong)) in right.named().into_iter().zip(wrong.named()) {
        assert!(right.value > wrong.value + 0.03, "{name} {right:?} {wrong:?}");
        assert!((wrong.value - wrong.null.unwrap()).abs() < 0.02, "{name} {wrong:?}");
    }
}

#[test]
fn a_sample_tells_about_all_rows_and_its_interval_holds_the_truth() {
    let run = Run::new(0, 2).unwrap();
    // Wide enough that ranks come from tiled products where all rows are asked about.
    let data = normal(3000, 300, 1);
    let map = Matrix::from_fn(3000, 2, |i, j| (0..150).map(|c| data.row(i)[2 * c + j]).sum());
    let all = MeasureOptions { sample: Sample::All, ..MeasureOptions::default() };
    let some = MeasureOptions { sample: Sample::Rows(300), ..MeasureOptions::default() };
    let all = measure(map.view(), data.view(), &all, &run).unwrap();
    let some = measure(map.view(), data.view(), &some, &run).unwrap();
    assert!(all.per_row.rows.len() == 3000 && some.per_row.rows.len() == 300);
    // What was computed from all rows is not called a sample.
    assert_eq!(all.estimated(3000), BTreeMap::from([("distance_correlation".to_owned(), "20,000 pairs".to_owned())]));
    assert_eq!(some.estimated(3000).get("recall").map(String::as_str), Some("300 rows"));
    for ((name, all), (_, some)) in all.named().into_iter().zip(some.named()).take(3) {
        let half = some.high - some.low;
        assert!((all.value - some.value).abs() <= half, "{name} {all:?} {some:?}");
        assert_eq!(all.low, all.high);
    }
    // The sample's ranks came from f64 distances; a place more or less is 2e-5 here.
    for (at, &row) in some.per_row.rows.iter().enumerate() {
        let row = row as usize;
        assert!((some.per_row.trustworthiness[at] - all.per_row.trustworthiness[row]).abs() < 2e-4);
        assert!((some.per_row.continuity[at] - all.per_row.continuity[row]).abs() < 1e-5);
        assert_eq!(some.per_row.recall[at], all.per_row.recall[row]);
    }
}

#[test]
fn other_rows_and_too_many_neighbors_are_refused() {
    let run = Run::new(0, 1).unwrap();
    let (data, map) = (normal(20, 3, 1), normal(20, 2, 2));
    let error = measure(map.view(), data.view(), &MeasureOptions::default(), &run).unwrap_err();
    assert_eq!(error.to_string(), "k: 15 was given; for 20 rows it is 1 to 9: neighbors must be fewer than half of the rows.");
    let error = measure(map.slice(0..19), data.view(), &MeasureOptions::default(), &run).unwrap_err();
    assert_eq!(error.to_string(), "codes: 19 rows; the observations have 20.");
}

#[test]
fn sentences_tell_what_is_kept_and_warn() {
    let figure = |value, null| Measure::exact(value, Some(null));
    let mut measures = Measures {
        trustworthiness: figure(0.98, 0.5),
        continuity: figure(0.97, 0.5),
        recall: figure(0.393, 0.00025),
        distance_correlation: figure(0.62, 0.0),
        k: 15,
        per_row: PerRow::default(),
        row_recall: Vec::new(),
    };
    let told = sentences(&measures, 60_000, 2);
    assert_eq!(told[..2], ["Good for neighborhoods, fair for far distances.", "Keeps 39 of 100 neighbors (random: 0.03)."]);
    assert!(!told.iter().any(|sentence| sentence.starts_with("Warning")));
    measures.recall.value = 0.04;
    let told = sentences(&measures, 60_000, 2);
    assert_eq!(told[..2], ["Weak for neighborhoods, fair for far distances.", "Keeps 4.0 of 100 neighbors (random: 0.03)."]);
    assert!(told[2].starts_with("Warning: fewer than a tenth of the neighbors are kept"));
}

/// Measures of a map, by name.
fn figures(recall: f64, chance: f64, trustworthiness: f64, continuity: f64, far: f64) -> BTreeMap<String, Measure> {
    let of = |name: &str, value, null| (name.to_owned(), Measure::exact(value, Some(null)));
    BTreeMap::from([
        of("recall", recall, chance),
        of("trustworthiness", trustworthiness, 0.5),
        of("continuity", continuity, 0.5),
        of("distance_correlation", far, 0.0),
    ])
}

#[test]
fn a_verdict_sums_up_the_measures() {
    let told = |of: &BTreeMap<String, Measure>| verdict(of).map(|sentence| sentence.to_string()).unwrap_or_default();
    for (recall, chance, trusted, continuity, far, wanted) in [
        (0.39, 0.0003, 0.97, 0.96, 0.3, "Good for neighborhoods, weak for far distances."),
        (0.6, 0.001, 0.99, 0.99, 0.9, "Good for neighborhoods and for far distances."),
        (0.15, 0.001, 0.9, 0.97, 0.85, "Fair for neighborhoods, good for far distances."),
        // Where neighbors are torn apart, or hardly more are kept than by chance, nothing else helps.
        (0.6, 0.001, 0.99, 0.7, 0.6, "Weak for neighborhoods, fair for far distances."),
        (0.4, 0.38, 0.96, 0.96, 0.6, "Weak for neighborhoods, fair for far distances."),
        (0.01, 0.01, 0.5, 0.5, 0.0, "Weak for neighborhoods and for far distances: do not interpret this map."),
    ] {
        assert_eq!(told(&figures(recall, chance, trusted, continuity, far)), wanted);
    }
    assert_eq!(told(&BTreeMap::from([("recall".to_owned(), Measure::exact(0.5, Some(0.01)))])), "Good for neighborhoods.");
    assert_eq!(told(&BTreeMap::from([("diversity".to_owned(), Measure::exact(0.5, None))])), "");
}

#[test]
fn no_two_sentences_contradict_each_other() {
    let steps = [0.0, 0.05, 0.09, 0.1, 0.2, 0.3, 0.5, 0.8, 0.95, 1.0];
    let many = steps.len();
    for at in 0..many.pow(3) {
        let (recall, trusted, far) = (steps[at % many], steps[at / many % many], steps[at / many / many]);
        for chance in [0.001, 0.3] {
            let told: Vec<String> = interpret(&figures(recall, chance, trusted, 0.97, far), 2).into_iter().map(|it| it.text).collect();
            let said = |part: &str| told.iter().any(|sentence| sentence.contains(part));
            let (verdict, all) = (&told[0], told.join(" "));
            let refuses = said("do not interpret neighborhoods");
            assert!(!(refuses && said("near in the data, too")), "{all}");
            assert!(!(refuses && verdict.contains("ood for neighborhoods")), "{all}");
            assert_eq!(refuses || said("far apart in the data"), verdict.starts_with("Weak for neighborhoods"), "{all}");
            assert_eq!(
                said("carry little information"),
                verdict.contains("weak for far") || verdict.contains("and for far distances: do"),
                "{all}"
            );
            assert_eq!(
                said("on the map follow"),
                verdict.contains("good for far") || verdict.starts_with("Good for neighborhoods and"),
                "{all}"
            );
        }
    }
}

#[test]
fn sentences_on_axes_over_words_compare_with_word_frequencies_and_chance() {
    let told = |figures: &[(&str, f64, f64, f64, f64)]| -> Vec<String> {
        let measure = |&(name, value, low, high, null): &(&str, f64, f64, f64, f64)| {
            (name.to_owned(), Measure { value, low, high, null: Some(null) })
        };
        interpret(&figures.iter().map(measure).collect(), 20).iter().map(Sentence::to_string).collect()
    };
    let good = told(&[
        ("log_likelihood_per_word", -7.0, -7.1, -6.9, -8.0),
        ("coherence_npmi", 0.17, 0.15, 0.19, 0.004),
        ("diversity", 0.81, 0.81, 0.81, 0.0),
    ]);
    assert_eq!(
        good,
        [
            "Held-out words are 2.72 times as probable as by word frequencies alone (perplexity 1,097).",
            "The top words of an axis occur together more often than by chance (NPMI 0.17)."
        ]
    );
    let poor = told(&[
        ("log_likelihood_per_word", -8.2, -8.3, -8.1, -8.0),
        ("coherence_npmi", 0.0, -0.1, 0.1, 0.0),
        ("diversity", 0.42, 0.42, 0.42, 0.0),
    ]);
    assert_eq!(
        poor,
        [
            "Warning: held-out words are predicted no better than by word frequencies alone (perplexity 3,641).",
            "Warning: the top words of an axis occur together no more often than by chance: do not interpret them (NPMI 0.00).",
            "Warning: only 42 of 100 top words are different ones: try fewer dimensions."
        ]
    );
}

/// Rows that come in blocks of a size that fits nothing, with codes of some dimensions; sparse ones, if that is told.
struct Blocks(Matrix, usize, bool);

/// The cells of a table that are not 0.
struct Cells(usize, Vec<usize>, Vec<u32>, Vec<f32>);

impl Cells {
    fn of(table: &Matrix) -> Self {
        let mut out = Cells(table.cols(), vec![0], Vec::new(), Vec::new());
        for row in 0..table.rows() {
            let (columns, values): (Vec<u32>, Vec<f32>) =
                (0..).zip(table.row(row).iter().copied()).filter(|cell: &(u32, f32)| cell.1 != 0.0).unzip();
            out.2.extend(columns);
            out.3.extend(values);
            out.1.push(out.2.len());
        }
        out
    }

    fn rows(&self) -> SparseRows<'_> {
        SparseRows { cols: self.0, starts: &self.1, indices: &self.2, values: &self.3 }
    }
}

/// A code that keeps something of its row.
fn code(rows: &Matrix, dimensions: usize) -> Matrix {
    Matrix::from_fn(rows.rows(), dimensions, |i, j| rows.row(i)[j] + 0.3 * rows.row(i)[j + 1])
}

/// A code to which all of a row adds, so that hardly two are the same.
fn code_of_all(rows: &Matrix, dimensions: usize) -> Matrix {
    let cell =
        |i: usize, j: usize| (0..).zip(rows.row(i)).map(|(at, cell): (usize, &f32)| cell * (((at + 1) * (j + 1)) as f32).sin()).sum();
    Matrix::from_fn(rows.rows(), dimensions, cell)
}

impl Passes for Blocks {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn pass(&self, show: &mut dyn FnMut(Points<'_>, MatrixView<'_>) -> Result<()>) -> Result<()> {
        (0..self.0.rows()).step_by(3001).try_for_each(|at| {
            let rows = self.0.slice(at..(at + 3001).min(self.0.rows())).to_matrix();
            let cells = Cells::of(&rows);
            let points = if self.2 { Points::Sparse(cells.rows()) } else { Points::Dense(rows.view()) };
            let codes = if self.2 { code_of_all(&rows, self.1) } else { code(&rows, self.1) };
            show(points, codes.view())
        })
    }

    fn are_sparse(&self, cells: usize) -> bool {
        20 * cells < self.0.rows() * self.0.cols()
    }
}

#[test]
fn rows_that_stream_by_have_the_measures_of_rows_in_memory() {
    let run = Run::new(3, 2).unwrap();
    for (n, d, dimensions) in [(900, 5, 2), (12_000, 30, 2), (12_000, 200, 6)] {
        let data = normal(n, d, 5);
        let whole = measure(code(&data, dimensions).view(), data.view(), &MeasureOptions::default(), &run).unwrap();
        let streamed = measure_stream(&Blocks(data, dimensions, false), &MeasureOptions::default(), &run).unwrap();
        assert_eq!(whole.named(), streamed.named(), "{n} x {d}");
        assert_eq!(whole.per_row.trustworthiness, streamed.per_row.trustworthiness);
    }
}

#[test]
fn sparse_rows_that_stream_by_have_the_measures_of_rows_in_memory() {
    let run = Run::new(3, 2).unwrap();
    let random = Random::new(8, "cells");
    // The first are kept sparse, the second are filled with their zeros.
    for (n, least) in [(900, 0.97), (10_500, 0.97), (10_500, 0.8)] {
        let cell = |row: usize, column: usize| {
            let drawn = random.uniform(row as u64, column as u64);
            if drawn > least { (1.0 + 30.0 * (drawn - least)).floor() as f32 } else { 0.0 }
        };
        let data = Matrix::from_fn(n, 60, cell);
        let metrics = [Metric::Euclidean, Metric::Hellinger, Metric::Manhattan, Metric::Jaccard];
        for metric in if least > 0.9 { &metrics[..] } else { &metrics[..1] } {
            let metric = *metric;
            let options = MeasureOptions { metric, ..MeasureOptions::default() };
            let cells = Cells::of(&data);
            let points = if least > 0.9 { Points::Sparse(cells.rows()) } else { Points::Dense(data.view()) };
            let whole = measure_points(code_of_all(&data, 4).view(), &points, &options, &run).unwrap();
            let streamed = measure_stream(&Blocks(data.clone(), 4, true), &options, &run).unwrap();
            assert_eq!(whole.named(), streamed.named(), "{n} rows, {metric:?}");
            assert_eq!(whole.per_row.trustworthiness, streamed.per_row.trustworthiness);
        }
    }
}
