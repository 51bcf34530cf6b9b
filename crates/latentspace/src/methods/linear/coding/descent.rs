//! Coordinate descent for the lasso, from products alone (Friedman, Hastie and Tibshirani 2010, doi:10.18637/jss.v033.i01).

use super::{Room, shrink, subtract};

/// Passes over all entries at most.
const PASSES: usize = 300;
/// Passes over the entries that are not 0, between those over all.
const INNER: usize = 300;
/// What a divisor is at least.
const LEAST: f64 = 1e-12;

/// Continues from `room.code` and `room.rest` until no entry changes by more than `tolerance` times the largest.
///
/// A pass over all k entries costs k multiply-adds for each that changes. Between two of them the s entries that are not 0 settle among themselves, in
/// s² multiply-adds a pass.
#[inline(always)]
pub(super) fn descend(gram: &[f64], alpha: f64, tolerance: f64, room: &mut Room) {
    let k = room.code.len();
    let Room { code, rest, active, own, square, ahead, .. } = room;
    for _ in 0..PASSES {
        let mut largest = code.iter().fold(0.0_f64, |largest, entry| largest.max(entry.abs()));
        let mut has_changed = false;
        for atom in 0..k {
            // Most entries are 0 and stay so.
            if code[atom] == 0.0 && rest[atom].abs() <= alpha {
                continue;
            }
            let row = &gram[atom * k..][..k];
            if row[atom] <= LEAST {
                continue;
            }
            let after = shrink(rest[atom] + row[atom] * code[atom], alpha) / row[atom];
            let change = after - code[atom];
            if change.abs() <= tolerance * largest {
                continue;
            }
            has_changed = true;
            largest = largest.max(after.abs());
            code[atom] = after;
            subtract(rest, change, row);
        }
        if !has_changed {
            return;
        }
        active.clear();
        active.extend((0..k).filter(|&atom| code[atom] != 0.0));
        let s = active.len();
        square.clear();
        own.clear();
        for &atom in active.iter() {
            square.extend(active.iter().map(|&other| gram[atom * k + other]));
            own.push(rest[atom]);
        }
        let before = &mut ahead[..s];
        before.iter_mut().zip(active.iter()).for_each(|(before, &atom)| *before = code[atom]);
        for _ in 0..INNER {
            let (mut change, mut largest) = (0.0_f64, 0.0_f64);
            for (at, &atom) in active.iter().enumerate() {
                let row = &square[at * s..][..s];
                let after = shrink(own[at] + row[at] * code[atom], alpha) / row[at];
                let by = after - code[atom];
                change = change.max(by.abs());
                largest = largest.max(after.abs());
                code[atom] = after;
                subtract(own, by, row);
            }
            if change <= 0.1 * tolerance * largest {
                break;
            }
        }
        for (&before, &atom) in before.iter().zip(active.iter()) {
            let by = code[atom] - before;
            if by != 0.0 {
                subtract(rest, by, &gram[atom * k..][..k]);
            }
        }
    }
}
