//! The room of topics: its answers to the page, and the page as one file.

mod answers;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use latentspace::arrow::array::{Array, AsArray};
use latentspace::arrow::compute::cast;
use latentspace::arrow::datatypes::{DataType, Date32Type, Float64Type};
use latentspace::axes::{Distributions, Layout, Merge, arrange};
use latentspace::data::{Metadata, dates, write};
use latentspace::linalg::{Matrix, SparseMatrix};
use latentspace::model::Kept;
use latentspace::run::{Listener, Progress};
use latentspace::schemars::SchemaGenerator;
use latentspace::text::BEFORE_WORD;
use latentspace::{Error, Result, Run, Space, measure};
use serde_json::{Value, json};

use super::wire::add;
use super::{Asked, Room, held, json_of};
use crate::output::count;
use answers::{
    Bin, LayoutProgress, Piece, RowWords, SalientWord, SalientWords, TimeField, Times, TimesOf, Topic, TopicDocument, TopicLayout,
    TopicWord, TopicWords, Topics, Whole, Word, WordTopics,
};

/// Number of words shown per topic.
const SHOWN: usize = 30;
/// Length of the shown beginning of a document, in characters.
const EXCERPT: usize = 300;
/// Maximum number of topics listed for a document or a word.
const LEAST_SHARE: f64 = 0.001;
/// Maximum number of time bins.
const BINS: usize = 60;

/// Documents with their topic proportions.
pub(crate) struct Documents {
    /// `[documents, topics]`.
    pub(crate) shares: Matrix,
    /// Their word counts, if known.
    pub(crate) counts: Option<SparseMatrix>,
    /// Their texts, if known.
    pub(crate) texts: Option<Arc<Vec<String>>>,
    pub(crate) metadata: Metadata,
}

/// Topics, and documents with their topic proportions.
pub(crate) struct AxesRoom {
    space: Arc<Space>,
    topics: Distributions,
    words: Vec<String>,
    documents: Documents,
    /// A name for each topic.
    names: Vec<String>,
    laid: OnceLock<(Layout, Vec<Merge>)>,
    laying: Mutex<()>,
    compared: Arc<Compared>,
}

/// Hears how much of the comparison of topics is done.
#[derive(Default)]
struct Compared {
    /// In millionths.
    done: AtomicU64,
}

impl Compared {
    fn share(&self) -> f64 {
        self.done.load(Ordering::Relaxed) as f64 / 1e6
    }
}

impl Listener for Compared {
    fn progress(&self, progress: &Progress<'_>) {
        self.done.fetch_max(1_000_000 * progress.done / progress.total.max(1), Ordering::Relaxed);
    }
}

impl AxesRoom {
    /// Topics of a space, and documents.
    pub(crate) fn new(space: Arc<Space>, documents: Documents) -> Result<Self> {
        let topics = space.distributions()?.ok_or_else(|| Error::internal("a space without topics"))?;
        let words = space.column_names();
        let names = (0..topics.k()).map(|topic| topics.name(topic, &words)).collect();
        let topics = topics.into_owned();
        Ok(AxesRoom { words, names, documents, laid: OnceLock::new(), laying: Mutex::default(), compared: Arc::default(), topics, space })
    }

    /// The documents that the space keeps, or none.
    pub(crate) fn of_space(space: Arc<Space>) -> Result<Self> {
        let kept = space.capabilities().kept;
        let shares = kept.as_ref().map_or_else(|| Matrix::new(0, space.model.n_components(), Vec::new()), |kept| Ok(kept.codes.clone()))?;
        let metadata = kept.as_ref().map_or_else(|| Metadata::none(shares.rows()), Kept::metadata);
        let counts = kept.and_then(|kept| kept.rows()).and_then(|rows| rows.sparse().cloned());
        let documents = Documents { counts, texts: None, metadata, shares };
        Self::new(space, documents)
    }

    fn topics(&self) -> &Distributions {
        &self.topics
    }

    /// What the axes are called: `topics`.
    pub(crate) fn plural(&self) -> String {
        format!("{}s", self.space.method.can.axes.unwrap_or("axe"))
    }

    pub(crate) fn k(&self) -> usize {
        self.topics().k()
    }

    /// The topic's rank by decreasing share, from 1, and its name.
    pub(crate) fn label(&self, topic: usize) -> String {
        let shares = self.topics().shares();
        let before = |other: usize| shares[other] > shares[topic] || (shares[other] == shares[topic] && other < topic);
        format!("{} {}", 1 + (0..self.k()).filter(|&other| before(other)).count(), self.names[topic])
    }

    /// The largest topic of each document; none for an empty one.
    fn largest(&self) -> Vec<Option<usize>> {
        let largest = |row: usize| {
            let shares = self.documents.shares.row(row);
            let best = (1..shares.len()).fold(0, |best, at| if shares[at] > shares[best] { at } else { best });
            (self.length(row) > 0.0).then_some(best)
        };
        (0..self.documents.shares.rows()).map(largest).collect()
    }

    /// The largest topic of each document by name, as a column named `topic`.
    pub(crate) fn column(&self) -> Result<Metadata> {
        let labels: Vec<String> = (0..self.k()).map(|topic| self.label(topic)).collect();
        let cells: latentspace::arrow::array::StringArray =
            self.largest().into_iter().map(|topic| topic.map(|topic| labels[topic].as_str())).collect();
        let rows = cells.len();
        let mut column = Metadata::from_columns(vec![("topic".to_owned(), Arc::new(cells))], rows)?;
        column.id = None;
        column.join(&self.documents.metadata)
    }

    /// Number of words of a document; 1 if unknown.
    fn length(&self, row: usize) -> f64 {
        match &self.documents.counts {
            Some(counts) => counts.row(row).1.iter().map(|&count| f64::from(count)).sum(),
            None => 1.0,
        }
    }

    fn laid(&self, run: &Run) -> Result<&(Layout, Vec<Merge>)> {
        // The second who asks waits for the first.
        let _one = held(&self.laying);
        if let Some(laid) = self.laid.get() {
            return Ok(laid);
        }
        let found = arrange(self.topics(), &run.clone().with_listener(self.compared.clone()))?;
        self.not_followed().iter().for_each(|reason| run.note(reason));
        Ok(self.laid.get_or_init(|| found))
    }

    /// `LDA of 37,996 documents, 100 topics`.
    pub(crate) fn title(&self) -> String {
        let documents = match self.documents.shares.rows() {
            0 => self.topics().documents,
            rows => rows,
        };
        format!("{} of {} documents, {} topics", self.space.method.title, count(documents as u64), count(self.k() as u64))
    }

    /// The answer to `/api/topics`.
    fn overview(&self) -> Topics {
        let topics = self.topics();
        let mut documents = vec![0_u64; self.k()];
        self.largest().into_iter().flatten().for_each(|topic| documents[topic] += 1);
        let fact = |name: &str, topic: usize| self.space.facts.get(name).and_then(|all| all[topic].as_f64());
        let topic = |topic: usize| Topic {
            topic,
            name: self.names[topic].clone(),
            share: topics.shares()[topic],
            documents: documents[topic],
            coherence: fact("topic_coherence_npmi", topic),
            exclusivity: fact("topic_exclusivity", topic),
        };
        Topics {
            title: self.title(),
            documents: self.documents.shares.rows(),
            tokens: topics.tokens(),
            words: topics.words(),
            topics: (0..self.k()).map(topic).collect(),
            times: self.times().into_iter().map(|(field, name)| TimeField { field, name }).collect(),
            measures: self.space.measures.clone(),
            sentences: measure::interpret(&self.space.measures, self.k()),
        }
    }

    /// The answer to `/api/topics/layout`.
    fn layout(&self, run: &Run) -> Result<TopicLayout> {
        let (layout, tree) = self.laid(run)?;
        Ok(TopicLayout { places: layout.places.clone(), explained: layout.explained, tree: tree.clone() })
    }

    fn word(&self, word: usize) -> &str {
        self.words.get(word).map_or("", String::as_str)
    }

    fn told(&self, word: usize) -> Word {
        Word { word, text: self.word(word).to_owned(), total: self.total(word) }
    }

    /// The count of a word in the corpus, from the topics.
    fn total(&self, word: usize) -> f64 {
        self.topics().frequency(word) * self.topics().tokens()
    }

    /// The answer to `/api/topics/all`.
    fn salient(&self) -> SalientWords {
        let found = self.topics().salient(SHOWN);
        SalientWords { words: found.iter().map(|word| SalientWord { word: self.told(word.word as usize), saliency: word.value }).collect() }
    }

    /// The answer to `/api/topics/{topic}`.
    fn topic(&self, topic: usize) -> Option<TopicWords> {
        (topic < self.k()).then(|| {
            let words = self.topics().relevant(topic, SHOWN);
            let words = words.iter().map(|word| TopicWord { word: self.told(word.word as usize), p: word.probability }).collect();
            TopicWords { topic, words }
        })
    }

    /// The answer to `/api/words/{word}`.
    fn of_word(&self, word: usize) -> Option<WordTopics> {
        (word < self.topics().words()).then(|| WordTopics { word: self.told(word), topics: parts(self.topics().of_word(word).into_iter()) })
    }

    /// The answer to `/api/words?q=`: words that begin with the text, then those that contain it; the more frequent first.
    fn search(&self, text: &str, limit: usize) -> Vec<Word> {
        let text = text.to_lowercase();
        let mut found: Vec<(bool, f64, usize)> = (0..self.words.len())
            .filter(|&word| !text.is_empty() && self.words[word].to_lowercase().contains(&text))
            .map(|word| (!self.words[word].to_lowercase().starts_with(&text), -self.total(word), word))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        found.iter().take(limit).map(|&(_, _, word)| self.told(word)).collect()
    }

    /// The answer to `/api/topics/{topic}/documents`: those with the largest share of the topic.
    fn documents(&self, topic: usize, limit: usize) -> Option<Vec<TopicDocument>> {
        (topic < self.k()).then(|| {
            let shares = &self.documents.shares;
            let mut rows: Vec<usize> = (0..shares.rows()).filter(|&row| self.length(row) > 0.0).collect();
            let order = |a: &usize, b: &usize| shares.row(*b)[topic].total_cmp(&shares.row(*a)[topic]).then(a.cmp(b));
            // Only the shown documents are sorted.
            if limit < rows.len() {
                rows.select_nth_unstable_by(limit, order);
                rows.truncate(limit);
            }
            rows.sort_by(order);
            let document = |&row: &usize| TopicDocument {
                row,
                id: self.documents.metadata.id(row),
                share: shares.row(row)[topic],
                text: self.excerpt(row),
            };
            rows.iter().map(document).collect()
        })
    }

    /// The beginning of a document, or its words.
    fn excerpt(&self, row: usize) -> Option<String> {
        if let Some(texts) = &self.documents.texts {
            let text = &texts[row];
            let end = text.char_indices().nth(EXCERPT).map_or(text.len(), |(at, _)| at);
            return Some(shown(&text[..end]));
        }
        let counts = self.documents.counts.as_ref()?;
        let words: Vec<&str> = by_count(counts, row).into_iter().take(20).map(|(word, _)| self.word(word as usize)).collect();
        Some(words.join(" "))
    }

    /// The answer to `/api/rows/{row}/words`: the words of a document, each with its most probable topic.
    fn of_row(&self, row: usize) -> Option<RowWords> {
        if row >= self.documents.shares.rows() {
            return None;
        }
        let shares = self.documents.shares.row(row);
        let topic = |word: u32| {
            let phi = self.topics().by_word.row(word as usize);
            let weight = |topic: usize| phi[topic] * shares[topic];
            (1..self.k()).fold(0, |best, at| if weight(at) > weight(best) { at } else { best })
        };
        let between = |text: &str| Piece { text: shown(text), ..Piece::default() };
        let mut pieces: Vec<Piece> = Vec::new();
        match (&self.documents.texts, self.space.preparation.vocabulary(), &self.documents.counts) {
            (Some(texts), Ok(vocabulary), _) => {
                let (text, mut at) = (&texts[row], 0);
                for (range, word) in vocabulary.pieces(text) {
                    let Some(word) = word else { continue };
                    if at < range.start {
                        pieces.push(between(&text[at..range.start]));
                    }
                    let text = text[range.clone()].to_owned();
                    pieces.push(Piece { text, word: Some(word), topic: Some(topic(word)), count: None });
                    at = range.end;
                }
                if at < text.len() {
                    pieces.push(between(&text[at..]));
                }
            }
            (_, _, Some(counts)) => {
                for (word, times) in by_count(counts, row) {
                    let text = self.word(word as usize).to_owned();
                    pieces.push(Piece { text, word: Some(word), topic: Some(topic(word)), count: Some(times) });
                }
            }
            _ => return None,
        }
        Some(RowWords { row, topics: parts(shares.iter().map(|&share| f64::from(share))), pieces })
    }

    /// Columns with the dates of documents, by number and name.
    fn times(&self) -> Vec<(usize, String)> {
        let names = self.documents.metadata.names();
        // The first field is the topic itself.
        names.into_iter().enumerate().filter(|(at, _)| self.days(*at).is_ok()).map(|(at, name)| (at + 1, name)).collect()
    }

    /// Columns whose name means a time but that cannot be used, each with the reason.
    fn not_followed(&self) -> Vec<String> {
        let names = self.documents.metadata.names().into_iter().enumerate().filter(|(_, name)| dates::is_time(name));
        let why = |(at, name): (usize, String)| Some(format!("topics are not followed over '{name}': {}", self.days(at).err()?));
        names.filter_map(why).collect()
    }

    /// The date of each document, in days since 1970.
    ///
    /// # Errors
    /// The reason why the column cannot be used.
    fn days(&self, column: usize) -> Result<Vec<Option<f64>>, String> {
        let names = self.documents.metadata.names();
        let (Some(array), Some(name)) = (self.documents.metadata.columns.columns().get(column), names.get(column)) else {
            return Err("there is no such column".to_owned());
        };
        let array = &write::in_utc(array);
        let kind = array.data_type();
        let failed = |error: latentspace::arrow::ArrowError| error.to_string();
        let instants: Vec<Option<i64>> = if matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)) {
            let days = cast(array, &DataType::Date32).map_err(failed)?;
            days.as_primitive::<Date32Type>().iter().map(|day| day.map(|day| i64::from(day) * dates::DAY)).collect()
        } else if kind.is_numeric() {
            let numbers = cast(array, &DataType::Float64).map_err(failed)?;
            let numbers = numbers.as_primitive::<Float64Type>();
            dates::of_numbers(numbers.iter(), dates::is_time(name))
                .ok_or("its numbers are neither years nor times since 1970 in one unit, seconds to nanoseconds")?
        } else if matches!(kind, DataType::Utf8 | DataType::LargeUtf8) {
            let texts = cast(array, &DataType::Utf8).map_err(failed)?;
            dates::instants(texts.as_string::<i32>().iter())?
        } else {
            return Err(format!("it holds {kind}"));
        };
        let days: Vec<Option<f64>> = instants.into_iter().map(|at| at.map(|at| at.div_euclid(dates::DAY) as f64)).collect();
        let mut known = days.iter().flatten();
        let first = known.next().ok_or("no cell is a date")?;
        if known.any(|day| day != first) { Ok(days) } else { Err("all its dates are of one day".to_owned()) }
    }

    /// The answer to `/api/topics/times/{field}`: the shares of topics in the words of each time bin.
    fn times_of(&self, field: usize) -> Option<Times> {
        let days = self.days(field.checked_sub(1)?).ok()?;
        let known = || days.iter().flatten().copied();
        let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
        let span = SPANS.iter().find(|span| span.bin(high) - span.bin(low) < BINS as i64).unwrap_or(&SPANS[SPANS.len() - 1]);
        let (first, last) = (span.bin(low), span.bin(high));
        let bins = (last - first + 1).clamp(1, 10_000) as usize;
        let (mut shares, mut words, mut documents) = (vec![vec![0.0_f64; self.k()]; bins], vec![0.0_f64; bins], vec![0_u64; bins]);
        for (row, day) in days.iter().enumerate() {
            let Some(day) = day else { continue };
            let (bin, length) = ((span.bin(*day) - first) as usize, self.length(row));
            shares[bin].iter_mut().zip(self.documents.shares.row(row)).for_each(|(sum, &share)| *sum += length * f64::from(share));
            words[bin] += length;
            documents[bin] += 1;
        }
        for (shares, words) in shares.iter_mut().zip(&words) {
            shares.iter_mut().for_each(|share| *share = if *words > 0.0 { *share / words } else { 0.0 });
        }
        let bins = (0..bins).map(|bin| Bin { label: span.label(first + bin as i64), documents: documents[bin] }).collect();
        Some(Times { bins, shares })
    }

    /// What the page as one file holds, by the capability.
    pub(crate) fn file(&self, run: &Run) -> Result<Value> {
        Ok(json!({self.can(): self.whole(run)?}))
    }

    fn whole(&self, run: &Run) -> Result<Whole> {
        let all = self.salient();
        let topic: Vec<TopicWords> = (0..self.k()).filter_map(|topic| self.topic(topic)).collect();
        let mut named: Vec<usize> = all.words.iter().map(|word| word.word.word).collect();
        named.extend(topic.iter().flat_map(|topic| topic.words.iter().map(|word| word.word.word)));
        named.sort_unstable();
        named.dedup();
        Ok(Whole {
            topics: self.overview(),
            layout: self.layout(run)?,
            all,
            topic,
            words: named.iter().filter_map(|&word| self.of_word(word)).collect(),
            documents: (0..self.k()).filter_map(|topic| self.documents(topic, 10)).collect(),
            times: self.times().into_iter().filter_map(|(field, _)| Some(TimesOf { field, times: self.times_of(field)? })).collect(),
        })
    }

    /// The arguments of pyLDAvis's `prepare`, by name; none if the documents are unknown.
    pub(crate) fn for_pyldavis(&self) -> Option<Value> {
        let topics = self.topics();
        let counts = self.documents.counts.as_ref()?;
        // pyLDAvis cannot handle empty documents.
        let rows: Vec<usize> = (0..counts.rows()).filter(|&row| self.length(row) > 0.0).collect();
        let by_topic: Vec<Vec<f32>> =
            (0..self.k()).map(|topic| (0..topics.words()).map(|word| topics.by_word.row(word)[topic]).collect()).collect();
        Some(json!({
            "topic_term_dists": by_topic,
            "doc_topic_dists": rows.iter().map(|&row| self.documents.shares.row(row)).collect::<Vec<_>>(),
            "doc_lengths": rows.iter().map(|&row| self.length(row)).collect::<Vec<_>>(),
            "vocab": self.words,
            "term_frequency": topics.totals,
        }))
    }
}

/// The folder of the page's room, below its sources.
pub(super) const PAGE: &str = "rooms/topics";

/// The types of the answers.
pub(super) fn wire(types: &mut SchemaGenerator) {
    add::<Whole>(types);
    add::<Word>(types);
    add::<LayoutProgress>(types);
    add::<Times>(types);
    add::<RowWords>(types);
}

impl Room for AxesRoom {
    fn can(&self) -> &'static str {
        "topics"
    }

    fn lists_observed(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        (0..self.k()).map(|topic| format!("share of {}", self.label(topic))).collect()
    }

    fn column(&self, topic: usize) -> Option<Vec<f64>> {
        let shares = &self.documents.shares;
        (topic < self.k()).then(|| (0..shares.rows()).map(|row| f64::from(shares.row(row)[topic])).collect())
    }

    fn answer(&self, asked: &Asked<'_>, run: &Run) -> Result<Option<Value>> {
        let number = |text: &str| text.parse::<usize>().ok();
        match asked.path.as_slice() {
            ["topics"] => json_of(Some(self.overview())),
            ["topics", "layout"] => json_of(Some(self.layout(run)?)),
            ["topics", "layout", "progress"] => json_of(Some(LayoutProgress { share: self.compared.share() })),
            ["topics", "all"] => json_of(Some(self.salient())),
            ["topics", "times", field] => json_of(number(field).and_then(|field| self.times_of(field))),
            ["topics", topic] => json_of(number(topic).and_then(|topic| self.topic(topic))),
            ["topics", topic, "documents"] => json_of(number(topic).and_then(|topic| self.documents(topic, asked.limit()))),
            ["words"] => json_of(Some(self.search(asked.text("q"), asked.limit()))),
            ["words", word] => json_of(number(word).and_then(|word| self.of_word(word))),
            ["rows", row, "words"] => json_of(number(row).and_then(|row| self.of_row(row))),
            _ => Ok(None),
        }
    }
}

/// A readable text: words of a list are separated by spaces.
fn shown(text: &str) -> String {
    text.replace(BEFORE_WORD, " ")
}

/// Shares above a threshold, the largest first.
fn parts(shares: impl Iterator<Item = f64>) -> Vec<(usize, f64)> {
    let mut all: Vec<(usize, f64)> = shares.enumerate().filter(|(_, share)| *share >= LEAST_SHARE).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

/// The words of a document, the most frequent first.
fn by_count(counts: &SparseMatrix, row: usize) -> Vec<(u32, f32)> {
    let (words, times) = counts.row(row);
    let mut all: Vec<(u32, f32)> = words.iter().copied().zip(times.iter().copied()).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

/// The width of a time bin.
enum Span {
    Days(i64),
    Months(i64),
}

const SPANS: [Span; 10] = [
    Span::Days(1),
    Span::Days(7),
    Span::Months(1),
    Span::Months(3),
    Span::Months(12),
    Span::Months(24),
    Span::Months(60),
    Span::Months(120),
    Span::Months(300),
    Span::Months(1200),
];

impl Span {
    /// The bin of a day since 1970.
    fn bin(&self, day: f64) -> i64 {
        match self {
            Span::Days(days) => (day as i64).div_euclid(*days),
            Span::Months(months) => {
                let (year, month, _) = dates::civil(day as i64);
                (year * 12 + month - 1).div_euclid(*months)
            }
        }
    }

    /// The start of the bin.
    fn label(&self, bin: i64) -> String {
        match self {
            Span::Days(days) => {
                let (year, month, day) = dates::civil(bin * days);
                format!("{year}-{month:02}-{day:02}")
            }
            Span::Months(months) => {
                let (year, month) = ((bin * months).div_euclid(12), (bin * months).rem_euclid(12) + 1);
                if months % 12 == 0 { year.to_string() } else { format!("{year}-{month:02}") }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_named_by_when_they_begin() {
        let day = |year, month, day| dates::from_civil(year, month, day).unwrap() as f64;
        assert_eq!(Span::Months(12).label(Span::Months(12).bin(day(1790, 1, 8))), "1790");
        assert_eq!(Span::Months(3).label(Span::Months(3).bin(day(2020, 8, 8))), "2020-07");
    }
}
