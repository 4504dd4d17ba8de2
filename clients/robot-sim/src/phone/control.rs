//! What the handle asks of the phone's task.
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;

use crate::chat::ChatMessage;
use crate::command::{Command, Outcome};
use crate::error::SimError;
use crate::outbox::Acknowledged;

/// The acknowledgement of a chat message.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    pub server_message_id: String,
    pub acknowledged: Acknowledged,
}

/// One request with the place for its answer.
#[derive(Debug)]
pub(super) struct Request {
    pub control: Control,
    pub done: oneshot::Sender<Result<(), SimError>>,
}

#[derive(Debug)]
pub(super) enum Control {
    Ack(Command),
    Result(Command, Outcome),
    Raw(Message),
    Heartbeat,
    Ping,
    Config {
        config_type: String,
        version: serde_json::Value,
        refusal: Option<String>,
    },
    Say(ChatMessage, Option<oneshot::Sender<Receipt>>),
    /// Stops reading and, when `silent`, heartbeats and every other frame of its own.
    StopReading {
        silent: bool,
    },
    ResumeReading,
    /// Drops the connection; a reset discards what is on the way.
    Disconnect {
        reset: bool,
        stay_away: Option<Duration>,
    },
    Close {
        code: u16,
        reason: String,
    },
    Reconnect,
    Stop,
}
