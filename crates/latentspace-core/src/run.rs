//! The context of a long call: seed, threads, progress, cancellation, memory limit. Nothing of this is global.

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

/// Progress of a long call.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress<'a> {
    /// Name of the stage: "neighbors", "t-SNE".
    pub stage: &'a str,
    /// Steps done.
    pub done: u64,
    /// Total number of steps; 0 if unknown.
    pub total: u64,
    /// Name and current value of the loss, for methods that have one.
    pub loss: Option<(&'static str, f64)>,
}

/// Receives progress, notes, warnings and maps of a run. Calls come from any thread and should return at once.
pub trait Listener: Send + Sync {
    /// A step is done.
    fn progress(&self, _progress: &Progress<'_>) {}
    /// A note for the user: the algorithm chosen, a preparation applied.
    fn note(&self, _text: &str) {}
    /// A warning that limits the interpretation of the result; it is shown and stored with the result. By default a note.
    fn warn(&self, text: &str) {
        self.note(text);
    }
    /// Whether [`Listener::map`] should be called now; false saves the work.
    fn wants_map(&self) -> bool {
        false
    }
    /// The map after `step`: `[n, 2 or 3]`.
    fn map(&self, _codes: MatrixView<'_>, _step: u64) {}
}

/// Ignores everything.
struct Silent;
impl Listener for Silent {}

/// A flag shared between threads: to cancel a run, or to stop it early and keep the result.
#[derive(Clone, Default)]
pub struct Flag(Arc<AtomicBool>);

impl Flag {
    /// Sets the flag permanently.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Run {
    /// A run with this seed on `threads` threads (0: all cores), without limits and without a listener.
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

    /// The same run with a listener.
    #[must_use]
    pub fn with_listener(mut self, listener: Arc<dyn Listener>) -> Self {
        self.listener = listener;
        self
    }

    /// The same run with checkpoints in a file.
    #[must_use]
    pub fn with_checkpoint(mut self, checkpoint: Arc<Checkpoint>) -> Self {
        self.checkpoint = Some(checkpoint);
        self
    }

    /// The same run (seed, threads, limit) with new flags.
    #[must_use]
    pub fn with_switches(mut self, cancel: Flag, stop: Flag) -> Self {
        self.cancel = cancel;
        self.stop = stop;
        self
    }

    /// The random seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Number of threads.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The memory limit in bytes, if there is one.
    pub fn max_memory(&self) -> Option<u64> {
        self.max_memory
    }

    /// The flag that cancels: the call returns [`Error::Cancelled`] within a second.
    pub fn cancel_flag(&self) -> Flag {
        self.cancel.clone()
    }

    /// The flag that stops an iterative method early and keeps its current result.
    pub fn stop_flag(&self) -> Flag {
        self.stop.clone()
    }

    /// Runs `work` on this run's threads; every parallel loop inside uses only these.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Checks for cancellation; call it at least twice a second.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once the run was cancelled.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_set() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Whether the method should end early and keep its current result.
    pub fn stopped(&self) -> bool {
        self.stop.is_set()
    }

    /// Reports that `done` of `total` steps of `stage` are done.
    pub fn progress(&self, stage: &str, done: u64, total: u64) {
        self.listener.progress(&Progress { stage, done, total, loss: None });
    }

    /// Reports that `done` of `total` steps of `stage` are done, with the loss.
    pub fn progress_with_loss(&self, stage: &str, done: u64, total: u64, name: &'static str, loss: f64) {
        self.listener.progress(&Progress { stage, done, total, loss: Some((name, loss)) });
    }

    /// Reports the speed of the method. It belongs to the run, not to the space, which contains no time.
    pub fn tell_speed(&self, name: &'static str, speed: f64) {
        *self.speed.lock().unwrap_or_else(PoisonError::into_inner) = Some((name, speed));
    }

    /// The reported speed of the method, if any.
    pub fn speed(&self) -> Option<(&'static str, f64)> {
        *self.speed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a note to the listener.
    pub fn note(&self, text: impl AsRef<str>) {
        self.listener.note(text.as_ref());
    }

    /// Sends a warning to the listener.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.listener.warn(text.as_ref());
    }

    /// Whether the listener wants the current map.
    pub fn wants_map(&self) -> bool {
        self.listener.wants_map()
    }

    /// Sends the map after `step` to the listener.
    pub fn map(&self, codes: MatrixView<'_>, step: u64) {
        self.listener.map(codes, step);
    }

    /// The checkpoint file, if the run has one.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_deref()
    }

    /// The checkpoint of this stage from an interrupted run, if there is one to resume.
    pub fn resumed(&self, stage: &str) -> Option<Parcel> {
        self.checkpoint.as_ref()?.take(stage)
    }

    /// Writes a checkpoint of this stage if the run has checkpoints and one is due.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be written; errors of `parcel`.
    pub fn keep(&self, stage: &str, parcel: impl FnOnce() -> Result<Parcel>) -> Result<()> {
        self.checkpoint.as_ref().map_or(Ok(()), |checkpoint| checkpoint.keep(stage, parcel))
    }

    /// Checks that `needed` bytes are allowed: no more than the limit, or without one than this machine has.
    ///
    /// # Errors
    /// [`Error::Memory`] with `hint` if they are not.
    pub fn check_memory(&self, what: &str, needed: u64, hint: &str) -> Result<()> {
        let refused = |allowed, hint: String| Error::Memory { what: what.to_owned(), needed, allowed, hint };
        match (self.max_memory, machine_memory()) {
            (Some(allowed), _) if needed > allowed => Err(refused(allowed, hint.to_owned())),
            (None, Some(memory)) if needed > memory => Err(refused(memory, format!("this machine has no more memory; {hint}"))),
            _ => Ok(()),
        }
    }
}

/// Memory of this machine (or of the control group of the process) in bytes; none if unknown.
pub fn machine_memory() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let info = read("/proc/meminfo")?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let all = line.split_whitespace().next()?.parse::<u64>().ok()? * 1024;
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = group.iter().filter_map(|path| read(path)?.trim().parse::<u64>().ok()).min();
    Some(limit.map_or(all, |limit| limit.min(all)))
}

/// Bytes of `800M`; K, M, G and T stand for powers of 1024.
pub fn memory_size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = match text[digits..].trim() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        _ => return None,
    };
    let bytes = number * 1024_f64.powi(unit);
    (1.0..9e18).contains(&bytes).then_some(bytes as u64)
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
        // Without a limit, what the machine has is one.
        let free = Run::new(0, 1).unwrap();
        assert!(free.check_memory("this", 1 << 20, "").is_ok() && free.check_memory("this", 1 << 62, "").is_err());
        let error = run.check_memory("this", 1 << 21, "use fewer rows").unwrap_err();
        assert_eq!(error.to_string(), "this needs 2.0 MiB and only 1.0 MiB is allowed");
        assert_eq!(error.hint(), Some("use fewer rows"));
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(memory_size("800M"), Some(800 << 20));
        assert_eq!(memory_size("1.5GiB"), Some(3 << 29));
        assert_eq!(memory_size("4096"), Some(4096));
        assert_eq!((memory_size("-1"), memory_size("4X"), memory_size(""), memory_size("0")), (None, None, None, None));
    }
}
