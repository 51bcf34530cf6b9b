//! How soon a fit ends that is cancelled, for every method: in a file of its own, since it measures seconds and other tests would share its
//! processors.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use latentspace::data::Rows;
use latentspace::linalg::{Matrix, OwnedRows};
use latentspace::method::{Signs, Takes};
use latentspace::random::Random;
use latentspace::registry::METHODS;
use latentspace::{Error, Run};
use serde_json::Map;

#[test]
fn a_cancelled_fit_ends_within_a_second() {
    let random = Random::new(11, "groups");
    let table = Matrix::from_fn(6000, 10, |i, j| {
        let center = if j == i % 3 { 6.0 } else { 0.0 };
        (center + random.normal(i as u64, j as u64) * (0.3 + j as f64 * 0.05)) as f32
    });
    for entry in METHODS.iter().filter(|entry| entry.info.takes.contains(&Takes::Table)) {
        let run = Run::new(0, 2).unwrap();
        let flag = run.cancel_flag();
        let table = match entry.info.signs {
            Signs::Any => table.clone(),
            Signs::NonNegative => Matrix::from_fn(table.rows(), table.cols(), |i, j| table.row(i)[j].abs()),
        };
        let prepared = OwnedRows::Dense(table);
        let full = entry.with(&Map::new()).unwrap();
        let started = Instant::now();
        let ended = std::thread::scope(|scope| {
            let fit = scope.spawn(|| full.fit(&Rows::memory(&prepared), &run).map(|_| started.elapsed()));
            std::thread::sleep(Duration::from_millis(50));
            flag.set();
            let cancelled = Instant::now();
            let result = fit.join().unwrap();
            (result, cancelled.elapsed())
        });
        match ended {
            (Ok(took), _) => assert!(took < Duration::from_millis(1050), "{}: was not cancelled", entry.info.name),
            (Err(Error::Cancelled), after) => assert!(after < Duration::from_secs(1), "{}: {after:?}", entry.info.name),
            (Err(error), _) => panic!("{}: {error}", entry.info.name),
        }
    }
}
