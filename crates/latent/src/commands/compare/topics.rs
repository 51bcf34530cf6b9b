//! Comparison of two topic models: matched topics.

use std::collections::HashMap;

use latentspace::linalg::Matrix;
use latentspace::measure::Measure;
use latentspace::topics::{Topics, matched};
use latentspace::{Error, Result, Run, Space};
use serde::Serialize;

use crate::output::{self, count, number};
use crate::study::topics;

/// The matched topics of two spaces.
#[derive(Serialize)]
pub(super) struct Compared {
    /// The mean share of a topic's ten top words that its partner has, too; the null is that of topics that are not partners.
    shared: Measure,
    /// The mean Jensen-Shannon divergence of partners.
    divergence: Measure,
    /// Words of both vocabularies, by which topics are compared.
    words: usize,
    each: Vec<Topic>,
}

#[derive(Serialize)]
struct Topic {
    topic: usize,
    name: String,
    /// The partner in the other space; none if that has fewer topics.
    partner: Option<u32>,
    partner_name: Option<String>,
    shared: f64,
    divergence: f64,
}

/// The topics of two spaces, if both have topics.
pub(super) fn compared((name_a, space_a): (&str, &Space), (name_b, space_b): (&str, &Space), run: &Run) -> Result<Option<Compared>> {
    let (Some(a), Some(b)) = (space_a.model.topics(), space_b.model.topics()) else { return Ok(None) };
    let (words_a, words_b) = (topics::words(space_a, a), topics::words(space_b, b));
    let places: HashMap<&str, u32> = words_b.iter().zip(0..).map(|(word, at)| (word.as_str(), at)).collect();
    let (of_a, of_b): (Vec<u32>, Vec<u32>) =
        words_a.iter().zip(0..).filter_map(|(word, at)| Some((at, *places.get(word.as_str())?))).unzip();
    if of_a.is_empty() {
        let found = format!("none of its words ('{}', …) is a word of {name_a}", words_b.first().map_or("", String::as_str));
        return Err(Error::input(name_b, found, "topics are compared by words of both vocabularies"));
    }
    let found = matched(&among(a, &of_a)?, &among(b, &of_b)?, run)?;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let each = |topic: usize| {
        let partner = found.partner[topic];
        let partner_name = partner.map(|partner| b.name(partner as usize, &words_b));
        let (shared, divergence) = (found.shared[topic], found.divergence[topic]);
        Topic { topic, name: a.name(topic, &words_a), partner, partner_name, shared, divergence }
    };
    Ok(Some(Compared {
        shared: Measure::exact(mean(&found.shared), Some(found.chance)),
        divergence: Measure::exact(mean(&found.divergence), None),
        words: of_a.len(),
        each: (0..a.k()).map(each).collect(),
    }))
}

/// The topics restricted to some words.
fn among(topics: &Topics, words: &[u32]) -> Result<Topics> {
    if words.len() == topics.words() && words.is_sorted() {
        return Ok(topics.clone());
    }
    let mut by_word = topics.by_word.select(words);
    // A topic without words of the other vocabulary matches none.
    let k = by_word.cols();
    let has_words: Vec<bool> = (0..k).map(|topic| (0..words.len()).any(|word| by_word.row(word)[topic] > 0.0)).collect();
    if has_words.iter().any(|has| !has) {
        by_word = Matrix::from_fn(words.len(), k, |word, topic| if has_words[topic] { by_word.row(word)[topic] } else { 1.0 });
    }
    let totals = words.iter().map(|&word| topics.totals[word as usize]).collect();
    Topics::new(by_word, topics.shares().to_vec(), totals, topics.documents)
}

impl Compared {
    /// One line per topic, the most similar first.
    pub(super) fn told(&self) -> String {
        let mut order: Vec<&Topic> = self.each.iter().collect();
        order.sort_by(|a, b| a.divergence.total_cmp(&b.divergence));
        let row = |topic: &&Topic| {
            let partner = topic.partner.map_or_else(String::new, |partner| partner.to_string());
            let name = topic.partner_name.clone().unwrap_or_else(|| "no partner".to_owned());
            vec![topic.topic.to_string(), topic.name.clone(), partner, name, number(topic.shared), number(topic.divergence)]
        };
        let rows: Vec<Vec<String>> = order.iter().map(row).collect();
        let mut out = output::table(&["A", "words", "B", "words", "shared", "divergence"], &rows);
        let (shared, chance) = (10.0 * self.shared.value, 10.0 * self.shared.null.unwrap_or(0.0));
        let sentence = format!(
            "Matched topics share {shared:.1} of their 10 top words ({chance:.1} expected by chance). Compared by {} words.",
            count(self.words as u64)
        );
        out.push_str(&format!("\n{}", output::wrapped("  ", &sentence)));
        out
    }
}
