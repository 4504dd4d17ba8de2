//! WorkTool's wire: what the unmodified phone app says and hears on `/webserver/wework/{linkId}`.
//!
//! ```text
//! up    {"type":11} · {"td":…} · {socketType 1 confirm | 2 items | 3 results, messageId, list | encryptedList}
//! down  {socketType 2, messageId, list:[one command]} · start frame · toast
//! ```
//! Reading follows the app's own JSON dialect: numbers may be texts, fields may be missing or unknown, nothing is fatal.
pub mod cipher;
pub mod downstream;
mod field;
pub mod frame;
pub mod item;
pub mod log_line;
pub mod result;
pub mod snapshot;

#[cfg(test)]
mod tests;

/// The type of the keep-alive, bare and without an envelope.
pub const HEARTBEAT: i64 = 11;
/// Envelope: "frame received".
pub const CONFIRM: i64 = 1;
/// Envelope: commands down, reports up.
pub const ITEMS: i64 = 2;
/// Envelope: what became of a command.
pub const RESULTS: i64 = 3;
