//! The preparation of counts: they are kept sparse and taken as they are.

use std::borrow::Cow;
use std::collections::HashMap;

use super::cells::{infinite, lacking};
use crate::data::{Counts, Observations};
use crate::error::{Error, Result};
use crate::linalg::SparseMatrix;

/// Counts as sparse rows, their columns in the order of the preparation's names. None if they have another number of columns than the
/// preparation.
pub(super) fn prepare(
    observations: &Observations,
    counts: &Counts,
    columns: usize,
    names: Option<&[String]>,
) -> Result<Option<SparseMatrix>> {
    let arranged = arranged(names, &observations.name, counts)?;
    let counts = arranged.as_ref();
    if counts.cols != columns {
        return Ok(None);
    }
    for row in 0..counts.rows() {
        let (columns, values) = counts.row(row);
        if let Some((&column, value)) = columns.iter().zip(values).find(|(_, value)| !value.is_finite()) {
            let name = counts.names.as_ref().map_or((column + 1).to_string(), |names| names[column as usize].clone());
            let row = row as u64 + 1;
            return Err(if value.is_nan() { lacking("", row, &name) } else { infinite("", row, &name) });
        }
    }
    Ok(Some(arranged.into_owned().matrix))
}

/// The counts with their columns in the order of the preparation, by name where both have names; others are left out.
fn arranged<'a>(wanted: Option<&[String]>, file: &str, counts: &'a Counts) -> Result<Cow<'a, Counts>> {
    let (Some(wanted), Some(names)) = (wanted, counts.names.as_deref()) else { return Ok(Cow::Borrowed(counts)) };
    if wanted == names {
        return Ok(Cow::Borrowed(counts));
    }
    let places: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).rev().collect();
    let mut to = vec![None; counts.cols];
    for (at, name) in wanted.iter().enumerate() {
        let Some(&place) = places.get(name.as_str()) else {
            let error = Error::input(file, format!("no column '{name}'"), "this space needs it");
            return Err(match crate::error::nearest(name, names.iter().map(String::as_str)) {
                Some(near) => error.with_hint(format!("there is '{near}'")),
                None => error,
            });
        };
        to[place] = Some(at as u32);
    }
    let mut out = SparseMatrix::none(wanted.len());
    let mut cells = Vec::new();
    for row in 0..counts.rows() {
        let (columns, values) = counts.row(row);
        cells.clear();
        cells.extend(columns.iter().zip(values).filter_map(|(&column, &value)| Some((to[column as usize]?, value))));
        cells.sort_unstable_by_key(|(column, _)| *column);
        out.indices.extend(cells.iter().map(|(column, _)| *column));
        out.values.extend(cells.iter().map(|(_, value)| *value));
        out.starts.push(out.indices.len());
    }
    Ok(Cow::Owned(Counts { names: Some(wanted.to_vec()), ..out.into() }))
}
