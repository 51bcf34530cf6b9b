//! The trait of methods: a method is a struct of parameters that learns a model from prepared rows.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::attributes::{Attribute, Fit, Found, Peer};
use crate::data::{Given, Metadata, Precomputed, Rows};
pub use crate::data::{Sees, Shape};
use crate::error::{Error, Result, count};
use crate::fold::AnyFold;
use crate::interval::Measure;
use crate::linalg::Matrix;
use crate::model::{Can, Model};
use crate::neighbors::{Neighbors, check_distances};
use crate::params::{self, Parameter, Role};
use crate::run::Run;
use crate::tensors::Tensors;

/// A kind of observations that a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Takes {
    /// Numbers, one row per observation.
    Table,
    /// Counts, most of them 0.
    Counts,
    /// Running text.
    Text,
    /// Images of one size.
    Images,
}

impl Takes {
    /// All kinds that become rows of numbers, for methods without further requirements.
    pub const ROWS: &'static [Takes] = &[Takes::Table, Takes::Counts, Takes::Text, Takes::Images];
}

/// The observations of which a space has a likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Likelihood {
    /// Rows: their density.
    Rows,
    /// The words of documents.
    Words,
}

/// The signs of the cells that a method learns from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signs {
    /// Any.
    Any,
    /// No cell is negative.
    NonNegative,
}

/// A law that every space of a method obeys; the contract tests check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// Rows that are rotated or shifted give as good a space.
    Rotation,
    /// Codes are linear in the rows, and decoded rows are the nearest in the least-squares sense that so many dimensions allow.
    LeastSquares,
    /// Decoded rows are nearer to the rows than their mean is.
    Reconstruction,
    /// Codes and decoded rows are not negative.
    NonNegativity,
    /// Codes are proportions: they sum to 1.
    Proportions,
}

/// Description of a method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Info {
    /// The registry name: `pca`.
    pub name: &'static str,
    /// The name in sentences: `PCA`.
    pub title: &'static str,
    /// The name of its Python class, as in scikit-learn: `PCA`, `TSNE`.
    pub class: &'static str,
    /// `linear`, `kernel`, `map`, `manifold`, `topics`, `words`, `neural`.
    pub family: &'static str,
    /// What it learns, as the rest of the sentence "Learns …".
    pub summary: &'static str,
    /// The kinds of observations that it takes.
    pub takes: &'static [Takes],
    /// The form in which it sees rows.
    pub sees: Sees,
    /// The signs of the cells that it allows.
    pub signs: Signs,
    /// Whether its spaces encode new rows.
    pub encodes: bool,
    /// Whether its spaces decode codes.
    pub decodes: bool,
    /// Whether it learns by a fold: from files larger than memory, and incrementally.
    pub folds: bool,
    /// The observations of which its spaces have a likelihood, if any.
    pub likelihood: Option<Likelihood>,
    /// What its spaces can do beyond encoding and decoding.
    pub can: Can,
    /// The laws that its spaces obey.
    pub laws: &'static [Law],
    /// Whether the data determine the directions of its codes, such as by variance or eigenvalue; else any rotation is as good.
    pub oriented: bool,
    /// Whether its map can be shown during the fit.
    pub live: bool,
    /// The precomputed inputs that it takes.
    pub given: &'static [Given],
    /// Its limits, each with the reason.
    pub limits: &'static [&'static str],
    /// The fitted attributes.
    pub attributes: &'static [Attribute],
    /// The comparable class of another library.
    pub peer: Option<Peer>,
    /// References: authors, year, title and DOI.
    pub references: &'static [&'static str],
}

impl Info {
    /// What its spaces and fits can do, in words.
    pub fn abilities(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut tell = |is: bool, what: &str| all.extend(is.then(|| what.to_owned()));
        tell(self.encodes, "encodes new rows");
        tell(self.decodes, "decodes codes");
        tell(self.can.kept, "keeps the fitted rows");
        if let Some(axis) = self.can.axes {
            tell(true, &format!("explains its {axis}s"));
        }
        tell(self.can.sampler, "generates codes");
        tell(self.folds, "streams files larger than memory");
        tell(self.live, "shows its map while it learns");
        all
    }

    /// Whether it takes text but not tables: from a table with both, it learns from the text.
    pub fn wants_text(&self) -> bool {
        self.takes.contains(&Takes::Text) && self.takes != Takes::ROWS
    }
}

/// The estimated cost of a fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The chosen algorithm, in words.
    pub algorithm: String,
    /// Peak memory in bytes, including the prepared rows if they are in memory.
    pub peak_bytes: u64,
    /// Seconds of learning from rows in memory, with this number of threads of the machine on which the cost model was calibrated.
    pub seconds: f64,
    /// Number of passes over the rows; streamed rows are read again in each.
    pub rounds: u32,
}

/// The result of a fit.
pub struct Fitted {
    /// The model.
    pub model: Box<dyn Model>,
    /// Codes of the fitted rows, `[n, k]`, for methods that compute them in the fit; none if they are found by encoding.
    pub codes: Option<Matrix>,
    /// Facts about the fit: the algorithm, the values chosen for `auto`, the number of iterations.
    pub facts: Map<String, Value>,
    /// Measures that only the fit can compute: `explained_variance`, `kl`.
    pub measures: Vec<(&'static str, Measure)>,
}

/// A method: a plain struct of parameters with defaults. Its doc comments, defaults and ranges are the only description of the parameters:
/// flags, forms, docs and checks are generated from them.
pub trait Method: Serialize + DeserializeOwned + schemars::JsonSchema + Default + Send + Sync + 'static {
    /// The description of the method.
    const INFO: Info;

    /// Checks parameters against each other and against the shape of the data, which their description cannot.
    ///
    /// # Errors
    /// [`Error::Param`] for the first invalid one.
    fn check(&self, shape: Shape) -> Result<()>;

    /// The largest allowed values of parameters that depend on the shape of the data, by name. A default above is lowered (see
    /// [`AnyMethod::adapted`]); a given value above is refused by [`Method::check`].
    fn most(_shape: Shape) -> Vec<(&'static str, usize)> {
        Vec::new()
    }

    /// Number of dimensions of a space of rows of this shape, where that parameter is auto.
    fn auto_dimensions(&self, shape: Shape) -> usize {
        shape.cols.min(50)
    }

    /// A default that cannot learn from the values of these rows: the parameter's name, the value to use instead, and why, as a clause: "some
    /// values are not whole numbers".
    fn unsuited(&self, _rows: &Rows<'_>) -> Option<(&'static str, Value, &'static str)> {
        None
    }

    /// Estimates the cost of a fit on data of this shape.
    fn plan(&self, shape: Shape, run: &Run) -> Plan;

    /// Learns a model. Runs on `run`'s threads, calls `run.check()` at least twice a second, and reports its progress.
    ///
    /// # Errors
    /// [`Error::Cancelled`], [`Error::Param`], or errors of the rows' source.
    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted>;

    /// Whether it learns by a fold with these parameters.
    fn folds(&self) -> bool {
        Self::INFO.folds
    }

    /// The fold that learns on data of this shape, if [`Info::folds`]; it can be distributed in shares.
    ///
    /// # Errors
    /// [`Error::Param`] if the method is not a sum over rows.
    fn folding(&self, _shape: Shape, _run: &Run) -> Result<Box<dyn AnyFold>> {
        let wanted = "it is not a sum over rows, so it cannot be learned in shares";
        Err(Error::param("method", Self::INFO.name, wanted).with_hint("fit on a sample; the space then encodes the other rows"))
    }

    /// The metadata column whose labels guide the fit, if one is given: then [`Rows::labels`] has them.
    fn target(&self) -> Option<&str> {
        None
    }

    /// Computes an attribute of [`Info::attributes`] from a fitted space with these parameters. It may repeat parts of the fit.
    ///
    /// # Errors
    /// [`Error::Input`] if the space does not keep what it needs; [`Error::Memory`]; [`Error::Cancelled`].
    fn attribute(&self, name: &str, _fit: &Fit<'_>, _run: &Run) -> Result<Found> {
        Err(Error::internal(format!("{name} of {} is listed and not made", Self::INFO.title)))
    }

    /// Opens a model that [`Model::store`] wrote.
    ///
    /// # Errors
    /// [`Error::Input`] if a tensor is missing or has a wrong shape.
    fn load(tensors: &Tensors, facts: &Value) -> Result<Box<dyn Model>>;

    /// The fold that learns on data of this shape in one round, for incremental learning; none if several rounds are needed. Its
    /// states and statistics do not depend on the number of rows; only the solution does.
    fn once(&self, _shape: Shape) -> Option<Box<dyn AnyFold>> {
        None
    }

    /// The algorithm that a fit of all rows of this shape would choose instead of the fold of [`Method::once`], if the two spaces may differ by more
    /// than rounding.
    fn unlike_once(&self, _shape: Shape) -> Option<&'static str> {
        None
    }
}

/// Any method with its parameters, as an object.
pub trait AnyMethod: Send + Sync {
    /// The description of the method.
    fn info(&self) -> &'static Info;
    /// All parameters by name.
    fn params(&self) -> Value;
    /// The value of the parameter with this role, if there is one.
    fn param_of(&self, role: Role) -> Option<Value>;
    /// See [`Method::auto_dimensions`].
    fn auto_dimensions(&self, shape: Shape) -> usize;
    /// See [`Method::check`].
    ///
    /// # Errors
    /// As for that method.
    fn check(&self, shape: Shape) -> Result<()>;
    /// The method with other defaults, where those are too large for this shape or do not suit the values of the rows, if known, and a sentence on
    /// each. None if all fit, or if the method refuses this shape with the others, too. A parameter is a default if it has the default's value and
    /// was not given to [`Entry::with`].
    fn adapted(&self, shape: Shape, rows: Option<&Rows<'_>>) -> Option<(Box<dyn AnyMethod>, Vec<String>)>;
    /// See [`Method::plan`].
    fn plan(&self, shape: Shape, run: &Run) -> Plan;
    /// See [`Method::fit`].
    ///
    /// # Errors
    /// As for that method.
    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted>;
    /// See [`Method::folding`].
    ///
    /// # Errors
    /// As for that method.
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
    /// As for that method.
    fn attribute(&self, name: &str, fit: &Fit<'_>, run: &Run) -> Result<Found>;
}

impl<M: Method> AnyMethod for M {
    fn info(&self) -> &'static Info {
        &M::INFO
    }

    fn params(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    fn param_of(&self, role: Role) -> Option<Value> {
        let parameters = params::describe(&schemars::schema_for!(M).to_value());
        self.params().get(&params::of_role(&parameters, role)?.name).cloned()
    }

    fn auto_dimensions(&self, shape: Shape) -> usize {
        Method::auto_dimensions(self, shape)
    }

    fn check(&self, shape: Shape) -> Result<()> {
        Method::check(self, shape)
    }

    fn adapted(&self, shape: Shape, rows: Option<&Rows<'_>>) -> Option<(Box<dyn AnyMethod>, Vec<String>)> {
        adapt(self, &Map::new(), shape, rows)
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

/// A method together with the parameters that were given: the others are defaults.
struct Built<M> {
    method: M,
    given: Map<String, Value>,
}

impl<M: Method> AnyMethod for Built<M> {
    fn adapted(&self, shape: Shape, rows: Option<&Rows<'_>>) -> Option<(Box<dyn AnyMethod>, Vec<String>)> {
        adapt(&self.method, &self.given, shape, rows)
    }

    fn info(&self) -> &'static Info {
        self.method.info()
    }

    fn params(&self) -> Value {
        self.method.params()
    }

    fn param_of(&self, role: Role) -> Option<Value> {
        self.method.param_of(role)
    }

    fn auto_dimensions(&self, shape: Shape) -> usize {
        AnyMethod::auto_dimensions(&self.method, shape)
    }

    fn check(&self, shape: Shape) -> Result<()> {
        AnyMethod::check(&self.method, shape)
    }

    fn plan(&self, shape: Shape, run: &Run) -> Plan {
        AnyMethod::plan(&self.method, shape, run)
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        AnyMethod::fit(&self.method, rows, run)
    }

    fn folding(&self, shape: Shape, run: &Run) -> Result<Box<dyn AnyFold>> {
        AnyMethod::folding(&self.method, shape, run)
    }

    fn folds(&self) -> bool {
        AnyMethod::folds(&self.method)
    }

    fn target(&self) -> Option<&str> {
        AnyMethod::target(&self.method)
    }

    fn once(&self, shape: Shape) -> Option<Box<dyn AnyFold>> {
        AnyMethod::once(&self.method, shape)
    }

    fn unlike_once(&self, shape: Shape) -> Option<&'static str> {
        AnyMethod::unlike_once(&self.method, shape)
    }

    fn attribute(&self, name: &str, fit: &Fit<'_>, run: &Run) -> Result<Found> {
        AnyMethod::attribute(&self.method, name, fit, run)
    }
}

/// See [`AnyMethod::adapted`].
fn adapt<M: Method>(
    method: &M,
    given: &Map<String, Value>,
    shape: Shape,
    rows: Option<&Rows<'_>>,
) -> Option<(Box<dyn AnyMethod>, Vec<String>)> {
    let (mut params, defaults) = (method.params(), M::default().params());
    let is_default = |params: &Value, name: &str| params[name] == defaults[name] && !given.contains_key(name);
    let mut told = Vec::new();
    for (name, most) in M::most(shape) {
        let default = &defaults[name];
        let Some(usual) = default.as_f64().filter(|&usual| usual > most as f64 && is_default(&params, name)) else { continue };
        params[name] = if default.is_f64() { json!(most as f64) } else { json!(most) };
        let are = if name.starts_with("n_") && most != 1 { "are" } else { "is" };
        let (used, rows) = (count(most as u64), count(shape.rows as u64));
        told.push(format!("{name}: {usual} is the default; {used} {are} used, since there are {rows} rows"));
    }
    if let Some((name, value, why)) = rows.and_then(|rows| method.unsuited(rows)).filter(|(name, ..)| is_default(&params, name)) {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        told.push(format!("{name}: {} is the default; {} is used, since {why}", word(&defaults[name]), word(&value)));
        params[name] = value;
    }
    let adapted: M = serde_json::from_value(params).ok()?;
    (!told.is_empty() && Method::check(&adapted, shape).is_ok()).then(|| (Box::new(adapted) as Box<dyn AnyMethod>, told))
}

/// The method that learns from data of this shape, and from these rows: [`AnyMethod::adapted`], which is a warning of the run. None if the
/// method's defaults fit.
pub fn adapted(method: &dyn AnyMethod, shape: Shape, rows: Option<&Rows<'_>>, run: &Run) -> Option<Box<dyn AnyMethod>> {
    let (method, told) = method.adapted(shape, rows)?;
    told.iter().for_each(|sentence| run.warn(sentence));
    Some(method)
}

/// The precomputed inputs, and the labels among the metadata that a method should learn from, if any.
///
/// # Errors
/// [`Error::Param`] if there is no such column.
pub fn beside<'a>(method: &dyn AnyMethod, metadata: &Metadata, given: &'a Precomputed) -> Result<Cow<'a, Precomputed>> {
    match method.target() {
        Some(name) => Ok(Cow::Owned(Precomputed { labels: Some(metadata.labels(name)?), ..given.clone() })),
        None => Ok(Cow::Borrowed(given)),
    }
}

/// The distances of all pairs of rows, `[n, n]`, in the form that a method takes: all of them, or the nearest neighbors from them. `from` names
/// them in errors. A space that was learned so encodes new rows by their values, not by distances.
///
/// # Errors
/// [`Error::Input`] for invalid distances (see [`Neighbors::of_distances`]), and if the method takes neither.
pub fn precomputed(info: &Info, from: &str, distances: Matrix) -> Result<Precomputed> {
    if info.given.contains(&Given::Distances) {
        check_distances(from, distances.view())?;
        return Ok(Precomputed { distances: Some(distances), ..Precomputed::default() });
    }
    if info.given.contains(&Given::Neighbors) {
        return Ok(Precomputed { neighbors: Some(Neighbors::of_distances(from, distances.view())?), ..Precomputed::default() });
    }
    let wanted = format!("{} computes its own from the rows", info.title);
    Err(Error::input(from, "precomputed distances", wanted).with_hint("`latent methods` shows what each method may be given"))
}

/// Checks that a method takes all precomputed inputs that are given.
fn check_given(info: &Info, rows: &Rows<'_>) -> Result<()> {
    let wrong = |name: &str, found: &str, wanted: String| Err(Error::input(name, found, wanted));
    if rows.neighbors().is_some() && !info.given.contains(&Given::Neighbors) {
        return wrong("neighbors", "some were given", format!("{} does not take precomputed neighbors", info.title));
    }
    if rows.distances().is_some() && !info.given.contains(&Given::Distances) {
        return wrong("distances", "those of all pairs were given", format!("{} computes its own", info.title));
    }
    if rows.weights().is_some() && !info.given.contains(&Given::Weights) {
        return wrong("weights", "some were given", format!("{} counts all rows alike", info.title));
    }
    if rows.errors().is_some() && !info.given.contains(&Given::Errors) {
        return wrong("errors", "some were given", format!("{} takes all cells to be exact", info.title));
    }
    if rows.shape().incomplete && !info.given.contains(&Given::Errors) {
        let error = Error::input("missing", "keep", format!("{} needs all cells", info.title));
        return Err(error.with_hint("--missing mean fills in the column's mean; `latent methods` shows which methods take missing cells"));
    }
    if rows.start().is_some() && !info.given.contains(&Given::Start) {
        return wrong("start", "one was given", format!("{} does not take starting positions", info.title));
    }
    Ok(())
}

/// An entry of the registry: a method without parameters.
pub struct Entry {
    /// The description of the method.
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
                Ok(Box::new(Built { method, given: given.clone() }))
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

    /// The parameter with this role, if there is one.
    pub fn parameter_of(&self, role: Role) -> Option<Parameter> {
        params::of_role(&self.parameters(), role).cloned()
    }

    /// The method with these parameters, and defaults for all others.
    ///
    /// # Errors
    /// [`Error::Param`] for the first that is unknown, has the wrong type or is out of range.
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
