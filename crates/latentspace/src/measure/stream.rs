//! The same measures of rows that do not lie in memory: three passes over the stream give what all rows at once would give, bit by bit.

use super::structure::{Found, asked, names, nearer};
use super::{MeasureOptions, Measures, Sample, check, measure, pairs};
use crate::error::Result;
use crate::linalg::{Matrix, MatrixView};
use crate::neighbors::{Far, Metric, Points, Ranked, Ranks, check_cells, distance, nearer_first};
use crate::run::Run;

/// Rows up to which all are taken into memory.
pub(super) const FEW: usize = 10_000;

/// Rows and their codes that come by, pass after pass, always the same.
pub trait Passes: Sync {
    /// Rows in all.
    fn rows(&self) -> usize;

    /// Shows all rows, block by block, with their codes.
    ///
    /// # Errors
    /// What `show` and the rows' source say.
    fn pass(&self, show: &mut dyn FnMut(MatrixView<'_>, MatrixView<'_>) -> Result<()>) -> Result<()>;
}

/// Measures where rows lie that come by, against these rows. Holds the rows asked about and a third of the pairs, about 15,000 rows.
///
/// # Errors
/// As [`super::measure`], and what the passes say.
pub fn measure_stream(passes: &dyn Passes, options: &MeasureOptions, run: &Run) -> Result<Measures> {
    let n = passes.rows();
    if n <= FEW || options.sample == Sample::All {
        let (data, map) = pass(passes, &(0..n as u32).collect::<Vec<_>>(), run, |_, _, _| Ok(()))?;
        return measure(map.view(), data.view(), options, run);
    }
    let (k, rows) = (options.k, asked(n, options.sample, run));
    let drawn = pairs::sampled(n, run);
    let mut lengths = Vec::with_capacity(drawn.len());
    let mut thirds = drawn.chunks(drawn.len().div_ceil(3));
    let mut third = || thirds.next().unwrap_or_default();

    // The rows asked about.
    run.progress("measures", 0, 3);
    let pairs = third();
    let wanted = sorted(rows.iter().copied().chain(ends(pairs)));
    let (all, all_map) = pass(passes, &wanted, run, |_, _, _| Ok(()))?;
    run.install(|| check(all_map.view(), &Points::Dense(all.view()), &MeasureOptions { k: 1, ..*options }))?;
    lengths.extend(far(pairs, &wanted, &all, &all_map, options.metric));
    let places: Vec<u32> = rows.iter().map(|row| wanted.partition_point(|other| other < row) as u32).collect();
    let (data, map) = (all.select(&places), all_map.select(&places));
    drop((all, all_map));
    let in_data = Ranks::new(data.view(), &rows, options.metric)?;
    let in_map = Ranks::new(map.view(), &rows, Metric::Euclidean)?;

    // What is near in the one, and how far that is in the other.
    run.progress("measures", 1, 3);
    let pairs = third();
    let wanted = sorted(ends(pairs));
    let mut near_data = Near::new(&in_data, &in_map, k);
    let mut near_map = Near::new(&in_map, &in_data, k);
    let (data, map) = pass(passes, &wanted, run, |first, data, map| {
        check_cells("data", data, options.metric)?;
        near_data.pass(data, map, first, run)?;
        near_map.pass(map, data, first, run)
    })?;
    lengths.extend(far(pairs, &wanted, &data, &map, options.metric));
    // Not more than the ends of a third of the pairs are held at a time.
    drop((data, map));

    // How many rows are nearer than these.
    run.progress("measures", 2, 3);
    let pairs = third();
    let wanted = sorted(ends(pairs));
    let (asked_data, asked_map) = (in_data.wanted(&near_map.elsewhere()), in_map.wanted(&near_data.elsewhere()));
    let (mut ranked_data, mut ranked_map) = (in_data.none(Some(&asked_data)), in_map.none(Some(&asked_map)));
    let (data, map) = pass(passes, &wanted, run, |first, data, map| {
        in_data.pass(&mut ranked_data, data, first, 0, Some(&asked_data), run)?;
        in_map.pass(&mut ranked_map, map, first, 0, Some(&asked_map), run)
    })?;
    lengths.extend(far(pairs, &wanted, &data, &map, options.metric));
    run.progress("measures", 3, 3);
    let (near_in_map, near_in_data) = (near_map.names(), near_data.names());
    let found = Found { n, k, rows, near_in_map, near_in_data, in_data: nearer(ranked_data), in_map: nearer(ranked_map) };
    Ok(found.measures(pairs::correlated(lengths, true)))
}

/// A pass that shows each block with its codes and the number of its first row, on the run's threads; gives some rows (ascending) and their
/// codes.
fn pass(
    passes: &dyn Passes,
    wanted: &[u32],
    run: &Run,
    mut show: impl FnMut(usize, MatrixView<'_>, MatrixView<'_>) -> Result<()> + Send,
) -> Result<(Matrix, Matrix)> {
    let (mut first, mut next, mut data, mut map, mut cols) = (0, 0, Vec::new(), Vec::new(), (0, 0));
    passes.pass(&mut |block, codes| {
        run.check()?;
        cols = (block.cols(), codes.cols());
        run.install(|| show(first, block, codes))?;
        let end = next + wanted[next..].partition_point(|&row| (row as usize) < first + block.rows());
        for row in wanted[next..end].iter().map(|&row| row as usize - first) {
            data.extend_from_slice(block.row(row));
            map.extend_from_slice(codes.row(row));
        }
        (first, next) = (first + block.rows(), end);
        Ok(())
    })?;
    Ok((Matrix::new(next, cols.0, data)?, Matrix::new(next, cols.1, map)?))
}

/// What is near the rows asked about in one space, and how far that is in another.
struct Near<'a> {
    here: &'a Ranks<'a>,
    there: &'a Ranks<'a>,
    k: usize,
    /// Nearest first; with the length there.
    found: Vec<Vec<(Far, f64)>>,
}

impl<'a> Near<'a> {
    fn new(here: &'a Ranks<'a>, there: &'a Ranks<'a>, k: usize) -> Self {
        Near { here, there, k, found: here.none(None).iter().map(|_| Vec::new()).collect() }
    }

    fn pass(&mut self, here: MatrixView<'_>, there: MatrixView<'_>, first: usize, run: &Run) -> Result<()> {
        let mut ranked: Vec<Ranked> = self.here.none(None);
        self.here.pass(&mut ranked, here, first, self.k, None, run)?;
        for (slot, (found, ranked)) in self.found.iter_mut().zip(ranked).enumerate() {
            // Only what is among the nearest so far is worth a distance there.
            let last = found.get(self.k - 1).map(|last| last.0);
            for far in ranked.nearest.into_iter().filter(|far| last.is_none_or(|last| nearer_first(far, &last).is_lt())) {
                found.push((far, self.there.length(slot, there.row(far.1 as usize - first))));
            }
            found.sort_unstable_by(|a, b| nearer_first(&a.0, &b.0));
            found.truncate(self.k);
        }
        Ok(())
    }

    /// The same rows by their lengths there.
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

/// Ascending, none twice.
fn sorted(rows: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut rows: Vec<u32> = rows.collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The distances of pairs among the rows that were `wanted`, in the data and in the map.
fn far(pairs: &[(u32, u32)], wanted: &[u32], data: &Matrix, map: &Matrix, metric: Metric) -> Vec<(f64, f64)> {
    let at = |row: u32| wanted.partition_point(|&other| other < row);
    let apart = |&(a, b): &(u32, u32)| {
        let (a, b) = (at(a), at(b));
        (distance(data.row(a), data.row(b), metric), distance(map.row(a), map.row(b), Metric::Euclidean))
    };
    pairs.iter().map(apart).collect()
}
