//! Runs of flows: what they did, and running them once more.
pub mod detail;
pub mod execution_view;
pub mod list;
pub mod retry;
