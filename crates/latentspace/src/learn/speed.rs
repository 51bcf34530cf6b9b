//! Speed of this machine relative to the one on which the cost models were calibrated, by a short trial, so that `--plan` prints the seconds of this
//! machine.

use std::hint::black_box;
use std::time::Instant;

use crate::random::Random;

/// Cells that the trial reads in random order: 1 MiB, the size of a core's L2 cache.
const CELLS: usize = 1 << 18;
/// Reads per round: 1 to 3 ms.
const READS: u64 = 1 << 16;
/// Number of rounds, of which the fastest counts: others may wait for other processes.
const ROUNDS: usize = 40;
/// Seconds of a round on an AMD EPYC (Zen 3, 2.45 GHz). Derived on a faster machine, on which the fits of tests/plan.rs took 1/2.2 of the seconds
/// that the cost models give (median of 20 fits of seven methods) and a round took 1/2.2 of this.
const REFERENCE_SECS: f64 = 2.9e-3;
/// Ratios outside this range are attributed to errors of the trial.
const RANGE: [f64; 2] = [0.25, 4.0];

/// Seconds on this machine per second of a cost model, with this number of threads.
pub(super) fn seconds_per_second(threads: usize) -> f64 {
    let rounds: Vec<f64> = std::thread::scope(|scope| {
        let working: Vec<_> = (0..threads.clamp(1, 8)).map(|thread| scope.spawn(move || fastest_round(thread as u64))).collect();
        working.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mean = rounds.iter().sum::<f64>() / rounds.len().max(1) as f64;
    if mean > 0.0 { (mean / REFERENCE_SECS).clamp(RANGE[0], RANGE[1]) } else { 1.0 }
}

/// Seconds of the fastest round: hashes, reads in random order, and arithmetic on what was read, as neighbor searches and maps do them.
fn fastest_round(thread: u64) -> f64 {
    let cells: Vec<f32> = (0..CELLS).map(|cell| cell as f32 / CELLS as f32).collect();
    let random = Random::new(thread, "machine speed");
    let round = |round: usize| {
        let begun = Instant::now();
        let sum: f32 = (0..READS).map(|read| cells[random.words(round as u64, read)[0] as usize % CELLS].sqrt()).sum();
        black_box(sum);
        begun.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_short_and_gives_a_ratio() {
        let begun = Instant::now();
        let ratio = seconds_per_second(2);
        assert!((RANGE[0]..=RANGE[1]).contains(&ratio), "{ratio}");
        assert!(begun.elapsed().as_secs_f64() < 2.0);
    }
}
