//! Files this process may have open: each simulated phone is one.
use std::process::Command;

use super::super::error::CliError;

/// Open files beside the phones' sockets: REST connections, the database, the runtime.
const BESIDE: u64 = 512;
/// Where Linux tells the limits of this process.
const LIMITS: &str = "/proc/self/limits";

/// Makes sure that so many phones can be open at once; raises the soft limit when that helps.
pub fn ensure(phones: u64) -> Result<(), CliError> {
    let needed = phones.saturating_add(BESIDE);
    match read() {
        Some(limit) if limit.soft < needed => raise(needed.min(limit.hard)),
        _ => return Ok(()),
    }
    match read() {
        Some(limit) if limit.soft < needed => Err(CliError::failed(format!(
            "{phones} phones need {needed} open files and {} are allowed; run `ulimit -n {needed}` before",
            limit.soft
        ))),
        _ => Ok(()),
    }
}

/// What the system allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limit {
    soft: u64,
    hard: u64,
}

/// `None` where it cannot be asked; then the system itself will tell.
fn read() -> Option<Limit> {
    parse(&std::fs::read_to_string(LIMITS).ok()?)
}

fn parse(text: &str) -> Option<Limit> {
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut words = line.split_whitespace().map(|word| word.parse().unwrap_or(u64::MAX));
    Some(Limit { soft: words.next()?, hard: words.next()? })
}

/// The tool of util-linux does it to this process from outside, because the call itself is no safe Rust.
fn raise(soft: u64) {
    let process = std::process::id().to_string();
    let change = Command::new("prlimit").args(["--pid", &process, &format!("--nofile={soft}:")]).output();
    if let Err(error) = change {
        log::debug!(error:% = error; "prlimit did not run");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        let head = "Limit                     Soft Limit           Hard Limit           Units\n";
        for (line, limit) in [
            (
                "Max open files            1024                 524288               files",
                Some(Limit { soft: 1_024, hard: 524_288 }),
            ),
            (
                "Max open files            unlimited            unlimited            files",
                Some(Limit { soft: u64::MAX, hard: u64::MAX }),
            ),
            ("Max processes             1024                 1024                 processes", None),
        ] {
            assert_eq!(parse(&format!("{head}{line}\n")), limit, "{line}");
        }
    }

    #[test]
    fn few_phones_need_nothing() {
        ensure(1).unwrap();
        assert!(ensure(u64::MAX).is_err() || read().is_none());
    }
}
