//! Distributed fits: rounds whose rows are divided into shares, on one or many machines.
//!
//! All shares start from a [`Round`]: the fit and the state. Each share processes some of the chunks and gives [`Statistics`], which
//! [`merge`] turns, in any order, into the next round or the space. Round 0 determines the preparation, the later rounds are
//! those of the method's fold; a share reads only its own rows. Rounds and statistics are files, and chunks are merged in the same tree
//! as in [`crate::fold`], so the bytes are those of one machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::border;
use crate::checkpoint::Parcel;
use crate::data::read::{self, ReadOptions, Source};
use crate::data::{Affine, CHUNK, DataKind, Metadata, Preparation, PrepareOptions, PreparedStream, Rows, Summarizer, Summary};
use crate::error::{Error, Result};
use crate::fold::{Part, Step, pack, unpack};
use crate::method::{AnyMethod, Shape};
use crate::registry;
use crate::run::Run;
use crate::space::Space;
use crate::tensors::{FORMAT, FileKind, Tensors};

/// The common description of all shares of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The registry name.
    pub method: String,
    /// All parameters by name.
    pub params: Map<String, Value>,
    /// The random seed.
    pub seed: u64,
    /// Number of rows of all shares.
    pub rows: usize,
    /// The options of the preparation.
    pub prepare: PrepareOptions,
    /// The files of the rows.
    pub origin: Origin,
}

/// The preparation of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// The preparation.
    pub preparation: Preparation,
    /// Offsets and scales of the columns of each file, so that no digit is lost in 32 bits.
    affines: BTreeMap<usize, Affine>,
}

/// The files of the rows of a fit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The files, as [`read::open`] takes them.
    pub data: String,
    /// The options of reading.
    #[serde(flatten)]
    pub read: ReadOptions,
}

impl Origin {
    /// Opens the files.
    ///
    /// # Errors
    /// As [`read::open`].
    pub fn open(&self) -> Result<Source> {
        read::open(&self.data, &self.read)
    }
}

/// A round, from which all shares start.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// The fit.
    pub fit: Fit,
    /// The number of the round: 0 determines the preparation; the method's own begin with 1.
    pub number: u32,
    /// The preparation; none in round 0.
    pub numbers: Option<Numbers>,
    state: Parcel,
}

/// The statistics of a share.
#[derive(Debug, Clone)]
pub struct Statistics {
    /// The round that it belongs to.
    pub round: Round,
    parts: Vec<Part<Parcel>>,
}

/// The file of a round, with or without statistics.
const FILE: FileKind = FileKind { key: "latentspace round", name: "round", writer: "`latent fit --partial` or `latent merge`" };

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    fit: Fit,
    round: u32,
    numbers: Option<Numbers>,
    /// Whether these are the statistics of a share, or the state of a round.
    statistics: bool,
    facts: Value,
}

impl Fit {
    fn method(&self) -> Result<Box<dyn AnyMethod>> {
        registry::find(&self.method)?.with(&self.params)
    }

    /// Number of chunks of all rows.
    fn chunks(&self) -> usize {
        self.rows.div_ceil(CHUNK)
    }

    fn shape(&self, numbers: &Numbers) -> Shape {
        let preparation = &numbers.preparation;
        Shape {
            are_counts: preparation.makes_counts(),
            incomplete: preparation.keeps_missing(),
            ..Shape::new(self.rows, preparation.prepared_columns())
        }
    }
}

impl Round {
    /// Round 0 of a fit to these files. Reads their headers, and counts the rows where a header does not contain their number.
    ///
    /// # Errors
    /// [`Error::Param`] if the method is not a sum over rows; errors of the reader.
    pub fn zero(method: &dyn AnyMethod, origin: Origin, source: &Source, prepare: &PrepareOptions, run: &Run) -> Result<Round> {
        let rows = source.count(run)?;
        method.folding(Shape::new(rows, source.columns().max(1)), run)?;
        let params = method.params().as_object().cloned().unwrap_or_default();
        let fit = Fit { method: method.info().name.to_owned(), params, seed: run.seed(), rows, prepare: prepare.clone(), origin };
        Ok(Round { fit, number: 0, numbers: None, state: Parcel::default() })
    }

    /// The first round of the method, without round 0: reads all files once for the preparation.
    ///
    /// # Errors
    /// As [`Round::zero`]; errors of the preparation and the method.
    pub fn first(method: &dyn AnyMethod, origin: Origin, source: &Source, prepare: &PrepareOptions, run: &Run) -> Result<Round> {
        let preparation = Preparation::of_source(source, prepare, run)?;
        let zero = Round::zero(method, origin, source, prepare, run)?;
        let affines = source.settle(0..zero.fit.rows, run)?;
        zero.begin(source, preparation, affines, run)
    }

    /// The first round of the method, after round 0.
    fn begin(self, source: &Source, preparation: Preparation, affines: BTreeMap<usize, Affine>, run: &Run) -> Result<Round> {
        preparation.told.iter().for_each(|sentence| run.note(sentence));
        let (fit, numbers) = (self.fit, Numbers { preparation, affines });
        let (method, shape) = (fit.method()?, fit.shape(&numbers));
        method.check(shape)?;
        let stream = PreparedStream::counted(source, &numbers.preparation, fit.rows, run);
        let state = run.install(|| method.folding(shape, run)?.start(&Rows::stream(&stream)))?;
        Ok(Round { fit, number: 1, numbers: Some(numbers), state })
    }

    /// Opens files with this round's options: those of the fit, or the same under other names.
    ///
    /// # Errors
    /// As [`read::open`].
    pub fn open(&self, origin: &Origin) -> Result<Source> {
        let source = origin.open()?;
        if let Some(Numbers { affines, .. }) = &self.numbers {
            source.hold(affines);
        }
        Ok(source)
    }

    /// Computes the statistics of share `share` (from 0) of `shares` of the rows of `source`, which [`Round::open`] opened. Reads only the
    /// share's rows, and for text formats also everything before them in the file.
    ///
    /// # Errors
    /// [`Error::Input`] if the rows are not those of the fit; errors of the reader; [`Error::Cancelled`].
    pub fn work(&self, source: &Source, share: usize, shares: usize, run: &Run) -> Result<Statistics> {
        let Fit { rows, seed, .. } = self.fit;
        let other = |found: usize| Error::input("data", format!("{found} rows"), format!("the round is of {rows} rows"));
        if let Some(found) = source.rows().filter(|&found| found != rows) {
            return Err(other(found));
        }
        let run = run.clone().with_seed(seed);
        let chunks = self.fit.chunks();
        let range = share * chunks / shares..(share + 1) * chunks / shares;
        let parts = match &self.numbers {
            None if source.kind() == DataKind::Text => {
                let error = Error::param("describe", "text", "the vocabulary is learned from all documents");
                return Err(error.with_hint("without --describe, each share reads all text for the vocabulary"));
            }
            None => Summarizer::share(source, range.clone(), rows, &self.fit.prepare, &run)?,
            Some(numbers) => {
                let (method, shape) = (self.fit.method()?, self.fit.shape(numbers));
                let stream = PreparedStream::counted(source, &numbers.preparation, rows, &run);
                run.install(|| method.folding(shape, &run)?.share(&self.state, &Rows::stream(&stream), range.clone(), &run))?
            }
        };
        match parts.last() {
            Some(part) if part.to < range.end => Err(other(part.to * CHUNK)),
            None if !range.is_empty() => Err(other(range.start * CHUNK)),
            _ => Ok(Statistics { round: self.clone(), parts }),
        }
    }

    /// Measures a space on the rows that it was learned from, as a fit on one machine does.
    ///
    /// # Errors
    /// [`Error::Input`] if the rows have changed; errors of the reader; [`Error::Cancelled`].
    pub fn measure(&self, space: &mut Space, run: &Run) -> Result<()> {
        let source = self.open(&self.fit.origin)?;
        let preparation = space.preparation.clone();
        let stream = PreparedStream::new(&source, &preparation, run)?;
        let rows = Rows::stream(&stream);
        if rows.rows() != self.fit.rows {
            return Err(Error::input(&self.fit.origin.data, format!("{} rows", rows.rows()), format!("the fit saw {}", self.fit.rows)));
        }
        space.measure(&rows, None, &run.clone().with_seed(self.fit.seed))
    }

    /// The state as the bytes of a file.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is NaN or infinite.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        bytes(self, None)
    }

    /// A state from the bytes of a file; `path` names it in errors.
    ///
    /// # Errors
    /// [`Error::Input`] if they are invalid.
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Round> {
        match parse(bytes, path)? {
            (round, None) => Ok(round),
            (_, Some(_)) => Err(Error::input(path, "these are statistics", "a state that `latent merge` wrote is needed")),
        }
    }
}

impl Statistics {
    /// As the bytes of a file.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is NaN or infinite.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        bytes(&self.round, Some(&self.parts))
    }

    /// From the bytes of a file; `path` names it in errors.
    ///
    /// # Errors
    /// [`Error::Input`] if they are invalid.
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Statistics> {
        match parse(bytes, path)? {
            (round, Some(parts)) => Ok(Statistics { round, parts }),
            (_, None) => Err(Error::input(path, "this is the state of a round", "statistics that `latent fit --partial` wrote are needed")),
        }
    }
}

/// Merges the statistics of all shares, each with its name for errors, into the next round or the space, which has only the
/// measures of its fit ([`Round::measure`] adds the others). After round 0 it reads the first rows, for the initial state of the method.
///
/// # Errors
/// [`Error::Input`] if they are of different rounds, or if a share is missing or duplicated; errors of the preparation and the method.
pub fn merge(statistics: &[(PathBuf, Statistics)], run: &Run) -> Result<Step<Round, Space>> {
    let (round, parts) = alike(statistics)?;
    let fit = &round.fit;
    let run = run.clone().with_seed(fit.seed);
    let Some(numbers) = &round.numbers else {
        let (summary, affines) = Summary::of_parts(&parts, fit.chunks())?;
        let preparation = Preparation::from_summary(&summary, &fit.prepare)?;
        let source = fit.origin.open()?;
        source.hold(&affines);
        return round.clone().begin(&source, preparation, affines, &run).map(Step::Again);
    };
    let method = fit.method()?;
    let step = run.install(|| method.folding(fit.shape(numbers), &run)?.solve(&round.state, &parts, fit.chunks(), &run))?;
    Ok(match step {
        Step::Again(state) => Step::Again(Round { number: round.number + 1, state, ..round.clone() }),
        Step::Done(fitted) => {
            let preparation = numbers.preparation.clone();
            Step::Done(Space::of(method.as_ref(), preparation, fit.rows, fitted, &Metadata::none(0), &run).0)
        }
    })
}

/// Merges the statistics of some shares into those of one share, which are smaller the more adjacent shares there are: many shares can be
/// merged in steps, in parallel.
///
/// # Errors
/// [`Error::Input`] if they are of different rounds, or if a share is duplicated.
pub fn combine(statistics: &[(PathBuf, Statistics)], run: &Run) -> Result<Statistics> {
    let (round, parts) = alike(statistics)?;
    let parts = match &round.numbers {
        None => Summary::gather(&parts)?,
        Some(numbers) => run.install(|| round.fit.method()?.folding(round.fit.shape(numbers), run)?.gather(&parts))?,
    };
    Ok(Statistics { round: round.clone(), parts })
}

/// The common round of these statistics, and their parts.
fn alike(statistics: &[(PathBuf, Statistics)]) -> Result<(&Round, Vec<Part<Parcel>>)> {
    let Some((first_path, first)) = statistics.first() else {
        return Err(Error::input("statistics", "no files", "the statistics of all shares are needed"));
    };
    if let Some((path, other)) = statistics.iter().find(|(_, other)| other.round != first.round) {
        let what = if first.round.number == other.round.number { "another fit or other data" } else { "another round" };
        return Err(Error::input(path, format!("they are of {what} than {}", first_path.display()), "shares of one round are needed"));
    }
    Ok((&first.round, statistics.iter().flat_map(|(_, statistics)| statistics.parts.iter().cloned()).collect()))
}

fn bytes(round: &Round, parts: Option<&[Part<Parcel>]>) -> Result<Vec<u8>> {
    let Parcel { tensors, facts } = pack(Some(round.state.clone()), parts.unwrap_or_default().to_vec())?;
    let (fit, numbers) = (round.fit.clone(), round.numbers.clone());
    tensors.to_file(&FILE, &Header { format: FORMAT, fit, round: round.number, numbers, statistics: parts.is_some(), facts })
}

fn parse(bytes: &[u8], path: &Path) -> Result<(Round, Option<Vec<Part<Parcel>>>)> {
    border::guard_bytes(path, || {
        let (header, tensors): (Header, Tensors) = Tensors::from_file(bytes, &FILE)?;
        if let Some(numbers) = &header.numbers {
            numbers.preparation.check()?;
        }
        if header.numbers.is_none() != (header.round == 0) {
            return Err(FILE.broken("its round and its rows are inconsistent"));
        }
        let (state, parts) = unpack(&Parcel { tensors, facts: header.facts })?;
        let state = state.ok_or_else(|| FILE.broken("it holds no state"))?;
        let chunks = header.fit.chunks();
        if let Some(part) = parts.iter().find(|part| part.to > chunks) {
            return Err(FILE.broken(&format!("a part of chunks {} to {} of {chunks}", part.from, part.to)));
        }
        let round = Round { fit: header.fit, number: header.round, numbers: header.numbers, state };
        Ok((round, header.statistics.then_some(parts)))
    })
}
