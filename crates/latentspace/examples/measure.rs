//! Measures a map against its rows and prints the seconds: `measure MAP.npy DATA.npy TIMES`.

use std::time::Instant;

use latentspace::data::read::ReadOptions;
use latentspace::measure::{MeasureOptions, measure, measure_with, sentences};
use latentspace::neighbors::{self, Metric, Points};
use latentspace::{Codes, Error, Result, Run};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [map, data, times] = &arguments[..] else {
        return Err(Error::internal("measure MAP.npy DATA.npy TIMES"));
    };
    let run = Run::new(0, 0)?;
    let read = |path: &String| Codes::open(path.as_ref(), &ReadOptions::default(), &run).map(|codes| codes.values);
    let (map, data) = (read(map)?, read(data)?);
    let known = neighbors::neighbors(data.view(), 15, Metric::Euclidean, &run)?;
    for _ in 0..times.parse().unwrap_or(1) {
        let start = Instant::now();
        let found = measure(map.view(), data.view(), &MeasureOptions::default(), &run)?;
        let alone = start.elapsed().as_secs_f64();
        let start = Instant::now();
        measure_with(map.view(), &Points::Dense(data.view()), &known, &MeasureOptions::default(), &run)?;
        let with = start.elapsed().as_secs_f64();
        let start = Instant::now();
        neighbors::exact(map.view(), 15, Metric::Euclidean, &run)?;
        eprintln!("seconds {alone:.3}, with the recall of every row {with:.3}, neighbors in the map {:.3}", start.elapsed().as_secs_f64());
        for (name, measure) in found.named() {
            eprintln!("  {name} {measure:?}");
        }
        eprintln!("  {:?}", sentences(&found, map.rows(), map.cols()));
    }
    Ok(())
}
