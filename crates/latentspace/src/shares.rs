//! Shares: one round of a fold, worked on in parts that may lie on many machines.
//!
//! A [`Round`] is what all shares start from: the fit, and the state. Each share works on some of the chunks and gives [`Statistics`]; all of
//! them, in any order of arrival, [`merge`] to the space or to the next round. Both are files, and the chunks are merged in the tree that
//! [`crate::fold`] has for the whole, so the bytes are those of one machine.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::border;
use crate::checkpoint::Parcel;
use crate::data::read::{self, ReadOptions, Source};
use crate::data::{CHUNK, Metadata, Preparation, PrepareOptions, PreparedStream, Rows, Summary};
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
    /// Columns of prepared rows.
    pub columns: usize,
    /// How observations become numbers.
    pub preparation: Preparation,
    /// Where the rows come from.
    pub origin: Origin,
}

/// Where the rows of a fit come from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The files, as [`read::open`] takes them.
    pub data: String,
    /// The columns to learn from (none: every numeric column that is no id and no label).
    pub columns: Option<Vec<String>>,
    /// A file of metadata, and the column of it that is wanted.
    pub labels: Option<(PathBuf, Option<String>)>,
}

impl Origin {
    /// Opens the files.
    ///
    /// # Errors
    /// What [`read::open`] says.
    pub fn open(&self) -> Result<Source> {
        let options = ReadOptions { columns: self.columns.clone(), labels: self.labels.clone(), ..ReadOptions::default() };
        read::open(&self.data, &options)
    }
}

/// What the shares of a round start from.
#[derive(Debug, Clone)]
pub struct Round {
    /// The fit.
    pub fit: Fit,
    /// Which round it is, from 1.
    pub number: u32,
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
    /// Whether these are the statistics of a share, and not the state that all start from.
    statistics: bool,
    facts: Value,
}

impl Fit {
    fn method(&self) -> Result<Box<dyn AnyMethod>> {
        registry::find(&self.method)?.with(&self.params)
    }

    fn shape(&self) -> Shape {
        Shape { rows: self.rows, cols: self.columns }
    }

    /// Measures a space on the rows that it was learned from, as a fit on one machine does.
    ///
    /// # Errors
    /// [`Error::Input`] if there are other rows now; what the reader says; [`Error::Cancelled`].
    pub fn measure(&self, space: &mut Space, run: &Run) -> Result<()> {
        let source = self.origin.open()?;
        let stream = PreparedStream::new(&source, &self.preparation, run)?;
        let rows = Rows::Stream(&stream);
        if rows.rows() != self.rows {
            return Err(Error::input(&self.origin.data, format!("{} rows", rows.rows()), format!("the fit saw {}", self.rows)));
        }
        space.measure(&rows, None, &run.clone().with_seed(self.seed))
    }

    /// Chunks of all rows.
    fn chunks(&self) -> usize {
        self.rows.div_ceil(CHUNK)
    }
}

impl Round {
    /// The first round of learning from these files: they are read once, for how observations become numbers.
    ///
    /// # Errors
    /// [`Error::Param`] if the method is no sum over rows; what the reader, the preparation and the method say of such data.
    pub fn first(method: &dyn AnyMethod, origin: Origin, options: &PrepareOptions, run: &Run) -> Result<Round> {
        let source = origin.open()?;
        source.notes().iter().for_each(|note| run.note(note));
        let preparation = Preparation::from_summary(&Summary::of_source(&source, options, run)?, options)?;
        preparation.told.iter().for_each(|sentence| run.note(sentence));
        let stream = PreparedStream::new(&source, &preparation, run)?;
        let rows = Rows::Stream(&stream);
        let shape = Shape { rows: rows.rows(), cols: rows.cols() };
        method.check(shape)?;
        let state = run.install(|| method.folding(shape, run)?.start(&rows))?;
        let params = method.params().as_object().cloned().unwrap_or_default();
        let (name, seed) = (method.info().name.to_owned(), run.seed());
        let preparation = preparation.clone();
        let fit = Fit { method: name, params, seed, rows: shape.rows, columns: shape.cols, preparation, origin };
        Ok(Round { fit, number: 1, state })
    }

    /// Works on share `share` of `shares`, from 0, of the rows of `source` (none: of the fit's own origin). Of these only the share's are read,
    /// and what a file holds before them.
    ///
    /// # Errors
    /// [`Error::Input`] if the rows are others than those of the fit; what the reader says; [`Error::Cancelled`].
    pub fn work(&self, source: Option<&Source>, share: usize, shares: usize, run: &Run) -> Result<Statistics> {
        let opened;
        let source = match source {
            Some(source) => source,
            None => {
                opened = self.fit.origin.open()?;
                &opened
            }
        };
        let stream = PreparedStream::new(source, &self.fit.preparation, run)?;
        let rows = Rows::Stream(&stream);
        let Fit { rows: count, columns, .. } = self.fit;
        if (rows.rows(), rows.cols()) != (count, columns) {
            let found = format!("{} rows of {} columns", rows.rows(), rows.cols());
            return Err(Error::input("data", found, format!("the round is of {count} rows of {columns} columns")));
        }
        let run = run.clone().with_seed(self.fit.seed);
        let chunks = self.fit.chunks();
        let range = share * chunks / shares..(share + 1) * chunks / shares;
        let method = self.fit.method()?;
        let parts = run.install(|| method.folding(self.fit.shape(), &run)?.share(&self.state, &rows, range, &run))?;
        Ok(Statistics { round: self.clone(), parts })
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
/// beyond what its fit knows ([`Fit::measure`] does).
///
/// # Errors
/// [`Error::Input`] if they are of different rounds, or if a share is missing or there twice; what the method says.
pub fn merge(statistics: &[(PathBuf, Statistics)], run: &Run) -> Result<Step<Round, Space>> {
    let Some((first_path, first)) = statistics.first() else {
        return Err(Error::input("statistics", "no files", "those of all shares are needed"));
    };
    for (path, other) in statistics {
        let (a, b) = (&first.round, &other.round);
        if a.fit != b.fit || a.number != b.number || a.state != b.state {
            let what = if a.number == b.number { "another fit or other data" } else { "another round" };
            return Err(Error::input(path, format!("they are of {what} than {}", first_path.display()), "shares of one round are needed"));
        }
    }
    let Round { fit, number, state } = &first.round;
    let run = run.clone().with_seed(fit.seed);
    let parts: Vec<Part<Parcel>> = statistics.iter().flat_map(|(_, statistics)| statistics.parts.iter().cloned()).collect();
    let method = fit.method()?;
    let step = run.install(|| method.folding(fit.shape(), &run)?.solve(state, &parts, fit.chunks(), &run))?;
    Ok(match step {
        Step::Again(state) => Step::Again(Round { fit: fit.clone(), number: number + 1, state }),
        Step::Done(fitted) => Step::Done(Space::of(method.as_ref(), fit.preparation.clone(), fit.rows, fitted, &Metadata::none(0), &run).0),
    })
}

fn bytes(round: &Round, parts: Option<&[Part<Parcel>]>) -> Result<Vec<u8>> {
    let Parcel { tensors, facts } = pack(Some(round.state.clone()), parts.unwrap_or_default().to_vec())?;
    let header = Header { format: FORMAT, fit: round.fit.clone(), round: round.number, statistics: parts.is_some(), facts };
    tensors.to_file(&FILE, &header)
}

fn parse(bytes: &[u8], path: &Path) -> Result<(Round, Option<Vec<Part<Parcel>>>)> {
    border::guard_bytes(path, || {
        let (header, tensors): (Header, Tensors) = Tensors::from_file(bytes, &FILE)?;
        header.fit.preparation.check()?;
        let (state, parts) = unpack(&Parcel { tensors, facts: header.facts })?;
        let state = state.ok_or_else(|| FILE.broken("it holds no state"))?;
        let chunks = header.fit.chunks();
        if let Some(part) = parts.iter().find(|part| part.to > chunks) {
            return Err(FILE.broken(&format!("a part of chunks {} to {} of {chunks}", part.from, part.to)));
        }
        Ok((Round { fit: header.fit, number: header.round, state }, header.statistics.then_some(parts)))
    })
}
