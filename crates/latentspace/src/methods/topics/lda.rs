//! Latent Dirichlet allocation (LDA): documents as mixtures of topics, topics as distributions over words.
//!
//! Learns the topics of a corpus and each document's proportions of them. The Dirichlet prior over topics is learned, so that some topics
//! can be more
//! common than others. Use it for hundreds of documents or more, of some dozen words or more. Do not use it for single sentences, or
//! where word
//! order matters.
//!
//! Cost: a sweep takes about 230 cycles per word on each core, whatever the number of topics, and 4 · words · topics bytes for the
//! tables.
//! Source: Blei, Ng and Jordan 2003, JMLR 3; Griffiths and Steyvers 2004, doi:10.1073/pnas.0307752101; Wallach, Mimno and McCallum 2009,
//! "Rethinking LDA: why priors matter".

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::attributes;
use super::corpus::{Corpus, check_shape, counts, usual_topics};
use super::gibbs::{SamplerOptions, sample};
use super::model::{Learned, MeasuredDocuments, TopicModel, held_out, others, writing_bytes};
use super::rounds::{Rounds, rounds_bytes};
use super::variational::Online;
use crate::attributes::{Fit, Found};
use crate::data::{CHUNK, Rows};
use crate::error::{Error, Result, nearest};
use crate::fold::fold;
use crate::linalg::{Matrix, Points};
use crate::method::{Fitted, Info, Law, Likelihood, Method, Plan, Sees, Shape, Signs, Takes};
use crate::model::{Can, Model};
use crate::params::{Auto, Role};
use crate::run::Run;
use crate::tensors::Tensors;
use crate::text::normal_word;

/// What [`Lda::target`] is where no column is named.
const AUTO: &str = "auto";
const NONE: &str = "none";

/// Latent Dirichlet allocation (LDA): documents as mixtures of topics, topics as distributions over words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lda {
    /// Number of topics. auto: 10 below 500 documents, 20 below 5,000, 50 below 20,000, else 100.
    #[schemars(title = "topics", extend("role" = Role::Dimensions, "minimum" = 1, "maximum" = 10_000))]
    pub n_components: Auto<u32>,
    /// How to infer topics: gibbs, the best topics, all documents in memory; variational (online variational Bayes), good topics in a few
    /// passes, also from files larger than memory.
    pub sampler: Sampler,
    /// Number of sweeps over all words (gibbs; auto: 300), or of passes over all documents (variational; auto: 5).
    #[schemars(title = "iterations", extend("minimum" = 1, "maximum" = 100_000))]
    pub n_iter: Auto<u32>,
    /// Dirichlet prior over a document's topics, in pseudo-counts per topic. The starting value where the prior is learned.
    #[schemars(title = "prior of topics in documents", extend("exclusiveMinimum" = 0, "maximum" = 1000))]
    pub alpha: f64,
    /// Dirichlet prior over a topic's words, in pseudo-counts per word. Small values make topics of fewer words.
    #[schemars(title = "prior of words in topics", extend("exclusiveMinimum" = 0, "maximum" = 1000))]
    pub eta: f64,
    /// Learn the prior of each topic, so that some topics can be more common than others.
    pub learn_prior: bool,
    /// Seed words that guide topics: commas separate words, semicolons separate topics. `star,galaxy; gene,protein` guides the first two
    /// topics.
    pub seed_words: String,
    /// Pseudo-counts of each seed word in its topic.
    #[schemars(extend("minimum" = 1, "maximum" = 10_000_000))]
    pub seed_weight: u32,
    /// Column of labels that guide topics: documents with the first label (in sorted order) prefer the first topic, and so on; missing
    /// labels prefer none. auto or none: no labels.
    #[schemars(title = "labels", extend("role" = Role::Labels, "anyOf" = [{ "const": AUTO }, { "const": NONE }, { "type": "string" }]))]
    pub target: String,
    /// Weight of a document's label, in words of the document.
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 1e6))]
    pub target_weight: f64,
    /// Fraction of the documents held out to measure the likelihood of new documents, at most 2,000 of them.
    #[schemars(extend("role" = Role::HeldOut, "minimum" = 0, "maximum" = 0.5))]
    pub held_out: f64,
}

/// How topics are inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sampler {
    /// Gibbs sampling: the best topics; all documents in memory.
    #[default]
    Gibbs,
    /// Online variational Bayes: good topics in a few passes, from files larger than memory.
    Variational,
}

impl Default for Lda {
    fn default() -> Self {
        Lda {
            n_components: Auto::Auto,
            sampler: Sampler::Gibbs,
            n_iter: Auto::Auto,
            alpha: 0.1,
            eta: 0.01,
            learn_prior: true,
            seed_words: String::new(),
            seed_weight: 100,
            target: AUTO.to_owned(),
            target_weight: 20.0,
            held_out: 0.05,
        }
    }
}

impl Lda {
    fn topics(&self, documents: usize) -> usize {
        self.n_components.or_else(|| usual_topics(documents)) as usize
    }

    fn iterations(&self) -> u32 {
        self.n_iter.or_else(|| match self.sampler {
            Sampler::Gibbs => 300,
            Sampler::Variational => 5,
        })
    }

    /// The words of each guided topic, by number; those that are in no document are left out, with a warning.
    fn seeds(&self, names: Option<&[String]>, topics: usize, run: &Run) -> Result<Vec<(u32, u16)>> {
        let groups: Vec<&str> = self.seed_words.split(';').collect();
        if self.seed_words.trim().is_empty() {
            return Ok(Vec::new());
        }
        let wrong = |found: &str, wanted: String| Error::param("seed_words", format!("'{found}'"), wanted);
        let Some(names) = names else {
            let wanted = "columns need names: text has words for them, and so has a bag of words with its vocabulary";
            return Err(wrong(&self.seed_words, wanted.to_owned()));
        };
        if groups.len() > topics {
            return Err(wrong(&self.seed_words, format!("it guides {} topics of {topics}", groups.len())));
        }
        let (mut seeds, mut missing) = (Vec::new(), Vec::new());
        for (topic, group) in groups.iter().enumerate() {
            let words = || group.split(',').map(normal_word).filter(|word| !word.is_empty());
            let place = |word: &str| names.iter().position(|name| name == word || normal_word(name) == word);
            let known = seeds.len();
            for word in words() {
                match place(&word) {
                    Some(at) => seeds.push((at as u32, topic as u16)),
                    None => missing.push(word),
                }
            }
            // A topic that is asked for by words of which none is there is another topic.
            if seeds.len() == known
                && let Some(word) = words().next()
            {
                let error = wrong(&word, "a topic needs a seed word of the vocabulary".to_owned());
                return Err(match nearest(&word, names.iter().map(String::as_str)) {
                    Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                    None => error.with_hint("--min-df and --max-df remove words that are too rare or too common"),
                });
            }
        }
        if !missing.is_empty() {
            let some: Vec<String> = missing.iter().take(10).map(|word| format!("'{word}'")).collect();
            let more = if missing.len() > some.len() { format!(" and {} more", missing.len() - some.len()) } else { String::new() };
            run.warn(format!("seed words that are not in the vocabulary are left out: {}{more}", some.join(", ")));
        }
        seeds.sort_unstable();
        seeds.dedup();
        Ok(seeds)
    }
}

/// Seconds of one core: a word and sweep, and a word of the vocabulary, topic and sweep.
const SECONDS: [f64; 2] = [70e-9, 4e-9];
/// The same of finding a document's shares: a different word and topic.
const SHARES: f64 = 10e-9;
/// Of a round of variational Bayes: a word of the vocabulary and topic.
const ROUND: f64 = 3e-9;

impl Method for Lda {
    const INFO: Info = Info {
        name: "lda",
        title: "LDA",
        class: "LatentDirichletAllocation",
        family: "topics",
        summary: "topics over words, and their share of documents",
        takes: &[Takes::Counts, Takes::Text],
        sees: Sees::Rows,
        signs: Signs::NonNegative,
        encodes: true,
        decodes: true,
        folds: false,
        likelihood: Some(Likelihood::Words),
        can: Can { kept: true, axes: Some("topic"), sampler: true },
        laws: &[Law::NonNegativity, Law::Proportions],
        oriented: true,
        live: false,
        given: &[],
        limits: &[
            "gibbs needs whole counts: it samples words one by one; fractions (tf-idf) are learned by variational, with a warning",
            "gibbs needs all documents in memory: 12 bytes per word of text, and 9 per word of the vocabulary and topic",
            "variational uses no labels and stores no titles of documents: streamed documents must give the same space",
        ],
        attributes: attributes::WITH_PRIOR,
        peer: Some(attributes::PEER_WITH_PRIOR),
        references: &[
            "Blei, Ng and Jordan 2003, Latent Dirichlet allocation, JMLR 3:993-1022",
            "Griffiths and Steyvers 2004, Finding scientific topics, doi:10.1073/pnas.0307752101",
            "Wallach, Mimno and McCallum 2009, Rethinking LDA: why priors matter, NIPS 22",
        ],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        let asked = match self.n_components {
            Auto::Value(topics) => Some(topics),
            Auto::Auto => None,
        };
        check_shape("LDA", shape, asked)
    }

    /// Without labels, which guide Gibbs sampling alone.
    fn unsuited(&self, rows: &Rows<'_>) -> Option<(&'static str, Value, &'static str)> {
        let fractions = match rows.prepared().ok()?.points() {
            Points::Sparse(counts) => counts.values.iter().any(|value| value.fract() != 0.0),
            Points::Dense(table) => table.as_slice().iter().any(|value| value.fract() != 0.0),
        };
        let unsuited = self.sampler == Sampler::Gibbs && Method::target(self).is_none() && fractions;
        unsuited.then(|| ("sampler", json!(Sampler::Variational), "some values are not whole numbers"))
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        let (topics, iterations) = (self.topics(shape.rows) as f64, self.iterations());
        let cells = shape.cells.unwrap_or(shape.rows * shape.cols) as f64;
        let (table, threads) = (shape.cols as f64 * topics, run.threads() as f64);
        if self.sampler == Sampler::Variational {
            let chunks = shape.rows.div_ceil(CHUNK).max(1) as f64;
            let pass = cells * topics * SHARES + chunks * table * ROUND;
            let room = rounds_bytes(shape, topics as usize, 2.5) + 8.0 * CHUNK as f64 * topics;
            return Plan {
                algorithm: format!("online variational Bayes, {topics} topics, {iterations} passes"),
                peak_bytes: shape.lying_bytes() + room.max(writing_bytes(shape, topics as usize)) as u64,
                seconds: (f64::from(iterations) * pass + cells * topics * SHARES) / threads,
                rounds: iterations + 2,
            };
        }
        // A different word of a document is there one and a half times, usually.
        let tokens = 1.5 * cells;
        let sweeps = f64::from(iterations) * (tokens * SECONDS[0] + table * SECONDS[1]);
        let codes = shape.rows as f64 * topics;
        let bytes = 8.0 * cells * 3.0 + tokens * 12.0 + tokens.min(table) * 8.0 + 9.0 * table + 8.0 * codes;
        Plan {
            algorithm: format!("Gibbs sampling, {topics} topics, {iterations} sweeps"),
            peak_bytes: bytes.max(8.0 * cells + writing_bytes(shape, topics as usize)) as u64,
            seconds: (sweeps + cells * topics * SHARES) / threads,
            rounds: 1,
        }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        match self.sampler {
            Sampler::Gibbs => self.sample(rows, run),
            Sampler::Variational => self.pass(rows, run),
        }
    }

    fn folds(&self) -> bool {
        self.sampler == Sampler::Variational
    }

    fn target(&self) -> Option<&str> {
        Some(self.target.as_str()).filter(|name| ![AUTO, NONE].contains(name))
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, _run: &Run) -> Result<Found> {
        attributes::made(name, self.eta, fit)
    }

    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        Ok(Box::new(TopicModel::load(tensors, facts)?))
    }
}

impl Lda {
    /// By Gibbs sampling.
    fn sample(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let counts = counts(rows.prepared()?, rows.names())?;
        let topics = self.topics(counts.rows());
        let held = held_out(counts.rows(), self.held_out, run.seed());
        let learned_from = others(counts.rows(), &held);
        let corpus = Corpus::of(&counts, rows.names(), &learned_from)?;
        if corpus.words.is_empty() {
            return Err(Error::input("data", "no document has a word", "topics are learned from the words of documents"));
        }
        let labels = rows.labels();
        let of_label = |document: &u32| labels.and_then(|labels| u16::try_from(labels.codes[*document as usize]).ok());
        let known: Vec<Option<u16>> =
            learned_from.iter().map(of_label).map(|label| label.filter(|&label| (label as usize) < topics)).collect();
        if let Some(labels) = labels.filter(|labels| labels.levels.len() > topics) {
            return Err(Error::param(
                "n_components",
                topics,
                format!("the {} labels of '{}' need a topic each", labels.levels.len(), labels.name),
            ));
        }
        let asked = SamplerOptions {
            topics,
            sweeps: self.iterations() as usize,
            alpha: self.alpha,
            learn_alpha: self.learn_prior,
            eta: self.eta,
            seeds: self.seeds(rows.names(), topics, run)?,
            seed_counts: self.seed_weight,
            known: labels.map(|_| (&known[..], self.target_weight as f32)),
        };
        let found = sample(&asked, &corpus, run)?;
        drop(corpus);
        let phi = Matrix::new(counts.cols, topics, found.phi)?;
        let prior: Vec<f32> = found.alpha.iter().map(|&alpha| alpha as f32).collect();
        let Learned { model, codes, measures, mut facts } =
            TopicModel::learned(phi, prior, MeasuredDocuments::all(counts, held, topics, run), run)?;
        facts.insert("n_iter_done".to_owned(), json!(found.sweeps));
        facts.insert("alpha".to_owned(), json!(found.alpha.iter().sum::<f64>() / topics as f64));
        if found.stopped {
            facts.insert("stopped_at".to_owned(), json!(found.sweeps));
        }
        Ok(Fitted { model: Box::new(model), codes: Some(codes), facts, measures })
    }

    /// By variational Bayes.
    fn pass(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        if let Some(labels) = rows.labels() {
            let wanted = format!("labels guide Gibbs sampling alone, and '{}' is given as target", labels.name);
            return Err(Error::param("sampler", "variational", wanted));
        }
        let topics = self.topics(rows.rows());
        let online = Online {
            topics,
            documents: rows.rows(),
            passes: self.iterations(),
            alpha: self.alpha,
            learn_alpha: self.learn_prior,
            eta: self.eta,
            seeds: self.seeds(rows.names(), topics, run)?,
            seed_counts: self.seed_weight,
        };
        fold(&Rounds::new(online, rows.shape(), self.held_out, run), rows, "LDA", run)
    }
}
