//! Files of lines: cut into pieces at the ends of lines, which are read side by side.

use std::collections::VecDeque;
use std::io::Read;

use crate::parallel::{Made as _, ParallelSlice as _, Pieces as _};

use super::bytes::{File, unreadable};
use crate::border;
use crate::error::{Bytes, Error, Result};
use crate::run::Run;

/// Bytes of a piece.
pub(super) const PIECE: usize = 1 << 20;
/// A line, or a record of several lines, longer than this is refused.
pub(super) const MOST_LINE: usize = 64 << 20;

/// Cuts a stream into pieces that end with a line.
pub(super) struct Pieces {
    file: File,
    stream: Box<dyn Read + Send>,
    /// Whether quotes may hold ends of lines, and the byte between fields: that of a table.
    quotes: Option<u8>,
    rest: Vec<u8>,
    /// Bytes of `rest` that were looked through, where the last line within them ends, and the state there.
    seen: usize,
    end: usize,
    state: State,
    finished: bool,
}

/// Where in a record a byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Bare,
    Quoted,
    QuoteInQuoted,
}

impl Pieces {
    /// The pieces of a file from its first byte on; a byte order mark is skipped.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn new(file: &File, quotes: Option<u8>) -> Result<Self> {
        let mut pieces = Pieces {
            file: file.clone(),
            stream: file.stream()?,
            quotes,
            rest: Vec::new(),
            seen: 0,
            end: 0,
            state: State::FieldStart,
            finished: false,
        };
        pieces.fill(1)?;
        if pieces.rest.starts_with(b"\xef\xbb\xbf") {
            pieces.rest.drain(..3);
        }
        if pieces.rest.starts_with(b"\xff\xfe") || pieces.rest.starts_with(b"\xfe\xff") {
            return Err(file.wrong("text in UTF-16", "text is needed in UTF-8").with_hint("iconv -f UTF-16 -t UTF-8 converts it"));
        }
        Ok(pieces)
    }

    /// Reads until `rest` has `wanted` bytes, or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<()> {
        while self.rest.len() < wanted && !self.finished {
            let before = self.rest.len();
            let wanted = (wanted - before).max(1 << 16) as u64;
            let read = self.stream.by_ref().take(wanted).read_to_end(&mut self.rest).map_err(|error| unreadable(&self.file.path, error))?;
            self.finished = read == 0;
        }
        Ok(())
    }

    /// Looks through what was not looked through yet for ends of lines.
    fn look(&mut self) {
        let new = &self.rest[self.seen..];
        match self.quotes {
            Some(delimiter) if self.state == State::Quoted || new.contains(&b'"') => {
                for (at, &byte) in new.iter().enumerate() {
                    self.state = match (self.state, byte) {
                        (State::Quoted, b'"') => State::QuoteInQuoted,
                        (State::Quoted, _) | (State::QuoteInQuoted, b'"') => State::Quoted,
                        (_, b'\n') => {
                            self.end = self.seen + at + 1;
                            State::FieldStart
                        }
                        (State::FieldStart, b'"') => State::Quoted,
                        (_, byte) if byte == delimiter => State::FieldStart,
                        (_, _) => State::Bare,
                    };
                }
            }
            _ => {
                if let Some(at) = new.iter().rposition(|&byte| byte == b'\n') {
                    self.end = self.seen + at + 1;
                }
                // Without a quote in sight the state matters no more than where the last field starts.
                if let (Some(delimiter), Some(&last)) = (self.quotes, new.last()) {
                    self.state = if last == b'\n' || last == delimiter { State::FieldStart } else { State::Bare };
                }
            }
        }
        self.seen = self.rest.len();
    }

    /// The next piece; none at the end.
    fn cut(&mut self) -> Result<Option<Vec<u8>>> {
        let mut wanted = PIECE;
        loop {
            self.fill(wanted)?;
            self.look();
            if self.end > 0 || self.finished {
                break;
            }
            if self.rest.len() > MOST_LINE {
                let error = self.file.wrong(format!("a line of more than {}", Bytes(MOST_LINE as u64)), "lines are shorter");
                return Err(if self.quotes.is_some() { error.with_hint("a quote that is never closed makes such lines") } else { error });
            }
            wanted = self.rest.len() + PIECE;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let end = if self.finished { self.rest.len() } else { self.end };
        let tail = self.rest.split_off(end);
        let piece = std::mem::replace(&mut self.rest, tail);
        self.seen -= end;
        self.end = 0;
        Ok(Some(piece))
    }
}

impl Iterator for Pieces {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.cut().transpose()
    }
}

/// What a piece became: something with rows. Errors count rows from the piece's start, from 1.
pub(super) trait Parsed: Send {
    /// Its rows.
    fn rows(&self) -> usize;
}

/// Reads pieces side by side with `parse`, and gives what they became in order.
pub(super) fn parallel<'a, T: Parsed + 'a>(
    file: &'a File,
    mut pieces: Pieces,
    parse: impl Fn(&[u8], bool) -> Result<T> + Send + Sync + 'a,
    run: &Run,
) -> Box<dyn Iterator<Item = Result<T>> + Send + 'a> {
    let run = run.clone();
    let mut ready: VecDeque<Result<T>> = VecDeque::new();
    let mut first = true;
    let mut rows = 0_u64;
    let mut over = false;
    Box::new(std::iter::from_fn(move || {
        if over {
            return None;
        }
        if ready.is_empty() {
            if let Err(error) = run.check() {
                over = true;
                return Some(Err(error));
            }
            let mut batch = Vec::new();
            let mut failed = None;
            while batch.len() < run.threads() {
                match pieces.next() {
                    Some(Ok(piece)) => batch.push((std::mem::replace(&mut first, false), piece)),
                    Some(Err(error)) => {
                        failed = Some(error);
                        break;
                    }
                    None => break,
                }
            }
            let parsed: Vec<Result<T>> =
                run.install(|| batch.par_iter().map(|(first, piece)| border::guard(&file.path, || parse(piece, *first))).collect());
            ready.extend(parsed);
            ready.extend(failed.map(Err));
        }
        let next = ready.pop_front()?;
        match next {
            Ok(parsed) => {
                rows += parsed.rows() as u64;
                Some(Ok(parsed))
            }
            Err(Error::Input(mut input)) => {
                over = true;
                input.row = input.row.map(|row| row + rows);
                if input.file.as_os_str().is_empty() {
                    input.file.clone_from(&file.path);
                }
                Some(Err(Error::Input(input)))
            }
            Err(error) => {
                over = true;
                Some(Err(error))
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::super::bytes::{MOST_UNPACKED, Packing};
    use super::*;

    fn pieces(text: &[u8], quotes: Option<u8>) -> Vec<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        let file = File { path, packing: Packing::None, len: text.len() as u64, limit: MOST_UNPACKED, always: 0 };
        Pieces::new(&file, quotes).unwrap().collect::<Result<_>>().unwrap()
    }

    #[test]
    fn pieces_end_with_a_line_and_make_up_the_whole() {
        let text: Vec<u8> = (0..400_000).flat_map(|i| format!("{i},\"a\n{i}\",b\"b\n").into_bytes()).collect();
        let pieces = pieces(&text, Some(b','));
        assert!(pieces.len() > 2);
        assert_eq!(pieces.concat(), text);
        for piece in &pieces {
            assert!(piece.ends_with(b"b\"b\n"), "a piece ends within a record");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        assert_eq!(pieces(b"\xef\xbb\xbfa,b\n1,2", Some(b',')).concat(), b"a,b\n1,2");
    }
}
