//! Readers: one file and one line a format.
//!
//! [`open`] looks at a file (or a folder, or a pattern of names) without reading more than its head; [`Source::read`] gives all its rows,
//! [`Source::blocks`] gives them in blocks, in flat memory, as often as wanted.

mod array;
mod bytes;
mod columns;
mod npy;

use std::path::{Path, PathBuf};

use crate::border;
use crate::data::{Metadata, Observations, Preparation};
use crate::error::{Error, Result, nearest};
use crate::run::Run;

use bytes::{File, MOST_UNPACKED, Packing};

/// What to read of a file, and what to join to it.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// A file of metadata with as many rows, and the column of it that is wanted (none: all).
    pub labels: Option<(PathBuf, Option<String>)>,
    /// The columns to learn from (none: every numeric column that is no id and no label).
    pub columns: Option<Vec<String>>,
    /// The preparation of a space that the rows are for: its columns are chosen and held to the same digits, its picture size taken.
    pub preparation: Option<Preparation>,
    /// Bytes that a packed file may be unpacked to (none: 16 GiB).
    pub max_unpacked: Option<u64>,
}

impl ReadOptions {
    /// The same options with labels as a command names them: `FILE` or `FILE:COLUMN`.
    #[must_use]
    pub fn with_labels(mut self, given: &str) -> Self {
        self.labels = Some(match given.rsplit_once(':') {
            Some((file, column)) if !Path::new(given).exists() && !file.is_empty() => (file.into(), Some(column.to_owned())),
            _ => (given.into(), None),
        });
        self
    }
}

/// Blocks of rows, in order.
pub(super) type Blocks<'a> = Box<dyn Iterator<Item = Result<Observations>> + Send + 'a>;

/// What each format gives.
pub(super) trait Reader: Send + Sync {
    /// `table`, `array`, `images`, `counts` or `text`.
    fn kind(&self) -> &'static str;
    /// Rows, where the head of the file tells.
    fn rows(&self) -> Option<usize>;
    /// Columns to learn from (0 for text).
    fn columns(&self) -> usize;
    /// Their names, where they have any.
    fn names(&self) -> Option<Vec<String>>;
    /// What the user should know: columns that ride along, treatments.
    fn notes(&self) -> Vec<String>;
    /// All rows.
    fn read(&self, run: &Run) -> Result<Observations> {
        concat(self.blocks(run)?, run)
    }
    /// A new pass over the rows.
    fn blocks<'a>(&'a self, run: &Run) -> Result<Blocks<'a>>;
}

/// What a format is asked for.
pub(super) struct Ask<'a> {
    /// The name of the observations.
    pub(super) name: String,
    /// What the caller wants.
    pub(super) options: &'a ReadOptions,
    /// Whether all columns are to ride along: the file holds labels.
    #[allow(dead_code)]
    pub(super) metadata_only: bool,
}

impl Ask<'_> {
    /// The offsets of a space that the rows are for.
    pub(super) fn offsets(&self) -> Option<Vec<f64>> {
        self.options.preparation.as_ref().map(|preparation| preparation.offsets().to_vec())
    }
}

/// A format: how its names end, whether they may end in `.gz` or `.zst` besides, and how it is opened.
struct Format {
    endings: &'static [&'static str],
    packed: bool,
    open: fn(&File, &Ask<'_>) -> Result<Box<dyn Reader>>,
}

/// Every format, one line each.
static FORMATS: &[Format] = &[Format { endings: &[".npy"], packed: true, open: npy::open }];

/// What would make room, in words.
pub(super) const HINT_MEMORY: &str = "methods that fold (`latent methods` shows them) read it in blocks; or take a sample of the rows";

/// Data that were opened: their head is known, their rows can be read as often as wanted.
pub struct Source {
    name: String,
    readers: Vec<(PathBuf, Box<dyn Reader>)>,
    bytes: u64,
    labels: Option<Metadata>,
}

/// Opens data: a file, a folder of images, or a pattern of names (`parts/*.parquet`), whose files are taken in sorted order.
///
/// Costs the head of each file, or all of it where a text must be seen whole; errors name the file and what is allowed.
///
/// # Errors
/// [`Error::Io`] or [`Error::Input`] that suggests near names for a file that is not there; [`Error::Input`] for what is wrong in its head.
pub fn open(data: &str, options: &ReadOptions) -> Result<Source> {
    let files = files(data)?;
    let name = name_of(Path::new(data));
    let mut readers = Vec::new();
    let mut bytes = 0;
    for path in files {
        let ask = Ask { name: name.clone(), options, metadata_only: false };
        let (reader, len) = open_one(&path, &ask)?;
        bytes += len;
        readers.push((path, reader));
    }
    Ok(Source { name, readers, bytes, labels: None })
}

fn open_one(path: &Path, ask: &Ask<'_>) -> Result<(Box<dyn Reader>, u64)> {
    let meta = std::fs::metadata(path).map_err(|error| missing(path, error))?;
    let lower = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let (bare, packing) = match (lower.strip_suffix(".gz"), lower.strip_suffix(".zst")) {
        (Some(bare), _) => (bare, Packing::Gzip),
        (_, Some(bare)) => (bare, Packing::Zstd),
        _ => (lower.as_str(), Packing::None),
    };
    let limit = ask.options.max_unpacked.unwrap_or(MOST_UNPACKED);
    let file = File { path: path.to_path_buf(), packing, len: meta.len(), limit };
    let format = FORMATS
        .iter()
        .find(|format| format.endings.iter().any(|ending| bare.ends_with(ending)) && (format.packed || packing == Packing::None))
        .ok_or_else(|| file.wrong("a name that tells no format", format!("it ends in one of {}", endings())))?;
    if file.len == 0 {
        return Err(file.wrong("the file is empty", "at least one row is needed"));
    }
    let reader = border::guard(path, || (format.open)(&file, ask))?;
    Ok((reader, meta.len()))
}

fn endings() -> String {
    FORMATS.iter().flat_map(|format| format.endings).copied().collect::<Vec<_>>().join(" ")
}

/// The files that `data` names, sorted.
fn files(data: &str) -> Result<Vec<PathBuf>> {
    let path = Path::new(data);
    if path.exists() || !data.contains(['*', '?', '[']) {
        return Ok(vec![path.to_path_buf()]);
    }
    let wrong = |found: String| Error::input(data, found, "a pattern such as 'parts/*.parquet' is needed");
    let mut files = glob::glob(data)
        .map_err(|error| wrong(error.to_string()))?
        .collect::<std::result::Result<Vec<PathBuf>, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    files.sort();
    if files.is_empty() {
        return Err(wrong("no file has such a name".to_owned()));
    }
    Ok(files)
}

/// A file that is not there, with the names beside it that are near.
fn missing(path: &Path, error: std::io::Error) -> Error {
    if error.kind() != std::io::ErrorKind::NotFound {
        return Error::io(path, error);
    }
    let wrong = Error::input(path, "there is no such file", "DATA is a file, a folder of images or a quoted pattern");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return wrong };
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).take(10_000).collect())
        .unwrap_or_default();
    names.sort();
    match nearest(&name, names.iter().map(String::as_str)) {
        Some(near) => wrong.with_hint(format!("did you mean '{}'?", path.with_file_name(near).display())),
        None if !folder.exists() => wrong.with_hint(format!("the folder '{}' is not there either", folder.display())),
        None => wrong,
    }
}

/// The name of observations: that of their file without its endings.
fn name_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let bare = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let bare = bare.rsplit_once('.').map_or(bare, |(stem, _)| if stem.is_empty() { bare } else { stem });
    bare.to_owned()
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

    /// Rows, where the heads of the files tell.
    pub fn rows(&self) -> Option<usize> {
        self.readers.iter().map(|(_, reader)| reader.rows()).sum()
    }

    /// Columns to learn from, before preparation (0 for text).
    pub fn columns(&self) -> usize {
        self.readers.first().map_or(0, |(_, reader)| reader.columns())
    }

    /// Names of the columns to learn from, where they have any.
    pub fn names(&self) -> Option<Vec<String>> {
        self.readers.first().and_then(|(_, reader)| reader.names())
    }

    /// Bytes on the disk.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What the user should know of how the files are taken: columns that ride along, treatments.
    pub fn notes(&self) -> Vec<String> {
        self.readers.first().map(|(_, reader)| reader.notes()).unwrap_or_default()
    }

    /// All rows, on the run's threads. Tables of f32 in a `.npy` file are not copied.
    ///
    /// # Errors
    /// [`Error::Input`] with the place; [`Error::Memory`]; [`Error::Cancelled`].
    pub fn read(&self, run: &Run) -> Result<Observations> {
        let parts =
            self.readers.iter().map(|(path, reader)| border::guard(path, || reader.read(run))).collect::<Result<Vec<Observations>>>()?;
        let mut whole = concat(Box::new(parts.into_iter().map(Ok)), run)?;
        self.join(&mut whole, 0)?;
        Ok(whole)
    }

    /// The rows in blocks, in flat memory; each call is a new pass that gives the same.
    ///
    /// # Errors
    /// As [`Source::read`], here or from the iterator.
    pub fn blocks<'a>(&'a self, run: &Run) -> Result<Box<dyn Iterator<Item = Result<Observations>> + Send + 'a>> {
        let run = run.clone();
        let mut seen = 0;
        let each = self.readers.iter().flat_map(move |(path, reader)| -> Blocks<'a> {
            match border::guard(path, || reader.blocks(&run)) {
                Ok(mut blocks) => Box::new(std::iter::from_fn(move || border::guard(path, || blocks.next().transpose()).transpose())),
                Err(error) => Box::new(std::iter::once(Err(error))),
            }
        });
        Ok(Box::new(each.map(move |block| {
            let mut block = block?;
            self.join(&mut block, seen)?;
            seen += block.rows();
            Ok(block)
        })))
    }

    /// Joins the labels of rows from `first` on.
    fn join(&self, block: &mut Observations, first: usize) -> Result<()> {
        let Some(labels) = &self.labels else { return Ok(()) };
        block.metadata = block.metadata.join(&labels.slice(first..first + block.rows()))?;
        Ok(())
    }
}

/// Parts as one.
///
/// # Errors
/// What a part says; [`Error::Input`] if there is no row, or parts do not fit each other.
pub(super) fn concat(parts: Blocks<'_>, run: &Run) -> Result<Observations> {
    let mut all = Vec::new();
    for part in parts {
        run.check()?;
        all.push(part?);
    }
    Observations::concat(all)
}

/// Rows of a block of a stream: about 16 MiB.
pub(super) fn stream_rows(cols: usize) -> usize {
    ((4 << 20) / cols.max(1)).clamp(1, 1 << 16)
}

/// The start of a text that came from outside, fit to be shown.
pub(super) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}
