//! Bags of words of the UCI repository: `docword.NAME.txt`, with the words in `vocab.NAME.txt` in the same folder, one per line.
//!
//! Three lines give the numbers of documents, words and cells; then one cell per line: document, word, count, the first two counted from 1.
//! Source: Newman 2008, "Bag of Words", UCI Machine Learning Repository, doi:10.24432/C5ZG6P.

use super::bytes::File;
use super::sparse::{CountsReader, check_columns, check_rows, counts};
use super::{Ask, Reader, excerpt};
use crate::data::Metadata;
use crate::error::{Error, Result};

/// Whether a file has such a name.
pub(super) fn is_named_so(file: &File) -> bool {
    file.path.file_name().is_some_and(|name| name.to_string_lossy().to_lowercase().starts_with("docword."))
}

/// Opens a bag of words.
///
/// # Errors
/// [`Error::Input`] with the line of an error, also in the words.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    let text = std::str::from_utf8(&bytes).map_err(|_| file.wrong("bytes that are not UTF-8", "lines of numbers are needed"))?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let mut head = |what: &str| {
        let line = lines.next().map_or("", |(_, line)| line.trim());
        line.parse::<u64>().map_err(|_| {
            file.wrong(
                format!("'{}'", excerpt(line)),
                format!("three lines give the numbers of documents, words and cells: {what} must be a number"),
            )
        })
    };
    let (rows, cols, promised) = (head("the first")?, head("the second")?, head("the third")?);
    let rows = check_rows(file, "documents", rows, bytes.len())?;
    let cols = check_columns(file, ask, "words", cols, bytes.len())?;
    let mut cells: Vec<(u32, u32, f32)> = Vec::new();
    for (at, line) in lines {
        let wrong = |found: String| {
            file.wrong(found, format!("cells are DOCUMENT WORD COUNT, up to {rows} and {cols}, counted from 1")).at_row(at as u64 + 1)
        };
        let mut parts = line.split_ascii_whitespace();
        let cell = (|| {
            let document = parts.next()?.parse().ok().filter(|document| (1..=rows as u64).contains(document))?;
            let word = parts.next()?.parse().ok().filter(|word| (1..=cols as u64).contains(word))?;
            let count = parts.next()?.parse().ok().filter(|count: &f32| count.is_finite())?;
            parts.next().is_none().then_some((document as u32 - 1, word as u32 - 1, count))
        })();
        cells.push(cell.ok_or_else(|| wrong(format!("'{}'", excerpt(line))))?);
    }
    if cells.len() as u64 != promised {
        return Err(file.wrong(format!("{} cells, and it promises {promised}", cells.len()), "a whole file is needed"));
    }
    let mut counts = counts(rows, cols, cells);
    let (names, note) = words(file, cols, ask)?;
    counts.names = names;
    let mut reader = CountsReader::new(file, ask, counts, Metadata::none(rows))?;
    reader.note(note);
    Ok(Box::new(reader))
}

/// The words, if their file exists; and a note.
fn words(file: &File, cols: usize, ask: &Ask<'_>) -> Result<(Option<Vec<String>>, String)> {
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let rest = name.get("docword".len()..).unwrap_or_default();
    let rest = [".gz", ".zst"].iter().find_map(|ending| rest.strip_suffix(ending)).unwrap_or(rest);
    let path = file.path.with_file_name(format!("vocab{rest}"));
    if !path.is_file() {
        return Ok((None, format!("{}: words have no names, since there is no file {}", ask.name, path.display())));
    }
    let bytes = crate::border::load(&path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::input(&path, "bytes that are not UTF-8", "the file must hold words, one per line"))?;
    let words: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    if words.len() != cols {
        let wanted = format!("{} counts {cols}", file.path.display());
        return Err(Error::input(&path, format!("{} words", words.len()), wanted));
    }
    Ok((Some(words), format!("{}: the words are those of {}", ask.name, path.display())))
}

#[cfg(test)]
mod tests {
    use super::super::{ReadOptions, open};
    use crate::data::Values;
    use crate::run::Run;

    fn read(docword: &str, vocab: Option<&str>) -> crate::error::Result<crate::data::Observations> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docword.tiny.txt");
        std::fs::write(&path, docword).unwrap();
        if let Some(vocab) = vocab {
            std::fs::write(folder.path().join("vocab.tiny.txt"), vocab).unwrap();
        }
        open(path.to_str().unwrap(), &ReadOptions::default())?.read(&Run::new(0, 1)?)
    }

    #[test]
    fn cells_become_counts_with_the_words_beside_them() {
        let observed = read("2\n3\n3\n1 1 2\n1 3 1\n2 2 -4\n", Some("apple\nbee\ncat\n")).unwrap();
        let Values::Counts(counts) = &observed.values else { panic!("{}", observed.values.kind()) };
        assert_eq!((counts.row(0), counts.row(1)), ((&[0, 2][..], &[2.0, 1.0][..]), (&[1][..], &[-4.0][..])));
        assert_eq!(counts.names.as_ref().unwrap(), &["apple", "bee", "cat"]);
        let Values::Counts(counts) = read("1\n1\n1\n1 1 1\n", None).unwrap().values else { panic!() };
        assert_eq!(counts.names, None);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let cases = [
            ("2\n3\n3\n1 1 2\n", "1 cells, and it promises 3"),
            ("2\n3\n1\n3 1 1\n", "row 4: '3 1 1'"),
            ("2\n3\n1\n0 1 1\n", "row 4: '0 1 1'"),
            ("2\n3\n1\n1 1 nan\n", "row 4: '1 1 nan'"),
            ("2\n3\n1\n1 1 1 1\n", "row 4"),
            ("x\n", "the first must be a number"),
            ("99999999999\n3\n1\n1 1 1\n", "promises 99999999999 documents"),
        ];
        for (text, found) in cases {
            let error = read(text, None).unwrap_err().to_string();
            assert!(error.contains(found), "{text}: {error}");
        }
        let error = read("1\n2\n1\n1 1 1\n", Some("one\n")).unwrap_err().to_string();
        assert!(error.contains("vocab.tiny.txt: 1 words"), "{error}");
    }
}
