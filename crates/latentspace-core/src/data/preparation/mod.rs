//! Preparation: how observations become numbers, chosen once, told, stored in the space, and applied to new rows the same way.

mod cells;
mod choose;
mod columns;
mod counts;
mod pixels;
mod scaling;
mod stored;
mod words;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::{Affine, CellErrors, DataKind, ImageShape, Missing, Observations, Scale, Table, Values};
use crate::error::{Error, Input, Result};
use crate::linalg::{Matrix, OwnedRows};
use crate::run::Run;
pub(in crate::data) use cells::is_finite;
use columns::Columns;
pub use columns::Levels;
use pixels::Pixels;
use scaling::{Scaling, misfit};
use stored::Stored;
use words::Words;

/// The form in which a method sees rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sees {
    /// Rows of numbers, dense or sparse: of text, the counts of its words; of pictures, their pixels.
    #[default]
    Rows,
    /// Sequences of words.
    Tokens,
    /// Pictures with their shape.
    Pictures,
}

impl Sees {
    pub(super) fn is_rows(&self) -> bool {
        *self == Sees::Rows
    }
}

/// How observations of one kind become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Preparation {
    /// `table`, `array`, `images`, `counts`, `text`.
    pub kind: DataKind,
    /// Numbers a row before preparation; a category counts as one.
    pub columns: usize,
    /// How columns are scaled; never `auto`.
    pub scale: Scale,
    /// What becomes of missing cells.
    pub missing: Missing,
    /// Names of the numeric columns, where they have any; of text, its words.
    pub names: Option<Vec<String>>,
    /// The form in which the method sees rows.
    pub(crate) sees: Sees,
    /// What belongs to the kind.
    form: Form,
    /// All this in sentences.
    pub told: Vec<String>,
}

/// What a preparation has for one kind of observations.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// Of tables and arrays.
    Columns(Columns),
    Pictures(Pixels),
    Counts {
        /// The number that the file gives to the first column, 0 or 1, where its format leaves that open (svmlight).
        base: Option<u32>,
    },
    Text(Words),
}

impl Preparation {
    /// Whether rows become counts, which are kept sparse.
    pub fn makes_counts(&self) -> bool {
        matches!(self.form, Form::Counts { .. } | Form::Text(_))
    }

    /// Whether observations are texts.
    pub fn is_text(&self) -> bool {
        matches!(self.form, Form::Text(_))
    }

    /// Whether missing cells stay missing.
    pub fn keeps_missing(&self) -> bool {
        matches!(&self.form, Form::Columns(columns) if columns.keep)
    }

    /// Errors of cells in the unit of prepared rows, their columns in the order of these.
    ///
    /// # Errors
    /// [`Error::Input`] if the columns are others, or not all are numbers.
    pub fn prepare_errors(&self, errors: &CellErrors) -> Result<CellErrors> {
        let wrong = |found: String, wanted: String| Err(Error::input("errors", found, wanted));
        let cols = errors.deviations.cols();
        let (Some(scaling), true) = (self.scaling(), self.categories().is_empty()) else {
            let what =
                if self.categories().is_empty() { self.kind.name().to_owned() } else { format!("category {}", self.categories()[0].name) };
            return wrong(what, "only numbers have errors; --columns chooses columns".to_owned());
        };
        if cols != self.columns {
            return wrong(format!("{cols} columns of numbers"), format!("the data has {}", self.columns));
        }
        let mut from: Vec<usize> = (0..cols).collect();
        if let (Some(own), Some(names)) = (&self.names, &errors.names) {
            for (from, name) in from.iter_mut().zip(own) {
                match names.iter().position(|known| known == name) {
                    Some(at) => *from = at,
                    None => return wrong(format!("no column '{name}'"), "errors have the columns of the data".to_owned()),
                }
            }
        }
        let unit = if self.kind == DataKind::Images { 255.0 } else { 1.0 };
        let cell = |row: usize, column: usize| (f64::from(errors.deviations.row(row)[from[column]]) / unit / scaling.spread(column)) as f32;
        let deviations = Arc::new(Matrix::from_fn(errors.deviations.rows(), cols, cell));
        Ok(CellErrors { deviations, names: self.names.clone() })
    }

    /// The size of pictures.
    pub fn image(&self) -> Option<ImageShape> {
        if let Form::Pictures(pixels) = &self.form { Some(pixels.shape) } else { None }
    }

    /// Columns of categories; each becomes as many columns of 0 and 1 as it has levels, behind the numeric ones.
    pub fn categories(&self) -> &[Levels] {
        if let Form::Columns(columns) = &self.form { &columns.categories } else { &[] }
    }

    /// Of sparse rows: the number that their file gives to the first column, 0 or 1, where its format leaves that open (svmlight).
    pub fn base(&self) -> Option<u32> {
        if let Form::Counts { base } = self.form { base } else { None }
    }

    /// How the reader is to lay numeric columns in 32 bits, so that new rows keep the digits that the fitted ones kept.
    pub fn affine(&self) -> Affine {
        if let Form::Columns(columns) = &self.form { columns.affine.clone() } else { Affine::default() }
    }

    fn scaling(&self) -> Option<&Scaling> {
        match &self.form {
            Form::Columns(columns) => Some(&columns.scaling),
            Form::Pictures(pixels) => Some(&pixels.scaling),
            Form::Counts { .. } | Form::Text(_) => None,
        }
    }

    /// Numbers a row after preparation: numeric columns, then the levels of each category.
    pub fn prepared_columns(&self) -> usize {
        if let Form::Columns(columns) = &self.form { columns.width() } else { self.columns }
    }

    /// Names of the prepared columns, where there are any: `color=red` for a level.
    pub fn prepared_names(&self) -> Option<Vec<String>> {
        let mut names = self.names.clone()?;
        for category in self.categories() {
            names.extend(category.levels.iter().map(|level| format!("{}={level}", category.name)));
        }
        Some(names)
    }

    /// Checks that what was read from a file fits together.
    ///
    /// # Errors
    /// [`Error::Input`] if lengths do not fit, or the words of text are not in their order.
    pub fn check(&self) -> Result<()> {
        self.check_lengths()?;
        let ordered = !self.is_text() || self.names.iter().all(|words| words.windows(2).all(|pair| pair[0] < pair[1]));
        if ordered { Ok(()) } else { Err(Error::input("preparation", "words that are not in their order", "a whole space file is needed")) }
    }

    /// Checks that lengths fit each other.
    fn check_lengths(&self) -> Result<()> {
        let numbers = self.columns.checked_sub(self.categories().len()).ok_or_else(misfit)?;
        if self.names.as_ref().is_some_and(|names| names.len() != numbers) {
            return Err(misfit());
        }
        match &self.form {
            Form::Columns(columns) if columns.numbers == numbers => columns.check(),
            Form::Columns(_) => Err(misfit()),
            Form::Pictures(pixels) => pixels.check(numbers),
            Form::Counts { .. } => Ok(()),
            Form::Text(words) if self.names.is_some() => words.check(),
            Form::Text(_) => Err(misfit()),
        }
    }

    /// The observations as numbers. Nothing is copied where nothing has to be done.
    ///
    /// Cost: one pass over the numbers, on the run's threads. A row's numbers are the same alone, in any batch, in any order.
    ///
    /// # Errors
    /// [`Error::Input`] if the observations are of another kind or have other columns, or with row and column for a cell that cannot be used;
    /// [`Error::Cancelled`].
    pub fn prepare(&self, observations: &Observations, run: &Run) -> Result<OwnedRows> {
        self.prepare_from(observations, 0, run)
    }

    /// As [`Preparation::prepare`], for a block whose first row is row `first` (from 0) of its source: errors name the row of the source.
    ///
    /// # Errors
    /// As there.
    pub fn prepare_from(&self, observations: &Observations, first: usize, run: &Run) -> Result<OwnedRows> {
        run.check()?;
        self.check_lengths()?;
        let place = |error: Error| match error {
            Error::Input(input) => {
                Error::Input(Input { row: input.row.map(|row| row + first as u64), file: observations.name.clone().into(), ..input })
            }
            other => other,
        };
        run.install(|| self.numbers_of(observations, run)).map_err(place)
    }

    /// The same preparation for a method that sees rows in this form.
    ///
    /// # Errors
    /// [`Error::Input`] if these observations have no such form.
    pub fn seen_as(self, sees: Sees) -> Result<Self> {
        let fits = match sees {
            Sees::Rows => true,
            Sees::Tokens => self.kind == DataKind::Text,
            Sees::Pictures => self.kind == DataKind::Images,
        };
        let needed = if sees == Sees::Tokens { "this method learns from running text" } else { "this method learns from pictures" };
        if fits { Ok(Preparation { sees, ..self }) } else { Err(Error::input("data", self.kind.name(), needed)) }
    }

    fn numbers_of(&self, observations: &Observations, run: &Run) -> Result<OwnedRows> {
        let names = self.names.as_deref();
        match (&self.form, &observations.values) {
            (Form::Columns(columns), Values::Table(table)) => columns.prepare(names, observations, table),
            (Form::Pictures(pixels), Values::Images(images)) => pixels.prepare(observations, images, self.sees),
            (Form::Counts { .. }, Values::Counts(counts)) => {
                let counts = counts::prepare(observations, counts, self.columns, names)?;
                Ok(OwnedRows::Sparse(counts.ok_or_else(|| self.unlike(observations))?))
            }
            (Form::Text(_), Values::Text(texts)) if self.sees == Sees::Tokens => self.tokens(texts, run),
            (Form::Text(_), Values::Text(texts)) => Ok(OwnedRows::Sparse(self.vocabulary()?.count(texts, run)?)),
            _ => Err(self.unlike(observations)),
        }
    }

    /// The error of observations of another kind or number of columns.
    fn unlike(&self, observations: &Observations) -> Error {
        Error::input(
            &observations.name,
            format!("{} with {} columns", observations.values.kind(), observations.columns()),
            format!("this space takes {} with {} columns", self.kind, self.columns),
        )
    }

    /// Observations of prepared rows `[n, prepared columns]`: the way back, for decoding. Pictures are rounded to pixels, the largest of a
    /// category's columns gives its level.
    ///
    /// # Errors
    /// [`Error::Input`] if the rows have another number of columns.
    pub fn restore(&self, rows: &Matrix) -> Result<Observations> {
        self.check_lengths()?;
        let width = self.prepared_columns();
        if rows.cols() != width {
            return Err(Error::input("rows", format!("{} columns", rows.cols()), format!("this space's rows have {width}")));
        }
        let values = match &self.form {
            Form::Columns(columns) => columns.restore(rows, self.names.clone())?,
            Form::Pictures(pixels) => pixels.restore(rows),
            Form::Counts { .. } | Form::Text(_) => {
                Values::Table(Table { numbers: rows.clone(), affine: Affine::default(), names: self.names.clone(), categories: Vec::new() })
            }
        };
        Ok(Observations::new("decoded", values))
    }
}

#[cfg(test)]
mod tests;
