//! The half product `aᵀ · a`: what covariances are made of.
//!
//! Bound: rows · d² flops at the peak of the multiply-add units. The rows are packed twice, as strips of 16 columns (kept in the first cache)
//! and of 6 columns (streamed), and tiles of 6 x 16 are kept in 12 registers; only tiles that touch the lower half are worked on.

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, MatMut, MatRef, Par};

use super::MatrixView;

/// Adds up lower halves of `aᵀ · a`, `[d, d]`, for blocks of rows; keeps its scratch between them.
pub struct Gram {
    sum: Vec<f32>,
    d: usize,
    wide: Vec<f32>,
    narrow: Vec<f32>,
}

impl Gram {
    /// For rows of `d` columns.
    pub fn new(d: usize) -> Self {
        Gram { sum: vec![0.0; d * d], d, wide: Vec::new(), narrow: Vec::new() }
    }

    /// Adds the lower half of `aᵀ · a`, on the calling thread. Costs `rows · d²` flops, half of the full product.
    pub fn add(&mut self, a: MatrixView<'_>) {
        assert_eq!(a.cols(), self.d);
        if a.rows() == 0 || self.d == 0 {
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if self.d >= 2 * WIDE && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            for from in (0..a.rows()).step_by(DEEP) {
                let rows = a.slice(from..(from + DEEP).min(a.rows()));
                pack::<WIDE>(rows, &mut self.wide);
                pack::<NARROW>(rows, &mut self.narrow);
                multiply(rows.rows(), self.d, &self.narrow, &self.wide, &mut self.sum);
            }
            return;
        }
        portable(a, &mut self.sum);
    }

    /// What was added up, `[d, d]` row-major; only the lower half means something.
    pub fn lower(&self) -> &[f32] {
        &self.sum
    }
}

/// The same through faer, for narrow tables and other processors.
fn portable(a: MatrixView<'_>, out: &mut [f32]) {
    let (n, d) = (a.rows(), a.cols());
    let rows = MatRef::from_row_major_slice(a.as_slice(), n, d);
    triangular::matmul(
        MatMut::from_row_major_slice_mut(out, d, d),
        BlockStructure::TriangularLower,
        Accum::Add,
        rows.transpose(),
        BlockStructure::Rectangular,
        rows,
        BlockStructure::Rectangular,
        1.0_f32,
        Par::Seq,
    );
}

/// Columns of a strip that is kept.
const WIDE: usize = 16;
/// Columns of a strip that is streamed.
const NARROW: usize = 6;
/// Rows packed at a time: a wide strip is 16 KiB.
const DEEP: usize = 256;
/// Narrow strips that are streamed again and again: 192 KiB, within the second cache.
const STREAMED: usize = 32;

#[cfg(target_arch = "x86_64")]
fn multiply(n: usize, d: usize, narrow: &[f32], wide: &[f32], out: &mut [f32]) {
    for (block, narrow) in narrow.chunks(n * NARROW * STREAMED).enumerate() {
        let top = block * STREAMED * NARROW;
        let bottom = (top + STREAMED * NARROW).min(d);
        for (j, wide) in wide.chunks_exact(n * WIDE).enumerate().take(bottom.div_ceil(WIDE)) {
            let j = j * WIDE;
            // The first strip of rows that reaches down to the diagonal.
            let first = j.saturating_sub(top) / NARROW;
            for (i, narrow) in narrow.chunks_exact(n * NARROW).enumerate().skip(first) {
                let i = top + i * NARROW;
                if i >= j + WIDE && i + NARROW <= d {
                    // SAFETY: the caller saw that the processor has AVX2 and FMA; both strips hold n rows of their width.
                    unsafe { add_strips(narrow, wide, &mut out[i * d + j..], d) };
                } else {
                    let mut tile = [0.0_f32; NARROW * WIDE];
                    // SAFETY: as above.
                    unsafe { add_strips(narrow, wide, &mut tile, WIDE) };
                    for (row, tile) in (i..(i + NARROW).min(d)).zip(tile.chunks_exact(WIDE)) {
                        let end = (j + WIDE).min(row + 1).max(j);
                        out[row * d + j..row * d + end].iter_mut().zip(tile).for_each(|(out, &value)| *out += value);
                    }
                }
            }
        }
    }
}

/// The rows as strips of `W` columns, each `[n, W]`, the last filled up with zeros. Strip by strip: row by row, the lines written to would
/// all fall into the same few sets of the cache.
#[cfg(target_arch = "x86_64")]
fn pack<const W: usize>(a: MatrixView<'_>, strips: &mut Vec<f32>) {
    let (n, d) = (a.rows(), a.cols());
    let len = d.div_ceil(W) * n * W;
    if strips.len() != len {
        // What fills up the last strip stays 0 from block to block, as long as they are of one size.
        strips.clear();
        strips.resize(len, 0.0);
    }
    for (strip, out) in strips.chunks_exact_mut(n * W).enumerate() {
        let from = strip * W;
        for (i, out) in out.as_chunks_mut::<W>().0.iter_mut().enumerate() {
            match a.row(i)[from..].first_chunk::<W>() {
                Some(cells) => *out = *cells,
                None => out[..d - from].copy_from_slice(&a.row(i)[from..]),
            }
        }
    }
}

/// Adds `narrowᵀ · wide`, `[6, 16]`, to the rows of `out` that lie `stride` apart.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn add_strips(narrow: &[f32], wide: &[f32], out: &mut [f32], stride: usize) {
    use std::arch::x86_64::{
        _MM_HINT_T0, _mm_prefetch, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
    };
    assert!(out.len() >= (NARROW - 1) * stride + WIDE);
    for row in 0..NARROW {
        // SAFETY: a prefetch reads nothing; the address is within `out` by the assertion above.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(out.as_ptr().add(row * stride).cast()) };
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
    for (row, sums) in sums.into_iter().enumerate() {
        // SAFETY: the assertion above: 16 floats from row · stride on are within `out`.
        unsafe {
            let at = out.as_mut_ptr().add(row * stride);
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
        for (n, d) in [(1, 1), (60, 37), (300, 64), (257, 101), (3, 784)] {
            let a = Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32);
            let mut gram = Gram::new(d);
            gram.add(a.slice(0..n / 2));
            gram.add(a.slice(n / 2..n));
            for i in 0..d {
                for j in 0..=i {
                    let sum: f64 = (0..n).map(|l| f64::from(a.row(l)[i]) * f64::from(a.row(l)[j])).sum();
                    assert!((f64::from(gram.lower()[i * d + j]) - sum).abs() < 1e-3, "{n} x {d}: {i} {j}");
                }
            }
        }
    }
}
