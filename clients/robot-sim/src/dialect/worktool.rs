//! The open WorkTool app as it really behaves on `/webserver/wework/{linkId}`, its faults included.
//!
//! ```text
//! Link   Down ─5 s tick─▶ Connecting ─▶ Open ─▶ Down …          for ever, whatever the close code
//! App    frame ─▶ confirm at once ─▶ (new id?) ─▶ queue ─▶ one executor ─▶ result, lost when not open
//!        chats ─▶ screens, only while reading: started by 202, ended by every disconnect
//! ```
//! It is no [`super::Dialect`]: nothing is acknowledged to it, it keeps no outbox and it repeats whole screens.
mod app;
mod chat;
mod cipher;
mod frames;
mod phone;
#[cfg(test)]
mod tests;
mod witness;

pub use app::{About, App, AppConfig, AppCounters, Event, Executed, Link, Outgoing};
pub use chat::{Bubble, Chat};
pub use phone::{HostTest, WorktoolPhone, WorktoolPhoneConfig};
pub use witness::Witness;
