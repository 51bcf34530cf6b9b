//! A summary of observations: what `latent describe` prints, and what a preparation is chosen from.
//!
//! One pass, in flat memory. Statistics of chunks of [`CHUNK`] rows, which start at fixed rows, are merged from the first to the last: the
//! bytes do not depend on threads, nor on whether the rows lay in memory or streamed by, in whatever blocks.
//! Source of the merge of variances: Chan, Golub and LeVeque 1983, doi:10.1080/00031305.1983.10483115.

use std::collections::BTreeMap;
use std::ops::Range;

use arrow::array::{Array, Float64Array};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::{CHUNK, ImageShape, Observations, Preparation, PrepareOptions, Source, Values};
use crate::error::{Error, Result};
use crate::random::Random;
use crate::run::Run;

/// Levels of a column of text that are told apart; a column with more is no class.
pub(super) const MOST_LEVELS: usize = 1000;
/// Values of a numeric column that are told apart.
const MOST_VALUES: usize = 64;
/// Levels that a summary names, the most frequent first.
const NAMED_LEVELS: usize = 20;
/// Rows whose equals are sought; beyond, 8 bytes a row are too many.
const MOST_HASHES: usize = 1 << 24;
/// Numbers that are kept for medians; columns of more rows are judged by a sample of them.
const MOST_SAMPLED: usize = 1 << 23;

/// What there is, before any fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// That of the observations.
    pub name: String,
    /// `table`, `array`, `images`, `counts` or `text`.
    pub kind: String,
    /// Observations.
    pub rows: u64,
    /// Numbers an observation before preparation, a category as one (0 for text).
    pub columns: usize,
    /// The size of pictures.
    pub image: Option<ImageShape>,
    /// The columns to learn from, as many as `columns`; for text one, in characters.
    pub learned: Vec<ColumnSummary>,
    /// Whether the learned columns have names.
    pub named: bool,
    /// The columns that ride along.
    pub metadata: Vec<ColumnSummary>,
    /// Which of these holds the ids.
    pub id: Option<String>,
    /// Which of these could be classes: few levels, each in many rows.
    pub labels: Vec<String>,
    /// Rows that equal an earlier one in every learned column; none where it was not counted (more than 16 million rows).
    pub duplicate_rows: Option<u64>,
    /// Ids that equal an earlier one.
    pub duplicate_ids: Option<u64>,
    /// Row and column, from 1, of the first missing cell.
    pub first_missing: Option<(u64, String)>,
    /// Row and column, from 1, of the first infinite cell.
    pub first_infinite: Option<(u64, String)>,
    /// How the file is taken, in sentences.
    pub notes: Vec<String>,
    /// The preparation that would be chosen, in sentences.
    pub preparation: Vec<String>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ColumnSummary {
    /// Its name, or its number, counted from 1.
    pub name: String,
    /// `number`, `category`, `text`, `date`, `bool`, or the name that the file gives to its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Cells that hold nothing.
    pub missing: u64,
    /// Cells that hold infinity.
    pub infinite: u64,
    /// The least finite value (of text: characters).
    pub min: Option<f64>,
    /// The greatest finite value (of text: characters).
    pub max: Option<f64>,
    /// The mean of the finite values (of text: characters).
    pub mean: Option<f64>,
    /// Their standard deviation, by n - 1.
    pub sd: Option<f64>,
    /// First quartile, median, third quartile, where they were asked for.
    pub quartiles: Option<[f64; 3]>,
    /// Whether all cells are equal.
    pub constant: bool,
    /// Different values; none where there are more than 64 (numbers) or 1000 (others).
    pub distinct: Option<u64>,
    /// The most frequent levels of what is no number.
    pub levels: Vec<Level>,
    /// What the reader subtracted so that the digits fit; `min`, `max` and `mean` have it added again.
    pub offset: f64,
}

/// A level of a column and its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The level.
    pub name: String,
    /// Its rows.
    pub rows: u64,
}

impl Summary {
    /// The summary of a source in one pass, with the preparation that would be chosen.
    ///
    /// # Errors
    /// What the reader says; [`Error::Cancelled`]. Data that no preparation mends are described all the same.
    pub fn of_source(source: &Source, options: &PrepareOptions, run: &Run) -> Result<Self> {
        let mut summarizer = Summarizer::new(true, options.needs_quartiles());
        for block in source.blocks(run)? {
            summarizer.push(&block?, run)?;
            run.progress("describe", summarizer.rows(), source.rows().unwrap_or(0) as u64);
        }
        let mut summary = summarizer.finish()?;
        summary.notes = source.notes();
        summary.tell_preparation(options);
        Ok(summary)
    }

    /// The summary of observations in memory, with the preparation that would be chosen.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn of(observations: &Observations, options: &PrepareOptions, run: &Run) -> Result<Self> {
        let mut summarizer = Summarizer::new(true, options.needs_quartiles());
        summarizer.push(observations, run)?;
        let mut summary = summarizer.finish()?;
        summary.tell_preparation(options);
        Ok(summary)
    }

    fn tell_preparation(&mut self, options: &PrepareOptions) {
        self.preparation = match Preparation::from_summary(self, options) {
            Ok(preparation) => preparation.told,
            Err(error) => vec![format!("none: {error}")],
        };
    }
}

/// Takes blocks of observations, in order, and sums them up.
pub struct Summarizer {
    detail: bool,
    head: Option<Head>,
    rows: u64,
    whole: Option<Part>,
    current: Option<Part>,
    sample: Option<Sample>,
    row_hashes: Option<Vec<u64>>,
    id_hashes: Option<Vec<u64>>,
}

/// What the first block says of all.
struct Head {
    name: String,
    kind: &'static str,
    columns: usize,
    image: Option<ImageShape>,
    names: Option<Vec<String>>,
    offsets: Vec<f64>,
    categories: Vec<String>,
    metadata: Vec<(String, String)>,
    id: Option<usize>,
}

impl Summarizer {
    /// An empty one. `detail`: duplicates, levels and what rides along are looked at too; `quartiles`: quartiles are wanted.
    pub fn new(detail: bool, quartiles: bool) -> Self {
        Summarizer {
            detail,
            head: None,
            rows: 0,
            whole: None,
            current: None,
            sample: quartiles.then(Sample::default),
            row_hashes: detail.then(Vec::new),
            id_hashes: detail.then(Vec::new),
        }
    }

    /// Rows seen.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the next block.
    ///
    /// # Errors
    /// [`Error::Input`] if it has other columns than the first; [`Error::Cancelled`].
    pub fn push(&mut self, block: &Observations, run: &Run) -> Result<()> {
        let head = self.head.get_or_insert_with(|| Head::of(block));
        if head.kind != block.values.kind() || head.columns != block.columns() || head.metadata.len() != block.metadata.names().len() {
            return Err(Error::input(&block.name, "a block with other columns than the first", "all files have the same columns"));
        }
        let rows = block.rows();
        let detail = self.detail;
        let mut at = 0;
        while at < rows {
            run.check()?;
            let first = self.rows + at as u64;
            let within = (first % CHUNK as u64) as usize;
            if within != 0 || rows - at < CHUNK {
                let take = (CHUNK - within).min(rows - at);
                let mut part = self.current.take().unwrap_or_else(|| Part::new(block));
                part.add(block, at..at + take, first, detail);
                at += take;
                if within + take == CHUNK {
                    self.close(part);
                } else {
                    self.current = Some(part);
                }
                continue;
            }
            let count = ((rows - at) / CHUNK).min(4 * run.threads());
            let parts: Vec<Part> = run.install(|| {
                (0..count)
                    .into_par_iter()
                    .map(|index| {
                        let mut part = Part::new(block);
                        let from = at + index * CHUNK;
                        part.add(block, from..from + CHUNK, first + (index * CHUNK) as u64, detail);
                        part
                    })
                    .collect()
            });
            parts.into_iter().for_each(|part| self.close(part));
            at += count * CHUNK;
        }
        if let Some(sample) = &mut self.sample {
            sample.add(block, self.rows);
        }
        self.rows += rows as u64;
        let keep = |hashes: &mut Option<Vec<u64>>, more: Vec<u64>| {
            if let Some(all) = hashes {
                all.extend(more);
            }
            if hashes.as_ref().is_some_and(|all| all.len() > MOST_HASHES) {
                *hashes = None;
            }
        };
        if self.row_hashes.is_some() {
            keep(&mut self.row_hashes, run.install(|| (0..rows).into_par_iter().map(|row| row_hash(&block.values, row)).collect()));
        }
        if self.id_hashes.is_some() && block.metadata.id.is_some() {
            let hash = |row| block.metadata.id(row).bytes().fold(SEED, |hash, byte| mix(hash, u64::from(byte)));
            keep(&mut self.id_hashes, run.install(|| (0..rows).into_par_iter().map(hash).collect()));
        }
        Ok(())
    }

    fn close(&mut self, part: Part) {
        self.whole = Some(match self.whole.take() {
            None => part,
            Some(whole) => whole.merge(part),
        });
    }

    /// The summary of all blocks.
    ///
    /// # Errors
    /// [`Error::Input`] if there was no row.
    pub fn finish(mut self) -> Result<Summary> {
        if let Some(part) = self.current.take() {
            self.close(part);
        }
        let (Some(head), Some(whole)) = (self.head, self.whole) else {
            return Err(Error::input("data", "no rows", "at least one is needed"));
        };
        let numbers = whole.numbers.len();
        let name = |column: usize| match &head.names {
            Some(names) if column < numbers => names[column].clone(),
            _ if column >= numbers => head.categories[column - numbers].clone(),
            _ => (column + 1).to_string(),
        };
        let quartiles = self.sample.map(|sample| sample.quartiles(numbers)).unwrap_or_default();
        let mut learned: Vec<ColumnSummary> = whole.numbers.iter().map(Moments::summary).collect();
        for (column, summary) in learned.iter_mut().enumerate() {
            summary.name = if head.kind == "text" { "text".to_owned() } else { name(column) };
            summary.kind = if head.kind == "text" { "text".to_owned() } else { "number".to_owned() };
            summary.offset = head.offsets.get(column).copied().unwrap_or(0.0);
            summary.quartiles = quartiles.get(column).copied().flatten();
            summary.constant &= self.rows > 1;
        }
        for (index, riding) in whole.categories.into_iter().enumerate() {
            learned.push(riding.summary(head.categories[index].clone(), "category".to_owned(), MOST_LEVELS));
        }
        let metadata: Vec<ColumnSummary> =
            head.metadata.into_iter().zip(whole.metadata).map(|((name, kind), riding)| riding.summary(name, kind, NAMED_LEVELS)).collect();
        let could_be_classes = |column: &&ColumnSummary| {
            column.kind != "date" && column.distinct.is_some_and(|levels| (2..=100).contains(&levels) && 2 * levels <= self.rows)
        };
        let place = |place: Option<(u64, usize)>| place.map(|(row, column)| (row + 1, name(column)));
        Ok(Summary {
            name: head.name,
            kind: head.kind.to_owned(),
            rows: self.rows,
            columns: head.columns,
            image: head.image,
            named: head.names.is_some(),
            id: head.id.and_then(|id| metadata.get(id)).map(|column| column.name.clone()),
            labels: metadata.iter().filter(could_be_classes).map(|column| column.name.clone()).collect(),
            duplicate_rows: self.row_hashes.map(duplicates),
            duplicate_ids: self.id_hashes.filter(|_| head.id.is_some()).map(duplicates),
            first_missing: place(whole.first_missing),
            first_infinite: place(whole.first_infinite),
            learned,
            metadata,
            notes: Vec::new(),
            preparation: Vec::new(),
        })
    }
}

impl Head {
    fn of(block: &Observations) -> Self {
        let (image, names, offsets, categories) = match &block.values {
            Values::Table(table) => {
                (None, table.names.clone(), table.offsets.clone(), table.categories.iter().map(|category| category.name.clone()).collect())
            }
            Values::Images(images) => (Some(images.shape), None, Vec::new(), Vec::new()),
            Values::Counts(counts) => (None, counts.names.clone(), Vec::new(), Vec::new()),
            Values::Text(_) => (None, None, Vec::new(), Vec::new()),
        };
        let schema = block.metadata.columns.schema();
        let metadata = schema.fields().iter().map(|field| (field.name().clone(), type_name(field.data_type()))).collect();
        Head {
            name: block.name.clone(),
            kind: block.values.kind(),
            columns: block.columns(),
            image,
            names,
            offsets,
            categories,
            metadata,
            id: block.metadata.id,
        }
    }
}

/// The name of an Arrow type in sentences.
pub(super) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Dictionary(_, values) => type_name(values),
        DataType::Boolean => "bool".to_owned(),
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => "date".to_owned(),
        kind if kind.is_numeric() => "number".to_owned(),
        kind => kind.to_string(),
    }
}

/// The statistics of some rows.
struct Part {
    numbers: Vec<Moments>,
    categories: Vec<Riding>,
    metadata: Vec<Riding>,
    first_missing: Option<(u64, usize)>,
    first_infinite: Option<(u64, usize)>,
}

/// The statistics of one column: sums about `shift`, in f64.
#[derive(Clone)]
struct Moments {
    shift: f64,
    count: u64,
    sum: f64,
    squares: f64,
    low: f64,
    high: f64,
    missing: u64,
    infinite: u64,
    /// The bits of different values, sorted; none once there were too many.
    values: Option<Vec<u32>>,
}

impl Moments {
    fn new() -> Self {
        Moments {
            shift: 0.0,
            count: 0,
            sum: 0.0,
            squares: 0.0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            missing: 0,
            infinite: 0,
            values: Some(Vec::new()),
        }
    }

    #[inline]
    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            if value.is_nan() {
                self.missing += 1;
            } else {
                self.infinite += 1;
            }
            return;
        }
        if self.count == 0 {
            self.shift = value;
        }
        let difference = value - self.shift;
        self.count += 1;
        self.sum += difference;
        self.squares += difference * difference;
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }

    #[inline]
    fn see(&mut self, bits: u32) {
        if let Some(values) = &mut self.values
            && let Err(place) = values.binary_search(&bits)
        {
            values.insert(place, bits);
            if values.len() > MOST_VALUES {
                self.values = None;
            }
        }
    }

    /// `count` zeros, of a sparse column.
    fn add_zeros(&mut self, count: u64) {
        if count == 0 {
            return;
        }
        let difference = -self.shift;
        self.count += count;
        self.sum += difference * count as f64;
        self.squares += difference * difference * count as f64;
        self.low = self.low.min(0.0);
        self.high = self.high.max(0.0);
        self.see(0);
    }

    fn mean(&self) -> f64 {
        self.shift + self.sum / self.count.max(1) as f64
    }

    /// The sum of squares about the mean.
    fn deviation(&self) -> f64 {
        (self.squares - self.sum * self.sum / self.count.max(1) as f64).max(0.0)
    }

    fn merge(mut self, other: &Self) -> Self {
        self.missing += other.missing;
        self.infinite += other.infinite;
        self.values = match (self.values.take(), &other.values) {
            (Some(mut mine), Some(theirs)) => {
                mine.extend(theirs);
                mine.sort_unstable();
                mine.dedup();
                Some(mine).filter(|values| values.len() <= MOST_VALUES)
            }
            _ => None,
        };
        if self.count == 0 || other.count == 0 {
            if self.count == 0 {
                (self.shift, self.count, self.sum, self.squares) = (other.shift, other.count, other.sum, other.squares);
                (self.low, self.high) = (other.low, other.high);
            }
            return self;
        }
        // Brought about the mean of the left part, both sums of squares stay small.
        let (left, right) = (self.count as f64, other.count as f64);
        let (mean, gap) = (self.mean(), other.mean() - self.mean());
        let deviation = self.deviation() + other.deviation() + gap * gap * left * right / (left + right);
        self.shift = mean;
        self.sum = gap * right;
        self.count += other.count;
        self.squares = deviation + self.sum * self.sum / self.count as f64;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self
    }

    fn summary(&self) -> ColumnSummary {
        let some = |value: f64| (self.count > 0).then_some(value);
        ColumnSummary {
            missing: self.missing,
            infinite: self.infinite,
            min: some(self.low),
            max: some(self.high),
            mean: some(self.mean().min(self.high).max(self.low)),
            sd: some(if self.low == self.high { 0.0 } else { (self.deviation() / (self.count.max(2) - 1) as f64).sqrt() }),
            constant: self.count > 0 && self.low == self.high && self.missing + self.infinite == 0,
            distinct: self.values.as_ref().map(|values| values.len() as u64),
            ..ColumnSummary::default()
        }
    }
}

/// The statistics of a column of levels, or of one that rides along.
struct Riding {
    missing: u64,
    numbers: Option<Moments>,
    /// Rows of each level; none once there were too many.
    levels: Option<BTreeMap<String, u64>>,
}

impl Riding {
    fn new(numeric: bool) -> Self {
        Riding { missing: 0, numbers: numeric.then(Moments::new), levels: Some(BTreeMap::new()) }
    }

    fn see(&mut self, level: &str, rows: u64) {
        let Some(levels) = &mut self.levels else { return };
        if let Some(count) = levels.get_mut(level) {
            *count += rows;
        } else if levels.len() < MOST_LEVELS {
            levels.insert(level.to_owned(), rows);
        } else {
            self.levels = None;
        }
    }

    fn add(&mut self, column: &dyn Array, rows: Range<usize>) {
        let options = FormatOptions::default();
        let column = column.slice(rows.start, rows.len());
        self.missing += column.null_count() as u64;
        if self.levels.is_some()
            && let Ok(formatter) = ArrayFormatter::try_new(&column, &options)
        {
            let mut text = String::new();
            for row in (0..rows.len()).filter(|&row| !column.is_null(row)) {
                text.clear();
                if std::fmt::Write::write_fmt(&mut text, format_args!("{}", formatter.value(row))).is_ok() {
                    self.see(&text, 1);
                }
                if self.levels.is_none() {
                    break;
                }
            }
        }
        if let Some(moments) = &mut self.numbers
            && let Ok(numbers) = arrow::compute::cast(&column, &DataType::Float64)
            && let Some(numbers) = numbers.as_any().downcast_ref::<Float64Array>()
        {
            numbers.iter().flatten().for_each(|value| moments.add(value));
        }
    }

    fn merge(mut self, other: Self) -> Self {
        self.missing += other.missing;
        match other.levels {
            Some(levels) => levels.iter().for_each(|(level, &rows)| self.see(level, rows)),
            None => self.levels = None,
        }
        self.numbers = match (self.numbers, other.numbers) {
            (Some(mine), Some(theirs)) => Some(mine.merge(&theirs)),
            _ => None,
        };
        self
    }

    fn summary(self, name: String, kind: String, most: usize) -> ColumnSummary {
        let mut summary = self.numbers.map(|numbers| numbers.summary()).unwrap_or_default();
        summary.name = name;
        summary.kind = kind;
        summary.missing += self.missing;
        summary.distinct = self.levels.as_ref().map(|levels| levels.len() as u64);
        summary.constant = summary.distinct == Some(1) && summary.missing == 0;
        let mut levels: Vec<Level> = self.levels.unwrap_or_default().into_iter().map(|(name, rows)| Level { name, rows }).collect();
        levels.sort_by_key(|level| std::cmp::Reverse(level.rows));
        levels.truncate(most);
        summary.levels = if summary.kind == "number" { Vec::new() } else { levels };
        summary
    }
}

impl Part {
    fn new(block: &Observations) -> Self {
        let (numbers, categories) = match &block.values {
            Values::Table(table) => (table.numbers.cols(), table.categories.len()),
            Values::Text(_) => (1, 0),
            other => (
                match other {
                    Values::Images(images) => images.shape.len(),
                    Values::Counts(counts) => counts.cols,
                    _ => 0,
                },
                0,
            ),
        };
        let schema = block.metadata.columns.schema();
        Part {
            numbers: vec![Moments::new(); numbers],
            categories: (0..categories).map(|_| Riding::new(false)).collect(),
            metadata: schema.fields().iter().map(|field| Riding::new(field.data_type().is_numeric())).collect(),
            first_missing: None,
            first_infinite: None,
        }
    }

    /// Adds rows of a block; the first of them is row `first` of all.
    fn add(&mut self, block: &Observations, rows: Range<usize>, first: u64, detail: bool) {
        match &block.values {
            Values::Table(table) => {
                for row in rows.clone() {
                    let mut finite = true;
                    for (column, (&value, moments)) in table.numbers.row(row).iter().zip(&mut self.numbers).enumerate() {
                        moments.add(f64::from(value) + table.offset(column));
                        finite &= value.is_finite();
                        if detail {
                            moments.see(value.to_bits());
                        }
                    }
                    if !finite {
                        self.places(table.numbers.row(row), first + (row - rows.start) as u64);
                    }
                }
                for (index, (category, riding)) in table.categories.iter().zip(&mut self.categories).enumerate() {
                    let mut counts = vec![0_u64; category.levels.len()];
                    for row in rows.clone() {
                        match counts.get_mut(category.codes[row] as usize) {
                            Some(count) => *count += 1,
                            None => {
                                riding.missing += 1;
                                let place = (first + (row - rows.start) as u64, table.numbers.cols() + index);
                                self.first_missing = self.first_missing.filter(|earlier| *earlier <= place).or(Some(place));
                            }
                        }
                    }
                    for (level, rows) in category.levels.iter().zip(counts).filter(|(_, rows)| *rows > 0) {
                        riding.see(level, rows);
                    }
                }
            }
            Values::Images(images) => {
                let size = images.shape.len();
                for pixels in images.pixels[rows.start * size..rows.end * size].chunks_exact(size) {
                    for (&pixel, moments) in pixels.iter().zip(&mut self.numbers) {
                        moments.add(f64::from(pixel));
                    }
                }
                self.numbers.iter_mut().for_each(|moments| moments.values = None);
            }
            Values::Counts(counts) => {
                let before: Vec<u64> = self.numbers.iter().map(|m| m.count + m.missing + m.infinite).collect();
                for row in rows.clone() {
                    let (columns, values) = counts.row(row);
                    for (&column, &value) in columns.iter().zip(values) {
                        let moments = &mut self.numbers[column as usize];
                        moments.add(f64::from(value));
                        moments.see(value.to_bits());
                    }
                    if values.iter().any(|value| !value.is_finite()) {
                        let dense: Vec<(usize, f32)> = columns.iter().map(|&c| c as usize).zip(values.iter().copied()).collect();
                        self.sparse_places(&dense, first + (row - rows.start) as u64);
                    }
                }
                for (moments, before) in self.numbers.iter_mut().zip(before) {
                    let seen = moments.count + moments.missing + moments.infinite - before;
                    moments.add_zeros(rows.len() as u64 - seen);
                }
            }
            Values::Text(texts) => {
                for text in &texts[rows.clone()] {
                    self.numbers[0].add(text.chars().count() as f64);
                }
                self.numbers[0].values = None;
            }
        }
        if detail {
            for (column, riding) in block.metadata.columns.columns().iter().zip(&mut self.metadata) {
                riding.add(column, rows.clone());
            }
        }
    }

    fn places(&mut self, row: &[f32], number: u64) {
        let cells: Vec<(usize, f32)> = row.iter().copied().enumerate().collect();
        self.sparse_places(&cells, number);
    }

    fn sparse_places(&mut self, cells: &[(usize, f32)], number: u64) {
        let first = |test: fn(f32) -> bool| cells.iter().find(|(_, value)| test(*value)).map(|(column, _)| (number, *column));
        self.first_missing = self.first_missing.or_else(|| first(f32::is_nan));
        self.first_infinite = self.first_infinite.or_else(|| first(f32::is_infinite));
    }

    fn merge(self, other: Self) -> Self {
        let both = |mine: Vec<Riding>, theirs: Vec<Riding>| mine.into_iter().zip(theirs).map(|(a, b)| a.merge(b)).collect();
        Part {
            numbers: self.numbers.into_iter().zip(&other.numbers).map(|(a, b)| a.merge(b)).collect(),
            categories: both(self.categories, other.categories),
            metadata: both(self.metadata, other.metadata),
            first_missing: self.first_missing.or(other.first_missing),
            first_infinite: self.first_infinite.or(other.first_infinite),
        }
    }
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

#[inline]
fn mix(hash: u64, word: u64) -> u64 {
    let hash = (hash ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 32)
}

fn row_hash(values: &Values, row: usize) -> u64 {
    let bytes = |bytes: &[u8]| {
        bytes.chunks(8).fold(mix(SEED, bytes.len() as u64), |hash, chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(hash, u64::from_le_bytes(word))
        })
    };
    match values {
        Values::Table(table) => {
            // A zero is a zero whatever its sign; a missing cell is one whatever its bits.
            let bits = |value: f32| if value.is_nan() { u32::MAX } else { (value + 0.0).to_bits() };
            let hash = table.numbers.row(row).iter().fold(SEED, |hash, &value| mix(hash, u64::from(bits(value))));
            table.categories.iter().fold(hash, |hash, category| mix(hash, bytes(category.level(row).unwrap_or("").as_bytes())))
        }
        Values::Images(images) => bytes(&images.pixels[row * images.shape.len()..][..images.shape.len()]),
        Values::Counts(counts) => {
            let (columns, values) = counts.row(row);
            columns.iter().zip(values).fold(SEED, |hash, (&column, value)| mix(hash, u64::from(column) << 32 | u64::from(value.to_bits())))
        }
        Values::Text(texts) => bytes(texts[row].as_bytes()),
    }
}

/// How many equal an earlier one.
fn duplicates(mut hashes: Vec<u64>) -> u64 {
    let all = hashes.len();
    hashes.par_sort_unstable();
    hashes.dedup();
    (all - hashes.len()) as u64
}

/// Rows kept for quartiles: all, while they fit; then those whose hash ends in more and more zeros, which is a fair sample whatever the blocks.
#[derive(Default)]
struct Sample {
    zeros: u32,
    kept: Vec<(u32, Vec<f64>)>,
}

impl Sample {
    fn add(&mut self, block: &Observations, first: u64) {
        let Values::Table(table) = &block.values else { return };
        let most = (MOST_SAMPLED / table.numbers.cols().max(1)).max(1024);
        let random = Random::new(0, "quartiles");
        for row in 0..table.numbers.rows() {
            let zeros = random.words(0, first + row as u64)[0].trailing_zeros();
            if zeros < self.zeros {
                continue;
            }
            let cells = table.numbers.row(row).iter().enumerate().map(|(column, &value)| f64::from(value) + table.offset(column)).collect();
            self.kept.push((zeros, cells));
            while self.kept.len() > most {
                self.zeros += 1;
                self.kept.retain(|(zeros, _)| *zeros >= self.zeros);
            }
        }
    }

    fn quartiles(&self, columns: usize) -> Vec<Option<[f64; 3]>> {
        (0..columns)
            .into_par_iter()
            .map(|column| {
                let mut cells: Vec<f64> =
                    self.kept.iter().filter_map(|(_, row)| row.get(column).copied()).filter(|value| value.is_finite()).collect();
                cells.sort_unstable_by(f64::total_cmp);
                let at = |share: f64| {
                    let place = share * (cells.len() - 1) as f64;
                    let (low, high) = (cells[place.floor() as usize], cells[place.ceil() as usize]);
                    low + (high - low) * place.fract()
                };
                (!cells.is_empty()).then(|| [at(0.25), at(0.5), at(0.75)])
            })
            .collect()
    }
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
