//! What a neighborhood asks of the places of its rows: vectors v over the row itself and its neighbors, such that Σ (v · places)² is 0 where
//! the places are as they should be.
//!
//! Sources: Roweis and Saul 2000, doi:10.1126/science.290.5500.2323 (standard); Zhang and Wang 2007, NIPS 19 (modified); Donoho and Grimes
//! 2003, doi:10.1073/pnas.1031596100 (Hessian); Zhang and Zha 2004, doi:10.1137/S1064827502419154 (tangent spaces).

use super::lle::Variant;
use crate::error::Result;
use crate::linalg::{Matrix, symmetric_eigen};
use crate::methods::map::mixture::mixture;

/// A neighborhood: a row and those near it.
pub(super) struct Neighborhood<'a> {
    pub(super) rows: &'a Matrix,
    pub(super) row: usize,
    pub(super) near: &'a [(u32, f32)],
}

/// The squared singular values of the neighbors' rows as seen from the row itself, largest first, `[k]`, and the left vectors `[k, k]`, each a
/// row.
pub(super) struct Spectrum {
    pub(super) values: Vec<f64>,
    vectors: Vec<f64>,
}

impl Neighborhood<'_> {
    fn k(&self) -> usize {
        self.near.len()
    }

    fn neighbors(&self) -> impl Iterator<Item = usize> {
        self.near.iter().map(|near| near.0 as usize)
    }

    /// See [`Spectrum`].
    pub(super) fn spectrum(&self) -> Result<Spectrum> {
        let own: Vec<f64> = self.rows.row(self.row).iter().map(|&value| f64::from(value)).collect();
        self.seen_from(&own, self.neighbors())
    }

    fn seen_from(&self, from: &[f64], rows: impl Iterator<Item = usize>) -> Result<Spectrum> {
        let d = self.rows.cols();
        let apart: Vec<f64> = rows.flat_map(|row| self.rows.row(row).iter().zip(from).map(|(own, from)| f64::from(*own) - from)).collect();
        let k = apart.len() / d;
        let mut gram = vec![0.0; k * k];
        for a in 0..k {
            for b in 0..=a {
                let inner: f64 = apart[a * d..][..d].iter().zip(&apart[b * d..][..d]).map(|(a, b)| a * b).sum();
                (gram[a * k + b], gram[b * k + a]) = (inner, inner);
            }
        }
        let eigen = symmetric_eigen(&gram, k, k, || Ok(()))?;
        Ok(Spectrum { values: eigen.values.iter().map(|value| value.max(0.0)).collect(), vectors: eigen.vectors })
    }

    /// The coordinates in the tangent space of the row itself and its neighbors: the left singular vectors of their rows around their mean,
    /// `[c, 1 + k]`. The row itself counts, so that one that is nobody's neighbor is still held by its own.
    fn tangent(&self, c: usize) -> Result<Vec<Vec<f64>>> {
        let size = 1 + self.k();
        let all = || std::iter::once(self.row).chain(self.neighbors());
        let mut mean = vec![0.0; self.rows.cols()];
        for row in all() {
            mean.iter_mut().zip(self.rows.row(row)).for_each(|(mean, value)| *mean += f64::from(*value) / size as f64);
        }
        let vectors = self.seen_from(&mean, all())?.vectors;
        Ok(vectors.chunks_exact(size).take(c).map(<[f64]>::to_vec).collect())
    }

    /// What this neighborhood asks for, each `[1 + k]`: the row itself, then its neighbors. `flat` is what modified LLE knows of all: the usual
    /// share of the spectrum beyond `c` dimensions.
    pub(super) fn wants(&self, variant: Variant, c: usize, reg: f64, flat: f64) -> Result<Vec<Vec<f64>>> {
        let k = self.k();
        match variant {
            Variant::Standard => {
                let near = self.neighbors().map(|row| self.rows.row(row));
                let weights = mixture(self.rows.row(self.row), near, reg);
                Ok(vec![std::iter::once(1.0).chain(weights.iter().map(|weight| -weight)).collect()])
            }
            Variant::Modified => self.spectrum()?.several(c, reg, flat),
            Variant::Hessian => {
                // 1, the coordinates, and their products: what is left of the products beside the others.
                let u = self.tangent(c)?;
                let product = |a: usize, b: usize| u[a].iter().zip(&u[b]).map(|(a, b)| a * b).collect();
                let products = (0..c).flat_map(|a| (a..c).map(move |b| (a, b))).map(|(a, b)| product(a, b));
                let basis = std::iter::once(vec![1.0; 1 + k]).chain(u.iter().cloned()).chain(products).collect();
                Ok(orthonormal(basis).split_off(1 + c))
            }
            Variant::Ltsa => {
                // What is left of the rows beside the mean and the tangent space: a basis of the rest.
                let one = |at: usize| (0..=k).map(|other| f64::from(u8::from(at == other))).collect();
                let basis = std::iter::once(vec![1.0; 1 + k]).chain(self.tangent(c)?).chain((0..=k).map(one)).collect();
                Ok(orthonormal(basis).split_off(1 + c))
            }
        }
    }
}

impl Spectrum {
    /// The share of the spectrum beyond `c` dimensions beside that within.
    pub(super) fn beyond(&self, c: usize) -> f64 {
        let within: f64 = self.values[..c].iter().sum();
        let beyond: f64 = self.values[c..].iter().sum();
        if within > 0.0 { beyond / within } else { 0.0 }
    }

    /// Modified LLE: several mixtures that are all nearly as good.
    fn several(&self, c: usize, reg: f64, flat: f64) -> Result<Vec<Vec<f64>>> {
        let k = self.values.len();
        let all: f64 = self.values.iter().sum();
        let ridge = if all > 0.0 { reg * all } else { 1.0 };
        let vector = |at: usize| &self.vectors[at * k..][..k];
        // The one mixture of the standard method, by the same spectrum.
        let mut weights = vec![0.0; k];
        for at in 0..k {
            let along = vector(at).iter().sum::<f64>() / (self.values[at] + ridge);
            weights.iter_mut().zip(vector(at)).for_each(|(weight, value)| *weight += along * value);
        }
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        // As many of the last vectors as together weigh less, beside the rest, than is usual; at least those beyond the dimensions.
        let mut within: f64 = self.values.iter().sum();
        let mut s = 0;
        while s + 1 < k {
            let next: f64 = within - self.values[k - 1 - s];
            let beyond = all / next - 1.0;
            if next <= 0.0 || beyond > flat || (beyond == flat && flat > 0.0) {
                break;
            }
            within = next;
            s += 1;
        }
        let s = s.clamp(1, (k - c).max(1));
        let last: Vec<&[f64]> = (k - s..k).map(vector).collect();
        let sums: Vec<f64> = last.iter().map(|vector| vector.iter().sum()).collect();
        let alpha = sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt() / (s as f64).sqrt();
        // The reflection that gives all of them one sum, alpha.
        let mut h: Vec<f64> = sums.iter().map(|sum| alpha - sum).collect();
        let length = h.iter().map(|value| value * value).sum::<f64>().sqrt();
        h.iter_mut().for_each(|value| *value = if length < 1e-12 { 0.0 } else { *value / length });
        let along: Vec<f64> = (0..k).map(|at| last.iter().zip(&h).map(|(vector, h)| vector[at] * h).sum()).collect();
        let mixture = |j: usize| {
            let own = (0..k).map(|at| -(last[j][at] - 2.0 * along[at] * h[j] + (1.0 - alpha) * weights[at]));
            std::iter::once(1.0).chain(own).collect()
        };
        Ok((0..s).map(mixture).collect())
    }
}

/// The same span, each vector orthogonal to those before it (Gram and Schmidt, twice) and of length 1; those that add nothing are 0.
fn orthonormal(vectors: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> = Vec::with_capacity(vectors.len());
    for mut vector in vectors {
        let before = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        for _ in 0..2 {
            for known in &out {
                let along: f64 = known.iter().zip(&vector).map(|(known, own)| known * own).sum();
                vector.iter_mut().zip(known).for_each(|(own, known)| *own -= along * known);
            }
        }
        let length = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        let kept = if length > 1e-7 * before && length > 0.0 { 1.0 / length } else { 0.0 };
        vector.iter_mut().for_each(|value| *value *= kept);
        out.push(vector);
    }
    out
}
