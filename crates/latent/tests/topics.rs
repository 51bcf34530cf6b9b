//! Topics as they are asked for: learned, explained, measured, exported, served.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Folder, asked};
use serde_json::Value;

/// 150 documents of three kinds of words, each with a date; the twelfth says what no page should run.
fn folder() -> Folder {
    let folder = Folder::new();
    let document = |row: usize| {
        let words = (0..40).map(move |at| format!("{}{}", ["star", "gene", "bank"][row % 3], (at * at + row) % 17));
        format!("{} {}", words.collect::<Vec<_>>().join(" "), if row == 12 { "<script>alert(1)</script>" } else { "" })
    };
    let line = |row: usize| format!("{{\"id\": \"d{row}\", \"date\": \"{}-03-01\", \"text\": \"{}\"}}\n", 1990 + row / 10, document(row));
    folder.write("docs.jsonl", (0..150).map(line).collect::<String>());
    folder.write("new.txt", (150..180).map(|row| document(row) + "\n").collect::<String>());
    folder
}

const FIT: &str = "fit lda docs.jsonl -o t.latent --n-components 3 --n-iter 60";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn topics_are_learned_explained_measured_and_exported() {
    let folder = folder();
    let fitted = json(&folder.good(&format!("{FIT} --json")).out);
    let held = &fitted["measures"]["log_likelihood_per_word"];
    assert!(held["value"].as_f64() > held["null"].as_f64() && held["low"].as_f64() < held["high"].as_f64(), "{held}");
    for measure in ["coherence_npmi", "exclusivity", "diversity"] {
        assert!(fitted["measures"][measure]["value"].as_f64().unwrap() > 0.3, "{fitted}");
    }
    // How fast this run was, which no space holds.
    assert!(fitted["measures"]["words_per_second"]["value"].as_f64() > Some(1e3), "{fitted}");
    let explained = json(&folder.good("explain t.latent --json").out);
    for topic in explained.as_array().unwrap() {
        let words: Vec<&str> = topic["relevance"].as_array().unwrap().iter().map(|word| word["word"].as_str().unwrap()).collect();
        assert_eq!(words.len(), 10);
        assert!(words.iter().all(|word| word[..4] == words[0][..4]), "{words:?}");
        assert!(topic["documents"][0]["share"].as_f64().unwrap() > 0.9);
    }
    assert!(folder.good("explain t.latent").out.contains("LDA of 150 documents, 3 topics"));
    let scored = json(&folder.good("measure t.latent --against new.txt --left-to-right 5 --json").out);
    // Documents are of one topic each, so the words before one tell it nearly as well as half of all of them.
    let [apart, in_order] = ["log_likelihood_per_word", "left_to_right"].map(|measure| scored[measure]["value"].as_f64().unwrap());
    assert!((apart - in_order).abs() < 0.3 && Some(in_order) > scored["left_to_right"]["null"].as_f64(), "{scored}");
    assert!(scored["log_likelihood_per_word"]["value"].as_f64() > scored["log_likelihood_per_word"]["null"].as_f64());
    assert_eq!(scored["topics"].as_array().unwrap().len(), 3);
    // The same topics from a table of words, as another tool would write it, have the same scores.
    folder.good("export t.latent --to pyldavis -o t.json");
    let kept = json(&std::fs::read_to_string(folder.file("t.json")).unwrap());
    let mut table = String::from("word,a,b,c\n");
    for (at, word) in kept["vocab"].as_array().unwrap().iter().enumerate() {
        let weights: Vec<String> = (0..3).map(|topic| kept["topic_term_dists"][topic][at].to_string()).collect();
        table.push_str(&format!("{},{}\n", word.as_str().unwrap(), weights.join(",")));
    }
    folder.write("theirs.csv", table);
    let theirs = json(&folder.good("measure theirs.csv --against new.txt --json").out);
    for measure in ["log_likelihood_per_word", "coherence_npmi", "coherence_u_mass", "coherence_c_v", "exclusivity"] {
        let [ours, theirs] = [&scored, &theirs].map(|scores| scores[measure]["value"].as_f64().unwrap());
        assert!((ours - theirs).abs() < 1e-3, "{measure}: {ours} {theirs}");
    }
    folder.good("export t.latent --to html -o t.html");
    let page = std::fs::read_to_string(folder.file("t.html")).unwrap();
    assert!(page.contains("\"title\":\"LDA of 150 documents, 3 topics\"") && page.matches("id=\"latentspace-room\"").count() == 1);
    // Fitted documents and new ones alike: alone as in a batch.
    folder.good("encode t.latent new.txt -o new.csv");
    assert_eq!(std::fs::read_to_string(folder.file("new.csv")).unwrap().lines().count(), 31);
}

#[test]
fn topics_are_looked_for_again() {
    let folder = folder();
    folder.good(&format!("{FIT} --quiet"));
    folder.good("fit lda docs.jsonl -o u.latent --n-components 3 --n-iter 60 --seed 7 --quiet");
    let found = json(&folder.good("compare t.latent u.latent --json").out);
    let topics = &found["topics"];
    // Words of a kind are nearly as frequent as each other: which ten are the top ones is chance, which topic is which is not.
    assert!(topics["shared"]["value"].as_f64() > Some(0.45) && topics["shared"]["null"].as_f64() < Some(0.1), "{found}");
    assert!(topics["divergence"]["value"].as_f64() < Some(0.1), "{found}");
    let mut partners: Vec<u64> = topics["each"].as_array().unwrap().iter().map(|topic| topic["partner"].as_u64().unwrap()).collect();
    partners.sort_unstable();
    assert_eq!((partners, &found["rows"]), (vec![0, 1, 2], &150.into()));
    for topic in topics["each"].as_array().unwrap() {
        let [name, partner] = ["name", "partner_name"].map(|name| topic[name].as_str().unwrap());
        assert_eq!(name[..4], partner[..4], "{topic}");
    }
    // Of other documents, and more of them: words that both know tell which is which.
    folder.good("fit lda new.txt -o n.latent --n-components 4 --n-iter 60 --min-df 1 --quiet");
    let told = folder.good("compare t.latent n.latent");
    assert!(told.err.contains("the rows are not compared") && told.out.contains("of their 10 top words"), "{}{}", told.out, told.err);
    let called = folder.latent("compare t.latent n.latent --moved moved.csv");
    assert!(called.code == Some(2) && called.err.contains("30 rows"), "{}", called.err);

    let stable = json(&folder.good("stability lda docs.jsonl --n-components 3 --n-iter 60 --runs 2 --json").out);
    for (again, least) in [("seeds", 0.5), ("bootstrap", 0.4)] {
        let shared = &stable["topics"][again]["shared"];
        assert!(shared["value"].as_f64() > Some(least) && shared["null"].as_f64() < Some(0.2), "{stable}");
    }
    assert_eq!(stable["topics"]["each"].as_array().unwrap().len(), 3);
    let told = folder.good("stability plsa docs.jsonl --n-components 3 --runs 2").out;
    assert!(told.contains("topics seeds") && told.contains("expected by chance"), "{told}");
}

#[test]
fn topics_of_a_fold_keep_their_documents() {
    let folder = folder();
    for fit in ["fit plsa docs.jsonl --n-components 3", "fit lda docs.jsonl --sampler variational --n-components 3 --n-iter 20"] {
        folder.good(&format!("{fit} -o f.latent --quiet"));
        let explained = json(&folder.good("explain f.latent --json").out);
        let shares: Vec<f64> = explained.as_array().unwrap().iter().map(|topic| topic["documents"][0]["share"].as_f64().unwrap()).collect();
        assert!(shares.iter().all(|&share| share > 0.5), "{fit}: {shares:?}");
        assert_eq!(json(&folder.good("neighbors f.latent --row 3 -k 5 --json").out).as_array().unwrap().len(), 5);
        folder.good("export f.latent --to pyldavis -o f.json");
        assert_eq!(json(&String::from_utf8(folder.read("f.json")).unwrap())["doc_lengths"].as_array().unwrap().len(), 150);
    }
}

#[test]
fn seed_words_are_known_wherever_topics_are_learned() {
    let folder = folder();
    for line in [
        "sweep lda docs.jsonl --dims 3,4 --n-iter 20 --seed-words gene3;star1 --quiet",
        "stability lda docs.jsonl --n-components 3 --n-iter 20 --runs 2 --seed-words gene3;star1 --quiet",
        "fit lda docs.jsonl -o t.latent --n-components 3 --n-iter 20 --sampler variational --seed-words gene3;star1 --max-memory 60M --quiet",
    ] {
        folder.good(line);
        let called = folder.latent(&line.replace("gene3", "gene99"));
        assert!(called.code == Some(2) && called.err.contains("'gene99'"), "{line}: {}", called.err);
    }
    let called = folder.latent("fit lda docs.jsonl -o t.latent --learn-prior false");
    assert!(called.code == Some(2) && called.err.contains("--learn-prior=false"), "{}", called.err);
}

#[test]
fn what_cannot_be_is_refused_with_a_hint() {
    let folder = folder();
    folder.write("x.csv", "a,b\n1,2\n3,4\n5,7\n");
    folder.good("fit pca x.csv -o p.latent --dims 1");
    folder.write("one.txt", "word\n");
    for (line, told) in [
        ("export p.latent --to pyldavis -o t.json", "needs axes over words"),
        ("export p.latent --to html -o t.json", ".html"),
        ("fit lda docs.jsonl -o t.latent --n-components 151", "150"),
        ("fit lda docs.jsonl -o t.latent --min-df 1000", "min"),
        ("fit lda docs.jsonl -o t.latent --seed-words stra1", "star1"),
        ("fit lda docs.jsonl -o t.latent --target kind", "kind"),
    ] {
        let called = folder.latent(line);
        assert_eq!(called.code, Some(2), "{line}\n{}{}", called.out, called.err);
        assert!(called.err.contains(told), "{line}\n{}", called.err);
    }
    folder.good("fit lda one.txt -o one.latent --n-components 1");
    folder.good(&format!("{FIT} --seed-words star1,star2;gene3 --quiet"));
}

const PATHS: [&str; 13] = [
    "/api/state",
    "/api/topics",
    "/api/topics/layout",
    "/api/topics/layout/progress",
    "/api/topics/all",
    "/api/topics/1",
    "/api/topics/1/documents?limit=3",
    "/api/topics/9",
    "/api/words?q=gen&limit=4",
    "/api/words/0",
    "/api/rows/12/words",
    "/api/rows/999/words",
    "/api/fields/0",
];

#[test]
fn the_page_is_told_of_topics() {
    let folder = folder();
    let told = asked(&folder, "docs.jsonl --method lda --set n_components=3 --set n_iter=60", &PATHS[..12]);
    let [
        (_, state),
        (_, all),
        (_, layout),
        (_, compared),
        (_, salient),
        (_, topic),
        (_, documents),
        (missing, _),
        (_, words),
        (_, word),
        (_, row),
        (none, _),
    ] = &told[..]
    else {
        panic!()
    };
    assert_eq!((&state["can"][0], &state["fields"][0]["name"]), (&Value::from("topics"), &Value::from("topic")));
    assert_eq!(all["topics"].as_array().unwrap().len(), 3);
    assert_eq!((*missing, *none), (404, 404));
    let shares: f64 = all["topics"].as_array().unwrap().iter().map(|topic| topic["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9 && all["documents"] == 150);
    let places = layout["places"].as_array().unwrap();
    assert!(layout["tree"].as_array().unwrap().len() == 2 && places.len() == 3 && compared["share"] == 1.0, "{layout} {compared}");
    assert_eq!(salient["words"].as_array().unwrap().len(), 30);
    assert!(topic["words"].as_array().unwrap().iter().all(|word| word["p"].as_f64().unwrap() > 0.0));
    assert_eq!(documents.as_array().unwrap().len(), 3);
    assert!(words.as_array().unwrap().iter().all(|word| word["text"].as_str().unwrap().starts_with("gene")));
    assert!(word["topics"][0][1].as_f64().unwrap() > 0.5);
    // The document comes back letter by letter, whatever it holds.
    let text: String = row["pieces"].as_array().unwrap().iter().map(|piece| piece["text"].as_str().unwrap()).collect();
    assert!(text.ends_with("<script>alert(1)</script>") && text.starts_with("star"), "{text}");
    let field = all["times"][0]["field"].as_u64().unwrap();
    let [(_, times)] = &asked(&folder, "docs.jsonl --method lda --set n_components=2", &[&format!("/api/topics/times/{field}")])[..] else {
        panic!()
    };
    assert_eq!((times["bins"].as_array().unwrap().len(), &times["bins"][0]["label"]), (57, &Value::from("1990-01")));

    // A space alone knows the words of its documents, not their order.
    folder.good(&format!("{FIT} --quiet"));
    let told = asked(&folder, "t.latent", &PATHS[..11]);
    assert_eq!(told[1].1["documents"], 150);
    assert!(told[10].1["pieces"][0]["count"].as_f64().unwrap() >= 1.0);
    // Each topic's share is a column.
    let [(_, columns), (_, share)] = &asked(&folder, "t.latent", &["/api/columns?q=share", "/api/columns/topics:2"])[..] else { panic!() };
    assert_eq!((&columns["total"], &columns["columns"][2]["id"]), (&3.into(), &"topics:2".into()), "{columns}");
    assert!(share["max"].as_f64().unwrap() > 0.5 && share["origin"] == "derived", "{share}");
    // By meaning, documents are those of the topics of a text.
    let paths = ["/api/state", "/api/words?q=gene&limit=2", "/api/search?q=zzzz&by=meaning"];
    let [(_, state), (_, words), (wrong, unknown)] = &asked(&folder, "t.latent", &paths)[..] else { panic!() };
    assert_eq!((&state["search_by_meaning"], *wrong), (&true.into(), 400));
    assert!(unknown["error"].as_str().unwrap().contains("at least one word that the space knows"), "{unknown}");
    let sought = format!("/api/search?q={}+{}&by=meaning&limit=5", words[0]["text"].as_str().unwrap(), words[1]["text"].as_str().unwrap());
    let found = &asked(&folder, "t.latent", &[&sought])[0].1;
    let hits = found["hits"].as_array().unwrap();
    assert!(hits.len() == 5 && hits.iter().all(|hit| hit["row"].as_u64().unwrap() % 3 == 1), "{found}");
    assert!(hits.is_sorted_by_key(|hit| hit["distance"].as_f64().unwrap()), "{found}");
    // Without topics nothing is told of any.
    folder.write("x.csv", "a,b\n1,2\n3,4\n5,7\n");
    let told = asked(&folder, "x.csv --map", &["/api/topics", "/api/state"]);
    assert_eq!((told[0].0, &told[1].1["can"]), (404, &serde_json::json!([])));
}
