//! Hints can be followed: each flag that an error or a note names exists in the command that printed it, each command that it quotes exists,
//! and those that are whole run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use common::{Folder, npy, npy_of, uniform};

/// Calls that are made at once.
const THREADS: usize = 4;

/// Files that some command refuses, or takes with a note, one a kind.
fn strange_files(folder: &Folder) -> Vec<&'static str> {
    let rows = |n: usize, line: &dyn Fn(usize) -> String| (0..n).map(line).collect::<Vec<_>>().join("\n") + "\n";
    let number = |row: usize, column: usize| format!("{:.3}", uniform(row, column));
    let table = |header: &str, n: usize, line: &dyn Fn(usize) -> String| format!("{header}\n{}", rows(n, line));
    let plain = |row: usize| format!("{},{}", number(row, 0), number(row, 1));
    let texts: Vec<(&str, String)> = vec![
        ("missing.csv", table("a,b", 30, &|row| if row == 7 { format!("{},", number(row, 0)) } else { plain(row) })),
        ("infinite.csv", table("a,b", 30, &|row| if row == 7 { "inf,1".into() } else { plain(row) })),
        ("words.csv", table("a,b", 30, &|row| format!("{},{}", number(row, 0), ["low", "high"][row % 2]))),
        ("others.csv", table("u,v,w", 30, &|row| format!("{},{}", plain(row), number(row, 2)))),
        ("names.csv", table("id,name,label", 30, &|row| format!("{row},n{row},{}", row % 3))),
        ("negative.csv", table("z0,z1", 30, &|row| format!("-{}", plain(row)))),
        ("constant.csv", table("a,b", 30, &|_| "1,2".into())),
        ("few.csv", table("a,b", 2, &plain)),
        ("one.csv", table("a,b", 1, &plain)),
        ("header.csv", "a,b\n".into()),
        ("ragged.csv", table("a,b", 30, &|row| if row == 9 { "1,2,3".into() } else { plain(row) })),
        ("late.csv", table("a,b", 12_000, &|row| if row == 11_000 { "x1,2".into() } else { plain(row) })),
        ("twice.csv", table("id,a,b", 30, &|row| format!("{},{}", row / 2, plain(row)))),
        ("quote.csv", table("a,text", 30, &|row| if row == 9 { "1,\"open".into() } else { format!("{row},shut") })),
        ("empty.csv", String::new()),
        ("digits.txt", rows(40, &|row| format!("{row} {} {}", row * 7, row * 13))),
        ("letters.txt", rows(40, &|row| format!("{} b c", ["a", "d", "e"][row % 3]))),
        ("same.txt", rows(40, &|_| "the same words again".into())),
        ("stop.txt", rows(40, &|_| "the and of with".into())),
        ("short.txt", rows(3, &|row| format!("word{row}"))),
        ("broken.jsonl", "{\"a\": 1, \"b\": 2}\n{\"a\": 1, \"b\"\n".into()),
        ("mixed.jsonl", "{\"a\": 1, \"b\": [1, 2]}\n{\"a\": 1, \"b\": [1]}\n".into()),
        ("broken.mtx", "%%MatrixMarket matrix coordinate real general\n3 3 2\n1 1 1\n9 9 1\n".into()),
        ("broken.svmlight", "1 1:2 x:3\n".into()),
        ("data.unknown", "1 2 3\n".into()),
        ("broken.parquet", "PAR1 and no more".into()),
        ("broken.latent", "no space".into()),
    ];
    let mut names = Vec::new();
    for (name, text) in &texts {
        folder.write(name, text);
        names.push(*name);
    }
    let numbers = |n: usize| (0..n * 3).map(|at| uniform(at / 3, at % 3) as f32).collect::<Vec<f32>>();
    let mut lacking = numbers(30);
    lacking[40] = f32::NAN;
    let mut folded = numbers(30);
    folded[40] = f32::INFINITY;
    let files: [(&str, Vec<u8>); 10] = [
        ("lacking.npy", npy(30, 3, &lacking)),
        ("folded.npy", npy(30, 3, &folded)),
        ("good.npy", npy(30, 3, &numbers(30))),
        ("small.npy", npy(4, 3, &numbers(4))),
        ("text.npy", npy_of("<U1", "(2,)", &[97, 0, 0, 0, 98, 0, 0, 0])),
        ("complex.npy", npy_of("<c8", "(1, 1)", &[0; 8])),
        ("cut.npy", npy(30, 3, &numbers(20))),
        ("utf16.csv", "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("latin.txt", b"caf\xe9 au lait\n".to_vec()),
        ("packed.csv.gz", vec![0x1f, 0x8b, 8, 0]),
    ];
    for (name, bytes) in files {
        folder.write(name, bytes);
        names.push(name);
    }
    std::fs::create_dir(folder.file("folder")).unwrap();
    folder.write("folder/notes.pdf", "%PDF");
    names.extend(["folder", "not_there.csv", "mising.csv"]);
    names
}

/// The flags of each command, by its words: `fit pca`.
struct Known(BTreeMap<String, BTreeSet<String>>);

impl Known {
    fn of(&mut self, folder: &Folder, command: &str, methods: &BTreeSet<String>) -> &BTreeSet<String> {
        self.0.entry(command.to_owned()).or_insert_with(|| {
            // Where no method is named, any may be meant.
            let each = match command {
                "fit" | "sweep" | "stability" => methods.iter().map(|method| format!("{command} {method}")).collect(),
                _ => vec![command.to_owned()],
            };
            let help: String = each.iter().map(|command| folder.good(&format!("{command} --help")).out).collect();
            flags(&help).chain(["--help".to_owned(), "-h".to_owned(), "--version".to_owned()]).collect()
        })
    }
}

/// The words of a text that are flags.
fn flags(text: &str) -> impl Iterator<Item = String> + '_ {
    let trimmed =
        |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '-').split(['=', '[']).next().unwrap_or_default().to_owned();
    let is_flag = |word: &String| {
        let letters = word.trim_start_matches('-');
        let dashes = word.len() - letters.len();
        letters.starts_with(|c: char| c.is_ascii_lowercase()) && (dashes == 2 || (dashes == 1 && letters.len() == 1))
    };
    text.split_whitespace().map(trimmed).filter(is_flag)
}

/// `fit pca` of `fit pca x.csv -o s.latent`: the words that name the command.
fn command_of(line: &str, methods: &BTreeSet<String>) -> String {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    match words.next().filter(|word| ["fit", "stability", "sweep"].contains(&first) && methods.contains(*word)) {
        Some(method) => format!("{first} {method}"),
        None => first.to_owned(),
    }
}

#[test]
fn hinted_flags_exist_in_the_command_that_hints_at_them_and_quoted_commands_run() {
    let folder = Folder::new();
    let names = strange_files(&folder);
    folder.good("fit pca words.csv -o table.latent --columns a");
    folder.good("fit pca good.npy -o array.latent --dims 2 --codes codes.csv");
    folder.good("fit tsne good.npy -o map.latent --perplexity 5 --n-iter 20");
    folder.write("prose.txt", (0..40).map(|at| format!("{} of apples and stars\n", ["many", "few", "some"][at % 3])).collect::<String>());
    folder.good("fit lda prose.txt -o topics.latent --dims 2 --n-iter 5");
    let listed = folder.json("methods");
    let methods: BTreeSet<String> = listed.as_array().unwrap().iter().map(|method| method["name"].as_str().unwrap().to_owned()).collect();

    let mut lines: Vec<String> = [
        "",
        "ft pca good.npy",
        "fit",
        "fit pac good.npy -o s.latent",
        "fit pca",
        "fit pca good.npy",
        "fit pca good.npy -o s.txt",
        "fit pca good.npy -o s.latent --dim 2",
        "fit pca good.npy -o s.latent --whiten true",
        "fit pca good.npy -o s.latent --n-components 9",
        "fit pca good.npy -o s.latent --max-memory 1K",
        "fit pca words.csv -o s.latent --columns hight",
        "fit pca good.npy -o s.latent --columns a",
        "fit pca words.csv -o s.latent --labels not_there.csv",
        "fit pca text.npy -o s.latent --labels good.npy",
        "fit tsne small.npy -o s.latent",
        "fit tsne good.npy -o s.latent --perplexity 40",
        "fit tsne good.npy -o s.latent --second-perplexity 1",
        "fit tsne good.npy -o s.latent --neighbors few.csv",
        "fit tsne good.npy -o s.latent --start few.csv",
        "fit tsne good.npy -o s.latent --resume",
        "fit umap few.csv -o s.latent",
        "fit umap good.npy -o s.latent --min-dist 3",
        "fit umap good.npy -o s.latent --target kind",
        "fit umap names.csv -o s.latent --target lable",
        "fit umap negative.csv -o s.latent --metric hellinger --n-neighbors 5",
        "fit umap good.npy -o s.latent --densmap --metric inner_product --n-neighbors 5",
        "fit pacmap good.npy -o s.latent --n-neighbors 30",
        "fit phate small.npy -o s.latent",
        "fit lle good.npy -o s.latent --variant hessian --n-neighbors 2",
        "fit isomap good.npy -o s.latent --n-components 40",
        "fit lda prose.txt -o s.latent --dims 2 --seed-words aples,stars",
        "fit lda prose.txt -o s.latent --stop-words klingon",
        "fit lda prose.txt -o s.latent --stop-words stop.csv",
        "fit lda prose.txt -o s.latent --min-df 100",
        "fit lda missing.csv -o s.latent",
        "fit pca good.npy --partial 0/2 -o 0.stats --describe",
        "merge good.npy -o s.latent",
        "merge not_there.stats -o s.latent",
        "stability tsne few.csv",
        "stability tsne small.npy",
        "stability umap good.npy --n-neighbors 25 --runs 2",
        "sweep pca good.npy --dims 1,9",
        "sweep lda short.txt --dims 2",
        "neighbors array.latent --row 99",
        "neighbors array.latent --id zzz",
        "neighbors array",
        "neighbors codes.csv --row 0 --id 0",
        "neighbors negative.csv --row 0 --metric hellinger",
        "measure codes.csv --against few.csv",
        "measure codes.csv --against good.npy -k 20",
        "compare codes.csv few.csv",
        "compare codes.csv topics.latent",
        "explain array.latent",
        "export array.latent --to onnx -o s.onnx",
        "export array.latent --to html -o s.html",
        "export array.latent --to npy -o s.csv",
        "decode map.latent good.npy -o back.csv",
        "dimension good.npy -k 40",
        "explain names.csv",
        "export few.csv --to csv -o out.csv",
        "export broken.latent --to csv -o out.csv",
        "merge broken.latent -o merged.latent",
        "sweep pca missing.csv --dims 1",
        "demo digit",
        "methods pac",
    ]
    .map(str::to_owned)
    .into();
    for name in names {
        lines.extend(["describe", "dimension"].map(|command| format!("{command} {name}")));
        lines.extend(["table", "array", "topics"].map(|space| format!("encode {space}.latent {name} -o out.csv")));
        lines.extend(["pca", "tsne", "lda"].map(|method| format!("fit {method} {name} -o new.latent")));
        lines.extend(["", " --plan"].map(|plan| format!("fit umap {name} -o new.latent --metric hellinger{plan}")));
        lines.push(format!("decode array.latent {name} -o out.csv"));
        lines.push(format!("stability pca {name} --runs 2"));
        lines.push(format!("measure codes.csv --against {name}"));
        lines.push(format!("measure {name} --against good.npy"));
        lines.push(format!("neighbors {name} --row 0"));
        lines.push(format!("compare codes.csv {name}"));
    }

    let mut known = Known(BTreeMap::new());
    let (mut hints, mut quoted, mut faults) = (0, BTreeSet::new(), Vec::new());
    let called = thread::scope(|scope| {
        let folder = &folder;
        let run = move |lines: &[String]| lines.iter().map(|line| (line.clone(), folder.latent(line))).collect::<Vec<_>>();
        let parts: Vec<_> = lines.chunks(lines.len().div_ceil(THREADS)).map(|lines| scope.spawn(move || run(lines))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect::<Vec<_>>()
    });
    for (line, called) in &called {
        assert!([Some(0), Some(2)].contains(&called.code), "latent {line}\n{}", called.err);
        let command = command_of(line, &methods);
        let command = if folder.latent(&format!("{command} --help")).code == Some(0) { command } else { String::new() };
        for said in called.err.lines().filter(|said| !said.starts_with("error: ")) {
            hints += usize::from(said.starts_with("hint: "));
            for (at, part) in said.split('`').enumerate() {
                let (owner, whole) = match part.strip_prefix("latent ").filter(|_| at % 2 == 1) {
                    Some(line) => (command_of(line, &methods), Some(line)),
                    None if at % 2 == 1 => continue,
                    None => (command.clone(), None),
                };
                let has = known.of(&folder, &owner, &methods).clone();
                faults.extend(
                    flags(part)
                        .filter(|flag| !has.contains(flag))
                        .map(|flag| format!("latent {line}\n  {said}\n  no {flag} in latent {owner}")),
                );
                // A command with a placeholder is not whole.
                let to_fill_in =
                    |line: &str| line.contains('…') || line.split(' ').any(|word| word.len() > 1 && word == word.to_uppercase());
                quoted.extend(whole.filter(|whole| !to_fill_in(whole)).map(str::to_owned));
            }
        }
    }
    for line in quoted {
        let called = folder.latent(&line);
        if called.code != Some(0) {
            faults.push(format!("`latent {line}` is hinted at and gives\n  {}", called.err));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(hints > 200, "only {hints} hints were provoked");
}
