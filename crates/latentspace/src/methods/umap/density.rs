//! How dense rows lie, and what moves the points of a map so that it shows (densMAP).
//!
//! A row's radius is the mean of the squared distances to its neighbors, each counted by how far they belong together; a point's is the same
//! on the map, where the curve tells how far. Points move so that the logarithms of their radii go with those of the rows: up the correlation
//! r of the two, its denominator eased by a shift of the variance. With x the squared distance of two points, q = 1 / (1 + a x^b) and Q the
//! sum of q over a point's edges, the logarithm l of its radius grows with x by q / Q ((1 - b (1 - q)) e^-l + a b x^(b-1) q), and r with l by
//! (R - cov (l - mean) / var) / (n √var), where R is that of the row, of mean 0 and variance 1. So an edge pushes by 4 λ d times the product of
//! the two, summed over its two ends; d is the mean degree, which is what the pulls of edges are in units of. An edge of weight p pushes by
//! at most 8 p: twice, from both ends, what a drawn point does.
//!
//! Cost: two powers and a gather an edge, and as much again for the radii, in the epochs in which density counts.
//! Source: Narayan, Berger and Cho 2021, doi:10.1038/s41587-020-00801-7.

use crate::parallel::*;

use super::curve::Curve;
use super::forces::LEAST;
use super::fuzzy::Graph;
use crate::methods::map::edges::{BLOCK, Edges, Group, WEIGHT_SHIFT};
use crate::methods::map::lanes::{Kernel, Unit, dispatch};
use crate::neighbors::{Metric, Points};

/// What keeps the logarithm of a radius of 0 finite.
const EPSILON: f64 = 1e-8;
/// Logarithms of radii that deviate less from their mean are equal: what is left is rounding.
const EQUAL: f64 = 1e-9;
/// What a weight is multiplied by to tell an edge from none.
const HUGE: f32 = 1e30;

/// How density counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Emphasis {
    /// What it counts beside neighbors, λ.
    pub(super) lambda: f64,
    /// The share of the epochs, the last ones, in which it does.
    pub(super) frac: f64,
    /// What is added to the variance of the map's log radii.
    pub(super) var_shift: f64,
}

/// How dense rows lie.
pub(super) struct Density {
    emphasis: Emphasis,
    /// The logarithms of the rows' radii, with mean 0 and variance 1; all 0 where they are equal.
    standing: Vec<f64>,
    /// The mean of the rows' sums of weights.
    degree: f64,
}

/// What presses on points: for each, R - cov (l - mean) / var, by Q: times e^-l, and alone.
pub(super) struct Pressure {
    pub(super) sources: Vec<[f32; 2]>,
    /// 4 λ d / √var.
    pub(super) strength: f32,
}

/// How the map's log radii stand beside those of the rows.
struct RadiusMoments {
    mean: f64,
    variance: f64,
    covariance: f64,
}

/// The logarithms of the radii of rows, by their graph.
pub(super) fn log_radii(graph: &Graph, rows: &Points<'_>, metric: Metric) -> Vec<f64> {
    let log_radius = |row: usize| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for &(column, weight) in graph.row(row) {
            sum += f64::from(weight) * rows.distance(row, column as usize, metric).powi(2);
            weights += f64::from(weight);
        }
        (EPSILON + if weights > 0.0 { sum / weights } else { 0.0 }).ln()
    };
    (0..graph.rows()).into_par_iter().map(log_radius).collect()
}

impl Density {
    /// How dense the rows of `graph` lie.
    pub(super) fn new(graph: &Graph, rows: &Points<'_>, metric: Metric, emphasis: Emphasis) -> Self {
        let n = graph.rows() as f64;
        let mut standing = log_radii(graph, rows, metric);
        let mean = standing.iter().sum::<f64>() / n;
        let deviation = (standing.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
        standing.iter_mut().for_each(|value| *value = if deviation > EQUAL { (*value - mean) / deviation } else { 0.0 });
        let degrees = (0..graph.rows()).map(|row| graph.row(row).iter().map(|entry| f64::from(entry.1)).sum::<f64>());
        Density { emphasis, standing, degree: degrees.sum::<f64>() / n }
    }

    /// Whether density counts in this epoch of `epochs`.
    pub(super) fn counts(&self, epoch: usize, epochs: usize) -> bool {
        self.emphasis.lambda > 0.0 && (epoch + 1) as f64 > (1.0 - self.emphasis.frac) * epochs as f64
    }

    /// What presses on points that stand for the rows in `order`.
    pub(super) fn pressure<const D: usize>(&self, edges: &Edges, points: &[[f32; D]], order: &[u32], curve: Curve) -> Pressure {
        let radii = radii(edges, points, curve);
        let RadiusMoments { mean, variance, covariance } = self.beside(&radii, order);
        let variance = variance + self.emphasis.var_shift;
        let source = |(&[log_radius, sum], &row): (&[f64; 2], &u32)| {
            let slope = self.standing[row as usize] - covariance * (log_radius - mean) / variance;
            // A point without edges presses on none.
            if sum > 0.0 { [(slope / sum * (-log_radius).exp()) as f32, (slope / sum) as f32] } else { [0.0; 2] }
        };
        let strength = (4.0 * self.emphasis.lambda * self.degree / variance.sqrt()) as f32;
        Pressure { sources: radii.iter().zip(order).map(source).collect(), strength }
    }

    /// The correlation of the log radii of points with those of the rows that they stand for, in `order`; 0 where either are all equal.
    pub(super) fn correlation<const D: usize>(&self, edges: &Edges, points: &[[f32; D]], order: &[u32], curve: Curve) -> f64 {
        let RadiusMoments { variance, covariance, .. } = self.beside(&radii(edges, points, curve), order);
        if variance > EQUAL * EQUAL { (covariance / variance.sqrt()).clamp(-1.0, 1.0) } else { 0.0 }
    }

    fn beside(&self, radii: &[[f64; 2]], order: &[u32]) -> RadiusMoments {
        let n = radii.len() as f64;
        let mean = radii.iter().map(|radius| radius[0]).sum::<f64>() / n;
        let variance = radii.iter().map(|radius| (radius[0] - mean).powi(2)).sum::<f64>() / n;
        let together = |(radius, &row): (&[f64; 2], &u32)| (radius[0] - mean) * self.standing[row as usize];
        RadiusMoments { mean, variance, covariance: radii.iter().zip(order).map(together).sum::<f64>() / n }
    }
}

/// The logarithm of each point's radius, and the sum Q of what the curve tells of its edges.
fn radii<const D: usize>(edges: &Edges, points: &[[f32; D]], curve: Curve) -> Vec<[f64; 2]> {
    let mut out = vec![[0.0; 2]; points.len()];
    out.par_chunks_mut(BLOCK).enumerate().for_each(|(block, out)| dispatch(Radii { edges, points, curve, first: block * BLOCK, out }));
    out
}

struct Radii<'a, const D: usize> {
    edges: &'a Edges,
    points: &'a [[f32; D]],
    curve: Curve,
    first: usize,
    out: &'a mut [[f64; 2]],
}

impl<const D: usize> Kernel for Radii<'_, D> {
    type Output = ();

    #[inline(always)]
    fn run<U: Unit>(self, unit: U) {
        let Radii { edges, points, curve, first, out } = self;
        let (zero, one, least, huge) = (unit.splat(0.0), unit.splat(1.0), unit.splat(LEAST), unit.splat(HUGE));
        let (a, b) = (unit.splat(curve.a as f32), unit.splat(curve.b as f32));
        for (i, out) in out.iter_mut().enumerate() {
            let row = first + i;
            let place: [U::V; D] = std::array::from_fn(|axis| unit.splat(points[row][axis]));
            let (mut sum, mut squares) = (zero, zero);
            for Group { base, offsets, weights } in edges.groups(row) {
                let others = unit.gather(&points[*base as usize..], offsets);
                let is_edge = unit.min(one, unit.mul(unit.load_shifted::<WEIGHT_SHIFT>(weights), huge));
                let mut square = least;
                for axis in 0..D {
                    let apart = unit.sub(others[axis], place[axis]);
                    square = unit.madd(apart, apart, square);
                }
                let [power] = unit.pow([square], b);
                let near = unit.div(is_edge, unit.madd(a, power, one));
                sum = unit.add(sum, near);
                squares = unit.madd(near, square, squares);
            }
            let (sum, squares) = (f64::from(unit.sum(sum)), f64::from(unit.sum(squares)));
            *out = [(EPSILON + if sum > 0.0 { squares / sum } else { 0.0 }).ln(), sum];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::neighbors;

    /// r, eased, of points in one order: as the formulas above say, in f64.
    fn correlation(density: &Density, edges: &Edges, points: &[[f64; 2]], curve: Curve) -> f64 {
        let n = points.len();
        let log_radius = |row: usize| {
            let (mut sum, mut squares) = (0.0, 0.0);
            for (other, _) in edges.row(row) {
                let square: f64 = points[row].iter().zip(points[other as usize]).map(|(here, there)| (here - there).powi(2)).sum();
                let near = 1.0 / (1.0 + curve.a * square.powf(curve.b));
                sum += near;
                squares += near * square;
            }
            (EPSILON + squares / sum).ln()
        };
        let radii: Vec<f64> = (0..n).map(log_radius).collect();
        let mean = radii.iter().sum::<f64>() / n as f64;
        let variance = radii.iter().map(|radius| (radius - mean).powi(2)).sum::<f64>() / n as f64;
        let covariance = radii.iter().zip(&density.standing).map(|(radius, standing)| (radius - mean) * standing).sum::<f64>() / n as f64;
        covariance / (variance + density.emphasis.var_shift).sqrt()
    }

    fn ring(n: usize) -> (Graph, Edges, Matrix) {
        let rows = Matrix::from_fn(n, 3, |i, j| ((i * (j + 2)) as f32 * 0.37).sin() * (1.0 + (i % 5) as f32));
        let found = neighbors::exact(rows.view(), 6, Metric::Euclidean, &crate::run::Run::new(0, 2).unwrap()).unwrap();
        let graph = Graph::new(&found, Metric::Euclidean, 1.0, 1.0).unwrap();
        let edges = Edges::build(n, |row, out| out.extend_from_slice(graph.row(row)));
        (graph, edges, rows)
    }

    #[test]
    fn pressure_leads_up_the_correlation() {
        let n = 90;
        let (graph, edges, rows) = ring(n);
        let emphasis = Emphasis { lambda: 2.0, frac: 0.3, var_shift: 0.1 };
        let density = Density::new(&graph, &Points::Dense(rows.view()), Metric::Euclidean, emphasis);
        let curve = Curve { a: 1.577, b: 0.895 };
        let points: Vec<[f32; 2]> = (0..n).map(|i| [(i as f32 * 0.9).sin() * 2.0, (i as f32 * 0.7).cos() * 3.0]).collect();
        let order: Vec<u32> = (0..n as u32).collect();
        let Pressure { sources, strength } = density.pressure(&edges, &points, &order, curve);
        let exact: Vec<[f64; 2]> = points.iter().map(|point| point.map(f64::from)).collect();
        for row in 0..n {
            for axis in 0..2 {
                let moved = |by: f64| {
                    let mut points = exact.clone();
                    points[row][axis] += by;
                    correlation(&density, &edges, &points, curve)
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                let mut force = 0.0;
                for (other, _) in edges.row(row) {
                    let other = other as usize;
                    let square: f64 = (0..2).map(|axis| (exact[row][axis] - exact[other][axis]).powi(2)).sum();
                    let near = 1.0 / (1.0 + curve.a * square.powf(curve.b));
                    let [by_radius, alone] = std::array::from_fn(|at| f64::from(sources[row][at]) + f64::from(sources[other][at]));
                    let grown =
                        near * ((1.0 - curve.b * (1.0 - near)) * by_radius + curve.a * curve.b * square.powf(curve.b - 1.0) * near * alone);
                    force += f64::from(strength) * grown * (exact[row][axis] - exact[other][axis]);
                }
                // Twice the distance is what a square grows by; the force is in units of 4 λ d, and the correlation is a mean over rows.
                let wanted = slope * n as f64 * 4.0 * emphasis.lambda * density.degree / 2.0;
                assert!((force - wanted).abs() < 2e-2 * (1.0 + wanted.abs()), "row {row}: {force}, not {wanted}");
            }
        }
    }

    #[test]
    fn radii_are_those_of_another_tool_and_equal_ones_have_no_standing() {
        // umap-learn 0.5.12, umap.umap_.simplicial_set_embedding on the graph of formula(60) (see fuzzy.rs) with 6 neighbors, before it is pruned.
        let rows = crate::methods::umap::fuzzy::tests::formula(60);
        let found = neighbors::exact(rows.view(), 5, Metric::Euclidean, &crate::run::Run::new(0, 2).unwrap()).unwrap();
        let graph = Graph::new(&found, Metric::Euclidean, 1.0, 1.0).unwrap();
        let radii = log_radii(&graph, &Points::Dense(rows.view()), Metric::Euclidean);
        for (found, wanted) in radii.iter().zip([0.5954, 0.38859, 1.00691, 0.52754, 0.41069, 0.70097]) {
            assert!((found - wanted).abs() < 1e-4, "{found}, not {wanted}");
        }
        assert!((radii.iter().sum::<f64>() - 24.7816).abs() < 1e-3);
        let equal = Matrix::from_fn(60, 8, |_, j| j as f32);
        let density =
            Density::new(&graph, &Points::Dense(equal.view()), Metric::Euclidean, Emphasis { lambda: 2.0, frac: 0.3, var_shift: 0.1 });
        assert!(density.standing.iter().all(|&value| value == 0.0));
        assert!(!density.counts(6, 10) && density.counts(7, 10) && density.counts(9, 10));
    }
}
