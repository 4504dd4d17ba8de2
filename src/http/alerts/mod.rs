//! Alerts: what was raised, who looks after it, when it was over.
pub mod ack;
pub mod alert_view;
pub mod change;
pub mod detail;
pub mod list;
pub mod resolve;
