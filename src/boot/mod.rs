//! Boot: what a command that runs for long sets up before it starts, and the order in which it starts and stops.
pub mod logging;
pub mod login_link;
pub mod options;
pub mod panics;
pub mod presets;
pub mod server;
pub mod shutdown;
