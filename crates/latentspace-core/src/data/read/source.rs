//! Opened data: their headers, and their rows, all at once or in blocks, in any number of passes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::in_memory::InMemory;
use super::{Blocks, Reader};
use crate::border;
use crate::data::{Affine, DataKind, Metadata, Observations};
use crate::error::{Error, Result};
use crate::run::Run;

/// Opened data: their headers are read, their rows can be read in any number of passes.
pub struct Source {
    pub(super) name: String,
    pub(super) readers: Vec<(PathBuf, Box<dyn Reader>)>,
    pub(super) bytes: u64,
    pub(super) labels: Option<(PathBuf, Metadata)>,
    /// Number of rows, once a pass has counted them.
    pub(super) counted: OnceLock<usize>,
    /// The temporary file of standard input, removed with the source.
    pub(super) _spooled: Option<tempfile::NamedTempFile>,
}

impl Source {
    /// Observations in memory.
    pub fn of(observations: Observations) -> Self {
        let bytes = 4 * (observations.rows() * observations.columns()) as u64;
        let (name, reader) = (observations.name.clone(), InMemory(observations));
        let readers: Vec<(PathBuf, Box<dyn Reader>)> = vec![(PathBuf::from(&name), Box::new(reader))];
        Source { name, readers, bytes, labels: None, counted: OnceLock::new(), _spooled: None }
    }

    /// A name for titles: that of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The files, sorted.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.readers.iter().map(|(path, _)| path.as_path())
    }

    /// The kind of the data.
    pub fn kind(&self) -> DataKind {
        self.readers.first().map_or(DataKind::Table, |(_, reader)| reader.kind())
    }

    /// Number of rows, if the headers of the files contain it or a pass has counted them.
    pub fn rows(&self) -> Option<usize> {
        self.readers.iter().map(|(_, reader)| reader.rows()).sum::<Option<usize>>().or_else(|| self.counted.get().copied())
    }

    /// Number of rows; counted in one pass if the headers of the files do not contain it.
    ///
    /// # Errors
    /// Errors of the reader.
    pub fn count(&self, run: &Run) -> Result<usize> {
        match self.rows() {
            Some(rows) => Ok(rows),
            None => self.blocks(run)?.try_fold(0, |rows, block| Ok(rows + block?.rows())),
        }
    }

    /// Number of columns to learn from, before preparation (0 for text).
    pub fn columns(&self) -> usize {
        self.readers.first().map_or(0, |(_, reader)| reader.columns())
    }

    /// For counts: number of nonzero cells, before preparation.
    pub fn cells(&self) -> Option<usize> {
        self.readers.iter().map(|(_, reader)| reader.cells()).sum()
    }

    /// Names of the columns to learn from, if they have names.
    pub fn names(&self) -> Option<Vec<String>> {
        self.readers.first().and_then(|(_, reader)| reader.names())
    }

    /// Size on disk.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether files are compressed.
    pub fn is_packed(&self) -> bool {
        self.readers.iter().any(|(path, _)| path.extension().is_some_and(|ending| ending == "gz" || ending == "zst" || ending == "parquet"))
    }

    /// Bytes that a pass holds in addition to its blocks.
    pub fn working_bytes(&self) -> u64 {
        self.readers.iter().map(|(_, reader)| reader.working_bytes()).max().unwrap_or(0)
    }

    /// Seconds of a pass over this number of rows.
    pub fn pass_seconds(&self, rows: usize) -> f64 {
        let rate = self.readers.iter().map(|(_, reader)| reader.rate()).fold(f64::INFINITY, f64::min);
        rows as f64 * self.columns() as f64 / rate
    }

    /// Notes of the readers: metadata columns, conversions.
    pub fn notes(&self) -> Vec<String> {
        self.readers.first().map(|(_, reader)| reader.notes()).unwrap_or_default()
    }

    /// Warnings of the readers: columns that are not learned from although they might be intended, each with a cell.
    pub fn warnings(&self) -> Vec<String> {
        self.readers.first().map(|(_, reader)| reader.warnings()).unwrap_or_default()
    }

    /// Sends the notes and warnings to the run's listener.
    pub fn tell(&self, run: &Run) {
        self.notes().iter().for_each(|note| run.note(note));
        self.warnings().iter().for_each(|warning| run.warn(warning));
    }

    /// All rows, on the run's threads. Tables of f32 in a `.npy` file are not copied.
    ///
    /// # Errors
    /// [`Error::Input`] with the place; [`Error::Memory`]; [`Error::Cancelled`].
    pub fn read(&self, run: &Run) -> Result<Observations> {
        let mut parts = Vec::with_capacity(self.readers.len());
        for (path, reader) in &self.readers {
            run.check()?;
            parts.push(border::guard(path, || reader.read(run)).map_err(|error| named(path, error))?);
        }
        let mut whole = self.whole(Observations::concat(parts))?;
        self.join(&mut whole, 0)?;
        self.check_labels(whole.rows())?;
        Ok(whole)
    }

    /// The rows in blocks, in constant memory; each call is a new pass with the same blocks.
    ///
    /// # Errors
    /// As [`Source::read`], also from the iterator.
    pub fn blocks<'a>(&'a self, run: &Run) -> Result<Box<dyn Iterator<Item = Result<Observations>> + Send + 'a>> {
        Ok(self.blocks_around(0, run)?.1)
    }

    /// The same from a block that begins at row `first` or before it; with the number of rows before it. Text formats and
    /// compressed files must be read from their beginning.
    ///
    /// # Errors
    /// As [`Source::blocks`].
    pub fn blocks_around<'a>(
        &'a self,
        first: usize,
        run: &Run,
    ) -> Result<(usize, Box<dyn Iterator<Item = Result<Observations>> + Send + 'a>)> {
        let (mut skipped, mut before) = (0, 0);
        for rows in self.readers.iter().map_while(|(_, reader)| reader.rows()) {
            if before + rows > first || skipped + 1 == self.readers.len() {
                break;
            }
            (skipped, before) = (skipped + 1, before + rows);
        }
        let (path, reader) = &self.readers[skipped];
        let (within, blocks) = border::guard(path, || reader.blocks_near(first - before, run)).map_err(|error| named(path, error))?;
        Ok((before + within, self.rest(guarded(path, blocks), &self.readers[skipped + 1..], before + within, run)))
    }

    /// The blocks of a file and of those after it; `seen` rows come before them.
    fn rest<'a>(&'a self, blocks: Blocks<'a>, after: &'a [(PathBuf, Box<dyn Reader>)], mut seen: usize, run: &Run) -> Blocks<'a> {
        let run = run.clone();
        let mut over = false;
        let mut each = blocks.chain(after.iter().flat_map(move |(path, reader)| match border::guard(path, || reader.blocks(&run)) {
            Ok(blocks) => guarded(path, blocks),
            Err(error) => Box::new(std::iter::once(Err(named(path, error)))),
        }));
        Box::new(std::iter::from_fn(move || {
            if over {
                return None;
            }
            let block = match each.next() {
                Some(block) => block.and_then(|mut block| {
                    self.join(&mut block, seen)?;
                    seen += block.rows();
                    Ok(block)
                }),
                None => {
                    over = true;
                    let _ = self.counted.set(seen);
                    let rows = if seen == 0 { self.whole(Observations::concat(Vec::new())).map(|_| ()) } else { Ok(()) };
                    return rows.and_then(|()| self.check_labels(seen)).err().map(Err);
                }
            };
            over = block.is_err();
            Some(block)
        }))
    }

    /// The affine maps of the columns of each file, if known.
    pub fn affines(&self) -> Vec<Option<Affine>> {
        self.readers.iter().map(|(_, reader)| reader.affine()).collect()
    }

    /// Computes the affine maps of the files that hold some of these rows, by file number. Takes a pass over such a file if its numbers have
    /// 64 bits and its header does not contain their range.
    ///
    /// # Errors
    /// Errors of the reader.
    pub fn settle(&self, rows: Range<usize>, run: &Run) -> Result<BTreeMap<usize, Affine>> {
        let mut before = 0;
        let mut settled = BTreeMap::new();
        for (file, (path, reader)) in self.readers.iter().enumerate() {
            // If no header contains the number of rows, all files may hold them.
            let after = reader.rows().map_or(usize::MAX, |rows| before + rows);
            if before < rows.end && after > rows.start {
                border::guard(path, || reader.settle(run)).map_err(|error| named(path, error))?;
                settled.extend(reader.affine().map(|affine| (file, affine)));
            }
            before = if after == usize::MAX { before } else { after };
        }
        Ok(settled)
    }

    /// Sets the affine maps of these files, from [`Source::settle`].
    pub fn hold(&self, affines: &BTreeMap<usize, Affine>) {
        for (&file, affine) in affines {
            if let Some((_, reader)) = self.readers.get(file) {
                reader.hold(affine);
            }
        }
    }

    /// Adds the name of the data to errors without a file.
    fn whole<T>(&self, result: Result<T>) -> Result<T> {
        let path = self.readers.first().map_or(Path::new("data"), |(path, _)| path);
        result.map_err(|error| match error {
            Error::Input(mut input) => {
                input.file = path.to_path_buf();
                Error::Input(input)
            }
            other => other,
        })
    }

    /// Joins the labels of rows from `first` on.
    fn join(&self, block: &mut Observations, first: usize) -> Result<()> {
        let Some((path, labels)) = &self.labels else { return Ok(()) };
        if first + block.rows() > labels.rows() {
            return Err(self.unlike_labels(path, labels.rows(), first + block.rows()));
        }
        block.metadata = block.metadata.join(&labels.slice(first..first + block.rows()))?;
        Ok(())
    }

    fn check_labels(&self, rows: usize) -> Result<()> {
        match &self.labels {
            Some((path, labels)) if labels.rows() != rows => Err(self.unlike_labels(path, labels.rows(), rows)),
            _ => Ok(()),
        }
    }

    pub(super) fn unlike_labels(&self, path: &Path, labels: usize, rows: usize) -> Error {
        Error::input(path, format!("{labels} rows of labels"), format!("'{}' has {rows}, and each needs its own", self.name))
    }
}

/// The blocks of a file; panics of its reader become errors.
fn guarded<'a>(path: &'a Path, mut blocks: Blocks<'a>) -> Blocks<'a> {
    Box::new(std::iter::from_fn(move || border::guard(path, || blocks.next().transpose()).map_err(|error| named(path, error)).transpose()))
}

/// Adds the number of previous rows to the row of an error.
pub(super) fn below(error: Error, rows: usize) -> Error {
    match error {
        Error::Input(mut input) => {
            input.row = input.row.map(|row| row + rows as u64);
            Error::Input(input)
        }
        other => other,
    }
}

/// Adds the file to an error without one.
pub(super) fn named(path: &Path, error: Error) -> Error {
    match error {
        Error::Input(mut input) if input.file.as_os_str().is_empty() => {
            input.file = path.to_path_buf();
            Error::Input(input)
        }
        other => other,
    }
}
