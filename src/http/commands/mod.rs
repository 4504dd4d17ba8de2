//! Commands as operators see and move them.
pub mod cancel;
pub mod detail;
pub mod list;
pub mod offline_queue;
pub mod priority;
pub mod resend;
