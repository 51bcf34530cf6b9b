//! Outputs of the commands: codes and observations, in the format of the file extension; written atomically.

use std::ffi::OsStr;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use latentspace::data::{Metadata, Observations, read, write};
use latentspace::{Codes, Error, Result, border};

use crate::context::Context;

/// Arguments that name outputs.
const OUTPUTS: [&str; 6] = ["output", "codes", "per-row", "moved", "picture", "annotations"];

/// Extensions for codes.
pub(crate) const CODES: &[&str] = &["npy", "parquet", "csv"];
/// Extensions for values per row.
pub(crate) const FIGURES: &[&str] = CODES;
/// Extensions for observations.
pub(crate) const OBSERVATIONS: &[&str] = &["npy", "parquet", "csv", "mtx"];
/// Files for the Embedding Projector, in the named folder.
pub(crate) const PROJECTOR: [&str; 2] = ["vectors.tsv", "metadata.tsv"];
/// Extensions of files that are read with their folder.
const READ_IN_FOLDERS: [&str; 12] = ["txt", "png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "mtx", "tsv", "gz"];

/// Whether a name means standard output.
pub(crate) fn is_standard(file: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1"].iter().any(|name| file.as_os_str() == *name)
}

/// Refuses standard output for a result that needs a file.
pub(crate) fn check_file(flag: &str, file: &Path, what: &str) -> Result<()> {
    match is_standard(file) {
        true => Err(Error::param(flag, format!("'{}'", file.display()), format!("{what} must be written to a file"))),
        false => Ok(()),
    }
}

/// Refuses what is no folder, and a folder with other files than those that are written.
pub(crate) fn check_folder(flag: &str, folder: &Path, written: &[&str]) -> Result<()> {
    let wrong =
        |found: String| Err(Error::param(flag, found, "it takes a new folder, or one that it wrote before; one file ends in .html"));
    if !folder.exists() {
        return Ok(());
    }
    if !folder.is_dir() {
        return wrong(format!("'{}', a file,", folder.display()));
    }
    for entry in std::fs::read_dir(folder).map_err(|error| Error::io(folder, error))? {
        let name = entry.map_err(|error| Error::io(folder, error))?.file_name();
        if !written.iter().any(|known| name == **known) {
            return wrong(format!("'{}', a folder with the file '{}',", folder.display(), name.to_string_lossy()));
        }
    }
    Ok(())
}

/// Before anything is read, refuses outputs that cannot be written, that are also inputs, or that have the same name.
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
            let error = Error::input(path, format!("{flag} names a file that is read"), "inputs are never overwritten");
            return Err(error.with_hint(format!("{flag} {}", other("new").display())));
        }
        if let Some((before, _)) = written[..at].iter().find(|(_, before)| border::same_file(path, before)) {
            let before = if *before == "output" { "-o" } else { before };
            let error = Error::input(path, format!("{flag} names the file that {before} names"), "each output needs its own file");
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

/// Whether an output is this input, or a file within it if it is a folder.
fn is_input(output: &Path, input: &Path) -> bool {
    if !input.is_dir() {
        return border::same_file(output, input);
    }
    let ending = output.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let within = || Some(output.canonicalize().ok()?.starts_with(input.canonicalize().ok()?));
    READ_IN_FOLDERS.contains(&ending.as_str()) && within() == Some(true)
}

/// Before the work, refuses a name without an extension of a supported format, and standard output if it holds a document.
pub(crate) fn check(flag: &str, file: &Path, endings: &[&str], context: &Context) -> Result<()> {
    if context.json && is_standard(file) {
        return Err(Error::param(
            flag,
            format!("'{}'", file.display()),
            "with --json the rows need a file: standard output holds the document",
        ));
    }
    check_ending(flag, file, endings)
}

/// Refuses a name without an extension of a supported format; standard output and devices have none.
pub(crate) fn check_ending(flag: &str, file: &Path, endings: &[&str]) -> Result<()> {
    if is_standard(file) || is_nameless(file) {
        return Ok(());
    }
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    if ending.is_some_and(|ending| endings.contains(&ending.as_str())) {
        return Ok(());
    }
    Err(Error::param(flag, format!("'{}'", file.display()), format!("its name must end in one of .{}", endings.join(" ."))))
}

/// Whether this is a pipe or device without an extension, such as `/dev/stdout`: its format is csv, as for standard output.
fn is_nameless(file: &Path) -> bool {
    file.extension().is_none() && border::is_stream(file)
}

/// Writes codes: coordinates `z0…`, then metadata if the format allows it. `-` is csv on standard output.
pub(crate) fn codes(file: &Path, codes: &Codes) -> Result<()> {
    write_or_print(file, |path| codes.save(path))
}

/// Writes observations. `-` is csv on standard output.
pub(crate) fn observations(file: &Path, observations: &Observations) -> Result<()> {
    write_or_print(file, |path| write::observations(observations, path))
}

/// Writes values per row, then metadata if the format allows it. `-` is csv on standard output.
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

/// Writes with a function that takes a path with an extension. `-` is csv on standard output.
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
