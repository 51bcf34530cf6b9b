//! Selections of rows, from files: numbers of rows or their ids.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::{Metadata, read};
use crate::border;
use crate::error::{Error, Result, count};
use crate::run::Run;

/// Columns of a table that hold rows, in the order of preference.
const NAMED: [&str; 3] = ["row", "rows", "id"];

/// Reads a selection of the rows with this metadata: one number or id per line (`-` is standard input); a JSON array, or one named `rows` in an
/// object; or the column `row`, `rows` or `id`, or the only one, of a table or array. An array of `false` and `true`, or 0 and 1, with a cell for
/// each row is a mask. Entries are ids if all of them are, else numbers of rows, counted from 0; those of a column `row` are always numbers.
///
/// # Errors
/// [`Error::Input`] if the file holds no rows, or an entry is none of the data; errors of the reader.
pub fn read_rows(path: &Path, metadata: &Metadata, run: &Run) -> Result<Vec<u32>> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let is_list = path == Path::new("-") || matches!(ending.as_deref(), None | Some("txt" | "json"));
    let (name, cells) = if is_list { ("", listed(path)?) } else { tabled(path, run)? };
    if cells.is_empty() {
        return Err(Error::input(path, "no rows", "at least one is needed: a number or id per line"));
    }
    rows_of(path, &cells, name.starts_with("row"), metadata)
}

/// The rows of these entries, ascending, without repetition; see [`read_rows`].
///
/// # Errors
/// [`Error::Input`] if an entry is no row of the data.
pub fn rows_of(path: &Path, entries: &[String], are_numbers: bool, metadata: &Metadata) -> Result<Vec<u32>> {
    let n = metadata.rows();
    let truth = |cell: &str| match cell.to_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    let as_mask = || entries.iter().map(|cell| truth(cell)).collect::<Option<Vec<bool>>>().filter(|mask| mask.len() == n && n > 2);
    let mut rows: Vec<u32> = if let Some(found) = (!are_numbers && metadata.id.is_some()).then(|| of_ids(entries, metadata)).flatten() {
        found
    } else if let Some(mask) = as_mask() {
        (0..n as u32).filter(|&row| mask[row as usize]).collect()
    } else {
        let number = |(at, cell): (usize, &String)| {
            let whole = cell.strip_suffix(".0").unwrap_or(cell);
            whole.parse::<u32>().ok().filter(|&row| (row as usize) < n).ok_or_else(|| {
                let allowed = format!("rows are numbers from 0 to {}", count(n.saturating_sub(1) as u64));
                let ids = metadata.id.map(|_| format!(", or all of them ids, such as '{}'", metadata.id(0))).unwrap_or_default();
                Error::input(path, format!("'{cell}'"), allowed + &ids).at_row(at as u64 + 1)
            })
        };
        entries.iter().enumerate().map(number).collect::<Result<_>>()?
    };
    rows.sort_unstable();
    rows.dedup();
    if rows.is_empty() {
        return Err(Error::input(path, "a mask without a row", "at least one row is needed"));
    }
    Ok(rows)
}

/// The rows of these ids; none if one of them is no id.
fn of_ids(entries: &[String], metadata: &Metadata) -> Option<Vec<u32>> {
    let mut by_id: std::collections::HashMap<String, Vec<u32>> = std::collections::HashMap::new();
    (0..metadata.rows()).for_each(|row| by_id.entry(metadata.id(row)).or_default().push(row as u32));
    let found: Option<Vec<&Vec<u32>>> = entries.iter().map(|cell| by_id.get(cell)).collect();
    Some(found?.into_iter().flatten().copied().collect())
}

/// The entries of a list, one per line or in JSON.
fn listed(path: &Path) -> Result<Vec<String>> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| Error::io("standard input", error))?;
        bytes
    } else {
        border::load(path)?
    };
    let text = String::from_utf8(bytes).map_err(|_| Error::input(path, "bytes that are not UTF-8", "one row per line is needed"))?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.starts_with(['[', '{']) {
        let wrong = |found: String| Error::input(path, found, "an array of row numbers or ids is needed, or an object with one named rows");
        let value: Value = serde_json::from_str(text).map_err(|error| wrong(format!("JSON that cannot be read ({error})")))?;
        let list = if value.is_object() { &value["rows"] } else { &value };
        let cell = |cell: &Value| match cell {
            Value::String(text) => Ok(text.clone()),
            Value::Number(_) | Value::Bool(_) => Ok(cell.to_string()),
            other => Err(wrong(format!("{other} among the rows"))),
        };
        return list.as_array().ok_or_else(|| wrong("no array".to_owned()))?.iter().map(cell).collect();
    }
    let mut lines: Vec<String> =
        text.lines().map(|line| line.trim().trim_matches('"').to_owned()).filter(|line| !line.is_empty()).collect();
    if lines.first().is_some_and(|line| NAMED.contains(&line.as_str())) {
        lines.remove(0);
    }
    Ok(lines)
}

/// The name and the entries of the column of a table that holds rows.
fn tabled(path: &Path, run: &Run) -> Result<(&'static str, Vec<String>)> {
    let table = read::metadata(path, run)?;
    let names = table.names();
    let named = NAMED.into_iter().find_map(|wanted| Some((wanted, names.iter().position(|name| name.eq_ignore_ascii_case(wanted))?)));
    let (name, column) = match named {
        Some(found) => found,
        None if names.len() == 1 => ("", 0),
        None => {
            let found = format!("the columns {}", crate::data::read::excerpt(&names.join(", ")));
            return Err(Error::input(path, found, "a column named row or id holds the rows"));
        }
    };
    Ok((name, (0..table.rows()).filter_map(|row| table.text(column, row)).collect()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::arrow::array::StringArray;

    use super::*;

    #[test]
    fn a_selection_is_read_from_lists_tables_and_masks() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::new(0, 1).unwrap();
        let ids: StringArray = ["a", "b", "7", "d"].into_iter().map(Some).collect();
        let plain = Metadata::none(4);
        let named = Metadata::from_columns(vec![("id".to_owned(), Arc::new(ids))], 4).unwrap();
        let read = |name: &str, text: &str, metadata: &Metadata| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            read_rows(&path, metadata, &run).map_err(|error| error.to_string())
        };
        assert_eq!(read("a.txt", "3\n1\n\n1\n", &plain).unwrap(), [1, 3]);
        assert_eq!(read("b", "row\n2\n", &plain).unwrap(), [2]);
        assert_eq!(read("c.json", "[0, 2]", &plain).unwrap(), [0, 2]);
        assert_eq!(read("d.json", "{\"rows\": [\"d\", \"7\"]}", &named).unwrap(), [2, 3]);
        assert_eq!(read("e.txt", "0\n2\n", &named).unwrap(), [0, 2]);
        assert_eq!(read("f.csv", "x,id\n1,b\n2,d\n", &named).unwrap(), [1, 3]);
        assert_eq!(read("g.csv", "row,x\n2,b\n0,d\n", &named).unwrap(), [0, 2]);
        assert_eq!(read("h.txt", "true\nfalse\nfalse\ntrue\n", &plain).unwrap(), [0, 3]);
        assert!(read("i.txt", "1\n4\n", &plain).unwrap_err().contains("row 2: '4'; rows are numbers from 0 to 3"));
        assert!(read("j.txt", "a\nz\n", &named).unwrap_err().contains("ids, such as 'a'"));
        assert!(read("k.csv", "x,y\n1,2\n", &plain).unwrap_err().contains("row or id"));
        assert!(read("l.txt", "\n", &plain).unwrap_err().contains("no rows"));
    }
}
