//! Platform keys: credentials for AI platforms.
pub mod create;
pub mod key_view;
pub mod list;
pub mod revoke;
