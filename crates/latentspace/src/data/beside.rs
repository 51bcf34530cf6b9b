//! What is known of rows beside their values, for methods that learn from that, too.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, UInt32Array};
use arrow::datatypes::{DataType, Float32Type, Int64Type};

use super::{Category, Metadata, ReadOptions, Values, read, write};
use crate::codes::Codes;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::neighbors::Neighbors;
use crate::run::Run;

/// Something that may be given beside rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Given {
    /// The nearest rows of each row.
    Neighbors,
    /// Where rows start on the map.
    Start,
}

/// What is known of rows beside their values.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// A label each.
    pub labels: Option<Category>,
    /// The nearest other rows of each, found elsewhere.
    pub neighbors: Option<Neighbors>,
    /// Where rows start on the map.
    pub start: Option<Start>,
}

/// Where rows start on the map, and what holds them there.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// `[n, k]`; NaN in a row of which nothing is known: it starts amid its neighbors.
    pub places: Matrix,
    /// Whether those of which a place is known stay there.
    pub tie: Tie,
}

/// What holds rows where they start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tie {
    /// Nothing: the start is an arrangement, whose scale is that of other starts.
    Free,
    /// In each step they are drawn back by that much of a step: 0.1 keeps maps of related tables alike, 1 lets little move.
    Pull(f64),
    /// They do not move.
    Hold,
}

impl Beside {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.labels.is_none() && self.neighbors.is_none() && self.start.is_none()
    }

    /// Checks that all is of that many rows.
    ///
    /// # Errors
    /// [`Error::Input`].
    pub(crate) fn check(&self, rows: usize) -> Result<()> {
        let counts = [
            ("labels", self.labels.as_ref().map(|labels| labels.codes.len())),
            ("neighbors", self.neighbors.as_ref().map(Neighbors::rows)),
            ("start", self.start.as_ref().map(|start| start.places.rows())),
        ];
        match counts.into_iter().find(|(_, count)| count.is_some_and(|count| count != rows)) {
            Some((name, Some(count))) => Err(Error::input(name, format!("they are of {count} rows"), format!("the data has {rows}"))),
            _ => Ok(()),
        }
    }

    /// All words that say it, to tell it from other such.
    pub(super) fn words(&self) -> impl Iterator<Item = u32> + '_ {
        let labels = self.labels.iter().flat_map(|labels| labels.codes.iter().copied());
        let near = self.neighbors.iter().flat_map(|near| near.indices.iter().copied().chain(near.distances.iter().map(|d| d.to_bits())));
        let start =
            self.start.iter().flat_map(|start| start.places.as_slice().iter().map(|place| place.to_bits()).chain(start.tie.words()));
        labels.chain(near).chain(start)
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
    /// Starts for rows with this metadata at the codes of the same rows: those of the same ids where both have ids, else the first, second
    /// and so on.
    ///
    /// # Errors
    /// [`Error::Input`] if an id stands for two codes, none of the rows has a code, or there are no ids and other than as many codes.
    pub fn matched(codes: &Codes, from: &str, metadata: &Metadata, tie: Tie) -> Result<Self> {
        let (n, given) = (metadata.rows(), codes.values.rows());
        if metadata.id.is_none() || codes.metadata.id.is_none() {
            if n != given {
                let error = Error::input(from, format!("{given} rows"), format!("the data has {n}"));
                return Err(error.with_hint("columns of ids in both would tell which belong together"));
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
            let error = Error::input(from, "none of the ids of the data", "a start tells of some of its rows");
            return Err(error.with_hint(format!(
                "the data begins with the id '{}', the start with '{}'",
                metadata.id(0),
                codes.metadata.id(0)
            )));
        }
        let places = Matrix::from_fn(n, codes.values.cols(), |row, axis| of_rows[row].map_or(f32::NAN, |at| codes.values.row(at)[axis]));
        Ok(Start { places, tie })
    }

    /// Whether a place is known for a row.
    pub fn is_known(&self, row: usize) -> bool {
        self.places.row(row).iter().all(|place| place.is_finite())
    }
}

/// Writes neighbors as a table of row, neighbor and distance, all or nothing: `.parquet`, `.csv` or `.tsv`.
///
/// # Errors
/// [`Error::Input`] for another ending; [`Error::Io`].
pub fn write_neighbors(path: &Path, near: &Neighbors) -> Result<()> {
    let lines = near.indices.len();
    write::rows(path, lines, &Lines(near), &Metadata::none(lines))
}

/// Neighbors, a line each.
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

/// Reads neighbors of `rows` rows: a square sparse matrix of distances (`.mtx`), or a table of three columns: row and neighbor, both counted
/// from 0, and distance.
///
/// # Errors
/// [`Error::Input`] if the file holds none of these, or as [`Neighbors::given`]; and what the reader says.
pub fn read_neighbors(path: &str, rows: usize, run: &Run) -> Result<Neighbors> {
    let source = read::open(path, &ReadOptions::default())?;
    let mut near = vec![Vec::new(); rows];
    if source.kind() == "counts" {
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
    let table = read::metadata(Path::new(path), run)?;
    let wanted = "neighbors are a square sparse matrix of distances (.mtx), or a table of the columns row, neighbor and distance";
    let column = |name: &str, kind: DataType| {
        let names = table.names();
        let at = names.iter().position(|known| known == name);
        let at = at.ok_or_else(|| Error::input(path, format!("the columns {}", names.join(", ")), wanted))?;
        let cells = arrow::compute::cast(table.columns.column(at), &kind).ok().filter(|cells| cells.null_count() == 0);
        cells.ok_or_else(|| Error::input(path, format!("cells of '{name}' that are empty or no numbers"), wanted))
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
