//! What commands write: with which rights, through which links, and never over what they read.

#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod common;

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use common::{Folder, clouds, npy};

/// A table, its space, codes and statistics of a share.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("t.npy", npy(60, 4, &clouds(60, 4, 3)));
    let row = |row: usize| format!("r{row},{},{},{}\n", row % 7, row * row % 11, row % 5);
    folder.write("t.csv", format!("id,a,b,c\n{}", (0..60).map(row).collect::<String>()));
    folder.good("fit pca t.csv -o s.latent --dims 2 --codes c.csv");
    // This one keeps its rows.
    folder.good("fit isomap t.csv -o k.latent --dims 2");
    folder.good("fit pca t.npy -o n.latent --dims 2");
    folder.good("fit pca t.npy -o p.stats --dims 2 --partial 0/1");
    folder
}

fn mode(folder: &Folder, name: &str) -> u32 {
    std::fs::metadata(folder.file(name)).unwrap().permissions().mode() & 0o777
}

/// Every command that writes, with the file that it writes as OUT.
const WRITERS: [&str; 13] = [
    "fit pca t.csv -o OUT.latent --dims 2",
    "fit pca t.csv -o x.latent --codes OUT.csv --dims 2",
    "fit pca t.npy -o OUT.stats --partial 0/1 --dims 2",
    "merge p.stats -o OUT.latent",
    "encode s.latent t.csv -o OUT.csv",
    "encode s.latent t.csv -o OUT.parquet",
    "decode n.latent c.npy -o OUT.npy",
    "export k.latent --to word2vec -o OUT.txt",
    "measure k.latent --against t.csv --per-row OUT.csv",
    "dimension t.npy --per-row OUT.npy",
    "compare k.latent k.latent --moved OUT.csv",
    "stability pca t.csv --runs 2 --dims 2 --per-row OUT.csv",
    "neighbors k.latent --all -k 3 -o OUT.csv",
];

#[test]
fn outputs_have_the_rights_that_the_umask_leaves_and_keep_those_of_what_they_replace() {
    let folder = folder();
    folder.good("encode n.latent t.npy -o c.npy");
    for line in WRITERS.iter().chain(&["sweep pca t.csv --dims 1,2 -o OUT.svg"]) {
        let name = line.split(' ').find(|word| word.starts_with("OUT")).unwrap();
        for umask in ["077", "022", "007"] {
            let _ = std::fs::remove_file(folder.file(name));
            let call = format!("umask {umask}; exec \"$0\" {line}");
            let status = Command::new("sh").args(["-c", &call, env!("CARGO_BIN_EXE_latent")]).current_dir(folder.path()).output().unwrap();
            assert!(status.status.success(), "{line} {}", String::from_utf8_lossy(&status.stderr));
            assert_eq!(mode(&folder, name), 0o666 & !u32::from_str_radix(umask, 8).unwrap(), "{line} {umask}");
        }
        for kept in [0o600, 0o640, 0o664] {
            std::fs::set_permissions(folder.file(name), PermissionsExt::from_mode(kept)).unwrap();
            folder.good(line);
            assert_eq!(mode(&folder, name), kept, "{line}");
        }
    }
    assert!(!folder.names().iter().any(|name| name.starts_with(".latent-")), "{:?}", folder.names());
}

#[test]
fn what_is_read_is_never_written() {
    let folder = folder();
    folder.write("in.csv", folder.read("t.csv"));
    folder.write("labels.csv", "label\n".to_owned() + &"a\n".repeat(60));
    symlink("in.csv", folder.file("link.csv")).unwrap();
    std::fs::hard_link(folder.file("in.csv"), folder.file("hard.csv")).unwrap();
    std::fs::create_dir(folder.file("texts")).unwrap();
    folder.write("texts/a.txt", "one two");
    folder.write("words.txt", "one two");
    let before: Vec<(String, Vec<u8>)> =
        folder.names().into_iter().filter(|name| name != "texts").map(|name| (name.clone(), folder.read(&name))).collect();
    for line in [
        "encode s.latent in.csv -o in.csv",
        "encode s.latent in.csv -o ./in.csv",
        "encode s.latent in.csv -o texts/../in.csv",
        "encode s.latent in.csv -o link.csv",
        "encode s.latent link.csv -o in.csv",
        "encode s.latent in.csv -o hard.csv",
        "encode s.latent i*.csv -o in.csv",
        "encode s.latent t.csv --labels labels.csv -o labels.csv",
        "encode s.latent t.csv --labels labels.csv:label -o labels.csv",
        "fit pca in.csv -o x.latent --codes in.csv",
        "fit pca t.npy -o x.latent --codes t.npy",
        "fit lda texts -o x.latent --codes c.csv --stop-words english,+words.txt --labels c.csv",
        "fit umap t.csv -o s.latent --start s.latent",
        "decode n.latent t.npy -o t.npy",
        "measure c.csv --against t.csv --per-row c.csv",
        "measure c.csv --against t.csv --per-row t.csv",
        "compare c.csv s.latent --moved c.csv",
        "stability pca t.csv --per-row t.csv",
        "dimension t.csv --per-row t.csv",
        "neighbors c.csv --all -o c.csv",
        "export c.csv --to parquet -o c.csv",
        "export c.csv --to word2vec -o c.csv",
        "export k.latent --to glove -o k.latent",
        "merge p.stats -o p.stats",
        "merge *.stats -o p.stats",
    ] {
        let called = folder.latent(line);
        assert_eq!(called.code, Some(2), "{line}\n{}", called.err);
        assert!(called.err.contains("names a file that is read") && called.err.contains("hint: -"), "{line}\n{}", called.err);
    }
    for line in ["fit pca t.npy -o both.latent --codes ./both.latent", "export k.latent --to html -o s.html", "fit pca t.csv -o s.latent"] {
        let _ = folder.latent(line);
    }
    let refused = folder.latent("fit pca t.npy -o x.latent --codes x.latent");
    assert!(refused.code == Some(2) && refused.err.contains("--codes"), "{}", refused.err);
    for (name, bytes) in before.into_iter().filter(|(name, _)| name != "s.latent") {
        assert_eq!(folder.read(&name), bytes, "{name}");
    }
    // A folder of texts may hold what is written beside them.
    folder.write("texts/b.txt", "two three");
    folder.good("fit lda texts -o texts/s.latent --n-components 2 --n-iter 5 --stop-words none");
    folder.good("fit lda texts -o texts/s.latent --n-components 2 --n-iter 5 --stop-words none");
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_anything_is_read() {
    let folder = folder();
    std::fs::create_dir(folder.file("d.latent")).unwrap();
    std::fs::create_dir(folder.file("d.csv")).unwrap();
    folder.write("fixed.latent", "");
    std::fs::set_permissions(folder.file("fixed.latent"), PermissionsExt::from_mode(0o444)).unwrap();
    symlink("round.csv", folder.file("round.csv")).unwrap();
    // The data are not there: what is said first is about the output.
    for (output, found) in [
        ("-o d.latent", "d.latent: it is a folder"),
        ("-o none/s.latent", "the folder 'none' is not there"),
        ("-o t.csv/s.latent", "'t.csv' is not a folder"),
        ("-o fixed.latent", "the file exists and is read-only"),
        ("-o x.latent --codes d.csv", "d.csv: it is a folder"),
        ("-o x.latent --codes none/c.csv", "the folder 'none' is not there"),
        ("-o x.latent --codes round.csv", "a link that leads nowhere"),
        ("-o /proc/s.latent", "nothing can be written into the folder '/proc'"),
    ] {
        let called = folder.latent(&format!("fit pca gone.csv {output}"));
        assert!(called.code == Some(2) && called.err.contains(found), "{output}\n{}", called.err);
    }
    for line in [
        "encode s.latent gone.csv -o d.csv",
        "decode n.latent gone.csv -o d.csv",
        "measure gone.csv --against gone.csv --per-row d.csv",
        "stability pca gone.csv --per-row d.csv",
        "compare gone.csv gone.csv --moved d.csv",
        "neighbors gone.csv --all -o d.csv",
        "export gone.csv --to csv -o d.csv",
        "export gone.csv --to glove -o d.csv",
        "merge gone.stats -o d.latent",
    ] {
        let called = folder.latent(line);
        assert!(called.code == Some(2) && called.err.contains("it is a folder"), "{line}\n{}", called.err);
    }
}

#[test]
fn links_are_followed_and_pipes_and_devices_written_to() {
    let folder = folder();
    std::fs::create_dir(folder.file("deep")).unwrap();
    folder.write("deep/old.csv", "old");
    symlink("deep/old.csv", folder.file("link.csv")).unwrap();
    symlink("deep/new.latent", folder.file("link.latent")).unwrap();
    symlink("/dev/null", folder.file("null.latent")).unwrap();
    folder.good("encode s.latent t.csv -o link.csv");
    folder.good("fit pca t.csv -o link.latent --dims 2");
    folder.good("fit pca t.csv -o null.latent --dims 2");
    assert!(folder.file("link.csv").is_symlink() && folder.file("link.latent").is_symlink() && folder.file("null.latent").is_symlink());
    let codes = String::from_utf8(folder.read("deep/old.csv")).unwrap();
    assert!(codes.starts_with("z0,z1,id\n") && codes.lines().count() == 61, "{codes}");
    assert_eq!(folder.read("deep/new.latent"), folder.read("s.latent"));
    for output in ["/dev/stdout", "-"] {
        let shown = folder.good(&format!("encode s.latent t.csv -o {output} -q")).out;
        assert!(shown.starts_with(&codes), "{output}: {shown}");
    }
    folder.good("encode s.latent t.csv -o /dev/null");
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    assert!(Command::new("mkfifo").arg(folder.file("pipe.csv")).status().unwrap().success());
    let pipe = folder.file("pipe.csv");
    let reader = std::thread::spawn(move || {
        let mut read = String::new();
        std::fs::File::open(pipe).unwrap().read_to_string(&mut read).unwrap();
        read
    });
    folder.good("encode s.latent t.csv -o pipe.csv");
    assert_eq!(reader.join().unwrap(), codes);
}

#[test]
fn names_in_any_bytes_are_taken() {
    let folder = folder();
    let name = |ending: &str| OsStr::from_bytes(&[b"caf\xe9.", ending.as_bytes()].concat()).to_owned();
    let run = |args: &[&OsStr]| {
        let output = Command::new(env!("CARGO_BIN_EXE_latent")).args(args).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{args:?} {}", String::from_utf8_lossy(&output.stderr));
        let written = folder.path().join(args[args.len() - 1]);
        assert!(written.exists(), "{args:?}");
    };
    let [space, codes, parquet, vectors] = ["latent", "csv", "parquet", "txt"].map(name);
    let os = OsStr::new;
    run(&[os("fit"), os("isomap"), os("t.csv"), os("--dims"), os("2"), os("-o"), &space]);
    run(&[os("fit"), os("isomap"), os("t.csv"), os("--dims"), os("2"), os("--json"), os("-o"), &space]);
    run(&[os("encode"), &space, os("t.csv"), os("--json"), os("-o"), &codes]);
    run(&[os("encode"), &space, os("t.csv"), os("-o"), &parquet]);
    run(&[os("decode"), os("n.latent"), os("t.npy"), os("-o"), &parquet].map(|arg| if arg == os("t.npy") { &codes } else { arg }));
    run(&[os("export"), &codes, os("--to"), os("word2vec"), os("-o"), &vectors]);
    run(&[os("neighbors"), &space, os("--all"), os("-k"), os("3"), os("-o"), &codes]);
    run(&[os("compare"), &space, &space, os("--moved"), &codes]);
    run(&[os("measure"), &space, os("--against"), os("t.csv"), os("--per-row"), &codes]);
}

#[test]
fn instants_of_a_time_zone_ride_along_to_every_output() {
    use latentspace::arrow::array::{ArrayRef, TimestampMicrosecondArray};
    use latentspace::data::{Metadata, Observations, Table, Values, write};
    let folder = Folder::new();
    let instants = || TimestampMicrosecondArray::from_iter_values((0..60).map(|row| 1_577_836_800_000_000 + row * 86_400_000_000));
    let zones = [("utc", "UTC"), ("berlin", "Europe/Berlin")];
    let column = |(name, zone): (&str, &str)| (name.to_owned(), std::sync::Arc::new(instants().with_timezone(zone)) as ArrayRef);
    let metadata = Metadata::from_columns(zones.map(column).to_vec(), 60).unwrap();
    let numbers = latentspace::linalg::Matrix::new(60, 4, clouds(60, 4, 3)).unwrap();
    let names = Some(["a", "b", "c", "d"].map(str::to_owned).to_vec());
    let table = Table { numbers, affine: Default::default(), names, categories: Vec::new() };
    let observed = Observations { name: "t".to_owned(), values: Values::Table(table), metadata };
    write::observations(&observed, &folder.file("t.parquet")).unwrap();
    folder.good("fit isomap t.parquet -o k.latent --dims 2 --codes c.csv");
    folder.good("encode k.latent t.parquet -o e.parquet");
    folder.good("export k.latent --to csv -o x.csv");
    folder.good("stability pca t.parquet --runs 2 --dims 2 --per-row p.csv");
    folder.good("compare k.latent e.parquet --moved m.csv");
    folder.good("export e.parquet --to csv -o y.csv");
    let printed = folder.good("encode k.latent t.parquet -o - -q").out;
    for text in
        ["c.csv", "x.csv", "p.csv", "m.csv", "y.csv"].map(|name| String::from_utf8(folder.read(name)).unwrap()).iter().chain([&printed])
    {
        let mut lines = text.lines();
        assert!(lines.next().unwrap().ends_with(",utc,berlin"), "{text}");
        assert!(lines.next().unwrap().ends_with(",2020-01-01T00:00:00Z,2020-01-01T00:00:00Z"), "{text}");
    }
}

#[test]
fn standard_output_takes_what_is_text() {
    let folder = folder();
    for (line, first) in [
        ("encode s.latent t.csv -o", "z0,z1,id"),
        ("export k.latent --to csv -o", "z0,z1,id"),
        ("export k.latent --to word2vec -o", "60 2"),
        ("export k.latent --to glove -o", "r0 "),
        ("measure k.latent --against t.csv --per-row", "row,id,trustworthiness"),
        ("neighbors k.latent --all -k 2 -o", "row,neighbor,distance"),
        ("stability pca t.csv --runs 2 --dims 2 --per-row", "kept_by_seeds"),
    ] {
        let printed = folder.good(&format!("{line} -")).out;
        assert!(printed.starts_with(first) && printed.lines().count() >= 60, "{line}: {printed}");
        assert!(printed.lines().last().unwrap().contains([',', ' ']), "{line}: {printed}");
        // Where standard output is a file it goes on behind what is there.
        let call = format!("echo before > all.txt; \"$0\" {line} /dev/stdout >> all.txt && echo after >> all.txt");
        assert!(
            Command::new("sh").args(["-c", &call, env!("CARGO_BIN_EXE_latent")]).current_dir(folder.path()).status().unwrap().success()
        );
        assert_eq!(String::from_utf8(folder.read("all.txt")).unwrap(), format!("before\n{printed}after\n"), "{line}");
    }
    for line in
        ["export k.latent --to npy -o -", "export k.latent --to parquet -o -", "merge p.stats -o -", "encode s.latent t.csv --json -o -"]
    {
        let refused = folder.latent(line);
        assert!(refused.code == Some(2) && refused.out.is_empty(), "{line} {}", refused.err);
    }
    assert!(!folder.names().contains(&"-".to_owned()));
}

#[test]
fn a_map_is_saved_as_a_file_or_a_folder_of_its_own() {
    let folder = folder();
    let told = folder.good("explore t.csv --method pca --save site --json").out;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["rows"], &told["files"]), (&60.into(), &serde_json::json!(["site/index.html", "site/map.bin"])));
    let page = String::from_utf8(folder.read("site/index.html")).unwrap();
    assert!(page.contains(r#"{"map":{"file":"map.bin"}}"#) && page.contains("connect-src 'self'"));
    let bytes = folder.read("site/map.bin").len() as u64 + page.len() as u64;
    assert_eq!(told["bytes"], bytes);
    // Again, but not over other files.
    folder.good("explore t.csv --method pca --save site");
    folder.write("site/mine.txt", "mine");
    let refused = folder.latent("explore t.csv --method pca --save site");
    assert!(refused.code == Some(2) && refused.err.contains("mine.txt"), "{}", refused.err);
    let refused = folder.latent("explore t.csv --method pca --save t.npy");
    assert!(refused.code == Some(2) && refused.err.contains(".html"), "{}", refused.err);
    // One file asks for nothing.
    folder.good("explore t.csv --method pca --save map.html");
    let page = String::from_utf8(folder.read("map.html")).unwrap();
    assert!(page.contains("default-src 'none'") && !page.contains("connect-src"));
    // What is kept of labels is no input.
    let refused = folder.latent("explore t.csv --method pca --annotations t.csv --no-open");
    assert!(refused.code == Some(2) && refused.err.contains("names a file that is read"), "{}", refused.err);
}
