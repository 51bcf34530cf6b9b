//! NumPy's `.npy`: a header with type, order and shape, then the numbers.
//!
//! Source: numpy.lib.format, versions 1 to 3. The header is a Python literal; only the syntax of such headers is parsed, and
//! //! nothing is executed: arrays of objects (pickles) are refused.

use std::sync::Arc;

use crate::arrow::array::{Array as _, ArrayRef, AsArray, StringArray};

use super::array::{Array, ArrayReader, Layout, Number};
use super::bytes::{Bytes, File};
use super::{Ask, Purpose, Reader, Ready};
use crate::data::Metadata;
use crate::error::{Error, Result};

/// Maximum length of a header.
const MOST_HEADER: usize = 1 << 16;

/// Opens a `.npy` file.
///
/// # Errors
/// [`crate::Error::Input`] for an invalid or truncated file.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    if ask.purpose == Purpose::Labels
        && let Some(text) = text(file, &bytes)?
    {
        let rows = text.len();
        return Ok(Box::new(Ready(Metadata::from_columns(vec![(ask.name.clone(), text)], rows)?)));
    }
    if ask.options.columns.is_some() {
        return Err(Error::param("columns", "a name", "an array has no column names").with_hint("leave --columns out, or save a table"));
    }
    Ok(Box::new(ArrayReader::new(file, ask.name.clone(), array(file, bytes)?, None, ask.affine())?))
}

/// The array in `bytes`, which a `.npy` file or a member of a `.npz` file holds.
///
/// # Errors
/// [`crate::Error::Input`].
pub(super) fn array(file: &File, bytes: Arc<Bytes>) -> Result<Array> {
    let head = header(file, &bytes)?;
    let (big_endian, number) = number(file, head.descr)?;
    let Head { fortran, shape, start, .. } = head;
    Array::new(file, bytes, Layout { start, number, big_endian, shape, fortran })
}

/// An array of fixed-width text. None for other arrays.
///
/// # Errors
/// [`crate::Error::Input`] if the header is broken, or the list is cut short.
pub(super) fn text(file: &File, bytes: &[u8]) -> Result<Option<ArrayRef>> {
    let head = header(file, bytes)?;
    if head.shape.len() == 1 { cells(file, bytes, &head, head.shape[0]) } else { Ok(None) }
}

/// A single text. None for other arrays.
///
/// # Errors
/// As [`text`].
pub(super) fn word(file: &File, bytes: &[u8]) -> Result<Option<String>> {
    let head = header(file, bytes)?;
    let found = if head.shape.is_empty() { cells(file, bytes, &head, 1)? } else { None };
    Ok(found.and_then(|cells| Some(cells.as_string_opt::<i32>()?.value(0).to_owned())))
}

/// `count` cells of text, if the array holds text.
fn cells(file: &File, bytes: &[u8], head: &Head<'_>, rows: usize) -> Result<Option<ArrayRef>> {
    let Some((kind, width)) = head.descr.trim_start_matches(['<', '|', '=']).split_at_checked(1) else { return Ok(None) };
    let Ok(width) = width.parse::<usize>() else { return Ok(None) };
    let size = match kind {
        "U" => width.saturating_mul(4),
        "S" | "a" => width,
        _ => return Ok(None),
    };
    let body = size.checked_mul(rows).and_then(|length| bytes.get(head.start..head.start.checked_add(length)?));
    let body = body.ok_or_else(|| file.wrong("a list of text that is cut short", "a whole file is needed"))?;
    if size == 0 {
        return Ok(Some(Arc::new(StringArray::from(vec![""; rows]))));
    }
    let cell = |cell: &[u8]| -> String {
        if kind == "U" {
            let code = |raw: &[u8]| raw.first_chunk().map_or(0, |raw| u32::from_le_bytes(*raw));
            let codes = cell.chunks_exact(4).map(code).map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            codes.collect::<String>().trim_end_matches('\0').to_owned()
        } else {
            String::from_utf8_lossy(cell).trim_end_matches('\0').to_owned()
        }
    };
    Ok(Some(Arc::new(body.chunks_exact(size).map(|raw| Some(cell(raw))).collect::<StringArray>())))
}

/// The parsed header of a `.npy` file.
struct Head<'a> {
    descr: &'a str,
    fortran: bool,
    shape: Vec<usize>,
    start: usize,
}

/// Parses the header of a `.npy` file.
fn header<'a>(file: &File, bytes: &'a [u8]) -> Result<Head<'a>> {
    let wrong = |found: &str| file.wrong(found, "a .npy file as numpy.save writes it is needed");
    let magic = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(|| wrong("this is not a .npy file, by its first bytes"))?;
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
    let text = std::str::from_utf8(text).map_err(|_| wrong("its header is not text"))?;
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
    Ok(Head { descr, fortran, shape, start: at + length })
}

/// Parses NumPy's name of a type: `<f4`.
///
/// # Errors
/// [`crate::Error::Input`] for types that are not numbers.
pub(super) fn number(file: &File, descr: &str) -> Result<(bool, Number)> {
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
                    file.wrong("it holds text", wanted).with_hint("--labels with a .txt or .csv file joins text as metadata")
                }
                Some('c') => file.wrong("it holds complex numbers", wanted).with_hint("save real and imaginary parts as separate columns"),
                Some('M' | 'm') => file.wrong("it holds dates", wanted),
                _ => file.wrong(format!("the type '{}' of its numbers", super::excerpt(descr)), wanted),
            });
        }
    };
    Ok((order, number))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{numbers, read};
    use crate::data::Values;

    /// A `.npy` file as NumPy writes it.
    fn file(descr: &str, order: &str, shape: &str, body: &[u8]) -> Vec<u8> {
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape}), }}");
        header.push_str(&" ".repeat(117 - header.len()));
        header.push('\n');
        let mut out = b"\x93NUMPY\x01\x00v\x00".to_vec();
        out.extend(header.as_bytes());
        out.extend(body);
        out
    }

    #[test]
    fn every_type_and_order_gives_the_same_numbers() {
        let bytes = |write: &dyn Fn(f64) -> Vec<u8>| -> Vec<u8> { [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].into_iter().flat_map(write).collect() };
        let all: Vec<(&str, Vec<u8>)> = vec![
            ("<f4", bytes(&|v| (v as f32).to_le_bytes().to_vec())),
            (">f4", bytes(&|v| (v as f32).to_be_bytes().to_vec())),
            ("<f8", bytes(&|v| v.to_le_bytes().to_vec())),
            ("<f2", bytes(&|v| half::f16::from_f64(v).to_le_bytes().to_vec())),
            ("|i1", bytes(&|v| vec![v as u8])),
            ("<u2", bytes(&|v| (v as u16).to_le_bytes().to_vec())),
            (">i4", bytes(&|v| (v as i32).to_be_bytes().to_vec())),
            ("<i8", bytes(&|v| (v as i64).to_le_bytes().to_vec())),
        ];
        for (descr, body) in &all {
            assert_eq!(
                numbers(&read("a.npy", &file(descr, "False", "2, 3", body)).unwrap()),
                [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
                "{descr}"
            );
            assert_eq!(numbers(&read("a.npy", &file(descr, "True", "2, 3", body)).unwrap()), [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]], "{descr}");
        }
        // Checked with numpy 2.4: numpy.arange(1, 9, dtype='f4').reshape(2, 2, 2, order='F').reshape(2, 4).
        let body: Vec<u8> = (1..9).flat_map(|v| (v as f32).to_le_bytes()).collect();
        let cube = read("c.npy", &file("<f4", "True", "2, 2, 2", &body)).unwrap();
        assert_eq!(numbers(&cube), [[1.0, 5.0, 3.0, 7.0], [2.0, 6.0, 4.0, 8.0]]);
    }

    #[test]
    fn far_columns_of_64_bits_keep_their_digits() {
        let values: Vec<f64> = (0..300).map(|i| if i % 3 == 0 { 1e7 + f64::from(i) / 4096.0 } else { f64::from(i) }).collect();
        let body: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        for order in ["False", "True"] {
            let observed = read("a.npy", &file("<f8", order, if order == "True" { "3, 100" } else { "100, 3" }, &body)).unwrap();
            let rows = numbers(&observed);
            if order == "False" {
                rows.iter().flatten().zip(&values).for_each(|(read, value)| assert!((read - value).abs() < 1e-8));
            }
        }
        let Values::Table(table) = read("a.npy", &file("<f8", "False", "100, 3", &body)).unwrap().values else { panic!() };
        assert!(table.affine.offsets()[0] > 9e6 && table.affine.offsets()[1] == 0.0);
    }

    #[test]
    fn a_pass_begins_at_any_block() {
        let bytes: Vec<u8> = (0..200_000).map(|at| (at % 251) as u8).collect();
        for order in ["False", "True"] {
            read("a.npy", &file("|u1", order, "100000, 2", &bytes)).unwrap();
        }
    }

    #[test]
    fn bytes_of_three_axes_are_pictures_and_floats_are_a_table() {
        assert_eq!(read("a.npy", &file("|u1", "False", "1, 2, 2", &[1, 2, 3, 4])).unwrap().values.kind().name(), "images");
        assert_eq!(read("a.npy", &file("|u1", "False", "2, 2", &[1, 2, 3, 4])).unwrap().values.kind().name(), "array");
        assert_eq!(read("a.npy", &file("|u1", "False", "4, ", &[1, 2, 3, 4])).unwrap().columns(), 1);
    }
}
