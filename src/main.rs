//! The `deadbeat` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    deadbeat::cli::main(std::env::args_os())
}
