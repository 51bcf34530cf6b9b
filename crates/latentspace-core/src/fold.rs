//! The fold: learning in one or several rounds over chunks of rows.
//!
//! Statistics of fixed chunks are merged in a fixed tree whose shape depends only on the number of chunks, so the bytes do not depend on
//! threads, nor on whether the rows were in memory, streamed, or distributed in shares over many machines. States and statistics are plain
//! values that can be stored in files ([`Portable`]): shares exchange them, and checkpoints contain them.

use std::ops::Range;

use crate::checkpoint::Parcel;
use crate::data::{CHUNK, RowSource, Rows, Stream};
use crate::error::{Error, Result};
use crate::linalg::{Collected, OwnedRows, Points};
use crate::method::{Fitted, Shape};
use crate::run::Run;
use crate::tree::Parts;
pub use crate::tree::{Part, Portable, pack, unpack};

/// A method as a fold over chunks of rows.
pub trait Fold: Send + Sync {
    /// The state from which a round starts.
    type State: Portable + Sync;
    /// The statistics of rows in a round.
    type Stats: Portable;
    /// The result.
    type Outcome;

    /// The state of the first round. `first` is the first chunk, for scales and initial values.
    ///
    /// # Errors
    /// Errors of the method for these data.
    fn start(&self, shape: Shape, first: Points<'_>) -> Result<Self::State>;

    /// The chunks, out of `chunks`, that a round from this state uses: all, unless the method learns from some at a time.
    fn chunks(&self, _: &Self::State, all: usize) -> Range<usize> {
        0..all
    }

    /// The statistics of one chunk, whose first row has this number among all rows.
    ///
    /// # Errors
    /// Errors of the method for these data.
    fn accumulate(&self, state: &Self::State, chunk: Points<'_>, first: usize) -> Result<Self::Stats>;

    /// Merges the statistics of two adjacent ranges of chunks.
    fn merge(&self, left: Self::Stats, right: Self::Stats) -> Self::Stats;

    /// The result of a round, from its statistics: another state, or the end.
    ///
    /// # Errors
    /// Errors of the method for these data.
    fn solve(&self, state: Self::State, stats: Self::Stats, run: &Run) -> Result<Step<Self::State, Self::Outcome>>;
}

/// The result of a round.
pub enum Step<S, T> {
    /// Another round.
    Again(S),
    /// The end.
    Done(T),
}

/// Any fold that learns a space, as an object; its states and statistics are parcels.
pub trait AnyFold: Send + Sync {
    /// Learns in as many rounds as needed. Call it on the run's threads.
    ///
    /// # Errors
    /// See [`fold`].
    fn fit(&self, rows: &Rows<'_>, stage: &str, run: &Run) -> Result<Fitted>;

    /// The state of the first round.
    ///
    /// # Errors
    /// Errors of the method for these data.
    fn start(&self, rows: &Rows<'_>) -> Result<Parcel>;

    /// The statistics of some chunks, as the maximal nodes of the whole tree within them.
    ///
    /// # Errors
    /// [`Error::Cancelled`], and errors of the rows' source.
    fn share(&self, state: &Parcel, rows: &Rows<'_>, chunks: Range<usize>, run: &Run) -> Result<Vec<Part<Parcel>>>;

    /// Merges parts of some chunks, in any order, as far as the whole tree allows.
    ///
    /// # Errors
    /// [`Error::Input`] if chunks are there twice, or a part does not fit.
    fn gather(&self, parts: &[Part<Parcel>]) -> Result<Vec<Part<Parcel>>>;

    /// The result of a round, from the parts of all chunks in any order.
    ///
    /// # Errors
    /// [`Error::Input`] if a part is missing or duplicated; errors of the method.
    fn solve(&self, state: &Parcel, parts: &[Part<Parcel>], chunks: usize, run: &Run) -> Result<Step<Parcel, Fitted>>;
}

impl<F: Fold<Outcome = Fitted>> AnyFold for F {
    fn fit(&self, rows: &Rows<'_>, stage: &str, run: &Run) -> Result<Fitted> {
        fold(self, rows, stage, run)
    }

    fn start(&self, rows: &Rows<'_>) -> Result<Parcel> {
        start(self, rows)?.store()
    }

    fn share(&self, state: &Parcel, rows: &Rows<'_>, chunks: Range<usize>, run: &Run) -> Result<Vec<Part<Parcel>>> {
        let state = F::State::load(state)?;
        let asked = Fold::chunks(self, &state, rows.rows().div_ceil(CHUNK));
        let chunks = chunks.start.clamp(asked.start, asked.end)..chunks.end.clamp(asked.start, asked.end);
        let parts = match rows.source {
            RowSource::Memory(prepared) => {
                let points = prepared.points();
                let mut parts = Parts::default();
                for chunk in chunks {
                    let stats = tree(self, &state, points, chunk, chunk + 1, run)?;
                    parts.push(Part { from: chunk, to: chunk + 1, stats }, |left, right| self.merge(left, right));
                }
                parts
            }
            RowSource::Stream(stream) => pass(self, &state, &mut Reader::new(stream), Parts::default(), chunks, "statistics", run)?,
        };
        parts.store()
    }

    fn gather(&self, parts: &[Part<Parcel>]) -> Result<Vec<Part<Parcel>>> {
        Parts::gather(parts, |left, right| self.merge(left, right))?.store()
    }

    fn solve(&self, state: &Parcel, parts: &[Part<Parcel>], chunks: usize, run: &Run) -> Result<Step<Parcel, Fitted>> {
        let merge = |left, right| self.merge(left, right);
        let state = F::State::load(state)?;
        let stats = Parts::gather(parts, merge)?.whole(Fold::chunks(self, &state, chunks), merge)?;
        match Fold::solve(self, state, stats, run)? {
            Step::Again(state) => Ok(Step::Again(state.store()?)),
            Step::Done(fitted) => Ok(Step::Done(fitted)),
        }
    }
}

/// Learns in as many rounds as the method needs. Call it on the run's threads.
///
/// # Errors
/// [`Error::Cancelled`], errors of the rows' source and of the method.
pub fn fold<F: Fold>(method: &F, rows: &Rows<'_>, stage: &str, run: &Run) -> Result<F::Outcome> {
    let chunks = rows.rows().div_ceil(CHUNK);
    let mut standing = match run.resumed(stage) {
        Some(parcel) => Standing::<F>::load(&parcel)?,
        None => Standing { state: start(method, rows)?, parts: Parts::default() },
    };
    let mut reader = None;
    loop {
        run.check()?;
        let Standing { state, parts } = standing;
        let asked = method.chunks(&state, chunks);
        let stats = match rows.source {
            RowSource::Memory(prepared) => tree(method, &state, prepared.points(), asked.start, asked.end, run)?,
            RowSource::Stream(stream) => {
                let reader = reader.get_or_insert_with(|| Reader::new(stream));
                let next = parts.end().max(asked.start);
                let parts = pass(method, &state, reader, parts, next..asked.end, stage, run)?;
                parts.whole(asked, |left, right| method.merge(left, right))?
            }
        };
        match method.solve(state, stats, run)? {
            Step::Again(state) => standing = Standing { state, parts: Parts::default() },
            Step::Done(outcome) => return Ok(outcome),
        }
        run.keep(stage, || Standing::<F>::store(&standing.state, &standing.parts))?;
    }
}

fn start<F: Fold>(method: &F, rows: &Rows<'_>) -> Result<F::State> {
    let shape = rows.shape();
    match rows.source {
        RowSource::Memory(prepared) => method.start(shape, prepared.points().slice(0..CHUNK.min(prepared.rows()))),
        RowSource::Stream(stream) => {
            let first = Chunks::new(stream, 0)?.next().ok_or_else(nothing)??;
            method.start(shape, first.points())
        }
    }
}

fn nothing() -> Error {
    Error::input("data", "no rows", "at least one is needed")
}

/// Computes chunks `from..to` recursively: the left part is the largest power of two that is smaller than the whole.
fn tree<F: Fold>(method: &F, state: &F::State, rows: Points<'_>, from: usize, to: usize, run: &Run) -> Result<F::Stats> {
    run.check()?;
    if to - from <= 1 {
        return method.accumulate(state, rows.slice(from * CHUNK..(to * CHUNK).min(rows.rows())), from * CHUNK);
    }
    let middle = from + (to - from).next_power_of_two() / 2;
    let (left, right) = rayon::join(|| tree(method, state, rows, from, middle, run), || tree(method, state, rows, middle, to, run));
    Ok(method.merge(left?, right?))
}

/// Continues over the chunks of a stream, a few at a time, from the statistics of those before.
fn pass<F: Fold>(
    method: &F,
    state: &F::State,
    reader: &mut Reader<'_>,
    mut parts: Parts<F::Stats>,
    chunks: Range<usize>,
    stage: &str,
    run: &Run,
) -> Result<Parts<F::Stats>> {
    use crate::parallel::{Made as _, ParallelSlice as _, Pieces as _};
    let Range { start: mut next, end } = chunks;
    let first = next;
    while next < end {
        run.check()?;
        let batch = reader.take(next, rayon::current_num_threads().min(end - next))?;
        if batch.is_empty() {
            break;
        }
        let one = |(at, chunk): (usize, &OwnedRows)| method.accumulate(state, chunk.points(), (next + at) * CHUNK);
        let stats: Vec<F::Stats> = batch.par_iter().enumerate().map(one).collect::<Result<_>>()?;
        for stats in stats {
            parts.push(Part { from: next, to: next + 1, stats }, |left, right| method.merge(left, right));
            next += 1;
        }
        run.progress(stage, ((next - first) * CHUNK) as u64, ((end - first) * CHUNK) as u64);
        run.keep(stage, || Standing::<F>::store(state, &parts))?;
    }
    Ok(parts)
}

/// The progress of a fold: within a round, or before it.
struct Standing<F: Fold> {
    state: F::State,
    parts: Parts<F::Stats>,
}

impl<F: Fold> Standing<F> {
    fn store(state: &F::State, parts: &Parts<F::Stats>) -> Result<Parcel> {
        pack(Some(state.store()?), parts.store()?)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let (state, parts) = unpack(parcel)?;
        let wanted = "a checkpoint of the same fit is needed";
        let state = state.ok_or_else(|| Error::input("checkpoint", "its contents are inconsistent", wanted))?;
        Ok(Standing { state: F::State::load(&state)?, parts: Parts::load(parts)? })
    }
}

/// A stream that continues where the previous round ended, if the next round starts there.
struct Reader<'a> {
    stream: &'a dyn Stream,
    open: Option<(usize, Chunks<'a>)>,
}

impl<'a> Reader<'a> {
    fn new(stream: &'a dyn Stream) -> Self {
        Reader { stream, open: None }
    }

    /// The next `count` chunks from this number on; fewer at the end.
    fn take(&mut self, first: usize, count: usize) -> Result<Vec<OwnedRows>> {
        let mut chunks = match self.open.take() {
            Some((at, chunks)) if at == first => chunks,
            _ => Chunks::new(self.stream, first)?,
        };
        let taken = chunks.by_ref().take(count).collect::<Result<Vec<OwnedRows>>>()?;
        self.open = Some((first + taken.len(), chunks));
        Ok(taken)
    }
}

/// Splits blocks of any size into chunks of [`CHUNK`] rows.
struct Chunks<'a> {
    blocks: Box<dyn Iterator<Item = Result<OwnedRows>> + Send + 'a>,
    block: Option<(OwnedRows, usize)>,
}

impl<'a> Chunks<'a> {
    /// The chunks of a stream from this number on.
    fn new(stream: &'a dyn Stream, first: usize) -> Result<Self> {
        Ok(Chunks { blocks: stream.blocks_from(first * CHUNK)?, block: None })
    }

    fn fill(&mut self) -> Result<Option<OwnedRows>> {
        let mut chunk: Option<Collected> = None;
        let mut rows = 0;
        while rows < CHUNK {
            if self.block.is_none() {
                match self.blocks.next() {
                    Some(block) => self.block = Some((block?, 0)),
                    None => break,
                }
            }
            if let Some((block, at)) = &mut self.block {
                let take = (CHUNK - rows).min(block.rows() - *at);
                let some = block.points().slice(*at..*at + take);
                chunk.get_or_insert_with(|| Collected::like(&some, CHUNK)).push(some)?;
                rows += take;
                *at += take;
                if *at == block.rows() {
                    self.block = None;
                }
            }
        }
        chunk.filter(|_| rows > 0).map(Collected::rows).transpose()
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<OwnedRows>;

    fn next(&mut self) -> Option<Self::Item> {
        self.fill().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::{Matrix, SparseMatrix};

    /// Writes down how its chunks were merged.
    struct Brackets;
    impl Portable for String {
        fn store(&self) -> Result<Parcel> {
            Ok(Parcel { facts: serde_json::json!(self), ..Parcel::default() })
        }
        fn load(parcel: &Parcel) -> Result<String> {
            Ok(parcel.facts.as_str().unwrap().to_owned())
        }
    }
    impl Fold for Brackets {
        type State = ();
        type Stats = String;
        type Outcome = String;
        fn start(&self, _: Shape, _: Points<'_>) -> Result<()> {
            Ok(())
        }
        fn accumulate(&self, (): &(), chunk: Points<'_>, first: usize) -> Result<String> {
            assert_eq!(first % CHUNK, 0);
            chunk.as_table(|table| format!("{}:{}+{}", first / CHUNK, table.row(0)[0], table.rows()))
        }
        fn merge(&self, left: String, right: String) -> String {
            format!("({left} {right})")
        }
        fn solve(&self, (): (), stats: String, _: &Run) -> Result<Step<(), String>> {
            Ok(Step::Done(stats))
        }
    }

    struct Blocks(OwnedRows, usize);
    impl Stream for Blocks {
        fn rows(&self) -> usize {
            self.0.rows()
        }
        fn cols(&self) -> usize {
            self.0.cols()
        }
        fn blocks_from(&self, first: usize) -> Result<Box<dyn Iterator<Item = Result<OwnedRows>> + Send + '_>> {
            let starts = (first..self.0.rows()).step_by(self.1);
            let block = |at: usize| self.0.select(&(at as u32..(at + self.1).min(self.0.rows()) as u32).collect::<Vec<_>>());
            Ok(Box::new(starts.map(move |at| Ok(block(at)))))
        }
    }

    #[test]
    fn the_tree_is_the_same_in_memory_and_streamed_in_any_blocks_on_any_threads() {
        for chunks in [1, 2, 3, 5, 7, 8, 11] {
            let table = Matrix::from_fn(chunks * CHUNK - 5, 1, |i, _| (i / CHUNK) as f32);
            let mut seen = Vec::new();
            for prepared in [OwnedRows::Sparse(SparseMatrix::of(&table)), OwnedRows::Dense(table)] {
                for threads in [1, 3] {
                    let run = Run::new(0, threads).unwrap();
                    seen.push(run.install(|| fold(&Brackets, &Rows::memory(&prepared), "", &run)).unwrap());
                    for block in [1000, CHUNK, 3 * CHUNK + 1] {
                        let stream = Blocks(prepared.clone(), block);
                        seen.push(run.install(|| fold(&Brackets, &Rows::stream(&stream), "", &run)).unwrap());
                    }
                }
            }
            assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
        }
    }

    #[test]
    fn shares_that_come_in_any_order_make_the_same_tree() {
        for chunks in [1, 2, 5, 7, 12] {
            let table = Matrix::from_fn(chunks * CHUNK - 5, 1, |i, _| (i / CHUNK) as f32);
            let stream = Blocks(OwnedRows::Dense(table), 1500);
            let run = Run::new(0, 2).unwrap();
            let whole = run.install(|| fold(&Brackets, &Rows::stream(&stream), "", &run)).unwrap();
            for shares in 1..=chunks {
                let share = |at: usize| at * chunks / shares..(at + 1) * chunks / shares;
                let work = |at: usize| {
                    let parts =
                        run.install(|| pass(&Brackets, &(), &mut Reader::new(&stream), Parts::default(), share(at), "", &run)).unwrap();
                    parts.store().unwrap()
                };
                let merge = |left, right| Brackets.merge(left, right);
                let parts: Vec<Part<Parcel>> = (0..shares).rev().flat_map(work).collect();
                assert_eq!(
                    Parts::gather(&parts, merge).unwrap().whole(0..chunks, merge).unwrap(),
                    whole,
                    "{shares} shares of {chunks} chunks"
                );
                // Neighbors may be merged before all are there, and then as one.
                let (left, right) = parts.split_at(parts.len() / 2);
                let halves = [left, right].map(|some| Parts::gather(some, merge).unwrap().store().unwrap()).concat();
                assert_eq!(Parts::gather(&halves, merge).unwrap().whole(0..chunks, merge).unwrap(), whole);
                if shares > 2 {
                    let torn = [&parts[..1], &parts[parts.len() - 1..]].concat();
                    assert!(Parts::gather(&torn, merge).unwrap().whole(0..chunks, merge).is_err());
                }
            }
        }
    }
}
