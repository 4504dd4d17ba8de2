//! Log output. It goes to standard error, never to standard output.

use super::problem::Problems;
use super::section::{Rules, section};
use super::value::{Raw, Shown, Value, choice};
use log::LevelFilter;

choice! {
    /// How a log line is written.
    pub enum LogFormat {
        /// One line a person reads.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

/// A level of detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLevel(pub LevelFilter);

impl Value for LogLevel {
    fn expected() -> String {
        "one of off, error, warn, info, debug, trace".to_owned()
    }

    fn parse(raw: &Raw) -> Option<Self> {
        String::parse(raw)?.trim().parse().ok().map(Self)
    }

    fn show(&self) -> Shown {
        Shown::Plain(format!("\"{}\"", self.0.as_str().to_ascii_lowercase()))
    }
}

/// The level of one part of the program, written `module=level`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetLevel {
    /// Path of the module, such as `workbot_actors::robot`.
    pub target: String,
    /// Its level.
    pub level: LevelFilter,
}

impl TargetLevel {
    /// A module that speaks of warnings and errors alone.
    fn warn(target: &str) -> Self {
        Self { target: target.to_owned(), level: LevelFilter::Warn }
    }
}

impl Value for TargetLevel {
    fn expected() -> String {
        "module=level such as workbot_actors::robot=debug".to_owned()
    }

    fn parse(raw: &Raw) -> Option<Self> {
        let text = String::parse(raw)?;
        let (target, level) = text.split_once('=')?;
        let target = target.trim().to_owned();
        let is_path =
            !target.is_empty() && target.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c));
        if !is_path {
            return None;
        }
        Some(Self { target, level: level.trim().parse().ok()? })
    }

    fn show(&self) -> Shown {
        Shown::Plain(format!("\"{}={}\"", self.target, self.level.as_str().to_ascii_lowercase()))
    }
}

section! {
    /// Log output. It goes to standard error, never to standard output.
    pub struct LoggingSettings in "logging" {
        /// Least important level that is written: off, error, warn, info, debug or trace. Message bodies appear at debug only.
        pub level: LogLevel = LogLevel(LevelFilter::Info);
        /// Other levels for single modules, as module=level.
        pub levels: Vec<TargetLevel> = vec![TargetLevel::warn("actix_server"), TargetLevel::warn("tokio_postgres")];
        /// text for people, json for collectors.
        pub format: LogFormat = LogFormat::Text;
        /// Name of a log file in the data folder, such as workbot.log; empty writes none.
        pub file: String = String::new();
        /// Size at which the log file is rotated, in bytes (50 MiB).
        pub file_bytes: u64 = 52_428_800 => 65_536..=10_737_418_240;
        /// Rotated log files that are kept.
        pub files_kept: u32 = 5 => 1..=1_000;
    }
}

impl Rules for LoggingSettings {
    fn rules(&self, problems: &mut Problems) {
        let is_name = !self.file.starts_with('.')
            && self.file.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if !is_name {
            problems.add(
                "logging.file",
                format!("{:?} is not a plain file name", self.file),
                "give a name such as workbot.log without a folder, or leave it empty",
            );
        }
    }
}
