//! Labels and notes that the reader of a page gives to rows: columns of the origin "yours". They ride along in what is saved of rows, and are kept
//! in a file if one is named.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentspace::arrow::array::{ArrayRef, StringArray, UInt32Array};
use latentspace::data::{Metadata, read, write};
use latentspace::schemars::{self, JsonSchema};
use latentspace::{Error, Result, Run};
use serde::{Deserialize, Serialize};

use super::columns::{self, Cells, ColumnInfo, ColumnType, Origin, describe};
use super::fields::{Category, MISSING};
use super::search::Searched;
use super::{Data, Study, held};

/// Longest name of a column, in characters.
const LONGEST_NAME: usize = 100;
/// Longest label or note, in bytes.
const LONGEST_VALUE: usize = 10_000;
/// Longest label in a file, in characters: a column with a longer text holds notes.
const LONGEST_LABEL: usize = 60;
/// Maximum number of columns.
const MOST_COLUMNS: usize = 50;

/// What the state says of them.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[schemars(crate = "schemars", rename = "AnnotationState")]
pub(crate) struct Described {
    /// Increases with each change.
    pub(crate) version: u64,
    /// The columns: categories (labels) and texts (notes).
    pub(crate) columns: Vec<ColumnInfo>,
    /// The file in which they are kept; null if they last as long as the server.
    pub(crate) file: Option<String>,
}

/// A change of one column.
#[derive(Debug, Deserialize)]
pub(crate) struct Change {
    /// Its name; a column that is not there is added.
    pub(crate) column: String,
    /// `category` for labels, `text` for notes.
    #[serde(rename = "type")]
    pub(crate) kind: ColumnType,
    pub(crate) edits: Vec<Edit>,
}

/// What some rows are given in place of what they had; nothing with null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "schemars", rename = "AnnotationEdit")]
pub(crate) struct Edit {
    pub(crate) value: Option<String>,
    pub(crate) rows: Vec<u32>,
}

/// A change that was made.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(crate = "schemars", rename = "AnnotationChange")]
pub(crate) struct Changed {
    pub(crate) version: u64,
    /// The edits that undo it.
    pub(crate) before: Vec<Edit>,
}

struct Column {
    name: String,
    is_note: bool,
    /// Codes of values by row; [`MISSING`] for rows without one.
    codes: Vec<u32>,
    /// Distinct values. Those that no row has any more keep their code.
    values: Vec<String>,
}

impl Column {
    fn new(name: &str, is_note: bool, rows: usize) -> Self {
        Column { name: name.to_owned(), is_note, codes: vec![MISSING; rows], values: Vec::new() }
    }

    fn code(&mut self, value: &str) -> u32 {
        let known = self.values.iter().position(|known| known == value);
        known.unwrap_or_else(|| {
            self.values.push(value.to_owned());
            self.values.len() - 1
        }) as u32
    }

    fn value(&self, row: usize) -> Option<&str> {
        self.values.get(*self.codes.get(row)? as usize).map(String::as_str)
    }

    fn cells(&self) -> Cells {
        let mut counts = vec![0; self.values.len()];
        self.codes.iter().for_each(|&code| counts.get_mut(code as usize).map_or((), |count| *count += 1));
        let categories = self.values.iter().zip(counts).map(|(label, count)| Category { label: label.clone(), count });
        Cells::Codes(self.codes.clone(), categories.collect())
    }

    fn described(&self, index: usize) -> ColumnInfo {
        let (kind, cells) = (if self.is_note { ColumnType::Text } else { ColumnType::Category }, self.cells());
        let column = columns::Column { id: format!("yours:{index}"), name: self.name.clone(), kind, origin: Origin::Yours };
        let mut info = describe(column, &cells);
        if self.is_note {
            info.categories.clear();
        }
        info
    }

    fn array(&self) -> ArrayRef {
        Arc::new((0..self.codes.len()).map(|row| self.value(row)).collect::<StringArray>())
    }
}

/// All labels and notes.
#[derive(Default)]
pub(super) struct Annotations {
    version: u64,
    columns: Vec<Column>,
    file: Option<PathBuf>,
}

impl Annotations {
    fn described(&self) -> Described {
        let columns = self.columns.iter().enumerate().map(|(index, column)| column.described(index)).collect();
        Described { version: self.version, columns, file: self.file.as_ref().map(|file| file.display().to_string()) }
    }

    /// The columns as they are searched.
    pub(super) fn searched(&self) -> impl Iterator<Item = Searched<'_>> {
        self.columns.iter().map(|column| Searched::Coded(&column.codes, column.values.iter().map(String::as_str).collect()))
    }

    /// Changes a column; what its rows had before is told. Nothing is changed if there is an error.
    fn change(&mut self, change: &Change, rows: usize, taken: impl Fn(&str) -> bool) -> Result<Changed> {
        let is_note = match change.kind {
            ColumnType::Category => false,
            ColumnType::Text => true,
            _ => return Err(Error::param("type", format!("{:?}", change.kind).to_lowercase(), "it is category (labels) or text (notes)")),
        };
        let name = change.column.trim();
        let wrong = |wanted: String| Err(Error::param("column", format!("'{name}'"), wanted));
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return wrong(format!("the name of a column has 1 to {LONGEST_NAME} characters"));
        }
        let known = self.columns.iter().position(|column| column.name == name);
        match known {
            Some(at) if self.columns[at].is_note != is_note => {
                return wrong(format!("it holds {}", if is_note { "labels, not notes" } else { "notes, not labels" }));
            }
            None if taken(name) => return wrong("the data have a column of this name".to_owned()),
            None if self.columns.len() == MOST_COLUMNS => {
                return wrong(format!("there are {MOST_COLUMNS} columns of labels and notes already"));
            }
            _ => {}
        }
        for edit in &change.edits {
            if let Some(row) = edit.rows.iter().find(|&&row| row as usize >= rows) {
                return Err(Error::param("rows", row, format!("there are {rows}, counted from 0")));
            }
            if edit.value.as_ref().is_some_and(|value| value.len() > LONGEST_VALUE) {
                return Err(Error::param("value", "a text that is too long", format!("it has at most {LONGEST_VALUE} bytes")));
            }
        }
        let at = known.unwrap_or_else(|| {
            self.columns.push(Column::new(name, is_note, rows));
            self.columns.len() - 1
        });
        let column = &mut self.columns[at];
        let mut named: Vec<u32> = change.edits.iter().flat_map(|edit| edit.rows.iter().copied()).collect();
        named.sort_unstable();
        named.dedup();
        let mut rows_of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        named.into_iter().for_each(|row| rows_of.entry(column.codes[row as usize]).or_default().push(row));
        let before = rows_of.into_iter().map(|(code, rows)| Edit { value: column.values.get(code as usize).cloned(), rows }).collect();
        for edit in &change.edits {
            let value = edit.value.as_deref().map(str::trim).filter(|value| !value.is_empty());
            let code = value.map_or(MISSING, |value| column.code(value));
            edit.rows.iter().for_each(|&row| column.codes[row as usize] = code);
        }
        self.version += 1;
        Ok(Changed { version: self.version, before })
    }

    /// The columns, behind what identifies their rows: their number, and their id if they have one.
    fn table(&self, metadata: &Metadata) -> Result<Metadata> {
        let rows = metadata.rows();
        let numbers: UInt32Array = (0..rows as u32).collect::<Vec<_>>().into();
        let mut columns: Vec<(String, ArrayRef)> = vec![("row".to_owned(), Arc::new(numbers))];
        if let Some(id) = metadata.id {
            columns.push((metadata.names()[id].clone(), metadata.columns.column(id).clone()));
        }
        columns.extend(self.columns.iter().map(|column| (column.name.clone(), column.array())));
        Metadata::from_columns(columns, rows)
    }

    /// Takes up a file that [`Annotations::table`] wrote: by the ids of rows if the data have ids, else by their numbers.
    fn read(&mut self, file: &Path, metadata: &Metadata, run: &Run) -> Result<()> {
        let table = read::metadata(file, run)?;
        let names = table.names();
        let find = |name: &str| names.iter().position(|known| known == name);
        let id = metadata.id.map(|id| metadata.names()[id].clone()).and_then(|name| find(&name));
        let number = find("row");
        let wrong = |found: String, wanted: String| Err(Error::input(file, found, wanted));
        let by = match (id, number) {
            (Some(at), _) | (None, Some(at)) => at,
            (None, None) => {
                return wrong(format!("the columns {}", names.join(", ")), "a column 'row', or that of the ids of the data".to_owned());
            }
        };
        let rows: HashMap<String, u32> = match id {
            Some(_) => (0..metadata.rows()).rev().map(|row| (metadata.id(row), row as u32)).collect(),
            None => (0..metadata.rows() as u32).map(|row| (row.to_string(), row)).collect(),
        };
        let kept: Vec<usize> = (0..names.len()).filter(|&at| Some(at) != id && Some(at) != number).collect();
        let mut columns: Vec<Column> = kept.iter().map(|&at| Column::new(&names[at], false, metadata.rows())).collect();
        for at in 0..table.rows() {
            let cells: Vec<Option<String>> = kept.iter().map(|&column| table.text(column, at).filter(|cell| !cell.is_empty())).collect();
            if cells.iter().all(Option::is_none) {
                continue;
            }
            let key = table.text(by, at).unwrap_or_default();
            let Some(&row) = rows.get(&key) else {
                return wrong(format!("line {}: {} '{key}'", at + 2, names[by]), "a row of the data".to_owned());
            };
            for (column, cell) in columns.iter_mut().zip(cells) {
                if let Some(cell) = cell {
                    column.codes[row as usize] = column.code(&cell);
                }
            }
        }
        for column in &mut columns {
            let is_named_so = ["note", "comment", "remark"].iter().any(|name| column.name.to_lowercase().starts_with(name));
            column.is_note = is_named_so || column.values.iter().any(|value| value.chars().count() > LONGEST_LABEL);
        }
        self.columns = columns;
        self.version += 1;
        Ok(())
    }
}

impl Study {
    /// Keeps labels and notes in this file, and takes up what it holds already.
    pub(crate) fn annotate_in(&self, file: PathBuf) {
        held(&self.annotations).file = Some(file);
    }

    /// Once the data are read: takes up the file of labels and notes, if there is one.
    pub(super) fn read_annotations(&self, metadata: &Metadata) -> Result<()> {
        let mut annotations = held(&self.annotations);
        if let Some(file) = annotations.file.clone().filter(|file| file.exists()) {
            annotations.read(&file, metadata, &self.aside)?;
            if let Some(column) = annotations.columns.iter().find(|column| metadata.names().contains(&column.name)) {
                return Err(Error::input(file, format!("the column '{}'", column.name), "names that the data do not have"));
            }
        }
        let described = annotations.described();
        self.desk.change(|state| state.annotations = Arc::new(described));
        Ok(())
    }

    /// Gives rows labels or notes.
    ///
    /// # Errors
    /// [`Error::Param`] for a row that is not there and a name that is taken; [`Error::Io`] if the file cannot be written: the change stands.
    pub(crate) fn annotate(&self, data: &Data, change: &Change) -> Result<Changed> {
        let metadata = &data.observations.metadata;
        let (changed, written) = {
            let mut annotations = held(&self.annotations);
            let changed = annotations.change(change, data.observations.rows(), |name| {
                name.eq_ignore_ascii_case("row") || metadata.names().iter().any(|known| known == name) || data.observes(name)
            })?;
            let described = annotations.described();
            self.desk.change(|state| state.annotations = Arc::new(described));
            // Under the lock: two changes are written in their order.
            let written = annotations.file.as_ref().map_or(Ok(()), |file| write::figures(file, &[], &annotations.table(metadata)?));
            (changed, written)
        };
        written.map(|()| changed)
    }

    /// Labels and notes of all rows as a file of this ending, csv or parquet.
    pub(crate) fn annotations_file(&self, data: &Data, ending: &str) -> Result<Vec<u8>> {
        let table = held(&self.annotations).table(&data.observations.metadata)?;
        super::selected::file_bytes(ending, |path| write::figures(path, &[], &table))
    }

    /// Labels and notes as columns of these rows; none without any.
    pub(super) fn annotations_of(&self, rows: &[u32]) -> Result<Metadata> {
        let columns: Vec<(String, ArrayRef)> =
            held(&self.annotations).columns.iter().map(|column| (column.name.clone(), column.array())).collect();
        let all = columns.first().map_or(0, |(_, cells)| cells.len());
        if columns.is_empty() { Ok(Metadata::none(rows.len())) } else { Metadata::from_columns(columns, all)?.select(rows) }
    }

    /// A column of labels, and its cells; of notes, none.
    pub(super) fn annotation(&self, index: usize) -> Option<(ColumnInfo, Cells)> {
        let annotations = held(&self.annotations);
        let column = annotations.columns.get(index).filter(|column| !column.is_note)?;
        Some((column.described(index), column.cells()))
    }

    /// The ids, names and types of the columns.
    pub(super) fn annotation_columns(&self) -> Vec<columns::Column> {
        held(&self.annotations).described().columns.into_iter().map(|info| info.column).collect()
    }

    /// What a row was given in a column.
    pub(super) fn annotation_of(&self, index: usize, row: usize) -> Option<String> {
        held(&self.annotations).columns.get(index)?.value(row).map(str::to_owned)
    }

    /// What a row was given, by the name of the column.
    pub(super) fn annotations_by_name(&self, row: usize) -> Vec<(String, String)> {
        let annotations = held(&self.annotations);
        annotations.columns.iter().filter_map(|column| Some((column.name.clone(), column.value(row)?.to_owned()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(column: &str, kind: ColumnType, edits: &[(Option<&str>, &[u32])]) -> Change {
        let edits = edits.iter().map(|(value, rows)| Edit { value: value.map(str::to_owned), rows: rows.to_vec() });
        Change { column: column.to_owned(), kind, edits: edits.collect() }
    }

    #[test]
    fn labels_are_given_changed_and_taken_away() {
        let mut annotations = Annotations::default();
        let free = |_: &str| false;
        annotations.change(&change("label", ColumnType::Category, &[(Some("good"), &[0, 2]), (Some(" bad "), &[1])]), 4, free).unwrap();
        let edits = [(Some("bad"), &[2_u32, 1][..]), (None, &[0, 3])];
        let changed = annotations.change(&change("label", ColumnType::Category, &edits), 4, free).unwrap();
        let before = |value: Option<&str>, rows: &[u32]| Edit { value: value.map(str::to_owned), rows: rows.to_vec() };
        assert_eq!(changed.before, [before(Some("good"), &[0, 2]), before(Some("bad"), &[1]), before(None, &[3])]);
        annotations.change(&change("note", ColumnType::Text, &[(Some("look again"), &[3])]), 4, free).unwrap();
        let state = annotations.described();
        assert_eq!((state.version, state.columns.len()), (3, 2));
        let counts: Vec<(&str, usize)> = state.columns[0].categories.iter().map(|of| (of.label.as_str(), of.count)).collect();
        assert_eq!((counts, state.columns[0].missing), (vec![("good", 0), ("bad", 2)], 2));
        assert_eq!((state.columns[1].column.id.as_str(), state.columns[1].missing), ("yours:1", 3));
        assert_eq!(annotations.columns[1].value(3), Some("look again"));
    }

    #[test]
    fn a_change_with_a_mistake_changes_nothing() {
        let mut annotations = Annotations::default();
        let refused = |annotations: &mut Annotations, change: &Change| {
            let error = annotations.change(change, 4, |name| name == "species").unwrap_err().to_string();
            assert_eq!((annotations.version, annotations.columns.len()), (0, 0));
            error
        };
        let label = ColumnType::Category;
        assert!(refused(&mut annotations, &change("label", label, &[(Some("x"), &[0]), (Some("x"), &[4])])).contains("there are 4"));
        assert!(refused(&mut annotations, &change("species", label, &[])).contains("the data have"));
        assert!(refused(&mut annotations, &change(" ", label, &[])).contains("1 to 100"));
        assert!(refused(&mut annotations, &change("label", ColumnType::Date, &[])).contains("category"));
        assert!(refused(&mut annotations, &change("label", label, &[(Some(&"x".repeat(10_001)), &[0])])).contains("10000 bytes"));
        annotations.change(&change("label", label, &[(Some("x"), &[0])]), 4, |_| false).unwrap();
        let error = annotations.change(&change("label", ColumnType::Text, &[]), 4, |_| false).unwrap_err();
        assert!(error.to_string().contains("labels, not notes"), "{error}");
    }

    #[test]
    fn a_file_is_taken_up_by_the_ids_of_rows() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::new(0, 1).unwrap();
        let ids = |ids: &[&str]| {
            Metadata::from_columns(vec![("id".to_owned(), Arc::new(StringArray::from(ids.to_vec())) as ArrayRef)], ids.len()).unwrap()
        };
        let mut annotations = Annotations::default();
        annotations.change(&change("label", ColumnType::Category, &[(Some("a, \"b\""), &[0])]), 3, |_| false).unwrap();
        annotations.change(&change("note", ColumnType::Text, &[(Some("two\nlines"), &[2])]), 3, |_| false).unwrap();
        for ending in ["csv", "parquet"] {
            let file = folder.path().join("l").with_extension(ending);
            write::figures(&file, &[], &annotations.table(&ids(&["x", "y", "z"])).unwrap()).unwrap();
            let mut read = Annotations::default();
            read.read(&file, &ids(&["z", "x", "y"]), &run).unwrap();
            assert_eq!((read.columns[0].value(1), read.columns[0].value(0)), (Some("a, \"b\""), None), "{ending}");
            assert_eq!((read.columns[1].value(0), read.columns[1].is_note), (Some("two\nlines"), true));
            let error = Annotations::default().read(&file, &ids(&["q", "y", "z"]), &run).unwrap_err();
            assert!(error.to_string().contains("line 2: id 'x'"), "{error}");
        }
        let file = folder.path().join("n.csv");
        write::figures(&file, &[], &annotations.table(&Metadata::none(3)).unwrap()).unwrap();
        let mut read = Annotations::default();
        read.read(&file, &Metadata::none(3), &run).unwrap();
        assert_eq!(read.columns[0].value(0), Some("a, \"b\""));
        std::fs::write(&file, "what,label\n1,a\n").unwrap();
        assert!(Annotations::default().read(&file, &Metadata::none(3), &run).unwrap_err().to_string().contains("a column 'row'"));
    }
}
