//! Tables in blocks of Arrow columns: the conversion of blocks to observations, common to all such formats.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::arrow::array::ArrayRef;

use super::columns::{Affines, Roles};
use super::lines::Parsed;
use super::{Blocks, Reader, concat};
use crate::data::{Affine, DataKind, Observations, Values};
use crate::error::Result;
use crate::linalg::Matrix;
use crate::run::Run;

/// A block: observations, and the ranges of their 64-bit numbers.
pub(super) struct Block {
    pub(super) observations: Observations,
    pub(super) ranges: Vec<(f64, f64)>,
}

impl Parsed for Block {
    fn rows(&self) -> usize {
        self.observations.rows()
    }
}

impl Block {
    /// The block of these columns.
    ///
    /// # Errors
    /// The error for cells of another type.
    pub(super) fn new(name: &str, roles: &Roles, columns: &[ArrayRef], rows: usize, affine: &Affine) -> Result<Self> {
        let (numbers, ranges) = roles.numbers(columns, rows, affine)?;
        let numbers = Matrix::new(rows, roles.numbers, numbers)?;
        Ok(Block { observations: roles.observations(name, numbers, columns, rows, affine)?, ranges })
    }
}

/// Warnings about columns that a pass finds after the head, one sentence each, given once.
#[derive(Default)]
pub(super) struct Late(Mutex<BTreeMap<String, (String, bool)>>);

impl Late {
    /// Stores the first finding for a column.
    pub(super) fn see(&self, column: &str, sentence: impl FnOnce() -> String) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains_key(column) {
            seen.insert(column.to_owned(), (sentence(), false));
        }
    }

    /// The sentences.
    fn found(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().map(|(sentence, _)| sentence.clone()).collect()
    }

    /// Sends new warnings.
    fn tell(&self, run: &Run) {
        for (sentence, is_told) in self.0.lock().unwrap_or_else(PoisonError::into_inner).values_mut() {
            if !std::mem::replace(is_told, true) {
                run.warn(sentence.as_str());
            }
        }
    }
}

/// The same pass, which sends these warnings at its end.
pub(super) fn telling<'a>(mut pass: Pass<'a>, late: &'a Late, run: &Run) -> Pass<'a> {
    let run = run.clone();
    Box::new(std::iter::from_fn(move || {
        let block = pass.next();
        if block.is_none() {
            late.tell(&run);
        }
        block
    }))
}

/// A file that is read in such blocks.
pub(super) trait InBlocks: Send + Sync {
    /// The role of each column.
    fn roles(&self) -> &Roles;
    /// The affine maps of the columns to 32-bit cells.
    fn affines(&self) -> &Affines;
    /// Number of rows, if the header of the file contains it.
    fn rows(&self) -> Option<usize>;
    /// See [`Reader::working_bytes`].
    fn working_bytes(&self) -> u64 {
        0
    }
    /// Findings of passes after the head.
    fn late(&self) -> Option<&Late> {
        None
    }
    /// A new pass over the rows.
    fn pass<'a>(&'a self, run: &Run) -> Result<Pass<'a>> {
        Ok(self.pass_near(0, run)?.1)
    }
    /// See [`Reader::blocks_near`].
    fn pass_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Pass<'a>)>;
}

impl<T: InBlocks> Reader for T {
    fn kind(&self) -> DataKind {
        self.roles().kind()
    }

    fn rows(&self) -> Option<usize> {
        InBlocks::rows(self)
    }

    fn columns(&self) -> usize {
        self.roles().columns()
    }

    fn names(&self) -> Option<Vec<String>> {
        self.roles().names.clone()
    }

    fn working_bytes(&self) -> u64 {
        InBlocks::working_bytes(self)
    }

    fn notes(&self) -> Vec<String> {
        self.roles().notes.clone()
    }

    fn warnings(&self) -> Vec<String> {
        let late = self.late().map(Late::found).unwrap_or_default();
        self.roles().warnings.iter().cloned().chain(late).collect()
    }

    fn read(&self, run: &Run) -> Result<Observations> {
        read(|| self.pass(run), self.affines(), run)
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let (before, pass) = self.pass_near(first, run)?;
        // The ranges of some rows are not those of all of them.
        Ok((before, if before == 0 { stream(pass, self.affines()) } else { Box::new(pass.map(|block| Ok(block?.observations))) }))
    }

    fn affine(&self) -> Option<Affine> {
        Some(self.affines().get())
    }

    fn settle(&self, run: &Run) -> Result<()> {
        if self.roles().numbers == 0 || self.affines().settled() {
            return Ok(());
        }
        stream(self.pass(run)?, self.affines()).try_for_each(|block| block.map(|_| ()))
    }

    fn hold(&self, affine: &Affine) {
        self.affines().hold(affine);
    }
}

/// Blocks of one pass.
pub(super) type Pass<'a> = Box<dyn Iterator<Item = Result<Block>> + Send + 'a>;

/// The observations of a pass, whose ranges determine the affine maps of the next one.
pub(super) fn stream<'a>(mut pass: Pass<'a>, affines: &'a Affines) -> Blocks<'a> {
    let mut ranges: Vec<(f64, f64)> = Vec::new();
    let mut names: Option<Vec<String>> = None;
    Box::new(std::iter::from_fn(move || match pass.next() {
        Some(Ok(block)) => {
            widen(&mut ranges, &block.ranges);
            names = names.take().or_else(|| column_names(&block.observations));
            Some(Ok(block.observations))
        }
        Some(Err(error)) => Some(Err(error)),
        None => {
            // After an error the iterator ends.
            let whole = std::mem::take(&mut ranges);
            let checked = affines.check(&whole, |column| column_name(names.as_deref(), column));
            affines.refine(&whole);
            checked.err().map(Err)
        }
    }))
}

/// All observations of a pass; if the affine maps from the head lose precision, a second pass uses better ones.
///
/// # Errors
/// Errors of the reader.
pub(super) fn read<'a>(pass: impl Fn() -> Result<Pass<'a>>, affines: &Affines, run: &Run) -> Result<Observations> {
    loop {
        let mut ranges: Vec<(f64, f64)> = Vec::new();
        let mut parts = Vec::new();
        let mut cells = 0_u64;
        for block in pass()? {
            let block = block?;
            widen(&mut ranges, &block.ranges);
            cells += block.observations.rows() as u64 * block.observations.columns() as u64;
            run.check_memory("the table", 4 * cells, super::HINT_MEMORY)?;
            parts.push(block.observations);
        }
        let table = parts.first().is_some_and(|part| matches!(part.values, Values::Table(_)));
        if table {
            let names = parts.first().and_then(column_names);
            affines.check(&ranges, |column| column_name(names.as_deref(), column))?;
            if affines.refine(&ranges) {
                continue;
            }
        }
        return concat(Box::new(parts.into_iter().map(Ok)), run);
    }
}

fn column_names(observations: &Observations) -> Option<Vec<String>> {
    match &observations.values {
        Values::Table(table) => table.names.clone(),
        _ => None,
    }
}

/// The label of a column: its name, or its number, counted from 1.
fn column_name(names: Option<&[String]>, column: usize) -> String {
    match names.and_then(|names| names.get(column)) {
        Some(name) => name.clone(),
        None => (column + 1).to_string(),
    }
}

fn widen(ranges: &mut Vec<(f64, f64)>, more: &[(f64, f64)]) {
    if ranges.is_empty() {
        ranges.extend_from_slice(more);
    } else {
        ranges.iter_mut().zip(more).for_each(|(a, b)| *a = (a.0.min(b.0), a.1.max(b.1)));
    }
}
