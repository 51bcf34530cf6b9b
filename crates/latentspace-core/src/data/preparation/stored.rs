//! A preparation as it is stored: one flat object, whose fields of other kinds are absent.

use serde::{Deserialize, Serialize};

use super::columns::{Columns, Levels};
use super::pixels::Pixels;
use super::scaling::{Scaling, misfit};
use super::words::Words;
use super::{Form, Preparation, Sees};
use crate::data::{Affine, DataKind, ImageShape, Missing, Scale, exact};
use crate::error::{Error, Result};
use crate::text::Kept;

#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    kind: DataKind,
    columns: usize,
    image: Option<ImageShape>,
    scale: Scale,
    missing: Missing,
    names: Option<Vec<String>>,
    #[serde(flatten)]
    affine: Affine,
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    centers: Vec<f64>,
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    spreads: Vec<f64>,
    #[serde(with = "exact", default, skip_serializing_if = "Vec::is_empty")]
    fills: Vec<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    categories: Vec<Levels>,
    #[serde(default, skip_serializing_if = "Sees::is_rows")]
    sees: Sees,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Kept>,
    told: Vec<String>,
}

impl From<Preparation> for Stored {
    fn from(preparation: Preparation) -> Self {
        let Preparation { kind, columns, scale, missing, names, sees, form, told } = preparation;
        let (mut image, mut affine, mut scaling, mut categories) = (None, Affine::default(), Scaling::default(), Vec::new());
        let (mut base, mut text) = (None, None);
        match form {
            Form::Columns(columns) => (affine, scaling, categories) = (columns.affine, columns.scaling, columns.categories),
            Form::Pictures(pixels) => (image, scaling) = (Some(pixels.shape), pixels.scaling),
            Form::Counts { base: first } => base = first,
            Form::Text(words) => text = Some(words.kept),
        }
        let Scaling { centers, spreads, fills } = scaling;
        Stored { kind, columns, image, scale, missing, names, affine, centers, spreads, fills, categories, sees, base, text, told }
    }
}

impl TryFrom<Stored> for Preparation {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self> {
        let Stored { kind, columns, image, scale, missing, names, affine, centers, spreads, fills, categories, sees, base, text, told } =
            stored;
        let numbers = columns.checked_sub(categories.len()).ok_or_else(misfit)?;
        let scaling = Scaling { centers, spreads, fills };
        let has_columns = !(affine.is_identity() && categories.is_empty());
        let form = match (kind, image, text) {
            (DataKind::Table | DataKind::Array, None, None) => {
                Form::Columns(Columns { numbers, affine, scaling, keep: missing == Missing::Keep, categories })
            }
            (DataKind::Images, Some(shape), None) if !has_columns => Form::Pictures(Pixels { shape, scaling }),
            (DataKind::Counts, None, None) if !has_columns && scaling.is_identity() => Form::Counts { base },
            (DataKind::Text, None, Some(kept)) if !has_columns && scaling.is_identity() => Form::Text(Words::new(kept)),
            _ => return Err(misfit()),
        };
        Ok(Preparation { kind, columns, scale, missing, names, sees, form, told })
    }
}
