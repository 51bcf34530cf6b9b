//! What moves the points of a map: the pulls along edges and the pushes of points drawn at random; and where density counts, what that presses.
//!
//! For a row, with x the squared distance: an edge of weight p pulls with 4 a b p x^(b-1) / (1 + a x^b) (its own pull, and the other row's
//! that brings it along), a drawn point pushes with 2 b / ((0.001 + x) (1 + a x^b)), at most 4 along an axis. Nothing is written but the
//! row's own next place.
//!
//! Cost: eight pairs are worked on at once, by count about 45 operations for eight pulls and 60 for eight pushes, of which 16 are the powers
//! and 14 the draws; the points are read from the second-level cache as long as they fit it. Operations and their waits bound it, not memory: an
//! edge takes 4.5 bytes once an epoch.

use super::curve::Curve;
use super::density::Pressure;
use crate::methods::map::edges::{BLOCK, Edges, Group, WEIGHT_SHIFT};
use crate::methods::map::lanes::{Kernel, LANES, Unit, dispatch};

/// Parts of an epoch: in each, a row goes along its share of the edges and meets [`DRAWS`] points, all of them as the part before left them.
/// Measured on 60,000 pictures, 200 epochs: the share of neighbors kept is .140, .144, .145 for 1, 2, 4 parts.
pub(super) const PARTS: usize = 2;
/// Points drawn for a row in a part.
pub(super) const DRAWS: usize = 16;
/// Draws that are worked on at once: while one waits for its points or its power, the other goes on.
const TOGETHER: usize = 4;
/// The longest push along an axis.
pub(super) const LONGEST: f32 = 4.0;
/// What keeps the push of a point that is very near finite.
pub(super) const SOFT: f32 = 0.001;
/// The least squared distance, so that no power is taken of 0.
pub(super) const LEAST: f32 = 1e-20;
/// The share of a pull that is taken to be where the row arrives, not where it starts: no step can then go too far. Measured as above, with
/// two parts: .140, .144, .138 for 1, 0.5, 0.3.
pub(super) const AHEAD: f32 = 0.5;

/// The most that density presses along an edge, for each unit of its weight: 4 in the steps that take one edge at a time, twice for its other
/// end, twice for the push that it is.
const FIRMEST: f32 = 8.0;

/// What a part of an epoch goes by.
pub(super) struct Pace<'a> {
    pub(super) curve: Curve,
    /// What forces are multiplied by.
    pub(super) rate: f32,
    /// What the push of a drawn point weighs, for each unit of the weights of the row's edges.
    pub(super) push: f32,
    /// Which part, counted through all epochs.
    pub(super) turn: usize,
    /// Of the draws.
    pub(super) key: [u32; 2],
    /// Where density counts.
    pub(super) pressure: Option<&'a Pressure>,
}

/// The next places of the rows from `first` on: `next.len()` of them, at most [`BLOCK`]. `weights` are the sums of the rows' edges.
pub(super) fn advance<const D: usize>(
    edges: &Edges,
    weights: &[f32],
    points: &[[f32; D]],
    pace: &Pace<'_>,
    first: usize,
    next: &mut [[f32; D]],
) {
    dispatch(Advance { edges, weights, points, pace, first, next });
}

struct Advance<'a, const D: usize> {
    edges: &'a Edges,
    weights: &'a [f32],
    points: &'a [[f32; D]],
    pace: &'a Pace<'a>,
    first: usize,
    next: &'a mut [[f32; D]],
}

impl<const D: usize> Kernel for Advance<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(mut self, unit: U) {
        let mut stiffness = [0.0; BLOCK];
        self.pull(unit, &mut stiffness);
        if let Some(pressure) = self.pace.pressure {
            self.press(unit, pressure, &mut stiffness);
        }
        self.push(unit, &stiffness);
    }
}

impl<const D: usize> Advance<'_, D> {
    /// Writes the sum of the pulls on each row, and what they would grow by for each unit that the row moves.
    #[inline(always)]
    fn pull<U: Unit>(&mut self, unit: U, stiffness: &mut [f32; BLOCK]) {
        let Advance { edges, points, pace, first, .. } = *self;
        let Curve { a, b } = pace.curve;
        let (zero, one, least) = (unit.splat(0.0), unit.splat(1.0), unit.splat(LEAST));
        let (strength, a, b) = (unit.splat((4.0 * a * b) as f32), unit.splat(a as f32), unit.splat(b as f32));
        for (i, (out, stiffness)) in self.next.iter_mut().zip(stiffness).enumerate() {
            let row = first + i;
            let place: [U::V; D] = std::array::from_fn(|axis| unit.splat(points[row][axis]));
            let (mut pull, mut sum) = ([zero; D], zero);
            let groups = edges.groups(row);
            let mut at = (row + pace.turn) % PARTS;
            while at < groups.len() {
                let Group { base, offsets, weights } = &groups[at];
                let others = unit.gather(&points[*base as usize..], offsets);
                let weight = unit.load_shifted::<WEIGHT_SHIFT>(weights);
                let apart: [U::V; D] = std::array::from_fn(|axis| unit.sub(others[axis], place[axis]));
                let mut square = least;
                for axis in 0..D {
                    square = unit.madd(apart[axis], apart[axis], square);
                }
                let [power] = unit.pow([square], b);
                let below = unit.mul(square, unit.madd(a, power, one));
                let force = unit.div(unit.mul(unit.mul(weight, strength), power), below);
                sum = unit.add(sum, force);
                for axis in 0..D {
                    pull[axis] = unit.madd(force, apart[axis], pull[axis]);
                }
                at += PARTS;
            }
            *out = std::array::from_fn(|axis| unit.sum(pull[axis]));
            *stiffness = unit.sum(sum);
        }
    }

    /// Adds what density presses, which is as stiff as it is strong: no step then goes too far.
    #[inline(always)]
    fn press<U: Unit>(&mut self, unit: U, pressure: &Pressure, stiffness: &mut [f32; BLOCK]) {
        let Advance { edges, points, pace, first, .. } = *self;
        let Curve { a, b } = pace.curve;
        let (zero, one, half, least) = (unit.splat(0.0), unit.splat(1.0), unit.splat(0.5), unit.splat(LEAST));
        let (strength, firmest) = (unit.splat(pressure.strength), unit.splat(FIRMEST));
        let (a, b, ab, rest) = (unit.splat(a as f32), unit.splat(b as f32), unit.splat((a * b) as f32), unit.splat((1.0 - b) as f32));
        for (i, (out, stiffness)) in self.next.iter_mut().zip(stiffness).enumerate() {
            let row = first + i;
            let place: [U::V; D] = std::array::from_fn(|axis| unit.splat(points[row][axis]));
            let own = pressure.sources[row].map(|source| unit.splat(source));
            let (mut press, mut sum) = ([zero; D], zero);
            let groups = edges.groups(row);
            let mut at = (row + pace.turn) % PARTS;
            while at < groups.len() {
                let Group { base, offsets, weights } = &groups[at];
                let others = unit.gather(&points[*base as usize..], offsets);
                let sources = unit.gather(&pressure.sources[*base as usize..], offsets);
                let weight = unit.load_shifted::<WEIGHT_SHIFT>(weights);
                let apart: [U::V; D] = std::array::from_fn(|axis| unit.sub(place[axis], others[axis]));
                let mut square = least;
                for axis in 0..D {
                    square = unit.madd(apart[axis], apart[axis], square);
                }
                let ([power], [length]) = (unit.pow([square], b), unit.pow([square], half));
                let near = unit.div(one, unit.madd(a, power, one));
                let by_radius = unit.mul(unit.madd(b, near, rest), unit.add(own[0], sources[0]));
                let alone = unit.mul(unit.div(unit.mul(unit.mul(ab, power), near), square), unit.add(own[1], sources[1]));
                let grown = unit.mul(near, unit.add(by_radius, alone));
                let most = unit.div(unit.mul(firmest, weight), length);
                let force = unit.max(unit.sub(zero, most), unit.min(most, unit.mul(strength, grown)));
                sum = unit.add(sum, unit.max(force, unit.sub(zero, force)));
                for axis in 0..D {
                    press[axis] = unit.madd(force, apart[axis], press[axis]);
                }
                at += PARTS;
            }
            for axis in 0..D {
                out[axis] += unit.sum(press[axis]);
            }
            *stiffness += unit.sum(sum);
        }
    }

    /// Adds the pushes, and takes the step. Eight rows at once, each in a lane of its own.
    #[inline(always)]
    fn push<U: Unit>(&mut self, unit: U, stiffness: &[f32; BLOCK]) {
        let Advance { weights, points, pace, first, .. } = *self;
        let Curve { a, b } = pace.curve;
        let (zero, one, least, soft) = (unit.splat(0.0), unit.splat(1.0), unit.splat(LEAST), unit.splat(SOFT));
        let (most, fewest) = (unit.splat(LONGEST), unit.splat(-LONGEST));
        let (strength, a, b) = (unit.splat((2.0 * b) as f32), unit.splat(a as f32), unit.splat(b as f32));
        let n = points.len() as u32;
        for (group, next) in self.next.chunks_mut(LANES).enumerate() {
            let row = first + group * LANES;
            // Where fewer rows are left, the last one fills the lanes.
            let lanes: [u16; LANES] = std::array::from_fn(|lane| lane.min(next.len() - 1) as u16);
            let place = unit.gather(&points[row..], &lanes);
            let mut push = [zero; D];
            for draw in (0..DRAWS as u32).step_by(TOGETHER) {
                let (mut apart, mut squares) = ([[zero; D]; TOGETHER], [least; TOGETHER]);
                for i in 0..TOGETHER {
                    let item = (row as u32).wrapping_add((draw + i as u32).wrapping_mul(n));
                    let others = unit.gather_far(points, unit.draw(pace.key, item, n));
                    for axis in 0..D {
                        apart[i][axis] = unit.sub(place[axis], others[axis]);
                        squares[i] = unit.madd(apart[i][axis], apart[i][axis], squares[i]);
                    }
                }
                let powers = unit.pow(squares, b);
                for i in 0..TOGETHER {
                    let below = unit.mul(unit.add(soft, squares[i]), unit.madd(a, powers[i], one));
                    let force = unit.div(strength, below);
                    for axis in 0..D {
                        push[axis] = unit.add(push[axis], unit.min(most, unit.max(fewest, unit.mul(force, apart[i][axis]))));
                    }
                }
            }
            let mut pushes = [[0.0; LANES]; D];
            for axis in 0..D {
                unit.store(push[axis], &mut pushes[axis]);
            }
            for (lane, next) in next.iter_mut().enumerate() {
                let step = pace.rate / (1.0 + AHEAD * pace.rate * stiffness[group * LANES + lane]);
                let weight = pace.push * weights[row + lane];
                *next = std::array::from_fn(|axis| points[row + lane][axis] + step * (next[axis] + weight * pushes[axis][lane]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same step as its formulas say, in f64, given the points drawn.
    fn by_formula<const D: usize>(edges: &Edges, points: &[[f32; D]], pace: &Pace<'_>, row: usize, drawn: &[usize]) -> [f64; D] {
        let Curve { a, b } = pace.curve;
        let apart = |other: usize| -> ([f64; D], f64) {
            let apart: [f64; D] = std::array::from_fn(|axis| f64::from(points[other][axis]) - f64::from(points[row][axis]));
            (apart, apart.iter().map(|value| value * value).sum())
        };
        let (mut force, mut stiffness) = ([0.0; D], 0.0);
        for group in edges.groups(row).iter().skip((row + pace.turn) % PARTS).step_by(PARTS) {
            for lane in 0..LANES {
                let weight = f64::from(f32::from_bits(u32::from(group.weights[lane]) << WEIGHT_SHIFT));
                let (apart, square) = apart((group.base + u32::from(group.offsets[lane])) as usize);
                if weight > 0.0 && square > 0.0 {
                    let pull = weight * 4.0 * a * b * square.powf(b - 1.0) / (1.0 + a * square.powf(b));
                    stiffness += pull;
                    (0..D).for_each(|axis| force[axis] += pull * apart[axis]);
                }
            }
        }
        let weight: f64 = edges.row(row).map(|edge| f64::from(edge.1)).sum();
        if let Some(Pressure { sources, strength }) = pace.pressure {
            for group in edges.groups(row).iter().skip((row + pace.turn) % PARTS).step_by(PARTS) {
                for lane in 0..LANES {
                    let weight = f64::from(f32::from_bits(u32::from(group.weights[lane]) << WEIGHT_SHIFT));
                    let other = (group.base + u32::from(group.offsets[lane])) as usize;
                    let (apart, square) = apart(other);
                    if weight > 0.0 && square > 0.0 {
                        let near = 1.0 / (1.0 + a * square.powf(b));
                        let [by_radius, alone] = std::array::from_fn(|at| f64::from(sources[row][at]) + f64::from(sources[other][at]));
                        let grown = near * ((1.0 - b * (1.0 - near)) * by_radius + a * b * square.powf(b - 1.0) * near * alone);
                        let most = 8.0 * weight / square.sqrt();
                        let press = (f64::from(*strength) * grown).clamp(-most, most);
                        stiffness += press.abs();
                        (0..D).for_each(|axis| force[axis] -= press * apart[axis]);
                    }
                }
            }
        }
        for &other in drawn {
            let (apart, square) = apart(other);
            let push = -2.0 * b / ((0.001 + square) * (1.0 + a * square.powf(b)));
            (0..D).for_each(|axis| force[axis] += f64::from(pace.push) * weight * (push * apart[axis]).clamp(-4.0, 4.0));
        }
        let step = f64::from(pace.rate) / (1.0 + 0.5 * f64::from(pace.rate) * stiffness);
        std::array::from_fn(|axis| f64::from(points[row][axis]) + step * force[axis])
    }

    /// The points that are drawn for a row.
    fn drawn(pace: &Pace<'_>, row: usize, n: usize) -> Vec<usize> {
        struct Draw<'a>(&'a Pace<'a>, u32, u32);
        impl Kernel for Draw<'_> {
            type Output = u32;
            #[inline(always)]
            fn run<U: Unit>(self, unit: U) -> u32 {
                let places: Vec<[f32; 1]> = (0..self.2).map(|i| [i as f32]).collect();
                let [found] = unit.gather_far(&places, unit.draw(self.0.key, self.1, self.2));
                let mut out = [0.0; LANES];
                unit.store(found, &mut out);
                out[0] as u32
            }
        }
        (0..DRAWS).map(|draw| dispatch(Draw(pace, (row + draw * n) as u32, n as u32)) as usize).collect()
    }

    fn steps_follow_the_formulas<const D: usize>(n: usize) {
        let points: Vec<[f32; D]> = (0..n).map(|i| std::array::from_fn(|axis| ((i * (axis + 3)) as f32 * 0.7).sin() * 9.0)).collect();
        let edges =
            Edges::build(n, |row, out| out.extend((0..row % 41 % (n - 1)).map(|i| (((row + i + 1) % n) as u32, 0.5 + i as f32 / 128.0))));
        let weights: Vec<f32> = (0..n).map(|row| edges.row(row).map(|edge| edge.1).sum()).collect();
        let sources = (0..n).map(|i| [(i as f32).sin() * 0.1, (i as f32 * 1.3).cos() * 0.2]).collect();
        let pressure = Pressure { sources, strength: 30.0 };
        for turn in 0..4 {
            let pressure = (turn > 1).then_some(&pressure);
            let pace = Pace { curve: Curve { a: 1.577, b: 0.895 }, rate: 0.7, push: 0.3, turn, key: [turn as u32, 9], pressure };
            let mut next = vec![[0.0; D]; n];
            next.chunks_mut(BLOCK).enumerate().for_each(|(block, next)| advance(&edges, &weights, &points, &pace, block * BLOCK, next));
            for row in 0..n {
                let wanted = by_formula(&edges, &points, &pace, row, &drawn(&pace, row, n));
                for axis in 0..D {
                    let apart = (f64::from(next[row][axis]) - wanted[axis]).abs();
                    assert!(apart < 2e-4 * (1.0 + wanted[axis].abs()), "row {row}: {:?}, not {wanted:?}", next[row]);
                }
            }
        }
    }

    #[test]
    fn a_step_is_what_the_formulas_say() {
        steps_follow_the_formulas::<2>(301);
        steps_follow_the_formulas::<3>(37);
        steps_follow_the_formulas::<8>(5);
    }
}
