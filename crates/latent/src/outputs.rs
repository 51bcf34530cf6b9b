//! What the commands write: codes and observations, in the format that the name's ending tells; all or nothing.

use std::path::Path;

use latentspace::data::{Metadata, Observations, write};
use latentspace::{Codes, Error, Result};

use crate::context::Context;

/// Endings of codes.
pub(crate) const CODES: &[&str] = &["npy", "parquet", "csv"];
/// Endings of figures of rows.
pub(crate) const FIGURES: &[&str] = CODES;
/// Endings of observations.
pub(crate) const OBSERVATIONS: &[&str] = &["npy", "parquet", "csv", "mtx"];

/// Fails before the work where the result could not be written after it.
pub(crate) fn check(flag: &str, file: &str, endings: &[&str], context: &Context) -> Result<()> {
    if file == "-" {
        return if context.json {
            Err(Error::param(flag, "'-'", "with --json the rows need a file: standard output holds the document"))
        } else {
            Ok(())
        };
    }
    let path = Path::new(file);
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if !ending.is_some_and(|ending| endings.contains(&ending.as_str())) {
        return Err(Error::param(flag, format!("'{file}'"), format!("its name must end in one of .{}", endings.join(" ."))));
    }
    folder_of(path)
}

/// Fails where the folder of a file is not there.
pub(crate) fn folder_of(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(());
    }
    Err(Error::input(path, format!("the folder '{}' is not there", folder.display()), "results are written into folders that exist"))
}

/// Writes codes: coordinates `z0…`, then metadata where the format has room for it. `-` is csv on standard output.
pub(crate) fn codes(file: &str, codes: &Codes) -> Result<()> {
    write_or_print(file, |path| codes.save(path))
}

/// Writes observations. `-` is csv on standard output.
pub(crate) fn observations(file: &str, observations: &Observations) -> Result<()> {
    write_or_print(file, |path| write::observations(observations, path))
}

/// Writes figures of rows, then metadata where the format has room for it. `-` is csv on standard output.
pub(crate) fn figures(file: &str, figures: &[(&str, &[f32])], metadata: &Metadata) -> Result<()> {
    write_or_print(file, |path| write::figures(path, figures, metadata))
}

fn write_or_print(file: &str, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if file != "-" {
        return write(Path::new(file));
    }
    let fail = |error| Error::io("standard output", error);
    let folder = tempfile::tempdir().map_err(fail)?;
    let path = folder.path().join("rows.csv");
    write(&path)?;
    let mut rows = std::fs::File::open(&path).map_err(fail)?;
    match std::io::copy(&mut rows, &mut std::io::stdout().lock()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(fail(error)),
        _ => Ok(()),
    }
}

/// A cell of a csv file.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
