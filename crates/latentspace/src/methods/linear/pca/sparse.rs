//! Sparse rows: only the cells that are there are multiplied. The mean is taken out of what they come to, so that no row is filled with its zeros.
//!
//! Fewer rows than columns are gathered, 8 bytes a cell, and the eigenvectors of their inner products give the axes; else the covariance of the
//! columns is applied to a few directions a round. Neither matrix is formed where a Krylov space finds what is asked of it.
//! Source: Golub and Underwood 1977, doi:10.1016/B978-0-12-587260-7.50018-2.

use faer::{Mat, MatRef};
use serde_json::json;

use super::learned::{Goal, Learned, decoded, lost_of_sparse};
use crate::checkpoint::Parcel;
use crate::error::{Error, Result};
use crate::fold::{Fold, Portable, Step};
use crate::linalg::{self, Eigen, Krylov, Matrix, Points, SparseMatrix, SparseRows, Tolerance, complete, is_few_of_many, symmetric_eigen};
use crate::method::Shape;
use crate::methods::linear::affine::ENCODED;
use crate::methods::linear::measured::{Decodes, Loss, Lost};
use crate::parallel::*;
use crate::run::Run;

/// Residuals of eigenvectors, in parts of their own eigenvalue: that is then known to about the square of this.
const RESIDUAL: f64 = 1e-3;
/// An axis of less than this part of the largest variance is none: the inner products do not tell its direction.
const NOTHING: f64 = 1e-9;
/// Directions worked on at a time.
const LANES: usize = linalg::BLOCK;
/// A few directions, number by number.
type Lanes = [f64; LANES];
/// Rows or columns that one thread works on.
const PIECE: usize = 1024;

/// Krylov steps at most: half of the whole space.
fn steps(size: usize) -> usize {
    (size / 2 / LANES).max(1)
}

/// The cells of a chunk.
fn cells(chunk: Points<'_>) -> SparseMatrix {
    match chunk {
        Points::Sparse(rows) => {
            let mut counts = SparseMatrix::none(rows.cols);
            counts.append(rows);
            counts
        }
        Points::Dense(rows) => SparseMatrix::of(&rows.to_matrix()),
    }
}

/// `sums += factor * lanes`.
#[inline(always)]
fn add(sums: &mut Lanes, factor: f64, lanes: &Lanes) {
    sums.iter_mut().zip(lanes).for_each(|(sum, lane)| *sum += factor * lane);
}

/// The sum of those `lanes` that `places` names, each times a value. 2 × 12 flops for each 96 bytes that are gathered from the second cache:
/// bounded by what it delivers.
fn weighted(places: &[u32], values: &[f32], lanes: &[Lanes]) -> Lanes {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { weighted_avx2(places, values, lanes) };
    }
    weighted_anywhere(places, values, lanes)
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn weighted_avx2(places: &[u32], values: &[f32], lanes: &[Lanes]) -> Lanes {
    weighted_anywhere(places, values, lanes)
}

#[inline(always)]
fn weighted_anywhere(places: &[u32], values: &[f32], lanes: &[Lanes]) -> Lanes {
    let mut sums = [0.0; LANES];
    places.iter().zip(values).for_each(|(&place, &value)| add(&mut sums, f64::from(value), &lanes[place as usize]));
    sums
}

/// Columns of `[n, LANES]`, number by number.
fn lanes(vectors: MatRef<'_, f64>) -> Vec<Lanes> {
    (0..vectors.nrows()).map(|row| std::array::from_fn(|lane| vectors[(row, lane)])).collect()
}

/// The sum of them all, each times a factor.
fn sum<'a>(factors: impl Iterator<Item = f64>, all: impl Iterator<Item = &'a Lanes>) -> Lanes {
    let mut sums = [0.0; LANES];
    factors.zip(all).for_each(|(factor, lanes)| add(&mut sums, factor, lanes));
    sums
}

/// One round that gathers the cells of all rows: for no more rows than columns.
pub(super) struct Gathered {
    pub(super) goal: Goal,
}

impl Fold for Gathered {
    type State = ();
    type Stats = SparseMatrix;
    type Outcome = Learned;

    fn start(&self, _: Shape, _: Points<'_>) -> Result<()> {
        Ok(())
    }

    fn accumulate(&self, (): &(), chunk: Points<'_>, _: usize) -> Result<SparseMatrix> {
        Ok(cells(chunk))
    }

    fn merge(&self, mut left: SparseMatrix, right: SparseMatrix) -> SparseMatrix {
        left.append(right.view());
        left
    }

    fn solve(&self, (): (), stats: SparseMatrix, run: &Run) -> Result<Step<(), Learned>> {
        axes(stats.view(), self.goal, run).map(Step::Done)
    }
}

/// The cells by columns, of those columns that have any.
struct Columns {
    /// Which columns they are.
    names: Vec<u32>,
    /// `[names + 1]`.
    starts: Vec<usize>,
    rows: Vec<u32>,
    values: Vec<f32>,
    /// What the columns are seen from: their means, or 0.
    origins: Vec<f64>,
    /// Of each cell of the rows, in their order, which of these its column is.
    places: Vec<u32>,
}

impl Columns {
    /// The columns, seen from their means if they are centered, and the means.
    fn of(rows: SparseRows<'_>, centered: bool) -> (Self, Vec<f64>) {
        let n = rows.rows();
        let mut ends = vec![0_usize; rows.cols + 1];
        (0..n).for_each(|row| rows.row(row).0.iter().for_each(|&column| ends[column as usize + 1] += 1));
        let names: Vec<u32> = (0..rows.cols).filter(|&column| ends[column + 1] > 0).map(|column| column as u32).collect();
        let mut place = vec![0_u32; rows.cols];
        let mut starts = vec![0];
        for (at, &name) in names.iter().enumerate() {
            place[name as usize] = at as u32;
            starts.push(starts[at] + ends[name as usize + 1]);
        }
        let (mut next, all) = (starts.clone(), starts.last().copied().unwrap_or(0));
        let (mut by_column, mut values, mut places) = (vec![0_u32; all], vec![0.0_f32; all], Vec::with_capacity(all));
        let mut means = vec![0.0; names.len()];
        for row in 0..n {
            let (columns, cells) = rows.row(row);
            for (&column, &value) in columns.iter().zip(cells) {
                let at = place[column as usize] as usize;
                (by_column[next[at]], values[next[at]]) = (row as u32, value);
                next[at] += 1;
                means[at] += f64::from(value);
                places.push(at as u32);
            }
        }
        means.iter_mut().for_each(|mean| *mean /= n as f64);
        let origins = if centered { means.clone() } else { vec![0.0; means.len()] };
        (Columns { names, starts, rows: by_column, values, origins, places }, means)
    }

    /// The rows that have a cell in a column, and the cells.
    fn column(&self, at: usize) -> (&[u32], &[f32]) {
        let range = self.starts[at]..self.starts[at + 1];
        (&self.rows[range.clone()], &self.values[range])
    }

    /// The columns from their origins, each times some directions, of which `whole` is the sum.
    fn along(&self, at: usize, vectors: &[Lanes], whole: &Lanes) -> Lanes {
        let (rows, values) = self.column(at);
        let mut sums = weighted(rows, values, vectors);
        add(&mut sums, -self.origins[at], whole);
        sums
    }

    /// The inner products of the rows from their origin, times some directions `[n, LANES]`.
    fn apply(&self, rows: SparseRows<'_>, vectors: MatRef<'_, f64>) -> Mat<f64> {
        let n = rows.rows();
        let vectors = lanes(vectors);
        let whole = sum(std::iter::repeat(1.0), vectors.iter());
        let mut along = vec![[0.0; LANES]; self.names.len()];
        along.par_chunks_mut(PIECE).enumerate().for_each(|(piece, along)| {
            (piece * PIECE..).zip(along).for_each(|(at, sums)| *sums = self.along(at, &vectors, &whole));
        });
        let mean = sum(self.origins.iter().copied(), along.iter());
        let mut image = vec![[0.0; LANES]; n];
        image.par_chunks_mut(PIECE).enumerate().for_each(|(piece, image)| {
            for (row, sums) in (piece * PIECE..).zip(image) {
                let places = &self.places[rows.starts[row] - rows.starts[0]..rows.starts[row + 1] - rows.starts[0]];
                *sums = weighted(places, rows.row(row).1, &along);
                add(sums, -1.0, &mean);
            }
        });
        Mat::from_fn(n, LANES, |row, lane| image[row][lane])
    }

    /// The inner products of the rows, centered or not, `[n, n]`.
    fn inner(&self, rows: SparseRows<'_>, centered: bool) -> Vec<f64> {
        let n = rows.rows();
        let mut inner = vec![0.0; n * n];
        inner.par_chunks_mut(n).enumerate().for_each(|(row, inner)| {
            let places = &self.places[rows.starts[row] - rows.starts[0]..rows.starts[row + 1] - rows.starts[0]];
            for (&place, &value) in places.iter().zip(rows.row(row).1) {
                let (others, cells) = self.column(place as usize);
                others.iter().zip(cells).for_each(|(&other, &cell)| inner[other as usize] += f64::from(value) * f64::from(cell));
            }
        });
        if !centered {
            return inner;
        }
        // Twice centered: each row and column by its mean, which is that of its row in the other half.
        let means: Vec<f64> = inner.chunks_exact(n).map(|row| row.iter().sum::<f64>() / n as f64).collect();
        let whole = means.iter().sum::<f64>() / n as f64;
        for (row, inner) in inner.chunks_exact_mut(n).enumerate() {
            inner.iter_mut().zip(&means).for_each(|(cell, mean)| *cell += whole - mean - means[row]);
        }
        inner
    }
}

/// The largest eigenvalues of the inner products of the rows, centered or not.
fn eigen(rows: SparseRows<'_>, columns: &Columns, goal: Goal, run: &Run) -> Result<Eigen> {
    let (n, k) = (rows.rows(), goal.k);
    if is_few_of_many(n, k) {
        let mut krylov = Krylov::new(n, k, LANES, steps(n))?;
        loop {
            run.check()?;
            let image = columns.apply(rows, krylov.next());
            run.progress(goal.title(), krylov.size() as u64, (n / 2) as u64);
            if let Some((eigen, is_within)) = krylov.advance(image, Tolerance::OfEach(RESIDUAL))? {
                if is_within {
                    return Ok(eigen);
                }
                break;
            }
        }
    }
    symmetric_eigen(&columns.inner(rows, goal.centered), n, k, || run.check())
}

/// Through the inner products of the rows.
fn axes(rows: SparseRows<'_>, goal: Goal, run: &Run) -> Result<Learned> {
    let (n, d, k) = (rows.rows(), rows.cols, goal.k);
    let (columns, means) = Columns::of(rows, goal.centered);
    let Eigen { values, vectors } = eigen(rows, &columns, goal, run)?;
    let largest = values.first().copied().unwrap_or(0.0).max(f64::MIN_POSITIVE);
    let mut components = vec![0.0_f32; k * d];
    components.par_chunks_mut(LANES * d).enumerate().for_each(|(group, out)| {
        let axes = group * LANES..group * LANES + out.len() / d;
        let is_there = |axis: &usize| values[*axis] > NOTHING * largest;
        let vector = |row: usize, axis: usize| if axes.contains(&axis) { vectors[axis * n + row] } else { 0.0 };
        let vectors: Vec<Lanes> = (0..n).map(|row| std::array::from_fn(|lane| vector(row, axes.start + lane))).collect();
        let whole = sum(std::iter::repeat(1.0), vectors.iter());
        for (at, &name) in columns.names.iter().enumerate() {
            let along = columns.along(at, &vectors, &whole);
            for axis in axes.clone().filter(is_there) {
                let lane = axis - axes.start;
                out[lane * d + name as usize] = (along[lane] / values[axis].sqrt()) as f32;
            }
        }
        out.chunks_exact_mut(d).for_each(to_positive);
    });
    complete(&mut components, d, |value| value as f32);
    let mut mean = vec![0.0; d];
    columns.names.iter().zip(&means).for_each(|(&name, own)| mean[name as usize] = *own);
    let variances = values.iter().map(|value| value.max(0.0)).collect();
    drop(columns);
    let squares: f64 = (0..n).flat_map(|row| rows.row(row).1).map(|&cell| f64::from(cell).powi(2)).sum();
    let spread = (squares - n as f64 * means.iter().map(|mean| mean * mean).sum::<f64>()) / (n as f64 - 1.0).max(1.0);
    let loss = Loss { rows: n as f64, total: spread.max(0.0), lost: 0.0, is_resolved: false };
    let learned = Learned::of(mean, variances, Matrix::new(k, d, components)?, 0.0, loss, goal).by_cells();
    // All rows are here, and say what decoding loses.
    let overlap = super::learned::overlaps(&learned.model.components);
    let starts: Vec<usize> = (0..n).step_by(ENCODED).collect();
    let block = |&from: &usize| lost_of_sparse(&learned.model, &overlap, rows.slice(from..(from + ENCODED).min(n)));
    let lost = starts.par_iter().map(block).collect::<Vec<Lost>>().into_iter().reduce(Lost::merge).unwrap_or_else(|| Lost::none(k));
    Ok(learned.with(&lost))
}

/// Makes the entry of largest magnitude positive.
fn to_positive(row: &mut [f32]) {
    let largest = row.iter().fold(0.0_f32, |best, &value| if value.abs() > best.abs() { value } else { best });
    if largest < 0.0 {
        row.iter_mut().for_each(|value| *value = -*value);
    }
}

/// Many rounds, each of which multiplies a few directions by the covariance, without ever forming it: for fewer columns than rows.
pub(super) struct Directions {
    pub(super) goal: Goal,
}

pub(super) struct DirectionsState {
    krylov: Krylov,
    /// Those to be multiplied, column by column of the rows.
    next: Vec<Lanes>,
    round: usize,
}

/// Sums over sparse rows.
pub(super) struct Sums {
    count: f64,
    squares: f64,
    sum: Vec<f64>,
    /// `[d, LANES]`.
    product: Vec<f64>,
}

impl DirectionsState {
    fn of(krylov: Krylov, round: usize) -> Self {
        let next = lanes(krylov.next());
        DirectionsState { krylov, next, round }
    }
}

impl Portable for DirectionsState {
    fn store(&self) -> Result<Parcel> {
        let (basis, inner, [d, count, look_at]) = self.krylov.numbers();
        let mut parcel = Parcel { facts: json!({ "d": d, "count": count, "look_at": look_at, "round": self.round }), ..Parcel::default() };
        parcel.tensors.put_f64("basis", basis)?;
        parcel.tensors.put_f64("inner", inner)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let fact = |name: &str| parcel.facts[name].as_u64().unwrap_or(0) as usize;
        let (basis, inner) = (parcel.tensors.f64("basis", None)?, parcel.tensors.f64("inner", None)?);
        let sizes = [fact("d"), fact("count"), fact("look_at")];
        let krylov = Krylov::of_numbers(basis.to_vec(), inner.to_vec(), sizes, LANES, steps(sizes[0]));
        let krylov =
            krylov.ok_or_else(|| Error::input("state", "directions that do not fit together", "what `latent merge` wrote is needed"))?;
        Ok(DirectionsState::of(krylov, fact("round")))
    }
}

impl Portable for Sums {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        parcel.tensors.put_f64("count_squares", &[self.count, self.squares])?;
        parcel.tensors.put_f64("sum", &self.sum)?;
        parcel.tensors.put_f64("product", &self.product)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let scalars = parcel.tensors.f64("count_squares", Some(2))?;
        let sum = parcel.tensors.f64("sum", None)?.to_vec();
        let product = parcel.tensors.f64("product", Some(sum.len() * LANES))?.to_vec();
        Ok(Sums { count: scalars[0], squares: scalars[1], sum, product })
    }
}

impl Fold for Directions {
    type State = DirectionsState;
    type Stats = Sums;
    type Outcome = Learned;

    fn start(&self, shape: Shape, _: Points<'_>) -> Result<DirectionsState> {
        Ok(DirectionsState::of(Krylov::new(shape.cols, self.goal.k, LANES, steps(shape.cols))?, 0))
    }

    fn accumulate(&self, state: &DirectionsState, chunk: Points<'_>, _: usize) -> Result<Sums> {
        let own;
        let rows = match chunk {
            Points::Sparse(rows) => rows,
            Points::Dense(_) => {
                own = cells(chunk);
                own.view()
            }
        };
        let d = rows.cols;
        let mut sums = Sums { count: rows.rows() as f64, squares: 0.0, sum: vec![0.0; d], product: vec![0.0; d * LANES] };
        let product = sums.product.as_chunks_mut::<LANES>().0;
        for row in 0..rows.rows() {
            let (columns, values) = rows.row(row);
            let mut along = [0.0; LANES];
            for (&column, &value) in columns.iter().zip(values) {
                add(&mut along, f64::from(value), &state.next[column as usize]);
            }
            for (&column, &value) in columns.iter().zip(values) {
                let value = f64::from(value);
                add(&mut product[column as usize], value, &along);
                sums.sum[column as usize] += value;
                sums.squares += value * value;
            }
        }
        Ok(sums)
    }

    fn merge(&self, mut left: Sums, right: Sums) -> Sums {
        let add = |into: &mut [f64], from: &[f64]| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        left.count += right.count;
        left.squares += right.squares;
        add(&mut left.sum, &right.sum);
        add(&mut left.product, &right.product);
        left
    }

    fn solve(&self, state: DirectionsState, stats: Sums, run: &Run) -> Result<Step<DirectionsState, Learned>> {
        let DirectionsState { mut krylov, next, round } = state;
        let (n, d, k) = (stats.count, stats.sum.len(), self.goal.k);
        let (round, freedom) = (round + 1, (n - 1.0).max(1.0));
        let mean: Vec<f64> = stats.sum.iter().map(|sum| sum / n).collect();
        // Take the origin out: image = (sum of x xᵀ - n origin originᵀ) next / (n - 1).
        let origin = if self.goal.centered { mean.clone() } else { vec![0.0; d] };
        let along = sum(origin.iter().copied(), next.iter());
        drop(next);
        let image = Mat::from_fn(d, LANES, |i, j| (stats.product[i * LANES + j] - n * origin[i] * along[j]) / freedom);
        run.progress(self.goal.title(), krylov.size() as u64, (d / 2) as u64);
        let Some((Eigen { values, vectors }, _)) = krylov.advance(image, Tolerance::OfEach(RESIDUAL))? else {
            return Ok(Step::Again(DirectionsState::of(krylov, round)));
        };
        let variance = |origin: &[f64]| ((stats.squares - n * origin.iter().map(|mean| mean * mean).sum::<f64>()) / freedom).max(0.0);
        let total = variance(&origin);
        // Within the Krylov space an axis times the covariance is itself times its variance.
        let images: Vec<f64> =
            vectors.chunks_exact(d).zip(&values).flat_map(|(row, value)| row.iter().map(move |cell| cell * value)).collect();
        let components = Matrix::new(k, d, vectors.into_iter().map(|value| value as f32).collect())?;
        let (variances, lost) = decoded(&components, &images, total);
        let loss = Loss { rows: n, total: variance(&mean), lost, is_resolved: lost > NOTHING * total };
        let learned = Learned::of(mean, variances, components, total, loss, self.goal).by_cells();
        Ok(Step::Done(Learned { rounds: round, ..learned }))
    }
}
