//! What a summary adds up: of each column its moments, of each level its rows, and rows for quartiles; as a file, too, where shares do it.
//!
//! Source of the merge of variances: Chan, Golub and LeVeque 1983, doi:10.1080/00031305.1983.10483115.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::arrow::array::{Array, Float64Array};
use crate::arrow::datatypes::DataType;
use crate::arrow::display::{ArrayFormatter, FormatOptions};
use crate::parallel::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::summary::{MOST_LEVELS, type_name};
use crate::checkpoint::Parcel;
use crate::data::preparation::is_finite;
use crate::data::{Affine, ColumnSummary, DataKind, ImageShape, Level, Observations, Table, Values};
use crate::error::{Error, Result};
use crate::random::Random;
use crate::tensors::Tensor;
use crate::tree::Portable;

/// Values of a numeric column that are told apart.
const MOST_VALUES: usize = 64;
/// Numbers that are kept for medians; columns of more rows are judged by a sample of them.
const MOST_SAMPLED: usize = 1 << 23;

/// The statistics of some rows.
pub(super) struct Sums {
    pub(super) rows: u64,
    pub(super) numbers: Vec<Moments>,
    pub(super) categories: Vec<LevelCounts>,
    /// What rides along; empty where it is not looked at.
    pub(super) metadata: Vec<LevelCounts>,
    pub(super) first_missing: Option<(u64, usize)>,
    pub(super) first_infinite: Option<(u64, usize)>,
    /// What stands once for all chunks of a share, beside its first ones.
    pub(super) once: ShareFacts,
}

/// What is known of a share beside sums.
#[derive(Default)]
pub(super) struct ShareFacts {
    /// What the first block says of all.
    pub(super) head: Option<Head>,
    /// Rows for quartiles, where these are wanted.
    pub(super) sample: Option<Sample>,
    /// The affine maps of the columns of each file that holds the rows.
    pub(super) affines: BTreeMap<usize, Affine>,
}

/// The statistics of one column: sums about `shift`, in f64.
#[derive(Clone)]
pub(super) struct Moments {
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
    /// Of nothing; `distinct`: values are told apart, as long as they are few.
    fn new(distinct: bool) -> Self {
        Moments {
            shift: 0.0,
            count: 0,
            sum: 0.0,
            squares: 0.0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            missing: 0,
            infinite: 0,
            values: distinct.then(Vec::new),
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

    /// The zeros of a sparse column of `rows` rows, of which only the other cells were added.
    pub(super) fn add_zeros(&mut self, rows: u64) {
        let count = rows.saturating_sub(self.count + self.missing + self.infinite);
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

    pub(super) fn summary(&self) -> ColumnSummary {
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
#[derive(Serialize, Deserialize)]
pub(super) struct LevelCounts {
    missing: u64,
    #[serde(skip)]
    numbers: Option<Moments>,
    /// Rows of each level; none once there were too many.
    levels: Option<BTreeMap<String, u64>>,
}

impl LevelCounts {
    fn new(numeric: bool) -> Self {
        LevelCounts { missing: 0, numbers: numeric.then(|| Moments::new(true)), levels: Some(BTreeMap::new()) }
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
        let column = super::write::in_utc(&column.slice(rows.start, rows.len()));
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
            && let Ok(numbers) = crate::arrow::compute::cast(&column, &DataType::Float64)
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

    pub(super) fn summary(self, name: String, kind: String, most: usize) -> ColumnSummary {
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

impl Sums {
    /// Of no rows yet, of the columns of this block; `detail`: values are told apart, and what rides along is looked at.
    pub(super) fn new(block: &Observations, detail: bool) -> Self {
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
        let riding = schema.fields().iter().filter(|_| detail);
        Sums {
            rows: 0,
            numbers: vec![Moments::new(detail); numbers],
            categories: (0..categories).map(|_| LevelCounts::new(false)).collect(),
            metadata: riding.map(|field| LevelCounts::new(field.data_type().is_numeric())).collect(),
            first_missing: None,
            first_infinite: None,
            once: ShareFacts::default(),
        }
    }

    /// Adds rows of a block; the first of them is row `first` of all.
    pub(super) fn add(&mut self, block: &Observations, rows: Range<usize>, first: u64, detail: bool) {
        self.rows += rows.len() as u64;
        match &block.values {
            Values::Table(table) => {
                let mut lanes = Lanes::of(&self.numbers, table);
                for row in rows.clone() {
                    let cells = table.numbers.row(row);
                    if is_finite(cells) {
                        lanes.add(cells);
                    } else {
                        lanes.add_some(cells);
                        self.places(cells, first + (row - rows.start) as u64);
                    }
                }
                lanes.store(&mut self.numbers);
                for (column, moments) in self.numbers.iter_mut().enumerate().filter(|_| detail) {
                    for row in rows.clone() {
                        if moments.values.is_none() {
                            break;
                        }
                        moments.see(table.numbers.row(row)[column].to_bits());
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
                let range = rows.start * size..rows.end * size;
                match &images.lower {
                    None => {
                        for pixels in images.pixels[range].chunks_exact(size) {
                            for (&pixel, moments) in pixels.iter().zip(&mut self.numbers) {
                                moments.add(f64::from(pixel));
                            }
                        }
                    }
                    Some(_) => range.for_each(|at| self.numbers[at % size].add(images.value(at))),
                }
                self.numbers.iter_mut().for_each(|moments| moments.values = None);
            }
            Values::Counts(counts) => {
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

    /// The statistics of these rows and of those that follow.
    pub(super) fn merge(self, other: Self) -> Self {
        let both = |mine: Vec<LevelCounts>, theirs: Vec<LevelCounts>| mine.into_iter().zip(theirs).map(|(a, b)| a.merge(b)).collect();
        let mut once = self.once;
        once.affines.extend(other.once.affines);
        Sums {
            rows: self.rows + other.rows,
            once: ShareFacts {
                head: once.head.or(other.once.head),
                sample: match (once.sample, other.once.sample) {
                    (Some(mine), Some(theirs)) => Some(mine.merge(theirs)),
                    (mine, theirs) => mine.or(theirs),
                },
                affines: once.affines,
            },
            numbers: self.numbers.into_iter().zip(&other.numbers).map(|(a, b)| a.merge(b)).collect(),
            categories: both(self.categories, other.categories),
            metadata: both(self.metadata, other.metadata),
            first_missing: self.first_missing.or(other.first_missing),
            first_infinite: self.first_infinite.or(other.first_infinite),
        }
    }
}

/// The moments of all columns side by side, so that a row is added several columns at a time: what [`Moments::add`] does, to the bit.
struct Lanes {
    offset: Vec<f64>,
    scale: Vec<f64>,
    shift: Vec<f64>,
    sum: Vec<f64>,
    squares: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    /// Of each column missing, infinite and finite cells; the finite ones without those of whole rows.
    missing: Vec<u64>,
    infinite: Vec<u64>,
    count: Vec<u64>,
    /// Rows whose cells are all finite, and whether each column has a first value.
    whole: u64,
    begun: bool,
}

impl Lanes {
    fn of(numbers: &[Moments], table: &Table) -> Self {
        let each = |value: fn(&Moments) -> f64| numbers.iter().map(value).collect::<Vec<f64>>();
        let count = |value: fn(&Moments) -> u64| numbers.iter().map(value).collect::<Vec<u64>>();
        Lanes {
            offset: (0..numbers.len()).map(|column| table.affine.line(column).offset).collect(),
            scale: (0..numbers.len()).map(|column| table.affine.line(column).scale).collect(),
            shift: each(|m| m.shift),
            sum: each(|m| m.sum),
            squares: each(|m| m.squares),
            low: each(|m| m.low),
            high: each(|m| m.high),
            missing: count(|m| m.missing),
            infinite: count(|m| m.infinite),
            count: count(|m| m.count),
            whole: 0,
            begun: numbers.iter().all(|m| m.count > 0),
        }
    }

    /// Adds a row of finite cells.
    fn add(&mut self, cells: &[f32]) {
        if !self.begun {
            return self.add_some(cells);
        }
        let d = cells.len();
        let (offset, scale, shift) = (&self.offset[..d], &self.scale[..d], &self.shift[..d]);
        let (sum, squares) = (&mut self.sum[..d], &mut self.squares[..d]);
        let (low, high) = (&mut self.low[..d], &mut self.high[..d]);
        for j in 0..d {
            let value = f64::from(cells[j]) * scale[j] + offset[j];
            let difference = value - shift[j];
            sum[j] += difference;
            squares[j] += difference * difference;
            low[j] = if value < low[j] { value } else { low[j] };
            high[j] = if value > high[j] { value } else { high[j] };
        }
        self.whole += 1;
    }

    /// Adds a row some of whose cells may be missing or infinite, or the first of their column.
    fn add_some(&mut self, cells: &[f32]) {
        for (j, &cell) in cells.iter().enumerate() {
            let value = f64::from(cell) * self.scale[j] + self.offset[j];
            if !value.is_finite() {
                if value.is_nan() {
                    self.missing[j] += 1
                } else {
                    self.infinite[j] += 1
                }
                continue;
            }
            if self.count[j] + self.whole == 0 {
                self.shift[j] = value;
            }
            self.count[j] += 1;
            let difference = value - self.shift[j];
            self.sum[j] += difference;
            self.squares[j] += difference * difference;
            self.low[j] = self.low[j].min(value);
            self.high[j] = self.high[j].max(value);
        }
        self.begun = self.begun || self.count.iter().all(|&count| count > 0);
    }

    fn store(self, numbers: &mut [Moments]) {
        for (j, moments) in numbers.iter_mut().enumerate() {
            (moments.shift, moments.sum, moments.squares) = (self.shift[j], self.sum[j], self.squares[j]);
            (moments.low, moments.high, moments.count) = (self.low[j], self.high[j], self.count[j] + self.whole);
            (moments.missing, moments.infinite) = (self.missing[j], self.infinite[j]);
        }
    }
}

/// Numbers of 64 bits that a column is stored in, and the words of 32 bits that they are written as: bit by bit, and whatever they are.
const STORED: usize = 8;

impl Portable for Sums {
    fn store(&self) -> Result<Parcel> {
        let ShareFacts { head, sample, affines } = &self.once;
        let mut parcel = Parcel {
            facts: json!({
                "rows": self.rows, "categories": self.categories, "first_missing": self.first_missing, "first_infinite": self.first_infinite,
                "head": head, "affines": affines, "zeros": sample.as_ref().map(|sample| sample.zeros),
            }),
            ..Parcel::default()
        };
        let column = |m: &Moments| -> [u64; STORED] {
            let sums = [m.shift, m.sum, m.squares, m.low, m.high].map(f64::to_bits);
            [sums[0], sums[1], sums[2], sums[3], sums[4], m.count, m.missing, m.infinite]
        };
        let numbers = self.numbers.iter().flat_map(column).flat_map(words).collect();
        parcel.tensors.put("numbers", Tensor::U32(vec![self.numbers.len(), 2 * STORED], numbers))?;
        if let Some(sample) = sample {
            let row = |(zeros, cells): &(u32, Vec<f64>)| {
                let cells = cells.iter().flat_map(|cell| words(cell.to_bits()));
                std::iter::once(*zeros).chain(cells).collect::<Vec<u32>>()
            };
            let rows: Vec<u32> = sample.kept.iter().flat_map(row).collect();
            parcel.tensors.put("sample", Tensor::U32(vec![sample.kept.len(), 1 + 2 * self.numbers.len()], rows))?;
        }
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let wrong =
            |what: &str| Error::input("statistics", format!("{what} do not fit together"), "what `latent fit --partial` wrote is needed");
        let fact = |name: &str| parcel.facts[name].clone();
        let stored = parcel.tensors.u32("numbers", None)?;
        let columns = stored.len() / (2 * STORED);
        let numbers: Vec<Moments> = stored
            .chunks_exact(2 * STORED)
            .map(|column| {
                let at = |place: usize| u64::from(column[2 * place]) | u64::from(column[2 * place + 1]) << 32;
                let [shift, sum, squares, low, high] = [0, 1, 2, 3, 4].map(|place| f64::from_bits(at(place)));
                Moments { shift, count: at(5), sum, squares, low, high, missing: at(6), infinite: at(7), values: None }
            })
            .collect();
        let read = |error: serde_json::Error| wrong(&error.to_string());
        let categories: Vec<LevelCounts> = serde_json::from_value(fact("categories")).map_err(read)?;
        let head: Option<Head> = serde_json::from_value(fact("head")).map_err(read)?;
        let affines: BTreeMap<usize, Affine> = serde_json::from_value(fact("affines")).map_err(read)?;
        let places: [Option<(u64, usize)>; 2] =
            serde_json::from_value(json!([fact("first_missing"), fact("first_infinite")])).map_err(read)?;
        let zeros: Option<u32> = serde_json::from_value(fact("zeros")).map_err(read)?;
        let sample = match zeros {
            Some(zeros) => {
                let rows = parcel.tensors.u32("sample", None)?.chunks_exact(1 + 2 * columns);
                let cell = |word: &[u32]| f64::from_bits(u64::from(word[0]) | u64::from(word[1]) << 32);
                let kept = rows.map(|row| (row[0], row[1..].chunks_exact(2).map(cell).collect())).collect();
                Some(Sample { zeros, kept, ..Sample::new(columns, 0) })
            }
            None => None,
        };
        let fits = |head: &Head| {
            head.names.as_ref().is_none_or(|names| names.len() == columns)
                && head.categories.len() == categories.len()
                && head.affine.fits(columns)
        };
        if !head.as_ref().is_none_or(fits) || places.iter().flatten().any(|&(_, column)| column >= columns + categories.len()) {
            return Err(wrong("its columns"));
        }
        let rows = fact("rows").as_u64().ok_or_else(|| wrong("its rows"))?;
        let [first_missing, first_infinite] = places;
        let once = ShareFacts { head, sample, affines };
        Ok(Sums { rows, numbers, categories, metadata: Vec::new(), first_missing, first_infinite, once })
    }
}

fn words(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

/// What the first block says of all.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) kind: DataKind,
    pub(super) columns: usize,
    pub(super) image: Option<ImageShape>,
    pub(super) names: Option<Vec<String>>,
    pub(super) affine: Affine,
    pub(super) categories: Vec<String>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) id: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<u32>,
}

impl Head {
    pub(super) fn of(block: &Observations) -> Self {
        let (image, names, affine, categories) = match &block.values {
            Values::Table(table) => {
                (None, table.names.clone(), table.affine.clone(), table.categories.iter().map(|category| category.name.clone()).collect())
            }
            Values::Images(images) => (Some(images.shape), None, Affine::default(), Vec::new()),
            Values::Counts(counts) => (None, counts.names.clone(), Affine::default(), Vec::new()),
            Values::Text(_) => (None, None, Affine::default(), Vec::new()),
        };
        let schema = block.metadata.columns.schema();
        let metadata = schema.fields().iter().map(|field| (field.name().clone(), type_name(field.data_type()))).collect();
        Head {
            name: block.name.clone(),
            kind: block.values.kind(),
            columns: block.columns(),
            image,
            names,
            affine,
            categories,
            metadata,
            id: block.metadata.id,
            base: match &block.values {
                Values::Counts(counts) => counts.base,
                _ => None,
            },
        }
    }
}

/// Rows kept for quartiles: all, while they fit; then those whose hash ends in more and more zeros, which is a fair sample whatever the blocks.
pub(super) struct Sample {
    zeros: u32,
    most: usize,
    kept: Vec<(u32, Vec<f64>)>,
}

impl Sample {
    /// Of rows with so many numbers. Where there are `rows` of them, a share leaves out at once what all of them would leave out: the sample
    /// ends at about the hashes that `rows` divided by `most` tells, and one eighth of that is far on the safe side of any of its sizes.
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        let most = (MOST_SAMPLED / columns.max(1)).max(1024);
        Sample { zeros: (rows / most).checked_ilog2().map_or(0, |zeros| zeros.saturating_sub(3)), most, kept: Vec::new() }
    }

    /// Adds rows of a block; the first of them is row `first` of all.
    pub(super) fn add(&mut self, block: &Observations, rows: Range<usize>, first: u64) {
        let Values::Table(table) = &block.values else { return };
        let random = Random::new(0, "quartiles");
        let begins = rows.start;
        for row in rows {
            let zeros = random.words(0, first + (row - begins) as u64)[0].trailing_zeros();
            if zeros < self.zeros {
                continue;
            }
            let cells = table.values(row).collect();
            self.kept.push((zeros, cells));
            self.thin();
        }
    }

    fn thin(&mut self) {
        while self.kept.len() > self.most {
            self.zeros += 1;
            self.kept.retain(|(zeros, _)| *zeros >= self.zeros);
        }
    }

    fn merge(mut self, other: Self) -> Self {
        self.zeros = self.zeros.max(other.zeros);
        self.kept.extend(other.kept);
        self.kept.retain(|(zeros, _)| *zeros >= self.zeros);
        self.thin();
        self
    }

    /// First quartile, median and third quartile of each column; none where no cell is finite.
    pub(super) fn quartiles(&self, columns: usize) -> Vec<Option<[f64; 3]>> {
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
