//! The two passes of a step over the rows that take part, in lanes. Places are found block by block, so that the passes have no branches.

use crate::methods::kernels::lanes::in_lanes;

/// Rows among which the place of the best is sought.
const BLOCK: usize = 64;
/// Curvature where the kernel has none.
pub(super) const FLAT: f64 = 1e-12;

/// The gradients between which a step can be taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extremes {
    /// The least among the rows whose coefficient may grow, and the first place of it.
    pub(super) lowest: f64,
    pub(super) lowest_at: usize,
    /// The largest among the rows whose coefficient may shrink.
    pub(super) highest: f64,
}

impl Extremes {
    pub(super) const NONE: Extremes = Extremes { lowest: f64::INFINITY, lowest_at: 0, highest: f64::NEG_INFINITY };

    /// How far the optimality conditions are from being met.
    pub(super) fn gap(&self) -> f64 {
        self.highest - self.lowest
    }
}

/// The second row of a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Second {
    /// Twice the decrease that it promises.
    pub(super) gain: f64,
    pub(super) at: usize,
}

in_lanes!(
    /// Adds `change` times the difference of two rows of kernel values to the gradient, and finds its extremes.
    step => step_of (gradient: &mut [f64], up: &[f64], down: &[f64], one: &[f32], two: &[f32], change: f64, found: &mut Extremes)
);

in_lanes!(
    /// The first row of largest gain: (gradient - lowest)² / curvature, among those whose coefficient may shrink and whose gradient is above
    /// `lowest`. `first` are the gradient and the kernel value with itself of the first row of the step.
    second => second_of (gradient: &[f64], down: &[f64], diagonal: &[f64], values: &[f32], first: [f64; 2], best: &mut Second)
);

#[inline(always)]
fn step_of<const BITS: usize>(gradient: &mut [f64], up: &[f64], down: &[f64], one: &[f32], two: &[f32], change: f64, found: &mut Extremes) {
    *found = Extremes::NONE;
    let mut best = 0;
    let blocks = gradient.chunks_mut(BLOCK).zip(up.chunks(BLOCK).zip(down.chunks(BLOCK))).zip(one.chunks(BLOCK).zip(two.chunks(BLOCK)));
    for (block, ((gradient, (up, down)), (one, two))) in blocks.enumerate() {
        let (mut low, mut high) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
        let n = gradient.len();
        for from in (0..n).step_by(8) {
            let width = 8.min(n - from);
            let own = &mut gradient[from..from + width];
            let ((up, down), (one, two)) = ((&up[from..][..width], &down[from..][..width]), (&one[from..][..width], &two[from..][..width]));
            for at in 0..width {
                own[at] += change * (f64::from(one[at]) - f64::from(two[at]));
                let (grows, shrinks) = (own[at] + up[at], own[at] + down[at]);
                low[at] = if grows < low[at] { grows } else { low[at] };
                high[at] = if shrinks > high[at] { shrinks } else { high[at] };
            }
        }
        let low = low.into_iter().fold(f64::INFINITY, f64::min);
        if low < found.lowest {
            (found.lowest, best) = (low, block);
        }
        found.highest = high.into_iter().fold(found.highest, f64::max);
    }
    let from = best * BLOCK;
    let place = gradient[from.min(gradient.len())..].iter().zip(&up[from.min(up.len())..]).position(|(own, up)| own + up == found.lowest);
    found.lowest_at = from + place.unwrap_or(0);
}

#[inline(always)]
fn second_of<const BITS: usize>(
    gradient: &[f64],
    down: &[f64],
    diagonal: &[f64],
    values: &[f32],
    [lowest, own]: [f64; 2],
    best: &mut Second,
) {
    let mut gains = [0.0; BLOCK];
    let blocks = gradient.chunks(BLOCK).zip(down.chunks(BLOCK)).zip(diagonal.chunks(BLOCK).zip(values.chunks(BLOCK)));
    for (block, ((gradient, down), (diagonal, values))) in blocks.enumerate() {
        let gains = &mut gains[..gradient.len()];
        let mut most = [0.0; 8];
        for (at, gain) in gains.iter_mut().enumerate() {
            let above = gradient[at] + down[at] - lowest;
            let above = if above > 0.0 { above } else { 0.0 };
            let curvature = own + diagonal[at] - 2.0 * f64::from(values[at]);
            let curvature = if curvature > FLAT { curvature } else { FLAT };
            *gain = above * above / curvature;
        }
        for eight in gains.chunks(8) {
            eight.iter().zip(&mut most).for_each(|(&gain, most)| *most = if gain > *most { gain } else { *most });
        }
        let most = most.into_iter().fold(0.0, f64::max);
        if most > best.gain {
            best.gain = most;
            best.at = block * BLOCK + gains.iter().position(|&gain| gain == most).unwrap_or(0);
        }
    }
}
