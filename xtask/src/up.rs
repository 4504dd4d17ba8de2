//! `cargo up`: the console when it can be built, then the demo.

use crate::console::{self, Build};
use crate::process::{Outcome, cargo};

/// Replaces this process by the demo where the system can, so that Ctrl-C reaches it alone.
pub fn run(arguments: &[String]) -> Outcome<()> {
    match console::build_if_stale()? {
        Build::Fresh => {}
        Build::Built => println!("up: the console is built"),
        Build::Impossible(reason) => println!("up: without the console: {reason}"),
    }
    let mut demo = cargo();
    demo.args(["run", "--release", "--package", "workbot", "--", "demo"]).args(arguments);
    replace_by(demo)
}

#[cfg(unix)]
fn replace_by(mut command: std::process::Command) -> Outcome<()> {
    use std::os::unix::process::CommandExt;
    Err(format!("cargo did not start: {}", command.exec()))
}

#[cfg(not(unix))]
fn replace_by(mut command: std::process::Command) -> Outcome<()> {
    crate::process::run(&mut command)
}
