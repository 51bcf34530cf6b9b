//! Checkpoints: the state of a long fit, written to a file from time to time. A killed fit continues from it and gives the bytes
//! of an uninterrupted one.
//!
//! A file contains one parcel: the arrays and facts of a stage. It is written atomically and identifies its fit; the checkpoint of
//! another fit is refused.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::border;
use crate::error::{Error, Result};
use crate::tensors::{FORMAT, FileKind, Tensors};

/// The state of a stage of a fit: arrays and JSON.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parcel {
    /// Arrays by name.
    pub tensors: Tensors,
    /// Everything else.
    pub facts: Value,
}

impl Parcel {
    /// Packs parcels into one, each under its name.
    ///
    /// # Errors
    /// [`Error::Internal`] if two have the same name.
    pub fn pack(inner: impl IntoIterator<Item = (String, Parcel)>) -> Result<Parcel> {
        let (mut tensors, mut facts) = (Tensors::default(), Map::new());
        for (name, parcel) in inner {
            tensors.nest(&name, parcel.tensors)?;
            facts.insert(name, parcel.facts);
        }
        Ok(Parcel { tensors, facts: Value::Object(facts) })
    }

    /// Unpacks what [`Parcel::pack`] packed.
    pub fn unpack(&self) -> impl Iterator<Item = (&str, Parcel)> {
        let each = self.facts.as_object().into_iter().flatten();
        each.map(|(name, facts)| (name.as_str(), Parcel { tensors: self.tensors.nested(name), facts: facts.clone() }))
    }
}

/// The checkpoint file of a fit.
pub struct Checkpoint {
    path: PathBuf,
    every: Duration,
    state: Mutex<State>,
}

struct State {
    /// The content of the file, until a stage takes it.
    found: Option<(Header, Tensors)>,
    /// The identity of the fit.
    fit: Value,
    /// When the last checkpoint was written or the fit began, and how long writing took.
    last: Instant,
    took: Duration,
}

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    /// Method, parameters, seed and data.
    fit: Value,
    stage: String,
    facts: Value,
}

/// The file of a checkpoint.
const FILE: FileKind = FileKind { key: "latentspace checkpoint", name: "checkpoint", writer: "an interrupted `latent fit`" };
/// Writing takes at most one part in this many of the time.
const SELDOM: u32 = 60;

impl Checkpoint {
    /// A checkpoint file next to the space that the fit will write, written at most once per `every`; with `resume`, the fit continues from
    /// an existing file.
    ///
    /// # Errors
    /// [`Error::Input`] if `resume` is set and the file is not a checkpoint; [`Error::Io`].
    pub fn beside(space: &Path, every: Duration, resume: bool) -> Result<Self> {
        let mut path = space.as_os_str().to_owned();
        path.push(".checkpoint");
        let path = PathBuf::from(path);
        let found = if resume && path.exists() { Some(read(&path)?) } else { None };
        let state = State { found, fit: Value::Null, last: Instant::now(), took: Duration::ZERO };
        Ok(Checkpoint { path, every, state: Mutex::new(state) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a checkpoint to continue from.
    pub fn found(&self) -> bool {
        self.state().found.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the identity of the fit; the content of the file must have the same.
    ///
    /// # Errors
    /// [`Error::Input`] with the first difference.
    pub fn of(&self, fit: Value) -> Result<()> {
        let mut state = self.state();
        if let Some((header, _)) = &state.found
            && let Some((name, then, now)) = difference(&header.fit, &fit)
        {
            let found = format!("it belongs to another fit: {name} was {then} then and is {now} now");
            let error = Error::input(&self.path, found, "a checkpoint of the same method, parameters, seed and data is needed");
            return Err(error.with_hint("without --resume the fit starts from the beginning"));
        }
        state.fit = fit;
        state.last = Instant::now();
        Ok(())
    }

    /// Takes the content of the file for this stage, once.
    pub(crate) fn take(&self, stage: &str) -> Option<Parcel> {
        let (header, tensors) = self.state().found.take_if(|(header, _)| header.stage == stage)?;
        Some(Parcel { tensors, facts: header.facts })
    }

    /// Writes a checkpoint of the stage if one is due.
    ///
    /// # Errors
    /// [`Error::Io`], and errors of `parcel`.
    pub(crate) fn keep(&self, stage: &str, parcel: impl FnOnce() -> Result<Parcel>) -> Result<()> {
        let mut state = self.state();
        if state.last.elapsed() < self.every.max(state.took * SELDOM) {
            return Ok(());
        }
        let begun = Instant::now();
        let Parcel { tensors, facts } = parcel()?;
        let header = Header { format: FORMAT, fit: state.fit.clone(), stage: stage.to_owned(), facts };
        border::save(&self.path, &tensors.to_file(&FILE, &header)?)?;
        (state.last, state.took) = (Instant::now(), begun.elapsed());
        Ok(())
    }

    /// Removes the file: the fit is done, or cannot be continued.
    pub fn remove(&self) {
        // A file that cannot be removed does no harm: it is refused by other fits, or overwritten.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn read(path: &Path) -> Result<(Header, Tensors)> {
    let bytes = border::load(path)?;
    border::guard_bytes(path, || Tensors::from_file(&bytes, &FILE))
        .map_err(|error| error.with_hint("without --resume the fit starts from the beginning"))
}

/// The first entry in which two objects differ.
fn difference(then: &Value, now: &Value) -> Option<(String, Value, Value)> {
    let (Some(old), Some(new)) = (then.as_object(), now.as_object()) else {
        return (then != now).then(|| ("what it is of".to_owned(), then.clone(), now.clone()));
    };
    new.iter().find_map(|(name, value)| {
        let before = old.get(name).unwrap_or(&Value::Null);
        match (before.is_object(), value.is_object()) {
            (true, true) => difference(before, value),
            _ => (before != value).then(|| (name.clone(), before.clone(), value.clone())),
        }
    })
}
