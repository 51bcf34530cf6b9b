//! A family that exists only here, with every capability: whatever asks for capabilities works on it without knowing it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::borrow::Cow;
use std::sync::Arc;

use latentspace::axes::{Axes, Weights, arrange};
use latentspace::compare::{ComparisonOptions, Embedding, compare};
use latentspace::data::{ImageShape, Images, Metadata, PrepareOptions, Rows, Values};
use latentspace::explain::explain;
use latentspace::learn::{Dataset, StabilityTest, TrainingRows, learn};
use latentspace::linalg::{Matrix, OwnedRows};
use latentspace::method::{AnyMethod, Fitted, Info, Law, Method, Plan, Sees, Shape, Signs, Takes};
use latentspace::model::{Can, Capabilities, Kept, Model, Sampler};
use latentspace::random::Random;
use latentspace::tensors::Tensors;
use latentspace::{Codes, Error, Observations, Result, Run, Space};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Learns a prototype for each group of columns.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Prototypes {
    /// The number of prototypes, each of which is an axis.
    #[schemars(range(min = 1))]
    n_components: usize,
}

impl Default for Prototypes {
    fn default() -> Self {
        Prototypes { n_components: 3 }
    }
}

impl Method for Prototypes {
    const INFO: Info = Info {
        name: "prototypes",
        title: "Prototypes",
        class: "Prototypes",
        family: "imaginary",
        summary: "a prototype for each group of columns",
        takes: &[Takes::Table],
        sees: Sees::Rows,
        signs: Signs::NonNegative,
        encodes: true,
        decodes: true,
        folds: false,
        likelihood: None,
        can: Can { kept: true, axes: Some("prototype"), sampler: true },
        laws: &[Law::NonNegativity],
        oriented: true,
        live: false,
        given: &[],
        limits: &[],
        attributes: &[],
        peer: None,
        references: &[],
    };

    fn check(&self, shape: Shape) -> Result<()> {
        if self.n_components > shape.cols {
            return Err(Error::param("n_components", self.n_components, format!("there are {} columns", shape.cols)));
        }
        Ok(())
    }

    fn plan(&self, shape: Shape, _run: &Run) -> Plan {
        Plan { algorithm: "means".to_owned(), peak_bytes: 2 * shape.bytes(), seconds: 0.0, rounds: 1 }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let (table, k) = (rows.table()?, self.n_components);
        let largest = |row: usize| (1..table.cols()).fold(0, |best, at| if table.row(row)[at] > table.row(row)[best] { at } else { best });
        let mut sums = vec![0.0_f64; k * table.cols()];
        let mut counts = vec![0.0_f64; k];
        for row in 0..table.rows() {
            let group = largest(row) % k;
            counts[group] += 1.0;
            sums[group * table.cols()..][..table.cols()].iter_mut().zip(table.row(row)).for_each(|(sum, &cell)| *sum += f64::from(cell));
        }
        let part = |group: usize, column: usize| (sums[group * table.cols() + column] / counts[group].max(1.0)) as f32 + 1e-6;
        let parts = Matrix::from_fn(k, table.cols(), part);
        let shares = counts.iter().map(|count| count / table.rows() as f64).collect();
        let mut model = PrototypesModel { parts, shares, codes: Matrix::from_fn(0, k, |_, _| 0.0), rows: OwnedRows::Dense(table) };
        model.codes = model.encode(&model.rows, run)?;
        Ok(Fitted { codes: Some(model.codes.clone()), model: Box::new(model), facts: Map::new(), measures: Vec::new() })
    }

    fn load(_tensors: &Tensors, _facts: &Value) -> Result<Box<dyn Model>> {
        Err(Error::internal("only registered methods are opened"))
    }
}

struct PrototypesModel {
    /// `[k, d]`.
    parts: Matrix,
    shares: Vec<f64>,
    codes: Matrix,
    rows: OwnedRows,
}

impl Model for PrototypesModel {
    fn n_components(&self) -> usize {
        self.parts.rows()
    }

    fn columns(&self) -> usize {
        self.parts.cols()
    }

    fn encode(&self, rows: &OwnedRows, _run: &Run) -> Result<Matrix> {
        let table = rows.table()?;
        let inner = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
        let code = |row: usize, axis: usize| {
            (inner(table.row(row), self.parts.row(axis)) / inner(self.parts.row(axis), self.parts.row(axis))) as f32
        };
        Ok(Matrix::from_fn(table.rows(), self.parts.rows(), code))
    }

    fn decode(&self, codes: &Matrix, _run: &Run) -> Result<Matrix> {
        let cell = |row: usize, column: usize| (0..codes.cols()).map(|axis| codes.row(row)[axis] * self.parts.row(axis)[column]).sum();
        Ok(Matrix::from_fn(codes.rows(), self.parts.cols(), cell))
    }

    fn capabilities(&self) -> Capabilities<'_> {
        let axes = Axes { weights: Weights::Parts(&self.parts), shares: Cow::Borrowed(&self.shares), prior: None };
        Capabilities { kept: Some(Kept::new(&self.codes, &self.rows)), axes: Some(axes), sampler: Some(self), ..Capabilities::default() }
    }

    fn store(&self, tensors: &mut Tensors) -> Result<Value> {
        tensors.put_matrix("parts", &self.parts)?;
        Ok(json!({}))
    }
}

impl Sampler for PrototypesModel {
    fn sample(&self, n: usize, run: &Run) -> Result<Matrix> {
        let random = Random::new(run.seed(), "prototypes");
        let row = |at: usize| random.below(at as u64, 0, self.codes.rows() as u64) as usize;
        Ok(Matrix::from_fn(n, self.codes.cols(), |at, axis| self.codes.row(row(at))[axis]))
    }
}

/// Rows of three kinds over nine words.
fn observed(seed: u64) -> Observations {
    let random = Random::new(seed, "rows");
    let cell =
        |row: usize, column: usize| (random.uniform(row as u64, column as u64) * if column % 3 == row % 3 { 9.0 } else { 1.0 }) as f32;
    Observations::from_matrix("rows", Matrix::from_fn(90, 9, cell))
}

fn space(seed: u64, run: &Run) -> Space {
    learn(&Prototypes::default(), observed(seed), &PrepareOptions::default(), &Default::default(), run).unwrap().space
}

#[test]
fn its_axes_are_explained_by_words_and_written_as_a_table() {
    let run = Run::new(0, 2).unwrap();
    let space = space(1, &run);
    let found = explain(&space, None, 3, &run).unwrap();
    assert_eq!((found.noun, found.dimensions.len()), ("prototype", 3));
    for (axis, dimension) in found.dimensions.iter().enumerate() {
        let words: Vec<&str> = dimension.words.as_ref().unwrap().relevant().collect();
        // Columns are counted from 1.
        assert!(words.iter().all(|word| (word.parse::<usize>().unwrap() - 1) % 3 == axis), "{axis}: {words:?}");
        assert!(dimension.high[0].row as usize % 3 == axis);
    }
    assert_eq!(json!(found)[0]["prototype"], 0);
    let distributions = space.distributions().unwrap().unwrap();
    let (layout, tree) = arrange(&distributions, &run).unwrap();
    assert_eq!((layout.places.len(), tree.len()), (3, 2));
    let table = space.axes_table().unwrap();
    assert_eq!((table.rows(), table.columns()), (3, 9));
}

#[test]
fn its_axes_are_matched_over_seeds_and_between_spaces() {
    let run = Run::new(0, 2).unwrap();
    let data = Dataset::new(observed(1), &PrepareOptions::default(), Sees::Rows, &run).unwrap();
    let training = TrainingRows { names: None, ..data.training() };
    let report = StabilityTest { method: &Prototypes::default() as &dyn AnyMethod, training, runs: 2, k: 5 }.measure(None, &run, |_| {});
    let report = report.unwrap();
    assert_eq!(report.axes.as_ref().unwrap().seeds.shared.value, 1.0);
    assert!(json!(report)["prototypes"]["each"][2]["prototype"] == 2 && report.sentences().iter().any(|told| told.contains("prototype")));
    let (one, other) = (space(1, &run), space(2, &run));
    let codes = |space: &Space| Ok(Codes::new(space.capabilities().kept.unwrap().codes.clone(), Metadata::none(90)));
    let side = |name, space| Embedding { name, codes: codes(space), space: Some(space) };
    let found = compare(side("one", &one), side("other", &other), &ComparisonOptions::default(), &run).unwrap();
    let axes = found.axes.as_ref().unwrap();
    assert!((0..3).all(|axis| axes.each[axis].partner == Some(axis as u32)) && json!(found)["prototypes"]["words"] == 9);
}

#[test]
fn it_generates_keeps_and_recognizes_its_rows() {
    let run = Run::new(0, 2).unwrap();
    let space = space(1, &run);
    let Capabilities { kept, sampler, .. } = space.capabilities();
    assert!(kept.unwrap().are(&OwnedRows::Dense(Matrix::from_fn(90, 9, |_, _| 1.0)), &run).is_ok_and(|are| !are));
    let codes = sampler.unwrap().sample(5, &run).unwrap();
    assert_eq!(space.decode(&codes, &run).unwrap().cols(), 9);
    // A file of a method that this program does not have is refused.
    let refused = Space::from_bytes(&space.to_bytes().unwrap(), "x.latent".as_ref()).err().unwrap();
    assert!(refused.to_string().contains("prototypes"), "{refused}");
}

/// Learns nothing; a row's code is what only its own form tells: the first word of a sequence, or the pixel in the middle of a picture.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
struct Form<const PICTURES: bool> {}

impl<const PICTURES: bool> Method for Form<PICTURES> {
    const INFO: Info = Info {
        name: "form",
        takes: if PICTURES { &[Takes::Images] } else { &[Takes::Text] },
        sees: if PICTURES { Sees::Pictures } else { Sees::Tokens },
        signs: Signs::Any,
        decodes: false,
        can: Can::NOTHING,
        laws: &[],
        ..Prototypes::INFO
    };

    fn check(&self, _shape: Shape) -> Result<()> {
        Ok(())
    }

    fn plan(&self, shape: Shape, _run: &Run) -> Plan {
        Plan { algorithm: "none".to_owned(), peak_bytes: shape.bytes(), seconds: 0.0, rounds: 1 }
    }

    fn fit(&self, rows: &Rows<'_>, run: &Run) -> Result<Fitted> {
        let model = FormModel(rows.cols());
        let codes = Some(model.encode(rows.prepared()?, run)?);
        Ok(Fitted { codes, model: Box::new(model), facts: Map::new(), measures: Vec::new() })
    }

    fn load(_tensors: &Tensors, _facts: &Value) -> Result<Box<dyn Model>> {
        Err(Error::internal("only registered methods are opened"))
    }
}

struct FormModel(usize);

impl Model for FormModel {
    fn n_components(&self) -> usize {
        1
    }

    fn columns(&self) -> usize {
        self.0
    }

    fn encode(&self, rows: &OwnedRows, _run: &Run) -> Result<Matrix> {
        let code = |row: usize| match rows {
            OwnedRows::Tokens(tokens) => Ok(tokens.sequence(row).first().map_or(-1.0, |&word| word as f32)),
            OwnedRows::Pictures(pictures) => {
                Ok(pictures.pixels.row(row)[pictures.shape.height / 2 * pictures.shape.width + pictures.shape.width / 2])
            }
            _ => Err(Error::internal("rows without their form")),
        };
        Matrix::new(rows.rows(), 1, (0..rows.rows()).map(code).collect::<Result<_>>()?)
    }

    fn store(&self, _tensors: &mut Tensors) -> Result<Value> {
        Ok(json!({}))
    }
}

#[test]
fn a_method_sees_rows_in_the_form_that_it_declares() {
    let run = Run::new(0, 2).unwrap();
    let texts = |all: &[&str]| Observations::new("texts", Values::Text(Arc::new(all.iter().map(|text| (*text).to_owned()).collect())));
    let options = PrepareOptions::default();
    let given = Default::default();
    let text = texts(&["stars shine", "shine stars brightly", "stars stars shine", "shine brightly"]);
    let learned = learn(&Form::<false> {}, text, &options, &given, &run).unwrap();
    let words = learned.space.column_names();
    let number = |word: &str| words.iter().position(|known| known == word).unwrap() as f32;
    let codes = learned.codes(&run).unwrap();
    assert_eq!((codes.row(0), codes.row(1)), (&[number("stars")][..], &[number("shine")][..]));
    // New rows go through the same preparation.
    let new = learned.space.encode(&texts(&["unknown shine", "nothing known"]), &run).unwrap();
    assert_eq!((new.values.row(0)[0], new.values.row(1)[0]), (number("shine"), -1.0));
    let Err(Error::Input(refused)) = learn(&Form::<false> {}, observed(1), &options, &given, &run) else { panic!("numbers are no text") };
    assert!(refused.to_string().contains("running text"), "{refused}");

    let shape = ImageShape { height: 3, width: 5, channels: 1 };
    let pixels = (0..45).map(|pixel| pixel as u8).collect::<Vec<u8>>();
    let images = Observations::new("images", Values::Images(Images { shape, pixels: Arc::new(pixels), lower: None }));
    let codes = learn(&Form::<true> {}, images, &options, &given, &run).unwrap().codes(&run).unwrap();
    assert!((0..3).all(|row| (codes.row(row)[0] - (15 * row + 7) as f32 / 255.0).abs() < 1e-6), "{codes:?}");
}
