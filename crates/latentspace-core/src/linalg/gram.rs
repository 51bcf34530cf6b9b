//! The symmetric product `aᵀ · a`, lower triangle, for covariances.
//!
//! Bound: rows · d² flops at the peak of the multiply-add units. Rows are packed twice, as strips of 16 columns (kept in the first cache)
//! and of 6 columns (streamed), and tiles of 6 x 16 are kept in 12 registers; only tiles that touch the lower triangle are computed. The sums
//! //! are stored tile by tile, so that each is contiguous.

/// Accumulates the lower triangle of `aᵀ · a`, `[d, d]`, over the rows of `a`.
pub struct Gram {
    d: usize,
    /// `[GATHERED, d]`: rows to be packed, and their number.
    rows: Vec<f32>,
    waiting: usize,
    /// Number of packed rows.
    packed: usize,
    wide: Vec<f32>,
    narrow: Vec<f32>,
    /// `[wide strips, narrow strips, NARROW, WIDE]`.
    sums: Vec<f32>,
}

/// Rows that are gathered before they are packed: few, so that they stay in the L1 cache.
const GATHERED: usize = 16;
/// Columns of a strip that stays in the L1 cache.
const WIDE: usize = 16;
/// Columns of a strip that is streamed.
const NARROW: usize = 6;
/// Rows packed before they are multiplied: a wide strip is 16 KiB.
const DEEP: usize = 256;
/// Narrow strips that are streamed repeatedly: 192 KiB, within the L2 cache.
const STREAMED: usize = 32;
/// Padding between two strips, so that they do not start in the same cache set.
const APART: usize = 16;

impl Gram {
    /// For rows of `d` columns.
    pub fn new(d: usize) -> Self {
        let (wide, narrow) = (d.div_ceil(WIDE), d.div_ceil(NARROW));
        Gram {
            d,
            rows: vec![0.0; GATHERED * d],
            waiting: 0,
            packed: 0,
            // The padding of the last strips stays 0.
            wide: vec![0.0; wide * (DEEP * WIDE + APART)],
            narrow: vec![0.0; narrow * (DEEP * NARROW + APART)],
            sums: vec![0.0; wide * narrow * NARROW * WIDE],
        }
    }

    /// Adds a row, which `fill` writes. Costs d² flops, half of the full product.
    #[inline]
    pub fn add(&mut self, fill: impl FnOnce(&mut [f32])) {
        fill(&mut self.rows[self.waiting * self.d..][..self.d]);
        self.waiting += 1;
        if self.waiting == GATHERED {
            self.pack();
            if self.packed == DEEP {
                self.multiply();
            }
        }
    }

    /// The lower triangle of the sums, row by row: d · (d + 1) / 2 numbers.
    pub fn lower(mut self) -> Vec<f64> {
        self.pack();
        self.multiply();
        let (d, narrow_count) = (self.d, self.d.div_ceil(NARROW));
        let mut lower = Vec::with_capacity(d * (d + 1) / 2);
        for i in 0..d {
            for j in 0..=i / WIDE {
                let row = &self.sums[((j * narrow_count + i / NARROW) * NARROW + i % NARROW) * WIDE..];
                lower.extend(row[..(i + 1 - j * WIDE).min(WIDE)].iter().map(|&value| f64::from(value)));
            }
        }
        lower
    }

    /// Packs the gathered rows into the strips.
    fn pack(&mut self) {
        let rows = &self.rows[..self.waiting * self.d];
        pack::<WIDE>(rows, self.d, self.packed, &mut self.wide);
        pack::<NARROW>(rows, self.d, self.packed, &mut self.narrow);
        self.packed += self.waiting;
        self.waiting = 0;
    }

    /// Adds the products of the packed rows to the sums.
    fn multiply(&mut self) {
        let Gram { d, packed: n, wide, narrow, sums, .. } = self;
        let narrow_count = d.div_ceil(NARROW);
        for top in (0..narrow_count).step_by(STREAMED) {
            let end = (top + STREAMED).min(narrow_count);
            let reach = (end * NARROW).min(*d).div_ceil(WIDE);
            for (j, wide) in wide.chunks_exact(DEEP * WIDE + APART).enumerate().take(reach) {
                // The first strip that reaches the diagonal.
                for i in (j * WIDE / NARROW).max(top)..end {
                    let narrow = &narrow[i * (DEEP * NARROW + APART)..][..*n * NARROW];
                    let tile = &mut sums.as_chunks_mut().0[j * narrow_count + i];
                    add_strips(narrow, &wide[..*n * WIDE], tile);
                }
            }
        }
        self.packed = 0;
    }
}

/// Packs rows, `[n, d]`, from position `at` on into strips of `W` columns, strip by strip, so that few pages are written at a time.
fn pack<const W: usize>(rows: &[f32], d: usize, at: usize, strips: &mut [f32]) {
    for (strip, out) in strips.chunks_exact_mut(DEEP * W + APART).enumerate() {
        let from = strip * W;
        for (row, out) in rows.chunks_exact(d).zip(out[at * W..].as_chunks_mut::<W>().0) {
            match row[from..].first_chunk::<W>() {
                Some(cells) => *out = *cells,
                None => out[..d - from].copy_from_slice(&row[from..]),
            }
        }
    }
}

/// Adds `narrowᵀ · wide`, `[NARROW, WIDE]`, to a tile.
#[inline]
fn add_strips(narrow: &[f32], wide: &[f32], tile: &mut [f32; NARROW * WIDE]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the processor has AVX2 and FMA.
        return unsafe { add_strips_avx2(narrow, wide, tile) };
    }
    let mut sums = [[0.0_f32; WIDE]; NARROW];
    for (narrow, wide) in narrow.as_chunks::<NARROW>().0.iter().zip(wide.as_chunks::<WIDE>().0) {
        for (sums, &value) in sums.iter_mut().zip(narrow) {
            sums.iter_mut().zip(wide).for_each(|(sum, &other)| *sum += value * other);
        }
    }
    tile.iter_mut().zip(sums.as_flattened()).for_each(|(tile, sum)| *tile += sum);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn add_strips_avx2(narrow: &[f32], wide: &[f32], tile: &mut [f32; NARROW * WIDE]) {
    use std::arch::x86_64::{
        _MM_HINT_T0, _mm_prefetch, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
    };
    for row in 0..NARROW {
        // SAFETY: a prefetch reads nothing, and the address is within the tile.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(tile.as_ptr().add(row * WIDE).cast()) };
    }
    let mut sums = [[_mm256_setzero_ps(); 2]; NARROW];
    for (narrow, wide) in narrow.as_chunks::<NARROW>().0.iter().zip(wide.as_chunks::<WIDE>().0) {
        // SAFETY: `wide` is 16 floats: two loads of 8.
        let (left, right) = unsafe { (_mm256_loadu_ps(wide.as_ptr()), _mm256_loadu_ps(wide.as_ptr().add(8))) };
        for row in 0..NARROW {
            let value = _mm256_set1_ps(narrow[row]);
            sums[row][0] = _mm256_fmadd_ps(value, left, sums[row][0]);
            sums[row][1] = _mm256_fmadd_ps(value, right, sums[row][1]);
        }
    }
    for (row, sums) in tile.as_chunks_mut::<WIDE>().0.iter_mut().zip(sums) {
        // SAFETY: a row of the tile is 16 floats: two loads and stores of 8.
        unsafe {
            let at = row.as_mut_ptr();
            _mm256_storeu_ps(at, _mm256_add_ps(_mm256_loadu_ps(at), sums[0]));
            _mm256_storeu_ps(at.add(8), _mm256_add_ps(_mm256_loadu_ps(at.add(8)), sums[1]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    #[test]
    fn the_half_product_is_the_lower_half_of_the_whole() {
        let random = Random::new(4, "noise");
        for (n, d) in [(0, 40), (1, 1), (60, 37), (300, 64), (257, 101), (3, 784), (600, 32)] {
            let a = Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32);
            let mut gram = Gram::new(d);
            (0..n).for_each(|i| gram.add(|row| row.copy_from_slice(a.row(i))));
            let mut lower = gram.lower().into_iter();
            for i in 0..d {
                for j in 0..=i {
                    let sum: f64 = (0..n).map(|l| f64::from(a.row(l)[i]) * f64::from(a.row(l)[j])).sum();
                    assert!((lower.next().unwrap() - sum).abs() < 1e-3, "{n} x {d}: {i} {j}");
                }
            }
            assert_eq!(lower.next(), None);
        }
    }
}
