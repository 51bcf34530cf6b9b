//! Exact neighbors and neighbor ranks of a few rows among many, which are read in blocks.
//!
//! The few rows are packed and compared with each block once, so that no copy of the table is written, and the rows need not be in memory.
//! Scores in f32 choose; rows within their error are compared by distances in f64, ties by index. So the answers
//! depend only on the rows, not on the blocks. The time is limited by the multiply-adds of the scores.

use crate::parallel::*;

use super::Metric;
use super::best::Best;
use super::distance::{length, length_within};
use super::table::{Frame, Table};
use crate::error::Result;
use crate::linalg::{MatrixView, Panels, TILE_COLS, TILE_ROWS, Tile};
use crate::run::Run;

/// Rows per task.
const BLOCK: usize = 4096;
/// Tasks per thread before their results are merged.
const AT_A_TIME: usize = 2;
/// Bytes of packed rows per block.
const CACHE: usize = 128 << 10;
/// Rows converted at a time, so that they stay in the cache.
const FRAMED: usize = 240;

/// A row and its length, a value that orders like the distance (squared for Euclidean ones).
pub(crate) type Far = (f64, u32);

/// The order: by length, ties by index.
pub(crate) fn nearer_first(a: &Far, b: &Far) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

/// The results for a sampled row.
pub(crate) struct Ranked {
    /// Its exact `k` nearest rows, nearest first.
    pub(crate) nearest: Vec<Far>,
    /// For each wanted row: its rank, the number of nearer rows.
    pub(crate) nearer: Vec<u32>,
}

/// A few rows, prepared for comparison with others.
pub(crate) struct Ranks<'a> {
    rows: MatrixView<'a>,
    names: &'a [u32],
    metric: Metric,
    frame: Frame,
    table: Table,
    packed: Panels,
}

/// The wanted rows, whose ranks are computed, for each of the few; those of each from the farthest to the nearest.
pub(crate) struct Wanted {
    /// The start of the wanted rows of each of the few.
    starts: Vec<usize>,
    wanted: Vec<Far>,
    /// The original position of each, from `starts` on.
    asked: Vec<usize>,
    /// A score above this is nearer, one below `below` is farther; between them, f64 decides.
    above: Vec<f32>,
    below: Vec<f32>,
    /// The minimum of `below` for each of the few, padded to whole tiles.
    lowest: Vec<f32>,
}

/// Bytes that the ranks of `few` rows of `cols` columns among `rows` others take: three copies of the few, the results of the blocks of every
/// thread, and the current nearest. Measured with 15 neighbors.
pub(crate) fn ranks_bytes(few: u64, rows: u64, cols: u64, threads: u64) -> u64 {
    let blocks = rows.div_ceil(BLOCK as u64).min(AT_A_TIME as u64 * threads);
    12 * few * cols + few * (560 * blocks + 700 * threads)
}

impl<'a> Ranks<'a> {
    /// Prepares rows `[few, d]` with their numbers among the many.
    ///
    /// # Errors
    /// None occur.
    pub(crate) fn new(rows: MatrixView<'a>, names: &'a [u32], metric: Metric) -> Result<Self> {
        let frame = Frame::of(rows, metric);
        let table = frame.table(rows)?;
        let packed = Panels::all(table.rows.view(), table.agreement(), |row| table.size(row));
        Ok(Ranks { rows, names, metric, frame, table, packed })
    }

    /// The length from the row at `slot` to another.
    pub(crate) fn length(&self, slot: usize, other: &[f32]) -> f64 {
        length(self.rows.row(slot), other, self.metric)
    }

    /// Sets the wanted rows, by their lengths.
    pub(crate) fn wanted(&self, asked: &[Vec<Far>]) -> Wanted {
        let (mut wanted, mut places, mut starts) = (Vec::new(), Vec::new(), vec![0]);
        for asked in asked {
            let mut order: Vec<usize> = (0..asked.len()).collect();
            order.sort_unstable_by(|&a, &b| nearer_first(&asked[b], &asked[a]));
            wanted.extend(order.iter().map(|&place| asked[place]));
            places.extend(order);
            starts.push(wanted.len());
        }
        let bar = |slot: usize, &(length, _): &Far| {
            let half = self.table.half[slot];
            let score = self.frame.score(half, length);
            let margin = self.table.margin(half, score);
            (score + margin, score - margin)
        };
        let of = |slot: usize| starts[slot]..starts[slot + 1];
        let (above, below): (Vec<f32>, Vec<f32>) =
            (0..asked.len()).flat_map(|slot| wanted[of(slot)].iter().map(move |far| (slot, far))).map(|(slot, far)| bar(slot, far)).unzip();
        let mut lowest: Vec<f32> = (0..asked.len()).map(|slot| below[of(slot)].iter().copied().fold(f32::INFINITY, f32::min)).collect();
        lowest.resize(self.packed.count() * TILE_COLS, f32::INFINITY);
        Wanted { starts, wanted, asked: places, above, below, lowest }
    }

    /// The `k` nearest of each among the many, and the ranks of the wanted rows.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub(crate) fn among(&self, many: MatrixView<'_>, k: usize, wanted: Option<&Wanted>, run: &Run) -> Result<Vec<Ranked>> {
        let mut ranked = self.none(wanted);
        self.pass(&mut ranked, many, 0, k, wanted, run)?;
        Ok(ranked)
    }

    /// The initial results.
    pub(crate) fn none(&self, wanted: Option<&Wanted>) -> Vec<Ranked> {
        let count = |slot: usize| wanted.map_or(0, |wanted| wanted.starts[slot + 1] - wanted.starts[slot]);
        (0..self.rows.rows()).map(|slot| Ranked { nearest: Vec::new(), nearer: vec![0; count(slot)] }).collect()
    }

    /// Adds a block of the many, which begins with row `first`.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub(crate) fn pass(
        &self,
        ranked: &mut [Ranked],
        many: MatrixView<'_>,
        first: usize,
        k: usize,
        wanted: Option<&Wanted>,
        run: &Run,
    ) -> Result<()> {
        let blocks: Vec<usize> = (0..many.rows()).step_by(BLOCK).collect();
        // Results of some blocks are merged before the next, so that their bounds exclude more rows.
        for blocks in blocks.chunks(AT_A_TIME * run.threads()) {
            let bounds: Vec<f32> = ranked.iter().enumerate().map(|(slot, ranked)| self.bound(slot, &ranked.nearest, k)).collect();
            let block = |&from: &usize| {
                let rows = many.slice(from..many.rows().min(from + BLOCK));
                self.block(rows, first + from, (k, &bounds), wanted, run)
            };
            let found: Vec<Block> = blocks.par_iter().map(block).collect::<Result<_>>()?;
            ranked.par_iter_mut().enumerate().for_each(|(slot, ranked)| {
                for block in &found {
                    ranked.nearest.extend_from_slice(&block.nearest[slot]);
                    if let (Some(wanted), Some(counts)) = (wanted, &block.nearer) {
                        counts.add_to(wanted, slot, &mut ranked.nearer);
                    }
                }
                ranked.nearest.sort_unstable_by(nearer_first);
                ranked.nearest.truncate(k);
            });
        }
        Ok(())
    }

    /// The minimum score for the `k` nearest, if `k` are known.
    fn bound(&self, slot: usize, nearest: &[Far], k: usize) -> f32 {
        let Some(&(length, _)) = nearest.get(k.wrapping_sub(1)) else { return f32::MIN };
        let half = self.table.half[slot];
        let score = self.frame.score(half, length);
        score - self.table.margin(half, score)
    }

    /// The `k` nearest among a block of the many, except those below the bound; and the ranks of the wanted rows.
    fn block(&self, rows: MatrixView<'_>, first: usize, (k, bounds): (usize, &[f32]), wanted: Option<&Wanted>, run: &Run) -> Result<Block> {
        let few = self.rows.rows();
        let margin = |slot: usize, score: f32| self.table.margin(self.table.half[slot], score);
        let mut best = Best::new(k);
        best.clear(few);
        best.expect(bounds.iter().copied());
        let mut nearer = wanted.map(Counts::new);
        let mut tile = Tile::new();
        for from in (0..rows.rows()).step_by(FRAMED) {
            run.check()?;
            let raw = rows.slice(from..(from + FRAMED).min(rows.rows()));
            let framed = self.frame.table(raw)?;
            // As many of the few at a time as fit into the cache.
            let panels: Vec<usize> = (0..self.packed.count()).collect();
            for panels in panels.chunks((CACHE / self.packed.panel_bytes().max(1)).max(1)) {
                for at in (0..raw.rows()).step_by(TILE_ROWS) {
                    let count = TILE_ROWS.min(raw.rows() - at);
                    let group = std::array::from_fn(|i| framed.rows.row(at + i.min(count - 1)));
                    for &panel in panels {
                        self.packed.score(&group, count, panel, &[f32::MIN; TILE_ROWS], &mut tile);
                        let slots = panel * TILE_COLS..(panel * TILE_COLS + TILE_COLS).min(few);
                        for i in 0..count {
                            let (offset, name) = (framed.offset(at + i), (first + from + at + i) as u32);
                            let mut scores = [0.0; TILE_COLS];
                            scores.iter_mut().zip(tile.scores(i)).for_each(|(to, from)| *to = from + offset);
                            if k > 0 && reached(&scores, &best.bounds()[slots.start..]) {
                                best.offer(slots.start, &scores, name, self.names, margin);
                            }
                            if let (Some(wanted), Some(nearer)) = (wanted, &mut nearer) {
                                self.count(nearer, wanted, slots.clone(), &scores, raw.row(at + i), name);
                            }
                        }
                    }
                }
            }
        }
        let nearest = |slot: usize| {
            let far = |name: u32| (self.length(slot, rows.row(name as usize - first)), name);
            let candidates: Vec<u32> = best.finish(slot, margin).collect();
            let candidates = self.nearer(slot, candidates, rows, first, k);
            let mut nearest: Vec<Far> = candidates.into_iter().map(far).collect();
            nearest.sort_unstable_by(nearer_first);
            nearest.truncate(k);
            nearest.shrink_to_fit();
            nearest
        };
        Ok(Block { nearest: (0..few).map(nearest).collect(), nearer })
    }

    /// Removes candidates that are certainly farther than `k` others, by bounds in f32.
    fn nearer(&self, slot: usize, mut candidates: Vec<u32>, rows: MatrixView<'_>, first: usize, k: usize) -> Vec<u32> {
        if candidates.len() <= 2 * k + 8 {
            return candidates;
        }
        let within = |&name: &u32| length_within(self.rows.row(slot), rows.row(name as usize - first), self.metric);
        let within: Vec<(f64, f64)> = candidates.iter().map(|name| within(name).unwrap_or((0.0, f64::INFINITY))).collect();
        let mut most: Vec<f64> = within.iter().map(|within| within.1).collect();
        let (_, &mut bound, _) = most.select_nth_unstable_by(k - 1, f64::total_cmp);
        let mut within = within.into_iter();
        candidates.retain(|_| within.next().is_none_or(|(least, _)| least <= bound));
        candidates
    }

    /// Counts for which wanted rows the row `name` is nearer.
    #[inline]
    fn count(
        &self,
        counts: &mut Counts,
        wanted: &Wanted,
        slots: std::ops::Range<usize>,
        scores: &[f32; TILE_COLS],
        row: &[f32],
        name: u32,
    ) {
        let lowest = &wanted.lowest[slots.start..slots.start + TILE_COLS];
        if !scores.iter().zip(lowest).fold(false, |any, (score, lowest)| any | (score >= lowest)) {
            return;
        }
        for (slot, &score) in slots.zip(scores) {
            if score < wanted.lowest[slot] || self.names[slot] == name {
                continue;
            }
            let from = wanted.starts[slot];
            let of = from..wanted.starts[slot + 1];
            // They are sorted: a row is certainly nearer than the first ones, undecided for the next, and farther than the others.
            let sure = wanted.above[of.clone()].iter().map(|&bar| u32::from(score > bar)).sum::<u32>() as usize;
            let reached = wanted.below[of].iter().map(|&bar| u32::from(score >= bar)).sum::<u32>() as usize;
            counts.sure[from + slot + sure] += 1;
            if reached > sure {
                let within = length_within(self.rows.row(slot), row, self.metric);
                let mut known = None;
                for at in from + sure..from + reached {
                    let bar = wanted.wanted[at];
                    counts.decided[at] += u32::from(match within {
                        Some((_, most)) if most < bar.0 => true,
                        Some((least, _)) if least > bar.0 => false,
                        _ => nearer_first(&(*known.get_or_insert_with(|| self.length(slot, row)), name), &bar).is_lt(),
                    });
                }
            }
        }
    }
}

/// Counts of rows that are nearer than the wanted ones.
struct Counts {
    /// For each of the few: a histogram of rows by the number of wanted rows that they are certainly nearer than.
    sure: Vec<u32>,
    /// For each wanted row: rows that are nearer by f64.
    decided: Vec<u32>,
}

impl Counts {
    fn new(wanted: &Wanted) -> Self {
        Counts { sure: vec![0; wanted.wanted.len() + wanted.starts.len()], decided: vec![0; wanted.wanted.len()] }
    }

    /// Adds the counts of the wanted rows of one of the few, in the original order.
    fn add_to(&self, wanted: &Wanted, slot: usize, nearer: &mut [u32]) {
        let of = wanted.starts[slot]..wanted.starts[slot + 1];
        let mut sum = 0;
        for at in of.rev() {
            sum += self.sure[at + slot + 1];
            nearer[wanted.asked[at]] += sum + self.decided[at];
        }
    }
}

/// The results of a block of the many.
struct Block {
    nearest: Vec<Vec<Far>>,
    nearer: Option<Counts>,
}

/// Whether any score reaches its bound.
#[inline]
fn reached(scores: &[f32; TILE_COLS], bounds: &[f32]) -> bool {
    match bounds.first_chunk::<TILE_COLS>() {
        Some(bounds) => scores.iter().zip(bounds).fold(false, |any, (score, bound)| any | (score >= bound)),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;
    use crate::random::Random;

    #[test]
    fn they_are_those_of_f64_however_the_rows_are_cut() {
        let run = Run::new(0, 2).unwrap();
        let random = Random::new(1, "rows");
        // Whole numbers, so that many rows are equally far; and real ones.
        for whole in [true, false] {
            let cell = |i: usize, j: usize| random.normal(i as u64, j as u64) * 2.0;
            let rows = Matrix::from_fn(5000, 4, |i, j| if whole { cell(i, j).round() as f32 } else { cell(i, j) as f32 });
            for metric in [Metric::Euclidean, Metric::Cosine] {
                let names = random.sample(9, 5000, 40);
                let few = rows.select(&names);
                let ranks = Ranks::new(few.view(), &names, metric).unwrap();
                let far = |slot: usize, row: u32| (ranks.length(slot, rows.row(row as usize)), row);
                let asked: Vec<Vec<Far>> =
                    (0..40).map(|slot| (0..5).map(|at| (slot as u32 * 97 + at * 331) % 5000).map(|row| far(slot, row)).collect()).collect();
                let wanted = ranks.wanted(&asked);
                let whole = ranks.among(rows.view(), 7, Some(&wanted), &run).unwrap();
                let mut parts = ranks.none(Some(&wanted));
                for from in (0..5000).step_by(611) {
                    let some = rows.slice(from..(from + 611).min(5000));
                    run.install(|| ranks.pass(&mut parts, some, from, 7, Some(&wanted), &run)).unwrap();
                }
                for (slot, (a, b)) in whole.iter().zip(&parts).enumerate() {
                    let mut all: Vec<Far> = (0..5000).filter(|row| *row != names[slot]).map(|row| far(slot, row)).collect();
                    all.sort_by(nearer_first);
                    assert_eq!(a.nearest, all[..7], "{metric:?} {slot}");
                    let nearer = |bar: &Far| all.iter().filter(|row| nearer_first(row, bar).is_lt()).count() as u32;
                    assert_eq!(a.nearer, asked[slot].iter().map(nearer).collect::<Vec<_>>(), "{metric:?} {slot}");
                    assert!(a.nearest == b.nearest && a.nearer == b.nearer);
                }
            }
        }
    }

    #[test]
    fn they_are_those_of_f64_in_tight_groups() {
        let run = Run::new(0, 2).unwrap();
        let random = Random::new(2, "rows");
        for (noise, scale) in [(1e-3, 1.0), (1e-6, 1.0), (1e-4, 1e-20), (1e-4, 1e20)] {
            let cell = |i: usize, j: usize| random.normal((i % 3) as u64, j as u64) + noise * random.normal(10 + i as u64, j as u64);
            let rows = Matrix::from_fn(5000, 12, |i, j| (scale * cell(i, j)) as f32);
            let names = random.sample(9, 5000, 20);
            let few = rows.select(&names);
            let ranks = Ranks::new(few.view(), &names, Metric::Euclidean).unwrap();
            let far = |slot: usize, row: u32| (ranks.length(slot, rows.row(row as usize)), row);
            let asked: Vec<Vec<Far>> =
                (0..20).map(|slot| (0..6).map(|at| far(slot, (slot as u32 * 97 + at * 331) % 5000)).collect()).collect();
            let wanted = ranks.wanted(&asked);
            let found = run.install(|| ranks.among(rows.view(), 7, Some(&wanted), &run)).unwrap();
            for (slot, found) in found.iter().enumerate() {
                let mut all: Vec<Far> = (0..5000).filter(|row| *row != names[slot]).map(|row| far(slot, row)).collect();
                all.sort_by(nearer_first);
                assert_eq!(found.nearest, all[..7], "{noise} {scale} {slot}");
                let nearer = |bar: &Far| all.iter().filter(|row| nearer_first(row, bar).is_lt()).count() as u32;
                assert_eq!(found.nearer, asked[slot].iter().map(nearer).collect::<Vec<_>>(), "{noise} {scale} {slot}");
            }
        }
    }
}
