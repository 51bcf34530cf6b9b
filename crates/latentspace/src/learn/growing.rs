//! Incremental learning from parts of the rows, each seen once: after each part the space equals that of a fit of all rows so far.

use std::path::Path;

use crate::parallel::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::border;
use crate::checkpoint::Parcel;
use crate::data::{CHUNK, Metadata, Preparation, Rows};
use crate::error::{Error, Result};
use crate::fold::{AnyFold, Part, Step, pack, unpack};
use crate::linalg::{Matrix, OwnedRows};
use crate::method::{AnyMethod, Shape};
use crate::registry;
use crate::run::Run;
use crate::space::Space;
use crate::tensors::{FORMAT, FileKind, Tensors};

/// The state of incremental learning.
pub struct Growing {
    method: Box<dyn AnyMethod>,
    preparation: Preparation,
    /// The initial state of the round; none before the first whole chunk.
    state: Option<Parcel>,
    parts: Vec<Part<Parcel>>,
    /// Rows of the last, incomplete chunk.
    rest: Vec<f32>,
    rows: usize,
}

/// The file of the state.
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
    /// Starts without rows; rows are prepared in this way.
    ///
    /// # Errors
    /// [`Error::Param`] if the method needs several passes over the rows.
    pub fn new(method: Box<dyn AnyMethod>, preparation: Preparation) -> Result<Self> {
        let growing = Growing { method, preparation, state: None, parts: Vec::new(), rest: Vec::new(), rows: 0 };
        growing.fold()?;
        Ok(growing)
    }

    /// The preparation.
    pub fn preparation(&self) -> &Preparation {
        &self.preparation
    }

    /// Number of rows so far, and of columns.
    pub fn shape(&self) -> Shape {
        Shape::new(self.rows, self.preparation.prepared_columns())
    }

    fn fold(&self) -> Result<Box<dyn AnyFold>> {
        self.method.once(self.shape()).ok_or_else(|| {
            let error = Error::param("method", self.method.info().name, "with these parameters it needs several passes over the rows");
            error.with_hint("learn from all rows at once")
        })
    }

    /// Adds prepared rows.
    ///
    /// # Errors
    /// [`Error::Input`] if they have other columns; [`Error::Cancelled`], and then none of them is added.
    pub fn push(&mut self, rows: &OwnedRows, run: &Run) -> Result<()> {
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
            let chunks: Vec<OwnedRows> = cells
                .chunks_exact(CHUNK * cols)
                .map(|chunk| Ok(OwnedRows::Dense(Matrix::new(CHUNK, cols, chunk.to_vec())?)))
                .collect::<Result<_>>()?;
            let before = self.parts.last().map_or(0, |part| part.to);
            let (state, parts) = run.install(|| {
                let state = match &self.state {
                    Some(state) => state.clone(),
                    None => fold.start(&Rows::memory(&chunks[0]))?,
                };
                let one = |(chunk, rows): (usize, &OwnedRows)| -> Result<Part<Parcel>> {
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

    /// The space of all rows so far; more can be added afterwards. It has the measures that follow from the statistics.
    ///
    /// # Errors
    /// Errors of the method for this number of rows; [`Error::Input`] if it needs another pass.
    pub fn space(&self, run: &Run) -> Result<Space> {
        let shape = self.shape();
        self.method.check(shape)?;
        if let Some(other) = self.method.unlike_once(shape) {
            run.warn(format!("a fit of all rows at once would use another algorithm, and its space may differ: {other}"));
        }
        let fold = self.fold()?;
        let rest = OwnedRows::Dense(Matrix::new(self.rest.len() / shape.cols.max(1), shape.cols, self.rest.clone())?);
        let step = run.install(|| {
            let state = match &self.state {
                Some(state) => state.clone(),
                None => fold.start(&Rows::memory(&rest))?,
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
            Step::Again(_) => Err(Error::input("data", "rows that need another pass", "incremental learning sees each row once")
                .with_hint("learn from all of them at once, or scale their numbers nearer to 1")),
        }
    }

    /// The state as bytes.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is NaN or infinite.
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

    /// Restores what [`Growing::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Input`] if the bytes are invalid.
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

/// The tensor of the rows of the incomplete chunk.
const REST: &str = "rest";

/// The statistics of the chunk with this number.
fn share(fold: &dyn AnyFold, state: &Parcel, rows: &OwnedRows, chunk: usize, run: &Run) -> Result<Part<Parcel>> {
    let part = fold.share(state, &Rows::memory(rows), 0..1, run)?.pop();
    part.map(|part| Part { from: chunk, to: chunk + 1, ..part }).ok_or_else(|| Error::internal("a chunk without statistics"))
}
