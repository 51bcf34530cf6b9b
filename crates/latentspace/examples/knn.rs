//! Finds the neighbors of the rows of a .npy file (f32, C order) and prints the seconds: `knn FILE K ALGORITHM TIMES THREADS [OUT [METRIC]]`,
//! where ALGORITHM is exact, approximate or auto. The last indices are written to OUT, n x k little-endian u32.

use std::time::Instant;

use latentspace::data::read::ReadOptions;
use latentspace::neighbors::{self, Metric};
use latentspace::run::{Listener, Run};
use latentspace::{Codes, Error, Result};

/// Prints notes to standard error.
struct Loud;
impl Listener for Loud {
    fn note(&self, text: &str) {
        eprintln!("{text}");
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, k, algorithm, times, threads, out @ ..] = &arguments[..] else {
        return Err(Error::internal("knn FILE K ALGORITHM TIMES THREADS [OUT [METRIC]]"));
    };
    let number = |text: &String| text.parse::<usize>().map_err(|_| Error::internal(format!("'{text}' is no number")));
    let (k, times, threads) = (number(k)?, number(times)?, number(threads)?);
    let run = Run::new(0, threads)?.with_listener(std::sync::Arc::new(Loud));
    let rows = Codes::open(path.as_ref(), &ReadOptions::default(), &run)?.values;
    let search = match algorithm.as_str() {
        "exact" => neighbors::exact,
        "approximate" => neighbors::approximate,
        _ => neighbors::neighbors,
    };
    let word = out.get(1).map_or("euclidean", String::as_str);
    let metric: Metric = serde_json::from_value(word.into()).map_err(|error| Error::internal(format!("METRIC: {error}")))?;
    for time in 0..times {
        let start = Instant::now();
        let found = search(rows.view(), k, metric, &run)?;
        eprintln!(
            "seconds {:.4} {} recall {:.5} [{:.5}, {:.5}]",
            start.elapsed().as_secs_f64(),
            found.algorithm,
            found.recall.value,
            found.recall.low,
            found.recall.high
        );
        if let (Some(out), true) = (out.first(), time + 1 == times) {
            std::fs::write(out, found.indices.iter().flat_map(|index| index.to_le_bytes()).collect::<Vec<u8>>())
                .map_err(|error| Error::io(out, error))?;
        }
    }
    Ok(())
}
