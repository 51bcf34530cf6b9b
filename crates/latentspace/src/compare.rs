//! SpaceComparison of two embeddings of the same rows, and of their axes where both have distributions over words.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::axes::{Distributions, matched};
use crate::codes::Codes;
use crate::data::Metadata;
use crate::error::{Error, Result, count};
use crate::linalg::Matrix;
use crate::measure::{self, CompareOptions, Measure, Sample};
use crate::run::Run;
use crate::space::Space;

/// The default number of neighbors per row.
const NEIGHBORS: usize = 15;

/// One side of a comparison.
pub struct Embedding<'a> {
    /// Its name in errors.
    pub name: &'a str,
    /// The codes of its rows; the error if it has none.
    pub codes: Result<Codes>,
    /// The space, if it is one.
    pub space: Option<&'a Space>,
}

/// What is asked of a comparison.
#[derive(Debug, Clone, Copy, Default)]
pub struct ComparisonOptions {
    /// Number of neighbors per row; none: 15, fewer if there are fewer rows.
    pub k: Option<usize>,
    /// The rows whose neighbors are compared.
    pub sample: Sample,
    /// Whether the figures of every row are wanted.
    pub every_row: bool,
}

/// The comparison of two embeddings.
pub struct SpaceComparison {
    /// Of their rows; none if they have no rows in common and their axes are compared.
    pub rows: Option<RowComparison>,
    /// Of their axes, if both have distributions over words.
    pub axes: Option<AxesComparison>,
}

/// The comparison of rows.
pub struct RowComparison {
    /// The measures, as a whole and per row.
    pub found: measure::Comparison,
    /// Metadata of the rows of the first.
    pub metadata: Metadata,
    /// How they were matched: `order` or `ids`.
    pub by: &'static str,
    /// Number of rows in the first alone.
    pub only_a: usize,
    /// Number of rows in the second alone.
    pub only_b: usize,
}

/// Compares two embeddings of the same rows, which are matched by their ids where both have ids, else by order.
///
/// # Errors
/// [`Error::Input`] if they have no rows in common, nor axes to compare; [`Error::Cancelled`].
pub fn compare(a: Embedding<'_>, b: Embedding<'_>, options: &ComparisonOptions, run: &Run) -> Result<SpaceComparison> {
    let axes = match (a.space, b.space) {
        (Some(first), Some(second)) => AxesComparison::of((a.name, first), (b.name, second), run)?,
        _ => None,
    };
    let both = || SharedRows::of((a.name, &a.codes?), (b.name, &b.codes?));
    let both = match (both(), axes.is_some() && !options.every_row) {
        // Axes can be compared without rows.
        (Err(error @ Error::Input(_)), true) => {
            run.warn(format!("the rows are not compared: {error}"));
            return Ok(SpaceComparison { rows: None, axes });
        }
        (both, _) => both?,
    };
    both.notes().iter().for_each(|note| run.note(note));
    let n = both.metadata.rows();
    let k = options.k.unwrap_or_else(|| NEIGHBORS.min(n.saturating_sub(1)).max(1));
    let asked = CompareOptions { k, sample: options.sample, every_row: options.every_row };
    let found = measure::compare(both.a.view(), both.b.view(), &asked, run)?;
    let SharedRows { metadata, by, only_a, only_b, .. } = both;
    Ok(SpaceComparison { rows: Some(RowComparison { found, metadata, by, only_a, only_b }), axes })
}

impl SpaceComparison {
    /// The measures of the rows by name.
    pub fn named(&self) -> BTreeMap<String, Measure> {
        let named = self.rows.iter().flat_map(|rows| rows.found.named());
        named.map(|(name, measure)| (name.to_owned(), measure)).collect()
    }

    /// What the numbers mean.
    pub fn sentences(&self) -> Vec<String> {
        let rows = self.rows.iter().flat_map(|rows| rows.found.sentences());
        rows.chain(self.axes.iter().map(AxesComparison::sentence)).collect()
    }
}

/// The measures of the rows, and under the plural of what an axis is called those of the axes.
impl Serialize for SpaceComparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_map(None)?;
        if let Some(rows) = &self.rows {
            if let Value::Object(found) = json!(rows.found) {
                found.iter().try_for_each(|(name, value)| all.serialize_entry(name, value))?;
            }
            all.serialize_entry("rows", &rows.metadata.rows())?;
            all.serialize_entry("matched_by", rows.by)?;
            all.serialize_entry("only_in_a", &rows.only_a)?;
            all.serialize_entry("only_in_b", &rows.only_b)?;
        }
        if let Some(axes) = &self.axes {
            all.serialize_entry(&format!("{}s", axes.noun), axes)?;
        }
        all.end()
    }
}

/// Rows that are in both spaces, in the order of the first.
struct SharedRows {
    a: Matrix,
    b: Matrix,
    /// Metadata of the first.
    metadata: Metadata,
    /// How they were matched.
    by: &'static str,
    only_a: usize,
    only_b: usize,
}

impl SharedRows {
    fn of((name_a, a): (&str, &Codes), (name_b, b): (&str, &Codes)) -> Result<Self> {
        let (rows_a, rows_b) = (a.values.rows(), b.values.rows());
        let by_order = |by| SharedRows { a: a.values.clone(), b: b.values.clone(), metadata: a.metadata.clone(), by, only_a: 0, only_b: 0 };
        if a.metadata.id.is_none() || b.metadata.id.is_none() {
            if rows_a != rows_b {
                let found = format!("{} rows", count(rows_b as u64));
                return Err(Error::input(name_b, found, format!("{name_a} has {}", count(rows_a as u64)))
                    .with_hint("rows are matched by their order, or, where both files have a column named id, by that"));
            }
            return Ok(by_order("order"));
        }
        let ids = |codes: &Codes| (0..codes.values.rows()).map(|row| codes.metadata.id(row)).collect::<Vec<String>>();
        let (ids_a, ids_b) = (ids(a), ids(b));
        if ids_a == ids_b {
            return Ok(by_order("ids"));
        }
        let places_b = places(name_b, &ids_b)?;
        places(name_a, &ids_a)?;
        let (chosen_a, chosen_b): (Vec<u32>, Vec<u32>) =
            ids_a.iter().zip(0..).filter_map(|(id, row)| Some((row, *places_b.get(id.as_str())?))).unzip();
        if chosen_a.is_empty() {
            let found = format!("none of its ids ('{}', …) is an id of {name_a}", ids_b.first().map_or("", String::as_str));
            return Err(Error::input(name_b, found, "rows are matched by their ids where both files have them"));
        }
        Ok(SharedRows {
            a: a.values.select(&chosen_a),
            b: b.values.select(&chosen_b),
            metadata: a.metadata.select(&chosen_a)?,
            by: "ids",
            only_a: rows_a - chosen_a.len(),
            only_b: rows_b - chosen_b.len(),
        })
    }

    fn notes(&self) -> Vec<String> {
        let left_out = [(self.only_a, "first"), (self.only_b, "second")];
        let note = |(rows, which)| format!("{} rows are in the {which} space alone and left out", count(rows as u64));
        left_out.into_iter().filter(|(rows, _)| *rows > 0).map(|(rows, which)| note((rows, which))).collect()
    }
}

/// The row of each id.
fn places<'a>(name: &str, ids: &'a [String]) -> Result<HashMap<&'a str, u32>> {
    let mut places = HashMap::new();
    for (row, id) in ids.iter().enumerate() {
        if let Some(first) = places.insert(id.as_str(), row as u32) {
            let found = format!("the id '{id}', which row {} has, too", first + 1);
            return Err(Error::input(name, found, "rows are matched by their ids, so each has its own").at_row(row as u64 + 1));
        }
    }
    Ok(places)
}

/// The matched axes of two spaces.
#[derive(Debug, Clone)]
pub struct AxesComparison {
    /// What one axis is called: that of the first space.
    pub noun: &'static str,
    /// The mean share of an axis's ten top words that its partner has, too; the null is that of axes that are not partners.
    pub shared: Measure,
    /// The mean Jensen-Shannon divergence of partners.
    pub divergence: Measure,
    /// Words of both vocabularies, by which axes are compared.
    pub words: usize,
    /// Each axis of the first space.
    pub each: Vec<AxisComparison>,
}

/// An axis and its partner.
#[derive(Debug, Clone)]
pub struct AxisComparison {
    /// Its number.
    pub axis: usize,
    /// Its name, from its most relevant words.
    pub name: String,
    /// The partner in the other space; none if that has fewer axes.
    pub partner: Option<u32>,
    /// The name of the partner.
    pub partner_name: Option<String>,
    /// The share of its ten top words that the partner has, too.
    pub shared: f64,
    /// The Jensen-Shannon divergence to the partner.
    pub divergence: f64,
}

impl AxesComparison {
    /// The axes of two spaces, if both are distributions.
    fn of((name_a, space_a): (&str, &Space), (name_b, space_b): (&str, &Space), run: &Run) -> Result<Option<Self>> {
        let (Some(a), Some(b)) = (space_a.distributions()?, space_b.distributions()?) else { return Ok(None) };
        let (words_a, words_b) = (space_a.column_names(), space_b.column_names());
        let places: HashMap<&str, u32> = words_b.iter().zip(0..).map(|(word, at)| (word.as_str(), at)).collect();
        let (of_a, of_b): (Vec<u32>, Vec<u32>) =
            words_a.iter().zip(0..).filter_map(|(word, at)| Some((at, *places.get(word.as_str())?))).unzip();
        let noun = space_a.method.can.axes.unwrap_or("axis");
        if of_a.is_empty() {
            let found = format!("none of its words ('{}', …) is a word of {name_a}", words_b.first().map_or("", String::as_str));
            return Err(Error::input(name_b, found, format!("{noun}s are compared by words of both vocabularies")));
        }
        let found = matched(&among(&a, &of_a)?, &among(&b, &of_b)?, run)?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let each = |axis: usize| {
            let partner = found.partner[axis];
            let partner_name = partner.map(|partner| b.name(partner as usize, &words_b));
            let (shared, divergence) = (found.shared[axis], found.divergence[axis]);
            AxisComparison { axis, name: a.name(axis, &words_a), partner, partner_name, shared, divergence }
        };
        Ok(Some(AxesComparison {
            noun,
            shared: Measure::exact(mean(&found.shared), Some(found.chance)),
            divergence: Measure::exact(mean(&found.divergence), None),
            words: of_a.len(),
            each: (0..a.k()).map(each).collect(),
        }))
    }

    /// What the numbers mean.
    pub fn sentence(&self) -> String {
        let (shared, chance) = (10.0 * self.shared.value, 10.0 * self.shared.null.unwrap_or(0.0));
        format!(
            "Matched {}s share {shared:.1} of their 10 top words ({chance:.1} expected by chance). Compared by {} words.",
            self.noun,
            count(self.words as u64)
        )
    }
}

impl Serialize for AxesComparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let each = |one: &AxisComparison| {
            json!({
                self.noun: one.axis, "name": one.name, "partner": one.partner, "partner_name": one.partner_name, "shared": one.shared,
                "divergence": one.divergence,
            })
        };
        let each: Vec<Value> = self.each.iter().map(each).collect();
        json!({"shared": self.shared, "divergence": self.divergence, "words": self.words, "each": each}).serialize(serializer)
    }
}

/// The axes restricted to some words.
fn among(axes: &Distributions, words: &[u32]) -> Result<Distributions> {
    if words.len() == axes.words() && words.is_sorted() {
        return Ok(axes.clone());
    }
    let mut by_word = axes.by_word.select(words);
    // An axis without words of the other vocabulary matches none.
    let k = by_word.cols();
    let has_words: Vec<bool> = (0..k).map(|axis| (0..words.len()).any(|word| by_word.row(word)[axis] > 0.0)).collect();
    if has_words.iter().any(|has| !has) {
        by_word = Matrix::from_fn(words.len(), k, |word, axis| if has_words[axis] { by_word.row(word)[axis] } else { 1.0 });
    }
    let totals = words.iter().map(|&word| axes.totals[word as usize]).collect();
    Distributions::new(by_word, axes.shares().to_vec(), totals, axes.documents)
}
