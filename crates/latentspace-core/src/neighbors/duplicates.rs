//! Duplicate rows: searched once, with the result expanded to each.

use crate::parallel::*;

use super::distance::{distance, length};
use super::{Metric, Neighbors};
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView};

/// The rows of a table, grouped by equality.
pub struct Groups {
    /// The first row of each group, ascending.
    pub(super) first: Vec<u32>,
    /// The group of each row.
    group: Vec<u32>,
    /// The rows of group g, ascending: `members[starts[g]..starts[g + 1]]`.
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// The groups of equal rows; none if all rows differ.
    pub fn of(rows: MatrixView<'_>) -> Option<Self> {
        let n = rows.rows();
        let mut hashes: Vec<(u64, u32)> = (0..n).into_par_iter().map(|row| (hash(rows.row(row)), row as u32)).collect();
        hashes.par_sort_unstable();
        // The first equal row of each row. Rows with the same hash are adjacent, ascending; almost always they are equal.
        let mut first: Vec<u32> = (0..n as u32).collect();
        for same in hashes.chunk_by(|a, b| a.0 == b.0).filter(|same| same.len() > 1) {
            let mut different: Vec<u32> = Vec::new();
            for &(_, row) in same {
                match different.iter().find(|&&other| rows.row(other as usize) == rows.row(row as usize)) {
                    Some(&other) => first[row as usize] = other,
                    None => different.push(row),
                }
            }
        }
        let mut group = vec![0; n];
        let mut firsts = Vec::new();
        for row in 0..n {
            if first[row] == row as u32 {
                group[row] = firsts.len() as u32;
                firsts.push(row as u32);
            } else {
                group[row] = group[first[row] as usize];
            }
        }
        if firsts.len() == n {
            return None;
        }
        let (starts, members) = by_group(&group, firsts.len());
        Some(Groups { first: firsts, group, starts, members })
    }

    /// One row of each group.
    ///
    /// # Errors
    /// None occur.
    pub fn distinct(&self, rows: MatrixView<'_>) -> Result<Matrix> {
        let cells: Vec<f32> = self.first.iter().flat_map(|&row| rows.row(row as usize).iter().copied()).collect();
        Matrix::new(self.first.len(), rows.cols(), cells)
    }

    /// The group of a row.
    pub fn group(&self, row: usize) -> usize {
        self.group[row] as usize
    }

    fn members(&self, group: usize) -> &[u32] {
        &self.members[self.starts[group] as usize..self.starts[group + 1] as usize]
    }

    /// The `k` nearest rows of each row from the nearest groups of each group; all others if there are fewer.
    pub(super) fn spread(&self, rows: MatrixView<'_>, groups: &Neighbors, k: usize, metric: Metric) -> Neighbors {
        let n = rows.rows();
        let (mut indices, mut distances) = (vec![0_u32; n * k], vec![0.0_f32; n * k]);
        indices.par_chunks_mut(k).zip(distances.par_chunks_mut(k)).enumerate().for_each(|(row, (indices, distances))| {
            let own = self.group[row];
            let itself = distance(rows.row(row), rows.row(row), metric) as f32;
            let (near, lengths) = if groups.k == 0 { (&[][..], &[][..]) } else { groups.row(own as usize) };
            // In f64, so that only exact ties are ordered by index.
            let mut found: Vec<(f64, u32, f32)> = std::iter::once((own, itself))
                .chain(near.iter().copied().zip(lengths.iter().copied()))
                .flat_map(|(group, distance)| {
                    let far = length(rows.row(row), rows.row(self.first[group as usize] as usize), metric);
                    let others = self.members(group as usize).iter().filter(|&&other| other != row as u32);
                    others.take(k).map(move |&other| (far, other, distance))
                })
                .collect();
            found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            for ((index, to), (_, name, distance)) in indices.iter_mut().zip(distances).zip(found) {
                *index = name;
                *to = distance;
            }
        });
        Neighbors { k, indices, distances, ..*groups }
    }
}

/// Positions sorted by group: the start of each group, and the positions.
pub(super) fn by_group(group: &[u32], groups: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; groups + 1];
    group.iter().for_each(|&group| starts[group as usize + 1] += 1);
    for at in 0..groups {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut places = vec![0; group.len()];
    for (place, &group) in group.iter().enumerate() {
        places[next[group as usize] as usize] = place as u32;
        next[group as usize] += 1;
    }
    (starts, places)
}

/// A hash of a row's numbers, 0 and -0 alike: four lanes of multiply and rotate.
fn hash(row: &[f32]) -> u64 {
    let mut lanes = [1_u64, 2, 3, 4];
    for cells in row.chunks(4) {
        for (lane, cell) in lanes.iter_mut().zip(cells) {
            *lane = (lane.rotate_left(23) ^ u64::from((cell + 0.0).to_bits())).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }
    lanes.iter().fold(0, |hash, lane| (hash ^ lane ^ (lane >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9))
}
