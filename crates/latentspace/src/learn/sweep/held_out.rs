//! What a sweep holds out: rows, in blocks of time where they are a series, and blocks of their cells.

use crate::arrow::array::{Array, AsArray};
use crate::arrow::compute::cast;
use crate::arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use crate::data::{Metadata, dates, write};
use crate::error::{Error, Result, count};
use crate::random::Random;
use crate::run::Run;

/// Folds of cross-validation: of few rows, and of tables whose fits are cheap. Of others one row in [`ONE_IN`] is held out, up to
/// [`MOST_HELD`].
const FOLDS: usize = 5;
const FEW_ROWS: usize = 2000;
const CHEAP_CELLS: usize = 10_000_000;
const ONE_IN: usize = 10;
const MOST_HELD: usize = 5000;
/// Number of blocks of columns, each of which is hidden once.
const BLOCKS: usize = 8;
/// Number of blocks of time.
const TIMES: usize = 50;
/// Smallest share of rows with a date that makes them a series.
const DATED: f64 = 0.95;

/// Which rows are held out together, in which fold, and which cells of theirs are hidden together.
pub(super) struct HeldOut {
    /// The unit of each row: the row itself, or its block of time.
    pub(super) units: Vec<u32>,
    /// The fold in which a unit is held out, if it is.
    fold_of: Vec<Option<usize>>,
    /// Number of folds.
    pub(super) folds: usize,
    /// The columns in blocks: each block is hidden once.
    pub(super) blocks: Vec<Vec<usize>>,
    /// What is held out, in a sentence.
    pub(super) sentence: String,
}

/// Number of folds of rows of this shape; fewer if there are fewer units.
pub(super) fn folds(rows: usize, columns: usize, is_cheap: bool) -> usize {
    if rows <= FEW_ROWS || is_cheap && rows * columns <= CHEAP_CELLS { FOLDS } else { 1 }
}

impl HeldOut {
    /// Of so many rows and columns. `is_cheap`: the time of a fit is proportional to the number of rows.
    ///
    /// # Errors
    /// [`Error::Input`] if there are fewer than two rows.
    pub(super) fn new(rows: usize, columns: usize, metadata: &Metadata, is_cheap: bool, run: &Run) -> Result<Self> {
        if rows < 2 {
            return Err(Error::input("data", format!("{rows} rows"), "at least one training row and one held-out row are needed"));
        }
        let series = series(metadata);
        let units: Vec<u32> = match &series {
            Some((_, instants)) => by_time(instants),
            None => (0..rows as u32).collect(),
        };
        let n = units.iter().max().map_or(0, |&last| last as usize + 1);
        let random = Random::new(run.seed(), "rows held out");
        let folds = folds(rows, columns, is_cheap).min(n);
        let mut fold_of = vec![None; n];
        if folds > 1 {
            random.permutation(0, n).iter().enumerate().for_each(|(at, &unit)| fold_of[unit as usize] = Some(at % folds));
        } else {
            let held = (n / ONE_IN).max(1).min((MOST_HELD * n / rows).max(1));
            random.sample(0, n, held).iter().for_each(|&unit| fold_of[unit as usize] = Some(0));
        }
        let count_of = BLOCKS.min(columns).max(1);
        let mut blocks = vec![Vec::new(); count_of];
        let order = Random::new(run.seed(), "columns hidden").permutation(0, columns);
        order.iter().enumerate().for_each(|(at, &column)| blocks[at % count_of].push(column as usize));
        blocks.iter_mut().for_each(|block| block.sort_unstable());
        let all: usize = units.iter().filter(|&&unit| fold_of[unit as usize].is_some()).count();
        let what = match &series {
            Some((name, _)) => format!("rows in {n} blocks of time ('{name}')"),
            None => "random rows".to_owned(),
        };
        let how = if folds > 1 { format!("{folds}-fold cross-validation over {what}") } else { format!("{} {what}", count(all as u64)) };
        Ok(HeldOut { units, fold_of, folds, blocks, sentence: how })
    }

    /// The rows that are held out in a fold, and the others, in ascending order.
    pub(super) fn rows(&self, fold: usize) -> (Vec<u32>, Vec<u32>) {
        (0..self.units.len() as u32).partition(|&row| self.fold_of[self.units[row as usize] as usize] == Some(fold))
    }
}

/// The block of time of each row, of equal numbers of rows in the order of time. Rows without a date come first.
fn by_time(instants: &[Option<i64>]) -> Vec<u32> {
    let n = instants.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&row| (instants[row], row));
    let blocks = TIMES.min(n);
    let mut units = vec![0; n];
    order.iter().enumerate().for_each(|(at, &row)| units[row] = (at * blocks / n) as u32);
    units
}

/// The first column of metadata that dates the rows, so that they are a series: dates, or a column whose name means a time, most of which
/// differ.
fn series(metadata: &Metadata) -> Option<(String, Vec<Option<i64>>)> {
    let names = metadata.names();
    names.into_iter().enumerate().find_map(|(at, name)| {
        let instants = instants(&write::in_utc(metadata.columns.column(at)), &name)?;
        let mut known: Vec<i64> = instants.iter().flatten().copied().collect();
        let is_dated = known.len() as f64 >= DATED * instants.len() as f64;
        known.sort_unstable();
        known.dedup();
        // Several rows of one date, such as a year, are no series.
        (is_dated && known.len() * 2 > instants.len()).then_some((name, instants))
    })
}

/// The times of a column, if it holds times.
fn instants(array: &dyn Array, name: &str) -> Option<Vec<Option<i64>>> {
    let kind = array.data_type();
    if matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)) {
        let micros =
            cast(array, &DataType::Timestamp(TimeUnit::Microsecond, None)).and_then(|cells| cast(&cells, &DataType::Int64)).ok()?;
        return Some(micros.as_primitive::<Int64Type>().iter().collect());
    }
    if !dates::is_time(name) {
        return None;
    }
    if kind.is_numeric() {
        let numbers = cast(array, &DataType::Float64).ok()?;
        return dates::of_numbers(numbers.as_primitive::<Float64Type>().iter(), true);
    }
    let texts = cast(array, &DataType::LargeUtf8).ok()?;
    dates::instants(texts.as_string::<i64>().iter()).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::arrow::array::{ArrayRef, StringArray};

    fn held(rows: usize, columns: usize, metadata: &Metadata, is_cheap: bool) -> HeldOut {
        HeldOut::new(rows, columns, metadata, is_cheap, &Run::new(0, 1).unwrap()).unwrap()
    }

    #[test]
    fn each_row_is_held_out_once_where_fits_are_cheap_else_a_tenth_of_them() {
        let held = |rows, columns, is_cheap| held(rows, columns, &Metadata::none(rows), is_cheap);
        for (rows, is_cheap) in [(7, false), (3, false), (2000, false), (9000, true)] {
            let found = held(rows, 20, is_cheap);
            let mut all: Vec<u32> = (0..found.folds).flat_map(|fold| found.rows(fold).0).collect();
            all.sort_unstable();
            assert!(all.iter().copied().eq(0..rows as u32) && found.folds == 5.min(rows), "{rows}");
        }
        let (tenth, most) = (held(9000, 20, false), held(90_000, 500, true));
        assert_eq!((tenth.folds, tenth.rows(0).0.len(), tenth.rows(0).1.len()), (1, 900, 8100));
        assert_eq!((most.rows(0).0.len(), most.sentence.as_str()), (5000, "5,000 random rows"));
        let mut columns = tenth.blocks.concat();
        columns.sort_unstable();
        assert!(columns.iter().copied().eq(0..20) && tenth.blocks.len() == 8 && held(9, 3, false).blocks.len() == 3);
        assert!(HeldOut::new(1, 4, &Metadata::none(1), true, &Run::new(0, 1).unwrap()).is_err());
    }

    #[test]
    fn a_series_is_held_out_in_blocks_of_time() {
        let day = |at: usize| format!("20{:02}-{:02}-{:02}", at / 336 % 100, at / 28 % 12 + 1, at % 28 + 1);
        // Days in reverse order.
        let days: ArrayRef = Arc::new(StringArray::from((0..3000).rev().map(day).collect::<Vec<_>>()));
        let metadata = Metadata::from_columns(vec![("date".to_owned(), days.clone())], 3000).unwrap();
        let found = held(3000, 4, &metadata, false);
        let (out, rest) = found.rows(0);
        assert_eq!((out.len(), rest.len(), found.sentence.as_str()), (300, 2700, "300 rows in 50 blocks of time ('date')"));
        assert!(out.chunks(60).all(|block| block[59] - block[0] == 59), "{out:?}");
        // Texts of other columns, and times that most rows share, are none.
        let years: ArrayRef = Arc::new(StringArray::from((0..3000).map(|at| day(at / 1000 * 336)).collect::<Vec<_>>()));
        for columns in [vec![("name".to_owned(), days)], vec![("date".to_owned(), years)]] {
            let metadata = Metadata::from_columns(columns, 3000).unwrap();
            assert_eq!(held(3000, 4, &metadata, false).sentence, "300 random rows");
        }
    }
}
