//! Accounts, for administrators.
pub mod change;
pub mod create;
pub mod detail;
pub mod list;
pub mod sign_out;
pub mod user_view;
