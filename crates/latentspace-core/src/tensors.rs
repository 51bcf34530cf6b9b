//! Named dense arrays and their safetensors files: the arrays of a model in the space file.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::linalg::Matrix;

/// The format version of the files that this program writes: spaces, checkpoints, statistics.
pub const FORMAT: u32 = 1;

/// Maximum length of a header in bytes: the limit of safetensors readers.
const MAX_HEADER: u64 = 100_000_000;

/// A kind of file that this program writes.
pub struct FileKind {
    /// The key of its header among the metadata.
    pub key: &'static str,
    /// Its name in sentences.
    pub name: &'static str,
    /// The command that writes it.
    pub writer: &'static str,
}

impl FileKind {
    /// The error for a file that is not of this kind.
    pub fn broken(&self, why: &str) -> Error {
        Error::input(self.name, format!("this is not a {} file: {why}", self.name), format!("a file that {} wrote is needed", self.writer))
    }
}

/// Arrays by name, in the order of their names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tensors(BTreeMap<String, Tensor>);

/// An array: its shape and its numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Tensor {
    /// Numbers of 32 bits.
    F32(Vec<usize>, Matrix),
    /// Numbers of 64 bits.
    F64(Vec<usize>, Vec<f64>),
    /// Integers: row numbers, categories.
    U32(Vec<usize>, Vec<u32>),
    /// Bytes: pixels, or an embedded file of another format.
    U8(Vec<usize>, Vec<u8>),
}

impl Tensors {
    /// Adds an array.
    ///
    /// # Errors
    /// [`Error::Internal`] if the name is taken.
    pub fn put(&mut self, name: &str, tensor: Tensor) -> Result<()> {
        match self.0.insert(name.to_owned(), tensor) {
            None => Ok(()),
            Some(_) => Err(Error::internal(format!("two tensors are named {name}"))),
        }
    }

    /// Adds a table, `[rows, cols]`.
    ///
    /// # Errors
    /// [`Error::Internal`] if the name is taken.
    pub fn put_matrix(&mut self, name: &str, matrix: &Matrix) -> Result<()> {
        self.put(name, Tensor::F32(vec![matrix.rows(), matrix.cols()], matrix.clone()))
    }

    /// Adds a list of f64.
    ///
    /// # Errors
    /// [`Error::Internal`] if the name is taken.
    pub fn put_f64(&mut self, name: &str, values: &[f64]) -> Result<()> {
        self.put(name, Tensor::F64(vec![values.len()], values.to_vec()))
    }

    /// Adds the arrays of another collection under `name/`.
    ///
    /// # Errors
    /// [`Error::Internal`] if a name is taken.
    pub fn nest(&mut self, name: &str, inner: Tensors) -> Result<()> {
        inner.0.into_iter().try_for_each(|(inner, tensor)| self.put(&format!("{name}/{inner}"), tensor))
    }

    /// The arrays under `name/`.
    pub fn nested(&self, name: &str) -> Tensors {
        let inner = |(full, tensor): (&String, &Tensor)| {
            full.strip_prefix(name).and_then(|rest| rest.strip_prefix('/')).map(|inner| (inner.to_owned(), tensor.clone()))
        };
        Tensors(self.0.iter().filter_map(inner).collect())
    }

    /// All arrays, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.0.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// The table with this name, which must have these numbers of rows and columns, if given.
    ///
    /// # Errors
    /// [`Error::Input`] if it is missing or has another type or shape.
    pub fn matrix(&self, name: &str, rows: Option<usize>, cols: Option<usize>) -> Result<Matrix> {
        match self.0.get(name) {
            Some(Tensor::F32(shape, matrix))
                if shape.len() == 2 && rows.is_none_or(|rows| rows == shape[0]) && cols.is_none_or(|cols| cols == shape[1]) =>
            {
                Ok(matrix.clone())
            }
            found => {
                let any = |n: Option<usize>| n.map_or("any".to_owned(), |n| n.to_string());
                Err(wrong(name, found, &format!("f32 of {} x {} is needed", any(rows), any(cols))))
            }
        }
    }

    /// The list of f64 with this name, which must have `len` entries, if given.
    ///
    /// # Errors
    /// [`Error::Input`] if it is missing or has another type or shape.
    pub fn f64(&self, name: &str, len: Option<usize>) -> Result<&[f64]> {
        match self.0.get(name) {
            Some(Tensor::F64(shape, values)) if shape.len() == 1 && len.is_none_or(|len| len == values.len()) => Ok(values),
            found => Err(wrong(name, found, &format!("f64 of {} is needed", len.map_or("any length".to_owned(), |n| n.to_string())))),
        }
    }

    /// The list of u32 with this name, which must have `len` entries, if given.
    ///
    /// # Errors
    /// [`Error::Input`] if it is missing or has another type or shape.
    pub fn u32(&self, name: &str, len: Option<usize>) -> Result<&[u32]> {
        match self.0.get(name) {
            Some(Tensor::U32(_, values)) if len.is_none_or(|len| len == values.len()) => Ok(values),
            found => Err(wrong(name, found, &format!("u32 of {} is needed", len.map_or("any length".to_owned(), |n| n.to_string())))),
        }
    }

    /// The bytes with this name, if there are any.
    pub fn u8(&self, name: &str) -> Option<&[u8]> {
        match self.0.get(name) {
            Some(Tensor::U8(_, values)) => Some(values),
            _ => None,
        }
    }

    /// All arrays as one safetensors file whose metadata hold a versioned JSON document.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is NaN or infinite; [`Error::Input`] if the header exceeds 100 MB.
    pub fn to_file(&self, kind: &FileKind, header: &impl Serialize) -> Result<Vec<u8>> {
        if let Some((name, _)) = self.iter().find(|(_, tensor)| !tensor.is_finite()) {
            return Err(Error::internal(format!("the tensor '{name}' holds NaN or infinity; it is not written")));
        }
        let header = serde_json::to_string(header).map_err(|error| Error::internal(error.to_string()))?;
        let metadata = HashMap::from([(kind.key.to_owned(), header)]);
        safetensors::serialize(self.0.iter().map(|(name, tensor)| (name, Lent(tensor))), Some(metadata)).map_err(|error| match error {
            SafeTensorError::HeaderTooLarge => {
                let found = "names and descriptions of columns that do not fit into a header";
                Error::input(kind.name, found, format!("the header of a safetensors file has at most {} MB", MAX_HEADER / 1_000_000))
                    .with_hint("of text, --max-words keeps fewer words")
            }
            error => Error::internal(error.to_string()),
        })
    }

    /// Parses the JSON document and the arrays of a file of this kind. Lengths and shapes are checked before anything is copied.
    ///
    /// # Errors
    /// [`Error::Input`] if lengths, shapes or types do not fit, if a number is NaN or infinite, or if the header is of another kind, of a newer
    /// version, or longer than 100 MB.
    pub fn from_file<H: DeserializeOwned>(bytes: &[u8], kind: &FileKind) -> Result<(H, Self)> {
        let wrong = |found: String| kind.broken(&found);
        let length = bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
        if length == 0 || length > MAX_HEADER || length > bytes.len() as u64 {
            return Err(wrong(format!("not a safetensors file: its first 8 bytes give a header of {length} bytes")));
        }
        let (_, head) = SafeTensors::read_metadata(bytes).map_err(|error| wrong(format!("its header cannot be read: {error}")))?;
        let metadata = head
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(kind.key))
            .ok_or_else(|| wrong(format!("it has no metadata named '{}'", kind.key)))?
            .clone();
        let header: Value = serde_json::from_str(&metadata).map_err(|error| wrong(error.to_string()))?;
        match header["format"].as_u64() {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => {
                let error = Error::input(kind.name, format!("format {format}"), format!("this program reads formats up to {FORMAT}"));
                let newer = format > u64::from(FORMAT);
                return Err(if newer { error.with_hint("update latentspace: a newer version wrote this file") } else { error });
            }
            None => return Err(wrong("its metadata have no format".to_owned())),
        }
        let header = serde_json::from_value(header).map_err(|error| wrong(error.to_string()))?;
        let file = SafeTensors::deserialize(bytes).map_err(|error| wrong(format!("its tensors cannot be read: {error}")))?;
        let mut tensors = Tensors::default();
        for (name, view) in file.iter() {
            let shape = view.shape().to_vec();
            let tensor = match view.dtype() {
                Dtype::F32 => {
                    let (rows, cols) = match shape.as_slice() {
                        [rows, cols] => (*rows, *cols),
                        _ => (view.data().len() / 4, 1),
                    };
                    Tensor::F32(shape, Matrix::new(rows, cols, numbers(view.data()))?)
                }
                Dtype::F64 => Tensor::F64(shape, numbers(view.data())),
                Dtype::U32 => Tensor::U32(shape, numbers(view.data())),
                Dtype::U8 => Tensor::U8(shape, view.data().to_vec()),
                other => return Err(wrong(format!("the tensor '{name}' has the type {other:?}"))),
            };
            if !tensor.is_finite() {
                return Err(wrong(format!("the tensor '{name}' holds NaN or infinity")));
            }
            tensors.put(name, tensor)?;
        }
        Ok((header, tensors))
    }

    /// Whether there is an array with this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl Tensor {
    /// The length along each axis.
    pub fn shape(&self) -> &[usize] {
        match self {
            Tensor::F32(shape, _) | Tensor::F64(shape, _) | Tensor::U32(shape, _) | Tensor::U8(shape, _) => shape,
        }
    }

    /// The name of its type in safetensors.
    fn dtype(&self) -> Dtype {
        match self {
            Tensor::F32(..) => Dtype::F32,
            Tensor::F64(..) => Dtype::F64,
            Tensor::U32(..) => Dtype::U32,
            Tensor::U8(..) => Dtype::U8,
        }
    }

    /// Its bytes, little-endian.
    fn bytes(&self) -> &[u8] {
        match self {
            Tensor::F32(_, matrix) => bytemuck::cast_slice(matrix.as_slice()),
            Tensor::F64(_, values) => bytemuck::cast_slice(values),
            Tensor::U32(_, values) => bytemuck::cast_slice(values),
            Tensor::U8(_, values) => values,
        }
    }

    /// Whether each number is finite.
    fn is_finite(&self) -> bool {
        match self {
            Tensor::F32(_, matrix) => matrix.as_slice().iter().all(|v| v.is_finite()),
            Tensor::F64(_, values) => values.iter().all(|v| v.is_finite()),
            Tensor::U32(..) | Tensor::U8(..) => true,
        }
    }
}

/// A borrowed tensor for the writer.
struct Lent<'a>(&'a Tensor);

impl safetensors::View for Lent<'_> {
    fn dtype(&self) -> Dtype {
        self.0.dtype()
    }
    fn shape(&self) -> &[usize] {
        self.0.shape()
    }
    fn data(&self) -> Cow<'_, [u8]> {
        self.0.bytes().into()
    }
    fn data_len(&self) -> usize {
        self.0.bytes().len()
    }
}

#[cfg(target_endian = "big")]
compile_error!("space files are little-endian, and this program writes the machine's own order");

/// Numbers from little-endian bytes of any alignment.
fn numbers<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Vec<T> {
    bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned).collect()
}

fn wrong(name: &str, found: Option<&Tensor>, wanted: &str) -> Error {
    let found = match found {
        None => format!("the tensor '{name}' is missing"),
        Some(tensor) => format!("the tensor '{name}' has the shape {:?} or another type", tensor.shape()),
    };
    Error::input("space", found, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_header_is_read_again_and_one_that_nobody_reads_is_not_written() {
        const KIND: FileKind = FileKind { key: "test", name: "test", writer: "a test" };
        let file = |bytes: usize| Tensors::default().to_file(&KIND, &serde_json::json!({ "format": FORMAT, "names": "w".repeat(bytes) }));
        let long = file(20 << 20).unwrap();
        let (header, _): (Value, Tensors) = Tensors::from_file(&long, &KIND).unwrap();
        assert_eq!(header["names"].as_str().map(str::len), Some(20 << 20));
        let Err(Error::Input(error)) = file(101_000_000) else { panic!("101 MB of names were written") };
        assert!(error.to_string().contains("100 MB"), "{error}");
    }
}
