//! One pass over the rows: better weights of each block of rows, and what the parts need of them.

use super::Loss;
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView, OwnedRows, Points, SparseRows, Threads, product, product_transposed};
use crate::parallel::*;
use crate::run::Run;

/// Rows whose weights are updated at a time: block and weights stay in the L2 cache.
pub(super) const BLOCK: usize = 128;
/// Blocks of a task, whose sums are merged in order.
const BLOCKS: usize = 32;
/// Updates of the weights a pass: the first needs the products with the rows, the others only those with each other (Gillis and Glineur 2012).
const SWEEPS: usize = 3;
/// What a divisor is at least.
const LEAST: f32 = 1e-12;

/// Penalties of the weights or of the parts, in units of the loss.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Penalty {
    pub(super) l1: f32,
    pub(super) l2: f32,
}

/// Sums over rows that the parts are updated from.
pub(super) struct Sums {
    /// `[k, k]`: products of weights; only for the squared error. Where cells count differently, `[d, pairs]`: those of each column.
    pub(super) weights: Vec<f64>,
    /// `[k, d]`: weights times rows; for the divergence, times the ratios of rows and their sums of parts.
    pub(super) images: Vec<f64>,
    /// `[k]`: sums of weights.
    pub(super) totals: Vec<f64>,
    /// The loss before the parts change, without the constant of the rows.
    pub(super) loss: f64,
    /// Of absolute and of squared weights.
    pub(super) penalty: f64,
}

impl Sums {
    pub(super) fn none(k: usize, d: usize) -> Self {
        Sums { weights: vec![0.0; k * k], images: vec![0.0; k * d], totals: vec![0.0; k], loss: 0.0, penalty: 0.0 }
    }

    pub(super) fn merge(mut self, other: &Sums) -> Self {
        let add = |into: &mut [f64], from: &[f64]| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        add(&mut self.weights, &other.weights);
        add(&mut self.images, &other.images);
        add(&mut self.totals, &other.totals);
        self.loss += other.loss;
        self.penalty += other.penalty;
        self
    }
}

/// Parts and what follows from them.
pub(super) struct Parts<'a> {
    /// `[k, d]`.
    pub(super) parts: &'a Matrix,
    /// `[k, k]`: products of parts.
    products: Vec<f32>,
    /// `[k]`: sums of parts.
    totals: Vec<f32>,
    /// `[d, k]`, for sparse rows.
    by_column: Option<Matrix>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(parts: &'a Matrix, is_sparse: bool) -> Self {
        let k = parts.rows();
        let mut products = vec![0.0_f32; k * k];
        product_transposed(parts.view(), parts.view(), &mut products, Threads::Pool);
        let totals = (0..k).map(|part| parts.row(part).iter().map(|&cell| f64::from(cell)).sum::<f64>() as f32).collect();
        let by_column = is_sparse.then(|| Matrix::from_fn(parts.cols(), k, |column, part| parts.row(part)[column]));
        Parts { parts, products, totals, by_column }
    }
}

/// Updates all weights, `[n, k]`, and returns the sums for the parts.
pub(super) fn pass(rows: &OwnedRows, parts: &Parts<'_>, weights: &mut [f32], loss: Loss, penalty: Penalty, run: &Run) -> Result<Sums> {
    let (k, d) = (parts.parts.rows(), parts.parts.cols());
    let points = rows.points();
    let n = rows.rows();
    let sums = weights.par_chunks_mut(BLOCKS * BLOCK * k).enumerate().map(|(task, weights)| {
        run.check()?;
        let mut sums = Sums::none(k, d);
        let mut room = Room::new(k, d);
        for (block, weights) in weights.chunks_mut(BLOCK * k).enumerate() {
            let from = (task * BLOCKS + block) * BLOCK;
            let rows = points.slice(from..(from + BLOCK).min(n));
            match (rows, loss) {
                (Points::Dense(rows), Loss::Frobenius) => squares_dense(rows, parts, weights, penalty, &mut room, &mut sums)?,
                (Points::Sparse(rows), Loss::Frobenius) => squares_sparse(rows, parts, weights, penalty, &mut room, &mut sums)?,
                (Points::Dense(rows), Loss::KullbackLeibler) => divergence_dense(rows, parts, weights, penalty, &mut room, &mut sums)?,
                (Points::Sparse(rows), Loss::KullbackLeibler) => divergence_sparse(rows, parts, weights, penalty, &mut sums),
            }
            for row in weights.chunks_exact(k) {
                sums.totals.iter_mut().zip(row).for_each(|(sum, &weight)| *sum += f64::from(weight));
                if penalty.l1 > 0.0 || penalty.l2 > 0.0 {
                    let one = |&weight: &f32| f64::from(penalty.l1 * weight + 0.5 * penalty.l2 * weight * weight);
                    sums.penalty += row.iter().map(one).sum::<f64>();
                }
            }
        }
        Ok(sums)
    });
    let all: Vec<Sums> = sums.collect::<Result<_>>()?;
    Ok(all.iter().fold(Sums::none(k, d), |sums, one| sums.merge(one)))
}

/// Room for a block.
struct Room {
    /// `[k, BLOCK]`: products of parts and rows.
    along: Vec<f32>,
    /// `[k, BLOCK]`: weights.
    turned: Vec<f32>,
    /// `[BLOCK, d]`: sums of parts.
    made: Vec<f32>,
    /// `[k, d]`.
    image: Vec<f32>,
    /// `[k, k]`.
    square: Vec<f32>,
}

impl Room {
    fn new(k: usize, d: usize) -> Self {
        let cells = |len: usize| vec![0.0_f32; len];
        Room { along: cells(k * BLOCK), turned: cells(k * BLOCK), made: cells(BLOCK * d), image: cells(k * d), square: cells(k * k) }
    }
}

/// `[rows, k]` from or to `[k, rows]`.
fn transpose(from: &[f32], rows: usize, cols: usize, to: &mut [f32]) {
    for (row, cells) in from.chunks_exact(cols).enumerate().take(rows) {
        cells.iter().enumerate().for_each(|(col, &cell)| to[col * rows + row] = cell);
    }
}

/// New weights `[k, width]` from products of parts with rows, `along`, and of parts with each other: each in turn is the best for the others.
#[inline(always)]
fn descend(weights: &mut [f32], along: &[f32], products: &[f32], width: usize, penalty: Penalty) {
    let k = along.len() / width;
    let mut rest = [0.0_f32; BLOCK];
    for _ in 0..SWEEPS {
        for part in 0..k {
            let rest = &mut rest[..width];
            rest.copy_from_slice(&along[part * width..][..width]);
            for (other, weights) in weights.chunks_exact(width).enumerate() {
                let shared = if other == part { 0.0 } else { products[part * k + other] };
                rest.iter_mut().zip(weights).for_each(|(rest, &weight)| *rest -= shared * weight);
            }
            let own = products[part * k + part] + penalty.l2;
            let inverse = if own > LEAST { 1.0 / own } else { 0.0 };
            let weights = &mut weights[part * width..][..width];
            weights.iter_mut().zip(rest.iter()).for_each(|(weight, &rest)| *weight = ((rest - penalty.l1) * inverse).max(0.0));
        }
    }
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn descend_avx512(weights: &mut [f32], along: &[f32], products: &[f32], width: usize, penalty: Penalty) {
    descend(weights, along, products, width, penalty);
}

/// The same in wider lanes: no sum changes its order, so no bit changes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn descend_avx2(weights: &mut [f32], along: &[f32], products: &[f32], width: usize, penalty: Penalty) {
    descend(weights, along, products, width, penalty);
}

/// Bound: k² multiply-adds a row and sweep.
pub(super) fn sweep(weights: &mut [f32], along: &[f32], products: &[f32], width: usize, penalty: Penalty) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has AVX-512F.
        return unsafe { descend_avx512(weights, along, products, width, penalty) };
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { descend_avx2(weights, along, products, width, penalty) };
    }
    descend(weights, along, products, width, penalty);
}

/// Squared error of a block: what the weights need is in `room.along`, `[k, width]`; leaves the new ones in `room.turned` and `weights`, and adds their
/// products and the loss.
fn squares(parts: &Parts<'_>, weights: &mut [f32], width: usize, penalty: Penalty, room: &mut Room, sums: &mut Sums) -> Result<()> {
    let k = parts.parts.rows();
    let (along, turned) = (&room.along[..k * width], &mut room.turned[..k * width]);
    transpose(weights, width, k, turned);
    sweep(turned, along, &parts.products, width, penalty);
    transpose(turned, k, width, weights);
    let turned = MatrixView::new(k, width, turned)?;
    product_transposed(turned, turned, &mut room.square, Threads::One);
    sums.weights.iter_mut().zip(&room.square).for_each(|(sum, &part)| *sum += f64::from(part));
    // |x - wH|² - |x|² = wHH'w' - 2 xH'w'.
    let shared: f64 = room.square.iter().zip(&parts.products).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    let crossed: f64 = turned.as_slice().iter().zip(along).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    sums.loss += 0.5 * shared - crossed;
    Ok(())
}

/// Bound: 4·d·k flops a row.
fn squares_dense(
    rows: MatrixView<'_>,
    parts: &Parts<'_>,
    weights: &mut [f32],
    penalty: Penalty,
    room: &mut Room,
    sums: &mut Sums,
) -> Result<()> {
    let (k, width) = (parts.parts.rows(), rows.rows());
    product_transposed(parts.parts.view(), rows, &mut room.along[..k * width], Threads::One);
    squares(parts, weights, width, penalty, room, sums)?;
    product(MatrixView::new(k, width, &room.turned[..k * width])?, rows, &mut room.image, Threads::One);
    sums.images.iter_mut().zip(&room.image).for_each(|(sum, &part)| *sum += f64::from(part));
    Ok(())
}

/// Bound: 4·k flops a cell, and the parts of its column.
fn squares_sparse(
    rows: SparseRows<'_>,
    parts: &Parts<'_>,
    weights: &mut [f32],
    penalty: Penalty,
    room: &mut Room,
    sums: &mut Sums,
) -> Result<()> {
    let (k, d, width) = (parts.parts.rows(), parts.parts.cols(), rows.rows());
    let Some(by_column) = &parts.by_column else { return Ok(()) };
    let mut along = vec![0.0_f32; k];
    for row in 0..width {
        along.fill(0.0);
        let (columns, values) = rows.row(row);
        for (&column, &value) in columns.iter().zip(values) {
            along.iter_mut().zip(by_column.row(column as usize)).for_each(|(sum, &part)| *sum += value * part);
        }
        along.iter().enumerate().for_each(|(part, &sum)| room.along[part * width + row] = sum);
    }
    squares(parts, weights, width, penalty, room, sums)?;
    for (row, weights) in weights.chunks_exact(k).enumerate() {
        let (columns, values) = rows.row(row);
        for (part, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            let image = &mut sums.images[part * d..][..d];
            columns.iter().zip(values).for_each(|(&column, &value)| image[column as usize] += f64::from(weight * value));
        }
    }
    Ok(())
}

/// The divergence of a cell x from a sum of parts s, without the constant of x: s - x log s.
fn apart(x: f32, sum: f32) -> f64 {
    f64::from(sum) - if x > 0.0 { f64::from(x) * f64::from(sum).ln() } else { 0.0 }
}

/// Bound: 8·d·k flops a row.
fn divergence_dense(
    rows: MatrixView<'_>,
    parts: &Parts<'_>,
    weights: &mut [f32],
    penalty: Penalty,
    room: &mut Room,
    sums: &mut Sums,
) -> Result<()> {
    let (k, d, width) = (parts.parts.rows(), parts.parts.cols(), rows.rows());
    let mut along = vec![0.0_f32; width * k];
    for sweep in 0..2 {
        let made = &mut room.made[..width * d];
        product(MatrixView::new(width, k, weights)?, parts.parts.view(), made, Threads::One);
        for (made, &cell) in made.iter_mut().zip(rows.as_slice()) {
            *made = if cell > 0.0 { cell / made.max(LEAST) } else { 0.0 };
        }
        if sweep == 1 {
            break;
        }
        product_transposed(MatrixView::new(width, d, made)?, parts.parts.view(), &mut along, Threads::One);
        multiply(weights, &along, &parts.totals, penalty);
    }
    // The ratios are those of the new weights.
    let turned = &mut room.turned[..k * width];
    transpose(weights, width, k, turned);
    let made = &room.made[..width * d];
    product(MatrixView::new(k, width, turned)?, MatrixView::new(width, d, made)?, &mut room.image, Threads::One);
    sums.images.iter_mut().zip(&room.image).for_each(|(sum, &part)| *sum += f64::from(part));
    for (&x, &ratio) in rows.as_slice().iter().zip(made).filter(|(x, _)| **x > 0.0) {
        sums.loss -= f64::from(x) * f64::from(x / ratio).ln();
    }
    sums.loss += weights.chunks_exact(k).map(|row| dot(row, &parts.totals)).sum::<f64>();
    Ok(())
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// The multiplicative update of weights, `[rows, k]`.
fn multiply(weights: &mut [f32], along: &[f32], totals: &[f32], penalty: Penalty) {
    let k = totals.len();
    for (weights, along) in weights.chunks_exact_mut(k).zip(along.chunks_exact(k)) {
        for ((weight, along), total) in weights.iter_mut().zip(along).zip(totals) {
            *weight *= along / (total + penalty.l1 + penalty.l2 * *weight).max(LEAST);
        }
    }
}

/// Bound: 8·k flops a cell, and the parts of its column.
fn divergence_sparse(rows: SparseRows<'_>, parts: &Parts<'_>, weights: &mut [f32], penalty: Penalty, sums: &mut Sums) {
    let (k, d) = (parts.parts.rows(), parts.parts.cols());
    let Some(by_column) = &parts.by_column else { return };
    let mut along = vec![0.0_f32; k];
    for (row, weights) in weights.chunks_exact_mut(k).enumerate() {
        let (columns, values) = rows.row(row);
        let sum = |weights: &[f32], column: u32| dot(weights, by_column.row(column as usize)) as f32;
        along.fill(0.0);
        for (&column, &value) in columns.iter().zip(values) {
            let ratio = value / sum(weights, column).max(LEAST);
            along.iter_mut().zip(by_column.row(column as usize)).for_each(|(sum, &part)| *sum += ratio * part);
        }
        multiply(weights, &along, &parts.totals, penalty);
        for (&column, &value) in columns.iter().zip(values) {
            let sum = sum(weights, column).max(LEAST);
            let ratio = value / sum;
            weights.iter().enumerate().for_each(|(part, &weight)| sums.images[part * d + column as usize] += f64::from(weight * ratio));
            sums.loss += apart(value, sum) - f64::from(sum);
        }
        sums.loss += dot(weights, &parts.totals);
    }
}
