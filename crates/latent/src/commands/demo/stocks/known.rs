//! Known factors beside the learned ones, month by month: those of French's data library or of another file.

use std::path::{Path, PathBuf};
use std::process::Command;

use latentspace::data::{ReadOptions, Values, by_month, dates, read};
use latentspace::linalg::Matrix;
use latentspace::measure::{Measure, ProbeOptions, probe_numbers};
use latentspace::{Error, Result, Run};
use serde_json::{Value, json};

use super::correlation;

/// Fewest months from which factors are compared.
const MONTHS: usize = 24;

/// A file that a Python package brings.
pub(super) struct Packaged {
    pub(super) package: &'static str,
    /// Where in the package's folder.
    file: &'static str,
}

/// Prices of 20 companies of the S&P 500 since 1990.
pub(super) const PRICES: Packaged = Packaged { package: "skfolio", file: "datasets/data/sp500_dataset.csv.gz" };
/// French's factors by month since 1926: market, size and value.
pub(super) const FACTORS: Packaged = Packaged { package: "arch", file: "data/frenchdata/frenchdata.csv.gz" };

impl Packaged {
    /// The file that was named, or this one if the package was.
    ///
    /// # Errors
    /// [`Error::Param`] if the package was named and is not there.
    pub(super) fn or_file(&self, named: PathBuf, flag: &str) -> Result<PathBuf> {
        if named != Path::new(self.package) || named.exists() {
            return Ok(named);
        }
        // The folder is asked for; the package itself is not run.
        let ask = "import importlib.util, sys; found = importlib.util.find_spec(sys.argv[1]); \
                   print(list(found.submodule_search_locations)[0] if found else '')";
        let answer = Command::new("python3").args(["-c", ask, self.package]).output();
        let folder = answer.map(|answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned()).unwrap_or_default();
        let file = Path::new(&folder).join(self.file);
        if folder.is_empty() || !file.exists() {
            let error = Error::param(flag, self.package, "`python3` does not find this package, or it has no such data");
            return Err(error.with_hint(format!("pip install {}", self.package)));
        }
        Ok(file)
    }
}

/// Factors by month.
pub(super) struct Known {
    names: Vec<String>,
    /// As `2018-02`.
    months: Vec<String>,
    /// `[months, factors]`.
    returns: Matrix,
}

/// A known factor beside the learned ones.
pub(super) struct Beside {
    pub(super) name: String,
    /// The learned factor that follows it most, and their correlation.
    pub(super) factor: usize,
    pub(super) correlation: f64,
    /// How well all learned factors together predict months that were held out.
    pub(super) r2: Measure,
    pub(super) months: usize,
}

impl Beside {
    pub(super) fn json(&self) -> Value {
        json!({"factor": self.name, "learned": self.factor, "correlation": self.correlation, "r2": self.r2, "months": self.months})
    }
}

impl Known {
    /// A table with a row a month: a date as `192607`, `1926-07` or a day of the month, and a column a factor. The riskless rate (`RF`) is
    /// no factor.
    ///
    /// # Errors
    /// [`Error::Input`] if there is no date or no factor.
    pub(super) fn read(path: &Path, run: &Run) -> Result<Self> {
        let observations = read::open(path, &ReadOptions::default())?.read(run)?;
        let Values::Table(table) = &observations.values else {
            return Err(Error::input(path, observations.values.kind().to_string(), "a table of factors is needed"));
        };
        let (n, columns) = (table.numbers.rows(), table.numbers.cols());
        let value = |column: usize, row: usize| table.affine.value(column, table.numbers.row(row)[column]);
        let names: Vec<String> = (0..columns).map(|column| table.column_name(column)).collect();
        let dated = names.iter().position(|name| dates::is_time(name));
        let along = observations.metadata.names().iter().position(|name| dates::is_time(name));
        let month = |row: usize| -> Option<String> {
            let text = match (dated, along) {
                (Some(column), _) => format!("{:.0}", value(column, row)),
                (None, Some(column)) => observations.metadata.text(column, row)?,
                (None, None) => return None,
            };
            let digits: String = text.chars().filter(char::is_ascii_digit).take(6).collect();
            (digits.len() == 6).then(|| format!("{}-{}", &digits[..4], &digits[4..]))
        };
        let months: Option<Vec<String>> = (0..n).map(month).collect();
        let months =
            months.ok_or_else(|| Error::input(path, "rows without a month", "a column 'date' holds each row's, as 192607 or 1926-07"))?;
        let is_factor = |column: &usize| Some(*column) != dated && !names[*column].eq_ignore_ascii_case("rf");
        let kept: Vec<usize> = (0..columns).filter(is_factor).collect();
        if kept.is_empty() {
            return Err(Error::input(path, "no column of numbers but dates", "a column a factor is needed"));
        }
        let returns = Matrix::from_fn(n, kept.len(), |row, at| value(kept[at], row) as f32);
        Ok(Known { names: kept.into_iter().map(|column| names[column].clone()).collect(), months, returns })
    }

    /// Each factor beside learned ones, whose daily values `[days, factors]` on these dates are added up by month.
    ///
    /// # Errors
    /// [`Error::Input`] if fewer than 24 months are in both.
    pub(super) fn beside(&self, days: &[String], learned: &Matrix, run: &Run) -> Result<Vec<Beside>> {
        let (months, learned) = by_month(days, learned.view())?;
        // The first and the last month may be there in part.
        let whole = 1..months.len().saturating_sub(1).max(1);
        let place = |at: usize| Some((at, self.months.iter().position(|month| *month == months[at])?));
        let both: Vec<(usize, usize)> = whole.filter_map(place).collect();
        if both.len() < MONTHS {
            let found = format!("{} whole months that prices and factors have in common", both.len());
            return Err(Error::input("factors", found, format!("at least {MONTHS} are needed")));
        }
        let codes = learned.select(&both.iter().map(|(at, _)| *at as u32).collect::<Vec<u32>>());
        let column = |factor: usize| (0..codes.rows()).map(|row| f64::from(codes.row(row)[factor])).collect::<Vec<f64>>();
        let of = |(at, name): (usize, &String)| {
            let own: Vec<f64> = both.iter().map(|(_, row)| f64::from(self.returns.row(*row)[at])).collect();
            let all = (0..codes.cols()).map(|factor| correlation(&own, &column(factor))).enumerate();
            let (factor, correlation) =
                all.reduce(|best, other| if other.1.abs() > best.1.abs() { other } else { best }).unwrap_or((0, 0.0));
            let r2 = probe_numbers(codes.view(), &own, &ProbeOptions { k: 0, ..ProbeOptions::default() }, run)?.r2;
            Ok(Beside { name: name.clone(), factor, correlation, r2, months: both.len() })
        };
        self.names.iter().enumerate().map(of).collect()
    }
}
