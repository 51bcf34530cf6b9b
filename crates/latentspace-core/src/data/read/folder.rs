//! Folders: single-cell counts, images, or texts, depending on the content.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::{Ask, Bad, Reader, images, tenx, texts};
use crate::error::{Error, Result, count};
use crate::parallel::*;
use crate::run::Run;

/// Opens a folder, and returns its size on disk.
///
/// # Errors
/// [`Error::Input`] if it contains no supported files; errors of the reader.
pub(super) fn open(folder: &Path, ask: &Ask<'_>) -> Result<(Box<dyn Reader>, u64)> {
    let mut walk = Walk::default();
    walk.all(folder, ask.options.bad)?;
    walk.files.sort();
    let mut notes = walk.notes(&ask.name);
    if let Some(parts) = tenx::Parts::among(&walk.files) {
        return tenx::open(folder, &parts, notes, ask);
    }
    let (pictures, others): (Vec<PathBuf>, Vec<PathBuf>) = walk.files.into_iter().partition(|file| ends_in(file, images::ENDINGS));
    let is_of_texts = pictures.is_empty();
    let (taken, left_out) = if is_of_texts { others.into_iter().partition(|file| ends_in(file, &["txt"])) } else { (pictures, others) };
    let formats = formats(&left_out);
    if taken.is_empty() {
        let found = match left_out.len() {
            0 => "an empty folder".to_owned(),
            others => format!("{others} files, and no image and no text that is read here ({formats})"),
        };
        let images = images::ENDINGS.join(", .");
        return Err(Error::input(
            folder,
            found,
            format!("a folder of .txt files or of pictures (.{images}) is needed, or of folders of them"),
        )
        .with_hint("several files of another kind are named by a quoted pattern: 'folder/*.parquet'"));
    }
    if !left_out.is_empty() {
        let files = if left_out.len() == 1 { "1 file is".to_owned() } else { format!("{} files are", count(left_out.len() as u64)) };
        notes.push(format!("{}: {files} of another format and left out ({formats})", ask.name));
    }
    let files = Files::new(folder, taken, ask);
    if is_of_texts { texts::open(files, notes, ask) } else { images::open(files, notes, ask) }
}

pub(super) fn ends_in(file: &Path, endings: &[&str]) -> bool {
    file.extension().is_some_and(|ending| endings.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// The extensions of files, the most frequent first: `13 heic, 2 json`.
fn formats(files: &[PathBuf]) -> String {
    let mut endings: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let ending = file.extension().map_or("without ending".to_owned(), |ending| ending.to_string_lossy().to_lowercase());
        *endings.entry(ending).or_default() += 1;
    }
    let mut endings: Vec<(String, usize)> = endings.into_iter().collect();
    endings.sort_by_key(|(_, files)| std::cmp::Reverse(*files));
    let mut words: Vec<String> = endings.iter().take(5).map(|(ending, files)| format!("{} {ending}", count(*files as u64))).collect();
    words.extend((endings.len() > 5).then(|| "…".to_owned()));
    words.join(", ")
}

/// A path as text with `/`; bytes that are not UTF-8 as `\xff`.
pub(super) fn text_of(path: &Path) -> String {
    let parts = path.components().map(|part| match part.as_os_str().to_str() {
        Some(text) => text.to_owned(),
        None => {
            let chunks = part.as_os_str().as_encoded_bytes().utf8_chunks();
            chunks
                .map(|chunk| {
                    format!("{}{}", chunk.valid(), chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>())
                })
                .collect()
        }
    });
    parts.collect::<Vec<String>>().join("/")
}

/// The recursive content of a folder. Links are followed, and each folder is read once.
#[derive(Default)]
struct Walk {
    files: Vec<PathBuf>,
    /// Folders that were read, by their canonical paths.
    seen: BTreeSet<PathBuf>,
    /// Links to folders, read after the folder itself.
    links: Vec<PathBuf>,
    hidden: usize,
    dangling: Vec<PathBuf>,
    repeated: Vec<PathBuf>,
    /// Folders that cannot be read.
    closed: Vec<PathBuf>,
}

impl Walk {
    /// Reads everything below `root`.
    fn all(&mut self, root: &Path, bad: Bad) -> Result<()> {
        let true_root = root.canonicalize().map_err(|error| Error::io(root, error))?;
        self.folder(root, Path::new(""), bad)?;
        while !self.links.is_empty() {
            let mut links = std::mem::take(&mut self.links);
            links.sort();
            for link in links {
                // Do not follow a link to a parent folder.
                match root.join(&link).canonicalize() {
                    Ok(target) if !true_root.starts_with(&target) => self.folder(root, &link, bad)?,
                    _ => self.repeated.push(link),
                }
            }
        }
        Ok(())
    }

    fn folder(&mut self, root: &Path, first: &Path, bad: Bad) -> Result<()> {
        let mut open = vec![first.to_path_buf()];
        while let Some(below) = open.pop() {
            let folder = root.join(&below);
            let entries = folder.canonicalize().and_then(|known| Ok((known, std::fs::read_dir(&folder)?)));
            let (known, entries) = match entries {
                Ok(found) => found,
                Err(_) if bad == Bad::Skip && !below.as_os_str().is_empty() => {
                    self.closed.push(below);
                    continue;
                }
                Err(error) => return Err(Error::io(&folder, error)),
            };
            if !self.seen.insert(known) {
                self.repeated.push(below);
                continue;
            }
            for entry in entries {
                let entry = entry.map_err(|error| Error::io(&folder, error))?;
                let name = entry.file_name();
                if name.as_encoded_bytes().starts_with(b".") {
                    self.hidden += 1;
                    continue;
                }
                let path = below.join(&name);
                let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                match std::fs::metadata(entry.path()) {
                    Ok(meta) if meta.is_dir() && is_link => self.links.push(path),
                    Ok(meta) if meta.is_dir() => open.push(path),
                    Ok(_) => self.files.push(path),
                    Err(_) if is_link => self.dangling.push(path),
                    Err(error) => return Err(Error::io(entry.path(), error)),
                }
            }
        }
        Ok(())
    }

    fn notes(&self, name: &str) -> Vec<String> {
        let some = |paths: &[PathBuf], one: &str, several: &str| {
            let first = paths.first().map(|path| text_of(path))?;
            Some(match paths.len() {
                1 => format!("{name}: 1 {one} ({first})"),
                all => format!("{name}: {} {several} ({first} …)", count(all as u64)),
            })
        };
        let hidden = match self.hidden {
            0 => None,
            1 => Some(format!("{name}: 1 hidden file is left out")),
            all => Some(format!("{name}: {} hidden files are left out", count(all as u64))),
        };
        let dangling = some(&self.dangling, "link leads nowhere and is left out", "links lead nowhere and are left out");
        let repeated = some(&self.repeated, "link leads to a folder that is read already", "links lead to folders that are read already");
        let closed = some(&self.closed, "folder cannot be read and is left out", "folders cannot be read and are left out");
        [dangling, repeated, closed, hidden].into_iter().flatten().collect()
    }
}

/// The files of a folder, one per row.
pub(super) struct Files {
    pub(super) folder: PathBuf,
    /// Paths below the folder, sorted.
    pub(super) paths: Vec<PathBuf>,
    name: String,
    bad: Bad,
    /// With --bad skip: the readable files, once all were tried.
    sound: OnceLock<Vec<usize>>,
    /// Unreadable files, with reasons.
    broken: Mutex<Vec<(String, String)>>,
}

impl Files {
    fn new(folder: &Path, paths: Vec<PathBuf>, ask: &Ask<'_>) -> Self {
        let (folder, bad) = (folder.to_path_buf(), ask.options.bad);
        Files { folder, paths, name: ask.name.clone(), bad, sound: OnceLock::new(), broken: Mutex::default() }
    }

    /// Checks each file, and drops unreadable ones with --bad skip.
    ///
    /// # Errors
    /// The error of `look` for the first unreadable file; [`Error::Input`] if none is left.
    pub(super) fn keep<T>(&mut self, look: impl Fn(&Path) -> Result<T>) -> Result<Vec<T>> {
        let mut kept = Vec::with_capacity(self.paths.len());
        let mut out = Vec::with_capacity(self.paths.len());
        for path in std::mem::take(&mut self.paths) {
            match look(&self.folder.join(&path)) {
                Ok(found) => {
                    out.push(found);
                    kept.push(path);
                }
                Err(error) => self.leave_out(&path, error)?,
            }
        }
        self.paths = kept;
        if self.bad == Bad::Error {
            self.sound.get_or_init(|| (0..self.paths.len()).collect());
        }
        if out.is_empty() { Err(self.none()) } else { Ok(out) }
    }

    /// Handles the error of one file: stored with --bad skip, else returned with a hint.
    fn leave_out(&self, path: &Path, error: Error) -> Result<()> {
        match error {
            Error::Input(_) | Error::Io { .. } if self.bad == Bad::Skip => {
                let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
                let reason = match error {
                    Error::Input(input) => input.found,
                    other => other.to_string(),
                };
                broken.push((text_of(path), reason));
                Ok(())
            }
            error => Err(hinted(error)),
        }
    }

    fn none(&self) -> Error {
        let found = format!("no file that can be read; {}", self.told().unwrap_or_default());
        Error::input(&self.folder, found, "at least one is needed")
    }

    /// Number of rows, if known.
    pub(super) fn rows(&self) -> Option<usize> {
        self.sound.get().map(Vec::len)
    }

    /// The numbers of the readable files; with --bad skip, the first call tries each with `read`.
    ///
    /// # Errors
    /// [`Error::Input`] if none is left; [`Error::Cancelled`].
    pub(super) fn sound<T: Send>(&self, run: &Run, read: impl Fn(&Path) -> Result<T> + Sync) -> Result<&[usize]> {
        if let Some(sound) = self.sound.get() {
            return Ok(sound);
        }
        let mut sound = Vec::new();
        for (index, paths) in self.paths.chunks(TRIED).enumerate() {
            run.check()?;
            let tried: Vec<Result<()>> = run.install(|| paths.par_iter().map(|path| read(&self.folder.join(path)).map(|_| ())).collect());
            for (within, result) in tried.into_iter().enumerate() {
                match result {
                    Ok(()) => sound.push(index * TRIED + within),
                    Err(error) => self.leave_out(&paths[within], error)?,
                }
            }
        }
        if sound.is_empty() {
            return Err(self.none());
        }
        if let Some(told) = self.told() {
            run.warn(told);
        }
        Ok(self.sound.get_or_init(|| sound))
    }

    /// The note about skipped files.
    pub(super) fn told(&self) -> Option<String> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        let (path, reason) = broken.first()?;
        Some(match broken.len() {
            1 => format!("{}: 1 file cannot be read and is left out ({path}: {reason})", self.name),
            all => {
                let names: Vec<&str> = broken.iter().take(5).map(|(path, _)| path.as_str()).collect();
                let more = if all > 5 { ", …" } else { "" };
                let all = count(all as u64);
                format!("{}: {all} files cannot be read and are left out ({}{more}; the first: {reason})", self.name, names.join(", "))
            }
        })
    }

    /// The ids of files: their names without extensions, or their paths below the folder if two would be equal.
    pub(super) fn ids(&self) -> Vec<String> {
        let stem = |path: &PathBuf| path.file_stem().map(|name| text_of(Path::new(name))).unwrap_or_default();
        let stems: Vec<String> = self.paths.iter().map(stem).collect();
        let different: BTreeSet<&String> = stems.iter().collect();
        if different.len() == stems.len() { stems } else { self.paths.iter().map(|path| text_of(path)).collect() }
    }

    /// The subfolders of files; none if there are no subfolders.
    pub(super) fn folders(&self) -> Option<Vec<String>> {
        let folders: Vec<String> = self.paths.iter().map(|path| path.parent().map(text_of).unwrap_or_default()).collect();
        folders.iter().any(|folder| !folder.is_empty()).then_some(folders)
    }
}

/// The error of one file with a hint.
pub(super) fn hinted(error: Error) -> Error {
    match error {
        error @ Error::Input(_) if error.hint().is_none() => error.with_hint("--bad skip leaves out files that cannot be read"),
        error => error,
    }
}

/// Files per block of checks.
const TRIED: usize = 512;

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::super::{ReadOptions, open};
    use crate::run::Run;

    fn rows(folder: &std::path::Path) -> (Vec<String>, String) {
        let source = open(folder, &ReadOptions::default()).unwrap();
        let observed = source.read(&Run::new(0, 1).unwrap()).unwrap();
        ((0..observed.rows()).map(|row| observed.metadata.id(row)).collect(), source.notes().join("\n"))
    }

    #[test]
    fn each_folder_is_read_once_wherever_links_lead() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("c.txt"), "three").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a.txt"), "one").unwrap();
        std::fs::create_dir_all(at("1/2/3/4/5")).unwrap();
        std::fs::write(at("1/2/3/4/5/b.txt"), "two").unwrap();
        std::fs::write(at(".hidden.txt"), "none").unwrap();
        symlink(".", at("self")).unwrap();
        symlink("../..", at("1/2/up")).unwrap();
        symlink("1", at("again")).unwrap();
        symlink("/", at("root")).unwrap();
        symlink("nowhere", at("gone.txt")).unwrap();
        symlink(outside.path(), at("other")).unwrap();
        let (ids, notes) = rows(folder.path());
        assert_eq!(ids, ["b", "a", "c"]);
        for words in [
            "1 link leads nowhere and is left out (gone.txt)",
            "4 links lead to folders that are read already",
            "1 hidden file is left out",
        ] {
            assert!(notes.contains(words), "'{words}' is not in {notes}");
        }
    }

    #[test]
    fn names_may_hold_any_bytes_and_signs_of_patterns() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join(OsStr::from_bytes(b"[\xff]*"));
        std::fs::create_dir(&odd).unwrap();
        std::fs::write(odd.join(OsStr::from_bytes(b"\xfe.txt")), "one").unwrap();
        std::fs::write(odd.join(OsStr::from_bytes(b"\xfd.txt")), "two").unwrap();
        let (ids, _) = rows(&odd);
        assert_eq!(ids, ["\\xfd", "\\xfe"]);
        let table = folder.path().join(OsStr::from_bytes(b"\xff.csv"));
        std::fs::write(&table, "a,b\n1,2\n").unwrap();
        let source = open(&table, &ReadOptions::default()).unwrap();
        assert_eq!((source.name(), source.count(&Run::new(0, 1).unwrap()).unwrap()), ("\\xff.csv", 1));
        let brackets = folder.path().join("[1]");
        std::fs::create_dir(&brackets).unwrap();
        std::fs::write(brackets.join("[1].csv"), "a,b\n1,2\n").unwrap();
        for name in ["[1].csv", "*.csv"] {
            assert!(open(brackets.join(name), &ReadOptions::default()).is_ok(), "{name}");
        }
    }
}
