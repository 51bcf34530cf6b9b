//! The measures for streamed rows: three passes over the stream give the same bits as all rows in memory.

use super::structure::{Found, asked, names, nearer};
use super::{MeasureOptions, Measures, Sample, check, measure_points, pairs};
use crate::error::{Error, Result};
use crate::linalg::{Collected, Matrix, MatrixView, OwnedRows};
use crate::neighbors::{Far, Metric, Points, Ranked, Ranks, SparseRanks, Wanted, distance, nearer_first};
use crate::run::Run;

/// Up to this number of rows, all are read into memory.
pub(super) const FEW: usize = 10_000;

/// Rows and their codes that can be read in several identical passes.
pub trait Passes: Sync {
    /// Total number of rows.
    fn rows(&self) -> usize;

    /// Calls `show` for all rows, block by block, with their codes. Blocks are all dense or all sparse.
    ///
    /// # Errors
    /// Errors of `show` and of the rows' source.
    fn pass(&self, show: &mut dyn FnMut(Points<'_>, MatrixView<'_>) -> Result<()>) -> Result<()>;

    /// Whether sparse rows with this number of nonzero cells are compared as sparse; else they are made dense.
    fn are_sparse(&self, cells: usize) -> bool;
}

/// Rows in the form in which they are compared.
fn compared(rows: OwnedRows, sparse: bool) -> Result<OwnedRows> {
    if sparse { Ok(rows) } else { rows.table().map(OwnedRows::Dense) }
}

/// Measures the codes of streamed rows against these rows. Keeps the sampled rows and the ends of a third of the sampled pairs in memory, about
/// 15,000 rows; very sparse ones stay sparse.
///
/// # Errors
/// As [`super::measure`]; errors of the passes.
pub fn measure_stream(passes: &dyn Passes, options: &MeasureOptions, run: &Run) -> Result<Measures> {
    let n = passes.rows();
    if n <= FEW || options.sample == Sample::All {
        let mut cells = 0;
        let (data, map) = pass(passes, &(0..n as u32).collect::<Vec<_>>(), true, run, |_, block, _| {
            cells += in_use(&block);
            Ok(())
        })?;
        return measure_points(map.view(), &compared(data, passes.are_sparse(cells))?.points(), options, run);
    }
    let (k, rows) = (options.k, asked(n, options.sample, run));
    let drawn = pairs::sampled(n, run);
    let mut lengths = Vec::with_capacity(drawn.len());
    let mut thirds = drawn.chunks(drawn.len().div_ceil(3));
    let mut third = || thirds.next().unwrap_or_default();

    // First pass: the sampled rows. The number of nonzero cells decides whether they are kept sparse.
    run.progress("measures", 0, 3);
    let pairs = third();
    let wanted = sorted(rows.iter().copied().chain(ends(pairs)));
    let mut cells = 0;
    let (all, all_map) = pass(passes, &wanted, true, run, |_, block, _| {
        cells += in_use(&block);
        Ok(())
    })?;
    let sparse = passes.are_sparse(cells);
    let all = compared(all, sparse)?;
    run.install(|| check(all_map.view(), &all.points(), &MeasureOptions { k: 1, ..*options }))?;
    lengths.extend(far(pairs, &wanted, &all, &all_map, options.metric));
    let places: Vec<u32> = rows.iter().map(|row| wanted.partition_point(|other| other < row) as u32).collect();
    let (data, map) = (all.select(&places), all_map.select(&places));
    drop((all, all_map));
    let in_data = SampledRanks::new(&data, &rows, options.metric)?;
    let in_map = SampledRanks::Dense(Ranks::new(map.view(), &rows, Metric::Euclidean)?);

    // Second pass: the neighbors in each space, with their lengths in the other.
    run.progress("measures", 1, 3);
    let pairs = third();
    let wanted = sorted(ends(pairs));
    let mut near_data = Near::new(&in_data, &in_map, k);
    let mut near_map = Near::new(&in_map, &in_data, k);
    let (data, map) = pass(passes, &wanted, sparse, run, |first, data, map| {
        data.check(options.metric)?;
        near_data.pass(&data, &Points::Dense(map), first, run)?;
        near_map.pass(&Points::Dense(map), &data, first, run)
    })?;
    lengths.extend(far(pairs, &wanted, &data, &map, options.metric));
    // At most the ends of a third of the pairs are kept at a time.
    drop((data, map));

    // Third pass: the ranks of these neighbors.
    run.progress("measures", 2, 3);
    let pairs = third();
    let wanted = sorted(ends(pairs));
    let (asked_data, asked_map) = (in_data.wanted(near_map.elsewhere()), in_map.wanted(near_data.elsewhere()));
    let (mut ranked_data, mut ranked_map) = (in_data.none(Some(&asked_data)), in_map.none(Some(&asked_map)));
    let (data, map) = pass(passes, &wanted, sparse, run, |first, data, map| {
        in_data.pass(&mut ranked_data, &data, first, 0, Some(&asked_data), run)?;
        in_map.pass(&mut ranked_map, &Points::Dense(map), first, 0, Some(&asked_map), run)
    })?;
    lengths.extend(far(pairs, &wanted, &data, &map, options.metric));
    run.progress("measures", 3, 3);
    let (near_in_map, near_in_data) = (near_map.names(), near_data.names());
    let found = Found { n, k, rows, near_in_map, near_in_data, in_data: nearer(ranked_data), in_map: nearer(ranked_map) };
    Ok(found.measures(pairs::correlated(lengths, true)))
}

/// Number of nonzero cells of a sparse block; 0 for a dense one.
fn in_use(block: &Points<'_>) -> usize {
    match block {
        Points::Dense(_) => 0,
        Points::Sparse(rows) => rows.starts[rows.rows()] - rows.starts[0],
    }
}

/// A pass that calls `show` for each block, made dense unless `sparse`, with its codes and the number of its first row, on the run's
/// threads; returns some rows (ascending) and their codes.
fn pass(
    passes: &dyn Passes,
    wanted: &[u32],
    sparse: bool,
    run: &Run,
    mut show: impl FnMut(usize, Points<'_>, MatrixView<'_>) -> Result<()> + Send,
) -> Result<(OwnedRows, Matrix)> {
    let (mut first, mut next, mut map, mut cols) = (0, 0, Vec::new(), (0, 0));
    let mut collected: Option<Collected> = None;
    passes.pass(&mut |block, codes| {
        run.check()?;
        let filled;
        let block = match block {
            Points::Sparse(rows) if !sparse => {
                filled = rows.to_matrix()?;
                Points::Dense(filled.view())
            }
            other => other,
        };
        cols = (block.cols(), codes.cols());
        run.install(|| show(first, block, codes))?;
        let end = next + wanted[next..].partition_point(|&row| (row as usize) < first + block.rows());
        for row in wanted[next..end].iter().map(|&row| row as usize - first) {
            collected.get_or_insert_with(|| Collected::like(&block, wanted.len())).push(block.slice(row..row + 1))?;
            map.extend_from_slice(codes.row(row));
        }
        (first, next) = (first + block.rows(), end);
        Ok(())
    })?;
    let rows = collected.map_or_else(|| Matrix::new(0, cols.0, Vec::new()).map(OwnedRows::Dense), Collected::rows)?;
    Ok((rows, Matrix::new(next, cols.1, map)?))
}

/// The sampled rows in one space, prepared for comparison with others.
enum SampledRanks<'a> {
    Dense(Ranks<'a>),
    Sparse(SparseRanks<'a>),
}

/// The wanted rows, whose ranks are computed.
enum Places {
    Dense(Wanted),
    Sparse(Vec<Vec<Far>>),
}

impl<'a> SampledRanks<'a> {
    fn new(rows: &'a OwnedRows, names: &'a [u32], metric: Metric) -> Result<Self> {
        Ok(match rows.points() {
            Points::Dense(rows) => SampledRanks::Dense(Ranks::new(rows, names, metric)?),
            Points::Sparse(rows) => SampledRanks::Sparse(SparseRanks::new(rows, names, metric)),
        })
    }

    fn wanted(&self, asked: Vec<Vec<Far>>) -> Places {
        match self {
            SampledRanks::Dense(ranks) => Places::Dense(ranks.wanted(&asked)),
            SampledRanks::Sparse(_) => Places::Sparse(asked),
        }
    }

    /// The initial results.
    fn none(&self, wanted: Option<&Places>) -> Vec<Ranked> {
        match (self, wanted) {
            (SampledRanks::Dense(ranks), Some(Places::Dense(wanted))) => ranks.none(Some(wanted)),
            (SampledRanks::Sparse(_), Some(Places::Sparse(wanted))) => {
                wanted.iter().map(|wanted| Ranked { nearest: Vec::new(), nearer: vec![0; wanted.len()] }).collect()
            }
            (SampledRanks::Dense(ranks), _) => ranks.none(None),
            (SampledRanks::Sparse(ranks), _) => (0..ranks.count()).map(|_| Ranked { nearest: Vec::new(), nearer: Vec::new() }).collect(),
        }
    }

    fn pass(&self, ranked: &mut [Ranked], many: &Points<'_>, first: usize, k: usize, wanted: Option<&Places>, run: &Run) -> Result<()> {
        match (self, many, wanted) {
            (SampledRanks::Dense(ranks), Points::Dense(many), None) => ranks.pass(ranked, *many, first, k, None, run),
            (SampledRanks::Dense(ranks), Points::Dense(many), Some(Places::Dense(wanted))) => {
                ranks.pass(ranked, *many, first, k, Some(wanted), run)
            }
            (SampledRanks::Sparse(ranks), Points::Sparse(many), None) => ranks.pass(ranked, *many, first, k, None, run),
            (SampledRanks::Sparse(ranks), Points::Sparse(many), Some(Places::Sparse(wanted))) => {
                ranks.pass(ranked, *many, first, k, Some(wanted), run)
            }
            _ => Err(Error::internal("dense rows were compared with sparse ones")),
        }
    }

    /// The length from the row at `slot` to a row of a block.
    fn length(&self, slot: usize, block: &Points<'_>, row: usize) -> f64 {
        match (self, block) {
            (SampledRanks::Dense(ranks), Points::Dense(rows)) => ranks.length(slot, rows.row(row)),
            (SampledRanks::Sparse(ranks), Points::Sparse(rows)) => ranks.length(slot, rows.row(row)),
            _ => f64::INFINITY,
        }
    }
}

/// Neighbors of the sampled rows in one space, with their lengths in another.
struct Near<'a> {
    here: &'a SampledRanks<'a>,
    there: &'a SampledRanks<'a>,
    k: usize,
    /// Nearest first, with the length in the other space.
    found: Vec<Vec<(Far, f64)>>,
}

impl<'a> Near<'a> {
    fn new(here: &'a SampledRanks<'a>, there: &'a SampledRanks<'a>, k: usize) -> Self {
        Near { here, there, k, found: here.none(None).iter().map(|_| Vec::new()).collect() }
    }

    fn pass(&mut self, here: &Points<'_>, there: &Points<'_>, first: usize, run: &Run) -> Result<()> {
        let mut ranked: Vec<Ranked> = self.here.none(None);
        self.here.pass(&mut ranked, here, first, self.k, None, run)?;
        for (slot, (found, ranked)) in self.found.iter_mut().zip(ranked).enumerate() {
            // Compute a distance in the other space only for current neighbors.
            let last = found.get(self.k - 1).map(|last| last.0);
            for far in ranked.nearest.into_iter().filter(|far| last.is_none_or(|last| nearer_first(far, &last).is_lt())) {
                found.push((far, self.there.length(slot, there, far.1 as usize - first)));
            }
            found.sort_unstable_by(|a, b| nearer_first(&a.0, &b.0));
            found.truncate(self.k);
        }
        Ok(())
    }

    /// The same rows with their lengths in the other space.
    fn elsewhere(&self) -> Vec<Vec<Far>> {
        self.found.iter().map(|found| found.iter().map(|(far, length)| (*length, far.1)).collect()).collect()
    }

    fn names(&self) -> Vec<Vec<u32>> {
        self.found.iter().map(|found| names(&found.iter().map(|(far, _)| *far).collect::<Vec<_>>())).collect()
    }
}

/// Both ends of each pair.
fn ends(pairs: &[(u32, u32)]) -> impl Iterator<Item = u32> {
    pairs.iter().flat_map(|&(a, b)| [a, b])
}

/// Ascending, without duplicates.
fn sorted(rows: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut rows: Vec<u32> = rows.collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The distances of pairs among the `wanted` rows, in the data and in the map.
fn far(pairs: &[(u32, u32)], wanted: &[u32], data: &OwnedRows, map: &Matrix, metric: Metric) -> Vec<(f64, f64)> {
    let (at, data) = (|row: u32| wanted.partition_point(|&other| other < row), data.points());
    let apart = |&(a, b): &(u32, u32)| {
        let (a, b) = (at(a), at(b));
        (data.distance(a, b, metric), distance(map.row(a), map.row(b), Metric::Euclidean))
    };
    pairs.iter().map(apart).collect()
}
