//! Line-based files, split at line ends into pieces that are parsed in parallel.

use std::collections::VecDeque;
use std::io::Read;

use crate::parallel::{Made as _, ParallelSlice as _, Pieces as _};

use super::bytes::{File, unreadable};
use crate::border;
use crate::error::{Bytes, Error, Result};
use crate::run::Run;

/// Size of a piece in bytes.
pub(super) const PIECE: usize = 1 << 20;
/// Maximum length of a line or a record of several lines.
pub(super) const MOST_LINE: usize = 64 << 20;

/// Splits a stream into pieces at line ends.
pub(super) struct Pieces {
    file: File,
    stream: Box<dyn Read + Send>,
    /// Finds record ends in tables, where quoted fields may contain line ends.
    records: Option<Records>,
    rest: Vec<u8>,
    /// Number of scanned bytes of `rest`, and the end of the last line in them.
    seen: usize,
    end: usize,
    finished: bool,
}

/// Scans the bytes of a table for record ends.
pub(super) struct Records {
    delimiter: u8,
    state: State,
    /// Whether the quoted field contains a line end.
    spans: bool,
    /// Whether such a field was closed within a field: its opening quote was probably a stray one.
    broken: bool,
}

/// The position within a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Bare,
    Quoted,
    QuoteInQuoted,
}

impl Records {
    /// At the start of a record.
    pub(super) fn new(delimiter: u8) -> Self {
        Records { delimiter, state: State::FieldStart, spans: false, broken: false }
    }

    /// Whether the bytes end within quotes, or after a stray quote.
    pub(super) fn is_open(&self) -> bool {
        self.broken || self.state == State::Quoted
    }

    /// Scans the next bytes; returns the end of the last record, if any.
    pub(super) fn look(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.broken {
            return None;
        }
        if self.state != State::Quoted && !bytes.contains(&b'"') {
            // Without quotes, only the start of the last field matters for the state.
            if let Some(&last) = bytes.last() {
                self.state = if last == b'\n' || last == self.delimiter { State::FieldStart } else { State::Bare };
            }
            return bytes.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1);
        }
        let (mut at, mut end) = (0, None);
        while at < bytes.len() && !self.broken {
            if self.state == State::Quoted {
                let rest = &bytes[at..];
                let quote = rest.iter().position(|&byte| byte == b'"');
                let within = quote.unwrap_or(rest.len());
                self.spans |= rest[..within].contains(&b'\n');
                at += within + 1;
                if quote.is_some() {
                    self.state = State::QuoteInQuoted;
                }
                continue;
            }
            self.state = match (self.state, bytes[at]) {
                (State::QuoteInQuoted, b'"') => State::Quoted,
                (_, b'\n') => {
                    end = Some(at + 1);
                    State::FieldStart
                }
                (State::FieldStart, b'"') => {
                    self.spans = false;
                    State::Quoted
                }
                (_, byte) if byte == self.delimiter => State::FieldStart,
                (State::QuoteInQuoted, byte) => {
                    self.broken = self.spans && !byte.is_ascii_whitespace();
                    State::Bare
                }
                (_, _) => State::Bare,
            };
            at += 1;
        }
        end
    }
}

impl Pieces {
    /// The pieces of a file from its first byte on, without a byte order mark. `quotes`: the delimiter of a table, whose quoted fields
    /// may contain line ends.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn new(file: &File, quotes: Option<u8>) -> Result<Self> {
        let mut pieces = Pieces {
            file: file.clone(),
            stream: file.stream()?,
            records: quotes.map(Records::new),
            rest: Vec::new(),
            seen: 0,
            end: 0,
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

    /// The first bytes, up to the wanted number, and whether these are all.
    pub(super) fn head(&mut self, wanted: usize) -> Result<(&[u8], bool)> {
        self.fill(wanted)?;
        Ok((&self.rest, self.finished))
    }

    /// The pieces after the first bytes.
    pub(super) fn after(mut self, bytes: usize) -> Result<Self> {
        self.fill(bytes)?;
        self.rest.drain(..bytes.min(self.rest.len()));
        Ok(self)
    }

    /// Scans new bytes for line ends.
    fn look(&mut self) {
        let new = &self.rest[self.seen..];
        let end = match &mut self.records {
            Some(records) => records.look(new),
            None => new.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1),
        };
        self.end = end.map_or(self.end, |end| self.seen + end);
        self.seen = self.rest.len();
    }

    /// The next piece; none at the end.
    fn cut(&mut self) -> Result<Option<Vec<u8>>> {
        let mut wanted = PIECE;
        loop {
            self.fill(wanted)?;
            self.look();
            if self.end > 0 || self.finished || self.is_open_for_good() {
                break;
            }
            if self.rest.len() > MOST_LINE {
                let error = self.file.wrong(format!("a line of more than {}", Bytes(MOST_LINE as u64)), "lines are shorter");
                return Err(if self.records.as_ref().is_some_and(Records::is_open) { self.never_closed() } else { error });
            }
            wanted = self.rest.len() + PIECE;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let open = self.is_open_for_good();
        if open && self.end == 0 {
            return Err(self.never_closed());
        }
        let end = if self.finished && !open { self.rest.len() } else { self.end };
        let tail = self.rest.split_off(end);
        let piece = std::mem::replace(&mut self.rest, tail);
        self.seen -= end;
        self.end = 0;
        Ok(Some(piece))
    }

    /// Whether the scanned bytes end within an unclosed quote.
    fn is_open_for_good(&self) -> bool {
        self.records.as_ref().is_some_and(|records| records.broken || (self.finished && records.is_open()))
    }

    /// The error for an unclosed quote in the first record of `rest`.
    pub(super) fn never_closed(&self) -> Error {
        self.file
            .wrong("a quote that is never closed", "a field that begins with a quote ends with one")
            .at_row(1)
            .with_hint("a quote within such a field is doubled: \"5\"\" wide\"")
    }
}

impl Iterator for Pieces {
    type Item = Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.cut().transpose()
    }
}

/// A parsed piece. Errors count rows from its start, from 1.
pub(super) trait Parsed: Send {
    /// Its number of rows.
    fn rows(&self) -> usize;
}

/// Parses pieces in parallel with `parse`, and returns the results in order.
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
        found(text, quotes).unwrap()
    }

    fn found(text: &[u8], quotes: Option<u8>) -> Result<Vec<Vec<u8>>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        let file = File { path, packing: Packing::None, len: text.len() as u64, limit: MOST_UNPACKED, always: 0 };
        Pieces::new(&file, quotes).unwrap().collect::<Result<_>>()
    }

    #[test]
    fn a_quote_that_nothing_closes_is_an_error() {
        for text in ["1,\"a\n2,b\n", "1,\"a\n2,\"b\"\n3,c\n", "1,\"a\n2,b\n3,\"c\n"] {
            let error = found(text.as_bytes(), Some(b',')).unwrap_err().to_string();
            assert!(error.contains("row 1: a quote that is never closed"), "{text}: {error}");
            assert!(found(text.as_bytes(), None).is_ok());
        }
        for text in ["1,\"a\n\"\n2,\"b\"\" c\"\n", "1,5\" pipe\n2,b\n", "1,\"a\nb\" ,2\r\n", "\"a\"b,1\n"] {
            assert_eq!(pieces(text.as_bytes(), Some(b',')).concat(), text.as_bytes());
        }
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
