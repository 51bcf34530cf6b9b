//! Scores of topics of a space, or of a file that another tool wrote.

use std::collections::BTreeMap;
use std::path::Path;

use clap::ArgMatches;
use latentspace::data::{Counts, Observations, Preparation, Prepared, Values, read};
use latentspace::measure::Measure;
use latentspace::text::{Kept, Tokens, Vocabulary, normal_word};
use latentspace::topics::{Coherence, Coherences, Texts, Topics, Windows, coherence, completion, halves, left_to_right};
use latentspace::{Error, Result, Run};
use serde_json::json;

use crate::context::Context;
use crate::output::{self, count, number};
use crate::{inputs, study::topics};

/// Names of a column of words.
const WORDS: [&str; 4] = ["word", "term", "token", "words"];
/// Extensions of tables that may hold topics.
const TABLES: [&str; 4] = [".csv", ".tsv", ".parquet", ".jsonl"];
/// Number of top words for coherence.
const TOP: usize = 10;

/// A word outside the vocabulary, which counts in windows.
const OTHER: u32 = u32::MAX;

/// The default Dirichlet prior over a document's topics, if unknown: that of most tools.
const PRIOR: f64 = 0.1;

/// The topics to score.
pub(super) struct Given {
    topics: Topics,
    words: Vec<String>,
    /// Dirichlet prior over a document's topics, in pseudo-counts per topic.
    prior: Vec<f64>,
    /// The preparation of texts.
    preparation: Option<Preparation>,
}

/// The topics in a space or file, if there are any: a table with a column of words and one of weights for each topic, or with topics as rows
/// and words as columns.
pub(super) fn find(path: &Path, run: &Run) -> Result<Option<Given>> {
    if inputs::is_space(path) {
        let space = inputs::space(path)?;
        let Some(found) = space.model.topics() else { return Ok(None) };
        let known = space.model.topic_prior().filter(|prior| prior.iter().all(|&prior| prior > 0.0));
        let prior = known.map_or_else(|| vec![PRIOR; found.k()], |prior| prior.iter().map(|&prior| f64::from(prior)).collect());
        return Ok(Some(Given { topics: found.clone(), words: topics::words(&space, found), prior, preparation: Some(space.preparation) }));
    }
    let name = &*path.to_string_lossy();
    // Codes are tables, too, but without words.
    if !TABLES.iter().any(|ending| name.ends_with(ending)) {
        return Ok(None);
    }
    let observations = read::open(name, &Default::default())?.read(run)?;
    let Values::Table(table) = &observations.values else { return Ok(None) };
    // A map of words has negative coordinates, topics do not.
    if table.numbers.as_slice().iter().any(|share| *share < 0.0) {
        return Ok(None);
    }
    let names = observations.metadata.names();
    let Some(column) = names.iter().position(|name| WORDS.contains(&name.to_lowercase().as_str())) else { return Ok(None) };
    let mut rows: Vec<(String, usize)> =
        (0..table.numbers.rows()).map(|row| (observations.metadata.text(column, row).unwrap_or_default(), row)).collect();
    rows.sort();
    if let Some(twice) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(Error::input(name, format!("the word '{}' twice", twice[0].0), "each word has one row").at_row(twice[1].1 as u64 + 1));
    }
    let order: Vec<u32> = rows.iter().map(|(_, row)| *row as u32).collect();
    let words: Vec<String> = rows.into_iter().map(|(word, _)| word).collect();
    let by_word = table.numbers.select(&order);
    let k = by_word.cols();
    let topics = Topics::new(by_word, vec![1.0; k], vec![0.0; words.len()], 0)?;
    Ok(Some(Given { topics, words, prior: vec![PRIOR; k], preparation: None }))
}

/// Documents as counts of the topics' words.
struct Read {
    /// Their words in order, if known: words of the vocabulary by number, others as [`OTHER`].
    texts: Option<Vec<Vec<u32>>>,
    counts: Counts,
}

impl Given {
    fn read(&self, observations: &Observations, tokens: Tokens, run: &Run) -> Result<Read> {
        match &observations.values {
            Values::Text(texts) => {
                let own;
                let vocabulary = match self.preparation.as_ref().filter(|preparation| preparation.text.is_some()) {
                    Some(preparation) => preparation.vocabulary()?,
                    None => {
                        own = Vocabulary::new(self.kept(tokens), &self.words)?;
                        &own
                    }
                };
                let counts: Prepared = Prepared::Counts(vocabulary.count(texts, run)?.into());
                let Prepared::Counts(counts) = counts else { return Err(Error::internal("counts are counts")) };
                let words = |text: &String| vocabulary.pieces(text).into_iter().map(|(_, number)| number.unwrap_or(OTHER)).collect();
                Ok(Read { texts: Some(texts.iter().map(words).collect()), counts })
            }
            Values::Counts(counts) => Ok(Read { texts: None, counts: self.columns(counts, &observations.name)? }),
            Values::Table(table) => {
                let counts = Counts { names: table.names.clone(), ..Counts::of(&table.numbers) };
                Ok(Read { texts: None, counts: self.columns(&counts, &observations.name)? })
            }
            other => Err(Error::input(&observations.name, other.kind(), "topics are measured against text or counts of words")),
        }
    }

    /// The counts, with the words of the topics as columns.
    fn columns(&self, counts: &Counts, name: &str) -> Result<Counts> {
        let Some(names) = counts.names.as_ref().filter(|names| **names != self.words) else {
            if counts.cols != self.words.len() {
                let wanted = format!("the topics have {} words", self.words.len());
                return Err(Error::input(name, format!("{} columns", counts.cols), wanted));
            }
            return Ok(counts.clone());
        };
        let known: BTreeMap<&str, u32> = self.words.iter().enumerate().map(|(at, word)| (word.as_str(), at as u32)).collect();
        let numbers: Vec<Option<u32>> = names.iter().map(|name| known.get(name.as_str()).copied()).collect();
        let mut out = Counts { cols: self.words.len(), starts: vec![0], indices: Vec::new(), values: Vec::new(), names: None, base: None };
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

    /// The tokenizer for topics of another tool: the default one, without removals.
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
}

/// Measures topics against documents.
pub(super) fn run(given: Given, matches: &ArgMatches, context: &Context) -> Result<()> {
    let run = &context.run;
    let mut options = inputs::read_options(matches)?;
    options.preparation = given.preparation.clone();
    let observations = read::open(inputs::path(matches, "against")?, &options)?.read(run)?;
    let Read { texts, counts } = given.read(&observations, inputs::prepare_options(matches)?.text.tokens, run)?;
    let mut totals = vec![0.0_f64; counts.cols];
    counts.indices.iter().zip(&counts.values).for_each(|(&word, &times)| totals[word as usize] += f64::from(times));
    let topics = match given.topics.tokens() > 0.0 {
        true => given.topics,
        // The word frequencies of the other tool are unknown: use those of these documents as the null.
        false => Topics::new(given.topics.by_word.clone(), given.topics.shares().to_vec(), totals, counts.rows())?,
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
    let likelihood = completion(&topics, &told, run)?;
    let tops = topics.tops(TOP);
    let of = |kind: Coherence| -> Result<Coherences> {
        match &texts {
            Some(texts) => coherence(&tops, Texts::Words(texts), kind, kind.usual(), run),
            None => coherence(&tops, Texts::Counts(counts.view()), kind, Windows::Documents, run),
        }
    };
    let (u_mass, npmi, c_v) = (of(Coherence::UMass)?, of(Coherence::CNpmi)?, of(Coherence::CV)?);
    let exclusivity = topics.exclusivity();
    let mean = exclusivity.iter().sum::<f64>() / topics.k() as f64;
    let mut named = BTreeMap::from([
        ("log_likelihood_per_word".to_owned(), likelihood),
        ("coherence_u_mass".to_owned(), Measure::exact(u_mass.mean, None)),
        ("coherence_npmi".to_owned(), Measure::exact(npmi.mean, None)),
        ("coherence_c_v".to_owned(), Measure::exact(c_v.mean, None)),
        ("exclusivity".to_owned(), Measure::exact(mean, Some(1.0 / topics.k() as f64))),
        ("diversity".to_owned(), Measure::exact(topics.diversity(), None)),
    ]);
    if let Some(&particles) = matches.get_one::<usize>("left-to-right") {
        // The halves are alternating words: interleaved, they are the words in order.
        let whole = |[even, odd]: &[Vec<u32>; 2]| {
            let order = (0..even.len() + odd.len()).map(|at| if at % 2 == 0 { even[at / 2] } else { odd[at / 2] });
            order.collect::<Vec<u32>>()
        };
        let documents: Vec<Vec<u32>> = told.iter().map(whole).collect();
        named.insert("left_to_right".to_owned(), left_to_right(&topics, &given.prior, &documents, particles, run)?);
    }
    context.screen.clear();
    let names: Vec<String> = (0..topics.k()).map(|topic| topics.name(topic, &given.words)).collect();
    if context.json {
        let each = |topic: usize| {
            json!({
                "topic": topic, "name": names[topic], "coherence_u_mass": u_mass.topics[topic], "coherence_npmi": npmi.topics[topic],
                "coherence_c_v": c_v.topics[topic], "exclusivity": exclusivity[topic],
            })
        };
        let mut all = json!(named);
        all["topics"] = (0..topics.k()).map(each).collect();
        all["documents"] = json!(counts.rows());
        all["words"] = json!(topics.words());
        return context.print(&all);
    }
    let row = |topic: usize| {
        let figures = [u_mass.topics[topic], npmi.topics[topic], c_v.topics[topic], exclusivity[topic]];
        std::iter::once(topic.to_string()).chain(figures.map(number)).chain([names[topic].clone()]).collect()
    };
    let rows: Vec<Vec<String>> = (0..topics.k()).map(row).collect();
    let windows = if texts.is_some() { "windows of 10 words (npmi) and 110 (c_v)" } else { "whole documents, since counts have no order" };
    output::text(&format!(
        "{}\n{}\n  {} topics against {} documents; words stand together in {windows}\n",
        output::measures(&named),
        output::table(&["topic", "u_mass", "npmi", "c_v", "exclusivity", "words"], &rows),
        topics.k(),
        count(counts.rows() as u64)
    ))
}
