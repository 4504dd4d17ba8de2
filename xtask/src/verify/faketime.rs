//! The library with which a test sets the clock of one program.

use crate::debian;
use crate::process::Outcome;
use std::fs;
use std::path::Path;

/// Where Debian keeps libraries, one folder an architecture.
const LIBRARIES: &str = "/usr/lib";

/// Finds the library or installs it.
pub fn ensure() -> Outcome<()> {
    if is_there(Path::new(LIBRARIES)) {
        return Ok(());
    }
    debian::install("libfaketime, which the tests set a clock with,", &["faketime"])?;
    if is_there(Path::new(LIBRARIES)) {
        Ok(())
    } else {
        Err(format!("the package faketime put no library under {LIBRARIES}"))
    }
}

fn is_there(libraries: &Path) -> bool {
    let folders = fs::read_dir(libraries).into_iter().flatten().filter_map(Result::ok);
    folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).any(|library| library.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_the_library_is_no_library() {
        assert!(!is_there(Path::new("/proc/self")) && !is_there(Path::new("/nowhere")));
    }
}
