//! The map in the binary format of docs/http-api.md.

use latentspace::Result;
use latentspace::data::Affine;
use latentspace::linalg::{Matrix, MatrixView};

/// The map at one moment.
pub(crate) struct Frame {
    pub(crate) version: u64,
    pub(crate) step: u64,
    pub(crate) dims: usize,
    pub(crate) rows: usize,
    /// The header of docs/http-api.md, then the centered coordinates.
    pub(crate) bytes: Vec<u8>,
}

/// Length of the header in bytes.
pub(crate) const HEADER: usize = 64;

impl Frame {
    /// A frame of codes `[n, 2 or 3]`; `affine` is what they stand for.
    pub(crate) fn new(codes: MatrixView<'_>, affine: &Affine, version: u64, step: u64) -> Self {
        let (rows, dims) = (codes.rows(), codes.cols());
        let mut center = [0.0_f64; 3];
        for row in 0..rows {
            center.iter_mut().zip(codes.row(row)).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        center.iter_mut().for_each(|sum| *sum /= rows.max(1) as f64);
        let mut bytes = vec![0; HEADER];
        bytes.reserve(rows * dims * 4);
        let mut radius = 0.0_f64;
        for row in 0..rows {
            for (&value, &center) in codes.row(row).iter().zip(&center) {
                let value = f64::from(value) - center;
                radius = radius.max(value.abs());
                bytes.extend((value as f32).to_le_bytes());
            }
        }
        bytes[..4].copy_from_slice(b"LSM1");
        bytes[4..8].copy_from_slice(&(dims as u32).to_le_bytes());
        bytes[8..16].copy_from_slice(&(rows as u64).to_le_bytes());
        bytes[16..24].copy_from_slice(&version.to_le_bytes());
        for (at, center) in center.iter().enumerate().take(dims) {
            let told = center + affine.offsets().get(at).copied().unwrap_or(0.0) / affine.scales().get(at).copied().unwrap_or(1.0);
            bytes[24 + 8 * at..][..8].copy_from_slice(&told.to_le_bytes());
        }
        let radius = if radius > 0.0 { radius } else { 1.0 };
        bytes[48..56].copy_from_slice(&radius.to_le_bytes());
        Frame { version, step, dims, rows, bytes }
    }

    /// The center of the coordinates, and the largest distance from it in any dimension.
    pub(crate) fn extent(&self) -> ([f64; 3], f64) {
        let at = |from: usize| f64::from_le_bytes(std::array::from_fn(|byte| self.bytes[from + byte]));
        ([at(24), at(32), at(40)], at(48))
    }

    /// The centered coordinates, `[n, 2 or 3]`.
    pub(crate) fn codes(&self) -> Result<Matrix> {
        let cells = self.bytes[HEADER..].chunks_exact(4).map(|cell| f32::from_le_bytes([cell[0], cell[1], cell[2], cell[3]]));
        Matrix::new(self.rows, self.dims, cells.collect())
    }

    /// The coordinates where they were before they were centered, `[n, 2 or 3]`.
    pub(crate) fn placed_codes(&self) -> Result<Matrix> {
        let ((center, _), codes) = (self.extent(), self.codes()?);
        Ok(Matrix::from_fn(self.rows, self.dims, |row, dim| (f64::from(codes.row(row)[dim]) + center[dim]) as f32))
    }

    /// The `k` nearest neighbors of a row in the map, nearest first; ties by index.
    pub(crate) fn nearest(&self, row: usize, k: usize) -> Vec<u32> {
        let at = |row: usize, dim: usize| {
            let from = HEADER + 4 * (row * self.dims + dim);
            f32::from_le_bytes([self.bytes[from], self.bytes[from + 1], self.bytes[from + 2], self.bytes[from + 3]])
        };
        let own: Vec<f32> = (0..self.dims).map(|dim| at(row, dim)).collect();
        let squared = |other: usize| (0..self.dims).map(|dim| (at(other, dim) - own[dim]).powi(2)).sum::<f32>();
        let mut all: Vec<(f32, u32)> = (0..self.rows).filter(|&other| other != row).map(|other| (squared(other), other as u32)).collect();
        let order = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let k = k.min(all.len());
        if k > 0 && k < all.len() {
            all.select_nth_unstable_by(k - 1, order);
        }
        all.truncate(k);
        all.sort_unstable_by(order);
        all.into_iter().map(|(_, other)| other).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_centred_and_tells_where_it_was() {
        let codes = [-1.0, 2.0, 1.0, 4.0];
        let frame = Frame::new(MatrixView::new(2, 2, &codes).unwrap(), &Affine::new(vec![1e7, 0.0], Vec::new()), 3, 9);
        let f64_at = |at: usize| f64::from_le_bytes(*frame.bytes[at..].first_chunk().unwrap());
        let f32_at = |at: usize| f32::from_le_bytes(*frame.bytes[at..].first_chunk().unwrap());
        assert_eq!((f64_at(24), f64_at(32), f64_at(48)), (1e7, 3.0, 1.0));
        assert_eq!((f32_at(64), f32_at(68), f32_at(72), f32_at(76)), (-1.0, -1.0, 1.0, 1.0));
        assert_eq!(frame.bytes.len(), HEADER + 16);
        assert_eq!(frame.codes().unwrap().as_slice(), [-1.0, -1.0, 1.0, 1.0]);
    }
}
