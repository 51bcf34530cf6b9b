//! The commands: one file and one line each.

mod methods;

use clap::{ArgMatches, Command};
use latentspace::Result;

use crate::context::Context;

/// A command: its flags, and what it does.
pub(crate) struct Entry {
    name: &'static str,
    pub(crate) command: fn() -> Command,
    pub(crate) run: fn(&ArgMatches, &Context) -> Result<()>,
}

/// Every command, in the order in which the help shows them.
pub(crate) static COMMANDS: &[Entry] = &[Entry { name: "methods", command: methods::command, run: methods::run }];

/// The command of this name.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.name == name)
}
