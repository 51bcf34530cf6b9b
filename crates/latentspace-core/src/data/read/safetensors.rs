//! `.safetensors`: named arrays behind a header of JSON. One of them is learned from; lists with one entry per row are metadata.

use safetensors::{Dtype, SafeTensors};

use super::array::{Array, Layout, Number};
use super::bytes::File;
use super::{Ask, Reader, npz};
use crate::error::Result;

/// Maximum length of a header, checked before it is read.
const MOST_HEADER: u64 = 16 << 20;

/// Opens a file of named arrays.
///
/// # Errors
/// [`crate::Error::Input`] for an invalid file, or one without an array of numbers.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    let wanted = "a whole .safetensors file is needed";
    let length = bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    if length == 0 || length > MOST_HEADER || length > bytes.len() as u64 {
        return Err(file.wrong(format!("its first 8 bytes give a header of {length} bytes, and the file has {}", bytes.len()), wanted));
    }
    let tensors =
        SafeTensors::deserialize(&bytes).map_err(|error| file.wrong(format!("its header does not fit its content ({error})"), wanted))?;
    let mut arrays = Vec::new();
    for (name, view) in tensors.iter() {
        let number = match view.dtype() {
            Dtype::BOOL => Number::Bool,
            Dtype::U8 => Number::U8,
            Dtype::I8 => Number::I8,
            Dtype::U16 => Number::U16,
            Dtype::I16 => Number::I16,
            Dtype::U32 => Number::U32,
            Dtype::I32 => Number::I32,
            Dtype::U64 => Number::U64,
            Dtype::I64 => Number::I64,
            Dtype::F16 => Number::F16,
            Dtype::BF16 => Number::Bf16,
            Dtype::F32 => Number::F32,
            Dtype::F64 => Number::F64,
            _ => continue,
        };
        let start = view.data().as_ptr() as usize - bytes.as_ptr() as usize;
        let layout = Layout { start, number, big_endian: false, shape: view.shape().to_vec(), fortran: false };
        arrays.push((name.to_owned(), Array::new(file, bytes.clone(), layout)?));
    }
    arrays.sort_by(|a, b| a.0.cmp(&b.0));
    npz::reader(file, arrays, Vec::new(), Vec::new(), ask)
}
