//! Sums over rows in f32 that lose no digits: seen from near their mean, in a unit in which no square is too large or too small.

use serde_json::json;

use crate::checkpoint::Parcel;
use crate::error::Result;
use crate::fold::Portable;
use crate::linalg::{Matrix, MatrixView};

/// What rows are seen through, so that columns far from 0 lose no digits and squares neither overflow nor vanish.
#[derive(Clone)]
pub(in crate::methods::linear) struct Frame {
    /// The mean of the first chunk.
    pub(in crate::methods::linear) shift: Vec<f32>,
    /// A power of two; 1 for data of ordinary size.
    pub(in crate::methods::linear) scale: f32,
}

impl Frame {
    pub(in crate::methods::linear) fn around(first: MatrixView<'_>) -> Frame {
        // A few hundred rows tell where the columns lie and how wide they are.
        let first = first.slice(0..first.rows().min(BLOCK));
        let shift: Vec<f32> = column_means(first, None).into_iter().map(|mean| mean as f32).collect();
        let largest = (0..first.rows())
            .flat_map(|i| first.row(i).iter().zip(&shift).map(|(value, shift)| (value - shift).abs()))
            .fold(0.0_f32, f32::max);
        Frame { shift, scale: 1.0 }.rescaled(largest).unwrap_or_else(|frame| frame)
    }

    /// The frame in which numbers that are at most `largest` in this one have squares that f32 can add up; `Ok` if it is this one.
    pub(in crate::methods::linear) fn rescaled(self, largest: f32) -> Result<Frame, Frame> {
        if largest == 0.0 || (1e-12..1e14).contains(&largest) {
            return Ok(self);
        }
        let scale = self.scale * 2.0_f32.powi(-largest.log2().ceil().clamp(-100.0, 120.0) as i32);
        Err(Frame { shift: self.shift, scale })
    }

    /// The frame in which rows with these moments lose no digits; `Ok` if it is this one.
    pub(in crate::methods::linear) fn fits(self, stats: &Moments) -> Result<Frame, Frame> {
        /// Means so many times the width of the columns leave the sums too few digits.
        const FAR: f64 = 1e3;
        let frame = self.rescaled(stats.largest)?;
        let means: Vec<f64> = stats.sum.iter().map(|sum| sum / stats.count).collect();
        let off: f64 = means.iter().map(|mean| mean * mean).sum();
        let width = stats.squares / stats.count - off;
        if off <= FAR * width.max(0.0) {
            return Ok(frame);
        }
        let scale = f64::from(frame.scale);
        let shift: Vec<f32> = frame.shift.iter().zip(means).map(|(&shift, mean)| (f64::from(shift) + mean / scale) as f32).collect();
        if shift == frame.shift { Ok(frame) } else { Err(Frame { shift, ..frame }) }
    }

    /// A mean in this frame, as it is outside.
    pub(in crate::methods::linear) fn mean_outside(&self, mean: &[f64]) -> Vec<f64> {
        mean.iter().zip(&self.shift).map(|(mean, &shift)| mean / f64::from(self.scale) + f64::from(shift)).collect()
    }

    /// A mean in this frame, in its unit but from 0.
    pub(in crate::methods::linear) fn mean_from_zero(&self, mean: &[f64]) -> Vec<f64> {
        mean.iter().zip(&self.shift).map(|(mean, &shift)| mean + f64::from(shift) * f64::from(self.scale)).collect()
    }

    /// A variance in this frame, as it is outside.
    pub(in crate::methods::linear) fn variance_outside(&self, variance: f64) -> f64 {
        variance.max(0.0) / f64::from(self.scale) / f64::from(self.scale)
    }
}

/// Sums of rows as seen through a frame.
pub(in crate::methods::linear) struct Moments {
    /// Number of rows, each as often as it counts.
    pub(in crate::methods::linear) count: f64,
    /// The largest magnitude.
    pub(in crate::methods::linear) largest: f32,
    pub(in crate::methods::linear) sum: Vec<f64>,
    /// The lower half of `[d, d]`, row by row, for the covariance; `[d, width]` for the subspace.
    pub(in crate::methods::linear) product: Vec<f64>,
    /// The sum of all squares.
    pub(in crate::methods::linear) squares: f64,
}

impl Moments {
    pub(in crate::methods::linear) fn merge(mut self, other: Moments) -> Moments {
        let add = |into: &mut [f64], from: &[f64]| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        self.count += other.count;
        self.largest = self.largest.max(other.largest);
        self.squares += other.squares;
        add(&mut self.sum, &other.sum);
        add(&mut self.product, &other.product);
        self
    }
}

/// The mean of each column, of rows that count so often; none: once.
pub(in crate::methods::linear) fn column_means(rows: MatrixView<'_>, weights: Option<&[f32]>) -> Vec<f64> {
    let weight = |row: usize| weights.map_or(1.0, |weights| f64::from(weights[row]));
    let mut sums = vec![0.0; rows.cols()];
    for i in 0..rows.rows() {
        sums.iter_mut().zip(rows.row(i)).for_each(|(sum, &value)| *sum += weight(i) * f64::from(value));
    }
    let counted: f64 = (0..rows.rows()).map(weight).sum();
    sums.iter_mut().for_each(|sum| *sum /= counted);
    sums
}

/// Rows whose sums are kept in f32 before they go into f64.
pub(in crate::methods::linear) const BLOCK: usize = 512;

/// Rows as seen through a frame, and what they come to.
pub(in crate::methods::linear) struct Seen<'a> {
    frame: &'a Frame,
    /// How often each row counts; none: once.
    weights: Option<&'a [f32]>,
    rows: usize,
    sum: Vec<f64>,
    /// Sums of the last rows, and the largest magnitudes of all: a column each, so that the loop over columns adds nothing up and runs in lanes.
    recent: Vec<f32>,
    largest: Vec<f32>,
}

impl<'a> Seen<'a> {
    pub(in crate::methods::linear) fn new(frame: &'a Frame, weights: Option<&'a [f32]>) -> Self {
        let d = frame.shift.len();
        Seen { frame, weights, rows: 0, sum: vec![0.0; d], recent: vec![0.0; d], largest: vec![0.0; d] }
    }

    /// Writes a row as seen through the frame to `out`, times the root of its weight, so that products count it as often.
    #[inline]
    pub(in crate::methods::linear) fn row(&mut self, row: &[f32], out: &mut [f32]) {
        if let Some(weights) = self.weights {
            see(self.frame, row, out, &mut vec![0.0; row.len()], &mut self.largest);
            let (weight, root) = (weights[self.rows], weights[self.rows].sqrt());
            self.recent.iter_mut().zip(out.iter_mut()).for_each(|(sum, value)| {
                *sum += weight * *value;
                *value *= root;
            });
            self.rows += 1;
            return if self.rows.is_multiple_of(BLOCK) {
                self.settle()
            };
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            unsafe { see_avx2(self.frame, row, out, &mut self.recent, &mut self.largest) };
        } else {
            see(self.frame, row, out, &mut self.recent, &mut self.largest);
        }
        #[cfg(not(target_arch = "x86_64"))]
        see(self.frame, row, out, &mut self.recent, &mut self.largest);
        self.rows += 1;
        if self.rows.is_multiple_of(BLOCK) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.sum.iter_mut().zip(&mut self.recent).for_each(|(sum, recent)| *sum += f64::from(std::mem::take(recent)));
    }

    pub(in crate::methods::linear) fn moments(mut self, product: Vec<f64>, squares: f64) -> Moments {
        self.settle();
        let largest = self.largest.into_iter().fold(0.0, f32::max);
        let count = self.weights.map_or(self.rows as f64, |weights| weights.iter().map(|&weight| f64::from(weight)).sum());
        Moments { count, largest, sum: self.sum, product, squares }
    }
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn see_avx2(frame: &Frame, row: &[f32], out: &mut [f32], sum: &mut [f32], largest: &mut [f32]) {
    see(frame, row, out, sum, largest);
}

#[inline(always)]
fn see(frame: &Frame, row: &[f32], out: &mut [f32], sum: &mut [f32], largest: &mut [f32]) {
    let d = row.len();
    let (shift, out, sum, largest) = (&frame.shift[..d], &mut out[..d], &mut sum[..d], &mut largest[..d]);
    for j in 0..d {
        let value = (row[j] - shift[j]) * frame.scale;
        out[j] = value;
        sum[j] += value;
        largest[j] = if value.abs() > largest[j] { value.abs() } else { largest[j] };
    }
}

impl Portable for Frame {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel { facts: json!({ "scale": self.scale }), ..Parcel::default() };
        parcel.tensors.put_matrix("shift", &Matrix::new(1, self.shift.len(), self.shift.clone())?)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let shift = parcel.tensors.matrix("shift", Some(1), None)?.as_slice().to_vec();
        let scale = parcel.facts["scale"].as_f64().unwrap_or(1.0) as f32;
        Ok(Frame { shift, scale })
    }
}

impl Portable for Moments {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        parcel.tensors.put_f64("sum", &self.sum)?;
        parcel.tensors.put_f64("product", &self.product)?;
        parcel.tensors.put_f64("count_squares_largest", &[self.count, self.squares, f64::from(self.largest)])?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let list = |name, len| parcel.tensors.f64(name, len).map(<[f64]>::to_vec);
        let scalars = list("count_squares_largest", Some(3))?;
        let (count, squares, largest) = (scalars[0], scalars[1], scalars[2] as f32);
        Ok(Moments { count, largest, sum: list("sum", None)?, product: list("product", None)?, squares })
    }
}
