use serde_json::json;

use super::lda::{Lda, Sampler};
use crate::axes::{Distributions, matched};
use crate::data::{CHUNK, Category, Precomputed, Rows, Stream};
use crate::error::{Error, Result};
use crate::linalg::{Matrix, OwnedRows, SparseMatrix};
use crate::method::{AnyMethod, Fitted, Method};
use crate::params::Auto;
use crate::random::Random;
use crate::run::Run;
use crate::tensors::Tensors;

/// Words of the planted vocabulary, and of a topic.
const WORDS: usize = 60;
const OWN: usize = 20;

/// The topics that documents are made of: each has twenty words of its own, the first more likely than the last.
fn planted() -> Distributions {
    let weight = |word: usize, topic: usize| if word / OWN == topic { 1.0 / (1.0 + (word % OWN) as f32) } else { 1e-4 };
    Distributions::new(Matrix::from_fn(WORDS, 3, weight), vec![1.0; 3], vec![1.0; WORDS], 1).unwrap()
}

/// The fitted topics.
fn distributions(fitted: &Fitted) -> Distributions {
    fitted.model.capabilities().axes.unwrap().distributions().unwrap().unwrap().into_owned()
}

/// Documents of some fifty words, each mostly of one topic, and of the other two in shares of its own.
fn documents(rows: usize) -> SparseMatrix {
    let (topics, random) = (planted(), Random::new(9, "planted"));
    let draw = |row: usize, item: u64| {
        let (own, second) = (0.6 + 0.4 * random.uniform(row as u64, 1000), random.uniform(row as u64, 1001));
        let chance = random.uniform(row as u64, 2 * item);
        let other = if random.uniform(row as u64, 500 + item) < second { 1 } else { 2 };
        let topic = if chance < own { row % 3 } else { (row + other) % 3 };
        let mut left = random.uniform(row as u64, 2 * item + 1);
        let chosen = (0..WORDS).find(|&word| {
            left -= topics.probability(word, topic);
            left < 0.0
        });
        chosen.unwrap_or(0)
    };
    let mut dense = vec![0.0_f32; rows * WORDS];
    for row in 0..rows {
        (0..40 + row as u64 % 20).for_each(|item| dense[row * WORDS + draw(row, item)] += 1.0);
    }
    SparseMatrix::of(&Matrix::new(rows, WORDS, dense).unwrap())
}

/// The words.
fn names() -> Vec<String> {
    (0..WORDS).map(|word| format!("w{word:02}")).collect()
}

fn fit(lda: &Lda, counts: &SparseMatrix, beside: &Precomputed, threads: usize) -> Result<Fitted> {
    let rows = OwnedRows::Sparse(counts.clone());
    let names = names();
    let run = Run::new(5, threads)?;
    AnyMethod::fit(lda, &Rows::memory(&rows).named(Some(&names)).with(beside)?, &run)
}

/// What a run said.
#[derive(Default)]
struct Heard(std::sync::Mutex<Vec<String>>);

impl crate::run::Listener for Heard {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

fn bytes(fitted: &Fitted) -> Tensors {
    let mut tensors = Tensors::default();
    fitted.model.store(&mut tensors).unwrap();
    tensors
}

fn quick(topics: u32) -> Lda {
    Lda { n_components: Auto::Value(topics), n_iter: Auto::Value(60), ..Lda::default() }
}

#[test]
fn planted_topics_come_back_with_their_documents() {
    let counts = documents(400);
    let fitted = fit(&quick(3), &counts, &Precomputed::default(), 2).unwrap();
    let found = distributions(&fitted);
    let matched = matched(&planted(), &found, &Run::new(0, 1).unwrap()).unwrap();
    assert!(matched.shared.iter().all(|&shared| shared >= 0.7), "{matched:?}");
    assert!(matched.divergence.iter().all(|&divergence| divergence < 0.04), "{matched:?}");
    let codes = fitted.codes.as_ref().unwrap();
    let right = (0..400).filter(|&row| codes.row(row)[matched.partner[row % 3].unwrap() as usize] > 0.5).count();
    assert!(right > 380, "{right} of 400");
    let held = fitted.measures.iter().find(|(name, _)| *name == "log_likelihood_per_word").unwrap().1;
    assert!(held.value > held.null.unwrap() + 0.3 && held.low < held.value, "{held:?}");
    // A row's code is the same alone, and for a dense row.
    let alone = OwnedRows::Sparse(counts.select(&[7]));
    let run = Run::new(0, 1).unwrap();
    let code = fitted.model.encode(&alone, &run).unwrap();
    assert_eq!(code.row(0), codes.row(7));
    assert_eq!(fitted.model.encode(&OwnedRows::Dense(alone.table().unwrap()), &run).unwrap(), code);
    assert!((code.row(0).iter().sum::<f32>() - 1.0).abs() < 1e-5);
}

#[test]
fn any_number_of_threads_has_the_same_bytes_and_many_topics_a_document_too() {
    // Beyond 31 topics a document does not fit into registers.
    let counts = documents(300);
    for topics in [1, 2, 7, 12, 80] {
        let one = bytes(&fit(&quick(topics), &counts, &Precomputed::default(), 1).unwrap());
        assert!(
            [2, 3].into_iter().all(|threads| bytes(&fit(&quick(topics), &counts, &Precomputed::default(), threads).unwrap()) == one),
            "{topics}"
        );
    }
    let few_long = SparseMatrix::of(&Matrix::from_fn(100, 50, |row, word| ((row * 7 + word * 13) % 90) as f32));
    let lda = Lda { n_iter: Auto::Value(12), ..quick(100) };
    assert!(
        bytes(&fit(&lda, &few_long, &Precomputed::default(), 1).unwrap())
            == bytes(&fit(&lda, &few_long, &Precomputed::default(), 3).unwrap())
    );
}

#[test]
fn what_is_kept_opens_again_and_what_is_broken_is_refused() {
    let fitted = fit(&quick(3), &documents(50), &Precomputed::default(), 2).unwrap();
    let mut tensors = Tensors::default();
    let facts = fitted.model.store(&mut tensors).unwrap();
    let again = Lda::load(&tensors, &facts).unwrap();
    let mut once_more = Tensors::default();
    assert_eq!(again.store(&mut once_more).unwrap(), facts);
    assert!(tensors == once_more);
    assert!(Lda::load(&tensors, &json!({"documents": 51})).is_err());
    assert!(Lda::load(&tensors, &json!({})).is_err());
    assert!(Lda::load(&Tensors::default(), &facts).is_err());
}

#[test]
fn seed_words_and_labels_say_which_topic_is_which() {
    let counts = documents(400);
    let seeded = Lda { seed_words: "w41,w42;w01;w22".to_owned(), ..quick(3) };
    let topics = fit(&seeded, &counts, &Precomputed::default(), 2).unwrap();
    let top = |fitted: &Fitted, topic: usize| distributions(fitted).tops(1)[topic][0] as usize / OWN;
    assert_eq!([top(&topics, 0), top(&topics, 1), top(&topics, 2)], [2, 0, 1]);
    for (words, told) in [("w41;w99", "w9"), ("w1;w2;w3;w4", "4 topics of 3")] {
        let Err(error) = fit(&Lda { seed_words: words.to_owned(), ..quick(3) }, &counts, &Precomputed::default(), 1) else { panic!() };
        assert!(error.to_string().contains(told), "{error}");
    }
    let heard = std::sync::Arc::new(Heard::default());
    let some = Lda { seed_words: "W41,w9999;w01;w22".to_owned(), ..quick(3) };
    let run = Run::new(7, 1).unwrap().with_listener(heard.clone());
    let fitted = AnyMethod::fit(&some, &Rows::memory(&OwnedRows::Sparse(counts.clone())).named(Some(&names())), &run).unwrap();
    assert_eq!([top(&fitted, 0), top(&fitted, 1)], [2, 0], "one missing seed word stops nothing");
    assert!(heard.0.lock().unwrap().concat().contains("not in the vocabulary are left out: 'w9999'"));
    // Labels in an order of their own; every tenth is missing.
    let label = |row: usize| (!row.is_multiple_of(10)).then(|| ["c", "a", "b"][row % 3]);
    let labels = Category::new("kind", (0..400).map(label));
    let beside = Precomputed { labels: Some(labels.clone()), ..Precomputed::default() };
    let guided = fit(&Lda { target: "kind".to_owned(), ..quick(3) }, &counts, &beside, 2).unwrap();
    let codes = guided.codes.as_ref().unwrap();
    let right = (0..400).filter(|&row| codes.row(row)[[2, 0, 1][row % 3]] > 0.5).count();
    assert!(right > 380, "{right} of 400");
    let error = fit(&Lda { target: "kind".to_owned(), ..quick(2) }, &counts, &beside, 1).err().unwrap();
    assert!(error.to_string().contains("3 labels"), "{error}");
}

#[test]
fn strange_counts_are_refused_with_their_place_or_learned_from() {
    let refused = |table: Matrix| fit(&quick(2), &SparseMatrix::of(&table), &Precomputed::default(), 1).err().unwrap().to_string();
    let counts = |row: usize, word: usize| ((row + word) % 3) as f32;
    let with = |value: f32| Matrix::from_fn(10, 6, |row, word| if (row, word) == (4, 2) { value } else { counts(row, word) });
    assert!(refused(with(-1.0)).contains("row 5") && refused(with(-1.0)).contains("-1"), "{}", refused(with(-1.0)));
    assert!(refused(with(0.5)).contains("whole numbers"), "{}", refused(with(0.5)));
    assert!(refused(with(1e9)).contains("10,000,000"), "{}", refused(with(1e9)));
    assert!(refused(Matrix::from_fn(10, 6, |_, _| 0.0)).contains("no document has a word"));
    assert!(matches!(fit(&quick(11), &SparseMatrix::of(&with(1.0)), &Precomputed::default(), 1), Err(Error::Param(_))));
    // Empty documents have the prior's shares.
    let some = Matrix::from_fn(30, 6, |row, word| if row % 5 == 0 { 0.0 } else { counts(row, word) });
    let fitted = fit(&Lda { held_out: 0.0, ..quick(2) }, &SparseMatrix::of(&some), &Precomputed::default(), 2).unwrap();
    let codes = fitted.codes.unwrap();
    assert!(codes.as_slice().iter().all(|share| share.is_finite()) && codes.row(0) == codes.row(5));
    assert!(fitted.measures.iter().all(|(name, _)| *name != "log_likelihood_per_word"));
    // One long document, and one word.
    let long = SparseMatrix { cols: 3, starts: vec![0, 2, 3], indices: vec![0, 1, 2], values: vec![300_000.0, 200_000.0, 1.0] };
    assert!(fit(&Lda { n_iter: Auto::Value(3), ..quick(2) }, &long, &Precomputed::default(), 2).is_ok());
    let one = SparseMatrix { cols: 1, starts: vec![0, 1], indices: vec![0], values: vec![1.0] };
    assert!(fit(&quick(1), &one, &Precomputed::default(), 2).is_ok());
}

fn passes(topics: u32) -> Lda {
    Lda { sampler: Sampler::Variational, n_iter: Auto::Value(20), ..quick(topics) }
}

/// Rows that come by in blocks.
struct Blocks(OwnedRows, usize);

impl Stream for Blocks {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn cols(&self) -> usize {
        self.0.cols()
    }

    fn blocks_from(&self, first: usize) -> Result<Box<dyn Iterator<Item = Result<OwnedRows>> + Send + '_>> {
        let block = |at: usize| self.0.select(&(at as u32..(at + self.1).min(self.0.rows()) as u32).collect::<Vec<_>>());
        Ok(Box::new((first..self.0.rows()).step_by(self.1).map(move |at| Ok(block(at)))))
    }
}

#[test]
fn variational_bayes_finds_planted_topics_and_their_prior() {
    let counts = documents(3000);
    let fitted = fit(&passes(3), &counts, &Precomputed::default(), 2).unwrap();
    let found = distributions(&fitted);
    let matched = matched(&planted(), &found, &Run::new(0, 1).unwrap()).unwrap();
    assert!(matched.shared.iter().all(|&shared| shared >= 0.7), "{matched:?}");
    assert!(matched.divergence.iter().all(|&divergence| divergence < 0.06), "{matched:?}");
    let told = |fitted: &Fitted| fitted.measures.iter().find(|(name, _)| *name == "log_likelihood_per_word").unwrap().1.value;
    let sampled = fit(&quick(3), &counts, &Precomputed::default(), 2).unwrap();
    assert!((told(&fitted) - told(&sampled)).abs() < 0.02, "{} {}", told(&fitted), told(&sampled));
    let alpha = |fitted: &Fitted| fitted.facts["alpha"].as_f64().unwrap();
    assert!((alpha(&fitted) / alpha(&sampled)).ln().abs() < 0.7, "{} {}", alpha(&fitted), alpha(&sampled));
    // Weights that are no counts are learned from, too.
    let tenths = SparseMatrix { values: counts.values.iter().map(|value| value * 0.37).collect(), ..counts.clone() };
    assert!(fit(&passes(3), &tenths, &Precomputed::default(), 2).is_ok());
    let seeded = Lda { seed_words: "w41,w42;w01;w22".to_owned(), ..passes(3) };
    let guided = fit(&seeded, &counts, &Precomputed::default(), 2).unwrap();
    let top = |topic: usize| distributions(&guided).tops(1)[topic][0] as usize / OWN;
    assert_eq!([top(0), top(1), top(2)], [2, 0, 1]);
    let labels = Category::new("kind", (0..3000).map(|row| Some(["c", "a", "b"][row % 3])));
    let beside = Precomputed { labels: Some(labels), ..Precomputed::default() };
    let error = fit(&Lda { target: "kind".to_owned(), ..passes(3) }, &counts, &beside, 1).err().unwrap();
    assert!(error.to_string().contains("Gibbs sampling alone"), "{error}");
}

#[test]
fn rounds_over_chunks_have_the_same_bytes_on_any_threads_and_streamed() {
    let counts = documents(2 * CHUNK + 300);
    let lda = Lda { n_iter: Auto::Value(2), ..passes(5) };
    let one = bytes(&fit(&lda, &counts, &Precomputed::default(), 1).unwrap());
    assert!(bytes(&fit(&lda, &counts, &Precomputed::default(), 3).unwrap()) == one);
    for block in [1000, CHUNK, 3 * CHUNK] {
        let stream = Blocks(OwnedRows::Sparse(counts.clone()), block);
        let run = Run::new(5, 2).unwrap();
        let fitted = run.install(|| AnyMethod::fit(&lda, &Rows::stream(&stream), &run)).unwrap();
        assert!(bytes(&fitted) == one, "in blocks of {block}");
    }
}

#[test]
fn fractions_are_learned_by_variational_bayes_unless_sampling_was_given_or_labels_guide() {
    let mut weights = documents(60);
    weights.values.iter_mut().for_each(|value| *value *= 0.37);
    let (whole, weights) = (OwnedRows::Sparse(documents(60)), OwnedRows::Sparse(weights));
    let entry = crate::registry::find("lda").unwrap();
    let with = |params: serde_json::Value| entry.with(params.as_object().unwrap()).unwrap();
    let adapted = |params: serde_json::Value, rows: &OwnedRows| with(params).adapted(rows.shape(), Some(&Rows::memory(rows)));
    let (method, told) = adapted(json!({}), &weights).unwrap();
    assert_eq!(told, ["sampler: gibbs is the default; variational is used, since some values are not whole numbers"]);
    assert_eq!(method.params(), with(json!({"sampler": "variational"})).params());
    assert!(adapted(json!({}), &whole).is_none());
    for given in [json!({"sampler": "gibbs"}), json!({"target": "kind"})] {
        assert!(adapted(given.clone(), &weights).is_none(), "{given}");
    }
    let run = Run::new(0, 2).unwrap();
    let Err(error) = with(json!({"sampler": "gibbs"})).fit(&Rows::memory(&weights), &run) else { panic!("0.37 words were sampled") };
    assert!(error.hint().unwrap().starts_with("sampler=variational"), "{error}");
}
