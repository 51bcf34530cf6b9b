//! Arrays in memory of another owner, read like their `.npy` file: the same numbers, to the bit.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use super::array::{Array, ArrayReader, Layout};
use super::bytes::{Bytes, File, Packing};
use super::{Reader, npy};
use crate::data::{Observations, Preparation, Values};
use crate::error::Result;
use crate::run::Run;

/// An array in memory, as NumPy describes it.
#[derive(Clone)]
pub struct MemoryArray {
    /// Its name in errors.
    pub name: String,
    /// Its contiguous bytes.
    pub bytes: Arc<dyn Deref<Target = [u8]> + Send + Sync>,
    /// NumPy's name of the type of its numbers: `<f4`.
    pub descr: String,
    /// The length along each axis; the first is that of the rows.
    pub shape: Vec<usize>,
    /// Whether it is in Fortran order.
    pub fortran: bool,
    /// Names of its columns, if it has names.
    pub names: Option<Vec<String>>,
}

impl MemoryArray {
    /// The array as observations; `preparation` is that of a space that its rows are for. Contiguous rows of f32 are used in
    /// /// place, all others are converted once.
    ///
    /// # Errors
    /// [`crate::Error::Input`] for an invalid array; [`crate::Error::Memory`].
    pub fn read(&self, preparation: Option<&Preparation>, run: &Run) -> Result<Observations> {
        let len = self.bytes.len() as u64;
        let file = File { path: PathBuf::from(&self.name), packing: Packing::None, len, limit: len, always: len };
        let (big_endian, number) = npy::number(&file, &self.descr)?;
        let layout = Layout { start: 0, number, big_endian, shape: self.shape.clone(), fortran: self.fortran };
        let array = Array::new(&file, Arc::new(Bytes::Shared(Arc::clone(&self.bytes))), layout)?;
        let affine = preparation.map(|preparation| preparation.affine());
        let mut observations = ArrayReader::new(&file, self.name.clone(), array, None, affine)?.read(run)?;
        if let Values::Table(table) = &mut observations.values {
            table.names = self.names.clone().filter(|names| names.len() == table.numbers.cols());
        }
        Ok(observations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_where_they_lie_or_converted() {
        let run = Run::new(0, 1).unwrap();
        let numbers: Vec<f32> = (0..6).map(|value| value as f32).collect();
        let bytes: Vec<u8> = bytemuck::cast_slice(&numbers).to_vec();
        let start = bytes.as_ptr() as usize;
        let aligned = start.is_multiple_of(4);
        let array = MemoryArray {
            name: "X".into(),
            bytes: Arc::new(bytes),
            descr: "<f4".into(),
            shape: vec![2, 3],
            fortran: false,
            names: Some(["a", "b", "c"].map(str::to_owned).to_vec()),
        };
        let Values::Table(table) = array.read(None, &run).unwrap().values else { panic!("no table") };
        assert_eq!(table.numbers.as_slice(), numbers);
        assert_eq!(table.numbers.as_slice().as_ptr() as usize == start, aligned);
        assert_eq!(table.column_name(2), "c");
        let turned = MemoryArray { fortran: true, names: None, ..array.clone() };
        let Values::Table(table) = turned.read(None, &run).unwrap().values else { panic!("no table") };
        assert_eq!(table.numbers.as_slice(), [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
        let error = MemoryArray { shape: vec![3, 3], ..array }.read(None, &run).unwrap_err();
        assert!(error.to_string().starts_with("X: "), "{error}");
    }
}
