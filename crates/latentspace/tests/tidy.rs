//! The house itself: its arrows, its paths, its sizes, its licences.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Files that git tracks or would track.
fn files(pattern: &str) -> Vec<(String, String)> {
    let list = Command::new("git").args(["ls-files", "-co", "--exclude-standard", pattern]).current_dir(root()).output().unwrap();
    let names = String::from_utf8(list.stdout).unwrap();
    let texts = names.lines().filter_map(|name| Some((name.to_owned(), std::fs::read_to_string(root().join(name)).ok()?)));
    texts.collect()
}

/// The files of the library: of both its crates.
fn library() -> Vec<(String, String)> {
    LIBRARY.iter().flat_map(|source| files(&format!("{source}/*.rs"))).collect()
}

/// What stands at the foot, below which tests begin.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap()
}

/// The library's crates: what methods stand on, and the methods with what runs them.
const LIBRARY: [&str; 2] = ["crates/latentspace-core/src", "crates/latentspace/src"];

/// Which modules a module of the library may use. What all may use stands below.
const ARROWS: &[(&str, &[&str])] = &[
    ("linalg", &["linalg"]),
    ("neighbors", &["linalg", "neighbors"]),
    ("measure", &["linalg", "neighbors", "measure"]),
    ("contrast", &["linalg"]),
    ("completion", &["linalg"]),
    ("dimension", &["linalg", "neighbors"]),
    ("text", &["linalg", "text"]),
    ("data", &["linalg", "text", "neighbors", "data", "codes", "tree", "checkpoint"]),
    ("codes", &["linalg", "data"]),
    ("checkpoint", &[]),
    // A method may be a fold, and a fold learns what a method does: the two are one floor.
    ("axes", &["linalg", "data"]),
    ("attributes", &[]),
    ("model", &["completion", "linalg", "neighbors", "data", "axes"]),
    ("method", &["linalg", "neighbors", "data", "measure", "fold", "model", "attributes"]),
    ("tree", &["checkpoint", "linalg"]),
    ("fold", &["linalg", "data", "method", "checkpoint", "tree"]),
    (
        "methods",
        &[
            "completion",
            "linalg",
            "text",
            "neighbors",
            "measure",
            "data",
            "method",
            "fold",
            "checkpoint",
            "axes",
            "model",
            "methods",
            "attributes",
        ],
    ),
    ("registry", &["method", "methods"]),
    ("space", &["linalg", "neighbors", "measure", "data", "codes", "axes", "model", "method", "registry", "attributes"]),
    (
        "learn",
        &[
            "completion",
            "dimension",
            "axes",
            "checkpoint",
            "codes",
            "data",
            "fold",
            "linalg",
            "measure",
            "method",
            "model",
            "neighbors",
            "registry",
            "space",
            "text",
            "tree",
        ],
    ),
    ("explain", &["axes", "contrast", "data", "learn", "linalg", "method", "model", "registry", "space"]),
    ("compare", &["axes", "codes", "data", "linalg", "measure", "space"]),
    ("scores", &["axes", "data", "linalg", "measure", "registry", "space", "text"]),
    ("lib", &[]),
    ("interval", &["error"]),
    ("error", &[]),
    ("random", &[]),
    ("params", &[]),
    ("border", &[]),
    ("arrow", &[]),
    ("tensors", &["linalg"]),
    ("run", &["linalg", "checkpoint"]),
    ("parallel", &[]),
];
const FOR_ALL: &[&str] = &["error", "random", "run", "params", "tensors", "border", "interval", "parallel", "arrow"];

#[test]
fn the_arrows_between_modules_point_one_way() {
    for (name, text) in library() {
        let Some((_, inside)) = name.split_once("/src/") else { continue };
        if inside.ends_with("tests.rs") {
            continue;
        }
        let module = inside.split('/').next().unwrap().trim_end_matches(".rs");
        let (_, allowed) = ARROWS.iter().find(|(m, _)| *m == module).unwrap_or_else(|| panic!("{name}: no arrows for {module}"));
        for piece in without_tests(&text).split("crate::").skip(1) {
            let used: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if used.starts_with(char::is_uppercase) || used.is_empty() || used == module {
                continue;
            }
            let fine = FOR_ALL.contains(&used.as_str()) || allowed.contains(&used.as_str());
            assert!(fine, "{name} uses crate::{used}; {module} may use {allowed:?} and {FOR_ALL:?}");
        }
    }
}

#[test]
fn work_on_pieces_goes_through_one_place() {
    for (name, text) in library().into_iter().filter(|(name, _)| !name.ends_with("/parallel.rs")) {
        assert!(!text.contains("rayon::prelude") && !text.contains("rayon::iter"), "{name}: see parallel.rs");
    }
}

#[test]
fn no_code_outside_methods_names_a_method() {
    let names: Vec<&str> = latentspace::registry::METHODS.iter().map(|entry| entry.info.name).collect();
    for (name, text) in files("crates/*.rs") {
        if ["/methods/", "/tests/", "/examples/", "/benches/"].iter().any(|part| name.contains(part)) || name.ends_with("registry.rs") {
            continue;
        }
        let code: String = without_tests(&text).lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for method in &names {
            assert!(!code.contains(&format!("\"{method}\"")), "{name} names the method {method}");
        }
    }
}

#[test]
fn no_code_outside_methods_finds_a_parameter_by_its_name() {
    let all = latentspace::registry::METHODS.iter().flat_map(latentspace::method::Entry::parameters);
    let names: std::collections::BTreeSet<String> =
        all.filter(|parameter| parameter.role.is_some()).map(|parameter| parameter.name).collect();
    for (name, text) in files("crates/*.rs") {
        if ["/methods/", "/tests/", "/examples/", "/benches/"].iter().any(|part| name.contains(part)) {
            continue;
        }
        for parameter in &names {
            for look in [format!("[\"{parameter}\"]"), format!("get(\"{parameter}\")"), format!("== \"{parameter}\"")] {
                // A flag of a command may be named like a parameter of a method.
                let flag = text.contains(&format!("Arg::new(\"{parameter}\")"));
                assert!(
                    flag || !without_tests(&text).contains(&look),
                    "{name} looks for {parameter}: `Entry::parameter_of` finds it by its role"
                );
            }
        }
    }
}

/// Words of a family, and the files outside its folders that may hold them: the registry, the lists of modules and rooms, the room's answers, a demo.
const FAMILY_WORDS: &[(&str, &[&str])] = &[(
    "topic",
    &[
        "crates/latentspace/src/methods/topics/",
        "crates/latentspace/src/methods/mod.rs",
        "crates/latentspace/src/registry.rs",
        "crates/latent/src/study/axes/",
        "crates/latent/src/commands/demo.rs",
        "explorer/src/rooms/topics/",
        "explorer/src/rooms/index.ts",
    ],
)];

#[test]
fn no_code_outside_a_family_names_the_family() {
    let code = |text: &str| without_tests(text).lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let patterns = ["crates/*.rs", "explorer/src/*.ts", "explorer/src/*.svelte"];
    for (name, text) in patterns.into_iter().flat_map(files).filter(|(name, _)| name.contains("/src/")) {
        for (word, allowed) in FAMILY_WORDS {
            let names = code(&text).to_lowercase().contains(word);
            assert!(!names || allowed.iter().any(|place| name.starts_with(place)), "{name} names the family of {word}s");
        }
    }
}

#[test]
fn each_path_in_the_architecture_exists_and_each_crate_and_module_is_in_it() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut found = 0;
    for path in text.split('`').skip(1).step_by(2) {
        if path.contains('/') && !path.contains([' ', '<', '*', ':']) {
            assert!(root().join(path).exists(), "ARCHITECTURE.md names {path}, which is not there");
            found += 1;
        }
    }
    assert!(found > 10, "only {found} paths");
    for entry in LIBRARY.iter().flat_map(|source| std::fs::read_dir(root().join(source)).unwrap()) {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.trim_end_matches(".rs");
        assert!(
            stem == "lib" || text.contains(&format!("`{stem}")) || text.contains(&format!("/{stem}")),
            "ARCHITECTURE.md does not tell of {name}"
        );
    }
}

#[test]
fn files_stay_short_and_speak_of_the_project_alone() {
    for pattern in ["*.rs", "*.ts", "*.svelte", "*.py"] {
        for (name, text) in files(pattern) {
            assert!(text.lines().count() <= 900, "{name} has {} lines", text.lines().count());
        }
    }
    for (name, text) in files("*") {
        if !name.ends_with("tidy.rs") {
            assert!(!text.contains(concat!("/", "work/")), "{name} holds a path of one machine");
        }
    }
}

/// The licences that deny.toml allows, without its tool.
#[test]
fn each_dependency_has_a_licence_that_is_allowed() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let allowed: Vec<&str> = deny.lines().find(|line| line.starts_with("allow = ")).unwrap().split('"').skip(1).step_by(2).collect();
    // What other platforms need was never downloaded on a machine that only built for its own.
    let version = String::from_utf8(Command::new("rustc").arg("-vV").output().unwrap().stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let args = ["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host];
    let output = Command::new(env!("CARGO")).args(args).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50);
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        let one_of = |text: &str| {
            text.split(" OR ").flat_map(|part| part.split('/')).any(|part| allowed.contains(&part.trim_matches(['(', ')', ' '])))
        };
        assert!(!licence.is_empty() && licence.split(" AND ").all(one_of), "{} has the licence '{licence}'", package["name"]);
    }
}

#[test]
fn public_text_is_in_american_spelling() {
    for (name, text) in files("*.md").into_iter().chain(files("crates/*.rs")) {
        for word in ["neighbour", "colour by", "initialise", "optimise(", "behaviour"] {
            assert!(name.ends_with("tidy.rs") || !text.contains(word), "{name}: '{word}'");
        }
    }
}
