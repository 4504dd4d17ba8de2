//! The console: whoever looks at it hears of the notification by the event of its row; nothing leaves the server.
use super::Sent;

/// It is told as soon as its row says so.
pub(super) fn send() -> Sent {
    Sent::told("已推送到控制台")
}
