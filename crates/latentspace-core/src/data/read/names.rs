//! Files of names of columns or rows: one per line, or tab-separated fields.

use std::collections::BTreeMap;
use std::path::Path;

use crate::arrow::array::AsArray;

use super::bytes::{File, MOST_UNPACKED, Packing};
use super::{ReadOptions, always_unpacked, excerpt, npy};
use crate::border;
use crate::error::{Error, Result};

/// The names in a file: the second field of lines with several fields, as 10x writes identifier and name of a gene; duplicates are
/// distinguished by the first field, or by a number. An array of text in `.npy` format is accepted, too.
///
/// # Errors
/// [`Error::Io`]; [`Error::Input`] with the row for invalid text.
pub(super) fn of_columns(path: &Path, options: &ReadOptions) -> Result<Vec<String>> {
    let lines = fields(path, options)?;
    let name = |fields: &Vec<String>| fields.get(1).unwrap_or(&fields[0]).clone();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    lines.iter().for_each(|fields| *times.entry(name(fields)).or_default() += 1);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let different = |fields: &Vec<String>| {
        let name = name(fields);
        if times.get(&name) == Some(&1) {
            return name;
        }
        let name = if fields.len() > 1 { format!("{name} ({})", fields[0]) } else { name };
        let number = seen.entry(name.clone()).or_default();
        *number += 1;
        if *number > 1 { format!("{name}_{number}") } else { name }
    };
    Ok(lines.iter().map(different).collect())
}

/// The lines of a file, each as its fields.
///
/// # Errors
/// As [`of_columns`].
pub(super) fn fields(path: &Path, options: &ReadOptions) -> Result<Vec<Vec<String>>> {
    let file = File::at(path, options)?;
    border::guard(path, || {
        let bytes = file.bytes()?;
        if bytes.starts_with(b"\x93NUMPY") {
            let list = npy::text(&file, &bytes)?;
            let cells = list.as_ref().and_then(|list| list.as_string_opt::<i32>());
            let cells = cells.ok_or_else(|| file.wrong("an array that is not a list of text", "names are text, one for each column"))?;
            return Ok(cells.iter().map(|cell| vec![cell.unwrap_or_default().to_owned()]).collect());
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut lines = Vec::new();
        for (at, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let wrong = || file.wrong("bytes that are not UTF-8", "the file must hold names, one per line").at_row(at as u64 + 1);
            let line = std::str::from_utf8(line).map_err(|_| wrong())?.trim_end_matches('\r');
            lines.push(line.split('\t').map(|field| field.trim().trim_matches('"').to_owned()).collect::<Vec<String>>());
        }
        while lines.last().is_some_and(|fields| fields.iter().all(String::is_empty)) {
            lines.pop();
        }
        Ok(lines)
    })
}

/// Checks the number of names.
///
/// # Errors
/// [`Error::Input`] with both numbers.
pub(super) fn check(path: &Path, names: usize, what: &str, wanted: usize) -> Result<()> {
    if names == wanted {
        return Ok(());
    }
    let error = Error::input(path, format!("{names} names"), format!("there are {wanted} {what}, and each needs one"));
    Err(if names == wanted + 1 { error.with_hint("remove its first line, if that is a header") } else { error })
}

impl File {
    /// The file at this path, with the compression of its extension.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if there is none.
    pub(super) fn at(path: &Path, options: &ReadOptions) -> Result<Self> {
        let meta = std::fs::metadata(path).map_err(|error| super::missing(path, error))?;
        if !meta.is_file() {
            let found = format!("'{}' is not a file", excerpt(&path.to_string_lossy()));
            return Err(Error::input(path, found, "a file is needed"));
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let packing = match ending.as_deref() {
            Some("gz") => Packing::Gzip,
            Some("zst") => Packing::Zstd,
            _ => Packing::None,
        };
        let limit = options.max_unpacked.unwrap_or(MOST_UNPACKED);
        Ok(File { path: path.to_path_buf(), packing, len: meta.len(), limit, always: always_unpacked(options) })
    }
}
