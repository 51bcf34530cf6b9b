//! The command `latent`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(latent::main(std::env::args_os()))
}
