//! What a fresh Debian lacks is installed when we may, else the reader is told which package to install.

use crate::process::{Outcome, capture, find, run};
use std::process::Command;

/// Installs the packages; needs root and apt-get.
pub fn install(what: &str, packages: &[&str]) -> Outcome<()> {
    let names = packages.join(" ");
    if find("apt-get").is_none() {
        return Err(format!(
            "{what} is missing and there is no apt-get here: install {names} with your system"
        ));
    }
    if !is_root() {
        return Err(format!("{what} is missing: run `apt-get install {names}` as root, then try again"));
    }
    run(apt_get().arg("update"))?;
    run(apt_get().args(["install", "-y", "--no-install-recommends"]).args(packages))
}

/// Whether we act as the superuser.
pub fn is_root() -> bool {
    capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}
