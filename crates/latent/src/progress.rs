//! Progress and notes on standard error: a bar on a terminal, a line from time to time elsewhere, nothing with --quiet.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use latentspace::Error;
use latentspace::run::{Listener, Progress};

use crate::hints::Flags;
use crate::output::{self, count, duration};
use crate::study::Failure;

/// Interval of progress lines without a terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// Standard error.
pub(crate) struct Screen {
    mode: Mode,
    /// The flags that hints and notes may name.
    flags: Flags,
    stage: Mutex<Option<Stage>>,
    warnings: Mutex<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Quiet,
    Plain,
    Live,
}

/// The current stage.
struct Stage {
    name: String,
    begun: Instant,
    told: Instant,
    done: u64,
    bar: Option<ProgressBar>,
}

impl Screen {
    /// Live on a terminal, unless NO_COLOR is set.
    pub(crate) fn new(quiet: bool, flags: Flags) -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || !std::io::stderr().is_terminal();
        let mode = match (quiet, plain) {
            (true, _) => Mode::Quiet,
            (false, true) => Mode::Plain,
            (false, false) => Mode::Live,
        };
        Screen { mode, flags, stage: Mutex::new(None), warnings: Mutex::default() }
    }

    fn stage(&self) -> MutexGuard<'_, Option<Stage>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All warnings so far, in order.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        if let Some(Stage { bar: Some(bar), .. }) = self.stage().take() {
            bar.finish_and_clear();
        }
    }

    /// Writes an error and its hint.
    pub(crate) fn error(&self, error: &Error) {
        output::error(error, self.flags.hint(error).as_deref());
    }

    /// An error and its hint for the page.
    pub(crate) fn failure(&self, error: &Error) -> Failure {
        Failure::new(error, &self.flags)
    }

    /// Writes a line, above the bar.
    fn line(&self, stage: &Option<Stage>, text: &str) {
        let write = || {
            // Ignore a closed standard error.
            let _ = writeln!(std::io::stderr(), "{text}");
        };
        match stage {
            Some(Stage { bar: Some(bar), .. }) => bar.suspend(write),
            _ => write(),
        }
    }
}

/// Estimated seconds left, after enough steps.
pub(crate) fn seconds_left(begun: Instant, done: u64, total: u64) -> Option<f64> {
    left(begun.elapsed().as_secs_f64(), done, total)
}

/// The first steps include what is done once: they say nothing of the others.
fn left(elapsed: f64, done: u64, total: u64) -> Option<f64> {
    let says_something = 200 * done >= total || elapsed > 60.0;
    (done > 0 && total > done && elapsed > 0.5 && says_something).then(|| elapsed / done as f64 * (total - done) as f64)
}

fn describe(progress: &Progress<'_>, begun: Instant) -> String {
    let mut text = String::new();
    if let Some((name, loss)) = progress.loss {
        text = format!("{name} {loss:.4}");
    }
    if let Some(seconds) = seconds_left(begun, progress.done, progress.total) {
        let separator = if text.is_empty() { "" } else { ", " };
        text = format!("{text}{separator}{} left", duration(seconds));
    }
    text
}

impl Listener for Screen {
    fn progress(&self, progress: &Progress<'_>) {
        if self.mode == Mode::Quiet {
            return;
        }
        let now = Instant::now();
        let mut held = self.stage();
        // The same stage may start again.
        if held.as_ref().is_none_or(|stage| stage.name != progress.stage || progress.done < stage.done) {
            if let Some(Stage { bar: Some(bar), .. }) = held.take() {
                bar.finish_and_clear();
            }
            let bar = (self.mode == Mode::Live).then(|| bar(progress));
            *held = Some(Stage { name: progress.stage.to_owned(), begun: now, told: now, done: 0, bar });
        }
        let Some(stage) = held.as_mut() else { return };
        stage.done = progress.done;
        if let Some(bar) = &stage.bar {
            bar.set_position(progress.done);
            bar.set_message(describe(progress, stage.begun));
        } else if now - stage.told >= PLAIN_EVERY {
            stage.told = now;
            let of = if progress.total > 0 { format!(" of {}", count(progress.total)) } else { String::new() };
            let more = describe(progress, stage.begun);
            let separator = if more.is_empty() { "" } else { ", " };
            let text = format!("{}: {}{of}{separator}{more}", stage.name, count(progress.done));
            self.line(&held, &text);
        }
    }

    fn note(&self, text: &str) {
        if self.mode != Mode::Quiet {
            let stage = self.stage();
            self.line(&stage, &self.flags.note(text));
        }
    }

    fn warn(&self, text: &str) {
        let text = self.flags.note(text);
        self.note(&text);
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }
}

fn bar(progress: &Progress<'_>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(progress.total), ProgressDrawTarget::stderr_with_hz(10));
    let template = if progress.total > 0 { "{prefix:<20} {bar:32} {percent:>3} %  {msg}" } else { "{prefix:<20} {spinner} {pos}  {msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar.set_prefix(progress.stage.to_owned());
    bar
}

#[cfg(test)]
mod tests {
    use super::left;

    #[test]
    fn the_first_steps_say_nothing_of_the_seconds_left() {
        assert_eq!(left(11.0, 8, 29_394), None);
        assert_eq!(left(100.0, 8, 808), Some(10_000.0));
        assert_eq!((left(2.0, 50, 100), left(0.1, 50, 100), left(2.0, 100, 100)), (Some(2.0), None, None));
    }
}
