//! The command line and the explorer of latentspace: one file per command in `commands`, the page's server in `server`.
//!
//! Results go to standard output, everything else (progress, notes, errors) to standard error.

mod args;
mod commands;
mod context;
mod explorer;
mod export;
mod hints;
mod inputs;
mod memory;
mod output;
mod outputs;
mod progress;
mod server;
mod study;

use std::ffi::OsString;

use latentspace::{Error, Result};

pub use explorer::{Explorer, Show, Subject};
pub use export::{EXPORT_FORMATS, Export, Exportable, Exported, Part};

/// The JSON Schema of what the explorer's server answers, by the names of the types.
#[doc(hidden)]
pub fn wire() -> serde_json::Value {
    study::wire_schema()
}

/// Runs the command line `args` (the program's name first) and returns its exit code: 0 done, 2 invalid call or input, 1 a
/// bug, 130 interrupted.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    let (error, hint) = match args::parse(args) {
        Ok(call) => match run(&call) {
            Ok(()) => return 0,
            // A server ends by an interrupt, which is not an error.
            Err(Error::Cancelled) if call.entry.serves => return Error::Cancelled.exit_code(),
            Err(error) => {
                let hint = call.flags.hint(&error);
                (error, hint)
            }
        },
        Err(args::Ended::Help(text)) => match output::text(&text) {
            Ok(()) => return 0,
            Err(error) => (error, None),
        },
        Err(args::Ended::Wrong(error)) => {
            let hint = error.hint().map(str::to_owned);
            (error, hint)
        }
    };
    output::error(&error, hint.as_deref());
    error.exit_code()
}

/// Whether the program was built with the explorer's page.
pub fn has_page() -> bool {
    server::is_built()
}

fn run(call: &args::Call) -> Result<()> {
    memory::give_back_at_once();
    let context = context::Context::new(&call.matches, call.flags.clone())?;
    outputs::guard(&call.matches)?;
    let done = (call.entry.run)(&call.matches, &context);
    context.screen.clear();
    done
}
