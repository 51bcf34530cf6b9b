//! The preparation of pictures: pixels from 0 to 1, scaled if asked.

use std::sync::Arc;

use super::Sees;
use super::scaling::{Scaling, misfit};
use crate::data::{ImageShape, Images, Observations, Values};
use crate::error::{Error, Result};
use crate::linalg::Fresh;
use crate::linalg::{Matrix, OwnedRows, Pictures};
use crate::parallel::*;

/// How pictures become numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pixels {
    pub(super) shape: ImageShape,
    pub(super) scaling: Scaling,
}

impl Pixels {
    /// Checks that its parts fit pictures of so many numbers.
    pub(super) fn check(&self, columns: usize) -> Result<()> {
        let ImageShape { height, width, channels } = self.shape;
        let numbers = height.checked_mul(width).and_then(|pixels| pixels.checked_mul(channels));
        if numbers == Some(columns) { self.scaling.check(columns) } else { Err(misfit()) }
    }

    /// Pictures as numbers, with their shape if the method sees it.
    pub(super) fn prepare(&self, observations: &Observations, images: &Images, sees: Sees) -> Result<OwnedRows> {
        let (shape, found) = (self.shape, images.shape);
        if shape != found {
            return Err(Error::input(
                &observations.name,
                format!("pictures of {} x {} x {}", found.height, found.width, found.channels),
                format!("this space takes pictures of {} x {} x {} (height, width, channels)", shape.height, shape.width, shape.channels),
            ));
        }
        let pixels = self.rows(images, observations.rows())?;
        Ok(if sees == Sees::Pictures { OwnedRows::Pictures(Pictures { shape, pixels }) } else { OwnedRows::Dense(pixels) })
    }

    /// Rows of pixels from 0 to 1, scaled.
    fn rows(&self, images: &Images, rows: usize) -> Result<Matrix> {
        let width = self.shape.len();
        let plain: Vec<f32> = (0..=255_u8).map(|pixel| f32::from(pixel) / 255.0).collect();
        let mut out = Fresh::new(rows, width)?;
        let block = ((1 << 18) / width.max(1)).max(1) * width;
        out.par_chunks_mut(block.max(1)).enumerate().for_each(|(index, out)| {
            let from = index * block.max(1);
            let pixels = &images.pixels[from..from + out.len()];
            match &images.lower {
                None => out.iter_mut().zip(pixels).for_each(|(out, &pixel)| *out = plain[usize::from(pixel)]),
                Some(lower) => out.iter_mut().zip(pixels).zip(&lower[from..]).for_each(|((out, &upper), &lower)| {
                    *out = f32::from(u16::from_be_bytes([upper, lower])) / 65535.0;
                }),
            }
            if !self.scaling.is_identity() {
                for row in out.chunks_exact_mut(width) {
                    for (column, value) in row.iter_mut().enumerate() {
                        *value = ((f64::from(*value) - self.scaling.center(column)) / self.scaling.spread(column)) as f32;
                    }
                }
            }
        });
        out.matrix(rows, width)
    }

    /// The pictures of rows `[n, pixels]`, rounded to 8 bits.
    pub(super) fn restore(&self, rows: &Matrix) -> Values {
        let pixel = |column: usize, value: f32| {
            let value = f64::from(value) * self.scaling.spread(column) + self.scaling.center(column);
            (value * 255.0).round().clamp(0.0, 255.0) as u8
        };
        let pixels =
            (0..rows.rows()).flat_map(|row| rows.row(row).iter().enumerate()).map(|(column, &value)| pixel(column, value)).collect();
        Values::Images(Images { shape: self.shape, pixels: Arc::new(pixels), lower: None })
    }
}
