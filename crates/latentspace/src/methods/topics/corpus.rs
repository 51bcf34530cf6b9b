//! Documents as methods that sample see them: their words, one after the other.

use std::ops::Range;

use crate::error::{Error, Result, count};
use crate::linalg::{OwnedRows, SparseMatrix, SparseRows};
use crate::parallel::*;

/// Documents in blocks, and each block word by word: what is known of a word is read once for all documents of a block that have it, and words
/// that follow each other are mostly of different documents, so that none waits for another.
pub(super) struct Corpus {
    /// Words of the vocabulary.
    pub(super) vocabulary: usize,
    pub(super) blocks: Vec<Block>,
    /// The vocabulary's number of the word at each place, ascending in each block.
    pub(super) words: Vec<u32>,
    /// The number in its block of the document at each place, ascending with each word.
    pub(super) documents: Vec<u16>,
    /// Words of each document.
    pub(super) lengths: Vec<u32>,
}

/// Some documents, and the places of all their words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub(super) documents: Range<usize>,
    pub(super) places: Range<usize>,
}

/// Words that a corpus has at most: places and counts of words are numbers of 32 bits, some of them with a sign.
const MOST_WORDS: f64 = 2e9;
/// Blocks that a corpus has at least, where they have words enough; words and documents that a block has at most: as many documents as lie in
/// the second level of cache while they are worked on. A longer document is a block of its own.
const BLOCKS: usize = 64;
const WORDS: [usize; 2] = [4096, 65_536];
const DOCUMENTS: usize = 1024;

impl Corpus {
    /// The documents of these numbers.
    ///
    /// # Errors
    /// [`Error::Input`] with row and column for what is no count, or if there are too many words.
    pub(super) fn of(counts: &SparseMatrix, names: Option<&[String]>, documents: &[u32]) -> Result<Self> {
        check_counts(counts, names)?;
        let length = |&document: &u32| counts.row(document as usize).1.iter().map(|&value| f64::from(value)).sum::<f64>();
        let lengths: Vec<f64> = documents.iter().map(length).collect();
        let total: f64 = lengths.iter().sum();
        if total > MOST_WORDS {
            return Err(Error::input("data", format!("{total:.1e} words"), "this solver takes up to 2e9")
                .with_hint("learn from a part of the documents; the space encodes the others"));
        }
        let lengths: Vec<u32> = lengths.into_iter().map(|length| length as u32).collect();
        let most = (total as usize / BLOCKS).clamp(WORDS[0], WORDS[1]);
        let mut blocks = Vec::new();
        let mut block = Block { documents: 0..0, places: 0..0 };
        for (document, &length) in lengths.iter().enumerate() {
            let length = length as usize;
            if !block.documents.is_empty() && (block.places.len() + length > most || block.documents.len() == DOCUMENTS) {
                let next = Block { documents: document..document, places: block.places.end..block.places.end };
                blocks.push(std::mem::replace(&mut block, next));
            }
            block.documents.end += 1;
            block.places.end += length;
        }
        blocks.push(block);
        let in_block = |block: &Block| {
            let cells = |(at, &document): (usize, &u32)| {
                let (columns, values) = counts.row(document as usize);
                columns.iter().zip(values).map(move |(&column, &value)| (column, at as u16, value as u32))
            };
            let mut cells: Vec<(u32, u16, u32)> = documents[block.documents.clone()].iter().enumerate().flat_map(cells).collect();
            cells.sort_unstable();
            cells
        };
        let mut corpus = Corpus {
            vocabulary: counts.cols,
            blocks,
            words: Vec::with_capacity(total as usize),
            documents: Vec::with_capacity(total as usize),
            lengths,
        };
        let sorted: Vec<Vec<(u32, u16, u32)>> = corpus.blocks.par_iter().map(in_block).collect();
        for (word, document, count) in sorted.into_iter().flatten() {
            corpus.words.extend(std::iter::repeat_n(word, count as usize));
            corpus.documents.extend(std::iter::repeat_n(document, count as usize));
        }
        Ok(corpus)
    }
}

/// The rows as counts, however they came.
///
/// # Errors
/// [`Error::Input`] with row and column for a number below 0.
pub(super) fn counts(rows: &OwnedRows, names: Option<&[String]>) -> Result<SparseMatrix> {
    let counts = match rows.sparse() {
        Some(counts) => counts.clone(),
        None => SparseMatrix::of(&rows.table()?),
    };
    check_weights(counts.view(), names, 0)?;
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

fn check_counts(counts: &SparseMatrix, names: Option<&[String]>) -> Result<()> {
    let bad = |value: f32| value < 0.0 || value.fract() != 0.0 || value > 1e7;
    match counts.values.iter().position(|&value| bad(value)) {
        None => Ok(()),
        Some(at) => Err(place(counts.view(), names, 0, at, "sampling takes whole numbers from 0 to 10,000,000")
            .with_hint("sampler=variational learns from weights that are not counts, and so does plsa")),
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

/// Distributions where nobody said how many: 10, 20, 50 or 100, by the number of documents.
pub(super) fn usual_topics(documents: usize) -> u32 {
    let usual = match documents {
        0..500 => 10,
        500..5_000 => 20,
        5_000..20_000 => 50,
        _ => 100,
    };
    usual.min(documents.max(1) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::Matrix;

    #[test]
    fn blocks_hold_each_word_of_each_document_as_often_as_it_was_counted() {
        // A document of no word, and one that is a block of its own.
        let count = |row: usize, column: usize| match row {
            3 => 0.0,
            7 => 300.0,
            _ => ((row * 7 + column * 3) % 5) as f32,
        };
        let table = Matrix::from_fn(700, 20, count);
        let documents: Vec<u32> = (0..700).filter(|row| row % 10 != 9).collect();
        let corpus = Corpus::of(&SparseMatrix::of(&table), None, &documents).unwrap();
        let mut found = vec![0.0; documents.len() * 20];
        let mut next = Block { documents: 0..0, places: 0..0 };
        for block in &corpus.blocks {
            assert_eq!((block.documents.start, block.places.start), (next.documents.end, next.places.end));
            assert!(block.places.len() <= WORDS[0] || block.documents.len() == 1);
            let order: Vec<(u32, u16)> = block.places.clone().map(|place| (corpus.words[place], corpus.documents[place])).collect();
            assert!(order.is_sorted());
            order.iter().for_each(|&(word, document)| found[(block.documents.start + document as usize) * 20 + word as usize] += 1.0);
            next = block.clone();
        }
        assert_eq!((next.documents.end, next.places.end), (documents.len(), corpus.words.len()));
        assert!(corpus.blocks.len() > 5);
        for (at, &document) in documents.iter().enumerate() {
            assert_eq!(&found[at * 20..][..20], table.row(document as usize));
            assert_eq!(corpus.lengths[at] as f32, table.row(document as usize).iter().sum::<f32>());
        }
    }
}
