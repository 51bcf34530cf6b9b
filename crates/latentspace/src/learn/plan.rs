//! The plan of a fit: its memory and time, estimated before it runs.

use serde::Serialize;

use super::speed;
use crate::data::read::Source;
use crate::data::{CHUNK, DataKind, Missing, Preparation, PrepareOptions};
use crate::error::{Bytes, Error, Result, count};
use crate::measure::{measure_bytes, measure_stream_bytes};
use crate::method::{self, AnyMethod, Plan, Shape};
use crate::params::Role;
use crate::run::{Run, machine_memory};
use crate::text::Facts;

/// Memory of the program itself: code, threads, buffers. Measured on a fit of 100 rows.
const PROGRAM: u64 = 19 << 20;
/// Blocks of a stream in flight: one is decoded, one prepared, one split into chunks.
const BLOCKS: u64 = 3 * (16 << 20);
/// Overhead of a text in bytes.
const STRING: u64 = 40;
/// Bytes per distinct word while the vocabulary is learned, and per word of the vocabulary afterwards.
const WORD: [u64; 2] = [120, 180];
/// Blocks of text in flight.
const TEXT_BLOCKS: u64 = 16 << 20;
/// Bytes of text per second that are tokenized and counted, on one core of the machine on which the cost model was calibrated.
const WORDS_RATE: f64 = 50e6;

/// Text of a fit: its bytes, distinct words, and pairs of a document and a word.
#[derive(Clone, Copy)]
struct Text {
    bytes: u64,
    met: u64,
    cells_met: u64,
}

impl Text {
    /// The text of a part of the rows.
    fn of(self, rows: usize, all: usize) -> Self {
        let share = |number: u64| (number as f64 * rows as f64 / all.max(1) as f64) as u64;
        Text { bytes: share(self.bytes), met: share(self.met), cells_met: share(self.cells_met) }
    }

    /// Peak memory while the vocabulary is learned: the texts with overhead, the distinct words, and the counts of each document.
    fn learning(self) -> u64 {
        TEXT_BLOCKS + self.bytes / 4 * 5 + WORD[0] * self.met + 12 * self.cells_met
    }
}

/// The plan of a fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FitPlan {
    /// Number of rows.
    pub rows: usize,
    /// Number of columns that the method sees, if known without reading all rows; of text, the words of its vocabulary.
    pub columns: usize,
    /// The chosen algorithm, in words.
    pub algorithm: String,
    /// Peak memory of the program, in bytes.
    pub peak_bytes: u64,
    /// Seconds of learning on this machine.
    pub seconds: f64,
    /// Whether the memory of measuring is included.
    pub measured: bool,
}

/// The plan of a fit of files, from their headers; text, and files whose headers do not contain the number of rows, are read once. It streams if the
/// rows would take more memory than the run allows. `measured` is whether the space will be measured.
///
/// # Errors
/// [`Error::Param`] if the method refuses the shape of the data; errors of the reader.
pub fn plan(method: &dyn AnyMethod, data: &Source, options: &PrepareOptions, measured: bool, run: &Run) -> Result<FitPlan> {
    let mut planned = needs(method, data, options, true, measured, run)?;
    let adapted = method::adapted(method, planned.shape, None, run);
    if let Some(method) = &adapted {
        planned = needs(method.as_ref(), data, options, true, measured, run)?;
    }
    let Needs { plan, shape, peak, streams, .. } = planned;
    adapted.as_deref().unwrap_or(method).check(shape)?;
    let seconds = plan.seconds * speed::seconds_per_second(run.threads());
    let algorithm = if streams.is_some() { format!("{}, streaming", plan.algorithm) } else { plan.algorithm };
    Ok(FitPlan { rows: shape.rows, columns: shape.cols, algorithm, peak_bytes: peak, seconds, measured })
}

/// Refuses a fit of all rows in memory that would exceed the memory limit.
///
/// # Errors
/// [`Error::Memory`] with what would fit; errors of the reader.
pub(super) fn check_fits(method: &dyn AnyMethod, data: &Source, options: &PrepareOptions, run: &Run) -> Result<()> {
    check(method, data, &needs(method, data, options, true, true, run)?, run)
}

/// The estimated cost of a fit.
pub(super) struct Needs {
    plan: Plan,
    shape: Shape,
    text: Option<Text>,
    /// Peak memory in bytes.
    peak: u64,
    /// The reason why the rows are streamed, if they are.
    pub(super) streams: Option<String>,
    /// Whether the space will be measured.
    measured: bool,
}

/// Estimates a fit of `method` on `rows` rows of `data`: in memory if the limit allows it, else, if the method folds, streamed. For text,
/// `met` are its words; `incomplete` is whether cells may be missing; `measured` is whether the space will be measured.
fn needs_of(method: &dyn AnyMethod, data: &Source, rows: usize, met: Option<Facts>, incomplete: bool, measured: bool, run: &Run) -> Needs {
    let shape = match &met {
        Some(met) => Shape::of_counts(met.documents as usize, met.words as usize, Some(met.cells as usize)),
        None if data.kind() == DataKind::Counts => Shape::of_counts(rows, data.columns(), data.cells()),
        None => Shape { incomplete, ..Shape::new(rows, data.columns()) },
    };
    let text = met.map(|met| Text { bytes: met.bytes + STRING * met.documents, met: met.met, cells_met: met.cells_met });
    let plan = method.plan(shape, run);
    let pass = text.map_or_else(|| data.pass_seconds(rows), |text| text.bytes as f64 / WORDS_RATE / run.threads() as f64);
    // The vocabulary of text is learned first.
    let plan = Plan { seconds: plan.seconds + text.map_or(0.0, |_| pass), ..plan };
    let peak = in_memory(method, data, shape, text, &plan, run, measured);
    let (allowed, whose) = match run.max_memory() {
        Some(allowed) => (allowed, "--max-memory"),
        None => (machine_memory().unwrap_or(u64::MAX) / 2, "half of this machine's memory"),
    };
    if !method.folds() || peak <= allowed {
        return Needs { plan, shape, text, peak, streams: None, measured };
    }
    let streamed = streamed(method, data, shape, text, &plan, run, measured);
    if streamed >= peak {
        return Needs { plan, shape, text, peak, streams: None, measured };
    }
    let plan = Plan { seconds: plan.seconds + f64::from(plan.rounds) * pass, ..plan };
    let why = format!("rows are streamed: all of them would take {}, more than {whose} ({})", Bytes(peak), Bytes(allowed));
    Needs { plan, shape, text, peak: streamed, streams: Some(why), measured }
}

/// Estimates the cost of a fit. Counts the rows if the headers of the files do not contain their number and it matters.
pub(super) fn needs(
    method: &dyn AnyMethod,
    data: &Source,
    options: &PrepareOptions,
    exactly: bool,
    measured: bool,
    run: &Run,
) -> Result<Needs> {
    if data.kind() == DataKind::Text {
        let whole = exactly || run.max_memory().is_some();
        let met = if whole { Preparation::of_text_source(data, options, run)?.1 } else { Preparation::guess_text(data, options, run)? };
        return Ok(needs_of(method, data, met.documents as usize, Some(met), false, measured, run));
    }
    let guess = || (data.bytes() / (4 * data.columns().max(1) as u64)) as usize;
    let rows = match data.rows() {
        Some(rows) => rows,
        None if exactly || run.max_memory().is_some() => data.count(run)?,
        None => guess(),
    };
    Ok(needs_of(method, data, rows, None, options.missing == Some(Missing::Keep), measured, run))
}

/// Refuses a fit that would exceed the memory limit, with a hint at what would fit.
///
/// # Errors
/// [`Error::Memory`].
pub(super) fn check(method: &dyn AnyMethod, data: &Source, needs: &Needs, run: &Run) -> Result<()> {
    let shape = needs.shape;
    let Some(allowed) = run.max_memory().filter(|&allowed| needs.peak > allowed) else { return Ok(()) };
    let fits = |rows: usize| {
        let shape = shape.part(rows);
        let text = needs.text.map(|text| text.of(rows, needs.shape.rows));
        method.check(shape).is_ok() && in_memory(method, data, shape, text, &method.plan(shape, run), run, needs.measured) <= allowed
    };
    // Memory grows with the number of rows: bisect for the largest number that fits.
    let (mut low, mut high) = (0, shape.rows);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    // Two digits are significant.
    let digits = 10_usize.pow(low.max(1).ilog10().saturating_sub(1));
    let rows = low / digits * digits;
    let megabytes = needs.peak.next_multiple_of(1 << 20) >> 20;
    let hint = match rows {
        0 => format!("--max-memory {megabytes}M is enough"),
        rows => format!("a sample of {} rows fits, or --max-memory {megabytes}M for all of them", count(rows as u64)),
    };
    Err(Error::Memory { what: method.info().title.to_owned(), needed: needs.peak, allowed, hint })
}

/// Peak memory of a fit in memory, in bytes.
fn in_memory(method: &dyn AnyMethod, data: &Source, shape: Shape, text: Option<Text>, plan: &Plan, run: &Run, measured: bool) -> u64 {
    let cells = shape.rows as u64 * shape.cols as u64;
    let (rows, file) = (shape.bytes(), data.bytes());
    // Memory besides the prepared rows, and memory during reading.
    let (beside, reading) = match data.kind() {
        DataKind::Text => (WORD[1] * shape.cols as u64, text.map_or(0, Text::learning)),
        // Pixels stay in memory as bytes, in addition to their prepared numbers.
        DataKind::Images => (cells + cells.min(file), rows),
        // Parts are concatenated while the file is still in memory.
        DataKind::Table => (0, 2 * rows + data.working_bytes() + if data.working_bytes() > 0 { file } else { 0 }),
        // 32-bit numbers are used directly from the mapped file.
        DataKind::Array if file >= rows && file - rows < 1 << 16 => (0, rows),
        _ => (file, rows),
    };
    let dims = dimensions(method, shape);
    // For sparse rows, all distances of a row are computed at once.
    let width = if shape.is_sparse() { dims } else { shape.cols };
    let measuring = || rows + 4 * (shape.rows * dims) as u64 + measure_bytes(shape.rows, width, dims, run.threads());
    PROGRAM + beside + reading.max(plan.peak_bytes).max(if measured { measuring() } else { 0 })
}

/// Peak memory of a fit with streamed rows, in bytes.
fn streamed(method: &dyn AnyMethod, data: &Source, shape: Shape, text: Option<Text>, plan: &Plan, run: &Run, measured: bool) -> u64 {
    let work = plan.peak_bytes.saturating_sub(shape.lying_bytes());
    let words = text.map_or(0, |text| WORD[0] * text.met + WORD[1] * shape.cols as u64);
    let chunks = shape.part(CHUNK).lying_bytes() * (run.threads() as u64 + 1);
    let dims = dimensions(method, shape);
    // Counts are kept sparse, and made dense if they are not compared as sparse.
    let counts = shape.cells.map_or(0, |cells| 8 * cells.div_ceil(shape.rows.max(1)));
    let (row, width) = if shape.is_sparse() { (counts, dims) } else { (counts + 4 * shape.cols, shape.cols) };
    let measuring = || BLOCKS + measure_stream_bytes(shape.rows, row, width, dims, run.threads());
    PROGRAM + data.working_bytes() + words + (BLOCKS + chunks + work).max(if measured { measuring() } else { 0 })
}

/// Number of dimensions of the space.
fn dimensions(method: &dyn AnyMethod, shape: Shape) -> usize {
    let chosen = method.param_of(Role::Dimensions).and_then(|dims| dims.as_u64());
    chosen.map_or_else(|| method.auto_dimensions(shape), |dims| dims as usize)
}
