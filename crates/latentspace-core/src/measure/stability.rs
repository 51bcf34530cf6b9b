//! Stability of a map: which neighborhoods survive another seed or a bootstrap resample.

use serde::Serialize;

use super::structure::shared;
use super::{Measure, Sentence, summary};
use crate::error::{Error, Result, count};
use crate::linalg::{Matrix, MatrixView};
use crate::neighbors::{Metric, neighbors};
use crate::run::Run;

/// A map of some of the rows.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The rows, ascending.
    pub rows: Vec<u32>,
    /// Their coordinates, `[rows, k]`.
    pub map: Matrix,
}

/// The stability of neighborhoods.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Stability {
    /// The share of a row's neighbors that stay the same with another seed, averaged over all pairs of maps.
    pub seeds: Measure,
    /// The same for a bootstrap resample, among the rows that both maps have.
    /// Source: the bootstrap, Efron 1979, doi:10.1214/aos/1176344552; duplicates in a resample count once.
    pub bootstrap: Measure,
    /// Number of neighbors per row.
    pub k: usize,
    /// Number of maps with different seeds, and of maps of resamples.
    pub runs: [usize; 2],
    /// By row, `[n]`.
    #[serde(skip)]
    pub by_seeds: Vec<f32>,
    /// By row, `[n]`; NaN for rows in no resample.
    #[serde(skip)]
    pub by_bootstrap: Vec<f32>,
}

/// Below this share of kept neighbors, a neighborhood should not be interpreted.
const LOOSE: f32 = 1.0 / 3.0;

impl Stability {
    /// The measures by name.
    pub fn named(&self) -> [(&'static str, Measure); 2] {
        [("seeds", self.seeds), ("bootstrap", self.bootstrap)]
    }

    /// Interprets the measures in sentences, the most important first.
    pub fn sentences(&self) -> Vec<String> {
        self.interpret().iter().map(Sentence::to_string).collect()
    }

    /// Interprets the measures, the most important first; notes and warnings are told apart.
    pub fn interpret(&self) -> Vec<Sentence> {
        let of_k = |measure: Measure| format!("{:.1}", measure.value * self.k as f64);
        let mut out = vec![Sentence::note(format!(
            "Of the {} nearest neighbors of a row, {} stay the same with another seed, {} on resampled rows ({:.1} expected by chance).",
            self.k,
            of_k(self.seeds),
            of_k(self.bootstrap),
            self.seeds.null.unwrap_or(0.0) * self.k as f64
        ))];
        let loose = self.by_bootstrap.iter().filter(|&&share| share < LOOSE).count();
        if loose > 0 {
            let part = 100.0 * loose as f64 / self.by_bootstrap.len().max(1) as f64;
            out.push(Sentence::note(format!(
                "{} rows ({part:.0} %) keep less than a third of their neighbors on resampled rows: do not interpret their neighborhoods.",
                count(loose as u64)
            )));
        }
        if self.seeds.value < 0.5 {
            out.push(Sentence::warning("Another seed gives other neighborhoods: the fine structure of this map depends on the seed."));
        }
        out
    }
}

/// Compares maps of all rows, `[n, k]`, with each other, and maps of resamples with the first of them, by neighbors in this metric. Cost: the
/// neighbors in each map.
///
/// # Errors
/// [`Error::Input`] if maps differ in rows; [`Error::Param`] if there are fewer than two maps or no resamples, or k is not less than the
/// rows of each; as [`neighbors`].
pub fn stability(maps: &[Matrix], drawn: &[Drawn], k: usize, metric: Metric, run: &Run) -> Result<Stability> {
    let Some((first, _)) = maps.split_first().filter(|(_, others)| !others.is_empty() && !drawn.is_empty()) else {
        return Err(Error::param("runs", maps.len(), "at least two maps are needed"));
    };
    let n = first.rows();
    if let Some(other) = maps.iter().find(|map| map.rows() != n) {
        return Err(Error::input("the maps", format!("{} rows in one of them", other.rows()), format!("the first has {n}")));
    }
    let fewest = drawn.iter().map(|drawn| drawn.rows.len()).min().unwrap_or(n);
    if k == 0 || k >= fewest {
        return Err(Error::param("k", k, format!("for {fewest} rows it is 1 to {}", fewest.saturating_sub(1))));
    }
    let near = |map: MatrixView<'_>| neighbors(map, k, metric, run);
    let all = maps.iter().map(|map| near(map.view())).collect::<Result<Vec<_>>>()?;
    let pairs: Vec<(usize, usize)> = (0..all.len()).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    let kept = |row: usize| {
        let shares = pairs.iter().map(|&(a, b)| shared(all[a].row(row).0, all[b].row(row).0));
        shares.sum::<f64>() / pairs.len() as f64
    };
    let by_seeds: Vec<f64> = (0..n).map(kept).collect();

    let (mut sums, mut times) = (vec![0.0; n], vec![0_u32; n]);
    for drawn in drawn {
        let (again, before) = (near(drawn.map.view())?, near(first.select(&drawn.rows).view())?);
        for (at, &row) in drawn.rows.iter().enumerate() {
            sums[row as usize] += shared(again.row(at).0, before.row(at).0);
            times[row as usize] += 1;
        }
    }
    let by_bootstrap: Vec<f64> =
        sums.iter().zip(&times).map(|(sum, &times)| if times > 0 { sum / f64::from(times) } else { f64::NAN }).collect();
    let seen: Vec<f64> = by_bootstrap.iter().copied().filter(|share| !share.is_nan()).collect();
    let mean_rows = drawn.iter().map(|drawn| drawn.rows.len()).sum::<usize>() as f64 / drawn.len() as f64;
    let single = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
    Ok(Stability {
        seeds: summary(&by_seeds, n, k as f64 / (n - 1) as f64),
        bootstrap: summary(&seen, n, k as f64 / (mean_rows - 1.0)),
        k,
        runs: [maps.len(), drawn.len()],
        by_seeds: single(&by_seeds),
        by_bootstrap: single(&by_bootstrap),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn normal(n: usize, seed: u64) -> Matrix {
        let random = Random::new(seed, "rows");
        Matrix::from_fn(n, 2, |i, j| random.normal(i as u64, j as u64) as f32)
    }

    #[test]
    fn the_same_map_is_stable_and_noise_is_not() {
        let run = Run::new(0, 2).unwrap();
        let map = normal(800, 1);
        let rows: Vec<u32> = (0..800).step_by(2).collect();
        let turned = Matrix::from_fn(800, 2, |i, j| map.row(i)[1 - j] * 3.0);
        let half = Drawn { map: map.select(&rows), rows: rows.clone() };
        let found = stability(&[map.clone(), turned], &[half], 10, Metric::Euclidean, &run).unwrap();
        assert_eq!((found.seeds.value, found.bootstrap.value), (1.0, 1.0));
        assert!(found.by_bootstrap[1].is_nan() && found.by_bootstrap[2] == 1.0 && found.by_seeds.len() == 800);
        assert_eq!(found.sentences().len(), 1);

        let noise = Drawn { map: normal(400, 3), rows };
        let found = stability(&[map, normal(800, 2)], &[noise], 10, Metric::Euclidean, &run).unwrap();
        for measure in [found.seeds, found.bootstrap] {
            assert!((measure.value - measure.null.unwrap()).abs() < 0.006, "{measure:?}");
        }
        assert!(found.sentences().iter().any(|sentence| sentence.starts_with("Warning")));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let run = Run::new(0, 1).unwrap();
        let half = || Drawn { map: normal(10, 1), rows: (0..10).collect() };
        let refused = |maps: &[Matrix], drawn: &[Drawn], k| stability(maps, drawn, k, Metric::Euclidean, &run).unwrap_err().to_string();
        assert!(refused(&[normal(20, 1)], &[half()], 3).contains("two maps"));
        assert!(refused(&[normal(20, 1), normal(19, 2)], &[half()], 3).contains("19 rows"));
        assert_eq!(refused(&[normal(20, 1), normal(20, 2)], &[half()], 10), "k: 10 was given; for 10 rows it is 1 to 9.");
    }
}
