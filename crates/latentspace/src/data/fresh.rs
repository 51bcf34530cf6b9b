//! New tables to be filled: in large pages where they are large, since the first touch of every small page costs more than its numbers.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use memmap2::MmapMut;

use crate::error::{Error, Result};
use crate::linalg::Matrix;

/// From this many bytes on, large pages pay.
const LARGE: usize = 8 << 20;

/// Numbers that are all 0, to be filled.
pub(super) enum Fresh {
    /// Few.
    Held(Vec<f32>),
    /// Many.
    Mapped(MmapMut),
}

impl Fresh {
    /// `rows * cols` zeros; no page of them is taken before it is written.
    ///
    /// # Errors
    /// [`Error::Memory`] if the system refuses so many.
    pub(super) fn new(rows: usize, cols: usize) -> Result<Self> {
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
        // Where the system has no large pages, small ones serve.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Ok(Fresh::Mapped(map))
    }

    /// The table of these numbers.
    ///
    /// # Errors
    /// [`Error::Internal`] if the shape is another.
    pub(super) fn matrix(self, rows: usize, cols: usize) -> Result<Matrix> {
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
