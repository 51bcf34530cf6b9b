//! Convolution of a grid of charges with a kernel that is even along each axis, with open borders: by the fast Fourier transform on a grid
//! of twice the size, of which the empty part is never stored.
//!
//! Cost of one convolution of N nodes padded to P: two transforms, about 5·P·log₂P flops, half of that saved by real numbers (two rows share
//! one complex transform) and by the rows that are known to be empty. Eight lines are transformed at once (see [`super::fourier`]): sixteen
//! rows along x, then eight frequencies of x along the other axes; between the two, squares of 8 x 8 are turned. Bound: flops of the
//! transform.

use crate::methods::map::lanes::{Kernel, LANES, Unit, dispatch};
use crate::parallel::*;

use super::fourier::{Cell, Fourier, Lines, is_smooth};

/// Lengths of transforms: products of 2, 3 and 5 that are multiples of 4, each at most a tenth longer than the one before from 32 on.
const LENGTHS: [usize; 59] = [
    32, 36, 40, 48, 60, 64, 72, 80, 96, 108, 120, 128, 144, 160, 180, 192, 216, 240, 256, 288, 320, 360, 384, 432, 480, 512, 540, 576, 640,
    720, 768, 864, 960, 1024, 1152, 1280, 1440, 1536, 1728, 1920, 2048, 2304, 2560, 2880, 3072, 3456, 3840, 4096, 4608, 5120, 5760, 6144,
    6912, 7680, 8192, 9216, 10240, 11520, 12288,
];

/// Nodes between what is wanted and what wraps around, so that the tails of the kernel's spline (see [`super::grid`]) do not meet.
const MARGIN: usize = 8;

/// Rows that are transformed at once: two for each lane, as real and imaginary parts.
const TOGETHER: usize = 2 * LANES;

/// The shortest length of a transform that convolves `nodes` nodes.
pub(super) fn padded_length(nodes: usize) -> usize {
    let needed = 2 * nodes + MARGIN;
    let longer = || (needed.next_multiple_of(4)..).step_by(4).find(|&length| is_smooth(length)).unwrap_or(needed.next_power_of_two());
    LENGTHS.iter().copied().find(|&length| length >= needed).unwrap_or_else(longer)
}

/// Spectra that are kept between calls, for one padded shape.
pub(super) struct Convolution<const D: usize> {
    /// Lengths of the transforms, slowest axis first.
    padded: [usize; D],
    /// The transforms along these axes.
    plans: Vec<Fourier>,
    /// The kernel's spectrum, real, half of each axis (P / 2 + 1), the other half being its mirror: `[x / 8, y, 8 of x]` or
    /// `[x / 8, y, z, 8 of x]`, zero beyond the last x.
    spectrum: Vec<[f32; LANES]>,
    /// Spectra along x of sixteen rows: `[row / 16, x / 8, 16 of rows]` cells of 8 of x.
    rows: Vec<Cell>,
    /// `[x / 8, row]` cells of 8 of x.
    planes: Vec<Cell>,
}

/// Frequencies of a line that are not the mirror of another.
fn half(length: usize) -> usize {
    length / 2 + 1
}

impl<const D: usize> Convolution<D> {
    /// A convolution on a grid padded to `padded` (slowest axis first). `kernel` is told how far apart two nodes are along each axis;
    /// `damp` is what the spectrum at frequency k of an axis of length P is multiplied by.
    pub(super) fn new(padded: [usize; D], kernel: impl Fn([usize; D]) -> f64 + Sync, damp: impl Fn(usize, usize) -> f64) -> Self {
        let plans: Vec<Fourier> = padded.iter().map(|&length| Fourier::new(length)).collect();
        // What two rows in one transform are told apart with is halved here.
        let damping: Vec<Vec<f64>> = padded
            .iter()
            .enumerate()
            .map(|(axis, &length)| {
                let scale = if axis == D - 1 { 0.5 } else { 1.0 } / length as f64;
                (0..half(length)).map(|k| damp(k, length) * scale).collect()
            })
            .collect();
        let halves = padded.map(half);
        let (x, y) = (halves[D - 1], halves[D - 2]);
        // Lines along x for each place on the other axes, then along y for each frequency of x (and z), then along z.
        let mut spectrum = even_transform(halves[..D - 1].iter().product(), &plans[D - 1], &damping[D - 1], |line, along| {
            let place = std::array::from_fn(|axis| match D - axis {
                1 => along,
                2 => line % y,
                _ => line / y,
            });
            kernel(place) as f32
        });
        let z = if D == 3 { halves[0] } else { 1 };
        spectrum = even_transform(x * z, &plans[D - 2], &damping[D - 2], |line, along| spectrum.at(line % z * y + along, line / z));
        if D == 3 {
            spectrum = even_transform(x * y, &plans[0], &damping[0], |line, along| spectrum.at(line / y * z + along, line % y));
        }
        let plane = y * z;
        let mut grouped = vec![[0.0; LANES]; x.div_ceil(LANES) * plane];
        grouped.par_chunks_mut(plane).enumerate().for_each(|(group, out)| {
            for (at, out) in out.iter_mut().enumerate() {
                for lane in 0..LANES.min(x - group * LANES) {
                    let x = group * LANES + lane;
                    out[lane] = if D == 3 { spectrum.at(x * y + at / z, at % z) } else { spectrum.at(x, at) };
                }
            }
        });
        Convolution { padded, plans, spectrum: grouped, rows: Vec::new(), planes: Vec::new() }
    }

    /// Lengths of the transforms, slowest axis first.
    pub(super) fn padded(&self) -> [usize; D] {
        self.padded
    }

    /// Bytes held, for a grid of `shape`.
    pub(super) fn bytes(padded: [usize; D], shape: [usize; D]) -> u64 {
        let spectrum: usize = padded.iter().map(|&length| half(length)).product();
        let rows: usize = shape[..D - 1].iter().product();
        (4 * spectrum + 16 * rows * half(padded[D - 1])) as u64
    }

    /// Replaces charges by their potential, in place: `grid` has `shape` nodes (slowest axis first), each row followed by `stride - shape[D - 1]`
    /// numbers that are left alone.
    pub(super) fn apply(&mut self, grid: &mut [f32], shape: [usize; D], stride: usize) {
        let Convolution { padded, plans, spectrum, rows, planes } = self;
        let count: usize = shape[..D - 1].iter().product();
        let width = shape[D - 1];
        let plan = &plans[D - 1];
        let groups = half(plan.length()).div_ceil(LANES);
        rows.resize(count.div_ceil(TOGETHER) * groups * TOGETHER, Cell::default());
        planes.resize(groups * count, Cell::default());
        let grid = &mut grid[..count * stride];

        let sixteen = rows.par_chunks_mut(groups * TOGETHER).zip(grid.par_chunks(TOGETHER * stride));
        sixteen.for_each_init(
            || Lines::new(plan.length()),
            |lines, (out, rows)| dispatch(AlongRows { plan, width, rows: Rows { stride, numbers: rows }, lines, out }),
        );

        let plane = spectrum.len() / groups;
        let rows = &*rows;
        planes.par_chunks_mut(count).zip(spectrum.par_chunks(plane)).enumerate().for_each_init(
            || Plane::<D>::new(*padded, shape, plans),
            |work, (group, (out, spectrum))| {
                for (sixteen, out) in out.chunks_mut(TOGETHER).enumerate() {
                    out.copy_from_slice(&rows[(sixteen * groups + group) * TOGETHER..][..out.len()]);
                }
                dispatch(Across { work, cells: out, spectrum });
            },
        );

        let planes = &*planes;
        grid.par_chunks_mut(TOGETHER * stride).enumerate().for_each_init(
            || Lines::new(plan.length()),
            |lines, (sixteen, rows)| dispatch(BackAlongRows { plan, width, stride, planes, count, first: sixteen * TOGETHER, lines, rows }),
        );
    }
}

/// Rows of numbers, up to sixteen.
struct Rows<'a> {
    stride: usize,
    numbers: &'a [f32],
}

impl Rows<'_> {
    /// Eight columns from `x` on of eight rows from `first` on, each lane a row; zeros beyond the last of `width` columns and the last row.
    #[inline(always)]
    fn square<U: Unit>(&self, unit: U, first: usize, x: usize, width: usize) -> [U::V; LANES] {
        let mut square = [[0.0; LANES]; LANES];
        let some = LANES.min(width - x);
        for (row, out) in self.numbers.chunks(self.stride).skip(first).zip(&mut square) {
            out[..some].copy_from_slice(&row[x..x + some]);
        }
        let mut rows = [unit.splat(0.0); LANES];
        for (row, numbers) in rows.iter_mut().zip(&square) {
            *row = unit.load(numbers);
        }
        unit.transpose(rows)
    }
}

/// Sixteen rows to their spectra.
struct AlongRows<'a> {
    plan: &'a Fourier,
    width: usize,
    rows: Rows<'a>,
    lines: &'a mut Lines,
    /// `[x / 8, 16 of rows]`.
    out: &'a mut [Cell],
}

impl Kernel for AlongRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) {
        let AlongRows { plan, width, rows, lines, out } = self;
        for x in (0..width).step_by(LANES) {
            let (re, im) = (rows.square(unit, 0, x, width), rows.square(unit, LANES, x, width));
            for (at, cell) in lines.cells[x..].iter_mut().take(LANES).enumerate() {
                unit.store(re[at], &mut cell.re);
                unit.store(im[at], &mut cell.im);
            }
        }
        // What was written last is as long as a square.
        lines.cells[width..].fill(Cell::default());
        plan.forward(unit, lines);
        let length = plan.length();
        let zero = [unit.splat(0.0); LANES];
        for (group, out) in out.chunks_exact_mut(TOGETHER).enumerate() {
            // Twice the spectra of the rows that were the real parts, and of those that were the imaginary ones.
            let (mut first_re, mut first_im, mut second_re, mut second_im) = (zero, zero, zero, zero);
            for at in 0..LANES.min(half(length) - group * LANES) {
                let k = group * LANES + at;
                let (cell, mirror) = (&lines.cells[k], &lines.cells[(length - k) % length]);
                let (re, im) = (unit.load(&cell.re), unit.load(&cell.im));
                let (mirror_re, mirror_im) = (unit.load(&mirror.re), unit.load(&mirror.im));
                first_re[at] = unit.add(re, mirror_re);
                first_im[at] = unit.sub(im, mirror_im);
                second_re[at] = unit.add(im, mirror_im);
                second_im[at] = unit.sub(mirror_re, re);
            }
            let (first, second) = out.split_at_mut(LANES);
            store(unit, first, first_re, first_im);
            store(unit, second, second_re, second_im);
        }
    }
}

/// Numbers of eight lines for eight frequencies as cells of eight frequencies, one for each line.
#[inline(always)]
fn store<U: Unit>(unit: U, out: &mut [Cell], re: [U::V; LANES], im: [U::V; LANES]) {
    let (re, im) = (unit.transpose(re), unit.transpose(im));
    for (at, cell) in out.iter_mut().enumerate() {
        unit.store(re[at], &mut cell.re);
        unit.store(im[at], &mut cell.im);
    }
}

/// The first eight cells with lanes and cells exchanged; zeros for cells that are not there.
#[inline(always)]
fn load<U: Unit>(unit: U, cells: &[Cell]) -> ([U::V; LANES], [U::V; LANES]) {
    let zero = unit.splat(0.0);
    let (mut re, mut im) = ([zero; LANES], [zero; LANES]);
    for (at, cell) in cells.iter().take(LANES).enumerate() {
        (re[at], im[at]) = (unit.load(&cell.re), unit.load(&cell.im));
    }
    (unit.transpose(re), unit.transpose(im))
}

/// Work on eight frequencies of x: lines of y, or planes of z and y.
struct Plane<'a, const D: usize> {
    shape: [usize; D],
    plans: &'a [Fourier],
    /// Along y.
    line: Lines,
    /// Along z; in 2-D not used.
    across: Lines,
    /// `[N of z, P of y]`; in 2-D not used.
    plane: Vec<Cell>,
}

impl<'a, const D: usize> Plane<'a, D> {
    fn new(padded: [usize; D], shape: [usize; D], plans: &'a [Fourier]) -> Self {
        let [across, plane] = if D == 3 { [padded[0], shape[0] * padded[D - 2]] } else { [0, 0] };
        Plane { shape, plans, line: Lines::new(padded[D - 2]), across: Lines::new(across), plane: vec![Cell::default(); plane] }
    }
}

/// The axes but x, forward, times the kernel, and back.
struct Across<'a, 'b, const D: usize> {
    work: &'a mut Plane<'b, D>,
    cells: &'a mut [Cell],
    spectrum: &'a [[f32; LANES]],
}

impl<const D: usize> Kernel for Across<'_, '_, D> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) {
        let Plane { shape, plans, line, across, plane } = self.work;
        let along_y = &plans[D - 2];
        if D == 2 {
            fill(line, self.cells.iter());
            along_y.forward(unit, line);
            multiply_even(unit, line, self.spectrum);
            along_y.inverse(unit, line);
            self.cells.copy_from_slice(&line.cells[..self.cells.len()]);
            return;
        }
        let (height, length, along_z) = (shape[D - 2], along_y.length(), &plans[0]);
        for (row, out) in self.cells.chunks_exact(height).zip(plane.chunks_exact_mut(length)) {
            fill(line, row.iter());
            along_y.forward(unit, line);
            out.copy_from_slice(&line.cells);
        }
        let depth = half(along_z.length());
        for k in 0..length {
            fill(across, plane.iter().skip(k).step_by(length));
            along_z.forward(unit, across);
            multiply_even(unit, across, &self.spectrum[k.min(length - k) * depth..][..depth]);
            along_z.inverse(unit, across);
            plane.iter_mut().skip(k).step_by(length).zip(&across.cells).for_each(|(to, from)| *to = *from);
        }
        for (row, from) in self.cells.chunks_exact_mut(height).zip(plane.chunks_exact(length)) {
            line.cells.copy_from_slice(from);
            along_y.inverse(unit, line);
            row.copy_from_slice(&line.cells[..height]);
        }
    }
}

/// Cells followed by zeros.
#[inline(always)]
fn fill<'a>(lines: &mut Lines, cells: impl ExactSizeIterator<Item = &'a Cell>) {
    let (head, tail) = lines.cells.split_at_mut(cells.len());
    head.iter_mut().zip(cells).for_each(|(to, from)| *to = *from);
    tail.fill(Cell::default());
}

/// Multiplies spectra by real ones that are even and given by their first half.
#[inline(always)]
fn multiply_even<U: Unit>(unit: U, lines: &mut Lines, half: &[[f32; LANES]]) {
    let length = lines.cells.len();
    for (k, cell) in lines.cells.iter_mut().enumerate() {
        let factor = unit.load(&half[k.min(length - k)]);
        unit.store(unit.mul(unit.load(&cell.re), factor), &mut cell.re);
        unit.store(unit.mul(unit.load(&cell.im), factor), &mut cell.im);
    }
}

/// Spectra of sixteen rows back to the rows.
struct BackAlongRows<'a> {
    plan: &'a Fourier,
    width: usize,
    stride: usize,
    /// `[x / 8, row]`, `count` rows.
    planes: &'a [Cell],
    count: usize,
    /// The first of the rows.
    first: usize,
    lines: &'a mut Lines,
    rows: &'a mut [f32],
}

impl Kernel for BackAlongRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) {
        let BackAlongRows { plan, width, stride, planes, count, first, lines, rows } = self;
        let length = plan.length();
        for (group, plane) in planes.chunks_exact(count).enumerate() {
            // Lanes are rows again, for eight frequencies.
            let rows = &plane[first..];
            let (first_re, first_im) = load(unit, rows);
            let (second_re, second_im) = load(unit, &rows[LANES.min(rows.len())..]);
            for at in 0..LANES.min(half(length) - group * LANES) {
                let k = group * LANES + at;
                let cell = &mut lines.cells[k];
                unit.store(unit.sub(first_re[at], second_im[at]), &mut cell.re);
                unit.store(unit.add(first_im[at], second_re[at]), &mut cell.im);
                if k > 0 && 2 * k < length {
                    let mirror = &mut lines.cells[length - k];
                    unit.store(unit.add(first_re[at], second_im[at]), &mut mirror.re);
                    unit.store(unit.sub(second_re[at], first_im[at]), &mut mirror.im);
                }
            }
        }
        plan.inverse(unit, lines);
        for x in (0..width).step_by(LANES) {
            let (re, im) = load(unit, &lines.cells[x..]);
            let some = LANES.min(width - x);
            for (row, out) in rows.chunks_mut(stride).enumerate() {
                let mut numbers = [0.0; LANES];
                unit.store(if row < LANES { re[row] } else { im[row - LANES] }, &mut numbers);
                out[x..x + some].copy_from_slice(&numbers[..some]);
            }
        }
    }
}

/// Transforms of lines that are each even and real, as their transforms are: `[line / 16, frequency, 16 of lines]`.
struct Even {
    half: usize,
    values: Vec<[f32; TOGETHER]>,
}

impl Even {
    /// Of a line, the value at a frequency.
    fn at(&self, line: usize, frequency: usize) -> f32 {
        self.values[line / TOGETHER * self.half + frequency][line % TOGETHER]
    }
}

/// Transforms even lines, given by their first halves, and multiplies each frequency by a factor.
fn even_transform(lines: usize, plan: &Fourier, factors: &[f64], value: impl Fn(usize, usize) -> f32 + Sync) -> Even {
    let (half, length) = (factors.len(), plan.length());
    let mut values = vec![[0.0; TOGETHER]; lines.div_ceil(TOGETHER) * half];
    values.par_chunks_mut(half).enumerate().for_each_init(
        || Lines::new(length),
        |room, (group, out)| {
            let first = group * TOGETHER;
            for k in 0..half {
                let own: [f32; TOGETHER] = std::array::from_fn(|at| if first + at < lines { value(first + at, k) } else { 0.0 });
                let (re, im) = own.split_at(LANES);
                let cell = &mut room.cells[k];
                cell.re.copy_from_slice(re);
                cell.im.copy_from_slice(im);
                room.cells[(length - k) % length] = room.cells[k];
            }
            dispatch(Forward { plan, lines: room });
            for ((out, cell), &factor) in out.iter_mut().zip(&room.cells).zip(factors) {
                out.iter_mut().zip(cell.re.iter().chain(&cell.im)).for_each(|(out, &value)| *out = (f64::from(value) * factor) as f32);
            }
        },
    );
    Even { half, values }
}

/// Lines to their spectra.
struct Forward<'a> {
    plan: &'a Fourier,
    lines: &'a mut Lines,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) {
        self.plan.forward(unit, self.lines);
    }
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
