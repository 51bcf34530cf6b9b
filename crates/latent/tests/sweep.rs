//! A sweep that is started from the page: how many dimensions are enough.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, Server, uniform};
use serde_json::{Value, json};

/// 300 rows of 12 columns: three directions, and noise.
fn table() -> Folder {
    let folder = Folder::new();
    let header: Vec<String> = (0..12).map(|column| format!("c{column}")).collect();
    let mut text = format!("{}\n", header.join(","));
    for row in 0..300 {
        let cell = |column: usize| {
            let signal: f64 = (0..3).map(|cause| (uniform(row, cause) - 0.5) * ((column + 1) as f64 * (1.3 + cause as f64)).cos()).sum();
            (4.0 * signal + 0.3 * (uniform(row, 20 + column) - 0.5)).to_string()
        };
        text.push_str(&format!("{}\n", (0..12).map(cell).collect::<Vec<_>>().join(",")));
    }
    folder.write("t.csv", text);
    folder
}

#[test]
fn a_sweep_is_offered_with_its_cost_started_and_told() {
    let folder = table();
    folder.good("fit pca t.csv -o p.latent --dims 5 --quiet");
    let server = Server::rested(folder, "t.csv --method pca");
    let state = server.get("/api/state").json();
    assert_eq!((&state["can"], &state["sweep"], &state["sweep_version"]), (&json!(["sweep"]), &Value::Null, &0.into()));
    let offer = server.get("/api/sweep").json();
    let names: Vec<&str> = offer["methods"].as_array().unwrap().iter().map(|method| method["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"pca") && names.contains(&"factor-analysis") && !names.contains(&"tsne"), "{names:?}");
    assert_eq!((&offer["dims"], &offer["found"]), (&json!([1, 2, 3, 4, 6, 8, 11]), &Value::Null));
    let cost = server.get("/api/sweep/cost?method=pca&dims=1,2,3,4").json();
    assert!(cost["fits"] == 20 && cost["seconds"].as_f64() >= Some(0.0), "{cost}");
    let wrong = ["method=pca&dims=1,x", "method=pca&dims=0", "method=none&dims=1", "dims=1"];
    assert_eq!(wrong.map(|query| server.get(&format!("/api/sweep/cost?{query}")).status), [400; 4]);
    let many: Vec<u32> = (1..18).collect();
    assert_eq!(server.post("/api/sweep", &json!({"method": "pca", "dims": many})).status, 400);

    assert_eq!(server.post("/api/sweep", &json!({"method": "pca", "dims": [1, 2, 3, 4, 6]})).status, 202);
    let state = server.rest();
    assert_eq!((&state["phase"], &state["sweep"], &state["sweep_version"]), (&"done".into(), &Value::Null, &1.into()));
    let found = &server.get("/api/sweep").json()["found"];
    assert_eq!((&found["method"], &found["figure"], &found["recommended"]), (&"pca".into(), &"reconstruction_error".into(), &3.into()));
    assert_eq!(found["dims"].as_array().unwrap().len(), 5);
    assert!(found["estimates"]["parallel_analysis"] == 3 && !found["verdict"].as_array().unwrap().is_empty(), "{found}");
    // The map stays as it was.
    assert_eq!(server.get("/api/maps").json().as_array().unwrap().len(), 1);
}

#[test]
fn rows_of_a_space_are_swept_as_they_were_observed_and_coordinates_are_not() {
    let folder = table();
    folder.good("fit pca t.csv -o p.latent --dims 5 --quiet");
    let server = Server::rested(folder, "p.latent t.csv --method pca");
    assert_eq!(server.get("/api/state").json()["can"], json!(["axes", "sweep"]));
    assert_eq!(server.post("/api/sweep", &json!({"method": "pca", "dims": [2, 3, 4]})).status, 202);
    server.rest();
    assert_eq!(server.get("/api/sweep").json()["found"]["recommended"], 3);

    let folder = Folder::new();
    folder.write("x.csv", "a,b\n1,2\n3,4\n5,7\n");
    let server = Server::rested(folder, "x.csv --map");
    assert_eq!((server.get("/api/sweep").status, server.post("/api/sweep", &json!({"method": "pca", "dims": [1]})).status), (404, 400));
}
