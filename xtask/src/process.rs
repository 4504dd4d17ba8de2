//! Running other programs: each ends as success or as one sentence that says what failed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The result of a step: a value, or one sentence for the reader.
pub type Outcome<T> = Result<T, String>;

/// The folder of the workspace, whatever folder the command was typed in.
pub fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The same cargo that runs us, at the root of the workspace.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    command
}

/// Runs with our terminal and waits; fails when the program does.
pub fn run(command: &mut Command) -> Outcome<()> {
    let line = shown(command);
    println!("$ {line}");
    let status = command.status().map_err(|error| format!("`{line}` did not start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` ended with {status}")) }
}

/// Runs silently and gives what it wrote on standard output; a failure carries its standard error.
pub fn capture(command: &mut Command) -> Outcome<String> {
    let line = shown(command);
    let Output { status, stdout, stderr } =
        command.output().map_err(|error| format!("`{line}` did not start: {error}"))?;
    if status.success() {
        String::from_utf8(stdout).map_err(|error| format!("`{line}` wrote no valid UTF-8: {error}"))
    } else {
        Err(format!("`{line}` ended with {status}\n{}", String::from_utf8_lossy(&stderr).trim_end()))
    }
}

/// The first folder of PATH that holds this program.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_sentence_with_the_command() {
        let failure = capture(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert!(failure.contains("`sh -c") && failure.contains("why"), "{failure}");
        let missing = run(&mut Command::new("no-such-program-here")).unwrap_err();
        assert!(missing.contains("did not start"), "{missing}");
    }

    #[test]
    fn the_workspace_is_the_folder_with_the_lock_file() {
        assert!(workspace().join("Cargo.lock").is_file());
    }
}
