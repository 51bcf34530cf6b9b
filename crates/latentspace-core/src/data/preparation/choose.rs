//! The choice of a preparation: from a summary of the columns, said in sentences.

use super::cells::{infinite, lacking};
use super::columns::{Columns, Levels};
use super::pixels::Pixels;
use super::scaling::Scaling;
use super::{Form, Preparation, Sees};
use crate::data::constant::{constant_columns, some, some_of};
use crate::data::summary::MOST_LEVELS;
use crate::data::{Affine, ColumnSummary, DataKind, Missing, Observations, PrepareOptions, Scale, Source, Summarizer, Summary, Values};
use crate::error::{Error, Result};
use crate::linalg::OwnedRows;
use crate::run::Run;

/// Spreads that differ by more than this make `auto` standardize.
const SPREADS_DIFFER: f64 = 10.0;

impl Preparation {
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
        }
        Ok(preparation)
    }

    /// The preparation that fits these observations, and the observations as numbers: what [`Preparation::choose`] and
    /// [`Preparation::prepare`] give, where text is gone through once for both.
    ///
    /// # Errors
    /// As there.
    pub fn choose_and_prepare(observations: &Observations, options: &PrepareOptions, run: &Run) -> Result<(Self, OwnedRows)> {
        options.without_missing("this")?;
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
        let scale_of = |column: &ColumnSummary| column.scale.unwrap_or(1.0);
        let affine =
            Affine::new(numbers.iter().map(|column| column.offset).collect(), numbers.iter().map(|column| scale_of(column)).collect());
        // Columns that are taken as they are share the unit of the largest that varies: beside it, tiny ones are 0.
        let common = numbers.iter().filter(|column| !column.constant).map(|column| scale_of(column)).reduce(f64::max).unwrap_or(1.0);
        let quartiles = |column: &ColumnSummary| column.quartiles.unwrap_or([column.mean.unwrap_or(0.0); 3]);
        let (mut centers, mut spreads): (Vec<f64>, Vec<f64>) = numbers
            .iter()
            .map(|column| {
                let (center, spread) = match scale {
                    Scale::Standard => (column.mean, column.sd),
                    // Variances of levels are those of their shares, by n.
                    Scale::Mixed => {
                        let seen = summary.rows.saturating_sub(column.missing).max(1) as f64;
                        (column.mean, column.sd.map(|sd| sd * ((seen - 1.0) / seen).sqrt()))
                    }
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
        let fill = |column: &&ColumnSummary| match missing {
            Missing::Median => quartiles(column)[1],
            _ => column.mean.unwrap_or(0.0),
        };
        let fills = if missing.fills() { numbers.iter().map(fill).collect() } else { Vec::new() };
        let mut categories = Vec::new();
        for column in summary.learned.iter().filter(|column| column.kind == "category") {
            categories.push(levels(summary, column, missing, scale)?);
        }
        let empty: Vec<&str> = numbers.iter().filter(|c| c.mean.is_none() && c.missing > 0).map(|c| c.name.as_str()).collect();
        let scaling = Scaling { centers, spreads, fills };
        let form = match (summary.kind, summary.image) {
            (DataKind::Images, Some(shape)) => Form::Pictures(Pixels { shape, scaling }),
            (DataKind::Images, None) => return Err(Error::internal("pictures have a shape")),
            (DataKind::Counts, _) => Form::Counts { base: summary.base },
            _ => Form::Columns(Columns { numbers: numbers.len(), affine, scaling, keep: missing == Missing::Keep, categories }),
        };
        let mut preparation = Preparation {
            kind: summary.kind,
            columns: summary.columns,
            scale,
            missing,
            names: summary.named.then(|| numbers.iter().map(|column| column.name.clone()).collect()),
            sees: Sees::Rows,
            form,
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
            Scale::Mixed => self.told.push(
                "numbers are standardized (mean 0, standard deviation 1), levels of categories divided by the root of their share, as asked".to_owned(),
            ),
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
        if let (Scale::None, Some(&unit)) =
            (self.scale, self.scaling().and_then(|scaling| scaling.spreads.iter().find(|&&unit| unit != 1.0)))
        {
            self.told.push(format!(
                "numbers are divided by {unit:.3e}, a power of 2: learned from as they are, they would leave the range of 32 bits"
            ));
        }
        let cells: u64 = summary.learned.iter().map(|column| column.missing).sum();
        if cells > 0 && self.missing != Missing::Error {
            let lacking: Vec<String> = summary.learned.iter().filter(|c| c.missing > 0).map(|c| c.name.clone()).collect();
            let (one, many, what) = match self.missing {
                Missing::Keep => ("is", "are", "left out"),
                Missing::Median => ("becomes", "become", "the median of the column"),
                Missing::Mean | Missing::Error => ("becomes", "become", "the mean of the column"),
            };
            let cells = if cells == 1 { format!("1 missing cell {one}") } else { format!("{cells} missing cells {many}") };
            self.told.push(format!("{cells} {what} ({})", some("column", &lacking)));
        }
        if !empty.is_empty() {
            let names: Vec<String> = empty.iter().map(|&name| name.to_owned()).collect();
            self.told.push(format!("{} without any value: taken as 0", some("column", &names)));
        }
        let levels: Vec<String> = self
            .categories()
            .iter()
            .map(|levels| format!("column {} becomes {} columns of 0 and 1, one a level", levels.name, levels.levels.len()))
            .collect();
        self.told.extend(levels);
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

fn levels(summary: &Summary, column: &ColumnSummary, missing: Missing, scale: Scale) -> Result<Levels> {
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
        Missing::Error | Missing::Keep => Vec::new(),
        Missing::Mean => levels.iter().map(|(_, rows)| *rows as f64 / seen as f64).collect(),
        Missing::Median => (0..levels.len()).map(|level| if Some(level) == mode { 1.0 } else { 0.0 }).collect(),
    };
    let shares = match scale {
        Scale::Mixed => levels.iter().map(|(_, rows)| *rows as f64 / seen as f64).collect(),
        _ => Vec::new(),
    };
    Ok(Levels { name: column.name.clone(), levels: levels.into_iter().map(|(name, _)| name).collect(), fills, shares })
}

/// A summary of the head alone, for what is taken as it is.
fn head_only(observations: &Observations) -> Summary {
    let (mut image, mut affine, mut base) = (None, Affine::default(), None);
    match &observations.values {
        Values::Images(images) => image = Some(images.shape),
        Values::Table(table) => affine = table.affine.clone(),
        Values::Counts(counts) => base = counts.base,
        Values::Text(_) => {}
    }
    // Of sparse rows nothing is kept for each column: there may be far more of them than cells.
    let described = if matches!(observations.values, Values::Counts(_)) { 0 } else { observations.columns() };
    let learned = (0..described)
        .map(|column| ColumnSummary {
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
        base,
    }
}
