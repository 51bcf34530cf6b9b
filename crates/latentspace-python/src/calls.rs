//! Long calls: the work runs on separate threads without the GIL, while the calling thread handles signals and reports progress.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use latentspace::run::{Listener, Progress};
use latentspace::{Error, Result, Run};
use pyo3::prelude::*;

use crate::errors::exception;

/// Maximum delay of signals and progress.
const PAUSE: Duration = Duration::from_millis(50);

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Messages of the run since the last report to Python.
#[derive(Default)]
struct Messages {
    /// Notes, each with whether it is a warning.
    notes: Vec<(String, bool)>,
    progress: Option<(String, u64, u64, Option<(&'static str, f64)>)>,
}

#[derive(Default)]
struct MessageListener(Mutex<Messages>);

impl Listener for MessageListener {
    fn progress(&self, progress: &Progress<'_>) {
        held(&self.0).progress = Some((progress.stage.to_owned(), progress.done, progress.total, progress.loss));
    }

    fn note(&self, text: &str) {
        held(&self.0).notes.push((text.to_owned(), false));
    }

    fn warn(&self, text: &str) {
        held(&self.0).notes.push((text.to_owned(), true));
    }
}

impl MessageListener {
    /// Reports the messages to Python: `listener.note(text)`, `listener.warn(text)`, `listener.progress(stage, done, total, loss_name, loss)`.
    fn pass_on(&self, listener: &Bound<'_, PyAny>) -> PyResult<()> {
        let Messages { notes, progress } = std::mem::take(&mut *held(&self.0));
        for (note, warns) in notes {
            listener.call_method1(if warns { "warn" } else { "note" }, (note,))?;
        }
        if let Some((stage, done, total, loss)) = progress {
            let (name, loss) = loss.unzip();
            listener.call_method1("progress", (stage, done, total, name, loss))?;
        }
        Ok(())
    }
}

/// Runs `work` with this seed on this number of threads (0: all). An interrupt cancels it, and is raised once it has ended.
pub(crate) fn call<T: Send>(
    py: Python<'_>,
    seed: u64,
    threads: usize,
    listener: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Run) -> Result<T> + Send,
) -> PyResult<T> {
    let ear = Arc::new(MessageListener::default());
    let mut run = Run::new(seed, threads).map_err(exception)?;
    if listener.is_some() {
        run = run.with_listener(ear.clone());
    }
    let run = run;
    let (done, changed) = (Mutex::new(None), Condvar::new());
    let mut raised = None;
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(&run))).unwrap_or_else(|panic| {
                let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
                Err(Error::internal(text.unwrap_or("a panic").to_owned()))
            });
            *held(&done) = Some(outcome);
            changed.notify_one();
        });
        loop {
            let outcome = py.detach(|| {
                let waited = changed.wait_timeout_while(held(&done), PAUSE, |done| done.is_none());
                waited.unwrap_or_else(PoisonError::into_inner).0.take()
            });
            if raised.is_none() {
                let heard = py.check_signals().and_then(|()| listener.map_or(Ok(()), |listener| ear.pass_on(listener)));
                if let Err(error) = heard {
                    run.cancel_flag().set();
                    raised = Some(error);
                }
            }
            if let Some(outcome) = outcome {
                return outcome;
            }
        }
    });
    match raised {
        Some(error) => Err(error),
        None => outcome.map_err(exception),
    }
}
