//! `bench_svm FILE.npy LABELS.csv:COLUMN NEW.npy [PARAM=VALUE …]`: one fit of support vector machines per line of standard input; prints its
//! seconds and those of encoding the new rows, the dual objective and the process's peak memory, as a line of JSON. Predicted labels of the
//! new rows are written to `NEW.npy.labels.csv`.

use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use latentspace::data::{PrepareOptions, Rows, read};
use latentspace::{Error, Preparation, Result, Run, Space, registry};
use serde_json::{Map, Value, json};

/// Peak memory of this process in MiB.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib: f64 = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, labels, new, params @ ..] = args.as_slice() else {
        return Err(Error::param("arguments", args.len(), "FILE.npy LABELS.csv:COLUMN NEW.npy are needed"));
    };
    let (labels, column) = labels.rsplit_once(':').unwrap_or((labels, "label"));
    let run = Run::new(0, 0)?;
    let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let mut params: Map<String, Value> =
        params.iter().filter_map(|param| param.split_once('=')).map(|(name, text)| (name.to_owned(), value(text))).collect();
    params.insert("target".to_owned(), json!(column));
    let method = registry::find("svm")?.with(&params)?;
    let options = read::ReadOptions { labels: Some((labels.into(), Some(column.to_owned()))), ..Default::default() };
    let observations = read::open(file, &options)?.read(&run)?;
    let (preparation, rows) = Preparation::choose_and_prepare(&observations, &PrepareOptions::default(), &run)?;
    let new_rows = read::open(new, &read::ReadOptions::default())?.read(&run)?;
    for _ in std::io::stdin().lock().lines() {
        let start = Instant::now();
        let (space, _) = Space::fit(&*method, preparation.clone(), &Rows::memory(&rows), &observations.metadata, &run)?;
        let seconds = start.elapsed().as_secs_f64();
        let fit_peak = peak();
        let start = Instant::now();
        let codes = space.encode(&new_rows, &run)?;
        let encode_seconds = start.elapsed().as_secs_f64();
        codes.save(Path::new(&format!("{new}.labels.csv")))?;
        let told = ["objective", "steps", "support_vectors"].map(|name| (name.to_owned(), space.facts[name].clone()));
        let mut told = Map::from_iter(told);
        told.extend([("seconds", seconds), ("encode_seconds", encode_seconds)].map(|(name, value)| (name.to_owned(), json!(value))));
        told.insert("peak_mib".to_owned(), json!(fit_peak));
        println!("{}", Value::Object(told));
    }
    Ok(())
}
