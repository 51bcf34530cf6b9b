//! What a fit takes in all.

use latentspace::method::{Plan, Shape};

/// The program itself: code, threads, buffers. Measured on a fit of 100 rows.
const PROGRAM: u64 = 12 << 20;

/// Bytes at the peak of a fit in memory: what the method plans (the prepared rows among it) and the observations beside it.
pub(crate) fn peak(kind: &str, shape: Shape, plan: &Plan) -> u64 {
    let cells = shape.rows as u64 * shape.cols as u64;
    let observed = match kind {
        // Pixels stay bytes beside the numbers that they became.
        "images" => cells,
        // Tables may be scaled, which copies them.
        "table" => 4 * cells,
        _ => 0,
    };
    plan.peak_bytes + observed + PROGRAM
}

/// Bytes at the peak of a fit whose rows stream by.
pub(crate) fn peak_streamed(shape: Shape, plan: &Plan) -> u64 {
    // A few blocks of 16 MiB are on their way at a time.
    plan.peak_bytes.saturating_sub(4 * shape.rows as u64 * shape.cols as u64) + (64 << 20) + PROGRAM
}
