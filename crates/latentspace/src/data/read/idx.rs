//! IDX, as MNIST comes: two zero bytes, a type, the number of axes, their lengths (big-endian), then the numbers.
//!
//! Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".

use super::array::{Array, ArrayReader, Layout, Number};
use super::bytes::File;
use super::{Ask, Reader};
use crate::error::Result;

/// Opens an IDX file: pictures if it has three axes of bytes, a table otherwise.
///
/// # Errors
/// [`crate::Error::Input`] for what is no whole IDX file.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    Ok(Box::new(ArrayReader::new(file, ask.name.clone(), array(file)?, None, ask.offsets())?))
}

/// The array of an IDX file.
///
/// # Errors
/// [`crate::Error::Input`].
pub(super) fn array(file: &File) -> Result<Array> {
    let bytes = file.bytes()?;
    let wanted = "an IDX file is needed: two zero bytes, a type, the number of axes, their lengths";
    let [0, 0, kind, axes, rest @ ..] = &bytes[..] else {
        return Err(file.wrong("this is no IDX file: its first bytes are others", wanted));
    };
    let number = match kind {
        0x08 => Number::U8,
        0x09 => Number::I8,
        0x0b => Number::I16,
        0x0c => Number::I32,
        0x0d => Number::F32,
        0x0e => Number::F64,
        other => return Err(file.wrong(format!("the type {other:#04x} of its numbers"), wanted)),
    };
    let axes = usize::from(*axes);
    if axes == 0 || rest.len() < 4 * axes {
        return Err(file.wrong(format!("{axes} axes, and {} bytes after them", rest.len()), wanted));
    }
    let mut shape = Vec::with_capacity(axes);
    for length in rest[..4 * axes].chunks_exact(4) {
        let mut raw = [0; 4];
        raw.copy_from_slice(length);
        shape.push(u32::from_be_bytes(raw) as usize);
    }
    Array::new(file, bytes, Layout { start: 4 + 4 * axes, number, big_endian: true, shape, fortran: false })
}
