//! Codes and axes in the formats of other tools: what `latent export` and Python's `export` write.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentspace::data::{Observations, PrepareOptions, Table, Values};
use latentspace::{Codes, Error, Result, Run, Space};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::commands::explore::{self, MapMethod};
use crate::hints::Flags;
use crate::progress::Screen;
use crate::server::standing_alone;
use crate::study::Study;
use crate::study::axes::AxesRoom;
use crate::{inputs, outputs};

/// The formats, by their names.
pub const EXPORT_FORMATS: [&str; 10] = ["parquet", "npy", "csv", "svmlight", "word2vec", "glove", "projector", "pyldavis", "html", "onnx"];
/// The formats that hold any table, whose extension is their name.
const TABLES: [&str; 3] = ["parquet", "npy", "csv"];

/// The part of a space that is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The coordinates of the rows.
    Codes,
    /// The weights of the columns in each dimension.
    Axes,
}

impl Part {
    /// The parts, by their names.
    pub const NAMES: [&str; 2] = ["codes", "axes"];

    /// The part of this name.
    ///
    /// # Errors
    /// [`Error::Param`] for another name.
    pub fn of_name(name: &str) -> Result<Self> {
        match name {
            "codes" => Ok(Part::Codes),
            "axes" => Ok(Part::Axes),
            _ => Err(Error::param("part", format!("'{name}'"), format!("it is one of {}", Self::NAMES.join(", ")))),
        }
    }
}

/// What is exported.
pub enum Exportable {
    /// A space: its axes, or the codes of the rows that it keeps.
    Space(Box<Space>),
    /// Codes.
    Codes(Codes),
}

/// Where to, and in which format.
pub struct Export<'a> {
    /// The format, one of [`EXPORT_FORMATS`].
    pub to: &'a str,
    /// The part of a space.
    pub part: Part,
    /// The file, or the folder of `projector`. `-` is standard output for formats of text.
    pub path: &'a Path,
}

/// What was written.
#[derive(Debug, Serialize)]
pub struct Exported {
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<Part>,
    /// How much of what.
    #[serde(flatten)]
    shape: Map<String, Value>,
    /// The files.
    pub files: Vec<PathBuf>,
}

impl Export<'_> {
    /// Whether the format holds this part, and the file's name suits the format. Before anything is read.
    ///
    /// # Errors
    /// [`Error::Param`] for an unknown format, a part that it does not hold, and a file name of another format.
    pub fn check(&self) -> Result<()> {
        let Export { to, part, path } = *self;
        match to {
            _ if !EXPORT_FORMATS.contains(&to) => {
                return Err(Error::param("to", format!("'{to}'"), format!("it is one of {}", EXPORT_FORMATS.join(", "))));
            }
            "onnx" => return Err(Error::param("to", "'onnx'", "ONNX export needs a neural model")),
            "pyldavis" => outputs::check_ending("path", path, &["json"])?,
            "html" => outputs::check_ending("path", path, &["html"])?,
            "npy" | "parquet" | "projector" => outputs::check_file("path", path, to)?,
            _ => {}
        }
        if TABLES.contains(&to) {
            return outputs::check_ending("path", path, &[to]);
        }
        if part == Part::Axes && !is_of_words(to) {
            return Err(Error::param("to", format!("'{to}'"), "axes are written as npy, parquet or csv"));
        }
        Ok(())
    }

    /// Writes what is called `name` in errors, all or nothing.
    ///
    /// # Errors
    /// Those of [`Export::check`]; [`Error::Param`] and [`Error::Input`] if the space has not what the format holds; [`Error::Io`].
    pub fn write(&self, from: Exportable, name: &Path, run: &Run) -> Result<Exported> {
        self.check()?;
        let has_words = matches!(&from, Exportable::Space(space) if space.distributions()?.is_some());
        if is_of_words(self.to) {
            return if self.to == "html" && !has_words { self.map(from, name, run) } else { self.word_axes(from, name, run) };
        }
        if self.part == Part::Axes {
            return self.axes(from, name);
        }
        let codes = &match from {
            Exportable::Codes(codes) => codes,
            Exportable::Space(space) => inputs::codes(&space, name)?,
        };
        let mut files = vec![self.path.to_owned()];
        match self.to {
            "svmlight" => svmlight(self.path, codes)?,
            "word2vec" => vectors(self.path, codes, true)?,
            "glove" => vectors(self.path, codes, false)?,
            "projector" => files = projector(self.path, codes)?,
            _ => outputs::codes(self.path, codes)?,
        }
        let shape = [("rows", codes.values.rows()), ("n_components", codes.values.cols())];
        Ok(self.exported(None, shape.map(|(name, count)| (name.to_owned(), count)).into(), files))
    }

    fn exported(&self, part: Option<Part>, shape: Vec<(String, usize)>, files: Vec<PathBuf>) -> Exported {
        let shape = shape.into_iter().map(|(name, count)| (name, json!(count))).collect();
        Exported { to: self.to.to_owned(), part, shape, files }
    }

    /// The weights of the columns in each axis, `[k, columns]`, the columns' names as the header.
    fn axes(&self, from: Exportable, name: &Path) -> Result<Exported> {
        let Exportable::Space(space) = from else {
            return Err(Error::param("part", "'axes'", format!("{} holds codes; a space has axes", name.display())));
        };
        let table = space.axes_table()?;
        outputs::observations(self.path, &table)?;
        let shape = vec![("rows".to_owned(), table.rows()), ("columns".to_owned(), table.columns())];
        Ok(self.exported(Some(Part::Axes), shape, vec![self.path.to_owned()]))
    }

    /// A map as the page in one file: codes of 2 or 3 dimensions, or a map learned from others.
    fn map(&self, from: Exportable, name: &Path, run: &Run) -> Result<Exported> {
        let method = MapMethod::new(None, Map::new())?;
        let title = name.to_string_lossy().into_owned();
        let study = Study::new(&title, run.clone(), Arc::new(Screen::new(true, Flags::default())))?;
        study.begin(move |_, run| match from {
            Exportable::Space(space) => explore::of_space(*space, &title, method),
            Exportable::Codes(Codes { values, affine, metadata }) => {
                let table = Table { numbers: values, affine, names: None, categories: Vec::new() };
                let mut observations = Observations::new(&title, Values::Table(table));
                observations.metadata = metadata;
                explore::of_observations(observations, &PrepareOptions::default(), method, run)
            }
        });
        let (data, map) = study.measured_map()?;
        let (page, rows) = (study.page_of(&data, &map)?, map.frame.rows);
        outputs::lines(self.path, |out| out.write_all(page.as_bytes()))?;
        Ok(self.exported(None, vec![("rows".to_owned(), rows)], vec![self.path.to_owned()]))
    }

    /// Axes over words, for pyLDAvis or as the page in one file.
    fn word_axes(&self, from: Exportable, name: &Path, run: &Run) -> Result<Exported> {
        let only = |found: String| Error::param("to", format!("'{}'", self.to), format!("it needs axes over words, and {found}"));
        let Exportable::Space(space) = from else { return Err(only(format!("{} is none", name.display()))) };
        if space.distributions()?.is_none() {
            return Err(only(format!("this is one of {}", space.method.title)));
        }
        let room = AxesRoom::of_space(Arc::from(space))?;
        let text = match self.to {
            "html" => standing_alone(&room.file(run)?).ok_or_else(|| {
                Error::input(name, "this program was built without its page", "`make page` builds it, then `cargo build` again")
            })?,
            _ => {
                let kept = room
                    .for_pyldavis()
                    .ok_or_else(|| Error::input(name, "this space keeps no documents", "pyLDAvis needs their proportions"))?;
                kept.to_string()
            }
        };
        outputs::lines(self.path, |out| out.write_all(text.as_bytes()))?;
        Ok(self.exported(None, vec![(room.plural(), room.k())], vec![self.path.to_owned()]))
    }
}

/// Whether a format holds axes over words, with their documents.
fn is_of_words(to: &str) -> bool {
    ["pyldavis", "html"].contains(&to)
}

/// One row per line: its id, then its numbers; word2vec's text format begins with a line of the numbers of rows and dimensions.
fn vectors(path: &Path, codes: &Codes, header: bool) -> Result<()> {
    outputs::lines(path, |out| {
        if header {
            writeln!(out, "{} {}", codes.values.rows(), codes.values.cols())?;
        }
        let mut line = String::new();
        for row in 0..codes.values.rows() {
            line.clear();
            // In these formats, spaces separate words from numbers.
            line.push_str(&codes.metadata.id(row).split_whitespace().collect::<Vec<_>>().join("_"));
            for value in shown(codes, row) {
                line.push(' ');
                line.push_str(&value);
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    })
}

/// The numbers of a row: with all digits of 64 bits where they have more than 32 hold.
fn shown(codes: &Codes, row: usize) -> impl Iterator<Item = String> {
    let is_wide = !codes.affine.is_identity();
    codes.row(row).map(move |value| if is_wide { value.to_string() } else { (value as f32).to_string() })
}

/// Rows for svmlight and libsvm, `LABEL COLUMN:VALUE …`: columns count from 1, and cells that are 0 are left out. The label is the column of this
/// name, else the only one beside ids, else 0.
fn svmlight(path: &Path, codes: &Codes) -> Result<()> {
    let (names, metadata) = (codes.metadata.names(), &codes.metadata);
    let others: Vec<usize> = (0..names.len()).filter(|&column| metadata.id != Some(column)).collect();
    let only = others.first().copied().filter(|_| others.len() == 1);
    let column = names.iter().position(|name| name == "label").or(only);
    let label = |row: usize| {
        let Some(column) = column else { return Ok("0".to_owned()) };
        let text = metadata.text(column, row).unwrap_or_default();
        if text.parse().is_ok_and(|number: f64| number.is_finite()) {
            return Ok(text);
        }
        let wrong = Error::input(&names[column], format!("the label '{text}'"), "labels of svmlight are numbers").at_row(row as u64 + 1);
        Err(wrong.with_hint("`--labels FILE:COLUMN` joins a column of numbers"))
    };
    let labels = (0..codes.values.rows()).map(label).collect::<Result<Vec<String>>>()?;
    outputs::lines(path, |out| {
        for (row, label) in labels.iter().enumerate() {
            write!(out, "{label}")?;
            for ((at, value), text) in codes.row(row).enumerate().zip(shown(codes, row)) {
                if value != 0.0 {
                    write!(out, " {}:{text}", at + 1)?;
                }
            }
            writeln!(out)?;
        }
        Ok(())
    })
}

/// Files for the Embedding Projector: vectors, and metadata, without a header for a single column.
fn projector(folder: &Path, codes: &Codes) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
    let [vectors, metadata] = outputs::PROJECTOR.map(|file| folder.join(file));
    outputs::lines(&vectors, |out| {
        for row in 0..codes.values.rows() {
            let line: Vec<String> = shown(codes, row).collect();
            writeln!(out, "{}", line.join("\t"))?;
        }
        Ok(())
    })?;
    let names = codes.metadata.names();
    let clean = |text: String| text.replace(['\t', '\n', '\r'], " ");
    outputs::lines(&metadata, |out| {
        if names.len() > 1 {
            writeln!(out, "{}", names.iter().cloned().map(clean).collect::<Vec<_>>().join("\t"))?;
        }
        for row in 0..codes.values.rows() {
            let cells: Vec<String> = match names.len() {
                0 => vec![codes.metadata.id(row)],
                many => (0..many).map(|column| clean(codes.metadata.text(column, row).unwrap_or_default())).collect(),
            };
            writeln!(out, "{}", cells.join("\t"))?;
        }
        Ok(())
    })?;
    Ok(vec![vectors, metadata])
}
