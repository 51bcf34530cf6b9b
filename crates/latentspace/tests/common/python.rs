//! The Python of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python that has numpy: the one that `PYTHON` names, the one that `make python` sets up, or the system's.
///
/// # Panics
/// If there is none: what was not tested must not pass in silence.
pub(crate) fn with_numpy() -> PathBuf {
    let asked = std::env::var_os("PYTHON").map(PathBuf::from);
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/python/bin/python");
    let has_numpy = |python: &PathBuf| Command::new(python).args(["-c", "import numpy"]).output().is_ok_and(|found| found.status.success());
    match asked.into_iter().chain([made, PathBuf::from("python3")]).find(has_numpy) {
        Some(python) => python,
        None => panic!("no python3 with numpy is here, so its reader of space files was not tested: `make python` sets one up in .cache"),
    }
}
