//! The inner loops of kernels, in lanes: powers of e, cosines, and products of a tile in f32 with a few vectors in f64.
//!
//! Each is written once; processors with AVX2 and fused operations run it compiled for these.

/// Vectors that are multiplied at a time: the block of a Krylov space, three registers of four numbers.
pub(super) const PANEL: usize = crate::linalg::BLOCK;
/// One number of each vector of a panel.
pub(super) type Lane = [f64; PANEL];

/// Compiles a function for AVX2 and fused operations, too, and calls the version that the processor can run.
macro_rules! in_lanes {
    ($(#[$doc:meta])* $name:ident => $inner:ident ($($argument:ident: $type:ty),*)) => {
        $(#[$doc])*
        pub(super) fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                #[target_feature(enable = "avx2,fma")]
                fn fast($($argument: $type),*) {
                    $inner::<true>($($argument),*);
                }
                // SAFETY: the processor has AVX2 and FMA.
                return unsafe { fast($($argument),*) };
            }
            $inner::<false>($($argument),*);
        }
    };
}
pub(super) use in_lanes;

in_lanes!(
    /// Turns inner products of a point with others into Gaussian kernels: exp(2 product - own - other), `own` and `others` their squared
    /// lengths.
    gaussian => gaussian_of(products: &mut [f32], own: f32, others: &[f32])
);
in_lanes!(
    /// Turns numbers up to 0 into powers of e.
    exp_all => exp_of(values: &mut [f32])
);
in_lanes!(
    /// Turns angles, in turns, into `height` times their cosines.
    cosines => cosines_of(turns: &mut [f32], offsets: &[f32], height: f32)
);
in_lanes!(
    /// Adds the products of four rows of a tile with a panel to `sums`. Bound: 4 · 12 fused operations per column.
    four_times => four_times_of(rows: [&[f32]; 4], panel: &[Lane], sums: &mut [Lane; 4])
);
in_lanes!(
    /// Adds the products of two rows of a tile with `right` to `above`, and those of its columns with the two lanes of `left` to `below`.
    /// Each cell is read once. Bound: 4 · 12 fused operations per column.
    both_ways => both_ways_of(rows: [&[f32]; 2], right: &[Lane], left: &[Lane; 2], above: &mut [Lane; 2], below: &mut [Lane])
);

/// `a b + c`, fused where the processor has that: without, a fused operation would be a call.
#[inline(always)]
fn add_product<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// e to the power of a number up to 0, to 2e-7 of itself; 0 below -87 and for NaN. e^x = 2^n e^r with a whole n and |r| at most ln(2)/2.
#[inline(always)]
fn exp(x: f32) -> f32 {
    const LEAST: f32 = -87.0;
    /// 1.5 · 2^23: a number that is added to it is rounded to a whole one, which its lowest bits then hold.
    const ROUND: f32 = 12_582_912.0;
    /// ln(2) in two parts, of which the first has so few digits that its product with n is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let inside = if x > LEAST { x } else { LEAST };
    let shifted = inside * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = inside - n * LN_2[0] - n * LN_2[1];
    let mut series = 1.0 / 5040.0;
    for term in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = series * r + term;
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    if x >= LEAST { series * power } else { 0.0 }
}

/// The cosine of an angle in turns, to 1e-6: 1 - 2 sin²(π f), f the distance to the next whole turn.
#[inline(always)]
fn cosine(turns: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    // Beyond 2^22 turns no digit of the angle is left.
    let whole = if turns.abs() < 4_194_304.0 { (turns + ROUND) - ROUND } else { turns };
    let x = (turns - whole) * std::f32::consts::PI;
    let square = x * x;
    let mut series = -1.0 / 39_916_800.0;
    for term in [1.0 / 362_880.0, -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0] {
        series = series * square + term;
    }
    let sine = series * x;
    1.0 - 2.0 * sine * sine
}

#[inline(always)]
fn gaussian_of<const FUSED: bool>(products: &mut [f32], own: f32, others: &[f32]) {
    products.iter_mut().zip(others).for_each(|(cell, other)| {
        let exponent = 2.0 * *cell - own - other;
        *cell = exp(if exponent > 0.0 { 0.0 } else { exponent });
    });
}

#[inline(always)]
fn exp_of<const FUSED: bool>(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = exp(*value));
}

#[inline(always)]
fn cosines_of<const FUSED: bool>(turns: &mut [f32], offsets: &[f32], height: f32) {
    turns.iter_mut().zip(offsets).for_each(|(cell, offset)| *cell = height * cosine(*cell + offset));
}

#[inline(always)]
fn four_times_of<const FUSED: bool>(rows: [&[f32]; 4], panel: &[Lane], sums: &mut [Lane; 4]) {
    let n = panel.len();
    let [a, b, c, d] = rows.map(|row| &row[..n]);
    let mut own = *sums;
    for (j, lane) in panel.iter().enumerate() {
        let cells = [a[j], b[j], c[j], d[j]].map(f64::from);
        for (own, cell) in own.iter_mut().zip(cells) {
            for (sum, value) in own.iter_mut().zip(lane) {
                *sum = add_product::<FUSED>(cell, *value, *sum);
            }
        }
    }
    *sums = own;
}

#[inline(always)]
fn both_ways_of<const FUSED: bool>(rows: [&[f32]; 2], right: &[Lane], left: &[Lane; 2], above: &mut [Lane; 2], below: &mut [Lane]) {
    let n = right.len();
    let ([first, second], below) = (rows.map(|row| &row[..n]), &mut below[..n]);
    let mut own = *above;
    for j in 0..n {
        let (a, b) = (f64::from(first[j]), f64::from(second[j]));
        let (lane, below) = (&right[j], &mut below[j]);
        for at in 0..PANEL {
            own[0][at] = add_product::<FUSED>(a, lane[at], own[0][at]);
            own[1][at] = add_product::<FUSED>(b, lane[at], own[1][at]);
            below[at] = add_product::<FUSED>(a, left[0][at], add_product::<FUSED>(b, left[1][at], below[at]));
        }
    }
    *above = own;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_and_cosines_are_those_of_f64() {
        for at in 0..200_000 {
            let x = -(at as f32) * 4.3e-4;
            let mut found = [x];
            exp_all(&mut found);
            let wanted = f64::from(x).exp();
            assert!((f64::from(found[0]) / wanted - 1.0).abs() < 2.5e-7, "{x}: {} {wanted}", found[0]);
            let turns = (at as f32 - 1e5) * 3.1e-4;
            let mut found = [turns];
            cosines(&mut found, &[0.0], 1.0);
            let wanted = (std::f64::consts::TAU * f64::from(turns)).cos();
            assert!((f64::from(found[0]) - wanted).abs() < 1e-6, "{turns}: {} {wanted}", found[0]);
        }
        let mut ends = [-88.0, f32::NEG_INFINITY, f32::NAN, 0.0];
        exp_all(&mut ends);
        assert_eq!(ends, [0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn products_with_a_panel_are_the_sums_that_define_them() {
        let n = 37;
        let cell = |i: usize, j: usize| ((i * n + j) as f32 * 0.7).sin();
        let lane = |j: usize| -> Lane { std::array::from_fn(|at| ((j * PANEL + at) as f64 * 0.3).cos()) };
        let rows: Vec<Vec<f32>> = (0..4).map(|i| (0..n).map(|j| cell(i, j)).collect()).collect();
        let panel: Vec<Lane> = (0..n).map(lane).collect();
        let mut sums = [[0.0; PANEL]; 4];
        four_times(std::array::from_fn(|i| rows[i].as_slice()), &panel, &mut sums);
        let wanted = |i: usize, at: usize| (0..n).map(|j| f64::from(cell(i, j)) * lane(j)[at]).sum::<f64>();
        assert!((0..4 * PANEL).all(|at| (sums[at / PANEL][at % PANEL] - wanted(at / PANEL, at % PANEL)).abs() < 1e-12));
        let (mut above, mut below, left) = ([[0.0; PANEL]; 2], vec![[0.0; PANEL]; n], [lane(100), lane(101)]);
        both_ways([&rows[0], &rows[1]], &panel, &left, &mut above, &mut below);
        assert!((0..2 * PANEL).all(|at| (above[at / PANEL][at % PANEL] - wanted(at / PANEL, at % PANEL)).abs() < 1e-12));
        for (j, below) in below.iter().enumerate() {
            for (at, found) in below.iter().enumerate() {
                let wanted = f64::from(cell(0, j)) * left[0][at] + f64::from(cell(1, j)) * left[1][at];
                assert!((found - wanted).abs() < 1e-12);
            }
        }
    }
}
