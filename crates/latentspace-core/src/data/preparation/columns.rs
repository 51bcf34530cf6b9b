//! The preparation of tables and arrays: numeric columns are scaled, each column of categories becomes columns of 0 and 1.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::cells::{infinite, is_finite, lacking};
use super::scaling::{Scaling, misfit};
use crate::data::{Affine, Category, Observations, Table, Values, exact};
use crate::error::{Error, Result};
use crate::linalg::Fresh;
use crate::linalg::{Matrix, OwnedRows};
use crate::parallel::*;

/// How a table or an array becomes numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    /// Numeric columns before preparation.
    pub(super) numbers: usize,
    /// How the reader laid the numeric columns in 32 bits.
    pub(super) affine: Affine,
    pub(super) scaling: Scaling,
    /// Whether missing cells stay missing (NaN).
    pub(super) keep: bool,
    /// Columns of categories; each becomes as many columns of 0 and 1 as it has levels, behind the numeric ones.
    pub(super) categories: Vec<Levels>,
}

/// A column of categories as it is prepared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// The column's name.
    pub name: String,
    /// The levels, sorted.
    pub levels: Vec<String>,
    /// What a missing cell becomes, for each level; empty where it is refused.
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) fills: Vec<f64>,
    /// The share of each level among the rows that have one, if levels are scaled by it; else empty.
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) shares: Vec<f64>,
}

impl Columns {
    /// Numbers a row after preparation.
    pub(super) fn width(&self) -> usize {
        self.numbers + self.categories.iter().map(|category| category.levels.len()).sum::<usize>()
    }

    /// Checks that its parts fit each other.
    pub(super) fn check(&self) -> Result<()> {
        let fits = |category: &Levels| {
            !category.levels.is_empty()
                && [&category.fills, &category.shares].iter().all(|list| list.is_empty() || list.len() == category.levels.len())
        };
        if !(self.affine.fits(self.numbers) && self.categories.iter().all(fits)) {
            return Err(misfit());
        }
        self.scaling.check(self.numbers)
    }

    /// The table as numbers, its columns in the order of these names. Nothing is copied where nothing has to be done.
    pub(super) fn prepare(&self, names: Option<&[String]>, observations: &Observations, table: &Table) -> Result<OwnedRows> {
        self.rows(self.arranged(names, observations, table)?.as_ref())
    }

    /// The table with its columns in the order of the preparation; by name where both have names.
    fn arranged<'a>(&self, names: Option<&[String]>, observations: &Observations, table: &'a Table) -> Result<Cow<'a, Table>> {
        let wrong = |found: String, wanted: String| Error::input(&observations.name, found, wanted);
        let (Some(wanted), Some(names)) = (names, table.names.as_deref()) else {
            if table.numbers.cols() != self.numbers || table.categories.len() != self.categories.len() {
                return Err(wrong(
                    format!("{} columns", observations.columns()),
                    format!("this space takes {}", self.numbers + self.categories.len()),
                ));
            }
            return Ok(Cow::Borrowed(table));
        };
        let same = wanted == names && self.categories.iter().map(|c| &c.name).eq(table.categories.iter().map(|c| &c.name));
        if same {
            return Ok(Cow::Borrowed(table));
        }
        let lacking = |name: &str| {
            let error = wrong(format!("no column '{name}'"), "this space needs it".to_owned());
            let there = names.iter().map(String::as_str).chain(table.categories.iter().map(|c| c.name.as_str()));
            match crate::error::nearest(name, there) {
                Some(near) => error.with_hint(format!("there is '{near}'")),
                None => error,
            }
        };
        let mut from = Vec::with_capacity(wanted.len());
        for name in wanted {
            from.push(names.iter().position(|known| known == name).ok_or_else(|| lacking(name))?);
        }
        let mut categories = Vec::with_capacity(self.categories.len());
        for category in &self.categories {
            categories.push(table.categories.iter().find(|c| c.name == category.name).ok_or_else(|| lacking(&category.name))?.clone());
        }
        let rows = table.numbers.rows();
        let mut numbers = vec![0.0_f32; rows * from.len()];
        if !from.is_empty() {
            numbers.par_chunks_mut(from.len()).enumerate().for_each(|(row, out)| {
                let cells = table.numbers.row(row);
                out.iter_mut().zip(&from).for_each(|(out, &column)| *out = cells[column]);
            });
        }
        let affine = table.affine.select(&from);
        Ok(Cow::Owned(Table { numbers: Matrix::new(rows, from.len(), numbers)?, affine, names: Some(wanted.to_vec()), categories }))
    }

    fn rows(&self, table: &Table) -> Result<OwnedRows> {
        let (rows, numbers, width) = (table.numbers.rows(), self.numbers, self.width());
        let Scaling { spreads, fills, .. } = &self.scaling;
        let center = |column: usize| self.scaling.center(column);
        let shifts: Vec<f64> = (0..numbers).map(|column| table.affine.line(column).offset - center(column)).collect();
        let scales: Vec<f64> = (0..numbers).map(|column| table.affine.line(column).scale).collect();
        let divisors: Vec<f64> = (0..numbers).map(|column| self.scaling.spread(column)).collect();
        let block = ((1 << 16) / width.max(1)).max(1);
        let is_bad = |value: &f32| if self.keep { value.is_infinite() } else { !value.is_finite() };
        let bad = |first: usize, cells: &[f32]| cells.iter().position(is_bad).map(|at| first * numbers + at);
        let owned = |table: Matrix| if self.keep { OwnedRows::Incomplete(table) } else { OwnedRows::Dense(table) };
        let name_of = |at: usize| ((at / numbers) as u64 + 1, table.column_name(at % numbers), table.numbers.as_slice()[at]);
        let refuse = |at: usize| {
            let (row, column, value) = name_of(at);
            if value.is_nan() { lacking("", row, &column) } else { infinite("", row, &column) }
        };
        let untouched = spreads.is_empty()
            && table.affine.scales().is_empty()
            && shifts.iter().all(|&shift| shift == 0.0)
            && self.categories.is_empty();
        if untouched && numbers > 0 {
            let first = table
                .numbers
                .as_slice()
                .par_chunks(block * numbers)
                .enumerate()
                .map(|(index, cells)| if is_finite(cells) { None } else { bad(index * block, cells) })
                .collect::<Vec<_>>()
                .into_iter()
                .flatten()
                .min();
            match first {
                None => return Ok(owned(table.numbers.clone())),
                Some(at) if fills.is_empty() || !name_of(at).2.is_nan() => return Err(refuse(at)),
                Some(_) => {}
            }
        }
        let codes: Vec<Vec<Option<usize>>> =
            self.categories.iter().zip(&table.categories).map(|(levels, column)| levels.codes(column, self.keep)).collect::<Result<_>>()?;
        let mut out = Fresh::new(rows, width)?;
        let first = out
            .par_chunks_mut((block * width).max(1))
            .enumerate()
            .map(|(index, out)| {
                let mut wrong = None;
                for (within, out) in out.chunks_exact_mut(width).enumerate() {
                    let row = index * block + within;
                    let cells = table.numbers.row(row);
                    for ((((out, &cell), scale), shift), spread) in out.iter_mut().zip(cells).zip(&scales).zip(&shifts).zip(&divisors) {
                        *out = ((f64::from(cell) * scale + shift) / spread) as f32;
                    }
                    if !is_finite(&out[..numbers]) {
                        for column in 0..numbers {
                            if out[column].is_finite() {
                                continue;
                            }
                            match fills.get(column) {
                                _ if self.keep && cells[column].is_nan() => {}
                                Some(fill) if cells[column].is_nan() => out[column] = ((fill - center(column)) / divisors[column]) as f32,
                                _ => wrong = wrong.or(Some(row * numbers + column)),
                            }
                        }
                    }
                    let mut from = numbers;
                    for (levels, codes) in self.categories.iter().zip(&codes) {
                        levels.fill(codes[row], &mut out[from..from + levels.levels.len()]);
                        from += levels.levels.len();
                    }
                }
                wrong
            })
            .collect::<Vec<_>>()
            .into_iter()
            .flatten()
            .min();
        match first {
            Some(at) => Err(refuse(at)),
            None => out.matrix(rows, width).map(owned),
        }
    }

    /// The table of rows `[n, width]`, with these names: the largest of a category's columns gives its level.
    pub(super) fn restore(&self, rows: &Matrix, names: Option<Vec<String>>) -> Result<Values> {
        let center = |column: usize| self.scaling.center(column);
        let spread = |column: usize| self.scaling.spread(column);
        let lines: Vec<_> = (0..self.numbers).map(|column| self.affine.line(column)).collect();
        let untouched = self.categories.is_empty()
            && self.scaling.spreads.is_empty()
            && self.affine.scales().is_empty()
            && (0..self.numbers).all(|column| center(column) == lines[column].offset);
        let table = if untouched {
            rows.clone()
        } else {
            let mut cells = Vec::with_capacity(rows.rows() * self.numbers);
            for row in 0..rows.rows() {
                let values = rows.row(row)[..self.numbers].iter().enumerate();
                let shift = |column: usize| center(column) - lines[column].offset;
                cells.extend(
                    values.map(|(column, &value)| ((f64::from(value) * spread(column) + shift(column)) / lines[column].scale) as f32),
                );
            }
            Matrix::new(rows.rows(), self.numbers, cells)?
        };
        let mut categories = Vec::new();
        let mut from = self.numbers;
        for levels in &self.categories {
            let mut codes = Vec::with_capacity(rows.rows());
            for row in 0..rows.rows() {
                let cells = &rows.row(row)[from..from + levels.levels.len()];
                let part = |at: usize| match levels.shares.get(at) {
                    Some(share) => f64::from(cells[at]) * share.sqrt() + share,
                    None => f64::from(cells[at]),
                };
                let best = (1..cells.len()).fold(0, |best, at| if part(at) > part(best) { at } else { best });
                codes.push(best as u32);
            }
            categories.push(Category { name: levels.name.clone(), codes, levels: levels.levels.clone() });
            from += levels.levels.len();
        }
        Ok(Values::Table(Table { numbers: table, affine: self.affine.clone(), names, categories }))
    }
}

impl Levels {
    /// The level of each row; none for a missing cell, which is refused unless it is filled or may stay missing.
    fn codes(&self, column: &Category, keep: bool) -> Result<Vec<Option<usize>>> {
        let known: Vec<Option<usize>> = column.levels.iter().map(|level| self.levels.binary_search(level).ok()).collect();
        column
            .codes
            .iter()
            .enumerate()
            .map(|(row, &code)| match known.get(code as usize) {
                Some(Some(level)) => Ok(Some(*level)),
                Some(None) => {
                    let names: Vec<&str> = self.levels.iter().take(8).map(String::as_str).collect();
                    let more = if self.levels.len() > 8 { ", …" } else { "" };
                    let found = format!("the level '{}'", column.levels[code as usize]);
                    Err(Error::input("", found, format!("this space knows {}{more}", names.join(", ")))
                        .at_row(row as u64 + 1)
                        .at_column(&self.name))
                }
                None if self.fills.is_empty() && !keep => Err(lacking("", row as u64 + 1, &self.name)),
                None => Ok(None),
            })
            .collect()
    }

    fn fill(&self, code: Option<usize>, out: &mut [f32]) {
        match code {
            Some(level) => out[level] = 1.0,
            None if self.fills.is_empty() => return out.fill(f32::NAN),
            None => out.iter_mut().zip(&self.fills).for_each(|(out, &fill)| *out = fill as f32),
        }
        for (out, &share) in out.iter_mut().zip(&self.shares) {
            *out = ((f64::from(*out) - share) / share.sqrt()) as f32;
        }
    }
}
