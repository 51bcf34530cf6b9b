//! Sparse matrices in `.npz` archives, as SciPy's `save_npz` writes them: CSR, CSC, COO, BSR and DIA.
//!
//! Source: scipy.sparse, whose members are `format`, `shape`, `data` and, by format, `indices`, `indptr`, `row`, `col`, `coords`, `offsets`.

use super::array::Array;
use super::bytes::File;
use super::sparse::{Narrowed, check_columns, check_rows, counts};
use super::{Ask, excerpt};
use crate::data::Counts;
use crate::error::{Error, Result};

/// The members of an archive that make a sparse matrix.
const MEMBERS: [&str; 9] = ["format", "shape", "data", "indices", "indptr", "row", "col", "coords", "offsets"];
/// A member that SciPy also writes, for the Python class.
const IGNORED: &str = "_is_array";

/// Whether arrays of these names are a sparse matrix.
pub(super) fn is_sparse(format: Option<&str>, arrays: &[(String, Array)]) -> bool {
    let has = |name: &str| arrays.iter().any(|(known, _)| known == name);
    format.is_some() && has("shape") && has("data")
}

/// Removes the sparse matrix from these arrays, and keeps the others.
///
/// # Errors
/// [`Error::Input`] for an unknown format, and for inconsistent arrays.
pub(super) fn take(file: &File, ask: &Ask<'_>, format: &str, arrays: &mut Vec<(String, Array)>) -> Result<Counts> {
    let (own, others) = std::mem::take(arrays).into_iter().partition(|(name, _)| MEMBERS.contains(&name.as_str()));
    *arrays = others;
    arrays.retain(|(name, _)| name != IGNORED);
    let members = Members { file, arrays: own };
    let shape = members.whole("shape")?;
    let [rows, cols] = shape[..] else {
        return Err(file.wrong(format!("a sparse array of {} axes", shape.len()), "rows and columns are needed"));
    };
    let rows = check_rows(file, "rows", rows.into(), file.len as usize)?;
    let cols = check_columns(file, ask, "columns", cols.into(), file.len as usize)?;
    let data = members.get("data")?;
    let mut cells: Vec<(u32, u32, f32)> = Vec::new();
    let mut narrowed = Narrowed::default();
    let mut narrow = |value: f64| narrowed.take(value as f32, || Some(value));
    match format {
        "csr" => compressed(&members, data, rows, [1, 1], |row, col, value| cells.push((row, col, narrow(value))))?,
        "csc" => compressed(&members, data, cols, [1, 1], |col, row, value| cells.push((row, col, narrow(value))))?,
        "bsr" => {
            let &[_, height, width] = data.shape() else { return Err(members.unfit("data")) };
            compressed(&members, data, rows, [height, width], |row, col, value| cells.push((row, col, narrow(value))))?;
        }
        "coo" => {
            let (row, col) = if members.has("coords") {
                let coords = members.whole("coords")?;
                let (row, col) = coords.split_at(coords.len() / 2);
                (row.to_vec(), col.to_vec())
            } else {
                (members.whole("row")?, members.whole("col")?)
            };
            if row.len() != col.len() || row.len() != data.count() {
                return Err(members.unfit("row, col and data"));
            }
            data.each(|at, value| cells.push((row[at], col[at], narrow(value))));
        }
        "dia" => {
            let offsets = members.get("offsets")?.to_f64();
            let &[diagonals, length] = data.shape() else { return Err(members.unfit("data")) };
            if offsets.len() != diagonals {
                return Err(members.unfit("offsets and data"));
            }
            data.each(|at, value| {
                let (diagonal, col) = (at / length, at % length);
                let row = col as f64 - offsets[diagonal];
                if col < cols && row >= 0.0 && row < rows as f64 && value != 0.0 {
                    cells.push((row as u32, col as u32, narrow(value)));
                }
            });
        }
        other => {
            let wanted = "csr, csc, coo, bsr and dia are read";
            return Err(file.wrong(format!("a sparse matrix in the format '{}'", excerpt(other)), wanted));
        }
    }
    narrowed.check(file)?;
    drop(members);
    if let Some((row, col, _)) = cells.iter().find(|(row, col, _)| *row as usize >= rows || *col as usize >= cols) {
        let wanted = format!("there are {rows} rows and {cols} columns, counted from 0");
        return Err(file.wrong(format!("a cell in row {row}, column {col}"), wanted));
    }
    Ok(counts(rows, cols, cells))
}

/// The cells of so many lines that are written one after the other: line, place within it, value; each may be a block of cells.
fn compressed(
    members: &Members<'_>,
    data: &Array,
    lines: usize,
    [height, width]: [usize; 2],
    mut cell: impl FnMut(u32, u32, f64),
) -> Result<()> {
    let (starts, indices) = (members.whole("indptr")?, members.whole("indices")?);
    let block = height * width;
    let fits = starts.len().checked_sub(1).and_then(|blocks| blocks.checked_mul(height)) == Some(lines)
        && starts.first() == Some(&0)
        && starts.is_sorted()
        && starts.last().is_some_and(|&last| last as usize <= indices.len())
        && indices.len().checked_mul(block) == Some(data.count());
    if !fits {
        return Err(members.unfit("indptr, indices and data"));
    }
    let held = starts.last().map_or(0, |&last| last as usize);
    let mut line = 0;
    let mut outside = false;
    data.each(|at, value| {
        let (entry, within) = (at / block, at % block);
        if entry >= held {
            return;
        }
        while starts[line + 1] as usize <= entry {
            line += 1;
        }
        let places = [(line, height, within / width), (indices[entry] as usize, width, within % width)];
        match places.map(|(place, size, within)| u32::try_from(place * size + within)) {
            [Ok(line), Ok(place)] => cell(line, place, value),
            _ => outside = true,
        }
    });
    if outside { Err(members.unfit("indices and shape")) } else { Ok(()) }
}

/// The arrays of one sparse matrix.
struct Members<'a> {
    file: &'a File,
    arrays: Vec<(String, Array)>,
}

impl Members<'_> {
    fn has(&self, name: &str) -> bool {
        self.arrays.iter().any(|(known, _)| known == name)
    }

    fn get(&self, name: &str) -> Result<&Array> {
        let found = self.arrays.iter().find(|(known, _)| known == name);
        let lacking = || self.file.wrong(format!("a sparse matrix without '{name}'"), "a whole file of scipy.sparse.save_npz is needed");
        found.map(|(_, array)| array).ok_or_else(lacking)
    }

    /// The numbers of an array as 32-bit integers.
    fn whole(&self, name: &str) -> Result<Vec<u32>> {
        let array = self.get(name)?;
        let mut out = Vec::with_capacity(array.count());
        let mut fits = true;
        array.each(|_, value| {
            fits &= value >= 0.0 && value <= f64::from(u32::MAX) && value.fract() == 0.0;
            out.push(value as u32);
        });
        let wrong =
            || self.file.wrong(format!("numbers of '{name}' that are not indices"), "whole numbers from 0 to 4294967295 are needed");
        if fits { Ok(out) } else { Err(wrong()) }
    }

    fn unfit(&self, what: &str) -> Error {
        self.file.wrong(format!("{what} that do not fit together"), "a whole file of scipy.sparse.save_npz is needed")
    }
}
