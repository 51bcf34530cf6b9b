//! The fast iterative shrinkage-thresholding algorithm (Beck and Teboulle 2009, doi:10.1137/080716542), with restarts (O'Donoghue and Candès 2015,
//! doi:10.1007/s10208-013-9150-3).

use super::{Room, shrink, subtract};

/// Steps at most.
const STEPS: usize = 1000;

/// From 0 until no entry changes by more than `tolerance` times the largest. `curvature` is at least the largest eigenvalue of the products. A step costs
/// k multiply-adds for each entry that is not 0.
#[inline(always)]
pub(super) fn accelerate(gram: &[f64], alpha: f64, curvature: f64, tolerance: f64, room: &mut Room) {
    let k = room.code.len();
    let Room { along, code, rest, ahead, .. } = room;
    ahead.fill(0.0);
    let (mut momentum, threshold) = (1.0_f64, alpha / curvature);
    for _ in 0..STEPS {
        rest.copy_from_slice(along);
        for (atom, &entry) in ahead.iter().enumerate() {
            if entry != 0.0 {
                subtract(rest, entry, &gram[atom * k..][..k]);
            }
        }
        let next = 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt());
        let further = (momentum - 1.0) / next;
        let (mut change, mut largest, mut uphill) = (0.0_f64, 0.0_f64, 0.0_f64);
        for ((entry, ahead), rest) in code.iter_mut().zip(ahead.iter_mut()).zip(rest.iter()) {
            let after = shrink(*ahead + rest / curvature, threshold);
            let by = after - *entry;
            change = change.max(by.abs());
            largest = largest.max(after.abs());
            uphill += (*ahead - after) * by;
            *ahead = after + further * by;
            *entry = after;
        }
        momentum = next;
        if uphill > 0.0 {
            // The momentum points away from the minimum.
            momentum = 1.0;
            ahead.copy_from_slice(code);
        }
        if change <= tolerance * largest {
            break;
        }
    }
    rest.copy_from_slice(along);
    for (atom, &entry) in code.iter().enumerate() {
        if entry != 0.0 {
            subtract(rest, entry, &gram[atom * k..][..k]);
        }
    }
}
