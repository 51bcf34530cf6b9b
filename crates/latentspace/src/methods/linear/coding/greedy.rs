//! Orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad 1993, doi:10.1109/ACSSC.1993.342465), and the triangle that it shares with LARS.

use super::{Room, subtract};

/// An atom whose square outside the span of the others is less than this part of it depends on them.
const DEPENDENT: f64 = 1e-10;
/// The pursuit ends where no atom has more than this part of its product at the start.
const NOTHING: f64 = 1e-7;

/// The Cholesky factor of the products of chosen atoms, which grows by a row per atom.
#[derive(Default)]
pub(super) struct Factor {
    /// Lower triangle, row by row.
    lower: Vec<f64>,
    size: usize,
}

impl Factor {
    pub(super) fn clear(&mut self) {
        self.lower.clear();
        self.size = 0;
    }

    /// Adds an atom to the chosen ones; false if it depends on them. Cost: s² / 2 multiply-adds.
    #[inline(always)]
    pub(super) fn push(&mut self, gram: &[f64], k: usize, chosen: &[usize], atom: usize) -> bool {
        let row = &gram[atom * k..][..k];
        let start = self.lower.len();
        let mut pivot = row[atom];
        for (i, &other) in chosen.iter().enumerate() {
            let above = &self.lower[i * (i + 1) / 2..][..=i];
            let inner: f64 = above[..i].iter().zip(&self.lower[start..]).map(|(a, b)| a * b).sum();
            let cell = (row[other] - inner) / above[i];
            pivot -= cell * cell;
            self.lower.push(cell);
        }
        if pivot <= DEPENDENT * row[atom] {
            self.lower.truncate(start);
            return false;
        }
        self.lower.push(pivot.sqrt());
        self.size += 1;
        true
    }

    /// Solves for the chosen atoms, in place. Cost: s² multiply-adds.
    #[inline(always)]
    pub(super) fn solve(&self, right: &mut [f64]) {
        let row = |i: usize| &self.lower[i * (i + 1) / 2..][..=i];
        for i in 0..self.size {
            let inner: f64 = row(i).iter().zip(&right[..i]).map(|(a, b)| a * b).sum();
            right[i] = (right[i] - inner) / row(i)[i];
        }
        for i in (0..self.size).rev() {
            right[i] /= row(i)[i];
            let (above, by) = (row(i), right[i]);
            right[..i].iter_mut().zip(above).for_each(|(right, cell)| *right -= by * cell);
        }
    }
}

/// Up to `sparsity` atoms, each that with the largest product of what the others leave; their entries are those of least squares. A step costs k·s
/// multiply-adds.
#[inline(always)]
pub(super) fn pursue(gram: &[f64], sparsity: usize, room: &mut Room) {
    let k = room.code.len();
    let Room { along, code, rest, own, active, excluded, factor, .. } = room;
    factor.clear();
    active.clear();
    excluded.fill(false);
    let least = NOTHING * along.iter().fold(0.0_f64, |largest, product| largest.max(product.abs()));
    while active.len() < sparsity {
        let free = (0..k).filter(|&atom| !excluded[atom]);
        let best = free.fold(None, |best: Option<usize>, atom| match best {
            Some(other) if rest[atom].abs() <= rest[other].abs() => best,
            _ => Some(atom),
        });
        let Some(atom) = best.filter(|&atom| rest[atom].abs() > least) else { break };
        excluded[atom] = true;
        if !factor.push(gram, k, active, atom) {
            continue;
        }
        active.push(atom);
        own.clear();
        own.extend(active.iter().map(|&atom| along[atom]));
        factor.solve(own);
        rest.copy_from_slice(along);
        for (&atom, &entry) in active.iter().zip(own.iter()) {
            subtract(rest, entry, &gram[atom * k..][..k]);
        }
    }
    active.iter().zip(own.iter()).for_each(|(&atom, &entry)| code[atom] = entry);
}
