//! What sets rows apart, by `latent explain --rows`.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write;
use std::process::Stdio;

use common::{Folder, clouds, npy, uniform};
use serde_json::Value;

/// 300 named rows in 3 kinds, which their numbers follow; a column of noise, and texts.
fn folder() -> Folder {
    let folder = Folder::new();
    let values = clouds(300, 3, 3);
    let row = |row: usize| {
        let numbers: Vec<String> = values[row * 3..row * 3 + 3].iter().map(f32::to_string).collect();
        let (kind, words) = [("oak", "lobed leaves"), ("fir", "flat needles"), ("elm", "rough leaves")][row % 3];
        format!("r{row},{},{},{kind},tree {row} with {words}\n", numbers.join(","), uniform(row, 9))
    };
    folder.write("t.csv", format!("id,a,b,c,noise,kind,note\n{}", (0..300).map(row).collect::<String>()));
    folder.write("oaks.txt", (0..100).map(|at| format!("{}\n", 3 * at)).collect::<String>());
    folder.write("firs.csv", format!("row\n{}", (0..100).map(|at| format!("{}\n", 3 * at + 1)).collect::<String>()));
    folder
}

fn finding<'a>(found: &'a Value, column: &str, level: Option<&str>) -> Option<&'a Value> {
    found["findings"].as_array().unwrap().iter().find(|finding| finding["column"] == column && finding["level"].as_str() == level)
}

#[test]
fn rows_are_set_apart_by_columns_categories_and_words() {
    let folder = folder();
    let found = folder.json("explain t.csv --rows oaks.txt");
    assert_eq!((found["rows"].as_u64(), found["against"].as_u64()), (Some(100), Some(200)));
    let oak = finding(&found, "kind", Some("oak")).unwrap();
    assert!(oak["effect"] == 1.0 && oak["inside"]["share"] == 1.0 && oak["type"] == "category" && oak["p"].as_f64().unwrap() < 1e-6);
    assert!(finding(&found, "note", Some("lobed")).unwrap()["effect"] == 1.0 && finding(&found, "noise", None).is_none());
    assert!(["a", "b", "c"].iter().any(|column| finding(&found, column, None).is_some()));
    let told = folder.good("explain t.csv --rows oaks.txt --words 2").out;
    assert!(
        told.contains("100 rows compared with 200 others") && told.contains("kind = oak") && told.contains("more: --words N"),
        "{told}"
    );
    // With another set; into a file; from standard input.
    let between = folder.json("explain t.csv --rows oaks.txt --other-rows firs.csv");
    assert_eq!(between["against"], 100);
    folder.good("explain t.csv --rows oaks.txt -o found.json");
    // What was read is told with the document that is printed alone.
    assert_eq!(serde_json::from_slice::<Value>(&folder.read("found.json")).unwrap()["findings"], found["findings"]);
    let mut child = folder.command("explain t.csv --rows - --json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&folder.read("oaks.txt")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&child.wait_with_output().unwrap().stdout).unwrap(), found);
    folder.refused("explain t.csv --rows t.csv --against t.csv", "hint: latent explain t.csv --rows t.csv\n");
}

#[test]
fn rows_of_a_space_are_those_that_it_keeps_or_those_of_its_data() {
    let folder = folder();
    folder.good("fit pca t.csv --columns a,b,c -o p.latent --dims 2");
    folder.good("fit isomap t.csv --columns a,b,c -o k.latent --dims 2");
    folder.refused(
        "explain p.latent --rows oaks.txt",
        "hint: latent explain p.latent --against DATA --rows oaks.txt, with the data that it was learned from\n",
    );
    let of_data = folder.json("explain p.latent --against t.csv --rows oaks.txt");
    let kept = folder.json("explain k.latent --rows oaks.txt");
    for found in [&of_data, &kept] {
        assert!(finding(found, "kind", Some("oak")).is_some_and(|oak| oak["effect"] == 1.0), "{found}");
    }
    assert!(of_data["findings"].as_array().unwrap().iter().any(|finding| finding["origin"] == "dimension"));
    let mean = |found: &Value| finding(found, "a", None).map(|column| column["inside"]["mean"].as_f64().unwrap());
    if let (Some(first), Some(second)) = (mean(&of_data), mean(&kept)) {
        assert!((first - second).abs() < 1e-3, "in the same unit: {first}, {second}");
    }
}

#[test]
fn a_random_selection_is_told_to_be_one() {
    let folder = Folder::new();
    folder.write("x.npy", npy(200, 5, &(0..1000).map(|at| uniform(at / 5, at % 5) as f32).collect::<Vec<f32>>()));
    folder.write("some.json", format!("{:?}", (0..40).map(|at| at * 3 + 1).collect::<Vec<u32>>()));
    assert!(folder.good("explain x.npy --rows some.json").out.contains("Nothing sets them apart beyond chance"));
    folder.write("one.txt", "200\n");
    folder.refused("explain x.npy --rows one.txt", "error: one.txt, row 1: '200'; rows are numbers from 0 to 199.\n");
}
