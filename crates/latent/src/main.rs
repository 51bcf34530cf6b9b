//! The command `latent`.

use std::process::ExitCode;

fn main() -> ExitCode {
    latent::main(std::env::args_os())
}
