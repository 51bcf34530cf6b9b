//! k-d tree for rows of few columns (Bentley 1975, doi:10.1145/361002.361007), searched from each row.
//!
//! Cost: n log n for maps of 2 or 3 dimensions, for any distribution of the rows.

use std::ops::Range;

use crate::parallel::*;

use super::{EXACT, Neighbors};
use crate::error::Result;
use crate::interval::Measure;
use crate::linalg::{MatrixView, NOBODY};
use crate::run::Run;

/// Maximum number of columns for the tree.
pub(super) const WIDEST: usize = 3;
/// Maximum number of rows in a leaf.
const LEAF: usize = 16;

/// The exact `k` nearest neighbors of each row.
pub(super) fn search(rows: MatrixView<'_>, k: usize, run: &Run) -> Result<Neighbors> {
    let n = rows.rows();
    let mut order: Vec<u32> = (0..n as u32).collect();
    let root = build(rows, &mut order, 0);
    run.check()?;
    let places: Vec<[f64; WIDEST]> = order.iter().map(|&row| place(rows, row)).collect();
    let mut found = vec![(0.0_f32, 0_u32); n * k];
    found.par_chunks_mut(k * LEAF).enumerate().try_for_each_init(
        || Vec::with_capacity(k + 1),
        |nearest: &mut Vec<(f64, u32)>, (block, found)| {
            run.check()?;
            for (at, found) in found.chunks_exact_mut(k).enumerate() {
                let at = block * LEAF + at;
                nearest.clear();
                nearest.resize(k, (f64::INFINITY, NOBODY));
                root.look(&places, &order, places[at], order[at], nearest);
                for (out, &(squared, name)) in found.iter_mut().zip(nearest.iter()) {
                    *out = (squared.sqrt() as f32, name);
                }
            }
            Ok(())
        },
    )?;
    let (mut indices, mut distances) = (vec![0_u32; n * k], vec![0.0_f32; n * k]);
    for (found, &row) in found.chunks_exact(k).zip(&order) {
        for (slot, &(distance, name)) in found.iter().enumerate() {
            indices[row as usize * k + slot] = name;
            distances[row as usize * k + slot] = distance;
        }
    }
    run.progress("neighbors", n as u64, n as u64);
    Ok(Neighbors { k, indices, distances, algorithm: EXACT, recall: Measure::exact(1.0, None) })
}

/// A node: a part of the rows and its bounding box.
struct Node {
    low: [f64; WIDEST],
    high: [f64; WIDEST],
    rows: Range<usize>,
    parts: Option<Box<[Node; 2]>>,
}

/// A row's coordinates; missing dimensions are 0.
fn place(rows: MatrixView<'_>, row: u32) -> [f64; WIDEST] {
    let mut place = [0.0; WIDEST];
    place.iter_mut().zip(rows.row(row as usize)).for_each(|(to, &from)| *to = f64::from(from));
    place
}

/// Orders the rows so that those of each node are adjacent, and splits them at the median of the widest side. `first` is the position of the
/// first row.
fn build(rows: MatrixView<'_>, order: &mut [u32], first: usize) -> Node {
    let (mut low, mut high) = ([f64::INFINITY; WIDEST], [f64::NEG_INFINITY; WIDEST]);
    for &row in order.iter() {
        for (axis, value) in place(rows, row).into_iter().enumerate() {
            low[axis] = low[axis].min(value);
            high[axis] = high[axis].max(value);
        }
    }
    let range = first..first + order.len();
    if order.len() <= LEAF {
        return Node { low, high, rows: range, parts: None };
    }
    let side = |axis: usize| high[axis] - low[axis];
    let axis = (1..rows.cols()).fold(0, |widest, axis| if side(axis) > side(widest) { axis } else { widest });
    // Only full leaves to the left.
    let middle = (order.len() / 2).next_multiple_of(LEAF);
    let value = |row: u32| rows.row(row as usize)[axis];
    order.select_nth_unstable_by(middle, |&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
    let (left, right) = order.split_at_mut(middle);
    let (left, right) = if left.len() > 4096 {
        rayon::join(|| build(rows, left, first), || build(rows, right, first + middle))
    } else {
        (build(rows, left, first), build(rows, right, first + middle))
    };
    Node { low, high, rows: range, parts: Some(Box::new([left, right])) }
}

impl Node {
    /// The squared distance of a point from the box, rounded like the distance of two rows, so never above that of a row inside.
    fn apart(&self, from: &[f64; WIDEST]) -> f64 {
        let mut sum = 0.0;
        for axis in 0..WIDEST {
            let outside = (self.low[axis] - from[axis]).max(from[axis] - self.high[axis]).max(0.0);
            sum += outside * outside;
        }
        sum
    }

    /// Inserts nearer rows of this node into `nearest`, which is ascending.
    fn look(&self, places: &[[f64; WIDEST]], names: &[u32], from: [f64; WIDEST], own: u32, nearest: &mut [(f64, u32)]) {
        let Some(parts) = &self.parts else {
            for at in self.rows.clone() {
                let mut squared = 0.0;
                for axis in 0..WIDEST {
                    let difference = places[at][axis] - from[axis];
                    squared += difference * difference;
                }
                let last = nearest.len() - 1;
                if squared <= nearest[last].0 && names[at] != own && (squared, names[at]) < nearest[last] {
                    let mut slot = last;
                    while slot > 0 && (squared, names[at]) < nearest[slot - 1] {
                        nearest[slot] = nearest[slot - 1];
                        slot -= 1;
                    }
                    nearest[slot] = (squared, names[at]);
                }
            }
            return;
        };
        let [left, right] = &**parts;
        let (to_left, to_right) = (left.apart(&from), right.apart(&from));
        let ((near, to_near), (far, to_far)) =
            if to_right < to_left { ((right, to_right), (left, to_left)) } else { ((left, to_left), (right, to_right)) };
        if to_near <= nearest[nearest.len() - 1].0 {
            near.look(places, names, from, own, nearest);
        }
        if to_far <= nearest[nearest.len() - 1].0 {
            far.look(places, names, from, own, nearest);
        }
    }
}
