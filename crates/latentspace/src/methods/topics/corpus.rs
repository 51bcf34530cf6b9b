//! Documents as methods that sample see them: their words, one after the other.

use crate::data::{Counts, Prepared};
use crate::error::{Error, Result, count};
use crate::linalg::SparseRows;

/// Documents, word by word: of document i the words `words[starts[i]..starts[i + 1]]`, a word as often as it was counted, ascending.
pub(super) struct Corpus {
    /// Words of the vocabulary.
    pub(super) vocabulary: usize,
    /// `[n + 1]`.
    pub(super) starts: Vec<u32>,
    /// The vocabulary's number of each word.
    pub(super) words: Vec<u32>,
}

/// Words that a corpus has at most: places of words are numbers of 32 bits.
const MOST_WORDS: f64 = 4e9;

impl Corpus {
    /// The documents of these numbers, word by word.
    ///
    /// # Errors
    /// [`Error::Input`] with row and column for what is no count, or if there are too many words.
    pub(super) fn of(counts: &Counts, documents: &[u32]) -> Result<Self> {
        check_counts(counts)?;
        let total: f64 = documents.iter().flat_map(|&document| counts.row(document as usize).1).map(|&value| f64::from(value)).sum();
        if total > MOST_WORDS {
            return Err(Error::input("data", format!("{total:.1e} words"), "this solver takes up to 4e9")
                .with_hint("learn from a part of the documents; the space encodes the others"));
        }
        let mut corpus = Corpus { vocabulary: counts.cols, starts: vec![0], words: Vec::with_capacity(total as usize) };
        for &document in documents {
            let (columns, values) = counts.row(document as usize);
            for (&column, &value) in columns.iter().zip(values) {
                corpus.words.extend(std::iter::repeat_n(column, value as usize));
            }
            corpus.starts.push(corpus.words.len() as u32);
        }
        Ok(corpus)
    }

    /// Documents.
    pub(super) fn documents(&self) -> usize {
        self.starts.len() - 1
    }

    /// The places of a document's words.
    pub(super) fn places(&self, document: usize) -> std::ops::Range<usize> {
        self.starts[document] as usize..self.starts[document + 1] as usize
    }
}

/// The rows as counts, however they came.
///
/// # Errors
/// [`Error::Input`] with row and column for a number below 0.
pub(super) fn counts(rows: &Prepared) -> Result<Counts> {
    let counts = match rows {
        Prepared::Counts(counts) => counts.clone(),
        Prepared::Table(table) => Counts::of(table),
    };
    check_weights(counts.view(), counts.names.as_deref(), 0)?;
    Ok(counts)
}

/// Checks that no weight of a word is below 0 in rows of which the first is the one of this number.
///
/// # Errors
/// [`Error::Input`] with row and column.
pub(super) fn check_weights(rows: SparseRows<'_>, names: Option<&[String]>, first: usize) -> Result<()> {
    let cells = rows.starts.first().copied().unwrap_or(0)..rows.starts.last().copied().unwrap_or(0);
    match rows.values[cells.clone()].iter().position(|&value| value < 0.0) {
        None => Ok(()),
        Some(at) => Err(place(rows, names, first, cells.start + at, "a word is in a document so many times: 0 or more")),
    }
}

fn check_counts(counts: &Counts) -> Result<()> {
    let bad = |value: f32| value < 0.0 || value.fract() != 0.0 || value > 1e7;
    match counts.values.iter().position(|&value| bad(value)) {
        None => Ok(()),
        Some(at) => Err(place(counts.view(), counts.names.as_deref(), 0, at, "sampling takes whole numbers from 0 to 10,000,000")
            .with_hint("weights that are no counts can be learned from by plsa")),
    }
}

/// The error that names the cell at this place of the values.
fn place(rows: SparseRows<'_>, names: Option<&[String]>, first: usize, at: usize, wanted: &str) -> Error {
    let row = first + rows.starts.partition_point(|&start| start <= at) - 1;
    let column = rows.indices[at] as usize;
    let name = names.and_then(|names| names.get(column)).cloned().unwrap_or_else(|| (column + 1).to_string());
    Error::input("data", format!("{}", rows.values[at]), wanted).at_row(row as u64 + 1).at_column(&name)
}

/// Checks that there is something to learn topics from, and not more topics than documents.
///
/// # Errors
/// [`Error::Input`] or [`Error::Param`].
pub(super) fn check_shape(title: &str, shape: crate::method::Shape, n_components: Option<u32>) -> Result<()> {
    if shape.rows == 0 || shape.cols == 0 {
        let found = format!("{} documents of {} words", shape.rows, shape.cols);
        return Err(Error::input("data", found, format!("{title} needs a document of a word")));
    }
    match n_components {
        Some(k) if k as usize > shape.rows => {
            let wanted = format!("for {} documents it is at most as many", count(shape.rows as u64));
            Err(Error::param("n_components", k, wanted))
        }
        _ => Ok(()),
    }
}

/// Topics where nobody said how many: 10, 20, 50 or 100, by the number of documents.
pub(super) fn usual_topics(documents: usize) -> u32 {
    let usual = match documents {
        0..500 => 10,
        500..5_000 => 20,
        5_000..20_000 => 50,
        _ => 100,
    };
    usual.min(documents.max(1) as u32)
}
