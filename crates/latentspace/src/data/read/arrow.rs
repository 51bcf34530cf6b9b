//! Arrow's own files: `.arrow`, `.feather` (version 2), as a file or as a stream. Used where they lie; packed buffers are refused.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::convert::try_fb_to_schema;
use arrow::ipc::reader::{FileDecoder, StreamDecoder};
use arrow::ipc::{Block as Piece, root_as_footer, root_as_message};

use super::bytes::{Bytes, File};
use super::columns::{Affines, Role, Roles};
use super::fields::fields_of;
use super::table::{Block, InBlocks, Pass};
use super::{Ask, Reader, below, stream_rows};
use crate::data::Affine;
use crate::error::{Error, Result};
use crate::run::Run;

const MAGIC: &[u8] = b"ARROW1";

struct ArrowReader {
    name: String,
    file: File,
    whole: Arc<Bytes>,
    bytes: Buffer,
    rows: usize,
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
    let mut rows = 0;
    for batch in batches(file, &bytes)? {
        let batch = batch?;
        rows += batch.num_rows();
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
    Ok(Box::new(ArrowReader { name: ask.name.clone(), file: file.clone(), whole, bytes, rows, roles, affines }))
}

fn broken(file: &File, error: &ArrowError) -> Error {
    let text = error.to_string();
    if text.contains("compress") {
        return file
            .wrong("its columns are packed with lz4 or zstd", "Arrow files are read where they lie, unpacked")
            .with_hint("write it with compression='uncompressed' (pandas: to_feather, Polars: write_ipc), or as .parquet");
    }
    file.wrong(format!("this is not a whole Arrow file ({})", super::excerpt(&text)), "an Arrow file or stream is needed")
}

type Batches<'a> = Box<dyn Iterator<Item = Result<RecordBatch>> + Send + 'a>;

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
    for block in footer.dictionaries().into_iter().flatten() {
        decoder.read_dictionary(block, &piece(block)?).map_err(|error| broken(file, &error))?;
    }
    let blocks: Vec<(Piece, Buffer)> =
        footer.recordBatches().into_iter().flatten().map(|block| Ok((*block, piece(block)?))).collect::<Result<_>>()?;
    Ok(Box::new(
        blocks.into_iter().filter_map(move |(block, buffer)| {
            decoder.read_record_batch(&block, &buffer).map_err(|error| broken(file, &error)).transpose()
        }),
    ))
}

/// The batches of a stream. Each message is cut out whole before it is decoded, so that no length is believed.
fn stream(file: &File, bytes: Buffer) -> Batches<'_> {
    let mut decoder = StreamDecoder::new();
    let mut at = 0;
    let mut over = false;
    Box::new(std::iter::from_fn(move || {
        while !over {
            let message = match message(file, &bytes, at) {
                Ok(Some(message)) => message,
                Ok(None) => return None,
                Err(error) => {
                    over = true;
                    return Some(Err(error));
                }
            };
            let mut part = bytes.slice_with_length(message.start, message.len());
            at = message.end;
            match decoder.decode(&mut part) {
                Ok(None) => {}
                Ok(Some(batch)) => return Some(Ok(batch)),
                Err(error) => {
                    over = true;
                    return Some(Err(broken(file, &error)));
                }
            }
        }
        None
    }))
}

/// The bytes of the message that starts at `at`; none at the end of the stream.
fn message(file: &File, bytes: &[u8], at: usize) -> Result<Option<Range<usize>>> {
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
    Ok(Some(at..end.ok_or_else(short)?))
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

    fn pass_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Pass<'a>)> {
        let run = run.clone();
        let affine = self.affines.get();
        let block = stream_rows(self.roles.numbers);
        let mut batches = batches(&self.file, &self.bytes)?.peekable();
        let mut before = 0;
        while let Some(Ok(batch)) = batches.peek()
            && before + batch.num_rows() <= first
        {
            before += batch.num_rows();
            batches.next();
        }
        let mut skipped = first.saturating_sub(before) / block * block;
        before += skipped;
        let parts = batches.flat_map(move |batch| -> Batches<'a> {
            match batch {
                Ok(batch) => {
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
