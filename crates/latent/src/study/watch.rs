//! Progress of a fit, for the page and the terminal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use latentspace::data::Affine;
use latentspace::linalg::MatrixView;
use latentspace::run::{Listener, Progress};

use super::{Frame, Phase, Study, capitalized, held};
use crate::progress::seconds_left;

/// Minimum time between two maps.
const MAP_EVERY: Duration = Duration::from_millis(100);

/// A listener that forwards a fit's progress to the page and the terminal.
pub(super) struct Watcher {
    study: Arc<Study>,
    begun: Instant,
    /// The stage, its steps so far, and its start time.
    stage: Mutex<(String, u64, Instant)>,
    /// Milliseconds after `begun` until which no newer map is wanted.
    drawn: AtomicU64,
}

impl Listener for Watcher {
    fn progress(&self, progress: &Progress<'_>) {
        let begun = {
            let mut stage = held(&self.stage);
            if stage.0 != progress.stage || progress.done < stage.1 {
                *stage = (progress.stage.to_owned(), 0, Instant::now());
            }
            stage.1 = progress.done;
            stage.2
        };
        self.study.desk.change(|state| {
            if state.message != progress.stage {
                state.message = progress.stage.to_owned();
            }
            (state.step, state.n_steps) = (progress.done, progress.total);
            state.seconds_left = seconds_left(begun, progress.done, progress.total);
            if let Some((name, loss)) = progress.loss {
                *held(&self.study.steps) = (progress.done, progress.total);
                state.loss = loss.is_finite().then_some(loss);
                state.loss_name = Some(name.to_owned());
            }
            if state.phase == Phase::Fitting {
                state.seconds = self.begun.elapsed().as_secs_f64();
            }
        });
        self.study.screen.progress(progress);
    }

    fn note(&self, text: &str) {
        self.study.desk.change(|state| text.clone_into(&mut state.message));
        self.study.screen.note(text);
    }

    fn warn(&self, text: &str) {
        self.study.desk.change(|state| state.warnings.push(capitalized(text)));
        self.note(text);
    }

    fn wants_map(&self) -> bool {
        self.begun.elapsed().as_millis() as u64 >= self.drawn.load(Ordering::Relaxed)
    }

    fn map(&self, codes: MatrixView<'_>, step: u64) {
        if !(2..=3).contains(&codes.cols()) {
            return;
        }
        let begun = Instant::now();
        self.study.desk.show(|version| Frame::new(codes, &Affine::default(), version, step));
        // Showing takes at most a twentieth of the time.
        let pause = MAP_EVERY.max(begun.elapsed() * 20);
        self.drawn.store((self.begun.elapsed() + pause).as_millis() as u64, Ordering::Relaxed);
    }
}

impl Watcher {
    pub(super) fn new(study: Arc<Study>) -> Self {
        Watcher { study, begun: Instant::now(), stage: Mutex::new((String::new(), 0, Instant::now())), drawn: AtomicU64::new(0) }
    }
}
