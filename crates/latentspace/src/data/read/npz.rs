//! NumPy's `.npz`: a zip archive of `.npy` files. One of them is learned from; lists with as many entries ride along.

use std::io::{Cursor, Read};
use std::sync::Arc;

use arrow::array::ArrayRef;
use zip::ZipArchive;

use super::array::{Array, ArrayReader, as_columns};
use super::bytes::{Bytes, Capped, File, unreadable};
use super::{Ask, Reader, npy};
use crate::data::Metadata;
use crate::error::{Error, Result, nearest};

/// Files in an archive; more are no data of ours.
const MOST_MEMBERS: usize = 10_000;

/// Opens an archive of arrays.
///
/// # Errors
/// [`Error::Input`] for what is no whole archive, or holds no array of numbers.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    let wrong = |error: zip::result::ZipError| {
        file.wrong(format!("this is no whole .npz archive ({error})"), "a file as numpy.savez writes it is needed")
    };
    let mut archive = ZipArchive::new(Cursor::new(&bytes[..])).map_err(wrong)?;
    if archive.len() > MOST_MEMBERS {
        return Err(file.wrong(format!("{} files in the archive", archive.len()), format!("at most {MOST_MEMBERS} are taken")));
    }
    let mut budget = file.limit;
    let mut arrays = Vec::new();
    let mut texts = Vec::new();
    let mut refused = None;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(wrong)?;
        let name = member.name().map_err(wrong)?.trim_end_matches(".npy").to_owned();
        let packed = member.compressed_size().min(file.len);
        let mut unpacked = Vec::new();
        Capped::new(&mut member, packed, budget).read_to_end(&mut unpacked).map_err(|error| unreadable(&file.path, error))?;
        budget = budget.saturating_sub(unpacked.len() as u64);
        if let Some(text) = npy::text(file, &unpacked)? {
            texts.push((name, text));
            continue;
        }
        match npy::array(file, Arc::new(Bytes::Held(unpacked))) {
            Ok(array) => arrays.push((name, array)),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    if let (true, Some(error)) = (arrays.is_empty(), refused) {
        return Err(error);
    }
    reader(file, arrays, texts, ask)
}

/// The reader of one of several named arrays: the one that was chosen, else the one of a telling name, else the largest.
///
/// # Errors
/// [`Error::Input`] if there is none, or the chosen one is not there.
pub(super) fn reader(
    file: &File,
    mut arrays: Vec<(String, Array)>,
    texts: Vec<(String, ArrayRef)>,
    ask: &Ask<'_>,
) -> Result<Box<dyn Reader>> {
    let names: Vec<String> = arrays.iter().map(|(name, _)| name.clone()).collect();
    let chosen = match ask.options.columns.as_deref() {
        Some([one]) => {
            let position = names.iter().position(|name| name == one);
            position.ok_or_else(|| {
                let error = file.wrong(format!("no array '{one}'"), format!("there are {}", super::excerpt(&names.join(", "))));
                match nearest(one, names.iter().map(String::as_str)) {
                    Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                    None => error,
                }
            })?
        }
        Some(_) => return Err(Error::param("columns", "several names", "of a file of arrays one is chosen")),
        None => {
            let telling =
                |name: &str| ["images", "x", "data", "features", "embeddings"].iter().position(|known| name.eq_ignore_ascii_case(known));
            let tables = || arrays.iter().enumerate().filter(|(_, (_, array))| array.shape().len() >= 2);
            tables()
                .filter_map(|(index, (name, _))| Some((telling(name)?, index)))
                .min()
                .map(|(_, index)| index)
                .or_else(|| {
                    let size = |index: usize| arrays[index].1.shape().iter().product::<usize>();
                    let all: Vec<usize> = tables().map(|(index, _)| index).collect();
                    let all = if all.is_empty() { (0..arrays.len()).collect() } else { all };
                    all.into_iter().max_by_key(|&index| (size(index), std::cmp::Reverse(index)))
                })
                .ok_or_else(|| file.wrong("no array of numbers", "an array with a row for each observation is needed"))?
        }
    };
    let (name, array) = arrays.remove(chosen);
    let rows = array.rows();
    let mut riding: Vec<(String, ArrayRef)> = texts.into_iter().filter(|(_, text)| text.len() == rows).collect();
    let mut left = Vec::new();
    for (other, list) in arrays {
        if list.rows() == rows && list.shape().len() == 1 {
            riding.extend(as_columns(&other, &list));
        } else {
            left.push(format!("'{other}'"));
        }
    }
    let riding_names: Vec<String> = riding.iter().map(|(name, _)| format!("'{name}'")).collect();
    let metadata = Metadata::from_columns(riding, rows)?;
    let mut reader = ArrayReader::new(file, ask.name.clone(), array, Some(metadata), ask.offsets())?;
    if names.len() > 1 || !riding_names.is_empty() {
        reader.note(format!("{}: the array '{name}' is learned from", ask.name));
    }
    if !riding_names.is_empty() {
        reader.note(format!("{}: {} ride along, not learned from", ask.name, riding_names.join(", ")));
    }
    if !left.is_empty() {
        reader.note(format!("{}: {} left out (--columns NAME chooses another array)", ask.name, super::excerpt(&left.join(", "))));
    }
    Ok(Box::new(reader))
}
