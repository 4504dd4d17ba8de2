//! Simulated robot phones, a scripted AI platform and a load fleet, written from the wire contract alone.
//!
//! Nothing here knows the server's code: frames and bodies are written as the contract states them, so that a
//! mistake of the server cannot hide behind a shared type.
//!
//! ```text
//! fleet ──► phone ──► dialect (native), link (socket), memory, outbox, behaviour
//!   ├─────► WorkTool app (dialect/worktool) ──► link; its witness ──► ledger
//!   │         └─────► Observer ◄── ledger (sequence numbers, lost, doubled)
//!   └─────► rest ◄──── platform (message callbacks in, replies out) ──► ledger
//! model: scripted language models, for a server that asks some
//! ```
pub mod behaviour;
pub mod chat;
pub mod command;
pub mod dialect;
pub mod error;
pub mod fleet;
pub mod histogram;
pub mod hosted;
pub mod identity;
pub mod ledger;
pub mod link;
pub mod memory;
pub mod model;
pub mod observer;
pub mod outbox;
pub mod phone;
pub mod platform;
pub mod random;
pub mod rest;
pub mod schedule;
pub mod tag;
pub mod time;

#[cfg(test)]
mod fake;

pub use behaviour::{Acking, Behaviour, Cut, Delay, Reporting};
pub use chat::ChatMessage;
pub use command::{Command, Outcome};
pub use error::SimError;
pub use fleet::worktool::{AppFaults, WorktoolFleet, WorktoolReport};
pub use fleet::{Chaos, Fleet, FleetConfig, Herd, Load, Report};
pub use hosted::{HostedAnswer, HostedCall, HostedPlatform, Telling};
pub use identity::{Device, Identity};
pub use ledger::Ledger;
pub use model::{Mode, ModelScript, ModelWire, Models, ModelsConfig};
pub use observer::Observer;
pub use phone::{Phone, PhoneConfig, PhoneCounters};
pub use platform::{Answer as PlatformAnswer, Hook, Platform, PlatformConfig, Received};
pub use rest::{Answer, Envelope, Rest};
