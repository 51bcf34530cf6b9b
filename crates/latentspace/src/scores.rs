//! Scores of axes that are distributions over words against documents: held-out likelihood, coherence, exclusivity, diversity; of a space, or of a table that
//! another tool wrote.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::axes::{Coherence, Coherences, Distributions, Texts, Windows, coherence, completion, halves, left_to_right};
use crate::data::{Counts, DataKind, Observations, Preparation, Values};
use crate::error::{Error, Result};
use crate::linalg::SparseMatrix;
use crate::measure::Measure;
use crate::registry;
use crate::run::Run;
use crate::space::Space;
use crate::text::{Kept, Tokens, Vocabulary, normal_word};

/// Names of a column of words.
const WORDS: [&str; 4] = ["word", "term", "token", "words"];
/// Number of top words for coherence.
const TOP: usize = 10;

/// A word outside the vocabulary, which counts in windows.
const OTHER: u32 = u32::MAX;

/// The default Dirichlet prior over a document's axes, if unknown: that of most tools.
const PRIOR: f64 = 0.1;

/// Axes over named words, to be scored against documents.
pub struct WordAxes {
    /// Each axis as a distribution over the words.
    pub axes: Distributions,
    /// The words.
    pub words: Vec<String>,
    /// What one axis is called.
    pub noun: &'static str,
    /// Dirichlet prior over a document's axes, in pseudo-counts per axis.
    prior: Vec<f64>,
    /// The preparation of texts, if a space has one.
    preparation: Option<Preparation>,
}

impl WordAxes {
    /// Those of a space, if its axes are distributions.
    ///
    /// # Errors
    /// See [`Space::distributions`].
    pub fn of_space(space: Space) -> Result<Option<Self>> {
        let Some(axes) = space.distributions()?.map(Cow::into_owned) else { return Ok(None) };
        let known = space.capabilities().axes.and_then(|axes| axes.prior).filter(|prior| prior.iter().all(|&prior| prior > 0.0));
        let prior = known.map_or_else(|| vec![PRIOR; axes.k()], |prior| prior.iter().map(|&prior| f64::from(prior)).collect());
        let (words, noun) = (space.column_names(), space.method.can.axes.unwrap_or("axis"));
        Ok(Some(WordAxes { axes, words, noun, prior, preparation: Some(space.preparation) }))
    }

    /// Those of a table that another tool wrote, if it is one: a column of words, and one column of weights for each axis. `name` is the file's, for errors.
    ///
    /// # Errors
    /// [`Error::Input`] if a word has two rows, or an axis no weight.
    pub fn of_table(name: &str, observations: &Observations) -> Result<Option<Self>> {
        let Values::Table(table) = &observations.values else { return Ok(None) };
        // A map of words has negative coordinates, distributions do not.
        if table.numbers.as_slice().iter().any(|share| *share < 0.0) {
            return Ok(None);
        }
        let names = observations.metadata.names();
        let Some(column) = names.iter().position(|name| WORDS.contains(&name.to_lowercase().as_str())) else { return Ok(None) };
        let mut rows: Vec<(String, usize)> =
            (0..table.numbers.rows()).map(|row| (observations.metadata.text(column, row).unwrap_or_default(), row)).collect();
        rows.sort();
        if let Some(twice) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let error = Error::input(name, format!("the word '{}' twice", twice[0].0), "each word has one row");
            return Err(error.at_row(twice[1].1 as u64 + 1));
        }
        let order: Vec<u32> = rows.iter().map(|(_, row)| *row as u32).collect();
        let words: Vec<String> = rows.into_iter().map(|(word, _)| word).collect();
        // Shares of a scale are as good as weights, since each axis is normalized.
        let by_word = table.numbers.select(&order);
        let k = by_word.cols();
        let axes = Distributions::new(by_word, vec![1.0; k], vec![0.0; words.len()], 0)?;
        let noun = registry::default_for_text().and_then(|entry| entry.info.can.axes).unwrap_or("axis");
        Ok(Some(WordAxes { axes, words, noun, prior: vec![PRIOR; k], preparation: None }))
    }

    /// The preparation with which documents are to be read.
    pub fn preparation(&self) -> Option<&Preparation> {
        self.preparation.as_ref()
    }

    fn read(&self, observations: &Observations, tokens: Tokens, run: &Run) -> Result<Read> {
        match &observations.values {
            Values::Text(texts) => {
                let own;
                let vocabulary = match self.preparation.as_ref().filter(|preparation| preparation.kind == DataKind::Text) {
                    Some(preparation) => preparation.vocabulary()?,
                    None => {
                        own = Vocabulary::new(self.kept(tokens), &self.words)?;
                        &own
                    }
                };
                let counts = vocabulary.count(texts, run)?;
                let words = |text: &String| vocabulary.pieces(text).into_iter().map(|(_, number)| number.unwrap_or(OTHER)).collect();
                Ok(Read { texts: Some(texts.iter().map(words).collect()), counts })
            }
            Values::Counts(counts) => Ok(Read { texts: None, counts: self.columns(counts, &observations.name)? }),
            Values::Table(table) => {
                let counts = Counts { names: table.names.clone(), ..SparseMatrix::of(&table.numbers).into() };
                Ok(Read { texts: None, counts: self.columns(&counts, &observations.name)? })
            }
            other => Err(Error::input(
                &observations.name,
                other.kind().name(),
                format!("{}s are measured against text or counts of words", self.noun),
            )),
        }
    }

    /// The counts, with the words of the axes as columns.
    fn columns(&self, counts: &Counts, name: &str) -> Result<SparseMatrix> {
        let Some(names) = counts.names.as_ref().filter(|names| **names != self.words) else {
            if counts.cols != self.words.len() {
                let wanted = format!("the {}s have {} words", self.noun, self.words.len());
                return Err(Error::input(name, format!("{} columns", counts.cols), wanted));
            }
            return Ok(counts.matrix.clone());
        };
        let known: BTreeMap<&str, u32> = self.words.iter().enumerate().map(|(at, word)| (word.as_str(), at as u32)).collect();
        let numbers: Vec<Option<u32>> = names.iter().map(|name| known.get(name.as_str()).copied()).collect();
        let mut out = SparseMatrix::none(self.words.len());
        for row in 0..counts.rows() {
            let (columns, values) = counts.row(row);
            let mut cells: Vec<(u32, f32)> =
                columns.iter().zip(values).filter_map(|(&column, &value)| Some((numbers[column as usize]?, value))).collect();
            cells.sort_by_key(|cell| cell.0);
            cells.into_iter().for_each(|(column, value)| {
                out.indices.push(column);
                out.values.push(value);
            });
            out.starts.push(out.indices.len());
        }
        Ok(out)
    }

    /// The tokenizer for axes of another tool: the default one, without removals.
    fn kept(&self, tokens: Tokens) -> Kept {
        Kept {
            tokens,
            keep_case: self.words.iter().any(|word| word.chars().any(char::is_uppercase)),
            keep_numbers: true,
            normal: self.words.iter().all(|word| normal_word(word) == word.to_lowercase()),
            elided: Vec::new(),
            dictionary: true,
            min_letters: 1,
            min_df: 0,
            max_df: 0,
            max_words: self.words.len(),
            ngrams: 1 + self.words.iter().map(|word| word.matches(' ').count()).max().unwrap_or(0).min(2),
            languages: Vec::new(),
            stop_words: Vec::new(),
            phrases: Vec::new(),
        }
    }

    /// Scores the axes against documents: text, or counts of words. `tokens` is the tokenizer for axes of another tool; with `particles`, the likelihood
    /// is also estimated by left-to-right sampling.
    ///
    /// # Errors
    /// [`Error::Input`] if the documents are neither, or have other words; [`Error::Cancelled`].
    pub fn score(&self, observations: &Observations, tokens: Tokens, particles: Option<usize>, run: &Run) -> Result<AxesScores> {
        let Read { texts, counts } = self.read(observations, tokens, run)?;
        let mut totals = vec![0.0_f64; counts.cols];
        counts.indices.iter().zip(&counts.values).for_each(|(&word, &times)| totals[word as usize] += f64::from(times));
        let axes = match self.axes.tokens() > 0.0 {
            true => self.axes.clone(),
            // The word frequencies of the other tool are unknown: use those of these documents as the null.
            false => Distributions::new(self.axes.by_word.clone(), self.axes.shares().to_vec(), totals, counts.rows())?,
        };
        let told: Vec<[Vec<u32>; 2]> = match &texts {
            Some(texts) => {
                let known = |text: &Vec<u32>| text.iter().copied().filter(|word| *word != OTHER).collect::<Vec<u32>>();
                let texts: Vec<Vec<u32>> = texts.iter().map(known).collect();
                let half = |text: &Vec<u32>, from: usize| text.iter().skip(from).step_by(2).copied().collect();
                texts.iter().map(|text| [half(text, 0), half(text, 1)]).collect()
            }
            None => halves(&counts, run.seed()),
        };
        let likelihood = completion(&axes, &told, run)?;
        let tops = axes.tops(TOP);
        let of = |kind: Coherence| -> Result<Coherences> {
            match &texts {
                Some(texts) => coherence(&tops, Texts::Words(texts), kind, kind.usual(), run),
                None => coherence(&tops, Texts::Counts(counts.view()), kind, Windows::Documents, run),
            }
        };
        let (u_mass, npmi, c_v) = (of(Coherence::UMass)?, of(Coherence::CNpmi)?, of(Coherence::CV)?);
        let exclusivity = axes.exclusivity();
        let mean = exclusivity.iter().sum::<f64>() / axes.k() as f64;
        let mut named = BTreeMap::from([
            ("log_likelihood_per_word".to_owned(), likelihood),
            ("coherence_u_mass".to_owned(), Measure::exact(u_mass.mean, None)),
            ("coherence_npmi".to_owned(), Measure::exact(npmi.mean, None)),
            ("coherence_c_v".to_owned(), Measure::exact(c_v.mean, None)),
            ("exclusivity".to_owned(), Measure::exact(mean, Some(1.0 / axes.k() as f64))),
            ("diversity".to_owned(), Measure::exact(axes.diversity(), None)),
        ]);
        if let Some(particles) = particles {
            // The halves are alternating words: interleaved, they are the words in order.
            let whole = |[even, odd]: &[Vec<u32>; 2]| {
                let order = (0..even.len() + odd.len()).map(|at| if at % 2 == 0 { even[at / 2] } else { odd[at / 2] });
                order.collect::<Vec<u32>>()
            };
            let documents: Vec<Vec<u32>> = told.iter().map(whole).collect();
            named.insert("left_to_right".to_owned(), left_to_right(&axes, &self.prior, &documents, particles, run)?);
        }
        let names = axes.names(Some(&self.words));
        Ok(AxesScores {
            noun: self.noun,
            measures: named,
            names,
            u_mass: u_mass.axes,
            npmi: npmi.axes,
            c_v: c_v.axes,
            exclusivity,
            documents: counts.rows(),
            words: axes.words(),
            in_windows: texts.is_some(),
        })
    }
}

/// Documents as counts of the axes' words.
struct Read {
    /// Their words in order, if known: words of the vocabulary by number, others as [`OTHER`].
    texts: Option<Vec<Vec<u32>>>,
    counts: SparseMatrix,
}

/// The scores of axes against documents.
#[derive(Debug, Clone)]
pub struct AxesScores {
    /// What one axis is called.
    pub noun: &'static str,
    /// The scores of all axes together, by name.
    pub measures: BTreeMap<String, Measure>,
    /// The name of each axis, from its most relevant words.
    pub names: Vec<String>,
    /// UMass coherence of each.
    pub u_mass: Vec<f64>,
    /// NPMI coherence of each.
    pub npmi: Vec<f64>,
    /// C_v coherence of each.
    pub c_v: Vec<f64>,
    /// Exclusivity of each.
    pub exclusivity: Vec<f64>,
    /// Number of documents.
    pub documents: usize,
    /// Number of words in the vocabulary.
    pub words: usize,
    /// Whether co-occurrence was counted in windows of words; else in whole documents, since counts have no order.
    pub in_windows: bool,
}

/// The measures, and under the plural of what an axis is called the scores of each.
impl Serialize for AxesScores {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_map(None)?;
        self.measures.iter().try_for_each(|(name, measure)| all.serialize_entry(name, measure))?;
        let each = |axis: usize| {
            json!({
                self.noun: axis, "name": self.names[axis], "coherence_u_mass": self.u_mass[axis], "coherence_npmi": self.npmi[axis],
                "coherence_c_v": self.c_v[axis], "exclusivity": self.exclusivity[axis],
            })
        };
        let each: Vec<Value> = (0..self.names.len()).map(each).collect();
        all.serialize_entry(&format!("{}s", self.noun), &each)?;
        all.serialize_entry("documents", &self.documents)?;
        all.serialize_entry("words", &self.words)?;
        all.end()
    }
}
