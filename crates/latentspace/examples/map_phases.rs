//! Learns a map of an array and prints the seconds of each phase:
//! `cargo run --release --example map_phases -- METHOD rows.npy map.npy [threads] [seed=N] [name=value]...`

use std::sync::{Arc, Mutex};
use std::time::Instant;

use latentspace::data::read::{self, ReadOptions};
use latentspace::data::{Preparation, PrepareOptions, Rows};
use latentspace::run::{Listener, Progress};
use latentspace::{Codes, Run, Space, registry};
use serde_json::{Map, Value, json};

/// Records the start of each stage.
struct Clock {
    since: Instant,
    stages: Mutex<Vec<(String, f64)>>,
}

impl Listener for Clock {
    fn progress(&self, progress: &Progress<'_>) {
        if let Ok(mut stages) = self.stages.lock()
            && stages.last().is_none_or(|(stage, _)| stage != progress.stage)
        {
            stages.push((progress.stage.to_owned(), self.since.elapsed().as_secs_f64()));
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [method, from, to, rest @ ..] = arguments.as_slice() else {
        return Err("METHOD rows.npy map.npy [threads] [seed=N] [name=value]...".into());
    };
    let threads = rest.iter().find_map(|word| word.parse().ok()).unwrap_or(0);
    let mut params: Map<String, Value> = rest
        .iter()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
        .collect();

    let seed = params.remove("seed").and_then(|seed| seed.as_u64()).unwrap_or(0);
    let quiet = Run::new(seed, threads)?;
    let observations = read::open(from, &ReadOptions::default())?.read(&quiet)?;
    let preparation = Preparation::choose(&observations, &PrepareOptions::default(), &quiet)?;
    let prepared = preparation.prepare(&observations, &quiet)?;
    let (rows, cols) = (prepared.rows(), prepared.cols());
    let method = registry::find(method)?.with(&params)?;

    let clock = Arc::new(Clock { since: Instant::now(), stages: Mutex::default() });
    let run = quiet.with_listener(clock.clone());
    let (space, codes) = Space::fit(method.as_ref(), preparation, &Rows::memory(&prepared), &observations.metadata, &run)?;
    let end = clock.since.elapsed().as_secs_f64();
    let codes = codes.ok_or("no codes")?;

    let stages = clock.stages.lock().map_err(|_| "a listener panicked")?.clone();
    let ends = stages.iter().skip(1).map(|stage| stage.1).chain([end]);
    let phases: Vec<Value> = stages.iter().zip(ends).map(|(stage, end)| json!([stage.0, end - stage.1])).collect();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    let plan = method.plan(latentspace::method::Shape::new(rows, cols), &run);
    let told = json!({
        "rows": rows, "columns": cols, "threads": run.threads(), "seconds": end, "phases": phases, "peak_mib": peak.map(|kib| kib / 1024.0),
        "plan": plan, "facts": space.facts, "measures": space.measures,
    });
    println!("{}", serde_json::to_string(&told)?);

    Ok(Codes::new(codes, observations.metadata).save(to.as_ref())?)
}
