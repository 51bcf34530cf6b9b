//! A summary of observations: what `latent describe` prints, and what a preparation is chosen from.
//!
//! One pass, in flat memory. Statistics of chunks of [`CHUNK`] rows, which start at fixed rows, are merged in the tree of [`crate::tree`]: the
//! bytes do not depend on threads, nor on whether the rows lay in memory, streamed by in whatever blocks, or were summed up in shares.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::arrow::datatypes::DataType;
use crate::parallel::*;
use serde::{Deserialize, Serialize};

use crate::checkpoint::Parcel;
use crate::data::moments::{Head, Moments, Sample, Sums};
use crate::data::{Affine, CHUNK, DataKind, ImageShape, Observations, Preparation, PrepareOptions, Source, Values};
use crate::error::{Error, Result};
use crate::run::Run;
use crate::text::Facts;
use crate::tree::{Part, Parts};

/// Levels of a column of text that are told apart; a column with more is no class.
pub(super) const MOST_LEVELS: usize = 1000;
/// Levels that a summary names, the most frequent first.
const NAMED_LEVELS: usize = 20;
/// Rows whose equals are sought; beyond, 8 bytes a row are too many.
const MOST_HASHES: usize = 1 << 24;

/// What there is, before any fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// That of the observations.
    pub name: String,
    /// The kind of the data.
    pub kind: DataKind,
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
    /// Of text: what is met in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Facts>,
    /// Of sparse rows: the number that their file gives to the first column, where its format leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u32>,
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
    /// What the reader divided by then, of columns that are tiny or huge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
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
        let mut summary = Summarizer::new(true, options.needs_quartiles()).over(source, 0..usize::MAX, run)?.finish()?;
        summary.notes = source.notes();
        match source.kind() {
            DataKind::Text => summary.tell_text(Preparation::of_text_source(source, options, run)),
            _ => summary.tell_preparation(options),
        }
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
        match &observations.values {
            Values::Text(_) => {
                let learned = Preparation::of_texts(observations, options, false, run);
                summary.tell_text(learned.map(|(preparation, facts, _)| (preparation, facts)));
            }
            _ => summary.tell_preparation(options),
        }
        Ok(summary)
    }

    /// The summary of a source from the statistics of all its chunks, in any order; and the affine maps of the columns of its files.
    ///
    /// # Errors
    /// [`Error::Input`] if a part is missing or there twice, or does not fit.
    pub fn of_parts(parts: &[Part<Parcel>], chunks: usize) -> Result<(Self, BTreeMap<usize, Affine>)> {
        let mut whole = Parts::gather(parts, Sums::merge)?.whole(0..chunks, Sums::merge)?;
        let affines = std::mem::take(&mut whole.once.affines);
        Ok((summary(whole, None, None)?, affines))
    }

    /// The statistics of some chunks, in any order, merged as far as the tree allows.
    ///
    /// # Errors
    /// [`Error::Input`] if a part is there twice, or does not fit.
    pub fn gather(parts: &[Part<Parcel>]) -> Result<Vec<Part<Parcel>>> {
        Parts::gather(parts, Sums::merge)?.store()
    }

    fn tell_text(&mut self, learned: Result<(Preparation, Facts)>) {
        match learned {
            Ok((preparation, facts)) => (self.preparation, self.text) = (preparation.told, Some(facts)),
            Err(error) => self.preparation = vec![format!("none: {error}")],
        }
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
    quartiles: bool,
    head: Option<Head>,
    /// The row that comes next.
    next: u64,
    /// All rows, where they are known and are summed up in shares.
    total: usize,
    parts: Parts<Sums>,
    current: Option<Sums>,
    sample: Option<Sample>,
    row_hashes: Option<Vec<u64>>,
    id_hashes: Option<Vec<u64>>,
}

impl Summarizer {
    /// An empty one. `detail`: duplicates, levels and what rides along are looked at too; `quartiles`: quartiles are wanted.
    pub fn new(detail: bool, quartiles: bool) -> Self {
        Summarizer {
            detail,
            quartiles,
            head: None,
            next: 0,
            total: 0,
            parts: Parts::default(),
            current: None,
            sample: None,
            row_hashes: detail.then(Vec::new),
            id_hashes: detail.then(Vec::new),
        }
    }

    /// The statistics of some chunks of a source of `rows` rows: what a preparation needs of them.
    ///
    /// # Errors
    /// What the reader says; [`Error::Cancelled`].
    pub fn share(source: &Source, chunks: Range<usize>, rows: usize, options: &PrepareOptions, run: &Run) -> Result<Vec<Part<Parcel>>> {
        let range = chunks.start * CHUNK..(chunks.end * CHUNK).min(rows);
        let affines = source.settle(range.clone(), run)?;
        let share = Summarizer { next: range.start as u64, total: rows, ..Summarizer::new(false, options.needs_quartiles()) };
        let mut share = share.over(source, range, run)?;
        share.close_all();
        if let Some(first) = share.parts.first_mut() {
            first.once.affines = affines;
        }
        share.parts.store()
    }

    /// Takes these rows of a source.
    ///
    /// # Errors
    /// What the reader says; [`Error::Cancelled`].
    pub(super) fn over(mut self, source: &Source, rows: Range<usize>, run: &Run) -> Result<Self> {
        if rows.is_empty() {
            return Ok(self);
        }
        let all = source.rows().map_or(0, |all| all.min(rows.end) - rows.start.min(all)) as u64;
        let (mut at, blocks) = source.blocks_around(rows.start, run)?;
        for block in blocks {
            let block = block?;
            let within = |row: usize| row.saturating_sub(at).min(block.rows());
            self.push_rows(&block, within(rows.start)..within(rows.end), run)?;
            run.progress("describe", self.next - rows.start as u64, all);
            at += block.rows();
            if at >= rows.end {
                break;
            }
        }
        Ok(self)
    }

    /// Takes the next block.
    ///
    /// # Errors
    /// [`Error::Input`] if it has other columns than the first; [`Error::Cancelled`].
    pub fn push(&mut self, block: &Observations, run: &Run) -> Result<()> {
        self.push_rows(block, 0..block.rows(), run)
    }

    fn push_rows(&mut self, block: &Observations, within: Range<usize>, run: &Run) -> Result<()> {
        if within.is_empty() {
            return Ok(());
        }
        let head = self.head.get_or_insert_with(|| Head::of(block));
        if head.kind != block.values.kind() || head.columns != block.columns() || head.metadata.len() != block.metadata.names().len() {
            return Err(Error::input(&block.name, "a block with other columns than the first", "all files have the same columns"));
        }
        let detail = self.detail;
        let mut at = within.start;
        while at < within.end {
            run.check()?;
            let left = within.end - at;
            let first = self.next + (at - within.start) as u64;
            let filled = (first % CHUNK as u64) as usize;
            if filled != 0 || left < CHUNK {
                let take = (CHUNK - filled).min(left);
                let mut sums = self.current.take().unwrap_or_else(|| Sums::new(block, detail));
                sums.add(block, at..at + take, first, detail);
                at += take;
                if filled + take == CHUNK {
                    self.close(sums, first);
                } else {
                    self.current = Some(sums);
                }
                continue;
            }
            let count = (left / CHUNK).min(4 * run.threads());
            let chunks: Vec<Sums> = run.install(|| {
                (0..count)
                    .into_par_iter()
                    .map(|index| {
                        let mut sums = Sums::new(block, detail);
                        let from = at + index * CHUNK;
                        sums.add(block, from..from + CHUNK, first + (index * CHUNK) as u64, detail);
                        sums
                    })
                    .collect()
            });
            chunks.into_iter().enumerate().for_each(|(index, sums)| self.close(sums, first + (index * CHUNK) as u64));
            at += count * CHUNK;
        }
        if self.quartiles
            && let Values::Table(table) = &block.values
        {
            let sample = self.sample.get_or_insert_with(|| Sample::new(table.numbers.cols(), self.total));
            sample.add(block, within.clone(), self.next);
        }
        self.next += within.len() as u64;
        let keep = |hashes: &mut Option<Vec<u64>>, more: Vec<u64>| {
            if let Some(all) = hashes {
                all.extend(more);
            }
            if hashes.as_ref().is_some_and(|all| all.len() > MOST_HASHES) {
                *hashes = None;
            }
        };
        if self.row_hashes.is_some() {
            keep(&mut self.row_hashes, run.install(|| within.clone().into_par_iter().map(|row| row_hash(&block.values, row)).collect()));
        }
        if self.id_hashes.is_some() && block.metadata.id.is_some() {
            let hash = |row| block.metadata.id(row).bytes().fold(SEED, |hash, byte| mix(hash, u64::from(byte)));
            keep(&mut self.id_hashes, run.install(|| within.into_par_iter().map(hash).collect()));
        }
        Ok(())
    }

    /// The statistics of a chunk that holds row `row` are there.
    fn close(&mut self, stats: Sums, row: u64) {
        let from = (row / CHUNK as u64) as usize;
        self.parts.push(Part { from, to: from + 1, stats }, Sums::merge);
    }

    /// Nothing more comes.
    fn close_all(&mut self) {
        if let Some(sums) = self.current.take() {
            self.close(sums, self.next - 1);
        }
        let (head, sample) = (self.head.take(), self.sample.take());
        if let Some(first) = self.parts.first_mut() {
            (first.once.head, first.once.sample) = (head, sample);
        }
    }

    /// The summary of all blocks.
    ///
    /// # Errors
    /// [`Error::Input`] if there was no row.
    pub fn finish(mut self) -> Result<Summary> {
        self.close_all();
        let chunks = self.parts.end();
        summary(self.parts.whole(0..chunks, Sums::merge)?, self.row_hashes, self.id_hashes)
    }
}

/// The summary of these statistics, and of the hashes of rows and ids, where they were looked at.
fn summary(mut whole: Sums, row_hashes: Option<Vec<u64>>, id_hashes: Option<Vec<u64>>) -> Result<Summary> {
    let Some(head) = whole.once.head else {
        return Err(Error::input("statistics", "those of the first chunk have no head", "what `latent fit --partial` wrote is needed"));
    };
    if head.kind == DataKind::Counts {
        whole.numbers.iter_mut().for_each(|moments| moments.add_zeros(whole.rows));
    }
    let numbers = whole.numbers.len();
    let name = |column: usize| {
        let names =
            if column < numbers { head.names.as_ref().and_then(|names| names.get(column)) } else { head.categories.get(column - numbers) };
        names.cloned().unwrap_or_else(|| (column + 1).to_string())
    };
    let quartiles = whole.once.sample.map(|sample| sample.quartiles(numbers)).unwrap_or_default();
    let mut learned: Vec<ColumnSummary> = whole.numbers.iter().map(Moments::summary).collect();
    for (column, summary) in learned.iter_mut().enumerate() {
        summary.name = if head.kind == DataKind::Text { "text".to_owned() } else { name(column) };
        summary.kind = if head.kind == DataKind::Text { "text".to_owned() } else { "number".to_owned() };
        let line = head.affine.line(column);
        (summary.offset, summary.scale) = (line.offset, (line.scale != 1.0).then_some(line.scale));
        summary.quartiles = quartiles.get(column).copied().flatten();
        summary.constant &= whole.rows > 1;
    }
    for (index, riding) in whole.categories.into_iter().enumerate() {
        learned.push(riding.summary(head.categories[index].clone(), "category".to_owned(), MOST_LEVELS));
    }
    let metadata: Vec<ColumnSummary> =
        head.metadata.into_iter().zip(whole.metadata).map(|((name, kind), riding)| riding.summary(name, kind, NAMED_LEVELS)).collect();
    let could_be_classes = |column: &&ColumnSummary| {
        column.kind != "date" && column.distinct.is_some_and(|levels| (2..=100).contains(&levels) && 2 * levels <= whole.rows)
    };
    let place = |place: Option<(u64, usize)>| place.map(|(row, column)| (row + 1, name(column)));
    Ok(Summary {
        name: head.name,
        kind: head.kind,
        rows: whole.rows,
        columns: head.columns,
        image: head.image,
        named: head.names.is_some(),
        id: head.id.and_then(|id| metadata.get(id)).map(|column| column.name.clone()),
        labels: metadata.iter().filter(could_be_classes).map(|column| column.name.clone()).collect(),
        duplicate_rows: row_hashes.map(duplicates),
        duplicate_ids: id_hashes.filter(|_| head.id.is_some()).map(duplicates),
        first_missing: place(whole.first_missing),
        first_infinite: place(whole.first_infinite),
        learned,
        metadata,
        notes: Vec::new(),
        preparation: Vec::new(),
        text: None,
        base: head.base,
    })
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
        Values::Images(images) => {
            let of_row = |all: &[u8]| bytes(&all[row * images.shape.len()..][..images.shape.len()]);
            let hash = of_row(&images.pixels);
            images.lower.as_ref().map_or(hash, |lower| mix(hash, of_row(lower)))
        }
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

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
