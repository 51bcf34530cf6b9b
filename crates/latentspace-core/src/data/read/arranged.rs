//! Arrays and counts with --transpose and --names: rows and columns swapped, columns named by a file.

use std::path::Path;

use crate::arrow::array::{AsArray, StringArray};

use super::bytes::File;
use super::dense::Dense;
use super::sparse::{CountsReader, Numbering, transposed};
use super::{Ask, Blocks, ReadOptions, Reader, names};
use crate::data::{Affine, DataKind, Metadata, Observations, Values};
use crate::error::Result;
use crate::linalg::Matrix;
use crate::run::Run;

/// Opens with `open` and applies --transpose and --names.
///
/// # Errors
/// Errors of `open` and the reader; [`Error::Input`] for rows that cannot be transposed, and for a wrong number of names.
pub(super) fn open(file: &File, ask: &Ask<'_>, open: impl FnOnce(&File, &Ask<'_>) -> Result<Box<dyn Reader>>) -> Result<Box<dyn Reader>> {
    let reader = if ask.options.transpose {
        // The columns that a space expects are still rows here.
        let plain = ReadOptions { preparation: None, columns: None, ..ask.options.clone() };
        let reader = open(file, &Ask { name: ask.name.clone(), options: &plain, purpose: ask.purpose })?;
        swapped(file, ask, reader.as_ref())?
    } else {
        open(file, ask)?
    };
    match &ask.options.names {
        Some(path) => named(file, ask, reader, path),
        None => Ok(reader),
    }
}

/// The transposed rows of a reader: column names become ids, and ids become column names.
fn swapped(file: &File, ask: &Ask<'_>, reader: &dyn Reader) -> Result<Box<dyn Reader>> {
    let run = Run::new(0, 1)?.with_max_memory(ask.options.max_memory);
    let Observations { values, metadata, .. } = reader.read(&run).map_err(|error| file.own(error))?;
    let (column, names) = names_of(&metadata);
    let mut notes = reader.notes();
    notes.push(match &column {
        Some(column) => format!("{}: rows and columns are swapped; columns are named by '{column}'", ask.name),
        None => format!("{}: rows and columns are swapped", ask.name),
    });
    let left: Vec<String> =
        metadata.names().into_iter().filter(|name| Some(name) != column.as_ref()).map(|name| format!("'{name}'")).collect();
    if !left.is_empty() {
        notes.push(format!("{}: {} belong to what are columns now and are left out", ask.name, super::excerpt(&left.join(", "))));
    }
    let ids = |names: Option<Vec<String>>, rows: usize| match names {
        Some(names) => Metadata::from_columns(vec![("id".to_owned(), std::sync::Arc::new(StringArray::from(names)))], rows),
        None => Ok(Metadata::none(rows)),
    };
    match values {
        Values::Table(table) if table.categories.is_empty() => {
            let (rows, cols) = (table.numbers.cols(), table.numbers.rows());
            let value = |row: usize, column: usize| table.affine.value(row, table.numbers.row(column)[row]);
            let range = |column: usize| {
                let finite = (0..rows).map(|row| value(row, column)).filter(|value| value.is_finite());
                finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
            };
            let affine = ask.affine().unwrap_or_else(|| Affine::of_ranges(&(0..cols).map(range).collect::<Vec<_>>()));
            let numbers = Matrix::from_fn(rows, cols, |row, column| affine.line(column).cell(value(row, column)));
            let metadata = ids(table.names, rows)?;
            Ok(Box::new(Dense { name: ask.name.clone(), table: numbers, names, affine, metadata, notes }))
        }
        Values::Counts(counts) => {
            let mut swapped = transposed(&counts);
            swapped.names = names;
            let metadata = ids(counts.names, swapped.rows())?;
            let mut reader = CountsReader::new(file, ask, swapped, metadata)?;
            notes.into_iter().for_each(|note| reader.note(note));
            Ok(Box::new(reader))
        }
        other => {
            let what = if matches!(other, Values::Table(_)) { "columns of categories" } else { other.kind().name() };
            Err(file.wrong(
                format!("{what}, and rows and columns are to be swapped"),
                "--transpose is for arrays, counts and columns of numbers",
            ))
        }
    }
}

/// The column of row names, all distinct: the ids, else the first column of text; and the names.
fn names_of(metadata: &Metadata) -> (Option<String>, Option<Vec<String>>) {
    let columns = metadata.names();
    let of = |at: usize| {
        let column = metadata.columns.column(at);
        let is_text = column.as_string_opt::<i32>().is_some();
        let names = (is_text || metadata.id == Some(at)).then(|| (0..metadata.rows()).map(|row| metadata.text(at, row)).collect());
        let names: Vec<String> = names.and_then(|names: Vec<Option<String>>| names.into_iter().collect::<Option<_>>())?;
        let different: std::collections::BTreeSet<&String> = names.iter().collect();
        (different.len() == names.len()).then_some((columns[at].clone(), names))
    };
    match metadata.id.into_iter().chain(0..columns.len()).find_map(of) {
        Some((column, names)) => (Some(column), Some(names)),
        None => (None, None),
    }
}

/// The reader with column names from a file.
fn named(file: &File, ask: &Ask<'_>, mut reader: Box<dyn Reader>, path: &Path) -> Result<Box<dyn Reader>> {
    let names = names::of_columns(path, ask.options)?;
    if !matches!(reader.kind(), DataKind::Array | DataKind::Counts) || reader.names().is_some() {
        let found = if reader.names().is_some() { "names of its own".to_owned() } else { reader.kind().to_string() };
        return Err(file.wrong(found, "--names is for columns of arrays and of counts that have none"));
    }
    if let Some(numbering) = reader.numbering()
        && names.len() > reader.columns()
    {
        // Columns without cells come after those with cells.
        let most = names.len() as u64 + u64::from(numbering.base()) - 1;
        reader.number(Numbering { most: u32::try_from(most).unwrap_or(u32::MAX), ..numbering });
    }
    names::check(path, names.len(), &format!("columns in '{}'", ask.name), reader.columns()).map_err(|error| match reader.rows() {
        Some(rows) if rows == names.len() => error.with_hint("--transpose makes columns of its rows, which are as many as names"),
        _ => error,
    })?;
    let note = format!("{}: the columns are named by {}", ask.name, path.display());
    Ok(Box::new(Named { reader, names, note }))
}

/// A reader with given column names.
struct Named {
    reader: Box<dyn Reader>,
    names: Vec<String>,
    note: String,
}

impl Named {
    fn name(&self, mut block: Observations) -> Observations {
        match &mut block.values {
            Values::Table(table) => table.names = Some(self.names.clone()),
            Values::Counts(counts) => counts.names = Some(self.names.clone()),
            _ => {}
        }
        block
    }
}

impl Reader for Named {
    fn kind(&self) -> DataKind {
        if self.reader.kind() == DataKind::Array { DataKind::Table } else { self.reader.kind() }
    }

    fn rows(&self) -> Option<usize> {
        self.reader.rows()
    }

    fn columns(&self) -> usize {
        self.reader.columns()
    }

    fn cells(&self) -> Option<usize> {
        self.reader.cells()
    }

    fn names(&self) -> Option<Vec<String>> {
        Some(self.names.clone())
    }

    fn notes(&self) -> Vec<String> {
        self.reader.notes().into_iter().chain([self.note.clone()]).collect()
    }

    fn read(&self, run: &Run) -> Result<Observations> {
        Ok(self.name(self.reader.read(run)?))
    }

    fn working_bytes(&self) -> u64 {
        self.reader.working_bytes()
    }

    fn rate(&self) -> f64 {
        self.reader.rate()
    }

    fn labels(&self, run: &Run) -> Result<Metadata> {
        self.reader.labels(run)
    }

    fn blocks_near<'a>(&'a self, first: usize, run: &Run) -> Result<(usize, Blocks<'a>)> {
        let (before, blocks) = self.reader.blocks_near(first, run)?;
        Ok((before, Box::new(blocks.map(|block| Ok(self.name(block?))))))
    }

    fn affine(&self) -> Option<Affine> {
        self.reader.affine()
    }

    fn settle(&self, run: &Run) -> Result<()> {
        self.reader.settle(run)
    }

    fn hold(&self, affine: &Affine) {
        self.reader.hold(affine);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{numbers, read_with};
    use super::*;

    fn named(names: &str) -> (tempfile::TempDir, ReadOptions) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("names.tsv");
        std::fs::write(&path, names).unwrap();
        (folder, ReadOptions { names: Some(path), ..ReadOptions::default() })
    }

    const MTX: &[u8] = b"%%MatrixMarket matrix coordinate integer general\n2 3 3\n1 1 5\n2 3 2\n1 2 1\n";

    #[test]
    fn a_file_names_the_columns_of_counts_and_arrays() {
        let (_folder, options) = named("id1\tCD8A\tGene Expression\nid2\tACTB\tGene Expression\nid3\tACTB\tGene Expression\n\n");
        let observed = read_with("a.mtx", MTX, &options).unwrap();
        let Values::Counts(counts) = &observed.values else { panic!() };
        assert_eq!(counts.names.as_ref().unwrap(), &["CD8A", "ACTB (id2)", "ACTB (id3)"]);
        let (_folder, options) = named("one\r\ntwo\r\n");
        let array = b"%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n";
        let Values::Table(table) = read_with("a.mtx", array, &options).unwrap().values else { panic!() };
        assert_eq!(table.names.unwrap(), ["one", "two"]);
        let (_folder, options) = named("a\nb\nc\nd\n");
        let observed = read_with("a.svmlight", b"1 1:2 3:1\n", &options).unwrap();
        assert_eq!(observed.columns(), 4);
    }

    #[test]
    fn another_number_of_names_is_refused_with_both_numbers() {
        let (_folder, options) = named("name\none\ntwo\nthree\n");
        let error = read_with("a.mtx", MTX, &options).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("names.tsv: 4 names; there are 3 columns in 'a.mtx'"), "{text}");
        assert!(error.hint().unwrap().contains("header"));
        let (_folder, options) = named("one\ntwo\n");
        assert!(read_with("a.mtx", MTX, &options).unwrap_err().hint().unwrap().contains("--transpose"));
    }

    #[test]
    fn rows_and_columns_are_swapped_with_their_names() {
        let options = ReadOptions { transpose: true, ..ReadOptions::default() };
        let observed = read_with("a.mtx", MTX, &options).unwrap();
        let Values::Counts(counts) = &observed.values else { panic!() };
        assert_eq!((counts.rows(), counts.cols, counts.row(0), counts.row(2)), (3, 2, (&[0][..], &[5.0][..]), (&[1][..], &[2.0][..])));
        let observed = read_with("a.csv", b"gene,s1,s2,s3\nA,1,2,3\nB,1000001.5,1000002.25,1000003\n", &options).unwrap();
        let Values::Table(table) = &observed.values else { panic!() };
        assert_eq!(table.names.as_ref().unwrap(), &["A", "B"]);
        assert_eq!(numbers(&observed), [[1.0, 1000001.5], [2.0, 1000002.25], [3.0, 1000003.0]]);
        assert_eq!((observed.metadata.id(0), observed.metadata.id(2)), ("s1".into(), "s3".into()));
        assert!(read_with("a.txt", b"some words of text\n", &options).unwrap_err().to_string().contains("--transpose"));
    }
}
