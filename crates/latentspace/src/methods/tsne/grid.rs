//! Repulsion by interpolation: unit charges at the points are spread on a grid by B-splines, the grid is convolved with the kernel
//! 1 / (1 + distance²), and the potential is read back by the same splines.
//!
//! With φ(y) = Σ 1 / (1 + |y - yⱼ|²) the repulsive force Σ (y - yⱼ) / (1 + |y - yⱼ|²)² is -½ ∇φ, and the sum that normalises the map's
//! distribution is Z = Σ φ(yᵢ) - n: one charge a point and one potential give both, the gradient by the spline's own derivative. (Four
//! charges and as many potentials are usual.) The convolution's spectrum is divided by the square of the spline's, so that the kernel is met
//! exactly between nodes.
//!
//! Source: Linderman et al. 2019, doi:10.1038/s41592-018-0308-4; for the spline and its derivative, Essmann et al. 1995 (smooth particle mesh
//! Ewald), doi:10.1063/1.470117.

use crate::parallel::*;
use serde_json::{Value, json};

use super::convolution::{Convolution, padded_length};
use crate::methods::map::lanes::{Kernel, LANES, Unit, dispatch};
use crate::methods::map::order::bounds;

/// Nodes that a point touches along an axis: a spline of degree 5.
const ORDER: usize = 6;
/// Numbers that a row of the grid is longer than its nodes, since eight are read where six are meant.
const SLACK: usize = LANES - ORDER;
/// Distance of two nodes, in the map's units. Measured on 10,000 digits in 2-D: 0.4, 0.5, 0.6, 0.7 end in a divergence of 1.781, 1.799, 1.812,
/// 1.830. In 3-D nodes cost more, and the sum over more points smooths more.
const fn spacing(dimensions: usize) -> f32 {
    if dimensions == 2 { 0.5 } else { 0.7 }
}

/// Nodes along an axis at most; a map that needs more gets a wider spacing. 2-D: a span of 1,000; 3-D: of 80.
const fn most_nodes(dimensions: usize) -> usize {
    if dimensions == 2 { 2040 } else { 124 }
}

/// A grid over a map, and what was learned on it.
pub(super) struct Grid<const D: usize> {
    spline: Spline,
    convolution: Option<(f32, Convolution<D>)>,
    place: Place<D>,
    /// `[shape.., stride]`: charges, then their potential.
    values: Vec<f32>,
    patches: Vec<Patch<D>>,
}

/// Where the grid lies.
#[derive(Clone, Copy)]
struct Place<const D: usize> {
    /// The map's point at node 0, in the order of the map's axes.
    origin: [f32; D],
    spacing: f32,
    /// Nodes an axis, slowest first: the map's axes reversed.
    shape: [usize; D],
    /// Numbers from one row to the next.
    stride: usize,
}

/// The charges of some points that lie near each other, on the part of the grid that they touch.
struct Patch<const D: usize> {
    first: [usize; D],
    shape: [usize; D],
    stride: usize,
    values: Vec<f32>,
}

impl<const D: usize> Grid<D> {
    /// A grid that lies nowhere yet.
    pub(super) fn new() -> Self {
        let place = Place { origin: [0.0; D], spacing: spacing(D), shape: [0; D], stride: 0 };
        Grid { spline: Spline::new(), convolution: None, place, values: Vec::new(), patches: Vec::new() }
    }

    /// Nodes along each axis, and the distance of two.
    pub(super) fn size(&self) -> ([usize; D], f32) {
        (self.place.shape, self.place.spacing)
    }

    /// Bytes that a grid over a map of this span takes, charges and transforms.
    pub(super) fn bytes(span: f32) -> u64 {
        let nodes = ((span / spacing(D)) as usize + ORDER + 1).min(most_nodes(D));
        Convolution::<D>::bytes([padded_length(nodes); D], [nodes; D]) + 3 * 4 * nodes.pow(D as u32) as u64
    }

    /// Lays the grid over the points and finds their potential. The points should be ordered so that chunks of them lie together; their
    /// order enters the rounding.
    pub(super) fn charge(&mut self, points: &[[f32; D]]) {
        self.place_over(points);
        let Place { shape, stride, spacing, .. } = self.place;
        self.spread(points);
        // Keep the transforms of the last call while they fit and are not much too long.
        let wanted = shape.map(padded_length);
        let fits = self.convolution.as_ref().is_some_and(|(at, convolution)| {
            *at == spacing && convolution.padded().iter().zip(&wanted).all(|(&has, &wants)| has >= wants && has <= wants + wants / 6)
        });
        if !fits {
            self.transform(spacing, wanted);
        }
        if let Some((_, convolution)) = &mut self.convolution {
            convolution.apply(&mut self.values, shape, stride);
        }
    }

    /// Makes the transforms of these lengths.
    fn transform(&mut self, spacing: f32, padded: [usize; D]) {
        let square = f64::from(spacing).powi(2);
        let kernel = |apart: [usize; D]| 1.0 / (1.0 + square * apart.iter().map(|&d| (d * d) as f64).sum::<f64>());
        let samples = self.spline.at_nodes();
        let damp = |k: usize, length: usize| {
            let angle = std::f64::consts::TAU * k as f64 / length as f64;
            let transform: f64 = samples.iter().enumerate().map(|(i, &w)| w * (angle * (i as f64 - (ORDER / 2 - 1) as f64)).cos()).sum();
            transform.powi(-2)
        };
        self.convolution = Some((spacing, Convolution::new(padded, kernel, damp)));
    }

    /// The spacing and the lengths of the transforms that are kept.
    pub(super) fn memory(&self) -> Value {
        self.convolution.as_ref().map_or(Value::Null, |(spacing, convolution)| json!([spacing, convolution.padded().as_slice()]))
    }

    /// Makes the transforms that [`Self::memory`] told of.
    pub(super) fn remember(&mut self, memory: &Value) -> Option<()> {
        if memory.is_null() {
            return Some(());
        }
        let (spacing, padded): (f32, Vec<usize>) = serde_json::from_value(memory.clone()).ok()?;
        let padded = <[usize; D]>::try_from(padded).ok()?;
        let longest = padded_length(most_nodes(D));
        if !(spacing > 0.0 && spacing.is_finite() && padded.iter().all(|length| (2..=longest).contains(length))) {
            return None;
        }
        self.transform(spacing, padded);
        Some(())
    }

    /// The gradient of the potential at each point, and the sum of the potentials.
    pub(super) fn gradients(&self, points: &[[f32; D]], out: &mut [[f32; D]]) -> f64 {
        const CHUNK: usize = 1024;
        let parts: Vec<f64> = points
            .par_chunks(CHUNK)
            .zip(out.par_chunks_mut(CHUNK))
            .map(|(points, out)| dispatch(Read { grid: self, points, out }))
            .collect();
        parts.iter().sum()
    }

    /// The potential and its gradient at one place, which is moved into the grid if it lies outside.
    pub(super) fn at(&self, point: [f32; D]) -> (f32, [f32; D]) {
        let mut gradient = [[0.0; D]];
        let potential = dispatch(Read { grid: self, points: &[self.clamp(point)], out: &mut gradient });
        (potential as f32, gradient[0])
    }

    /// The nearest place that the grid covers.
    pub(super) fn clamp(&self, point: [f32; D]) -> [f32; D] {
        let Place { origin, spacing, shape, .. } = self.place;
        std::array::from_fn(|axis| {
            let nodes = shape[D - 1 - axis] as f32;
            point[axis].clamp(origin[axis] + 2.01 * spacing, origin[axis] + (nodes - 4.01).max(2.01) * spacing)
        })
    }

    fn place_over(&mut self, points: &[[f32; D]]) {
        let [low, high] = bounds(points);
        let span = (0..D).map(|axis| high[axis] - low[axis]).fold(0.0, f32::max);
        let spacing = spacing(D).max(span / (most_nodes(D) - ORDER - 1) as f32);
        let origin = low.map(|low| low - (ORDER / 2) as f32 * spacing);
        let shape: [usize; D] = std::array::from_fn(|i| {
            let axis = D - 1 - i;
            ((high[axis] - low[axis]) / spacing) as usize + ORDER + 2
        });
        self.place = Place { origin, spacing, shape, stride: shape[D - 1] + SLACK };
    }

    fn spread(&mut self, points: &[[f32; D]]) {
        let chunk = points.len().div_ceil(64).max(2048);
        self.patches.resize_with(points.len().div_ceil(chunk), Patch::default);
        let (place, spline) = (&self.place, &self.spline);
        self.patches
            .par_iter_mut()
            .zip(points.par_chunks(chunk))
            .for_each(|(patch, points)| dispatch(Spread { place, spline, patch, points }));
        let Place { shape, stride, .. } = self.place;
        let rows: usize = shape[..D - 1].iter().product();
        self.values.resize(rows * stride + SLACK, 0.0);
        let patches = &self.patches;
        self.values.par_chunks_mut(8 * stride).enumerate().for_each(|(group, out)| {
            out.fill(0.0);
            for (i, out) in out.chunks_exact_mut(stride).enumerate() {
                let row = group * 8 + i;
                let (z, y) = (row / shape[D - 2], row % shape[D - 2]);
                for patch in patches {
                    if let Some(values) = patch.row(z, y) {
                        out[patch.first[D - 1]..].iter_mut().zip(values).for_each(|(out, &value)| *out += value);
                    }
                }
            }
        });
    }
}

impl<const D: usize> Place<D> {
    /// The first node that a point touches along each axis (slowest first) and its offset within its cell.
    #[inline(always)]
    fn locate(&self, point: [f32; D]) -> ([usize; D], [f32; D]) {
        let mut first = [0; D];
        let mut offset = [0.0; D];
        for i in 0..D {
            let axis = D - 1 - i;
            let at = (point[axis] - self.origin[axis]) / self.spacing;
            let cell = (at as usize).clamp(ORDER / 2 - 1, self.shape[i] - ORDER / 2 - 1);
            first[i] = cell - (ORDER / 2 - 1);
            offset[i] = at - cell as f32;
        }
        (first, offset)
    }
}

impl<const D: usize> Default for Patch<D> {
    fn default() -> Self {
        Patch { first: [0; D], shape: [0; D], stride: 0, values: Vec::new() }
    }
}

impl<const D: usize> Patch<D> {
    /// The numbers of the grid's row (z, y), if this patch has some; z is 0 in 2-D.
    fn row(&self, z: usize, y: usize) -> Option<&[f32]> {
        let y = y.checked_sub(self.first[D - 2]).filter(|&y| y < self.shape[D - 2])?;
        let row = if D == 3 { z.checked_sub(self.first[0]).filter(|&z| z < self.shape[0])? * self.shape[1] + y } else { y };
        Some(&self.values[row * self.stride..][..self.shape[D - 1]])
    }
}

/// Spreads points on their patch.
struct Spread<'a, const D: usize> {
    place: &'a Place<D>,
    spline: &'a Spline,
    patch: &'a mut Patch<D>,
    points: &'a [[f32; D]],
}

impl<const D: usize> Kernel for Spread<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) {
        let Spread { place, spline, patch, points } = self;
        let [low, high] = bounds(points);
        let (first, last) = (place.locate(low).0, place.locate(high).0);
        patch.first = first;
        patch.shape = std::array::from_fn(|i| last[i] - first[i] + ORDER);
        patch.stride = patch.shape[D - 1] + SLACK;
        let rows: usize = patch.shape[..D - 1].iter().product();
        patch.values.clear();
        patch.values.resize(rows * patch.stride, 0.0);
        let plane = if D == 3 { patch.shape[1] * patch.stride } else { 0 };
        for &point in points {
            let (node, offset) = place.locate(point);
            let along_x = spline.weights(unit, offset[D - 1]);
            let along_y = each(unit, spline.weights(unit, offset[D - 2]));
            let along_z = if D == 3 { each(unit, spline.weights(unit, offset[0])) } else { [1.0; LANES] };
            let at = (node[D - 2] - first[D - 2]) * patch.stride + (node[D - 1] - first[D - 1]);
            for z in 0..if D == 3 { ORDER } else { 1 } {
                let at = if D == 3 { at + (node[0] - first[0] + z) * plane } else { at };
                for y in 0..ORDER {
                    let weight = if D == 3 { along_y[y] * along_z[z] } else { along_y[y] };
                    if let Some(row) = patch.values[at + y * patch.stride..].first_chunk_mut::<LANES>() {
                        unit.store(unit.madd(along_x, unit.splat(weight), unit.load(row)), row);
                    }
                }
            }
        }
    }
}

/// Reads the gradients of the potential at points, and the sum of the potentials.
struct Read<'a, const D: usize> {
    grid: &'a Grid<D>,
    points: &'a [[f32; D]],
    out: &'a mut [[f32; D]],
}

impl<const D: usize> Kernel for Read<'_, D> {
    type Output = f64;

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) -> f64 {
        let Grid { spline, place, values, .. } = self.grid;
        let plane = if D == 3 { place.shape[1] * place.stride } else { 0 };
        let per_unit = 1.0 / place.spacing;
        let mut total = 0.0;
        for (&point, out) in self.points.iter().zip(self.out) {
            let (node, offset) = place.locate(point);
            let (along_x, slope_x) = (spline.weights(unit, offset[D - 1]), spline.slopes(unit, offset[D - 1]));
            let along_y = each(unit, spline.weights(unit, offset[D - 2]));
            let slope_y = each(unit, spline.slopes(unit, offset[D - 2]));
            // Sums over rows: of values, of values by the slope along y, and by the slope along z.
            let mut sums = [unit.splat(0.0); 3];
            let at = node[D - 2] * place.stride + node[D - 1];
            if D == 2 {
                for y in 0..ORDER {
                    if let Some(row) = values[at + y * place.stride..].first_chunk() {
                        let row = unit.load(row);
                        sums[0] = unit.madd(row, unit.splat(along_y[y]), sums[0]);
                        sums[1] = unit.madd(row, unit.splat(slope_y[y]), sums[1]);
                    }
                }
            } else {
                let along_z = each(unit, spline.weights(unit, offset[0]));
                let slope_z = each(unit, spline.slopes(unit, offset[0]));
                for z in 0..ORDER {
                    for y in 0..ORDER {
                        if let Some(row) = values[at + (node[0] + z) * plane + y * place.stride..].first_chunk() {
                            let row = unit.load(row);
                            sums[0] = unit.madd(row, unit.splat(along_y[y] * along_z[z]), sums[0]);
                            sums[1] = unit.madd(row, unit.splat(slope_y[y] * along_z[z]), sums[1]);
                            sums[2] = unit.madd(row, unit.splat(along_y[y] * slope_z[z]), sums[2]);
                        }
                    }
                }
            }
            let dot = |a: U::V, b: U::V| unit.sum(unit.mul(a, b));
            total += f64::from(dot(sums[0], along_x));
            let slopes = [dot(sums[0], slope_x), dot(sums[1], along_x), dot(sums[2], along_x)];
            *out = std::array::from_fn(|axis| slopes[axis] * per_unit);
        }
        total
    }
}

/// The weights of a B-spline at the nodes that a point touches, as polynomials of its offset in its cell; lanes from [`ORDER`] on are 0.
struct Spline {
    /// Coefficients of the weights, highest power first.
    weights: [[f32; LANES]; ORDER],
    /// Coefficients of their derivatives, highest power first.
    slopes: [[f32; LANES]; ORDER - 1],
}

impl Spline {
    /// By the recursion w(p, j) = ((t + p - 1 - j) w(p - 1, j - 1) + (1 - t + j) w(p - 1, j)) / (p - 1).
    fn new() -> Self {
        // polynomials[j][power]
        let mut polynomials = vec![vec![1.0_f64]];
        for order in 2..=ORDER {
            let get = |j: Option<usize>, power: Option<usize>| -> f64 {
                j.and_then(|j| polynomials.get(j)).zip(power).and_then(|(p, power)| p.get(power)).copied().unwrap_or(0.0)
            };
            let next = (0..order)
                .map(|j| {
                    let left = j.checked_sub(1);
                    (0..order)
                        .map(|power| {
                            let lower = power.checked_sub(1);
                            let from_left = get(left, lower) + (order - 1 - j) as f64 * get(left, Some(power));
                            let from_right = (1 + j) as f64 * get(Some(j), Some(power)) - get(Some(j), lower);
                            (from_left + from_right) / (order - 1) as f64
                        })
                        .collect()
                })
                .collect();
            polynomials = next;
        }
        let mut spline = Spline { weights: [[0.0; LANES]; ORDER], slopes: [[0.0; LANES]; ORDER - 1] };
        for (j, polynomial) in polynomials.iter().enumerate() {
            for (power, &coefficient) in polynomial.iter().enumerate() {
                spline.weights[ORDER - 1 - power][j] = coefficient as f32;
                if power > 0 {
                    spline.slopes[ORDER - 1 - power][j] = (coefficient * power as f64) as f32;
                }
            }
        }
        spline
    }

    /// The weights of a point on a node, in f64.
    fn at_nodes(&self) -> [f64; ORDER] {
        std::array::from_fn(|j| f64::from(self.weights[ORDER - 1][j]))
    }

    #[inline(always)]
    fn weights<U: Unit>(&self, unit: U, t: f32) -> U::V {
        horner(unit, &self.weights, t)
    }

    #[inline(always)]
    fn slopes<U: Unit>(&self, unit: U, t: f32) -> U::V {
        horner(unit, &self.slopes, t)
    }
}

#[inline(always)]
fn horner<U: Unit>(unit: U, coefficients: &[[f32; LANES]], t: f32) -> U::V {
    let t = unit.splat(t);
    let mut value = unit.load(&coefficients[0]);
    for next in &coefficients[1..] {
        value = unit.madd(value, t, unit.load(next));
    }
    value
}

/// The numbers of a vector, to be taken one by one.
#[inline(always)]
fn each<U: Unit>(unit: U, vector: U::V) -> [f32; LANES] {
    let mut out = [0.0; LANES];
    unit.store(vector, &mut out);
    out
}
