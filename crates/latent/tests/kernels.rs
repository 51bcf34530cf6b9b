//! Spaces of kernels, and probes, through the program.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Folder, npy, read_npy, uniform};
use serde_json::Value;

/// The Gaussian kernel of made-up rows.
fn kernel(row: usize, other: usize) -> f32 {
    let place = |row: usize, axis: usize| uniform(row, axis) + (row % 2) as f64;
    (-(0..3).map(|axis| (place(row, axis) - place(other, axis)).powi(2)).sum::<f64>()).exp() as f32
}

#[test]
fn rings_and_moons_are_separated_by_a_plane_in_the_space_of_a_kernel() {
    let folder = Folder::new();
    let told = folder.json("demo kernel --picture kernel.svg --quiet");
    for set in told["sets"].as_array().unwrap() {
        let spaces = set["spaces"].as_array().unwrap();
        let of = |space: &Value, what: &str| space[what].as_f64().or(space[what]["value"].as_f64()).unwrap();
        assert!(of(&spaces[0], "accuracy") < 0.92 && of(&spaces[0], "margin") < 0.0, "{set}");
        assert!(spaces.len() > 3 && spaces[0]["method"].is_null(), "{set}");
        for space in &spaces[1..] {
            assert!(of(space, "accuracy") > 0.97 && of(space, "margin") > 0.0, "{space}");
        }
    }
    let picture = String::from_utf8(folder.read("kernel.svg")).unwrap();
    assert!(
        picture.starts_with("<svg") && picture.matches("<circle").count() == 3200 && picture.matches("class='line'").count() >= 3,
        "{picture}"
    );
    let drawn = folder.good("demo kernel --picture kernel.svg --quiet").out;
    assert!(drawn.contains('●') && drawn.contains('○') && !drawn.contains('\x1b'), "{drawn}");
    folder.refused("demo kernel --points 300", "error: --points: '300' was given; only `latent demo spiral` takes it.\n");
}

#[test]
fn a_precomputed_kernel_is_learned_from_and_encoded_by() {
    let folder = Folder::new();
    let values: Vec<f32> = (0..80 * 80).map(|at| kernel(at / 80, at % 80)).collect();
    folder.write("k.npy", npy(80, 80, &values));
    folder.write("new.npy", npy(5, 80, &values[..5 * 80]));
    folder.good("fit kernel-pca k.npy --kernel precomputed --dims 3 -o k.latent --codes k-codes.npy --quiet");
    folder.good("encode k.latent new.npy -o new-codes.npy --quiet");
    let (all, some) = (read_npy(&folder.read("k-codes.npy")), read_npy(&folder.read("new-codes.npy")));
    assert!(some.iter().zip(&all).all(|(a, b)| (a - b).abs() < 1e-5), "{some:?} {:?}", &all[..15]);
    folder.write("wide.npy", npy(5, 80, &values[..5 * 80]));
    let refused = folder.latent("fit kernel-pca wide.npy --kernel precomputed --dims 2 -o w.latent");
    assert!(refused.code == Some(2) && refused.err.contains("a precomputed kernel is square"), "{}", refused.err);
}

#[test]
fn rows_near_in_the_feature_space_are_found_without_coordinates() {
    let folder = Folder::new();
    let cells: Vec<f32> = (0..200 * 3).map(|at| uniform(at / 3, at % 3) as f32).collect();
    folder.write("rows.npy", npy(200, 3, &cells));
    folder.good("fit kernel-pca rows.npy --kernel poly --degree 3 --dims 2 -o k.latent --quiet");
    let near = folder.json("neighbors k.latent --row 5 -k 4 --kernel --quiet");
    let near = near.as_array().unwrap();
    assert!(near.len() == 4 && near.iter().all(|found| found["row"] != 5), "{near:?}");
    assert!(near.windows(2).all(|pair| pair[0]["distance"].as_f64() <= pair[1]["distance"].as_f64()), "{near:?}");
    folder.good("neighbors k.latent --all -k 4 --kernel -o near.csv --quiet");
    let all = String::from_utf8(folder.read("near.csv")).unwrap();
    let of_five: Vec<&str> = all.lines().filter(|line| line.starts_with("5,")).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert_eq!(of_five, near.iter().map(|found| found["row"].to_string()).collect::<Vec<String>>());
    folder.good("fit pca rows.npy --dims 2 -o pca.latent --codes codes.npy --quiet");
    let lacks = "it needs a space that has a kernel and keeps its rows.";
    folder.refused("neighbors codes.npy --row 5 --kernel", &format!("error: --kernel: codes, which have coordinates was given; {lacks}\nhint: `latent methods` lists those with a kernel; a precomputed one never saw the rows\n"));
}

#[test]
fn dimensions_that_decide_between_two_labels_are_explained_by_them() {
    let folder = Folder::new();
    let line = |row: usize| format!("{:.3},{:.3},k{}", uniform(row, 0) + (row % 3) as f64, uniform(row, 1), row % 3);
    folder.write("t.csv", "a,b,kind\n".to_owned() + &(0..90).map(line).collect::<Vec<_>>().join("\n"));
    folder.good("fit svm t.csv --target kind -o t.latent --quiet");
    let found = folder.json("explain t.latent --quiet");
    let labels: Vec<&Value> = found.as_array().unwrap().iter().map(|dimension| &dimension["labels"]).collect();
    assert_eq!(labels, [&Value::from(vec!["k0", "k1"]), &vec!["k0", "k2"].into(), &vec!["k1", "k2"].into()]);
    let told = folder.good("explain t.latent --quiet").out;
    assert!(told.contains("dimension z1: 'k0' above 0, 'k2' below\n"), "{told}");
}

#[test]
fn codes_are_probed_for_labels() {
    let folder = Folder::new();
    // A ring around another: neighbors tell them apart, a plane does not.
    let cell = |row: usize, axis: usize| {
        let angle = 6.3 * uniform(row, 0);
        ((if row.is_multiple_of(2) { 1.0 } else { 3.0 }) * if axis == 0 { angle.cos() } else { angle.sin() }) as f32
    };
    folder.write("ring.npy", npy(300, 2, &(0..600).map(|at| cell(at / 2, at % 2)).collect::<Vec<_>>()));
    folder.write("labels.csv", format!("kind\n{}", (0..300).map(|row| ["in\n", "out\n"][row % 2]).collect::<String>()));
    let found = folder.json("measure ring.npy --probe labels.csv:kind");
    let of = |what: &str, part: &str| found[what][part].as_f64().unwrap();
    assert!(of("accuracy", "value") < 0.65 && of("accuracy_neighbors", "value") > 0.98, "{found}");
    assert!(of("accuracy", "null") < 0.65 && of("accuracy_neighbors", "null") < 0.65 && found["classes"] == 2, "{found}");
    let both = folder.json("measure ring.npy --against ring.npy --probe labels.csv");
    assert!(both["trustworthiness"]["value"] == 1.0 && both["accuracy"] == found["accuracy"], "{both}");
    folder.good("fit kernel-pca ring.npy --dims 4 -o ring.latent --quiet");
    let space = folder.json("measure ring.latent --probe labels.csv");
    assert!(space["accuracy"]["value"].as_f64().unwrap() > 0.98, "{space}");
    folder.write("short.csv", "kind\na\nb\n");
    folder.refused("measure ring.npy --probe short.csv", "error: short.csv: 2 rows; there are codes of 300.\n");
}
