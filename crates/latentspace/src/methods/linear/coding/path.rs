//! Least-angle regression: the path of the lasso's solutions as the penalty falls (Efron, Hastie, Johnstone and Tibshirani 2004,
//! doi:10.1214/009053604000000067).

use super::{Room, subtract};

/// Rates below this never meet the penalty.
const FLAT: f64 = 1e-12;

/// What ends a step of the path.
enum Event {
    End,
    Join(usize),
    /// The entry at this place among the active ones becomes 0.
    Leave(usize),
}

/// From 0 to the solution at `alpha`. The active atoms have products of the same magnitude with what is left, the penalty of this point of the path; it
/// falls at rate 1 until another atom has it too, or an entry becomes 0. A step costs k·s multiply-adds.
#[inline(always)]
pub(super) fn follow(gram: &[f64], alpha: f64, room: &mut Room) {
    let k = room.code.len();
    let Room { along, code, rest, own, active, excluded, factor, slope, .. } = room;
    factor.clear();
    active.clear();
    excluded.fill(false);
    let mut joins = (0..k).fold(None, |best: Option<usize>, atom| match best {
        Some(other) if along[atom].abs() <= along[other].abs() => best,
        _ => Some(atom),
    });
    let mut level = joins.map_or(0.0, |atom| along[atom].abs());
    let mut left = None;
    for _ in 0..8 * k {
        if level <= alpha {
            break;
        }
        if let Some(atom) = joins.take() {
            excluded[atom] = true;
            // Of atoms that depend on the active ones, none is needed: their products fall with the others.
            if factor.push(gram, k, active, atom) {
                active.push(atom);
            }
        }
        if active.is_empty() {
            break;
        }
        own.clear();
        own.extend(active.iter().map(|&atom| rest[atom].signum()));
        factor.solve(own);
        slope.fill(0.0);
        for (&atom, &rate) in active.iter().zip(own.iter()) {
            subtract(slope, -rate, &gram[atom * k..][..k]);
        }
        let (mut reach, mut event) = (level - alpha, Event::End);
        for atom in (0..k).filter(|&atom| !excluded[atom] && left != Some(atom)) {
            for (gap, rate) in [(level - rest[atom], 1.0 - slope[atom]), (level + rest[atom], 1.0 + slope[atom])] {
                let at = gap.max(0.0) / rate;
                if rate > FLAT && at < reach {
                    (reach, event) = (at, Event::Join(atom));
                }
            }
        }
        for (at, (&atom, &rate)) in active.iter().zip(own.iter()).enumerate() {
            let zero = -code[atom] / rate;
            if code[atom] * rate < 0.0 && zero < reach {
                (reach, event) = (zero, Event::Leave(at));
            }
        }
        active.iter().zip(own.iter()).for_each(|(&atom, &rate)| code[atom] += reach * rate);
        subtract(rest, reach, slope);
        level -= reach;
        left = None;
        match event {
            Event::End => break,
            Event::Join(atom) => joins = Some(atom),
            Event::Leave(at) => {
                let atom = active.remove(at);
                code[atom] = 0.0;
                left = Some(atom);
                // Atoms that depended on this one may join again.
                excluded.fill(false);
                factor.clear();
                for at in 0..active.len() {
                    excluded[active[at]] = true;
                    let (before, atom) = (&active[..at], active[at]);
                    factor.push(gram, k, before, atom);
                }
            }
        }
    }
}
