//! Text as observations: the vocabulary is learned in passes over the documents, and each document becomes word counts.

use std::sync::{Arc, OnceLock};

use super::{Form, Preparation, Sees};
use crate::data::{DataKind, Missing, Observations, PrepareOptions, Scale, Source, Values};
use crate::error::{Error, Input, Result};
use crate::linalg::{OwnedRows, SparseMatrix, Tokens};
use crate::parallel::*;
use crate::run::Run;
use crate::text::{self, Documents, Facts, Kept, Learned, StopWords, TextOptions, Vocabulary};

/// Bytes of text from which the whole is estimated.
const HEAD: u64 = 4 << 20;
/// Typical compression ratio of text.
const PACKED: u64 = 3;

/// How text becomes counts of words, which are the preparation's names.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) kept: Kept,
    /// Built from the words and what is kept, when first needed.
    vocabulary: OnceLock<Arc<Vocabulary>>,
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.kept == other.kept
    }
}

impl Words {
    pub(super) fn new(kept: Kept) -> Self {
        Words { kept, vocabulary: OnceLock::new() }
    }

    /// Checks its parts.
    pub(super) fn check(&self) -> Result<()> {
        self.kept.check()
    }
}

/// The documents of a source, read again in each pass.
struct Read<'a> {
    source: &'a Source,
    run: &'a Run,
}

impl Documents for Read<'_> {
    fn pass(&self, show: &mut dyn FnMut(&[String]) -> Result<()>) -> Result<()> {
        for block in self.source.blocks(self.run)? {
            let Values::Text(texts) = block?.values else { return Err(Error::internal("blocks of text are text")) };
            show(&texts)?;
        }
        Ok(())
    }
}

impl Preparation {
    /// The preparation of documents, statistics of their words, and their counts if requested.
    fn of_documents(
        documents: &dyn Documents,
        name: &str,
        options: &PrepareOptions,
        keep: bool,
        run: &Run,
    ) -> Result<(Self, Facts, Option<SparseMatrix>)> {
        if !matches!(options.scale, Scale::Auto | Scale::None) {
            return Err(Error::param("scale", format!("{:?}", options.scale).to_lowercase(), "word counts are not scaled: none"));
        }
        let learned = text::learn(documents, &options.text, keep, run).map_err(|error| match error {
            Error::Input(input) if input.file.as_os_str() == "data" => Error::Input(Input { file: name.into(), ..input }),
            other => other,
        })?;
        let Learned { vocabulary, counts, facts, told } = learned;
        let names = (0..vocabulary.len() as u32).map(|word| vocabulary.word(word).to_owned()).collect();
        let preparation = Preparation {
            kind: DataKind::Text,
            columns: vocabulary.len(),
            scale: Scale::None,
            missing: Missing::Error,
            names: Some(names),
            sees: Sees::Rows,
            form: Form::Text(Words { kept: vocabulary.kept().clone(), vocabulary: Arc::new(vocabulary).into() }),
            told,
        };
        Ok((preparation, facts, counts))
    }

    /// The preparation of text in memory, and its counts if requested.
    pub(in crate::data) fn of_texts(
        observations: &Observations,
        options: &PrepareOptions,
        keep: bool,
        run: &Run,
    ) -> Result<(Self, Facts, Option<SparseMatrix>)> {
        let Values::Text(texts) = &observations.values else { return Err(Error::internal("only text has words")) };
        Self::of_documents(texts.as_ref(), &observations.name, options, keep, run)
    }

    /// The preparation of the text of a source, whose documents are streamed, and the numbers of documents, words and nonzero cells after
    /// preparation.
    ///
    /// # Errors
    /// As [`text::learn`]; errors of the reader.
    pub fn of_text_source(source: &Source, options: &PrepareOptions, run: &Run) -> Result<(Self, Facts)> {
        let (preparation, facts, _) = Self::of_documents(&Read { source, run }, source.name(), options, false, run)?;
        Ok((preparation, facts))
    }

    /// An estimate of [`Preparation::of_text_source`] from the first megabytes, extrapolated to the whole.
    ///
    /// # Errors
    /// As for that function.
    pub fn guess_text(source: &Source, options: &PrepareOptions, run: &Run) -> Result<Facts> {
        let (mut head, mut bytes, mut whole) = (Vec::new(), 0, true);
        for block in source.blocks(run)? {
            if bytes > HEAD {
                whole = false;
                break;
            }
            let Values::Text(texts) = block?.values else { return Err(Error::internal("blocks of text are text")) };
            bytes += texts.iter().map(|text| text.len() as u64 + 1).sum::<u64>();
            head.extend(Arc::unwrap_or_clone(texts));
        }
        if whole {
            return Ok(Self::of_documents(&head, source.name(), options, false, run)?.1);
        }
        // Document frequency limits refer to all documents and cannot be applied to the first ones.
        let text = TextOptions { min_df: None, max_df: None, phrases: None, stop_words: StopWords::None, ..options.text.clone() };
        let met = text::learn(&head, &text, false, run).map(|learned| learned.facts);
        let met = match met {
            Err(Error::Input(_)) => Facts { documents: head.len() as u64, bytes, words: 1, met: 1, ..Facts::default() },
            met => met?,
        };
        let unpacked = if source.is_packed() { PACKED * source.bytes() } else { source.bytes() };
        let times = source.rows().map_or(unpacked as f64 / bytes as f64, |rows| rows as f64 / met.documents.max(1) as f64).max(1.0);
        let linear = |number: u64| (number as f64 * times) as u64;
        // The number of distinct words grows by Heaps' law.
        let words = |number: u64| (number as f64 * times.powf(0.6)) as u64;
        Ok(Facts {
            documents: linear(met.documents),
            bytes: linear(met.bytes),
            tokens: linear(met.tokens),
            cells_met: linear(met.cells_met),
            cells: linear(met.cells),
            met: words(met.met),
            words: words(met.words),
            ..met
        })
    }

    /// The vocabulary and the tokenizer of a preparation of text.
    ///
    /// # Errors
    /// [`Error::Input`] if this is not a preparation of text, or its words are not sorted.
    pub fn vocabulary(&self) -> Result<&Vocabulary> {
        let (Form::Text(text), Some(words)) = (&self.form, &self.names) else {
            return Err(Error::input("preparation", format!("one of {}", self.kind), "text has a vocabulary"));
        };
        if let Some(vocabulary) = text.vocabulary.get() {
            return Ok(vocabulary);
        }
        let vocabulary = Arc::new(Vocabulary::new(text.kept.clone(), words)?);
        Ok(text.vocabulary.get_or_init(|| vocabulary))
    }

    /// Texts as sequences of words, those of a text the same alone and in any batch.
    pub(super) fn tokens(&self, texts: &[String], run: &Run) -> Result<OwnedRows> {
        let vocabulary = self.vocabulary()?;
        let sequence = |text: &String| -> Result<Vec<u32>> {
            run.check()?;
            Ok(vocabulary.sequence(text))
        };
        let sequences: Vec<Vec<u32>> = run.install(|| texts.par_iter().map(sequence).collect::<Result<_>>())?;
        Ok(OwnedRows::Tokens(Tokens::new(self.prepared_columns(), sequences.iter().map(Vec::as_slice))))
    }
}
