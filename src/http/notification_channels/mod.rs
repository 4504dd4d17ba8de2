//! Ways to tell people of alerts.
pub mod change;
pub mod channel_fields;
pub mod channel_view;
pub mod create;
pub mod delete;
pub mod detail;
pub mod list;
pub mod test;
