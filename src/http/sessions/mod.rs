//! Conversations: who has them, taking them over and giving them back.
pub mod change;
pub mod detail;
pub mod list;
pub mod release;
pub mod session_view;
pub mod takeover;
