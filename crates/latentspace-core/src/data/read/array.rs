//! Contiguous arrays of one number type, as in .npy, .npz, IDX and .safetensors.

use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

use crate::arrow::array::{ArrayRef, Float64Array, Int64Array};
use crate::parallel::*;

use super::bytes::{Bytes, File};
use super::{Blocks, Reader};
use crate::data::affine::{Line, check_ranges};
use crate::data::{Affine, DataKind, ImageShape, Images, Metadata, Observations, Table, Values};
use crate::error::{Error, Result};
use crate::linalg::Fresh;
use crate::linalg::Matrix;
use crate::run::Run;

/// The type of an array's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub(super) enum Number {
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    Bf16,
    F32,
    F64,
}

impl Number {
    /// Size in bytes.
    pub(super) fn size(self) -> usize {
        match self {
            Number::Bool | Number::U8 | Number::I8 => 1,
            Number::U16 | Number::I16 | Number::F16 | Number::Bf16 => 2,
            Number::U32 | Number::I32 | Number::F32 => 4,
            Number::U64 | Number::I64 | Number::F64 => 8,
        }
    }

    /// Whether it may exceed the precision of f32.
    fn is_wide(self) -> bool {
        matches!(self, Number::U32 | Number::I32 | Number::U64 | Number::I64 | Number::F64)
    }

    /// Its name in sentences.
    pub(super) fn name(self) -> &'static str {
        match self {
            Number::Bool => "bool",
            Number::U8 => "uint8",
            Number::I8 => "int8",
            Number::U16 => "uint16",
            Number::I16 => "int16",
            Number::U32 => "uint32",
            Number::I32 => "int32",
            Number::U64 => "uint64",
            Number::I64 => "int64",
            Number::F16 => "float16",
            Number::Bf16 => "bfloat16",
            Number::F32 => "float32",
            Number::F64 => "float64",
        }
    }
}

/// An array in bytes.
#[derive(Clone)]
pub(super) struct Array {
    bytes: Arc<Bytes>,
    /// The start of its numbers.
    start: usize,
    number: Number,
    big_endian: bool,
    shape: Vec<usize>,
    /// Whether it is in Fortran order.
    fortran: bool,
}

/// The layout of an array in a file.
pub(super) struct Layout {
    pub(super) start: usize,
    pub(super) number: Number,
    pub(super) big_endian: bool,
    pub(super) shape: Vec<usize>,
    pub(super) fortran: bool,
}

impl Array {
    /// The array with this layout, whose bytes are checked to be in the file; nothing is allocated.
    ///
    /// # Errors
    /// [`Error::Input`] if the bytes are too short for the layout.
    pub(super) fn new(file: &File, bytes: Arc<Bytes>, layout: Layout) -> Result<Self> {
        let Layout { start, number, big_endian, shape, fortran } = layout;
        let there = bytes.len().saturating_sub(start);
        let promised = shape.iter().try_fold(number.size(), |product, &axis| product.checked_mul(axis));
        if promised.is_none_or(|promised| promised > there) {
            let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
            return Err(file.wrong(
                format!("its header promises {} numbers of type {}, and {there} bytes follow", sizes.join(" x "), number.name()),
                "the file is cut short or its header is wrong",
            ));
        }
        Ok(Array { bytes, start, number, big_endian, shape, fortran })
    }

    /// Length of the first axis.
    pub(super) fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// Numbers per row.
    pub(super) fn cols(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// The length along each axis.
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The size of its images, if it is an array of images: bytes, `[n, h, w]` or `[n, h, w, 1, 3 or 4]`.
    pub(super) fn image(&self) -> Option<ImageShape> {
        match *self.shape.as_slice() {
            [_, height, width] if self.number == Number::U8 => Some(ImageShape { height, width, channels: 1 }),
            [_, height, width, channels @ (1 | 3 | 4)] if self.number == Number::U8 => Some(ImageShape { height, width, channels }),
            _ => None,
        }
    }

    /// Whether the memory layout is that of a [`Matrix`].
    fn is_plain(&self) -> bool {
        let aligned = (self.bytes.as_ptr() as usize + self.start).is_multiple_of(4);
        self.number == Number::F32 && self.big_endian == cfg!(target_endian = "big") && self.row_major() && aligned
    }

    /// Returns the pages of some rows to the system; of all rows, if rows are not contiguous.
    fn forget(&self, rows: Range<usize>) {
        let row = self.cols() * self.number.size();
        let range = if self.row_major() { self.start + rows.start * row..self.start + rows.end * row } else { 0..self.bytes.len() };
        self.bytes.forget(range);
    }

    fn row_major(&self) -> bool {
        !self.fortran || self.rows() <= 1 || self.cols() <= 1
    }

    /// Some rows as a matrix; shared with the file if the layout allows it, else converted.
    pub(super) fn table(&self, rows: Range<usize>, affine: &Affine) -> Result<Matrix> {
        let cols = self.cols();
        if self.is_plain() && affine.is_identity() {
            let start = self.start + rows.start * cols * 4;
            let part = Part { bytes: Arc::clone(&self.bytes), range: start..start + rows.len() * cols * 4 };
            return Matrix::shared(rows.len(), cols, Arc::new(part));
        }
        let mut out = Fresh::new(rows.len(), cols)?;
        let block = block_rows(cols);
        let read = self.reader();
        out.par_chunks_mut((block * cols).max(1)).enumerate().for_each(|(index, out)| {
            self.convert(rows.start + index * block, cols, out, affine, read);
        });
        out.matrix(rows.len(), cols)
    }

    /// Rows from `first` on into `out`.
    fn convert(&self, first: usize, cols: usize, out: &mut [f32], affine: &Affine, read: Read) {
        if self.row_major() {
            let from = self.start + first * cols * self.number.size();
            let bytes = &self.bytes[from..from + out.len() * self.number.size()];
            if affine.is_identity() {
                read(bytes, out);
            } else {
                let mut wide = vec![0.0_f64; cols];
                let lines: Vec<Line> = (0..cols).map(|column| affine.line(column)).collect();
                for (bytes, out) in bytes.chunks_exact(cols * self.number.size()).zip(out.chunks_exact_mut(cols)) {
                    self.wide(bytes, &mut wide);
                    out.iter_mut().zip(&wide).zip(&lines).for_each(|((out, &value), line)| *out = line.cell(value));
                }
            }
            return;
        }
        let rows = out.len() / cols.max(1);
        let mut wide = vec![0.0_f64; rows];
        for column in 0..cols {
            let from = self.start + (self.place(column) + first) * self.number.size();
            self.wide(&self.bytes[from..from + rows * self.number.size()], &mut wide);
            let line = affine.line(column);
            for (row, &value) in wide.iter().enumerate() {
                out[row * cols + column] = line.cell(value);
            }
        }
    }

    /// The start of a column in Fortran order.
    fn place(&self, column: usize) -> usize {
        let (mut rest, mut place) = (column, 0);
        let mut stride: usize = self.shape.iter().product();
        for &axis in self.shape[1..].iter().rev() {
            stride /= axis;
            place += rest % axis * stride;
            rest /= axis;
        }
        place
    }

    /// Numbers as f64.
    fn wide(&self, bytes: &[u8], out: &mut [f64]) {
        each(self.number, self.big_endian, bytes, |index, value| out[index] = value);
    }

    fn reader(&self) -> Read {
        macro_rules! read {
            ($number:ident, $big:literal) => {
                |bytes: &[u8], out: &mut [f32]| each(Number::$number, $big, bytes, |index, value| out[index] = value as f32)
            };
        }
        macro_rules! all {
            ($big:literal) => {
                match self.number {
                    Number::Bool => read!(Bool, $big),
                    Number::U8 => read!(U8, $big),
                    Number::I8 => read!(I8, $big),
                    Number::U16 => read!(U16, $big),
                    Number::I16 => read!(I16, $big),
                    Number::U32 => read!(U32, $big),
                    Number::I32 => read!(I32, $big),
                    Number::U64 => read!(U64, $big),
                    Number::I64 => read!(I64, $big),
                    Number::F16 => read!(F16, $big),
                    Number::Bf16 => read!(Bf16, $big),
                    Number::F32 => read!(F32, $big),
                    Number::F64 => read!(F64, $big),
                }
            };
        }
        if self.big_endian { all!(true) } else { all!(false) }
    }

    /// The affine maps of the columns that preserve their precision in 32 bits.
    ///
    /// # Errors
    /// [`Error::Input`] if 32 bits cannot hold a column.
    fn affine(&self) -> Result<Affine> {
        let (rows, cols) = (self.rows(), self.cols());
        if !self.number.is_wide() || rows == 0 || cols == 0 {
            return Ok(Affine::default());
        }
        let block = block_rows(cols);
        let ranges: Vec<(f64, f64)> = (0..rows.div_ceil(block))
            .into_par_iter()
            .map(|index| {
                let first = index * block;
                let rows = block.min(rows - first);
                let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); cols];
                let widen = |range: &mut (f64, f64), value: f64| {
                    if value.is_finite() {
                        *range = (range.0.min(value), range.1.max(value));
                    }
                };
                let size = self.number.size();
                if self.row_major() {
                    let from = self.start + first * cols * size;
                    for bytes in self.bytes[from..from + rows * cols * size].chunks_exact(cols * size) {
                        each(self.number, self.big_endian, bytes, |column, value| widen(&mut ranges[column], value));
                    }
                } else {
                    for (column, range) in ranges.iter_mut().enumerate() {
                        let from = self.start + (self.place(column) + first) * size;
                        each(self.number, self.big_endian, &self.bytes[from..from + rows * size], |_, value| widen(range, value));
                    }
                }
                ranges
            })
            .reduce(|mut left, right| {
                left.iter_mut().zip(&right).for_each(|(a, b)| *a = (a.0.min(b.0), a.1.max(b.1)));
                left
            })
            .unwrap_or_default();
        check_ranges(&ranges, |column| (column + 1).to_string())?;
        Ok(Affine::of_ranges(&ranges))
    }

    /// Number of numbers.
    pub(super) fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Calls `take` with the position, row by row, and the value of each number.
    pub(super) fn each(&self, mut take: impl FnMut(usize, f64)) {
        if self.row_major() {
            let bytes = &self.bytes[self.start..self.start + self.count() * self.number.size()];
            each(self.number, self.big_endian, bytes, take);
        } else {
            self.to_f64().into_iter().enumerate().for_each(|(at, value)| take(at, value));
        }
    }

    /// Its numbers as f64, for short metadata arrays.
    pub(super) fn to_f64(&self) -> Vec<f64> {
        let (rows, cols) = (self.rows(), self.cols());
        let mut out = vec![0.0; rows * cols];
        let bytes = &self.bytes[self.start..self.start + out.len() * self.number.size()];
        self.wide(bytes, &mut out);
        if self.row_major() {
            return out;
        }
        let places: Vec<usize> = (0..cols).map(|column| self.place(column)).collect();
        (0..rows * cols).map(|at| out[places[at % cols] + at / cols]).collect()
    }
}

/// Converts bytes to numbers.
type Read = fn(&[u8], &mut [f32]);

/// Calls `take` with the position and the value of each number.
#[inline(always)]
fn each(number: Number, big_endian: bool, bytes: &[u8], mut take: impl FnMut(usize, f64)) {
    macro_rules! go {
        ($type:ty, $size:literal, $value:expr) => {{
            let value: fn($type) -> f64 = $value;
            for (index, chunk) in bytes.chunks_exact($size).enumerate() {
                let mut raw = [0_u8; $size];
                raw.copy_from_slice(chunk);
                take(index, value(if big_endian { <$type>::from_be_bytes(raw) } else { <$type>::from_le_bytes(raw) }));
            }
        }};
    }
    match number {
        Number::Bool => go!(u8, 1, |v| f64::from(u8::from(v != 0))),
        Number::U8 => go!(u8, 1, f64::from),
        Number::I8 => go!(i8, 1, f64::from),
        Number::U16 => go!(u16, 2, f64::from),
        Number::I16 => go!(i16, 2, f64::from),
        Number::U32 => go!(u32, 4, f64::from),
        Number::I32 => go!(i32, 4, f64::from),
        Number::U64 => go!(u64, 8, |v| v as f64),
        Number::I64 => go!(i64, 8, |v| v as f64),
        Number::F16 => go!(half::f16, 2, f64::from),
        Number::Bf16 => go!(half::bf16, 2, f64::from),
        Number::F32 => go!(f32, 4, f64::from),
        Number::F64 => go!(f64, 8, |v| v),
    }
}

/// Rows per block: about a quarter of a million numbers.
fn block_rows(cols: usize) -> usize {
    ((1 << 18) / cols.max(1)).max(1)
}

/// A part of a file whose numbers are used in place.
struct Part {
    bytes: Arc<Bytes>,
    range: Range<usize>,
}

impl Deref for Part {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        bytemuck::cast_slice(&self.bytes[self.range.clone()])
    }
}

/// Reads an array as observations: images, or a table without names.
pub(super) struct ArrayReader {
    name: String,
    array: Array,
    /// Metadata: other arrays of the same file.
    metadata: Metadata,
    notes: Vec<String>,
    affine: OnceLock<Affine>,
}

impl ArrayReader {
    /// The reader of `array`; `affine` is that of the space that the rows are for.
    ///
    /// # Errors
    /// [`Error::Input`] if the array has no rows or no axes.
    pub(super) fn new(file: &File, name: String, array: Array, metadata: Option<Metadata>, affine: Option<Affine>) -> Result<Self> {
        if array.shape.is_empty() {
            return Err(file.wrong("a single number", "an array with a row for each observation is needed"));
        }
        if array.rows() == 0 || array.cols() == 0 {
            let sizes: Vec<String> = array.shape.iter().map(usize::to_string).collect();
            return Err(file.wrong(format!("an empty array ({})", sizes.join(" x ")), "at least one row and one column are needed"));
        }
        let mut notes = Vec::new();
        if array.shape.len() > 2 && array.image().is_none() {
            let sizes: Vec<String> = array.shape[1..].iter().map(usize::to_string).collect();
            notes.push(format!("{name}: each row, {} numbers, is laid out as {} columns", sizes.join(" x "), array.cols()));
        }
        let affine = affine.map_or_else(OnceLock::new, OnceLock::from);
        let metadata = metadata.unwrap_or_else(|| Metadata::none(array.rows()));
        Ok(ArrayReader { name, array, metadata, notes, affine })
    }

    /// Adds a note.
    pub(super) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// The affine maps from all rows, unless others are set.
    fn settled(&self) -> Result<&Affine> {
        if let Some(affine) = self.affine.get() {
            return Ok(affine);
        }
        let affine = self.array.affine()?;
        Ok(self.affine.get_or_init(|| affine))
    }

    fn part(&self, rows: Range<usize>) -> Result<Observations> {
        let values = if let Some(shape) = self.array.image() {
            let cols = self.array.cols();
            let mut pixels = vec![0_u8; rows.len() * cols];
            if self.array.row_major() {
                let from = self.array.start + rows.start * cols;
                pixels.copy_from_slice(&self.array.bytes[from..from + rows.len() * cols]);
            } else {
                for column in 0..cols {
                    let from = self.array.start + self.array.place(column) + rows.start;
                    for row in 0..rows.len() {
                        pixels[row * cols + column] = self.array.bytes[from + row];
                    }
                }
            }
            Values::Images(Images { shape, pixels: Arc::new(pixels), lower: None })
        } else {
            let affine = self.settled()?;
            let numbers = self.array.table(rows.clone(), affine)?;
            Values::Table(Table { numbers, affine: affine.clone(), names: None, categories: Vec::new() })
        };
        let metadata = self.metadata.slice(rows);
        Ok(Observations { name: self.name.clone(), values, metadata })
    }
}

impl Reader for ArrayReader {
    fn kind(&self) -> DataKind {
        if self.array.image().is_some() { DataKind::Images } else { DataKind::Array }
    }

    fn rows(&self) -> Option<usize> {
        Some(self.array.rows())
    }

    fn columns(&self) -> usize {
        self.array.cols()
    }

    fn names(&self) -> Option<Vec<String>> {
        None
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn rate(&self) -> f64 {
        250e6
    }

    fn labels(&self, _run: &Run) -> Result<Metadata> {
        if self.array.cols() > 1000 {
            let found = format!("{} columns", self.array.cols());
            return Err(Error::input(&self.name, found, "labels are one column, or a few"));
        }
        let metadata = Metadata::from_columns(as_columns("label", &self.array), self.array.rows())?;
        metadata.join(&self.metadata)
    }

    fn read(&self, run: &Run) -> Result<Observations> {
        if !(self.array.is_plain() || self.array.image().is_some()) {
            let bytes = self.array.rows() as u64 * self.array.cols() as u64 * 4;
            run.check_memory("the table", bytes, super::HINT_MEMORY)?;
        }
        run.install(|| self.part(0..self.array.rows()))
    }

    fn affine(&self) -> Option<Affine> {
        self.affine.get().cloned()
    }

    fn settle(&self, run: &Run) -> Result<()> {
        run.install(|| self.settled().map(|_| ()))
    }

    fn hold(&self, affine: &Affine) {
        // Known ones are those from all rows.
        let _ = self.affine.set(affine.clone());
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let rows = self.array.rows();
        let block = super::stream_rows(self.array.cols());
        let first = first / block * block;
        let run = run.clone();
        let blocks = (first..rows).step_by(block).map(move |at| {
            run.check()?;
            // The previous blocks are not needed any more.
            self.array.forget(0..at);
            run.install(|| self.part(at..(at + block).min(rows)))
        });
        Ok((first, Box::new(blocks)))
    }
}

/// The array as metadata, one column per column.
pub(super) fn as_columns(name: &str, array: &Array) -> Vec<(String, ArrayRef)> {
    let values = array.to_f64();
    let (rows, cols) = (array.rows(), array.cols());
    let whole = !matches!(array.number, Number::F16 | Number::Bf16 | Number::F32 | Number::F64);
    let column = |column: usize| -> ArrayRef {
        let cells = (0..rows).map(|row| values[row * cols + column]);
        if whole {
            Arc::new(Int64Array::from_iter_values(cells.map(|value| value as i64)))
        } else {
            Arc::new(cells.map(|value| Some(value).filter(|value| !value.is_nan())).collect::<Float64Array>())
        }
    };
    let named = |index: usize| if cols == 1 { name.to_owned() } else { format!("{name}{index}") };
    (0..cols).map(|index| (named(index), column(index))).collect()
}
