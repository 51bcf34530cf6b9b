//! Readers of files: one file and one line per format.
//!
//! [`open`] reads only the header of a file (or a folder, or a pattern of names); [`Source::read`] reads all rows,
//! [`Source::blocks`] reads them in blocks, in constant memory, in any number of passes.

mod arranged;
mod array;
mod arrow;
mod bytes;
mod cells;
mod columns;
mod convert;
mod csv;
mod dense;
mod dialect;
mod docword;
mod fields;
mod folder;
mod gif;
mod idx;
mod images;
mod in_memory;
mod jsonl;
mod lines;
mod memory;
mod mtx;
mod names;
mod npy;
mod npz;
mod options;
mod parquet;
mod safetensors;
mod scipy;
mod source;
mod sparse;
mod svmlight;
mod table;
mod tenx;
mod text;
mod texts;
mod tiff;
mod words;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::border;
use crate::data::{Affine, DataKind, Metadata, Observations};
use crate::error::{Error, Param, Result, nearest};
use crate::run::Run;

use bytes::{ALWAYS_UNPACKED, File, MOST_UNPACKED, Packing};
pub use memory::MemoryArray;
pub use options::{Bad, Header, ReadOptions};
pub use source::Source;
use source::{below, named};
use sparse::Numbering;

/// Blocks of rows, in order.
pub(super) type Blocks<'a> = Box<dyn Iterator<Item = Result<Observations>> + Send + 'a>;

/// The interface of a format.
pub(super) trait Reader: Send + Sync {
    /// The kind of its rows.
    fn kind(&self) -> DataKind;
    /// Number of rows, if the header of the file contains it.
    fn rows(&self) -> Option<usize>;
    /// Number of columns to learn from (0 for text).
    fn columns(&self) -> usize;
    /// For counts: number of nonzero cells.
    fn cells(&self) -> Option<usize> {
        None
    }
    /// Their names, if they have names.
    fn names(&self) -> Option<Vec<String>>;
    /// Notes: metadata columns, conversions.
    fn notes(&self) -> Vec<String>;
    /// Warnings: columns that are not learned from although they might be intended.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
    /// All rows.
    fn read(&self, run: &Run) -> Result<Observations> {
        concat(self.blocks(run)?, run)
    }
    /// Bytes that a pass holds in addition to its blocks: pages of the file, dictionaries, decompressed data.
    fn working_bytes(&self) -> u64 {
        0
    }
    /// Numbers per second of a pass on one core of the machine on which the cost model was calibrated.
    fn rate(&self) -> f64 {
        10e6
    }
    /// All columns as metadata.
    fn labels(&self, run: &Run) -> Result<Metadata> {
        Ok(self.read(run)?.metadata)
    }
    /// A new pass over the rows.
    fn blocks<'a>(&'a self, run: &Run) -> Result<Blocks<'a>> {
        Ok(self.blocks_near(0, run)?.1)
    }
    /// A new pass from a block that begins at row `first` or before it, as near as the format allows; with the number of rows before it.
    /// The blocks are those of [`Reader::blocks`].
    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)>;
    /// The affine maps of its columns to 32-bit cells, if known.
    fn affine(&self) -> Option<Affine> {
        None
    }
    /// Computes [`Reader::affine`] by a pass over all rows.
    fn settle(&self, _run: &Run) -> Result<()> {
        Ok(())
    }
    /// Sets the affine maps.
    fn hold(&self, _affine: &Affine) {}
    /// For sparse rows: the numbering of columns, if the format does not define it.
    fn numbering(&self) -> Option<Numbering> {
        None
    }
    /// Sets the common numbering of all files of a source.
    fn number(&mut self, _all: Numbering) {}
}

/// A request to open a file.
pub(super) struct Ask<'a> {
    /// The name of the observations.
    pub(super) name: String,
    /// The options of reading.
    pub(super) options: &'a ReadOptions,
    /// The purpose of the rows.
    pub(super) purpose: Purpose,
}

/// The purpose of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be learned from, or encoded.
    Learn,
    /// Metadata of other rows: all columns are metadata.
    Labels,
    /// Codes: the columns `z0`, `z1`, … of a table.
    Codes,
}

impl Ask<'_> {
    /// The affine maps of the space that the rows are for.
    pub(super) fn affine(&self) -> Option<Affine> {
        self.options.preparation.as_ref().map(|preparation| preparation.affine())
    }

    /// Whether text is preferred to numbers.
    pub(super) fn wants_text(&self) -> bool {
        self.options.wants_text || self.options.preparation.as_ref().is_some_and(|preparation| preparation.kind == DataKind::Text)
    }

    /// The columns of the space that the rows are for.
    pub(super) fn fitted_columns(&self) -> Option<Vec<String>> {
        let preparation = self.options.preparation.as_ref().filter(|preparation| preparation.kind == DataKind::Table)?;
        let mut names = preparation.names.clone()?;
        names.extend(preparation.categories().iter().map(|category| category.name.clone()));
        Some(names)
    }
}

/// Metadata columns in memory.
pub(super) struct Ready(pub(super) Metadata);

impl Reader for Ready {
    fn kind(&self) -> DataKind {
        DataKind::Table
    }
    fn rows(&self) -> Option<usize> {
        Some(self.0.rows())
    }
    fn columns(&self) -> usize {
        0
    }
    fn names(&self) -> Option<Vec<String>> {
        None
    }
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    fn blocks_near<'a>(&'a self, _first: usize, _run: &Run) -> Result<(usize, Blocks<'a>)> {
        Err(Error::internal("these columns ride along with others"))
    }
    fn labels(&self, _run: &Run) -> Result<Metadata> {
        Ok(self.0.clone())
    }
}

/// A format: its extensions, whether they may be followed by `.gz` or `.zst`, its first bytes, its reading options
/// (except labels), and the function that opens it.
struct Format {
    endings: &'static [&'static str],
    packed: bool,
    magic: &'static [u8],
    takes: &'static [&'static str],
    open: fn(&File, &Ask<'_>) -> Result<Box<dyn Reader>>,
}

/// Options of tables, of csv, and of folders.
const TABLE: &[&str] = &["columns", "id", "text", "dates", "transpose"];
const CSV: &[&str] = &["columns", "id", "text", "dates", "transpose", "delimiter", "decimal", "header"];
const FOLDER: &[&str] = &["bad"];
/// Options of one array or of counts, and of archives of arrays.
const ARRAY: &[&str] = &["names", "transpose"];
const ARRAYS: &[&str] = &["columns", "names", "transpose"];

/// Every format, one line each.
static FORMATS: &[Format] = &[
    Format { endings: &[".npy"], packed: true, magic: b"\x93NUMPY", takes: ARRAY, open: npy::open },
    Format { endings: &[".npz"], packed: false, magic: b"PK\x03\x04", takes: ARRAYS, open: npz::open },
    Format { endings: &[".csv", ".tsv"], packed: true, magic: b"", takes: CSV, open: csv::open },
    Format { endings: &[".parquet"], packed: false, magic: b"PAR1", takes: TABLE, open: parquet::open },
    Format { endings: &[".arrow", ".feather", ".ipc"], packed: false, magic: b"ARROW1", takes: TABLE, open: arrow::open },
    Format { endings: &[".jsonl", ".ndjson"], packed: true, magic: b"", takes: TABLE, open: jsonl::open },
    Format { endings: &[".idx", "-ubyte"], packed: true, magic: b"", takes: ARRAY, open: idx::open },
    Format { endings: &[".mtx"], packed: true, magic: b"%%MatrixMarket", takes: ARRAY, open: mtx::open },
    Format { endings: &[".svmlight", ".libsvm"], packed: true, magic: b"", takes: ARRAY, open: svmlight::open },
    Format { endings: &[".txt"], packed: true, magic: b"", takes: ARRAY, open: words::open_text },
    Format { endings: &[".vec"], packed: true, magic: b"", takes: ARRAY, open: words::open },
    Format { endings: &[".bin"], packed: true, magic: b"", takes: ARRAY, open: words::open_binary },
    Format { endings: &[".safetensors"], packed: false, magic: b"", takes: ARRAYS, open: safetensors::open },
];

impl Format {
    /// The format of a file with this lower-case name, without a compression extension.
    fn of_name(bare: &str) -> Option<&'static Format> {
        FORMATS.iter().find(|format| format.endings.iter().any(|ending| bare.ends_with(ending)))
    }

    /// The format with this name: `csv`.
    ///
    /// # Errors
    /// [`Error::Param`] with a list of the formats.
    fn named(name: &str) -> Result<&'static Format> {
        let plain = name.trim_start_matches('.').to_lowercase();
        let names = || FORMATS.iter().flat_map(|format| format.endings).map(|ending| ending.trim_start_matches(['.', '-']));
        let found = FORMATS.iter().find(|format| format.endings.iter().any(|ending| ending.trim_start_matches(['.', '-']) == plain));
        found.ok_or_else(|| {
            let error = Error::param("format", format!("'{name}'"), format!("there are {}", names().collect::<Vec<_>>().join(", ")));
            match nearest(&plain, names()) {
                Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                None => error,
            }
        })
    }
}

/// Refuses an option that the format cannot use.
fn check_options(path: &Path, what: &str, takes: &[&str], options: &ReadOptions) -> Result<()> {
    let unused =
        options.names_given().into_iter().find(|name| !["labels", "format"].contains(&name.as_str()) && !takes.contains(&name.as_str()));
    let Some(unused) = unused else { return Ok(()) };
    let (found, wanted) = (format!("'{}' is {what}", path.display()), format!("its options are {}", takes.join(", ")));
    Err(Error::Param(Param { name: unused, found, wanted, hint: None }))
}

/// The hint for data that exceed the memory limit.
pub(super) const HINT_MEMORY: &str = "methods that fold (`latent methods` shows them) read it in blocks; or take a sample of the rows";

/// Opens data: a file, a folder of images, or a pattern of names (`parts/*.parquet`), whose files are taken in sorted order; `-` is standard
/// input, kept in a temporary file, with its format detected from its first bytes.
///
/// Reads the header of each file, or all of it if necessary (`.npz`, `.mtx`, `.svmlight`, labels).
///
/// # Errors
/// [`Error::Io`] or [`Error::Input`] for a missing file, with similar names as a hint; [`Error::Input`] for an invalid header.
pub fn open(data: impl AsRef<Path>, options: &ReadOptions) -> Result<Source> {
    open_as(data.as_ref(), options, Purpose::Learn)
}

/// Opens codes: the columns `z0`, `z1`, … of a table.
///
/// # Errors
/// As [`open`].
pub(crate) fn open_codes(data: &Path, options: &ReadOptions) -> Result<Source> {
    open_as(data, options, Purpose::Codes)
}

fn open_as(data: &Path, options: &ReadOptions, purpose: Purpose) -> Result<Source> {
    let format = options.format.as_deref().map(Format::named).transpose()?;
    let spooled = if data == Path::new("-") { Some(spool(std::io::stdin().lock(), format, options)?) } else { None };
    let (files, name) = match &spooled {
        Some(file) => (vec![file.path().to_path_buf()], "standard input".to_owned()),
        None => (files(data)?, name_of(data)),
    };
    let mut readers: Vec<(PathBuf, Box<dyn Reader>)> = Vec::new();
    let mut bytes = 0;
    for path in files {
        let ask = Ask { name: name.clone(), options, purpose };
        let (reader, len) = open_one(&path, &ask)?;
        bytes += len;
        readers.push((path, reader));
    }
    if let Some(all) = readers.iter().filter_map(|(_, reader)| reader.numbering()).reduce(Numbering::join) {
        readers.iter_mut().for_each(|(_, reader)| reader.number(all));
    }
    if let Some(((first, known), others)) = readers.split_first() {
        for (path, reader) in others {
            if (known.kind(), known.columns(), known.names()) != (reader.kind(), reader.columns(), reader.names()) {
                return Err(unlike(path, reader.as_ref(), first, known.as_ref()));
            }
        }
    }
    let mut source = Source { name, readers, bytes, labels: None, counted: OnceLock::new(), _spooled: spooled };
    if let Some((path, column)) = &options.labels {
        let labels = labels(path, column.as_deref(), options, &Run::new(0, 1)?)?;
        if source.rows().is_some_and(|rows| rows != labels.rows()) {
            return Err(source.unlike_labels(path, labels.rows(), source.rows().unwrap_or(0)));
        }
        source.labels = Some((path.clone(), labels));
    }
    Ok(source)
}

/// The error for a file whose columns differ from those of the first.
fn unlike(path: &Path, reader: &dyn Reader, first: &Path, known: &dyn Reader) -> Error {
    let (names, of_first) = (reader.names().unwrap_or_default(), known.names().unwrap_or_default());
    let only = |names: &[String], others: &[String]| -> Vec<String> {
        names.iter().filter(|name| !others.contains(name)).map(|name| format!("'{name}'")).take(4).collect()
    };
    let (more, missing) = (only(&names, &of_first), only(&of_first, &names));
    let mut found = format!("{} of {} columns", reader.kind(), reader.columns());
    match (more.as_slice(), missing.as_slice()) {
        ([], []) if names.len() == of_first.len() && names != of_first => found.push_str(" in another order"),
        ([], []) => {}
        (more, []) => found.push_str(&format!(", with {} besides", more.join(", "))),
        ([], missing) => found.push_str(&format!(", without {}", missing.join(", "))),
        (more, missing) => found.push_str(&format!(", with {} in place of {}", more.join(", "), missing.join(", "))),
    }
    let wanted = format!("all files are like the first: '{}' has {} of {} columns", first.display(), known.kind(), known.columns());
    let error = Error::input(path, found, wanted);
    let common: Vec<&str> = of_first.iter().filter(|name| names.contains(name)).map(String::as_str).collect();
    match common.as_slice() {
        [] => error.with_hint("a pattern that fits files of one kind alone leaves it out"),
        common if common.len() <= 12 => error.with_hint(format!("--columns {} takes what both have", common.join(","))),
        _ => error.with_hint("--columns takes what both have"),
    }
}

/// Copies standard input to a temporary file, so that it can be read more than once. Without a given format, its first bytes determine it, and
/// for text whether it is a table or one document per line.
fn spool(mut input: impl std::io::Read, format: Option<&Format>, options: &ReadOptions) -> Result<tempfile::NamedTempFile> {
    let io = |error| Error::io("standard input", error);
    let mut head = vec![0; 1 << 18];
    let mut read = 0;
    while read < head.len() {
        match input.read(&mut head[read..]).map_err(io)? {
            0 => break,
            more => read += more,
        }
    }
    let whole = read < head.len();
    head.truncate(read);
    let line = head.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let known = || FORMATS.iter().find(|format| !format.magic.is_empty() && head.starts_with(format.magic));
    // If the line is longer than the head, its first character decides.
    let is_json = |line: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() || line.len() == head.len();
    let ending = match line.trim_ascii_start().first() {
        None => return Err(Error::input("standard input", "nothing", "at least one row is needed")),
        Some(first) => match (format.or_else(known), first) {
            (Some(format), _) => format.endings[0],
            (None, b'{' | b'[') if is_json(line) => ".jsonl",
            (None, _) if expects_table(&head, whole, options) => ".csv",
            (None, _) => ".txt",
        },
    };
    let mut file = tempfile::Builder::new().prefix("latent-stdin-").suffix(ending).tempfile().map_err(io)?;
    std::io::Write::write_all(&mut file, &head).map_err(io)?;
    std::io::copy(&mut input, &mut file).map_err(io)?;
    std::io::Write::flush(&mut file).map_err(io)?;
    Ok(file)
}

/// Whether text is a table: by the kind that the space expects, if there is one, and by its content.
fn expects_table(head: &[u8], whole: bool, options: &ReadOptions) -> bool {
    match options.preparation.as_ref().map(|preparation| preparation.kind) {
        Some(DataKind::Text) => dialect::is_table(head, whole, true),
        Some(_) => true,
        None => dialect::is_table(head, whole, false),
    }
}

/// Opens one file or folder, and returns its size on disk.
fn open_one(path: &Path, ask: &Ask<'_>) -> Result<(Box<dyn Reader>, u64)> {
    let meta = std::fs::metadata(path).map_err(|error| missing(path, error))?;
    let limit = ask.options.max_unpacked.unwrap_or(MOST_UNPACKED);
    if meta.is_dir() {
        check_options(path, "a folder", FOLDER, ask.options)?;
        return border::guard(path, || folder::open(path, ask));
    }
    let lower = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let (bare, packing) = match (lower.strip_suffix(".gz"), lower.strip_suffix(".zst")) {
        (Some(bare), _) => (bare, Packing::Gzip),
        (_, Some(bare)) => (bare, Packing::Zstd),
        _ => (lower.as_str(), Packing::None),
    };
    let always = always_unpacked(ask.options);
    let file = File { path: path.to_path_buf(), packing, len: meta.len(), limit, always };
    if !meta.is_file() {
        return Err(file.wrong("this is neither a file nor a folder", "DATA must be a file, a folder or a quoted pattern"));
    }
    let given = ask.options.format.as_deref().map(Format::named).transpose()?;
    let Some(format) = given.or_else(|| Format::of_name(bare)) else {
        if folder::ends_in(path, images::ENDINGS) {
            let error = file.wrong("a single picture", "images are read from a folder, one row per image");
            return Err(error.with_hint("give the name of its folder"));
        }
        let error = file.wrong("a name without a known ending", format!("it ends in one of {}", endings()));
        return Err(match recognized(&file) {
            Some(other) => error.with_hint(format!("its first bytes are those of a {other} file: rename it")),
            None => error.with_hint("--format names the format: csv, tsv, jsonl, txt, …"),
        });
    };
    check_options(path, &format!("a {} file", format.endings[0]), format.takes, ask.options)?;
    if packing != Packing::None && !format.packed {
        return Err(file
            .wrong(format!("a packed {} file", format.endings[0]), "this format is packed in itself")
            .with_hint("unpack it first"));
    }
    if file.len == 0 {
        return Err(file.wrong("the file is empty", "at least one row is needed"));
    }
    let reader = border::guard(path, || arranged::open(&file, ask, format.open)).map_err(|error| match recognized(&file) {
        Some(other) if !format.endings.contains(&other) && matches!(error, Error::Input(_)) => {
            error.with_hint(format!("its first bytes are those of a {other} file: its name should end so"))
        }
        _ => error,
    })?;
    Ok((reader, meta.len()))
}

/// Decompressed size that is always allowed.
fn always_unpacked(options: &ReadOptions) -> u64 {
    options.max_memory.map_or(ALWAYS_UNPACKED, |memory| (memory / 4).max(ALWAYS_UNPACKED))
}

/// The extension of the format that the first bytes of a file indicate, if any.
fn recognized(file: &File) -> Option<&'static str> {
    let mut head = [0; 16];
    let read = std::io::Read::read(&mut std::fs::File::open(&file.path).ok()?, &mut head).ok()?;
    let head = &head[..read];
    let packed = [(&b"\x1f\x8b"[..], ".gz", Packing::Gzip), (&b"\x28\xb5\x2f\xfd"[..], ".zst", Packing::Zstd)];
    if let Some((_, ending, packing)) = packed.into_iter().find(|(magic, _, _)| head.starts_with(magic)) {
        return (file.packing != packing).then_some(ending);
    }
    let pictures = [
        (&b"\x89PNG"[..], ".png"),
        (b"\xff\xd8\xff", ".jpg"),
        (b"RIFF", ".webp"),
        (b"GIF8", ".gif"),
        (b"II*\0", ".tiff"),
        (b"MM\0*", ".tiff"),
    ];
    let formats = FORMATS.iter().filter(|format| !format.magic.is_empty()).map(|format| (format.magic, format.endings[0]));
    pictures.into_iter().chain(formats).find(|(magic, _)| head.starts_with(magic)).map(|(_, ending)| ending)
}

/// All columns of a file as metadata.
///
/// # Errors
/// Errors of the reader.
pub fn metadata(path: &Path, run: &Run) -> Result<Metadata> {
    labels(path, None, &ReadOptions::default(), run)
}

/// The columns of a file of labels, or the selected one.
fn labels(path: &Path, column: Option<&str>, options: &ReadOptions, run: &Run) -> Result<Metadata> {
    let plain = ReadOptions { max_unpacked: options.max_unpacked, max_memory: options.max_memory, ..ReadOptions::default() };
    let ask = Ask { name: stem_of(path), options: &plain, purpose: Purpose::Labels };
    let (reader, _) = open_one(path, &ask)?;
    let labels = border::guard(path, || reader.labels(run))?;
    let Some(column) = column else { return Ok(labels) };
    let names = labels.names();
    let Some(index) = names.iter().position(|name| name == column) else {
        let error = Error::input(path, format!("no column '{column}'"), format!("there are {}", excerpt(&names.join(", "))));
        return Err(match nearest(column, names.iter().map(String::as_str)) {
            Some(near) => error.with_hint(format!("did you mean '{near}'?")),
            None => error,
        });
    };
    Metadata::from_columns(vec![(column.to_owned(), labels.columns.column(index).clone())], labels.rows())
}

fn endings() -> String {
    FORMATS.iter().flat_map(|format| format.endings).copied().collect::<Vec<_>>().join(" ")
}

/// The files of a name or a pattern, sorted. An existing name is that file, even if it contains wildcards.
///
/// # Errors
/// [`Error::Input`] if there are none, with similar names as a hint.
pub fn files(data: impl AsRef<Path>) -> Result<Vec<PathBuf>> {
    let path = data.as_ref();
    let Some(data) = path.to_str().filter(|data| !path.exists() && data.contains(['*', '?', '['])) else {
        return Ok(vec![path.to_path_buf()]);
    };
    let wrong = |found: String| Error::input(data, found, "a pattern such as 'parts/*.parquet' is needed");
    // An existing folder is not a pattern either.
    let mut pattern = String::new();
    let mut begin = PathBuf::new();
    for part in path.components() {
        begin.push(part);
        let part = part.as_os_str().to_str().unwrap_or_default();
        pattern.push_str(if pattern.is_empty() || pattern.ends_with('/') { "" } else { "/" });
        pattern.push_str(&if begin.exists() { glob::Pattern::escape(part) } else { part.to_owned() });
    }
    let mut files = glob::glob(&pattern)
        .map_err(|error| wrong(error.to_string()))?
        .collect::<std::result::Result<Vec<PathBuf>, _>>()
        .map_err(|error| wrong(error.to_string()))?;
    files.sort();
    if files.is_empty() {
        return Err(wrong("no file has such a name".to_owned()));
    }
    Ok(files)
}

/// The error for a missing file, with similar names in its folder.
fn missing(path: &Path, error: std::io::Error) -> Error {
    if error.kind() != std::io::ErrorKind::NotFound {
        return Error::io(path, error);
    }
    let wrong = Error::input(path, "there is no such file", "DATA must be a file, a folder or a quoted pattern");
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

/// The name of observations: that of their file.
fn name_of(path: &Path) -> String {
    folder::text_of(path.file_name().map_or(path, Path::new))
}

/// The name of a column of labels: that of their file without extensions.
fn stem_of(path: &Path) -> String {
    let name = name_of(path);
    let bare = name.trim_end_matches(".gz").trim_end_matches(".zst");
    bare.rsplit_once('.').map_or(bare, |(stem, _)| if stem.is_empty() { bare } else { stem }).to_owned()
}

/// Concatenates parts.
///
/// # Errors
/// Errors of a part; [`Error::Input`] if there are no rows, or parts differ in their columns.
pub(super) fn concat(parts: Blocks<'_>, run: &Run) -> Result<Observations> {
    let mut all = Vec::new();
    for part in parts {
        run.check()?;
        all.push(part?);
    }
    Observations::concat(all)
}

/// Number of rows per block of a stream: about 16 MiB.
pub(in crate::data) fn stream_rows(cols: usize) -> usize {
    ((4 << 20) / cols.max(1)).clamp(1, 1 << 16)
}

/// The start of an untrusted text, escaped for display.
pub(super) fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod testing {
    //! Files that tests write and read.

    use super::*;

    /// Observations of a file of these bytes.
    pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Observations> {
        read_with(name, bytes, &ReadOptions::default())
    }

    /// Observations of a file of these bytes; read whole and in blocks, which must be the same.
    pub(super) fn read_with(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Observations> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let source = open(path.to_str().unwrap(), options)?;
        let run = Run::new(0, 2)?;
        let whole = source.read(&run)?;
        let parts = source.blocks(&run)?.collect::<Result<Vec<_>>>()?;
        for first in [0, whole.rows() / 3, whole.rows().saturating_sub(1)] {
            let (before, blocks) = source.blocks_around(first, &run)?;
            let blocks: Vec<String> = blocks.map(|block| Ok(format!("{:?}", block?))).collect::<Result<_>>()?;
            let whole: Vec<String> = parts.iter().map(|part| format!("{part:?}")).collect();
            let starts = parts.iter().scan(0, |at, part| Some(std::mem::replace(at, *at + part.rows())));
            let skipped = starts.take_while(|&start| start < before).count();
            assert!(before <= first && blocks == whole[skipped..], "{name} from row {first} on");
        }
        let parts = Observations::concat(parts)?;
        assert_eq!(whole.metadata.columns, parts.metadata.columns, "{name}");
        assert_eq!(format!("{:?}", whole.values), format!("{:?}", parts.values), "{name}");
        assert!(source.rows().is_none_or(|rows| rows == whole.rows()));
        assert_eq!((source.kind(), source.columns()), (whole.values.kind(), whole.columns()));
        Ok(whole)
    }

    /// The numbers of a table, in 64 bits.
    pub(super) fn numbers(observed: &Observations) -> Vec<Vec<f64>> {
        let crate::data::Values::Table(table) = &observed.values else { panic!("{}", observed.values.kind()) };
        (0..table.numbers.rows()).map(|row| table.values(row).collect()).collect()
    }

    #[test]
    fn the_first_bytes_of_standard_input_tell_its_format() {
        let spool = |bytes: &[u8], format| spool(bytes, format, &ReadOptions::default());
        let formats = [
            (&b"the star, the galaxy\n"[..], ".txt"),
            (b"One star, two stars.\nA planet, a moon.\nDust, gas.\n", ".txt"),
            (b"[1] a reference, of a text\n", ".txt"),
            (b"a,b\n1,2\n", ".csv"),
            (b"1.5\n2\n", ".csv"),
            (b"  {\"a\":1}\n", ".jsonl"),
            (b"a line of words\n", ".txt"),
            (b"\x93NUMPY\x01\x00", ".npy"),
            (b"%%MatrixMarket matrix", ".mtx"),
        ];
        for (bytes, ending) in formats {
            let file = spool(bytes, None).unwrap();
            assert!(file.path().to_string_lossy().ends_with(ending), "{ending}");
            assert_eq!(std::fs::read(file.path()).unwrap(), bytes);
        }
        assert!(spool(b"", None).is_err());
        let given = spool(b"a,b\n1,2\n", Some(Format::named("txt").unwrap())).unwrap();
        assert!(given.path().to_string_lossy().ends_with(".txt"));
    }

    /// A packed copy.
    pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    }
}
