//! What the dimensions of a space mean: weights of columns, words, correlations with columns and metadata, rows at both ends; and what sets some
//! rows apart.

mod contributions;
mod rows;

use std::cmp::Ordering;

use latentspace_core::arrow::array::{Array, AsArray};
use latentspace_core::arrow::datatypes::{DataType, Float64Type};
use serde::Serialize;
use serde::ser::Serializer;
use serde_json::{Value, json};

use crate::axes::{Axes, Distributions, Layout, Weighted, WordOrder, arrange};
use crate::data::{Metadata, Observations, write};
use crate::error::Result;
use crate::linalg::{Matrix, OwnedRows};
use crate::parallel::*;
use crate::random::Random;
use crate::run::Run;
use crate::space::Space;
pub use contributions::{Contributions, Parts, contributions};
pub use rows::{
    BY_CONSTRUCTION, ColumnOrigin, Columns, ComparedAs, MetadataColumns, RowFinding, RowsExplanation, Side, explain_rows, explain_rows_of,
    kept_rows,
};

/// The default number of words, columns and rows per dimension.
pub const SHOWN: usize = 10;
/// Rows at each end of a dimension, and rows with the largest share of an axis.
const ENDS: usize = 5;
/// Words of a row that stand for it, the most frequent first.
const EXCERPT: usize = 20;
/// Permutations of the rows for the null of correlations with metadata.
const PERMUTATIONS: usize = 999;
/// Rows that are permuted at most; of more, a sample.
const PERMUTED_ROWS: usize = 2000;
/// A column of text with more levels than this is not compared: it names rows.
const MOST_LEVELS: usize = 50;

/// What the dimensions of a space mean.
pub struct Explanation {
    /// What one dimension is called: `component`, `topic`, or `dimension` without axes.
    pub noun: &'static str,
    /// Each dimension.
    pub dimensions: Vec<DimensionExplanation>,
    /// What must be known to read them.
    pub warnings: Vec<String>,
}

/// What a dimension means.
#[derive(Default)]
pub struct DimensionExplanation {
    /// The share of the axis: of the variance, or of all words.
    pub share: Option<f64>,
    /// Of a dimension that decides between two labels: that of codes above 0, and that of codes below.
    pub labels: Option<[String; 2]>,
    /// Weights of the axis, the largest magnitude first.
    pub loadings: Vec<Weight>,
    /// Of an axis that is a distribution over words: its words and rows.
    pub words: Option<AxisWords>,
    /// The observed columns most correlated with the codes, where rows and columns are known and there are no axes.
    pub columns: Vec<Weight>,
    /// How the codes go with metadata, the strongest first.
    pub metadata: Vec<Association>,
    /// The rows with the lowest codes, the lowest first.
    pub low: Vec<RowAtEnd>,
    /// The rows with the highest codes, the highest first.
    pub high: Vec<RowAtEnd>,
}

/// A column with its weight or correlation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weight {
    /// The column's name.
    pub column: String,
    /// Its weight, or its correlation.
    pub value: f64,
}

/// How codes go with a column of metadata.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Association {
    /// The column's name.
    pub column: String,
    /// `correlation` (Pearson, for numbers) or `correlation_ratio` (the square root of the share of variance between groups, for categories).
    pub measure: &'static str,
    /// Its value, over all rows where the column is not missing.
    pub value: f64,
    /// The probability of a value as extreme in any dimension and column if the rows were in random order: permutation test, corrected for all tests
    /// by the maximum (Westfall and Young 1993, "Resampling-based multiple testing"). Below 0.05, it is not explained by chance.
    pub p: f64,
}

/// A row at the end of a dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowAtEnd {
    /// Its number, counted from 0.
    pub row: u32,
    /// Its id.
    pub id: String,
    /// Its code.
    pub value: f64,
}

/// The words and rows of an axis that is a distribution.
pub struct AxisWords {
    /// A name from the most relevant words.
    pub name: String,
    /// The place in the map of axes.
    place: [f64; 2],
    /// Coherence (NPMI), if the fit measured it.
    pub coherence: Option<f64>,
    /// Exclusivity, if the fit measured it.
    exclusivity: Option<f64>,
    /// The first words by probability, relevance, lift and FREX, each with its value.
    orders: [(&'static str, Vec<(String, f64)>); 4],
    /// The kept rows with the largest share of it, with their most frequent words.
    rows: Vec<(RowAtEnd, Option<String>)>,
}

impl AxisWords {
    /// The most relevant words.
    pub fn relevant(&self) -> impl Iterator<Item = &str> {
        self.orders.iter().filter(|(order, _)| *order == "relevance").flat_map(|(_, words)| words.iter().map(|(word, _)| word.as_str()))
    }
}

/// The rows that a space is explained by.
struct Known {
    codes: Matrix,
    rows: Option<OwnedRows>,
    metadata: Metadata,
}

/// Explains the dimensions of a space: `shown` words or columns each. With `data`, rows of the space's columns, the codes are compared with columns and
/// metadata; without, those of the kept rows are.
///
/// Cost: for m rows, at most 2,000, and k dimensions, 999 m k multiply-adds for each column of metadata.
///
/// # Errors
/// As [`Space::encode`] for the data; [`crate::Error::Cancelled`].
pub fn explain(space: &Space, data: Option<&Observations>, shown: usize, run: &Run) -> Result<Explanation> {
    let capabilities = space.capabilities();
    let known = match data {
        Some(observations) => {
            let rows = space.prepare(observations, run)?;
            Some(Known { codes: space.codes_of(&rows, run)?, rows: Some(rows), metadata: observations.metadata.clone() })
        }
        None => {
            let kept = capabilities.kept.as_ref();
            kept.map(|kept| Known { codes: kept.codes.clone(), rows: kept.rows().cloned(), metadata: kept.metadata() })
        }
    };
    let k = space.model.n_components();
    let mut dimensions: Vec<DimensionExplanation> = (0..k).map(|_| DimensionExplanation::default()).collect();
    let mut warnings = Vec::new();
    let names = space.column_names();
    if let Some(classifier) = capabilities.classifier {
        for (axis, dimension) in dimensions.iter_mut().enumerate() {
            dimension.labels = classifier.sides(axis).map(|labels| labels.map(str::to_owned));
        }
    }
    if let Some(axes) = &capabilities.axes {
        for (axis, dimension) in dimensions.iter_mut().enumerate() {
            dimension.share = axes.shares.get(axis).copied();
        }
        match axes.distributions()? {
            Some(distributions) => of_words(&mut dimensions, &distributions, space, known.as_ref(), &names, shown, run)?,
            None => {
                dimensions.iter_mut().enumerate().for_each(|(axis, dimension)| dimension.loadings = loadings(axes, axis, &names, shown))
            }
        }
    }
    if let Some(known) = &known {
        let ends = |axis: usize, order: fn(&f32, &f32) -> Ordering| at_end(known, axis, order);
        for (axis, dimension) in dimensions.iter_mut().enumerate() {
            dimension.low = ends(axis, |a, b| a.total_cmp(b));
            dimension.high = ends(axis, |a, b| b.total_cmp(a));
        }
        let found = run.install(|| associations(known, run))?;
        dimensions.iter_mut().zip(found).for_each(|(dimension, found)| dimension.metadata = found);
        if let (None, Some(rows)) = (&capabilities.axes, &known.rows) {
            let found = correlated(&known.codes, rows, &names, shown)?;
            dimensions.iter_mut().zip(found).for_each(|(dimension, found)| dimension.columns = found);
        }
    }
    if !space.method.oriented {
        warnings.push(format!(
            "Directions of a {} map mean nothing by themselves: any rotation of it is as good. Only neighborhoods are to be interpreted.",
            space.method.title
        ));
    }
    match &known {
        None => warnings.push("This space keeps no rows: correlations with metadata and rows at both ends need its data.".to_owned()),
        Some(known) if known.rows.is_none() && capabilities.axes.is_none() => {
            warnings.push("This space keeps its rows reduced: correlations with observed columns need its data.".to_owned());
        }
        Some(_) => {}
    }
    Ok(Explanation { noun: space.method.can.axes.unwrap_or("dimension"), dimensions, warnings })
}

/// The largest weights of an axis by magnitude; ties by column.
fn loadings(axes: &Axes<'_>, axis: usize, names: &[String], shown: usize) -> Vec<Weight> {
    let weights: Vec<f64> = (0..axes.columns()).map(|column| axes.weight(axis, column)).collect();
    largest(&weights, names, shown)
}

/// The largest values by magnitude; ties by column.
fn largest(values: &[f64], names: &[String], shown: usize) -> Vec<Weight> {
    let mut order: Vec<usize> = (0..values.len()).filter(|&column| values[column].is_finite()).collect();
    order.sort_by(|&a, &b| values[b].abs().total_cmp(&values[a].abs()).then(a.cmp(&b)));
    order.truncate(shown);
    order.into_iter().map(|column| Weight { column: names[column].clone(), value: values[column] }).collect()
}

/// The first rows of a dimension in this order; ties by row.
fn at_end(known: &Known, axis: usize, order: fn(&f32, &f32) -> Ordering) -> Vec<RowAtEnd> {
    let code = |row: u32| known.codes.row(row as usize)[axis];
    let mut rows: Vec<u32> = (0..known.codes.rows() as u32).collect();
    let by_code = |a: &u32, b: &u32| order(&code(*a), &code(*b)).then(a.cmp(b));
    if rows.len() > ENDS {
        rows.select_nth_unstable_by(ENDS, by_code);
        rows.truncate(ENDS);
    }
    rows.sort_by(by_code);
    rows.into_iter().map(|row| RowAtEnd { row, id: known.metadata.id(row as usize), value: f64::from(code(row)) }).collect()
}

/// Words and rows of axes that are distributions.
fn of_words(
    dimensions: &mut [DimensionExplanation],
    axes: &Distributions,
    space: &Space,
    known: Option<&Known>,
    names: &[String],
    shown: usize,
    run: &Run,
) -> Result<()> {
    let (Layout { places, .. }, _) = arrange(axes, run)?;
    let noun = space.method.can.axes.unwrap_or("axis");
    let fact = |name: &str, axis: usize| space.facts.get(&format!("{noun}_{name}"))?.get(axis)?.as_f64();
    for (axis, dimension) in dimensions.iter_mut().enumerate() {
        let word = |found: &Weighted| (names[found.word as usize].clone(), found.value);
        let ordered = |order: WordOrder| axes.top(axis, order, shown).iter().map(word).collect();
        let excerpt = |row: u32| {
            let counts = known.and_then(|known| known.rows.as_ref())?.sparse()?;
            let (words, times) = counts.row(row as usize);
            let mut order: Vec<usize> = (0..words.len()).collect();
            order.sort_by(|&a, &b| times[b].total_cmp(&times[a]).then(words[a].cmp(&words[b])));
            Some(order.iter().take(EXCERPT).map(|&at| names[words[at] as usize].as_str()).collect::<Vec<_>>().join(" "))
        };
        let rows = known.map(|known| at_end(known, axis, |a, b| b.total_cmp(a))).unwrap_or_default();
        dimension.words = Some(AxisWords {
            name: axes.name(axis, names),
            place: places[axis],
            coherence: fact("coherence_npmi", axis),
            exclusivity: fact("exclusivity", axis),
            orders: [
                ("words", ordered(WordOrder::Probability)),
                ("relevance", ordered(WordOrder::Relevance(crate::axes::USUAL_LAMBDA))),
                ("lift", ordered(WordOrder::Lift)),
                ("frex", ordered(WordOrder::Frex)),
            ],
            rows: rows.into_iter().map(|row| (row.clone(), excerpt(row.row))).collect(),
        });
    }
    Ok(())
}

/// The columns most correlated with each dimension (Pearson).
fn correlated(codes: &Matrix, rows: &OwnedRows, names: &[String], shown: usize) -> Result<Vec<Vec<Weight>>> {
    let by_column = correlations(codes, &rows.table()?);
    let of = |axis: usize| by_column.iter().map(|column| column[axis]).collect::<Vec<_>>();
    Ok((0..codes.cols()).map(|axis| largest(&of(axis), names, shown)).collect())
}

/// The correlation of each column with each dimension (Pearson), `[columns][k]`; NaN where one of them is constant.
fn correlations(codes: &Matrix, table: &Matrix) -> Vec<Vec<f64>> {
    let (k, n, d) = (codes.cols(), codes.rows(), table.cols());
    let standardized = |cell: &dyn Fn(usize) -> f32| {
        let mean = (0..n).map(|row| f64::from(cell(row))).sum::<f64>() / n as f64;
        let norm = (0..n).map(|row| (f64::from(cell(row)) - mean).powi(2)).sum::<f64>().sqrt();
        (0..n).map(|row| if norm > 0.0 { (f64::from(cell(row)) - mean) / norm } else { f64::NAN }).collect::<Vec<f64>>()
    };
    let axes: Vec<Vec<f64>> = (0..k).map(|axis| standardized(&|row| codes.row(row)[axis])).collect();
    let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    (0..d)
        .into_par_iter()
        .map(|column| {
            let own = standardized(&|row| table.row(row)[column]);
            axes.iter().map(|axis| inner(axis, &own)).collect()
        })
        .collect()
}

/// A column of metadata that codes are compared with.
enum Compared {
    /// Numbers; missing cells are NaN.
    Numbers(Vec<f64>),
    /// The level of each row; missing cells are `u32::MAX`.
    Levels(Vec<u32>, usize),
}

impl Compared {
    /// The columns of numbers, and those of few levels.
    fn of(metadata: &Metadata) -> Vec<(String, Compared)> {
        let columns = metadata.names().into_iter().zip(metadata.columns.columns()).enumerate();
        let column = |(at, (name, array)): (usize, (String, &latentspace_core::arrow::array::ArrayRef))| {
            if metadata.id == Some(at) {
                return None;
            }
            let array = write::in_utc(array);
            let varies = |values: &[f64]| {
                let mut known = values.iter().filter(|value| value.is_finite());
                known.next().is_some_and(|first| known.any(|value| value != first))
            };
            if array.data_type().is_numeric() || array.data_type().is_temporal() {
                let whole = if array.data_type().is_temporal() {
                    latentspace_core::arrow::compute::cast(&array, &DataType::Int64).ok()?
                } else {
                    array
                };
                let numbers = latentspace_core::arrow::compute::cast(&whole, &DataType::Float64).ok()?;
                let numbers: Vec<f64> = numbers.as_primitive::<Float64Type>().iter().map(|cell| cell.unwrap_or(f64::NAN)).collect();
                return varies(&numbers).then_some((name, Compared::Numbers(numbers)));
            }
            let levels = metadata.labels(&name).ok()?;
            (2..=MOST_LEVELS).contains(&levels.levels.len()).then_some((name, Compared::Levels(levels.codes, levels.levels.len())))
        };
        columns.filter_map(column).collect()
    }

    /// The cells of these rows.
    fn select(&self, rows: &[u32]) -> Self {
        match self {
            Compared::Numbers(cells) => Compared::Numbers(rows.iter().map(|&row| cells[row as usize]).collect()),
            Compared::Levels(cells, levels) => Compared::Levels(rows.iter().map(|&row| cells[row as usize]).collect(), *levels),
        }
    }

    fn measure(&self) -> &'static str {
        match self {
            Compared::Numbers(_) => "correlation",
            Compared::Levels(..) => "correlation_ratio",
        }
    }

    /// The association with codes, over the rows where the column is not missing: the correlation, or the correlation ratio.
    fn with(&self, codes: &[f64]) -> f64 {
        let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
        let mut add = |code: f64| {
            n += 1.0;
            sum += code;
            squares += code * code;
        };
        match self {
            Compared::Numbers(cells) => {
                let (mut of, mut of_squares, mut both) = (0.0, 0.0, 0.0);
                for (&code, &cell) in codes.iter().zip(cells).filter(|(_, cell)| cell.is_finite()) {
                    add(code);
                    of += cell;
                    of_squares += cell * cell;
                    both += code * cell;
                }
                let spread = (squares - sum * sum / n) * (of_squares - of * of / n);
                if spread > 0.0 { (both - sum * of / n) / spread.sqrt() } else { 0.0 }
            }
            Compared::Levels(cells, levels) => {
                let mut groups = vec![(0.0, 0.0); *levels];
                for (&code, &level) in codes.iter().zip(cells) {
                    if let Some(group) = groups.get_mut(level as usize) {
                        add(code);
                        *group = (group.0 + 1.0, group.1 + code);
                    }
                }
                let between = groups.iter().filter(|group| group.0 > 0.0).map(|(rows, sum)| sum * sum / rows).sum::<f64>() - sum * sum / n;
                let all = squares - sum * sum / n;
                if all > 0.0 { (between / all).max(0.0).sqrt() } else { 0.0 }
            }
        }
    }
}

/// How each dimension goes with each column of metadata, with p values of a permutation test.
fn associations(known: &Known, run: &Run) -> Result<Vec<Vec<Association>>> {
    let (n, k) = (known.codes.rows(), known.codes.cols());
    let mut columns = Compared::of(&known.metadata);
    // Numbers are centered, so that sums of squares keep their digits.
    for (_, column) in &mut columns {
        if let Compared::Numbers(cells) = column {
            let finite = cells.iter().filter(|cell| cell.is_finite());
            let mean = finite.clone().sum::<f64>() / finite.count().max(1) as f64;
            cells.iter_mut().for_each(|cell| *cell -= mean);
        }
    }
    let centered = |axis: usize, rows: &[u32]| {
        let mean = rows.iter().map(|&row| f64::from(known.codes.row(row as usize)[axis])).sum::<f64>() / rows.len().max(1) as f64;
        rows.iter().map(|&row| f64::from(known.codes.row(row as usize)[axis]) - mean).collect::<Vec<f64>>()
    };
    let all: Vec<u32> = (0..n as u32).collect();
    let random = Random::new(run.seed(), "rows in random order");
    let sampled = if n > PERMUTED_ROWS { random.sample(0, n, PERMUTED_ROWS) } else { all.clone() };
    let axes: Vec<[Vec<f64>; 2]> = (0..k).map(|axis| [centered(axis, &all), centered(axis, &sampled)]).collect();
    let tests: Vec<(usize, usize)> = (0..k).flat_map(|axis| (0..columns.len()).map(move |column| (axis, column))).collect();
    if tests.is_empty() {
        return Ok(vec![Vec::new(); k]);
    }
    let of_sample: Vec<Compared> = columns.iter().map(|(_, column)| column.select(&sampled)).collect();
    let scores =
        |columns: &[Compared]| tests.iter().map(|&(axis, column)| columns[column].with(&axes[axis][1]).abs()).collect::<Vec<f64>>();
    let found = scores(&of_sample);
    let permuted: Vec<Vec<f64>> = (0..PERMUTATIONS)
        .into_par_iter()
        .map(|turn| {
            run.check()?;
            let order = random.permutation(1 + turn as u64, sampled.len());
            Ok(scores(&of_sample.iter().map(|column| column.select(&order)).collect::<Vec<_>>()))
        })
        .collect::<Result<_>>()?;
    // Scores of different tests are comparable in standard deviations of their own null.
    let null = |test: usize| {
        let mean = permuted.iter().map(|scores| scores[test]).sum::<f64>() / PERMUTATIONS as f64;
        let variance = permuted.iter().map(|scores| (scores[test] - mean).powi(2)).sum::<f64>() / PERMUTATIONS as f64;
        (mean, variance.sqrt().max(f64::MIN_POSITIVE))
    };
    let nulls: Vec<(f64, f64)> = (0..tests.len()).map(null).collect();
    let standard = |scores: &[f64], test: usize| (scores[test] - nulls[test].0) / nulls[test].1;
    let extremes: Vec<f64> =
        permuted.iter().map(|scores| (0..tests.len()).map(|test| standard(scores, test)).fold(f64::NEG_INFINITY, f64::max)).collect();
    let mut out = vec![Vec::new(); k];
    for (test, &(axis, column)) in tests.iter().enumerate() {
        let own = standard(&found, test);
        let as_extreme = extremes.iter().filter(|&&extreme| extreme >= own).count();
        let (name, cells) = &columns[column];
        out[axis].push(Association {
            column: name.clone(),
            measure: cells.measure(),
            value: cells.with(&axes[axis][0]),
            p: (1 + as_extreme) as f64 / (1 + PERMUTATIONS) as f64,
        });
    }
    for found in &mut out {
        found.sort_by(|a, b| a.p.total_cmp(&b.p).then(b.value.abs().total_cmp(&a.value.abs())).then(a.column.cmp(&b.column)));
    }
    Ok(out)
}

impl Explanation {
    /// A dimension as JSON, with what is known of it.
    fn json(&self, at: usize) -> Value {
        let dimension = &self.dimensions[at];
        let mut all = json!({ self.noun: at });
        if let Some(share) = dimension.share {
            all["share"] = json!(share);
        }
        if let Some(labels) = &dimension.labels {
            all["labels"] = json!(labels);
        }
        if let Some(words) = &dimension.words {
            let list =
                |words: &[(String, f64)]| words.iter().map(|(word, value)| json!({"word": word, "value": value})).collect::<Vec<_>>();
            all["name"] = json!(words.name);
            [all["x"], all["y"]] = words.place.map(|place| json!(place));
            (all["coherence_npmi"], all["exclusivity"]) = (json!(words.coherence), json!(words.exclusivity));
            words.orders.iter().for_each(|(order, words)| all[*order] = json!(list(words)));
            let row = |(row, text): &(RowAtEnd, Option<String>)| json!({"row": row.row, "id": row.id, "share": row.value, "text": text});
            all["documents"] = words.rows.iter().map(row).collect();
        } else {
            if !dimension.loadings.is_empty() {
                all["loadings"] = json!(dimension.loadings);
            }
            if !dimension.columns.is_empty() {
                all["columns"] = json!(dimension.columns);
            }
            if !dimension.low.is_empty() {
                (all["low"], all["high"]) = (json!(dimension.low), json!(dimension.high));
            }
        }
        if !dimension.metadata.is_empty() {
            all["metadata"] = json!(dimension.metadata);
        }
        if !self.warnings.is_empty() {
            all["warnings"] = json!(self.warnings);
        }
        all
    }
}

/// A list of dimensions.
impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.dimensions.len()).map(|at| self.json(at)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use latentspace_core::arrow::array::{ArrayRef, Float64Array, StringArray};

    use super::*;
    use crate::data::{PrepareOptions, Table, Values};
    use crate::learn::learn;
    use crate::method::Entry;
    use crate::registry::METHODS;

    /// 120 rows of 6 columns, which two factors make, and metadata: the first factor's sign, and noise.
    fn observed(seed: u64) -> Observations {
        let random = Random::new(seed, "rows");
        let factor = |row: usize, at: usize| random.normal(row as u64, at as u64) * [3.0, 1.0][at];
        let cell = |row: usize, column: usize| {
            (factor(row, column % 2) * (1.0 + column as f64) + 0.1 * random.normal(row as u64, 10 + column as u64)) as f32
        };
        let names = (0..6).map(|column| format!("c{column}")).collect();
        let table =
            Table { numbers: Matrix::from_fn(120, 6, cell), affine: Default::default(), names: Some(names), categories: Vec::new() };
        let signs: StringArray = (0..120).map(|row| Some(if factor(row, 0) > 0.0 { "up" } else { "down" })).collect();
        let noise = |at: u64| Float64Array::from_iter_values((0..120).map(|row| random.normal(row, 50 + at)));
        let columns: Vec<(String, ArrayRef)> =
            vec![("sign".into(), Arc::new(signs)), ("noise".into(), Arc::new(noise(0))), ("more".into(), Arc::new(noise(1)))];
        Observations { metadata: Metadata::from_columns(columns, 120).unwrap(), ..Observations::new("rows", Values::Table(table)) }
    }

    fn fitted(entry: &Entry, observed: &Observations, run: &Run) -> Space {
        let method = entry.with(&serde_json::Map::new()).unwrap();
        learn(&*method, observed.clone(), &PrepareOptions::default(), &Default::default(), run).unwrap().space
    }

    #[test]
    fn a_linear_space_is_explained_by_loadings_metadata_and_rows_at_both_ends() {
        let (observed, run) = (observed(1), Run::new(2, 2).unwrap());
        let linear = METHODS.iter().find(|entry| entry.info.can.axes.is_some() && entry.info.family == "linear").unwrap();
        let space = fitted(linear, &observed, &run);
        let found = explain(&space, Some(&observed), 3, &run).unwrap();
        let first = &found.dimensions[0];
        assert!(first.loadings.len() == 3 && first.share.unwrap() > 0.5 && found.warnings.is_empty());
        let sign = &first.metadata[0];
        assert!(sign.column == "sign" && sign.p < 0.01 && sign.value > 0.7 && sign.measure == "correlation_ratio", "{sign:?}");
        assert!(first.low.len() == 5 && first.low[0].value <= first.low[1].value && first.high[0].value >= first.high[1].value);
        let alone = explain(&space, None, 3, &run).unwrap();
        assert!(alone.warnings.len() == 1 && alone.dimensions[0].metadata.is_empty());
        assert_eq!(alone.dimensions[0].loadings, first.loadings);
    }

    #[test]
    fn a_map_is_explained_by_its_columns_and_says_that_its_directions_mean_nothing() {
        let (observed, run) = (observed(1), Run::new(2, 2).unwrap());
        for entry in METHODS.iter().filter(|entry| entry.info.can.axes.is_none()) {
            // Spaces that keep no rows are explained by those that are given.
            let (name, kept) = (entry.info.name, entry.info.can.kept);
            let found = explain(&fitted(entry, &observed, &run), (!kept).then_some(&observed), 4, &run).unwrap();
            assert_eq!(found.warnings.iter().any(|warning| warning.contains("mean nothing")), !entry.info.oriented, "{name}");
            let columns = &found.dimensions[0].columns;
            let least = if kept { 0.5 } else { 0.0 };
            assert!(columns.len() == 4 && columns[0].value.abs() > least && columns[0].value.abs() <= 1.0 + 1e-9, "{name}: {columns:?}");
        }
    }

    #[test]
    fn metadata_without_meaning_are_found_in_at_most_five_percent_of_runs() {
        let run = Run::new(5, 2).unwrap();
        let is_found = |seed: u64| {
            let observed = observed(seed);
            let random = Random::new(seed, "codes");
            let codes = Matrix::from_fn(120, 4, |row, axis| random.normal(row as u64, axis as u64) as f32);
            let found = associations(&Known { codes, rows: None, metadata: observed.metadata }, &run).unwrap();
            found.iter().flatten().any(|found| found.p < 0.05)
        };
        let wrong = (0..60).filter(|&seed| is_found(seed)).count();
        assert!(wrong <= 6, "{wrong} of 60 runs"); // 3 are expected, 6 and fewer in 97 % of cases
    }
}
