//! Convolution of a grid of charges with a kernel that is even along each axis, with open borders: by the fast Fourier transform on a grid
//! of twice the size, of which the empty half is never stored.
//!
//! Cost of one convolution of N nodes padded to P: two transforms, about 5·P·log₂P flops, half of that saved by real numbers (two rows share
//! one complex transform) and by the rows that are known to be empty. Bound: flops of the transform.

use std::sync::Arc;

use rayon::prelude::*;
use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Lengths of transforms: products of 2, 3 and 5 that are multiples of 4, each at most a tenth longer than the one before from 32 on.
const LENGTHS: [usize; 59] = [
    32, 36, 40, 48, 60, 64, 72, 80, 96, 108, 120, 128, 144, 160, 180, 192, 216, 240, 256, 288, 320, 360, 384, 432, 480, 512, 540, 576, 640,
    720, 768, 864, 960, 1024, 1152, 1280, 1440, 1536, 1728, 1920, 2048, 2304, 2560, 2880, 3072, 3456, 3840, 4096, 4608, 5120, 5760, 6144,
    6912, 7680, 8192, 9216, 10240, 11520, 12288,
];

/// Nodes between what is wanted and what wraps around, so that the tails of the kernel's spline (see [`super::grid`]) do not meet.
const MARGIN: usize = 8;

/// The shortest length of a transform that convolves `nodes` nodes.
pub(super) fn padded_length(nodes: usize) -> usize {
    let needed = 2 * nodes + MARGIN;
    LENGTHS.iter().copied().find(|&length| length >= needed).unwrap_or_else(|| needed.next_multiple_of(1024))
}

/// Spectra that are kept between calls, for one padded shape.
pub(super) struct Convolution<const D: usize> {
    /// Lengths of the transforms, slowest axis first.
    padded: [usize; D],
    forward: Vec<Arc<dyn Fft<f32>>>,
    inverse: Vec<Arc<dyn Fft<f32>>>,
    /// The kernel's spectrum, real, `[x, y]` or `[x, y, z]`, half of each axis (P / 2 + 1), the other half being its mirror.
    spectrum: Vec<f32>,
    rows: Vec<Complex32>,
    planes: Vec<Complex32>,
}

impl<const D: usize> Convolution<D> {
    /// A convolution on a grid padded to `padded` (slowest axis first). `kernel` is told how far apart two nodes are along each axis;
    /// `damp` is what the spectrum at frequency k of an axis of length P is multiplied by.
    pub(super) fn new(padded: [usize; D], kernel: impl Fn([usize; D]) -> f64 + Sync, damp: impl Fn(usize, usize) -> f64) -> Self {
        let mut planner = FftPlanner::new();
        let forward: Vec<_> = padded.iter().map(|&length| planner.plan_fft_forward(length)).collect();
        let inverse = padded.iter().map(|&length| planner.plan_fft_inverse(length)).collect();
        let half = padded.map(|length| length / 2 + 1);
        let damping: Vec<Vec<f64>> =
            padded.iter().map(|&length| (0..=length / 2).map(|k| damp(k, length) / length as f64).collect()).collect();
        let width = half[D - 1];
        let mut values = vec![0.0_f32; half.iter().product()];
        values.par_chunks_mut(width).enumerate().for_each(|(row, out)| {
            let mut at = [0; D];
            let mut rest = row;
            for axis in (0..D - 1).rev() {
                at[axis] = rest % half[axis];
                rest /= half[axis];
            }
            for (x, out) in out.iter_mut().enumerate() {
                at[D - 1] = x;
                *out = kernel(at) as f32;
            }
        });
        // Transform along x and bring x to the front, then along the others: [y, x] becomes [x, y]; [z, y, x] becomes [x, z, y], then [x, y, z].
        even_transform(&mut values, forward[D - 1].as_ref(), &damping[D - 1]);
        let count = values.len() / width;
        let mut spectrum = vec![0.0; values.len()];
        transpose(&values, count, width, &mut spectrum);
        for axis in (0..D - 1).rev() {
            even_transform(&mut spectrum, forward[axis].as_ref(), &damping[axis]);
            if axis > 0 {
                let block = half[axis] * half[axis - 1];
                values.par_chunks_mut(block).zip(spectrum.par_chunks(block)).for_each(|(out, block)| {
                    for (i, out) in out.chunks_exact_mut(half[axis - 1]).enumerate() {
                        out.iter_mut().enumerate().for_each(|(j, out)| *out = block[j * half[axis] + i]);
                    }
                });
                std::mem::swap(&mut values, &mut spectrum);
            }
        }
        Convolution { padded, forward, inverse, spectrum, rows: Vec::new(), planes: Vec::new() }
    }

    /// Lengths of the transforms, slowest axis first.
    pub(super) fn padded(&self) -> [usize; D] {
        self.padded
    }

    /// Bytes held, for a grid of `shape`.
    pub(super) fn bytes(padded: [usize; D], shape: [usize; D]) -> u64 {
        let half: usize = padded.iter().map(|length| length / 2 + 1).product();
        let rows: usize = shape[..D - 1].iter().product();
        (4 * half + 16 * rows * (padded[D - 1] / 2 + 1)) as u64
    }

    /// Replaces charges by their potential, in place: `grid` has `shape` nodes (slowest axis first), each row followed by `stride - shape[D - 1]`
    /// numbers that are left alone.
    pub(super) fn apply(&mut self, grid: &mut [f32], shape: [usize; D], stride: usize) {
        let count: usize = shape[..D - 1].iter().product();
        let (length, width) = (self.padded[D - 1], shape[D - 1]);
        let half = length / 2 + 1;
        self.rows.resize(count.next_multiple_of(2) * half, Complex32::default());
        self.planes.resize(count * half, Complex32::default());

        // Along x, two rows in one complex transform.
        let forward = self.forward[D - 1].as_ref();
        self.rows.par_chunks_mut(2 * half).zip(grid.par_chunks(2 * stride)).for_each_init(
            || Line::new(length, forward),
            |line, (out, rows)| {
                let (first, second) = rows.split_at(stride.min(rows.len()));
                for (x, cell) in line.buffer[..width].iter_mut().enumerate() {
                    *cell = Complex32::new(first[x], second.get(x).copied().unwrap_or(0.0));
                }
                line.buffer[width..].fill(Complex32::default());
                line.transform(forward);
                let (a, b) = out.split_at_mut(half);
                for k in 0..half {
                    let (z, mirrored) = (line.buffer[k], line.buffer[(length - k) % length].conj());
                    a[k] = (z + mirrored) * 0.5;
                    let difference = (z - mirrored) * 0.5;
                    b[k] = Complex32::new(difference.im, -difference.re);
                }
            },
        );

        // A few frequencies of x at a time: the other axes, forward, times the kernel, and back.
        const TOGETHER: usize = 8;
        let (rows, convolution) = (&self.rows, &self.spectrum);
        let plane_spectrum = convolution.len() / half;
        let (padded, forward, inverse) = (&self.padded, &self.forward, &self.inverse);
        self.planes.par_chunks_mut(TOGETHER * count).enumerate().for_each_init(
            || Plane::<D>::new(padded, shape, forward, inverse),
            |work, (group, planes)| {
                for row in 0..count {
                    let from = &rows[row * half + group * TOGETHER..];
                    planes.iter_mut().skip(row).step_by(count).zip(from).for_each(|(to, &from)| *to = from);
                }
                for (i, plane) in planes.chunks_exact_mut(count).enumerate() {
                    let k = group * TOGETHER + i;
                    work.convolve(plane, &convolution[k * plane_spectrum..][..plane_spectrum]);
                }
            },
        );

        // Back along x. Eight rows at a time read whole cache lines of the planes.
        let planes = &self.planes;
        let inverse = self.inverse[D - 1].as_ref();
        grid.par_chunks_mut(TOGETHER * stride).enumerate().for_each_init(
            || (Line::new(length, inverse), vec![Complex32::default(); TOGETHER * half]),
            |(line, local), (group, out)| {
                let from = group * TOGETHER;
                let some = TOGETHER.min(count - from);
                for k in 0..half {
                    let plane = &planes[k * count + from..][..some];
                    plane.iter().enumerate().for_each(|(row, &value)| local[row * half + k] = value);
                }
                for (pair, rows) in out.chunks_mut(2 * stride).enumerate() {
                    let a = &local[2 * pair * half..][..half];
                    let two = 2 * pair + 1 < some;
                    for k in 0..half {
                        let b = if two { local[(2 * pair + 1) * half + k] } else { Complex32::default() };
                        line.buffer[k] = Complex32::new(a[k].re - b.im, a[k].im + b.re);
                        if k > 0 && 2 * k < length {
                            line.buffer[length - k] = Complex32::new(a[k].re + b.im, b.re - a[k].im);
                        }
                    }
                    line.transform(inverse);
                    let (first, second) = rows.split_at_mut(stride.min(rows.len()));
                    first.iter_mut().zip(&line.buffer[..width]).for_each(|(out, value)| *out = value.re);
                    second.iter_mut().zip(&line.buffer[..width]).for_each(|(out, value)| *out = value.im);
                }
            },
        );
    }
}

/// A line and the room that its transform works in.
struct Line {
    buffer: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Line {
    fn new(length: usize, plan: &dyn Fft<f32>) -> Self {
        Line { buffer: vec![Complex32::default(); length], scratch: vec![Complex32::default(); plan.get_inplace_scratch_len()] }
    }

    fn transform(&mut self, plan: &dyn Fft<f32>) {
        plan.process_with_scratch(&mut self.buffer, &mut self.scratch);
    }
}

/// Work on one frequency of x: a line of y, or a plane of z and y.
struct Plane<'a, const D: usize> {
    shape: [usize; D],
    padded: &'a [usize; D],
    forward: &'a [Arc<dyn Fft<f32>>],
    inverse: &'a [Arc<dyn Fft<f32>>],
    line: Vec<Complex32>,
    /// `[P of y, N of z]`; in 2-D not used.
    plane: Vec<Complex32>,
    across: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl<'a, const D: usize> Plane<'a, D> {
    fn new(padded: &'a [usize; D], shape: [usize; D], forward: &'a [Arc<dyn Fft<f32>>], inverse: &'a [Arc<dyn Fft<f32>>]) -> Self {
        let zero = Complex32::default();
        let scratch = forward.iter().chain(inverse).map(|plan| plan.get_inplace_scratch_len()).max().unwrap_or(0);
        let plane = if D == 3 { padded[D - 2] * shape[0] } else { 0 };
        Plane {
            shape,
            padded,
            forward,
            inverse,
            line: vec![zero; padded[D - 2]],
            plane: vec![zero; plane],
            across: vec![zero; padded[0]],
            scratch: vec![zero; scratch],
        }
    }

    fn convolve(&mut self, values: &mut [Complex32], spectrum: &[f32]) {
        if D == 2 {
            Self::line(&mut self.line, values.iter().copied());
            self.forward[0].process_with_scratch(&mut self.line, &mut self.scratch);
            multiply_even(&mut self.line, spectrum);
            self.inverse[0].process_with_scratch(&mut self.line, &mut self.scratch);
            values.copy_from_slice(&self.line[..values.len()]);
            return;
        }
        let (depth, height, length) = (self.shape[0], self.shape[D - 2], self.padded[D - 2]);
        for (z, row) in values.chunks_exact(height).enumerate() {
            Self::line(&mut self.line, row.iter().copied());
            self.forward[D - 2].process_with_scratch(&mut self.line, &mut self.scratch);
            self.plane.iter_mut().skip(z).step_by(depth).zip(&self.line).for_each(|(to, &from)| *to = from);
        }
        let half = self.padded[0] / 2 + 1;
        for (k, values) in self.plane.chunks_exact_mut(depth).enumerate() {
            Self::line(&mut self.across, values.iter().copied());
            self.forward[0].process_with_scratch(&mut self.across, &mut self.scratch);
            multiply_even(&mut self.across, &spectrum[k.min(length - k) * half..][..half]);
            self.inverse[0].process_with_scratch(&mut self.across, &mut self.scratch);
            values.copy_from_slice(&self.across[..depth]);
        }
        for (z, row) in values.chunks_exact_mut(height).enumerate() {
            self.line.iter_mut().zip(self.plane.iter().skip(z).step_by(depth)).for_each(|(to, &from)| *to = from);
            self.inverse[D - 2].process_with_scratch(&mut self.line, &mut self.scratch);
            row.copy_from_slice(&self.line[..height]);
        }
    }

    /// Values followed by zeros.
    fn line(line: &mut [Complex32], values: impl ExactSizeIterator<Item = Complex32>) {
        let (head, tail) = line.split_at_mut(values.len());
        head.iter_mut().zip(values).for_each(|(to, from)| *to = from);
        tail.fill(Complex32::default());
    }
}

/// Multiplies a spectrum by a real one that is even and given by its first half.
fn multiply_even(line: &mut [Complex32], half: &[f32]) {
    let length = line.len();
    let (head, tail) = line.split_at_mut(half.len());
    head.iter_mut().zip(half).for_each(|(value, &factor)| *value *= factor);
    tail.iter_mut().zip(half[..length.div_ceil(2)].iter().rev()).for_each(|(value, &factor)| *value *= factor);
}

/// Transforms rows that are each the first half of an even line; the transform is real and even again. Two rows share one complex transform.
fn even_transform(values: &mut [f32], plan: &dyn Fft<f32>, factors: &[f64]) {
    let half = factors.len();
    let length = 2 * (half - 1);
    values.par_chunks_mut(2 * half).for_each_init(
        || Line::new(length, plan),
        |line, rows| {
            let (a, b) = rows.split_at_mut(half);
            for k in 0..half {
                line.buffer[k] = Complex32::new(a[k], b.get(k).copied().unwrap_or(0.0));
                line.buffer[(length - k) % length] = line.buffer[k];
            }
            line.transform(plan);
            a.iter_mut().zip(&line.buffer).zip(factors).for_each(|((out, value), &factor)| *out = (f64::from(value.re) * factor) as f32);
            b.iter_mut().zip(&line.buffer).zip(factors).for_each(|((out, value), &factor)| *out = (f64::from(value.im) * factor) as f32);
        },
    );
}

/// `out[j, i] = values[i, j]`.
fn transpose(values: &[f32], rows: usize, cols: usize, out: &mut [f32]) {
    out.par_chunks_mut(rows).enumerate().for_each(|(j, out)| out.iter_mut().enumerate().for_each(|(i, out)| *out = values[i * cols + j]));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum that defines the convolution.
    fn direct<const D: usize>(charges: &[f32], shape: [usize; D], kernel: impl Fn([usize; D]) -> f64) -> Vec<f32> {
        let place = |mut at: usize| {
            let mut out = [0; D];
            for axis in (0..D).rev() {
                out[axis] = at % shape[axis];
                at /= shape[axis];
            }
            out
        };
        (0..charges.len())
            .map(|to| {
                let pairs = (0..charges.len()).map(|from| {
                    let (a, b) = (place(to), place(from));
                    f64::from(charges[from]) * kernel(std::array::from_fn(|axis| a[axis].abs_diff(b[axis])))
                });
                pairs.sum::<f64>() as f32
            })
            .collect()
    }

    fn check<const D: usize>(shape: [usize; D]) {
        let kernel = |d: [usize; D]| 1.0 / (1.0 + d.iter().enumerate().map(|(axis, &d)| (d * d * (axis + 1)) as f64).sum::<f64>());
        let padded = shape.map(padded_length);
        let mut convolution = Convolution::new(padded, kernel, |_, _| 1.0);
        let cells: usize = shape.iter().product();
        let charges: Vec<f32> = (0..cells).map(|i| ((i * 37 + 11) % 17) as f32 - 5.0).collect();
        let (width, gap) = (shape[D - 1], 3);
        let mut grid: Vec<f32> = charges.chunks(width).flat_map(|row| row.iter().copied().chain([7.0; 3])).collect();
        convolution.apply(&mut grid, shape, width + gap);
        let wanted = direct(&charges, shape, kernel);
        let largest = wanted.iter().fold(0.0_f32, |a, &b| a.max(b.abs()));
        for (row, wanted) in grid.chunks(width + gap).zip(wanted.chunks(width)) {
            assert!(row[..width].iter().zip(wanted).all(|(a, b)| (a - b).abs() < 3e-6 * largest), "{shape:?}");
        }
    }

    #[test]
    fn it_equals_the_sum_that_defines_it() {
        check([5, 9]);
        check([16, 11]);
        check([1, 30]);
        check([3, 7, 6]);
        check([8, 1, 5]);
    }
}
