//! The context of every command: the run, the screen, and whether to print JSON.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use clap::ArgMatches;
use latentspace::{Error, Result, Run};
use serde::Serialize;

use crate::hints::Flags;
use crate::output;
use crate::progress::Screen;

/// The context of a command.
pub(crate) struct Context {
    pub(crate) run: Run,
    pub(crate) screen: Arc<Screen>,
    pub(crate) json: bool,
}

impl Context {
    /// The context from the global flags. From here on an interrupt cancels the run; a second one ends the program at once.
    pub(crate) fn new(matches: &ArgMatches, flags: Flags) -> Result<Self> {
        let json = matches.get_flag("json");
        let screen = Arc::new(Screen::new(matches.get_flag("quiet"), flags));
        let seed = matches.get_one::<u64>("seed").copied().unwrap_or(0);
        let threads = matches.get_one::<usize>("threads").copied().unwrap_or(0);
        let max_memory = matches.get_one::<u64>("max-memory").copied();
        let run = Run::new(seed, threads)?.with_max_memory(max_memory).with_listener(screen.clone());
        let (cancel, interrupts) = (run.cancel_flag(), AtomicU32::new(0));
        ctrlc::set_handler(move || {
            if interrupts.fetch_add(1, Ordering::SeqCst) > 0 {
                std::process::exit(130);
            }
            cancel.set();
        })
        .map_err(|error| Error::internal(format!("interrupts cannot be heard: {error}")))?;
        Ok(Context { run, screen, json })
    }

    /// Writes the result of a command as one line of JSON; an object gets `warnings` if there were any.
    pub(crate) fn print(&self, found: &impl Serialize) -> Result<()> {
        let mut found = serde_json::to_value(found).map_err(|error| Error::internal(error.to_string()))?;
        let warnings = self.screen.warnings();
        if let Some(object) = found.as_object_mut().filter(|_| !warnings.is_empty()) {
            object.insert("warnings".to_owned(), warnings.into());
        }
        output::json(&found)
    }
}
