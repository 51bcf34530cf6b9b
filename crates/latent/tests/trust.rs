//! How far to trust what a command made: what is measured, what is not, and what is warned of.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, clouds, npy};

const NAMES: [&str; 4] = ["trustworthiness", "continuity", "recall", "distance_correlation"];

/// A folder with `x.npy`: 300 rows of 6 columns in 3 clouds.
fn with_clouds() -> Folder {
    let folder = Folder::new();
    folder.write("x.npy", npy(300, 6, &clouds(300, 6, 3)));
    folder
}

#[test]
fn without_measures_a_fit_learns_the_same_and_says_what_is_missing() {
    let folder = with_clouds();
    let whole = folder.json("fit pca x.npy -o whole.latent --dims 2 --codes whole.npy");
    let bare = folder.json("fit pca x.npy -o bare.latent --dims 2 --codes bare.npy --no-measures");
    assert_eq!(folder.read("whole.npy"), folder.read("bare.npy"));
    assert_eq!(bare["not_measured"], serde_json::json!(NAMES));
    assert_eq!(whole["not_measured"], serde_json::json!([]));
    // What the fit itself knows is there all the same.
    assert_eq!(bare["measures"]["explained_variance"], whole["measures"]["explained_variance"]);
    assert!(NAMES.iter().all(|name| bare["measures"][name].is_null() && !whole["measures"][name].is_null()));
    assert_eq!(bare["seconds_measures"], 0.0);
    let told = folder.good("fit pca x.npy -o bare.latent --dims 2 --no-measures");
    assert!(told.err.contains("`latent encode bare.latent DATA -o codes.npy`"), "{}", told.err);
    assert!(told.err.contains("`latent measure codes.npy --against DATA` measures them"), "{}", told.err);
    assert!(told.out.contains("not measured"), "{}", told.out);
    // What is hinted works, and finds what the fit would have.
    folder.good("encode bare.latent x.npy -o codes.npy");
    let found = folder.json("measure codes.npy --against x.npy");
    NAMES.iter().for_each(|name| assert_eq!(found[name], whole["measures"][name], "{name}"));
    let told = folder.good("fit laplacian x.npy -o kept.latent --no-measures").err;
    assert!(told.contains("`latent measure kept.latent --against DATA` measures them"), "{told}");
    folder.good("measure kept.latent --against x.npy");
}

#[test]
fn without_measures_shares_make_the_same_space_unmeasured() {
    let folder = with_clouds();
    for share in ["0/2", "1/2"] {
        folder.good(&format!("fit pca x.npy --dims 2 --solver covariance --partial {share} -o {}.stats", &share[..1]));
    }
    let bare = folder.json("merge 0.stats 1.stats -o merged.latent --no-measures");
    assert_eq!(bare["not_measured"], serde_json::json!(NAMES));
    folder.good("fit pca x.npy --dims 2 --solver covariance --no-measures -o whole.latent");
    assert_eq!(folder.read("merged.latent"), folder.read("whole.latent"));
}

#[test]
fn a_plan_knows_that_nothing_is_measured() {
    let folder = with_clouds();
    let [whole, bare] = ["", "--no-measures"].map(|flag| folder.json(&format!("fit pca x.npy --plan {flag}")));
    assert_eq!((&whole["measured"], &bare["measured"]), (&true.into(), &false.into()));
    assert!(bare["peak_bytes"].as_u64() <= whole["peak_bytes"].as_u64());
}

#[test]
fn what_is_warned_of_is_told_in_words_and_in_json() {
    let folder = with_clouds();
    let warned = folder.json("fit laplacian x.npy -o s.latent --n-neighbors 5");
    assert!(warned["warnings"][0].as_str().unwrap().contains("has 3 connected components"), "{warned}");
    assert!(folder.good("fit laplacian x.npy -o s.latent --n-neighbors 5").err.contains("has 3 connected components"));
    assert!(folder.json("fit pca x.npy -o s.latent")["warnings"].is_null());
}
