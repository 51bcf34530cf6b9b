//! The search for rows: by id or number, in labels, categories, dates and texts; by text, by a regular expression, or by meaning.

use std::ops::Range;

use latentspace::arrow::array::{Array, LargeStringArray};
use latentspace::neighbors::Metric;
use latentspace::schemars::{self, JsonSchema};
use latentspace::{Error, Result};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::{Data, Study, held};

/// Characters of a text that are shown around a match.
const AROUND: usize = 60;
/// Fewest rows per thread.
const LEAST_SHARE: usize = 10_000;

/// How rows are searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SearchBy {
    /// Text anywhere, or all words of the query, ignoring case.
    #[default]
    Text,
    /// A regular expression, ignoring case unless it contains `(?-i)`.
    Pattern,
    /// Rows whose observations are nearest to the query as an observation.
    Meaning,
}

/// A search result.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Hit {
    pub(crate) row: usize,
    pub(crate) id: String,
    /// The column that matched; `id` or `row` for the row itself, `text` for the text that was learned from.
    pub(crate) field: String,
    /// The cell; of a long one, the part around the match.
    pub(crate) text: String,
    /// Of a search by meaning, the distance.
    pub(crate) distance: Option<f32>,
}

/// Search results.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(crate = "schemars")]
pub(crate) struct Hits {
    /// Number of rows that match.
    pub(crate) total: usize,
    /// The first of them, the best first.
    pub(crate) hits: Vec<Hit>,
}

/// Quality of a match; smaller is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exact,
    Prefix,
    Within,
    /// All words of the query, but not next to each other.
    Words,
}
const RANKS: [Rank; 4] = [Rank::Exact, Rank::Prefix, Rank::Within, Rank::Words];

/// What is looked for.
enum Query {
    /// A text in lower case, and its words if there are several.
    Text(String, Vec<String>),
    Pattern(Regex),
}

impl Query {
    fn new(text: &str, by: SearchBy) -> Result<Self> {
        if by == SearchBy::Pattern {
            let made = RegexBuilder::new(text).case_insensitive(true).build();
            return made.map(Query::Pattern).map_err(|error| {
                // The last line says what is wrong; the lines before it repeat the pattern.
                let said = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Error::param("q", format!("'{text}' ({said})"), "it must be a regular expression, such as ^colou?r")
            });
        }
        let text = text.trim().to_lowercase();
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Ok(Query::Text(text, if words.len() > 1 { words } else { Vec::new() }))
    }

    /// How well a text matches.
    fn rank(&self, text: &str) -> Option<Rank> {
        match self {
            Query::Pattern(pattern) => pattern.is_match(text).then_some(Rank::Within),
            Query::Text(whole, words) => rank(text, whole)
                .or_else(|| (!words.is_empty() && words.iter().all(|word| rank(text, word).is_some())).then_some(Rank::Words)),
        }
    }

    /// Where a text matches first, in bytes.
    fn place(&self, text: &str) -> Range<usize> {
        match self {
            Query::Pattern(pattern) => pattern.find(text).map_or(0..0, |found| found.range()),
            Query::Text(whole, words) => {
                // Lower case may have another length: the place is then only near.
                let lower = text.to_lowercase();
                let place = |needle: &String| lower.find(needle.as_str()).map(|at| at..at + needle.len());
                place(whole).or_else(|| words.iter().find_map(place)).unwrap_or(0..0)
            }
        }
    }

    /// The part of a text around the match, in a line.
    fn excerpt(&self, text: &str) -> String {
        let place = self.place(text);
        let floor = |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let (start, end) = (floor(place.start), floor(place.end));
        let from = text[..start].char_indices().rev().nth(AROUND).map_or(0, |(at, _)| at);
        let to = text[end..].char_indices().nth(2 * AROUND).map_or(text.len(), |(at, _)| end + at);
        let words: Vec<&str> = text[from..to].split_whitespace().collect();
        format!("{}{}{}", if from > 0 { "…" } else { "" }, words.join(" "), if to < text.len() { "…" } else { "" })
    }
}

/// How well a name matches a needle in lower case, 0 best; none if it does not. Each name matches an empty needle.
pub(super) fn ranked(name: &str, needle: &str) -> Option<u8> {
    if needle.is_empty() { Some(0) } else { rank(name, needle).map(|rank| rank as u8) }
}

/// How `text` matches a needle in lower case, ignoring case.
fn rank(text: &str, needle: &str) -> Option<Rank> {
    let (at, is_whole) = if text.is_ascii() && needle.is_ascii() {
        let (text, needle) = (text.as_bytes(), needle.as_bytes());
        let at = text.windows(needle.len().max(1)).position(|window| window.eq_ignore_ascii_case(needle))?;
        (at, text.len() == needle.len())
    } else {
        let text = text.to_lowercase();
        (text.find(needle)?, text.len() == needle.len())
    };
    Some(if at > 0 {
        Rank::Within
    } else if is_whole {
        Rank::Exact
    } else {
        Rank::Prefix
    })
}

/// A column that is searched.
pub(super) enum Searched<'a> {
    /// Codes by row, and the text of each.
    Coded(&'a [u32], Vec<&'a str>),
    Texts(&'a LargeStringArray),
    Plain(&'a [String]),
}

/// How a column matches: of codes, each once.
enum Matches<'a> {
    Coded(&'a [u32], Vec<Option<Rank>>),
    Texts(&'a LargeStringArray),
    Plain(&'a [String]),
}

/// A row that matches: how well, and the column; none is the id.
type Match = (Rank, usize, Option<usize>);

impl Study {
    /// The rows that match, the best first, at most `limit` of them.
    ///
    /// # Errors
    /// [`Error::Param`] for a pattern that is none, and for a search by meaning of rows that are no texts.
    pub(crate) fn search(&self, data: &Data, text: &str, by: SearchBy, limit: usize) -> Result<Hits> {
        if text.trim().is_empty() {
            return Ok(Hits { total: 0, hits: Vec::new() });
        }
        if by == SearchBy::Meaning {
            return self.by_meaning(data, text, limit);
        }
        let query = Query::new(text, by)?;
        let (total, found) = self.matches(data, &query, text, limit);
        let hits = found.into_iter().map(|(_, row, column)| self.hit(data, &query, row, column)).collect();
        Ok(Hits { total, hits })
    }

    /// All rows that match, ascending.
    ///
    /// # Errors
    /// As [`Study::search`].
    pub(crate) fn search_rows(&self, data: &Data, text: &str, by: SearchBy) -> Result<Vec<u32>> {
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let mut rows: Vec<u32> = match by {
            SearchBy::Meaning => self.by_meaning(data, text, 50)?.hits.iter().map(|hit| hit.row as u32).collect(),
            _ => self.matches(data, &Query::new(text, by)?, text, usize::MAX).1.into_iter().map(|(_, row, _)| row as u32).collect(),
        };
        rows.sort_unstable();
        Ok(rows)
    }

    /// The number of rows that match, and the best.
    fn matches(&self, data: &Data, query: &Query, text: &str, limit: usize) -> (usize, Vec<Match>) {
        let rows = data.observations.rows();
        let annotations = held(&self.annotations);
        let columns: Vec<Matches<'_>> = data.searched().chain(annotations.searched()).map(|column| Matches::new(column, query)).collect();
        let share = rows.div_ceil(std::thread::available_parallelism().map_or(1, usize::from)).max(LEAST_SHARE);
        let number: Option<usize> = text.trim().parse().ok();
        let columns = &columns;
        let parts: Vec<(usize, Vec<Match>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..rows)
                .step_by(share)
                .map(|from| scope.spawn(move || scan(data, query, number, columns, from..(from + share).min(rows), limit)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
        });
        let total = parts.iter().map(|(total, _)| total).sum();
        let mut found: Vec<Match> = parts.into_iter().flat_map(|(_, found)| found).collect();
        found.sort_by_key(|&(rank, row, _)| (rank, row));
        found.truncate(limit);
        (total, found)
    }

    fn hit(&self, data: &Data, query: &Query, row: usize, column: Option<usize>) -> Hit {
        let id = data.fields.id(row);
        let Some(column) = column else {
            return Hit { row, field: data.fields.id_name().to_owned(), text: id.clone(), id, distance: None };
        };
        let (field, text) = data.searched_cell(column, row).unwrap_or_else(|at| {
            let (name, value) = (self.annotation_columns().get(at).map(|column| column.name.clone()), self.annotation_of(at, row));
            (name.unwrap_or_default(), value.unwrap_or_default())
        });
        Hit { row, id, field, text: query.excerpt(&text), distance: None }
    }

    /// The rows nearest to a text.
    fn by_meaning(&self, data: &Data, text: &str, limit: usize) -> Result<Hits> {
        let unlike = || Error::param("by", "meaning", "the rows must be texts, and what they were learned from must encode texts");
        let encode = data.encode_text.as_ref().ok_or_else(unlike)?;
        let sought = encode(text, self.aside())?;
        let k = limit.clamp(1, 1000).min(data.points.rows());
        let metric = *held(&self.metric);
        let found = data.points.points().query(&sought.points(), k, metric, self.aside())?;
        let hits: Vec<Hit> = found
            .indices
            .iter()
            .zip(&found.distances)
            .filter(|(_, distance)| metric != Metric::Cosine || distance.is_finite())
            .map(|(&row, &distance)| {
                let row = row as usize;
                let text = data.text(row).map(|text| text.chars().take(3 * AROUND).collect::<String>());
                Hit { row, id: data.fields.id(row), field: "text".to_owned(), text: text.unwrap_or_default(), distance: Some(distance) }
            })
            .collect();
        Ok(Hits { total: hits.len(), hits })
    }
}

impl<'a> Matches<'a> {
    fn new(column: Searched<'a>, query: &Query) -> Self {
        match column {
            // A category is never the exact name of a row.
            Searched::Coded(codes, texts) => {
                Matches::Coded(codes, texts.into_iter().map(|text| query.rank(text).map(|rank| rank.max(Rank::Prefix))).collect())
            }
            Searched::Texts(texts) => Matches::Texts(texts),
            Searched::Plain(texts) => Matches::Plain(texts),
        }
    }

    fn rank(&self, query: &Query, row: usize) -> Option<Rank> {
        match self {
            Matches::Coded(codes, ranks) => ranks.get(codes[row] as usize).copied().flatten(),
            Matches::Texts(texts) if texts.is_null(row) => None,
            Matches::Texts(texts) => query.rank(texts.value(row)).map(|rank| rank.max(Rank::Prefix)),
            Matches::Plain(texts) => query.rank(texts.get(row)?).map(|rank| rank.max(Rank::Prefix)),
        }
    }
}

/// The number of rows of a range that match, and the best `limit`.
fn scan(
    data: &Data,
    query: &Query,
    number: Option<usize>,
    columns: &[Matches<'_>],
    range: Range<usize>,
    limit: usize,
) -> (usize, Vec<Match>) {
    let mut by_rank: [Vec<Match>; RANKS.len()] = Default::default();
    let mut total = 0;
    for row in range {
        let id = if number == Some(row) { Some(Rank::Exact) } else { data.fields.own_id(row).and_then(|id| query.rank(&id)) };
        let mut best = id.map(|rank| (rank, row, None));
        for (index, column) in columns.iter().enumerate() {
            if best.is_some_and(|(rank, ..)| rank <= Rank::Prefix) {
                break;
            }
            if let Some(rank) = column.rank(query, row).filter(|&rank| best.is_none_or(|(other, ..)| rank < other)) {
                best = Some((rank, row, Some(index)));
            }
        }
        if let Some(best) = best {
            total += 1;
            let of_rank = &mut by_rank[best.0 as usize];
            if of_rank.len() < limit {
                of_rank.push(best);
            }
        }
    }
    (total, by_rank.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_better_than_its_words() {
        let query = Query::new(" Free  soil", SearchBy::Text).unwrap();
        let of = |text: &str| query.rank(text);
        assert_eq!(of("the soil is free"), Some(Rank::Words));
        assert_eq!(of("free"), None);
        let query = Query::new("free soil", SearchBy::Text).unwrap();
        assert_eq!(query.rank("Free soil"), Some(Rank::Exact));
        assert_eq!(query.rank("FREE SOIL party"), Some(Rank::Prefix));
        assert_eq!(query.rank("the Free Soil Party"), Some(Rank::Within));
    }

    #[test]
    fn patterns_ignore_case_and_mistakes_are_told() {
        let query = Query::new("^colou?r$", SearchBy::Pattern).unwrap();
        assert_eq!((query.rank("Color"), query.rank("a color")), (Some(Rank::Within), None));
        assert!(Query::new("(?-i)^c", SearchBy::Pattern).unwrap().rank("Color").is_none());
        let error = Query::new("(a", SearchBy::Pattern).err().unwrap().to_string();
        assert!(error.contains("unclosed group") && error.contains("regular expression"), "{error}");
        // A pattern that would need gigabytes is a mistake, too.
        assert!(Query::new("(a{1000}){1000}", SearchBy::Pattern).is_err());
    }

    #[test]
    fn long_texts_are_cut_around_the_match() {
        let query = Query::new("NEEDLE", SearchBy::Text).unwrap();
        let text = format!("{} a needle\nhere {}", "äh ".repeat(100), "b ".repeat(200));
        let excerpt = query.excerpt(&text);
        assert!(excerpt.starts_with('…') && excerpt.ends_with('…') && excerpt.contains("a needle here"), "{excerpt}");
        assert!(excerpt.chars().count() < 4 * AROUND);
        assert_eq!(query.excerpt("a needle"), "a needle");
        // Letters whose lower case has another length.
        query.excerpt(&format!("{}needle", "İ".repeat(100)));
    }
}
