//! Series: long tables made wide, returns of prices, and delay embedding.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::arrow::array::{ArrayRef, StringArray};
use crate::data::{Affine, Metadata, Observations, Table, Values};
use crate::error::{Error, Result, count};
use crate::linalg::{Matrix, MatrixView};

/// A long table, one row per cell (`date, ticker, close`), made wide: one row per value of `rows`, one column per value of `columns`, both
/// sorted as text, which orders dates as `2018-02-07`. `rows` and `columns` are columns of metadata, `values` a numeric one. Cells that are
/// not in the long table are NaN.
///
/// # Errors
/// [`Error::Input`] if there is no such column or a cell is there twice.
pub fn wide(long: &Observations, rows: &str, columns: &str, values: &str) -> Result<Observations> {
    let wrong = |found: String, wanted: String| Error::input(&long.name, found, wanted);
    let names = long.metadata.names();
    let column_of = |name: &str| {
        let wanted = || wrong(format!("no column '{name}' of texts or dates"), format!("there are {}", names.join(", ")));
        names.iter().position(|known| known == name).ok_or_else(wanted)
    };
    let (by, into) = (column_of(rows)?, column_of(columns)?);
    let Values::Table(table) = &long.values else {
        return Err(wrong(format!("{}", long.values.kind()), "a long table has columns of numbers".to_owned()));
    };
    let value = (0..table.numbers.cols()).find(|&column| table.column_name(column) == values);
    let value = value.ok_or_else(|| wrong(format!("no column '{values}' of numbers"), "one holds the values".to_owned()))?;
    let text = |column: usize, row: usize| long.metadata.text(column, row).unwrap_or_default();
    let keys: Vec<(String, String)> = (0..table.numbers.rows()).map(|row| (text(by, row), text(into, row))).collect();
    let numbered = |all: BTreeSet<&str>| all.into_iter().enumerate().map(|(at, key)| (key.to_owned(), at)).collect::<BTreeMap<_, _>>();
    let (down, across) =
        (numbered(keys.iter().map(|(row, _)| row.as_str()).collect()), numbered(keys.iter().map(|(_, column)| column.as_str()).collect()));
    let mut cells = vec![f32::NAN; down.len() * across.len()];
    let mut seen = vec![false; cells.len()];
    for (row, key) in keys.iter().enumerate() {
        let at = down[&key.0] * across.len() + across[&key.1];
        if std::mem::replace(&mut seen[at], true) {
            return Err(wrong(format!("'{}' has two rows for '{}'", key.1, key.0), "each cell is there once".to_owned()));
        }
        cells[at] = table.affine.value(value, table.numbers.row(row)[value]) as f32;
    }
    let numbers = Matrix::new(down.len(), across.len(), cells)?;
    let dates: ArrayRef = Arc::new(down.keys().map(|key| Some(key.as_str())).collect::<StringArray>());
    let metadata = Metadata::from_columns(vec![(rows.to_owned(), dates)], down.len())?;
    let table = Table { numbers, affine: Affine::default(), names: Some(across.into_keys().collect()), categories: Vec::new() };
    Ok(Observations { name: long.name.clone(), values: Values::Table(table), metadata })
}

/// Logarithmic returns `[n - 1, d]` of prices `[n, d]`: the difference of the logarithms of successive rows. They add up over time, and a
/// rise and a fall by the same factor cancel. NaN where a price is missing.
///
/// # Errors
/// [`Error::Input`] for a price that is not positive, or fewer than two rows.
pub fn log_returns(prices: MatrixView<'_>) -> Result<Matrix> {
    let (n, d) = (prices.rows(), prices.cols());
    if let Some((row, column)) = (0..n).flat_map(|row| (0..d).map(move |column| (row, column))).find(|&(r, c)| prices.row(r)[c] <= 0.0) {
        let found = format!("row {}, column {}: {}", row + 1, column + 1, prices.row(row)[column]);
        return Err(Error::input("prices", found, "prices are positive"));
    }
    if n < 2 {
        return Err(Error::input("prices", format!("{n} rows"), "returns take at least 2"));
    }
    let log = |row: usize, column: usize| f64::from(prices.row(row)[column]).ln();
    Ok(Matrix::from_fn(n - 1, d, |row, column| (log(row + 1, column) - log(row, column)) as f32))
}

/// Sums of rows `[n, d]` by calendar month, such as the logarithmic returns of days: the months, as `2018-02`, and a row for each. `days` are
/// the dates of the rows, ascending, as `2018-02-07`. The first and the last month may be there in part.
///
/// ```
/// # use latentspace_core::{data::by_month, linalg::Matrix};
/// let days = ["2018-01-30", "2018-01-31", "2018-02-01"].map(str::to_owned);
/// let (months, sums) = by_month(&days, Matrix::from_fn(3, 1, |day, _| (day + 1) as f32).view())?;
/// assert_eq!((months.join(" "), sums.as_slice()), ("2018-01 2018-02".to_owned(), [3.0, 3.0].as_slice()));
/// # Ok::<(), latentspace_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Input`] if there are not as many dates as rows, or one has no month.
pub fn by_month(days: &[String], rows: MatrixView<'_>) -> Result<(Vec<String>, Matrix)> {
    if days.len() != rows.rows() {
        let found = format!("{} dates", count(days.len() as u64));
        return Err(Error::input("dates", found, format!("there are {} rows", count(rows.rows() as u64))));
    }
    let (mut months, mut sums): (Vec<String>, Vec<f64>) = (Vec::new(), Vec::new());
    for (row, day) in days.iter().enumerate() {
        let month = day.get(..7).filter(|month| month.as_bytes()[4] == b'-');
        let month =
            month.ok_or_else(|| Error::input("dates", format!("'{day}'"), "a date is written as 2018-02-07").at_row(row as u64 + 1))?;
        if months.last().is_none_or(|last| last != month) {
            months.push(month.to_owned());
            sums.resize(sums.len() + rows.cols(), 0.0);
        }
        let own = sums.len() - rows.cols();
        sums[own..].iter_mut().zip(rows.row(row)).for_each(|(sum, &cell)| *sum += f64::from(cell));
    }
    let sums = Matrix::new(months.len(), rows.cols(), sums.into_iter().map(|sum| sum as f32).collect())?;
    Ok((months, sums))
}

/// Delay embedding: a series `[n]` as rows of `dims` of its values, `lag` apart, the latest last: `[n - (dims - 1) lag, dims]`. One observed
/// variable of a deterministic system of m dimensions, unfolded into more than 2 m, shows the system's own shape (Takens 1981,
/// doi:10.1007/BFb0091924): its intrinsic dimension stays m however many delays there are, while noise fills them all.
///
/// ```
/// let rows = latentspace_core::data::delays(&[1.0, 2.0, 3.0, 4.0, 5.0], 2, 3)?;
/// assert_eq!((rows.row(0), rows.row(1)), ([1.0, 4.0].as_slice(), [2.0, 5.0].as_slice()));
/// # Ok::<(), latentspace_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Param`] if `dims` or `lag` is 0, or the series is too short.
pub fn delays(series: &[f64], dims: usize, lag: usize) -> Result<Matrix> {
    let span = dims.saturating_sub(1).saturating_mul(lag);
    if dims == 0 || lag == 0 || span >= series.len() {
        let wanted = format!("both are at least 1, and a series of {} values spans at most as many", count(series.len() as u64));
        return Err(Error::param("dims and lag", format!("{dims} and {lag}"), wanted));
    }
    Ok(Matrix::from_fn(series.len() - span, dims, |row, at| series[row + at * lag] as f32))
}

/// A lag for [`delays`]: the first at which the autocorrelation of the series falls below 1 / e, so that neighbors in a row are neither
/// copies nor strangers (Kantz and Schreiber 2004, "Nonlinear time series analysis", section 3.3); 1 for noise, at most a tenth of the series.
pub fn delay_lag(series: &[f64]) -> usize {
    let n = series.len();
    let mean = series.iter().sum::<f64>() / n.max(1) as f64;
    let together = |lag: usize| (lag..n).map(|at| (series[at] - mean) * (series[at - lag] - mean)).sum::<f64>();
    let most = (n / 10).max(1);
    let level = together(0) / std::f64::consts::E;
    (1..most).find(|&lag| together(lag) < level).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dimension::{DimensionOptions, dimension};
    use crate::random::Random;
    use crate::run::Run;

    #[test]
    fn one_variable_of_a_law_unfolds_into_its_attractor_and_noise_into_all_dimensions() {
        let run = Run::new(0, 2).unwrap();
        let random = Random::new(1, "series");
        // Hénon 1976, doi:10.1007/BF01608556: a law of two variables, of which one is seen; its attractor has the dimension 1.26.
        let mut henon = vec![0.1, 0.1];
        (2..3200).for_each(|t| henon.push(1.0 - 1.4 * henon[t - 1] * henon[t - 1] + 0.3 * henon[t - 2]));
        let henon = henon.split_off(200);
        let noise: Vec<f64> = (0..3000).map(|t| random.normal(0, t)).collect();
        let of = |series: &[f64]| {
            let rows = delays(series, 6, delay_lag(series)).unwrap();
            dimension(rows.view(), &DimensionOptions::default(), &run).unwrap().mle.value
        };
        assert!((of(&henon) - 1.26).abs() < 0.15, "{}", of(&henon));
        assert!(of(&noise) > 5.0 && delay_lag(&noise) == 1, "{}", of(&noise));
        assert!(delays(&noise, 0, 1).is_err() && delays(&noise, 2, 3000).is_err() && delays(&[], 1, 1).is_err());
    }

    #[test]
    fn long_tables_are_made_wide_and_prices_returns() {
        let texts = |cells: &[&str]| Arc::new(cells.iter().map(|cell| Some(*cell)).collect::<StringArray>()) as ArrayRef;
        let long = |dates: &[&str], tickers: &[&str]| {
            let mut long = Observations::from_matrix("t", Matrix::from_fn(dates.len(), 1, |row, _| 2.0_f32.powi(row as i32)));
            if let Values::Table(table) = &mut long.values {
                table.names = Some(vec!["close".to_owned()]);
            }
            let columns = vec![("date".to_owned(), texts(dates)), ("ticker".to_owned(), texts(tickers))];
            long.metadata = Metadata::from_columns(columns, dates.len()).unwrap();
            long
        };
        let found = wide(&long(&["d2", "d1", "d1"], &["B", "B", "A"]), "date", "ticker", "close").unwrap();
        let Values::Table(table) = &found.values else { panic!("a table") };
        assert_eq!(
            (table.names.as_deref().unwrap(), table.numbers.row(0)),
            (["A".to_owned(), "B".to_owned()].as_slice(), [4.0, 2.0].as_slice())
        );
        assert!(table.numbers.row(1)[0].is_nan() && table.numbers.row(1)[1] == 1.0);
        let returns = log_returns(table.numbers.view()).unwrap();
        assert!((returns.row(0)[1] + 2.0_f32.ln()).abs() < 1e-6 && returns.row(0)[0].is_nan());
        let twice = wide(&long(&["d1", "d1"], &["A", "A"]), "date", "ticker", "close").unwrap_err().to_string();
        assert!(twice.contains("'A' has two rows for 'd1'"), "{twice}");
        assert!(wide(&found, "date", "sector", "A").is_err() && log_returns(Matrix::from_fn(2, 1, |_, _| 0.0).view()).is_err());
    }
}
