//! Measures a map against the rows it was made from and tells the seconds: `measure MAP.npy DATA.npy TIMES`.

use std::time::Instant;

use latentspace::linalg::Matrix;
use latentspace::measure::{MeasureOptions, measure, measure_with, sentences};
use latentspace::neighbors::{self, Metric};
use latentspace::{Error, Result, Run};

fn read(path: &str) -> Result<Matrix> {
    let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
    let file = npyz::NpyFile::new(&bytes[..]).map_err(|error| Error::io(path, error))?;
    let (rows, cols) = (file.shape()[0] as usize, file.shape()[1] as usize);
    Matrix::new(rows, cols, file.into_vec::<f32>().map_err(|error| Error::io(path, error))?)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [map, data, times] = &arguments[..] else {
        return Err(Error::internal("measure MAP.npy DATA.npy TIMES"));
    };
    let (map, data) = (read(map)?, read(data)?);
    let run = Run::new(0, 0)?;
    let known = neighbors::neighbors(data.view(), 15, Metric::Euclidean, &run)?;
    for _ in 0..times.parse().unwrap_or(1) {
        let start = Instant::now();
        let found = measure(map.view(), data.view(), &MeasureOptions::default(), &run)?;
        let alone = start.elapsed().as_secs_f64();
        let start = Instant::now();
        measure_with(map.view(), data.view(), &known, &MeasureOptions::default(), &run)?;
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
