//! The symmetric product `aᵀ · a`, lower triangle, for covariances.
//!
//! Bound: rows · d² flops at the peak of the multiply-add units. Rows are packed twice, as wide strips (kept in the first cache) and as narrow
//! ones (streamed). A tile, the product of a narrow and a wide strip, is kept in registers: 6 x 16 in 12 of 256 bits, 14 x 32 in 28 of 512.
//! Only tiles that touch the lower triangle are computed. The sums are stored tile by tile, so that each is contiguous.
//!
//! A cell sums 256 rows in order and adds that to what it has. So its bits do not depend on the shape of the tiles: they are the same with
//! all instructions that fuse a multiplication and an addition.

use super::Instructions;

/// Accumulates the lower triangle of `aᵀ · a`, `[d, d]`, over the rows of `a`.
pub struct Gram {
    d: usize,
    /// `[GATHERED, d]`: rows to be packed, and their number.
    rows: Vec<f32>,
    waiting: usize,
    strips: Strips,
}

/// Packed rows and sums, in tiles that fill the registers.
enum Strips {
    /// For 32 registers of 512 bits.
    Avx512(Tiles<14, 32>),
    /// For 16 registers of 256 bits.
    Avx2(Tiles<6, 16>),
    Portable(Tiles<6, 16>),
}

/// Rows that are gathered before they are packed: few, so that they stay in the L1 cache.
const GATHERED: usize = 16;
/// Rows packed before they are multiplied: a wide strip is 16 or 32 KiB.
const DEEP: usize = 256;
/// Columns of the narrow strips that are streamed repeatedly: 192 KiB, within the L2 cache.
const STREAMED: usize = 192;
/// Columns of the wide strips that a thread multiplies at a time.
const SHARED: usize = 256;
/// Padding between two strips, so that they do not start in the same cache set.
const APART: usize = 16;

impl Gram {
    /// For rows of `d` columns.
    pub fn new(d: usize) -> Self {
        Gram::with(d, Instructions::best())
    }

    /// The same with these instructions.
    fn with(d: usize, instructions: Instructions) -> Self {
        let strips = match instructions {
            these if these.are_avx512() => Strips::Avx512(Tiles::new(d)),
            these if these.have_avx2() => Strips::Avx2(Tiles::new(d)),
            _ => Strips::Portable(Tiles::new(d)),
        };
        Gram { d, rows: vec![0.0; GATHERED * d], waiting: 0, strips }
    }

    /// Adds a row, which `fill` writes. Costs d² flops, half of the full product.
    #[inline]
    pub fn add(&mut self, fill: impl FnOnce(&mut [f32])) {
        fill(&mut self.rows[self.waiting * self.d..][..self.d]);
        self.waiting += 1;
        if self.waiting == GATHERED && self.pack() == DEEP {
            self.multiply();
        }
    }

    /// The lower triangle of the sums, row by row: d · (d + 1) / 2 numbers.
    pub fn lower(mut self) -> Vec<f64> {
        self.pack();
        self.multiply();
        match self.strips {
            Strips::Avx512(tiles) => tiles.lower(),
            Strips::Avx2(tiles) | Strips::Portable(tiles) => tiles.lower(),
        }
    }

    /// Packs the gathered rows into the strips; returns the number of packed rows.
    fn pack(&mut self) -> usize {
        let rows = &self.rows[..std::mem::take(&mut self.waiting) * self.d];
        match &mut self.strips {
            Strips::Avx512(tiles) => tiles.pack(rows),
            Strips::Avx2(tiles) | Strips::Portable(tiles) => tiles.pack(rows),
        }
    }

    /// Adds the products of the packed rows to the sums.
    fn multiply(&mut self) {
        match &mut self.strips {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these strips are made only where the processor has AVX-512F.
            Strips::Avx512(tiles) => tiles.multiply(|narrow, wide, tile| unsafe { x86::add_avx512(narrow, wide, tile) }),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: these strips are made only where the processor has AVX2 and FMA.
            Strips::Avx2(tiles) => tiles.multiply(|narrow, wide, tile| unsafe { x86::add_avx2(narrow, wide, tile) }),
            #[cfg(not(target_arch = "x86_64"))]
            Strips::Avx512(tiles) => tiles.multiply(add),
            #[cfg(not(target_arch = "x86_64"))]
            Strips::Avx2(tiles) => tiles.multiply(add),
            Strips::Portable(tiles) => tiles.multiply(add),
        }
    }
}

/// Strips of `WIDE` and of `NARROW` columns, and the sums of their products.
struct Tiles<const NARROW: usize, const WIDE: usize> {
    d: usize,
    /// Number of packed rows.
    packed: usize,
    wide: Vec<f32>,
    narrow: Vec<f32>,
    /// `[wide strips, narrow strips, NARROW, WIDE]`. A flat list, so that the system zeroes the pages, and only those of tiles in use.
    sums: Vec<f32>,
}

impl<const NARROW: usize, const WIDE: usize> Tiles<NARROW, WIDE> {
    fn new(d: usize) -> Self {
        let (wide, narrow) = (d.div_ceil(WIDE), d.div_ceil(NARROW));
        // The padding of the last strips stays 0.
        let strips = |count: usize, width: usize| vec![0.0; count * (DEEP * width + APART)];
        let sums = vec![0.0; wide * narrow * NARROW * WIDE];
        Tiles { d, packed: 0, wide: strips(wide, WIDE), narrow: strips(narrow, NARROW), sums }
    }

    fn pack(&mut self, rows: &[f32]) -> usize {
        pack::<WIDE>(rows, self.d, self.packed, &mut self.wide);
        pack::<NARROW>(rows, self.d, self.packed, &mut self.narrow);
        self.packed += rows.len() / self.d.max(1);
        self.packed
    }

    /// `add(narrow, wide, tile)` adds `narrowᵀ · wide` to a tile.
    fn multiply(&mut self, add: impl Fn(&[f32], &[f32], &mut [[f32; WIDE]; NARROW]) + Sync) {
        let packed = Packed { d: self.d, rows: std::mem::take(&mut self.packed), narrow: &self.narrow };
        packed.multiply(0, &self.wide, self.sums.as_chunks_mut().0.as_chunks_mut().0, &add);
    }

    fn lower(self) -> Vec<f64> {
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
}

/// Packed rows, in narrow strips.
struct Packed<'a> {
    d: usize,
    rows: usize,
    narrow: &'a [f32],
}

impl Packed<'_> {
    /// Multiplies wide strips, the first of which has this number, and adds to their tiles. They are halved, so that a thread without rows
    /// of its own takes some.
    fn multiply<const NARROW: usize, const WIDE: usize>(
        &self,
        first: usize,
        wide: &[f32],
        tiles: &mut [[[f32; WIDE]; NARROW]],
        add: &(impl Fn(&[f32], &[f32], &mut [[f32; WIDE]; NARROW]) + Sync),
    ) {
        let (long, count) = (DEEP * WIDE + APART, self.d.div_ceil(NARROW));
        if wide.len() * WIDE > SHARED * long {
            let half = wide.len() / long / 2;
            let (wide, tiles) = (wide.split_at(half * long), tiles.split_at_mut(half * count));
            rayon::join(|| self.multiply(first, wide.0, tiles.0, add), || self.multiply(first + half, wide.1, tiles.1, add));
            return;
        }
        for top in (0..count).step_by(STREAMED / NARROW) {
            let end = (top + STREAMED / NARROW).min(count);
            for (at, wide) in wide.chunks_exact(long).enumerate() {
                // The first narrow strip that reaches the diagonal.
                for i in ((first + at) * WIDE / NARROW).max(top)..end {
                    let narrow = &self.narrow[i * (DEEP * NARROW + APART)..][..self.rows * NARROW];
                    add(narrow, &wide[..self.rows * WIDE], &mut tiles[at * count + i]);
                }
            }
        }
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
fn add<const NARROW: usize, const WIDE: usize>(narrow: &[f32], wide: &[f32], tile: &mut [[f32; WIDE]; NARROW]) {
    let mut sums = [[0.0_f32; WIDE]; NARROW];
    for (narrow, wide) in narrow.as_chunks::<NARROW>().0.iter().zip(wide.as_chunks::<WIDE>().0) {
        for (sums, &value) in sums.iter_mut().zip(narrow) {
            sums.iter_mut().zip(wide).for_each(|(sum, &other)| *sum += value * other);
        }
    }
    tile.as_flattened_mut().iter_mut().zip(sums.as_flattened()).for_each(|(tile, sum)| *tile += sum);
}

/// The same with vector instructions. The tile is fetched ahead: all tiles together exceed the L2 cache.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _MM_HINT_T0, _mm_prefetch, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
        _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
    };

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn add_avx2<const NARROW: usize>(narrow: &[f32], wide: &[f32], tile: &mut [[f32; 16]; NARROW]) {
        for row in tile.iter() {
            _mm_prefetch::<_MM_HINT_T0>(row.as_ptr().cast());
        }
        let mut sums = [[_mm256_setzero_ps(); 2]; NARROW];
        for (narrow, wide) in narrow.as_chunks::<NARROW>().0.iter().zip(wide.as_chunks::<16>().0) {
            // SAFETY: `wide` is 16 floats: two loads of 8.
            let (left, right) = unsafe { (_mm256_loadu_ps(wide.as_ptr()), _mm256_loadu_ps(wide.as_ptr().add(8))) };
            for row in 0..NARROW {
                let value = _mm256_set1_ps(narrow[row]);
                sums[row][0] = _mm256_fmadd_ps(value, left, sums[row][0]);
                sums[row][1] = _mm256_fmadd_ps(value, right, sums[row][1]);
            }
        }
        for (row, sums) in tile.iter_mut().zip(sums) {
            // SAFETY: a row of the tile is 16 floats: two loads and stores of 8.
            unsafe {
                let at = row.as_mut_ptr();
                _mm256_storeu_ps(at, _mm256_add_ps(_mm256_loadu_ps(at), sums[0]));
                _mm256_storeu_ps(at.add(8), _mm256_add_ps(_mm256_loadu_ps(at.add(8)), sums[1]));
            }
        }
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn add_avx512<const NARROW: usize>(narrow: &[f32], wide: &[f32], tile: &mut [[f32; 32]; NARROW]) {
        for row in tile.iter() {
            _mm_prefetch::<_MM_HINT_T0>(row.as_ptr().cast());
            _mm_prefetch::<_MM_HINT_T0>(row[16..].as_ptr().cast());
        }
        let mut sums = [[_mm512_setzero_ps(); 2]; NARROW];
        for (narrow, wide) in narrow.as_chunks::<NARROW>().0.iter().zip(wide.as_chunks::<32>().0) {
            // SAFETY: `wide` is 32 floats: two loads of 16.
            let (left, right) = unsafe { (_mm512_loadu_ps(wide.as_ptr()), _mm512_loadu_ps(wide.as_ptr().add(16))) };
            for row in 0..NARROW {
                let value = _mm512_set1_ps(narrow[row]);
                sums[row][0] = _mm512_fmadd_ps(value, left, sums[row][0]);
                sums[row][1] = _mm512_fmadd_ps(value, right, sums[row][1]);
            }
        }
        for (row, sums) in tile.iter_mut().zip(sums) {
            // SAFETY: a row of the tile is 32 floats: two loads and stores of 16.
            unsafe {
                let at = row.as_mut_ptr();
                _mm512_storeu_ps(at, _mm512_add_ps(_mm512_loadu_ps(at), sums[0]));
                _mm512_storeu_ps(at.add(16), _mm512_add_ps(_mm512_loadu_ps(at.add(16)), sums[1]));
            }
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
            let with = |instructions| {
                let mut gram = Gram::with(d, instructions);
                (0..n).for_each(|i| gram.add(|row| row.copy_from_slice(a.row(i))));
                gram.lower()
            };
            let found: Vec<(Instructions, Vec<f64>)> = Instructions::all().map(|these| (these, with(these))).collect();
            let wanted: Vec<f64> = (0..d)
                .flat_map(|i| (0..=i).map(move |j| (i, j)))
                .map(|(i, j)| (0..n).map(|l| f64::from(a.row(l)[i]) * f64::from(a.row(l)[j])).sum())
                .collect();
            for (instructions, lower) in &found {
                assert_eq!(lower.len(), wanted.len());
                let far = lower.iter().zip(&wanted).map(|(found, wanted)| (found - wanted).abs()).fold(0.0, f64::max);
                assert!(far < 1e-3, "{n} x {d}, {instructions:?}: {far}");
            }
            // With fused multiply-adds the bits are the same.
            let mut fused = found.iter().filter(|(instructions, _)| instructions.have_avx2()).map(|(_, lower)| lower);
            if let Some(first) = fused.next() {
                assert!(fused.all(|lower| lower == first), "{n} x {d}");
            }
        }
    }
}
