//! Personas: how robots speak; their rows, versions and figures.
pub mod change;
pub mod create;
pub mod delete;
pub mod detail;
pub mod diff;
pub mod list;
pub mod persona_fields;
pub mod persona_view;
pub mod rollback;
pub mod stats;
pub mod versions;
