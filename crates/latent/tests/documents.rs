//! Every command that the README and the docs show is run as it stands there, on small files of the names that it uses.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
#[path = "../../latentspace/tests/common/python.rs"]
mod python;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Folder, clouds};

/// Programs whose lines set a machine up; what they do is tested by running them on a clean one.
const NOT_RUN: &[&str] = &["make", "pip", "npm", "npx", "cargo"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The documents, by their names.
fn documents() -> Vec<(String, String)> {
    let docs =
        std::fs::read_dir(root().join("docs")).unwrap().map(|entry| format!("docs/{}", entry.unwrap().file_name().to_string_lossy()));
    let mut names: Vec<String> = docs.filter(|name| name.ends_with(".md")).collect();
    names.sort();
    names.insert(0, "README.md".to_owned());
    names.into_iter().map(|name| (name.clone(), std::fs::read_to_string(root().join(name)).unwrap())).collect()
}

/// The lines of a document's blocks of code, without their comments. Blocks of Python are run by the package's own tests.
fn code(text: &str) -> Vec<&str> {
    let (mut fenced, mut python) = (false, false);
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
            python = fenced && line == "```python";
        } else if python {
            continue;
        } else if fenced || line.starts_with("    ") {
            lines.push(line.split("  #").next().unwrap().trim());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The files that the documents speak of.
fn prepared() -> Folder {
    let folder = Folder::new();
    let table = |rows: usize, first: usize| {
        let values = clouds(first + rows, 12, 4);
        let names: Vec<String> = (0..12).map(|column| format!("size{column}")).collect();
        let mut text = format!("name,{},kind\n", names.join(","));
        for row in first..first + rows {
            let cells: Vec<String> = values[12 * row..12 * (row + 1)].iter().map(f32::to_string).collect();
            text.push_str(&format!("row {row},{},{}\n", cells.join(","), ["a", "b", "c", "d"][row % 4]));
        }
        text
    };
    folder.write("table.csv", table(400, 0));
    folder.write("new.csv", table(30, 400));
    // Documents of three kinds of words.
    let words = |document: usize| (0..40).map(move |at| format!("{}{}", ["star", "gene", "bank"][document % 3], (at * at + document) % 17));
    let lines =
        |from: usize, to: usize| (from..to).map(|document| words(document).collect::<Vec<_>>().join(" ") + "\n").collect::<String>();
    folder.write("docs.txt", lines(0, 200));
    folder.write("new.txt", lines(200, 240));
    std::fs::create_dir(folder.file("pictures")).unwrap();
    for picture in 0..120_u32 {
        let pixels = image::GrayImage::from_fn(8, 8, |x, y| image::Luma([(x * y * 3 + 40 * (picture % 3) + picture) as u8]));
        pixels.save(folder.file(&format!("pictures/{picture}.png"))).unwrap();
    }
    folder.good("fit pca table.csv -o t.latent --codes t.npy --quiet");
    folder.good("decode t.latent t.npy -o table.parquet --quiet");
    ["t.latent", "t.npy"].into_iter().for_each(|name| std::fs::remove_file(folder.file(name)).unwrap());
    std::os::unix::fs::symlink(root().join("docs"), folder.file("docs")).unwrap();
    folder
}

/// A line in a shell, in the folder; `latent` is the binary under test.
fn shell(folder: &Folder, line: &str) -> Command {
    let binaries = Path::new(env!("CARGO_BIN_EXE_latent")).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(binaries).chain(std::env::split_paths(&path))).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder.path()).env("PATH", path).stdin(Stdio::null());
    command
}

/// Runs a line, which must succeed and write what it says it writes.
fn run(folder: &Folder, place: &str, line: &str) {
    let called = shell(folder, line).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&called.stdout), String::from_utf8_lossy(&called.stderr));
    assert!(called.status.success(), "{place}: {line}\n{out}\n{err}");
    let words: Vec<&str> = line.split_whitespace().collect();
    for pair in words.windows(2).filter(|pair| ["-o", "--output", "--codes", "--per-row", "--moved", "--save"].contains(&pair[0])) {
        assert!(pair[1] == "-" || folder.file(pair[1]).exists(), "{place}: {line}\ndid not write {}", pair[1]);
    }
}

/// Starts a line that serves the page, reads its address, asks it once, and interrupts it.
fn serve(folder: &Folder, place: &str, line: &str) {
    let mut child = shell(folder, &format!("exec {line} --no-open --port 0 --quiet")).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told = lines.find(|told| told.contains("http://")).unwrap_or_else(|| panic!("{place}: {line}\ntold no address"));
    let address = told.split("http://").nth(1).unwrap().split(['/', ' ']).next().unwrap();
    let begun = Instant::now();
    let mut phase = String::new();
    while !phase.contains(r#""phase":"done""#) {
        assert!(begun.elapsed() < Duration::from_secs(60) && !phase.contains(r#""phase":"failed""#), "{place}: {line}\n{phase}");
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET /api/state HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        phase.clear();
        stream.read_to_string(&mut phase).unwrap();
        assert!(phase.starts_with("HTTP/1.1 200"), "{place}: {line}\n{phase}");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130), "{place}: {line}");
}

#[cfg(unix)]
#[test]
fn every_command_of_the_documents_runs() {
    let folder = prepared();
    let mut ran = 0;
    for (place, text) in documents() {
        for line in code(&text) {
            match line.split_whitespace().next().unwrap() {
                "latent" if (line.starts_with("latent explore ") && !line.contains("--save")) || line.starts_with("latent demo") => {
                    serve(&folder, &place, line)
                }
                "latent" => run(&folder, &place, line),
                "python3" => run(&folder, &place, &line.replacen("python3", &python::with_numpy().to_string_lossy(), 1)),
                program if NOT_RUN.contains(&program) => continue,
                // Blocks of the README are commands; those of the docs also show what files and answers hold.
                program => {
                    assert!(place != "README.md", "{place}: {line}\n'{program}' is neither run here nor among {NOT_RUN:?}");
                    continue;
                }
            }
            ran += 1;
        }
    }
    assert!(ran >= 9, "only {ran} commands were found");
}

#[test]
fn every_command_that_a_sentence_names_is_there() {
    let folder = Folder::new();
    let more = ["ARCHITECTURE.md", "CONTRIBUTING.md", "explorer/README.md"];
    let more = more.map(|name| (name.to_owned(), std::fs::read_to_string(root().join(name)).unwrap()));
    for (place, text) in documents().into_iter().chain(more) {
        for named in text.split('`').skip(1).step_by(2).filter_map(|words| words.strip_prefix("latent ")) {
            let command = named.split_whitespace().next().unwrap_or_default();
            let called = folder.latent(&format!("{command} --help"));
            assert_eq!(called.code, Some(0), "{place}: `latent {named}`\n{}", called.err);
        }
    }
}
