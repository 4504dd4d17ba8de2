//! The edge of WorkBot: command line, settings, HTTP, boot and shutdown. No business rule lives here.

pub mod boot;
pub mod cli;
pub mod http;
pub mod settings;
