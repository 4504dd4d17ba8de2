//! Standard output: the answer of a command and nothing else.

use super::error::CliError;
use serde::Serialize;
use std::io::{self, ErrorKind, Write};

/// Writes one line to standard output at once.
pub fn print_line(line: &str) -> Result<(), CliError> {
    print_text(&format!("{line}\n"))
}

/// Writes one JSON document and a line break to standard output.
pub fn print_document(document: &impl Serialize) -> Result<(), CliError> {
    match serde_json::to_string(document) {
        Ok(text) => print_line(&text),
        Err(error) => Err(CliError::failed(format!("the answer cannot be written as JSON ({error})"))),
    }
}

/// Writes text to standard output as it is; a reader that has gone away is no failure.
pub fn print_text(text: &str) -> Result<(), CliError> {
    let mut output = io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::failed(format!(
            "standard output cannot be written ({error}); check where it is redirected"
        ))),
        _ => Ok(()),
    }
}

/// Writes text to standard error; there is nowhere left to tell that it failed.
pub fn report(text: &str) {
    io::stderr().lock().write_all(text.as_bytes()).unwrap_or_default();
}
