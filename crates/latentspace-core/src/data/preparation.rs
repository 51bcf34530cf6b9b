//! Preparation: how observations become numbers, chosen once, told, stored in the space, and applied to new rows the same way.

use std::sync::Arc;

use crate::parallel::*;
use serde::{Deserialize, Serialize};

use crate::data::constant::{constant_columns, some, some_of};
use crate::data::corpus::Ready;
use crate::data::exact;
use crate::data::fresh::Fresh;
use crate::data::summary::MOST_LEVELS;
use crate::data::{
    Affine, Category, Counts, DataKind, ImageShape, Images, Missing, Observations, PrepareOptions, Scale, Source, Summarizer, Summary,
    Table, Values,
};
use crate::error::{Error, Input, Result};
use crate::linalg::{Matrix, OwnedRows, Pictures, SparseMatrix, Tokens};
use crate::run::Run;
use crate::text::Kept;

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
    fn is_rows(&self) -> bool {
        *self == Sees::Rows
    }
}

/// How observations of one kind become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preparation {
    /// `table`, `array`, `images`, `counts`, `text`.
    pub kind: DataKind,
    /// Numbers a row before preparation; a category counts as one.
    pub columns: usize,
    /// The size of pictures.
    pub image: Option<ImageShape>,
    /// How columns are scaled; never `auto`.
    pub scale: Scale,
    /// What becomes of missing cells.
    pub missing: Missing,
    /// Names of the numeric columns, where they have any.
    pub names: Option<Vec<String>>,
    /// How the reader laid the numeric columns in 32 bits.
    #[serde(flatten)]
    pub(super) affine: Affine,
    /// What is subtracted from each numeric column; empty where nothing is.
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) centers: Vec<f64>,
    /// What each numeric column is divided by then; empty where nothing is.
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) spreads: Vec<f64>,
    /// What a missing cell of each numeric column becomes, in the column's own unit; empty where they are refused.
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) fills: Vec<f64>,
    /// Columns of categories; each becomes as many columns of 0 and 1 as it has levels, behind the numeric ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Levels>,
    /// The form in which the method sees rows.
    #[serde(default, skip_serializing_if = "Sees::is_rows")]
    pub(crate) sees: Sees,
    /// Of sparse rows: the number that their file gives to the first column, 0 or 1, where its format leaves that open (svmlight).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u32>,
    /// How text becomes counts of words, which are the `names`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Kept>,
    #[serde(skip)]
    pub(super) ready: Ready,
    /// All this in sentences.
    pub told: Vec<String>,
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
    fills: Vec<f64>,
}

/// Spreads that differ by more than this make `auto` standardize.
const SPREADS_DIFFER: f64 = 10.0;

impl Preparation {
    /// Whether rows become counts, which are kept sparse.
    pub fn makes_counts(&self) -> bool {
        matches!(self.kind, DataKind::Counts | DataKind::Text)
    }

    /// The preparation that fits these observations.
    ///
    /// Arrays, pictures and counts that are taken as they are cost no pass over their numbers; all others one.
    ///
    /// # Errors
    /// [`Error::Input`] with row and column for cells that no preparation mends; [`Error::Cancelled`].
    pub fn choose(observations: &Observations, options: &PrepareOptions, run: &Run) -> Result<Self> {
        if observations.rows() == 0 {
            return Err(Error::input(&observations.name, "no rows", "at least one is needed"));
        }
        if let Values::Text(_) = &observations.values {
            return Ok(Self::of_texts(observations, options, false, run)?.0);
        }
        let as_they_are = matches!(options.scale, Scale::Auto | Scale::None) && matches!(options.missing, None | Some(Missing::Error));
        // Columns in parts of a scale have to be brought to one unit, for which their ranges are needed.
        let is_in_one_unit = !matches!(&observations.values, Values::Table(table) if !table.affine.scales().is_empty());
        let mut preparation = if as_they_are && is_in_one_unit && observations.values.kind() != DataKind::Table {
            let summary = head_only(observations);
            let mut preparation = Self::from_summary(&summary, options)?;
            let (constant, names) = constant_columns(observations, run)?;
            preparation.tell_constant(constant, &names);
            preparation
        } else {
            let mut summarizer = Summarizer::new(false, options.needs_quartiles());
            summarizer.push(observations, run)?;
            Self::from_summary(&summarizer.finish()?, options)?
        };
        if let Values::Counts(counts) = &observations.values {
            preparation.names = counts.names.clone();
            preparation.base = counts.base;
        }
        Ok(preparation)
    }

    /// The preparation that fits these observations, and the observations as numbers: what [`Preparation::choose`] and
    /// [`Preparation::prepare`] give, where text is gone through once for both.
    ///
    /// # Errors
    /// As there.
    pub fn choose_and_prepare(observations: &Observations, options: &PrepareOptions, run: &Run) -> Result<(Self, OwnedRows)> {
        if let (Values::Text(_), true) = (&observations.values, observations.rows() > 0) {
            let (preparation, _, counts) = Self::of_texts(observations, options, true, run)?;
            return Ok((preparation, OwnedRows::Sparse(counts.ok_or_else(|| Error::internal("counts are kept"))?)));
        }
        let preparation = Self::choose(observations, options, run)?;
        let prepared = preparation.prepare(observations, run)?;
        Ok((preparation, prepared))
    }

    /// The preparation that fits the rows of a source, which stream by once, and are counted so; a second time where the first shows that the
    /// head of a file misled about the digits that its columns need.
    ///
    /// # Errors
    /// What the reader says; [`Error::Input`] with row and column for cells that no preparation mends; [`Error::Cancelled`].
    pub fn of_source(source: &Source, options: &PrepareOptions, run: &Run) -> Result<Self> {
        if source.kind() == DataKind::Text {
            return Ok(Self::of_text_source(source, options, run)?.0);
        }
        loop {
            let before = source.affines();
            let summary = Summarizer::new(false, options.needs_quartiles()).over(source, 0..usize::MAX, run)?.finish()?;
            let misled = before.iter().zip(source.affines()).any(|(before, after)| before.is_some() && *before != after);
            if !misled {
                return Self::from_summary(&summary, options);
            }
        }
    }

    /// The preparation that fits what was summed up, for rows that stream by.
    ///
    /// # Errors
    /// [`Error::Input`] with row and column for cells that no preparation mends, and for text, whose words no summary holds.
    pub fn from_summary(summary: &Summary, options: &PrepareOptions) -> Result<Self> {
        if summary.kind == DataKind::Text {
            return Err(Error::input(&summary.name, "a summary of text", "its words are learned from the text itself"));
        }
        if let Some((row, column)) = &summary.first_infinite {
            return Err(infinite(&summary.name, *row, column));
        }
        let missing = options.missing.unwrap_or(if summary.kind == DataKind::Table { Missing::Mean } else { Missing::Error });
        if let (Missing::Error, Some((row, column))) = (missing, &summary.first_missing) {
            return Err(lacking(&summary.name, *row, column));
        }
        let numbers: Vec<_> = summary.learned.iter().filter(|column| column.kind == "number").collect();
        let mut told = Vec::new();
        let scale = match options.scale {
            Scale::Auto => auto(summary, &mut told),
            scale => scale,
        };
        if summary.kind == DataKind::Counts && !matches!(scale, Scale::None) {
            return Err(Error::param(
                "scale",
                format!("{scale:?}").to_lowercase(),
                format!("{} are taken as they are: none", summary.kind),
            ));
        }
        let unit = if summary.kind == DataKind::Images { 1.0 / 255.0 } else { 1.0 };
        let scale_of = |column: &crate::data::ColumnSummary| column.scale.unwrap_or(1.0);
        let affine =
            Affine::new(numbers.iter().map(|column| column.offset).collect(), numbers.iter().map(|column| scale_of(column)).collect());
        // Columns that are taken as they are share the unit of the largest that varies: beside it, tiny ones are 0.
        let common = numbers.iter().filter(|column| !column.constant).map(|column| scale_of(column)).reduce(f64::max).unwrap_or(1.0);
        let quartiles = |column: &crate::data::ColumnSummary| column.quartiles.unwrap_or([column.mean.unwrap_or(0.0); 3]);
        let (mut centers, mut spreads): (Vec<f64>, Vec<f64>) = numbers
            .iter()
            .map(|column| {
                let (center, spread) = match scale {
                    Scale::Standard => (column.mean, column.sd),
                    Scale::Robust => (Some(quartiles(column)[1]), Some(quartiles(column)[2] - quartiles(column)[0])),
                    Scale::Unit => (column.min, column.min.zip(column.max).map(|(low, high)| high - low)),
                    Scale::None | Scale::Auto => (None, None),
                };
                let spread = spread.filter(|spread| spread.is_finite() && *spread > 0.0).unwrap_or(1.0);
                (center.map_or(column.offset, |center| center * unit), if matches!(scale, Scale::None) { common } else { spread * unit })
            })
            .unzip();
        if centers.iter().all(|&center| center == 0.0) {
            centers.clear();
        }
        if spreads.iter().all(|&spread| spread == 1.0) {
            spreads.clear();
        }
        let fill = |column: &&crate::data::ColumnSummary| match missing {
            Missing::Median => quartiles(column)[1],
            _ => column.mean.unwrap_or(0.0),
        };
        let fills = if missing == Missing::Error { Vec::new() } else { numbers.iter().map(fill).collect() };
        let mut categories = Vec::new();
        for column in summary.learned.iter().filter(|column| column.kind == "category") {
            categories.push(levels(summary, column, missing)?);
        }
        let empty: Vec<&str> = numbers.iter().filter(|c| c.mean.is_none() && c.missing > 0).map(|c| c.name.as_str()).collect();
        let mut preparation = Preparation {
            kind: summary.kind,
            columns: summary.columns,
            image: summary.image,
            scale,
            missing,
            names: summary.named.then(|| numbers.iter().map(|column| column.name.clone()).collect()),
            affine,
            centers,
            spreads,
            fills,
            categories,
            sees: Sees::Rows,
            base: summary.base,
            text: None,
            ready: Ready::default(),
            told,
        };
        preparation.tell(summary, &empty);
        let constant: Vec<String> = numbers.iter().filter(|column| column.constant).map(|column| column.name.clone()).collect();
        preparation.tell_constant(constant.len(), &constant);
        Ok(preparation)
    }

    /// Sentences for scaling, missing cells and categories.
    fn tell(&mut self, summary: &Summary, empty: &[&str]) {
        let what = match self.kind {
            DataKind::Images => "pixels",
            DataKind::Counts => "counts",
            _ => "columns",
        };
        match self.scale {
            Scale::None if self.kind == DataKind::Images => self.told.push("pixels are taken as 0 to 1".to_owned()),
            Scale::None | Scale::Auto => self.told.push(format!("{what} are taken as they are")),
            Scale::Standard if self.told.is_empty() => {
                self.told.push(format!("{what} are standardized (mean 0, standard deviation 1), as asked"));
            }
            Scale::Standard => {}
            Scale::Robust => self.told.push(format!("{what} are scaled to median 0 and a distance of 1 between the quartiles, as asked")),
            Scale::Unit => self.told.push(format!("{what} are scaled to 0 to 1, as asked")),
        }
        let moved: Vec<String> = summary.learned.iter().filter(|column| column.offset != 0.0).map(|column| column.name.clone()).collect();
        if !moved.is_empty() && matches!(self.scale, Scale::None) {
            self.told.push(format!(
                "{} {} far from 0 relative to its spread: its middle is subtracted, so that no digit is lost",
                some("column", &moved),
                if moved.len() == 1 { "is" } else { "are each" }
            ));
        }
        if let (Scale::None, Some(&unit)) = (self.scale, self.spreads.iter().find(|&&unit| unit != 1.0)) {
            self.told.push(format!(
                "numbers are divided by {unit:.3e}, a power of 2: learned from as they are, they would leave the range of 32 bits"
            ));
        }
        let cells: u64 = summary.learned.iter().map(|column| column.missing).sum();
        if cells > 0 && self.missing != Missing::Error {
            let lacking: Vec<String> = summary.learned.iter().filter(|c| c.missing > 0).map(|c| c.name.clone()).collect();
            let value = if self.missing == Missing::Mean { "mean" } else { "median" };
            let cells = if cells == 1 { "1 missing cell becomes".to_owned() } else { format!("{cells} missing cells become") };
            self.told.push(format!("{cells} the {value} of the column ({})", some("column", &lacking)));
        }
        if !empty.is_empty() {
            let names: Vec<String> = empty.iter().map(|&name| name.to_owned()).collect();
            self.told.push(format!("{} without any value: taken as 0", some("column", &names)));
        }
        for levels in &self.categories {
            self.told.push(format!("column {} becomes {} columns of 0 and 1, one a level", levels.name, levels.levels.len()));
        }
    }

    /// So many columns are constant; `names` are at least the first of theirs.
    fn tell_constant(&mut self, constant: usize, names: &[String]) {
        if constant > 0 {
            let what = if self.kind == DataKind::Images { "pixel" } else { "column" };
            let verb = if constant == 1 { "is" } else { "are" };
            self.told.push(format!(
                "{} {verb} constant and carr{} no information",
                some_of(what, constant, names),
                if constant == 1 { "ies" } else { "y" }
            ));
        }
    }

    /// Numbers a row after preparation: numeric columns, then the levels of each category.
    pub fn prepared_columns(&self) -> usize {
        self.numbers() + self.categories.iter().map(|category| category.levels.len()).sum::<usize>()
    }

    /// Names of the prepared columns, where there are any: `color=red` for a level.
    pub fn prepared_names(&self) -> Option<Vec<String>> {
        let mut names = self.names.clone()?;
        for category in &self.categories {
            names.extend(category.levels.iter().map(|level| format!("{}={level}", category.name)));
        }
        Some(names)
    }

    /// How the reader is to lay numeric columns in 32 bits, so that new rows keep the digits that the fitted ones kept.
    pub fn affine(&self) -> &Affine {
        &self.affine
    }

    /// Numeric columns before preparation.
    fn numbers(&self) -> usize {
        self.columns.saturating_sub(self.categories.len())
    }

    /// Checks that what was read from a file fits together.
    ///
    /// # Errors
    /// [`Error::Input`] if lengths do not fit, or the words of text are not in their order.
    pub fn check(&self) -> Result<()> {
        self.fits()?;
        let ordered = self.text.is_none() || self.names.iter().all(|words| words.windows(2).all(|pair| pair[0] < pair[1]));
        if ordered { Ok(()) } else { Err(Error::input("preparation", "words that are not in their order", "a whole space file is needed")) }
    }

    /// Checks that lengths fit each other.
    fn fits(&self) -> Result<()> {
        let numbers = self.numbers();
        let fits = |values: &[f64], len: usize| values.is_empty() || values.len() == len;
        let whole = self.columns >= self.categories.len()
            && self.names.as_ref().is_none_or(|names| names.len() == numbers)
            && self.affine.fits(numbers)
            && [&self.centers, &self.spreads, &self.fills].into_iter().all(|values| fits(values, numbers))
            && self.spreads.iter().all(|&spread| spread > 0.0)
            && self
                .image
                .is_none_or(|shape| shape.height.checked_mul(shape.width).and_then(|n| n.checked_mul(shape.channels)) == Some(numbers))
            && self.categories.iter().all(|category| !category.levels.is_empty() && fits(&category.fills, category.levels.len()))
            && self.text.is_some() == (self.kind == DataKind::Text)
            && self.text.as_ref().is_none_or(|text| text.check().is_ok() && self.names.is_some() && self.categories.is_empty());
        if whole { Ok(()) } else { Err(Error::input("preparation", "its lengths do not fit each other", "a whole space file is needed")) }
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
        self.fits()?;
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

    /// Texts as sequences of words, those of a text the same alone and in any batch.
    fn tokens(&self, texts: &[String], run: &Run) -> Result<OwnedRows> {
        let vocabulary = self.vocabulary()?;
        let sequence = |text: &String| -> Result<Vec<u32>> {
            run.check()?;
            Ok(vocabulary.sequence(text))
        };
        let sequences: Vec<Vec<u32>> = run.install(|| texts.par_iter().map(sequence).collect::<Result<_>>())?;
        Ok(OwnedRows::Tokens(Tokens::new(self.prepared_columns(), sequences.iter().map(Vec::as_slice))))
    }

    /// Pixels, with the shape of their pictures if the method sees it.
    fn pictures(&self, pixels: OwnedRows) -> Result<OwnedRows> {
        match (self.sees, self.image) {
            (Sees::Pictures, Some(shape)) => Ok(OwnedRows::Pictures(Pictures { shape, pixels: pixels.table()? })),
            _ => Ok(pixels),
        }
    }

    fn numbers_of(&self, observations: &Observations, run: &Run) -> Result<OwnedRows> {
        let other = |found: String, wanted: String| Error::input(&observations.name, found, wanted);
        let unlike = || {
            other(
                format!("{} with {} columns", observations.values.kind(), observations.columns()),
                format!("this space takes {} with {} columns", self.kind, self.columns),
            )
        };
        match &observations.values {
            Values::Table(table) if matches!(self.kind, DataKind::Table | DataKind::Array) => {
                self.table(self.arranged(observations, table)?.as_ref())
            }
            Values::Images(images) => match self.image {
                Some(shape) if shape == images.shape => self.pictures(self.pixels(images, observations.rows())?),
                Some(shape) => Err(other(
                    format!("pictures of {} x {} x {}", images.shape.height, images.shape.width, images.shape.channels),
                    format!(
                        "this space takes pictures of {} x {} x {} (height, width, channels)",
                        shape.height, shape.width, shape.channels
                    ),
                )),
                None => Err(unlike()),
            },
            Values::Counts(counts) if self.kind == DataKind::Counts => {
                let arranged = self.arranged_counts(&observations.name, counts)?;
                let counts = arranged.as_ref();
                if counts.cols != self.columns {
                    return Err(unlike());
                }
                for row in 0..counts.rows() {
                    let (columns, values) = counts.row(row);
                    if let Some((&column, value)) = columns.iter().zip(values).find(|(_, value)| !value.is_finite()) {
                        let name = counts.names.as_ref().map_or((column + 1).to_string(), |names| names[column as usize].clone());
                        let place = (row as u64 + 1, name);
                        return Err(if value.is_nan() { lacking("", place.0, &place.1) } else { infinite("", place.0, &place.1) });
                    }
                }
                Ok(OwnedRows::Sparse(arranged.into_owned().matrix))
            }
            Values::Text(texts) if self.kind == DataKind::Text && self.sees == Sees::Tokens => self.tokens(texts, run),
            Values::Text(texts) if self.kind == DataKind::Text => Ok(OwnedRows::Sparse(self.vocabulary()?.count(texts, run)?)),
            _ => Err(unlike()),
        }
    }

    /// The counts with their columns in the order of the preparation, by name where both have names; others are left out.
    fn arranged_counts<'a>(&self, file: &str, counts: &'a Counts) -> Result<std::borrow::Cow<'a, Counts>> {
        use std::borrow::Cow;
        let (Some(wanted), Some(names)) = (&self.names, &counts.names) else { return Ok(Cow::Borrowed(counts)) };
        if wanted == names {
            return Ok(Cow::Borrowed(counts));
        }
        let places: std::collections::HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).rev().collect();
        let mut to = vec![None; counts.cols];
        for (at, name) in wanted.iter().enumerate() {
            let Some(&place) = places.get(name.as_str()) else {
                let error = Error::input(file, format!("no column '{name}'"), "this space needs it");
                return Err(match crate::error::nearest(name, names.iter().map(String::as_str)) {
                    Some(near) => error.with_hint(format!("there is '{near}'")),
                    None => error,
                });
            };
            to[place] = Some(at as u32);
        }
        let mut out = SparseMatrix::none(wanted.len());
        let mut cells = Vec::new();
        for row in 0..counts.rows() {
            let (columns, values) = counts.row(row);
            cells.clear();
            cells.extend(columns.iter().zip(values).filter_map(|(&column, &value)| Some((to[column as usize]?, value))));
            cells.sort_unstable_by_key(|(column, _)| *column);
            out.indices.extend(cells.iter().map(|(column, _)| *column));
            out.values.extend(cells.iter().map(|(_, value)| *value));
            out.starts.push(out.indices.len());
        }
        Ok(Cow::Owned(Counts { names: Some(wanted.clone()), ..out.into() }))
    }

    /// The table with its columns in the order of the preparation; by name where both have names.
    fn arranged<'a>(&self, observations: &Observations, table: &'a Table) -> Result<std::borrow::Cow<'a, Table>> {
        use std::borrow::Cow;
        let wrong = |found: String, wanted: String| Error::input(&observations.name, found, wanted);
        let (Some(wanted), Some(names)) = (&self.names, &table.names) else {
            if table.numbers.cols() != self.numbers() || table.categories.len() != self.categories.len() {
                return Err(wrong(format!("{} columns", observations.columns()), format!("this space takes {}", self.columns)));
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
        Ok(Cow::Owned(Table { numbers: Matrix::new(rows, from.len(), numbers)?, affine, names: Some(wanted.clone()), categories }))
    }

    fn table(&self, table: &Table) -> Result<OwnedRows> {
        let (rows, numbers, width) = (table.numbers.rows(), self.numbers(), self.prepared_columns());
        let center = |column: usize| self.centers.get(column).copied().unwrap_or(0.0);
        let shifts: Vec<f64> = (0..numbers).map(|column| table.affine.line(column).offset - center(column)).collect();
        let scales: Vec<f64> = (0..numbers).map(|column| table.affine.line(column).scale).collect();
        let spreads: Vec<f64> = if self.spreads.is_empty() { vec![1.0; numbers] } else { self.spreads.clone() };
        let block = ((1 << 16) / width.max(1)).max(1);
        let bad = |first: usize, cells: &[f32]| cells.iter().position(|value| !value.is_finite()).map(|at| first * numbers + at);
        let name_of = |at: usize| ((at / numbers) as u64 + 1, table.column_name(at % numbers), table.numbers.as_slice()[at]);
        let refuse = |at: usize| {
            let (row, column, value) = name_of(at);
            if value.is_nan() { lacking("", row, &column) } else { infinite("", row, &column) }
        };
        let untouched = self.spreads.is_empty()
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
                None => return Ok(OwnedRows::Dense(table.numbers.clone())),
                Some(at) if self.fills.is_empty() || !name_of(at).2.is_nan() => return Err(refuse(at)),
                Some(_) => {}
            }
        }
        let codes: Vec<Vec<Option<usize>>> =
            self.categories.iter().zip(&table.categories).map(|(levels, column)| levels.codes(column)).collect::<Result<_>>()?;
        let mut out = Fresh::new(rows, width)?;
        let first = out
            .par_chunks_mut((block * width).max(1))
            .enumerate()
            .map(|(index, out)| {
                let mut wrong = None;
                for (within, out) in out.chunks_exact_mut(width).enumerate() {
                    let row = index * block + within;
                    let cells = table.numbers.row(row);
                    for ((((out, &cell), scale), shift), spread) in out.iter_mut().zip(cells).zip(&scales).zip(&shifts).zip(&spreads) {
                        *out = ((f64::from(cell) * scale + shift) / spread) as f32;
                    }
                    if !is_finite(&out[..numbers]) {
                        for column in 0..numbers {
                            if out[column].is_finite() {
                                continue;
                            }
                            match self.fills.get(column) {
                                Some(fill) if cells[column].is_nan() => out[column] = ((fill - center(column)) / spreads[column]) as f32,
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
            None => out.matrix(rows, width).map(OwnedRows::Dense),
        }
    }

    fn pixels(&self, images: &Images, rows: usize) -> Result<OwnedRows> {
        let width = images.shape.len();
        let plain: Vec<f32> = (0..=255_u8).map(|pixel| f32::from(pixel) / 255.0).collect();
        let mut out = Fresh::new(rows, width)?;
        let block = ((1 << 18) / width.max(1)).max(1) * width;
        out.par_chunks_mut(block.max(1)).enumerate().for_each(|(index, out)| {
            let from = index * block.max(1);
            let pixels = &images.pixels[from..from + out.len()];
            match &images.lower {
                None => out.iter_mut().zip(pixels).for_each(|(out, &pixel)| *out = plain[usize::from(pixel)]),
                Some(lower) => out.iter_mut().zip(pixels).zip(&lower[from..]).for_each(|((out, &upper), &lower)| {
                    *out = f32::from(u16::from_be_bytes([upper, lower])) / 65535.0;
                }),
            }
            if !(self.centers.is_empty() && self.spreads.is_empty()) {
                for row in out.chunks_exact_mut(width) {
                    for (column, value) in row.iter_mut().enumerate() {
                        let center = self.centers.get(column).copied().unwrap_or(0.0);
                        let spread = self.spreads.get(column).copied().unwrap_or(1.0);
                        *value = ((f64::from(*value) - center) / spread) as f32;
                    }
                }
            }
        });
        out.matrix(rows, width).map(OwnedRows::Dense)
    }

    /// Observations of prepared rows `[n, prepared columns]`: the way back, for decoding. Pictures are rounded to pixels, the largest of a
    /// category's columns gives its level.
    ///
    /// # Errors
    /// [`Error::Input`] if the rows have another number of columns.
    pub fn restore(&self, rows: &Matrix) -> Result<Observations> {
        self.fits()?;
        let (numbers, width) = (self.numbers(), self.prepared_columns());
        if rows.cols() != width {
            return Err(Error::input("rows", format!("{} columns", rows.cols()), format!("this space's rows have {width}")));
        }
        let center = |column: usize| self.centers.get(column).copied().unwrap_or(0.0);
        let spread = |column: usize| self.spreads.get(column).copied().unwrap_or(1.0);
        if let Some(shape) = self.image {
            let pixels = (0..rows.rows())
                .flat_map(|row| rows.row(row).iter().enumerate())
                .map(|(column, &value)| ((f64::from(value) * spread(column) + center(column)) * 255.0).round().clamp(0.0, 255.0) as u8)
                .collect();
            return Ok(Observations::new("decoded", Values::Images(Images { shape, pixels: Arc::new(pixels), lower: None })));
        }
        let lines: Vec<_> = (0..numbers).map(|column| self.affine.line(column)).collect();
        let untouched = self.categories.is_empty()
            && self.spreads.is_empty()
            && self.affine.scales().is_empty()
            && (0..numbers).all(|column| center(column) == lines[column].offset);
        let table = if untouched {
            rows.clone()
        } else {
            let mut cells = Vec::with_capacity(rows.rows() * numbers);
            for row in 0..rows.rows() {
                let values = rows.row(row)[..numbers].iter().enumerate();
                let shift = |column: usize| center(column) - lines[column].offset;
                cells.extend(
                    values.map(|(column, &value)| ((f64::from(value) * spread(column) + shift(column)) / lines[column].scale) as f32),
                );
            }
            Matrix::new(rows.rows(), numbers, cells)?
        };
        let mut categories = Vec::new();
        let mut from = numbers;
        for levels in &self.categories {
            let mut codes = Vec::with_capacity(rows.rows());
            for row in 0..rows.rows() {
                let cells = &rows.row(row)[from..from + levels.levels.len()];
                let best = (1..cells.len()).fold(0, |best, at| if cells[at] > cells[best] { at } else { best });
                codes.push(best as u32);
            }
            categories.push(Category { name: levels.name.clone(), codes, levels: levels.levels.clone() });
            from += levels.levels.len();
        }
        let table = Table { numbers: table, affine: self.affine.clone(), names: self.names.clone(), categories };
        Ok(Observations::new("decoded", Values::Table(table)))
    }
}

impl Levels {
    /// The level of each row; none for a missing cell.
    fn codes(&self, column: &Category) -> Result<Vec<Option<usize>>> {
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
                None if self.fills.is_empty() => Err(lacking("", row as u64 + 1, &self.name)),
                None => Ok(None),
            })
            .collect()
    }

    fn fill(&self, code: Option<usize>, out: &mut [f32]) {
        match code {
            Some(level) => out[level] = 1.0,
            None => out.iter_mut().zip(&self.fills).for_each(|(out, &fill)| *out = fill as f32),
        }
    }
}

/// Whether each number is finite: nothing but infinity and NaN, times 0, is not 0.
pub(super) fn is_finite(values: &[f32]) -> bool {
    let mut sums = [0.0_f32; 8];
    let chunks = values.chunks_exact(8);
    let rest = chunks.remainder().iter().map(|value| value * 0.0).sum::<f32>();
    for chunk in chunks {
        sums.iter_mut().zip(chunk).for_each(|(sum, value)| *sum += value * 0.0);
    }
    sums.iter().sum::<f32>() + rest == 0.0
}

/// A number with so many decimals, or by its power of 10 where it is tiny or huge.
fn short(value: f64, decimals: usize) -> String {
    if (1e-3..1e6).contains(&value) { format!("{value:.decimals$}") } else { format!("{value:.1e}") }
}

/// `auto`: what it becomes, and why.
fn auto(summary: &Summary, told: &mut Vec<String>) -> Scale {
    if summary.kind != DataKind::Table {
        return Scale::None;
    }
    let spreads = || summary.learned.iter().filter_map(|column| Some((column.sd.filter(|&sd| sd > 0.0)?, column.name.as_str())));
    let least = spreads().min_by(|a, b| a.0.total_cmp(&b.0));
    let most = spreads().max_by(|a, b| a.0.total_cmp(&b.0));
    match (least, most) {
        (Some((low, thin)), Some((high, wide))) if high / low > SPREADS_DIFFER => {
            told.push(format!(
                "columns are standardized (mean 0, standard deviation 1): their spreads differ {}-fold ({thin} {}, {wide} {})",
                short(high / low, 0),
                short(low, 3),
                short(high, 3)
            ));
            Scale::Standard
        }
        _ => Scale::None,
    }
}

fn levels(summary: &Summary, column: &crate::data::ColumnSummary, missing: Missing) -> Result<Levels> {
    if column.distinct.is_none() {
        return Err(Error::input(
            &summary.name,
            format!("more than {MOST_LEVELS} levels"),
            "a column to learn from is a number or has few levels",
        )
        .at_column(&column.name)
        .with_hint("leave it out of --columns to keep it as metadata"));
    }
    let mut levels: Vec<(String, u64)> = column.levels.iter().map(|level| (level.name.clone(), level.rows)).collect();
    levels.sort();
    let seen: u64 = levels.iter().map(|(_, rows)| rows).sum();
    if seen == 0 {
        return Err(Error::input(&summary.name, "all cells are missing", "a column to learn from needs values").at_column(&column.name));
    }
    let most = levels.iter().map(|(_, rows)| *rows).max().unwrap_or(0);
    let mode = levels.iter().position(|(_, rows)| *rows == most);
    let fills = match missing {
        Missing::Error => Vec::new(),
        Missing::Mean => levels.iter().map(|(_, rows)| *rows as f64 / seen as f64).collect(),
        Missing::Median => (0..levels.len()).map(|level| if Some(level) == mode { 1.0 } else { 0.0 }).collect(),
    };
    Ok(Levels { name: column.name.clone(), levels: levels.into_iter().map(|(name, _)| name).collect(), fills })
}

/// A summary of the head alone, for what is taken as it is.
fn head_only(observations: &Observations) -> Summary {
    let (image, affine) = match &observations.values {
        Values::Images(images) => (Some(images.shape), Affine::default()),
        Values::Table(table) => (None, table.affine.clone()),
        _ => (None, Affine::default()),
    };
    // Of sparse rows nothing is kept for each column: there may be far more of them than cells.
    let described = if matches!(observations.values, Values::Counts(_)) { 0 } else { observations.columns() };
    let learned = (0..described)
        .map(|column| crate::data::ColumnSummary {
            name: (column + 1).to_string(),
            kind: "number".to_owned(),
            offset: affine.line(column).offset,
            ..Default::default()
        })
        .collect();
    Summary {
        name: observations.name.clone(),
        kind: observations.values.kind(),
        rows: observations.rows() as u64,
        columns: observations.columns(),
        image,
        learned,
        named: false,
        metadata: Vec::new(),
        id: None,
        labels: Vec::new(),
        duplicate_rows: None,
        duplicate_ids: None,
        first_missing: None,
        first_infinite: None,
        notes: Vec::new(),
        preparation: Vec::new(),
        text: None,
        base: None,
    }
}

fn infinite(file: &str, row: u64, column: &str) -> Error {
    Error::input(file, "infinity", "each cell is a finite number up to 3.4e38").at_row(row).at_column(column)
}

fn lacking(file: &str, row: u64, column: &str) -> Error {
    Error::input(file, "the cell is missing (NaN)", "each cell must be a number")
        .at_row(row)
        .at_column(column)
        .with_hint("--missing mean fills in the column's mean; a space fitted with missing=mean fills in new rows, too")
}

#[cfg(test)]
#[path = "preparation_tests.rs"]
mod tests;
