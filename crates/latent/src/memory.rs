//! What a fit takes in all, told before it runs.

use latentspace::data::read::Source;
use latentspace::error::Bytes;
use latentspace::measure::{measure_bytes, measure_stream_bytes};
use latentspace::method::{AnyMethod, Plan, Shape};
use latentspace::run::machine_memory;
use latentspace::text::Facts;
use latentspace::{Error, Result, Run};

use crate::output::count;

/// The program itself: code, threads, buffers. Measured on a fit of 100 rows.
const PROGRAM: u64 = 14 << 20;
/// Blocks of a stream that are on their way at a time: one that is decoded, one that is prepared, one that is cut into chunks.
const BLOCKS: u64 = 3 * (16 << 20);
/// Bytes of a text beside its letters.
const STRING: u64 = 40;
/// Bytes that a word which is met takes while words are learned, and one that is counted from then on.
const WORD: [u64; 2] = [120, 180];
/// Blocks of text that are read and worked on at a time.
const TEXT_BLOCKS: u64 = 16 << 20;
/// Bytes of text a second whose words are read and counted, on one core of the machine that the cost model was measured on.
const WORDS_RATE: f64 = 50e6;

/// Text that a fit will learn from: its bytes, different words that are met in it, and pairs of a document and a word.
#[derive(Clone, Copy)]
struct Text {
    bytes: u64,
    met: u64,
    cells_met: u64,
}

impl Text {
    /// Of so many rows of all.
    fn of(self, rows: usize, all: usize) -> Self {
        let share = |number: u64| (number as f64 * rows as f64 / all.max(1) as f64) as u64;
        Text { bytes: share(self.bytes), met: share(self.met), cells_met: share(self.cells_met) }
    }

    /// At the peak, while words are learned: the texts and what is lost between them, the words that are met, and what each document has of them.
    fn learning(self) -> u64 {
        TEXT_BLOCKS + self.bytes / 4 * 5 + WORD[0] * self.met + 12 * self.cells_met
    }
}

/// What a fit will take, by the way that it will go.
pub(crate) struct Needs {
    pub(crate) plan: Plan,
    pub(crate) shape: Shape,
    text: Option<Text>,
    /// Bytes at the peak.
    pub(crate) peak: u64,
    /// Why the rows stream by, where they do.
    pub(crate) streams: Option<String>,
    /// Whether the space will be measured.
    measured: bool,
}

/// What a fit of `method` on `rows` rows of `data` will take: in memory where that is allowed, else, if the method folds, as a stream. Of text,
/// `met` says what is met in it; `measured`, whether the space will be measured.
pub(crate) fn needs(method: &dyn AnyMethod, data: &Source, rows: usize, met: Option<Facts>, measured: bool, run: &Run) -> Needs {
    let shape = match &met {
        Some(met) => Shape::of_counts(met.documents as usize, met.words as usize, Some(met.cells as usize)),
        None if data.kind() == "counts" => Shape::of_counts(rows, data.columns(), data.cells()),
        None => Shape::new(rows, data.columns()),
    };
    let text = met.map(|met| Text { bytes: met.bytes + STRING * met.documents, met: met.met, cells_met: met.cells_met });
    let plan = method.plan(shape, run);
    let pass = text.map_or_else(|| data.pass_seconds(rows), |text| text.bytes as f64 / WORDS_RATE / run.threads() as f64);
    // The words of text are learned before anything else is.
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

/// Refuses a fit that would take more than is allowed, and tells what would fit.
///
/// # Errors
/// [`Error::Memory`].
pub(crate) fn check(method: &dyn AnyMethod, data: &Source, needs: &Needs, run: &Run) -> Result<()> {
    let shape = needs.shape;
    let Some(allowed) = run.max_memory().filter(|&allowed| needs.peak > allowed) else { return Ok(()) };
    let fits = |rows: usize| {
        let shape = shape.part(rows);
        let text = needs.text.map(|text| text.of(rows, needs.shape.rows));
        method.check(shape).is_ok() && in_memory(method, data, shape, text, &method.plan(shape, run), run, needs.measured) <= allowed
    };
    // More rows never take less: the most that fit are found by halving.
    let (mut low, mut high) = (0, shape.rows);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    // Two digits are as much as is known.
    let digits = 10_usize.pow(low.max(1).ilog10().saturating_sub(1));
    let rows = low / digits * digits;
    let megabytes = needs.peak.next_multiple_of(1 << 20) >> 20;
    let hint = match rows {
        0 => format!("--max-memory {megabytes}M is enough"),
        rows => format!("a sample of {} rows fits, or --max-memory {megabytes}M for all of them", count(rows as u64)),
    };
    Err(Error::Memory { what: method.info().title.to_owned(), needed: needs.peak, allowed, hint })
}

/// Bytes at the peak of a fit in memory.
fn in_memory(method: &dyn AnyMethod, data: &Source, shape: Shape, text: Option<Text>, plan: &Plan, run: &Run, measured: bool) -> u64 {
    let cells = shape.rows as u64 * shape.cols as u64;
    let (rows, file) = (shape.bytes(), data.bytes());
    // What stays beside the prepared rows, and what they take while they are read.
    let (beside, reading) = match data.kind() {
        "text" => (WORD[1] * shape.cols as u64, text.map_or(0, Text::learning)),
        // Pixels stay bytes, in the file and beside the numbers that they became.
        "images" => (cells + cells.min(file), rows),
        // Parts are put together to a whole, beside the file that they come from.
        "table" => (0, 2 * rows + data.working_bytes() + if data.working_bytes() > 0 { file } else { 0 }),
        // Numbers of 32 bits are used where they lie in the file.
        "array" if file >= rows && file - rows < 1 << 16 => (0, rows),
        _ => (file, rows),
    };
    let dims = dimensions(method, shape);
    // Of sparse rows, all distances of a row are taken at once.
    let width = if shape.is_sparse() { dims } else { shape.cols };
    let measuring = || rows + 4 * (shape.rows * dims) as u64 + measure_bytes(shape.rows, width, dims, run.threads());
    PROGRAM + beside + reading.max(plan.peak_bytes).max(if measured { measuring() } else { 0 })
}

/// Bytes at the peak of a fit whose rows stream by.
fn streamed(method: &dyn AnyMethod, data: &Source, shape: Shape, text: Option<Text>, plan: &Plan, run: &Run, measured: bool) -> u64 {
    let work = plan.peak_bytes.saturating_sub(shape.lying_bytes());
    let words = text.map_or(0, |text| WORD[0] * text.met + WORD[1] * shape.cols as u64);
    let chunks = shape.part(latentspace::data::CHUNK).lying_bytes() * (run.threads() as u64 + 1);
    let dims = dimensions(method, shape);
    // Counts are held as they come, and filled with their zeros if they are not compared sparse.
    let counts = shape.cells.map_or(0, |cells| 8 * cells.div_ceil(shape.rows.max(1)));
    let (row, width) = if shape.is_sparse() { (counts, dims) } else { (counts + 4 * shape.cols, shape.cols) };
    let measuring = || BLOCKS + measure_stream_bytes(shape.rows, row, width, dims, run.threads());
    PROGRAM + data.working_bytes() + words + (BLOCKS + chunks + work).max(if measured { measuring() } else { 0 })
}

/// Dimensions of the space.
fn dimensions(method: &dyn AnyMethod, shape: Shape) -> usize {
    let most = shape.cols.min(50);
    method.params()["n_components"].as_u64().map_or(most, |dims| dims as usize)
}

/// Has large pieces of memory given back to the system as soon as they are free, so that a fit takes what it holds and no more.
pub(crate) fn give_back_at_once() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn mallopt(parameter: i32, value: i32) -> i32;
        }
        /// The bytes from which on a piece is mapped for itself; unless it is set, it grows with what was freed.
        const M_MMAP_THRESHOLD: i32 = -3;
        // SAFETY: a call of the C library with a parameter that it knows, before any other thread is started.
        let _ = unsafe { mallopt(M_MMAP_THRESHOLD, 8 << 20) };
    }
}

/// Gives small pieces that were freed back to the system, too, between two parts of the work: they lie between others that are still in use.
pub(crate) fn give_back_now() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> i32;
        }
        // SAFETY: a call of the C library that any thread may make at any time; it changes nothing that is in use.
        let _ = unsafe { malloc_trim(0) };
    }
}
