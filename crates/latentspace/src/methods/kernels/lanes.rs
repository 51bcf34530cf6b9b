//! The inner loops of kernels, in lanes: powers of e, cosines, and products of a tile in f32 with a few vectors in f64.
//!
//! Each is written once, and compiled for registers of 512 bits (AVX-512F), of 256 bits (AVX2 and fused operations), and for any processor.
//! The bits of the two that fuse are the same.

/// Vectors that are multiplied at a time: a register of 512 bits, or two of 256.
pub(super) const PANEL: usize = 8;
/// One number of each vector of a panel.
pub(super) type Lane = [f64; PANEL];
/// Rows and columns of a tile of kernel values at most.
pub(super) const TILE: usize = 128;
/// Rows of a tile that are multiplied at a time.
pub(super) const ROWS: usize = 8;

/// Compiles a function for AVX-512F and for AVX2, too, and calls the version that the processor can run. Its parameter is the number of
/// bits of a register, 0 for any.
macro_rules! in_lanes {
    ($(#[$doc:meta])* $name:ident => $inner:ident ($($argument:ident: $type:ty),*)) => {
        $(#[$doc])*
        pub(super) fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx2,fma")]
                fn widest($($argument: $type),*) {
                    $inner::<512>($($argument),*);
                }
                #[target_feature(enable = "avx2,fma")]
                fn wide($($argument: $type),*) {
                    $inner::<256>($($argument),*);
                }
                let instructions = $crate::linalg::Instructions::best();
                if instructions.are_avx512() {
                    // SAFETY: the processor has AVX-512F, AVX2 and FMA.
                    return unsafe { widest($($argument),*) };
                }
                if instructions.have_avx2() {
                    // SAFETY: the processor has AVX2 and FMA.
                    return unsafe { wide($($argument),*) };
                }
            }
            $inner::<0>($($argument),*);
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
    /// Adds the products of four rows of a tile with a panel to `sums`. Bound: 4 · 8 fused operations per column.
    four_times => four_times_of(rows: [&[f32]; 4], panel: &[Lane], sums: &mut [Lane; 4])
);
in_lanes!(
    /// Adds the products of eight rows of a tile with `right` to `above`, and those of its columns with the lanes of `left` to `below`.
    /// Each cell is read once. Bound: 16 · 8 fused operations per column.
    both_ways => both_ways_of(rows: [&[f32]; ROWS], right: &[Lane], left: &[Lane; ROWS], above: &mut [Lane; ROWS], below: &mut [Lane])
);

in_lanes!(
    /// Adds the sum of each row of a tile to `across`, and of each column to `down`; `stride` is the distance from one row to the next.
    line_sums => line_sums_of(cells: &[f32], stride: usize, across: &mut [f64], down: &mut [f64])
);

/// `a b + c`, fused where the processor has that: without, a fused operation would be a call.
#[inline(always)]
fn add_product<const BITS: usize>(a: f64, b: f64, c: f64) -> f64 {
    if BITS > 0 { a.mul_add(b, c) } else { a * b + c }
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
fn gaussian_of<const BITS: usize>(products: &mut [f32], own: f32, others: &[f32]) {
    products.iter_mut().zip(others).for_each(|(cell, other)| {
        let exponent = 2.0 * *cell - own - other;
        *cell = exp(if exponent > 0.0 { 0.0 } else { exponent });
    });
}

#[inline(always)]
fn exp_of<const BITS: usize>(values: &mut [f32]) {
    values.iter_mut().for_each(|value| *value = exp(*value));
}

#[inline(always)]
fn cosines_of<const BITS: usize>(turns: &mut [f32], offsets: &[f32], height: f32) {
    turns.iter_mut().zip(offsets).for_each(|(cell, offset)| *cell = height * cosine(*cell + offset));
}

#[inline(always)]
fn four_times_of<const BITS: usize>(rows: [&[f32]; 4], panel: &[Lane], sums: &mut [Lane; 4]) {
    let n = panel.len();
    let [a, b, c, d] = rows.map(|row| &row[..n]);
    let mut own = *sums;
    for (j, lane) in panel.iter().enumerate() {
        let cells = [a[j], b[j], c[j], d[j]].map(f64::from);
        for (own, cell) in own.iter_mut().zip(cells) {
            for (sum, value) in own.iter_mut().zip(lane) {
                *sum = add_product::<BITS>(cell, *value, *sum);
            }
        }
    }
    *sums = own;
}

#[inline(always)]
fn both_ways_of<const BITS: usize>(
    rows: [&[f32]; ROWS],
    right: &[Lane],
    left: &[Lane; ROWS],
    above: &mut [Lane; ROWS],
    below: &mut [Lane],
) {
    // As many sums as registers hold: of the rows, the columns and what they are multiplied by. Each sum has the same order.
    if BITS == 512 {
        return rows_both_ways::<BITS, ROWS>(rows, right, left, above, below);
    }
    let pairs = left.as_chunks::<2>().0.iter().zip(above.as_chunks_mut::<2>().0);
    for (rows, (left, above)) in rows.as_chunks::<2>().0.iter().zip(pairs) {
        rows_both_ways::<BITS, 2>(*rows, right, left, above, below);
    }
}

#[inline(always)]
fn rows_both_ways<const BITS: usize, const N: usize>(
    rows: [&[f32]; N],
    right: &[Lane],
    left: &[Lane; N],
    above: &mut [Lane; N],
    below: &mut [Lane],
) {
    // Cells are widened first, eight at a time, and broadcast from memory: a conversion for each would take the time of a product.
    let mut cells = [[0.0_f64; TILE]; N];
    let columns = right.len().min(TILE);
    for (wide, row) in cells.iter_mut().zip(rows) {
        wide.iter_mut().zip(&row[..columns]).for_each(|(wide, &cell)| *wide = f64::from(cell));
    }
    let (right, below, mut own) = (&right[..columns], &mut below[..columns], *above);
    for j in 0..columns {
        let (lane, mut sums) = (right[j], below[j]);
        for row in 0..N {
            let cell = cells[row][j];
            for at in 0..PANEL {
                own[row][at] = add_product::<BITS>(cell, lane[at], own[row][at]);
                sums[at] = add_product::<BITS>(cell, left[row][at], sums[at]);
            }
        }
        below[j] = sums;
    }
    *above = own;
}

#[inline(always)]
fn line_sums_of<const BITS: usize>(cells: &[f32], stride: usize, across: &mut [f64], down: &mut [f64]) {
    let width = down.len();
    for (row, across) in across.iter_mut().enumerate() {
        let (row, mut sums) = (&cells[row * stride..][..width], [0.0; PANEL]);
        let (eights, rest) = row.as_chunks::<PANEL>();
        for (eight, down) in eights.iter().zip(down.as_chunks_mut::<PANEL>().0) {
            for at in 0..PANEL {
                let cell = f64::from(eight[at]);
                sums[at] += cell;
                down[at] += cell;
            }
        }
        for (at, &cell) in rest.iter().enumerate() {
            sums[at] += f64::from(cell);
            down[width - rest.len() + at] += f64::from(cell);
        }
        *across += sums.iter().sum::<f64>();
    }
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
        let rows: Vec<Vec<f32>> = (0..ROWS).map(|i| (0..n).map(|j| cell(i, j)).collect()).collect();
        let panel: Vec<Lane> = (0..n).map(lane).collect();
        let mut sums = [[0.0; PANEL]; 4];
        four_times(std::array::from_fn(|i| rows[i].as_slice()), &panel, &mut sums);
        let wanted = |i: usize, at: usize| (0..n).map(|j| f64::from(cell(i, j)) * lane(j)[at]).sum::<f64>();
        assert!((0..4 * PANEL).all(|at| (sums[at / PANEL][at % PANEL] - wanted(at / PANEL, at % PANEL)).abs() < 1e-12));
        let left: [Lane; ROWS] = std::array::from_fn(|i| lane(100 + i));
        let (mut above, mut below) = ([[0.0; PANEL]; ROWS], vec![[0.0; PANEL]; n]);
        both_ways(std::array::from_fn(|i| rows[i].as_slice()), &panel, &left, &mut above, &mut below);
        assert!((0..ROWS * PANEL).all(|at| (above[at / PANEL][at % PANEL] - wanted(at / PANEL, at % PANEL)).abs() < 1e-12));
        for (j, below) in below.iter().enumerate() {
            for (at, found) in below.iter().enumerate() {
                let wanted: f64 = left.iter().enumerate().map(|(i, lane)| f64::from(cell(i, j)) * lane[at]).sum();
                assert!((found - wanted).abs() < 1e-12);
            }
        }
        let (mut across, mut down) = ([0.0; ROWS], vec![0.0; n]);
        line_sums(&rows.concat(), n, &mut across, &mut down);
        let whole = |i: usize| (0..n).map(|j| f64::from(cell(i, j))).sum::<f64>();
        assert!((0..ROWS).all(|i| (across[i] - whole(i)).abs() < 1e-12));
        assert!((0..n).all(|j| (down[j] - (0..ROWS).map(|i| f64::from(cell(i, j))).sum::<f64>()).abs() < 1e-12));
        // In pairs the sums are the same.
        let (mut twice, mut under) = ([[0.0; PANEL]; ROWS], vec![[0.0; PANEL]; n]);
        both_ways_of::<0>(std::array::from_fn(|i| rows[i].as_slice()), &panel, &left, &mut twice, &mut under);
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
        assert!(twice.as_flattened().iter().zip(above.as_flattened()).all(near));
        assert!(under.as_flattened().iter().zip(below.as_flattened()).all(near));
    }
}
