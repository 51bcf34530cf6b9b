//! Shortest ways along a graph, from sixteen rows at once.
//!
//! The ways from sixteen rows that lie near each other go through the same rows in nearly the same order. So a row is looked at for all sixteen
//! together, the one that is nearest to any of them first: from its own sixteen distances those of its neighbors follow in two vector
//! additions and minima an edge, and a row whose distances fell later is looked at again. What is found is the least sum over all ways,
//! each rounded from its start on: it does not depend on the order in which rows are looked at. Bound by the cache (64 bytes a row, 8 an edge)
//! and by the heap, whose cost sixteen rows share.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::graph::Graph;

/// Rows from which ways start together.
pub(super) const LANES: usize = 16;

/// Of a place that does not wait: more than the bits of any distance.
const NOT: u32 = u32::MAX;

/// A graph that is gone along, its rows in an order in which neighbors lie near each other.
pub(super) struct OrderedGraph {
    /// Where each place of the order has its ways: `starts[i]..starts[i + 1]`.
    starts: Vec<u32>,
    /// To places of the order, with lengths.
    ways: Vec<(u32, f32)>,
    /// The row at each place.
    order: Vec<u32>,
    /// What lengths are in parts of: a power of 2 near the longest, so that squares of sums of any lengths are numbers.
    unit: f32,
}

/// Room to work in.
pub(super) struct Room {
    /// By place.
    pub(super) distances: Vec<[f32; LANES]>,
    /// Places to be looked at, by the bits of the distance that they were at when they were put here: bits of positive numbers sort as they do.
    ahead: BinaryHeap<Reverse<(u32, u32)>>,
    /// Where a place waits with, if it does.
    waits: Vec<u32>,
}

impl OrderedGraph {
    /// The ways of a graph that is the same from both sides and of one part.
    pub(super) fn new(graph: &Graph) -> Self {
        let n = graph.rows();
        // Sixteen by sixteen: the first row that has no place yet, and those that are the fewest steps away from it.
        let (mut order, mut place) = (Vec::with_capacity(n), vec![u32::MAX; n]);
        let (mut seen, mut ring) = (vec![u32::MAX; n], VecDeque::new());
        let mut from = 0;
        while let Some(first) = (from..n).find(|&row| place[row] == u32::MAX) {
            // The next sixteen begin beside these, if there is room.
            from = first;
            let mut next = Some(first as u32);
            while let Some(first) = next.take() {
                let group = order.len() as u32;
                ring.clear();
                ring.push_back(first);
                seen[first as usize] = group;
                while let Some(row) = ring.pop_front() {
                    if place[row as usize] == u32::MAX {
                        if order.len() as u32 - group == LANES as u32 {
                            next = Some(row);
                            break;
                        }
                        place[row as usize] = order.len() as u32;
                        order.push(row);
                    }
                    for &(other, _) in graph.row(row as usize) {
                        if seen[other as usize] != group {
                            seen[other as usize] = group;
                            ring.push_back(other);
                        }
                    }
                }
            }
        }
        let longest = (0..n).flat_map(|row| graph.row(row)).fold(0.0_f32, |longest, way| longest.max(way.1));
        let unit = if longest > 0.0 { longest.log2().floor().clamp(-120.0, 120.0).exp2() } else { 1.0 };
        let (mut starts, mut ways) = (vec![0], Vec::new());
        for &row in &order {
            ways.extend(graph.row(row as usize).iter().map(|&(other, distance)| (place[other as usize], distance / unit)));
            starts.push(ways.len() as u32);
        }
        OrderedGraph { starts, ways, order, unit }
    }

    /// The row at each place of the order.
    pub(super) fn order(&self) -> &[u32] {
        &self.order
    }

    /// What lengths are in parts of.
    pub(super) fn unit(&self) -> f32 {
        self.unit
    }

    pub(super) fn room(&self) -> Room {
        let n = self.order.len();
        Room { distances: vec![[0.0; LANES]; n], ahead: BinaryHeap::with_capacity(n), waits: vec![NOT; n] }
    }

    /// Puts the distances from up to sixteen places to all places into `room`.
    pub(super) fn from(&self, places: &[u32], room: &mut Room) {
        let Room { distances, ahead, waits } = room;
        distances.iter_mut().for_each(|lanes| *lanes = [f32::INFINITY; LANES]);
        for (lane, &place) in places.iter().take(LANES).enumerate() {
            distances[place as usize][lane] = 0.0;
            waits[place as usize] = 0;
            ahead.push(Reverse((0, place)));
        }
        while let Some(Reverse((waited, place))) = ahead.pop() {
            let place = place as usize;
            // It was put here again, nearer, and looked at then.
            if waits[place] != waited {
                continue;
            }
            waits[place] = NOT;
            let own = distances[place];
            for &(other, length) in &self.ways[self.starts[place] as usize..self.starts[place + 1] as usize] {
                let theirs = &mut distances[other as usize];
                let mut fell = false;
                for lane in 0..LANES {
                    let way = own[lane] + length;
                    fell |= way < theirs[lane];
                    theirs[lane] = if way < theirs[lane] { way } else { theirs[lane] };
                }
                if fell {
                    let nearest = theirs.iter().fold(f32::INFINITY, |nearest, &lane| nearest.min(lane)).to_bits();
                    let waits = &mut waits[other as usize];
                    if nearest < *waits {
                        *waits = nearest;
                        ahead.push(Reverse((nearest, other)));
                    }
                }
            }
        }
    }
}
