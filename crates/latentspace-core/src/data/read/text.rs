//! Text with one document per line.

use std::sync::Arc;

use crate::arrow::array::StringArray;

use super::bytes::File;
use super::lines::{Parsed, Pieces, parallel};
use super::{Ask, Blocks, Reader};
use crate::data::{DataKind, Metadata, Observations, Values};
use crate::error::{Error, Result};
use crate::run::Run;

struct TextReader {
    name: String,
    file: File,
}

/// Opens a file of lines.
///
/// # Errors
/// [`Error::Io`], or [`Error::Input`] for invalid text.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let head = Pieces::new(file, None)?.next().transpose()?.unwrap_or_default();
    if head.iter().take(1 << 16).any(|&byte| byte == 0) {
        return Err(file.wrong("zero bytes", "text in UTF-8, a document a line, is needed"));
    }
    Ok(Box::new(TextReader { name: ask.name.clone(), file: file.clone() }))
}

/// The lines of a file.
struct Lines(Vec<String>);

impl Parsed for Lines {
    fn rows(&self) -> usize {
        self.0.len()
    }
}

/// The lines of a piece.
fn lines(piece: &[u8]) -> Result<Lines> {
    let mut out = Vec::new();
    let body = piece.strip_suffix(b"\n").unwrap_or(piece);
    for line in body.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line).map_err(|_| {
            Error::input("", "bytes that are not UTF-8", "text in UTF-8 is needed")
                .at_row(out.len() as u64 + 1)
                .with_hint("iconv -f LATIN1 -t UTF-8 converts the usual other kind")
        })?;
        out.push(line.to_owned());
    }
    Ok(Lines(out))
}

impl Reader for TextReader {
    fn kind(&self) -> DataKind {
        DataKind::Text
    }

    fn rows(&self) -> Option<usize> {
        None
    }

    fn columns(&self) -> usize {
        0
    }

    fn names(&self) -> Option<Vec<String>> {
        None
    }

    fn notes(&self) -> Vec<String> {
        vec![format!("{}: each line is a document", self.name)]
    }

    fn labels(&self, run: &Run) -> Result<Metadata> {
        let Values::Text(texts) = self.read(run)?.values else { return Err(Error::internal("lines are text")) };
        let rows = texts.len();
        Metadata::from_columns(vec![(self.name.clone(), Arc::new(StringArray::from_iter_values(texts.iter())))], rows)
    }

    fn blocks_near<'a>(&'a self, _first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let parts = parallel(&self.file, Pieces::new(&self.file, None)?, |piece, _| lines(piece), run);
        Ok((0, Box::new(parts.map(|part| Ok(Observations::new(self.name.clone(), Values::Text(Arc::new(part?.0))))))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use crate::data::Values;

    #[test]
    fn a_line_is_a_document_and_an_empty_one_is_too() {
        let observed = read("t.txt", "one\n\nzwei ß\r\n".as_bytes()).unwrap();
        let Values::Text(texts) = &observed.values else { panic!() };
        assert_eq!(texts.as_slice(), ["one", "", "zwei ß"]);
    }
}
