//! Reads a file as a table and prints its content: `read_table FILE [THREADS]`.

use std::time::Instant;

use latentspace::Run;
use latentspace::data::read::{ReadOptions, open};
use latentspace::data::{Preparation, PrepareOptions};

fn main() -> latentspace::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(path) = arguments.next() else {
        eprintln!("a file is needed");
        std::process::exit(2);
    };
    let threads = arguments.next().and_then(|threads| threads.parse().ok()).unwrap_or(0);
    let run = Run::new(0, threads)?;
    let start = Instant::now();
    let source = open(&path, &ReadOptions::default())?;
    let opened = start.elapsed();
    let observed = source.read(&run)?;
    let read = start.elapsed();
    let preparation = Preparation::choose(&observed, &PrepareOptions::default(), &run)?;
    let chosen = start.elapsed();
    let prepared = preparation.prepare(&observed, &run)?;
    let all = start.elapsed();
    eprintln!("{}: {} of {} rows and {} columns", source.name(), observed.values.kind(), prepared.rows(), prepared.cols());
    eprintln!(
        "seconds: opened {:.4}, read {:.4}, preparation chosen {:.4}, prepared {:.4}",
        opened.as_secs_f64(),
        read.as_secs_f64(),
        chosen.as_secs_f64(),
        all.as_secs_f64()
    );
    for note in source.notes().iter().chain(&preparation.told) {
        eprintln!("{note}");
    }
    Ok(())
}
