//! Groups of a map compared with the neighbors of their rows in the data: groups that the map made up, and groups that it split.
//!
//! A group is a connected component of mutual k-nearest neighbors in the map, without outliers (rows much farther from their neighbors than
//! those are from theirs): groups that touch count as one. In the data, rows are connected by their neighbors.
//! False and missing groups correspond to steadiness and cohesiveness: Jeon et al. 2022, doi:10.1109/TVCG.2021.3114833.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Measure;
use super::sentences::{follows_distances, of_hundred};
use crate::error::{Result, count};
use crate::linalg::MatrixView;
use crate::neighbors::{Metric, Neighbors, neighbors};
use crate::parallel::*;
use crate::run::Run;

/// A row is an outlier if its farthest neighbor is this many times as far as those of its neighbors.
const LOOSE: f32 = 1.6;
/// A group has at least this part of all rows, and at least twice the number of neighbors per row.
const LEAST: usize = 200;
/// A component of a group has at least this part of its rows.
const LEAST_PART: usize = 10;
/// From this share of neighbors on, two groups count as split.
const TOGETHER: f64 = 0.2;
/// From this share of neighbors outside on, a group counts as made up.
const ELSEWHERE: f64 = 0.5;
/// The group number of rows in no group.
pub const NO_GROUP: u32 = u32::MAX;

/// The groups of a map, compared with the data.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Groups {
    /// The largest first.
    pub groups: Vec<Group>,
    /// Pairs of groups that the map split, by decreasing share.
    pub split: Vec<Split>,
    /// Sizes of the connected components of the neighbor graph of the data, the largest first; a single one if it is connected.
    pub parts: Vec<usize>,
    /// The group of each row, `[n]`, as an index into `groups`; [`NO_GROUP`] for none.
    #[serde(skip)]
    pub of_row: Vec<u32>,
}

impl Groups {
    /// Groups that the map made up or merged, then those that it split, each with the reason.
    pub fn interpret(&self) -> Vec<Finding> {
        let rows = |group: usize| count(self.groups[group].rows as u64);
        let alone = self.groups.iter().enumerate().filter_map(|(at, group)| {
            let (fault, text) = if self.is_made_up(at) {
                let (elsewhere, random) = (of_hundred(group.elsewhere), of_hundred(group.null));
                (Fault::MadeUp, format!("{elsewhere} % of their true neighbors are outside the group (random: {random} %)."))
            } else if group.parts.len() > 1 {
                (Fault::Merged, format!("{} groups in the data ({}).", group.parts.len(), listed(&group.parts)))
            } else {
                return None;
            };
            Some(Finding { fault, groups: vec![at], name: format!("{} rows", rows(at)), text })
        });
        let split = self.split.iter().map(|split| {
            let [larger, smaller] = split.groups;
            let (share, random) = (of_hundred(split.share), of_hundred(split.null));
            Finding {
                fault: Fault::Split,
                groups: split.groups.to_vec(),
                name: format!("{} rows", rows(smaller)),
                text: format!("they belong with the {}, where {share} % of their true neighbors are (random: {random} %).", rows(larger)),
            }
        });
        alone.chain(split).collect()
    }

    /// Whether the map made a group up that it did not split from another either: of that one, the split says enough.
    fn is_made_up(&self, at: usize) -> bool {
        self.groups[at].made_up && !self.split.iter().any(|split| split.groups[1] == at)
    }

    /// How many groups there are, and whether they are groups in the data: `7 separate groups, all real in the data.`
    pub fn summary(&self) -> String {
        let many = self.groups.len();
        let made_up = (0..many).filter(|&at| self.is_made_up(at)).count();
        let merged = (0..many).filter(|&at| !self.is_made_up(at) && self.groups[at].parts.len() > 1).count();
        let faults: Vec<String> = [(made_up, "made up"), (merged, "merged from several"), (self.split.len(), "split in two")]
            .into_iter()
            .filter(|(many, _)| *many > 0)
            .map(|(many, fault)| format!("{many} {fault}"))
            .collect();
        match (many, faults.is_empty()) {
            (0 | 1, true) => "No separate groups: the map is one piece.".to_owned(),
            (_, true) => format!("{many} separate groups, all real in the data."),
            (1, false) => format!("1 group, not as in the data: {}.", faults.join(", ")),
            (_, false) => format!("{many} separate groups; not all are as in the data: {}.", faults.join(", ")),
        }
    }

    /// A sentence if the neighbor graph of the data is disconnected. It does not question distances on a map that were measured to follow those
    /// in the data.
    pub fn parts_told(&self, measures: &BTreeMap<String, Measure>) -> Option<String> {
        let consequence = if follows_distances(measures) {
            "no neighbors connect them, so their arrangement on this map does not come from neighborhoods"
        } else {
            "their distances and arrangement on this map carry no information"
        };
        let (many, sizes) = (count(self.parts.len() as u64), listed(&self.parts));
        (self.parts.len() > 1).then(|| format!("The neighbor graph has {many} connected components (of {sizes} rows): {consequence}."))
    }
}

/// A fault of a map: groups that it made up, merged or split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// What the map did.
    pub fault: Fault,
    /// Indices of the groups.
    pub groups: Vec<usize>,
    /// What is meant: `1,204 rows`.
    pub name: String,
    /// Why, in a sentence.
    pub text: String,
}

/// What a map did to groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A group that is none in the data.
    MadeUp,
    /// A group that is several in the data.
    Merged,
    /// Two groups that are connected in the data.
    Split,
}

/// A group of the map.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Group {
    /// Number of rows.
    pub rows: usize,
    /// The share of its rows' neighbors in the data that are outside the group in the map.
    pub elsewhere: f64,
    /// The same share for random rows.
    pub null: f64,
    /// Whether most of them are outside: the map made the group up.
    pub made_up: bool,
    /// Sizes of its connected components in the data, the largest first: several if the map merged separate groups.
    pub parts: Vec<usize>,
}

/// Two groups of the map that are connected in the data.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Split {
    /// Their indices, the smaller group last.
    pub groups: [usize; 2],
    /// The share of the smaller one's neighbors in the data that are in the other.
    pub share: f64,
    /// The same share for random neighbors.
    pub null: f64,
}

/// The first three sizes.
fn listed(sizes: &[usize]) -> String {
    let first: Vec<String> = sizes.iter().take(3).map(|&rows| count(rows as u64)).collect();
    format!("{}{}", first.join(", "), if sizes.len() > first.len() { ", …" } else { "" })
}

/// Finds the groups of a map `[n, 2 or 3]` and compares them with the neighbors of its rows in the data. Cost: the neighbors in the map, and
/// n k² steps.
///
/// # Errors
/// As [`neighbors`].
pub fn groups(map: MatrixView<'_>, near: &Neighbors, run: &Run) -> Result<Groups> {
    let (n, k) = (map.rows(), near.k);
    let seen = neighbors(map, k, Metric::Euclidean, run)?;
    run.check()?;
    let (of_row, sizes) = run.install(|| shown(&seen, n));
    let mut whole = Union::new(n);
    (0..n as u32).for_each(|row| near.row(row as usize).0.iter().for_each(|&other| whole.join(row, other)));
    let parts = whole.sizes().into_iter().filter(|&rows| rows > 1).collect();

    // Counts of each group's neighbors in the data by their group; those in no group are not counted.
    let mut flows = vec![0_u64; sizes.len() * sizes.len()];
    let mut known = vec![0_u64; sizes.len()];
    for row in (0..n).filter(|&row| of_row[row] != NO_GROUP) {
        let own = of_row[row] as usize;
        for other in near.row(row).0.iter().map(|&other| of_row[other as usize]).filter(|&other| other != NO_GROUP) {
            flows[own * sizes.len() + other as usize] += 1;
            known[own] += 1;
        }
    }
    run.check()?;
    let share = |own: usize, other: usize| flows[own * sizes.len() + other] as f64 / known[own].max(1) as f64;
    let all: usize = sizes.iter().sum();
    let of_chance = |rows: usize| rows as f64 / all.max(1) as f64;
    let inner = parts_within(near, &of_row, &sizes, n);
    let groups = sizes.iter().zip(inner).enumerate().map(|(at, (&rows, parts))| {
        let elsewhere = 1.0 - share(at, at);
        Group { rows, elsewhere, null: 1.0 - of_chance(rows), made_up: elsewhere >= ELSEWHERE, parts }
    });
    let pairs = (0..sizes.len()).flat_map(|smaller| (0..smaller).map(move |larger| [larger, smaller]));
    let mut split: Vec<Split> = pairs
        .map(|groups| Split { groups, share: share(groups[1], groups[0]), null: of_chance(sizes[groups[0]]) })
        .filter(|split| split.share >= TOGETHER)
        .collect();
    split.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.groups.cmp(&b.groups)));
    Ok(Groups { groups: groups.collect(), split, parts, of_row })
}

/// The group of each row in the map, and the sizes of the groups, the largest first.
fn shown(seen: &Neighbors, n: usize) -> (Vec<u32>, Vec<usize>) {
    let reach: Vec<f32> = (0..n).map(|row| seen.row(row).1.last().copied().unwrap_or(0.0)).collect();
    let is_dense = |row: usize| {
        let mut around: Vec<f32> = seen.row(row).0.iter().map(|&other| reach[other as usize]).collect();
        let middle = around.len() / 2;
        around.is_empty() || reach[row] <= LOOSE * *around.select_nth_unstable_by(middle, f32::total_cmp).1
    };
    let dense: Vec<bool> = (0..n).into_par_iter().map(is_dense).collect();
    let mut union = Union::new(n);
    for row in (0..n as u32).filter(|&row| dense[row as usize]) {
        let mutual = |other: u32| row < other && dense[other as usize] && seen.row(other as usize).0.contains(&row);
        seen.row(row as usize).0.iter().filter(|&&other| mutual(other)).for_each(|&other| union.join(row, other));
    }
    let least = (2 * seen.k).max(n / LEAST);
    let mut of_row = union.named(least, |row| dense[row]);
    // An outlier joins a group if most of its neighbors belong to it.
    for _ in 0..2 {
        let before = of_row.clone();
        let most = |row: usize| {
            if before[row] != NO_GROUP {
                return before[row];
            }
            let around = seen.row(row).0;
            let many = |group: u32| around.iter().filter(|&&other| before[other as usize] == group).count();
            let found =
                around.iter().map(|&other| before[other as usize]).find(|&group| group != NO_GROUP && 2 * many(group) > around.len());
            found.unwrap_or(NO_GROUP)
        };
        of_row = (0..n).into_par_iter().map(most).collect();
    }
    let groups = of_row.iter().filter(|&&group| group != NO_GROUP).max().map_or(0, |&last| last as usize + 1);
    let mut sizes = vec![0; groups];
    of_row.iter().filter(|&&group| group != NO_GROUP).for_each(|&group| sizes[group as usize] += 1);
    // The added rows may have changed the order.
    let mut order: Vec<usize> = (0..groups).collect();
    order.sort_by_key(|&group| (std::cmp::Reverse(sizes[group]), group));
    let mut place = vec![0_u32; groups];
    order.iter().enumerate().for_each(|(at, &group)| place[group] = at as u32);
    of_row.iter_mut().filter(|group| **group != NO_GROUP).for_each(|group| *group = place[*group as usize]);
    (of_row, order.into_iter().map(|group| sizes[group]).collect())
}

/// Sizes of the connected components of each group in the data, by mutual neighbors, so that single stray rows connect nothing.
fn parts_within(near: &Neighbors, of_row: &[u32], sizes: &[usize], n: usize) -> Vec<Vec<usize>> {
    let mut union = Union::new(n);
    for row in (0..n as u32).filter(|&row| of_row[row as usize] != NO_GROUP) {
        let own = of_row[row as usize];
        let mutual = |other: u32| row < other && of_row[other as usize] == own && near.row(other as usize).0.contains(&row);
        near.row(row as usize).0.iter().filter(|&&other| mutual(other)).for_each(|&other| union.join(row, other));
    }
    let mut rows = vec![0_usize; n];
    (0..n as u32).for_each(|row| rows[union.root(row) as usize] += 1);
    let mut parts = vec![Vec::new(); sizes.len()];
    for (root, &rows) in rows.iter().enumerate().filter(|&(root, _)| of_row[root] != NO_GROUP) {
        let group = of_row[root] as usize;
        if rows >= (2 * near.k).max(sizes[group] / LEAST_PART) {
            parts[group].push(rows);
        }
    }
    parts.iter_mut().for_each(|parts| parts.sort_by(|a, b| b.cmp(a)));
    parts
}

/// Union-find of connected rows.
struct Union {
    above: Vec<u32>,
}

impl Union {
    fn new(n: usize) -> Self {
        Union { above: (0..n as u32).collect() }
    }

    /// The representative of a row's component.
    fn root(&mut self, row: u32) -> u32 {
        let mut at = row;
        while self.above[at as usize] != at {
            let next = self.above[at as usize];
            self.above[at as usize] = self.above[next as usize];
            at = next;
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.above[a.max(b) as usize] = a.min(b);
    }

    /// Sizes of the components, the largest first.
    fn sizes(&mut self) -> Vec<usize> {
        let mut rows = vec![0; self.above.len()];
        (0..self.above.len() as u32).for_each(|row| rows[self.root(row) as usize] += 1);
        rows.retain(|&rows| rows > 0);
        rows.sort_by(|a, b| b.cmp(a));
        rows
    }

    /// The component of each row, for components of at least this size; ordered by size, ties by their first row.
    fn named(&mut self, least: usize, counts: impl Fn(usize) -> bool) -> Vec<u32> {
        let n = self.above.len();
        let mut rows = vec![0_usize; n];
        (0..n as u32).for_each(|row| rows[self.root(row) as usize] += 1);
        let mut large: Vec<usize> = (0..n).filter(|&root| rows[root] >= least).collect();
        large.sort_by_key(|&root| (std::cmp::Reverse(rows[root]), root));
        let mut place = vec![NO_GROUP; n];
        large.iter().enumerate().for_each(|(at, &root)| place[root] = at as u32);
        (0..n).map(|row| if counts(row) { place[self.root(row as u32) as usize] } else { NO_GROUP }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    /// `n` rows around each of some places, which lie 20 standard deviations apart.
    fn clouds(n: usize, places: &[[f32; 2]]) -> Matrix {
        let random = Random::new(3, "rows");
        Matrix::from_fn(n * places.len(), 2, |i, j| 20.0 * places[i / n][j] + random.normal(i as u64, j as u64) as f32)
    }

    fn found(data: &Matrix, map: &Matrix) -> Groups {
        let run = Run::new(0, 2).unwrap();
        let near = neighbors(data.view(), 10, Metric::Euclidean, &run).unwrap();
        let found = groups(map.view(), &near, &run).unwrap();
        let again = groups(map.view(), &near, &Run::new(0, 1).unwrap()).unwrap();
        assert_eq!((&found.of_row, found.split.len()), (&again.of_row, again.split.len()));
        found
    }

    #[test]
    fn groups_that_are_the_datas_are_neither_made_up_nor_split() {
        let data = clouds(300, &[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        let found = found(&data, &data);
        assert_eq!((found.groups.len(), found.parts.len()), (3, 3));
        for group in &found.groups {
            assert!(group.rows > 290 && !group.made_up && group.elsewhere < 0.01 && group.parts.len() == 1, "{group:?}");
        }
        assert!(found.split.is_empty(), "{found:?}");
        assert_eq!(found.summary(), "3 separate groups, all real in the data.");
        assert!((0..900).all(|row| found.of_row[row] == NO_GROUP || found.of_row[row] == found.of_row[row / 300 * 300 + 5]));
    }

    #[test]
    fn a_group_that_was_split_and_two_that_were_merged_are_found() {
        let data = clouds(300, &[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        // Every other row of the first lies elsewhere; the second and the third lie on each other.
        let map = Matrix::from_fn(900, 2, |i, j| match i {
            0..300 => data.row(i)[j] - if i % 2 == 0 { 30.0 } else { 0.0 },
            300..600 => data.row(i)[j] + [30.0, 0.0][j],
            _ => data.row(i)[j] + [50.0, -20.0][j],
        });
        let found = found(&data, &map);
        assert_eq!(found.groups.len(), 3, "{found:?}");
        let [both, ..] = &found.groups[..] else { panic!() };
        assert!(both.rows > 590 && !both.made_up && both.parts.len() == 2, "{both:?}");
        let [split] = &found.split[..] else { panic!("{found:?}") };
        assert_eq!(split.groups, [1, 2]);
        assert!(split.share > 0.4 && split.null < 0.2 && found.parts.len() == 3, "{split:?}");
        let findings = found.interpret();
        assert_eq!(
            findings.iter().map(|finding| (finding.fault, &finding.groups[..])).collect::<Vec<_>>(),
            [(Fault::Merged, &[0][..]), (Fault::Split, &[1, 2][..])]
        );
        assert!(findings[0].text.starts_with("2 groups in the data ("), "{findings:?}");
        assert!(
            findings[1].text.starts_with("they belong with the ") && findings[1].text.contains("of their true neighbors are (random: "),
            "{findings:?}"
        );
        assert_eq!(found.summary(), "3 separate groups; not all are as in the data: 1 merged from several, 1 split in two.");
        // Nothing is said against distances that were measured to follow those in the data.
        let far = |value| BTreeMap::from([("distance_correlation".to_owned(), Measure::exact(value, Some(0.0)))]);
        assert!(found.parts_told(&far(0.3)).is_some_and(|told| told.contains("3 connected components") && told.contains("no information")));
        assert!(
            found.parts_told(&far(0.7)).is_some_and(|told| told.contains("3 connected components") && !told.contains("no information"))
        );
    }

    #[test]
    fn groups_of_noise_are_made_up() {
        let random = Random::new(4, "rows");
        let data = Matrix::from_fn(900, 6, |i, j| random.normal(i as u64, j as u64) as f32);
        let map = clouds(180, &[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, 0.0]]);
        let found = found(&data, &map);
        assert_eq!((found.groups.len(), found.parts.len()), (5, 1));
        assert!(found.groups.iter().all(|group| group.made_up && (group.elsewhere - group.null).abs() < 0.05), "{found:?}");
        assert!(found.interpret()[0].text.contains("of their true neighbors are outside the group (random: 80 %)."), "{found:?}");
    }
}
