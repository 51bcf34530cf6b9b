//! The commands: one file and one line each.

mod decode;
mod demo;
mod describe;
mod encode;
mod explore;
mod export;
mod fit;
mod measure;
pub(crate) mod methods;
mod neighbors;

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
pub(crate) static COMMANDS: &[Entry] = &[
    Entry { name: "demo", command: demo::command, run: demo::run },
    Entry { name: "explore", command: explore::command, run: explore::run },
    Entry { name: "describe", command: describe::command, run: describe::run },
    Entry { name: "fit", command: fit::command, run: fit::run },
    Entry { name: "encode", command: encode::command, run: encode::run },
    Entry { name: "decode", command: decode::command, run: decode::run },
    Entry { name: "measure", command: measure::command, run: measure::run },
    Entry { name: "neighbors", command: neighbors::command, run: neighbors::run },
    Entry { name: "export", command: export::command, run: export::run },
    Entry { name: "methods", command: methods::command, run: methods::run },
];

/// The command of this name.
pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    COMMANDS.iter().find(|entry| entry.name == name)
}
