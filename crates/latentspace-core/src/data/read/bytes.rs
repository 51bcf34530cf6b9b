//! The bytes of a file: memory-mapped, or decompressed up to a maximum size and ratio.

use std::fs;
use std::io::{self, BufReader, Read};
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;

use crate::error::{Bytes as Size, Error, Result};

/// Maximum decompression ratio, against decompression bombs.
pub(super) const MOST_RATIO: u64 = 1000;
/// Decompressed size that is allowed for any file: the ratio of a small file is meaningless.
pub(super) const ALWAYS_UNPACKED: u64 = 1 << 20;
/// Maximum decompressed size without a memory limit.
pub(super) const MOST_UNPACKED: u64 = 16 << 30;

/// The compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// None.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// An existing file and its compression.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) packing: Packing,
    /// Size on disk.
    pub(super) len: u64,
    /// Maximum decompressed size.
    pub(super) limit: u64,
    /// Decompressed size that is always allowed.
    pub(super) always: u64,
}

/// Bytes in a mapped file or in memory.
pub(super) enum Bytes {
    /// In a file.
    Mapped(Mmap),
    /// In memory.
    Held(Vec<u8>),
    /// In memory of another owner.
    Shared(Arc<dyn Deref<Target = [u8]> + Send + Sync>),
}

impl Bytes {
    /// Returns pages of a mapped file to the system, which reads them again on the next access: a pass over a file takes no more
    /// memory than its blocks.
    pub(super) fn forget(&self, range: Range<usize>) {
        #[cfg(unix)]
        if let Bytes::Mapped(map) = self
            && !range.is_empty()
        {
            // SAFETY: the map is a read-only file map, so dropped pages are read again with the same bytes.
            // If the system refuses, the pages stay in memory.
            let _ = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, range.start, range.len()) };
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            Bytes::Held(bytes) => bytes,
            Bytes::Shared(bytes) => bytes,
        }
    }
}

impl File {
    /// An input's error of this file.
    pub(super) fn wrong(&self, found: impl Into<String>, wanted: impl Into<String>) -> Error {
        Error::input(&self.path, found, wanted)
    }

    /// The same error with the name of this file.
    pub(super) fn own(&self, error: Error) -> Error {
        match error {
            Error::Input(input) => Error::Input(crate::error::Input { file: self.path.clone(), ..input }),
            other => other,
        }
    }

    /// All bytes: mapped, or decompressed into memory.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Input`] for compressed data that are invalid or too large.
    pub(super) fn bytes(&self) -> Result<Arc<Bytes>> {
        if self.packing == Packing::None {
            if self.len == 0 {
                return Ok(Arc::new(Bytes::Held(Vec::new())));
            }
            let file = fs::File::open(&self.path).map_err(|error| Error::io(&self.path, error))?;
            // SAFETY: the map is only read. Another program that shortens the file meanwhile could take pages away; that is the price of
            // not copying, and the same for everyone who maps files.
            let map = unsafe { Mmap::map(&file) }.map_err(|error| Error::io(&self.path, error))?;
            return Ok(Arc::new(Bytes::Mapped(map)));
        }
        let mut bytes = Vec::new();
        self.stream()?.read_to_end(&mut bytes).map_err(|error| unreadable(&self.path, error))?;
        Ok(Arc::new(Bytes::Held(bytes)))
    }

    /// A reader of the decompressed bytes.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn stream(&self) -> Result<Box<dyn Read + Send>> {
        let file = fs::File::open(&self.path).map_err(|error| Error::io(&self.path, error))?;
        let buffered = BufReader::with_capacity(1 << 17, file);
        let unpacked: Box<dyn Read + Send> = match self.packing {
            Packing::None => return Ok(Box::new(buffered)),
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered).map_err(|error| Error::io(&self.path, error))?;
                decoder.window_log_max(27).map_err(|error| Error::io(&self.path, error))?;
                Box::new(decoder)
            }
        };
        Ok(Box::new(Capped::new(unpacked, self.len, self.limit, self.always)))
    }
}

/// A reader that counts decompressed bytes and fails above the maximum size or ratio.
pub(super) struct Capped<R> {
    inner: R,
    allowed: u64,
    packed: u64,
    limit: u64,
    seen: u64,
}

impl<R: Read> Capped<R> {
    /// Allows [`MOST_RATIO`] times `packed` bytes, or `always`, and at most `limit`.
    pub(super) fn new(inner: R, packed: u64, limit: u64, always: u64) -> Self {
        let allowed = packed.saturating_mul(MOST_RATIO).max(always).min(limit);
        Capped { inner, allowed, packed, limit, seen: 0 }
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.seen += read as u64;
        if self.seen > self.allowed {
            let why = if self.allowed == self.limit {
                format!("unpacked it is larger than {}, the most that is allowed", Size(self.limit))
            } else {
                format!("{} of packed data grow to more than {MOST_RATIO} times as many", Size(self.packed))
            };
            return Err(io::Error::other(TooLarge(why)));
        }
        Ok(read)
    }
}

/// The error for a decompression bomb.
#[derive(Debug)]
struct TooLarge(String);

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TooLarge {}

/// Converts a failed read: invalid content is an input error, others are system errors.
pub(super) fn unreadable(path: &Path, error: io::Error) -> Error {
    if let Some(bomb) = error.get_ref().and_then(|inner| inner.downcast_ref::<TooLarge>()) {
        return Error::input(path, bomb.0.clone(), format!("packed data may grow up to {MOST_RATIO} times and {}", Size(MOST_UNPACKED)))
            .with_hint("if it is sound, unpack it first; --max-memory SIZE allows a quarter of SIZE");
    }
    // zstd's error for a window that is too large.
    if error.to_string().contains("too much memory") {
        return Error::input(
            path,
            "it was packed with a window of more than 128 MiB (zstd --long)",
            "windows of up to 128 MiB are unpacked",
        )
        .with_hint(format!("unpack it first: zstd -d --long=31 '{}'", path.display()));
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::input(path, "the file ends too early", "a whole file is needed"),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
            Error::input(path, format!("its packed content is broken ({error})"), "a whole file is needed")
        }
        _ => Error::io(path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_data_come_out_up_to_the_cap_and_no_further() {
        let bytes = vec![7_u8; 5 << 20];
        let mut all = Vec::new();
        Capped::new(&bytes[..], 1 << 20, 6 << 20, ALWAYS_UNPACKED).read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), bytes.len());
        let error = Capped::new(&bytes[..], 100, 6 << 20, ALWAYS_UNPACKED).read_to_end(&mut all).unwrap_err();
        let text = unreadable(Path::new("bomb.gz"), error).to_string();
        assert!(text.starts_with("bomb.gz: ") && text.contains("1000 times"), "{text}");
        let error = Capped::new(&bytes[..], 1 << 20, 4 << 20, ALWAYS_UNPACKED).read_to_end(&mut all).unwrap_err();
        assert!(unreadable(Path::new("a"), error).to_string().contains("4.0 MiB"));
    }
}
