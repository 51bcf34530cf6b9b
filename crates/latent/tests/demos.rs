//! Demos that make their data, through the program.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Folder, uniform};
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_f64().or(value["value"].as_f64()).unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn spectra_take_more_directions_than_causes_once_their_lines_saturate() {
    let folder = Folder::new();
    let told = folder.json("demo spectra --rows 4000 --picture spectra.svg --quiet");
    let (weak, saturating) = (&told["sweeps"]["weak"], &told["sweeps"]["saturating"]);
    let weak = number(&weak["recommended"]);
    assert!((7.0..=16.0).contains(&weak), "{weak} directions of 13 causes with weak lines");
    assert!((36.0..=116.0).contains(&number(&saturating["recommended"])), "{saturating}");
    let verdict = saturating["verdict"].to_string();
    assert!(verdict.contains("straight directions: the data are curved"), "{verdict}");
    let causes = told["causes"].as_array().unwrap();
    assert!(causes.len() == 13 && causes[0]["cause"] == "temperature" && number(&causes[0]["r2"]) > 0.95, "{}", causes[0]);
    let mut elements = causes[1..].to_vec();
    elements.sort_by(|a, b| number(&b["equivalent_width"]).total_cmp(&number(&a["equivalent_width"])));
    for element in &elements[..6] {
        assert!(number(&element["r2"]) > 0.8, "{element}");
    }
    let odd = &told["odd"];
    assert!(odd["stars"] == 40 && number(&odd["auc"]) > 0.95 && number(&odd["auc_of_sum"]) < 0.8, "{odd}");
    let picture = String::from_utf8(folder.read("spectra.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.matches("<polyline").count() >= 7 && picture.ends_with("</svg>\n"));
    // The same for any number of threads, but for the time.
    let timeless = |told: &Value| {
        let text = told.to_string();
        let parts = text.split("\"seconds").map(|part| part.split_once([',', '}']).map_or(part, |(_, rest)| rest));
        parts.collect::<String>()
    };
    let of = |threads: usize| folder.json(&format!("demo spectra --rows 500 --picture {threads}.svg --quiet --threads {threads}"));
    assert!(timeless(&of(1)) == timeless(&of(2)) && folder.read("1.svg") == folder.read("2.svg"));
    folder.refused("demo spectra --rows 10", "error: --rows: 10 was given; it must be 500 to 100000.\n");
    folder.refused("demo spiral --rows 1000", "error: --rows: '1000' was given; only `latent demo spectra` takes it.\n");
}

#[test]
fn codes_are_probed_for_numbers() {
    let folder = Folder::new();
    let lines = |row: usize| format!("{},{},{}\n", 40.0 * uniform(row, 0), row % 3, 7.0 - uniform(row, 1));
    folder.write("labels.csv", format!("age,kind,size\n{}", (0..300).map(lines).collect::<String>()));
    folder.write("codes.csv", format!("z0,z1\n{}", (0..300).map(|row| format!("{},{}\n", uniform(row, 0), row % 3)).collect::<String>()));
    let age = folder.json("measure codes.csv --probe labels.csv:age");
    assert!(number(&age["r2"]) > 0.99 && number(&age["r2_neighbors"]) > 0.9 && age["accuracy"].is_null(), "{age}");
    let size = folder.json("measure codes.csv --probe labels.csv:size");
    assert!(number(&size["r2"]) < 0.1 && size["rows"] == 300, "{size}");
    // Few whole numbers are labels, too.
    let kind = folder.json("measure codes.csv --probe labels.csv:kind");
    assert!(number(&kind["r2"]) > 0.99 && number(&kind["accuracy"]) == 1.0 && kind["classes"] == 3, "{kind}");
    let told = folder.good("measure codes.csv --probe labels.csv:age").out;
    assert!(told.contains("a linear regression predicts"), "{told}");
}
