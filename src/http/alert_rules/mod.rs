//! Rules that raise alerts.
pub mod change;
pub mod create;
pub mod delete;
pub mod detail;
pub mod list;
pub mod rule_fields;
pub mod rule_view;
