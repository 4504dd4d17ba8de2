//! The `workbot` program: see `workbot --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(workbot::cli::run(std::env::args_os()))
}
