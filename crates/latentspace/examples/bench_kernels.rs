//! `bench_kernels METHOD FILE.npy NEW.npy [PARAM=VALUE …]`: one fit per line of standard input; prints its seconds and those of encoding
//! the new rows, eigenvalues if there are any, and the process's peak memory, as a line of JSON. Codes of the new rows are written to
//! `NEW.npy.codes.npy`, and what they decode to to `NEW.npy.back.npy`, where the method decodes.

use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use latentspace::data::{Metadata, PrepareOptions, Rows, read};
use latentspace::linalg::{Matrix, OwnedRows};
use latentspace::tensors::Tensors;
use latentspace::{Codes, Error, Preparation, Result, Run, registry};
use serde_json::{Map, Value, json};

fn rows(file: &str, run: &Run) -> Result<OwnedRows> {
    let observations = read::open(file, &read::ReadOptions::default())?.read(run)?;
    Preparation::choose(&observations, &PrepareOptions::default(), run)?.prepare(&observations, run)
}

/// Peak memory of this process in MiB.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: f64 = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

fn save(table: Matrix, file: &str) -> Result<()> {
    let rows = table.rows();
    Codes::new(table, Metadata::none(rows)).save(Path::new(file))
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [method, file, new, params @ ..] = args.as_slice() else {
        return Err(Error::param("arguments", args.len(), "METHOD FILE.npy NEW.npy are needed"));
    };
    let run = Run::new(0, 0)?;
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let params: Map<String, Value> =
        params.iter().filter_map(|param| param.split_once('=')).map(|(name, text)| (name.to_owned(), value(text))).collect();
    let method = registry::find(method)?.with(&params)?;
    let (fitted_rows, new_rows) = (rows(file, &run)?, rows(new, &run)?);
    for _ in std::io::stdin().lock().lines() {
        let start = Instant::now();
        let fitted = method.fit(&Rows::memory(&fitted_rows), &run)?;
        let seconds = start.elapsed().as_secs_f64();
        let fit_peak = peak();
        let start = Instant::now();
        let codes = fitted.model.encode(&new_rows, &run)?;
        let encode_seconds = start.elapsed().as_secs_f64();
        let mut tensors = Tensors::default();
        fitted.model.store(&mut tensors)?;
        let eigenvalues = tensors.f64("eigenvalues", None).map(<[f64]>::to_vec).unwrap_or_default();
        if method.info().decodes {
            save(fitted.model.decode(&codes, &run)?, &format!("{new}.back.npy"))?;
        }
        save(codes, &format!("{new}.codes.npy"))?;
        let told = json!({"seconds": seconds, "encode_seconds": encode_seconds, "peak_mib": fit_peak, "eigenvalues": eigenvalues});
        println!("{told}");
    }
    Ok(())
}
