//! How well codes tell labels apart: the cross-validated accuracy of planes, and of the nearest neighbors.

use serde::Serialize;

use super::plane::{Planes, share};
use crate::error::{Error, Result, count};
use crate::interval::Measure;
use crate::linalg::MatrixView;
use crate::neighbors::{Metric, check_finite, query};
use crate::random::Random;
use crate::run::Run;

/// Options of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeOptions {
    /// Neighbors that vote on a row's label.
    pub k: usize,
    /// Parts of the rows, each of which is held out once.
    pub folds: usize,
    /// Rows at most; of more, a sample is used.
    pub rows: usize,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        ProbeOptions { k: 15, folds: 5, rows: 20_000 }
    }
}

/// How well codes tell labels apart. The null is the accuracy for permuted labels.
#[derive(Debug, Clone, Serialize)]
pub struct Probe {
    /// The share of held-out rows whose label a plane finds: multinomial logistic regression on columns that are standardized by the other
    /// rows.
    pub accuracy: Measure,
    /// The share of held-out rows whose label most of their neighbors among the other rows have.
    pub accuracy_neighbors: Measure,
    /// Number of labels.
    pub classes: usize,
    /// Number of rows with a label that were used.
    pub rows: usize,
    /// Neighbors that voted.
    pub k: usize,
    /// Parts of the rows.
    pub folds: usize,
}

impl Probe {
    /// The measures by name.
    pub fn named(&self) -> [(&'static str, Measure); 2] {
        [("accuracy", self.accuracy), ("accuracy_neighbors", self.accuracy_neighbors)]
    }
}

/// Rows for which the null is estimated at most.
const NULL_ROWS: usize = 5000;

/// Probes codes `[n, k]` for labels `[n]`, numbers of classes (`u32::MAX`: none): cross-validation with as many rows of each label in each
/// part. Equal rows are in the same part, so that no held-out row was learned from. Rows without a label are left out.
///
/// # Errors
/// [`Error::Input`] if there are fewer than two labels, too few rows, other numbers of rows and labels, or a cell that is not finite;
/// [`Error::Cancelled`].
pub fn probe(codes: MatrixView<'_>, labels: &[u32], options: &ProbeOptions, run: &Run) -> Result<Probe> {
    run.install(|| check_finite("codes", codes))?;
    if codes.rows() != labels.len() {
        return Err(Error::input("labels", format!("{} labels", labels.len()), format!("there are codes of {} rows", codes.rows())));
    }
    let labeled: Vec<u32> = (0..codes.rows() as u32).filter(|&row| labels[row as usize] != u32::MAX).collect();
    let random = Random::new(run.seed(), "probe");
    let rows: Vec<u32> = random.sample(0, labeled.len(), options.rows).iter().map(|&at| labeled[at as usize]).collect();
    let (table, class) = (codes.select(&rows), rows.iter().map(|&row| labels[row as usize]).collect::<Vec<u32>>());
    let mut present = class.clone();
    present.sort_unstable();
    present.dedup();
    if present.len() < 2 || rows.len() < 2 * options.folds || 2 * present.len() > rows.len() {
        let found = format!("{} labels of {} rows", count(present.len() as u64), count(rows.len() as u64));
        let wanted = format!("a probe needs at least 2 labels, {} rows, and 2 rows per label", 2 * options.folds);
        return Err(
            Error::input("labels", found, wanted).with_hint("numbers of many values are predicted, not told apart: `probe_numbers`")
        );
    }
    // Numbered without gaps: a sample may lack labels.
    let class: Vec<u32> = class.iter().map(|class| present.partition_point(|other| other < class) as u32).collect();
    run.install(|| {
        let data = Data { rows: table.view(), class: &class, classes: present.len(), options, run };
        let folds = parts(table.view(), &class, options.folds, random);
        let [right, near] = data.cross_validated(&folds, "probe")?;
        let few = random.sample(1, rows.len(), NULL_ROWS);
        let order = random.permutation(2, few.len());
        let (some, folds) = (table.select(&few), few.iter().map(|&row| folds[row as usize]).collect::<Vec<usize>>());
        let permuted: Vec<u32> = order.iter().map(|&at| class[few[at as usize] as usize]).collect();
        let [null, near_null] = Data { rows: some.view(), class: &permuted, ..data }.cross_validated(&folds, "null")?;
        let share_of = |count: usize, null: usize| share(count, rows.len(), Some(null as f64 / few.len() as f64));
        Ok(Probe {
            accuracy: share_of(right, null),
            accuracy_neighbors: share_of(near, near_null),
            classes: present.len(),
            rows: rows.len(),
            k: options.k,
            folds: options.folds,
        })
    })
}

/// The part of each row for cross-validation: equal rows in one, and those of each class spread over all.
pub(super) fn parts(rows: MatrixView<'_>, class: &[u32], folds: usize, random: Random) -> Vec<usize> {
    let n = rows.rows();
    let compare = |a: &u32, b: &u32| {
        let cells = rows.row(*a as usize).iter().zip(rows.row(*b as usize));
        cells.map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne()).unwrap_or(a.cmp(b))
    };
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by(compare);
    let same = |a: &u32, b: &u32| rows.row(*a as usize) == rows.row(*b as usize);
    let mut groups: Vec<&[u32]> = order.chunk_by(same).collect();
    groups.sort_by_key(|group| (class[group[0] as usize], random.words(3, u64::from(group[0])), group[0]));
    let mut parts = vec![0; n];
    for (at, group) in groups.iter().enumerate() {
        group.iter().for_each(|&row| parts[row as usize] = at % folds);
    }
    parts
}

/// Rows with labels.
#[derive(Clone, Copy)]
struct Data<'a> {
    rows: MatrixView<'a>,
    class: &'a [u32],
    classes: usize,
    options: &'a ProbeOptions,
    run: &'a Run,
}

impl Data<'_> {
    /// How many held-out rows are found by planes, and by neighbors.
    fn cross_validated(&self, folds: &[usize], stage: &str) -> Result<[usize; 2]> {
        let mut right = [0, 0];
        for fold in 0..self.options.folds {
            self.run.check()?;
            self.run.progress(stage, fold as u64, self.options.folds as u64);
            let part = |held: bool| (0..folds.len() as u32).filter(|&row| (folds[row as usize] == fold) == held).collect::<Vec<u32>>();
            let (held, learned) = (part(true), part(false));
            if held.is_empty() {
                continue;
            }
            let class_of = |rows: &[u32]| rows.iter().map(|&row| self.class[row as usize]).collect::<Vec<u32>>();
            let (ours, theirs) = (self.rows.select(&held), self.rows.select(&learned));
            let (wanted, known) = (class_of(&held), class_of(&learned));
            let planes = Planes::fit(theirs.view(), &known, self.classes, self.run)?;
            right[0] += wanted.iter().enumerate().filter(|(at, class)| planes.class_of(ours.row(*at)) == **class).count();
            let near = query(theirs.view(), ours.view(), self.options.k.clamp(1, theirs.rows()), Metric::Euclidean, self.run)?;
            let vote = |at: usize| {
                let mut votes = vec![0_u32; self.classes];
                near.row(at).0.iter().for_each(|&row| votes[known[row as usize] as usize] += 1);
                let most = votes.iter().copied().max().unwrap_or(0);
                // Of labels with as many votes, that of the nearest row.
                near.row(at).0.iter().map(|&row| known[row as usize]).find(|&class| votes[class as usize] == most)
            };
            right[1] += wanted.iter().enumerate().filter(|(at, class)| vote(*at) == Some(**class)).count();
        }
        Ok(right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;

    fn run() -> Run {
        Run::new(1, 2).unwrap()
    }

    #[test]
    fn groups_are_told_apart_and_noise_is_not() {
        let random = Random::new(2, "rows");
        let rows = Matrix::from_fn(300, 3, |i, j| (random.normal(i as u64, j as u64) + if i % 3 == j { 9.0 } else { 0.0 }) as f32);
        let found = probe(rows.view(), &(0..300).map(|i| i % 3).collect::<Vec<u32>>(), &ProbeOptions::default(), &run()).unwrap();
        assert!(found.accuracy.value > 0.99 && found.accuracy_neighbors.value > 0.99, "{found:?}");
        assert!(found.accuracy.null.unwrap() < 0.45 && found.accuracy_neighbors.null.unwrap() < 0.45, "{found:?}");
        let noise = Matrix::from_fn(300, 3, |i, j| random.normal(1000 + i as u64, j as u64) as f32);
        let found = probe(noise.view(), &(0..300).map(|i| i % 3).collect::<Vec<u32>>(), &ProbeOptions::default(), &run()).unwrap();
        assert!(found.accuracy.value < 0.45 && found.accuracy.low < 0.34, "{found:?}");
    }

    #[test]
    fn a_ring_is_told_by_neighbors_and_not_by_a_plane() {
        let rows = Matrix::from_fn(400, 2, |i, j| {
            let (angle, radius) = (i as f32 * 0.77, if i % 2 == 0 { 1.0 } else { 3.0 });
            radius * if j == 0 { angle.cos() } else { angle.sin() }
        });
        let found = probe(rows.view(), &(0..400).map(|i| i % 2).collect::<Vec<u32>>(), &ProbeOptions::default(), &run()).unwrap();
        assert!(found.accuracy.value < 0.6 && found.accuracy_neighbors.value > 0.99, "{found:?}");
    }

    #[test]
    fn copies_of_a_row_are_never_on_both_sides() {
        // Noise, each row of which is there ten times with its label: only a copy would tell it.
        let random = Random::new(3, "rows");
        let rows = Matrix::from_fn(400, 2, |i, j| random.normal((i / 10) as u64, j as u64) as f32);
        let class: Vec<u32> = (0..400).map(|i| random.below(7, u64::from(i / 10_u32), 2) as u32).collect();
        let found = probe(rows.view(), &class, &ProbeOptions { k: 1, ..ProbeOptions::default() }, &run()).unwrap();
        assert!(found.accuracy_neighbors.value < 0.8, "{found:?}");
    }

    #[test]
    fn rows_without_labels_are_left_out_and_one_label_is_refused() {
        let rows = Matrix::from_fn(60, 2, |i, j| ((i * 7 + j) % 13) as f32 + if i % 2 == 0 { 20.0 } else { 0.0 });
        let some: Vec<u32> = (0..60).map(|i| if i < 20 { u32::MAX } else { i % 2 }).collect();
        let found = probe(rows.view(), &some, &ProbeOptions::default(), &run()).unwrap();
        assert_eq!((found.rows, found.classes, found.accuracy.value), (40, 2, 1.0));
        let error = probe(rows.view(), &[0; 60], &ProbeOptions::default(), &run()).unwrap_err().to_string();
        assert!(error.contains("at least 2 labels"), "{error}");
        assert!(probe(rows.view(), &[0, 1], &ProbeOptions::default(), &run()).is_err());
    }
}
