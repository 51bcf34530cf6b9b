//! Comparison of two spaces of the same rows: CKA, CCA, Procrustes, shared neighbors, distance correlation. All are invariant to rotation.

use crate::parallel::*;
use serde::Serialize;

use super::canonical::Canonical;
use super::structure::{asked, places, shared};
use super::{Measure, Sample, Sentence, pairs, summary};
use crate::error::{Error, Result};
use crate::linalg::{Centered, Matrix, MatrixView, Threads, product_transposed, thin_svd};
use crate::neighbors::{Metric, Points, check_finite, neighbors};
use crate::random::Random;
use crate::run::Run;

/// Options of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompareOptions {
    /// Number of neighbors per row.
    pub k: usize,
    /// The rows whose neighbors are compared.
    pub sample: Sample,
    /// Whether to compute the displacement and the kept neighbors of every row; then all rows are compared.
    pub every_row: bool,
}

/// The similarity of two spaces of the same rows. Each figure is symmetric in the spaces.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Comparison {
    /// Linear centered kernel alignment (CKA): from 0 to 1, where the inner products of rows are equal up to a factor. It is invariant to
    /// rotation. Source: Kornblith and others 2019 (ICML, arXiv:1905.00414). Its null is the exact mean over all orders of the rows.
    pub cka: Measure,
    /// Mean canonical correlation (CCA): from 0 to 1, where each space is an invertible linear map of the other. It is invariant to all
    /// invertible linear maps. Source: Hotelling 1936, doi:10.1093/biomet/28.3-4.321. Its null is that of rows in random order.
    pub cca: Measure,
    /// The canonical correlations, largest first: the correlations of the best matching directions, as many as the space of fewer dimensions
    /// has without collinear ones. Their intervals take the rows as a sample; their nulls are those of rows in random order.
    pub canonical_correlations: Vec<Measure>,
    /// Procrustes residual after one space is translated, rotated, reflected and scaled onto the other, from 0: the mean squared displacement
    /// of a row, relative to the squared radius. Source: Gower 1975, doi:10.1007/BF02291478. Its null is that of rows in random
    /// order.
    pub procrustes: Measure,
    /// The share of the k nearest neighbors of a row that both spaces have.
    pub neighbors_shared: Measure,
    /// Spearman's rank correlation of the distances of pairs of rows.
    pub distance_correlation: Measure,
    /// Number of neighbors per row.
    pub k: usize,
    /// Number of rows whose neighbors were compared.
    pub rows_asked: usize,
    /// Displacement of each row after the second space is aligned with the first, in units of the first one's radius (the root of the
    /// mean squared distance from its mean), `[n]`; empty unless requested.
    #[serde(skip)]
    pub moved: Vec<f32>,
    /// The share of each row's neighbors that both spaces have, `[n]`; empty unless requested.
    #[serde(skip)]
    pub kept: Vec<f32>,
}

impl Comparison {
    /// The measures by name.
    pub fn named(&self) -> Vec<(&'static str, Measure)> {
        vec![
            ("cka", self.cka),
            ("cca", self.cca),
            ("procrustes", self.procrustes),
            ("neighbors_shared", self.neighbors_shared),
            ("distance_correlation", self.distance_correlation),
        ]
    }

    /// Interprets the measures in sentences, the most important first.
    pub fn sentences(&self) -> Vec<String> {
        self.interpret().iter().map(Sentence::to_string).collect()
    }

    /// Interprets the measures, the most important first; notes and warnings are told apart.
    pub fn interpret(&self) -> Vec<Sentence> {
        let (shared, left, far) = (self.neighbors_shared.value, self.procrustes.value, self.distance_correlation.value);
        let of_k = |share: f64| match share * self.k as f64 {
            ..0.05 => "almost none".to_owned(),
            count => format!("{count:.1}"),
        };
        let mut out = vec![format!(
            "Of the {} nearest neighbors of a row, {} are the same in both (rows in random order: {}).",
            self.k,
            of_k(shared),
            of_k(self.neighbors_shared.null.unwrap_or(0.0))
        )];
        out.push(match left {
            ..0.05 => format!("After alignment (Procrustes) they are nearly equal: {:.1} % of the spread does not line up.", 100.0 * left),
            ..0.5 => format!("After alignment (Procrustes) they agree roughly: {:.0} % of the spread does not line up.", 100.0 * left),
            _ => format!("After alignment (Procrustes) most rows are elsewhere: {:.0} % of the spread does not line up.", 100.0 * left),
        });
        let null = self.cca.null.unwrap_or(0.0);
        out.push(match self.cca.value {
            _ if null > 0.99 => format!("There are too few rows for CCA: rows in random order have a mean correlation of {null:.2}, too."),
            value if value > 0.999 => {
                format!("One is nearly a linear map of the other (CCA): the mean canonical correlation is {value:.4}.")
            }
            value => format!("The mean canonical correlation (CCA) is {value:.2} (rows in random order: {null:.2})."),
        });
        if shared > 0.3 && left > 0.3 {
            out.push("Neighborhoods agree, but their positions do not: compare groups, not positions.".to_owned());
        } else if shared < 0.1 && far > 0.7 {
            out.push("Long distances agree, but neighborhoods do not.".to_owned());
        }
        out.into_iter().map(Sentence::note).collect()
    }
}

/// Number of random orders of the rows for the nulls of Procrustes and CCA.
const ORDERS: u64 = 3;
/// Rows per block of the sums, which depend on nothing else.
const BLOCK: usize = 1024;
/// Blocks in flight.
const BLOCKS: usize = 8;
/// Directions with a covariance below this part of the largest are not aligned: it is rounding error of f32.
const COMMON: f64 = 1e-6;

/// Compares two spaces, `[n, a]` and `[n, b]`, of the same rows. Cost: 4·n·(a + b)² multiply-adds, and the neighbors of the sampled rows.
///
/// # Errors
/// [`Error::Input`] if the rows differ in number, are fewer than 3 or all equal, or a cell is not finite; [`Error::Param`] if k is not
/// less than the rows; [`Error::Memory`]; [`Error::Cancelled`].
pub fn compare(first: MatrixView<'_>, second: MatrixView<'_>, options: &CompareOptions, run: &Run) -> Result<Comparison> {
    run.install(|| {
        check(first, second, options)?;
        compared(first, second, options, run)
    })
}

fn check(first: MatrixView<'_>, second: MatrixView<'_>, options: &CompareOptions) -> Result<()> {
    check_finite("the first space", first)?;
    check_finite("the second space", second)?;
    let n = first.rows();
    if n != second.rows() {
        return Err(Error::input("the second space", format!("{} rows", second.rows()), format!("the first one has {n}")));
    }
    if n < 3 {
        return Err(Error::input("the spaces", format!("{n} rows"), "at least 3 are needed to compare them"));
    }
    if options.k == 0 || options.k >= n {
        return Err(Error::param("k", options.k, format!("for {n} rows it is 1 to {}", n - 1)));
    }
    Ok(())
}

fn compared(first: MatrixView<'_>, second: MatrixView<'_>, options: &CompareOptions, run: &Run) -> Result<Comparison> {
    let (n, k) = (first.rows(), options.k);
    let columns = (first.cols() + second.cols()) as u64;
    let blocks = (BLOCKS as u64).min(run.threads() as u64);
    run.check_memory("comparing spaces", (32 + 12 * blocks) * columns * columns, "fewer columns: PCA first")?;
    run.progress("comparison", 0, 3);
    let (a, b) = (Centered::of(first, run)?, Centered::of(second, run)?);
    let (own_a, own_b) = (Products::of(&a, &a, None, run)?, Products::of(&b, &b, None, run)?);
    for (name, own) in [("the first space", &own_a), ("the second space", &own_b)] {
        if own.trace() == 0.0 {
            return Err(Error::input(name, "all rows are alike", "they must differ to be compared"));
        }
    }
    let both = Products::of(&a, &b, None, run)?;
    let sizes = (own_a.squares() * own_b.squares()).sqrt();
    let of_orders = own_a.trace() * own_b.trace() / (n - 1) as f64 / sizes;
    let cka = Measure::exact((both.squares() / sizes).min(1.0), Some(of_orders.min(1.0)));
    run.progress("comparison", 1, 3);

    let spreads = own_a.trace() * own_b.trace();
    let left = |common: f64| (1.0 - common * common / spreads).clamp(0.0, 1.0);
    let turn = both.common()?;
    let random = Random::new(run.seed(), "comparison orders");
    let canonical = Canonical::of(&a, &b, run)?;
    let (mut null, mut nulls) = (0.0, Vec::new());
    for order in 0..ORDERS {
        let order = random.permutation(order, n);
        let reordered = Products::of(&a, &b, Some(&order), run)?;
        null += left(reordered.common()?.sum()) / ORDERS as f64;
        nulls.push(canonical.reordered(&reordered.cells)?);
    }
    let (cca, canonical_correlations) = canonical.measures(&nulls);
    let procrustes = Measure::exact(left(turn.sum()), Some(null));
    let moved = if options.every_row { turn.moved(&a, &b, own_a.trace(), own_b.trace(), run)? } else { Vec::new() };
    run.progress("comparison", 2, 3);

    let rows = asked(n, if options.every_row { Sample::All } else { options.sample }, run);
    let (near_a, near_b) = (nearest(first, &rows, options, run)?, nearest(second, &rows, options, run)?);
    let kept: Vec<f64> = near_a.iter().zip(&near_b).map(|(a, b)| shared(a, b)).collect();
    let neighbors_shared = summary(&kept, n, k as f64 / (n - 1) as f64);
    let distance_correlation = pairs::distance_correlation(first, &Points::Dense(second), Metric::Euclidean, run)?;
    run.progress("comparison", 3, 3);
    let kept = if options.every_row { kept.into_iter().map(|share| share as f32).collect() } else { Vec::new() };
    let rows_asked = rows.len();
    Ok(Comparison { cka, cca, canonical_correlations, procrustes, neighbors_shared, distance_correlation, k, rows_asked, moved, kept })
}

/// The nearest neighbors of sampled rows. In few dimensions, those of all rows take less time than those of a sample one by one.
fn nearest(space: MatrixView<'_>, rows: &[u32], options: &CompareOptions, run: &Run) -> Result<Vec<Vec<u32>>> {
    if options.every_row || space.cols() <= 3 {
        let all = neighbors(space, options.k, Metric::Euclidean, run)?;
        return Ok(rows.iter().map(|&row| all.row(row as usize).0.to_vec()).collect());
    }
    let ranked = places(&Points::Dense(space), rows, &[], options.k, Metric::Euclidean, run)?;
    Ok(ranked.into_iter().map(|row| super::structure::names(&row.nearest)).collect())
}

/// The cross-product matrix of the columns, summed over all rows, `[a, b]`.
struct Products {
    a: usize,
    b: usize,
    cells: Vec<f64>,
}

impl Products {
    /// Of two spaces; with an order, the rows of the second are permuted.
    fn of(first: &Centered<'_>, second: &Centered<'_>, order: Option<&[u32]>, run: &Run) -> Result<Self> {
        let (n, a, b) = (first.rows(), first.cols(), second.cols());
        let block = |&from: &usize| {
            run.check()?;
            let rows = from..n.min(from + BLOCK);
            let of_first = columns(first, rows.clone())?;
            let of_second = columns(second, rows.map(|row| order.map_or(row, |order| order[row] as usize)))?;
            let mut out = vec![0.0_f32; a * b];
            product_transposed(of_first.view(), of_second.view(), &mut out, Threads::One);
            Ok(out)
        };
        let mut cells = vec![0.0_f64; a * b];
        for starts in (0..n).step_by(BLOCK).collect::<Vec<_>>().chunks(BLOCKS) {
            let blocks: Vec<Vec<f32>> = starts.par_iter().map(block).collect::<Result<_>>()?;
            blocks.iter().for_each(|block| cells.iter_mut().zip(block).for_each(|(sum, &cell)| *sum += f64::from(cell)));
        }
        Ok(Products { a, b, cells })
    }

    /// The squared Frobenius norm of a space.
    fn trace(&self) -> f64 {
        self.cells.iter().step_by(self.b + 1).sum()
    }

    fn squares(&self) -> f64 {
        self.cells.iter().map(|cell| cell * cell).sum()
    }

    /// The singular vectors of the cross-product matrix.
    fn common(&self) -> Result<Turn> {
        let svd = thin_svd(&self.cells, self.a, self.b)?;
        let most = svd.values.first().copied().unwrap_or(0.0);
        let count = svd.values.iter().take_while(|&&value| value > COMMON * most).count();
        let of_second = svd.vectors[..count * self.b].to_vec();
        let of_first = (0..count).flat_map(|at| {
            let (direction, value) = (&of_second[at * self.b..][..self.b], svd.values[at]);
            self.cells
                .chunks_exact(self.b)
                .map(move |cells| cells.iter().zip(direction).map(|(cell, part)| cell * part).sum::<f64>() / value)
        });
        Ok(Turn { of_first: of_first.collect(), of_second, values: svd.values })
    }
}

/// Some rows as columns, `[columns, rows]`.
fn columns(space: &Centered<'_>, rows: impl ExactSizeIterator<Item = usize>) -> Result<Matrix> {
    let (count, d) = (rows.len(), space.cols());
    let (mut row, mut cells) = (vec![0.0; d], vec![0.0; d * count]);
    for (at, name) in rows.enumerate() {
        space.write(name, &mut row);
        row.iter().enumerate().for_each(|(column, &cell)| cells[column * count + at] = cell);
    }
    Matrix::new(d, count, cells)
}

/// Pairs of aligned directions of two spaces with their singular values, largest first: the rotation of one onto the other.
struct Turn {
    /// `[count, a]` and `[count, b]`.
    of_first: Vec<f64>,
    of_second: Vec<f64>,
    values: Vec<f64>,
}

impl Turn {
    fn sum(&self) -> f64 {
        self.values.iter().sum()
    }

    /// Displacement of each row, in units of the first space's radius. Further dimensions of the second space are orthogonal to all of the
    /// first.
    fn moved(&self, a: &Centered<'_>, b: &Centered<'_>, spread_a: f64, spread_b: f64, run: &Run) -> Result<Vec<f32>> {
        let (n, scale) = (a.rows(), self.sum() / spread_b);
        let radius = (spread_a / n as f64).sqrt();
        let mut moved = vec![0.0_f32; n];
        let begin = || (vec![0.0_f32; a.cols()], vec![0.0_f32; b.cols()], vec![0.0_f64; a.cols()], vec![0.0_f64; b.cols()]);
        moved.par_chunks_mut(BLOCK).enumerate().try_for_each_init(begin, |(row_a, row_b, rest_a, rest_b), (block, moved)| {
            run.check()?;
            for (at, moved) in moved.iter_mut().enumerate() {
                a.write(block * BLOCK + at, row_a);
                b.write(block * BLOCK + at, row_b);
                rest_a.iter_mut().zip(&*row_a).for_each(|(rest, &cell)| *rest = f64::from(cell));
                rest_b.iter_mut().zip(&*row_b).for_each(|(rest, &cell)| *rest = f64::from(cell));
                for (of_first, of_second) in self.of_first.chunks_exact(a.cols()).zip(self.of_second.chunks_exact(b.cols())) {
                    let part: f64 = row_b.iter().zip(of_second).map(|(&cell, direction)| f64::from(cell) * direction).sum();
                    rest_a.iter_mut().zip(of_first).for_each(|(rest, direction)| *rest -= scale * part * direction);
                    rest_b.iter_mut().zip(of_second).for_each(|(rest, direction)| *rest -= part * direction);
                }
                let square = |cells: &[f64]| cells.iter().map(|cell| cell * cell).sum::<f64>();
                *moved = ((square(rest_a) + scale * scale * square(rest_b)).sqrt() / radius) as f32;
            }
            Ok(())
        })?;
        Ok(moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(n: usize, d: usize, seed: u64) -> Matrix {
        let random = Random::new(seed, "rows");
        Matrix::from_fn(n, d, |i, j| random.normal(i as u64, j as u64) as f32)
    }

    /// With every row, so that nothing but the pairs is sampled.
    fn compare_all(a: &Matrix, b: &Matrix) -> Comparison {
        let options = CompareOptions { k: 15, sample: Sample::Auto, every_row: true };
        compare(a.view(), b.view(), &options, &Run::new(0, 2).unwrap()).unwrap()
    }

    #[test]
    fn a_space_that_was_turned_moved_mirrored_and_scaled_is_the_same() {
        let rows = normal(3000, 2, 1);
        let (sin, cos) = (0.6, 0.8);
        let turned = Matrix::from_fn(3000, 3, |i, j| {
            let [x, y] = [rows.row(i)[0], rows.row(i)[1]];
            [1000.0 + 5.0 * (cos * x - sin * y), -5.0 * (sin * x + cos * y), 3.0][j]
        });
        let found = compare_all(&rows, &turned);
        assert!(found.cka.value > 0.9999 && found.procrustes.value < 1e-4 && found.neighbors_shared.value > 0.98, "{found:?}");
        assert!(found.moved.iter().all(|&moved| moved < 1e-2) && found.distance_correlation.value > 0.9999);
        assert!(found.cca.value > 0.9999 && found.canonical_correlations.len() == 2 && found.cca.null.unwrap() < 0.06, "{found:?}");
        assert!(found.cka.null.unwrap() < 0.01 && found.procrustes.null.unwrap() > 0.99);
    }

    #[test]
    fn spaces_without_anything_in_common_score_as_their_nulls() {
        let found = compare_all(&normal(2000, 5, 2), &normal(2000, 8, 3));
        let near = |measure: Measure, off: f64| (measure.value - measure.null.unwrap()).abs() < off;
        assert!(near(found.cka, 0.002) && near(found.procrustes, 0.01) && near(found.cca, 0.02), "{found:?}");
        assert!(near(found.neighbors_shared, 0.002) && near(found.distance_correlation, 0.03), "{found:?}");
    }

    #[test]
    fn the_way_of_a_row_is_told_in_radii_and_the_squares_add_up() {
        let rows = normal(1500, 4, 4);
        // One row moves by 10, all others stay.
        let moved = Matrix::from_fn(1500, 4, |i, j| rows.row(i)[j] + if (i, j) == (700, 2) { 10.0 } else { 0.0 });
        let found = compare_all(&rows, &moved);
        let (row, far) = found.moved.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        // The radius of a standard normal cloud in 4 dimensions is 2.
        assert!(row == 700 && (far - 5.0).abs() < 0.3, "{row} {far}");
        assert!(found.kept[700] < 0.5 && found.neighbors_shared.value > 0.95);
        // In more dimensions, too, and whatever the columns are called.
        for other in [normal(1500, 7, 5), normal(1500, 2, 6)] {
            let found = compare_all(&rows, &other);
            let squares = found.moved.iter().map(|&moved| f64::from(moved).powi(2)).sum::<f64>() / 1500.0;
            assert!((squares - found.procrustes.value).abs() < 1e-3, "{squares} {:?}", found.procrustes);
            let exchanged = compare_all(&other, &rows);
            assert!(
                (exchanged.cka.value - found.cka.value).abs() < 1e-5 && (exchanged.procrustes.value - found.procrustes.value).abs() < 1e-5
            );
        }
    }

    #[test]
    fn a_sample_says_what_all_rows_say_within_its_interval() {
        let run = Run::new(0, 2).unwrap();
        let (rows, noise) = (normal(6000, 6, 7), normal(6000, 6, 8));
        let other = Matrix::from_fn(6000, 6, |i, j| rows.row(i)[j] + 0.3 * noise.row(i)[j]);
        let of = |every_row| compare(rows.view(), other.view(), &CompareOptions { k: 10, sample: Sample::Auto, every_row }, &run).unwrap();
        let (all, sampled) = (of(true), of(false));
        assert!(sampled.rows_asked == 1000 && sampled.moved.is_empty() && all.rows_asked == 6000 && all.kept.len() == 6000);
        let Measure { low, high, .. } = sampled.neighbors_shared;
        assert!(low < all.neighbors_shared.value && all.neighbors_shared.value < high, "{sampled:?} {all:?}");
        assert_eq!((all.cka, all.procrustes), (sampled.cka, sampled.procrustes));
        let one =
            compare(rows.view(), other.view(), &CompareOptions { k: 10, sample: Sample::Auto, every_row: true }, &Run::new(0, 1).unwrap());
        assert_eq!(one.unwrap().moved, all.moved);
    }

    #[test]
    fn what_cannot_be_compared_is_refused_in_a_sentence() {
        let run = Run::new(0, 1).unwrap();
        let options = CompareOptions { k: 5, sample: Sample::Auto, every_row: false };
        let refused = |a: &Matrix, b: &Matrix| compare(a.view(), b.view(), &options, &run).unwrap_err().to_string();
        let rows = normal(50, 3, 9);
        assert_eq!(refused(&rows, &normal(49, 3, 9)), "the second space: 49 rows; the first one has 50.");
        assert_eq!(
            refused(&rows, &Matrix::from_fn(50, 2, |_, _| 1.0)),
            "the second space: all rows are alike; they must differ to be compared."
        );
        assert_eq!(refused(&normal(4, 3, 1), &normal(4, 3, 2)), "k: 5 was given; for 4 rows it is 1 to 3.");
        assert!(refused(&normal(2, 3, 1), &normal(2, 3, 2)).contains("at least 3"));
        run.cancel_flag().set();
        assert!(matches!(compare(rows.view(), rows.view(), &options, &run), Err(Error::Cancelled)));
    }
}
