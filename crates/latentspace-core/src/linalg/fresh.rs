//! Allocation of zeroed tables, with huge pages for large ones: the first touch of a small page costs more than filling it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use memmap2::MmapMut;

use super::Matrix;
use crate::error::{Error, Result};

/// Size in bytes from which huge pages are used.
const LARGE: usize = 8 << 20;

/// A zeroed table.
pub enum Fresh {
    /// A small one.
    Held(Vec<f32>),
    /// A large one.
    Mapped(MmapMut),
}

impl Fresh {
    /// `rows * cols` zeros; pages are allocated when they are first written.
    ///
    /// # Errors
    /// [`Error::Memory`] if the system refuses the allocation.
    pub fn new(rows: usize, cols: usize) -> Result<Self> {
        let bytes = rows.checked_mul(cols).and_then(|cells| cells.checked_mul(4)).unwrap_or(usize::MAX);
        if bytes < LARGE {
            return Ok(Fresh::Held(vec![0.0; bytes / 4]));
        }
        let refused = || Error::Memory {
            what: "the table".to_owned(),
            needed: bytes as u64,
            allowed: 0,
            hint: "a method that folds reads it in blocks".to_owned(),
        };
        let map = MmapMut::map_anon(bytes).map_err(|_| refused())?;
        // Small pages are the fallback.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Ok(Fresh::Mapped(map))
    }

    /// The numbers as a matrix.
    ///
    /// # Errors
    /// [`Error::Internal`] if the shape does not fit.
    pub fn matrix(self, rows: usize, cols: usize) -> Result<Matrix> {
        match self {
            Fresh::Held(cells) => Matrix::new(rows, cols, cells),
            mapped => Matrix::shared(rows, cols, Arc::new(mapped)),
        }
    }
}

impl Deref for Fresh {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            Fresh::Held(cells) => cells,
            Fresh::Mapped(map) => bytemuck::cast_slice(map),
        }
    }
}

impl DerefMut for Fresh {
    fn deref_mut(&mut self) -> &mut [f32] {
        match self {
            Fresh::Held(cells) => cells,
            Fresh::Mapped(map) => bytemuck::cast_slice_mut(map),
        }
    }
}
