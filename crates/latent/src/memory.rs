//! What a fit takes in all, told before it runs.

use latentspace::data::read::Source;
use latentspace::error::Bytes;
use latentspace::method::{AnyMethod, Plan, Shape};
use latentspace::{Error, Result, Run};

use crate::output::count;

/// The program itself: code, threads, buffers. Measured on a fit of 100 rows.
const PROGRAM: u64 = 14 << 20;
/// Rows that measures ask about where there are many, and up to how many there are few.
const ASKED: [u64; 2] = [1000, 2000];
/// Neighbors of each.
const NEIGHBORS: u64 = 15;
/// Multiply-adds up to which measures go through the rows as they are; beyond, they make a centred copy.
const DIRECT: u64 = 2_000_000_000;
/// What the nearest so far of a row that is asked about take, for each block of so many rows.
const NEAREST: [u64; 2] = [660, 4096];
/// Blocks of a stream that are on their way at a time: one that is decoded, one that is prepared, one that is cut into chunks.
const BLOCKS: u64 = 3 * (16 << 20);
/// Rows of a chunk of a fold.
const CHUNK: u64 = latentspace::data::CHUNK as u64;
/// Rows of a stream that it is measured on.
const MEASURED: u64 = 10_000;

/// What a fit will take, by the way that it will go.
pub(crate) struct Needs {
    pub(crate) plan: Plan,
    pub(crate) shape: Shape,
    /// Bytes at the peak.
    pub(crate) peak: u64,
    /// Why the rows stream by, where they do.
    pub(crate) streams: Option<String>,
}

/// What a fit of `method` on `rows` rows of `data` will take: in memory where that is allowed, else, if the method folds, as a stream.
pub(crate) fn needs(method: &dyn AnyMethod, data: &Source, rows: usize, run: &Run) -> Needs {
    let shape = Shape { rows, cols: data.columns() };
    let plan = method.plan(shape, run);
    let peak = in_memory(method, data, shape, &plan);
    let (allowed, whose) = match run.max_memory() {
        Some(allowed) => (allowed, "--max-memory"),
        None => (machine().unwrap_or(u64::MAX) / 2, "half of this machine's memory"),
    };
    if !method.info().folds || peak <= allowed {
        return Needs { plan, shape, peak, streams: None };
    }
    let why = format!("rows stream by: all of them would take {}, more than {whose} ({})", Bytes(peak), Bytes(allowed));
    Needs { peak: streamed(method, shape, &plan, run), plan, shape, streams: Some(why) }
}

/// Refuses a fit that would take more than is allowed, and tells what would fit.
///
/// # Errors
/// [`Error::Memory`].
pub(crate) fn check(method: &dyn AnyMethod, data: &Source, needs: &Needs, run: &Run) -> Result<()> {
    let shape = needs.shape;
    let Some(allowed) = run.max_memory().filter(|&allowed| needs.peak > allowed) else { return Ok(()) };
    let fits = |rows: usize| {
        let shape = Shape { rows, ..shape };
        method.check(shape).is_ok() && in_memory(method, data, shape, &method.plan(shape, run)) <= allowed
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
        0 => format!("--max-memory {megabytes}M would do"),
        rows => format!("a sample of {} rows would fit, or --max-memory {megabytes}M all of them", count(rows as u64)),
    };
    Err(Error::Memory { what: method.info().title.to_owned(), needed: needs.peak, allowed, hint })
}

/// Bytes at the peak of a fit in memory.
fn in_memory(method: &dyn AnyMethod, data: &Source, shape: Shape, plan: &Plan) -> u64 {
    let cells = shape.rows as u64 * shape.cols as u64;
    let (rows, file) = (4 * cells, data.bytes());
    // What stays beside the prepared rows, and what they take while they are read.
    let (beside, reading) = match data.kind() {
        // Pixels stay bytes, in the file and beside the numbers that they became.
        "images" => (cells + cells.min(file), rows),
        // Parts are put together to a whole.
        "table" => (0, 2 * rows),
        // Numbers of 32 bits are used where they lie in the file.
        "array" if file >= rows && file - rows < 1 << 16 => (0, rows),
        _ => (file, rows),
    };
    let dims = dimensions(method, shape);
    let measuring = rows + 4 * shape.rows as u64 * dims + measuring(shape, dims);
    PROGRAM + beside + reading.max(plan.peak_bytes).max(measuring)
}

/// Bytes at the peak of a fit whose rows stream by.
fn streamed(method: &dyn AnyMethod, shape: Shape, plan: &Plan, run: &Run) -> u64 {
    let (rows, cols) = (shape.rows as u64, shape.cols as u64);
    let work = plan.peak_bytes.saturating_sub(4 * rows * cols);
    let chunks = 4 * CHUNK * cols * (run.threads() as u64 + 1);
    let sample = Shape { rows: shape.rows.min(MEASURED as usize), ..shape };
    let dims = dimensions(method, shape);
    let measuring = 4 * sample.rows as u64 * (cols + dims) + measuring(sample, dims).max(BLOCKS);
    PROGRAM + (BLOCKS + chunks + work).max(measuring)
}

/// Dimensions of the space.
fn dimensions(method: &dyn AnyMethod, shape: Shape) -> u64 {
    let most = shape.cols.min(50) as u64;
    method.params()["n_components"].as_u64().unwrap_or(most)
}

/// Bytes that measuring takes beside rows and codes.
fn measuring(shape: Shape, dims: u64) -> u64 {
    let (rows, cols) = (shape.rows as u64, shape.cols as u64);
    let asked = if rows <= ASKED[1] { rows } else { ASKED[0] };
    let places = |cols: u64| {
        if asked * rows * cols <= DIRECT { 48 * rows } else { 4 * rows * (cols + 1) + rows.div_ceil(NEAREST[1]) * asked * NEAREST[0] }
    };
    // Neighbors of all rows in a map of few dimensions.
    let known = if dims <= 3 { 8 * NEIGHBORS * rows } else { 0 };
    let search = if dims <= 3 { 28 * rows + known } else { 0 };
    known + places(cols).max(places(dims)).max(search)
}

/// Bytes of memory that this machine (or the group that the process is kept in) has.
pub(crate) fn machine() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let info = read("/proc/meminfo")?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let all = line.split_whitespace().next()?.parse::<u64>().ok()? * 1024;
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = group.iter().filter_map(|path| read(path)?.trim().parse::<u64>().ok()).min();
    Some(limit.map_or(all, |limit| limit.min(all)))
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
