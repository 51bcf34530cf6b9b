//! A space opens for ever: files that each version wrote, with new rows and their codes, read by this one; and by others, who know no more
//! than docs/space-format.md.
//!
//! `UPDATE=1` writes the files that are not there, never one that is. A file that no release holds yet may be deleted to be made anew.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "common/python.rs"]
mod python;

use std::path::{Path, PathBuf};
use std::process::Command;

use latentspace::codes::Codes;
use latentspace::data::read::{self, ReadOptions};
use latentspace::data::{Images, PrepareOptions, Rows, Scale, Values, write};
use latentspace::linalg::Matrix;
use latentspace::method::{Entry, Signs, Takes};
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::space::FORMAT;
use latentspace::text::{Score, StopWords};
use latentspace::{Observations, Preparation, Run, Space};
use serde_json::{Map, Value, json};

const MAKE: &str = "`UPDATE=1 cargo test --release -p latentspace --test golden` writes what is not there";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// Every golden space, of every version.
fn golden() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(testdata())
        .unwrap()
        .flat_map(|version| std::fs::read_dir(version.unwrap().path()).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "latent"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no golden file is there: {MAKE}");
    found
}

/// What lies beside a golden space: `NAME.rows.csv`, `NAME.codes.npy`.
fn beside(space: &Path, what: &str) -> Option<PathBuf> {
    let stem = space.file_stem().unwrap().to_str().unwrap();
    let name = format!("{stem}.{what}.");
    let entries = std::fs::read_dir(space.parent().unwrap()).unwrap();
    entries.map(|entry| entry.unwrap().path()).find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&name))
}

fn run() -> Run {
    Run::new(7, 2).unwrap()
}

/// Trees, with these columns: numbers of very different spread, one of them far from 0, a category, missing cells, and what rides along.
fn trees(rows: std::ops::Range<usize>, columns: &[&str]) -> String {
    let random = Random::new(1, "trees");
    let mut text = format!("{}\n", columns.join(","));
    for row in rows {
        let group = row % 3;
        let normal = |column: u64| random.normal(row as u64, column);
        let cell = |missing: bool, text: String| if missing { String::new() } else { text };
        let height = cell(row % 11 == 4, format!("{:.3}", 8.0 * group as f64 + normal(0)));
        let mass = cell(row % 13 == 6, format!("{:.2}", 900.0 + 400.0 * normal(1) + 300.0 * group as f64));
        let planted = format!("{:.3}", 20_260_000.0 + 30.0 * normal(2));
        let leaf = cell(row % 17 == 5, ["elm", "fir", "öak"][(group + usize::from(row % 7 == 0)) % 3].to_owned());
        let age = cell(row % 10 == 9, (10 + row).to_string());
        let cells = columns.iter().map(|column| match *column {
            "height" => height.clone(),
            "mass" => mass.clone(),
            "planted" => planted.clone(),
            "leaf" => leaf.clone(),
            "age" => age.clone(),
            "label" => ["a", "b", "c"][group].to_owned(),
            _ => format!("tree {row}"),
        });
        text.push_str(&format!("{}\n", cells.collect::<Vec<_>>().join(",")));
    }
    text
}

/// Numbers that 32 bits cannot hold: tiny ones, some missing; huge ones, far from 0; beside ordinary ones.
fn tiny(rows: std::ops::Range<usize>) -> String {
    let random = Random::new(2, "tiny");
    let mut text = String::from("p,energy,size\n");
    for row in rows {
        let normal = |column: u64| random.normal(row as u64, column);
        let p = if row % 12 == 7 { String::new() } else { format!("{:e}", 1e-50 * (1.0 + normal(0).abs() + row as f64 / 40.0)) };
        text.push_str(&format!("{p},{:e},{:.3}\n", 1e60 * (5000.0 + normal(1)), normal(0) + normal(2)));
    }
    text
}

/// Pictures of 6 x 5 pixels: one of two shapes, with noise; the corners are black.
fn pictures(rows: usize, first: usize) -> Observations {
    let random = Random::new(2, "pictures");
    let pixel = |row: usize, at: usize| match (at, (at / 5 + at % 5 + row) % 2) {
        (0 | 4 | 25 | 29, _) => 0,
        (_, 0) => 150 + random.below(row as u64, at as u64, 100) as u8,
        _ => random.below(row as u64, at as u64, 60) as u8,
    };
    let pixels = (0..rows * 30).map(|at| pixel(first + at / 30, at % 30)).collect();
    let shape = latentspace::data::ImageShape { height: 6, width: 5, channels: 1 };
    Observations::new("pictures", Values::Images(Images { shape, pixels: std::sync::Arc::new(pixels), lower: None }))
}

/// Documents of twelve words in three kinds.
fn words(rows: usize, first: usize) -> Observations {
    let random = Random::new(3, "words");
    let count =
        |row: usize, word: usize| random.below((first + row) as u64, word as u64, if word / 4 == (first + row) % 3 { 9 } else { 2 });
    Observations::from_matrix("words", Matrix::from_fn(rows, 12, |row, word| count(row, word) as f32))
}

/// Texts of three subjects, whose words have accents, come in pairs and as emoji; a line each.
fn texts(rows: std::ops::Range<usize>) -> String {
    const SUBJECTS: [[&str; 5]; 3] = [
        ["été", "soleil", "La plage", "vagues", "☀️"],
        ["Genome", "protein", "cell wall", "enzyme", "🧬"],
        ["bank", "interest rate", "loan", "credit", "the market"],
    ];
    let random = Random::new(4, "texts");
    let word = |row: usize, at: u64| {
        let subject = if random.uniform(row as u64, 2 * at) < 0.8 { row % 3 } else { (row + 1) % 3 };
        SUBJECTS[subject][random.below(row as u64, 2 * at + 1, 5) as usize]
    };
    rows.map(|row| (0..14).map(|at| word(row, at)).collect::<Vec<_>>().join(" ") + "\n").collect()
}

/// Texts of three languages: words with elided articles and accents in both forms, and words without spaces; a line each.
fn languages(rows: std::ops::Range<usize>) -> String {
    const SUBJECTS: [[&str; 5]; 3] = [
        ["l'e\u{301}toile ", "d\u{2019}une galaxie ", "l'été ", "la lune ", "so\u{ad}leil "],
        ["经济发展", "市场投资", "的银行", "利率", "GPU"],
        ["東京は", "日本の", "首都で", "コンピュータ", "を買いました"],
    ];
    let random = Random::new(5, "languages");
    let word = |row: usize, at: u64| SUBJECTS[row % 3][random.below(row as u64, at, 5) as usize];
    rows.map(|row| (0..14).map(|at| word(row, at)).collect::<String>() + "\n").collect()
}

/// What makes any method quick on sixty rows, whatever its parameters are called.
fn quick(entry: &Entry) -> Map<String, Value> {
    let value = |name: &str| match name {
        "n_components" => Some(json!(2)),
        "n_iter" | "n_iter_early" => Some(json!(50)),
        "perplexity" => Some(json!(5)),
        "pca_components" => Some(json!(4)),
        _ => None,
    };
    entry.parameters().into_iter().filter_map(|parameter| Some((parameter.name.clone(), value(&parameter.name)?))).collect()
}

/// Learns a space and writes it, new rows and their codes; nothing if a file is there.
fn make(name: &str, entry: &Entry, params: &Map<String, Value>, learned: &Observations, options: PrepareOptions, rows: &Path) {
    let folder = testdata().join(format!("v{FORMAT}"));
    let path = |ending: &str| folder.join(format!("{name}.{ending}"));
    let preparation = Preparation::choose(learned, &options, &run()).unwrap();
    let prepared = preparation.prepare(learned, &run()).unwrap();
    let method = entry.with(params).unwrap();
    let space = Space::fit(&*method, preparation, &Rows::memory(&prepared), &learned.metadata, &run()).unwrap().0;
    space.save(&path("latent")).unwrap();
    std::fs::copy(rows, path(&format!("rows.{}", rows.extension().unwrap().to_str().unwrap()))).unwrap();
    if let Some(map) = space.capabilities().kept.map(|kept| kept.codes) {
        Codes::new(map.clone(), latentspace::data::Metadata::none(map.rows())).save(&path("map.npy")).unwrap();
    }
    if entry.info.encodes {
        codes(&space, rows).save(&path("codes.npy")).unwrap();
    }
}

/// The codes of a file of new rows, read as `latent encode` reads them.
fn codes(space: &Space, rows: &Path) -> Codes {
    let options = ReadOptions { preparation: Some(space.preparation.clone()), ..ReadOptions::default() };
    let observed = read::open(rows.to_str().unwrap(), &options).unwrap().read(&run()).unwrap();
    space.encode(&observed, &run()).unwrap()
}

/// Writes the golden files of this version that are not there.
fn make_missing() {
    let folder = tempfile::tempdir().unwrap();
    let here = |name: &str| folder.path().join(name);
    let missing = |name: &str| !testdata().join(format!("v{FORMAT}/{name}.latent")).exists();
    std::fs::create_dir_all(testdata().join(format!("v{FORMAT}"))).unwrap();
    std::fs::write(here("trees.csv"), trees(0..60, &["id", "height", "mass", "planted", "leaf", "label", "age"])).unwrap();
    // New rows have their columns in another order.
    std::fs::write(here("rows.csv"), trees(60..80, &["leaf", "planted", "age", "height", "id", "mass"])).unwrap();
    let columns = ["height", "mass", "planted", "leaf"].map(str::to_owned).to_vec();
    let options = ReadOptions { columns: Some(columns), ..ReadOptions::default() };
    let table = read::open(here("trees.csv").to_str().unwrap(), &options).unwrap().read(&run()).unwrap();
    let takes_any = |entry: &Entry| entry.info.takes.contains(&Takes::Table) && entry.info.signs == Signs::Any;
    for entry in METHODS.iter().filter(|entry| missing(entry.info.name) && takes_any(entry)) {
        make(entry.info.name, entry, &quick(entry), &table, PrepareOptions::default(), &here("rows.csv"));
    }
    for entry in METHODS.iter().filter(|entry| missing(entry.info.name) && entry.info.takes.contains(&Takes::Counts)) {
        let params = Map::from_iter([("n_components".to_owned(), json!(3)), ("n_iter".to_owned(), json!(40))]);
        write::observations(&words(20, 60), &here("words.npy")).unwrap();
        make(entry.info.name, entry, &params, &words(60, 0), PrepareOptions::default(), &here("words.npy"));
    }
    if missing("lda-text") {
        std::fs::write(here("texts.txt"), texts(0..60)).unwrap();
        std::fs::write(here("rows.txt"), texts(60..80)).unwrap();
        let learned = read::open(here("texts.txt").to_str().unwrap(), &ReadOptions::default()).unwrap().read(&run()).unwrap();
        let params = Map::from_iter([("n_components".to_owned(), json!(3)), ("n_iter".to_owned(), json!(40))]);
        let mut options = PrepareOptions::default();
        (options.text.ngrams, options.text.phrases) = (Some(2), Some(Score::Npmi));
        make("lda-text", latentspace::registry::find("lda").unwrap(), &params, &learned, options, &here("rows.txt"));
    }
    if missing("lda-words") {
        std::fs::write(here("languages.txt"), languages(0..60)).unwrap();
        std::fs::write(here("rows.txt"), languages(60..80)).unwrap();
        let learned = read::open(here("languages.txt").to_str().unwrap(), &ReadOptions::default()).unwrap().read(&run()).unwrap();
        let params = Map::from_iter([("n_components".to_owned(), json!(3)), ("n_iter".to_owned(), json!(40))]);
        let mut options = PrepareOptions::default();
        options.text.stop_words = StopWords::Languages(["french", "chinese", "japanese"].map(str::to_owned).to_vec());
        make("lda-words", latentspace::registry::find("lda").unwrap(), &params, &learned, options, &here("rows.txt"));
    }
    if missing("pca-tiny") {
        std::fs::write(here("tiny.csv"), tiny(0..60)).unwrap();
        std::fs::write(here("rows.csv"), tiny(60..80)).unwrap();
        let learned = read::open(here("tiny.csv").to_str().unwrap(), &ReadOptions::default()).unwrap().read(&run()).unwrap();
        let params = Map::from_iter([("n_components".to_owned(), json!(2))]);
        make("pca-tiny", latentspace::registry::find("pca").unwrap(), &params, &learned, PrepareOptions::default(), &here("rows.csv"));
    }
    if missing("pca-pictures") {
        let params = Map::from_iter([("n_components".to_owned(), json!(3)), ("whiten".to_owned(), json!(true))]);
        let options = PrepareOptions { scale: Scale::Standard, missing: None, ..PrepareOptions::default() };
        write::observations(&pictures(20, 60), &here("rows.npy")).unwrap();
        make("pca-pictures", latentspace::registry::find("pca").unwrap(), &params, &pictures(60, 0), options, &here("rows.npy"));
    }
}

/// First of all tests that read golden files, so that those that are missing are there.
fn all() -> Vec<PathBuf> {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        if std::env::var_os("UPDATE").is_some() {
            make_missing();
        }
    });
    golden()
}

/// The document of a space file.
fn document(space: &Path) -> Value {
    let bytes = std::fs::read(space).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    serde_json::from_str(header["__metadata__"]["latentspace"].as_str().unwrap()).unwrap()
}

#[test]
fn every_method_has_a_golden_file_and_all_are_small() {
    let files = all();
    let learned_by: Vec<String> = files.iter().map(|path| document(path)["method"].as_str().unwrap().to_owned()).collect();
    for entry in METHODS {
        let there = learned_by.iter().any(|name| name == entry.info.name);
        assert!(there, "no golden file was learned by {}: {MAKE} (what takes no tables needs a case of its own there)", entry.info.name);
    }
    let sizes = files.iter().flat_map(|path| std::fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()));
    let sizes: std::collections::BTreeMap<PathBuf, u64> = sizes.map(|path| (path.clone(), path.metadata().unwrap().len())).collect();
    assert!(sizes.values().sum::<u64>() < 300_000, "golden files are small: {sizes:?}");
    for path in &files {
        let version = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(version, format!("v{}", document(path)["format"]), "{}", path.display());
    }
}

#[test]
fn every_golden_file_opens_and_gives_the_same_codes_and_the_same_bytes() {
    #[cfg(target_arch = "x86_64")]
    let same_bits = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    let same_bits = false;
    let mut encoded = 0;
    for path in all() {
        let name = path.display();
        let changed = format!(
            "{name}: other %. Files of a released version keep their meaning for ever. If no release holds this one, delete it and what \
             lies beside it; {MAKE}"
        );
        let space = Space::open(&path).unwrap_or_else(|error| panic!("{} ({error})", changed.replace('%', "rules of opening")));
        if document(&path)["format"] == FORMAT {
            assert!(space.to_bytes().unwrap() == std::fs::read(&path).unwrap(), "{}", changed.replace('%', "bytes"));
        }
        let same = |found: &Matrix, what: &str| {
            let Some(file) = beside(&path, what) else { panic!("{name}: its {what} are not there: {MAKE}") };
            let wanted = Codes::open(&file, &ReadOptions::default(), &run()).unwrap().values;
            assert_eq!((found.rows(), found.cols()), (wanted.rows(), wanted.cols()), "{}", changed.replace('%', what));
            let far = found.as_slice().iter().zip(wanted.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            let equal = if same_bits { found == &wanted } else { far < 1e-5 };
            assert!(equal, "{} ({far} apart)", changed.replace('%', what));
        };
        if let Some(map) = space.capabilities().kept.map(|kept| kept.codes) {
            same(map, "map");
        }
        if space.method.encodes {
            same(&codes(&space, &beside(&path, "rows").expect("new rows")).values, "codes");
            encoded += 1;
        }
    }
    assert!(encoded > 0);
}

#[test]
fn a_file_of_a_newer_version_is_refused_by_name() {
    let newer = FORMAT + 1;
    for path in all().iter().filter(|path| document(path)["format"] == FORMAT) {
        let bytes = std::fs::read(path).unwrap();
        let (from, to) = (format!(r#"\"format\":{FORMAT},"#), format!(r#"\"format\":{newer},"#));
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        let other = [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat();
        let error = Space::from_bytes(&other, Path::new("new.latent")).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), format!("new.latent: format {newer}; this program reads formats up to {FORMAT}."));
        assert_eq!(error.hint(), Some("update latentspace: a newer version wrote this file"));
    }
}

#[test]
fn python_reads_every_golden_file_with_numpy_alone() {
    all();
    let called = Command::new(python::with_numpy()).arg(root().join("docs/read_space_test.py")).arg(testdata()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&called.stdout), String::from_utf8_lossy(&called.stderr));
    assert!(called.status.success(), "{out}\n{err}");
    for path in golden() {
        assert!(out.contains(path.file_name().unwrap().to_str().unwrap()), "{} was not read:\n{out}", path.display());
    }
}
