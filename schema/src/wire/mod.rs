//! Shapes that cross a boundary as JSON; serde types only.
pub mod actor_snapshot;
pub mod callback;
pub mod command_code;
pub mod command_item;
pub mod debugger;
pub mod error_code;
pub mod flow;
pub mod friend_callback;
pub mod group_qrcode;
pub mod inbound_message;
pub mod native;
pub mod presence_callback;
pub mod send_message;
pub mod worktool;
