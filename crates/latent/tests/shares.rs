//! One round of a fold on several machines: shares as files, merged to the bytes of one machine.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Folder, clouds, npy};

/// Rounds of shares until `latent merge` gives the space; how many there were.
fn in_shares(folder: &Folder, fit: &str, shares: usize, out: &str) -> usize {
    let mut state = String::new();
    for round in 1.. {
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
        assert_eq!(in_shares(&folder, fit, shares, "merged.latent"), 1);
        assert!(folder.read("merged.latent") == folder.read("whole.latent"), "{shares} shares");
    }
}

#[test]
fn a_method_of_many_rounds_is_a_loop_over_state_and_shares() {
    let folder = Folder::new();
    folder.write("rows.npy", npy(9_000, 30, &clouds(9_000, 30, 7)));
    let fit = "fit pca rows.npy --dims 4 --solver randomized --seed 2";
    folder.good(&format!("{fit} -o whole.latent"));
    assert!(in_shares(&folder, fit, 2, "merged.latent") > 1);
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
    let fit = "fit pca parts/*.csv --dims 2 --columns size,weight,kind";
    folder.good(&format!("{fit} -o whole.latent"));
    in_shares(&folder, fit, 3, "merged.latent");
    assert!(folder.read("merged.latent") == folder.read("whole.latent"));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let folder = Folder::new();
    folder.write("rows.npy", npy(9_000, 5, &clouds(9_000, 5, 3)));
    for (at, dims, name) in [(0, 2, "a"), (1, 2, "b"), (1, 3, "c")] {
        folder.good(&format!("fit pca rows.npy --dims {dims} --partial {at}/2 -o {name}.stats"));
    }
    folder.refused("merge a.stats -o s.latent", "statistics: chunks 1 to 3 are missing; each share is needed once.\n");
    folder.refused("merge a.stats b.stats a.stats -o s.latent", "statistics: chunks 0 to 1 are there twice; each share is needed once.\n");
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
