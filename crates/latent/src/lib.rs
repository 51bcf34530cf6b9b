//! The command line and the explorer of latentspace: one command a file in `commands`, the page's server in `server`.
//!
//! What is asked for goes to standard output, everything else (progress, notes, errors) to standard error.

mod args;
mod commands;
mod context;
mod explorer;
mod inputs;
mod kept;
mod memory;
mod output;
mod outputs;
mod progress;
mod server;
mod study;
mod topics;

use std::ffi::OsString;

use clap::ArgMatches;
use latentspace::{Error, Result};

pub use explorer::{Explorer, Show, Subject};

/// Runs the command line `args` (the program's name first) and gives its exit code: 0 done, 2 a wrong call or bad input, 1 a failure
/// inside, 130 interrupted.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    let done = match args::parse(args) {
        Ok((entry, matches)) => match run(entry, &matches) {
            // The way to end a server is to interrupt it: there is nothing to tell.
            Err(Error::Cancelled) if entry.serves => return Error::Cancelled.exit_code(),
            done => done,
        },
        Err(args::Ended::Help(text)) => output::text(&text),
        Err(args::Ended::Wrong(error)) => Err(error),
    };
    match done {
        Ok(()) => 0,
        Err(error) => {
            output::error(&error);
            error.exit_code()
        }
    }
}

/// Whether the program was built with the explorer's page.
pub fn has_page() -> bool {
    server::is_built()
}

fn run(entry: &commands::Entry, matches: &ArgMatches) -> Result<()> {
    memory::give_back_at_once();
    let context = context::Context::new(matches)?;
    outputs::guard(matches)?;
    let done = (entry.run)(matches, &context);
    context.screen.clear();
    done
}
