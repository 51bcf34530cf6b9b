//! Word vectors: `WORD NUMBER NUMBER …` per line (`.vec`, `.txt`), or word2vec's binary form (`.bin`). The words are ids.

use std::sync::Arc;

use crate::arrow::array::StringArray;

use super::bytes::File;
use super::dense::Dense;
use super::lines::Pieces;
use super::{Ask, Purpose, Reader, docword, excerpt, text};
use crate::data::{Affine, Metadata};
use crate::error::Result;
use crate::linalg::Matrix;

/// Minimum number of numbers in a line of a `.txt` file for a word vector.
const FEWEST: usize = 5;
/// Maximum length of a vector.
const MOST: usize = 1 << 16;

/// Opens a `.txt` file: a bag of words by its name, word vectors if its first lines are a word and numbers, else
/// text.
///
/// # Errors
/// As the reader of that format.
pub(super) fn open_text(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    if docword::is_named_so(file) && ask.purpose != Purpose::Labels {
        return docword::open(file, ask);
    }
    let head = Pieces::new(file, None)?.next().transpose()?.unwrap_or_default();
    let head = String::from_utf8_lossy(&head);
    let lines: Vec<&str> = head.lines().skip(usize::from(head.lines().next().and_then(sizes).is_some())).take(5).collect();
    let widths: Vec<Option<usize>> = lines.iter().map(|line| vector(line).map(|(_, numbers)| numbers.len())).collect();
    let vectors =
        widths.first().copied().flatten().is_some_and(|width| width >= FEWEST) && widths.windows(2).all(|pair| pair[0] == pair[1]);
    if vectors && ask.purpose != Purpose::Labels { open(file, ask) } else { text::open(file, ask) }
}

/// The word and the numbers of a line.
fn vector(line: &str) -> Option<(&str, Vec<f32>)> {
    let line = line.trim_end();
    let (word, rest) = line.split_once([' ', '\t'])?;
    let numbers: Option<Vec<f32>> = rest.split_ascii_whitespace().map(|number| number.parse().ok()).collect();
    numbers.filter(|numbers| !numbers.is_empty()).map(|numbers| (word, numbers))
}

/// The optional first line: the number of words and the length of vectors.
fn sizes(line: &str) -> Option<(u64, usize)> {
    let (words, width) = line.trim().split_once(' ')?;
    Some((words.parse().ok()?, width.parse().ok()?))
}

/// Opens word vectors as text.
///
/// # Errors
/// [`Error::Input`] with the row for an invalid line.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let (mut words, mut numbers, mut width, mut first) = (Vec::new(), Vec::new(), None, true);
    for piece in Pieces::new(file, None)? {
        let piece = piece?;
        for line in piece.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            let wrong = |found: String, wanted: String| file.wrong(found, wanted).at_row(words.len() as u64 + 1);
            let line = std::str::from_utf8(line).map_err(|_| wrong("bytes that are not UTF-8".to_owned(), "text is needed".to_owned()))?;
            if std::mem::replace(&mut first, false) && sizes(line).is_some() {
                continue;
            }
            let (word, vector) =
                vector(line).ok_or_else(|| wrong(format!("'{}'", excerpt(line)), "a word and its numbers are needed".to_owned()))?;
            if *width.get_or_insert(vector.len()) != vector.len() {
                return Err(wrong(format!("{} numbers", vector.len()), format!("each word has {}", width.unwrap_or(0))));
            }
            words.push(word.to_owned());
            numbers.extend(vector);
        }
    }
    reader(file, ask, words, numbers, width.unwrap_or(0))
}

/// Opens word2vec's binary form: a line with the number of words and the length of vectors; then each word, a space, and its numbers.
///
/// # Errors
/// [`Error::Input`] for an invalid or truncated file.
pub(super) fn open_binary(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    let wanted = "word vectors as word2vec writes them are needed: a line with two numbers, then words and numbers of 32 bits";
    let head = bytes.iter().take(64).position(|&byte| byte == b'\n').map(|end| &bytes[..end]);
    let sizes = head.and_then(|head| std::str::from_utf8(head).ok()).and_then(sizes);
    let (Some(head), Some((count, width))) = (head, sizes) else {
        return Err(file.wrong("its first line holds no two numbers", wanted));
    };
    let body = &bytes[head.len() + 1..];
    let least = (width as u64).checked_mul(4).and_then(|size| count.checked_mul(size + 1));
    if width == 0 || width > MOST || count == 0 || least.is_none_or(|least| least > body.len() as u64) {
        return Err(file.wrong(format!("it promises {count} words of {width} numbers, and {} bytes follow", body.len()), wanted));
    }
    let (mut words, mut numbers) = (Vec::with_capacity(count as usize), Vec::with_capacity(count as usize * width));
    let mut rest = body;
    for row in 1..=count {
        let end = rest.iter().take(1 << 12).position(|&byte| byte == b' ');
        let vector = end.and_then(|end| rest.get(end + 1..end + 1 + 4 * width));
        let (Some(end), Some(vector)) = (end, vector) else {
            return Err(file.wrong("the file ends within a word", wanted).at_row(row));
        };
        words.push(String::from_utf8_lossy(&rest[..end]).trim_start_matches('\n').to_owned());
        numbers.extend(vector.chunks_exact(4).map(|raw| raw.first_chunk().map_or(0.0, |raw| f32::from_le_bytes(*raw))));
        rest = &rest[end + 1 + 4 * width..];
    }
    reader(file, ask, words, numbers, width)
}

fn reader(file: &File, ask: &Ask<'_>, words: Vec<String>, numbers: Vec<f32>, width: usize) -> Result<Box<dyn Reader>> {
    if words.is_empty() {
        return Err(file.wrong("no word", "a word and its numbers a line are needed"));
    }
    let rows = words.len();
    let mut metadata = Metadata::from_columns(vec![("word".to_owned(), Arc::new(StringArray::from_iter_values(words)))], rows)?;
    metadata.id = Some(0);
    let notes = vec![format!("{}: word vectors; the words are the ids", ask.name)];
    Ok(Box::new(Dense {
        name: ask.name.clone(),
        table: Matrix::new(rows, width, numbers)?,
        names: None,
        affine: Affine::default(),
        metadata,
        notes,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{numbers, read};

    #[test]
    fn vectors_are_read_as_text_and_as_bytes() {
        let text = b"2 5\nking 1 2 3 4 5\nqueen -1 0.5 0 0 9\n";
        let mut bytes = b"2 5\n".to_vec();
        for (word, vector) in [("king", [1.0_f32, 2.0, 3.0, 4.0, 5.0]), ("queen", [-1.0, 0.5, 0.0, 0.0, 9.0])] {
            bytes.extend(word.as_bytes());
            bytes.push(b' ');
            vector.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
            bytes.push(b'\n');
        }
        for (name, content) in [("w.txt", &text[..]), ("w.vec", &text[..]), ("w.vec", &text[4..]), ("w.bin", &bytes[..])] {
            let words = read(name, content).unwrap();
            assert_eq!(numbers(&words), [[1.0, 2.0, 3.0, 4.0, 5.0], [-1.0, 0.5, 0.0, 0.0, 9.0]], "{name}");
            assert_eq!(words.metadata.find("queen").unwrap(), 1);
        }
    }
}
