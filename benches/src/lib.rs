//! Load runs against the real program, and what they share.
//!
//! ```text
//! rows ──▶ program (workbot or floor, a child process) ◀── cpu: µs and KiB of that process alone
//!   │         ▲ REST            ▲ sockets
//!   ├──▶ sender ──┐      ┌── fleet ◀── phone
//!   │             ▼      ▼
//!   └──────────▶ ledger (sequence numbers: lost, doubled, latency) ──▶ report
//! ```
pub mod cpu;
pub mod database;
pub mod disk;
pub mod fleet;
pub mod floor;
pub mod http_client;
pub mod ledger;
pub mod phone;
pub mod program;
pub mod report;
pub mod rows;
pub mod sender;
pub mod socket_frame;

/// A load run ends with the first thing that goes wrong.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;
