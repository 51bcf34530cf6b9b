//! How far rows belong together: each row measures distances in a unit of its own, from its nearest neighbor on, and two rows are neighbors
//! if either thinks so (the union of fuzzy sets).

use crate::parallel::*;

use crate::data::Category;
use crate::error::Result;
use crate::methods::map::both_ways::BothWays;
use crate::methods::map::check_distances;
use crate::methods::map::edges::row_by_row;
use crate::neighbors::{Metric, Neighbors};

/// Rows that are worked on together.
const BLOCK: usize = 1024;
/// Weights are above this: denormal numbers would be slow in every step.
const LEAST: f32 = 1e-30;

/// Sparse rows of weights from 0 to 1, symmetric; each sorted by column.
pub(super) struct Graph {
    /// `[n + 1]`: row i has the entries `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    entries: Vec<(u32, f32)>,
}

impl Graph {
    /// The union of what all rows think of their neighbors. `mix` is 1 for the union, 0 for the intersection.
    ///
    /// # Errors
    /// [`crate::Error::Input`] if a distance is no finite number.
    pub(super) fn new(neighbors: &Neighbors, metric: Metric, local_connectivity: f64, mix: f64) -> Result<Self> {
        check_distances(neighbors)?;
        let k = neighbors.k;
        let mean = mean(&neighbors.distances, k);
        let mut own: Vec<(u32, f32)> = vec![(0, 0.0); neighbors.indices.len()];
        own.par_chunks_mut(k).enumerate().for_each(|(row, own)| {
            let (indices, distances) = neighbors.row(row);
            let ruler = Ruler::new(distances, distances, metric, local_connectivity, mean);
            let weights = distances.iter().map(|&distance| ruler.membership(distance) as f32);
            own.iter_mut().zip(indices.iter().copied().zip(weights)).for_each(|(own, entry)| *own = entry);
            own.sort_unstable_by_key(|entry| entry.0);
        });
        let both = BothWays::new(&own, k);
        Ok(Self::build(neighbors.rows(), |row, out| {
            let join = |(column, own, other): (u32, f32, f32)| {
                let (own, other) = (f64::from(own), f64::from(other));
                let both = own * other;
                (column, (mix * (own + other - both) + (1.0 - mix) * both) as f32)
            };
            out.extend(both.row(row).map(join).filter(|entry| entry.1 > LEAST));
        }))
    }

    fn build(n: usize, fill: impl Fn(usize, &mut Vec<(u32, f32)>) + Sync) -> Self {
        let (starts, entries) = row_by_row(n, |(): &mut (), row, entries| fill(row, entries));
        Graph { starts, entries }
    }

    /// The same where rows have labels: what they are to each other counts e^-1 where one label is missing, and e^(-2.5 / (1 - weight)) where
    /// both are known and unlike; then each row measures in parts of its largest again, and the two ways are joined as at first.
    pub(super) fn labeled(&self, labels: &Category, weight: f64) -> Self {
        let (missing, unlike) = ((-1.0_f64).exp(), if weight < 1.0 { (-2.5 / (1.0 - weight)).exp() } else { 0.0 });
        let left = |row: usize, (column, weight): (u32, f32)| {
            f64::from(weight)
                * match (labels.codes[row], labels.codes[column as usize]) {
                    (Category::MISSING, _) | (_, Category::MISSING) => missing,
                    (own, other) if own == other => 1.0,
                    _ => unlike,
                }
        };
        let largest: Vec<f64> =
            (0..self.rows()).into_par_iter().map(|row| self.row(row).iter().fold(0.0, |most, &entry| left(row, entry).max(most))).collect();
        Self::build(self.rows(), |row, out| {
            let join = |&entry: &(u32, f32)| {
                let left = left(row, entry);
                let (own, other) = (left / largest[row], left / largest[entry.0 as usize]);
                (entry.0, (own + other - own * other) as f32)
            };
            // A row of which nothing is left has no part of anything: no number, and not above the least.
            out.extend(self.row(row).iter().map(join).filter(|entry| entry.1 > LEAST));
        })
    }

    /// The same in parts of the largest weight, without the entries that are below `least` of it.
    pub(super) fn pruned(&self, least: f64) -> Self {
        let largest = self.entries.iter().fold(f32::MIN_POSITIVE, |largest, entry| largest.max(entry.1));
        let least = (least * f64::from(largest)) as f32;
        Self::build(self.rows(), |row, out| {
            out.extend(self.row(row).iter().filter(|entry| entry.1 >= least).map(|&(column, weight)| (column, weight / largest)));
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The columns of a row and their weights.
    pub(super) fn row(&self, row: usize) -> &[(u32, f32)] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    /// Rows in each of the parts between which there is no way, largest first.
    pub(super) fn parts(&self) -> Vec<usize> {
        let mut seen = vec![false; self.rows()];
        let (mut sizes, mut ahead) = (Vec::new(), Vec::new());
        for first in 0..self.rows() {
            if std::mem::replace(&mut seen[first], true) {
                continue;
            }
            let mut size = 0;
            ahead.push(first as u32);
            while let Some(row) = ahead.pop() {
                size += 1;
                let unseen = |entry: &&(u32, f32)| !std::mem::replace(&mut seen[entry.0 as usize], true);
                ahead.extend(self.row(row as usize).iter().filter(unseen).map(|entry| entry.0));
            }
            sizes.push(size);
        }
        sizes.sort_unstable_by_key(|&size| std::cmp::Reverse(size));
        sizes
    }
}

/// The mean distance of a row's neighbors, the row itself counted.
fn mean(distances: &[f32], k: usize) -> f64 {
    let sums: Vec<f64> = distances.par_chunks(k * BLOCK).map(|block| block.iter().map(|&distance| f64::from(distance)).sum()).collect();
    sums.iter().sum::<f64>() / (distances.len() / k.max(1) * (k + 1)).max(1) as f64
}

/// A row's own way to measure: distances count from that of its nearest neighbors on, in a unit such that its memberships sum to log2 of the
/// number of neighbors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ruler {
    nearest: f64,
    unit: f64,
}

impl Ruler {
    /// The ruler of a row with these `distances`, ascending, of which `counted` are to sum up to log2(their number + 1). `mean` is a distance
    /// as it is among all rows: no unit is less than a thousandth of it, or of this row's own mean where no neighbor is equal to the row.
    pub(super) fn new(distances: &[f32], counted: &[f32], metric: Metric, local_connectivity: f64, mean: f64) -> Self {
        const LEAST: f64 = 1e-3;
        let nearest = nearest(distances, metric, local_connectivity);
        let own_mean = distances.iter().map(|&distance| f64::from(distance)).sum::<f64>() / (distances.len() + 1) as f64;
        let least = LEAST * if nearest > 0.0 { own_mean } else { mean };
        let unit = unit(counted, nearest, ((counted.len() + 1) as f64).log2());
        Ruler { nearest, unit: unit.max(least.abs()) }
    }

    /// How far a row at this distance belongs to the neighborhood: from 0 to 1.
    pub(super) fn membership(self, distance: f32) -> f64 {
        let beyond = f64::from(distance) - self.nearest;
        if beyond <= 0.0 || self.unit <= 0.0 { 1.0 } else { (-beyond / self.unit).exp() }
    }
}

/// The distance of the `local_connectivity`th neighbor that is not equal to the row; between two, where it is no whole number.
fn nearest(distances: &[f32], metric: Metric, local_connectivity: f64) -> f64 {
    let equal = if metric.is_distance() { distances.iter().take_while(|distance| **distance <= 0.0).count() } else { 0 };
    let others = &distances[equal..];
    let at = |index: usize| others.get(index).or(others.last()).copied().map_or(0.0, f64::from);
    let (whole, part) = (local_connectivity.floor(), local_connectivity.fract());
    match whole as usize {
        0 => part * at(0),
        whole => at(whole - 1) + part * (at(whole) - at(whole - 1)),
    }
}

/// The unit in which Σ exp(-beyond / unit) is `target`; 0 where even the smallest gives more.
fn unit(distances: &[f32], nearest: f64, target: f64) -> f64 {
    const STEPS: usize = 64;
    let beyond = |distance: f32| (f64::from(distance) - nearest).max(0.0);
    let mean = distances.iter().map(|&distance| beyond(distance)).sum::<f64>() / distances.len().max(1) as f64;
    let near = distances.iter().filter(|&&distance| beyond(distance) <= 0.0).count() as f64;
    if mean <= 0.0 || near >= target {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut unit = mean;
    for _ in 0..STEPS {
        // The sum, and its derivative by ln unit.
        let (mut sum, mut slope) = (0.0, 0.0);
        for &distance in distances {
            let x = beyond(distance) / unit;
            let weight = (-x).exp();
            sum += weight;
            slope += x * weight;
        }
        let missing = target - sum;
        if missing.abs() < 1e-7 {
            break;
        }
        if missing > 0.0 {
            low = unit
        } else {
            high = unit
        }
        let newton = unit * (missing / slope).clamp(-3.0, 3.0).exp();
        unit = if newton > low && newton < high {
            newton
        } else if high.is_finite() {
            0.5 * (low + high)
        } else {
            4.0 * unit
        };
    }
    unit
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::measure::Measure;
    use crate::neighbors;
    use crate::run::Run;

    /// Rows of a curved sheet, by formula, so that other tools can be given the same.
    pub(in crate::methods::umap) fn formula(n: usize) -> Matrix {
        Matrix::from_fn(n, 8, |i, j| {
            let (t, u) = (i as f64 / n as f64 * 18.0, (i * 37 % 101) as f64 / 101.0);
            ((t * (j % 3 + 1) as f64 / 3.0 + j as f64).sin() * (1.0 + u) + 0.3 * (u * 5.0 + (i % 2 * j) as f64).cos()) as f32
        })
    }

    fn graph(rows: &Matrix, n_neighbors: usize, local_connectivity: f64, mix: f64) -> Graph {
        let run = Run::new(0, 2).unwrap();
        let found = neighbors::exact(rows.view(), n_neighbors - 1, Metric::Euclidean, &run).unwrap();
        Graph::new(&found, Metric::Euclidean, local_connectivity, mix).unwrap()
    }

    #[test]
    fn weights_are_those_of_another_tool() {
        // umap-learn 0.5.12, on formula(60) in f32: umap.umap_.fuzzy_simplicial_set(x, n_neighbors, RandomState(0), "euclidean",
        // knn_indices=..., knn_dists=... by sorting all distances, set_op_mix_ratio=mix, local_connectivity=...)[0]: the sum of all, and rows
        // 0 and 17.
        type Row = &'static [(u32, f32)];
        let cases: [(usize, f64, f64, f64, Row, Row); 4] = [
            (
                6,
                1.0,
                1.0,
                219.96915,
                &[(1, 1.0), (2, 0.23763), (3, 0.252666), (36, 0.592249), (39, 0.569588), (41, 0.697103)],
                &[(15, 1.0), (16, 1.0), (19, 0.135128), (20, 0.398839), (22, 0.857548), (23, 1.0), (24, 0.912895)],
            ),
            (
                6,
                1.5,
                1.0,
                216.58061,
                &[(1, 1.0), (2, 0.200216), (3, 0.185965), (36, 0.565638), (39, 0.53244), (41, 0.734374)],
                &[(15, 1.0), (16, 1.0), (19, 0.08303), (20, 0.33258), (22, 0.917012), (23, 1.0), (24, 0.94774)],
            ),
            (
                10,
                1.0,
                0.25,
                153.49095,
                &[
                    (1, 1.0),
                    (2, 0.125353),
                    (3, 0.137893),
                    (4, 0.03295),
                    (36, 0.297766),
                    (37, 0.110929),
                    (38, 0.043714),
                    (39, 0.21785),
                    (41, 0.304299),
                    (58, 0.081928),
                ],
                &[
                    (13, 0.013382),
                    (14, 0.057237),
                    (15, 1.0),
                    (16, 0.547327),
                    (18, 0.072135),
                    (19, 0.046404),
                    (20, 0.209739),
                    (21, 0.041469),
                    (22, 0.359994),
                    (23, 0.830766),
                    (24, 0.574215),
                    (25, 0.012027),
                ],
            ),
            (
                10,
                2.0,
                1.0,
                268.3992,
                &[
                    (1, 1.0),
                    (2, 0.219646),
                    (3, 0.157456),
                    (4, 0.013895),
                    (36, 0.730605),
                    (37, 0.13336),
                    (38, 0.037382),
                    (39, 0.555246),
                    (41, 1.0),
                    (58, 0.044515),
                ],
                &[
                    (13, 0.047396),
                    (14, 0.158392),
                    (15, 1.0),
                    (16, 1.0),
                    (18, 0.173335),
                    (19, 0.100658),
                    (20, 0.478345),
                    (21, 0.124727),
                    (22, 1.0),
                    (23, 1.0),
                    (24, 1.0),
                    (25, 0.016706),
                ],
            ),
        ];
        let rows = formula(60);
        for (n_neighbors, local_connectivity, mix, sum, first, other) in cases {
            let graph = graph(&rows, n_neighbors, local_connectivity, mix);
            let found: f64 = graph.entries.iter().map(|entry| f64::from(entry.1)).sum();
            assert!((found - sum).abs() < 2e-3, "{n_neighbors} {local_connectivity} {mix}: {found}, not {sum}");
            for (row, wanted) in [(0, first), (17, other)] {
                let found = graph.row(row);
                assert_eq!(found.iter().map(|entry| entry.0).collect::<Vec<_>>(), wanted.iter().map(|entry| entry.0).collect::<Vec<_>>());
                assert!(found.iter().zip(wanted).all(|(found, wanted)| (found.1 - wanted.1).abs() < 1e-4), "{found:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn labels_change_weights_as_another_tool_does() {
        // umap-learn 0.5.12, of the first graph above and y = [-1 if i % 7 == 3 else i * 3 // 60 for i in range(60)]:
        // umap.umap_.discrete_metric_simplicial_set_intersection(graph, y, far_dist=2.5 / (1 - weight) if weight < 1 else 1e12): the sum of
        // all, and rows 0 and 17.
        type Row = &'static [(u32, f32)];
        let unlike: [(f64, f64, Row); 4] = [
            (0.0, 213.39867, &[(36, 0.094866), (39, 0.091323), (41, 0.153033)]),
            (0.5, 205.11691, &[(36, 0.007965), (39, 0.007661), (41, 0.013)]),
            (0.9, 204.35162, &[(36, 0.0), (39, 0.0), (41, 0.0)]),
            (1.0, 204.35164, &[]),
        ];
        let like: Row = &[(1, 1.0), (2, 0.418793), (3, 0.322131)];
        let unknown: Row = &[(15, 1.0), (16, 1.0), (19, 0.197653), (20, 0.487045), (22, 0.902488), (23, 1.0), (24, 0.992413)];
        let code = |row: u32| if row % 7 == 3 { Category::MISSING } else { row * 3 / 60 };
        let labels = Category { name: "y".into(), codes: (0..60).map(code).collect(), levels: vec!["0".into(), "1".into(), "2".into()] };
        let graph = graph(&formula(60), 6, 1.0, 1.0);
        for (weight, sum, unlike) in unlike {
            let labeled = graph.labeled(&labels, weight);
            let found: f64 = labeled.entries.iter().map(|entry| f64::from(entry.1)).sum();
            assert!((found - sum).abs() < 2e-3, "{weight}: {found}, not {sum}");
            for (row, wanted) in [(0, [like, unlike].concat()), (17, unknown.to_vec())] {
                let found = labeled.row(row);
                assert_eq!(found.iter().map(|entry| entry.0).collect::<Vec<_>>(), wanted.iter().map(|entry| entry.0).collect::<Vec<_>>());
                assert!(found.iter().zip(&wanted).all(|(found, wanted)| (found.1 - wanted.1).abs() < 1e-4), "{found:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn memberships_sum_to_the_logarithm_of_the_neighbors() {
        let run = Run::new(0, 2).unwrap();
        let found = neighbors::exact(formula(400).view(), 14, Metric::Euclidean, &run).unwrap();
        for row in 0..400 {
            let distances = found.row(row).1;
            let ruler = Ruler::new(distances, distances, Metric::Euclidean, 1.0, 1.0);
            let sum: f64 = distances.iter().map(|&distance| ruler.membership(distance)).sum();
            assert!((sum - 15_f64.log2()).abs() < 1e-6 && ruler.membership(distances[0]) == 1.0, "{row}: {sum}");
        }
    }

    #[test]
    fn equal_far_and_few_neighbors_give_memberships_from_0_to_1() {
        let cases: [&[f32]; 7] = [&[0.0; 9], &[5.0; 9], &[0.0, 0.0, 0.0, 1.0], &[1e18, 1.1e18, 3e18], &[0.0, 1e-20, 1e18], &[2.0], &[0.0]];
        for distances in cases {
            for (metric, local_connectivity) in
                [(Metric::Euclidean, 1.0), (Metric::Euclidean, 0.0), (Metric::Euclidean, 30.5), (Metric::InnerProduct, 1.0)]
            {
                let ruler = Ruler::new(distances, distances, metric, local_connectivity, 1.0);
                let weights: Vec<f64> = distances.iter().map(|&distance| ruler.membership(distance)).collect();
                assert!(weights.iter().all(|weight| (0.0..=1.0).contains(weight)), "{distances:?} {weights:?}");
                assert!(weights.windows(2).all(|pair| pair[0] >= pair[1]), "nearer ones belong no less: {weights:?}");
            }
        }
        let products = [-9.0, -7.0, -3.0, -2.5];
        let ruler = Ruler::new(&products, &products, Metric::InnerProduct, 1.0, -5.0);
        assert!(ruler.membership(-9.0) == 1.0 && ruler.membership(-7.0) < 1.0, "{ruler:?}");
    }

    #[test]
    fn the_graph_is_symmetric_and_its_parts_are_counted() {
        let apart = Matrix::from_fn(90, 2, |i, j| if i < 30 { (i * j) as f32 } else { 1e4 + i as f32 });
        let graph = graph(&apart, 5, 1.0, 1.0);
        for row in 0..90 {
            for &(column, weight) in graph.row(row) {
                assert!(graph.row(column as usize).contains(&(row as u32, weight)) && column as usize != row);
            }
        }
        assert_eq!(graph.parts(), [60, 30]);
        let pruned = graph.pruned(0.5);
        assert!((0..90).all(|row| pruned.row(row).iter().all(|entry| entry.1 >= 0.5) && !pruned.row(row).is_empty()));
        let none =
            Neighbors { k: 1, indices: vec![1, 0], distances: vec![f32::INFINITY; 2], algorithm: "", recall: Measure::exact(1.0, None) };
        assert!(Graph::new(&none, Metric::Euclidean, 1.0, 1.0).err().unwrap().to_string().contains("row 1"));
    }
}
