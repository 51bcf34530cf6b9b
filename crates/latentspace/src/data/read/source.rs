//! Data that were opened: what their heads tell, and their rows, whole or in blocks, as often as wanted.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{Blocks, Reader};
use crate::border;
use crate::data::{Affine, Metadata, Observations};
use crate::error::{Error, Result};
use crate::run::Run;

/// Data that were opened: their head is known, their rows can be read as often as wanted.
pub struct Source {
    pub(super) name: String,
    pub(super) readers: Vec<(PathBuf, Box<dyn Reader>)>,
    pub(super) bytes: u64,
    pub(super) labels: Option<(PathBuf, Metadata)>,
    /// Rows, once a pass has counted them.
    pub(super) counted: OnceLock<usize>,
    /// What standard input gave; it goes when the source goes.
    pub(super) _spooled: Option<tempfile::NamedTempFile>,
}

impl Source {
    /// A name for titles: that of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The files, sorted.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.readers.iter().map(|(path, _)| path.as_path())
    }

    /// `table`, `array`, `images`, `counts` or `text`.
    pub fn kind(&self) -> &'static str {
        self.readers.first().map_or("table", |(_, reader)| reader.kind())
    }

    /// Rows, where the heads of the files tell, or a pass has counted them.
    pub fn rows(&self) -> Option<usize> {
        self.readers.iter().map(|(_, reader)| reader.rows()).sum::<Option<usize>>().or_else(|| self.counted.get().copied())
    }

    /// Rows; counted in one pass where the heads of the files do not tell.
    ///
    /// # Errors
    /// What the reader says while it counts.
    pub fn count(&self, run: &Run) -> Result<usize> {
        match self.rows() {
            Some(rows) => Ok(rows),
            None => self.blocks(run)?.try_fold(0, |rows, block| Ok(rows + block?.rows())),
        }
    }

    /// Columns to learn from, before preparation (0 for text).
    pub fn columns(&self) -> usize {
        self.readers.first().map_or(0, |(_, reader)| reader.columns())
    }

    /// Of counts: cells that are not 0, before preparation.
    pub fn cells(&self) -> Option<usize> {
        self.readers.iter().map(|(_, reader)| reader.cells()).sum()
    }

    /// Names of the columns to learn from, where they have any.
    pub fn names(&self) -> Option<Vec<String>> {
        self.readers.first().and_then(|(_, reader)| reader.names())
    }

    /// Bytes on the disk.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether files are packed, so that their bytes are fewer than those that are read.
    pub fn is_packed(&self) -> bool {
        self.readers.iter().any(|(path, _)| path.extension().is_some_and(|ending| ending == "gz" || ending == "zst" || ending == "parquet"))
    }

    /// Bytes that a pass over the rows holds beside the blocks that it gives.
    pub fn working_bytes(&self) -> u64 {
        self.readers.iter().map(|(_, reader)| reader.working_bytes()).max().unwrap_or(0)
    }

    /// Seconds that a pass over all of so many rows takes.
    pub fn pass_seconds(&self, rows: usize) -> f64 {
        let rate = self.readers.iter().map(|(_, reader)| reader.rate()).fold(f64::INFINITY, f64::min);
        rows as f64 * self.columns() as f64 / rate
    }

    /// What the user should know of how the files are taken: columns that ride along, treatments.
    pub fn notes(&self) -> Vec<String> {
        self.readers.first().map(|(_, reader)| reader.notes()).unwrap_or_default()
    }

    /// What is lost as the files are taken: columns that are not learned from though they might be meant to, each with a cell.
    pub fn warnings(&self) -> Vec<String> {
        self.readers.first().map(|(_, reader)| reader.warnings()).unwrap_or_default()
    }

    /// Tells the run's listener how the files are taken, and what is lost.
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

    /// The rows in blocks, in flat memory; each call is a new pass that gives the same.
    ///
    /// # Errors
    /// As [`Source::read`], here or from the iterator.
    pub fn blocks<'a>(&'a self, run: &Run) -> Result<Box<dyn Iterator<Item = Result<Observations>> + Send + 'a>> {
        Ok(self.blocks_around(0, run)?.1)
    }

    /// The same from a block on that begins at row `first` or before it; with the number of rows before it. Costs what lies before that row
    /// where its format has to be read from its beginning: text, and files of others that are packed as a whole.
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

    /// The blocks of a file and of those after it; `seen` rows lie before them.
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

    /// How the numbers of each file lie in 32 bits, where that is known.
    pub fn affines(&self) -> Vec<Option<Affine>> {
        self.readers.iter().map(|(_, reader)| reader.affine()).collect()
    }

    /// What a pass over all rows would leave in [`Source::affines`], of the files that hold some of these rows, by their numbers. Costs a pass over such a
    /// file where its numbers have 64 bits and its head does not tell how far they reach.
    ///
    /// # Errors
    /// What the reader says.
    pub fn settle(&self, rows: Range<usize>, run: &Run) -> Result<BTreeMap<usize, Affine>> {
        let mut before = 0;
        let mut settled = BTreeMap::new();
        for (file, (path, reader)) in self.readers.iter().enumerate() {
            // Where no head tells where a file ends, all may hold them.
            let after = reader.rows().map_or(usize::MAX, |rows| before + rows);
            if before < rows.end && after > rows.start {
                border::guard(path, || reader.settle(run)).map_err(|error| named(path, error))?;
                settled.extend(reader.affine().map(|affine| (file, affine)));
            }
            before = if after == usize::MAX { before } else { after };
        }
        Ok(settled)
    }

    /// Holds to what [`Source::settle`] found of these files from now on.
    pub fn hold(&self, affines: &BTreeMap<usize, Affine>) {
        for (&file, affine) in affines {
            if let Some((_, reader)) = self.readers.get(file) {
                reader.hold(affine);
            }
        }
    }

    /// Names the data in errors that know no file.
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

/// The blocks of a file, whatever its reader does.
fn guarded<'a>(path: &'a Path, mut blocks: Blocks<'a>) -> Blocks<'a> {
    Box::new(std::iter::from_fn(move || border::guard(path, || blocks.next().transpose()).map_err(|error| named(path, error)).transpose()))
}

/// An error of a block, whose rows lie below so many others.
pub(super) fn below(error: Error, rows: usize) -> Error {
    match error {
        Error::Input(mut input) => {
            input.row = input.row.map(|row| row + rows as u64);
            Error::Input(input)
        }
        other => other,
    }
}

/// Names the file in an error that knows none.
pub(super) fn named(path: &Path, error: Error) -> Error {
    match error {
        Error::Input(mut input) if input.file.as_os_str().is_empty() => {
            input.file = path.to_path_buf();
            Error::Input(input)
        }
        other => other,
    }
}
