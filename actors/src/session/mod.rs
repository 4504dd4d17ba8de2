//! Conversations: one actor per (robot, room, sender), messages strictly in order, at most one turn at a time.
pub mod burst;
pub mod core;
pub mod history;
pub mod reasons;
pub mod takeover;
