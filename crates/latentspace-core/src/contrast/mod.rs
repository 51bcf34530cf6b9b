//! What sets some rows apart from others: effects of all columns, with the probability that a random selection has any.

mod chance;
mod tally;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::linalg::{MatrixView, SparseRows};
use crate::parallel::*;
use crate::run::Run;
use tally::{Tally, merge};

/// A difference is a finding if a random selection has any as extreme with this probability at most.
pub const LEVEL: f64 = 0.05;
/// The code of a missing category.
pub const MISSING: u32 = u32::MAX;
/// Dense columns that a thread gathers at once: a cache line.
const TOGETHER: usize = 16;

/// Columns that rows are compared by.
#[derive(Clone, Copy)]
pub enum Cells<'a> {
    /// Numbers, `[n, d]`; a cell that is not finite is missing.
    Dense(MatrixView<'a>),
    /// Numbers, most of them 0, `[n, d]`.
    Sparse(SparseRows<'a>),
    /// Numbers of 8 bits and their number of columns, `[n, d]`: pixels.
    Bytes(&'a [u8], usize),
    /// A column of numbers, `[n]`; a cell that is not finite is missing.
    Numbers(&'a [f64]),
    /// A column of categories, `[n]`, and their number; [`MISSING`] is missing.
    Codes(&'a [u32], usize),
}

impl Cells<'_> {
    /// Number of columns.
    pub fn columns(&self) -> usize {
        match self {
            Cells::Dense(table) => table.cols(),
            Cells::Sparse(rows) => rows.cols,
            Cells::Bytes(_, columns) => *columns,
            Cells::Numbers(_) | Cells::Codes(..) => 1,
        }
    }

    fn rows(&self) -> usize {
        match self {
            Cells::Dense(table) => table.rows(),
            Cells::Sparse(rows) => rows.rows(),
            Cells::Bytes(cells, columns) => cells.len().checked_div(*columns).unwrap_or(0),
            Cells::Numbers(cells) => cells.len(),
            Cells::Codes(codes, _) => codes.len(),
        }
    }
}

/// What sets the rows of a selection apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contrast {
    /// Selected rows that were compared.
    pub inside: usize,
    /// Rows that they were compared with.
    pub outside: usize,
    /// Rows of both sets, which were left out.
    pub shared: usize,
    /// Comparisons for which probabilities are corrected: those that some selection of this size could pass.
    pub comparisons: usize,
    /// The findings, the largest effect first.
    pub differences: Vec<Difference>,
}

/// A difference between selected rows and others that is more than chance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The column, counted over all blocks.
    pub column: usize,
    /// What of it differs.
    pub of: Of,
    /// Cliff's delta, -1 to 1: the probability that a selected row has more than another, less that it has less. Of a share, the difference of
    /// shares. The area under the ROC curve (common-language effect size) is (1 + delta) / 2.
    pub effect: f64,
    /// The probability that a random selection has any difference as extreme in any column, at most.
    pub p: f64,
    /// The selected rows.
    pub inside: Side,
    /// The rows that they were compared with.
    pub outside: Side,
    /// Of numbers, the 1 % and 99 % quantiles of all rows.
    pub range: Option<[f64; 2]>,
}

/// What of a column differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// Its numbers.
    Numbers,
    /// The share of a category.
    Category(u32),
    /// The share of missing cells.
    Missing,
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Side {
    /// Rows that were compared: of numbers, those that are not missing.
    pub rows: usize,
    /// The share of rows in the category or with a missing cell; of sparse numbers, of those that are not 0.
    pub share: Option<f64>,
    /// Mean of numbers.
    pub mean: Option<f64>,
    /// Quartiles of numbers; the second is the median.
    pub quartiles: Option<[f64; 3]>,
}

/// A comparison before the correction for the number of comparisons.
#[derive(Debug, Clone)]
struct Tested {
    effect: f64,
    p: f64,
    /// The smallest probability that any selection can have, or less.
    least: f64,
    inside: Side,
    outside: Side,
    range: Option<[f64; 2]>,
}

/// The side of each row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Nowhere,
    Inside,
    Outside,
}

/// What sets the rows `selected` apart from `against`, or from all other rows: the differences that are more than chance.
///
/// Numbers are compared by their ranks (Mann-Whitney), categories and missing cells by Fisher's exact test; probabilities are those of
/// random selections, also of few rows and with ties. They are corrected for all comparisons (Bonferroni, without those that no selection of
/// this size could pass: Tarone 1990, <https://doi.org/10.2307/2531456>), so that a random selection has any finding with a probability of 5 %
/// at most, whatever the columns.
///
/// Rows that were chosen by their cells are no random selection: rows lassoed on a map differ by construction in the columns that the map was
/// learned from. For these the effect is the answer, and the probability is only that of a random selection.
///
/// Cost: one pass over the cells, of sparse columns over the cells that are not 0, and a sort of each column, on the run's threads. Pixels are
/// counted instead of sorted. Memory: 64 bytes a row for each thread; 4 bytes for each cell of sparse columns.
///
/// # Errors
/// [`Error::Param`] if a row does not exist, or a side has no row of its own; [`Error::Internal`] if a block has another number of rows;
/// [`Error::Cancelled`].
pub fn contrast(selected: &[u32], against: Option<&[u32]>, blocks: &[Cells<'_>], rows: usize, run: &Run) -> Result<Contrast> {
    if let Some(block) = blocks.iter().find(|block| block.columns() > 0 && block.rows() != rows) {
        return Err(Error::internal(format!("columns of {} rows among those of {rows}", block.rows())));
    }
    let (places, shared) = placed(selected, against, rows)?;
    let count = |place: Place| places.iter().filter(|&&other| other == place).count();
    let (inside, outside) = (count(Place::Inside), count(Place::Outside));
    for (name, count, whose) in [("rows", inside, "selected"), ("against", outside, "other")] {
        if count == 0 {
            return Err(Error::param(name, "none", format!("at least one {whose} row is needed that is not in both sets")));
        }
    }
    let sides = Sides { places: &places, inside: inside as u64, outside: outside as u64 };
    let mut found: Vec<(usize, Of, Tested)> = Vec::new();
    let mut first = 0;
    for block in blocks {
        let tested = run.install(|| sides.tested(block, run))?;
        found.extend(tested.into_iter().map(|(column, of, tested)| (first + column, of, tested)));
        first += block.columns();
    }
    let comparisons = testable(found.iter().map(|(_, _, tested)| tested.least).collect());
    let corrected = |p: f64| (p * comparisons as f64).min(1.0);
    found.retain(|(_, _, tested)| corrected(tested.least) <= LEVEL && corrected(tested.p) <= LEVEL);
    found.sort_by(|a, b| b.2.effect.abs().total_cmp(&a.2.effect.abs()).then((a.0, a.1).cmp(&(b.0, b.1))));
    let difference = |(column, of, tested): (usize, Of, Tested)| Difference {
        column,
        of,
        effect: tested.effect,
        p: corrected(tested.p),
        inside: tested.inside,
        outside: tested.outside,
        range: tested.range,
    };
    Ok(Contrast { inside, outside, shared, comparisons, differences: found.into_iter().map(difference).collect() })
}

/// The number of comparisons for which to correct: the smallest K such that at most K comparisons can reach a K-th of the level.
fn testable(mut least: Vec<f64>) -> usize {
    least.sort_unstable_by(f64::total_cmp);
    (1..=least.len()).find(|&k| least.get(k).is_none_or(|&next| next * k as f64 > LEVEL)).unwrap_or(1)
}

fn placed(selected: &[u32], against: Option<&[u32]>, rows: usize) -> Result<(Vec<Place>, usize)> {
    let of = |name: &'static str, set: &[u32]| match set.iter().find(|&&row| row as usize >= rows) {
        Some(row) => Err(Error::param(name, format!("row {row}"), format!("there are {rows} rows, counted from 0"))),
        None => Ok(()),
    };
    of("rows", selected)?;
    of("against", against.unwrap_or_default())?;
    let mut places = vec![if against.is_some() { Place::Nowhere } else { Place::Outside }; rows];
    selected.iter().for_each(|&row| places[row as usize] = Place::Inside);
    let mut both = Vec::new();
    for &row in against.unwrap_or_default() {
        match places[row as usize] {
            Place::Inside => both.push(row),
            _ => places[row as usize] = Place::Outside,
        }
    }
    both.sort_unstable();
    both.dedup();
    both.iter().for_each(|&row| places[row as usize] = Place::Nowhere);
    Ok((places, both.len()))
}

/// Which rows are on which side, and how many.
struct Sides<'a> {
    places: &'a [Place],
    inside: u64,
    outside: u64,
}

impl Sides<'_> {
    fn tested(&self, block: &Cells<'_>, run: &Run) -> Result<Vec<(usize, Of, Tested)>> {
        match block {
            Cells::Dense(table) => {
                let starts = table.cols().div_ceil(TOGETHER);
                let found: Vec<Vec<(usize, Of, Tested)>> = (0..starts)
                    .into_par_iter()
                    .map(|start| {
                        run.check()?;
                        Ok(self.dense(*table, start * TOGETHER))
                    })
                    .collect::<Result<_>>()?;
                Ok(found.into_iter().flatten().collect())
            }
            Cells::Sparse(rows) => self.sparse(*rows, run),
            Cells::Bytes(cells, columns) => {
                let starts = columns.div_ceil(TOGETHER);
                let found: Vec<Vec<(usize, Of, Tested)>> = (0..starts)
                    .into_par_iter()
                    .map(|start| {
                        run.check()?;
                        Ok(self.bytes(cells, *columns, start * TOGETHER))
                    })
                    .collect::<Result<_>>()?;
                Ok(found.into_iter().flatten().collect())
            }
            Cells::Numbers(cells) => {
                run.check()?;
                let mut sides = [Vec::new(), Vec::new()];
                for (&cell, &place) in cells.iter().zip(self.places) {
                    if place != Place::Nowhere && cell.is_finite() {
                        sides[usize::from(place == Place::Outside)].push(cell + 0.0);
                    }
                }
                sides.iter_mut().for_each(|side| side.sort_unstable_by(f64::total_cmp));
                Ok(self.of_numbers(0, merge(&sides[0], &sides[1], |cell| cell), [sides[0].len(), sides[1].len()], false))
            }
            Cells::Codes(codes, levels) => {
                run.check()?;
                Ok(self.codes(codes, *levels))
            }
        }
    }

    /// The comparison of numbers, and of missing cells where there are any.
    fn of_numbers(&self, column: usize, tally: Tally, known: [usize; 2], is_sparse: bool) -> Vec<(usize, Of, Tested)> {
        let missing = [self.inside - known[0] as u64, self.outside - known[1] as u64];
        let of_missing = self.share(missing[0], missing[1]).map(|tested| (column, Of::Missing, tested));
        tally.tested(is_sparse).map(|tested| (column, Of::Numbers, tested)).into_iter().chain(of_missing).collect()
    }

    /// The comparison of shares; none if all rows are alike.
    fn share(&self, inside: u64, outside: u64) -> Option<Tested> {
        let (m, r) = (self.inside, self.outside);
        let have = inside + outside;
        if have == 0 || have == m + r {
            return None;
        }
        let side = |have: u64, rows: u64| Side { rows: rows as usize, share: Some(have as f64 / rows as f64), mean: None, quartiles: None };
        Some(Tested {
            effect: inside as f64 / m as f64 - outside as f64 / r as f64,
            p: chance::of_counts(inside, m, outside, r),
            least: chance::least(have.min(m + r - have), m, m + r),
            inside: side(inside, m),
            outside: side(outside, r),
            range: None,
        })
    }

    fn codes(&self, codes: &[u32], levels: usize) -> Vec<(usize, Of, Tested)> {
        // The last one counts missing cells.
        let mut counts = vec![[0_u64; 2]; levels + 1];
        for (&code, &place) in codes.iter().zip(self.places) {
            if place != Place::Nowhere {
                counts[(code as usize).min(levels)][usize::from(place == Place::Outside)] += 1;
            }
        }
        let shown: Vec<usize> = (0..=levels).filter(|&level| counts[level] != [0, 0]).collect();
        let of = |level: usize| if level == levels { Of::Missing } else { Of::Category(level as u32) };
        let tested = shown.iter().filter_map(|&level| Some((0, of(level), self.share(counts[level][0], counts[level][1])?)));
        match shown.len() {
            // Two categories are one comparison: that of the one which the selection has more of.
            2 => tested.max_by(|a, b| a.2.effect.total_cmp(&b.2.effect)).into_iter().collect(),
            _ => tested.collect(),
        }
    }

    fn dense(&self, table: MatrixView<'_>, from: usize) -> Vec<(usize, Of, Tested)> {
        let columns = from..(from + TOGETHER).min(table.cols());
        let room = |rows: u64| vec![Vec::with_capacity(rows as usize); columns.len()];
        let mut sides: [Vec<Vec<f32>>; 2] = [room(self.inside), room(self.outside)];
        for (row, &place) in self.places.iter().enumerate() {
            if place == Place::Nowhere {
                continue;
            }
            let side = &mut sides[usize::from(place == Place::Outside)];
            for (cells, &cell) in side.iter_mut().zip(&table.row(row)[columns.clone()]) {
                if cell.is_finite() {
                    cells.push(cell + 0.0); // of zeros there is one
                }
            }
        }
        let [mut inside, mut outside] = sides;
        let of_column = |(column, (inside, outside)): (usize, (&mut Vec<f32>, &mut Vec<f32>))| {
            inside.sort_unstable_by(f32::total_cmp);
            outside.sort_unstable_by(f32::total_cmp);
            self.of_numbers(column, merge(inside, outside, f64::from), [inside.len(), outside.len()], false)
        };
        columns.zip(inside.iter_mut().zip(&mut outside)).flat_map(of_column).collect()
    }

    fn bytes(&self, cells: &[u8], all: usize, from: usize) -> Vec<(usize, Of, Tested)> {
        let columns = from..(from + TOGETHER).min(all);
        let mut counts = vec![[[0_u32; 256]; 2]; columns.len()];
        for (row, &place) in self.places.iter().enumerate() {
            if place != Place::Nowhere {
                let side = usize::from(place == Place::Outside);
                let cells = &cells[row * all..][columns.clone()];
                counts.iter_mut().zip(cells).for_each(|(counts, &cell)| counts[side][usize::from(cell)] += 1);
            }
        }
        let of_column = |(column, counts): (usize, &[[u32; 256]; 2])| {
            let mut tally = Tally::new(self.inside, self.outside);
            (0..256).for_each(|value| tally.add(value as f64, u64::from(counts[0][value]), u64::from(counts[1][value])));
            tally.tested(false).map(|tested| (column, Of::Numbers, tested))
        };
        columns.zip(&counts).filter_map(of_column).collect()
    }

    fn sparse(&self, rows: SparseRows<'_>, run: &Run) -> Result<Vec<(usize, Of, Tested)>> {
        let sides = [Place::Inside, Place::Outside].map(|place| Transposed::of(rows, self.places, place));
        let found: Vec<Vec<(usize, Of, Tested)>> = (0..rows.cols)
            .into_par_iter()
            .map(|column| {
                if column % 1024 == 0 {
                    run.check()?;
                }
                let cells = [0, 1].map(|side| {
                    let mut cells: Vec<f32> = sides[side].column(column).to_vec();
                    cells.sort_unstable_by(f32::total_cmp);
                    cells
                });
                Ok(self.sparse_column(column, [&cells[0], &cells[1]]))
            })
            .collect::<Result<_>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Of the ascending cells that are not 0.
    fn sparse_column(&self, column: usize, cells: [&[f32]; 2]) -> Vec<(usize, Of, Tested)> {
        if cells.iter().all(|cells| cells.is_empty()) {
            return Vec::new();
        }
        let rows = [self.inside, self.outside];
        let zeros: [u64; 2] = [0, 1].map(|side| rows[side] - cells[side].len() as u64);
        let mut tally = Tally::new(rows[0], rows[1]);
        let mut zeros = Some(zeros);
        let (mut i, mut o) = (0, 0);
        while i < cells[0].len() || o < cells[1].len() {
            let next = |side: usize, at: usize| cells[side].get(at).copied().unwrap_or(f32::INFINITY);
            let key = next(0, i).min(next(1, o));
            if key > 0.0
                && let Some([inside, outside]) = zeros.take()
            {
                tally.add(0.0, inside, outside);
            }
            let run = |side: usize, from: usize| cells[side][from..].iter().take_while(|&&cell| cell == key).count();
            let (of_inside, of_outside) = (run(0, i), run(1, o));
            tally.add(f64::from(key), of_inside as u64, of_outside as u64);
            (i, o) = (i + of_inside, o + of_outside);
        }
        if let Some([inside, outside]) = zeros {
            tally.add(0.0, inside, outside);
        }
        self.of_numbers(column, tally, rows.map(|rows| rows as usize), true)
    }
}

/// The cells that are not 0 of the rows on one side, by column.
struct Transposed {
    starts: Vec<usize>,
    cells: Vec<f32>,
}

impl Transposed {
    fn of(rows: SparseRows<'_>, places: &[Place], place: Place) -> Self {
        let mine = || (0..rows.rows()).filter(|&row| places[row] == place);
        let each = |row: usize| {
            let (columns, cells) = rows.row(row);
            columns.iter().zip(cells).filter(|(_, cell)| **cell != 0.0 && cell.is_finite()).map(|(&column, &cell)| (column as usize, cell))
        };
        let mut starts = vec![0; rows.cols + 1];
        mine().flat_map(each).for_each(|(column, _)| starts[column + 1] += 1);
        (0..rows.cols).for_each(|column| starts[column + 1] += starts[column]);
        let (mut next, mut cells) = (starts.clone(), vec![0.0; starts[rows.cols]]);
        for (column, cell) in mine().flat_map(each) {
            cells[next[column]] = cell;
            next[column] += 1;
        }
        Transposed { starts, cells }
    }

    fn column(&self, column: usize) -> &[f32] {
        &self.cells[self.starts[column]..self.starts[column + 1]]
    }
}

#[cfg(test)]
mod tests;
