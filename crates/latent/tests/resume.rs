//! A fit that is killed: what is left behind, and that it goes on to the same bytes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{Folder, clouds, npy, uniform};

const FIT: &str = "fit tsne rows.npy -o map.latent --perplexity 10 --quiet";

fn with_rows() -> Folder {
    let folder = Folder::new();
    folder.write("rows.npy", npy(1500, 8, &clouds(1500, 8, 5)));
    folder
}

/// Starts a fit and kills it after a while; whether it had ended by itself.
fn killed(folder: &Folder, line: &str, after: Duration) -> bool {
    let mut child = folder.command(line).stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while begun.elapsed() < after {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    // SIGKILL: nothing of the program runs after it.
    child.kill().unwrap();
    child.wait().unwrap();
    false
}

#[test]
fn killed_at_any_moment_the_old_file_or_the_new_one_is_there_and_the_fit_goes_on_to_the_same_bytes() {
    let folder = with_rows();
    let begun = Instant::now();
    folder.good(FIT);
    let mut whole = begun.elapsed();
    let new = folder.read("map.latent");
    folder.good(&format!("{FIT} --seed 7"));
    let old = folder.read("map.latent");
    assert!(old != new);
    let (mut kills, mut ended) = (0, 0);
    for moment in 0..1000 {
        let fresh = !folder.names().contains(&"map.latent.checkpoint".to_owned());
        // From just after the start to the end of the fastest whole fit so far; often enough it ends by itself first.
        let (begun, after) = (Instant::now(), whole.mul_f64(0.02 + 0.96 * uniform(moment, 3)));
        let done = killed(&folder, &format!("{FIT} --resume --checkpoint-every 0.02"), after);
        let there = folder.read("map.latent");
        if done {
            assert!(there == new, "the fit went on to other bytes");
            assert!(!folder.names().contains(&"map.latent.checkpoint".to_owned()));
            whole = if fresh { whole.min(begun.elapsed()) } else { whole };
            ended += 1;
        } else {
            assert!(there == old || there == new, "neither the old file nor the new one");
            kills += 1;
        }
        folder.write("map.latent", &old);
        if kills >= 50 && ended > 0 {
            break;
        }
    }
    assert!(kills >= 50 && ended > 0, "{kills} kills, {ended} ends");
    folder.good(&format!("{FIT} --resume"));
    assert!(folder.read("map.latent") == new);
}

#[test]
fn a_checkpoint_of_another_fit_is_refused_and_so_is_what_is_none() {
    let folder = with_rows();
    while !folder.names().contains(&"map.latent.checkpoint".to_owned()) {
        killed(&folder, &format!("{FIT} --n-iter 20000 --checkpoint-every 0"), Duration::from_millis(400));
    }
    let kept = folder.read("map.latent.checkpoint");
    folder.refused(
        &format!("{FIT} --resume"),
        "map.latent.checkpoint: it belongs to another fit: n_iter was 20000 then and is 500 now; a checkpoint of the same method, parameters, seed \
         and data is needed.\nhint: without --resume the fit starts from the beginning\n",
    );
    for broken in [&kept[..kept.len() / 2], b"", b"not a checkpoint at all"] {
        folder.write("map.latent.checkpoint", broken);
        let called = folder.latent(&format!("{FIT} --resume"));
        assert_eq!(called.code, Some(2), "{}", called.err);
        assert!(called.err.contains("map.latent.checkpoint") && called.err.contains("without --resume"), "{}", called.err);
    }
}
