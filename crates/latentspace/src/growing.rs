//! Learning from rows that come by once, part after part: the space of all rows so far can be had after each, and is the one that they give
//! at once.

use std::path::Path;

use crate::parallel::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::border;
use crate::checkpoint::Parcel;
use crate::data::{CHUNK, Metadata, Preparation, Prepared, Rows};
use crate::error::{Error, Result};
use crate::fold::{AnyFold, Part, Step, pack, unpack};
use crate::linalg::Matrix;
use crate::method::{AnyMethod, Shape};
use crate::registry;
use crate::run::Run;
use crate::space::Space;
use crate::tensors::{FORMAT, FileKind, Tensors};

/// What is known of the rows so far.
pub struct Growing {
    method: Box<dyn AnyMethod>,
    preparation: Preparation,
    /// What the round started from; none before the first whole chunk.
    state: Option<Parcel>,
    parts: Vec<Part<Parcel>>,
    /// Rows that fill no chunk yet.
    rest: Vec<f32>,
    rows: usize,
}

/// The bytes of what is known.
const FILE: FileKind = FileKind { key: "latentspace growing", name: "statistics", writer: "this version" };

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    method: String,
    params: Map<String, Value>,
    preparation: Preparation,
    rows: usize,
    facts: Value,
}

impl Growing {
    /// No rows yet; those that come are prepared like this.
    ///
    /// # Errors
    /// [`Error::Param`] if the method has to see rows more than once.
    pub fn new(method: Box<dyn AnyMethod>, preparation: Preparation) -> Result<Self> {
        let growing = Growing { method, preparation, state: None, parts: Vec::new(), rest: Vec::new(), rows: 0 };
        growing.fold()?;
        Ok(growing)
    }

    /// How the rows are prepared.
    pub fn preparation(&self) -> &Preparation {
        &self.preparation
    }

    /// Rows so far, and their columns.
    pub fn shape(&self) -> Shape {
        Shape::new(self.rows, self.preparation.prepared_columns())
    }

    fn fold(&self) -> Result<Box<dyn AnyFold>> {
        self.method.once(self.shape()).ok_or_else(|| {
            let error = Error::param("method", self.method.info().name, "with these parameters it sees rows more than once");
            error.with_hint("learn from all rows at once")
        })
    }

    /// Takes more prepared rows.
    ///
    /// # Errors
    /// [`Error::Input`] if they have other columns; [`Error::Cancelled`], and then none of them counts.
    pub fn push(&mut self, rows: &Prepared, run: &Run) -> Result<()> {
        let Shape { cols, .. } = self.shape();
        if rows.cols() != cols || cols == 0 {
            return Err(Error::input("data", format!("{} columns", rows.cols()), format!("the rows before have {cols}")));
        }
        let mut cells = self.rest.clone();
        cells.extend_from_slice(rows.table()?.as_slice());
        let (whole, cut) = (cells.len() / (CHUNK * cols), cells.len() / (CHUNK * cols) * CHUNK * cols);
        let rest = cells.split_off(cut);
        if whole > 0 {
            let fold = self.fold()?;
            let chunks: Vec<Prepared> = cells
                .chunks_exact(CHUNK * cols)
                .map(|chunk| Ok(Prepared::Table(Matrix::new(CHUNK, cols, chunk.to_vec())?)))
                .collect::<Result<_>>()?;
            let before = self.parts.last().map_or(0, |part| part.to);
            let (state, parts) = run.install(|| {
                let state = match &self.state {
                    Some(state) => state.clone(),
                    None => fold.start(&Rows::Memory(&chunks[0]))?,
                };
                let one = |(chunk, rows): (usize, &Prepared)| -> Result<Part<Parcel>> {
                    run.check()?;
                    share(fold.as_ref(), &state, rows, before + chunk, run)
                };
                let new: Vec<Part<Parcel>> = chunks.par_iter().enumerate().map(one).collect::<Result<_>>()?;
                let parts = fold.gather(&self.parts.iter().cloned().chain(new).collect::<Vec<_>>())?;
                Ok::<_, Error>((state, parts))
            })?;
            (self.state, self.parts) = (Some(state), parts);
        }
        self.rest = rest;
        self.rows += rows.rows();
        Ok(())
    }

    /// The space of all rows so far; more may come afterwards. It knows the measures that the statistics tell.
    ///
    /// # Errors
    /// What the method says of so many rows; [`Error::Input`] if they would have to be seen again.
    pub fn space(&self, run: &Run) -> Result<Space> {
        let shape = self.shape();
        self.method.check(shape)?;
        if let Some(other) = self.method.unlike_once(shape) {
            run.warn(format!("a fit of all rows at once would go another way, and its space may differ: {other}"));
        }
        let fold = self.fold()?;
        let rest = Prepared::Table(Matrix::new(self.rest.len() / shape.cols.max(1), shape.cols, self.rest.clone())?);
        let step = run.install(|| {
            let state = match &self.state {
                Some(state) => state.clone(),
                None => fold.start(&Rows::Memory(&rest))?,
            };
            let mut parts = self.parts.clone();
            if rest.rows() > 0 {
                parts.push(share(fold.as_ref(), &state, &rest, parts.last().map_or(0, |part| part.to), run)?);
            }
            fold.solve(&state, &parts, shape.rows.div_ceil(CHUNK), run)
        })?;
        match step {
            Step::Done(fitted) => {
                let none = Metadata::none(0);
                Ok(Space::of(self.method.as_ref(), self.preparation.clone(), shape.rows, fitted, &none, run).0)
            }
            Step::Again(_) => Err(Error::input("data", "rows that must be seen more than once", "part after part they are seen once")
                .with_hint("learn from all of them at once, or bring their numbers nearer to 1")),
        }
    }

    /// As bytes, to go on elsewhere.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is no number.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let Parcel { mut tensors, facts } = pack(self.state.clone(), self.parts.clone())?;
        if !self.rest.is_empty() {
            let cols = self.shape().cols;
            tensors.put_matrix(REST, &Matrix::new(self.rest.len() / cols, cols, self.rest.clone())?)?;
        }
        let header = Header {
            format: FORMAT,
            method: self.method.info().name.to_owned(),
            params: self.method.params().as_object().cloned().unwrap_or_default(),
            preparation: self.preparation.clone(),
            rows: self.rows,
            facts,
        };
        tensors.to_file(&FILE, &header)
    }

    /// What [`Growing::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Input`] if the bytes are something else or do not fit together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        border::guard_bytes(Path::new("statistics"), || Self::parse(bytes))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let (header, tensors): (Header, Tensors) = Tensors::from_file(bytes, &FILE)?;
        header.preparation.check()?;
        let cols = header.preparation.prepared_columns();
        let rest = match tensors.contains(REST) {
            true => tensors.matrix(REST, None, Some(cols))?.as_slice().to_vec(),
            false => Vec::new(),
        };
        let (state, parts) = unpack(&Parcel { tensors, facts: header.facts })?;
        let follow = parts.windows(2).all(|pair| pair[0].to == pair[1].from) && parts.first().is_none_or(|part| part.from == 0);
        let chunks = parts.last().map_or(0, |part| part.to);
        let counted = chunks.checked_mul(CHUNK).and_then(|rows| rows.checked_add(rest.len() / cols.max(1)));
        if counted != Some(header.rows) || !follow {
            return Err(FILE.broken("its parts do not fit each other"));
        }
        let method = registry::find(&header.method)?.with(&header.params)?;
        Ok(Growing { method, preparation: header.preparation, state, parts, rest, rows: header.rows })
    }
}

/// The tensor of the rows that fill no chunk yet.
const REST: &str = "rest";

/// The statistics of one chunk, which is the one of this number.
fn share(fold: &dyn AnyFold, state: &Parcel, rows: &Prepared, chunk: usize, run: &Run) -> Result<Part<Parcel>> {
    let part = fold.share(state, &Rows::Memory(rows), 0..1, run)?.pop();
    part.map(|part| Part { from: chunk, to: chunk + 1, ..part }).ok_or_else(|| Error::internal("a chunk without statistics"))
}
