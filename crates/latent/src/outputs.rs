//! What the commands write: codes and observations, in the format that the name's ending tells; all or nothing.

use std::io::{BufWriter, Write};
use std::path::Path;

use latentspace::data::{Metadata, Observations};
use latentspace::linalg::Matrix;
use latentspace::{Codes, Error, Result, border};

/// Endings of codes.
const CODES: &str = "the name ends in .npy, .parquet or .csv, or is - for csv on standard output";

/// The format of a name.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Format {
    Npy,
    Parquet,
    Csv,
    Standard,
}

/// The format that a name's ending tells.
pub(crate) fn check(file: &str) -> Result<Format> {
    if file == "-" {
        return Ok(Format::Standard);
    }
    let path = Path::new(file);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let found = format!("the folder '{}' is not there", folder.display());
        return Err(Error::input(path, found, "results are written into folders that exist"));
    }
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("npy") => Ok(Format::Npy),
        Some("parquet") => Ok(Format::Parquet),
        Some("csv") => Ok(Format::Csv),
        _ => Err(Error::param("--output", format!("'{file}'"), CODES)),
    }
}

/// As [`check`]; standard output cannot hold both a document and a table.
pub(crate) fn check_with(file: &str, context: &crate::context::Context) -> Result<Format> {
    let format = check(file)?;
    if format == Format::Standard && context.json {
        return Err(Error::param("--output", "'-'", "with --json the rows need a file: standard output holds the document"));
    }
    Ok(format)
}

/// Writes codes in the format that the name tells.
pub(crate) fn codes(file: &str, codes: &Codes) -> Result<()> {
    codes_as(Path::new(file), check(file)?, codes)
}

/// Writes codes: coordinates `z0…`, then metadata, where the format has room for it.
pub(crate) fn codes_as(path: &Path, format: Format, codes: &Codes) -> Result<()> {
    let names: Vec<String> = (0..codes.values.cols()).map(|dim| format!("z{dim}")).collect();
    table(path, format, &names, &codes.values, &codes.metadata)
}

/// Writes observations.
pub(crate) fn observations(file: &str, observations: &Observations) -> Result<()> {
    let _ = (file, observations);
    Err(Error::internal("not yet"))
}

fn table(path: &Path, format: Format, names: &[String], values: &Matrix, metadata: &Metadata) -> Result<()> {
    match format {
        Format::Npy => border::write(path, |out| npy(out, values).map_err(|error| Error::io(path, error))),
        Format::Csv => border::write(path, |out| csv(out, names, values, metadata).map_err(|error| Error::io(path, error))),
        Format::Standard => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            match csv(&mut out, names, values, metadata).and_then(|()| out.flush()) {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io("standard output", error)),
                _ => Ok(()),
            }
        }
        Format::Parquet => Err(Error::internal("not yet")),
    }
}

fn npy(out: &mut impl Write, values: &Matrix) -> std::io::Result<()> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", values.rows(), values.cols());
    let padded = (10 + header.len() + 1).next_multiple_of(64);
    header.extend(std::iter::repeat_n(' ', padded - 11 - header.len()));
    header.push('\n');
    out.write_all(b"\x93NUMPY\x01\x00")?;
    out.write_all(&(header.len() as u16).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    values.as_slice().iter().try_for_each(|value| out.write_all(&value.to_le_bytes()))
}

fn csv(out: &mut impl Write, names: &[String], values: &Matrix, metadata: &Metadata) -> std::io::Result<()> {
    let riding = metadata.names();
    let header: Vec<String> = names.iter().chain(&riding).map(|name| quoted(name)).collect();
    writeln!(out, "{}", header.join(","))?;
    for row in 0..values.rows() {
        let numbers = values.row(row).iter().map(f32::to_string);
        let cells = (0..riding.len()).map(|column| quoted(&metadata.text(column, row).unwrap_or_default()));
        writeln!(out, "{}", numbers.chain(cells).collect::<Vec<_>>().join(","))?;
    }
    Ok(())
}

/// A cell of a csv file.
pub(crate) fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
