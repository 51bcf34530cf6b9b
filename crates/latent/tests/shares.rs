//! One round of a fold on several machines: shares as files, merged to the bytes of one machine.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Folder, clouds, npy};

/// Rounds of shares until `latent merge` gives the space; how many there were after round 0. Without it, each share reads all rows first.
fn in_shares(folder: &Folder, fit: &str, round_zero: bool, shares: usize, out: &str) -> usize {
    let mut state = if round_zero { "--describe".to_owned() } else { String::new() };
    for round in usize::from(!round_zero).. {
        let share = |at: usize| folder.good(&format!("{fit} {state} --partial {at}/{shares} -o {at}.stats"));
        // In any order; the last may as well be called the first.
        (1..=shares).rev().for_each(|at| drop(share(at)));
        let merged = folder.json(&format!("merge *.stats -o {out}"));
        assert_eq!(merged["shares"], shares);
        for at in 1..=shares {
            std::fs::remove_file(folder.file(&format!("{at}.stats"))).unwrap();
        }
        if merged["done"] == true {
            return round;
        }
        std::fs::rename(folder.file(out), folder.file("state")).unwrap();
        state = "--state state".to_owned();
    }
    unreachable!()
}

#[test]
fn shares_of_any_number_merge_to_the_bytes_of_one_machine() {
    let folder = Folder::new();
    folder.write("rows.npy", npy(30_000, 6, &clouds(30_000, 6, 5)));
    let fit = "fit pca rows.npy --dims 3 --seed 4";
    folder.good(&format!("{fit} -o whole.latent"));
    for shares in [1, 2, 3, 8, 11] {
        for round_zero in [true, false] {
            assert_eq!(in_shares(&folder, fit, round_zero, shares, "merged.latent"), 1);
            assert!(folder.read("merged.latent") == folder.read("whole.latent"), "{shares} shares");
        }
    }
}

#[test]
fn a_method_of_many_rounds_is_a_loop_over_state_and_shares() {
    let folder = Folder::new();
    folder.write("rows.npy", npy(9_000, 30, &clouds(9_000, 30, 7)));
    let fit = "fit pca rows.npy --dims 4 --solver randomized --seed 2";
    folder.good(&format!("{fit} -o whole.latent"));
    assert!(in_shares(&folder, fit, true, 2, "merged.latent") > 1);
    assert!(folder.read("merged.latent") == folder.read("whole.latent"));
}

#[test]
fn tables_in_many_files_are_prepared_alike_in_every_share() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("parts")).unwrap();
    let mut row = 0;
    for part in 0..4 {
        let mut csv = "name,size,weight,kind\n".to_owned();
        for _ in 0..3000 {
            let missing = row % 97 == 5;
            let size = if missing { String::new() } else { format!("{}", common::uniform(row, 1)) };
            csv += &format!("r{row},{size},{},{}\n", 1000.0 * common::uniform(row, 2), ["a", "b"][row % 2]);
            row += 1;
        }
        folder.write(&format!("parts/{part}.csv"), csv);
    }
    for options in ["", "--scale standard", "--scale none", "--scale robust --missing median"] {
        let fit = format!("fit pca parts/*.csv --dims 2 --columns size,weight,kind {options}");
        folder.good(&format!("{fit} -o whole.latent"));
        for shares in [1, 2, 3, 8] {
            in_shares(&folder, &fit, true, shares, "merged.latent");
            assert!(folder.read("merged.latent") == folder.read("whole.latent"), "{shares} shares, {options}");
        }
        in_shares(&folder, &fit, false, 3, "merged.latent");
        assert!(folder.read("merged.latent") == folder.read("whole.latent"), "without round 0, {options}");
    }
}

#[test]
fn numbers_far_from_zero_keep_their_digits_in_every_share() {
    let folder = Folder::new();
    // The head of the table does not show how far its numbers reach, and the array holds more digits than 32 bits do.
    let far = |row: usize| if row < 6000 { row as f64 } else { 4e8 + common::uniform(row, 2) };
    let value = |row: usize, column: usize| common::uniform(row, column) + if column == 2 { 7e6 } else { 0.0 };
    let mut csv = "a,far,b\n".to_owned();
    (0..20_000).for_each(|row| csv += &format!("{},{},{}\n", value(row, 0), far(row + 5000), value(row, 1)));
    folder.write("rows.csv", csv);
    folder.write("rows.npy", common::npy_f64(20_000, 3, &(0..60_000).map(|at| value(at / 3, at % 3)).collect::<Vec<f64>>()));
    for data in ["rows.csv", "rows.npy"] {
        let fit = format!("fit pca {data} --dims 2");
        folder.good(&format!("{fit} -o whole.latent"));
        for (shares, round_zero) in [(1, true), (3, true), (2, false)] {
            in_shares(&folder, &fit, round_zero, shares, "merged.latent");
            assert!(folder.read("merged.latent") == folder.read("whole.latent"), "{data}, {shares} shares");
        }
    }
}

#[test]
fn neighbors_are_merged_to_the_statistics_of_one_share() {
    let folder = Folder::new();
    folder.write("rows.npy", npy(70_000, 6, &clouds(70_000, 6, 5)));
    let fit = "fit pca rows.npy --dims 3 --scale standard";
    folder.good(&format!("{fit} -o whole.latent"));
    let mut state = "--describe".to_owned();
    for (round, out) in ["state", "merged.latent"].into_iter().enumerate() {
        (0..5).for_each(|at| drop(folder.good(&format!("{fit} {state} --partial {at}/5 -o {at}.stats"))));
        let some = folder.json("merge 3.stats 1.stats 2.stats -o some.stats");
        assert!(some["round"] == round && some["shares"] == 3, "{some}");
        let sizes = ["1.stats", "2.stats", "3.stats", "some.stats"].map(|name| folder.read(name).len());
        assert!(sizes[3] < sizes[0] + sizes[1] + sizes[2], "{sizes:?}");
        folder.refused("merge some.stats 2.stats 4.stats -o s.stats", "were given twice; each share is needed once.\n");
        folder.refused("merge some.stats 4.stats -o s.latent", "are missing; each share is needed once.\n");
        folder.good(&format!("merge 4.stats some.stats 0.stats -o {out}"));
        state = "--state state".to_owned();
    }
    assert!(folder.read("merged.latent") == folder.read("whole.latent"));
}

#[test]
fn what_a_share_cannot_do_is_refused_before_it_works() {
    let folder = Folder::new();
    folder.write("rows.npy", npy(300, 5, &clouds(300, 5, 3)));
    for flag in ["--plan", "--resume", "--codes c.npy", "--checkpoint-every 1"] {
        let called = folder.latent(&format!("fit pca rows.npy --partial 0/2 {flag} -o a.stats"));
        assert!(called.code == Some(2) && called.err.contains("only one of them"), "{flag}: {}", called.err);
    }
    let called = folder.latent("fit pca rows.npy --partial 0/2 --describe --state s -o a.stats");
    assert!(called.code == Some(2) && called.err.contains("only one of them"), "{}", called.err);
    assert_eq!(folder.latent("fit pca rows.npy --describe -o a.stats").code, Some(2));
    folder.refused("fit pca missing.npy --partial 0/2 -o none/a.stats", "results are written into folders that exist.\n");
    assert_eq!(folder.names(), ["rows.npy"]);
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let folder = Folder::new();
    folder.write("rows.npy", npy(9_000, 5, &clouds(9_000, 5, 3)));
    for (at, dims, name) in [(0, 2, "a"), (1, 2, "b"), (1, 3, "c")] {
        folder.good(&format!("fit pca rows.npy --dims {dims} --partial {at}/2 -o {name}.stats"));
    }
    folder.good("fit pca rows.npy --dims 2 --partial 0/2 --describe -o a.summary");
    folder.refused(
        "merge a.stats a.summary -o s.latent",
        "a.summary: they are of another round than a.stats; shares of one round are needed.\n",
    );
    folder.refused("merge a.stats -o s.latent", "statistics: chunks 1 to 3 are missing; each share is needed once.\n");
    folder.refused("merge a.stats b.stats a.stats -o s.latent", "statistics: chunks 0 to 1 were given twice; each share is needed once.\n");
    folder.refused(
        "merge a.stats c.stats -o s.latent",
        "c.stats: they are of another fit or other data than a.stats; shares of one round are needed.\n",
    );
    let whole = folder.read("a.stats");
    for broken in [&whole[..whole.len() - 9], b"no statistics", b""] {
        folder.write("broken.stats", broken);
        let called = folder.latent("merge broken.stats b.stats -o s.latent");
        assert!(called.code == Some(2) && called.err.contains("broken.stats"), "{}", called.err);
    }
    let called = folder.latent("fit tsne rows.npy --partial 0/2 -o t.stats");
    assert_eq!(called.code, Some(2), "{}", called.err);
    assert!(!folder.names().iter().any(|name| name == "s.latent" || name == "t.stats"));
}

#[cfg(unix)]
#[test]
fn the_example_fits_text_and_tables_in_shares() {
    let folder = Folder::new();
    let text = |row: usize| format!("{} {}\n", ["star galaxy sun", "gene protein cell"][row % 2], ["moon", "wall", "orbit"][row % 3]);
    folder.write("t.txt", (0..300).map(text).collect::<String>());
    folder.write("t.npy", npy(300, 5, &clouds(300, 5, 3)));
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_latent")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shares.sh");
    for (data, method) in [("t.txt", "plsa"), ("t.npy", "pca")] {
        let fit = format!("{method} --dims 2 --seed 3");
        let given = ["3", data, "shares.latent"].into_iter().chain(fit.split(' '));
        let done = std::process::Command::new(script).args(given).env("PATH", &path).current_dir(folder.path()).output().unwrap();
        assert!(done.status.success(), "{data} {}", String::from_utf8_lossy(&done.stderr));
        folder.good(&format!("fit {method} {data} --dims 2 --seed 3 -o whole.latent"));
        assert!(folder.read("shares.latent") == folder.read("whole.latent"), "{data}");
    }
    let wrong = std::process::Command::new(script).args(["2", "gone.npy", "x.latent", "pca"]).env("PATH", &path).output().unwrap();
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("gone.npy"), "{wrong:?}");
}
