//! The commands: one file and one line each.

mod compare;
mod decode;
pub(crate) mod demo;
mod describe;
mod dimension;
mod encode;
mod explain;
pub(crate) mod explore;
mod export;
mod fit;
mod measure;
pub(crate) mod methods;
mod neighbors;
mod shares;
pub(crate) mod stability;
mod sweep;

use clap::{ArgMatches, Command};
use latentspace::Result;

use crate::context::Context;

/// A command: its flags, and what it does.
pub(crate) struct Entry {
    name: &'static str,
    pub(crate) command: fn() -> Command,
    pub(crate) run: fn(&ArgMatches, &Context) -> Result<()>,
    /// Whether it runs until it is interrupted.
    pub(crate) serves: bool,
}

/// Every command, in the order of the help.
pub(crate) static COMMANDS: &[Entry] = &[
    Entry { name: "demo", command: demo::command, run: demo::run, serves: true },
    Entry { name: "explore", command: explore::command, run: explore::run, serves: true },
    Entry { name: "describe", command: describe::command, run: describe::run, serves: false },
    Entry { name: "dimension", command: dimension::command, run: dimension::run, serves: false },
    Entry { name: "fit", command: fit::command, run: fit::run, serves: false },
    Entry { name: "merge", command: shares::command, run: shares::run, serves: false },
    Entry { name: "encode", command: encode::command, run: encode::run, serves: false },
    Entry { name: "decode", command: decode::command, run: decode::run, serves: false },
    Entry { name: "measure", command: measure::command, run: measure::run, serves: false },
    Entry { name: "compare", command: compare::command, run: compare::run, serves: false },
    Entry { name: "stability", command: stability::command, run: stability::run, serves: false },
    Entry { name: "sweep", command: sweep::command, run: sweep::run, serves: false },
    Entry { name: "neighbors", command: neighbors::command, run: neighbors::run, serves: false },
    Entry { name: "explain", command: explain::command, run: explain::run, serves: false },
    Entry { name: "export", command: export::command, run: export::run, serves: false },
    Entry { name: "methods", command: methods::command, run: methods::run, serves: false },
];

/// The command of this name.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.name == name)
}
