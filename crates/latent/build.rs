//! Puts the built page (explorer/dist) into the program: a table of names and bytes. Without a built page the table is empty.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let dist = here.join("../../explorer/dist");
    // An empty folder can be watched; a missing one would have this run again at each build.
    let dist = if fs::create_dir_all(&dist).is_ok() { dist.canonicalize()? } else { dist };
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Vec::new();
    collect(&dist, &mut files);
    files.sort();
    if files.is_empty() {
        println!(
            "cargo:warning=the explorer's page is not built yet, so this program will have none: `make page` builds it (Node.js is needed)"
        );
    }
    let mut table = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&dist).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let _ = writeln!(table, "    ({name:?}, include_bytes!({:?})),", file.display().to_string());
    }
    table.push(']');
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("page.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}
