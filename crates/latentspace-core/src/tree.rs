//! The fixed tree in which statistics of chunks are merged.
//!
//! Its shape depends only on the number of chunks: the left child of a node has the largest power of two of chunks that is smaller than the
//! whole. So sums do not depend on the threads, nor on whether parts were summed elsewhere and come as files ([`Portable`]).

use std::ops::Range;

use serde_json::json;

use crate::checkpoint::Parcel;
use crate::error::{Error, Result};
use crate::linalg::{Matrix, SparseMatrix};
use crate::tensors::Tensor;

/// A value that can be stored in a file and restored to the bit.
pub trait Portable: Sized + Send {
    /// Stores the value as arrays and JSON.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is NaN or infinite.
    fn store(&self) -> Result<Parcel>;

    /// Restores a value that [`Portable::store`] stored.
    ///
    /// # Errors
    /// [`Error::Input`] if something is missing or inconsistent.
    fn load(parcel: &Parcel) -> Result<Self>;
}

/// The empty state.
impl Portable for () {
    fn store(&self) -> Result<Parcel> {
        Ok(Parcel::default())
    }

    fn load(_: &Parcel) -> Result<Self> {
        Ok(())
    }
}

/// Tables of the same columns; one below the other, they come back as one.
impl Portable for Vec<Matrix> {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel::default();
        parcel.tensors.put_matrix("rows", &Matrix::stacked(self)?)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        Ok(vec![parcel.tensors.matrix("rows", None, None)?])
    }
}

impl Portable for SparseMatrix {
    fn store(&self) -> Result<Parcel> {
        let mut parcel = Parcel { facts: json!({ "cols": self.cols }), ..Parcel::default() };
        let lengths: Vec<u32> = self.starts.windows(2).map(|pair| (pair[1] - pair[0]) as u32).collect();
        parcel.tensors.put("lengths", Tensor::U32(vec![lengths.len()], lengths))?;
        parcel.tensors.put("columns", Tensor::U32(vec![self.indices.len()], self.indices.clone()))?;
        parcel.tensors.put_matrix("values", &Matrix::new(1, self.values.len(), self.values.clone())?)?;
        Ok(parcel)
    }

    fn load(parcel: &Parcel) -> Result<Self> {
        let indices = parcel.tensors.u32("columns", None)?.to_vec();
        let values = parcel.tensors.matrix("values", Some(1), Some(indices.len()))?.as_slice().to_vec();
        let mut starts = vec![0];
        starts.extend(parcel.tensors.u32("lengths", None)?.iter().scan(0, |end, &length| {
            *end += length as usize;
            Some(*end)
        }));
        let cols = parcel.facts["cols"].as_u64().unwrap_or(0) as usize;
        if starts.last() != Some(&indices.len()) || indices.iter().any(|&column| column as usize >= cols) {
            return Err(Error::input("statistics", "cells that do not fit their rows", "what `latent fit --partial` wrote is needed"));
        }
        Ok(SparseMatrix { starts, indices, values, ..SparseMatrix::none(cols) })
    }
}

/// The statistics of chunks `from..to`: a node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<S> {
    /// The first chunk.
    pub from: usize,
    /// The chunk after the last.
    pub to: usize,
    /// Their statistics.
    pub stats: S,
}

/// Parts in order, merged like a binary counter: two parts of equal size as soon as both are present and are the children of a node.
pub(crate) struct Parts<S>(Vec<Part<S>>);

impl<S> Default for Parts<S> {
    fn default() -> Self {
        Parts(Vec::new())
    }
}

impl<S> Parts<S> {
    /// Adds the next part.
    pub(crate) fn push(&mut self, mut part: Part<S>, merge: impl Fn(S, S) -> S) {
        let halves = |left: &Part<S>, right: &Part<S>| {
            let size = right.to - right.from;
            left.to == right.from && left.to - left.from == size && left.from.is_multiple_of(2 * size)
        };
        while let Some(left) = self.0.pop_if(|left| halves(left, &part)) {
            part = Part { from: left.from, to: part.to, stats: merge(left.stats, part.stats) };
        }
        self.0.push(part);
    }

    /// The statistics of the first chunks.
    pub(crate) fn first_mut(&mut self) -> Option<&mut S> {
        self.0.first_mut().map(|part| &mut part.stats)
    }

    /// The chunk after the last; 0 if there are none.
    pub(crate) fn end(&self) -> usize {
        self.0.last().map_or(0, |part| part.to)
    }

    /// The statistics of all chunks of a round.
    ///
    /// # Errors
    /// [`Error::Input`] if some are missing.
    pub(crate) fn whole(mut self, chunks: Range<usize>, merge: impl Fn(S, S) -> S) -> Result<S> {
        let mut next = chunks.start;
        for Part { from, to, .. } in &self.0 {
            complete(next, *from)?;
            next = *to;
        }
        complete(next, chunks.end)?;
        let mut whole = self.0.pop().ok_or_else(|| Error::input("data", "no rows", "at least one is needed"))?.stats;
        while let Some(left) = self.0.pop() {
            whole = merge(left.stats, whole);
        }
        Ok(whole)
    }
}

impl<S: Portable> Parts<S> {
    /// Merges parts in any order as far as the tree allows.
    ///
    /// # Errors
    /// [`Error::Input`] if chunks are duplicated, or a part is inconsistent.
    pub(crate) fn gather(parts: &[Part<Parcel>], merge: impl Fn(S, S) -> S) -> Result<Self> {
        let mut sorted: Vec<&Part<Parcel>> = parts.iter().collect();
        sorted.sort_by_key(|part| part.from);
        let mut merged = Parts::default();
        for part in sorted {
            if part.from < merged.end() {
                let found = format!("chunks {} to {} were given twice", part.from, merged.end());
                return Err(Error::input("statistics", found, "each share is needed once"));
            }
            merged.push(Part { from: part.from, to: part.to, stats: S::load(&part.stats)? }, &merge);
        }
        Ok(merged)
    }

    /// Restores the parts of an interrupted pass.
    ///
    /// # Errors
    /// [`Error::Input`] if a part is inconsistent.
    pub(crate) fn load(parts: Vec<Part<Parcel>>) -> Result<Self> {
        let load = |part: Part<Parcel>| Ok(Part { from: part.from, to: part.to, stats: S::load(&part.stats)? });
        Ok(Parts(parts.into_iter().map(load).collect::<Result<_>>()?))
    }

    /// The parts as parcels.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is NaN or infinite.
    pub(crate) fn store(&self) -> Result<Vec<Part<Parcel>>> {
        self.0.iter().map(|part| Ok(Part { from: part.from, to: part.to, stats: part.stats.store()? })).collect()
    }
}

fn complete(next: usize, from: usize) -> Result<()> {
    if next == from {
        return Ok(());
    }
    Err(Error::input("statistics", format!("chunks {next} to {from} are missing"), "each share is needed once"))
}

/// The name of a state among parcels; parts are named by their chunks, `4..8`.
const STATE: &str = "state";

/// A state and parts as one parcel.
///
/// # Errors
/// [`Error::Internal`] if two parts have the same chunks.
pub fn pack(state: Option<Parcel>, parts: Vec<Part<Parcel>>) -> Result<Parcel> {
    let state = state.into_iter().map(|state| (STATE.to_owned(), state));
    Parcel::pack(state.chain(parts.into_iter().map(|part| (format!("{}..{}", part.from, part.to), part.stats))))
}

/// Unpacks what [`pack`] packed.
///
/// # Errors
/// [`Error::Input`] for anything else.
pub fn unpack(parcel: &Parcel) -> Result<(Option<Parcel>, Vec<Part<Parcel>>)> {
    let (mut state, mut parts) = (None, Vec::new());
    for (name, stats) in parcel.unpack() {
        if name == STATE {
            state = Some(stats);
            continue;
        }
        let bounds = name.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
        let Some((from, to)) = bounds.filter(|(from, to)| from < to) else {
            return Err(Error::input("statistics", format!("a part named '{name}'"), "parts are named by their chunks"));
        };
        parts.push(Part { from, to, stats });
    }
    Ok((state, parts))
}
