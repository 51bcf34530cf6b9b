//! The fast Fourier transform of eight lines at once, one in each lane, so that nothing is shuffled within a vector.
//!
//! Stockham's form, which needs no reordering: passes of radix 4, 5, 3 and 2 between two buffers. Cost: about 5·N·log₂N flops for each of
//! the eight lines. Bound: flops while both buffers are in the second cache (N up to 4,096), its bandwidth beyond.
//! Source: Cochran and others 1967, doi:10.1109/TAU.1967.1161899; Swarztrauber 1984, doi:10.1016/S0167-8191(84)90413-7.

use std::f64::consts::TAU;

use crate::methods::map::lanes::{LANES, Unit};

/// A complex number of each of eight lines.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[repr(align(64))]
pub(super) struct Cell {
    pub(super) re: [f32; LANES],
    pub(super) im: [f32; LANES],
}

/// Eight lines, and the room that their transform works in.
pub(super) struct Lines {
    pub(super) cells: Vec<Cell>,
    room: Vec<Cell>,
}

impl Lines {
    /// Lines of so many zeros.
    pub(super) fn new(length: usize) -> Self {
        Lines { cells: vec![Cell::default(); length], room: vec![Cell::default(); length] }
    }
}

/// The transform of lines of one length, which is a product of 2, 3, 4 and 5.
pub(super) struct Fourier {
    length: usize,
    passes: Vec<Pass>,
}

/// A pass: what is apart by `length / radix` is brought together, for `stride` transforms that lie between each other.
struct Pass {
    radix: usize,
    stride: usize,
    /// For each place in a part, radix - 1 roots of unity.
    twiddles: Vec<[f32; 2]>,
}

/// Whether there is a transform of this length.
pub(super) fn is_smooth(length: usize) -> bool {
    let rest = [2, 3, 5].iter().fold(length, |mut rest, radix| {
        while rest > 1 && rest.is_multiple_of(*radix) {
            rest /= radix;
        }
        rest
    });
    rest == 1
}

impl Fourier {
    /// The transform of lines of this length.
    ///
    /// # Panics
    /// If the length has a prime factor beyond 5.
    pub(super) fn new(length: usize) -> Self {
        assert!(is_smooth(length), "{length} has a prime factor beyond 5");
        let (mut rest, mut stride, mut passes) = (length, 1, Vec::new());
        while rest > 1 {
            let radix = [4, 5, 3, 2].into_iter().find(|radix| rest.is_multiple_of(*radix)).unwrap_or(rest);
            let part = rest / radix;
            let root = |at: usize, power: usize| {
                let angle = -TAU * ((at * power) % rest) as f64 / rest as f64;
                [angle.cos() as f32, angle.sin() as f32]
            };
            let twiddles = (0..part).flat_map(|at| (1..radix).map(move |power| root(at, power))).collect();
            passes.push(Pass { radix, stride, twiddles });
            (rest, stride) = (part, stride * radix);
        }
        Fourier { length, passes }
    }

    /// Numbers of a line.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// X(k) = Σ x(j) exp(-2πi jk / N), in place.
    #[inline(always)]
    pub(super) fn forward<U: Unit>(&self, unit: U, lines: &mut Lines) {
        self.transform::<U, false>(unit, lines);
    }

    /// x(j) = Σ X(k) exp(2πi jk / N), in place: N times what [`Fourier::forward`] began with.
    #[inline(always)]
    pub(super) fn inverse<U: Unit>(&self, unit: U, lines: &mut Lines) {
        self.transform::<U, true>(unit, lines);
    }

    /// With real and imaginary parts exchanged before and after, forward is back.
    #[inline(always)]
    fn transform<U: Unit, const BACK: bool>(&self, unit: U, lines: &mut Lines) {
        debug_assert_eq!(lines.cells.len(), self.length);
        for pass in &self.passes {
            let (from, to) = (&lines.cells[..], &mut lines.room[..]);
            match pass.radix {
                2 => pass.run::<U, 2, BACK>(unit, from, to),
                3 => pass.run::<U, 3, BACK>(unit, from, to),
                4 => pass.run::<U, 4, BACK>(unit, from, to),
                _ => pass.run::<U, 5, BACK>(unit, from, to),
            }
            std::mem::swap(&mut lines.cells, &mut lines.room);
        }
    }
}

/// A complex number of each line, in registers.
type Complex<V> = [V; 2];

/// The transform of a few numbers.
trait Butterfly<const R: usize> {
    fn of<U: Unit>(unit: U, numbers: [Complex<U::V>; R]) -> [Complex<U::V>; R];
}

/// Who knows that of `R` numbers.
struct Radix<const R: usize>;

impl Pass {
    // Loops, and no closures: what is not inlined is compiled without the vector unit.
    #[inline(always)]
    fn run<U: Unit, const R: usize, const BACK: bool>(&self, unit: U, from: &[Cell], to: &mut [Cell])
    where
        Radix<R>: Butterfly<R>,
    {
        let (stride, part) = (self.stride, from.len() / R);
        let (real, imaginary) = if BACK { (1, 0) } else { (0, 1) };
        let zero = unit.splat(0.0);
        for (at, (to, twiddles)) in to.chunks_exact_mut(stride * R).zip(self.twiddles.chunks_exact(R - 1)).enumerate() {
            let mut parts = [&from[..0]; R];
            // The roots, and their imaginary parts below zero.
            let mut roots = [[zero; 3]; R];
            for j in 0..R {
                parts[j] = &from[j * part + at * stride..][..stride];
                if j > 0 {
                    let [re, im] = twiddles[j - 1];
                    roots[j] = [unit.splat(re), unit.splat(im), unit.splat(-im)];
                }
            }
            for q in 0..stride {
                let mut numbers = [[zero; 2]; R];
                for j in 0..R {
                    let cell = &parts[j][q];
                    numbers[j][real] = unit.load(&cell.re);
                    numbers[j][imaginary] = unit.load(&cell.im);
                }
                let mut made = Radix::<R>::of(unit, numbers);
                for j in 0..R {
                    if j > 0 {
                        let ([re, im], [root_re, root_im, root_back]) = (made[j], roots[j]);
                        made[j] = [unit.madd(im, root_back, unit.mul(re, root_re)), unit.madd(im, root_re, unit.mul(re, root_im))];
                    }
                    let cell = &mut to[j * stride + q];
                    unit.store(made[j][real], &mut cell.re);
                    unit.store(made[j][imaginary], &mut cell.im);
                }
            }
        }
    }
}

#[inline(always)]
fn plus<U: Unit>(unit: U, a: Complex<U::V>, b: Complex<U::V>) -> Complex<U::V> {
    [unit.add(a[0], b[0]), unit.add(a[1], b[1])]
}

#[inline(always)]
fn minus<U: Unit>(unit: U, a: Complex<U::V>, b: Complex<U::V>) -> Complex<U::V> {
    [unit.sub(a[0], b[0]), unit.sub(a[1], b[1])]
}

/// `a + factor · b`.
#[inline(always)]
fn add_times<U: Unit>(unit: U, a: Complex<U::V>, b: Complex<U::V>, factor: f32) -> Complex<U::V> {
    [unit.madd(b[0], unit.splat(factor), a[0]), unit.madd(b[1], unit.splat(factor), a[1])]
}

#[inline(always)]
fn times<U: Unit>(unit: U, a: Complex<U::V>, factor: f32) -> Complex<U::V> {
    [unit.mul(a[0], unit.splat(factor)), unit.mul(a[1], unit.splat(factor))]
}

/// `a - i·b` and `a + i·b`.
#[inline(always)]
fn turned<U: Unit>(unit: U, a: Complex<U::V>, b: Complex<U::V>) -> [Complex<U::V>; 2] {
    [[unit.add(a[0], b[1]), unit.sub(a[1], b[0])], [unit.sub(a[0], b[1]), unit.add(a[1], b[0])]]
}

impl Butterfly<2> for Radix<2> {
    #[inline(always)]
    fn of<U: Unit>(unit: U, [a, b]: [Complex<U::V>; 2]) -> [Complex<U::V>; 2] {
        [plus(unit, a, b), minus(unit, a, b)]
    }
}

impl Butterfly<3> for Radix<3> {
    #[inline(always)]
    fn of<U: Unit>(unit: U, [a, b, c]: [Complex<U::V>; 3]) -> [Complex<U::V>; 3] {
        const SIN: f32 = 0.866_025_4;
        let sum = plus(unit, b, c);
        let difference = times(unit, minus(unit, b, c), SIN);
        let [first, second] = turned(unit, add_times(unit, a, sum, -0.5), difference);
        [plus(unit, a, sum), first, second]
    }
}

impl Butterfly<4> for Radix<4> {
    #[inline(always)]
    fn of<U: Unit>(unit: U, [a, b, c, d]: [Complex<U::V>; 4]) -> [Complex<U::V>; 4] {
        let (even, odd) = (plus(unit, a, c), plus(unit, b, d));
        let [first, third] = turned(unit, minus(unit, a, c), minus(unit, b, d));
        [plus(unit, even, odd), first, minus(unit, even, odd), third]
    }
}

impl Butterfly<5> for Radix<5> {
    #[inline(always)]
    fn of<U: Unit>(unit: U, [a, b, c, d, e]: [Complex<U::V>; 5]) -> [Complex<U::V>; 5] {
        /// Cosines and sines of a fifth and of two fifths of a turn.
        const COS: [f32; 2] = [0.309_017, -0.809_017];
        const SIN: [f32; 2] = [0.951_056_54, 0.587_785_25];
        let (outer, inner) = (plus(unit, b, e), plus(unit, c, d));
        let (outer_apart, inner_apart) = (minus(unit, b, e), minus(unit, c, d));
        let first = add_times(unit, add_times(unit, a, outer, COS[0]), inner, COS[1]);
        let second = add_times(unit, add_times(unit, a, outer, COS[1]), inner, COS[0]);
        let [x1, x4] = turned(unit, first, add_times(unit, times(unit, outer_apart, SIN[0]), inner_apart, SIN[1]));
        let [x2, x3] = turned(unit, second, add_times(unit, times(unit, outer_apart, SIN[1]), inner_apart, -SIN[0]));
        [plus(unit, a, plus(unit, outer, inner)), x1, x2, x3, x4]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::map::lanes::{Kernel, dispatch};

    struct Both<'a>(&'a Fourier, &'a mut Lines, bool);

    impl Kernel for Both<'_> {
        type Output = ();
        #[inline(always)]
        fn run<U: Unit>(self, unit: U) {
            if self.2 { self.0.inverse(unit, self.1) } else { self.0.forward(unit, self.1) }
        }
    }

    #[test]
    fn it_equals_the_sum_that_defines_it_and_goes_back() {
        for length in [1, 2, 3, 4, 5, 8, 12, 20, 36, 60, 64, 120, 128, 360, 1024] {
            let plan = Fourier::new(length);
            let mut lines = Lines::new(length);
            let value = |at: usize| ((at * 37 + 11) % 17) as f32 - 8.0;
            for (at, cell) in lines.cells.iter_mut().enumerate() {
                cell.re = std::array::from_fn(|lane| value(at * LANES + lane));
                cell.im = std::array::from_fn(|lane| value(3 * at + 5 * lane));
            }
            let before = lines.cells.clone();
            dispatch(Both(&plan, &mut lines, false));
            for k in 0..length {
                for lane in [0, 5] {
                    let (mut re, mut im) = (0.0, 0.0);
                    for (j, cell) in before.iter().enumerate() {
                        let (sin, cos) = (-TAU * ((j * k) % length) as f64 / length as f64).sin_cos();
                        let (a, b) = (f64::from(cell.re[lane]), f64::from(cell.im[lane]));
                        re += a * cos - b * sin;
                        im += a * sin + b * cos;
                    }
                    let far = (f64::from(lines.cells[k].re[lane]) - re).hypot(f64::from(lines.cells[k].im[lane]) - im);
                    assert!(far < 4e-6 * (8.0 * length as f64).max(16.0).sqrt() * 4.0, "{length}: {far} at {k}");
                }
            }
            dispatch(Both(&plan, &mut lines, true));
            for (cell, before) in lines.cells.iter().zip(&before) {
                for lane in 0..LANES {
                    assert!((cell.re[lane] / length as f32 - before.re[lane]).abs() < 1e-5, "{length}");
                    assert!((cell.im[lane] / length as f32 - before.im[lane]).abs() < 1e-5, "{length}");
                }
            }
        }
    }

    #[test]
    fn lengths_of_other_primes_are_none() {
        assert!([1, 2, 30, 1024, 6912].into_iter().all(is_smooth));
        assert!(![7, 14, 1034, 4096 + 2].into_iter().any(is_smooth));
    }
}
