//! A folder of texts (`.txt`): each file is a document, its name the id, the name of a subfolder the column `folder`.
//!
//! A text is UTF-8, or UTF-16 with a byte order mark; otherwise it is read as Windows-1252, which a note reports.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::arrow::array::{ArrayRef, StringArray};

use super::folder::{Files, hinted, text_of};
use super::{Ask, Blocks, Reader};
use crate::border;
use crate::data::{DataKind, Metadata, Observations, Values};
use crate::error::{Bytes, Error, Result, count};
use crate::parallel::*;
use crate::run::Run;

/// Maximum size of a document in bytes.
const MOST_DOCUMENT: u64 = 256 << 20;
/// Minimum size of a block in bytes, and in documents.
const BLOCK: (u64, usize) = (4 << 20, 4096);

struct TextsReader {
    name: String,
    files: Files,
    /// Size of each file.
    sizes: Vec<u64>,
    ids: Vec<String>,
    folders: Option<Vec<String>>,
    notes: Vec<String>,
    /// Files in Windows-1252, and whether they were reported.
    others: Mutex<(BTreeSet<usize>, bool)>,
}

/// Opens a folder of these texts, and returns its size on disk.
///
/// # Errors
/// [`Error::Io`], and [`Error::Input`] for a file that is too large for a document.
pub(super) fn open(mut files: Files, mut notes: Vec<String>, ask: &Ask<'_>) -> Result<(Box<dyn Reader>, u64)> {
    let sizes = files.keep(|path| {
        let size = std::fs::metadata(path).map_err(|error| Error::io(path, error))?.len();
        if size > MOST_DOCUMENT {
            let found = format!("a document of {}", Bytes(size));
            return Err(Error::input(path, found, format!("a file is a document, of {} at most", Bytes(MOST_DOCUMENT)))
                .with_hint("a file that holds a document a line is read by its own name"));
        }
        Ok(size)
    })?;
    let name = ask.name.clone();
    let (ids, folders) = (files.ids(), files.folders());
    notes.insert(0, format!("{name}: each file is a document, its name the id"));
    if folders.is_some() {
        notes.push(format!("{name}: the column 'folder' holds the names of the folders below"));
    }
    match sizes.iter().filter(|size| **size == 0).count() {
        0 => {}
        1 => notes.push(format!("{name}: 1 file is empty")),
        empty => notes.push(format!("{name}: {} files are empty", count(empty as u64))),
    }
    let bytes = sizes.iter().sum();
    Ok((Box::new(TextsReader { name, files, sizes, ids, folders, notes, others: Mutex::default() }), bytes))
}

/// Decodes these bytes, and returns whether they were Windows-1252.
///
/// # Errors
/// [`Error::Input`] for binary data.
fn decoded(bytes: Vec<u8>) -> Result<(String, bool)> {
    let wrong = |found: &str| Error::input("", found, "text is needed: in UTF-8, in UTF-16 with its mark, or in Windows-1252");
    let order: Option<fn([u8; 2]) -> u16> = match bytes.get(..2) {
        Some(b"\xff\xfe") => Some(u16::from_le_bytes),
        Some(b"\xfe\xff") => Some(u16::from_be_bytes),
        _ => None,
    };
    if let Some(order) = order {
        let (units, rest) = bytes[2..].as_chunks::<2>();
        let text = char::decode_utf16(units.iter().map(|unit| order(*unit))).collect::<std::result::Result<String, _>>();
        return text.ok().filter(|_| rest.is_empty()).map(|text| (text, false)).ok_or_else(|| wrong("broken UTF-16"));
    }
    if bytes.contains(&0) {
        return Err(wrong("zero bytes").with_hint("remove files that are not text from this folder"));
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => (text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text), false),
        Err(error) => (error.as_bytes().iter().map(|&byte| windows_1252(byte)).collect(), true),
    })
}

/// The character of a byte in Windows-1252.
fn windows_1252(byte: u8) -> char {
    const FROM_128: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•',
        '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    FROM_128.get(usize::from(byte).wrapping_sub(128)).copied().unwrap_or(char::from(byte))
}

/// The document of a file, and whether it was Windows-1252.
fn document(path: &Path) -> Result<(String, bool)> {
    border::guard(path, || decoded(std::fs::read(path).map_err(|error| Error::io(path, error))?)).map_err(|error| super::named(path, error))
}

impl TextsReader {
    /// The files of each block, by their numbers.
    fn parts(&self, run: &Run) -> Result<Vec<Range<usize>>> {
        let sound = self.files.sound(run, document)?;
        let mut blocks: Vec<Range<usize>> = Vec::new();
        let (mut first, mut held) = (0, 0);
        for (at, &file) in sound.iter().enumerate() {
            held += self.sizes[file];
            if held >= BLOCK.0 || at + 1 - first >= BLOCK.1 || at + 1 == sound.len() {
                blocks.push(first..at + 1);
                (first, held) = (at + 1, 0);
            }
        }
        Ok(blocks)
    }

    fn part(&self, files: &[usize]) -> Result<Observations> {
        let read = |&file: &usize| document(&self.files.folder.join(&self.files.paths[file])).map_err(hinted);
        let documents: Vec<(String, bool)> = files.par_iter().map(read).collect::<Result<_>>()?;
        let others = files.iter().zip(&documents).filter(|(_, document)| document.1).map(|(file, _)| *file);
        self.others.lock().unwrap_or_else(PoisonError::into_inner).0.extend(others);
        let column = |cells: &[String]| -> ArrayRef { Arc::new(StringArray::from_iter_values(files.iter().map(|&file| &cells[file]))) };
        let mut columns: Vec<(String, ArrayRef)> = vec![("file".to_owned(), column(&self.ids))];
        columns.extend(self.folders.as_ref().map(|folders| ("folder".to_owned(), column(folders))));
        let mut metadata = Metadata::from_columns(columns, files.len())?;
        metadata.id = Some(0);
        let texts = documents.into_iter().map(|(text, _)| text).collect();
        Ok(Observations { name: self.name.clone(), values: Values::Text(Arc::new(texts)), metadata })
    }

    /// The note about files in Windows-1252, if there are any.
    fn told(&self, others: &BTreeSet<usize>) -> Option<String> {
        let first = text_of(self.files.paths.get(*others.first()?)?);
        Some(match others.len() {
            1 => format!("{}: {first} is in no form of Unicode; it is taken as Windows-1252", self.name),
            all => {
                format!("{}: {} files are in no form of Unicode ({first} …); they are taken as Windows-1252", self.name, count(all as u64))
            }
        })
    }
}

impl Reader for TextsReader {
    fn kind(&self) -> DataKind {
        DataKind::Text
    }

    fn rows(&self) -> Option<usize> {
        self.files.rows()
    }

    fn columns(&self) -> usize {
        0
    }

    fn names(&self) -> Option<Vec<String>> {
        None
    }

    fn notes(&self) -> Vec<String> {
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        self.notes.iter().cloned().chain(self.told(&others.0)).chain(self.files.told()).collect()
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let run = run.clone();
        let sound = self.files.sound(&run, document)?;
        let blocks = self.parts(&run)?;
        let skipped = blocks.partition_point(|block| block.end <= first).min(blocks.len() - 1);
        let begins = blocks[skipped].start;
        let mut blocks = blocks.into_iter().skip(skipped);
        let each = std::iter::from_fn(move || match blocks.next() {
            Some(files) => Some(run.check().and_then(|()| run.install(|| self.part(&sound[files])))),
            None => {
                let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
                if !std::mem::replace(&mut others.1, true)
                    && let Some(note) = self.told(&others.0)
                {
                    run.note(note);
                }
                None
            }
        });
        Ok((begins, Box::new(each)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::read::{Bad, ReadOptions, open};

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        folder
    }

    #[test]
    fn texts_of_several_encodings_are_read_and_what_is_guessed_is_told() {
        let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain("naïve 😀".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let folder = folder(&[
            ("b/two.txt", &b"\xef\xbb\xbfna\xc3\xafve"[..]),
            ("a/one.TXT", &b"na\xefve \x80"[..]),
            ("b/three.txt", &utf_16),
            ("b/empty.txt", &b""[..]),
            ("readme.md", &b"x"[..]),
        ]);
        let source = open(folder.path().to_str().unwrap(), &ReadOptions::default()).unwrap();
        let observed = source.read(&Run::new(0, 2).unwrap()).unwrap();
        let Values::Text(texts) = &observed.values else { panic!("{}", observed.values.kind()) };
        assert_eq!(texts.as_slice(), ["naïve €", "", "naïve 😀", "naïve"]);
        assert_eq!((0..4).map(|row| observed.metadata.id(row)).collect::<Vec<_>>(), ["one", "empty", "three", "two"]);
        assert_eq!(observed.metadata.text(1, 0).unwrap(), "a");
        let notes = source.notes().join("\n");
        assert!(
            notes.contains("one.TXT is in no form of Unicode")
                && notes.contains("1 file is of another format and left out (1 md)")
                && notes.contains("1 file is empty"),
            "{notes}"
        );
        assert_eq!(source.rows(), Some(4));
    }

    #[test]
    fn what_is_no_text_is_named() {
        for bytes in [&b"PK\x03\x04\x00\x00"[..], b"\xff\xfe\x00", b"\xff\xfe\x00\xd8"] {
            let folder = folder(&[("a.txt", b"fine"), ("b.txt", bytes)]);
            let source = open(folder.path().to_str().unwrap(), &ReadOptions::default()).unwrap();
            let error = source.read(&Run::new(0, 1).unwrap()).unwrap_err().to_string();
            assert!(error.contains("b.txt: "), "{error}");
        }
        let pdf = folder(&[("a.pdf", b"fine")]);
        assert!(open(pdf.path().to_str().unwrap(), &ReadOptions::default()).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_left_out_where_that_is_allowed() {
        let folder = folder(&[("a.txt", b"fine"), ("b.txt", b"PK\x03\x04\x00\x00"), ("c.txt", b"good")]);
        let options = ReadOptions { bad: Bad::Skip, ..ReadOptions::default() };
        let source = open(folder.path().to_str().unwrap(), &options).unwrap();
        let observed = source.read(&Run::new(0, 1).unwrap()).unwrap();
        let Values::Text(texts) = &observed.values else { panic!() };
        assert_eq!((texts.as_slice(), source.rows()), (&["fine".to_owned(), "good".to_owned()][..], Some(2)));
        let notes = source.notes().join("\n");
        assert!(notes.contains("1 file cannot be read and is left out (b.txt: zero bytes)"), "{notes}");
    }
}
