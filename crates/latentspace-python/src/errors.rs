//! The library's errors as Python exceptions, with the same message.

use latentspace::Error;
use pyo3::create_exception;
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

create_exception!(latentspace, ParamError, PyValueError, "A parameter that cannot be used: what was given, and what is allowed.");
create_exception!(latentspace, InputError, PyValueError, "Data or a file that cannot be used: where, what was found, and what is allowed.");

/// The exception of an error: its message, then its hint on a separate line.
pub(crate) fn exception(error: Error) -> PyErr {
    let mut text = error.to_string();
    if let Some(hint) = error.hint() {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    match error {
        Error::Param(_) => ParamError::new_err(text),
        Error::Input(_) => InputError::new_err(text),
        // The kind of a system error determines the subclass: FileNotFoundError, PermissionError.
        Error::Io { source, .. } => std::io::Error::new(source.kind(), text).into(),
        Error::Cancelled => PyKeyboardInterrupt::new_err(text),
        Error::Memory { .. } => PyMemoryError::new_err(text),
        Error::Internal(_) => PyRuntimeError::new_err(text),
    }
}
