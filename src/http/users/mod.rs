//! People: who is logged in, and what was changed by whom.
pub mod audit_logs;
pub mod info;
