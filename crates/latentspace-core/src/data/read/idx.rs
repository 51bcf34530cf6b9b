//! IDX, the format of MNIST: two zero bytes, a type, the number of axes, their lengths (big-endian), then the numbers.
//!
//! Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".

use super::array::{Array, ArrayReader, Layout, Number};
use super::bytes::File;
use super::{Ask, Reader};
use crate::error::Result;

/// Opens an IDX file: images if it has three axes of bytes, a table otherwise.
///
/// # Errors
/// [`crate::Error::Input`] for an invalid or truncated file.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    Ok(Box::new(ArrayReader::new(file, ask.name.clone(), array(file)?, None, ask.affine())?))
}

/// The array of an IDX file.
///
/// # Errors
/// [`crate::Error::Input`].
pub(super) fn array(file: &File) -> Result<Array> {
    let bytes = file.bytes()?;
    let wanted = "an IDX file is needed: two zero bytes, a type, the number of axes, their lengths";
    let [0, 0, kind, axes, rest @ ..] = &bytes[..] else {
        return Err(file.wrong("this is not an IDX file, by its first bytes", wanted));
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

#[cfg(test)]
mod tests {
    use super::super::testing::{gzip, numbers, read};
    use crate::data::{ImageShape, Values};

    #[test]
    fn three_axes_of_bytes_are_pictures_and_one_is_a_column() {
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3];
        bytes.extend(1..=6);
        for (name, bytes) in [("a-idx3-ubyte", bytes.clone()), ("a-idx3-ubyte.gz", gzip(&bytes)), ("a.idx", bytes)] {
            let observed = read(name, &bytes).unwrap();
            let Values::Images(images) = &observed.values else { panic!() };
            assert_eq!(images.shape, ImageShape { height: 1, width: 3, channels: 1 });
            assert_eq!(images.pixels.as_slice(), [1, 2, 3, 4, 5, 6]);
        }
        assert_eq!(numbers(&read("l-idx1-ubyte", &[0, 0, 8, 1, 0, 0, 0, 2, 7, 9]).unwrap()), [[7.0], [9.0]]);
        assert_eq!(numbers(&read("l.idx", &[0, 0, 0x0b, 1, 0, 0, 0, 1, 0xff, 0xfe]).unwrap()), [[-2.0]]);
    }
}
