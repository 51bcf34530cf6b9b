//! The page's room of axes: what the server answers of the dimensions of a space.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, asked, npy_of, uniform};
use serde_json::Value;

/// 240 rows of 6 columns of two causes: the first moves `a` and `b` together and `c` against them, the second `d` and `e`; `f` is noise.
fn table() -> Folder {
    let folder = Folder::new();
    let mut text = String::from("a,b,c,d,e,f,kind\n");
    for row in 0..240 {
        let noise = |column: usize| 0.1 * (uniform(row, 10 + column) - 0.5);
        let (one, two) = (4.0 * (uniform(row, 1) - 0.5), 2.0 * (uniform(row, 2) - 0.5));
        let cells = [10.0 + one + noise(0), 20.0 + one + noise(1), 5.0 - one + noise(2), two + noise(3), 2.0 * two + noise(4), noise(5)];
        let cells: Vec<String> = cells.iter().map(f64::to_string).collect();
        text.push_str(&format!("{},{}\n", cells.join(","), ["oak", "fir"][row % 2]));
    }
    folder.write("t.csv", text);
    folder
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn the_page_is_told_what_dimensions_are_made_of_and_what_codes_decode_to() {
    let folder = table();
    folder.good("fit pca t.csv --columns a,b,c,d,e,f --scale none -o p.latent --dims 4");
    let paths = [
        "/api/state",
        "/api/axes",
        "/api/axes/0?limit=3",
        "/api/axes/biplot?x=0&y=1",
        "/api/axes/rows/17",
        "/api/axes/decode?codes=0,0,0,0;1,0,0,0",
        "/api/columns?q=component",
        "/api/columns/axes:1",
        "/api/columns?q=a",
    ];
    let told = asked(&folder, "p.latent t.csv --columns a,b,c,d,e,f --method pca", &paths);
    let [(_, state), (_, all), (_, first), (_, biplot), (_, codes), (_, decoded), (_, columns), (_, second), (_, observed)] = &told[..]
    else {
        panic!()
    };
    assert_eq!((&state["can"][0], &state["kind"]), (&"axes".into(), &"table".into()), "{state}");
    assert_eq!((&all["title"], &all["noun"]), (&"PCA of 240 x 6, 4 components".into(), &"component".into()));
    assert_eq!((&all["decodes"], &all["parts"], &all["columns"]), (&true.into(), &false.into(), &6.into()));
    let shares: Vec<f64> = all["dimensions"].as_array().unwrap().iter().map(|one| one["share"].as_f64().unwrap()).collect();
    assert!(shares.len() == 4 && shares.is_sorted_by(|a, b| a >= b) && shares[0] + shares[1] > 0.98, "{shares:?}");
    // The range of the sliders is that of the codes.
    let one = &all["dimensions"][0];
    assert!(one["mean"].as_f64().unwrap().abs() < 1e-4 && one["low"].as_f64() < Some(-2.0) && one["high"].as_f64() > Some(2.0), "{one}");
    // a and b against c.
    let largest = first["largest"].as_array().unwrap();
    let names: Vec<&str> = largest.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(names.len() == 3 && ["a", "b", "c"].iter().all(|name| names.contains(name)), "{names:?}");
    let of = |name: &str| largest.iter().find(|one| one["name"] == name).unwrap()["weight"].as_f64().unwrap();
    assert!((of("a") - of("b")).abs() < 0.02 && (of("a") + of("c")).abs() < 0.02, "{first}");
    assert!(first["values"].is_null() && first["lowest"].as_array().unwrap().len() == 5, "{first}");
    let arrows = biplot["arrows"].as_array().unwrap();
    let across = |name: &str| arrows.iter().find(|arrow| arrow["name"] == name).unwrap()["x"].as_f64().unwrap();
    assert!(arrows.len() == 6 && across("a").abs() > 1.0 && across("a") * across("c") < 0.0 && across("f").abs() < 0.1, "{biplot}");
    assert_eq!((codes["row"].as_u64(), codes["codes"].as_array().unwrap().len()), (Some(17), 4));
    // The zero code is the mean row, in its units; a step along the first dimension adds its weights.
    let cell = |row: usize, name: &str| {
        let cells = decoded["rows"][row]["cells"].as_array().unwrap();
        cells.iter().find(|cell| cell["name"] == name).unwrap()["value"].as_f64().unwrap()
    };
    assert!((cell(0, "a") - 10.0).abs() < 0.2 && (cell(0, "b") - 20.0).abs() < 0.2, "{decoded}");
    assert!((cell(1, "c") - cell(0, "c") - of("c")).abs() < 1e-4, "{decoded}");
    // Dimensions are columns to color by, beside the observed ones.
    assert_eq!((&columns["total"], &columns["columns"][1]["id"], &second["origin"]), (&4.into(), &"axes:1".into(), &"derived".into()));
    assert!(observed["columns"].as_array().unwrap().iter().any(|column| column["id"] == "observed:0"), "{observed}");
    // The codes of a row decode to the row.
    let path = format!("/api/axes/decode?codes={}", numbers(&codes["codes"]).iter().map(f64::to_string).collect::<Vec<_>>().join(","));
    let wrong =
        ["/api/axes/decode?codes=1,2", "/api/axes/decode?codes=1,2,x,4", "/api/axes/9", "/api/axes/biplot?x=0", "/api/axes/rows/999"];
    let told = asked(&folder, "p.latent t.csv --columns a,b,c,d,e,f --method pca", &[&[path.as_str()][..], &wrong].concat());
    let back = told[0].1["rows"][0]["cells"][3]["value"].as_f64().unwrap();
    assert!((back - 2.0 * (uniform(17, 2) - 0.5)).abs() < 0.1, "{back}");
    assert_eq!(told[1..].iter().map(|(status, _)| *status).collect::<Vec<_>>(), [400, 400, 404, 404, 404]);
    assert!(told[2].1["error"].as_str().unwrap().contains("'x' was given; each row has 4 numbers"), "{}", told[2].1);
}

#[test]
fn a_map_by_components_has_their_axes_and_others_have_none() {
    let folder = table();
    let line = "t.csv --columns a,b,c,d,e,f --set n_components=2 --method pca";
    let told =
        asked(&folder, line, &["/api/state", "/api/maps", "/api/maps/1/axes", "/api/maps/1/axes/1", "/api/axes", "/api/maps/9/axes"]);
    assert_eq!((&told[0].1["can"], &told[1].1[0]["can"]), (&serde_json::json!(["sweep"]), &serde_json::json!(["axes"])));
    assert_eq!((told[2].1["dimensions"].as_array().unwrap().len(), told[4].0, told[5].0), (2, 404, 404));
    assert!(told[3].1["largest"].as_array().unwrap().len() == 6);
    let told = asked(&folder, "t.csv --columns a,b,c,d,e,f --method umap --set n_epochs=20", &["/api/maps", "/api/maps/1/axes"]);
    assert_eq!((&told[0].1[0]["can"], told[1].0), (&serde_json::json!([]), 404));
}

#[test]
fn axes_of_pictures_and_of_curves_are_drawn_as_what_they_are() {
    let folder = Folder::new();
    let pixels: Vec<u8> = (0..60 * 36).map(|at| (200.0 * uniform(at / 36, (at % 36) / 12)) as u8).collect();
    folder.write("i.npy", npy_of("|u1", "(60, 6, 6)", &pixels));
    folder.good("fit nmf i.npy -o i.latent --dims 3");
    let paths = ["/api/state", "/api/axes", "/api/axes/1", "/api/axes/biplot?x=0&y=1", "/api/axes/decode?codes=0,0,0"];
    let told = asked(&folder, "i.latent i.npy", &paths);
    // Parts of pictures are no topics of documents.
    assert_eq!(told[0].1["can"], serde_json::json!(["axes", "sweep"]));
    assert_eq!((&told[1].1["picture"]["width"], &told[1].1["parts"]), (&6.into(), &true.into()));
    assert!(told[2].1["values"].as_array().unwrap().len() == 36 && told[2].1["largest"][0]["name"].as_str().unwrap().starts_with("pixel "));
    assert_eq!((told[3].1["arrows"].as_array().unwrap().len(), told[4].1["rows"][0]["values"].as_array().unwrap().len()), (0, 36));

    let header: Vec<String> = (0..40).map(|at| format!("{} nm", 400 + 5 * at)).collect();
    let mut text = format!("{}\n", header.join(","));
    for row in 0..60 {
        let value = |at: usize| ((at as f64 / 8.0).sin() * uniform(row, 1) + (at as f64 / 5.0).cos() * uniform(row, 2)).to_string();
        text.push_str(&format!("{}\n", (0..40).map(value).collect::<Vec<_>>().join(",")));
    }
    folder.write("s.csv", text);
    folder.good("fit pca s.csv -o s.latent --dims 2");
    let told = asked(&folder, "s.latent s.csv", &["/api/axes", "/api/axes/0", "/api/axes/decode?codes=0,0"]);
    assert_eq!((&told[0].1["curve"]["positions"][1], &told[0].1["curve"]["after"]), (&405.0.into(), &" nm".into()));
    assert!(told[1].1["values"].as_array().unwrap().len() == 40 && told[2].1["rows"][0]["values"].as_array().unwrap().len() == 40);
}
