//! The commands as they are called: what they print, write and refuse.

#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Folder, clouds, npy, npy_f64, npy_of, read_npy, uniform};
use serde_json::{Value, json};

/// A folder with `x.npy`: 600 rows of 12 columns in 4 clouds.
fn with_clouds() -> Folder {
    let folder = Folder::new();
    folder.write("x.npy", npy(600, 12, &clouds(600, 12, 4)));
    folder
}

/// A folder with `t.csv`: 120 named rows of two numbers and a class.
fn with_table() -> Folder {
    let folder = Folder::new();
    let mut text = String::from("name,height,width,depth,kind\n");
    for row in 0..120 {
        let kind = ["oak", "fir", "elm"][row % 3];
        let number = |column| 5.0 * (row % 3) as f64 + uniform(row, column);
        text.push_str(&format!("tree {row},{:.4},{:.4},{:.4},{kind}\n", number(0), number(1), number(2)));
    }
    folder.write("t.csv", text);
    folder
}

#[test]
fn help_tells_what_there_is() {
    let folder = Folder::new();
    let help = folder.good("--help").out;
    for command in [
        "demo",
        "explore",
        "describe",
        "dimension",
        "fit",
        "encode",
        "decode",
        "measure",
        "compare",
        "stability",
        "sweep",
        "neighbors",
        "export",
        "methods",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{command} "))), "{command} is missing:\n{help}");
        assert!(folder.good(&format!("{command} --help")).out.contains("Usage: latent "));
    }
    assert_eq!(folder.good("").out, help);
    let help = folder.good("fit tsne --help").out;
    assert!(help.contains("--perplexity <X>") && help.contains("default: 30") && help.contains("--dims"), "{help}");
    assert!(!help.contains('\x1b'), "no color where there is no terminal");
}

#[test]
fn methods_are_described_once_for_all() {
    let folder = Folder::new();
    let methods = folder.json("methods");
    let methods = methods.as_array().unwrap();
    assert!(methods.iter().any(|method| method["name"] == "pca"));
    let list = folder.good("methods").out;
    assert!(list.lines().all(|line| line.chars().count() <= 110), "{list}");
    for method in methods {
        for key in ["name", "family", "takes", "encodes", "decodes", "folds", "parameters", "limits"] {
            assert!(!method[key].is_null(), "{key} of {}", method["name"]);
        }
        let name = method["name"].as_str().unwrap();
        let help = folder.good(&format!("fit {name} --help")).out;
        let details = folder.good(&format!("methods {name}")).out;
        for parameter in method["parameters"]["properties"].as_object().unwrap().keys() {
            assert!(help.contains(&format!("--{}", parameter.replace('_', "-"))), "{name} --help lacks {parameter}");
            assert!(details.contains(parameter.as_str()), "methods {name} lacks {parameter}");
        }
        // Long lines are broken.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        for limit in method["limits"].as_array().unwrap() {
            for told in [&details, &list] {
                assert!(words(told).contains(limit.as_str().unwrap()), "{name}: {limit} is not told\n{told}");
            }
        }
    }
}

#[test]
fn a_fit_tells_what_it_did() {
    let folder = with_clouds();
    let fit = folder.json("fit pca x.npy -o s.latent --dims 3 --codes z.npy");
    assert_eq!((&fit["method"], &fit["n_components"], &fit["rows"], &fit["seed"]), (&"pca".into(), &3.into(), &600.into(), &0.into()));
    assert_eq!(fit["params"]["n_components"], 3);
    for seconds in ["seconds", "seconds_read", "seconds_measures"] {
        assert!(fit[seconds].as_f64().unwrap() >= 0.0);
    }
    assert!(fit["peak_mib"].as_f64().unwrap() > 1.0);
    for name in ["explained_variance", "reconstruction_error", "trustworthiness", "continuity", "recall", "distance_correlation"] {
        let measure = &fit["measures"][name];
        let number = |key: &str| measure[key].as_f64().unwrap_or_else(|| panic!("{name}: {key} in {measure}"));
        assert!(number("low") <= number("value") && number("value") <= number("high"), "{name}: {measure}");
    }
    assert!(fit["measures"]["trustworthiness"]["value"].as_f64().unwrap() > 0.9);
    assert_eq!(folder.names(), ["s.latent", "x.npy", "z.npy"]);
    let told = folder.good("fit pca x.npy -o s.latent --dims 3");
    assert!(told.out.starts_with("s.latent: PCA of 600 x 12, 3 dimensions\n"), "{}", told.out);
    assert!(told.err.contains("exact"), "the algorithm is told: {}", told.err);
    assert_eq!(folder.good("fit pca x.npy -o s.latent --quiet").err, "");
}

#[test]
fn a_dimension_is_told_with_its_interval_and_for_each_row() {
    let folder = with_table();
    // A curve in 12 columns, and one of its rows twice.
    let curve = |row: usize, column: usize| (uniform(row % 799, 0) * (column + 1) as f64).sin() as f32;
    folder.write("curve.npy", npy(800, 12, &(0..800 * 12).map(|at| curve(at / 12, at % 12)).collect::<Vec<f32>>()));
    let found = folder.json("dimension curve.npy --per-row d.npy");
    for name in ["two_nn", "mle", "correlation", "participation"] {
        let number = |key: &str| found[name][key].as_f64().unwrap_or_else(|| panic!("{name}: {key} in {found}"));
        assert!(0.0 < number("low") && number("low") <= number("value") && number("value") <= number("high"), "{name}: {found}");
        assert!(name == "participation" || (number("value") - 1.0).abs() < 0.1, "{name}: {found}");
    }
    let counts = ["rows", "distinct_rows", "columns", "n_neighbors", "sampled_rows"].map(|key| found[key].as_u64().unwrap());
    assert_eq!(counts, [800, 799, 12, 10, 799]);
    assert_eq!(found, folder.json("dimension curve.npy --threads 1"));
    let rows = read_npy(&folder.read("d.npy"));
    assert!(rows.len() == 800 && rows.iter().all(|row| (0.5..2.0).contains(row)), "{rows:?}");
    let told = folder.good("dimension curve.npy");
    assert!(told.out.contains("TwoNN") && told.out.contains("Intrinsic dimension about 1.0"), "{}", told.out);
    assert!(told.out.contains("curved") && told.out.contains("1 row equals an earlier one"), "{}", told.out);

    folder.good("dimension t.csv -k 5 --per-row d.csv");
    let csv = String::from_utf8(folder.read("d.csv")).unwrap();
    assert_eq!((csv.lines().count(), csv.lines().next()), (121, Some("dimension,name,kind")));
    folder.good("dimension t.csv --per-row d.parquet");
    assert_eq!(folder.good("dimension t.csv --per-row - --quiet").out.lines().count(), 121);
    folder.refused(
        "dimension t.csv --per-row d.txt",
        "error: --per-row: 'd.txt' was given; its name must end in one of .npy .parquet .csv.\n",
    );
    folder.refused("dimension t.csv -k 120", "error: n_neighbors: 120 was given; for 120 different rows it is 2 to 119.\n");
    folder.refused("dimension t.csv -k 1", "error: --neighbors: '1' was given; it must be a whole number, at least 2.\n");
    folder.write("same.csv", "a,b\n1,2\n1,2\n1,2\n");
    folder.refused("dimension same.csv", "1 different row; a dimension takes at least 3, so that each has 2 neighbors.\n");
}

#[test]
fn two_spaces_of_the_same_rows_are_compared() {
    let folder = with_clouds();
    folder.good("fit pca x.npy -o s.latent --dims 5 --codes a.npy");
    folder.good("fit tsne x.npy -o b.latent --n-iter 50");
    let same = folder.json("compare a.npy a.npy");
    assert!(same["cka"]["value"].as_f64().unwrap() > 0.9999 && same["procrustes"]["value"].as_f64().unwrap() < 1e-5, "{same}");
    assert_eq!((&same["neighbors_shared"]["value"], &same["matched_by"], &same["k"]), (&1.0.into(), &"order".into(), &15.into()));
    let found = folder.json("compare a.npy b.latent --moved moved.npy");
    for name in ["cka", "cca", "procrustes", "neighbors_shared", "distance_correlation"] {
        let number = |key: &str| found[name][key].as_f64().unwrap_or_else(|| panic!("{name}: {key} in {found}"));
        assert!(number("low") <= number("value") && number("value") <= number("high"), "{name}: {found}");
        assert!((number("value") - number("null")).abs() > 0.1, "{name}: {found}");
    }
    assert_eq!(read_npy(&folder.read("moved.npy")).len(), 1200);
    let told = folder.good("compare a.npy b.latent").out;
    assert!(told.contains("procrustes") && told.contains("Of the 15 nearest neighbors of a row"), "{told}");
    assert_eq!(folder.good("compare a.npy b.latent --moved - --quiet").out.lines().next(), Some("moved,neighbors_kept"));

    // With ids, in another order, and not the same rows in both.
    let table = |rows: &[usize], sign: i32| {
        let line = |&row: &usize| format!("{},{},n{row}\n", f64::from(sign) * uniform(row, 0), uniform(row, 1));
        format!("z0,z1,id\n{}", rows.iter().map(line).collect::<String>())
    };
    folder.write("a.csv", table(&(0..100).collect::<Vec<_>>(), 1));
    folder.write("b.csv", table(&(10..120).rev().collect::<Vec<_>>(), -1));
    let found = folder.json("compare a.csv b.csv --moved m.csv");
    assert_eq!(["rows", "only_in_a", "only_in_b"].map(|key| found[key].as_u64().unwrap()), [90, 10, 20]);
    assert!(found["matched_by"] == "ids" && found["procrustes"]["value"].as_f64().unwrap() < 1e-5, "{found}");
    let csv = String::from_utf8(folder.read("m.csv")).unwrap();
    assert!(csv.lines().nth(1).unwrap().ends_with(",1,n10"), "{csv}");
    folder.write("twice.csv", table(&[3, 4, 5, 4], 1));
    folder.refused(
        "compare a.csv twice.csv",
        "error: twice.csv, row 4: the id 'n4', which row 2 has, too; rows are matched by their ids, so each has its own.\n",
    );
    folder.write("others.csv", table(&[300, 301, 302], 1));
    folder.refused(
        "compare a.csv others.csv",
        "error: others.csv: none of its ids ('n300', …) is an id of a.csv; rows are matched by their ids where both files have them.\n",
    );
    folder.refused(
        "compare a.npy a.csv",
        "error: a.csv: 100 rows; a.npy has 600.\nhint: rows are matched by their order, or, where both files have a column named id, by that\n",
    );
    folder.refused(
        "compare a.npy",
        "error: latent compare: B is missing; it must be given.\nhint: `latent compare --help` lists its flags\n",
    );
}

#[test]
fn a_sweep_tells_how_many_dimensions_are_enough() {
    let folder = with_clouds();
    // Four clouds lie in three dimensions, and noise in all.
    let found = folder.json("sweep pca x.npy --dims 4,1,2,2 -o curves.svg");
    let dims: Vec<u64> = found["dims"].as_array().unwrap().iter().map(|point| point["dims"].as_u64().unwrap()).collect();
    assert_eq!((dims, &found["figure"]), (vec![1, 2, 4], &"reconstruction_error".into()));
    for point in found["dims"].as_array().unwrap() {
        for figure in ["training", "held_out"] {
            let value = point[figure]["value"].as_f64().unwrap();
            assert!(value >= 0.0 && value < point[figure]["null"].as_f64().unwrap(), "{point}");
        }
    }
    assert!(found["sentence"].as_str().unwrap().starts_with(&found["recommended"].to_string()), "{found}");
    let picture = String::from_utf8(folder.read("curves.svg")).unwrap();
    assert!(picture.starts_with("<svg ") && picture.contains("recommended: ") && picture.ends_with("</svg>\n"));
    // Three topics over thirty words.
    let mut text = "%%MatrixMarket matrix coordinate integer general\n".to_owned();
    let cell = |document: usize, place: usize| {
        let word = 10 * (document % 3) + (10.0 * uniform(document, place)) as usize % 10;
        format!("{} {} 1\n", document + 1, word + 1)
    };
    let mut cells: Vec<String> = (0..300).flat_map(|document| (0..12).map(move |place| cell(document, place))).collect();
    cells.sort();
    cells.dedup();
    text += &format!("300 30 {}\n{}", cells.len(), cells.concat());
    folder.write("words.mtx", text);
    for (method, some) in [("plsa", "--temper 1"), ("lda", "--n-iter 60")] {
        let call = format!("sweep {method} words.mtx --dims 1,3,6 --held-out 0.2 {some}");
        let found = folder.json(&call);
        assert_eq!((&found["recommended"], &found["figure"]), (&3.into(), &"log_likelihood_per_word".into()), "{found}");
        assert!(found["dims"][1]["training"]["value"].as_f64().unwrap() < 0.0, "{found}");
        let told = folder.good(&call).out;
        assert!(told.contains("training") && told.contains("3 dimensions"), "{told}");
    }
    folder.refused("sweep pca x.npy --dims 0", "error: --dims: '0' was given; it must be a whole number, at least 1.\n");
}

#[test]
fn what_a_seed_and_a_sample_make_is_told() {
    let folder = with_clouds();
    let found = folder.json("stability tsne x.npy --n-iter 50 --runs 2 --per-row kept.npy");
    for name in ["seeds", "bootstrap"] {
        let value = found[name]["value"].as_f64().unwrap();
        assert!(value > found[name]["null"].as_f64().unwrap() + 0.1 && value <= 1.0, "{found}");
    }
    assert_eq!((&found["k"], read_npy(&folder.read("kept.npy")).len()), (&15.into(), 1200));
    // A method without chance makes the same map with every seed.
    let told = folder.good("stability pca x.npy --dims 2 --runs 2").out;
    assert!(told.contains("Of the 15 nearest neighbors of a row, 15.0 stay the same with another seed"), "{told}");
    let found = folder.json("stability pca x.npy --dims 2 --runs 3 -k 5");
    assert_eq!((&found["seeds"]["value"], &found["runs"]), (&1.0.into(), &serde_json::json!([3, 3])));
    assert_eq!(folder.json("stability pca x.npy --dims 2 --runs 3 -k 5 --threads 1"), found);
    folder.refused("stability pca x.npy --dims 2 --runs 1", "error: --runs: '1' was given; it must be a whole number, at least 2.\n");
}

#[test]
fn a_plan_writes_nothing_and_comes_near() {
    let folder = with_clouds();
    let plan = folder.json("fit pca x.npy --plan");
    assert_eq!((&plan["rows"], &plan["columns"]), (&600.into(), &12.into()));
    assert!(plan["algorithm"].as_str().unwrap().contains("exact"));
    let fit = folder.json("fit pca x.npy -o s.latent");
    let (planned, peak) = (plan["peak_bytes"].as_f64().unwrap() / 1048576.0, fit["peak_mib"].as_f64().unwrap());
    assert!(planned / peak > 0.5 && planned / peak < 2.0, "planned {planned} MiB, took {peak} MiB");
    assert!(plan["seconds"].as_f64().unwrap() >= 0.0);
    assert_eq!(folder.names(), ["s.latent", "x.npy"]);
}

#[test]
fn a_space_encodes_what_it_was_learned_from_to_the_same_codes_and_decodes_them() {
    let folder = with_clouds();
    folder.good("fit pca x.npy -o s.latent --dims 12 --codes z.npy");
    folder.good("encode s.latent x.npy -o e.npy");
    assert_eq!(folder.read("z.npy"), folder.read("e.npy"));
    folder.good("decode s.latent e.npy -o back.npy");
    let (before, after) = (read_npy(&folder.read("x.npy")), read_npy(&folder.read("back.npy")));
    assert_eq!(before.len(), after.len());
    let far = before.iter().zip(&after).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far < 1e-4, "all 12 dimensions give the rows back, but {far} apart");
    let csv = folder.good("encode s.latent x.npy -o -").out;
    assert_eq!((csv.lines().count(), csv.lines().next()), (601, Some("z0,z1,z2,z3,z4,z5,z6,z7,z8,z9,z10,z11")));
    let json = folder.json("encode s.latent x.npy -o e.parquet");
    assert_eq!((&json["rows"], &json["n_components"]), (&600.into(), &12.into()));
    folder.good("measure e.parquet --against x.npy");
}

#[test]
fn a_table_comes_back_in_its_own_units_with_what_rode_along() {
    let folder = with_table();
    folder.good("fit pca t.csv -o s.latent --scale standard --dims 3 --codes z.csv");
    let codes = String::from_utf8(folder.read("z.csv")).unwrap();
    assert_eq!(codes.lines().next(), Some("z0,z1,z2,name,kind"));
    folder.good("decode s.latent z.csv -o back.csv");
    let back = String::from_utf8(folder.read("back.csv")).unwrap();
    let text = String::from_utf8(folder.read("t.csv")).unwrap();
    let number = |text: &str, row: usize, column: &str| {
        let at = text.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
        text.lines().nth(row + 1).unwrap().split(',').nth(at).unwrap().parse::<f64>().unwrap()
    };
    for row in [0, 7, 119] {
        for column in ["height", "width", "depth"] {
            assert!((number(&back, row, column) - number(&text, row, column)).abs() < 1e-3, "row {row}, {column}\n{back}");
        }
    }
    assert!(back.contains("tree 7") && back.contains("elm"));
}

#[test]
fn data_come_through_a_pipe() {
    let folder = with_clouds();
    for (name, bytes) in [("x.npy", folder.read("x.npy")), ("t.csv", with_table().read("t.csv"))] {
        let mut child = folder.command("describe - --json").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        let out = child.wait_with_output().unwrap();
        let summary: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(summary["rows"] == 600 || summary["rows"] == 120, "{summary}");
    }
}

#[test]
fn describing_tells_before_any_fit() {
    let folder = with_table();
    let summary = folder.json("describe t.csv");
    assert_eq!((&summary["kind"], &summary["rows"], &summary["columns"]), (&"table".into(), &120.into(), &3.into()));
    let told = folder.good("describe t.csv").out;
    assert!(told.starts_with("t.csv: table of 120 rows, 3 columns\n"), "{told}");
    assert!(told.contains("height") && told.contains("metadata") && told.contains("preparation"), "{told}");
}

#[test]
fn equal_runs_give_equal_bytes_on_any_number_of_threads() {
    let folder = with_clouds();
    for method in ["pca --dims 3", "pca --dims 3 --solver randomized", "tsne --n-iter 60 --n-iter-early 40"] {
        let files: Vec<(Vec<u8>, Vec<u8>)> = [1, 2, 3, 8]
            .iter()
            .map(|threads| {
                folder.good(&format!("fit {method} x.npy -o s.latent --codes z.npy --seed 3 --threads {threads} --quiet"));
                (folder.read("s.latent"), folder.read("z.npy"))
            })
            .collect();
        assert!(files.windows(2).all(|pair| pair[0] == pair[1]), "{method}: the bytes depend on threads");
    }
    folder.good("fit pca x.npy -o a.latent --solver randomized --seed 3 --quiet");
    folder.good("fit pca x.npy -o b.latent --solver randomized --seed 4 --quiet");
    assert_ne!(folder.read("a.latent"), folder.read("b.latent"), "the seed is used");
}

#[test]
fn files_larger_than_the_memory_allowed_stream_to_the_same_space() {
    let folder = Folder::new();
    folder.write("x.npy", npy(400_000, 40, &clouds(400_000, 40, 4)));
    folder.good("fit pca x.npy -o whole.latent --dims 4 --solver covariance");
    let streamed = folder.good("fit pca x.npy -o parts.latent --dims 4 --solver covariance --max-memory 75M");
    assert!(streamed.err.contains("stream"), "it is said: {}", streamed.err);
    // To the byte, measures and all.
    assert!(folder.read("whole.latent") == folder.read("parts.latent"));
}

#[test]
fn measures_say_how_far_to_trust() {
    let folder = with_clouds();
    folder.good("fit pca x.npy -o s.latent --dims 2 --codes z.npy");
    let same = folder.json("measure x.npy --against x.npy");
    for name in ["trustworthiness", "continuity", "recall", "distance_correlation"] {
        assert!((same[name]["value"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{name} of the identity: {}", same[name]);
    }
    assert_eq!((&same["k"], &same["rows"]), (&15.into(), &600.into()));
    let sampled = folder.json("measure z.npy --against x.npy -k 5 --sample 100 --per-row rows.csv");
    assert_eq!((&sampled["k"], &sampled["rows_asked"]), (&5.into(), &100.into()));
    let rows = String::from_utf8(folder.read("rows.csv")).unwrap();
    assert_eq!((rows.lines().count(), rows.lines().next()), (101, Some("row,id,trustworthiness,continuity,recall")));
    let mean = rows.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse::<f64>().unwrap()).sum::<f64>() / 100.0;
    assert!((mean - sampled["recall"]["value"].as_f64().unwrap()).abs() < 1e-6);
    // A map is measured by the codes of its rows; of as many others, by those that it encodes.
    folder.good("fit umap x.npy --n-epochs 30 -o m.latent --codes m.npy");
    assert_eq!(folder.json("measure m.latent --against x.npy"), folder.json("measure m.npy --against x.npy"));
    folder.write("others.npy", npy(600, 12, &clouds(600, 12, 3)));
    let others = folder.good("measure m.latent --against others.npy");
    assert!(others.err.contains("they are encoded as new rows"), "{}", others.err);
    // A space that keeps no rows encodes them: what is measured is what the fit measured.
    assert_eq!(folder.json("measure s.latent --against x.npy"), folder.json("measure z.npy --against x.npy"));
}

#[test]
fn maps_learn_from_neighbors_and_from_maps_that_are_there() {
    let folder = with_clouds();
    folder.good("neighbors x.npy --all -k 20 -o near.parquet");
    folder.good("fit umap x.npy --n-epochs 30 -o a.latent");
    folder.good("fit umap x.npy --n-epochs 30 --neighbors near.parquet -o given.latent");
    let codes = |name: &str| {
        folder.good(&format!("encode {name}.latent x.npy -o {name}.npy"));
        folder.read(&format!("{name}.npy"))
    };
    let first = codes("a");
    assert!(codes("given") == first, "the same neighbors make the same map");
    folder.good("fit umap x.npy --n-epochs 30 --start a.latent --hold --seed 5 -o held.latent");
    assert!(codes("held") == first, "what is held lies where it lay");
    let facts = folder.json("fit tsne x.npy --perplexity 5 --n-iter 20 --start a.npy --pull 0.1 -o t.latent")["facts"].clone();
    assert_eq!((&facts["init"], &facts["start_known"], &facts["start_tie"]), (&"given".into(), &600.into(), &"pull 0.1".into()));
    folder.refused(
        "fit umap x.npy --n-neighbors 40 --neighbors near.parquet -o b.latent",
        "hint: a smaller perplexity or n_neighbors needs fewer\n",
    );
    folder
        .refused("fit tsne x.npy --n-components 3 --start a.latent -o b.latent", "error: start: places of 2 dimensions; the map has 3.\n");
    folder.write("near.csv", "row,neighbor,distance\n0,1,0.5\n1,600,0.5\n");
    let wanted = "error: near.csv, row 2, column neighbor: 600 was found; the data has 600 rows, counted from 0.\n";
    folder.refused("fit umap x.npy --neighbors near.csv -o b.latent", wanted);
    folder.refused("fit umap x.npy --neighbors x.npy -o b.latent", "distances between 600 rows are 600 times 600.\n");
}

#[test]
fn neighbors_are_the_nearest_and_words_add_up() {
    let folder = with_clouds();
    let near = folder.json("neighbors x.npy --row 4 -k 3");
    let near = near.as_array().unwrap();
    let rows = clouds(600, 12, 4);
    let distance = |a: usize, b: usize| (0..12).map(|j| f64::from(rows[a * 12 + j] - rows[b * 12 + j]).powi(2)).sum::<f64>().sqrt();
    let mut all: Vec<(f64, usize)> = (0..600).filter(|&row| row != 4).map(|row| (distance(4, row), row)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (found, (distance, row)) in near.iter().zip(&all) {
        assert_eq!(found["row"], *row);
        assert_eq!(found["id"], row.to_string());
        assert!((found["distance"].as_f64().unwrap() - distance).abs() < 1e-4);
    }
    assert_eq!(near.len(), 3);
    // A parallelogram: king - man + woman = queen, and a word apart.
    let words = [
        ("man", [1.0, 0.0, 0.2]),
        ("woman", [0.0, 1.0, 0.2]),
        ("king", [1.0, 0.0, 1.2]),
        ("queen", [0.0, 1.0, 1.2]),
        ("stone", [-1.0, -1.0, 0.0]),
    ];
    let csv: String = words.iter().map(|(word, [x, y, z])| format!("{word},{x},{y},{z}\n")).collect();
    folder.write("w.csv", format!("name,z0,z1,z2\n{csv}"));
    let sum = folder.json("neighbors w.csv --plus king,woman --minus man -k 1");
    assert_eq!((&sum[0]["id"], sum.as_array().unwrap().len()), (&"queen".into(), 1));
    assert_eq!(folder.json("neighbors w.csv --id king -k 1")[0]["id"], "man");
    folder.refused("neighbors w.csv --id kin", "hint: did you mean 'king'?\n");
    folder.refused("neighbors w.csv --row 5", "error: --row: 5 was given; w.csv has 5 rows, counted from 0.\n");
}

#[test]
fn other_tools_can_read_what_is_exported() {
    let folder = with_table();
    folder.good("fit pca t.csv -o s.latent --dims 2 --codes z.parquet");
    folder.good("export z.parquet --to npy -o z.npy");
    folder.good("export z.parquet --to csv -o z.csv");
    assert_eq!(read_npy(&folder.read("z.npy")).len(), 240);
    assert!(String::from_utf8(folder.read("z.csv")).unwrap().starts_with("z0,z1,name,kind\n"));
    let text = |name: &str| String::from_utf8(folder.read(name)).unwrap();
    folder.good("export z.parquet --to word2vec -o z.txt");
    folder.good("export z.parquet --to glove -o g.txt");
    assert_eq!(text("z.txt").lines().next(), Some("120 2"));
    assert_eq!(text("z.txt").lines().nth(1), text("g.txt").lines().next());
    assert!(text("g.txt").starts_with("tree_0 "), "words hold no spaces: {}", text("g.txt").lines().next().unwrap());
    folder.write("n.csv", "z0,z1\n0.5,0\n-2,3.25\n");
    folder.good("export n.csv --to svmlight -o n.svmlight");
    assert_eq!(text("n.svmlight"), "0 1:0.5\n0 1:-2 2:3.25\n");
    folder.good("export z.parquet --to projector -o p");
    assert_eq!(text("p/vectors.tsv").lines().count(), 120);
    assert_eq!(
        (text("p/metadata.tsv").lines().count(), text("p/metadata.tsv").lines().next().map(str::to_owned)),
        (121, Some("name\tkind".into()))
    );
    folder.refused("export z.parquet --to onnx -o a", "error: --to: 'onnx' was given; ONNX export needs a neural model.\n");
    folder.refused("export z.parquet --to npy -o a.csv", "error: --output: 'a.csv' was given; its name must end in one of .npy.\n");
}

#[test]
fn a_default_too_large_for_few_rows_is_lowered_with_a_warning_and_a_given_value_is_refused() {
    let folder = Folder::new();
    folder.write("few.npy", npy(40, 3, &clouds(40, 3, 2)));
    let lowered = "perplexity: 30 is the default; 13 is used, since there are 40 rows";
    let told = folder.json("fit tsne few.npy -o s.latent");
    assert_eq!((&told["params"]["perplexity"], &told["warnings"]), (&json!(13.0), &json!([lowered])));
    folder.good("fit tsne few.npy -o given.latent --perplexity 13 --quiet");
    assert!(folder.read("s.latent") == folder.read("given.latent"));
    let planned = folder.json("fit tsne few.npy -o s.latent --plan");
    assert!(planned["algorithm"].as_str().unwrap().contains("39 neighbors"), "{planned}");
    folder.refused(
        "fit tsne few.npy -o s.latent --perplexity 30",
        "error: perplexity: the default 30 is too large for 40 rows; it is at most 13.\n\
         hint: perplexity=13 is the largest that works; smaller values show finer structure\n",
    );
    assert!(
        folder.good("stability tsne few.npy --n-iter 20 --n-iter-early 20 --runs 2 -k 5").err.contains("perplexity: 30 is the default")
    );
    folder.write("tiny.npy", npy(12, 3, &clouds(12, 3, 2)));
    assert!(folder.good("sweep isomap tiny.npy --dims 1,2").err.contains("n_neighbors: 12 is the default"));
}

#[test]
fn a_wrong_call_is_refused_in_a_sentence_with_a_hint() {
    let folder = with_clouds();
    folder.refused("ecode", "hint: did you mean 'encode'?\n");
    folder.refused("fit tnse x.npy -o s.latent", "hint: did you mean 'tsne'?\n");
    folder.refused("fit tsne x.npy -o s.latent --perplexty 3", "hint: did you mean '--perplexity'?\n");
    folder.refused(
        "fit pca x.npy",
        "error: latent fit pca: --output SPACE is missing; it must be given.\nhint: `latent fit pca --help` lists its flags\n",
    );
    folder.refused(
        "fit pca -o s.latent",
        "error: latent fit pca: DATA is missing; it must be given.\nhint: `latent fit pca --help` lists its flags\n",
    );
    folder.refused("fit pca x.npy -o s.txt", "error: --output: 's.txt' was given; the name of a space ends in .latent.\n");
    folder.refused(
        "fit pca x.npy -o no/s.latent",
        "error: no/s.latent: the folder 'no' is not there; results are written into folders that exist.\n",
    );
    folder.refused(
        "fit pca x.npy -o s.latent --dims 0",
        "error: n_components: 0 was given; it must be a whole number, at least 1, or 'auto'.\n",
    );
    folder.refused(
        "fit pca x.npy -o s.latent --dims 13",
        "error: n_components: 13 is too large for 600 rows of 12 columns; it is at most 12.\n",
    );
    folder.refused("fit pca x.npy -o s.latent --solver gramm", "hint: did you mean 'gram'?\n");
    folder.refused("fit pca y.npy -o s.latent", "hint: did you mean 'x.npy'?\n");
    folder.refused("fit pca x.npy -o s.latent --seed -1", "error: --seed: '-1' was given; it must be a whole number, at least 0.\n");
    folder.refused(
        "fit pca x.npy -o s.latent --max-memory lots",
        "error: --max-memory: 'lots' was given; it must be a size such as 800M, 4G or 1.5GiB.\n",
    );
    folder.refused("fit pca x.npy -o s.latent --scale big", "hint: `latent fit pca --help` lists its flags\n");
    folder.refused("neighbors x.npy --row 1 --id 2", "hint: `latent neighbors --help` lists its flags\n");
    folder.refused("methods tsn", "hint: did you mean 'tsne'?\n");
    folder.refused("demo digts", "hint: did you mean 'digits'?\n");
    folder.refused(
        "encode s.latent x.npy -o z.npy",
        "error: s.latent: there is no such file; SPACE must be a file that `latent fit` wrote.\n",
    );
    assert_eq!(folder.names(), ["x.npy"]);
}

#[test]
fn bad_data_are_refused_with_their_place() {
    let folder = with_clouds();
    folder.write("t.csv", "a,b\n1,2\n3,inf\n");
    let called = folder.latent("fit pca t.csv -o s.latent");
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("row 2") && called.err.contains("b"), "{}", called.err);
    folder.write("cut.npy", &npy(10, 3, &clouds(10, 3, 1))[..150]);
    let called = folder.latent("fit pca cut.npy -o s.latent");
    assert!(called.code == Some(2) && called.err.starts_with("error: cut.npy: "), "{}", called.err);
    folder.good("fit pca x.npy -o s.latent");
    folder.write("other.npy", npy(10, 3, &clouds(10, 3, 1)));
    let called = folder.latent("encode s.latent other.npy -o z.npy");
    assert!(called.code == Some(2) && called.err.contains('3') && called.err.contains("12"), "{}", called.err);
    folder.write("bad.latent", b"not a space");
    let called = folder.latent("encode bad.latent x.npy -o z.npy");
    assert!(called.code == Some(2) && called.err.starts_with("error: bad.latent: "), "{}", called.err);
    let called = folder.latent("measure other.npy --against x.npy");
    assert!(called.code == Some(2) && called.err.contains("600"), "{}", called.err);
    folder.refused("fit tsne x.npy -o m.latent --max-memory 1M", "");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_long_fit_within_a_second_and_leaves_no_result() {
    let folder = Folder::new();
    folder.write("x.npy", npy(20_000, 64, &clouds(20_000, 64, 9)));
    let mut child =
        folder.command("fit tsne x.npy -o s.latent --n-iter 100000 --json").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    assert!(child.try_wait().unwrap().is_none(), "the fit is under way");
    let begun = Instant::now();
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    let took = begun.elapsed();
    assert_eq!(status.code(), Some(130));
    assert!(took < Duration::from_secs(1), "it took {took:?}");
    // Where it stood may be kept, whole; nothing else is.
    assert!(folder.names().iter().all(|name| name == "x.npy" || name == "s.latent.checkpoint"), "{:?}", folder.names());
    let out = child.wait_with_output().unwrap();
    assert!(out.stdout.is_empty());
    assert!(String::from_utf8(out.stderr).unwrap().ends_with("cancelled; no result was written.\n"));
}

#[test]
fn pictures_are_taken_as_pictures() {
    let folder = Folder::new();
    let pixels: Vec<u8> = (0..100 * 64).map(|at| (255.0 * uniform(at / 64, at % 64)) as u8).collect();
    let mut idx = vec![0, 0, 8, 3];
    for axis in [100_u32, 8, 8] {
        idx.extend(axis.to_be_bytes());
    }
    idx.extend(&pixels);
    folder.write("p-idx3-ubyte", &idx);
    folder.write("p.npy", npy_of("|u1", "(100, 8, 8)", &pixels));
    let (from_idx, from_npy) = (folder.json("describe p-idx3-ubyte"), folder.json("describe p.npy"));
    assert_eq!((&from_idx["kind"], &from_idx["rows"], &from_idx["columns"]), (&"images".into(), &100.into(), &64.into()));
    assert_eq!(from_idx["rows"], from_npy["rows"]);
    let labels: Vec<u8> = [&[0, 0, 8, 1][..], &100_u32.to_be_bytes(), &(0..100).map(|row| row % 10).collect::<Vec<u8>>()].concat();
    folder.write("l-idx1-ubyte", labels);
    folder.good("fit pca p-idx3-ubyte --labels l-idx1-ubyte -o s.latent --codes z.csv --dims 2");
    let csv = String::from_utf8(folder.read("z.csv")).unwrap();
    assert_eq!(csv.lines().nth(8).unwrap().rsplit(',').next(), Some("7"), "{csv}");
}

#[test]
fn the_spiral_is_one_number_that_ways_along_it_find() {
    let folder = Folder::new();
    let told = folder.json("demo spiral --picture spiral.svg --quiet");
    let by = |name: &str| {
        let of = |method: &&Value| method["method"] == name;
        told["methods"].as_array().unwrap().iter().find(of).unwrap()["rank_correlation"].as_f64().unwrap()
    };
    for name in ["lle", "isomap", "laplacian"] {
        assert!(by(name) >= 0.999, "{name}: {}", by(name));
    }
    assert!(by("pca") < 0.5, "a plane sees nothing of it");
    let picture = String::from_utf8(folder.read("spiral.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.matches("<circle").count() > 3000 && picture.ends_with("</svg>\n"));
    folder.refused("demo spiral --points 10", "error: --points: 10 was given; it must be 100 to 100000.\n");
    folder.refused("demo spiral --noise 0.5", "error: --noise: 0.5 was given; it must be 0 to 0.05.\n");
    folder.refused("demo digits --points 200", "error: --points: '200' was given; only `latent demo spiral` takes it.\n");
}

#[test]
fn codes_far_from_zero_are_the_same_but_for_their_place() {
    let folder = Folder::new();
    let cells: Vec<f64> = (0..160).map(|at| uniform(at / 2, at % 2) * 4.0 - 2.0).collect();
    folder.write("a.npy", npy_f64(80, 2, &cells));
    for (shift, name) in [([1e7, 1e7], "b"), ([1e9, -3e4], "c")] {
        let far: Vec<f64> = cells.iter().enumerate().map(|(at, cell)| cell + shift[at % 2]).collect();
        folder.write(&format!("{name}.npy"), npy_f64(80, 2, &far));
        let lines: String = far.chunks(2).map(|row| format!("{},{}\n", row[0], row[1])).collect();
        folder.write(&format!("{name}.csv"), format!("x,y\n{lines}"));
        folder.good(&format!("export {name}.npy --to parquet -o {name}.parquet"));
        for file in [format!("{name}.npy"), format!("{name}.csv"), format!("{name}.parquet")] {
            let found = folder.json(&format!("compare a.npy {file}"));
            assert!(found["cka"]["value"].as_f64().unwrap() > 0.999_999, "{file}: {found}");
            assert!(found["procrustes"]["value"].as_f64().unwrap() < 1e-6, "{file}: {found}");
            let measured = folder.json(&format!("measure {file} --against a.npy"));
            assert!(measured["recall"]["value"].as_f64().unwrap() > 0.99, "{file}: {measured}");
            let (near, other) = (folder.json("neighbors a.npy --row 3"), folder.json(&format!("neighbors {file} --row 3")));
            let rows = |found: &serde_json::Value| found.as_array().unwrap().iter().map(|near| near["row"].clone()).collect::<Vec<_>>();
            assert_eq!(rows(&near), rows(&other), "{file}");
        }
    }
    // What is decoded lies where the codes lie.
    folder.write("table.npy", npy(40, 3, &clouds(40, 3, 2)));
    folder.good("fit pca table.npy --dims 2 -o p.latent");
    folder.write("far.npy", npy_f64(2, 2, &[1e6, 0.25, 1e6 + 1.0, 0.5]));
    folder.write("at.npy", npy(2, 2, &[1e6, 0.25, 1e6 + 1.0, 0.5]));
    folder.good("decode p.latent far.npy -o far_back.npy");
    folder.good("decode p.latent at.npy -o at_back.npy");
    assert_eq!(read_npy(&folder.read("far_back.npy")), read_npy(&folder.read("at_back.npy")));
}

#[test]
fn maps_of_other_tools_are_measured_by_their_columns() {
    let folder = with_clouds();
    let rows = read_npy(&folder.read("x.npy"));
    let mut trust = Vec::new();
    for header in ["z0,z1", "x,y", "UMAP_1,UMAP_2", "id,tSNE1,tSNE2", "PC1,PC2", "label,first,second"] {
        let prefix = if header.matches(',').count() == 2 { "7," } else { "" };
        let lines: String = rows.chunks(12).map(|row| format!("{prefix}{},{}\n", row[0], row[1])).collect();
        folder.write("map.csv", format!("{header}\n{lines}"));
        let called = folder.good("measure map.csv --against x.npy --json");
        let found: serde_json::Value = serde_json::from_str(&called.out).unwrap();
        trust.push(found["trustworthiness"]["value"].as_f64().unwrap());
        assert_eq!(called.err.contains("are taken as coordinates"), header != "z0,z1", "{header}: {}", called.err);
    }
    assert!(trust.iter().all(|value| *value == trust[0]), "{trust:?}");
}
