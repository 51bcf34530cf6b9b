//! Atoms: their sums over mini-batches, and the atoms that are best for these.

use crate::error::Result;
use crate::linalg::{MatrixView, Threads, product, product_transposed};

/// An atom is changed if its codes and its direction are more than this.
const LEAST: f64 = 1e-12;

/// Sums over rows that atoms are learned from, those of earlier mini-batches fading.
pub(super) struct Sums {
    k: usize,
    d: usize,
    /// `[k, k]`: products of codes.
    pub(super) codes: Vec<f64>,
    /// `[k, d]`: codes times rows.
    images: Vec<f64>,
    /// Room: `[k, rows]`, `[k, k]`, `[k, d]`.
    turned: Vec<f32>,
    square: Vec<f32>,
    image: Vec<f32>,
}

impl Sums {
    pub(super) fn new(k: usize, d: usize) -> Self {
        Sums {
            k,
            d,
            codes: vec![0.0; k * k],
            images: vec![0.0; k * d],
            turned: Vec::new(),
            square: vec![0.0; k * k],
            image: vec![0.0; k * d],
        }
    }

    /// Keeps so much of the sums, and adds those of a mini-batch with codes `[rows, k]`. Bound: 2·k·(k + d) flops a row.
    pub(super) fn add(&mut self, keep: f64, codes: &[f32], rows: MatrixView<'_>) -> Result<()> {
        let (k, count) = (self.k, rows.rows());
        self.turned.clear();
        self.turned.resize(k * count, 0.0);
        for (row, codes) in codes.chunks_exact(k).enumerate() {
            codes.iter().enumerate().for_each(|(atom, &code)| self.turned[atom * count + row] = code);
        }
        let turned = MatrixView::new(k, count, &self.turned)?;
        product_transposed(turned, turned, &mut self.square, Threads::Pool);
        product(turned, rows, &mut self.image, Threads::Pool);
        let add = |sums: &mut [f64], new: &[f32]| sums.iter_mut().zip(new).for_each(|(sum, &new)| *sum = *sum * keep + f64::from(new));
        add(&mut self.codes, &self.square);
        add(&mut self.images, &self.image);
        Ok(())
    }

    /// Forgets an atom.
    pub(super) fn forget(&mut self, atom: usize) {
        self.images[atom * self.d..][..self.d].fill(0.0);
        self.codes[atom * self.k..][..self.k].fill(0.0);
        (0..self.k).for_each(|other| self.codes[other * self.k + atom] = 0.0);
    }

    /// The atoms `[k, d]` of length 1 that are best for these sums, each in turn for the others. Bound: 2·k²·d flops in f64, less where pairs of atoms have
    /// no row in common.
    pub(super) fn improve(&self, atoms: &mut [f64]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return unsafe { improve_avx512(self, atoms) };
        } else if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { improve_avx2(self, atoms) };
        }
        improve(self, atoms);
    }
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn improve_avx512(sums: &Sums, atoms: &mut [f64]) {
    improve(sums, atoms);
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn improve_avx2(sums: &Sums, atoms: &mut [f64]) {
    improve(sums, atoms);
}

#[inline(always)]
fn improve(sums: &Sums, atoms: &mut [f64]) {
    let (k, d) = (sums.k, sums.d);
    let mut best = vec![0.0_f64; d];
    for atom in 0..k {
        let codes = &sums.codes[atom * k..][..k];
        if codes[atom] <= LEAST {
            continue;
        }
        best.copy_from_slice(&sums.images[atom * d..][..d]);
        for (other, (&shared, cells)) in codes.iter().zip(atoms.chunks_exact(d)).enumerate() {
            if other != atom && shared != 0.0 {
                best.iter_mut().zip(cells).for_each(|(best, cell)| *best -= shared * cell);
            }
        }
        let length = best.iter().map(|cell| cell * cell).sum::<f64>().sqrt();
        if length > LEAST * codes[atom] {
            atoms[atom * d..][..d].iter_mut().zip(&best).for_each(|(cell, best)| *cell = best / length);
        }
    }
}
