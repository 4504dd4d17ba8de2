//! The two commands of the house: `cargo up` shows WorkBot, `cargo verify` proves it. No dependency but std.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a build tool speaks to its terminal")]

mod console;
mod debian;
mod generated;
mod process;
mod up;
mod verify;

use std::env;
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>
  up [ARGUMENTS…]            build the console when it can be, then run `workbot demo ARGUMENTS…`
  verify [--only STEP,STEP]  every check of the project, in order; stops at the first failure
  generate                   write again the files that the program generates";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match command.as_str() {
        "up" => up::run(&rest),
        "verify" => return verify::run(&rest),
        "generate" => generated::write_all(),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{command}: {reason}");
            ExitCode::FAILURE
        }
    }
}
