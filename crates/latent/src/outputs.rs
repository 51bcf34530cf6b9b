//! What the commands write: codes and observations, in the format that the name's ending tells; all or nothing.

use std::ffi::OsStr;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use latentspace::data::{Metadata, Observations, read, write};
use latentspace::{Codes, Error, Result, border};

use crate::context::Context;

/// Arguments that name what is written.
const OUTPUTS: [&str; 5] = ["output", "codes", "per-row", "moved", "picture"];

/// Endings of codes.
pub(crate) const CODES: &[&str] = &["npy", "parquet", "csv"];
/// Endings of figures of rows.
pub(crate) const FIGURES: &[&str] = CODES;
/// Endings of observations.
pub(crate) const OBSERVATIONS: &[&str] = &["npy", "parquet", "csv", "mtx"];
/// Files that the Embedding Projector loads, in the folder that is named.
pub(crate) const PROJECTOR: [&str; 2] = ["vectors.tsv", "metadata.tsv"];
/// Endings of files that are read where their folder is.
const READ_IN_FOLDERS: [&str; 12] = ["txt", "png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "mtx", "tsv", "gz"];

/// Whether a name stands for standard output.
pub(crate) fn is_standard(file: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1"].iter().any(|name| file.as_os_str() == *name)
}

/// Fails where the result is a file that cannot go to standard output.
pub(crate) fn check_file(flag: &str, file: &Path, what: &str) -> Result<()> {
    match is_standard(file) {
        true => Err(Error::param(flag, format!("'{}'", file.display()), format!("{what} needs a file of its own"))),
        false => Ok(()),
    }
}

/// Fails before anything is read where an output could not be written, is read as well, or is two outputs at once.
pub(crate) fn guard(matches: &ArgMatches) -> Result<()> {
    let mut leaf = matches;
    while let Some((_, inner)) = leaf.subcommand() {
        leaf = inner;
    }
    let projector = leaf.try_get_one::<String>("to").ok().flatten().is_some_and(|to| to == "projector");
    let (mut written, mut read): (Vec<(&str, PathBuf)>, Vec<PathBuf>) = (Vec::new(), Vec::new());
    for name in leaf.ids().map(clap::Id::as_str) {
        let Ok(Some(values)) = leaf.try_get_raw(name) else { continue };
        for value in values.filter(|value| !value.is_empty() && *value != "-") {
            match OUTPUTS.contains(&name) {
                true if projector => {
                    let folder = Path::new(value);
                    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
                    border::check_output(&there.join(PROJECTOR[0]))?;
                    written.extend(PROJECTOR.map(|file| (name, there.join(file))).into_iter().filter(|_| there == folder));
                }
                true => written.push((name, PathBuf::from(value))),
                false => read.extend(named(value)),
            }
        }
    }
    for (at, (name, path)) in written.iter().enumerate() {
        border::check_output(path)?;
        let flag = if *name == "output" { "-o".to_owned() } else { format!("--{name}") };
        let other = |hint: &str| {
            path.with_extension(path.extension().map_or_else(|| hint.into(), |ending| format!("{hint}.{}", ending.to_string_lossy())))
        };
        if read.iter().any(|input| is_input(path, input)) {
            let error = Error::input(path, format!("{flag} names a file that is read"), "what is read is never written");
            return Err(error.with_hint(format!("{flag} {}", other("new").display())));
        }
        if let Some((before, _)) = written[..at].iter().find(|(_, before)| border::same_file(path, before)) {
            let before = if *before == "output" { "-o" } else { before };
            let error = Error::input(path, format!("{flag} names the file that {before} names"), "each output has a file of its own");
            return Err(error.with_hint(format!("{flag} {}", other(name).display())));
        }
    }
    Ok(())
}

/// The files that a value may name: itself, the files of a pattern, `+FILE` in a list, FILE of `FILE:COLUMN`.
fn named(value: &OsStr) -> Vec<PathBuf> {
    let mut all = vec![PathBuf::from(value)];
    if let Some(text) = value.to_str() {
        all.extend(text.split(',').map(|part| PathBuf::from(part.trim().trim_start_matches('+'))));
        all.extend(text.rsplit_once(':').map(|(file, _)| PathBuf::from(file)));
        if text.contains(['*', '?', '[']) {
            all.extend(read::files(text).unwrap_or_default());
        }
    }
    all.retain(|path| path.exists());
    all
}

/// Whether an output is this input, or a file within it that is read where it is a folder.
fn is_input(output: &Path, input: &Path) -> bool {
    if !input.is_dir() {
        return border::same_file(output, input);
    }
    let ending = output.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let within = || Some(output.canonicalize().ok()?.starts_with(input.canonicalize().ok()?));
    READ_IN_FOLDERS.contains(&ending.as_str()) && within() == Some(true)
}

/// Fails before the work where the result could not be written in the format that its name tells.
pub(crate) fn check(flag: &str, file: &Path, endings: &[&str], context: &Context) -> Result<()> {
    if is_standard(file) || is_nameless(file) {
        return if context.json && is_standard(file) {
            Err(Error::param(flag, format!("'{}'", file.display()), "with --json the rows need a file: standard output holds the document"))
        } else {
            Ok(())
        };
    }
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if ending.is_some_and(|ending| endings.contains(&ending.as_str())) {
        return Ok(());
    }
    Err(Error::param(flag, format!("'{}'", file.display()), format!("its name must end in one of .{}", endings.join(" ."))))
}

/// Whether this is a pipe or device whose name tells no format, `/dev/stdout`: it takes csv, as standard output does.
fn is_nameless(file: &Path) -> bool {
    file.extension().is_none() && border::is_stream(file)
}

/// Writes codes: coordinates `z0…`, then metadata where the format has room for it. `-` is csv on standard output.
pub(crate) fn codes(file: &Path, codes: &Codes) -> Result<()> {
    write_or_print(file, |path| codes.save(path))
}

/// Writes observations. `-` is csv on standard output.
pub(crate) fn observations(file: &Path, observations: &Observations) -> Result<()> {
    write_or_print(file, |path| write::observations(observations, path))
}

/// Writes figures of rows, then metadata where the format has room for it. `-` is csv on standard output.
pub(crate) fn figures(file: &Path, figures: &[(&str, &[f32])], metadata: &Metadata) -> Result<()> {
    write_or_print(file, |path| write::figures(path, figures, metadata))
}

/// Writes text, line by line. `-` is standard output.
pub(crate) fn lines(file: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    if !is_standard(file) {
        return border::write(file, |out| fill(out).map_err(|error| Error::io(file, error)));
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    match fill(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io("standard output", error)),
        _ => Ok(()),
    }
}

/// Writes with what takes a path whose ending tells the format. `-` is csv on standard output.
pub(crate) fn write_or_print(file: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    if !is_standard(file) && !is_nameless(file) {
        return write(file);
    }
    let fail = |error| Error::io(file, error);
    let folder = tempfile::tempdir().map_err(fail)?;
    let path = folder.path().join("rows.csv");
    write(&path)?;
    let mut rows = std::fs::File::open(&path).map_err(fail)?;
    lines(file, |out| std::io::copy(&mut rows, out).map(|_| ()))
}

/// A cell of a csv file.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
