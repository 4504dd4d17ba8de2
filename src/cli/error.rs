//! How a command fails: one sentence and an exit code.

use crate::boot::logging::LoggingError;
use crate::settings::{DataFolderError, Problems};
use std::fmt::Display;
use workbot_schema::class::Class;

/// Exit code of a command that did its work.
pub const DONE: u8 = 0;
/// Exit code of a command that failed.
pub const FAILED: u8 = 1;
/// Exit code for bad usage or configuration.
pub const REFUSED: u8 = 2;

/// Why a command ended without success; `Display` is what standard error shows after `workbot: `.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration is bad: one line a problem.
    #[error("{0}")]
    Configuration(Problems),
    /// The command was called wrongly.
    #[error("{0}")]
    Usage(String),
    /// The work failed: one sentence that names the key or file and the way out.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    /// The work failed, told in one sentence.
    pub fn failed(sentence: impl Display) -> Self {
        Self::Failed(sentence.to_string())
    }

    /// The command was called wrongly, told in one sentence.
    pub fn usage(sentence: impl Display) -> Self {
        Self::Usage(sentence.to_string())
    }

    /// The exit code: 1 failed, 2 bad usage or configuration.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Configuration(_) | Self::Usage(_) => REFUSED,
            Self::Failed(_) => FAILED,
        }
    }

    /// How the failure is treated.
    pub fn class(&self) -> Class {
        match self {
            Self::Configuration(_) | Self::Usage(_) => Class::Caller,
            Self::Failed(_) => Class::Permanent,
        }
    }

    /// The sentence for standard error; of several problems each has its line.
    pub fn report(&self) -> String {
        self.to_string().lines().map(|line| format!("workbot: {line}\n")).collect()
    }
}

impl From<Problems> for CliError {
    fn from(problems: Problems) -> Self {
        Self::Configuration(problems)
    }
}

impl From<anyhow::Error> for CliError {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(format!("{error:#}"))
    }
}

impl From<DataFolderError> for CliError {
    fn from(error: DataFolderError) -> Self {
        Self::failed(error)
    }
}

impl From<LoggingError> for CliError {
    fn from(error: LoggingError) -> Self {
        Self::failed(error)
    }
}
