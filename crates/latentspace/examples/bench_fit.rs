//! `bench_fit DATA METHOD [PARAMETERS as JSON]`: one fit per line of standard input, which may name a space file to be written; prints the fit's seconds,
//! facts and measures as a line of JSON.

use std::io::BufRead;
use std::time::Instant;

use latentspace::data::{PrepareOptions, Rows, read};
use latentspace::{Error, Preparation, Run, Space, registry};
use serde_json::{Map, Value, json};

fn main() -> latentspace::Result<()> {
    let mut args = std::env::args().skip(1);
    let (file, method) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
    let params: Map<String, Value> = match args.next() {
        Some(text) => serde_json::from_str(&text).map_err(|error| Error::param("parameters", text, error.to_string()))?,
        None => Map::new(),
    };
    let run = Run::new(0, 0)?;
    let observations = read::open(&file, &read::ReadOptions::default())?.read(&run)?;
    let preparation = Preparation::choose(&observations, &PrepareOptions::default(), &run)?;
    let prepared = preparation.prepare(&observations, &run)?;
    let method = registry::find(&method)?.with(&params)?;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let start = Instant::now();
        let fitted = method.fit(&Rows::memory(&prepared), &run)?;
        let seconds = start.elapsed().as_secs_f64();
        let measures: Map<String, Value> =
            fitted.measures.iter().map(|(name, measure)| ((*name).to_owned(), json!(measure.value))).collect();
        let facts = fitted.facts.clone();
        if line.ends_with(".latent") {
            let (space, _) = Space::fit(&*method, preparation.clone(), &Rows::memory(&prepared), &observations.metadata, &run)?;
            space.save(line.as_ref())?;
        }
        println!("{}", json!({ "seconds": seconds, "facts": facts, "measures": measures }));
    }
    Ok(())
}
