//! Places from the distances of all pairs of rows: classical scaling, and the least stress.

use crate::parallel::*;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use crate::error::Result;
use crate::linalg::{self, Eigen, Matrix, MatrixView, largest_eigen, symmetric_eigen};
use crate::neighbors::{Metric, lengths};
use crate::run::Run;

/// Rows and columns of the distances that are turned into f64 together: 256 kB, in the second cache.
const TILE: [usize; 2] = [64, 512];
/// Residuals of the directions, in parts of the largest eigenvalue: distances are f32.
const RESIDUAL: f64 = 1e-7;
/// Blocks of the Krylov space, at most.
pub(super) const STEPS: usize = 40;

/// The distances between all rows, `[n, n]`, in parts of the largest, and that: squares of sums of them are numbers. Cost: n² d multiply-adds in
/// products of f64, 4 n² bytes beside 8 n d.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn distances(rows: MatrixView<'_>, metric: Metric, run: &Run) -> Result<(Vec<f32>, f32)> {
    let (n, d) = (rows.rows(), rows.cols());
    if !matches!(metric, Metric::Euclidean | Metric::Cosine) {
        let mut out = vec![0.0_f32; n * n];
        out.par_chunks_mut(n.max(1)).enumerate().try_for_each(|(row, out)| {
            run.check()?;
            fill(rows.row(row), rows, metric, out);
            Ok::<(), crate::Error>(())
        })?;
        return Ok(in_units(out, n));
    }
    let points = points(rows, metric);
    let norms: Vec<f64> = points.par_chunks(d).map(|point| point.iter().map(|value| value * value).sum()).collect();
    let mut out = vec![0.0_f32; n * n];
    out.par_chunks_mut(TILE[0] * n).enumerate().try_for_each_init(
        || vec![0.0; TILE[0] * TILE[1]],
        |tile, (block, out)| {
            run.check()?;
            let (first, count) = (block * TILE[0], out.len() / n);
            let own = MatRef::from_row_major_slice(&points[first * d..(first + count) * d], count, d);
            for from in (0..n).step_by(TILE[1]) {
                let cols = TILE[1].min(n - from);
                let others = MatRef::from_row_major_slice(&points[from * d..(from + cols) * d], cols, d);
                let tile = &mut tile[..count * cols];
                matmul(MatMut::from_row_major_slice_mut(tile, count, cols), Accum::Replace, own, others.transpose(), 1.0, Par::Seq);
                for (at, (inner, out)) in tile.chunks_exact(cols).zip(out.chunks_exact_mut(n)).enumerate() {
                    for ((inner, norm), out) in inner.iter().zip(&norms[from..]).zip(&mut out[from..]) {
                        let square = (norms[first + at] + norm - 2.0 * inner).max(0.0);
                        *out = match metric {
                            Metric::Euclidean => square.sqrt(),
                            // A row without a direction is at a right angle to all.
                            _ if norms[first + at] == 0.0 || *norm == 0.0 => 1.0,
                            _ => square / 2.0,
                        } as f32;
                    }
                }
            }
            Ok::<(), crate::Error>(())
        },
    )?;
    Ok(in_units(out, n))
}

/// Distances `[n, n]` in units of the largest, and that one.
pub(super) fn in_units(mut distances: Vec<f32>, n: usize) -> (Vec<f32>, f32) {
    let of_row = |row: &[f32]| row.iter().copied().fold(0.0, f32::max);
    let largest = distances.par_chunks(n.max(1)).map(of_row).reduce(f32::max).unwrap_or(0.0);
    let unit = if largest > 0.0 { largest } else { 1.0 };
    distances.par_iter_mut().for_each(|distance| *distance /= unit);
    (distances, unit)
}

/// Rows of which the products say how far they lie apart, `[n, d]`: seen from their mean, so that what all have in common takes no digits; for
/// angles of length 1, or 0.
fn points(rows: MatrixView<'_>, metric: Metric) -> Vec<f64> {
    let (n, d) = (rows.rows(), rows.cols());
    let mut points: Vec<f64> = rows.as_slice().iter().map(|&value| f64::from(value)).collect();
    if metric == Metric::Euclidean {
        let mut mean = vec![0.0; d];
        points.chunks_exact(d).for_each(|point| mean.iter_mut().zip(point).for_each(|(mean, value)| *mean += value / n as f64));
        points.par_chunks_mut(d).for_each(|point| point.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean));
    } else {
        points.par_chunks_mut(d).for_each(|point| {
            let length = point.iter().map(|value| value * value).sum::<f64>().sqrt();
            let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
            point.iter_mut().for_each(|value| *value *= scale);
        });
    }
    points
}

/// The distances of one row from all.
pub(super) fn fill(row: &[f32], rows: MatrixView<'_>, metric: Metric, out: &mut [f32]) {
    let root = metric == Metric::Euclidean;
    let all = lengths(row, rows, metric);
    out.iter_mut().zip(all).for_each(|(out, length)| *out = if root { length.sqrt() } else { length } as f32);
}

/// Classical scaling: the `k` directions in which places as far apart as these distances `[n, n]` spread most, the most first; the eigenvalues
/// are the sums of their squares. Source: Torgerson 1952, doi:10.1007/BF02288916.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn classical(distances: &[f32], n: usize, k: usize, run: &Run) -> Result<Eigen> {
    // -½ J D² J, J taking out the mean; D as it stands in memory.
    let centred = |mut vectors: Mat<f64>| {
        for column in 0..vectors.ncols() {
            let mean = vectors.col(column).iter().sum::<f64>() / n as f64;
            vectors.col_mut(column).iter_mut().for_each(|value| *value -= mean);
        }
        vectors
    };
    let apply = |vectors: MatRef<'_, f64>| {
        run.check()?;
        let inner = centred(vectors.to_owned());
        let b = inner.ncols();
        let mut image = vec![0.0; n * b];
        image.par_chunks_mut(TILE[0] * b).zip(distances.par_chunks(TILE[0] * n)).for_each_init(
            || vec![0.0; TILE[0] * TILE[1]],
            |tile, (image, distances)| {
                let rows = distances.len() / n;
                let mut image = MatMut::from_row_major_slice_mut(image, rows, b);
                for from in (0..n).step_by(TILE[1]) {
                    let cols = TILE[1].min(n - from);
                    for (tile, distances) in tile.chunks_exact_mut(cols).zip(distances.chunks_exact(n)) {
                        tile.iter_mut().zip(&distances[from..]).for_each(|(tile, &distance)| *tile = f64::from(distance).powi(2));
                    }
                    let tile = MatRef::from_row_major_slice(&tile[..rows * cols], rows, cols);
                    matmul(image.as_mut(), Accum::Add, tile, inner.subrows(from, cols), -0.5, Par::Seq);
                }
            },
        );
        Ok(centred(MatRef::from_row_major_slice(&image, n, b).to_owned()))
    };
    if n < 8 * (k + 12) {
        let whole = apply(Mat::<f64>::identity(n, n).as_ref())?;
        let symmetric = |at: usize| (whole[(at / n, at % n)] + whole[(at % n, at / n)]) / 2.0;
        return symmetric_eigen(&(0..n * n).map(symmetric).collect::<Vec<f64>>(), n, k, || run.check());
    }
    Ok(largest_eigen(n, k, linalg::BLOCK, STEPS, RESIDUAL, apply)?.0)
}

/// Axes along which landmarks spread less than this part of the most say nothing.
const FLAT: f64 = 1e-12;

/// Where a row lies by its distances from landmarks that lie where classical scaling has them: linear in their squares.
/// Source: de Silva and Tenenbaum 2004, Stanford, Sparse multidimensional scaling using landmark points.
#[derive(Debug, Clone)]
pub(super) struct Slope {
    /// `[k, landmarks]`.
    pub(super) slope: Vec<f64>,
    /// Each landmark's mean squared distance from all.
    pub(super) means: Vec<f64>,
}

impl Slope {
    /// Of landmarks at these places `[landmarks, k]`, with these mean squared distances from all of them.
    pub(super) fn new(places: &Matrix, means: Vec<f64>) -> Self {
        let k = places.cols();
        let spread = |axis: usize| (0..places.rows()).map(|row| f64::from(places.row(row)[axis]).powi(2)).sum::<f64>();
        let spreads: Vec<f64> = (0..k).map(spread).collect();
        let most = spreads.iter().copied().fold(0.0, f64::max);
        let slope = |axis: usize| {
            let scale = if spreads[axis] > most * FLAT { -0.5 / spreads[axis] } else { 0.0 };
            (0..places.rows()).map(move |row| scale * f64::from(places.row(row)[axis]))
        };
        Slope { slope: (0..k).flat_map(slope).collect(), means }
    }

    /// Adds what one landmark says of a row's place to it.
    pub(super) fn add(&self, landmark: usize, distance: f64, place: &mut [f64]) {
        let apart = distance.powi(2) - self.means[landmark];
        place.iter_mut().enumerate().for_each(|(axis, sum)| *sum += self.slope[axis * self.means.len() + landmark] * apart);
    }
}

/// Each row's mean squared distance from all.
pub(super) fn mean_squares(distances: &[f32], n: usize) -> Vec<f64> {
    distances.par_chunks(n.max(1)).map(|row| row.iter().map(|&distance| f64::from(distance).powi(2)).sum::<f64>() / n as f64).collect()
}

/// How long stress is brought down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Steps {
    pub(super) most: u32,
    /// It ends when a step takes off less than this part of the stress.
    pub(super) least: f64,
}

/// Places of little stress.
pub(super) struct Laid {
    /// `[n, k]`.
    pub(super) places: Matrix,
    /// Kruskal's stress 1: the root of the squared differences of distances over the squared distances of the places.
    pub(super) stress: f64,
    pub(super) n_iter: u32,
}

/// How far every second step goes, in parts of that to the majorant's least: 2 keeps the stress falling and goes along slow directions in fewer
/// steps; the step between undoes what it overshoots.
/// Source: de Leeuw and Heiser 1980, in Multivariate analysis V.
const AHEAD: f32 = 2.0;
/// Dimensions at most.
pub(super) const MOST: usize = 50;
/// Pairs whose forces are summed up in f32.
const CHUNK: usize = 256;

/// The places nearest to `start` that leave the least of Σ(distance - distance of the places)², by majorisation (SMACOF). A step costs n² (3 k
/// flops, a root and a quotient), bound by these or, for few dimensions, by the 4 n² bytes of the distances. Rows at one place do not push each
/// other. Source: de Leeuw 1977, in Recent developments in statistics; Borg and Groenen 2005, doi:10.1007/0-387-28981-X.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn smacof(distances: &[f32], start: &Matrix, steps: Steps, run: &Run) -> Result<Laid> {
    let (n, k) = (start.rows(), start.cols());
    let row_squares = |row: &[f32]| row.iter().map(|&distance| f64::from(distance).powi(2)).sum::<f64>();
    let all: f64 = distances.par_chunks(n.max(1)).map(row_squares).collect::<Vec<f64>>().iter().sum();
    // By axis, so that pairs stand beside each other.
    let mut axes: Vec<f32> = (0..n * k).map(|at| start.row(at % n)[at / n]).collect();
    let (mut before, mut step) = (f64::INFINITY, 0);
    loop {
        run.check()?;
        let mut pulls = vec![0.0_f32; n * k];
        let rows = pulls.par_chunks_mut(k).zip(distances.par_chunks(n)).enumerate();
        let sums: Vec<[f64; 2]> =
            rows.map_init(|| [0.0; 3 * CHUNK], |room, (row, (pull, distances))| pulled(row, &axes, distances, room, pull)).collect();
        let [raw, placed] = sums.iter().fold([0.0, 0.0], |sum, own| [sum[0] + own[0], sum[1] + own[1]]);
        let stress = if placed > 0.0 { (raw / placed).sqrt() } else { 0.0 };
        run.progress_with_loss("stress", u64::from(step), u64::from(steps.most), "stress", stress);
        let is_plain = step % 2 == 0;
        if step >= steps.most || is_plain && before - raw <= steps.least * all {
            let cells = (0..n * k).map(|at| axes[at % k * n + at / k]).collect();
            return Ok(Laid { places: Matrix::new(n, k, cells)?, stress, n_iter: step });
        }
        if is_plain {
            before = raw;
        }
        step += 1;
        let ahead = if step % 2 == 1 && step < steps.most { AHEAD } else { 1.0 };
        for (axis, values) in axes.chunks_exact_mut(n).enumerate() {
            let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / n as f64;
            for (row, value) in values.iter_mut().enumerate() {
                let own = (f64::from(*value) - mean) as f32;
                *value = own + ahead * (pulls[row * k + axis] - own);
            }
        }
    }
}

/// Where one more row lies among places `[n, k]` with the least stress, by its distances from them: the same majorisation for it alone, from the
/// place in `out` on.
pub(super) fn settle(distances: &[f32], places: &Matrix, steps: Steps, out: &mut [f32]) {
    let (n, k) = (places.rows(), places.cols());
    let all: f64 = distances.iter().map(|&distance| f64::from(distance).powi(2)).sum();
    let mut before = f64::INFINITY;
    let mut place: Vec<f64> = out.iter().map(|&value| f64::from(value)).collect();
    for _ in 0..=steps.most {
        let (mut raw, mut next) = (0.0, vec![0.0; k]);
        for (row, &wanted) in distances.iter().enumerate() {
            let other = places.row(row);
            let length = place.iter().zip(other).map(|(own, &other)| (own - f64::from(other)).powi(2)).sum::<f64>().sqrt();
            let ratio = if length > 0.0 { f64::from(wanted) / length } else { 0.0 };
            raw += (f64::from(wanted) - length).powi(2);
            for ((next, own), &other) in next.iter_mut().zip(&place).zip(other) {
                *next += f64::from(other) + ratio * (own - f64::from(other));
            }
        }
        if before - raw <= steps.least * all {
            break;
        }
        before = raw;
        out.iter_mut().zip(&place).for_each(|(out, &own)| *out = own as f32);
        place.iter_mut().zip(next).for_each(|(own, next)| *own = next / n as f64);
    }
}

/// Puts where the others pull a row into `pull`, and gives its part of the stress and of the squared distances of the places.
fn pulled(row: usize, axes: &[f32], distances: &[f32], room: &mut [f32; 3 * CHUNK], pull: &mut [f32]) -> [f64; 2] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2. Without fused operations the sums have the same bits as the portable ones.
        return unsafe { pulled_avx2(row, axes, distances, room, pull) };
    }
    pulled_lanes(row, axes, distances, room, pull)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn pulled_avx2(row: usize, axes: &[f32], distances: &[f32], room: &mut [f32; 3 * CHUNK], pull: &mut [f32]) -> [f64; 2] {
    pulled_lanes(row, axes, distances, room, pull)
}

#[inline(always)]
fn pulled_lanes(row: usize, axes: &[f32], distances: &[f32], room: &mut [f32; 3 * CHUNK], pull: &mut [f32]) -> [f64; 2] {
    let n = distances.len();
    let (squares, room) = room.split_at_mut(CHUNK);
    let (ratios, offs) = room.split_at_mut(CHUNK);
    let (mut raw, mut placed, mut sums) = (0.0, 0.0, [0.0_f64; MOST]);
    for from in (0..n).step_by(CHUNK) {
        let wanted = &distances[from..n.min(from + CHUNK)];
        let (squares, ratios, offs) = (&mut squares[..wanted.len()], &mut ratios[..wanted.len()], &mut offs[..wanted.len()]);
        squares.fill(0.0);
        for axis in axes.chunks_exact(n) {
            let own = axis[row];
            squares.iter_mut().zip(&axis[from..]).for_each(|(square, &other)| *square += (own - other) * (own - other));
        }
        for (((ratio, off), &square), &wanted) in ratios.iter_mut().zip(&mut *offs).zip(&*squares).zip(wanted) {
            let length = square.sqrt();
            *ratio = if length > 0.0 { wanted / length } else { 0.0 };
            *off = (wanted - length) * (wanted - length);
        }
        raw += f64::from(lanes_sum(offs));
        placed += f64::from(lanes_sum(squares));
        for (sum, axis) in sums.iter_mut().zip(axes.chunks_exact(n)) {
            let own = axis[row];
            let pulls = &mut *offs;
            pulls.iter_mut().zip(&*ratios).zip(&axis[from..]).for_each(|((pull, ratio), &other)| *pull = ratio * (own - other));
            *sum += f64::from(lanes_sum(pulls));
        }
    }
    pull.iter_mut().zip(sums).for_each(|(pull, sum)| *pull = (sum / n as f64) as f32);
    [raw, placed]
}

/// A sum in sixteen lanes.
#[inline(always)]
fn lanes_sum(values: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [0.0_f32; LANES];
    let whole = values.chunks_exact(LANES);
    lanes.iter_mut().zip(whole.remainder()).for_each(|(lane, value)| *lane = *value);
    for values in whole {
        lanes.iter_mut().zip(values).for_each(|(lane, value)| *lane += value);
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn normal(n: usize, d: usize) -> Matrix {
        let random = Random::new(5, "rows");
        Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32)
    }

    fn run() -> Run {
        Run::new(0, 2).unwrap()
    }

    /// The largest difference of distances of places from those of rows, in parts of the largest.
    fn off(places: &Matrix, distances: &[f32]) -> f32 {
        let n = places.rows();
        let apart = |a: usize, b: usize| places.row(a).iter().zip(places.row(b)).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        (0..n * n).map(|at| (apart(at / n, at % n) - distances[at]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn as_many_dimensions_as_the_rows_have_keep_all_distances() {
        for n in [40, 900] {
            let (distances, unit) = distances(normal(n, 3).view(), Metric::Euclidean, &run()).unwrap();
            assert!(unit > 1.0 && distances.iter().copied().fold(0.0, f32::max) == 1.0);
            let eigen = classical(&distances, n, 3, &run()).unwrap();
            let places = Matrix::from_fn(n, 3, |row, axis| (eigen.vectors[axis * n + row] * eigen.values[axis].sqrt()) as f32);
            assert!(off(&places, &distances) < 1e-5, "{}", off(&places, &distances));
            // From elsewhere, stress finds them, too.
            let start = Matrix::from_fn(n, 3, |row, axis| places.row(row)[axis] + 0.1 * ((row * (axis + 1)) as f32).sin());
            let laid = smacof(&distances, &start, Steps { most: 300, least: 1e-12 }, &run()).unwrap();
            assert!(laid.stress < 1e-4 && off(&laid.places, &distances) < 1e-3, "{} {}", laid.stress, off(&laid.places, &distances));
        }
    }

    #[test]
    fn distances_of_all_are_those_of_each() {
        let rows = Matrix::from_fn(200, 7, |i, j| 1e5 + ((i * (j + 1)) as f32).sin() + if i == 9 { 40.0 } else { 0.0 });
        for metric in [Metric::Euclidean, Metric::Cosine, Metric::Manhattan] {
            let (all, unit) = distances(rows.view(), metric, &run()).unwrap();
            for row in [0, 9, 199] {
                let mut own = vec![0.0; 200];
                fill(rows.row(row), rows.view(), metric, &mut own);
                for (found, wanted) in all[row * 200..][..200].iter().zip(own) {
                    assert!((found - wanted / unit).abs() < 1e-5, "{metric:?}: {found} {}", wanted / unit);
                }
            }
        }
    }

    #[test]
    fn stress_falls_and_its_places_are_those_that_each_row_settles_at() {
        let rows = normal(300, 10);
        let (distances, _) = distances(rows.view(), Metric::Euclidean, &run()).unwrap();
        let start = Matrix::from_fn(300, 2, |row, axis| rows.row(row)[axis] / 10.0);
        let mut before = f64::INFINITY;
        for most in [0, 2, 10, 50, 400] {
            let laid = smacof(&distances, &start, Steps { most, least: 0.0 }, &run()).unwrap();
            assert!(laid.stress < before, "{most}: {} {before}", laid.stress);
            before = laid.stress;
        }
        let laid = smacof(&distances, &start, Steps { most: 3000, least: 1e-14 }, &run()).unwrap();
        for row in [0, 17, 299] {
            let mut place = laid.places.row(row).to_vec();
            settle(&distances[row * 300..][..300], &laid.places, Steps { most: 10, least: 0.0 }, &mut place);
            let moved = place.iter().zip(laid.places.row(row)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(moved < 1e-2, "{row}: {moved}");
        }
        let one = smacof(&distances, &start, Steps { most: 20, least: 0.0 }, &Run::new(0, 1).unwrap()).unwrap();
        let two = run().install(|| smacof(&distances, &start, Steps { most: 20, least: 0.0 }, &run())).unwrap();
        assert_eq!(one.places, two.places);
    }

    #[test]
    fn a_row_lies_where_its_distances_from_landmarks_say() {
        let rows = normal(60, 3);
        let landmarks = rows.slice(0..50).to_matrix();
        let (distances, unit) = distances(landmarks.view(), Metric::Euclidean, &run()).unwrap();
        let eigen = classical(&distances, 50, 3, &run()).unwrap();
        let places = Matrix::from_fn(50, 3, |row, axis| (eigen.vectors[axis * 50 + row] * eigen.values[axis].sqrt()) as f32);
        let slope = Slope::new(&places, mean_squares(&distances, 50));
        for row in 50..60 {
            let mut own = vec![0.0; 50];
            fill(rows.row(row), landmarks.view(), Metric::Euclidean, &mut own);
            let mut place = vec![0.0; 3];
            own.iter().enumerate().for_each(|(at, &distance)| slope.add(at, f64::from(distance / unit), &mut place));
            for (at, wanted) in own.iter().enumerate() {
                let found = places.row(at).iter().zip(&place).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>().sqrt();
                assert!((found - f64::from(wanted / unit)).abs() < 1e-5, "{found} {wanted}");
            }
        }
    }
}
