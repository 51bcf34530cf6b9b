//! What a method is: a struct of parameters that learns a model from prepared rows; and what a model is: a way through a space.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::attributes::{Attribute, Fit, Found, Peer};
pub use crate::data::Shape;
use crate::data::{Beside, Counts, Given, Metadata, Prepared, Rows};
use crate::error::{Error, Result};
use crate::fold::AnyFold;
use crate::interval::Measure;
use crate::linalg::Matrix;
use crate::neighbors::{Neighbors, check_distances};
use crate::params::{self, Parameter};
use crate::run::Run;
use crate::tensors::Tensors;
use crate::topics::Topics;

/// A kind of observations that a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Takes {
    /// Numbers, a row an observation.
    Table,
    /// Counts, most of them 0.
    Counts,
    /// Running text.
    Text,
    /// Pictures of one size.
    Images,
}

impl Takes {
    /// Whatever becomes rows of numbers: what a method takes that asks for nothing else of them.
    pub const ROWS: &'static [Takes] = &[Takes::Table, Takes::Counts, Takes::Text, Takes::Images];
}

/// What a space tells the likelihood of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Likelihood {
    /// Rows: their density.
    Rows,
    /// The words of documents.
    Words,
}

/// What a method says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Info {
    /// The registry name: `pca`.
    pub name: &'static str,
    /// The name in sentences: `PCA`.
    pub title: &'static str,
    /// The name of its class in Python, as scikit-learn and its kin name theirs: `PCA`, `TSNE`.
    pub class: &'static str,
    /// `linear`, `map`, `manifold`, `topics`, `words`, `neural`.
    pub family: &'static str,
    /// What it learns, in one sentence.
    pub summary: &'static str,
    /// What it takes.
    pub takes: &'static [Takes],
    /// Whether its spaces encode new rows.
    pub encodes: bool,
    /// Whether its spaces decode codes.
    pub decodes: bool,
    /// Whether it learns by the fold: from files larger than memory, and from parts.
    pub folds: bool,
    /// Of what its spaces tell the likelihood, if they do.
    pub likelihood: Option<Likelihood>,
    /// Whether it makes its map step by step, to be watched.
    pub live: bool,
    /// What may be given beside the rows.
    pub given: &'static [Given],
    /// What it cannot do, each with its reason.
    pub limits: &'static [&'static str],
    /// What its fits find and hand out.
    pub attributes: &'static [Attribute],
    /// The tool that people use for it elsewhere.
    pub peer: Option<Peer>,
    /// Where it was published: authors, year, title and DOI.
    pub references: &'static [&'static str],
}

impl Info {
    /// Whether it takes running text, and not whatever becomes rows of numbers: of a table with both, the text is meant.
    pub fn wants_text(&self) -> bool {
        self.takes.contains(&Takes::Text) && self.takes != Takes::ROWS
    }
}

/// What a fit will take, told before it runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The algorithm that was chosen, in words.
    pub algorithm: String,
    /// Bytes at the peak, the prepared rows included where they are held in memory.
    pub peak_bytes: u64,
    /// Seconds of learning from rows in memory, on this many threads of the machine that the cost model was measured on.
    pub seconds: f64,
    /// Rounds over the rows, each of which has to read them again where they stream by.
    pub rounds: u32,
}

/// What a fit gives.
pub struct Fitted {
    /// The way through the space.
    pub model: Box<dyn Model>,
    /// Where the fitted rows lie, `[n, k]`, for methods that place them themselves; none where encoding them says it.
    pub codes: Option<Matrix>,
    /// What the fit found out about itself: the algorithm taken, what `auto` became, iterations made.
    pub facts: Map<String, Value>,
    /// Figures that only the fit can know: `explained_variance`, `kl`.
    pub measures: Vec<(&'static str, Measure)>,
}

/// How to learn: a plain struct of parameters with defaults that work. Its doc comments, defaults and ranges are the one description that
/// flags, forms, docs and checks are made from.
pub trait Method: Serialize + DeserializeOwned + schemars::JsonSchema + Default + Send + Sync + 'static {
    /// What the method says of itself.
    const INFO: Info;

    /// Checks what the description cannot: parameters against each other and against the shape of the data.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that does not fit.
    fn check(&self, shape: Shape) -> Result<()>;

    /// What a fit on data of this shape will take.
    fn plan(&self, shape: Shape, run: &Run) -> Plan;

    /// Learns. Runs on `run`'s threads, asks `run.check()` at least twice a second, tells its progress.
    ///
    /// # Errors
    /// [`Error::Cancelled`], [`Error::Param`], or what the rows' source says.
    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted>;

    /// Whether it learns by the fold with these parameters.
    fn folds(&self) -> bool {
        Self::INFO.folds
    }

    /// The fold that learns on data of this shape, for methods whose [`Info::folds`]: it may be worked on in shares.
    ///
    /// # Errors
    /// [`Error::Param`] if the method is no sum over rows.
    fn folding(&self, _shape: Shape, _run: &Run) -> Result<Box<dyn AnyFold>> {
        let wanted = "it is no sum over rows, so it cannot be learned in shares";
        Err(Error::param("method", Self::INFO.name, wanted).with_hint("fit on a sample; the space then encodes the other rows"))
    }

    /// The column of metadata whose labels are to be learned from, too, if it was told one: [`Rows::labels`] are there then.
    fn target(&self) -> Option<&str> {
        None
    }

    /// An attribute of [`Info::attributes`] that is made, of what is left of a fit with these parameters. It may take as long as parts of the
    /// fit did.
    ///
    /// # Errors
    /// [`Error::Input`] where the fit left too little to make it of; [`Error::Memory`]; [`Error::Cancelled`].
    fn attribute(&self, name: &str, _fit: &Fit<'_>, _run: &Run) -> Result<Found> {
        Err(Error::internal(format!("{name} of {} is listed and not made", Self::INFO.title)))
    }

    /// Opens a model that [`Model::store`] wrote.
    ///
    /// # Errors
    /// [`Error::Input`] if a tensor is missing or has another shape than it must have.
    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>>;

    /// The fold that learns on data of this shape in one round, for rows that come by once, part after part; none where more are needed. Its
    /// states and statistics are the same for any shape: only what follows from them is not.
    fn once(&self, _shape: Shape) -> Option<Box<dyn AnyFold>> {
        None
    }

    /// What a fit of all rows of this shape would take instead of the fold of [`Method::once`], where the two spaces may differ beyond rounding.
    fn unlike_once(&self, _shape: Shape) -> Option<&'static str> {
        None
    }
}

/// A way through a space: from rows to codes and, where it can, back.
pub trait Model: Send + Sync {
    /// Dimensions of the space.
    fn n_components(&self) -> usize;

    /// Columns of the rows that it takes.
    fn columns(&self) -> usize;

    /// Codes `[n, k]` of prepared rows `[n, d]`. A row's code is the same alone, in any batch and in any order, to the bit.
    ///
    /// # Errors
    /// [`Error::Cancelled`], or [`Error::Input`] if the columns do not fit.
    fn encode(&self, rows: &Prepared, run: &Run) -> Result<Matrix>;

    /// Prepared rows `[n, d]` of codes `[n, k]`.
    ///
    /// # Errors
    /// [`Error::Input`] where the model cannot decode.
    fn decode(&self, _codes: &Matrix, _run: &Run) -> Result<Matrix> {
        Err(Error::input("space", "this space does not decode", "`latent methods` lists which do"))
    }

    /// How likely each row is, as a logarithm, `[n]`: its density, in nats, or of counts that of all its words together; none where the model
    /// tells no likelihood. `fitted` are the rows that it was learned from.
    ///
    /// # Errors
    /// [`Error::Input`] where the likelihood has no bound; [`Error::Cancelled`].
    fn log_likelihoods(&self, _rows: &Prepared, _fitted: usize, _run: &Run) -> Result<Option<Vec<f64>>> {
        Ok(None)
    }

    /// Where the fitted rows lie, if the model keeps them.
    fn fitted_codes(&self) -> Option<&Matrix> {
        None
    }

    /// The topics, where the dimensions are such.
    fn topics(&self) -> Option<&Topics> {
        None
    }

    /// What each topic weighs in a document before any word is seen, in words: 0 where there is no prior; none where the dimensions are no topics.
    fn topic_prior(&self) -> Option<&[f32]> {
        None
    }

    /// The words of the fitted rows, where the dimensions are topics and the model keeps them.
    fn documents(&self) -> Option<&Counts> {
        None
    }

    /// Puts everything into `tensors`; small facts into the value that is returned. [`Method::load`] reads both.
    ///
    /// # Errors
    /// [`Error::Internal`] if a name is used twice.
    fn store(&self, tensors: &mut Tensors) -> Result<Value>;
}

/// A method with its parameters set, whichever it is.
pub trait AnyMethod: Send + Sync {
    /// What the method says of itself.
    fn info(&self) -> &'static Info;
    /// All parameters by name.
    fn params(&self) -> Value;
    /// See [`Method::check`].
    ///
    /// # Errors
    /// As there.
    fn check(&self, shape: Shape) -> Result<()>;
    /// See [`Method::plan`].
    fn plan(&self, shape: Shape, run: &Run) -> Plan;
    /// See [`Method::fit`].
    ///
    /// # Errors
    /// As there.
    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted>;
    /// See [`Method::folding`].
    ///
    /// # Errors
    /// As there.
    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>>;
    /// See [`Method::folds`].
    fn folds(&self) -> bool;
    /// See [`Method::target`].
    fn target(&self) -> Option<&str>;
    /// See [`Method::once`].
    fn once(&self, shape: Shape) -> Option<Box<dyn AnyFold>>;
    /// See [`Method::unlike_once`].
    fn unlike_once(&self, shape: Shape) -> Option<&'static str>;
    /// See [`Method::attribute`].
    ///
    /// # Errors
    /// As there.
    fn attribute(&self, name: &str, fit: &Fit<'_>, run: &Run) -> Result<Found>;
}

impl<M: Method> AnyMethod for M {
    fn info(&self) -> &'static Info {
        &M::INFO
    }

    fn params(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    fn check(&self, shape: Shape) -> Result<()> {
        Method::check(self, shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        Method::plan(self, shape, run)
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        Method::check(self, rows.shape())?;
        check_given(&M::INFO, rows)?;
        run.install(|| Method::fit(self, rows, run))
    }

    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>> {
        Method::folding(self, shape, run)
    }

    fn folds(&self) -> bool {
        Method::folds(self)
    }

    fn target(&self) -> Option<&str> {
        Method::target(self)
    }

    fn once(&self, shape: Shape) -> Option<Box<dyn AnyFold>> {
        Method::once(self, shape)
    }

    fn unlike_once(&self, shape: Shape) -> Option<&'static str> {
        Method::unlike_once(self, shape)
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, run: &Run) -> Result<Found> {
        run.install(|| Method::attribute(self, name, fit, run))
    }
}

/// What is given beside rows, and the labels among their metadata that a method was told to learn from, if it was.
///
/// # Errors
/// [`Error::Param`] if there is no such column.
pub fn beside<'a>(method: &dyn AnyMethod, metadata: &Metadata, given: &'a Beside) -> Result<Cow<'a, Beside>> {
    match method.target() {
        Some(name) => Ok(Cow::Owned(Beside { labels: Some(metadata.labels(name)?), ..given.clone() })),
        None => Ok(Cow::Borrowed(given)),
    }
}

/// The distances of all pairs of rows, `[n, n]`, as a method takes them: all of them, or the nearest rows that they show. `from` names them in
/// errors. Rows that a space learned so encodes are told by their own numbers, which distances are not.
///
/// # Errors
/// [`Error::Input`] for distances that are none (see [`Neighbors::of_distances`]), and if the method learns from neither.
pub fn precomputed(info: &Info, from: &str, distances: Matrix) -> Result<Beside> {
    if info.given.contains(&Given::Distances) {
        check_distances(from, distances.view())?;
        return Ok(Beside { distances: Some(distances), ..Beside::default() });
    }
    if info.given.contains(&Given::Neighbors) {
        return Ok(Beside { neighbors: Some(Neighbors::of_distances(from, distances.view())?), ..Beside::default() });
    }
    let wanted = format!("{} computes its own from the rows", info.title);
    Err(Error::input(from, "precomputed distances", wanted).with_hint("`latent methods` shows what each method may be given"))
}

/// Checks that a method learns from all that is given beside the rows.
fn check_given(info: &Info, rows: &Rows<'_>) -> Result<()> {
    let wrong = |name: &str, found: &str, wanted: String| Err(Error::input(name, found, wanted));
    if rows.neighbors().is_some() && !info.given.contains(&Given::Neighbors) {
        return wrong("neighbors", "some were given", format!("{} does not take precomputed neighbors", info.title));
    }
    if rows.distances().is_some() && !info.given.contains(&Given::Distances) {
        return wrong("distances", "those of all pairs were given", format!("{} computes its own", info.title));
    }
    if rows.start().is_some() && !info.given.contains(&Given::Start) {
        return wrong("start", "one was given", format!("{} does not take starting positions", info.title));
    }
    Ok(())
}

/// A line of the registry: a method before its parameters are set.
pub struct Entry {
    /// What the method says of itself.
    pub info: &'static Info,
    schema: fn() -> Value,
    build: fn(&Map<String, Value>) -> Result<Box<dyn AnyMethod>>,
    load: fn(&Tensors, &Value) -> Result<Box<dyn Model>>,
}

impl Entry {
    /// The entry of method `M`.
    pub const fn of<M: Method>() -> Self {
        Entry {
            info: &M::INFO,
            schema: || schemars::schema_for!(M).to_value(),
            build: |given| {
                let checked = params::check(&params::describe(&schemars::schema_for!(M).to_value()), given)?;
                let method: M = serde_json::from_value(Value::Object(checked))
                    .map_err(|error| Error::internal(format!("parameters of {}: {error}", M::INFO.name)))?;
                Ok(Box::new(method))
            },
            load: M::load,
        }
    }

    /// The JSON Schema of the parameters.
    pub fn schema(&self) -> Value {
        (self.schema)()
    }

    /// The parameters, in the order of the struct.
    pub fn parameters(&self) -> Vec<Parameter> {
        params::describe(&self.schema())
    }

    /// The method with these parameters; those not given have their defaults.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that is unknown, of the wrong type or out of range.
    pub fn with(&self, params: &Map<String, Value>) -> Result<Box<dyn AnyMethod>> {
        (self.build)(params)
    }

    /// Opens a model of this method.
    ///
    /// # Errors
    /// See [`Method::load`].
    pub fn load(&self, tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>> {
        (self.load)(tensors, facts)
    }
}
