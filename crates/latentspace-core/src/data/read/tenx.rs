//! Single-cell counts of 10x Genomics' Cell Ranger: a folder with `matrix.mtx`, genes by cells, the genes in `features.tsv` (or
//! `genes.tsv`) and the cells in `barcodes.tsv`, each also as `.gz`. Observations are cells.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::arrow::array::StringArray;

use super::bytes::File;
use super::folder::text_of;
use super::sparse::{CountsReader, transposed};
use super::{Ask, Reader, mtx, names};
use crate::border;
use crate::data::Metadata;
use crate::error::{Error, Result};

/// The files of one run, below their folder.
pub(super) struct Parts {
    matrix: PathBuf,
    features: PathBuf,
    barcodes: PathBuf,
}

impl Parts {
    /// The three files directly in a folder, if all exist; their names may have a common prefix.
    pub(super) fn among(files: &[PathBuf]) -> Option<Self> {
        let own: Vec<&str> = files.iter().filter(|file| file.components().count() == 1).filter_map(|file| file.to_str()).collect();
        let find = |begin: &str, name: &str| {
            let wanted = |packed: &str| own.iter().find(|own| **own == format!("{begin}{name}{packed}")).map(PathBuf::from);
            wanted("").or_else(|| wanted(".gz"))
        };
        let mut begins = own.iter().filter_map(|own| own.strip_suffix(".gz").unwrap_or(own).strip_suffix("matrix.mtx"));
        let begin = begins.next()?;
        let features = find(begin, "features.tsv").or_else(|| find(begin, "genes.tsv"))?;
        Some(Parts { matrix: find(begin, "matrix.mtx")?, features, barcodes: find(begin, "barcodes.tsv")? })
    }
}

/// Opens the counts of one run, and returns their size on disk.
///
/// # Errors
/// [`Error::Input`] if the numbers of genes and cells do not fit each other, or as the reader of `.mtx`.
pub(super) fn open(folder: &Path, parts: &Parts, notes: Vec<String>, ask: &Ask<'_>) -> Result<(Box<dyn Reader>, u64)> {
    let file = File::at(&folder.join(&parts.matrix), ask.options)?;
    let matrix = border::guard(&file.path, || mtx::sparse(&file, ask))?;
    let (features, barcodes) = (folder.join(&parts.features), folder.join(&parts.barcodes));
    let genes = names::of_columns(&features, ask.options)?;
    let cells: Vec<String> = names::fields(&barcodes, ask.options)?.into_iter().filter_map(|fields| fields.into_iter().next()).collect();
    let is_turned = (matrix.rows(), matrix.cols) == (cells.len(), genes.len()) && genes.len() != cells.len();
    let mut counts = if is_turned { matrix } else { transposed(&matrix) };
    names::check(&features, genes.len(), &format!("genes in {}", text_of(&parts.matrix)), counts.cols)?;
    names::check(&barcodes, cells.len(), &format!("cells in {}", text_of(&parts.matrix)), counts.rows())?;
    counts.names = Some(genes);
    let rows = cells.len();
    let metadata = Metadata::from_columns(vec![("id".to_owned(), Arc::new(StringArray::from(cells)))], rows)?;
    let mut reader = CountsReader::new(&file, ask, counts, metadata)?;
    let [matrix, features, barcodes] = [&parts.matrix, &parts.features, &parts.barcodes].map(|part| text_of(part));
    reader.note(format!("{}: cells by genes, of {matrix}; genes are named by {features}, cells by {barcodes}", ask.name));
    notes.into_iter().for_each(|note| reader.note(note));
    let size = |path: &PathBuf| std::fs::metadata(folder.join(path)).map(|meta| meta.len()).map_err(|error| Error::io(path, error));
    let bytes = size(&parts.matrix)? + size(&parts.features)? + size(&parts.barcodes)?;
    Ok((Box::new(reader), bytes))
}

#[cfg(test)]
mod tests {
    use super::super::testing::gzip;
    use super::super::{ReadOptions, open};
    use crate::data::Values;
    use crate::run::Run;

    #[test]
    fn a_run_is_cells_by_genes_with_the_names_of_both() {
        let matrix = b"%%MatrixMarket matrix coordinate integer general\n%meta\n3 2 3\n1 1 5\n3 2 2\n2 1 1\n";
        let features = b"ENSG1\tCD8A\tGene Expression\nENSG2\tACTB\tGene Expression\nENSG3\tCD3E\tGene Expression\n";
        for (packed, begin, genes) in [(true, "", "features"), (false, "", "genes"), (true, "GSM1_", "features")] {
            let folder = tempfile::tempdir().unwrap();
            let write = |name: &str, bytes: &[u8]| {
                let (name, bytes) =
                    if packed { (format!("{begin}{name}.gz"), gzip(bytes)) } else { (format!("{begin}{name}"), bytes.to_vec()) };
                std::fs::write(folder.path().join(name), bytes).unwrap();
            };
            write("matrix.mtx", matrix);
            write(&format!("{genes}.tsv"), features);
            write("barcodes.tsv", b"AAAC-1\nAAAG-1\n");
            let source = open(folder.path().to_str().unwrap(), &ReadOptions::default()).unwrap();
            let observed = source.read(&Run::new(0, 1).unwrap()).unwrap();
            let Values::Counts(counts) = &observed.values else { panic!("{}", observed.values.kind()) };
            assert_eq!((counts.row(0), counts.row(1)), ((&[0, 1][..], &[5.0, 1.0][..]), (&[2][..], &[2.0][..])));
            assert_eq!(counts.names.as_ref().unwrap(), &["CD8A", "ACTB", "CD3E"]);
            assert_eq!((observed.metadata.id(0), observed.metadata.id(1)), ("AAAC-1".into(), "AAAG-1".into()));
            write("barcodes.tsv", b"AAAC-1\nAAAG-1\nAAAT-1\n");
            let error = open(folder.path().to_str().unwrap(), &ReadOptions::default()).err().unwrap().to_string();
            assert!(error.contains("barcodes.tsv") && error.contains("3 names; there are 2 cells"), "{error}");
        }
    }
}
