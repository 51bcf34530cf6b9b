//! Checkpoints: where a long fit stands, kept in a file now and then, so that a fit that was killed goes on from there and ends in the bytes
//! that it would have ended in.
//!
//! A file holds one parcel: the tensors and facts of a stage. It is written like every result, all or nothing, and names the fit that it
//! belongs to; another fit's is refused.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::border;
use crate::error::{Error, Result};
use crate::space::FORMAT;
use crate::tensors::Tensors;

/// What a stage of a fit needs to go on: arrays, and small facts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parcel {
    /// Arrays by name.
    pub tensors: Tensors,
    /// Everything else.
    pub facts: Value,
}

/// The file in which a fit keeps where it stands.
pub struct Checkpoint {
    path: PathBuf,
    every: Duration,
    state: Mutex<State>,
}

struct State {
    /// What was found in the file, until a stage takes it.
    found: Option<(Header, Tensors)>,
    /// Which fit this is.
    fit: Value,
    /// When the last one was written, or the fit began, and how long writing took.
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

/// The metadata's only key.
const KEY: &str = "latentspace checkpoint";
/// A header longer than this is refused before it is read.
const MAX_HEADER: usize = 16 << 20;
/// Writing takes at most one part in so many of the time.
const SELDOM: u32 = 60;

impl Checkpoint {
    /// A checkpoint beside the space that the fit will write, at most one `every` so often; if `resume`, a fit goes on from what the file
    /// holds, where there is one.
    ///
    /// # Errors
    /// [`Error::Input`] if the file is to be gone on from and is no checkpoint; [`Error::Io`].
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

    /// Whether there is something to go on from.
    pub fn found(&self) -> bool {
        self.state().found.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells which fit this is; what the file holds must be of the same.
    ///
    /// # Errors
    /// [`Error::Input`] that tells what differs.
    pub(crate) fn of(&self, fit: Value) -> Result<()> {
        let mut state = self.state();
        if let Some((header, _)) = &state.found
            && let Some((name, then, now)) = difference(&header.fit, &fit)
        {
            let found = format!("it is of another fit: {name} was {then} then and is {now} now");
            let error = Error::input(&self.path, found, "a checkpoint of the same method, parameters, seed and data is needed");
            return Err(error.with_hint("without --resume the fit begins anew"));
        }
        state.fit = fit;
        state.last = Instant::now();
        Ok(())
    }

    /// What the file holds of this stage; once.
    pub(crate) fn take(&self, stage: &str) -> Option<Parcel> {
        let (header, tensors) = self.state().found.take_if(|(header, _)| header.stage == stage)?;
        Some(Parcel { tensors, facts: header.facts })
    }

    /// Writes where the stage stands, if it is time to.
    ///
    /// # Errors
    /// [`Error::Io`], and what `parcel` says.
    pub(crate) fn keep(&self, stage: &str, parcel: impl FnOnce() -> Result<Parcel>) -> Result<()> {
        let mut state = self.state();
        if state.last.elapsed() < self.every.max(state.took * SELDOM) {
            return Ok(());
        }
        let begun = Instant::now();
        let Parcel { tensors, facts } = parcel()?;
        let header = Header { format: FORMAT, fit: state.fit.clone(), stage: stage.to_owned(), facts };
        let json = serde_json::to_string(&header).map_err(|error| Error::internal(error.to_string()))?;
        let bytes = tensors.to_bytes(KEY, json)?;
        border::save(&self.path, &bytes)?;
        (state.last, state.took) = (Instant::now(), begun.elapsed());
        Ok(())
    }

    /// Removes the file: the fit is done, or nobody can go on from here.
    pub fn remove(&self) {
        // A file that cannot be removed harms nobody: it is of another fit, or is overwritten.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn read(path: &Path) -> Result<(Header, Tensors)> {
    let bytes = border::load(path)?;
    border::guard(path, || {
        let wrong = |found: String| {
            Error::input(path, found, "a checkpoint that this version wrote is needed").with_hint("without --resume the fit begins anew")
        };
        let (json, tensors) = Tensors::from_bytes(&bytes, KEY, MAX_HEADER).map_err(|error| wrong(error.to_string()))?;
        let header: Header = serde_json::from_str(&json).map_err(|error| wrong(error.to_string()))?;
        if header.format == FORMAT { Ok((header, tensors)) } else { Err(wrong(format!("format {}", header.format))) }
    })
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
