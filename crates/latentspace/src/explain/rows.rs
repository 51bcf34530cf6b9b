//! What sets some rows apart: the comparison of [`crate::contrast`] over observed columns, words, metadata and codes, by their names and in their units.

use std::collections::HashMap;
use std::sync::Arc;

use latentspace_core::arrow::array::{Array, ArrayRef, AsArray};
use latentspace_core::arrow::compute::cast;
use latentspace_core::arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use schemars::JsonSchema;
use serde::Serialize;

use crate::contrast::{self, Cells, Contrast, Difference, MISSING, Of};
use crate::data::{Affine, Metadata, Observations, Preparation, PrepareOptions, Values, dates, write};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, OwnedRows, SparseMatrix};
use crate::run::Run;
use crate::space::Space;

/// Whole numbers with at most this many values are categories.
const FEW: usize = 20;
/// Text of at least this many words per row, on average, is compared by its words.
const WORDS: f64 = 2.5;
const MICROSECONDS_A_DAY: f64 = 86_400e6;

/// What must be known to read the probabilities.
pub const BY_CONSTRUCTION: &str = "Probabilities are those of a random selection. Rows that were chosen on a map differ by construction in the \
                                   columns that the map was learned from: there the effect counts.";

/// The origin of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColumnOrigin {
    /// A column that rides along.
    Metadata,
    /// A column, word or pixel that was observed.
    Observed,
    /// A dimension of the space.
    Dimension,
    /// A column that was computed.
    Derived,
}

/// What is compared in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ComparedAs {
    /// Numbers, by their ranks.
    Number,
    /// Dates, in days since 1970, by their ranks.
    Date,
    /// Counts or other numbers, most of them 0, by their ranks.
    Count,
    /// The share of a category.
    Category,
    /// The share of missing cells.
    Missing,
}

/// One side of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Side {
    /// Rows that were compared: of numbers, those that are not missing.
    pub rows: usize,
    /// The share of rows in the category or with a missing cell; of counts, of rows where they are not 0.
    pub share: Option<f64>,
    /// Mean of numbers.
    pub mean: Option<f64>,
    /// Quartiles of numbers; the second is the median.
    pub quartiles: Option<[f64; 3]>,
}

/// A column in which the selected rows differ from the others.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RowFinding {
    /// `metadata:0`, `observed:12`, `dimension:3`: the origin and number of the column.
    pub id: String,
    /// The origin of the column.
    pub origin: ColumnOrigin,
    /// Its name.
    pub column: String,
    /// What was compared.
    #[serde(rename = "type")]
    pub compared: ComparedAs,
    /// The category; of metadata text, the word.
    pub level: Option<String>,
    /// Cliff's delta, -1 to 1: the probability that a selected row has more than another, less that it has less; of shares, their difference.
    pub effect: f64,
    /// The probability that a random selection has any finding as extreme, at most.
    pub p: f64,
    /// The selected rows.
    pub inside: Side,
    /// The rows that they were compared with.
    pub outside: Side,
    /// Of numbers, the 1 % and 99 % quantiles of all rows.
    pub range: Option<[f64; 2]>,
}

/// What sets some rows apart.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RowsExplanation {
    /// Selected rows that were compared.
    pub rows: usize,
    /// Rows that they were compared with.
    pub against: usize,
    /// Rows of both sets, which were left out.
    pub shared: usize,
    /// Comparisons for which the probabilities are corrected.
    pub comparisons: usize,
    /// The findings, the largest effect first.
    pub findings: Vec<RowFinding>,
    /// What must be known to read them.
    pub warnings: Vec<String>,
}

/// Metadata as columns that can be compared. Dates become numbers, repeated texts categories, others the words in them.
pub struct MetadataColumns {
    columns: Vec<(usize, String, Owned)>,
}

enum Owned {
    Numbers(Vec<f64>),
    Dates(Vec<f64>),
    Codes(Vec<u32>, Vec<String>),
    Words(SparseMatrix, Vec<String>),
}

impl MetadataColumns {
    /// The columns of metadata that can be compared; ids are left out.
    ///
    /// Cost: one pass over the cells, and one over the words of texts.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn new(metadata: &Metadata, run: &Run) -> Result<Self> {
        let mut columns = Vec::new();
        for (index, (name, array)) in metadata.names().into_iter().zip(metadata.columns.columns()).enumerate() {
            if metadata.id != Some(index)
                && let Some(owned) = Owned::of(&name, array, run)?
            {
                columns.push((index, name, owned));
            }
        }
        Ok(MetadataColumns { columns })
    }
}

impl Owned {
    fn of(name: &str, array: &ArrayRef, run: &Run) -> Result<Option<Self>> {
        run.check()?;
        let kind = array.data_type();
        if kind.is_numeric() {
            let Ok(cells) = cast(array, &DataType::Float64) else { return Ok(None) };
            let cells: Vec<f64> = cells.as_primitive::<Float64Type>().iter().map(|cell| cell.unwrap_or(f64::NAN)).collect();
            if !(kind.is_integer() && is_few(&cells)) {
                return Ok(Some(Owned::Numbers(cells)));
            }
        }
        if matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)) {
            let micros = cast(&write::in_utc(array), &DataType::Timestamp(TimeUnit::Microsecond, None))
                .and_then(|cells| cast(&cells, &DataType::Int64));
            let Ok(micros) = micros else { return Ok(None) };
            let day = |at: Option<i64>| at.map_or(f64::NAN, |at| at as f64 / MICROSECONDS_A_DAY);
            return Ok(Some(Owned::Dates(micros.as_primitive::<Int64Type>().iter().map(day).collect())));
        }
        let Ok(texts) = cast(&write::in_utc(array), &DataType::LargeUtf8) else { return Ok(None) };
        let cells = texts.as_string::<i64>();
        let known = || cells.iter().map(|cell| cell.filter(|cell| !cell.is_empty()));
        if !kind.is_numeric()
            && *kind != DataType::Boolean
            && let Ok(instants) = dates::instants(known())
            && instants.iter().any(Option::is_some)
        {
            let day = |at: Option<i64>| at.map_or(f64::NAN, |at| at as f64 / dates::DAY as f64);
            return Ok(Some(Owned::Dates(instants.into_iter().map(day).collect())));
        }
        let mut levels: HashMap<&str, u32> = HashMap::new();
        known().flatten().for_each(|cell| *levels.entry(cell).or_default() += 1);
        let all: usize = levels.values().map(|&count| count as usize).sum();
        if levels.len() * 2 <= all {
            let mut names: Vec<&str> = levels.keys().copied().collect();
            names.sort_unstable();
            let codes: HashMap<&str, u32> = names.iter().enumerate().map(|(code, name)| (*name, code as u32)).collect();
            let codes = known().map(|cell| cell.and_then(|cell| codes.get(cell).copied()).unwrap_or(MISSING)).collect();
            return Ok(Some(Owned::Codes(codes, names.into_iter().map(str::to_owned).collect())));
        }
        let words: usize = known().flatten().map(|cell| cell.split_whitespace().count()).sum();
        if (words as f64) < WORDS * all as f64 {
            return Ok(None); // names
        }
        let texts = Values::Text(Arc::new(known().map(|cell| cell.unwrap_or_default().to_owned()).collect()));
        match Preparation::choose_and_prepare(&Observations::new(name, texts), &PrepareOptions::default(), run) {
            Ok((Preparation { names: Some(names), .. }, OwnedRows::Sparse(counts))) => Ok(Some(Owned::Words(counts, names))),
            Err(Error::Cancelled) => Err(Error::Cancelled),
            _ => Ok(None), // texts without words in common
        }
    }
}

fn is_few(cells: &[f64]) -> bool {
    let mut seen: Vec<f64> = Vec::new();
    for &cell in cells.iter().filter(|cell| !cell.is_nan()) {
        if !seen.contains(&cell) {
            seen.push(cell);
        }
        if seen.len() > FEW {
            return false;
        }
    }
    true
}

/// Columns by which rows are compared, with their names.
#[derive(Default)]
pub struct Columns<'a> {
    blocks: Vec<Block<'a>>,
}

struct Block<'a> {
    origin: ColumnOrigin,
    cells: Cells<'a>,
    /// The id and name of a column, counted within the block.
    name: Box<dyn Fn(usize) -> (String, String) + 'a>,
    affine: Option<&'a Affine>,
    levels: Option<&'a [String]>,
    /// Whether the columns are words of one text.
    are_words: bool,
    are_dates: bool,
}

impl<'a> Columns<'a> {
    fn push(&mut self, origin: ColumnOrigin, cells: Cells<'a>, name: impl Fn(usize) -> (String, String) + 'a) -> &mut Block<'a> {
        self.blocks.push(Block { origin, cells, name: Box::new(name), affine: None, levels: None, are_words: false, are_dates: false });
        let last = self.blocks.len() - 1;
        &mut self.blocks[last]
    }

    /// Adds the observed columns; of text, there are none: see [`Columns::words`].
    pub fn observed(&mut self, observations: &'a Observations) {
        let id = |at: usize| format!("observed:{at}");
        match &observations.values {
            Values::Table(table) => {
                let block =
                    self.push(ColumnOrigin::Observed, Cells::Dense(table.numbers.view()), move |at| (id(at), table.column_name(at)));
                block.affine = Some(&table.affine);
                for (at, category) in table.categories.iter().enumerate() {
                    let cells = Cells::Codes(&category.codes, category.levels.len());
                    let name = move |_| (id(table.numbers.cols() + at), category.name.clone());
                    self.push(ColumnOrigin::Observed, cells, name).levels = Some(&category.levels);
                }
            }
            Values::Images(images) => {
                let shape = images.shape;
                let name = move |at: usize| {
                    let (pixel, channel) = (at / shape.channels, at % shape.channels);
                    let name = format!("pixel {}, {}", pixel / shape.width, pixel % shape.width);
                    (id(at), if shape.channels > 1 { format!("{name}, channel {channel}") } else { name })
                };
                self.push(ColumnOrigin::Observed, Cells::Bytes(&images.pixels, shape.len()), name);
            }
            Values::Counts(counts) => self.words(&counts.matrix, counts.names.as_deref()),
            Values::Text(_) => {}
        }
    }

    /// Adds counts of words, `[n, words]`, or other sparse numbers, with their names.
    pub fn words(&mut self, counts: &'a SparseMatrix, names: Option<&'a [String]>) {
        let name = move |at: usize| {
            let name = names.and_then(|names| names.get(at)).cloned();
            (format!("observed:{at}"), name.unwrap_or_else(|| (at + 1).to_string()))
        };
        self.push(ColumnOrigin::Observed, Cells::Sparse(counts.view()), name);
    }

    /// Adds the columns that ride along.
    pub fn metadata(&mut self, metadata: &'a MetadataColumns) {
        for (index, name, owned) in &metadata.columns {
            let named = move |_| (format!("metadata:{index}"), name.clone());
            match owned {
                Owned::Numbers(cells) => {
                    self.push(ColumnOrigin::Metadata, Cells::Numbers(cells), named);
                }
                Owned::Dates(days) => self.push(ColumnOrigin::Metadata, Cells::Numbers(days), named).are_dates = true,
                Owned::Codes(codes, levels) => {
                    self.push(ColumnOrigin::Metadata, Cells::Codes(codes, levels.len()), named).levels = Some(levels);
                }
                Owned::Words(counts, words) => {
                    let block = self.push(ColumnOrigin::Metadata, Cells::Sparse(counts.view()), named);
                    (block.levels, block.are_words) = (Some(words.as_slice()), true);
                }
            }
        }
    }

    /// Adds the codes of a space, `[n, k]`.
    pub fn codes(&mut self, codes: &'a Matrix) {
        self.push(ColumnOrigin::Dimension, Cells::Dense(codes.view()), |at| (format!("dimension:{at}"), format!("z{at}")));
    }

    /// Adds a computed column, `[n]`.
    pub fn derived(&mut self, id: String, name: String, cells: &'a [f64]) {
        self.push(ColumnOrigin::Derived, Cells::Numbers(cells), move |_| (id.clone(), name.clone()));
    }

    /// What sets the rows `selected` of `rows` apart from `against`, or from all others: see [`contrast::contrast`].
    ///
    /// # Errors
    /// As there.
    pub fn explain(&self, selected: &[u32], against: Option<&[u32]>, rows: usize, run: &Run) -> Result<RowsExplanation> {
        let cells: Vec<Cells<'_>> = self.blocks.iter().map(|block| block.cells).collect();
        let Contrast { inside, outside, shared, comparisons, differences } = contrast::contrast(selected, against, &cells, rows, run)?;
        let mut firsts = vec![0];
        cells.iter().for_each(|cells| firsts.push(firsts[firsts.len() - 1] + cells.columns()));
        let finding = |found: Difference| {
            let block = firsts.partition_point(|&first| first <= found.column) - 1;
            // Blocks without columns share the start of the next one.
            self.blocks[block].finding(found, firsts[block])
        };
        let findings = differences.into_iter().map(finding).collect();
        Ok(RowsExplanation { rows: inside, against: outside, shared, comparisons, findings, warnings: Vec::new() })
    }
}

impl Block<'_> {
    fn finding(&self, found: Difference, first: usize) -> RowFinding {
        let at = found.column - first;
        let (id, column) = (self.name)(at);
        let (offset, scale) = self.affine.map_or((0.0, 1.0), |affine| {
            let of = |values: &[f64], otherwise: f64| values.get(at).copied().unwrap_or(otherwise);
            (of(affine.offsets(), 0.0), of(affine.scales(), 1.0))
        });
        let value = |cell: f64| cell * scale + offset;
        let side = |side: contrast::Side| Side {
            rows: side.rows,
            share: side.share,
            mean: side.mean.map(value),
            quartiles: side.quartiles.map(|quartiles| quartiles.map(value)),
        };
        let compared = match found.of {
            Of::Category(_) => ComparedAs::Category,
            Of::Missing => ComparedAs::Missing,
            Of::Numbers if self.are_dates => ComparedAs::Date,
            Of::Numbers if matches!(self.cells, Cells::Sparse(_)) => ComparedAs::Count,
            Of::Numbers => ComparedAs::Number,
        };
        let level = match found.of {
            Of::Category(code) => self.levels.and_then(|levels| levels.get(code as usize)).cloned(),
            Of::Numbers if self.are_words => self.levels.and_then(|words| words.get(at)).cloned(),
            _ => None,
        };
        RowFinding {
            id,
            origin: self.origin,
            column,
            compared,
            level,
            effect: found.effect,
            p: found.p,
            inside: side(found.inside),
            outside: side(found.outside),
            range: found.range.map(|range| range.map(value)),
        }
    }
}

/// What sets the rows `selected` of observations apart from `against`, or from all others, over observed columns and metadata: see
/// [`contrast::contrast`]. Texts are compared by their words, prepared with the default options.
///
/// # Errors
/// As there; those of the preparation of text.
pub fn explain_rows(observations: &Observations, selected: &[u32], against: Option<&[u32]>, run: &Run) -> Result<RowsExplanation> {
    let words = match &observations.values {
        Values::Text(_) => Some(Preparation::choose_and_prepare(observations, &PrepareOptions::default(), run)?),
        _ => None,
    };
    let metadata = MetadataColumns::new(&observations.metadata, run)?;
    let mut columns = Columns::default();
    columns.observed(observations);
    if let Some((preparation, OwnedRows::Sparse(counts))) = &words {
        columns.words(counts, preparation.names.as_deref());
    }
    columns.metadata(&metadata);
    columns.explain(selected, against, observations.rows(), run)
}

/// As [`explain_rows`] for the rows of a space, with its dimensions if they mean something. With `data`, rows of the space's columns; without, the
/// rows that it keeps.
///
/// # Errors
/// As [`explain_rows`] and [`Space::encode`]; [`Error::Input`] if there are no data and the space keeps no rows.
pub fn explain_rows_of(
    space: &Space,
    data: Option<&Observations>,
    selected: &[u32],
    against: Option<&[u32]>,
    run: &Run,
) -> Result<RowsExplanation> {
    let (codes, prepared, metadata) = match data {
        Some(data) => {
            let rows = space.prepare(data, run)?;
            (space.codes_of(&rows, run)?, Some(rows), data.metadata.clone())
        }
        None => {
            let kept = kept_rows(space)?;
            (kept.codes.clone(), kept.rows().cloned(), kept.metadata())
        }
    };
    let names = space.preparation.names.as_deref();
    // In the units of what was observed: rows are kept as they were prepared.
    let restored = match (data, &prepared) {
        (None, Some(rows)) if rows.sparse().is_none() => Some(space.preparation.restore(&rows.table()?)?),
        _ => None,
    };
    let riding = MetadataColumns::new(&metadata, run)?;
    let mut columns = Columns::default();
    match (data.or(restored.as_ref()), prepared.as_ref().and_then(OwnedRows::sparse)) {
        (_, Some(counts)) => columns.words(counts, names),
        (Some(observations), None) => columns.observed(observations),
        (None, None) => {}
    }
    columns.metadata(&riding);
    if space.method.oriented {
        columns.codes(&codes);
    }
    let mut found = columns.explain(selected, against, metadata.rows(), run)?;
    if prepared.is_none() {
        found.warnings.push(
            "This space keeps its rows reduced: only metadata and dimensions are compared. Observed columns need its data.".to_owned(),
        );
    }
    Ok(found)
}

/// The rows that a space keeps.
///
/// # Errors
/// [`Error::Input`] if it keeps none.
pub fn kept_rows(space: &Space) -> Result<crate::model::Kept<'_>> {
    space.capabilities().kept.ok_or_else(|| Error::input("space", "it keeps no rows", "rows to compare are needed"))
}

#[cfg(test)]
mod tests {
    use latentspace_core::arrow::array::{Float64Array, Int64Array, StringArray};

    use super::*;
    use crate::data::{Category, Counts, Table};
    use crate::learn::learn;
    use crate::method::Takes;
    use crate::registry::METHODS;

    const N: usize = 200;

    /// 200 rows: 50 of them are heavier, most of them female, later and told of with other words.
    fn observed() -> (Observations, Vec<u32>) {
        let random = crate::random::Random::new(5, "rows");
        let selected: Vec<u32> = (0..50).map(|at| at * 4).collect();
        let is_in = |row: usize| row.is_multiple_of(4);
        let mass = |row: usize| (random.normal(row as u64, 0) + if is_in(row) { 3.0 } else { 0.0 }) as f32;
        let numbers = Matrix::from_fn(N, 2, |row, at| if at == 0 { mass(row) } else { random.normal(row as u64, 1) as f32 });
        let sex = |row: usize| Some(if is_in(row) || row.is_multiple_of(3) { "female" } else { "male" });
        let table = Table {
            numbers,
            affine: Affine::new(vec![5000.0, 0.0], vec![100.0, 1.0]),
            names: Some(vec!["mass".to_owned(), "noise".to_owned()]),
            categories: vec![Category::new("sex", (0..N).map(sex))],
        };
        let texts: StringArray =
            (0..N).map(|row| Some(format!("row {row} of the {} galaxies", if is_in(row) { "quiet spiral" } else { "dusty" }))).collect();
        let days: StringArray =
            (0..N).map(|row| Some(format!("20{:02}-01-0{}", if is_in(row) { 20 } else { 10 + row % 9 }, 1 + row % 9))).collect();
        let columns: Vec<(String, ArrayRef)> = vec![
            ("id".into(), Arc::new((0..N).map(|row| Some(format!("r{row}"))).collect::<StringArray>())),
            ("note".into(), Arc::new(texts)),
            ("day".into(), Arc::new(days)),
            ("digit".into(), Arc::new(Int64Array::from_iter_values((0..N).map(|row| row as i64 % 4)))),
            ("weight".into(), Arc::new(Float64Array::from_iter_values((0..N).map(|row| random.normal(row as u64, 3))))),
        ];
        let metadata = Metadata::from_columns(columns, N).unwrap();
        (Observations { metadata, ..Observations::new("rows", Values::Table(table)) }, selected)
    }

    #[test]
    fn findings_have_names_units_and_ids() {
        let (observed, selected) = observed();
        let run = Run::new(0, 2).unwrap();
        let found = explain_rows(&observed, &selected, None, &run).unwrap();
        let of = |id: &str| found.findings.iter().filter(|found| found.id == id).collect::<Vec<_>>();
        let mass = of("observed:0")[0];
        assert!(mass.column == "mass" && mass.compared == ComparedAs::Number && mass.effect > 0.9, "{mass:?}");
        assert!((mass.inside.mean.unwrap() - 5300.0).abs() < 50.0 && (mass.outside.quartiles.unwrap()[1] - 5000.0).abs() < 50.0);
        let noise: Vec<_> = ["observed:1", "metadata:0", "metadata:4"].iter().flat_map(|id| of(id)).collect();
        assert!(noise.is_empty(), "{noise:?}");
        let sex = of("observed:2")[0];
        assert!(sex.column == "sex" && sex.level.as_deref() == Some("female") && sex.inside.share == Some(1.0));
        let words: Vec<&str> = of("metadata:1").iter().filter_map(|found| found.level.as_deref()).collect();
        assert!(words.contains(&"spiral") && !words.contains(&"galaxies"), "{words:?}");
        let day = of("metadata:2")[0];
        assert!(day.compared == ComparedAs::Date && day.inside.quartiles.unwrap()[1] as i64 / 365 == 50, "{day:?}");
        assert!(of("metadata:3").iter().any(|found| found.level.as_deref() == Some("0") && found.effect == 1.0));
    }

    #[test]
    fn a_space_compares_the_rows_that_it_keeps_in_their_units() {
        let (observed, selected) = observed();
        let run = Run::new(0, 2).unwrap();
        for entry in METHODS.iter().filter(|entry| entry.info.can.kept && entry.info.takes.contains(&Takes::Table)).take(2) {
            let method = entry.with(&serde_json::Map::new()).unwrap();
            let space = learn(&*method, observed.clone(), &PrepareOptions::default(), &Default::default(), &run).unwrap().space;
            let found = explain_rows_of(&space, None, &selected, None, &run).unwrap();
            let mass = found.findings.iter().find(|found| found.column == "mass").unwrap();
            assert!((mass.inside.mean.unwrap() - 5300.0).abs() < 50.0, "{}: {mass:?}", entry.info.name);
            let again = explain_rows_of(&space, Some(&observed), &selected, None, &run).unwrap();
            assert!(again.findings.iter().any(|other| other.column == "mass" && (other.effect - mass.effect).abs() < 1e-3));
            assert_eq!(found.findings.iter().any(|found| found.origin == ColumnOrigin::Dimension), entry.info.oriented);
        }
    }

    #[test]
    fn texts_are_compared_by_their_words() {
        let texts = (0..N).map(|row| format!("the {} orbit of number {row}", if row < 20 { "retrograde" } else { "prograde" })).collect();
        let observed = Observations::new("texts", Values::Text(Arc::new(texts)));
        let selected: Vec<u32> = (0..20).collect();
        let found = explain_rows(&observed, &selected, None, &Run::new(0, 1).unwrap()).unwrap();
        let first = &found.findings[0];
        assert!(first.column == "prograde" || first.column == "retrograde", "{first:?}");
        assert!(first.effect.abs() == 1.0 && first.compared == ComparedAs::Count);
        let counts = Counts::from(SparseMatrix::of(&Matrix::from_fn(N, 1, |row, _| f32::from(u8::from(row < 20)))));
        let found = explain_rows(&Observations::new("counts", Values::Counts(counts)), &selected, None, &Run::new(0, 1).unwrap()).unwrap();
        assert_eq!(found.findings[0].column, "1");
    }
}
