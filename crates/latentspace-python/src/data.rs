//! Data from Python: a file, which may be larger than memory, or rows.

use latentspace::data::{Preparation, PrepareOptions, ReadOptions, Source, read};
use latentspace::{Result, Run};
use pyo3::prelude::*;

use crate::errors::exception;
use crate::rows::{Rows, prepare_options, read_options};

/// A file with its options, or rows in memory.
#[pyclass(frozen, module = "latentspace._native")]
pub(crate) struct Data {
    form: Form,
    options: PrepareOptions,
}

enum Form {
    File { path: String, read: Box<ReadOptions> },
    Rows(Py<Rows>),
}

#[pymethods]
impl Data {
    /// A file, a folder or a pattern; options of reading and of the preparation as JSON.
    #[staticmethod]
    fn file(path: String, read: Option<&str>, prepare: Option<&str>) -> PyResult<Self> {
        let options = prepare_options(prepare).map_err(exception)?;
        Ok(Data { form: Form::File { path, read: Box::new(read_options(read).map_err(exception)?) }, options })
    }

    /// Rows in memory.
    #[staticmethod]
    fn rows(rows: Bound<'_, Rows>) -> Self {
        let options = rows.get().options();
        Data { form: Form::Rows(rows.unbind()), options }
    }
}

impl Data {
    /// Their source; `preparation` is that of the space that they are for.
    pub(crate) fn source(&self, preparation: Option<&Preparation>, wants_text: bool, run: &Run) -> Result<Source> {
        match &self.form {
            Form::File { path, read } => {
                let mut read = (**read).clone();
                read.preparation = preparation.cloned();
                read.wants_text |= wants_text;
                let source = read::open(path, &read)?;
                source.tell(run);
                Ok(source)
            }
            Form::Rows(rows) => Ok(Source::of(rows.get().read(preparation, run)?)),
        }
    }

    /// Their preparation.
    pub(crate) fn options(&self) -> &PrepareOptions {
        &self.options
    }
}
