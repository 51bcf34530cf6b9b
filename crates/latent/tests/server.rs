//! The explorer's server: every route, and who may not ask.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Folder, Server, clouds, npy, npy_f64, npy_of, uniform};
use serde_json::{Value, json};

const HOSTILE: &str = "<script>alert(1)</script>";

/// 300 named rows of 5 numbers in 3 kinds, one of them named as no page should run it.
fn table() -> Folder {
    let folder = Folder::new();
    let values = clouds(300, 5, 3);
    let mut text = String::from("name,a,b,c,d,e,kind,note,price\n");
    for row in 0..300 {
        let name = if row == 7 { HOSTILE.to_owned() } else { format!("row {row}") };
        let numbers: Vec<String> = values[row * 5..row * 5 + 5].iter().map(f32::to_string).collect();
        let kind = ["oak", "fir", "elm"][row % 3];
        let note = if row == 5 { "a Needle in it".to_owned() } else { format!("note {:.6}", uniform(row, 1)) };
        let price = if row == 9 { String::new() } else { format!("{}", 300 - row) };
        text.push_str(&format!("{name},{},{kind},{note},{price}\n", numbers.join(",")));
    }
    folder.write("t.csv", text);
    folder
}

fn f32s(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn u32s(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|cell| u32::from_le_bytes(cell.try_into().unwrap())).collect()
}

#[test]
fn labels_and_notes_are_columns_and_kept_in_a_file() {
    let folder = table();
    let file = folder.path().join("labels.csv");
    let server = Server::rested(folder, "t.csv --columns a,b,c,d,e --method pca --annotations labels.csv");
    let give =
        |column: &str, kind: &str, edits: Value| server.post("/api/annotations", &json!({"column": column, "type": kind, "edits": edits}));
    let changed = give("mine", "category", json!([{"value": "odd", "rows": [1, 3]}])).json();
    assert_eq!(changed, json!({"version": 1, "before": [{"value": null, "rows": [1, 3]}]}));
    assert_eq!(
        give("mine", "category", json!([{"value": "even", "rows": [2, 3]}])).json()["before"][0],
        json!({"value": "odd", "rows": [3]})
    );
    assert_eq!(give("mine", "text", json!([])).status, 400);
    assert_eq!(give("kind", "category", json!([])).status, 400, "the data have a column of this name");
    assert_eq!(give("mine", "category", json!([{"value": "x", "rows": [300]}])).status, 400);
    give("remark", "text", json!([{"value": "look, \"again\"", "rows": [5]}]));

    let state = server.get("/api/state").json();
    let told = &state["annotations"];
    assert_eq!((&told["version"], &told["file"], &told["columns"][0]["id"]), (&3.into(), &"labels.csv".into(), &"yours:0".into()));
    assert_eq!(told["columns"][0]["categories"], json!([{"label": "odd", "count": 1}, {"label": "even", "count": 2}]));
    let columns = server.get("/api/columns?q=&limit=2").json();
    assert_eq!((&columns["columns"][0]["origin"], &columns["columns"][1]["type"]), (&"yours".into(), &"text".into()));
    let codes = u32s(&server.get("/api/columns/yours:0/values").body);
    assert_eq!(codes[..4], [u32::MAX, 0, 1, 1]);
    assert_eq!(server.get("/api/columns/yours:1").status, 404, "notes are texts");
    assert_eq!(server.get("/api/rows/5").json()["fields"]["remark"], "look, \"again\"");
    assert_eq!(give("note", "text", json!([])).status, 400, "the data have a note");
    assert_eq!(server.get("/api/rows/3").json()["fields"]["mine"], "even");
    let found = server.get("/api/search?q=even").json();
    assert_eq!((&found["total"], &found["hits"][0]["field"], &found["hits"][1]["row"]), (&2.into(), &"mine".into(), &3.into()));
    let rows = server.post("/api/rows/save", &json!({"rows": [3], "format": "csv"}));
    let text = String::from_utf8(rows.body).unwrap();
    assert!(text.lines().next().unwrap().contains("mine") && text.lines().nth(1).unwrap().contains("even"), "{text}");

    // The file holds them; another server takes them up.
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().nth(4).unwrap().split(',').next_back(), Some(""), "{text}");
    let saved = server.get("/api/annotations?format=csv");
    assert_eq!(String::from_utf8(saved.body).unwrap(), text);
    assert!(server.get("/api/annotations?format=parquet").body.starts_with(b"PAR1"));
    assert_eq!(server.get("/api/annotations?format=npy").status, 400);
    let again = Server::rested(table(), &format!("t.csv --columns a,b,c,d,e --method pca --annotations {}", file.display()));
    assert_eq!(again.get("/api/rows/3").json()["fields"]["mine"], "even");
    assert_eq!(again.get("/api/state").json()["annotations"]["columns"][1]["type"], "text");
}

#[test]
fn every_route_answers_as_the_interface_says() {
    let server = Server::start(table(), "t.csv --columns a,b,c,d,e --set n_iter=100 --set n_iter_early=50 --set perplexity=10");
    let state = server.rest();
    assert_eq!(state["phase"], "done", "{state}");
    assert_eq!(
        (&state["rows"], &state["columns"], &state["method"], &state["kind"]),
        (&300.into(), &5.into(), &"tsne".into(), &"table".into())
    );
    assert_eq!(state["title"], "t-SNE of 300 x 5, perplexity 10");
    assert_eq!(state["params"]["perplexity"], 10.0);
    assert_eq!(state["map"]["dims"], 2);
    assert_eq!(state["column_names"], json!(["a", "b", "c", "d", "e"]));
    assert_eq!((&state["picture"], &state["curve"], &state["error"]), (&Value::Null, &false.into(), &Value::Null));
    for name in ["trustworthiness", "continuity", "recall", "distance_correlation"] {
        assert!(state["measures"][name]["value"].is_number());
    }

    let map = server.get("/api/map");
    assert_eq!((map.status, &map.body[..4], map.body.len()), (200, &b"LSM1"[..], 64 + 300 * 2 * 4));
    let coordinates = f32s(&map.body[64..]);
    let radius = f64::from_le_bytes(map.body[48..56].try_into().unwrap());
    let largest = coordinates.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    assert!((f64::from(largest) / radius - 1.0).abs() < 1e-5);

    let fields = state["fields"].as_array().unwrap();
    let field = |name: &str| fields.iter().find(|field| field["name"] == name).unwrap_or_else(|| panic!("{name} in {fields:?}"));
    assert_eq!((&field("kind")["type"], &field("kind")["categories"][0]["count"]), (&"category".into(), &100.into()));
    assert_eq!((&field("price")["type"], &field("price")["missing"], &field("price")["max"]), (&"number".into(), &1.into(), &300.0.into()));
    assert_eq!(field("note")["type"], "text");
    let column = |name: &str| server.get(&format!("/api/fields/{}", field(name)["index"]));
    let kinds = column("kind");
    assert_eq!((kinds.status, kinds.body.len()), (200, 1200));
    let prices = f32s(&column("price").body);
    assert!(prices[9].is_nan() && prices[0] == 300.0);
    assert_eq!(f32s(&server.get(&format!("/api/fields/{}?from=100", field("price")["index"])).body)[0], 200.0);
    assert_eq!((column("note").status, server.get("/api/fields/99").status), (404, 404));
    // Texts are sorted by their ranks.
    let ranks = server.get(&format!("/api/fields/{}/ranks", field("note")["index"]));
    let ranks: Vec<u32> = ranks.body.chunks_exact(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap())).collect();
    assert_eq!((ranks.len(), ranks[5], server.get("/api/fields/99/ranks").status), (300, 0, 404)); // "a Needle in it"
    let note = |row: usize| format!("note {:.6}", uniform(row, 1));
    assert!((6..299).all(|row| (ranks[row] < ranks[row + 1]) == (note(row) < note(row + 1))));

    // All columns, by origin; each can be read.
    let listed = server.get("/api/columns").json();
    let names = |origin: &str| -> Vec<&str> {
        let all = listed["columns"].as_array().unwrap().iter().filter(|column| column["origin"] == origin);
        all.map(|column| column["name"].as_str().unwrap()).collect()
    };
    assert_eq!(names("metadata"), fields.iter().map(|field| field["name"].as_str().unwrap()).collect::<Vec<_>>());
    assert_eq!((names("derived"), names("observed")), (vec!["neighbors kept"], vec!["a", "b", "c", "d", "e"]));
    assert_eq!(listed["total"], fields.len() + 6);
    let found = server.get("/api/columns?q=D&limit=1").json();
    assert_eq!(found["columns"][0]["name"].as_str().map(|name| name.to_lowercase().contains('d')), Some(true));
    let about = server.get("/api/columns/observed:2").json();
    let cells = f32s(&server.get("/api/columns/observed:2/values").body);
    assert_eq!((&about["name"], &about["type"], cells.len()), (&"c".into(), &"number".into(), 300));
    assert!(cells.iter().zip(clouds(300, 5, 3).chunks(5)).all(|(cell, row)| (cell - row[2]).abs() < 1e-5));
    let least = cells.iter().copied().fold(f32::INFINITY, f32::min);
    assert!((about["min"].as_f64().unwrap() - f64::from(least)).abs() < 1e-5);
    assert_eq!(server.get("/api/columns/derived:kept/values").body, server.get("/api/trust").body);
    for id in ["observed:5", "observed:x", "metadata:99", "nothing:0", "nothing"] {
        assert_eq!((server.get(&format!("/api/columns/{id}")).status, server.get(&format!("/api/columns/{id}/values")).status), (404, 404));
    }
    let sentences = state["sentences"].as_array().unwrap();
    assert!(sentences[0]["kind"] == "verdict" && sentences[0]["text"].as_str().unwrap().contains(" for neighborhoods"), "{sentences:?}");
    assert!(sentences[1]["kind"] == "note" && sentences[1]["text"].as_str().unwrap().starts_with("Keeps "), "{sentences:?}");

    let trust = server.get("/api/trust");
    assert_eq!((trust.status, trust.body.len()), (200, 1200));
    let mean = f32s(&trust.body).iter().sum::<f32>() / 300.0;
    assert!((f64::from(mean) - state["measures"]["recall"]["value"].as_f64().unwrap()).abs() < 1e-4);

    let row = server.get("/api/rows/7").json();
    assert_eq!((&row["row"], &row["id"], &row["fields"]["kind"]), (&7.into(), &HOSTILE.into(), &"fir".into()));
    let near = row["neighbors"].as_array().unwrap();
    assert_eq!(near.len(), state["n_neighbors"].as_u64().unwrap() as usize);
    let distances: Vec<f64> = near.iter().map(|near| near["distance"].as_f64().unwrap()).collect();
    assert!(distances.windows(2).all(|pair| pair[0] <= pair[1]));
    let kept = near.iter().filter(|near| near["kept"] == true).count();
    assert_eq!(row["kept"], kept);
    assert_eq!(row["invented"].as_array().unwrap().len(), near.len() - kept);
    assert!((f32s(&trust.body)[7] - kept as f32 / near.len() as f32).abs() < 1e-6);
    let values = f32s(&server.get("/api/rows/7/values").body);
    assert!(values.iter().zip(&clouds(300, 5, 3)[35..40]).all(|(a, b)| (a - b).abs() < 1e-5), "{values:?}");
    let largest = server.get("/api/rows/7/largest?limit=2").json();
    let most = values.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
    let first = &largest["values"][0];
    assert_eq!((&largest["nonzero"], largest["values"].as_array().map(Vec::len)), (&5.into(), Some(2)));
    assert_eq!(first["value"].as_f64().map(|value| value as f32), Some(most));
    assert!(["a", "b", "c", "d", "e"].contains(&first["name"].as_str().unwrap()));
    assert_eq!((server.get("/api/curve").status, server.get("/api/rows/300/largest").status), (404, 404));
    assert_eq!(
        (server.get("/api/rows/300").status, server.get("/api/rows/x").status, server.get("/api/rows/7/picture").status),
        (404, 404, 404)
    );
    assert!(server.get("/api/rows/300").json()["error"].is_string());

    // How neighbors are searched is told, and can be asked for.
    let search = &row["search"];
    assert_eq!((&search["metric"], &search["columns"], &row["text"]), (&"euclidean".into(), &5.into(), &Value::Null));
    let other = server.get("/api/rows/7?k=40&metric=manhattan").json();
    assert_eq!((&other["search"]["k"], &other["search"]["metric"]), (&40.into(), &"manhattan".into()));
    assert_eq!(other["neighbors"].as_array().unwrap().len(), 40);
    let same = server.get("/api/rows/7?k=5").json();
    assert_eq!(same["neighbors"].as_array().unwrap()[4]["row"], near[4]["row"]);
    for wrong in ["k=0", "k=300", "metric=near"] {
        assert_eq!(server.get(&format!("/api/rows/7?{wrong}")).status, 400, "{wrong}");
    }

    // What rows are called.
    let id = fields.iter().find(|field| field["type"] == "id").unwrap();
    let called = |rows: &str, by: &str| server.get(&format!("/api/names?rows={rows}&by={by}"));
    assert_eq!(called("5,7", &format!("metadata:{}", field("note")["index"])).json()["names"][0], "a Needle in it");
    assert_eq!(called("7", &format!("metadata:{}", id["index"])).json()["names"], json!([HOSTILE]));
    assert_eq!(called("7", "nothing").json()["names"], json!([HOSTILE]));
    assert_eq!((called("300", "metadata:0").status, called("x", "metadata:0").status, called("", "metadata:0").status), (404, 404, 200));

    let found = server.get("/api/search?q=needle").json();
    let hit = &found["hits"][0];
    assert_eq!(
        (&found["total"], &hit["row"], &hit["field"], &hit["text"]),
        (&1.into(), &5.into(), &"note".into(), &"a Needle in it".into())
    );
    let found = server.get("/api/search?q=ROW%2012&limit=4").json();
    let hits = found["hits"].as_array().unwrap();
    assert_eq!((&hits[0]["id"], &hits[1]["id"], hits.len(), &found["total"]), (&"row 12".into(), &"row 120".into(), 4, &13.into()));
    assert_eq!(server.get("/api/search?q=").json(), json!({"total": 0, "hits": []}));
    let all = u32s(&server.get("/api/search/rows?q=row%2012").body);
    let words = [12, 112].into_iter().chain(120..130).chain([212]);
    assert_eq!(all, words.collect::<Vec<u32>>(), "a phrase, or all its words");
    // Patterns, in the order of rows; words apart.
    let found = server.get("/api/search?q=%5Erow%20%5B12%5D0%24&by=pattern").json();
    assert_eq!((&found["total"], &found["hits"][1]["id"]), (&2.into(), &"row 20".into()));
    assert_eq!(server.get("/api/search?q=it%20needle").json()["hits"][0]["row"], 5);
    let wrong = server.get("/api/search?q=%28a&by=pattern");
    assert!(wrong.status == 400 && wrong.json()["error"].as_str().unwrap().contains("unclosed group"), "{:?}", wrong.json());
    assert_eq!(server.get("/api/search?q=a&by=meaning").status, 400);

    let price = field("price")["index"].clone();
    let page = server.post("/api/table", &json!({"rows": [4, 17, 9], "sort": price, "descending": false, "offset": 0, "limit": 2})).json();
    assert_eq!((&page["total"], &page["rows"][0]["row"], &page["rows"][1]["row"]), (&3.into(), &17.into(), &4.into()));
    let page = server.post("/api/table", &json!({"rows": null, "sort": price, "descending": true, "offset": 299, "limit": 9})).json();
    assert_eq!((&page["total"], &page["rows"][0]["row"]), (&300.into(), &9.into()), "missing cells are last");
    assert_eq!(server.post("/api/table", &json!({"rows": [300]})).status, 400);

    assert_eq!(server.get("/api/selection").json(), json!({"version": 0, "rows": []}));
    assert_eq!(server.post("/api/selection", &json!({"rows": [17, 4, 17]})).json(), json!({"version": 1}));
    assert_eq!(server.get("/api/selection").json(), json!({"version": 1, "rows": [4, 17]}));
    assert_eq!(server.post("/api/selection", &json!({"rows": [300]})).status, 400);

    // What sets the oaks apart, and their rows as files.
    let oaks: Vec<usize> = (0..100).map(|at| 3 * at).collect();
    let told = server.post("/api/explain", &json!({"rows": oaks, "limit": 3})).json();
    assert_eq!((&told["rows"], &told["against"], &told["means"]), (&100.into(), &200.into(), &Value::Null));
    let findings = told["findings"].as_array().unwrap();
    assert!(
        findings.iter().any(|found| found["id"] == format!("metadata:{}", field("kind")["index"]) && found["level"] == "oak"),
        "{told}"
    );
    assert!(findings.iter().any(|found| found["origin"] == "observed") && findings.len() <= 9 && told["total"].as_u64() >= Some(4));
    let against = server.post("/api/explain", &json!({"rows": oaks, "against": [1, 4, 7, 0]})).json();
    assert_eq!((&against["against"], &against["shared"]), (&3.into(), &1.into()));
    assert_eq!(server.post("/api/explain", &json!({"rows": [300]})).status, 400);
    assert_eq!(server.post("/api/explain", &json!({"rows": []})).status, 400);
    let saved = server.post("/api/rows/save", &json!({"rows": [7, 5], "format": "csv"}));
    let text = String::from_utf8(saved.body.clone()).unwrap();
    assert!(saved.header("content-disposition").is_some_and(|name| name.contains("rows.csv")) && text.lines().count() == 3, "{text}");
    assert!(text.contains(HOSTILE) && text.contains("a Needle in it") && text.lines().next().unwrap().contains("row"), "{text}");
    assert_eq!(&server.post("/api/rows/save", &json!({"rows": [7], "format": "parquet"})).body[..4], b"PAR1");
    assert_eq!(server.post("/api/rows/save", &json!({"rows": [7], "format": "exe"})).status, 400);

    let methods = server.get("/api/methods").json();
    assert!(methods.as_array().unwrap().iter().any(|method| method["name"] == "tsne" && method["parameters"]["properties"].is_object()));
    assert_eq!(server.get("/api/nothing").status, 404);
}

#[test]
fn a_fit_can_be_asked_for_again_and_stopped() {
    let server = Server::rested(table(), "t.csv --columns a,b,c,d,e --method pca");
    let wrong = server.post("/api/fit", &json!({"method": "tsne", "params": {"perplexity": 2000}}));
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["error"].as_str().unwrap().starts_with("perplexity: 2000"), "{}", wrong.json());
    assert_eq!(server.post("/api/fit", &json!({"method": "tnse"})).json()["hint"], "did you mean 'tsne'?");
    assert_eq!(server.post("/api/fit", &json!("x")).status, 400);
    let version = server.get("/api/state").json()["map"]["version"].as_u64().unwrap();
    assert_eq!(server.post("/api/fit", &json!({"method": "tsne", "params": {"n_iter": 100000, "perplexity": 20}})).status, 202);
    assert_eq!(server.post("/api/fit", &json!({"method": "pca"})).status, 409);
    let begun = Instant::now();
    while server.get("/api/state").json()["step"].as_u64().unwrap() < 300 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.post("/api/stop", &json!({})).status, 202);
    let state = server.rest();
    assert_eq!((&state["phase"], &state["method"]), (&"stopped".into(), &"tsne".into()));
    assert!(state["map"]["version"].as_u64().unwrap() > version);
    assert!(state["measures"]["recall"]["value"].as_f64().unwrap() > 0.1, "what is kept is measured: {state}");
    assert_eq!(server.get("/api/trust").body.len(), 1200);
}

#[test]
fn maps_that_were_learned_are_kept_with_what_is_told_of_them() {
    let server = Server::rested(table(), "t.csv --columns a,b,c,d,e --method pca");
    let first = server.get("/api/map").body;
    let learn = |method: &str, params: Value| {
        assert_eq!(server.post("/api/fit", &json!({"method": method, "params": params})).status, 202);
        server.rest()
    };
    let quick = json!({"n_iter": 50, "n_iter_early": 50, "perplexity": 10});
    let state = learn("tsne", quick.clone());
    assert_eq!((&state["map_id"], &state["maps_version"]), (&2.into(), &2.into()));
    let maps = server.get("/api/maps").json();
    assert_eq!((&maps[0]["id"], &maps[0]["method"], &maps[1]["method"]), (&1.into(), &"pca".into(), &"tsne".into()));
    for key in ["title", "params", "measures", "seconds", "warnings"] {
        assert_eq!(maps[1][key], state[key], "{key}");
    }
    assert!(maps[0]["measures"]["recall"]["value"].as_f64().unwrap() > 0.1);
    assert_eq!((&server.get("/api/maps/1").body, &server.get("/api/maps/2").body), (&first, &server.get("/api/map").body));
    // What a space would choose by itself is no map.
    assert_eq!(learn("pca", json!({"n_components": "auto"}))["map"]["dims"], 2);
    learn("tsne", quick.clone());
    // Of each map its own trust and its own neighbors.
    let share = |path: &str| f32s(&server.get(path).body)[7];
    assert_eq!(share("/api/maps/2/trust"), share("/api/trust"));
    let row = server.get("/api/rows/7?map=1").json();
    let near = row["neighbors"].as_array().unwrap();
    assert!((share("/api/maps/1/trust") - row["kept"].as_f64().unwrap() as f32 / near.len() as f32).abs() < 1e-6);
    let newest = server.get("/api/rows/7").json();
    let names = |row: &Value| row["neighbors"].as_array().unwrap().iter().map(|near| near["row"].as_u64()).collect::<Vec<_>>();
    assert_eq!(names(&newest), names(&row));
    assert_eq!(
        (server.get("/api/maps/9").status, server.get("/api/maps/9/trust").status, server.get("/api/rows/7?map=9").status),
        (404, 404, 404)
    );
    // Two maps are compared as `latent compare` does, whichever is first.
    let compared = server.get("/api/maps/2/compare/1").json();
    assert_eq!(compared, server.get("/api/maps/1/compare/2").json());
    for key in ["cka", "procrustes", "neighbors_shared", "distance_correlation"] {
        assert!(compared[key]["value"].is_number() && compared[key]["null"].is_number(), "{key} of {compared}");
    }
    assert_eq!((&compared["rows"], &compared["k"]), (&300.into(), &state["n_neighbors"]));
    assert!(compared["sentences"][0]["text"].as_str().unwrap().starts_with("Of the "));
    let same = server.get("/api/maps/1/compare/1").json();
    assert!(same["procrustes"]["value"].as_f64().unwrap() < 1e-6 && same["neighbors_shared"]["value"] == 1.0, "{same}");
    assert_eq!((server.get("/api/maps/1/compare/9").status, server.get("/api/maps/1/compare/x").status), (404, 404));
    // The space of a map is a file that encodes new rows.
    let file = server.get("/api/maps/2/space");
    assert_eq!((file.status, file.header("content-disposition")), (200, Some("attachment; filename=\"tsne-2.latent\"")));
    let space = latentspace::Space::from_bytes(&file.body, "tsne-2.latent".as_ref()).unwrap();
    let codes = space.capabilities().kept.unwrap().codes.as_slice().to_vec();
    assert!(codes.len() == 600 && space.rows == 300 && space.measures.contains_key("recall"));
    assert_eq!((&maps[1]["space"], server.get("/api/maps/9/space").status), (&true.into(), 404));
    // Learned again it is the same map.
    let state = learn("tsne", quick);
    assert_eq!((&state["map_id"], &state["maps_version"]), (&2.into(), &5.into()));
    assert_eq!(server.get("/api/maps").json().as_array().unwrap().len(), 2);
}

#[test]
fn a_map_tells_its_groups_and_what_of_it_is_there_again() {
    let server = Server::rested(table(), "t.csv --columns a,b,c,d,e --set n_iter=100 --set n_iter_early=50 --set perplexity=10");
    let map = &server.get("/api/maps").json()[0];
    // Three clouds stand apart, in the map as in the data.
    let groups = map["groups"]["groups"].as_array().unwrap();
    assert_eq!((groups.len(), &map["groups"]["split"]), (3, &json!([])), "{map}");
    assert!(groups.iter().all(|group| group["made_up"] == false && group["null"].as_f64().unwrap() > 0.5), "{map}");
    assert_eq!((&map["learned"], &map["stability"]), (&true.into(), &Value::Null));
    let warnings = map["warnings"].to_string();
    assert!(warnings.contains("has 3 connected components"), "{warnings}");
    let of_row = server.get("/api/maps/1/groups").body;
    let of = |row: usize| u32::from_le_bytes(of_row[4 * row..][..4].try_into().unwrap());
    assert_eq!((of_row.len(), of(3), of(6)), (1200, of(0), of(0)));
    assert_ne!(of(0), of(1));

    assert_eq!(server.get("/api/maps/1/stability").status, 204);
    let ask = |map: u64, runs: u64| server.post("/api/stability", &json!({"map": map, "runs": runs}));
    assert_eq!((ask(9, 2).status, ask(1, 1).status), (404, 400));
    // Stopped, it leaves nothing.
    assert_eq!((ask(1, 8).status, ask(1, 2).status), (202, 409));
    server.post("/api/stop", &json!({}));
    let state = server.rest();
    assert_eq!((&state["phase"], &state["again"], &state["maps_version"]), (&"done".into(), &Value::Null, &1.into()));
    assert_eq!(ask(1, 2).status, 202);
    let state = server.rest();
    assert_eq!((&state["phase"], &state["map_id"], &state["maps_version"]), (&"done".into(), &1.into(), &2.into()));
    let again = &server.get("/api/maps").json()[0]["stability"];
    for name in ["seeds", "bootstrap"] {
        let [value, null] = ["value", "null"].map(|key| again[name][key].as_f64().unwrap());
        assert!(null < 0.1 && value > 2.0 * null && value <= 1.0, "{again}");
    }
    assert_eq!((&again["runs"], &again["k"]), (&json!([2, 2]), &15.into()));
    assert!(again["sentences"][0]["text"].as_str().unwrap().starts_with("Of the 15 nearest neighbors of a row"));
    let by_row = f32s(&server.get("/api/maps/1/stability").body);
    let mean = by_row[..300].iter().sum::<f32>() / 300.0;
    assert!(by_row.len() == 600 && (f64::from(mean) - again["seeds"]["value"].as_f64().unwrap()).abs() < 1e-4);
    assert!(by_row.iter().filter(|share| share.is_nan()).count() < 60, "rows that were never drawn");
}

#[test]
fn columns_of_other_magnitudes_are_learned_from_and_not_shown_as_coordinates() {
    let folder = Folder::new();
    let line = |row: usize| format!("{},{}e-50\n", row * 7 % 60, row * 11 % 37);
    folder.write("t.csv", format!("size,p\n{}", (0..60).map(line).collect::<String>()));
    assert_eq!(Server::rested(folder, "t.csv").rest()["method"], "tsne");
}

#[test]
fn a_map_that_was_given_is_not_made_again() {
    let folder = Folder::new();
    folder.write("m.npy", npy(60, 2, &clouds(60, 2, 2)));
    let server = Server::rested(folder, "m.npy");
    let refused = server.post("/api/stability", &json!({"map": 1}));
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (400, &"the map: it was not learned here; only a map learned in this session can be resampled.".into())
    );
}

#[test]
fn rows_too_few_for_the_usual_method_get_another_map() {
    let folder = Folder::new();
    folder.write("few.csv", "a,b,c\n1,2,3\n2,3,9\n4,5,1\n1,1,1\n");
    let server = Server::rested(folder, "few.csv");
    let state = server.get("/api/state").json();
    assert_eq!((&state["phase"], &state["method"], &state["map"]["dims"]), (&"done".into(), &"pca".into(), &2.into()));
}

#[test]
fn names_and_warnings_are_for_reading() {
    let server = Server::rested(table(), "t.csv --columns a,b,c,d,e --method umap --set n_neighbors=100 --set n_epochs=20");
    let state = server.get("/api/state").json();
    assert_eq!(state["title"], "UMAP of 300 x 5, neighbors 100");
    assert!(state["warnings"].to_string().contains("\"Neighbors 100: more than a quarter of the 300 rows"), "{state}");
    let methods = server.get("/api/methods").json();
    let umap = methods.as_array().unwrap().iter().find(|method| method["name"] == "umap").unwrap();
    let of = |name: &str, key: &str| umap["parameters"]["properties"][name][key].clone();
    assert_eq!([of("densmap", "title"), of("n_neighbors", "title"), of("min_dist", "title")], ["densMAP", "neighbors", "min dist"]);
    assert_eq!((of("target", "role"), of("metric", "role"), of("min_dist", "role")), (json!("labels"), json!("metric"), Value::Null));
}

#[test]
fn a_grid_of_one_parameter_is_learned_map_by_map() {
    let server = Server::rested(table(), "t.csv --columns a,b,c,d,e --set n_iter=50 --set n_iter_early=50 --set perplexity=10");
    let quick = json!({"n_iter": 50, "n_iter_early": 50});
    let ask =
        |vary: &str, values: Value| server.post("/api/grid", &json!({"method": "tsne", "params": quick, "vary": vary, "values": values}));
    let wrong = ask("perplexity", json!([5, 2000]));
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["error"].as_str().unwrap().starts_with("perplexity: 2000"), "{}", wrong.json());
    assert_eq!((ask("perplexity", json!([])).status, ask("perplexty", json!([5])).status), (400, 400));
    assert_eq!(server.get("/api/state").json()["grid"], Value::Null);
    assert_eq!(ask("perplexity", json!([5, 10, 20])).status, 202);
    assert_eq!(ask("perplexity", json!([5])).status, 409);
    let begun = Instant::now();
    let grid = loop {
        let grid = server.get("/api/state").json()["grid"].clone();
        if grid["at"].is_null() {
            break grid;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "still {grid}");
        std::thread::sleep(Duration::from_millis(20));
    };
    // The one of perplexity 10 was there before.
    assert_eq!(grid, json!({"method": "tsne", "vary": "perplexity", "values": [5, 10, 20], "ids": [2, 1, 3], "at": null}));
    let maps = server.get("/api/maps").json();
    let of = |id: u64| maps.as_array().unwrap().iter().find(|map| map["id"] == id).unwrap()["params"]["perplexity"].as_f64();
    assert_eq!([of(2), of(1), of(3)], [Some(5.0), Some(10.0), Some(20.0)]);
    assert_eq!(server.rest()["phase"], "done");
}

#[test]
fn events_tell_the_state_and_the_map_as_they_change() {
    let server = Server::rested(table(), "t.csv --columns a,b,c,d,e --method pca");
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(stream, "GET /api/events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let mut seen = Vec::new();
    let mut asked = false;
    let fitted = loop {
        let line = lines.next().expect("the stream goes on");
        if let Some(event) = line.strip_prefix("event: ") {
            seen.push(event.to_owned());
        }
        if let Some(data) = line.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(data).unwrap();
            if !asked && seen.contains(&"map".to_owned()) && seen.contains(&"state".to_owned()) {
                server.post("/api/fit", &json!({"method": "tsne", "params": {"n_iter": 20, "n_iter_early": 20, "perplexity": 10}}));
                asked = true;
            }
            if data["method"] == "tsne" && data["phase"] == "done" {
                break data;
            }
        }
    };
    assert!(fitted["map"]["version"].as_u64().unwrap() > 1);
}

#[test]
fn nobody_else_may_ask() {
    let server = Server::rested(table(), "t.csv --columns a,b,c,d,e --method pca");
    let address = server.address.clone();
    let port = address.rsplit(':').next().unwrap();
    let with_host = |host: &str| server.ask(&format!("GET /api/state HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).status;
    assert_eq!((with_host(&address), with_host(&format!("localhost:{port}"))), (200, 200));
    for host in
        ["evil.example".to_owned(), format!("evil.example:{port}"), "127.0.0.1:1".to_owned(), format!("127.0.0.1.evil.example:{port}")]
    {
        assert_eq!(with_host(&host), 403, "{host}");
    }
    assert_eq!(server.get_with("/api/state", &format!("Origin: http://{address}\r\n")).status, 200);
    for origin in ["http://evil.example", "null", "https://127.0.0.1"] {
        assert_eq!(server.get_with("/api/state", &format!("Origin: {origin}\r\n")).status, 403, "{origin}");
    }
    assert_eq!(server.get_with("/api/rows/1", "Sec-Fetch-Site: cross-site\r\n").status, 403);
    // A form of another site cannot send JSON without being asked first.
    let form = "POST /api/stop HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nOrigin: http://evil.example\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(server.ask(&form.replace("{}", &address)).status, 403);
    for path in ["/", "/api/state", "/nothing", "/api/rows/1"] {
        let answer = server.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'") && answer.header("x-frame-options") == Some("DENY"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("access-control-allow-origin").is_none());
    }
    for path in ["/../Cargo.toml", "/..%2f..%2fetc%2fpasswd", "/assets/../../Cargo.toml", "//etc/passwd", "/t.csv", "/assets"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
fn names_from_data_stay_data() {
    let server = Server::rested(table(), "t.csv --columns a,b,c,d,e --method pca");
    let answer = server.get("/api/rows/7");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["id"], HOSTILE);
}

#[test]
fn with_a_host_the_token_is_asked_for() {
    let server = Server::start(table(), "t.csv --columns a,b,c,d,e --method pca --host 127.0.0.1");
    assert!(server.url.contains("/?token="), "{}", server.url);
    assert_eq!(server.get("/api/state").status, 403);
    assert_eq!(server.get("/?token=0123").status, 403);
    let opened = server.get(&server.url[server.url.find("/?").unwrap()..]);
    assert_eq!((opened.status, opened.header("location")), (303, Some("/")));
    let cookie = opened.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"));
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(server.get_with("/api/state", &format!("Cookie: a=b; {cookie}\r\n")).status, 200);
}

#[test]
fn two_dimensions_are_shown_as_they_are_and_far_coordinates_lose_nothing() {
    let folder = Folder::new();
    let values: Vec<f64> = (0..400).map(|at| 1e7 + at as f64 * 0.001).collect();
    folder.write("m.npy", npy_f64(200, 2, &values));
    let server = Server::rested(folder, "m.npy");
    let map = server.get("/api/map").body;
    let f64_at = |at: usize| f64::from_le_bytes(map[at..at + 8].try_into().unwrap());
    let coordinates = f32s(&map[64..]);
    for (at, value) in values.iter().enumerate() {
        let back = f64_at(24 + 8 * (at % 2)) + f64::from(coordinates[at]);
        assert!((back - value).abs() < 1e-6, "{value} came back as {back}");
    }
    assert_eq!(server.get("/api/rows/3").json()["neighbors"][0]["distance"].as_f64().map(|d| (d * 1e5).round()), Some(283.0));
}

#[test]
fn a_map_of_a_space_opens_with_and_without_its_data() {
    let folder = Folder::new();
    folder.write("x.npy", npy(200, 6, &clouds(200, 6, 4)));
    folder.good("fit tsne x.npy -o m.latent --perplexity 10 --n-iter 50 --n-iter-early 50 --codes z.npy");
    folder.good("fit pca x.npy -o p.latent --dims 2");
    let z = common::read_npy(&folder.read("z.npy"));
    let mut folder = folder;
    for line in ["m.latent", "m.latent x.npy", "x.npy z.npy", "p.latent x.npy"] {
        let mut server = Server::start(std::mem::replace(&mut folder, Folder::new()), line);
        let state = server.rest();
        assert_eq!((&state["phase"], &state["rows"], &state["map"]["dims"]), (&"done".into(), &200.into(), &2.into()), "{line}: {state}");
        let map = server.get("/api/map").body;
        let center = f64::from_le_bytes(map[24..32].try_into().unwrap());
        if !line.starts_with('p') {
            assert!((f64::from(f32s(&map[64..68])[0]) + center - f64::from(z[0])).abs() < 1e-4, "{line}");
        }
        assert!(state["measures"]["recall"].is_object(), "{line}: every map comes with its measures");
        folder = std::mem::replace(&mut server._folder, Folder::new());
    }
    let refused = folder.latent("explore p.latent --no-open --port 0");
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("hint: `latent explore p.latent DATA`"), "{}", refused.err);
}

#[test]
fn coordinates_are_a_map_and_a_table_of_two_columns_is_learned_from_unless_it_is_said_to_be_one() {
    let cells = clouds(200, 2, 4);
    let table = || {
        let folder = Folder::new();
        let lines: String = cells.chunks(2).map(|row| format!("{},{}\n", row[0], row[1])).collect();
        folder.write("t.csv", format!("length,year\n{lines}"));
        folder.write("z.csv", format!("z0,z1\n{lines}"));
        folder.write("z.npy", npy(200, 2, &cells));
        folder
    };
    for (line, axes) in [("z.npy", json!([])), ("z.csv", json!([])), ("t.csv --map", json!(["length", "year"]))] {
        let server = Server::rested(table(), line);
        let state = server.get("/api/state").json();
        assert_eq!(state["title"], "200 rows at the coordinates given", "{line}: {state}");
        assert_eq!((&state["phase"], &state["measures"], &state["axes"]), (&"done".into(), &Value::Null, &axes), "{line}: {state}");
        assert_eq!((&state["seconds"], &state["warnings"]), (&0.0.into(), &json!([])), "{line}: {state}");
        let kept = server.get("/api/maps").json();
        assert_eq!((&kept[0]["learned"], &kept[0]["axes"]), (&false.into(), &axes), "{line}: {kept}");
    }
    let server = Server::rested(table(), "t.csv --columns length,year");
    let state = server.get("/api/state").json();
    assert_eq!((&state["method"], &state["axes"]), (&"tsne".into(), &json!([])), "{state}");
    assert!(state["measures"]["recall"].is_object() && state["preparation"].as_array().is_some_and(|told| !told.is_empty()), "{state}");
    assert_eq!(state["sentences"][0]["kind"], "verdict", "{state}");

    let folder = Folder::new();
    folder.write("x.npy", npy(40, 5, &clouds(40, 5, 2)));
    let called = folder.latent("explore x.npy --map --no-open --port 0");
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("error: x.npy: 5 columns of numbers; a map has 2 or 3.\nhint: `--columns A,B`"), "{}", called.err);
    folder.refused(
        "explore x.npy --map --method pca",
        "it cannot be combined with --method; give only one of them.\nhint: `latent explore --help` lists its flags\n",
    );
}

#[test]
fn without_data_the_page_takes_a_file_from_itself_alone_and_lists_the_demos() {
    let server = Server::start(Folder::new(), "--method pca");
    let state = server.get("/api/state").json();
    assert_eq!((&state["phase"], &state["rows"]), (&"empty".into(), &0.into()), "{state}");
    let demos = server.get("/api/demos").json();
    assert!(demos[0]["name"] == "digits" && demos[0]["what"].as_str().unwrap().contains("handwritten digits"), "{demos}");
    let send = |name: &str, headers: &str, body: &str| {
        server.ask(&format!(
            "POST /api/open?name={name} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            server.address,
            body.len()
        ))
    };
    let cells = clouds(200, 4, 3);
    let lines: String = cells.chunks(4).map(|row| format!("{},{},{},{}\n", row[0], row[1], row[2], row[3])).collect();
    let table = format!("a,b,c,d\n{lines}");
    // Another site's page may not send one, and a name is no path.
    assert_eq!(send("t.csv", "Origin: http://evil.example\r\n", &table).status, 403);
    assert_eq!(send("t.csv", "Sec-Fetch-Site: cross-site\r\n", &table).status, 403);
    assert_eq!(send("..", "", &table).status, 400);
    let large = server.ask(&format!(
        "POST /api/open?name=t.csv HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        server.address,
        600_u64 << 20
    ));
    assert_eq!(large.status, 413);
    assert!(large.json()["error"].as_str().unwrap().contains("at most 512 MB"));
    // What cannot be read is said, without the folder in which it lay, and another file can be sent.
    assert_eq!(send("broken.npy", "", "no array").status, 202);
    let begun = Instant::now();
    let error = loop {
        let state = server.get("/api/state").json();
        if state["phase"] == "empty" && state["error"].is_object() {
            break state["error"]["error"].as_str().unwrap().to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{state}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(error.starts_with("broken.npy") && !error.contains("/tmp"), "{error}");
    assert_eq!(send("..%2Fmine.csv", "", &table).status, 202);
    let state = server.rest();
    assert_eq!((&state["phase"], &state["rows"], &state["method"]), (&"done".into(), &200.into(), &"pca".into()));
    assert!(state["name"].as_str().unwrap().starts_with("mine"), "{state}");
    assert_eq!(state["error"], Value::Null, "{state}");
    assert_eq!(send("t.csv", "", &table).status, 409);
}

#[test]
fn neighbors_are_said_to_be_measured_over_the_columns_that_they_are() {
    let folder = Folder::new();
    folder.write("x.npy", npy(200, 13, &clouds(200, 13, 4)));
    folder.good("fit pca x.npy -o p.latent --dims 5");
    let server = Server::rested(folder, "p.latent x.npy");
    let state = server.get("/api/state").json();
    let row = server.get("/api/rows/3").json();
    assert_eq!((&state["columns"], &row["search"]["columns"]), (&13.into(), &5.into()), "{row}");
    // Few rows are all measured.
    assert_eq!(state["estimated"], json!({}), "{state}");
}

#[test]
fn pictures_come_as_png() {
    let folder = Folder::new();
    let pixels: Vec<u8> = (0..60 * 48).map(|at| (255.0 * uniform(at / 48, at % 48)) as u8).collect();
    folder.write("p.npy", npy_of("|u1", "(60, 4, 4, 3)", &pixels));
    let server = Server::rested(folder, "p.npy --method pca");
    let state = server.get("/api/state").json();
    assert_eq!(state["picture"], json!({"width": 4, "height": 4, "pixelated": true}));
    let picture = server.get("/api/rows/7/picture");
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/png")));
    let decoded = image::load_from_memory(&picture.body).unwrap().to_rgb8();
    assert_eq!(decoded.as_raw()[..], pixels[7 * 48..8 * 48]);
    // Many at once, side by side; reduced where they are larger than asked for.
    let sheet = server.get("/api/pictures?rows=7,0,59&side=32");
    assert_eq!((sheet.status, sheet.header("content-type")), (200, Some("image/png")));
    let decoded = image::load_from_memory(&sheet.body).unwrap().to_rgb8();
    assert_eq!(decoded.dimensions(), (8, 8)); // two columns
    for (at, row) in [7, 0, 59].into_iter().enumerate() {
        let (left, top) = (at as u32 % 2 * 4, at as u32 / 2 * 4);
        assert_eq!(image::imageops::crop_imm(&decoded, left, top, 4, 4).to_image().as_raw()[..], pixels[row * 48..(row + 1) * 48]);
    }
    let small = image::load_from_memory(&server.get("/api/pictures?rows=7,0,59&side=1").body).unwrap().to_rgb8();
    assert_eq!(small.dimensions(), (2, 2));
    let red: u32 = (0..16).map(|at| u32::from(pixels[7 * 48 + 3 * at])).sum();
    assert_eq!(u32::from(small.get_pixel(0, 0)[0]), (red + 8) / 16);
    assert_eq!(
        ["rows=60", "rows=x", "rows=1&side=0", "rows=1&side=65", "rows="].map(|asked| server.get(&format!("/api/pictures?{asked}")).status),
        [404, 404, 400, 400, 404]
    );
    // The mean picture of a selection.
    let means = &server.post("/api/explain", &json!({"rows": [3, 7]})).json()["means"];
    assert_eq!(
        (means["inside"][5].as_f64(), means["outside"].as_array().map(Vec::len)),
        (Some((f64::from(pixels[3 * 48 + 5]) + f64::from(pixels[7 * 48 + 5])) / 2.0), Some(48))
    );
}

#[test]
fn spectra_are_curves_over_their_wavelengths() {
    let folder = Folder::new();
    let value = |row: usize, at: usize| ((at as f64 / 8.0 + row as f64 / 9.0).sin() * 1000.0).round() / 1000.0;
    let header: Vec<String> = (0..40).map(|at| format!("{} nm", 400 + 5 * at)).collect();
    let mut text = format!("{}\n", header.join(","));
    for row in 0..60 {
        text.push_str(&format!("{}\n", (0..40).map(|at| value(row, at).to_string()).collect::<Vec<_>>().join(",")));
    }
    folder.write("s.csv", text);
    let server = Server::rested(folder, "s.csv --method pca");
    assert_eq!(server.get("/api/state").json()["curve"], true);
    let axis = server.get("/api/curve").json();
    assert_eq!(
        (&axis["positions"][1], &axis["after"], &axis["before"], &axis["dates"]),
        (&405.0.into(), &" nm".into(), &"".into(), &false.into())
    );
    // Mean and standard deviation of a selection.
    let means = &server.post("/api/explain", &json!({"rows": [3, 7]})).json()["means"];
    let (a, b) = (value(3, 5), value(7, 5));
    assert!((means["inside"][5].as_f64().unwrap() - (a + b) / 2.0).abs() < 1e-5);
    assert!((means["deviation"][5].as_f64().unwrap() - (a - b).abs() / 2.0).abs() < 1e-5);
}

#[test]
fn few_rows_get_a_smaller_neighborhood_and_are_told_so() {
    let folder = Folder::new();
    folder.write("x.npy", npy(40, 6, &clouds(40, 6, 2)));
    let server = Server::rested(folder, "x.npy");
    let state = server.get("/api/state").json();
    assert_eq!(state["phase"], "done", "{state}");
    assert!(state["params"]["perplexity"].as_f64().unwrap() <= 13.0);
    assert!(state["warnings"].to_string().contains("perplexity"), "{}", state["warnings"]);
}

#[test]
fn data_that_cannot_be_read_end_the_server_with_the_sentence() {
    let folder = Folder::new();
    folder.write("x.npy", &npy(40, 6, &clouds(40, 6, 2))[..300]);
    let called = folder.latent("explore x.npy --no-open --port 0");
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("error: x.npy: "), "{}", called.err);
    assert_eq!(called.err.matches("error:").count(), 1, "told once: {}", called.err);
    folder.refused("explore y.npy --no-open", "hint: did you mean 'x.npy'?\n");
}
