//! Learning of a vocabulary: one pass counts all words, then limits remove some. Phrases, and n-grams with a language that must be
//! detected first, take additional passes before it.

use crate::linalg::SparseMatrix;
use serde::{Deserialize, Serialize};

use super::block::{Block, Rules, in_blocks};
use super::phrases::{PairCounts, Pairs, one_word};
use super::stop_words::{self, Stops};
use super::table::Table;
use super::tokens::is_without_spaces;
use super::{BEFORE_WORD, Documents, Kept, StopWords, TextOptions, Tokens, Vocabulary};
use crate::error::{Error, Result, count};
use crate::run::Run;

/// Number of words that [`Facts`] lists.
const NAMED: usize = 20;
/// Minimum count of a phrase.
const LEAST_PAIRS: u64 = 5;

/// Statistics of a corpus and of its vocabulary.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Number of documents.
    pub documents: u64,
    /// Number of documents without any word.
    pub empty: u64,
    /// Number of documents that are lists of words.
    pub separated: u64,
    /// Bytes of text.
    pub bytes: u64,
    /// Total number of words, without those of `left_out`; each counted n-gram adds one.
    pub tokens: u64,
    /// Total number of removed numbers and short words.
    pub left_out: u64,
    /// Number of distinct words.
    pub met: u64,
    /// Number of pairs of a document and a distinct word.
    pub cells_met: u64,
    /// The detected language, and the share of the most frequent words that are its stop words.
    pub language: Option<(String, f64)>,
    /// Number of distinct stop words removed.
    pub stop_words: u64,
    /// Number of distinct words in too few documents.
    pub rare: u64,
    /// Number of distinct words in too many documents.
    pub common: u64,
    /// Number of distinct words beyond the maximum size of the vocabulary.
    pub beyond: u64,
    /// Size of the vocabulary.
    pub words: u64,
    /// Number of nonzero counts.
    pub cells: u64,
    /// Number of phrases.
    pub phrases: u64,
    /// The most frequent words of the vocabulary.
    pub commonest: Vec<Common>,
}

/// A frequent word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Common {
    /// The word.
    pub word: String,
    /// Its count.
    pub times: u64,
    /// Its document frequency.
    pub documents: u64,
}

/// The result of [`learn`].
pub struct Learned {
    /// The vocabulary.
    pub vocabulary: Vocabulary,
    /// The counts, if requested.
    pub counts: Option<SparseMatrix>,
    /// Statistics of the corpus.
    pub facts: Facts,
    /// The decisions, in sentences.
    pub told: Vec<String>,
}

/// All words of a corpus.
#[derive(Default)]
struct Met {
    table: Table,
    documents: Vec<u32>,
    times: Vec<u64>,
    /// The counts of each document, by word, if requested.
    cells: Option<SparseMatrix>,
    facts: Facts,
}

impl Met {
    fn of(documents: &dyn Documents, rules: &Rules, keep: bool, run: &Run) -> Result<Self> {
        let mut met = Met { cells: keep.then(|| SparseMatrix::none(0)), ..Met::default() };
        documents.pass(&mut |texts| {
            met.facts.separated += texts.iter().filter(|text| text.starts_with(BEFORE_WORD)).count() as u64;
            met.facts.bytes += texts.iter().map(|text| text.len() as u64).sum::<u64>();
            in_blocks(
                texts,
                |texts| Block::of(texts, rules, run),
                |block| {
                    met.add(block);
                    Ok(())
                },
                run,
            )?;
            run.progress("read words", met.facts.documents, 0);
            Ok(())
        })?;
        met.facts.met = met.table.len() as u64;
        Ok(met)
    }

    fn add(&mut self, block: Block) {
        let numbers: Vec<u32> =
            (0..block.table.len() as u32).map(|word| self.table.number(block.table.key(word), block.table.bytes(word))).collect();
        self.documents.resize(self.table.len(), 0);
        self.times.resize(self.table.len(), 0);
        for (word, &number) in numbers.iter().enumerate() {
            self.documents[number as usize] += block.documents[word];
            self.times[number as usize] += block.times[word];
        }
        let facts = &mut self.facts;
        facts.documents += block.starts.len() as u64 - 1;
        facts.empty += block.starts.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
        facts.tokens += block.tokens;
        facts.left_out += block.left_out;
        facts.cells_met += block.words.len() as u64;
        if let Some(cells) = &mut self.cells {
            let base = cells.indices.len();
            cells.starts.extend(block.starts[1..].iter().map(|start| base + start));
            cells.indices.extend(block.words.iter().map(|&word| numbers[word as usize]));
            cells.values.extend(block.counts.iter().map(|&count| count as f32));
        }
    }

    /// Detects the language from the most frequent words.
    fn language(&self) -> Option<(&'static str, f64)> {
        // Only the most frequent words are used.
        let mut order: Vec<u32> = (0..self.table.len() as u32).collect();
        let key = |&word: &u32| (std::cmp::Reverse(self.times[word as usize]), self.table.bytes(word));
        let most = order.len().min(200);
        if most < order.len() {
            order.select_nth_unstable_by(most, |a, b| key(a).cmp(&key(b)));
            order.truncate(most);
        }
        order.sort_by(|a, b| key(a).cmp(&key(b)));
        stop_words::detect(order.into_iter().map(|word| (self.table.word(word), self.times[word as usize])))
    }
}

/// Learns a vocabulary from documents in one pass; with phrases, or with n-grams and a language that must be detected, in two or three; in one more
/// if the detected language elides words. The counts are returned if `keep` is set; otherwise memory grows only with the number of distinct words.
///
/// # Errors
/// [`Error::Param`] for options out of range; [`Error::Input`] if there is no document, or no word is left; errors of the documents' source;
/// [`Error::Cancelled`].
pub fn learn(documents: &dyn Documents, options: &TextOptions, keep: bool, run: &Run) -> Result<Learned> {
    options.check()?;
    let mut kept = Kept::of(options);
    let mut stops = match &options.stop_words {
        StopWords::Auto => None,
        StopWords::None => Some(Stops::default()),
        StopWords::Languages(names) => {
            kept.elided = stop_words::elided(names)?;
            Some(Stops::of(names)?)
        }
        StopWords::Words(words) => Some(Stops::new(words)),
    };
    let extra = Stops::new(&options.extra_stop_words);
    if let Some(stops) = &mut stops {
        stops.add(&extra);
    }
    let mut rules = kept.rules();
    let mut language = None;
    let early = kept.ngrams > 1 || options.phrases.is_some();
    if early && (stops.is_none() || options.phrases.is_some()) {
        rules.ngrams = 1;
        let met = Met::of(documents, &rules, false, run)?;
        if stops.is_none() {
            language = met.language();
            stops = Some(of_language(language, &extra)?);
            kept.elided = elided(language)?;
            rules.tokenizer = kept.rules().tokenizer;
        }
        rules.stops = stops.clone().unwrap_or_default();
        if let Some(score) = options.phrases {
            let least = LEAST_PAIRS.max(options.limits(met.facts.documents).0);
            let often =
                (0..met.table.len() as u32).filter(|&word| met.times[word as usize] >= least && !rules.stops.holds(met.table.word(word)));
            let often: Vec<u32> = often.collect();
            let numbers = Table::of(often.iter().map(|&word| met.table.word(word)));
            let times: Vec<u64> = often.iter().map(|&word| met.times[word as usize]).collect();
            let mut pairs = PairCounts::default();
            documents.pass(&mut |texts| pairs.add(texts, &rules, &numbers, run))?;
            kept.phrases = pairs.best(score, least, &numbers, &times, met.facts.tokens);
        }
    }
    if early {
        rules = Rules { stops: stops.clone().unwrap_or_default(), pairs: Pairs::new(&kept.phrases), ngrams: kept.ngrams, ..rules };
    }
    let mut met = Met::of(documents, &rules, keep, run)?;
    if met.facts.documents == 0 {
        return Err(Error::input("data", "no documents", "at least one is needed"));
    }
    let stops = match stops {
        Some(stops) => stops,
        None => {
            language = met.language();
            kept.elided = elided(language)?;
            if kept.tokens == Tokens::Words && !kept.elided.is_empty() {
                rules.tokenizer = kept.rules().tokenizer;
                met = Met::of(documents, &rules, keep, run)?;
            }
            of_language(language, &extra)?
        }
    };
    (kept.min_df, kept.max_df) = options.limits(met.facts.documents);
    kept.languages = match &options.stop_words {
        StopWords::Languages(names) => names.clone(),
        _ => language.iter().map(|(name, _)| (*name).to_owned()).collect(),
    };
    kept.stop_words = stops.words();
    met.facts.language = language.map(|(name, share)| (name.to_owned(), share));
    let words = met.prune(&kept, &stops);
    if words.is_empty() {
        return Err(nothing_left(&met.facts, &kept));
    }
    let mut numbers = vec![u32::MAX; met.table.len()];
    words.iter().enumerate().for_each(|(number, &word)| numbers[word as usize] = number as u32);
    let counts = met.cells.take().map(|cells| run.install(|| cells.renumbered(&numbers, words.len())));
    let facts = Facts { phrases: kept.phrases.len() as u64, ..met.facts };
    let told = told(&facts, &kept, options);
    let words: Vec<String> = words.iter().map(|&word| met.table.word(word).to_owned()).collect();
    Ok(Learned { vocabulary: Vocabulary::new(kept, &words)?, counts, facts, told })
}

/// The stop words of the detected language, and additional ones.
fn of_language(found: Option<(&'static str, f64)>, extra: &Stops) -> Result<Stops> {
    let mut stops = found.map_or_else(|| Ok(Stops::default()), |(name, _)| Stops::of(&[name.to_owned()]))?;
    stops.add(extra);
    Ok(stops)
}

/// The elided words of the detected language.
fn elided(found: Option<(&'static str, f64)>) -> Result<Vec<String>> {
    found.map_or_else(|| Ok(Vec::new()), |(name, _)| stop_words::elided(&[name.to_owned()]))
}

impl Met {
    /// Applies the limits: the numbers of the words of the vocabulary, sorted by bytes, and statistics of the others.
    fn prune(&mut self, kept: &Kept, stops: &Stops) -> Vec<u32> {
        let facts = &mut self.facts;
        let mut words: Vec<u32> = Vec::new();
        for word in 0..self.table.len() as u32 {
            let documents = u64::from(self.documents[word as usize]);
            if documents == 0 {
                // A word that occurs only within phrases.
                facts.met -= 1;
            } else if stops.holds(self.table.word(word)) {
                facts.stop_words += 1;
            } else if documents < kept.min_df {
                facts.rare += 1;
            } else if documents > kept.max_df {
                facts.common += 1;
            } else {
                words.push(word);
            }
        }
        let order = |&word: &u32| (std::cmp::Reverse(self.times[word as usize]), self.table.bytes(word));
        words.sort_unstable_by(|a, b| order(a).cmp(&order(b)));
        facts.beyond = words.len().saturating_sub(kept.max_words) as u64;
        words.truncate(kept.max_words);
        let common = |&word: &u32| Common {
            word: self.table.word(word).to_owned(),
            times: self.times[word as usize],
            documents: u64::from(self.documents[word as usize]),
        };
        facts.commonest = words.iter().take(NAMED).map(common).collect();
        facts.words = words.len() as u64;
        facts.cells = words.iter().map(|&word| u64::from(self.documents[word as usize])).sum();
        words.sort_unstable_by(|a, b| self.table.bytes(*a).cmp(self.table.bytes(*b)));
        words
    }
}

/// The error that no word is left, with the limit that removed most.
fn nothing_left(facts: &Facts, kept: &Kept) -> Error {
    if facts.met == 0 {
        let found = match facts.left_out {
            0 => format!("no word in {} documents", count(facts.documents)),
            words => format!("no word but {} numbers and words of fewer than {} letters", count(words), kept.min_letters),
        };
        return Error::input("data", found, "documents with words are needed")
            .with_hint("--min-letters 1 keeps words of one letter, --keep-numbers keeps numbers");
    }
    let limits = [
        (facts.stop_words, "are stop words", "--stop-words none keeps them"),
        (facts.rare, &*format!("are in fewer than {} documents", count(kept.min_df)), "--min-df 1 keeps all of these"),
        (
            facts.common,
            &*format!("are in more than {} documents", count(kept.max_df)),
            "--max-df 1.0 keeps words that are in all documents",
        ),
        (facts.beyond, "are more than --max-words allows", "--max-words allows more"),
    ];
    let found: Vec<String> = limits.iter().filter(|limit| limit.0 > 0).map(|limit| format!("{} {}", count(limit.0), limit.1)).collect();
    let most = limits.iter().max_by_key(|limit| limit.0).map_or("", |limit| limit.2);
    Error::input("data", format!("no word is left: of {} distinct words {}", count(facts.met), found.join(", ")), "at least one is needed")
        .with_hint(most)
}

/// The decisions, in sentences.
fn told(facts: &Facts, kept: &Kept, options: &TextOptions) -> Vec<String> {
    let mut told = Vec::new();
    let case = if kept.keep_case { "as they are written" } else { "in lower case" };
    let runs = match kept.ngrams {
        1 => String::new(),
        n => format!(", and n-grams of up to {n} words"),
    };
    let numbers = if kept.keep_numbers { "" } else { "numbers alone and " };
    told.push(match kept.tokens {
        Tokens::Words => format!(
            "text becomes counts of words (Unicode word boundaries), {case}{runs}; {numbers}words of fewer than {} letters are removed",
            kept.min_letters
        ),
        Tokens::Runs => format!(
            "text becomes counts of runs of letters, digits and underscores, {case}{runs}; {numbers}runs of fewer than {} are removed",
            kept.min_letters.max(2)
        ),
        Tokens::Spaces => format!("text becomes counts of words separated by white space, {case}{runs}"),
    });
    if facts.separated == facts.documents && facts.documents > 0 {
        told[0] = format!("lists of words become counts of these words, {case}{runs}");
    } else if facts.separated > 0 {
        told.push(format!(
            "{} of {} documents are lists of words, which are not split further",
            count(facts.separated),
            count(facts.documents)
        ));
    }
    told.push(match (&options.stop_words, &facts.language) {
        (StopWords::None, _) if options.extra_stop_words.is_empty() => "no stop words are removed".to_owned(),
        (StopWords::None | StopWords::Words(_), _) => {
            let own = if let StopWords::Words(words) = &options.stop_words { words.len() } else { 0 };
            let all = count((own + options.extra_stop_words.len()) as u64);
            format!("{all} given stop words are removed, and none of a language")
        }
        (StopWords::Languages(names), _) => format!("stop words of {} are removed", names.join(", ")),
        (StopWords::Auto, Some((name, share))) => {
            format!("stop words of {name} are removed: {:.0} % of the most frequent words are its stop words", 100.0 * share)
        }
        (StopWords::Auto, None) => "no stop words are removed: the most frequent words are of no language with a list".to_owned(),
    });
    if kept.dictionary && facts.commonest.iter().any(|common| common.word.starts_with(is_without_spaces)) {
        told.push(
            "words of scripts without spaces (Chinese, Japanese, Thai …) are cut by a dictionary; --tokens spaces takes words that another \
             program separated"
                .to_owned(),
        );
    }
    if !options.extra_stop_words.is_empty() && !matches!(options.stop_words, StopWords::None | StopWords::Words(_)) {
        told.push(format!("so are {} given words", count(options.extra_stop_words.len() as u64)));
    }
    if facts.phrases > 0 {
        let some: Vec<String> = kept.phrases.iter().take(3).map(|(first, second)| one_word(first, second)).collect();
        told.push(format!("{} pairs of words that occur together are joined ({} …)", count(facts.phrases), some.join(", ")));
    } else if options.phrases.is_some() {
        told.push("no pair of words occurs together often enough to be joined".to_owned());
    }
    let limits = [
        (facts.rare, format!("{} in fewer than {} documents", count(facts.rare), count(kept.min_df))),
        (facts.common, format!("{} in more than {}", count(facts.common), count(kept.max_df))),
        (facts.beyond, format!("{} beyond the {} most frequent", count(facts.beyond), count(kept.max_words as u64))),
    ];
    let limits: Vec<String> = limits.into_iter().filter(|limit| limit.0 > 0).map(|limit| limit.1).collect();
    let left = if limits.is_empty() { String::new() } else { format!("; removed are {}", limits.join(", ")) };
    told.push(format!("{} of {} distinct words are counted{left}", count(facts.words), count(facts.met)));
    match facts.empty {
        0 => {}
        1 => told.push("1 document holds no word: its row is all 0".to_owned()),
        empty => told.push(format!("{} documents contain no counted word: their rows are all 0", count(empty))),
    }
    told
}
