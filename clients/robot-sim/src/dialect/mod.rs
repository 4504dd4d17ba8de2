//! How a kind of phone speaks: frames up, frames down, where it connects. A new dialect is a new module here.
mod native;
pub mod worktool;

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::chat::ChatMessage;
use crate::command::{Command, Outcome};

pub use native::Native;

/// What a phone says.
#[derive(Debug, Clone, Copy)]
pub enum Up<'a> {
    Heartbeat,
    /// The bare keep-alive.
    Ping,
    Ack {
        command: &'a Command,
    },
    Result {
        command: &'a Command,
        outcome: &'a Outcome,
    },
    Message(&'a ChatMessage),
    ConfigAck {
        config_type: &'a str,
        version: &'a Value,
    },
    ConfigNack {
        config_type: &'a str,
        version: &'a Value,
        reason: &'a str,
    },
    Error {
        code: i64,
        message: &'a str,
    },
}

/// What a phone hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Down {
    /// The server took the phone in.
    Connected {
        robot_id: String,
        heartbeat: Option<Duration>,
    },
    Command(Command),
    /// Answer to the oldest unanswered keep-alive.
    Alive,
    MessageAck {
        message_id: String,
        server_message_id: String,
    },
    MessageNack {
        message_id: String,
        retry_after: Duration,
    },
    Config {
        config_type: String,
        version: Value,
        config: Value,
    },
    Error {
        code: String,
        message: String,
    },
    /// A frame of a type the phone does not know, or not in the agreed form.
    Unknown,
}

impl Down {
    /// Short name for waiting and for error messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connected { .. } => "connected",
            Self::Command(_) => "command",
            Self::Alive => "alive",
            Self::MessageAck { .. } => "message_ack",
            Self::MessageNack { .. } => "message_nack",
            Self::Config { .. } => "config",
            Self::Error { .. } => "error",
            Self::Unknown => "unknown",
        }
    }
}

/// Where and with which headers the upgrade is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Upgrade {
    /// Path and query, from `/`.
    pub target: String,
    pub headers: Vec<(String, String)>,
}

/// Who connects.
#[derive(Clone, Default)]
pub struct Credentials {
    /// The access token, or the link id where the dialect has one.
    pub token: String,
    pub device_id: Option<String>,
    /// Sends the token as `Authorization` header instead of in the query.
    pub in_header: bool,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").field("device_id", &self.device_id).finish_non_exhaustive()
    }
}

/// One wire dialect. Pure: text in, text out.
pub trait Dialect: Send + Sync + fmt::Debug {
    /// The upgrade request for these credentials.
    fn upgrade(&self, credentials: &Credentials) -> Upgrade;
    /// Frames that go out as soon as the socket is open.
    fn greeting(&self, is_reconnect: bool, now_ms: u64) -> Vec<String>;
    /// The keep-alive period until the server names another.
    fn heartbeat_interval(&self) -> Duration;
    /// The frame for what is said; `None` when the dialect has no words for it.
    fn encode(&self, up: Up<'_>, now_ms: u64) -> Option<String>;
    /// What a text frame says; never fails, what is not understood is `Unknown`.
    fn decode(&self, text: &str) -> Vec<Down>;
}
