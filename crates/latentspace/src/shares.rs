//! Shares: a fit in rounds that are worked on in parts, which may lie on many machines.
//!
//! A [`Round`] is what all shares start from: the fit, and the state. Each share works on some of the chunks and gives [`Statistics`]; all of
//! them, in any order of arrival, [`merge`] to the space or to the next round. Round 0 finds out how observations become numbers, the rounds
//! after it are those of the method's fold; a share reads no other rows than its own. All are files, and the chunks are merged in the tree
//! that [`crate::fold`] has for the whole, so the bytes are those of one machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::border;
use crate::checkpoint::Parcel;
use crate::data::read::{self, ReadOptions, Source};
use crate::data::{Affine, CHUNK, Metadata, Preparation, PrepareOptions, PreparedStream, Rows, Summarizer, Summary};
use crate::error::{Error, Result};
use crate::fold::{Part, Step, pack, unpack};
use crate::method::{AnyMethod, Shape};
use crate::registry;
use crate::run::Run;
use crate::space::Space;
use crate::tensors::{FORMAT, FileKind, Tensors};

/// What all shares of a fit have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The registry name.
    pub method: String,
    /// All parameters by name.
    pub params: Map<String, Value>,
    /// The seed.
    pub seed: u64,
    /// Rows of all shares together.
    pub rows: usize,
    /// What was decided of the preparation.
    pub prepare: PrepareOptions,
    /// Where the rows come from.
    pub origin: Origin,
}

/// How the rows of a fit become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// The preparation.
    pub preparation: Preparation,
    /// What the readers of the files subtract from their columns, so that no digit is lost.
    affines: BTreeMap<usize, Affine>,
}

/// Where the rows of a fit come from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The files, as [`read::open`] takes them.
    pub data: String,
    /// How they are read.
    #[serde(flatten)]
    pub read: ReadOptions,
}

impl Origin {
    /// Opens the files.
    ///
    /// # Errors
    /// What [`read::open`] says.
    pub fn open(&self) -> Result<Source> {
        read::open(&self.data, &self.read)
    }
}

/// What the shares of a round start from.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// The fit.
    pub fit: Fit,
    /// Which round it is: 0 finds out how rows become numbers, and the method's own begin with 1.
    pub number: u32,
    /// How rows become numbers; none in round 0.
    pub numbers: Option<Numbers>,
    state: Parcel,
}

/// What a share found.
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
    /// Whether these are the statistics of a share, and not the state that all start from.
    statistics: bool,
    facts: Value,
}

impl Fit {
    fn method(&self) -> Result<Box<dyn AnyMethod>> {
        registry::find(&self.method)?.with(&self.params)
    }

    /// Chunks of all rows.
    fn chunks(&self) -> usize {
        self.rows.div_ceil(CHUNK)
    }

    fn shape(&self, numbers: &Numbers) -> Shape {
        let preparation = &numbers.preparation;
        Shape { are_counts: preparation.makes_counts(), ..Shape::new(self.rows, preparation.prepared_columns()) }
    }
}

impl Round {
    /// Round 0 of learning from these files. Costs their heads; where these do not tell how many rows there are, a pass that counts them.
    ///
    /// # Errors
    /// [`Error::Param`] if the method is no sum over rows; what the reader says.
    pub fn zero(method: &dyn AnyMethod, origin: Origin, source: &Source, prepare: &PrepareOptions, run: &Run) -> Result<Round> {
        let rows = source.count(run)?;
        method.folding(Shape::new(rows, source.columns().max(1)), run)?;
        let params = method.params().as_object().cloned().unwrap_or_default();
        let fit = Fit { method: method.info().name.to_owned(), params, seed: run.seed(), rows, prepare: prepare.clone(), origin };
        Ok(Round { fit, number: 0, numbers: None, state: Parcel::default() })
    }

    /// The first round of the method's own, without round 0: all files are read once, for how observations become numbers.
    ///
    /// # Errors
    /// As [`Round::zero`]; what the preparation and the method say of such data.
    pub fn first(method: &dyn AnyMethod, origin: Origin, source: &Source, prepare: &PrepareOptions, run: &Run) -> Result<Round> {
        let preparation = Preparation::of_source(source, prepare, run)?;
        let zero = Round::zero(method, origin, source, prepare, run)?;
        let affines = source.settle(0..zero.fit.rows, run)?;
        zero.begin(source, preparation, affines, run)
    }

    /// The first round of the method's own, after round 0.
    fn begin(self, source: &Source, preparation: Preparation, affines: BTreeMap<usize, Affine>, run: &Run) -> Result<Round> {
        preparation.told.iter().for_each(|sentence| run.note(sentence));
        let (fit, numbers) = (self.fit, Numbers { preparation, affines });
        let (method, shape) = (fit.method()?, fit.shape(&numbers));
        method.check(shape)?;
        let stream = PreparedStream::counted(source, &numbers.preparation, fit.rows, run);
        let state = run.install(|| method.folding(shape, run)?.start(&Rows::Stream(&stream)))?;
        Ok(Round { fit, number: 1, numbers: Some(numbers), state })
    }

    /// Opens files, to be read as this round reads them: those of the fit's origin, or the same under other names.
    ///
    /// # Errors
    /// What [`read::open`] says.
    pub fn open(&self, origin: &Origin) -> Result<Source> {
        let source = origin.open()?;
        if let Some(Numbers { affines, .. }) = &self.numbers {
            source.hold(affines);
        }
        Ok(source)
    }

    /// Works on share `share` of `shares`, from 0, of the rows of `source`, which [`Round::open`] opened. Only the share's rows are read; of
    /// text, what a file holds before them, too.
    ///
    /// # Errors
    /// [`Error::Input`] if there are other rows than those of the fit; what the reader says; [`Error::Cancelled`].
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
            None if source.kind() == "text" => {
                let error = Error::param("describe", "text", "the words of text are learned from all of it");
                return Err(error.with_hint("without --describe, each share reads all text for that"));
            }
            None => Summarizer::share(source, range.clone(), rows, &self.fit.prepare, &run)?,
            Some(numbers) => {
                let (method, shape) = (self.fit.method()?, self.fit.shape(numbers));
                let stream = PreparedStream::counted(source, &numbers.preparation, rows, &run);
                run.install(|| method.folding(shape, &run)?.share(&self.state, &Rows::Stream(&stream), range.clone(), &run))?
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
    /// [`Error::Input`] if there are other rows now; what the reader says; [`Error::Cancelled`].
    pub fn measure(&self, space: &mut Space, run: &Run) -> Result<()> {
        let source = self.open(&self.fit.origin)?;
        let preparation = space.preparation.clone();
        let stream = PreparedStream::new(&source, &preparation, run)?;
        let rows = Rows::Stream(&stream);
        if rows.rows() != self.fit.rows {
            return Err(Error::input(&self.fit.origin.data, format!("{} rows", rows.rows()), format!("the fit saw {}", self.fit.rows)));
        }
        space.measure(&rows, None, &run.clone().with_seed(self.fit.seed))
    }

    /// The state as the bytes of a file.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is no number.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        bytes(self, None)
    }

    /// A state from the bytes of a file; `path` names it in errors.
    ///
    /// # Errors
    /// [`Error::Input`] that names what is wrong.
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
    /// [`Error::Internal`] if a number is no number.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        bytes(&self.round, Some(&self.parts))
    }

    /// From the bytes of a file; `path` names it in errors.
    ///
    /// # Errors
    /// [`Error::Input`] that names what is wrong.
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Statistics> {
        match parse(bytes, path)? {
            (round, Some(parts)) => Ok(Statistics { round, parts }),
            (_, None) => Err(Error::input(path, "this is the state of a round", "statistics that `latent fit --partial` wrote are needed")),
        }
    }
}

/// What follows from the statistics of all shares, each by the name that errors call it: the next round, or the space, not yet measured
/// beyond what its fit knows ([`Round::measure`] does). After round 0 the first rows are read, for the state that the method starts from.
///
/// # Errors
/// [`Error::Input`] if they are of different rounds, or if a share is missing or there twice; what the preparation and the method say.
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

/// The statistics of some shares as those of one, which take less room the more neighbors are among them: so many shares may be merged in
/// several steps, side by side.
///
/// # Errors
/// [`Error::Input`] if they are of different rounds, or if a share is there twice.
pub fn combine(statistics: &[(PathBuf, Statistics)], run: &Run) -> Result<Statistics> {
    let (round, parts) = alike(statistics)?;
    let parts = match &round.numbers {
        None => Summary::gather(&parts)?,
        Some(numbers) => run.install(|| round.fit.method()?.folding(round.fit.shape(numbers), run)?.gather(&parts))?,
    };
    Ok(Statistics { round: round.clone(), parts })
}

/// The round of all these, and their parts.
fn alike(statistics: &[(PathBuf, Statistics)]) -> Result<(&Round, Vec<Part<Parcel>>)> {
    let Some((first_path, first)) = statistics.first() else {
        return Err(Error::input("statistics", "no files", "those of all shares are needed"));
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
            return Err(FILE.broken("its round does not fit what is known of its rows"));
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
