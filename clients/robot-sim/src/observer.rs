//! What a phone tells about itself while it works.
use crate::chat::ChatMessage;
use crate::command::{Command, Outcome};

/// Called from the phones' tasks: must not block. All methods default to nothing.
pub trait Observer: Send + Sync {
    /// A command frame arrived; `fresh` is false for a repeat of a known (id, attempt).
    fn on_received(&self, _robot: &str, _command: &Command, _fresh: bool) {}
    /// A frame arrived that breaks the "never again" promise; counted once per frame.
    fn on_doubled(&self, _robot: &str, _command: &Command) {}
    /// The phone carried the command out, with this outcome.
    fn on_executed(&self, _robot: &str, _command: &Command, _outcome: &Outcome) {}
    /// The result was written to the socket for the first time.
    fn on_reported(&self, _robot: &str, _command: &Command) {}
    /// The server acknowledged a chat message.
    fn on_message_acked(&self, _robot: &str, _message: &ChatMessage, _server_message_id: &str) {}
}
