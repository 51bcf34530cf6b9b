//! `bench_pca FILE.npy K`: one fit per line of standard input; prints its seconds and variances as a line of JSON.

use std::io::BufRead;
use std::time::Instant;

use latentspace::data::{PrepareOptions, Rows, read};
use latentspace::linalg::OwnedRows;
use latentspace::method::AnyMethod;
use latentspace::methods::linear::pca::Pca;
use latentspace::params::Auto;
use latentspace::tensors::Tensors;
use latentspace::{Preparation, Run};

fn main() -> latentspace::Result<()> {
    let mut args = std::env::args().skip(1);
    let (file, k) = (args.next().unwrap_or_default(), args.next().and_then(|k| k.parse().ok()).unwrap_or(50));
    let run = Run::new(0, 0)?;
    let observations = read::open(&file, &read::ReadOptions::default())?.read(&run)?;
    let prepared: OwnedRows = Preparation::choose(&observations, &PrepareOptions::default(), &run)?.prepare(&observations, &run)?;
    let method = Pca { n_components: Auto::Value(k), ..Pca::default() };
    for _ in std::io::stdin().lock().lines() {
        let start = Instant::now();
        let fitted = method.fit(&Rows::memory(&prepared), &run)?;
        let seconds = start.elapsed().as_secs_f64();
        let mut tensors = Tensors::default();
        fitted.model.store(&mut tensors)?;
        let (variances, explained) = (tensors.f64("variances", None)?, fitted.measures[0].1.value);
        println!("{}", serde_json::json!({ "seconds": seconds, "explained_variance": explained, "variances": variances }));
    }
    Ok(())
}
