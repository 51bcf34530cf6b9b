//! NumPy's `.npy`: a header that names type, order and shape, then the numbers.
//!
//! Source: numpy.lib.format, versions 1 to 3. The header is a Python literal; of Python only what such headers hold is understood, and
//! nothing is run: arrays of objects (pickles) are refused.

use std::sync::Arc;

use super::array::{Array, ArrayReader, Layout, Number};
use super::bytes::{Bytes, File};
use super::{Ask, Reader};
use crate::error::Result;

/// A header longer than this is none.
const MOST_HEADER: usize = 1 << 16;

/// Opens a `.npy` file.
///
/// # Errors
/// [`crate::Error::Input`] for what is no whole array of numbers.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    let layout = header(file, &bytes)?;
    let array = Array::new(file, bytes, layout)?;
    Ok(Box::new(ArrayReader::new(file, ask.name.clone(), array, None, ask.offsets())?))
}

/// The array in `bytes`, which a `.npy` file or a member of a `.npz` file holds.
///
/// # Errors
/// [`crate::Error::Input`].
pub(super) fn array(file: &File, bytes: Arc<Bytes>) -> Result<Array> {
    let layout = header(file, &bytes)?;
    Array::new(file, bytes, layout)
}

/// The header of a `.npy` file.
fn header(file: &File, bytes: &[u8]) -> Result<Layout> {
    let wrong = |found: &str| file.wrong(found, "a .npy file as numpy.save writes it is needed");
    let magic = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(|| wrong("this is no .npy file: its first bytes are others"))?;
    let (length, at) = match magic {
        [1, _, a, b, ..] => (usize::from(u16::from_le_bytes([*a, *b])), 10),
        [2 | 3, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 12),
        [version, _, ..] => return Err(wrong(&format!("version {version} of the .npy format"))),
        _ => return Err(wrong("the file ends within its header")),
    };
    if length > MOST_HEADER {
        return Err(wrong(&format!("its header has {length} bytes; {MOST_HEADER} are the most")));
    }
    let text = bytes.get(at..at + length).ok_or_else(|| wrong("the file ends within its header"))?;
    let text = std::str::from_utf8(text).map_err(|_| wrong("its header is no text"))?;
    let unclear = || wrong(&format!("its header cannot be understood: {}", super::excerpt(text)));
    let after = |key: &str| {
        let quoted = [format!("'{key}'"), format!("\"{key}\"")];
        quoted
            .iter()
            .find_map(|quoted| text.split_once(quoted.as_str()))
            .and_then(|(_, rest)| rest.trim_start().strip_prefix(':'))
            .map(str::trim_start)
    };
    let descr = after("descr").ok_or_else(unclear)?;
    let quote = descr.chars().next().filter(|&c| c == '\'' || c == '"');
    let Some(quote) = quote else {
        return Err(wrong("it holds records of several fields")
            .with_hint("save one plain array, or the fields as columns of a .parquet or .csv file"));
    };
    let descr = descr[1..].split(quote).next().ok_or_else(unclear)?;
    let (big_endian, number) = number(file, descr)?;
    let fortran = match after("fortran_order").ok_or_else(unclear)? {
        rest if rest.starts_with("True") => true,
        rest if rest.starts_with("False") => false,
        _ => return Err(unclear()),
    };
    let shape = after("shape").and_then(|rest| rest.strip_prefix('(')).and_then(|rest| rest.split_once(')')).ok_or_else(unclear)?.0;
    let shape: Vec<usize> = shape
        .split(',')
        .map(|axis| axis.trim().trim_end_matches('L'))
        .filter(|axis| !axis.is_empty())
        .map(|axis| axis.parse().map_err(|_| unclear()))
        .collect::<Result<_>>()?;
    if shape.len() > 32 {
        return Err(unclear());
    }
    Ok(Layout { start: at + length, number, big_endian, shape, fortran })
}

/// What NumPy's name of a type means: `<f4`.
fn number(file: &File, descr: &str) -> Result<(bool, Number)> {
    let (order, kind) = match descr.chars().next() {
        Some('<' | '|' | '=') => (false, &descr[1..]),
        Some('>') => (true, &descr[1..]),
        _ => (false, descr),
    };
    let number = match kind {
        "b1" | "?" => Number::Bool,
        "u1" | "B" => Number::U8,
        "i1" | "b" => Number::I8,
        "u2" => Number::U16,
        "i2" => Number::I16,
        "u4" => Number::U32,
        "i4" => Number::I32,
        "u8" => Number::U64,
        "i8" => Number::I64,
        "f2" => Number::F16,
        "f4" => Number::F32,
        "f8" => Number::F64,
        other => {
            let wanted = "numbers of 8 to 64 bits (int, uint, float) or bool are needed";
            return Err(match other.chars().next() {
                Some('O') => file
                    .wrong("it holds Python objects (a pickle), which could run code when opened", wanted)
                    .with_hint("save it as numbers: numpy.save(file, array.astype('float32'))"),
                Some('U' | 'S' | 'a') => {
                    file.wrong("it holds text", wanted).with_hint("text can ride along: --labels with a .txt or .csv file")
                }
                Some('c') => file.wrong("it holds complex numbers", wanted).with_hint("save real and imaginary parts side by side"),
                Some('M' | 'm') => file.wrong("it holds dates", wanted),
                _ => file.wrong(format!("the type '{}' of its numbers", super::excerpt(descr)), wanted),
            });
        }
    };
    Ok((order, number))
}
