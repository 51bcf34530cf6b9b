//! The nearest rows of each row, and what joins them where they fall apart.

use crate::parallel::*;
use serde_json::{Map, Value, json};

use crate::error::{Result, count};
use crate::linalg::Matrix;
use crate::methods::map::check_distances;
use crate::neighbors::{self, Metric, Neighbors};
use crate::run::Run;

/// Rows, each with those near it.
pub(super) struct Graph {
    /// `[n + 1]`: row i has the entries `starts[i]..starts[i + 1]`.
    starts: Vec<usize>,
    /// Rows and their distances.
    entries: Vec<(u32, f32)>,
}

impl Graph {
    /// The `k` nearest rows of each row. Where these fall into parts between which there is no way, each part is joined to the row nearest to
    /// it, until one is left; that is told.
    ///
    /// # Errors
    /// See [`neighbors::neighbors`].
    pub(super) fn nearest(rows: &Matrix, k: u32, facts: &mut Map<String, Value>, run: &Run) -> Result<Self> {
        run.progress("neighbors", 0, 1);
        let found = neighbors::neighbors(rows.view(), k as usize, Metric::Euclidean, run)?;
        run.progress("neighbors", 1, 1);
        facts.insert("neighbors".to_owned(), json!(found.algorithm));
        facts.insert("neighbors_recall".to_owned(), json!(found.recall.value));
        Self::joined(found, rows, facts, run)
    }

    /// The same of neighbors that are known.
    ///
    /// # Errors
    /// [`crate::Error::Input`] for distances that are no numbers; what the search for bridges says.
    pub(super) fn joined(found: Neighbors, rows: &Matrix, facts: &mut Map<String, Value>, run: &Run) -> Result<Self> {
        check_distances(&found)?;
        let n = found.rows();
        let mut parts = Parts::new(n);
        for row in 0..n {
            found.row(row).0.iter().for_each(|&other| parts.join(row as u32, other));
        }
        let sizes = parts.sizes();
        facts.insert("graph_parts".to_owned(), json!(sizes.len()));
        let mut bridges: Vec<(u32, u32, f32)> = Vec::new();
        if sizes.len() > 1 {
            tell(&sizes, run);
            bridges = bridge(rows, &mut parts, run)?;
        }
        let both: Vec<(u32, u32, f32)> = bridges.iter().flat_map(|&(a, b, distance)| [(a, b, distance), (b, a, distance)]).collect();
        let mut graph = Graph { starts: vec![0], entries: Vec::with_capacity(found.indices.len() + both.len()) };
        for row in 0..n {
            let (indices, distances) = found.row(row);
            graph.entries.extend(indices.iter().copied().zip(distances.iter().copied()));
            let own = both.iter().filter(|bridge| bridge.0 as usize == row && !indices.contains(&bridge.1));
            graph.entries.extend(own.map(|bridge| (bridge.1, bridge.2)));
            graph.starts.push(graph.entries.len());
        }
        Ok(graph)
    }

    pub(super) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The rows near a row and how far they are, nearest first but for bridges, which come last.
    pub(super) fn row(&self, row: usize) -> &[(u32, f32)] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    /// Each pair of rows of which one is near the other, from both sides, sorted by row: what is a way one way is one the other way, too.
    pub(super) fn both_ways(&self) -> Graph {
        let mut all: Vec<(u32, u32, f32)> = Vec::with_capacity(2 * self.entries.len());
        for row in 0..self.rows() {
            all.extend(self.row(row).iter().flat_map(|&(other, distance)| [(row as u32, other, distance), (other, row as u32, distance)]));
        }
        all.par_sort_by_key(|entry| (entry.0, entry.1));
        // A distance may differ in its last bit from the other side: the smaller holds.
        all.dedup_by(|next, kept| {
            let same = (next.0, next.1) == (kept.0, kept.1);
            if same {
                kept.2 = kept.2.min(next.2);
            }
            same
        });
        let mut starts = vec![0; self.rows() + 1];
        all.iter().for_each(|entry| starts[entry.0 as usize + 1] += 1);
        (0..self.rows()).for_each(|row| starts[row + 1] += starts[row]);
        Graph { starts, entries: all.into_iter().map(|entry| (entry.1, entry.2)).collect() }
    }

    /// Each pair of neighbors once, the smaller row first, and its weight by distance and by whether both are near each other.
    pub(super) fn pairs(&self, weight: impl Fn(f64, bool) -> f64) -> Vec<(u32, u32, f64)> {
        let mut all: Vec<(u32, u32, f32)> = Vec::with_capacity(self.entries.len());
        for row in 0..self.rows() as u32 {
            all.extend(self.row(row as usize).iter().map(|&(other, distance)| (row.min(other), row.max(other), distance)));
        }
        all.par_sort_by_key(|entry| (entry.0, entry.1));
        let pair = |same: &[(u32, u32, f32)]| (same[0].0, same[0].1, weight(f64::from(same[0].2), same.len() > 1));
        all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(pair).collect()
    }

    /// The median distance of neighbors.
    pub(super) fn median_distance(&self) -> f64 {
        let mut distances: Vec<f32> = self.entries.iter().map(|entry| entry.1).collect();
        let middle = distances.len() / 2;
        if distances.is_empty() { 0.0 } else { f64::from(*distances.select_nth_unstable_by(middle, f32::total_cmp).1) }
    }
}

/// Tells that a graph fell into parts of these sizes.
pub(super) fn tell(sizes: &[usize], run: &Run) {
    let largest: Vec<String> = sizes.iter().take(3).map(|&rows| count(rows as u64)).collect();
    run.warn(format!(
        "the neighbor graph has {} connected components (of {}{} rows): each was joined to its nearest row, so their arrangement depends on \
         single rows. More neighbors may connect them.",
        count(sizes.len() as u64),
        largest.join(", "),
        if sizes.len() > largest.len() { ", …" } else { "" }
    ));
}

/// The shortest bridges from each part but the largest to the rest, round by round until there is one part.
fn bridge(rows: &Matrix, parts: &mut Parts, run: &Run) -> Result<Vec<(u32, u32, f32)>> {
    let n = rows.rows() as u32;
    let mut bridges = Vec::new();
    loop {
        let mut members = vec![Vec::new(); n as usize];
        (0..n).for_each(|row| members[parts.root(row) as usize].push(row));
        members.retain(|part| !part.is_empty());
        if members.len() < 2 {
            return Ok(bridges);
        }
        // The largest waits for the others; of equal ones the first.
        let largest = (0..members.len()).max_by_key(|&at| (members[at].len(), std::cmp::Reverse(at))).unwrap_or(0);
        let mut shortest = Vec::new();
        for (_, part) in members.iter().enumerate().filter(|(at, _)| *at != largest) {
            run.check()?;
            let within = parts.root(part[0]);
            let others: Vec<u32> = (0..n).filter(|&row| parts.root(row) != within).collect();
            let found = neighbors::query(rows.select(&others).view(), rows.select(part).view(), 1, Metric::Euclidean, run)?;
            let nearest = (0..part.len()).min_by(|&a, &b| found.distances[a].total_cmp(&found.distances[b])).unwrap_or(0);
            shortest.push((part[nearest], others[found.indices[nearest] as usize], found.distances[nearest]));
        }
        // Two parts that are nearest to each other need one bridge.
        for bridge in shortest {
            if parts.root(bridge.0) != parts.root(bridge.1) {
                parts.join(bridge.0, bridge.1);
                bridges.push(bridge);
            }
        }
    }
}

/// Rows in parts, of which each is known by its first row.
pub(super) struct Parts(Vec<u32>);

impl Parts {
    pub(super) fn new(n: usize) -> Self {
        Parts((0..n as u32).collect())
    }

    pub(super) fn root(&mut self, row: u32) -> u32 {
        let mut root = row;
        while self.0[root as usize] != root {
            let above = self.0[self.0[root as usize] as usize];
            self.0[root as usize] = above;
            root = above;
        }
        root
    }

    pub(super) fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b) as usize] = a.min(b);
    }

    /// Rows in each part, largest first.
    pub(super) fn sizes(&mut self) -> Vec<usize> {
        let mut sizes = vec![0; self.0.len()];
        (0..self.0.len() as u32).for_each(|row| sizes[self.root(row) as usize] += 1);
        sizes.retain(|&size| size > 0);
        sizes.sort_unstable_by_key(|&size| std::cmp::Reverse(size));
        sizes
    }
}
