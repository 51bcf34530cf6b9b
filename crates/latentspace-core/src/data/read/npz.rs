//! NumPy's `.npz`: a zip archive of `.npy` files. One of them is learned from, or a sparse matrix of SciPy's; lists with one entry per row are
//! //! metadata.

use std::io::{Cursor, Read};
use std::sync::Arc;

use crate::arrow::array::ArrayRef;
use zip::ZipArchive;

use super::array::{Array, ArrayReader, as_columns};
use super::bytes::{Bytes, Capped, File, unreadable};
use super::sparse::CountsReader;
use super::{Ask, Reader, npy, scipy};
use crate::data::Metadata;
use crate::error::{Error, Result, nearest};

/// Maximum number of files in an archive.
const MOST_MEMBERS: usize = 10_000;

/// Opens an archive of arrays.
///
/// # Errors
/// [`Error::Input`] for an invalid archive, or one without an array of numbers.
pub(super) fn open(file: &File, ask: &Ask<'_>) -> Result<Box<dyn Reader>> {
    let bytes = file.bytes()?;
    let wrong = |error: zip::result::ZipError| {
        file.wrong(format!("this is not a whole .npz archive ({error})"), "a file as numpy.savez writes it is needed")
    };
    let mut archive = ZipArchive::new(Cursor::new(&bytes[..])).map_err(wrong)?;
    if archive.len() > MOST_MEMBERS {
        return Err(file.wrong(format!("{} files in the archive", archive.len()), format!("at most {MOST_MEMBERS} are taken")));
    }
    let mut budget = file.limit;
    let mut arrays = Vec::new();
    let mut texts = Vec::new();
    let mut format = None;
    let mut refused: Vec<(String, Error)> = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(wrong)?;
        let name = member.name().map_err(wrong)?.trim_end_matches(".npy").to_owned();
        let packed = member.compressed_size().min(file.len);
        let mut unpacked = Vec::new();
        Capped::new(&mut member, packed, budget, file.always).read_to_end(&mut unpacked).map_err(|error| unreadable(&file.path, error))?;
        budget = budget.saturating_sub(unpacked.len() as u64);
        if let Some(text) = npy::text(file, &unpacked)? {
            texts.push((name, text));
            continue;
        }
        if name == "format"
            && let Some(word) = npy::word(file, &unpacked)?
        {
            format = Some(word);
            continue;
        }
        match npy::array(file, Arc::new(Bytes::Held(unpacked))) {
            Ok(array) => arrays.push((name, array)),
            Err(error) => refused.push((name, error)),
        }
    }
    if arrays.is_empty() && !refused.is_empty() {
        return Err(refused.swap_remove(0).1);
    }
    let unread = refused.into_iter().map(|(name, _)| format!("'{name}', which holds no numbers,")).collect();
    if ask.options.columns.is_none() && scipy::is_sparse(format.as_deref(), &arrays) {
        let counts = scipy::take(file, ask, &format.unwrap_or_default(), &mut arrays)?;
        let (metadata, notes) = riding(counts.rows(), arrays, texts, unread, ask)?;
        let mut reader = CountsReader::new(file, ask, counts, metadata)?;
        notes.into_iter().for_each(|note| reader.note(note));
        return Ok(Box::new(reader));
    }
    reader(file, arrays, texts, unread, ask)
}

/// The reader of one of several named arrays: the selected one, else one with a usual name, else the largest.
///
/// # Errors
/// [`Error::Input`] if there is none, or the selected one does not exist.
pub(super) fn reader(
    file: &File,
    mut arrays: Vec<(String, Array)>,
    texts: Vec<(String, ArrayRef)>,
    unread: Vec<String>,
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
    let (metadata, notes) = riding(array.rows(), arrays, texts, unread, ask)?;
    let alone = names.len() == 1 && notes.is_empty();
    let mut reader = ArrayReader::new(file, ask.name.clone(), array, Some(metadata), ask.affine())?;
    if !alone {
        reader.note(format!("{}: learned from the array '{name}'", ask.name));
    }
    notes.into_iter().for_each(|note| reader.note(note));
    Ok(Box::new(reader))
}

/// The lists with one entry per row, as metadata columns; and notes on these and all others.
fn riding(
    rows: usize,
    arrays: Vec<(String, Array)>,
    texts: Vec<(String, ArrayRef)>,
    unread: Vec<String>,
    ask: &Ask<'_>,
) -> Result<(Metadata, Vec<String>)> {
    let (mut left, mut columns) = (unread, Vec::new());
    for (name, text) in texts {
        if text.len() == rows { columns.push((name, text)) } else { left.push(format!("'{name}'")) }
    }
    for (name, list) in arrays {
        if list.rows() == rows && list.shape().len() == 1 {
            columns.extend(as_columns(&name, &list));
        } else {
            left.push(format!("'{name}'"));
        }
    }
    let mut notes = Vec::new();
    if !columns.is_empty() {
        let names: Vec<String> = columns.iter().map(|(name, _)| format!("'{name}'")).collect();
        notes.push(format!("{}: {} kept as metadata, not learned from", ask.name, names.join(", ")));
    }
    if !left.is_empty() {
        let left = super::excerpt(&left.join(", "));
        notes.push(format!("{}: {} left out; --columns NAME chooses another array", ask.name, left.trim_end_matches(',')));
    }
    Ok((Metadata::from_columns(columns, rows)?, notes))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{numbers, read, read_with};
    use crate::data::read::ReadOptions;
    use crate::data::{Observations, Values};

    /// A file that SciPy 1.17 or NumPy wrote.
    fn written(name: &str) -> Vec<u8> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/npz").join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn dense(observed: &Observations) -> Vec<Vec<f32>> {
        let Values::Counts(counts) = &observed.values else { panic!("{}", observed.values.kind().name()) };
        let row = |row| {
            let mut out = vec![0.0; counts.cols];
            let (columns, values) = counts.row(row);
            columns.iter().zip(values).for_each(|(&column, &value)| out[column as usize] = value);
            out
        };
        (0..counts.rows()).map(row).collect()
    }

    #[test]
    fn sparse_matrices_of_every_format_are_the_same_rows() {
        // scipy.sparse.coo_array([[0, 0, 3, 0, -1.5, 0], [0] * 6, [4, 0, 0, 0, 0, 2], [0, 1, 0, 0, 0, 7]]).
        let rows = [[0.0, 0.0, 3.0, 0.0, -1.5, 0.0], [0.0; 6], [4.0, 0.0, 0.0, 0.0, 0.0, 2.0], [0.0, 1.0, 0.0, 0.0, 0.0, 7.0]];
        for format in ["csr", "csc", "coo", "bsr", "dia", "csr_array"] {
            assert_eq!(dense(&read("a.npz", &written(&format!("{format}.npz"))).unwrap()), rows, "{format}");
        }
    }

    #[test]
    fn the_array_that_is_taken_is_told_and_another_can_be_chosen() {
        let several = written("several.npz");
        let observed = read("a.npz", &several).unwrap();
        assert_eq!(numbers(&observed), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        assert_eq!(observed.metadata.names(), ["names", "y"]);
        let options = ReadOptions { columns: Some(vec!["small".to_owned()]), ..ReadOptions::default() };
        assert_eq!(numbers(&read_with("a.npz", &several, &options).unwrap()), [[9.0, 8.0]]);
        let options = ReadOptions { columns: Some(vec!["indices".to_owned()]), ..ReadOptions::default() };
        assert_eq!(read_with("a.npz", &written("csr.npz"), &options).unwrap().values.kind().name(), "array");
    }
}
