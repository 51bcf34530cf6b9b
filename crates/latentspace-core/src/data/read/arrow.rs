//! Arrow's own files: `.arrow`, `.feather` (version 2), as a file or as a stream. Used where they lie; buffers packed with lz4 or zstd, as pandas
//! writes them, are unpacked batch by batch, and what they promise is checked before.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use crate::arrow::ArrowError;
use crate::arrow::array::RecordBatch;
use crate::arrow::buffer::Buffer;
use crate::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use crate::arrow::ipc::convert::try_fb_to_schema;
use crate::arrow::ipc::reader::{FileDecoder, StreamDecoder};
use crate::arrow::ipc::{Block as Piece, CompressionType, Message, root_as_footer, root_as_message};

use super::bytes::{Bytes, File, MOST_RATIO};
use super::columns::{Affines, Role, Roles};
use super::fields::fields_of;
use super::table::{Block, InBlocks, Pass};
use super::{Ask, Reader, below, stream_rows};
use crate::data::Affine;
use crate::error::{Bytes as Size, Error, Result};
use crate::run::Run;

const MAGIC: &[u8] = b"ARROW1";
/// A packed buffer that promises more than this, and more than [`LIKELY_RATIO`] times its bytes, is unpacked once without being kept: memory is
/// reserved for what is there.
const BELIEVED: u64 = 1 << 20;
const LIKELY_RATIO: u64 = 20;

struct ArrowReader {
    name: String,
    file: File,
    whole: Arc<Bytes>,
    bytes: Buffer,
    rows: usize,
    /// Bytes of the largest batch, unpacked; 0 where nothing is packed.
    unpacked: u64,
    roles: Roles,
    affines: Affines,
}

/// Shared bytes, as the crates that read them want them.
struct Shared(Arc<Bytes>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The bytes of a file as others want them; nothing is copied.
pub(super) fn shared(bytes: &Arc<Bytes>) -> bytes::Bytes {
    bytes::Bytes::from_owner(Shared(Arc::clone(bytes)))
}

/// Opens an Arrow file or stream.
///
/// # Errors
/// [`Error::Input`] for what is no whole one.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let whole = file.bytes()?;
    let bytes = Buffer::from(shared(&whole));
    let mut head: Option<RecordBatch> = None;
    let (mut rows, mut unpacked) = (0, 0);
    for batch in batches(file, &bytes)? {
        let (batch, held) = batch?;
        rows += batch.num_rows();
        unpacked = unpacked.max(held);
        head = head.filter(|head| head.num_rows() > 0).or_else(|| Some(batch.slice(0, batch.num_rows().min(4096))));
    }
    let Some(head) = head.filter(|_| rows > 0) else { return Err(file.wrong("no rows", "at least one is needed")) };
    let mut roles = Roles::choose(file, fields_of(&head.schema(), &head), true, ask)?;
    roles.find_dates(file, ask, |column| Ok(Arc::clone(head.column(column))))?;
    let (_, ranges) = roles.numbers(head.columns(), head.num_rows(), &Affine::default()).map_err(|error| file.own(error))?;
    let affines = Affines::new(ask.affine(), &ranges);
    let schema = head.schema();
    let wide = |(role, field): (&Role, &Arc<Field>)| matches!(role, Role::Number(_)) && field.data_type() != &DataType::Float32;
    if !roles.roles.iter().zip(schema.fields()).any(wide) {
        affines.hold(&Affine::default());
    }
    Ok(Box::new(ArrowReader { name: ask.name.clone(), file: file.clone(), whole, bytes, rows, unpacked, roles, affines }))
}

fn broken(file: &File, error: &ArrowError) -> Error {
    let text = error.to_string();
    file.wrong(format!("this is not a whole Arrow file ({})", super::excerpt(&text)), "an Arrow file or stream is needed")
}

/// Batches, each with the bytes that were unpacked for it.
type Batches<'a> = Box<dyn Iterator<Item = Result<(RecordBatch, u64)>> + Send + 'a>;

/// The bytes that the packed buffers of a message promise, once that is checked; 0 where they are not packed. `body`: what lies behind its head.
///
/// # Errors
/// [`Error::Input`] if they promise more than packed data may grow to, or than they hold.
fn check_packed(file: &File, message: &Message<'_>, body: &[u8]) -> Result<u64> {
    let batch = message.header_as_record_batch().or_else(|| message.header_as_dictionary_batch()?.data());
    let Some((batch, packing)) = batch.and_then(|batch| Some((batch, batch.compression()?.codec()))) else { return Ok(0) };
    let allowed = (body.len() as u64).saturating_mul(MOST_RATIO).max(file.always).min(file.limit);
    let mut promised = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let place = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
        let part = place.and_then(|(start, length)| body.get(start..start.checked_add(length)?));
        let part = part.ok_or_else(|| file.wrong("a buffer lies behind the end of its batch", "a whole Arrow file is needed"))?;
        // The length comes first; below 0, what follows is not packed.
        let Some((length, packed)) = part.split_first_chunk() else { continue };
        let Ok(length) = u64::try_from(i64::from_le_bytes(*length)) else { continue };
        promised = promised.saturating_add(length);
        if promised > allowed {
            return Err(file
                .wrong(
                    format!("a batch of {} promises {} or more, unpacked", Size(body.len() as u64), Size(promised)),
                    format!("packed data may grow up to {MOST_RATIO} times, and to {}", Size(file.limit)),
                )
                .with_hint("if it is sound, write it unpacked; --max-memory SIZE allows a quarter of SIZE"));
        }
        if length > BELIEVED && length / LIKELY_RATIO > packed.len() as u64 {
            let found = unpacked_bytes(packing, packed, length).map_err(|error| {
                file.wrong(format!("a packed buffer is broken ({})", super::excerpt(&error.to_string())), "a whole Arrow file is needed")
            })?;
            if found != length {
                return Err(file.wrong(
                    format!("a packed buffer promises {length} bytes and holds {found}{}", if found > length { " or more" } else { "" }),
                    "a whole Arrow file is needed",
                ));
            }
        }
    }
    Ok(promised)
}

/// The bytes that packed ones hold, counted up to one more than `most`.
fn unpacked_bytes(packing: CompressionType, packed: &[u8], most: u64) -> std::io::Result<u64> {
    let unpacked: Box<dyn Read + '_> = match packing {
        CompressionType::LZ4_FRAME => Box::new(lz4_flex::frame::FrameDecoder::new(packed)),
        _ => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(packed)?;
            decoder.window_log_max(27)?;
            Box::new(decoder)
        }
    };
    std::io::copy(&mut unpacked.take(most + 1), &mut std::io::sink())
}

/// The message at the start of these bytes: its length, after a mark that older files lack, stands before it.
fn message_of<'a>(file: &File, bytes: &'a [u8]) -> Result<Message<'a>> {
    let start = if bytes.starts_with(&[0xff; 4]) { 8 } else { 4 };
    root_as_message(bytes.get(start..).unwrap_or_default())
        .map_err(|error| file.wrong(format!("a message of the Arrow file is broken ({error})"), "a whole Arrow file is needed"))
}

/// The batches of a file or stream, where they lie.
fn batches<'a>(file: &'a File, bytes: &'a Buffer) -> Result<Batches<'a>> {
    if !bytes.starts_with(MAGIC) {
        return Ok(stream(file, bytes.clone()));
    }
    let wrong = |found: &str| file.wrong(found.to_owned(), "a whole Arrow file is needed");
    let tail =
        bytes.len().checked_sub(10).filter(|_| bytes.ends_with(MAGIC)).ok_or_else(|| wrong("the file is cut short: its end is missing"))?;
    let length = bytes[tail..].first_chunk().map_or(-1, |raw| i32::from_le_bytes(*raw));
    let start =
        usize::try_from(length).ok().and_then(|length| tail.checked_sub(length)).ok_or_else(|| wrong("its footer has no length"))?;
    let footer = root_as_footer(&bytes[start..tail]).map_err(|error| wrong(&format!("its footer is broken ({error})")))?;
    let schema: Schema = footer
        .schema()
        .ok_or_else(|| wrong("its footer names no columns"))
        .and_then(|schema| try_fb_to_schema(schema).map_err(|error| broken(file, &error)))?;
    let mut decoder = FileDecoder::new(Arc::new(schema) as SchemaRef, footer.version());
    let piece = |block: &Piece| -> Result<Buffer> {
        let sizes = (usize::try_from(block.offset()), usize::try_from(block.metaDataLength()), usize::try_from(block.bodyLength()));
        let (Ok(offset), Ok(head), Ok(body)) = sizes else { return Err(wrong("its footer holds places below 0")) };
        let end = offset.checked_add(head).and_then(|end| end.checked_add(body)).filter(|&end| end <= bytes.len());
        let end = end.ok_or_else(|| wrong("its footer points behind the end of the file"))?;
        Ok(bytes.slice_with_length(offset, end - offset))
    };
    let check = move |block: &Piece, buffer: &Buffer| {
        let body = usize::try_from(block.metaDataLength()).ok().and_then(|head| buffer.get(head..)).unwrap_or_default();
        check_packed(file, &message_of(file, buffer)?, body)
    };
    let mut held = 0;
    for block in footer.dictionaries().into_iter().flatten() {
        let buffer = piece(block)?;
        held += check(block, &buffer)?;
        decoder.read_dictionary(block, &buffer).map_err(|error| broken(file, &error))?;
    }
    let blocks: Vec<(Piece, Buffer)> =
        footer.recordBatches().into_iter().flatten().map(|block| Ok((*block, piece(block)?))).collect::<Result<_>>()?;
    Ok(Box::new(blocks.into_iter().filter_map(move |(block, buffer)| {
        let read = || {
            let held = held + check(&block, &buffer)?;
            let batch = decoder.read_record_batch(&block, &buffer).map_err(|error| broken(file, &error))?;
            Ok(batch.map(|batch| (batch, held)))
        };
        read().transpose()
    })))
}

/// The batches of a stream. Each message is cut out whole before it is decoded, so that no length is believed.
fn stream(file: &File, bytes: Buffer) -> Batches<'_> {
    let mut decoder = StreamDecoder::new();
    let mut at = 0;
    let mut over = false;
    let mut dictionaries = 0;
    let mut next = move || -> Result<Option<(RecordBatch, u64)>> {
        while let Some((message, held)) = message(file, &bytes, at)? {
            let mut part = bytes.slice_with_length(message.start, message.len());
            at = message.end;
            match decoder.decode(&mut part).map_err(|error| broken(file, &error))? {
                Some(batch) => return Ok(Some((batch, dictionaries + held))),
                None => dictionaries += held,
            }
        }
        Ok(None)
    };
    Box::new(std::iter::from_fn(move || {
        if over {
            return None;
        }
        let batch = next();
        over = batch.is_err();
        batch.transpose()
    }))
}

/// The bytes of the message that starts at `at`, and how many more are unpacked of them; none at the end of the stream.
fn message(file: &File, bytes: &[u8], at: usize) -> Result<Option<(Range<usize>, u64)>> {
    let wrong = |found: String| file.wrong(found, "an Arrow file or stream is needed");
    let short = || wrong("the Arrow stream is cut short, or is none".to_owned());
    let number = |at: usize| -> Option<i32> { Some(i32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)) };
    if at == bytes.len() {
        return Ok(None);
    }
    // Older streams have no mark before the length.
    let (length, head) = match number(at) {
        Some(-1) => (number(at + 4).ok_or_else(short)?, at + 8),
        Some(length) => (length, at + 4),
        None => return Err(short()),
    };
    if length == 0 {
        return Ok(None);
    }
    let body =
        usize::try_from(length).ok().and_then(|length| head.checked_add(length)).filter(|&body| body <= bytes.len()).ok_or_else(short)?;
    let message =
        root_as_message(&bytes[head..body]).map_err(|error| wrong(format!("a message of the Arrow stream is broken ({error})")))?;
    let end = usize::try_from(message.bodyLength()).ok().and_then(|length| body.checked_add(length)).filter(|&end| end <= bytes.len());
    let end = end.ok_or_else(short)?;
    Ok(Some((at..end, check_packed(file, &message, &bytes[body..end])?)))
}

impl InBlocks for ArrowReader {
    fn roles(&self) -> &Roles {
        &self.roles
    }

    fn affines(&self) -> &Affines {
        &self.affines
    }

    fn rows(&self) -> Option<usize> {
        Some(self.rows)
    }

    fn working_bytes(&self) -> u64 {
        self.unpacked
    }

    fn pass_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Pass<'a>)> {
        let run = run.clone();
        let affine = self.affines.get();
        let block = stream_rows(self.roles.numbers);
        let mut batches = batches(&self.file, &self.bytes)?.peekable();
        let mut before = 0;
        while let Some(Ok((batch, _))) = batches.peek()
            && before + batch.num_rows() <= first
        {
            before += batch.num_rows();
            batches.next();
        }
        let mut skipped = first.saturating_sub(before) / block * block;
        before += skipped;
        let parts = batches.flat_map(move |batch| -> Box<dyn Iterator<Item = Result<RecordBatch>> + Send> {
            match batch {
                Ok((batch, _)) => {
                    let rows = batch.num_rows();
                    Box::new((std::mem::take(&mut skipped)..rows).step_by(block).map(move |at| Ok(batch.slice(at, block.min(rows - at)))))
                }
                Err(error) => Box::new(std::iter::once(Err(error))),
            }
        });
        let mut done = before;
        let blocks = parts.map(move |batch| {
            run.check()?;
            self.whole.forget(0..self.whole.len());
            let batch = batch?;
            let above = done;
            done += batch.num_rows();
            run.install(|| Block::new(&self.name, &self.roles, batch.columns(), batch.num_rows(), &affine))
                .map_err(|error| below(error, above))
        });
        Ok((before, Box::new(blocks)))
    }
}

#[cfg(test)]
#[path = "arrow_tests.rs"]
mod tests;
