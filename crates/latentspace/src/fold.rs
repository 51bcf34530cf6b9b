//! The fold: learning from rows that come by in chunks, in one round or many.
//!
//! Statistics of fixed chunks are merged in a fixed tree whose shape depends on the number of chunks alone, so the bytes do not depend on
//! threads, nor on whether the rows lay in memory or streamed by. A state and its statistics are plain values, so that parts of a round may
//! be worked on elsewhere.

use crate::data::{CHUNK, Prepared, Rows};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, MatrixView};
use crate::method::Shape;
use crate::run::Run;

/// How one round of learning goes.
pub trait Fold: Sync {
    /// What a round starts from.
    type State: Send + Sync;
    /// What is known of the rows seen in a round.
    type Stats: Send;
    /// What is learned.
    type Outcome;

    /// The state of the first round. `first` is the first chunk, for scales and starts.
    ///
    /// # Errors
    /// What the method says of such data.
    fn start(&self, shape: Shape, first: MatrixView<'_>) -> Result<Self::State>;

    /// The statistics of one chunk.
    fn accumulate(&self, state: &Self::State, chunk: MatrixView<'_>) -> Self::Stats;

    /// The statistics of two neighboring runs of chunks as one.
    fn merge(&self, left: Self::Stats, right: Self::Stats) -> Self::Stats;

    /// What follows from the statistics of all rows.
    ///
    /// # Errors
    /// What the method says of such data.
    fn solve(&self, state: Self::State, stats: Self::Stats, run: &Run) -> Result<Step<Self::State, Self::Outcome>>;
}

/// What follows from a round.
pub enum Step<S, T> {
    /// Another round.
    Again(S),
    /// The end.
    Done(T),
}

/// Learns by as many rounds as the method asks for. To be called on the run's threads.
///
/// # Errors
/// [`Error::Cancelled`], what the rows' source says, and what the method says.
pub fn fold<F: Fold>(method: &F, rows: &Rows<'_>, stage: &str, run: &Run) -> Result<F::Outcome> {
    let shape = Shape { rows: rows.rows(), cols: rows.cols() };
    match rows {
        Rows::Memory(prepared) => {
            let table = prepared.table()?;
            let mut state = method.start(shape, table.slice(0..CHUNK.min(table.rows())))?;
            loop {
                run.check()?;
                let count = table.rows().div_ceil(CHUNK);
                let stats = tree(method, &state, table.view(), 0, count, run)?;
                match method.solve(state, stats, run)? {
                    Step::Again(next) => state = next,
                    Step::Done(outcome) => return Ok(outcome),
                }
            }
        }
        Rows::Stream(stream) => {
            let first = Chunks::new(stream.blocks()?, shape.cols).next().ok_or_else(nothing)??;
            let mut state = method.start(shape, first.view())?;
            drop(first);
            loop {
                let stats = pass(method, &state, Chunks::new(stream.blocks()?, shape.cols), shape, stage, run)?;
                match method.solve(state, stats, run)? {
                    Step::Again(next) => state = next,
                    Step::Done(outcome) => return Ok(outcome),
                }
            }
        }
    }
}

/// A round whose rows come by part after part, of any size: what follows from the rows so far can be asked for after each, and is what
/// [`fold`] learns of them at once.
pub struct Growing<F: Fold> {
    state: Option<F::State>,
    pending: Vec<(usize, F::Stats)>,
    /// Rows that fill no chunk yet.
    rest: Vec<f32>,
    shape: Shape,
}

impl<F: Fold> Growing<F>
where
    F::State: Clone,
    F::Stats: Clone,
{
    /// No rows yet, of so many columns.
    pub fn new(cols: usize) -> Self {
        Growing { state: None, pending: Vec::new(), rest: Vec::new(), shape: Shape { rows: 0, cols } }
    }

    /// Rows so far, and their columns.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Takes more rows. To be called on the run's threads.
    ///
    /// # Errors
    /// [`Error::Cancelled`], after which these rows count in part; what the method says of the first rows.
    pub fn push(&mut self, method: &F, rows: MatrixView<'_>, run: &Run) -> Result<()> {
        let chunk = CHUNK * self.shape.cols;
        let mut cells = rows.as_slice();
        while !cells.is_empty() {
            run.check()?;
            let (taken, left) = cells.split_at(cells.len().min(chunk - self.rest.len()));
            self.rest.extend_from_slice(taken);
            cells = left;
            self.shape.rows += taken.len() / self.shape.cols;
            if self.rest.len() == chunk {
                let view = MatrixView::new(CHUNK, self.shape.cols, &self.rest)?;
                let state = match self.state.take() {
                    Some(state) => state,
                    None => method.start(self.shape, view)?,
                };
                let stats = method.accumulate(&state, view);
                self.state = Some(state);
                count_on(method, &mut self.pending, stats);
                self.rest.clear();
            }
        }
        Ok(())
    }

    /// What follows from the rows so far; more may come afterwards.
    ///
    /// # Errors
    /// [`Error::Input`] if there are no rows, or if they would have to be seen again; what the method says.
    pub fn outcome(&self, method: &F, run: &Run) -> Result<F::Outcome> {
        let rest = MatrixView::new(self.rest.len() / self.shape.cols.max(1), self.shape.cols, &self.rest)?;
        let state = match &self.state {
            Some(state) => state.clone(),
            None if self.rest.is_empty() => return Err(nothing()),
            None => method.start(self.shape, rest)?,
        };
        let mut pending = self.pending.clone();
        if !self.rest.is_empty() {
            let stats = method.accumulate(&state, rest);
            count_on(method, &mut pending, stats);
        }
        let stats = whole(method, pending)?;
        match method.solve(state, stats, run)? {
            Step::Done(outcome) => Ok(outcome),
            Step::Again(_) => Err(Error::input("data", "rows that must be seen more than once", "part after part they are seen once")
                .with_hint("learn from all of them at once, or bring their numbers nearer to 1")),
        }
    }
}

/// One more chunk's statistics, merged as a binary counter counts.
fn count_on<F: Fold>(method: &F, pending: &mut Vec<(usize, F::Stats)>, mut merged: F::Stats) {
    let mut size = 1;
    while let Some((_, left)) = pending.pop_if(|(left_size, _)| *left_size == size) {
        merged = method.merge(left, merged);
        size *= 2;
    }
    pending.push((size, merged));
}

/// The statistics of all chunks of the counter.
fn whole<F: Fold>(method: &F, mut pending: Vec<(usize, F::Stats)>) -> Result<F::Stats> {
    let (_, mut whole) = pending.pop().ok_or_else(nothing)?;
    while let Some((_, left)) = pending.pop() {
        whole = method.merge(left, whole);
    }
    Ok(whole)
}

fn nothing() -> Error {
    Error::input("data", "no rows", "at least one is needed")
}

/// Chunks `from..to`: the left part is the largest power of two that is smaller than the whole.
fn tree<F: Fold>(method: &F, state: &F::State, table: MatrixView<'_>, from: usize, to: usize, run: &Run) -> Result<F::Stats> {
    run.check()?;
    if to - from <= 1 {
        return Ok(method.accumulate(state, table.slice(from * CHUNK..(to * CHUNK).min(table.rows()))));
    }
    let middle = from + (to - from).next_power_of_two() / 2;
    let (left, right) = rayon::join(|| tree(method, state, table, from, middle, run), || tree(method, state, table, middle, to, run));
    Ok(method.merge(left?, right?))
}

/// One pass over a stream: a few chunks at a time, their statistics merged as a binary counter counts, which gives the tree of [`tree`].
fn pass<F: Fold>(method: &F, state: &F::State, mut chunks: Chunks<'_>, shape: Shape, stage: &str, run: &Run) -> Result<F::Stats> {
    use rayon::prelude::*;
    let mut pending: Vec<(usize, F::Stats)> = Vec::new();
    let mut done = 0;
    loop {
        run.check()?;
        let batch = chunks.by_ref().take(rayon::current_num_threads()).collect::<Result<Vec<Matrix>>>()?;
        if batch.is_empty() {
            break;
        }
        done += batch.iter().map(Matrix::rows).sum::<usize>();
        let stats: Vec<F::Stats> = batch.into_par_iter().map(|chunk| method.accumulate(state, chunk.view())).collect();
        stats.into_iter().for_each(|stats| count_on(method, &mut pending, stats));
        run.progress(stage, done as u64, shape.rows as u64);
    }
    whole(method, pending)
}

/// Blocks of any size, cut anew into chunks of [`CHUNK`] rows.
struct Chunks<'a> {
    blocks: Box<dyn Iterator<Item = Result<Prepared>> + Send + 'a>,
    cols: usize,
    block: Option<(Matrix, usize)>,
}

impl<'a> Chunks<'a> {
    fn new(blocks: Box<dyn Iterator<Item = Result<Prepared>> + Send + 'a>, cols: usize) -> Self {
        Chunks { blocks, cols, block: None }
    }

    fn fill(&mut self) -> Result<Option<Matrix>> {
        let mut chunk: Vec<f32> = Vec::with_capacity(CHUNK * self.cols);
        let mut rows = 0;
        while rows < CHUNK {
            if self.block.is_none() {
                match self.blocks.next() {
                    Some(block) => self.block = Some((block?.table()?, 0)),
                    None => break,
                }
            }
            if let Some((block, at)) = &mut self.block {
                let take = (CHUNK - rows).min(block.rows() - *at);
                chunk.extend_from_slice(block.slice(*at..*at + take).as_slice());
                rows += take;
                *at += take;
                if *at == block.rows() {
                    self.block = None;
                }
            }
        }
        if rows == 0 { Ok(None) } else { Matrix::new(rows, self.cols, chunk).map(Some) }
    }
}

impl Iterator for Chunks<'_> {
    type Item = Result<Matrix>;

    fn next(&mut self) -> Option<Self::Item> {
        self.fill().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Stream;

    /// Writes down how its chunks were merged.
    struct Brackets;
    impl Fold for Brackets {
        type State = ();
        type Stats = String;
        type Outcome = String;
        fn start(&self, _: Shape, _: MatrixView<'_>) -> Result<()> {
            Ok(())
        }
        fn accumulate(&self, (): &(), chunk: MatrixView<'_>) -> String {
            format!("{}+{}", chunk.row(0)[0], chunk.rows())
        }
        fn merge(&self, left: String, right: String) -> String {
            format!("({left} {right})")
        }
        fn solve(&self, (): (), stats: String, _: &Run) -> Result<Step<(), String>> {
            Ok(Step::Done(stats))
        }
    }

    #[test]
    fn part_after_part_the_tree_is_that_of_all_rows_at_once() {
        let run = Run::new(0, 2).unwrap();
        let table = Matrix::from_fn(5 * CHUNK - 3, 1, |i, _| (i / CHUNK) as f32);
        for part in [1000, CHUNK, 2 * CHUNK + 1] {
            let mut growing = Growing::new(1);
            for at in (0..table.rows()).step_by(part) {
                let to = (at + part).min(table.rows());
                growing.push(&Brackets, table.slice(at..to), &run).unwrap();
                let seen = Prepared::Table(table.slice(0..to).to_matrix());
                let at_once = run.install(|| fold(&Brackets, &Rows::Memory(&seen), "", &run)).unwrap();
                assert_eq!(growing.outcome(&Brackets, &run).unwrap(), at_once, "{part} rows a part, {to} rows");
            }
        }
    }

    struct Blocks(Matrix, usize);
    impl Stream for Blocks {
        fn rows(&self) -> usize {
            self.0.rows()
        }
        fn cols(&self) -> usize {
            self.0.cols()
        }
        fn blocks(&self) -> Result<Box<dyn Iterator<Item = Result<Prepared>> + Send + '_>> {
            let starts = (0..self.0.rows()).step_by(self.1);
            Ok(Box::new(starts.map(|at| Ok(Prepared::Table(self.0.slice(at..(at + self.1).min(self.0.rows())).to_matrix())))))
        }
    }

    #[test]
    fn the_tree_is_the_same_in_memory_and_streamed_in_any_blocks_on_any_threads() {
        for chunks in [1, 2, 3, 5, 7, 8, 11] {
            let table = Matrix::from_fn(chunks * CHUNK - 5, 1, |i, _| (i / CHUNK) as f32);
            let prepared = Prepared::Table(table.clone());
            let mut seen = Vec::new();
            for threads in [1, 3] {
                let run = Run::new(0, threads).unwrap();
                seen.push(run.install(|| fold(&Brackets, &Rows::Memory(&prepared), "", &run)).unwrap());
                for block in [1000, CHUNK, 3 * CHUNK + 1] {
                    let stream = Blocks(table.clone(), block);
                    seen.push(run.install(|| fold(&Brackets, &Rows::Stream(&stream), "", &run)).unwrap());
                }
            }
            assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
        }
    }
}
