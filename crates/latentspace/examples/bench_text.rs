//! Times the learning of a vocabulary and the counting of words, once per line of standard input: `bench_text FILE THREADS FOLDER`.
//!
//! Reading the file is not timed. Prints seconds, documents, words and cells, and writes the counts on request.

use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use latentspace::data::Values;
use latentspace::data::read::{ReadOptions, open};
use latentspace::text::{Limit, StopWords, TextOptions, Tokens, learn};
use latentspace::{Error, Run};

fn main() -> latentspace::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, threads, out] = arguments.as_slice() else {
        eprintln!("a file, threads and a folder for the counts are needed");
        std::process::exit(2);
    };
    let run = Run::new(0, threads.parse().unwrap_or(0))?;
    let Values::Text(texts) = open(path, &ReadOptions::default())?.read(&run)?.values else {
        return Err(Error::input(path, "no text", "a file of documents is needed"));
    };
    let options = TextOptions {
        tokens: Tokens::Runs,
        keep_numbers: true,
        stop_words: StopWords::None,
        min_df: Some(Limit::Count(5)),
        max_df: Some(Limit::Share(1.0)),
        max_words: Some(usize::MAX),
        ..TextOptions::default()
    };
    let io = |error| Error::io(out, error);
    for line in std::io::stdin().lock().lines() {
        let begun = Instant::now();
        let learned = learn(texts.as_ref(), &options, true, &run)?;
        let seconds = begun.elapsed().as_secs_f64();
        let Some(counts) = learned.counts else { return Err(Error::internal("counts are kept")) };
        println!(
            "{{\"seconds\": {seconds}, \"rows\": {}, \"words\": {}, \"cells\": {}}}",
            counts.rows(),
            counts.cols,
            counts.indices.len()
        );
        std::io::stdout().flush().map_err(io)?;
        if line.map_err(io)? == "write" {
            let words: Vec<&str> = (0..learned.vocabulary.len() as u32).map(|word| learned.vocabulary.word(word)).collect();
            let starts: Vec<u8> = counts.starts.iter().flat_map(|start| (*start as u64).to_le_bytes()).collect();
            let indices: Vec<u8> = counts.indices.iter().flat_map(|word| word.to_le_bytes()).collect();
            let values: Vec<u8> = counts.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            for (name, bytes) in [("words", words.join("\n").as_bytes()), ("starts", &starts), ("indices", &indices), ("values", &values)] {
                std::fs::write(std::path::Path::new(out).join(name), bytes).map_err(io)?;
            }
            println!("written");
        }
    }
    Ok(())
}
