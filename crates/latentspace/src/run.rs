//! What every long call is given: seed, threads, progress, cancellation, memory limit. Nothing of this is global.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::checkpoint::{Checkpoint, Parcel};
use crate::error::{Error, Result};
use crate::linalg::MatrixView;

/// The context of a long call.
#[derive(Clone)]
pub struct Run {
    seed: u64,
    pool: Arc<rayon::ThreadPool>,
    max_memory: Option<u64>,
    cancel: Flag,
    stop: Flag,
    listener: Arc<dyn Listener>,
    checkpoint: Option<Arc<Checkpoint>>,
    speed: Arc<Mutex<Option<(&'static str, f64)>>>,
}

/// Where a long call stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress<'a> {
    /// What is being done, in words: "neighbors", "t-SNE".
    pub stage: &'a str,
    /// Steps done.
    pub done: u64,
    /// Steps in all; 0 where nobody knows.
    pub total: u64,
    /// The loss now and its name, for methods that have one.
    pub loss: Option<(&'static str, f64)>,
}

/// Who hears how a run goes. Calls come from any thread and should return at once.
pub trait Listener: Send + Sync {
    /// A step was made.
    fn progress(&self, _progress: &Progress<'_>) {}
    /// Something that the user should know: an algorithm chosen, a treatment applied.
    fn note(&self, _text: &str) {}
    /// Something that makes the result less than it seems: it is shown where notes are, and kept where results are. A note by default.
    fn warn(&self, text: &str) {
        self.note(text);
    }
    /// Whether the map is wanted now. Asked before the work of [`Listener::map`] is done.
    fn wants_map(&self) -> bool {
        false
    }
    /// The map as it is after `step`: rows by 2 or 3.
    fn map(&self, _codes: MatrixView<'_>, _step: u64) {}
}

/// Hears nothing.
struct Silent;
impl Listener for Silent {}

/// A switch that one side sets and the other asks: to cancel, or to stop and keep.
#[derive(Clone, Default)]
pub struct Flag(Arc<AtomicBool>);

impl Flag {
    /// Sets it, for good.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Run {
    /// A run with this seed on `threads` threads (0: all that the machine has), without limits, heard by nobody.
    ///
    /// # Errors
    /// [`Error::Internal`] if the threads cannot be started.
    pub fn new(seed: u64, threads: usize) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("latent-{index}"))
            .build()
            .map_err(|error| Error::internal(format!("threads could not be started: {error}")))?;
        Ok(Run {
            seed,
            pool: Arc::new(pool),
            max_memory: None,
            cancel: Flag::default(),
            stop: Flag::default(),
            listener: Arc::new(Silent),
            checkpoint: None,
            speed: Arc::default(),
        })
    }

    /// The same run, with another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same run, with a memory limit in bytes.
    #[must_use]
    pub fn with_max_memory(mut self, bytes: Option<u64>) -> Self {
        self.max_memory = bytes;
        self
    }

    /// The same run, heard by `listener`.
    #[must_use]
    pub fn with_listener(mut self, listener: Arc<dyn Listener>) -> Self {
        self.listener = listener;
        self
    }

    /// The same run, which keeps where it stands in a file.
    #[must_use]
    pub fn with_checkpoint(mut self, checkpoint: Arc<Checkpoint>) -> Self {
        self.checkpoint = Some(checkpoint);
        self
    }

    /// The same run (same seed, threads, limit) with switches of its own.
    #[must_use]
    pub fn with_switches(mut self, cancel: Flag, stop: Flag) -> Self {
        self.cancel = cancel;
        self.stop = stop;
        self
    }

    /// The seed of all randomness.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Threads that work.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The memory limit in bytes, if there is one.
    pub fn max_memory(&self) -> Option<u64> {
        self.max_memory
    }

    /// The switch that cancels: the call returns [`Error::Cancelled`] within a second.
    pub fn cancel_flag(&self) -> Flag {
        self.cancel.clone()
    }

    /// The switch that stops an iterative method early and keeps what it has.
    pub fn stop_flag(&self) -> Flag {
        self.stop.clone()
    }

    /// Runs `work` on this run's threads; every parallel loop inside uses them and no others.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// To be asked at least twice a second.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once the run was cancelled.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_set() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Whether the method should end early and keep what it has.
    pub fn stopped(&self) -> bool {
        self.stop.is_set()
    }

    /// Tells that `done` of `total` steps of `stage` are made.
    pub fn progress(&self, stage: &str, done: u64, total: u64) {
        self.listener.progress(&Progress { stage, done, total, loss: None });
    }

    /// Tells that `done` of `total` steps of `stage` are made, and the loss.
    pub fn progress_with_loss(&self, stage: &str, done: u64, total: u64, name: &'static str, loss: f64) {
        self.listener.progress(&Progress { stage, done, total, loss: Some((name, loss)) });
    }

    /// Tells how fast the method worked: a measure of this run, not of the space, which holds no time.
    pub fn tell_speed(&self, name: &'static str, speed: f64) {
        *self.speed.lock().unwrap_or_else(PoisonError::into_inner) = Some((name, speed));
    }

    /// How fast the method worked, if it told.
    pub fn speed(&self) -> Option<(&'static str, f64)> {
        *self.speed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the user something.
    pub fn note(&self, text: impl AsRef<str>) {
        self.listener.note(text.as_ref());
    }

    /// Warns the user: the result is less than it seems, and why.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.listener.warn(text.as_ref());
    }

    /// Whether somebody wants the map as it is now.
    pub fn wants_map(&self) -> bool {
        self.listener.wants_map()
    }

    /// Shows the map as it is after `step`.
    pub fn map(&self, codes: MatrixView<'_>, step: u64) {
        self.listener.map(codes, step);
    }

    /// The file in which the run keeps where it stands, if it does.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_deref()
    }

    /// Where the stage stood when the run was interrupted, if it goes on from there.
    pub fn resumed(&self, stage: &str) -> Option<Parcel> {
        self.checkpoint.as_ref()?.take(stage)
    }

    /// Keeps where the stage stands, if it is time to and the run keeps it at all.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; what `parcel` says.
    pub fn keep(&self, stage: &str, parcel: impl FnOnce() -> Result<Parcel>) -> Result<()> {
        self.checkpoint.as_ref().map_or(Ok(()), |checkpoint| checkpoint.keep(stage, parcel))
    }

    /// Checks that `needed` bytes are allowed.
    ///
    /// # Errors
    /// [`Error::Memory`] with `hint` if they are not.
    pub fn check_memory(&self, what: &str, needed: u64, hint: &str) -> Result<()> {
        match self.max_memory {
            Some(allowed) if needed > allowed => Err(Error::Memory { what: what.to_owned(), needed, allowed, hint: hint.to_owned() }),
            _ => Ok(()),
        }
    }
}

/// Bytes of memory that this machine (or the group that the process is kept in) has; none where nobody tells.
pub fn machine_memory() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let info = read("/proc/meminfo")?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let all = line.split_whitespace().next()?.parse::<u64>().ok()? * 1024;
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = group.iter().filter_map(|path| read(path)?.trim().parse::<u64>().ok()).min();
    Some(limit.map_or(all, |limit| limit.min(all)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_run_says_so_and_a_stopped_one_does_not() {
        let run = Run::new(0, 1).unwrap();
        assert!(run.check().is_ok());
        run.stop_flag().set();
        assert!(run.check().is_ok() && run.stopped());
        run.cancel_flag().set();
        assert!(matches!(run.check(), Err(Error::Cancelled)));
    }

    #[test]
    fn memory_beyond_the_limit_is_refused_with_a_hint() {
        let run = Run::new(0, 1).unwrap().with_max_memory(Some(1 << 20));
        assert!(run.check_memory("this", 1 << 20, "").is_ok());
        let error = run.check_memory("this", 1 << 21, "use fewer rows").unwrap_err();
        assert_eq!(error.to_string(), "this needs 2.0 MiB and only 1.0 MiB is allowed");
        assert_eq!(error.hint(), Some("use fewer rows"));
    }
}
