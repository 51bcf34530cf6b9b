//! A space: a fitted preparation and model, in memory and as a file.
//!
//! The file is a safetensors file with one string of metadata, a versioned JSON document; docs/space-format.md describes it. It contains no
//! time, machine name or number of threads, so that equal runs give equal bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::arrow::array::{ArrayRef, Float64Array, StringArray};
use crate::attributes::{Fit, Found, Origin};
use crate::axes::Distributions;
use crate::border;
use crate::codes::Codes;
use crate::data::read::Source;
use crate::data::{Affine, Metadata, Observations, Precomputed, Preparation, RowSource, Rows, Shape, Stream, Table, Values};
use crate::error::{Error, Result, nearest};
use crate::linalg::{Instructions, Matrix, MatrixView, OwnedRows};
use crate::measure::{self, Measure, MeasureOptions};
use crate::method::{self, AnyMethod, Fitted, Info};
use crate::model::{Capabilities, Model};
use crate::neighbors::{Metric, Points};
use crate::params::Role;
use crate::registry;
use crate::run::{Run, machine_memory};
pub use crate::tensors::FORMAT;
use crate::tensors::{FileKind, Tensor, Tensors};

/// The file of a space.
const FILE: FileKind = FileKind { key: "latentspace", name: "space", writer: "`latent fit`" };

/// A latent space: a preparation, a fitted model, their parameters, facts and measures.
pub struct Space {
    /// The description of the method.
    pub method: &'static Info,
    /// All parameters by name, as given (`auto` stays `auto`).
    pub params: Value,
    /// Facts about the fit: the algorithm, the values chosen for `auto`.
    pub facts: Map<String, Value>,
    /// The random seed.
    pub seed: u64,
    /// Number of rows that it was learned from.
    pub rows: usize,
    /// The preparation, which turns observations into numbers.
    pub preparation: Preparation,
    /// The fitted model.
    pub model: Box<dyn Model>,
    /// Measures by name, with intervals and nulls.
    pub measures: BTreeMap<String, Measure>,
    /// Metadata of the fitted rows, if the space keeps their codes and its method does not fold.
    metadata: Option<Metadata>,
}

/// Rows of a stream, with their codes.
struct Encoded<'a> {
    space: &'a Space,
    stream: &'a dyn Stream,
    run: &'a Run,
}

impl measure::Passes for Encoded<'_> {
    fn rows(&self) -> usize {
        self.stream.rows()
    }

    fn are_sparse(&self, cells: usize) -> bool {
        Shape::of_counts(self.stream.rows(), self.stream.cols(), Some(cells)).is_sparse()
    }

    fn pass(&self, show: &mut dyn FnMut(Points<'_>, MatrixView<'_>) -> Result<()>) -> Result<()> {
        for block in self.stream.blocks()? {
            let block = block?;
            let block = self.space.completed(block, self.run)?;
            let codes = self.space.encode_prepared(&block, self.run)?;
            show(block.points(), codes.view())?;
        }
        Ok(())
    }
}

/// The metadata string, read and written.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    method: String,
    params: Value,
    facts: Map<String, Value>,
    seed: u64,
    rows: usize,
    columns: usize,
    n_components: usize,
    preparation: Preparation,
    measures: BTreeMap<String, Measure>,
    model: Value,
}

impl Space {
    /// Learns a space from prepared rows, and from the metadata column of labels that the method's parameters name. Defaults that do not fit
    /// the rows are replaced, with a warning; the space has the parameters that were used.
    ///
    /// # Errors
    /// Errors of the method; [`Error::Cancelled`].
    pub fn fit(
        method: &dyn AnyMethod,
        preparation: Preparation,
        rows: &Rows<'_>,
        metadata: &Metadata,
        run: &Run,
    ) -> Result<(Self, Option<Matrix>)> {
        let info = method.info();
        let shape = rows.shape();
        let adapted = method::adapted(method, shape, Some(rows), run);
        let method = adapted.as_deref().unwrap_or(method);
        let plan = method.plan(shape, run);
        let peak = match rows.source {
            RowSource::Memory(_) => plan.peak_bytes,
            // The plan includes the rows, which are not in memory here.
            RowSource::Stream(_) => plan.peak_bytes.saturating_sub(shape.bytes()),
        };
        run.check_memory(info.title, peak, "a sample of the rows, or fewer columns, would fit")?;
        let nothing = Precomputed::default();
        let beside = method::beside(method, metadata, rows.given().unwrap_or(&nothing))?;
        if let Some(labels) = &beside.labels {
            run.note(format!("the labels in '{}' are learned from, too", labels.name));
        }
        let rows = &rows.named(preparation.names.as_deref()).with(&beside)?;
        if let Some(checkpoint) = run.checkpoint() {
            let data = json!({ "rows": shape.rows, "columns": shape.cols, "digest": format!("{:016x}", rows.digest()?) });
            checkpoint.of(json!({ "method": info.name, "params": method.params(), "seed": run.seed(), "data": data }))?;
        }
        let fitted = method.fit(rows, run)?;
        Ok(Self::of(method, preparation, shape.rows, fitted, metadata, run))
    }

    /// The space of a fit, and the codes of the fitted rows, if the fit computed them.
    pub fn of(
        method: &dyn AnyMethod,
        preparation: Preparation,
        rows: usize,
        fitted: Fitted,
        metadata: &Metadata,
        run: &Run,
    ) -> (Self, Option<Matrix>) {
        let measures = fitted.measures.into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect();
        // A fold keeps no metadata, so that its space is the same for streamed rows and on many machines.
        let metadata = fitted.model.capabilities().kept.filter(|_| !method.folds()).map(|_| metadata.clone());
        let (params, seed) = (method.params(), run.seed());
        let (mut facts, model) = (fitted.facts, fitted.model);
        // Products in other instructions are equal to 1e-6, not to the bit.
        facts.insert("instructions".to_owned(), json!(Instructions::best().name()));
        (Space { method: method.info(), params, facts, seed, rows, preparation, model, measures, metadata }, fitted.codes)
    }

    /// Measures the codes of the fitted rows (trustworthiness and others), and stores the measures. `codes` are theirs, `[n, k]`, if known.
    /// Rows in memory and streamed rows have the same measures. If there are too few rows, or counts with too many columns for a dense table,
    /// nothing is measured, and a note reports it.
    ///
    /// # Errors
    /// As [`measure::measure`] and [`measure::measure_stream`].
    pub fn measure(&mut self, rows: &Rows<'_>, codes: Option<&Matrix>, run: &Run) -> Result<()> {
        let found = self.measures_on(rows, codes, run)?;
        self.measures.extend(found);
        Ok(())
    }

    /// The measures that [`Space::measure`] stores, by name; none if nothing could be measured.
    ///
    /// # Errors
    /// As [`Space::measure`].
    pub fn measures_on(&self, rows: &Rows<'_>, codes: Option<&Matrix>, run: &Run) -> Result<BTreeMap<String, Measure>> {
        let completed;
        let rows = match rows.source {
            RowSource::Memory(incomplete @ OwnedRows::Incomplete(_)) => {
                completed = self.completed(incomplete.clone(), run)?;
                &Rows::memory(&completed)
            }
            _ => rows,
        };
        let k = MeasureOptions::default().k.min(rows.rows().saturating_sub(1) / 2);
        let allowed = run.max_memory().or_else(machine_memory).unwrap_or(u64::MAX);
        let is_counts = matches!(rows.source, RowSource::Memory(rows) if rows.sparse().is_some());
        if k == 0 || (is_counts && rows.shape().bytes() > allowed / 2) {
            run.warn("not measured: too few rows, or too many columns for a dense table");
            return Ok(BTreeMap::new());
        }
        // Use the metric that the method learned with.
        let learned = registry::find(self.method.name).ok().and_then(|entry| entry.parameter_of(Role::Metric));
        let learned = learned.and_then(|metric| self.params.get(metric.name));
        let metric = learned.and_then(|metric| Metric::deserialize(metric).ok()).filter(|metric| metric.is_distance());
        let options = MeasureOptions { k, metric: metric.unwrap_or(self.model.metric()), ..MeasureOptions::default() };
        let measures = match rows.source {
            RowSource::Stream(stream) => measure::measure_stream(&Encoded { space: self, stream, run }, &options, run)?,
            RowSource::Memory(prepared) => {
                let codes = match codes {
                    Some(codes) => codes.clone(),
                    None => self.encode_prepared(prepared, run)?,
                };
                measure::measure_points(codes.view(), &prepared.kept()?.points(), &options, run)?
            }
        };
        Ok(measures.named().into_iter().map(|(name, measure)| (name.to_owned(), measure)).collect())
    }

    /// What the space can do beyond encoding and decoding; kept rows come with their metadata.
    pub fn capabilities(&self) -> Capabilities<'_> {
        let all = self.model.capabilities();
        Capabilities { kept: all.kept.map(|kept| kept.with_metadata(self.metadata.as_ref())), ..all }
    }

    /// The axes, each as a distribution over the columns; none if the space has no axes or some weight is negative.
    ///
    /// # Errors
    /// None for axes of a model.
    pub fn distributions(&self) -> Result<Option<Cow<'_, Distributions>>> {
        self.model.capabilities().axes.map_or(Ok(None), |axes| axes.distributions())
    }

    /// The weights of the columns in each axis as a table, `[k, columns]`, with the names of the columns.
    ///
    /// # Errors
    /// [`Error::Input`] if the space has no axes.
    pub fn axes_table(&self) -> Result<Observations> {
        let Some(axes) = self.model.capabilities().axes else {
            let found = format!("a space of {} has no axes", self.method.title);
            return Err(Error::input("space", found, "`latent methods` lists the methods whose spaces have"));
        };
        let values = Table { numbers: axes.table(), affine: Affine::default(), names: Some(self.column_names()), categories: Vec::new() };
        Ok(Observations::new("axes", Values::Table(values)))
    }

    /// The names of the columns that the model sees: columns, levels of categories, words; else their numbers, counted from 1.
    pub fn column_names(&self) -> Vec<String> {
        self.preparation.prepared_names().unwrap_or_else(|| (1..=self.model.columns()).map(|column| column.to_string()).collect())
    }

    /// A fitted attribute, by one of the names of [`Info::attributes`]. An attribute that must be recomputed may take as long as parts of the fit.
    ///
    /// # Errors
    /// [`Error::Param`] for an unknown name; [`Error::Input`] if the space does not keep it; [`Error::Memory`]; [`Error::Cancelled`].
    pub fn attribute(&self, name: &str, run: &Run) -> Result<Found> {
        let names = || self.method.attributes.iter().map(|attribute| attribute.name);
        let Some(attribute) = self.method.attributes.iter().find(|attribute| attribute.name == name) else {
            let error = Error::param("attribute", format!("'{name}'"), format!("there are {}", names().collect::<Vec<_>>().join(", ")));
            return Err(match nearest(name, names()) {
                Some(near) => error.with_hint(format!("did you mean '{near}'?")),
                None => error,
            });
        };
        let lost = || Error::input(name, "it is not in this space", "its fit did not find it, or the space does not keep it");
        let mut tensors = Tensors::default();
        let mut stored = || self.model.store(&mut tensors);
        match attribute.origin {
            Origin::Tensor(tensor) => {
                stored()?;
                let found = tensors.iter().find(|(found, _)| *found == tensor).map(|(_, tensor)| tensor.clone());
                found.map(Found::Tensor).ok_or_else(lost)
            }
            Origin::Fact(fact) => self.facts.get(fact).cloned().map(Found::Value).ok_or_else(lost),
            Origin::Measure(measure) => self.measures.get(measure).map(|measure| Found::Value(json!(measure.value))).ok_or_else(lost),
            Origin::Codes => {
                let codes = self.model.capabilities().kept.ok_or_else(lost)?.codes;
                Ok(Found::Tensor(Tensor::F32(vec![codes.rows(), codes.cols()], codes.clone())))
            }
            Origin::Made => {
                let model = stored()?;
                let method = registry::find(self.method.name)?.with(self.params.as_object().ok_or_else(lost)?)?;
                let fit = Fit { tensors: &tensors, model: &model, facts: &self.facts, rows: self.rows };
                method.attribute(name, &fit, &run.clone().with_seed(self.seed))
            }
        }
    }

    /// Log-likelihood of each prepared row in nats, `[n]`; for counts, of all its words together.
    ///
    /// # Errors
    /// [`Error::Input`] if the columns do not fit, or the space has no likelihood; [`Error::Cancelled`].
    pub fn log_likelihoods(&self, prepared: &OwnedRows, run: &Run) -> Result<Vec<f64>> {
        if prepared.cols() != self.model.columns() {
            return Err(Error::input("data", format!("{} columns", prepared.cols()), format!("this space takes {}", self.model.columns())));
        }
        if let OwnedRows::Incomplete(_) = prepared {
            return Err(Error::input("data", "rows whose cells may be missing", "a likelihood needs all cells"));
        }
        let found = run.install(|| self.model.log_likelihoods(prepared, self.rows, run))?;
        found.ok_or_else(|| {
            Error::input("space", format!("{} computes no likelihood", self.method.title), "`latent methods` lists the methods that do")
        })
    }

    /// The observations as prepared rows; cells that may be missing are those that the space predicts from the others of their row.
    ///
    /// # Errors
    /// As [`Preparation::prepare`] and [`Model::complete`].
    pub fn prepare(&self, observations: &Observations, run: &Run) -> Result<OwnedRows> {
        self.completed(self.preparation.prepare(observations, run)?, run)
    }

    /// Prepared rows without missing cells: the space predicts them from the others of their row.
    ///
    /// # Errors
    /// As [`Model::complete`].
    pub fn completed(&self, rows: OwnedRows, run: &Run) -> Result<OwnedRows> {
        let OwnedRows::Incomplete(table) = rows else { return Ok(rows) };
        // Methods that learn from incomplete rows complete them in closed form: no iteration needs the means of the columns.
        let means = vec![0.0; table.cols()];
        run.install(|| self.model.complete(&OwnedRows::Dense(table), &means, run)).map(OwnedRows::Dense)
    }

    /// Encodes observations to codes.
    ///
    /// # Errors
    /// [`Error::Input`] if the observations are of another kind or have other columns; [`Error::Cancelled`].
    pub fn encode(&self, observations: &Observations, run: &Run) -> Result<Codes> {
        let prepared = self.prepare(observations, run)?;
        self.with_labels(self.encode_prepared(&prepared, run)?, observations.metadata.clone())
    }

    /// Codes with the metadata of their rows. If the space has learned to tell labels apart, these have columns with the predicted label and,
    /// if they are known, the probabilities of the labels.
    fn with_labels(&self, codes: Matrix, metadata: Metadata) -> Result<Codes> {
        let Some(classifier) = self.model.capabilities().classifier else { return Ok(Codes::new(codes, metadata)) };
        let (labels, rows) = (classifier.labels(), || (0..codes.rows()).map(|row| codes.row(row)));
        let predicted = rows().map(|code| labels.get(classifier.predict(code))).collect::<StringArray>();
        let mut columns = vec![("prediction".to_owned(), Arc::new(predicted) as ArrayRef)];
        if let Some(all) = rows().map(|code| classifier.probabilities(code)).collect::<Option<Vec<Vec<f64>>>>() {
            columns.extend(labels.iter().enumerate().map(|(at, label)| {
                let own = Float64Array::from_iter_values(all.iter().map(|row| row[at]));
                (format!("probability of {label}"), Arc::new(own) as ArrayRef)
            }));
        }
        let found = Metadata::from_columns(columns, codes.rows())?;
        Ok(Codes::new(codes, metadata.join(&found)?))
    }

    /// Encodes files block by block: only the codes and the metadata are in memory.
    ///
    /// # Errors
    /// [`Error::Memory`] if the codes exceed the memory limit; errors of the reader; as [`Space::encode`].
    pub fn encode_source(&self, source: &Source, run: &Run) -> Result<Codes> {
        let k = self.model.n_components();
        let needed = source.rows().unwrap_or(0) * k * 4;
        run.check_memory("the codes", needed as u64, "encode the files one by one")?;
        let (mut cells, mut parts, mut first) = (Vec::new(), Vec::new(), 0);
        for block in source.blocks(run)? {
            let block = block?;
            let prepared = self.preparation.prepare_from(&block, first, run)?;
            cells.extend_from_slice(self.encode_prepared(&prepared, run)?.as_slice());
            first += block.rows();
            parts.push(block.metadata);
        }
        self.with_labels(Matrix::new(first, k, cells)?, Metadata::concat(&parts)?)
    }

    /// Codes of prepared rows `[n, k]`: from the fit, if these are the fitted rows and the space keeps their codes; else encoded, with a note if it
    /// keeps those of other rows.
    ///
    /// # Errors
    /// As [`Space::encode_prepared`].
    pub fn codes_of(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        let kept = self.model.capabilities().kept;
        if let Some(kept) = &kept
            && rows.cols() == self.model.columns()
            && kept.are(rows, run)?
        {
            return Ok(kept.codes.clone());
        }
        let codes = self.encode_prepared(rows, run)?;
        if kept.is_some() {
            run.note("the rows are not those that the space was learned from: they are encoded as new rows");
        }
        Ok(codes)
    }

    /// Encodes prepared rows to codes `[n, k]`.
    ///
    /// # Errors
    /// [`Error::Input`] if the columns do not fit; [`Error::Cancelled`].
    pub fn encode_prepared(&self, rows: &OwnedRows, run: &Run) -> Result<Matrix> {
        if rows.cols() != self.model.columns() {
            return Err(Error::input("data", format!("{} columns", rows.cols()), format!("this space takes {}", self.model.columns())));
        }
        match rows {
            OwnedRows::Incomplete(_) => self.model.encode(&self.completed(rows.clone(), run)?, run),
            _ => self.model.encode(rows, run),
        }
    }

    /// Decodes codes to prepared rows `[n, d]`.
    ///
    /// # Errors
    /// [`Error::Input`] if the space does not decode or the codes have other dimensions; [`Error::Cancelled`].
    pub fn decode(&self, codes: &Matrix, run: &Run) -> Result<Matrix> {
        if codes.cols() != self.model.n_components() {
            return Err(Error::input(
                "codes",
                format!("{} dimensions", codes.cols()),
                format!("this space has {}", self.model.n_components()),
            ));
        }
        self.model.decode(codes, run)
    }

    /// The file's bytes. Equal spaces give equal bytes.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is NaN or infinite.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        self.to_bytes_with(&self.measures)
    }

    /// The file's bytes with these measures, which were computed separately.
    ///
    /// # Errors
    /// As [`Space::to_bytes`].
    pub fn to_bytes_with(&self, measures: &BTreeMap<String, Measure>) -> Result<Vec<u8>> {
        let mut tensors = Tensors::default();
        let model = self.model.store(&mut tensors)?;
        if let Some(metadata) = &self.metadata {
            let bytes = metadata.to_ipc()?;
            tensors.put("metadata", Tensor::U8(vec![bytes.len()], bytes))?;
        }
        let header = Header {
            format: FORMAT,
            method: self.method.name.to_owned(),
            params: self.params.clone(),
            facts: self.facts.clone(),
            seed: self.seed,
            rows: self.rows,
            columns: self.model.columns(),
            n_components: self.model.n_components(),
            preparation: self.preparation.clone(),
            measures: measures.clone(),
            model,
        };
        tensors.to_file(&FILE, &header)
    }

    /// Writes the file atomically.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Internal`] if a number is NaN or infinite.
    pub fn save(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes()?;
        border::save(path, &bytes)
    }

    /// Opens a file that [`Space::save`] wrote, in this version or an older one.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] if the file is invalid.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = border::load(path)?;
        Self::from_bytes(&bytes, path)
    }

    /// Opens the bytes of a file; `path` names it in errors.
    ///
    /// # Errors
    /// [`Error::Input`] if the bytes are invalid.
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<Self> {
        border::guard_bytes(path, || Self::parse(bytes))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let (header, tensors): (Header, Tensors) = Tensors::from_file(bytes, &FILE)?;
        header.preparation.check()?;
        let entry = registry::find(&header.method)
            .map_err(|_| Error::input("space", format!("the method '{}'", header.method), "this version does not have it"))?;
        let model = entry.load(&tensors, &header.model)?;
        if model.columns() != header.columns || model.n_components() != header.n_components {
            return Err(FILE.broken("its tensors do not fit its metadata"));
        }
        let metadata = match tensors.u8("metadata") {
            Some(bytes) => Some(Metadata::from_ipc(bytes, model.capabilities().kept.map_or(0, |kept| kept.codes.rows()))?),
            None => None,
        };
        Ok(Space {
            method: entry.info,
            params: header.params,
            facts: header.facts,
            seed: header.seed,
            rows: header.rows,
            preparation: header.preparation,
            model,
            measures: header.measures,
            metadata,
        })
    }
}
