//! Words of text as they are asked for: separated already, left out, dated, scored.

#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;
use serde_json::Value;

/// The words of all topics of a space.
fn words(folder: &Folder, space: &str) -> Vec<String> {
    let explained = folder.json(&format!("explain {space} --words 40"));
    let topics = explained.as_array().unwrap().iter();
    let mut words: Vec<String> =
        topics.flat_map(|topic| topic["words"].as_array().unwrap()).map(|word| word["word"].as_str().unwrap().to_owned()).collect();
    words.sort();
    words.dedup();
    words
}

fn fit(folder: &Folder, data: &str, flags: &str) -> Vec<String> {
    folder.good(&format!("fit lda {data} -o s.latent --n-components 2 --n-iter 30 --min-df 1 --max-df 1.0 {flags}"));
    words(folder, "s.latent")
}

#[test]
fn words_that_are_separated_already_are_taken_as_they_are() {
    let folder = Folder::new();
    let rows = |row: &dyn Fn(usize) -> String| (0..40).map(|at| row(at) + "\n").collect::<String>();
    folder.write("s.txt", rows(&|row| ["经济 发展 市场 投资 c++", "new_york 7 don't x"][row % 2].to_owned()));
    assert_eq!(fit(&folder, "s.txt", "--tokens spaces"), ["7", "c++", "don't", "new_york", "x", "发展", "市场", "投资", "经济"]);
    let listed = ["[\"c++\",\"new york\"]", "[\"7\",\"经济发展\"]"];
    folder.write("l.jsonl", rows(&|row| listed[row % 2].to_owned()));
    folder.write("k.jsonl", rows(&|row| format!("{{\"id\":\"d{row}\",\"n\":{row},\"words\":{}}}", listed[row % 2])));
    for data in ["l.jsonl", "k.jsonl"] {
        assert_eq!(fit(&folder, data, ""), ["7", "c++", "new york", "经济发展"], "{data}");
        folder.good(&format!("encode s.latent {data} -o c.csv"));
    }
    // What has no spaces is cut by a dictionary.
    folder.write("c.txt", rows(&|row| ["经济发展市场投资", "東京は日本の首都である"][row % 2].to_owned()));
    let cut = fit(&folder, "c.txt", "--stop-words none");
    assert!(["经济", "发展", "市场", "投资", "東京", "日本", "首都"].iter().all(|word| cut.contains(&(*word).to_owned())), "{cut:?}");
}

#[test]
fn stop_words_hold_contractions_and_those_of_ones_own() {
    let folder = Folder::new();
    let rows = |texts: &[&str]| (0..40).map(|row| texts[row % texts.len()].to_owned() + "\n").collect::<String>();
    folder.write("en.txt", rows(&["that's a star and there\u{2019}s a galaxy", "can't find the gene, let's see the protein of it"]));
    folder.write(
        "fr.txt",
        rows(&["c'est une étoile qu'il voit d'une galaxie", "l\u{2019}e\u{301}toile n'est pas le gène de la protéine d'où"]),
    );
    folder.write("own.txt", "\u{feff}GALAXY\ne\u{301}toile\n");
    assert_eq!(fit(&folder, "en.txt", "--stop-words english"), ["find", "galaxy", "gene", "protein", "see", "star"]);
    assert_eq!(fit(&folder, "fr.txt", "--stop-words french"), ["galaxie", "gène", "où", "protéine", "voit", "étoile"]);
    assert_eq!(fit(&folder, "fr.txt", ""), ["galaxie", "gène", "où", "protéine", "voit", "étoile"]);
    for given in ["english,+own.txt", "auto,+own.txt", "+own.txt"] {
        assert_eq!(fit(&folder, "en.txt", &format!("--stop-words {given}")), ["find", "gene", "protein", "see", "star"], "{given}");
    }
    assert_eq!(fit(&folder, "fr.txt", "--stop-words french,+own.txt"), ["galaxie", "gène", "où", "protéine", "voit"]);
    let alone = folder.good("fit lda en.txt -o s.latent --n-components 2 --n-iter 30 --stop-words own.txt --max-df 1.0");
    assert!(alone.err.contains("2 given stop words are removed, and none of a language"), "{}", alone.err);
    assert!(words(&folder, "s.latent").contains(&"that's".to_owned()));
    let mixed = folder.latent("fit lda en.txt -o s.latent --stop-words english,own.txt");
    assert!(mixed.code == Some(2) && mixed.err.ends_with("hint: --stop-words english,+own.txt\n"), "{}", mixed.err);
    let missing = folder.latent("fit lda en.txt -o s.latent --stop-words english,+gone.txt");
    assert!(missing.code == Some(2) && missing.err.contains("gone.txt: there is no such file"), "{}", missing.err);
    // Words of one letter are counted where they are asked for, as the hint says.
    folder.write("one.txt", rows(&["x y", "z w"]));
    let short = folder.latent("fit lda one.txt -o s.latent --n-components 2");
    assert!(short.err.contains("--min-letters 1"), "{}", short.err);
    assert_eq!(fit(&folder, "one.txt", "--min-letters 1 --stop-words none"), ["w", "x", "y", "z"]);
}

#[test]
fn one_missing_seed_word_is_a_warning() {
    let folder = Folder::new();
    folder.write("d.txt", (0..60).map(|row| ["star galaxy sun\n", "gene protein cell\n"][row % 2]).collect::<String>());
    let line = "fit lda d.txt -o s.latent --n-components 2 --n-iter 30 --seed-words";
    let fitted = folder.good(&format!("{line} Star,quasar;gene"));
    assert!(fitted.err.contains("seed words that are not in the vocabulary are left out: 'quasar'"), "{}", fitted.err);
    let refused = folder.latent(&format!("{line} star;quasar"));
    assert!(refused.code == Some(2) && refused.err.contains("'quasar'"), "{}", refused.err);
}

/// What the page of one file says of topics over time.
fn times(folder: &Folder, data: &str) -> (Vec<Value>, String) {
    folder.good(&format!("fit lda {data} -o s.latent --n-components 2 --n-iter 20"));
    let told = folder.good("export s.latent --to html -o t.html");
    let page = String::from_utf8(folder.read("t.html")).unwrap();
    let all = &page[page.find("\"times\":[{\"bins\"").or(page.find("\"times\":[]")).map_or(0, |at| at + 8)..];
    let times: Value = serde_json::Deserializer::from_str(all).into_iter().next().unwrap().unwrap();
    (times.as_array().unwrap().clone(), told.err)
}

#[test]
fn topics_are_followed_over_dates_of_the_usual_forms() {
    let folder = Folder::new();
    let form = |cell: &dyn Fn(usize) -> String| {
        let row = |row: usize| {
            format!("{{\"when\":{},\"text\":\"{}\"}}\n", cell(row), ["star galaxy sun moon", "gene protein cell wall"][row % 2])
        };
        folder.write("d.jsonl", (0..60).map(row).collect::<String>());
        times(&folder, "d.jsonl")
    };
    for cell in [
        &(|row: usize| format!("\"{}-{:02}\"", 2010 + row / 20, 1 + row % 12)) as &dyn Fn(usize) -> String,
        &|row| format!("\"{}/{:02}/{:02}\"", 2010 + row / 20, 1 + row % 12, 1 + row % 28),
        &|row| format!("\"{:02}.{:02}.{}\"", 1 + row % 28, 1 + row % 12, 2010 + row / 20),
        &|row| (1_262_304_000 + 86_400 * 15 * row).to_string(),
        &|row| (1_262_304_000_000_u64 + 86_400_000 * 15 * row as u64).to_string(),
    ] {
        let (times, told) = form(cell);
        assert_eq!(times.len(), 1, "{} {told}", cell(0));
        let labels: Vec<&str> = times[0]["bins"].as_array().unwrap().iter().map(|bin| bin["label"].as_str().unwrap()).collect();
        assert!(labels[0].starts_with("2010") && labels.len() > 3, "{labels:?}");
    }
    // A day that no calendar has is missing.
    let (times, _) = form(&|row| format!("\"2021-{:02}-{}\"", 1 + row % 2, if row % 2 == 1 { 30 } else { 10 + row % 10 }));
    let documents: u64 = times[0]["bins"].as_array().unwrap().iter().map(|bin| bin["documents"].as_u64().unwrap()).sum();
    assert_eq!(documents, 30);
    let (times, told) = form(&|row| format!("\"{:02}/{:02}/2010\"", 1 + row % 9, 1 + row % 7));
    assert!(times.is_empty() && told.contains("topics are not followed over 'when': '01/01/2010'"), "{told}");
}

/// gensim 4.4.0: `CoherenceModel(topics=topics, texts=texts, corpus=corpus, dictionary=Dictionary(texts), coherence=kind, processes=1)`.
#[test]
fn coherence_of_texts_with_other_words_is_that_of_gensim() {
    let folder = Folder::new();
    let mut state = 12345_u64;
    let mut text = |text: u64| {
        let mut word = || {
            state = (state * 1_103_515_245 + 12345) % (1 << 31);
            let (chance, other) = ((state >> 8) % 1000, (state >> 12) % 40);
            match chance {
                0..400 => format!("w{:02}", text % 3 * 10 + chance % 10),
                400..600 => format!("w{other:02}"),
                _ => format!("o{other:02}"),
            }
        };
        (0..5 + text * 37 % 80).map(|_| word()).collect::<Vec<_>>().join(" ") + "\n"
    };
    let texts: String = (0..60).map(&mut text).collect();
    assert!(texts.starts_with("o09 o10 o33 o17 w00\n"));
    folder.write("texts.txt", texts);
    let weight = |word: u32, topic: u32| if word / 10 == topic { 0.1 - 0.005 * f64::from(word % 10) } else { 1e-5 };
    let row = |word: u32| format!("w{word:02},{},{},{}\n", weight(word, 0), weight(word, 1), weight(word, 2));
    folder.write("topics.csv", format!("word,a,b,c\n{}", (0..30).map(row).collect::<String>()));
    let scored = folder.json("measure topics.csv --against texts.txt");
    for (measure, wanted) in [("coherence_u_mass", -0.390_847_113), ("coherence_npmi", 0.164_644_992), ("coherence_c_v", 0.920_898_832)] {
        let found = scored[measure]["value"].as_f64().unwrap();
        assert!((found - wanted).abs() < 1e-6, "{measure}: {found} of {wanted}");
    }
}
