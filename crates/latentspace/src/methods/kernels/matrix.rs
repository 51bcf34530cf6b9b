//! The kernel matrix of all rows, tile by tile: its centered eigenvectors, without the matrix in one piece or in 64 bits.

use std::ops::Range;

use faer::{Mat, MatRef};

use super::lanes::{Lane, PANEL, ROWS, TILE, both_ways, four_times, line_sums};
use super::lens::{Lens, Seen};
use crate::error::Result;
use crate::linalg::{Fresh, Krylov, MatrixView, Tolerance, symmetric_eigen};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;

/// Groups of tiles whose sums are added up in order, whatever thread has which.
const GROUPS: usize = 16;
/// The same, for the making of tiles, which takes longer.
const SHARES: usize = 64;
/// Residuals of eigenvectors, in parts of their eigenvalues.
const RESIDUAL: f64 = 1e-6;
/// Blocks of the Krylov space at most, beyond those that many components take.
const STEPS: usize = 60;
/// Up to so many rows, all eigenvalues are computed where the Krylov space gives none.
const SMALL: usize = 1500;
/// An eigenvalue below this part of the matrix's trace is rounding: kernel values have 32 bits.
const NOTHING: f64 = 1e-7;

/// Where the tiles are.
enum Tiles<'a> {
    /// On and above the diagonal, in memory, one after another: 2 n² bytes.
    Kept(Fresh),
    /// In a matrix that was given.
    Given(MatrixView<'a>),
    /// Computed whenever they are needed, where memory does not hold them.
    Made,
}

/// A symmetric kernel matrix.
pub(super) struct KernelMatrix<'a> {
    n: usize,
    lens: &'a Lens,
    seen: &'a Seen,
    tiles: Tiles<'a>,
    /// The sum of the diagonal, in the lens's unit.
    pub(super) trace: f64,
    /// `[n]`: the mean of each row, in the lens's unit.
    pub(super) means: Vec<f64>,
}

/// The leading eigenvectors of a centered kernel matrix.
pub(super) struct Components {
    /// `[k]`, descending, in the lens's unit; 0 where nothing but rounding is left.
    pub(super) values: Vec<f64>,
    /// `[k, n]`: unit vectors, the entry of largest magnitude positive.
    pub(super) vectors: Vec<f64>,
    /// How many blocks of products were computed.
    pub(super) steps: usize,
    /// The largest residual in parts of its eigenvalue, if it is above the tolerance.
    pub(super) gap: Option<f64>,
}

/// Negative eigenvalues of a centered kernel matrix.
pub(super) struct Negative {
    /// The sum of their magnitudes, in the lens's unit.
    pub(super) sum: f64,
    /// Whether all were found; else the largest few.
    pub(super) all: bool,
}

/// Bytes of the tiles of `n` rows.
pub(super) fn tile_bytes(n: usize) -> u64 {
    let blocks = n.div_ceil(TILE);
    (blocks * (blocks + 1) / 2 * TILE * TILE * 4) as u64
}

/// Bytes of the vectors that are multiplied, of their sums, and of the Krylov space of so many components.
pub(super) fn vector_bytes(n: usize, k: usize) -> u64 {
    if is_whole(n, k) {
        return 5 * 8 * (n * n) as u64;
    }
    (8 * n * (PANEL * (GROUPS + 4) + 2 * (4 * k + 6 * PANEL))) as u64
}

/// Blocks of products that so many components usually take.
pub(super) fn usual_steps(k: usize) -> usize {
    (4 * k + PANEL).div_ceil(PANEL) + 4
}

/// Whether so few rows are decomposed whole.
pub(super) fn is_whole(n: usize, k: usize) -> bool {
    n < 8 * (k + PANEL)
}

impl<'a> KernelMatrix<'a> {
    /// The kernel matrix of rows seen through a lens; `keep`: tiles stay in memory.
    ///
    /// # Errors
    /// As [`Lens::tile`]; [`crate::Error::Cancelled`].
    pub(super) fn new(lens: &'a Lens, seen: &'a Seen, n: usize, keep: bool, run: &Run) -> Result<Self> {
        let mut matrix = KernelMatrix { n, lens, seen, tiles: Tiles::Made, trace: 0.0, means: Vec::new() };
        if keep {
            let (count, each) = (matrix.count(), matrix.each());
            let mut tiles = Fresh::new(count, TILE * TILE)?;
            let make = |(share, tiles): (usize, &mut [f32])| {
                let (mut sums, mut wide) = (vec![0.0; n], Vec::new());
                for (at, out) in tiles.chunks_exact_mut(TILE * TILE).enumerate() {
                    run.check()?;
                    let tile = share * each + at;
                    run.progress("kernel", tile as u64, count as u64);
                    matrix.make(tile, &mut wide, out)?;
                    matrix.add_lines(tile, out, matrix.place(tile)[1].len(), &mut sums);
                }
                Ok(sums)
            };
            let shares = tiles.par_chunks_mut(each * TILE * TILE).enumerate().map(make).collect::<Result<_>>()?;
            (matrix.tiles, matrix.means) = (Tiles::Kept(tiles), mean_of(shares, n));
        } else {
            matrix.means = matrix.means_of_tiles(run)?;
        }
        matrix.trace = matrix.diagonal(run)?;
        Ok(matrix)
    }

    /// A kernel matrix that was given.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub(super) fn given(lens: &'a Lens, seen: &'a Seen, values: MatrixView<'a>, run: &Run) -> Result<Self> {
        let mut matrix = KernelMatrix { n: values.rows(), lens, seen, tiles: Tiles::Given(values), trace: 0.0, means: Vec::new() };
        matrix.means = matrix.means_of_tiles(run)?;
        matrix.trace = matrix.diagonal(run)?;
        Ok(matrix)
    }

    fn blocks(&self) -> usize {
        self.n.div_ceil(TILE)
    }

    /// Number of tiles on and above the diagonal.
    fn count(&self) -> usize {
        self.blocks() * (self.blocks() + 1) / 2
    }

    /// Number of tiles of a share.
    fn each(&self) -> usize {
        self.count().div_ceil(SHARES).max(1)
    }

    /// The rows and columns of a tile: along each row of tiles, from the diagonal on.
    fn place(&self, tile: usize) -> [Range<usize>; 2] {
        let (mut row, mut left) = (0, tile);
        while left >= self.blocks() - row {
            left -= self.blocks() - row;
            row += 1;
        }
        [row, row + left].map(|block| block * TILE..((block + 1) * TILE).min(self.n))
    }

    /// Computes a tile; a row's Gaussian kernel with itself is 1, without rounding.
    fn make(&self, tile: usize, wide: &mut Vec<f64>, out: &mut [f32]) -> Result<()> {
        let [rows, columns] = self.place(tile);
        let out = &mut out[..rows.len() * columns.len()];
        self.lens.tile(self.seen, rows.clone(), self.seen, columns.clone(), wide, out)?;
        if rows == columns && self.lens.kernel.kernel == super::KernelKind::Rbf {
            (0..rows.len()).for_each(|at| out[at * (rows.len() + 1)] = 1.0);
        }
        Ok(())
    }

    /// Calls `work` with a tile's cells and the distance from one of its rows to the next.
    fn with<T>(&self, tile: usize, room: &mut (Vec<f64>, Vec<f32>), work: impl FnOnce(&[f32], usize) -> T) -> Result<T> {
        let [rows, columns] = self.place(tile);
        Ok(match &self.tiles {
            Tiles::Kept(tiles) => work(&tiles[tile * TILE * TILE..][..TILE * TILE], columns.len()),
            Tiles::Given(values) => work(&values.as_slice()[rows.start * self.n + columns.start..], self.n),
            Tiles::Made => {
                room.1.resize(TILE * TILE, 0.0);
                self.make(tile, &mut room.0, &mut room.1)?;
                work(&room.1, columns.len())
            }
        })
    }

    fn diagonal(&self, run: &Run) -> Result<f64> {
        let tiles: Vec<usize> = (0..self.count()).filter(|&tile| self.place(tile)[0] == self.place(tile)[1]).collect();
        let sum = |&tile: &usize| {
            run.check()?;
            let size = self.place(tile)[0].len();
            self.with(tile, &mut Default::default(), |cells, stride| (0..size).map(|at| f64::from(cells[at * (stride + 1)])).sum::<f64>())
        };
        Ok(tiles.par_iter().map(sum).collect::<Result<Vec<f64>>>()?.iter().sum())
    }

    /// The product with a panel of vectors. Each kernel value is read once, for its row and its column. Bound: 8 n² fused operations, or
    /// the 2 n² bytes of the tiles.
    fn times(&self, panel: &[Lane], run: &Run) -> Result<Vec<Lane>> {
        let (n, count) = (self.n, self.count());
        let share = |group: usize| {
            let tiles = group * count / GROUPS..(group + 1) * count / GROUPS;
            // The first tile has the first row; no row before it has a tile here.
            let first = if tiles.is_empty() { n } else { self.place(tiles.start)[0].start };
            let (mut sums, mut room) = (vec![[0.0; PANEL]; n - first], Default::default());
            for tile in tiles {
                run.check()?;
                let [rows, columns] = self.place(tile).map(|range| range.start - first..range.end - first);
                self.with(tile, &mut room, |cells, stride| add(cells, stride, rows, columns, &panel[first..], &mut sums))?;
            }
            Ok((first, sums))
        };
        let shares = (0..GROUPS).into_par_iter().map(share).collect::<Result<Vec<(usize, Vec<Lane>)>>>()?;
        let mut all = vec![[0.0; PANEL]; n];
        all.par_chunks_mut(TILE).enumerate().for_each(|(block, all)| {
            for (first, share) in shares.iter().filter(|(first, _)| *first <= block * TILE) {
                for (sum, part) in all.iter_mut().zip(&share[block * TILE - first..]) {
                    sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
                }
            }
        });
        Ok(all)
    }

    /// Adds the sums of a tile's rows, and beyond the diagonal of its columns.
    fn add_lines(&self, tile: usize, cells: &[f32], stride: usize, sums: &mut [f64]) {
        let [rows, columns] = self.place(tile);
        let (mut across, mut down) = ([0.0; TILE], [0.0; TILE]);
        line_sums(cells, stride, &mut across[..rows.len()], &mut down[..columns.len()]);
        sums[rows.clone()].iter_mut().zip(across).for_each(|(sum, part)| *sum += part);
        if rows != columns {
            sums[columns].iter_mut().zip(down).for_each(|(sum, part)| *sum += part);
        }
    }

    fn means_of_tiles(&self, run: &Run) -> Result<Vec<f64>> {
        let (count, each) = (self.count(), self.each());
        let share = |share: usize| {
            let (mut sums, mut room) = (vec![0.0; self.n], Default::default());
            for tile in (share * each).min(count)..((share + 1) * each).min(count) {
                run.check()?;
                self.with(tile, &mut room, |cells, stride| self.add_lines(tile, cells, stride, &mut sums))?;
            }
            Ok(sums)
        };
        Ok(mean_of((0..SHARES).into_par_iter().map(share).collect::<Result<_>>()?, self.n))
    }

    /// The whole matrix, `[n, n]`.
    ///
    /// # Errors
    /// As [`Lens::tile`]; [`crate::Error::Cancelled`].
    pub(super) fn whole(&self, run: &Run) -> Result<Vec<f64>> {
        let n = self.n;
        let (mut out, mut room) = (vec![0.0; n * n], Default::default());
        for tile in 0..self.count() {
            run.check()?;
            let [rows, columns] = self.place(tile);
            self.with(tile, &mut room, |cells, stride| {
                for (at, i) in rows.enumerate() {
                    for (j, &cell) in columns.clone().zip(&cells[at * stride..]) {
                        (out[i * n + j], out[j * n + i]) = (f64::from(cell), f64::from(cell));
                    }
                }
            })?;
        }
        Ok(out)
    }

    /// The whole matrix, centered.
    fn whole_centered(&self, run: &Run) -> Result<Vec<f64>> {
        let mean = self.means.iter().sum::<f64>() / self.n as f64;
        let mut whole = self.whole(run)?;
        for (row, own) in whole.chunks_exact_mut(self.n).zip(&self.means) {
            row.iter_mut().zip(&self.means).for_each(|(cell, other)| *cell += mean - own - other);
        }
        Ok(whole)
    }

    /// The product of the centered matrix with a block of vectors, times `sign`.
    fn centered(&self, vectors: MatRef<'_, f64>, sign: f64, run: &Run) -> Result<Mat<f64>> {
        let mut panel = vec![[0.0; PANEL]; self.n];
        for (row, lane) in panel.iter_mut().enumerate() {
            lane.iter_mut().enumerate().for_each(|(at, value)| *value = vectors[(row, at)]);
        }
        center(&mut panel);
        let mut image = self.times(&panel, run)?;
        center(&mut image);
        Ok(Mat::from_fn(self.n, PANEL, |row, at| sign * image[row][at]))
    }

    /// Where the eigenvectors are sought from, `[n, PANEL]`: the centered product with random numbers for a sample of rows. A first step
    /// from random numbers for all rows would give about as much, for the cost of the whole matrix.
    fn start(&self, run: &Run) -> Result<Mat<f64>> {
        let n = self.n;
        let sample = Random::new(0, "kernel start").sample(0, n, TILE);
        let random = Random::new(0, "krylov start");
        let weights: Vec<Lane> = sample.iter().map(|&row| std::array::from_fn(|at| random.normal(at as u64, u64::from(row)))).collect();
        let (some, m) = (self.seen.select(&sample), sample.len());
        let mut out = vec![[0.0; PANEL]; n];
        let block = |(block, out): (usize, &mut [Lane])| {
            run.check()?;
            let (rows, mut cells, mut wide) = (block * TILE..block * TILE + out.len(), vec![0.0_f32; TILE * m], Vec::new());
            let cells = &mut cells[..out.len() * m];
            match &self.tiles {
                Tiles::Given(values) => {
                    for (row, cells) in rows.zip(cells.chunks_exact_mut(m)) {
                        cells.iter_mut().zip(&sample).for_each(|(cell, &other)| *cell = values.row(row)[other as usize]);
                    }
                }
                _ => self.lens.tile(self.seen, rows, &some, 0..m, &mut wide, cells)?,
            }
            let row = |at: usize| &cells[at * m..][..m];
            for (at, out) in out.chunks_mut(4).enumerate() {
                // Rows beyond the last are it again, and their sums are not used.
                let last = cells.len() / m - 1;
                let mut own = [[0.0; PANEL]; 4];
                four_times(std::array::from_fn(|i| row((4 * at + i).min(last))), &weights, &mut own);
                out.copy_from_slice(&own[..out.len()]);
            }
            Ok(())
        };
        out.par_chunks_mut(TILE).enumerate().try_for_each(block)?;
        center(&mut out);
        Ok(Mat::from_fn(n, PANEL, |row, at| out[row][at]))
    }

    /// The `k` largest eigenvalues of the centered matrix and their vectors. Few of many by block Lanczos; otherwise the whole matrix is
    /// decomposed.
    ///
    /// # Errors
    /// As [`KernelMatrix::whole`].
    pub(super) fn components(&self, k: usize, run: &Run) -> Result<Components> {
        let n = self.n;
        let most = (n / 2 / PANEL).min(STEPS + 3 * k / 4).max(1);
        let (eigen, steps, gap) = if is_whole(n, k) {
            (symmetric_eigen(&self.whole_centered(run)?, n, k, || run.check())?, 1, None)
        } else {
            let mut krylov = Krylov::from(&self.start(run)?, k, most)?;
            let found = loop {
                run.progress("eigenvectors", (krylov.size() / PANEL) as u64, usual_steps(k) as u64);
                let image = self.centered(krylov.next(), 1.0, run)?;
                if let Some(found) = krylov.advance(image, Tolerance::OfEach(RESIDUAL))? {
                    break found;
                }
            };
            match found {
                (eigen, true) => (eigen, krylov.size() / PANEL, None),
                // What is no more than rounding need not converge.
                (_, false) if n <= SMALL => (symmetric_eigen(&self.whole_centered(run)?, n, k, || run.check())?, 1, None),
                (eigen, false) => {
                    let gap = self.gap(&eigen.values, &eigen.vectors, run)?;
                    (eigen, most, Some(gap).filter(|gap| *gap > RESIDUAL))
                }
            }
        };
        let least = NOTHING * self.trace.abs();
        let values = eigen.values.iter().map(|&value| if value > least { value } else { 0.0 }).collect();
        Ok(Components { values, vectors: eigen.vectors, steps, gap })
    }

    /// The largest residual |K v - λ v| in parts of its eigenvalue, of those that are more than rounding.
    fn gap(&self, values: &[f64], vectors: &[f64], run: &Run) -> Result<f64> {
        let (n, mut largest) = (self.n, 0.0_f64);
        for (values, vectors) in values.chunks(PANEL).zip(vectors.chunks(PANEL * n)) {
            let block = Mat::from_fn(n, PANEL, |row, at| if at < values.len() { vectors[at * n + row] } else { 0.0 });
            let image = self.centered(block.as_ref(), 1.0, run)?;
            for (at, &value) in values.iter().enumerate().filter(|(_, value)| **value > NOTHING * self.trace) {
                let residual = (0..n).map(|row| (image[(row, at)] - value * block[(row, at)]).powi(2)).sum::<f64>().sqrt();
                largest = largest.max(residual / value);
            }
        }
        Ok(largest)
    }

    /// The negative eigenvalues of the centered matrix: all of few rows, else the largest few by magnitude.
    ///
    /// # Errors
    /// As [`KernelMatrix::whole`].
    pub(super) fn negative(&self, run: &Run) -> Result<Negative> {
        let n = self.n;
        let least = NOTHING * self.trace.abs();
        let sum = |values: &[f64]| values.iter().filter(|value| **value > least).sum::<f64>();
        if n <= SMALL {
            let mut whole = self.whole_centered(run)?;
            whole.iter_mut().for_each(|cell| *cell = -*cell);
            return Ok(Negative { sum: sum(&symmetric_eigen(&whole, n, n, || run.check())?.values), all: true });
        }
        let mut krylov = Krylov::new(n, PANEL, PANEL, STEPS)?;
        let eigen = loop {
            if let Some((eigen, _)) = krylov.advance(self.centered(krylov.next(), -1.0, run)?, Tolerance::OfLargest(1e-3))? {
                break eigen;
            }
        };
        Ok(Negative { sum: sum(&eigen.values), all: false })
    }
}

/// Subtracts the mean of each vector of a panel.
fn center(panel: &mut [Lane]) {
    let mut mean = [0.0; PANEL];
    panel.iter().for_each(|lane| mean.iter_mut().zip(lane).for_each(|(mean, value)| *mean += value / panel.len() as f64));
    panel.iter_mut().for_each(|lane| lane.iter_mut().zip(mean).for_each(|(value, mean)| *value -= mean));
}

/// The mean of each of `n` rows, of the sums of shares, added up in order.
fn mean_of(shares: Vec<Vec<f64>>, n: usize) -> Vec<f64> {
    let mut means = vec![0.0; n];
    shares.iter().for_each(|sums| means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean += sum));
    means.iter_mut().for_each(|mean| *mean /= n as f64);
    means
}

/// Adds what a tile contributes to the product with a panel: its rows, and beyond the diagonal its columns.
fn add(cells: &[f32], stride: usize, rows: Range<usize>, columns: Range<usize>, panel: &[Lane], sums: &mut [Lane]) {
    let width = columns.len();
    let row = |at: usize| &cells[at * stride..][..width];
    if rows == columns {
        // Rows beyond the last are it again, and their sums are not used.
        for from in (0..width).step_by(4) {
            let mut own = [[0.0; PANEL]; 4];
            four_times(std::array::from_fn(|at| row((from + at).min(width - 1))), &panel[columns.clone()], &mut own);
            for (sum, own) in sums[rows.start + from..rows.end].iter_mut().zip(own) {
                sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
        }
        return;
    }
    // Only the last tile of a row of tiles is narrower, and none beyond the diagonal lower: its rows come in whole groups.
    let (above, below) = sums.split_at_mut(columns.start);
    let (right, below) = (&panel[columns], &mut below[..width]);
    for (at, above) in above[rows.clone()].as_chunks_mut().0.iter_mut().enumerate() {
        let left = std::array::from_fn(|i| panel[rows.start + at * ROWS + i]);
        both_ways(std::array::from_fn(|i| row(at * ROWS + i)), right, &left, above, below);
    }
}
