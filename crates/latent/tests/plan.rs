//! Told before it runs: what `--plan` tells is what a fit takes, and `--max-memory` is kept or refused with what would fit. Driven by
//! `latent methods`, whatever they are called.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use common::{Folder, npy, uniform};
use serde_json::Value;

const MIB: f64 = 1048576.0;
/// Threads of every fit here.
const THREADS: f64 = 2.0;

/// One fit at a time, so that its processor time can be told from that of others.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Processor seconds of all children that ended; none where the system does not tell.
fn children_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    // Fields 16 and 17 of all, in hundredths of a second.
    Some((fields.get(13)?.parse::<f64>().ok()? + fields.get(14)?.parse::<f64>().ok()?) / 100.0)
}

/// Rows that vary in a dozen ways along their columns, as pictures and spectra do, and a little noise.
fn waves(rows: usize, cols: usize) -> Vec<f32> {
    let wave: Vec<f32> = (0..12 * cols).map(|at| (((at / cols + 1) * (at % cols)) as f32 / 40.0 + (at / cols) as f32).sin()).collect();
    let mut cells = Vec::with_capacity(rows * cols);
    for row in 0..rows {
        let group = row % 7;
        let heights: Vec<f32> = (0..12).map(|a| (uniform(row, a) + 2.0 * uniform(1_000_003 + group, a)) as f32 / (a + 1) as f32).collect();
        for column in 0..cols {
            let height: f32 = heights.iter().enumerate().map(|(a, height)| height * wave[a * cols + column]).sum();
            cells.push(height + 0.02 * ((row * 31 + column * 17 + row * column) % 101) as f32 / 101.0);
        }
    }
    cells
}

/// The same without signs.
fn magnitudes(cells: &[f32]) -> Vec<f32> {
    cells.iter().map(|cell| cell.abs()).collect()
}

fn csv(rows: usize, cols: usize) -> String {
    let mut text: String = (0..cols).map(|column| format!("c{column},")).collect();
    text.pop();
    for row in waves(rows, cols).chunks(cols) {
        let cells: Vec<String> = row.iter().map(|cell| format!("{cell:.5}")).collect();
        text += &format!("\n{}", cells.join(","));
    }
    text + "\n"
}

fn pictures(rows: usize) -> Vec<u8> {
    let mut idx = vec![0, 0, 8, 3];
    for axis in [rows as u32, 28, 28] {
        idx.extend(axis.to_be_bytes());
    }
    idx.extend(waves(rows, 784).iter().map(|cell| (128.0 + 30.0 * cell).clamp(0.0, 255.0) as u8));
    idx
}

/// Documents of three dozen words, frequent and rare ones, each of a tenth of all subjects.
fn documents(rows: usize) -> String {
    let word = |row: usize, at: usize| {
        let (rank, subject) = ((8.0 * uniform(row, 2 * at)).exp() as usize, (10.0 * uniform(row % 500, 7_000 + at % 3)) as usize);
        if uniform(row, 2 * at + 1) < 0.4 { format!("w{rank}") } else { format!("s{subject}x{}", rank % 700) }
    };
    let line = |row: usize| (0..30 + row % 20).map(|at| word(row, at)).collect::<Vec<_>>().join(" ");
    (0..rows).map(|row| line(row) + "\n").collect()
}

/// A method that takes tables, or text.
struct Method {
    name: String,
    takes_tables: bool,
    takes_text: bool,
    folds: bool,
    /// Whether no cell may be negative.
    positive: bool,
    /// To which factor it says that it can tell: 2, or what a limit says.
    factor: f64,
    /// Flags with which no fit is long.
    quick: String,
}

fn methods(folder: &Folder) -> Vec<Method> {
    let all = folder.json("methods");
    let takes = |method: &Value, what: &str| method["takes"].as_array().unwrap().contains(&what.into());
    let quick = |method: &Value| -> String {
        let iterations = |name: &&String| ["n_iter", "n_iter_early", "n_epochs", "max_iter"].contains(&name.as_str());
        let names = method["parameters"]["properties"].as_object().unwrap().keys().filter(iterations);
        names.map(|name| format!(" --{} 30", name.replace('_', "-"))).collect()
    };
    let read = |method: &Value| {
        let limits: Vec<&str> = method["limits"].as_array().unwrap().iter().map(|limit| limit.as_str().unwrap()).collect();
        let roughly = limits.iter().find_map(|limit| limit.strip_prefix("a plan is accurate to a factor of ")?.split_once(':'));
        let (takes_tables, takes_text) = (takes(method, "table"), takes(method, "text"));
        Method {
            name: method["name"].as_str().unwrap().into(),
            takes_tables,
            takes_text,
            folds: method["folds"] == true,
            positive: method["signs"] == "non-negative",
            factor: roughly.map_or(2.0, |(factor, _)| factor.parse().unwrap()),
            quick: quick(method),
        }
    };
    all.as_array().unwrap().iter().map(read).collect()
}

/// What a fit took: bytes at the peak, seconds of learning, and the same in processor time if that is less.
struct Took {
    bytes: f64,
    seconds: f64,
    busy: f64,
}

impl Took {
    /// Whether that is what was told, but for a factor and what is too short to tell.
    fn is_near(&self, seconds: f64, factor: f64) -> bool {
        self.busy / factor - 0.3 <= seconds && seconds <= factor * self.seconds + 0.3
    }
}

fn took(folder: &Folder, line: &str) -> Took {
    let (before, begun) = (children_seconds(), Instant::now());
    let fit = folder.json(line);
    let wall = begun.elapsed().as_secs_f64();
    let seconds = fit["seconds"].as_f64().unwrap();
    // On a machine that others use, too, less is worked than time goes by.
    let share = before.zip(children_seconds()).map_or(1.0, |(before, after)| (after - before) / THREADS / wall);
    Took { bytes: fit["peak_mib"].as_f64().unwrap() * MIB, seconds, busy: seconds * share.min(1.0) }
}

#[test]
fn what_a_plan_tells_is_what_a_fit_takes() {
    let _alone = alone();
    let folder = Folder::new();
    for (name, rows, cols) in [("small.npy", 1000, 20), ("tall.npy", 40_000, 50), ("wide.npy", 12_000, 784)] {
        let cells = waves(rows, cols);
        folder.write(name, npy(rows, cols, &cells));
        folder.write(&format!("positive-{name}"), npy(rows, cols, &magnitudes(&cells)));
    }
    folder.write("table.csv", csv(20_000, 30));
    folder.write("positive-table.csv", csv(20_000, 30).replace('-', ""));
    folder.write("p-idx3-ubyte", pictures(6_000));
    folder.write("docs.txt", documents(12_000));
    let mut wrong = Vec::new();
    for method in methods(&folder) {
        // What is slow and rough is asked about less.
        let all = ["small.npy", "table.csv", "p-idx3-ubyte", "tall.npy", "wide.npy"];
        let tables = if method.takes_tables { &all[..if method.factor > 2.0 { 3 } else { 5 }] } else { &[] };
        // What takes no tables is made for words.
        let texts: &[&str] = if method.takes_text && !method.takes_tables { &["docs.txt"] } else { &[] };
        for data in tables.iter().chain(texts) {
            let positive = if method.positive && data.contains('.') && method.takes_tables { "positive-" } else { "" };
            let line = format!("fit {} {positive}{data} -o s.latent --threads 2 --quiet{}", method.name, method.quick);
            let plan = folder.json(&format!("{line} --plan"));
            let (bytes, seconds) = (plan["peak_bytes"].as_f64().unwrap(), plan["seconds"].as_f64().unwrap());
            let factor = method.factor;
            let mut all = vec![took(&folder, &line)];
            // The median of three, where one is not enough to say.
            if !all[0].is_near(seconds, factor) {
                all.extend([took(&folder, &line), took(&folder, &line)]);
                all.sort_by(|a, b| a.busy.total_cmp(&b.busy));
            }
            let took = &all[all.len() / 2];
            let told = format!(
                "{:8} {data:14} told {:6.1} MiB, took {:6.1} ({:+5.1} %); told {seconds:6.2} s, took {:6.2} ({:6.2} of processors)",
                method.name,
                bytes / MIB,
                took.bytes / MIB,
                100.0 * (took.bytes / bytes - 1.0),
                took.seconds,
                took.busy
            );
            println!("{told}");
            let apart = (took.bytes - bytes).abs();
            let near = if factor > 2.0 { took.bytes <= 1.15 * bytes && bytes <= factor * took.bytes } else { apart <= 0.15 * bytes };
            if (!near && apart > 50.0 * MIB) || !took.is_near(seconds, factor) {
                wrong.push(told);
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A fit within a limit: its peak, or the memory and the rows that are said to fit.
fn within(folder: &Folder, line: &str, mib: u64) -> Result<f64, (u64, Option<usize>)> {
    let begun = Instant::now();
    let called = folder.latent(&format!("{line} --max-memory {mib}M --json"));
    println!("{line} --max-memory {mib}M: {:.1} s", begun.elapsed().as_secs_f64());
    if called.code == Some(0) {
        let peak = serde_json::from_str::<Value>(&called.out).unwrap()["peak_mib"].as_f64().unwrap();
        assert!(peak <= 1.05 * mib as f64, "{line} --max-memory {mib}M took {peak} MiB");
        return Ok(peak);
    }
    assert_eq!((called.code, called.out.as_str()), (Some(2), ""), "{line} --max-memory {mib}M: {}", called.err);
    let (_, hint) = called.err.split_once("hint: ").unwrap_or_else(|| panic!("nothing is said to fit: {}", called.err));
    let after = |words: &str, text: &str| -> Option<usize> {
        let number: String = text.split_once(words)?.1.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
        number.replace(',', "").parse().ok()
    };
    Err((after("--max-memory ", hint).unwrap() as u64, after("a sample of ", hint)))
}

#[test]
fn a_memory_limit_is_kept_or_refused_with_what_would_fit() {
    let _alone = alone();
    let folder = Folder::new();
    folder.write("x.npy", npy(400_000, 40, &waves(400_000, 40)));
    folder.write("few.npy", npy(50_000, 40, &waves(50_000, 40)));
    folder.write("positive-few.npy", npy(50_000, 40, &magnitudes(&waves(50_000, 40))));
    // Parquet, as it comes from other tools: the same rows, as codes.
    folder.good("fit pca x.npy -o all.latent --dims 40 --codes x.parquet --quiet");
    for method in methods(&folder).into_iter().filter(|method| method.takes_tables) {
        // What holds all rows is asked about fewer: each limit under which it fits takes a fit.
        let data: &[&str] = if method.folds {
            &["x.npy", "x.parquet"]
        } else if method.positive {
            &["positive-few.npy"]
        } else {
            &["few.npy"]
        };
        for data in data {
            let line = format!("fit {} {data} -o s.latent --threads 2 --quiet{}", method.name, method.quick);
            let mut fitted = None;
            // Up to the first limit that is enough, and once with plenty.
            for mib in [8, 30, 60, 90, 120, 150, 200, 320] {
                if fitted.is_some() && mib < 320 {
                    continue;
                }
                match within(&folder, &line, mib) {
                    Ok(_) => {
                        fitted = fitted.or(Some(mib));
                        if !method.folds {
                            break;
                        }
                    }
                    Err((needed, rows)) => {
                        assert!(fitted.is_none() && needed > mib, "{line} --max-memory {mib}M was refused, and less was enough");
                        // What is said to fit does.
                        if let Some(rows) = rows.filter(|_| mib == 90) {
                            let some = if method.positive { magnitudes(&waves(rows, 40)) } else { waves(rows, 40) };
                            folder.write("some.npy", npy(rows, 40, &some));
                            let line = line.replace(data, "some.npy");
                            assert!(within(&folder, &line, mib).is_ok(), "{line}: {rows} rows were said to fit into {mib} MiB");
                        }
                        if method.folds && mib == 8 {
                            assert!(within(&folder, &line, needed).is_ok(), "{line}: {needed} MiB were said to do");
                        }
                    }
                }
            }
            if method.folds {
                // Rows that stream by are read again in each round: that is told, too.
                let mib = fitted.unwrap_or_else(|| panic!("{line}: rows that stream by take less than 320 MiB"));
                let line = format!("{line} --max-memory {mib}M");
                let plan = folder.json(&format!("{line} --plan"));
                assert!(plan["algorithm"].as_str().unwrap().contains("streaming"), "{line}: {plan}");
                let seconds = plan["seconds"].as_f64().unwrap();
                let mut all = vec![took(&folder, &line)];
                // Two of three, where one is not enough to say.
                if !all[0].is_near(seconds, method.factor) {
                    all.extend([took(&folder, &line), took(&folder, &line)]);
                }
                let near = all.iter().filter(|took| took.is_near(seconds, method.factor)).count();
                let seconds_taken: Vec<f64> = all.iter().map(|took| took.seconds).collect();
                assert!(2 * near > all.len(), "{line}: told {seconds} s, took {seconds_taken:?}");
            }
        }
    }
}
