//! Sockets of phones over a real server, router, journal and SQLite file.
mod command_service;
mod message_service;
mod rig;
mod socket;

/// A frame that makes the actor panic.
pub(super) const PANIC: &str = "panic";
