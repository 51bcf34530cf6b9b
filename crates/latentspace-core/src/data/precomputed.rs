//! Inputs of rows besides their values: labels, weights, errors, neighbors, distances, starting positions.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::arrow::array::{Array, ArrayRef, AsArray, Float32Array, UInt32Array};
use crate::arrow::datatypes::{DataType, Float32Type, Int64Type};

use super::{Category, Metadata, ReadOptions, Source, Table, Values, read, write};
use crate::codes::Codes;
use crate::data::DataKind;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::neighbors::{Neighbors, check_distances};
use crate::run::Run;

/// A kind of precomputed input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Given {
    /// The nearest neighbors of each row.
    Neighbors,
    /// Starting positions on the map.
    Start,
    /// The distances of all pairs of rows.
    Distances,
    /// How often each row counts.
    Weights,
    /// The standard error of each cell; cells may be missing, too.
    Errors,
}

/// Precomputed inputs of rows.
#[derive(Debug, Clone, Default)]
pub struct Precomputed {
    /// One label per row.
    pub labels: Option<Category>,
    /// Precomputed nearest neighbors of each row.
    pub neighbors: Option<Neighbors>,
    /// Starting positions on the map.
    pub start: Option<Start>,
    /// Precomputed distances of all pairs, `[n, n]`.
    pub distances: Option<Matrix>,
    /// How often each row counts, `[n]`: 3 counts as the row three times, 0 leaves it out.
    pub weights: Option<Arc<[f32]>>,
    /// The errors of the cells.
    pub errors: Option<CellErrors>,
}

/// Standard errors of cells.
#[derive(Debug, Clone)]
pub struct CellErrors {
    /// `[n, numeric columns]`, in the units of the data. A cell with an infinite error, or NaN, is unknown.
    pub deviations: Arc<Matrix>,
    /// The names of the columns, if there are any.
    pub names: Option<Vec<String>>,
}

/// Starting positions on the map, and how strongly rows are tied to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// `[n, k]`; a row with NaN starts among its neighbors.
    pub places: Matrix,
    /// How strongly rows are tied to their starting positions.
    pub tie: Tie,
}

/// The tie of rows to their starting positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tie {
    /// None: the start is scaled like other starts.
    Free,
    /// Rows are pulled toward their starting positions with this strength: 0.1 keeps maps of related tables aligned, 1 allows little movement.
    Pull(f64),
    /// Rows with a starting position are fixed.
    Hold,
}

impl Precomputed {
    /// Whether there are no precomputed inputs.
    pub fn is_empty(&self) -> bool {
        self.labels.is_none()
            && self.neighbors.is_none()
            && self.start.is_none()
            && self.distances.is_none()
            && self.weights.is_none()
            && self.errors.is_none()
    }

    /// Checks that all inputs have this number of rows.
    ///
    /// # Errors
    /// [`Error::Input`].
    pub(crate) fn check(&self, rows: usize) -> Result<()> {
        let counts = [
            ("labels", self.labels.as_ref().map(|labels| labels.codes.len())),
            ("neighbors", self.neighbors.as_ref().map(Neighbors::rows)),
            ("start", self.start.as_ref().map(|start| start.places.rows())),
            ("distances", self.distances.as_ref().map(Matrix::rows)),
            ("weights", self.weights.as_ref().map(|weights| weights.len())),
            ("errors", self.errors.as_ref().map(|errors| errors.deviations.rows())),
        ];
        match counts.into_iter().find(|(_, count)| count.is_some_and(|count| count != rows)) {
            Some((name, Some(count))) => Err(Error::input(name, format!("they are of {count} rows"), format!("the data has {rows}"))),
            _ => Ok(()),
        }
    }

    /// All values as words, for a hash.
    pub(super) fn words(&self) -> impl Iterator<Item = u32> + '_ {
        let labels = self.labels.iter().flat_map(|labels| labels.codes.iter().copied());
        let near = self.neighbors.iter().flat_map(|near| near.indices.iter().copied().chain(near.distances.iter().map(|d| d.to_bits())));
        let start =
            self.start.iter().flat_map(|start| start.places.as_slice().iter().map(|place| place.to_bits()).chain(start.tie.words()));
        let distances = self.distances.iter().flat_map(|distances| distances.as_slice().iter().map(|distance| distance.to_bits()));
        let weights = self.weights.iter().flat_map(|weights| weights.iter().map(|weight| weight.to_bits()));
        let errors = self.errors.iter().flat_map(|errors| errors.deviations.as_slice().iter().map(|error| error.to_bits()));
        labels.chain(near).chain(start).chain(distances).chain(weights).chain(errors)
    }
}

impl Tie {
    fn words(self) -> [u32; 2] {
        match self {
            Tie::Free => [0, 0],
            Tie::Pull(pull) => [1, (pull as f32).to_bits()],
            Tie::Hold => [2, 0],
        }
    }
}

impl Start {
    /// Starting positions for rows with this metadata from codes of the same rows: matched by id if both have ids, else by order. Offsets of
    /// codes far from zero are ignored, as the position of a map is arbitrary.
    ///
    /// # Errors
    /// [`Error::Input`] if an id has two codes, no row has a code, or there are no ids and the numbers of rows and codes differ.
    pub fn matched(codes: &Codes, from: &str, metadata: &Metadata, tie: Tie) -> Result<Self> {
        let (n, given) = (metadata.rows(), codes.values.rows());
        if metadata.id.is_none() || codes.metadata.id.is_none() {
            if n != given {
                let error = Error::input(from, format!("{given} rows"), format!("the data has {n}"));
                return Err(error.with_hint("give both files a column of ids to match rows by"));
            }
            return Ok(Start { places: codes.values.clone(), tie });
        }
        let mut rows = std::collections::BTreeMap::new();
        for row in 0..given {
            let id = codes.metadata.id(row);
            if rows.insert(id.clone(), row).is_some() {
                return Err(Error::input(from, format!("the id '{id}' twice"), "an id stands for one row").at_row(row as u64 + 1));
            }
        }
        let of_rows: Vec<Option<usize>> = (0..n).map(|row| rows.get(&metadata.id(row)).copied()).collect();
        if of_rows.iter().all(Option::is_none) {
            let error = Error::input(from, "none of the ids of the data", "starting positions need rows of the data");
            return Err(error.with_hint(format!(
                "the data begins with the id '{}', the start with '{}'",
                metadata.id(0),
                codes.metadata.id(0)
            )));
        }
        let places = Matrix::from_fn(n, codes.values.cols(), |row, axis| of_rows[row].map_or(f32::NAN, |at| codes.values.row(at)[axis]));
        Ok(Start { places, tie })
    }

    /// Whether a row has a starting position.
    pub fn is_known(&self, row: usize) -> bool {
        self.places.row(row).iter().all(|place| place.is_finite())
    }
}

/// Writes neighbors as a table of row, neighbor and distance, atomically: `.parquet`, `.csv` or `.tsv`.
///
/// # Errors
/// [`Error::Input`] for another ending; [`Error::Io`].
pub fn write_neighbors(path: &Path, near: &Neighbors) -> Result<()> {
    let lines = near.indices.len();
    write::rows(path, lines, &Lines(near), &Metadata::none(lines))
}

/// Neighbors, one per line.
struct Lines<'a>(&'a Neighbors);

impl write::Columns for Lines<'_> {
    fn columns(&self, lines: Range<usize>) -> Vec<(String, ArrayRef)> {
        let of = lines.clone().map(|line| (line / self.0.k.max(1)) as u32);
        let near = self.0.indices[lines.clone()].iter().copied();
        let distances = self.0.distances[lines].iter().copied();
        vec![
            ("row".to_owned(), Arc::new(UInt32Array::from_iter_values(of))),
            ("neighbor".to_owned(), Arc::new(UInt32Array::from_iter_values(near))),
            ("distance".to_owned(), Arc::new(Float32Array::from_iter_values(distances))),
        ]
    }
}

/// Reads neighbors of `rows` rows: the distances of all pairs as a square array (`.npy`, `.npz`, …), or those of some as a square sparse matrix
/// (`.mtx`, `.npz`); the arrays `indices` and `distances`, `[n, k]`, of a `.npz` file; or a table of three columns: row and neighbor, both
/// counted from 0, and distance.
///
/// # Errors
/// [`Error::Input`] if the file holds none of these, or as [`Neighbors::given`] and [`Neighbors::of_distances`]; errors of the reader.
pub fn read_neighbors(path: &str, rows: usize, run: &Run) -> Result<Neighbors> {
    if let Some(near) = read_lists(path, rows, run)? {
        return Ok(near);
    }
    let source = read::open(path, &ReadOptions::default())?;
    let mut near = vec![Vec::new(); rows];
    if source.kind() == DataKind::Counts {
        let Values::Counts(counts) = source.read(run)?.values else { return Err(Error::internal("counts that are none")) };
        if counts.rows() != rows || counts.cols != rows {
            let found = format!("{} rows of {} columns", counts.rows(), counts.cols);
            return Err(Error::input(path, found, format!("distances between {rows} rows are {rows} times {rows}")));
        }
        near.iter_mut().enumerate().for_each(|(row, near)| {
            let (others, distances) = counts.row(row);
            near.extend(others.iter().copied().zip(distances.iter().copied()));
        });
        return Neighbors::given(path, near);
    }
    if source.kind() == DataKind::Array {
        return Neighbors::of_distances(path, square(path, &source, rows, run)?.view());
    }
    let table = read::metadata(Path::new(path), run)?;
    let wanted = "neighbors are a square sparse matrix of distances (.mtx), or a table of the columns row, neighbor and distance";
    let column = |name: &str, kind: DataType| {
        let names = table.names();
        let at = names.iter().position(|known| known == name);
        let at = at.ok_or_else(|| Error::input(path, format!("the columns {}", names.join(", ")), wanted))?;
        let cells = crate::arrow::compute::cast(table.columns.column(at), &kind).ok().filter(|cells| cells.null_count() == 0);
        cells.ok_or_else(|| Error::input(path, format!("cells of '{name}' that are empty or not numbers"), wanted))
    };
    let (from, to) = (column("row", DataType::Int64)?, column("neighbor", DataType::Int64)?);
    let (from, to) = (from.as_primitive::<Int64Type>(), to.as_primitive::<Int64Type>());
    let distance = column("distance", DataType::Float32)?;
    let distance = distance.as_primitive::<Float32Type>();
    for (line, ((&from, &to), &distance)) in from.values().iter().zip(to.values()).zip(distance.values()).enumerate() {
        let wrong = |name: &str, row: i64| {
            let error = Error::input(path, format!("{row} was found"), format!("the data has {rows} rows, counted from 0"));
            Err(error.at_row(line as u64 + 1).at_column(name))
        };
        let Some(near) = usize::try_from(from).ok().and_then(|from| near.get_mut(from)) else { return wrong("row", from) };
        match u32::try_from(to).ok().filter(|to| (*to as usize) < rows) {
            Some(to) => near.push((to, distance)),
            None => return wrong("neighbor", to),
        }
    }
    Neighbors::given(path, near)
}

/// Reads the distances of all pairs of `rows` rows: a square array (`.npy`, `.npz`, …) or table of numbers.
///
/// # Errors
/// [`Error::Input`] if the file holds none, or as [`Neighbors::of_distances`]; errors of the reader.
pub fn read_distances(path: &str, rows: usize, run: &Run) -> Result<Matrix> {
    let distances = square(path, &read::open(path, &ReadOptions::default())?, rows, run)?;
    check_distances(path, distances.view())?;
    Ok(distances)
}

/// Reads a weight a row: the only numeric column of a file, or the column after `:` in its name.
///
/// # Errors
/// [`Error::Input`] if there are other columns, other rows, or weights that are negative, missing or all 0; errors of the reader.
pub fn read_weights(path: &str, rows: usize, run: &Run) -> Result<Arc<[f32]>> {
    let (file, column) = match path.rsplit_once(':') {
        Some((file, column)) if !Path::new(path).exists() => (file, Some(column.to_owned())),
        _ => (path, None),
    };
    let options = ReadOptions { columns: column.map(|column| vec![column]), ..ReadOptions::default() };
    let values = read::open(file, &options)?.read(run)?.values;
    let wanted = "weights are one column of numbers; FILE:COLUMN chooses it";
    let Values::Table(table) = values else { return Err(Error::input(path, format!("{}", values.kind()), wanted)) };
    if table.numbers.cols() != 1 {
        return Err(Error::input(path, format!("{} columns of numbers", table.numbers.cols()), wanted));
    }
    let weights: Vec<f32> = (0..table.numbers.rows()).map(|row| table.affine.value(0, table.numbers.row(row)[0]) as f32).collect();
    check_weights(path, &weights, rows)?;
    Ok(weights.into())
}

/// Checks weights of rows.
///
/// # Errors
/// [`Error::Input`] if there are more or fewer than rows, some are negative or no numbers, or all are 0.
pub fn check_weights(from: &str, weights: &[f32], rows: usize) -> Result<()> {
    if weights.len() != rows {
        return Err(Error::input(from, format!("{} weights", weights.len()), format!("the data has {rows} rows")));
    }
    if let Some(row) = weights.iter().position(|weight| !(weight.is_finite() && *weight >= 0.0)) {
        return Err(Error::input(from, format!("the weight {}", weights[row]), "weights are finite and 0 or more").at_row(row as u64 + 1));
    }
    if rows > 0 && weights.iter().all(|&weight| weight == 0.0) {
        return Err(Error::input(from, "all weights are 0", "some rows must count"));
    }
    Ok(())
}

/// Reads the standard errors of cells: a file like the data, with the same columns.
///
/// # Errors
/// [`Error::Input`] if it has no table of numbers, other rows, or errors that are 0 or negative; errors of the reader.
pub fn read_errors(path: &str, options: &ReadOptions, rows: usize, run: &Run) -> Result<CellErrors> {
    let values = read::open(path, options)?.read(run)?.values;
    let Values::Table(table) = values else {
        return Err(Error::input(path, format!("{}", values.kind()), "errors are a table or array of numbers, one a cell"));
    };
    let value = |row: usize, column: usize| table.affine.value(column, table.numbers.row(row)[column]) as f32;
    let deviations = Matrix::from_fn(table.numbers.rows(), table.numbers.cols(), value);
    CellErrors::new(path, deviations, table.names, rows)
}

impl CellErrors {
    /// Checked errors of `rows` rows.
    ///
    /// # Errors
    /// [`Error::Input`] if there are other rows, or an error is 0 or negative.
    pub fn new(from: &str, deviations: Matrix, names: Option<Vec<String>>, rows: usize) -> Result<Self> {
        let cols = deviations.cols();
        if deviations.rows() != rows {
            return Err(Error::input(from, format!("errors of {} rows", deviations.rows()), format!("the data has {rows}")));
        }
        if let Some(at) = deviations.as_slice().iter().position(|&error| error <= 0.0) {
            let column = names.as_ref().map_or_else(|| (at % cols + 1).to_string(), |names| names[at % cols].clone());
            let error = Error::input(from, format!("the error {}", deviations.as_slice()[at]), "errors are larger than 0");
            return Err(error.at_row((at / cols) as u64 + 1).at_column(column).with_hint("an empty cell (NaN) or infinity: unknown"));
        }
        Ok(CellErrors { deviations: Arc::new(deviations), names })
    }
}

fn square(path: &str, source: &Source, rows: usize, run: &Run) -> Result<Matrix> {
    let values = source.read(run)?.values;
    let (n, d) = (values.rows(), source.columns());
    match values {
        Values::Table(table) if (n, table.numbers.cols()) == (rows, rows) => restored(&table),
        _ => Err(Error::input(path, format!("{n} rows of {d} columns"), format!("distances between {rows} rows are {rows} times {rows}"))),
    }
}

/// The values of a table in 32 bits, with one scale for all columns.
fn restored(table: &Table) -> Result<Matrix> {
    if table.affine.is_identity() {
        return Ok(table.numbers.clone());
    }
    let unit = table.affine.unit();
    let value = |row: usize, column: usize| (table.affine.value(column, table.numbers.row(row)[column]) / unit) as f32;
    Ok(Matrix::from_fn(table.numbers.rows(), table.numbers.cols(), value))
}

/// The neighbors in a `.npz` file with the arrays `indices` and `distances`; none without such arrays.
fn read_lists(path: &str, rows: usize, run: &Run) -> Result<Option<Neighbors>> {
    if !Path::new(path).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz")) {
        return Ok(None);
    }
    let array = |names: [&str; 2]| {
        names.into_iter().find_map(|name| {
            let source = read::open(path, &ReadOptions { columns: Some(vec![name.to_owned()]), ..ReadOptions::default() }).ok()?;
            match source.read(run).ok()?.values {
                Values::Table(table) if table.numbers.cols() > 1 || rows > 1 => restored(&table).ok(),
                _ => None,
            }
        })
    };
    let (Some(indices), Some(distances)) = (array(["indices", "knn_indices"]), array(["distances", "knn_dists"])) else { return Ok(None) };
    if indices.rows() != rows || (distances.rows(), distances.cols()) != (rows, indices.cols()) {
        let shape = |array: &Matrix| format!("{} x {}", array.rows(), array.cols());
        let found = format!("indices of {} and distances of {}", shape(&indices), shape(&distances));
        return Err(Error::input(path, found, format!("both have {rows} rows, and the same columns")));
    }
    let near = |row: usize| {
        let cells = indices.row(row).iter().zip(distances.row(row));
        cells.map(|(&other, &distance)| (if other >= 0.0 && other.fract() == 0.0 { other as u32 } else { u32::MAX }, distance)).collect()
    };
    Neighbors::given(path, (0..rows).map(near).collect()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `.npy` file of f64.
    fn npy(rows: usize, cols: usize, cells: &[f64]) -> Vec<u8> {
        let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {cols}), }}");
        header.push_str(&" ".repeat(117 - header.len()));
        let mut out = b"\x93NUMPY\x01\x00v\x00".to_vec();
        out.extend(header.as_bytes());
        out.push(b'\n');
        out.extend(cells.iter().flat_map(|cell| cell.to_le_bytes()));
        out
    }

    #[test]
    fn distances_are_read_from_arrays() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::new(0, 1).unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("d.npy"), npy(3, 3, &[0.0, 2.0, 1.0, 2.0, 0.0, 3.0, 1.0, 3.0, 0.0])).unwrap();
        let near = read_neighbors(&path("d.npy"), 3, &run).unwrap();
        assert_eq!((near.k, &near.indices[..2], &near.distances[..2]), (2, &[2, 1][..], &[1.0, 2.0][..]));
        assert!(read_neighbors(&path("d.npy"), 4, &run).unwrap_err().to_string().contains("4 times 4"));
        let mut archive = zip::ZipWriter::new(std::fs::File::create(path("n.npz")).unwrap());
        for (name, cells) in [("indices.npy", [0.0, 2.0, 1.0, 0.0, 2.0, 0.0]), ("distances.npy", [0.0, 1.0, 0.0, 2.0, 0.0, 1.0])] {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut archive, &npy(3, 2, &cells)).unwrap();
        }
        archive.finish().unwrap();
        let near = read_neighbors(&path("n.npz"), 3, &run).unwrap();
        assert_eq!((near.k, near.indices, near.distances), (1, vec![2, 0, 0], vec![1.0, 2.0, 1.0]));
    }
}
